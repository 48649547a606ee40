# SPDX-License-Identifier: GPL-2.0-only
"""Checks a history (history.py) of a volume. Each block is a register:

- it is linearizable: each write and read has its effect at one moment between its asking
  and its answer; a write that failed, at any moment, or never;
- what failed under an attachment takes no effect on a block that a later attachment has
  read or written;
- an acknowledged write is lost only if nothing that held it was flushed and every node of
  the ISR that acknowledged it has lost power since; then at an attach, or as long as the
  block has not served that attachment, and so that what is left is a state that the block
  has had. A flush that succeeded covers what was
  acknowledged before it was asked, a write with FUA itself, and a read what an earlier
  attachment wrote;
- a block is whole;
- when a later attachment serves, an earlier one is acknowledged no write and no flush
  that it asks for after that.

The search follows every order that explains the history so far (a State of a block is one)
and fails when none is left. An operation takes effect as late as possible.
"""

from dataclasses import dataclass, field, replace

from history import TORN

NEVER = 1 << 62         # a line after the last one


@dataclass
class Violation:
    """What is wrong (one of KINDS), at which line, in words."""
    kind: str
    line: int
    text: str


KINDS = ("torn block", "invented value", "stale read", "lost write", "lost flushed write",
         "vanished value", "resurrected write", "two writers", "no order")


@dataclass
class Op:
    """Something that was asked. Its answer is known in advance, as far as it has one."""
    id: int
    kind: str
    attachment: int
    block: int
    value: object
    asked: int
    answered: int = NEVER       # successfully
    holders: object = None      # nodes that have had power since it was acknowledged
    witnessed: int = NEVER      # acknowledged or read
    durable: bool = False
    read: bool = False


@dataclass(frozen=True)
class State:
    """One explanation: values from the last durable one to that of now, writes that may
    take effect yet, writes that never did, reads that have seen their value, and the last
    attachment that the block has served."""
    chain: tuple = (0,)
    open: frozenset = frozenset()
    never: frozenset = frozenset()
    seen: frozenset = frozenset()
    attachment: int = 0


@dataclass
class Block:
    states: set = field(default_factory=lambda: {State()})
    writes: dict = field(default_factory=dict)          # by value
    reads: dict = field(default_factory=dict)           # that wait for their answer, by ID
    told: list = field(default_factory=list)            # reads that were answered


class Checker:
    def __init__(self, events):
        self.events, self.blocks, self.ops = events, {}, {}
        self.isr, self.isr_known, self.serves = frozenset(), False, {}
        for event in events:
            if event.what == "ask":
                self.ops[event.id] = Op(event.id, event.kind, event.attachment, event.block,
                                        event.value, event.line)
            elif event.what == "ok":
                op = self.ops[event.id]
                op.answered = event.line
                if op.kind == "read":
                    op.value = event.value

    def run(self):
        """The first violation, or None."""
        for event in self.events:
            wrong = getattr(self, f"_{event.what}")(event)
            if wrong:
                return wrong
        return None

    # ---- what happens ----

    def _isr(self, event):
        self.isr, self.isr_known = event.nodes, bool(event.nodes)

    def _cut(self, event):
        for op in self.ops.values():
            if op.witnessed < event.line:
                # Of unknown ones any may have been the only one.
                op.holders = frozenset() if op.holders is None else op.holders - event.nodes
        # The last holder may go between an attach and the copy from it.
        latest = max(self.serves, default=0)
        for block in self.blocks.values():
            block.states |= {left for state in block.states if state.attachment < latest
                             for left in self._losses(block, state)}

    def _attach(self, event):
        self.serves[event.attachment] = event.line
        for block in self.blocks.values():
            block.states |= {left for state in block.states
                             for left in self._losses(block, state)}

    def _ask(self, event):
        op = self.ops[event.id]
        if op.kind == "flush":
            return
        block = self.blocks.setdefault(op.block, Block())
        if op.kind != "read":
            block.writes[op.value] = op
            block.states = {replace(state, open=state.open | {op.value})
                            for state in block.states}
        elif op.answered != NEVER:
            block.reads[op.id] = op
            block.states = {self._look(block, state, (op,)) for state in block.states}

    def _fail(self, event):
        pass

    def _ok(self, event):
        op = self.ops[event.id]
        if op.kind == "flush":
            return self._outlived(op) or self._flushed(op)
        block = self.blocks[op.block]
        if op.kind == "read":
            return self._read(block, op)
        return self._outlived(op) or self._written(block, op)

    # ---- answers ----

    def _outlived(self, op):
        """Was it asked under an attachment that another had replaced?"""
        for later, since in self.serves.items():
            if later > op.attachment and since < op.asked:
                return Violation("two writers", op.answered,
                                 f"attachment {op.attachment} is answered {op.kind} {op.id}, "
                                 f"asked after attachment {later} began to serve")
        return None

    def _witness(self, op, line):
        """From now on it may not be lost but with its holders."""
        if op.witnessed == NEVER:
            op.witnessed = line
            op.holders = self.isr if self.isr_known else None

    def _flushed(self, op):
        for block in self.blocks.values():
            def covered(value, block=block):
                write = block.writes.get(value)
                return not write or write.answered < op.asked
            block.states = {self._settled(state, covered) for state in block.states}
            for write in block.writes.values():
                write.durable |= write.answered < op.asked

    @staticmethod
    def _settled(state, durable):
        """The chain from the last value on that is durable."""
        for at in range(len(state.chain) - 1, 0, -1):
            if durable(state.chain[at]):
                return replace(state, chain=state.chain[at:])
        return state

    def _written(self, block, op):
        states = set()
        for state in block.states:
            if op.value in state.open:
                states |= self._until(block, state, op.value)
            elif op.value not in state.never:
                states.add(state)
        if op.kind == "fua":
            op.durable = True
            states = {self._settled(state, lambda value: value == op.value)
                      for state in states}
        self._witness(op, op.answered)
        block.states = states
        if states:
            return None
        return Violation("two writers" if self._replaced(op) else "no order", op.answered,
                         f"write {op.id} of block {op.block} is acknowledged, and no order of "
                         "what was asked and answered explains it")

    def _replaced(self, op):
        return any(later > op.attachment for later in self.serves)

    def _read(self, block, op):
        del block.reads[op.id]
        if op.value == TORN:
            return Violation("torn block", op.answered,
                             f"read {op.id} found block {op.block} in two pieces")
        states = set()
        for state in block.states:
            if op.id in state.seen:
                states.add(state)
            elif op.value in state.open:
                states |= {each for each in self._until(block, state, op.value, op)
                           if op.id in each.seen}
        if not states:
            return self._diagnosis(block, op)
        states = {replace(state, seen=state.seen - {op.id}) for state in states}
        write = block.writes.get(op.value)
        if write:
            self._witness(write, op.answered)
            write.read = True
            if write.attachment < op.attachment:
                write.durable = True
                states = {self._settled(state, lambda value: value == op.value)
                          for state in states}
        block.told.append(op)
        block.states = states
        return None

    # ---- steps ----

    def _losses(self, block, state):
        """What an attach may find: the last values are gone, if nothing holds them."""
        for at in range(len(state.chain) - 1, 0, -1):
            write = block.writes[state.chain[at]]
            if write.witnessed != NEVER and (write.holders is None or write.holders):
                return
            yield replace(state, chain=state.chain[:at])

    def _look(self, block, state, reads):
        """Reads that find their value now."""
        fitting = [read for read in reads
                   if read.value == state.chain[-1] and read.id not in state.seen]
        if not fitting:
            return state
        state = replace(state, seen=state.seen | {read.id for read in fitting})
        return self._serve(block, state, max(read.attachment for read in fitting))

    @staticmethod
    def _serve(block, state, attachment):
        """The block serves an attachment: what failed under earlier ones is over."""
        if attachment <= state.attachment:
            return state
        over = {value for value in state.open if block.writes[value].attachment < attachment}
        return replace(state, open=state.open - over, never=state.never | over,
                       attachment=attachment)

    def _apply(self, block, state, value, read=None):
        """A write takes effect."""
        state = replace(state, chain=state.chain + (value,), open=state.open - {value})
        state = self._serve(block, state, block.writes[value].attachment)
        reads = (*block.reads.values(), *((read,) if read else ()))
        return self._look(block, state, reads)

    def _until(self, block, state, wanted, read=None):
        """The states in which the write of WANTED has just taken effect, and any others
        before it."""
        found, done, todo = set(), {state}, [state]
        while todo:
            now = todo.pop()
            for value in now.open:
                after = self._apply(block, now, value, read)
                if after in done:
                    continue
                done.add(after)
                if value == wanted:
                    found.add(after)
                else:
                    todo.append(after)
        return found

    # ---- what is wrong ----

    def _diagnosis(self, block, read):
        what = f"read {read.id} of block {read.block} returned {read.value}"
        write = block.writes.get(read.value)
        if read.value and not write:
            return Violation("invented value", read.answered, f"{what}, which was not written")
        since = write.witnessed if write else -1
        newer = [each for each in block.writes.values()
                 if each.witnessed < read.asked and each is not write and
                 (each.asked > since or each.attachment > (write.attachment if write else 0))]
        over = [each for each in block.told if write and each.attachment > write.attachment
                and each.value != read.value and each.answered < read.asked]
        if write and write.witnessed > read.asked and (over or any(
                each.attachment > write.attachment for each in newer)):
            return Violation("resurrected write", read.answered,
                             f"{what}, of a write that failed under attachment "
                             f"{write.attachment}, after attachment {read.attachment} or one "
                             "before it found something else")
        # The worst of what it is older than; the newest of these.
        for kind, is_it in (("lost flushed write", lambda each: each.durable and not each.read),
                            ("vanished value", lambda each: each.read),
                            ("stale read", lambda each: each.attachment == read.attachment),
                            ("lost write", lambda each: True)):
            older_than = [each for each in newer if is_it(each)]
            if older_than:
                last = max(older_than, key=lambda each: each.witnessed)
                return Violation(kind, read.answered,
                                 f"{what}, older than {last.value} of write {last.id}")
        before = [each for each in block.told
                  if each.value != read.value and each.answered < read.asked]
        if before:
            return Violation("vanished value", read.answered,
                             f"{what}, but read {before[-1].id} before it {before[-1].value}")
        return Violation("no order", read.answered, f"{what}, and no order of what was asked "
                         "and answered explains it")


def check(events):
    """The first violation in events of history.parse(), or None."""
    return Checker(events).run()
