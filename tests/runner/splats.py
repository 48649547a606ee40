#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Find what a kernel complains about in the log of a node's console.

    tests/runner/splats.py FILE...      print each complaint as FILE:LINE: text; status 1
                              when there is one, 2 when a file cannot be read

Also imported by the runner. The samples in tests/static/samples/ show what is
found and what is not; tests/static/splats.sh runs it over them.
"""

import re
import sys

COMPLAINTS = re.compile("|".join((
    # BUG(), WARN(), and the sanitizers, which all say so
    r"\bWARNING:",
    r"\bBUG:",
    r"kernel BUG at",
    r"\bKASAN: ",
    r"\bUBSAN: ",
    r"\bKCSAN: ",
    r"\bODEBUG: ",
    r"cut here",
    r"Call Trace:",
    # faults
    r"\bOops\b",
    r"general protection fault",
    r"Unable to handle kernel",
    r"Kernel panic",
    r"double fault",
    r"stack-protector:",
    r"segfault at",
    r"Bad page (state|map)",
    r"page allocation failure",
    r"Out of memory:",
    r"invoked oom-killer",
    # locking and RCU
    r"possible recursive locking",
    r"possible circular locking",
    r"possible irq lock inversion",
    r"inconsistent lock state",
    r"HARDIRQ-safe -> HARDIRQ-unsafe",
    r"SOFTIRQ-safe -> SOFTIRQ-unsafe",
    r"lock held when returning to user space",
    r"\d locks? held by ",
    r"bad unlock balance",
    r"held lock freed",
    r"Invalid wait context",
    r"suspicious RCU usage",
    r"rcu: INFO:",
    r"rcu_\w+ (self-)?detected stall",
    r"sleeping function called from invalid context",
    r"scheduling while atomic",
    r"Voluntary context switch within RCU",
    r"DEBUG_LOCKS_WARN_ON",
    r"INFO: trying to register non-static key",
    r"turning off the locking correctness validator",
    r"INFO: lockdep is turned off",
    # hangs
    r"INFO: task .* blocked",
    r"soft lockup",
    r"hard LOCKUP",
    r"workqueue lockup",
    # leaks and references
    r"unreferenced object 0x",
    r"kmemleak: .*(new suspected memory leaks|disabled|[Cc]annot)",
    r"refcount_t: ",
    r"percpu ref .* <= 0",
    r"unregister_netdevice: waiting for",
    r"leaked reference",
    r"ref_tracker: ",
    r"Objects remaining in",
    r"still has objects",
    r"list_(add|del) corruption",
    r"Memory leak|memory leak detected",
    r"DEBUG_NET",
    r"NETDEV WATCHDOG",
    r"hw csum failure",
)))

# Lines of a healthy boot under emulation that have the form of a complaint.
# Each with the reason why it is none.
HARMLESS = re.compile("|".join((
    # Allocations that a test fails on purpose.
    r"ref_tracker: memory allocation failure",
    # the kernel's notice that kmemleak may report such things, at boot
    r"kmemleak: Kernel memory leak detector initialized",
)))


# What is said, with a trace that begins within some lines, when a test fails an
# allocation on purpose; for some of them the allocator says -EINVAL.
TRACED = re.compile(r"__kmem_cache_create_args\(\S*\) failed with error -(12|22)$")
TRACE = re.compile(r"Call Trace:")
HEAD = 5


def complaints(lines):
    """(number, line) of each line that is a complaint."""
    traced = -HEAD
    for number, line in enumerate(lines, 1):
        if TRACED.search(line.rstrip()):
            traced = number
        if number <= traced + HEAD and TRACE.search(line):
            traced = -HEAD
        elif COMPLAINTS.search(line) and not HARMLESS.search(line):
            yield number, line.rstrip()


def main(paths):
    found = 0
    if not paths:
        print("usage: tests/runner/splats.py FILE...", file=sys.stderr)
        return 2
    for path in paths:
        try:
            with open(path, encoding="utf-8", errors="replace") as file:
                for number, line in complaints(file):
                    print(f"{path}:{number}: {line}")
                    found = 1
        except OSError as error:
            print(f"splats: {path}: {error.strerror}", file=sys.stderr)
            return 2
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
