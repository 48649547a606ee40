#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""The house rules that no ready-made checker knows, as KTAP.

A rule takes the project as {path: text} and yields complaints. Each one comes
with a small project that breaks it, which is tried first: a rule that finds
nothing in there fails. Python, because most of this is parsing.
"""

import os
import re
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from storeys import goes_up, place_of           # noqa: E402

MAX_FILE = 800
MAX_FUNCTION = 100


def generated(path):
    return (re.search(r"-gen\.[ch]$", path)
            or re.match(r"include/uapi/linux/braid_\w+\.h$", path))


def is_c(path):
    return re.search(r"\.[ch]$", path)


def is_code(path, text):
    return (is_c(path) or path.endswith((".sh", ".py", ".yaml"))
            or os.path.basename(path) in ("Makefile", "Kbuild", "dkms.conf")
            or text.startswith("#!"))


def lines_matching(project, pattern, wanted):
    for path, text in project.items():
        if not wanted(path, text):
            continue
        for number, line in enumerate(text.splitlines(), 1):
            found = re.search(pattern, line)
            if found:
                yield f"{path}:{number}: {found.group(0).strip() or 'blank'}"


def file_size(project):
    for path, text in project.items():
        count = text.count("\n")
        if is_code(path, text) and not generated(path) and count > MAX_FILE:
            yield f"{path}: {count} lines, at most {MAX_FILE}"


def function_size(project):
    for path, text in project.items():
        if not is_c(path) or generated(path):
            continue
        opened = None
        for number, line in enumerate(text.splitlines(), 1):
            if line == "{":
                opened = number
            elif line.startswith("}") and opened:
                if number - opened - 1 > MAX_FUNCTION:
                    yield (f"{path}:{opened}: a function of {number - opened - 1} "
                           f"lines, at most {MAX_FUNCTION}")
                opened = None


def license_line(project):
    for path, text in project.items():
        if not is_code(path, text):
            continue
        head = "\n".join(text.splitlines()[:2])
        found = re.search(r"SPDX-License-Identifier: (.*?)( \*/)?$", head, re.M)
        if not found:
            yield f"{path}: no SPDX line at its head"
            continue
        interface = re.search("netlink-(policy-)?gen|include/uapi/|/specs/", path)
        wanted = ("((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause)"
                  if interface else "GPL-2.0-only")
        if found.group(1) != wanted:
            yield f"{path}: licence {found.group(1)}, not {wanted}"


def version_tests(project):
    """What differs between kernels stays in one folder."""
    return lines_matching(
        project, r"\b(LINUX_VERSION_CODE|KERNEL_VERSION|HAVE_[A-Z0-9_]+)\b",
        lambda path, text: is_c(path) and not path.startswith("kmod/compat/"))


def unfinished(project):
    # Spelled in pieces, for this file is part of the project.
    words = "|".join(("TO" "DO", "FIX" "ME", "X" "XX", "place" "holder"))
    return lines_matching(project, rf"\b({words})\b",
                          lambda path, text: path != "COPYING")


def workplaces(project):
    """Nothing of the machine it was written on, no package mirror by name."""
    hosts = "|".join((r"deb\.deb" r"ian\.org", r"security\.deb" r"ian\.org",
                      r"snapshot\.deb" r"ian\.org"))
    homes = "|".join((r"(?<![\w}.$])/wo" r"rk/", r"(?<!\w)/roo" r"t/\.",
                      r"(?<!\w)/ho" r"me/\w", r"\.\./sha" r"red"))
    return lines_matching(project, rf"{hosts}|{homes}", lambda path, text: True)


def trailing_space(project):
    return lines_matching(project, r"[ \t]+$", lambda path, text: path != "COPYING")


def c_includes(text):
    """The includes of a file in order, as (name, is it quoted)."""
    return [(name, quote == '"') for quote, name in
            re.findall(r'^#include ([<"])([^>"]+)[>"]', text, re.M)]


def include_order(project):
    for path, text in project.items():
        if (not re.match(r"(kmod/(net|blk)|tools/braid)/.*\.c$", path)
                or generated(path) or "CREATE_TRACE_POINTS" in text):
            continue
        includes = c_includes(text)
        own = path[:-2] + ".h"
        name = re.sub(r"^(kmod/\w+|tools/braid)/", "", own)
        if own in project and (not includes or includes[0] != (name, True)):
            yield f"{path}: its own header is not its first include"


def module_includes(project):
    """Which file of the modules includes which other one. A name is a path in the
    module's folder."""
    edges = {}
    for path, text in project.items():
        module = re.match(r"kmod/(net|blk)/", path)
        if not module or not is_c(path) or generated(path):
            continue
        edges[path] = {os.path.normpath(os.path.join(module.group(), name))
                       for name, quoted in c_includes(text) if quoted}
    return edges


def include_cycles(project):
    edges = module_includes(project)
    done, reported = set(), set()

    def visit(path, way):
        if path in way:
            cycle = way[way.index(path):]
            if frozenset(cycle) not in reported:
                reported.add(frozenset(cycle))
                yield "include cycle: " + " -> ".join(cycle + [path])
        elif path not in done:
            for target in sorted(edges.get(path, ())):
                yield from visit(target, way + [path])
            done.add(path)

    for start in sorted(edges):
        yield from visit(start, [])


def module_borders(project):
    """The two modules share kmod/compat and include/uapi, nothing else."""
    for path, targets in module_includes(project).items():
        for target in sorted(targets):
            if (target.startswith("kmod/") and
                    target.split("/")[1] not in (path.split("/")[1], "compat")):
                yield f"{path} includes {target} of the other module"


def types_of_modules(project):
    """{type: {module: (path, its members in one line)}}"""
    types = {}
    for path, text in project.items():
        module = re.match(r"kmod/(net|blk)/", path)
        if not module or not is_c(path):
            continue
        for kind, name, members in re.findall(
                r"^(?:typedef |static )?(struct|union|enum) (\w+) \{\n(.*?)^\}", text,
                re.M | re.S):
            members = " ".join(re.sub(r"/\*.*?\*/", "", members, flags=re.S).split())
            types.setdefault(name, {})[module.group(1)] = (path, f"{kind} {members}")
    return types


def types_with_two_meanings(project):
    """A crash dump and BTF show the types of both modules side by side."""
    for name, modules in sorted(types_of_modules(project).items()):
        if len({members for _, members in modules.values()}) > 1:
            paths = " and ".join(path for path, _ in modules.values())
            yield f"{name} is one thing in {paths.replace(' and ', ' and another in ')}"


def statics_without_prefix(project):
    """A static bears the name of its file; `braid_` is for what other files use."""
    for path, text in project.items():
        if not re.match(r"kmod/(net|blk)/.*\.c$", path) or generated(path):
            continue
        for name in re.findall(r"^static\b[^;={]*?\b(braid_\w+)\s*[(\[=;]", text, re.M):
            if not re.fullmatch(r"braid_(net|blk)_module_(init|exit)", name):
                yield f"{path}: {name} is static and needs no prefix"


def includes_that_go_up(project):
    for path, targets in module_includes(project).items():
        if place_of(path)[2] is None:
            yield f"{path}: its folder has no storey in tests/static/storeys.py"
            continue
        for target in sorted(targets & project.keys()):
            if place_of(target)[2] is None:
                continue
            if goes_up(path, target):
                yield f"{path} includes {target}, which does not stand below it"


# Words that stand in a comment where the name of a thing belongs.
RIDDLES = re.compile(r"\b([Ww]ho(?:ever|m)|[Nn]obody|[Ss]omebody|of now|of before)\b"
                     r"|(?:^|[.:;] +)(Who|What) ")

# Folders with comments that are still to be rewritten. The list may only get shorter.
UNCLEAR = {
    "kmod/blk",
    "kmod/blk/control",
    "kmod/blk/io",
    "kmod/blk/netlink",
    "kmod/blk/volume",
}


def comments(text):
    """The comments of a C source, each as (line, words in one line)."""
    for found in re.finditer(r'"(?:\\.|[^"\\\n])*"|/\*.*?\*/', text, re.S):
        if found.group().startswith("/*"):
            lines = found.group().strip("/*").splitlines()
            yield (text.count("\n", 0, found.start()) + 1,
                   " ".join(line.strip(" \t*") for line in lines).strip())


def unclear_comments(project):
    """Every comment of the modules with a riddle, as (folder, complaint)."""
    for path, text in project.items():
        if not path.startswith("kmod/") or not is_c(path) or generated(path):
            continue
        for number, comment in comments(text):
            found = RIDDLES.search(comment)
            if found and not (found.group(2) and "?" in comment):
                yield os.path.dirname(path), f"{path}:{number}: {comment[:60]}"


def comments_have_subjects(project):
    for folder, complaint in unclear_comments(project):
        if folder not in UNCLEAR:
            yield complaint


# Messages of braid_blk.ko that tests quote. The list may only get shorter.
QUOTED = re.compile("nobody is reached|nobody tells about it")


def pages_have_subjects(project):
    riddles = re.compile(r"\b([Ww]ho(?:ever|m)|[Nn]obody|[Ss]omebody|[Aa]nybody|of now)\b")
    for path, text in project.items():
        if not re.match(r"(README\.md|Documentation/[^/]+\.md|tests/(lib|lab|scenarios)/)", path):
            continue
        for number, line in enumerate(text.splitlines(), 1):
            if riddles.search(QUOTED.sub("", line)):
                yield f"{path}:{number}: {line.strip()[:70]}"


def list_of_unclear_folders_is_short(project):
    unclear = {folder for folder, _ in unclear_comments(project)}
    for folder in sorted(UNCLEAR - unclear):
        if any(os.path.dirname(path) == folder for path in project):
            yield f"UNCLEAR: the comments of {folder} are clear now"


def executable_tests(project):
    for path in project:
        if (re.match(r"tests/(static|scenarios|lab/test)/[^/]+\.(sh|py)$", path)
                and project[path].startswith("#!") and not os.access(path, os.X_OK)):
            yield f"{path}: has a #! line and is not executable"


LONG = "\tx();\n"
GPL = "// SPDX-License-Identifier: GPL-2.0-only\n"
RULES = [
    ("files are of a size to read", file_size,
     {"kmod/net/a.c": "\n" * (MAX_FILE + 1)}),
    ("functions are of a size to read", function_size,
     {"kmod/net/a.c": "void f(void)\n{\n" + LONG * (MAX_FUNCTION + 1) + "}\n"}),
    ("every source names its licence", license_line,
     {"kmod/net/a.c": "int a;\n"}),
    ("only kmod/compat asks for kernel versions", version_tests,
     {"kmod/net/a.c": "#ifdef HAVE_WQ_PERCPU\n"}),
    ("nothing is left unfinished", unfinished,
     {"kmod/net/a.c": "/* TO" "DO: all of it */\n"}),
    ("nothing of the workplace is in the tree", workplaces,
     {"scripts/a": "ls /roo" "t/.cache\n"}),
    ("no trailing space", trailing_space, {"Kbuild": "obj-m := a.o \n"}),
    ("a source includes its own header first", include_order,
     {"kmod/net/a.c": '#include <linux/slab.h>\n#include "a.h"\n',
      "kmod/net/a.h": ""}),
    ("no include cycle", include_cycles,
     {"kmod/net/x/a.h": '#include "y/b.h"\n', "kmod/net/y/b.h": '#include "x/a.h"\n'}),
    ("the modules keep apart", module_borders,
     {"kmod/net/a.c": '#include "../blk/b.h"\n'}),
    ("a type is the same thing in both modules", types_with_two_meanings,
     {"kmod/net/a.h": "struct braid_a {\n\tint a;\n};\n",
      "kmod/blk/a.h": "struct braid_a {\n\tlong a;\n};\n"}),
    ("static names have no prefix", statics_without_prefix,
     {"kmod/net/a.c": "static int braid_a_b(void)\n{\n}\n"}),
    ("includes go down", includes_that_go_up,
     {"kmod/net/model/a.c": '#include "packet/b.h"\n', "kmod/net/packet/b.h": ""}),
    ("comments of the modules have subjects", comments_have_subjects,
     {"kmod/new/a.c": "/* Who comes late\n * waits. */\n"}),
    ("pages and scenarios have subjects", pages_have_subjects,
     {"Documentation/a.md": "Nobody waits.\n"}),
    ("the list of folders with unclear comments is short", list_of_unclear_folders_is_short,
     {f"{folder}/a.c": "/* The writer waits. */\n" for folder in UNCLEAR}),
    ("test files can be executed", executable_tests,
     {"tests/scenarios/nothing-here.sh": "#!/bin/bash\n"}),
]


def read_project():
    names = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard",
         "--deduplicate"], check=True, capture_output=True, text=True).stdout
    project = {}
    for path in filter(None, names.split("\0")):
        if not os.path.isfile(path) or os.path.islink(path):
            continue
        try:
            with open(path, encoding="utf-8") as file:
                project[path] = file.read()
        except UnicodeDecodeError:
            continue
    return project


def main():
    project = read_project()
    print(f"KTAP version 1\n1..{2 * len(RULES)}")
    failed = 0
    for number, (name, rule, breaker) in enumerate(RULES):
        found = list(rule(breaker))
        failed += not found
        print(f"{'ok' if found else 'not ok'} {2 * number + 1} a breach is found: {name}")
        complaints = list(rule(project))
        failed += bool(complaints)
        for complaint in complaints:
            print(f"# {complaint}")
        print(f"{'not ok' if complaints else 'ok'} {2 * number + 2} {name}")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
