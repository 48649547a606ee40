# SPDX-License-Identifier: GPL-2.0-only
"""Completion for bash, of every word that the tool knows."""

import os
import re
import subprocess
import sys
import tempfile

from harness import ALL, OBJECTS, equal, run
from volume_test import ASKED, NOUNS

VERBS = {"flow": ["show", "count", "flush"], "stats": ["show", "reset"],
         "monitor": ["drops", "volumes"], "save": [], "version": [], "help": []}
COMMANDS = ["add", "set", "del", "show", "flush"]
# Stands in for the tool, which completion asks for keys.
KEYS = """#!/bin/sh
[ "$1" = -n ] && { [ "$2" = ns1 ] || exit 2; shift 2; }
case "$*" in
"identity show") printf '300 label a=b\\n301\\n302\\n' ;;
"node show") printf 'n2 underlay 10.0.0.2\\n' ;;
"prefix show") printf '2001:db8::/32 identity 2\\n2001:db8:1::/48 identity 2\\n' ;;
"service show") printf 'web address 10.96.0.1\\n' ;;
"volume show") printf 'db state active\\n    voter 1 state up\\nlog state dead\\n' ;;
"target show") printf '192.0.2.1:7000 connections 1\\n' ;;
"replica show") printf '/dev/vdb volume db\\n' ;;
*) exit 1 ;;
esac
"""
ASK = """set -u
source "$1"
while IFS= read -r COMP_LINE; do
	COMP_POINT=${#COMP_LINE}
	COMPREPLY=()
	_braid
	printf '%s ' "${COMPREPLY[@]-}"
	echo
done
"""


def complete(*lines):
    """The candidates after each line, asked in one shell."""
    with tempfile.TemporaryDirectory() as scratch:
        with open(f"{scratch}/braid", "w", encoding="ascii") as file:
            file.write(KEYS)
        os.chmod(f"{scratch}/braid", 0o755)
        done = subprocess.run(
            ["bash", "-c", ASK, "bash", sys.argv[3]], text=True, check=True,
            input="".join(f"braid {line}\n" for line in lines),
            capture_output=True,
            env={"PATH": f"{scratch}:{os.environ['PATH']}"})
    equal(done.stderr, "")
    answers = [sorted(line.split()) for line in done.stdout.splitlines()]
    equal(len(answers), len(lines))
    return answers


def options():
    usage = run("help").out.split("Options:")[1].split("Objects")[0]
    return re.findall(r"^  (--?[a-z-]+)", usage, re.M)


def test_every_object_and_option_completes():
    everything, dashes, *each = complete("", "-", *OBJECTS, *NOUNS, *VERBS)
    equal(everything, sorted(OBJECTS + list(NOUNS) + list(VERBS)))
    assert len(options()) == 9, options()
    for option in options():
        assert option in dashes, option
    for name, answer in zip([*OBJECTS, *NOUNS, *VERBS], each):
        assert name in answer, name
    for option in options():
        if option not in ("-b", "-n"):
            equal(complete(f"{option} ru"), [["rule"]])


def test_every_command_completes():
    names = [*OBJECTS, *NOUNS, *VERBS]
    for name, answer in zip(names, complete(*[name + " " for name in names])):
        wanted = {**VERBS, **NOUNS}.get(name)
        if wanted is None:
            wanted = [command for command in COMMANDS
                      if run(name, command, "help").status == 0]
        equal(answer, sorted(wanted + ["help"]) if name != "help" else [])
        for command in wanted:
            assert command in complete(f"{name} {command}")[0]


def words_of(name, command):
    """The words in the help of a command, without variants."""
    words = run(name, command, "help").out.split("Words:\n")
    if len(words) < 2:
        return []
    described = words[1].split("\n\n")[0]
    return re.findall(r"^  ([a-z][a-z-]*) ", described, re.M)


def test_every_word_completes():
    for name in OBJECTS:
        for command in COMMANDS:
            if run(name, command, "help").status:
                continue
            equal(complete(f"{name} {command} key "),
                  [sorted(words_of(name, command))])
    equal(complete("rule add r pr"), [["priority", "protocol"]])
    equal(complete("rule add r protocol tcp pr"), [["priority"]])
    equal(complete("rule add r peer any pr"), [["priority", "protocol"]])
    equal(complete("rule add r peer identity 300 pe"), [[]])


def test_every_word_of_the_other_tests_completes():
    """Each word of every line in ALL."""
    lines, wanted = [], []
    for name, words, _ in ALL:
        for i in range(1, len(words)):
            if re.fullmatch("[a-z][a-z0-9]*", words[i]) and \
                    words[i - 1] not in ("node", "device"):
                lines.append(f"{name} add {' '.join(words[:i])} ")
                wanted.append(words[i])
    assert len(lines) > 80
    for line, answer, word in zip(lines, complete(*lines), wanted):
        assert word in answer, (line, word, answer)


def test_values_of_words_complete():
    def check(line, *wanted):
        equal(complete(line), [sorted(wanted)])
    check("rule add r direction ", "ingress", "egress")
    check("rule set r protocol i", "icmp", "icmpv6")
    check("rule add r peer ", "any", "cidr", "identity")
    check("rule add r peer any direction e", "egress")
    check("rule add r subject 30", "300", "301", "302")
    check("rule add r peer identity 300,3", "300,300", "300,301", "300,302")
    check("rule add r peer cidr ")
    check("identity add ")
    check("identity flush ")
    check("identity del 3", "300", "301", "302")
    check("-n ns1 identity show 301", "301")
    check("-n ns2 identity show 301")
    check("prefix add 10.0.0.0/8 node ", "n2")
    check("backend add w", "web")
    check("rule add r frob ")
    check("rule frob ")
    check("frob ")
    # bash replaces what follows the last colon only
    check("prefix del 2001:db8:", ":/32", "1::/48")
    check("prefix add 2001:db8::/32 id", "identity")
    devices = os.listdir("/sys/class/net")
    check("uplink add ", *devices)
    check("endpoint add ", *devices)
    check("-b /proc/cmdl", "/proc/cmdline")
    check("-c=al", "always")


def test_every_volume_word_completes():
    """Each word of every line in ASKED."""
    lines, wanted = [], []
    for line, _, _ in ASKED:
        words = line.split()
        for i in range(3, len(words)):
            if re.fullmatch("[a-z][a-z-]+", words[i]) and \
                    words[i - 1] != "volume":
                lines.append(" ".join(words[:i]) + " ")
                wanted.append(words[i])
    assert len(lines) > 25
    for line, answer, word in zip(lines, complete(*lines), wanted):
        assert word in answer, (line, word, answer)


def test_values_of_volume_words_complete():
    def check(line, *wanted):
        equal(complete(line), [sorted(wanted)])
    check("volume detach ", "db", "log")
    check("volume show l", "log")
    check("volume why d", "db")
    check("volume create ")
    check("volume attach ")
    check("volume create db ", "size", "voter", "secret-file")
    check("volume create db voter ")
    check("volume create db voter 1=192.0.2.1:7000 ", "size", "secret-file",
          "voter")
    check("volume create db voter 1=192.0.2.1:7000 2=192.0.2.2:7000 si", "size")
    check("volume create db size 1G ", "voter", "secret-file")
    check("volume attach db takeover d", "dead")
    check("volume attach db takeover ", "dead", "force", "from", "min-isr",
          "secret-file", "suspend-timeout")
    check("volume attach db su", "suspend-timeout")
    check("volume attach db secret-file /proc/cmdl", "/proc/cmdline")
    check("volume detach db force ")
    check("volume show db ")
    check("replica open /proc/cmdl", "/proc/cmdline")
    check("replica close /", "/dev/vdb")
    check("replica show ", "/dev/vdb")
    check("target show ", "192.0.2.1:7000")
    check("target close ", "192.0.2.1:7000")
    check("target listen ")
    check("monitor ", "drops", "volumes", "help")
