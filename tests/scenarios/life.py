#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# lab: kernel=stock,um,debug nodes=1 timeout=900 clock=real long_kernels=debug
"""Removal of objects in use: devices, namespaces, the module. The tests look for
remains, and the runner looks for them in the kernel's log."""

import contextlib
import os
import subprocess
import sys
import threading

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")

import addresses
import braid
import links
import netlink as nl
from addresses import at
from ktap import equal, run, test, true
from netns import Netns
from traffic import Servers, ask_udp, connect, wait_until
from world import CLIENT, GATEWAY, WEB, World, flush

MODULE = f"/build/{os.environ.get('KERNEL', 'stock')}/braid_net.ko"
POLICY = f"""\
service add web address 10.96.0.1 port 7 protocol udp
backend add web address 10.1.0.80 port 7
backend add web address 10.2.0.80 port 7
rule add in subject {WEB} direction ingress peer identity {CLIENT} protocol any action allow
"""


class Noise:
    """Datagrams and connections on every path there is, until the block ends. What
    becomes of them does not matter."""

    def __init__(self, world):
        self.world = world

    def __enter__(self):
        self.stop = threading.Event()
        self.threads = [threading.Thread(target=self._send, args=(workload,)) for workload
                        in (self.world.client, self.world.intruder, self.world.peer)]
        self.rounds = 0
        for thread in self.threads:
            thread.start()
        true(wait_until(lambda: self.rounds > 2), "no traffic")
        return self

    def _send(self, workload):
        # The workload may be removed at any time.
        with contextlib.suppress(OSError):
            self._send_all(workload)

    def _send_all(self, workload):
        sock = workload.udp()
        while not self.stop.is_set():
            self.rounds += 1
            for there in (("10.1.0.80", 7), ("10.2.0.80", 7), ("10.96.0.1", 7),
                          ("10.1.0.10", 7), ("10.2.0.10", 7), ("172.16.0.1", 7)):
                with contextlib.suppress(OSError):
                    sock.sendto(b"noise", (at(there[0]), there[1]))
            with contextlib.suppress(OSError):
                new = workload.tcp()
                new.setblocking(False)
                new.connect_ex((at("10.2.0.80"), 8080))
                new.close()
            # Half of the connections are new.
            if self.rounds % 2:
                sock.close()
                sock = workload.udp()
            self.stop.wait(0.004)
        sock.close()

    def __exit__(self, *error):
        # A removed object stays away for a while, with packets sent to it.
        goes_on = self.rounds + 2
        wait_until(lambda: self.rounds > goes_on)
        self.stop.set()
        for thread in self.threads:
            thread.join()


@contextlib.contextmanager
def new_world():
    """Every test damages its world, so each has its own."""
    with World(POLICY, POLICY) as world:
        servers = Servers()
        for workload in world.web1, world.web2, world.client, world.peer:
            servers.udp(workload, 7)
        servers.tcp(world.web2, 8080)
        yield world
        servers.stop()


def devices(node):
    return [each["endpoint"] for each in node.braid.show("endpoint")]


@test("the removal of a device removes its endpoint and no other")
def endpoint_deleted():
    with new_world() as world:
        with Noise(world), world.n1:
            links.delete("v-intruder")
            true(wait_until(lambda: devices(world.n1) == ["v-client", "v-web1"]),
                 f"endpoints {devices(world.n1)}")
        equal(ask_udp(world.client, "10.1.0.80", 7), "web1")
        equal(ask_udp(world.client, "10.2.0.80", 7), "web2")
        # Its identity and its address are free.
        world.n1.braid.batch("identity del 400\nendpoint set v-client address "
                             "10.1.0.10,10.1.0.66\n")


@test("an endpoint is removed when its device moves to another namespace")
def endpoint_moved():
    with new_world() as world:
        other = Netns("other")
        with Noise(world), world.n1:
            links.move("v-intruder", other)
            true(wait_until(lambda: "v-intruder" not in devices(world.n1)), "it stays")
        with world.n2:
            links.move("v-peer", world.n1)
        # The endpoint of one node is not an endpoint of another.
        equal(devices(world.n1), ["v-client", "v-web1"])
        equal(devices(world.n2), ["v-web2"])
        equal(ask_udp(world.client, "10.2.0.80", 7), "web2")
        other.delete()


@test("a renamed device stays the endpoint")
def renamed():
    with new_world() as world:
        with world.n1:
            links.down("v-client")
            links.rename("v-client", "v-other")
            links.up("v-other")
            links.route("10.1.0.10/32", "v-other")
            # IPv6 forgets when a device goes down.
            if addresses.now.inner == 6:
                links.address("v-other", f"{GATEWAY}/32")
        equal(devices(world.n1), ["v-intruder", "v-other", "v-web1"])
        equal(ask_udp(world.client, "10.1.0.80", 7), "web1")


@test("the removal of a device removes its uplink")
def uplink_deleted():
    with new_world() as world:
        world.n1.braid.batch("uplink add u1\n")
        equal(ask_udp(world.client, "10.2.0.80", 7), "web2")
        with Noise(world), world.n1:
            links.delete("u1")
            true(wait_until(lambda: world.n1.braid.show("uplink") == []), "it stays")
        equal(ask_udp(world.client, "10.1.0.80", 7), "web1")


@test("the overlay is added and removed under traffic")
def overlay():
    with new_world() as world:
        with Noise(world):
            for _ in range(2):
                world.n1.braid.batch("overlay del braid0\n")
                true(not world.n1.do(links.exists, "braid0"), "the link stays")
                world.n1.braid.batch(world.n1.overlay("172.16.0.1"))
                world.n1.reach("10.2.0.0/24", "u1", "172.16.0.2")
        equal(ask_udp(world.client, "10.2.0.80", 7), "web2")


@test("the link cannot be moved or removed without its overlay")
def link_deleted():
    with new_world() as world:
        with Noise(world), world.n1:
            with contextlib.suppress(nl.Refused):
                links.delete("braid0")
            # Either both exist, or neither does.
            equal(bool(world.n1.braid.show("overlay")), links.exists("braid0"))
            with contextlib.suppress(nl.Refused, OSError):
                links.move("braid0", world.n2)
                raise AssertionError("the link changed its namespace")
        equal(ask_udp(world.client, "10.1.0.80", 7), "web1")


@test("the namespace of a node is removed under traffic")
def namespace():
    with new_world() as world:
        with Noise(world):
            for workload in world.web2, world.peer:
                workload.delete()
            world.n2.delete()
            # Its end of the wire goes when the namespace is gone for good; the
            # workloads' programs held theirs, not the node's.
            true(wait_until(lambda: not world.n1.do(links.exists, "u1")),
                 "the namespace stays")
            equal(ask_udp(world.client, "10.1.0.80", 7), "web1")
        world.gone = world.web2, world.peer, world.n2


@test("a namespace without objects has no hooks")
def hooks():
    with new_world() as world:
        def tracked():
            with world.n1, open("/proc/sys/net/netfilter/nf_conntrack_count") as file:
                return int(file.read())

        true(tracked() == 0, "connections before any traffic")
        equal(ask_udp(world.client, "10.1.0.80", 7), "web1")
        true(tracked() > 0, "no connection with objects")
        flush(world.n1)
        equal(world.n1.braid.save(), "")
        world.n1.run("conntrack", "-F")
        equal(tracked(), 0)
        equal(ask_udp(world.intruder, "10.1.0.80", 7), "web1")
        equal(tracked(), 0, "connections without objects")
        # The other node is another node.
        true(devices(world.n2), "n2 lost its endpoints")
        # The same again.
        world.configure_n1()
        equal(ask_udp(world.client, "10.2.0.80", 7), "web2")
        true(tracked() > 0, "no connection with objects again")


def loaded():
    return os.path.exists("/sys/module/braid_net")


def unload():
    """Unloads the module as an administrator does; a leaked reference makes it fail."""
    done = subprocess.run(["rmmod", "braid_net"], capture_output=True, text=True)
    equal((done.returncode, done.stderr, loaded()), (0, "", False), "rmmod")


@test("the module is unloaded under traffic, and is loaded again")
def module():
    with new_world() as world:
        staged = world.n1.do(braid.Family)
        staged.call(braid.CMD_BEGIN)
        staged.call(braid.CMD_ADD, nl.nest(braid.A_IDENTITY, nl.u32(1, 777)))
        sock, name = connect(world.client, "10.2.0.80", 8080)
        sock.setblocking(False)
        monitor = world.n1.start("braid", "monitor", "drops")
        try:
            with Noise(world):
                unload()
                true(not world.n1.do(links.exists, "braid0"), "the link stays")
                # Without policy and without a route to the other node.
                equal(ask_udp(world.intruder, "10.1.0.80", 7), "web1")
                done = world.n1.braid.tool("identity", "show", check=False)
                equal(done.returncode, 2)
                true("not loaded" in done.stderr, done.stderr)
        finally:
            subprocess.run(["insmod", MODULE], check=True)
        equal(monitor.wait(60) in (0, 2), True, "how the monitor ended")
        monitor.communicate()
        staged.close()
        sock.close()
        for node in world.n1, world.n2:
            node.reopen()
            equal(node.braid.save(), "")
        world.configure()
        equal(ask_udp(world.client, "10.2.0.80", 7), "web2")


@test("the module is unloaded and loaded three times with objects in two namespaces")
def module_again():
    with new_world() as world:
        for _ in range(3):
            unload()
            subprocess.run(["insmod", MODULE], check=True)
            for node in world.n1, world.n2:
                node.reopen()
            world.n1.braid.family.call(braid.CMD_ADD, nl.nest(
                braid.A_IDENTITY, nl.u32(1, 300)))
            world.n2.braid.family.call(braid.CMD_ADD, nl.nest(
                braid.A_UPLINK, nl.text(1, "u2")))


@contextlib.contextmanager
def fixture():
    yield ()
    true(loaded(), "the module is not loaded at the end")


run(__file__, fixture)
