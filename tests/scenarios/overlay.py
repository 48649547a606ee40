#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# lab: kernel=stock,um,debug nodes=1 timeout=900 long_kernels=debug
"""Traffic through the tunnel: to a stock vxlan device, in fragments, in bulk."""

import contextlib
import hashlib
import os
import socket
import sys
import threading

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")

import links
from ktap import equal, run, test, true
from netns import Netns
from packets import parse_tunnel
from traffic import Servers, ask_tcp, ask_udp, drops, equal_event, wait_until
from world import CLIENT, INTRUDER, WEB, World

STOCK = "10.3.0.1"
BIG = 4000
IP_MTU_DISCOVER, IP_PMTUDISC_DO, IP_MTU = 10, 2, 14


class Stock(Netns):
    """A node without braid: a vxlan device that takes the VNI from a tc action."""

    def __init__(self, world):
        super().__init__("stock")
        with world.n1:
            links.veth("u3", "u1", self)
            links.address("u3", "172.16.1.1/24")
        with self:
            links.up("lo")
            links.address("u1", "172.16.1.3/24")
            links.route("172.16.0.0/24", "u1", "172.16.1.1")
        self.run("ip", "-batch", "-", stdin=f"""\
link add vx type vxlan external dstport 4789
link set vx arp off mtu 1450 up
addr add {STOCK}/32 dev vx
route add 10.1.0.0/24 dev vx
""")
        self.run("tc", "qdisc", "add", "dev", "vx", "clsact")
        self.says(WEB)
        mac = ":".join(f"{byte:02x}" for byte in self.do(links.mac, "vx"))
        world.n1.braid.batch(f"node add stock underlay 172.16.1.3 cidr 10.3.0.0/24 mac {mac}\n"
                             "uplink add u1\nuplink add u3\n")
        with world.n1:
            links.route("10.3.0.0/24", "braid0")

    def says(self, identity):
        self.run("tc", "filter", "del", "dev", "vx", "egress")
        self.run("tc", "filter", "add", "dev", "vx", "egress", "matchall", "action",
                 "tunnel_key", "set", "src_ip", "172.16.1.3", "dst_ip", "172.16.0.1",
                 "id", str(identity), "nocsum")


@test("a stock vxlan device can be a node: it asks and answers")
def stock(world, servers, other):
    equal(ask_udp(world.client, STOCK, 53), "stock")
    equal(ask_tcp(world.client, STOCK, 8080), "stock")
    other.says(CLIENT)
    equal(ask_udp(other, "10.1.0.80", 53), "web1")
    equal(ask_tcp(other, "10.1.0.80", 8080), "web1")


@test("the identity that a stock device sends is subject to policy")
def stock_judged(world, servers, other):
    world.n1.braid.batch(f"rule add in subject {WEB} direction ingress peer identity {CLIENT} "
                         "protocol udp action allow\n")
    other.says(CLIENT)
    equal(ask_udp(other, "10.1.0.80", 53), "web1")
    for identity, reason in ((INTRUDER, "policy-denied"), (1, "unknown-identity"),
                             (9999, "unknown-identity")):
        other.says(identity)
        with drops(world.n1, {(reason, "ingress"): 1}) as seen:
            other.udp().sendto(b"?", ("10.1.0.80", 53))
        equal_event(seen.events[0], source_identity=identity, destination_identity=WEB)
    world.n1.braid.batch("rule del in\n")


@test("a stock device gets the sender's identity in the VNI")
def stock_vni(world, servers, other):
    other.says(WEB)
    for workload, identity in (world.client, CLIENT), (world.intruder, INTRUDER):
        wire = other.packet("u1")
        equal(ask_udp(workload, STOCK, 53), "stock")
        true(wait_until(lambda: (packet := parse_tunnel(wire.recv(65536)))
                        and packet.source == "172.16.0.1" and packet.vni == identity),
             "no such packet")
        wire.close()


@test("a datagram in fragments arrives whole, here and through the overlay")
def fragments(world, servers, other):
    world.n1.braid.batch(PORT_53)
    world.n2.braid.batch(PORT_53)
    for server, node in (world.web1, world.n1), (world.web2, world.n2):
        sock = server.udp(port=54)
        client = world.client.udp()
        # The whole datagram is one drop.
        with drops(node, {("policy-denied", "ingress"): 1}):
            client.sendto(os.urandom(BIG), (server.address, 54))
        sock.close()
        sock = server.udp(port=53)
        data = os.urandom(BIG)
        client.sendto(data, (server.address, 53))
        got, sender = sock.recvfrom(65536)
        equal(got, data)
        sock.sendto(data[::-1], sender)
        equal(client.recv(65536), data[::-1], "the way back")
        sock.close()
        client.close()
    for node in world.n1, world.n2:
        node.braid.batch("rule del in\n")


PORT_53 = f"rule add in subject {WEB} direction ingress peer identity {CLIENT} " \
          "protocol udp port 53 action allow\n"


@test("the link's MTU leaves room for the tunnel, and larger packets get an ICMP error")
def mtu(world, servers, other):
    equal(world.n1.do(links.mtu, "braid0"), 1450)
    # Connections to client are denied, but this answer passes.
    world.n1.braid.batch(f"rule add in subject {CLIENT} direction ingress peer identity "
                         f"{CLIENT} protocol icmp type 9 action allow\n")
    sock = world.client.udp()
    sock.setsockopt(socket.IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DO)
    sock.connect(("10.2.0.80", 53))
    equal(sock.getsockopt(socket.IPPROTO_IP, IP_MTU), 1500)
    with contextlib.suppress(OSError):
        sock.send(bytes(1472))
    true(wait_until(lambda: sock.getsockopt(socket.IPPROTO_IP, IP_MTU) == 1450),
         f"the path's MTU is {sock.getsockopt(socket.IPPROTO_IP, IP_MTU)}")
    sock.close()
    world.n1.braid.batch("rule del in\n")


@test("a long stream arrives as it was sent")
def stream(world, servers, other):
    data = os.urandom(1 << 20)
    listener = world.web2.listener(9000)
    sock = world.client.tcp()
    sock.connect(("10.2.0.80", 9000))
    served, _ = listener.accept()
    sender = threading.Thread(target=lambda: (sock.sendall(data), sock.shutdown(1)))
    sender.start()
    digest = hashlib.sha256()
    while block := served.recv(1 << 16):
        digest.update(block)
    sender.join()
    equal(digest.hexdigest(), hashlib.sha256(data).hexdigest())
    for each in sock, served, listener:
        each.close()


@contextlib.contextmanager
def fixture():
    with World() as world:
        other = Stock(world)
        servers = Servers()
        for workload in world.web1, world.web2, other:
            servers.tcp(workload, 8080)
        for workload in world.web1, other:
            servers.udp(workload, 53)
        yield world, servers, other
        servers.stop()
        other.delete()


run(__file__, fixture)
