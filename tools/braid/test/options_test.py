# SPDX-License-Identifier: GPL-2.0-only
"""The options: dry runs, details, statistics, colours."""

import json
import os
import pty
import re

import fake_kernel as fake
from fake_kernel import ack, attr, done, nest, reply, u32, u64
from harness import N, equal, run, store, top
from refusal_test import BATCH, changes, committed, cookie, transaction

EEXIST, EPERM, EAGAIN = 17, 1, 11

# ---- dry run ----

def commit_of(result):
    found = [m for m in result.sent if m.cmd == N.CMD_COMMIT]
    equal(len(found), 1)
    return found[0]


def test_a_dry_run_commits_with_the_flag():
    result = run("--dry-run", "identity", "add", "300",
                 kernel=transaction(committed))
    equal((result.status, result.out, result.err), (0, "", ""))
    equal([m.cmd for m in result.sent], [N.CMD_BEGIN, N.CMD_ADD, N.CMD_COMMIT])
    equal(commit_of(result).body, attr(N.A_DRY_RUN))
    result = run("--dry-run", "-b", "-", stdin=BATCH,
                 kernel=transaction(committed))
    equal((result.status, len(changes(result))), (0, 5))
    equal(commit_of(result).body, attr(N.A_DRY_RUN))
    result = run("-b", "-", stdin=BATCH, kernel=transaction(committed))
    equal(commit_of(result).body, b"")
    equal(run("--dry-run", "rule", "flush", kernel=transaction(committed)
              ).sent[1].cmd, N.CMD_FLUSH)


def test_a_refused_dry_run_names_the_word():
    words = ["--dry-run", "identity", "add", "300", "label", "a=b,c"]
    text = attr(fake.ERR_MSG, "no good")

    def culprit(message):
        return [text, u32(fake.ERR_OFFS, message.find(
            attr(N.A_IDENTITY_LABEL, "c")))]
    result = run(*words, kernel=transaction(committed, {0: culprit}))
    equal((result.status, result.err), (2, "braid: label c: no good\n"))
    equal([m.cmd for m in result.sent].count(N.CMD_COMMIT), 0)

    def commit(message, seqs):
        return [ack(message, EEXIST, text, cookie(seqs[0], N.A_IDENTITY_ID))]
    result = run(*words, kernel=transaction(commit))
    equal((result.status, result.err), (2, "braid: identity 300: no good\n"))

    def busy(message, _seqs):
        return [ack(message, EAGAIN)]
    equal(run(*words, kernel=transaction(busy)).status, 2)


def test_commands_that_change_nothing_accept_dry_run():
    equal(run("--dry-run", "rule", "show", kernel=store()).out,
          run("rule", "show", kernel=store()).out)


# ---- details and statistics ----

DEVICES = {"endpoint": "ENDPOINT", "uplink": "UPLINK", "overlay": "OVERLAY"}


def devices(message, ifindex=1):
    """An endpoint, an uplink and an overlay, all with ifindex 1, lo."""
    kind = int.from_bytes(message.body[4:8], "little")
    found = []
    for name, prefix in DEVICES.items():
        if kind == getattr(N, f"OBJECT_{prefix}"):
            key = "NAME" if name == "overlay" else "DEVICE"
            found.append(reply(message, nest(
                top(name), attr(getattr(N, f"A_{prefix}_{key}"), "lo"),
                u32(getattr(N, f"A_{prefix}_IFINDEX"), ifindex))))
    return found + [done(message)]


def test_details_show_what_only_the_kernel_knows():
    for name in DEVICES:
        equal(run(name, "show", kernel=devices).out, "lo\n")
        equal(run("-d", name, "show", kernel=devices).out, "lo ifindex 1\n")
        equal(json.loads(run("-j", name, "show", kernel=devices).out),
              [{name: "lo"}])
        equal(json.loads(run("-d", "-j", name, "show", kernel=devices).out),
              [{name: "lo", "ifindex": 1}])
    equal(run("save", kernel=lambda m: devices(m) if m.cmd == N.CMD_GET else [
        reply(m, attr(N.A_VERSION, "1"), u64(N.A_GENERATION, 1)), ack(m)]).out,
        "uplink add lo\noverlay add lo\nendpoint add lo\n")


def test_default_values_are_details():
    for words, hidden in (
            ("rule show out", " priority 1000"),
            ("service show web", " scope cluster algorithm random"),
            ("node show node2", " mac 02:00:00:00:aa:0f")):
        short = run(*words.split(), kernel=store()).out
        long = run("-d", *words.split(), kernel=store()).out
        equal(long, short.rstrip("\n") + hidden + "\n")
        # programs get default values, too
        equal(run("-j", *words.split(), kernel=store()).out,
              run("-j", "-d", *words.split(), kernel=store()).out)
    equal(run("rule", "show", "any-in", kernel=store()).out.split()[-2:],
          ["priority", "0"])


COUNTERS = ["rx_packets", "rx_bytes", "rx_errors", "rx_dropped",
            "tx_packets", "tx_bytes", "tx_errors", "tx_dropped"]


def sysfs(counter):
    with open(f"/sys/class/net/lo/statistics/{counter}",
              encoding="ascii") as file:
        return int(file.read())


def test_statistics_show_the_counters_of_devices():
    """The counters of this machine's lo."""
    for name in DEVICES:
        before = [sysfs(counter) for counter in COUNTERS]
        text = run("-s", name, "show", kernel=devices).out
        shown = json.loads(run("-s", "-j", name, "show", kernel=devices).out)[0]
        after = [sysfs(counter) for counter in COUNTERS]
        equal(list(shown), [name] + COUNTERS)
        equal(re.sub(r"\d+", "N", text), "lo " + " ".join(
            counter.replace("_", "-") + " N" for counter in COUNTERS) + "\n")
        for low, counter, high in zip(before, COUNTERS, after):
            assert low <= shown[counter] <= high, counter
    equal(run("-s", "uplink", "show",
              kernel=lambda m: devices(m, 0x7ffffff0)).out, "lo\n")
    equal(run("-s", "rule", "show", kernel=store()).out,
          run("rule", "show", kernel=store()).out)


# ---- colours ----

def on_terminal(*words, env=(), kernel=None):
    """The output of the tool on a terminal."""
    master, slave = pty.openpty()
    run(*words, stdout=slave, env=env, kernel=kernel or store())
    os.close(slave)
    text = b""
    try:
        while True:
            text += os.read(master, 65536)
    except OSError:
        pass
    os.close(master)
    return text.decode().replace("\r\n", "\n")


COLOURED = "\x1b[36mveth-web\x1b[0m identity 300 address " \
    "\x1b[35m10.1.0.2\x1b[0m,\x1b[34mfd01::2\x1b[0m\n"
BRIGHT = COLOURED.replace("\x1b[3", "\x1b[1;3")
PLAIN = re.sub(r"\x1b\[\d*m", "", COLOURED)


def test_colours_are_chosen_by_option_and_terminal():
    show = ("endpoint", "show")
    equal(run(*show, kernel=store()).out, PLAIN)
    equal(run(*show, kernel=store(), env={"NO_COLOR": ""}).out, PLAIN)
    for always in ("-c", "-c=always", "-color", "-color=always", "--color",
                   "--color=always"):
        equal(run(always, *show, kernel=store()).out, COLOURED)
        equal(run(always, *show, kernel=store(), env={"NO_COLOR": "1"}).out,
              COLOURED)
    equal(run("-c=auto", *show, kernel=store()).out, PLAIN)
    equal(on_terminal(*show), COLOURED)
    equal(on_terminal("-c=auto", *show), COLOURED)
    equal(on_terminal("-c=never", *show), PLAIN)
    equal(on_terminal(*show, env={"NO_COLOR": "1"}), PLAIN)
    equal(on_terminal(*show, env={"NO_COLOR": ""}), COLOURED)
    equal(on_terminal(*show, env={"COLORFGBG": "15;0"}), BRIGHT)
    equal(on_terminal(*show, env={"COLORFGBG": "0;15"}), COLOURED)


def test_json_and_save_have_no_colours():
    for words in ("-j rule show", "-p save", "save", "-j stats show", "version"):
        assert "\x1b" not in on_terminal("-c=always", *words.split(),
                                         kernel=store()), words
    rules = run("-c", "rule", "show", kernel=store()).out
    assert "action \x1b[31mdeny\x1b[0m" in rules, rules
    assert "action \x1b[32mallow\x1b[0m" in rules, rules
