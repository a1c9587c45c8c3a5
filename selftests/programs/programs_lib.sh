# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# programs_lib.sh: three machines, for programs that nobody here wrote.  Sourced,
# never run, after cpg_lib.sh, whose network namespaces it makes machines of:
#
#   - a mount namespace with a /run and a /dev/shm that go with the machine, and
#     folders below /var that are its disk and stay;
#   - a host name, n1 for node 1;
#   - corosync, for what is not CPG: its configuration, quorum and cfg services;
#   - AF_CPG beside it, at a port of its own.
#
# Programs that are linked to corosync's libcpg find ours, by LD_LIBRARY_PATH.
# With CPG_PROGRAMS_LIB=corosync they find what they are linked to, and there is
# no node of ours: this tells our faults from those of the set-up.
# shellcheck disable=SC2154 # cpg_lib_* are cpg_lib.sh's
# shellcheck disable=SC2031 # what is changed in programs_lib_conf() is not meant

programs_lib_theirs=''
[ "${CPG_PROGRAMS_LIB:-}" != corosync ] || programs_lib_theirs=1
PROGRAMS_LIB_PORT=5500		# corosync has 5405
declare -A programs_lib_holder=() programs_lib_pid=()
# What a program adds to: folders of the disk, logs there, words to "cpg up".
declare -a programs_lib_disk=(/var/lib/corosync) programs_lib_logs=()
declare -a programs_lib_words=()
programs_lib_env=(LC_ALL=C)

# Programs may be other users than root, and the tree may be root's only.
cpg_lib_usable()
{
	local ours=$cpg_lib_root/userspace/lib

	chmod 755 "$cpg_lib_tmp"
	mountpoint -q /dev/shm || {
		mkdir -p /dev/shm
		mount -t tmpfs -o mode=1777 none /dev/shm
	}
	cpg_lib_need corosync corosync-quorumtool corosync-cpgtool
	[ -z "$programs_lib_theirs" ] || return 0
	[ -d /sys/module/cpg ] || cpg_lib_skip "the module is not loaded"
	cpg_lib_need "$ours/libcpg.so.4"
	mkdir "$cpg_lib_tmp/lib"
	cp -L "$ours/libcpg.so.4" "$cpg_lib_tmp/lib"
	programs_lib_env+=("LD_LIBRARY_PATH=$cpg_lib_tmp/lib")
}

# To ask costs what all machines together have little of.
# shellcheck disable=SC2034 # cpg_lib_wait() has it
cpg_lib_poll=0.5

# programs_lib_in NODE COMMAND...: on that machine.
programs_lib_in()
{
	local holder=${programs_lib_holder[$1]:?is switched off}

	nsenter -t "$holder" -n -m -u env "${programs_lib_env[@]}" "${@:2}"
}

# programs_lib_start NAME NODE COMMAND...: on that machine, in the background;
# what it prints goes to a file.
programs_lib_start()
{
	local name=$1 holder=${programs_lib_holder[$2]:?is switched off}

	nsenter -t "$holder" -n -m -u env "${programs_lib_env[@]}" "${@:3}" \
		< /dev/null >> "$cpg_lib_tmp/$name.out" 2>&1 &
	programs_lib_pid[$name]=$!
	cpg_lib_children+=("$!")
}

# programs_lib_end NAME: it is asked to end, does so, and all was well.
programs_lib_end()
{
	local pid=${programs_lib_pid[$1]}

	kill -TERM "$pid" &&
		cpg_lib_wait 60000 cpg_lib_is_gone "$pid" &&
		wait "$pid"
}

# In a shell of its own: functions there replace some of cpg_lib.sh's.
programs_lib_conf()
{
	(
		# shellcheck source-path=SCRIPTDIR source=../lib/corosync_lib.sh
		. "$cpg_lib_root/selftests/lib/corosync_lib.sh"
		corosync_lib_conf 1000 "${cpg_lib_nodes[@]}"
	) | sed '/state_dir:/d'
}

# programs_lib_power_on NODE: a machine without any program yet.
programs_lib_power_on()
{
	local node=$1 dir disk=$cpg_lib_tmp/disk-$1
	local -a pairs=()

	for dir in "${programs_lib_disk[@]}"; do
		[ -d "$disk$dir" ] || {
			mkdir -p "$disk${dir%/*}"
			cp -a "$dir" "$disk$dir"
		}
		pairs+=("$disk$dir" "$dir")
	done
	# shellcheck disable=SC2016 # expanded by the inner shell
	nsenter --net="/run/netns/cpg-$$-$node" unshare -m -u bash -c '
		hostname "$1" && shift &&
		mount -t tmpfs -o mode=755 none /run &&
		mkdir /run/lock &&
		mount -t tmpfs -o mode=1777 none /dev/shm || exit
		while [ $# -gt 0 ]; do
			mount --bind "$1" "$2" && shift 2 || exit
		done
		touch /run/powered-on
		exec sleep infinity' - "n$node" "${pairs[@]}" &
	programs_lib_holder[$node]=$!
	cpg_lib_children+=("$!")
	cpg_lib_wait 10000 programs_lib_is_on "$node"
}

programs_lib_is_on()
{
	programs_lib_in "$1" test -e /run/powered-on
} 2> /dev/null

# programs_lib_power_off NODE: without a word to the others; all processes of
# the machine end, at once, and its node does.  Its disk stays.
programs_lib_power_off()
{
	local node=$1 name

	cpg_lib_cut "$node"
	programs_lib_kill "$node"
	[ -n "$programs_lib_theirs" ] || cpg_lib_down "$node" || return
	ip -n "cpg-$$-$node" neigh flush dev eth0
	for name in "${!programs_lib_pid[@]}"; do
		[[ $name != *"-$node" ]] || unset "programs_lib_pid[$name]"
	done
	unset "programs_lib_holder[$node]"
}

# All processes in a network namespace, till there are none.
programs_lib_kill()
{
	local -a pids
	local pid

	while true; do
		mapfile -t pids < <(ip netns pids "cpg-$$-$1")
		[ ${#pids[@]} -gt 0 ] || return 0
		# In braces, so that bash does not report what it reaps.
		{
			kill -KILL "${pids[@]}"
			for pid in "${pids[@]}"; do
				wait "$pid"
			done
		} 2> /dev/null
	done
}

cpg_lib_nodes_end()
{
	local node

	for node in "${cpg_lib_nodes[@]}"; do
		programs_lib_kill "$node"
	done
}

# programs_lib_node NODE: corosync, and a node of ours.
programs_lib_node()
{
	local conf=$cpg_lib_tmp/corosync.conf

	[ -e "$conf" ] || programs_lib_conf > "$conf"
	: > "$cpg_lib_tmp/corosync-$1.out"
	programs_lib_start "corosync-$1" "$1" corosync -f -c "$conf"
	cpg_lib_wait 20000 grep -q "ready to provide service" \
		"$cpg_lib_tmp/corosync-$1.out" || return
	[ -n "$programs_lib_theirs" ] ||
		cpg_lib_up "$1" port $PROGRAMS_LIB_PORT \
			"${programs_lib_words[@]}"
}

# programs_lib_nodes: all machines, each with a node; all see all.
programs_lib_nodes()
{
	local node

	for node in "${cpg_lib_nodes[@]}"; do
		programs_lib_power_on "$node" &&
			programs_lib_node "$node" || return
	done
	programs_lib_together
}

# programs_lib_together [NODE...]: these are in the view of each of them.
programs_lib_together()
{
	local node

	[ $# -gt 0 ] || set -- "${cpg_lib_nodes[@]}"
	for node; do
		cpg_lib_wait 20000 programs_lib_quorum_is "$node" "$*" || return
		[ -n "$programs_lib_theirs" ] ||
			cpg_lib_wait 20000 cpg_lib_view_is "$node" "$*" || return
	done
}

# The nodes that corosync's quorum service of a node lists.
programs_lib_quorum_is()
{
	local list

	list=$(programs_lib_in "$1" corosync-quorumtool -l 2>&1 |
		awk '$1 ~ /^[0-9]+$/ { printf "%s ", $1 }')
	[ "$list" = "$2 " ]
}

cpg_lib_dump()
{
	local node file

	for file in "$cpg_lib_tmp"/*.out; do
		programs_lib_tail "$file"
	done
	for node in "${cpg_lib_nodes[@]}"; do
		for file in "${programs_lib_logs[@]}"; do
			programs_lib_tail "$cpg_lib_tmp/disk-$node$file"
		done
		[ -n "$programs_lib_theirs" ] ||
			cpg_lib_in "$node" timeout 10 "$cpg_lib_cpg" show \
				node view peers groups 2>&1 | sed 's/^/# /'
	done
}

programs_lib_tail()
{
	[ -s "$1" ] || return 0
	echo "# --- ${1#"$cpg_lib_tmp"/}"
	tail -n 30 "$1" | tr -d '\0' | sed 's/^/# /'
}

# programs_lib_has_library PID: the process has the libcpg that it should.
programs_lib_has_library()
{
	local path

	path=$(awk '/\/libcpg\.so\.4/ { print $NF; exit }' "/proc/$1/maps")
	if [ -n "$programs_lib_theirs" ]; then
		[[ $path == /usr/lib/* || $path == /lib/* ]]
	else
		[ "$path" = "$cpg_lib_tmp/lib/libcpg.so.4" ]
	fi
}

# programs_lib_members NODE GROUP: the nodes of its members, "1 2 3", as
# corosync-cpgtool tells, with the library that programs have.
programs_lib_members()
{
	local -a nodes

	mapfile -t nodes < <(programs_lib_in "$1" corosync-cpgtool -d , |
		GROUP=$2 awk -F , '$1 == ENVIRON["GROUP"] { print $3 }' |
		sort -n)
	echo "${nodes[*]}"
}

programs_lib_members_are()
{
	[ "$(programs_lib_members "$1" "$2")" = "$3" ]
}
