#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# lab: kernel=stock,um,debug nodes=1 timeout=600 worlds=4-vxlan-4,6-geneve-6 test_worlds=6-geneve-6 long_kernels=debug
"""ARP, neighbour discovery and packets to groups between an endpoint and its node pass
without policy, and an endpoint announces its own addresses only."""

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
from netns import Netns
from traffic import Servers, ask_udp, drops, equal_event, heard_type, ping, tell, wait_until
from world import CLIENT, GATEWAY, INTRUDER, World

V4, V6 = addresses.now.inner == 4, addresses.now.inner == 6
SPOOFED = {("spoofed-source", "egress"): 1}
ALL_NODES = "ff02::1", b"\x33\x33\0\0\0\1"
OWN, FOREIGN, FAR = "10.1.0.66", "10.1.0.10", "10.2.0.80"
# web1 may neither connect nor accept connections; for IPv6 this would be enough to fail.
CLOSED = "".join(f"rule add closed-{direction} subject {subject} direction {direction} peer any "
                 f"protocol any action deny\n" for subject, direction in (
                     (INTRUDER, "ingress"), (INTRUDER, "egress")))


class Wire:
    """Sends raw frames on intruder's link."""

    def __init__(self, world):
        self.sock = world.intruder.packet("eth0")
        self.mac = world.intruder.do(links.mac, "eth0")
        self.router = world.n1.do(links.mac, "v-intruder")
        self.own_link_local = world.intruder.do(link_local, "eth0") if V6 else None
        self.router_link_local = world.n1.do(link_local, "v-intruder") if V6 else None

    def send(self, payload, protocol=None, destination=None):
        self.sock.send(packets.ethernet(destination or self.router, self.mac, payload, protocol))


def link_local(device):
    """The link-local address that the kernel gave the device."""
    with open("/proc/net/if_inet6") as file:
        for line in file:
            address, _, _, scope, _, name = line.split()
            if name == device and scope == "20" and not address.endswith("00010001"):
                return addresses.unpacked(bytes.fromhex(address))
    raise AssertionError(f"{device} has no link-local address")


def taken(world, address):
    """The hardware address that the node knows for it on intruder's link."""
    return world.n1.do(links.neighbour, "v-intruder", address)


def forget(world):
    world.n1.run("ip", "neighbour", "flush", "dev", "v-intruder", "nud", "all")


@test("a workload without any permission and its node find each other's hardware addresses")
def found(world, wire, servers):
    world.n1.braid.batch(CLOSED)
    forget(world)
    world.intruder.run("ip", "neighbour", "flush", "dev", "eth0")
    with drops(world.n1, {}):
        # Its own node may always connect to it.
        equal(ask_udp(world.n1, OWN, 53), "intruder")
    equal(taken(world, OWN), wire.mac)
    equal(world.intruder.do(links.neighbour, "eth0", GATEWAY), wire.router)
    world.n1.braid.batch("rule flush\n")


# --- ARP ------------------------------------------------------------------------------

def arps(wire, sender):
    """Every form of announcing an address by ARP."""
    yield "announced", packets.arp(1, wire.mac, sender, sender)
    yield "asked from", packets.arp(1, wire.mac, sender, GATEWAY)
    yield "answered", packets.arp(2, wire.mac, sender, GATEWAY, wire.router)


@test("an endpoint cannot announce another's address by ARP", when=V4)
def arp_spoofed(world, wire, servers):
    for sender in FOREIGN, FAR, "192.0.2.1", "172.16.0.1":
        for how, message in arps(wire, sender):
            for destination in wire.router, b"\xff" * 6:
                with drops(world.n1, SPOOFED) as seen:
                    wire.send(message, 0x0806, destination)
                equal_event(seen.events[0], source=sender, source_identity=INTRUDER,
                            source_label=["app=intruder"], device="v-intruder")
                equal(taken(world, sender), None, f"{sender} {how}")


@test("an endpoint can announce its own address and probe for a duplicate by ARP", when=V4)
def arp_own(world, wire, servers):
    for how, message in arps(wire, OWN):
        forget(world)
        with drops(world.n1, {}):
            wire.send(message, 0x0806)
        if how == "asked from":
            equal(taken(world, OWN), wire.mac, how)
    # A probe for a duplicate, without an address.
    with drops(world.n1, {}):
        wire.send(packets.arp(1, wire.mac, "0.0.0.0", OWN), 0x0806, b"\xff" * 6)


@test("truncated ARP is dropped", when=V4)
def arp_short(world, wire, servers):
    message = packets.arp(1, wire.mac, FOREIGN, GATEWAY)
    for size in 0, 7, 14, 20, 27:
        wire.send(message[:size], 0x0806)
    equal(ask_udp(world.intruder, "10.1.0.80", 53), "web1")
    equal(taken(world, FOREIGN), None)


# --- IPv6 -----------------------------------------------------------------------------

def announcements(wire, target):
    """Every form of announcing an address by neighbour discovery."""
    link_local, router = wire.own_link_local, wire.router_link_local
    for source in link_local, at(OWN):
        for destination, mac in (router, wire.router), ALL_NODES:
            yield (f"advertised from {source} to {destination}",
                   packets.advertisement(source, destination, target, wire.mac,
                                         solicited=destination == router), mac)
    group, mac = packets.solicited_node(target)
    yield "asked for as one's own", packets.solicitation("::", group, target), mac


@test("an endpoint cannot announce another's address by neighbour discovery", when=V6)
def nd_spoofed(world, wire, servers):
    forget(world)
    for target in FOREIGN, FAR, "192.0.2.1":
        for how, message, destination in announcements(wire, target):
            with drops(world.n1, SPOOFED) as seen:
                wire.send(message, None, destination)
            equal_event(seen.events[0], source_identity=INTRUDER, protocol=58,
                        source_label=["app=intruder"], device="v-intruder")
            equal(taken(world, target), None, f"{target} {how}")


@test("an endpoint cannot claim the gateway's link-local address", when=V6)
def nd_gateway(world, wire, servers):
    for target in GATEWAY, wire.router_link_local:
        for how, message, destination in announcements(wire, target):
            with drops(world.n1, SPOOFED) as seen:
                wire.send(message, None, destination)
            equal_event(seen.events[0], source_identity=INTRUDER, protocol=58)
    equal(world.n1.do(links.tentative, "v-intruder"), [], "addresses that it lost")


@test("the node learns no hardware address for another's address from a solicitation", when=V6)
def nd_source(world, wire, servers):
    for source in FOREIGN, FAR:
        with drops(world.n1, SPOOFED):
            wire.send(packets.solicitation(source, wire.router_link_local,
                                           wire.router_link_local, wire.mac))
        equal(taken(world, source), None, source)


@test("an endpoint can announce its own addresses", when=V6)
def nd_own(world, wire, servers):
    for target in OWN, wire.own_link_local:
        for _, message, destination in announcements(wire, target):
            with drops(world.n1, {}):
                wire.send(message, None, destination)
    forget(world)
    with drops(world.n1, {}):
        wire.send(packets.solicitation(OWN, wire.router_link_local, wire.router_link_local,
                                       wire.mac))
        true(wait_until(lambda: taken(world, OWN) == wire.mac), "it is not taken")


@test("router advertisements and redirects of an endpoint are dropped", when=V6)
def routers(world, wire, servers):
    world.n1.sysctl("net.ipv6.conf.v-intruder.accept_ra", 2)
    prefix = struct.pack("!BBBBIII", 3, 4, 64, 0xc0, 3600, 3600, 0) + addresses.packed(
        "fd00:bad::")
    advertisement = struct.pack("!HII", 3600, 0, 0) + prefix
    redirect = bytes(4) + addresses.packed(wire.own_link_local) + addresses.packed(FAR)
    for destination, mac in (wire.router_link_local, wire.router), ALL_NODES:
        with drops(world.n1, SPOOFED) as seen:
            wire.send(packets.icmpv6(wire.own_link_local, destination, 134, 0,
                                     b"\x40\0" + advertisement[:2], advertisement[2:]), None, mac)
        equal_event(seen.events[0], source=wire.own_link_local, destination=destination,
                    destination_port=134)
    with drops(world.n1, SPOOFED):
        wire.send(packets.icmpv6(wire.own_link_local, wire.router_link_local, 137, 0,
                                 redirect[:4], redirect[4:]))
    routes = world.n1.run("ip", "-6", "route").stdout
    true("fd00:bad" not in routes and "default" not in routes, routes)


@test("packets of a workload to groups pass", when=V6)
def groups(world, wire, servers):
    sock = world.intruder.udp()
    with drops(world.n1, {}):
        # The kernel's reports of joining and leaving the group.
        for option in 20, 21:
            sock.setsockopt(socket.IPPROTO_IPV6, option, addresses.packed("ff02::77")
                            + struct.pack("=I", world.intruder.do(socket.if_nametoindex, "eth0")))
        # And a report without an address.
        wire.send(packets.icmpv6("::", "ff02::16", 143, 0, b"\0\0\0\1", struct.pack(
            "!BBH", 4, 0, 0) + addresses.packed("ff02::77")), None, b"\x33\x33\0\0\0\x16")
        wire.send(packets.icmpv6(wire.own_link_local, "ff02::2", 133, 0, bytes(4)), None,
                  b"\x33\x33\0\0\0\2")
    sock.close()


@test("link-local addresses work between a closed endpoint and its node only",
      when=V6)
def link_local_only(world, wire, servers):
    world.n1.braid.batch(CLOSED)
    scope = world.intruder.do(socket.if_nametoindex, "eth0")
    with drops(world.n1, {}):
        sock = ping(world.intruder, f"{wire.router_link_local}%{scope}")
        equal(heard_type(sock), 129)
        sock.close()
    listener = world.web1.udp(port=54)
    # Through the router with a link-local source or destination.
    for source, destination in ((wire.own_link_local, "10.1.0.80"),
                                (wire.own_link_local, FAR), ("::", "10.1.0.80")):
        wire.send(packets.udp(source, 5, destination, 54, b"link-local"))
    world.n1.braid.batch("rule flush\n")
    tell(world.intruder, "10.1.0.80", 54, b"own")
    equal(listener.recv(100), b"own")
    listener.close()


@test("duplicate address detection of a workload succeeds", when=V6)
def duplicates_asked(world, wire, servers):
    inside = Netns("careful")
    inside.sysctl("net.ipv6.conf.all.accept_dad", 1)
    inside.sysctl("net.ipv6.conf.default.accept_dad", 1)
    with world.n1:
        links.veth("v-careful", "eth0", inside)
        links.route("10.1.0.11/32", "v-careful")
    world.n1.braid.batch(f"endpoint add v-careful identity {CLIENT} address 10.1.0.11\n")
    with drops(world.n1, {}), inside:
        links.address("eth0", "10.1.0.11/32", dad=True)
        true(at("10.1.0.11") in links.tentative("eth0"), "without a probe")
        true(wait_until(lambda: not links.tentative("eth0")),
             f"still tentative: {links.tentative('eth0')}")
    # Had the address been in use, the workload would not have been told.
    with drops(world.n1, SPOOFED), inside:
        links.address("eth0", "10.1.0.12/32", dad=True)
        true(wait_until(lambda: not links.tentative("eth0")), "still tentative")
    with world.n1:
        links.delete("v-careful")
    inside.delete()


@contextlib.contextmanager
def fixture():
    with World() as world:
        servers = Servers()
        servers.udp(world.web1, 53)
        servers.udp(world.intruder, 53)
        wire = Wire(world)
        world.n1.sysctl("net.ipv4.conf.v-intruder.arp_accept", 1)
        world.n1.sysctl("net.ipv4.conf.v-intruder.rp_filter", 0)
        world.n1.sysctl("net.ipv4.conf.all.rp_filter", 0)
        yield world, wire, servers
        wire.sock.close()


run(__file__, fixture)
