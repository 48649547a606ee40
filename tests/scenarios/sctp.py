#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# lab: kernel=stock,um,debug nodes=1 timeout=600 worlds=4-vxlan-4,6-geneve-6 test_worlds=6-geneve-6 long_kernels=debug
"""SCTP gets policy, translation and the tunnel as TCP and UDP do."""

import contextlib
import os
import socket
import struct
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")

import packets
from addresses import at
from ktap import equal, run, test, true
from netns import silent
from traffic import Servers, drops, equal_event, wait_until
from world import CLIENT, INTRUDER, VIP, WEB, World

SCTP = socket.IPPROTO_SCTP
SERVICE = f"""\
service add web address {VIP} port 80 protocol sctp
backend add web address 10.1.0.80 port 8080
backend add web address 10.2.0.80 port 8080
service add none address 10.96.0.3 port 80 protocol sctp
"""
ALLOW = f"rule add in subject {WEB} direction ingress peer identity {CLIENT} " \
        "protocol sctp port 8080-8081 action allow\n"


def connect(workload, address, port):
    sock = workload.tcp(protocol=SCTP)
    sock.connect((at(address), port))
    return sock, sock.recv(100).decode().strip()


def ask(workload, address, port):
    sock, name = connect(workload, address, port)
    sock.close()
    return name


def begin(workload, address, port):
    """Sends one INIT, for an association that must not come."""
    sock = workload.tcp(protocol=SCTP)
    sock.setblocking(False)
    sock.connect_ex((at(address), port))
    return sock


def crc32c(data):
    crc = 0xffffffff
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82f63b78 if crc & 1 else 0)
    return crc ^ 0xffffffff


@test("associations on a node and through the overlay carry data both ways")
def plain(world, servers):
    with drops(world.n1, {}), drops(world.n2, {}):
        for address, name in ("10.1.0.80", "web1"), ("10.2.0.80", "web2"):
            sock, answered = connect(world.client, address, 8080)
            equal(answered, name)
            sock.send(b"x" * 5000)
            equal(sock.recv(100).decode().strip(), name)
            sock.close()


@test("a rule for sctp allows its ports, and tcp's does not")
def policy(world, servers):
    for address, node, name in (("10.1.0.80", world.n1, "web1"), ("10.2.0.80", world.n2, "web2")):
        node.braid.batch(ALLOW)
        equal(ask(world.client, address, 8080), name)
        for workload, port, identity in ((world.client, 8082, CLIENT),
                                         (world.intruder, 8080, INTRUDER)):
            with drops(node, {("policy-denied", "ingress"): 1}) as seen:
                begin(workload, address, port).close()
            equal_event(seen.events[0], protocol=SCTP, destination_port=port,
                        source_identity=identity, destination_identity=WEB)
        node.braid.batch("rule del in\n" + ALLOW.replace("sctp", "tcp"))
        with drops(node, {("policy-denied", "ingress"): 1}):
            begin(world.client, address, 8080).close()
        node.braid.batch("rule del in\n")


@test("a permission taken away stops an association at its next packet")
def revoked(world, servers):
    sock, _ = connect(world.client, "10.2.0.80", 8080)
    with drops(world.n2, {("policy-denied", "ingress"): 1}, repeats=True) as seen:
        world.n2.braid.batch(ALLOW.replace("8080-8081", "9"))
        sock.send(b"x")
        true(silent(sock, 0.1), "the association goes on")
    equal_event(seen.events[0], protocol=SCTP, source_identity=CLIENT)
    world.n2.braid.batch("rule del in\n")
    # The data was kept, and the association goes on.
    equal(sock.recv(100), b"web2\n")
    sock.close()


@test("a service answers from the local and from the remote backend")
def service(world, servers):
    equal({ask(world.client, VIP, 80) for _ in range(24)}, {"web1", "web2"})
    with drops(world.n1, {("no-backend", "egress"): 1}):
        begin(world.client, "10.96.0.3", 80).close()


@test("an association does not reach a removed backend any more")
def backend_left(world, servers):
    sock, name = connect(world.client, VIP, 80)
    address = {"web1": "10.1.0.80", "web2": "10.2.0.80"}[name]
    world.n1.braid.batch(f"backend del web address {address} port 8080\n")
    sock.settimeout(0.5)
    try:
        sock.send(b"x")
        got = sock.recv(100)
    except OSError:    # no answer, or an end of it
        got = b""
    equal(got, b"", "the answer")
    equal({ask(world.client, VIP, 80) for _ in range(6)}, {"web1", "web2"} - {name})
    world.n1.braid.batch(f"backend add web address {address} port 8080\n")
    sock.close()


@test("after translation the checksum is right, both ways")
def checksum(world, servers):
    """Over the port, which the service changes. The kernel does not look: the
    senders' devices are made to finish it, and here it is looked at."""
    for workload in world.client, world.web2:
        workload.run("ethtool", "-K", "eth0", "tx", "off")
    world.n1.braid.batch("backend del web address 10.1.0.80 port 8080\n")
    arrived = {workload: workload.packet("eth0") for workload in (world.client, world.web2)}
    sock, name = connect(world.client, VIP, 80)
    equal(name, "web2")
    sock.close()
    ways = set()

    def looked():
        for wire in arrived.values():
            wire.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                while True:
                    frame = wire.recv(65536)
                    if frame[12:14] not in (b"\x08\0", b"\x86\xdd"):
                        continue
                    packet = packets.parse_ip(frame[14:])
                    if packet.protocol != SCTP:
                        continue
                    data = packet.payload
                    equal(struct.unpack_from("<I", data, 8)[0],
                          crc32c(data[:8] + bytes(4) + data[12:]),
                          f"CRC from {packet.source} to {packet.destination}")
                    ways.add((packet.source, packet.destination))
        return len(ways) >= 4

    # As the client and as the backend see it.
    wanted = {(at(one), at(other)) for here, there in (("10.1.0.10", VIP), (
        "10.1.0.10", "10.2.0.80")) for one, other in ((here, there), (there, here))}
    true(wait_until(looked), f"only {ways}")
    equal(ways, wanted)
    for wire in arrived.values():
        wire.close()
    world.n1.braid.batch("backend add web address 10.1.0.80 port 8080\n")


@contextlib.contextmanager
def fixture():
    subprocess.run(["modprobe", "sctp"], check=False)
    with World(SERVICE) as world:
        servers = Servers()
        for workload in world.web1, world.web2:
            servers.tcp(workload, 8080, protocol=SCTP)
        yield world, servers
        servers.stop()


run(__file__, fixture)
