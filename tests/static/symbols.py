#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# test: timeout=600 needs=modules-stock
"""Calls go down: the undefined symbols of the modules' objects, as KTAP.

Includes say what a file may see, objects what it uses. A file may use its own folder
and what stands below; and no circle of files is left, but for those listed here.
"""

import os
import re
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from storeys import STOREYS, goes_up            # noqa: E402

BUILT = "build/stock/src"

# Files that still use something above them. The list may only get shorter.
STILL_UP = {
    ("kmod/blk/io/copy", "kmod/blk/control/ballot"),
    ("kmod/blk/io/copy", "kmod/blk/control/fence"),
    ("kmod/blk/io/io", "kmod/blk/control/ballot"),
    ("kmod/blk/io/read", "kmod/blk/control/fence"),
    ("kmod/blk/io/write", "kmod/blk/control/ballot"),
    ("kmod/blk/io/write", "kmod/blk/control/fence"),
    ("kmod/blk/replica/replica", "kmod/blk/target/target"),
    ("kmod/blk/volume/event", "kmod/blk/netlink/netlink"),
    ("kmod/blk/volume/lease", "kmod/blk/control/ballot"),
    ("kmod/blk/volume/lease", "kmod/blk/control/detach"),
    ("kmod/blk/volume/lease", "kmod/blk/control/fence"),
    ("kmod/blk/volume/lease", "kmod/blk/io/io"),
    ("kmod/blk/volume/peer", "kmod/blk/control/ask"),
    ("kmod/blk/volume/peer", "kmod/blk/control/ballot"),
    ("kmod/blk/volume/peer", "kmod/blk/control/fence"),
    ("kmod/blk/volume/peer", "kmod/blk/io/io"),
    ("kmod/blk/volume/peer", "kmod/blk/target/target"),
    ("kmod/blk/volume/volume", "kmod/blk/control/ballot"),
    ("kmod/blk/volume/volume", "kmod/blk/control/detach"),
    ("kmod/blk/volume/volume", "kmod/blk/control/fence"),
    ("kmod/blk/volume/volume", "kmod/blk/io/disk"),
    ("kmod/blk/volume/volume", "kmod/blk/io/io"),
}

# Circles that are left, each by the files in it. A table of operations and the
# operations are one thing in two files, since a generator writes the first.
STILL_CIRCLES = [
    {
        "kmod/net/netlink/netlink-gen", "kmod/net/netlink/netlink",
    },
    {
        "kmod/blk/replica/replica", "kmod/blk/replica/serve",
        "kmod/blk/replica/session", "kmod/blk/replica/vote", "kmod/blk/target/guest",
        "kmod/blk/target/order", "kmod/blk/target/target",
    },
    {
        "kmod/blk/control/ask", "kmod/blk/control/attach", "kmod/blk/control/attempt",
        "kmod/blk/control/ballot", "kmod/blk/control/create", "kmod/blk/control/detach",
        "kmod/blk/control/fence", "kmod/blk/control/fork", "kmod/blk/control/reach",
        "kmod/blk/control/settle", "kmod/blk/control/show", "kmod/blk/io/clear",
        "kmod/blk/io/copy", "kmod/blk/io/disk", "kmod/blk/io/flush", "kmod/blk/io/io",
        "kmod/blk/io/read", "kmod/blk/io/reconcile", "kmod/blk/io/repair",
        "kmod/blk/io/write", "kmod/blk/netlink/dump", "kmod/blk/netlink/netlink-gen",
        "kmod/blk/netlink/netlink", "kmod/blk/volume/event", "kmod/blk/volume/lease",
        "kmod/blk/volume/peer", "kmod/blk/volume/volume",
    },
]


def read_objects():
    """{object: (symbols that it defines, symbols that it needs)}"""
    symbols = {}
    for module in STOREYS:
        for folder, _, files in os.walk(f"{BUILT}/kmod/{module}"):
            for file in files:
                path = os.path.join(folder, file)
                if (not re.fullmatch(r"[^.][^.]*\.o", file)
                        or not os.path.exists(path[:-2] + ".c")):
                    continue
                text = subprocess.run(["nm", path], check=True, capture_output=True,
                                      text=True).stdout
                found = re.findall(r"(\w) (\S+)$", text, re.M)
                symbols[os.path.relpath(path[:-2], BUILT)] = (
                    {name for kind, name in found if kind != "U" and kind.isupper()},
                    {name for kind, name in found if kind == "U"})
    return symbols


def arrows(symbols):
    """{file: {other file: names that it uses of it}}; each module by itself, since
    two modules may use a name for two things."""
    home = {(path.split("/")[1], name): path
            for path, (defined, _) in symbols.items() for name in defined}
    uses = {}
    for path, (_, needed) in sorted(symbols.items()):
        uses[path] = {}
        for name in sorted(needed):
            target = home.get((path.split("/")[1], name))
            if target:
                uses[path].setdefault(target, []).append(name)
    return uses


def upward(uses):
    for path, targets in uses.items():
        for target, names in targets.items():
            if place_is_above(path, target) and (path, target) not in STILL_UP:
                yield f"{path} uses {', '.join(names)} of {target}"


def place_is_above(path, target):
    return path.count("/") > 2 and goes_up(path, target)


def circles(uses):
    """Strongly connected files, by Tarjan's algorithm."""
    number, low, stack, found = {}, {}, [], []

    def visit(path):
        number[path] = low[path] = len(number)
        stack.append(path)
        for target in uses.get(path, ()):
            if target not in number:
                visit(target)
                low[path] = min(low[path], low[target])
            elif target in stack:
                low[path] = min(low[path], number[target])
        if low[path] == number[path]:
            start = stack.index(path)
            if len(stack) - start > 1:
                found.append(set(stack[start:]))
            del stack[start:]

    for path in sorted(uses):
        if path not in number:
            visit(path)
    return found


def new_circles(uses):
    """Those that are not a part of a listed one."""
    for circle in circles(uses):
        if not any(circle <= known for known in STILL_CIRCLES):
            yield "a circle: " + ", ".join(sorted(circle))


def lists_are_short(uses):
    for path, target in sorted(STILL_UP):
        if target not in uses.get(path, {}):
            yield f"STILL_UP: {path} does not use {target} any more"
    left = circles(uses)
    for known in STILL_CIRCLES:
        if known not in left:
            yield "STILL_CIRCLES: not a circle any more: " + ", ".join(sorted(known))


UP = arrows({"kmod/net/model/a": (set(), {"f"}), "kmod/net/packet/b": ({"f"}, set())})
ROUND = arrows({"kmod/net/model/a": ({"f"}, {"g"}), "kmod/net/model/b": ({"g"}, {"f"})})
CHECKS = [
    ("calls go down", upward, UP),
    ("no circle of files", new_circles, ROUND),
    ("the lists of what is left are short", lists_are_short, {}),
]


def main():
    uses = arrows(read_objects())
    print(f"KTAP version 1\n1..{2 * len(CHECKS) + 1}")
    many = sum(map(len, uses.values())) > 100
    failed = not many
    print(f"{'ok' if many else 'not ok'} 1 the objects are there and use one another")
    for number, (name, check, breach) in enumerate(CHECKS, 1):
        found = list(check(breach))
        failed |= not found
        print(f"{'ok' if found else 'not ok'} {2 * number} a breach is found: {name}")
        complaints = list(check(uses))
        failed |= bool(complaints)
        for complaint in complaints:
            print(f"# {complaint}")
        print(f"{'not ok' if complaints else 'ok'} {2 * number + 1} {name}")
    return failed


if __name__ == "__main__":
    sys.exit(main())
