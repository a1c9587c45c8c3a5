// SPDX-License-Identifier: GPL-2.0
/*
 * The module: what is registered when it is loaded, and taken back when it
 * goes.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/build_bug.h>
#include <linux/module.h>
#include <linux/net.h>
#include <linux/rcupdate.h>
#include <linux/stddef.h>

#include "cpg_priv.h"

/* What user space was compiled with. */
static void cpg_uapi_check(void)
{
	BUILD_BUG_ON(sizeof(struct sockaddr_cpg) != 16);
	BUILD_BUG_ON(offsetof(struct sockaddr_cpg, scpg_nodeid) != 4);
	BUILD_BUG_ON(offsetof(struct sockaddr_cpg, scpg_pid) != 8);
	BUILD_BUG_ON(offsetof(struct sockaddr_cpg, scpg_port) != 12);
	BUILD_BUG_ON(sizeof(struct cpg_group) != 136);
	BUILD_BUG_ON(offsetof(struct cpg_group, name) != 8);
	BUILD_BUG_ON(sizeof(struct cpg_member) != 16);
	BUILD_BUG_ON(sizeof(struct cpg_confchg) != 16);
	BUILD_BUG_ON(offsetof(struct cpg_confchg, entries) != 16);
	BUILD_BUG_ON(sizeof(struct cpg_view) != 24);
	BUILD_BUG_ON(offsetof(struct cpg_view, nodes) != 24);
	BUILD_BUG_ON(sizeof(struct cpg_seq) != 24);
	BUILD_BUG_ON(offsetof(struct cpg_seq, seq) != 16);
	BUILD_BUG_ON(sizeof(struct cpg_record) != 48);
	BUILD_BUG_ON(offsetof(struct cpg_record, seq) != 24);
	BUILD_BUG_ON(sizeof(struct cpg_members) != 144);
	BUILD_BUG_ON(offsetof(struct cpg_members, members) != 144);
	BUILD_BUG_ON(sizeof(struct cpg_groups) != 8);
	BUILD_BUG_ON(sizeof(struct cpg_flow) != 16);
}

static int __init cpg_init(void)
{
	int err;

	cpg_uapi_check();

	err = cpg_env_init();
	if (err)
		return err;
	err = cpg_recv_init();
	if (err)
		goto err_exit_env;
	cpg_rx_init();
	err = proto_register(&cpg_proto, 0);
	if (err)
		goto err_exit_recv;
	err = cpg_netns_init();
	if (err)
		goto err_unregister_proto;
	err = sock_register(&cpg_family);
	if (err) {
		pr_err("address family %d is taken (%d)\n", PF_CPG, err);
		goto err_exit_netns;
	}
	err = cpg_nl_init();
	if (err)
		goto err_unregister_sock;
	return 0;

err_unregister_sock:
	sock_unregister(PF_CPG);
err_exit_netns:
	cpg_netns_exit();
err_unregister_proto:
	proto_unregister(&cpg_proto);
err_exit_recv:
	cpg_rx_exit();
	cpg_recv_exit();
err_exit_env:
	cpg_env_exit();
	return err;
}

static void __exit cpg_exit(void)
{
	cpg_nl_exit();
	sock_unregister(PF_CPG);
	cpg_netns_exit();
	proto_unregister(&cpg_proto);
	rcu_barrier();
	cpg_rx_exit();
	cpg_recv_exit();
	cpg_env_exit();
}

module_init(cpg_init);
module_exit(cpg_exit);

MODULE_DESCRIPTION("Closed process groups as a socket family");
MODULE_LICENSE("GPL");
MODULE_ALIAS_NETPROTO(PF_CPG);
