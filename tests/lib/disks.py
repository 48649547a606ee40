# SPDX-License-Identifier: GPL-2.0-only
"""Disks in memory and what stands on them. Runs in a node."""

import contextlib
import os
import subprocess

BASE = "/sys/kernel/config/nullb"


def sh(*command, **more):
    """A command that must succeed: what it printed."""
    done = subprocess.run(command, capture_output=True, text=True, check=False,
                          **({"stdin": subprocess.DEVNULL} | more))
    if done.returncode:
        raise AssertionError(f"{' '.join(command)}: {done.stderr}{done.stdout}")
    return done.stdout


def _configfs():
    if not os.path.isdir(BASE):
        if not os.path.isdir("/sys/module/null_blk"):
            sh("modprobe", "null_blk", "nr_devices=0")
        if not os.path.ismount("/sys/kernel/config"):
            sh("mount", "-t", "configfs", "none", "/sys/kernel/config")


def memory(number, mib):
    """A disk in memory; its device."""
    _configfs()
    base = f"{BASE}/nullb{number}"
    os.mkdir(base)
    for name, value in (("size", mib), ("blocksize", 4096), ("memory_backed", 1), ("power", 1)):
        with open(f"{base}/{name}", "w", encoding="ascii") as file:
            file.write(str(value))
    return f"/dev/nullb{number}"


def forget(number):
    base = f"{BASE}/nullb{number}"
    if os.path.isdir(base):
        os.rmdir(base)


@contextlib.contextmanager
def looped(image, size, block=512, device=None):
    """A loop device over a new file. Threads of its own do its I/O: nobody who asks for
    some allocates on its behalf."""
    sh("truncate", "-s", str(size), image)
    said = sh("losetup", "-b", str(block), "--show", device or "-f", image)
    device = device or said.strip()
    try:
        yield device
    finally:
        sh("losetup", "-d", device)
        os.unlink(image)


def sectors(device):
    return int(sh("blockdev", "--getsz", device))


def mapped(name, table):
    """A device of the device mapper; its path."""
    sh("dmsetup", "create", name, "--noudevsync", "--table", table)
    # One of this name may be there that is of an earlier device.
    sh("dmsetup", "mknodes", name)
    return f"/dev/mapper/{name}"


def unmap(name):
    subprocess.run(["dmsetup", "remove", "--noudevsync", "--retry", name], check=False,
                   capture_output=True, stdin=subprocess.DEVNULL)
