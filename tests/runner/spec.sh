#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What the nodes need to read the netlink specification, in build/spec: the
# specification as it is, the kernel's schemas and its generic client, ynl, from
# the test kernel's source and laid out as there.

set -euo pipefail

source=$(tests/lab/kernel path debug src)
to=build/spec
rm -rf "$to.new"
mkdir -p "$to.new/Documentation/netlink/specs" "$to.new/ynl"
cp "$source"/Documentation/netlink/*.yaml "$to.new/Documentation/netlink/"
cp Documentation/netlink/specs/*.yaml "$to.new/Documentation/netlink/specs/"
cp -r "$source/tools/net/ynl/pyynl/lib" "$to.new/ynl/"
rm -rf "$to"
mv "$to.new" "$to"
