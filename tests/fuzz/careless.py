# SPDX-License-Identifier: GPL-2.0-only
"""Several processes in one namespace: they do not know its state, and disturb each
other."""

import contextlib
import random
import socket
import time

import links
import netlink as nl
from fuzzer import DEVICES, Fuzzer
from spec import pack
from talk import Talker


AT_LEAST = 100    # messages, on however slow a machine


class Careless(Fuzzer):
    """Checks that listings parse."""

    def __init__(self, spec, seed, node):
        super().__init__(spec, seed)
        self.node = node

    def go(self, stop):
        pick = self.random
        sockets = [Talker() for _ in range(6)]
        said = 0
        while said < AT_LEAST or not stop.is_set():
            said += 1
            at = pick.randrange(len(sockets))
            if pick.random() < 0.05:
                sockets[at].close()
                sockets[at] = Talker()
            self.say(sockets[at])
            if pick.random() < 0.05:
                self.watcher.state()
                self.watcher.flows()
            if pick.random() < 0.01:
                self.replug(pick.choice(DEVICES[:3]))
        for each in sockets:
            each.close()

    def say(self, talker):
        pick = self.random
        if pick.random() < 0.2:
            data, count = self.odd_datagram(talker)
        else:
            operation, nodes, _ = self.request()
            flags = nl.NLM_F_DUMP if operation.dump else nl.NLM_F_ACK
            data, count = talker.message(operation.number, pack(nodes), flags), 1
        if pick.random() < 0.2:
            self.faults.next(pick.randrange(1, 60))
            talker.send(data, count)
            self.faults.over()
        else:
            talker.send(data, count)
        if pick.random() < 0.9:
            talker.result(talker.seq)

    def replug(self, device):
        """Removes its objects. Another process may do the same."""
        with contextlib.suppress(nl.Refused, OSError):
            links.delete(device)
        with contextlib.suppress(nl.Refused, OSError):
            plug(device, self.node)


def plug(device, node):
    links.veth(device, device.replace("v-", "p-"), node)


class Sender:
    """Sends packets of the node itself to all configured addresses."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def go(self, stop):
        pick = self.random
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            while not stop.is_set():
                with contextlib.suppress(OSError):
                    sock.sendto(b"?", (f"10.{pick.randrange(3)}.0.{pick.randrange(1, 6)}",
                                       pick.randrange(1, 6)))
                time.sleep(0.05)

    def close(self):
        pass
