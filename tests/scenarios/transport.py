#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# lab: kernel=stock nodes=3 timeout=900
"""Connections between a writer and its voters: over IPv6, with buffers that change in
flight, and connections that are given up."""

import contextlib
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")

import cluster
from cluster import ask, braid, lab, refused, run, sh, wait
from ktap import equal, test, true

# States of a socket in /proc/net/tcp: established or nearly, TIME_WAIT, none, listens.
FINE = {"01", "02", "03", "06", "07", "0A"}


def three(**more):
    return cluster.Volume((1, 2, 3), size="16M", **more)


def address6(node):
    return f"[fd77::{node}]:{cluster.PORT}"


@test("volumes over IPv6 are created, shown, attached, written and taken over")
def ipv6():
    volume = three(at=address6)
    with volume.made():
        equal(ask(2, "target show")[0]["target"], address6(2))
        writer = volume.written(1, 30)
        equal([each["address"] for each in volume.show(1)["voters"]],
              [address6(node) for node in volume.nodes])
        refused(3, volume.attachment(addresses=(2,)), "node1")
        lab("split", 1)
        writer.stands()
        took = volume.attach_soon(2, addresses=(3,))
        print(f"# attached after {took:.1f} s")
        lab("heal")
        writer.stop()
        writer.check(volume.numbers(2, writer.blocks))
        volume.detach(1, "force")
        volume.detach(2)
        for node in (2, 3):
            braid(node, f"target close {address6(node)}")
        # The record has the addresses of the others.
        refused(1, volume.attachment(addresses=(1,)), f"voter 2 ({address6(2)}, connection refused",
                f"voter 3 ({address6(3)}, connection refused")
        for node in (2, 3):
            volume.listen(node)


@test("addresses of targets: any of both families, and none that needs a device")
def addresses():
    volume = three()
    volume.secret(1)
    secret = f"secret-file {cluster.SECRET}"
    try:
        # Two targets, with a port each.
        for words in ("[::]:7711", "0.0.0.0:7711"):
            braid(1, f"target listen {words} {secret}")
        equal(sorted(each["target"] for each in ask(1, "target show")),
              ["0.0.0.0:7711", "[::]:7711"])
        refused(1, f"target listen [fe80::1]:7712 {secret}", "needs a device")
        for words in ("[fe80::1%eth0]:7712", "fd77::1:7712", "[fd77::1]", "[fd77::1:7712",
                      "[fd77::1]:0", "[fd77::1]:65536", "[]:7712"):
            refused(1, f"target listen {words} {secret}", status=1)
        refused(1, f"target listen [fd77::2]:7712 {secret}", "not one of this host")
        equal(len(ask(1, "target show")), 2)
    finally:
        for words in ("[::]:7711", "0.0.0.0:7711"):
            with contextlib.suppress(cluster.Refused):
                braid(1, f"target close {words}")


@test("case 31: buffers that change in flight are the same bytes on every replica")
def case_31():
    volume = three()
    with volume.made():
        volume.attach(1)
        changed = int(run(1, "python3", "-B", "/tests/lib/changing.py", volume.device, 2048,
                          500, timeout=300 * cluster.SLOW))
        print(f"# {changed} of 500 changed on their way")
        true(changed > 50, f"only {changed} buffers changed in flight: nothing was tried")
        equal(volume.isr(1), [1, 2, 3])
        for node in (2, 3):
            equal(ask(node, "target show")[0]["broken"], 0,
                  "connections closed for what came over them")
        volume.detach(1)
        volume.alike(1, 2, 3)


def leftovers(node):
    """Sockets of volumes that are closed but not gone: state and bytes to be sent."""
    lines = sh(node, "cat /proc/net/tcp").splitlines()[1:]
    fields = [line.split() for line in lines]
    port = f":{cluster.PORT:04X}"
    return [(each[3], int(each[4].split(":")[0], 16)) for each in fields
            if port in (each[1][-5:], each[2][-5:]) and each[3] not in FINE]


def aborted(node):
    """Number of connections that were closed with unsent data discarded."""
    names, numbers = [line.split() for line in sh(node, "cat /proc/net/netstat").splitlines()
                      if line.startswith("TcpExt:")]
    return int(dict(zip(names, numbers))["TCPAbortOnData"])


@test("a connection that is given up is closed at once, with its unsent data")
def given_up():
    volume = three()
    with volume.made():
        writer = volume.written(1, 20)
        before = aborted(1)
        lab("split", 3)
        wait("3 is out", lambda: volume.isr(1) == [1, 2])
        # Both of its connections, then a failed attempt.
        wait("they are gone", lambda: aborted(1) >= before + 3)
        equal(leftovers(1), [])
        lab("heal")
        writer.reaches(20)
        writer.stop()
        volume.detach(1)
        for node in volume.nodes:
            wait(f"nothing is left on node {node}", lambda n=node: not leftovers(n))


if __name__ == "__main__":
    cluster.run_here(__file__)
