#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What programs on libcpg are told of a machine that stands still and of one
# that dies.  Each of three nodes is a guest with a kernel of its own, see
# guests_lib.sh; members of the group "group" are a on node 1, b on 2, c on 3.

# shellcheck source-path=SCRIPTDIR source=../lib/cpg_lib.sh
. "$(dirname "$0")/../lib/cpg_lib.sh"
# shellcheck source-path=SCRIPTDIR source=../lib/guests_lib.sh
. "$(dirname "$0")/../lib/guests_lib.sh"

member=$cpg_lib_root/selftests/libcpg/build/member
LIMIT=9000			# ms, times 10: not how soon, but what
# ms: guests that have little of a machine shall not miss each other.
SUSPECT=8000
HEARTBEAT=500

# corosync may form a ring of the same nodes anew before another one comes.
anew=''
[ "${CPG_LIB_CLUSTER:-}" != corosync ] || anew='?'

# How many events of a member have been looked at.
declare -A seen=()

# members NAME... and each with a reason: "1/123:JOIN,2/45:JOIN,".
members()
{
	local name
	local -A node_of=([a]=1 [b]=2 [c]=3)

	for name; do
		printf '%s/%s%s,' "${node_of[${name%:*}]}" \
			"${cpg_lib_pid[${name%:*}]}" \
			"$([[ $name != *:* ]] || echo ":${name#*:}")"
	done
}

# conf MEMBERS LEFT JOINED: such an event, each a list of names.
conf()
{
	# shellcheck disable=SC2086 # lists
	echo "conf members=$(members $1) left=$(members $2)" \
		"joined=$(members $3)"
}

# The events that have not been looked at; a view without its number.
news()
{
	cpg_lib_events "$1" | tail -n +$((seen[$1] + 1)) |
		sed 's/^view [0-9.]*/view/'
}

# is_told NAME REGEX: that, and nothing else.
is_told()
{
	local told

	told=$(news "$1")
	[[ $told =~ ^$2$ ]] || return
	seen[$1]=$((seen[$1] + $(wc -l <<< "$told")))
}

# told NAME LINE...: a member is told these, in this order, and nothing else; a
# line that begins with "?" may be missing.
told()
{
	local name=$1 line want=''

	shift
	for line; do
		if [[ $line == \?* ]]; then
			want+="("${line#\?}$'\n'")?"
		else
			want+=$line$'\n'
		fi
	done
	cpg_lib_wait "$LIMIT" is_told "$name" "${want%$'\n'}"
}

boot()
{
	cpg_lib_net 1 2 3
}

nodes_up()
{
	cpg_lib_cluster heartbeat "$HEARTBEAT" suspect "$SUSPECT"
}

# join NAME NODE MEMBERS: all that are, then, are told.
join()
{
	local name

	cpg_lib_start "$1" "$2" "$member" group || return
	seen[$1]=0
	told "$1" "$(conf "$3" "" "$1:JOIN")" "view nodes=1,2,3," || return
	for name in $3; do
		[ "$name" = "$1" ] ||
			told "$name" "$(conf "$3" "" "$1:JOIN")" || return
	done
}

start()
{
	join a 1 "a" && join b 2 "a b" && join c 3 "a b c" || return
	# What time it is on node 1, while it is.
	# shellcheck disable=SC2016 # expanded by the guest
	cpg_lib_start clock 1 bash -c 'while :; do
			echo "${EPOCHREALTIME/./}"
			read -rt 0.1
		done'
}

# Also after the others have missed it, until it must miss them.
stands_still()
{
	local name end

	cpg_lib_pause 1 || return
	end=$(($(cpg_lib_now) + SUSPECT + 1000))
	for name in b c; do
		told "$name" "$(conf "b c" "a:NODEDOWN" "")" "view nodes=2,3," ||
			return
	done
	cpg_lib_wait "$SUSPECT" is_after "$end"
}

is_after()
{
	[ "$(cpg_lib_now)" -gt "$1" ]
}

# say FROM TEXT NAME...: these are told.
say()
{
	local from text=$2 name

	from=$(members "$1")
	cpg_lib_say "$1" "send $2" || return
	shift 2
	for name; do
		told "$name" "msg ${from%,} $text" || return
	done
}

# Between one look at the clock and the next it was not there, and its clock
# went on.
stood_still()
{
	local gap

	gap=$(awk 'NR > 1 && $1 - last > gap { gap = $1 - last }
		{ last = $1 }
		END { print int(gap / 1000) }' "$cpg_lib_tmp/clock.out")
	echo "# for $gap ms"
	[ "$gap" -gt "$SUSPECT" ]
}

# A view of its own may come between.
goes_on()
{
	cpg_lib_resume 1 || return
	told a "$(conf "a" "b:NODEDOWN c:NODEDOWN" "")" "?view nodes=1," \
		"$(conf "a b c" "" "b:NODEUP c:NODEUP")" "view nodes=1,2,3,"
}

others_see_it_go_on()
{
	local name

	for name in b c; do
		told "$name" ${anew:+"${anew}view nodes=2,3,"} \
			"$(conf "a b c" "" "a:NODEUP")" "view nodes=1,2,3," ||
			return
	done
}

dies()
{
	cpg_lib_crash 3 &&
		told b "$(conf "b" "c:NODEDOWN" "")" "view nodes=2,"
}

goes_on_with_one()
{
	cpg_lib_resume 1 || return
	told a "$(conf "a" "b:NODEDOWN c:NODEDOWN" "")" "?view nodes=1," \
		"$(conf "a b" "" "b:NODEUP")" "view nodes=1,2," &&
		told b ${anew:+"${anew}view nodes=2,"} \
			"$(conf "a b" "" "a:NODEUP")" "view nodes=1,2,"
}

no_more_news()
{
	[ -z "$(news a; news b)" ]
}

switch_off()
{
	guests_lib_end 1 && guests_lib_end 2
}

cpg_lib_init
cpg_lib_need "$member"
cpg_lib_check "three guests" boot || exit
cpg_lib_check "three nodes in one view" nodes_up || exit
cpg_lib_check "three members" start || exit
cpg_lib_check "c65 a machine stands still, the others miss it" stands_still
cpg_lib_check "they go on" say b meanwhile b c
cpg_lib_check "c65 it goes on, and sees all others go and come" goes_on
cpg_lib_check "it stood still longer than it takes to be missed" stood_still
cpg_lib_check "c65 the others see it come" others_see_it_go_on
cpg_lib_check "all are one again" say a again a b c
cpg_lib_check "c65 it stands still once more" stands_still
cpg_lib_check "c59 c67 another machine dies" dies
cpg_lib_check "c65 of those it sees go, one comes" goes_on_with_one
cpg_lib_check "the two are one again" say b two a b
cpg_lib_check "c65 nobody is told anything else" no_more_news
cpg_lib_check "no kernel has complained" switch_off
cpg_lib_done
