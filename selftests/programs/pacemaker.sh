#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Pacemaker, as Debian has it, on three machines (programs_lib.sh): it starts and
# moves resources, loses a node, a daemon and a link, and elects the node that
# decides (the DC) anew.  All that its daemons tell each other goes through CPG.
# What is expected is read from crm_mon and from the machines themselves.

# shellcheck source-path=SCRIPTDIR source=../lib/cpg_lib.sh
. "$(dirname "$0")/../lib/cpg_lib.sh"
# shellcheck source-path=SCRIPTDIR source=programs_lib.sh
. "$(dirname "$0")/programs_lib.sh"

# Those that are members of groups, and what the groups are named: a zero byte
# belongs to the name, and corosync-cpgtool writes it so.
declare -A group_of=([attrd]='attrd\x00' [based]='cib\x00'
	[controld]='crmd\x00' [fenced]='stonith-ng\x00')
programs_lib_disk+=(/var/lib/pacemaker /var/log/pacemaker)
programs_lib_logs=(/var/log/pacemaker/pacemaker.log)

# So many daemons at a time keep a guest's kernel busy for longer than the default
# allows.
programs_lib_words=(heartbeat 100 suspect 1000)
programs_lib_env+=(PCMK_logfacility=none PCMK_logpriority=notice)

# --- what the cluster says of itself -------------------------------------------

# mon NODE: the state of the cluster as that node has it, in XML.
mon()
{
	programs_lib_in "$1" timeout 30 crm_mon -1 --output-as=xml
}

# attribute NAME: of the first element on standard input.
attribute()
{
	sed -n "s/^[^>]* $1=\"\([^\"]*\)\".*/\1/p; q"
}

# The DC as a node has it, by its number.
dc()
{
	mon "$1" | grep '<current_dc present="true"' | attribute id
}

online()
{
	local -a ids

	mapfile -t ids < <(mon "$1" | grep '^ *<node .* online="true"' |
		sed 's/.* id="\([0-9]*\)".*/\1/' | sort -n)
	echo "${ids[*]}"
}

online_is()
{
	[ "$(online "$1")" = "$2" ]
}

# agree NODES...: each of them has these online, all have one DC, one of them.
# dc is its number then.
agree()
{
	local node

	for node; do
		cpg_lib_wait 90000 online_is "$node" "$*" || return
	done
	cpg_lib_wait 90000 one_dc "$@" || return
	dc=$(dc "$1")
}

one_dc()
{
	local node first

	first=$(dc "$1")
	[[ $first && " $* " == *" $first "* ]] || return
	for node; do
		[ "$(dc "$node")" = "$first" ] || return
	done
}

# where RESOURCE ROLE NODE: the nodes on which it is, as that node has it.
where()
{
	local -a ids

	mapfile -t ids < <(mon "$3" | awk -v id="\"$1\"" -v role="\"$2\"" '
		/<resource / {
			this = index($0, " id=" id) && index($0, " role=" role)
		}
		this && /<node / {
			sub(/.* id="/, "")
			sub(/".*/, "")
			print
		}' | sort -n)
	echo "${ids[*]}"
}

# The agents of "dummy" and "pair" keep a file where they are active.
has_dummy()
{
	programs_lib_in "$1" test -e /run/Dummy-dummy.state
}

role_of_pair()
{
	programs_lib_in "$1" cat /run/Stateful-pair.state
}

# dummy_is_on NODE OF...: so say all of these nodes, and the machines.
dummy_is_on()
{
	local node want=$1

	shift
	for node; do
		[ "$(where dummy Started "$node")" = "$want" ] || return
		if [ "$node" = "$want" ]; then
			has_dummy "$node" || return
		else
			! has_dummy "$node" || return
		fi
	done
}

# One of these nodes has it, all say the same; dummy is its number then.
dummy_is_somewhere()
{
	dummy=$(where dummy Started "$1")
	[[ $dummy && " $* " == *" $dummy "* ]] && dummy_is_on "$dummy" "$@"
}

# The pair has one promoted instance on one of these nodes, and others there.
pair_is_on()
{
	local node promoted role

	promoted=$(where pair Promoted "$1")
	[[ $promoted && " $* " == *" $promoted "* ]] || return
	for node; do
		role=Unpromoted
		[ "$node" != "$promoted" ] || role=Promoted
		[ "$(where pair Promoted "$node")" = "$promoted" ] &&
			[[ " $(where pair "$role" "$node") " == *" $node "* ]] &&
			[ "$(role_of_pair "$node")" = "$role" ] || return
	done
}

# --- what is done to it ----------------------------------------------------------

# daemon_pid DAEMON NODE: "controld" is pacemaker-controld.
daemon_pid()
{
	local pid

	for pid in $(ip netns pids "cpg-$$-$2"); do
		[[ $(readlink "/proc/$pid/exe") != */pacemaker-"$1" ]] ||
			echo "$pid"
	done
}

# Processes of other users than root need leave to use sockets of ours; corosync
# is asked for it by pacemakerd itself.
start_pacemaker()
{
	local gid

	gid=$(getent group haclient | cut -d : -f 3)
	[ -n "$programs_lib_theirs" ] ||
		programs_lib_in "$1" sysctl -q -w \
			"net.cpg.gid_range=$gid $gid" || return
	programs_lib_start "pacemakerd-$1" "$1" pacemakerd
}

# One after the other: pacemakerd takes a daemon that does not answer within
# seconds for dead.
start_all()
{
	local node

	for node in "${cpg_lib_nodes[@]}"; do
		start_pacemaker "$node" &&
			cpg_lib_wait 60000 answers "$node" || return
	done
	agree "${cpg_lib_nodes[@]}"
}

answers()
{
	programs_lib_in "$1" timeout 30 cibadmin -Q -l > /dev/null 2>&1
}

# Each daemon has the library that it should, and is a member on all nodes.
uses_cpg()
{
	local daemon node pid

	for daemon in "${!group_of[@]}"; do
		for node in "${cpg_lib_nodes[@]}"; do
			pid=$(daemon_pid "$daemon" "$node")
			programs_lib_has_library "$pid" || return
			cpg_lib_wait 10000 programs_lib_members_are "$node" \
				"${group_of[$daemon]}" "${cpg_lib_nodes[*]}" ||
				return
		done
	done
}

# No group is known to corosync: nothing goes through it behind our back.
corosync_is_idle()
{
	local list

	list=$(programs_lib_in 1 env -u LD_LIBRARY_PATH corosync-cpgtool -n) &&
		[ -z "$list" ]
}

set_option()
{
	programs_lib_in 1 crm_attribute -n "$1" -v "$2"
}

# Two resources.  Agents of Pacemaker's that do nothing but keep a file.
configure()
{
	# No machine can switch another one off here.
	set_option stonith-enabled false &&
		programs_lib_in 1 cibadmin -C -o resources -X '
<primitive id="dummy" class="ocf" provider="pacemaker" type="Dummy">
  <operations>
    <op id="dummy-monitor" name="monitor" interval="10s"/>
  </operations>
</primitive>' && programs_lib_in 1 cibadmin -C -o resources -X '
<clone id="pair-clone">
  <meta_attributes id="pair-meta">
    <nvpair id="pair-promotable" name="promotable" value="true"/>
  </meta_attributes>
  <primitive id="pair" class="ocf" provider="pacemaker" type="Stateful"/>
</clone>'
}

same_cib()
{
	local first node

	first=$(programs_lib_in 1 cibadmin -Q) || return
	[ -n "$first" ] || return
	for node in "${cpg_lib_nodes[@]}"; do
		[ "$(programs_lib_in "$node" cibadmin -Q -l)" = "$first" ] ||
			return
	done
}

# attribute_is NODE VALUE: that pacemaker-attrd of a node has of node 1.
attribute_is()
{
	local line

	line=$(programs_lib_in "$1" attrd_updater -n test -Q -N n1) &&
		[[ $line == *"value=\"$2\""* ]]
}

attribute_spreads()
{
	local node

	programs_lib_in 1 attrd_updater -n test -U "$1" -N n1 || return
	for node in "${cpg_lib_nodes[@]}"; do
		cpg_lib_wait 10000 attribute_is "$node" "$1" || return
	done
}

attribute_of()
{
	programs_lib_in "$1" attrd_updater -n test -Q -N n1 |
		sed -n 's/.* value="\([^"]*\)".*/\1/p'
}

same_attribute()
{
	local first node

	first=$(attribute_of 1)
	[ -n "$first" ] || return
	for node in "${cpg_lib_nodes[@]}"; do
		[ "$(attribute_of "$node")" = "$first" ] || return
	done
}

# All nodes set one attribute at a time: the last one in the order counts.
attribute_race()
{
	local node i
	local -a pids

	for i in {1..5}; do
		pids=()
		for node in "${cpg_lib_nodes[@]}"; do
			programs_lib_in "$node" attrd_updater -n test \
				-U "$i-$node" -N n1 &
			pids+=($!)
		done
		for node in "${pids[@]}"; do
			wait "$node" || return
		done
		cpg_lib_wait 10000 same_attribute || return
	done
	[[ $(attribute_of 1) == 5-* ]]
}

# A change of the configuration of 80,000 bytes.
large_change()
{
	set_option blob "$(head -c 60000 /dev/urandom | base64 -w 0)" &&
		cpg_lib_wait 10000 same_cib &&
		[ "$(programs_lib_in 3 cibadmin -Q -l | wc -c)" -gt 80000 ] &&
		programs_lib_in 2 crm_attribute -n blob -D &&
		cpg_lib_wait 10000 same_cib
}

# To another machine, and to the DC.
move_dummy()
{
	local node

	for node in $((dummy % 3 + 1)) "$dc"; do
		[ "$node" != "$dummy" ] || continue
		programs_lib_in 1 crm_resource -r dummy --move -N "n$node" &&
			cpg_lib_wait 60000 dummy_is_on "$node" \
				"${cpg_lib_nodes[@]}" || return
		dummy=$node
	done
}

all_but()
{
	local node

	for node in "${cpg_lib_nodes[@]}"; do
		[ "$node" = "$1" ] || echo "$node"
	done
}

# The node that decides has the resource, and is switched off.
survive()
{
	local since
	local -a others

	lost=$dc
	mapfile -t others < <(all_but "$lost")
	since=$(cpg_lib_now)
	programs_lib_power_off "$lost" && agree "${others[@]}" || return
	echo "# the DC was n$lost, is n$dc after $(($(cpg_lib_now) - since)) ms"
	cpg_lib_wait 60000 dummy_is_somewhere "${others[@]}" || return
	echo "# dummy is on n$dummy after $(($(cpg_lib_now) - since)) ms"
	cpg_lib_wait 60000 pair_is_on "${others[@]}"
}

come_back()
{
	programs_lib_power_on "$1" && cpg_lib_heal "$1" &&
		programs_lib_node "$1" && programs_lib_together &&
		start_pacemaker "$1" && agree "${cpg_lib_nodes[@]}" &&
		cpg_lib_wait 60000 all_is_well
}

all_is_well()
{
	dummy_is_somewhere "${cpg_lib_nodes[@]}" &&
		pair_is_on "${cpg_lib_nodes[@]}"
}

# pacemakerd starts a daemon that was killed anew.
restarts()
{
	local pid

	pid=$(daemon_pid controld "$1")
	kill -KILL "$pid" || return
	cpg_lib_wait 60000 restarted "$1" "$pid" &&
		agree "${cpg_lib_nodes[@]}" &&
		cpg_lib_wait 60000 all_is_well && uses_cpg
}

restarted()
{
	local pid

	pid=$(daemon_pid controld "$1")
	[ -n "$pid" ] && [ "$pid" != "$2" ]
}

# Nothing runs on one without the majority.
gave_up()
{
	[ "$(online "$1")" = "$1" ] && ! has_dummy "$1" &&
		mon "$1" | grep -q 'with_quorum="false"'
}

link_lost()
{
	local -a others

	lost=$dc
	mapfile -t others < <(all_but "$lost")
	cpg_lib_cut "$lost"
	agree "${others[@]}" &&
		cpg_lib_wait 60000 dummy_is_somewhere "${others[@]}" &&
		cpg_lib_wait 60000 gave_up "$lost"
}

link_back()
{
	cpg_lib_heal "$lost"
	agree "${cpg_lib_nodes[@]}" && cpg_lib_wait 60000 all_is_well &&
		cpg_lib_wait 10000 same_cib
}

# Its resources move first; then all its daemons leave and end.
shuts_down()
{
	programs_lib_end "pacemakerd-$1" || return
	shift
	agree "$@" && cpg_lib_wait 60000 dummy_is_somewhere "$@"
}

left_groups()
{
	local group

	for group in "${group_of[@]}"; do
		cpg_lib_wait 10000 programs_lib_members_are 2 "$group" "2 3" ||
			return
	done
}

# --- the tests -------------------------------------------------------------------

cpg_lib_init
cpg_lib_need pacemakerd crm_mon cibadmin crm_resource attrd_updater
cpg_lib_net 1 2 3

cpg_lib_check "three machines, each with corosync and a node" \
	programs_lib_nodes || exit
cpg_lib_check "all are online, with one DC" start_all
cpg_lib_check "all daemons are members, by the library in front" uses_cpg
[ -n "$programs_lib_theirs" ] ||
	cpg_lib_check "corosync has no group" corosync_is_idle
cpg_lib_check "the configuration is accepted" configure
cpg_lib_check "the resources are started" cpg_lib_wait 60000 all_is_well
cpg_lib_check "all have the same configuration" \
	cpg_lib_wait 10000 same_cib
cpg_lib_check "all have a large change of it" large_change
cpg_lib_check "all have an attribute" attribute_spreads 1
cpg_lib_check "all set it, all have the same" attribute_race
cpg_lib_check "a resource is moved" move_dummy
cpg_lib_check "the DC dies: another one is elected, all moves" survive
cpg_lib_check "it comes back" come_back "$lost"
cpg_lib_check "all have the same configuration" \
	cpg_lib_wait 10000 same_cib
cpg_lib_check "all have an attribute" attribute_spreads 2
cpg_lib_check "a daemon dies and is started anew" restarts "$dc"
cpg_lib_check "the DC's link is cut: two go on, it gives up" link_lost
cpg_lib_check "the link is back: one cluster" link_back
cpg_lib_check "all have an attribute" attribute_spreads 3
cpg_lib_check "a node shuts down" shuts_down 1 2 3
cpg_lib_check "it has left all groups" left_groups
cpg_lib_done
