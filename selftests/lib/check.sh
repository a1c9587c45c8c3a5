# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# check.sh: KTAP for scripts without a cluster (those with one have cpg_lib.sh).
# Sourced, never run; $tmp is a folder by then.

# shellcheck disable=SC2034 # for who sources this
count=0 failed=0

# check NAME COMMAND...: a test that passes if the command does; what that
# prints is in $tmp/out, and is shown if it fails.
check()
{
	local name=$1

	shift
	count=$((count + 1))
	# shellcheck disable=SC2154
	if "$@" > "$tmp/out" 2>&1; then
		echo "ok $count $name"
		return
	fi
	failed=$((failed + 1))
	echo "not ok $count $name"
	sed 's/^/# /' "$tmp/out"
}
