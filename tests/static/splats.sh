#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: inputs=tests/static/samples
#
# The scanner of the nodes' consoles finds every sample of a complaint, by
# itself, and nothing in the log of a healthy node.

set -euo pipefail
. tests/ktap.sh
ktap_begin

scratch=$(mktemp -d)
ktap_at_exit rm -rf "$scratch"

while read -r complaint; do
	printf '%s\n' "$complaint" >"$scratch/one.log"
	refute "found: ${complaint#*] }" tests/runner/splats.py "$scratch/one.log"
	# Not just any failure: this line.
	expect_text "and named: ${complaint#*] }" "one.log:1: $complaint"
done <tests/static/samples/complaints.log

for log in tests/static/samples/healthy-*.log; do
	check "nothing found in $(basename "$log")" tests/runner/splats.py "$log"
done

cat tests/static/samples/healthy-traced.log - >"$scratch/again.log" <<'END'
[   12.345678] Call Trace:
END
refute "the trace after one that a test asked for" tests/runner/splats.py "$scratch/again.log"
count=$(wc -l <"$scratch/again.log")
expect_text "and no other" "again.log:$count: [   12.345678] Call Trace:"

refute "a console that is not there is no healthy one" tests/runner/splats.py "$scratch/missing.log"

ktap_end
