# SPDX-License-Identifier: GPL-2.0-only
"""The history of a volume: what clients asked and were answered, and what happened to
nodes, one event a line, in the order in which it was seen:

    isr NODE[,NODE]             acknowledged writes are on these data nodes from now on;
                                `isr ?`: that is not known
    attach A NODE               attachment A, numbered upwards from 1, begins to serve
    ask ID A write BLOCK VALUE  a client of attachment A asks; an ID is used once, a VALUE,
    ask ID A fua BLOCK VALUE    a number above 0, too
    ask ID A read BLOCK
    ask ID A flush
    ok ID [VALUE]               it succeeded; a read returned VALUE: 0 is never written,
                                `torn` is a block of two pieces
    fail ID                     it failed, or is not known to have succeeded: a write may have
                                taken effect, or may yet as long as its attachment is the last
    cut NODE                    the node lost power, and what its disk had not flushed; or
                                its disk fails or hangs, so that its replica may be put out

Empty lines and what follows a # are skipped.
"""

from dataclasses import dataclass

KINDS = ("write", "fua", "read", "flush")
TORN = "torn"


class Malformed(Exception):
    """It is no history; the text names the line."""


@dataclass
class Event:
    line: int
    what: str
    id: int = 0
    attachment: int = 0
    kind: str = ""
    block: int = -1
    value: object = None
    nodes: frozenset = frozenset()


def _number(word, least, line):
    if not word.isascii() or not word.isdigit() or int(word) < least:
        raise Malformed(f"line {line}: '{word}' is no number from {least}")
    return int(word)


def _want(words, counts, line):
    if len(words) not in counts:
        raise Malformed(f"line {line}: '{' '.join(words)}' has too few or too many words")


def _ask(words, line):
    _want(words, range(4, 7), line)
    kind = words[3]
    if kind not in KINDS:
        raise Malformed(f"line {line}: '{kind}' is none of {', '.join(KINDS)}")
    _want(words, ({"flush": 4, "read": 5}.get(kind, 6),), line)
    event = Event(line, "ask", _number(words[1], 0, line), _number(words[2], 1, line), kind)
    if len(words) > 4:
        event.block = _number(words[4], 0, line)
    if len(words) > 5:
        event.value = _number(words[5], 1, line)
    return event


def _ok(words, line):
    _want(words, (2, 3), line)
    event = Event(line, "ok", _number(words[1], 0, line))
    if len(words) > 2:
        event.value = TORN if words[2] == TORN else _number(words[2], 0, line)
    return event


def _event(words, line):
    what = words[0]
    if what == "ask":
        return _ask(words, line)
    if what == "ok":
        return _ok(words, line)
    _want(words, (3 if what == "attach" else 2,), line)
    if what == "fail":
        return Event(line, what, _number(words[1], 0, line))
    if what == "attach":
        return Event(line, what, attachment=_number(words[1], 1, line),
                     nodes=frozenset({_number(words[2], 1, line)}))
    if what == "cut":
        return Event(line, what, nodes=frozenset({_number(words[1], 1, line)}))
    if what == "isr":
        nodes = frozenset() if words[1] == "?" else frozenset(
            _number(word, 1, line) for word in words[1].split(","))
        return Event(line, what, nodes=nodes)
    raise Malformed(f"line {line}: unknown event '{what}'")


class _Order:
    """What has to be true between the lines."""

    def __init__(self):
        self.asked, self.values, self.attachment = {}, set(), 0

    def check(self, event):
        where = f"line {event.line}"
        if event.what == "attach":
            if event.attachment <= self.attachment:
                raise Malformed(f"{where}: attachment {event.attachment} is not above "
                                f"{self.attachment}")
            self.attachment = event.attachment
        elif event.what == "ask":
            if event.id in self.asked:
                raise Malformed(f"{where}: {event.id} was asked before")
            if event.attachment > self.attachment:
                raise Malformed(f"{where}: attachment {event.attachment} does not serve yet")
            if event.value in self.values:
                raise Malformed(f"{where}: {event.value} was written before")
            if event.value:
                self.values.add(event.value)
            self.asked[event.id] = event
        elif event.what in ("ok", "fail"):
            self._answer(event, where)

    def _answer(self, event, where):
        asked = self.asked.get(event.id)
        if not asked:
            raise Malformed(f"{where}: {event.id} was not asked, or is answered twice")
        self.asked[event.id] = None
        read = event.what == "ok" and asked.kind == "read"
        if read != (event.value is not None):
            raise Malformed(f"{where}: {event.id} is a {asked.kind}"
                            f"{' and needs a value' if read else ', which has no value'}")


def parse(lines):
    """The events of a text; raises Malformed."""
    order, events = _Order(), []
    for number, text in enumerate(lines, 1):
        words = text.split("#")[0].split()
        if not words:
            continue
        event = _event(words, number)
        order.check(event)
        events.append(event)
    return events
