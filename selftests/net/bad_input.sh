#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Packets that are wrong in one way are counted for that reason and dropped,
# and configurations that are wrong are refused with a sentence.  The topology
# is that of cpg_lib.sh; node 2 also sends the packets, from a plain socket.

# shellcheck source-path=SCRIPTDIR source=../lib/cpg_lib.sh
. "$(dirname "$0")/../lib/cpg_lib.sh"

PORT=5405

# fault NAME REASON: ten such packets to node 1 count ten times.
counted()
{
	local before after

	before=$(cpg_lib_counter 1 "$2") || return
	cpg_lib_in 2 "$cpg_lib_bin/raw_packet" 10.9.0.1 "$PORT" "$1" 10 ||
		return
	cpg_lib_wait 5000 counter_is "$2" $((before + 10)) && return
	after=$(cpg_lib_counter 1 "$2")
	echo "# $2: $before before, $after after"
	return 1
}

counter_is()
{
	[ "$(cpg_lib_counter 1 "$1")" -ge "$2" ]
}

check_counted()
{
	cpg_lib_check "$1 is dropped as '$2'" counted "$1" "$2"
}

noise()
{
	cpg_lib_in 2 "$cpg_lib_bin/raw_packet" 10.9.0.1 "$PORT" noise 500 &&
		cpg_lib_in 2 "$cpg_lib_bin/raw_packet" 10.9.0.1 "$PORT" body \
			$((20000 / cpg_lib_speed))
}

# After all that it is the same cluster, and messages arrive.
still_works()
{
	cpg_lib_wait 10000 cpg_lib_view_is 1 "1 2 3" || return
	cpg_lib_say a "send after"
	cpg_lib_expect a "msg .* after\$" && cpg_lib_expect b "msg .* after\$"
}

# says REGEX COMMAND...: it fails and says so.
says()
{
	local regex=$1 output

	shift
	if output=$("$@" 2>&1); then
		echo "# it succeeded"
		return 1
	fi
	printf '# %s\n' "$output"
	[[ $output =~ $regex ]]
}

conf_with()
{
	cat > "$cpg_lib_tmp/corosync.conf" << EOC
totem {
	version: 2
	cluster_name: test
	transport: udpu
}
nodelist {
	node {
		ring0_addr: 10.9.0.4
		nodeid: 4
	}
	node {
		ring0_addr: 10.9.0.1
		nodeid: 1
	}
	$1
}
EOC
}

up_from_conf()
{
	cpg_lib_in 4 "$cpg_lib_cpg" up --conf "$cpg_lib_tmp/corosync.conf" \
		--nodeid 4 --no-wait
}

conf_is_good()
{
	conf_with ""
	up_from_conf | sed 's/^/# /'
	cpg_lib_view_is 4 "4" && cpg_lib_down 4
}

conf_line()
{
	conf_with "$1"
	says "corosync.conf:15: " up_from_conf
}

# A fourth machine comes with the id of a live node.
up_with_used_id()
{
	cpg_lib_in 4 "$cpg_lib_cpg" up "$@" id 2 local 10.9.0.4 \
		peer 1 10.9.0.1 peer 3 10.9.0.3
}

shows()
{
	local text

	text=$(cpg_lib_in "$1" "$cpg_lib_cpg" show node)
	[[ $text =~ $2 ]]
}

same_nodeid()
{
	local used="node id 2 is used by another live node"

	up_with_used_id --no-wait | sed 's/^/# /'
	cpg_lib_wait 10000 shows 4 "$used: this one was refused" &&
		cpg_lib_wait 10000 shows 2 "$used"
}

# The one that was there before stays in the cluster.
first_one_stays()
{
	cpg_lib_wait 10000 cpg_lib_view_is 1 "1 2 3" &&
		cpg_lib_view_is 2 "1 2 3"
}

cpg_lib_init
cpg_lib_net 1 2 3
cpg_lib_check "three nodes in one view" cpg_lib_cluster
cpg_lib_net_add 4
cpg_lib_check "a member on node 1" cpg_lib_member a 1 group
cpg_lib_check "a member on node 2" cpg_lib_member b 2 group

check_counted empty short
check_counted byte short
check_counted short short
check_counted magic magic
check_counted version version
check_counted truncated length
check_counted trailing length
check_counted oversized record
check_counted cluster cluster
check_counted key key
check_counted type type
check_counted record record
check_counted node node
cpg_lib_check "noise" noise
cpg_lib_check "the cluster still works" still_works

cpg_lib_check "a good corosync.conf" conf_is_good
cpg_lib_check "an unknown word names its line" conf_line "nonsense"
cpg_lib_check "a brace too many names its line" conf_line "}}"
cpg_lib_check "a bad node id names its line" conf_line \
	"node { nodeid: x }"
cpg_lib_check "a bad address is refused" says . \
	cpg_lib_in 4 "$cpg_lib_cpg" up id 4 local 10.9.0.999
cpg_lib_check "an address of another machine is refused" says . \
	cpg_lib_in 4 "$cpg_lib_cpg" up id 4 local 10.9.0.3
cpg_lib_check "a node id of 0 is refused" says . \
	cpg_lib_in 4 "$cpg_lib_cpg" up id 0 local 10.9.0.4
cpg_lib_check "the own id as a peer is refused" says . \
	cpg_lib_in 4 "$cpg_lib_cpg" up id 4 local 10.9.0.4 peer 4 10.9.0.3
cpg_lib_check "a second up is refused" says . \
	cpg_lib_in 1 "$cpg_lib_cpg" up id 1 local 10.9.0.1
cpg_lib_check "down without up is refused" says . cpg_lib_down 4

cpg_lib_check "up with a node id in use says so" \
	says "node id 2 is used by another live node" \
	up_with_used_id --wait $((2 * cpg_lib_speed))
cpg_lib_check "the node was not left up" conf_is_good
cpg_lib_check "a node id in use is told on both nodes" same_nodeid
cpg_lib_check "the node that was there first stays" first_one_stays
cpg_lib_done
