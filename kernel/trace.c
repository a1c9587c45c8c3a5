// SPDX-License-Identifier: GPL-2.0
/*
 * Tracepoints: where they are made, and what they call things.
 */
#include "cpg_priv.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

/**
 * cpg_trace_drop_name() - for the text of a trace
 * @drop: enum cpg_drop
 *
 * Return: its name.
 */
const char *cpg_trace_drop_name(u32 drop)
{
	return drop < __CPG_DROP_NR ? cpg_drop_names[drop] : "?";
}

/**
 * cpg_trace_state_name() - for the text of a trace
 * @state: enum cpg_state
 *
 * Return: its name.
 */
const char *cpg_trace_state_name(u32 state)
{
	return state < __CPG_STATE_NR ? cpg_state_names[state] : "?";
}

/**
 * cpg_trace_step() - the engine says what it does
 * @net: network namespace
 * @t: step
 */
void cpg_trace_step(const struct net *net, const struct cpg_trace *t)
{
	switch (t->kind) {
	case CPG_TRACE_ACCEPT:
		trace_cpg_accept(net, ((struct cpg_sock *)t->owner)->no, t);
		break;
	case CPG_TRACE_DELIVER:
		trace_cpg_deliver(net, t);
		break;
	case CPG_TRACE_PLACE:
		trace_cpg_place(net, t);
		break;
	case CPG_TRACE_TRANS:
		trace_cpg_trans(net, t);
		break;
	case CPG_TRACE_VIEW:
		trace_cpg_view(net, t);
		break;
	case CPG_TRACE_STATE:
		trace_cpg_state(net, t);
		break;
	case CPG_TRACE_SUSPECT:
		trace_cpg_suspect(net, t);
		break;
	case CPG_TRACE_LEAD:
		trace_cpg_lead(net, t);
		break;
	default:
		break;
	}
}
