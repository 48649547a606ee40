# SPDX-License-Identifier: GPL-2.0-only
"""Netlink by hand, so that a test can send any message, also an invalid one."""

import errno
import os
import socket
import struct

import addresses

NLM_F_REQUEST, NLM_F_ACK, NLM_F_DUMP = 0x1, 0x4, 0x300
NLM_F_DUMP_INTR = 0x10
NLM_F_EXCL, NLM_F_CREATE = 0x200, 0x400
NLM_F_CAPPED, NLM_F_ACK_TLVS = 0x100, 0x200
NETLINK_ROUTE, NETLINK_GENERIC = 0, 16
NLMSG_ERROR, NLMSG_DONE = 2, 3
NLMSGERR_ATTR_MSG, NLMSGERR_ATTR_COOKIE = 1, 3
NLA_F_NESTED, NLA_TYPE_MASK = 0x8000, 0x3fff
SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, NETLINK_CAP_ACK, NETLINK_EXT_ACK = 270, 1, 10, 11


class Refused(Exception):
    """An error acknowledgement."""

    def __init__(self, code, text, cookie=b""):
        super().__init__(f"{errno.errorcode.get(code, code)} {text}")
        self.code = code
        self.text = text
        self.cookie = cookie


def attr(kind, payload):
    head = struct.pack("=HH", 4 + len(payload), kind)
    return head + payload + bytes(-len(payload) % 4)


def nest(kind, *attrs):
    return attr(kind | NLA_F_NESTED, b"".join(attrs))


def u8(kind, value):
    return attr(kind, struct.pack("=B", value))


def u16(kind, value):
    return attr(kind, struct.pack("=H", value))


def u32(kind, value):
    return attr(kind, struct.pack("=I", value))


def text(kind, value):
    return attr(kind, value.encode() + b"\0")


def ip(kind, value):
    """An address of either family."""
    return attr(kind, addresses.packed(value))


def attrs(data):
    """(type, payload) of each attribute."""
    while len(data) >= 4:
        size, kind = struct.unpack_from("=HH", data)
        if size < 4:
            raise ValueError("an attribute shorter than its head")
        yield kind & NLA_TYPE_MASK, data[4:size]
        data = data[(size + 3) & ~3:]


def read_text(payload):
    return payload.split(b"\0")[0].decode(errors="replace")


def read_number(payload):
    return int.from_bytes(payload, "little")


class Socket:
    """A netlink socket, of the namespace it is made in."""

    def __init__(self, protocol):
        self.sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, protocol)
        self.sock.bind((0, 0))
        for option in NETLINK_EXT_ACK, NETLINK_CAP_ACK:
            self.sock.setsockopt(SOL_NETLINK, option, 1)
        self.seq = 0

    def close(self):
        self.sock.close()

    def send(self, kind, body, flags=0):
        """Returns the sequence number."""
        self.seq += 1
        head = struct.pack("=IHHII", 16 + len(body), kind, NLM_F_REQUEST | flags,
                           self.seq, 0)
        self.sock.send(head + body)
        return self.seq

    def messages(self):
        """(type, sequence, flags, body) of each message of a datagram."""
        data = self.sock.recv(1 << 18)
        while len(data) >= 16:
            size, kind, flags, seq, _ = struct.unpack_from("=IHHII", data)
            yield kind, seq, flags, data[16:size]
            data = data[(size + 3) & ~3:]

    def ask(self, kind, body, flags=0):
        """The bodies that answer a request, or Refused."""
        seq = self.send(kind, body, flags if flags & NLM_F_DUMP == NLM_F_DUMP
                        else flags | NLM_F_ACK)
        answers = []
        while True:
            for answer, answered, marks, payload in self.messages():
                if answered != seq:
                    continue
                if answer == NLMSG_ERROR or answer == NLMSG_DONE:
                    check_ack(answer, marks, payload)
                    return answers
                answers.append(payload)


def check_ack(kind, flags, payload):
    code = -struct.unpack_from("=i", payload)[0] if len(payload) >= 4 else 0
    if not code:
        return
    at = 4
    if kind == NLMSG_ERROR:
        # The header of the request follows the code, and its body too unless
        # it was capped.
        size = struct.unpack_from("=I", payload, 4)[0]
        at = 20 if flags & NLM_F_CAPPED else 4 + ((size + 3) & ~3)
    said, cookie = "", b""
    if flags & NLM_F_ACK_TLVS:
        for name, value in attrs(payload[at:]):
            if name == NLMSGERR_ATTR_MSG:
                said = read_text(value)
            elif name == NLMSGERR_ATTR_COOKIE:
                cookie = value
    raise Refused(code, said or os.strerror(code), cookie)
