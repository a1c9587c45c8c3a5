// SPDX-License-Identifier: GPL-2.0
/*
 * A plugin for QEMU that counts how often each piece of the guest's code is
 * executed between two marks, which are no-operations that a program has in it:
 * begin and end, below.  The file named by "out=" gets a line for each piece
 * that was: its address, its instructions, how often.  For guests whose CPUs
 * take turns (run -I).
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin.h"

enum {
	PIECES_MAX = 1 << 20,	/* a power of two */
};

/* nopl 0x43504730(%rax), and the same with ...31. */
static const uint8_t begin[] = { 0x0f, 0x1f, 0x80, 0x30, 0x47, 0x50, 0x43 };
static const uint8_t end[] = { 0x0f, 0x1f, 0x80, 0x31, 0x47, 0x50, 0x43 };

/*
 * @addr: of the first instruction; user space has pieces of many programs at
 *	the same address
 * @n: instructions
 * @count: times so far
 * @since: @count when it began
 * @sum: between the marks
 */
struct piece {
	uint64_t	addr;
	uint64_t	n;
	uint64_t	count;
	uint64_t	since;
	uint64_t	sum;
};

int qemu_plugin_version = QEMU_PLUGIN_VERSION;

static struct piece *pieces;
static bool is_counting;
static uint64_t times;
static char *out;

static struct piece *find(uint64_t addr, uint64_t n)
{
	uint64_t i = (addr ^ n << 48) * 0x9e3779b97f4a7c15ULL >> 44;
	uint64_t k;

	for (k = 0; k < PIECES_MAX; k++) {
		struct piece *p = &pieces[(i + k) % PIECES_MAX];

		if (!p->n) {
			p->addr = addr;
			p->n = n;
		}
		if (p->addr == addr && p->n == n)
			return p;
	}
	fprintf(stderr, "count: more than %d pieces\n", PIECES_MAX);
	exit(1);
}

static void begins(unsigned int cpu, void *data)
{
	size_t i;

	(void)cpu;
	(void)data;
	if (is_counting)
		return;
	is_counting = true;
	for (i = 0; i < PIECES_MAX; i++)
		pieces[i].since = pieces[i].count;
}

static void ends(unsigned int cpu, void *data)
{
	size_t i;

	(void)cpu;
	(void)data;
	if (!is_counting)
		return;
	is_counting = false;
	times++;
	for (i = 0; i < PIECES_MAX; i++)
		pieces[i].sum += pieces[i].count - pieces[i].since;
}

static void call_at(struct qemu_plugin_insn *insn,
		    void (*cb)(unsigned int cpu, void *data))
{
	qemu_plugin_register_vcpu_insn_exec_cb(insn, cb,
					       QEMU_PLUGIN_CB_NO_REGS, NULL);
}

static void translated(uint64_t id, struct qemu_plugin_tb *tb)
{
	size_t i, n = qemu_plugin_tb_n_insns(tb);
	struct piece *piece = find(qemu_plugin_tb_vaddr(tb), n);

	(void)id;
	qemu_plugin_register_vcpu_tb_exec_inline(tb,
						 QEMU_PLUGIN_INLINE_ADD_U64,
						 &piece->count, 1);
	for (i = 0; i < n; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
		const void *bytes = qemu_plugin_insn_data(insn);

		if (qemu_plugin_insn_size(insn) != sizeof(begin))
			continue;
		if (!memcmp(bytes, begin, sizeof(begin)))
			call_at(insn, begins);
		if (!memcmp(bytes, end, sizeof(end)))
			call_at(insn, ends);
	}
}

static void finish(uint64_t id, void *data)
{
	FILE *file = fopen(out, "w");
	size_t i;

	(void)id;
	(void)data;
	if (!file) {
		perror(out);
		return;
	}
	fprintf(file, "%lu times\n", times);
	for (i = 0; i < PIECES_MAX; i++)
		if (pieces[i].sum)
			fprintf(file, "%lx %lu %lu\n", pieces[i].addr,
				pieces[i].n, pieces[i].sum);
	if (fclose(file))
		perror(out);
}

int qemu_plugin_install(uint64_t id, const void *info, int argc,
			char **argv)
{
	int i;

	(void)info;
	for (i = 0; i < argc; i++)
		if (!strncmp(argv[i], "out=", 4))
			out = strdup(argv[i] + 4);
	pieces = calloc(PIECES_MAX, sizeof(*pieces));
	if (!out || !pieces)
		return 1;
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	qemu_plugin_register_atexit_cb(id, finish, NULL);
	return 0;
}
