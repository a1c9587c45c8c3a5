// SPDX-License-Identifier: GPL-2.0
/* What happened, kept cheaply and told in words when it is asked for. */
#include <stdarg.h>

#include "sim.h"
#include "wire.h"

#define U(x)	((unsigned long long)(x))

static const char *const formats[__SIM_LOG_NR] = {
	[SIM_LOG_NONE]		= "?",
	[SIM_LOG_START]		= "start, view seq from %llu",
	[SIM_LOG_CRASH]		= "CRASH",
	[SIM_LOG_STOP]		= "stop",
	[SIM_LOG_STOPPED]	= "stopped",
	[SIM_LOG_PAUSE]		= "PAUSE for %llu us",
	[SIM_LOG_RESUME]	= "resume, %llu packets wait",
	[SIM_LOG_CUT]		= "CUT slot %llu to %llu",
	[SIM_LOG_MEND]		= "mend slot %llu to %llu",
	[SIM_LOG_HEAL]		= "HEAL",
	[SIM_LOG_LOSS] =
		"loss %llu dup %llu reorder %llu ppm, delay %llu jitter %llu us",
	[SIM_LOG_NOMEM]		= "allocations fail: %llu ppm",
	[SIM_LOG_CLOCK]		= "CLOCK leaps by %llu us",
	[SIM_LOG_RATE] =
		"RATE slot %llu to %llu: %llu bytes/ms, %llu bytes wait",
	[SIM_LOG_MTU]		= "MTU slot %llu to %llu: %llu bytes",
	[SIM_LOG_XMIT]		= "  xmit %s to %llu, %llu bytes, %016llx",
	[SIM_LOG_LOST]		= "  lost %s to %llu",
	[SIM_LOG_RCV]		= "rcv %s from slot %llu: drop %llu",
	[SIM_LOG_TIMER]		= "timer, %llu ns late",
	[SIM_LOG_JOIN]		= "join pid %llu group %llu: %lld",
	[SIM_LOG_LEAVE]		= "leave pid %llu: %lld",
	[SIM_LOG_DETACH]	= "detach pid %llu",
	[SIM_LOG_SEND] =
		"send pid %llu service %llu %llu bytes: %lld, %016llx",
	[SIM_LOG_PUSH]		= "push",
	[SIM_LOG_LEFT]		= "  left pid %llu",
	[SIM_LOG_EVICT]		= "  no memory for an event of pid %llu",
	[SIM_LOG_DELIVER] =
		"  deliver %llu from %llu port %llu, %llu bytes, %016llx",
	[SIM_LOG_CHANGE] =
		"  deliver %llu from %llu port %llu: a join, leave or hold",
	[SIM_LOG_PLACE] =
		"  passes over %llu from %llu port %llu, serial %llu",
	[SIM_LOG_TRANS] =
		"  TRANS of %llu.%llu: %llu nodes from %llu to %llu",
	[SIM_LOG_VIEW] =
		"  VIEW %llu.%llu: %llu nodes from %llu to %llu",
	[SIM_LOG_STATE]		= "  state %s",
	[SIM_LOG_SUSPECT]	= "  suspects %llu",
	[SIM_LOG_LEAD]		= "  %llu leads, from position %llu on",
	[SIM_LOG_HAND]		= "hand the lead to %llu: %llu",
	[SIM_LOG_MSG] =
		"    msg for pid %llu from %llu/%llu, %llu bytes at %llu",
	[SIM_LOG_CHG] =
		"    change for pid %llu: %llu members, %llu left, %llu joined, at %llu",
	[SIM_LOG_USED]		= "  node id used, refused %llu",
	[SIM_LOG_LAZY]		= "pid %llu is lazy %llu",
	[SIM_LOG_HOLD]		= "hold pid %llu: %llu, %llu bytes unread",
	[SIM_LOG_HELD]		= "  held pid %llu: %llu",
	[SIM_LOG_SLOW]		= "  too slow pid %llu",
};

static const char *const types[] = {
	"?", "DATA", "STATUS", "NAK", "JOIN", "COMMIT1", "COMMIT1_ACK",
	"COMMIT2", "RECOVERED", "INSTALL", "INSTALL_ACK", "LEAVE",
	"NODEID_USED", "PROBE",
};

static void log_print(const struct sim_rec *r)
{
	const u64 *a = r->a;
	const char *name;

	printf("%12.6f ", (double)r->t / 1e9);
	if (r->node)
		printf("[%u] ", r->node);
	switch (r->kind) {
	case SIM_LOG_XMIT:
	case SIM_LOG_LOST:
	case SIM_LOG_RCV:
		name = types[a[0] < ARRAY_SIZE(types) ? a[0] : 0];
		break;
	case SIM_LOG_STATE:
		name = a[0] < __CPG_STATE_NR ? cpg_state_names[a[0]] : "?";
		break;
	default:
		name = NULL;
		break;
	}
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat-extra-args"
	if (name)
		printf(formats[r->kind], name, U(a[1]), U(a[2]), U(a[3]),
		       U(a[4]));
	else
		printf(formats[r->kind], U(a[0]), U(a[1]), U(a[2]), U(a[3]),
		       U(a[4]));
#pragma GCC diagnostic pop
	putchar('\n');
}

/**
 * sim_log() - something happened
 * @s: simulator
 * @node: node id, or 0
 * @kind: what
 * @a: arguments for the kind's format
 * @b: as @a
 * @c: as @a
 * @d: as @a
 * @e: as @a
 */
void sim_log(struct sim *s, u32 node, enum sim_log_kind kind, u64 a, u64 b,
	     u64 c, u64 d, u64 e)
{
	struct sim_log *log = &s->log;
	struct sim_rec *r = &log->rec[log->n++ & (log->max - 1)];
	u64 h = log->hash;

	*r = (struct sim_rec){
		.t = s->now, .node = node, .kind = kind,
		.a = { a, b, c, d, e },
	};
	/* Each word has an odd factor of its own: none waits for another. */
	h ^= s->now * 0x9fb21c651e98df25ULL +
	     ((u64)node << 32 | kind) * 0xa0761d6478bd642fULL +
	     a * 0xe7037ed1a0b428dbULL + b * 0x8ebc6af09c88c6e3ULL +
	     c * 0x589965cc75374cc3ULL + d * 0x1d8e4e27c47d124fULL +
	     e * 0xeb44accab455d165ULL;
	h *= 0xd6e8feb86659fd93ULL;
	log->hash = h ^ (h >> 32);
	if (log->verbose)
		log_print(r);
	if (log->tap)
		log->tap(log->tap_arg, r);
}

/**
 * sim_log_keep() - so much will be told of
 * @s: simulator, between runs
 * @n: entries
 *
 * No more is kept: a small log stays in the cache, and leaves room there.
 */
void sim_log_keep(struct sim *s, u32 n)
{
	struct sim_log *log = &s->log;

	log->max = SIM_LOG_MIN;
	while (log->max < n && log->max < SIM_LOG_MAX)
		log->max *= 2;
	log->n = 0;
	log->rec = realloc(log->rec, log->max * sizeof(*log->rec));
	if (!log->rec)
		abort();
}

/**
 * sim_log_print() - tell what happened last
 * @s: simulator
 * @n: so many entries at most
 */
void sim_log_print(const struct sim *s, u32 n)
{
	const struct sim_log *log = &s->log;
	u64 i;

	n = min_t(u64, n, min_t(u64, log->n, log->max));
	for (i = log->n - n; i < log->n; i++)
		log_print(&log->rec[i & (log->max - 1)]);
}

static void __printf(2, 3)
text_add(struct sim_proc *proc, const char *fmt, ...)
{
	char buf[64];
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(buf, sizeof(buf), fmt, ap);
	va_end(ap);
	proc->text = sim_arena_grow(&proc->node->s->arena, proc->text,
				    &proc->text_max, proc->text_len + len + 1,
				    1);
	memcpy(proc->text + proc->text_len, buf, len + 1);
	proc->text_len += len;
}

static void text_list(struct sim_proc *proc, const struct cpg_member *m, u32 n)
{
	u32 i;

	for (i = 0; i < n; i++) {
		text_add(proc, "%s%u.%u", i ? "," : "", m[i].nodeid, m[i].pid);
		if (m[i].reason)
			text_add(proc, ":%u", m[i].reason);
	}
}

/* A message: "m1.101/8", sender and length. */
void sim_text_msg(struct sim_proc *proc, const struct cpg_event *ev)
{
	text_add(proc, "m%u.%u/%u ", ev->sender.nodeid, ev->sender.pid,
		 ev->len);
}

/*
 * A change: "{1.101,2.102}+2.102:1", the members, then who came or "-" who
 * went, with reasons.
 */
void sim_text_chg(struct sim_proc *proc, const struct cpg_confchg *chg)
{
	const struct cpg_member *m = chg->entries;

	text_add(proc, "{");
	text_list(proc, m, chg->n_members);
	text_add(proc, "}");
	m += chg->n_members;
	if (chg->n_left)
		text_add(proc, "-");
	text_list(proc, m, chg->n_left);
	m += chg->n_left;
	if (chg->n_joined)
		text_add(proc, "+");
	text_list(proc, m, chg->n_joined);
	text_add(proc, " ");
}

/* A view: "V1,2,3", its nodes. */
void sim_text_view(struct sim_proc *proc, const struct cpg_view *view)
{
	u32 i;

	text_add(proc, "V");
	for (i = 0; i < view->n_nodes; i++)
		text_add(proc, "%s%u", i ? "," : "", view->nodes[i]);
	text_add(proc, " ");
}
