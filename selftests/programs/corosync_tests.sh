#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The test programs of CPG in corosync's source, as they are, on three nodes:
# those of ours with our libcpg in front, and with CPG_PROGRAMS_LIB=corosync
# corosync's daemons and library.  selftests/qemu/setup compiles them.  Some
# flood, ten seconds for each size, or do so for ever; they are told when to go
# on or to end by the signals they heed, after what has to be seen was.

if [ "${CPG_PROGRAMS_LIB:-}" = corosync ]; then
	export CPG_LIB_CLUSTER=corosync
fi
# shellcheck source-path=SCRIPTDIR source=../lib/cpg_lib.sh
. "$(dirname "$0")/../lib/cpg_lib.sh"
# shellcheck source-path=SCRIPTDIR source=../qemu/lib.sh
. "$cpg_lib_root/selftests/qemu/lib.sh"

LIMIT=60000			# ms, times CPG_SPEED
VERIFIED=$((100 / cpg_lib_speed + 20))
words=(heartbeat 200 suspect 2000)
bin=$cache_dir/corosync-tests
cpg_lib_poll=0.1
if [ -n "${CPG_LIB_CLUSTER:-}" ]; then
	lib=$(ldconfig -p | awk '$1 == "libcpg.so.4" { print $NF; exit }')
	lib=$(dirname "$(realpath "$lib")")
else
	lib=$cpg_lib_root/userspace/lib
fi

# start NAME NODE PROGRAM [WORD...]: what it prints is to be seen at once.
start()
{
	local name=$1 node=$2 program=$3

	cpg_lib_start "$name" "$node" env "LD_LIBRARY_PATH=$lib" \
		stdbuf -oL "$bin/$program" "${@:4}"
}

is_gone()
{
	cpg_lib_is_gone "${cpg_lib_pid[$1]}"
}

# ends NAME [MS]: by itself; its status.
ends()
{
	cpg_lib_wait "${2:-$LIMIT}" is_gone "$1" && cpg_lib_member_end "$1"
}

# signal NAME SIGNAL
signal()
{
	kill "-$2" "${cpg_lib_pid[$1]}"
}

printed()
{
	grep -Eq "$2" "$cpg_lib_tmp/$1.out"
}

# says NAME REGEX: sooner or later.
says()
{
	cpg_lib_wait "$LIMIT" printed "$1" "$2"
}

is_mapped()
{
	grep -q " $lib/libcpg\.so\.4" "/proc/${cpg_lib_pid[$1]}/maps"
} 2> /dev/null

nodes_up()
{
	cpg_lib_cluster "${words[@]}"
}

# alone PROGRAM [MS]: nobody else is needed, and it ends by itself.
alone()
{
	start "$1" 1 "$1"
	ends "$@"
}

passes()
{
	alone "$@" && printed "$1" '^PASS$' && ! printed "$1" '^FAIL'
}

# The only member of its group: all the nodes that it is told are its own.
testcpg2()
{
	alone testcpg2 &&
		printed testcpg2 '^ for the test to pass\.local_get: 1$' &&
		printed testcpg2 '^confchg nodeid 1$' &&
		! grep -E 'nodeid:? ' "$cpg_lib_tmp/testcpg2.out" |
		grep -Ev 'nodeid:? 1$'
}

# --- testcpg, testcpgzc ------------------------------------------------------

# who NAME NODE [SEPARATOR]: as they print a member.
who()
{
	echo "node/pid${3:-} $2/${cpg_lib_pid[$1]}"
}

# testcpg prints its members without an end, testcpgzc with a colon.
joins_first()
{
	start one 1 testcpg
	cpg_lib_expect one '^Local node id is 1$' "$LIMIT" &&
		cpg_lib_expect one "^ConfchgCallback: group 'GROUP" "$LIMIT" &&
		cpg_lib_expect one "^joined $(who one 1) reason: 1$" "$LIMIT" &&
		cpg_lib_expect one '^nodes in group now 1$' "$LIMIT" &&
		cpg_lib_expect one "^$(who one 1)$" "$LIMIT" &&
		says one '^active processors 3: 1 2 3 $' && is_mapped one
}

joins_second()
{
	start two 2 testcpgzc
	cpg_lib_expect two "^joined $(who two 2 :) reason: 1$" "$LIMIT" &&
		cpg_lib_expect two '^nodes in group now 2$' "$LIMIT" &&
		cpg_lib_expect two "^$(who one 1 :)$" "$LIMIT" &&
		cpg_lib_expect two "^$(who two 2 :)$" "$LIMIT" &&
		cpg_lib_expect one "^joined $(who two 2) reason: 1$" "$LIMIT" &&
		cpg_lib_expect one '^nodes in group now 2$' "$LIMIT" &&
		is_mapped two
}

# tells FROM NODE TEXT NAME...: what is typed arrives at these, with
# the end of its line and the NUL.
tells()
{
	local from=$1 text=$3 name line

	line="^DeliverCallback: message \(len=$((${#text} + 2))\)"
	line+="from $(who "$1" "$2"): '$text$"
	cpg_lib_say "$from" "$text"
	for name in "${@:4}"; do
		cpg_lib_expect "$name" "$line" "$LIMIT" || return
	done
}

talk()
{
	tells one 1 "hello from one" one two &&
		tells two 2 "and from two" two one
}

leaves()
{
	cpg_lib_say two EXIT
	cpg_lib_expect two "^left $(who two 2 :) reason: 2$" "$LIMIT" &&
		cpg_lib_expect two '^We have left the building$' "$LIMIT" &&
		cpg_lib_expect two '^Finalize  result is 1 ' "$LIMIT" &&
		ends two &&
		cpg_lib_expect one "^left $(who two 2) reason: 2$" "$LIMIT" &&
		cpg_lib_expect one '^nodes in group now 1$' "$LIMIT"
}

is_killed()
{
	start two 2 testcpg
	cpg_lib_expect one "^joined $(who two 2) reason: 1$" "$LIMIT" &&
		cpg_lib_kill two
	cpg_lib_expect one "^left $(who two 2) reason: 5$" "$LIMIT" &&
		cpg_lib_expect one '^nodes in group now 1$' "$LIMIT"
}

# The link of the third is cut, and mended.
is_apart()
{
	start three 3 testcpg
	cpg_lib_expect one "^joined $(who three 3) reason: 1$" "$LIMIT" &&
		says three "^joined $(who three 3) reason: 1$" || return
	cpg_lib_cut 3
	cpg_lib_expect one "^left $(who three 3) reason: 3$" "$LIMIT" &&
		cpg_lib_expect three "^left $(who one 1) reason: 3$" "$LIMIT" &&
		says one '^active processors 2: 1 2 $' &&
		says three '^active processors 1: 3 $'
}

is_together()
{
	cpg_lib_heal 3
	cpg_lib_expect one "^joined $(who three 3) reason: 4$" "$LIMIT" &&
		cpg_lib_expect three "^joined $(who one 1) reason: 4$" \
			"$LIMIT" &&
		tells one 1 "there again" one three
}

# All that is there notices, and tries to begin anew.  A node of ours that is
# not configured is one by itself, on which they can; corosync has to run.
node_dies()
{
	start hum 3 cpghum -d 20 -p 600 -n GROUP3
	start hears 1 cpghum -l -p 0 -E -n GROUP3
	says hears ' received from node 3$' &&
		cpg_lib_crash 3 &&
		cpg_lib_expect one "^left $(who three 3) reason: 3$" "$LIMIT" &&
		says three '^Finalize\+restart result is ' &&
		says hum '^Reconnecting'
}

node_returns()
{
	local node

	cpg_lib_kill hum
	cpg_lib_kill three
	signal hears INT && ends hears && cpg_lib_up 3 "${words[@]}" || return
	for node in 1 2 3; do
		cpg_lib_wait "$LIMIT" cpg_lib_view_is "$node" "1 2 3" || return
	done
	start three 3 testcpg
	cpg_lib_expect one "^joined $(who three 3) reason: 1$" "$LIMIT" &&
		tells three 3 "back again" three one
}

exits()
{
	local name

	for name in one three; do
		cpg_lib_say "$name" EXIT
		cpg_lib_expect "$name" '^Finalize  result is 1 ' "$LIMIT" &&
			ends "$name" || return
	done
}

# --- cpghum ------------------------------------------------------------------

# listens NAME NODE GROUP: and prints each second how many it has heard; that
# it is a member is told by one who leaves before anything is sent.
listens()
{
	start watch 1 testcpg "$3"
	says watch "^$(who watch 1)$" || return
	start "$1" "$2" cpghum -l -p 0 -E -n "$3"
	says watch "^joined $(who "$1" "$2") reason: 1$" &&
		is_mapped "$1" || return
	cpg_lib_say watch EXIT
	ends watch
}

# heard NAME NODE: so many messages of that node, as it says.
heard()
{
	awk -v node="$2" '/ received from node / && $NF == node { n = $2 }
		END { print n + 0 }' "$cpg_lib_tmp/$1.out"
}

has_heard()
{
	[ "$(heard "$1" "$2")" -ge "$3" ]
}

# hears NAME NODE MESSAGES: sooner or later so many, or more.
hears()
{
	cpg_lib_wait "$LIMIT" has_heard "$@"
}

# stat_of NAME WHAT: of what it prints at its end.
stat_of()
{
	sed -n "s/^ *$2:[[:space:]]*//p" "$cpg_lib_tmp/$1.out"
}

# It is told to end, and found nothing wrong: no message of another length than
# its sender said, none missing or out of order, no wrong CRC.
hum_ends()
{
	local what

	signal "$1" INT && ends "$1" || return
	for what in "length errors" "sequence errors" "crc errors"; do
		[ "$(stat_of "$1" "$what")" = 0 ] || return
	done
	! printed "$1" "don't match|send failed"
}

# hum GROUP MESSAGES WORDS [WORDS]: node 1, and node 2, send at least so many,
# and node 3 has just what they have sent.
hum()
{
	local name

	hum_all "$@" && return
	# They are not to be in the way of the next.
	for name in "${!cpg_lib_pid[@]}"; do
		[[ $name != "$1"-* ]] || cpg_lib_kill "$name"
	done
	return 1
}

hum_all()
{
	local group=$1 messages=$2 node sent sum=0
	local -a senders=("${@:3}")

	listens "$group-3" 3 "$group" || return
	for node in "${!senders[@]}"; do
		# shellcheck disable=SC2086 # words
		start "$group-$node" $((node + 1)) cpghum -p 600 -n "$group" \
			${senders[node]}
	done
	for node in "${!senders[@]}"; do
		hears "$group-3" $((node + 1)) "$messages" || return
	done
	for node in "${!senders[@]}"; do
		hum_ends "$group-$node" || return
		sent=$(stat_of "$group-$node" "packets sent")
		[ "$(stat_of "$group-$node" "send failures")" = 0 ] &&
			hears "$group-3" $((node + 1)) "$sent" || return
		sum=$((sum + sent))
	done
	hum_ends "$group-3" || return
	echo "# $group: $sum messages"
	[ "$(stat_of "$group-3" "packets recvd")" = "$sum" ]
}

# --- cpgverify ---------------------------------------------------------------

# All that run it send the same messages: what node 3 has of each number.
verified()
{
	awk -v n="$VERIFIED" '
		/^msg .cpg_mcast_joined: This is message / {
			got[$NF + 0]++
		}
		END {
			for (i = 0; i < n; i++)
				if (got[i] != 3)
					exit 1
		}' "$cpg_lib_tmp/verify-3.out"
}

verify()
{
	local node

	start verify-3 3 cpgverify
	says verify-3 '^SIZE ' && is_mapped verify-3 || return
	for node in 1 2; do
		start "verify-$node" "$node" cpgverify -i "$VERIFIED"
	done
	cpg_lib_wait "$LIMIT" verified || return
	for node in 1 2; do
		ends "verify-$node" && printed "verify-$node" '^SIZE ' &&
			! printed "verify-$node" 'incorrect hash' || return
	done
	! is_gone verify-3 && ! printed verify-3 'incorrect hash' &&
		cpg_lib_kill verify-3 TERM
	[ $? -eq 143 ]
}

# --- cpgbench, cpgbenchzc, cpgbound ------------------------------------------

# The group of all three has a member on node 3 that prints what it is sent.
counts()
{
	mkfifo "$cpg_lib_tmp/idle"
	exec {idle}<> "$cpg_lib_tmp/idle"
	start count 3 testcpg cpg_bm
	says count "^$(who count 3)$"
}

# floods NAME SECONDS SIZE...: with one size after the other, the next one at
# SIGALRM, which is its own after ten seconds, and here comes sooner.
floods()
{
	local name=$1 seconds=$2

	shift 2
	start "$name" 1 "$name"
	cpg_lib_expect count "^joined $(who "$name" 1) reason: 1$" "$LIMIT" &&
		is_mapped "$name" && hurry "$name" "$seconds" &&
		ends "$name" &&
		says count "^left $(who "$name" 1) reason: 5$" &&
		diff <(printf '%s\n' "$@") \
			<(awk '/ messages received / { print $4 }' \
				"$cpg_lib_tmp/$name.out") &&
		counted "$name"
}

# Node 3 has all that the program was told of what it sent itself, and more, as
# the program asks only while it sends; in the order in which it was sent.
counted()
{
	FROM="from $(who "$1" 1):" awk '
		FNR == 1 { file++ }
		file == 1 && / messages received / { own += $1 }
		file == 2 && /^DeliverCallback/ && index($0, ENVIRON["FROM"]) {
			match($0, /len=[0-9]+/)
			size = substr($0, RSTART + 4, RLENGTH - 4) + 0
			wrong += size < last
			sizes += size > last
			last = size
			got++
		}
		END {
			print "# " got " messages of " sizes " sizes, " own \
				" were told at once"
			exit wrong || !own || got < own
		}' "$cpg_lib_tmp/$1.out" "$cpg_lib_tmp/count.out"
}

# hurry NAME SECONDS: a signal after so many, until it ends.  Nothing is started
# for that: it may take all of a processor.
hurry()
{
	local end=$((SECONDS + LIMIT * cpg_lib_speed / 1000))

	until is_gone "$1"; do
		[ "$SECONDS" -lt "$end" ] || return
		read -rt "$2" -u "$idle"
		signal "$1" ALRM 2> /dev/null || break
	done
}

# What it looks for is not there: libcpg sends what is too long in parts.
bound()
{
	local first=1025000 last=1025009

	start cpgbound 1 cpgbound
	says count "^DeliverCallback: message \(len=$last\)from $(
		who cpgbound 1):" && is_mapped cpgbound &&
		cpg_lib_kill cpgbound TERM
	[ $? -eq 143 ] && grep -Eo "message \(len=[0-9]+\)from $(
		who cpgbound 1):" "$cpg_lib_tmp/count.out" |
		grep -Eo '=[0-9]+' | head -n $((last - first + 1)) |
		diff <(seq -f =%.0f "$first" "$last") -
}

counts_no_more()
{
	cpg_lib_say count EXIT
	ends count
}

cpg_lib_init
cpg_lib_need stdbuf
cpg_lib_need "$bin"/{testcpg,cpghum,cpgverify,cpgbench}
cpg_lib_net 1 2 3
cpg_lib_check "three nodes in one view" nodes_up || exit

cpg_lib_check "testcpg joins" joins_first
cpg_lib_check "testcpgzc joins its group" joins_second
cpg_lib_check "what either of them sends, both are told" talk
cpg_lib_check "testcpgzc leaves" leaves
cpg_lib_check "a testcpg is killed" is_killed
cpg_lib_check "the link of a testcpg's node is cut" is_apart
cpg_lib_check "it is mended" is_together
cpg_lib_check "the node of a testcpg and a cpghum dies" node_dies
cpg_lib_check "it comes back" node_returns
cpg_lib_check "they end" exits
cpg_lib_check "testcpg2, alone in its group" testcpg2
cpg_lib_check "cpghum: two send, by both models, one listens" \
	hum models 100 "-m 0 -d 5" "-m 1 -d 5"
cpg_lib_check "cpghum: messages of 3 MB" hum large 4 "-w 3000 -d 20"
cpg_lib_check "cpghum: a flood" hum flood 500 --flood
cpg_lib_check "cpgverify: three send" verify
cpg_lib_check "testcpg counts what those send that flood" counts
cpg_lib_check "cpgbench floods" \
	floods cpgbench 0.2 64 320 1600 8000 40000 200000 1000000
# shellcheck disable=SC2046 # words
cpg_lib_check "cpgbenchzc floods" \
	floods cpgbenchzc 0.02 $(seq 1000 1000 50000)
cpg_lib_check "cpgbound: each message is longer by one" bound
cpg_lib_check "testcpg ends" counts_no_more
cpg_lib_check "stress_cpgfdget" passes stress_cpgfdget
cpg_lib_check "stress_cpgzc" passes stress_cpgzc
# 200,000,000 calls: minutes where emulation makes seconds long.
[ "$cpg_lib_speed" -gt 1 ] ||
	cpg_lib_check "stress_cpgcontext" \
		passes stress_cpgcontext $((10 * LIMIT))
cpg_lib_check "testzcgc" alone testzcgc
cpg_lib_done
