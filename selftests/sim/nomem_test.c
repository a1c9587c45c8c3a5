// SPDX-License-Identifier: GPL-2.0
/*
 * Each allocation of an engine fails once, in a short life of a cluster in
 * which everything happens that allocates; and each is the first of some that
 * fail.  Nothing but the oracle says what follows: that nothing does.
 */
#include "test.h"

enum {
	NODES = 3,
	MORE = 5,		/* a beacon fails, too: they are rare */
	MANY = 1 << 20,		/* a count that does not come to its end */
};

static void wait_settled(void)
{
	sim_settle(s, 2 * SIM_SEC);
}

/* Whoever asks again gets it in the end. */
static void start(u32 slot)
{
	while (!s->nodes[slot].eng && !sim_node_start(&s->nodes[slot]))
		;
}

static struct sim_proc *join(u32 slot, u32 group)
{
	struct sim_proc *proc = NULL;
	int err = -ENOMEM;

	while (err == -ENOMEM && !sim_failed(s))
		proc = sim_join(&s->nodes[slot], group, 0, &err);
	return proc;
}

static void send(struct sim_proc *proc, u8 svc, u32 len)
{
	/* It may have been put out, for an event that there was no room for. */
	while (proc && proc->eng && !sim_failed(s) &&
	       sim_send(proc, svc, len) == -ENOMEM)
		;
}

static void send_all(void)
{
	u32 i;

	for (i = 0; i < NODES; i++) {
		send(procs[i], CPG_SVC_UNORDERED, 10);
		send(procs[i], CPG_SVC_FIFO, 3000);
		send(procs[i], CPG_SVC_AGREED, 10);
		send(procs[i], CPG_SVC_SAFE, 2000);
		send(procs[i], CPG_SVC_UNORDERED, 4000);
	}
}

static void life_begin(u32 slot, u64 fail_in, u32 more)
{
	struct sim_cfg cfg;
	u32 i;

	sim_cfg_init(&cfg);
	cfg.n_nodes = NODES;
	cfg.mtu = 548;
	cfg.check_every = 4;
	test_begin(&cfg);
	s->nodes[slot].env.fail_in = fail_in;
	s->nodes[slot].env.fail_more = more;
	for (i = 0; i < NODES; i++)
		start(i);
	wait_settled();
	for (i = 0; i < NODES; i++)
		procs[i] = join(i, 1);
}

/* Packets get lost; a side is cut off, and comes back; both go on sending. */
static void life_views(void)
{
	struct sim_link link = s->cfg.link;

	link.loss = 200000;
	send_all();
	send(procs[0], CPG_SVC_AGREED, 40000);
	sim_run(s, 30 * SIM_USEC);
	sim_links_set(s, &link);
	sim_run(s, 3 * SIM_MSEC);
	sim_split(s, 4);
	send_all();
	sim_run(s, 2 * s->cfg.suspect);
	sim_links_set(s, &s->cfg.link);
	sim_heal(s);
	wait_settled();
}

/* Processes and nodes go, and come again. */
static void life_ends(void)
{
	struct sim_proc *guest = join(1, 2);

	if (guest)
		sim_detach(guest);
	if (procs[2] && procs[2]->eng)
		while (sim_leave(procs[2]) == -ENOMEM)
			;
	send_all();
	sim_run(s, 50 * SIM_USEC);
	sim_node_crash(&s->nodes[0]);
	sim_run(s, s->cfg.suspect / 2);
	start(0);
	procs[0] = join(0, 1);
	send_all();
	wait_settled();
	sim_node_stop(&s->nodes[1]);
	sim_run(s, 20 * SIM_MSEC);
}

static const char *life(u32 slot, u64 fail_in, u32 more)
{
	const char *why;
	u32 i;

	life_begin(slot, fail_in, more);
	life_views();
	life_ends();
	for (i = 0; i < NODES; i++) {
		s->nodes[i].env.fail_in = 0;
		s->nodes[i].env.fail_more = 0;
	}
	why = test_end();
	if (why)
		printf("# node %u, from allocation %llu on\n", slot + 1,
		       (unsigned long long)fail_in);
	return why;
}

static const char *sweep(u32 more)
{
	const char *why = life(0, MANY, 0);
	u64 n, max = 0;
	u32 slot;

	for (slot = 0; slot < NODES; slot++)
		max = max_t(u64, max, s->nodes[slot].env.n_asked);
	printf("# %llu allocations of a node\n", (unsigned long long)max);
	CHECK_TRUE(max > 100 && max < MANY);
	for (slot = 0; slot < NODES && !why; slot++)
		for (n = 1; n <= max && !why; n += 1 + more / 2)
			why = life(slot, n, more);
	return why;
}

static const char *test_nth_fails(void)
{
	return sweep(0);
}

static const char *test_nth_fails_and_more(void)
{
	return sweep(MORE);
}

static const struct ktap_test tests[] = {
	TEST(nth_fails), TEST(nth_fails_and_more),
};

int main(int argc, char **argv)
{
	int bad = ktap_run(tests, ARRAY_SIZE(tests), argc > 1 ? argv[1] : NULL);

	test_exit();
	return bad;
}
