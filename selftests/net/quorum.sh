#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Members that send with a majority only: what they are told on either side of
# a cut, and what becomes of messages that were accepted before it was noticed.
# The topology is that of cpg_lib.sh; a, b and c need a majority, f does not.
# Node 1 has two votes of four, so node 1 with another one is the majority.

# shellcheck source-path=SCRIPTDIR source=../lib/cpg_lib.sh
. "$(dirname "$0")/../lib/cpg_lib.sh"

SUSPECT=$((1000 * (cpg_lib_speed > 1 ? 4 : 1)))

# up NODE: with the votes of all.
up()
{
	local node=$1 peer
	local -a words=(id "$node" local "10.9.0.$node" \
		votes $((node == 1 ? 2 : 1)) heartbeat 100 suspect "$SUSPECT")

	for peer in 1 2 3; do
		[ "$peer" = "$node" ] || words+=(peer "$peer" \
			"10.9.0.$peer" votes $((peer == 1 ? 2 : 1)))
	done
	cpg_lib_in "$node" "$cpg_lib_cpg" up --no-wait "${words[@]}" |
		sed 's/^/# /'
}

cluster()
{
	local node

	for node in 1 2 3; do
		up "$node" || return
	done
	for node in 1 2 3; do
		cpg_lib_wait 10000 cpg_lib_view_is "$node" "1 2 3" || return
	done
}

member()
{
	cpg_lib_start "$1" "$2" "$cpg_lib_bin/cpg_member" "${@:3}"
	cpg_lib_expect "$1" 'node [0-9]+ pid'
}

start_members()
{
	member a 1 -q group && member b 2 -q group && member c 3 -q group &&
		member f 3 group && cpg_lib_expect a "joined=3/${cpg_lib_pid[f]}:"
}

# Accepted at once, and without a place in the order when the cut is noticed.
accepted_in_time()
{
	cpg_lib_cut 3
	cpg_lib_say c "send waits"
	cpg_lib_expect c 'send ok$' || return
	cpg_lib_say f "send free"
	cpg_lib_expect f 'send ok$' &&
		cpg_lib_expect c 'view [0-9]+\.3 not-quorate nodes=3,$' 30000 &&
		cpg_lib_expect a 'view [0-9]+\.1 quorate nodes=1,2,$' 30000
}

refused_without()
{
	cpg_lib_say c "send refused"
	cpg_lib_expect c 'send EHOSTUNREACH$' || return
	cpg_lib_say c writable
	cpg_lib_expect c 'writable no$'
}

majority_sends()
{
	cpg_lib_say a "send with"
	cpg_lib_expect a "msg 1/${cpg_lib_pid[a]} with\$" &&
		cpg_lib_expect b "msg 1/${cpg_lib_pid[a]} with\$"
}

# The others of the node and of the group go on.
others_send()
{
	cpg_lib_wait 5000 grep -q ' free$' "$cpg_lib_tmp/c.out" || return
	cpg_lib_say f "send more"
	cpg_lib_expect c "msg 3/${cpg_lib_pid[f]} more\$" &&
		! grep -q ' waits$' "$cpg_lib_tmp/c.out"
}

woken()
{
	cpg_lib_say c waitout
	cpg_lib_heal 3
	cpg_lib_expect c 'writable yes$' 20000
}

waited_is_delivered()
{
	local name

	for name in a b c; do
		cpg_lib_expect "$name" "msg 3/${cpg_lib_pid[c]} waits\$" ||
			return
	done
	cpg_lib_say c "send again"
	for name in a b c; do
		cpg_lib_expect "$name" "msg 3/${cpg_lib_pid[c]} again\$" ||
			return
	done
	[ "$(grep -c ' waits$' "$cpg_lib_tmp/c.out")" = 1 ] &&
		! grep -q 'msg .* refused$' "$cpg_lib_tmp"/*.out
}

# A process that is killed is missed when its last message is delivered.
killed_while_waiting()
{
	cpg_lib_cut 3
	cpg_lib_say c "send last"
	cpg_lib_expect c 'send ok$' &&
		cpg_lib_expect c 'not-quorate nodes=3,$' 30000 || return
	cpg_lib_kill c
	cpg_lib_heal 3
	cpg_lib_expect a "msg 3/${cpg_lib_pid[c]} last\$" 20000 &&
		cpg_lib_expect a "left=3/${cpg_lib_pid[c]}:PROCDOWN,"
}

cpg_lib_init
cpg_lib_need "$cpg_lib_cpg"
cpg_lib_net 1 2 3
cpg_lib_check "three nodes in one view" cluster
cpg_lib_check "members with and without the flag" start_members
cpg_lib_check "accepted before the cut is noticed" accepted_in_time
cpg_lib_check "EHOSTUNREACH and not writable without a majority" \
	refused_without
cpg_lib_check "the majority sends" majority_sends
cpg_lib_check "others of the node send" others_send
cpg_lib_check "poll() wakes when there is a majority" woken
cpg_lib_check "what waited is delivered, once" waited_is_delivered
cpg_lib_check "PROCDOWN comes behind what waited" killed_while_waiting
cpg_lib_done
