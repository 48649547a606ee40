#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Numbered blocks on a block device, past the page cache. Runs in a node.

    blocks.py write DEVICE BLOCKS SEED [FLUSH]   until it is killed or an I/O fails
    blocks.py once DEVICE BLOCK NUMBER           one block
    blocks.py read DEVICE BLOCKS                 what each block holds

`write` writes blocks below BLOCKS in random order, each with a number higher than
any before, and prints a line before and after each: "w BLOCK NUMBER" and
"a BLOCK NUMBER"; after every FLUSH blocks it flushes the device and prints "f".
When a write fails it prints "e ERRNO" and ends. `read` prints "BLOCK NUMBER" lines;
the number is 0 if nothing was written, "torn" if the block is not of one piece.
"""

import mmap
import os
import random
import struct
import sys

BLOCK = 4096
HEAD = struct.Struct("<QQ")


def content(block, number):
    return HEAD.pack(block, number) * (BLOCK // HEAD.size)


def meaning(data, block):
    """The number in a block's data, or None if the block has no number."""
    if not any(data):
        return 0
    found, number = HEAD.unpack_from(data)
    return number if found == block and data == content(block, number) else None


class Device:
    def __init__(self, path):
        self.fd = os.open(path, os.O_RDWR | os.O_DIRECT)
        self.buffer = mmap.mmap(-1, BLOCK)

    def write(self, block, number):
        self.buffer[:] = content(block, number)
        if os.pwrite(self.fd, self.buffer, block * BLOCK) != BLOCK:
            raise OSError(5, "short write")

    def read(self, block):
        if os.preadv(self.fd, [self.buffer], block * BLOCK) != BLOCK:
            raise OSError(5, "short read")
        return meaning(self.buffer[:], block)


def say(text):
    os.write(1, f"{text}\n".encode())


def write(path, blocks, seed, flush):
    device = Device(path)
    chance = random.Random(seed)
    number = seed << 32
    try:
        while True:
            number += 1
            block = chance.randrange(blocks)
            say(f"w {block} {number}")
            device.write(block, number)
            say(f"a {block} {number}")
            if flush and number % flush == 0:
                os.fsync(device.fd)
                say("f")
    except OSError as error:
        say(f"e {error.errno}")


def read(path, blocks):
    device = Device(path)
    lines = []
    for block in range(blocks):
        number = device.read(block)
        lines.append(f"{block} {'torn' if number is None else number}")
    say("\n".join(lines))


def main(word, path, *more):
    numbers = [int(text) for text in more]
    if word == "write":
        write(path, numbers[0], numbers[1], numbers[2] if numbers[2:] else 0)
    elif word == "once":
        Device(path).write(*numbers)
    elif word == "read":
        read(path, *numbers)
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main(*sys.argv[1:])
