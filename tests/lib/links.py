# SPDX-License-Identifier: GPL-2.0-only
"""Devices, addresses and routes. Done here and not by the ip command, because a
topology takes some fifty changes, and a process takes a second on the test
kernel under emulation."""

import socket
import struct

import netlink as nl

NEWLINK, DELLINK, GETLINK, NEWADDR, DELADDR, NEWROUTE, DELROUTE, NEWNEIGH = (
    16, 17, 18, 20, 21, 24, 25, 28)
IFLA_ADDRESS, IFLA_IFNAME, IFLA_MTU, IFLA_LINKINFO, IFLA_NET_NS_FD = 1, 3, 4, 18, 28
IFLA_INFO_KIND, IFLA_INFO_DATA, VETH_INFO_PEER = 1, 2, 1
IFF_UP = 1
CREATE = nl.NLM_F_CREATE | nl.NLM_F_EXCL


def _link(index=0, flags=0, change=0):
    return struct.pack("=BxHiII", socket.AF_UNSPEC, 0, index, flags, change)


def _ask(kind, body, flags=0):
    sock = nl.Socket(nl.NETLINK_ROUTE)
    try:
        return sock.ask(kind, body, flags)
    finally:
        sock.close()


def _index(device):
    return socket.if_nametoindex(device)


def veth(name, peer, peer_ns):
    """A pair: name here and peer in another namespace, both up."""
    _ask(NEWLINK, _link() + nl.text(IFLA_IFNAME, name) + nl.nest(
        IFLA_LINKINFO, nl.text(IFLA_INFO_KIND, "veth"), nl.nest(
            IFLA_INFO_DATA, nl.attr(VETH_INFO_PEER, _link() + nl.text(IFLA_IFNAME, peer)
                                    + nl.u32(IFLA_NET_NS_FD, peer_ns.fd)))), CREATE)
    up(name)
    with peer_ns:
        up(peer)


def delete(device):
    _ask(DELLINK, _link(_index(device)))


def move(device, ns):
    _ask(NEWLINK, _link(_index(device)) + nl.u32(IFLA_NET_NS_FD, ns.fd))


def rename(device, name):
    _ask(NEWLINK, _link(_index(device)) + nl.text(IFLA_IFNAME, name))


def up(device):
    _ask(NEWLINK, _link(_index(device), IFF_UP, IFF_UP))


def down(device):
    _ask(NEWLINK, _link(_index(device), 0, IFF_UP))


def mac(device):
    body = _ask(GETLINK, _link(_index(device)))[0]
    return dict(nl.attrs(body[16:]))[IFLA_ADDRESS]


def mtu(device):
    body = _ask(GETLINK, _link(_index(device)))[0]
    return nl.read_number(dict(nl.attrs(body[16:]))[IFLA_MTU])


def exists(device):
    return device in (name for _, name in socket.if_nameindex())


def address(device, cidr, kind=NEWADDR):
    where, length = cidr.split("/")
    body = struct.pack("=BBBBi", socket.AF_INET, int(length), 0, 0, _index(device))
    _ask(kind, body + nl.ipv4(2, where) + nl.ipv4(1, where),
         CREATE if kind == NEWADDR else 0)


def route(cidr, device, via=None, kind=NEWROUTE):
    where, length = cidr.split("/")
    scope = 0 if via else 253    # universe, link
    body = struct.pack("=BBBBBBBBI", socket.AF_INET, int(length), 0, 0, 254, 3,
                       scope, 1, 0)
    body += nl.ipv4(1, where) + nl.u32(4, _index(device))
    if via:
        body += nl.ipv4(5, via)
    _ask(kind, body, CREATE if kind == NEWROUTE else 0)
