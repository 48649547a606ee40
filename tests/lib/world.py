# SPDX-License-Identifier: GPL-2.0-only
"""The topology most scenarios stand on: nodes that are namespaces of one kernel,
with workloads that are namespaces too.

    client   10.1.0.10 -+                     +- web2 10.2.0.80
    intruder 10.1.0.66 -+- n1 u1 ====== u2 n2 +- peer 10.2.0.10
    web1     10.1.0.80 -+  172.16.0.1  172.16.0.2

client and peer have identity 300, web1 and web2 301, intruder 400. What these
addresses are in a world of IPv6 says addresses.py.
"""

import addresses
import links
from braid import Braid, Events
from netns import Netns

CLIENT, WEB, INTRUDER = 300, 301, 400
IDENTITIES = f"""\
identity add {CLIENT} label app=client
identity add {WEB} label app=web,tier=front
identity add {INTRUDER} label app=intruder
"""
GATEWAY = "169.254.1.1"
VIP = "10.96.0.1"


class Node(Netns):
    """A node with braid in it; its devices towards workloads are v-NAME."""

    def __init__(self, name):
        super().__init__(name, ipv6=6 in (addresses.now.inner, addresses.now.underlay))
        self.open()
        self.sysctl("net.ipv4.ip_forward", 1)
        self.sysctl("net.ipv6.conf.all.forwarding", 1)
        with self:
            links.up("lo")

    def workload(self, name, address):
        inside = Netns(name)
        inside.address = addresses.at(address)
        with self:
            links.veth(f"v-{name}", "eth0", inside)
            links.address(f"v-{name}", f"{GATEWAY}/32")
            links.route(f"{address}/32", f"v-{name}")
        with inside:
            links.up("lo")
            links.address("eth0", f"{address}/32")
            links.route(f"{GATEWAY}/32", "eth0")
            links.route("0.0.0.0/0", "eth0", GATEWAY)
        return inside

    def overlay(self, local):
        """The line of a batch that adds its overlay, or '' if the world has none."""
        if addresses.now.encap == "native":
            return ""
        return (f"overlay add braid0 type {addresses.now.encap} local {local} "
                f"port {addresses.now.port}\n")

    def reach(self, cidr, uplink=None, router=None, own=None):
        """Adds the route to another node's network: through the overlay, or with that node
        as router. The node may have an address on the overlay."""
        with self:
            if addresses.now.encap == "native":
                links.route(cidr, uplink, router)
                return
            links.up("braid0")
            if own:
                links.address("braid0", f"{own}/32")
            links.route(cidr, "braid0")

    def open(self):
        self.braid = Braid(self)
        self.events = self.do(Events)

    def close(self):
        self.braid.close()
        self.events.close()

    def reopen(self):
        """Opens new sockets after the module was loaded again."""
        self.close()
        self.open()

    def delete(self):
        self.close()
        super().delete()


class World:
    """n1 and n2 with an overlay between them, without rules."""

    def __init__(self, extra1="", extra2="", inner=None, encap=None, underlay=None,
                 hosts=False):
        """Families and encapsulation are those of the present world by default. hosts: the
        nodes have overlay addresses, 10.1.0.1 and 10.2.0.1."""
        addresses.choose(inner, encap, underlay)
        self.hosts = hosts
        self.n1, self.n2 = Node("n1"), Node("n2")
        self.connect()
        self.client = self.n1.workload("client", "10.1.0.10")
        self.intruder = self.n1.workload("intruder", "10.1.0.66")
        self.web1 = self.n1.workload("web1", "10.1.0.80")
        self.web2 = self.n2.workload("web2", "10.2.0.80")
        self.peer = self.n2.workload("peer", "10.2.0.10")
        self.extra1, self.extra2 = extra1, extra2
        self.gone = ()    # what a test has deleted
        self.configure()

    def connect(self):
        """The nodes' network."""
        with self.n1:
            links.veth("u1", "u2", self.n2)
            links.address("u1", "172.16.0.1/24")
        with self.n2:
            links.address("u2", "172.16.0.2/24")

    def configure(self):
        self.configure_n1()
        self.configure_n2()

    def configure_n1(self):
        self.n1.braid.batch(IDENTITIES + self.n1.overlay("172.16.0.1") + f"""\
node add n2 underlay 172.16.0.2 cidr 10.2.0.0/24{" address 10.2.0.1" if self.hosts else ""}
prefix add 10.2.0.80/32 identity {WEB} node n2
prefix add 10.2.0.10/32 identity {CLIENT} node n2
endpoint add v-client identity {CLIENT} address 10.1.0.10
endpoint add v-intruder identity {INTRUDER} address 10.1.0.66
endpoint add v-web1 identity {WEB} address 10.1.0.80
""" + self.extra1)
        self.n1.reach("10.2.0.0/24", "u1", "172.16.0.2", "10.1.0.1" if self.hosts else None)

    def configure_n2(self):
        self.n2.braid.batch(IDENTITIES + self.n2.overlay("172.16.0.2") + f"""\
node add n1 underlay 172.16.0.1 cidr 10.1.0.0/24{" address 10.1.0.1" if self.hosts else ""}
prefix add 10.1.0.10/32 identity {CLIENT} node n1
prefix add 10.1.0.66/32 identity {INTRUDER} node n1
prefix add 10.1.0.80/32 identity {WEB} node n1
endpoint add v-web2 identity {WEB} address 10.2.0.80
endpoint add v-peer identity {CLIENT} address 10.2.0.10
""" + self.extra2)
        self.n2.reach("10.1.0.0/24", "u2", "172.16.0.1", "10.2.0.1" if self.hosts else None)

    def namespaces(self):
        return [self.client, self.intruder, self.web1, self.web2, self.peer,
                self.n1, self.n2]

    def delete(self):
        for namespace in self.namespaces():
            if namespace not in self.gone:
                namespace.delete()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.delete()


def flush(node):
    """Removes all objects, in an order in which none is in use."""
    node.braid.batch("".join(f"{kind} flush\n" for kind in (
        "rule", "backend", "service", "endpoint", "prefix", "node", "overlay",
        "uplink", "identity")))
