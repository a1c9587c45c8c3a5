#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# As order.sh, with members on libcpg.
exec "$(dirname "$0")/order.sh" order_member_libcpg:1000
