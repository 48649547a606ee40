#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# lab: kernel=stock,um,debug nodes=1 timeout=600 worlds=4-native-4,6-native-6 test_worlds=6-native-6 long_kernels=debug
"""No overlay: nodes route to each other, and the identity follows from the address."""

import contextlib
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")

import packets
from addresses import at
from ktap import equal, run, test, true
from netns import reset_on_close, silent
from traffic import (Servers, ask_tcp, ask_udp, begin, connect, drops, equal_event, tell)
from world import CLIENT, INTRUDER, VIP, WEB, World

SERVICE = f"""\
service add web address {VIP} port 80 protocol tcp
backend add web address 10.1.0.80 port 8080
backend add web address 10.2.0.80 port 8080
"""
ALLOW = f"rule add in subject {WEB} direction ingress peer identity {CLIENT} " \
        "protocol any action allow\n"


@test("workloads of two nodes reach each other, and the wire has their packets as they are")
def plain(world, servers):
    wire = world.n1.packet("u1")
    with drops(world.n1, {}), drops(world.n2, {}):
        equal(ask_udp(world.client, "10.2.0.80", 53), "web2")
        equal(ask_tcp(world.peer, "10.1.0.80", 8080), "web1")
    ways = set()
    while len(ways) < 4:
        frame = wire.recv(65536)
        if packets.protocol_of(frame[14:]).to_bytes(2, "big") == frame[12:14]:
            seen = packets.parse_ip(frame[14:])
            if seen.protocol in (6, 17):
                ways.add((seen.source, seen.destination, seen.protocol))
    equal(ways, {(at(one), at(other), protocol) for here, there, protocol in (
        ("10.1.0.10", "10.2.0.80", 17), ("10.2.0.10", "10.1.0.80", 6))
        for one, other in ((here, there), (there, here))})
    wire.close()


@test("the receiver's node applies policy to the sender by its prefix")
def ingress(world, servers):
    world.n2.braid.batch(ALLOW)
    with drops(world.n1, {}), drops(world.n2, {("policy-denied", "ingress"): 1}) as seen:
        equal(ask_udp(world.client, "10.2.0.80", 53), "web2")
        begin(world.intruder, "10.2.0.80", 8080).close()
    equal_event(seen.events[0], source="10.1.0.66", source_identity=INTRUDER,
                source_label=["app=intruder"], destination_identity=WEB, device="u2")


@test("a workload's new identity counts from the commit on")
def prefix_changes(world, servers):
    world.n2.braid.batch(f"prefix set 10.1.0.66/32 identity {CLIENT}\n")
    sock, name = connect(world.intruder, "10.2.0.80", 8080)
    equal(name, "web2")
    world.n2.braid.batch(f"prefix set 10.1.0.66/32 identity {INTRUDER}\n")
    with drops(world.n2, {("policy-denied", "ingress"): 1}, repeats=True) as seen:
        sock.send(b"x")
        true(silent(sock, 0.1), "the connection goes on")
    equal_event(seen.events[0], source_identity=INTRUDER)
    reset_on_close(sock)
    # Without its prefix it belongs to the world.
    world.n2.braid.batch("prefix del 10.1.0.66/32\n")
    with drops(world.n2, {("policy-denied", "ingress"): 1}) as seen:
        tell(world.intruder, "10.2.0.80", 53)
    equal_event(seen.events[0], source_identity=2)
    world.n2.braid.batch(f"prefix add 10.1.0.66/32 identity {INTRUDER} node n1\nrule flush\n")


@test("the sender's node applies policy to the receiver by its prefix")
def egress(world, servers):
    world.n1.braid.batch(f"rule add out subject {CLIENT} direction egress peer identity {WEB} "
                         "protocol udp action allow\n")
    with drops(world.n2, {}), drops(world.n1, {("policy-denied", "egress"): 2}) as seen:
        equal(ask_udp(world.client, "10.2.0.80", 53), "web2")
        tell(world.client, "10.2.0.10", 53)
        begin(world.client, "10.2.0.80", 8080).close()
    equal_event(seen.events[0], source_identity=CLIENT, destination_identity=CLIENT,
                destination="10.2.0.10")
    world.n1.braid.batch("rule flush\n")


@test("a service answers from both nodes, but not from a removed backend")
def service(world, servers):
    world.n1.braid.batch(SERVICE)
    equal({ask_tcp(world.client, VIP, 80) for _ in range(24)}, {"web1", "web2"})
    world.n1.braid.batch("backend del web address 10.1.0.80 port 8080\n")
    equal({ask_tcp(world.client, VIP, 80) for _ in range(8)}, {"web2"})
    with drops(world.n2, {("policy-denied", "ingress"): 1}) as seen:
        world.n2.braid.batch(ALLOW)
        equal(ask_tcp(world.client, VIP, 80), "web2")
        begin(world.intruder, VIP, 80).close()
    equal_event(seen.events[0], source_identity=INTRUDER, destination="10.2.0.80",
                destination_port=8080)
    world.n2.braid.batch("rule flush\n")
    world.n1.braid.batch("service del web\n")


@test("another node is remote-node, and a local endpoint's address does not come from outside")
def nodes(world, servers):
    equal(ask_udp(world.n1, "10.2.0.80", 53), "web2")
    world.n2.braid.batch(ALLOW)
    with drops(world.n2, {("policy-denied", "ingress"): 1}) as seen:
        tell(world.n1, "10.2.0.80", 53)
    equal_event(seen.events[0], source_identity=6, source="172.16.0.1")
    raw = world.n1.raw()
    with drops(world.n2, {("spoofed-source", "ingress"): 1}):
        raw.sendto(packets.udp("10.2.0.10", 5, "10.2.0.80", 53, b"x"), (at("10.2.0.80"), 0))
    raw.close()
    world.n2.braid.batch("rule flush\n")


@contextlib.contextmanager
def fixture():
    with World() as world:
        servers = Servers()
        for workload in world.web1, world.web2:
            servers.tcp(workload, 8080)
            servers.udp(workload, 53)
        yield world, servers


run(__file__, fixture)
