# SPDX-License-Identifier: GPL-2.0-only
"""Crash cases of Documentation/volumes.md as plans: what happens is written down, when it
happens is not left to chance. Nodes 1 to 3 are voters, node 4 only writes. At the end of
each everything is well again, the volume is served by two nodes, one after the other, and
all of it is read."""

from itertools import permutations

from plan import Plan

LOSE, KEEP = 0, 1       # all that was not flushed, or nothing
LEASE = ("sleep", 9000)
ANSWERED = ("answered",)
FLUSH = ("io", "flush", 0, 0, 0)
CASES = []              # (what is true, plan, what is known to be wrong)


def write(*blocks):
    return [("io", "write", block, 1, 0) for block in blocks]


def read(*blocks):
    return [("io", "read", block, 1, 0) for block in blocks] + [ANSWERED]


def serve(node):
    return [("ensure", node), ("await",)]


def cut(node, loss=LOSE):
    return "cut", node, node, loss


def on(*nodes):
    return [("on", node, node) for node in nodes]


def apart(one, other, down):
    return "links", ((one, other), (other, one)), down


def case(what, witnesses=(), known=""):
    def register(function):
        steps = [(0, *step) for step in function()]
        CASES.append((what, Plan(1000 + len(CASES), 3, set(witnesses), 1, steps), known))
        return function
    return register


@case("1: the writer dies between the local and the remote write")
def local_only():
    return [*serve(1), *write(0), ANSWERED, ("isolate", 1, 1), *write(0, 70), ("sleep", 50),
            cut(1, KEEP), ("isolate", 1, 0), LEASE, *serve(2), *read(0, 70), *on(1),
            *read(0, 70)]


@case("2: the writer dies after the acknowledgement, before the clear")
def uncleared():
    return [*serve(1), *write(0, 70), ANSWERED, cut(1), LEASE, *serve(2), *read(0, 70), *on(1),
            *write(70), *read(0, 70)]


@case("3: a replica loses power with cached writes and is back within a second")
def back_at_once():
    return [*serve(4), *write(0, 70), ANSWERED, cut(3), ("sleep", 500), *on(3), *write(140),
            FLUSH, ANSWERED, LEASE, cut(1), cut(2), *on(1, 2), *read(0, 70, 140)]


@case("5: the writer is cut off from the majority, but not from one replica")
def minority():
    return [*serve(4), *write(0), ANSWERED, apart(4, 2, 1), apart(4, 3, 1), *write(0, 70),
            ("sleep", 12000), ("attach", 2, "takeover"), ("sleep", 3000), *write(140),
            ("sleep", 100), apart(4, 2, 0), apart(4, 3, 0), ("sleep", 3000), *read(0, 70, 140)]


@case("7: the new writer dies while it reconciles")
def dies_again():
    return [*serve(4), *write(0, 70, 140, 200), ("sleep", 1), cut(4), *on(4), LEASE,
            ("wires", 300000), *serve(4), cut(4), ("wires", 0), *on(4), LEASE, *serve(1),
            *read(0, 70, 140, 200)]


@case("7: it does not forget which replica kept its cache")
def forgets():
    return [*serve(4), *write(0, 70, 140, 200), ANSWERED, cut(4), cut(1), ("sleep", 200),
            *on(1, 4), LEASE, ("wires", 400000), *serve(4), cut(4), ("wires", 0), *on(4),
            LEASE, LEASE, *serve(4), *read(0, 70, 140, 200)]


@case("3: the writer's node is back, and the replica that is copied from goes silent")
def source_goes():
    return [*serve(1), *write(133), FLUSH, ANSWERED, *write(133), ANSWERED,
            ("wire", 2, 1, 0, 400000), cut(1), *on(1), LEASE, *serve(1), *read(133)]


@case("10: two nodes attach at once")
def at_once():
    return [("attach", 1, "takeover"), ("attach", 2, "takeover"), ("attach", 4, "takeover"),
            ("await",), *write(0, 70), ("sleep", 100), *write(0), ("sleep", 3000), *read(0, 70)]


@case("13: a flush fails on one of three members")
def flush_fails():
    return [*serve(4), *write(0, 70), ANSWERED, ("fail", 2, 0, 0, 100), FLUSH, ANSWERED,
            ("fail", 2, 0, 0, 0), *write(0), ANSWERED, cut(1), cut(3), *on(1, 3), LEASE,
            *serve(4), *read(0, 70)]


@case("14: a thin replica runs out of space")
def no_space():
    return [*serve(4), *write(0), ANSWERED, ("full", 2, 1), *write(70, 0), ANSWERED,
            ("full", 2, 0), *write(140), *read(0, 70, 140)]


@case("16: the whole cluster loses power and one node stays away")
def all_dark():
    return [*serve(4), *write(0, 70), FLUSH, ANSWERED, *write(70, 140), ANSWERED,
            ("cutall", 16), *on(2, 3, 4), LEASE, *serve(4), *read(0, 70, 140), *on(1),
            LEASE, cut(2), cut(3), *on(2, 3), *read(0, 70, 140)]


@case("17, 20: A leaves, a write, B leaves, A comes back alone: it refuses", witnesses={3})
def alone():
    return [*serve(4), *write(0), ANSWERED, cut(2), *write(0, 70), ANSWERED, cut(1), cut(4),
            *on(2, 4), LEASE, LEASE, ("refused", 4, "takeover"), ("refused", 2, "takeover"),
            *on(1), *serve(4), *read(0, 70)]


@case("19: detach by force with I/O suspended")
def suspended():
    return [*serve(4), *write(0), ANSWERED, ("isolate", 4, 1), *write(0, 70), LEASE,
            ("detach", 4, True), ("sleep", 1000), ("isolate", 4, 0), *serve(1), *read(0, 70)]


@case("21: a voter restarts within a lease that it granted: attach elsewhere is refused")
def restarts():
    return [*serve(4), *write(0), ANSWERED, cut(1), cut(2), ("sleep", 20), *on(1, 2),
            ("refused", 3, ""), ("sleep", 3000), *read(0)]


@case("28: a stray PREPARE of a node that hears nothing")
def stray():
    deaf = tuple((other, 2) for other in (1, 3, 4))
    return [*serve(4), *write(0), ANSWERED, ("links", deaf, 1), ("attach", 2, "takeover"),
            ("sleep", 15000), *write(70), ("sleep", 100), ("links", deaf, 0), ("sleep", 5000),
            *write(0), ("sleep", 1000), *read(0, 70)]


def two_failures():
    for one, other in permutations((1, 2, 3), 2):
        yield from [*serve(4), *write(0), FLUSH, ANSWERED, cut(one), *write(0, 70),
                    ("sleep", 4000), cut(other), *write(70), ("sleep", 4000), *on(one),
                    ("sleep", 4000), *on(other), LEASE, *serve(4), *read(0, 70)]


case("29: two data replicas and a witness: two failures and a return",
     witnesses={3})(two_failures)
