#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# lab: kernel=stock nodes=1 timeout=300
"""An answered flush, and an answered write with FUA, are on the disk below the replica,
and the disk can be attached in that state: record, region map and data. dm-log-writes
below the replica logs what is durable."""

import contextlib
import json
import os
import random
import struct
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")

import disks
import logwrites
from blocks import BLOCK, Device, meaning
from disks import sh
from ktap import equal, run, test, true

MIB = 1 << 20
SIZE = 16               # MiB of the volume
DISK = 64               # MiB of its store
BLOCKS = 48
UUID = "5eed0000-0000-4000-8000-0000000000f1"
ADDRESS = "127.0.0.1:7704"
SECRET = "/run/lab/secret"
DATA_AT = struct.Struct("<Q")
DATA_AT_OFFSET = 56     # in the record's slot, as kmod/blk/proto/record.c has it


def braid(*words):
    return sh("braid", *words)


@contextlib.contextmanager
def logged():
    """A store whose writes are logged, and the log's device."""
    os.makedirs("/run/lab", exist_ok=True)
    with open(os.open(SECRET, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w",
              encoding="ascii") as file:
        file.write("s" * 32)
    sh("modprobe", "dm-log-writes")
    data = disks.memory(0, DISK)
    try:
        store = disks.mapped("logged", f"0 {disks.sectors(data)} log-writes {data} /dev/vdb")
        yield (store,)
    finally:
        disks.unmap("logged")
        disks.forget(0)


@contextlib.contextmanager
def attached(store, make):
    """A volume of one replica on STORE; its device."""
    if make:
        braid("replica", "create", store, "volume", "logged", "uuid", UUID, "voter", "1",
              "size", f"{SIZE}M")
    braid("replica", "open", store)
    braid("target", "listen", ADDRESS, "secret-file", SECRET)
    try:
        if make:
            braid("volume", "create", "logged", "size", f"{SIZE}M", "voter", f"1={ADDRESS}")
        braid("volume", "attach", "logged", "from", ADDRESS, "secret-file", SECRET,
              *([] if make else ["takeover", "dead"]))
        device = Device("/dev/braid/logged")
        yield device
        os.close(device.fd)
        braid("volume", "detach", "logged")
    finally:
        for words in (("volume", "detach", "logged", "force"), ("target", "close", ADDRESS),
                      ("replica", "close", store)):
            with contextlib.suppress(AssertionError):
                braid(*words)


def mark(name):
    sh("dmsetup", "message", "logged", "0", "mark", name)


def load(device):
    """Writes, flushes and writes with FUA; what must be durable at each mark, and
    what may be."""
    chance = random.Random(1)
    durable, possible, expected, pending = {}, {}, {}, {}
    number = 0
    direct = Device.__new__(Device)
    direct.buffer = device.buffer
    direct.fd = os.open("/dev/braid/logged", os.O_RDWR | os.O_DIRECT | os.O_DSYNC)
    for turn in range(30):
        for _ in range(chance.randrange(1, 12)):
            number += 1
            block = chance.randrange(BLOCKS)
            device.write(block, number)
            pending[block] = number
            possible.setdefault(block, {0}).add(number)
        if turn % 3:
            os.fsync(device.fd)
            durable.update(pending)
            pending.clear()
        else:
            # The log has what was not flushed after what had FUA, whatever came first.
            number += 1
            block = chance.choice([block for block in range(BLOCKS) if block not in pending])
            direct.write(block, number)
            durable[block] = number
            possible.setdefault(block, {0}).add(number)
        mark(f"turn{turn}")
        expected[f"turn{turn}"] = (dict(durable),
                                   {key: set(value) for key, value in possible.items()})
    os.close(direct.fd)
    return expected


def check_data(image, name, expected):
    at, = DATA_AT.unpack_from(image, DATA_AT_OFFSET)
    true(0 < at < len(image) and at % BLOCK == 0, f"{name}: data at {at}")
    durable, possible = expected
    for block in range(BLOCKS):
        start = at + block * BLOCK
        found = meaning(bytes(image[start:start + BLOCK]), block)
        wanted = durable.get(block, 0)
        true(found is not None and found >= wanted and found in possible.get(block, {0}),
             f"{name}: block {block} holds {found}, {wanted} was durable")


def check_attach(image, name, expected):
    """Attaches a copy of the disk, as after a power loss at that moment."""
    again = disks.memory(1, DISK)
    try:
        with open(again, "r+b", buffering=0) as file:
            file.write(image)
            os.fsync(file.fileno())
        faults = json.loads(braid("-j", "replica", "check", again))
        true(not any(fault.get("faults") for fault in faults), f"{name}: {faults}")
        with attached(again, make=False) as device:
            for block in range(BLOCKS):
                found = device.read(block)
                true(found is not None and found >= expected[0].get(block, 0),
                     f"{name}: block {block} is read as {found}")
    finally:
        disks.forget(1)


@test("each flush and each write with FUA is on the disk when it is answered")
def durable_when_answered(store):
    with attached(store, make=True) as device:
        expected = load(device)
    sh("dmsetup", "remove", "--noudevsync", "--retry", "logged")
    seen, chosen = 0, {"turn0", "turn1", "turn14", "turn29"}
    with open("/dev/vdb", "rb") as log:
        size = disks.sectors("/dev/vdb") * 512
        disk = logwrites.Disk(DISK * MIB)
        for name in logwrites.replay(log, size, disk):
            if name in expected:
                seen += 1
                check_data(disk.image, name, expected[name])
                if name in chosen:
                    check_attach(disk.image, name, expected[name])
    equal(seen, len(expected), "marks in the log")


if __name__ == "__main__":
    run(__file__, logged)
