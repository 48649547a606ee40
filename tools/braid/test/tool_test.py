#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""tool_test.py TOOL HEADER COMPLETION HEADER: the tool against a fake kernel, as KTAP.

Python, because the other side of a netlink socket is bytes all through.
"""

import sys
import traceback

import completion_test
import flow_test
import hostile_test
import monitor_test
import options_test
import refusal_test
import secret_test
import show_test
import volume_test
import words_test


def main():
    tests = [test
             for module in (words_test, show_test, refusal_test, options_test,
                            monitor_test, flow_test, volume_test, secret_test,
                            completion_test, hostile_test)
             for name, test in vars(module).items()
             if name.startswith("test_")]
    failed = 0
    print(f"KTAP version 1\n1..{len(tests)}")
    for number, test in enumerate(tests, 1):
        try:
            test()
            result = "ok"
        except Exception:
            failed += 1
            result = "not ok"
            for line in traceback.format_exc().splitlines():
                print(f"# {line}")
        print(f"{result} {number} tool: {test.__name__[5:].replace('_', ' ')}",
              flush=True)
    return 1 if failed else 0


sys.exit(main())
