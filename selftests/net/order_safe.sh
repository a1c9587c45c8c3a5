#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# As order.sh, with SAFE messages.
exec "$(dirname "$0")/order.sh" order_member_safe:5000
