#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The lead goes from node to node while all of them send; the topology is that
# of cpg_lib.sh.  All deliver all, in one order, in the one view that there is,
# and what cannot be is refused.

# shellcheck source-path=SCRIPTDIR source=../lib/cpg_lib.sh
. "$(dirname "$0")/../lib/cpg_lib.sh"

MESSAGES=2000			# of each of three members, in one round
MOVES=3				# at least, while they are sent
ROUNDS=20			# at most, until there were so many
KNOWN=60000			# ms until all know, where it takes a second to ask
LIMIT=600			# seconds

# A debug kernel in emulation would be at it for an hour.
[ "$cpg_lib_speed" -lt 100 ] || MESSAGES=100

# This is about order, not about how soon a machine that is busy with a
# hundred other things counts as dead.
suspect=$((1000 + 100 * cpg_lib_speed))

# leader NODE: whom it takes for the leader.
leader()
{
	local json

	json=$(cpg_lib_in "$1" "$cpg_lib_cpg" show -j view) || return
	json=${json//[[:space:]]/}
	[[ $json =~ \"leader\":([0-9]+) ]] || return
	echo "${BASH_REMATCH[1]}"
}

# cpg NODE WORD...: what it says is in $text.
cpg()
{
	local node=$1

	shift
	text=$(cpg_lib_in "$node" "$cpg_lib_cpg" "$@" 2>&1)
}

all_agree()
{
	local node first

	first=$(leader 1) || return
	for node in 2 3; do
		[ "$(leader "$node")" = "$first" ] || return
	done
}

# A machine that is slow can let the lead go by itself, in between.
move()
{
	local from

	from=$(leader 1) && cpg "$from" lead $((from % 3 + 1))
}

leads()
{
	local node

	for node in 1 2 3; do
		cpg_lib_counter "$node" leads
	done
}

# moved BEFORE...: each node knows of more hand-overs than it did.
moved()
{
	local -a now
	local i

	mapfile -t now < <(leads)
	for i in 0 1 2; do
		shift "$((i > 0))"
		[ "${now[i]}" -gt "$1" ] || return
	done
}

# It may have moved on, or back, until it is looked at.
idle()
{
	local -a before

	mapfile -t before < <(leads)
	cpg_lib_wait "$KNOWN" move &&
		cpg_lib_wait "$KNOWN" moved "${before[@]}" &&
		cpg_lib_wait "$KNOWN" all_agree
}

refused()
{
	local from other

	from=$(leader 1)
	other=$((from % 3 + 1))
	! cpg "$from" lead "$from" &&
		[ "$text" = "cpg: that node leads already" ] &&
		! cpg "$from" lead 99 &&
		[ "$text" = "cpg: that node is not in the view" ] &&
		! cpg "$other" lead "$other" &&
		[ "$text" = "cpg: only the node that leads can hand over" ]
}

# start_members GROUP
start_members()
{
	local node

	pids=()
	for node in 1 2 3; do
		cpg_lib_in "$node" "$cpg_lib_bin/order_member" -n "$MESSAGES" \
			-m 3 -t "$LIMIT" "$1" \
			> "$cpg_lib_tmp/member-$node.out" 2>&1 &
		pids+=($!)
		cpg_lib_children+=($!)
	done
}

members_run()
{
	kill -0 "${pids[0]}" 2> /dev/null
}

members_end()
{
	local pid status=0

	for pid in "${pids[@]}"; do
		wait "$pid" || status=1
	done
	return "$status"
}

# The three lines are one, and it counts all messages.
same_result()
{
	local expected="messages $((3 * MESSAGES)) "
	local -a lines

	mapfile -t lines < <(cat "$cpg_lib_tmp"/member-[123].out | sort -u)
	printf '# %s\n' "${lines[@]}"
	[ ${#lines[@]} -eq 1 ] && [ "${lines[0]#"$expected"}" != "${lines[0]}" ]
}

# As often as it goes, until all is sent.
move_under_load()
{
	local moves=0 before round

	before=$(cpg_lib_counter 1 leads)
	for ((round = 0; round < ROUNDS && moves < MOVES; round++)); do
		start_members "handoff-$round"
		while members_run; do
			move && moves=$((moves + 1))
			cpg_lib_wait "$KNOWN" all_agree || return
		done
		members_end && same_result || return
	done
	echo "# moved $moves times, $(cpg_lib_counter 1 leads) in all"
	[ "$moves" -ge "$MOVES" ] &&
		[ $(($(cpg_lib_counter 1 leads) - before)) -ge "$moves" ]
}

views()
{
	local node

	for node in 1 2 3; do
		cpg_lib_counter "$node" views
	done
}

same_views()
{
	[ "$(views)" = "$views" ]
}

pids=()
cpg_lib_init
cpg_lib_need "$cpg_lib_bin/order_member"
cpg_lib_net 1 2 3
cpg_lib_check "three nodes in one view" cpg_lib_cluster \
	heartbeat $((suspect / 10)) suspect $suspect
views=$(views)
cpg_lib_check "the lead moves, and all know" idle
cpg_lib_check "what cannot be is refused" cpg_lib_wait "$KNOWN" refused
cpg_lib_check "the lead moves while all send, and all arrives in one order" \
	move_under_load
cpg_lib_check "and in one view" same_views
cpg_lib_done
