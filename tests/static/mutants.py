#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""What `make mutate` changes in a source, and what it refuses, as KTAP."""

import os
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../mutate"))

from mutants import mutants                     # noqa: E402

SOURCE = """\
/* if (a == b) is a comment */
#define LIMIT (1 + 2)
static const int table[] = { 1 + 2, true };

static int f(int a, int b)
{
	int count = 7; /* 8 < 9 */

	if (a == b && !count)
		return -EINVAL;
#ifdef BIG + 3
	WARN_ON(a < 0);
	say("a + b == %d\\n",
	    a);
	a = b;
	for (a = 0; a < LIMIT; a++)
		count += 2;
	return true;
}
"""

WANTED = (
    (7, "\tint count = 8; /* 8 < 9 */"),
    (9, "\tif (a != b && !count)"),
    (9, "\tif (a == b || !count)"),
    (9, "\tif (a == b && count)"),
    (9, "\tif (!(a == b && !count))"),
    (15, "\t;"),
    (16, "\tfor (a = 1; a < LIMIT; a++)"),
    (16, "\tfor (a = 0; a <= LIMIT; a++)"),
    (16, "\tfor (a = 0; a < LIMIT; a--)"),
    (17, "\t\tcount -= 2;"),
    (17, "\t\tcount += 3;"),
    (17, "\t\t;"),
    (18, "\treturn false;"),
)

REFUSED = (
    (["FILES=kmod/net/nothing.c"], "there is no file 'kmod/net/nothing.c'"),
    (["FILES=Makefile"], "'Makefile' is not a handwritten source"),
    (["FILES=kmod/net/netlink/netlink-gen.c"], "is not a handwritten source"),
    (["FILES=kmod/net/main.c"], "no KUnit suite includes 'kmod/net/main.c'"),
    (["FILES=kmod/blk/proto/member.c", "N=x"], "N=x: not a number above 0"),
    (["FILES=kmod/blk/proto/member.c", "N=0"], "N=0: not a number above 0"),
    (["FILES=kmod/blk/proto/member.c", "SEED=-1"], "SEED=-1: not a number above 0"),
    ([], "FILES names no source"),
)


def changes():
    found = list(mutants("f.c", SOURCE))
    return {(mutant.line, mutant.after) for mutant in found}, found


def one_line_each(found):
    for mutant in found:
        before, after = SOURCE.split("\n"), mutant.apply(SOURCE).split("\n")
        if sum(a != b for a, b in zip(before, after)) != 1 or len(before) != len(after):
            return False
    return True


def refused(words, text):
    done = subprocess.run(["make", "-s", "mutate", *words], capture_output=True, text=True,
                          check=False, env={**os.environ, "MAKEFLAGS": ""})
    return done.returncode == 2 and text in done.stderr


def main():
    there, found = changes()
    checks = [(f"line {line} becomes '{text.strip()}'", (line, text) in there)
              for line, text in WANTED]
    checks += [("nothing else is changed: " + str(sorted(there - set(WANTED))),
                there <= set(WANTED)),
               ("a mutant differs in one line", one_line_each(found))]
    checks += [(f"make mutate {' '.join(words)} is refused", refused(words, text))
               for words, text in REFUSED]
    print(f"KTAP version 1\n1..{len(checks)}")
    for number, (name, ok) in enumerate(checks, 1):
        print(f"{'ok' if ok else 'not ok'} {number} {name}")
    return 0 if all(ok for _, ok in checks) else 1


if __name__ == "__main__":
    sys.exit(main())
