# SPDX-License-Identifier: GPL-2.0-only
#
# The demo's addresses and configuration, said again in IPv6 over Geneve.
s/type vxlan local 192\.168\.77\.\([12]\) port 4789/type geneve local fd77::\1/
s/192\.168\.77\.\([12]\)/fd77::\1/g
s|10\.\([12]\)\.0\.0/24|fd10:\1::/64|g
s/10\.\([12]\)\.0\.\([0-9]\{1,\}\)/fd10:\1::\2/g
s/10\.96\.0\.80/fd10:96::80/g
s|/32|/128|g
s/icmp type 8/icmpv6 type 128/
