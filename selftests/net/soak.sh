#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A cluster of five nodes under loss, duplication, reordering and delay, whose
# links are cut and whose processes are killed, all at random.  What its nodes
# and processes see is traced, and the simulator's oracle looks at the trace.
#
#	CPG_SOAK	seconds of that; 20
#	CPG_SOAK_SEED	of what is random here; tells itself
#	CPG_SOAK_TRACE	where to keep the trace

cd "$(dirname "$0")" || exit 1
# shellcheck source-path=SCRIPTDIR source=../lib/cpg_lib.sh
. ../lib/cpg_lib.sh

NODES="1 2 3 4 5"
SECONDS_OF_FAULTS=${CPG_SOAK:-20}
SEED=${CPG_SOAK_SEED:-$RANDOM}
BUFFER_KB=16384			# of each CPU, for what is not read yet
ORACLE=../sim/cpg-oracle
TRACEFS=/sys/kernel/tracing

# Under emulation a node is late at times, a debug kernel by seconds.
SUSPECT=250			# ms
[ "$cpg_lib_speed" -eq 1 ] || SUSPECT=1000
[ "$cpg_lib_speed" -lt 100 ] || SUSPECT=5000

declare -A member=()		# node: its member
count=0 kills=0 cuts=0

trace_start()
{
	[ -e $TRACEFS/trace ] || mount -t tracefs nodev $TRACEFS ||
		cpg_lib_skip "no tracefs"
	[ -d $TRACEFS/events/cpg ] || cpg_lib_skip "no tracepoints"
	dir=$TRACEFS/instances/cpg-$$
	mkdir $dir || cpg_lib_skip "no trace instances"
	trap 'trace_stop; cpg_lib_cleanup' EXIT
	echo mono > $dir/trace_clock
	echo $BUFFER_KB > $dir/buffer_size_kb
	echo 1 > $dir/events/cpg/enable
	trace=${CPG_SOAK_TRACE:-$cpg_lib_tmp/trace}
	cat $dir/trace_pipe > "$trace" &
	reader=$!
}

trace_stop()
{
	[ -d "$dir" ] || return
	echo 0 > "$dir"/events/cpg/enable
	kill "$reader" 2> /dev/null
	wait "$reader" 2> /dev/null
	rmdir "$dir"
}

# Nothing was overwritten before it was read.
trace_whole()
{
	! grep -E '^(overrun|commit overrun|dropped events): [^0]' \
		"$dir"/per_cpu/cpu*/stats
}

# member_start NODE
member_start()
{
	count=$((count + 1))
	member[$1]=m$count
	cpg_lib_start "m$count" "$1" ./cpg_member "group-$((count % 2))"
}

member_kill()
{
	local name=${member[$1]} fd

	fd=${cpg_lib_input[$name]}
	cpg_lib_kill "$name"
	exec {fd}>&-
	rm -f "$cpg_lib_tmp/$name.out" "$cpg_lib_tmp/$name.in"
	kills=$((kills + 1))
}

all_send()
{
	local node

	for node in $NODES; do
		cpg_lib_say "${member[$node]}" "burst $((RANDOM % $1 + 1))"
	done 2> /dev/null
}

# nap MS
nap()
{
	sleep "$(printf '%d.%03d' $(($1 / 1000)) $(($1 % 1000)))"
}

# One thing goes wrong.
fault()
{
	local node=$((RANDOM % 5 + 1))

	case $((RANDOM % 4)) in
	0)
		member_kill "$node"
		member_start "$node"
		;;
	1)
		cpg_lib_cut "$node"
		cuts=$((cuts + 1))
		all_send 20
		nap $((RANDOM % (3 * SUSPECT)))
		cpg_lib_heal "$node"
		;;
	2)
		cpg_lib_netem delay "$((RANDOM % 5 + 1))ms" 1ms \
			loss "$((RANDOM % 10))%" duplicate "$((RANDOM % 5))%" \
			reorder "$((RANDOM % 30))%"
		;;
	3)
		cpg_lib_say "${member[$node]}" leave 2> /dev/null
		all_send 20
		member_kill "$node"
		member_start "$node"
		;;
	esac
	all_send 20
	nap $((RANDOM % 500))
}

faults()
{
	local end=$((SECONDS + SECONDS_OF_FAULTS)) node

	RANDOM=$SEED
	echo "# seed $SEED, $SECONDS_OF_FAULTS seconds"
	for node in $NODES; do
		member_start "$node"
	done
	while [ "$SECONDS" -lt "$end" ]; do
		fault
	done
	echo "# $kills processes killed, $cuts links cut"
}

heal()
{
	local node

	cpg_lib_netem limit 1000
	for node in $NODES; do
		cpg_lib_heal "$node"
	done
	for node in $NODES; do
		cpg_lib_wait 20000 cpg_lib_view_is "$node" "$NODES" || return
	done
}

lines_same()
{
	local before

	before=$(stat -c %s "$trace")
	sleep 1
	[ "$(stat -c %s "$trace")" = "$before" ]
}

# Nothing happens any more, and the trace says so.
quiet()
{
	cpg_lib_wait 60000 lines_same || return
	trace_whole || return
	trace_stop
	echo "# $(wc -l < "$trace") lines"
	echo "0.0: cpg_quiet: " >> "$trace"
}

oracle()
{
	$ORACLE "$trace" > "$cpg_lib_tmp/verdict"
	local status=$?

	cut -c 1-400 "$cpg_lib_tmp/verdict" | sed 's/^/# /'
	return "$status"
}

# Would it notice if a node had not delivered one message?
oracle_awake()
{
	local no

	no=$(grep -n 'cpg_deliver: .* message=1' "$trace" | sed -n '20s/:.*//p')
	sed "${no}d" "$trace" > "$cpg_lib_tmp/altered"
	$ORACLE "$cpg_lib_tmp/altered" | sed 's/^/# /' | cut -c 1-200
	[ "${PIPESTATUS[0]}" = 1 ]
}

cpg_lib_init
cpg_lib_need $ORACLE tc
trap '' PIPE
trace_start
# shellcheck disable=SC2086 # words
cpg_lib_net $NODES
cpg_lib_check "a cluster of five" cpg_lib_cluster \
	heartbeat $((SUSPECT / 5)) suspect $SUSPECT
cpg_lib_check "faults" faults
cpg_lib_check "one view afterwards" heal
cpg_lib_check "nothing is lost from the trace" quiet
cpg_lib_check "the oracle has nothing to say" oracle
cpg_lib_check "a message that is missing is noticed" oracle_awake
cpg_lib_done
