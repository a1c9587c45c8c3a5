// SPDX-License-Identifier: GPL-2.0
/* See trace.h: from the oracle to lines. */
#include <stdarg.h>

#include "trace.h"

#define U(x)	((unsigned long long)(x))

static void __printf(3, 4) put(const struct orc *o, const char *what,
			       const char *fmt, ...)
{
	u64 t = o->now;
	va_list ap;

	fprintf(o->trace, "%llu.%09llu: cpg_%s: ", U(t / CPG_NSEC_PER_SEC),
		U(t % CPG_NSEC_PER_SEC), what);
	va_start(ap, fmt);
	vfprintf(o->trace, fmt, ap);
	va_end(ap);
}

static void put_array(const struct orc *o, const u32 *val, u32 n)
{
	u32 i;

	fputc('{', o->trace);
	for (i = 0; i < n; i++)
		fprintf(o->trace, "%s0x%x", i ? "," : "", val[i]);
	fputs("}\n", o->trace);
}

/* A life has a number of its own where the kernel's has a namespace. */
static u32 net_of(const struct orc_life *life)
{
	return life->idx + 1;
}

static void put_place(const struct orc_proc *proc, const char *what,
		      const struct cpg_seq *seq)
{
	put(proc->life->orc, what,
	    "net=%u proc=%u view=%llu.%u pos=%llu ",
	    net_of(proc->life), proc->idx + 1, U(seq->view_seq),
	    seq->view_rep, U(seq->seq));
}

void trace_start(const struct orc_life *life)
{
	u32 votes, expected;

	orc_votes_of(life->orc, life->nodeid, &votes, &expected);
	put(life->orc, "start", "net=%u node=%u alone=0 votes=%u expected=%u\n",
	    net_of(life), life->nodeid, votes, expected);
}

void trace_stop(const struct orc_life *life)
{
	put(life->orc, "stop", "net=%u\n", net_of(life));
}

void trace_end(const struct orc_life *life)
{
	put(life->orc, "end", "net=%u\n", net_of(life));
}

void trace_join(const struct orc_proc *proc)
{
	put(proc->life->orc, "join",
	    "net=%u proc=%u pid=%u quorum=%u group=%02x\n",
	    net_of(proc->life), proc->idx + 1, proc->pid, proc->quorum,
	    proc->group);
}

void trace_proc(const struct orc_proc *proc, const char *what)
{
	put(proc->life->orc, what, "net=%u proc=%u\n", net_of(proc->life),
	    proc->idx + 1);
}

void trace_leave(const struct orc_proc *proc)
{
	put(proc->life->orc, "leave", "net=%u proc=%u asked=%u\n",
	    net_of(proc->life), proc->idx + 1, proc->leaving);
}

void trace_accept(const struct orc_proc *proc, u8 svc, u32 len, u64 hash,
		  u64 serial)
{
	put(proc->life->orc, "accept",
	    "net=%u proc=%u port=%u serial=%llu service=%u len=%u hash=%llx\n",
	    net_of(proc->life), proc->idx + 1, proc->port, U(serial), svc,
	    len, U(hash));
}

void trace_deliver(const struct orc_life *life, struct orc_id id, u64 pos,
		   const struct orc_what *what)
{
	put(life->orc, "deliver",
	    "net=%u view=%llu.%u pos=%llu origin=%u port=%u serial=%llu message=%u again=%u service=%u len=%u hash=%llx\n",
	    net_of(life), U(id.seq), id.rep, U(pos), what->origin, what->port,
	    U(what->serial), what->is_msg, what->again, what->svc, what->len,
	    U(what->hash));
}

void trace_place(const struct orc_life *life, struct orc_id id, u64 pos,
		 u32 origin, u32 port, u64 serial)
{
	put(life->orc, "place",
	    "net=%u view=%llu.%u pos=%llu origin=%u port=%u serial=%llu\n",
	    net_of(life), U(id.seq), id.rep, U(pos), origin, port, U(serial));
}

void trace_nodes(const struct orc_life *life, const char *what,
		 struct orc_id id, const u32 *nodes, u32 n)
{
	put(life->orc, what, "net=%u view=%llu.%u nodes=", net_of(life),
	    U(id.seq), id.rep);
	put_array(life->orc, nodes, n);
}

void trace_quorate(const struct orc_life *life, struct orc_id id, bool quorate)
{
	put(life->orc, "quorate", "net=%u view=%llu.%u quorate=%u\n",
	    net_of(life), U(id.seq), id.rep, quorate);
}

void trace_msg(const struct orc_proc *proc, const struct cpg_seq *seq,
	       const struct cpg_member *sender, u8 svc, u32 len, u64 hash)
{
	put_place(proc, "msg", seq);
	fprintf(proc->life->orc->trace,
		"origin=%u pid=%u port=%u service=%u len=%u hash=%llx\n",
		sender->nodeid, sender->pid, sender->port, svc, len,
		U(hash));
}

void trace_chg(const struct orc_proc *proc, const struct cpg_seq *seq,
	       const struct cpg_confchg *chg)
{
	u32 n = chg->n_members + chg->n_left + chg->n_joined;

	put_place(proc, "chg", seq);
	fprintf(proc->life->orc->trace, "members=%u left=%u joined=%u list=",
		chg->n_members, chg->n_left, chg->n_joined);
	put_array(proc->life->orc, (const u32 *)chg->entries,
		  n * sizeof(struct cpg_member) / sizeof(u32));
}

void trace_calm(const struct orc *o, u64 bound)
{
	put(o, "calm", "bound=%llu\n", U(bound));
}

void trace_quiet(const struct orc *o)
{
	put(o, "quiet", "\n");
}
