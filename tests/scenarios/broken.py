#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# lab: kernel=stock nodes=1 timeout=600
"""Stores that fail below a volume: flushes, space, time, reads. The numbers are those
of the crash cases in Documentation/volumes.md. All voters are in one kernel."""

import contextlib
import errno
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")

import cluster
import failing
from disks import sh
from failing import DATA_AT, MIB, Disk, Log, Thin, Volume, for_a_while, made
from ktap import equal, run, test, true

HALF = range(32)
OTHER_HALF = range(32, 64)


@contextlib.contextmanager
def fixture():
    sh("modprobe", "-a", "dm-flakey", "dm-delay")
    with failing.place():
        yield ()


@contextlib.contextmanager
def volume(*makers, witnesses=()):
    """Yields the stores, an attached volume on them, and a log of writes to it."""
    with made(*makers) as stores, Volume(stores, witnesses).attached() as db:
        log = Log(db.device)
        log.writes()
        log.flush()
        yield stores, db, log


def goes_on(log):
    """Writes and flushes are answered, and all data is there."""
    for _ in range(2):
        log.writes(HALF)
        log.flush()
    log.check_device()


def flush_fails(victim, left):
    with volume(Disk, Disk, Disk) as (stores, db, log):
        equal(db.isr(), [1, 2, 3])
        log.writes(OTHER_HALF)
        disk = stores[victim - 1]
        with for_a_while(disk.fails_writes, disk.works):
            log.flush()
            # The flush needs a record without the failed replica.
            db.recorded(*left)
        equal(db.isr(), left)
        equal(db.voter(victim)["state"], "failed")
        true(db.replica(victim).get("failed"), "the replica trusts its store")
        # Its next flush would succeed.
        goes_on(log)
        equal(db.isr(), left)
        log.close()
        db.detach()
        db.close()
        for member in left:
            log.check_store(stores[member - 1].path, DATA_AT * MIB)
        # Opened again it seems intact, but it is not in the record.
        db.open()
        db.attach_soon()
        equal(db.isr(), left)
        log.again()
        log.check_device()
        log.close()
        db.detach()


@test("case 13: a replica whose flush fails is out by record and never trusted again")
def case_13_remote():
    flush_fails(3, [1, 2])


@test("case 13: a local replica, used without TCP, is out the same way")
def case_13_local():
    flush_fails(1, [2, 3])


@test("case 13: a replica on which a write with FUA fails is out as well")
def case_13_fua():
    with volume(Disk, Disk, Disk) as (stores, db, log):
        stores[1].fails_writes()
        fd = os.open(db.device, os.O_RDWR | os.O_DIRECT | os.O_DSYNC)
        plain, log.device.fd = log.device.fd, fd
        log.write(7)
        db.recorded(1, 3)
        log.device.fd = plain
        os.close(fd)
        stores[1].works()
        goes_on(log)
        equal(db.isr(), [1, 3])
        log.close()
        db.detach()


@test("case 13: when the flush of the last replica fails, the device dies")
def case_13_last():
    with volume(Disk, Disk, Disk, witnesses=(3,)) as (stores, db, log):
        # This one fails with its record and its vote.
        stores[1].is_gone()
        log.write(1)
        db.until_isr(1)
        goes_on(log)
        log.writes(OTHER_HALF)
        stores[0].fails_writes()
        log.fails(log.flush, errno.EIO)
        cluster.wait("it is dead", lambda: db.show()["state"] == "dead")
        why = failing.braid("volume why db")
        true("lost what was not flushed" in why, why)
        stores[0].works()
        # I/O that would succeed now fails too.
        log.fails(lambda: log.device.write(5, 1), errno.EIO)
        log.fails(lambda: log.device.read(5), errno.EIO)
        log.fails(log.flush, errno.EIO)
        log.close()
        db.detach("force")
        stores[1].works()
        db.close()
        db.open()
        db.attach_soon()
        equal(db.isr(), [1])
        log.again()
        log.check_device(log.flushed)
        log.acknowledged = dict(log.flushed)
        goes_on(log)
        log.close()
        db.detach()


@test("case 14: a replica that has no space left is out, and writers go on")
def case_14_one():
    with made(Thin, Disk, Disk) as stores, Volume(stores).attached() as db:
        log = Log(db.device)
        log.writes(HALF)
        log.flush()
        stores[0].fill()
        log.writes(HALF)
        equal(db.isr(), [1, 2, 3])
        log.writes(OTHER_HALF)
        db.recorded(2, 3)
        equal(db.voter(1)["why"], "no space left on its store")
        log.flush()
        # Room alone does not bring it back: it missed writes.
        stores[0].make_room()
        goes_on(log)
        equal(db.isr(), [2, 3])
        log.close()
        db.detach()
        db.close()
        for store in stores[1:]:
            log.check_store(store.path, DATA_AT * MIB)


@test("case 14: a lack of space on the last replica is reported upward, and nothing is lost")
def case_14_last():
    with made(Thin) as stores, Volume(stores).attached() as db:
        log = Log(db.device)
        log.writes(HALF)
        log.flush()
        stores[0].fill()
        for block in OTHER_HALF:
            log.fails(lambda at=block: log.write(at), errno.ENOSPC)
        # Where there is space I/O goes on, and is as durable.
        goes_on(log)
        equal(db.show()["state"], "active")
        stores[0].make_room()
        log.writes(OTHER_HALF)
        goes_on(log)
        log.close()
        db.detach()
        db.close()
        log.check_store(stores[0].path, 0)


@test("a replica that hangs is out after the member timeout, and writers go on")
def hangs():
    with volume(Disk, Disk, Disk) as (stores, db, log):
        for victim, left in ((3, (1, 2)), (1, (2,))):
            disk = stores[victim - 1]
            with for_a_while(disk.hangs, disk.goes_on):
                log.writes(HALF)
                db.recorded(*left)
                goes_on(log)
            # Its late answers do not count.
            goes_on(log)
            equal(db.isr(), sorted(left))
        log.close()
        db.detach()
        db.close()
        log.check_store(stores[1].path, DATA_AT * MIB)


@test("a slow replica that answers in time stays a member")
def slow():
    with volume(Disk, Disk, Disk) as (stores, db, log):
        # Not in step with the check for late members, which runs four times in the
        # timeout of three seconds: some of these see most of each delay.
        for store in (stores[2], stores[0]):
            store.table("delay {loop} {first} 0 {loop} {first} 700")
            log.writes(range(6))
            log.flush()
            store.works()
        equal(db.isr(), [1, 2, 3])
        # Beyond the member timeout it does not.
        stores[2].table("delay {loop} {first} 0 {loop} {first} 10000")
        log.writes(range(4))
        db.recorded(1, 2)
        stores[2].works()
        goes_on(log)
        equal(db.isr(), [1, 2])
        log.close()
        db.detach()


@test("what the local replica cannot read is read elsewhere; if it cannot be repaired, it is out")
def unreadable_and_gone():
    with volume(Disk, Disk, Disk) as (stores, db, log):
        stores[0].fails()
        log.check_device()
        db.until_isr(2, 3)
        stores[0].works()
        goes_on(log)
        log.close()
        db.detach()


if __name__ == "__main__":
    run(__file__, fixture)
