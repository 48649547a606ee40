#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# lab: kernel=stock nodes=3 timeout=600
"""The writer's node is short of memory and must write to the volume to free some:
nothing deadlocks, no process is killed for memory, and written data is there."""

import contextlib
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")

import cluster
from cluster import run, sh
from ktap import test, true

# MiB: what is left of the memory, and what is then asked for.
LEAVE, USED = 32, 48

# Pages in reserve for the network card, as swap over a network needs them; and
# nearly all that is free may be pages that wait to be written.
SETTINGS = {"min_free_kbytes": 8192, "dirty_background_ratio": 70, "dirty_ratio": 80}


def hunger(*words):
    return run(1, "python3", "-B", "/tests/lib/hunger.py", *words, timeout=cluster.PATIENCE * 5)


def settle(values):
    """Sets these parameters; returns their values before."""
    words = sh(1, "cd /proc/sys/vm; cat " + " ".join(values))
    sh(1, "cd /proc/sys/vm; " + "; ".join(f"echo {value} >{name}"
                                          for name, value in values.items()))
    return dict(zip(values, words.split()))


@contextlib.contextmanager
def attached(data, witness):
    volume = cluster.Volume(data, witnesses=(witness,), size="64M")
    with volume.made():
        volume.attach(1)
        before = settle(SETTINGS)
        try:
            yield volume
        finally:
            settle(before)
        # Packets may be lost without memory, so a member may have been too late.
        members = volume.isr(1)
        print(f"# members {members}")
        volume.detach(1)
        volume.alike(*members)


@test("memory is swapped out to a volume whose replicas are elsewhere, and comes back whole")
def swapped():
    with attached((2, 3), 1) as volume:
        sh(1, f"mkswap {volume.device}; swapon {volume.device}")
        try:
            used = int(hunger("swap", LEAVE, USED))
        finally:
            sh(1, f"swapoff {volume.device}", timeout=cluster.PATIENCE * 4)
        print(f"# {used} MiB were in the volume")
        true(used >= (USED - LEAVE) // 2, f"only {used} MiB were swapped out: nothing is proved")


@test("a file larger than the memory is written to a volume with a replica here, and is whole")
def flooded():
    with attached((1, 2), 3) as volume:
        sh(1, f"mkfs.ext4 -q {volume.device}; mount {volume.device} /mnt")
        try:
            hunger("file", LEAVE, USED, "/mnt/file")
        finally:
            sh(1, "umount /mnt", timeout=cluster.PATIENCE * 4)
        sh(1, f"e2fsck -fn {volume.device}")


if __name__ == "__main__":
    cluster.run_here(__file__)
