# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # here, checkout, lab_cache: of lab
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
	[[ -e $run/lab_dir && ! -e $run/ending ]] || die "the lab is ending"
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

# end_run RUN - ends the lab whose sockets are in RUN.  A lab may be ended by
# several at once, as when Ctrl-C ends a test that waits for `up`: one does it,
# the others wait for that.
end_run() {
	[[ -d $1 ]] || return 0
	(
		exec 8<"$1"
		flock 8
		end_run_locked "$1" 8>&-
	)
}

end_run_locked() {
	local run=$1 dir
	dir=$(cat "$run/lab_dir" 2>/dev/null) || return 0 # ended while we waited
	: >"$run/ending"
	# First the processes that start others; last the one that would finish this if we
	# were killed.
	end_other "$run/up.pid"
	with_lock "$run/lock" end_processes "$run"
	rm -f "$dir"/node*.disk
	end_other "$run/watch.pid"
	rm -f "$run/lab_dir"
	rm -rf "$run"
	rm -f "$(labs_dir)/${run##*/}"
	[[ $(readlink "$dir/run") != "$run" ]] || rm -f "$dir/run"
}

# end_other PIDFILE - unless that process is this one.
end_other() {
	[[ ! -e $1 || $(awk '{print $1}' "$1") == "$$" ]] || end_process "$1"
}

end_processes() {
	local file files=("$1/switch.pid" "$1"/node*/*.pid)
	for file in "${files[@]}"; do
		[[ ! -e $file ]] || signal_process "$file" KILL
	done
	for file in "${files[@]}"; do
		[[ ! -e $file ]] || end_process "$file"
	done
}

lab_end() {
	local run
	trap - EXIT
	# A second caller gets what the first one asked for.
	trap '' INT TERM HUP
	run=$(readlink "$LAB_DIR/run") || return 0
	end_run "$run"
}

labs_end() {
	local link
	for link in "$(labs_dir)"/*; do
		[[ -L $link ]] || continue
		end_run "$(readlink "$link")"
		rm -f "$link"
	done
}
