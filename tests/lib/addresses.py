# SPDX-License-Identifier: GPL-2.0-only
"""Which world a scenario is in: the family of its workloads, the family of its
nodes and how packets are wrapped between them ("native": they are not).

Scenarios are written in IPv4. In a world of IPv6 each address has a counterpart,
each byte a group: 10.1.0.80 is fd00::a:1:0:50 and 10.1.0.0/28 is fd00::a:1:0:0/124.
at() gives what is said in the world's own terms; what is in them already stays.
"""

import os
import re
import socket

UNDERLAY = "172."           # how addresses of nodes begin, which have a family of their own
LINK_LOCAL = "169.254."
# Messages, and the IPv6 ones that mean the same, as far as there are such.
ICMP_TYPES = {0: 129, 3: 1, 8: 128, 9: 134, 13: 139}
IPV4 = re.compile(r"\b(\d+)\.(\d+)\.(\d+)\.(\d+)(?:/(\d+))?(?![.\d])")
ICMP = re.compile(r"\bicmp(?: type (\d+))?(?! type)\b")


class Combination:
    """One of the worlds there are; its name is like 6-geneve-4."""

    def __init__(self, inner, encap, underlay):
        self.inner, self.encap, self.underlay = int(inner), encap, int(underlay)

    def __str__(self):
        return f"{self.inner}-{self.encap}-{self.underlay}"

    @property
    def port(self):
        """The UDP port of the tunnel. Not the default for VXLAN, so that the setting is tested."""
        return 4789 if self.encap == "vxlan" else 6081


ALL = [Combination(inner, encap, underlay) for inner in (4, 6)
       for encap in ("vxlan", "geneve") for underlay in (4, 6)]
now = Combination(*os.environ.get("WORLD", "4-vxlan-4").split("-"))


def choose(inner, encap, underlay):
    """Sets the world of this process; None leaves it unchanged."""
    global now
    now = Combination(inner or now.inner, encap or now.encap, underlay or now.underlay)


def _ipv6(found):
    parts, length = [int(part) for part in found.groups()[:4]], found.group(5)
    text = found.group(0)
    if (now.underlay if text.startswith(UNDERLAY) else now.inner) == 4:
        return text
    if text.startswith("0.0.0.0"):
        where = "::"
    elif text.startswith(LINK_LOCAL):
        where = f"fe80::{parts[2]:x}:{parts[3]:x}"
    else:
        where = "fd00::" + ":".join(f"{part:x}" for part in parts)
    where = socket.inet_ntop(socket.AF_INET6, socket.inet_pton(socket.AF_INET6, where))
    if length is None:
        return where
    whole, rest = divmod(int(length), 8)
    bits = 64 + 16 * whole + (8 + rest if rest else 0)
    return f"{where}/{bits if int(length) else 0}"


def _icmpv6(found):
    kind = found.group(1)
    return f"icmpv6 type {ICMP_TYPES[int(kind)]}" if kind else "icmpv6"


def at(text):
    """Translates addresses, and words of the tool, to this world."""
    text = IPV4.sub(_ipv6, text)
    return ICMP.sub(_icmpv6, text) if now.inner == 6 else text


def family(address=""):
    """The address family of an address, or of the workloads."""
    if not address:
        return socket.AF_INET if now.inner == 4 else socket.AF_INET6
    return socket.AF_INET6 if ":" in at(address) else socket.AF_INET


def packed(address):
    return socket.inet_pton(family(address), at(address))


def unpacked(data):
    return socket.inet_ntop(socket.AF_INET if len(data) == 4 else socket.AF_INET6, data)


def icmp_protocol():
    return socket.IPPROTO_ICMP if now.inner == 4 else socket.IPPROTO_ICMPV6


def icmp_type(kind):
    """Of a message that is given as IPv4 has it."""
    return kind if now.inner == 4 else ICMP_TYPES[kind]
