/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files around the engine share: a namespace, its node, its sockets.
 *
 * Locks, outer first:
 *
 *   order                    protects                               context
 *   1 genl                   nothing of ours                        process
 *   2 cpg_net->conf_mutex    the node's configuration: up, down     process
 *   3 lock_sock(sk)          options of a socket; join, leave       process
 *   4 cpg_sock->recv_lock    head of a socket's queue of events     process
 *   5 cpg_node->lock (bh)    the engine, everything in it, and what
 *                            sockets are to it                      any
 *   6 cpg_node->txq_lock     packets on their way out, leaf         any
 *     backlog.lock           packets that wait for 5, leaf          any
 *     cpg_rxq->lock          nodes that a CPU has to poll, leaf     any
 *
 * 3 and 4 are never held together.  Nothing sleeps under 5.
 */
#ifndef _CPG_PRIV_H
#define _CPG_PRIV_H

#include <linux/completion.h>
#include <linux/hrtimer.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/skbuff.h>
#include <linux/spinlock.h>
#include <net/dst_cache.h>
#include <net/net_namespace.h>
#include <net/sock.h>

#include "compat.h"
#include "conf.h"
#include "engine/engine.h"
#include "mib.h"

struct cpg_batch;
struct cpg_bearer;
struct cpg_net;
struct cpg_recv_block;
struct cpg_rxq;
struct netlink_ext_ack;

enum {
	CPG_SNDBUF_DEFAULT = 2 << 20,
	CPG_RCVBUF_DEFAULT = 64 << 20,
	/* What a message is charged for besides its payload. */
	CPG_SND_OVERHEAD = 256,
	/* So much of a receiver's memory, at most, for each byte charged. */
	CPG_RCV_OVERHEAD = 4,
	/* Events in a part of a socket's queue: 512 bytes. */
	CPG_RECV_BLOCK = 63,
	/* Milliseconds that a member may hold its group back and not read. */
	CPG_SLOW_TIMEOUT_DEFAULT = 5000,
	/* Nodeid of a namespace without configuration. */
	CPG_NODEID_DEFAULT = 1,
	/* Events that are allocated together. */
	CPG_NODE_SPARE = 16,
	/* The engine takes a second at most to say good-bye. */
	CPG_LEAVE_MAX = 2 * HZ,
};

union cpg_addr {
	struct sockaddr		sa;
	struct sockaddr_in	sin;
	struct sockaddr_in6	sin6;
};

/**
 * struct cpg_tx - a packet on its way out
 * @list: in cpg_node tx or txq
 * @body: NULL, or the buffer, of which a reference is held
 * @data: the bytes in @body
 * @len: how many
 * @hdr: goes before them; lies behind @nodeids
 * @hdr_len: bytes of @hdr; 0 if they stand before @data already
 * @to: where to, if @n is 0
 * @n: number of @nodeids
 * @nodeids: where to
 */
struct cpg_tx {
	struct list_head	list;
	struct cpg_buf		*body;
	const u8		*data;
	u32			len;
	u8			*hdr;
	u32			hdr_len;
	union cpg_addr		to;
	u32			n;
	u32			nodeids[];
};

/**
 * struct cpg_node - owner of an engine
 * @lock: covers what follows up to @backlog
 * @eng: the engine; NULL until something needs it
 * @view: the view that was delivered last
 * @view_seq: its number; later engines start above it
 * @quorate: it has a majority; may be read without the lock
 * @rx: the packet that the engine is handling
 * @socks: all sockets of the namespace, cpg_sock node_list
 * @wake: sockets that got events, cpg_sock wake_list
 * @slow: sockets of which too much waits to be read, cpg_sock slow_list
 * @evict: sockets to be put out, cpg_sock evict_list
 * @tx: packets that the engine has sent since the lock was taken
 * @n_joined: sockets that have a process in the engine
 * @n_joins: joins so far
 * @max_atomic: the largest message that travels in one packet
 * @budget: bytes that all nodes together may have in flight
 * @timer_at: when @timer is due
 * @send_start: ktime: when sendmsg() was called for the last message
 * @send_took: how long that took of late, when nothing waited for company;
 *	written without the lock, by whom it took so long
 * @burst_took: and how long it took who sent with his own all that waited
 * @send_wait: how long that message may wait for company, 0: it does not
 * @sender: thread that sent the last message
 * @sender_slept: how often it had slept until then
 * @sender_preempted: and how often it had lost the CPU
 * @n_hot: messages each of which came on the heels of the one before, up to a
 *	bound; one half of them after one that did not
 * @packing: something may wait in the engine for company; may be read without
 *	the lock
 * @quiet: an engine is being made, keep its first view to yourself
 * @refused: the node id is somebody else's, all sockets have to go
 * @dead: the namespace goes; no timer any more
 * @backlog: what arrived and was not handled
 * @n_backlog: packets in @backlog; written under its lock
 * @rx_list: in cpg_rxq nodes
 * @rx_pending: bit 0: a CPU is going to look into @backlog
 * @rxq: whose; written under its lock
 * @rx_off: none is any more
 * @txq: packets that left the engine, in the order in which they are sent
 * @txq_lock: covers @txq
 * @tx_busy: bit 0: somebody is sending @txq
 * @spare: events for messages to come, covered by @lock
 * @n_spare: their number
 * @bearer: NULL in a node of its own; written under @lock, and freed a grace
 *	period after it was taken away
 * @timer: the engine's
 * @stopped: the engine has said good-bye
 *
 * There is one in each namespace for as long as the namespace is there;
 * engine and bearer come and go.  Whoever takes @lock gives the engine its
 * input, and in cpg_node_unlock() does what has come of it: takes the packets
 * that have come in meanwhile, puts out sockets, wakes readers, sets the timer,
 * and when the lock is open again, sends.
 */
struct cpg_node {
	spinlock_t		lock;		/* up to backlog */
	struct cpg_engine	*eng;
	struct cpg_event	*view;
	u64			view_seq;
	bool			quorate;
	struct sk_buff		*rx;
	struct list_head	socks;
	struct list_head	wake;
	struct list_head	slow;
	struct list_head	evict;
	struct list_head	tx;
	u32			n_joined;
	u32			n_joins;
	u32			max_atomic;
	u32			budget;
	u64			timer_at;
	u64			send_start;
	u64			send_took;
	u64			burst_took;
	u64			send_wait;
	pid_t			sender;
	unsigned long		sender_slept;
	unsigned long		sender_preempted;
	u32			n_hot;
	bool			packing;
	bool			quiet;
	bool			refused;
	bool			dead;

	struct sk_buff_head	backlog;
	u32			n_backlog;
	struct list_head	rx_list;
	unsigned long		rx_pending;
	struct cpg_rxq		*rxq;
	bool			rx_off;
	struct list_head	txq;
	spinlock_t		txq_lock;	/* txq */
	unsigned long		tx_busy;
	void			*spare[CPG_NODE_SPARE];
	u32			n_spare;
	struct cpg_bearer __rcu	*bearer;
	struct hrtimer		timer;
	struct completion	stopped;
};

/**
 * struct cpg_net - a namespace
 * @node: its node
 * @net: itself
 * @conf_mutex: covers @conf
 * @conf: the configuration, NULL if there is none
 * @mib: counters
 * @cred: what SO_PEERCRED tells of the other end: root of the namespace
 * @sysctl_header: net.cpg
 * @sysctl_table: our copy of the table
 * @gid_range: groups whose members may open sockets, as in the namespace;
 *	may be read while it is being written, one bound at a time
 * @rcvbuf: receive buffer of new sockets
 * @sndbuf: send buffer of new sockets
 * @slow_timeout: milliseconds that a member may hold its group back without
 *	reading
 */
struct cpg_net {
	struct cpg_node		node;
	struct net		*net;
	struct mutex		conf_mutex;	/* conf */
	struct cpg_node_conf	*conf;
	struct cpg_mib __percpu	*mib;
	const struct cred	*cred;
	struct ctl_table_header	*sysctl_header;
	struct ctl_table	*sysctl_table;
	unsigned long		gid_range[2];
	int			rcvbuf;
	int			sndbuf;
	int			slow_timeout;
};

enum cpg_sk_state {
	CPG_SK_IDLE,		/* in no group */
	CPG_SK_JOINED,		/* joined, or about to be */
	CPG_SK_LEAVING,		/* until its own leave is delivered */
	CPG_SK_DEAD,		/* put out, shut down, or the node went */
	__CPG_SK_NR
};

/**
 * struct cpg_sock - a socket
 * @sk: must be first
 * @node_list: in cpg_node socks
 * @slow_list: in cpg_node slow
 * @evict_list: in cpg_node evict
 * @proc: the process in the engine; the engine holds a reference to the socket
 *	for as long as this is set
 * @state: enum cpg_sk_state
 * @held: it is held back, by this socket or another
 * @slow: this socket holds it back
 * @want_view: the view is to follow the next change of the group
 * @hup: why the socket is dead, a positive errno; ESHUTDOWN: it was asked to
 * @wake_list: in cpg_node wake
 * @recv_tail: where the queue of events ends
 * @recv_in: entries used in @recv_tail; all if there is none yet
 * @n_in: events that came into the queue, ever
 * @read_at: ktime: when it became slow, or was last read from since
 * @nospace: somebody waits for room to send
 * @recv_lock: covers the next two
 * @recv_head: where the queue begins; the first one is put there with the first
 *	event
 * @recv_out: entries used up in @recv_head
 * @n_out: events that were taken off the queue, ever; written under @recv_lock
 * @in_hand: who reads has got several at a time, and has not asked for more;
 *	written under @recv_lock
 * @guarantee: CPGSO_GUARANTEE
 * @recvview: CPGSO_RECVVIEW
 * @recvseq: CPGSO_RECVSEQ
 * @recvbatch: CPGSO_RECVBATCH
 * @notrunc: CPGSO_NOTRUNC
 * @noevict: CPGSO_NOEVICT
 * @no: which join of the namespace its own is, for traces
 * @pid: of who joined
 * @group: the group
 *
 * Members up to @n_in, those from @no on, and sk_wmem_queued, the bytes
 * accepted and not yet in order, are written under node->lock, options under
 * lock_sock(); others read them with READ_ONCE() and take what they get.
 *
 * The file holds a reference, the engine another.  release() takes the process
 * out of the engine and the socket off all lists, so that only readers and
 * writers that are still inside are left, and those hold the file.
 */
struct cpg_sock {
	struct sock		sk;
	struct list_head	node_list;
	struct list_head	slow_list;
	struct list_head	evict_list;
	struct cpg_proc		*proc;
	u8			state;
	bool			held;
	bool			slow;
	/* All that every event comes by stands together. */
	bool			want_view;
	int			hup;
	struct list_head	wake_list;
	struct cpg_recv_block	*recv_tail;
	u32			recv_in;
	u32			n_in;

	atomic64_t		read_at;
	unsigned long		nospace;
	struct mutex		recv_lock;	/* head of the queue */
	struct cpg_recv_block	*recv_head;
	u32			recv_out;
	u32			n_out;
	bool			in_hand;

	u8			guarantee;
	u8			recvview;
	bool			recvseq;
	bool			recvbatch;
	bool			notrunc;
	bool			noevict;

	u32			no;
	u32			pid;
	struct cpg_group	group;
};

static inline struct cpg_sock *cpg_sk(const struct sock *sk)
{
	return (struct cpg_sock *)sk;
}

/* Events that were delivered and not yet received. */
static inline u32 cpg_sk_n_recvq(const struct cpg_sock *cs)
{
	/* In this order, or there could be less than none: cpg_sk_consume(). */
	u32 n_out = smp_load_acquire(&cs->n_out);

	return READ_ONCE(cs->n_in) - n_out;
}

/* Is there an event that its reader may not know of, or has not told? */
static inline bool cpg_sk_has_events(const struct cpg_sock *cs)
{
	/* In this order: cpg_recv_records() marks them before it takes them. */
	return cpg_sk_n_recvq(cs) || READ_ONCE(cs->in_hand);
}

/* netns.c */
struct cpg_net *cpg_pernet(const struct net *net);
int cpg_netns_init(void);
void cpg_netns_exit(void);
void cpg_netns_leave(void);

static inline struct cpg_node *cpg_sk_node(const struct sock *sk)
{
	return &cpg_pernet(sock_net(sk))->node;
}

static inline struct cpg_net *cpg_node_net(const struct cpg_node *node)
{
	return container_of(node, struct cpg_net, node);
}

#define CPG_INC_STATS(node, field) \
	SNMP_INC_STATS(cpg_node_net(node)->mib, field)
#define CPG_ADD_STATS(node, field, n) \
	SNMP_ADD_STATS(cpg_node_net(node)->mib, field, n)

/* af_cpg.c */
extern struct proto cpg_proto;
extern const struct net_proto_family cpg_family;
void cpg_sk_hup(struct cpg_sock *cs, int err);

/* sendmsg.c */
int cpg_sendmsg(struct socket *sock, struct msghdr *msg, size_t len);
int cpg_sk_send_err(const struct cpg_sock *cs);
bool cpg_sk_writable(const struct sock *sk);
bool cpg_sk_write_poll(struct sock *sk);
u64 cpg_send_wait_for(struct cpg_node *node, u64 start, bool more);
void cpg_sk_sent(struct cpg_sock *cs, u32 len);
void cpg_sk_held(struct cpg_sock *cs, bool held);

/* recvmsg.c */
int cpg_recvmsg(struct socket *sock, struct msghdr *msg, size_t size,
		int flags);
int cpg_sk_peek_len(struct sock *sk);
int cpg_recv_init(void);
void cpg_recv_exit(void);
void cpg_sk_purge(struct cpg_sock *cs);
void cpg_sk_deliver_all(struct cpg_node *node, void *const *socks, u32 n,
			struct cpg_event *ev);
void cpg_sk_deliver(struct cpg_node *node, struct cpg_sock *cs,
		    struct cpg_event *ev);
bool cpg_sk_has_room(const struct cpg_sock *cs);
void cpg_sk_evict(struct cpg_node *node, struct cpg_sock *cs);

/* sockopt.c */
int cpg_setsockopt(struct socket *sock, int level, int optname,
		   sockptr_t optval, unsigned int optlen);
int cpg_getsockopt(struct socket *sock, int level, int optname,
		   char __user *optval, int __user *optlen);

/* node.c */
void cpg_node_init(struct cpg_node *node);
void cpg_node_exit(struct cpg_node *node);
void cpg_node_lock(struct cpg_node *node) __acquires(&node->lock);
void cpg_node_unlock(struct cpg_node *node) __releases(&node->lock);
int cpg_node_poll(struct cpg_node *node);
void cpg_node_unreachable(struct cpg_node *node,
			  const struct cpg_bearer *bearer, u32 nodeid);
int cpg_node_engine_replace(struct cpg_node *node,
			    const struct cpg_engine_config *cfg,
			    const struct cpg_node_conf *conf,
			    struct cpg_engine **old);
int cpg_node_engine_need(struct cpg_node *node);
void cpg_node_engine_drop(struct cpg_node *node, struct cpg_engine **old);
int cpg_node_sk_add(struct cpg_node *node, struct cpg_sock *cs);
void cpg_node_sk_del(struct cpg_node *node, struct cpg_sock *cs);
void cpg_node_sk_shutdown(struct cpg_node *node, struct cpg_sock *cs);
int cpg_node_sk_join(struct cpg_node *node, struct cpg_sock *cs,
		     const struct cpg_group *group, u32 pid);
int cpg_node_sk_leave(struct cpg_node *node, struct cpg_sock *cs);
int cpg_node_sk_send(struct cpg_node *node, struct cpg_sock *cs,
		     struct cpg_event *ev, u64 start, bool more);
void cpg_node_push(struct cpg_node *node);
void cpg_node_sk_has_read(struct cpg_node *node, struct cpg_sock *cs);
void cpg_node_sk_noevict(struct cpg_node *node, struct cpg_sock *cs);

/* conf.c */
u32 cpg_cluster_hash(const char *name);
void cpg_node_leave(struct cpg_node *node);
void cpg_node_leave_wait(struct cpg_node *node, unsigned long until);
void cpg_node_quiesce(struct cpg_net *cn);
void cpg_node_conf_default(struct cpg_node *node,
			   struct cpg_engine_config *cfg);

/* env.c */
int cpg_env_init(void);
void cpg_env_drain(struct cpg_node *node);
void cpg_env_exit(void);
struct cpg_buf *cpg_buf_alloc_wait(u32 len);
struct cpg_buf *cpg_buf_wrap(struct sk_buff *skb);
u32 cpg_buf_wrap_max(const struct sk_buff *skb);
struct cpg_batch *cpg_batch_create(struct sk_buff *skb);
struct cpg_buf *cpg_batch_next(struct cpg_batch *batch);
void cpg_batch_put(struct cpg_batch *batch);
bool cpg_buf_is_page(const struct cpg_buf *buf);
u8 *cpg_buf_push(struct cpg_buf *buf, u32 off, u32 len);
u32 cpg_buf_truesize(const struct cpg_buf *buf, u32 len);

enum {
	/* Largest buffer made of a message from user space. */
	CPG_BUF_MAX = 32768 - 32,
};

/* rx.c */
void cpg_rx_init(void);
void cpg_rx_exit(void);
void cpg_rx(struct cpg_node *node, struct sk_buff *skb, u32 n);
struct sk_buff *cpg_rx_take(struct cpg_node *node);
int cpg_rx_handle(struct cpg_node *node, struct sk_buff *skb);
void cpg_rx_schedule(struct cpg_node *node);
void cpg_rx_stop(struct cpg_node *node);

/* udp.c */
struct cpg_bearer *cpg_bearer_create(struct net *net, struct cpg_node *node,
				     const struct cpg_node_conf *conf,
				     struct netlink_ext_ack *extack);
void cpg_bearer_destroy(struct cpg_bearer *bearer);
u32 cpg_bearer_mtu(struct cpg_bearer *bearer);
u32 cpg_bearer_xmit(struct cpg_bearer *bearer, const struct list_head *list);
void cpg_udp_err_rcv(struct sock *sk, struct sk_buff *skb, int err,
		     __be16 port, u32 info, u8 *payload);
void cpg_bearer_source(const struct sk_buff *skb, union cpg_addr *addr);

#ifdef CONFIG_PROC_FS
int cpg_proc_init(struct net *net);
void cpg_proc_exit(struct net *net);
#else
static inline int cpg_proc_init(struct net *net) { return 0; }
static inline void cpg_proc_exit(struct net *net) { }
#endif

#ifdef CONFIG_SYSCTL
int cpg_sysctl_init(struct cpg_net *cn);
void cpg_sysctl_exit(struct cpg_net *cn);
#else
static inline int cpg_sysctl_init(struct cpg_net *cn) { return 0; }
static inline void cpg_sysctl_exit(struct cpg_net *cn) { }
#endif

#endif /* _CPG_PRIV_H */
