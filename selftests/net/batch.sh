#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What is sent in a row travels together: small messages in one packet, the
# packets of large ones as one through the network, and a node that gets many
# handles them at once.  The topology is that of cpg_lib.sh.

# shellcheck source-path=SCRIPTDIR source=../lib/cpg_lib.sh
. "$(dirname "$0")/../lib/cpg_lib.sh"

SMALL=1000			# messages
TRIES=5				# times that these are sent, at most
LARGE=30			# messages
SIZE=65536			# bytes of these

start_members()
{
	cpg_lib_member a 1 group && cpg_lib_member b 2 group &&
		cpg_lib_member c 3 group && cpg_lib_expect a 'joined=3/' &&
		cpg_lib_expect b 'joined=3/'
}

# stat NODE NAME: a counter of the namespace.
# shellcheck disable=SC2016 # awk's
stat()
{
	cpg_lib_in "$1" awk -v "name=$2" '$1 == name { print $2 }' \
		/proc/net/cpg/stats
}

# Packets, as the interface of a node sees them.
# shellcheck disable=SC2016 # awk's
frames()
{
	cpg_lib_in "$1" awk -F '[: ]+' '$2 == "eth0" { print $12 }' \
		/proc/net/dev
}

# small HOW: the packets that have a place in the order are those with messages,
# of which each alone would be one.  Each view counts anew.
small()
{
	local before view

	view=$(cpg_lib_counter 2 seq)
	before=$(cpg_lib_counter 2 delivered)
	cpg_lib_say b "$1 $SMALL"
	cpg_lib_expect b "$1 ok\$" 60000 &&
		cpg_lib_expect a " message-$((SMALL - 1))\$" 60000 || return
	sent=$(($(cpg_lib_counter 2 delivered) - before))
	[ "$(cpg_lib_counter 2 seq)" = "$view" ] || sent=$SMALL
	echo "# $SMALL messages: $sent packets"
	[ "$sent" -gt 0 ]
}

# shares HOW: a batch of sendmmsg(), which says that more is to come, or a burst,
# of which what comes in a row shares packets.  A machine that has others to run
# can only keep the sender from that: one time of several has to show it.
shares()
{
	local i

	for ((i = 0; i < TRIES; i++)); do
		small "$1" || return
		[ "$sent" -ge $((SMALL / 2)) ] || return 0
	done
	return 1
}

# Sends; what it has come to is in the variables.
large()
{
	local names=(TxPackets RxPackets RxPolls) node i
	local -a before after

	for node in 2 3; do
		for i in "${names[@]}"; do
			before+=("$(stat "$node" "$i")")
		done
		before+=("$(frames "$node")")
	done
	cpg_lib_say b "burst $LARGE $SIZE"
	cpg_lib_say b "send end"
	cpg_lib_expect c ' end$' 60000 || return
	for node in 2 3; do
		for i in "${names[@]}"; do
			after+=("$(stat "$node" "$i")")
		done
		after+=("$(frames "$node")")
	done
	sent=$((after[0] - before[0]))
	frames=$((after[3] - before[3]))
	received=$((after[5] - before[5]))
	polls=$((after[6] - before[6]))
	echo "# sender: $sent packets in $frames frames;" \
		"receiver: $received packets, handled in $polls goes"
	[ "$sent" -gt 1000 ] && [ "$received" -gt 500 ]
}

fewer_frames()
{
	[ "$frames" -gt 0 ] && [ "$frames" -lt $((sent / 2)) ]
}

fewer_polls()
{
	[ "$polls" -gt 0 ] && [ "$polls" -lt $((received / 2)) ]
}

cpg_lib_init
cpg_lib_net 1 2 3
cpg_lib_check "three nodes in one view" cpg_lib_cluster
cpg_lib_check "three members" start_members
cpg_lib_check "small messages of one call share packets" shares batch
# In a guest a hundred times slower than the machine nothing comes in a row.
[ "$cpg_lib_speed" -ge 100 ] ||
	cpg_lib_check "small messages of several calls do" shares burst
cpg_lib_check "large messages arrive" large
cpg_lib_check "their packets share frames" fewer_frames
cpg_lib_check "and are handled together" fewer_polls
cpg_lib_done
