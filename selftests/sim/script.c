// SPDX-License-Identifier: GPL-2.0
/* See script.h. */
#include <sys/mman.h>

#include "script.h"

#define U(x)	((unsigned long long)(x))

static const struct {
	const char	*name;
	u32		n_args;
} ops[__SIM_OP_NR] = {
	[SIM_OP_START]		= { "start", 1 },
	[SIM_OP_CRASH]		= { "crash", 1 },
	[SIM_OP_STOP]		= { "stop", 1 },
	[SIM_OP_PAUSE]		= { "pause", 2 },
	[SIM_OP_CLOCK]		= { "clock", 2 },
	[SIM_OP_LEAD]		= { "lead", 2 },
	[SIM_OP_PUSH]		= { "push", 1 },
	[SIM_OP_NOMEM]		= { "nomem", 2 },
	[SIM_OP_LINKS]		= { "links", 5 },
	[SIM_OP_CUT]		= { "cut", 2 },
	[SIM_OP_MEND]		= { "mend", 2 },
	[SIM_OP_SPLIT]		= { "split", 1 },
	[SIM_OP_PART]		= { "part", 2 },
	[SIM_OP_RATE]		= { "rate", 4 },
	[SIM_OP_MTU]		= { "mtu", 3 },
	[SIM_OP_MEND_ALL]	= { "mend-all", 0 },
	[SIM_OP_HEAL]		= { "heal", 0 },
	[SIM_OP_JOIN]		= { "join", 5 },
	[SIM_OP_LEAVE]		= { "leave", 1 },
	[SIM_OP_DETACH]		= { "detach", 1 },
	[SIM_OP_SEND]		= { "send", 4 },
	[SIM_OP_LAZY]		= { "lazy", 2 },
	[SIM_OP_READ]		= { "read", 2 },
	[SIM_OP_END]		= { "end", 0 },
};

/* Members of struct sim_cfg that a script has. */
static const struct {
	const char	*name;
	u32		off;
	u32		size;
} keys[] = {
	{ "seed", offsetof(struct sim_cfg, seed), sizeof(u64) },
	{ "n_nodes", offsetof(struct sim_cfg, n_nodes), sizeof(u32) },
	{ "nodeid", offsetof(struct sim_cfg, nodeid), sizeof(u32) },
	{ "start", offsetof(struct sim_cfg, start), sizeof(u64) },
	{ "heartbeat", offsetof(struct sim_cfg, heartbeat), sizeof(u64) },
	{ "suspect", offsetof(struct sim_cfg, suspect), sizeof(u64) },
	{ "corroborate", offsetof(struct sim_cfg, corroborate), sizeof(u64) },
	{ "damp", offsetof(struct sim_cfg, damp), sizeof(u64) },
	{ "join_repeat", offsetof(struct sim_cfg, join_repeat), sizeof(u64) },
	{ "beacon", offsetof(struct sim_cfg, beacon), sizeof(u64) },
	{ "budget", offsetof(struct sim_cfg, budget), sizeof(u32) },
	{ "expected", offsetof(struct sim_cfg, expected), sizeof(u32) },
	{ "mtu", offsetof(struct sim_cfg, mtu), sizeof(u32) },
	{ "first_no", offsetof(struct sim_cfg, first_no), sizeof(u32) },
	{ "slow", offsetof(struct sim_cfg, slow), sizeof(u64) },
	{ "rx_delay", offsetof(struct sim_cfg, rx_delay), sizeof(u64) },
	{ "rx_batch", offsetof(struct sim_cfg, rx_batch), sizeof(u32) },
	{ "late", offsetof(struct sim_cfg, late), sizeof(u64) },
	{ "check_every", offsetof(struct sim_cfg, check_every), sizeof(u32) },
};

struct sim_script *sim_script_create(bool shared)
{
	size_t size = SIM_OP_MAX * sizeof(struct sim_op);
	struct sim_script *sc;

	sc = mmap(NULL, sizeof(*sc) + size, PROT_READ | PROT_WRITE,
		  (shared ? MAP_SHARED : MAP_PRIVATE) | MAP_ANONYMOUS |
		  MAP_NORESERVE, -1, 0);
	if (sc == MAP_FAILED)
		abort();
	sc->op = (struct sim_op *)(sc + 1);
	return sc;
}

void sim_script_begin(struct sim_script *sc, struct sim *s,
		      const struct sim_cfg *cfg)
{
	sc->cfg = *cfg;
	/* The caller's are gone when the script is written. */
	if (cfg->votes) {
		memmove(sc->votes, cfg->votes, cfg->n_nodes * sizeof(u32));
		sc->cfg.votes = sc->votes;
	}
	sim_begin(s, &sc->cfg);
	sc->procs = NULL;
	sc->max_procs = 0;
}

struct sim_proc *sim_script_proc(const struct sim_script *sc, u64 no)
{
	struct sim_proc *proc = no < sc->max_procs ? sc->procs[no] : NULL;

	return proc && proc->eng ? proc : NULL;
}

static void op_join(struct sim_script *sc, struct sim *s, const u64 *a)
{
	struct sim_node *node = &s->nodes[a[1]];

	if (!node->eng || node->stopping)
		return;
	sc->procs = sim_arena_grow(&s->arena, sc->procs, &sc->max_procs,
				   a[0] + 1, sizeof(*sc->procs));
	sc->procs[a[0]] = sim_join_as(node, a[2], a[4], a[3], NULL);
	if (sc->procs[a[0]])
		sc->procs[a[0]]->no = a[0];
}

static void op_proc(struct sim_script *sc, u32 kind, const u64 *a)
{
	struct sim_proc *proc = sim_script_proc(sc, a[0]);

	if (!proc)
		return;
	if (kind == SIM_OP_LEAVE)
		sim_leave(proc);
	else if (kind == SIM_OP_DETACH)
		sim_detach(proc);
	else if (kind == SIM_OP_LAZY)
		sim_lazy(proc, a[1]);
	else if (kind == SIM_OP_READ)
		sim_read(proc, a[1]);
	else
		sim_send_wait(proc, a[1], a[2], a[3]);
}

static void op_node(struct sim *s, u32 kind, const u64 *a)
{
	struct sim_node *node = &s->nodes[a[0]];

	if (kind == SIM_OP_START && !node->eng)
		sim_node_start(node);
	if (kind == SIM_OP_NOMEM)
		sim_node_nomem(node, a[1]);
	if (!node->eng)
		return;
	switch (kind) {
	case SIM_OP_CRASH:
		sim_node_crash(node);
		break;
	case SIM_OP_STOP:
		sim_node_stop(node);
		break;
	case SIM_OP_PAUSE:
		sim_node_pause(node, a[1]);
		break;
	case SIM_OP_CLOCK:
		sim_node_clock(node, a[1]);
		break;
	case SIM_OP_LEAD:
		sim_node_lead(node, s->nodes[a[1]].nodeid);
		break;
	case SIM_OP_PUSH:
		sim_push(node);
		break;
	}
}

static void op_net(struct sim *s, u32 kind, const u64 *a)
{
	struct sim_link link = {
		.loss = a[0], .dup = a[1], .reorder = a[2], .delay = a[3],
		.jitter = a[4],
	};
	u32 i;

	switch (kind) {
	case SIM_OP_LINKS:
		sim_links_set(s, &link);
		break;
	case SIM_OP_CUT:
	case SIM_OP_MEND:
		sim_cut(s, a[0], a[1], kind == SIM_OP_CUT);
		break;
	case SIM_OP_SPLIT:
		sim_split(s, a[0]);
		break;
	case SIM_OP_PART:
		sim_part(s, a[0], a[1]);
		break;
	case SIM_OP_RATE:
		sim_rate(s, a[0], a[1], a[2], a[3]);
		break;
	case SIM_OP_MTU:
		sim_hole(s, a[0], a[1], a[2]);
		break;
	case SIM_OP_HEAL:
		for (i = 0; i < s->cfg.n_nodes; i++)
			s->nodes[i].env.fail = 0;
		sim_heal(s);
		for (i = 0; i < s->cfg.n_nodes; i++)
			sim_wake(&s->nodes[i]);
		break;
	case SIM_OP_MEND_ALL:
		sim_heal(s);
		break;
	}
}

static void op_do(struct sim_script *sc, struct sim *s, const struct sim_op *op)
{
	if (sim_failed(s))
		return;
	if (op->kind <= SIM_OP_NOMEM)
		op_node(s, op->kind, op->a);
	else if (op->kind <= SIM_OP_HEAL)
		op_net(s, op->kind, op->a);
	else if (op->kind == SIM_OP_JOIN)
		op_join(sc, s, op->a);
	else if (op->kind <= SIM_OP_READ)
		op_proc(sc, op->kind, op->a);
}

void sim_script_add(struct sim_script *sc, u64 t, enum sim_op_kind kind, u64 a,
		    u64 b, u64 c, u64 d, u64 e)
{
	if (sc->n == SIM_OP_MAX)
		abort();
	sc->op[sc->n] = (struct sim_op){
		.t = t, .kind = kind, .a = { a, b, c, d, e },
	};
	sc->n++;
	if (kind == SIM_OP_JOIN)
		sc->n_procs = max_t(u32, sc->n_procs, a + 1);
}

void sim_script_do(struct sim_script *sc, struct sim *s, enum sim_op_kind kind,
		   u64 a, u64 b, u64 c, u64 d, u64 e)
{
	sim_script_add(sc, s->now, kind, a, b, c, d, e);
	op_do(sc, s, &sc->op[sc->n - 1]);
}

/* A step that is going to be taken. */
struct step {
	struct sim_call		call;
	struct sim_script	*sc;
	struct sim_op		*op;
};

static void step_now(struct sim *s, void *arg)
{
	struct step *step = arg;

	op_do(step->sc, s, step->op);
}

void sim_script_run(struct sim_script *sc, struct sim *s)
{
	struct sim_cfg cfg = sc->cfg;
	struct step *step;
	u64 end;
	u32 i;

	sim_script_begin(sc, s, &cfg);
	end = s->now;
	for (i = 0; i < sc->n; i++) {
		step = sim_arena_alloc(&s->arena, sizeof(*step));
		step->sc = sc;
		step->op = &sc->op[i];
		step->call.fn = step_now;
		step->call.arg = step;
		sim_call_at(s, &step->call, step->op->t);
		end = max(end, step->op->t);
	}
	sim_run_to(s, end);
	sim_end(s, true);
}

static u64 key_get(const struct sim_cfg *cfg, u32 i)
{
	const u8 *p = (const u8 *)cfg + keys[i].off;

	if (keys[i].size == sizeof(u32))
		return *(const u32 *)p;
	return *(const u64 *)p;
}

static void key_set(struct sim_cfg *cfg, u32 i, u64 val)
{
	u8 *p = (u8 *)cfg + keys[i].off;

	if (keys[i].size == sizeof(u32))
		*(u32 *)p = val;
	else
		*(u64 *)p = val;
}

void sim_script_write(const struct sim_script *sc, FILE *f)
{
	const struct sim_op *op;
	u32 i, k;

	for (i = 0; i < ARRAY_SIZE(keys); i++)
		fprintf(f, "cfg %s %llu\n", keys[i].name,
			U(key_get(&sc->cfg, i)));
	for (i = 0; sc->cfg.votes && i < sc->cfg.n_nodes; i++)
		fprintf(f, "votes %u %u\n", i, sc->votes[i]);
	for (op = sc->op; op < sc->op + sc->n; op++) {
		/* Times count from the start of the run. */
		fprintf(f, "%llu %s", U(op->t - sc->cfg.start),
			ops[op->kind].name);
		for (k = 0; k < ops[op->kind].n_args; k++)
			fprintf(f, " %llu", U(op->a[k]));
		fputc('\n', f);
	}
}

static bool read_cfg(struct sim_script *sc, const char *line)
{
	unsigned long long val;
	char name[32];
	u32 i;

	if (sscanf(line, "cfg %31s %llu", name, &val) != 2)
		return false;
	for (i = 0; i < ARRAY_SIZE(keys); i++)
		if (!strcmp(name, keys[i].name))
			break;
	if (i == ARRAY_SIZE(keys))
		return false;
	key_set(&sc->cfg, i, val);
	return true;
}

/* Votes that are not said are one. */
static bool read_votes(struct sim_script *sc, const char *line)
{
	u32 slot, votes, i;

	if (sscanf(line, "votes %u %u", &slot, &votes) != 2 ||
	    slot >= SIM_NODES_MAX || votes > CPG_NODE_VOTES_MAX)
		return false;
	for (i = 0; !sc->cfg.votes && i < SIM_NODES_MAX; i++)
		sc->votes[i] = 1;
	sc->votes[slot] = votes;
	sc->cfg.votes = sc->votes;
	return true;
}

/* Slots are what an argument can be wrong in. */
static bool op_valid(const struct sim_script *sc, u32 kind, const u64 *a)
{
	u32 n = sc->cfg.n_nodes;

	if (!n || n > SIM_NODES_MAX)
		return false;
	if (kind == SIM_OP_LEAD)
		return a[0] < n && a[1] < n;
	if (kind <= SIM_OP_NOMEM)
		return a[0] < n;
	if (kind == SIM_OP_JOIN)
		return a[0] < SIM_OP_MAX && a[1] < n;
	if (kind == SIM_OP_SEND)
		return a[2] <= CPG_MSG_MAX;
	if (kind == SIM_OP_LAZY)
		return a[1] < __SIM_LAZY_NR;
	if (kind == SIM_OP_CUT || kind == SIM_OP_MEND || kind == SIM_OP_RATE ||
	    kind == SIM_OP_MTU)
		return a[0] < n && a[1] < n;
	return true;
}

static bool read_op(struct sim_script *sc, const char *line)
{
	unsigned long long t, a[SIM_OP_ARGS] = {};
	u64 args[SIM_OP_ARGS];
	char name[32];
	u32 i, kind;
	int n;

	n = sscanf(line, "%llu %31s %llu %llu %llu %llu %llu", &t, name,
		   &a[0], &a[1], &a[2], &a[3], &a[4]);
	for (kind = 0; kind < __SIM_OP_NR; kind++)
		if (n >= 2 && !strcmp(name, ops[kind].name))
			break;
	if (kind == __SIM_OP_NR || n != 2 + (int)ops[kind].n_args)
		return false;
	for (i = 0; i < SIM_OP_ARGS; i++)
		args[i] = a[i];
	if (!op_valid(sc, kind, args))
		return false;
	sim_script_add(sc, sc->cfg.start + t, kind, a[0], a[1], a[2], a[3],
		       a[4]);
	return true;
}

static bool read_line(struct sim_script *sc, const char *line)
{
	switch (*line) {
	case '#':
	case '\n':
		return true;
	case 'c':
		return read_cfg(sc, line);
	case 'v':
		return read_votes(sc, line);
	default:
		return read_op(sc, line);
	}
}

const char *sim_script_read(struct sim_script *sc, FILE *f)
{
	static char text[80];
	char line[256];
	u32 no = 0;

	sc->n = 0;
	sc->n_procs = 0;
	sim_cfg_init(&sc->cfg);
	while (fgets(line, sizeof(line), f)) {
		no++;
		if (!read_line(sc, line)) {
			snprintf(text, sizeof(text), "line %u", no);
			return text;
		}
	}
	return sc->n ? NULL : "it is empty";
}
