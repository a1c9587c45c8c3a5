// SPDX-License-Identifier: GPL-2.0
/*
 * What each network namespace has: a node, counters, files, tunables.
 */
#include <linux/cred.h>
#include <linux/init_task.h>
#include <linux/jiffies.h>
#include <linux/notifier.h>
#include <linux/percpu.h>
#include <linux/reboot.h>
#include <linux/rtnetlink.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>

#include "cpg_priv.h"

static unsigned int cpg_net_id __read_mostly;

/**
 * cpg_pernet() - what a namespace has of ours
 * @net: network namespace
 *
 * Return: it; it is there for as long as the module and the namespace are.
 */
struct cpg_net *cpg_pernet(const struct net *net)
{
	return net_generic(net, cpg_net_id);
}

/* Root of the namespace, as SO_PEERCRED shows it. */
static const struct cred *cpg_net_cred(struct net *net)
{
	kuid_t uid = make_kuid(net->user_ns, 0);
	kgid_t gid = make_kgid(net->user_ns, 0);
	struct cred *cred;

	cred = prepare_kernel_cred(&init_task);
	if (!cred)
		return NULL;
	if (uid_valid(uid))
		cred->euid = uid;
	if (gid_valid(gid))
		cred->egid = gid;
	return cred;
}

static int __net_init cpg_net_init(struct net *net)
{
	struct cpg_net *cn = cpg_pernet(net);
	int err = -ENOMEM;

	cn->net = net;
	mutex_init(&cn->conf_mutex);
	cn->gid_range[0] = 1;
	cn->gid_range[1] = 0;
	cn->sndbuf = CPG_SNDBUF_DEFAULT;
	cn->rcvbuf = CPG_RCVBUF_DEFAULT;
	cn->slow_timeout = CPG_SLOW_TIMEOUT_DEFAULT;
	cpg_node_init(&cn->node);

	cn->mib = alloc_percpu(struct cpg_mib);
	if (!cn->mib)
		return err;
	cn->cred = cpg_net_cred(net);
	if (!cn->cred)
		goto err_free_mib;
	err = cpg_sysctl_init(cn);
	if (err)
		goto err_put_cred;
	err = cpg_proc_init(net);
	if (err)
		goto err_exit_sysctl;
	return 0;

err_exit_sysctl:
	cpg_sysctl_exit(cn);
err_put_cred:
	put_cred(cn->cred);
err_free_mib:
	free_percpu(cn->mib);
	return err;
}

static void __net_exit cpg_net_pre_exit(struct net *net)
{
	struct cpg_net *cn = cpg_pernet(net);

	cpg_node_quiesce(cn);
	cpg_rx_stop(&cn->node);
}

static void __net_exit cpg_net_exit(struct net *net)
{
	struct cpg_net *cn = cpg_pernet(net);

	cpg_proc_exit(net);
	cpg_sysctl_exit(cn);
	cpg_node_exit(&cn->node);
	put_cred(cn->cred);
	free_percpu(cn->mib);
}

static struct pernet_operations cpg_net_ops = {
	.init		= cpg_net_init,
	.pre_exit	= cpg_net_pre_exit,
	.exit		= cpg_net_exit,
	.id		= &cpg_net_id,
	.size		= sizeof(struct cpg_net),
};

/**
 * cpg_netns_leave() - all nodes say good-bye
 *
 * They do so at the same time, so that it takes no longer than one of them may
 * take.  It may sleep.  A namespace that is in the list stays while the list is
 * locked, and no node needs the list for its good-bye.
 */
void cpg_netns_leave(void)
{
	unsigned long until = jiffies + CPG_LEAVE_MAX;
	struct net *net;

	down_read(&net_rwsem);
	for_each_net(net)
		cpg_node_leave(&cpg_pernet(net)->node);
	for_each_net(net)
		cpg_node_leave_wait(&cpg_pernet(net)->node, until);
	up_read(&net_rwsem);
}

/* Devices still work when the machine begins to go down. */
static int cpg_netns_reboot(struct notifier_block *nb, unsigned long action,
			    void *data)
{
	cpg_netns_leave();
	return NOTIFY_DONE;
}

static struct notifier_block cpg_reboot_notifier = {
	.notifier_call	= cpg_netns_reboot,
};

/**
 * cpg_netns_init() - set up all namespaces, present and to come
 *
 * Return: 0 or a negative errno.
 */
int cpg_netns_init(void)
{
	int err;

	err = register_pernet_subsys(&cpg_net_ops);
	if (err)
		return err;
	err = register_reboot_notifier(&cpg_reboot_notifier);
	if (err)
		unregister_pernet_subsys(&cpg_net_ops);
	return err;
}

/**
 * cpg_netns_exit() - clear all namespaces
 */
void cpg_netns_exit(void)
{
	unregister_reboot_notifier(&cpg_reboot_notifier);
	unregister_pernet_subsys(&cpg_net_ops);
}
