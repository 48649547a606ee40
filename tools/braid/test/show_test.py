# SPDX-License-Identifier: GPL-2.0-only
"""Output of show, save, version and stats."""

import json
import re

import fake_kernel as fake
from fake_kernel import ack, attr, attrs, done, nest, reply, u32, u64
from harness import ALL, N, OBJECTS, equal, run, store, top
from words_test import one

EINVAL = 22

# ---- show ----

def plain(text):
    """Without default and derived values."""
    for word in " mac [^ ]*", " priority 1000", " scope cluster", " algorithm random":
        text = re.sub(word + "( |$)", r"\1", text)
    return text


def lines(name, shown=plain):
    return sorted(shown(" ".join(words)) for other, words, _ in ALL
                  if other == name)


def test_show_prints_text_that_add_takes():
    for name in OBJECTS:
        result = run(name, "show", kernel=store())
        equal((result.status, result.err), (0, ""))
        equal(sorted(result.out.splitlines()), lines(name))
        equal(result.out, run(name, kernel=store()).out)
    equal([line.split()[0] for line in
           run("rule", "show", kernel=store()).out.splitlines()],
          ["any-in", "out", "ping", "ping6", "tele", "web"])


def test_show_prints_json():
    def shown(*words):
        compact = run("-j", *words, kernel=store())
        pretty = run("-p", *words, kernel=store())
        equal((compact.status, compact.out.count("\n")), (0, 1))
        equal(json.loads(compact.out), json.loads(pretty.out))
        assert pretty.out.count("\n") > 4 or pretty.out == "[]\n"
        return json.loads(compact.out)

    equal(shown("identity", "show"), [
        {"identity": 300, "label": ["app=web", "tier=front"]}, {"identity": 4294967295}])
    equal(shown("endpoint", "show"), [
        {"endpoint": "veth-web", "identity": 300,
         "address": ["10.1.0.2", "fd01::2"]}])
    equal(shown("node", "show"), [
        {"node": "node2", "underlay": ["192.168.77.2", "fd77::2"],
         "cidr": ["10.2.0.0/16", "10.3.0.1/32", "fd02::/64"],
         "address": ["10.2.0.1", "fd02::1"], "mac": "02:00:00:00:aa:0f"}])
    equal(shown("prefix", "show"), [
        {"prefix": "10.2.0.7/32", "identity": 300, "node": "node2"},
        {"prefix": "10.9.0.0/16", "identity": 2},
        {"prefix": "2001:db8::/32", "identity": 2}])
    rules = shown("rule", "show")
    equal([rule["peer"] for rule in rules], [
        {"any": True}, {"cidr": ["10.0.0.0/8", "0.0.0.0/0"]},
        {"identity": [301, 302]}, {"cidr": ["fd00::/8", "::/0"]},
        {"any": True}, {"any": True}])
    equal(rules[1], {
        "rule": "out", "subject": 301, "direction": "egress",
        "peer": {"cidr": ["10.0.0.0/8", "0.0.0.0/0"]}, "protocol": "udp",
        "port": "53-54", "action": "allow", "priority": 1000})
    equal(rules[5]["port"], 80)
    equal((rules[3]["protocol"], rules[3]["type"]), ("icmpv6", 128))
    equal(rules[4]["protocol"], "sctp")
    equal(rules[2]["type"], 8)
    equal(shown("backend", "show"), [
        {"service": "tele", "address": "fd02::80", "port": 2905},
        {"service": "web", "address": "10.1.0.2", "port": 8080}])
    equal(shown("overlay", "show", "braid0"), [
        {"overlay": "braid0", "type": "vxlan", "local": "192.168.77.1",
         "port": 4789, "mtu": 1450}])
    equal(json.loads(run("-j", "rule", "show").out), [])


def test_show_with_a_key_prints_the_objects_with_it():
    equal(run("identity", "show", "0x12c", kernel=store()).out,
          "300 label app=web,tier=front\n")
    equal(run("prefix", "show", "10.2.0.7", kernel=store()).out,
          "10.2.0.7/32 identity 300 node node2\n")
    equal(run("backend", "show", "web", kernel=store()).out,
          "web address 10.1.0.2 port 8080\n")
    equal(run("backend", "show", "web", "port", "8080", kernel=store()).out,
          "web address 10.1.0.2 port 8080\n")
    result = run("backend", "show", "other", kernel=store())
    equal((result.status, result.out, result.err), (0, "", ""))
    for words in ("identity show 301", "rule show nil", "prefix show 10.2.0.8",
                  "backend show web address 10.1.0.2 port 81"):
        result = run("-j", *words.split(), kernel=store())
        equal((result.status, result.out), (2, ""))
        assert "not there" in result.err


CANONICAL = [
    ("FD00:0:0:0:0:0:0:1", "fd00::1"),
    ("2001:0db8::0001", "2001:db8::1"),
    ("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"),
    ("2001:0:0:1:0:0:0:1", "2001:0:0:1::1"),
    ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"),
    ("::FFFF:192.0.2.1", "::ffff:192.0.2.1"),
    ("0:0:0:0:0:0:0:0", "::"), ("::0.0.0.1", "::1"),
    ("::1.2.3.4", "::102:304"), ("::1:0", "::1:0"), ("::10.0", None),
    ("fe80::1%eth0", None), ("010.1.1.1", None), ("1.2.3", None),
    (":::", None), ("fd00::/64", None), ("12345::", None),
]


def test_addresses_are_printed_as_rfc_5952():
    for typed, wanted in CANONICAL:
        sent = run("service", "add", "s", "address", typed)
        equal(sent.status, 0 if wanted else 1)
        if not wanted:
            assert f"address {typed}: not an address" in sent.err, sent.err
            continue

        def kernel(message, body=sent.sent[0].body):
            return [reply(message, body), done(message)]
        equal(run("service", "show", kernel=kernel).out,
              f"s address {wanted}\n")


def test_an_interrupted_dump_is_repeated():
    result = run("rule", "show", kernel=store(interrupt=3))
    equal((result.status, sorted(result.out.splitlines())),
          (0, lines("rule")))
    equal(len(result.sent), 4)
    result = run("rule", "show", kernel=store(interrupt=1000))
    equal((result.status, result.out), (2, ""))
    assert "faster" in result.err


def test_a_refused_dump_is_reported():
    def kernel(message):
        return [done(message, EINVAL, attr(fake.ERR_MSG, "no such object"))]
    result = run("rule", "show", kernel=kernel)
    equal((result.status, result.err), (2, "braid: no such object\n"))


def test_save_prints_a_batch():
    result = run("save", kernel=store())
    equal((result.status, result.err), (0, ""))
    saved = result.out
    equal(sorted(saved.splitlines()),
          sorted(f"{name} add {' '.join(words)}" for name, words, _ in ALL))
    kinds = list(dict.fromkeys(line.split()[0] for line in saved.splitlines()))
    equal(kinds, ["identity", "uplink", "overlay", "node", "prefix",
                  "endpoint", "rule", "service", "backend"])
    back = run("-b", "-", stdin=saved)
    equal(back.status, 0)
    sent = sorted(message.body for message in back.sent
                  if message.cmd == N.CMD_ADD)
    equal(sent, sorted(nest(top(name), *wanted()) for name, _, wanted in ALL))
    whole = json.loads(run("-j", "save", kernel=store()).out)
    equal(set(whole[0]), set(OBJECTS))
    equal(len(whole[0]["rule"]), 6)


def test_save_prints_one_generation():
    result = run("save", kernel=store(generations=[1, 2, 2, 2]))
    equal((result.status, len(result.out.splitlines())), (0, len(ALL)))
    result = run("save", kernel=store(generations=range(1000)))
    equal((result.status, result.out), (2, ""))


def test_save_refuses_text_that_no_batch_can_contain():
    for label in ("a=b c", "a=b,c", "#a", "", "a=\tb", "a=\x01", b"a=\xff\0"):
        def kernel(message, label=label):
            if message.cmd == N.CMD_STATUS:
                return [reply(message, attr(N.A_VERSION, "1"),
                              u64(N.A_GENERATION, 1)), ack(message)]
            return [reply(message, nest(
                N.A_IDENTITY, u32(N.A_IDENTITY_ID, 300),
                attr(N.A_IDENTITY_LABEL, label))), done(message)] \
                if dict(attrs(message.body))[N.A_OBJECT][0] == 0 \
                else [done(message)]
        result = run("save", kernel=kernel)
        equal((result.status, result.out), (2, ""))
        if isinstance(label, str) and label.isprintable():
            assert f"'{label}'" in result.err


def test_output_has_no_control_characters():
    text = "a\x1b[31m\"\\\x07\xff".encode("latin-1") + "é\u0085✓".encode()

    def kernel(message):
        return [reply(message, nest(
            N.A_UPLINK, attr(N.A_UPLINK_DEVICE, text + b"\0"))), done(message)]
    equal(run("uplink", "show", kernel=kernel).out,
          "a\\x1b[31m\"\\\\x07\\xffé\\xc2\\x85✓\n")
    parsed = json.loads(run("-j", "uplink", "show", kernel=kernel).out)
    equal(parsed, [{"uplink": "a\x1b[31m\"\\\x07\xffé\xc2\x85✓"}])


def test_version_prints_tool_and_modules():
    equal(run("version", kernel=store()).out.splitlines()[1],
          "braid_net 0.1.0 generation 7")
    version = json.loads(run("-j", "version", kernel=store()).out)
    equal((version[0]["module"], version[0]["generation"]), ("0.1.0", 7))
    assert version[0]["tool"]


def test_stats_print_counters_and_drops():
    def drop(reason, direction, packets):
        return nest(N.A_DROP, attr(N.A_DROP_REASON, reason),
                    u32(N.A_DROP_DIRECTION, direction),
                    u64(N.A_DROP_PACKETS, packets))

    def kernel(message):
        equal(message.cmd, N.CMD_STATS_GET)
        return [reply(message, drop("policy", 0, 2 ** 63), drop("spoof", 1, 0),
                      u64(N.A_FORWARDED, 12), u64(N.A_LOST, 1)), ack(message)]
    for words in (["stats"], ["stats", "show"]):
        equal(run(*words, kernel=kernel).out,
              "forwarded 12\nlost 1\ndrop policy direction ingress packets "
              "9223372036854775808\n")
    equal(json.loads(run("-j", "stats", "show", kernel=kernel).out), [
        {"forwarded": 12, "lost": 1, "drop": [
            {"reason": "policy", "direction": "ingress", "packets": 2 ** 63},
            {"reason": "spoof", "direction": "egress", "packets": 0}]}])
    equal(one(run("stats", "reset")).cmd, N.CMD_STATS_RESET)


def test_a_full_disk_is_an_error():
    with open("/dev/full", "w", encoding="ascii") as full:
        result = run("rule", "show", kernel=store(), stdout=full)
    equal(result.status, 2)
    assert "No space left" in result.err

