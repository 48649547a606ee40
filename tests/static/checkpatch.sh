#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: needs=kernel-debug
#
# checkpatch and kernel-doc of the test kernel's tree over the modules' sources.

set -euo pipefail
. tests/ktap.sh
. tests/static/files.sh
ktap_begin

kernel_source=$(tests/lab/kernel path debug src)

mapfile -t files < <(kernel_c_files | require_files "kernel sources")
# A mistake that checkpatch and kernel-doc must find, so that a run that finds
# none says something.
wrong=$(mktemp --suffix=.c)
ktap_at_exit rm -f "$wrong"
cat >"$wrong" <<'C'
// SPDX-License-Identifier: GPL-2.0-only
/**
 * wrong() - a function
 * @nothing: no such parameter
 */
int wrong(void) {
    return( 1 );
}
C

checkpatch() {
	perl "$kernel_source/scripts/checkpatch.pl" --no-tree --strict --terse \
		--show-types --no-summary "$@"
}
kernel_doc() { "$kernel_source/scripts/kernel-doc" -none -Werror "$@"; }

refute "checkpatch complains about a wrong file" checkpatch -f "$wrong"
refute "kernel-doc complains about a wrong file" kernel_doc "$wrong"
for file in "${files[@]}"; do
	check "checkpatch --strict $file" checkpatch -f "$file"
done
check "kernel-doc comments are right" kernel_doc "${files[@]}"

ktap_end
