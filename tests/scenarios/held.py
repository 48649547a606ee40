#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# lab: kernel=stock nodes=3 timeout=600
"""The settings of how long and for which members writers wait: min-isr and
suspend-timeout."""

import errno
import os
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")

import cluster
from ktap import equal, test, true

BLOCKS = 64      # that are written to; those behind them are read
TIMEOUT = 4


def silence(*nodes):
    for node in nodes:
        cluster.braid(node, f"target close {cluster.address(node)}")


def started(volume, timeout):
    """A writer on node 1, with a suspend-timeout in seconds."""
    volume.attach(1, "suspend-timeout", str(timeout))
    equal(volume.show(1)["suspend_timeout"], timeout)
    writer = cluster.Writer(volume, 1, BLOCKS)
    writer.reaches(20)
    return writer


@test("min-isr holds writes, but not reads, while a member is missing")
def min_isr():
    volume = cluster.Volume((1, 2), (3,))
    with volume.made():
        volume.attach(1, "min-isr", "2")
        equal(volume.show(1)["min_isr"], 2)
        volume.once(1, BLOCKS, 7)
        writer = cluster.Writer(volume, 1, BLOCKS)
        writer.reaches(20)
        silence(2)
        cluster.wait("the shrink", lambda: volume.isr(1) == [1])
        cluster.wait("the hold", lambda: volume.show(1).get("held") == ["min-isr"])
        writer.stands()
        equal(volume.why(1).split(";")[0],
              "writes wait: 1 replica holds every write, min-isr is 2")
        true("voter 2 (" in volume.why(1), volume.why(1))
        # A read waits only for an earlier write of the same block.
        read = cluster.sh(1, f"dd if={volume.device} bs=4096 skip={BLOCKS} count=1 "
                             "iflag=direct status=none | od -An -tu8 -j8 -N8")
        equal(int(read), 7)
        equal(volume.show(1)["held"], ["min-isr"])
        cluster.refused(1, "volume detach db", "is open")
        volume.detach(1, "force")
        cluster.wait("the end of the writer", lambda: writer.ended)
        equal(writer.error, errno.EIO)
        writer.stop()
        # S4: it is attached, and writes wait.
        volume.attach_soon(1, "min-isr", "2", addresses=(1, 3))
        cluster.wait("the hold", lambda: volume.show(1).get("held") == ["min-isr"])
        equal(volume.isr(1), [1])
        late = cluster.Writer(volume, 1, BLOCKS, seed=2)
        late.stands()
        equal(late.count, 0)
        volume.detach(1, "force")
        late.stop()
        volume.attach_soon(1, addresses=(1, 3))
        writer.check(volume.numbers(1, BLOCKS))
        volume.once(1, 0, 9)
        volume.detach(1)


@test("min-isr above the number of replicas is refused and changes nothing")
def too_many():
    volume = cluster.Volume((1, 2), (3,))
    with volume.made():
        volume.secret(1)
        before = cluster.ask(1, "replica show")
        cluster.refused(1, f"volume attach db from {cluster.address(2)} secret-file "
                           f"{cluster.SECRET} min-isr 3",
                        "min-isr is 3, but db has 2 data replicas")
        equal(cluster.ask(1, "replica show"), before)
        volume.attach(1, "min-isr", "2")
        volume.detach(1)


@test("a volume that is held for the suspend-timeout fails and stays failed")
def suspend_timeout():
    volume = cluster.Volume((1, 2), (3,))
    with volume.made():
        writer = started(volume, TIMEOUT)
        # Time suspended by the administrator does not count.
        cluster.braid(1, "volume suspend db")
        time.sleep(TIMEOUT * 2)
        equal(volume.show(1)["state"], "active")
        cluster.braid(1, "volume resume db")
        writer.reaches(5)
        silence(2, 3)
        cluster.wait("its end", lambda: volume.show(1)["state"] == "dead")
        equal(volume.show(1)["failure"], "suspended for longer than suspend-timeout")
        cluster.wait("the end of the writer", lambda: writer.ended)
        equal(writer.error, errno.EIO)
        writer.stop()
        for node in 2, 3:
            volume.listen(node)
        # Its voters are back, and would renew the lease.
        time.sleep(TIMEOUT)
        equal(volume.show(1)["state"], "dead")
        true("until it is detached and attached again" in volume.why(1), volume.why(1))
        for script in "dd if={} of=/dev/null", "dd if=/dev/zero of={} oflag=direct":
            try:
                cluster.sh(1, script.format(volume.device) + " bs=4096 count=1")
            except cluster.Refused as refused:
                true("Input/output error" in refused.text, refused.text)
            else:
                raise AssertionError("a dead volume did I/O")
        volume.detach(1)
        volume.attach_soon(1)
        writer.check(volume.numbers(1, BLOCKS))
        volume.once(1, 0, 9)
        volume.detach(1)


@test("a volume that is held for less than the suspend-timeout goes on")
def held_for_less():
    volume = cluster.Volume((1, 2), (3,))
    with volume.made():
        writer = started(volume, 3600)
        silence(2, 3)
        cluster.wait("the hold", lambda: "lease" in volume.show(1).get("held", []))
        writer.stands()
        time.sleep(TIMEOUT)
        true(volume.show(1)["state"] != "dead", "it ended")
        for node in 2, 3:
            volume.listen(node)
        writer.reaches(20)
        writer.stop()
        writer.check(volume.numbers(1, BLOCKS))
        volume.detach(1)


if __name__ == "__main__":
    cluster.run_here(__file__)
