# SPDX-License-Identifier: GPL-2.0-only
"""Refusals of the kernel, and transactions."""

import struct
import time

import fake_kernel as fake
from fake_kernel import ack, attr, ip, nest, reply, u16, u32, u64
from harness import N, equal, refusing, run

EPERM, ENOENT, EAGAIN, ENODEV, EINVAL = 1, 2, 11, 19, 22

# ---- refusals ----

def offset(find, nth=0):
    return lambda message: u32(fake.ERR_OFFS, message.find_nth(find, nth))


RULE = ("rule add web-in subject 300 direction ingress peer identity "
        "301,999,303 protocol tcp port 90-80 action allow").split()


def test_a_refusal_names_the_word():
    text = attr(fake.ERR_MSG, "no good")
    cases = [
        (RULE, offset(u32(N.A_RULE_PEER_IDENTITY, 999)),
         "peer identity 999: no good"),
        (RULE, offset(u32(N.A_RULE_PEER_IDENTITY, 303)),
         "peer identity 303: no good"),
        (RULE, offset(u16(N.A_RULE_PORT_MAX, 80)), "port 90-80: no good"),
        (RULE, offset(attr(N.A_RULE_NAME, "web-in")), "rule web-in: no good"),
        (RULE, lambda message: u32(fake.ERR_OFFS, 20), "no good"),
        (RULE, lambda message: u32(fake.ERR_OFFS, 5), "no good"),
        (RULE, lambda message: u32(fake.ERR_OFFS, 10 ** 6), "no good"),
        ("rule set r peer any".split(), offset(attr(N.A_RULE_PEER_ANY)),
         "peer any: no good"),
        ("node add n cidr 10.1.0.0/16,10.2.0.1/16".split(),
         offset(ip(1, "10.2.0.1")), "cidr 10.2.0.1/16: no good"),
        ("prefix add 10.0.0.1/8 identity 2".split(),
         offset(ip(1, "10.0.0.1")), "prefix 10.0.0.1/8: no good"),
        ("identity add 300 label a=b,c".split(),
         offset(attr(N.A_IDENTITY_LABEL, "c")), "label c: no good"),
    ]
    for words, where, wanted in cases:
        for capped in (True, False):
            result = run(*words, kernel=refusing(EINVAL, text, where,
                                                 capped=capped))
            equal((result.status, result.out, result.err),
                  (2, "", f"braid: {wanted}\n"))


def test_a_warning_of_the_kernel_is_printed():
    result = run("identity", "add", "300", kernel=refusing(
        0, attr(fake.ERR_MSG, "never mind")))
    equal((result.status, result.err), (0, "braid: warning: never mind\n"))


def test_a_missing_attribute_names_the_word():
    missing = [u32(fake.ERR_MISS_TYPE, N.A_SERVICE_ADDRESS),
               u32(fake.ERR_MISS_NEST, 20)]
    result = run("service", "add", "s", "port", "80",
                 kernel=refusing(EINVAL, *missing))
    equal(result.err, "braid: address: missing\n")
    result = run("service", "add", "s", kernel=refusing(
        EINVAL, attr(fake.ERR_MSG, "a service needs an address"), *missing))
    equal(result.err, "braid: address: a service needs an address\n")
    result = run("rule", "add", "r", kernel=refusing(
        EINVAL, u32(fake.ERR_MISS_TYPE, N.A_RULE_PEER_CIDR),
        u32(fake.ERR_MISS_NEST, 20)))
    equal(result.err, "braid: peer: missing\n")


def test_a_refusal_without_text_prints_the_errno():
    equal(run("identity", "add", "300", kernel=refusing(ENOENT)).err,
          "braid: No such file or directory\n")
    equal(run("endpoint", "add", "veth7", kernel=refusing(
        ENODEV, offset(attr(N.A_ENDPOINT_DEVICE, "veth7")))).err,
        "braid: endpoint veth7: No such device\n")
    result = run("identity", "add", "300", kernel=refusing(EPERM))
    equal(result.status, 2)
    assert "CAP_NET_ADMIN" in result.err


# ---- batches ----

def changes(result):
    return [message for message in result.sent
            if message.cmd not in (N.CMD_BEGIN, N.CMD_COMMIT)]


BATCH = """# two workloads
identity add 300 label app=web   # the server
identity add 301

endpoint\tadd veth0  identity 300 address 10.1.0.2
rule flush
uplink del eth0
"""


def transaction(commit, refused=None):
    """Change number REFUSED fails at once, COMMIT answers the commit."""
    state = {"seqs": []}

    def kernel(message):
        if message.cmd == N.CMD_BEGIN:
            state["seqs"] = []
            return [reply(message, u64(N.A_GENERATION, 1)), ack(message)]
        if message.cmd == N.CMD_COMMIT:
            return commit(message, state["seqs"])
        state["seqs"].append(message.seq)
        if refused and len(state["seqs"]) - 1 in refused:
            return [ack(message, EINVAL,
                        *refused[len(state["seqs"]) - 1](message))]
        return []
    return kernel


def committed(message, _seqs):
    return [reply(message, u64(N.A_GENERATION, 2)), ack(message)]


def test_a_batch_is_one_transaction():
    result = run("-b", "-", stdin=BATCH, kernel=transaction(committed))
    equal((result.status, result.out, result.err), (0, "", ""))
    equal([message.cmd for message in result.sent], [
        N.CMD_BEGIN, N.CMD_ADD, N.CMD_ADD, N.CMD_ADD, N.CMD_FLUSH, N.CMD_DEL,
        N.CMD_COMMIT])
    equal([message.flags for message in changes(result)], [1] * 5)
    equal(changes(result)[2].body, nest(
        N.A_ENDPOINT, attr(N.A_ENDPOINT_DEVICE, "veth0"),
        u32(N.A_ENDPOINT_IDENTITY, 300),
        ip(N.A_ENDPOINT_ADDRESS, "10.1.0.2")))
    equal(len({message.seq for message in result.sent}), 7)
    for nothing in ("", "\n\n", "# nothing\n  # more\n"):
        result = run("-b", "-", stdin=nothing)
        equal((result.status, len(result.sent)), (0, 0))
    equal(run("-b", "-", stdin="identity add 300").status, 0)
    equal(run("-b", "-", stdin="identity add 300\r\n").status, 0)
    lines = "identity add 300 label a=b\r\n\r\nidentity add 301"
    result = run("-b", "-", stdin=lines, kernel=transaction(committed))
    equal(changes(result)[0].body, nest(
        N.A_IDENTITY, u32(N.A_IDENTITY_ID, 300), attr(N.A_IDENTITY_LABEL, "a=b")))
    equal((result.status, len(changes(result))), (0, 2))


def test_a_long_line_of_a_batch_is_sent_whole():
    many = ",".join(f"l{i}=v" for i in range(4000))
    result = run("-b", "-", stdin=f"identity add 300 label {many}",
                 kernel=transaction(committed))
    equal((result.status, len(changes(result)[0].body) > 40000), (0, True))
    result = run("-b", "-", stdin="identity add 1" + "0" * 1000000)
    equal((result.status, len(result.sent)), (1, 0))
    assert result.err.startswith("braid: stdin:1: identity 1000"), result.err[:99]


def test_messages_have_no_control_characters():
    equal(run("\x1b[31m").err,
          "braid: \\x1b[31m: unknown object (braid help lists them)\n")


def test_a_wrong_batch_sends_nothing():
    good = "identity add 300\n"
    for line, text in (
            ("identity show", "show: a batch holds changes only"),
            ("stats show", "stats: unknown object"),
            ("braid identity add 4", "braid: unknown object"),
            ("identity", "identity: command missing"),
            ("identity frob 3", "frob: unknown command of identity"),
            ("identity add help", "identity help: not an identity"),
            ("identity add 300 label", "label: value missing"),
            ("rule add r port 1 port 2", "port: given twice"),
            ("endpoint add v address 10.0.0.300", "address 10.0.0.300: not"),
            ("rule add r " + "x " * 100, "too many words"),
            ("identity add 300 colour red", "colour: unknown word")):
        result = run("-b", "-", stdin=good * 3 + line + "\n" + good)
        equal((result.status, len(result.sent)), (1, 0))
        assert result.err.startswith("braid: stdin:4: "), result.err
        assert text in result.err, result.err
    result = run("-b", "-", stdin=b"identity add 300\n\nrule \0\n")
    equal((result.status, len(result.sent), result.err), (
        1, 0, "braid: stdin:3: a NUL character: not a text file\n"))
    equal(run("-b", "/").status, 1)


def test_a_change_refused_at_once_names_the_line():
    def culprit(message):
        return [attr(fake.ERR_MSG, "address of another endpoint"),
                u32(fake.ERR_OFFS, message.find(
                    ip(N.A_ENDPOINT_ADDRESS, "10.1.0.2")))]
    result = run("-b", "-", stdin=BATCH, kernel=transaction(
        committed, {2: culprit, 4: lambda message: []}))
    equal((result.status, result.err), (
        2, "braid: stdin:5: address 10.1.0.2: address of another endpoint\n"))
    equal([m.cmd for m in result.sent].count(N.CMD_COMMIT), 0)


def cookie(seq, attribute, nth=0):
    """The cookie of a commit: a change, an attribute, and its place in a list."""
    return attr(fake.ERR_COOKIE, struct.pack("=IHH", seq, attribute, nth))


def test_a_change_refused_at_commit_names_the_line():
    def refuse(index, attribute, nth=0, stdin=BATCH):
        def commit(message, seqs):
            seq = seqs[index] if index < len(seqs) else index
            return [ack(message, EINVAL, attr(fake.ERR_MSG, "no such identity"),
                        cookie(seq, attribute, nth))]
        return run("-b", "-", stdin=stdin, kernel=transaction(commit))
    result = refuse(2, N.A_ENDPOINT_IDENTITY)
    equal((result.status, result.err), (
        2, "braid: stdin:5: identity 300: no such identity\n"))
    equal(refuse(2, 0).err, "braid: stdin:5: no such identity\n")
    equal(refuse(3, 0).err, "braid: stdin:6: no such identity\n")
    equal(refuse(0, N.A_IDENTITY_LABEL).err,
          "braid: stdin:2: label app=web: no such identity\n")
    peers = "rule add r peer identity 300,301,302"
    for nth, value in enumerate((300, 301, 302)):
        equal(refuse(0, N.A_RULE_PEER_IDENTITY, nth, peers).err,
              f"braid: stdin:1: peer identity {value}: no such identity\n")
    equal(refuse(2, 4711).err, "braid: stdin:5: no such identity\n")
    equal(refuse(99999, 1).err, "braid: stdin: no such identity\n")

    def plain(message, _seqs):
        return [ack(message, EINVAL, attr(fake.ERR_MSG, "too much"))]
    result = run("-b", "-", stdin=BATCH, kernel=transaction(plain))
    equal((result.status, result.err), (2, "braid: stdin: too much\n"))


def test_a_refused_begin_is_reported():
    result = run("-b", "-", stdin=BATCH, kernel=refusing(EPERM))
    equal((result.status, len(result.sent)), (2, 1))
    assert "CAP_NET_ADMIN" in result.err


def test_a_batch_is_tried_again_after_another_commit():
    def busy(times):
        state = {"left": times}

        def commit(message, _seqs):
            state["left"] -= 1
            return [ack(message, EAGAIN)] if state["left"] >= 0 else \
                committed(message, _seqs)
        return run("-b", "-", stdin=BATCH, kernel=transaction(commit))
    result = busy(3)
    equal((result.status, result.err), (0, ""))
    bodies = [message.body for message in changes(result)]
    equal(bodies, bodies[:5] * 4)
    result = busy(1000)
    equal((result.status, len(changes(result))), (2, 20))
    assert "another commit came between" in result.err


def test_a_long_batch_goes_out_in_few_datagrams():
    text = "".join(f"prefix add 10.{i >> 8}.{i & 255}.0/24 identity 300\n"
                   for i in range(10000))
    start = time.monotonic()
    result = run("-b", "-", stdin=text, kernel=transaction(committed))
    seconds = time.monotonic() - start
    equal((result.status, result.err, len(changes(result))), (0, "", 10000))
    assert result.datagrams < 30, result.datagrams
    print(f"# 10,000 lines: {seconds:.2f} s, sanitized, in "
          f"{result.datagrams} datagrams", flush=True)

    def refuse(message):
        return [attr(fake.ERR_MSG, "wrong")]
    result = run("-b", "-", stdin=text, kernel=transaction(
        committed, {9999: refuse}))
    equal(result.err, "braid: stdin:10000: wrong\n")
    result = run("-b", "-", stdin=text, kernel=transaction(
        committed, {i: refuse for i in range(10000)}))
    assert result.lost, "meant to overrun the socket"
    equal(result.err, "braid: stdin:1: wrong\n")

