#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What programs on libcpg are told of nodes that end without a word.  The
# topology is that of cpg_lib.sh.  Members of the group "group" are a on node 1,
# b on 2, c and f on 3; of "X" x on node 1 and z on 3; of "X" with a NUL behind
# it y on node 1 and w on 3.

# shellcheck source-path=SCRIPTDIR source=../lib/cpg_lib.sh
. "$(dirname "$0")/../lib/cpg_lib.sh"

member=$cpg_lib_root/selftests/libcpg/build/member
LIMIT=30000			# ms: not how soon, but what
SUSPECT=2000			# ms

declare -A node_of=([a]=1 [b]=2 [c]=3 [f]=3 [x]=1 [y]=1 [z]=3 [w]=3)
declare -A group_of=([a]=group [b]=group [c]=group [f]=group [x]=X [z]=X
	[y]=X+ [w]=X+)

# expect NAME REGEX: as cpg_lib_expect.
expect()
{
	cpg_lib_expect "$1" "$2" "$LIMIT"
}

# list SUFFIX NAME...: members in their order, "1/123:JOIN,2/45:JOIN,".
list()
{
	local suffix=$1 name

	shift
	for name; do
		echo "${node_of[$name]}/${cpg_lib_pid[$name]}$suffix,"
	done | sort -t / -k 1n -k 2n | tr -d '\n'
}

# start NAME...: one after the other; each is told of its own join.
start()
{
	local name

	for name; do
		cpg_lib_start "$name" "${node_of[$name]}" "$member" \
			"${group_of[$name]}" &&
			expect "$name" "joined=$(list :JOIN "$name")\$" ||
			return
	done
}

nodes_up()
{
	cpg_lib_cluster heartbeat 200 suspect "$SUSPECT"
}

configured_nodes()
{
	grep -q "node 1 pid" "$cpg_lib_tmp/a.out" &&
		grep -q "node 2 pid" "$cpg_lib_tmp/b.out" &&
		grep -q "node 3 pid" "$cpg_lib_tmp/c.out"
}

# The number told last is the one that the node's own command shows.
view_number_is()
{
	local told

	told=$(cpg_lib_events a | sed -n 's/^view \([0-9]*\)\..*/\1/p' |
		tail -n 1)
	echo "# view $told"
	[ -n "$told" ] && [ "$told" = "$(cpg_lib_view_number 1)" ]
}

# lost NAME LEFT: one event, and no other that somebody has left.
lost()
{
	expect "$1" "left=$2 joined=\$" &&
		[ "$(cpg_lib_events "$1" | grep -c "left=[0-9]")" = 1 ]
}

one_event_for_all()
{
	cpg_lib_crash 3 || return
	lost a "$(list :NODEDOWN c f)" && lost b "$(list :NODEDOWN c f)"
}

then_the_view()
{
	expect a 'view [0-9.]+ nodes=1,2,$' &&
		expect b 'view [0-9.]+ nodes=1,2,$'
}

names_apart_in_failure()
{
	lost x "$(list :NODEDOWN z)" && lost y "$(list :NODEDOWN w)"
}

comes_back()
{
	cpg_lib_kill c && cpg_lib_kill f && cpg_lib_kill z && cpg_lib_kill w
	cpg_lib_up 3 heartbeat 200 suspect "$SUSPECT" || return
	expect a 'view [0-9.]+ nodes=1,2,3,$' && start c z w
}

cut_and_healed()
{
	cpg_lib_cut 3
	expect a 'view [0-9.]+ nodes=1,2,$' &&
		expect c 'view [0-9.]+ nodes=3,$' || return
	cpg_lib_heal 3
	expect a 'view [0-9.]+ nodes=1,2,3,$' &&
		expect c 'view [0-9.]+ nodes=1,2,3,$'
}

# apart NAME OTHER: one has lost the other and found it again.
apart()
{
	expect "$1" "members=$(list "" "$1") left=$(list :NODEDOWN "$2") joined=\$" &&
		expect "$1" "members=$(list "" "$1" "$2") left= joined=$(list \
			:NODEUP "$2")\$"
}

names_apart_in_merge()
{
	apart x z && apart y w && apart z x && apart w y
}

# The others never miss the node, but its processes.
restarts()
{
	cpg_lib_crash 3 && cpg_lib_up 3 heartbeat 200 suspect "$SUSPECT" || return
	expect a "left=$(list :NODEDOWN c) joined=\$" &&
		expect a 'view [0-9.]+ nodes=1,2,3,$' &&
		expect b "left=$(list :NODEDOWN c) joined=\$" &&
		expect b 'view [0-9.]+ nodes=1,2,3,$'
}

# A node that is alone, ends and starts.
number_grows()
{
	local before after

	cpg_lib_cut 3
	cpg_lib_wait "$LIMIT" cpg_lib_view_is 3 3 || return
	before=$(cpg_lib_view_number 3)
	cpg_lib_down 3
	cpg_lib_up 3 heartbeat 200 suspect "$SUSPECT" || return
	cpg_lib_wait "$LIMIT" cpg_lib_view_is 3 3 || return
	after=$(cpg_lib_view_number 3)
	echo "# views $before and $after"
	cpg_lib_heal 3
	[ "$after" -gt "$before" ]
}

# A node that stands still and goes on.
pauses()
{
	expect a 'view [0-9.]+ nodes=1,2,3,$' || return
	cpg_lib_pause 1
	expect b "members=$(list "" b) left=$(list :NODEDOWN a) joined=\$" &&
		cpg_lib_resume 1 || return
	expect a "members=$(list "" a) left=$(list :NODEDOWN b) joined=\$" &&
		expect a "members=$(list "" a b) left= joined=$(list :NODEUP b)\$" &&
		expect a 'view [0-9.]+ nodes=1,2,3,$'
}

cpg_lib_init
cpg_lib_need "$member"
cpg_lib_net 1 2 3
cpg_lib_check "three nodes in one view" nodes_up
cpg_lib_check "members of three groups join" start a b c f x z y w
cpg_lib_check "c17 nodes have the number they are configured with" \
	configured_nodes
cpg_lib_check "c69 the view's number is that of the node's command" \
	view_number_is
cpg_lib_check "c59 a node dies: one event for all its processes" \
	one_event_for_all
cpg_lib_check "c59 c67 then the view without it" then_the_view
cpg_lib_check "c79 names that differ by a NUL, in failure" \
	names_apart_in_failure
cpg_lib_check "the node comes back" comes_back
cpg_lib_check "c69 the view's number is so after it, too" view_number_is
cpg_lib_check "c67 it is cut off and back, in views of both" cut_and_healed
cpg_lib_check "c79 names that differ by a NUL, in a merge" names_apart_in_merge
cpg_lib_check "c66 a node ends and starts before it is missed" restarts
cpg_lib_check "c68 numbers of views grow when a node starts anew" number_grows
cpg_lib_check "c65 a node is paused and resumes" pauses
cpg_lib_done
