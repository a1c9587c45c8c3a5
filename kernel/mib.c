// SPDX-License-Identifier: GPL-2.0
/*
 * Counters: their names, and their sums over all CPUs.
 */
#include <linux/percpu.h>

#include "mib.h"

const char *const cpg_mib_names[CPG_MIB_DROP] = {
	[CPG_MIB_RXPACKETS]	= "RxPackets",
	[CPG_MIB_RXPOLLS]	= "RxPolls",
	[CPG_MIB_RXFULL]	= "RxFull",
	[CPG_MIB_RXNOMEM]	= "RxNoMem",
	[CPG_MIB_RXNONODE]	= "RxNoNode",
	[CPG_MIB_UNREACHABLE]	= "Unreachable",
	[CPG_MIB_TXPACKETS]	= "TxPackets",
	[CPG_MIB_TXNOMEM]	= "TxNoMem",
	[CPG_MIB_TXNOROUTE]	= "TxNoRoute",
	[CPG_MIB_EVENTS]	= "Events",
	[CPG_MIB_HOLDS]		= "Holds",
	[CPG_MIB_EVICTED]	= "Evicted",
	[CPG_MIB_HANDOVER]	= "Handover",
};

/**
 * cpg_mib_read() - the value of a counter
 * @mib: counters of a namespace
 * @field: enum cpg_mib_field, or CPG_MIB_DROP plus an enum cpg_drop
 *
 * Return: the sum over all CPUs, not exact while it is being counted.
 */
u64 cpg_mib_read(struct cpg_mib __percpu *mib, unsigned int field)
{
	u64 sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(per_cpu_ptr(mib, cpu)->mibs[field]);
	return sum;
}
