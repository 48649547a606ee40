#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# test: timeout=600 inputs=tests/sim,tests/lib
"""The checker of histories: what is right passes, each kind of violation that is planted is
found and called by its name, and so are violations planted in histories made at random."""

import os
import random
import sys
from contextlib import nullcontext

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, f"{HERE}/../lib"]

import checker
import history
from ktap import equal, run, test, true

ALL = "isr 1,2,3\nattach 1 1\n"


def found(text):
    """The kind of the violation, or None."""
    wrong = checker.check(history.parse(text.splitlines()))
    if wrong:
        true(wrong.kind in checker.KINDS, wrong.kind)
    return wrong.kind if wrong else None


def right(*histories):
    for text in histories:
        equal(found(ALL + text), None, text)


def wrong(kind, *histories):
    for text in histories:
        equal(found(ALL + text), kind, text)


WRITE_1 = "ask 1 1 write 0 11\nok 1\n"
WRITE_2 = "ask 2 1 write 0 12\nok 2\n"
FAILED = "ask 9 1 write 0 19\nfail 9\n"
FLUSH = "ask 5 1 flush\nok 5\n"
SECOND = "attach 2 2\n"


def read(number, value, attachment=1, block=0):
    return f"ask {number} {attachment} read {block}\nok {number} {value}\n"


@test("what was written last is read, and nothing before it")
def plain():
    right("", read(1, 0), WRITE_1 + read(3, 11), WRITE_1 + WRITE_2 + read(3, 12),
          WRITE_1 + read(3, 0, block=1))
    wrong("stale read", WRITE_1 + read(3, 0), WRITE_1 + WRITE_2 + read(3, 11))


@test("operations that overlap have any order, but one")
def overlapping():
    both = "ask 1 1 write 0 11\nask 2 1 write 0 12\nok 1\nok 2\n"
    right(both + read(3, 11), both + read(3, 12), both + read(3, 12) + read(4, 12))
    wrong("vanished value", both + read(3, 12) + read(4, 11))
    right("ask 1 1 write 0 11\n" + read(3, 0) + read(4, 11) + "ok 1\n")
    wrong("vanished value", "ask 1 1 write 0 11\n" + read(3, 11) + read(4, 0) + "ok 1\n")
    # A read that overlaps two writes may see the first of them.
    right("ask 3 1 read 0\n" + WRITE_1 + WRITE_2 + "ok 3 11\n",
          "ask 3 1 read 0\n" + WRITE_1 + WRITE_2 + "ok 3 0\n")


@test("a write that failed has taken effect, or does it later, or never")
def failed():
    right(WRITE_1 + FAILED + read(3, 11) + read(4, 19), WRITE_1 + FAILED + read(3, 19),
          WRITE_1 + FAILED + SECOND + read(3, 19, 2), WRITE_1 + FAILED + SECOND + read(3, 11, 2))
    # And is overwritten as any other.
    right(WRITE_1 + FAILED + WRITE_2 + read(3, 12))


@test("a failed write of an earlier attachment stays away from what a later one has served")
def resurrected():
    wrong("resurrected write",
          WRITE_1 + FAILED + SECOND + read(3, 11, 2) + read(4, 19, 2),
          WRITE_1 + FAILED + SECOND + "ask 6 2 write 0 16\nok 6\n" + read(4, 19, 2),
          FAILED + SECOND + read(3, 0, 2) + "attach 3 3\n" + read(4, 19, 3))
    # Another block is none of its concern.
    right(WRITE_1 + FAILED + SECOND + read(3, 0, 2, block=1) + read(4, 19, 2))


@test("an acknowledged write is there after an attach as long as one node kept it")
def lost():
    cuts = "cut 1\ncut 2\n"
    right(WRITE_1 + cuts + SECOND + read(3, 11, 2))
    wrong("lost write", WRITE_1 + SECOND + read(3, 0, 2), WRITE_1 + cuts + SECOND + read(3, 0, 2),
          WRITE_1 + WRITE_2 + cuts + SECOND + read(3, 11, 2),
          # A power loss before the acknowledgement does not count.
          cuts + WRITE_1 + "cut 3\n" + SECOND + read(3, 0, 2))
    right(WRITE_1 + cuts + "cut 3\n" + SECOND + read(3, 0, 2),
          WRITE_1 + "cut 3\n" + cuts + SECOND + read(3, 11, 2),
          WRITE_1 + "isr 1,2\n" + WRITE_2 + cuts + SECOND + read(3, 11, 2),
          "isr ?\n" + WRITE_1 + "cut 3\n" + SECOND + read(3, 0, 2),
          # The last one that kept it goes before the block has served the attachment.
          WRITE_1 + cuts + SECOND + "cut 3\n" + read(3, 0, 2))
    wrong("vanished value", WRITE_1 + cuts + SECOND + read(3, 11, 2) + "cut 3\n" + read(4, 0, 2))
    wrong("lost write", "isr ?\n" + WRITE_1 + SECOND + read(3, 0, 2))
    # What is lost is lost at an attach, and what is left is a state that there was.
    wrong("stale read", WRITE_1 + cuts + "cut 3\n" + read(3, 0))
    wrong("vanished value", WRITE_1 + WRITE_2 + cuts + "cut 3\n" + SECOND + read(3, 11, 2) +
          read(4, 0, 2))


@test("what was flushed or written with FUA outlives the power of all nodes")
def flushed():
    cuts = "cut 1\ncut 2\ncut 3\n"
    for durable in (WRITE_1 + FLUSH, "ask 1 1 fua 0 11\nok 1\n"):
        right(durable + cuts + SECOND + read(3, 11, 2),
              durable + WRITE_2 + cuts + SECOND + read(3, 11, 2))
        wrong("lost flushed write", durable + cuts + SECOND + read(3, 0, 2),
              durable + WRITE_2 + cuts + SECOND + read(3, 0, 2))
    # A flush covers what was acknowledged before it was asked, if it succeeded.
    right("ask 1 1 write 0 11\nask 5 1 flush\nok 1\nok 5\n" + cuts + SECOND + read(3, 0, 2),
          WRITE_1 + "ask 5 1 flush\nfail 5\n" + cuts + SECOND + read(3, 0, 2))


@test("a value that was read does not vanish")
def vanished():
    cuts = "cut 1\ncut 2\ncut 3\n"
    wrong("vanished value", FAILED + read(3, 19) + read(4, 0),
          FAILED + SECOND + read(3, 19, 2) + read(4, 0, 2),
          FAILED + read(3, 19) + "cut 1\n" + SECOND + read(4, 0, 2),
          # What an attachment read of an earlier one lasts as if it was flushed.
          WRITE_1 + SECOND + read(3, 11, 2) + cuts + "attach 3 3\n" + read(4, 0, 3))
    right(WRITE_1 + read(3, 11) + cuts + SECOND + read(4, 0, 2))


@test("a block of two pieces and a value from nowhere are found")
def torn():
    wrong("torn block", WRITE_1 + read(3, "torn"))
    wrong("invented value", WRITE_1 + read(3, 4711), "ask 1 1 write 1 11\nok 1\n" + read(3, 11))


@test("two writers are found")
def writers():
    wrong("two writers", SECOND + WRITE_1, WRITE_1 + SECOND + FLUSH)
    # What was asked before may be answered after, if it took effect before the block
    # has served anything since.
    begun = "ask 1 1 write 0 11\n" + SECOND
    right(begun + "ok 1\n" + read(3, 11, 2), begun + read(3, 11, 2) + "ok 1\n",
          begun + "ask 2 2 write 0 12\nok 2\nok 1\n" + read(3, 12, 2))
    wrong("two writers", begun + read(3, 0, 2) + "ok 1\n")
    wrong("stale read", begun + "ask 2 2 write 0 12\nok 2\nok 1\n" + read(3, 11, 2))


@test("what is no history is refused with the line")
def malformed():
    for text, words in (
            ("bogus 1", "unknown event 'bogus'"), ("ask 1 1 write 0", "too few or too many"),
            ("ask 1 1 chew 0 1", "'chew' is none of"), ("ask x 1 flush", "'x' is no number"),
            ("ok 1", "1 was not asked"), (WRITE_1 + "ok 1", "answered twice"),
            (WRITE_1 + "ask 1 1 flush", "was asked before"),
            (WRITE_1 + "ask 2 1 write 3 11", "11 was written before"),
            ("ask 1 2 flush", "does not serve yet"), ("attach 1 1", "is not above 1"),
            ("ask 1 1 read 0\nok 1", "needs a value"), ("ask 1 1 flush\nok 1 2", "has no value"),
            ("ask 1 1 write 0 0", "'0' is no number from 1"), ("isr 1,,2", "'' is no number")):
        try:
            history.parse((ALL + text).splitlines())
        except history.Malformed as error:
            true(words in str(error) and str(error).startswith(f"line {len((ALL + text).splitlines())}"),
                 f"{text}: {error}")
        else:
            raise AssertionError(f"taken: {text}")


# ---- at random ----

class Disk:
    """A volume that keeps its promises, and the history of what is asked of it."""

    def __init__(self, seed):
        self.chance = random.Random(seed)
        self.lines = ["isr 1,2,3", "attach 1 1"]
        self.number = self.attachment = 1
        self.blocks = {}        # values from the last durable one on
        self.written = {0: 0}   # the attachment of a value
        self.flying = []        # (ID, kind, block, value), asked and not answered

    def ask(self):
        self.number += 1
        kind = self.chance.choice(("write", "write", "read", "read", "fua", "flush"))
        block = self.chance.randrange(3)
        # Overlapping ones wait for one another in front of the disk, some of the time.
        if kind != "flush" and self.chance.random() < .5 and any(
                each[2] == block for each in self.flying):
            return
        self.written[self.number] = self.attachment
        words = {"flush": "", "read": f" {block}"}.get(kind, f" {block} {self.number}")
        self.lines.append(f"ask {self.number} {self.attachment} {kind}{words}")
        self.flying.append((self.number, kind, block, self.number))

    def answer(self):
        """It takes effect now."""
        number, kind, block, value = self.flying.pop(self.chance.randrange(len(self.flying)))
        chain = self.blocks.setdefault(block, [0])
        if kind == "read":
            self.lines.append(f"ok {number} {chain[-1]}")
            if self.written[chain[-1]] < self.attachment:
                del chain[:-1]
            return
        if kind == "flush":
            # More than it has to, which is not wrong.
            self.blocks = {each: values[-1:] for each, values in self.blocks.items()}
        else:
            chain.append(value)
            if kind == "fua":
                self.blocks[block] = [value]
        self.lines.append(f"ok {number}")

    def crash(self):
        """Its writer is gone, or all the power; what was in flight took effect or not."""
        for number, kind, block, value in self.flying:
            self.lines.append(f"fail {number}")
            if kind in ("write", "fua") and self.chance.random() < .5:
                self.blocks.setdefault(block, [0]).append(value)
        self.flying = []
        if self.chance.random() < .5:
            self.lines += [f"cut {node}" for node in (1, 2, 3)]
            for block, chain in self.blocks.items():
                self.blocks[block] = chain[:self.chance.randint(1, len(chain))]
        self.attachment += 1
        self.lines.append(f"attach {self.attachment} {self.attachment % 3 + 1}")

    def run(self, steps):
        for _ in range(steps):
            what = self.chance.random()
            if what < .03:
                self.crash()
            elif what < .5 and self.flying:
                self.answer()
            elif len(self.flying) < 4:
                self.ask()
        return self.lines


@test("600 histories at random of a volume that keeps its promises pass")
def good_at_random():
    for seed in range(600):
        lines = Disk(seed).run(150)
        equal(found("\n".join(lines)), None, f"seed {seed}")


@test("a read at random that is made older than a flush before it is found")
def bad_at_random():
    planted = 0
    for seed in range(300):
        lines = Disk(seed).run(150)
        # Quiet, a flush, a read; then the block is what it was before.
        end = ("attach 900 1\nask 9001 900 write 0 90001\nok 9001\n"
               "ask 9002 900 fua 0 90002\nok 9002\ncut 1\ncut 2\ncut 3\nattach 901 2\n"
               "ask 9003 901 read 0\nok 9003 ")
        text = "\n".join(lines) + "\n" + end
        equal(found(text + "90002\n"), None, f"seed {seed}")
        equal(found(text + "90001\n"), "lost flushed write", f"seed {seed}")
        older = [line.split()[5] for line in lines if " write 0 " in line]
        if older:
            planted += 1
            true(found(text + older[-1] + "\n"), f"seed {seed}: {older[-1]}")
    true(planted > 250, f"{planted} histories")


if __name__ == "__main__":
    # Here, not in a node.
    os.environ.pop("LAB", None)
    run(__file__, lambda: nullcontext(()))
