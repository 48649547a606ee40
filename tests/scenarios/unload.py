#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# lab: kernel=stock nodes=3 timeout=600
"""Volumes, replicas, targets and the module itself are removed under I/O, at both ends:
a removal in use is refused, a forced one ends, and nothing remains."""

import contextlib
import errno
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")

import cluster
from cluster import braid, refused, run, sh, wait
from ktap import equal, test, true

KERNEL = os.environ.get("KERNEL", "stock")


def load(node):
    sh(node, f"/run/lab/load-modules {KERNEL}")


def is_loaded(node):
    return sh(node, "[ ! -d /sys/module/braid_blk ] || echo yes").strip() == "yes"


def unload(node):
    sh(node, "rmmod braid_blk")
    true(not is_loaded(node), f"the module is still there on node {node}")


# What the kernel itself answers: rmmod looks at the count of users before it asks.
ASK = """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
print(libc.syscall(176, b"braid_blk", os.O_NONBLOCK), ctypes.get_errno())
"""


def not_unloaded(node):
    equal(run(node, "python3", "-c", ASK).split(), ["-1", str(errno.EAGAIN)])
    try:
        sh(node, "rmmod braid_blk")
    except cluster.Refused as error:
        true("in use" in error.text, error.text)
    else:
        raise AssertionError(f"unloaded on node {node}, where a volume is attached")


@contextlib.contextmanager
def loaded(*nodes):
    """Loads the module at the end in any case."""
    try:
        yield
    finally:
        for node in nodes:
            load(node)


@test("the module and the replica stay while a volume is attached")
def in_use():
    volume = cluster.Volume((1, 2, 3), size="16M")
    with loaded(1), volume.made():
        writer = volume.written(1, 20)
        not_unloaded(1)
        for node in (1, 2):
            refused(node, f"replica close {volume.store}", "attached at", "node1")
        writer.reaches(20)
        equal(volume.isr(1), [1, 2, 3])
        writer.stop()
        writer.check(volume.numbers(1, writer.blocks))
        # Without a writer too, as long as it is attached.
        not_unloaded(1)
        volume.detach(1)


@test("closing a target under I/O and listening again loses no acknowledged write")
def target_closed():
    volume = cluster.Volume((1, 2, 3), size="16M")
    with volume.made():
        writer = volume.written(1, 20)
        braid(3, f"target close {cluster.address(3)}")
        volume.listen(3)
        writer.reaches(20)
        # It stays closed, and the others go on.
        braid(3, f"target close {cluster.address(3)}")
        wait("3 is out", lambda: volume.isr(1) == [1, 2])
        writer.reaches(20)
        volume.listen(3)
        writer.reaches(20)
        writer.stop()
        writer.check(volume.numbers(1, writer.blocks))
        volume.detach(1)
        volume.alike(1, 2)


@test("the module is unloaded at a target under I/O, and is loaded again")
def target_unloaded():
    volume = cluster.Volume((1, 2), (3,), size="16M")
    with loaded(2, 3), volume.made():
        writer = volume.written(1, 20, flush=4)
        # The witness first, which ejects no member. Then a replica, which is ejected.
        unload(3)
        writer.reaches(20)
        load(3)
        volume.open(3)
        # A majority has to be there for the record that the replica is out.
        wait("the witness is back", lambda: volume.voter(1, 3)["state"] == "up")
        unload(2)
        writer.reaches(20)
        equal(volume.isr(1), [1])
        load(2)
        volume.open(2)
        # S1: its unflushed data may be gone.
        writer.reaches(20)
        equal(volume.isr(1), [1])
        writer.stop()
        writer.check(volume.numbers(1, writer.blocks))
        volume.detach(1)


@test("after a detach by force under I/O everything can be closed and unloaded")
def forced():
    volume = cluster.Volume((1, 2, 3), size="16M")
    with loaded(1, 2, 3), volume.made():
        writer = volume.written(1, 20)
        volume.detach(1, "force")
        wait("the writer ends", lambda: writer.ended)
        true(writer.error, "the writer ended without an error")
        writer.stop()
        # Everything else is still open; unloading closes it.
        for node in (1, 2, 3):
            unload(node)
            load(node)
            volume.open(node)
        # The lease that they granted may still run, although no writer has it.
        volume.attach(1, "takeover dead")
        equal(volume.isr(1), [1, 2, 3])
        writer.check(volume.numbers(1, writer.blocks))
        again = cluster.Writer(volume, 1, seed=2)
        again.reaches(10)
        again.stop()
        volume.detach(1)
        volume.alike(1, 2, 3)


if __name__ == "__main__":
    cluster.run_here(__file__)
