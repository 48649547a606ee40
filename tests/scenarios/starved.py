#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# lab: kernel=um,debug nodes=1 timeout=600 clock=real long_kernels=debug
"""Allocations fail in the data path, at the writer and at its targets, which are in one
kernel: I/O may wait, but acknowledged data is there, and everything works again when
there is memory."""

import contextlib
import functools
import os
import sys
import threading

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")

import disks
import failing
from failing import DATA_AT, MIB, SIZE, Log, Volume, for_a_while
from ktap import equal, run, test, true

SLAB, PAGES = (f"/sys/kernel/debug/{name}" for name in ("failslab", "fail_page_alloc"))
SLICE = SIZE + DATA_AT      # MiB of the disk for each replica
VOTERS = 3
PERCENT = 5
ENOUGH = 100                # writes, and objects that were refused
SATED = 400                 # objects after which no more need be
MANY = 1 << 30


class Slice:
    """A part of a disk that uses no memory for a write."""

    def __init__(self, disk, number):
        self.name = f"slice{number}"
        sectors = SLICE * MIB // 512
        self.path = disks.mapped(self.name,
                                 f"0 {sectors} linear {disk} {(number - 1) * sectors}")

    def forget(self):
        disks.unmap(self.name)


def module():
    """The addresses of its code; whose call leads through it, in any context, may fail."""
    with open("/proc/modules", encoding="ascii") as file:
        lines = [line.split() for line in file]
    _, size, *_, begin = next(words[:6] for words in lines if words[0] == "braid_blk")
    return int(begin, 16), int(begin, 16) + int(size)


def setting(place, name, value):
    """Sets a parameter; returns its value before."""
    path = f"{place}/{name}"
    with open(path, encoding="ascii") as file:
        before = file.read().strip()
    with open(path, "w", encoding="ascii") as file:
        file.write(str(value))
    return before


@contextlib.contextmanager
def prepared():
    """Sets which allocations fail after starve()."""
    begin, end = module()
    wanted = {"probability": 0, "verbose": 0, "interval": 1, "space": 0, "times": MANY,
              "task-filter": "N", "ignore-gfp-wait": "N", "stacktrace-depth": 32,
              "require-start": hex(begin), "require-end": hex(end)}
    of_pages = {"min-order": 0, "ignore-gfp-highmem": "N"}
    before = [(place, name, setting(place, name, value)) for place, more in
              ((SLAB, {}), (PAGES, of_pages)) for name, value in (wanted | more).items()]
    try:
        yield
    finally:
        for place, name, value in before:
            setting(place, name, value)


def starve():
    for place in (SLAB, PAGES):
        setting(place, "probability", PERCENT)


def feed():
    for place in (SLAB, PAGES):
        setting(place, "probability", 0)


def failed(place):
    """The number of failed allocations since prepared()."""
    with open(f"{place}/times", encoding="ascii") as file:
        return MANY - int(file.read())


@contextlib.contextmanager
def fixture():
    with failing.place(), prepared(), disks.scratch(VOTERS * SLICE) as disk:
        yield (disk,)


def enough(log):
    # Pages are used again: few are asked for.
    return log.number > 64 + ENOUGH and failed(SLAB) > ENOUGH and failed(PAGES)


def rounds(log, over):
    """Writes, flushes and reads until enough allocations have failed: how many rounds
    did. over: nothing fails any more."""
    errors = 0
    while not (enough(log) and failed(SLAB) > SATED or over.is_set()):
        try:
            log.writes(range(16))
            log.flush()
            for block in range(16):
                equal(log.device.read(block), log.acknowledged[block], f"block {block}")
        except OSError as error:
            print(f"# {error}")
            errors += 1
    return errors


@test("allocations fail under I/O at both ends, and nothing that was acknowledged is lost")
def starved(disk):
    over = threading.Event()

    def end():
        over.set()
        feed()

    with failing.made(*[functools.partial(Slice, disk)] * VOTERS) as stores, \
            Volume(stores).attached() as db:
        log = Log(db.device)
        log.writes()
        log.flush()
        with for_a_while(starve, end):
            errors = rounds(log, over)
        print(f"# {log.number} writes, {errors} rounds with an error; {failed(SLAB)} objects "
              f"and {failed(PAGES)} pages were refused; members {db.isr()}")
        true(enough(log), "too little was written or refused to prove anything")
        equal(errors, 0, "errors that went upward")
        log.writes()
        log.flush()
        log.check_device()
        members = db.isr()
        log.close()
        db.detach()
        db.attach()
        log.again()
        log.check_device()
        log.close()
        db.detach()
        db.close()
        for member in members:
            log.check_store(stores[member - 1].path, DATA_AT * MIB)


if __name__ == "__main__":
    run(__file__, fixture)
