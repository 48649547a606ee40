#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# lab: kernel=um,debug nodes=1 timeout=600 clock=real needs=spec
"""Valid, invalid and random messages to the netlink family, made from its
specification. FUZZ_SEED repeats a run, FUZZ_SECONDS makes it longer. A fixed sequence
comes first, so that its coverage does not depend on chance or on the speed of the
machine. One process is alone in its namespace and checks the state: a refusal changes
nothing, an accepted object is listed, a listing always parses. Others use a second
namespace at the same time, where only the kernel's own checks, the parsing of listings
and the set of errors apply.

The emulated test kernel has the random messages only: the fixed sequence takes it minutes
and needs one processor."""

import contextlib
import errno
import os
import sys
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE + "/../lib")
sys.path.insert(0, HERE)

import links
import steady
from careless import Careless, Sender, plug
from crowd import Result, explain, processes
from directed import Directed
from exact import Exact
from fuzzer import DEVICES
from ktap import equal, run, test, true
from spec import Spec
from talk import LOST, UNPRIVILEGED, Faults, Talker, stranger
from world import Node

SEED = int(os.environ.get("FUZZ_SEED") or time.time_ns() % 1000000007)
SECONDS = int(os.environ.get("FUZZ_SECONDS") or 40)
# Exactly the errors in the table of the documentation.
KNOWN = {0} | {getattr(errno, name) for name in (
    "EINVAL", "ERANGE", "E2BIG", "EEXIST", "ENOENT", "EBUSY", "ENODEV",
    "EADDRNOTAVAIL", "EADDRINUSE", "EOPNOTSUPP", "EAGAIN", "ECANCELED", "ENOSPC", "ENOMEM",
    "ENOBUFS", "EPERM")}
ORDERED = os.environ.get("KERNEL") != "debug"    # is the fixed sequence run


class Found:
    """Results of one test for the next."""

    def __init__(self, one, spec):
        with one:
            self.exact = Exact(spec, SEED, [stranger(*UNPRIVILEGED) for _ in range(2)])
        self.result = Result()


@test("every operation is accepted, is refused, and reports a lack of memory", when=ORDERED)
def each(one, other, spec, found):
    with one:
        Directed(found.exact).go()
    names = {operation.name for operation in found.exact.operations}
    equal(names - found.exact.accepted, set(), "never accepted")
    equal(names - found.exact.refused, set(), "never refused")


@test("random messages violate no invariant")
def everything(one, other, spec, found):
    exact, result = found.exact, found.result
    with processes(result, other, *(lambda number=number: Careless(spec, SEED + number, other)
                                    for number in (1, 2)),
                   lambda: Sender(SEED)), one:
        fault = ""
        try:
            exact.go(SECONDS)
        except Exception:
            fault = traceback.format_exc()
    result.take(Talker.messages, Talker.answers, exact.faults.injected, fault)
    explain(exact, result)
    true(not result.faults, "\n".join(result.faults))


@test("every answered error is documented")
def errors(one, other, spec, found):
    answers = found.result.answers
    for code in (errno.ENOMEM, errno.EPERM, errno.EINVAL, errno.EEXIST, errno.ENOENT) * ORDERED:
        true(answers[code], f"{errno.errorcode[code]} was never answered")
    unknown = set(answers) - KNOWN - {LOST}
    equal([errno.errorcode.get(code, code) for code in unknown], [])


@contextlib.contextmanager
def fixture():
    Faults.prepare()
    # Each commit waits for a grace period.
    with steady.quick():
        nodes = [Node("one"), Node("other")]
        for node in nodes:
            for device in DEVICES[:3]:
                with node:
                    plug(device, node)
            with node:
                links.address("v-c", "10.0.0.1/8")
        Talker.family = nodes[0].braid.family.family
        print(f"# FUZZ_SEED={SEED} FUZZ_SECONDS={SECONDS}", flush=True)
        spec = Spec("braid_net")
        yield (*nodes, spec, Found(nodes[0], spec))
        for node in nodes:
            node.delete()


run(__file__, fixture)
