#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The command cpg on nodes of a cluster: configurations from words and files,
# IPv4 and IPv6, what it prints, and what it refuses.  Nodes as in cpg_lib.sh.

# shellcheck source-path=SCRIPTDIR source=../lib/cpg_lib.sh
. "$(dirname "$0")/../lib/cpg_lib.sh"

# cpg NODE WORD...: the command on a node; its output is in $text, too.
cpg()
{
	local node=$1 status

	shift
	text=$(cpg_lib_in "$node" "$cpg_lib_cpg" "$@" 2>&1)
	status=$?
	[ -z "$text" ] || echo "${text//$'\n'/$'\n'# }" | sed '1s/^/# /'
	return "$status"
}

# shellcheck disable=SC2053 # these are patterns
# prints TEXT NODE WORD...: the command succeeds and prints TEXT (a pattern).
prints()
{
	local pattern=$1

	shift
	cpg "$@" && [[ $text == $pattern ]]
}

# shellcheck disable=SC2053 # these are patterns
# refuses TEXT NODE WORD...
refuses()
{
	local pattern=$1

	shift
	! cpg "$@" && [[ $text == $pattern ]]
}

# conf ADDRESS...: a corosync.conf with these nodes, 1, 2, ...
conf()
{
	local addr id=0

	printf 'totem {\n\tversion: 2\n\tcluster_name: demo\n'
	printf '\tinterface {\n\t\tlinknumber: 0\n\t\tmcastport: 6000\n\t}\n}\n'
	printf 'nodelist {\n'
	for addr in "$@"; do
		id=$((id + 1))
		printf '\tnode {\n\t\tring0_addr: %s\n' "$addr"
		printf '\t\tnodeid: %d\n\t}\n' "$id"
	done
	printf '}\n'
}

views_are()
{
	local node

	for node in $1; do
		cpg_lib_wait 10000 cpg_lib_view_is "$node" "$1" || return
	done
}

down()
{
	local node

	for node in "$@"; do
		cpg "$node" down || return
	done
}

from_words()
{
	local first='node 1 is up, no other node answers yet'

	prints "$first" 1 up id 1 local 10.9.0.1 peer 2 10.9.0.2 \
		heartbeat 20 suspect 200 || return
	prints 'node 2 is up, nodes in view *: 1 2' 2 up id 2 \
		local 10.9.0.2 peer 1 10.9.0.1 --wait $((10 * cpg_lib_speed)) \
		heartbeat 20 suspect 200 || return
	views_are "1 2" && down 1 2
}

# On each node the same file; which node it is tells its address.
from_file()
{
	local node file=$cpg_lib_tmp/corosync.conf

	conf "$@" > "$file"
	for node in 1 2 3; do
		cpg "$node" up --conf "$file" --no-wait || return
	done
	views_are "1 2 3" &&
		prints 'node 2, operational, cluster "demo", local *:6000, *' \
			2 show node &&
		down 1 2 3
}

link_local()
{
	local node other addr=()

	for node in 1 2; do
		ip -n "cpg-$$-$node" addr add "fe80::cafe:$node/64" dev eth0 \
			nodad || return
		addr[node]=fe80::cafe:$node%eth0
	done
	for node in 1 2; do
		other=$((3 - node))
		cpg "$node" up id "$node" local "${addr[node]}" \
			peer "$other" "${addr[other]}" profile cloud \
			--no-wait || return
	done
	views_are "1 2" &&
		prints '*local \[fe80::cafe:1%eth0\]:5405, profile cloud*' \
			1 show &&
		down 1 2
}

# The one that leaves is missed at once, not after the time of suspicion.
leaves()
{
	local node

	for node in 1 2; do
		cpg "$node" up id "$node" local "10.9.0.$node" \
			peer $((3 - node)) "10.9.0.$((3 - node))" \
			suspect 30000 --no-wait || return
	done
	views_are "1 2" && down 2 && views_are "1" &&
		prints '*peer 2 at 10.9.0.2:5405, not in the view*' 1 show &&
		down 1
}

# The node id of a live node: refused, and told on both sides.
nodeid_used()
{
	local used='cpg: node id 2 is used by another live node'
	local -a slow=(--wait $((10 * cpg_lib_speed)))

	cpg 1 up id 1 local 10.9.0.1 peer 2 10.9.0.2 --no-wait &&
		cpg 2 up id 2 local 10.9.0.2 peer 1 10.9.0.1 "${slow[@]}" ||
		return
	views_are "1 2" &&
		refuses "$used" 3 up id 2 local 10.9.0.3 peer 1 10.9.0.1 \
			"${slow[@]}" &&
		prints '*not configured' 3 show node &&
		prints '*node id 2 is used by *live node*' 1 show &&
		down 1 2
}

# Two nodes, of which one has most of the votes: told by words, kept by both.
votes()
{
	cpg 1 up id 1 local 10.9.0.1 votes 2 peer 2 10.9.0.2 --no-wait &&
		cpg 2 up id 2 local 10.9.0.2 peer 1 10.9.0.1 votes 2 \
			expected 5 --no-wait || return
	views_are "1 2" && prints '*, quorate with 3 of 5 votes,*' 1 show &&
		prints '*, quorate with 3 of 5 votes,*' 2 show &&
		down 2 && views_are 1 &&
		prints '*, quorate with 2 of 3 votes,*' 1 show && down 1
}

json_is_whole()
{
	cpg_lib_in 1 "$cpg_lib_cpg" -j show | python3 -c '
import json, sys
all = json.load(sys.stdin)
assert set(all) == {"node", "view", "peers", "groups", "counters", "drops"}
assert all["node"]["nodeid"] in all["view"]["nodes"]
assert len(all["drops"]) > 10
'
}

# Nothing is owed to the order in which users ask.
at_once()
{
	local end=$((SECONDS + 3)) _

	for _ in 1 2 3; do
		while [ "$SECONDS" -lt "$end" ]; do
			cpg_lib_in 1 "$cpg_lib_cpg" up id 1 local 10.9.0.1 \
				peer 2 10.9.0.2 --no-wait
			cpg_lib_in 1 "$cpg_lib_cpg" show groups node
			cpg_lib_in 1 "$cpg_lib_cpg" down
		done > "$cpg_lib_tmp/at_once" 2>&1 &
		cpg_lib_children+=($!)
	done
	wait
	cpg 1 down
	prints '*not configured*' 1 show
}

cpg_lib_init
cpg_lib_need "$cpg_lib_cpg"
cpg_lib_net 1 2 3
cpg_lib_check "a cluster from words" from_words
cpg_lib_check "a cluster from a file, IPv4" from_file 10.9.0.1 10.9.0.2 10.9.0.3
cpg_lib_check "a cluster from a file, IPv6" from_file fd09::1 fd09::2 fd09::3
cpg_lib_check "link-local addresses" link_local
cpg_lib_check "a node that leaves is missed at once" leaves
cpg_lib_check "a node id that is used" nodeid_used
cpg_lib_check "votes" votes
cpg_lib_check "JSON has all parts" json_is_whole
cpg_lib_check "down without up" refuses 'cpg: the node is not up' 1 down
cpg_lib_check "a local address of another node" \
	refuses 'cpg: *' 1 up id 1 local 10.9.0.2
cpg_lib_check "suspect below two heartbeats" refuses \
	'cpg: the suspect time must be at least twice the heartbeat' \
	1 up id 1 local 10.9.0.1 heartbeat 100 suspect 150
cpg_lib_check "the own id as a peer" refuses "cpg: a peer has this node's id" \
	1 up id 1 local 10.9.0.1 peer 1 10.9.0.2
cpg_lib_check "expected votes below those of the nodes" refuses \
	'cpg: the expected votes are fewer than those of the nodes' \
	1 up id 1 local 10.9.0.1 peer 2 10.9.0.2 votes 3 expected 3
cpg_lib_check "up, show and down at once" at_once
cpg_lib_done
