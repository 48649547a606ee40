#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# test: timeout=480
#
# Three nodes: frames pass, split drops them, heal lets them pass again, a
# paused node is silent and its clock goes on or stands, as asked.
set -euo pipefail

. tests/lab/test/common.sh
ktap_begin

# Whether packets pass between two nodes.  ping's status 1 is that no answer
# came; another would be a failure of the lab.
pass() { "$lab" run "$1" ping -q -c 1 -W 3 "node$2"; }
drop() { status 1 "$lab" run "$1" ping -q -c 1 -W 1 "node$2"; }

all() {
	"$1" 1 2
	"$1" 2 3
	"$1" 3 1
}

alone() {
	drop 1 3
	drop 3 2
}

uptime_ms() { "$lab" run "$1" cat /proc/uptime | awk '{ print int($1 * 1000) }'; }

host_ms() { echo $(($(date +%s%N) / 1000000)); }

# paused_clock HOW - node 2's clock went on over a pause of at least 2 s, or only
# as long as what was around the pause took.
paused_clock() {
	local begin before paused resumed after end went
	begin=$(host_ms)
	before=$(uptime_ms 2)
	"$lab" pause 2 clock "$1"
	paused=$(host_ms)
	drop 1 2
	sleep 1
	resumed=$(host_ms)
	"$lab" resume 2
	after=$(uptime_ms 2)
	end=$(host_ms)
	went=$((after - before))
	echo "node2's clock went on by $went ms; paused for $((resumed - paused)) of $((end - begin)) ms"
	# A node's clock is read in steps of 10 ms, and is no better than QEMU's.
	case $1 in
	running) ((went >= resumed - paused - 100)) ;;
	stopped) ((went <= end - begin - (resumed - paused) + 100)) ;;
	esac
}

tests/lab/kernel get stock
SECONDS=0
"$lab" up 3 --no-modules --with $$
echo "# three nodes came up in $SECONDS s"
check "three nodes come up within three minutes, on a busy host too" test "$SECONDS" -lt 180
check "frames pass between all nodes" all pass
check "frames of full size pass over IPv6 too" "$lab" run 1 ping -q -c 1 -M "do" -s 1452 fd77::3
"$lab" split 3
check "split: node 3 hears no other node" alone
check "split: the others hear each other" pass 1 2
"$lab" cut 3
"$lab" boot 3
check "split: a node that lost power comes back where it was" alone
"$lab" split 1,3
check "split again: what was apart stays apart" all drop
"$lab" heal
check "heal: frames pass between all nodes" all pass
check "pause with the clock running: it catches up" paused_clock running
check "resumed: frames pass" pass 1 2
# The pings and commands around the pause take their time on a busy host.
check "pause with the clock stopped: it stood" paused_clock stopped
check "resumed: frames pass again" pass 2 3
"$lab" down
ktap_end
