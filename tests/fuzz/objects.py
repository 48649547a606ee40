# SPDX-License-Identifier: GPL-2.0-only
"""Objects as an administrator might configure them, from a small world: keys repeat, and
objects name each other, in use or missing."""

import struct

from spec import FORMATS, Piece

IDENTITIES = [256, 300, 301, 302, 303]
NAMES = ["a", "b", "c", "d"]
# At most one of these is given, with this weight.
ONE_OF = {"rule": [("peer-identity", "peer-any", "peer-cidr")]}
# Left out most of the time.
RARE = {"ifindex", "mac", "mtu", "scope", "algorithm", "port-max"}
OWN = bytes((10, 0, 0, 1))    # of the node that it is about
NEVER_WRONG = 0.97    # of values


class Objects:
    def __init__(self, spec, random, devices):
        self.spec = spec
        self.random = random
        self.devices = devices

    # --- values -------------------------------------------------------------------

    def address(self):
        if self.random.random() < 0.1:
            return OWN
        if self.random.random() < 0.7:
            return bytes((10, self.random.randrange(3), 0, self.random.randrange(1, 6)))
        return b"\xfd" + bytes(13) + bytes((self.random.randrange(3),
                                            self.random.randrange(1, 6)))

    def network(self):
        """As the attributes of a cidr."""
        address = self.address()
        length = self.random.choice((8, 16, 24, 31, 32)) if len(address) == 4 else \
            self.random.choice((16, 64, 120, 127, 128))
        number = int.from_bytes(address, "big") >> (8 * len(address) - length) \
            << (8 * len(address) - length)
        known = self.spec.sets["cidr"]
        return [Piece(known["address"].number, number.to_bytes(len(address), "big")),
                Piece(known["length"].number, struct.pack("=B", length))]

    def number(self, kind, attribute):
        name = attribute.name
        if attribute.enum:
            return self.random.randrange(len(self.spec.enums[attribute.enum]))
        if "identity" in name or name in ("id", "subject"):
            return self.random.choice(IDENTITIES)
        if name == "protocol":
            some = (6, 17, 132) if kind == "service" else (0, 1, 6, 17, 58, 132)
            return self.random.choice(some)
        if name == "mtu":
            return 1280 + self.random.randrange(100)
        return self.random.randrange(1, 6)

    def value(self, kind, attribute):
        """Content of a node."""
        if attribute.type == "nest":
            return self.network()
        if attribute.type in FORMATS:
            number = self.number(kind, attribute)
            if self.random.random() > NEVER_WRONG:
                number = self.random.choice((0, 255, self.random.randrange(1 << 32)))
            size = struct.calcsize(FORMATS[attribute.type])
            return (number % (1 << 8 * size)).to_bytes(size, "little")
        if attribute.type == "string":
            return self.word(attribute).encode() + b"\0"
        if attribute.type == "flag":
            return b""
        if attribute.name == "mac":
            return b"\2" + self.random.randbytes(5)
        return self.address()

    def word(self, attribute):
        if self.random.random() > NEVER_WRONG:
            return self.random.choice(("", "x" * 63, "x" * 64, "x" * 300, "a b", "a,b", "\x7f"))
        if attribute.name == "device":
            return self.random.choice(self.devices)
        if attribute.name == "label":
            return f"k{self.random.randrange(3)}={self.random.randrange(9)}"
        return self.random.choice(NAMES)

    # --- objects ------------------------------------------------------------------

    def fields(self, kind):
        """Attributes of one object."""
        known = self.spec.sets[kind]
        left_out = set()
        for choice in ONE_OF.get(kind, ()):
            left_out |= set(choice) - {self.random.choice(choice)}
        nodes = []
        for name, attribute in known.items():
            if name in left_out or attribute.type == "pad" or \
                    self.random.random() > (0.15 if name in RARE else 0.98):
                continue
            count = self.random.choice((1, 1, 2, 3)) if attribute.multi else 1
            nodes += [Piece(attribute.number, self.value(kind, attribute))
                      for _ in range(count)]
        return self.mended(kind, nodes)

    def mended(self, kind, nodes):
        """Removes attributes that exclude each other."""
        known = self.spec.sets[kind]
        said = {node.number: node for node in nodes}
        if kind == "rule":
            protocol = said.get(known["protocol"].number)
            icmp = protocol and protocol.content in (b"\x01", b"\x3a")
            ports = protocol and protocol.content in (b"\x06", b"\x11", b"\x84")
            unfit = {known["type"].number} if not icmp else set()
            if not ports:
                unfit |= {known["port-min"].number, known["port-max"].number}
            nodes = [node for node in nodes if node.number not in unfit]
        # Given in replies only.
        if "ifindex" in known and self.random.random() < 0.9:
            nodes = [node for node in nodes if node.number != known["ifindex"].number]
        return nodes

    def object(self, kind):
        """The top level of a message about one object."""
        return [Piece(self.spec.sets["braid"][kind].number, self.fields(kind))]

    def kind(self):
        return self.random.choice(self.spec.kinds)

    def request(self, operation):
        """The top level of a valid message of an operation."""
        if operation.attributes and operation.attributes[0] in self.spec.kinds:
            return self.object(self.kind())
        nodes = []
        for name in operation.attributes:
            attribute = self.spec.sets["braid"][name]
            if attribute.type == "flag" and self.random.random() < 0.7:
                continue
            nodes.append(Piece(attribute.number, self.value("braid", attribute)))
        return nodes
