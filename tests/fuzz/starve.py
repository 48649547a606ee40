# SPDX-License-Identifier: GPL-2.0-only
"""Messages one after the other, each checked, and repeated with each of its allocations
failing."""

import errno
import time
from collections import Counter

import netlink as nl
from ktap import equal, true
from spec import Piece
from talk import LOST, Faults, Talker

SHORT_OF_MEMORY = {errno.ENOMEM, errno.ENOBUFS}


def steps(each, factor):
    """The first numbers one by one, then with growing distance."""
    numbers = list(range(1, each + 1))
    while numbers[-1] < 10000:
        numbers.append(int(numbers[-1] * factor))
    return numbers


# A full slab needs one more allocation now and then, so the nth is not always the same
# one, and an allocation of the operation may be skipped; but not every time.
PASSES = 4
# Of a module's own, few and always the same, each one.
EACH = range(1, 1000)
UNKNOWN = Piece(200, b"")


class Starver:
    """Runs before a fuzzer, with its checks."""

    module = None              # all that it asks for itself fails, one after the other
    # Which of all allocations for a message: what makes a device takes hundreds, most
    # of them outside of the module.
    steps = steps(24, 5 / 4)
    need_none = frozenset()    # operations that need no memory but that for the answer

    def __init__(self, exact):
        self.exact = exact
        self.spec = exact.spec
        self.starved = Counter()  # operation: how many allocations of its message failed
        self.own = Counter()      # and how many of the module's own
        self.short = set()        # operations that said so
        self.took = Counter()     # operation: seconds

    def says_short(self, name):
        """The errors with which an operation may report a lack of memory."""
        return SHORT_OF_MEMORY

    def complete(self):
        """Checks at the end that each operation met failing allocations and reported them."""
        names = {operation.name for operation in self.exact.operations}
        equal(set(self.starved), names, "operations that met failing allocations")
        equal(names - self.short, self.need_none, "operations that were never short of memory")
        print("# allocations that failed:", ", ".join(
            f"{name} {self.own[name]} + {count} in {self.took[name]:.0f} s"
            for name, count in self.starved.items()))

    # --- a message ------------------------------------------------------------------

    def say(self, name, nodes, talker=None, right=True):
        """Sends a message and checks the result; errno and answers."""
        operation = self.spec.operations[name]
        code, bodies = (talker or self.exact.talker).ask(
            operation.number, nodes, nl.NLM_F_DUMP if operation.dump else nl.NLM_F_ACK)
        self.exact.judge(operation, nodes, right, code)
        return code, bodies

    def accepted(self, name, nodes, talker=None):
        code, bodies = self.say(name, nodes, talker)
        equal(code, 0, f"{name} {nodes[0].packed().hex() if nodes else ''}")
        return bodies

    def refused(self, name, nodes, wanted, talker=None):
        code, _ = self.say(name, nodes, talker)
        equal(errno.errorcode.get(code, code), errno.errorcode[wanted], f"{name}")

    # --- allocations that fail --------------------------------------------------------

    def starve(self, name, nodes, before=(), undo=None, effect=None):
        """Fail the first allocation of an accepted message, the second and so on, until
        there is none left and it is done. Each time it is what a socket says after the
        messages before it, and is taken back when it was done nevertheless."""
        began = time.monotonic()
        once = name not in self.starved
        if self.module:
            with Faults.of(self.module):
                self.starve_each(self.own, EACH, name, nodes, before, undo, effect)
        # Allocations of other parts of the kernel for an operation are always the same.
        if once or not self.module:
            self.starve_all(name, nodes, before, undo, effect, self.module)
        self.took[name] += time.monotonic() - began

    def starve_all(self, name, nodes, before, undo, effect, done):
        """done: it is, so far."""
        for _ in range(PASSES):
            if done and undo:
                self.accepted(*undo)
            self.starve_each(self.starved, self.steps, name, nodes, before, undo, effect)
            done = True
            if name in self.short | self.need_none:
                break

    def starve_each(self, count, steps, name, nodes, before, undo, effect):
        operation = self.spec.operations[name]
        wanted = None
        for nth in steps:
            talker = Talker()
            for each, said in before:
                equal(talker.ask(self.spec.operations[each].number, said)[0], 0, each)
            code, bodies, injected = self.starved_once(talker, operation, nodes, nth)
            what = f"{name}, allocation {nth}: {errno.errorcode.get(code, code)}"
            before_it = self.exact.mark()
            self.exact.judge(operation, nodes, True, code)
            if code == 0:
                if effect:
                    effect()
                wanted = len(bodies) if wanted is None else wanted
                equal(len(bodies), wanted, f"{what}: answers")
            elif code != LOST:
                true(injected and code in self.says_short(name), what)
            self.closed(talker, name, code)
            if not injected:
                equal(code, 0, what)
                break
            count[name] += 1
            if code == errno.ENOMEM:
                self.short.add(name)
            if undo and self.exact.mark() != before_it:
                self.accepted(*undo)
        else:
            raise AssertionError(f"{name}: more than {steps[-1]} allocations")

    def starved_once(self, talker, operation, nodes, nth):
        """Sends a message; errno, answers, and whether an allocation failed."""
        message = talker.message(operation.number, b"".join(node.packed() for node in nodes),
                                 nl.NLM_F_DUMP if operation.dump else nl.NLM_F_ACK)
        self.exact.faults.next(nth)
        sent = talker.send(message)
        injected = self.exact.faults.over()
        if not sent:
            return *talker.result(talker.seq), injected
        # No socket received it.
        self.exact.unchanged(f"{operation.name} that was not sent: {errno.errorcode[sent]}", 0)
        return LOST, [], injected

    def closed(self, talker, name, code):
        """Checks that a transaction is open if and only if it was begun."""
        if name == "begin" and code != LOST:
            equal(talker.ask(self.spec.operations["abort"].number, [])[0],
                  errno.EINVAL if code else 0, f"abort after begin: {code}")
        talker.close()
