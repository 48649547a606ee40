#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# test: timeout=480 labs=2
#
# Two labs at the same time do not know of each other, and no process is left
# when a test ends, however it ends.
set -euo pipefail

. tests/lab/test/common.sh
ktap_begin

# Processes whose command line names the lab: its directory or that of its
# sockets, which is noted while the lab lives.
left() {
	local known=$LAB_DIR/$1
	[[ ! -e $known.run ]] || known+="|$(<"$known.run")"
	pgrep -f -l -- "($known)(/| |\$)"
}
nothing_left() { ! left "$1"; }
none_left() { within 60 nothing_left "$1"; }

# A test in a process group of its own, which brings up a lab and then waits.  A
# shell lets what it starts in the background ignore Ctrl-C; that is undone.
start_test() {
	mkdir -p "$LAB_DIR/$1"
	# shellcheck disable=SC2016
	LAB_DIR=$LAB_DIR/$1 env --default-signal=INT setsid bash -c '
		"$0" up "$1" --no-modules --with $$ && : >"$LAB_DIR/ready" && sleep 1000' \
		"$lab" "$2" >"$LAB_DIR/$1.log" 2>&1 &
	test_pid=$!
}

# Without the shell's notice that a job was killed.
kill_test() {
	kill -9 "$1"
	{ wait "$1" || true; } 2>/dev/null
}

started() { [[ -e $LAB_DIR/$1/run/node1/qemu.pid ]] && readlink "$LAB_DIR/$1/run" >"$LAB_DIR/$1.run"; }
ready() { started "$1" && [[ -e $LAB_DIR/$1/ready ]]; }
both_ready() { ready one && ready two; }
in_lab() { LAB_DIR=$LAB_DIR/$1 "$lab" run "${@:2}"; }

start_test one 1
one=$test_pid
start_test two 2
two=$test_pid
check "two labs come up at the same time" within 120 both_ready
check "frames pass inside a lab" in_lab two 1 ping -q -c 1 -W 3 192.168.77.2
check "frames do not pass between labs" status 1 in_lab one 1 ping -q -c 1 -W 1 192.168.77.2
kill_test "$one"
check "kill -9 of a test leaves no process" none_left one
check "the other lab lives on" in_lab two 2 true
kill -INT -- "-$two"
check "Ctrl-C leaves no process" none_left two

start_test three 1
within 60 started three
kill_test "$test_pid"
check "kill -9 while the lab comes up leaves no process" none_left three

start_test four 1
within 60 started four
kill -INT -- "-$test_pid"
check "Ctrl-C while the lab comes up leaves no process" none_left four
for name in one two three four; do
	check "the directory of sockets is gone: $name" test ! -e "$(<"$LAB_DIR/$name.run")"
done
ktap_end
