#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What programs are linked to is in the libcpg that they find: ours, or that of
# LD_LIBRARY_PATH.  One program was linked to ours, one to Debian's.

cd "$(dirname "$0")" || exit 1
lib=${LD_LIBRARY_PATH:-$(cd ../../userspace/lib && pwd)}
export LD_LIBRARY_PATH=$lib

count=0 failed=0

check()
{
	count=$((count + 1))
	if "${@:2}"; then
		echo "ok $count $1"
	else
		failed=$((failed + 1))
		echo "not ok $count $1"
	fi
}

symbols()
{
	[ "$(nm -D --defined-only "$lib/libcpg.so.4" |
		grep -c ' T cpg_')" = 20 ]
}

soname()
{
	readelf -d "$lib/libcpg.so.4" | grep -q 'SONAME.*\[libcpg.so.4\]'
}

# resolves PROGRAM
resolves()
{
	local found

	found=$(ldd -r "$1" 2>&1)
	[[ $found == *"libcpg.so.4 => $lib/"* ]] &&
		[[ ! $found =~ undefined|"not found" ]]
}

echo "KTAP version 1"
check "c81 20 symbols" symbols
check "c81 the SONAME is libcpg.so.4" soname
check "c81 a program linked to ours finds all it needs" resolves build/member
[ ! -x build/foreign ] ||
	check "c81 so does one linked to Debian's" resolves build/foreign
echo "1..$count"
[ $failed -eq 0 ]
