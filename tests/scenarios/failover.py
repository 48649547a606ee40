#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# lab: kernel=stock nodes=3 timeout=900
"""Nodes lose power in every order: acknowledged data is there, or the attach is
refused. The numbers are those of the crash cases in Documentation/volumes.md."""

import contextlib
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")

import cluster
from cluster import braid, lab, wait
from ktap import equal, test, true


@contextlib.contextmanager
def powered(*nodes):
    """These nodes have power at the end in any case."""
    try:
        yield
    finally:
        lab("heal")
        for node in nodes:
            # Refused when it has power.
            with contextlib.suppress(subprocess.CalledProcessError):
                lab("boot", node)


def nobody_has_it_all(missing):
    """The refusal if only this voter holds every write."""
    return ("no replica that holds every write can be used",
            f"voter {missing} ({cluster.address(missing)}, ")


@test("case 1: a write on the writer's replica alone is whole or absent, and stays so")
def case_1():
    volume = cluster.Volume((1, 2, 3))
    with powered(1), volume.made():
        writer = volume.written(1, 30)
        lab("split", 1)
        writer.stands()
        lab("cut", 1)
        writer.stop()
        lab("heal")
        volume.attach_soon(2, addresses=(2, 3))
        found = volume.numbers(2, writer.blocks)
        writer.check(found)
        volume.detach(2)
        volume.attach(3, addresses=(2, 3))
        equal(volume.numbers(3, writer.blocks), found, "what was read before")
        # The old writer's replica does not get into the ISR, but it votes.
        volume.reboot(1)
        equal(volume.isr(3), [2, 3])
        volume.detach(3)


@test("case 2: acknowledged writes in dirty regions are on every survivor")
def case_2():
    volume = cluster.Volume((1, 2, 3))
    with powered(1), volume.made():
        writer = volume.written(1, 60)
        lab("cut", 1)
        writer.stop()
        for node in (2, 3):
            volume.attach_soon(node, addresses=(2, 3))
            writer.check(volume.numbers(node, writer.blocks))
            wait("reconciled", lambda n=node: not volume.show(n)["unreconciled"])
            volume.detach(node)
        volume.alike(2, 3)


READ = 0.1          # seconds that each of a slow disk's reads takes
PIECES = 4          # reads of it that a region's digest takes


class Slow:
    """On one node the store is a disk of which reads can be made slow."""

    store = "/run/store"

    def __init__(self, node, others):
        self.node, self.others = node, others

    def __enter__(self):
        cluster.sh(self.node, f"""
            modprobe dm-delay
            dmsetup create slow --noudevsync --table "$(
                echo 0 $(blockdev --getsz {cluster.STORE}) linear {cluster.STORE} 0)"
            dmsetup mknodes slow
        """)
        self.point(self.node, "/dev/mapper/slow")
        for node in self.others:
            self.point(node)
        return self

    def __exit__(self, *_):
        for node in (self.node, *self.others):
            cluster.sh(node, f"rm -f {self.store}")
        cluster.sh(self.node, "dmsetup remove --noudevsync --retry slow")

    def point(self, node, device=cluster.STORE):
        """Points the name of the store to a device, also after its node has booted."""
        cluster.sh(node, f"ln -sfn {device} {self.store}")

    def reads_take(self, seconds):
        disk = f"{cluster.STORE} 0"
        cluster.sh(self.node, f"""
            echo 0 $(blockdev --getsz {cluster.STORE}) \
                delay {disk} {round(seconds * 1000)} {disk} 0 | dmsetup reload slow
            dmsetup suspend --nolockfs slow
            dmsetup resume --noudevsync slow
        """)


@test("case 7: the next writer dies while it reconciles")
def case_7():
    volume = cluster.Volume((1, 2, 3), store=Slow.store)
    with Slow(3, (1, 2)) as slow, powered(1, 2), volume.made():
        writer = volume.written(1, 200, blocks=4096)
        lab("cut", 1)
        writer.stop()
        slow.reads_take(READ)
        volume.attach_soon(2, addresses=(2, 3))
        left, begin = volume.show(2)["unreconciled"], time.monotonic()
        lab("cut", 2)
        took, least = time.monotonic() - begin, left * PIECES * READ
        true(took < least, f"{left} regions were left, {took:.1f} s before the cut")
        print(f"# {left} regions were left, for {least:.1f} s; it was cut after {took:.1f} s")
        slow.reads_take(0)
        lab("boot", 1)
        slow.point(1)
        volume.open(1)
        volume.attach_soon(3, addresses=(1, 3))
        equal(volume.isr(3), [3])
        writer.check(volume.numbers(3, writer.blocks))
        volume.detach(3)


@test("case 16: all nodes lose power, one stays away; flushed data is there")
def case_16():
    volume = cluster.Volume((1, 2, 3))
    with powered(1, 2, 3), volume.made():
        writer = volume.written(1, 60, flush=5)
        for node in (1, 2, 3):
            lab("cut", node)
        writer.stop()
        true(writer.flushed, "nothing was flushed")
        for node in (2, 3):
            lab("boot", node)
        volume.refused_for_a_lease(2, volume.restart(2, 3), (2, 3))
        volume.attach_soon(2, addresses=(2, 3))
        found = volume.numbers(2, writer.blocks)
        writer.check(found, "flushed")
        equal(volume.isr(2), [2, 3])
        volume.detach(2)
        volume.alike(2, 3)


@test("case 17: A leaves, write, B leaves, A comes back alone: refused")
def case_17():
    volume = cluster.Volume((1, 2), witnesses=(3,))
    with powered(1, 2), volume.made():
        first = volume.written(2, 20, flush=5)
        lab("cut", 1)
        first.reaches(20)
        equal(volume.isr(2), [2])
        lab("cut", 2)
        first.stop()
        volume.reboot(1)
        time.sleep(cluster.LEASE + 2)
        print("# " + cluster.refused(1, volume.attachment(addresses=(1, 3)),
                                     *nobody_has_it_all(2)))
        # With B back nothing is missing.
        volume.reboot(2)
        volume.attach_soon(1)
        # Its disk lost power too: flushed data counts.
        first.check(volume.numbers(1, first.blocks), "flushed")
        equal(volume.isr(1), [2])
        volume.detach(1)


@test("case 20: only the witness holds the newest record")
def case_20():
    volume = cluster.Volume((1, 2), witnesses=(3,))
    with powered(1, 2), volume.made():
        writer = volume.written(1, 20, flush=5)
        lab("cut", 2)
        writer.reaches(20)
        lab("cut", 1)
        writer.stop()
        volume.reboot(2)
        time.sleep(cluster.LEASE + 2)
        print("# " + cluster.refused(2, volume.attachment(addresses=(2, 3)),
                                     *nobody_has_it_all(1)))
        volume.reboot(1)
        volume.attach_soon(2)
        equal(volume.isr(2), [1])
        writer.check(volume.numbers(2, writer.blocks), "flushed")
        volume.detach(2)


@test("two replicas and a witness survive the loss of the writer")
def witness_grants():
    volume = cluster.Volume((1, 2), witnesses=(3,))
    with powered(1), volume.made():
        writer = volume.written(1, 30)
        lab("cut", 1)
        writer.stop()
        volume.attach_soon(2, addresses=(2, 3))
        writer.check(volume.numbers(2, writer.blocks))
        after = cluster.Writer(volume, 2, seed=2)
        after.reaches(10)
        after.stop()
        volume.detach(2)


@test("case 3: a replica that loses power is ejected, however soon it is back (S1)")
def case_3():
    volume = cluster.Volume((1, 2, 3))
    with powered(3), volume.made():
        writer = volume.written(1, 20)
        lab("cut", 3)
        volume.reboot(3)
        writer.reaches(20)
        wait("3 is out", lambda: volume.isr(1) == [1, 2])
        show = volume.show(1)
        true(any(r["voter"] == 3 and r["state"] == "failed" for r in show["voters"]),
             str(show["voters"]))
        writer.stop()
        volume.detach(1)


@test("case 3: a replica whose store was opened again is ejected, though it was never silent (S1)")
def opened_anew():
    volume = cluster.Volume((1, 2, 3))
    with volume.made():
        writer = volume.written(1, 20)
        took = int(cluster.sh(3, f"""
            begin=$(date +%s%N)
            braid target close {volume.at(3)}
            braid replica close {volume.store}
            braid replica open {volume.store}
            braid target listen {volume.at(3)} secret-file {cluster.SECRET}
            echo $(($(date +%s%N) - begin))
        """)) / 1e9
        writer.reaches(20)
        wait("3 is out", lambda: volume.isr(1) == [1, 2])
        seen = volume.voter(1, 3)
        equal(seen["state"], "failed", str(seen))
        # A longer delay may count as silence first.
        if took < 1:
            equal(seen["why"], "its store was opened anew")
        else:
            print(f"# not seen: it took {took:.1f} s")
        writer.reaches(20)
        writer.stop()
        writer.check(volume.numbers(1, writer.blocks))
        volume.detach(1)
        volume.alike(1, 2)


@test("lost connections eject no member")
def resumes():
    volume = cluster.Volume((1, 2, 3))
    with volume.made():
        writer = volume.written(1, 20)
        for _ in range(3):
            cluster.sh(1, f"ss -KHt dst {cluster.address(3)} | grep -q .")
            writer.reaches(20)
            equal(volume.isr(1), [1, 2, 3])
        writer.stop()
        writer.check(volume.numbers(1, writer.blocks))
        volume.detach(1)
        volume.alike(1, 2, 3)


# TCP sends again 1.4 s after the first time at the latest, and then 3 s after it,
# which is as long as a member may be silent.
SHORT = 1.2


@test("a short network failure ejects no member")
def moments():
    volume = cluster.Volume((1, 2, 3))
    with volume.made():
        writer = volume.written(1, 20)
        lost = 0
        for _ in range(3):
            begin = time.monotonic()
            lab("split", 3)
            time.sleep(0.7)
            lab("heal")
            lost = max(lost, time.monotonic() - begin)
            writer.reaches(20)
        if lost < SHORT:
            equal(volume.isr(1), [1, 2, 3])
        else:
            print(f"# {lost:.1f} s were no moment; members {volume.isr(1)}")
        writer.stop()
        writer.check(volume.numbers(1, writer.blocks))
        volume.detach(1)
        volume.alike(1, 2, 3)


@test("one replica alone is a volume")
def alone():
    volume = cluster.Volume((1,))
    with powered(1), volume.made():
        writer = volume.written(1, 40, flush=5)
        lab("cut", 1)
        writer.stop()
        volume.reboot(1)
        volume.attach_soon(1)
        writer.check(volume.numbers(1, writer.blocks), "flushed")
        braid(1, f"volume detach {volume.name}")


if __name__ == "__main__":
    cluster.run_here(__file__)
