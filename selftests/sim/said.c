// SPDX-License-Identifier: GPL-2.0
/*
 * What was said of late, so that not every node's copy of a message has to be
 * hashed: the same bytes have the same hash.  They are kept apart from what
 * engines have, who might spoil it.
 */
#include "hash.h"
#include "sim.h"

static struct sim_said *said_at(struct sim *s, u32 nodeid, u64 serial)
{
	return &s->said[(serial * SIM_SAID_NODES + nodeid) % SIM_SAID_MAX];
}

/**
 * sim_said_add() - a node accepted a message
 * @s: simulator
 * @nodeid: the node
 * @serial: what it calls the message
 * @ev: the message
 * @hash: of its contents
 */
void sim_said_add(struct sim *s, u32 nodeid, u64 serial, struct cpg_event *ev,
		  u64 hash)
{
	const struct cpg_slice *sl = cpg_event_slices(ev);
	u64 at = s->said_end;
	u8 *p;
	u32 i;

	if (ev->len > SIM_SAID_BYTES)
		return;
	/* It does not begin at the end and go on at the start. */
	if (at % SIM_SAID_BYTES + ev->len > SIM_SAID_BYTES)
		at = ALIGN(at, (u64)SIM_SAID_BYTES);
	p = s->said_bytes + at % SIM_SAID_BYTES;
	for (i = 0; i < ev->nslices; i++) {
		memcpy(p, sl[i].buf->data + sl[i].off, sl[i].len);
		p += sl[i].len;
	}
	s->said_end = at + ev->len;
	*said_at(s, nodeid, serial) = (struct sim_said){
		.at = at, .serial = serial, .hash = hash, .nodeid = nodeid,
		.len = ev->len,
	};
}

/* Is it this one, and still there? */
static bool said_is(struct sim *s, const struct sim_said *said,
		    struct cpg_event *ev)
{
	const u8 *p = s->said_bytes + said->at % SIM_SAID_BYTES;
	const struct cpg_slice *sl = cpg_event_slices(ev);
	u32 i;

	if (said->len != ev->len || s->said_end - said->at > SIM_SAID_BYTES)
		return false;
	for (i = 0; i < ev->nslices; i++) {
		if (memcmp(p, sl[i].buf->data + sl[i].off, sl[i].len))
			return false;
		p += sl[i].len;
	}
	return true;
}

/**
 * sim_said_hash() - the hash of a message that a node delivers
 * @s: simulator
 * @nodeid: who accepted it, as is said
 * @serial: what that called it, as is said
 * @ev: the message; its slices are as long as it is
 *
 * Return: the hash of its contents, whatever is said.
 */
u64 sim_said_hash(struct sim *s, u32 nodeid, u64 serial, struct cpg_event *ev)
{
	const struct sim_said *said = said_at(s, nodeid, serial);

	if (said->nodeid == nodeid && said->serial == serial &&
	    said_is(s, said, ev))
		return said->hash;
	return cpg_hash_event(ev);
}
