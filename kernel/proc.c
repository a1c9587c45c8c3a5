// SPDX-License-Identifier: GPL-2.0
/*
 * Files to look at: /proc/net/cpg/stats has the counters, one to a line,
 * /proc/net/cpg/sockets has the sockets.
 */
#include <linux/proc_fs.h>
#include <linux/seq_file.h>
#include <net/net_namespace.h>

#include "cpg_priv.h"

static const char *const cpg_sk_state_names[__CPG_SK_NR] = {
	[CPG_SK_IDLE]		= "idle",
	[CPG_SK_JOINED]		= "joined",
	[CPG_SK_LEAVING]	= "leaving",
	[CPG_SK_DEAD]		= "dead",
};

static int cpg_proc_stats_show(struct seq_file *seq, void *v)
{
	struct cpg_net *cn = cpg_pernet(seq_file_single_net(seq));
	struct cpg_status st = {};
	int i;

	cpg_node_lock(&cn->node);
	if (cn->node.eng)
		cpg_engine_status(cn->node.eng, &st);
	cpg_node_unlock(&cn->node);

	for (i = 0; i < CPG_MIB_DROP; i++)
		seq_printf(seq, "%-24s %llu\n", cpg_mib_names[i],
			   cpg_mib_read(cn->mib, i));
	for (i = CPG_DROP_NONE + 1; i < __CPG_DROP_NR; i++)
		seq_printf(seq, "drop %-19s %llu\n", cpg_drop_names[i],
			   cpg_mib_read(cn->mib, CPG_MIB_DROP + i));
	for (i = 0; i < __CPG_CNT_NR; i++)
		seq_printf(seq, "engine %-17s %llu\n", cpg_counter_names[i],
			   st.counters[i]);
	return 0;
}

static void *cpg_proc_sockets_start(struct seq_file *seq, loff_t *pos)
	__acquires(&cpg_pernet(seq_file_net(seq))->node.lock)
{
	struct cpg_node *node = &cpg_pernet(seq_file_net(seq))->node;

	cpg_node_lock(node);
	return seq_list_start_head(&node->socks, *pos);
}

static void *cpg_proc_sockets_next(struct seq_file *seq, void *v, loff_t *pos)
{
	struct cpg_node *node = &cpg_pernet(seq_file_net(seq))->node;

	return seq_list_next(v, &node->socks, pos);
}

static void cpg_proc_sockets_stop(struct seq_file *seq, void *v)
	__releases(&cpg_pernet(seq_file_net(seq))->node.lock)
{
	cpg_node_unlock(&cpg_pernet(seq_file_net(seq))->node);
}

static int cpg_proc_sockets_show(struct seq_file *seq, void *v)
{
	struct cpg_node *node = &cpg_pernet(seq_file_net(seq))->node;
	struct cpg_sock *cs;

	if (v == &node->socks) {
		seq_puts(seq, "inode state pid events rmem wmem group\n");
		return 0;
	}
	cs = list_entry(v, struct cpg_sock, node_list);
	seq_printf(seq, "%lu %s %u %u %u %d ", sock_i_ino(&cs->sk),
		   cs->slow ? "slow" : cpg_sk_state_names[cs->state], cs->pid,
		   cpg_sk_n_recvq(cs),
		   atomic_read(&cs->sk.sk_rmem_alloc), cs->sk.sk_wmem_queued);
	seq_escape_mem(seq, (const char *)cs->group.name, cs->group.name_len,
		       ESCAPE_SPACE | ESCAPE_SPECIAL | ESCAPE_NULL |
		       ESCAPE_OCTAL, NULL);
	seq_putc(seq, '\n');
	return 0;
}

static const struct seq_operations cpg_proc_sockets_ops = {
	.start	= cpg_proc_sockets_start,
	.next	= cpg_proc_sockets_next,
	.stop	= cpg_proc_sockets_stop,
	.show	= cpg_proc_sockets_show,
};

/**
 * cpg_proc_init() - make the files of a namespace
 * @net: network namespace
 *
 * Return: 0 or -ENOMEM.
 */
int cpg_proc_init(struct net *net)
{
	struct proc_dir_entry *dir;

	dir = proc_net_mkdir(net, "cpg", net->proc_net);
	if (!dir)
		return -ENOMEM;
	if (!proc_create_net_single("stats", 0444, dir, cpg_proc_stats_show,
				    NULL))
		goto err_remove;
	if (!proc_create_net("sockets", 0440, dir, &cpg_proc_sockets_ops,
			     sizeof(struct seq_net_private)))
		goto err_remove;
	return 0;

err_remove:
	remove_proc_subtree("cpg", net->proc_net);
	return -ENOMEM;
}

/**
 * cpg_proc_exit() - remove the files of a namespace
 * @net: network namespace
 */
void cpg_proc_exit(struct net *net)
{
	remove_proc_subtree("cpg", net->proc_net);
}
