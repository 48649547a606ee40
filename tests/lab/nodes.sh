# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # the settings are variables of lab
#
# The nodes and the switch between them.

readonly ports=16 # commands that may run in a node at the same time
readonly boot_limit=240 # seconds, for a debug kernel on a busy host

# session_tools - prints the directory of the client and the agent.
session_tools() {
	local dir
	dir=$lab_cache/session/$(hash_of "$(cat "$here"/session/*.[ch])")
	[[ -e $dir ]] || with_lock "$dir.lock" build_session_tools "$dir"
	printf '%s\n' "$dir"
}

build_session_tools() {
	[[ -e $1 ]] && return
	rm -rf "$1.tmp"
	mkdir -p "$1.tmp"
	gcc -O2 -Wall -Wextra -o "$1.tmp/client" "$here/session/client.c"
	# In the initramfs there is no library.
	gcc -O2 -Wall -Wextra -static -o "$1.tmp/agent" "$here/session/agent.c"
	mv "$1.tmp" "$1"
}

# make_initrd KERNEL AGENT - prints the path of the initramfs, made when needed.
make_initrd() {
	local entry
	entry=$lab_cache/initrd/$1-$(hash_of "$("$here/kernel" path "$1" release)" \
		"$(sha256sum <"$2")" "$(cat "$here"/node/*)")
	[[ -e $entry ]] || with_lock "$entry.lock" build_initrd "$entry" "$@"
	printf '%s\n' "$entry"
}

# modules_for KERNEL - the files a node's devices and root need, in the order of
# loading.
modules_for() {
	local tree
	tree=$("$here/kernel" path "$1" modules)
	modprobe --show-depends -a -d "${tree%/lib/modules}" \
		-S "$("$here/kernel" path "$1" release)" virtio_pci 9pnet_virtio 9p overlay \
		virtio_console virtio_net virtio_blk |
		awk '$1 == "insmod" && !seen[$2]++ { print $2 }'
}

build_initrd() {
	local entry=$1 tree=$1.tree file
	[[ -e $entry ]] && return
	rm -rf "$tree"
	mkdir -p "$tree/bin" "$tree/modules" "$tree/links"
	ln -s /proc/self/fd "$tree/links/fd"
	ln -s /proc/self/fd/0 "$tree/links/stdin"
	ln -s /proc/self/fd/1 "$tree/links/stdout"
	ln -s /proc/self/fd/2 "$tree/links/stderr"
	cp "$(command -v busybox)" "$tree/bin/busybox"
	ln -s busybox "$tree/bin/mount"
	ln -s busybox "$tree/bin/switch_root"
	cp "$3" "$tree/agent"
	cp "$here"/node/{init,load-modules} "$tree/"
	: >"$tree/modules/order"
	while read -r file; do
		cp "$file" "$tree/modules/"
		echo "${file##*/}" >>"$tree/modules/order"
	done < <(modules_for "$2")
	# Not compressed: an emulated processor unpacks slower than it reads.
	(cd "$tree" && find . | cpio --quiet -o -H newc -R 0:0) >"$entry.tmp"
	rm -rf "$tree"
	mv "$entry.tmp" "$entry"
}

# kernel_words N - the command line of node N.
kernel_words() {
	local words="console=ttyS0 panic=-1 oops=panic lab.node=$1 lab.nodes=$nodes"
	# An emulated processor may not run for long on a busy host; that is no
	# lockup.
	words+=" watchdog_thresh=60 rcupdate.rcu_cpu_stall_timeout=180"
	words+=" workqueue.watchdog_thresh=180 tsc=reliable no_timer_check"
	# Devices that no test asked for take seconds to appear.
	[[ $kernel == debug ]] && words+=" reboot=t pty.legacy_count=0" &&
		words+=" loop.max_loop=1 null_blk.nr_devices=0"
	[[ $counted ]] && words+=" mitigations=off"
	# What a kernel measures at boot is wrong if the host is busy then.
	[[ $tsc_khz ]] && words+=" tsc_early_khz=$tsc_khz"
	printf '%s %s\n' "$words" "$append"
}

# share_args TAG DIR RO - a directory of the host in the node.
share_args() {
	args+=(-fsdev "local,id=$1,path=${2//,/,,},security_model=none,multidevs=remap$3"
		-device "virtio-9p-pci,fsdev=$1,mount_tag=$1")
}

node_start() {
	local n=$1 dir=$run/node$1 port args=()
	mkdir -p "$dir" "$checkout/build"
	rm -f "$dir"/*
	[[ -e $LAB_DIR/node$n.disk ]] || truncate -s "$disk" "$LAB_DIR/node$n.disk"
	# The cache filter keeps what was not flushed in nbdkit's own memory and
	# temporary file, so that it is lost with the process.
	spawn "$dir/nbdkit" "$LAB_DIR/node$n.nbdkit.log" \
		nbdkit --foreground --unix "$dir/disk" --pidfile "$dir/disk.ready" \
		--filter=cache file "$LAB_DIR/node$n.disk" cache=writeback
	until [[ -s $dir/disk.ready ]]; do
		alive "$dir/nbdkit.pid" || die "node$n: no disk; see $LAB_DIR/node$n.nbdkit.log"
		sleep 0.02
	done

	# The log distinguishes a triple fault from a requested end.
	# No fifth level of page tables: KASAN takes its addresses for wild while
	# the kernel looks at the processor, and four are faster to walk.
	# A socket a processor: without ACPI the kernel reads the firmware's older
	# table, which lists one processor of each.
	args=(-name "node$n" -nodefaults -no-user-config -display none -no-reboot
		-machine pc -cpu "max,la57=off" -smp "$cpus,sockets=$cpus" -m "$mem"
		-kernel "$image" -initrd "$initrd" -append "$(kernel_words "$n")"
		-chardev "file,id=console,path=${LAB_DIR//,/,,}/node$n.console,append=on"
		-serial chardev:console
		-d "cpu_reset,guest_errors" -D "$LAB_DIR/node$n.cpu.log"
		-qmp "unix:$dir/qmp,server=on,wait=off"
		-device virtio-serial-pci
		-netdev "vde,id=net,sock=$run/switch,port=$n"
		-device "virtio-net-pci,netdev=net,status=off,romfile=,mac=52:54:00:77:00:$(printf %02x "$n")"
		# The first disk is empty: the scratch disk is /dev/vdb.
		-blockdev "null-co,node-name=first,size=1048576,read-zeroes=on"
		-device "virtio-blk-pci,drive=first"
		-blockdev "nbd,node-name=scratch,server.type=unix,server.path=$dir/disk"
		-device "virtio-blk-pci,drive=scratch")
	if [[ $counted ]]; then
		args+=(-accel tcg -icount "shift=0,sleep=off"
			-rtc "base=2026-01-01,clock=vm" -seed 1)
	else
		args+=(-accel "tcg,thread=multi")
	fi
	for ((port = 0; port < ports; port++)); do
		args+=(-chardev "socket,id=lab$port,path=$dir/port.$port,server=on,wait=off"
			-device "virtserialport,chardev=lab$port,name=lab.$port")
	done
	share_args root "$root" ,readonly=on
	share_args modules "$modules_tree" ,readonly=on
	share_args build "$checkout/build" ,readonly=on
	share_args tests "$checkout/tests" ,readonly=on
	share_args exchange "$LAB_DIR/exchange" ''
	spawn "$dir/qemu" "$LAB_DIR/node$n.qemu.log" qemu-system-x86_64 "${args[@]}"
}

# nodes_wait N... - until these nodes run commands and have their modules.
nodes_wait() {
	local n waiting=() failed=0
	[[ ! $modules || -e $checkout/build/$kernel/braid_net.ko ]] ||
		say "the nodes start without braid_net (scripts/build-for-lab $kernel builds it)"
	say "booting $# $([[ $# == 1 ]] && echo node || echo nodes) with kernel $kernel"
	for n; do
		node_wait "$n" &
		waiting+=($!)
	done
	for n in "${waiting[@]}"; do
		wait "$n" || failed=1
	done
	((failed == 0)) || exit 1
}

node_wait() {
	local n=$1 dir=$run/node$1
	# A socket that exists may not be listened to yet; those made before it are.
	until [[ -S $dir/port.$((ports - 1)) ]]; do
		alive "$dir/qemu.pid" || { tail "$LAB_DIR/node$n.qemu.log" >&2; die "node$n: QEMU did not start"; }
		sleep 0.02
	done
	timeout -k 1 "$boot_limit" "$run/client" "$dir" true </dev/null || {
		tail -q -n 20 "$LAB_DIR/node$n.qemu.log" "$LAB_DIR/node$n.console" >&2
		die "node$n did not come up; its console is $LAB_DIR/node$n.console"
	}
	[[ ! $modules ]] || "$run/client" "$dir" /run/lab/load-modules "$kernel" </dev/null ||
		die "node$n: the modules of build/$kernel do not load"
}

# Both at once, as a power cut: neither learns of the other's end.
node_kill() {
	local dir=$run/node$1
	signal_process "$dir/qemu.pid" KILL
	signal_process "$dir/nbdkit.pid" KILL
	end_process "$dir/qemu.pid"
	end_process "$dir/nbdkit.pid"
	rm -f "$dir"/*
}

# --- the switch: split nodes are in VLANs of their own --------------------------

switch_start() {
	local n lines=()
	# The switch ends with its standard input, so that never ends.
	mkfifo "$run/stdin"
	# shellcheck disable=SC2016
	spawn "$run/switch" "$LAB_DIR/switch.log" \
		bash -c 'exec vde_switch -s "$1/switch" -M "$1/switch.mgmt" -n 64 <>"$1/stdin"' _ "$run"
	until [[ -S $run/switch.mgmt && -S $run/switch/ctl ]]; do
		alive "$run/switch.pid" || die "no switch; see $LAB_DIR/switch.log"
		sleep 0.02
	done
	# A port made here keeps its VLAN while its node is without power.
	for ((n = 1; n <= nodes; n++)); do
		lines+=("vlan/create $n" "port/create $n")
	done
	"$here/control.py" switch "$run/switch.mgmt" "${lines[@]}"
	switch_heal
}

switch_heal() {
	local n lines=()
	: >"$run/sides"
	for ((n = 1; n <= nodes; n++)); do
		lines+=("port/setvlan $n 0")
		echo "$n 0" >>"$run/sides"
	done
	"$here/control.py" switch "$run/switch.mgmt" "${lines[@]}"
}

# switch_split NODES - a side is a VLAN.  A side that holds some of NODES and
# others is cut in two: the nodes named move to an unused VLAN, so that
# on the way no two sides ever meet.
switch_split() {
	local n vlan chosen=" $1 " lines=()
	local -A side=() others=() used=() moved=()
	while read -r n vlan; do
		side[$n]=$vlan
		used[$vlan]=1
		[[ $chosen == *" $n "* ]] || others[$vlan]=1
	done <"$run/sides"
	for n in $1; do
		vlan=${side[$n]}
		[[ ${others[$vlan]:-} ]] || continue
		if [[ ! ${moved[$vlan]:-} ]]; then
			moved[$vlan]=1
			while [[ ${used[${moved[$vlan]}]:-} ]]; do
				moved[$vlan]=$((moved[$vlan] + 1))
			done
			used[${moved[$vlan]}]=1
		fi
		side[$n]=${moved[$vlan]}
		lines+=("port/setvlan $n ${moved[$vlan]}")
	done
	((${#lines[@]})) || return 0
	"$here/control.py" switch "$run/switch.mgmt" "${lines[@]}"
	for n in "${!side[@]}"; do
		echo "$n ${side[$n]}"
	done >"$run/sides"
}
