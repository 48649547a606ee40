#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# test: timeout=480
#
# One node: what `run` and `shell` pass through, what ends with them, and what a
# power cut leaves on the disk.
set -euo pipefail

. tests/lab/test/common.sh
ktap_begin

arguments() {
	local got
	got=$("$lab" run 1 printf '[%s]' 'two words' '' $'a\nb' "quo'te")
	[[ $got == $'[two words][][a\nb][quo\'te]' ]]
}

streams() {
	local dir
	dir=$(mktemp -d)
	head -c 1000000 /dev/urandom >"$dir/in"
	# shellcheck disable=SC2016
	"$lab" run 1 bash -c 'tee >(sha256sum >&2); sleep 0.2' <"$dir/in" >"$dir/out" 2>"$dir/err"
	cmp "$dir/in" "$dir/out"
	[[ $(cut -d' ' -f1 "$dir/err") == $(sha256sum <"$dir/in" | cut -d' ' -f1) ]]
	rm -r "$dir"
}

# The whole input is there before the command runs.
short_input() {
	local n
	for n in 1 2 3 4 5; do
		[[ $(printf 'echo %s\nexit 0\n' "$n" | timeout 60 "$lab" run 1 bash -s) == "$n" ]]
	done
}

terminal() {
	local said got=0
	said=$(printf 'tty\nexit 3\n' | script -qec "$lab shell 1" /dev/null) || got=$?
	echo "$said"
	((got == 3))
	grep -q /dev/pts/ <<<"$said"
}

many() {
	local n outputs
	outputs=$(mktemp)
	for n in $(seq 12); do
		"$lab" run 1 bash -c "sleep 0.5; echo $n" >>"$outputs" &
	done
	wait
	[[ $(sort -n "$outputs" | paste -sd' ') == "$(seq -s' ' 12)" ]]
	rm "$outputs"
}

no_process() { status 1 "$lab" run 1 pgrep "$@"; }

# A client that is killed in the middle of its input leaves half a frame.
killed_client() {
	local n pid
	for n in 1 2 3; do
		"$lab" run 1 sleep 1234 < <(yes) &
		pid=$!
		within 60 "$lab" run 1 pgrep -fx 'sleep 1234' >/dev/null
		kill -9 "$pid"
		wait "$pid" || true
	done 2>/dev/null
	within 60 no_process -fx 'sleep 1234'
}

# 9 says that the command's trap ran. A background job of a shell ignores SIGINT.
interrupted_client() {
	local pid
	# shellcheck disable=SC2016
	env --default-signal=INT \
		"$lab" run 1 bash -c 'trap "kill \$!; exit 9" INT; sleep 4321 & wait' &
	pid=$!
	within 60 "$lab" run 1 pgrep -fx 'sleep 4321' >/dev/null
	kill -s INT "$pid"
	status 9 wait "$pid"
	within 60 no_process -fx 'sleep 4321'
}

closed_reader() {
	[[ $("$lab" run 1 yes | head -n 1) == y ]]
	within 60 no_process -x yes
}

leaves_daemon() {
	# It holds its starter's stdout, which must not keep `run` waiting.
	timeout 60 "$lab" run 1 bash -c 'setsid sleep 777 & echo started' | grep -q started
	"$lab" run 1 pkill -f 'sleep 777'
}

shared() {
	"$lab" run 1 cmp /tests/lab/lab - <tests/lab/lab
	"$lab" run 1 bash -c 'echo from node1 >/exchange/file'
	[[ $(<"$LAB_DIR/exchange/file") == "from node1" ]]
	status 1 "$lab" run 1 touch /tests/x
	status 1 "$lab" run 1 touch /build/x
}

# put OFFSET TEXT [FLAG] and get OFFSET: one block of the scratch disk, in units
# of 1 MiB, past the page cache.
put() {
	"$lab" run 1 bash -c "printf '%-4096s' '$2' |
		dd of=/dev/vdb bs=4096 seek=$(($1 * 256)) oflag=direct iflag=fullblock status=none ${3:-}"
}
get() {
	"$lab" run 1 bash -c "dd if=/dev/vdb bs=4096 count=1 skip=$(($1 * 256)) iflag=direct status=none |
		tr -d '\\0 '"
}
holds() {
	local got
	got=$(get "$1")
	echo "holds '$got', expected '$2'"
	[[ $got == "$2" ]]
}

"$lab" up 1 --no-modules --with $$
check "arguments arrive as they are" arguments
check "stdin, stdout and stderr pass 1 MB unharmed" streams
check "input that is shorter than a command's start arrives" short_input
check "the exit status passes" status 7 "$lab" run 1 bash -c 'exit 7'
check "a signal's status is the shell's" status 137 "$lab" run 1 bash -c 'kill -9 $$'
check "an unknown command is 127" status 127 "$lab" run 1 no-such-command
check "shell has a terminal and passes the status" terminal
check "twelve commands at once" many
check "kill -9 of the client ends the command" killed_client
check "the port of a killed client serves the next" arguments
check "an interrupt reaches the command" interrupted_client
check "a reader that goes ends the command" closed_reader
check "a daemon may stay behind" leaves_daemon
check "tests and build are shared, exchange is writable" shared
check "a word that does not exist is refused" status 1 "$lab" run-node 1
check "a node that does not exist is refused" status 1 "$lab" cut 2

both_seen() {
	holds 1 flushed
	holds 2 lost
}

put 1 flushed conv=fsync
put 2 lost
"$lab" run 1 touch /root/left
check "before the cut both writes are seen" both_seen
"$lab" cut 1
check "a node without power is not reached" status 255 "$lab" run 1 true
"$lab" boot 1
check "cut keeps what was flushed" holds 1 flushed
check "cut loses what was not" holds 2 ""
check "the node's root is fresh" status 1 "$lab" run 1 test -e /root/left
check "a node that stops by itself is noticed" status 255 \
	"$lab" run 1 bash -c 'echo o >/proc/sysrq-trigger; while :; do :; done'
"$lab" down
ktap_end
