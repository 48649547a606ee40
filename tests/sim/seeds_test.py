#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# test: timeout=1800 needs=modules-um,root
"""The first seeds of the simulated cluster, always the same ones; and what `make sim` says
of invalid arguments."""

import os
import subprocess
import sys
from contextlib import nullcontext

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, f"{HERE}/../lib"]

from ktap import equal, run, test, true
from simdev import ONE_NODE

RUNS = 30               # about two minutes; make sim and make soak play others


def sim(*words, check=False):
    return subprocess.run([f"{HERE}/run", *words], text=True, capture_output=True, check=check,
                          stdin=subprocess.DEVNULL)


@test("what makes no sense is refused with status 2")
def nonsense():
    for words, text in (("--seed", "x"), ("--seed", "-1"), ("--runs", "0"), ("--runs", "1.5"),
                        ("--seconds", "x")):
        done = sim(words, text)
        equal(done.returncode, 2, f"{words} {text}")
        true(f"'{text}' is no number" in done.stderr, done.stderr)


def nodes():
    """Whether braid_blk has what the cluster needs."""
    return ONE_NODE not in sim("--runs", "1", "--shrink", "0").stdout


@test("nothing is lost in any seed")
def seeds():
    done = sim("--seed", "1", "--runs", str(RUNS))
    for line in done.stdout.splitlines():
        print(line if line.startswith("#") else f"# {line}")
    equal(done.returncode, 0, done.stderr)


if __name__ == "__main__":
    os.environ.pop("LAB", None)
    if not nodes():
        print(f"KTAP version 1\n1..1\nok 1 seeds # SKIP {ONE_NODE}")
        sys.exit(0)
    run(__file__, lambda: nullcontext(()))
