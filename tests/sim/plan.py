# SPDX-License-Identifier: GPL-2.0-only
"""What happens to a simulated cluster: a list of steps (millisecond, word, argument...) that a
seed gives, of which any subset can be played too."""

import random
from dataclasses import dataclass

BLOCKS = 256            # of the volume, four regions
SHAPES = (              # witnesses among the voters, nodes without a replica
    (3, {3}, 0), (3, set(), 0), (3, set(), 1), (3, {3}, 1))
FAULTS = ("cut", "cut", "cut", "writer", "writer", "writer", "isolate", "isolate", "link", "link", "hang", "fail", "full",
          "slow", "wire", "close", "attach", "attach", "detach", "silence", "slab")


@dataclass
class Plan:
    seed: int
    voters: int
    witnesses: set
    others: int
    steps: list

    @property
    def nodes(self):
        return range(1, self.voters + self.others + 1)


class _Maker:
    def __init__(self, seed):
        self.chance = random.Random(seed)
        self.voters, self.witnesses, self.others = self.chance.choice(SHAPES)
        self.nodes = self.voters + self.others
        self.steps = []
        # Few blocks, so that they meet: neighbours, and regions apart.
        self.blocks = sorted(self.chance.sample(range(0, BLOCKS - 4), 4))
        self.blocks += [self.blocks[0] + 1, self.blocks[0] + 2]

    def seed(self):
        return self.chance.randrange(1 << 30)

    def node(self):
        return self.chance.randint(1, self.nodes)

    def voter(self):
        return self.chance.randint(1, self.voters)

    def io(self, begin, end):
        """Reads and writes, now in bursts, now with pauses."""
        at = begin
        while at < end:
            for _ in range(self.chance.choice((1, 1, 2, 4, 8))):
                self.ask(at, self.chance.choices(("write", "read", "fua", "flush"),
                                                 (8, 6, 1, 2))[0])
            at += int(self.chance.expovariate(1 / self.chance.choice((1, 3, 10, 30, 300)))) + 1

    def burst(self, at):
        """Writes that are on their way when something happens."""
        for _ in range(self.chance.randint(2, 8)):
            self.ask(at, self.chance.choice(("write", "write", "write", "fua", "flush")))
        return at + self.chance.choice((.05, .15, .3, .6, 1, 3, 10))

    def ask(self, at, kind):
        count = self.chance.choice((1, 1, 1, 2, 3)) if kind != "flush" else 0
        self.steps.append((at, "io", kind, self.chance.choice(self.blocks), count,
                           self.chance.randrange(4)))

    def fault(self, at):
        """One that begins, and most often its end."""
        kind = self.chance.choice(FAULTS)
        if self.chance.random() < .7:
            at = self.burst(at)
        last = int(self.chance.choice((30, 500, 2000, 6000, 12000)) * self.chance.uniform(.3, 1.5))
        node = self.node()
        steps = getattr(self, f"_{kind}")(node)
        self.steps += [(at, *steps[0])]
        if len(steps) > 1 and self.chance.random() < .9:
            self.steps += [(at + last + extra, *step) for extra, step in enumerate(steps[1:])]

    def _cut(self, node):
        if self.chance.random() < .15:
            return [("cutall", self.seed()), *(("on", each, self.seed())
                                               for each in self.some())]
        return [("cut", node, self.seed()), ("on", node, self.seed())]

    def _writer(self, node):
        """Which node it is turns out."""
        return [("cutwriter", self.seed()), *(("on", each, self.seed()) for each in self.some())]

    def some(self):
        """Nodes in an order of their own, now and then not all of them."""
        nodes = self.chance.sample(range(1, self.nodes + 1), self.nodes)
        return nodes if self.chance.random() < .6 else nodes[:-1]

    def _isolate(self, node):
        return [("isolate", node, 1), ("isolate", node, 0)]

    def _link(self, node):
        other = self.node()
        ways = ((node, other),) if self.chance.random() < .5 else ((node, other), (other, node))
        return [("links", ways, 1), ("links", ways, 0)]

    def _wire(self, node):
        return [("wire", node, self.node(), self.chance.choice((0, 0, 20)),
                 self.chance.choice((500, 5000, 50000, 400000))),
                ("wire", node, self.node(), 0, 0)]

    def _hang(self, node):
        return [("hang", node, 1), ("hang", node, 0)]

    def _fail(self, node):
        return [("fail", node, *(self.chance.choice((0, 0, 30, 100)) for _ in range(3))),
                ("fail", node, 0, 0, 0)]

    def _full(self, node):
        return [("full", node, 1), ("full", node, 0)]

    def _slow(self, node):
        time = self.chance.choice((5000, 50000, 900000))
        return [("slow", node, time // 2, time), ("slow", node, 20, 200)]

    def _close(self, node):
        return [("close", node), ("open", node)]

    def _silence(self, node):
        return [("untarget", node), ("listen", node)]

    def _attach(self, node):
        return [("attach", node, self.chance.choice(("", "takeover", "takeover", "dead")))]

    def _detach(self, node):
        return [("detach", node, self.chance.random() < .3)]

    def _slab(self, node):
        return [("slab", self.chance.choice((1, 3, 10))), ("slab", 0)]

    def make(self):
        at = 0
        for _ in range(self.chance.randint(4, 9)):
            self.steps.append((at, "ensure", self.node()))
            if self.chance.random() < .3:
                # Something happens while it attaches.
                self.fault(at + self.chance.choice((1, 3, 10, 40, 200, 1500)))
            self.steps.append((at + 1, "await"))
            busy = self.chance.choice((50, 200, 1000, 3000))
            self.io(at + 1, at + busy)
            for _ in range(self.chance.randint(1, 2)):
                self.fault(at + self.chance.randrange(busy + 1))
            at += busy + self.chance.choice((1, 1, 30, 300, 3000, 9000, 15000))
        self.steps.sort(key=lambda step: step[0])


def make(seed):
    maker = _Maker(seed)
    maker.make()
    return Plan(seed, maker.voters, maker.witnesses, maker.others, maker.steps)
