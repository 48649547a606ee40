# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What the lab's own tests share.  The runner sets LAB and LAB_DIR; alone, a
# test runs from the top of the tree as well.

. tests/ktap.sh

# shellcheck disable=SC2034 # for the tests
lab=${LAB:-tests/lab/lab}
if [[ -z ${LAB_DIR:-} ]]; then
	LAB_DIR=$(mktemp -d "${TMPDIR:-/tmp}/lab-test.XXXXXX")
	echo "# the nodes' consoles are in $LAB_DIR"
fi
export LAB_DIR
mkdir -p "$LAB_DIR"
# `lab run` passes its stdin on, which is not ours to read.
exec </dev/null

# within SECONDS COMMAND... - until it succeeds.
within() {
	local end=$((SECONDS + $1))
	shift
	until "$@"; do
		((SECONDS < end)) || return 1
		sleep 0.1
	done
}

# status N COMMAND... - the command's exit status is N.
status() {
	local want=$1 got=0
	shift
	"$@" || got=$?
	echo "exit status $got, expected $want"
	((got == want))
}
