# SPDX-License-Identifier: GPL-2.0-only
"""A node of another project, played by the test, which controls every byte on the
wire."""

import ctypes
import fcntl
import socket
import struct

import addresses
import links
import packets
from addresses import at
from netns import Netns

HERE, THERE = "172.16.1.3", "172.16.1.1"    # itself and the node with braid
PORT = 43210                                # it sends from
SIOCETHTOOL, ETHTOOL_STXCSUM = 0x8946, 0x17
OPTION = bytes.fromhex("ffb10101")          # of braid's Geneve headers


def ethtool(device, request):
    """The request as the kernel leaves it."""
    value = ctypes.create_string_buffer(request, len(request))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        fcntl.ioctl(sock, SIOCETHTOOL, struct.pack("16sP16x", device.encode(),
                                                   ctypes.addressof(value)))
    return value.raw


def sums_itself(device):
    """Makes veth compute checksums, which it leaves out, for a receiver that checks them."""
    ethtool(device, struct.pack("=II", ETHTOOL_STXCSUM, 0))


def header(identity):
    """The header of a node of another project: no option, and only the required bits."""
    if addresses.now.encap == "vxlan":
        return struct.pack("!II", 0x08000000, identity << 8)
    return struct.pack("!II", 0x00006558, identity << 8)


def answered_header(identity):
    """The header that braid sends."""
    if addresses.now.encap == "vxlan":
        return header(identity)
    return (struct.pack("!II", 0x02006558, identity << 8) + OPTION
            + struct.pack("!I", identity))


def ip_size():
    return 20 if addresses.now.underlay == 4 else 40


def _summed(packet):
    """The IPv4 packet with a correct header checksum."""
    head = packet[:10] + b"\0\0" + packet[12:20]
    return head[:10] + struct.pack("!H", packets.checksum(head)) + head[12:] + packet[20:]


def with_ecn(packet, ecn):
    """The IP packet with these ECN bits."""
    if packet[0] >> 4 == 6:
        return packet[:1] + bytes([packet[1] & 0xcf | ecn << 4]) + packet[2:]
    return _summed(packet[:1] + bytes([packet[1] & 0xfc | ecn]) + packet[2:])


def unbroken(packet):
    """The IP packet with DF set, so that GRO merges it whatever its IP identification."""
    if packet[0] >> 4 == 6:
        return packet
    return _summed(packet[:6] + bytes([packet[6] | 0x40]) + packet[7:])


def ecn_of(packet):
    return packet[1] >> 4 & 3 if packet[0] >> 4 == 6 else packet[1] & 3


def check_outer(packet, outer):
    """Checks that the UDP checksum is 0 over IPv4, and correct over IPv6."""
    length, check = struct.unpack_from("!HH", outer.payload, 4)
    if length != len(outer.payload):
        raise AssertionError(f"UDP length {length} of {len(outer.payload)}")
    if addresses.now.underlay == 4:
        wrong = check or packets.checksum(packet[:20])
    else:
        pseudo = packet[8:40] + struct.pack("!II", len(outer.payload), socket.IPPROTO_UDP)
        wrong = not check or packets.checksum(pseudo + outer.payload)
    if wrong:
        raise AssertionError(f"UDP checksum {check:#x} in {packet.hex()}")


def namespace(node):
    """The namespace of a Far: behind u3 of the node, otherwise empty."""
    ns = Netns("far", ipv6=6 in (addresses.now.inner, addresses.now.underlay))
    with node:
        links.veth("u3", "u1", ns)
        links.address("u3", f"{THERE}/24")
    with ns:
        links.address("u1", f"{HERE}/24")
    return ns


class Far:
    """In a namespace whose u1 is the other end of a node's u3."""

    def __init__(self, node, ns, there=THERE):
        """there: underlay address of the node."""
        self.ns, self.there = ns, there
        self.wire = ns.packet("u1")
        self.ends = node.do(links.mac, "u3"), ns.do(links.mac, "u1")
        self.port = addresses.now.port

    def close(self):
        self.wire.close()

    def send_packet(self, packet):
        self.wire.send(packets.ethernet(*self.ends, packet))

    def send(self, head, frame, checksum=True, ecn=0):
        """Sends a datagram; its UDP checksum is correct or left out."""
        whole = packets.udp(HERE, PORT, self.there, self.port, head + frame)
        if not checksum:
            where = ip_size() + 6
            whole = whole[:where] + b"\0\0" + whole[where + 2:]
        self.send_packet(unbroken(with_ecn(whole, ecn)))

    def next_ip(self):
        """The next packet from the node, of any kind."""
        while True:
            frame = self.wire.recv(1 << 17)
            if frame[:6] == self.ends[1] and frame[12:14] in (b"\x08\x00", b"\x86\xdd") \
                    and packets.parse_ip(frame[14:]).source == at(self.there):
                return frame[14:]

    def next_packet(self):
        """The next tunnel packet from the node."""
        while True:
            packet = self.next_ip()
            outer = packets.parse_ip(packet)
            if (outer.protocol == socket.IPPROTO_UDP
                    and struct.unpack_from("!H", outer.payload, 2)[0] == self.port):
                return packet

    def answer(self):
        """The tunnel payload of the next tunnel packet, with its outer headers checked."""
        packet = self.next_packet()
        outer = packets.parse_ip(packet)
        check_outer(packet, outer)
        return outer.payload[8:]
