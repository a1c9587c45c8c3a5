// SPDX-License-Identifier: GPL-2.0
/* What is written for speed does as its plain twin does. */
#include "hash.h"
#include "heap.h"
#include "rng.h"
#include "test.h"

enum {
	N_EVENTS = 300,
	N_STEPS = 20000,
	FILL_MAX = 100,
	SAID_EVENTS = 50,
	SAID_STEPS = 5000,
	SAID_SLICES = 4,
};

/* An event, and what is known of it: when it comes, and after which others. */
struct twin {
	struct sim_ev	ev;
	u64		t;
	u64		order;
	bool		is_in;
	bool		is_fixed;
};

static struct twin twins[N_EVENTS];
/* A turn that was taken for the next one that cannot be moved. */
static u64 turn;
static bool has_turn;

static struct sim_ev *twin_first(void)
{
	struct twin *first = NULL;
	u32 i;

	for (i = 0; i < N_EVENTS; i++) {
		struct twin *tw = &twins[i];

		if (tw->is_in && (!first || tw->t < first->t ||
				  (tw->t == first->t &&
				   tw->order < first->order)))
			first = tw;
	}
	return first ? &first->ev : NULL;
}

/* Put one in or move it, take it out, or take out what is first. */
static void heap_step(struct sim_heap *heap, struct sim_rng *rng)
{
	struct twin *tw = &twins[sim_rng_below(rng, N_EVENTS)];
	struct sim_ev *first = twin_first();
	u64 t = sim_rng_below(rng, N_EVENTS);

	if (sim_rng_pct(rng, 30)) {
		if (first && sim_heap_pop(heap) == first)
			container_of(first, struct twin, ev)->is_in = false;
		return;
	}
	if (tw->is_in && tw->is_fixed)
		return;
	if (tw->is_in && sim_rng_pct(rng, 20)) {
		sim_heap_del(heap, &tw->ev);
		tw->is_in = false;
		return;
	}
	if (!tw->is_in)
		tw->is_fixed = sim_rng_pct(rng, 50);
	tw->is_in = true;
	tw->t = t;
	tw->order = heap->order;
	if (!tw->is_fixed) {
		sim_heap_set(heap, &tw->ev, t);
	} else if (has_turn) {
		has_turn = false;
		tw->order = turn;
		sim_heap_add_turn(heap, &tw->ev, t, turn);
	} else {
		sim_heap_add(heap, &tw->ev, t);
	}
}

static const char *test_heap(void)
{
	struct sim_heap heap = {};
	const char *why = NULL;
	struct sim_rng rng;
	u64 i;

	memset(twins, 0, sizeof(twins));
	sim_rng_seed(&rng, 1);
	for (i = 0; i < N_STEPS && !why; i++) {
		heap_step(&heap, &rng);
		if (!has_turn && sim_rng_pct(&rng, 20)) {
			has_turn = true;
			turn = sim_heap_turn(&heap);
		}
		/* Who only takes out and puts in does not look. */
		if (sim_rng_pct(&rng, 50) &&
		    sim_heap_first(&heap) != twin_first())
			why = ktap_fail("step %llu: another one is first",
					(unsigned long long)i);
	}
	while (!why && twin_first()) {
		container_of(twin_first(), struct twin, ev)->is_in = false;
		sim_heap_pop(&heap);
		if (sim_heap_first(&heap) != twin_first())
			why = "at the end, another one is first";
	}
	sim_heap_exit(&heap);
	return why;
}

static void twin_fill(u8 *data, size_t len, u64 id)
{
	u64 w = sim_mix(id);

	for (; len >= 8; len -= 8, data += 8) {
		memcpy(data, &w, 8);
		w = w * 0x5851f42d4c957f2dULL + 0x14057b7ef767814fULL;
	}
	memcpy(data, &w, len);
}

static const char *test_fill(void)
{
	u8 a[FILL_MAX], b[FILL_MAX];
	u32 len;

	for (len = 0; len <= FILL_MAX; len++) {
		sim_fill(a, len, len);
		twin_fill(b, len, len);
		if (memcmp(a, b, len))
			return ktap_fail("%u bytes are others", len);
	}
	return NULL;
}

/* A message of some bytes, in some pieces. */
static struct cpg_event *said_event(struct sim_rng *rng, u64 id)
{
	u32 len = sim_rng_below(rng, 8) ? sim_rng_below(rng, 4000) :
		  sim_rng_below(rng, 2 * SIM_SAID_BYTES);
	struct cpg_event *ev = cpg_event_alloc_msg(NULL, SAID_SLICES);
	struct cpg_buf *buf = cpg_env_buf_alloc(NULL, len);
	u32 off = 0, n, i;

	if (!ev || !buf)
		abort();
	sim_fill(buf->data, len, id);
	for (i = 0; i < SAID_SLICES; i++) {
		n = i == SAID_SLICES - 1 ? len - off :
		    sim_rng_below(rng, len - off + 1);
		cpg_event_add_slice(ev, buf, off, n);
		off += n;
	}
	cpg_buf_put(buf);
	return ev;
}

/* Another message where the first one was; who it says it is does not help. */
static const char *said_over(struct sim *sim)
{
	const u32 len = 1024, n = SIM_SAID_BYTES / len;
	struct cpg_event *ev = NULL;
	struct cpg_buf *buf;
	u64 hash;
	u32 i;

	for (i = 0; i <= n; i++) {
		if (ev)
			cpg_event_put(ev);
		ev = cpg_event_alloc_msg(NULL, 1);
		buf = cpg_env_buf_alloc(NULL, len);
		if (!ev || !buf)
			abort();
		sim_fill(buf->data, len, i);
		cpg_event_add_slice(ev, buf, 0, len);
		cpg_buf_put(buf);
		sim_said_add(sim, 1, i, ev, cpg_hash_event(ev));
	}
	hash = cpg_hash_event(ev);
	i = sim_said_hash(sim, 1, 0, ev) != hash;
	cpg_event_put(ev);
	return i ? "the hash of what was there" : NULL;
}

/* Messages that were accepted, or not; not all say who they are, or are so. */
static const char *test_said(void)
{
	struct cpg_event *evs[SAID_EVENTS] = {};
	struct sim *sim = sim_create();
	const char *why = said_over(sim);
	struct cpg_slice *sl;
	struct sim_rng rng;
	u32 i, k;

	sim_rng_seed(&rng, 1);
	for (i = 0; i < SAID_STEPS && !why; i++) {
		k = sim_rng_below(&rng, SAID_EVENTS);
		if (sim_rng_pct(&rng, 20)) {
			if (evs[k])
				cpg_event_put(evs[k]);
			evs[k] = said_event(&rng, i);
			sim_said_add(sim, 1 + k % 3, k, evs[k],
				     cpg_hash_event(evs[k]));
		}
		if (!evs[k])
			continue;
		sl = cpg_event_slices(evs[k]);
		if (sim_rng_pct(&rng, 5) && sl->len)
			sl->buf->data[sim_rng_below(&rng, sl->len)]++;
		if (sim_said_hash(sim, 1 + k % 3, k ^ sim_rng_pct(&rng, 5),
				  evs[k]) != cpg_hash_event(evs[k]))
			why = ktap_fail("step %u: another hash", i);
	}
	for (k = 0; k < SAID_EVENTS; k++)
		if (evs[k])
			cpg_event_put(evs[k]);
	sim_destroy(sim);
	return why;
}

static const struct ktap_test tests[] = { TEST(heap), TEST(fill), TEST(said) };

int main(int argc, char **argv)
{
	return ktap_run(tests, ARRAY_SIZE(tests), argc > 1 ? argv[1] : NULL);
}
