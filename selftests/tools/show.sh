#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What "cpg show" prints of nodes that are made up is what
# show.expected says, and its JSON is JSON.

cd "$(dirname "$0")" || exit 1
failed=0

result()
{
	if [ "$1" = 0 ]; then
		echo "ok $2"
	else
		echo "not ok $2"
		failed=1
	fi
}

echo "KTAP version 1"
echo "1..2"
build/show_test | diff -u show.expected - | sed 's/^/# /'
result $((PIPESTATUS[0] | PIPESTATUS[1])) "1 output as expected"
build/show_test | grep '^{' |
	python3 -c 'import json, sys; [json.loads(l) for l in sys.stdin]'
result $((PIPESTATUS[2])) "2 JSON can be read"
exit $failed
