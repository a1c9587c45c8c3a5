#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What programs on libcpg are told of nodes that come and go.  The topology is
# that of cpg_lib.sh: three nodes on a bridge; members a on node 1, b on 2, c on
# 3, d on node 1 in no group, and e on 2 that leaves and joins again.

# shellcheck source-path=SCRIPTDIR source=../lib/cpg_lib.sh
. "$(dirname "$0")/../lib/cpg_lib.sh"

member=$cpg_lib_root/selftests/libcpg/build/member
LARGE=1500000
FILL=5000
LIMIT=60000			# ms: not how soon, but what
DOWN_MS=100			# times CPG_SPEED
filled=0 down_ms=0

# This is about what members are told, not about how soon: nobody is to be
# suspected because the machine is busy.
declare -a timers=(heartbeat 200 suspect 2000)

# expect NAME REGEX: as cpg_lib_expect.
expect()
{
	cpg_lib_expect "$1" "$2" "$LIMIT"
}

# start NAME NODE GROUP
start()
{
	cpg_lib_start "$1" "$2" "$member" "$3" &&
		expect "$1" 'node [0-9]+ pid'
}

# all_see REGEX: each of the three prints such a line, later than the last.
all_see()
{
	local name

	for name in a b c; do
		expect "$name" "$1" || return
	done
}

# The members, with their nodes: "1/123,2/45,"; none for a missing letter.
list()
{
	local name

	for name; do
		case $name in
		a) printf '1/%d,' "${cpg_lib_pid[a]}" ;;
		b) printf '2/%d,' "${cpg_lib_pid[b]}" ;;
		c) printf '3/%d,' "${cpg_lib_pid[c]}" ;;
		e) printf '2/%d,' "${cpg_lib_pid[e]}" ;;
		esac
	done
}

# went REASON NAME...: the same, with the reason behind each.
went()
{
	local reason=$1

	shift
	list "$@" | sed "s/,/:$reason,/g"
}

# A small send buffer is soon full.
start_members()
{
	cpg_lib_small_buffer 1 || return
	start a 1 group && start b 2 group && start c 3 group || return
	all_see "conf members=$(list a b c) left= joined=$(went JOIN c)\$"
}

# The changes and messages from the last join on, without times.
since_last_join()
{
	cpg_lib_events "$1" | grep -E '^(msg|conf)' |
		sed -n "/joined=$(went JOIN c | sed 's|/|\\/|g')\$/,\$p"
}

# Messages, a join and a leave at once: all see them in one order.
one_order()
{
	local name i

	start e 2 - || return
	for i in 1 2 3 4 5 6 7 8 9; do
		[ "$i" != 2 ] || cpg_lib_say e "join group"
		for name in a b c e; do
			cpg_lib_say "$name" "send $name$i"
		done
		[ "$i" != 7 ] || cpg_lib_say e "leave group"
	done
	for name in a b c; do
		expect "$name" "left=$(went LEAVE e)" || return
		for i in a b c; do
			cpg_lib_wait "$LIMIT" grep -q "msg .* ${i}9\$" \
				"$cpg_lib_tmp/$name.out" || return
		done
	done
	expect e "left=$(went LEAVE e)" || return
	[ "$(since_last_join a)" = "$(since_last_join b)" ] &&
		[ "$(since_last_join a)" = "$(since_last_join c)" ]
}

# What e saw from its join on is what a saw, up to its leave.
one_order_in_part()
{
	cpg_lib_events e | grep -E '^(msg|conf)' > "$cpg_lib_tmp/e.seen"
	grep -q e2 "$cpg_lib_tmp/e.seen" && ! grep -q e8 "$cpg_lib_tmp/e.seen" &&
		since_last_join a | sed -n "/joined=$(went JOIN e |
			sed 's|/|\\/|g')\$/,/left=$(went LEAVE e |
			sed 's|/|\\/|g')/p" | diff - "$cpg_lib_tmp/e.seen"
}

joins_again()
{
	cpg_lib_say e "join group"
	all_see "conf members=.*$(list e).* left= joined=$(went JOIN e)\$"
}

# Whether it has joined again or not.
ends()
{
	cpg_lib_kill e
	cpg_lib_say b "send e-is-gone"
	all_see "e-is-gone\$"
}

large()
{
	cpg_lib_say b "large $LARGE"
	expect b 'large 1$' &&
		all_see "msg $(list b | tr , ' ')$LARGE bytes, whole"
}

# There is no way to c and nobody knows it yet: what a sends is held, until
# there is no room; and is delivered later, all of it, once.
no_way()
{
	cpg_lib_cut 3
	cpg_lib_say a "fill $FILL"
	expect a 'fill [0-9]+ 6$' || return
	filled=${cpg_lib_line#*fill }
	filled=${filled% 6}
	echo "# $filled messages of $FILL bytes were accepted"
	[ "$filled" -gt 0 ]
}

all_arrived()
{
	local name

	cpg_lib_say a "send no-more"
	for name in a b; do
		expect "$name" "no-more\$" || return
		[ "$(grep -c " $FILL bytes" "$cpg_lib_tmp/$name.out")" = \
			"$filled" ] || return
	done
	! grep " $FILL bytes" "$cpg_lib_tmp/c.out"
}

cut_off()
{
	expect a "conf members=$(list a b) left=$(went NODEDOWN c) joined=\$" &&
		expect b "conf members=$(list a b) left=$(went NODEDOWN c) joined=\$" &&
		expect c "conf members=$(list c) left=$(went NODEDOWN a b) joined=\$"
}

# view_follows NODES NAME...: such a view, and no change of the group after it.
view_follows()
{
	local re="view [0-9]+\.[0-9]+ nodes=$1" name

	shift
	for name; do
		expect "$name" "$re\$" || return
		cpg_lib_events "$name" | grep -v '^msg' | tail -n 1 |
			grep -Eq "^$re\$" || return
	done
}

views_after_cut()
{
	view_follows 1,2, a b d && view_follows 3, c
}

sides_go_on()
{
	cpg_lib_say a "send side-a"
	cpg_lib_say c "send side-c"
	expect a side-a && expect b side-a &&
		expect c side-c
}

healed()
{
	cpg_lib_heal 3
	expect a "conf members=$(list a b c) left= joined=$(went NODEUP c)\$" &&
		expect b "conf members=$(list a b c) left= joined=$(went NODEUP c)\$" &&
		expect c "conf members=$(list a b c) left= joined=($(went NODEUP a b)|$(went NODEUP b a))\$" &&
		view_follows 1,2,3, a b c d
}

sides_stay_apart()
{
	cpg_lib_say b "send fence"
	all_see "msg .* fence\$" || return
	! grep side-c "$cpg_lib_tmp/a.out" "$cpg_lib_tmp/b.out" | grep msg &&
		! grep side-a "$cpg_lib_tmp/c.out"
}

# A node that is taken down in good order, and comes back.
node_down()
{
	local start

	start=$(cpg_lib_now)
	cpg_lib_down 3 || return
	expect c 'end 2$' &&
		expect a "conf members=$(list a b) left=$(went PROCDOWN c) joined=\$" ||
		return
	down_ms=$(($(cpg_lib_line_ms) - start))
	expect b "conf members=$(list a b) left=$(went PROCDOWN c) joined=\$" &&
		view_follows 1,2, a b d
}

node_up()
{
	cpg_lib_up 3 "${timers[@]}" || return
	# A view of three without a word of the group, which nobody joined.
	view_follows 1,2,3, a b d && start c 3 group &&
		all_see "conf members=$(list a b c) left= joined=$(went JOIN c)\$"
}

# Once is enough: the machine is busy with other things, too.
down_in_time()
{
	local try

	for try in {1..10}; do
		echo "# $try: told of it after $down_ms ms"
		[ "$down_ms" -gt $((DOWN_MS * cpg_lib_speed)) ] || return 0
		node_down && node_up || return
	done
	return 1
}

# The node is in a view of its own, in which the member's end has its place, before
# it comes back: else the others would see the member come back with it, and leave
# then.
node_restarts()
{
	local gone

	gone="left=$(went '(NODEDOWN|PROCDOWN)' c)"
	cpg_lib_cut 3
	cpg_lib_kill c
	expect a "conf members=$(list a b) $gone joined=\$" &&
		expect b "conf members=$(list a b) $gone joined=\$" &&
		cpg_lib_wait 10000 cpg_lib_view_is 3 3 &&
		cpg_lib_heal 3 && view_follows 1,2,3, a b d
}

# Each view has a larger number than the one before.  b joined twice, and was
# told twice of the view it was in.
view_numbers_grow()
{
	local name

	for name in a d; do
		cpg_lib_events "$name" | sed -n 's/^view \([0-9]*\)\..*/\1/p' |
			sort -n -u -c || return
	done
}

# One view after the join, and none before.
initial_view()
{
	cpg_lib_events a | sed -n '1,3p' | grep -c '^view' | grep -qx 1 &&
		! cpg_lib_events d | grep -q '^view'
}

cpg_lib_init
cpg_lib_need "$member"
cpg_lib_net 1 2 3
cpg_lib_check "three nodes in one view" cpg_lib_cluster "${timers[@]}"
cpg_lib_check "d is in no group" start d 1 -
cpg_lib_check "c21 c58 three members join, told the same" start_members
cpg_lib_check "c70 one view is told to who joins" initial_view
cpg_lib_check "c21 c39 changes and messages in one order" one_order
cpg_lib_check "c30 who was in for a while saw its part" one_order_in_part
cpg_lib_check "c31 it joins again" joins_again
cpg_lib_check "it ends" ends
cpg_lib_check "c47 a message of $LARGE bytes" large
cpg_lib_check "c50 sending ends when nothing gets through" no_way
cpg_lib_check "c61 cut: NODEDOWN on both sides" cut_off
cpg_lib_check "c67 the view comes after it, to all handles" views_after_cut
cpg_lib_check "c50 c64 what was accepted arrives" all_arrived
cpg_lib_check "c61 both sides go on" sides_go_on
cpg_lib_check "c62 healed: NODEUP, then the view" healed
cpg_lib_check "c63 messages of one side stay there" sides_stay_apart
cpg_lib_check "c60 c76 a node goes down in good order" node_down
cpg_lib_check "c59 and comes up" node_up
cpg_lib_check "c60 within $DOWN_MS ms" down_in_time
cpg_lib_check "c66 a member dies while its node is cut off" node_restarts
cpg_lib_check "c68 numbers of views grow" view_numbers_grow
cpg_lib_done
