#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# lab: kernel=stock nodes=3 timeout=600
"""A volume that has lost its majority for good is attached by force: what is reached
becomes another volume, which has the data, and what is left of the old one never serves
under its name unnoticed."""

import os
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")

import cluster
from cluster import ask, braid, lab, refused, wait
from ktap import equal, test, true


def forced(volume, node):
    """The words that attach it by force with the replica of a node alone."""
    return volume.attachment("force", addresses=(node,))


def uuid(node):
    """The UUID of the volume that a node's replica belongs to."""
    return ask(node, "replica show")[0]["uuid"]


@test("a volume that has its majority, or a writer, is not forced")
def not_needed():
    volume = cluster.Volume((1, 2), witnesses=(3,), size="16M")
    with volume.made():
        volume.secret(2)
        print("# " + refused(2, forced(volume, 1), "enough voters answer",
                             "attach db without force"))
        volume.attach(1)
        print("# " + refused(2, forced(volume, 2), "lease runs", "takeover"))
        volume.once(1, 1, 5)
        volume.detach(1)
        # A witness has no data for a volume.
        for node in (1, 2):
            volume.away(node)
        print("# " + refused(3, forced(volume, 3), "no replica that was ever complete answers"))
        for node in (1, 2):
            volume.open(node)
        for node in volume.nodes:
            equal(uuid(node), volume.uuid)
        volume.attach(2)
        equal(volume.numbers(2, 2), [0, 5])
        volume.detach(2)


@test("without a majority one replica becomes another volume, and the old one is refused by name")
def one_of_three():
    volume = cluster.Volume((1, 2, 3))
    with volume.made():
        writer = volume.written(1, 30, flush=5)
        lab("split", 1)
        writer.stands()
        volume.detach(1, "force")
        writer.stop()
        # Its lease is not renewed any more.
        time.sleep(cluster.LEASE + 1)
        print("# " + refused(1, volume.attachment(), "only 1 of 3 voters", "2 are needed",
                             f"voter 2 ({cluster.address(2)}, ",
                             f"voter 3 ({cluster.address(3)}, "))
        equal(uuid(1), volume.uuid)
        braid(1, forced(volume, 1))
        show = volume.show(1)
        new = show["uuid"]
        true(new != volume.uuid, "it has the UUID of the old one")
        equal(uuid(1), new)
        equal((show["state"], show["isr"]), ("active", [1]))
        equal([each["voter"] for each in show["voters"]], [1])
        before = volume.numbers(1, writer.blocks)
        writer.check(before)
        after = cluster.Writer(volume, 1, seed=2)
        after.reaches(30)
        after.stop()

        # The others are back, but do not belong to it.
        lab("heal")
        for node in (2, 3):
            equal(uuid(node), volume.uuid)
        equal([each["voter"] for each in volume.show(1)["voters"]], [1])
        volume.detach(1)
        for node in (1, 2):
            print("# " + refused(node, volume.attachment(), "two volumes are called db",
                                 volume.uuid, new))
        volume.attach(1, addresses=(1,))
        equal(volume.isr(1), [1])
        found = volume.numbers(1, writer.blocks)
        after.check([number if block in after.asked else 0
                     for block, number in enumerate(found)])
        equal([found[block] for block in range(writer.blocks) if block not in after.asked],
              [before[block] for block in range(writer.blocks) if block not in after.asked])

        # The old one still has a majority, without voter 1.
        volume.attach_soon(2, addresses=(2, 3))
        equal(volume.show(2)["uuid"], volume.uuid)
        equal(volume.isr(2), [2, 3])
        wait("why names voter 1", lambda: "unknown volume or voter there" in
             volume.voter(2, 1).get("why", ""))
        writer.check(volume.numbers(2, writer.blocks))
        volume.detach(2)
        volume.detach(1)
        volume.alike(2, 3)


if __name__ == "__main__":
    cluster.run_here(__file__)
