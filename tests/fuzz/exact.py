# SPDX-License-Identifier: GPL-2.0-only
"""A process that is alone in its namespace, and so knows the expected state."""

import errno
import struct
import time
from collections import Counter

import netlink as nl
from fuzzer import CHANGES, Fuzzer
from ktap import equal, true
from spec import Piece, pack, parsed
from talk import LOST, Talker

ENDS = "begin", "commit", "abort"
KEYS = {"identity": ("id",), "endpoint": ("device",), "uplink": ("device",),
        "node": ("name",), "prefix": ("cidr",), "rule": ("name",), "service": ("name",),
        "backend": ("service", "address", "port"), "overlay": ("name",)}


class Exact(Fuzzer):
    """Alone in its namespace, so that it knows the expected state."""

    def __init__(self, spec, seed, unprivileged):
        super().__init__(spec, seed)
        self.unprivileged = unprivileged
        self.known = self.watcher.state()
        self.accepted, self.refused = set(), set()
        self.shown = 0
        self.done = Counter()

    # --- invariants ---------------------------------------------------------------

    def mark(self):
        """A value that differs when the state has changed."""
        return self.known[0]

    def unchanged(self, what, often):
        """Checks that the generation is unchanged, and from time to time the whole state."""
        equal(self.watcher.generation(), self.known[0], f"the generation after {what}")
        if self.random.random() < often:
            equal(self.watcher.state(), self.known, f"the objects after {what}")

    def may_have_changed(self, what, most=1):
        """Checks that there were at most so many commits, and without one no change."""
        generation = self.watcher.generation()
        if not self.known[0] <= generation <= self.known[0] + most:
            raise AssertionError(f"{what}: generation {self.known[0]} became {generation}")
        if generation == self.known[0]:
            self.unchanged(what, 0.2)
            return False
        self.known = self.watcher.state()
        return True

    def shows_up(self, operation, nodes):
        """Checks that an accepted object is listed; for valid messages only."""
        kind = self.kind_of(nodes)
        objects = self.known[1][kind]
        if operation.name == "flush":
            equal(objects, [], f"{kind} after a flush")
            return
        said = parsed(self.spec, kind, pack(nodes[0].content))
        found = [each for each in objects
                 if all(each.get(key) == said.get(key) for key in KEYS[kind])]
        equal(len(found), 0 if operation.name == "del" else 1,
              f"{kind} {said} after {operation.name}: {objects}")
        if operation.name != "del":
            # The device index of a reply is not a setting.
            said.pop("ifindex", None)
            for word, value in said.items():
                got = found[0].get(word)
                true(as_set(got) == as_set(value),
                     f"{kind} {said}: {word} is {got} after {operation.name}")
        self.shown += 1

    def kind_of(self, nodes):
        attribute = self.spec.by_number("braid")[nodes[0].number]
        if attribute.name == "object":
            return self.spec.kinds[int.from_bytes(nodes[0].content, "little")]
        return attribute.name

    def judge(self, operation, nodes, right, code):
        """Checks the state after a message outside of a transaction."""
        what = f"{operation.name} {'right' if right else 'wrong'} " \
               f"{pack(nodes).hex()}: {errno.errorcode.get(code, code)}"
        if code == LOST:
            if self.may_have_changed(what) and right and operation.name in CHANGES:
                self.shows_up(operation, nodes)
        elif code is None:
            raise AssertionError(f"{what}: no answer")
        elif code:
            self.refused.add(operation.name)
            self.unchanged(what, 0.1)
        else:
            self.accepted.add(operation.name)
            if operation.name == "commit":
                self.may_have_changed(what)
            elif operation.name not in CHANGES:
                self.unchanged(what, 0.05)
            elif not self.may_have_changed(what):
                # Of nothing.
                equal(operation.name, "flush", f"{what} changed nothing")
            elif right:
                self.shows_up(operation, nodes)

    # --- actions --------------------------------------------------------------------

    def single(self):
        operation, nodes, right = self.request()
        flags = nl.NLM_F_DUMP if operation.dump else nl.NLM_F_ACK
        code, _ = self.talker.ask(operation.number, nodes, flags)
        self.judge(operation, nodes, right, code)
        if operation.name == "begin" and not code:
            equal(self.talker.ask(self.spec.operations["abort"].number, [])[0], 0, "abort")

    def lifetime(self):
        """Valid messages that add, change and delete an object."""
        nodes = self.objects.object(self.objects.kind())
        for name in "add", "set", "del":
            operation = self.spec.operations[name]
            code, _ = self.talker.ask(operation.number, nodes)
            self.judge(operation, nodes, True, code)
            if code:
                break

    def failing(self):
        """One message, repeated with each of its allocations failing."""
        operation, nodes, right = self.request()
        data = pack(nodes)
        flags = nl.NLM_F_DUMP if operation.dump else nl.NLM_F_ACK
        for nth in range(1, 80):
            talker = Talker()
            message = talker.message(operation.number, data, flags)
            self.faults.next(nth)
            sent = talker.send(message)
            injected = self.faults.over()
            code = LOST if sent else talker.result(talker.seq)[0]
            talker.close()
            self.judge(operation, nodes, right, code)
            if not injected or code == 0:
                break

    def transaction(self):
        """Several interleaved transactions, each on its own socket."""
        pick = self.random
        open_ones = [Transaction(self) for _ in range(pick.choice((1, 1, 2, 4)))]
        for _ in range(pick.choice((1, 3, 8))):
            for each in open_ones:
                operation, nodes, _ = self.request(CHANGES)
                each.stage(operation, nodes)
        pick.shuffle(open_ones)
        for each in open_ones:
            each.end()

    def odd(self):
        talker = Talker()
        data, count = self.odd_datagram(talker)
        talker.send(data, count)
        list(talker.received())
        self.may_have_changed(f"the datagram {data.hex()}", count)
        talker.close()

    def listings(self):
        """Listings that are begun twice, read in part, abandoned."""
        talker = Talker()
        for _ in range(self.random.choice((1, 2, 3))):
            operation, nodes, _ = self.request(("get", "flow-get"))
            flags = nl.NLM_F_DUMP | self.random.choice((0, 0, nl.NLM_F_ACK, 0x10,
                                                        self.random.randrange(1 << 16)))
            talker.send(talker.message(operation.number, pack(nodes), flags))
            for answer in talker.received(self.random.choice((0, 1, 100))):
                if answer and answer[0] == nl.NLMSG_ERROR:
                    talker.note(-struct.unpack_from("=i", answer[3])[0])
        talker.close()
        self.unchanged("listings", 0.1)

    def without_privilege(self):
        operation, nodes, _ = self.request()
        talker = self.random.choice(self.unprivileged)
        code, _ = talker.ask(operation.number, nodes,
                             nl.NLM_F_DUMP if operation.dump else nl.NLM_F_ACK)
        true(code or not operation.admin, f"{operation.name} without privilege: {code}")
        self.unchanged(f"{operation.name} without privilege", 0.1)

    def emptied(self):
        """Flushes all objects from time to time, so that keys become free again."""
        for kind in ("rule", "backend", "service", "endpoint", "prefix", "node", "overlay",
                     "uplink", "identity"):
            nodes = [self.kind_node(kind)]
            code, _ = self.talker.ask(self.spec.operations["flush"].number, nodes)
            self.judge(self.spec.operations["flush"], nodes, True, code)

    def kind_node(self, kind):
        return Piece(self.spec.sets["braid"]["object"].number,
                     struct.pack("=I", self.spec.kinds.index(kind)))

    def go(self, seconds):
        """Each action once, however long that takes, and then random ones."""
        actions = {self.single: 50, self.lifetime: 20, self.failing: 3, self.transaction: 5,
                   self.odd: 10, self.listings: 6, self.without_privilege: 10,
                   self.emptied: 0.5}
        first = list(actions)
        end = time.monotonic() + seconds
        while first or time.monotonic() < end:
            action = first.pop() if first else self.random.choices(
                list(actions), list(actions.values()))[0]
            self.done[action.__name__] += 1
            action()


class Transaction:
    """An open transaction, and its expected result."""

    def __init__(self, fuzzer):
        self.fuzzer = fuzzer
        self.talker = Talker()
        self.number = {name: fuzzer.spec.operations[name].number for name in ENDS}
        code, _ = self.talker.ask(self.number["begin"], [])
        equal(code, 0, "begin")
        self.generation = fuzzer.known[0]
        self.failed = False

    def stage(self, operation, nodes):
        code, _ = self.talker.ask(operation.number, nodes)
        self.failed |= bool(code)
        if self.fuzzer.random.random() < 0.2:
            self.fuzzer.unchanged(f"{operation.name} in a transaction", 0.1)

    def end(self):
        how = self.fuzzer.random.choice(("commit", "commit", "commit", "dry-run", "abort",
                                         "close", "begin"))
        if how in ("commit", "dry-run"):
            self.commit(how == "dry-run")
        elif how != "close":
            equal(self.talker.ask(self.number[how], [])[0], 0, how)
            self.fuzzer.accepted.add(how)
        self.talker.close()
        self.fuzzer.unchanged(how, 0.1)

    def commit(self, dry):
        fuzzer = self.fuzzer
        code, _ = self.talker.ask(self.number["commit"], [Piece(fuzzer.spec.sets["braid"]["dry-run"].number, b"")] if dry else [])
        if self.failed:
            equal(code, errno.ECANCELED, "a commit after a refusal")
        elif self.generation != fuzzer.known[0]:
            equal(code, errno.EAGAIN, "a commit after another")
        if code or dry:
            fuzzer.unchanged(f"a commit: {code}", 0.5)
        else:
            fuzzer.may_have_changed("a commit")
        (fuzzer.refused if code else fuzzer.accepted).add("commit")


def as_set(value):
    return sorted(map(repr, value)) if isinstance(value, list) else repr(value)
