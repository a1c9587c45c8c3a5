# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# cpg_lib.sh: what the shell tests share: a cluster of network namespaces,
# members that a script steers, faults on links, and KTAP.  Sourced, never run.
#
#	       cpg-PID-sw
#	+-------- br0 ---------+		every link is a veth pair, so each
#	| p1	  p2	  p3   |		can be cut at its p end and can
#	+--+------+-------+----+		lose packets at both ends
#	   |	  |	  |
#	 eth0	eth0	eth0			10.9.0.I/24, fd09::I/64
#      +-----+ +-----+ +-----+
#      | 1   | | 2   | | 3   |			cpg-PID-I
#      +-----+ +-----+ +-----+
#
# A test calls cpg_lib_init, then cpg_lib_net and so on, reports with
# cpg_lib_check or cpg_lib_result, and ends with cpg_lib_done.  Times are in
# milliseconds; those of cpg_lib_wait and of what is built on it are multiplied
# by CPG_SPEED, which says how much slower than the machine a guest is.
# CPG_LIB_FAMILY=6 puts a cluster on IPv6, CPG_LIB_CLUSTER=corosync makes it of
# corosync's daemons.

readonly KSFT_SKIP=4

cpg_lib_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cpg_lib_cpg=$cpg_lib_root/userspace/tools/cpg
cpg_lib_bin=$cpg_lib_root/selftests/net
cpg_lib_speed=${CPG_SPEED:-1}
cpg_lib_poll=0.02		# seconds from one try to the next
cpg_lib_family=${CPG_LIB_FAMILY:-4}
cpg_lib_count=0
cpg_lib_failed=0
cpg_lib_tmp=''
declare -a cpg_lib_children=() cpg_lib_spaces=() cpg_lib_nodes=()
declare -A cpg_lib_pid=() cpg_lib_input=() cpg_lib_seen=()

# --- life cycle --------------------------------------------------------------

cpg_lib_init()
{
	cpg_lib_tmp=$(mktemp -d)
	trap cpg_lib_cleanup EXIT
	trap 'exit 130' INT TERM
	echo "KTAP version 1"
	[ "$(id -u)" = 0 ] || cpg_lib_skip "needs root"
	cpg_lib_usable
}

cpg_lib_usable()
{
	[ -d /sys/module/cpg ] || cpg_lib_skip "the module is not loaded"
}

# Nodes of ours go with their namespaces.
cpg_lib_nodes_end()
{
	:
}

# Ends what was started, newest first, and deletes the namespaces.
cpg_lib_cleanup()
{
	local pid name

	trap - EXIT
	cpg_lib_nodes_end
	# In braces, so that bash does not report what it reaps.
	{
		for pid in "${cpg_lib_children[@]}"; do
			kill -KILL "$pid"
		done
		wait
	} 2> /dev/null
	for name in "${cpg_lib_spaces[@]}"; do
		ip netns del "$name" 2> /dev/null
	done
	rm -rf "$cpg_lib_tmp"
}

# cpg_lib_skip WHY: a missing feature; an error where all is expected.
cpg_lib_skip()
{
	if [ "${CPG_EXPECT_ALL:-}" = 1 ]; then
		echo "# missing, and CPG_EXPECT_ALL is set: $*"
		exit 1
	fi
	echo "1..0 # SKIP $*"
	exit "$KSFT_SKIP"
}

cpg_lib_need()
{
	local tool

	for tool in "$@"; do
		[ -x "$tool" ] || command -v "$tool" > /dev/null ||
			cpg_lib_skip "no $tool"
	done
}

# --- KTAP --------------------------------------------------------------------

# cpg_lib_result STATUS NAME
cpg_lib_result()
{
	cpg_lib_count=$((cpg_lib_count + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $cpg_lib_count $2"
		return 0
	fi
	cpg_lib_failed=$((cpg_lib_failed + 1))
	echo "not ok $cpg_lib_count $2"
	return 1
}

# cpg_lib_check NAME COMMAND...: a test that passes if the command does.
cpg_lib_check()
{
	local name=$1 status=0

	shift
	"$@" || status=$?
	cpg_lib_result $status "$name" || cpg_lib_dump
}

# What helps to understand a failure.
cpg_lib_dump()
{
	local file node

	for file in "$cpg_lib_tmp"/*.out; do
		[ -e "$file" ] || continue
		echo "# --- ${file##*/}"
		tail -n 12 "$file" | sed 's/^/# /'
	done
	for node in "${cpg_lib_nodes[@]}"; do
		echo "# --- node $node"
		cpg_lib_in "$node" timeout 10 "$cpg_lib_cpg" show \
			node view peers groups counters 2>&1 |
			sed '/ 0$/d; s/^/# /'
	done
}

cpg_lib_done()
{
	echo "1..$cpg_lib_count"
	[ "$cpg_lib_failed" -eq 0 ]
	exit
}

# --- waiting -----------------------------------------------------------------

# Milliseconds since the epoch, as cpg_member prints them.
cpg_lib_now()
{
	echo $((${EPOCHREALTIME/[.,]/} / 1000))
}

# cpg_lib_wait MS COMMAND...: try until the command succeeds or time is up.
cpg_lib_wait()
{
	local end=$(($(cpg_lib_now) + $1 * cpg_lib_speed))

	shift
	until "$@"; do
		if [ "$(cpg_lib_now)" -gt $end ]; then
			echo "# waited in vain for: $*"
			return 1
		fi
		sleep "$cpg_lib_poll"
	done
}

# --- the network -------------------------------------------------------------

# cpg_lib_in NODE COMMAND...; not with "ip netns exec", which mounts /sys anew
# each time: where seconds are minutes, that is most of a test's time.
cpg_lib_in()
{
	local node=$1

	shift
	nsenter --net="/run/netns/cpg-$$-$node" "$@"
}

cpg_lib_addr()
{
	if [ "$cpg_lib_family" = 6 ]; then
		echo "fd09::$1"
	else
		echo "10.9.0.$1"
	fi
}

cpg_lib_space_add()
{
	local name=cpg-$$-$1

	ip netns add "$name" || cpg_lib_skip "no network namespaces"
	cpg_lib_spaces+=("$name")
	ip -n "$name" link set lo up
}

# cpg_lib_net NODE...: namespaces, joined by a bridge in one of its own.
cpg_lib_net()
{
	cpg_lib_need ip
	cpg_lib_space_add sw
	ip -n "cpg-$$-sw" link add br0 type bridge ||
		cpg_lib_skip "no bridge"
	ip -n "cpg-$$-sw" link set br0 up
	cpg_lib_net_add "$@"
	cpg_lib_nodes=("$@")
}

# cpg_lib_net_add NODE...: more namespaces, no nodes of the cluster.
cpg_lib_net_add()
{
	local node

	for node in "$@"; do
		cpg_lib_space_add "$node"
		ip -n "cpg-$$-sw" link add "p$node" mtu 1500 type veth \
			peer name eth0 netns "cpg-$$-$node" ||
			cpg_lib_skip "no veth"
		ip -n "cpg-$$-sw" link set "p$node" master br0 up
		ip -n "cpg-$$-$node" addr add "10.9.0.$node/24" dev eth0
		ip -n "cpg-$$-$node" addr add "fd09::$node/64" dev eth0 nodad
		ip -n "cpg-$$-$node" link set eth0 up
	done
}

# The namespaces of these nodes and all in them go; the bridge stays.
cpg_lib_space_del()
{
	local node

	for node in "$@"; do
		ip netns del "cpg-$$-$node"
	done
}

cpg_lib_cut()
{
	ip -n "cpg-$$-sw" link set "p$1" down
}

cpg_lib_heal()
{
	ip -n "cpg-$$-sw" link set "p$1" up
}

# cpg_lib_netem ARGUMENTS...: netem on both ends of every link.
cpg_lib_netem()
{
	local node

	cpg_lib_need tc
	for node in "${cpg_lib_nodes[@]}"; do
		tc -n "cpg-$$-sw" qdisc replace dev "p$node" root netem "$@" ||
			cpg_lib_skip "no netem"
		tc -n "cpg-$$-$node" qdisc replace dev eth0 root netem "$@" ||
			cpg_lib_skip "no netem"
	done
}

# --- the cluster -------------------------------------------------------------

# cpg_lib_up NODE [WORD...]: configure a node with all others as peers; more
# words go to "cpg up".
cpg_lib_up()
{
	local node=$1 peer

	shift
	local -a words=(id "$node" local "$(cpg_lib_addr "$node")" "$@")
	for peer in "${cpg_lib_nodes[@]}"; do
		[ "$peer" = "$node" ] ||
			words+=(peer "$peer" "$(cpg_lib_addr "$peer")")
	done
	cpg_lib_in "$node" "$cpg_lib_cpg" up --no-wait "${words[@]}" |
		sed 's/^/# /'
	return "${PIPESTATUS[0]}"
}

cpg_lib_down()
{
	cpg_lib_in "$1" "$cpg_lib_cpg" down
}

# A send buffer that is soon full.
cpg_lib_small_buffer()
{
	cpg_lib_in "$1" sysctl -q -w net.cpg.sndbuf=100000
}

# A node ends without a word to the others, and with it all handles on it.
cpg_lib_crash()
{
	cpg_lib_cut "$1"
	cpg_lib_down "$1" || return
	# What waits there for a neighbour's address would be its word.
	ip -n "cpg-$$-$1" neigh flush dev eth0
	cpg_lib_heal "$1"
}

# A node of ours is a kernel, and that of the others, too: it cannot stand
# still.  Nothing of it gets out or in, and its processes do.
cpg_lib_pause()
{
	cpg_lib_cut "$1"
	ip netns pids "cpg-$$-$1" | xargs -r kill -STOP
}

cpg_lib_resume()
{
	ip netns pids "cpg-$$-$1" | xargs -r kill -CONT
	cpg_lib_heal "$1"
}

# The nodes in the view of a node, "1 2 3", as "cpg show -j" tells.
cpg_lib_view()
{
	local json

	json=$(cpg_lib_in "$1" "$cpg_lib_cpg" show -j) || return
	json=${json//[[:space:]]/}
	[[ $json =~ \"view\":\{[^}]*\"nodes\":\[([0-9,]*)\] ]] || return
	echo "${BASH_REMATCH[1]//,/ }"
}

# The number of the view of a node.
cpg_lib_view_number()
{
	local json

	json=$(cpg_lib_in "$1" "$cpg_lib_cpg" show -j) || return
	json=${json//[[:space:]]/}
	[[ $json =~ \"view\":\{\"seq\":([0-9]+) ]] || return
	echo "${BASH_REMATCH[1]}"
}

# cpg_lib_counter NODE NAME: a counter or the number of packets dropped.
cpg_lib_counter()
{
	local json

	json=$(cpg_lib_in "$1" "$cpg_lib_cpg" show -j) || return
	json=${json//[[:space:]]/}
	[[ $json =~ \"$2\":([0-9]+) ]] || return
	echo "${BASH_REMATCH[1]}"
}

cpg_lib_view_is()
{
	[ "$(cpg_lib_view "$1")" = "$2" ]
}

# cpg_lib_cluster [WORD...]: every node up, one view.
# shellcheck disable=SC2120 # the words are optional
cpg_lib_cluster()
{
	local node

	cpg_lib_need "$cpg_lib_cpg"
	for node in "${cpg_lib_nodes[@]}"; do
		cpg_lib_up "$node" "$@" || return
	done
	for node in "${cpg_lib_nodes[@]}"; do
		cpg_lib_wait 10000 cpg_lib_view_is "$node" \
			"${cpg_lib_nodes[*]}" || return
	done
}

# --- members -----------------------------------------------------------------

# cpg_lib_start NAME NODE COMMAND...: start a program that reads commands; what
# it prints goes to a file.
cpg_lib_start()
{
	local name=$1 node=$2 in=$cpg_lib_tmp/$1.in fd

	shift 2
	rm -f "$in"
	mkfifo "$in"
	# Executed, not called, so that $! is the program.
	nsenter --net="/run/netns/cpg-$$-$node" "$@" \
		< "$in" > "$cpg_lib_tmp/$name.out" 2>&1 &
	cpg_lib_pid[$name]=$!
	cpg_lib_children+=("$!")
	exec {fd}> "$in"
	cpg_lib_input[$name]=$fd
	cpg_lib_seen[$name]=0
}

# cpg_lib_member NAME NODE GROUP: start a member of a group.
cpg_lib_member()
{
	cpg_lib_start "$1" "$2" "$cpg_lib_bin/cpg_member" "$3"
	cpg_lib_expect "$1" 'node [0-9]+ pid'
}

# cpg_lib_say NAME COMMAND: as the program takes it.
cpg_lib_say()
{
	echo "$2" >&"${cpg_lib_input[$1]}"
}

# cpg_lib_is_gone PID: ended, though perhaps not yet waited for.
cpg_lib_is_gone()
{
	local stat

	read -r stat < "/proc/$1/stat" || return 0
	[[ ${stat##*) } == Z* ]]
} 2> /dev/null

# cpg_lib_kill NAME [SIGNAL]: and wait until it is gone.
cpg_lib_kill()
{
	{
		kill "-${2:-KILL}" "${cpg_lib_pid[$1]}"
		wait "${cpg_lib_pid[$1]}"
	} 2> /dev/null
}

# cpg_lib_member_end NAME: it has exited; its status.
cpg_lib_member_end()
{
	local status=0 fd=${cpg_lib_input[$1]}

	exec {fd}>&-
	wait "${cpg_lib_pid[$1]}" 2> /dev/null || status=$?
	return $status
}

# Without another process: this is asked again and again.
cpg_lib_line_after()
{
	local seen=${cpg_lib_seen[$1]} line
	local -a lines

	[ -e "$cpg_lib_tmp/$1.out" ] || return
	mapfile -t -s "$seen" lines < "$cpg_lib_tmp/$1.out"
	for line in "${lines[@]}"; do
		seen=$((seen + 1))
		[[ $line =~ $2 ]] || continue
		cpg_lib_seen[$1]=$seen
		cpg_lib_line=$line
		return 0
	done
	return 1
}

# cpg_lib_expect NAME REGEX [MS]: the member prints such a line, after those
# that were expected before; cpg_lib_line is the line.
cpg_lib_expect()
{
	cpg_lib_line=''
	cpg_lib_wait "${3:-20000}" cpg_lib_line_after "$1" "$2"
}

# The time in the line that was expected last.
cpg_lib_line_ms()
{
	echo "${cpg_lib_line%% *}"
}

# Events of a member so far, without times.
cpg_lib_events()
{
	grep -E '^[0-9]+ (msg|conf|view) ' "$cpg_lib_tmp/$1.out" |
		cut -d ' ' -f 2-
}

if [ "${CPG_LIB_CLUSTER:-}" = corosync ]; then
	# shellcheck source-path=SCRIPTDIR source=corosync_lib.sh
	. "$cpg_lib_root/selftests/lib/corosync_lib.sh"
fi
