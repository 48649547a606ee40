#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# lab: kernel=stock,um,debug nodes=1 timeout=900 long_kernels=debug
"""Bad input is refused with a text that names the culprit, and changes nothing."""

import contextlib
import errno
import os
import struct
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")

import braid
import links
import netlink as nl
from ktap import equal, run, test, true
from world import Node

LAID = """\
identity add 300 label app=client
identity add 301
overlay add braid0 type vxlan local 172.16.0.1
node add n2 underlay 172.16.0.2 cidr 10.2.0.0/24
prefix add 10.2.0.80/32 identity 301 node n2
endpoint add v-a identity 300 address 10.1.0.10
rule add r subject 301 direction ingress peer identity 300 protocol tcp port 80 action allow
service add s address 10.96.0.1 port 80 protocol tcp
backend add s address 10.1.0.80 port 80
"""
LONG_NAME, LONGEST_NAME = 64 * "n", 63 * "n"
RULE = "rule add new subject 301 direction ingress peer identity 300"

# Lines that are refused, and words of the refusal: the culprit and the reason.
REFUSED = (
    # identities
    ("endpoint add v-b identity 999 address 10.1.0.11", "identity 999", "does not exist"),
    ("endpoint add v-b identity 6 address 10.1.0.11", "identity 6", "reserved"),
    ("endpoint add v-b identity 255 address 10.1.0.11", "identity 255", "reserved"),
    ("endpoint add v-b identity 16777216 address 10.1.0.11", "identity 16777216", "scope"),
    ("endpoint set v-a identity 999", "identity 999", "does not exist"),
    ("rule add new subject 999 direction ingress peer any protocol any action allow",
     "subject 999", "does not exist"),
    ("rule add new subject 999 direction ingress peer identity 999,999 protocol any "
     "action allow", "999", "does not exist"),
    ("rule add new subject 300 direction ingress peer identity 300,999 protocol any "
     "action allow", "identity 999:", "does not exist"),
    ("prefix add 10.7.0.0/16 identity 999", "identity 999", "does not exist"),
    ("prefix add 10.7.0.0/16 identity 300 node n9", "node n9", "does not exist"),
    ("identity add 255", "identity 255", "reserved"),
    ("identity add 0", "identity 0", "reserved"),
    ("identity del 300", "identity 300", "in use"),
    ("identity del 999", "identity 999", "does not exist"),
    ("node del n2", "node n2", "in use"),
    # addresses
    ("prefix add 10.7.0.1/16 identity 300", "10.7.0.1/16", "host bits"),
    ("node add n3 underlay 172.16.0.3 cidr 10.3.0.0/24,10.4.0.1/24", "10.4.0.1/24",
     "host bits"),
    (RULE.replace("identity 300", "cidr 10.0.0.1/8") + " protocol any action allow",
     "10.0.0.1/8", "host bits"),
    ("endpoint add v-b identity 300 address 10.1.0.10", "address 10.1.0.10",
     "another endpoint"),
    ("endpoint add v-b identity 300 address 10.1.0.11,10.1.0.10", "address",
     "another endpoint"),
    ("endpoint add v-b identity 300 address 224.0.0.1", "address 224.0.0.1", "unicast"),
    ("endpoint add v-b identity 300 address 0.0.0.0", "address 0.0.0.0", "unicast"),
    ("endpoint add v-b identity 300", "address", "required"),
    ("node add n3 underlay 172.16.0.2 cidr 10.3.0.0/24", "underlay", "another node"),
    ("node add n3 underlay 172.16.0.3 cidr 10.2.0.0/24", "cidr", "another node"),
    ("service add new address 10.96.0.1 port 80 protocol tcp", "address 10.96.0.1",
     "another service"),
    ("overlay add braid1 type vxlan local 172.16.0.1 port 9999", "overlay braid1",
     "overlay already"),
    ("overlay set braid0 mtu 20", "mtu 20", "68"),
    # ports
    ("service add new address 10.96.0.2 port 0 protocol tcp", "port 0", "port is 0"),
    ("backend add s address 10.1.0.81 port 0", "port 0", "port is 0"),
    (RULE + " protocol tcp port 0 action allow", "port 0", "port is 0"),
    (RULE + " protocol udp port 90-80 action allow", "port 90-80", "before the first"),
    (RULE + " protocol icmp port 80 action allow", "port 80", "icmp has no port"),
    (RULE + " protocol any port 80 action allow", "port 80", "tcp, udp or sctp"),
    (RULE + " protocol tcp type 8 action allow", "type 8", "icmp"),
    ("rule set r protocol icmp", "port", "icmp has no port"),
    # what is missing
    ("service add new port 80 protocol tcp", "address", "required"),
    ("service add new address 10.96.0.2 protocol tcp", "port", "required"),
    ("service add new address 10.96.0.2 port 80", "protocol", "required"),
    ("rule add new subject 301 direction ingress protocol any action allow", "peer",
     "required"),
    ("backend add none address 10.1.0.80 port 80", "none", "does not exist"),
    # names
    ("identity add 300", "identity 300", "exists"),
    ("node add n2 underlay 172.16.0.3 cidr 10.3.0.0/24", "node n2", "exists"),
    ("prefix add 10.2.0.80/32 identity 300", "prefix 10.2.0.80/32", "exists"),
    ("endpoint add v-a identity 300 address 10.1.0.12", "endpoint v-a", "already"),
    ("rule add r subject 301 direction ingress peer any protocol any action deny", "rule r",
     "exists"),
    ("service add s address 10.96.0.2 port 80 protocol tcp", "service s", "exists"),
    ("backend add s address 10.1.0.80 port 80", "10.1.0.80", "exists"),
    (f"rule add {LONG_NAME} subject 301 direction ingress peer any protocol any action deny",
     LONG_NAME, "63"),
    (f"node add {LONG_NAME} underlay 172.16.0.3 cidr 10.3.0.0/24", LONG_NAME, "63"),
    (f"service add {LONG_NAME} address 10.96.0.2 port 80 protocol tcp", LONG_NAME, "63"),
    ("rule add a\u00e4 subject 301 direction ingress peer any protocol any action deny",
     "rule a", "printable"),
    ("node add a\x01b underlay 172.16.0.3 cidr 10.3.0.0/24", "node a", "printable"),
    ("service add a\x7f address 10.96.0.2 port 80 protocol tcp", "service a", "printable"),
    (f"identity add 302 label {128 * 'k'}=v", "label", "127"),
    ("identity add 302 label novalue", "label novalue", "key=value"),
    # devices
    ("endpoint add v-none identity 300 address 10.1.0.13", "v-none", "does not exist"),
    ("uplink add v-none", "v-none", "does not exist"),
    ("overlay add waytoolongdevicename type vxlan local 172.16.0.1", "waytoolong", ""),
)

KINDS = ("identity", "endpoint", "uplink", "node", "prefix", "rule", "service", "backend",
         "overlay")


def state(node):
    """All objects as the kernel lists them, and the generation."""
    family = node.braid.family
    return [family.call(braid.CMD_GET, nl.u32(braid.A_OBJECT, kind), flags=nl.NLM_F_DUMP)
            for kind in range(len(KINDS))], family.generation()


@contextlib.contextmanager
def unchanged(node):
    before = state(node)
    yield
    equal(state(node), before, "the configuration")


def code_of(function, *args, **words):
    """The errno of a refused netlink request, 0 if it is accepted."""
    try:
        function(*args, **words)
        return 0
    except nl.Refused as refused:
        return refused.code


@test("every bad object is refused by name and changes nothing")
def bad_objects(node):
    wrong = []
    saved = node.braid.save()
    for line, culprit, why in REFUSED:
        before = state(node)
        # The valid change before it is not made either.
        done = node.braid.tool("-b", "-", stdin=f"identity add 310\n{line}\n", check=False)
        if (done.returncode != 2 or culprit not in done.stderr or why not in done.stderr
                or "2:" not in done.stderr or state(node) != before):
            wrong.append(f"{line}: status {done.returncode}, {done.stderr.strip()}, "
                         f"{'un' if state(node) == before else ''}changed")
    true(not wrong, "\n".join(wrong))
    equal(node.braid.save(), saved)


@test("the longest names are accepted")
def longest(node):
    node.braid.batch(f"rule add {LONGEST_NAME} subject 301 direction ingress peer any "
                     f"protocol any action deny\nidentity add 302 label {123 * 'k'}=val\n")
    equal(node.braid.show("identity", "302"), [{"identity": 302, "label": [f"{123 * 'k'}=val"]}])
    node.braid.batch(f"rule del {LONGEST_NAME}\nidentity del 302\n")


@test("without -b the refusal names the culprit as well")
def single(node):
    with unchanged(node):
        done = node.braid.tool("endpoint", "add", "v-b", "identity", "999", "address",
                               "10.1.0.11", check=False)
    equal(done.returncode, 2)
    true("identity 999" in done.stderr and "does not exist" in done.stderr, done.stderr)


@test("an unknown word is a usage error, status 1, and nothing is sent")
def usage(node):
    for words in ((), ("identity", "add"), ("identity", "add", "x"),
                  ("frobnicate", "add"), ("rule", "add", "r2", "subject"),
                  ("service", "add", "x", "port", "65536"), ("prefix", "add", "10.0.0.0/33"),
                  ("rule", "add", "r2", "action", "pass"), ("stats", "frob")):
        with unchanged(node):
            done = node.braid.tool(*words, check=False)
        equal(done.returncode, 1, f"braid {' '.join(words)}: {done.stderr}")


@test("a batch whose last line is wrong makes none of its changes and names the line")
def last_line(node):
    good = "".join(f"identity add {1000 + n}\n" for n in range(50))
    for bad, status in ("identity add 1000\n", 2), ("identity add\n", 1), ("prefix\n", 1):
        with unchanged(node):
            done = node.braid.tool("-b", "-", stdin=good + "\n# said\n" + bad, check=False)
        equal(done.returncode, status, done.stderr)
        true("53" in done.stderr, done.stderr)


@test("a refusal at commit names the line that causes it")
def commit_line(node):
    lines = ("identity add 500\nendpoint add v-b identity 501 address 10.1.0.11\n"
             "identity add 502\n")
    with unchanged(node):
        done = node.braid.tool("-b", "-", stdin=lines, check=False)
    equal(done.returncode, 2)
    true("2:" in done.stderr and "identity 501" in done.stderr, done.stderr)


# --- past the tool ----------------------------------------------------------------

IDENTITY = nl.nest(braid.A_IDENTITY, nl.u32(1, 777))


@test("truncated and wrongly nested messages are refused")
def malformed(node):
    family = node.do(braid.Family)
    cidr = nl.nest(1, nl.ip(1, "10.7.0.0"), nl.u8(2, 16))
    bad = {
        "no object": b"",
        "an object that is not nested": nl.u32(braid.A_IDENTITY, 777),
        "an empty object": nl.nest(braid.A_IDENTITY),
        "two objects": IDENTITY + nl.nest(braid.A_UPLINK, nl.text(1, "v-b")),
        "an object in an object": nl.nest(braid.A_IDENTITY, IDENTITY),
        "the wrong object's words": nl.nest(braid.A_RULE, nl.u32(1, 777)),
        "a number of two bytes": nl.nest(braid.A_IDENTITY, nl.u16(1, 777)),
        "a number of eight bytes": nl.nest(braid.A_IDENTITY, nl.attr(1, bytes(8))),
        "an unknown attribute": nl.nest(braid.A_IDENTITY, nl.u32(1, 777), nl.u32(99, 1)),
        "an unknown top level": IDENTITY + nl.u32(200, 1),
        "a name without an end": nl.nest(braid.A_UPLINK, nl.attr(1, b"v-b")),
        "an attribute longer than its nest": nl.nest(
            braid.A_IDENTITY, struct.pack("=HHI", 200, 1, 777)),
        "an attribute shorter than its head": nl.nest(
            braid.A_IDENTITY, struct.pack("=HHI", 3, 1, 777)),
        "a nest longer than the message": struct.pack(
            "=HHHHI", 400, braid.A_IDENTITY | nl.NLA_F_NESTED, 8, 1, 777),
        "a CIDR that is not nested": nl.nest(braid.A_PREFIX, nl.ip(1, "10.7.0.0"),
                                             nl.u32(2, 300)),
        "a CIDR without a length": nl.nest(braid.A_PREFIX, nl.nest(1, nl.ip(1, "10.7.0.0")),
                                           nl.u32(2, 300)),
        "a length of 33": nl.nest(braid.A_PREFIX, nl.nest(1, nl.ip(1, "10.7.0.0"),
                                                          nl.u8(2, 33)), nl.u32(2, 300)),
        "an address of three bytes": nl.nest(braid.A_BACKEND, nl.text(1, "s"),
                                             nl.attr(2, b"abc"), nl.u16(3, 80)),
        "an address of version 6": nl.nest(braid.A_BACKEND, nl.text(1, "s"),
                                           nl.attr(2, bytes(16)), nl.u16(3, 80)),
        "an unknown direction": nl.nest(
            braid.A_RULE, nl.text(1, "x"), nl.u32(2, 301), nl.u32(3, 7), nl.attr(5, b""),
            nl.u8(7, 0), nl.u32(11, 0)),
        "an unknown protocol": nl.nest(
            braid.A_RULE, nl.text(1, "x"), nl.u32(2, 301), nl.u32(3, 0), nl.attr(5, b""),
            nl.u8(7, 47), nl.u32(11, 0)),
        "two kinds of peer": nl.nest(
            braid.A_RULE, nl.text(1, "x"), nl.u32(2, 301), nl.u32(3, 0), nl.attr(5, b""),
            nl.u32(4, 300), nl.u8(7, 0), nl.u32(11, 0)),
        "a CIDR in the place of a name": nl.nest(braid.A_NODE, cidr),
    }
    with unchanged(node):
        for what, attributes in bad.items():
            true(code_of(family.call, braid.CMD_ADD, attributes), f"{what} was taken")
    # A refused change makes its transaction fail.
    with unchanged(node):
        family.call(braid.CMD_BEGIN)
        family.call(braid.CMD_ADD, IDENTITY)
        true(code_of(family.call, braid.CMD_ADD, nl.nest(
            braid.A_SERVICE, nl.text(1, "x"), nl.ip(2, "10.96.0.7"), nl.u16(3, 0),
            nl.u8(4, 6))), "port 0 was taken")
        equal(code_of(family.call, braid.CMD_COMMIT), errno.ECANCELED)
    family.close()


# Messages that cannot be parsed: they were meant to be a part of the transaction.
UNREADABLE = {
    "no object": b"",
    "a number of two bytes": nl.nest(braid.A_IDENTITY, nl.u16(1, 778)),
    "a nest that does not say so": nl.attr(braid.A_IDENTITY, nl.u32(1, 778)),
    "an unknown attribute of the object": nl.nest(braid.A_IDENTITY, nl.u32(1, 778),
                                                            nl.u32(99, 1)),
    "an unknown top level": nl.nest(braid.A_IDENTITY, nl.u32(1, 778)) + nl.u32(200, 1),
    "bytes behind it": nl.nest(braid.A_IDENTITY, nl.u32(1, 778)) + b"\0\0\0",
    "an attribute longer than the message": struct.pack("=HHI", 400, braid.A_OBJECT, 0),
    "an unknown kind": nl.u32(braid.A_OBJECT, 1000),
}


@test("a change that cannot be parsed makes its transaction fail")
def unreadable(node):
    family = node.do(braid.Family)
    wrong = []
    for command in braid.CMD_ADD, braid.CMD_SET, braid.CMD_DEL, braid.CMD_FLUSH:
        for what, attributes in UNREADABLE.items():
            with unchanged(node):
                family.call(braid.CMD_BEGIN)
                family.call(braid.CMD_ADD, IDENTITY)
                refused = code_of(family.call, command, attributes)
                commit = code_of(family.call, braid.CMD_COMMIT, nl.attr(braid.A_DRY_RUN, b""))
                if not refused or commit != errno.ECANCELED:
                    wrong.append(f"{what} in {command}: {refused}, the commit {commit}")
    family.close()
    true(not wrong, "\n".join(wrong))


@test("a commit, an abort and a begin that cannot be parsed end the transaction")
def unreadable_end(node):
    family = node.do(braid.Family)
    for command in braid.CMD_COMMIT, braid.CMD_ABORT, braid.CMD_BEGIN:
        with unchanged(node):
            family.call(braid.CMD_BEGIN)
            family.call(braid.CMD_ADD, IDENTITY)
            equal(code_of(family.call, command, nl.u32(200, 1)), errno.EINVAL)
            equal(code_of(family.call, braid.CMD_COMMIT), errno.EINVAL, f"after {command}")
    family.close()


@test("a refusal of a commit names message, attribute and index in a list")
def which(node):
    endpoint = nl.nest(braid.A_ENDPOINT, nl.text(1, "v-b"), nl.u32(3, 300),
                       nl.ip(4, "10.1.0.20"), nl.ip(4, "10.1.0.21"),
                       nl.ip(4, "10.1.0.10"))
    rule = nl.nest(braid.A_RULE, nl.text(1, "new"), nl.u32(2, 300), nl.u32(3, 0),
                   nl.u32(4, 300), nl.u32(4, 998), nl.u8(7, 0), nl.u32(11, 0))
    family = node.do(braid.Family)
    # identity is not a list; the third address belongs to another endpoint.
    for change, attribute, nth in (endpoint, 4, 2), (rule, 4, 1), (
            nl.nest(braid.A_IDENTITY, nl.u32(1, 300)), 1, 0):
        with unchanged(node):
            family.call(braid.CMD_BEGIN)
            family.call(braid.CMD_ADD, IDENTITY)
            family.call(braid.CMD_ADD, change)
            number = family.seq
            try:
                family.call(braid.CMD_COMMIT)
                raise AssertionError("it was committed")
            except nl.Refused as refused:
                equal(struct.unpack("=IHH", refused.cookie), (number, attribute, nth))
    family.close()


@test("a message cut at any byte is refused or is complete")
def cut(node):
    family = node.do(braid.Family)
    whole = nl.nest(braid.A_RULE, nl.text(1, "cut"), nl.u32(2, 301), nl.u32(3, 0),
                    nl.nest(6, nl.ip(1, "10.0.0.0"), nl.u8(2, 8)), nl.u8(7, 6),
                    nl.u16(8, 80), nl.u16(9, 90), nl.u32(11, 0), nl.u32(12, 5))
    with unchanged(node):
        for size in range(len(whole)):
            # The cut message has its true length, but an attribute in it does not.
            true(code_of(family.call, braid.CMD_ADD, whole[:size]), f"cut at {size}: taken")
    with unchanged(node):
        # Shorter than the header of the family.
        for size in range(4):
            true(code_of(family.ask, family.family, bytes(size)), f"head cut at {size}")
    equal(code_of(family.call, braid.CMD_ADD, whole), 0, "all of it")
    node.braid.batch("rule del cut\n")
    family.close()


@test("unknown commands are refused")
def commands(node):
    with unchanged(node):
        for command in 0, 12, 100, 255:
            equal(code_of(node.braid.family.call, command), errno.EOPNOTSUPP)
        for kind in 9, 1000, (1 << 32) - 1:
            equal(code_of(node.braid.family.call, braid.CMD_FLUSH,
                          nl.u32(braid.A_OBJECT, kind)) in (errno.EINVAL, errno.ERANGE), True)
        true(code_of(node.braid.family.call, braid.CMD_FLUSH), "a flush of nothing")


@test("a commit begun from an older generation is refused")
def older(node):
    one, two = node.do(braid.Family), node.do(braid.Family)
    for family, number in (one, 601), (two, 602):
        family.call(braid.CMD_BEGIN)
        family.call(braid.CMD_ADD, nl.nest(braid.A_IDENTITY, nl.u32(1, number)))
    one.call(braid.CMD_COMMIT)
    with unchanged(node):
        equal(code_of(two.call, braid.CMD_COMMIT), errno.EAGAIN)
        # The transaction has ended and cannot be committed again.
        equal(code_of(two.call, braid.CMD_COMMIT), errno.EINVAL)
    equal([each["identity"] for each in node.braid.show("identity")], [300, 301, 601])
    two.call(braid.CMD_BEGIN)
    two.call(braid.CMD_DEL, nl.nest(braid.A_IDENTITY, nl.u32(1, 601)))
    two.call(braid.CMD_COMMIT)
    one.close()
    two.close()


@test("the staged changes of a socket are discarded when it closes, aborts or begins again")
def discarded(node):
    with unchanged(node):
        family = node.do(braid.Family)
        family.call(braid.CMD_BEGIN)
        family.call(braid.CMD_ADD, IDENTITY)
        family.close()
        family = node.do(braid.Family)
        equal(code_of(family.call, braid.CMD_COMMIT), errno.EINVAL, "commit without begin")
        equal(code_of(family.call, braid.CMD_ABORT), errno.EINVAL, "abort without begin")
        family.call(braid.CMD_BEGIN)
        family.call(braid.CMD_ADD, IDENTITY)
        family.call(braid.CMD_ABORT)
        equal(code_of(family.call, braid.CMD_COMMIT), errno.EINVAL, "commit after abort")
    family.call(braid.CMD_BEGIN)
    family.call(braid.CMD_ADD, IDENTITY)
    family.call(braid.CMD_BEGIN)
    family.call(braid.CMD_COMMIT)
    true(777 not in [each["identity"] for each in node.braid.show("identity")],
         "the first transaction's change came with the second's commit")
    family.close()


@test("a dry run answers as the commit would, and changes nothing")
def dry_run(node):
    family = node.do(braid.Family)
    dry = nl.attr(braid.A_DRY_RUN, b"")
    with unchanged(node):
        family.call(braid.CMD_BEGIN)
        family.call(braid.CMD_ADD, IDENTITY)
        family.call(braid.CMD_COMMIT, dry)
        family.call(braid.CMD_BEGIN)
        family.call(braid.CMD_ADD, nl.nest(braid.A_IDENTITY, nl.u32(1, 300)))
        equal(code_of(family.call, braid.CMD_COMMIT, dry), errno.EEXIST)
    family.close()


# --- privilege --------------------------------------------------------------------

READS = ("identity", "show"), ("stats", "show"), ("version",)
WRITES = (("identity", "add", "700"), ("identity", "flush"), ("stats", "reset"),
          ("-b", "/dev/stdin"))


def only_reads(node, *prefix):
    """Checks that the tool cannot change anything with these words before it."""
    with unchanged(node):
        for words in WRITES:
            done = node.run(*prefix, "braid", *words, check=False,
                            stdin="identity add 700\n" if words[0] == "-b" else "")
            equal(done.returncode, 2, f"{words}: {done.stderr}")
            true("permitted" in done.stderr or "privilege" in done.stderr, done.stderr)


@test("a caller without CAP_NET_ADMIN can list, but not change")
def capability(node):
    without = "setpriv", "--bounding-set=-net_admin", "--inh-caps=-net_admin"
    only_reads(node, *without)
    for words in READS:
        node.run(*without, "braid", *words)
    done = node.run(*without, "timeout", "60", "braid", "monitor", check=False)
    equal(done.returncode, 2, f"monitor: {done.stderr}")


@test("root of a foreign user namespace changes nothing here")
def foreign(node):
    only_reads(node, "unshare", "-U", "-r")


@test("root of a user namespace can change its own network namespace only")
def own_namespace(node):
    with unchanged(node):
        node.run("unshare", "-U", "-r", "-n", "bash", "-ec", """
            ip link set lo up
            braid identity add 700
            braid rule add x subject 700 direction ingress peer any protocol any action deny
            [[ $(braid identity show) == 700 ]]
            ! braid endpoint add v-b identity 700 address 10.1.0.11""")


@contextlib.contextmanager
def fixture():
    node = Node("n1")
    with node:
        for device in "a", "b":
            links.veth(f"v-{device}", f"p-{device}", node)
        links.address("v-b", "172.16.0.1/24")
    node.braid.batch(LAID)
    yield (node,)
    node.delete()


run(__file__, fixture)
