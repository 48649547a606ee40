#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# lab: kernel=stock,um,debug nodes=1 timeout=600 worlds=4-vxlan-4,6-geneve-6 test_worlds=6-geneve-6 long_kernels=debug
"""Packets above the path MTU, inside and outside the tunnel: the sender gets an ICMP
error that it can use, and its next packets arrive."""

import contextlib
import hashlib
import os
import socket
import sys
import threading

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")

import addresses
import links
import packets
from addresses import at
from ktap import equal, run, test, true
from netns import LONG, Netns, silent
from traffic import Servers, ask_udp, wait_until
from world import CLIENT, VIP, World

# What the tunnel adds: outer IP, UDP, VXLAN or Geneve, Ethernet.
OVERHEAD = (20 if addresses.now.underlay == 4 else 40) + 8 + 8 + 14
if addresses.now.encap == "geneve":
    OVERHEAD += 8    # an option with the identity
NARROW_INSIDE = 1320    # of a workload's link, behind the other node
NARROW_OUTSIDE = 1400   # of the router between the nodes
SERVICE = f"""\
service add udp address {VIP} port 53 protocol udp
backend add udp address 10.2.0.80 port 5353
service add tcp address {VIP} port 80 protocol tcp
backend add tcp address 10.2.0.80 port 8080
service add deaf address {VIP} port 99 protocol udp
backend add deaf address 10.2.0.80 port 9999
"""
# Connections to client are denied, ICMP too.
CLOSED = f"rule add closed subject {CLIENT} direction ingress peer any protocol any action deny\n"
TOO_BIG = (3, 4) if addresses.now.inner == 4 else (2, 0)
UNREACHABLE = (3, 3) if addresses.now.inner == 4 else (1, 4)


class Routed(World):
    """The nodes have a router between them, whose link to n2 is narrow."""

    def connect(self):
        self.router = Netns("router", ipv6=addresses.now.underlay == 6)
        self.router.sysctl("net.ipv4.ip_forward", 1)
        self.router.sysctl("net.ipv6.conf.all.forwarding", 1)
        # Without a rate limit.
        self.router.sysctl("net.ipv6.icmp.ratelimit", 0)
        for node, number in (self.n1, 1), (self.n2, 2):
            own, here, other = (f"172.16.0.{last}" for last in (number, 250 + number, 3 - number))
            with node:
                links.veth(f"u{number}", f"r{number}", self.router)
                links.address(f"u{number}", f"{own}/32")
                links.route(f"{here}/32", f"u{number}")
                links.route(f"{other}/32", f"u{number}", here, source=own)
            with self.router:
                links.address(f"r{number}", f"{here}/32")
                links.route(f"{own}/32", f"r{number}")

    @contextlib.contextmanager
    def narrow(self):
        """Sets both ends of the link: a device receives no more than it would send."""
        ends = (self.router, "r2"), (self.n2, "u2")
        for namespace, device in ends:
            namespace.do(links.set_mtu, device, NARROW_OUTSIDE)
        yield
        for namespace, device in ends:
            namespace.do(links.set_mtu, device, 1500)

    def namespaces(self):
        return [self.router, *super().namespaces()]


def no_fragments(sock):
    """A datagram socket that does not fragment and gets ICMP errors."""
    if sock.family == socket.AF_INET:
        sock.setsockopt(socket.IPPROTO_IP, 10, 2)      # IP_MTU_DISCOVER, IP_PMTUDISC_DO
        sock.setsockopt(socket.IPPROTO_IP, 11, 1)      # IP_RECVERR
    else:
        sock.setsockopt(socket.IPPROTO_IPV6, 23, 2)    # IPV6_MTU_DISCOVER
        sock.setsockopt(socket.IPPROTO_IPV6, 25, 1)    # IPV6_RECVERR


def path_mtu(sock):
    if sock.family == socket.AF_INET:
        return sock.getsockopt(socket.IPPROTO_IP, 14)
    return sock.getsockopt(socket.IPPROTO_IPV6, 24)


def headers():
    return 28 if addresses.now.inner == 4 else 48


def told(client, address, port, wanted):
    """Sends datagrams that fill the socket's idea of the path until it has shrunk
    to wanted; then one of that size, which must arrive. The first is the largest
    that the workload's own link takes."""
    sock = client.udp()
    no_fragments(sock)
    sock.connect((at(address), port))
    equal(path_mtu(sock), 1500, "before")

    def shrunk():
        with contextlib.suppress(OSError):
            sock.send(bytes(path_mtu(sock) - headers()))
        return path_mtu(sock) <= wanted

    true(wait_until(shrunk), f"the path's MTU is {path_mtu(sock)}, should be {wanted}")
    equal(path_mtu(sock), wanted, "the path's MTU")
    return sock


def arrives(listener, sock, size):
    """Receives a datagram of that many bytes with headers, whole; skips earlier ones."""
    data = b"!" + os.urandom(size - headers() - 1)
    with contextlib.suppress(OSError):
        sock.send(data[:0])    # an error that was kept for the next call
    sock.send(data)
    true(wait_until(lambda: listener.recv(65536) == data), f"{size} bytes do not arrive")


def errors(client):
    """A socket that receives the ICMP messages of a workload."""
    sock = client.icmp()
    sock.settimeout(LONG)
    return sock


def next_error(sock):
    """(type, code) and the destination of the quoted packet."""
    message = sock.recv(65536)
    if sock.family == socket.AF_INET:
        message = message[20:]
    inner = packets.parse_ip(message[8:])
    port = int.from_bytes(inner.payload[2:4], "big")
    return (message[0], message[1]), (inner.destination, port), inner.source


def transfer(world, address, port, size=1 << 19):
    """Sends a stream to web2 and back on one connection; checks every byte."""
    data = os.urandom(size)
    listener = world.web2.listener(8080)
    sock = world.client.tcp()
    sock.connect((at(address), port))
    served, _ = listener.accept()
    for sender, receiver in (sock, served), (served, sock):
        thread = threading.Thread(target=lambda: (sender.sendall(data), sender.shutdown(1)))
        thread.start()
        digest = hashlib.sha256()
        while block := receiver.recv(1 << 16):
            digest.update(block)
        thread.join()
        equal(digest.hexdigest(), hashlib.sha256(data).hexdigest(), "what arrived")
    for each in sock, served, listener:
        each.close()


@contextlib.contextmanager
def alone(world, lines=""):
    """With these rules on n1; they, and what is learned of paths, are of this test
    only. Too big is the one thing that may be dropped."""
    before = [node.braid.drops() for node in (world.n1, world.n2)]
    if lines:
        world.n1.braid.batch(lines)
    try:
        yield
        for node, was in zip((world.n1, world.n2), before):
            other = {key: count for key, count in node.braid.drops().items()
                     if count != was.get(key) and key[0] != "too-big"}
            equal(other, {}, f"drops on {node.name}")
    finally:
        world.n1.braid.batch("rule flush\n")
        for namespace in world.client, world.web2, world.n1, world.n2:
            for family in "-4", "-6":
                namespace.run("ip", family, "route", "flush", "cache")


@test("the link's MTU leaves room for the tunnel")
def link(world):
    equal(world.n1.do(links.mtu, "braid0"), 1500 - OVERHEAD)


@test("too big for the link: the workload gets an ICMP error, whatever its policy")
def inside(world):
    listener = world.web2.udp(port=53)
    with alone(world, CLOSED):
        sock = told(world.client, "10.2.0.80", 53, 1500 - OVERHEAD)
        arrives(listener, sock, 1500 - OVERHEAD)
        sock.close()
    listener.close()


@test("too big for the link on the way to a service: the ICMP error quotes the service's address")
def inside_service(world):
    listener = world.web2.udp(port=5353)
    heard = errors(world.client)
    with alone(world, CLOSED):
        sock = told(world.client, VIP, 53, 1500 - OVERHEAD)
        kind, destination, source = next_error(heard)
        equal((kind, destination, source), (TOO_BIG, (at(VIP), 53), world.client.address))
        arrives(listener, sock, 1500 - OVERHEAD)
        sock.close()
    for each in listener, heard:
        each.close()


@test("too big behind the other node: the ICMP error passes, whatever the policy")
def behind(world):
    """Directly and through the service; the error comes from n2 through the overlay."""
    world.n2.do(links.set_mtu, "v-web2", NARROW_INSIDE)
    for address, port, there in ("10.2.0.80", 5353, "10.2.0.80"), (VIP, 53, VIP):
        listener = world.web2.udp(port=5353)
        heard = errors(world.client)
        with alone(world, CLOSED):
            sock = told(world.client, address, port, NARROW_INSIDE)
            # First the error about the link, then that of the other node.
            true(wait_until(lambda: next_error(heard)[:2] == (TOO_BIG, (at(there), port))),
                 "no error speaks of the address that was asked")
            arrives(listener, sock, NARROW_INSIDE)
        for each in sock, listener, heard:
            each.close()
    world.n2.do(links.set_mtu, "v-web2", 1500)


@test("a closed port behind a service: the ICMP error quotes the service's address")
def unreachable(world):
    heard = errors(world.client)
    sock = world.client.udp()
    sock.connect((at(VIP), 99))
    with alone(world, CLOSED):
        sock.send(b"?")
        try:
            sock.recv(100)
            raise AssertionError("an answer")
        except ConnectionRefusedError:
            pass
        kind, destination, source = next_error(heard)
    equal((kind, destination, source), (UNREACHABLE, (at(VIP), 99), world.client.address))
    for each in sock, heard:
        each.close()


@test("too big for a router between the nodes: streams arrive, both ways")
def outside_stream(world):
    with alone(world), world.narrow():
        transfer(world, "10.2.0.80", 8080)
        transfer(world, VIP, 80)


@test("too big for a router between the nodes: datagrams arrive")
def outside_datagram(world):
    """The node learns the path MTU, and sends an error to the workload."""
    listener = world.web2.udp(port=53)
    with alone(world), world.narrow():
        sock = told(world.client, "10.2.0.80", 53, NARROW_OUTSIDE - OVERHEAD)
        arrives(listener, sock, NARROW_OUTSIDE - OVERHEAD)
        # A datagram that may be fragmented arrives at any size.
        plain = world.client.udp()
        data = os.urandom(20000)

        def came():
            plain.sendto(data, (at("10.2.0.80"), 53))
            return not silent(listener, 0.3)

        true(wait_until(came), "20,000 bytes do not arrive")
        for each in sock, plain, listener:
            each.close()


@contextlib.contextmanager
def fixture():
    with Routed(SERVICE, hosts=True) as world:
        servers = Servers()
        servers.udp(world.web2, 7)
        # The ICMP error needs the sender's hardware address: resolve neighbours first.
        equal(ask_udp(world.client, "10.2.0.80", 7), "web2")
        yield (world,)
        servers.stop()


run(__file__, fixture)
