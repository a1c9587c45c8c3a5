# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# guests_lib.sh: the cluster of cpg_lib.sh, made of guests: each node is a
# machine with a kernel of its own, at an Ethernet that they share.  Sourced,
# never run, after cpg_lib.sh, of which it replaces what differs; the test runs
# on the host.  A guest's log folder is guest-NODE, and selftests/qemu/guest/obey
# runs in it.  Links cannot be cut, but a guest can stand still, and die.  With
# CPG_LIB_CLUSTER=corosync, each has corosync's daemon.
# shellcheck disable=SC2154,SC2034,SC2004 # cpg_lib_* are cpg_lib.sh's

GUESTS_LIB_LANE=${GUESTS_LIB_LANE:-stock-6.12}
declare -A guests_lib_run=()
cpg_lib_speed=10 cpg_lib_poll=0.1

cpg_lib_usable()
{
	cpg_lib_need qemu-system-x86_64
}

# How fast the TSC is, in kHz.
guests_lib_tsc()
{
	"${CC:-cc}" -O2 -o "$cpg_lib_tmp/tsc" \
		"$cpg_lib_root/selftests/lib/tsc_khz.c" || return
	"$cpg_lib_tmp/tsc"
}

# cpg_lib_net NODE...: guests, with the module.  How fast its TSC is, a guest
# measures while it boots, and is far off if it has little of the machine then, so
# it is told; clocks whose speed it knows wrap while it stands still.  What stood
# still would find itself stuck, so it does not look.
cpg_lib_net()
{
	local node dir tsc

	cpg_lib_nodes=("$@")
	tsc=$(guests_lib_tsc) || return
	CPG_MODULE=$("$cpg_lib_root/selftests/qemu/build_module" \
		"$GUESTS_LIB_LANE" 2> "$cpg_lib_tmp/build.out") || return
	export CPG_MODULE
	for node; do
		dir=$cpg_lib_tmp/guest-$node
		mkdir -p "$dir"
		"$cpg_lib_root/selftests/qemu/run" -l "$GUESTS_LIB_LANE" -s 1 \
			-M 512 -t 1200 -o "$dir" -N "$$/$node" \
			-a "tsc_early_khz=$tsc nowatchdog" \
			-a "rcupdate.rcu_cpu_stall_suppress=1" \
			-- "insmod $CPG_MODULE &&
				$cpg_lib_root/selftests/qemu/guest/obey" \
			> "$cpg_lib_tmp/run-$node.out" 2>&1 &
		guests_lib_run[$node]=$!
	done
	for node; do
		cpg_lib_in "$node" true || return
	done
}

guests_lib_pid()
{
	cat "$cpg_lib_tmp/guest-$1/pid"
}

# The process exists and neither stands still nor has ended.
guests_lib_is_running()
{
	local stat pid

	kill -0 "${guests_lib_run[$1]}" 2> /dev/null || return
	# It has not begun.
	[ -s "$cpg_lib_tmp/guest-$1/pid" ] || return 0
	pid=$(guests_lib_pid "$1")
	read -r stat < "/proc/$pid/stat" || return
	[[ ${stat##*) } != [TtZX]* ]]
} 2> /dev/null

guests_lib_has_done()
{
	[ -e "$1" ] || ! guests_lib_is_running "$2"
}

# cpg_lib_in NODE COMMAND...: in the guest.
cpg_lib_in()
{
	local node=$1 dir=$cpg_lib_tmp/guest-$1 n=$EPOCHREALTIME.$BASHPID

	shift
	guests_lib_is_running "$node" || return
	{
		printf 'cd %q || exit\n' "$PWD"
		printf 'export LD_LIBRARY_PATH=%q\n' "${LD_LIBRARY_PATH:-}"
		printf '%q ' "$@"
	} > "$dir/new.$n"
	mv "$dir/new.$n" "$dir/do.$n"
	cpg_lib_wait 30000 \
		guests_lib_has_done "$dir/done.$n" "$node" >&2
	[ -e "$dir/done.$n" ] || return
	cat "$dir/out.$n"
	return "$(cat "$dir/done.$n")"
}

# cpg_lib_start NAME NODE COMMAND...: as the one it replaces; cpg_lib_pid is what
# the guest knows it by.
cpg_lib_start()
{
	local name=$1 node=$2 dir=$cpg_lib_tmp/guest-$2

	shift 2
	: > "$dir/$name.out"
	ln -sf "$dir/$name.out" "$cpg_lib_tmp/$name.out"
	# shellcheck disable=SC2016 # expanded by the guest
	cpg_lib_pid[$name]=$(cpg_lib_in "$node" bash -c '
		in=/run/$1.in out=$2
		shift 2
		rm -f "$in"
		mkfifo "$in"
		sleep infinity > "$in" 2> /dev/null &
		"$@" < "$in" > "$out" 2>&1 &
		echo $!' - "$name" "$dir/$name.out" "$@") || return
	cpg_lib_input[$name]=$node
	cpg_lib_seen[$name]=0
}

cpg_lib_say()
{
	# shellcheck disable=SC2016 # expanded by the guest
	cpg_lib_in "${cpg_lib_input[$1]}" bash -c 'echo "$1" > "$2"' - \
		"$2" "/run/$1.in"
}

cpg_lib_kill()
{
	cpg_lib_in "${cpg_lib_input[$1]}" kill "-${2:-KILL}" "${cpg_lib_pid[$1]}"
}

# The machine stands still, its kernel with it, or goes on.
cpg_lib_pause()
{
	kill -STOP "$(guests_lib_pid "$1")" &&
		cpg_lib_wait 10000 guests_lib_is_stopped "$1"
}

guests_lib_is_stopped()
{
	local stat

	read -r stat < "/proc/$(guests_lib_pid "$1")/stat" || return
	[[ ${stat##*) } == T* ]]
}

cpg_lib_resume()
{
	kill -CONT "$(guests_lib_pid "$1")"
}

# The machine is no more; that is what the run says, too.
cpg_lib_crash()
{
	local status=0

	kill -KILL "$(guests_lib_pid "$1")"
	wait "${guests_lib_run[$1]}" || status=$?
	[ $status = 125 ] || echo "# run: exit status $status"
	[ $status = 125 ]
}

# guests_lib_end NODE: it is switched off; whether its kernel had no complaint.
guests_lib_end()
{
	local pid=${guests_lib_run[$1]} status=0

	: > "$cpg_lib_tmp/guest-$1/end"
	wait "$pid" || status=$?
	[ $status = 0 ] || sed 's/^/# /' "$cpg_lib_tmp/run-$1.out"
	return $status
}

cpg_lib_nodes_end()
{
	# It kills what is its own.
	kill -TERM "${guests_lib_run[@]}"
	wait "${guests_lib_run[@]}"
} 2> /dev/null

if [ "${CPG_LIB_CLUSTER:-}" = corosync ]; then
	# The rest of corosync_lib.sh is left as it is.
	cpg_lib_up()
	{
		local node=$1 token=1000 conf=$cpg_lib_tmp/guest-$1/corosync.conf

		shift
		while [ $# -ge 2 ]; do
			[ "$1" != suspect ] || token=$2
			shift 2
		done
		corosync_lib_conf "$token" "${cpg_lib_nodes[@]}" > "$conf"
		cpg_lib_in "$node" mkdir -p "$cpg_lib_tmp/state" &&
			cpg_lib_start "corosync-$node" "$node" \
				corosync -f -c "$conf" &&
			cpg_lib_expect "corosync-$node" "ready to provide service"
	}
fi
