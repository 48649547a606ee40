# SPDX-License-Identifier: GPL-2.0-only
"""What is run at each commit and what is left to LONG=1, which runs everything.

A file's header says what of its worlds and kernels is for LONG=1 (long_worlds=,
long_kernels=). A world that a test kernel has is not run on the stock kernel as well.
"""

import os
import subprocess

TEST_KERNELS = "debug", "um"


def everything():
    return os.environ.get("LONG", "") not in ("", "0")


def head():
    done = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True,
                          check=False)
    return done.stdout.strip()


def family(commit):
    """The demo has both; at each commit it is shown with one of them."""
    return "46"[int(commit or "0", 16) % 2]


def file_and_world(test):
    name, _, rest = test.name.partition("@")
    return name, rest.partition("/")[2]


def divided(tests, commit):
    """(at each commit, left to LONG=1)"""
    short = [test for test in tests if not test.long]
    tested = {file_and_world(test) for test in short
              if test.kernel in TEST_KERNELS and file_and_world(test)[1]}
    short = [test for test in short
             if test.kernel != "stock" or file_and_world(test) not in tested]
    for test in short:
        if test.name == "demo/network":
            test.env = {**test.env, "DEMO_FAMILIES": family(commit)}
    names = {test.name for test in short}
    return short, [test for test in tests if test.name not in names]
