#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# lab: kernel=stock,um,debug nodes=1 timeout=900 clock=real worlds=4-vxlan-4,4-geneve-6,6-geneve-4,6-vxlan-6 test_worlds=6-geneve-4 long_kernels=debug
"""The overlay's link as a device: its attributes, changes of them, counters, ECN marks,
neighbour requests, and its removal."""

import contextlib
import errno
import os
import socket
import struct
import sys
import threading

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")

import addresses
import far
import links
import netlink as nl
import packets
from addresses import at, packed
from far import HERE, THERE, Far, answered_header, ecn_of, header, with_ecn
from ktap import equal, run, test, true
from netns import Netns
from packets import arp, ethernet, solicitation, solicited_node
from traffic import drops, wait_until
from world import CLIENT, IDENTITIES, WEB, Node

WEB1, FAR, LINK = "10.1.0.80", "10.3.0.1", "10.1.0.1"
MAC = b"\x0a\x58\0\0\0\x07"
TYPES = {"vxlan": 0, "geneve": 1}
OVERHEAD = {("vxlan", 4): 50, ("vxlan", 6): 70, ("geneve", 4): 58, ("geneve", 6): 78}
IFLA_STATS64, IFLA_INFO_KIND, IFLA_INFO_DATA = 23, 1, 2
RTNLGRP_LINK, NETLINK_ADD_MEMBERSHIP = 1, 1
ETHTOOL_GDRVINFO, ETHTOOL_GLINK = 3, 10
IP_MTU_DISCOVER, IP_PMTUDISC_DO, IP_PMTUDISC_DONT, IP_MTU = 10, 2, 0, 14
IPV6_MTU_DISCOVER, IPV6_MTU = 23, 24


def info(node, device="braid0"):
    with node:
        body = links._ask(links.GETLINK, links._link(links._index(device)))[0]
    return dict(nl.attrs(body[16:]))


def counted(node):
    """Packets and bytes in, packets and bytes out, then errors and drops of both."""
    rx, tx, rx_bytes, tx_bytes, *bad = struct.unpack_from("=8Q", info(node)[IFLA_STATS64])
    return (rx, rx_bytes), (tx, tx_bytes), tuple(bad)


def refused(function, *args):
    """Calls a function that the kernel must refuse; returns errno and text."""
    try:
        function(*args)
    except nl.Refused as error:
        return error.code, str(error)
    raise AssertionError("it was not refused")


def inner_udp(payload, sport=1, dport=53, source=FAR, destination=WEB1):
    return ethernet(MAC, MAC, packets.udp(source, sport, destination, dport, payload))


def headers():
    """Bytes of the inner IP and UDP headers."""
    return (20 if addresses.now.inner == 4 else 40) + 8


def overhead():
    return OVERHEAD[addresses.now.encap, addresses.now.underlay]


@test("the link shows its kind and attributes")
def says(node, web, wire):
    said = info(node)[links.IFLA_LINKINFO]
    said = dict(nl.attrs(said))
    equal(nl.read_text(said[IFLA_INFO_KIND]), "braid")
    data = dict(nl.attrs(said[IFLA_INFO_DATA]))
    equal({2: nl.read_number(data[2]), 3: data[3], 4: nl.read_number(data[4])},
          {2: TYPES[addresses.now.encap], 3: packed(THERE), 4: addresses.now.port})
    said = node.run("ip", "-d", "link", "show", "braid0").stdout
    true("NOARP" in said and "braid" in said, said)
    said = node.do(far.ethtool, "braid0", struct.pack("=I", ETHTOOL_GDRVINFO) + bytes(192))
    equal(said[4:36].rstrip(b"\0"), b"braid", "the driver")
    true(said[36:68].rstrip(b"\0"), "the driver has a version")
    said = node.do(far.ethtool, "braid0", struct.pack("=II", ETHTOOL_GLINK, 7))
    equal(struct.unpack("=II", said), (ETHTOOL_GLINK, 1))


@test("links of its kind are created and changed by the tool only")
def by_tool(node, web, wire):
    for device in "braid9", "braid0":
        done = node.run("ip", "link", "add" if device == "braid9" else "set", device, "type",
                        "braid", check=False)
        equal(done.returncode, 2)
        true("braid overlay add" in done.stderr and "braid overlay set" in done.stderr,
             done.stderr)
    true(not node.do(links.exists, "braid9"), "a link was made")
    equal(node.do(refused, links.move, "braid0", web)[0], errno.EINVAL)
    true(node.do(links.exists, "braid0"), "the link has gone")
    for words in (("type", "vxlan"), ("local", THERE), ("port", "9")):
        done = node.braid.tool("overlay", "set", "braid0", *words, check=False)
        true(done.returncode == 2 and "only the mtu of an overlay can be set" in done.stderr,
             done.stderr)


@test("its MTU is the last one set, by the tool or by ip link")
def mtu(node, web, wire):
    default = 1500 - overhead()

    def shown():
        return node.do(links.mtu, "braid0"), node.braid.show("overlay")[0]["mtu"]
    equal(shown(), (default, default))
    node.do(links.set_mtu, "braid0", 1300)
    equal(shown(), (1300, 1300))
    node.braid.batch("identity add 777\n")
    node.braid.batch("identity del 777\n")
    equal(shown(), (1300, 1300), "after another commit")
    for size in 1290, 1300, 1300:
        node.braid.tool("overlay", "set", "braid0", "mtu", str(size))
        equal(shown(), (size, size))
    node.do(links.set_mtu, "braid0", 1299)
    # A commit about overlays that does not set the MTU leaves it.
    node.braid.tool("overlay", "add", "braid9", "type", "vxlan", "local", THERE, check=False)
    equal(shown(), (1299, 1299))
    # The overlay had 1300 before; setting it again takes effect.
    node.braid.tool("overlay", "set", "braid0", "mtu", "1300")
    equal(shown(), (1300, 1300))
    equal(node.do(refused, links.set_mtu, "braid0", 67)[0], errno.EINVAL)
    node.braid.tool("overlay", "set", "braid0", "mtu", str(default))


@test("the link counts each packet once, without the tunnel headers")
def statistics(node, web, wire):
    server = web.udp(port=54)
    before = counted(node)
    for size in 1, 100, 1000:
        wire.send(header(CLIENT), inner_udp(bytes(size), dport=54))
        data, sender = server.recvfrom(2000)
        server.sendto(data + b"!!", sender)
        wire.answer()
    after = counted(node)
    rx, tx = ([now - then for now, then in zip(after[way], before[way])] for way in (0, 1))
    equal(rx, [3, 1101 + 3 * headers()], "received")
    equal(tx, [3, 1107 + 3 * headers()], "sent")
    equal(after[2], before[2], "errors and drops")
    with drops(node, {("unknown-identity", "ingress"): 2}):
        wire.send(header(9999), inner_udp(b"x"))
        wire.send(header(0), inner_udp(b"x"))
    equal(counted(node)[:2], after[:2], "what is dropped is not received")
    equal(counted(node)[2][2] - after[2][2], 2, "dropped")
    server.close()


@test("packets for no node or of other protocols are drops; those to all hosts on the link are not")
def sent_to_link(node, web, wire):
    with node:
        sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
        sock.bind(("braid0", 0))
    good = packets.udp(LINK, 1, FAR, 2, b"x")

    def send(packet, protocol=None):
        sock.send(ethernet(MAC, MAC, packet, protocol))
    before = counted(node)
    with drops(node, {("no-node", "egress"): 1}):
        send(packets.udp(LINK, 1, "10.9.0.1", 2, b"x"))
    with drops(node, {("unsupported-protocol", "egress"): 2}):
        send(arp(1, MAC, "10.9.0.1", "10.9.0.2")
             if addresses.now.inner == 4 else bytes(28), 0x0806)
        send(b"hello", 0x88b5)
    cut = [good[:-1], good[:19], bytes([good[0] & 0x0f]) + good[1:]]
    if addresses.now.inner == 4:
        cut.append(b"\x44" + good[1:])
    with drops(node, {("malformed", "egress"): len(cut)}):
        for packet in cut:
            send(packet, packets.protocol_of(good))
    with drops(node, {}):
        if addresses.now.inner == 4:
            for group in "224.0.0.22", "255.255.255.255":
                send(packets.udp(LINK, 1, group, 2, b"x"))
        else:
            for group in "ff02::16", "ff02::1:ff00:1", "ff01::1":
                send(packets.udp(LINK, 1, group, 2, b"x"))
        send(good)
    equal(packets.parse_ip(wire.answer()[len(header(6)) + (
        8 if addresses.now.encap == "geneve" else 0) + 14:]).payload[8:], b"x")
    after = counted(node)
    equal((after[1][0] - before[1][0], after[2][3] - before[2][3]), (1, 3 + len(cut)),
          "sent and dropped")
    sock.close()


def again(node, address=addresses.now.inner == 6):
    """Restores routes and IPv6 addresses, which the link lost when it went down."""
    node.reach("10.3.0.0/24")
    if address:
        node.do(links.address, "braid0", f"{LINK}/32")


@test("a link that goes up causes no drops")
def goes_up(node, web, wire):
    with drops(node, {}):
        for _ in range(3):
            node.do(links.down, "braid0")
            node.do(links.up, "braid0")
        again(node)
        true(far_is_reached(web, wire), "the way")


def far_is_reached(web, wire):
    sock = web.udp()
    sock.sendto(b"there", (at(FAR), 5))
    sock.close()
    return wire.answer().endswith(b"there")


# Outer mark to what an inner one becomes; None is a drop (RFC 6040, figure 4).
NOT, ECT1, ECT0, CE = range(4)
DECAPSULATED = {
    NOT: {NOT: NOT, ECT0: NOT, ECT1: NOT, CE: None},
    ECT0: {NOT: ECT0, ECT0: ECT0, ECT1: ECT1, CE: CE},
    ECT1: {NOT: ECT1, ECT0: ECT1, ECT1: ECT1, CE: CE},
    CE: {NOT: CE, ECT0: CE, ECT1: CE, CE: CE},
}


@test("congestion marks leave the tunnel as RFC 6040 requires")
def ecn_in(node, web, wire):
    seen = web.packet("eth0")
    for inner, row in DECAPSULATED.items():
        for outer, wanted in row.items():
            payload = f"ecn {inner} {outer}".encode()
            frame = inner_udp(payload)
            frame = frame[:14] + with_ecn(frame[14:], inner)
            with drops(node, {("malformed", "ingress"): 1} if wanted is None else {}):
                wire.send(header(CLIENT), frame, ecn=outer)
                while wanted is not None:
                    packet = seen.recv(2000)[14:]
                    if packet.endswith(payload):
                        equal(ecn_of(packet), wanted, f"inner {inner}, outer {outer}")
                        if addresses.now.inner == 4:
                            equal(packets.checksum(packet[:20]), 0)
                        break
    seen.close()


@test("congestion marks are copied to the outer header")
def ecn_out(node, web, wire):
    for mark in NOT, ECT0, ECT1, CE:
        sock = web.udp()
        # The other bits are not copied to the outer header.
        if addresses.now.inner == 4:
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, 0xb8 | mark)
        else:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_TCLASS, 0xb8 | mark)
        sock.sendto(b"marked", (at(FAR), 5))
        packet = wire.next_packet()
        outer = packet[1] if addresses.now.underlay == 4 else \
            (packet[0] << 4 | packet[1] >> 4) & 0xff
        equal(outer, mark, "the outer mark")
        inner = packet[far.ip_size() + 8 + len(answered_header(0)) + 14:]
        equal(ecn_of(inner), mark, "the inner mark")
        sock.close()


def inside(payload):
    """(Ethernet header, packet) of an answer of the node itself."""
    size = len(answered_header(6))
    equal(payload[:size], answered_header(6), "the tunnel header")
    return payload[size:size + 14], payload[size + 14:]


def arp_questions(link):
    """Valid requests, and requests that are not answered."""
    ask = arp(1, MAC, FAR, LINK)
    everybody = b"\xff" * 6
    return [(everybody, ask), (link, ask), (everybody, ask + bytes(18))], [
        arp(1, MAC, FAR, WEB1),             # an address that is not the link's
        arp(1, MAC, FAR, "10.3.0.1"),
        arp(2, MAC, FAR, LINK),             # an answer
        arp(1, b"\xff" * 6, FAR, LINK),     # a sender that is a group
        ask[:27],
        ask[:4] + b"\x08" + ask[5:],
        ask[:2] + b"\x86\xdd" + ask[4:],
    ]


def nd_questions(link):
    group, group_mac = solicited_node(LINK)
    by_group, alone = solicitation(FAR, group, LINK, MAC), solicitation(FAR, LINK, LINK, MAC)
    other, _ = solicited_node(WEB1)
    rest = packed(LINK)
    return [(group_mac, by_group), (link, alone), (group_mac, solicitation("::", group, LINK)),
            (group_mac, solicitation("fe80::7", group, LINK, MAC))], [
        solicitation(FAR, other, WEB1, MAC),
        solicitation(FAR, group, WEB1, MAC),
        solicitation("::", LINK, LINK),                         # without an address
        by_group[:7] + b"\x40" + by_group[8:],                  # was forwarded
        by_group[:-1] + bytes([by_group[-1] ^ 1]),              # checksum
        packets.icmpv6(FAR, group, 135, 1, bytes(4), rest),     # code
        packets.icmpv6(FAR, group, 135, 0, bytes(4), rest[:15]),
        packets.icmpv6(FAR, group, 135, 0, bytes(4), rest + b"\1\0" + MAC),
        packets.icmpv6(FAR, group, 135, 0, bytes(4), rest + b"\1\2" + MAC),
        packets.icmpv6(FAR, group, 135, 0, bytes(4), rest + b"\1\1" + MAC[:3]),
        packets.advertisement(FAR, LINK, FAR, MAC),
        packets.icmpv6("fe80::7", "ff02::1", 134, 0, bytes(12)),
        packets.icmpv6("fe80::7", "ff02::2", 133, 0, bytes(4)),
        packets.icmpv6("fe80::7", LINK, 137, 0, bytes(36)),
        packets.icmpv6("fe80::7", "ff02::16", 143, 0, bytes(4), ttl=1),
    ]


def check_arp(question, packet, link):
    equal(packet[:28], arp(2, link, LINK, FAR, MAC), "the ARP answer")


def check_nd(question, packet, link):
    sender = addresses.unpacked(question[8:24])
    answer = packets.icmpv6(
        LINK, "ff02::1" if sender == "::" else sender, 136, 0,
        b"\xa0\0\0\0" if sender == "::" else b"\xe0\0\0\0", packed(LINK) + b"\2\1" + link)
    equal(packet, answer, "the advertisement")


@test("requests for addresses of the link are answered, and no others")
def neighbours(node, web, wire):
    link = node.do(links.mac, "braid0")
    v4 = addresses.now.inner == 4
    good, bad = (arp_questions if v4 else nd_questions)(link)
    protocol, check = (0x0806, check_arp) if v4 else (0x86dd, check_nd)
    before = counted(node)
    with drops(node, {}):
        for destination, question in good:
            wire.send(header(WEB), ethernet(destination, MAC, question, protocol))
            head, packet = inside(wire.answer())
            equal(head, MAC + link + struct.pack("!H", protocol), "the Ethernet header")
            check(question, packet, link)
    after = counted(node)
    equal((after[0][0] - before[0][0], after[1][0] - before[1][0]), 2 * (len(good),))
    with drops(node, {("unsupported-protocol", "ingress"): len(bad)}):
        for question in bad:
            wire.send(header(WEB), ethernet(b"\xff" * 6, MAC, question, protocol))
    # A request from a group address cannot be answered.
    with drops(node, {("unsupported-protocol", "ingress"): 1}):
        wire.send(header(WEB), ethernet(link, b"\xff" * 6, good[0][1], protocol))
    # The next packet is the answer to the next request.
    wire.send(header(WEB), ethernet(link, MAC, good[0][1], protocol))
    check(good[0][1], inside(wire.answer())[1], link)
    # The link learned nothing, and answers for present addresses only.
    equal(node.do(links.neighbour, "braid0", at(FAR)) in (None, link, bytes(6)), True)
    node.do(links.address, "braid0", f"{LINK}/32", links.DELADDR)
    with drops(node, {("unsupported-protocol", "ingress"): 1}):
        wire.send(header(WEB), ethernet(link, MAC, good[0][1], protocol))
    node.do(links.address, "braid0", f"{LINK}/32")
    # Its routes went with its last IPv4 address.
    if v4:
        node.reach("10.3.0.0/24")


def path_mtu(sock):
    return sock.getsockopt(*((socket.IPPROTO_IP, IP_MTU) if addresses.now.inner == 4 else
                             (socket.IPPROTO_IPV6, IPV6_MTU)))


def careful(web):
    """A socket whose packets must not be fragmented."""
    sock = web.udp()
    if addresses.now.inner == 4:
        sock.setsockopt(socket.IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DO)
    else:
        sock.setsockopt(socket.IPPROTO_IPV6, IPV6_MTU_DISCOVER, IP_PMTUDISC_DO)
    sock.connect((at(FAR), 9))
    return sock


def too_big(packet, mtu):
    """The ICMP error of a router about an outer packet."""
    if addresses.now.underlay == 4:
        return packets.ip(HERE, THERE, socket.IPPROTO_ICMP, packets.icmp(
            3, 4, struct.pack("!HH", 0, mtu), packet[:128]))
    return packets.icmpv6(HERE, THERE, 2, 0, struct.pack("!I", mtu), packet[:128])


def icmp_errors(node):
    """Unrequested ICMP messages to the node."""
    with node:
        if addresses.now.underlay == 6:
            with open("/proc/thread-self/net/snmp6", encoding="ascii") as file:
                return int(dict(line.split() for line in file)["Icmp6InErrors"])
        with open("/proc/thread-self/net/snmp", encoding="ascii") as file:
            names, values = (line.split() for line in file if line.startswith("Icmp:"))
        return int(dict(zip(names, values))["InErrors"])


@test("an ICMP error of a router on the path reaches the inner sender")
def path(node, web, wire):
    # At least the minimum MTU of IPv6, so that it is valid in every world.
    size, left = 1400, 1400 - overhead()
    sock = careful(web)
    whole = bytes(1500 - overhead() - headers())
    sock.send(whole)
    packet = wire.next_packet()
    if addresses.now.underlay == 4:
        equal(packet[6] & 0x40, 0x40, "DF outside as inside")
    # The kernel asks the overlay whose packet it is: none of ours to a port that is
    # not the tunnel's, or to an address of no node.
    at_port, at_addr = far.ip_size() + 2, 16 if addresses.now.underlay == 4 else 24
    stranger = packed("172.16.1.77")
    before = icmp_errors(node)
    wire.send_packet(too_big(packet[:at_port] + b"\0\7" + packet[at_port + 2:], 1500))
    wire.send_packet(too_big(packet[:at_addr] + stranger + packet[at_addr + len(stranger):],
                             1500))
    sock.send(whole)
    equal(len(wire.next_packet()), len(packet), "the same again")
    equal(icmp_errors(node), before + 2, "errors about unknown packets")
    wire.send_packet(too_big(packet, size))
    with drops(node, {("too-big", "egress"): 1}):
        sock.send(whole)
        true(wait_until(lambda: path_mtu(sock) == left), f"MTU {path_mtu(sock)}")
    equal(icmp_errors(node), before + 2, "errors after one about ours")
    sock.close()
    fits_and_breaks(web, wire, size, left)


def fits_and_breaks(web, wire, size, left):
    """Sends after the path MTU has become smaller."""
    sock = careful(web)
    sock.send(bytes(left - headers()))
    equal(len(wire.next_packet()), size, "the largest that fits")
    sock.close()
    if addresses.now.inner == 6:
        return
    # A packet that may be fragmented is, in the tunnel; its sender had got an error too.
    web.sysctl("net.ipv4.route.flush", 1)
    sock = web.udp()
    sock.setsockopt(socket.IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DONT)
    sock.sendto(bytes(1500 - overhead() - headers()), (at(FAR), 9))
    first = wire.next_ip()
    if addresses.now.underlay == 4:
        equal(first[6] & 0x60, 0x20, "a first fragment")
    else:
        equal(first[6], packets.FRAGMENT, "a fragment")
    sock.close()


@test("tunnel packets to another address than the overlay's are dropped")
def other_address(node, web, wire):
    node.do(links.address, "u3", "172.16.1.5/32")
    other = Far(node, wire.ns, "172.16.1.5")
    with drops(node, {("not-uplink", "ingress"): 1}):
        other.send(header(CLIENT), inner_udp(b"x"))
    other.close()
    node.do(links.address, "u3", "172.16.1.5/32", links.DELADDR)
    with drops(node, {}):
        wire.send(header(CLIENT), inner_udp(b"x"))


@test("packets go to the underlay address of the overlay's family")
def other_family(node, web, wire):
    # Without the world's translation of addresses, which has one family.
    other, here = "fd00::99" if addresses.now.underlay == 4 else "198.51.100.9", at(HERE)
    for underlay in f"{other},{here}", f"{here},{other}", here:
        node.run("braid", "node", "set", "far", "underlay", underlay)
        true(far_is_reached(web, wire), underlay)
    node.run("braid", "node", "set", "far", "underlay", other)
    with drops(node, {("no-route", "egress"): 1}):
        sock = web.udp()
        sock.sendto(b"x", (at(FAR), 5))
        sock.close()
    node.run("braid", "node", "set", "far", "underlay", here)
    true(far_is_reached(web, wire), "the way")


@test("an overlay with a new local address sends from it to existing nodes")
def other_local(node, web, wire):
    true(far_is_reached(web, wire), "the way")
    node.do(links.address, "u3", "172.16.1.5/24")
    for local in "172.16.1.5", THERE:
        node.braid.batch("overlay flush\n")
        node.braid.batch(node.overlay(local))
        again(node, address=local == THERE)
        fresh = Far(node, wire.ns, local)
        true(far_is_reached(web, fresh), f"from {local}")
        fresh.close()
    node.do(links.address, "u3", "172.16.1.5/24", links.DELADDR)


@test("a link that is down receives nothing")
def down(node, web, wire):
    node.do(links.down, "braid0")
    with drops(node, {("link-down", "ingress"): 2}):
        wire.send(header(CLIENT), inner_udp(b"x"))
        wire.send(header(CLIENT), inner_udp(b"x"))
    again(node)


class Load:
    """Sends packets both ways until the block ends."""

    def __init__(self, web, wire):
        self.sock, self.wire, self.ending = web.udp(), wire, False
        self.thread = threading.Thread(target=self._work)

    def _work(self):
        while not self.ending:
            for _ in range(20):
                self.wire.send(header(CLIENT), inner_udp(b"load"))
                with contextlib.suppress(OSError):
                    self.sock.sendto(b"load", (at(FAR), 9))

    def __enter__(self):
        self.thread.start()

    def __exit__(self, *error):
        self.ending = True
        self.thread.join()
        self.sock.close()


@test("the link goes up and down, gets new addresses, is removed and added under load")
def under_load(node, web, wire):
    with Load(web, wire):
        for _ in range(10):
            node.do(links.down, "braid0")
            node.do(links.up, "braid0")
        for _ in range(5):
            node.do(links.delete, "braid0")
            equal(node.braid.show("overlay"), [])
            node.braid.batch(node.overlay(THERE))
            node.reach("10.3.0.0/24")
            node.braid.batch("overlay flush\n")
            node.braid.batch(node.overlay(THERE))
            node.reach("10.3.0.0/24")
    node.do(links.address, "braid0", f"{LINK}/32")
    fresh = Far(node, wire.ns)
    true(wait_until(lambda: far_is_reached(web, fresh)), "it works again")
    fresh.close()


@test("a dry run finds refusals and creates no device")
def dry_run(node, web, wire):
    ns = Netns("dry", ipv6=True)
    with ns:
        links.up("lo")
        links.address("lo", "172.16.1.1/32")
        hears = nl.Socket(nl.NETLINK_ROUTE)
        hears.sock.setsockopt(nl.SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, RTNLGRP_LINK)
        taken = socket.socket(addresses.family(at(THERE)), socket.SOCK_DGRAM)
        taken.bind((at(THERE), 7777))
    good = f"overlay add braid0 type {addresses.now.encap} local {at(THERE)}"

    def tool(line, *words):
        done = ns.run("braid", *words, "-b", "-", stdin=f"{line}\n", check=False)
        return done.returncode, done.stderr
    for line, said in (
            (good.replace("braid0", "lo"), "a device has this name already"),
            (f"{good} port 7777", "the UDP port is in use on this node"),
            (good.replace(at(THERE), at("172.16.1.2")), "local is not an address of this node"),
            (good.replace(at(THERE), "fe80::1"), "link-local"),
            (f"{good}\noverlay set braid0 port 5", "only the mtu of an overlay can be set")):
        code, stderr = tool(line, "--dry-run")
        true(code == 2 and said in stderr, f"{line}: {stderr}")
        equal(tool(line), (code, stderr), "the same as when it is meant")
    for line in good, f"{good} mtu 1400 port 9", f"{good}\noverlay set braid0 mtu 1400":
        equal(tool(line, "--dry-run"), (0, ""))
    hears.sock.setblocking(False)
    heard = []
    with contextlib.suppress(BlockingIOError):
        while True:
            heard += [kind for kind, _, _, _ in hears.messages()]
    # One of the overlays had created its link before the refusal.
    equal(heard.count(links.NEWLINK) <= 3 and heard.count(links.DELLINK) <= 1, True, heard)
    equal(tool(good), (0, ""))
    true(ns.do(links.exists, "braid0"), "the link")
    taken.close()
    hears.close()
    ns.delete()


@test("a tentative local address is refused with the reason")
def tentative(node, web, wire):
    ns = Netns("dad", ipv6=True)
    with ns:
        links.veth("d0", "d1", web)
    for which in "all", "d0":
        ns.sysctl(f"net.ipv6.conf.{which}.accept_dad", 1)
        # A second each, so that the tool has time to be refused.
        ns.sysctl(f"net.ipv6.conf.{which}.dad_transmits", 5)
    with ns:
        links.address("d0", "fd00::ac:10:9:9/120", dad=True)
    done = ns.run("braid", "overlay", "add", "braid0", "type", "vxlan", "local",
                  "fd00::ac:10:9:9", check=False)
    true(done.returncode == 2 and "duplicate address detection" in done.stderr, done.stderr)
    true(wait_until(lambda: ns.run("braid", "overlay", "add", "braid0", "type", "vxlan",
                                   "local", "fd00::ac:10:9:9", check=False).returncode == 0),
         "it is refused still")
    ns.delete()


@contextlib.contextmanager
def fixture():
    node = Node("n1")
    web = node.workload("web1", WEB1)
    other = far.namespace(node)
    node.braid.batch(IDENTITIES + node.overlay(THERE) + f"""\
node add far underlay {HERE} cidr 10.3.0.0/24
endpoint add v-web1 identity {WEB} address {WEB1}
""")
    node.reach("10.3.0.0/24")
    node.do(far.sums_itself, "u3")
    with node:
        links.address("braid0", f"{LINK}/32")
    wire = Far(node, other)
    # Receives the packets, so that no ICMP errors are sent.
    sink = web.udp(port=53)
    yield node, web, wire
    sink.close()
    wire.close()
    for namespace in other, web, node:
        namespace.delete()


run(__file__, fixture)
