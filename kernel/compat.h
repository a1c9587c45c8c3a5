/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What differs between the supported kernels, 6.1 to 6.12.
 *
 * The rest of the module is written for the newest of them; here stand the
 * new names for the older ones.
 */
#ifndef _CPG_COMPAT_H
#define _CPG_COMPAT_H

#include <linux/kconfig.h>
#include <linux/version.h>
#include <net/net_namespace.h>
#include <net/netlink.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 1, 0) || \
	LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
#error "AF_CPG builds for Linux 6.1 to 6.12"
#endif

#if !IS_ENABLED(CONFIG_NET_UDP_TUNNEL)
#error "AF_CPG needs CONFIG_NET_UDP_TUNNEL"
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0)
#include <linux/errno.h>
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/udp.h>
#include <net/sock.h>

void cpg_udp_err_rcv(struct sock *sk, struct sk_buff *skb, int err,
		     __be16 port, u32 info, u8 *payload);

/* Is told less; of the errors, the one that counts has its own number. */
static inline void cpg_compat_udp_err_rcv(struct sock *sk, struct sk_buff *skb,
					  unsigned int udp_offset)
{
	struct udphdr *uh = (struct udphdr *)(skb->data + udp_offset);
	bool is_refused;

	if (sk->sk_family == AF_INET)
		is_refused = icmp_hdr(skb)->type == ICMP_DEST_UNREACH &&
			     icmp_hdr(skb)->code == ICMP_PORT_UNREACH;
	else
		is_refused = icmp6_hdr(skb)->icmp6_type ==
				     ICMPV6_DEST_UNREACH &&
			     icmp6_hdr(skb)->icmp6_code == ICMPV6_PORT_UNREACH;
	cpg_udp_err_rcv(sk, skb, is_refused ? ECONNREFUSED : EHOSTUNREACH,
			uh->dest, 0, (u8 *)(uh + 1));
}
#else
#define cpg_compat_udp_err_rcv cpg_udp_err_rcv
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 6, 0)
/* The table ends with an empty entry, which newer kernels do without. */
static inline struct ctl_table_header *
register_net_sysctl_sz(struct net *net, const char *path,
		       struct ctl_table *table, size_t size)
{
	return register_net_sysctl(net, path, table);
}
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 7, 0)
static inline int nla_put_uint(struct sk_buff *skb, int attrtype, u64 value)
{
	if (value > U32_MAX)
		return nla_put(skb, attrtype, sizeof(value), &value);
	return nla_put_u32(skb, attrtype, value);
}
#endif

#endif /* _CPG_COMPAT_H */
