#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: timeout=600 needs=kernel-stock,kernel-6.12,kernel-debug
#
# One source builds on every kernel, with all extra warnings on and none given;
# and what is installed is complete: it builds as DKMS builds it.

set -euo pipefail
. tests/ktap.sh
ktap_begin

for kernel in stock 6.12 debug; do
	check "modules build on $kernel, W=1 without a warning" scripts/build-modules "$kernel"
done
check "the tool builds" scripts/build-tool

scratch=$(mktemp -d)
ktap_at_exit rm -rf "$scratch"

installs() {
	DESTDIR=$scratch PREFIX=/usr scripts/install
	[[ -x $scratch/usr/sbin/braid ]]
	grep -q "^complete .* braid$" "$scratch/usr/share/bash-completion/completions/braid"
	# The same files as by the tool's own Makefile, which packages use.
	make -s -C tools/braid install DESTDIR="$scratch/tool" PREFIX=/usr
	for part in sbin share; do
		diff -r "$scratch/usr/$part" "$scratch/tool/usr/$part"
	done
}
check "make install fills a stage" installs

# The variables are dkms's; its directives are evaluated as it does.
dkms_builds() {
	local version
	version=$(basename "$scratch"/usr/src/braid-* | sed 's/^braid-//')
	kernel_source_dir=$(tests/lab/kernel path stock kdir)
	dkms_tree=$scratch/dkms
	mkdir -p "$dkms_tree/braid/$version"
	cp -r "$scratch/usr/src/braid-$version" "$dkms_tree/braid/$version/build"
	# shellcheck disable=SC1090
	. "$scratch/usr/src/braid-$version/dkms.conf"
	eval "${MAKE[0]}"
	for module in "${!BUILT_MODULE_NAME[@]}"; do
		[[ -f $dkms_tree/braid/$version/build/${BUILT_MODULE_LOCATION[module]}/${BUILT_MODULE_NAME[module]}.ko ]]
	done
	eval "$CLEAN"
}
check "the installed source builds by dkms.conf" dkms_builds

dkms_knows_the_kernels() {
	# shellcheck disable=SC1090
	kernel_source_dir='' dkms_tree='' . dkms.conf
	for kernel in stock 6.12 debug; do
		[[ $(tests/lab/kernel path "$kernel" release) =~ $BUILD_EXCLUSIVE_KERNEL ]]
	done
	[[ ! 5.10.0-28-amd64 =~ $BUILD_EXCLUSIVE_KERNEL ]]
	[[ ! 6.10.3-amd64 =~ $BUILD_EXCLUSIVE_KERNEL ]]
}
check "dkms.conf knows the tested kernels and no other" dkms_knows_the_kernels

ktap_end
