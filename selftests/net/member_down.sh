#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# How members and nodes go and come back, and who is told what.  The topology
# is that of cpg_lib.sh: three nodes on a bridge; member a on node 1, b on 2,
# c on 3.

# shellcheck source-path=SCRIPTDIR source=../lib/cpg_lib.sh
. "$(dirname "$0")/../lib/cpg_lib.sh"

SLACK=$((100 * cpg_lib_speed))	# ms, on top of the time of detection
LATE=2				# exit status: it happened, but late
TRIES=5

# A debug kernel in emulation cannot send heartbeats every 50 ms.
declare -a timers=()
if [ "$cpg_lib_speed" -ge 100 ]; then
	timers=(heartbeat 500 suspect 5000)
fi

start_members()
{
	cpg_lib_member a 1 group &&
		cpg_lib_member b 2 group &&
		cpg_lib_member c 3 group || return
	all_see "members=1/${cpg_lib_pid[a]},2/${cpg_lib_pid[b]},3/${cpg_lib_pid[c]}, left= joined=3/${cpg_lib_pid[c]}:JOIN,"
}

# all_see REGEX: each of the three prints such a line.
all_see()
{
	local name

	for name in a b c; do
		cpg_lib_expect "$name" "$1" || return
	done
}

all_get_messages()
{
	cpg_lib_say a "send from-a"
	cpg_lib_say b "send from-b"
	cpg_lib_say c "send from-c"
	local name from

	for name in a b c; do
		for from in a b c; do
			cpg_lib_wait 5000 grep -q "msg .* from-$from\$" \
				"$cpg_lib_tmp/$name.out" || return
		done
	done
	[ "$(messages_of a)" = "$(messages_of b)" ] &&
		[ "$(messages_of a)" = "$(messages_of c)" ]
}

messages_of()
{
	cpg_lib_events "$1" | grep '^msg '
}

# kill -9: the others get PROCDOWN.
killed()
{
	local gone="left=3/${cpg_lib_pid[c]}:PROCDOWN,"

	cpg_lib_kill c
	cpg_lib_expect a "members=1/${cpg_lib_pid[a]},2/${cpg_lib_pid[b]}, $gone" &&
		cpg_lib_expect b "members=1/${cpg_lib_pid[a]},2/${cpg_lib_pid[b]}, $gone"
}

comes_again()
{
	cpg_lib_member c 3 group &&
		cpg_lib_expect a "joined=3/${cpg_lib_pid[c]}:JOIN," &&
		cpg_lib_expect b "joined=3/${cpg_lib_pid[c]}:JOIN," &&
		cpg_lib_expect c "joined=3/${cpg_lib_pid[c]}:JOIN,"
}

# A leave is told to all, the leaver among them.
leaves()
{
	local gone="left=2/${cpg_lib_pid[b]}:LEAVE,"

	cpg_lib_say b leave
	cpg_lib_expect a "members=1/${cpg_lib_pid[a]},3/${cpg_lib_pid[c]}, $gone" &&
		cpg_lib_expect b "members=1/${cpg_lib_pid[a]},3/${cpg_lib_pid[c]}, $gone" &&
		cpg_lib_expect c "members=1/${cpg_lib_pid[a]},3/${cpg_lib_pid[c]}, $gone" &&
		cpg_lib_say b quit &&
		cpg_lib_member_end b
}

b_joins_again()
{
	cpg_lib_member b 2 group &&
		all_see "joined=2/${cpg_lib_pid[b]}:JOIN,"
}

# detection NODE: the longest that it lets another be silent, in ms.  That is
# longer than what is configured where the machine is not on time.
detection()
{
	cpg_lib_in "$1" "$cpg_lib_cpg" show peers |
		sed -n 's/.* ms ago of at most //p' | sort -n | tail -n 1 |
		grep .
}

# in_time NAME SINCE DETECTION: the line that was expected last is not too late.
in_time()
{
	local took=$(($(cpg_lib_line_ms) - $2))

	echo "# $1: NODEDOWN after $took ms, limit $3 + $SLACK ms"
	[ "$took" -le $(($3 + SLACK)) ]
}

link_cut()
{
	local others="left=1/${cpg_lib_pid[a]}:NODEDOWN,2/${cpg_lib_pid[b]}:NODEDOWN,"
	local limit_ab limit_c since status=0

	# Of a and b, the first to know tells the other.  The link goes down
	# some time before ip ends.
	limit_ab=$(detection 1) && limit_c=$(detection 3) || return 1
	cpg_lib_cut 3
	since=$(cpg_lib_now)
	cpg_lib_expect a "left=3/${cpg_lib_pid[c]}:NODEDOWN," || return 1
	in_time a "$since" "$limit_ab" || status=$LATE
	cpg_lib_expect b "left=3/${cpg_lib_pid[c]}:NODEDOWN," || return 1
	in_time b "$since" "$limit_ab" || status=$LATE
	cpg_lib_expect c "members=3/${cpg_lib_pid[c]}, $others" || return 1
	in_time c "$since" "$limit_c" || status=$LATE
	return "$status"
}

# The machine may be busy with another guest at one time, not at all of them.
link_cut_in_time()
{
	local try

	for ((try = 1; try <= TRIES; try++)); do
		link_cut
		case $? in
		0) return 0 ;;
		"$LATE") ;;
		*) return 1 ;;
		esac
		if [ "$try" -lt "$TRIES" ]; then
			views_after_cut && link_healed || return
		fi
	done
	return 1
}

views_after_cut()
{
	cpg_lib_expect a 'view [0-9]+\.1 quorate nodes=1,2,$' &&
		cpg_lib_expect b 'view [0-9]+\.1 quorate nodes=1,2,$' &&
		cpg_lib_expect c 'view [0-9]+\.3 not-quorate nodes=3,$'
}

both_sides_go_on()
{
	cpg_lib_say a "send side-a"
	cpg_lib_say c "send side-c"
	cpg_lib_expect a "msg 1/${cpg_lib_pid[a]} side-a" &&
		cpg_lib_expect b "msg 1/${cpg_lib_pid[a]} side-a" &&
		cpg_lib_expect c "msg 3/${cpg_lib_pid[c]} side-c"
}

link_healed()
{
	local members name
	members="members=1/${cpg_lib_pid[a]},2/${cpg_lib_pid[b]},3/${cpg_lib_pid[c]}, left="

	cpg_lib_heal 3
	cpg_lib_expect a "$members joined=3/${cpg_lib_pid[c]}:NODEUP,\$" &&
		cpg_lib_expect b "$members joined=3/${cpg_lib_pid[c]}:NODEUP,\$" &&
		cpg_lib_expect c "$members joined=1/${cpg_lib_pid[a]}:NODEUP,2/${cpg_lib_pid[b]}:NODEUP,\$" &&
		for name in a b c; do
			cpg_lib_expect "$name" \
				'view [0-9]+\.1 quorate nodes=1,2,3,$' || return
		done
}

# What was sent on one side never shows up on the other.
sides_stay_apart()
{
	cpg_lib_say a "send fence"
	all_see "msg 1/${cpg_lib_pid[a]} fence" || return
	! messages_of a | grep -q side-c &&
		! messages_of b | grep -q side-c &&
		! messages_of c | grep -q side-a
}

# A whole node goes: its namespace is deleted with the member in it.
node_dies()
{
	local gone
	gone="left=3/${cpg_lib_pid[c]}:(NODEDOWN|PROCDOWN),"

	cpg_lib_cut 3
	cpg_lib_kill c
	cpg_lib_space_del 3
	cpg_lib_expect a "$gone" && cpg_lib_expect b "$gone"
}

cpg_lib_init
cpg_lib_net 1 2 3
cpg_lib_check "three nodes in one view" cpg_lib_cluster "${timers[@]}"
cpg_lib_check "three members join" start_members
cpg_lib_check "messages arrive in one order" all_get_messages
cpg_lib_check "kill -9 is PROCDOWN" killed
cpg_lib_check "another takes its place" comes_again
cpg_lib_check "a leave is LEAVE, for the leaver too" leaves
cpg_lib_check "it comes again" b_joins_again
cpg_lib_check "a cut link is NODEDOWN on both sides, in time" \
	link_cut_in_time
cpg_lib_check "both sides are told their view" views_after_cut
cpg_lib_check "both sides go on" both_sides_go_on
cpg_lib_check "healed: NODEUP and equal members" link_healed
cpg_lib_check "messages of one side stay there" sides_stay_apart
cpg_lib_check "a node that vanishes is out" node_dies
cpg_lib_done
