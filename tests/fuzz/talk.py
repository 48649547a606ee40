# SPDX-License-Identifier: GPL-2.0-only
"""Sockets that say anything, what comes back, and allocations that fail meanwhile."""

import contextlib
import errno
import os
import socket
import struct
from collections import Counter

import netlink as nl
from spec import pack, parsed

LOST = -1    # the answer is not known: there was no memory for it
DEBUGFS = "/sys/kernel/debug"


class Faults:
    """Makes the nth of this thread's allocations fail, from here to over()."""

    def __init__(self):
        self.file = os.open("/proc/thread-self/fail-nth", os.O_RDWR)
        self.injected = 0

    @staticmethod
    def prepare():
        """All allocations can fail, and none says so on the console."""
        for directory in os.listdir(DEBUGFS):
            if directory.startswith("fail"):
                with contextlib.suppress(FileNotFoundError):
                    with open(f"{DEBUGFS}/{directory}/verbose", "w", encoding="ascii") as file:
                        file.write("0")
        with open(f"{DEBUGFS}/failslab/ignore-gfp-wait", "w", encoding="ascii") as file:
            file.write("N")

    def next(self, nth):
        os.write(self.file, b"%d" % nth)

    def over(self):
        """Did it fail?"""
        # These calls may be the ones that it hits.
        failed = True
        try:
            failed = os.pread(self.file, 20, 0).strip() == b"0"
        except OSError:
            failed = False
        while True:
            try:
                os.write(self.file, b"0")
                break
            except OSError:
                pass
        self.injected += failed
        return failed


class Talker:
    """A netlink socket that never waits: an answer is there when a message was sent."""

    family = None
    messages = 0           # of all but watchers
    answers = Counter()    # to them, by errno; 0 is done
    counted = True

    def __init__(self, sock=None):
        self.sock = sock or socket.socket(socket.AF_NETLINK, socket.SOCK_RAW,
                                          nl.NETLINK_GENERIC)
        for option in nl.NETLINK_EXT_ACK, nl.NETLINK_CAP_ACK:
            self.sock.setsockopt(nl.SOL_NETLINK, option, 1)
        self.sock.setblocking(False)
        self.seq = 0

    def close(self):
        self.sock.close()

    def message(self, command, body, flags, head=b""):
        self.seq += 1
        body = (head or struct.pack("=BBH", command & 0xff, 1, 0)) + body
        return struct.pack("=IHHII", 16 + len(body), self.family,
                           nl.NLM_F_REQUEST | flags, self.seq & 0xffffffff, 0) + body

    def send(self, data, count=1):
        """An errno if it did not go out."""
        Talker.messages += count if self.counted else 0
        try:
            self.sock.send(data)
            return 0
        except OSError as error:
            return error.errno

    def received(self, most=1 << 20):
        """(type, flags, sequence, body) of what is there; None stands for a loss."""
        while most:
            most -= 1
            try:
                data = self.sock.recv(1 << 17)
            except BlockingIOError:
                return
            except OSError:
                yield None
                continue
            while len(data) >= 16:
                size, kind, flags, seq, _ = struct.unpack_from("=IHHII", data)
                if not 16 <= size <= len(data):
                    raise ValueError(f"a message of {size} bytes in {len(data)}")
                yield kind, flags, seq, data[16:size]
                data = data[(size + 3) & ~3:]

    def result(self, seq):
        """errno (0, LOST) that ends the answers to a message, and their bodies."""
        code, bodies, lost = None, [], False
        for answer in self.received():
            if not answer:
                lost = True
                continue
            kind, _, answered, body = answer
            if kind in (nl.NLMSG_ERROR, nl.NLMSG_DONE):
                said = -struct.unpack_from("=i", body)[0] if len(body) >= 4 else 0
                self.note(said)
                if answered == seq:
                    code = said
            elif answered == seq:
                bodies.append(body[4:])
        return (LOST if code is None and lost else code), bodies

    def note(self, code):
        Talker.answers[code] += self.counted

    def ask(self, command, nodes, flags=nl.NLM_F_ACK):
        """errno that a message is answered with, None if with none; and the answers."""
        code = self.send(self.message(command, pack(nodes), flags))
        if code:
            return LOST, []
        return self.result(self.seq)


class Watcher:
    """Sees what a namespace has, without faults."""

    def __init__(self, spec):
        self.spec = spec
        self.talker = Talker()
        self.talker.counted = False

    def generation(self):
        code, bodies = self.talker.ask(self.spec.operations["status"].number, [])
        if code:
            raise AssertionError(f"status: {errno.errorcode.get(code, code)}")
        return parsed(self.spec, "braid", bodies[0])["generation"]

    def listing(self, kind):
        """All objects of a kind."""
        code, bodies = self.dump("get", nl.u32(self.spec.sets["braid"]["object"].number,
                                               self.spec.kinds.index(kind)))
        if code:
            raise AssertionError(f"get {kind}: {errno.errorcode.get(code, code)}")
        return [parsed(self.spec, "braid", body)[kind] for body in bodies]

    def dump(self, name, body=b""):
        data = self.talker.message(self.spec.operations[name].number, body, nl.NLM_F_DUMP)
        code = self.talker.send(data)
        return (code, []) if code else self.talker.result(self.talker.seq)

    def state(self):
        """Generation and all objects."""
        return self.generation(), {kind: self.listing(kind) for kind in self.spec.kinds}

    def flows(self):
        code, bodies = self.dump("flow-get")
        if code:
            raise AssertionError(f"flow-get: {errno.errorcode.get(code, code)}")
        return [parsed(self.spec, "braid", body)["flow"] for body in bodies]

    def close(self):
        self.talker.close()
