#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What "make install" puts where, that a program is built with it, and that the
# manual pages say what the headers say.  Needs no kernel.

set -u
cd "$(dirname "$0")" || exit 1

top=$(cd ../.. && pwd)
man=$top/userspace/man
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
root=$tmp/root
# shellcheck source-path=SCRIPTDIR source=../lib/check.sh
. ../lib/check.sh

make_install()
{
	make --no-print-directory -C "$top/userspace" install \
		PREFIX=/usr DESTDIR="$root"
}

# same_files SOURCE DESTINATION: whatever is in the one is in the other.
same_files()
{
	local file

	for file in "$1"/*; do
		cmp "$file" "$2/${file##*/}" || return
	done
}

pages_installed()
{
	same_files "$man/man3" "$root/usr/share/man/man3" &&
		same_files "$man/man7" "$root/usr/share/man/man7" &&
		same_files "$man/man8" "$root/usr/share/man/man8"
}

headers_installed()
{
	same_files "$top/userspace/include/corosync" \
		"$root/usr/include/corosync" &&
		same_files "$top/uapi/linux" "$root/usr/include/linux"
}

libraries_installed()
{
	local name

	for name in libcpg.so libcpg.so.4; do
		[ -L "$root/usr/lib/$name" ] &&
			[ -e "$root/usr/lib/$name" ] || return
	done
	[ -x "$root/usr/sbin/cpg" ]
}

# Our headers of the library come before those of Debian, which the compiler
# would find otherwise.
program_builds()
{
	local -a flags

	read -ra flags < <(PKG_CONFIG_SYSROOT_DIR=$root \
		PKG_CONFIG_LIBDIR=$root/usr/lib/pkgconfig \
		PKG_CONFIG_ALLOW_SYSTEM_CFLAGS=1 \
		PKG_CONFIG_ALLOW_SYSTEM_LIBS=1 pkg-config --cflags --libs libcpg)
	echo "${flags[@]}"
	gcc -M "$top/userspace/examples/chat.c" "${flags[@]}" |
		grep -F "$root/usr/include/corosync/cpg.h" || return
	gcc -o "$tmp/chat" "$top/userspace/examples/chat.c" "${flags[@]}" &&
		gcc -o "$tmp/chat_socket" \
			"$top/userspace/examples/chat_socket.c" "${flags[@]}" ||
		return
	LD_LIBRARY_PATH=$root/usr/lib ldd "$tmp/chat" |
		grep -F "libcpg.so.4 => $root/usr/lib/libcpg.so.4"
}

symbols()
{
	nm -D --defined-only "$root/usr/lib/libcpg.so.4" |
		awk '$2 == "T" { sub(/@.*/, "", $3); print $3 }'
}

# Each function has a page, and no page is of another.
page_of_each()
{
	diff <(symbols | sort) \
		<(cd "$root/usr/share/man/man3" && printf '%s\n' *.3 |
			sed 's/\.3$//' | sort)
}

sections()
{
	local page want

	want="NAME SYNOPSIS DESCRIPTION RETURN VALUE ERRORS SEE ALSO"
	for page in "$root"/usr/share/man/man3/*.3; do
		[ "$(sed -n 's/^\.Sh //p' "$page" | grep -vx EXAMPLES |
			paste -s -d ' ')" = "$want" ] ||
			{ echo "${page##*/}: not $want"; return 1; }
	done
}

# declarations PAGE: what its SYNOPSIS says, as C, and a use of each of its
# errors.
declarations()
{
	awk '
	/^\.Sh / { part = $2 }
	part == "SYNOPSIS" && /^\.Ft / { type = substr($0, 5) }
	part == "SYNOPSIS" && /^\.Fo / { name = $2; n = 0; list = "" }
	part == "SYNOPSIS" && /^\.Fa / {
		arg = substr($0, 5)
		gsub(/"/, "", arg)
		list = list (n++ ? ", " : "") arg
	}
	part == "SYNOPSIS" && /^\.Fc/ { print type, name "(" list ");" }
	part == "ERRORS" && /^\.It Dv / {
		print "_Static_assert(" $3 " > CS_OK, \"\");"
	}' "$1"
}

# A prototype unlike that of the header, or no such error, does not compile.
pages_agree()
{
	local page

	for page in "$root"/usr/share/man/man3/*.3; do
		{
			echo '#include <corosync/cpg.h>'
			declarations "$page"
		} > "$tmp/page.c"
		grep -q "^cs_error_t ${page##*/}" <(sed 's/(/.3/' "$tmp/page.c") &&
			gcc -std=c11 -Werror -fsyntax-only \
				-I"$root/usr/include" "$tmp/page.c" || return
	done
}

# Each is a complete file.
examples_compile()
{
	local page n=0

	for page in "$root"/usr/share/man/man[37]/*; do
		grep -q '^\.Sh EXAMPLES' "$page" || continue
		awk '/^\.Sh / { part = $2 }
			/^\.Ed/ { code = 0 }
			code { gsub(/\\e/, "\\"); print }
			part == "EXAMPLES" && /^\.Bd / { code = 1 }' \
			"$page" > "$tmp/page.c"
		[ -s "$tmp/page.c" ] &&
			gcc -std=gnu11 -Wall -Wextra -Werror \
				-Wno-unused-parameter -fsyntax-only \
				-I"$root/usr/include" "$tmp/page.c" || return
		n=$((n + 1))
	done
	[ $n -gt 0 ]
}

# Each option, control message and guarantee has its place in af_cpg(7).
socket_page()
{
	local name status=0

	while read -r name; do
		grep -q "$name\b" "$root/usr/share/man/man7/af_cpg.7" ||
			{ echo "$name"; status=1; }
	done < <(sed -nE \
		's/^#define ((CPGSO|SCM_CPG|CPG_SVC|CPG_JOIN_F)_[A-Z_]+).*/\1/p' \
		"$root/usr/include/linux/cpg.h")
	return $status
}

# A page that is referred to is ours, or one of the system's.
references()
{
	local page name section status=0

	while read -r page name section; do
		[ -e "$root/usr/share/man/man$section/$name.$section" ] ||
			[[ $name != *cpg* ]] ||
			{ echo "$page: $name($section)"; status=1; }
	done < <(cd "$root/usr/share/man" &&
		awk '/^\.Xr / { print FILENAME, $2, $3 }' man?/*)
	return $status
}

echo "KTAP version 1"
check "make install" make_install
check "the library and the tool are installed" libraries_installed
check "all headers are installed" headers_installed
check "all manual pages are installed" pages_installed
check "programs are built with what is installed" program_builds
check "each function has a manual page" page_of_each
check "with all its sections" sections
check "with the prototypes and errors of the header" pages_agree
check "examples in manual pages compile" examples_compile
check "af_cpg(7) names all options and control messages" socket_page
check "manual pages refer to manual pages" references
echo "1..$count"
[ $failed -eq 0 ]
