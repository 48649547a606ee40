# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What the scripts of the lab share: where the cache is, messages, locks, and
# an apt that reads other suites without touching the host's configuration.

# A failed step inside $(...) is a failure, too.
shopt -s inherit_errexit
# modprobe and depmod, even if they are not on PATH.
PATH=$PATH:/usr/sbin:/sbin

lab_cache=${XDG_CACHE_HOME:-$HOME/.cache}/braid

say() { printf 'lab: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

# hash_of TEXT... - twelve hex digits that name a cache entry.
hash_of() { printf '%s\n' "$@" | sha256sum | cut -c1-12; }

# with_lock FILE COMMAND... - one process at a time works on a cache entry.
with_lock() {
	local file=$1 entry=${1##*/}
	shift
	mkdir -p "${file%/*}"
	(
		flock -n 9 || {
			say "another process works on ${entry%.lock}; waiting"
			flock 9
		}
		"$@" 9>&-
	) 9>"$file"
}

# mirror_of LABEL - the address from which the host's own apt takes Debian's
# archive (label Debian) or its security archive (label Debian-Security).  A
# host whose lists were never fetched knows no labels; the suite's name decides.
mirror_of() {
	local found
	# $(...) below is apt's format, not the shell's.
	# shellcheck disable=SC2016
	found=$(apt-get indextargets \
		--format '$(LABEL)|$(RELEASE)|$(COMPONENT)|$(REPO_URI)' \
		'Created-By: Packages' |
		awk -F'|' -v want="$1" '
			$3 != "main" { next }
			$1 == want { print $4; exit }
			$1 ~ /\$/ || $1 == "" {
				security = $2 ~ /-security$/
				plain = $2 ~ /^(bookworm|oldstable|stable)$/
				if (want == "Debian-Security" ? security : plain) { print $4; exit }
			}')
	[[ $found ]] || die "apt's configuration names no mirror of the archive '$1'"
	printf '%s\n' "$found"
}

# apt_in SUITE TOOL ARG... - apt with a root of its own that knows SUITE alone.
# The signature is checked with Debian's archive keys; its age is not, for the
# host may use a mirror that stands still.
apt_in() {
	local root=$lab_cache/apt/$1 tool=$2
	shift 2
	"$tool" -o Dir::State="$root/state" -o Dir::State::status="$root/status" \
		-o Dir::Cache="$root/cache" -o Dir::Etc::SourceList="$root/sources.list" \
		-o Dir::Etc::SourceParts=/dev/null -o Dir::Etc::Preferences=/dev/null \
		-o Dir::Etc::PreferencesParts=/dev/null -o APT::Architecture=amd64 \
		-o APT::Sandbox::User= -o Acquire::Languages=none \
		-o APT::Get::List-Cleanup=false -o APT::Update::Error-Mode=any \
		-o Acquire::Check-Valid-Until=false "$@"
}

# apt_root SUITE [EXTRA...] - makes that root and fetches its lists.  EXTRA are
# more suites of the same root.
apt_root() {
	local root=$lab_cache/apt/$1 suite mirror
	mkdir -p "$root/state/lists/partial" "$root/cache/archives/partial"
	: >>"$root/status"
	for suite; do
		mirror=$(mirror_of Debian)
		[[ $suite == *-security ]] && mirror=$(mirror_of Debian-Security)
		printf 'deb [signed-by=%s] %s %s main\n' \
			/usr/share/keyrings/debian-archive-keyring.gpg "$mirror" "$suite"
	done >"$root/sources.list"
	apt_in "$1" apt-get -qq update
}
