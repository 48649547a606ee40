# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# The processes of a lab: each is known by a file NAME.pid that it writes
# itself before it becomes what it is to be, so that none can start unseen.
# The number comes with the start time: a number is used again, the pair is not.

# start_of PID - when it started, in ticks since boot; fails if it is gone.
start_of() {
	local stat
	{ stat=$(<"/proc/$1/stat"); } 2>/dev/null || return 1
	stat=${stat##*) }
	# The process's state is the first field left, its start the 20th.
	# shellcheck disable=SC2086
	set -- $stat
	[[ $1 != Z ]] && echo "${20}"
}

# alive PIDFILE
alive() {
	local pid start
	{ read -r pid start <"$1"; } 2>/dev/null && [[ $(start_of "$pid") == "$start" ]]
}

signal_process() {
	local pid start
	alive "$1" || return 0
	read -r pid start <"$1"
	kill -s "$2" "$pid" 2>/dev/null || true
}

# end_process PIDFILE - kills it and waits until it is gone.
end_process() {
	signal_process "$1" KILL
	while alive "$1"; do sleep 0.02; done
	rm -f "$1"
}

# record_self PIDFILE
record_self() { printf '%s %s\n' "$$" "$(start_of $$)" >"$1"; }

# spawn NAME LOG COMMAND... - a process in a session of its own, which neither a
# terminal's Ctrl-C nor the end of the caller reaches, and which holds none of
# the caller's files open.  Its parent is init before it runs: nbdkit ends with
# the parent it was started by, asked to or not.  Refused once the lab is ending.
spawn() { with_lock "$run/lock" spawn_locked "$@"; }

spawn_locked() {
	[[ ! -e $run/ending ]] || die "the lab is ending"
	# shellcheck disable=SC2016
	setsid --fork bash -c '
		. "$0/processes.sh"
		while [[ $(<"/proc/$PPID/comm") == setsid ]] 2>/dev/null; do sleep 0.01; done
		record_self "$1.pid"
		for fd in /proc/self/fd/*; do
			fd=${fd##*/}
			((fd > 2)) && eval "exec $fd>&-"
		done
		exec "${@:2}"' "$here" "$1" "${@:3}" </dev/null >>"$2" 2>&1
	until [[ -s $1.pid ]]; do sleep 0.01; done
}

# The directory in which the labs of this checkout are listed.
labs_dir() { printf '%s\n' "$lab_cache/labs/$(hash_of "$checkout")"; }

lab_create() {
	local old
	mkdir -p "$LAB_DIR"
	LAB_DIR=$(cd "$LAB_DIR" && pwd)
	if [[ -L $LAB_DIR/run ]]; then
		old=$(readlink "$LAB_DIR/run")
		[[ ! -e $old/settings ]] || die "a lab runs in $LAB_DIR already (lab down ends it)"
		rm "$LAB_DIR/run"
	fi
	run=$(mktemp -d "${TMPDIR:-/tmp}/lab.XXXXXX")
	record_self "$run/up.pid"
	mkdir -p "$(labs_dir)" "$LAB_DIR/exchange"
	printf '%s\n' "$LAB_DIR" >"$run/lab_dir"
	ln -s "$run" "$(labs_dir)/${run##*/}"
	ln -s "$run" "$LAB_DIR/run"
	rm -f "$LAB_DIR"/node*.console "$LAB_DIR"/*.log
}

# Ends the lab whose sockets are in $1: first what could start more processes.
end_run() {
	local run=$1 file dir
	[[ -d $run ]] || return 0
	: >"$run/ending"
	# `up` may be at work; the watcher may be who calls us.
	for file in "$run/up.pid" "$run/watch.pid"; do
		[[ -e $file && $(awk '{print $1}' "$file") != "$$" ]] && end_process "$file"
	done
	with_lock "$run/lock" end_processes "$run"
	dir=$(<"$run/lab_dir")
	rm -f "$dir"/node*.disk "$(labs_dir)/${run##*/}"
	[[ -L $dir/run && $(readlink "$dir/run") == "$run" ]] && rm -f "$dir/run"
	rm -rf "$run"
}

end_processes() {
	local file
	for file in "$1"/*.pid "$1"/*/*.pid; do
		[[ -e $file && $(awk '{print $1}' "$file") != "$$" ]] || continue
		signal_process "$file" KILL
	done
	for file in "$1"/*.pid "$1"/*/*.pid; do
		[[ -e $file && $(awk '{print $1}' "$file") != "$$" ]] || continue
		end_process "$file"
	done
}

lab_end() {
	trap - EXIT
	end_run "$(readlink "$LAB_DIR/run")"
}

labs_end() {
	local link
	for link in "$(labs_dir)"/*; do
		[[ -L $link ]] || continue
		end_run "$(readlink "$link")"
		rm -f "$link"
	done
}
