#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# lab: kernel=stock nodes=2 timeout=600
"""Streams between two machines arrive whole, and the receiver gets large packets,
although the wire between them takes small ones. What one machine does is in
tests/lib/machine.py; this runs on the host."""

import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")

import addresses

MIB = 16
# Of the mean; without merging it is the wire's 1500 at most. How large the largest
# is depends on how fast the sender finds that it may send.
LARGE = 2250
# What the receiver makes of the frames that its network device puts together.
PLACES = "eth0", "braid0", "v-web2"
LAB = os.environ.get("LAB", "tests/lab/lab")


def both(combination):
    """What each machine says of a stream between them; raises what one fails with."""
    ends = [subprocess.Popen([LAB, "run", str(number), "python3", "-B", "/tests/lib/machine.py",
                              str(number), str(combination), str(MIB)],
                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, text=True) for number in (1, 2)]
    said = [end.communicate() for end in ends]
    for end, (_, complaint) in zip(ends, said):
        if end.returncode:
            raise AssertionError(complaint)
    return [json.loads(out) for out, _ in said]


def check(combination):
    sent, received = both(combination)
    print(f"# {MIB} MiB in {sent['seconds']:.1f} s")
    small = []
    for device in PLACES:
        largest, mean = received["sizes"][device]
        print(f"# {device}: largest {largest}, mean {mean}")
        if mean <= LARGE:
            small.append(f"packets on {device} have {mean} bytes in the mean")
    if small:
        raise AssertionError("\n".join(small))


def main():
    failed = 0
    print("KTAP version 1")
    print(f"1..{len(addresses.ALL)}")
    for number, combination in enumerate(addresses.ALL, 1):
        try:
            check(combination)
            result = "ok"
        except AssertionError as error:
            failed = 1
            result = "not ok"
            print("".join(f"# {line}\n" for line in str(error).splitlines()), end="")
        print(f"{result} {number} {combination}: a stream between machines is whole, and its "
              "packets are large", flush=True)
    return failed


if __name__ == "__main__":
    sys.exit(main())
