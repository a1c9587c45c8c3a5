# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# lib.sh: what the checkers share.  Sourced, never run.  A checker prints what
# it finds and exits 1 then; a tool that is missing is an error, too.

set -euo pipefail

checks_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$checks_dir/../.." && pwd)
cache=${CPG_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/af_cpg}
# Used by the scripts that source this file.
# shellcheck disable=SC2034
ksrc=$cache/linux-src-6.12
cd "$root"

# need TOOL...
need()
{
	local tool

	for tool in "$@"; do
		if ! command -v "$tool" > /dev/null && [ ! -e "$tool" ]; then
			echo "missing: $tool (make setup)"
			exit 1
		fi
	done
}

# A folder that is gone when the checker ends.
work_dir()
{
	work=$(mktemp -d)
	trap 'rm -rf "$work"' EXIT
}

# files PATTERN...: the project's files, as git pathspecs tell; what is
# deleted but not yet committed is left out.
files()
{
	git ls-files -- "$@" | while IFS= read -r file; do
		[ ! -e "$file" ] || echo "$file"
	done
}

# shell_files: all shell scripts, by name or first line.
shell_files()
{
	local file

	files | while IFS= read -r file; do
		case $file in
		*.sh) echo "$file" ;;
		*.* | */corpus/*) ;;
		*) ! head -n 1 "$file" | grep -aEq '^#!.*\b(ba)?sh\b' ||
			echo "$file" ;;
		esac
	done
}

# copy_module DIR: the module's sources, to be built there.
copy_module()
{
	local file

	files Kbuild kernel uapi | while IFS= read -r file; do
		mkdir -p "$1/$(dirname "$file")"
		cp "$file" "$1/$file"
	done
}

# build_module DIR ARGUMENTS-OF-MAKE...: all warnings on standard output.
build_module()
{
	local dir=$1

	shift
	make -s -j"$(nproc)" "$@" M="$dir" modules 2>&1 |
		grep -v 'the compiler differs from the one used to build' |
		grep -vE '^  (You are using|The kernel was built by):' |
		sed "s|$dir/||g"
}
