# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# corosync_lib.sh: the cluster of cpg_lib.sh, made of corosync's daemons.
# Sourced by it when CPG_LIB_CLUSTER=corosync, and replaces what differs.  The
# daemons' sockets are abstract, so the network namespaces keep them apart; each
# has a /run of its own, for it locks a file there.
# shellcheck disable=SC2154 # cpg_lib_tmp and cpg_lib_nodes are cpg_lib.sh's

declare -A corosync_lib_pid=()

cpg_lib_usable()
{
	cpg_lib_need corosync corosync-quorumtool
	# Its ring buffers are files; a guest may have no place for them.
	if ! mountpoint -q /dev/shm; then
		mkdir -p /dev/shm
		mount -t tmpfs -o mode=1777 none /dev/shm
	fi
}

# The lines of the section totem that say how packets travel.
corosync_lib_transport()
{
	case ${CPG_LIB_TRANSPORT:-udpu} in
	udpu) echo "	transport: udpu" ;;
	knet) echo "	transport: knet" ;;
	crypto)
		[ -e "$cpg_lib_tmp/authkey" ] ||
			head -c 256 /dev/urandom > "$cpg_lib_tmp/authkey"
		echo "	transport: knet"
		echo "	crypto_cipher: aes256"
		echo "	crypto_hash: sha256"
		echo "	keyfile: $cpg_lib_tmp/authkey"
		;;
	esac
}

# corosync_lib_conf TOKEN NODE...: as "up" has it for ours; the addresses are
# those of cpg_lib_addr.  A corosync.conf on standard output.
corosync_lib_conf()
{
	local token=$1 node

	shift
	cat << END
totem {
	version: 2
	cluster_name: test
$(corosync_lib_transport)
$([ "$token" = default ] || echo "	token: $token")
}
system {
	sched_rr: ${CPG_LIB_SCHED_RR:-no}
	state_dir: $cpg_lib_tmp/state
}
logging {
	to_stderr: yes
	to_syslog: no
	timestamp: hires
}
quorum {
	provider: corosync_votequorum
}
nodelist {
END
	for node; do
		cat << END
	node {
		ring0_addr: $(cpg_lib_addr "$node")
		nodeid: $node
		name: n$node
	}
END
	done
	echo "}"
}

# cpg_lib_up NODE [WORD...]: of the words, "suspect MS" is corosync's token, or
# "suspect default"; with three nodes and more it adds 650 ms for each but two.
cpg_lib_up()
{
	local node=$1 token=1000 conf=$cpg_lib_tmp/corosync.conf
	local state=$cpg_lib_tmp/state-$1

	shift
	while [ $# -ge 2 ]; do
		[ "$1" != suspect ] || token=$2
		shift 2
	done
	mkdir -p "$cpg_lib_tmp/state" "$state"
	corosync_lib_conf "$token" "${cpg_lib_nodes[@]}" > "$conf"
	# shellcheck disable=SC2016 # expanded by the inner shell
	nsenter --net="/run/netns/cpg-$$-$node" unshare -m bash -c '
		mount -t tmpfs none /run && mount --bind "$1" "$2" &&
		exec corosync -f -c "$3"' - \
		"$state" "$cpg_lib_tmp/state" "$conf" \
		> "$cpg_lib_tmp/corosync-$node.out" 2>&1 &
	corosync_lib_pid[$node]=$!
	cpg_lib_children+=("$!")
	cpg_lib_wait 20000 grep -q "ready to provide service" \
		"$cpg_lib_tmp/corosync-$node.out"
}

# corosync_lib_end NODE SIGNAL: and wait until it is gone; one that does not
# follow is killed.
corosync_lib_end()
{
	local pid=${corosync_lib_pid[$1]}

	# In braces, so that bash does not report what it reaps.
	{
		kill "-$2" "$pid"
		cpg_lib_wait 20000 cpg_lib_is_gone "$pid" ||
			kill -KILL "$pid"
		wait "$pid"
	} 2> /dev/null
	# What it shared with its clients; it is gone, they look no more.
	rm -rf "/dev/shm/qb-$pid"-* "/dev/shm/qb-corosync-$pid"-*
	unset "corosync_lib_pid[$1]"
	return 0
}

cpg_lib_nodes_end()
{
	local node

	for node in "${!corosync_lib_pid[@]}"; do
		corosync_lib_end "$node" KILL
	done
}

cpg_lib_down()
{
	corosync_lib_end "$1" TERM
}

cpg_lib_crash()
{
	corosync_lib_end "$1" KILL
}

cpg_lib_pause()
{
	kill -STOP "${corosync_lib_pid[$1]}"
}

cpg_lib_resume()
{
	kill -CONT "${corosync_lib_pid[$1]}"
}

# It is of a fixed size.
cpg_lib_small_buffer()
{
	:
}

# The nodes in the view of a node, as its quorum service lists them.
cpg_lib_view()
{
	local -a nodes

	mapfile -t nodes < <(cpg_lib_in "$1" corosync-quorumtool -l 2>&1 |
		awk '$1 ~ /^[0-9]+$/ { print $1 }')
	echo "${nodes[*]}"
}

# The number of the view, as its quorum service tells; it is in base 16.
cpg_lib_view_number()
{
	local number

	number=$(cpg_lib_in "$1" corosync-quorumtool -s |
		sed -n 's/^Ring ID: *[0-9]*\.//p')
	[ -n "$number" ] && echo $((16#$number))
}

cpg_lib_dump()
{
	local file

	for file in "$cpg_lib_tmp"/*.out; do
		echo "# --- ${file##*/}"
		tail -n 12 "$file" | tr -d '\0' | sed 's/^/# /'
	done
}
