#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""A process that needs more memory than there is. Runs in a node.

    hunger.py swap LEAVE MIB          uses MIB, reads it back
    hunger.py file LEAVE MIB PATH     writes a file of MIB, reads it back

First it locks all memory but LEAVE MiB, so that the rest has to be freed by writing
to the swap device, or to the file system that PATH is on. Prints the MiB that were
in the swap device when all was in use.
"""

import mmap
import os
import sys

from blocks import BLOCK, content, meaning

MIB = 1 << 20
MAP_LOCKED = 0x2000     # <asm-generic/mman.h>
PIECE = 256


def memory():
    """/proc/meminfo in MiB."""
    with open("/proc/meminfo", encoding="ascii") as file:
        lines = [line.split() for line in file]
    return {words[0].rstrip(":"): int(words[1]) // 1024 for words in lines}


def lock_all_but(leave):
    """Holds the memory."""
    held = []
    while memory()["MemAvailable"] > leave:
        size = min(memory()["MemAvailable"] - leave, 16)
        held.append(mmap.mmap(-1, max(size, 1) * MIB, flags=mmap.MAP_PRIVATE |
                              mmap.MAP_ANONYMOUS | MAP_LOCKED))
    return held


def check(block, data, number):
    if meaning(data, block) != number:
        sys.exit(f"page {block} does not hold {number}")


def swap(mib):
    pages = mib * MIB // BLOCK
    room = mmap.mmap(-1, mib * MIB, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    for page in range(pages):
        room[page * BLOCK:(page + 1) * BLOCK] = content(page, 1)
    used = memory()
    for page in range(pages):
        check(page, room[page * BLOCK:(page + 1) * BLOCK], 1)
    print(used["SwapTotal"] - used["SwapFree"])


def file(mib, path):
    blocks = mib * MIB // BLOCK
    with open(path, "wb") as out:
        for first in range(0, blocks, PIECE):
            out.write(b"".join(content(block, 3) for block in range(first, first + PIECE)))
        out.flush()
        os.fsync(out.fileno())
        os.posix_fadvise(out.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    with open(path, "rb") as back:
        for block in range(blocks):
            check(block, back.read(BLOCK), 3)


def main(word, leave, mib, *path):
    held = lock_all_but(int(leave))
    (swap if word == "swap" else file)(int(mib), *path)
    del held


if __name__ == "__main__":
    main(*sys.argv[1:])
