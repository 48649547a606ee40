#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: timeout=300 needs=kernel-stock inputs=Kbuild,dkms.conf,include,kmod,scripts
#
# Each header of the modules compiles alone, so that a source may include it
# first; the interface header also compiles in a program.

set -euo pipefail
. tests/ktap.sh
. tests/static/files.sh
. scripts/kbuild.sh
ktap_begin

scratch=$(mktemp -d)
ktap_at_exit rm -rf "$scratch"

mapfile -t headers < <(project_files 'kmod/net/*.h' 'kmod/blk/*.h' | require_files headers)

# The project's own build with one source for each header in the modules' place.
# Twice, for its guard.
cp -r Kbuild kmod include "$scratch/"
objects=() flags=()
for header in "${headers[@]}"; do
	object=${header//[\/.]/_}
	printf '#include "%s"\n' "$header" "$header" >"$scratch/$object.c"
	objects+=("$object.o")
	# Sources name a header by its path in the module's folder.
	flags+=("CFLAGS_$object.o := -I\$(M)/$(cut -d/ -f1,2 <<<"$header")")
done
cat >>"$scratch/Kbuild" <<KBUILD
obj-m := headers.o
obj-y :=
headers-y := ${objects[*]}
$(printf '%s\n' "${flags[@]}")
KBUILD

# -k: every header gets its chance. Linking needs none of them.
compile() {
	lab_kbuild "$(tests/lab/kernel path stock kdir)" "$scratch" -k modules \
		>"$scratch/log" 2>&1 || true
}
compile

compiled() {
	[[ -s $scratch/$1 ]] || {
		grep -A20 "CC .*$1" "$scratch/log" || cat "$scratch/log"
		return 1
	}
}
for index in "${!headers[@]}"; do
	check "${headers[index]} compiles alone" compiled "${objects[index]}"
done

in_a_program() {
	echo "#include <linux/${1##*/}>" |
		gcc -std=c11 -Wall -Wextra -Wpedantic -Werror -Iinclude/uapi -fsyntax-only -xc -
}
mapfile -t headers < <(project_files 'include/uapi/linux/*.h' | require_files "interface headers")
for header in "${headers[@]}"; do
	check "$header compiles in a program" in_a_program "$header"
done

ktap_end
