#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# lab: kernel=stock,um,debug nodes=1 timeout=600 needs=spec long_kernels=debug
"""The kernel's own generic client, ynl, drives every operation of the unchanged
specification and receives every attribute that the specification has in a reply."""

import contextlib
import os
import socket
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")

from generic import Client, NlError, under_to_dash
from ktap import equal, run, test, true
from traffic import Servers, connect, tell, wait_until
from world import CLIENT, VIP, WEB, World


def cidr(text):
    where, length = text.split("/")
    return {"address": where, "length": int(length)}


IDENTITY = {"id": 900, "label": ["app=ynl", "tier=test"]}
NODE = {"name": "ynl", "underlay": ["172.16.0.9"], "cidr": [cidr("10.9.0.0/24")],
        "mac": "02:00:00:00:00:09", "address": ["10.9.0.254"]}
PREFIX = {"cidr": cidr("10.9.0.1/32"), "identity": 900, "node": "ynl"}
RULES = [
    {"name": "ynl-identity", "subject": 900, "direction": "ingress",
     "peer-identity": [900, CLIENT], "protocol": 6, "port-min": 80, "port-max": 90,
     "action": "allow", "priority": 2000},
    {"name": "ynl-any", "subject": 900, "direction": "egress", "peer-any": True,
     "protocol": 1, "type": 8, "action": "deny"},
    {"name": "ynl-cidr", "subject": 900, "direction": "egress",
     "peer-cidr": [cidr("10.0.0.0/8")], "protocol": 0, "action": "allow"},
]
SERVICE = {"name": "ynl", "address": VIP, "port": 81, "protocol": 6,
           "scope": "cluster", "algorithm": "random"}
BACKEND = {"service": "ynl", "address": "10.1.0.80", "port": 8080}


def listed(client, kind, **words):
    """The only object of a kind with these words."""
    found = [reply[kind] for reply in client.dump("get", object=kind)
             if all(reply[kind].get(word) == value
                    for word, value in under_to_dash(words).items())]
    equal(len(found), 1, f"{kind} with {words}")
    return found[0]


def holds(got, wanted):
    """Checks that all wanted words are in the answer."""
    equal({word: got.get(word) for word in wanted}, wanted)


@test("status shows the version, and a change increments the generation")
def status(world, client):
    before = client.do("status")
    client.do("add", identity=IDENTITY)
    after = client.do("status")
    equal(after["version"], before["version"])
    equal(after["generation"], before["generation"] + 1)


@test("an added object is listed as it was given")
def added(world, client):
    holds(listed(client, "identity", id=900), IDENTITY)
    for kind, said in ("node", NODE), ("prefix", PREFIX), ("service", SERVICE), (
            "backend", BACKEND), *(("rule", rule) for rule in RULES):
        client.do("add", **{kind: said})
    holds(listed(client, "node", name="ynl"), NODE)
    holds(listed(client, "prefix", identity=900), PREFIX)
    holds(listed(client, "service", name="ynl"), SERVICE)
    holds(listed(client, "backend", service="ynl"), BACKEND)
    for rule in RULES:
        holds(listed(client, "rule", name=rule["name"]), rule)


@test("devices are listed with their indices")
def devices(world, client):
    client.do("add", uplink={"device": "u1"})
    with world.n1:
        indices = dict((name, index) for index, name in socket.if_nameindex())
    equal(listed(client, "uplink", device="u1")["ifindex"], indices["u1"])
    holds(listed(client, "endpoint", device="v-client"),
          {"ifindex": indices["v-client"], "identity": CLIENT,
           "address": ["10.1.0.10"]})
    holds(listed(client, "overlay", name="braid0"),
          {"ifindex": indices["braid0"], "type": "vxlan", "local": "172.16.0.1",
           "port": 4789, "mtu": 1450})


@test("set changes the given attributes and keeps the rest; del removes")
def changed(world, client):
    client.do("set", rule={"name": "ynl-any", "action": "allow"})
    holds(listed(client, "rule", name="ynl-any"), {**RULES[1], "action": "allow"})
    client.do("del", rule={"name": "ynl-any"})
    equal([reply for reply in client.dump("get", object="rule")
           if reply["rule"]["name"] == "ynl-any"], [])
    client.do("add", rule=RULES[1])


@test("a transaction is committed, tried or aborted")
def transactions(world, client):
    generation = client.do("status")["generation"]
    equal(client.do("begin")["generation"], generation)
    client.do("add", identity={"id": 901})
    equal(client.do("commit", dry_run=True)["generation"], generation)
    client.do("begin")
    client.do("add", identity={"id": 901})
    client.do("abort")
    equal(client.do("status")["generation"], generation)
    client.do("begin")
    client.do("add", identity={"id": 901})
    client.do("del", identity={"id": 901})
    client.do("add", identity={"id": 902})
    equal(client.do("commit")["generation"], generation + 1)
    listed(client, "identity", id=902)


@test("a refusal has a text and points at the attribute")
def refusal(world, client):
    try:
        client.do("add", prefix={"cidr": cidr("10.9.0.1/16"), "identity": 900})
        raise AssertionError("it was taken")
    except NlError as error:
        equal(error.error, 22)
        equal(error.nl_msg.extack["msg"], "prefix has host bits set")
        equal(error.nl_msg.extack["bad-attr"], ".prefix.cidr")
    try:
        client.do("add", prefix={"identity": 900})
        raise AssertionError("it was taken")
    except NlError as error:
        equal(error.nl_msg.extack["miss-type"],
              client.ynl.attr_sets["prefix"]["cidr"].value)


@test("drops are counted, sent as events, and set to zero")
def drops(world, client):
    client.do("stats-reset")
    world.n1.braid.batch(f"rule add ynl-web subject {WEB} direction ingress peer identity {WEB} "
                         "protocol any action allow\n")
    tell(world.client, "10.1.0.80", 9)
    heard = []
    wait_until(lambda: heard.extend(client.events()) or heard)
    holds(heard[0]["event"], {
        "reason": "policy-denied", "direction": "ingress", "source-identity": CLIENT,
        "destination-identity": WEB, "source-label": ["app=client"],
        "destination-label": ["app=web", "tier=front"], "source": "10.1.0.10",
        "destination": "10.1.0.80", "protocol": 17, "destination-port": 9,
        "device": "v-client"})
    counted = client.do("stats-get")
    equal([drop for drop in counted["drop"] if drop["packets"]],
          [{"reason": "policy-denied", "direction": "ingress", "packets": 1}])
    equal(counted["lost"], 0)
    client.do("stats-reset")
    true(not any(drop["packets"] for drop in client.do("stats-get")["drop"]), "not zero")
    world.n1.braid.batch("rule del ynl-web\n")


@test("flows are listed, counted and flushed")
def flows(world, client):
    world.n1.sysctl("net.netfilter.nf_conntrack_acct", 1)
    client.do("add", rule={"name": "out", "subject": CLIENT, "direction": "egress",
                           "peer-any": True, "protocol": 0, "action": "allow"})
    client.do("flow-flush")
    sock, _ = connect(world.client, VIP, 81)
    replies = client.dump("flow-get")
    equal(len(replies), 1)
    holds(replies[0]["flow"], {
        "source": "10.1.0.10", "destination": VIP, "protocol": 6,
        "source-port": sock.getsockname()[1], "destination-port": 81,
        "source-identity": CLIENT, "destination-identity": WEB, "rule": ["out"],
        "service": "ynl", "backend": "10.1.0.80", "backend-port": 8080,
        "state": "established", "verdict": "allow"})
    equal(client.do("flow-count"), {"flows": 1})
    equal(client.do("flow-flush"), {"flows": 1})
    equal(client.do("flow-count"), {"flows": 0})
    sock.close()
    client.do("del", rule={"name": "out"})
    world.n1.sysctl("net.netfilter.nf_conntrack_acct", 0)


@test("flush removes all objects of a kind")
def flush(world, client):
    for kind in ("rule", "backend", "service", "endpoint", "prefix", "node", "overlay",
                 "uplink", "identity"):
        true(client.dump("get", object=kind), f"no {kind}")
        client.do("flush", object=kind)
        equal(client.dump("get", object=kind), [])


@test("every operation of the specification was driven")
def every_operation(world, client):
    equal(client.not_driven(), [], "not driven")


@test("every attribute that the specification has in a reply came in one")
def every_attribute(world, client):
    equal(client.never_came(), [], "never came")


@contextlib.contextmanager
def fixture():
    with World() as world:
        servers = Servers()
        servers.tcp(world.web1, 8080)
        with world.n1:
            client = Client("braid_net", "drops")
        yield world, client
        client.close()
        servers.stop()


run(__file__, fixture)
