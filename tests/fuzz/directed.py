# SPDX-License-Identifier: GPL-2.0-only
"""What is not left to chance: each operation is accepted, is refused for every
reason that all of them share, and meets every allocation that fails on its way."""

import errno
import ipaddress
import struct
import time

import netlink as nl
from ktap import equal, true
from spec import FORMATS, Piece
from talk import LOST, Talker

# Each stands on those before it. What it is added as, and what is set of it then.
OBJECTS = (
    ("identity", {"id": 256, "label": ["k=1", "k=2"]}, {"label": ["k=3"]}),
    ("uplink", {"device": "v-a"}, None),
    ("overlay", {"name": "d", "type": 0, "local": "10.0.0.1", "port": 4790, "mtu": 1300},
     {"mtu": 1290}),
    ("node", {"name": "a", "underlay": ["10.0.0.2"], "cidr": ["10.1.0.0/24", "fd01::/64"],
              "address": ["10.1.0.1"]}, {"cidr": ["10.1.0.0/25", "fd01::/65"]}),
    ("prefix", {"cidr": "10.1.0.8/32", "identity": 256, "node": "a"}, {"identity": 2}),
    ("endpoint", {"device": "v-b", "identity": 256, "address": ["10.2.0.2", "fd02::2"]},
     {"address": ["10.2.0.2", "10.2.0.3"]}),
    ("rule", {"name": "a", "subject": 256, "direction": 0,
              "peer-cidr": ["10.0.0.0/8", "fd00::/8"], "protocol": 6, "port-min": 80,
              "port-max": 90, "action": 0, "priority": 7}, {"peer-identity": [1, 256]}),
    ("service", {"name": "a", "address": "10.3.0.1", "port": 80, "protocol": 6,
                 "algorithm": 0}, {"port": 81}),
    ("backend", {"service": "a", "address": "10.2.0.2", "port": 80}, None),
)
KEYS = {"identity": ["id"], "endpoint": ["device"], "uplink": ["device"], "node": ["name"],
        "prefix": ["cidr"], "rule": ["name"], "service": ["name"],
        "backend": ["service", "address", "port"], "overlay": ["name"]}
# They need no memory but that for the answer.
NEED_NONE = {"abort", "stats-reset"}
SHORT_OF_MEMORY = {errno.ENOMEM, errno.ENOBUFS}
# Of one message's allocations the first ones one by one, and then fewer: what makes a
# device takes hundreds, most of them outside of the module.
STEPS = [*range(1, 25)]
while STEPS[-1] < 10000:
    STEPS.append(STEPS[-1] * 5 // 4)
# A slab that is full takes an allocation more now and then, so the nth is not the same
# one each time and that of an operation may be passed over; not every time.
PASSES = 4
UNKNOWN = Piece(200, b"")


def encoded(spec, name, fields):
    """Attributes of a set, of what they say in words."""
    nodes = []
    for word, value in fields.items():
        attribute = spec.sets[name][word]
        nodes += [Piece(attribute.number, content(spec, attribute, each))
                  for each in (value if isinstance(value, list) else [value])]
    return nodes


def content(spec, attribute, value):
    if attribute.type == "nest":
        network = ipaddress.ip_network(value)
        return encoded(spec, attribute.nested, {"address": network.network_address.compressed,
                                                "length": network.prefixlen})
    if attribute.type in FORMATS:
        return struct.pack(FORMATS[attribute.type], value)
    if attribute.type == "string":
        return value.encode() + b"\0"
    return ipaddress.ip_address(value).packed


class Directed:
    """Goes before the fuzzer, with its eyes; leaves nothing behind."""

    def __init__(self, exact):
        self.exact = exact
        self.spec = exact.spec
        self.starved = {}    # operation: how many allocations of its message failed
        self.short = set()   # operations that said so

    def go(self):
        begin = time.monotonic()
        self.exact.emptied()
        self.starve("status", [])
        for kind, fields, _ in OBJECTS:
            self.add(kind, fields)
        for kind, _, change in OBJECTS:
            if change:
                self.set(kind, change)
        self.asked()
        self.transactions()
        self.privileged()
        for kind, fields, _ in reversed(OBJECTS):
            self.remove(kind, fields)
        self.flush()
        names = {operation.name for operation in self.exact.operations}
        equal(set(self.starved), names, "operations that met failing allocations")
        equal(names - self.short, NEED_NONE, "operations that were never short of memory")
        print("# allocations that failed:", ", ".join(
            f"{name} {count}" for name, count in self.starved.items()),
              f"in {time.monotonic() - begin:.0f} s")

    # --- a message ------------------------------------------------------------------

    def object(self, kind, fields):
        return [Piece(self.spec.sets["braid"][kind].number, encoded(self.spec, kind, fields))]

    def key(self, kind, fields):
        return self.object(kind, {word: fields[word] for word in KEYS[kind]})

    def of_kind(self, kind):
        return [Piece(self.spec.sets["braid"]["object"].number,
                      struct.pack("=I", self.spec.kinds.index(kind)))]

    def say(self, name, nodes, talker=None):
        """errno and answers, judged."""
        operation = self.spec.operations[name]
        code, bodies = (talker or self.exact.talker).ask(
            operation.number, nodes, nl.NLM_F_DUMP if operation.dump else nl.NLM_F_ACK)
        self.exact.judge(operation, nodes, True, code)
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
        for again in range(PASSES):
            if again and undo:
                self.accepted(*undo)
            self.starve_each(name, nodes, before, undo, effect)
            if name in self.short | NEED_NONE:
                break

    def starve_each(self, name, nodes, before, undo, effect):
        operation = self.spec.operations[name]
        wanted = None
        for nth in STEPS:
            talker = Talker()
            for each, said in before:
                equal(talker.ask(self.spec.operations[each].number, said)[0], 0, each)
            code, bodies, injected = self.starved_once(talker, operation, nodes, nth)
            what = f"{name}, allocation {nth}: {errno.errorcode.get(code, code)}"
            generation = self.exact.known[0]
            self.exact.judge(operation, nodes, True, code)
            if code == 0:
                if effect:
                    effect()
                wanted = len(bodies) if wanted is None else wanted
                equal(len(bodies), wanted, f"{what}: answers")
            elif code != LOST:
                true(injected and code in SHORT_OF_MEMORY, what)
            self.closed(talker, name, code)
            if not injected:
                equal(code, 0, what)
                break
            self.starved[name] = self.starved.get(name, 0) + 1
            if code == errno.ENOMEM:
                self.short.add(name)
            if undo and self.exact.known[0] != generation:
                self.accepted(*undo)
        else:
            raise AssertionError(f"{name}: more than {STEPS[-1]} allocations")

    def starved_once(self, talker, operation, nodes, nth):
        """errno, answers, and whether an allocation failed."""
        message = talker.message(operation.number, b"".join(node.packed() for node in nodes),
                                 nl.NLM_F_DUMP if operation.dump else nl.NLM_F_ACK)
        self.exact.faults.next(nth)
        sent = talker.send(message)
        injected = self.exact.faults.over()
        if not sent:
            return *talker.result(talker.seq), injected
        # It has not come to anybody.
        self.exact.unchanged(f"{operation.name} that was not sent: {errno.errorcode[sent]}", 0)
        return LOST, [], injected

    def closed(self, talker, name, code):
        """What was begun is there, and what was not is not."""
        if name == "begin" and code != LOST:
            equal(talker.ask(self.spec.operations["abort"].number, [])[0],
                  errno.EINVAL if code else 0, f"abort after begin: {code}")
        talker.close()

    # --- all operations ---------------------------------------------------------------

    def add(self, kind, fields):
        nodes = self.object(kind, fields)
        self.refused("set", nodes, errno.ENOENT if kind not in ("uplink", "backend")
                     else errno.EOPNOTSUPP)
        self.refused("del", self.key(kind, fields), errno.ENOENT)
        self.refused("add", [UNKNOWN], errno.EINVAL)
        self.starve("add", nodes, undo=("del", self.key(kind, fields)))
        self.refused("add", nodes, errno.EEXIST)

    def set(self, kind, change):
        fields = next(fields for name, fields, _ in OBJECTS if name == kind)
        key = {word: fields[word] for word in KEYS[kind]}
        self.refused("set", [UNKNOWN], errno.EINVAL)
        self.starve("set", self.object(kind, {**key, **change}))

    def remove(self, kind, fields):
        self.refused("del", [UNKNOWN], errno.EINVAL)
        self.starve("del", self.key(kind, fields), undo=("add", self.object(kind, fields)))

    def flush(self):
        kind, fields, _ = OBJECTS[0]
        self.refused("flush", [], errno.EINVAL)
        self.accepted("add", self.object(kind, fields))
        self.starve("flush", self.of_kind(kind), undo=("add", self.object(kind, fields)))

    def asked(self):
        """What changes no object."""
        self.refused("status", [UNKNOWN], errno.EINVAL)
        for name in "stats-get", "stats-reset", "flow-get", "flow-count", "flow-flush":
            self.refused(name, [UNKNOWN], errno.EINVAL)
            self.starve(name, [])
        self.refused("get", [], errno.EINVAL)
        for kind in self.spec.kinds:
            self.starve("get", self.of_kind(kind))

    def transactions(self):
        kind, fields, _ = OBJECTS[0]
        another = self.object(kind, {**fields, "id": 257})
        for name in "commit", "abort":
            self.refused(name, [], errno.EINVAL)
        self.refused("begin", [UNKNOWN], errno.EINVAL)
        self.starve("begin", [])
        self.starve("abort", [], before=[("begin", []), ("add", another)])
        self.starve("commit", [], before=[("begin", []), ("add", another)],
                    undo=("del", self.key(kind, {"id": 257})),
                    effect=lambda: self.exact.shows_up(self.spec.operations["add"], another))
        self.accepted("del", self.key(kind, {"id": 257}))

    def privileged(self):
        """Whoever may not is told so, whatever else is wrong."""
        for operation in self.exact.operations:
            if not operation.admin:
                continue
            for talker in self.exact.unprivileged:
                for nodes in [], [UNKNOWN]:
                    self.refused(operation.name, nodes, errno.EPERM, talker)
