# SPDX-License-Identifier: GPL-2.0-only
"""Plays a plan on a cluster of its own: the result is the history, and what is wrong with it
or with the cluster at its end."""

import contextlib
import os
import random
import time
from dataclasses import dataclass, field

import checker
import history
import plan as plans
from node import Late, Node

SIZE = plans.BLOCKS * 4096
STORE = (4 << 20) + SIZE            # the metadata's room, and the data
END = 150                           # virtual seconds in which a well cluster serves
OPEN = 3                            # requests for a block whose order is open; the checker
                                    # looks at every order
AWAIT = 20                          # virtual seconds until a plan goes on without a volume
SLAB = "/sys/kernel/debug/failslab"
TRACE = os.environ.get("SIM_TRACE")


class Stuck(Exception):
    """What has to come to an end in a cluster that is well has not."""


class Served(Exception):
    """What has to be refused was not."""


@dataclass
class Asked:
    node: Node
    attachment: int
    kind: str
    block: int
    count: int
    answered: bool = False


@dataclass
class Result:
    lines: list
    kind: str = ""                  # of what is wrong, or nothing
    text: str = ""
    counts: dict = field(default_factory=dict)


def slab(percent):
    """So many of the allocations fail whose call comes through braid_blk."""
    words = {"probability": 0}
    if percent:
        with open("/sys/module/braid_blk/sections/.text", encoding="ascii") as file:
            start = int(file.read(), 16)
        with open("/proc/modules", encoding="ascii") as file:
            size = next(int(line.split()[1]) for line in file if line.startswith("braid_blk "))
        # The filter first: until then every allocation may fail.
        words = {"task-filter": "N", "verbose": 0, "times": -1, "ignore-gfp-wait": "N",
                 "stacktrace-depth": 32, "require-start": start, "require-end": start + size,
                 "probability": percent}
    for word, value in words.items():
        with open(f"{SLAB}/{word}", "w", encoding="ascii") as file:
            file.write(str(value))


class Play:
    def __init__(self, device, plan):
        self.device, self.plan = device, plan
        self.lines, self.ops, self.nodes = [], {}, {}
        self.said = None                    # the ISR that the history has last
        self.number = self.attachment = self.client = self.drive = 0
        self.wishes = {}                    # links that are cut
        self.over = set()                   # attachments whose node has no power
        self.open = {}                      # block -> {ID: attachment} of such requests
        self.counts = {"attach": 0, "cut": 0, "ok": 0, "fail": 0, "shrink": 0}
        self.chance = random.Random(plan.seed + 1)
        self.base = self.begin = time.monotonic()

    # ---- the cluster ----

    def build(self):
        self.device.heard()
        self.device.say("link", "reset", self.plan.seed)
        for number in self.plan.nodes:
            self.device.say("platter", number, "make", STORE)
            self.nodes[number] = Node(number, self.device, number in self.plan.witnesses)
            self.switch_on(number, self.plan.seed + number)
            if number in self.voters():
                node = self.nodes[number]
                node.blk.replica_create(node.path, number, 0 if node.witness else SIZE)
                node.begin()
        self.nodes[1].blk.create(SIZE, {number: number in self.plan.witnesses
                                        for number in self.voters()})

    def voters(self):
        return range(1, self.plan.voters + 1)

    def switch_on(self, number, seed):
        self.drive = (self.drive + 1) % 60
        self.nodes[number].power_on(self.drive, seed)
        self.relink()

    def relink(self):
        """The links as they are wished, but for nodes without power."""
        for one in self.plan.nodes:
            lines = []
            for other in self.plan.nodes:
                down = self.wishes.get((one, other), 0) or not (
                    self.is_on(one) and self.is_on(other))
                lines.append(f"link {one} {other} cut {int(down)}")
            self.device.say("\n".join(lines))

    def is_on(self, number):
        return number in self.nodes and self.nodes[number].on

    def tear_down(self):
        """Whatever happened, nothing of it is left."""
        slab(0)
        for node in self.nodes.values():
            node.bury()
        for number in self.nodes:
            self.device.say("platter", number, "drop")
        self.device.heard()

    # ---- time ----

    def pause(self, moment):
        """Until then, listening."""
        while True:
            self.listen()
            left = moment - time.monotonic()
            if left <= 0:
                return
            self.device.wait(left)

    def until(self, ready, seconds=END):
        """Whether it became true."""
        end = time.monotonic() + seconds
        while not ready():
            if time.monotonic() >= end:
                return False
            self.device.wait(.5)
            self.listen()
        return True

    # ---- what happened ----

    def listen(self):
        heard = self.device.heard()
        isrs = self.look_at_isrs(heard)
        for line in heard:
            if TRACE:
                print(f"# {time.monotonic() - self.base:.6f} {' '.join(line)}", flush=True)
            getattr(self, f"_{line[0]}")(isrs, *line[1:])

    def look_at_isrs(self, heard):
        """The replicas that hold what was acknowledged, for attachments of which there is
        something: as before and after it, or unknown."""
        isrs = {}
        for word, number, *_ in heard:
            op = self.ops[int(number)] if word == "done" else None
            if not op or op.kind == "flush" or op.attachment in self.over | set(isrs):
                continue
            before, after = op.node.seen, self.state(op.node)
            isrs[op.attachment] = frozenset()
            if before[0] and after[0] and before[0][:2] == after[0][:2] and \
                    after[0][2] - before[0][2] <= 1:
                isrs[op.attachment] = before[1] & after[1]
            self.counts["shrink"] += len(after[1]) < len(before[1])
            op.node.seen = after
        return isrs

    @staticmethod
    def state(node):
        """Version and ISR of now."""
        volume = node.look() if node.on else None
        return (volume["version"], volume["isr"]) if volume else (None, frozenset())

    def _note(self, _, text):
        word, number, *more = text.split(":")
        getattr(self, f"_noted_{word}")(self.nodes[int(number)], *map(int, more))

    def _noted_lost(self, node):
        self.lines.append(f"cut {node.number}")

    def _noted_cut(self, node):
        self.counts["cut"] += 1
        self.lines.append(f"cut {node.number}")

    def _ask(self, _, first):
        op = self.ops[int(first)]
        for at in range(max(op.count, 1)):
            words = {"flush": "", "read": f" {op.block + at}"}.get(
                op.kind, f" {op.block + at} {int(first) + at}")
            self.lines.append(f"ask {int(first) + at} {op.attachment} {op.kind}{words}")

    def _fail(self, _, first, count):
        self.counts["fail"] += 1
        self.tell(int(first), "fail")

    def _done(self, isrs, first, count):
        op = self.ops[int(first)]
        if op.kind != "flush" and op.attachment in isrs:
            isr = ",".join(map(str, sorted(isrs[op.attachment]))) or "?"
            if isr != self.said:
                self.lines.append(f"isr {isr}")
                self.said = isr
        self.tell(int(first), "ok")

    def tell(self, first, word):
        op = self.ops[first]
        for at in range(max(op.count, 1)):
            self.ops[first + at].answered = True
        if op.attachment in self.over:
            return
        self.counts["ok"] += word == "ok"
        for at in range(op.count if word == "ok" or op.kind == "read" else 0):
            self.settled(first + at, op.block + at, op.attachment if word == "ok" else 0)
        self.lines += [f"{word} {first + at}" for at in range(max(op.count, 1))]

    def _ok(self, _, number, value):
        """A block that was read."""
        op = self.ops[int(number)]
        op.answered = True
        if op.attachment not in self.over:
            self.counts["ok"] += 1
            self.settled(int(number), op.block, op.attachment)
            self.lines.append(f"ok {number} {value}")

    # ---- attachments ----

    def attach(self, node, how):
        if how == "dead" and any(other.attachment or other.busy for other in
                                 self.nodes.values() if other.on and other is not node):
            how = "takeover"
        node.worker.ask("attached", 0, "attach", self.voters(), how)

    def _noted_attached(self, node, number, error):
        node.busy = False
        volume = node.look() if node.on and not error else None
        if not volume or node.attachment:
            return
        try:
            self.device.say("client", self.client, "open", volume["device"])
        except OSError:
            return      # it is dead again
        self.counts["attach"] += 1
        self.attachment += 1
        node.attachment, node.client = self.attachment, self.client
        node.seen = volume["version"], volume["isr"]
        self.client = (self.client + 1) % 60
        self.lines.append(f"attach {self.attachment} {node.number}")

    def leave(self, node, force):
        """Detaches it."""
        if node.client is not None:
            self.device.say("client", node.client, "close")
            node.client = None
        node.worker.ask("left", int(force), "detach", force)

    def _noted_left(self, node, force, error):
        node.busy = False
        if not node.on or not node.attachment:
            return
        if error and not force and node.look():
            # It serves on.
            with contextlib.suppress(OSError):
                self.device.say("client", self.client, "open", node.look()["device"])
                node.client = self.client
                self.client = (self.client + 1) % 60
                return
        node.attachment = None

    def _noted_other(self, node, number, error):
        pass

    def serving(self):
        return [node for node in self.nodes.values() if node.on and node.client is not None]

    # ---- steps ----

    def step(self, word, *args):
        getattr(self, f"do_{word}")(*args)

    def do_io(self, kind, block, count, dice):
        serving = self.serving()
        if serving:
            self.io(serving[dice % len(serving)], kind, block, count)

    def io(self, node, kind, block, count, most=OPEN):
        """Asks for it, unless too much of it is open."""
        blocks = range(block, block + count)
        if any(len(self.open.setdefault(each, {})) >= most for each in blocks):
            return
        first = self.number + 1
        self.number += max(count, 1)
        for at in range(max(count, 1)):
            self.ops[first + at] = Asked(node, node.attachment, kind, block + at, count)
            if count:
                self.open[block + at][first + at] = node.attachment
        self.device.say("client", node.client, kind, first, block, count, first)

    def settled(self, number, block, attachment):
        """The block has served an attachment: what was open under earlier ones is over."""
        self.open[block] = {each: since for each, since in self.open[block].items()
                            if each != number and since >= attachment}

    def do_ensure(self, number):
        """Something serves, unless it is about to."""
        live = [node for node in self.nodes.values() if node.on]
        for node in live:
            volume = node.look()
            if volume and volume["state"] == "dead" and not node.busy:
                self.leave(node, True)
        if not live or any(node.busy or node.client is not None for node in live):
            return
        self.attach(self.nodes[number] if self.is_on(number) else live[0], "takeover")

    def do_await(self):
        """Until something serves; what comes after is that much later."""
        begin = time.monotonic()
        self.until(lambda: self.serving(), AWAIT)
        self.begin += time.monotonic() - begin

    def do_cutwriter(self, seed):
        for node in self.serving():
            self.do_cut(node.number, seed)

    def do_attach(self, number, how):
        if self.is_on(number):
            self.attach(self.nodes[number], how)

    def do_detach(self, number, force):
        if self.is_on(number) and not self.nodes[number].busy:
            self.leave(self.nodes[number], force)

    def do_sleep(self, milliseconds):
        self.begin += milliseconds / 1000
        self.pause(self.begin)

    def do_answered(self):
        """Until all that was asked is answered."""
        begin = time.monotonic()
        if not self.until(lambda: not self.waiting()):
            raise Stuck(f"requests {self.waiting()[:5]} are not answered")
        self.begin += time.monotonic() - begin

    def do_refused(self, number, how):
        """An attach there is refused."""
        begin, node = time.monotonic(), self.nodes[number]
        self.attach(node, how)
        self.until(lambda: not node.busy)
        if node.client is not None:
            raise Served(f"node {number} attaches and has to be refused")
        self.begin += time.monotonic() - begin

    def do_cut(self, number, seed, loss=""):
        node = self.nodes[number]
        if node.on:
            self.listen()
            if node.attachment:
                self.over.add(node.attachment)
            node.power_off(seed, loss)

    def do_cutall(self, seed):
        for number in self.plan.nodes:
            self.do_cut(number, seed + number)

    def do_on(self, number, seed):
        node = self.nodes[number]
        if node.on:
            return
        node.bury()
        self.switch_on(number, seed)
        if number in self.voters():
            node.worker.ask("other", 0, "replica_open", node.path)
            node.worker.ask("other", 0, "listen", number)
            node.busy = False

    def do_links(self, ways, down):
        for way in ways:
            self.wishes[tuple(way)] = down
        self.relink()

    def do_isolate(self, number, down):
        self.do_links([way for other in self.plan.nodes
                       for way in ((number, other), (other, number))], down)

    def do_wire(self, one, other, loss, slowest):
        self.device.say(f"link {one} {other} loss {loss}\n"
                        f"link {one} {other} slow 50 {max(150, slowest)}")

    def do_wires(self, slowest):
        for one in self.plan.nodes:
            for other in self.plan.nodes:
                self.do_wire(one, other, 0, slowest)

    def to_drive(self, number, *words):
        if self.is_on(number):
            self.device.say("drive", self.nodes[number].drive, *words)

    def gives_up(self, number):
        """From now on the replica may be put out: what it alone held may be lost."""
        if self.is_on(number):
            self.device.say("note", f"lost:{number}")

    def do_hang(self, number, on):
        self.to_drive(number, "hang", on)
        if int(on):
            self.gives_up(number)

    def do_fail(self, number, *percents):
        self.to_drive(number, "fail", *percents)
        if any(map(int, percents)):
            self.gives_up(number)

    def do_full(self, number, on):
        self.to_drive(number, "full", on)
        if int(on):
            self.gives_up(number)

    def do_slow(self, number, shortest, longest):
        self.to_drive(number, "slow", shortest, longest)

    def to_worker(self, number, how, what):
        node = self.nodes[number]
        if node.on and number in self.voters():
            busy = node.busy
            node.worker.ask("other", 0, how, what(node))
            node.busy = busy

    def do_close(self, number):
        self.to_worker(number, "replica_close", lambda node: node.path)

    def do_open(self, number):
        self.to_worker(number, "replica_open", lambda node: node.path)

    def do_untarget(self, number):
        self.to_worker(number, "close_target", lambda node: number)

    def do_listen(self, number):
        self.to_worker(number, "listen", lambda node: number)

    def do_slab(self, percent):
        slab(percent)

    # ---- the end ----

    def heal(self):
        slab(0)
        self.wishes = {}
        self.device.say("link", "reset", self.plan.seed)
        for number in self.plan.nodes:
            for words in (("hang", 0), ("fail", 0, 0, 0), ("full", 0), ("slow", 20, 200)):
                self.to_drive(number, *words)
            self.do_on(number, number)
            self.do_open(number)
            self.do_listen(number)
        self.relink()

    def waiting(self):
        return [number for number, op in self.ops.items()
                if not op.answered and op.attachment not in self.over]

    def finish(self):
        """Once nothing is broken any more the volume serves, and all of it is read."""
        self.heal()
        if not self.until(lambda: not any(node.busy for node in self.nodes.values())):
            raise Stuck(f"attach or detach at node {[n.number for n in self.nodes.values() if n.busy]} does not end")
        if not self.until(lambda: not self.waiting()):
            raise Stuck(f"requests {self.waiting()[:5]} are not answered")
        self.let_go()
        for node in self.chance.sample(list(self.nodes.values()), 2):
            self.serve(node)
            blocks = sorted({op.block for op in self.ops.values() if op.kind != "flush"})
            for block in blocks:
                self.io(node, "read", block, 1, len(self.ops))
            if not self.until(lambda: not self.waiting()):
                raise Stuck("reads at the end are not answered")
            self.let_go()

    def serve(self, node):
        def serves():
            if node.client is None and not node.busy:
                self.attach(node, "takeover")
            return node.client is not None
        if not self.until(serves):
            raise Stuck(f"node {node.number} does not get the volume")

    def let_go(self):
        """Nothing is attached, by force where nothing else helps."""
        for force in (False, True):
            for node in self.nodes.values():
                if node.look():
                    self.leave(node, force)
            if not self.until(lambda: not any(node.busy for node in self.nodes.values())):
                raise Stuck("detach does not end")

    def run(self):
        try:
            self.build()
            self.begin = self.base = time.monotonic()
            for at, word, *args in self.plan.steps:
                self.pause(self.begin + at / 1000)
                if TRACE:
                    print(f"# {time.monotonic() - self.base:.6f} STEP {word} {args}", flush=True)
                self.step(word, *args)
            self.finish()
        except (Stuck, Late) as stuck:
            return Result(self.lines, "stuck", str(stuck), self.counts)
        except Served as served:
            return Result(self.lines, "not refused", str(served), self.counts)
        finally:
            self.tear_down()
        try:
            wrong = checker.check(history.parse(self.lines))
        except history.Malformed as error:
            return Result(self.lines, "malformed", str(error), self.counts)
        if wrong:
            return Result(self.lines, wrong.kind, f"line {wrong.line}: {wrong.text}",
                          self.counts)
        return Result(self.lines, counts=self.counts)
