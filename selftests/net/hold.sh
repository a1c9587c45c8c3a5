#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A member that does not read, on one node, holds back the senders of its group
# on all nodes, and nobody else, until it reads or its time is over, also when
# the cluster falls apart meanwhile.  The topology is that of cpg_lib.sh; node 3
# has the slow members, and does not lead the view.

# shellcheck source-path=SCRIPTDIR source=../lib/cpg_lib.sh
. "$(dirname "$0")/../lib/cpg_lib.sh"

RCVBUF=8192			# bytes, twice that for the kernel
PATIENCE=86400000		# ms, longer than this runs
SHORT=500			# ms, the time of one that is put out
SUSPECT=1000			# ms until a cut is noticed

# A debug kernel in emulation needs seconds for what others do at once.
[ "$cpg_lib_speed" -lt 100 ] || SUSPECT=5000

# slow_timeout MS: of node 3.
slow_timeout()
{
	cpg_lib_in 3 sh -c "echo $1 > /proc/sys/net/cpg/slow_timeout"
}

start_members()
{
	slow_timeout "$PATIENCE" &&
		cpg_lib_member a 1 group && cpg_lib_member b 2 group &&
		cpg_lib_member d 1 other && cpg_lib_member e 3 other
}

# start_slow NAME [COMMAND...]: a member of node 3 that does not read.
start_slow()
{
	local name=$1 command

	shift
	cpg_lib_member "$name" 3 group &&
		cpg_lib_expect "$name" 'conf members=.* joined=3/' || return
	for command in "rcvbuf $RCVBUF" "$@" deaf; do
		cpg_lib_say "$name" "$command"
	done
	cpg_lib_expect "$name" 'deaf ok$' &&
		cpg_lib_expect b "joined=3/${cpg_lib_pid[$name]}:JOIN"
}

node_is_slow()
{
	cpg_lib_in 3 grep -q ' slow ' /proc/net/cpg/sockets
}

# writable NAME: what it finds now, "yes" or "no".
writable()
{
	cpg_lib_say "$1" writable
	cpg_lib_expect "$1" 'writable (yes|no)$' || return
	writable=${cpg_lib_line##* }
}

is_writable()
{
	writable "$1" && [ "$writable" = yes ]
}

is_not_writable()
{
	writable "$1" && [ "$writable" = no ]
}

# All that a sends without waiting.
fill()
{
	cpg_lib_say a "fill 1000"
	cpg_lib_expect a 'fill [0-9]+ EAGAIN$' || return
	accepted=${cpg_lib_line##*fill }
	accepted=${accepted% EAGAIN}
	echo "# $accepted messages of 1000 bytes were accepted"
}

# b, which has sent nothing, is held back.
fill_and_hold()
{
	fill && cpg_lib_wait 20000 node_is_slow &&
		cpg_lib_wait 20000 is_not_writable b
}

other_group()
{
	cpg_lib_say d "send hello"
	cpg_lib_expect d 'send ok$' &&
		cpg_lib_expect e "msg 1/${cpg_lib_pid[d]} hello\$" &&
		is_writable d && is_writable e && is_not_writable b
}

goes_on()
{
	cpg_lib_wait 20000 is_writable b && cpg_lib_wait 20000 is_writable a
}

# got NAME: the messages that it received.
got()
{
	cpg_lib_events "$1" | grep -c '^msg .* fill-'
}

got_all()
{
	[ "$(got "$1")" = "$accepted" ]
}

reads()
{
	cpg_lib_say c hear
	goes_on && cpg_lib_wait 20000 got_all c && cpg_lib_wait 20000 got_all b
}

put_out()
{
	slow_timeout $((SHORT * cpg_lib_speed))
	start_slow f && fill &&
		cpg_lib_expect b "left=3/${cpg_lib_pid[f]}:PROCDOWN," 60000 &&
		cpg_lib_expect f 'end ECONNRESET$' && goes_on &&
		slow_timeout "$PATIENCE"
}

# It is not put out, however long that takes.
patient()
{
	slow_timeout "$SHORT"
	start_slow g noevict && fill_and_hold && sleep 1 && is_not_writable b
}

cut_off()
{
	cpg_lib_cut 3
	cpg_lib_expect b "left=.*3/${cpg_lib_pid[g]}:NODEDOWN," 60000 &&
		goes_on
}

healed()
{
	cpg_lib_heal 3
	cpg_lib_expect b "joined=.*3/${cpg_lib_pid[g]}:NODEUP," 60000 &&
		is_not_writable b && is_not_writable a
}

reads_again()
{
	cpg_lib_say g hear
	goes_on
}

killed()
{
	slow_timeout "$PATIENCE"
	start_slow h noevict && fill_and_hold || return
	cpg_lib_kill h
	goes_on
}

cpg_lib_init
cpg_lib_net 1 2 3
cpg_lib_check "three nodes in one view" cpg_lib_cluster \
	heartbeat $((SUSPECT / 10)) suspect "$SUSPECT"
cpg_lib_check "four members in two groups" start_members
cpg_lib_check "a member that does not read" start_slow c
accepted=0
cpg_lib_check "holds the senders of its group back" fill_and_hold
cpg_lib_check "and no others" other_group
cpg_lib_check "until it reads, and nothing is lost" reads
cpg_lib_check "one that does not read is put out" put_out
cpg_lib_check "one that may be slow is not" patient
cpg_lib_check "unless its node is cut off" cut_off
cpg_lib_check "and with its node it comes back, slow as it was" healed
cpg_lib_check "until it reads" reads_again
cpg_lib_check "or is killed" killed
cpg_lib_done
