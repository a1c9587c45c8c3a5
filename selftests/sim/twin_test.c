// SPDX-License-Identifier: GPL-2.0
/* What is written for speed does as its plain twin does. */
#include "heap.h"
#include "rng.h"
#include "test.h"

enum {
	N_EVENTS = 300,
	N_STEPS = 20000,
	FILL_MAX = 100,
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

static struct sim_ev *twin_first(void)
{
	struct twin *first = NULL;
/* A turn that was taken for the next one that cannot be moved. */
static u64 turn;
static bool has_turn;
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

static const struct ktap_test tests[] = { TEST(heap), TEST(fill) };

int main(int argc, char **argv)
{
	return ktap_run(tests, ARRAY_SIZE(tests), argc > 1 ? argv[1] : NULL);
}
