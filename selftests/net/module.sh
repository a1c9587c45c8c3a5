#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Loading and unloading: what an unload leaves behind (nothing), when it is
# refused (a socket is open), and a hundred rounds of both.  The topology is
# that of cpg_lib.sh.  Ends with the module loaded, as it began.

# shellcheck source-path=SCRIPTDIR source=../lib/cpg_lib.sh
. "$(dirname "$0")/../lib/cpg_lib.sh"

module=${CPG_MODULE:?names cpg.ko}
rounds=$((100 / cpg_lib_speed))
[ $rounds -ge 5 ] || rounds=5
kmemleak=/sys/kernel/debug/kmemleak

loaded()
{
	[ -d /sys/module/cpg ]
}

unload()
{
	local error

	error=$(rmmod cpg 2>&1) || { echo "# $error"; return 1; }
	! loaded
}

load()
{
	insmod "$module"
}

unload_is_refused()
{
	local error

	if error=$(LC_ALL=C rmmod cpg 2>&1); then
		return 1
	fi
	echo "# $error"
	[[ $error == *"in use"* ]] && loaded
}

# Nothing in /proc, /sys or the slab has the module's name.
# A slab cache that was merged with others leaves its symbolic link in sysfs
# behind; the kernel takes it away when the name comes again.
no_traces()
{
	local found

	found=$(
		grep -w CPG /proc/net/protocols
		grep '^cpg' /proc/slabinfo 2> /dev/null
		find /proc/net /proc/sys/net /sys/kernel/slab -maxdepth 1 \
			-name 'cpg*' ! -type l 2> /dev/null
		grep cpg_ /proc/kallsyms
	)
	[ -z "$found" ] && return
	printf '# left: %s\n' "$found" | head -n 5
	return 1
}

members_in_all_nodes()
{
	local node

	for node in "${cpg_lib_nodes[@]}"; do
		cpg_lib_member "m$node" "$node" group || return
	done
}

members_quit()
{
	local node

	for node in "${cpg_lib_nodes[@]}"; do
		cpg_lib_say "m$node" quit
		cpg_lib_member_end "m$node" || return
	done
}

# Two of the nodes, which may or may not have found each other by the time the
# module goes; half of the times they are still up then.
round()
{
	local node

	loaded || load || return
	for node in 1 2; do
		cpg_lib_up "$node" > "$cpg_lib_tmp/up" &&
			cpg_lib_member "m$node" "$node" group || return
	done
	for node in 1 2; do
		cpg_lib_say "m$node" quit
		cpg_lib_member_end "m$node" || return
		[ $(($1 % 2)) -eq 1 ] || cpg_lib_down "$node" || return
	done
	unload
}

many_rounds()
{
	local i

	for ((i = 0; i < rounds; i++)); do
		round "$i" || { echo "# round $i"; return 1; }
	done
}

# A namespace that lives on would keep its veth, and so the other end.
ports_gone()
{
	! ip -n "cpg-$$-sw" -o link show type veth | grep -q .
}

namespaces_go()
{
	cpg_lib_cluster && members_in_all_nodes && members_quit || return
	cpg_lib_space_del "${cpg_lib_nodes[@]}"
	cpg_lib_nodes=()
	cpg_lib_wait 10000 ports_gone
}

# The sockets are the last to hold the namespace: then it goes with them.
namespace_goes_with_last_socket()
{
	cpg_lib_net_add 4 && cpg_lib_member m4 4 group || return
	cpg_lib_space_del 4
	cpg_lib_nodes=()
	cpg_lib_kill m4
	cpg_lib_wait 10000 ports_gone
}

no_leak()
{
	local i

	[ -w "$kmemleak" ] || return 0
	grep -q . "$kmemleak" 2> /dev/null
	for i in 1 2; do
		echo scan > "$kmemleak" 2> /dev/null || return 0
		sleep 1
	done
	! sed 's/^/# /' "$kmemleak" | grep .
}

cpg_lib_init
cpg_lib_net 1 2 3
cpg_lib_check "three nodes in one view" cpg_lib_cluster
cpg_lib_check "three members join" members_in_all_nodes
cpg_lib_check "rmmod with sockets open is refused" unload_is_refused
cpg_lib_check "the members end" members_quit
cpg_lib_check "rmmod with nodes up" unload
cpg_lib_check "it leaves no traces" no_traces
cpg_lib_check "$rounds times load, up, join, down, unload" many_rounds
cpg_lib_check "it leaves no traces either" no_traces
cpg_lib_check "it loads again" load
cpg_lib_check "namespaces with nodes up go away" namespaces_go
cpg_lib_check "a namespace goes with its last socket" \
	namespace_goes_with_last_socket
cpg_lib_check "rmmod after that" unload
cpg_lib_check "no memory is lost" no_leak
cpg_lib_check "it loads at the end" load
cpg_lib_done
