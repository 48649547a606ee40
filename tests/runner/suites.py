# SPDX-License-Identifier: GPL-2.0-only
"""KUnit suites that share one boot of the test kernel as a process."""

import os
import re
from dataclasses import dataclass, field

from runner import ktap
from runner.splats import complaints

TIMEOUT = 900       # seconds for a boot, with all that runs in it
LATE = 124          # the status of tests/lab/um when time ran out
DIED = 125          # and when the kernel ended before the command
LEAKS = "leaks"     # what tests/lab/process/kunit calls its last part
BEGIN = re.compile(r"kunit: begin (\S+)$")
END = re.compile(r"kunit: end (\S+), (\S+) s$")


@dataclass
class Part:
    """What a suite said, between the two lines that name it."""
    name: str
    lines: list = field(default_factory=list)
    ended: bool = False
    took: float = 0.0
    report: ktap.Report = None

    def judge(self, fault):
        """Its results; fault: why it has no end, or was not run. The kernel's complaint
        is a failure, too."""
        self.report = ktap.Report()
        if self.lines and self.name != LEAKS:
            self.report = ktap.parse(self.lines)
        if not self.ended:
            self.report.fail(fault)
        if next(complaints(self.lines), None):
            self.report.fail("the kernel complained")
        return self

    @property
    def failed(self):
        return self.report.failed > 0


def parts_of(lines):
    """Of a boot's log, by name."""
    found, part = {}, None
    for line in lines:
        line = line.rstrip("\n")
        begin, end = BEGIN.match(line), END.match(line)
        if begin:
            part = found[begin.group(1)] = Part(begin.group(1))
        if part:
            part.lines.append(line)
        if part and end:
            part.ended, part.took, part = True, float(end.group(2)), None
    return found


class Boots:
    """Boots until each suite has run: one that ends the kernel has failed, and those
    after it run in the next boot."""

    def __init__(self, processes, directory, log):
        self.processes = processes
        self.directory = directory
        self.log = log
        self.number = 0

    def run(self, names):
        """Yields a Part for each of the names, and LEAKS for each boot whose suites
        did not end it."""
        names = list(names)
        while names:
            parts, fault = self.boot(names)
            if not parts:
                parts = {name: Part(name) for name in names}
                fault = "not run, the kernel did not boot"
            for part in parts.values():
                yield part.judge(fault)
            names = [name for name in names if name not in parts]

    def boot(self, names):
        """The parts, and what to say of one that has no end."""
        self.number += 1
        begin = self.log.seek(0, os.SEEK_END)
        status = self.processes.run(
            ["tests/lab/um", "kunit", "--dir", os.path.join(self.directory, f"boot{self.number}"),
             "--timeout", str(TIMEOUT), *names], self.log, TIMEOUT + 60)
        with open(self.log.name, encoding="utf-8", errors="replace") as log:
            log.seek(begin)
            parts = parts_of(log)
        late = status in (None, LATE)
        return parts, f"ran out of time ({TIMEOUT} s)" if late else "the kernel ended in it"
