/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the scenarios have in common: a small cluster with a process on each
 * node, all in one group, and words for what they expect.
 */
#ifndef _SIM_TEST_H
#define _SIM_TEST_H

#include "ktap.h"
#include "sim.h"

enum {
	TEST_NODES_MAX = 8,
};

extern struct sim *s;
extern struct sim_proc *procs[TEST_NODES_MAX];

/* Begin: @n nodes, none is up. */
void test_begin(const struct sim_cfg *cfg);

/* After the last scenario. */
void test_exit(void);

/* Begin: @n nodes up and in one view. */
void test_nodes(u32 n);

/* As test_nodes(), and node i has process i + 101 in group 1. */
void test_procs(u32 n);

/* From now on: forget what processes received so far. */
void test_mark(void);

/* The cluster settles; then NULL, or what is wrong.  Ends the run. */
const char *test_end(void);

/* As test_end(), without waiting for a common view. */
const char *test_end_now(void);

/* Give up if what a process received since test_mark() is not @text. */
void test_text(u32 i, const char *text);

/* As test_text(), with several texts that are right. */
void test_any(u32 i, const char *const *texts, u32 n);

/* Node id of the sequencer. */
u32 test_leader(void);

struct sim_node *test_node(u32 nodeid);

#define TEST(name)	{ #name, test_##name }

/* Give up the scenario if @is is false. */
void test_true(bool is, int line, const char *what);

#define CHECK_TRUE(expr)	test_true(expr, __LINE__, #expr)

#endif /* _SIM_TEST_H */
