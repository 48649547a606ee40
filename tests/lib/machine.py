#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""One end of a stream between two machines of the lab.

    machine.py NUMBER COMBINATION MIB       in the machine of that number, 1 sends

The network that the machines share is the underlay: eth0 moves into a namespace
that is the node, so that all is as in a world of namespaces. Prints one line of
JSON: seconds, and the (largest, mean) packets on devices by name.
"""

import contextlib
import json
import os
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import addresses
import links
import stream
from world import CLIENT, IDENTITIES, WEB, Node

PORT = 9000
# Settings of the machine, restored at the end.
OWN = "192.168.77.{}/24", "fd77::{}/64"


@contextlib.contextmanager
def node(number):
    """The namespace n1 or n2, with eth0 in it."""
    made = Node(f"n{number}")
    links.move("eth0", made)
    try:
        with made:
            links.up("eth0")
            links.address("eth0", f"172.16.0.{number}/24")
        yield made
    finally:
        with made:
            links.move_to_first("eth0")
        links.up("eth0")
        addresses.choose(4, "vxlan", 4)    # as it is written
        for cidr in OWN:
            links.address("eth0", cidr.format(number))
        made.delete()


def configure(made, number):
    """Makes its workload, and the route to the other machine's."""
    other = 3 - number
    name, identity = (("client", CLIENT), ("web2", WEB))[number - 1]
    workload = made.workload(name, f"10.{number}.0.10")
    made.braid.batch(IDENTITIES + made.overlay(f"172.16.0.{number}") + f"""\
node add n{other} underlay 172.16.0.{other} cidr 10.{other}.0.0/24
endpoint add v-{name} identity {identity} address 10.{number}.0.10
""")
    made.reach(f"10.{other}.0.0/24", "eth0", f"172.16.0.{other}")
    return workload


def connected(workload, address):
    """Waits until the other machine is ready."""
    end = time.monotonic() + 60
    while True:
        try:
            return stream.connect(workload, address, PORT)
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.2)


def main(number, combination, mib):
    addresses.choose(*combination.split("-"))
    with node(number) as made:
        workload = configure(made, number)
        devices = ["eth0", f"v-{workload.name}"]
        if addresses.now.encap != "native":
            devices.append("braid0")
        sizes = {device: stream.Sizes(made, device) for device in devices}
        took = None
        if number == 1:
            took = stream.send(connected(workload, "10.2.0.10"), mib * stream.MIB)
        else:
            listener = workload.listener(PORT)
            served, _ = listener.accept()
            listener.close()
            stream.receive(served)
        print(json.dumps({"seconds": took, "sizes": {
            device: each.close() for device, each in sizes.items()}, "drops": {
                " ".join(key): count for key, count in made.braid.drops().items()}}))
        workload.delete()


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
