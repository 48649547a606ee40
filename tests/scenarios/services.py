#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# lab: kernel=stock,um,debug nodes=1 timeout=900 worlds=4-vxlan-4,6-geneve-6 test_worlds=6-geneve-6 long_kernels=debug
"""One address in front of many backends: selection, removed backends, and clients."""

import contextlib
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")

import links
import packets
from addresses import at
from ktap import equal, run, test, true
from netns import reset_on_close
from traffic import Servers, ask_tcp, ask_udp, connect, drops, equal_event, tell
from world import CLIENT, INTRUDER, VIP, WEB, World

OTHER_VIP, EMPTY_VIP = "10.96.0.2", "10.96.0.3"
SERVICES = f"""\
service add tcp address {VIP} port 80 protocol tcp
backend add tcp address 10.1.0.80 port 8080
backend add tcp address 10.2.0.80 port 8080
service add udp address {VIP} port 80 protocol udp
backend add udp address 10.1.0.80 port 53
backend add udp address 10.2.0.80 port 53
service add tcp2 address {OTHER_VIP} port 80 protocol tcp
backend add tcp2 address 10.2.0.80 port 8080
service add udp2 address {OTHER_VIP} port 80 protocol udp
backend add udp2 address 10.2.0.80 port 53
service add none address {EMPTY_VIP} port 80 protocol tcp
service add none-udp address {EMPTY_VIP} port 80 protocol udp
"""
BACKEND = {"web1": "10.1.0.80", "web2": "10.2.0.80"}


def backend(world, verb, service, name, port):
    world.n1.braid.batch(f"backend {verb} {service} address {BACKEND[name]} port {port}\n")


@test("each backend gets some of 40 connections, over tcp and over udp")
def spread(world, servers):
    for ask in ask_tcp, ask_udp:
        answers = [ask(world.client, VIP, 80) for _ in range(40)]
        few = min(answers.count(name) for name in BACKEND)
        # One in a million when the backends are picked at random.
        true(few >= 4, f"{ask.__name__}: {answers}")


@test("a flow stays with its backend")
def sticks(world, servers):
    sock = world.client.udp()
    equal(len({ask_udp(world.client, VIP, 80, sock=sock) for _ in range(20)}), 1)
    sock.close()


@test("a flow whose backend is removed goes to another at its next packet")
def udp_moves(world, servers):
    sock = world.client.udp()
    first = ask_udp(world.client, VIP, 80, sock=sock)
    backend(world, "del", "udp", first, 53)
    with drops(world.n1, {}):
        second = ask_udp(world.client, VIP, 80, sock=sock)
    true(second != first, "the removed one answers")
    # The flow does not return to the first backend.
    backend(world, "add", "udp", first, 53)
    equal(ask_udp(world.client, VIP, 80, sock=sock), second)
    sock.close()


@test("a connection whose backend is removed is reset at its next packet")
def tcp_reset(world, servers):
    sock, name = connect(world.client, VIP, 80)
    backend(world, "del", "tcp", name, 8080)
    reset = False
    try:
        sock.send(b"x")
        sock.recv(100)
    except ConnectionResetError:
        reset = True
    true(reset, "the connection goes on")
    true(name not in {ask_tcp(world.client, VIP, 80) for _ in range(6)}, "it is still asked")
    backend(world, "add", "tcp", name, 8080)
    sock.close()


@test("a removed backend's reply is dropped, with a reason")
def late_answer(world, servers):
    listener = world.web1.udp(port=54)
    world.n1.braid.batch("service add late address 10.96.0.4 port 54 protocol udp\n"
                         "backend add late address 10.1.0.80 port 54\n")
    sock = world.client.udp()
    sock.sendto(b"?", (at("10.96.0.4"), 54))
    _, sender = listener.recvfrom(100)
    backend(world, "del", "late", "web1", 54)
    with drops(world.n1, {("backend-removed", "egress"): 1}) as seen:
        listener.sendto(b"late", sender)
    equal_event(seen.events[0], source="10.1.0.80", source_identity=WEB,
                destination="10.1.0.10", destination_identity=CLIENT)
    world.n1.braid.batch("service del late\n")
    listener.close()
    sock.close()


@test("without a backend tcp is refused and udp is unreachable, at once")
def no_backend(world, servers):
    with drops(world.n1, {("no-backend", "egress"): 2}) as seen:
        sock = world.client.tcp()
        equal(sock.connect_ex((at(EMPTY_VIP), 80)), 111)    # ECONNREFUSED
        sock.close()
        sock = world.client.udp()
        sock.connect((at(EMPTY_VIP), 80))
        sock.send(b"?")
        try:
            sock.recv(100)
            raise AssertionError("an answer")
        except ConnectionRefusedError:
            sock.close()
    for event in seen.events:
        equal_event(event, source_identity=CLIENT, destination=EMPTY_VIP, destination_port=80)


@test("one client port can connect to two services that share a backend")
def shared_backend(world, servers):
    backend(world, "del", "tcp", "web1", 8080)
    backend(world, "del", "udp", "web1", 53)
    one = connect(world.client, VIP, 80, source_port=5555)
    two = connect(world.client, OTHER_VIP, 80, source_port=5555)
    for sock, name in one, two:
        equal(name, "web2")
        sock.send(b"x")
        equal(sock.recv(100), b"web2\n")
        reset_on_close(sock)
    sock = world.client.udp(port=5556)
    for _ in range(2):
        for there in VIP, OTHER_VIP:
            # Checks that each service answers for itself.
            equal(ask_udp(world.client, there, 80, sock=sock), "web2")
    sock.close()
    backend(world, "add", "tcp", "web1", 8080)
    backend(world, "add", "udp", "web1", 53)


@test("a new service takes over untranslated flows to its address")
def becomes_service(world, servers):
    sock = world.client.udp()
    equal(ask_udp(world.client, "10.2.0.80", 53, sock=sock), "web2")
    world.n1.braid.batch("service add over address 10.2.0.80 port 53 protocol udp\n"
                         "backend add over address 10.1.0.80 port 53\n")
    equal(ask_udp(world.client, "10.2.0.80", 53, sock=sock), "web1")
    world.n1.braid.batch("service del over\n")
    equal(ask_udp(world.client, "10.2.0.80", 53, sock=sock), "web2")
    sock.close()


@test("only the service's own port and protocol are translated")
def exact(world, servers):
    # Without translation the address has no route here.
    sock = world.client.tcp()
    equal(sock.connect_ex((at(VIP), 81)), 101)    # ENETUNREACH
    sock.close()


@test("packets from outside are not translated")
def outside(world, servers):
    sock = world.web1.udp(port=55)
    world.n1.braid.batch("service add in address 10.96.0.6 port 55 protocol udp\n"
                         "backend add in address 10.1.0.80 port 55\n")
    wire = world.n2.packet("u2")
    ends = world.n1.do(links.mac, "u1"), world.n2.do(links.mac, "u2")

    def send(destination, text):
        wire.send(packets.ethernet(*ends, packets.udp("192.0.2.1", 5, destination, 55, text)))

    send("10.96.0.6", b"service")
    send("10.1.0.80", b"direct")
    equal(sock.recv(100), b"direct")
    client = world.client.udp()
    client.sendto(b"inside", (at("10.96.0.6"), 55))
    equal(sock.recv(100), b"inside")
    world.n1.braid.batch("service del in\n")
    for each in sock, client, wire:
        each.close()


@test("policy applies to the backend, not to the service's address")
def policy(world, servers):
    world.n1.braid.batch(
        f"rule add in subject {WEB} direction ingress peer identity {CLIENT} protocol udp "
        "port 53 action allow\n"
        f"rule add out subject {CLIENT} direction egress peer identity {WEB} protocol udp "
        "port 53 action allow\n")
    for _ in range(6):
        ask_udp(world.client, VIP, 80)
    backend(world, "del", "udp", "web2", 53)
    with drops(world.n1, {("policy-denied", "ingress"): 1}) as seen:
        tell(world.intruder, VIP, 80)
    equal_event(seen.events[0], source_identity=INTRUDER, destination="10.1.0.80",
                destination_port=53)
    backend(world, "add", "udp", "web2", 53)
    world.n1.braid.batch("rule flush\n")


@contextlib.contextmanager
def fixture():
    with World(SERVICES) as world:
        servers = Servers()
        for workload in world.web1, world.web2:
            servers.tcp(workload, 8080)
            servers.udp(workload, 53)
        yield world, servers


run(__file__, fixture)
