#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# lab: kernel=stock,um,debug nodes=1 timeout=900 long_kernels=debug
"""The output of `braid save` restores the same state, for random configurations of all
kinds of objects, both families and names of every allowed character. SEED=N repeats the
configuration that a failed test has named."""

import contextlib
import ipaddress
import json
import os
import random
import string
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")

import braid
import links
import netlink as nl
from ktap import equal, run, test, true
from netns import Netns
from world import Node

# A process takes half a second on the test kernel.
CONFIGURATIONS = 10 if os.environ.get("KERNEL") == "stock" else 3
SEED = int(os.environ.get("SEED") or 0) or int.from_bytes(os.urandom(4), "little")
KINDS = ("identity", "endpoint", "uplink", "node", "prefix", "rule", "service", "backend",
         "overlay")
OVERLAY_IFINDEX = 6    # attribute
FLUSH = "".join(f"{kind} flush\n" for kind in (
    "rule", "backend", "service", "endpoint", "prefix", "node", "overlay", "uplink",
    "identity"))


def replacement(saved):
    """A batch that replaces the present state; but the name of an
    overlay is free only when a commit has removed its link."""
    return "".join(line for line in (FLUSH + saved).splitlines(keepends=True)
                   if not line.startswith("overlay "))


# Characters of names, and names that have a meaning elsewhere.
ALLOWED = "".join(c for c in string.printable[:94] if c not in ",#")
ODD_NAMES = ["help", "-h", "--", "-j", "any", "0", "0x1", "'", '"', "\\", "$(id)", "`id`",
             "a=b", "*", "{}", "[1]", "!", "&amp;", "%s", "\\x41", "n" * 63]
# The kernel allows anything in the name of a device but blanks, / and :.
DEVICES = ["v=1", "v!$&'()*", 'v"x\\y', "v\u00e9\u2713", "v+;<>?@[]", "v^_`{|}~", "-v", "v.-_", "veth"]
LOCAL = "172.16.0.1", "fd16::1"


class Configuration:
    """Lines of a random configuration, in random order."""

    def __init__(self, rng):
        self.rng = rng
        self.taken = set()
        self.lines = []
        self.devices = rng.sample(DEVICES, len(DEVICES))
        self.identities()
        self.uplinks()
        self.overlay()
        self.nodes()
        self.prefixes()
        self.endpoints()
        self.rules()
        self.services()
        rng.shuffle(self.lines)

    def __str__(self):
        return "".join(line + "\n" for line in self.lines)

    def add(self, *words):
        self.lines.append(" ".join(str(word) for word in words if word != ""))

    # --- values -------------------------------------------------------------------

    def chance(self, share, value):
        return value() if self.rng.random() < share else ""

    def text(self, longest):
        length = self.rng.choice([1, 2, 8, longest])
        return "".join(self.rng.choice(ALLOWED) for _ in range(length))

    def name(self):
        while True:
            name = self.rng.choice(ODD_NAMES) if self.rng.random() < 0.3 else self.text(63)
            if name not in self.taken:
                self.taken.add(name)
                return name

    def label(self):
        key = self.text(20).replace("=", "_")
        return f"{key}={self.text(127 - 1 - len(key)) if self.rng.random() < 0.9 else ''}"

    def network(self, family, length):
        """A network that overlaps no other."""
        base, bits = ((10 << 24, 32), (0xfd << 120, 128))[family == 6]
        while True:
            number = base | self.rng.getrandbits(bits - 8) >> bits - length << bits - length
            cidr = ipaddress.ip_network((number, length))
            if not any(cidr.overlaps(other) for other in self.taken
                       if getattr(other, "version", 0) == family):
                self.taken.add(cidr)
                return cidr

    def family(self):
        return self.rng.choice([4, 6])

    def cidr(self):
        family = self.family()
        return self.network(family, self.rng.randint(*((14, 32), (20, 128))[family == 6]))

    def address(self, family=None):
        family = family or self.family()
        return self.network(family, (32, 128)[family == 6]).network_address

    def some(self, most, make):
        return ",".join(str(make()) for _ in range(self.rng.randint(1, most)))

    def choose(self, *of):
        return self.rng.choice(of)

    # --- objects ------------------------------------------------------------------

    def identities(self):
        self.ids = self.rng.sample(range(256, 1 << 24), 8)
        # With a scope byte: for prefixes and rules.
        self.all_ids = self.ids + [0xffffffff, self.rng.randrange(1 << 24, 1 << 32)]
        for number in self.all_ids:
            number = self.choose(number, hex(number))
            # Each once, in an order that depends on the seed alone.
            labels = dict.fromkeys(self.label() for _ in range(self.choose(0, 1, 3, 64)))
            self.add("identity add", number, labels and "label " + ",".join(labels) or "")

    def uplinks(self):
        for _ in range(self.rng.randint(0, 2)):
            self.add("uplink add", self.devices.pop())

    def overlay(self):
        if self.rng.random() < 0.8:
            self.add("overlay add", self.choose("braid0", "b=!'*"), "type",
                     self.choose("vxlan", "geneve"), "local", self.choose(*LOCAL),
                     self.chance(0.5, lambda: f"port {self.rng.randint(1024, 65535)}"),
                     self.chance(0.5, lambda: f"mtu {self.rng.randint(1280, 1400)}"))

    def nodes(self):
        self.node_names = [self.name() for _ in range(self.rng.randint(0, 5))]
        for name in self.node_names:
            mac = bytes([2, *self.rng.randbytes(5)]).hex(":")
            self.add("node add", name, "underlay", self.some(3, self.address), "cidr",
                     self.some(8, self.cidr),
                     self.chance(0.5, lambda: "address " + self.some(3, self.address)),
                     self.chance(0.5, lambda: f"mac {mac}"))

    def prefixes(self):
        for _ in range(self.rng.randint(0, 20)):
            self.add("prefix add", self.cidr(), "identity",
                     self.choose(2, *self.all_ids),
                     self.chance(0.5, lambda: self.node_names and
                                 f"node {self.choose(*self.node_names)}" or ""))

    def endpoints(self):
        for _ in range(self.rng.randint(0, len(self.devices))):
            self.add("endpoint add", self.devices.pop(), "identity", self.choose(*self.ids),
                     "address", self.some(16, self.address))

    def peer(self):
        return self.choose(
            lambda: "any",
            lambda: "identity " + ",".join(map(str, self.rng.sample(
                [1, 2, 6] + self.all_ids, self.rng.randint(1, 8)))),
            lambda: "cidr " + self.some(6, self.cidr))()

    def ports(self):
        low = self.rng.randint(1, 65535)
        return self.choose("", f"port {low}",
                           f"port {low}-{self.rng.randint(low, 65535)}", "port 1-65535")

    def rules(self):
        for _ in range(self.rng.randint(0, 20)):
            protocol = self.choose("any", "tcp", "udp", "sctp", "icmp", "icmpv6")
            what = ""
            if protocol.startswith("icmp"):
                what = self.choose("", f"type {self.rng.randrange(256)}")
            elif protocol != "any":
                what = self.ports()
            words = [f"subject {self.choose(*self.ids)}",
                     f"direction {self.choose('ingress', 'egress')}",
                     f"peer {self.peer()}", f"protocol {protocol}", what,
                     f"action {self.choose('allow', 'deny')}",
                     self.chance(0.5, lambda: f"priority {self.choose(0, 1000, 2**32 - 1)}")]
            self.rng.shuffle(words)
            self.add("rule add", self.name(), *words)

    def services(self):
        for _ in range(self.rng.randint(0, 8)):
            family, name = self.family(), self.name()
            self.add("service add", name, "address", self.address(family), "port",
                     self.rng.randint(1, 65535), "protocol",
                     self.choose("tcp", "udp", "sctp"),
                     self.chance(0.3, lambda: "scope cluster"),
                     self.chance(0.3, lambda: "algorithm random"))
            for _ in range(self.rng.randint(0, 10)):
                self.add("backend add", name, "address", self.address(family), "port",
                         self.rng.randint(1, 65535))


# --- the state, as the tool shows it ------------------------------------------------

def state(node):
    shown = {kind: node.braid.show(kind) for kind in KINDS}
    equal(json.loads(node.braid.tool("-j", "save").stdout), [shown], "save beside show")
    return node.braid.save(), shown


def held(node):
    """What the kernel itself tells, past the tool: a tool that loses the same in
    every output would not notice."""
    told = []
    for number, kind in enumerate(KINDS):
        for answer in node.braid.family.call(braid.CMD_GET, nl.u32(braid.A_OBJECT, number),
                                             flags=nl.NLM_F_DUMP):
            # A new link has another index.
            told.append((kind, [each for each in nl.attrs(answer[0][1])
                                if (kind, each[0]) != ("overlay", OVERLAY_IFINDEX)]))
    return sorted(told)


def empty(node):
    return node.braid.save() == ""


def flush(node):
    node.braid.batch(FLUSH)
    true(empty(node), "something is left after the flush")


@contextlib.contextmanager
def configured(nodes, seed):
    """The first node has the configuration of this seed."""
    try:
        configuration = str(Configuration(random.Random(seed)))
        nodes[0].braid.batch(configuration)
        yield configuration
    except Exception:
        print(f"# SEED={seed}")
        raise
    finally:
        for node in nodes:
            node.braid.batch(FLUSH)


def seeds(most=CONFIGURATIONS):
    count = 1 if os.environ.get("SEED") else min(most, CONFIGURATIONS)
    return range(SEED, SEED + count)


@test("save, flush and the saved batch restore the same state")
def again(one, two):
    most = 0
    for seed in seeds():
        with configured((one, two), seed) as configuration:
            saved, shown = state(one)
            objects = held(one)
            equal(len(saved.splitlines()), len(configuration.splitlines()), "objects")
            most = max(most, len(saved.splitlines()))
            flush(one)
            one.braid.batch(saved)
            equal(state(one), (saved, shown))
            true(held(one) == objects, "the kernel holds something else")
            # With another line end, and replacing the present state.
            one.braid.batch(replacement(saved).replace("\n", "\r\n"))
            equal(one.braid.save(), saved)
            true(held(one) == objects, "the kernel holds something else")
    print(f"# {len(seeds())} configurations of up to {most} objects from SEED={SEED}")


@test("braid save | braid -b - gives another node the same state")
def piped(one, two):
    for seed in seeds(2):
        with configured((one, two), seed):
            subprocess.run(["bash", "-c", "set -o pipefail; braid -n one save | "
                            "braid -n two -b -"], check=True)
            equal(state(two), state(one))


@test("a dry run accepts a saved batch and changes nothing")
def dry(one, two):
    for seed in seeds(4):
        with configured((one, two), seed):
            saved = one.braid.save()
            generation = one.braid.generation()
            # Existing objects are refused; after a flush they are not.
            done = one.braid.tool("--dry-run", "-b", "-", stdin=saved, check=False)
            true(done.returncode == 2 and done.stderr.startswith("braid: stdin:"), done.stderr)
            one.braid.tool("--dry-run", "-b", "-", stdin=replacement(saved))
            one.braid.tool("--dry-run", "-b", "-", stdin=FLUSH)
            for kind in KINDS:
                one.braid.tool("--dry-run", kind, "flush", check=False)
            equal(one.braid.save(), saved)
            equal(one.braid.generation(), generation)
            flush(one)
            generation = one.braid.generation()
            one.braid.tool("--dry-run", "-b", "-", stdin=saved)
            true(empty(one), "the dry run has made objects")
            equal(one.braid.generation(), generation)


@test("a failing batch changes nothing, wherever its bad line is")
def nothing(one, two):
    for seed in seeds(2):
        with configured((one, two), seed):
            saved = one.braid.save()
            flush(one)
            lines = saved.splitlines(keepends=True)
            for at in {0, len(lines) // 2, len(lines)}:
                bad = lines[:at] + ["identity add 7\n"] + lines[at:]
                done = one.braid.tool("-b", "-", stdin="".join(bad), check=False)
                equal(done.returncode, 2)
                true(f"stdin:{at + 1}: identity 7: " in done.stderr, done.stderr)
                true(empty(one), "a part of the batch was made")


@test("what a batch cannot express is not saved")
def unwritable(one, two):
    other = Netns("odd-peer")
    for device in "v,x", "#v", "v\x01":
        with one:
            links.veth(device, "eth0", other)
        one.braid.tool("uplink", "add", device)
        done = one.braid.tool("save", check=False)
        # A comma is allowed where there is no list.
        if device == "v,x":
            equal((done.returncode, done.stdout), (0, f"uplink add {device}\n"))
        else:
            equal((done.returncode, done.stdout), (2, ""))
            true("no batch can hold" in done.stderr, done.stderr)
        one.braid.tool("uplink", "del", device)
        with one:
            links.delete(device)
    other.delete()


@contextlib.contextmanager
def fixture():
    """Two nodes with the same devices, and the peers of these."""
    one, two, peers = Node("one"), Node("two"), Netns("peers")
    try:
        for node in one, two:
            for which in "all", "default":
                node.sysctl(f"net.ipv6.conf.{which}.disable_ipv6", 0)
            with node:
                for at, device in enumerate(DEVICES):
                    links.veth(device, f"{node.name}{at}", peers)
                for local, length in zip(LOCAL, (24, 64)):
                    # Each node has its own address, or neither could be used.
                    node.run("ip", "address", "add", f"{local}/{length}", "dev", "veth",
                             *(["nodad"] if ":" in local else []))
        yield one, two
    finally:
        for ns in one, two, peers:
            ns.delete()


run(__file__, fixture)
