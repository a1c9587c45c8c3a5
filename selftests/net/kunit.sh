#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The results of the KUnit tests, which ran when the module was loaded.  Only
# in kernels that have KUnit.

results=/sys/kernel/debug/kunit/cpg/results

sed 's/^/# /' "$results" || exit 1
# A case is indented once, what it did with each of its parameters twice.
sed -nE 's/^    ((not )?ok [0-9]+ )/\1/p' "$results"
! grep -Eq '^ *not ok' "$results"
