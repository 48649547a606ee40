# SPDX-License-Identifier: GPL-2.0-only
"""Packets as bytes, and bytes as packets."""

import socket
import struct
from collections import namedtuple

Tunnelled = namedtuple("Tunnelled", "source destination sport vni inner")
Inner = namedtuple("Inner", "source destination protocol payload")


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def ip(source, destination, protocol, payload):
    def head(check):
        return struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), 0, 0, 64,
                           protocol, check, socket.inet_aton(source),
                           socket.inet_aton(destination))
    return head(checksum(head(0))) + payload


def udp(source, sport, destination, dport, payload):
    """An IPv4 packet; without a UDP checksum, which IPv4 allows."""
    return ip(source, destination, socket.IPPROTO_UDP,
              struct.pack("!HHHH", sport, dport, 8 + len(payload), 0) + payload)


def tcp_syn(source, sport, destination, dport):
    def head(check):
        return struct.pack("!HHIIBBHHH", sport, dport, 1, 0, 0x50, 2, 65535, check, 0)
    pseudo = (socket.inet_aton(source) + socket.inet_aton(destination)
              + struct.pack("!BBH", 0, socket.IPPROTO_TCP, 20))
    return ip(source, destination, socket.IPPROTO_TCP, head(checksum(pseudo + head(0))))


def icmp(kind, code, rest, payload=b""):
    def head(check):
        return struct.pack("!BBH4s", kind, code, check, rest)
    return head(checksum(head(0) + payload)) + payload


def ethernet(destination, source, payload, protocol=0x0800):
    return destination + source + struct.pack("!H", protocol) + payload


def vxlan(vni, packet, flags=0x08, protocol=0x0800):
    """The payload of a tunnel datagram."""
    return (struct.pack("!BxxxI", flags, vni << 8)
            + ethernet(b"\x02\0\0\0\0\1", b"\x02\0\0\0\0\2", packet, protocol))


def parse_ip(packet):
    size = (packet[0] & 15) * 4
    return Inner(socket.inet_ntoa(packet[12:16]), socket.inet_ntoa(packet[16:20]),
                 packet[9], packet[size:])


def parse_tunnel(frame, port=4789):
    """A Tunnelled of a frame on the wire, or None when it is none."""
    if frame[12:14] != b"\x08\x00":
        return None
    outer = parse_ip(frame[14:])
    if outer.protocol != socket.IPPROTO_UDP:
        return None
    sport, dport = struct.unpack_from("!HH", outer.payload)
    if dport != port:
        return None
    flags, vni = struct.unpack_from("!BxxxI", outer.payload, 8)
    if flags != 0x08:
        raise ValueError(f"VXLAN flags {flags:#x}")
    return Tunnelled(outer.source, outer.destination, sport, vni >> 8,
                     parse_ip(outer.payload[16 + 14:]))
