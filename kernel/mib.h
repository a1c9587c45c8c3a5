/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Counters of a namespace, per CPU; any context.
 */
#ifndef _CPG_MIB_H
#define _CPG_MIB_H

#include <linux/types.h>
#include <net/snmp.h>

#include "engine/engine.h"

enum cpg_mib_field {
	CPG_MIB_RXPACKETS,	/* packets that arrived */
	CPG_MIB_RXPOLLS,	/* times that all that waited were handled */
	CPG_MIB_RXFULL,		/* packets of which too many waited: dropped */
	CPG_MIB_RXNOMEM,	/* no memory to take one in: dropped */
	CPG_MIB_RXNONODE,	/* came when the node was just gone: dropped */
	CPG_MIB_UNREACHABLE,	/* times that a peer said it has no such port */
	CPG_MIB_TXPACKETS,	/* packets sent, one for each destination */
	CPG_MIB_TXNOMEM,	/* no memory to send one */
	CPG_MIB_TXNOROUTE,	/* no route, or destination not known */
	CPG_MIB_EVENTS,		/* events put into the queues of sockets */
	CPG_MIB_HOLDS,		/* times that a socket held its group back */
	CPG_MIB_EVICTED,	/* sockets put out because they did not read */
	CPG_MIB_HANDOVER,	/* work left to the timer to bound a burst */
	CPG_MIB_DROP,		/* and on: one for each enum cpg_drop */
	__CPG_MIB_NR = CPG_MIB_DROP + __CPG_DROP_NR
};

/* Names of the fields before CPG_MIB_DROP, indexed by them. */
extern const char *const cpg_mib_names[CPG_MIB_DROP];

struct cpg_mib {
	unsigned long	mibs[__CPG_MIB_NR];
};

u64 cpg_mib_read(struct cpg_mib __percpu *mib, unsigned int field);

#endif /* _CPG_MIB_H */
