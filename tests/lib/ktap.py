# SPDX-License-Identifier: GPL-2.0-only
"""KTAP for scenarios: a function is a test; the exception it raises is the failure."""

import os
import sys
import time
import traceback

# Variables of the host's environment that the node gets.
TOLD = "KERNEL", "WORLD", "SOAK", "FUZZ_SEED", "FUZZ_SECONDS"

_tests = []


def test(name, when=True):
    """Decorator: the function is the test of this name, run in file order; not at
    all in a world where it has no meaning."""
    def register(function):
        if when:
            _tests.append((name, function))
        return function
    return register


def _diagnose(text):
    for line in text.rstrip().splitlines():
        print(f"# {line}")


def run(file, fixture):
    """All tests of the file; ends the process. What the context manager fixture()
    gives are their arguments. Words on the command line choose tests by parts of
    their names. On the host the file is run in the lab's first node instead."""
    if "LAB" in os.environ:
        told = [f"{name}={os.environ[name]}" for name in TOLD if os.environ.get(name)]
        there = "/tests/" + "/".join(os.path.abspath(file).split("/")[-2:])
        os.execv(os.environ["LAB"], [os.environ["LAB"], "run", "1", "env", *told,
                                     "python3", "-Bu", there, *sys.argv[1:]])
    print("KTAP version 1")
    with fixture() as arguments:
        count, failed = _run(arguments)
    # After the fixture, since a scenario that cannot clean up has failed.
    print(f"1..{count}")
    sys.exit(failed > 0)


def _run(arguments):
    failed = count = 0
    for name, function in _tests:
        if sys.argv[1:] and not any(word in name for word in sys.argv[1:]):
            continue
        count += 1
        begin = time.monotonic()
        try:
            function(*arguments)
        except Exception:
            failed += 1
            _diagnose(traceback.format_exc())
            print(f"not ok {count} {name}")
        else:
            print(f"ok {count} {name}")
        print(f"# {time.monotonic() - begin:.1f} s")
    return count, failed


def equal(got, wanted, what=""):
    """Fails with both values."""
    if got != wanted:
        raise AssertionError(f"{what}: {got!r}, should be {wanted!r}".lstrip(": "))


def true(got, what):
    if not got:
        raise AssertionError(what)
