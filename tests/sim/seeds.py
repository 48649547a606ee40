#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Plays seeds in the test kernel as a process: seeds.py FIRST COUNT SHRINK. Of a seed that
fails it looks, SHRINK plays long, for the shortest plan that still does, prints it and its
history, and ends: the kernel's random numbers would go on from another point."""

import hashlib
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, f"{HERE}/../lib"]

import plan as plans
import simdev
from play import Play
from shrink import shrink

WARN = 1 << 9       # TAINT_WARN


def warned():
    """Whether the kernel has said WARNING since its boot."""
    with open("/proc/sys/kernel/tainted", encoding="ascii") as file:
        return int(file.read()) & WARN


def mark(result):
    """Tells histories apart."""
    return hashlib.sha256("\n".join(result.lines).encode()).hexdigest()[:8]


def report(seed, plan, result, play, budget):
    print(f"# {result.text}", flush=True)
    shorter, again = shrink(plan, result, play, budget)
    print(f"# seed {seed} fails with {len(shorter.steps)} of {len(plan.steps)} steps: "
          f"{again.kind}: {again.text}", flush=True)
    print(f"# voters {plan.voters}, of them witnesses {sorted(plan.witnesses)}, "
          f"other nodes {plan.others}")
    for at, *words in shorter.steps:
        print(f"#   {at} ms: {' '.join(map(str, words))}")
    print("# the history:")
    for number, line in enumerate(again.lines, 1):
        print(f"#   {number}: {line}", flush=True)


def chosen(first, count):
    """Seeds and their plans; the crash cases are numbered from CASES on."""
    for seed in range(first, first + count):
        yield seed, plans.make(seed)


def main(first, count, budget):
    simdev.load_cluster()
    if not simdev.has_nodes():
        print(simdev.ONE_NODE, flush=True)
        return 1
    device = simdev.Device()

    def play(plan):
        return Play(device, plan).run()

    for seed, plan in chosen(first, count):
        result = play(plan)
        counts = " ".join(f"{word} {count}" for word, count in result.counts.items())
        print(f"seed {seed}: {result.kind or 'ok'}: {counts}, history {mark(result)}", flush=True)
        if warned():
            print(f"# the kernel warned in seed {seed}", flush=True)
            return 1
        if result.kind:
            report(seed, plan, result, play, budget)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
