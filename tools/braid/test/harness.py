# SPDX-License-Identifier: GPL-2.0-only
"""Runs of the tool against a fake kernel, and the objects of that kernel."""

import sys

import fake_kernel as fake
from fake_kernel import (ack, attr, attrs, cidr, done, ip, nest, reply, u8, u16,
                         u32, u64)

TOOL = sys.argv[1]
N = fake.Names(sys.argv[2])
V = fake.Names(sys.argv[4])    # of volumes
OBJECTS = ["identity", "endpoint", "uplink", "node", "prefix", "rule",
           "service", "backend", "overlay"]


def run(*words, **more):
    """A run; a complaint of a sanitizer fails the test."""
    result = fake.Run(TOOL, words, **more)
    for complaint in ("Sanitizer", "runtime error:"):
        assert complaint not in result.err, result.err
    assert result.status in (0, 1, 2), (result.status, result.err)
    return result


def equal(got, wanted):
    assert got == wanted, f"\n     got {got!r}\n  wanted {wanted!r}"


ALL = [
    ("identity", ["300", "label", "app=web,tier=front"],
     lambda: [u32(N.A_IDENTITY_ID, 300),
              attr(N.A_IDENTITY_LABEL, "app=web"),
              attr(N.A_IDENTITY_LABEL, "tier=front")]),
    ("identity", ["4294967295"],
     lambda: [u32(N.A_IDENTITY_ID, 0xffffffff)]),
    ("uplink", ["eth0"],
     lambda: [attr(N.A_UPLINK_DEVICE, "eth0")]),
    ("overlay", ["braid0", "type", "vxlan", "local", "192.168.77.1", "port",
                 "4789", "mtu", "1450"],
     lambda: [attr(N.A_OVERLAY_NAME, "braid0"),
              u32(N.A_OVERLAY_TYPE, N.ENCAP_VXLAN),
              ip(N.A_OVERLAY_LOCAL, "192.168.77.1"),
              u16(N.A_OVERLAY_PORT, 4789), u32(N.A_OVERLAY_MTU, 1450)]),
    ("overlay", ["braid6", "type", "geneve", "local", "fd77::1"],
     lambda: [attr(N.A_OVERLAY_NAME, "braid6"),
              u32(N.A_OVERLAY_TYPE, N.ENCAP_GENEVE),
              ip(N.A_OVERLAY_LOCAL, "fd77::1")]),
    ("node", ["node2", "underlay", "192.168.77.2,fd77::2", "cidr",
              "10.2.0.0/16,10.3.0.1/32,fd02::/64", "address",
              "10.2.0.1,fd02::1", "mac", "02:00:00:00:aa:0f"],
     lambda: [attr(N.A_NODE_NAME, "node2"),
              ip(N.A_NODE_UNDERLAY, "192.168.77.2"),
              ip(N.A_NODE_UNDERLAY, "fd77::2"),
              cidr(N.A_NODE_CIDR, "10.2.0.0/16"),
              cidr(N.A_NODE_CIDR, "10.3.0.1/32"),
              cidr(N.A_NODE_CIDR, "fd02::/64"),
              ip(N.A_NODE_ADDRESS, "10.2.0.1"),
              ip(N.A_NODE_ADDRESS, "fd02::1"),
              attr(N.A_NODE_MAC, bytes.fromhex("02000000aa0f"))]),
    ("prefix", ["10.2.0.7/32", "identity", "300", "node", "node2"],
     lambda: [cidr(N.A_PREFIX_CIDR, "10.2.0.7/32"),
              u32(N.A_PREFIX_IDENTITY, 300),
              attr(N.A_PREFIX_NODE, "node2")]),
    ("prefix", ["10.9.0.0/16", "identity", "2"],
     lambda: [cidr(N.A_PREFIX_CIDR, "10.9.0.0/16"),
              u32(N.A_PREFIX_IDENTITY, 2)]),
    ("endpoint", ["veth-web", "identity", "300", "address",
                  "10.1.0.2,fd01::2"],
     lambda: [attr(N.A_ENDPOINT_DEVICE, "veth-web"),
              u32(N.A_ENDPOINT_IDENTITY, 300),
              ip(N.A_ENDPOINT_ADDRESS, "10.1.0.2"),
              ip(N.A_ENDPOINT_ADDRESS, "fd01::2")]),
    ("rule", ["any-in", "subject", "300", "direction", "ingress", "peer",
              "any", "protocol", "any", "action", "deny", "priority", "0"],
     lambda: [attr(N.A_RULE_NAME, "any-in"), u32(N.A_RULE_SUBJECT, 300),
              u32(N.A_RULE_DIRECTION, N.DIRECTION_INGRESS),
              attr(N.A_RULE_PEER_ANY), u8(N.A_RULE_PROTOCOL, 0),
              u32(N.A_RULE_ACTION, N.ACTION_DENY),
              u32(N.A_RULE_PRIORITY, 0)]),
    ("rule", ["out", "subject", "301", "direction", "egress", "peer",
              "cidr", "10.0.0.0/8,0.0.0.0/0", "protocol", "udp", "port",
              "53-54", "action", "allow", "priority", "1000"],
     lambda: [attr(N.A_RULE_NAME, "out"), u32(N.A_RULE_SUBJECT, 301),
              u32(N.A_RULE_DIRECTION, N.DIRECTION_EGRESS),
              cidr(N.A_RULE_PEER_CIDR, "10.0.0.0/8"),
              cidr(N.A_RULE_PEER_CIDR, "0.0.0.0/0"),
              u8(N.A_RULE_PROTOCOL, 17), u16(N.A_RULE_PORT_MIN, 53),
              u16(N.A_RULE_PORT_MAX, 54), u32(N.A_RULE_ACTION, 0),
              u32(N.A_RULE_PRIORITY, 1000)]),
    ("rule", ["ping", "subject", "300", "direction", "ingress", "peer",
              "identity", "301,302", "protocol", "icmp", "type", "8",
              "action", "allow", "priority", "4294967295"],
     lambda: [attr(N.A_RULE_NAME, "ping"), u32(N.A_RULE_SUBJECT, 300),
              u32(N.A_RULE_DIRECTION, N.DIRECTION_INGRESS),
              u32(N.A_RULE_PEER_IDENTITY, 301),
              u32(N.A_RULE_PEER_IDENTITY, 302),
              u8(N.A_RULE_PROTOCOL, 1), u8(N.A_RULE_TYPE, 8),
              u32(N.A_RULE_ACTION, N.ACTION_ALLOW),
              u32(N.A_RULE_PRIORITY, 0xffffffff)]),
    ("rule", ["web", "subject", "300", "direction", "ingress", "peer",
              "any", "protocol", "tcp", "port", "80", "action", "allow"],
     lambda: [attr(N.A_RULE_NAME, "web"), u32(N.A_RULE_SUBJECT, 300),
              u32(N.A_RULE_DIRECTION, N.DIRECTION_INGRESS),
              attr(N.A_RULE_PEER_ANY), u8(N.A_RULE_PROTOCOL, 6),
              u16(N.A_RULE_PORT_MIN, 80),
              u32(N.A_RULE_ACTION, N.ACTION_ALLOW)]),
    ("rule", ["ping6", "subject", "300", "direction", "egress", "peer",
              "cidr", "fd00::/8,::/0", "protocol", "icmpv6", "type", "128",
              "action", "allow", "priority", "7"],
     lambda: [attr(N.A_RULE_NAME, "ping6"), u32(N.A_RULE_SUBJECT, 300),
              u32(N.A_RULE_DIRECTION, N.DIRECTION_EGRESS),
              cidr(N.A_RULE_PEER_CIDR, "fd00::/8"),
              cidr(N.A_RULE_PEER_CIDR, "::/0"),
              u8(N.A_RULE_PROTOCOL, 58), u8(N.A_RULE_TYPE, 128),
              u32(N.A_RULE_ACTION, N.ACTION_ALLOW),
              u32(N.A_RULE_PRIORITY, 7)]),
    ("rule", ["tele", "subject", "300", "direction", "ingress", "peer",
              "any", "protocol", "sctp", "port", "2905", "action", "allow"],
     lambda: [attr(N.A_RULE_NAME, "tele"), u32(N.A_RULE_SUBJECT, 300),
              u32(N.A_RULE_DIRECTION, N.DIRECTION_INGRESS),
              attr(N.A_RULE_PEER_ANY), u8(N.A_RULE_PROTOCOL, 132),
              u16(N.A_RULE_PORT_MIN, 2905),
              u32(N.A_RULE_ACTION, N.ACTION_ALLOW)]),
    ("prefix", ["2001:db8::/32", "identity", "2"],
     lambda: [cidr(N.A_PREFIX_CIDR, "2001:db8::/32"),
              u32(N.A_PREFIX_IDENTITY, 2)]),
    ("service", ["tele", "address", "fd60::80", "port", "2905", "protocol",
                 "sctp"],
     lambda: [attr(N.A_SERVICE_NAME, "tele"),
              ip(N.A_SERVICE_ADDRESS, "fd60::80"),
              u16(N.A_SERVICE_PORT, 2905), u8(N.A_SERVICE_PROTOCOL, 132)]),
    ("backend", ["tele", "address", "fd02::80", "port", "2905"],
     lambda: [attr(N.A_BACKEND_SERVICE, "tele"),
              ip(N.A_BACKEND_ADDRESS, "fd02::80"),
              u16(N.A_BACKEND_PORT, 2905)]),
    ("service", ["web", "address", "10.96.0.10", "port", "80", "protocol",
                 "tcp", "scope", "cluster", "algorithm", "random"],
     lambda: [attr(N.A_SERVICE_NAME, "web"),
              ip(N.A_SERVICE_ADDRESS, "10.96.0.10"),
              u16(N.A_SERVICE_PORT, 80), u8(N.A_SERVICE_PROTOCOL, 6),
              u32(N.A_SERVICE_SCOPE, N.SCOPE_CLUSTER),
              u32(N.A_SERVICE_ALGORITHM, N.ALGORITHM_RANDOM)]),
    ("backend", ["web", "address", "10.1.0.2", "port", "8080"],
     lambda: [attr(N.A_BACKEND_SERVICE, "web"),
              ip(N.A_BACKEND_ADDRESS, "10.1.0.2"),
              u16(N.A_BACKEND_PORT, 8080)]),
]


def top(name):
    return getattr(N, "A_" + name.upper())


def store(generations=None, interrupt=0):
    """A kernel with the objects in ALL, in reverse order."""
    state = {"interrupt": interrupt, "asked": 0}

    def kernel(message):
        if message.cmd == N.CMD_STATUS:
            state["asked"] += 1
            now = generations[state["asked"] - 1] if generations else 7
            return [reply(message, attr(N.A_VERSION, "0.1.0"),
                          u64(N.A_GENERATION, now)), ack(message)]
        if message.cmd != N.CMD_GET:
            return fake.accept(message)
        kind = int.from_bytes(dict(attrs(message.body))[N.A_OBJECT], "little")
        flags = fake.F_MULTI
        if state["interrupt"]:
            state["interrupt"] -= 1
            flags |= fake.F_DUMP_INTR
        return [reply(message, nest(top(name), *wanted()), cmd=N.CMD_GET,
                      flags=flags)
                for name, _, wanted in reversed(ALL)
                if getattr(N, "OBJECT_" + name.upper()) == kind] + \
            [done(message, flags=flags)]
    return kernel


def refusing(number, *tlvs, capped=True):
    def kernel(message):
        found = [t(message) if callable(t) else t for t in tlvs]
        return [ack(message, number, *found, capped=capped)]
    return kernel
