#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# lab: kernel=stock,um,debug nodes=1 timeout=900 clock=real long_kernels=debug
"""Policy that changes under traffic: flows that are always allowed lose no packet,
those always denied pass none, and no packet meets a part of a commit."""

import contextlib
import os
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")

import braid
import netlink as nl
from addresses import at
from ktap import equal, run, test
from netns import LONG, SHORT
from traffic import Servers, ask_udp, connect, enough_rounds, wait_until
from world import CLIENT, INTRUDER, WEB, World

# A commit takes four times as long on the test kernel.
SWAPS = 200 if os.environ.get("KERNEL") == "stock" else 50
# Identities in rules, which workloads may get.
RED, BLUE = 501, 502


class Flow:
    """Sends numbered datagrams in a thread, and notes which arrive."""

    def __init__(self, sender, receiver, address, port):
        self.receiver = receiver.udp(port=port)
        self.receiver.setsockopt(1, 33, 1 << 24)    # SO_RCVBUFFORCE
        self.receiver.setblocking(False)
        self.sender = sender.udp()
        self.sender.connect((at(address), port))
        self.sent = 0
        self.arrived = []

    def one(self):
        self.sender.send(self.sent.to_bytes(4, "big"))
        self.sent += 1

    def drain(self):
        with contextlib.suppress(BlockingIOError):
            while True:
                self.arrived.append(int.from_bytes(self.receiver.recv(100), "big"))

    def close(self):
        self.sender.close()
        self.receiver.close()


class Traffic:
    """Sends on all flows until the block ends, then receives the rest."""

    def __init__(self, *flows):
        self.flows = flows

    def __enter__(self):
        self.stop = threading.Event()
        self.error = None
        self.thread = threading.Thread(target=self._send)
        self.thread.start()
        return self

    def _send(self):
        try:
            while not self.stop.is_set():
                for flow in self.flows:
                    flow.one()
                    flow.drain()
                # There is one processor, and the process that commits needs it, too.
                time.sleep(0.0005)
        except OSError as error:
            self.error = error

    def __exit__(self, *error):
        self.stop.set()
        self.thread.join()
        for flow in self.flows:
            # They arrive in order: after the last one no other is missing.
            wait_until(lambda: flow.drain() or len(flow.arrived) == flow.sent,
                       LONG if flow.arrived else SHORT)
            flow.close()
        if self.error:
            raise self.error


def rule(name, peer, proto, action, subject=WEB, port=None):
    attributes = [nl.text(1, name), nl.u32(2, subject), nl.u32(3, 0), nl.u32(4, peer),
                  nl.u8(7, proto), nl.u32(11, action)]
    if port:
        attributes.append(nl.u16(8, port))
    return nl.nest(braid.A_RULE, *attributes)


def named(name):
    return nl.nest(braid.A_RULE, nl.text(1, name))


ALLOW, DENY = 0, 1
ANY, UDP = 0, 17


def commit(family, *changes):
    """Commits a transaction; a change is (command, attributes)."""
    family.call(braid.CMD_BEGIN)
    for command, attributes in changes:
        family.call(command, attributes)
    family.call(braid.CMD_COMMIT)


def flows_of(world, port):
    """An allowed and a denied flow to each of the two servers."""
    flows = []
    for server in world.web1, world.web2:
        flows.append((Flow(world.client, server, server.address, port),
                      Flow(world.intruder, server, server.address, port + 1)))
    return flows


def swaps(flows):
    """Number of policy changes, at least until a packet was sent for each."""
    return enough_rounds(SWAPS, lambda: all(allowed.sent >= SWAPS for allowed, _ in flows))


def judge(flows):
    for allowed, denied in flows:
        equal(len(allowed.arrived), allowed.sent, "packets of the allowed flow")
        equal(allowed.arrived, sorted(allowed.arrived), "order of the allowed flow")
        equal(denied.arrived, [], "packets of the denied flow")


@test(f"policy swapped {SWAPS} times: the allowed flow loses nothing, the denied one stays out")
def swapped(world, servers):
    for node in world.n1, world.n2:
        commit(node.braid.family,
               (braid.CMD_ADD, rule("allow-0", CLIENT, ANY, ALLOW)),
               (braid.CMD_ADD, rule("deny-0", INTRUDER, ANY, DENY)))
    sock, name = connect(world.client, world.web2.address, 8080)
    flows = flows_of(world, 7000)
    with Traffic(*(flow for pair in flows for flow in pair)):
        for number in swaps(flows):
            for node in world.n1, world.n2:
                # All rules with new names; the same commit removes the old ones.
                commit(node.braid.family,
                       (braid.CMD_DEL, named(f"allow-{number}")),
                       (braid.CMD_DEL, named(f"deny-{number}")),
                       (braid.CMD_ADD, rule(f"allow-{number + 1}", CLIENT, ANY, ALLOW)),
                       (braid.CMD_ADD, rule(f"deny-{number + 1}", INTRUDER, ANY, DENY)))
    judge(flows)
    for node in world.n1, world.n2:
        commit(node.braid.family, (braid.CMD_FLUSH, nl.u32(braid.A_OBJECT, 5)))
    # A connection that is older than all of these goes on.
    sock.send(b"x")
    equal(sock.recv(100).decode().strip(), name)
    sock.close()


def blue_only(action_for_blue):
    """web's rules: red is allowed and blue is denied, or the reverse."""
    other = ALLOW if action_for_blue == DENY else DENY
    return rule("blue", BLUE, UDP, action_for_blue), rule("red", RED, UDP, other)


@test("no packet meets a mixture when rules and identities are exchanged in one commit")
def no_mixture(world, servers):
    """intruder's identity and the rules are exchanged together, so that intruder is
    denied before and after, and client allowed. With only a part of a commit intruder
    would be let through."""
    def identity(device, number):
        return nl.nest(braid.A_ENDPOINT, nl.text(1, device), nl.u32(3, number))

    family = world.n1.braid.family
    commit(family, (braid.CMD_ADD, blue_only(DENY)[0]), (braid.CMD_ADD, blue_only(DENY)[1]),
           (braid.CMD_SET, identity("v-intruder", BLUE)),
           (braid.CMD_SET, identity("v-client", RED)))
    allowed = Flow(world.client, world.web1, world.web1.address, 7100)
    denied = Flow(world.intruder, world.web1, world.web1.address, 7101)
    with Traffic(allowed, denied):
        for number in swaps([(allowed, denied)]):
            bad, good, action = (RED, BLUE, ALLOW) if number % 2 == 0 else (BLUE, RED, DENY)
            first, second = blue_only(action)
            commit(family, (braid.CMD_SET, first), (braid.CMD_SET, identity("v-intruder", bad)),
                   (braid.CMD_SET, identity("v-client", good)), (braid.CMD_SET, second))
    judge([(allowed, denied)])
    commit(family, (braid.CMD_DEL, named("blue")), (braid.CMD_DEL, named("red")),
           (braid.CMD_SET, identity("v-intruder", INTRUDER)),
           (braid.CMD_SET, identity("v-client", CLIENT)))


@test("a service's backend that changes its address with its rule serves without a gap")
def service_with_policy(world, servers):
    """The backend moves between web1 and client's neighbour on two ports, the rule
    with it; a client that asks all the time is always answered."""
    def backend(port):
        return nl.nest(braid.A_BACKEND, nl.text(1, "s"), nl.ip(2, world.web1.address),
                       nl.u16(3, port))

    family = world.n1.braid.family
    world.n1.braid.batch("service add s address 10.96.0.7 port 7 protocol udp\n"
                         "backend add s address 10.1.0.80 port 7200\n")
    commit(family, (braid.CMD_ADD, rule("at", CLIENT, UDP, ALLOW, port=7200)))
    listening = [servers.udp(world.web1, port) for port in (7200, 7201)]
    sock = world.client.udp()
    for number in range(SWAPS // 4):
        here, there = (7200, 7201) if number % 2 == 0 else (7201, 7200)
        equal(ask_udp(world.client, "10.96.0.7", 7, sock=sock), "web1")
        commit(family, (braid.CMD_SET, rule("at", CLIENT, UDP, ALLOW, port=there)),
               (braid.CMD_DEL, backend(here)), (braid.CMD_ADD, backend(there)))
    equal(ask_udp(world.client, "10.96.0.7", 7, sock=sock), "web1")
    sock.close()
    for each in listening:
        servers.end(each)
    world.n1.braid.batch("service del s\nrule flush\n")


@test("of two concurrent commits one succeeds, and no change is lost")
def two_writers(world, servers):
    wins = [0, 0]
    refused = [0, 0]

    def write(which):
        family = world.n1.do(braid.Family)
        for number in range(50):
            change = braid.CMD_ADD if number % 2 == 0 else braid.CMD_DEL
            while True:
                try:
                    commit(family, (change, nl.nest(braid.A_IDENTITY, nl.u32(1, 800 + which))))
                    break
                except nl.Refused as error:
                    equal(error.code, 11, f"{error}")
                    refused[which] += 1
            wins[which] += 1
        family.close()

    before = world.n1.braid.generation()
    threads = [threading.Thread(target=write, args=(which,)) for which in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    equal(wins, [50, 50], f"commits, {refused} refused")
    equal(world.n1.braid.generation(), before + 100)


@contextlib.contextmanager
def fixture():
    more = f"identity add {RED}\nidentity add {BLUE}\n"
    with World(more, more) as world:
        servers = Servers()
        servers.tcp(world.web2, 8080)
        yield world, servers


run(__file__, fixture)
