#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# rig.sh: does the benchmark measure all that it says, on the systems that need
# no daemon?  Not what the numbers are.  The topology is cpg_lib.sh's.

set -u
cd "$(dirname "$0")" || exit 1
# shellcheck source-path=SCRIPTDIR source=../lib/check.sh
. ../lib/check.sh
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

group=(node-memory latency flood paced idle handles node-death merge partition
	heal node-death merge process-death flood)

# measures SYSTEM NAME...: these, in this order, and no message is lost.
measures()
{
	local system=$1

	shift
	./round "$system" 3 1 latency:3,64,30 flood:1,64,50 \
		paced:3,64,300,50 idle:50 handles:20 node-death:3 partition:2 \
		node-death:1 process-death:2 loss:5 flood:3,64,50 > "$tmp/lines"
	cat "$tmp/lines"
	grep -q '"loss":5,"measure":"flood"' "$tmp/lines" &&
		! grep -q '"settled":false' "$tmp/lines" &&
		[ "$(sed -n 's/^{.*"measure":"\([a-z-]*\)".*/\1/p' \
			"$tmp/lines")" = "$(printf '%s\n' "$@")" ]
}

# Two clusters side by side, and each of one node.
clusters()
{
	./round libcpg 1 1 clusters:2 idle:50 flood:1,64,50 > "$tmp/lines"
	cat "$tmp/lines"
	[ "$(grep -c '"clusters":2,"measure":"\(idle\|flood\|node-memory\)"' \
		"$tmp/lines")" = 3 ]
}

echo "KTAP version 1"
check "libcpg" measures libcpg "${group[@]}"
check "socket" measures sock "${group[@]}"
check "UDP" measures udp latency flood paced idle flood
check "clusters" clusters
echo "1..$count"
[ "$failed" -eq 0 ]
