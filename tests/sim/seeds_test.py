#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# test: timeout=1800 needs=modules-um,root
"""Seeds of the simulated cluster for about three minutes, other ones for each commit; and
what `make sim` says of what makes no sense."""

import os
import subprocess
import sys
from contextlib import nullcontext

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [HERE, f"{HERE}/../lib"]

from ktap import equal, run, test, true
from simdev import ONE_NODE

SECONDS = 150           # no boot begins later
SEEDS = 100000          # from which a commit takes some


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


def head():
    """A number that each commit has of its own."""
    said = subprocess.run(["git", "-C", TOP, "rev-parse", "HEAD"], text=True,
                          capture_output=True, check=False).stdout[:8]
    return int(said or "0", 16)


def nodes():
    """Whether braid_blk has what the cluster needs."""
    return ONE_NODE not in sim("--runs", "1", "--shrink", "0").stdout


@test("nothing is lost in any seed")
def seeds():
    done = sim("--seed", str(head() % SEEDS), "--seconds", str(SECONDS))
    for line in done.stdout.splitlines():
        print(line if line.startswith("#") else f"# {line}")
    equal(done.returncode, 0, done.stderr)


if __name__ == "__main__":
    os.environ.pop("LAB", None)
    if not nodes():
        print(f"KTAP version 1\n1..1\nok 1 seeds # SKIP {ONE_NODE}")
        sys.exit(0)
    run(__file__, lambda: nullcontext(()))
