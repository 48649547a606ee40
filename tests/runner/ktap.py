# SPDX-License-Identifier: GPL-2.0-only
"""Read KTAP: what was tested, and whether the text can be believed."""

import re
from dataclasses import dataclass, field

TOTAL = re.compile(r"( *)# \S+: pass:\d+ fail:\d+ skip:\d+ total:(\d+)$")
RESULT = re.compile(r"^( *)(ok|not ok) (\d+)\b(?: - | |$)(.*)$")
PLAN = re.compile(r"^( *)1\.\.(\d+)\b(.*)$")
SKIP = re.compile(r"#\s*SKIP\b\s*(.*)$", re.I)


@dataclass
class Test:
    name: str
    failed: bool = False
    skipped: str = ""    # the reason


@dataclass
class Report:
    tests: list = field(default_factory=list)
    cached: bool = False    # what an earlier run has said

    @property
    def passed(self):
        return sum(not test.failed and not test.skipped for test in self.tests)

    @property
    def failed(self):
        return sum(test.failed for test in self.tests)

    @property
    def skipped(self):
        return sum(bool(test.skipped) for test in self.tests)

    def fail(self, name):
        self.tests.append(Test(name, failed=True))


class Level:
    """The results of one indentation, up to the one they are nested in."""

    def __init__(self, indent):
        self.indent = indent
        self.plan = None
        self.count = 0
        self.failures = 0

    def complaint(self):
        if self.plan is None:
            return "no plan: it ended before it was through"
        if self.count != self.plan:
            return f"{self.count} results for a plan of {self.plan}"
        return None


def parse(lines):
    """A Report of the innermost results. A wrong or missing plan, a parent that
    failed without a failed child, a skip without a reason are failures too."""
    report = Report()
    levels = []

    def close_deeper(indent, path):
        """Ends levels below indent; the outermost of them, if any."""
        closed = None
        while levels and levels[-1].indent > indent:
            closed = levels.pop()
            complaint = closed.complaint()
            if complaint:
                report.fail(f"{path}: {complaint}")
                closed.failures += 1
        return closed

    def level_at(indent):
        if not levels or levels[-1].indent < indent:
            levels.append(Level(indent))
        return levels[-1]

    for line in lines:
        line = line.rstrip()
        plan = PLAN.match(line)
        if plan:
            indent = len(plan.group(1))
            level = level_at(indent)
            level.plan = int(plan.group(2))
            skip = SKIP.search(plan.group(3))
            if level.plan == 0 and skip:
                add_skip(report, "everything", skip.group(1))
            continue
        total = TOTAL.match(line)
        if total and levels and levels[-1].plan is None and \
                levels[-1].indent > len(total.group(1)):
            # KUnit has no plan for a test's parameters; it counts them at the end.
            levels[-1].plan = int(total.group(2))
            continue
        result = RESULT.match(line)
        if not result:
            continue
        indent, verdict = len(result.group(1)), result.group(2)
        text = result.group(4)
        name = text.split(" # ")[0].removeprefix("- ").strip() or f"test {result.group(3)}"
        children = close_deeper(indent, name)
        level = level_at(indent)
        level.count += 1
        if int(result.group(3)) != level.count:
            report.fail(f"{name}: numbered {result.group(3)}, is number {level.count}")
        failed = verdict == "not ok"
        level.failures += failed
        if children:
            if failed and not children.failures:
                report.fail(name)
            elif not failed and children.failures:
                level.failures += 1
            continue
        skip = SKIP.search(text)
        if skip and not failed:
            add_skip(report, name, skip.group(1))
        else:
            report.tests.append(Test(name, failed=failed))
    top = close_deeper(-1, "the file")
    if top is None:
        report.fail("the file: printed no result")
    return report


def add_skip(report, name, reason):
    if reason:
        report.tests.append(Test(name, skipped=reason))
    else:
        report.fail(f"{name}: skipped without a reason")
