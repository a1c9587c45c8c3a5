/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Traces: what the oracle was told, as lines of text, and back.  The lines
 * are those of the kernel's tracepoints, see Documentation/trace.rst.
 */
#ifndef _SIM_TRACE_H
#define _SIM_TRACE_H

#include <stdio.h>

#include "oracle.h"

/* trace_write.c: called by the oracle if struct orc trace is set */
void trace_start(const struct orc_life *life);
void trace_stop(const struct orc_life *life);
void trace_end(const struct orc_life *life);
void trace_join(const struct orc_proc *proc);
void trace_proc(const struct orc_proc *proc, const char *what);
void trace_leave(const struct orc_proc *proc);
void trace_accept(const struct orc_proc *proc, u8 svc, u32 len, u64 hash,
		  u64 serial);
void trace_deliver(const struct orc_life *life, struct orc_id id, u64 pos,
		   const struct orc_what *what);
void trace_nodes(const struct orc_life *life, const char *what,
		 struct orc_id id, const u32 *nodes, u32 n);
void trace_quorate(const struct orc_life *life, struct orc_id id, bool quorate);
void trace_msg(const struct orc_proc *proc, const struct cpg_seq *seq,
	       const struct cpg_member *sender, u8 svc, u32 len, u64 hash);
void trace_chg(const struct orc_proc *proc, const struct cpg_seq *seq,
	       const struct cpg_confchg *chg);
void trace_place(const struct orc_life *life, struct orc_id id, u64 pos,
		 u32 origin, u32 port, u64 serial);
void trace_calm(const struct orc *o, u64 bound);
void trace_quiet(const struct orc *o);

/* trace_read.c */
struct trace_reader;

struct trace_reader *trace_reader_create(struct orc *o);

/*
 * A line.  False if it is one of ours and is not understood, or if it says
 * that lines are missing: then nothing can be said of the whole.
 */
bool trace_reader_line(struct trace_reader *r, const char *line);

/* There are no more lines. */
void trace_reader_finish(struct trace_reader *r);

/* Lines that were told to the oracle. */
u64 trace_reader_lines(const struct trace_reader *r);

/* The time in front of a line; false if there is none. */
bool trace_time(const char *line, u64 *t);

#endif /* _SIM_TRACE_H */
