# SPDX-License-Identifier: GPL-2.0-only
"""Devices, addresses and routes. Done here and not by the ip command, because a
topology takes some fifty changes, and a process takes a second on the test
kernel under emulation."""

import os
import socket
import struct

import addresses
import netlink as nl

NEWLINK, DELLINK, GETLINK, NEWADDR, DELADDR, GETADDR, NEWROUTE, DELROUTE, GETNEIGH = (
    16, 17, 18, 20, 21, 22, 24, 25, 30)
IFLA_ADDRESS, IFLA_IFNAME, IFLA_MTU, IFLA_LINKINFO, IFLA_NET_NS_FD = 1, 3, 4, 18, 28
IFLA_INFO_KIND, IFLA_INFO_DATA, VETH_INFO_PEER = 1, 2, 1
IFA_F_NODAD, IFA_F_DADFAILED, IFA_F_TENTATIVE = 0x02, 0x08, 0x40
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


def move_to_first(device):
    """Into the namespace of the machine's first process."""
    fd = os.open("/proc/1/ns/net", os.O_RDONLY)
    try:
        _ask(NEWLINK, _link(_index(device)) + nl.u32(IFLA_NET_NS_FD, fd))
    finally:
        os.close(fd)


def rename(device, name):
    _ask(NEWLINK, _link(_index(device)) + nl.text(IFLA_IFNAME, name))


def up(device):
    _ask(NEWLINK, _link(_index(device), IFF_UP, IFF_UP))


def down(device):
    _ask(NEWLINK, _link(_index(device), 0, IFF_UP))


def set_mtu(device, size):
    _ask(NEWLINK, _link(_index(device)) + nl.u32(IFLA_MTU, size))


def mac(device):
    body = _ask(GETLINK, _link(_index(device)))[0]
    return dict(nl.attrs(body[16:]))[IFLA_ADDRESS]


def mtu(device):
    body = _ask(GETLINK, _link(_index(device)))[0]
    return nl.read_number(dict(nl.attrs(body[16:]))[IFLA_MTU])


def exists(device):
    return device in (name for _, name in socket.if_nameindex())


def address(device, cidr, kind=NEWADDR, dad=False):
    """dad: use duplicate address detection for an IPv6 address."""
    where, length = addresses.at(cidr).split("/")
    family = addresses.family(where)
    flags = IFA_F_NODAD if family == socket.AF_INET6 and not dad else 0
    body = struct.pack("=BBBBi", family, int(length), flags, 0, _index(device))
    _ask(kind, body + nl.ip(2, where) + nl.ip(1, where),
         CREATE if kind == NEWADDR else 0)


def route(cidr, device, via=None, source=None, mtu=None, kind=NEWROUTE):
    where, length = addresses.at(cidr).split("/")
    family = addresses.family(where)
    scope = 0 if via or family == socket.AF_INET6 else 253    # universe, link
    body = struct.pack("=BBBBBBBBI", family, int(length), 0, 0, 254, 3, scope, 1, 0)
    body += nl.ip(1, where) + nl.u32(4, _index(device))
    if via:
        body += nl.ip(5, via)
    if source:
        body += nl.ip(7, source)
    if mtu:
        body += nl.nest(8, nl.u32(2, mtu))
    _ask(kind, body, CREATE if kind == NEWROUTE else 0)


def neighbour(device, where):
    """The hardware address that the node knows for an address, or None."""
    family = addresses.family(where)
    for body in _ask(GETNEIGH, struct.pack("=BxxxiHBB", family, 0, 0, 0, 0), nl.NLM_F_DUMP):
        said = dict(nl.attrs(body[12:]))
        if (struct.unpack_from("=i", body, 4)[0] == _index(device)
                and said[1] == addresses.packed(where)):
            return said.get(2)
    return None


def tentative(device):
    """Tentative or duplicate IPv6 addresses of the device."""
    found = []
    for body in _ask(GETADDR, struct.pack("=BBBBi", socket.AF_INET6, 0, 0, 0, 0),
                     nl.NLM_F_DUMP):
        if (struct.unpack_from("=i", body, 4)[0] == _index(device)
                and body[2] & (IFA_F_TENTATIVE | IFA_F_DADFAILED)):
            found.append(addresses.unpacked(dict(nl.attrs(body[8:]))[1]))
    return found
