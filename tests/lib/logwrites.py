# SPDX-License-Identifier: GPL-2.0-only
"""Reads what dm-log-writes has logged below a device: what was durable, and when.

The target logs a write when it has been flushed or had FUA, so the log up to any
entry is what a disk with a volatile cache is sure to hold at that moment. Form:
Documentation/admin-guide/device-mapper/log-writes.rst of the kernel, and its source.
"""

import struct

MAGIC = 0x6A736677736872
SUPER = struct.Struct("<QQQI")
ENTRY = struct.Struct("<QQQQ")
FLUSH, FUA, DISCARD, MARK, METADATA = (1 << n for n in range(5))
SECTORS = 512, 4096


class Malformed(Exception):
    """The log is invalid or truncated."""


class Entry:
    """One write: offset and length in bytes; data is empty for flushes, discards and
    marks; name is a mark's."""

    def __init__(self, offset, length, flags, data, name):
        self.offset, self.length, self.flags = offset, length, flags
        self.data, self.name = data, name


def _read(file, at, length, size):
    if at + length > size:
        raise Malformed(f"{length} bytes at {at}, the log has {size}")
    file.seek(at)
    data = file.read(length)
    if len(data) != length:
        raise Malformed(f"the log ends at {at + len(data)}")
    return data


def entries(file, size):
    """The entries of a log of SIZE bytes, in order."""
    magic, version, count, sector = SUPER.unpack(_read(file, 0, SUPER.size, size))
    if magic != MAGIC or version != 1:
        raise Malformed("no log of dm-log-writes")
    if sector not in SECTORS:
        raise Malformed(f"sectors of {sector} bytes")
    at = sector
    for _ in range(count):
        head = _read(file, at, sector, size)
        first, sectors, flags, extra = ENTRY.unpack_from(head)
        at += sector
        name = None
        if flags & MARK:
            if extra > sector - ENTRY.size:
                raise Malformed(f"a mark of {extra} bytes")
            name = head[ENTRY.size:ENTRY.size + extra].split(b"\0")[0].decode()
        length = sectors * sector
        data = b""
        if not flags & DISCARD:
            data = _read(file, at, length, size)
            at += length
        yield Entry(first * sector, length, flags, data, name)


class Disk:
    """The content that is durable so far."""

    def __init__(self, size):
        self.image = bytearray(size)

    def apply(self, entry):
        if entry.offset + entry.length > len(self.image):
            raise Malformed(f"a write at {entry.offset} past the end")
        if entry.flags & DISCARD:
            self.image[entry.offset:entry.offset + entry.length] = bytes(entry.length)
        else:
            self.image[entry.offset:entry.offset + len(entry.data)] = entry.data


def replay(file, size, disk):
    """Yields the name of each mark, with DISK set to the durable content at the mark."""
    for entry in entries(file, size):
        if entry.name is not None:
            yield entry.name
        else:
            disk.apply(entry)
