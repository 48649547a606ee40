#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# lab: kernel=debug nodes=1 cpus=2 timeout=600 needs=spec
"""What the netlink family makes of right, wrong and random messages, made from its
specification. FUZZ_SEED repeats a run, FUZZ_SECONDS makes it longer. What has to be
seen is made to happen first; chance only adds to it, on however slow a machine.

One process knows all that happens in its namespace and checks it: what is refused
has changed nothing, what is accepted shows up, a listing always parses. Others
disturb a second namespace all at once: there only the kernel's own checks, the
parsing of listings and the errors known hold.
"""

import contextlib
import errno
import multiprocessing
import os
import socket
import sys
import time
import traceback
from collections import Counter

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE + "/../lib")
sys.path.insert(0, HERE)

import links
from careless import Careless, Sender, plug
from directed import Directed
from exact import Exact
from fuzzer import DEVICES
from ktap import equal, run, test, true
from netns import LONG, libc
from spec import Spec
from talk import LOST, Faults, Talker
from world import Node

SEED = int(os.environ.get("FUZZ_SEED") or time.time_ns() % 1000000007)
SECONDS = int(os.environ.get("FUZZ_SECONDS") or 40)
CLONE_NEWUSER = 0x10000000
# What the documentation has in its table of errors, and no other.
KNOWN = {0} | {getattr(errno, name) for name in (
    "EINVAL", "ERANGE", "E2BIG", "EEXIST", "ENOENT", "EBUSY", "ENODEV",
    "EADDRNOTAVAIL", "EADDRINUSE", "EOPNOTSUPP", "EAGAIN", "ECANCELED", "ENOSPC", "ENOMEM",
    "ENOBUFS", "EPERM")}


class Result:
    """What all processes together said and heard."""

    def __init__(self):
        self.messages = self.injected = 0
        self.answers = Counter()
        self.faults = []

    def take(self, messages, answers, injected, fault):
        self.messages += messages
        self.answers += answers
        self.injected += injected
        if fault:
            self.faults.append(fault)


class Found:
    """What one test has for the next."""

    def __init__(self):
        self.exact = None
        self.result = Result()


def work(node, make, stop, pipe):
    """A process: what make() makes goes on until it is to stop, in the node."""
    fault, injected = "", 0
    Talker.messages, Talker.answers = 0, Counter()    # its own, not its parent's
    try:
        with node:
            worker = make()
            try:
                worker.go(stop)
            finally:
                injected = worker.faults.injected if hasattr(worker, "faults") else 0
                worker.close()
    except BaseException:
        fault = traceback.format_exc()
    pipe.send((Talker.messages, Talker.answers, injected, fault))
    pipe.close()


@contextlib.contextmanager
def processes(result, node, *makes):
    """They run while the block does, and add to the result."""
    context = multiprocessing.get_context("fork")
    stop = context.Event()
    running = []
    for make in makes:
        mine, its = context.Pipe(False)
        process = context.Process(target=work, args=(node, make, stop, its))
        process.start()
        its.close()
        running.append((process, mine))
    try:
        yield
    finally:
        stop.set()
    for process, pipe in running:
        try:
            result.take(*pipe.recv())
        except EOFError:
            result.faults.append(f"a process ended with {process.exitcode}")
        process.join()


def unprivileged_socket(node):
    """Of a user namespace that has no right in the node's."""
    mine, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    child = os.fork()
    if not child:
        try:
            if libc.unshare(CLONE_NEWUSER) == 0:
                sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 16)
                socket.send_fds(its, [b"x"], [sock.fileno()])
        finally:
            os._exit(0)
    mine.settimeout(LONG)
    _, descriptors, _, _ = socket.recv_fds(mine, 1, 1)
    os.waitpid(child, 0)
    return Talker(socket.socket(fileno=descriptors[0]))


def explain(exact, result):
    """What was done, on the console of the test."""
    names = {LOST: "lost", 0: "done"}
    print(f"# messages: {result.messages}; answers:", ", ".join(
        f"{names.get(code) or errno.errorcode.get(code, code)} {count}"
        for code, count in result.answers.most_common()))
    print("# what was checked:", ", ".join(f"{name} {count}"
                                           for name, count in exact.done.most_common()))
    print(f"# allocations that failed: {result.injected}; accepted changes that were "
          f"looked for and found: {exact.shown}")


@test("every operation is accepted, refused, and tells when memory is short")
def each(one, other, spec, found):
    print(f"# FUZZ_SEED={SEED} FUZZ_SECONDS={SECONDS}", flush=True)
    with one:
        found.exact = Exact(spec, SEED, [unprivileged_socket(one) for _ in range(2)])
        Directed(found.exact).go()
    names = {operation.name for operation in found.exact.operations}
    equal(names - found.exact.accepted, set(), "never accepted")
    equal(names - found.exact.refused, set(), "never refused")


@test("nothing happens that must not")
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


@test("no error is answered that is not documented")
def errors(one, other, spec, found):
    answers = found.result.answers
    for code in errno.ENOMEM, errno.EPERM, errno.EINVAL, errno.EEXIST, errno.ENOENT:
        true(answers[code], f"{errno.errorcode[code]} was never answered")
    unknown = set(answers) - KNOWN - {LOST}
    equal([errno.errorcode.get(code, code) for code in unknown], [])


@contextlib.contextmanager
def fixture():
    Faults.prepare()
    # Each commit waits for a grace period; how long one takes is not asked here.
    with open("/sys/kernel/rcu_expedited", "w", encoding="ascii") as file:
        file.write("1")
    nodes = [Node("one"), Node("other")]
    for node in nodes:
        for device in DEVICES[:3]:
            with node:
                plug(device, node)
        with node:
            links.address("v-c", "10.0.0.1/8")
    Talker.family = nodes[0].braid.family.family
    yield (*nodes, Spec(), Found())
    for node in nodes:
        node.delete()
    with open("/sys/kernel/rcu_expedited", "w", encoding="ascii") as file:
        file.write("0")


run(__file__, fixture)
