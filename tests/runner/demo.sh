#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A demo as a test: it ends with "demo: ok" and leaves nothing that runs.
#
#	tests/runner/demo.sh SCRIPT

set -euo pipefail
. tests/ktap.sh
ktap_begin

check "the demo shows what it promises" "$1"
last=$(tail -n 1 "$ktap_output")
ktap_diag <"$ktap_output"
check "its last line says so" test "$last" = "demo: ok"

ktap_end
