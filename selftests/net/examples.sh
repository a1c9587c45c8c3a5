#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The programs of userspace/examples do what they say, on three nodes; the
# topology is that of cpg_lib.sh.

# shellcheck source-path=SCRIPTDIR source=../lib/cpg_lib.sh
. "$(dirname "$0")/../lib/cpg_lib.sh"

examples=$cpg_lib_root/userspace/examples
LIMIT=60000			# ms: not how soon, but what
OPERATIONS=20			# of each counter
ROUNDS=5			# of each node with the lock
LINES=10			# of each log

# Nobody is to be suspected because the machine is busy.
suspect=$((2000 + 100 * cpg_lib_speed))
declare -a timers=(heartbeat $((suspect / 10)) suspect "$suspect")

expect()
{
	cpg_lib_expect "$1" "$2" "$LIMIT"
}

# each COMMAND NAME...: "COMMAND NAME" for each; ends with the first that fails.
each()
{
	local command=$1 name

	shift
	for name; do
		$command "$name" || return
	done
}

# --- hello ---

hello()
{
	local node line

	for node in 1 2 3; do
		line=$(cpg_lib_in "$node" "$examples/hello") || return
		echo "# ${line//$'\n'/; }"
		[[ $line =~ node\ $node,\ process\ [0-9]+:\ hello,\ world$ ]] ||
			return
	done
}

# --- counter ---

counter_start()
{
	cpg_lib_start "n$1" "$1" "$examples/counter" number &&
		expect "n$1" "^members.* $1/${cpg_lib_pid[n$1]} joined"
}

counter_is_done()
{
	cpg_lib_say "$1" 0
	expect "$1" '^after' &&
		[[ $cpg_lib_line == "after $((3 * OPERATIONS)) operations "* ]]
}

counters_agree()
{
	local name first=''

	for name in n1 n2 n3; do
		cpg_lib_say "$name" "$OPERATIONS"
	done
	for name in n1 n2 n3; do
		cpg_lib_wait "$LIMIT" counter_is_done "$name" || return
		first=${first:-$cpg_lib_line}
		[ "$cpg_lib_line" = "$first" ] || return
	done
}

# --- chat: a on libcpg, b on the socket, c in Python ---

chats_join()
{
	cpg_lib_start a 1 "$examples/chat" talk &&
		expect a "^\* in the group: 1/${cpg_lib_pid[a]}\$" &&
		cpg_lib_start b 2 "$examples/chat_socket" talk &&
		expect b "^\* 2/${cpg_lib_pid[b]} joined\$" &&
		cpg_lib_start c 3 python3 "$examples/chat.py" talk &&
		each chat_sees_all a b c
}

chat_sees_all()
{
	expect "$1" "^\* 3/${cpg_lib_pid[c]} joined\$" &&
		expect "$1" "^\* in the group: 1/${cpg_lib_pid[a]} 2/${cpg_lib_pid[b]} 3/${cpg_lib_pid[c]}\$"
}

chat_says()
{
	cpg_lib_say "$1" "this is $1"
}

chat_hears()
{
	local pattern

	for pattern in "<1/${cpg_lib_pid[a]}> this is a" \
		"<2/${cpg_lib_pid[b]}> this is b" \
		"<3/${cpg_lib_pid[c]}> this is c"; do
		cpg_lib_wait "$LIMIT" grep -qx "$pattern" \
			"$cpg_lib_tmp/$1.out" || return
	done
}

# All hear all, in one order.
chats_talk()
{
	each chat_says a b c && each chat_hears a b c || return
	cmp <(grep '^<' "$cpg_lib_tmp/a.out") \
		<(grep '^<' "$cpg_lib_tmp/b.out") &&
		cmp <(grep '^<' "$cpg_lib_tmp/a.out") \
			<(grep '^<' "$cpg_lib_tmp/c.out")
}

chat_sees_end()
{
	expect "$1" "^\* $ended ended\$"
}

# Each kind is told of the end of another.
chats_end()
{
	ended=1/${cpg_lib_pid[a]}
	cpg_lib_kill a
	each chat_sees_end b c || return
	ended=2/${cpg_lib_pid[b]}
	cpg_lib_kill b
	each chat_sees_end c || return
	# End of input.
	cpg_lib_member_end c
}

# --- lock ---

# Must not be done by two at a time; $0 is the folder.
# shellcheck disable=SC2016 # for the other shell
critical='mkdir "$0/busy" || echo overlap >> "$0/overlaps"
n=$(cat "$0/count"); sleep 0.01; echo $((n + 1)) > "$0/count"; rmdir "$0/busy"'

lock_rounds()
{
	local i

	for ((i = 0; i < ROUNDS; i++)); do
		cpg_lib_in "$1" "$examples/lock" count sh -c "$critical" \
			"$cpg_lib_tmp" 2> /dev/null || return
	done
}

one_at_a_time()
{
	local node pid status=0
	local -a pids=()

	echo 0 > "$cpg_lib_tmp/count"
	for node in 1 2 3; do
		lock_rounds "$node" &
		pids+=($!)
		cpg_lib_children+=($!)
	done
	for pid in "${pids[@]}"; do
		wait "$pid" || status=1
	done
	[ "$status" = 0 ] && [ ! -e "$cpg_lib_tmp/overlaps" ] &&
		[ "$(cat "$cpg_lib_tmp/count")" = $((3 * ROUNDS)) ]
}

# lock_start NAME NODE AHEAD: it holds the lock until it is told a line.
lock_start()
{
	cpg_lib_start "$1" "$2" "$examples/lock" hold \
		sh -c 'echo held; read -r line' && expect "$1" "$3 ahead\$"
}

waits()
{
	! grep -q held "$cpg_lib_tmp/$1.out"
}

queue()
{
	lock_start l1 1 0 && expect l1 held && lock_start l2 2 1 &&
		lock_start l3 3 2 && lock_start l4 1 3 && each waits l2 l3 l4
}

holder_killed()
{
	cpg_lib_kill l1
	expect l2 held && expect l3 '1 ahead$' && each waits l3 l4
}

holder_ends()
{
	cpg_lib_say l2 go
	cpg_lib_member_end l2 && expect l3 held && expect l4 '1 ahead$'
}

# The holder's node is cut off: it gives up, and the majority goes on.
holder_cut_off()
{
	waits l4 || return
	cpg_lib_cut 3
	expect l4 held && expect l3 'no majority' &&
		! cpg_lib_member_end l3 || return
	cpg_lib_heal 3
	each views_agree 1 2 3
}

views_agree()
{
	cpg_lib_wait "$LIMIT" cpg_lib_view_is "$1" "1 2 3"
}

# --- replog ---

log_start()
{
	cpg_lib_start "r$1" "$1" "$examples/replog" log "$cpg_lib_tmp/log$1"
}

logs_start()
{
	each log_start 1 2 3 && expect r1 '^3 members' &&
		expect r2 '^3 members' && expect r3 '^3 members'
}

# log_has NODE LINES
log_has()
{
	[ "$(wc -l < "$cpg_lib_tmp/log$1")" = "$2" ]
}

# logs_equal LINES NODE...: so many lines, the same everywhere, in order.
logs_equal()
{
	local n=$1 first=$2 node

	shift
	for node; do
		cpg_lib_wait "$LIMIT" log_has "$node" "$n" || return
		cmp "$cpg_lib_tmp/log$first" "$cpg_lib_tmp/log$node" || return
	done
	LC_ALL=C sort -u -c "$cpg_lib_tmp/log$first"
}

logs_written()
{
	local node i

	for ((i = 1; i <= LINES; i++)); do
		for node in 1 2 3; do
			cpg_lib_say "r$node" "line $i of $node"
		done
	done
	logs_equal $((3 * LINES)) 1 2 3 &&
		grep -q " 2/${cpg_lib_pid[r2]} line $LINES of 2\$" \
			"$cpg_lib_tmp/log3"
}

# One that was down is told what it has missed.
log_comes_back()
{
	cpg_lib_kill r3
	expect r1 '^2 members' || return
	cpg_lib_say r1 "three is down"
	logs_equal $((3 * LINES + 1)) 1 2 || return
	log_has 3 $((3 * LINES)) || return
	log_start 3 && logs_equal $((3 * LINES + 1)) 1 2 3
}

# Both sides write; in the end each has what both wrote.
logs_meet()
{
	cpg_lib_cut 3
	expect r1 '^2 members' && expect r3 '^1 members' || return
	cpg_lib_say r1 "side one"
	cpg_lib_say r3 "side three"
	logs_equal $((3 * LINES + 2)) 1 2 &&
		logs_equal $((3 * LINES + 2)) 3 || return
	! grep 'side three' "$cpg_lib_tmp/log1" || return
	cpg_lib_heal 3
	logs_equal $((3 * LINES + 3)) 1 2 3 &&
		grep -q 'side three' "$cpg_lib_tmp/log1" &&
		grep -q 'side one' "$cpg_lib_tmp/log3"
}

cpg_lib_init
cpg_lib_need python3 "$examples"/{chat,chat_socket,counter,hello,lock,replog}
cpg_lib_net 1 2 3
cpg_lib_check "three nodes in one view" cpg_lib_cluster "${timers[@]}"
cpg_lib_check "hello" hello
cpg_lib_check "counter: three start" each counter_start 1 2 3
cpg_lib_check "counter: the numbers are equal" counters_agree
cpg_lib_check "chat: libcpg, socket and Python join one group" chats_join
cpg_lib_check "chat: all hear all, in one order" chats_talk
cpg_lib_check "chat: all are told who ended" chats_end
cpg_lib_check "lock: one at a time" one_at_a_time
cpg_lib_check "lock: others wait" queue
cpg_lib_check "lock: the next has it when the holder is killed" holder_killed
cpg_lib_check "lock: and when the command ends" holder_ends
cpg_lib_check "lock: and when the holder is cut off, which ends" holder_cut_off
cpg_lib_check "replog: three start" logs_start
cpg_lib_check "replog: the logs are equal" logs_written
cpg_lib_check "replog: one that was down catches up" log_comes_back
cpg_lib_check "replog: two sides that meet agree" logs_meet
cpg_lib_done
