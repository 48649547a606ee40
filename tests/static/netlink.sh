#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: needs=kernel-debug inputs=Documentation/netlink,include,kmod,scripts
#
# The committed netlink code is what the specs generate.

set -euo pipefail
. tests/ktap.sh
ktap_begin

check "generated netlink code is up to date" scripts/gen-netlink --check

# A copy of the project with one more limit in a spec is out of date.
scratch=$(mktemp -d)
ktap_at_exit rm -rf "$scratch"
KERNEL_TREE=$(tests/lab/kernel path debug src)
export KERNEL_TREE
cp -r --parents scripts Documentation/netlink include kmod "$scratch/"
sed -i '0,/name: name-max/s//name: name-longest/' \
	"$scratch"/Documentation/netlink/specs/braid_net.yaml
refute "a changed spec is noticed" "$scratch/scripts/gen-netlink" --check
expect_text "and the stale file is named" 'is not what its spec generates'

ktap_end
