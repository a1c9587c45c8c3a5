/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files of the engine share.
 *
 * An engine is always in one view; what lives as long as the view is in struct
 * cpg_epoch.  Looking for the next view does not touch it: struct cpg_attempt
 * holds what is proposed, and the epoch is replaced in one step when the
 * attempt succeeds.
 */
#ifndef _CPG_ENGINE_PRIV_H
#define _CPG_ENGINE_PRIV_H

#include "engine.h"
#include "flow.h"
#include "set.h"
#include "stream.h"
#include "wire.h"

enum {
	CPG_SLOT_SELF = 0,
	CPG_HASH_BITS = 9,
	CPG_HASH_SIZE = 1 << CPG_HASH_BITS,
	CPG_NO_IDX = CPG_WIRE_NO_IDX,
	/* What flow control counts besides the records: all that is in front
	 * of them on an Ethernet.
	 */
	CPG_FLOW_OVERHEAD = CPG_DATA_HDR + 66,
	/* So many beacons of a node outside missed, and it is not there. */
	CPG_PEER_BEACONS = 4,
};

#define CPG_NEVER	U64_MAX

/* Times that are the same in every profile, in nanoseconds. */
#define CPG_ACK_DELAY		(2 * CPG_NSEC_PER_MSEC)
/* For each node of a view: SAFE does not have more told than one can hear. */
#define CPG_HURRY_GAP		(3 * CPG_NSEC_PER_USEC)
#define CPG_NAK_DELAY_MIN	(20 * CPG_NSEC_PER_USEC)
#define CPG_NAK_DELAY_MAX	(500 * CPG_NSEC_PER_USEC)
#define CPG_RTO_MIN		(2 * CPG_NSEC_PER_MSEC)
#define CPG_RTO_MAX		(100 * CPG_NSEC_PER_MSEC)
#define CPG_NOMEM_DELAY		(1 * CPG_NSEC_PER_MSEC)
#define CPG_STOP_TIME		(1 * CPG_NSEC_PER_SEC)

/*
 * Does gathering @a of a node come after its gathering @b?  Their numbers go
 * round, leaving out 0, which is before all.
 */
static inline bool cpg_join_after(u32 a, u32 b)
{
	return a && (!b || (s32)(a - b) > 0);
}

struct cpg_vid {
	u64	seq;
	u32	rep;
};

static inline bool cpg_vid_equal(const struct cpg_vid *a,
				 const struct cpg_vid *b)
{
	return a->seq == b->seq && a->rep == b->rep;
}

/* Kinds of messages of a node of which one may overtake the other. */
enum cpg_serial {
	CPG_SERIAL_ANY,		/* sent in every view */
	CPG_SERIAL_QUORUM,	/* sent in views with a majority */
	__CPG_SERIAL_NR
};

/**
 * struct cpg_blob - a thing sent or received in chunks
 * @type: enum cpg_wire_type; 0: none
 * @data: the bytes
 * @len: how many
 * @size: receiving: bytes of a chunk
 * @missing: receiving: chunks that have not come
 * @next: sending: the chunk to go on with
 * @have: receiving: which have, a byte each, behind the data
 */
struct cpg_blob {
	u32	type;
	u8	*data;
	u32	len;
	u32	size;
	u32	missing;
	u32	next;
	u8	*have;
};

/**
 * struct cpg_peer - another configured node
 * @nodeid: its id
 * @slot: its place in the engine's table, which it keeps
 * @idx: its place in the view, CPG_NO_IDX if it is not there (any more)
 * @incarnation: which life of it is believed to be the present one
 * @heard: when that was heard last, 0: never
 * @steady: since when it is heard without a break
 * @beat: when its last heartbeat came, 0: none in this view
 * @gap_mean: of the times between its heartbeats, in microseconds
 * @gap_var: their variance
 * @gap_sigma: its root
 * @vouched: when another heard it last, as far as this node was told
 * @denied: another does not hear it either
 * @unreachable: the network said so, and nothing was heard since
 * @accused: not heard for too long, after all doubts
 * @dead: nor has anybody else
 * @probe_since: when it became suspect, 0: it is not
 * @probe_at: when to probe it again
 * @n_out: how often it was put out, until it has not been for a minute
 * @out_at: when it was last put out
 * @left: an incarnation that said good-bye
 * @left_until: how long nothing is taken from that
 * @rival: another incarnation that uses the id
 * @rival_since: when that was heard first
 * @nodeid_used: both go on
 * @is_unwell: its timers are often late, as it last said
 * @state: enum cpg_state, as it last said
 * @vid: its view
 * @hears: slots of the nodes that it hears
 * @accuses: slots of the nodes that it knows to be silent
 * @members: slots of the nodes in its view
 * @n_members: how many those are, whether they are known here or not
 * @told: it said all of that of the node ids up to this, part by part
 * @join_valid: it is gathering; the next five are of its last JOIN
 * @join_complete: it has the JOINs of all that it expects
 * @join_no: counts its gatherings
 * @join_max_seq: greatest view seq that it knows
 * @votes: its votes
 * @expected: the votes that it expects of the whole cluster
 * @serial: the greatest of its messages that was delivered here, by enum
 *	cpg_serial
 * @offer: a COMMIT1 of it that is not complete
 * @offer_id: the view that it proposes
 */
struct cpg_peer {
	u32		nodeid;
	u32		slot;
	u32		idx;
	u64		incarnation;
	u64		heard;
	u64		steady;
	u64		beat;
	u64		gap_mean;
	u64		gap_var;
	u64		gap_sigma;
	u64		vouched;
	bool		denied;
	bool		unreachable;
	bool		accused;
	bool		dead;
	u64		probe_since;
	u64		probe_at;
	u32		n_out;
	u64		out_at;
	u64		left;
	u64		left_until;
	u64		rival;
	u64		rival_since;
	bool		nodeid_used;
	bool		is_unwell;
	u8		state;
	struct cpg_vid	vid;
	struct cpg_set	hears;
	struct cpg_set	accuses;
	struct cpg_set	members;
	u32		n_members;
	u32		told;
	bool		join_valid;
	bool		join_complete;
	u32		join_no;
	u64		join_max_seq;
	u32		votes;
	u32		expected;
	u64		serial[__CPG_SERIAL_NR];
	struct cpg_blob	offer;
	struct cpg_vid	offer_id;
};

/**
 * struct cpg_vnode - a node in a view
 * @nodeid: its id
 * @incarnation: which life of it
 * @join_no: with which gathering it came
 * @peer: NULL: this node
 * @serial: the greatest of its messages that was delivered here, in any view,
 *	by enum cpg_serial; UNORDERED ones do not count, they are never sent
 *	again
 * @wants: it wants more than its even part
 * @is_full: it has more than it may send, even with its larger part
 * @missed: packets that it missed, as it last said
 * @n_ordered: leader: packets that were given their place, of late
 * @stream: what it sends
 */
struct cpg_vnode {
	u32			nodeid;
	u32			join_no;
	u64			incarnation;
	struct cpg_peer		*peer;
	u64			serial[__CPG_SERIAL_NR];
	bool			wants;
	bool			is_full;
	u32			missed;
	u32			n_ordered;
	struct cpg_stream	stream;
};

/**
 * struct cpg_cursor - a place in the total order
 * @leader: who gives this place, place in the view
 * @oseq: the leader's packet whose ORDER is being walked
 * @run: the run in it
 * @off: packets of the run that were passed
 * @rec_off: bytes of the next packet that were passed
 * @gseq: place of the next packet
 * @pos: position of the next message; not kept by what only lets go
 * @first: the first packet of @run, if @off is not 0; kept by
 *	cpg_order_advance()
 * @origin: whose @run is, likewise
 * @count: packets of @run, likewise
 */
struct cpg_cursor {
	u64	oseq;
	u32	leader;
	u32	run;
	u32	off;
	u32	rec_off;
	u64	gseq;
	u64	pos;
	u64	first;
	u32	origin;
	u32	count;
};

/**
 * struct cpg_epoch - all that lives as long as a view
 * @id: the view's id
 * @n: nodes
 * @me: place of this node
 * @leader: place of the sequencer, as far as the order is held here
 * @turned: place in the order where it began to lead; 0: with the view
 * @turned_at: when this node came to know that
 * @turned_by: who led before, place in the view
 * @turned_oseq: and the packet with which that one handed over
 * @is_asked: it was somebody's wish that the present one leads
 * @n_unasked: times that the lead changed hands without that
 * @counted: leader: since when @n_ordered of the nodes counts
 * @hot: leader: the node that sent most of that, place in the view
 * @n_hot: leader: so many times in a row
 * @known: some order goes up to here, if that is not behind @held
 * @others: node ids of the others, @n - 1 of them
 * @slots: slots of all
 * @votes: votes of all
 * @expected: votes that the cluster is meant to have
 * @since: when it was installed
 * @beats: heartbeats since then
 * @view: what is told of it
 * @held: what this node does not hold yet: the order, or what is in it
 * @cur: what is delivered next; behind @held when SAFE waits
 * @rel: what is let go next, when it is stable and delivered
 * @stable: all nodes hold the order up to here
 * @low: leader: the others hold the order up to here
 * @n_low: leader: so many of them, and not more
 * @ready: leader: places of nodes of which packets wait for their place
 * @safe: the greatest place held of a SAFE packet
 * @acked: the last of what is held that the leader was told
 * @announced: leader: the last @stable that was sent
 * @told_at: when an ACK or @stable was last sent for its own sake
 * @ack_tries: how often the leader was told again
 * @gseq: leader: the next place
 * @pos: leader: the next position
 * @runs: leader: given a place, not sent yet
 * @n_runs: how many
 * @runs_gseq: place of the first in @runs
 * @runs_pos: position of the first in @runs
 * @frozen: something was promised to a next view: take what is wanted only
 * @obliged: places of nodes whose messages were promised
 * @in_flight: bytes of this node's packets that are not stable
 * @unacked: bytes held since the last ACK; leader: bytes that were let go
 *	since the others were told
 * @acked_at: when that was
 * @flow: flow control
 * @node: the nodes, ascending
 */
struct cpg_epoch {
	struct cpg_vid		id;
	u32			n;
	u32			me;
	u32			leader;
	u64			turned;
	u64			turned_at;
	u32			turned_by;
	u64			turned_oseq;
	bool			is_asked;
	u32			n_unasked;
	u64			counted;
	u32			hot;
	u32			n_hot;
	u64			known;
	u32			others[CPG_NODES_MAX];
	struct cpg_set		slots;
	u32			votes;
	u32			expected;
	u64			since;
	u32			beats;
	struct cpg_event	*view;
	struct cpg_cursor	held;
	struct cpg_cursor	cur;
	struct cpg_cursor	rel;
	u64			stable;
	u64			low;
	u32			n_low;
	struct cpg_set		ready;
	u64			safe;
	u64			acked;
	u64			announced;
	u64			told_at;
	u32			ack_tries;
	u64			gseq;
	u64			pos;
	struct cpg_wire_run	runs[CPG_ORDER_RUNS_MAX];
	u32			n_runs;
	u64			runs_gseq;
	u64			runs_pos;
	bool			frozen;
	struct cpg_set		obliged;
	u32			in_flight;
	u32			unacked;
	u64			acked_at;
	struct cpg_flowctl		flow;
	struct cpg_vnode	*node[];
};

/**
 * struct cpg_candidate - a member of a proposed view
 * @nodeid: its id
 * @join_no: its gathering
 * @incarnation: which life of it
 * @votes: its votes
 * @peer: NULL: this node
 * @view_seq: representative: of the view in which it gathered
 * @in: representative: the last thing it sent
 * @done: representative: @in is complete; or it acknowledged the INSTALL
 * @hold: what it holds of its old view, in the table
 * @old_idx: its place in this node's old view if it comes from there
 * @held: what it holds of the stream that is being looked at
 * @n_asked: packets that it is being asked for
 */
struct cpg_candidate {
	u32		nodeid;
	u32		join_no;
	u64		incarnation;
	u32		votes;
	struct cpg_peer	*peer;
	u64		view_seq;
	struct cpg_blob	in;
	bool		done;
	const u8	*hold;
	u32		old_idx;
	const struct cpg_wire_held *held;
	u32		n_asked;
};

/**
 * struct cpg_attempt - a proposed view
 * @id: its id
 * @n: members
 * @me: place of this node
 * @leader: place of the sequencer
 * @expected: votes that the cluster is meant to have
 * @step: the type of packet that this node waits for
 * @progress: when something last came
 * @epoch: for the new view, made beforehand
 * @in: the last thing from the representative
 * @up: what this node tells the representative
 * @down: what the representative tells the others
 * @table: COMMIT2
 * @final: INSTALL
 * @repeat_at: when to send @up or @down again
 * @repeat: the interval
 * @nak_at: when to ask for what is missing of the old view
 * @nak_tries: how often that was done
 * @together: places in the old view of those that come from it
 * @obliged: places in the old view whose messages any of them promised
 * @is_installing: the decision has fallen, there is no way back
 * @is_started: what is missing was found out
 * @is_trans: the old view is over, up to its first gap
 * @late: what is delivered after the gap
 * @procs: those that come with their nodes
 * @member: the members, ascending
 */
struct cpg_attempt {
	struct cpg_vid		id;
	u32			n;
	u32			me;
	u32			leader;
	u32			expected;
	u32			step;
	u64			progress;
	struct cpg_epoch	*epoch;
	struct cpg_blob		in;
	struct cpg_blob		up;
	struct cpg_blob		down;
	struct cpg_blob		table;
	struct cpg_blob		final;
	u64			repeat_at;
	u64			repeat;
	u64			nak_at;
	u32			nak_tries;
	struct cpg_set		together;
	struct cpg_set		obliged;
	bool			is_installing;
	bool			is_started;
	bool			is_trans;
	struct cpg_cursor	late;
	struct list_head	procs;
	struct cpg_candidate	member[];
};

/**
 * struct cpg_txmsg - a message on its way into the order
 * @link: in sendq, parked or in flight
 * @rec_type: CPG_REC_MSG, _JOIN, _LEAVE or _HOLD
 * @reason: LEAVE: CPG_CHG_*; HOLD: 1 or 0
 * @is_queued: it is on one of the lists
 * @service: by which it is delivered, in whatever view
 * @port: the process
 * @proc: the process
 * @ev: MSG: the message
 * @serial: MSG: counts what this node ever accepted
 * @len: bytes of the record, or of the message
 * @sent: bytes in packets
 * @last: number of the packet in which it ends; 0: not sent yet
 * @slice: MSG: where the next byte is
 * @slice_off: and where in that slice
 */
struct cpg_txmsg {
	struct list_head	link;
	u8			rec_type;
	u8			reason;
	bool			is_queued;
	u8			service;
	u32			port;
	struct cpg_proc		*proc;
	struct cpg_event	*ev;
	u64			serial;
	u32			len;
	u32			sent;
	u64			last;
	u32			slice;
	u32			slice_off;
};

/**
 * struct cpg_grp - a group
 * @link: in the hash table
 * @name: flags 0, name
 * @refs: processes that refer to it, members or not
 * @members: those that are, ascending by (nodeid, pid, port)
 * @n_members: how many
 * @max_members: room, for @refs at least: becoming a member needs no memory
 * @n_holders: how many of them hold it back
 * @owners: of those that are of this node and not detached; behind @members
 * @n_owners: how many
 * @told: the change that they were told of last; NULL unless it lists @members
 * @mine: processes of this node, members or not, detached or not
 * @n_marked: scratch: members that go, or came
 */
struct cpg_grp {
	struct list_head	link;
	struct cpg_group	name;
	u32			refs;
	struct cpg_proc		**members;
	u32			n_members;
	u32			max_members;
	u32			n_holders;
	void			**owners;
	u32			n_owners;
	struct cpg_event	*told;
	struct list_head	mine;
	u32			n_marked;
};

/**
 * struct cpg_proc - a process in a group, of this node or of another
 * @hash_link: by (nodeid, port)
 * @local_link: in the engine's list of local processes; else scratch
 * @mine_link: in the group's mine, if @is_local
 * @slow_link: in the engine's slows, if @is_slow
 * @grp: its group
 * @who: nodeid, pid, port
 * @flags: CPG_JOIN_F_*
 * @owner: of a local process, NULL once detached
 * @is_local: of this node
 * @is_member: its join is in order
 * @is_leaving: a leave is queued
 * @is_parked: messages of it wait for a majority
 * @is_slow: of a local process: its owner asks to hold the group back
 * @is_holder: and that is in order: a member that holds its group back
 * @is_marked: scratch: goes with its node, or came with it
 * @tx_join: its join
 * @tx_leave: its leave, so that leaving needs no memory
 * @tx_hold: its last word on holding the group back
 * @slow_until: when it has to be put out, as its owner says
 * @slow_late: so much later: this node was not scheduled
 */
struct cpg_proc {
	struct list_head	hash_link;
	struct list_head	local_link;
	struct list_head	mine_link;
	struct list_head	slow_link;
	struct cpg_grp		*grp;
	struct cpg_member	who;
	u32			flags;
	void			*owner;
	bool			is_local;
	bool			is_member;
	bool			is_leaving;
	bool			is_parked;
	bool			is_slow;
	bool			is_holder;
	bool			is_marked;
	struct cpg_txmsg	tx_join;
	struct cpg_txmsg	tx_leave;
	struct cpg_txmsg	tx_hold;
	u64			slow_until;
	u64			slow_late;
};

/**
 * struct cpg_engine - one node
 * @cfg: configuration
 * @ops: effects
 * @ctx: their first argument
 * @env: for allocations
 * @now: time of the present call
 * @start: time of creation
 * @deadline: not later than the earliest timer
 * @state: what the node does
 * @nodeid_used: another node has this node's id
 * @rng: state of the pseudo-random numbers
 * @peers: by slot; CPG_SLOT_SELF stays NULL
 * @by_id: the same, without gaps, in ascending order of their node ids
 * @n_slots: slots in use, with this node's
 * @max_seq: greatest view seq ever seen
 * @serial: of the last message that was accepted
 * @promised: greatest view seq that this node agreed to
 * @gather_again: a gathering is due when the installation is done
 * @join_no: counts the gatherings
 * @epoch: the present view
 * @attempt: the next view, or NULL
 * @installed: the attempt that led to @epoch while others have not
 *	acknowledged it, or NULL
 * @sendq: struct cpg_txmsg that are not (wholly) in packets
 * @flight: and those that are, until they are delivered
 * @unordered: as @flight, UNORDERED; empty between calls
 * @parked: those that wait for a view with a majority
 * @queued: bytes in @sendq
 * @n_parked: bytes in @parked
 * @rtt: smoothed round trip time
 * @groups: hash table of groups
 * @procs: hash table of processes
 * @locals: local processes
 * @own_len: bytes that they take in a RECOVERED, if all are members
 * @slows: local processes that can take no more
 * @next_port: for the next local process
 * @gather_start: when the gathering began
 * @gather_complete: the JOINs of all that are expected have come
 * @links: while a choice is made: by slot, those that it hears and that hear
 *	it
 * @spare: the same, for who only asks whether the choice is good
 * @is_news: what nodes think of each other has changed since @choice
 * @choice: with whom this node should be in a view
 * @choice_of: of these candidates
 * @doubt_until: this node suspects itself
 * @n_late: timers that were late, less one for each while without
 * @late_since: when that while began
 * @is_unwell: it has been late so often that it should not lead
 * @has_run: since the last flush more happened than that messages began to wait
 * @n_taken: packets of which nothing has followed yet
 * @join_wait: interval of the next JOIN
 * @rtt_oseq: the own packet whose round trip is being measured, 0: none
 * @rtt_sent: when it was sent
 * @own_tries: how often the oldest own packet was repeated
 * @probe_tries: leader: how often others were reminded
 * @heartbeat_at: timer: the next heartbeat
 * @beacon_at: timer: the next beacon
 * @join_at: timer: the next JOIN
 * @ack_at: timer: tell the leader what is held
 * @announce_at: timer: leader: tell all what is stable
 * @pack_at: timer: send what waits for company; CPG_NEVER: nothing does
 * @own_at: timer: repeat own packets that no order covers
 * @probe_at: timer: leader: remind those that are behind
 * @nomem_at: timer: try again what there was no memory for
 * @stop_at: timer: stop even if not all is done; CPG_NEVER: not stopping
 * @counters: statistics
 */
struct cpg_engine {
	struct cpg_engine_config	cfg;
	const struct cpg_engine_ops	*ops;
	void				*ctx;
	void				*env;
	u64				now;
	u64				start;
	u64				deadline;
	enum cpg_state			state;
	bool				nodeid_used;
	u64				rng;
	struct cpg_peer			*peers[CPG_NODES_MAX];
	struct cpg_peer			*by_id[CPG_NODES_MAX];
	u32				n_slots;
	u64				max_seq;
	u64				serial;
	u64				promised;
	bool				gather_again;
	u32				join_no;
	struct cpg_epoch		*epoch;
	struct cpg_attempt		*attempt;
	struct cpg_attempt		*installed;
	struct list_head		sendq;
	struct list_head		flight;
	struct list_head		unordered;
	struct list_head		parked;
	u64				queued;
	u64				n_parked;
	u64				rtt;
	struct list_head		groups[CPG_HASH_SIZE];
	struct list_head		procs[CPG_HASH_SIZE];
	struct list_head		locals;
	u32				own_len;
	struct list_head		slows;
	u32				next_port;
	u64				gather_start;
	bool				gather_complete;
	struct cpg_set			links[CPG_NODES_MAX];
	struct cpg_set			spare[CPG_NODES_MAX];
	bool				is_news;
	struct cpg_set			choice;
	struct cpg_set			choice_of;
	u64				doubt_until;
	u32				n_late;
	u64				late_since;
	bool				is_unwell;
	bool				has_run;
	u32				n_taken;
	u64				join_wait;
	u64				rtt_oseq;
	u64				rtt_sent;
	u32				own_tries;
	u32				probe_tries;
	u64				heartbeat_at;
	u64				beacon_at;
	u64				join_at;
	u64				ack_at;
	u64				announce_at;
	u64				pack_at;
	u64				own_at;
	u64				probe_at;
	u64				nomem_at;
	u64				stop_at;
	u64				counters[__CPG_CNT_NR];
};

/* engine.c */
void cpg_engine_run(struct cpg_engine *eng, u64 now);
void cpg_engine_arm(struct cpg_engine *eng, u64 *timer, u64 delay);
void cpg_engine_set_state(struct cpg_engine *eng, enum cpg_state state);
void cpg_engine_trace(struct cpg_engine *eng, struct cpg_trace *trace);
u64 cpg_engine_spread(struct cpg_engine *eng, u64 delay);
u64 cpg_engine_rto(const struct cpg_engine *eng, u32 tries);
void cpg_engine_xmit(struct cpg_engine *eng, const u32 *nodeids, u32 n,
		     enum cpg_wire_type type, const struct cpg_vid *vid,
		     const void *fixed, u32 fixed_len, struct cpg_buf *body,
		     u32 off, u32 len);
void cpg_engine_reply(struct cpg_engine *eng, enum cpg_wire_type type,
		      const void *fixed, u32 fixed_len);

/* peer.c */
struct cpg_peer *cpg_peer_find(const struct cpg_engine *eng, u32 nodeid);
enum cpg_drop cpg_peer_admit(struct cpg_engine *eng,
			     const struct cpg_wire_hdr *hdr,
			     struct cpg_peer **peer);
bool cpg_peer_is_alive(const struct cpg_engine *eng,
		       const struct cpg_peer *peer);
u64 cpg_peer_expires(const struct cpg_engine *eng, const struct cpg_peer *peer);
bool cpg_peer_in_view(const struct cpg_peer *peer);
void cpg_peer_heard_xmit(struct cpg_engine *eng, const u32 *nodeids, u32 n,
			 enum cpg_wire_type type, void *fixed, u32 len,
			 u32 n_at);
bool cpg_peer_heard_read(struct cpg_engine *eng, struct cpg_peer *peer,
			 const struct cpg_wire_heard *heard, u32 n);
void cpg_peer_send_status(struct cpg_engine *eng, const u32 *nodeids, u32 n,
			  bool is_full);
void cpg_peer_heartbeat(struct cpg_engine *eng);
void cpg_peer_beacon(struct cpg_engine *eng);
void cpg_peer_status_rcv(struct cpg_engine *eng, struct cpg_peer *peer,
			 const struct cpg_wire_hdr *hdr);
void cpg_peer_used_rcv(struct cpg_engine *eng, const struct cpg_wire_hdr *hdr);

/* choose.c */
u32 cpg_choose(struct cpg_engine *eng, struct cpg_set *set);
bool cpg_choose_is_good(struct cpg_engine *eng);

/* detect.c */
u64 cpg_detect_silence(const struct cpg_engine *eng,
		       const struct cpg_peer *peer);
u64 cpg_detect_window(const struct cpg_engine *eng,
		      const struct cpg_peer *peer);
bool cpg_detect_is_quiet(const struct cpg_engine *eng,
			 const struct cpg_peer *peer);
bool cpg_detect_is_damped(const struct cpg_engine *eng,
			  const struct cpg_peer *peer);
u32 cpg_detect_targets(struct cpg_engine *eng, u32 *nodeids);
void cpg_detect_meet(struct cpg_engine *eng, struct cpg_peer *peer);
void cpg_detect_heard(struct cpg_engine *eng, struct cpg_peer *peer);
void cpg_detect_beat(struct cpg_engine *eng, struct cpg_peer *peer);
void cpg_detect_restart(struct cpg_engine *eng, struct cpg_peer *peer);
void cpg_detect_put_out(struct cpg_engine *eng, struct cpg_peer *peer);
void cpg_detect_late(struct cpg_engine *eng, u64 now);
void cpg_detect_probe_rcv(struct cpg_engine *eng, struct cpg_peer *peer,
			  const struct cpg_wire_hdr *hdr);
void cpg_detect_timer(struct cpg_engine *eng);
u64 cpg_detect_deadline(const struct cpg_engine *eng);

/* stream.c */

enum cpg_drop cpg_stream_add(struct cpg_engine *eng, u32 idx, u64 oseq,
			     struct cpg_buf *buf, u32 off, u32 len,
			     const struct cpg_body *body);
void cpg_stream_unwant_all(struct cpg_stream *stream);
void cpg_stream_want(struct cpg_stream *stream, u64 oseq);
bool cpg_stream_wants(const struct cpg_stream *stream, u64 oseq);
void cpg_stream_release(struct cpg_engine *eng, u32 idx, u64 oseq);
void cpg_stream_announce(struct cpg_engine *eng, u32 idx, u64 high);
void cpg_stream_init(struct cpg_stream *stream);
void cpg_stream_exit(struct cpg_stream *stream);
void cpg_stream_xmit(struct cpg_engine *eng, u32 idx, const struct cpg_pkt *pkt,
		     const u32 *nodeids, u32 n);
enum cpg_drop cpg_stream_rcv(struct cpg_engine *eng, struct cpg_vnode *from,
			     struct cpg_buf *buf, u32 off, u32 len);
void cpg_stream_nak_send(struct cpg_engine *eng, u32 idx);
void cpg_stream_nak_xmit(struct cpg_engine *eng, u32 nodeid,
			 const struct cpg_wire_range *ranges, u32 n);
void cpg_stream_nak_rcv(struct cpg_engine *eng, struct cpg_vnode *from,
			const struct cpg_wire_range *ranges, u32 n);

/* deliver.c */
int cpg_deliver_pkt(struct cpg_engine *eng, u32 idx, struct cpg_pkt *pkt,
		    u64 *pos, u32 *rec_off);
void cpg_deliver_early(struct cpg_engine *eng, u32 idx, u64 oseq);
int cpg_deliver_flush(struct cpg_engine *eng);

/* order.c */
/* What stands at a place in the order. */
enum cpg_order_at {
	CPG_ORDER_PKT,		/* a packet that is here */
	CPG_ORDER_GONE,		/* a packet that is not here */
	CPG_ORDER_END,		/* nothing that is known */
	CPG_ORDER_WRONG,	/* what no leader may say */
};

const struct cpg_wire_run *cpg_order_run(const struct cpg_pkt *pkt, u32 run);
bool cpg_order_follows(const struct cpg_stream *stream, u64 after, u64 oseq);
const struct cpg_pkt *cpg_order_log(const struct cpg_epoch *ep,
				    struct cpg_cursor *cur);
enum cpg_order_at cpg_order_peek(struct cpg_epoch *ep, struct cpg_cursor *cur,
				 u32 *idx, u64 *oseq);
void cpg_order_advance(struct cpg_epoch *ep, struct cpg_cursor *cur);
enum cpg_order_at cpg_order_hold(struct cpg_epoch *ep, u32 *idx, u64 *oseq);
bool cpg_order_take(struct cpg_engine *eng, u32 idx);
bool cpg_order_flush(struct cpg_engine *eng);
u32 cpg_order_rec_size(u32 n_runs);
bool cpg_order_append(struct cpg_engine *eng, u32 idx, u64 oseq, u32 nmsgs,
		      bool is_apart);
u32 cpg_order_rec_fill(struct cpg_epoch *ep, u8 *p);
void cpg_order_sent(struct cpg_engine *eng);
int cpg_order_deliver(struct cpg_engine *eng, u64 safe);
void cpg_order_release(struct cpg_engine *eng);
void cpg_order_go(struct cpg_engine *eng);
void cpg_order_acked(struct cpg_engine *eng);
void cpg_order_hurry(struct cpg_engine *eng);
void cpg_order_remind(struct cpg_engine *eng, const struct cpg_vnode *from,
		      u64 ack, u64 stable);
void cpg_order_ack_rcv(struct cpg_engine *eng, struct cpg_vnode *from, u64 ack,
		       u64 stable, const struct cpg_wire_flow *flow,
		       bool leads);
void cpg_order_set_stable(struct cpg_engine *eng, u64 stable);
void cpg_order_timer(struct cpg_engine *eng);
u64 cpg_order_ack(const struct cpg_epoch *ep);

/* lead.c */
static inline bool cpg_lead_is_me(const struct cpg_epoch *ep)
{
	return ep->me == ep->leader;
}

void cpg_lead_turn(struct cpg_engine *eng);
void cpg_lead_remind(struct cpg_engine *eng, u32 idx);
void cpg_lead_late(struct cpg_engine *eng);
void cpg_lead_timer(struct cpg_engine *eng);

/* send.c */
void cpg_send_queue(struct cpg_engine *eng, struct cpg_txmsg *tx);
void cpg_send_wait(struct cpg_engine *eng, u64 wait);
void cpg_send_queue_first(struct cpg_engine *eng, struct cpg_txmsg *tx);
bool cpg_send_is_open(const struct cpg_engine *eng);
bool cpg_send_kick(struct cpg_engine *eng);
struct cpg_txmsg *cpg_send_first(struct cpg_engine *eng, u8 service);
void cpg_send_done(struct cpg_engine *eng, struct cpg_txmsg *tx);
void cpg_send_progress(struct cpg_engine *eng);
void cpg_send_requeue(struct cpg_engine *eng);
void cpg_send_exit(struct cpg_engine *eng);
void cpg_send_timer(struct cpg_engine *eng);

/* group.c */
void cpg_group_init(struct cpg_engine *eng);
void cpg_group_exit(struct cpg_engine *eng);
void cpg_group_deliver_msg(struct cpg_engine *eng, u32 nodeid, u32 port,
			   struct cpg_event *ev, u64 pos);
int cpg_group_deliver_join(struct cpg_engine *eng, u32 nodeid,
			   const struct cpg_rec *rec, u64 pos);
int cpg_group_deliver_leave(struct cpg_engine *eng, u32 nodeid, u32 port,
			    u32 reason, u64 pos);
bool cpg_group_is_before(const struct cpg_member *a,
			 const struct cpg_member *b);
/* Bytes of a process in a JOIN record, a RECOVERED or an INSTALL. */
static inline u32 cpg_group_wire_len(const struct cpg_group *name)
{
	return sizeof(struct cpg_wire_proc) + name->name_len;
}

struct cpg_proc *cpg_group_proc_find(const struct cpg_engine *eng, u32 nodeid,
				     u32 port);
struct cpg_proc *cpg_group_proc_create(struct cpg_engine *eng, u32 nodeid,
				       u32 port, u32 pid,
				       const struct cpg_group *group);
void cpg_group_proc_destroy(struct cpg_proc *proc);
void cpg_group_tx_init(struct cpg_proc *proc, struct cpg_txmsg *tx, u8 rec_type,
		       u32 len);
void cpg_group_nodes_down(struct cpg_engine *eng, const u32 *nodeids, u32 n);
void cpg_group_procs_up(struct cpg_engine *eng, struct list_head *procs);
void cpg_group_stop(struct cpg_engine *eng);

/* hold.c */
void cpg_hold_init(struct cpg_engine *eng, struct cpg_proc *proc);
void cpg_hold_set(struct cpg_engine *eng, struct cpg_proc *proc, bool holds);
void cpg_hold_ask(struct cpg_engine *eng, struct cpg_proc *proc);
void cpg_hold_end(struct cpg_engine *eng, struct cpg_proc *proc);
void cpg_hold_deliver(struct cpg_engine *eng, u32 nodeid, u32 port, bool holds);
bool cpg_hold_after(const struct cpg_proc *proc, u64 cut);
void cpg_hold_late(struct cpg_engine *eng, u64 now);
void cpg_hold_timer(struct cpg_engine *eng);
u64 cpg_hold_deadline(const struct cpg_engine *eng);

/* quorum.c */
u32 cpg_quorum_expected(const struct cpg_engine *eng);
bool cpg_quorum_is_held(const struct cpg_engine *eng);
bool cpg_quorum_may_send(const struct cpg_engine *eng,
			 const struct cpg_proc *proc);
void cpg_quorum_sort(struct cpg_engine *eng);

/* view.c */
struct cpg_epoch *cpg_view_epoch_create(struct cpg_engine *eng,
					const struct cpg_vid *id, u32 n);
void cpg_view_epoch_destroy(struct cpg_epoch *ep);
void cpg_view_install(struct cpg_engine *eng, struct cpg_epoch *ep);
void cpg_view_tell(struct cpg_engine *eng);
void cpg_view_gather(struct cpg_engine *eng);
void cpg_view_settle(struct cpg_engine *eng);
bool cpg_view_is_candidate(const struct cpg_engine *eng,
			   const struct cpg_peer *peer);
bool cpg_view_agrees(struct cpg_engine *eng, u32 rep);
void cpg_view_join_rcv(struct cpg_engine *eng, struct cpg_peer *peer,
		       const struct cpg_wire_hdr *hdr);
void cpg_view_status_rcv(struct cpg_engine *eng, struct cpg_peer *peer);
void cpg_view_peer_lost(struct cpg_engine *eng, struct cpg_peer *peer);
void cpg_view_leave_rcv(struct cpg_engine *eng, struct cpg_peer *peer);
void cpg_view_timer(struct cpg_engine *eng);
u64 cpg_view_deadline(const struct cpg_engine *eng);

/* commit.c */
void cpg_commit_propose(struct cpg_engine *eng, const struct cpg_set *slots,
			u64 max_seq);
void cpg_commit_abort(struct cpg_engine *eng);
enum cpg_drop cpg_commit_rcv(struct cpg_engine *eng, struct cpg_peer *peer,
			     const struct cpg_wire_hdr *hdr, u32 len);
void cpg_commit_run(struct cpg_engine *eng);
void cpg_commit_timer(struct cpg_engine *eng);
u64 cpg_commit_deadline(const struct cpg_engine *eng);
struct cpg_candidate *cpg_commit_find(struct cpg_attempt *att,
				      const struct cpg_peer *peer);

/* blob.c */
void cpg_blob_reset(struct cpg_blob *blob);
int cpg_blob_alloc(struct cpg_engine *eng, struct cpg_blob *blob, u32 type,
		   u32 len);
bool cpg_blob_is_whole(const struct cpg_blob *blob, u32 type);
enum cpg_drop cpg_blob_rcv(struct cpg_engine *eng, struct cpg_blob *blob,
			   u32 type, const struct cpg_wire_chunk *chunk,
			   u32 len);
bool cpg_blob_xmit(struct cpg_engine *eng, struct cpg_blob *blob,
		   const struct cpg_vid *vid, const u32 *nodeids, u32 n);

/* install.c */
int cpg_install_procs(struct cpg_engine *eng, struct cpg_blob *blob);
int cpg_install_run(struct cpg_engine *eng);

/* recover.c */
int cpg_recover_hold(struct cpg_engine *eng, struct cpg_blob *blob);
int cpg_recover_start(struct cpg_engine *eng);
bool cpg_recover_is_done(const struct cpg_engine *eng);
void cpg_recover_promise(struct cpg_engine *eng);
void cpg_recover_nak(struct cpg_engine *eng);
u64 cpg_recover_own_cut(const struct cpg_engine *eng);
int cpg_recover_deliver(struct cpg_engine *eng);

#endif /* _CPG_ENGINE_PRIV_H */
