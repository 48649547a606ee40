# SPDX-License-Identifier: GPL-2.0-only
"""Random messages, valid and invalid."""

import random
import struct

import netlink as nl
from objects import Objects
from spec import Mutator, pack
from talk import Faults, Talker
from watch import Configuration

CHANGES = "add", "set", "del", "flush"
DEVICES = ["v-a", "v-b", "v-c", "lo", "absent"]


def pick_count(pick):
    return pick.choice((1, 1, 2, 5))


class Fuzzer:
    """Says things in the namespace that the process is in. Those who say them of one
    family know how its requests are made, how one sees what they did, and which
    change something."""

    changes = CHANGES

    def make_objects(self):
        return Objects(self.spec, self.random, DEVICES)

    def make_watcher(self):
        return Configuration(self.spec)

    def __init__(self, spec, seed):
        self.spec = spec
        self.random = random.Random(seed)
        self.objects = self.make_objects()
        self.mutator = Mutator(spec, self.random)
        self.operations = [operation for operation in spec.operations.values()
                           if not operation.event]
        self.watcher = self.make_watcher()
        self.talker = Talker()
        self.faults = Faults()

    def close(self):
        self.watcher.close()
        self.talker.close()

    def request(self, names=None):
        """An operation, its message, and whether it follows the specification."""
        some = [each for each in self.operations if not names or each.name in names]
        # Most errors are possible in changes.
        operation = self.random.choices(some, [4 if each.name in self.changes else 1
                                               for each in some])[0]
        nodes = self.objects.request(operation)
        if self.random.random() < 0.6:
            return operation, nodes, True
        return operation, self.mutator.mutate(nodes), False

    def odd_head(self):
        """Unknown commands and versions, and reserved bits."""
        pick = self.random
        return struct.pack("=BBH", pick.choice((pick.randrange(20), pick.randrange(256))),
                           pick.choice((1, pick.randrange(256))),
                           pick.choice((0, pick.randrange(1 << 16))))

    def odd_datagram(self, talker):
        """Messages with wrong headers, and their number."""
        pick, data, count = self.random, b"", pick_count(self.random)
        for _ in range(count):
            operation, nodes, _ = self.request()
            flags = pick.choice((0, nl.NLM_F_ACK, nl.NLM_F_DUMP, pick.randrange(1 << 16)))
            message = bytearray(talker.message(
                operation.number, pack(nodes), flags,
                self.odd_head() if pick.random() < 0.3 else b""))
            if pick.random() < 0.3:
                struct.pack_into("=I", message, 0, pick.choice((
                    0, 1, 15, 16, 19, 20, len(message) - 1, len(message) + 1,
                    pick.randrange(1 << 32))))
            if pick.random() < 0.1:
                del message[pick.randrange(len(message)):]
            data += bytes(message) + bytes(-len(message) % 4)
        return data, count
