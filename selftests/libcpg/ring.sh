#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What libcpg's totem callback tells of a ring is what the quorum of the node
# tells, on each node after each change, and so is the number of the node.  The
# topology is that of cpg_lib.sh; r1, r2 and r3 are a ring.c on each node.

# shellcheck source-path=SCRIPTDIR source=../lib/cpg_lib.sh
. "$(dirname "$0")/../lib/cpg_lib.sh"

ring=$cpg_lib_root/selftests/libcpg/build/ring_${CPG_LIB_CLUSTER:-af_cpg}
LIMIT=60000			# ms: not how soon, but what
declare -a timers=(heartbeat 200 suspect 2000)
declare -A number=()		# of the last ring, by node

# are_same NODES QUORATE NODE...: without another process, as it is asked again
# and again.
are_same()
{
	local re=" same ([0-9]+)\.${1%%,*} $2 nodes=$1\$" node line seq='' last
	local -a lines

	for node in "${@:3}"; do
		last=''
		[ -e "$cpg_lib_tmp/r$node.out" ] || return
		mapfile -t lines < "$cpg_lib_tmp/r$node.out"
		for line in "${lines[@]}"; do
			[[ $line != *" same "* ]] || last=$line
		done
		[[ $last =~ $re ]] || return
		: "${seq:=${BASH_REMATCH[1]}}"
		[ "$seq" = "${BASH_REMATCH[1]}" ] &&
			[ "$seq" -gt "${number[$node]:-0}" ] || return
	done
	for node in "${@:3}"; do
		number[$node]=$seq
	done
	echo "# ring $seq of $1 $2"
}

# same NODES NODE...: what CPG and the quorum of these nodes have told last is
# one ring, of NODES, and is a new one.  Two votes of three are a majority.
same()
{
	local quorate=quorate

	[[ $1 == *,*, ]] || quorate=not-quorate
	cpg_lib_wait "$LIMIT" are_same "$1" "$quorate" "${@:2}"
}

# ends NODE: the node has, and its ring.c knows.
ends()
{
	cpg_lib_expect "r$1" ' end ' "$LIMIT"
}

watch()
{
	cpg_lib_start "r$1" "$1" "$ring"
}

starts()
{
	cpg_lib_up "$1" "${timers[@]}" && watch "$1"
}

first()
{
	starts 1 && same 1, 1
}

second()
{
	starts 2 && same 1,2, 1 2
}

third()
{
	starts 3 && same 1,2,3, 1 2 3
}

ids()
{
	local node

	for node in 1 2 3; do
		grep -q "ids $node $node $node\$" "$cpg_lib_tmp/r$node.out" ||
			return
	done
}

dies()
{
	cpg_lib_crash 3 && ends 3 && same 1,2, 1 2
}

cut_off()
{
	cpg_lib_cut 3
	same 1,2, 1 2 && same 3, 3
}

healed()
{
	cpg_lib_heal 3
	same 1,2,3, 1 2 3
}

all_cut_off()
{
	cpg_lib_cut 1
	cpg_lib_cut 2
	cpg_lib_cut 3
	same 1, 1 && same 2, 2 && same 3, 3
}

all_healed()
{
	cpg_lib_heal 1
	cpg_lib_heal 2
	cpg_lib_heal 3
	same 1,2,3, 1 2 3
}

restarts()
{
	cpg_lib_crash 3 && ends 3 && third
}

stops()
{
	cpg_lib_down 3 && ends 3 && same 1,2, 1 2
}

one_by_one()
{
	local node

	for node in 1 2; do
		echo "# node $node: $(grep -c ' totem ' \
			"$cpg_lib_tmp/r$node.out") rings," \
			"$(grep -c ' skipped ' "$cpg_lib_tmp/r$node.out")" \
			"of which the quorum did not tell"
		! grep ' differ ' "$cpg_lib_tmp/r$node.out" || return
	done
}

cpg_lib_init
cpg_lib_need "$ring"
cpg_lib_net 1 2 3
cpg_lib_check "c69 a node alone" first
cpg_lib_check "c69 another one comes" second
cpg_lib_check "c69 and a third" third
cpg_lib_check "c17 their numbers are those of the quorum" ids
cpg_lib_check "c69 a node dies" dies
cpg_lib_check "c69 it comes back" third
cpg_lib_check "c69 it is cut off" cut_off
cpg_lib_check "c69 healed" healed
cpg_lib_check "c69 all are cut off from each other" all_cut_off
cpg_lib_check "c69 all healed" all_healed
cpg_lib_check "c69 a node ends and starts at once" restarts
cpg_lib_check "c69 a node stops" stops
cpg_lib_check "c69 all that was told, one by one" one_by_one
cpg_lib_done
