# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # addresses and ports are the node script's
#
# What the paths are configured with, on stdout: the objects that the measured
# traffic needs and COUNT others of each kind that it must not pay for.
# The kernel's peers get the same in their own terms.

# braid_objects NODE COUNT WHAT... - a batch for braid; WHAT is overlay, policy,
# service.
braid_objects() {
	local n=$1 count=$2 other=$((3 - $1)) what=" ${*:3} "
	echo "identity add 300 label app=client"
	echo "identity add 301 label app=server"
	if [[ $what == *" overlay "* ]]; then
		echo "overlay add braid0 type vxlan local 172.16.0.$n port 4789"
	fi
	echo "node add node$other underlay 172.16.0.$other cidr 10.$other.0.0/24"
	if ((n == 1)); then
		echo "endpoint add v-client identity 300 address $client"
		echo "prefix add $server/32 identity 301 node node$other"
	else
		echo "endpoint add v-server identity 301 address $server"
		echo "prefix add $client/32 identity 300 node node$other"
	fi
	awk -v count="$count" -v other="$other" 'BEGIN {
		for (i = 0; i < count; i++) {
			printf "identity add %d label app=other%d\n", 1000 + i, i
			printf "prefix add 10.%d.%d.%d/32 identity %d node node%d\n",
				100 + other, i / 250, i % 250 + 1, 1000 + i, other
		}
	}'
	if [[ $what == *" policy "* ]]; then
		braid_rules "$n" "$count"
	fi
	if [[ $what == *" service "* && $n == 1 ]]; then
		braid_services "$count"
	fi
}

# All of a node's rules select the one endpoint that is measured.
braid_rules() {
	local subject=300 direction=egress peer=301
	(($1 == 1)) || subject=301 direction=ingress peer=300
	local protocol
	for protocol in udp tcp; do
		echo "rule add measured-$protocol subject $subject direction $direction" \
			"peer identity $peer protocol $protocol port $port-$((port + 1)) action allow"
	done
	awk -v count="$2" -v subject="$subject" -v direction="$direction" 'BEGIN {
		for (i = 0; i < count; i++)
			printf "rule add other%d subject %d direction %s peer identity %d protocol %s port %d action allow\n",
				i, subject, direction, 1000 + i, i % 2 ? "tcp" : "udp", 1024 + i
	}'
}

braid_services() {
	local protocol at
	for protocol in udp tcp; do
		for at in "$port" $((port + 1)) $((port + 2)); do
			echo "service add measured-$protocol-$at address $service port $at protocol $protocol"
			echo "backend add measured-$protocol-$at address $server port $at"
		done
	done
	awk -v count="$1" -v server="$server" 'BEGIN {
		for (i = 0; i < count; i++) {
			printf "service add other%d address 10.97.%d.%d port 80 protocol tcp\n",
				i, i / 250, i % 250 + 1
			printf "backend add other%d address %s port %d\n", i, server, 1024 + i
		}
	}'
}

# nft_policy COUNT - established connections, and a set of allowed pairs.
nft_policy() {
	cat <<-END
		table inet guard {
			set allowed {
				type ipv4_addr . ipv4_addr . inet_proto . inet_service
				elements = {
	END
	awk -v count="$1" -v client="$client" -v server="$server" -v port="$port" 'BEGIN {
		for (i = 0; i < count; i++)
			printf "10.102.%d.%d . %s . %s . %d,\n", i / 250, i % 250 + 1, server,
				i % 2 ? "tcp" : "udp", 1024 + i
		for (p = port; p <= port + 1; p++)
			printf "%s . %s . udp . %d, %s . %s . tcp . %d,\n",
				client, server, p, client, server, p
	}'
	cat <<-END
				}
			}
			chain forward {
				type filter hook forward priority filter; policy drop;
				ct state established,related accept
				ip saddr . ip daddr . meta l4proto . th dport @allowed accept
			}
		}
	END
}

# nft_services COUNT - a map from a service to its one backend.
nft_services() {
	cat <<-END
		table ip services {
			map backends {
				type ipv4_addr . inet_service : ipv4_addr . inet_service
				elements = {
	END
	awk -v count="$1" -v service="$service" -v server="$server" -v port="$port" 'BEGIN {
		for (i = 0; i < count; i++)
			printf "10.97.%d.%d . 80 : %s . %d,\n", i / 250, i % 250 + 1, server, 1024 + i
		for (p = port; p <= port + 2; p++)
			printf "%s . %d : %s . %d,\n", service, p, server, p
	}'
	cat <<-END
				}
			}
			chain prerouting {
				type nat hook prerouting priority dstnat;
				meta l4proto { tcp, udp } dnat ip to ip daddr . th dport map @backends
			}
		}
	END
}
