# SPDX-License-Identifier: GPL-2.0-only
"""Messages from the netlink specification: valid ones, and mutations of them. All
chance comes from one random.Random, so that a seed repeats it."""

import itertools
import os
import struct

import yaml

SPECS = "/build/spec/Documentation/netlink/specs"
NLA_F_NESTED = 0x8000
SIZES = {"u8": 1, "u16": 2, "u32": 4, "u64": 8, "flag": 0}
FORMATS = {"u8": "=B", "u16": "=H", "u32": "=I", "u64": "=Q"}


class Attribute:
    def __init__(self, number, said):
        self.number = said.get("value", number)
        self.name = said["name"]
        self.type = said["type"]
        self.nested = said.get("nested-attributes")
        self.multi = said.get("multi-attr", False)
        self.enum = said.get("enum")


class Operation:
    """One that both answers and lists is two: that which lists is called NAME-all."""

    def __init__(self, number, said, dump):
        self.number = said.get("value", number)
        self.name = said["name"] + ("-all" if dump and "do" in said else "")
        self.dump = dump
        self.event = "event" in said
        self.admin = "uns-admin-perm" in said.get("flags", ())
        self.set = said["attribute-set"]
        request = (said.get("dump" if dump else "do") or {}).get("request") or {}
        self.attributes = request.get("attributes", [])


def operations(said):
    for number, entry in enumerate(said["operations"]["list"], 1):
        for dump in False, True:
            if "dump" in entry if dump else "do" in entry or "event" in entry:
                yield Operation(number, entry, dump)


class Spec:
    def __init__(self, family):
        with open(f"{SPECS}/{family}.yaml", encoding="utf-8") as file:
            said = yaml.load(file, yaml.CSafeLoader)
        self.enums = {entry["name"]: entry["entries"] for entry in said["definitions"]
                      if entry["type"] == "enum"}
        self.sets = {}
        for attributes in said["attribute-sets"]:
            self.sets[attributes["name"]] = self.attributes(attributes)
        self.operations = {operation.name: operation for operation in operations(said)}
        self.kinds = list(self.enums.get("object", ()))

    def attributes(self, said):
        """The attributes of a set; a subset has the numbers of its set."""
        if "subset-of" in said:
            whole = self.sets[said["subset-of"]]
            return {entry["name"]: whole[entry["name"]] for entry in said["attributes"]}
        return {attribute.name: attribute for attribute in (
            Attribute(number, entry)
            for number, entry in enumerate(said["attributes"], 1))}

    def piece(self, name, word, content):
        """An attribute of a set, of its content."""
        return Piece(self.sets[name][word].number, content)

    def by_number(self, name):
        return {attribute.number: attribute for attribute in self.sets[name].values()}


class Piece:
    """An attribute of a message: bytes or nested attributes, and wrong values of
    itself."""

    def __init__(self, number, content, nested=None, size=None):
        self.number = number
        self.content = content
        self.nested = isinstance(content, list) if nested is None else nested
        self.size = size      # said instead of the true one

    def copy(self):
        content = self.content
        if isinstance(content, list):
            content = [node.copy() for node in content]
        return Piece(self.number, content, self.nested, self.size)

    def packed(self):
        content = pack(self.content) if isinstance(self.content, list) else self.content
        size = 4 + len(content) if self.size is None else self.size
        return struct.pack("=HH", size & 0xffff,
                           (self.number | (NLA_F_NESTED if self.nested else 0)) & 0xffff) \
            + content + bytes(-len(content) % 4)


def pack(nodes):
    return b"".join(node.packed() for node in nodes)


def everywhere(nodes):
    """(list, index) of each attribute of a message."""
    for index, node in enumerate(nodes):
        yield nodes, index
        if isinstance(node.content, list):
            yield from everywhere(node.content)


class Mutator:
    """Mutates a message, one change at a time."""

    def __init__(self, spec, random):
        self.spec = spec
        self.random = random
        self.changes = [self.drop, self.repeat, self.renumber, self.resize, self.retype,
                        self.cut, self.grow, self.noise, self.shuffle, self.foreign,
                        self.deepen, self.flatten, self.flag, self.many]

    def mutate(self, nodes):
        """A changed copy."""
        nodes = [node.copy() for node in nodes]
        for _ in range(self.random.choice((1, 1, 1, 2, 3, 8))):
            places = list(itertools.islice(everywhere(nodes), 500))
            if not places:
                nodes.append(Piece(self.random.randrange(64), self.random.randbytes(4)))
                continue
            self.random.choice(self.changes)(*self.random.choice(places))
        return nodes

    def drop(self, nodes, index):
        del nodes[index]

    def repeat(self, nodes, index):
        nodes.insert(self.random.randrange(len(nodes) + 1), nodes[index].copy())

    def many(self, nodes, index):
        if len(nodes) < 100:
            nodes[index:index] = [nodes[index]] * self.random.choice((2, 17, 65, 300))

    def renumber(self, nodes, index):
        nodes[index].number = self.random.choice((0, self.random.randrange(32), 0x3fff,
                                                  self.random.randrange(1 << 14)))

    def resize(self, nodes, index):
        nodes[index].size = self.random.choice((0, 1, 3, 4, 5, 8, 0x7fff, 0xffff,
                                                self.random.randrange(1 << 16)))

    def retype(self, nodes, index):
        node = nodes[index]
        content = pack(node.content) if isinstance(node.content, list) else node.content
        node.content = self.random.choice((b"", content + b"\0", content[:-1], content * 2,
                                           b"\0" * len(content), b"\xff" * len(content),
                                           self.random.randbytes(len(content))))

    def cut(self, nodes, index):
        content = nodes[index].content
        if content:
            nodes[index].content = content[:self.random.randrange(len(content))]

    def grow(self, nodes, index):
        node = nodes[index]
        if not isinstance(node.content, list):
            node.content += self.random.randbytes(self.random.choice((1, 4, 64, 200, 4000)))

    def noise(self, nodes, index):
        node = nodes[index]
        node.content = self.random.randbytes(self.random.randrange(40))

    def shuffle(self, nodes, index):
        self.random.shuffle(nodes)

    def foreign(self, nodes, index):
        """An attribute of any set."""
        attribute = self.random.choice(
            [attribute for attributes in self.spec.sets.values()
             for attribute in attributes.values()])
        nodes.insert(index, Piece(attribute.number, self.random.randbytes(
            SIZES.get(attribute.type, 6)), self.random.random() < 0.5))

    def deepen(self, nodes, index):
        node = nodes[index]
        for _ in range(self.random.choice((1, 2, 50))):
            node = Piece(node.number, [node])
        nodes[index] = node

    def flatten(self, nodes, index):
        content = nodes[index].content
        if isinstance(content, list):
            nodes[index:index + 1] = content

    def flag(self, nodes, index):
        nodes[index].nested = not nodes[index].nested


def parsed(spec, name, data):
    """The content of a reply, {name: value or list}; raises if its form is wrong."""
    known = spec.by_number(name)
    said = {}
    while data:
        if len(data) < 4:
            raise ValueError(f"{name}: {len(data)} bytes too many")
        size, number = struct.unpack_from("=HH", data)
        nested, number = bool(number & NLA_F_NESTED), number & 0x3fff
        if not 4 <= size <= len(data):
            raise ValueError(f"{name}: attribute {number} of {size} bytes in {len(data)}")
        attribute = known.get(number)
        if not attribute:
            raise ValueError(f"{name}: an attribute {number} that is not in the specification")
        payload, data = data[4:size], data[(size + 3) & ~3:]
        value = read(spec, name, attribute, payload, nested)
        if attribute.type == "pad":
            continue
        if attribute.multi:
            said.setdefault(attribute.name, []).append(value)
        elif attribute.name in said:
            raise ValueError(f"{name}: {attribute.name} twice")
        else:
            said[attribute.name] = value
    return said


def read(spec, name, attribute, payload, nested):
    if nested != (attribute.type == "nest"):
        raise ValueError(f"{name}: {attribute.name} is {'' if nested else 'not '}nested")
    if nested:
        return parsed(spec, attribute.nested, payload)
    if attribute.type in SIZES:
        if len(payload) != SIZES[attribute.type]:
            raise ValueError(f"{name}: {attribute.name} of {len(payload)} bytes")
        if attribute.type == "flag":
            return True
        number = int.from_bytes(payload, "little")
        if attribute.enum and number >= len(spec.enums[attribute.enum]):
            raise ValueError(f"{name}: {attribute.name} is {number}")
        return number
    if attribute.type == "string":
        if payload[-1:] != b"\0" or b"\0" in payload[:-1]:
            raise ValueError(f"{name}: {attribute.name} is {payload}")
        # A path may have any bytes, all other strings are names.
        return os.fsdecode(payload[:-1]) if attribute.name == "path" else \
            payload[:-1].decode("ascii")
    return payload
