# SPDX-License-Identifier: GPL-2.0-only
"""A node without braid: a stock vxlan or geneve device in external mode, which
takes the VNI of what it sends from a tc action. Kind and families are those of
the world."""

import addresses
import links
from addresses import at
from far import HERE, THERE
from netns import Netns

NAME = "stock"
ADDRESS = "10.3.0.1"         # inside
NETWORK = "10.3.0.0/24"
DEVICE = "t0"


class Stock(Netns):
    """Behind u3 of a node, whose link has the address that `node` is given."""

    def __init__(self, node, arp=False):
        super().__init__(NAME, ipv6=6 in (addresses.now.inner, addresses.now.underlay))
        self.node = node
        self.identity = None
        with node:
            links.veth("u3", "u1", self)
            links.address("u3", f"{THERE}/24")
        with self:
            links.up("lo")
            links.address("u1", f"{HERE}/24")
        kind, port = addresses.now.encap, addresses.now.port
        self.run("ip", "-batch", "-", stdin=f"""\
link add {DEVICE} type {kind} external dstport {port}
link set {DEVICE} arp {"on" if arp else "off"} mtu 1400 up
""")
        with self:
            links.address(DEVICE, f"{ADDRESS}/{'24' if arp else '32'}")
        self.run("tc", "qdisc", "add", "dev", DEVICE, "clsact")
        self.mac = self.do(links.mac, DEVICE)

    def says(self, identity, checksum=None):
        """Sets the device up. It leaves UDP checksums out over IPv4 only by default."""
        if checksum is None:
            checksum = addresses.now.underlay == 6
        if (identity, checksum) == self.identity:
            return
        if self.identity:
            self.run("tc", "filter", "del", "dev", DEVICE, "egress")
        self.identity = identity, checksum
        self.run("tc", "filter", "add", "dev", DEVICE, "egress", "matchall", "action",
                 "tunnel_key", "set", "src_ip", at(HERE), "dst_ip", at(THERE),
                 "id", str(identity), "csum" if checksum else "nocsum")

    def line(self):
        """The batch that makes it a node of the other one."""
        mac = ":".join(f"{byte:02x}" for byte in self.mac)
        return f"node add {NAME} underlay {HERE} cidr {NETWORK} mac {mac}\n"
