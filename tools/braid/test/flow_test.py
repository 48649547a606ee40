# SPDX-License-Identifier: GPL-2.0-only
"""Flows: show, count, flush."""

import json
import random

import fake_kernel as fake
from fake_kernel import ack, attr, done, ip, nest, reply, u8, u16, u32, u64
from harness import N, equal, refusing, run
from hostile_test import hostile
from words_test import one

EPERM, EINVAL = 1, 22


def flow(**more):
    body = {
        "S": ip(N.A_FLOW_SOURCE, "10.1.0.10"),
        "D": ip(N.A_FLOW_DESTINATION, "10.96.0.80"),
        "PROTOCOL": u8(N.A_FLOW_PROTOCOL, 6),
        "SP": u16(N.A_FLOW_SOURCE_PORT, 41394),
        "DP": u16(N.A_FLOW_DESTINATION_PORT, 80),
        "SI": u32(N.A_FLOW_SOURCE_IDENTITY, 300),
        "DI": u32(N.A_FLOW_DESTINATION_IDENTITY, 301),
        "RULE": attr(N.A_FLOW_RULE, "out") + attr(N.A_FLOW_RULE, "in"),
        "SERVICE": attr(N.A_FLOW_SERVICE, "web"),
        "BACKEND": ip(N.A_FLOW_BACKEND, "10.2.0.80"),
        "BP": u16(N.A_FLOW_BACKEND_PORT, 8080),
        "STATE": attr(N.A_FLOW_STATE, "established"),
        "VERDICT": attr(N.A_FLOW_VERDICT, "allow"),
        "PACKETS": u64(N.A_FLOW_PACKETS, 7),
        "BYTES": u64(N.A_FLOW_BYTES, 2 ** 40),
    }
    body.update(more)
    return nest(N.A_FLOW, *body.values())


NO_SERVICE = {"SERVICE": b"", "BACKEND": b"", "BP": b""}
V6 = {"S": ip(N.A_FLOW_SOURCE, "fd01::10"),
      "D": ip(N.A_FLOW_DESTINATION, "fd60::80"),
      "BACKEND": ip(N.A_FLOW_BACKEND, "fd02::80")}
FLOWS = [
    (flow(), "tcp 10.1.0.10:41394 identity 300 -> 10.96.0.80:80 identity 301 "
     "service web backend 10.2.0.80:8080 rule out,in state established "
     "verdict allow", " packets 7 bytes 1099511627776"),
    (flow(**V6), "tcp [fd01::10]:41394 identity 300 -> [fd60::80]:80 identity "
     "301 service web backend [fd02::80]:8080 rule out,in state established "
     "verdict allow", " packets 7 bytes 1099511627776"),
    (flow(**NO_SERVICE, RULE=b"", PROTOCOL=u8(N.A_FLOW_PROTOCOL, 58),
          SP=u16(N.A_FLOW_SOURCE_PORT, 9), DP=u16(
              N.A_FLOW_DESTINATION_PORT, 128), PACKETS=b"", BYTES=b"",
          S=V6["S"], D=V6["D"], STATE=attr(N.A_FLOW_STATE, "new"),
          VERDICT=attr(N.A_FLOW_VERDICT, "policy")),
     "icmpv6 type 128 id 9 fd01::10 identity 300 -> fd60::80 identity 301 "
     "state new verdict policy", ""),
    (flow(**NO_SERVICE, PROTOCOL=u8(N.A_FLOW_PROTOCOL, 132)),
     "sctp 10.1.0.10:41394 identity 300 -> 10.96.0.80:80 identity 301 "
     "rule out,in state established verdict allow",
     " packets 7 bytes 1099511627776"),
]


def holding(flows, flags=0):
    def kernel(message):
        equal((message.cmd, message.body), (N.CMD_FLOW_GET, b""))
        return [reply(message, body, flags=fake.F_MULTI | flags)
                for body in flows] + [done(message, flags=flags)]
    return kernel


def test_flow_show_prints_a_line_for_each_flow():
    kernel = holding([body for body, _, _ in FLOWS])
    for words in (["flow"], ["flow", "show"]):
        result = run(*words, kernel=kernel)
        equal((result.status, result.err), (0, ""))
        equal(result.out.splitlines(), [text for _, text, _ in FLOWS])
    equal(run("-s", "flow", kernel=kernel).out.splitlines(),
          [text + counts for _, text, counts in FLOWS])
    equal(run("flow", kernel=holding([])).out, "")
    coloured = run("-c", "flow", kernel=kernel).out
    assert "verdict \x1b[32mallow\x1b[0m" in coloured, coloured
    assert "verdict \x1b[31mpolicy\x1b[0m" in coloured, coloured
    assert "[\x1b[34mfd01::10\x1b[0m]:41394" in coloured, coloured


def test_flow_show_prints_json():
    kernel = holding([body for body, _, _ in FLOWS])
    shown = json.loads(run("-j", "flow", "show", kernel=kernel).out)
    equal(shown[1], {
        "protocol": "tcp", "source": "fd01::10", "source_port": 41394,
        "source_identity": 300, "destination": "fd60::80",
        "destination_port": 80, "destination_identity": 301, "service": "web",
        "backend": "fd02::80", "backend_port": 8080, "rule": ["out", "in"],
        "state": "established", "verdict": "allow"})
    equal(len(shown), len(FLOWS))
    counted = json.loads(run("-p", "-s", "flow", "show", kernel=kernel).out)
    equal(counted[1], {**shown[1], "packets": 7, "bytes": 2 ** 40})
    equal(json.loads(run("-j", "flow", kernel=holding([])).out), [])


def test_flow_show_works_while_the_configuration_changes():
    result = run("flow", kernel=holding([FLOWS[0][0]], fake.F_DUMP_INTR))
    equal((result.status, result.err, len(result.sent)), (0, "", 1))
    equal(result.out.splitlines(), [FLOWS[0][1]])


def answering(cmd, flows):
    def kernel(message):
        equal((message.cmd, message.body), (cmd, b""))
        return [reply(message, u64(N.A_FLOWS, flows)), ack(message)]
    return kernel


def test_flow_count_prints_the_number_of_flows():
    kernel = answering(N.CMD_FLOW_COUNT, 2 ** 40)
    equal(run("flow", "count", kernel=kernel).out, "1099511627776\n")
    equal(run("-j", "flow", "count", kernel=kernel).out,
          '[{"flows":1099511627776}]\n')


def test_flow_flush_prints_the_number_with_statistics_only():
    kernel = answering(N.CMD_FLOW_FLUSH, 3)
    for option in ("-j", "-d"):
        one(run(option, "flow", "flush", kernel=kernel))
    equal(run("-s", "flow", "flush", kernel=kernel).out, "3\n")
    equal(run("-s", "-j", "flow", "flush", kernel=kernel).out,
          '[{"flows":3}]\n')
    result = run("flow", "flush", kernel=refusing(EPERM))
    equal((result.status, result.out), (2, ""))
    assert "CAP_NET_ADMIN" in result.err


def test_malformed_flow_replies_are_refused():
    for body in (b"", nest(N.A_FLOW, u16(N.A_FLOW_PROTOCOL, 6)),
                 nest(N.A_FLOW, attr(N.A_FLOW_SOURCE, b"abc")),
                 nest(N.A_FLOW, attr(N.A_FLOW_RULE, b"no end"))):
        for option in ("-j", "-s"):
            result = run(option, "flow", kernel=holding([FLOWS[0][0], body]))
            equal(result.status, 2)
            if option == "-j":
                equal(len(json.loads(result.out)), 1)

    def silent(message):
        return [ack(message)]
    equal(run("flow", "count", kernel=silent).status, 2)
    equal(run("flow", "flush", kernel=silent).status, 0)

    def refused(message):
        return [done(message, EINVAL, attr(fake.ERR_MSG, "no flows here"))]
    result = run("flow", kernel=refused)
    equal((result.status, result.err), (2, "braid: no flows here\n"))
    commands = [["flow"], ["-j", "-s", "flow"], ["flow", "count"],
                ["-s", "flow", "flush"]]

    def truth(message):
        if message.cmd == N.CMD_FLOW_GET:
            return holding([body for body, _, _ in FLOWS])(message)
        return answering(message.cmd, 3)(message)
    for seed in range(100):
        rng = random.Random(seed)
        run(*rng.choice(commands), kernel=hostile(truth, rng))
