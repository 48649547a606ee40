# SPDX-License-Identifier: GPL-2.0-only
"""A lab that the runner boots for a group of tests."""

import os
import shutil

LAB = os.path.abspath("tests/lab/lab")
LABS = os.path.abspath("build/labs")
BOOT_TIMEOUT = 300
LEAK_TIMEOUT = 180
UNLOAD = "/tests/lab/node/unload-modules"


def lab_directory(name):
    """An empty directory for the lab of this name."""
    directory = os.path.join(LABS, name.replace("/", "-"))
    shutil.rmtree(directory, ignore_errors=True)
    os.makedirs(directory, exist_ok=True)
    return directory


class Lab:
    def __init__(self, processes, group, directory, log):
        self.processes = processes
        self.group = group
        self.directory = directory
        self.log = log
        self.boots = 0
        self.env = {}

    def command(self, words, timeout):
        return self.processes.run([LAB, *words], self.log, timeout, self.env) == 0

    def up(self):
        # A place of its own for each boot, so that no console is lost.
        self.boots += 1
        self.env = {"LAB": LAB, "KERNEL": self.group.kernel,
                    "NODES": str(self.group.nodes),
                    "LAB_DIR": os.path.join(self.directory, f"boot{self.boots}")}
        return self.command(["up", str(self.group.nodes), "--kernel", self.group.kernel,
                             "--cpus", str(self.group.cpus), "--with", str(os.getpid())],
                            BOOT_TIMEOUT)

    def nodes(self):
        return range(1, self.group.nodes + 1)

    def unloads_without_leak(self, node):
        return self.command(["run", str(node), UNLOAD], LEAK_TIMEOUT)

    def down(self):
        self.command(["down"], 60)
