#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# order.sh [MEMBER [NETEM...]]: three nodes, a member on each, all send at
# once; the topology is that of cpg_lib.sh.  All deliver all, in one order.
#
# MEMBER is order_member (on a socket, the default) or order_member_libcpg, or
# both with a comma between; NETEM what netem does to every link.

# shellcheck source-path=SCRIPTDIR source=../lib/cpg_lib.sh
. "$(dirname "$0")/../lib/cpg_lib.sh"

programs=${1:-order_member}
shift
messages=$((5000 / cpg_lib_speed))
[ $messages -ge 50 ] || messages=50
limit=$((60 * cpg_lib_speed))
[ $limit -le 600 ] || limit=600

# Three members of one program; each prints a line with its hash.
run_members()
{
	local program=$1 node pid status=0
	local -a pids=()

	for node in 1 2 3; do
		cpg_lib_in "$node" "$cpg_lib_bin/$program" -n "$messages" -m 3 \
			-t "$limit" "order-$program" \
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
	local expected="messages $((3 * messages)) "

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
	cpg_lib_need "$cpg_lib_bin/$program"
	cpg_lib_check "$program: 3 x $messages messages arrive unchanged" \
		run_members "$program"
	cpg_lib_check "$program: in one order" same_result "$program"
done
cpg_lib_done
