#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# lab: kernel=stock,um,debug nodes=1 timeout=600 worlds=4-vxlan-4,6-geneve-6 test_worlds=6-geneve-6 long_kernels=debug
"""Nodes as senders and receivers, and packets that leave with an address of a node."""

import contextlib
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")

import addresses
import links
import packets
from addresses import at
from ktap import equal, run, test
from netns import Netns
from traffic import Servers, ask_tcp, ask_udp, drops, equal_event, tell
from world import CLIENT, VIP, WEB, World

N1, N2 = "10.1.0.1", "10.2.0.1"    # inside the overlay
FAR, UPLINK, ELSEWHERE = "198.51.100.2", "198.51.100.1", "203.0.113.9"
OUTSIDE, INSIDE = 0x01000001, 310    # an identity with a scope, and one of the cluster
CLOSED = f"rule add closed subject {WEB} direction ingress peer identity {CLIENT} protocol icmp " \
         "type 9 action allow\n"
SERVICE = f"""\
service add udp address {VIP} port 53 protocol udp
backend add udp address 10.1.0.80 port 53
backend add udp address 10.2.0.80 port 53
service add tcp address {VIP} port 80 protocol tcp
backend add tcp address 10.1.0.80 port 8080
backend add tcp address 10.2.0.80 port 8080
service add self address {VIP} port 54 protocol udp
backend add self address 10.1.0.10 port 54
"""


class Edge(World):
    """n1 has a second uplink, out of the cluster."""

    def __init__(self):
        super().__init__(SERVICE, "uplink add u2\n", hosts=True)
        self.far = Netns("far")
        with self.n1:
            links.veth("u3", "eth0", self.far)
            links.address("u3", f"{UPLINK}/24")
            # Any route will do, since packets are routed to the backend.
            links.route("10.96.0.0/16", "braid0")
            links.route(f"{ELSEWHERE}/32", "u3", FAR)
        with self.far:
            links.up("lo")
            links.address("eth0", f"{FAR}/24")
            links.address("eth0", f"{ELSEWHERE}/32")
            links.route("10.0.0.0/8", "eth0", UPLINK)
        self.n1.braid.batch(f"uplink add u1\nuplink add u3\nidentity add {INSIDE}\n"
                            f"identity add {OUTSIDE}\n")

    def namespaces(self):
        return [self.far, *super().namespaces()]


def source_at(receiver, port, send, address=""):
    """The source of a datagram of send(), as the receiver sees it; the receiver answers."""
    sock = receiver.udp(address, port)
    try:
        client = send()
        data, sender = sock.recvfrom(100)
        sock.sendto(data, sender)
        equal(client.recv(100), data, "the answer")
        client.close()
        return sender[0]
    finally:
        sock.close()


def sends(sender, address, port):
    """A function that sends one datagram and returns the socket."""
    def send():
        sock = sender.udp()
        sock.sendto(b"from", (at(address), port))
        return sock
    return send


@test("a node reaches another's workloads and is answered, from its overlay address")
def to_endpoint(world, servers):
    with drops(world.n1, {}), drops(world.n2, {}):
        equal(source_at(world.web2, 55, sends(world.n1, "10.2.0.80", 55)), at(N1))
        equal(ask_tcp(world.n1, "10.2.0.80", 8080), "web2")
        equal(ask_tcp(world.n2, "10.1.0.80", 8080), "web1")


@test("workloads reach the other node, and the nodes each other")
def to_host(world, servers):
    with drops(world.n1, {}), drops(world.n2, {}):
        equal(source_at(world.n1, 55, sends(world.peer, N1, 55)), at("10.2.0.10"))
        equal(source_at(world.n2, 55, sends(world.client, N2, 55)), at("10.1.0.10"))
        equal(source_at(world.n2, 55, sends(world.n1, N2, 55)), at(N1))


@test("a node is host to its own workloads and remote-node to the other's")
def identity(world, servers):
    for node in world.n1, world.n2:
        node.braid.batch(CLOSED)
    equal(ask_udp(world.n1, "10.1.0.80", 53), "web1", "its own")
    with drops(world.n2, {("policy-denied", "ingress"): 1}) as seen:
        tell(world.n1, "10.2.0.80", 53)
    equal_event(seen.events[0], source=N1, source_identity=6, destination_identity=WEB)
    world.n2.braid.batch(f"rule add nodes subject {WEB} direction ingress peer identity 6 "
                         "protocol udp action allow\n")
    equal(ask_udp(world.n1, "10.2.0.80", 53), "web2", "allowed as remote-node")
    for node in world.n1, world.n2:
        node.braid.batch("rule flush\n")


@test("a node uses services with local and with remote backends")
def service(world, servers):
    with drops(world.n1, {}), drops(world.n2, {}):
        for ask, port in (ask_udp, 53), (ask_tcp, 80):
            equal({ask(world.n1, VIP, port) for _ in range(24)}, {"web1", "web2"}, f"{port}")


@test("a workload behind a service reaches itself through it, seen as its node")
def hairpin(world, servers):
    with drops(world.n1, {}):
        equal(source_at(world.client, 54, sends(world.client, VIP, 54)), at(N1))
        # Other clients keep their source.
        equal(source_at(world.client, 54, sends(world.web1, VIP, 54)), at("10.1.0.80"))


@test("packets out of the cluster have the uplink's address, and replies come back")
def masquerade(world, servers):
    with drops(world.n1, {}):
        for there in FAR, ELSEWHERE:
            equal(source_at(world.far, 55, sends(world.client, there, 55), there), at(UPLINK), there)
        equal(ask_tcp(world.client, FAR, 8080), "far")
        # The node's own source is unchanged.
        equal(source_at(world.far, 55, sends(world.n1, FAR, 55)), at(UPLINK))


@test("without an uplink object for the device it keeps its address")
def no_uplink(world, servers):
    world.n1.braid.batch("uplink del u3\n")
    equal(source_at(world.far, 55, sends(world.client, FAR, 55)), at("10.1.0.10"))
    world.n1.braid.batch("uplink add u3\n")
    equal(source_at(world.far, 55, sends(world.client, FAR, 55)), at(UPLINK))


@test("packets to an identity of the cluster keep their source; to one with a scope byte, not")
def exempt(world, servers):
    for identity, source in (INSIDE, "10.1.0.10"), (OUTSIDE, UPLINK):
        world.n1.braid.batch(f"prefix add 203.0.113.0/24 identity {identity}\n")
        equal(source_at(world.far, 55, sends(world.client, ELSEWHERE, 55), ELSEWHERE),
              at(source), f"identity {identity}")
        equal(source_at(world.far, 55, sends(world.client, FAR, 55)), at(UPLINK))
        world.n1.braid.batch("prefix del 203.0.113.0/24\n")


@test("policy applies to connections out of the cluster by the workload's identity")
def masquerade_policy(world, servers):
    world.n1.braid.batch(f"prefix add 203.0.113.0/24 identity {OUTSIDE}\n"
                         f"rule add out subject {CLIENT} direction egress peer identity {OUTSIDE} "
                         "protocol udp action allow\n")
    equal(source_at(world.far, 55, sends(world.client, ELSEWHERE, 55), ELSEWHERE), at(UPLINK))
    with drops(world.n1, {("policy-denied", "egress"): 1}) as seen:
        tell(world.client, FAR, 55)
    equal_event(seen.events[0], source="10.1.0.10", source_identity=CLIENT,
                destination_identity=2)
    world.n1.braid.batch("rule flush\nprefix del 203.0.113.0/24\n")


@test("the world reaches another node's workload through this one, as the world")
def world_through(world, servers):
    """The source is the node's overlay address, and the identity 2."""
    with world.far:
        links.route("10.2.0.80/32", "eth0", UPLINK)
    equal(source_at(world.web2, 55, sends(world.far, "10.2.0.80", 55)), at(N1))
    world.n2.braid.batch(CLOSED)
    with drops(world.n2, {("policy-denied", "ingress"): 1}) as seen:
        tell(world.far, "10.2.0.80", 55)
    equal_event(seen.events[0], source=N1, source_identity=2, destination_identity=WEB)
    world.n2.braid.batch("rule flush\n")


@test("a node may send as the world from its overlay address only")
def world_forged(world, servers):
    tunnel = world.n2.udp("172.16.0.2")
    listener = world.web1.udp(port=56)
    for source in "10.2.0.10", ELSEWHERE, N1:
        with drops(world.n1, {("spoofed-inner-source", "ingress"): 1}) as seen:
            tunnel.sendto(packets.tunnel(2, packets.udp(source, 5, "10.1.0.80", 56, b"x")),
                          (at("172.16.0.1"), addresses.now.port))
        equal_event(seen.events[0], source=source, source_identity=2)
    tunnel.sendto(packets.tunnel(2, packets.udp(N2, 5, "10.1.0.80", 56, b"world")),
                  (at("172.16.0.1"), addresses.now.port))
    equal(listener.recv(100), b"world")
    for sock in tunnel, listener:
        sock.close()


@test("without an overlay address of its own, a node is answered through the overlay",
      when=addresses.now.inner == addresses.now.underlay)
def underlay_source(world, servers):
    """Its source is then the underlay address; a reply outside the tunnel would be dropped."""
    with world.n1:
        links.address("braid0", f"{N1}/32", links.DELADDR)
        if addresses.now.inner == 4:
            links.route("10.2.0.0/24", "braid0")    # IPv4 forgets with the last address
    wire = world.n1.packet("u1")
    with drops(world.n1, {}), drops(world.n2, {}):
        equal(source_at(world.web2, 55, sends(world.n1, "10.2.0.80", 55)), at("172.16.0.1"))
    seen = set()
    while len(seen) < 2:
        frame = wire.recv(65536)
        packet = packets.parse_tunnel(frame)
        if packet:
            seen.add((packet.inner.source, packet.inner.destination))
        elif packets.parse_ip(frame[14:]).protocol == 17:
            raise AssertionError("outside the tunnel")
    equal(seen, {(at("172.16.0.1"), at("10.2.0.80")), (at("10.2.0.80"), at("172.16.0.1"))})
    wire.close()
    with world.n1:
        links.address("braid0", f"{N1}/32")


@contextlib.contextmanager
def fixture():
    with Edge() as world:
        servers = Servers()
        for workload in world.web1, world.web2, world.far:
            servers.tcp(workload, 8080)
            servers.udp(workload, 53)
        yield world, servers
        servers.stop()


run(__file__, fixture)
