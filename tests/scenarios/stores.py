#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# lab: kernel=stock nodes=1 timeout=900
"""Backing stores: devices and files are created, opened exclusively, checked and
served."""

import contextlib
import errno
import json
import mmap
import os
import random
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")

import disks
import failing
from failing import ADDRESS, DIR, SECRET, braid
from ktap import equal, run, test, true

UUID = "3f1c7f5e-93a4-4c6e-8f0b-2d6f0d1b7a55"
DB = f"volume db voter 1 uuid {UUID}"
SCRATCH = "/dev/vdb"
MIB = 1 << 20
SLOT_B, RING, MAP = MIB, 2 * MIB, 3 * MIB
FILE_SYSTEMS = "ext4", "xfs", "btrfs"


def sh(words):
    return subprocess.run(words, shell=True, check=True, capture_output=True, text=True,
                          stdin=subprocess.DEVNULL).stdout.strip()


def refused(words, *parts):
    try:
        braid(words)
    except AssertionError as error:
        for part in parts:
            true(part in str(error), f"'{part}' is not said in: {error}")
    else:
        raise AssertionError(f"'{words}' was not refused")


def not_opened(path, number, flags=os.O_RDWR):
    try:
        os.close(os.open(path, flags))
    except OSError as error:
        equal(error.errno, number, f"errno of opening {path}")
    else:
        raise AssertionError(f"{path} could be opened")


def check(store):
    """The output of the check; its status is 2 if there are faults."""
    done = subprocess.run(["braid", "-j", "replica", "check", store], capture_output=True,
                          stdin=subprocess.DEVNULL, text=True, check=False)
    true(done.stdout, f"check of {store}: {done.stderr.strip()}")
    said = json.loads(done.stdout)[0]
    equal(done.returncode, 2 if said.get("fault") else 0, f"status of the check: {said}")
    return said


def faults(store):
    return check(store).get("fault", [])


def poke(path, at, data):
    """Writes past the page cache, so that no stale page is written later."""
    with open(path, "r+b", buffering=0) as file:
        file.seek(at)
        file.write(data)
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def peek(path, at, length):
    fd = os.open(path, os.O_RDONLY | os.O_DIRECT)
    try:
        room = mmap.mmap(-1, length)
        equal(os.preadv(fd, [room], at), length, f"bytes read of {path}")
        return room[:]
    finally:
        os.close(fd)


def disk(size, block=512):
    """A loop device over a file in memory."""
    return disks.looped(f"{DIR}/image-{block}-{size}", size, block)


@contextlib.contextmanager
def mounted(kind):
    """A file system on the scratch disk: it is swapped to, and what is in memory
    would need memory for that."""
    at = f"{DIR}/{kind}"
    sh(f"wipefs -aq {SCRATCH}; mkfs.{kind} -q {SCRATCH}; mkdir {at}; mount {SCRATCH} {at}")
    try:
        yield at
    finally:
        sh(f"umount {at}; rmdir {at}; wipefs -aq {SCRATCH}")


@contextlib.contextmanager
def opened(store):
    braid(f"replica open {store}")
    try:
        yield
    finally:
        braid(f"replica close {store}")


@contextlib.contextmanager
def listening():
    braid(f"target listen {ADDRESS} secret-file {SECRET}")
    try:
        yield
    finally:
        braid(f"target close {ADDRESS}")


@contextlib.contextmanager
def attached():
    braid(f"volume attach db from {ADDRESS} secret-file {SECRET}")
    try:
        yield "/dev/braid/db"
    except BaseException:
        braid("volume detach db force")
        raise
    braid("volume detach db")


@contextlib.contextmanager
def fixture():
    with failing.place():
        yield ()


@test("a device becomes a replica, is opened, and is blanked again")
def a_device():
    with disk("64M") as device:
        braid(f"replica create {device} {DB}")
        equal(check(device)["size"], 60 * MIB, "all that fits")
        equal(faults(device), [], "faults")
        with opened(device):
            equal(faults(device), [], "faults of an open one")
        braid(f"replica del {device}")
        refused(f"replica check {device}", "holds no replica", "slot A: blank")
        refused(f"replica open {device}", "holds no replica", "blank")
        refused(f"replica del {device}", "holds no replica")


@test("an open device is held exclusively")
def an_open_device():
    with disk("64M") as device:
        braid(f"replica create {device} {DB}")
        with opened(device):
            refused(f"replica create {device} {DB} force", device, "busy")
            refused(f"replica del {device}", device, "busy")
            refused(f"replica open {device}", device, "open already")
            not_opened(device, errno.EBUSY, os.O_RDWR | os.O_EXCL)


@test("existing data on a device is not overwritten without force")
def a_used_device():
    other = DB.replace("db", "other")
    with disk("64M") as device:
        for at in (0, 512, 127 * 1024, 64 * MIB - 128 * 1024, 64 * MIB - 1):
            poke(device, at, b"x")
            refused(f"replica create {device} {DB}", device, "holds something", "force")
            equal(peek(device, at & ~4095, 4096)[at % 4096], ord("x"), "what was there")
            poke(device, at, b"\0")
        braid(f"replica create {device} {DB}")
        refused(f"replica create {device} {other}", "voter 1 of volume db", "force")
        equal(check(device)["volume"], "db", "its volume")
        poke(device, 8 * MIB, b"left over")
        braid(f"replica create {device} {other} force")
        equal(check(device)["volume"], "other", "its volume")
        equal(peek(device, 8 * MIB, 4096), bytes(4096), "what was written before")
        poke(device, 64 * MIB - 4096, b"x")
        poke(device, 0, bytes(4096))
        refused(f"replica create {device} {DB}", "voter 1 of volume other")


@test("a device that cannot be a store is refused by name")
def an_unfit_device():
    with disk("64M") as device:
        sh(f"mkfs.ext4 -q {device}; mkdir {DIR}/m; mount {device} {DIR}/m")
        refused(f"replica create {device} {DB} force", device, "busy")
        sh(f"umount {DIR}/m; rmdir {DIR}/m; blockdev --setro {device}")
        refused(f"replica create {device} {DB} force", device, "read-only")
        sh(f"blockdev --setrw {device}")
        refused(f"replica create {device} {DB}", device, "holds something", "force")
        refused(f"replica create {device} {DB} force size 61M", device, "needs")
        refused(f"replica create {device} {DB} force size 4097", "4096")
        true(b"\x53\xef" in peek(device, 0, 4096), "the file system's mark is still there")
    sh(f"mkswap {SCRATCH}; swapon {SCRATCH}")
    refused(f"replica create {SCRATCH} {DB} force", SCRATCH, "busy")
    sh(f"swapoff {SCRATCH}; wipefs -aq {SCRATCH}")
    with disk("1M") as device:
        refused(f"replica create {device} {DB}", device, "the least is")
    with disk("4M") as device:
        refused(f"replica create {device} {DB}", device, "the least is")
    refused(f"replica create /dev/zero {DB}", "/dev/zero", "neither a block device")
    refused(f"replica create {DIR} {DB} size 1M", DIR, "neither a block")
    refused(f"replica open {DIR}/none", f"{DIR}/none", "does not exist")
    refused(f"replica check {DIR}/none", f"{DIR}/none", "does not exist")


@test("a device of 4096-byte sectors, one by another name, and one of odd size")
def odd_devices():
    with disk("32M", 4096) as device:
        os.symlink(device, f"{DIR}/alias")
        braid(f"replica create {DIR}/alias {DB}")
        with opened(f"{DIR}/alias"):
            refused(f"replica open {device}", device, "busy")
        equal(faults(device), [], "faults")
        os.unlink(f"{DIR}/alias")
    with disk(8 * MIB + 512) as device:
        braid(f"replica create {device} {DB}")
        equal(check(device)["size"], 4 * MIB, "whole blocks")


@test("a file is created sparse, with its metadata beside it")
def a_file():
    for kind in FILE_SYSTEMS:
        with mounted(kind) as at:
            store = f"{at}/db"
            refused(f"replica create {store} {DB}", store, "give the size")
            equal(os.listdir(at), ["lost+found"] if kind == "ext4" else [], "files made")
            braid(f"replica create {store} {DB} size 10G")
            about, beside = os.stat(store), os.stat(f"{store}.braid")
            equal(about.st_size, 10 << 30, f"{kind}: size")
            true(about.st_blocks * 512 < MIB, f"{kind}: sparse, {about.st_blocks} blocks")
            equal(beside.st_size, 8 * MIB, f"{kind}: size of the metadata")
            true(beside.st_blocks * 512 >= 8 * MIB, f"{kind}: its metadata is allocated")
            equal(about.st_mode & 0o777, 0o600, f"{kind}: mode")
            equal(faults(store), [], f"{kind}: faults")
            refused(f"replica create {store} {DB} size 10G", "voter 1 of volume db")
            braid(f"replica del {store}")
            braid(f"replica create {store} {DB} size 10G")


@test("an open file is held exclusively")
def an_open_file():
    with mounted("ext4") as at:
        store = f"{at}/db"
        braid(f"replica create {store} {DB} size 20M")
        with open(store, "r+b"):
            refused(f"replica open {store}", store, "busy")
        with opened(store):
            for path in store, f"{store}.braid":
                not_opened(path, errno.ETXTBSY)
                with open(path, "rb") as file:
                    file.read(1)
            refused(f"replica create {store} {DB} force", store, "busy")
            refused(f"replica del {store}", store, "busy")
            refused(f"replica open {store}", store, "open already")
            equal(faults(store), [], "faults of an open one")
        with open(store, "r+b"), open(f"{store}.braid", "r+b"):
            pass
        device = sh(f"losetup -f --show {store}")
        refused(f"replica open {store}", store, "busy")
        sh(f"losetup -d {device}")
        sh(f"dd if=/dev/zero of={store} bs=1M count=20 conv=notrunc; mkswap {store}; "
           f"swapon {store}")
        refused(f"replica open {store}", store)
        sh(f"swapoff {store}")


@test("a file that cannot be a store is refused by name")
def an_unfit_file():
    with mounted("ext4") as at:
        store = f"{at}/db"
        with open(store, "wb") as file:
            file.truncate(20 * MIB)
        poke(store, 20 * MIB - 1, b"x")
        refused(f"replica create {store} {DB} size 20M", store, "holds something")
        true(not os.path.exists(f"{store}.braid"), "nothing was made")
        equal(peek(store, 20 * MIB - 4096, 4096)[-1], ord("x"), "what was there")
        braid(f"replica create {store} {DB} force")
        equal(check(store)["size"], 20 * MIB, "the size of the file")
        equal(peek(store, 20 * MIB - 4096, 4096), bytes(4096), "what was there")
        refused(f"replica create {store}/below {DB} size 1M", f"{store}/below", "cannot be opened")
        os.truncate(store, 10 * MIB)
        equal(len(faults(store)), 1, "faults of one cut short")
        refused(f"replica open {store}", store)
        os.unlink(store)
        refused(f"replica open {store}", store, "does not exist")
        os.symlink(f"{at}/elsewhere", f"{at}/link")
        refused(f"replica create {at}/link {DB} size 1M", f"{at}/link", "symbolic link")
        refused(f"replica create {at}/{'n' * 250} {DB} size 1M", "255")
        refused(f"replica create {at}/big {DB} size 17T", "16 TiB")
        os.mkfifo(f"{at}/fifo")
        refused(f"replica create {at}/fifo {DB} size 1M", f"{at}/fifo", "neither a block")
    refused(f"replica create /proc/version {DB} size 1M", "/proc/version")


@test("a witness is a file of slots alone, or a device")
def a_witness():
    witness = f"volume db voter 3 uuid {UUID} witness"
    with mounted("ext4") as at:
        refused(f"replica create {at}/w {witness} size 1M", "no size")
        braid(f"replica create {at}/w {witness}")
        true(not os.path.exists(f"{at}/w"), "no data file")
        equal(os.stat(f"{at}/w.braid").st_size, MIB + 4096, "size of its file")
        with opened(f"{at}/w"):
            equal(faults(f"{at}/w"), [], "faults")
    with disk("2M") as device:
        braid(f"replica create {device} {witness}")
        with opened(device):
            equal(faults(device), [], "faults")


@test("check names each fault, and opening mends a slot")
def damage():
    with disk("64M") as device:
        braid(f"replica create {device} {DB}")
        good = peek(device, 0, 4096)
        for at, name in ((0, "slot A"), (SLOT_B, "slot B")):
            poke(device, at + 300, b"\xff")
            equal([fault.split(":")[0] for fault in faults(device)], [name], "faults")
            with opened(device):
                equal(faults(device), [], "faults once it was opened")
            equal(peek(device, at, 4096), good, f"{name} after it was opened")
        poke(device, MAP + 100, b"\xff")
        poke(device, RING + 100, b"\xff")
        said = faults(device)
        true(any("map page 0" in fault for fault in said), f"the page: {said}")
        poke(device, 0, b"x")
        poke(device, SLOT_B + 4095, b"x")
        refused(f"replica check {device}", "slot A: not a record", "slot B: checksum")
        refused(f"replica open {device}", device, "holds no replica")


def exercise(device, size):
    """Random writes, zeroes, discards and flushes; returns the expected data."""
    chance = random.Random(20260701)
    data = bytearray(size)
    fd = os.open(device, os.O_RDWR | os.O_DIRECT)
    try:
        for turn in range(60):
            length = 4096 * chance.choice((1, 1, 2, 17, 64, 256))
            at = 4096 * chance.randrange((size - length) // 4096 + 1)
            if turn % 10 == 9:
                kind = "-z" if turn % 20 == 9 else ""
                sh(f"blkdiscard {kind} -o {at} -l {length} {device}")
                data[at:at + length] = bytes(length)
                continue
            room = mmap.mmap(-1, length)
            room[:] = chance.randbytes(length)
            equal(os.pwritev(fd, [room], at, os.RWF_DSYNC if turn % 3 else 0), length,
                  "bytes written")
            data[at:at + length] = room[:]
            if turn % 7 == 0:
                os.fsync(fd)
    finally:
        os.close(fd)
    return bytes(data)


def same(path, at, data, what):
    for part in range(0, len(data), MIB):
        true(peek(path, at + part, MIB) == data[part:part + MIB], f"{what}: MiB {part // MIB}")


def exercise_on(store, size):
    """A volume on this store alone; what it holds, and once it was opened anew."""
    with opened(store), listening():
        braid(f"volume create db size {size} voter 1={ADDRESS}")
        with attached() as device:
            data = exercise(device, size)
            same(device, 0, data, f"{store}, the volume")
    with opened(store), listening():
        with attached() as device:
            same(device, 0, data, f"{store}, attached again")
    return data


@test("data is written to a device behind its metadata, and nowhere else")
def data_of_a_device():
    for block in 512, 4096:
        with disk("64M", block) as device:
            size = 20 * MIB
            braid(f"replica create {device} {DB} size {size}")
            data = exercise_on(device, size)
            same(device, 4 * MIB, data, f"{block}: the device")
            equal(peek(device, 24 * MIB, 40 * MIB), bytes(40 * MIB), "what is behind")
            equal(faults(device), [], "faults")


@test("data is written to a file, and freed blocks are removed from it")
def data_of_a_file():
    for kind in FILE_SYSTEMS:
        with mounted(kind) as at:
            store, size = f"{at}/db", 20 * MIB
            braid(f"replica create {store} {DB} size {size}")
            data = exercise_on(store, size)
            same(store, 0, data, f"{kind}: the file")
            equal(os.stat(store).st_size, size, f"{kind}: size of the file")
            equal(faults(store), [], f"{kind}: faults")
            sh("sync")
            before = os.stat(store).st_blocks
            with opened(store), listening(), attached() as device:
                sh(f"blkdiscard {device}")
            sh("sync")
            after = os.stat(store).st_blocks
            true(after < before / 10, f"{kind}: blocks {before}, after the discard {after}")


@test("a file on a file system that is read-only is refused")
def unfit_file_systems():
    with mounted("ext4") as at:
        store = f"{at}/db"
        braid(f"replica create {store} {DB} size 1M")
        sh(f"mount -o remount,ro {at}")
        refused(f"replica open {store}", store, "read-only")
        refused(f"replica create {at}/new {DB} size 1M", f"{at}/new", "read-only")
        equal(faults(store), [], "faults, as far as one can look")


if __name__ == "__main__":
    run(__file__, fixture)
