# SPDX-License-Identifier: GPL-2.0-only
"""Small changes of a C source, each of which a test should notice.

A mutant is one line of a function with one operator, constant or condition changed, or
with its statement left out. Comments, strings and the preprocessor's lines stay.
"""

import re
from dataclasses import dataclass

# What becomes of an operator. Spaces tell binary ones from others, as the kernel's
# style has it.
OPERATORS = (
    ("==", "!="), ("!=", "=="), ("<=", "<"), (">=", ">"), (" < ", " <= "), (" > ", " >= "),
    ("&&", "||"), ("||", "&&"), (" + ", " - "), (" - ", " + "), (" & ", " | "),
    (" | ", " & "), (" << ", " >> "), (" >> ", " << "), ("++", "--"), ("--", "++"),
    (" += ", " -= "), (" -= ", " += "), (" |= ", " &= "), ("min(", "max("), ("max(", "min("),
)
WORDS = {"true": "false", "false": "true"}
# Statements without which nothing that a test could see is missing.
ASSERTIONS = re.compile(r"\b(lockdep_\w+|WARN\w*|BUILD_BUG\w*|static_assert|pr_\w+|might_\w+|"
                        r"cond_resched|braid_invariant\w*)\b")
STATEMENT = re.compile(r"\t+(?!return\b|case\b|default\b|else\b|do\b)"
                       r"(?:[a-z_][\w.>\[\]-]*(?: [-+|&^]?= |\(|\+\+|--)|\+\+|--|\*\w|"
                       r"goto |break;|continue;).*;$")


@dataclass(frozen=True)
class Mutant:
    """Line number `line` of `path` reads `after` instead of `before`."""
    path: str
    line: int
    before: str
    after: str
    kind: str

    def __str__(self):
        return (f"{self.path}:{self.line}: {self.kind}: {self.before.strip()}"
                f"  ->  {self.after.strip()}")

    def apply(self, text):
        lines = text.split("\n")
        assert lines[self.line - 1] == self.before
        lines[self.line - 1] = self.after
        return "\n".join(lines)


def masked(text):
    """The text with comments, strings and characters blanked, of the same length."""
    def blank(match):
        return re.sub(r"[^\n]", " ", match.group())
    return re.sub(r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'",
                  blank, text, flags=re.S)


def function_lines(lines):
    """The indexes of lines inside of functions."""
    inside = False
    for index, line in enumerate(lines):
        if line == "{":
            inside = True
        elif line.startswith("}"):
            inside = False
        elif inside and line.startswith("\t") and not line.lstrip().startswith("#"):
            yield index


def replaced(line, start, end, new):
    return line[:start] + new + line[end:]


def operators(line, mask):
    for old, new in OPERATORS:
        for match in re.finditer(re.escape(old), mask):
            start, end = match.span()
            # Not a part of a longer one: <= of <<=, < of <<, min( of mymin(.
            around = mask[start - 1:start] + mask[end:end + 1]
            if old[0] in "=!<>&|+-" and set(around) & set("=<>&|!+-"):
                continue
            if old[0] == "m" and re.match(r"\w", mask[start - 1:start]):
                continue
            yield replaced(line, start, end, new)


def constants(line, mask):
    for match in re.finditer(r"(?<![\w.])(0x[0-9a-fA-F]+|\d+)(U?L{0,2})\b", mask):
        value = int(match.group(1), 0) + 1
        yield replaced(line, *match.span(), f"{value}{match.group(2)}")
    for match in re.finditer(r"\b(true|false)\b", mask):
        yield replaced(line, *match.span(), WORDS[match.group()])


def conditions(line, mask):
    found = re.match(r"(\t+(?:\} else )?if )\((.*)\)( \{)?$", mask)
    # One that is a lone negation already is changed below.
    if found and balanced(found.group(2)) and not re.match(r"!\w+$", found.group(2)):
        yield f"{found.group(1)}(!({line[found.start(2):found.end(2)]})){found.group(3) or ''}"
    for match in re.finditer(r"(?<![!=\w])!(?=[\w(])", mask):
        yield replaced(line, *match.span(), "")


def balanced(text):
    depth = 0
    for char in text:
        depth += (char == "(") - (char == ")")
        if depth < 0:
            return False
    return depth == 0


def statements(line, mask, before):
    """The statement left out, if the line is a whole one."""
    whole = re.search(r"([;{}:]|^|\)|\belse)\s*$", before) is not None
    if whole and STATEMENT.match(mask) and balanced(mask) and not ASSERTIONS.search(mask):
        yield re.match(r"\t+", line).group() + ";"


def mutants(path, text):
    """All of a source, in the order of its lines."""
    lines, masks = text.split("\n"), masked(text).split("\n")
    before = ""
    for index in function_lines(masks):
        line, mask = lines[index], masks[index]
        changes = [("operator", new) for new in operators(line, mask)]
        changes += [("constant", new) for new in constants(line, mask)]
        changes += [("condition", new) for new in conditions(line, mask)]
        changes += [("statement", new) for new in statements(line, mask, before)]
        if ASSERTIONS.search(mask):
            changes = []
        for kind, new in changes:
            if new != line:
                yield Mutant(path, index + 1, line, new, kind)
        before = mask.rstrip()
