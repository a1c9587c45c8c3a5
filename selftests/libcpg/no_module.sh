#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What programs see without the module.  Leaves the module loaded.

set -u
cd "$(dirname "$0")" || exit 1

count=0 failed=0

result()
{
	count=$((count + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $count $2"
	else
		failed=$((failed + 1))
		echo "not ok $count $2"
	fi
}

echo "KTAP version 1"
if [ -d /sys/module/cpg ] && ! rmmod cpg; then
	echo "# the module is in use"
	exit 4
fi
# What modprobe takes is not ours.
modprobe=$(cat /proc/sys/kernel/modprobe)
echo > /proc/sys/kernel/modprobe
build/probe absent
result $? "c01 initialize fails at once without the module"
echo "$modprobe" > /proc/sys/kernel/modprobe
insmod "${CPG_MODULE:?names cpg.ko}"
result $? "the module loads"
build/probe present
result $? "initialize works with it"
echo "1..$count"
[ $failed -eq 0 ]
