# SPDX-License-Identifier: GPL-2.0-only
"""A kernel whose text stays as it is, and that does not wait long. Runs in a node.

The first socket that may use the memory reserves switches branches in the kernel's text,
and the last one switches them back; a connection of a volume is such a socket. On an
emulated machine with several processors one of them may go on executing what stood there
in between, a breakpoint that its code does not expect any more."""

import contextlib
import os

from disks import sh

HOLDER = "reserves"
EXPEDITED = "/sys/kernel/rcu_expedited"


@contextlib.contextmanager
def text():
    """Holds a tunnel socket during the block."""
    sh("ip", "link", "add", HOLDER, "type", "wireguard")
    try:
        sh("ip", "link", "set", HOLDER, "up")
        yield
    finally:
        sh("ip", "link", "del", HOLDER)


@contextlib.contextmanager
def quick():
    """Makes grace periods short during the block. A kernel with one processor and no
    preemption has none."""
    if not os.path.exists(EXPEDITED):
        yield
        return
    _expedite(1)
    try:
        yield
    finally:
        _expedite(0)


def _expedite(value):
    with open(EXPEDITED, "w", encoding="ascii") as file:
        file.write(str(value))
