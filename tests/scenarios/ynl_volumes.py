#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# lab: kernel=stock,um,debug nodes=1 timeout=600 needs=spec long_kernels=debug
"""The kernel's own generic client, ynl, drives every operation on volumes of the
unchanged specification, sees each refused, and receives every attribute that the
specification has in a reply or an event."""

import contextlib
import errno
import os
import sys
import threading
import time
import uuid

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")

import disks
from blocks import Device
from generic import Client, NlError
from ktap import equal, run, test, true

MIB = 1 << 20
PATIENCE = 120
FILES = "/run/ynl"
HERE = {"ip": "127.0.0.1", "port": 7005}
SECRET = b"ynl" * 11
DATA, MORE, WITNESS = f"{FILES}/one", f"{FILES}/two", "/dev/nullb1"
FAILING = "/dev/mapper/ynl"
# The client prints a UUID as text and takes it as bytes only.
UUID, OTHER = (uuid.UUID(int=number).bytes for number in (11, 12))
UUID_TEXT = str(uuid.UUID(bytes=UUID))
REPLICAS = [
    {"path": DATA, "volume": "ynl", "uuid": UUID, "voter": 1, "size": 4 * MIB},
    {"path": MORE, "volume": "ynl", "uuid": UUID, "voter": 2, "size": 4 * MIB},
    {"path": WITNESS, "volume": "ynl", "uuid": UUID, "voter": 3, "witness": True},
]
VOTERS = [{"id": number, "address": HERE} for number in (1, 2)] + [
    {"id": 3, "address": HERE, "witness": True}]
# Present only while a record is in flight, which the test cannot delay.
BRIEF = {("volume-get", "volume", "proposed")}
# Requests that each operation refuses, and words of the refusal.
REFUSED = (
    ("replica-create", {"path": DATA, "volume": "ynl", "uuid": UUID, "voter": 64}, "1 to 63"),
    ("replica-open", {"path": "/dev/none"}, "/dev/none"),
    ("replica-close", {"path": DATA}, DATA),
    ("replica-del", {"path": "/dev/none"}, "/dev/none"),
    ("replica-get", {"path": DATA}, "no replica is open there"),
    ("replica-check", {"path": "/dev/none"}, "/dev/none"),
    ("target-listen", {"address": HERE, "secret": [b"short"]}, "32 to 64 bytes"),
    ("target-get", {"address": HERE}, "no target listens there"),
    ("target-close", {"address": HERE}, "no target listens"),
    ("volume-create", {"name": "ynl", "size": 4095, "voter": VOTERS}, "4096"),
    ("volume-attach", {"name": "ynl", "from": [HERE], "secret": [SECRET]}, "127.0.0.1:7005"),
    *((f"volume-{word}", {"name": "ynl"}, "attached here")
      for word in ("detach", "get", "suspend", "resume")),
)


def wait(what, condition):
    """Waits until condition() is true; returns its value."""
    end = time.monotonic() + PATIENCE
    while True:
        got = condition()
        if got:
            return got
        true(time.monotonic() < end, f"waited in vain: {what}")
        time.sleep(0.1)


def holds(got, wanted):
    """Checks that all wanted words are in the answer."""
    equal({word: got.get(word) for word in wanted}, wanted)


def volume(client, name="ynl"):
    return client.do("volume-get", name=name)


def closed(client, path):
    """Returns true if it is closed, which it is not while its writer may come back."""
    try:
        client.do("replica-close", path=path)
    except NlError as error:
        equal(error.error, errno.EBUSY)
        return False
    return True


@test("each operation is refused with a text")
def refusals(client):
    for name, words, text in REFUSED:
        try:
            client.do(name, **words)
        except NlError as error:
            said = error.nl_msg.extack.get("msg", "")
            true(text in said, f"{name}: '{said}' lacks '{text}'")
        else:
            raise AssertionError(f"{name} was taken")
    equal(sorted({(name, mode) for name, mode in client.operations() if mode == "do"}
                 - client.refused), [], "never refused")


@test("replicas are made, opened, listed and checked")
def replicas(client):
    for replica in REPLICAS:
        client.do("replica-create", **replica)
        client.do("replica-open", path=replica["path"])
        got = client.do("replica-get", path=replica["path"])
        holds(got, {**replica, "uuid": UUID_TEXT, "state": "blank"})
    equal({each["path"] for each in client.dump("replica-get")}, {DATA, MORE, WITNESS})


@test("a target listens and is listed")
def targets(client):
    client.do("target-listen", address=HERE, secret=[SECRET, b"z" * 64])
    listed = {"address": HERE, "connections": 0, "refused": 0, "broken": 0}
    equal(client.do("target-get", address=HERE), listed)
    equal(client.dump("target-get"), [listed])


@test("a volume is made and attached")
def attached(client):
    client.do("volume-create", name="ynl", size=4 * MIB, voter=VOTERS)
    client.do("volume-attach", **{"name": "ynl", "from": [HERE], "secret": [SECRET],
                               "suspend-timeout": 3600})
    got = volume(client)
    holds(got, {"name": "ynl", "size": 4 * MIB, "uuid": UUID_TEXT, "state": "active",
                "isr": [1, 2], "min-isr": 1, "suspend-timeout": 3600, "discard": True, "openers": 0})
    equal([voter["address"] for voter in got["voters"]], 3 * [HERE])
    equal([each["name"] for each in client.dump("volume-get")], ["ynl"])
    got = client.do("replica-get", path=DATA)
    holds(got, {"state": "insync", "isr": [1, 2], "holder": os.uname().nodename})
    holds(client.do("replica-get", path=WITNESS), {"witness": True, "voters": VOTERS})
    heard = wait("the event", lambda: [each for each in client.events()
                                       if each["what"] == "attached"])
    equal(heard[0]["volume"], "ynl")
    true(abs(heard[0]["time"] / 1e9 - time.time()) < 3600, "the time of the event")


@test("suspended I/O is held, and goes on")
def suspended(client):
    client.do("volume-suspend", name="ynl")
    holds(volume(client), {"held": ["user"]})
    client.do("volume-resume", name="ynl")
    true("held" not in volume(client), "still held")


@test("a waiting write shows the voters that it waits for, and so do events")
def waits(client):
    device = Device("/dev/braid/ynl")
    device.write(0, 1)
    client.do("target-close", address=HERE)
    writer = threading.Thread(target=device.write, args=(1, 2))
    writer.start()
    got = wait("a write that waits", lambda: [
        said for said in [volume(client)] if said.get("waits-for") == [2]])[0]
    true(got["why"], "no sentence")
    wait("a reason why it is held", lambda: volume(client).get("held"))
    client.do("target-listen", address=HERE, secret=[SECRET])
    writer.join(PATIENCE)
    true(not writer.is_alive(), "the write never ended")
    equal([device.read(0), device.read(1)], [1, 2])
    os.close(device.fd)
    heard = []
    wait("an event with voter and reason", lambda: heard.extend(client.events()) or any(
        "voter" in each and "why" in each for each in heard))


@test("a failed store is shown as failed, and so is its volume")
def failing(client):
    voters = [{"id": 1, "address": HERE}]
    client.do("replica-create", path=FAILING, volume="bad", uuid=OTHER, voter=1)
    client.do("replica-open", path=FAILING)
    client.do("volume-create", name="bad", size=4 * MIB, voter=voters)
    client.do("volume-attach", **{"name": "bad", "from": [HERE], "secret": [SECRET]})
    device = Device("/dev/braid/bad")
    device.write(0, 1)
    replace(f"0 {disks.sectors(FAILING)} error")
    for action in lambda: device.write(1023, 1), lambda: os.fsync(device.fd):
        with contextlib.suppress(OSError):
            action()
    os.close(device.fd)
    got = wait("the end of the volume", lambda: [
        said for said in [volume(client, "bad")] if said["state"] == "dead"])[0]
    true(got["failure"], "no reason")
    true(client.do("replica-get", path=FAILING)["failed"], "the replica did not fail")
    client.do("volume-detach", name="bad", force=True)
    client.do("replica-close", path=FAILING)
    replace(linear())


@test("a closed replica is checked, and its faults are shown")
def checked(client):
    client.do("volume-detach", name="ynl")
    true(client.do("replica-get", path=DATA)["clean"], "it is not recorded as closed")
    client.do("target-close", address=HERE)
    for replica in REPLICAS:
        wait(f"the close of {replica['path']}", lambda path=replica["path"]: closed(client, path))
    got = client.do("replica-check", path=DATA)
    holds(got, {"path": DATA, "voter": 1, "clean": True, "faults": 0})
    with open(f"{DATA}.braid", "r+b") as file:
        file.write(b"nonsense")
    got = client.do("replica-check", path=DATA)
    equal((got["faults"], len(got["fault"])), (1, 1))
    holds(client.do("replica-check", path=WITNESS), {"witness": True})
    for path in DATA, MORE, WITNESS:
        client.do("replica-del", path=path)
    try:
        client.do("replica-check", path=DATA)
    except NlError as error:
        equal(error.error, errno.ENODATA)
    else:
        raise AssertionError("it is still there")


@test("every operation of the specification was driven")
def every_operation(client):
    equal(client.not_driven(), [], "not driven")


@test("every attribute that the specification has in a reply or an event came in one")
def every_attribute(client):
    equal(set(client.never_came()) - BRIEF, set(), "never came")


def linear():
    return f"0 {disks.sectors('/dev/nullb2')} linear /dev/nullb2 0"


def replace(table):
    """Sets the mapping of the failing store."""
    disks.sh("dmsetup", "reload", "ynl", "--table", table)
    disks.sh("dmsetup", "resume", "ynl", "--noudevsync")


@contextlib.contextmanager
def fixture():
    for number, size in (0, 64), (1, 16), (2, 32):
        disks.memory(number, size)
    disks.sh("mkfs.ext4", "-qF", "/dev/nullb0")
    os.makedirs(FILES)
    disks.sh("mount", "/dev/nullb0", FILES)
    disks.mapped("ynl", linear())
    client = Client("braid_blk", "volume")
    try:
        yield (client,)
    finally:
        client.close()
        disks.unmap("ynl")
        disks.sh("umount", FILES)
        os.rmdir(FILES)
        for number in range(3):
            disks.forget(number)


run(__file__, fixture)
