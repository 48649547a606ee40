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

# The complaints about a file without the excepted ones; those are noted.
excepted=$(mktemp)
ktap_at_exit rm -f "$excepted"
without_exceptions() {
	local file=$1 line pattern list type kept=0
	declare -A except=()
	while read -r pattern list _; do
		# A pattern, so not quoted.
		# shellcheck disable=SC2053
		[[ $pattern == \#* || $file != $pattern ]] && continue
		for type in ${list//,/ }; do
			except[$type]=$pattern
		done
	done <tests/static/checkpatch.exceptions
	while IFS= read -r line; do
		type=$(sed -nE 's/^[^ ]+ (ERROR|WARNING|CHECK):([A-Z_0-9]+): .*/\2/p' <<<"$line")
		if [[ -n $type && -n ${except[$type]-} ]]; then
			echo "${except[$type]} $type" >>"$excepted"
		else
			echo "$line"
			kept=1
		fi
	done < <(checkpatch -f "$file")
	return "$kept"
}

exceptions_used() {
	local pattern list type stale=0
	while read -r pattern list _; do
		[[ $pattern == \#* ]] && continue
		for type in ${list//,/ }; do
			grep -qxF -- "$pattern $type" "$excepted" && continue
			echo "nobody needs the exception '$pattern $type'"
			stale=1
		done
	done <tests/static/checkpatch.exceptions
	return "$stale"
}

checkpatch() {
	perl "$kernel_source/scripts/checkpatch.pl" --no-tree --strict --terse \
		--show-types --no-summary "$@"
}
kernel_doc() { "$kernel_source/scripts/kernel-doc" -none -Werror "$@"; }

refute "checkpatch complains about a wrong file" checkpatch -f "$wrong"
expect_text "and says what is wrong" "OPEN_BRACE"
refute "kernel-doc complains about a wrong file" kernel_doc "$wrong"
expect_text "and says what is wrong" "'nothing' description"
for file in "${files[@]}"; do
	check "checkpatch --strict $file" without_exceptions "$file"
done
check "every exception is needed" exceptions_used
check "kernel-doc comments are right" kernel_doc "${files[@]}"

ktap_end
