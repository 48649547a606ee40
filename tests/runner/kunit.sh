#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Run one KUnit module in the booted debug node and print the KTAP it left in
# the kernel's log: tests/runner/kunit.sh MODULE

set -euo pipefail
module=$1

# shellcheck disable=SC2016
"$LAB" run 1 bash -c '
	set -euo pipefail
	dmesg --clear
	insmod "/build/debug/$1.ko"
	rmmod "$1"
	dmesg --notime --color=never
' _ "$module" | tr -d '\r' | sed -n '/^KTAP version/,$p'
