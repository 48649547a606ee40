#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# lab: kernel=stock,um,debug nodes=1 timeout=900 clock=real worlds=4-vxlan-4,6-geneve-6 test_worlds=6-geneve-6 long_kernels=debug
"""The flows that a node lists: their identities, rules and backends; and that a listing
is complete while flows begin and end."""

import contextlib
import errno
import os
import socket
import struct
import sys
import threading

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")

import addresses
import braid
import netlink as nl
from addresses import at
from ktap import equal, run, test, true
from traffic import Servers, ask_tcp, ask_udp, begin, connect, ping, tell, wait_until
from world import CLIENT, INTRUDER, VIP, WEB, World

RULES = f"""\
rule flush
rule add out subject {CLIENT} direction egress peer identity {WEB} protocol any action allow
rule add in subject {WEB} direction ingress peer identity {CLIENT} protocol any action allow
"""
DENY = f"rule add no subject {WEB} direction ingress peer identity {CLIENT} protocol tcp " \
       "action deny priority 2000\n"
SERVICE = f"""\
service add web address {VIP} port 80 protocol tcp
backend add web address 10.1.0.80 port 8080
"""
MANY = 3500
# After each the listing begins its bucket again, which is slow on the test kernels.
LEAVING = 2 * MANY if os.environ.get("KERNEL") == "stock" else 200
FIRST = 20000    # port of the first of many
HASHSIZE = "/sys/module/nf_conntrack/parameters/hashsize"
CONNECTIONS = "/proc/sys/net/netfilter/nf_conntrack_max"


def only(node, **words):
    """The only flow with these words."""
    words = {word: at(value) if isinstance(value, str) else value
             for word, value in words.items()}
    flows = node.braid.flows()
    found = [flow for flow in flows
             if all(flow.get(word) == value for word, value in words.items())]
    equal(len(found), 1, f"flows with {words} among {flows}")
    return found[0]


def equal_flow(flow, **words):
    """Checks the words of the flow; None is for a word that is absent."""
    words = {word: at(value) if isinstance(value, str) else value
             for word, value in words.items()}
    equal({word: flow.get(word) for word in words}, words, f"flow {flow}")


@test("a node without connections has no flows")
def none(world, servers):
    equal(world.n1.braid.flows(), [])
    equal(world.n1.braid.count_flows(), 0)
    equal(world.n1.braid.flush_flows(), 0)


@test("the flow of an allowed connection shows both identities and the rules")
def allowed(world, servers):
    world.n1.braid.batch(RULES)
    sock, _ = connect(world.client, "10.1.0.80", 8080)
    flow = only(world.n1, source="10.1.0.10", destination="10.1.0.80", protocol=6)
    equal_flow(flow, source_port=sock.getsockname()[1], destination_port=8080,
               source_identity=CLIENT, destination_identity=WEB, rule=["out", "in"],
               service=None, backend=None, backend_port=None, state="established",
               verdict="allow")
    sock.close()
    wait_until(lambda: only(world.n1, protocol=6)["state"] == "time_wait")
    equal(only(world.n1, protocol=6)["state"], "time_wait")


@test("packets and bytes are shown if nf_conntrack counts, and absent if not")
def counts(world, servers):
    world.n1.braid.flush_flows()
    ask_udp(world.client, "10.1.0.80", 53)
    flow = only(world.n1, protocol=17)
    true("packets" not in flow and "bytes" not in flow, f"{flow}")
    world.n1.braid.flush_flows()
    world.n1.sysctl("net.netfilter.nf_conntrack_acct", 1)
    sock = world.client.udp()
    for _ in range(3):
        ask_udp(world.client, "10.1.0.80", 53, sock=sock)
    head = 28 if addresses.now.inner == 4 else 48
    equal_flow(only(world.n1, protocol=17), packets=6,
               bytes=3 * (head + 1) + 3 * (head + len("web1 ?")))
    sock.close()
    world.n1.sysctl("net.netfilter.nf_conntrack_acct", 0)


@test("the flow of a connection that a new rule denies shows it before the next packet")
def denied(world, servers):
    world.n1.braid.batch(RULES)
    sock, _ = connect(world.client, "10.1.0.80", 8080)
    port = sock.getsockname()[1]
    equal_flow(only(world.n1, source_port=port), verdict="allow", rule=["out", "in"])
    world.n1.braid.batch(DENY)
    equal_flow(only(world.n1, source_port=port), verdict="policy-denied",
               rule=["out", "no"], source_identity=CLIENT, destination_identity=WEB,
               state="established")
    # No rule allows it, and no rule denies it: there are other rules for the subject.
    world.n1.braid.batch("rule del no\nrule del out\n"
                         f"rule add other subject {CLIENT} direction egress peer identity "
                         f"{INTRUDER} protocol any action allow\n")
    equal_flow(only(world.n1, source_port=port), verdict="policy-denied", rule=[])
    world.n1.braid.batch(RULES)
    equal_flow(only(world.n1, source_port=port), verdict="allow", rule=["out", "in"])
    sock.close()


@test("a connection that was denied from the beginning is not a flow")
def never(world, servers):
    world.n1.braid.batch(RULES)
    world.n1.braid.flush_flows()
    begin(world.intruder, "10.1.0.80", 8080).close()
    equal(world.n1.braid.flows(), [])


@test("a translated connection has its service and its backend")
def service(world, servers):
    world.n1.braid.flush_flows()
    world.n1.braid.batch(RULES + SERVICE)
    sock, _ = connect(world.client, VIP, 80)
    said = dict(source="10.1.0.10", destination=VIP, destination_port=80,
                source_identity=CLIENT, destination_identity=WEB, rule=["out", "in"],
                backend="10.1.0.80", backend_port=8080, state="established")
    equal_flow(only(world.n1, protocol=6), service="web", verdict="allow", **said)
    world.n1.braid.batch("backend del web address 10.1.0.80 port 8080\n")
    equal_flow(only(world.n1, protocol=6), service="web", verdict="backend-removed", **said)
    world.n1.braid.batch("service del web\n")
    equal_flow(only(world.n1, protocol=6), service=None, verdict="backend-removed", **said)
    sock.close()


@test("a connection from the overlay has the identity of the tunnel header")
def overlay(world, servers):
    world.n2.braid.batch(RULES)
    # Its address alone would give another identity.
    world.n2.braid.batch(f"prefix set 10.1.0.10/32 identity {INTRUDER}\n")
    sock, _ = connect(world.client, "10.2.0.80", 8080)
    for node, rules in (world.n1, ["out"]), (world.n2, ["in"]):
        equal_flow(only(node, source_port=sock.getsockname()[1]), source="10.1.0.10",
                   destination="10.2.0.80", destination_port=8080, source_identity=CLIENT,
                   destination_identity=WEB, rule=rules, verdict="allow",
                   state="established")
    world.n2.braid.batch(f"prefix set 10.1.0.10/32 identity {CLIENT}\n")
    sock.close()


@test("icmp and udp flows have the state of their packets")
def states(world, servers):
    world.n1.braid.batch(RULES)
    world.n1.braid.flush_flows()
    tell(world.client, "10.1.0.80", 9)
    true(wait_until(lambda: world.n1.braid.count_flows() == 1), "no flow of udp")
    equal_flow(only(world.n1, protocol=17), destination_port=9, state="new")
    ask_udp(world.client, "10.1.0.80", 53)
    equal_flow(only(world.n1, protocol=17, destination_port=53), state="replied")
    sock = ping(world.client, "10.1.0.80")
    sock.recv(100)
    sock.close()
    equal_flow(only(world.n1, protocol=addresses.icmp_protocol()), source_port=1,
               destination_port=addresses.icmp_type(8), source_identity=CLIENT,
               destination_identity=WEB, rule=["out", "in"], state="replied",
               verdict="allow")


def passive(world):
    """A control connection of FTP that announces port 2000 of web1: both ends."""
    listener = world.web1.listener(21)
    control = world.client.tcp()
    control.connect((at("10.1.0.80"), 21))
    served, _ = listener.accept()
    listener.close()
    for line in b"220 hello\r\n", b"229 Entering Extended Passive Mode (|||2000|)\r\n":
        served.send(line)
        control.recv(100)
    return control, served


# The test kernel has no helper for it.
if os.environ.get("KERNEL") == "stock":
    @test("a related connection has the verdict and the rules of its master")
    def related(world, servers):
        world.n1.run("modprobe", "nf_conntrack_ftp")
        world.n1.run("nft", "-f", "-", stdin="""table inet helped {
            ct helper ftp { type "ftp" protocol tcp; }
            chain pre {
                type filter hook prerouting priority 0
                tcp dport 21 ct helper set "ftp"
            }
        }""")
        world.n1.braid.batch(RULES.replace(
            "rule add in", "rule add data").replace("protocol any action allow\n",
                                                    "protocol tcp port 21 action allow\n"))
        world.n1.braid.flush_flows()
        control, served = passive(world)
        listener = world.web1.listener(2000)
        data = world.client.tcp()
        data.connect((at("10.1.0.80"), 2000))
        said = dict(source_identity=CLIENT, destination_identity=WEB, rule=["out", "data"],
                    state="established")
        equal_flow(only(world.n1, destination_port=21), verdict="allow", **said)
        equal_flow(only(world.n1, destination_port=2000), verdict="allow", **said)
        # It is counted and flushed with the others.
        equal(world.n1.braid.count_flows(), 2)
        world.n1.braid.batch(DENY)
        said["rule"] = ["out", "no"]
        equal_flow(only(world.n1, destination_port=2000), verdict="policy-denied", **said)
        world.n1.braid.batch("rule del no\n")
        equal(world.n1.braid.flush_flows(), 2)
        for sock in control, served, listener, data:
            sock.close()
        world.n1.run("nft", "delete", "table", "inet", "helped")


@test("the count matches the listing; after a flush it is 0 and traffic goes on")
def flush(world, servers):
    world.n1.braid.batch(RULES)
    sock, _ = connect(world.client, "10.1.0.80", 8080)
    own = world.client.udp()
    for _ in range(10):
        ask_udp(world.client, "10.1.0.80", 53)
    ask_udp(world.client, "10.1.0.80", 53, sock=own)
    count = world.n1.braid.count_flows()
    true(count >= 12, f"{count} flows")
    equal(len(world.n1.braid.flows()), count)
    equal(world.n1.braid.flush_flows(), count)
    equal(world.n1.braid.count_flows(), 0)
    equal(world.n1.braid.flows(), [])
    # Their next packets begin new flows.
    sock.send(b"again")
    equal(sock.recv(100), b"web1\n")
    ask_udp(world.client, "10.1.0.80", 53, sock=own)
    equal(world.n1.braid.count_flows(), 2)
    equal_flow(only(world.n1, protocol=6), source_identity=CLIENT, rule=["out", "in"])
    sock.close()
    own.close()


@test("a namespace lists, counts and flushes its own flows only")
def own_only(world, servers):
    ask_tcp(world.client, "10.2.0.80", 8080)
    before = world.n1.braid.count_flows(), world.n2.braid.count_flows()
    true(all(before), f"{before} flows")
    with world.web1:
        other = braid.Braid(world.web1)
    equal((other.flows(), other.count_flows(), other.flush_flows()), ([], 0, 0))
    other.close()
    equal((world.n1.braid.count_flows(), world.n2.braid.count_flows()), before)
    world.n1.braid.flush_flows()
    equal((world.n1.braid.count_flows(), world.n2.braid.count_flows()), (0, before[1]))


@test("a caller without privilege can neither list nor remove flows")
def privilege(world, servers):
    ask_udp(world.client, "10.1.0.80", 53)
    count = world.n1.braid.count_flows()
    library = os.path.dirname(os.path.abspath(__file__)) + "/../lib"
    said = world.n1.run("unshare", "-U", "-r", "python3", "-Bc", f"""
import sys
sys.path.insert(0, {library!r})
import braid, netlink as nl
family = braid.Family()
for command, flags in ((braid.CMD_FLOW_GET, nl.NLM_F_DUMP), (braid.CMD_FLOW_COUNT, 0),
                       (braid.CMD_FLOW_FLUSH, 0)):
    try:
        print(family.call(command, flags=flags))
    except nl.Refused as refused:
        print(refused.code)
""").stdout
    equal(said.split(), [str(errno.EPERM)] * 3)
    equal(world.n1.braid.count_flows(), count)


def messages(node, size, between=lambda: None):
    """(type, flags, body) of what answers a listing, in messages of at most size: the
    kernel makes them as large as a socket ever asked for, so this one is new. It goes
    on when a message is taken, so between() is called before that."""
    sock = node.do(nl.Socket, nl.NETLINK_GENERIC)
    sock.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    sock.send(node.braid.family.family, struct.pack("=BBH", braid.CMD_FLOW_GET, 1, 0),
              nl.NLM_F_DUMP)
    kind = None
    while kind != nl.NLMSG_DONE:
        data = sock.sock.recv(size, socket.MSG_PEEK)
        while len(data) >= 16:
            length, kind, flags, _, _ = struct.unpack_from("=IHHII", data)
            yield kind, flags, data[16:length]
            data = data[(length + 3) & ~3:]
        between()
        sock.sock.recv(size)
    sock.close()


def listing(node, size):
    """Ports of the flows to web1's many; and whether the listing was interrupted."""
    ports, interrupted = [], False
    for kind, flags, body in messages(node, size):
        interrupted |= bool(flags & nl.NLM_F_DUMP_INTR)
        if kind != nl.NLMSG_DONE:
            flow = braid.flow(dict(nl.attrs(body[4:]))[braid.A_FLOW])
            if flow["protocol"] == 17 and flow["destination_port"] >= FIRST:
                ports.append(flow["destination_port"])
    return ports, interrupted


class Churn:
    """Begins flows, which end after a second."""

    def __init__(self, world):
        self.world = world
        world.n1.sysctl("net.netfilter.nf_conntrack_icmp_timeout", 1)
        world.n1.sysctl("net.netfilter.nf_conntrack_icmpv6_timeout", 1)

    def __enter__(self):
        self.count = 0
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self._send)
        self.thread.start()
        return self

    def _send(self):
        from packets import icmp
        sock = self.world.client.icmp()
        while not self.stop.wait(0.002):
            self.count += 1
            sock.sendto(icmp(addresses.icmp_type(8), 0,
                             struct.pack("!HH", self.count & 0xffff, 1), b"churn"),
                        (at("10.1.0.80"), 0))
        sock.close()

    def __exit__(self, *error):
        self.stop.set()
        self.thread.join()

    def underway(self):
        """Waits until some flows have begun and some have ended."""
        true(wait_until(lambda: self.count > 300), f"only {self.count} flows came and went")


@contextlib.contextmanager
def setting(path, value):
    """Sets a parameter of the kernel during the block."""
    with open(path, encoding="utf-8") as file:
        before = file.read()
    with open(path, "w", encoding="utf-8") as file:
        file.write(str(value))
    try:
        yield
    finally:
        with open(path, "w", encoding="utf-8") as file:
            file.write(before)


def hashsize(buckets):
    """Sets the number of buckets of nf_conntrack's table during the block."""
    return setting(HASHSIZE, buckets)


def equal_ports(got, wanted, what):
    """Compares two sets and prints the difference only."""
    missing, more = sorted(set(wanted) - set(got)), sorted(set(got) - set(wanted))
    true(got == wanted, f"{what}: {len(missing)} missing {missing[:5]}, "
                        f"{len(more)} too many {more[:5]}, "
                        f"{len(got) - len(set(got))} twice")


@test(f"{MANY} flows are listed while others come and go")
def many(world, servers):
    node = world.n1
    node.braid.batch(RULES)
    node.sysctl("net.netfilter.nf_conntrack_udp_timeout", 600)
    node.braid.flush_flows()
    sock = world.client.udp()
    for number in range(MANY):
        sock.sendto(b"?", (at("10.1.0.80"), FIRST + number))
    wanted = list(range(FIRST, FIRST + MANY))
    equal_ports(sorted(listing(node, 1 << 16)[0]), wanted, "without churn")
    with Churn(world) as churn:
        churn.underway()
        for size in 1 << 16, 4096:
            ports, interrupted = listing(node, size)
            equal(interrupted, False, "interrupted")
            equal_ports(sorted(ports), wanted, f"in messages of {size}")
        # Buckets that exceed a small message: each flow is listed, perhaps twice.
        with hashsize(512):
            equal_ports(sorted(set(listing(node, 4096)[0])), wanted, "in long buckets")
    # Without new or removed connections in the bucket none is listed twice.
    with hashsize(512):
        equal_ports(sorted(listing(node, 4096)[0]), wanted, "in long buckets without churn")
    true(node.braid.count_flows() >= MANY, "the count")
    sock.close()


@test("a listing during which the table is resized is marked as interrupted")
def resized(world, servers):
    with contextlib.ExitStack() as until_the_end:
        sizes = iter((1024,))

        def resize():
            for size in sizes:
                until_the_end.enter_context(hashsize(size))

        interrupted = [bool(flags & nl.NLM_F_DUMP_INTR)
                       for _, flags, _ in messages(world.n1, 4096, resize)]
    true(not interrupted[0] and any(interrupted), "the listing claims to be whole")


def forget(sock, flow):
    """Deletes a connection as `conntrack -D` does, without a process."""
    at_source, at_destination = (1, 2) if addresses.now.inner == 4 else (3, 4)
    family = addresses.family()
    sock.ask(1 << 8 | 2, struct.pack("=BBH", family, 0, 0) + nl.nest(    # IPCTNL_MSG_CT_DELETE
        1, nl.nest(1, nl.attr(at_source, socket.inet_pton(family, flow["source"])),
                   nl.attr(at_destination, socket.inet_pton(family, flow["destination"]))),
        nl.nest(2, nl.u8(1, flow["protocol"]),
                nl.attr(2, struct.pack("!H", flow["source_port"])),
                nl.attr(3, struct.pack("!H", flow["destination_port"])))))


@test("a listing goes on when the flow where it stopped is removed")
def last_one_leaves(world, servers):
    long, other = 63 * "x", 63 * "y"
    # Long names make messages of few flows, and there are buckets of more.
    world.n1.braid.batch(RULES.replace("add out", f"add {long}").replace("add in",
                                                                         f"add {other}"))
    sender = world.client.udp()
    for number in range(MANY, 2 * MANY):
        sender.sendto(b"?", (at("10.1.0.80"), FIRST + number))
    sender.close()
    sock = world.n1.do(nl.Socket, 12)    # NETLINK_NETFILTER
    ports, last, gone = set(), [], []

    def leave():
        if last and len(gone) < LEAVING:
            gone.append(last.pop())
            forget(sock, gone[-1])

    with hashsize(512):
        for kind, _, body in messages(world.n1, 4096, leave):
            if kind != nl.NLMSG_DONE:
                flow = braid.flow(dict(nl.attrs(body[4:]))[braid.A_FLOW])
                ports.add(flow["destination_port"])
                # Other flows have no ports, and may be left from an earlier test.
                last[:] = [flow] if flow["protocol"] == 17 else []
    missing = set(range(FIRST, FIRST + 2 * MANY)) - ports
    true(not missing, f"{len(missing)} were not listed")
    true(len(gone) > 100, f"only {len(gone)} left")
    true(world.n1.braid.count_flows() < 2 * MANY - len(gone) // 2, "most are still there")
    sock.close()


@test("thousands of flows are flushed while others begin and end")
def flush_many(world, servers):
    with Churn(world) as churn:
        churn.underway()
        true(world.n1.braid.flush_flows() > MANY / 2, "some were left")
    equal([flow for flow in world.n1.braid.flows() if flow["protocol"] == 17], [])


@test("flows are listed while their namespace is removed")
def taken_down(world, servers):
    stop = threading.Event()
    family = world.n2.do(braid.Family)

    def read():
        while not stop.is_set():
            family.call(braid.CMD_FLOW_GET, flags=nl.NLM_F_DUMP)
            family.call(braid.CMD_FLOW_COUNT)

    for number in range(500):
        tell(world.client, "10.2.0.80", FIRST + number)
    reader = threading.Thread(target=read)
    reader.start()
    # Removing the last object unregisters the hooks and clears all stamps.
    world.n2.braid.batch("".join(f"{kind} flush\n" for kind in (
        "rule", "endpoint", "prefix", "node", "overlay", "identity")))
    stop.set()
    reader.join()
    equal(world.n2.braid.flows(), [])
    family.close()


@contextlib.contextmanager
def fixture():
    with World() as world, setting(CONNECTIONS, 1 << 16):
        servers = Servers()
        for workload in world.web1, world.web2:
            servers.tcp(workload, 8080)
            servers.udp(workload, 53)
        yield world, servers


run(__file__, fixture)
