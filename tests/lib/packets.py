# SPDX-License-Identifier: GPL-2.0-only
"""Packets as bytes, and bytes as packets. The addresses say which IP it is."""

import socket
import struct
from collections import namedtuple

import addresses

Tunnelled = namedtuple("Tunnelled", "source destination sport vni inner")
Inner = namedtuple("Inner", "source destination protocol payload")
FRAGMENT = 44    # IPv6's header
NEIGHBOUR_SOLICITATION, NEIGHBOUR_ADVERTISEMENT, ROUTER_ADVERTISEMENT = 135, 136, 134


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def _ipv4(source, destination, protocol, payload, ttl, ident, fragment):
    def head(check):
        return struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), ident, fragment,
                           ttl, protocol, check, source, destination)
    return head(checksum(head(0))) + payload


def ip(source, destination, protocol, payload, ttl=64):
    source, destination = addresses.packed(source), addresses.packed(destination)
    if len(source) == 4:
        return _ipv4(source, destination, protocol, payload, ttl, 0, 0)
    return struct.pack("!IHBB", 6 << 28, len(payload), protocol, ttl) + source \
        + destination + payload


def fragments(packet, *cuts, ident=1):
    """A packet without options cut at these offsets of its payload, multiples of 8."""
    payload = packet[40:] if packet[0] >> 4 == 6 else packet[20:]
    edges = [0, *cuts, len(payload)]
    return [fragment(packet, begin, payload[begin:end], end < len(payload), ident)
            for begin, end in zip(edges, edges[1:])]


def fragment(packet, offset, payload, more, ident=1):
    """A fragment of a packet, with any payload."""
    if packet[0] >> 4 == 4:
        return _ipv4(packet[12:16], packet[16:20], packet[9], payload, packet[8], ident,
                     (0x2000 if more else 0) | offset // 8)
    head = struct.pack("!BBHI", packet[6], 0, offset | (1 if more else 0), ident)
    return packet[:4] + struct.pack("!HBB", 8 + len(payload), FRAGMENT, packet[7]) \
        + packet[8:40] + head + payload


def _with_checksum(source, destination, protocol, at, data):
    """data with the checksum over it and the addresses at this offset."""
    pseudo = addresses.packed(source) + addresses.packed(destination) \
        + struct.pack("!II", len(data), protocol)
    check = checksum(pseudo + data)
    if protocol == socket.IPPROTO_UDP:
        check = check or 0xffff
    return data[:at] + struct.pack("!H", check) + data[at + 2:]


def udp(source, sport, destination, dport, payload):
    head = struct.pack("!HHHH", sport, dport, 8 + len(payload), 0)
    return ip(source, destination, socket.IPPROTO_UDP,
              _with_checksum(source, destination, socket.IPPROTO_UDP, 6, head + payload))


def tcp_syn(source, sport, destination, dport):
    head = struct.pack("!HHIIBBHHH", sport, dport, 1, 0, 0x50, 2, 65535, 0, 0)
    return ip(source, destination, socket.IPPROTO_TCP,
              _with_checksum(source, destination, socket.IPPROTO_TCP, 16, head))


def icmp(kind, code, rest, payload=b""):
    """An ICMP message for IPv4; ICMPv6's checksum is the kernel's, or icmpv6()'s."""
    head = struct.pack("!BBH4s", kind, code, 0, rest) + payload
    return head[:2] + struct.pack("!H", checksum(head)) + head[4:]


def icmpv6(source, destination, kind, code, rest, payload=b"", ttl=255):
    head = struct.pack("!BBH4s", kind, code, 0, rest) + payload
    return ip(source, destination, socket.IPPROTO_ICMPV6,
              _with_checksum(source, destination, socket.IPPROTO_ICMPV6, 2, head), ttl)


def solicitation(source, destination, target, mac=None):
    """A neighbour solicitation; without a hardware address as DAD sends it."""
    option = b"\1\1" + mac if mac else b""
    return icmpv6(source, destination, NEIGHBOUR_SOLICITATION, 0, bytes(4),
                  addresses.packed(target) + option)


def advertisement(source, destination, target, mac, solicited=False):
    """A neighbour advertisement with the override flag."""
    flags = b"\x60\0\0\0" if solicited else b"\x20\0\0\0"
    return icmpv6(source, destination, NEIGHBOUR_ADVERTISEMENT, 0, flags,
                  addresses.packed(target) + b"\2\1" + mac)


def solicited_node(target):
    """The solicited-node group of an address, and its hardware address."""
    end = addresses.packed(target)[-3:]
    group = socket.inet_ntop(socket.AF_INET6, bytes.fromhex("ff02" + 18 * "0" + "01ff") + end)
    return group, b"\x33\x33\xff" + end


def arp(operation, mac, sender, target, target_mac=bytes(6)):
    """ARP; operation 1 is a request, 2 a reply."""
    return struct.pack("!HHBBH", 1, 0x0800, 6, 4, operation) + mac \
        + addresses.packed(sender) + target_mac + addresses.packed(target)


def protocol_of(packet):
    """Ethernet's number for it."""
    return 0x86dd if packet[0] >> 4 == 6 else 0x0800


def ethernet(destination, source, payload, protocol=None):
    return destination + source + struct.pack("!H", protocol or protocol_of(payload)) + payload


def vxlan(vni, packet, flags=0x08, protocol=None):
    return (struct.pack("!BxxxI", flags, vni << 8)
            + ethernet(b"\x02\0\0\0\0\1", b"\x02\0\0\0\0\2", packet, protocol))


def geneve(vni, packet, first=0, flags=0, inside=0x6558, options=b"", protocol=None):
    return (struct.pack("!BBHI", first | len(options) // 4, flags, inside, vni << 8) + options
            + ethernet(b"\x02\0\0\0\0\1", b"\x02\0\0\0\0\2", packet, protocol))


def tunnel(vni, packet, **words):
    """The payload of a tunnel datagram of this world."""
    return (vxlan if addresses.now.encap == "vxlan" else geneve)(vni, packet, **words)


def parse_ip(packet):
    if packet[0] >> 4 == 4:
        size = (packet[0] & 15) * 4
        return Inner(addresses.unpacked(packet[12:16]), addresses.unpacked(packet[16:20]),
                     packet[9], packet[size:])
    return Inner(addresses.unpacked(packet[8:24]), addresses.unpacked(packet[24:40]),
                 packet[6], packet[40:])


def parse_tunnel(frame):
    """A Tunnelled of a frame on the wire, or None when it is none of this world's."""
    if frame[12:14] not in (b"\x08\x00", b"\x86\xdd"):
        return None
    outer = parse_ip(frame[14:])
    if outer.protocol != socket.IPPROTO_UDP:
        return None
    sport, dport = struct.unpack_from("!HH", outer.payload)
    if dport != addresses.now.port:
        return None
    head = outer.payload[8:]
    if addresses.now.encap == "vxlan":
        if head[0] != 0x08:
            raise ValueError(f"VXLAN flags {head[0]:#x}")
        size = 8
    else:
        if head[0] >> 6 or head[1] & 0xbf or head[2:4] != b"\x65\x58":
            raise ValueError(f"Geneve header {head[:4].hex()}")
        size = 8 + (head[0] & 0x3f) * 4
    return Tunnelled(outer.source, outer.destination, sport,
                     struct.unpack_from("!I", head, 4)[0] >> 8, parse_ip(head[size + 14:]))
