#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# lab: kernel=stock,um,debug nodes=1 timeout=600 long_kernels=debug
"""Invalid netlink requests about volumes are refused with a text and change nothing; so
is every request from another namespace or without privilege."""

import contextlib
import errno
import os
import random
import struct
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")

import netlink as nl
from ktap import equal, run, test, true

# Operations, and attributes of their messages, by the specification.
CREATE, OPEN, CLOSE, DEL, GET, CHECK = range(1, 7)
LISTEN, TARGETS, TARGET_CLOSE = 7, 8, 9
MAKE, ATTACH, DETACH, VOLUMES, SUSPEND, RESUME, EVENT = range(10, 17)
CTRL, CTRL_GETFAMILY = 0x10, 3
NOBODY = 65534

SECRET = b"x" * 32
HERE, FREE = b"\x7f\0\0\1", 7001    # where something listens in these tests only
CLOSED = 9


def u64(kind, number):
    return nl.attr(kind, struct.pack("=Q", number))


def end(kind, ip=HERE, port=FREE):
    return nl.nest(kind, nl.attr(1, ip), nl.u16(2, port))


def voter(number, *more, ip=HERE, port=CLOSED):
    return nl.nest(3, nl.u8(1, number), *more, end(3, ip, port))


class Family:
    """A socket of the family braid_blk."""

    def __init__(self):
        self.socket = nl.Socket(nl.NETLINK_GENERIC)
        answer = self.socket.ask(CTRL, struct.pack("=BBH", CTRL_GETFAMILY, 1, 0) +
                                 nl.text(2, "braid_blk"))
        self.number = nl.read_number(dict(nl.attrs(answer[0][4:]))[1])

    def ask(self, command, *attributes, flags=0):
        return self.socket.ask(self.number, struct.pack("=BBH", command, 1, 0) +
                               b"".join(attributes), flags)


def state(family):
    """Everything that can be listed, without counters."""
    return [family.ask(command, flags=nl.NLM_F_DUMP) for command in (GET, VOLUMES)] + \
        [[dict(nl.attrs(body[4:]))[1] for body in family.ask(TARGETS, flags=nl.NLM_F_DUMP)]]


PATH, NAME = nl.text(1, "/run/none"), nl.text(1, "v")
REST = (nl.attr(3, b"1" * 16), nl.u8(4, 1))       # UUID and id of a replica
DIRECTORY = nl.text(1, "/tmp")
SIZE, KEY = u64(2, 1 << 20), nl.attr(4, SECRET)
LISTENS = nl.attr(2, SECRET)
V4_MAPPED = bytes(10) + b"\xff\xff\1\2\3\4"
LINK_LOCAL = b"\xfe\x80" + bytes(13) + b"\1"

REFUSED = [
    # what, operation, attributes, words of the text
    ("nothing to create", CREATE, (), "path of a store is needed"),
    ("nothing to open", OPEN, (), "path of a store is needed"),
    ("an empty path", OPEN, (nl.text(1, ""),), "not an absolute path"),
    ("a relative path", OPEN, (nl.text(1, "vdb"),), "not an absolute path"),
    ("a path without end", OPEN, (nl.attr(1, b"/abc"),), ""),
    ("a path with two ends", OPEN, (nl.attr(1, b"/a\0b\0"),), "follows the end of the path"),
    ("a long path", OPEN, (nl.text(1, "/" + 255 * "a"),), "at most 255"),
    ("a path of two lines", OPEN, (nl.text(1, "/a\nb"),), "control characters"),
    ("a path to nothing", OPEN, (PATH,), "/run/none"),
    ("an unknown attribute", OPEN, (PATH, nl.u32(200, 1)), ""),
    ("one of another operation", OPEN, (PATH, nl.u8(4, 1)), ""),
    *((f"operation {command} on a directory", command, (DIRECTORY, *more),
       "/tmp is neither a block device nor a regular file")
      for command, more in ((OPEN, ()), (DEL, ()), (CHECK, ()),
                            (CREATE, (nl.text(2, "v"), *REST)))),
    ("a replica that is not open", GET, (PATH,), "no replica is open there"),
    ("a check of nothing", CHECK, (PATH,), "/run/none"),
    ("a replica of no volume", CREATE, (PATH, *REST), "name of its volume"),
    ("a replica without UUID", CREATE, (PATH, nl.text(2, "v"), REST[1]), "needs the UUID"),
    ("a replica without id", CREATE, (PATH, nl.text(2, "v"), REST[0]), "id of its voter"),
    ("a short UUID", CREATE, (PATH, nl.text(2, "v"), nl.attr(3, b"1" * 15), REST[1]), "16 bytes"),
    ("a store below a file", CREATE, (nl.text(1, "/dev/null/x"), nl.text(2, "v"), *REST),
     "/dev/null/x"),
    ("the nil UUID", CREATE, (PATH, nl.text(2, "v"), nl.attr(3, bytes(16)), REST[1]), "nil UUID"),
    ("voter 0", CREATE, (PATH, nl.text(2, "v"), REST[0], nl.u8(4, 0)), "1 to 63"),
    ("voter 64", CREATE, (PATH, nl.text(2, "v"), REST[0], nl.u8(4, 64)), "1 to 63"),
    *((f"the name {name!r}", CREATE, (PATH, nl.text(2, name), *REST), words)
      for name, words in (("", "1 to 24"), (25 * "a", "1 to 24"), ("a/b", "letters, digits"),
                          ("..", "begins with"), ("-x", "begins with"), ("a b", "letters"),
                          ("a,b", "letters"), ("\xe9", "letters"), ("a\n", "letters"))),
    *((f"the size {size}", MAKE, (NAME, u64(2, size)), words)
      for size, words in ((0, "not 0"), (4095, "multiple of 4096"), (4097, "multiple of 4096"),
                          (1 << 63, "larger than 16 TiB"), ((16 << 40) + 4096, "16 TiB"))),
    ("a target nowhere", LISTEN, (), "address is needed"),
    ("a target without secret", LISTEN, (end(1),), "needs a secret"),
    *((f"a secret of {size} bytes", LISTEN, (end(1), nl.attr(2, size * b"y")), "32 to 64 bytes")
      for size in (0, 31, 65, 4000)),
    ("three secrets", LISTEN, (end(1), LISTENS, LISTENS, LISTENS), "at most two"),
    *((f"an address of {len(ip)} bytes", LISTEN, (end(1, ip), LISTENS), "4 or 16")
      for ip in (b"", b"\1\2\3", 17 * b"\1")),
    ("a multicast address", LISTEN, (end(1, b"\xe0\0\0\1"), LISTENS), "one node"),
    ("the broadcast address", LISTEN, (end(1, 4 * b"\xff"), LISTENS), "one node"),
    ("a link-local address", LISTEN, (end(1, LINK_LOCAL), LISTENS), "needs a device"),
    ("a mapped address", LISTEN, (end(1, V4_MAPPED), LISTENS), "IPv4 address"),
    ("another's address", LISTEN, (end(1, b"\x0a\1\1\1"), LISTENS), "not one of this host"),
    ("port 0", LISTEN, (end(1, HERE, 0), LISTENS), "1 to 65535"),
    ("no port", LISTEN, (nl.nest(1, nl.attr(1, HERE)), LISTENS), "1 to 65535"),
    ("an address that is no nest", LISTEN, (nl.attr(1, HERE), LISTENS), ""),
    ("the end of no target", TARGET_CLOSE, (end(1),), "no target listens"),
    ("a target that is not there", TARGETS, (end(1),), "no target listens"),
    ("a volume without name", MAKE, (SIZE, voter(1), KEY), "name of a volume"),
    ("a volume without size", MAKE, (NAME, voter(1), KEY), "needs a size"),
    ("a volume without voters", MAKE, (NAME, SIZE, KEY), "needs voters"),
    ("a voter twice", MAKE, (NAME, SIZE, voter(1), voter(1), KEY), "another voter has this id"),
    ("eight voters", MAKE, (NAME, SIZE, *map(voter, range(1, 9)), KEY), "at most 7"),
    ("witnesses only", MAKE, (NAME, SIZE, voter(1, nl.attr(2, b"")), KEY), "holds data"),
    ("a voter without id", MAKE, (NAME, SIZE, nl.nest(3, end(3)), KEY), "needs an id"),
    ("a voter nowhere", MAKE, (NAME, SIZE, nl.nest(3, nl.u8(1, 1)), KEY), "needs an address"),
    ("a voter that says its state", MAKE, (NAME, SIZE, voter(1, nl.u32(4, 1)), KEY), ""),
    ("a voter anywhere", MAKE, (NAME, SIZE, voter(1, ip=bytes(4)), KEY), "nobody is reached"),
    ("a voter that is not there", MAKE, (NAME, SIZE, voter(1), KEY), "voter 1 (127.0.0.1:9"),
    ("no secret anywhere", MAKE, (NAME, SIZE, voter(1)), "no target listens here"),
    ("an attach from nowhere", ATTACH, (NAME, KEY), "needed to begin with"),
    ("an attach without secret", ATTACH, (NAME, end(5)), "needs its secret"),
    ("an attach from eight", ATTACH, (NAME, *8 * [end(5)], KEY), "at most 7"),
    ("an attach from a closed port", ATTACH, (NAME, end(5, HERE, CLOSED), KEY), "127.0.0.1:9"),
    ("the dead without a takeover", ATTACH, (NAME, nl.attr(7, b""), end(5), KEY), "takeover"),
    *((f"min-isr {number}", ATTACH, (NAME, end(5), KEY, nl.u32(21, number)), "min-isr is 1 to 7")
      for number in (0, 8, 1 << 31)),
    ("min-isr with force", ATTACH, (NAME, end(5), KEY, nl.attr(8, b""), nl.u32(21, 1)),
     "is not known before"),
    *((f"suspend-timeout {number}", ATTACH, (NAME, end(5), KEY, nl.u32(36, number)), "a week")
      for number in (604801, (1 << 32) - 1)),
    *((f"operation {command} of no volume", command, (), "name of a volume is needed")
      for command in (DETACH, VOLUMES, SUSPEND, RESUME)),
    *((f"operation {command} of a volume that is not there", command, (NAME,), "attached here")
      for command in (DETACH, VOLUMES, SUSPEND, RESUME)),
    ("an event", EVENT, (), ""),
    ("operation 0", 0, (), ""),
    ("operation 17", 17, (), ""),
]


@test("an invalid request is refused with a text and changes nothing")
def refusals():
    family = Family()
    before = state(family)
    for what, command, attributes, words in REFUSED:
        try:
            family.ask(command, *attributes)
        except nl.Refused as refused:
            true(words in refused.text, f"{what}: '{refused.text}' lacks '{words}'")
            true(refused.code not in (errno.ENOMEM, errno.EMSGSIZE), f"{what}: {refused}")
            continue
        raise AssertionError(f"{what}: accepted")
    equal(state(family), before)


@test("a listing that names an object is refused")
def listings():
    family = Family()
    for command, attribute in (GET, PATH), (TARGETS, end(1)), (VOLUMES, NAME):
        try:
            family.ask(command, attribute, flags=nl.NLM_F_DUMP)
        except nl.Refused as refused:
            true("takes no attributes" in refused.text, refused.text)
        else:
            raise AssertionError("accepted")


@test("messages with changed bytes do no harm")
def turned():
    family = Family()
    before = state(family)
    rng = random.Random(1)
    good = [(command, b"".join(attributes)) for _, command, attributes, _ in REFUSED
            if command != CREATE]
    for _ in range(2000):
        command, body = rng.choice(good)
        body = bytearray(body)
        for _ in range(rng.randint(1, 4) if body else 0):
            body[rng.randrange(len(body))] = rng.choice((0, 1, 4, 0x80, 0xff, rng.randrange(256)))
        with contextlib.suppress(nl.Refused):
            family.ask(command, bytes(body), flags=rng.choice((0, 0, 0, nl.NLM_F_DUMP)))
    # Some are valid by chance, and this node has all addresses of 127.0.0.0/8.
    for address in state(family)[2]:
        if address not in before[2]:
            family.ask(TARGET_CLOSE, nl.attr(1 | nl.NLA_F_NESTED, address))
    equal(state(family), before)


def braid(*words):
    done = subprocess.run(words, capture_output=True, text=True, timeout=300)
    return done.returncode, done.stderr


COMMANDS = (["volume", "show"], ["replica", "show"], ["target", "show"],
            ["volume", "detach", "v"], ["volume", "why", "v"], ["monitor", "volumes"],
            ["replica", "open", "/run/none"], ["target", "close", "127.0.0.1:7000"])


@test("another network namespace is another node, in which there is nothing")
def namespaces():
    for words in COMMANDS[:3]:
        equal(braid("unshare", "--net", "braid", *words), (0, ""))
    equal(braid("unshare", "--net", "braid", "volume", "detach", "v"),
          (2, "braid: no volume v is attached here\n"))


@test("a caller without privilege is refused by name")
def privilege():
    for before in ((), ("unshare", "--user", "--map-root-user")):
        for words in COMMANDS:
            equal(braid("setpriv", f"--reuid={NOBODY}", "--clear-groups", *before, "braid",
                        *words),
                  (2, "braid: volumes need CAP_SYS_ADMIN in the initial user namespace\n"))


run(__file__, lambda: contextlib.nullcontext(()))
