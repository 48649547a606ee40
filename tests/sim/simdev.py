# SPDX-License-Identifier: GPL-2.0-only
"""The module braid_sim (module/): disks, links and clients, without a process for each."""

import os
import select
import subprocess
import sys
import time

MODULE = "/build/um/{}.ko"
BROKEN = "/sys/module/braid_sim/parameters/broken"


def load(*modules):
    """Loads modules of the project's build in this order."""
    for name in modules:
        if not os.path.isdir(f"/sys/module/{name}"):
            subprocess.run(["insmod", MODULE.format(name)], check=True)


class Device:
    """/dev/braid-sim: commands go there, what happened comes from there in order."""

    def __init__(self):
        self.fd = os.open("/dev/braid-sim", os.O_RDWR | os.O_NONBLOCK)
        self.poll = select.poll()
        self.poll.register(self.fd, select.POLLIN)
        self.rest = ""

    def say(self, *words):
        os.write(self.fd, " ".join(map(str, words)).encode())

    def heard(self):
        """The lines that are there, as lists of words."""
        try:
            while True:
                self.rest += os.read(self.fd, 1 << 16).decode()
        except BlockingIOError:
            pass
        *lines, self.rest = self.rest.split("\n")
        return [line.split() for line in lines]

    def wait(self, seconds):
        """Until something happened, or that much time has passed."""
        self.poll.poll(max(0, seconds * 1000))

    def sleep_until(self, moment):
        """Yields what happens until then."""
        while True:
            yield from self.heard()
            left = moment - time.monotonic()
            if left <= 0:
                return
            self.wait(left)

    def close(self):
        os.close(self.fd)


def inside(file):
    """On the host: runs the file in the test kernel as a process instead."""
    if os.path.isfile("/exchange/command"):
        os.environ.pop("LAB", None)
        return
    here = os.path.dirname(os.path.abspath(file))
    os.execv(f"{here}/../lab/um", ["um", "run", "--root", "debian", "python3", "-Bu",
                                   f"/tests/sim/{os.path.basename(file)}", *sys.argv[1:]])
