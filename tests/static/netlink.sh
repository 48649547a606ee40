#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# test: needs=kernel-debug inputs=Documentation/netlink,include,kmod,scripts,tools/braid
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
cp -r --parents scripts Documentation/netlink include kmod tools/braid/words* "$scratch/"
spec=$scratch/Documentation/netlink/specs/braid_net.yaml
sed -i '0,/name: name-max/s//name: name-longest/' "$spec"
refute "a changed spec is noticed" "$scratch/scripts/gen-netlink" --check
expect_text "and the stale file is named" 'is not what its spec generates'

# The tool's words follow the spec and what is added to it.
cp Documentation/netlink/specs/braid_net.yaml "$spec"
words=$scratch/tools/braid/words.yaml
sed -i 's/doc: name of the rule/doc: the name/' "$spec"
refute "a changed doc of a word is noticed" "$scratch/scripts/gen-netlink" --check
expect_text "and the stale file is named" 'words-gen.c is not what'
cp Documentation/netlink/specs/braid_net.yaml "$spec"
sed -i 's/default: 1000/default: 1001/' "$words"
refute "a changed default of a word is noticed" "$scratch/scripts/gen-netlink" --check
expect_text "and the stale file is named" 'words-gen.c is not what'
sed -i 's/default: 1001/standard: 1000/' "$words"
refute "an unknown key is refused" "$scratch/scripts/gen-netlink" --check
expect_text "and named" "rule priority: 'standard' is not known"
sed -i 's/standard: 1000/default: 1000/; s/optional: \[label\]/optional: [tag]/' "$words"
refute "an attribute that is not there is refused" "$scratch/scripts/gen-netlink" --check
expect_text "and named" "identity: there is no attribute 'tag'"

ktap_end
