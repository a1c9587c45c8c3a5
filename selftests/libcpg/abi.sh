#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What programs were linked to and compiled with.  Needs no kernel; for what is
# compared with corosync's, Debian's libcpg-dev and libcpg4.

set -u
cd "$(dirname "$0")" || exit 1

ours=$(cd ../../userspace && pwd)
lib=$ours/lib/libcpg.so.4
debian=/usr/include
debian_lib=$(ldconfig -p | awk '$1 == "libcpg.so.4" { print $NF; exit }')
readonly ABIDIFF_ABI_CHANGE=4	# bit of its exit status
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
# shellcheck source-path=SCRIPTDIR source=../lib/check.sh
. ../lib/check.sh

# check_debian FILE NAME COMMAND...: skipped without the file.
check_debian()
{
	local file=$1

	shift
	if [ -e "$file" ]; then
		check "$@"
	elif [ "${CPG_EXPECT_ALL:-}" = 1 ]; then
		check "$1" ls "${file:-libcpg.so.4}"
	else
		count=$((count + 1))
		echo "ok $count $1 # SKIP no ${file:-libcpg.so.4}"
	fi
}

# check_abidiff FILE NAME COMMAND...: the same, without abidiff too.
check_abidiff()
{
	local file=$1

	shift
	[ -n "$(command -v abidiff)" ] || file=abidiff
	check_debian "$file" "$@"
}

readonly functions='context_get context_set dispatch fd_get finalize
	flow_control_state_get initialize iteration_finalize
	iteration_initialize iteration_next join leave local_get
	max_atomic_msgsize_get mcast_joined membership_get model_initialize
	zcb_alloc zcb_free zcb_mcast_joined'

# The lists are words, one for each symbol.
# shellcheck disable=SC2086
symbols_exact()
{
	printf 'cpg_%s@@COROSYNC_CPG_1.0\n' $functions | sort > "$tmp/want"
	nm -D --defined-only "$lib" | awk '$2 != "A" { print $3 }' |
		sort > "$tmp/have"
	diff "$tmp/want" "$tmp/have"
}

soname()
{
	[ "$(objdump -p "$1" | awk '$1 == "SONAME" { print $2 }')" = \
		libcpg.so.4 ]
}

# corosync's own library has nothing that ours lacks.
symbols_of_debian()
{
	nm -D --defined-only "$debian_lib" |
		awk '$2 == "T" { sub(/@.*/, "", $3); print $3 }' |
		sort > "$tmp/want"
	sed 's/@.*//' "$tmp/have" | diff "$tmp/want" -
}

compile()
{
	local include=$1

	shift
	gcc -Wall -Wextra -Werror -fsyntax-only -I"$include" "$@"
}

# header STANDARD HEADER: alone, with all warnings.
header()
{
	local language=c

	[[ $1 != *++* ]] || language=c++
	echo "#include <corosync/$2>" > "$tmp/header.c"
	compile "$ours/include" -pedantic "-std=$1" -x $language "$tmp/header.c"
}

# names INCLUDE: every macro with its value, every type, tag and enumerator.
names()
{
	echo '#include <corosync/cpg.h>' > "$tmp/names.c"
	gcc -I"$1" -E -dM "$tmp/names.c" |
		grep -E '^#define (CS_|CPG_)' | tr -s ' \t' ' '
	gcc -I"$1" -E -P "$tmp/names.c" |
		grep -oE '\b(CS|CPG)_[A-Z0-9_]+\b|\b(cs|cpg)_[a-z0-9_]+_t\b'
	gcc -I"$1" -E -P "$tmp/names.c" |
		grep -oE '\b(cs|cpg|qb|hdb)_[a-z0-9_]+ *\(' | tr -d ' '
}

names_same()
{
	names "$debian" | sort -u > "$tmp/want"
	names "$ours/include" | sort -u > "$tmp/have"
	# Values are compared in abi_layout.c; here, how they are written.
	sed -i 's/INT64_MAX\|0x7[fF]*ULL/MAX/' "$tmp/want" "$tmp/have"
	diff "$tmp/want" "$tmp/have"
}

# stub CC-FLAG... OUTPUT: a library of Debian's header: each function as it is
# declared there, and debug information of all its types.
stub()
{
	echo '#include <corosync/cpg.h>' > "$tmp/protos.c"
	gcc "${@:1:$#-1}" -aux-info "$tmp/protos" -fsyntax-only \
		"$tmp/protos.c" || return
	sed -n 's|^/\* .*/corosync/cpg\.h:.* \*/ extern \(.*\);$|\1 { __builtin_trap(); }|p' \
		"$tmp/protos" >> "$tmp/protos.c"
	gcc "${@:1:$#-1}" -g -shared -fPIC -Wl,-soname,libcpg.so.4 \
		-Wl,--version-script="$ours/libcpg/libcpg.map" \
		-o "${*: -1}" "$tmp/protos.c"
}

# Debian's library has no debug information, so this compares symbols only;
# what they are made of is in the header.
abidiff_library()
{
	abidiff "$debian_lib" "$lib"
}

abidiff_header()
{
	stub "$tmp/stub.so" && abidiff "$tmp/stub.so" "$lib"
}

# A member of 8 bytes instead of 4 would have been noticed.
abidiff_notices()
{
	local status=0

	mkdir -p "$tmp/wrong/corosync" &&
		sed 's/uint32_t nodeid;/uint64_t nodeid;/' \
			"$debian/corosync/cpg.h" \
			> "$tmp/wrong/corosync/cpg.h" &&
		stub -I"$tmp/wrong" "$tmp/wrong.so" || return
	abidiff "$tmp/wrong.so" "$lib" || status=$?
	[ $((status & ABIDIFF_ABI_CHANGE)) -ne 0 ]
}

pkgconfig()
{
	PKG_CONFIG_PATH=$ours/lib/pkgconfig pkg-config --exact-version=3.1.7 \
		libcpg &&
		PKG_CONFIG_PATH=$ours/lib/pkgconfig pkg-config --libs libcpg |
		grep -q -- '-lcpg'
}

# frame sizes in bytes, as the compiler counts them
stack()
{
	local file

	for file in "$ours"/libcpg/*.c; do
		gcc -std=gnu11 -D_GNU_SOURCE -O2 -I"$ours/include" \
			-I"$ours/../uapi" -fstack-usage -c -o "$tmp/o.o" \
			"$file" || return
	done
	cat "$tmp"/*.su | awk '{ n += $2 } $2 > 1024 { print; bad = 1 }
		END { print "sum", n; exit bad || n > 16384 }'
}

echo "KTAP version 1"
check "c81 20 symbols in COROSYNC_CPG_1.0, no other" symbols_exact
check "c81 SONAME is libcpg.so.4" soname "$lib"
check_debian "$debian_lib" "c81 Debian's library has no other symbols" \
	symbols_of_debian
check "layouts, values and prototypes" compile "$ours/include" abi_layout.c
check_debian "$debian/corosync/cpg.h" "... are those of Debian's headers" \
	compile "$debian" abi_layout.c
check_debian "$debian/corosync/cpg.h" "names are those of Debian's headers" \
	names_same
check_abidiff "$debian_lib" "abidiff: symbols are those of Debian's library" \
	abidiff_library
check_abidiff "$debian/corosync/cpg.h" \
	"abidiff: types are those of Debian's header" abidiff_header
check_abidiff "$debian/corosync/cpg.h" \
	"abidiff: another type would be noticed" abidiff_notices
for standard in c99 c11 c++17; do
	for header in cpg.h corotypes.h; do
		check "$header compiles alone as $standard" \
			header $standard $header
	done
done
check "pkg-config finds the library" pkgconfig
check "all frames together are less than 16 KiB" stack
echo "1..$count"
[ $failed -eq 0 ]
