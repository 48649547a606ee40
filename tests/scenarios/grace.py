#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# lab: kernel=stock nodes=1 cpus=2 timeout=600
"""Commits while another processor is deciding about packets. A packet in the hooks sees
one whole generation, and when a commit is acknowledged no packet is in the old one."""

import contextlib
import os
import signal
import socket
import struct
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")

import braid
import netlink as nl
from ktap import equal, run, test, true
from traffic import enough_rounds, wait_until
from world import CLIENT, INTRUDER, WEB, World

COMMITS = 60
PORT = 7000
FLOWS = 500      # a connection is judged once in a generation
SO_RCVBUFFORCE, SO_TIMESTAMPNS = 33, 35
ALLOW, DENY, UDP = 0, 1, 17


def slow_rules():
    """Every prefix length with every size of port block: a lookup asks for each, so
    that a packet is under way for long. None of them matches. Rules of the form
    that comes first are found first."""
    yield (f"rule add first subject {WEB} direction ingress peer identity {INTRUDER} protocol "
           f"udp port {PORT} action allow\n")
    for length in range(1, 33):
        net = 0xcb000000 >> (32 - length) << (32 - length)
        for bits in range(16):
            where = socket.inet_ntoa(struct.pack("!I", net))
            yield (f"rule add slow-{length}-{bits} subject {WEB} direction ingress peer cidr "
                   f"{where}/{length} protocol udp port {1 << bits}-{(2 << bits) - 1} "
                   "action allow priority 1\n")


def decides(name, action, first):
    """A rule for client, found first or last in a lookup."""
    limit = [nl.u8(7, UDP), nl.u16(8, PORT)] if first else [nl.u8(7, 0)]
    return nl.nest(braid.A_RULE, nl.text(1, name), nl.u32(2, WEB), nl.u32(3, 0),
                   nl.u32(4, CLIENT), *limit, nl.u32(11, action))


def named(name):
    return nl.nest(braid.A_RULE, nl.text(1, name))


def commit(family, *changes):
    """Commits; returns the time before, and after the acknowledgement."""
    begin = time.time()
    family.call(braid.CMD_BEGIN)
    for command, attributes in changes:
        family.call(command, attributes)
    family.call(braid.CMD_COMMIT)
    return begin, time.time()


class Sender:
    """A process on a processor of its own that sends all the time, numbered; a
    packet's whole way to the receiver is in its system call."""

    def __init__(self, world):
        self.receiver = world.web1.udp(port=PORT)
        self.receiver.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 1 << 26)
        self.receiver.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self.receiver.setblocking(False)
        socks = [world.client.udp() for _ in range(FLOWS)]
        for sock in socks:
            sock.connect((world.web1.address, PORT))
        reading, writing = os.pipe()
        self.reading = reading
        self.pid = os.fork()
        if not self.pid:
            os.close(reading)
            self._send(socks, writing)
        os.close(writing)
        for sock in socks:
            sock.close()
        os.sched_setaffinity(0, {1})

    @staticmethod
    def _send(socks, writing):
        stopped = []
        signal.signal(signal.SIGTERM, lambda *_: stopped.append(True))
        os.sched_setaffinity(0, {0})
        sent = 0
        while not stopped:
            socks[sent % FLOWS].send(sent.to_bytes(4, "big"))
            sent += 1
            if sent % FLOWS == 0:
                time.sleep(0.01)    # or the receiver never sees an end
        os.write(writing, sent.to_bytes(4, "big"))
        os._exit(0)

    def arrived(self):
        """(number, time) of the packets since the last call."""
        got = []
        with contextlib.suppress(BlockingIOError):
            while True:
                data, notes, _, _ = self.receiver.recvmsg(16, 64)
                seconds, nanoseconds = struct.unpack("=qq", notes[0][2])
                got.append((int.from_bytes(data, "big"), seconds + nanoseconds / 1e9))
        return got

    def stop(self):
        """Stops; the number of packets sent."""
        os.kill(self.pid, signal.SIGTERM)
        sent = int.from_bytes(os.read(self.reading, 4), "big")
        os.waitpid(self.pid, 0)
        os.close(self.reading)
        os.sched_setaffinity(0, {0, 1})
        return sent


@contextlib.contextmanager
def sending(world):
    sender = Sender(world)
    time.sleep(0.1)
    try:
        yield sender
    finally:
        sender.receiver.close()


@test("a packet in the node while a rule is replaced meets the old or the new one")
def replaced(world):
    family = world.n1.braid.family
    commit(family, (braid.CMD_ADD, decides("allow-0", ALLOW, False)))
    arrived = []
    with sending(world) as sender:
        for number in enough_rounds(COMMITS, lambda: len(arrived) > COMMITS):
            commit(family, (braid.CMD_DEL, named(f"allow-{number}")),
                   (braid.CMD_ADD, decides(f"allow-{number + 1}", ALLOW, False)))
            arrived += [each for each, _ in sender.arrived()]
        sent = sender.stop()
        # On a busy host ksoftirqd has most of them still to deliver.
        wait_until(lambda: arrived.extend(each for each, _ in sender.arrived())
                   or len(arrived) >= sent)
    commit(family, (braid.CMD_DEL, named(f"allow-{number + 1}")))
    print(f"# {sent} packets, {number + 1} commits")
    lost = sorted(set(range(sent)) - set(arrived))
    true(not lost, f"{len(lost)} packets were lost: {lost[:20]}")


@test("no packet with a verdict from before a commit arrives after its acknowledgement")
def acknowledged(world):
    family = world.n1.braid.family
    commit(family, (braid.CMD_ADD, decides("now", ALLOW, True)))
    late, passed = [], 0
    with sending(world) as sender:
        for _ in enough_rounds(COMMITS // 2, lambda: passed > COMMITS):
            _, denied = commit(family, (braid.CMD_SET, decides("now", DENY, True)))
            time.sleep(0.005)
            allowed, _ = commit(family, (braid.CMD_SET, decides("now", ALLOW, True)))
            time.sleep(0.01)
            times = [when for _, when in sender.arrived()]
            late += [when - denied for when in times if denied < when < allowed]
            passed += len(times)
        sender.stop()
    commit(family, (braid.CMD_DEL, named("now")))
    print(f"# {passed} packets that came through while they were allowed")
    equal(late, [], "seconds after the acknowledgement")


@contextlib.contextmanager
def fixture():
    true(os.cpu_count() > 1, "one processor proves nothing here")
    # Packets that ksoftirqd has not delivered yet are not lost.
    with open("/proc/sys/net/core/netdev_max_backlog", "w") as file:
        file.write("100000")
    with World() as world:
        world.n1.braid.batch("".join(slow_rules()))
        yield (world,)


run(__file__, fixture)
