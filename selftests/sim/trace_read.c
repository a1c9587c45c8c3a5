// SPDX-License-Identifier: GPL-2.0
/*
 * See trace.h: from lines to the oracle.
 *
 * A process is given an event before or after its node says that it delivered
 * what the event comes from; the oracle wants to hear of it after.  So what is
 * of a position that its node has not delivered yet waits for that.
 */
#include "trace.h"

enum {
	GROUP_MAX = 2 * CPG_GROUP_NAME_MAX,	/* hexadecimal */
	LIST_MAX = 4 * 1024,			/* numbers in a list */
	PROC_MAX = 1 << 20,			/* joins of a namespace */
	SEC_NS = 1000000000,
};

/* An event of a process that waits for its node. */
struct due {
	struct due		*next;
	struct orc_proc		*proc;
	struct cpg_seq		seq;
	struct cpg_confchg	*chg;
	struct cpg_member	sender;
	u32			len;
	u64			hash;
	u8			svc;
};

/* A namespace. */
struct net {
	struct net		*next;
	u64			id;
	struct orc_life		*life;
	struct orc_proc		**procs;
	u32			max_procs;
	struct due		*due;
	struct due		**due_last;
};

struct trace_reader {
	struct orc	*o;
	struct net	*nets;
	char		(*groups)[GROUP_MAX + 1];
	u32		n_groups;
	u32		max_groups;
	u64		lines;
	bool		over;
};

struct trace_reader *trace_reader_create(struct orc *o)
{
	struct trace_reader *r = sim_arena_alloc(o->arena, sizeof(*r));

	r->o = o;
	return r;
}

u64 trace_reader_lines(const struct trace_reader *r)
{
	return r->lines;
}

/* --- words --- */

static const char *find(const char *text, const char *key)
{
	size_t len = strlen(key);

	while ((text = strstr(text, key))) {
		if (text[-1] == ' ' && text[len] == '=')
			return text + len + 1;
		text += len;
	}
	return NULL;
}

static bool num(const char *text, const char *key, int base, u64 *val)
{
	const char *p = find(text, key);
	char *end;

	if (!p)
		return false;
	*val = strtoull(p, &end, base);
	return end != p;
}

static bool num32(const char *text, const char *key, u32 *val)
{
	u64 n;

	if (!num(text, key, 10, &n) || n > U32_MAX)
		return false;
	*val = n;
	return true;
}

static bool get_view(const char *text, struct orc_id *id)
{
	const char *p = find(text, "view");
	char *end;

	if (!p)
		return false;
	id->seq = strtoull(p, &end, 10);
	if (*end != '.')
		return false;
	id->rep = strtoul(end + 1, &end, 10);
	return *end == ' ';
}

/* {0x1,0x2}, at most LIST_MAX numbers; how many, or -1. */
static int get_list(const char *text, const char *key, u32 *val)
{
	const char *p = find(text, key);
	char *end;
	int n = 0;

	if (!p || *p++ != '{')
		return -1;
	while (*p != '}') {
		if (n == LIST_MAX)
			return -1;
		val[n++] = strtoul(p, &end, 16);
		if (end == p || (*end != ',' && *end != '}'))
			return -1;
		p = *end == ',' ? end + 1 : end;
	}
	return n;
}

bool trace_time(const char *line, u64 *t)
{
	const char *end = strstr(line, ": cpg_");
	const char *p = end;
	u64 digit = SEC_NS;
	char *dot;

	while (p && p > line && strchr("0123456789.", p[-1]))
		p--;
	if (!p || p == end)
		return false;
	*t = strtoull(p, &dot, 10) * SEC_NS;
	for (p = dot + 1; *dot == '.' && p < end && digit >= 10; p++) {
		digit /= 10;
		*t += (*p - '0') * digit;
	}
	return true;
}

/* --- what is known so far --- */

static struct net *net_get(struct trace_reader *r, u64 id)
{
	struct net *net;

	for (net = r->nets; net; net = net->next)
		if (net->id == id)
			return net;
	net = sim_arena_alloc(r->o->arena, sizeof(*net));
	net->id = id;
	net->due_last = &net->due;
	net->next = r->nets;
	r->nets = net;
	return net;
}

static struct orc_proc *proc_get(struct net *net, const char *text)
{
	u32 no;

	if (!num32(text, "proc", &no) || no >= net->max_procs)
		return NULL;
	return net->procs[no];
}

static int group_get(struct trace_reader *r, const char *text)
{
	const char *p = find(text, "group");
	char name[GROUP_MAX + 1] = "";
	u32 i;

	if (!p || sscanf(p, "%256[0-9a-f]", name) > 1)
		return -1;
	for (i = 0; i < r->n_groups; i++)
		if (!strcmp(r->groups[i], name))
			return i;
	r->groups = sim_arena_grow(r->o->arena, r->groups, &r->max_groups,
				   r->n_groups + 1, sizeof(*r->groups));
	memcpy(r->groups[i], name, sizeof(name));
	return r->n_groups++;
}

/* --- events of processes --- */

static void due_tell(struct trace_reader *r, const struct due *due)
{
	if (due->chg)
		orc_event_chg(r->o, due->proc, &due->seq, due->chg);
	else
		orc_event_msg(r->o, due->proc, &due->seq, &due->sender,
			      due->svc, due->len, due->hash);
}

/* Has the node come to where the event is from? */
static bool due_ready(const struct net *net, const struct due *due)
{
	const struct orc_stay *stay = orc_stay(net->life);

	/* It has no position: then they are counted. */
	if (!due->chg && due->svc <= CPG_SVC_FIFO)
		return due->proc->got < due->proc->due;
	return !due->seq.seq || (stay && due->seq.view_seq <=
				 stay->view->id.seq &&
				 (due->seq.view_seq < stay->view->id.seq ||
				  due->seq.seq <= stay->last));
}

static void due_show(struct trace_reader *r, struct net *net)
{
	while (net->due && due_ready(net, net->due)) {
		due_tell(r, net->due);
		net->due = net->due->next;
	}
	if (!net->due)
		net->due_last = &net->due;
}

static bool due_add(struct trace_reader *r, struct net *net,
		    const struct due *from)
{
	struct due *due = sim_arena_alloc(r->o->arena, sizeof(*due));

	*due = *from;
	*net->due_last = due;
	net->due_last = &due->next;
	due_show(r, net);
	return true;
}

static bool get_place(struct net *net, const char *text, struct due *due)
{
	struct orc_id id;
	u64 pos;

	due->proc = proc_get(net, text);
	if (!due->proc || !get_view(text, &id) || !num(text, "pos", 10, &pos))
		return false;
	due->seq.view_seq = id.seq;
	due->seq.view_rep = id.rep;
	due->seq.seq = pos;
	return true;
}

static bool on_msg(struct trace_reader *r, struct net *net, const char *text)
{
	struct due due = {};
	u32 svc;

	if (!get_place(net, text, &due) ||
	    !num32(text, "origin", &due.sender.nodeid) ||
	    !num32(text, "pid", &due.sender.pid) ||
	    !num32(text, "port", &due.sender.port) ||
	    !num32(text, "service", &svc) || !num32(text, "len", &due.len) ||
	    !num(text, "hash", 16, &due.hash))
		return false;
	due.svc = svc;
	return due_add(r, net, &due);
}

static bool on_chg(struct trace_reader *r, struct net *net, const char *text)
{
	static u32 list[LIST_MAX];
	struct due due = {};
	u32 members, left, joined;
	int n = get_list(text, "list", list);

	if (n < 0 || !get_place(net, text, &due) ||
	    !num32(text, "members", &members) || !num32(text, "left", &left) ||
	    !num32(text, "joined", &joined) || members > LIST_MAX ||
	    left > LIST_MAX || joined > LIST_MAX ||
	    (members + left + joined) * 4 != (u32)n)
		return false;
	due.chg = sim_arena_alloc(r->o->arena, sizeof(*due.chg) +
				  n * sizeof(*list));
	due.chg->n_members = members;
	due.chg->n_left = left;
	due.chg->n_joined = joined;
	memcpy(due.chg->entries, list, n * sizeof(*list));
	return due_add(r, net, &due);
}

/* --- what processes do --- */

static bool on_join(struct trace_reader *r, struct net *net, const char *text)
{
	int group = group_get(r, text);
	u32 no, pid, quorum;

	if (group < 0 || !num32(text, "proc", &no) ||
	    !num32(text, "pid", &pid) || !num32(text, "quorum", &quorum) ||
	    no >= PROC_MAX)
		return false;
	net->procs = sim_arena_grow(r->o->arena, net->procs, &net->max_procs,
				    no + 1, sizeof(*net->procs));
	if (net->procs[no])
		return false;
	net->procs[no] = orc_join(r->o, net->life, pid, group, quorum);
	return true;
}

static bool on_refused(struct trace_reader *r, struct net *net,
		       const char *text)
{
	struct orc_proc *proc = proc_get(net, text);

	(void)r;
	if (proc)
		orc_refused(proc);
	return proc;
}

static bool on_leave(struct trace_reader *r, struct net *net, const char *text)
{
	struct orc_proc *proc = proc_get(net, text);
	u32 asked;

	(void)r;
	if (!proc || !num32(text, "asked", &asked))
		return false;
	orc_leave(proc, asked);
	return true;
}

static bool on_gone(struct trace_reader *r, struct net *net, const char *text)
{
	struct orc_proc *proc = proc_get(net, text);

	(void)r;
	if (proc)
		orc_gone(proc);
	return proc;
}

static bool on_accept(struct trace_reader *r, struct net *net,
		      const char *text)
{
	struct orc_proc *proc = proc_get(net, text);
	u64 hash, serial;
	u32 svc, len;

	if (!proc || !num32(text, "port", &proc->port) ||
	    !num(text, "serial", 10, &serial) ||
	    !num32(text, "service", &svc) || !num32(text, "len", &len) ||
	    !num(text, "hash", 16, &hash))
		return false;
	orc_sent(r->o, proc, svc, len, hash, serial);
	return true;
}

/* --- what nodes do --- */

static bool on_deliver(struct trace_reader *r, struct net *net,
		       const char *text)
{
	struct orc_what what = {};
	struct orc_id id;
	u32 is_msg, again, svc;
	u64 pos;

	if (!get_view(text, &id) || !num(text, "pos", 10, &pos) ||
	    !num32(text, "origin", &what.origin) ||
	    !num32(text, "port", &what.port) ||
	    !num(text, "serial", 10, &what.serial) ||
	    !num32(text, "message", &is_msg) ||
	    !num32(text, "again", &again) || !num32(text, "service", &svc) ||
	    !num32(text, "len", &what.len) ||
	    !num(text, "hash", 16, &what.hash))
		return false;
	what.is_msg = is_msg;
	what.again = again;
	what.svc = svc;
	orc_deliver(r->o, net->life, id, pos, &what);
	due_show(r, net);
	return true;
}

static bool on_place(struct trace_reader *r, struct net *net, const char *text)
{
	u32 origin, port;
	struct orc_id id;
	u64 pos, serial;

	if (!get_view(text, &id) || !num(text, "pos", 10, &pos) ||
	    !num32(text, "origin", &origin) || !num32(text, "port", &port) ||
	    !num(text, "serial", 10, &serial))
		return false;
	orc_place(r->o, net->life, id, pos, origin, port, serial);
	due_show(r, net);
	return true;
}

static bool on_nodes(struct trace_reader *r, struct net *net, const char *text,
		     bool is_view)
{
	static u32 nodes[LIST_MAX];
	int n = get_list(text, "nodes", nodes);
	struct orc_id id;

	if (n < 0 || !get_view(text, &id))
		return false;
	if (is_view)
		orc_view(r->o, net->life, id, nodes, n);
	else
		orc_trans(r->o, net->life, id, nodes, n);
	return true;
}

static bool on_trans(struct trace_reader *r, struct net *net, const char *text)
{
	return on_nodes(r, net, text, false);
}

static bool on_view(struct trace_reader *r, struct net *net, const char *text)
{
	return on_nodes(r, net, text, true);
}

static bool on_quorate(struct trace_reader *r, struct net *net,
		       const char *text)
{
	struct orc_id id;
	u32 quorate;

	if (!get_view(text, &id) ||
	    !num32(text, "quorate", &quorate))
		return false;
	orc_quorate(r->o, net->life, id, quorate);
	return true;
}

static bool on_stop(struct trace_reader *r, struct net *net, const char *text)
{
	(void)r;
	(void)text;
	orc_stopping(net->life);
	return true;
}

static bool on_end(struct trace_reader *r, struct net *net, const char *text)
{
	(void)text;
	orc_end(r->o, net->life, net->life->stopping ? ORC_STOPPED :
						       ORC_CRASHED);
	net->life = NULL;
	return true;
}

static bool on_start(struct trace_reader *r, struct net *net, const char *text)
{
	u32 nodeid, alone, votes, expected;

	if (!num32(text, "node", &nodeid) || !num32(text, "alone", &alone) ||
	    !num32(text, "votes", &votes) ||
	    !num32(text, "expected", &expected))
		return false;
	if (net->life)
		on_end(r, net, text);
	/* Without peers it is a cluster of its own, and none of ours. */
	if (alone)
		return true;
	orc_votes(r->o, nodeid, votes, expected);
	net->life = orc_start(r->o, nodeid);
	net->due = NULL;
	net->due_last = &net->due;
	if (net->procs)
		memset(net->procs, 0, net->max_procs * sizeof(*net->procs));
	return true;
}

static const struct {
	const char	*name;
	bool		(*fn)(struct trace_reader *r, struct net *net,
			      const char *text);
} kinds[] = {
	{ "start", on_start },
	{ "stop", on_stop },
	{ "end", on_end },
	{ "join", on_join },
	{ "refused", on_refused },
	{ "leave", on_leave },
	{ "gone", on_gone },
	{ "accept", on_accept },
	{ "deliver", on_deliver },
	{ "place", on_place },
	{ "trans", on_trans },
	{ "view", on_view },
	{ "quorate", on_quorate },
	{ "msg", on_msg },
	{ "chg", on_chg },
};

/* What tells nothing to the oracle. */
static bool is_ignored(const char *name)
{
	static const char *const names[] = {
		"drop", "lead", "nodeid_used", "state", "suspect",
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(name, names[i]))
			return true;
	return false;
}

static bool line_tell(struct trace_reader *r, const char *name,
		      const char *text)
{
	struct net *net;
	u64 id;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		if (!strcmp(name, kinds[i].name))
			break;
	if (i == ARRAY_SIZE(kinds))
		return is_ignored(name);
	if (!num(text, "net", 10, &id))
		return false;
	net = net_get(r, id);
	if (!net->life && kinds[i].fn != on_start)
		return true;
	r->lines++;
	return kinds[i].fn(r, net, text);
}

/* So often is enough: dead nodes are looked for in all views. */
static void time_goes_on(struct trace_reader *r, const char *line)
{
	u64 t;

	if (!trace_time(line, &t) || t <= r->o->now)
		return;
	if (t / CPG_NSEC_PER_MSEC != r->o->now / CPG_NSEC_PER_MSEC) {
		r->o->now = t;
		orc_calm_check(r->o);
	}
	r->o->now = t;
}

static bool on_calm(struct trace_reader *r, const char *text)
{
	u64 bound;

	if (!num(text, "bound", 10, &bound))
		return false;
	orc_calm(r->o, bound);
	return true;
}

static void finish(struct trace_reader *r, bool quiet)
{
	struct net *net;

	for (net = r->nets; net; net = net->next)
		if (net->due && net->life && quiet)
			orc_fail(r->o, ORC_AGREED,
				 "node %u: an event at a place that it never came to",
				 net->life->nodeid);
	orc_finish(r->o, quiet);
	r->over = true;
}

bool trace_reader_line(struct trace_reader *r, const char *line)
{
	const char *p = line;
	char name[32];
	int len = 0;

	if (strstr(line, "[LOST ") || strstr(line, "[LINE TOO BIG]"))
		return false;
	while ((p = strstr(p, ": cpg_"))) {
		if (sscanf(p, ": cpg_%31[a-z_]:%n", name, &len) == 1 && len)
			break;
		p++;
	}
	if (!p)
		return true;
	time_goes_on(r, line);
	if (!strcmp(name, "quiet") && !r->over)
		finish(r, true);
	if (r->over)
		return true;
	if (!strcmp(name, "calm"))
		return on_calm(r, p + len);
	return line_tell(r, name, p + len);
}

void trace_reader_finish(struct trace_reader *r)
{
	if (!r->over)
		finish(r, false);
}
