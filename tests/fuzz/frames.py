#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# lab: kernel=um,debug nodes=1 timeout=900 clock=real long_kernels=debug
"""Hostile peers of a target and of a writer: hosts without the secret, hosts with the
secret that send invalid frames, and a host between the two that changes frames.
Connections are closed and counted, nothing else happens. FUZZ_SEED repeats a run,
FUZZ_SECONDS makes it longer.
"""

import contextlib
import itertools
import json
import os
import random
import select
import socket
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE + "/../lib")

import disks
import wire
from blocks import Device
from ktap import equal, run, test, true

SEED = int(os.environ.get("FUZZ_SEED") or time.time_ns() % 1000000007)
SECONDS = int(os.environ.get("FUZZ_SECONDS") or 60)
SECRET = b"0123456789abcdef0123456789abcdef"
TARGET, BETWEEN = ("127.0.0.1", 7701), ("127.0.0.1", 7703)
UUID = "0f{}00000-0000-4000-8000-000000000000"
BLOCKS = 32
SIZE = 16 << 20           # of each volume
PATIENCE = 60

chance = random.Random(SEED)
# Each next epoch must be higher.
sessions = itertools.count(1)


def braid(*words):
    done = subprocess.run(["braid", *words], capture_output=True, text=True, check=False,
                          stdin=subprocess.DEVNULL, timeout=PATIENCE * 2)
    if done.returncode:
        raise AssertionError(f"braid {' '.join(words)}: {done.stderr}")
    return done.stdout


def ask(*words):
    return json.loads(braid("-j", *words))


def counted(what):
    return ask("target", "show")[0][what]


def wait(what, condition):
    end = time.monotonic() + PATIENCE
    while not condition():
        true(time.monotonic() < end, f"waited in vain: {what}")
        time.sleep(0.2)


# --- the volumes -------------------------------------------------------------------


def volume_uuid(name):
    return UUID.format({"db": 1, "toy": 2}[name])


def uuid_bytes(name):
    return bytes.fromhex(volume_uuid(name).replace("-", ""))


def make(name, stores, addresses):
    for voter, store in enumerate(stores, 1):
        braid("replica", "create", store, "volume", name, "uuid", volume_uuid(name),
              "voter", str(voter), "size", "16M", "force")
        braid("replica", "open", store)
    voters = [word for voter, (host, port) in enumerate(addresses, 1)
              for word in ("voter", f"{voter}={host}:{port}")]
    braid("volume", "create", name, "size", "16M", *voters)


@contextlib.contextmanager
def volumes():
    """db: voter 1 is local, 2 at the target, 3 behind the host in between. toy: one voter."""
    global between
    os.makedirs("/run/lab", exist_ok=True)
    secret = "/run/lab/secret"
    with open(os.open(secret, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "wb") as file:
        file.write(SECRET)
    stores = [disks.memory(n, 64) for n in range(4)]
    between = Between()
    try:
        braid("target", "listen", "{}:{}".format(*TARGET), "secret-file", secret)
        make("db", stores[:3], [TARGET, TARGET, BETWEEN])
        make("toy", stores[3:], [TARGET])
        braid("volume", "attach", "db", "from", "{}:{}".format(*TARGET), "secret-file", secret)
        yield ()
    finally:
        for words in [("volume", "detach", "db", "force"),
                      ("target", "close", "{}:{}".format(*TARGET)),
                      *[("replica", word, store) for store in stores
                        for word in ("close", "del")]]:
            with contextlib.suppress(AssertionError):
                braid(*words)
        between.close()
        for n in range(4):
            disks.forget(n)


class Load:
    """Writes to db while something happens; every acknowledged block is read back."""

    number = 0

    def __init__(self):
        self.device = Device("/dev/braid/db")
        self.done, self.count, self.error = {}, 0, None
        self.going = True
        self.thread = threading.Thread(target=self._write)

    def _write(self):
        while self.going and not self.error:
            Load.number += 1
            block = Load.number % BLOCKS
            try:
                self.device.write(block, Load.number)
            except OSError as error:
                self.error = error
                return
            self.done[block] = Load.number
            self.count += 1

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        before = self.count
        if not self.error:
            wait("an acknowledgement after it", lambda: self.count > before or self.error)
        self.going = False
        self.thread.join(PATIENCE)
        os.close(self.device.fd)
        equal(self.error, None, "a write of the volume")
        check = Device("/dev/braid/db")
        for block, number in self.done.items():
            equal(check.read(block), number, f"block {block}")
        os.close(check.fd)


# --- peers without the secret ------------------------------------------------------


def closed(sock, seconds=30):
    """Checks that the other side closes, after any answer."""
    sock.settimeout(seconds)
    try:
        while sock.recv(4096):
            pass
    except ConnectionError:
        pass
    sock.close()


def stranger(data):
    sock = socket.create_connection(TARGET, timeout=30)
    with contextlib.suppress(OSError):
        sock.sendall(data)
    return sock


@test("peers without the secret are disconnected and counted")
def strangers():
    before = counted("refused")
    tries = [chance.randbytes(chance.randrange(1, 300)) for _ in range(10)]
    tries += [wire.hello(magic=7), wire.hello(version=9), wire.hello(features=0),
              wire.hello(length=65535), wire.hello(reserved=1)]
    # A valid hello, and then no proof.
    tries += [wire.hello() + chance.randbytes(112) for _ in range(5)]
    with Load():
        for data in tries:
            sock = stranger(data)
            # Otherwise some would wait for the rest of a message.
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_WR)
            closed(sock)
    true(counted("refused") >= before + len(tries) - 2,
         f"of {len(tries)} strangers {counted('refused') - before} were counted")


@test("a peer that sends nothing, or too slowly, is disconnected")
def silent():
    with Load():
        waiting = [socket.create_connection(TARGET, timeout=30) for _ in range(20)]
        slow = wire.hello()
        begin = time.monotonic()
        with contextlib.suppress(OSError):
            for byte in slow:
                waiting[0].sendall(bytes([byte]))
                time.sleep(0.3)
        for sock in waiting:
            closed(sock)
        print(f"# all closed after {time.monotonic() - begin:.1f} s")


@test("a wrong secret, unknown volumes and voters are refused")
def unknown():
    with contextlib.suppress(wire.Closed):
        link = wire.Link(TARGET, b"x" * 32, uuid_bytes("db"))
        true(link.status, "a wrong secret was welcome")
        link.close()
    for volume, voter in ((bytes(15) + b"\1", 0), (uuid_bytes("db"), 9)):
        link = wire.Link(TARGET, SECRET, volume, voter)
        true(link.status, "what does not exist was welcome")
        link.close()
    link = wire.Link(TARGET, SECRET, uuid_bytes("db"), 2)
    equal(link.status, 0, "status of the right one")
    link.close()


@test("a data connection under another epoch is refused")
def other_epoch():
    for epoch in ((0, 0), (1, 1), (2 ** 63, 5)):
        with contextlib.suppress(wire.Closed):
            link = wire.Link(TARGET, SECRET, uuid_bytes("db"), 2, wire.DATA, epoch)
            true(link.status, f"epoch {epoch} was welcome")
            link.close()


# --- peers with the secret -------------------------------------------------------------


def promised():
    """A pair of connections to toy, whose voter has given a promise to the test."""
    session = next(sessions)
    epoch = (2 ** 32 + session, 77)
    control = wire.Link(TARGET, SECRET, uuid_bytes("toy"), 1, wire.CONTROL, (0, 0), session)
    control.epoch = epoch
    control.send(control.frame(wire.PREPARE, b"somebody", flags=4))
    kind, status, _, payload = control.answer()
    equal((kind, status, len(payload)), (wire.PREPARE, 0, 4096), "the promise")
    data = wire.Link(TARGET, SECRET, uuid_bytes("toy"), 1, wire.DATA, epoch, session)
    equal(data.status, 0, "status of the data connection")
    return control, data


def ends(link, data):
    """Checks that the connection closes; earlier answers do not matter."""
    try:
        link.send(data)
        while True:
            link.answer()
    except (wire.Closed, ValueError):
        link.close()


def turned(frame):
    bit = chance.randrange(len(frame) * 8)
    return frame[:bit // 8] + bytes([frame[bit // 8] ^ 1 << bit % 8]) + frame[bit // 8 + 1:]


# Writes with one invalid property: functions of a link and a payload.
MANGLED = {
    "a turned bit": lambda link, data: turned(link.frame(wire.WRITE, data, length=len(data))),
    **{f"another {field}": lambda link, data, change={field: value}: link.frame(
        wire.WRITE, data, length=len(data), **change)
       for field, value in (("cookie", 1), ("session", 2 ** 40), ("volume", 1),
                            ("payload_crc", 5), ("magic", 5), ("answer", 1),
                            ("counter", 3), ("node", 78))},
    "too long a payload": lambda link, data: link.frame(
        wire.WRITE, data, length=len(data), size=chance.choice((2 ** 31, 2 ** 32 - 1, 2 << 20))),
    "an unknown type": lambda link, data: link.frame(chance.choice((0, 10, 31, 37, 255))),
    "a type of control": lambda link, data: link.frame(wire.LEASE),
}


def half_a_frame(data):
    """A truncated frame, which ends when the test shuts the socket down."""
    control, link = promised()
    frame = link.frame(wire.WRITE, data, length=len(data))
    link.send(frame[:chance.randrange(1, len(frame))])
    link.sock.shutdown(socket.SHUT_WR)
    ends(link, b"")
    control.close()


def toy_holds(contents):
    """Checks these blocks in the replica, without other readers."""
    control, data = promised()
    for block, content in contents.items():
        data.send(data.frame(wire.READ, offset=block * 4096, length=4096))
        kind, status, _, found = data.answer()
        equal((kind, status), (wire.READ, 0), f"the read of block {block}")
        true(found == content, f"block {block} of toy is not what was written last")
    data.close()
    control.close()


def toy_write(content):
    """A valid write of block 0."""
    control, data = promised()
    data.send(data.frame(wire.WRITE, content, length=4096, n=1))
    equal(data.answer()[:2], (wire.WRITE, 0), "the write")
    data.close()
    control.close()


@test("invalid frames close the connection and are counted")
def wrong_frames():
    content = chance.randbytes(4096)
    toy_write(content)
    before = counted("broken")
    rounds = 0
    end = time.monotonic() + SECONDS / 3
    with Load():
        while time.monotonic() < end or rounds < 2 * len(MANGLED):
            # Each of them, and then random ones.
            what = list(MANGLED)[rounds] if rounds < len(MANGLED) else \
                chance.choice(list(MANGLED))
            rounds += 1
            control, data = promised()
            try:
                data.send(MANGLED[what](data, chance.randbytes(4096)))
                answer = data.answer()
            except wire.Closed:
                answer = None
            equal(answer, None, f"the answer to {what}")
            data.close()
            control.close()
            if rounds % 8 == 0:
                half_a_frame(chance.randbytes(4096))
    wait("all are counted", lambda: counted("broken") - before >= rounds)
    print(f"# {rounds} rounds, {counted('broken') - before} counted")
    toy_holds({0: content})


def is_possible(kind, fields):
    """Returns true if a correct target may do a request with these fields."""
    offset, length = fields["offset"], fields["length"]
    if fields["committed"] > fields["generation"] or fields["generation"] >= 2 ** 31 or \
            fields["flags"] not in (0, 1):
        return False
    if kind == wire.FLUSH:
        return not offset and not length
    return offset % 4096 == 0 and length % 4096 == 0 and 0 < length <= SIZE - offset


def noted(contents, kind, fields, payload):
    """The expected content of blocks 0 to 2 afterwards."""
    for block in range(fields["offset"] // 4096,
                       min((fields["offset"] + fields["length"]) // 4096, 3)):
        if kind == wire.WRITE:
            contents[block] = payload
        elif kind in (wire.ZERO, wire.DISCARD):
            contents[block] = bytes(4096)


@test("well-formed frames with random fields are answered or close the connection")
def random_fields():
    answers = {}
    end = time.monotonic() + SECONDS / 3
    control = data = None
    toy_write(b"b" * 4096)
    contents = {0: b"b" * 4096, 1: bytes(4096), 2: bytes(4096)}
    with Load():
        while time.monotonic() < end or len(answers) < 2:
            if not data:
                control, data = promised()
            kind = chance.choice((wire.WRITE, wire.READ, wire.ZERO, wire.FLUSH, wire.DISCARD))
            length = chance.choice((0, 4096, 4096, 8192, 4095, 64 << 20, 2 ** 40, 2 ** 64 - 4096))
            payload = chance.randbytes(4096) if kind == wire.WRITE else b""
            fields = {"length": 4096 if payload else length,
                      "offset": chance.choice((0, 4096, SIZE - 4096, SIZE, 2 ** 44, 2 ** 64 - 4096,
                                               1)),
                      "flags": chance.choice((0, 0, 1, 2, 2 ** 31)), "n": chance.getrandbits(64),
                      "generation": chance.choice((1, 2, 2 ** 31 - 1, 2 ** 32 - 1)),
                      "committed": chance.choice((0, 1, 2 ** 32 - 1))}
            try:
                data.send(data.frame(kind, payload, **fields))
                status = data.answer()[1]
                if not status:
                    true(is_possible(kind, fields), f"done: {kind} with {fields}")
                    noted(contents, kind, fields, payload)
            except (wire.Closed, ValueError):
                control.close()
                data.close()
                control = data = None
                status = "closed"
            answers[status] = answers.get(status, 0) + 1
    for link in filter(None, (control, data)):
        link.close()
    print(f"# {answers}")
    true("closed" in answers and len(answers) > 1, f"one kind of answer only: {answers}")
    toy_holds(contents)


@test("a repeated frame of a closed session has no effect")
def replayed():
    _, first = promised()
    frame = first.frame(wire.WRITE, b"a" * 4096, length=4096, n=1)
    first.send(frame)
    equal(first.answer()[:2], (wire.WRITE, 0), "the write")
    _, second = promised()
    second.send(second.frame(wire.WRITE, b"c" * 4096, length=4096, n=2))
    equal(second.answer()[:2], (wire.WRITE, 0), "the write that follows")
    # The older session's connection has ended, and its frame is not the newer one's.
    ends(second, frame)
    with contextlib.suppress(wire.Closed):
        first.send(frame)
        true(first.answer()[1], "a closed session took a write")
    first.close()
    toy_holds({0: b"c" * 4096})


# --- between writer and target ------------------------------------------------------------


class Between:
    """Passes bytes between the writer and the target, and changes them on command."""

    def __init__(self):
        self.listener = socket.create_server(BETWEEN)
        self.harm = None
        self.harmed = 0
        self.pairs = {}
        self.going = True
        self.thread = threading.Thread(target=self._pass, daemon=True)
        self.thread.start()

    def _pass(self):
        while self.going:
            ready, _, _ = select.select([self.listener, *self.pairs], [], [], 0.5)
            for sock in ready:
                if sock is self.listener:
                    here = sock.accept()[0]
                    with contextlib.suppress(OSError):
                        there = socket.create_connection(TARGET, timeout=10)
                        self.pairs[here], self.pairs[there] = there, here
                elif sock in self.pairs:
                    self._move(sock)

    def _move(self, sock):
        try:
            data = sock.recv(65536)
            if data and self.harm:
                data = self.harm(data)
                self.harm = None
                self.harmed += 1
            if data:
                self.pairs[sock].sendall(data)
                return
        except OSError:
            pass
        other = self.pairs.pop(sock)
        self.pairs.pop(other, None)
        sock.close()
        other.close()

    def close(self):
        self.going = False
        self.thread.join(5)
        for sock in (self.listener, *self.pairs):
            sock.close()


def flip(data):
    changed = bytearray(data)
    bit = chance.randrange(len(data) * 8)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def noise(data):
    return chance.randbytes(len(data))


def half(data):
    return data[:len(data) // 2] + b"\0" * (len(data) - len(data) // 2)


def twice(data):
    return data + data


def nothing(_):
    return b""


between = None


@test("a host between writer and target can break a connection, and nothing else")
def man_between():
    end = time.monotonic() + SECONDS / 3
    rounds = 0
    with Load() as load:
        while time.monotonic() < end or rounds < 5:
            rounds += 1
            harmed, count = between.harmed, load.count
            between.harm = chance.choice((flip, noise, half, twice, nothing))
            wait("something to harm", lambda: between.harmed > harmed or load.error)
            wait("writes go on", lambda: load.count > count + 5 or load.error)
            if 3 not in ask("volume", "show", "db")[0]["isr"]:
                print("# member 3 was too late and is out")
                break
    print(f"# {between.harmed} harms in {rounds} rounds")
    true(between.harmed > 0, "nothing was harmed")
    # A slow machine may lose healthy members; no write was lost.
    print(f"# members at the end: {ask('volume', 'show', 'db')[0]['isr']}")


if __name__ == "__main__":
    if "LAB" not in os.environ:
        print(f"# FUZZ_SEED={SEED} FUZZ_SECONDS={SECONDS}")
    run(__file__, volumes)
