#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# lab: kernel=stock nodes=3 timeout=900
"""One writer at a time, whatever the network, the clocks and other nodes do. The
numbers are those of the crash cases in Documentation/volumes.md."""

import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")

import cluster
from cluster import LAB, braid, lab, wait
from ktap import equal, test, true


def is_dead(volume, node):
    return volume.show(node)["state"] == "dead"


@test("case 5: a writer cut off from the majority acknowledges nothing, and is fenced")
def case_5():
    # Of five voters three are on node 3, on disks of their own.
    volume = cluster.Volume((1, 2, 3))
    names = {3: "/dev/vdb", 4: "/dev/nullb4", 5: "/dev/nullb5"}
    cluster.sh(3, """
        cd /tests/lib; python3 -c 'import disks; disks.memory(4, 128); disks.memory(5, 128)'
    """)
    try:
        for node in (1, 2, 3):
            volume.secret(node)
        for voter in range(1, 6):
            node = min(voter, 3)
            braid(node, f"replica create {names.get(voter, volume.store)} volume db "
                        f"uuid {volume.uuid} voter {voter} size 64M force")
            braid(node, f"replica open {names.get(voter, volume.store)}")
        for node in (1, 2, 3):
            volume.listen(node)
        braid(1, "volume create db size 64M " + " ".join(
            f"voter {voter}={cluster.address(min(voter, 3))}" for voter in range(1, 6)))
        writer = volume.written(1, 20)
        lab("split", 3)
        time.sleep(4)
        writer.stands()
        volume.attach_soon(3, addresses=(3,))
        other = cluster.Writer(volume, 3, seed=2)
        other.reaches(20)
        before = writer.count
        lab("heal")
        wait("the old writer is fenced", lambda: is_dead(volume, 1))
        wait("its write failed", lambda: writer.error)
        equal(writer.count, before, "acknowledgements of the old writer")
        other.reaches(20)
        other.stop()
        found = volume.numbers(3, writer.blocks)
        for block, number in enumerate(found):
            last = other.acknowledged.get(block) or writer.acknowledged.get(block, 0)
            true(number is not None and number >= last,
                 f"block {block} holds {number}, acknowledged was {last}")
        print(f"# {volume.why(1)}")
        volume.detach(3)
    finally:
        for voter in (4, 5):
            for word in ("close", "del"):
                subprocess.run([LAB, "run", "3", "braid", "replica", word, names[voter]],
                               stdin=subprocess.DEVNULL, capture_output=True, check=False)
        volume.remove()
        cluster.sh(3, "cd /tests/lib; python3 -c 'import disks; disks.forget(4); disks.forget(5)'")


def paused(clock):
    volume = cluster.Volume((1, 2, 3))
    with volume.made():
        writer = volume.written(1, 20)
        lab("pause", 1, "clock", clock)
        try:
            volume.attach_soon(2, addresses=(2, 3))
            before = volume.numbers(2, writer.blocks)
            other = cluster.Writer(volume, 2, seed=2)
            other.reaches(20)
        finally:
            lab("resume", 1)
        wait("the old writer is fenced", lambda: is_dead(volume, 1))
        wait("its write failed", lambda: writer.error)
        # Answers from before the pause may be received after it; later answers do not
        # exist.
        writer.check(before)
        other.reaches(10)
        other.stop()
        found = volume.numbers(2, writer.blocks)
        for block, number in other.acknowledged.items():
            true(found[block] >= number, f"block {block}: {found[block]}, not {number}")
        volume.detach(1, "force")
        volume.detach(2)


@test("case 6: a writer that was paused past its lease, the clock running, is fenced")
def case_6_running():
    paused("running")


@test("case 6: a writer that was paused past its lease, the clock stopped, is fenced")
def case_6_stopped():
    paused("stopped")


@test("case 10: when nodes attach at the same time exactly one succeeds")
def case_10():
    volume = cluster.Volume((1, 2, 3))
    with volume.made():
        where = ",".join(map(cluster.address, (1, 2, 3)))
        for _ in range(3):
            tries = {node: subprocess.Popen(
                [LAB, "run", str(node), "braid", "volume", "attach", volume.name, "from", where,
                 "secret-file", cluster.SECRET], stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
                for node in (1, 2, 3)}
            said = {node: attempt.communicate(timeout=120)[1] for node, attempt in tries.items()}
            winners = [node for node, attempt in tries.items() if attempt.returncode == 0]
            equal(len(winners), 1, f"attached: {winners}; {said}")
            for node, attempt in tries.items():
                if node not in winners:
                    equal(attempt.returncode, 2, said[node])
                    true(said[node].strip(), "no reason was given")
            volume.once(winners[0], 1, winners[0])
            # A voter that had promised a loser refuses it for a moment.
            wait("detached", lambda node=winners[0]: volume.detach(node) or True)


@test("attach while another holds the lease names the holder")
def held():
    volume = cluster.Volume((1, 2, 3))
    with volume.made():
        volume.attach(1)
        for node in (2, 3):
            cluster.refused(node, f"volume attach db from {cluster.address(2)} "
                                  f"secret-file {cluster.SECRET}", "node1")
        volume.once(1, 3, 9)
        # The holder closes when it is asked and nothing has it open.
        volume.attach(2, "takeover")
        equal(volume.numbers(2, 4)[3], 9)
        volume.detach(2)


@test("case 18: a jump of the wall clock has no effect")
def case_18():
    volume = cluster.Volume((1, 2, 3))
    with volume.made():
        writer = volume.written(1, 20)
        for node in (1, 2):
            for when in ("+3 hours", "-5 hours"):
                cluster.sh(node, f"date -s '{when}' >/dev/null")
                writer.reaches(10)
        cluster.refused(3, f"volume attach db from {cluster.address(2)} "
                           f"secret-file {cluster.SECRET}", "node1")
        equal(volume.isr(1), [1, 2, 3])
        writer.stop()
        volume.detach(1)


@test("case 19: a volume whose I/O is suspended can be detached by force")
def case_19():
    volume = cluster.Volume((1, 2, 3))
    with volume.made():
        writer = volume.written(1, 20)
        lab("split", 1)
        writer.stands(4)
        print(f"# {volume.why(1)}")
        cluster.refused(1, "volume detach db", "open")
        begin = time.monotonic()
        volume.detach(1, "force")
        true(time.monotonic() - begin < 30 * cluster.SLOW, "detach force waits")
        wait("the write fails", lambda: writer.ended)
        true(writer.error, "the writer ended without an error")
        lab("heal")
        volume.attach_soon(2)
        writer.check(volume.numbers(2, writer.blocks))
        volume.detach(2)


@test("case 21: a voter that restarts within a lease that it granted refuses others")
def case_21():
    volume = cluster.Volume((1, 2, 3))
    with volume.made():
        writer = volume.written(1, 20, flush=5)
        true(writer.flushed, "nothing was flushed")
        lab("split", 1)
        for node in (2, 3):
            lab("cut", node)
        for node in (2, 3):
            lab("boot", node)
        # The lease that they granted may still run; they cannot know.
        volume.refused_for_a_lease(2, volume.restart(2, 3), (2, 3))
        took = volume.attach_soon(2, addresses=(2, 3))
        print(f"# attached {took:.1f} s later")
        lab("heal")
        writer.stop()
        writer.check(volume.numbers(2, writer.blocks), "flushed")
        volume.detach(2)


@test("case 28: a stray PREPARE does not kill a healthy writer")
def case_28():
    volume = cluster.Volume((1, 2, 3))
    with volume.made():
        writer = volume.written(1, 20)
        epoch = volume.show(1)["epoch"]
        cluster.sh(2, f"""
            cd /tests/lib; python3 -B - <<-END
			import wire
			link = wire.Link(("192.168.77.3", {cluster.PORT}), b"%032d" % 7,
			                 bytes.fromhex("{volume.uuid.replace('-', '')}"), 3)
			link.epoch = (2 ** 40, 5)
			link.send(link.frame(wire.PREPARE, b"stray", flags=4))
			assert link.answer()[:2] == (wire.PREPARE, 0)
			END
        """)
        writer.reaches(30)
        true(volume.show(1)["epoch"] != epoch, "the writer kept its epoch")
        # The voter that promised holds to it for a lease, which is longer than a
        # member may be silent; the others are what they were.
        true({1, 2} <= set(volume.isr(1)), f"members {volume.isr(1)}")
        writer.stop()
        writer.check(volume.numbers(1, writer.blocks))
        volume.detach(1)
        volume.alike(1, 2)


@test("suspend holds I/O, resume lets it go on")
def suspended():
    volume = cluster.Volume((1, 2, 3))
    with volume.made():
        writer = volume.written(1, 20)
        braid(1, "volume suspend db")
        writer.stands(10)
        true("resume" in volume.why(1), volume.why(1))
        braid(1, "volume resume db")
        writer.reaches(20)
        equal(volume.isr(1), [1, 2, 3])
        writer.stop()
        volume.detach(1)


if __name__ == "__main__":
    cluster.run_here(__file__)
