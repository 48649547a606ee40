# SPDX-License-Identifier: GPL-2.0-only
"""A fixed sequence of messages: each operation is accepted, is refused for every common
reason, and is repeated with each of its allocations failing."""

import errno
import ipaddress
import struct

from spec import FORMATS, Piece
from starve import UNKNOWN, Starver

# Each needs those before it: the attributes that it is added with, then those set.
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
# Operations that allocate for the answer only.
NEED_NONE = {"abort", "stats-reset"}


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


class Directed(Starver):
    """Runs before the fuzzer, with the checks of Exact; leaves no object behind."""

    need_none = NEED_NONE

    def go(self):
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
        self.complete()

    # --- a message ------------------------------------------------------------------

    def object(self, kind, fields):
        return [Piece(self.spec.sets["braid"][kind].number, encoded(self.spec, kind, fields))]

    def key(self, kind, fields):
        return self.object(kind, {word: fields[word] for word in KEYS[kind]})

    def of_kind(self, kind):
        return [Piece(self.spec.sets["braid"]["object"].number,
                      struct.pack("=I", self.spec.kinds.index(kind)))]

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
        """Operations that change no object."""
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
        """A caller without privilege gets EPERM, whatever else is wrong."""
        for operation in self.exact.operations:
            if not operation.admin:
                continue
            for talker in self.exact.unprivileged:
                for nodes in [], [UNKNOWN]:
                    self.refused(operation.name, nodes, errno.EPERM, talker)
