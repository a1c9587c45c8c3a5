#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# As unreachable.sh, over IPv6.
CPG_LIB_FAMILY=6 exec "$(dirname "$0")/unreachable.sh"
