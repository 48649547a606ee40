# SPDX-License-Identifier: GPL-2.0-only
"""Processes that send messages at the same time, and the sum of their messages and
answers."""

import contextlib
import errno
import multiprocessing
import traceback
from collections import Counter

from talk import LOST, Talker


class Result:
    """The sum of the messages and answers of all processes."""

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
    """Runs the processes during the block; they add to the result."""
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


def explain(exact, result):
    """Prints what was done."""
    names = {LOST: "lost", 0: "done"}
    print(f"# messages: {result.messages}; answers:", ", ".join(
        f"{names.get(code) or errno.errorcode.get(code, code)} {count}"
        for code, count in result.answers.most_common()))
    print("# what was checked:", ", ".join(f"{name} {count}"
                                           for name, count in exact.done.most_common()))
    print(f"# allocations that failed: {result.injected}; accepted changes that were "
          f"looked for and found: {exact.shown}")
