#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A node that cannot get its messages into order: senders are told to wait, in
# each of the ways there are, and what was accepted is delivered in the end:
# when the way is free again, or in a view of those that are left.  The topology
# is that of cpg_lib.sh; node 3, which does not lead the view, is cut off.

# shellcheck source-path=SCRIPTDIR source=../lib/cpg_lib.sh
. "$(dirname "$0")/../lib/cpg_lib.sh"

SNDBUF=20000			# bytes, twice that for the kernel
NEVER=30000			# ms until a cut is noticed: it is healed before
SUSPECT=1000			# ms until it is, where it is to be
BURST=20			# messages that the send buffer has room for

# A debug kernel in emulation needs seconds for what others do at once.
[ "$cpg_lib_speed" -lt 100 ] || SUSPECT=5000

start_members()
{
	cpg_lib_member a 1 group && cpg_lib_member c 3 group &&
		cpg_lib_expect a "joined=3/"
}

# All at once, so that the cut need not last: what comes of it is looked at
# afterwards.
cut_and_fill()
{
	local command

	cpg_lib_cut 3
	for command in "sndbuf $SNDBUF" "fill 1000" writable "sndtimeo 200" \
		"send late" "sndtimeo 0" "send patient"; do
		cpg_lib_say c "$command"
	done
	cpg_lib_wait 20000 grep -q 'send EAGAIN$' "$cpg_lib_tmp/c.out" &&
		cpg_lib_heal 3
}

# Without waiting: EAGAIN when the send buffer is full.
eagain()
{
	cpg_lib_expect c 'fill [0-9]+ EAGAIN$' || return
	accepted=${cpg_lib_line##*fill }
	accepted=${accepted% EAGAIN}
	echo "# $accepted messages of 1000 bytes were accepted"
	[ "$accepted" -gt 0 ] && [ "$accepted" -le $((2 * SNDBUF / 1000 + 1)) ]
}

not_writable()
{
	cpg_lib_expect c 'writable no$'
}

# With SO_SNDTIMEO: EAGAIN when the time is over.
send_timeout()
{
	local before

	before=$(cpg_lib_line_ms)
	cpg_lib_expect c 'send EAGAIN$' &&
		[ $(($(cpg_lib_line_ms) - before)) -ge 190 ]
}

# Waiting: it goes on when the way is free.
waiting_send()
{
	cpg_lib_expect c 'send ok$' &&
		cpg_lib_expect c "msg 3/${cpg_lib_pid[c]} patient\$"
}

# Everything that was accepted, once, and nothing that was refused.
all_delivered()
{
	local n

	n=$(cpg_lib_events c | grep -c '^msg .* fill-')
	echo "# $n of $accepted were delivered"
	[ "$n" = "$accepted" ] && ! cpg_lib_events c | grep -q '^msg .* late$'
}

writable_again()
{
	cpg_lib_say c writable
	cpg_lib_expect c 'writable yes$'
}

down_and_up()
{
	local node

	for node in "${cpg_lib_nodes[@]}"; do
		cpg_lib_down "$node" || return
	done
	cpg_lib_cluster heartbeat $((SUSPECT / 10)) suspect "$SUSPECT" &&
		start_members
}

noticed()
{
	cpg_lib_cut 3
	cpg_lib_say c "burst $BURST"
	cpg_lib_expect c 'burst ok$' &&
		cpg_lib_wait 30000 c_is_alone_and_done
}

# In which view its messages were ordered depends on who was faster.
c_is_alone_and_done()
{
	cpg_lib_events c | grep -q 'left=1/[0-9]*:NODEDOWN,' &&
		cpg_lib_events c | grep -q "^msg .* message-$((BURST - 1))\$"
}

in_order_once()
{
	cmp <(cpg_lib_events c | sed -n 's/^msg .* message-//p') \
		<(seq 0 $((BURST - 1)))
}

cpg_lib_init
cpg_lib_net 1 2 3
cpg_lib_check "three nodes in one view" cpg_lib_cluster \
	heartbeat 100 suspect $NEVER
cpg_lib_check "two members" start_members
accepted=0
cpg_lib_check "cut off, filled up, and the cut is healed" cut_and_fill
cpg_lib_check "a full send buffer is EAGAIN" eagain
cpg_lib_check "and not writable" not_writable
cpg_lib_check "SO_SNDTIMEO ends a wait" send_timeout
cpg_lib_check "a sender that waits goes on" waiting_send
cpg_lib_check "all that was accepted is delivered, once" all_delivered
cpg_lib_check "writable again" writable_again
cpg_lib_check "the same with a cut that is noticed" down_and_up
cpg_lib_check "what was accepted is delivered in the next view" noticed
cpg_lib_check "in order, once" in_order_once
cpg_lib_done
