#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# lab: kernel=stock,um,debug nodes=1 timeout=600 worlds=4-vxlan-4,6-geneve-6 test_worlds=6-geneve-6 long_kernels=debug
"""Ways around policy, and ways that must work: v4-mapped addresses, a workload that
moves, a service on the way, groups, and full-size packets back into the overlay."""

import contextlib
import os
import socket
import struct
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")

import addresses
import links
import packets
from addresses import at
from ktap import equal, run, test, true
from netns import LONG
from traffic import Servers, ask_udp, drops, equal_event
from world import CLIENT, VIP, World

V6 = addresses.now.inner == 6
SAME = addresses.now.inner == addresses.now.underlay
NODE = "10.1.0.1"


@test("an IPv6 packet with a v4-mapped address is dropped", when=V6)
def mapped(world, servers):
    """Policy would take the addresses for IPv4, routing would not."""
    mac = world.intruder.do(links.mac, "eth0")
    router = world.n1.do(links.mac, "v-intruder")
    wire = world.intruder.packet("eth0")
    with drops(world.n1, {("malformed", "ingress"): 2}):
        for source, destination in (("::ffff:a01:42", at("10.2.0.80")),
                                    (at("10.1.0.66"), "::ffff:a02:50")):
            wire.send(packets.ethernet(router, mac, packets.udp(source, 5, destination, 55, b"x")))
    wire.close()


@test("packets to broadcast, group and anycast addresses are for the node")
def everybody(world, servers):
    """A workload that may reach the world only does not reach the node this way."""
    with world.n1:
        links.address("u1", "198.51.100.1/24")
    world.n1.braid.batch(f"rule add world subject {CLIENT} direction egress peer identity 2 "
                         "protocol any action allow\n")
    listener = world.n1.udp(port=57)
    sock = world.client.udp()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    ways = ["198.51.100.0"] if V6 else ["198.51.100.255", "224.0.0.251"]
    for where in ways:
        with drops(world.n1, {("policy-denied", "egress"): 1}) as seen:
            sock.sendto(b"x", (at(where), 57))
        equal_event(seen.events[0], source_identity=CLIENT, destination_identity=1)
    world.n1.braid.batch("rule flush\n")
    sock.sendto(b"open", (at(ways[0]), 57))
    equal(listener.recv(100), b"open", "and without a rule it does")
    for each in sock, listener:
        each.close()
    with world.n1:
        links.address("u1", "198.51.100.1/24", links.DELADDR)


@test("a workload that moves here keeps its connection, and its replies reach it")
def moved(world, servers):
    server = world.web1.udp(port=55)
    sock = world.peer.udp(port=5555)
    sock.sendto(b"there", (at("10.1.0.80"), 55))
    equal(server.recvfrom(100)[0], b"there")
    sock.close()
    here = world.n1.workload("moved", "10.2.0.10")
    world.n1.braid.batch("prefix del 10.2.0.10/32\n"
                         f"endpoint add v-moved identity {CLIENT} address 10.2.0.10\n")
    sock = here.udp(port=5555)
    with drops(world.n1, {}):
        sock.sendto(b"here", (at("10.1.0.80"), 55))
        data, sender = server.recvfrom(100)
        server.sendto(data, sender)
        equal(sock.recv(100), b"here", "the answer")
    for each in sock, server:
        each.close()
    world.n1.braid.batch("endpoint del v-moved\n"
                         f"prefix add 10.2.0.10/32 identity {CLIENT} node n2\n")
    with world.n1:
        links.delete("v-moved")
    here.delete()


@test("a connection from the overlay to a service here can have a backend behind the overlay")
def on_the_way(world, servers):
    """The other node accepts it from this node's address only."""
    with world.n2:
        links.route(f"{VIP}/32", "braid0")
    world.n2.braid.batch(f"node set n1 cidr 10.1.0.0/24,{VIP}/32\n")
    world.n1.braid.batch(f"service add far address {VIP} port 53 protocol udp\n"
                         "backend add far address 10.2.0.80 port 53\n")
    with drops(world.n1, {}), drops(world.n2, {}):
        equal(ask_udp(world.peer, VIP, 53), "web2")
    world.n1.braid.batch("service del far\n")
    world.n2.braid.batch("node set n1 cidr 10.1.0.0/24\n")
    with world.n2:
        links.route(f"{VIP}/32", "braid0", kind=links.DELROUTE)


@test("the node receives its own packets to a group")
def groups(world, servers):
    with world.n1:
        index = socket.if_nametoindex("u1")
    if V6:
        group, family = "ff05::1234", socket.AF_INET6
        with world.n1:
            links.address("u1", "198.51.100.1/24")
    else:
        group, family = "239.1.2.3", socket.AF_INET
    with world.n1:
        hears, says = (socket.socket(family, socket.SOCK_DGRAM) for _ in range(2))
    hears.bind(("", 58))
    hears.settimeout(LONG)
    if V6:
        hears.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP,
                         socket.inet_pton(family, group) + struct.pack("@I", index))
        says.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, index)
    else:
        member = struct.pack("=4s4si", socket.inet_aton(group), bytes(4), index)
        hears.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
        says.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, member)
    with drops(world.n1, {}):
        says.sendto(b"all", (group, 58))
        equal(hears.recv(100), b"all")
    for sock in hears, says:
        sock.close()
    if V6:
        with world.n1:
            links.address("u1", "198.51.100.1/24", links.DELADDR)


@test("full-size replies go back into the overlay and do not reduce the path MTU",
      when=SAME)
def full_size(world, servers):
    """The node has no overlay address, so its requests have the underlay address."""
    with world.n1:
        links.address("braid0", f"{NODE}/32", links.DELADDR)
        if not V6:
            links.route("10.2.0.0/24", "braid0")
    size = 1500 - (48 if V6 else 28)
    server = world.n2.udp("10.2.0.1", 59)
    asker = world.n1.udp()
    for _ in range(5):
        asker.sendto(b"?", (at("10.2.0.1"), 59))
        data, sender = server.recvfrom(100)
        server.sendto(bytes(size), sender)
        equal(len(asker.recv(65536)), size)
    path = world.n2.run("ip", "route", "get", at("172.16.0.1")).stdout
    true("mtu" not in path, f"the way between the nodes has shrunk: {path}")
    for sock in asker, server:
        sock.close()
    with world.n1:
        links.address("braid0", f"{NODE}/32")


@contextlib.contextmanager
def fixture():
    with World(hosts=True) as world:
        servers = Servers()
        for workload in world.web1, world.web2:
            servers.udp(workload, 53)
        yield world, servers
        servers.stop()


run(__file__, fixture)
