# SPDX-License-Identifier: GPL-2.0-only
"""The wire between a volume's writer and a target, as kmod/blk/proto/proto.h has it, played
by a test: handshake and frames, valid or not."""

import hashlib
import hmac
import os
import socket
import struct

MAGIC = 0x44495242
VERSION = 1
DIGEST = 1
CONTROL, DATA = 1, 2
ASK, PREPARE, RECORD, LEASE, CREATE, FORK, DIRTY, CLEAR, DIGEST_OF = range(1, 10)
WRITE, READ, ZERO, DISCARD, FLUSH = range(32, 37)

HELLO = struct.Struct("<IHHII32s")
PROOF = struct.Struct("<IHBB16s32sQQQ")         # and the MAC
WELCOME = struct.Struct("<IHH16sQQQB7s")        # and the MAC
FRAME = struct.Struct("<IBBHIIQQQQQQQQQQIIIIIII")    # and the checksum
HEAD = FRAME.size + 4

_TABLE = []
for _byte in range(256):
    for _ in range(8):
        _byte = _byte >> 1 ^ (0x82F63B78 if _byte & 1 else 0)
    _TABLE.append(_byte)


def crc32c(data):
    """The kernel's crc32c(~0, data), which does not invert at the end."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ _TABLE[(crc ^ byte) & 0xFF]
    return crc


class Closed(Exception):
    """The other side closed the connection."""


def receive(sock, length):
    data = b""
    while len(data) < length:
        try:
            more = sock.recv(length - len(data))
        except ConnectionError:
            more = b""
        if not more:
            raise Closed
        data += more
    return data


def mac(secret, label, *parts):
    return hmac.new(secret, label + b"\0" + b"".join(parts), hashlib.sha256).digest()


def hello(**change):
    fields = {"magic": MAGIC, "version": VERSION, "length": HELLO.size, "features": DIGEST,
              "reserved": 0, "nonce": os.urandom(32), **change}
    return HELLO.pack(*fields.values())


class Link:
    """An authenticated connection of a host that knows the secret."""

    def __init__(self, address, secret, volume, voter=0, role=CONTROL, epoch=(0, 0), session=1):
        self.sock = socket.create_connection(address, timeout=20)
        self.volume, self.epoch, self.session = volume, epoch, session
        self.seq = 0
        first = hello()
        self.sock.sendall(first)
        challenge = receive(self.sock, HELLO.size)
        proof = PROOF.pack(MAGIC, PROOF.size + 32, role, voter, volume, b"", *epoch, session)
        proof += mac(secret, b"braid writer", first, challenge, proof)
        self.sock.sendall(proof)
        welcome = receive(self.sock, WELCOME.size + 32)
        (_, _, self.status, _, self.store, self.sequence, self.cookie, self.voter,
         _) = WELCOME.unpack(welcome[:WELCOME.size])
        if not self.status and welcome[WELCOME.size:] != mac(
                secret, b"braid target", first, challenge, proof, welcome[:WELCOME.size]):
            raise ValueError("the target does not know the secret")

    def frame(self, kind, payload=b"", seal=True, **change):
        """A request that is valid but for the given changes."""
        self.seq += 1
        fields = {"magic": MAGIC, "type": kind, "answer": 0, "status": 0, "flags": 0,
                  "size": len(payload), "volume": int.from_bytes(self.volume[:8], "little"),
                  "counter": self.epoch[0], "node": self.epoch[1], "session": self.session,
                  "cookie": self.cookie, "seq": self.seq, "offset": 0, "length": 0, "n": 0,
                  "value": 0, "generation": 1, "committed": 1, "r0": 0, "r1": 0, "r2": 0,
                  "payload_crc": crc32c(payload) if payload else 0, "reserved2": 0, **change}
        head = FRAME.pack(*fields.values())
        return head + struct.pack("<I", crc32c(head) if seal else 0) + payload

    def send(self, data):
        try:
            self.sock.sendall(data)
        except (ConnectionError, TimeoutError):
            raise Closed from None

    def answer(self):
        """(type, status, value, payload) of the next answer."""
        head = receive(self.sock, HEAD)
        fields = FRAME.unpack(head[:-4])
        if struct.pack("<I", crc32c(head[:-4])) != head[-4:]:
            raise ValueError("an answer's head has a wrong checksum")
        payload = receive(self.sock, fields[5])
        if payload and crc32c(payload) != fields[21]:
            raise ValueError("an answer's payload has a wrong checksum")
        return fields[1], fields[3], fields[15], payload

    def close(self):
        self.sock.close()
