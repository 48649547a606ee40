# SPDX-License-Identifier: GPL-2.0-only
"""braid_blk through netlink, in the namespace in which it is made: a process for each
request would cost more than all that the simulation does."""

import socket

import netlink as nl
from braid import Family

# As in include/uapi/linux/braid_blk.h, which never changes a number.
(REPLICA_CREATE, REPLICA_OPEN, REPLICA_CLOSE, REPLICA_DEL, REPLICA_GET, REPLICA_CHECK,
 TARGET_LISTEN, TARGET_GET, TARGET_CLOSE, VOLUME_CREATE, VOLUME_ATTACH, VOLUME_DETACH,
 VOLUME_GET) = range(1, 14)
ADDRESS_IP, ADDRESS_PORT = 1, 2
VOTER_ID, VOTER_WITNESS, VOTER_ADDRESS = 1, 2, 3
PATH, VOLUME, UUID, VOTER, SIZE, WITNESS, FORCE = range(1, 8)
V_NAME, V_SIZE, V_VOTER, V_SECRET, V_FROM, V_TAKEOVER, V_DEAD, V_FORCE = range(1, 9)
V_STATE, V_ISR, V_VERSION, V_UNRECONCILED, V_DEVICE = 10, 13, 17, 29, 37
STATES = "attaching", "active", "detaching", "dead"
NAME = "db"
SECRET = b"s" * 32
PORT = 7000
ID = bytes.fromhex("5eed0000000040008000000000000001")


def address_of(number):
    return f"192.0.2.{number}"


def _address(kind, number):
    return nl.nest(kind, nl.attr(ADDRESS_IP, socket.inet_aton(address_of(number))),
                   nl.u16(ADDRESS_PORT, PORT))


class Blk(Family):
    def __init__(self):
        super().__init__("braid_blk")

    def replica_create(self, path, voter, size):
        """A witness if it has no size."""
        more = nl.attr(SIZE, size.to_bytes(8, "little")) if size else nl.attr(WITNESS, b"")
        self.call(REPLICA_CREATE, nl.text(PATH, path), nl.text(VOLUME, NAME), nl.attr(UUID, ID),
                  nl.u8(VOTER, voter), nl.attr(FORCE, b""), more)

    def replica_open(self, path):
        self.call(REPLICA_OPEN, nl.text(PATH, path))

    def replica_close(self, path):
        self.call(REPLICA_CLOSE, nl.text(PATH, path))

    def listen(self, number):
        self.call(TARGET_LISTEN, _address(1, number), nl.attr(2, SECRET))

    def close_target(self, number):
        self.call(TARGET_CLOSE, _address(1, number))

    def create(self, size, voters):
        """VOTERS is number -> whether it is a witness."""
        self.call(VOLUME_CREATE, nl.text(V_NAME, NAME),
                  nl.attr(V_SIZE, size.to_bytes(8, "little")), nl.attr(V_SECRET, SECRET),
                  *(nl.nest(V_VOTER, nl.u8(VOTER_ID, number),
                            nl.attr(VOTER_WITNESS, b"") if witness else b"",
                            _address(VOTER_ADDRESS, number))
                    for number, witness in voters.items()))

    def attach(self, voters, how):
        flag = {"takeover": (nl.attr(V_TAKEOVER, b""),), "dead": (nl.attr(V_DEAD, b""),)}
        self.call(VOLUME_ATTACH, nl.text(V_NAME, NAME), nl.attr(V_SECRET, SECRET),
                  *(_address(V_FROM, number) for number in voters), *flag.get(how, ()))

    def detach(self, force=False):
        self.call(VOLUME_DETACH, nl.text(V_NAME, NAME),
                  *((nl.attr(V_FORCE, b""),) if force else ()))

    def volume(self):
        """What is known of the volume: a dict."""
        said = {"isr": frozenset(), "state": "?", "version": None, "unreconciled": 0}
        for kind, value in self.call(VOLUME_GET, nl.text(V_NAME, NAME))[0]:
            if kind == V_STATE:
                said["state"] = STATES[nl.read_number(value)]
            elif kind == V_ISR:
                said["isr"] |= {value[0]}
            elif kind == V_VERSION:
                said["version"] = tuple(
                    nl.read_number(each) for number, each in nl.attrs(value) if number < 4)
            elif kind == V_UNRECONCILED:
                said["unreconciled"] = nl.read_number(value)
            elif kind == V_DEVICE:
                said["device"] = nl.read_text(value)
        return said
