#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# lab: kernel=stock,um,debug nodes=1 timeout=900 long_kernels=stock,debug
"""Volumes on three nodes that are network namespaces of one kernel: each has replicas,
targets, volumes and events of its own, and what it has ends with it."""

import contextlib
import errno
import os
import pathlib
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")

import netlink as nl
from blocks import Device
from braid import Family
from cluster import wait
from disks import mapped, sectors, sh, unmap
from ktap import equal, run, test, true
from nodes import PORT, SECRET, SIZE, UUID, make, network, place, stores

KERNEL = os.environ.get("KERNEL", "stock")
LONGEST = "n" * 24
GROUP = "volume"
A_EVENT_VOLUME = 1
# What was asked of a disk before it went fails; what comes later is behind its end.
GONE = errno.EIO, errno.ENOSPC

# A listener that is root of a user namespace of its own: in its network namespace it
# may join the group.
LISTENER = """
import sys
sys.path.insert(0, "/tests/lib")
import netlink as nl
from braid import Family
family = Family("braid_blk")
family.sock.setsockopt(nl.SOL_NETLINK, nl.NETLINK_ADD_MEMBERSHIP, family.groups["volume"])
print("joined", flush=True)
sys.stdin.readline()
family.sock.setblocking(False)
try:
    family.sock.recv(1 << 16)
    print("heard")
except BlockingIOError:
    print("silence")
"""


class Events(Family):
    """The names of volumes that events in this namespace are about."""

    def __init__(self):
        super().__init__("braid_blk")
        self.sock.setsockopt(nl.SOL_NETLINK, nl.NETLINK_ADD_MEMBERSHIP, self.groups[GROUP])

    def heard(self):
        """Of all that came until now."""
        names = set()
        self.sock.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while True:
                for _, _, _, body in self.messages():
                    said = dict(nl.attrs(body[4:]))
                    names.add(nl.read_text(said[A_EVENT_VOLUME]))
        return names


class Writer:
    """Writes numbered blocks until one fails."""

    BLOCKS = 256

    def __init__(self, path):
        self.device = Device(path)
        self.acknowledged, self.error, self.stopped = 0, None, False
        self.thread = threading.Thread(target=self._write)
        self.thread.start()

    def _write(self):
        try:
            while not self.stopped:
                number = self.acknowledged + 1
                self.device.write(number % self.BLOCKS, number)
                self.acknowledged = number
                # Where time is virtual it passes only when all wait.
                time.sleep(.001)
        except OSError as error:
            self.error = error.errno
        os.close(self.device.fd)

    def reaches(self, count):
        goal = self.acknowledged + count
        wait(f"{goal} writes", lambda: self.acknowledged >= goal or self.error)
        equal(self.error, None, "error of a write")

    def stop(self):
        self.stopped = True
        self.thread.join()

    def check(self, path):
        """Each block holds what was acknowledged last, or what was asked after it."""
        device = Device(path)
        last = self.acknowledged
        for block in range(min(self.BLOCKS, last)):
            number = last - (last - block) % self.BLOCKS
            true(device.read(block) in (number, last + 1),
                 f"block {block} holds {device.read(block)}, not {number}")
        os.close(device.fd)


def detach_and_close(nodes, writer):
    """Takes back all that was made."""
    writer.braid("volume detach db")
    for node in nodes:
        node.braid(f"target close {node.end}")
        node.braid(f"replica close /dev/nullb{node.number}")


@contextlib.contextmanager
def cluster_of_three():
    """Three nodes with a voter each; the third has a witness."""
    with stores(1, 2, 3), network("one", "two", "three") as nodes:
        make(nodes, witnesses=(3,))
        yield nodes


@test("a node has its own replicas, targets and volumes, and the others see none of them")
def apart():
    with cluster_of_three() as nodes:
        one, two, three = nodes
        one.braid(one.attachment("db", two.end))
        for node in nodes:
            equal([each["voter"] for each in node.ask("replica show")], [node.number])
            equal([each["target"] for each in node.ask("target show")], [node.end])
        equal([[each["volume"] for each in node.ask("volume show")] for node in nodes],
              [["db"], [], []])
        for words in ("replica show", "target show", "volume show"):
            equal(sh("braid", *words.split()), "", f"{words} in the initial namespace")
        two.refused("volume detach db", "no volume db is attached here")
        two.refused("replica close /dev/nullb1", "/dev/nullb1 is not open")
        two.refused(f"target close {one.end}", "no target listens")
        # The replica of the writer's own node is asked directly, the others by TCP.
        equal([voter["voter"] for voter in one.ask("volume show db")[0]["voters"]
               if voter.get("local")], [1])
        detach_and_close(nodes, one)


@test("a store that is open in one node is refused in another")
def once():
    with cluster_of_three() as nodes:
        one, two, three = nodes
        for words in ("replica open /dev/nullb1", "replica del /dev/nullb1",
                      f"replica create /dev/nullb1 volume x uuid {UUID.format(9)} voter 9 "
                      "force witness"):
            two.refused(words, "/dev/nullb1 is busy")
        one.refused("replica open /dev/nullb1", "/dev/nullb1 is open already")
        one.braid("replica close /dev/nullb1")
        two.braid("replica open /dev/nullb1")
        two.braid("replica close /dev/nullb1")


@test("the device has the node's number, and a name that has no room for it is refused")
def names():
    with cluster_of_three() as nodes:
        one, two, three = nodes
        one.braid(one.attachment("db", one.end))
        device = one.device()
        true(device.startswith("/dev/braid/db@"), device)
        number = device.split("@")[1]
        wait("the device's node", lambda: os.path.exists(device))
        true(not os.path.exists("/dev/braid/db"), "there is a device without a number")
        one.refused(one.attachment(LONGEST, one.end), f"{LONGEST}@{number}",
                    "longer than 25 bytes")
        writer = os.open(device, os.O_RDWR)
        one.refused("volume detach db", f"{device} is open")
        os.close(writer)
        two.refused(two.attachment("db", one.end),
                    f"volume is attached at {os.uname().nodename}@{number}")
        detach_and_close(nodes, one)


@test("a volume of one name is attached in two nodes, each with its own data")
def namesakes():
    with stores(1, 2), network("one", "two") as nodes:
        for node in nodes:
            make([node], salt=node.number)
            node.braid(node.attachment("db", node.end))
        devices = [node.device() for node in nodes]
        equal(len(set(devices)), 2, f"{devices}")
        for number, path in enumerate(devices, 1):
            wait("the device's node", lambda p=path: os.path.exists(p))
            device = Device(path)
            device.write(0, number)
            os.close(device.fd)
        for number, path in enumerate(devices, 1):
            device = Device(path)
            equal(device.read(0), number)
            os.close(device.fd)
        for node in nodes:
            detach_and_close([node], node)


@test("a node that is cut off loses the volume to another, with all that was acknowledged")
def failover():
    with cluster_of_three() as nodes:
        one, two, three = nodes
        one.braid(one.attachment("db", one.end))
        old = one.device()
        wait("the device's node", lambda: os.path.exists(old))
        writer = Writer(old)
        writer.reaches(20)
        sh("ip", "-n", "one", "link", "set", "eth0", "down")
        two.braid(two.attachment("db", f"{two.end},{three.end}", "takeover"))
        new = two.device()
        wait("the device's node", lambda: os.path.exists(new))
        writer.check(new)
        equal(two.ask("volume show db")[0]["isr"], [2])
        # Requests of the old writer wait for ever: none is acknowledged.
        done = writer.acknowledged
        one.braid("volume detach db force")
        writer.stop()
        equal((writer.error, writer.acknowledged), (errno.EIO, done))
        two.braid("volume detach db")


@test("an event is heard in its own node only")
def events():
    with stores(1, 2), network("one", "two") as nodes:
        one, two = nodes
        heard = [node.ns.do(Events) for node in nodes]
        first = Events()
        for node, name in zip(nodes, ("first", "second")):
            make([node], name, salt=node.number)
            node.braid(node.attachment(name, node.end))
            node.braid(f"volume detach {name}")
        told = [set(), set()]

        def all_told():
            for names, node_events in zip(told, heard):
                names |= node_events.heard()
            return all(told)

        try:
            wait("an event in each node", all_told)
            equal(told, [{"first"}, {"second"}])
            equal(first.heard(), set())
        finally:
            for node_events in (*heard, first):
                node_events.close()


@test("the root of a user namespace hears nothing of volumes in its network namespace")
def foreign():
    listener = subprocess.Popen(
        ["unshare", "--user", "--map-root-user", "--net", "python3", "-Bc", LISTENER],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        equal(listener.stdout.readline(), "joined\n")
        inside = ["nsenter", f"--net=/proc/{listener.pid}/ns/net"]
        sh(*inside, "ip", "link", "set", "lo", "up")
        with stores(1):
            here = f"127.0.0.1:{PORT}"
            for words in (f"replica create /dev/nullb1 volume db uuid {UUID.format(1)} voter 1 "
                          "force size 16M", "replica open /dev/nullb1",
                          f"target listen {here} secret-file {SECRET}",
                          f"volume create db size 16M voter 1={here}",
                          f"volume attach db from {here} secret-file {SECRET}",
                          "volume detach db", f"target close {here}",
                          "replica close /dev/nullb1"):
                sh(*inside, "braid", *words.split())
        equal(listener.communicate("now\n")[0], "silence\n")
    finally:
        listener.kill()
        listener.wait()


@test("a node is deleted under I/O: its writes fail, its stores are free, the others go on")
def deleted():
    with cluster_of_three() as nodes:
        one, two, three = nodes
        one.braid(one.attachment("db", one.end))
        old = one.device()
        wait("the device's node", lambda: os.path.exists(old))
        writer = Writer(old)
        writer.reaches(20)
        one.ns.delete()
        wait("the writer ends", lambda: writer.error)
        writer.stop()
        true(writer.error in GONE, f"errno {writer.error}")
        wait("the device is gone", lambda: not os.path.exists(old))
        # Its lease runs, for all that the voters know.
        two.braid(two.attachment("db", f"{two.end},{three.end}", "takeover"))
        new = two.device()
        wait("the device's node", lambda: os.path.exists(new))
        writer.check(new)
        again = Writer(new)
        again.reaches(20)
        # One that only serves is deleted, too: the majority is gone.
        three.ns.delete()
        wait("a voter is down", lambda: two.ask("volume show db")[0].get("held"))
        equal(again.error, None)
        two.ns.delete()
        again.stop()
        true(again.error in GONE, f"errno {again.error}")


@test("a node with open replicas and targets that nothing uses is deleted")
def idle():
    with stores(1, 2), network("one", "two") as nodes:
        make(nodes)
        # An unauthenticated connection, in the middle of its handshake.
        stranger = nodes[1].ns.tcp()
        stranger.connect((nodes[0].address, PORT))
        nodes[0].ns.delete()
        equal(stranger.recv(1), b"", "what a deleted target says")
        stranger.close()


@test("a node whose store is a suspended volume of another node goes, and lets others go")
def nested():
    with contextlib.ExitStack() as stack:
        stack.enter_context(stores(1, 2, 3))
        nodes = stack.enter_context(network("one", "two", "three", "four"))
        one, two, three, four = nodes
        make(nodes[:3], witnesses=(3,))
        one.braid(one.attachment("db", two.end))
        lower = one.device()
        wait("the device's node", lambda: os.path.exists(lower))
        # A volume itself is refused as a store; what stands on it is not known to be one.
        store = mapped("lower", f"0 {sectors(lower)} linear {lower} 0")
        stack.callback(unmap, "lower")
        for words in (f"replica create {store} volume up uuid {UUID.format(4)} voter 4 force "
                      "size 4M", f"replica open {store}"):
            four.braid(words)
        four.listen()
        four.braid(f"volume create up size 4M voter 4={four.end}")
        four.braid(four.attachment("up", four.end))
        upper = four.device("up")
        wait("the device's node", lambda: os.path.exists(upper))
        writer = Writer(upper)
        writer.reaches(20)
        for node in (two, three):
            node.ns.delete()
        wait("the lower volume is suspended", lambda: one.ask("volume show db")[0].get("held"))
        # Its store has requests that nothing answers.
        four.ns.delete()
        wait("the writer ends", lambda: writer.error)
        writer.stop()
        for node in (two, three, four):
            wait(f"the namespace of {node.name} has ended", node.gone)
        true(one.ask("volume show db")[0].get("held"), "the lower volume goes on")
        one.ns.delete()
        for path in (upper, lower):
            wait(f"{path} is gone", lambda p=path: not os.path.exists(p))
        wait("the store is closed", unmapped)


def unmapped():
    unmap("lower")
    return not any(path.read_text(encoding="ascii").strip() == "lower"
                   for path in pathlib.Path("/sys/block").glob("dm-*/dm/name"))


@test("a node with many volumes whose voters are cut off is deleted")
def many():
    which = range(1, 6)
    names = [f"v{number}" for number in which]
    with stores(*which) as disks, network("one", "two") as nodes:
        one, two = nodes
        two.listen()
        for number, name, store in zip(which, names, disks):
            two.braid(f"replica create {store} volume {name} uuid {UUID.format(number)} voter 1 "
                      f"force size {SIZE}")
            two.braid(f"replica open {store}")
            two.braid(f"volume create {name} size {SIZE} voter 1={two.end}")
            one.braid(one.attachment(name, two.end))
        devices = [one.device(name) for name in names]
        for path in devices:
            wait("the device's node", lambda p=path: os.path.exists(p))
        # Nothing says that the voters are away: each is called again and again.
        sh("ip", "-n", "two", "link", "set", "eth0", "down")
        wait("all are suspended", lambda: all(one.ask(f"volume show {name}")[0].get("held")
                                              for name in names))
        one.ns.delete()
        wait("the namespace has ended", one.gone)
        for path in devices:
            wait(f"{path} is gone", lambda p=path: not os.path.exists(p))


@test("the number of a node that is gone is not that of the next one")
def numbers():
    seen = []
    for _ in range(3):
        with stores(1), network("one") as nodes:
            make(nodes)
            nodes[0].braid(nodes[0].attachment("db", nodes[0].end))
            seen.append(int(nodes[0].device().split("@")[1]))
            nodes[0].ns.delete()
            wait("the namespace has ended", nodes[0].gone)
    equal(seen, [seen[0], seen[0] + 1, seen[0] + 2], "numbers of nodes")


@test("the module goes with everything that is open in namespaces, but stays for a volume")
def unloaded():
    with cluster_of_three() as nodes:
        one, two, three = nodes
        one.braid(one.attachment("db", one.end))
        done = subprocess.run(["rmmod", "braid_blk"], capture_output=True, text=True, check=False)
        true(done.returncode and "in use" in done.stderr, f"rmmod: {done}")
        one.braid("volume detach db")
        # Where locks are proved, a socket keeps the module that has its locks' classes.
        if os.path.exists("/proc/lockdep"):
            for node in nodes:
                node.braid(f"target close {node.end}")
            wait("the last socket is freed", lambda: not users())
        try:
            sh("rmmod", "braid_blk")
            true(not os.path.isdir("/sys/module/braid_blk"), "the module is there")
        finally:
            sh("insmod", f"/build/{KERNEL}/braid_blk.ko")
        for node in nodes:
            equal(node.ask("replica show"), [])
            node.braid(f"replica open /dev/nullb{node.number}")
            node.listen()
        one.braid(one.attachment("db", two.end))
        one.braid("volume detach db")


def users():
    """How much keeps the module."""
    with open("/sys/module/braid_blk/refcnt", encoding="ascii") as file:
        return int(file.read())


@contextlib.contextmanager
def fixture():
    with place():
        yield ()


run(__file__, fixture)
