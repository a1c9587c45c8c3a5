#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Programs that know nothing of us: corosync's own cpgtool, and one that was
# compiled with Debian's headers and linked to Debian's libcpg.  Our libcpg is
# in front, by LD_LIBRARY_PATH.  Needs the module, and Debian's packages
# corosync and libcpg-dev.

set -u
cd "$(dirname "$0")" || exit 1

lib=$(cd ../../userspace/lib && pwd)
cpgtool=/usr/sbin/corosync-cpgtool
tmp=$(mktemp -d)
pid='' corosync=''
trap '[ -z "$pid$corosync" ] || kill $pid $corosync; rm -rf "$tmp"' EXIT
# shellcheck source-path=SCRIPTDIR source=../lib/check.sh
. ../lib/check.sh

skip()
{
	if [ "${CPG_EXPECT_ALL:-}" = 1 ]; then
		echo "# missing, and CPG_EXPECT_ALL is set: $*"
		exit 1
	fi
	echo "1..0 # SKIP no $*"
	exit 4
}

# Both were linked to a library of Debian's, and find ours.
finds_ours()
{
	LD_LIBRARY_PATH=$lib ldd "$1" | grep -q "libcpg.so.4 => $lib/"
}

# wait_for FILE TEXT
wait_for()
{
	local i

	for ((i = 0; i < 100 * ${CPG_SPEED:-1}; i++)); do
		! grep -q "$2" "$1" || return 0
		sleep 0.1
	done
	cat "$1"
	return 1
}

corosync_start()
{
	cat > "$tmp/corosync.conf" << EOF
system {
	state_dir: $tmp
}
totem {
	version: 2
	transport: udpu
}
nodelist {
	node {
		ring0_addr: 127.0.0.1
		nodeid: 1
	}
}
logging {
	to_stderr: yes
	to_syslog: no
}
EOF
	corosync -f -c "$tmp/corosync.conf" > "$tmp/log" 2>&1 9>&- &
	corosync=$!
	wait_for "$tmp/log" "ready to provide service"
}

# The node's own events come in this order, but for that of the ring.
said()
{
	cat > "$tmp/want" << 'EOF'
foreign: 1 members, 0 left, 1 joined, me
foreign: message from 1/me: hello
EOF
	grep '^foreign' "$tmp/foreign" | diff "$tmp/want" -
}

ends()
{
	exec 9>&-
	wait "$pid"
	status=$?
	pid=''
	cat "$tmp/foreign"
	[ $status -eq 0 ]
}

# lists REGEX [OPTION]
lists()
{
	LD_LIBRARY_PATH=$lib $cpgtool "${@:2}" > "$tmp/list" 2>&1 || return
	cat -A "$tmp/list"
	grep -Eq "$1" "$tmp/list"
}

lists_nothing()
{
	LD_LIBRARY_PATH=$lib $cpgtool -n > "$tmp/list" 2>&1 || return
	! grep . "$tmp/list"
}

[ -x build/foreign ] || skip "libcpg-dev when this was built"
[ -x $cpgtool ] || skip corosync-cpgtool
if [ -z "${FOREIGN_UNSHARED:-}" ]; then
	FOREIGN_UNSHARED=1 exec unshare -n ./foreign.sh
fi
ip link set lo up
echo "KTAP version 1"

check "a program linked to Debian's libcpg finds ours" finds_ours build/foreign
mkfifo "$tmp/in"
LD_LIBRARY_PATH=$lib build/foreign < "$tmp/in" > "$tmp/foreign" 2>&1 &
pid=$!
exec 9> "$tmp/in"
check "... joins, sends and receives" wait_for "$tmp/foreign" hello
check "... is told what it should be" said
check "... is told of the ring" grep -q '^ring of 1, numbered, 1 nodes' \
	"$tmp/foreign"

check "corosync-cpgtool finds our library" finds_ours $cpgtool
check "corosync runs, for its configuration service" corosync_start
check "c82 corosync-cpgtool lists the group" lists '^foreign$' -n
check "c82 ... and its member" lists "\\s${pid}\\s+1 \\(127"
check "the program leaves and ends" ends
check "corosync-cpgtool lists no group then" lists_nothing
echo "1..$count"
[ $failed -eq 0 ]
