#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# lab: kernel=debug nodes=1 cpus=2 timeout=170 needs=spec
"""What the netlink family makes of right, wrong and random messages, made from its
specification. FUZZ_SEED repeats a run, FUZZ_SECONDS makes it longer.

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
from exact import Exact
from fuzzer import DEVICES
from ktap import equal, run, test, true
from netns import libc
from spec import Spec
from talk import LOST, Faults, Talker
from world import Node

SEED = int(os.environ.get("FUZZ_SEED") or time.time_ns() % 1000000007)
SECONDS = int(os.environ.get("FUZZ_SECONDS") or 60)
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


def work(node, make, end, pipe):
    """A process: what make() makes goes on to the end, in the node."""
    fault, injected = "", 0
    try:
        with node:
            worker = make()
            try:
                worker.go(end)
            finally:
                injected = worker.faults.injected if hasattr(worker, "faults") else 0
                worker.close()
    except BaseException:
        fault = traceback.format_exc()
    pipe.send((Talker.messages, Talker.answers, injected, fault))
    pipe.close()


@contextlib.contextmanager
def processes(node, *makes, end):
    """They run while the block does, and add to the result."""
    context = multiprocessing.get_context("fork")
    running = []
    for make in makes:
        mine, its = context.Pipe(False)
        process = context.Process(target=work, args=(node, make, end, its))
        process.start()
        its.close()
        running.append((process, mine))
    result = Result()
    yield result
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
    mine.settimeout(10)
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


@test("nothing happens that must not")
def everything(one, other, spec, result):
    print(f"# FUZZ_SEED={SEED} FUZZ_SECONDS={SECONDS}", flush=True)
    end = time.monotonic() + SECONDS
    with processes(other, *(lambda number=number: Careless(spec, SEED + number, other)
                            for number in (1, 2)),
                   lambda: Sender(SEED), end=end) as others, one:
        exact = Exact(spec, SEED, [unprivileged_socket(one) for _ in range(2)])
        fault = ""
        try:
            exact.go(end)
        except Exception:
            fault = traceback.format_exc()
    result.append((exact, others))
    others.take(Talker.messages, Talker.answers, exact.faults.injected, fault)
    explain(exact, others)
    exact.close()
    true(not others.faults, "\n".join(others.faults))


@test("no error is answered that is not documented")
def errors(one, other, spec, result):
    _, all_of_them = result[0]
    unknown = set(all_of_them.answers) - KNOWN - {LOST}
    equal([errno.errorcode.get(code, code) for code in unknown], [])


@test("every operation was accepted and refused, and memory was short")
def enough(one, other, spec, result):
    exact, all_of_them = result[0]
    names = {operation.name for operation in exact.operations}
    equal(names - exact.accepted, set(), "never accepted")
    equal(names - exact.refused, set(), "never refused")
    for code in errno.ENOMEM, errno.EPERM, errno.EINVAL, errno.EEXIST, errno.ENOENT:
        true(all_of_them.answers[code], f"{errno.errorcode[code]} was never answered")
    true(all_of_them.injected > 20 and exact.shown > 5 and all_of_them.messages > 500,
         "not much was done")


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
    yield (*nodes, Spec(), [])
    for node in nodes:
        node.delete()
    with open("/sys/kernel/rcu_expedited", "w", encoding="ascii") as file:
        file.write("0")


run(__file__, fixture)
