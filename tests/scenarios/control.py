#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# lab: kernel=stock nodes=3 timeout=900
"""Takeovers, and commands that are interrupted: a refused or interrupted command leaves
the state as it was."""

import contextlib
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")

import cluster
from cluster import LAB, braid, lab, refused, sh, wait
from ktap import equal, test, true


def three(**more):
    return cluster.Volume((1, 2, 3), size="16M", **more)


@contextlib.contextmanager
def stream(node, *command):
    """Runs a command in a node until the end of the block; yields its lines."""
    process = subprocess.Popen([LAB, "run", str(node), *command], text=True,
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    try:
        yield process.stdout
    finally:
        process.kill()
        process.wait()


@contextlib.contextmanager
def held_open(volume, node):
    """Opens the device without reading or writing."""
    sh(node, f"""
        setsid sleep 9999 0<{volume.device} >/dev/null 2>&1 &
        echo $! >/run/lab/holder
    """)
    try:
        yield
    finally:
        sh(node, "kill $(cat /run/lab/holder)")
    wait("it is closed", lambda: not volume.show(node)["openers"])


@test("a takeover from a writer in use is refused, and the writer goes on")
def in_use():
    volume = three()
    with volume.made():
        writer = volume.written(1, 20)
        epoch = volume.show(1)["epoch"]
        print("# " + refused(2, volume.attachment("takeover"), "goes on renewing", "node1"))
        writer.reaches(20)
        equal(volume.show(1)["epoch"], epoch)
        equal(volume.isr(1), [1, 2, 3])
        refused(1, f"volume detach {volume.name}", f"{volume.device} is open")
        # When it is closed a takeover succeeds.
        writer.stop()
        volume.attach(2, "takeover")
        wait("it is gone", lambda: not braid(1, "volume show").strip())
        writer.check(volume.numbers(2, writer.blocks))
        volume.detach(2)


BUSY = 4        # EBUSY on the wire

ASKS = """
import sys, time
sys.path.insert(0, "/tests/lib")
import wire
links = [wire.Link(("192.168.77.%d" % n, {port}), b"%032d" % 7, bytes.fromhex("{uuid}"), n)
         for n in (2, 3)]
while True:
    for link in links:
        link.epoch = (2 ** 40, 5)
        link.send(link.frame(wire.ASK, b"taker", flags=8))
        print(link.answer()[1], flush=True)
    time.sleep(0.2)
"""


@test("a takeover that was given up long ago has no effect, even after the writer was away")
def given_up():
    volume = three()
    asks = ASKS.format(port=cluster.PORT, uuid=volume.uuid.replace("-", ""))
    with volume.made():
        volume.attach(1)
        with held_open(volume, 1):
            with stream(2, "python3", "-B", "-c", asks) as answers:
                # The writer's lease runs, and its voters will tell it.
                equal(int(answers.readline()), BUSY)
                lab("split", 1)
                # After the last renewal of the writer that arrives.
                for _ in range(8):
                    answers.readline()
        # The requests of before do not count any more.
        time.sleep(cluster.LEASE + 1)
        lab("heal")
        wait("it goes on", lambda: not volume.show(1).get("held"))
        # The writer has renewed its lease with every voter by then.
        time.sleep(cluster.LEASE)
        equal(volume.show(1)["state"], "active")
        volume.once(1, 1, 7)
        volume.detach(1)


@test("takeover dead takes the lease from a running writer, which is fenced")
def dead():
    volume = three()
    with volume.made():
        writer = volume.written(1, 20)
        refused(2, f"{volume.attachment()} dead", status=1)
        volume.attach(2, "takeover", "dead")
        wait("it is fenced", lambda: volume.show(1)["state"] == "dead")
        wait("its write failed", lambda: writer.error)
        writer.check(volume.numbers(2, writer.blocks))
        other = cluster.Writer(volume, 2, seed=2)
        other.reaches(20)
        other.stop()
        found = volume.numbers(2, other.blocks)
        for block, number in other.acknowledged.items():
            equal(found[block], number if found[block] != other.asked[block][-1]
                  else found[block], f"block {block}")
        print(f"# {volume.why(1)}")
        volume.detach(1)
        volume.detach(2)
        volume.alike(2, 3)


def interrupted(node, words, seconds=1):
    """Sends SIGINT to the command after a while; its status, 124 if that ended it."""
    done = sh(node, f"timeout -s INT {seconds} braid {words} >/dev/null 2>&1 || echo $?")
    return int(done or 0)


def left(node):
    """The state that an attachment would leave: volumes, and sockets to targets."""
    return (braid(node, "volume show").strip(),
            sh(node, f"ss -Htan dport = :{cluster.PORT} | grep -v TIME-WAIT || true").strip())


def interrupted_detach(volume):
    """Interrupts a detach with silent voters; then all is as before."""
    others = [node for node in volume.nodes if node != 1]
    volume.attach(1)
    volume.once(1, 1, 5)
    braid(1, f"volume suspend {volume.name}")
    refused(1, f"volume detach {volume.name}", "suspended by a person", "force fails what waits")
    braid(1, f"volume resume {volume.name}")
    for node in others:
        braid(node, f"target close {volume.at(node)}")
    status = interrupted(1, f"volume detach {volume.name}")
    # On a slow machine its lease may have run out before.
    true(status in (124, 2), f"status {status}")
    print(f"# status {status}: {volume.why(1)}")
    equal(volume.show(1)["state"], "active")
    # No record of a change follows.
    equal(volume.isr(1), list(volume.data))
    for node in others:
        volume.listen(node)
    wait("it goes on", lambda: not volume.show(1).get("held"))
    volume.once(1, 2, 6)
    equal(volume.numbers(1, 3), [0, 5, 6])
    # The last voter may be left out: the others make a majority.
    true(1 in volume.isr(1), f"members {volume.isr(1)}")
    volume.detach(1)
    # It was closed before, so there is no lease to wait for.
    volume.attach(1)
    equal(volume.numbers(1, 3), [0, 5, 6])
    volume.detach(1)


@test("an interrupted detach leaves the volume attached, whatever it waited for")
def detach():
    # While it waits for a flush of the members; for the record that says closed.
    for volume in three(), cluster.Volume((1,), witnesses=(2, 3), size="16M"):
        with volume.made():
            interrupted_detach(volume)


@test("an interrupted attach leaves no state behind")
def attach():
    volume = three()
    with volume.made():
        # While it connects, on a node that is cut off.
        lab("split", 1)
        status = interrupted(1, volume.attachment(addresses=(2, 3)))
        equal(status, 124)
        equal(left(1), ("", ""))
        lab("heal")
        # While it waits for a writer that does not close.
        volume.attach(2)
        with held_open(volume, 2):
            equal(interrupted(1, volume.attachment("takeover"), 3), 124)
            equal(left(1), ("", ""))
            equal(volume.show(2)["state"], "active")
            volume.once(2, 1, 9)
        # Voters may have been asked, but have not promised.
        with contextlib.suppress(cluster.Refused):
            volume.detach(2)
        volume.attach_soon(1)
        equal(volume.numbers(1, 2), [0, 9])
        volume.detach(1)


@test("an interrupted create can be repeated")
def create():
    volume = three()
    try:
        for node in volume.nodes:
            volume.make_replica(node)
            volume.open(node)
        lab("split", 3)
        equal(interrupted(1, volume.creation()), 124)
        lab("heal")
        equal(left(1), ("", ""))
        # Again, and once more: it is there.
        braid(1, volume.creation())
        braid(1, volume.creation())
        writer = volume.written(2, 20)
        writer.stop()
        writer.check(volume.numbers(2, writer.blocks))
        volume.detach(2)
        refused(1, volume.creation(), "older volume")
    finally:
        volume.remove()


if __name__ == "__main__":
    cluster.run_here(__file__)
