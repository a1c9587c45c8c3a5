#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# fence_virtd, as Debian has it, on three machines (programs_lib.sh), with its
# backend cpg: each has virtual machines of its own, of libvirt's test driver,
# and is asked to switch those of the others off and on.  It sends that to its
# group, the owner does it and answers.  A virtual machine that is nobody's counts
# as off, says the member with the highest node id.
#
# fence_virtd takes it for granted, twice, that another thread of its own is not
# faster: the one that dispatches is started before the handle is known, and an
# answer that comes before it is waited for is lost.  With all its threads on one
# CPU, none of which takes it from another, that holds.

# shellcheck source-path=SCRIPTDIR source=../lib/cpg_lib.sh
. "$(dirname "$0")/../lib/cpg_lib.sh"
# shellcheck source-path=SCRIPTDIR source=programs_lib.sh
. "$(dirname "$0")/programs_lib.sh"

ON=0 OFF=2			# exit status of "fence_virt -o status"
group=fence-agents
plugins=$(echo /usr/lib/*/fence-virt)
programs_lib_words=(heartbeat 100 suspect 2000)

# configure NODE: its virtual machine is vm1 on node 1.
configure()
{
	cat > "$cpg_lib_tmp/vm-$1.xml" << END
<node>
  <domain type='test'>
    <name>vm$1</name>
    <uuid>00000000-0000-4000-8000-00000000000$1</uuid>
    <memory>8192</memory>
    <os><type>hvm</type></os>
  </domain>
</node>
END
	cat > "$cpg_lib_tmp/fence_virt-$1.conf" << END
fence_virtd {
	listener = "tcp";
	backend = "cpg";
	module_path = "$plugins";
}
listeners {
	tcp {
		key_file = "$cpg_lib_tmp/key";
		address = "127.0.0.1";
	}
}
backends {
	cpg {
		uri = "test://$cpg_lib_tmp/vm-$1.xml";
	}
}
END
}

start()
{
	programs_lib_start "fence_virtd-$1" "$1" taskset -c 0 chrt -f 1 \
		fence_virtd -F -f "$cpg_lib_tmp/fence_virt-$1.conf"
	cpg_lib_wait 20000 ask "$1" monitor
}

# ask NODE WHAT [MACHINE]: the daemon of a node.
ask()
{
	programs_lib_in "$1" fence_virt -T 127.0.0.1 -k "$cpg_lib_tmp/key" \
		-t $((5 * cpg_lib_speed)) -o "$2" ${3:+-n "$3"} \
		> "$cpg_lib_tmp/answer-$1" 2>&1
}

# is MACHINE STATUS NODE...: so say these nodes.
is()
{
	local machine=$1 want=$2 status

	shift 2
	for node; do
		status=0
		ask "$node" status "$machine" || status=$?
		[ "$status" = "$want" ] || return
	done
}

start_all()
{
	local node

	head -c 512 /dev/urandom > "$cpg_lib_tmp/key"
	# It shall not wait for what it is made of either.
	cat "$(command -v fence_virtd)" "$plugins"/* > /dev/null
	for node in "${cpg_lib_nodes[@]}"; do
		configure "$node"
		start "$node" || return
	done
}

uses_cpg()
{
	local node

	for node in "${cpg_lib_nodes[@]}"; do
		programs_lib_has_library \
			"${programs_lib_pid[fence_virtd-$node]}" &&
			cpg_lib_wait 10000 programs_lib_members_are "$node" \
				"$group" "${cpg_lib_nodes[*]}" || return
	done
}

# Each machine's, as the two others know them.
all_are_on()
{
	cpg_lib_wait 10000 is vm1 "$ON" 2 3 &&
		cpg_lib_wait 10000 is vm2 "$ON" 1 3 &&
		cpg_lib_wait 10000 is vm3 "$ON" 1 2
}

# The owner's own list, which does not go through the group.
owner_says()
{
	local last

	ask "$1" list || return
	read -r _ _ last < "$cpg_lib_tmp/answer-$1"
	[ "$last" = "$2" ]
}

switch_off()
{
	ask 1 off vm3 && owner_says 3 off && is vm3 "$OFF" 1 2 &&
		is vm2 "$ON" 1 3 && is vm1 "$ON" 2 3
}

switch_on()
{
	ask 2 on vm3 && owner_says 3 on && is vm3 "$ON" 1 2
}

# All ask at once, in a circle.
circle()
{
	local node next
	local -a pids=()

	for node in "${cpg_lib_nodes[@]}"; do
		next=$((node % 3 + 1))
		ask "$node" "$1" "vm$next" &
		pids+=($!)
	done
	for node in "${!pids[@]}"; do
		wait "${pids[node]}" || return
	done
	for node in "${cpg_lib_nodes[@]}"; do
		owner_says "$node" "$1" || return
	done
}

nobodys_is_off()
{
	is vm9 "$OFF" 1 2
}

# Its machines are nobody's then, and the next lower node says so.
node_dies()
{
	programs_lib_power_off 3
	cpg_lib_wait 20000 programs_lib_members_are 1 "$group" "1 2" &&
		is vm3 "$OFF" 1 && is vm2 "$ON" 1 && is vm1 "$ON" 2
}

node_comes_back()
{
	programs_lib_power_on 3 && cpg_lib_heal 3 && programs_lib_node 3 &&
		programs_lib_together && start 3 && uses_cpg && all_are_on
}

daemon_dies()
{
	{
		kill -KILL "${programs_lib_pid[fence_virtd-2]}"
		wait "${programs_lib_pid[fence_virtd-2]}"
	} 2> /dev/null
	cpg_lib_wait 10000 programs_lib_members_are 1 "$group" "1 3" &&
		is vm2 "$OFF" 1 && is vm1 "$ON" 3 && is vm3 "$ON" 1 &&
		start 2 && uses_cpg && all_are_on
}

# It cancels the thread that waits in cpg_dispatch(), and leaves.
daemon_ends()
{
	programs_lib_end fence_virtd-1 &&
		cpg_lib_wait 10000 programs_lib_members_are 3 "$group" "2 3" &&
		is vm1 "$OFF" 2 && is vm2 "$ON" 3 && is vm3 "$ON" 2
}

cpg_lib_init
cpg_lib_need fence_virtd fence_virt taskset chrt
cpg_lib_net 1 2 3
cpg_lib_check "three machines, each with corosync and a node" \
	programs_lib_nodes || exit

cpg_lib_check "three daemons" start_all || exit
cpg_lib_check "all are members, by the library in front" uses_cpg
cpg_lib_check "each knows the others' machines" all_are_on
cpg_lib_check "one is switched off" switch_off
cpg_lib_check "one is switched on" switch_on
cpg_lib_check "three at once are switched off" circle off
cpg_lib_check "three at once are switched on" circle on
cpg_lib_check "a machine that nobody has is off" nobodys_is_off
cpg_lib_check "a node dies, its machine counts as off" node_dies
cpg_lib_check "it comes back" node_comes_back
cpg_lib_check "a daemon dies, its machine counts as off" daemon_dies
cpg_lib_check "a daemon ends, its machine counts as off" daemon_ends
cpg_lib_done
