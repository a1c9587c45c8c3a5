// SPDX-License-Identifier: GPL-2.0
/*
 * Tunables of a namespace: /proc/sys/net/cpg.
 */
#include <linux/slab.h>
#include <linux/sysctl.h>
#include <net/net_namespace.h>

#include "cpg_priv.h"

static unsigned long cpg_gid_max = U32_MAX - 1;
static int cpg_buf_min = 4096;
static int cpg_buf_max = 1 << 30;
static int cpg_slow_max = 24 * 60 * 60 * 1000;

enum {
	CPG_SYSCTL_GID_RANGE,	/* groups that may open sockets, first last */
	CPG_SYSCTL_RCVBUF,	/* receive buffer of new sockets, in bytes */
	CPG_SYSCTL_SNDBUF,	/* send buffer of new sockets, in bytes */
	CPG_SYSCTL_SLOW_TIMEOUT, /* ms a full socket may go without a read */
	__CPG_SYSCTL_NR
};

static const struct ctl_table cpg_sysctl_table[__CPG_SYSCTL_NR] = {
	[CPG_SYSCTL_GID_RANGE] = {
		.procname	= "gid_range",
		.maxlen		= 2 * sizeof(unsigned long),
		.mode		= 0644,
		.proc_handler	= proc_doulongvec_minmax,
		.extra2		= &cpg_gid_max,
	},
	[CPG_SYSCTL_RCVBUF] = {
		.procname	= "rcvbuf",
		.maxlen		= sizeof(int),
		.mode		= 0644,
		.proc_handler	= proc_dointvec_minmax,
		.extra1		= &cpg_buf_min,
		.extra2		= &cpg_buf_max,
	},
	[CPG_SYSCTL_SNDBUF] = {
		.procname	= "sndbuf",
		.maxlen		= sizeof(int),
		.mode		= 0644,
		.proc_handler	= proc_dointvec_minmax,
		.extra1		= &cpg_buf_min,
		.extra2		= &cpg_buf_max,
	},
	[CPG_SYSCTL_SLOW_TIMEOUT] = {
		.procname	= "slow_timeout",
		.maxlen		= sizeof(int),
		.mode		= 0644,
		.proc_handler	= proc_dointvec_minmax,
		.extra1		= SYSCTL_ZERO,
		.extra2		= &cpg_slow_max,
	},
};

/**
 * cpg_sysctl_init() - make the files of a namespace
 * @cn: namespace
 *
 * Return: 0 or -ENOMEM.
 */
int cpg_sysctl_init(struct cpg_net *cn)
{
	struct ctl_table *table;

	/* Older kernels want an empty entry at the end. */
	table = kcalloc(__CPG_SYSCTL_NR + 1, sizeof(*table), GFP_KERNEL);
	if (!table)
		return -ENOMEM;
	memcpy(table, cpg_sysctl_table, sizeof(cpg_sysctl_table));
	table[CPG_SYSCTL_GID_RANGE].data = cn->gid_range;
	table[CPG_SYSCTL_RCVBUF].data = &cn->rcvbuf;
	table[CPG_SYSCTL_SNDBUF].data = &cn->sndbuf;
	table[CPG_SYSCTL_SLOW_TIMEOUT].data = &cn->slow_timeout;

	cn->sysctl_header = register_net_sysctl_sz(cn->net, "net/cpg", table,
						   __CPG_SYSCTL_NR);
	if (!cn->sysctl_header) {
		kfree(table);
		return -ENOMEM;
	}
	cn->sysctl_table = table;
	return 0;
}

/**
 * cpg_sysctl_exit() - remove the files of a namespace
 * @cn: namespace
 */
void cpg_sysctl_exit(struct cpg_net *cn)
{
	unregister_net_sysctl_table(cn->sysctl_header);
	kfree(cn->sysctl_table);
}
