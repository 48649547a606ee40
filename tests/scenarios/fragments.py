#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# lab: kernel=stock,um,debug nodes=1 timeout=600 worlds=4-vxlan-4,6-geneve-6 test_worlds=6-geneve-6 long_kernels=debug
"""Datagrams in fragments: policy applies to the whole datagram, in any order of
fragments."""

import contextlib
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")

import addresses
import links
import packets
from ktap import equal, run, test, true
from netns import silent
from traffic import drops, equal_event, heard_type, ping, wait_until
from world import CLIENT, WEB, World

BIG, LARGEST = 4000, 60000
PORT_53 = f"rule add in subject {WEB} direction ingress peer identity {CLIENT} " \
          "protocol udp port 53 action allow\n"
CUTS = 1344, 2688


class Hand:
    """Sends raw packets of a workload."""

    def __init__(self, node, workload):
        self.sock = workload.packet("eth0")
        self.head = node.do(links.mac, f"v-{workload.name}"), workload.do(links.mac, "eth0")
        self.ident = 1
        self.address = workload.address

    def cut(self, destination, port, data, *cuts):
        """The fragments of a datagram."""
        self.ident += 1
        whole = packets.udp(self.address, 5000, destination, port, data)
        return packets.fragments(whole, *cuts, ident=self.ident)

    def send(self, fragments):
        for fragment in fragments:
            self.sock.send(packets.ethernet(*self.head, fragment))


def learn(sender, receiver):
    """Only the sender fragments IPv6, so it must know the path MTU first."""
    listening, sock = receiver.udp(port=9), sender.udp()

    def came():
        sock.sendto(bytes(BIG), (receiver.address, 9))
        return not silent(listening, 0.2)

    true(wait_until(came), f"nothing large from {sender.name} to {receiver.name}")
    listening.close()
    sock.close()


def servers(world):
    return (world.web1, world.n1), (world.web2, world.n2)


@test("large datagrams arrive whole, both ways, here and through the overlay")
def whole(world, hand):
    for server, _ in servers(world):
        sock, client = server.udp(port=53), world.client.udp()
        with drops(world.n1, {}), drops(world.n2, {}):
            for size in BIG, LARGEST:
                data = os.urandom(size)
                client.sendto(data, (server.address, 53))
                got, sender = sock.recvfrom(65536)
                true(got == data, f"{size} bytes to {server.name} are others")
                sock.sendto(data[::-1], sender)
                true(client.recv(65536) == data[::-1], f"{size} bytes back are others")
        sock.close()
        client.close()


@test("a large echo request and its answer arrive whole")
def echo(world, hand):
    for server, _ in servers(world):
        sock = ping(world.client, server.address, bytes(BIG))
        equal(heard_type(sock), addresses.icmp_type(0), f"from {server.name}")
        sock.close()


@test("fragments arrive in any order as one datagram")
def order(world, hand):
    for server, _ in servers(world):
        sock = server.udp(port=53)
        for arrange in (0, 1, 2), (2, 1, 0), (1, 2, 0), (1, 0, 2):
            data = os.urandom(BIG)
            parts = hand.cut(server.address, 53, data, *CUTS)
            hand.send(parts[which] for which in arrange)
            true(sock.recv(65536) == data, f"{arrange} to {server.name}: other bytes")
        sock.close()


@test("a denied datagram in fragments is one drop, with ports, in any order")
def denied(world, hand):
    for server, node in servers(world):
        node.braid.batch(PORT_53)
        sock = server.udp(port=54)
        for arrange in (0, 1, 2), (2, 1, 0):
            parts = hand.cut(server.address, 54, bytes(BIG), *CUTS)
            with drops(node, {("policy-denied", "ingress"): 1}) as seen:
                hand.send(parts[which] for which in arrange)
            equal_event(seen.events[0], destination_port=54, source_port=5000, protocol=17,
                        source_identity=CLIENT, destination_identity=WEB)
        true(silent(sock, 0.05), "a fragment came through")
        sock.close()
        node.braid.batch("rule flush\n")


@test("without the first fragment no data arrives, and with it all does")
def first_missing(world, hand):
    for server, _ in servers(world):
        sock = server.udp(port=53)
        data = os.urandom(BIG)
        first, *rest = hand.cut(server.address, 53, data, *CUTS)
        with drops(world.n1, {}), drops(world.n2, {}):
            hand.send(rest)
            true(silent(sock, 0.1), "something arrived")
            hand.send([first])
            true(sock.recv(65536) == data, "other bytes")
        sock.close()


@test("fragments that overlap make no datagram")
def overlapping(world, hand):
    """The second says another port, over the first's, or other data, over the third's."""
    for server, node in servers(world):
        node.braid.batch(PORT_53)
        listening = [server.udp(port=port) for port in (53, 54)]
        whole, other = (packets.udp(hand.address, 5000, server.address, port, bytes(2400))
                        for port in (53, 54))
        payload, forged = packets.parse_ip(whole).payload, packets.parse_ip(other).payload
        for pieces in (((0, 1200, payload), (0, 1208, forged), (1200, None, payload)),
                       ((1200, None, payload), (0, 1208, payload)),
                       ((0, 1200, payload), (1192, None, forged))):
            hand.ident += 1
            hand.send(packets.fragment(whole, begin, source[begin:end], end is not None,
                                       hand.ident) for begin, end, source in pieces)
        for sock in listening:
            true(silent(sock, 0.1), "an overlapping datagram arrived")
        # The next datagram is whole again.
        hand.send(hand.cut(server.address, 53, b"next" * 1000, *CUTS))
        equal(listening[0].recv(65536), b"next" * 1000)
        for sock in listening:
            sock.close()
        node.braid.batch("rule flush\n")


@test("the tunnel's port is refused in fragments, in any order")
def tunnel_port(world, hand):
    for there in "172.16.0.2", "10.2.0.80":
        if addresses.family(there) != addresses.family():
            continue    # workloads do not speak to the nodes' family
        for arrange in (0, 1, 2), (2, 1, 0):
            parts = hand.cut(there, addresses.now.port, bytes(BIG), *CUTS)
            with drops(world.n1, {("tunnel-port", "egress"): 1}) as seen:
                hand.send(parts[which] for which in arrange)
            equal_event(seen.events[0], destination=there,
                        destination_port=addresses.now.port)


@test("a false source is dropped in fragments, too")
def spoofed(world, hand):
    whole = packets.udp("10.1.0.66", 5000, "10.1.0.80", 53, bytes(BIG))
    parts = packets.fragments(whole, *CUTS, ident=99)
    with drops(world.n1, {("spoofed-source", "egress"): 1}) as seen:
        hand.send(parts)
    equal_event(seen.events[0], source="10.1.0.66", source_identity=CLIENT)


@contextlib.contextmanager
def fixture():
    with World() as world:
        hand = Hand(world.n1, world.client)
        learn(world.client, world.web2)
        learn(world.web2, world.client)
        yield world, hand
        hand.sock.close()


run(__file__, fixture)
