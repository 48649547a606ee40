#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# lab: kernel=stock nodes=1 timeout=600
"""A stream through the overlay arrives as it was sent and travels in large packets,
for each family inside and outside and each encapsulation."""

import contextlib
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")

import addresses
import stream
from ktap import run, test, true
from world import World

SIZE = 4 * stream.MIB
LARGE = 10000


def large(combination):
    """Sizes on the wire, and behind the tunnel."""
    with World(inner=combination.inner, encap=combination.encap,
               underlay=combination.underlay) as world:
        # Else TCP cuts them to what it sends in a millisecond, which on a slow machine
        # is little.
        world.client.sysctl("net.ipv4.tcp_min_tso_segs", 16)
        places = [(world.n1, "u1"), (world.n2, "braid0"), (world.n2, "v-web2")]
        sizes = [stream.Sizes(*place) for place in places]
        stream.transfer(world.client, world.web2, SIZE)
        for (node, device), each in zip(places, sizes):
            largest, mean = each.close()
            print(f"# {device}: largest {largest}, mean {mean}")
            true(largest > LARGE, f"packets on {device} are at most {largest} bytes")


for each in addresses.ALL:
    test(f"{each}: a stream is whole, and its packets are large")(
        lambda combination=each: large(combination))


@contextlib.contextmanager
def fixture():
    yield ()


run(__file__, fixture)
