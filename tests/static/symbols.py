#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# test: timeout=600 needs=modules-stock
"""Calls go down: the undefined symbols of the modules' objects, as KTAP.

Includes say what a file may see, objects what it uses. A file may use its own folder
and what stands below, and no files use one another in a circle.
"""

import os
import re
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from storeys import STOREYS, goes_up            # noqa: E402

BUILT = "build/stock/src"

# A table of operations and the operations are one thing in two files, since a generator
# writes the first.
CIRCLES = [
    {"kmod/net/netlink/netlink-gen", "kmod/net/netlink/netlink"},
    {"kmod/blk/netlink/netlink-gen", "kmod/blk/netlink/netlink"},
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
            if place_is_above(path, target):
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


def wrong_circles(uses):
    for circle in circles(uses):
        if circle not in CIRCLES:
            yield "a circle: " + ", ".join(sorted(circle))


def symbols_twice(symbols):
    """Symbols that both modules define: kallsyms and a trace show them side by side."""
    homes = {}
    for path, (defined, _) in sorted(symbols.items()):
        for name in defined - {"init_module", "cleanup_module"}:
            homes.setdefault(name, {})[path.split("/")[1]] = path
    for name, paths in sorted(homes.items()):
        if len(paths) > 1:
            yield f"{name} is defined in {' and '.join(paths.values())}"


UP = {"kmod/net/model/a": (set(), {"f"}), "kmod/net/packet/b": ({"f"}, set())}
ROUND = {"kmod/net/model/a": ({"f"}, {"g"}), "kmod/net/model/b": ({"g"}, {"f"})}
TWICE = {"kmod/net/main": ({"f", "init_module"}, set()),
         "kmod/blk/main": ({"f", "init_module"}, set())}
CHECKS = [
    ("calls go down", lambda symbols: upward(arrows(symbols)), UP),
    ("no circle of files", lambda symbols: wrong_circles(arrows(symbols)), ROUND),
    ("a symbol is defined in one module", symbols_twice, TWICE),
]


def main():
    symbols = read_objects()
    print(f"KTAP version 1\n1..{2 * len(CHECKS) + 1}")
    many = sum(map(len, arrows(symbols).values())) > 100
    failed = not many
    print(f"{'ok' if many else 'not ok'} 1 the objects are there and use one another")
    for number, (name, check, breach) in enumerate(CHECKS, 1):
        found = list(check(breach))
        failed |= not found
        print(f"{'ok' if found else 'not ok'} {2 * number} a breach is found: {name}")
        complaints = list(check(symbols))
        failed |= bool(complaints)
        for complaint in complaints:
            print(f"# {complaint}")
        print(f"{'not ok' if complaints else 'ok'} {2 * number + 1} {name}")
    return failed


if __name__ == "__main__":
    sys.exit(main())
