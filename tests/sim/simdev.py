# SPDX-License-Identifier: GPL-2.0-only
"""The module braid_sim (module/): disks, links and clients, without a process for each."""

import os
import select
import subprocess
import sys
import time

import netlink as nl
from braid import Family
from netns import Netns

VOLUME_GET = 13         # as in include/uapi/linux/braid_blk.h
ONE_NODE = "braid_blk knows one node only"
BUILD = "/build/um"
BROKEN = "/sys/module/braid_sim/parameters/broken"


def load(name, *settings):
    """Loads a module of the project's build."""
    if not os.path.isdir(f"/sys/module/{name}"):
        subprocess.run(["insmod", f"{BUILD}/{name}.ko", *settings], check=True)


def load_cluster():
    """Both modules; SIM_BLK is another braid_blk.ko, which may be broken on purpose."""
    if not os.path.isdir("/sys/module/braid_blk"):
        subprocess.run(["insmod", os.environ.get("SIM_BLK") or f"{BUILD}/braid_blk.ko"],
                       check=True)
    load("braid_sim", "unlocked=1")


def has_nodes():
    """Whether this braid_blk gives each namespace volumes of its own."""
    ns = Netns("probe", ipv6=False)
    family = ns.do(Family, "braid_blk")
    try:
        family.call(VOLUME_GET, flags=nl.NLM_F_DUMP)
        return True
    except nl.Refused:
        return False
    finally:
        family.close()
        ns.delete()


class Device:
    """/dev/braid-sim: commands go there, what happened comes from there in order."""

    def __init__(self):
        self.fd = os.open("/dev/braid-sim", os.O_RDWR | os.O_NONBLOCK)
        self.poll = select.poll()
        self.poll.register(self.fd, select.POLLIN)
        self.rest = ""

    def say(self, *words):
        os.write(self.fd, " ".join(map(str, words)).encode())

    def heard(self):
        """The lines that are there, as lists of words."""
        try:
            while True:
                self.rest += os.read(self.fd, 1 << 16).decode()
        except BlockingIOError:
            pass
        *lines, self.rest = self.rest.split("\n")
        return [line.split() for line in lines]

    def wait(self, seconds):
        """Until something happened, or that much time has passed."""
        self.poll.poll(max(0, seconds * 1000))

    def sleep_until(self, moment):
        """Yields what happens until then."""
        while True:
            yield from self.heard()
            left = moment - time.monotonic()
            if left <= 0:
                return
            self.wait(left)

    def close(self):
        os.close(self.fd)


def inside(file):
    """On the host: runs the file in the test kernel as a process instead."""
    if os.path.isfile("/exchange/command"):
        os.environ.pop("LAB", None)
        return
    here = os.path.dirname(os.path.abspath(file))
    os.execv(f"{here}/../lab/um", ["um", "run", "--root", "debian", "python3", "-Bu",
                                   f"/tests/sim/{os.path.basename(file)}", *sys.argv[1:]])
