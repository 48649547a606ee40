# SPDX-License-Identifier: GPL-2.0-only
"""Volumes: words, messages, output and refusals."""

import json
import random
import re
import signal
import uuid

import fake_kernel as fake
from fake_kernel import ack, attr, attrs, done, event, ip, nest, reply, u8, u16, \
    u32, u64
from harness import V, equal, refusing, run
from hostile_test import hostile, mutated
from monitor_test import until_lines
from words_test import page

EPERM, ENOENT, EBUSY, EINVAL = 1, 2, 16, 22
NOUNS = {
    "replica": ["create", "open", "close", "del", "show", "check"],
    "target": ["listen", "show", "close"],
    "volume": ["create", "attach", "detach", "show", "why", "suspend",
               "resume"],
}
READS = {"show", "check", "why"}
SECRET = "0123456789abcdef" * 2
UUID = "3f1c7f5e-93a4-4c6e-8f0b-2d6f0d1b7a55"


def end(kind, text):
    address, port = text.rsplit(":", 1)
    return nest(kind, ip(V.A_ADDRESS_IP, address.strip("[]")),
                u16(V.A_ADDRESS_PORT, int(port)))


def voter(number, text, *more, kind=None):
    return nest(kind or V.A_VOLUME_VOTER, u8(V.A_VOTER_ID, number), *more,
                end(V.A_VOTER_ADDRESS, text))


def one(result):
    equal((result.status, result.err, result.out), (0, "", ""))
    equal(len(result.sent), 1)
    message = result.sent[0]
    equal((message.kind, message.flags, message.version), (fake.VOLUMES, 5, 1))
    return message


WITNESS = attr(V.A_VOTER_WITNESS)
# Line, command, body of the message; standard input has the secret.
ASKED = [
    (f"replica create /dev/vdb volume db uuid {UUID} voter 1",
     V.CMD_REPLICA_CREATE, [attr(V.A_REPLICA_PATH, "/dev/vdb"),
                            attr(V.A_REPLICA_VOLUME, "db"),
                            attr(V.A_REPLICA_UUID, uuid.UUID(UUID).bytes),
                            u8(V.A_REPLICA_VOTER, 1)]),
    (f"replica create /a force witness size 3G voter 63 uuid {UUID.upper()} "
     "volume x", V.CMD_REPLICA_CREATE, [
         attr(V.A_REPLICA_PATH, "/a"), attr(V.A_REPLICA_FORCE),
         attr(V.A_REPLICA_WITNESS), u64(V.A_REPLICA_SIZE, 3 << 30),
         u8(V.A_REPLICA_VOTER, 63),
         attr(V.A_REPLICA_UUID, uuid.UUID(UUID).bytes),
         attr(V.A_REPLICA_VOLUME, "x")]),
    ("replica open /dev/vdb", V.CMD_REPLICA_OPEN,
     [attr(V.A_REPLICA_PATH, "/dev/vdb")]),
    ("replica close /dev/vdb", V.CMD_REPLICA_CLOSE,
     [attr(V.A_REPLICA_PATH, "/dev/vdb")]),
    ("replica del /dev/vdb", V.CMD_REPLICA_DEL,
     [attr(V.A_REPLICA_PATH, "/dev/vdb")]),
    ("target listen 192.0.2.1:7000 secret-file -", V.CMD_TARGET_LISTEN,
     [end(V.A_TARGET_ADDRESS, "192.0.2.1:7000"),
      attr(V.A_TARGET_SECRET, SECRET.encode())]),
    ("target listen [2001:db8::1]:65535 secret-file -", V.CMD_TARGET_LISTEN,
     [end(V.A_TARGET_ADDRESS, "[2001:db8::1]:65535"),
      attr(V.A_TARGET_SECRET, SECRET.encode())]),
    ("target close 192.0.2.1:1", V.CMD_TARGET_CLOSE,
     [end(V.A_TARGET_ADDRESS, "192.0.2.1:1")]),
    ("volume create db size 1G voter 1=192.0.2.1:7000", V.CMD_VOLUME_CREATE,
     [attr(V.A_VOLUME_NAME, "db"), u64(V.A_VOLUME_SIZE, 1 << 30),
      voter(1, "192.0.2.1:7000")]),
    ("volume create db voter 1=192.0.2.1:7000 2=[2001:db8::2]:7000 "
     "9=192.0.2.3:7000,witness size 4096 secret-file -", V.CMD_VOLUME_CREATE,
     [attr(V.A_VOLUME_NAME, "db"), voter(1, "192.0.2.1:7000"),
      voter(2, "[2001:db8::2]:7000"), voter(9, "192.0.2.3:7000", WITNESS),
      u64(V.A_VOLUME_SIZE, 4096), attr(V.A_VOLUME_SECRET, SECRET.encode())]),
    ("volume create db voter 1=192.0.2.1:7000 size 8K voter 2=192.0.2.2:7000 "
     "voter 3=192.0.2.3:7000", V.CMD_VOLUME_CREATE,
     [attr(V.A_VOLUME_NAME, "db"), voter(1, "192.0.2.1:7000"),
      u64(V.A_VOLUME_SIZE, 8192), voter(2, "192.0.2.2:7000"),
      voter(3, "192.0.2.3:7000")]),
    ("volume attach db from 192.0.2.1:7000 secret-file -",
     V.CMD_VOLUME_ATTACH, [attr(V.A_VOLUME_NAME, "db"),
                           end(V.A_VOLUME_FROM, "192.0.2.1:7000"),
                           attr(V.A_VOLUME_SECRET, SECRET.encode())]),
    ("volume attach db secret-file - from 192.0.2.1:7000,[2001:db8::2]:8 "
     "takeover dead force", V.CMD_VOLUME_ATTACH,
     [attr(V.A_VOLUME_NAME, "db"),
      attr(V.A_VOLUME_SECRET, SECRET.encode()),
      end(V.A_VOLUME_FROM, "192.0.2.1:7000"),
      end(V.A_VOLUME_FROM, "[2001:db8::2]:8"), attr(V.A_VOLUME_TAKEOVER),
      attr(V.A_VOLUME_DEAD), attr(V.A_VOLUME_FORCE)]),
    ("volume attach db from 192.0.2.1:7000 secret-file - min-isr 2 "
     "suspend-timeout 60", V.CMD_VOLUME_ATTACH,
     [attr(V.A_VOLUME_NAME, "db"), end(V.A_VOLUME_FROM, "192.0.2.1:7000"),
      attr(V.A_VOLUME_SECRET, SECRET.encode()), u32(V.A_VOLUME_MIN_ISR, 2),
      u32(V.A_VOLUME_SUSPEND_TIMEOUT, 60)]),
    ("volume detach db", V.CMD_VOLUME_DETACH, [attr(V.A_VOLUME_NAME, "db")]),
    ("volume detach db force", V.CMD_VOLUME_DETACH,
     [attr(V.A_VOLUME_NAME, "db"), attr(V.A_VOLUME_FORCE)]),
    ("volume suspend db", V.CMD_VOLUME_SUSPEND, [attr(V.A_VOLUME_NAME, "db")]),
    ("volume resume db", V.CMD_VOLUME_RESUME, [attr(V.A_VOLUME_NAME, "db")]),
]


def test_volume_words_are_sent():
    for line, cmd, body in ASKED:
        message = one(run(*line.split(), stdin=SECRET))
        equal((message.cmd, message.body), (cmd, b"".join(body)))


def test_sizes_are_bytes_or_have_a_unit():
    for text, number in (("0", 0), ("1", 1), ("4095", 4095), ("1K", 1024),
                         ("3M", 3 << 20), ("7G", 7 << 30), ("16T", 16 << 40),
                         (str(2 ** 64 - 1), 2 ** 64 - 1)):
        message = one(run("volume", "create", "db", "size", text))
        equal(dict(attrs(message.body))[V.A_VOLUME_SIZE],
              number.to_bytes(8, "little"))
    for text in ("", "K", "1k", "1KB", "1KiB", "-1", "+1", "1.5G", "0x10",
                 " 1", "1 ", "1P", str(2 ** 64), "18014398509481984K",
                 "9" * 40):
        result = run("volume", "create", "db", "size", text)
        equal((result.status, len(result.sent)), (1, 0))
        assert f"size {text or chr(39) * 2}: not a size (" in result.err


TYPED = [
    ("replica frob", "frob: unknown command of replica (braid replica help)"),
    ("target listen", "target listen: A:PORT missing"),
    ("volume attach", "volume attach: NAME missing"),
    ("volume why", "volume why: NAME missing"),
    ("volume resize db size 1G", "resize: unknown command of volume"),
    ("voter add db 1=192.0.2.1:7000", "voter: unknown object"),
    ("volume add db", "add: unknown command of volume"),
    ("replica show /dev/vdb x", "x: unknown word for 'replica show'"),
    ("target show 192.0.2.1", "target 192.0.2.1: not an address with a port"),
    ("replica open dev/vdb", "replica dev/vdb: not an absolute path"),
    ("replica open ", "replica '': not an absolute path"),
    ("replica open /dev/vdb force", "force: unknown word for 'replica open'"),
    ("replica create /a uuid 1234", "uuid 1234: not a UUID (xxxx"),
    (f"replica create /a uuid {UUID}0", "0: not a UUID"),
    ("replica create /a uuid " + UUID.replace("-", "+"), ": not a UUID"),
    ("replica create /a uuid " + UUID.replace("f", "g"), ": not a UUID"),
    ("replica create /a voter 256", "voter 256: not a number from 0 to 255"),
    ("replica create /a witness witness", "witness: given twice"),
    ("replica create /a voter 1 voter 2", "voter: given twice"),
    ("replica create /a voter", "voter: value missing"),
    ("target close 192.0.2.1", "target 192.0.2.1: not an address with a port"),
    ("target close 192.0.2.1:", "not an address with a port"),
    ("target close 192.0.2.1:0", "not an address with a port"),
    ("target close 192.0.2.1:65536", "not an address with a port"),
    ("target close 2001:db8::1:7000", "not an address with a port"),
    ("target close [192.0.2.1]:7000", "not an address with a port"),
    ("target close [2001:db8::1]", "not an address with a port"),
    ("target close [2001:db8::1]7:7000", "not an address with a port"),
    ("target close [2001:db8::1:7000", "not an address with a port"),
    ("target close host:7000", "not an address with a port"),
    ("target close " + "1" * 100 + ":1", "not an address with a port"),
    ("target close 192.0.2.1:7 secret-file -",
     "secret-file: unknown word for 'target close'"),
    ("volume create db voter", "voter: value missing"),
    ("volume create db voter size 1G", "voter size: not a voter (ID=A:PORT"),
    ("volume create db voter 192.0.2.1:7000", "not a voter"),
    ("volume create db voter 0=192.0.2.1:7000", "not a voter"),
    ("volume create db voter 64=192.0.2.1:7000", "not a voter"),
    ("volume create db voter x=192.0.2.1:7000", "not a voter"),
    ("volume create db voter 1=192.0.2.1", "not a voter"),
    ("volume create db voter 1=192.0.2.1:7000,data", "not a voter"),
    ("volume create db voter 1=192.0.2.1:7000,witness,", "not a voter"),
    ("volume create db voter 1=192.0.2.1:7000,", "not a voter"),
    ("volume create db voter 1=" + "1" * 200, "not a voter"),
    ("volume create db voter 1=192.0.2.1:7000 frob", "voter frob: not a voter"),
    ("volume create db frob", "frob: unknown word for 'volume create'"),
    ("volume create db secret secret-file", "secret: unknown word"),
    ("volume attach db from 192.0.2.1:7000,", "from '': not an address"),
    ("volume attach db dead", "dead: only behind 'takeover'"),
    ("volume attach db takeover takeover", "takeover: given twice"),
    ("volume attach db min-isr", "min-isr: value missing"),
    ("volume attach db min-isr two", "min-isr two: not a number from 0 to 4294967295"),
    ("volume attach db suspend-timeout -1", "suspend-timeout -1: not a number"),
    ("volume attach db suspend-timeout 4294967296", "not a number from 0 to"),
    ("volume attach db volume db", "volume: unknown word"),
    ("volume detach db takeover", "takeover: unknown word"),
    ("volume show db db", "db: unknown word for 'volume show'"),
    ("volume show ", "volume '': not a name"),
    ("volume create db " + "voter 1=192.0.2.1:7000 " * 40 + "size 1",
     "too many words"),
    ("monitor volumes db", "db: unknown word for 'monitor volumes'"),
    ("monitor volume", "volume: unknown word for 'monitor'"),
    ("--dry-run volume detach db", "--dry-run: 'volume detach' cannot be tried"),
    ("--dry-run replica create /a", "'replica create' cannot be tried"),
]


def test_wrong_volume_words_are_refused():
    for line, text in TYPED:
        result = run(*line.split(" "))
        equal((result.status, result.out, len(result.sent)), (1, "", 0))
        assert text in result.err, f"{line!r}: {result.err!r} lacks {text!r}"


def test_a_batch_refuses_volumes():
    for line in ("volume detach db", "replica open /dev/vdb", "target show"):
        result = run("-b", "-", stdin="identity add 300\n" + line)
        equal((result.status, len(result.sent), result.err), (
            1, 0, f"braid: stdin:2: {line.split()[0]}: a batch is a "
            "transaction of the network, and volumes have none\n"))


def test_every_volume_command_has_help():
    general = run("help").out
    for name, commands in NOUNS.items():
        assert f"  {name} " in general
        whole = run(name, "help")
        equal((whole.status, whole.err), (0, ""))
        equal(run("help", name).out, whole.out)
        for command in commands:
            for ask in ("help", "-h", "--help"):
                result = run(name, command, ask)
                equal((result.status, result.err, len(result.sent)), (0, "", 0))
                assert f"  braid {name} {command}" in result.out
                assert f"braid {name} {command}" in \
                    result.out.split("Examples:")[1], (name, command)
            assert f"\n  braid {name} {command}" in whole.out
            assert f"\n  {command} " in whole.out
        for line in whole.out.splitlines():
            assert len(line) < 80, line
    usage = run("volume", "help").out
    assert "size S voter ID=A:PORT[,witness]...\n          [secret-file PATH]" \
        in usage, usage
    assert "from A:PORT[,A:PORT]... secret-file PATH\n          " \
        "[takeover [dead]] [force]" in usage, usage
    assert "volume show [NAME]\n" in usage, usage


def test_examples_of_volume_help_are_understood():
    count = 0
    for name in NOUNS:
        examples = run(name, "help").out.split("Examples:\n")[1]
        for line in examples.replace("\\\n", "").splitlines():
            words = line.replace("/etc/braid/secret", "-").split()
            result = run(*words[1:], kernel=attached, stdin=SECRET)
            equal((result.status, result.err), (0, ""))
            count += 1
    assert count > 18, count


def test_manual_has_every_volume_word():
    for name, commands in NOUNS.items():
        _, synopsis, rest = re.split(
            "^.SH SYNOPSIS|^.SH DESCRIPTION", page(f"braid-{name}"),
            flags=re.M)
        rest = rest.split(".SH EXAMPLES")[0]
        for command in commands:
            usage = run(name, command, "help").out.split("\n\n")[0]
            for word in re.findall(r"\b[a-z][a-z-]+", usage):
                if word in ("braid", name):
                    continue
                assert word in synopsis, (name, word)
                assert word in rest, (name, word)


def test_an_even_number_of_voters_is_warned_of():
    for count, text in (
            (1, ""), (3, ""), (5, ""),
            (2, "warning: two voters survive no failure; a third, which may be "
             "a witness, would let them survive one"),
            (4, "warning: 4 voters survive 1 failure, no more than 3 do"),
            (6, "warning: 6 voters survive 2 failures, no more than 5 do")):
        voters = [f"{i}=192.0.2.{i}:7000" for i in range(1, count + 1)]
        result = run("volume", "create", "db", "size", "1G", "voter", *voters)
        equal((result.status, result.err, len(result.sent)),
              (0, f"braid: {text}\n" if text else "", 1))


# ---- refusals ----

TEXT = attr(fake.ERR_MSG, "no good")


def test_a_volume_refusal_names_the_word():
    create = ("volume create db size 1G voter 1=192.0.2.1:7000 "
              "2=192.0.2.2:7000 3=192.0.2.3:7000")
    attach = ("volume attach db from 192.0.2.1:7000,192.0.2.2:7000,"
              "192.0.2.3:7000 secret-file - takeover")
    cases = [
        (create, end(V.A_VOTER_ADDRESS, "192.0.2.2:7000"),
         "voter 2=192.0.2.2:7000"),
        (create, voter(3, "192.0.2.3:7000"), "voter 3=192.0.2.3:7000"),
        (create, u64(V.A_VOLUME_SIZE, 1 << 30), "size 1G"),
        (create, attr(V.A_VOLUME_NAME, "db"), "volume db"),
        (attach, ip(V.A_ADDRESS_IP, "192.0.2.1"), "from 192.0.2.1:7000"),
        (attach, ip(V.A_ADDRESS_IP, "192.0.2.3"), "from 192.0.2.3:7000"),
        (attach, attr(V.A_VOLUME_SECRET, SECRET.encode()), "secret-file -"),
        (attach, attr(V.A_VOLUME_TAKEOVER), "takeover"),
        ("replica open /dev/vdb", attr(V.A_REPLICA_PATH, "/dev/vdb"),
         "replica /dev/vdb"),
        ("target close 192.0.2.1:7000", ip(V.A_ADDRESS_IP, "192.0.2.1"),
         "target 192.0.2.1:7000"),
        ("volume show db", attr(V.A_VOLUME_NAME, "db"), "volume db"),
        ("volume why db", attr(V.A_VOLUME_NAME, "db"), "volume db"),
        ("replica check /dev/vdb", attr(V.A_REPLICA_PATH, "/dev/vdb"),
         "replica /dev/vdb"),
    ]
    for line, culprit, wanted in cases:
        def where(message, culprit=culprit):
            return u32(fake.ERR_OFFS, message.find(culprit))
        for capped in (True, False):
            result = run(*line.split(), stdin=SECRET,
                         kernel=refusing(EINVAL, TEXT, where, capped=capped))
            equal((result.status, result.out, result.err),
                  (2, "", f"braid: {wanted}: no good\n"))


def test_a_volume_refusal_without_a_word_names_the_volume():
    detach = ["volume", "detach", "db"]
    for tlvs, number, wanted in (
            ([TEXT], EBUSY, "volume db: no good"), ([], EBUSY,
             "volume db: Device or resource busy"),
            ([attr(fake.ERR_MSG, "db is open")], EBUSY, "volume db is open"),
            ([attr(fake.ERR_MSG, "no volume db here")], ENOENT,
             "no volume db here"),
            ([attr(fake.ERR_MSG, "volume db2 is in use")], EBUSY,
             "volume db: volume db2 is in use"),
            ([attr(fake.ERR_MSG, "mydb is in use")], EBUSY,
             "volume db: mydb is in use"),
            ([attr(fake.ERR_MSG, "no db-1, no db")], EBUSY, "no db-1, no db"),
            ([TEXT], EPERM, "no good"),
            ([TEXT, u32(fake.ERR_OFFS, 10 ** 6)], EINVAL, "volume db: no good"),
            ([TEXT, u32(fake.ERR_OFFS, 5)], EINVAL, "volume db: no good")):
        result = run(*detach, kernel=refusing(number, *tlvs))
        equal((result.status, result.err), (2, f"braid: {wanted}\n"))
    for line, missing, wanted in (
            ("volume create db", V.A_VOLUME_SIZE, "size"),
            ("volume create db", V.A_VOLUME_VOTER, "voter"),
            ("volume create db", V.A_VOLUME_SECRET, "secret-file"),
            ("volume attach db", V.A_VOLUME_FROM, "from"),
            ("replica create /a", V.A_REPLICA_UUID, "uuid")):
        result = run(*line.split(), kernel=refusing(
            EINVAL, TEXT, u32(fake.ERR_MISS_TYPE, missing)))
        equal((result.status, result.err), (2, f"braid: {wanted}: no good\n"))
    result = run("volume", "attach", "db", kernel=refusing(
        EINVAL, u32(fake.ERR_MISS_TYPE, 4711)))
    equal((result.status, result.err), (2, "braid: volume db: missing\n"))

    text = "volumes need CAP_SYS_ADMIN in the initial user namespace"

    def refused(message):
        return [done(message, EPERM, attr(fake.ERR_MSG, text))]
    for line in ("volume show", "replica show", "target", "monitor volumes"):
        result = run(*line.split(), kernel=refused)
        equal((result.status, result.out, result.err), (
            2, "", f"braid: {text}\n"))


# ---- output ----

def version(kind, epoch, record):
    return nest(kind, u64(V.A_VERSION_EPOCH, epoch), u64(V.A_VERSION_NODE, 9),
                u32(V.A_VERSION_RECORD, record))


def a_replica(**more):
    body = {
        "PATH": attr(V.A_REPLICA_PATH, "/dev/vdb"),
        "VOLUME": attr(V.A_REPLICA_VOLUME, "db"),
        "UUID": attr(V.A_REPLICA_UUID, uuid.UUID(UUID).bytes),
        "VOTER": u8(V.A_REPLICA_VOTER, 1),
        "SIZE": u64(V.A_REPLICA_SIZE, 10 << 30),
        "STATE": u32(V.A_REPLICA_STATE, V.REPLICA_STATE_INSYNC),
        "HOLDER": attr(V.A_REPLICA_HOLDER, "node1"),
        "EPOCH": u64(V.A_REPLICA_EPOCH, 7),
        "NODE": u64(V.A_REPLICA_NODE, 0xf00d),
        "VERSION": version(V.A_REPLICA_VERSION, 7, 2),
        "ISR": u8(V.A_REPLICA_ISR, 1) + u8(V.A_REPLICA_ISR, 2),
        "VOTERS": voter(1, "192.0.2.1:7000", kind=V.A_REPLICA_VOTERS) +
        voter(9, "[2001:db8::9]:7000", WITNESS, kind=V.A_REPLICA_VOTERS),
        "DIRTY": u32(V.A_REPLICA_DIRTY, 3),
        "LEASE": u32(V.A_REPLICA_LEASE, 8000),
        "LEFT": u64(V.A_REPLICA_LEASE_LEFT, 7100),
        "REGION": u32(V.A_REPLICA_REGION_SIZE, 1 << 18),
    }
    body.update(more)
    return b"".join(body.values())


def a_volume(**more):
    body = {
        "NAME": attr(V.A_VOLUME_NAME, "db"),
        "UUID": attr(V.A_VOLUME_UUID, uuid.UUID(UUID).bytes),
        "DEVICE": attr(V.A_VOLUME_DEVICE, "/dev/braid/db@3"),
        "SIZE": u64(V.A_VOLUME_SIZE, (10 << 30) + 4096),
        "STATE": u32(V.A_VOLUME_STATE, V.VOLUME_STATE_ACTIVE),
        "ISR": u8(V.A_VOLUME_ISR, 1) + u8(V.A_VOLUME_ISR, 2),
        "EPOCH": u64(V.A_VOLUME_EPOCH, 7),
        "NODE": u64(V.A_VOLUME_NODE, 0xf00d),
        "VERSION": version(V.A_VOLUME_VERSION, 7, 3),
        "LEFT": u64(V.A_VOLUME_LEASE_LEFT, 7840),
        "MIN": u32(V.A_VOLUME_MIN_ISR, 1),
        "TIMEOUT": u32(V.A_VOLUME_SUSPEND_TIMEOUT, 0),
        "OPENERS": u32(V.A_VOLUME_OPENERS, 1),
        "WRITES": u32(V.A_VOLUME_WRITES, 2),
        "READS": u32(V.A_VOLUME_READS, 0),
        "WAITING": u32(V.A_VOLUME_WAITING, 0),
        "DIRTY": u32(V.A_VOLUME_DIRTY, 5),
        "UNRECONCILED": u32(V.A_VOLUME_UNRECONCILED, 0),
        "WAITS": u8(V.A_VOLUME_WAITS_FOR, 2),
        "OLDEST": u64(V.A_VOLUME_OLDEST, 12),
        "REPAIRED": u64(V.A_VOLUME_REPAIRED, 0),
        "VOTERS": voter(1, "192.0.2.1:7000", attr(V.A_VOTER_LOCAL), u32(
            V.A_VOTER_STATE, V.VOTER_STATE_UP), kind=V.A_VOLUME_VOTERS) +
        voter(2, "[2001:db8::2]:7000",
              u32(V.A_VOTER_STATE, V.VOTER_STATE_DOWN),
              attr(V.A_VOTER_WHY, "no answer"), u64(V.A_VOTER_ANSWERED, 4100),
              WITNESS, kind=V.A_VOLUME_VOTERS),
    }
    body.update(more)
    return b"".join(body.values())


HELD = u32(V.A_VOLUME_HELD, V.HELD_LEASE) + u32(V.A_VOLUME_HELD, V.HELD_MIN_ISR)
WHY = "waits for voter 2, which does not answer"


def attached(message):
    """A kernel with a volume, a replica and a target."""
    told = {
        V.CMD_VOLUME_GET: a_volume(WHY=attr(V.A_VOLUME_WHY, WHY)),
        V.CMD_REPLICA_GET: a_replica(),
        V.CMD_REPLICA_CHECK: a_replica() + u32(V.A_REPLICA_FAULTS, 0),
        V.CMD_TARGET_GET: end(V.A_TARGET_ADDRESS, "192.0.2.1:7000") + u32(
            V.A_TARGET_CONNECTIONS, 4) + u64(V.A_TARGET_REFUSED, 1) + u64(
                V.A_TARGET_BROKEN, 0)}.get(message.cmd)
    if message.flags & fake.F_DUMP == fake.F_DUMP:
        return [reply(message, told, flags=fake.F_MULTI), done(message)]
    return ([reply(message, told)] if told else []) + [ack(message)]


VOLUME_TEXT = f"""db uuid {UUID} size 10485764K state active isr 1,2 epoch 7 \
version 7.3 lease-left 7840 openers 1 dirty 5 unreconciled 0 writes 2 reads 0 \
waiting 0 waits-for 2 oldest 12 repaired 0
    voter 1 address 192.0.2.1:7000 local state up
    voter 2 address [2001:db8::2]:7000 witness state down answered 4100 \
why no answer
"""
VOLUME_JSON = {
    "volume": "db", "uuid": UUID, "size": (10 << 30) + 4096, "state": "active",
    "isr": [1, 2], "epoch": 7, "version": "7.3", "lease_left": 7840,
    "min_isr": 1, "suspend_timeout": 0, "openers": 1, "dirty": 5, "unreconciled": 0, "writes": 2,
    "reads": 0, "waiting": 0, "waits_for": [2], "oldest": 12, "repaired": 0,
    "device": "/dev/braid/db@3", "node": "000000000000f00d", "voters": [
        {"voter": 1, "address": "192.0.2.1:7000", "local": True, "state": "up"},
        {"voter": 2, "address": "[2001:db8::2]:7000", "witness": True,
         "state": "down", "answered": 4100, "why": "no answer"}]}


def test_volume_show_prints_text_and_json():
    for words in (["volume"], ["volume", "show"], ["volume", "show", "db"]):
        result = run(*words, kernel=attached)
        equal((result.status, result.err, result.out), (0, "", VOLUME_TEXT))
        equal(json.loads(run("-j", *words, kernel=attached).out), [VOLUME_JSON])
    message = run("volume", "show", "db", kernel=attached).sent[0]
    equal((message.cmd, message.body),
          (V.CMD_VOLUME_GET, attr(V.A_VOLUME_NAME, "db")))
    detail = run("-d", "volume", kernel=attached).out
    assert " min-isr 1 suspend-timeout 0 " in detail and \
        " device /dev/braid/db@3 node 000000000000f00d" in detail, detail
    assert "state \x1b[31mdown\x1b[0m" in \
        run("-c", "volume", kernel=attached).out


def test_volume_show_prints_reasons_of_trouble():
    def kernel(message):
        return [reply(message, a_volume(
            HELD=HELD, PROPOSED=u8(V.A_VOLUME_PROPOSED, 1), STATE=u32(
                V.A_VOLUME_STATE, V.VOLUME_STATE_DEAD), FAILURE=attr(
                    V.A_VOLUME_FAILURE, "a flush failed")),
            flags=fake.F_MULTI), done(message)]
    text = run("volume", kernel=kernel).out.splitlines()[0]
    assert " state dead held lease,min-isr isr 1,2 proposed 1 " in text, text
    assert text.endswith(" failure a flush failed"), text
    shown = json.loads(run("-j", "volume", kernel=kernel).out)[0]
    equal((shown["held"], shown["proposed"], shown["failure"]),
          (["lease", "min-isr"], [1], "a flush failed"))


def test_volumes_are_sorted_and_an_interrupted_list_is_repeated():
    state = {"interrupt": 1}

    def kernel(message):
        flags = fake.F_MULTI | (fake.F_DUMP_INTR if state["interrupt"] else 0)
        state["interrupt"] = max(0, state["interrupt"] - 1)
        return [reply(message, a_volume(NAME=attr(V.A_VOLUME_NAME, name)),
                      flags=flags) for name in ("b", "c", "a")] + \
            [done(message)]
    result = run("volume", kernel=kernel)
    equal([line.split()[0] for line in result.out.splitlines()
           if line[0] != " "], ["a", "b", "c"])
    equal(len(result.sent), 2)
    state["interrupt"] = 1000
    result = run("volume", kernel=kernel)
    equal((result.status, result.out), (2, ""))
    assert "changes faster" in result.err

    def empty(message):
        return [done(message)]
    equal(run("volume", kernel=empty).out, "")
    equal(json.loads(run("-j", "volume", kernel=empty).out), [])


def test_replica_and_target_show_print_text_and_json():
    line = (f"/dev/vdb volume db uuid {UUID} voter 1 size 10G state insync "
            "holder node1 epoch 7 version 7.2 isr 1,2 dirty 3 lease-left 7100\n"
            "    voter 1 address 192.0.2.1:7000\n"
            "    voter 9 address [2001:db8::9]:7000 witness\n")
    equal(run("replica", "show", kernel=attached).out, line)
    shown = json.loads(run("-j", "replica", kernel=attached).out)[0]
    equal((shown["replica"], shown["volume"], shown["voter"], shown["size"],
           shown["state"], shown["region_size"]),
          ("/dev/vdb", "db", 1, 10 << 30, "insync", 1 << 18))
    equal(shown["voters"][1], {"voter": 9, "address": "[2001:db8::9]:7000",
                               "witness": True})
    assert "faults" not in shown
    for line, cmd, body in (
            ("replica show /dev/vdb", V.CMD_REPLICA_GET, attr(V.A_REPLICA_PATH, "/dev/vdb")),
            ("target show 192.0.2.1:7000", V.CMD_TARGET_GET,
             end(V.A_TARGET_ADDRESS, "192.0.2.1:7000"))):
        result = run(*line.split(), kernel=attached)
        equal((result.status, result.err, len(result.sent)), (0, "", 1))
        equal((result.sent[0].cmd, result.sent[0].body), (cmd, body))
    equal(run("target", kernel=attached).out,
          "192.0.2.1:7000 connections 4 refused 1 broken 0\n")
    equal(json.loads(run("-j", "target", "show", kernel=attached).out),
          [{"target": "192.0.2.1:7000", "connections": 4, "refused": 1,
            "broken": 0}])


def test_replica_check_prints_faults():
    result = run("replica", "check", "/dev/vdb", kernel=attached)
    equal((result.status, result.err), (0, ""))
    assert "fault" not in result.out

    def faulty(message):
        faults = [attr(V.A_REPLICA_FAULT, f"page {i} is bad") for i in (3, 5)]
        return [reply(message, a_replica() + b"".join(faults) +
                      u32(V.A_REPLICA_FAULTS, 40)), ack(message)]
    result = run("replica", "check", "/dev/vdb", kernel=faulty)
    equal((result.status, result.err, len(result.sent)), (2, "", 1))
    equal(result.out.splitlines()[-3:], [
        "    fault page 3 is bad", "    fault page 5 is bad",
        "    fault and 38 more"])
    result = run("-j", "replica", "check", "/dev/vdb", kernel=faulty)
    shown = json.loads(result.out)[0]
    equal((result.status, shown["faults"], shown["fault"]),
          (2, 40, ["page 3 is bad", "page 5 is bad"]))


def test_volume_why_prints_the_reason():
    result = run("volume", "why", "db", kernel=attached)
    equal((result.status, result.out), (0, WHY + "\n"))
    equal(json.loads(run("-j", "volume", "why", "db", kernel=attached).out),
          [{"volume": "db", "why": WHY}])

    def silent(message):
        return [reply(message, a_volume()), ack(message)]
    result = run("volume", "why", "db", kernel=silent)
    equal((result.status, result.out, result.err),
          (2, "", "braid: Bad message\n"))


def test_volume_commands_that_read_accept_dry_run():
    equal(run("--dry-run", "volume", kernel=attached).out, VOLUME_TEXT)


# ---- events ----

def an_event(**more):
    body = {
        "VOLUME": attr(V.A_EVENT_VOLUME, "db"),
        "WHAT": attr(V.A_EVENT_WHAT, "ejected"),
        "VOTER": u8(V.A_EVENT_VOTER, 2),
        "WHY": attr(V.A_EVENT_WHY, "no answer"),
        "TIME": u64(V.A_EVENT_TIME, 1767225600123456789),
    }
    body.update(more)
    return event(V.CMD_VOLUME_EVENT, *body.values(), kind=fake.VOLUMES)


EVENTS = [
    (an_event(), "2026-01-01T00:00:00.123456Z db ejected voter 2 (no answer)"),
    (an_event(VOTER=b"", WHY=b"", WHAT=attr(V.A_EVENT_WHAT, "attached")),
     "2026-01-01T00:00:00.123456Z db attached"),
]


def test_monitor_volumes_prints_a_line_for_each_event():
    push = [e for e, _ in EVENTS]
    result = run("monitor", "volumes", push=push,
                 stop=until_lines(0, signal.SIGINT))
    equal(result.status, 0)
    result = run("monitor", "volumes", kernel=asked_then(push))
    equal((result.status, result.err), (2, "braid: the module was unloaded\n"))
    equal(result.out.splitlines(), [line for _, line in EVENTS])
    result = run("-j", "monitor", "volumes", kernel=asked_then(push))
    objects = [json.loads(line) for line in result.out.splitlines()]
    equal(objects[0], {
        "time": "2026-01-01T00:00:00.123456Z", "volume": "db",
        "what": "ejected", "voter": 2, "why": "no answer"})
    equal(objects[1], {"time": "2026-01-01T00:00:00.123456Z", "volume": "db",
                       "what": "attached"})


def asked_then(push):
    """Answers the list, sends events, then unloads the module."""
    def kernel(message):
        equal((message.kind, message.cmd), (fake.VOLUMES, V.CMD_VOLUME_GET))
        return [done(message), *push,
                event(2, u16(1, fake.VOLUMES), kind=0x10)]
    return kernel


# ---- malformed messages ----

def test_malformed_volume_replies_do_no_harm():
    commands = [["volume"], ["-j", "volume"], ["-d", "replica"], ["target"],
                ["replica", "check", "/a"], ["volume", "why", "db"],
                ["-j", "-d", "replica"], ["volume", "detach", "db"],
                ["volume", "show", "db"]]
    for seed in range(150):
        rng = random.Random(seed)
        run(*rng.choice(commands), kernel=hostile(attached, rng))
    for seed in range(40):
        rng = random.Random(seed)
        push = [mutated(rng.choice(EVENTS)[0], rng) for _ in range(10)]
        run(*rng.choice([["monitor", "volumes"], ["-j", "monitor", "volumes"]]),
            kernel=asked_then(push))


def test_random_volume_words_do_no_harm():
    vocabulary = ["create", "attach", "show", "help", "size", "1G", "voter",
                  "1=192.0.2.1:7000", "2=[::1]:1,witness", "from", ",",
                  "192.0.2.1:7000", "takeover", "dead", "force", "secret-file",
                  "-", "/dev/null", "", "=", ":", "[", "]", "x" * 3000,
                  "volume", "uuid", UUID, "db", *NOUNS]
    for seed in range(200):
        rng = random.Random(seed)
        run(rng.choice(list(NOUNS)), *[
            rng.choice(vocabulary) for _ in range(rng.randint(0, 9))])
