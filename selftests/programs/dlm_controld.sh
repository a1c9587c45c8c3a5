#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# dlm_controld, as Debian has it, on three machines (guests_lib.sh): each has a
# kernel of its own, and so a DLM of its own, which is what the daemon is for.
# corosync has its configuration and cfg services; quorum.c beside has its quorum
# service, whose numbers of views the daemon compares with those of libcpg.  With
# CPG_PROGRAMS_LIB=corosync it has corosync's libcpg and libquorum.  Runs on the
# host.

# shellcheck source-path=SCRIPTDIR source=../lib/cpg_lib.sh
. "$(dirname "$0")/../lib/cpg_lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/guests_lib.sh
. "$(dirname "$0")/../lib/guests_lib.sh"

LIMIT=12000			# ms, times 10
# ms: guests that have little of a machine shall not miss each other.
SUSPECT=8000
HEARTBEAT=500
PORT=5500			# corosync has 5405
theirs=''
[ "${CPG_PROGRAMS_LIB:-}" != corosync ] || theirs=1
prefix=(env LC_ALL=C)

# In a shell of its own: functions there replace some of those here.
configuration()
{
	(
		# shellcheck source-path=SCRIPTDIR source=../lib/corosync_lib.sh
		. "$cpg_lib_root/selftests/lib/corosync_lib.sh"
		corosync_lib_conf "$SUSPECT" 1 2 3
	) | sed '/state_dir:/d'
}

# Before the guests are there: they see the host's files as they are then.
libraries()
{
	local lib=$cpg_lib_tmp/lib

	configuration > "$cpg_lib_tmp/corosync.conf"
	[ -z "$theirs" ] || return 0
	mkdir "$lib" &&
		cp -L "$cpg_lib_root/userspace/lib/libcpg.so.4" "$lib" &&
		"${CC:-cc}" -O2 -shared -fPIC -I"$cpg_lib_root/uapi" \
			-Wl,-soname,libquorum.so.5 \
			-Wl,--version-script="$cpg_lib_root/selftests/programs/quorum.map" \
			-o "$lib/libquorum.so.5" \
			"$cpg_lib_root/selftests/programs/quorum.c" || return
	prefix+=("LD_LIBRARY_PATH=$lib")
}

# udev makes the names of devices that libdlm looks for.
machine()
{
	# shellcheck disable=SC2016 # expanded by the guest
	cpg_lib_in "$1" bash -c '
		hostname "$1" &&
		/lib/systemd/systemd-udevd --daemon > /dev/null 2>&1 &&
		modprobe dlm && udevadm settle &&
		mount -t configfs none /sys/kernel/config' - "n$1"
}

node()
{
	cpg_lib_start "corosync-$1" "$1" corosync -f \
		-c "$cpg_lib_tmp/corosync.conf"
	cpg_lib_expect "corosync-$1" "ready to provide service" "$LIMIT" ||
		return
	[ -n "$theirs" ] || cpg_lib_up "$1" port "$PORT" \
		heartbeat "$HEARTBEAT" suspect "$SUSPECT"
}

machines()
{
	local node

	libraries && cpg_lib_net 1 2 3 || return
	for node in 1 2 3; do
		machine "$node" && node "$node" || return
	done
	for node in 1 2 3; do
		cpg_lib_wait "$LIMIT" quorum_is "$node" "1 2 3" || return
		[ -n "$theirs" ] ||
			cpg_lib_wait "$LIMIT" cpg_lib_view_is "$node" "1 2 3" ||
			return
	done
}

# The nodes that corosync's quorum service of a node lists.
quorum_is()
{
	[ "$(cpg_lib_in "$1" corosync-quorumtool -l 2>&1 |
		awk '$1 ~ /^[0-9]+$/ { printf "%s ", $1 }')" = "$2 " ]
}

# No fencing: there is nobody that could.
daemon()
{
	cpg_lib_start "dlm-$1" "$1" "${prefix[@]}" dlm_controld -D 1 \
		--enable_fencing 0
}

daemons()
{
	local node

	for node in 1 2 3; do
		daemon "$node" || return
	done
	for node in 1 2 3; do
		cpg_lib_wait "$LIMIT" has_nodes "$node" "1 2 3" || return
	done
}

# has_nodes NODE NODES: the daemon knows these, as members.
has_nodes()
{
	[ "$(dlm "$1" status | awk '$1 == "node" && $3 == "M" {
			printf "%s ", $2
		}')" = "$2 " ]
}

dlm()
{
	local node=$1

	shift
	cpg_lib_in "$node" timeout 300 "${prefix[@]}" dlm_tool "$@"
}

has_libraries()
{
	local node lib

	for node in 1 2 3; do
		for lib in libcpg.so.4 libquorum.so.5; do
			cpg_lib_in "$node" grep -q \
				"$([ -n "$theirs" ] && echo /usr/lib ||
					echo "$cpg_lib_tmp/lib")/.*$lib" \
				"/proc/${cpg_lib_pid[dlm-$node]}/maps" || return
		done
	done
}

# As they tell each other over the group dlm:controld.
daemons_agree()
{
	local node

	for node in 1 2 3; do
		dlm "$node" status | sed 's/^/# /'
		grep -q "dlm:controld.*conf 3" "$cpg_lib_tmp/dlm-$node.out" ||
			return
	done
}

# members NODE: of the lockspace, as its kernel has been told.
members()
{
	dlm "$1" ls | awk '$1 == "members" {
		for (i = 2; i <= NF; i++)
			printf "%s ", $i
	}'
}

# have_members MEMBERS NODE...: so say these nodes.
have_members()
{
	local want=$1 node

	shift
	for node; do
		cpg_lib_wait "$LIMIT" members_are "$node" "$want" || return
	done
}

members_are()
{
	[ "$(members "$1")" = "${2:+$2 }" ]
}

join_one()
{
	dlm 1 join space && have_members 1 1
}

join_all()
{
	dlm 2 join space && dlm 3 join space && have_members "1 2 3" 1 2 3
}

leave_one()
{
	dlm 2 leave space && have_members "1 3" 1 3 && have_members "" 2
}

join_again()
{
	dlm 2 join space && have_members "1 2 3" 1 2 3
}

dies()
{
	cpg_lib_crash 3 && have_members "1 2" 1 2
}

leave_all()
{
	dlm 1 leave space && have_members 2 2 && dlm 2 leave space
}

ends()
{
	local node

	for node in 1 2; do
		cpg_lib_kill "dlm-$node" TERM || return
		cpg_lib_wait "$LIMIT" is_gone "dlm-$node" || return
	done
}

is_gone()
{
	! cpg_lib_kill "$1" 0 > /dev/null
}

switch_off()
{
	guests_lib_end 1 && guests_lib_end 2
}

cpg_lib_init
cpg_lib_need corosync corosync-quorumtool dlm_controld dlm_tool "${CC:-cc}"
cpg_lib_check "three machines, each with corosync and a node" machines || exit
cpg_lib_check "three daemons, each knows the others" daemons || exit
cpg_lib_check "by the libraries in front" has_libraries
cpg_lib_check "they are members of one group" daemons_agree
cpg_lib_check "a lockspace on one node" join_one
cpg_lib_check "and on all" join_all
cpg_lib_check "one leaves it" leave_one
cpg_lib_check "and joins it again" join_again
cpg_lib_check "a machine dies, the others have the lockspace" dies
cpg_lib_check "they leave it" leave_all
cpg_lib_check "daemons end" ends
cpg_lib_check "no kernel has complained" switch_off
cpg_lib_done
