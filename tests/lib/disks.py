# SPDX-License-Identifier: GPL-2.0-only
"""Disks in memory, loop devices and device mapper devices. Runs in a node."""

import contextlib
import os
import subprocess

BASE = "/sys/kernel/config/nullb"
SCRATCH, SCRATCH_NUMBER = "/dev/vdb", 90


def sh(*command, **more):
    """Runs a command that must succeed; returns its output."""
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
    """Makes a disk in memory; returns its device."""
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
def scratch(mib):
    """A disk to which writes need no memory of its own: the node's, or, in the kernel
    that is a process, one in memory that has all of it."""
    if os.path.exists(SCRATCH):
        yield SCRATCH
        return
    device = memory(SCRATCH_NUMBER, mib)
    try:
        sh("dd", "if=/dev/zero", f"of={device}", "bs=1M", f"count={mib}", "oflag=direct")
        yield device
    finally:
        forget(SCRATCH_NUMBER)


@contextlib.contextmanager
def looped(image, size, block=512, device=None):
    """Makes a loop device over a new file. Its own threads do the I/O, so callers do not
    allocate for it."""
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
    """Makes a device of the device mapper; returns its path."""
    sh("dmsetup", "create", name, "--noudevsync", "--table", table)
    # A node of this name may be left of an earlier device.
    sh("dmsetup", "mknodes", name)
    return f"/dev/mapper/{name}"


def unmap(name):
    subprocess.run(["dmsetup", "remove", "--noudevsync", "--retry", name], check=False,
                   capture_output=True, stdin=subprocess.DEVNULL)
