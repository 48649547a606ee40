#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# lab: kernel=stock,um,debug nodes=1 timeout=900 worlds=4-vxlan-4,6-geneve-6 test_worlds=6-geneve-6 long_kernels=debug
"""Senders with a false identity or address: each packet is dropped with its own
reason."""

import contextlib
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")

import addresses
import links
import packets
from addresses import at
from ktap import equal, run, test
from traffic import drops, equal_event
from world import CLIENT, INTRUDER, WEB, World

NODE1, NODE2, STRANGER = "172.16.0.1", "172.16.0.2", "172.16.0.3"
TUNNEL = addresses.now.port


class Tunnel:
    """Sends raw tunnel packets from n2 to n1."""

    def __init__(self, world):
        self.world = world
        self.sock = world.n2.udp(NODE2)

    def send(self, vni=CLIENT, source="10.2.0.10", destination="10.1.0.80", sock=None,
             payload=b"hand", **words):
        inner = packets.udp(source, 1234, destination, 53, payload)
        (sock or self.sock).sendto(packets.tunnel(vni, inner, **words), (at(NODE1), TUNNEL))

    def send_raw(self, data):
        self.sock.sendto(data, (at(NODE1), TUNNEL))


def arrives(world, tunnel, send):
    """Checks that the valid packet of send() reaches web1."""
    sock = world.web1.udp(port=53)
    try:
        send()
        return sock.recv(100)
    finally:
        sock.close()


@test("a well-formed packet of a known node arrives")
def control(world, tunnel):
    with drops(world.n1, {}):
        equal(arrives(world, tunnel, tunnel.send), b"hand")


@test("an unknown node is dropped")
def unknown_node(world, tunnel):
    sock = world.n2.udp(STRANGER)
    with drops(world.n1, {("unknown-node", "ingress"): 2}) as seen:
        tunnel.send(sock=sock)
        tunnel.send(sock=sock)
    equal_event(seen.events[0], source_identity=0, device="u1")
    sock.close()


@test("a node is known from the commit that adds it until the commit that removes it")
def node_known(world, tunnel):
    sock = world.n2.udp(STRANGER)
    world.n1.braid.batch(f"node add n3 underlay {STRANGER} cidr 10.3.0.0/24\n")
    with drops(world.n1, {}):
        equal(arrives(world, tunnel, lambda: tunnel.send(
            sock=sock, source="10.3.0.1", payload=b"n3")), b"n3")
    with drops(world.n1, {("spoofed-inner-source", "ingress"): 1}):
        tunnel.send(sock=sock)
    world.n1.braid.batch("node del n3\n")
    with drops(world.n1, {("unknown-node", "ingress"): 1}):
        tunnel.send(sock=sock, source="10.3.0.1")
    sock.close()


@test("an inner source of another node, of this node or of no node is dropped")
def spoofed_inner(world, tunnel):
    with drops(world.n1, {("spoofed-inner-source", "ingress"): 3}) as seen:
        for source in "10.1.0.66", "10.3.0.1", "0.0.0.0":
            tunnel.send(source=source)
    # Link-local IPv6 never passes the tunnel.
    reason = "spoofed-inner-source" if addresses.now.inner == 4 else "unsupported-protocol"
    with drops(world.n1, {(reason, "ingress"): 1}):
        tunnel.send(source="169.254.1.1")
    equal_event(seen.events[0], source="10.1.0.66", destination="10.1.0.80",
                source_identity=CLIENT, source_label=["app=client"],
                destination_identity=WEB, protocol=17,
                source_port=1234, destination_port=53)


@test("a node cannot send from a prefix in its CIDR that belongs to another node")
def longest_match(world, tunnel):
    world.n1.braid.batch(f"node add n3 underlay {STRANGER} cidr 10.3.0.0/24\n"
                         f"prefix add 10.2.0.32/28 identity {CLIENT} node n3\n")
    with drops(world.n1, {("spoofed-inner-source", "ingress"): 1}):
        tunnel.send(source="10.2.0.33")
    world.n1.braid.batch("prefix del 10.2.0.32/28\nnode del n3\n")
    with drops(world.n1, {}):
        equal(arrives(world, tunnel, lambda: tunnel.send(
            source="10.2.0.33", payload=b"own")), b"own")


@test("reserved identities in the VNI are dropped: unknown, host; the world's at home")
def reserved(world, tunnel):
    for vni, reason in ((1, "unknown-identity"), (0, "unknown-identity"),
                        (2, "spoofed-inner-source")):
        with drops(world.n1, {(reason, "ingress"): 1}) as seen:
            tunnel.send(vni=vni)
        equal_event(seen.events[0], source_identity=vni, source="10.2.0.10",
                    destination_identity=WEB, destination_label=["app=web", "tier=front"])


@test("an identity that is not configured is dropped")
def unknown_identity(world, tunnel):
    with drops(world.n1, {("unknown-identity", "ingress"): 2}) as seen:
        tunnel.send(vni=9999)
        tunnel.send(vni=(1 << 24) - 1)
    equal_event(seen.events[0], source_identity=9999)
    equal_event(seen.events[1], source_identity=(1 << 24) - 1)


@test("policy uses the identity of the header, not that of the address")
def header_identity(world, tunnel):
    world.n1.braid.batch(f"rule add r subject {WEB} direction ingress peer identity {CLIENT} "
                         "protocol udp action allow\n")
    with drops(world.n1, {("policy-denied", "ingress"): 1}) as seen:
        tunnel.send(vni=INTRUDER)
    equal_event(seen.events[0], source_identity=INTRUDER, destination_identity=WEB)
    with drops(world.n1, {}):
        equal(arrives(world, tunnel, tunnel.send), b"hand")
    world.n1.braid.batch("rule del r\n")


@test("malformed tunnel packets are dropped")
def malformed(world, tunnel):
    good = packets.tunnel(CLIENT, packets.udp("10.2.0.10", 1, "10.1.0.80", 53, b""))
    with drops(world.n1, {("malformed", "ingress"): 5}):
        tunnel.send_raw(b"")
        tunnel.send_raw(good[:7])
        tunnel.send_raw(good[:8 + 13])
        tunnel.send_raw(good[:8 + 14 + 19])
        # says it has no VNI; or more options than there are bytes
        tunnel.send_raw((b"\0" if addresses.now.encap == "vxlan" else b"\x3f") + good[1:])
    with drops(world.n1, {("unsupported-protocol", "ingress"): 2}):
        tunnel.send(protocol=0x0806)
        tunnel.send(protocol=0x88cc)
    with drops(world.n1, {("malformed", "ingress"): 1}):
        tunnel.send_raw(packets.tunnel(CLIENT, b"\x55" + bytes(39), protocol=packets.protocol_of(
            packets.udp("10.2.0.10", 1, "10.1.0.80", 53, b""))))


@test("with an uplink, tunnel packets from another device are dropped")
def not_uplink(world, tunnel):
    world.n1.braid.batch("uplink add v-client\n")
    with drops(world.n1, {("not-uplink", "ingress"): 1}):
        tunnel.send()
    world.n1.braid.batch("uplink add u1\nuplink del v-client\n")
    with drops(world.n1, {}):
        equal(arrives(world, tunnel, tunnel.send), b"hand")
    world.n1.braid.batch("uplink del u1\n")


@test("an endpoint with another's source address is dropped, local or not")
def spoofed_source(world, tunnel):
    raw = world.intruder.raw()
    with drops(world.n1, {("spoofed-source", "egress"): 4}) as seen:
        for source in "10.1.0.10", "10.2.0.10", "192.0.2.1", "10.96.0.1":
            raw.sendto(packets.udp(source, 5, "10.1.0.80", 53, b"x"), (at("10.1.0.80"), 0))
    equal_event(seen.events[0], source_identity=INTRUDER, source_label=["app=intruder"],
                source="10.1.0.10", destination="10.1.0.80", device="v-intruder",
                destination_identity=WEB)
    # Its own address from the same device is accepted.
    own = packets.udp("10.1.0.66", 5, "10.1.0.80", 53, b"own")
    equal(arrives(world, tunnel, lambda: raw.sendto(own, (at("10.1.0.80"), 0))), b"own")
    raw.close()


@test("an endpoint may not send to the tunnel port, as request or as reply")
def tunnel_port(world, tunnel):
    inner = packets.tunnel(CLIENT, packets.udp("10.2.0.10", 1, "10.1.0.80", 53, b"x"))
    sock = world.intruder.udp()
    with drops(world.n1, {("tunnel-port", "egress"): 3}) as seen:
        for there in NODE1, NODE2, "10.1.0.80":
            sock.sendto(inner, (at(there), TUNNEL))
    equal_event(seen.events[0], source_identity=INTRUDER, destination=NODE1,
                destination_port=TUNNEL)
    # In fragments the port is in the first one only.
    with drops(world.n1, {("tunnel-port", "egress"): 1}):
        sock.sendto(inner + bytes(3000), (at(NODE2), TUNNEL))
    # A service could hide the port.
    world.n1.braid.batch("service add hide address 10.96.0.5 port 5 protocol udp\n"
                         f"backend add hide address {NODE2} port {TUNNEL}\n")
    with drops(world.n1, {("tunnel-port", "egress"): 1}):
        sock.sendto(inner, (at("10.96.0.5"), 5))
    world.n1.braid.batch("service del hide\n")
    sock.close()


@test("a packet from outside with the address of a local endpoint or of the overlay is dropped")
def from_outside(world, tunnel):
    wire = world.n2.packet("u2")
    ends = world.n1.do(links.mac, "u1"), world.n2.do(links.mac, "u2")
    with drops(world.n1, {("spoofed-source", "ingress"): 2}) as seen:
        for source in "10.1.0.10", "10.2.0.10":
            wire.send(packets.ethernet(*ends, packets.udp(source, 5, "10.1.0.80", 53, b"x")))
    equal_event(seen.events[0], source="10.1.0.10", destination="10.1.0.80", device="u1",
                destination_identity=WEB)
    # The same packet from an unknown address is from the world.
    plain = packets.ethernet(*ends, packets.udp("192.0.2.1", 5, "10.1.0.80", 53, b"world"))
    with drops(world.n1, {}):
        equal(arrives(world, tunnel, lambda: wire.send(plain)), b"world")
    wire.close()


@test("a packet for no node is dropped on the overlay")
def no_node(world, tunnel):
    with world.n1:
        links.route("10.9.0.0/24", "braid0")
    sock = world.client.udp()
    with drops(world.n1, {("no-node", "egress"): 1}) as seen:
        sock.sendto(b"x", (at("10.9.0.1"), 9))
    equal_event(seen.events[0], source_identity=CLIENT, destination="10.9.0.1")
    sock.close()


@contextlib.contextmanager
def fixture():
    with World() as world:
        with world.n2:
            links.address("u2", f"{STRANGER}/24")
        yield world, Tunnel(world)


run(__file__, fixture)
