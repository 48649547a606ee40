# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# KTAP for test files written in shell; tests/README.md has the contract.
#
#	. tests/ktap.sh
#	ktap_begin
#	check "what must be true" command arg...
#	refute "what must be refused" command arg...
#	ktap_end
#
# A check runs its command in this shell (a function may set variables for the
# next one), with errexit off; what it printed is shown when it fails. The plan
# is printed by ktap_end, so a file that dies on the way has none and fails.

ktap_count=0
ktap_failed=0

ktap_begin() {
	ktap_output=$(mktemp)
	trap 'rm -f "$ktap_output"' EXIT
	echo "KTAP version 1"
}

# Text of stdin as diagnostic lines.
ktap_diag() { sed 's/^/# /'; }

ktap_ok() {
	ktap_count=$((ktap_count + 1))
	echo "ok $ktap_count $1"
}

ktap_not_ok() {
	ktap_count=$((ktap_count + 1))
	ktap_failed=$((ktap_failed + 1))
	echo "not ok $ktap_count $1"
}

# skip NAME WHY: counted and shown as skipped; a reason is mandatory.
skip() {
	ktap_count=$((ktap_count + 1))
	echo "ok $ktap_count $1 # SKIP ${2:?a skipped test says why}"
}

# ktap_run COMMAND...: its status, its output in $ktap_output
ktap_run() {
	local status=0
	"$@" >"$ktap_output" 2>&1 || status=$?
	return "$status"
}

check() {
	local name=$1 status=0
	shift
	ktap_run "$@" || status=$?
	if ((status == 0)); then
		ktap_ok "$name"
		return
	fi
	echo "# failed with status $status: $*"
	ktap_diag <"$ktap_output"
	ktap_not_ok "$name"
}

# refute NAME COMMAND...: the command must fail (and not by a signal or because
# it does not exist). Its output stays in $ktap_output for a look at the text.
refute() {
	local name=$1 status=0
	shift
	ktap_run "$@" || status=$?
	if ((status > 0 && status < 126)); then
		ktap_ok "$name"
		return
	fi
	echo "# ended with status $status, was to be refused: $*"
	ktap_diag <"$ktap_output"
	ktap_not_ok "$name"
}

ktap_end() {
	echo "1..$ktap_count"
	echo "# Totals: pass:$((ktap_count - ktap_failed)) fail:$ktap_failed"
	exit $((ktap_failed > 0))
}
