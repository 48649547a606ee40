#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Writes whose buffers change while they are in flight. Runs in a node.

    changing.py DEVICE BLOCKS WRITES

Writes blocks below BLOCKS, one to eight at a time and past the page cache, from a
buffer that another thread changes without end. What a block holds then is anything
that the buffer held; it has to be the same wherever it is kept. Prints how often the
buffer changed during a write, which is to be nearly always.
"""

import mmap
import os
import random
import sys
import threading

BLOCK = 4096
MOST = 8


class Buffer:
    def __init__(self):
        self.bytes = mmap.mmap(-1, MOST * BLOCK)
        self.changes, self.ended = 0, False
        self.thread = threading.Thread(target=self._change, daemon=True)
        self.thread.start()

    def _change(self):
        while not self.ended:
            self.changes += 1
            filler = self.changes.to_bytes(8, "little") * (BLOCK // 8)
            for block in range(MOST):
                self.bytes[block * BLOCK:(block + 1) * BLOCK] = filler

    def end(self):
        self.ended = True
        self.thread.join()


def main(path, blocks, writes):
    device = os.open(path, os.O_RDWR | os.O_DIRECT)
    chance = random.Random(1)
    buffer = Buffer()
    changed = 0
    for _ in range(writes):
        count = chance.randint(1, MOST)
        block = chance.randrange(blocks - count)
        before = buffer.changes
        with memoryview(buffer.bytes) as view, view[:count * BLOCK] as part:
            if os.pwrite(device, part, block * BLOCK) != count * BLOCK:
                raise OSError(5, "short write")
        changed += buffer.changes != before
    os.fsync(device)
    buffer.end()
    print(changed)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
