# SPDX-License-Identifier: GPL-2.0-only
"""A kernel that sends malformed messages."""

import random
import signal

import fake_kernel as fake
from fake_kernel import ack, attr, u32
from harness import equal, run, store
from monitor_test import EVENTS, until_lines
from refusal_test import BATCH, RULE

EINVAL = 22


def mutated(data, rng):
    data = bytearray(data)
    for _ in range(rng.randint(1, 6)):
        at = rng.randrange(len(data))
        data[at] = rng.choice([0, 1, 4, 0x7f, 0x80, 0xff, rng.randrange(256)])
    if rng.random() < 0.2:
        del data[rng.randrange(1, len(data)):]
    return bytes(data)


def hostile(inner, rng):
    """Malformed messages, then a right one, so that every run ends."""
    def kernel(message):
        answers = inner(message)
        return [mutated(answer, rng) for answer in answers] + answers + \
            [ack(message)]
    return kernel


def test_malformed_replies_do_no_harm():
    commands = [["rule", "show"], ["-j", "node", "show"], ["-j", "save"],
                ["save"], ["version"], ["-d", "-s", "overlay"],
                ["-c", "-d", "node"], ["-j", "endpoint", "show", "veth-web"]]
    for seed in range(200):
        rng = random.Random(seed)
        run(*rng.choice(commands), kernel=hostile(store(), rng))


def test_malformed_refusals_do_no_harm():
    def refuse(message):
        return [ack(message, EINVAL, attr(fake.ERR_MSG, "no"),
                    u32(fake.ERR_OFFS, 40), attr(fake.ERR_COOKIE, b"\1" * 8),
                    capped=False)]
    for seed in range(100):
        rng = random.Random(seed)
        result = run(*RULE, kernel=hostile(refuse, rng))
        assert result.status in (0, 2)
        run("-b", "-", stdin=BATCH, kernel=hostile(refuse, rng))
        run("--dry-run", *RULE, kernel=hostile(refuse, rng))


def test_malformed_events_do_no_harm():
    for seed in range(60):
        rng = random.Random(seed)
        push = [mutated(rng.choice(EVENTS)[0], rng) for _ in range(10)]
        run(*rng.choice([["monitor"], ["-j", "monitor"]]), push=push,
            stop=until_lines(0, signal.SIGINT))


def test_a_malformed_acknowledgement_is_refused():
    """An acknowledgement that is too short, has a wrong number, or is absent."""
    for data in (b"", b"\0" * 16, ack):
        def kernel(message, data=data):
            if callable(data):
                return [ack(message, -5)]
            return [data or b"\0"]
        result = run("identity", "add", "300", kernel=kernel)
        equal(result.status, 2)
