# SPDX-License-Identifier: GPL-2.0-only
"""Nodes of volumes as network namespaces of one kernel. Runs in a node."""

import contextlib
import json
import os
import subprocess

import cluster
import disks
import links
from disks import sh
from ktap import equal, true
from netns import Netns

DIR = "/run/nodes"
SECRET = f"{DIR}/secret"
PORT = 7000
STORE = 24              # MiB of a store
SIZE = "16M"            # of a volume on it
UUID = "5eed0000-0000-4000-8000-00000000{:04x}"


@contextlib.contextmanager
def place():
    """DIR, empty, with a secret; for the fixture of a scenario."""
    os.makedirs(DIR)
    with open(os.open(SECRET, os.O_CREAT | os.O_WRONLY, 0o600), "w", encoding="ascii") as file:
        file.write("s" * 32)
    try:
        yield
    finally:
        os.unlink(SECRET)
        os.rmdir(DIR)


class Node:
    """A namespace NAME with an address in the network of HUB."""

    def __init__(self, name, number, hub):
        self.name, self.number = name, number
        self.address = f"192.0.2.{number}"
        self.end = f"{self.address}:{PORT}"
        self.ns = Netns(name, ipv6=False)
        with hub:
            links.veth(f"to-{name}", "eth0", self.ns)
            sh("ip", "link", "set", f"to-{name}", "master", "bridge")
        for words in ("link set lo up", f"address add {self.address}/24 dev eth0"):
            sh("ip", "-n", name, *words.split())

    def braid(self, words):
        return sh("braid", "-n", self.name, *words.split())

    def ask(self, words):
        return json.loads(self.braid(f"-j {words}"))

    def refused(self, words, *texts):
        """`braid WORDS` is refused with all of these texts."""
        done = subprocess.run(["braid", "-n", self.name, *words.split()], text=True,
                              capture_output=True, stdin=subprocess.DEVNULL, check=False)
        equal(done.returncode, 2, f"status of {words}: {done.stderr or done.stdout}")
        for text in texts:
            true(text in done.stderr, f"'{done.stderr.strip()}' lacks '{text}'")

    def listen(self):
        self.braid(f"target listen {self.end} secret-file {SECRET}")

    def attachment(self, volume, end, more=""):
        return f"volume attach {volume} from {end} secret-file {SECRET} {more}"

    def gone(self):
        """Has its namespace ended? Its devices go after all that volumes have in it."""
        return subprocess.run(["ip", "-n", "hub", "link", "show", f"to-{self.name}"],
                              capture_output=True, check=False).returncode != 0

    def device(self, volume="db"):
        return self.ask(f"volume show {volume}")[0]["device"]


@contextlib.contextmanager
def network(*names):
    """Nodes of these names in one network, numbered from 1, each of which may be
    deleted meanwhile."""
    hub = Netns("hub", ipv6=False)
    with hub:
        sh("ip", "link", "add", "bridge", "up", "type", "bridge")
    nodes = []
    try:
        for number, name in enumerate(names, 1):
            nodes.append(Node(name, number, hub))
        yield nodes
    finally:
        for node in nodes:
            if os.path.exists(node.ns.path):
                node.ns.delete()
        hub.delete()


@contextlib.contextmanager
def stores(*numbers):
    """Disks in memory of these numbers; each is free again at the end."""
    try:
        yield [disks.memory(number, STORE) for number in numbers]
    finally:
        for number in numbers:
            cluster.wait(f"disk {number} is free", lambda n=number: is_free(n))
            disks.forget(number)


def is_free(number):
    """Does nothing have it open for itself alone?"""
    try:
        os.close(os.open(f"/dev/nullb{number}", os.O_RDWR | os.O_EXCL))
        return True
    except OSError:
        return False


def make(nodes, volume="db", witnesses=(), salt=1):
    """A volume of one voter on each node, numbered like its node."""
    voters = ""
    for node in nodes:
        path, witness = f"/dev/nullb{node.number}", node.number in witnesses
        node.braid(f"replica create {path} volume {volume} uuid {UUID.format(salt)} voter "
                   f"{node.number} force " + ("witness" if witness else f"size {SIZE}"))
        node.braid(f"replica open {path}")
        node.listen()
        voters += f" voter {node.number}={node.end}" + (",witness" if witness else "")
    nodes[0].braid(f"volume create {volume} size {SIZE}{voters}")
