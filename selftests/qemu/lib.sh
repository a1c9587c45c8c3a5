# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# lib.sh: what the scripts in this folder share: where things are, the names
# of the lanes, and locks.  Sourced, never run.

qemu_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# Used by the scripts that source this file.
# shellcheck disable=SC2034
repo_dir=$(cd "$qemu_dir/../.." && pwd)

cache_dir=${CPG_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/af_cpg}

die()
{
	echo "${0##*/}: $*" >&2
	exit 2
}

# The artifact in the cache that a lane runs on.
lane_artifact()
{
	case $1 in
	um | debug | stock-6.12 | stock-6.1) echo "$1" ;;
	vng | vng-6.12) echo stock-6.12 ;;
	vng-6.1) echo stock-6.1 ;;
	*) die "unknown lane '$1' (um stock-6.12 stock-6.1 debug vng)" ;;
	esac
}

# Whole artifacts only: the symbolic link appears when the build is complete.
lane_dir()
{
	local dir

	dir=$cache_dir/$(lane_artifact "$1")
	[ -e "$dir/.complete" ] ||
		die "no kernel for lane '$1': run 'make kernels' first"
	readlink -f "$dir"
}

lane_kdir()
{
	echo "$(lane_dir "$1")/kdir"
}

lane_release()
{
	cat "$(lane_dir "$1")/release"
}

# What make needs besides -C KDIR to build for a lane.
lane_make_args()
{
	case $(lane_artifact "$1") in
	um) echo ARCH=um ;;
	# Needs the kernel's vmlinux, which is not kept.
	stock-*) echo CONFIG_DEBUG_INFO_BTF_MODULES= ;;
	esac
}

# How much slower than the machine itself a lane is.
lane_speed()
{
	case $1 in
	um) echo 1 ;;
	debug) echo 100 ;;
	*) echo 10 ;;
	esac
}
