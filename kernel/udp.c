// SPDX-License-Identifier: GPL-2.0
/*
 * The bearer: packets to and from the other nodes by UDP, IPv4 or IPv6, each
 * destination on its own.
 *
 * Packets are taken where they arrive, in softirq, several that travelled as
 * one together.  A packet on its way out has a small head of its own for each
 * destination and shares the page with the body.
 */
#include <linux/bsearch.h>
#include <linux/inetdevice.h>
#include <linux/jiffies.h>
#include <linux/netlink.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/udp.h>
#include <net/addrconf.h>
#include <net/inet_sock.h>
#include <net/ip.h>
#include <net/ip6_route.h>
#include <net/ipv6.h>
#include <net/route.h>
#include <net/udp.h>
#include <net/udp_tunnel.h>

#include "cpg_priv.h"

enum {
	/* Bodies up to this are copied: a page of its own costs more. */
	CPG_COPY_MAX = 256,
	CPG_HEADROOM = ALIGN(LL_MAX_HEADER + sizeof(struct ipv6hdr) +
			     sizeof(struct udphdr), 16),
	/* Bytes that are sent as one. */
	CPG_BURST_BYTES_MAX = IP_MAX_MTU - sizeof(struct ipv6hdr) -
			      sizeof(struct udphdr),
	/* Between two ICMP errors of a peer that are looked at. */
	CPG_ERR_PAUSE = HZ / 10,
};

/**
 * struct cpg_peer - another node
 * @nodeid: its id
 * @addr: where it is
 * @cache: the route to it
 * @err_next: jiffies from which on an ICMP error of it is looked at; may be
 *	written by two at a time, then both are
 */
struct cpg_peer {
	u32			nodeid;
	union cpg_addr		addr;
	struct dst_cache	cache;
	unsigned long		err_next;
};

/**
 * struct cpg_bearer - a UDP socket and where the peers are
 * @sock: the socket
 * @node: whose bearer it is
 * @local: own address and port
 * @n_peers: number of @peers
 * @peers: ascending by node id
 *
 * Immutable once it is made, except for the peers' caches, which have locks of
 * their own, and err_next.
 */
struct cpg_bearer {
	struct socket		*sock;
	struct cpg_node		*node;
	union cpg_addr		local;
	u32			n_peers;
	struct cpg_peer		peers[];
};

/* --- receive --- */

static void cpg_udp_rcv(struct cpg_bearer *bearer, struct sk_buff *skb)
{
	struct cpg_node *node = bearer->node;
	u32 n = cpg_buf_wrap_max(skb);

	CPG_ADD_STATS(node, CPG_MIB_RXPACKETS, n);
	if (rcu_access_pointer(node->bearer) != bearer) {
		CPG_ADD_STATS(node, CPG_MIB_RXNONODE, n);
		kfree_skb(skb);
		return;
	}
	/*
	 * Packets are kept for as long as the engine needs them: let go what
	 * belongs to the way by which they came.
	 */
	skb_scrub_packet(skb, true);
	skb->dev = NULL;
	cpg_rx(node, skb, n);
}

/*
 * Something is in the socket's queue.  It is taken from there, for encap_rcv
 * would get what travelled as one in pieces: each with memory and a checksum
 * of its own, and a copy.  The queue never fills: it is emptied where the
 * packet came, by whoever is first.
 *
 * Softirq, RCU read lock held.
 */
static void cpg_udp_data_ready(struct sock *sk)
{
	struct cpg_bearer *bearer = rcu_dereference_sk_user_data(sk);
	struct sk_buff *skb;
	int off = 0;
	int err;

	while (bearer && (skb = __skb_recv_udp(sk, MSG_DONTWAIT, &off, &err))) {
		if (udp_lib_checksum_complete(skb)) {
			__UDPX_INC_STATS(sk, UDP_MIB_CSUMERRORS);
			__UDPX_INC_STATS(sk, UDP_MIB_INERRORS);
			kfree_skb(skb);
			continue;
		}
		__UDPX_INC_STATS(sk, UDP_MIB_INDATAGRAMS);
		cpg_udp_rcv(bearer, skb);
	}
}

/*
 * Does the peer itself say that it does not have the port?  What somebody on
 * the way refuses tells nothing of the peer.
 */
static bool cpg_udp_err_is_of(const struct sk_buff *skb, __be16 port,
			      const struct cpg_peer *peer)
{
	const union cpg_addr *addr = &peer->addr;

	if (addr->sin.sin_port != port)
		return false;
	if (addr->sa.sa_family == AF_INET) {
		const struct iphdr *sent = (const void *)skb->data;

		return sent->daddr == addr->sin.sin_addr.s_addr &&
		       sent->daddr == ip_hdr(skb)->saddr;
	} else {
		const struct ipv6hdr *sent = (const void *)skb->data;

		return ipv6_addr_equal(&sent->daddr, &addr->sin6.sin6_addr) &&
		       ipv6_addr_equal(&sent->daddr, &ipv6_hdr(skb)->saddr);
	}
}

/**
 * cpg_udp_err_rcv() - an ICMP error for a packet of the bearer
 * @sk: its socket
 * @skb: skb->data is at the IP header of the packet that was sent, the network
 *	header is that of the error
 * @err: what the error stands for
 * @port: where the packet was sent to
 * @info: not used
 * @payload: not used
 *
 * A port is unreachable when the node has gone without a good-bye.  Anybody can
 * forge that, so it is a hint; at the pace of a flood it is not even that.
 *
 * Softirq, RCU read lock held.
 */
void cpg_udp_err_rcv(struct sock *sk, struct sk_buff *skb, int err,
		     __be16 port, u32 info, u8 *payload)
{
	struct cpg_bearer *bearer = rcu_dereference_sk_user_data(sk);
	struct cpg_peer *peer, *end;

	if (!bearer || err != ECONNREFUSED)
		return;
	end = bearer->peers + bearer->n_peers;
	for (peer = bearer->peers; peer < end; peer++)
		if (cpg_udp_err_is_of(skb, port, peer))
			break;
	if (peer == end || time_before(jiffies, READ_ONCE(peer->err_next)))
		return;
	WRITE_ONCE(peer->err_next, jiffies + CPG_ERR_PAUSE);
	cpg_node_unreachable(bearer->node, bearer, peer->nodeid);
}

/**
 * cpg_bearer_source() - where a packet came from
 * @skb: as handed to cpg_rx()
 * @addr: stores address and port
 */
void cpg_bearer_source(const struct sk_buff *skb, union cpg_addr *addr)
{
	memset(addr, 0, sizeof(*addr));
	if (ip_hdr(skb)->version == 4) {
		addr->sin.sin_family = AF_INET;
		addr->sin.sin_addr.s_addr = ip_hdr(skb)->saddr;
		addr->sin.sin_port = udp_hdr(skb)->source;
	} else {
		addr->sin6.sin6_family = AF_INET6;
		addr->sin6.sin6_addr = ipv6_hdr(skb)->saddr;
		addr->sin6.sin6_port = udp_hdr(skb)->source;
	}
}

/* --- transmit --- */

static u32 cpg_tx_size(const struct cpg_tx *tx)
{
	return tx->hdr_len + tx->len;
}

/* Is the body copied to behind the header? */
static bool cpg_tx_copies(const struct cpg_tx *tx)
{
	return tx->len <= CPG_COPY_MAX || !cpg_buf_is_page(tx->body);
}

static u32 cpg_tx_head(const struct cpg_tx *tx)
{
	return tx->hdr_len + (cpg_tx_copies(tx) ? tx->len : 0);
}

static void cpg_tx_fill_head(const struct cpg_tx *tx, u8 *p)
{
	memcpy(p, tx->hdr, tx->hdr_len);
	if (cpg_tx_copies(tx) && tx->len)
		memcpy(p + tx->hdr_len, tx->data, tx->len);
}

/* @skb takes over a reference to the page. */
static void cpg_udp_add_frag(struct sk_buff *skb, const void *data, u32 len)
{
	struct page *page = virt_to_head_page(data);

	skb_add_rx_frag(skb, skb_shinfo(skb)->nr_frags, page,
			data - page_address(page), len, ALIGN(len, 64));
}

static void cpg_udp_add_body(struct sk_buff *skb, const struct cpg_tx *tx)
{
	if (cpg_tx_copies(tx))
		return;
	get_page(virt_to_head_page(tx->data));
	cpg_udp_add_frag(skb, tx->data, tx->len);
}

/* Parts of pages that a packet is made of; the head of a first is in none. */
static u32 cpg_tx_frags(const struct cpg_tx *tx, bool is_first)
{
	return (cpg_tx_head(tx) && !is_first) + !cpg_tx_copies(tx);
}

/*
 * How many packets, from @tx on, may be sent as one?  Those that go to the same
 * nodes, of the same size; the last one may be smaller.
 */
static u32 cpg_udp_burst(const struct list_head *list, const struct cpg_tx *tx)
{
	const struct cpg_tx *next = tx;
	u32 frags = cpg_tx_frags(tx, true);
	u32 size = cpg_tx_size(tx);
	u32 bytes = size;
	u32 n = 1;

	if (!tx->n)
		return 1;
	list_for_each_entry_continue(next, list, list) {
		u32 len = cpg_tx_size(next);

		frags += cpg_tx_frags(next, false);
		if (frags > MAX_SKB_FRAGS || next->n != tx->n || len > size ||
		    bytes + len > CPG_BURST_BYTES_MAX ||
		    memcmp(next->nodeids, tx->nodeids,
			   tx->n * sizeof(tx->nodeids[0])))
			break;
		n++;
		bytes += len;
		if (len < size)
			break;
	}
	return n;
}

static struct sk_buff *cpg_udp_skb(const struct cpg_tx *tx)
{
	u32 head = cpg_tx_head(tx);
	struct sk_buff *skb;

	skb = alloc_skb(CPG_HEADROOM + head, GFP_ATOMIC | __GFP_NOWARN);
	if (!skb)
		return NULL;
	skb_reserve(skb, CPG_HEADROOM);
	cpg_tx_fill_head(tx, skb_put(skb, head));
	cpg_udp_add_body(skb, tx);
	return skb;
}

static bool cpg_udp_add_head(struct sk_buff *skb, const struct cpg_tx *tx)
{
	void *p = netdev_alloc_frag(cpg_tx_head(tx));

	if (!p)
		return false;
	cpg_tx_fill_head(tx, p);
	cpg_udp_add_frag(skb, p, cpg_tx_head(tx));
	return true;
}

/* Put @n - 1 packets that follow @tx behind it. */
static bool cpg_udp_join(struct sk_buff *skb, const struct cpg_tx *tx, u32 n)
{
	struct skb_shared_info *shinfo = skb_shinfo(skb);
	u32 i;

	shinfo->gso_size = cpg_tx_size(tx);
	shinfo->gso_segs = n;
	shinfo->gso_type = SKB_GSO_UDP_L4;
	for (i = 1; i < n; i++) {
		tx = list_next_entry(tx, list);
		if (cpg_tx_head(tx) && !cpg_udp_add_head(skb, tx))
			return false;
		cpg_udp_add_body(skb, tx);
	}
	return true;
}

static struct rtable *cpg_udp_route4(struct cpg_bearer *bearer,
				     const union cpg_addr *to,
				     struct dst_cache *cache,
				     struct flowi4 *fl)
{
	struct sock *sk = bearer->sock->sk;
	struct rtable *rt;

	*fl = (struct flowi4) {
		.saddr		= bearer->local.sin.sin_addr.s_addr,
		.daddr		= to->sin.sin_addr.s_addr,
		.fl4_sport	= bearer->local.sin.sin_port,
		.fl4_dport	= to->sin.sin_port,
		.flowi4_proto	= IPPROTO_UDP,
	};
	if (cache) {
		rt = dst_cache_get_ip4(cache, &fl->saddr);
		if (rt)
			return rt;
	}
	rt = ip_route_output_flow(sock_net(sk), fl, sk);
	if (!IS_ERR(rt) && cache)
		dst_cache_set_ip4(cache, &rt->dst, fl->saddr);
	return rt;
}

static int cpg_udp_xmit4(struct cpg_bearer *bearer, const union cpg_addr *to,
			 struct dst_cache *cache, struct sk_buff *skb)
{
	struct flowi4 fl;
	struct rtable *rt;

	rt = cpg_udp_route4(bearer, to, cache, &fl);
	if (IS_ERR(rt))
		return PTR_ERR(rt);
	skb->ignore_df = 1;
	udp_tunnel_xmit_skb(rt, bearer->sock->sk, skb, fl.saddr, fl.daddr, 0,
			    ip4_dst_hoplimit(&rt->dst), 0, fl.fl4_sport,
			    fl.fl4_dport, false, false);
	return 0;
}

#if IS_ENABLED(CONFIG_IPV6)
static struct dst_entry *cpg_udp_route6(struct cpg_bearer *bearer,
					const union cpg_addr *to,
					struct dst_cache *cache,
					struct flowi6 *fl)
{
	struct sock *sk = bearer->sock->sk;
	struct dst_entry *dst;

	*fl = (struct flowi6) {
		.saddr		= bearer->local.sin6.sin6_addr,
		.daddr		= to->sin6.sin6_addr,
		.fl6_sport	= bearer->local.sin6.sin6_port,
		.fl6_dport	= to->sin6.sin6_port,
		.flowi6_oif	= to->sin6.sin6_scope_id ?:
				  bearer->local.sin6.sin6_scope_id,
		.flowi6_proto	= IPPROTO_UDP,
	};
	if (cache) {
		dst = dst_cache_get_ip6(cache, &fl->saddr);
		if (dst)
			return dst;
	}
	dst = ipv6_stub->ipv6_dst_lookup_flow(sock_net(sk), sk, fl, NULL);
	if (!IS_ERR(dst) && cache)
		dst_cache_set_ip6(cache, dst, &fl->saddr);
	return dst;
}

static int cpg_udp_xmit6(struct cpg_bearer *bearer, const union cpg_addr *to,
			 struct dst_cache *cache, struct sk_buff *skb)
{
	struct dst_entry *dst;
	struct flowi6 fl;

	dst = cpg_udp_route6(bearer, to, cache, &fl);
	if (IS_ERR(dst))
		return PTR_ERR(dst);
	skb->ignore_df = 1;
	udp_tunnel6_xmit_skb(dst, bearer->sock->sk, skb, NULL, &fl.saddr,
			     &fl.daddr, 0, ip6_dst_hoplimit(dst), 0,
			     fl.fl6_sport, fl.fl6_dport, false);
	return 0;
}

static u32 cpg_udp_mtu6(struct cpg_bearer *bearer, struct cpg_peer *peer)
{
	struct dst_entry *dst;
	struct flowi6 fl;
	u32 mtu;

	dst = cpg_udp_route6(bearer, &peer->addr, NULL, &fl);
	if (IS_ERR(dst))
		return U32_MAX;
	mtu = dst_mtu(dst) - sizeof(struct ipv6hdr) - sizeof(struct udphdr);
	dst_release(dst);
	return mtu;
}

static void cpg_udp_bind6(struct udp_port_cfg *cfg,
			  const union cpg_addr *local)
{
	cfg->local_ip6 = local->sin6.sin6_addr;
	cfg->bind_ifindex = local->sin6.sin6_scope_id;
}
#else
static int cpg_udp_xmit6(struct cpg_bearer *bearer, const union cpg_addr *to,
			 struct dst_cache *cache, struct sk_buff *skb)
{
	return -EAFNOSUPPORT;
}

static u32 cpg_udp_mtu6(struct cpg_bearer *bearer, struct cpg_peer *peer)
{
	return U32_MAX;
}

/* udp_sock_create() refuses the family. */
static void cpg_udp_bind6(struct udp_port_cfg *cfg,
			  const union cpg_addr *local)
{
}
#endif

static u32 cpg_udp_mtu4(struct cpg_bearer *bearer, struct cpg_peer *peer)
{
	struct rtable *rt;
	struct flowi4 fl;
	u32 mtu;

	rt = cpg_udp_route4(bearer, &peer->addr, NULL, &fl);
	if (IS_ERR(rt))
		return U32_MAX;
	mtu = dst_mtu(&rt->dst) - sizeof(struct iphdr) - sizeof(struct udphdr);
	ip_rt_put(rt);
	return mtu;
}

/* The checksum is left to the device, which has to do one for each packet. */
static void cpg_udp_csum_prepare(struct sk_buff *skb)
{
	if (!skb_is_gso(skb))
		return;
	skb->ip_summed = CHECKSUM_PARTIAL;
	skb->csum_start = skb_headroom(skb) - sizeof(struct udphdr);
	skb->csum_offset = offsetof(struct udphdr, check);
}

/* Consumes @skb, which holds @n packets; NULL: there was no memory. */
static void cpg_udp_xmit(struct cpg_bearer *bearer, const union cpg_addr *to,
			 struct dst_cache *cache, struct sk_buff *skb, u32 n)
{
	struct cpg_node *node = bearer->node;
	int err;

	if (!skb) {
		CPG_ADD_STATS(node, CPG_MIB_TXNOMEM, n);
		return;
	}
	cpg_udp_csum_prepare(skb);
	if (to->sa.sa_family == AF_INET)
		err = cpg_udp_xmit4(bearer, to, cache, skb);
	else
		err = cpg_udp_xmit6(bearer, to, cache, skb);
	if (err) {
		CPG_ADD_STATS(node, CPG_MIB_TXNOROUTE, n);
		kfree_skb(skb);
		return;
	}
	CPG_ADD_STATS(node, CPG_MIB_TXPACKETS, n);
}

static int cpg_peer_cmp_key(const void *key, const void *elem)
{
	u32 nodeid = *(const u32 *)key;
	const struct cpg_peer *peer = elem;

	return nodeid < peer->nodeid ? -1 : nodeid > peer->nodeid;
}

static int cpg_peer_cmp(const void *a, const void *b)
{
	return cpg_peer_cmp_key(&((const struct cpg_peer *)a)->nodeid, b);
}

static void cpg_bearer_xmit_to(struct cpg_bearer *bearer, u32 nodeid,
			       struct sk_buff *skb, u32 n)
{
	struct cpg_peer *peer;

	peer = bsearch(&nodeid, bearer->peers, bearer->n_peers, sizeof(*peer),
		       cpg_peer_cmp_key);
	if (peer) {
		cpg_udp_xmit(bearer, &peer->addr, &peer->cache, skb, n);
		return;
	}
	CPG_ADD_STATS(bearer->node, CPG_MIB_TXNOROUTE, n);
	kfree_skb(skb);
}

/**
 * cpg_bearer_xmit() - send the first packet of a list
 * @bearer: bearer; the caller holds the RCU read lock
 * @list: of struct cpg_tx, not empty
 *
 * And with it those that follow and can travel with it, as one until they leave
 * the machine.
 *
 * Bottom halves are disabled, node->lock is not held.
 *
 * Return: how many were sent.
 */
u32 cpg_bearer_xmit(struct cpg_bearer *bearer, const struct list_head *list)
{
	const struct cpg_tx *tx = list_first_entry(list, struct cpg_tx, list);
	struct sk_buff *skb = cpg_udp_skb(tx);
	u32 n = cpg_udp_burst(list, tx);
	u32 i;

	if (skb && n > 1 && !cpg_udp_join(skb, tx, n)) {
		kfree_skb(skb);
		skb = NULL;
	}
	if (!tx->n) {
		cpg_udp_xmit(bearer, &tx->to, NULL, skb, n);
		return n;
	}
	/* Each its own head, for addresses, and all the same body. */
	for (i = 1; i < tx->n; i++)
		cpg_bearer_xmit_to(bearer, tx->nodeids[i - 1], skb ?
				   pskb_copy(skb, GFP_ATOMIC | __GFP_NOWARN) :
				   NULL, n);
	cpg_bearer_xmit_to(bearer, tx->nodeids[i - 1], skb, n);
	return n;
}

/* --- set-up --- */

static void cpg_addr_set(union cpg_addr *addr,
			 const struct sockaddr_storage *from, u16 port)
{
	memset(addr, 0, sizeof(*addr));
	if (from->ss_family == AF_INET)
		addr->sin = *(const struct sockaddr_in *)from;
	else
		addr->sin6 = *(const struct sockaddr_in6 *)from;
	/* The port is at the same place in both. */
	BUILD_BUG_ON(offsetof(struct sockaddr_in, sin_port) !=
		     offsetof(struct sockaddr_in6, sin6_port));
	if (!addr->sin.sin_port)
		addr->sin.sin_port = htons(port);
}

/* Whoever looks into the socket's queue is what it would wait for. */
static void cpg_udp_no_busy_poll(struct sock *sk)
{
#ifdef CONFIG_NET_RX_BUSY_POLL
	WRITE_ONCE(sk->sk_ll_usec, 0);
#endif
}

static int cpg_bearer_open(struct net *net, struct cpg_bearer *bearer)
{
	const union cpg_addr *local = &bearer->local;
	struct udp_port_cfg cfg = {
		.family			= local->sa.sa_family,
		.local_udp_port		= local->sin.sin_port,
		.use_udp_checksums	= true,
		.use_udp6_tx_checksums	= true,
		.use_udp6_rx_checksums	= true,
		.ipv6_v6only		= true,
	};
	struct udp_tunnel_sock_cfg tunnel = {
		.sk_user_data	= bearer,
		.encap_type	= 1,
		.encap_err_rcv	= cpg_compat_udp_err_rcv,
	};
	int on = 1;
	int err;

	if (cfg.family == AF_INET)
		cfg.local_ip = local->sin.sin_addr;
	else
		cpg_udp_bind6(&cfg, local);
	err = udp_sock_create(net, &cfg, &bearer->sock);
	if (err)
		return err;
	bearer->sock->sk->sk_data_ready = cpg_udp_data_ready;
	cpg_udp_no_busy_poll(bearer->sock->sk);
	setup_udp_tunnel_sock(net, bearer->sock, &tunnel);
	err = bearer->sock->ops->setsockopt(bearer->sock, SOL_UDP, UDP_GRO,
					    KERNEL_SOCKPTR(&on), sizeof(on));
	if (err)
		udp_tunnel_sock_release(bearer->sock);
	return err;
}

static void cpg_bearer_free(struct cpg_bearer *bearer)
{
	u32 i;

	for (i = 0; i < bearer->n_peers; i++)
		dst_cache_destroy(&bearer->peers[i].cache);
	kvfree(bearer);
}

static int cpg_bearer_peers_init(struct cpg_bearer *bearer,
				 const struct cpg_node_conf *conf)
{
	struct cpg_peer *peer;
	u32 i;
	int err;

	for (i = 0; i < conf->n_peers; i++) {
		peer = &bearer->peers[i];
		err = dst_cache_init(&peer->cache, GFP_KERNEL);
		if (err)
			return err;
		bearer->n_peers++;
		peer->nodeid = conf->peers[i].nodeid;
		peer->err_next = jiffies;
		cpg_addr_set(&peer->addr, &conf->peers[i].addr, conf->port);
	}
	sort(bearer->peers, bearer->n_peers, sizeof(*peer), cpg_peer_cmp,
	     NULL);
	return 0;
}

/**
 * cpg_bearer_create() - open the UDP socket of a node
 * @net: network namespace
 * @node: gets the packets, once the bearer is set in it
 * @conf: addresses
 * @extack: says what is wrong
 *
 * Return: the bearer, or ERR_PTR.
 */
struct cpg_bearer *cpg_bearer_create(struct net *net, struct cpg_node *node,
				     const struct cpg_node_conf *conf,
				     struct netlink_ext_ack *extack)
{
	struct cpg_bearer *bearer;
	int err;

	bearer = kvzalloc(struct_size(bearer, peers, conf->n_peers),
			  GFP_KERNEL);
	if (!bearer)
		return ERR_PTR(-ENOMEM);
	bearer->node = node;
	cpg_addr_set(&bearer->local, &conf->local, conf->port);

	err = cpg_bearer_peers_init(bearer, conf);
	if (err)
		goto err_free_bearer;
	err = cpg_bearer_open(net, bearer);
	if (err) {
		NL_SET_ERR_MSG(extack,
			       "Cannot bind to the local address and port");
		goto err_free_bearer;
	}
	return bearer;

err_free_bearer:
	cpg_bearer_free(bearer);
	return ERR_PTR(err);
}

/**
 * cpg_bearer_destroy() - close the UDP socket of a node
 * @bearer: not set in its node any more
 *
 * May sleep.  Nobody handles a packet of this bearer any more, or sends one by
 * it, when this returns.
 */
void cpg_bearer_destroy(struct cpg_bearer *bearer)
{
	/* Waits for all who may use the bearer, in either direction. */
	udp_tunnel_sock_release(bearer->sock);
	cpg_bearer_free(bearer);
}

/**
 * cpg_bearer_mtu() - the largest packet that reaches all peers
 * @bearer: bearer
 *
 * Return: bytes from the first of ours on, as the engine counts them.
 */
u32 cpg_bearer_mtu(struct cpg_bearer *bearer)
{
	bool is_v4 = bearer->local.sa.sa_family == AF_INET;
	u32 mtu = is_v4 ? CPG_MTU_IPV4 : CPG_MTU_DEFAULT;
	u32 i;

	for (i = 0; i < bearer->n_peers; i++) {
		struct cpg_peer *peer = &bearer->peers[i];

		mtu = min(mtu, is_v4 ? cpg_udp_mtu4(bearer, peer) :
				       cpg_udp_mtu6(bearer, peer));
	}
	return max_t(u32, mtu, CPG_MTU_MIN);
}
