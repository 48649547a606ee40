#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# test: inputs=tests/lib
"""The reader of dm-log-writes' logs, on logs made here: whole, cut short, forged."""

import io
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")

import logwrites
from ktap import equal, run, test
from contextlib import nullcontext

SECTOR = 512


def log_of(*parts, magic=logwrites.MAGIC, version=1, count=None, sector=SECTOR):
    """A log; a part is (offset in sectors, sectors, flags, data)."""
    out = logwrites.SUPER.pack(magic, version, len(parts) if count is None else count, sector)
    out = out.ljust(sector, b"\0")
    for offset, sectors, flags, data in parts:
        marked = flags & logwrites.MARK
        head = logwrites.ENTRY.pack(offset, sectors, flags, len(data) if marked else 0)
        out += (head + data if marked else head).ljust(sector, b"\0")
        if not marked and not flags & logwrites.DISCARD:
            out += data
    return out


def marks(log, size=8 * SECTOR):
    """(name, image) at each mark."""
    disk = logwrites.Disk(size)
    return [(name, bytes(disk.image))
            for name in logwrites.replay(io.BytesIO(log), len(log), disk)]


def malformed(log):
    try:
        marks(log)
    except logwrites.Malformed:
        return
    raise AssertionError("a malformed log was read")


def block(letter, sectors=1):
    return letter.encode() * SECTOR * sectors


@test("a mark sees what comes before it and nothing of what comes after")
def in_order():
    log = log_of((1, 1, 0, block("a")), (0, 0, logwrites.MARK, b"one"),
                 (1, 2, logwrites.FUA, block("b", 2)), (0, 0, logwrites.FLUSH, b""),
                 (0, 0, logwrites.MARK, b"two"), (0, 1, 0, block("c")))
    (name, first), (second_name, second) = marks(log)
    equal((name, second_name), ("one", "two"))
    equal(first, (bytes(SECTOR) + block("a")).ljust(8 * SECTOR, b"\0"))
    equal(second, (bytes(SECTOR) + block("b", 2)).ljust(8 * SECTOR, b"\0"))


@test("a discard reads as zeroes and carries no data")
def discard():
    log = log_of((0, 2, 0, block("a", 2)), (1, 1, logwrites.DISCARD, b""),
                 (0, 0, logwrites.MARK, b"end"))
    equal(marks(log)[0][1], block("a").ljust(8 * SECTOR, b"\0"))


@test("sectors of 4096 bytes")
def large_sectors():
    log = log_of((1, 1, 0, b"x" * 4096), (0, 0, logwrites.MARK, b"m"), sector=4096)
    equal(marks(log, 8192)[0][1], bytes(4096) + b"x" * 4096)


@test("a log that is cut short anywhere is malformed")
def cut_short():
    log = log_of((1, 1, 0, block("a")), (0, 0, logwrites.MARK, b"one"))
    for length in (0, 10, SECTOR, 2 * SECTOR, 3 * SECTOR - 1, len(log) - 1):
        malformed(log[:length])


@test("what is no log, or lies, is malformed")
def forged():
    part = (1, 1, 0, block("a"))
    malformed(log_of(part, magic=5))
    malformed(log_of(part, version=2))
    malformed(log_of(part, sector=1000))
    malformed(log_of(part, count=9))
    malformed(log_of((100, 1, 0, block("a"))))
    malformed(log_of((0, 2 ** 50, 0, block("a"))))
    bad = bytearray(log_of((0, 0, logwrites.MARK, b"one")))
    bad[SECTOR + 24:SECTOR + 32] = (5000).to_bytes(8, "little")
    malformed(bytes(bad))


if __name__ == "__main__":
    # Here, not in a node.
    os.environ.pop("LAB", None)
    run(__file__, lambda: nullcontext(()))
