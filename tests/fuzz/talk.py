# SPDX-License-Identifier: GPL-2.0-only
"""Sockets that send any message, their answers, and allocations that fail meanwhile."""

import contextlib
import errno
import functools
import os
import socket
import struct
from collections import Counter

import netlink as nl
from netns import CLONE_NEWNET, LONG, libc
from spec import pack, parsed

CLONE_NEWUSER = 0x10000000
UNPRIVILEGED, ELSEWHERE = (CLONE_NEWUSER,), (CLONE_NEWNET,)
LOST = -1    # the answer is not known: there was no memory for it
DEBUGFS = "/sys/kernel/debug"


# From the fault itself to the functions that allocate, or call one that does.
FRAMES = 7


@functools.cache
def functions():
    """(address, name, [module] or nothing) of the kernel's symbols, in order."""
    found = []
    with open("/proc/kallsyms", encoding="ascii") as file:
        for line in file:
            address, kind, name, *module = line.split()
            if kind in "tT":
                found.append((int(address, 16), name, *(module or [""])))
    return sorted(found)


def say(directory, word, value):
    with open(f"{DEBUGFS}/{directory}/{word}", "w", encoding="ascii") as file:
        file.write(str(value))


class Faults:
    """Makes the nth of this thread's allocations fail, from here to over()."""

    def __init__(self):
        self.file = os.open("/proc/thread-self/fail-nth", os.O_RDWR)
        self.injected = 0

    @staticmethod
    def prepare():
        """Lets all allocations fail, without messages on the console."""
        for directory in os.listdir(DEBUGFS):
            if directory.startswith("fail"):
                with contextlib.suppress(FileNotFoundError):
                    say(directory, "verbose", 0)
        say("failslab", "ignore-gfp-wait", "N")

    @staticmethod
    def spare(prefix):
        """But those do not fail that the kernel's functions with this prefix, or whom
        they call, ask for."""
        text = [(address, name) for address, name, module in functions() if not module]
        names = [name for _, name in text]
        own = [index for index, name in enumerate(names[:names.index("_etext")])
               if name.startswith(prefix) and "." not in name]
        for directory in "failslab", "fail_page_alloc":
            say(directory, "reject-start", text[own[0]][0])
            say(directory, "reject-end", text[own[-1] + 1][0])

    @staticmethod
    @contextlib.contextmanager
    def of(module):
        """Meanwhile only what a module asks for itself, or by few calls, fails."""
        own = [address for address, _, name in functions() if name == f"[{module}]"]
        end = (own[-1] | 0xfff) + 1
        everywhere = [directory for directory in os.listdir(DEBUGFS) if os.path.exists(
            f"{DEBUGFS}/{directory}/require-start")]
        for directory in everywhere:
            for word, value in (("stacktrace-depth", FRAMES), ("require-start", own[0]),
                                ("require-end", end)):
                say(directory, word, value)
        try:
            yield
        finally:
            for directory in everywhere:
                for word, value in (("stacktrace-depth", 32), ("require-start", 0),
                                    ("require-end", (1 << 64) - 1)):
                    say(directory, word, value)

    def next(self, nth):
        os.write(self.file, b"%d" % nth)

    def over(self):
        """Returns true if the allocation failed."""
        # These calls may meet the failure themselves.
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
    """A netlink socket that never waits: an answer arrives before sending returns."""

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
        """Sends a message; an errno if it was not sent."""
        Talker.messages += count if self.counted else 0
        try:
            self.sock.send(data)
            return 0
        except OSError as error:
            return error.errno

    def received(self, most=1 << 20):
        """(type, flags, sequence, body) of the received messages; None stands for a loss."""
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
    """Lists the state, without injected failures."""

    def __init__(self, spec):
        self.spec = spec
        self.talker = Talker()
        self.talker.counted = False

    def dump(self, name, body=b""):
        data = self.talker.message(self.spec.operations[name].number, body, nl.NLM_F_DUMP)
        code = self.talker.send(data)
        return (code, []) if code else self.talker.result(self.talker.seq)

    def listed(self, name, body=b""):
        """The content of a listing, in words."""
        code, bodies = self.dump(name, body)
        if code:
            raise AssertionError(f"{name}: {errno.errorcode.get(code, code)}")
        return [parsed(self.spec, self.spec.operations[name].set, each) for each in bodies]

    def close(self):
        self.talker.close()


def stranger(*namespaces):
    """A talker that was made in namespaces of its own, of these kinds, by somebody who
    has every right there."""
    mine, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    child = os.fork()
    if not child:
        try:
            if all(libc.unshare(kind) == 0 for kind in namespaces):
                sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, nl.NETLINK_GENERIC)
                socket.send_fds(its, [b"x"], [sock.fileno()])
        finally:
            os._exit(0)
    mine.settimeout(LONG)
    _, descriptors, _, _ = socket.recv_fds(mine, 1, 1)
    os.waitpid(child, 0)
    return Talker(socket.socket(fileno=descriptors[0]))
