#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# "Port unreachable" as a hint: a node that has gone without a good-bye is out
# long before the time of suspicion, and one that lives stays in, however often
# it is said of it.  The topology is that of cpg_lib.sh; member a on node 1, b
# on 2, c on 3.

# shellcheck source-path=SCRIPTDIR source=../lib/cpg_lib.sh
. "$(dirname "$0")/../lib/cpg_lib.sh"

HEARTBEAT=500			# ms
SUSPECT=30000			# ms
SOON=$((SUSPECT / 3))		# ms
HINTS=10

# told NODE: how often it was told that a port is unreachable.
told()
{
	local name value

	while read -r name value; do
		[ "$name" = Unreachable ] && echo "$value"
	done < <(cpg_lib_in "$1" cat /proc/net/cpg/stats)
}

is_told()
{
	[ "$(told "$1")" -ge "$2" ]
}

start_members()
{
	cpg_lib_member a 1 group &&
		cpg_lib_member b 2 group &&
		cpg_lib_member c 3 group &&
		cpg_lib_expect a "joined=3/${cpg_lib_pid[c]}:JOIN," &&
		cpg_lib_expect b "joined=3/${cpg_lib_pid[c]}:JOIN,"
}

# Node 3 lives, and says of every other packet that there is no such port.
lies()
{
	local before status=0

	before=$(told 1)
	cpg_lib_in 3 nft -f - << 'EOF' || cpg_lib_skip "no nft reject"
table inet lie {
	chain input {
		type filter hook input priority 0
		udp dport 5405 numgen inc mod 2 == 0 reject with icmpx type port-unreachable
	}
}
EOF
	cpg_lib_wait 20000 is_told 1 $((before + HINTS)) || status=1
	cpg_lib_in 3 nft delete table inet lie
	return "$status"
}

nobody_left()
{
	cpg_lib_say c "send here"
	cpg_lib_expect a "msg 3/${cpg_lib_pid[c]} here\$" &&
		cpg_lib_expect b "msg 3/${cpg_lib_pid[c]} here\$" &&
		! cpg_lib_events a | grep -q 'left=[1-3]' &&
		! cpg_lib_events b | grep -q 'left=[1-3]'
}

# All that it sends is lost when it goes, but for what the kernel says of it.
# With the link cut, its last words could wait for an answer to ARP.
out_soon()
{
	local before since took name

	before=$(told 1)
	since=$(cpg_lib_now)
	cpg_lib_in 3 nft -f - << 'EOF' || cpg_lib_skip "no nft"
table inet mute {
	chain output {
		type filter hook output priority 0
		udp sport 5405 drop
	}
}
EOF
	cpg_lib_down 3 || return
	for name in a b; do
		cpg_lib_expect "$name" "left=3/${cpg_lib_pid[c]}:NODEDOWN," ||
			return
		took=$(($(cpg_lib_line_ms) - since))
		echo "# $name: NODEDOWN after $took ms, limit $SOON ms"
		[ "$took" -le "$SOON" ] || return
	done
	cpg_lib_in 3 nft delete table inet mute
	is_told 1 $((before + 1))
}

comes_back()
{
	cpg_lib_up 3 heartbeat "$HEARTBEAT" suspect "$SUSPECT" &&
		cpg_lib_wait 10000 cpg_lib_view_is 1 "1 2 3"
}

cpg_lib_init
cpg_lib_need nft
cpg_lib_net 1 2 3
cpg_lib_check "three nodes in one view" \
	cpg_lib_cluster heartbeat "$HEARTBEAT" suspect "$SUSPECT"
cpg_lib_check "three members join" start_members
cpg_lib_check "a port that lives is said to be unreachable" lies
cpg_lib_check "nobody is out for that" nobody_left
cpg_lib_check "a node that has gone is out soon" out_soon
cpg_lib_check "it comes back" comes_back
cpg_lib_done
