/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A network in which things take as long as they take: nodes with one CPU,
 * links of a bandwidth, a switch whose output ports have queues that overflow.
 *
 * This is for measuring; the network of net.c is for breaking things.  Nothing
 * is lost here but what finds a queue full.  A frame goes from the sender's CPU
 * through the queue of its interface, over a link, through the queue of the
 * output port towards each receiver, over another link, into the receiver's
 * ring, and waits there for the CPU.  Frames towards one node never overtake
 * each other in the switch.
 *
 * A node does one thing at a time.  What comes in while it is at work waits;
 * when it has handled what waits, or a batch of it, its protocol is told that
 * nothing more is there, as a driver's poll function would.  Then processes
 * have their turn, as many messages as there were packets: a scheduler does not
 * let the network starve them.
 */
#ifndef _SIM_FABRIC_H
#define _SIM_FABRIC_H

#include "env_mem.h"

#include "heap.h"
#include "rng.h"

enum {
	FAB_NODES_MAX = 128,
	FAB_OVERHEAD = 28 + 38,	/* IPv4, UDP; Ethernet with preamble and gap */
	FAB_FRAME_MIN = 84,	/* bytes that the shortest frame takes */
};

/**
 * struct fab_cfg - what everything costs
 * @n_nodes: nodes
 * @multicast: a frame to many is sent once and copied by the switch; else the
 *	sender sends it to each
 * @byte_ps: picoseconds that a byte takes on a link
 * @prop: nanoseconds on a cable, with half of the way through the switch
 * @port_bytes: queue of an output port of the switch
 * @nic_bytes: queue of a node's interface
 * @ring: packets that a node's interface holds until they are handled
 * @batch: packets that are handled until others have their turn
 * @irq: nanoseconds from a packet's arrival at an idle node to its handling
 * @rx: nanoseconds of CPU for a packet that is received
 * @rx_byte_ps: and for each byte of it, picoseconds
 * @tx: for a frame that is sent, to one or to all
 * @tx_byte_ps: and for each byte of it, picoseconds
 * @submit: for a message taken from a process
 * @deliver: for a message given to a process
 * @timer: for a timer
 */
struct fab_cfg {
	u32	n_nodes;
	bool	multicast;
	u32	byte_ps;
	u32	prop;
	u32	port_bytes;
	u32	nic_bytes;
	u32	ring;
	u32	batch;
	u32	irq;
	u32	rx;
	u32	rx_byte_ps;
	u32	tx;
	u32	tx_byte_ps;
	u32	submit;
	u32	deliver;
	u32	timer;
};

struct fab;
struct fab_node;

/**
 * struct fab_ops - the protocol that runs on the nodes
 * @rcv: a packet
 * @flush: nothing more waits
 * @timer: it is due
 * @deadline: when it is due
 * @submit: a process sends; the time at which it wanted to
 */
struct fab_ops {
	void	(*rcv)(struct fab_node *node, struct cpg_buf *buf);
	void	(*flush)(struct fab_node *node);
	void	(*timer)(struct fab_node *node);
	u64	(*deadline)(struct fab_node *node);
	void	(*submit)(struct fab_node *node, u64 t);
};

/**
 * struct fab_pkt - a frame
 * @next: in a queue
 * @t: when it leaves that
 * @buf: contents
 * @wire: bytes that it takes on a link
 * @to: slots of its receivers, on its way to the switch
 */
struct fab_pkt {
	struct fab_pkt	*next;
	u64		t;
	struct cpg_buf	*buf;
	u32		wire;
	u64		to[FAB_NODES_MAX / 64];
};

struct fab_queue {
	struct fab_pkt	*first;
	struct fab_pkt	*last;
	u32		n;
};

/* What a node did. */
struct fab_count {
	u64	tx_frames;	/* sends: one to all is one */
	u64	tx_packets;	/* copies: as many as one to all reaches */
	u64	tx_bytes;	/* of the copies, with IP and UDP header */
	u64	rx_packets;
	u64	drop_nic;
	u64	drop_port;
	u64	drop_ring;
	u64	busy;		/* nanoseconds of CPU */
};

/**
 * struct fab_node - a node
 * @fab: where
 * @slot: address
 * @cpu: within a call of its protocol, the time; otherwise when it is free
 * @nic_free: picosecond at which its interface has sent all
 * @port_free: picosecond at which the port towards it has sent all
 * @nic: on the way to the switch
 * @port: on the way from the switch
 * @ring: waits for the CPU
 * @nic_ev: the first of @nic arrives
 * @port_ev: the first of @port arrives
 * @cpu_ev: the CPU has something to do
 * @timer_ev: the protocol's timer
 * @handled: packets of the present batch
 * @turns: messages that processes may send before the next one
 * @has_timer: the timer waits for the CPU
 * @n_submit: messages that wait for the CPU
 * @submit_t: when they began to
 * @count: what it did
 * @proto: the protocol's
 */
struct fab_node {
	struct fab		*fab;
	u32			slot;
	u64			cpu;
	u64			nic_free;
	u64			port_free;
	struct fab_queue	nic;
	struct fab_queue	port;
	struct fab_queue	ring;
	struct sim_ev		nic_ev;
	struct sim_ev		port_ev;
	struct sim_ev		cpu_ev;
	struct sim_ev		timer_ev;
	u32			handled;
	u32			turns;
	bool			has_timer;
	u32			n_submit;
	u64			*submit_t;
	struct fab_count	count;
	void			*proto;
};

/* Something to be done at a time. */
struct fab_call {
	struct sim_ev	ev;
	void		(*fn)(struct fab *fab, void *arg);
	void		*arg;
};

struct fab {
	struct fab_cfg		cfg;
	const struct fab_ops	*ops;
	void			*priv;		/* the user's */
	u64			now;
	struct sim_heap		heap;
	struct fab_pkt		*free;
	struct fab_node		node[FAB_NODES_MAX];
};

enum {
	FAB_SUBMIT_MAX = 4096,	/* messages that wait for a CPU */
};

/* Kernel-class costs and links of 10 Gb/s. */
void fab_cfg_init(struct fab_cfg *cfg);
struct fab *fab_create(const struct fab_cfg *cfg, const struct fab_ops *ops);
void fab_destroy(struct fab *fab);
void fab_run_to(struct fab *fab, u64 t);
void fab_call_at(struct fab *fab, struct fab_call *call, u64 t);

/* A process of the node wants to send, now.  False: too many do. */
bool fab_submit(struct fab_node *node);

/* In a call of the protocol: send, and give a message to a process. */
void fab_xmit(struct fab_node *node, const u32 *slots, u32 n,
	      struct cpg_buf *buf);
void fab_deliver(struct fab_node *node);

/* After a call from outside: it may have a new deadline. */
void fab_arm(struct fab_node *node);

/* As if the node's CPU did @ns of work now; a call from outside begins so. */
void fab_enter(struct fab_node *node, u32 ns);

/* From outside: the node's CPU does nothing for this for @ns. */
void fab_stall(struct fab_node *node, u32 ns);

#endif /* _SIM_FABRIC_H */
