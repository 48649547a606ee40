# SPDX-License-Identifier: GPL-2.0-only
"""Words, and the messages that are sent for them."""

import os
import random
import re

import fake_kernel as fake
from fake_kernel import attr, cidr, nest, u16, u32
from harness import ALL, N, OBJECTS, equal, run, top

# ---- words ----

USAGE = [
    ("", "Usage: braid"),
    ("-x", "-x: unknown option"),
    ("--dry", "Usage: braid"),
    ("--dryrun", "--dryrun: unknown option"),
    ("--dry-run stats reset", "--dry-run: 'stats reset' cannot be tried"),
    ("-c=sometimes version", "-c=sometimes: not one of: always, auto, never"),
    ("-colour version", "-colour: not one of: always"),
    ("--color=x version", "--color=x: not one of: always, auto, never"),
    ("uplink add eth0 ifindex 3", "ifindex: unknown word for 'uplink add'"),
    ("-n", "-n: value missing"),
    ("-n no-such-namespace version", "-n no-such-namespace: No such file"),
    ("-n ../x version", "-n ../x: not the name of a network namespace"),
    ("-b", "-b: value missing"),
    ("-b - identity", "identity: -b takes its words from the file"),
    ("-b /no/such/file", "/no/such/file: No such file"),
    ("voter show", "voter: unknown object"),
    ("flow clear", "clear: unknown command of flow"),
    ("flow show all", "all: unknown word for 'flow show'"),
    ("--dry-run flow flush", "--dry-run: 'flow flush' cannot be tried"),
    ("explain", "explain: unknown object"),
    ("identity frob", "frob: unknown command of identity"),
    ("uplink set eth0", "set: unknown command of uplink"),
    ("backend set b", "set: unknown command of backend"),
    ("identity add", "identity add: ID missing"),
    ("rule del", "rule del: NAME missing"),
    ("identity flush 300", "300: 'identity flush' takes no words"),
    ("identity add 300 colour red", "colour: unknown word for 'identity add'"),
    ("identity add 300 id 4", "id: unknown word for 'identity add'"),
    ("identity add 300 label", "label: value missing"),
    ("identity add 300 label a=b label c=d", "label: given twice"),
    ("identity add 300 label a=b,", "label '': not a name"),
    ("identity add ", "identity '': not an identity"),
    ("identity add 300 ", ": unknown word"),
    ("identity del 300 label a=b", "label: unknown word for 'identity del'"),
    ("identity show 300 label a=b", "label: unknown word for 'identity show'"),
    ("identity add web", "identity web: not an identity"),
    ("identity add -1", "identity -1: not an identity"),
    ("identity add +1", "identity +1: not an identity"),
    ("identity add 0x", "identity 0x: not an identity"),
    ("identity add 0x0x1", "identity 0x0x1: not an identity"),
    ("identity add 0x100000000", "identity 0x100000000: not an identity"),
    ("identity add 4294967296", "identity 4294967296: not an identity"),
    ("identity add 99999999999999999999", "not an identity"),
    ("identity show web", "identity web: not an identity"),
    ("endpoint add v identity 300 address 10.1.0.256",
     "address 10.1.0.256: not an address"),
    ("endpoint add v address 10.1.0.2,,10.1.0.3", "address '': not an address"),
    ("endpoint add v ingress always", "ingress: unknown word"),
    ("node add n cidr 10.0.0.0/33", "cidr 10.0.0.0/33: not a CIDR"),
    ("node add n cidr 10.0.0.0/", "cidr 10.0.0.0/: not a CIDR"),
    ("node add n cidr 10.0.0.0/8/8", "cidr 10.0.0.0/8/8: not a CIDR"),
    ("node add n cidr 10.0.0/8", "cidr 10.0.0/8: not a CIDR"),
    ("node add n cidr fd00::/129", "cidr fd00::/129: not a CIDR"),
    ("node add n cidr " + "1" * 100, "not a CIDR"),
    ("node add n mac 02:00:00:00:00", "mac 02:00:00:00:00: not a hardware"),
    ("node add n mac 02:00:00:00:00:00:00", "not a hardware"),
    ("node add n mac 02:00:00:00:00:0", "not a hardware"),
    ("node add n mac 02:00:00:00:00:gg", "not a hardware"),
    ("node add n mac 020000000000", "not a hardware"),
    ("prefix add 10.0.0.0/40 identity 2", "prefix 10.0.0.0/40: not a CIDR"),
    ("rule add r direction up", "direction up: not one of: ingress, egress"),
    ("rule add r protocol dccp",
     "not one of: any, tcp, udp, sctp, icmp, icmpv6"),
    ("rule add r action pass", "action pass: not one of: allow, deny"),
    ("rule add r port 70000", "port 70000: not a number from 0 to 65535"),
    ("rule add r port 80-", "port 80-: not a number"),
    ("rule add r port -80", "port -80: not a number"),
    ("rule add r port 80-90-100", "port 80-90-100: not a number"),
    ("rule add r port 0x50", "port 0x50: not a number"),
    ("rule add r type 256", "type 256: not a number from 0 to 255"),
    ("rule add r priority 4294967296", "priority 4294967296: not a number"),
    ("rule add r peer", "peer: value missing"),
    ("rule add r peer identity", "peer identity: value missing"),
    ("rule add r peer entity host", "peer entity: unknown word"),
    ("rule add r peer identity 300,web", "peer identity web: not an identity"),
    ("rule add r peer any peer any", "peer: given twice"),
    ("rule add r peer cidr 10.0.0.0/8 except 10.1.0.0/16",
     "except: unknown word"),
    ("service add s protocol icmp", "protocol icmp: not one of: tcp, udp, sctp"),
    ("service add s scope node", "scope node: not one of: cluster"),
    ("service add s algorithm maglev", "not one of: random"),
    ("service add s affinity 10", "affinity: unknown word"),
    ("backend add s address 10.1.0.2 port 80 weight 2", "weight: unknown word"),
    ("overlay add o type gre", "type gre: not one of: vxlan, geneve"),
    ("stats clear", "clear: unknown command of stats"),
    ("stats show all", "all: unknown word for 'stats show'"),
    ("monitor verdicts", "verdicts: unknown word for 'monitor'"),
    ("monitor drops now", "now: unknown word for 'monitor drops'"),
    ("save all", "all: unknown word for 'save'"),
    ("version all", "all: unknown word for 'version'"),
    ("help voter", "voter: no such help"),
    ("help rule add", "add: unknown word for 'help'"),
]


def test_wrong_words_are_refused():
    for line, text in USAGE:
        # one blank at the end stands for an empty last word
        words = line.split(" ") if line else []
        result = run(*words)
        equal((result.status, result.out, len(result.sent)), (1, "", 0))
        assert text in result.err, f"{line!r}: {result.err!r} lacks {text!r}"


def test_every_command_has_help():
    for words in (["help"], ["-h"], ["--help"]):
        result = run(*words)
        equal((result.status, result.err), (0, ""))
        for name in OBJECTS + ["flow", "stats", "monitor", "save", "version"]:
            assert f"  {name} " in result.out, name
    for name in OBJECTS:
        for ask in ("help", "-h", "--help"):
            equal(run(name, ask).status, 0)
        for command in ("add", "set", "del", "show", "flush"):
            result = run(name, command, "help")
            wanted = command != "set" or name not in ("uplink", "backend")
            equal(result.status, 0 if wanted else 1)
            if wanted:
                assert f"braid {name} {command}" in result.out
                assert "Examples:" in result.out
    for name in ("flow", "stats", "monitor", "save", "version"):
        result = run(name, "help")
        equal((result.status, result.err), (0, ""))
        assert f"braid {name}" in result.out
    equal(run("monitor", "drops", "help").status, 0)


def test_help_names_every_object():
    general = run("help").out
    equal(run("help", "help").out, general)
    for name in OBJECTS + ["flow", "stats", "monitor", "save", "version"]:
        result = run("help", name)
        equal((result.status, result.err), (0, ""))
        equal(result.out, run(name, "help").out)
        assert f"braid {name}" in result.out and result.out != general


def test_examples_of_help_are_understood():
    count = 0
    for name in OBJECTS:
        examples = run(name, "help").out.split("Examples:\n")[1]
        for line in examples.replace("\\\n", "").splitlines():
            words = line.split()
            equal(words[0], "braid")
            shows = "show" in words
            equal(run(*words[1:]).status, 2 if shows and words[-1] != "show" and
                  name != "backend" else 0)
            count += 1
    assert count > 40, count


def test_help_is_a_value_where_a_value_stands():
    """`help` in the place of a value is a value."""
    result = one(run("prefix", "add", "10.0.0.0/8", "identity", "2", "node", "help"))
    assert attr(N.A_PREFIX_NODE, "help") in result.body
    equal(run("rule", "add", "r", "help").status, 1)


def test_help_has_only_words_that_the_parser_takes():
    """The parser takes every word of the usage."""
    for name in OBJECTS:
        usage = run(name, "add", "help").out.split("\n\n")[0]
        for word in usage.replace("[", " ").split()[4:]:
            if not word.islower() or any(c in word for c in "|],."):
                continue
            result = run(name, "add", "x", word)
            assert "unknown word for" not in result.err or \
                word in ("any", "cluster", "random", "vxlan", "cidr",
                         "identity"), (name, word, result.err)


def page(name):
    path = os.path.join(os.path.dirname(__file__), f"../man/{name}.8")
    with open(path, encoding="ascii") as file:
        return re.sub(r"\\f[BIRP]|\\", "", file.read())


def test_manual_has_every_word():
    """In the synopsis and in the explanation of words."""
    for name in OBJECTS:
        _, synopsis, rest = re.split("^.SH SYNOPSIS|^.SH DESCRIPTION",
                                     page(f"braid-{name}"), flags=re.M)
        rest = rest.split(".SH EXAMPLES")[0]
        usage = run(name, "add", "help").out.split("\n\n")[0]
        for word in re.findall(r"[a-z][a-z0-9]+", usage.split("add", 1)[1]):
            for part in synopsis, rest:
                assert re.search(rf"\b{word}\b", part), (name, word)


def test_manual_has_every_option():
    manual = page("braid").split(".SH OPTIONS")[1].split(".SH")[0]
    usage = run("help").out.split("Options:")[1].split("Objects")[0]
    for option in re.findall(r"^  (--?[a-z-]+)", usage, re.M):
        assert option in manual, option


# ---- messages ----

def one(result):
    equal((result.status, result.err, result.out), (0, "", ""))
    equal(len(result.sent), 1)
    message = result.sent[0]
    equal((message.kind, message.flags, message.version), (fake.FAMILY, 5, 1))
    return message


def test_add_and_set_send_every_word():
    for name, words, wanted in ALL:
        message = one(run(name, "add", *words))
        equal((message.cmd, message.body),
              (N.CMD_ADD, nest(top(name), *wanted())))
        if name not in ("uplink", "backend"):
            message = one(run(name, "set", *words))
            equal((message.cmd, message.body),
                  (N.CMD_SET, nest(top(name), *wanted())))


def test_words_are_taken_in_any_order():
    message = one(run("rule", "add", "x", "action", "deny", "peer", "any",
                      "subject", "0x12c"))
    equal(message.body, nest(N.A_RULE, attr(N.A_RULE_NAME, "x"),
                             u32(N.A_RULE_ACTION, N.ACTION_DENY),
                             attr(N.A_RULE_PEER_ANY),
                             u32(N.A_RULE_SUBJECT, 300)))


def test_an_address_alone_is_a_prefix():
    equal(one(run("prefix", "del", "10.2.0.7")).body,
          nest(N.A_PREFIX, cidr(N.A_PREFIX_CIDR, "10.2.0.7/32")))
    equal(one(run("prefix", "del", "fd02::7")).body,
          nest(N.A_PREFIX, cidr(N.A_PREFIX_CIDR, "fd02::7/128")))


def test_well_formed_values_are_sent_unchecked():
    """The kernel checks whether values make sense."""
    for words, body in (
            ("rule add r port 0", nest(N.A_RULE, attr(N.A_RULE_NAME, "r"),
                                       u16(N.A_RULE_PORT_MIN, 0))),
            ("rule add r port 90-80", nest(N.A_RULE, attr(N.A_RULE_NAME, "r"),
                                           u16(N.A_RULE_PORT_MIN, 90),
                                           u16(N.A_RULE_PORT_MAX, 80))),
            ("service add s", nest(N.A_SERVICE, attr(N.A_SERVICE_NAME, "s"))),
            ("prefix add 10.0.0.1/8", nest(N.A_PREFIX, cidr(
                N.A_PREFIX_CIDR, "10.0.0.1/8"))),
            ("identity add 1", nest(N.A_IDENTITY, u32(N.A_IDENTITY_ID, 1))),
            ("uplink add " + "x" * 300, nest(
                N.A_UPLINK, attr(N.A_UPLINK_DEVICE, "x" * 300)))):
        equal(one(run(*words.split())).body, body)


def test_del_sends_the_key_and_flush_the_kind():
    for name, words, wanted in ALL:
        keys = 5 if name == "backend" else 1
        message = one(run(name, "del", *words[:keys]))
        equal((message.cmd, message.body), (N.CMD_DEL, nest(
            top(name), *wanted()[:3 if keys == 5 else 1])))
        message = one(run(name, "flush"))
        equal((message.cmd, message.body), (N.CMD_FLUSH, u32(
            N.A_OBJECT, getattr(N, "OBJECT_" + name.upper()))))


def test_long_lists_are_sent_whole_or_refused():
    many = [f"10.{i >> 8}.{i & 255}.0/24" for i in range(2000)]
    message = one(run("rule", "add", "r", "peer", "cidr", ",".join(many)))
    equal(message.body, nest(N.A_RULE, attr(N.A_RULE_NAME, "r"), *[
        cidr(N.A_RULE_PEER_CIDR, text) for text in many]))
    result = run("rule", "add", "r", "peer", "cidr", ",".join(many * 4))
    equal((result.status, len(result.sent)), (1, 0))
    assert "too many values" in result.err


def test_random_words_do_no_harm():
    vocabulary = ["add", "set", "del", "show", "flush", "help", "-", "0", "1",
                  "peer", "identity", "any", "cidr", "port", "address", ",",
                  "a,b", "10.0.0.0/8", "1-2", "label", "=", "#", "", "mac",
                  "protocol", "tcp", "é", "\t", "x" * 5000, *OBJECTS]
    for seed in range(200):
        rng = random.Random(seed)
        words = [rng.choice(OBJECTS)] + [
            rng.choice(vocabulary) for _ in range(rng.randint(0, 9))]
        run(*words)
        run("-b", "-", stdin="\n".join(
            " ".join(rng.choice(vocabulary) for _ in range(rng.randint(0, 9)))
            for _ in range(5)))
