# SPDX-License-Identifier: GPL-2.0-only
"""A node of the simulated cluster: a namespace with a drive, a replica and a target, which
loses its power, is removed by force later, and begins anew with the same platter."""

import os
import queue
import struct
import threading
import time

import blk
import links
import netlink as nl
from netns import Netns

TRIES = 6000            # for the end of what was there before, 10 virtual ms each


class Late(Exception):
    """What must end has not ended."""


class Node:
    numbers = iter(range(1, 1 << 30))       # no two namespaces have one name

    def __init__(self, number, device, witness):
        self.number, self.device, self.witness = number, device, witness
        self.on = self.opened = False
        self.drive = None
        self.ns = self.blk = self.worker = None
        self.attachment = None              # what its volume serves under, once it does
        self.client = None
        self.busy = False                   # its worker attaches or detaches
        self.seen = (None, frozenset())     # version and ISR

    @property
    def path(self):
        return f"/dev/sim{self.drive}"

    # ---- power ----

    def power_on(self, drive, seed):
        """With its replica closed."""
        self.drive = drive
        self.device.say("drive", drive, "add", self.number, seed)
        self.ns = Netns(f"sim{next(self.numbers)}", ipv6=False)
        with self.ns:
            self._port()
            self.blk = blk.Blk()
        self.on, self.opened, self.busy = True, False, False
        self.attachment = self.client = None
        self.worker = Worker(self)

    def _port(self):
        body = struct.pack("=BxHiII", 0, 0, 0, 0, 0)
        name = f"port{self.number}"
        for last in range(TRIES):
            try:
                links._ask(links.NEWLINK, body + nl.text(links.IFLA_IFNAME, name) + nl.nest(
                    links.IFLA_LINKINFO, nl.text(links.IFLA_INFO_KIND, "simport")), links.CREATE)
                break
            except nl.Refused:
                # The node that had this number is still going.
                if last == TRIES - 1:
                    raise Late(f"the remains of node {self.number} do not go") from None
                time.sleep(.01)
        links.up("lo")
        links.up(name)
        links.address(name, f"{blk.address_of(self.number)}/24")

    def power_off(self, seed, loss=""):
        """One moment for the drive, the network and the history."""
        lines = [f"drive {self.drive} cut {seed} {loss}"]
        for other in range(1, 8):
            lines += [f"link {self.number} {other} cut 1", f"link {other} {self.number} cut 1"]
        self.device.say("\n".join([*lines, f"note cut:{self.number}"]))
        self.on = False

    def bury(self):
        """Removes what is left."""
        if not self.ns:
            return
        if self.on:
            self.on = False
        if self.client is not None:
            self.device.say("client", self.client, "close")
            self.client = None
        self.device.say("drive", self.drive, "remove")
        self.worker.end()
        self.blk.close()
        self.ns.delete()
        self.ns = None

    # ---- replica and target ----

    def open(self):
        self.blk.replica_open(self.path)
        self.opened = True

    def begin(self):
        self.open()
        self.blk.listen(self.number)

    def look(self):
        """The volume's state, or None if there is none here."""
        try:
            return self.blk.volume()
        except nl.Refused:
            return None


class Worker:
    """Does what may take long, in an order of its own; when it is done, a note says so:
    WORD:NODE:NUMBER:ERROR."""

    def __init__(self, node):
        self.node, self.queue = node, queue.SimpleQueue()
        with node.ns:
            self.blk = blk.Blk()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def ask(self, word, number, how, *args):
        self.node.busy = True
        self.queue.put((word, number, how, args))

    def _run(self):
        while True:
            asked = self.queue.get()
            if not asked:
                return
            word, number, how, args = asked
            error = 0
            try:
                getattr(self.blk, how)(*args)
            except nl.Refused as refused:
                error = refused.code
                if os.environ.get("SIM_TRACE"):
                    print(f"# {word} at {self.node.number}: {refused.text}", flush=True)
            self.node.device.say(f"note {word}:{self.node.number}:{number}:{error}")

    def end(self):
        self.queue.put(None)
        self.thread.join(300)
        if self.thread.is_alive():
            raise Late(f"a request at node {self.node.number} does not end")
        self.blk.close()
