#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# test: timeout=600 needs=modules-um,root
"""The disks of the simulation (module/): what was flushed outlives every cut, what was not
may be lost, a block is whole; and each disk that is broken on purpose is noticed. Runs
itself in the test kernel as a process."""

import os
import random
import sys
import time
from contextlib import contextmanager

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, f"{HERE}/../lib"]

import simdev
from ktap import equal, run, test, true

BLOCKS = 32
MOST = 16       # blocks of one request
SEEDS = 15
STEPS = 40
LONG = 10       # virtual seconds, longer than any request
KINDS = ("write",) * 4 + ("fua", "zero", "discard", "flush")


class Wrong(AssertionError):
    """The disk did not keep its promise."""


class Disk:
    """Platter 0 in a drive, with a client. A block may hold what one of its writes left
    there: its writes are numbered, and each number is the value, or 0 for zeroes."""

    def __init__(self, device, seed):
        self.device, self.chance = device, random.Random(seed)
        self.writes = {block: [0] for block in range(BLOCKS)}
        self.value = {0: "0"}
        self.flying = {}        # ID -> (kind, {block: number of its write})
        self.answers = {}
        self.number = 0
        device.say("platter", 0, "make", BLOCKS * 4096)
        self.plug()

    def plug(self):
        self.device.say("drive", 0, "add", 0, self.chance.randrange(1 << 30))
        self.device.say("client", 0, "open", "/dev/sim0")

    def cut(self):
        self.device.say("drive", 0, "cut", self.chance.randrange(1 << 30))
        self.unplug()
        self.listen()
        self.flying = {}

    def unplug(self):
        self.device.say("client", 0, "close")
        self.device.say("drive", 0, "remove")

    def end(self):
        self.unplug()
        self.device.say("platter", 0, "drop")
        self.device.heard()

    def busy(self, block):
        return any(block in blocks for kind, blocks in self.flying.values() if kind != "flush")

    def ask(self, kind, block=0, count=1):
        first = self.number + 1
        self.number += count
        if kind == "flush":
            # It covers what was answered before.
            blocks = {each: writes[-1] for each, writes in self.writes.items()
                      if not self.busy(each)}
            count = 0
        else:
            blocks = {block + at: first + at for at in range(count)}
        self.flying[first] = kind, blocks
        for each, number in () if kind in ("flush", "read") else blocks.items():
            self.writes[each].append(number)
            self.value[number] = "0" if kind in ("zero", "discard") else str(number)
        self.device.say("client", 0, kind, first, block, count, first)
        return first

    def listen(self):
        for what, number, *more in self.device.heard():
            number = int(number)
            if what == "ok":
                self.answers[number] = more[0]
            if what in ("ok", "done", "fail"):
                kind, blocks = self.flying.pop(number, ("", {}))
                if what == "done" and kind in ("flush", "fua"):
                    self.durable(blocks)

    def durable(self, blocks):
        for block, number in blocks.items():
            if number in self.writes[block]:
                del self.writes[block][:self.writes[block].index(number)]

    def settle(self):
        end = time.monotonic() + LONG
        while self.flying and time.monotonic() < end:
            self.device.wait(1)
            self.listen()
        equal(self.flying, {}, "not answered")

    def step(self):
        kind = self.chance.choice(KINDS)
        count = 1 if kind == "flush" else self.chance.randint(1, 3)
        block = self.chance.randrange(BLOCKS - count)
        if not any(self.busy(block + at) for at in range(count)):
            self.ask(kind, block, count)
        self.device.wait(self.chance.choice((0, .0001, .0003)))
        self.listen()

    def check(self):
        """What the blocks hold is what they may; returns how many lost something."""
        lost, numbers = 0, {}
        for block in range(0, BLOCKS, MOST):
            first = self.ask("read", block, MOST)
            numbers |= {block + at: first + at for at in range(MOST)}
        self.settle()
        for block, writes in self.writes.items():
            number = numbers[block]
            may, got = [self.value[each] for each in writes], self.answers.get(number)
            if got not in may:
                raise Wrong(f"block {block} holds {got}, and may hold {may}")
            lost += got != may[-1]
            # It is durable: it is all that the new drive has.
            self.value[number] = got
            self.writes[block] = [number]
        return lost


def trial(device, seed):
    """A few cuts; returns the number of blocks that lost something."""
    disk, lost = Disk(device, seed), 0
    try:
        for _ in range(3):
            for _ in range(STEPS):
                disk.step()
            disk.cut()
            disk.plug()
            lost += disk.check()
    finally:
        disk.end()
    return lost


def trials(device):
    return sum(trial(device, seed) for seed in range(SEEDS))


@contextmanager
def broken(how):
    with open(simdev.BROKEN, "w", encoding="ascii") as file:
        file.write(how)
    try:
        yield
    finally:
        with open(simdev.BROKEN, "w", encoding="ascii") as file:
            file.write("\n")


@test("after a cut each block holds what was durable or written since, and some lost something")
def cuts(device):
    true(trials(device) > SEEDS, "next to nothing was lost")


@test("a disk that flushes nothing, or not all, forgets FUA or tears a block is noticed")
def noticed(device):
    for how in "flush", "early", "fua", "tear":
        with broken(how):
            try:
                trials(device)
            except Wrong:
                continue
        raise AssertionError(f"a disk broken by '{how}' passed {SEEDS} trials")


@test("a disk that loses nothing is noticed")
def keeps(device):
    with broken("keep"):
        # What was on its way is lost all the same.
        lost = trials(device)
    true(lost < trials(device) / 2, f"{lost} blocks lost something")


@contextmanager
def one_disk(device):
    disk = Disk(device, 1)
    try:
        yield disk
    finally:
        disk.end()


def outcome(disk, *asked):
    disk.ask(*asked)
    end = time.monotonic() + LONG
    while time.monotonic() < end:
        for what, number, *_ in disk.device.heard():
            if int(number) == disk.number and what in ("ok", "done", "fail"):
                disk.flying.clear()
                return what
        disk.device.wait(1)
    return "nothing"


@test("reads, writes and flushes fail when they are to, and only those")
def fails(device):
    with one_disk(device) as disk:
        for fail, wanted in (((100, 0, 0), "fail done done"), ((0, 100, 0), "ok fail done"),
                             ((0, 0, 100), "ok done fail"), ((0, 0, 0), "ok done done")):
            device.say("drive", 0, "fail", *fail)
            got = [outcome(disk, kind) for kind in ("read", "write", "flush")]
            equal(got, wanted.split(), f"{fail}")


@test("a full disk takes what it has room for")
def full(device):
    with one_disk(device) as disk:
        outcome(disk, "write", 1)
        device.say("drive", 0, "full", 1)
        equal([outcome(disk, "write", block) for block in (1, 2)], ["done", "fail"])
        equal(outcome(disk, "zero", 2), "done")


@test("a disk that hangs answers when it goes on, or fails when it is removed")
def hangs(device):
    with one_disk(device) as disk:
        device.say("drive", 0, "hang", 1)
        number = disk.ask("write", 3)
        equal(list(device.sleep_until(time.monotonic() + LONG)), [["ask", str(number)]])
        device.say("drive", 0, "hang", 0)
        device.wait(LONG)
        equal(device.heard(), [["done", str(number), "1"]])
        device.say("drive", 0, "hang", 1)
        number = disk.ask("write", 3)
        disk.unplug()
        device.wait(LONG)
        equal(device.heard(), [["ask", str(number)], ["fail", str(number), "1"]])
        disk.plug()


@test("a slow disk takes the time that it is told")
def slow(device):
    with one_disk(device) as disk:
        device.say("drive", 0, "slow", 2000000, 3000000)
        begin = time.monotonic()
        equal(outcome(disk, "write", 3), "done")
        true(2 <= time.monotonic() - begin <= 3.1, f"{time.monotonic() - begin} s")


@test("what is no command is refused")
def refused(device):
    for words in ("", "platter", "platter 0 make 5", "platter 64 make 4096", "drive 0 add 0 1",
                  "drive 0 cut 1", "client 0 open /dev/none", "client 0 close", "link 1 2 cut",
                  "link 1 99 cut 1", "bogus 1 2", "note", "note a b"):
        try:
            device.say(words)
        except OSError:
            continue
        raise AssertionError(f"taken: {words}")


@contextmanager
def fixture():
    simdev.load("braid_sim")
    device = simdev.Device()
    try:
        yield (device,)
    finally:
        device.close()


if __name__ == "__main__":
    simdev.inside(__file__)
    run(__file__, fixture)
