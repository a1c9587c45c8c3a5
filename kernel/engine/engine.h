/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The engine: membership, total order, recovery and process groups of one
 * cluster node, without any input or output of its own.
 *
 * Whoever owns an engine feeds it packets, time and what local processes ask
 * for, and carries out what it answers through struct cpg_engine_ops.  Calls
 * into one engine are serialised by the owner (in the kernel: node->lock).
 * The ops are called in the course of such a call: they must not sleep and
 * must not call the engine.  They are plain calls, not a queue, so that no
 * memory is needed between a decision and its effect: the installation of a
 * view cannot fail half way.
 *
 * Same configuration, same inputs at the same times: same effects, to the
 * byte.  Times are nanoseconds of a clock that does not go backwards.
 */
#ifndef _CPG_ENGINE_ENGINE_H
#define _CPG_ENGINE_ENGINE_H

#include "env.h"
#include "event.h"

struct cpg_engine;
struct cpg_proc;

/* Why a packet, or a part of one, was not used. */
enum cpg_drop {
	CPG_DROP_NONE,		/* it was used */
	CPG_DROP_SHORT,		/* shorter than its header */
	CPG_DROP_MAGIC,		/* not a packet of ours */
	CPG_DROP_VERSION,	/* another version of the protocol */
	CPG_DROP_LENGTH,	/* length field and length differ */
	CPG_DROP_CLUSTER,	/* another cluster */
	CPG_DROP_KEY,		/* encrypted, or with a key not known here */
	CPG_DROP_TYPE,		/* unknown type of packet */
	CPG_DROP_RECORD,	/* malformed contents */
	CPG_DROP_NODE,		/* from a node that is not configured */
	CPG_DROP_NODEID_USED,	/* two live nodes have one id */
	CPG_DROP_STALE,		/* of a view or an attempt that is over */
	CPG_DROP_FOREIGN,	/* of a view that this node is not in */
	CPG_DROP_DUPLICATE,	/* already here */
	CPG_DROP_WINDOW,	/* beyond what a sender may have in flight */
	CPG_DROP_NOMEM,		/* no memory; the sender repeats it */
	CPG_DROP_STOPPED,	/* this node is leaving, or refused */
	__CPG_DROP_NR
};

/* Names of enum cpg_drop, indexed by it. */
extern const char *const cpg_drop_names[__CPG_DROP_NR];

/* What a node does just now. */
enum cpg_state {
	CPG_STATE_OPERATIONAL,	/* in a view, messages are ordered */
	CPG_STATE_GATHER,	/* looking for who is there */
	CPG_STATE_COMMIT,	/* agreed to a new view, old one frozen */
	CPG_STATE_RECOVER,	/* fetching what others hold of the old view */
	CPG_STATE_STOPPING,	/* saying good-bye */
	CPG_STATE_STOPPED,	/* out; or the node id is somebody else's */
	__CPG_STATE_NR
};

extern const char *const cpg_state_names[__CPG_STATE_NR];

/* Counters, indexes into struct cpg_status counters. */
enum cpg_counter {
	CPG_CNT_PACKETS_SENT,
	CPG_CNT_PACKETS_RCVD,
	CPG_CNT_MSGS_SENT,	/* accepted from local processes */
	CPG_CNT_MSGS_DELIVERED,	/* to this node; once, however many read it */
	CPG_CNT_ORDERS_SENT,
	CPG_CNT_NAKS_SENT,
	CPG_CNT_NAKS_RCVD,
	CPG_CNT_REPAIRS_SENT,
	CPG_CNT_VIEWS,
	CPG_CNT_GATHERS,
	CPG_CNT_SUSPECTS,
	CPG_CNT_PROBES_SENT,	/* by way of others, to see who is at fault */
	CPG_CNT_CLEARED,	/* suspects that were heard of in time */
	CPG_CNT_REQUEUED,	/* messages sent again in a later view */
	CPG_CNT_LEADS,		/* times that the lead changed hands */
	__CPG_CNT_NR
};

extern const char *const cpg_counter_names[__CPG_CNT_NR];

/* What an engine's history is made of, for the oracle. */
enum cpg_trace_kind {
	CPG_TRACE_ACCEPT,	/* a message of a local process was accepted;
				 * origin, port, serial
				 */
	CPG_TRACE_DELIVER,	/* at this node, also if no local process is in
				 * the group; in order, or with position 0 when
				 * it need not wait for the order.  value: 1 if
				 * it was delivered here in an earlier view, and
				 * is not given to processes again
				 */
	CPG_TRACE_PLACE,	/* the position of what was delivered with 0;
				 * origin, port, serial
				 */
	CPG_TRACE_TRANS,	/* transitional set; nodes, n_nodes */
	CPG_TRACE_VIEW,		/* view installed; nodes, n_nodes */
	CPG_TRACE_STATE,	/* value: enum cpg_state */
	CPG_TRACE_SUSPECT,	/* origin: the node */
	CPG_TRACE_LEAD,		/* another leads from now on; origin, and pos of
				 * the first message that it gives one
				 */
	__CPG_TRACE_NR
};

/**
 * struct cpg_trace - one step of a node
 * @kind: enum cpg_trace_kind
 * @value: see @kind
 * @view_seq: the view in which it happened
 * @view_rep: its representative
 * @pos: DELIVER, PLACE: the position in the view
 * @origin: node id
 * @port: of the sending process
 * @serial: of the message: counts what its node ever accepted
 * @owner: ACCEPT: the sending process's
 * @ev: ACCEPT: the message; DELIVER: also, NULL for a join, leave or hold
 * @n_nodes: number of @nodes
 * @nodes: node ids, ascending
 */
struct cpg_trace {
	enum cpg_trace_kind	kind;
	u32			value;
	u64			view_seq;
	u32			view_rep;
	u64			pos;
	u32			origin;
	u32			port;
	u64			serial;
	void			*owner;
	struct cpg_event	*ev;
	u32			n_nodes;
	const u32		*nodes;
};

/* Sets of times that go together; the number is in the netlink interface. */
enum cpg_profile {
	CPG_PROFILE_DEFAULT,
	CPG_PROFILE_LAN,	/* one switch, nodes that are never busy */
	CPG_PROFILE_CLOUD,	/* virtual machines that stand still at times */
	__CPG_PROFILE_NR
};

extern const char *const cpg_profile_names[__CPG_PROFILE_NR];

/**
 * struct cpg_frame - a packet to be sent: a header and, mostly, a body
 * @hdr: valid during the call only
 * @hdr_len: bytes
 * @body: NULL, or the buffer; the callee takes a reference to keep it
 * @off: of the first byte in @body
 * @len: bytes of @body
 */
struct cpg_frame {
	const void	*hdr;
	u32		hdr_len;
	struct cpg_buf	*body;
	u32		off;
	u32		len;
};

/**
 * struct cpg_engine_ops - what an engine does to the world
 *
 * @xmit: send a packet to each of @n nodes, none of which is this one.  It may
 *	get lost.
 * @reply: send a packet to where the packet now being handled came from; only
 *	during cpg_engine_rcv()
 * @deliver: an event for @n processes, one at least, which joined with these
 *	@owners.  The callee takes references to keep it.  @ev is NULL if there
 *	was no memory for an event: then these must see an error, never a gap.
 * @sent: a message of @len bytes of this process, once accepted, has been
 *	delivered at this node (or its process is gone)
 * @held: the group of this process is held back, and nothing more is accepted
 *	from it; or it is not any more.  Also called, before cpg_engine_join()
 *	returns, for who joins such a group.
 * @slow_until: when a process that holds its group back has to be put out;
 *	U64_MAX: never.  Asked when it begins to, when that time has come, and
 *	by cpg_engine_hold().
 * @slow: that time has come: the process has to be detached after this call
 * @left: the process is out of its group and its last event is delivered; the
 *	struct cpg_proc is not valid any more.  Not called after
 *	cpg_engine_detach().
 * @view: a new view; called after all other events of the change
 * @nodeid_used: another live node has this node's id.  @refused: this node is
 *	the one that has to go, and takes no part any more.
 * @stopped: cpg_engine_stop() is done
 * @trace: may be NULL
 */
struct cpg_engine_ops {
	void (*xmit)(void *ctx, const u32 *nodeids, u32 n,
		     const struct cpg_frame *frame);
	void (*reply)(void *ctx, const struct cpg_frame *frame);
	void (*deliver)(void *ctx, void *const *owners, u32 n,
			struct cpg_event *ev);
	void (*sent)(void *ctx, void *owner, u32 len);
	void (*held)(void *ctx, void *owner, bool held);
	u64 (*slow_until)(void *ctx, void *owner);
	void (*slow)(void *ctx, void *owner);
	void (*left)(void *ctx, void *owner);
	void (*view)(void *ctx, struct cpg_event *ev);
	void (*nodeid_used)(void *ctx, bool refused);
	void (*stopped)(void *ctx);
	void (*trace)(void *ctx, const struct cpg_trace *trace);
};

/**
 * struct cpg_engine_config - what an engine is
 * @nodeid: not 0
 * @incarnation: random, not 0: tells a restarted node from the one before
 * @cluster_id: packets of other clusters are dropped
 * @view_seq: greater than any view's that this node was ever in
 * @seed: of the pseudo-random numbers
 * @mtu: largest packet in bytes, from the magic number to the last payload
 *	byte; CPG_MTU_MIN to CPG_MTU_MAX
 * @heartbeat: nanoseconds between heartbeats
 * @suspect: nanoseconds without a packet until a node is suspected, at least;
 *	one whose heartbeats are irregular is given up to twice the time
 * @corroborate: nanoseconds that others have to vouch for a suspect
 * @join_repeat: nanoseconds until a membership packet is repeated
 * @beacon: nanoseconds between beacons to nodes that are not in the view
 * @damp: a node that was put out k times, at least twice, in a minute must be
 *	heard for 2^k times as many nanoseconds before it comes back, with k up
 *	to CPG_DAMP_SHIFT_MAX; 0: at once
 * @budget: bytes in flight in a view, of all nodes together
 * @is_mesh: a packet to all is sent to each, one by one
 * @votes: of this node, at most CPG_NODE_VOTES_MAX
 * @expected: votes of all nodes that the cluster is meant to have, at most
 *	CPG_EXPECTED_VOTES_MAX; 0: one for each that is configured
 * @first_no: not 0: where the numbers of 32 bits begin that go round, those of
 *	ports and of gatherings
 */
struct cpg_engine_config {
	u32	nodeid;
	u64	incarnation;
	u32	cluster_id;
	u64	view_seq;
	u64	seed;
	u32	mtu;
	u64	heartbeat;
	u64	suspect;
	u64	corroborate;
	u64	join_repeat;
	u64	beacon;
	u64	damp;
	u32	budget;
	bool	is_mesh;
	u32	votes;
	u32	expected;
	u32	first_no;
};

enum {
	CPG_NODE_VOTES_MAX = 255,
	CPG_EXPECTED_VOTES_MAX = CPG_NODES_MAX * CPG_NODE_VOTES_MAX,
};

enum {
	CPG_DAMP_SHIFT_MAX = 6,
};

enum {
	CPG_MTU_MIN = 576 - 28,
	CPG_MTU_DEFAULT = 1500 - 48,	/* IPv6 and UDP header */
	CPG_MTU_IPV4 = 1500 - 28,	/* IPv4 and UDP header */
	CPG_MTU_MAX = 65507,
};

/* Fills in what has a default: all but the first four. */
void cpg_engine_config_init(struct cpg_engine_config *cfg);

/* Heartbeat, suspect, corroborate and join_repeat of a profile. */
void cpg_engine_config_profile(struct cpg_engine_config *cfg,
			       enum cpg_profile profile);

/**
 * cpg_engine_create() - a node of its own, in a view of one
 * @cfg: copied
 * @ops: must stay valid
 * @ctx: first argument of @ops
 * @env: first argument of cpg_env_alloc()
 * @now: time
 *
 * Installs the first view, so @ops->view is called before this returns.
 *
 * Return: the engine, or ERR_PTR(-ENOMEM), ERR_PTR(-EINVAL).
 */
struct cpg_engine *cpg_engine_create(const struct cpg_engine_config *cfg,
				     const struct cpg_engine_ops *ops,
				     void *ctx, void *env, u64 now);

/* Frees everything; no op is called.  No process may be attached. */
void cpg_engine_destroy(struct cpg_engine *eng);

/**
 * cpg_engine_peer_add() - configure another node
 * @eng: engine
 * @now: time
 * @nodeid: the node
 *
 * Return: 0, -EEXIST, -EINVAL (0 or this node), -ENOSPC (CPG_NODES_MAX),
 * -ENOMEM.
 */
int cpg_engine_peer_add(struct cpg_engine *eng, u64 now, u32 nodeid);

/**
 * cpg_engine_rcv() - a packet arrived
 * @eng: engine
 * @now: time
 * @buf: holds the packet and nothing behind it; a reference is taken for what
 *	is kept
 * @off: of the first byte of the packet
 *
 * After the last packet of a batch cpg_engine_flush() must be called: what
 * follows from the packets may wait for that.
 *
 * Return: CPG_DROP_NONE, or why the packet was dropped.
 */
enum cpg_drop cpg_engine_rcv(struct cpg_engine *eng, u64 now,
			     struct cpg_buf *buf, u32 off);

/* Nothing more waits: send what was held back to be sent in one. */
void cpg_engine_flush(struct cpg_engine *eng, u64 now);

/**
 * cpg_engine_unreachable() - the network says that a node is not there
 * @eng: engine
 * @now: time
 * @nodeid: the node
 *
 * Whoever says so may lie: it only makes the node suspect at once.
 */
void cpg_engine_unreachable(struct cpg_engine *eng, u64 now, u32 nodeid);

/**
 * cpg_engine_doubt() - this node has reason to suspect itself
 * @eng: engine
 * @now: time
 *
 * For a while it puts nobody out unless another agrees.
 */
void cpg_engine_doubt(struct cpg_engine *eng, u64 now);

/**
 * cpg_engine_lead() - have another node give the order
 * @eng: engine of the node that does it now
 * @now: time
 * @nodeid: the other node
 *
 * No message is delayed for it or lost.  Who leads is known from
 * cpg_engine_status(); at the next view it is for the new view to say.
 *
 * Return: 0, -EALREADY (it leads), -ENOENT (it is not in the view), -EREMOTE
 * (this node does not lead), -EHOSTUNREACH (it is suspect), -EBUSY (no view
 * just now, or this node is leaving), -EAGAIN (too much is under way, or there
 * is no memory).
 */
int cpg_engine_lead(struct cpg_engine *eng, u64 now, u32 nodeid);

/* The time at which cpg_engine_timer() is due. */
u64 cpg_engine_deadline(const struct cpg_engine *eng);
void cpg_engine_timer(struct cpg_engine *eng, u64 now);

/**
 * cpg_engine_join() - a local process wants into a group
 * @eng: engine
 * @now: time
 * @owner: handed to the ops
 * @group: flags, name_len and name; checked by the caller
 * @pid: of the process
 *
 * The process is a member when it is delivered the change that lists it.  It
 * may send at once.
 *
 * Return: the process, or ERR_PTR: -EEXIST (the same pid is in this group
 * already), -EAGAIN (it was, and its leave is not in order yet), -ENOSPC (the
 * node's processes and the names of their groups would take more than 512 KiB,
 * or 4 MiB divided by the number of nodes), -ENOMEM, -ENETDOWN.
 */
struct cpg_proc *cpg_engine_join(struct cpg_engine *eng, u64 now, void *owner,
				 const struct cpg_group *group, u32 pid);

/**
 * cpg_engine_leave() - a local process wants out
 * @eng: engine
 * @now: time
 * @proc: the process
 *
 * What it sent before is delivered before.  @ops->left follows.
 *
 * Return: 0, -ENOTCONN (left already), -ENOMEM.
 */
int cpg_engine_leave(struct cpg_engine *eng, u64 now, struct cpg_proc *proc);

/**
 * cpg_engine_detach() - a local process is gone
 * @eng: engine
 * @now: time
 * @proc: the process; not valid afterwards
 *
 * Cannot fail.  The owner gets no further call.  What the process sent is
 * delivered; if it did not leave, the others see it go down after that.
 */
void cpg_engine_detach(struct cpg_engine *eng, u64 now, struct cpg_proc *proc);

/**
 * cpg_engine_send() - a message to the group of a local process
 * @eng: engine
 * @now: time
 * @proc: the process
 * @ev: CPG_EVENT_MSG with its payload and service; a reference is taken.  The
 *	engine sets sender and seq.  At most CPG_MSG_MAX bytes.  Its buffers are
 *	nobody else's: one may become a packet where it is, and nothing of
 *	@ev is looked at until it is delivered.
 * @wait: nanoseconds that the message may wait for others to travel with it,
 *	because more are about to follow; 0: none.  It goes earlier when there
 *	is enough for a burst of packets, when something follows that may not
 *	wait, or with cpg_engine_push().
 *
 * There is no limit here to what a process may have queued: who calls counts,
 * and counts back on @ops->sent.
 *
 * Return: 0, -ENOTCONN (leaving), -EHOSTUNREACH (it joined with
 * CPG_JOIN_F_QUORUM, and the view has no majority), -EAGAIN (its group is held
 * back: @ops->held says when it is not any more), -ENOMEM, -ENETDOWN.
 */
int cpg_engine_send(struct cpg_engine *eng, u64 now, struct cpg_proc *proc,
		    struct cpg_event *ev, u64 wait);

/**
 * cpg_engine_wait() - what waits for company goes on waiting
 * @eng: engine
 * @now: time
 * @wait: nanoseconds from now on, instead of what cpg_engine_send() was told
 *
 * For who is sure that more follows: each message gives the next one time, and
 * how long all take does not matter.  Nothing begins to wait by this.
 */
void cpg_engine_wait(struct cpg_engine *eng, u64 now, u64 wait);

/**
 * cpg_engine_push() - send what waits for company
 * @eng: engine
 * @now: time
 */
void cpg_engine_push(struct cpg_engine *eng, u64 now);

/**
 * cpg_engine_hold() - a local process can take no more, or can again
 * @eng: engine
 * @now: time
 * @proc: the process
 * @hold: hold its group back; if it does already, ask @ops->slow_until again
 *
 * Senders of the group are held back on all nodes, from when this has its place
 * in the order.  What was accepted before is delivered nevertheless.
 */
void cpg_engine_hold(struct cpg_engine *eng, u64 now, struct cpg_proc *proc,
		     bool hold);

/**
 * cpg_engine_stop() - leave the cluster in good order
 * @eng: engine
 * @now: time
 *
 * Local processes go down in order, then the other nodes are told.  Ends with
 * @ops->stopped, after one second at the latest: what waits for a majority is
 * lost then.
 */
void cpg_engine_stop(struct cpg_engine *eng, u64 now);

/**
 * struct cpg_status - what an engine can tell of itself
 * @state: enum cpg_state
 * @nodeid: this node
 * @incarnation: of this node
 * @view_seq: with @view_rep the view's id
 * @view_rep: representative of the view
 * @leader: node id of the sequencer
 * @n_nodes: nodes in the view
 * @votes: votes of the view
 * @expected: votes that the cluster is meant to have
 * @quorate: the view has a majority of these
 * @nodeid_used: another live node has this node's id
 * @stable: every node holds all up to this place in the order
 * @delivered: this node delivered all up to this place
 * @budget: bytes that all nodes together may have in flight
 * @credit: bytes this node may have in flight
 * @n_wanting: leader: nodes that get more than their even part
 * @in_flight: bytes it has in flight
 * @queued: bytes accepted and not yet numbered
 * @parked: bytes of these that wait for a majority
 * @counters: indexed by enum cpg_counter
 */
struct cpg_status {
	enum cpg_state	state;
	u32		nodeid;
	u64		incarnation;
	u64		view_seq;
	u32		view_rep;
	u32		leader;
	u32		n_nodes;
	u32		votes;
	u32		expected;
	bool		quorate;
	bool		nodeid_used;
	u64		stable;
	u64		delivered;
	u32		budget;
	u32		credit;
	u32		n_wanting;
	u32		in_flight;
	u64		queued;
	u64		parked;
	u64		counters[__CPG_CNT_NR];
};

void cpg_engine_status(const struct cpg_engine *eng, struct cpg_status *st);

/* The present view, as delivered last by @ops->view; a reference, or NULL. */
struct cpg_event *cpg_engine_view_get(struct cpg_engine *eng);

/**
 * struct cpg_peer_status - another node, as seen from here
 * @nodeid: the node
 * @incarnation: 0 if it was never heard
 * @in_view: it is in the view of this node
 * @alive: a packet came within the time of suspicion
 * @damped: it came and went too often, and has to be heard for a while
 * @nodeid_used: two live nodes have this id
 * @heard: time of the last packet; 0 if there was none
 * @silence: a member is put out when nobody has heard it for so long: what is
 *	configured, or longer where its heartbeats came irregularly
 */
struct cpg_peer_status {
	u32	nodeid;
	u64	incarnation;
	bool	in_view;
	bool	alive;
	bool	damped;
	bool	nodeid_used;
	u64	heard;
	u64	silence;
};

/* The @i th configured node other than this one; false at the end. */
bool cpg_engine_peer_status(const struct cpg_engine *eng, u64 now, u32 i,
			    struct cpg_peer_status *st);

/**
 * cpg_engine_members() - who is in a group
 * @eng: engine
 * @group: name_len and name
 * @members: stores at most @max, ascending
 * @max: room
 *
 * Return: the number of members, which can be greater than @max.
 */
u32 cpg_engine_members(const struct cpg_engine *eng,
		       const struct cpg_group *group,
		       struct cpg_member *members, u32 max);

/* The number of members of a local process's group. */
u32 cpg_engine_group_size(const struct cpg_proc *proc);

/* Called for each group that has members; a result that is not 0 ends it. */
typedef int (*cpg_group_fn)(void *arg, const struct cpg_group *group,
			    const struct cpg_member *members, u32 n_members);

int cpg_engine_walk_groups(const struct cpg_engine *eng, cpg_group_fn fn,
			   void *arg);

/**
 * cpg_engine_check() - what must always hold
 * @eng: engine; nothing that it goes by is changed
 *
 * Return: NULL, or a sentence that says what does not hold.
 */
const char *cpg_engine_check(struct cpg_engine *eng);

#endif /* _CPG_ENGINE_ENGINE_H */
