#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# lab: kernel=stock nodes=1 timeout=600
"""Voters that do not fit are refused by name, when a volume is created and when it is
attached, and nothing changes."""

import contextlib
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")

import cluster
import disks
import failing
from disks import sh
from failing import DIR, MIB, SECRET, ask, braid
from ktap import equal, run, test, true

HERE, OTHER, NOBODY = "127.0.0.1:7711", "127.0.0.1:7712", "127.0.0.1:9"
WRONG = f"{DIR}/wrong"
UUID, ANOTHER = ("5eed0000-0000-4000-8000-0000000000{}".format(end) for end in ("a1", "a2"))
LARGE = f"{DIR}/large"
SMALL, WHOLE = 8 * MIB, 16 * MIB
# Voters of volumes that are called db: what each is made with.
VOTERS = {
    1: f"uuid {UUID} size 16M",
    2: f"uuid {UUID} size 16M",
    3: f"uuid {UUID} witness",
    4: f"uuid {ANOTHER} size 16M",
    5: f"uuid {UUID} size 8M",
    # So large that its regions are large.
    6: f"uuid {UUID} size 5T",
}


def store(number):
    return f"{LARGE}/db" if number == 6 else f"/dev/nullb{number}"


def refused(words, *parts):
    try:
        braid(words)
    except AssertionError as error:
        for part in parts:
            true(part in str(error), f"'{part}' is not said in: {error}")
    else:
        raise AssertionError(f"'{words}' was not refused")


@contextlib.contextmanager
def fixture():
    with failing.place():
        with open(os.open(WRONG, os.O_CREAT | os.O_WRONLY, 0o600), "w", encoding="ascii") as file:
            file.write("w" * 32)
        os.mkdir(LARGE)
        sh("mkfs.xfs", "-qf", cluster.STORE)
        sh("mount", cluster.STORE, LARGE)
        for number in VOTERS:
            if number != 6:
                disks.memory(number, 64)
        try:
            for number, made in VOTERS.items():
                braid(f"replica create {store(number)} volume db voter {number} {made}")
                braid(f"replica open {store(number)}")
            braid(f"target listen {HERE} secret-file {SECRET}")
            braid(f"target listen {OTHER} secret-file {WRONG}")
            yield ()
        finally:
            for words in (f"target close {HERE}", f"target close {OTHER}",
                          *(f"replica close {store(number)}" for number in VOTERS)):
                with contextlib.suppress(AssertionError):
                    braid(words)
            sh("umount", LARGE)
            sh("wipefs", "-aq", cluster.STORE)
            for number in VOTERS:
                disks.forget(number)


# The size, the voters, and the refusal.
NOT_MADE = (
    ("16M", f"1={HERE} 2={OTHER}", f"voter 2 ({OTHER}, wrong secret)"),
    ("16M", f"1={HERE} 2={NOBODY}", f"voter 2 ({NOBODY}, connection refused)"),
    ("16M", f"1={HERE} 7={HERE}", f"voter 7 ({HERE}, unknown volume or voter there)"),
    ("16M", f"1={HERE} 4={HERE}",
     f"voter 4 was made for volume {ANOTHER}, voter 1 for {UUID}"),
    ("16M", f"1={HERE} 5={HERE}", f"voter 5 has room for {SMALL} bytes only"),
    ("32M", f"1={HERE} 2={HERE}", f"voter 1 has room for {WHOLE} bytes only"),
    ("16M", f"1={HERE} 3={HERE}", "voter 3 is a witness"),
    ("16M", f"1={HERE} 2={HERE},witness", "voter 2 is not a witness"),
    ("16M", f"1={HERE} 6={HERE}", "voter 6 was made with regions of another size"),
)


def creation(size, voters):
    return f"volume create db size {size} secret-file {SECRET} " + \
        " ".join(f"voter {voter}" for voter in voters.split())


def attachment(name="db", secret=SECRET):
    return f"volume attach {name} from {HERE} secret-file {secret}"


@test("a volume is not created with voters that do not fit, and each is named")
def not_made():
    before = ask("replica show")
    equal(len(before), len(VOTERS))
    for size, voters, text in NOT_MADE:
        refused(creation(size, voters), text)
        equal(ask("replica show"), before, f"replicas after '{text}'")
    refused(creation("16M", f"1={HERE}").replace(" db ", " nosuch "),
            f"voter 1 ({HERE}, unknown volume or voter there)")
    equal(ask("volume show"), [])


@test("a volume that is not created or unknown, or with a wrong secret, is not attached")
def not_attached():
    before = ask("replica show")
    refused(attachment(), "it is not created yet: voter", "is blank")
    refused(attachment("nosuch"), f"nobody tells about it: {HERE}: unknown volume or voter there")
    refused(attachment("nosuch", WRONG), f"nobody tells about it: {HERE}: wrong secret")
    equal(ask("replica show"), before)

    # By the name alone, the volume without another's UUID is meant.
    braid(f"replica close {store(4)}")
    braid(creation("16M", f"1={HERE} 2={HERE}"))
    before = ask("replica show")
    few = "only 1 of 2 voters answer, 2 are needed; missing: voter 2 "
    refused(attachment(secret=WRONG), f"{few}({HERE}, wrong secret)")
    braid(f"replica close {store(2)}")
    refused(attachment(), f"{few}({HERE}, unknown volume or voter there)")
    braid(f"replica open {store(2)}")
    braid(f"target close {HERE}")
    refused(attachment(), f"{few}({HERE}, connection refused)")
    braid(f"target listen {HERE} secret-file {SECRET}")
    # Every opening of a store has an id of its own.
    equal([one["replica"] for one in ask("replica show")], [one["replica"] for one in before])
    equal(ask("volume show"), [])
    braid(attachment())
    refused(attachment(), "it is attached here already")
    braid("volume detach db")


@contextlib.contextmanager
def moved(volume, number):
    """Made on disks that discard; then one of its stores is on a disk that cannot."""
    with volume.attached():
        true(volume.show()["discard"], "discard is not offered")
        volume.detach()
        volume.close()
        disks.memory(9, failing.SIZE + failing.DATA_AT)
        try:
            sh("dd", f"if={volume.stores[number]}", "of=/dev/nullb9", "bs=1M", "oflag=direct",
               "status=none")
            volume.stores[number] = "/dev/nullb9"
            volume.open()
            yield volume
            volume.close()
        finally:
            for words in "volume detach db force", "replica close /dev/nullb9":
                with contextlib.suppress(AssertionError):
                    braid(words)
            disks.forget(9)


@test("a store that cannot discard does not become a member of a volume that does, and is named")
def no_discard():
    # The others are called the same, and a secret is taken from the first target.
    for address in HERE, OTHER:
        braid(f"target close {address}")
    for one in ask("replica show"):
        braid(f"replica close {one['replica']}")
    with failing.made(failing.Disk, failing.Disk, failing.Disk) as stores:
        with moved(failing.Volume(stores), 3) as volume:
            volume.attach()
            volume.until_isr(1, 2)
            equal(volume.voter(3)["why"], "cannot do that")
            log = failing.Log(volume.device)
            log.writes()
            log.close()
            volume.detach()
        # Without another voter that keeps the record it is not attached at all.
        with moved(failing.Volume(stores[:1]), 1):
            refused(f"volume attach db from {failing.ADDRESS} secret-file {SECRET}",
                    "no majority of voters records the attachment in time",
                    "voter 1 (here, cannot do that)")


run(__file__, fixture)
