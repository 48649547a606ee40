#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# lab: kernel=stock,um,debug nodes=1 timeout=900 worlds=4-vxlan-4,4-vxlan-6,4-geneve-4,4-geneve-6,6-vxlan-4,6-vxlan-6,6-geneve-4,6-geneve-6 test_worlds=4-vxlan-6 long_worlds=4-vxlan-6,4-geneve-4,6-vxlan-4,6-geneve-6 long_kernels=debug
"""Nodes without braid: a stock vxlan or geneve device on the other side, and nodes of
other projects, played by the test. The VNI is the identity."""

import contextlib
import os
import socket
import struct
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")

import addresses
import links
import packets
from addresses import at, packed
from far import HERE, OPTION, PORT, THERE, Far, answered_header, header, ip_size, sums_itself
from ktap import equal, run, test, true
from netns import LONG
from stock import ADDRESS, DEVICE, NETWORK, Stock
from traffic import Servers, ask_tcp, ask_udp, drops, equal_event, wait_until
from world import CLIENT, IDENTITIES, INTRUDER, WEB, Node

WEB1, CLIENT1 = "10.1.0.80", "10.1.0.10"
LINK = "10.1.0.1"


def geneve_test(name):
    """Decorator: a test in worlds of Geneve only."""
    return test(name) if addresses.now.encap == "geneve" else lambda function: function


def ping(source, destination, ident):
    rest, payload = struct.pack("!HH", ident, 1), b"interop!"
    if addresses.now.inner == 6:
        return packets.icmpv6(source, destination, 128, 0, rest, payload, ttl=63)
    return packets.ip(source, destination, socket.IPPROTO_ICMP,
                      packets.icmp(8, 0, rest, payload), ttl=63)


@test("a stock device is asked")
def asks_stock(node, web, client, other):
    other.says(WEB)
    equal(ask_udp(client, ADDRESS, 53), "stock")
    equal(ask_tcp(client, ADDRESS, 8080), "stock")


@test("a stock device asks")
def stock_asks(node, web, client, other):
    other.says(CLIENT)
    equal(ask_udp(other, WEB1, 53), "web1")
    equal(ask_tcp(other, WEB1, 8080), "web1")


@test("UDP checksums may be present or left out")
def checksums(node, web, client, other):
    for checksum in True, False:
        other.says(CLIENT, checksum=checksum)
        equal(ask_udp(other, WEB1, 53), "web1")
        equal(ask_tcp(other, WEB1, 8080), "web1")


@test("the identity that a stock device sends is subject to policy")
def judged(node, web, client, other):
    node.braid.batch(f"rule add in subject {WEB} direction ingress peer identity {CLIENT} "
                     "protocol udp action allow\n")
    other.says(CLIENT)
    equal(ask_udp(other, WEB1, 53), "web1")
    for identity, reason in ((INTRUDER, "policy-denied"), (0, "unknown-identity"),
                             (1, "unknown-identity"), (2, "spoofed-inner-source"),
                             (9999, "unknown-identity")):
        other.says(identity)
        with drops(node, {(reason, "ingress"): 1}) as seen:
            other.udp().sendto(b"?", (at(WEB1), 53))
        equal_event(seen.events[0], source_identity=identity, destination_identity=WEB,
                    source=at(ADDRESS), destination=at(WEB1), destination_port=53)
    node.braid.batch("rule del in\n")


@test("a stock device gets the sender's identity in the VNI")
def vni(node, web, client, other):
    other.says(WEB)
    for workload, identity in (client, CLIENT), (web, WEB):
        wire = other.packet("u1")
        equal(ask_udp(workload, ADDRESS, 53), "stock")
        seen = []
        true(wait_until(lambda: seen.append(packets.parse_tunnel(wire.recv(65536)))
                        or (seen[-1] and seen[-1].source == at(THERE))), "no packet")
        equal((seen[-1].vni, seen[-1].inner.source), (identity, workload.address))
        wire.close()


@test("packets of a node of another project are accepted and answered in the same form")
def other_bytes(node, web, client, other):
    wire = Far(node, other)
    # Any hardware addresses, since there is no segment.
    macs = bytes.fromhex("be4ef1a2c30d"), bytes.fromhex("0a58d3f19e27")
    for ident, checksum in enumerate((False, True)):
        with drops(node, {}):
            wire.send(header(CLIENT),
                      packets.ethernet(*macs, ping(ADDRESS, WEB1, ident)), checksum)
            payload = wire.answer()
        size = len(answered_header(WEB))
        equal(payload[:size], answered_header(WEB), "the tunnel header")
        frame = payload[size:]
        equal(frame[:6], other.mac, "to the node's hardware address")
        equal(frame[12:14], struct.pack("!H", packets.protocol_of(frame[14:])))
        inner = packets.parse_ip(frame[14:])
        equal((inner.source, inner.destination), (at(WEB1), at(ADDRESS)))
        equal(inner.payload[:1] + inner.payload[4:],
              bytes([129 if addresses.now.inner == 6 else 0])
              + struct.pack("!HH", ident, 1) + b"interop!", "the echo reply")
    wire.close()


@test("a wrong UDP checksum is noticed")
def wrong_checksum(node, web, client, other):
    wire = Far(node, other)
    frame = packets.ethernet(*2 * (b"\x02\0\0\0\0\7",), ping(ADDRESS, WEB1, 77))
    whole = packets.udp(HERE, PORT, THERE, addresses.now.port, header(CLIENT) + frame)
    flip = ip_size() + 7
    wire.send_packet(whole[:flip] + bytes([whole[flip] ^ 0x55]) + whole[flip + 1:])
    # The next one is answered, so this one was dropped.
    wire.send(header(CLIENT), packets.ethernet(*2 * (b"\x02\0\0\0\0\7",),
                                               ping(ADDRESS, WEB1, 78)), True)
    payload = wire.answer()
    inner = packets.parse_ip(payload[len(answered_header(WEB)) + 14:])
    equal(struct.unpack_from("!H", inner.payload, 4)[0], 78)
    wire.close()


@geneve_test("options of Geneve that must not be ignored are not, others are")
def geneve_options(node, web, client, other):
    wire = Far(node, other)
    frame = packets.ethernet(*2 * (b"\x02\0\0\0\0\7",), ping(ADDRESS, WEB1, 5))

    def send(options, first=0, flags=0, protocol=0x6558, vni=CLIENT):
        wire.send(struct.pack("!BBHI", first | len(options) // 4, flags, protocol, vni << 8)
                  + options, frame, True)
    dsr = bytes.fromhex("014b0102") + packed("172.16.1.3")[:4] + bytes(4)
    identity = OPTION + struct.pack("!I", CLIENT)
    with drops(node, {}):
        for options in b"", dsr, identity, dsr + identity, dsr * 20:
            send(options)
            wire.answer()
    with drops(node, {("unsupported-protocol", "ingress"): 5}):
        send(dsr[:2] + b"\x81" + dsr[3:])
        send(identity + dsr[:2] + b"\x81" + dsr[3:], flags=0x40)
        send(b"", flags=0x80)
        send(b"", first=0x40)
        send(b"", protocol=0x0800)
    with drops(node, {("malformed", "ingress"): 4}):
        send(OPTION + struct.pack("!I", WEB))
        send(OPTION + struct.pack("!I", 1 << 24 | CLIENT))
        send(OPTION[:3] + b"\x02" + bytes(4))
        send(OPTION[:3] + b"\x02" + bytes(8))
    wire.close()


@test("a stock device with neighbours finds the link's hardware address by itself")
def finds_neighbour(node, web, client, other):
    other.says(CLIENT)
    other.run("ip", "link", "set", DEVICE, "arp", "on", "addrgenmode", "none")
    with other:
        links.route(f"{LINK}/32", DEVICE)
        links.route("10.1.0.0/25", DEVICE, via=LINK)
    # It also reports its groups now, which the node ignores.
    equal(ask_udp(other, WEB1, 53), "web1")
    equal(other.do(links.neighbour, DEVICE, at(LINK)), node.do(links.mac, "braid0"))
    with other:
        links.route("10.1.0.0/25", DEVICE, via=LINK, kind=links.DELROUTE)
    other.run("ip", "link", "set", DEVICE, "arp", "off")


@test("a stream between a stock device and a workload arrives as it was sent")
def stream(node, web, client, other):
    other.says(CLIENT)
    data = os.urandom(1 << 20)
    listener = web.listener(9000)
    for sender in other, client:
        sock = sender.tcp()
        sock.connect((at(WEB1), 9000))
        served, _ = listener.accept()
        served.settimeout(LONG)
        received = bytearray()
        sock.setblocking(False)
        sent = 0
        while len(received) < len(data):
            with contextlib.suppress(BlockingIOError):
                sent += sock.send(data[sent:sent + (1 << 16)])
            received += served.recv(1 << 16)
        equal(bytes(received), data, "the stream")
        sock.close()
        served.close()
    listener.close()


@contextlib.contextmanager
def fixture():
    node = Node("n1")
    web, client = node.workload("web1", WEB1), node.workload("client", CLIENT1)
    other = Stock(node)
    with other:
        links.route("10.1.0.0/24", DEVICE)
    node.braid.batch(IDENTITIES + node.overlay(THERE) + other.line() + f"""\
prefix add {ADDRESS}/32 identity {WEB} node stock
endpoint add v-web1 identity {WEB} address {WEB1}
endpoint add v-client identity {CLIENT} address {CLIENT1}
""")
    node.reach(NETWORK)
    node.do(sums_itself, "u3")
    with node:
        links.address("braid0", f"{LINK}/32")
    servers = Servers()
    for workload in web, other:
        servers.udp(workload, 53)
        servers.tcp(workload, 8080)
    yield node, web, client, other
    servers.stop()
    for namespace in other, web, client, node:
        namespace.delete()


run(__file__, fixture)
