#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Run those cases of a KUnit module that match a glob in the booted debug node,
# and print the KTAP that they left in the kernel's log:
#
#   tests/runner/kunit.sh MODULE CASES

set -euo pipefail
module=$1 cases=$2

# shellcheck disable=SC2016
"$LAB" run 1 bash -c '
	set -euo pipefail
	# A line end would be part of the glob.
	printf "*.%s" "$2" >/sys/module/kunit/parameters/filter_glob
	dmesg --clear
	insmod "/build/debug/$1.ko"
	rmmod "$1"
	dmesg --notime --color=never
' _ "$module" "$cases" | tr -d '\r' | sed -n '/^KTAP version/,$p'
