# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Sourced by scripts that build with kbuild: the compiler keeps its results in the
# project's cache, where another checkout finds them. Without ccache the compiler is
# called directly.

# keep_compiled DIR - paths below DIR are taken for relative ones. Debug information
# may name the checkout that compiled first.
keep_compiled() {
	export CCACHE_DIR=${XDG_CACHE_HOME:-$HOME/.cache}/braid/ccache
	export CCACHE_MAXSIZE=4G CCACHE_BASEDIR=$1 CCACHE_NOHASHDIR=1
	export CCACHE_COMPILERCHECK=content
	[[ $PATH == /usr/lib/ccache:* ]] || PATH=/usr/lib/ccache:$PATH
}

# lab_kbuild KDIR DIR ARG... - builds the modules whose sources are in DIR for a kernel
# of the lab: with every extra warning on, each an error, and with one version for all
# parts. If the words of a build and of a checker differed, each would compile everything
# again.
#
# Up to 6.12 kbuild works in its own tree and names each source by the whole path that
# it was given, so another checkout would compile everything anew. It gets a tree of
# links to its own, where the path leads through the directory that each process is
# in: every checkout has the same commands. Later kbuild works where the sources are.
lab_kbuild() {
	local kdir=$1 dir=$2 release version
	version=$(sed -n 's/^PACKAGE_VERSION="\(.*\)"$/\1/p' "$(dirname "${BASH_SOURCE[0]}")/../dkms.conf")
	local args=(-j"$(nproc)" W=1 KCFLAGS=-Werror "BRAID_VERSION=$version" "${@:3}")
	# make uses the host's architecture by default, whatever the tree is for.
	grep -q '^CONFIG_UML=y' "$kdir/.config" && args+=(ARCH=um)
	release=$(<"$kdir/include/config/kernel.release")
	keep_compiled "$dir"
	if [[ $(printf '%s\n' 6.13 "$release" | sort -V | head -n 1) == 6.13 ]]; then
		make -C "$kdir" M="$dir" "${args[@]}"
		return
	fi
	rm -rf "$dir/.tree"
	mkdir "$dir/.tree"
	ln -s "$kdir"/* "$kdir"/.[a-zA-Z]* "$dir/.tree/"
	ln -s .. "$dir/.tree/src"
	# kbuild tries options in a directory of this name. In the usual one, below
	# the sources, mkdir -p would change its own directory on the way.
	make -C "$dir/.tree" M=/proc/self/cwd/src TMPOUT='.tmp_$$$$' "${args[@]}"
}
