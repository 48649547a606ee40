# SPDX-License-Identifier: GPL-2.0-only
"""Disks that fail on command, and a volume that has all of its voters on them in one
kernel. Runs in a node."""

import contextlib
import json
import os
import random
import shutil
import threading

import cluster
import disks
from blocks import BLOCK, Device, meaning
from disks import sh
from ktap import equal, true

DIR = "/run/failing"
SECRET = f"{DIR}/secret"
ADDRESS = "127.0.0.1:7707"
UUID = "5eed0000-0000-4000-8000-0000000000f2"
MIB = 1 << 20
SIZE = 16               # MiB of a volume
DATA_AT = 4             # MiB of a store in front of the data, see kmod/blk/store/layout.c
SECTORS = MIB // 512


def braid(words):
    """Runs `braid WORDS`; returns its output, or raises AssertionError."""
    return sh("braid", *words.split())


def ask(words):
    return json.loads(braid(f"-j {words}"))


@contextlib.contextmanager
def place():
    """Makes DIR, empty but for a secret; for the fixture of a scenario."""
    for module in ("loop", "dm_mod"):
        if not os.path.isdir(f"/sys/module/{module}"):
            sh("modprobe", module)
    os.makedirs(DIR)
    with open(os.open(SECRET, os.O_CREAT | os.O_WRONLY, 0o600), "w", encoding="ascii") as file:
        file.write("s" * 32)
    try:
        yield
    finally:
        shutil.rmtree(DIR)


@contextlib.contextmanager
def for_a_while(begin, end):
    """Calls begin(), and end() after the block or after a while, so that a test fails
    instead of waiting for code that waits for the end."""
    begin()
    timer = threading.Timer(cluster.PATIENCE / 2, end)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
        end()


class Disk:
    """A disk with a write cache, in memory. Only its data area fails; the record and the
    map in front of it stay intact, so that its voter goes on voting."""

    def __init__(self, number):
        self.name = f"failing{number}"
        self.image = f"{DIR}/{self.name}"
        self.path = f"/dev/mapper/{self.name}"
        sh("truncate", "-s", f"{SIZE + DATA_AT}M", self.image)
        self.loop = sh("losetup", "-f", "--show", self.image).strip()
        self.first, self.rest = DATA_AT * SECTORS, SIZE * SECTORS
        disks.mapped(self.name, f"0 {self.first + self.rest} linear {self.loop} 0")

    def table(self, data, meta="linear {loop} 0"):
        """Sets the mapping of the data area and of the area in front of it. I/O in flight
        ends first."""
        lines = (f"0 {self.first} {meta}", f"{self.first} {self.rest} {data}")
        text = "\n".join(lines).format(loop=self.loop, first=self.first) + "\n"
        sh("dmsetup", "reload", self.name, input=text, stdin=None)
        sh("dmsetup", "suspend", "--nolockfs", self.name)
        sh("dmsetup", "resume", "--noudevsync", self.name)

    def works(self):
        self.table("linear {loop} {first}")

    def fails_writes(self):
        """Fails writes and flushes, but not reads."""
        self.table("flakey {loop} {first} 0 60 1 error_writes")

    def fails(self):
        """Fails all I/O of the data area."""
        self.table("error")

    def is_gone(self):
        """Fails all I/O of the disk, that of the record and the map too."""
        self.table("error", "error")

    def hangs(self):
        """Answers nothing until it works again."""
        sh("dmsetup", "suspend", "--nolockfs", "--noflush", self.name)

    def goes_on(self):
        sh("dmsetup", "resume", "--noudevsync", self.name)

    def forget(self):
        with contextlib.suppress(AssertionError):
            self.goes_on()
        disks.unmap(self.name)
        sh("losetup", "-d", self.loop)
        os.unlink(self.image)


class Thin:
    """A file store that is sparse, on a file system that can be filled."""

    def __init__(self, number):
        self.at = f"{DIR}/thin{number}"
        self.image, self.path, self.filler = (f"{self.at}.img", f"{self.at}/store",
                                              f"{self.at}/filler")
        sh("truncate", "-s", "48M", self.image)
        sh("mkfs.ext4", "-q", "-m", "0", self.image)
        os.mkdir(self.at)
        sh("mount", "-o", "loop", self.image, self.at)

    def fill(self):
        """Fills the file system until no block is left."""
        with open(self.filler, "wb") as file:
            size = 0
            for length in (MIB, BLOCK):
                with contextlib.suppress(OSError):
                    while True:
                        os.posix_fallocate(file.fileno(), size, length)
                        size += length
        os.sync()
        equal(os.statvfs(self.at).f_bavail, 0, "free blocks")

    def make_room(self):
        os.unlink(self.filler)
        os.sync()

    def forget(self):
        sh("umount", self.at)
        os.rmdir(self.at)
        os.unlink(self.image)


@contextlib.contextmanager
def made(*makers):
    """Makes stores; removes them at the end."""
    with contextlib.ExitStack() as stack:
        things = []
        for number, make in enumerate(makers, 1):
            things.append(make(number))
            stack.callback(things[-1].forget)
        yield things


class Volume:
    """Voter N is on the N-th store; the first one is used without TCP."""

    def __init__(self, stores, witnesses=()):
        self.stores = {number: store.path for number, store in enumerate(stores, 1)}
        self.witnesses = witnesses
        self.device = "/dev/braid/db"

    def open(self):
        for path in self.stores.values():
            braid(f"replica open {path}")
        braid(f"target listen {ADDRESS} secret-file {SECRET}")

    def close(self):
        braid(f"target close {ADDRESS}")
        for path in self.stores.values():
            braid(f"replica close {path}")

    def attach(self):
        braid(f"volume attach db from {ADDRESS} secret-file {SECRET}")

    def attach_soon(self):
        """Attaches as soon as the lease of the previous attachment allows it."""
        def attached():
            with contextlib.suppress(AssertionError):
                self.attach()
                return True
            return False

        cluster.wait("attached again", attached)

    def create(self):
        voters = ""
        for number, path in self.stores.items():
            witness = number in self.witnesses
            braid(f"replica create {path} volume db uuid {UUID} voter {number} "
                  "force " + ("witness" if witness else f"size {SIZE}M"))
            voters += f" voter {number}={ADDRESS}" + (",witness" if witness else "")
        self.open()
        braid(f"volume create db size {SIZE}M{voters}")

    @contextlib.contextmanager
    def attached(self):
        """Creates and attaches a volume; removes it at the end in any case."""
        try:
            self.create()
            self.attach()
            yield self
        finally:
            for words in ("volume detach db force", f"target close {ADDRESS}",
                          *(f"replica close {path}" for path in self.stores.values())):
                with contextlib.suppress(AssertionError):
                    braid(words)

    def detach(self, force=""):
        braid(f"volume detach db {force}")

    def show(self):
        return ask("volume show db")[0]

    def isr(self):
        return sorted(self.show()["isr"])

    def until_isr(self, *members):
        cluster.wait(f"members {members}", lambda: self.isr() == sorted(members))

    def voter(self, number):
        return next(voter for voter in self.show()["voters"] if voter["voter"] == number)

    def replica(self, number):
        return next(one for one in ask("replica show") if one["voter"] == number)

    def recorded(self, *members):
        """Waits until a majority has stored the record with these members."""
        holders = [number for number in self.stores
                   if sorted(self.replica(number)["isr"]) == sorted(members)]
        true(2 * len(holders) > len(self.stores),
             f"only {holders} have recorded the members {members}")


class Log:
    """Writes numbered blocks to a device; knows which were acknowledged and flushed."""

    def __init__(self, path, blocks=64, seed=1):
        self.device, self.blocks = Device(path), blocks
        self.chance, self.number = random.Random(seed), 0
        self.asked, self.acknowledged, self.flushed = {}, {}, {}

    def write(self, block):
        """Raises OSError when it fails."""
        self.number += 1
        self.asked.setdefault(block, []).append(self.number)
        self.device.write(block, self.number)
        self.acknowledged[block] = self.number

    def writes(self, blocks=None):
        """Writes each of these blocks, or all, once, in random order."""
        blocks = list(blocks or range(self.blocks))
        self.chance.shuffle(blocks)
        for block in blocks:
            self.write(block)

    def flush(self):
        covered = dict(self.acknowledged)
        os.fsync(self.device.fd)
        self.flushed = covered

    def fails(self, action, number):
        """Checks that a write fails with this errno."""
        try:
            action()
        except OSError as error:
            equal(error.errno, number, f"errno: {error}")
        else:
            raise AssertionError(f"did not fail with {os.strerror(number)}")

    def check(self, found, log):
        """Checks that each block holds the write of the log, or a later one."""
        for block in range(self.blocks):
            last = log.get(block, 0)
            allowed = [number for number in (0, *self.asked.get(block, ())) if number >= last]
            true(found[block] in allowed, f"block {block} holds {found[block]}, not {last}")

    def check_device(self, log=None):
        """Checks the device, by default for all acknowledged writes."""
        self.check([self.device.read(block) for block in range(self.blocks)],
                   self.acknowledged if log is None else log)

    def check_store(self, path, at):
        """Checks a store, whose data begins at byte AT."""
        found = []
        with open(path, "rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
            for block in range(self.blocks):
                file.seek(at + block * BLOCK)
                found.append(meaning(file.read(BLOCK), block))
        self.check(found, self.acknowledged)

    def again(self):
        """Opens the device again after it was removed."""
        self.device = Device("/dev/braid/db")

    def close(self):
        os.close(self.device.fd)
