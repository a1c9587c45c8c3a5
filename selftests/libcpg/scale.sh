#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# scale.sh [MEMBERS [GROUPS [HANDLES]]]: many members in one group, many groups,
# many handles in one process: that all is told right, and that the last takes
# about as long as the first, at most three times as long; that holds for a
# thousand members, too, who are all told of the last.  Three nodes; the topology
# is that of cpg_lib.sh.  The default sizes are for every day; for 1000 10000
# 1000 a guest needs 3 GB.

# shellcheck source-path=SCRIPTDIR source=../lib/cpg_lib.sh
. "$(dirname "$0")/../lib/cpg_lib.sh"

build=$cpg_lib_root/selftests/libcpg/build
MEMBERS=${1:-80}
GROUPS_=${2:-200}
HANDLES=${3:-100}
LIMIT=$((30000 + GROUPS_ * 30))		# ms

slab()
{
	awk '$1 == "Slab:" { print $2 }' /proc/meminfo
}

nodes_up()
{
	cpg_lib_cluster heartbeat 200 suspect 2000
}

all_expect()
{
	local node

	for node in 1 2 3; do
		cpg_lib_expect "g$node" "$1" "$LIMIT" || return
		echo "# node $node: $cpg_lib_line"
	done
}

groups_join()
{
	local node before after

	before=$(slab)
	for node in 1 2 3; do
		cpg_lib_start "g$node" "$node" "$build/scale_groups" \
			"$GROUPS_" 3
		cpg_lib_expect "g$node" '^joins' "$LIMIT" || return
		grep '^# a group' "$cpg_lib_tmp/g$node.out"
	done
	all_expect '^joined' || return
	after=$(slab)
	echo "# $(((after - before) * 1024 / GROUPS_ / 3)) bytes of slab a socket"
}

groups_part()
{
	cpg_lib_cut 3
	all_expect '^parted'
}

groups_heal()
{
	cpg_lib_heal 3
	all_expect '^healed'
}

groups_end()
{
	local node

	for node in 1 2 3; do
		cpg_lib_member_end "g$node" || return
	done
}

cpg_lib_init
cpg_lib_need "$build/scale_members" "$build/scale_groups" "$build/scale_handles"
cpg_lib_net 1 2 3
cpg_lib_check "three nodes in one view" nodes_up
cpg_lib_check "$MEMBERS members of one group" "$build/scale_members" \
	"$MEMBERS" "/run/netns/cpg-$$-"{1,2,3}
cpg_lib_check "$HANDLES handles of one process" \
	cpg_lib_in 1 "$build/scale_handles" "$HANDLES"
cpg_lib_check "$GROUPS_ groups are joined on each node" groups_join
cpg_lib_check "$GROUPS_ groups lose a node" groups_part
cpg_lib_check "$GROUPS_ groups find it again" groups_heal
cpg_lib_check "each was told once of each" groups_end
cpg_lib_done
