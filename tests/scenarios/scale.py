#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# lab: kernel=stock,um,debug nodes=1 timeout=900 long_kernels=debug
"""10,000 prefixes, rules and services are added by one batch and flushed; 2,000 on the
test kernel."""

import contextlib
import os
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")

import links
import packets
from ktap import equal, run, test, true
from traffic import Servers, ask_udp, drops, equal_event, tell
from world import WEB, World, flush

# The test kernel looks at every access; how many there can be is the other's to show.
MANY = 10000 if os.environ.get("KERNEL") == "stock" else 2000
SOME = 0, 1, 255, 256, MANY // 2 - 1, MANY - 1
IDENTITIES = 100
FIRST_IDENTITY, FIRST_PORT = 1000, 20000
LIMIT = 240      # seconds for all that is asked of the tool once, on a slow machine


def prefix(number):
    return f"11.{number >> 8}.{number & 255}.0"


def vip(number):
    return f"10.{100 + (number >> 8)}.{number & 255}.1"


def identity(number):
    return FIRST_IDENTITY + number % IDENTITIES


def lines():
    """Rule n allows prefix n's identity to connect to port n of web only."""
    for number in range(IDENTITIES):
        yield f"identity add {FIRST_IDENTITY + number}"
    for number in range(MANY):
        yield f"prefix add {prefix(number)}/24 identity {identity(number)}"
        yield (f"rule add r{number} subject {WEB} direction ingress peer identity "
               f"{identity(number)} protocol udp port {FIRST_PORT + number} action allow")
        yield f"service add s{number} address {vip(number)} port 7 protocol udp"
    for number in SOME:
        yield f"backend add s{number} address 10.2.0.80 port {FIRST_PORT + number}"


def timed(function, *args):
    begin = time.monotonic()
    function(*args)
    took = time.monotonic() - begin
    print(f"# {took:.1f} s")
    true(took < LIMIT, f"it took {took:.1f} s")


@test("one batch adds all objects")
def make(world, servers):
    timed(world.n1.braid.batch, "\n".join(lines()) + "\n")


@test("each prefix, rule and service is found among all")
def find(world, servers):
    wire = world.n2.packet("u2")
    ends = world.n1.do(links.mac, "u1"), world.n2.do(links.mac, "u2")

    def send(source, port):
        wire.send(packets.ethernet(*ends, packets.udp(source, 5, "10.1.0.80", port, b"x")))

    for number in SOME:
        source = prefix(number)[:-1] + "9"
        listener = world.web1.udp(port=FIRST_PORT + number)
        with drops(world.n1, {("policy-denied", "ingress"): 2}) as seen:
            send(source, FIRST_PORT + (number + 1) % MANY)
            send("12.0.0.1", FIRST_PORT + number)
            send(source, FIRST_PORT + number)
            equal(listener.recv(100), b"x")
        equal_event(seen.events[0], source_identity=identity(number), source=source)
        equal_event(seen.events[1], source_identity=2)
        listener.close()
        # Its only backend listens at a port of the service's own.
        served = servers.udp(world.web2, FIRST_PORT + number)
        equal(ask_udp(world.client, vip(number), 7), "web2")
        servers.end(served)
    with drops(world.n1, {("no-backend", "egress"): 1}):
        tell(world.client, vip(MANY // 2), 7)
    wire.close()


@test("all objects are flushed, and nothing remains")
def empty(world, servers):
    timed(flush, world.n1)
    equal(world.n1.braid.save(), "")
    world.n1.run("conntrack", "-F")
    served = servers.udp(world.web1, 53)
    equal(ask_udp(world.intruder, "10.1.0.80", 53), "web1")
    with world.n1, open("/proc/sys/net/netfilter/nf_conntrack_count") as file:
        equal(int(file.read()), 0, "connections without objects")
    servers.end(served)


@contextlib.contextmanager
def fixture():
    with World() as world:
        yield world, Servers()


run(__file__, fixture)
