#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# lab: kernel=stock,um,debug nodes=1 timeout=900 worlds=4-vxlan-4,4-vxlan-6,4-geneve-4,4-geneve-6,6-vxlan-4,6-vxlan-6,6-geneve-4,6-geneve-6 test_worlds=6-geneve-6 long_worlds=4-vxlan-6,4-geneve-4,6-vxlan-4,6-geneve-6 long_kernels=debug
"""Large packets pass the tunnel whole, are divided for a device that needs it, are
merged by the receiver, and never across identities."""

import contextlib
import os
import socket
import struct
import sys
import threading

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")

import addresses
import far
import packets
from addresses import at
from far import Far, header
from ktap import equal, run, test, true
from netns import SHORT
from traffic import drops
from world import CLIENT, WEB, World

WEB1, WEB2, FAR = "10.1.0.80", "10.2.0.80", "10.3.0.1"
ETHTOOL_STSO, ETHTOOL_SGSO, ETHTOOL_SGRO = 0x1f, 0x24, 0x2c
SOL_UDP, UDP_SEGMENT = 17, 103
SO_RCVBUFFORCE = 33
MAC = b"\2\0\0\0\0\7"
MTU = 1500


def switch(device, on, *requests):
    for request in requests:
        far.ethtool(device, struct.pack("=II", request, on))


def sizes(sock):
    """Lengths of the IP packets on a device, without pure acknowledgements."""
    sock.settimeout(SHORT)
    found = []
    with contextlib.suppress(TimeoutError):
        while True:
            found.append(len(sock.recv(1 << 17)) - 14)
    return [size for size in found if size > 200]


def stream(world, megabytes=2):
    """Sends from client to web2; the sizes on the wire between the nodes and at
    the receiver."""
    data = os.urandom(1 << 20) * megabytes
    listener = world.web2.listener(9000)
    sock = world.client.tcp()
    sock.connect((at(WEB2), 9000))
    served, _ = listener.accept()
    wire, inside = world.n2.packet("u2"), world.web2.packet("eth0")
    for each in wire, inside:
        each.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 1 << 25)
    sender = threading.Thread(target=sock.sendall, args=(data,))
    sender.start()
    received = bytearray()
    while len(received) < len(data):
        received += served.recv(1 << 18)
    sender.join()
    equal(received == data, True, "the stream arrived as it was sent")
    found = sizes(wire), sizes(inside)
    for each in sock, served, listener, wire, inside:
        each.close()
    return found


def mean(found):
    return sum(found) // max(len(found), 1)


def describe(found):
    return f"{len(found)} packets, mean {mean(found)}, most {max(found, default=0)}"


@test("large packets stay whole from workload to workload")
def whole(world, wire):
    outside, inside = stream(world)
    print(f"# wire: {describe(outside)}; receiver: {describe(inside)}")
    for found in outside, inside:
        true(2 * mean(found) > 3 * MTU, describe(found))


@test("large packets are divided for a device that needs it and merged by the receiver")
def cut_and_merged(world, wire):
    world.n1.do(switch, "u1", 0, ETHTOOL_STSO, ETHTOOL_SGSO)
    world.n2.do(switch, "u2", 1, ETHTOOL_SGRO)
    # A packet socket sees what the driver has, before or after it is merged.
    outside, inside = stream(world)
    print(f"# wire: {describe(outside)}; receiver: {describe(inside)}")
    # On a slow machine TCP sends two by two, and no more are there to be merged.
    true(2 * mean(inside) > 3 * MTU, f"receiver: {describe(inside)}")
    world.n2.do(switch, "u2", 0, ETHTOOL_SGRO)
    outside, inside = stream(world, 1)
    print(f"# not merged: wire: {describe(outside)}; receiver: {describe(inside)}")
    true(max(outside) <= MTU, f"wire: {describe(outside)}")
    world.n1.do(switch, "u1", 1, ETHTOOL_STSO, ETHTOOL_SGSO)


@test("datagrams that were sent by one call arrive as they were sent")
def datagrams(world, wire):
    for server, where in (world.web2, WEB2), (world.web1, WEB1):
        receiver = server.udp(port=54)
        sock = world.client.udp()
        size = 1000
        data = [bytes([number]) * size for number in range(30)]
        sock.sendmsg([b"".join(data)], [(SOL_UDP, UDP_SEGMENT, struct.pack("=H", size))], 0,
                     (at(where), 54))
        equal([receiver.recv(2000) for _ in data], data)
        sock.close()
        receiver.close()


def checked(packet):
    """The inner packet of a workload; checks its checksum."""
    inner = packets.parse_ip(packet)
    addressed = packet[12:20] if packet[0] >> 4 == 4 else packet[8:40]
    pseudo = addressed + struct.pack("!II", len(inner.payload), inner.protocol)
    equal(packets.checksum(pseudo + inner.payload), 0, "the inner checksum")
    if packet[0] >> 4 == 4:
        equal(packets.checksum(packet[:20]), 0, "the inner IP header's checksum")
        equal(struct.unpack_from("!H", packet, 2)[0], len(packet))
    return inner


@test("packets that leave a device without offloads have correct lengths and checksums")
def by_hand(world, wire):
    world.n1.do(switch, "u3", 0, ETHTOOL_STSO, ETHTOOL_SGSO)
    world.n1.do(far.sums_itself, "u3")
    size = 700
    data = [bytes([number]) * size for number in range(20)]
    sock = world.web1.udp(port=55)
    sock.sendmsg([b"".join(data)], [(SOL_UDP, UDP_SEGMENT, struct.pack("=H", size))], 0,
                 (at(FAR), 56))
    head = len(far.answered_header(WEB))
    for wanted in data:
        payload = wire.answer()
        equal(payload[:head], far.answered_header(WEB))
        equal(checked(payload[head + 14:]).payload[8:], wanted)
    sock.close()


def segment(port, seq, payload, tunnel):
    """A segment of a connection with its tunnel headers."""
    head = struct.pack("!HHIIBBHHH", port, 9001, seq, 1, 0x50, 0x10, 1000, 0, 0)
    packet = packets.ip(FAR, WEB1, socket.IPPROTO_TCP, packets._with_checksum(
        FAR, WEB1, socket.IPPROTO_TCP, 16, head + payload))
    return tunnel, packets.ethernet(MAC, MAC, far.unbroken(packet))


def sent_together(world, wire, segments, checksum):
    """Sizes of the payloads that leave the tunnel."""
    out = world.n1.packet("braid0")
    for head, frame in segments:
        wire.send(header(head) if isinstance(head, int) else head, frame, checksum)
    overhead = 40 if addresses.now.inner == 4 else 60
    wanted, found = sum(len(frame) - 14 - overhead for _, frame in segments), []
    while sum(found) < wanted:
        packet = out.recv(1 << 17)[14:]
        inner = packets.parse_ip(packet)
        if inner.protocol == socket.IPPROTO_TCP and inner.source == at(FAR):
            found.append(len(packet) - overhead)
    out.close()
    return found


@test("only packets with equal tunnel headers are merged")
def same_identity(world, wire):
    # veth merges packets only if it could not have got them whole.
    wire.ns.do(switch, "u1", 0, ETHTOOL_STSO)
    world.n1.do(switch, "u3", 1, ETHTOOL_SGRO)
    # The device waits half a second for packets to merge.
    world.n1.run("ip", "netns", "exec", "n1", "sh", "-ec",
                 "echo 500000000 >/sys/class/net/u3/gro_flush_timeout; "
                 "echo 1 >/sys/class/net/u3/napi_defer_hard_irqs")
    part = bytes(1000)
    dsr = struct.pack("!II", 0x03006558, CLIENT << 8) + bytes.fromhex("014b0102") + bytes(8)
    port = 4000
    for checksum in True, False:
        def come_out(heads):
            nonlocal port
            port += 1
            return sent_together(world, wire, [
                segment(port, 1 + number * len(part), part, head)
                for number, head in enumerate(heads)], checksum)
        merged = come_out([CLIENT] * 6)
        true(max(merged) >= 3 * len(part), f"same identity: {merged}")
        equal(come_out([CLIENT, WEB] * 3), [len(part)] * 6, "two identities by turns")
        if addresses.now.encap == "geneve":
            merged = come_out([dsr] * 6)
            true(max(merged) >= 3 * len(part), f"same options: {merged}")


@test("packets that are dropped are not merged before")
def refused_alone(world, wire):
    bad = struct.pack("!II", 0x00000000, CLIENT << 8) if addresses.now.encap == "vxlan" else \
        struct.pack("!II", 0x40006558, CLIENT << 8)
    reason = "malformed" if addresses.now.encap == "vxlan" else "unsupported-protocol"
    with drops(world.n1, {(reason, "ingress"): 6}):
        for number in range(6):
            wire.send(bad, segment(4000, 1 + 1000 * number, bytes(1000), bad)[1])
    # Truncated in the tunnel header and behind it.
    whole = header(CLIENT) + segment(4000, 1, b"", b"")[1]
    lengths = 1, 7, 8, 8 + 13
    with drops(world.n1, {("malformed", "ingress"): len(lengths)}):
        for length in lengths:
            wire.send(whole[:length], b"")


@contextlib.contextmanager
def fixture():
    with World() as world:
        other = far.namespace(world.n1)
        world.n1.braid.batch(f"node add far underlay {far.HERE} cidr 10.3.0.0/24\n"
                             "uplink add u1\nuplink add u3\n")
        world.n1.reach("10.3.0.0/24")
        wire = Far(world.n1, other, "172.16.0.1")
        yield world, wire
        wire.close()
        other.delete()


run(__file__, fixture)
