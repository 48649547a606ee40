# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# KTAP for test files written in shell; tests/README.md has the contract.
#
#	set -euo pipefail
#	. tests/ktap.sh
#	ktap_begin
#	check "what must be true" command arg...
#	refute "what must be refused" command arg...
#	ktap_end
#
# The command, mostly a function, runs in a subshell that stops at its first
# failing step; what it printed is shown when the check fails and stays in
# $ktap_output until the next one. The plan is printed by ktap_end, so a file
# that dies on the way has none and fails.

ktap_count=0
ktap_failed=0
ktap_cleanups=()

ktap_begin() {
	ktap_output=$(mktemp)
	ktap_at_exit rm -f "$ktap_output"
	trap 'ktap_clean_up' EXIT
	# A signal ends the file through its clean-up as well.
	trap 'exit 130' INT TERM
	echo "KTAP version 1"
}

# ktap_at_exit COMMAND ARG...: run when the file ends, however; last one first.
ktap_at_exit() { ktap_cleanups=("$(printf '%q ' "$@")" "${ktap_cleanups[@]}"); }

ktap_clean_up() {
	local command
	for command in "${ktap_cleanups[@]}"; do
		eval "$command" || true
	done
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

# ktap_run COMMAND...: sets ktap_status. Inside "if", "||" or "&&" the shell
# ignores errexit, and a test whose first step fails would pass: refused.
ktap_run() {
	local ignored
	set +e
	ignored=$(
		set -e
		false
		echo ignored
	)
	if [[ -n $ignored ]]; then
		echo "# check or refute was called inside a condition: $*"
		exit 99
	fi
	(
		set -e
		"$@"
	) >"$ktap_output" 2>&1
	ktap_status=$?
	set -e
}

check() {
	local name=$1
	shift
	ktap_run "$@"
	if ((ktap_status == 0)); then
		ktap_ok "$name"
		return
	fi
	echo "# failed with status $ktap_status: $*"
	ktap_diag <"$ktap_output"
	ktap_not_ok "$name"
}

# refute NAME COMMAND...: the command must fail (and not by a signal or because
# it does not exist).
refute() {
	local name=$1
	shift
	ktap_run "$@"
	if ((ktap_status > 0 && ktap_status < 126)); then
		ktap_ok "$name"
		return
	fi
	echo "# ended with status $ktap_status, was to be refused: $*"
	ktap_diag <"$ktap_output"
	ktap_not_ok "$name"
}

# expect_text NAME TEXT: the output of the check before contains TEXT.
expect_text() {
	if grep -qF -- "$2" "$ktap_output"; then
		ktap_ok "$1"
		return
	fi
	echo "# no '$2' in:"
	ktap_diag <"$ktap_output"
	ktap_not_ok "$1"
}

ktap_end() {
	echo "1..$ktap_count"
	echo "# Totals: pass:$((ktap_count - ktap_failed)) fail:$ktap_failed"
	exit $((ktap_failed > 0))
}
