#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# As order.sh, with links that lose, repeat and reorder packets.
exec "$(dirname "$0")/order.sh" order_member:5000,order_member_libcpg:500 \
	delay 1ms reorder 25% 50% loss 5% duplicate 1%
