#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# lab: kernel=stock,debug nodes=3 timeout=900 long_kernels=debug
"""A volume's life: created, attached, written, detached, and attached elsewhere. Every
acknowledged byte is there."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")

import cluster
from ktap import equal, test, true


@test("data written on one node is read on the next")
def moves():
    volume = cluster.Volume((1, 2, 3))
    with volume.made():
        writer = volume.written(1, 50, flush=8)
        equal(volume.isr(1), [1, 2, 3])
        writer.stop()
        volume.detach(1)
        volume.attach(2)
        writer.check(volume.numbers(2, writer.blocks))
        volume.detach(2)


@test("after a node dies every acknowledged write is on the next")
def failover():
    volume = cluster.Volume((1, 2, 3))
    with volume.made():
        writer = volume.written(1, 50)
        cluster.lab("cut", 1)
        writer.stop()
        try:
            took = volume.attach_soon(2, addresses=(2, 3))
            print(f"# attached after {took:.1f} s")
            writer.check(volume.numbers(2, writer.blocks))
            after = cluster.Writer(volume, 2, seed=2)
            after.reaches(20)
            true(1 not in volume.isr(2), "the dead node is still a member")
            after.stop()
            volume.detach(2)
        finally:
            cluster.lab("boot", 1)


if __name__ == "__main__":
    cluster.run_here(__file__)
