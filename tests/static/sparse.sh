#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: timeout=600 needs=kernel-stock,kernel-debug inputs=Kbuild,dkms.conf,include,kmod,scripts,tests/kunit,cache:sparse/sparse
#
# sparse over every source, on the oldest and the newest kernel. kbuild drops a
# sparse it does not like with one line and goes on, so it is shown that it
# ran: every source has its CHECK line, and a wrong source in the same command
# draws the complaints it must.

set -euo pipefail
. tests/ktap.sh
. scripts/kbuild.sh
ktap_begin

sparse=$(scripts/sparse)
scratch=$(mktemp -d)
ktap_at_exit rm -rf "$scratch"

# run_sparse KERNEL DIR: the checker over the module tree in DIR, log on stdout
run_sparse() {
	lab_kbuild "$(tests/lab/kernel path "$1" kdir)" "$2" V=0 \
		C=2 CHECK="$sparse" modules 2>&1
}

# The mirror that the build made and its very command, so that only the checker runs.
sparse_clean() {
	local kernel=$1 dir=$PWD/build/$1/src log=$scratch/$1.log source
	scripts/build-modules "$kernel" >/dev/null
	# No build in the same place meanwhile.
	exec 9>"build/$kernel/lock"
	flock 9
	run_sparse "$kernel" "$dir" >"$log"
	# Which pahole the kernel's builder had says nothing about the source.
	! grep -E 'sparse is not available|warning:|error:' "$log" |
		grep -v 'warning: pahole version differs' || return 1
	# Every object of ours that kbuild made comes from a source that was checked.
	while read -r object; do
		source=${object%.o}.c
		[[ -f $source ]] || continue
		grep -qE "CHECK +(.*/)?${source#"$dir"/}\$" "$log" || {
			echo "not checked: ${source#"$dir"/}"
			return 1
		}
	done < <(find "$dir" -name '*.o' -not -name '*.mod.o' -not -name '.*')
	grep -q 'CHECK ' "$log"
}

mkdir "$scratch/wrong"
echo 'obj-m := wrong.o' >"$scratch/wrong/Kbuild"
cat >"$scratch/wrong/wrong.c" <<'C'
// SPDX-License-Identifier: GPL-2.0-only
#include <linux/module.h>
#include <linux/rcupdate.h>

static int value;
static int __rcu *shared = (int __rcu *)&value;
static __be32 wire;

static int __init wrong_init(void)
{
	wire = 1234;
	return *shared;
}
module_init(wrong_init);
MODULE_DESCRIPTION("what sparse must complain about");
MODULE_LICENSE("GPL");
C

complains() {
	local log=$scratch/wrong-$1.log
	run_sparse "$1" "$scratch/wrong" >"$log" || true
	cat "$log"
	grep -q 'wrong.c:.*incorrect type in assignment (different base types)' "$log" &&
		grep -q 'wrong.c:.*different address spaces\|wrong.c:.*dereference of noderef' "$log"
}

for kernel in stock debug; do
	check "a wrong source draws sparse's complaints on $kernel" complains "$kernel"
	check "sparse is content on $kernel" sparse_clean "$kernel"
done

ktap_end
