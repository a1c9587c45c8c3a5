#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# order.sh [MEMBER [NETEM...]]: three nodes, a member on each, all send at
# once; the topology is that of cpg_lib.sh.  All deliver all, in one order.
#
# MEMBER is order_member (on a socket), order_member_safe or
# order_member_libcpg, with a colon and the number of messages of each member
# behind it, or several of these with commas between, by default all three;
# NETEM what netem does to every link.

# shellcheck source-path=SCRIPTDIR source=../lib/cpg_lib.sh
. "$(dirname "$0")/../lib/cpg_lib.sh"

programs=order_member:5000,order_member_safe:1000,order_member_libcpg:1000
programs=${1:-$programs}
shift
LIMIT=600			# seconds

# Three members of one program; each prints a line with its hash.
run_members()
{
	local program=$1 messages=$2 node pid status=0
	local -a pids=()

	for node in 1 2 3; do
		cpg_lib_in "$node" "$cpg_lib_bin/$program" -n "$messages" -m 3 \
			-t "$LIMIT" "order-$program" \
			> "$cpg_lib_tmp/$program-$node.out" 2>&1 &
		pids+=($!)
		cpg_lib_children+=($!)
	done
	for pid in "${pids[@]}"; do
		wait "$pid" || status=1
	done
	return "$status"
}

# The three lines are one, and it counts all messages.
same_result()
{
	local -a lines
	local expected="messages $((3 * $2)) "

	mapfile -t lines < <(cat "$cpg_lib_tmp/$1"-[123].out | sort -u)
	printf '# %s\n' "${lines[@]}"
	[ ${#lines[@]} -eq 1 ] && [ "${lines[0]#"$expected"}" != "${lines[0]}" ]
}

cpg_lib_init
cpg_lib_net 1 2 3
if [ $# -gt 0 ]; then
	cpg_lib_netem "$@"
fi
# This is about order, not about how soon a machine that is busy with a
# hundred other things counts as dead.
suspect=$((1000 + 100 * cpg_lib_speed))
cpg_lib_check "three nodes in one view" cpg_lib_cluster \
	heartbeat $((suspect / 10)) suspect $suspect
for program in ${programs//,/ }; do
	messages=${program#*:}
	program=${program%:*}
	# A debug kernel in emulation would be at it for an hour.
	[ "$cpg_lib_speed" -lt 100 ] || messages=50
	cpg_lib_need "$cpg_lib_bin/$program"
	cpg_lib_check "c40 $program: 3 x $messages messages arrive unchanged" \
		run_members "$program" "$messages"
	cpg_lib_check "c39 $program: in one order" same_result "$program" \
		"$messages"
done
cpg_lib_done
