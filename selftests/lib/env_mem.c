// SPDX-License-Identifier: GPL-2.0
/*
 * Memory for engines in user space.  A small head in front of each allocation
 * keeps its size for the accounts; AddressSanitizer guards the far end.
 *
 * With MEM_KEEP, for long campaigns, what is freed is kept by size and given
 * out again.
 */
#include "env_mem.h"
#include "event.h"
#include "wire.h"

#ifndef MEM_KEEP
#define MEM_KEEP 0
#endif

enum {
	MEM_STEP = 64,			/* sizes that are kept */
	MEM_KEPT_MAX = 16 << 10,	/* larger ones are not */
};

struct mem_head {
	size_t		size;
	struct mem_head	*next;
};

struct cpg_user_mem cpg_user_mem;
static struct mem_head *mem_kept[MEM_KEPT_MAX / MEM_STEP];

static bool mem_fails(struct cpg_user_env *env)
{
	u64 x;

	if (!env)
		return false;
	env->n_asked++;
	if (env->fail_in && --env->fail_in == 0) {
		env->n_failed++;
		if (env->fail_more) {
			env->fail_more--;
			env->fail_in = 1;
		}
		return true;
	}
	if (!env->fail)
		return false;
	x = env->rng += 0x9e3779b97f4a7c15ULL;
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
	if ((u32)(x >> 32) >= env->fail)
		return false;
	env->n_failed++;
	return true;
}

/* The list for a size; NULL: it is not kept. */
static struct mem_head **mem_list(size_t size)
{
	if (!MEM_KEEP || size >= MEM_KEPT_MAX)
		return NULL;
	return &mem_kept[size / MEM_STEP];
}

static struct mem_head *mem_new(size_t size, bool zero)
{
	struct mem_head **list = mem_list(size);
	struct mem_head *head;

	if (list && *list) {
		head = *list;
		*list = head->next;
		return zero ? memset(head, 0, sizeof(*head) + size) : head;
	}
	if (list)
		size = ALIGN(size + 1, (size_t)MEM_STEP);
	size += sizeof(*head);
	return zero ? calloc(1, size) : malloc(size);
}

static void *mem_get(size_t size, bool zero)
{
	struct mem_head *head = mem_new(size, zero);

	if (!head)
		return NULL;
	head->size = size;
	cpg_user_mem.live++;
	cpg_user_mem.bytes += size;
	cpg_user_mem.total++;
	return head + 1;
}

static void mem_put(const void *ptr)
{
	struct mem_head *head = (struct mem_head *)(uintptr_t)ptr - 1;
	struct mem_head **list = mem_list(head->size);

	cpg_user_mem.live--;
	cpg_user_mem.bytes -= head->size;
	if (!list) {
		free(head);
		return;
	}
	head->next = *list;
	*list = head;
}

void *cpg_env_alloc(void *env, size_t size)
{
	return mem_fails(env) ? NULL : mem_get(size, true);
}

void cpg_env_free(const void *ptr)
{
	if (ptr)
		mem_put(ptr);
}

void *cpg_env_alloc_event(void *env)
{
	return mem_fails(env) ? NULL : mem_get(CPG_EVENT_MSG_SIZE, false);
}

void cpg_env_free_bulk(void **ptrs, u32 n)
{
	while (n--)
		mem_put(ptrs[n]);
}

struct cpg_buf *cpg_env_buf_alloc(void *env, u32 len)
{
	struct cpg_buf *buf;

	if (mem_fails(env))
		return NULL;
	buf = mem_get(sizeof(*buf) + CPG_MSG_FRONT + len, false);
	if (!buf)
		return NULL;
	cpg_ref_set(&buf->ref, 1);
	buf->len = len;
	buf->room = CPG_MSG_FRONT;
	buf->data = (u8 *)(buf + 1) + buf->room;
	buf->priv = NULL;
	return buf;
}

void cpg_env_buf_free(struct cpg_buf *buf)
{
	mem_put(buf);
}
