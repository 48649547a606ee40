#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# lab: kernel=stock nodes=3 timeout=900
"""Voters that return without their state: blank, with an older record, or as an earlier
copy of their store. They do not count, are named, and never serve. The numbers are
those of the crash cases in Documentation/volumes.md."""

import contextlib
import os
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")

import cluster
from cluster import braid, lab, refused, sh, wait
from ktap import equal, test, true

BLANK, OLDER = "blank", "rolled back"


def three():
    return cluster.Volume((1, 2, 3), size="16M")


def is_lost(volume, node, voter, why):
    """Returns true if the writer on a node shows this of a voter."""
    seen = volume.voter(node, voter)
    return seen["state"] == "failed" and why in seen.get("why", "")


def loses(volume, node, voter, why):
    """The present writer notices it, and goes on without the voter."""
    wait(f"voter {voter} is lost", lambda: is_lost(volume, node, voter, why))
    wait(f"voter {voter} is out", lambda: voter not in volume.isr(node))
    # A write to a slow voter may be in flight.
    wait("why names it", lambda: f"not counted: voter {voter} ({cluster.address(voter)}, {why}"
         in volume.why(node))


def attaches_without(volume, writer, node, voter, why):
    """Another writer attaches, knows it too, and reads the written data."""
    volume.attach(node)
    equal(volume.isr(node), [1, 2])
    true(is_lost(volume, node, voter, why), str(volume.voter(node, voter)))
    writer.check(volume.numbers(node, writer.blocks))
    volume.detach(node)


def has_no_vote(volume, why):
    """With 1 away there is no majority, and the refusal names the reasons."""
    volume.away(1)
    text = refused(2, volume.attachment(), "only 1 of 3 voters", "2 are needed", "voter 1 (",
                   f"voter 3 ({cluster.address(3)}, {why}")
    print(f"# {text}")
    volume.open(1)


@test("case 11: a voter that returns blank is reported as lost, by the present writer and the next")
def blank():
    volume = three()
    with volume.made():
        writer = volume.written(1, 30)
        volume.away(3)
        volume.make_replica(3)
        volume.open(3)
        loses(volume, 1, 3, BLANK)
        writer.reaches(20)
        # It does not count for a majority: with 2 silent all I/O waits.
        braid(2, f"target close {cluster.address(2)}")
        wait("why names both", lambda: "only voter 1 of 3" in volume.why(1) and
             f"or voter 3 ({cluster.address(3)}, blank" in volume.why(1))
        volume.listen(2)
        writer.reaches(20)
        equal(volume.isr(1), [1, 2])
        writer.stop()
        volume.detach(1)

        attaches_without(volume, writer, 3, 3, BLANK)
        has_no_vote(volume, BLANK)
        refused(1, volume.creation(), "older volume")
        attaches_without(volume, writer, 2, 3, BLANK)
        volume.alike(1, 2)


@test("case 11: a voter with an older record is lost, however often it connects")
def rolled_back():
    volume = three()
    with volume.made():
        sh(3, f"""
            dd if={volume.store} of=/run/lab/slots iflag=direct bs=4k count=1 status=none
            dd if={volume.store} of=/run/lab/slots iflag=direct bs=4k count=1 status=none \\
                skip=256 seek=1
        """)
        writer = volume.written(1, 30)
        volume.away(3)
        sh(3, f"""
            dd if=/run/lab/slots of={volume.store} oflag=direct bs=4k count=1 status=none
            dd if=/run/lab/slots of={volume.store} oflag=direct bs=4k count=1 status=none \\
                skip=1 seek=256
        """)
        volume.open(3)
        loses(volume, 1, 3, OLDER)
        writer.reaches(20)
        writer.stop()
        volume.detach(1)

        # More connections than records since then: it does not catch up.
        for _ in range(6):
            attaches_without(volume, writer, 3, 3, OLDER)
        has_no_vote(volume, OLDER)
        # A voter that was away during the attach is compared too.
        volume.away(3)
        volume.attach(2)
        volume.open(3)
        wait("3 is lost", lambda: is_lost(volume, 2, 3, OLDER))
        equal(volume.isr(2), [1, 2])
        writer.check(volume.numbers(2, writer.blocks))
        volume.detach(2)
        volume.alike(1, 2)


def kept_at_rest(volume, writer, name):
    """Copies the whole store of 3, while its volume is attached on 1."""
    braid(1, f"volume suspend {volume.name}")
    # What was sent has been answered.
    wait("nothing is on its way", lambda: not volume.show(1)["writes"])
    volume.keep(3, name)
    braid(1, f"volume resume {volume.name}")
    writer.reaches(100)


@test("case 12: a copy in the place of a replica never serves, though it was complete once")
def in_place():
    volume = three()
    with volume.made():
        writer = volume.written(1, 30)
        kept_at_rest(volume, writer, "during")
        equal(volume.isr(1), [1, 2, 3])
        writer.stop()
        volume.detach(1)
        volume.alike(1, 2, 3)
        # Its membership is the same as that of the others.
        volume.away(3)
        volume.bring(3, "during")
        volume.open(3)
        # By then it would promise: of its writer, which it takes to be there, no lease is left.
        time.sleep(cluster.LEASE + 1)
        for node in (3, 2):
            attaches_without(volume, writer, node, 3, OLDER)
        has_no_vote(volume, OLDER)


@test("case 12: a copy that appears when the writer is gone makes no majority")
def after_the_writer():
    volume = three()
    with volume.made():
        volume.keep(3, "before")
        writer = volume.written(1, 30)
        lab("split", 1)
        volume.away(3)
        volume.bring(3, "before")
        volume.open(3)
        refused(2, volume.attachment(addresses=(2, 3)), "only 1 of 3 voters",
                f"voter 3 ({cluster.address(3)}, {OLDER}")
        volume.detach(1, "force")
        writer.stop()
        lab("heal")
        volume.attach_soon(2)
        equal(volume.isr(2), [1, 2])
        true(is_lost(volume, 2, 3, OLDER), str(volume.voter(2, 3)))
        writer.check(volume.numbers(2, writer.blocks))
        volume.detach(2)
        volume.alike(1, 2)


@contextlib.contextmanager
def memory_disks(*nodes):
    """/dev/nullb4 on each."""
    for node in nodes:
        sh(node, "cd /tests/lib; python3 -B -c 'import disks; disks.memory(4, 64)'")
    try:
        yield "/dev/nullb4"
    finally:
        for node in nodes:
            for command in ("braid replica close /dev/nullb4",
                            "cd /tests/lib; python3 -B -c 'import disks; disks.forget(4)'"):
                with contextlib.suppress(cluster.Refused):
                    sh(node, command)


@test("case 12: copies beside the originals are refused, or not asked")
def beside():
    volume = three()
    with memory_disks(2, 3) as clone, volume.made():
        volume.keep(1, "first")
        writer = volume.written(1, 30)
        kept_at_rest(volume, writer, "third")
        volume.bring(3, "third", clone)
        refused(3, f"replica open {clone}", "voter 3 of volume db is open already",
                volume.store)
        # At another address: the writer's record has the original's.
        volume.bring(2, "third", clone)
        braid(2, f"replica open {clone}")
        writer.reaches(20)
        equal(volume.isr(1), [1, 2, 3])
        writer.stop()
        volume.detach(1)
        for node in (2, 3):
            volume.attach(node, addresses=(2,))
            equal(volume.isr(node), [1, 2, 3])
            writer.check(volume.numbers(node, writer.blocks))
            volume.detach(node)
        volume.alike(1, 2, 3)
        # With the original away the copy does not take its place.
        volume.away(3)
        volume.attach(2)
        equal(volume.isr(2), [1, 2])
        writer.check(volume.numbers(2, writer.blocks))
        volume.detach(2)
        # Nor does one of a lower number than the node's own.
        braid(2, f"replica close {clone}")
        volume.bring(2, "first", clone)
        braid(2, f"replica open {clone}")
        volume.attach(2)
        equal(volume.isr(2), [1, 2])
        true(volume.voter(2, 2)["local"] and not volume.voter(2, 1).get("local"),
             str(volume.show(2)["voters"]))
        writer.check(volume.numbers(2, writer.blocks))
        volume.detach(2)


if __name__ == "__main__":
    cluster.run_here(__file__)
