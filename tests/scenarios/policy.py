#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# lab: kernel=stock,um,debug nodes=1 timeout=900 worlds=4-vxlan-4,6-geneve-6 test_worlds=6-geneve-6 long_kernels=debug
"""Policy between workloads, on one node and through the overlay."""

import contextlib
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")

import addresses
from addresses import at
from ktap import equal, run, test, true
from netns import reset_on_close, silent
from packets import parse_tunnel
from traffic import (Servers, ask_tcp, ask_udp, begin, connect, drops, equal_event,
                     heard_type, ping, tell, wait_until)
from world import CLIENT, INTRUDER, VIP, WEB, World

SERVICE = f"""\
service add web address {VIP} port 80 protocol tcp
backend add web address 10.1.0.80 port 8080
backend add web address 10.2.0.80 port 8080
"""
ALLOW = f"rule add web-in subject {WEB} direction ingress peer identity {CLIENT} " \
        "protocol tcp port 8080 action allow\n"
RULE = f"rule add {{}} subject {WEB} direction ingress peer {{}} protocol {{}} action {{}}\n"
# Has the workload as subject and allows none of the tested packets.
CLOSED = RULE.format("closed", "any", "icmp type 9", "allow")
CASES = 20000    # the first of the ports that test priorities


def with_rules(node, lines):
    """Replaces the rules of a node by these."""
    node.braid.batch("rule flush\n" + lines)


@test("an identity without rules is denied nothing")
def open_by_default(world, servers):
    for workload in world.client, world.intruder, world.web2:
        equal(ask_udp(workload, "10.1.0.80", 53), "web1")
    equal(ask_tcp(world.intruder, "10.2.0.80", 8080), "web2")


@test("a service answers from the local and from the remote backend")
def both_backends(world, servers):
    for node in world.n1, world.n2:
        node.braid.batch(SERVICE + ALLOW)
    answers = {ask_tcp(world.client, VIP, 80) for _ in range(24)}
    equal(answers, {"web1", "web2"})


@test("an intruder is dropped on the backend's node, with both identities")
def denied(world, servers):
    def syn(address):
        begin(world.intruder, address, 8080).close()

    said = dict(reason="policy-denied", direction="ingress", protocol=6,
                source="10.1.0.66", source_identity=INTRUDER, destination_port=8080,
                source_label=["app=intruder"], destination_identity=WEB,
                destination_label=["app=web", "tier=front"])
    with drops(world.n2, {}), \
            drops(world.n1, {("policy-denied", "ingress"): 1}) as seen:
        syn("10.1.0.80")
    equal_event(seen.events[0], destination="10.1.0.80", device="v-intruder", **said)
    with drops(world.n1, {}), \
            drops(world.n2, {("policy-denied", "ingress"): 1}) as seen:
        syn("10.2.0.80")
    equal_event(seen.events[0], destination="10.2.0.80", device="braid0", **said)


@test("through the service an intruder is dropped after translation")
def denied_service(world, servers):
    with drops(world.n1, {}), drops(world.n2, {("policy-denied", "ingress"): 1}) as seen:
        # Only the remote backend, so that the node of the drop is known.
        world.n1.braid.batch("backend del web address 10.1.0.80 port 8080\n")
        begin(world.intruder, VIP, 80).close()
    equal_event(seen.events[0], destination="10.2.0.80", destination_port=8080,
                source_identity=INTRUDER)
    world.n1.braid.batch("backend add web address 10.1.0.80 port 8080\n")


@test("the VNI on the wire is the sender's identity, both ways")
def vni(world, servers):
    wire = world.n1.packet("u1")
    equal(ask_tcp(world.client, "10.2.0.80", 8080), "web2")
    forth, back = set(), set()
    while not (forth and back):
        packet = parse_tunnel(wire.recv(65536))
        if packet is None:
            continue
        if packet.source == at("172.16.0.1"):
            forth.add((packet.vni, packet.inner.source, packet.inner.destination))
        else:
            back.add((packet.vni, packet.inner.source, packet.inner.destination))
    wire.close()
    equal(forth, {(CLIENT, at("10.1.0.10"), at("10.2.0.80"))})
    equal(back, {(WEB, at("10.2.0.80"), at("10.1.0.10"))})


@test("the outer source port is the same both ways")
def source_port(world, servers):
    wire = world.n1.packet("u1")
    ports = {at("172.16.0.1"): set(), at("172.16.0.2"): set()}
    equal(ask_tcp(world.client, "10.2.0.80", 8080), "web2")
    while not all(ports.values()):
        packet = parse_tunnel(wire.recv(65536))
        if packet:
            ports[packet.source].add(packet.sport)
    wire.close()
    one, other = ports.values()
    equal(one, other)
    equal(len(one), 1, "ports")


def revoked(world, address, node):
    """Removes the permission of a connection, and checks the effect."""
    sock, name = connect(world.client, address, 8080)
    sock.send(b"x")
    equal(sock.recv(100).decode().strip(), name)
    with drops(node, {("policy-denied", "ingress"): 1}, repeats=True) as seen:
        with_rules(node, CLOSED)
        sock.send(b"x")
        true(silent(sock, 0.1), "the connection goes on without permission")
    equal_event(seen.events[0], source_identity=CLIENT, destination_identity=WEB)
    with_rules(node, ALLOW)
    equal(ask_tcp(world.client, address, 8080), name, "after it was given back")
    reset_on_close(sock)


@test("a permission taken away stops a local connection at its next packet")
def revoke_local(world, servers):
    revoked(world, "10.1.0.80", world.n1)


@test("a permission taken away stops a remote connection at its next packet")
def revoke_remote(world, servers):
    revoked(world, "10.2.0.80", world.n2)


@test("a server cannot continue a connection that is no longer allowed")
def revoke_reply(world, servers):
    listener = world.web2.listener(8081)
    with_rules(world.n2, RULE.format("data", f"identity {CLIENT}", "tcp port 8081", "allow"))
    sock = world.client.tcp()
    sock.connect((at("10.2.0.80"), 8081))
    served, _ = listener.accept()
    served.send(b"1")
    equal(sock.recv(10), b"1")
    with drops(world.n2, {("policy-denied", "ingress"): 1}, repeats=True) as seen:
        with_rules(world.n2, CLOSED)
        served.send(b"2")
        true(silent(sock, 0.1), "data came")
    equal_event(seen.events[0], source="10.2.0.80", destination="10.1.0.10",
                source_identity=WEB, destination_identity=CLIENT)
    with_rules(world.n2, ALLOW)
    for each in sock, served, listener:
        reset_on_close(each)


@test("replies pass although no rule allows their direction")
def replies(world, servers):
    # client accepts no connections, but gets the replies to its own.
    rule = f"rule add closed subject {CLIENT} direction ingress peer identity {CLIENT} " \
           "protocol icmp type 9 action allow\n"
    for node in world.n1, world.n2:
        with_rules(node, rule)
    equal(ask_tcp(world.client, "10.1.0.80", 8080), "web1")
    equal(ask_tcp(world.client, "10.2.0.80", 8080), "web2")
    with drops(world.n1, {("policy-denied", "ingress"): 1}):
        tell(world.web1, "10.1.0.10", 9)


@test("an egress rule is applied on the sender's node")
def egress(world, servers):
    rule = f"rule add out subject {CLIENT} direction egress peer identity {WEB} " \
           "protocol tcp action allow\n"
    with_rules(world.n1, rule)
    with_rules(world.n2, "")
    equal(ask_tcp(world.client, "10.2.0.80", 8080), "web2")
    with drops(world.n2, {}), drops(world.n1, {("policy-denied", "egress"): 2}) as seen:
        tell(world.client, "10.2.0.80", 53)
        tell(world.client, "10.2.0.10", 53)
    equal_event(seen.events[0], source_identity=CLIENT, destination_identity=WEB,
                device="v-client")
    equal_event(seen.events[1], destination_identity=CLIENT, destination="10.2.0.10")


@test("an ICMP rule with a type lets that type pass and no other")
def icmp_type(world, servers):
    rule = RULE.format("echo", f"identity {CLIENT}", "icmp type 8", "allow")
    for node in world.n1, world.n2:
        with_rules(node, rule)
    for address, node in ("10.1.0.80", world.n1), ("10.2.0.80", world.n2):
        sock = ping(world.client, address)
        equal(heard_type(sock), addresses.icmp_type(0), "the type of what came back")
        sock.close()
        with drops(node, {("policy-denied", "ingress"): 1}) as seen:
            # 13: timestamp; a node information query with IPv6
            sock = ping(world.client, address, bytes(12), kind=13)
        sock.close()
        equal_event(seen.events[0], protocol=addresses.icmp_protocol(),
                    destination_port=addresses.icmp_type(13))


@test("port ranges include both ends, for tcp and udp separately")
def ranges(world, servers):
    with_rules(world.n1, RULE.format("some", f"identity {CLIENT}", "udp port 50-53", "allow")
               + RULE.format("web", f"identity {CLIENT}", "tcp port 8080-8081", "allow"))
    for port in 50, 53:
        equal(ask_udp(world.client, "10.1.0.80", port), "web1")
    equal(ask_tcp(world.client, "10.1.0.80", 8080), "web1")
    with drops(world.n1, {("policy-denied", "ingress"): 5}):
        for port in 49, 54, 8080:
            tell(world.client, "10.1.0.80", port)
        for port in 53, 8079:
            begin(world.client, "10.1.0.80", port).close()


def answers(world, port):
    """Returns true if web1 answers a datagram to this port; else it is dropped."""
    before = world.n1.braid.drops()
    sock = world.client.udp()
    sock.setblocking(False)
    sock.sendto(b"?", (at("10.1.0.80"), port))

    def ended():
        with contextlib.suppress(BlockingIOError):
            return sock.recv(100)
        return world.n1.braid.drops() != before

    true(wait_until(ended), "neither an answer nor a drop")
    return world.n1.braid.drops() == before


@test("the larger priority wins, at the same one deny beats allow, then the narrower")
def priorities(world, servers):
    one, no = f"identity {CLIENT}", f"identity {INTRUDER}"
    net = "cidr 10.1.0.0/28"    # client's
    # Rules of (peer, ports around the tested one, action), and the expected result.
    cases = (
        (True, (one, 0, "allow")),
        (False, (one, 0, "allow"), ("any", 9, "deny")),
        (True, (one, 0, "allow priority 1001"), ("any", 9, "deny")),
        (False, (one, 0, "allow"), ("any", 9, "deny priority 1001")),
        (True, ("any", 9, "allow priority 5"), (one, 0, "deny priority 4")),
        (True, ("any", 9, "allow priority 4294967295"),
         (one, 0, "deny priority 4294967294")),
        (False, (net, 0, "deny"), (one, 0, "allow")),
        (True, (net, 0, "allow"), (one, 9, "deny priority 999")),
        (True, (net, 0, "allow")),
        (False, ("cidr 10.1.0.16/28", 0, "allow")),
        (True, (f"identity {WEB},{CLIENT}", 0, "allow")),
        (False, (f"identity {WEB},{INTRUDER}", 0, "allow")),
        (False, (no, 0, "allow"), ("any", 9, "deny priority 0")),
    )
    lines = ""
    for number, (_, *rules) in enumerate(cases):
        port = CASES + 20 * number
        for nth, (peer, around, action) in enumerate(rules):
            lines += RULE.format(f"r{number}-{nth}", peer,
                                 f"udp port {port - around}-{port + around}", action)
    with_rules(world.n1, lines)
    for number, (wanted, *rules) in enumerate(cases):
        equal(answers(world, CASES + 20 * number), wanted, f"{rules}")


@test("a peer by CIDR matches the sender's address whatever its identity")
def cidr(world, servers):
    for node in world.n1, world.n2:
        with_rules(node, RULE.format("net", "cidr 10.1.0.66/32,10.2.0.0/24", "any", "allow"))
    equal(ask_udp(world.intruder, "10.2.0.80", 53), "web2")
    equal(ask_udp(world.web2, "10.1.0.80", 53), "web1")
    with drops(world.n2, {("policy-denied", "ingress"): 1}):
        tell(world.client, "10.2.0.80", 53)


@test("an endpoint always reaches itself, and its own node reaches it")
def own(world, servers):
    with_rules(world.n1, CLOSED + f"rule add out subject {WEB} direction egress peer any protocol any action deny\n")
    with drops(world.n1, {}):
        equal(ask_udp(world.n1, "10.1.0.80", 53), "web1")
    with drops(world.n1, {("policy-denied", "egress"): 1}):
        tell(world.web1, "10.1.0.10", 53)
    # This does not apply to another node.
    with drops(world.n1, {("policy-denied", "ingress"): 1}) as seen:
        tell(world.n2, "10.1.0.80", 53)
    equal_event(seen.events[0], source_identity=6)


@contextlib.contextmanager
def fixture():
    with World() as world:
        servers = Servers()
        for workload in world.web1, world.web2:
            servers.tcp(workload, 8080)
            for port in 50, 53:
                servers.udp(workload, port)
        for number in range(13):
            servers.udp(world.web1, CASES + 20 * number)
        yield world, servers


run(__file__, fixture)
