#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# test: timeout=900 needs=modules-um,root
"""Crash cases of volumes in the simulated cluster (cases.py). Runs itself in the test kernel
as a process."""

import os
import sys
from contextlib import contextmanager

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, f"{HERE}/../lib"]

import cases
import simdev
from ktap import equal, run, test
from play import Play


def register(what, plan, known):
    @test(f"{what} (known to fail: {known})" if known else what)
    def one(device):
        result = Play(device, plan).run()
        if result.kind != known:
            print("\n".join(f"# {line}" for line in result.lines))
        equal(result.kind, known, result.text)


@contextmanager
def fixture():
    device = simdev.Device()
    try:
        yield (device,)
    finally:
        device.close()


if __name__ == "__main__":
    simdev.inside(__file__)
    simdev.load_cluster()
    if not simdev.has_nodes():
        print(f"KTAP version 1\n1..1\nok 1 crash cases # SKIP {simdev.ONE_NODE}")
        sys.exit(0)
    for each in cases.CASES:
        register(*each)
    run(__file__, fixture)
