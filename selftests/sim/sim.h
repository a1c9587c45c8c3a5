/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The simulator: a cluster in one process, under virtual time.
 *
 * Every node is an engine, the same code as in the kernel.  The simulator
 * plays all the rest: network, clocks, processes, memory, and all that can go
 * wrong with them.  Everything that is random comes from one seed, so a run
 * can be had again, to the byte.  An oracle watches.
 */
#ifndef _SIM_SIM_H
#define _SIM_SIM_H

#include "engine.h"
#include "env_mem.h"

#include "arena.h"
#include "heap.h"
#include "oracle.h"
#include "rng.h"

enum {
	SIM_NODES_MAX = CPG_NODES_MAX,
	SIM_RX_MAX = 1024,	/* packets that wait for a node */
	SIM_LOG_MIN = 64,	/* log entries that are kept, if no more are */
	SIM_LOG_MAX = 1 << 20,	/* and at most; powers of 2 */
	SIM_SAID_NODES = 8,	/* messages that are kept: of each such node */
	SIM_SAID_MAX = 512 * SIM_SAID_NODES,
	SIM_SAID_BYTES = 2 << 20,	/* and in all of them; a power of 2 */
	SIM_SNDBUF = 4 << 20,	/* bytes a process may have queued */
	SIM_RCV_HIGH = 20000,	/* unread bytes at which a process is slow */
	SIM_RCV_LOW = 10000,	/* and at which it is not any more */
	SIM_RCV_OVERHEAD = 100,	/* what an event counts besides its bytes */
};

#define SIM_USEC	CPG_NSEC_PER_USEC
#define SIM_MSEC	CPG_NSEC_PER_MSEC
#define SIM_SEC		CPG_NSEC_PER_SEC

/* Kinds of entries in the log: log.c has a format for each. */
enum sim_log_kind {
	SIM_LOG_NONE,
	SIM_LOG_START,
	SIM_LOG_CRASH,
	SIM_LOG_STOP,
	SIM_LOG_STOPPED,
	SIM_LOG_PAUSE,
	SIM_LOG_RESUME,
	SIM_LOG_CUT,
	SIM_LOG_MEND,
	SIM_LOG_HEAL,
	SIM_LOG_LOSS,
	SIM_LOG_NOMEM,
	SIM_LOG_CLOCK,
	SIM_LOG_RATE,
	SIM_LOG_MTU,
	SIM_LOG_XMIT,
	SIM_LOG_LOST,
	SIM_LOG_RCV,
	SIM_LOG_TIMER,
	SIM_LOG_JOIN,
	SIM_LOG_LEAVE,
	SIM_LOG_DETACH,
	SIM_LOG_SEND,
	SIM_LOG_PUSH,
	SIM_LOG_LEFT,
	SIM_LOG_EVICT,
	SIM_LOG_DELIVER,
	SIM_LOG_CHANGE,
	SIM_LOG_PLACE,
	SIM_LOG_TRANS,
	SIM_LOG_VIEW,
	SIM_LOG_STATE,
	SIM_LOG_SUSPECT,
	SIM_LOG_LEAD,
	SIM_LOG_HAND,
	SIM_LOG_MSG,
	SIM_LOG_CHG,
	SIM_LOG_USED,
	SIM_LOG_LAZY,
	SIM_LOG_HOLD,
	SIM_LOG_HELD,
	SIM_LOG_SLOW,
	__SIM_LOG_NR
};

/**
 * struct sim_rec - an entry of the log
 * @t: when
 * @node: node id, or 0
 * @kind: enum sim_log_kind
 * @a: arguments of the kind's format
 */
struct sim_rec {
	u64	t;
	u32	node;
	u32	kind;
	u64	a[5];
};

/**
 * struct sim_log - what happened last
 * @rec: a ring
 * @max: entries of it, a power of 2
 * @n: entries ever made
 * @hash: of all entries ever made: two runs are the same if it is
 * @verbose: print each entry at once
 * @tap: is shown each entry, or NULL
 * @tap_arg: its first argument
 */
struct sim_log {
	struct sim_rec	*rec;
	u32		max;
	u64		n;
	u64		hash;
	bool		verbose;
	void		(*tap)(void *arg, const struct sim_rec *r);
	void		*tap_arg;
};

struct sim_pkt;

/**
 * struct sim_link - one direction between two nodes
 * @delay: shortest time on the way
 * @jitter: up to so much more
 * @loss: packets lost in a million
 * @dup: packets doubled in a million
 * @reorder: packets in a million that may overtake or fall behind
 * @cut: nothing gets through
 * @rate: bytes in a millisecond that get through; 0: no limit
 * @queue: bytes that wait for their turn at most
 * @mtu: longer packets vanish; 0: none do
 * @busy: when the last packet that waits has had its turn
 * @last: when the latest packet arrives; later ones do not overtake it
 * @first_pkt: packets on their way that do not overtake each other; the events
 *	only know of this one
 * @last_pkt: the last of them
 */
struct sim_link {
	u64	delay;
	u64	jitter;
	u32	loss;
	u32	dup;
	u32	reorder;
	bool	cut;
	u32	rate;
	u32	queue;
	u32	mtu;
	u64	busy;
	u64	last;
	struct sim_pkt	*first_pkt;
	struct sim_pkt	*last_pkt;
};

/**
 * struct sim_pkt - a packet on its way, or waiting at its receiver
 * @ev: its arrival
 * @next: on the same link, in the receiver's queue, or in the list of unused
 *	ones
 * @turn: of its arrival among the events of that time
 * @from: slot of the sender
 * @to: slot of the receiver
 * @buf: contents
 */
struct sim_pkt {
	struct sim_ev	ev;
	struct sim_pkt	*next;
	u64		turn;
	u32		from;
	u32		to;
	struct cpg_buf	*buf;
};

/* struct sim_ev kind */
enum sim_ev_kind {
	SIM_EV_PKT,	/* struct sim_pkt ev */
	SIM_EV_RX,	/* struct sim_node rx */
	SIM_EV_TIMER,	/* struct sim_node timer */
	SIM_EV_RESUME,	/* struct sim_node resume */
	SIM_EV_CALL,	/* struct sim_call ev */
};

struct sim;
struct sim_node;

/**
 * struct sim_call - something that a test or a workload wants done
 * @ev: when
 * @fn: what; may set it again
 * @arg: what for
 */
struct sim_call {
	struct sim_ev	ev;
	void		(*fn)(struct sim *s, void *arg);
	void		*arg;
};

/**
 * struct sim_said - a message that was accepted, not long ago
 * @nodeid: by this node; 0: none was
 * @len: its length
 * @serial: what the node calls it
 * @hash: of its contents
 * @at: where they are, of all that were ever kept
 */
struct sim_said {
	u32	nodeid;
	u32	len;
	u64	serial;
	u64	hash;
	u64	at;
};

/* How a process reads. */
enum sim_lazy {
	SIM_LAZY_NOT,		/* at once */
	SIM_LAZY,		/* when sim_read() is called */
	SIM_LAZY_PATIENT,	/* and is not put out for that */
	__SIM_LAZY_NR
};

/**
 * struct sim_proc - a process
 * @entry: in its node's list
 * @node: its node
 * @eng: what the engine calls it; NULL if it is out or detached
 * @orc: what the oracle calls it
 * @no: its number in a script
 * @pid: its pid
 * @group: number of its group
 * @queued: bytes accepted and not yet put in order
 * @broken: it was told that an event was lost
 * @leaving: it asked to leave
 * @lazy: enum sim_lazy
 * @slow: it holds its group back
 * @held: its group is held back, as its engine says
 * @unread: bytes that it was given and did not read
 * @read_at: when, by its node's clock, it last read or became slow
 * @text: all that it received, in words, if the simulator records; see
 *	sim_text_chg()
 * @text_len: characters in @text
 * @text_max: room in @text
 * @n_msgs: messages received
 */
struct sim_proc {
	struct list_head	entry;
	struct sim_node		*node;
	struct cpg_proc		*eng;
	struct orc_proc		*orc;
	u32			no;
	u32			pid;
	u32			group;
	u64			queued;
	bool			broken;
	bool			leaving;
	u8			lazy;
	bool			slow;
	bool			held;
	u64			unread;
	u64			read_at;
	char			*text;
	u32			text_len;
	u32			text_max;
	u32			n_msgs;
};

/**
 * struct sim_due - an event that was given to a process, for the oracle
 * @proc: the process
 * @ev: the event; a reference
 */
struct sim_due {
	struct sim_proc		*proc;
	struct cpg_event	*ev;
};

/**
 * struct sim_node - a node
 * @s: simulator
 * @slot: its address
 * @nodeid: its id
 * @eng: its engine; NULL if it is down
 * @life: what the oracle calls it
 * @env: its memory
 * @dead: it is being taken down: what its engine still does is not seen
 * @skew: its clock is so much ahead
 * @paused: it is not scheduled
 * @stopping: it was asked to stop
 * @stopped: and has
 * @refused: its id is somebody else's
 * @timer: when its timer is due
 * @rx: when it handles the packets that wait
 * @resume: when it is scheduled again
 * @rx_first: packets that wait
 * @rx_last: the last of them
 * @rx_n: their number
 * @rx_from: slot whose packet is being handled, or -1
 * @procs: processes that the engine knows
 * @n_broken: processes to detach after this call
 * @max_seq: greatest view seq that it ever was in
 * @view: id of its view
 * @n_view: nodes in its view
 * @n_views: views since it started
 * @due: events that the oracle has yet to see: an engine may tell of them
 *	before or after it traces what they come from
 * @n_due: their number
 * @max_due: room in @due
 * @same_t: timer calls without time going on
 * @hash_ev: event whose contents were hashed last
 * @hash: of that event's contents
 */
struct sim_node {
	struct sim		*s;
	u32			slot;
	u32			nodeid;
	struct cpg_engine	*eng;
	struct orc_life		*life;
	struct cpg_user_env	env;
	bool			dead;
	u64			skew;
	bool			paused;
	bool			stopping;
	bool			stopped;
	bool			refused;
	struct sim_ev		timer;
	struct sim_ev		rx;
	struct sim_ev		resume;
	struct sim_pkt		*rx_first;
	struct sim_pkt		*rx_last;
	u32			rx_n;
	int			rx_from;
	struct list_head	procs;
	u32			n_broken;
	u64			max_seq;
	struct orc_id		view;
	u32			n_view;
	u32			n_views;
	struct sim_due		*due;
	u32			n_due;
	u32			max_due;
	u32			same_t;
	const struct cpg_event	*hash_ev;
	u64			hash;
};

/**
 * struct sim_cfg - what a run is
 * @seed: of everything
 * @n_nodes: nodes, at most SIM_NODES_MAX
 * @nodeid: id of the first node; the others follow
 * @start: the time at which it begins
 * @heartbeat: see struct cpg_engine_config, as the following; 0: default
 * @suspect: as above
 * @corroborate: as above
 * @join_repeat: as above
 * @beacon: as above
 * @damp: as above; 0: none
 * @budget: as above
 * @mtu: as above
 * @votes: of each node; NULL: one each
 * @expected: votes of the cluster; 0: the sum of these
 * @first_no: as above
 * @slow: how long a slow process may go without reading
 * @link: what links are like at first
 * @rx_delay: packets wait up to so long until they are handled
 * @rx_batch: and so many are handled at once, at most
 * @late: timers are late by so much at most
 * @check_every: look at the engine's invariants after so many calls; 0: never
 * @record: keep what processes receive in words
 * @verbose: print what happens
 */
struct sim_cfg {
	u64		seed;
	u32		n_nodes;
	u32		nodeid;
	u64		start;
	u64		heartbeat;
	u64		suspect;
	u64		corroborate;
	u64		join_repeat;
	u64		beacon;
	u64		damp;
	u32		budget;
	u32		mtu;
	const u32	*votes;
	u32		expected;
	u32		first_no;
	u64		slow;
	struct sim_link	link;
	u64		rx_delay;
	u32		rx_batch;
	u64		late;
	u32		check_every;
	bool		record;
	bool		verbose;
};

/**
 * struct sim - a simulated cluster
 * @cfg: what it is
 * @now: time
 * @rng: where all that is random comes from
 * @heap: what is going to happen
 * @arena: memory until the end of the run
 * @orc: oracle
 * @log: what happened
 * @trace: where to write traces, or NULL
 * @nodes: nodes by slot
 * @links: one row for each sender
 * @free: packets that are not used
 * @said: messages that were accepted
 * @said_bytes: what they contain
 * @said_end: bytes that were ever kept there
 * @n_calls: calls of engines
 * @n_packets: packets handled
 * @n_events: events handled
 * @n_msgs: messages sent, ever: their contents depend on it
 * @n_faults: things that went wrong on purpose
 * @n_views: views installed, by all nodes
 * @n_requeued: messages that were sent again in a later view
 * @n_repairs: packets that were sent again
 * @n_holds: times that a process held its group back
 * @n_slow: processes that were put out for it
 * @slow_groups: groups of such processes, as bits
 * @n_leads: times that a node came to know of another leader in its view
 * @settle_time: how long it took to come to one view, at the end
 * @next_pid: of the next process
 */
struct sim {
	struct sim_cfg		cfg;
	u64			now;
	struct sim_rng		rng;
	struct sim_heap		heap;
	struct sim_arena	arena;
	struct orc		orc;
	struct sim_log		log;
	FILE			*trace;
	struct sim_node		*nodes;
	struct sim_link		*links;
	struct sim_pkt		*free;
	struct sim_said		said[SIM_SAID_MAX];
	u8			said_bytes[SIM_SAID_BYTES];
	u64			said_end;
	u64			n_calls;
	u64			n_packets;
	u64			n_events;
	u64			n_msgs;
	u64			n_faults;
	u64			n_views;
	u64			n_requeued;
	u64			n_repairs;
	u64			n_holds;
	u64			n_slow;
	u64			slow_groups;
	u64			n_leads;
	u64			settle_time;
	u32			next_pid;
};

/* sim.c: time */
void sim_cfg_init(struct sim_cfg *cfg);
void sim_cfg_profile(struct sim_cfg *cfg, enum cpg_profile profile);
struct sim *sim_create(void);
void sim_destroy(struct sim *s);
void sim_begin(struct sim *s, const struct sim_cfg *cfg);
void sim_end(struct sim *s, bool quiet);
bool sim_run_to(struct sim *s, u64 t);
bool sim_run(struct sim *s, u64 time);
bool sim_run_until(struct sim *s, bool (*done)(struct sim *s), u64 max);
void sim_call_at(struct sim *s, struct sim_call *call, u64 t);

/* settle.c: the end of faults */
bool sim_settled(struct sim *s);
bool sim_drained(struct sim *s);
bool sim_settle(struct sim *s, u64 max);
u64 sim_limit(const struct sim *s);
bool sim_converge(struct sim *s, u64 max);
bool sim_drain(struct sim *s, u64 max);
u64 sim_bound(const struct sim *s);
bool sim_quiet(struct sim *s);

static inline bool sim_failed(const struct sim *s)
{
	return s->orc.prop != ORC_OK;
}

/* net.c: the network */
struct sim_link *sim_link(struct sim *s, u32 from, u32 to);
void sim_links_set(struct sim *s, const struct sim_link *link);
void sim_cut(struct sim *s, u32 from, u32 to, bool cut);
void sim_split(struct sim *s, u64 side);
void sim_part(struct sim *s, u64 some, u64 others);
void sim_rate(struct sim *s, u32 from, u32 to, u32 rate, u32 queue);
void sim_hole(struct sim *s, u32 from, u32 to, u32 mtu);
void sim_heal(struct sim *s);
void sim_net_xmit(struct sim_node *node, const u32 *nodeids, u32 n,
		  const struct cpg_frame *frame);
void sim_net_reply(struct sim_node *node, const struct cpg_frame *frame);
void sim_net_off(struct sim *s, struct sim_pkt *pkt);
void sim_net_arrive(struct sim *s, struct sim_pkt *pkt);
struct sim_pkt *sim_net_take(struct sim_node *node);
void sim_net_free(struct sim *s, struct sim_pkt *pkt);
void sim_net_forget(struct sim_node *node);

/* What a node's own clock says. */
static inline u64 sim_node_now(const struct sim_node *node)
{
	return node->s->now + node->skew;
}

/* node.c: nodes */
void sim_node_init(struct sim *s, struct sim_node *node, u32 slot);
bool sim_node_start(struct sim_node *node);
void sim_node_crash(struct sim_node *node);
void sim_node_stop(struct sim_node *node);
void sim_node_pause(struct sim_node *node, u64 time);
void sim_node_clock(struct sim_node *node, u64 leap);
void sim_node_nomem(struct sim_node *node, u32 fail);
int sim_node_lead(struct sim_node *node, u32 nodeid);
void sim_node_rx(struct sim_node *node);
void sim_node_timer(struct sim_node *node);
void sim_node_resume(struct sim_node *node);
void sim_node_called(struct sim_node *node);

/* proc.c: processes, and the calls by which an engine reaches them */
extern const struct cpg_engine_ops sim_ops;

struct sim_proc *sim_join(struct sim_node *node, u32 group, u32 pid,
			  int *err);
struct sim_proc *sim_join_as(struct sim_node *node, u32 group, u32 flags,
			     u32 pid, int *err);
int sim_leave(struct sim_proc *proc);
void sim_detach(struct sim_proc *proc);
int sim_send(struct sim_proc *proc, u8 svc, u32 len);
int sim_send_wait(struct sim_proc *proc, u8 svc, u32 len, u64 wait);
void sim_wait(struct sim_node *node, u64 wait);
void sim_push(struct sim_node *node);
void sim_proc_break(struct sim_proc *proc);
void __sim_due_show(struct sim_node *node);
void sim_due_drop(struct sim_node *node);
void sim_group_name(u32 group, struct cpg_group *name);

/* Mostly there is nothing. */
static inline void sim_due_show(struct sim_node *node)
{
	if (node->n_due)
		__sim_due_show(node);
}

/* said.c: what messages contain */
void sim_said_add(struct sim *s, u32 nodeid, u64 serial, struct cpg_event *ev,
		  u64 hash);
u64 sim_said_hash(struct sim *s, u32 nodeid, u64 serial, struct cpg_event *ev);

/* lazy.c: processes that do not read at once */
void sim_lazy_op_held(void *ctx, void *owner, bool held);
u64 sim_lazy_op_slow_until(void *ctx, void *owner);
void sim_lazy_op_slow(void *ctx, void *owner);
void sim_lazy_due(struct sim_proc *proc, const struct cpg_event *ev);
void sim_lazy(struct sim_proc *proc, enum sim_lazy lazy);
void sim_read(struct sim_proc *proc, u64 len);
bool sim_hold(struct sim_node *node);
void sim_wake(struct sim_node *node);

/* log.c */
void sim_log(struct sim *s, u32 node, enum sim_log_kind kind, u64 a, u64 b,
	     u64 c, u64 d, u64 e);
void sim_log_keep(struct sim *s, u32 n);
void sim_log_print(const struct sim *s, u32 n);
void sim_text_msg(struct sim_proc *proc, const struct cpg_event *ev);
void sim_text_chg(struct sim_proc *proc, const struct cpg_confchg *chg);
void sim_text_view(struct sim_proc *proc, const struct cpg_view *view);

#endif /* _SIM_SIM_H */
