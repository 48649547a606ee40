# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What the demo's steps are told with: saying, failing, commands on the nodes.
# The sourcing script has set top.

lab=${LAB:-$top/tests/lab/lab}
export LAB_DIR=${LAB_DIR:-$top/build/demo}

# What the commands on the nodes printed; stays there to be looked at.
# shellcheck disable=SC2034 # for the demo
seen=$LAB_DIR/seen
ours= # whether the lab is this demo's to end
background=()

# --- saying and failing ---------------------------------------------------------

title='the beginning'
step() {
	title=$1
	printf '\n[%3d s] %s\n' "$SECONDS" "$title"
}
say() { printf '        %s\n' "$*"; }
show() { sed 's/^/        | /'; }

# failed EXPECTED SEEN - the demo ends here.
failed() {
	local n
	trap - ERR
	{
		printf '\ndemo: failed at: %s\n' "$title"
		printf '  expected: %s\n' "$1"
		printf '  seen:     %s\n' "$2"
		if [[ $ours ]]; then
			for n in 1 2; do
				timeout 10 "$lab" run "$n" braid stats show | sed "s/^/  node$n: /" || true
			done
			"$top/tests/runner/splats.py" "$LAB_DIR"/node[12].console || true
			printf '  console:  %s\n' "$LAB_DIR"/node[12].console
		fi
	} >&2
	exit 1
}

# expect WHAT WANTED SEEN - the same, or the demo failed.
expect() { [[ $3 == "$2" ]] || failed "$1: $2" "$3"; }

# within SECONDS COMMAND... - until it succeeds.
within() {
	local end=$((SECONDS + $1))
	shift
	until "$@"; do
		((SECONDS < end)) || return 1
		sleep 0.1
	done
}

finish() {
	trap - EXIT ERR
	trap '' INT TERM HUP
	((${#background[@]} == 0)) || kill "${background[@]}" 2>/dev/null || true
	[[ ! $ours ]] || "$lab" down || true
	wait
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
# In a subshell, $(...), it only ends that; the assignment then fails here.
trap '((BASH_SUBSHELL)) || failed "success of: $BASH_COMMAND" "status $?"' ERR
# `lab run` passes its stdin on, which is not ours to read.
exec </dev/null

# --- commands on the nodes ------------------------------------------------------

# on NODE COMMAND...
on() { "$lab" run "$@"; }

# as WORKLOAD COMMAND... - in a workload of node 1.
as() { on 1 ip netns exec "$@"; }

# url ADDRESS - of what is served there.
url() {
	if [[ $1 == *:* ]]; then
		echo "http://[$1]/"
	else
		echo "http://$1/"
	fi
}

# ask WORKLOAD ADDRESS SECONDS - the page there, within that time.
ask() { as "$1" curl -sS --max-time "$3" "$(url "$2")"; }

# start OUTPUT NODE COMMAND... - a command that runs on while the demo goes on;
# $started is its pid, OUTPUT.err its errors.
start() {
	local output=$1
	shift
	# Not through on(): the process to end must be this one.
	"$lab" run "$@" >"$output" 2>"$output.err" &
	started=$!
	background+=("$started")
}

# stop PID... - ends such commands here and on their nodes.
stop() {
	local pid
	for pid; do
		kill "$pid" 2>/dev/null || true
		wait "$pid" 2>/dev/null || true
	done
}
