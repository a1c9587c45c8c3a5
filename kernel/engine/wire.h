/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The packets, byte by byte.  Documentation/protocol.rst has the same in
 * prose.
 *
 * All numbers are little endian.  Every packet begins with struct
 * cpg_wire_hdr; what follows depends on its type.  What comes from the wire is
 * checked here, once, before anything else looks at it: after a check
 * succeeded, the contents can be walked without looking at lengths again.
 */
#ifndef _CPG_ENGINE_WIRE_H
#define _CPG_ENGINE_WIRE_H

#include "engine.h"

enum {
	CPG_WIRE_MAGIC = 0x31475043,	/* "CPG1" */
	CPG_WIRE_VERSION = 1,
	CPG_WIRE_NO_IDX = 0xffff,
};

/*
 * The greatest number of a view: milliseconds for longer than anybody can
 * wait, and the next one does not wrap.
 */
#define CPG_VIEW_SEQ_MAX	(U64_MAX / 4)

/* Types of packets; the number is on the wire. */
enum cpg_wire_type {
	CPG_WIRE_DATA = 1,	/* cpg_wire_data, then records */
	CPG_WIRE_STATUS,	/* cpg_wire_status, then cpg_wire_heard[] */
	CPG_WIRE_NAK,		/* cpg_wire_range[] */
	CPG_WIRE_JOIN,		/* cpg_wire_join, then cpg_wire_heard[] */
	CPG_WIRE_COMMIT1,	/* cpg_wire_chunk; so up to INSTALL */
	CPG_WIRE_COMMIT1_ACK,
	CPG_WIRE_COMMIT2,
	CPG_WIRE_RECOVERED,
	CPG_WIRE_INSTALL,
	CPG_WIRE_INSTALL_ACK,	/* nothing */
	CPG_WIRE_LEAVE,		/* nothing */
	CPG_WIRE_NODEID_USED,	/* cpg_wire_used */
	CPG_WIRE_PROBE,		/* cpg_wire_probe */
	__CPG_WIRE_NR
};

/**
 * struct cpg_wire_hdr - in front of every packet
 * @magic: CPG_WIRE_MAGIC
 * @version: CPG_WIRE_VERSION
 * @type: enum cpg_wire_type
 * @src_idx: place of the sender in its view
 * @len: of the whole packet
 * @key_id: 0: neither encrypted nor authenticated
 * @cluster_id: packets of other clusters are dropped
 * @src: node id of the sender
 * @view_rep: with @view_seq, the view that the packet belongs to; in COMMIT1
 *	to INSTALL_ACK the view that is proposed
 * @view_seq: see @view_rep; at most CPG_VIEW_SEQ_MAX
 * @incarnation: of the sender
 * @nonce: 0 without a key
 * @tag: 0 without a key
 */
struct cpg_wire_hdr {
	__le32	magic;
	u8	version;
	u8	type;
	__le16	src_idx;
	__le16	len;
	__le16	key_id;
	__le32	cluster_id;
	__le32	src;
	__le32	view_rep;
	__le64	view_seq;
	__le64	incarnation;
	__le64	nonce;
	u8	tag[16];
} __packed;

/**
 * struct cpg_wire_flow - flow control
 * @bytes: from the leader: bytes that all nodes together may have in flight;
 *	from others: bytes that the sender has in flight or would like to have
 * @more: from the leader: bytes for each node that wants more than its even
 *	part; from others: packets that the sender missed so far in this view
 */
struct cpg_wire_flow {
	__le32	bytes;
	__le32	more;
} __packed;

/**
 * struct cpg_wire_data - a packet of an origin's stream
 * @oseq: its number in the stream, from 1
 * @ack: the node that sent this copy holds the order up to here
 * @stable: and knows that all nodes do up to here
 * @flow: flow control
 * @origin: whose stream, place in the view; not the sender's in a repair
 * @flags: CPG_WIRE_F_*
 */
struct cpg_wire_data {
	__le64	oseq;
	__le64	ack;
	__le64	stable;
	struct cpg_wire_flow flow;
	__le16	origin;
	__le16	flags;
} __packed;

/* Flags of struct cpg_wire_data and struct cpg_wire_status */
enum {
	CPG_WIRE_F_LEADS = 1 << 0,	/* the sender leads; so is its @flow */
	CPG_WIRE_F_UNWELL = 1 << 1,	/* STATUS: its timers are often late */
};

/* Records in a DATA packet; the number is on the wire. */
enum cpg_wire_rec_type {
	CPG_REC_ORDER = 1,	/* cpg_wire_order, then cpg_wire_run[] */
	CPG_REC_MSG,		/* a message or a part of one */
	CPG_REC_JOIN,		/* cpg_wire_proc */
	CPG_REC_LEAVE,		/* a byte, CPG_CHG_LEAVE or _PROCDOWN */
	CPG_REC_HOLD,		/* a byte, 1 or 0: hold the group back or not */
	CPG_REC_LEAD,		/* cpg_wire_lead */
};

enum {
	CPG_REC_F_FIRST = 1 << 0,	/* the message begins here */
	CPG_REC_F_LAST = 1 << 1,	/* and ends here */
	CPG_REC_F_QUORUM = 1 << 2,	/* its sender waits for majorities */
	CPG_REC_F_EARLY = 1 << 3,	/* UNORDERED, its join is in order */
	CPG_REC_SERVICE_SHIFT = 4,	/* CPG_SVC_* in bits 4 and 5 */
	CPG_REC_SERVICE_MASK = 3 << 4,
};

/**
 * struct cpg_wire_rec - in front of each record
 * @type: enum cpg_wire_rec_type
 * @flags: CPG_REC_F_* and the service
 * @len: bytes that follow
 * @port: the process, except in ORDER and LEAD
 * @total: MSG: bytes of the whole message
 * @serial: MSG: counts what the node ever sent, from 1; a message that is sent
 *	again in a later view keeps it.  It grows among those with
 *	CPG_REC_F_QUORUM and among those without: these overtake the former
 *	while there is no majority
 */
struct cpg_wire_rec {
	u8	type;
	u8	flags;
	__le16	len;
	__le32	port;
	__le32	total;
	__le64	serial;
} __packed;

/**
 * struct cpg_wire_order - the leader gives packets their place
 * @gseq: place of the first packet in the order
 * @pos: position of the first message in the order
 */
struct cpg_wire_order {
	__le64	gseq;
	__le64	pos;
} __packed;

/**
 * struct cpg_wire_run - successive packets of one origin
 * @oseq: the first
 * @origin: whose, place in the view
 * @count: how many
 * @nmsgs: how many messages end in them
 */
struct cpg_wire_run {
	__le64	oseq;
	__le16	origin;
	__le16	count;
	__le32	nmsgs;
} __packed;

/* struct cpg_wire_proc flags, in RECOVERED and INSTALL */
#define CPG_PROC_F_HOLDS	0x80000000U	/* it holds its group back */

/**
 * struct cpg_wire_lead - the leader hands over; behind an ORDER, and alone
 * @oseq: the order goes on in the next leader's stream, behind this packet:
 *	the last of it that has its place
 * @next: the next leader, place in the view
 * @flags: CPG_LEAD_F_*
 * @__pad: 0
 */
struct cpg_wire_lead {
	__le64	oseq;
	__le16	next;
	__le16	flags;
	__le32	__pad;
} __packed;

/* struct cpg_wire_lead flags */
enum {
	CPG_LEAD_F_ASKED = 1 << 0,	/* somebody wanted it so */
};

/**
 * struct cpg_wire_proc - a process and its group
 * @port: its socket
 * @pid: its pid
 * @flags: CPG_JOIN_F_*
 * @name_len: bytes of name that follow
 */
struct cpg_wire_proc {
	__le32	port;
	__le32	pid;
	__le32	flags;
	__le32	name_len;
} __packed;

/**
 * struct cpg_wire_status - heartbeat, acknowledgment and beacon
 * @high: the sender's stream goes up to here
 * @ack: as in struct cpg_wire_data
 * @stable: as in struct cpg_wire_data
 * @flow: as in struct cpg_wire_data
 * @state: enum cpg_state
 * @flags: CPG_WIRE_F_*
 * @n_heard: entries that follow; 0 in a mere acknowledgment
 */
struct cpg_wire_status {
	__le64	high;
	__le64	ack;
	__le64	stable;
	struct cpg_wire_flow flow;
	u8	state;
	u8	flags;
	__le16	n_heard;
} __packed;

/* struct cpg_wire_heard flags */
enum {
	CPG_HEARD_F_ALIVE = 1 << 0,	/* the sender hears it */
	CPG_HEARD_F_MEMBER = 1 << 1,	/* it is in the sender's view */
	CPG_HEARD_F_ACCUSED = 1 << 2,	/* the sender found it dead */
	CPG_HEARD_LIFE_SHIFT = 3,
};

/**
 * struct cpg_wire_heard - what a node thinks of another
 * @nodeid: the other
 * @life: the lower bits of its incarnation, above CPG_HEARD_F_*; so a list of
 *	all nodes fits into a packet of usual size
 *
 * A list that does not fit goes in parts.  Where one ends and the next begins,
 * both have an entry without CPG_HEARD_F_*: each part is about the node ids
 * between these, without that of the first and with that of the last.  Its
 * @life is the number of nodes in the sender's view.
 */
struct cpg_wire_heard {
	__le32	nodeid;
	__le32	life;
} __packed;

/**
 * struct cpg_wire_range - NAK: packets that are missing
 * @oseq: the first
 * @origin: whose, place in the view
 * @count: how many
 */
struct cpg_wire_range {
	__le64	oseq;
	__le16	origin;
	__le16	count;
} __packed;

/**
 * struct cpg_wire_join - the sender is looking for a view
 * @max_seq: greatest view seq it ever saw, at most CPG_VIEW_SEQ_MAX
 * @no: counts its gatherings
 * @n_heard: entries that follow
 * @flags: CPG_WIRE_JOIN_F_*
 * @votes: of the sender
 * @expected: votes that it expects of the whole cluster
 */
struct cpg_wire_join {
	__le64	max_seq;
	__le32	no;
	__le16	n_heard;
	__le16	flags;
	__le32	votes;
	__le32	expected;
} __packed;

/* struct cpg_wire_join flags */
enum {
	CPG_WIRE_JOIN_F_COMPLETE = 1 << 0,	/* nobody else is there */
};

/* struct cpg_wire_probe step */
enum cpg_probe_step {
	CPG_PROBE_ASK = 1,	/* asker to another: do you hear it? */
	CPG_PROBE_PING,		/* asker or another to the suspect */
	CPG_PROBE_PONG,		/* the suspect to who sent the ping */
	CPG_PROBE_TELL,		/* another to the asker: so long ago */
	__CPG_PROBE_NR
};

/**
 * struct cpg_wire_probe - is a node gone, or the link to it?
 * @asker: node id of who wants to know
 * @suspect: node id of who is silent
 * @incarnation: of the suspect
 * @age: TELL: microseconds since the suspect was heard
 * @step: enum cpg_probe_step
 * @silent: TELL: that is too long
 * @__pad: 0
 */
struct cpg_wire_probe {
	__le32	asker;
	__le32	suspect;
	__le64	incarnation;
	__le32	age;
	u8	step;
	u8	silent;
	__le16	__pad;
} __packed;

/**
 * struct cpg_wire_chunk - a part of what does not fit in a packet
 * @total: bytes of the whole
 * @size: bytes of each part but the last
 * @idx: which part
 */
struct cpg_wire_chunk {
	__le32	total;
	__le16	size;
	__le16	idx;
} __packed;

/**
 * struct cpg_wire_used - a node id is used twice
 * @nodeid: which
 * @__pad: 0
 * @incarnation: of the node that keeps it
 * @uptime: nanoseconds that it has run; all ones: a third node says so
 */
struct cpg_wire_used {
	__le32	nodeid;
	__le32	__pad;
	__le64	incarnation;
	__le64	uptime;
} __packed;

/*
 * The large ones, sent in chunks.
 *
 * COMMIT1: cpg_wire_commit, cpg_wire_member[]
 * COMMIT1_ACK: cpg_wire_hold, for each node of the old view cpg_wire_held and
 *	its cpg_wire_word[]
 * COMMIT2: for each new member __le32 length and its COMMIT1_ACK
 * RECOVERED: cpg_wire_proc and name, for each process
 * INSTALL: for each new member __le32 length and its RECOVERED
 */
struct cpg_wire_commit {
	__le32	leader;		/* node id */
	__le32	n_members;
	__le32	expected;	/* the most that any member expects */
} __packed;

struct cpg_wire_member {
	__le32	nodeid;
	__le32	join_no;
	__le64	incarnation;
	__le32	votes;
} __packed;

/**
 * struct cpg_wire_hold - what a node holds of its old view
 * @view_seq: the old view
 * @stable: the greatest stable place it knows
 * @obliged: bits by place in the old view, whose messages it has promised
 * @view_rep: the old view
 * @n_nodes: of the old view
 */
struct cpg_wire_hold {
	__le64	view_seq;
	__le64	stable;
	__le64	obliged[CPG_NODES_MAX / 64];
	__le32	view_rep;
	__le32	n_nodes;
} __packed;

/**
 * struct cpg_wire_held - of one stream
 * @next: all before this one
 * @n_words: and of those from there on, what these say
 */
struct cpg_wire_held {
	__le64	next;
	__le32	n_words;
} __packed;

/* A bit for each of 64 packets. */
struct cpg_wire_word {
	__le64	bits;
} __packed;

enum {
	CPG_STREAM_WINDOW = 1024,	/* packets that are not stable */
	CPG_ORDER_RUNS_MAX = 64,	/* runs in an ORDER record */
	CPG_FRAG_MIN = 256,		/* bytes in a part but the last */
	CPG_HELD_WORDS_MAX = CPG_STREAM_WINDOW / 64,
	CPG_NAK_RANGES_MAX = 32,	/* ranges in a NAK packet */
	CPG_BLOB_MAX = 4 << 20,		/* bytes of a thing sent in chunks */
	CPG_DATA_HDR = sizeof(struct cpg_wire_hdr) +
		       sizeof(struct cpg_wire_data),
	CPG_SEND_RUNS_MAX = 4,		/* others' runs in a packet with data */
	/* Records in front of a message that is alone in a packet, at most. */
	CPG_MSG_FRONT = 2 * sizeof(struct cpg_wire_rec) +
			sizeof(struct cpg_wire_order) +
			(CPG_SEND_RUNS_MAX + 1) * sizeof(struct cpg_wire_run),
};

/**
 * struct cpg_rec - a record, decoded
 * @type: enum cpg_wire_rec_type
 * @flags: CPG_REC_F_*
 * @len: bytes at @data
 * @port: process
 * @total: bytes of the whole message
 * @serial: of the message
 * @data: in the packet
 */
struct cpg_rec {
	u8		type;
	u8		flags;
	u32		len;
	u32		port;
	u32		total;
	u64		serial;
	const u8	*data;
};

/**
 * struct cpg_body - what the records of a DATA packet amount to
 * @nmsgs: messages, joins and leaves that end in it
 * @is_data: has records other than ORDER
 * @service: by which all of these are delivered, CPG_SVC_*; a packet has
 *	messages of one service, with AGREED also joins and leaves
 * @has_part: not all of its messages are whole
 * @nruns: runs in its ORDER record
 * @runs_off: offset of the first run
 * @gseq: place of the first packet that is put in order
 * @gseq_end: one after the last
 * @pos: position of the first message
 * @is_lead: the next leader is named
 * @is_asked: because somebody wanted it so
 * @lead: which, place in the view
 * @lead_oseq: the last of its packets that has its place
 */
struct cpg_body {
	u32	nmsgs;
	bool	is_data;
	u8	service;
	bool	has_part;
	bool	is_lead;
	bool	is_asked;
	u16	lead;
	u64	lead_oseq;
	u32	nruns;
	u32	runs_off;
	u64	gseq;
	u64	gseq_end;
	u64	pos;
};

/* Checks all that needs no knowledge of the receiver's state. */
enum cpg_drop cpg_wire_check(const u8 *p, u32 len, u32 cluster_id);

/*
 * Checks the records of a DATA packet of the node at @origin of a view with
 * @n_nodes members, and sums them up.  False: malformed.
 */
bool cpg_wire_body_check(const u8 *p, u32 len, u32 origin, u32 n_nodes,
			 struct cpg_body *body);

/*
 * Steps through records that were checked.  Begins with *off 0; false at the
 * end.
 */
static inline bool cpg_wire_rec_next(const u8 *p, u32 len, u32 *off,
				     struct cpg_rec *rec)
{
	const struct cpg_wire_rec *wire = (const void *)(p + *off);

	if (len - *off < sizeof(*wire))
		return false;
	rec->type = wire->type;
	rec->flags = wire->flags;
	rec->len = le16_to_cpu(wire->len);
	rec->port = le32_to_cpu(wire->port);
	rec->total = le32_to_cpu(wire->total);
	rec->serial = le64_to_cpu(wire->serial);
	rec->data = (const u8 *)(wire + 1);
	if (len - *off - sizeof(*wire) < rec->len)
		return false;
	*off += sizeof(*wire) + rec->len;
	return true;
}

/* Steps through processes; false at the end or if malformed. */
bool cpg_wire_proc_next(const u8 *p, u32 len, u32 *off, u32 *port, u32 *pid,
			struct cpg_group *group);

/* Is a list of processes well-formed? */
bool cpg_wire_procs_check(const u8 *p, u32 len);

/* Checks a COMMIT1_ACK, and steps through the streams of one that was. */
bool cpg_wire_hold_check(const u8 *p, u32 len);
const struct cpg_wire_held *cpg_wire_held_first(const u8 *p);
const struct cpg_wire_held *
cpg_wire_held_next(const struct cpg_wire_held *held);
bool cpg_wire_held_has(const struct cpg_wire_held *held, u64 oseq);

/*
 * Steps through the parts of a COMMIT2 or INSTALL: a length and as many bytes.
 * False at the end or if malformed.
 */
bool cpg_wire_part_next(const u8 *p, u32 len, u32 *off, const u8 **part,
			u32 *part_len);

#endif /* _CPG_ENGINE_WIRE_H */
