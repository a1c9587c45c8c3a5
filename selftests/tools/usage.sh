#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The command line of cpg, as far as it needs no kernel: what is not
# understood is named, on stderr, with exit status 2; configurations with
# errors are refused with 1.

cpg=${1:-$(dirname "$0")/../../userspace/tools/cpg}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
count=0
failed=0

result()
{
	count=$((count + 1))
	if [ "$1" = 0 ]; then
		echo "ok $count $2"
	else
		echo "not ok $count $2"
		sed 's/^/# /' "$tmp/out" "$tmp/err"
		failed=1
	fi
}

# check STATUS STREAM TEXT WORD...: cpg WORD... exits with STATUS and writes
# TEXT to STREAM, out or err, and nothing to the other one.
check()
{
	local status=$1 stream=$2 text=$3 other=out good=0

	shift 3
	[ "$stream" = out ] && other=err
	timeout 20 "$cpg" "$@" > "$tmp/out" 2> "$tmp/err"
	[ $? = "$status" ] || good=1
	grep -qF -- "$text" "$tmp/$stream" || good=1
	[ ! -s "$tmp/$other" ] || good=1
	result $good "cpg $*"
}

usage()
{
	check 2 err "$@"
}

cat > "$tmp/good.conf" << EOC
totem {
	cluster_name: demo
}
nodelist {
	node {
		ring0_addr: 192.0.2.1
		nodeid: 1
	}
}
EOC
sed 's/nodeid: 1/nodeid 1/' "$tmp/good.conf" > "$tmp/bad.conf"

echo "KTAP version 1"
check 0 out "Usage: cpg up" --help
check 0 out "cpg " --version

usage 'there is no command'
usage 'there is no command "start"' start
usage '"down" is not followed by "1"' down 1
usage 'something is missing after "lead"' lead
usage 'the node that is to lead has an id, not "0"' lead 0
usage 'the node that is to lead has an id, not "me"' lead me
usage 'a leader is not followed by "3"' lead 2 3
usage 'there is no section "all"' show all
usage '-j belongs to "show", not to "up"' -j up
usage 'a node needs its id and its local address' up
usage 'a node needs its id and its local address' up id 1
usage 'a node needs its id and its local address' up local 192.0.2.1
usage 'something is missing after "id"' up id
usage 'something is missing after "2"' up id 1 local 192.0.2.1 peer 2
usage 'id is a number from 1 to 4294967295, not "0"' up id 0
usage 'id is a number from 1 to 4294967295, not "one"' up id one
usage 'the node id of a peer is a number' up peer x 192.0.2.1
usage 'port is a number from 1 to 65535, not "0"' \
	up id 1 local 192.0.2.1 port 0
usage 'profile is default, lan or cloud, not "wan"' up profile wan
usage 'heartbeat is a number from 5 to 10000, not "1"' up heartbeat 1
usage 'suspect is a number from 10 to 30000, not "1"' up suspect 1
usage '--wait is a number from 0 to 3600, not "-1"' up --wait -1
usage '"name" is not understood' up name demo
usage '"--file" is not understood' up --file x
usage 'the name of a cluster has at most 64 bytes' \
	up id 1 local 192.0.2.1 cluster "$(printf '%065d' 0)"
usage '--nodeid belongs to --conf' up --nodeid 1 id 1 local 192.0.2.1
usage 'with --conf, nodes, port, cluster and votes are in the file' \
	up --conf "$tmp/good.conf" id 1
usage 'with --conf, nodes, port, cluster and votes are in the file' \
	up --conf "$tmp/good.conf" votes 2
usage 'votes is a number from 0 to 255, not "256"' up votes 256
usage 'votes is a number from 0 to 255, not "x"' up peer 2 192.0.2.2 votes x
usage 'something is missing after "votes"' up peer 2 192.0.2.2 votes
usage 'expected is a number from 1 to 32640, not "0"' up expected 0
declare -a peers=()
for i in {2..129}; do
	peers+=(peer "$i" 192.0.2.2)
done
usage 'a cluster has at most 128 nodes' up id 1 local 192.0.2.1 "${peers[@]}"

check 1 err 'bad.conf:7: expected "key: value"' up --conf "$tmp/bad.conf"
check 1 err 'No such file or directory' up --conf "$tmp/none.conf"
check 1 err 'Is a directory' up --conf "$tmp"
check 1 err 'there is no node with nodeid 2' \
	up --conf "$tmp/good.conf" --nodeid 2
check 1 err 'no ring0_addr is an address of this node' \
	up --conf "$tmp/good.conf"
check 1 err '192.0.2.256: ' up id 1 local 192.0.2.256
check 1 err 'fd00::2: ' up id 1 local 192.0.2.1 peer 2 fd00::2
if [ ! -d /sys/module/cpg ]; then
	check 1 err 'the cpg module is not loaded' show
	check 1 err 'the cpg module is not loaded' down
	check 1 err 'the cpg module is not loaded' \
		up --conf "$tmp/good.conf" --nodeid 1
fi

echo "1..$count"
exit $failed
