# SPDX-License-Identifier: GPL-2.0-only
"""braid in a namespace, driven through the tool or directly through netlink."""

import json
import socket
import struct

import addresses
import netlink as nl

# As in include/uapi/linux/braid_net.h, which never changes a number.
(A_IDENTITY, A_ENDPOINT, A_UPLINK, A_NODE, A_PREFIX, A_RULE, A_SERVICE, A_BACKEND,
 A_OVERLAY, A_OBJECT, A_GENERATION, A_VERSION, A_DRY_RUN, A_DROP, A_LOST, A_EVENT,
 A_FORWARDED, A_PAD, A_FLOW, A_FLOWS) = range(1, 21)
(CMD_STATUS, CMD_GET, CMD_ADD, CMD_SET, CMD_DEL, CMD_FLUSH, CMD_BEGIN, CMD_COMMIT,
 CMD_ABORT, CMD_STATS_GET, CMD_STATS_RESET, CMD_DROP_NTF, CMD_FLOW_GET, CMD_FLOW_COUNT,
 CMD_FLOW_FLUSH) = range(1, 16)
EVENT = {1: "reason", 2: "direction", 3: "source_identity", 4: "destination_identity",
         5: "source_label", 6: "destination_label", 7: "source", 8: "destination",
         9: "protocol", 10: "source_port", 11: "destination_port", 12: "device"}
FLOW = {1: "source", 2: "destination", 3: "protocol", 4: "source_port",
        5: "destination_port", 6: "source_identity", 7: "destination_identity", 8: "rule",
        9: "service", 10: "backend", 11: "backend_port", 12: "state", 13: "verdict",
        14: "packets", 15: "bytes"}
DIRECTIONS = "ingress", "egress"
CTRL_ID, CTRL_GETFAMILY, CTRL_A_ID, CTRL_A_NAME, CTRL_A_GROUPS = 16, 3, 1, 2, 7


def flow(payload):
    """A flow as a dict with the tool's words; rule is a list."""
    said = {"rule": []}
    for kind, value in nl.attrs(payload):
        name = FLOW.get(kind)
        if name == "rule":
            said[name].append(nl.read_text(value))
        elif name in ("service", "state", "verdict"):
            said[name] = nl.read_text(value)
        elif name in ("source", "destination", "backend"):
            said[name] = addresses.unpacked(value)
        elif name:
            said[name] = nl.read_number(value)
    return said


class Family(nl.Socket):
    """A generic netlink socket for a family of braid."""

    def __init__(self, name="braid_net"):
        super().__init__(nl.NETLINK_GENERIC)
        answer = self.ask(CTRL_ID, struct.pack("=BBH", CTRL_GETFAMILY, 1, 0)
                          + nl.text(CTRL_A_NAME, name))[0]
        about = dict(nl.attrs(answer[4:]))
        self.family = nl.read_number(about[CTRL_A_ID])
        self.groups = {}
        for _, group in nl.attrs(about[CTRL_A_GROUPS]):
            said = dict(nl.attrs(group))
            self.groups[nl.read_text(said[1])] = nl.read_number(said[2])

    def call(self, command, *attributes, flags=0):
        """Attributes of each answer, as lists of (type, payload)."""
        body = struct.pack("=BBH", command, 1, 0) + b"".join(attributes)
        return [list(nl.attrs(answer[4:])) for answer in self.ask(self.family, body, flags)]

    def generation(self):
        return nl.read_number(dict(self.call(CMD_STATUS)[0])[A_GENERATION])


class Events(Family):
    """Listens to drops; an event is a dict with the tool's words."""

    def __init__(self):
        super().__init__()
        self.sock.setsockopt(nl.SOL_NETLINK, nl.NETLINK_ADD_MEMBERSHIP, self.groups["drops"])
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)

    def heard(self):
        """All events received so far. A drop sends its event at once."""
        events = []
        self.sock.setblocking(False)
        try:
            while True:
                for kind, _, _, body in self.messages():
                    if kind == self.family:
                        events.append(self.event(dict(nl.attrs(body[4:]))[A_EVENT]))
        except BlockingIOError:
            return events
        finally:
            self.sock.setblocking(True)

    @staticmethod
    def event(payload):
        said = {"source_label": [], "destination_label": []}
        for kind, value in nl.attrs(payload):
            name = EVENT.get(kind)
            if name in ("reason", "device"):
                said[name] = nl.read_text(value)
            elif name in ("source_label", "destination_label"):
                said[name].append(nl.read_text(value))
            elif name in ("source", "destination"):
                said[name] = addresses.unpacked(value)
            elif name == "direction":
                said[name] = DIRECTIONS[nl.read_number(value)]
            elif name:
                said[name] = nl.read_number(value)
        return said


class Braid:
    """The tool in a namespace. Addresses in its arguments are translated to this world."""

    def __init__(self, ns):
        self.ns = ns
        with ns:
            self.family = Family()

    def close(self):
        self.family.close()

    def tool(self, *words, stdin="", check=True):
        return self.ns.run("braid", *map(addresses.at, words), stdin=addresses.at(stdin),
                           check=check)

    def batch(self, lines):
        self.tool("-b", "-", stdin=lines)

    def save(self):
        return self.tool("save").stdout

    def show(self, kind, *key):
        return json.loads(self.tool("-j", kind, "show", *key).stdout)

    # Without a process: these are asked often.

    def generation(self):
        return self.family.generation()

    def drops(self):
        """(reason, direction) -> packets, without counters that are 0."""
        counted = {}
        for answer in self.family.call(CMD_STATS_GET):
            for kind, value in answer:
                if kind == A_DROP:
                    said = dict(nl.attrs(value))
                    packets = nl.read_number(said[3])
                    if packets:
                        counted[nl.read_text(said[1]), DIRECTIONS[nl.read_number(said[2])]] = packets
        return counted

    def forwarded(self):
        return nl.read_number(dict(self.family.call(CMD_STATS_GET)[0])[A_FORWARDED])

    def flows(self):
        """Each as a dict with the tool's words; rule is a list."""
        return [flow(dict(answer)[A_FLOW])
                for answer in self.family.call(CMD_FLOW_GET, flags=nl.NLM_F_DUMP)]

    def count_flows(self):
        return nl.read_number(dict(self.family.call(CMD_FLOW_COUNT)[0])[A_FLOWS])

    def flush_flows(self):
        """Removes all flows; their number."""
        return nl.read_number(dict(self.family.call(CMD_FLOW_FLUSH)[0])[A_FLOWS])

    def reset(self):
        self.family.call(CMD_STATS_RESET)
