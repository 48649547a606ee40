#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: needs=kernel-debug inputs=kmod,tests/kunit,tests/static/checkpatch.exceptions
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

# A file that passed needs no second look as long as it, this script, and what checks it
# are the same: kept is which exceptions it needed.
results=${XDG_CACHE_HOME:-$HOME/.cache}/braid/results
mkdir -p "$results"
checker=$(cat "$0" tests/static/checkpatch.exceptions "$kernel_source"/scripts/checkpatch.pl \
	"$kernel_source"/scripts/{spelling.txt,const_structs.checkpatch} | sha256sum)
key_of() { { echo "$checker $(perl -e 'print $^V') $1"; cat "$1"; } | sha256sum | cut -c1-24; }
known() { [[ -z ${CHECK_FRESH-} && -e $results/checkpatch-$1 ]]; }
look_again() {
	touch "$results/checkpatch-$1"
	cat "$results/checkpatch-$1" >>"$excepted"
}
look() {
	local key=$1 file=$2 before new=$results/checkpatch-$1.$$
	before=$(wc -l <"$excepted")
	without_exceptions "$file" || return
	tail -n +"$((before + 1))" "$excepted" >"$new"
	mv "$new" "$results/checkpatch-$key"
}

refute "checkpatch complains about a wrong file" checkpatch -f "$wrong"
expect_text "and says what is wrong" "OPEN_BRACE"
refute "kernel-doc complains about a wrong file" kernel_doc "$wrong"
expect_text "and says what is wrong" "'nothing' description"
for file in "${files[@]}"; do
	key=$(key_of "$file")
	if known "$key"; then
		check "checkpatch --strict $file # cached ${key::12}" look_again "$key"
	else
		check "checkpatch --strict $file" look "$key" "$file"
	fi
done
check "every exception is needed" exceptions_used
check "kernel-doc comments are right" kernel_doc "${files[@]}"

ktap_end
