#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# lab: kernel=stock nodes=1 timeout=900
"""The examples of the manual pages are run as they stand, and print what the
pages show.

In a block, "# " begins a command and "> " continues it; the other lines are its
output, in which "..." stands for anything. The block behind a comment "setup"
makes the devices that the page names, and nothing else. A page has a network
namespace of its own; one with a comment "place: volumes" has the initial ones, and
a file system for stores in /var/lib/braid. Pages are read as they are installed:
the tool's build puts them beside the tool."""

import contextlib
import glob
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")

from ktap import equal, run, test, true
from netns import Netns, RUN

PAGES = sorted(glob.glob("/build/tools/man/*.8"))
# What bash says behind each command.
END = "@@ end of command"
PATIENCE = 120    # seconds for a page
DISK, STORES = "/dev/vdb", "/var/lib/braid"


def plain(text):
    """What roff prints of a literal block."""
    for escape, character in (("\\-", "-"), ("\\&", ""), ("\\(aq", "'"), ("\\(ha", "^"),
                              ("\\(ti", "~"), ("\\(ga", "`"), ("\\e", "\\")):
        text = text.replace(escape, character)
    return text


def blocks(page):
    """(is it the setup, [(command, output)]) of each block of the page."""
    with open(page, encoding="ascii") as file:
        text = file.read()
    found = []
    for setup, body in re.findall(r'^(\.\\" setup\n)?\.EX\n(.*?)^\.EE$', text, re.M | re.S):
        commands = []
        for line in plain(body).splitlines():
            if line.startswith("# "):
                commands.append([line[2:], ""])
            elif line.startswith("> "):
                commands[-1][0] += "\n" + line[2:]
            else:
                commands[-1][1] += line + "\n"
        found.append((bool(setup), commands))
    return found


def is_of_volumes(page):
    """Do its examples need more than a namespace?"""
    with open(page, encoding="ascii") as file:
        return bool(re.search(r'^\.\\" place: volumes$', file.read(), re.M))


@contextlib.contextmanager
def stores():
    """A directory of its own, and an empty file system at STORES."""
    subprocess.run(["mkfs.ext4", "-qF", DISK], check=True)
    os.makedirs(STORES, exist_ok=True)
    subprocess.run(["mount", DISK, STORES], check=True)
    try:
        with tempfile.TemporaryDirectory() as directory:
            yield contextlib.nullcontext(), directory
    finally:
        subprocess.run(["umount", STORES], check=True)


@contextlib.contextmanager
def place():
    """A namespace and a directory of its own."""
    ns = Netns("manual", ipv6=True)
    before = set(os.listdir(RUN))
    try:
        with tempfile.TemporaryDirectory() as directory:
            yield ns, directory
    finally:
        # Names of namespaces that have gone with their mounts.
        for name in set(os.listdir(RUN)) - before:
            os.unlink(f"{RUN}/{name}")
        ns.delete()


def execute(ns, directory, commands):
    """[(output, status)] of the commands, all in one shell as a reader's are.
    What `ip netns add` mounts goes with the shell."""
    script = "".join(f'{command}\necho "{END} $?"\n' for command, _ in commands)
    with ns:
        shell = subprocess.Popen(["unshare", "--mount", "bash"], cwd=directory, text=True,
                                 stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                 stderr=subprocess.STDOUT, start_new_session=True)
    # Also what a command has left in the background.
    watchdog = threading.Timer(PATIENCE, os.killpg, (shell.pid, signal.SIGKILL))
    watchdog.start()
    printed = shell.communicate(script)[0]
    watchdog.cancel()
    return [(output, int(status)) for output, status in
            re.findall(rf"(.*?){END} (\d+)\n", printed, re.S)]


def matches(shown, printed):
    pattern = "[^\n]*".join(re.escape(part) for part in shown.split("..."))
    return re.fullmatch(pattern, printed)


def wrong(commands, results):
    """What differs from the page, as text."""
    if len(results) < len(commands):
        yield f"# {commands[len(results)][0]}\ndid not come to an end\n"
    for (command, shown), (printed, status) in zip(commands, results):
        # A refusal is shown as one.
        refused = shown.startswith("braid: ")
        if not matches(shown, printed) or (status != 0) != refused:
            yield f"# {command}\nstatus {status}, printed:\n{printed}shown:\n{shown}"


def examples(page):
    """The test of a page."""
    def body():
        found = blocks(page)
        true(any(not setup for setup, _ in found), "the page has no example")
        with stores() if is_of_volumes(page) else place() as (ns, directory):
            for setup, commands in found:
                true(not setup or all(command.startswith("ip ") for command, _ in commands),
                     "a setup makes devices only")
            commands = [each for _, commands in found for each in commands]
            bad = list(wrong(commands, execute(ns, directory, commands)))
            true(not bad, "\n".join(bad))
    return body


@test("every object and command has a manual page")
def complete():
    usage = subprocess.run(["braid", "help"], capture_output=True, text=True, check=True)
    names = set(re.findall(r"^  ([a-z]+) {2,}", usage.stdout.split("Objects")[1], re.M))
    wanted = {f"braid-{name}.8" for name in names - {"save", "version", "help"}}
    equal({os.path.basename(page) for page in PAGES}, wanted | {"braid.8"})


@test("the output of an example is compared")
def compared():
    with place() as (ns, directory):
        for shown, printed in (("", "x"), ("a ... c\n", "a b\n"), ("x\n", "x\nx\n"),
                               ("braid: no\n", "x\n")):
            commands = [[f"printf '%s' '{printed}'", shown]]
            true(list(wrong(commands, execute(ns, directory, commands))), shown)
        commands = [["false", ""]]
        true(list(wrong(commands, execute(ns, directory, commands))), "a failed command")
        commands = [["echo a b c", "a ... c\n"], ["cat <<E\nx\nE", "x\n"]]
        equal(list(wrong(commands, execute(ns, directory, commands))), [])


for each in PAGES:
    test(f"the examples of {os.path.basename(each)}")(examples(each))

run(__file__, lambda: contextlib.nullcontext(()))
