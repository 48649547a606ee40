# SPDX-License-Identifier: GPL-2.0-only
"""A fake of the kernel's side of the netlink families.

It shares no code with the tool: numbers come from the generated header, the
form of messages from struct.
"""

import os
import re
import socket
import struct
import subprocess
import tempfile
import threading

FAMILY, VOLUMES = 0x77, 0x78
ERROR, DONE = 2, 3
F_MULTI, F_ACK, F_DUMP_INTR, F_DUMP = 0x2, 0x4, 0x10, 0x300
F_CAPPED, F_TLVS = 0x100, 0x200
ERR_MSG, ERR_OFFS, ERR_COOKIE, ERR_MISS_TYPE, ERR_MISS_NEST = 1, 2, 3, 5, 6
NESTED = 0x8000


class Names:
    """The constants of the generated header."""

    def __init__(self, path):
        with open(path, encoding="ascii") as header:
            text = header.read()
        for body in re.findall(r"enum[ \w]*\{(.*?)\}", text, re.S):
            number = 0
            for name, value in re.findall(r"(\w+)(?: = (\d+))?,", body):
                number = int(value) if value else number
                setattr(self, re.sub("BRAID_(NET|BLK)_", "", name), number)
                number += 1


def attr(kind, data=b""):
    if isinstance(data, str):
        data = data.encode() + b"\0"
    size = 4 + len(data)
    return struct.pack("=HH", size, kind) + data + b"\0" * (-size % 4)


def nest(kind, *attrs):
    return attr(kind | NESTED, b"".join(attrs))


def u8(kind, number):
    return attr(kind, struct.pack("=B", number))


def u16(kind, number):
    return attr(kind, struct.pack("=H", number))


def u32(kind, number):
    return attr(kind, struct.pack("=I", number))


def u64(kind, number):
    return attr(kind, struct.pack("=Q", number))


def ip(kind, text):
    family = socket.AF_INET6 if ":" in text else socket.AF_INET
    return attr(kind, socket.inet_pton(family, text))


def cidr(kind, text):
    address, length = text.split("/")
    return nest(kind, ip(1, address), u8(2, int(length)))


def attrs(data):
    """[(kind, payload)] of a run of attributes."""
    found = []
    while data:
        size, kind = struct.unpack_from("=HH", data)
        assert 4 <= size <= len(data), "an attribute longer than its space"
        found.append((kind, data[4:size]))
        data = data[size + -size % 4:]
    return found


class Message:
    def __init__(self, data, offset):
        (self.size, self.kind, self.flags, self.seq,
         self.port) = struct.unpack_from("=IHHII", data, offset)
        self.raw = data[offset:offset + self.size]
        self.cmd, self.version = struct.unpack_from("=BB", self.raw, 16)
        self.body = self.raw[20:]

    def find(self, data):
        """Offset of these bytes, as in an extended acknowledgement."""
        at = self.raw.index(data)
        assert self.raw.find(data, at + 1) < 0, "not unique"
        return at

    def find_nth(self, data, nth):
        at = -1
        for _ in range(nth + 1):
            at = self.raw.index(data, at + 1)
        return at


def messages(data):
    found, offset = [], 0
    while offset < len(data):
        found.append(Message(data, offset))
        offset += found[-1].size + -found[-1].size % 4
    return found


def reply(request, *body, cmd=None, flags=0):
    data = struct.pack("=BBH", cmd or request.cmd, 1, 0) + b"".join(body)
    return struct.pack("=IHHII", 16 + len(data), request.kind, flags,
                       request.seq, 1) + data


def event(cmd, *body, kind=FAMILY):
    data = struct.pack("=BBH", cmd, 1, 0) + b"".join(body)
    return struct.pack("=IHHII", 16 + len(data), kind, 0, 0, 0) + data


def ack(request, number=0, *tlvs, capped=True):
    flags = (F_CAPPED if capped else 0) | (F_TLVS if tlvs else 0)
    inner = request.raw[:16] if capped else request.raw
    inner += b"\0" * (-len(inner) % 4)
    data = struct.pack("=i", -number) + inner + b"".join(tlvs)
    return struct.pack("=IHHII", 16 + len(data), ERROR, flags, request.seq,
                       1) + data


def done(request, number=0, *tlvs, flags=0):
    data = struct.pack("=i", -number) + b"".join(tlvs)
    flags |= F_MULTI | (F_TLVS if tlvs else 0)
    return struct.pack("=IHHII", 16 + len(data), DONE, flags, request.seq,
                       1) + data


class Run:
    """A run of the tool: messages, output and exit status."""

    def __init__(self, tool, words, kernel=None, stdin="", stdout=None,
                 push=(), stop=None, timeout=60, env=()):
        self.sent = []
        self.datagrams = 0
        self.lost = 0
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        tokens_in, tokens_out = os.pipe()
        # little, so that it can be overrun
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 16)
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err, \
                tempfile.TemporaryFile() as source:
            source.write(stdin.encode() if isinstance(stdin, str) else stdin)
            source.seek(0)
            process = subprocess.Popen(
                [tool, *words], stdin=source, stdout=stdout or out, stderr=err,
                pass_fds=(theirs.fileno(), tokens_in),
                env={"FAKE_KERNEL": str(theirs.fileno()),
                     "FAKE_DONE": str(tokens_in), "TZ": "Asia/Tokyo",
                     "ASAN_OPTIONS": "detect_leaks=1", **dict(env)})
            theirs.close()
            os.close(tokens_in)
            watchdog = threading.Timer(timeout, process.kill)
            watchdog.start()
            try:
                for datagram in push:
                    ours.send(datagram)
                if stop:
                    stop(process, out)
                self.serve(ours, tokens_out, kernel)
                self.status = process.wait()
            finally:
                watchdog.cancel()
                process.kill()
                process.wait()
                ours.close()
                os.close(tokens_out)
            out.seek(0)
            err.seek(0)
            self.out = out.read().decode(errors="surrogateescape")
            self.err = err.read().decode(errors="surrogateescape")

    def answer(self, ours, answer):
        """A full socket loses messages, as the kernel's does."""
        try:
            ours.send(answer, socket.MSG_DONTWAIT)
        except BlockingIOError:
            self.lost += 1

    def serve(self, ours, tokens, kernel):
        while True:
            try:
                data = ours.recv(1 << 20)
            except ConnectionResetError:
                return
            if not data:
                return
            self.datagrams += 1
            batch = messages(data)
            self.sent += batch
            try:
                for message in batch:
                    for answer in (kernel(message) if kernel else
                                   accept(message)):
                        self.answer(ours, answer)
                if not batch[0].flags & (F_ACK | F_DUMP):
                    os.write(tokens, b".")
            except (BrokenPipeError, ConnectionResetError):
                return


def accept(message):
    if message.flags & F_DUMP == F_DUMP:
        return [done(message)]
    return [ack(message)] if message.flags & F_ACK else []
