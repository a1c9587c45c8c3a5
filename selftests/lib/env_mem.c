// SPDX-License-Identifier: GPL-2.0
/*
 * Memory for engines in user space.  A small head in front of each allocation
 * keeps its size for the accounts; AddressSanitizer guards the far end.
 */
#include "env_mem.h"

struct mem_head {
	size_t	size;
	size_t	pad;
};

struct cpg_user_mem cpg_user_mem;

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

static void *mem_get(size_t size, bool zero)
{
	size_t total = sizeof(struct mem_head) + size;
	struct mem_head *head;

	head = zero ? calloc(1, total) : malloc(total);
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

	cpg_user_mem.live--;
	cpg_user_mem.bytes -= head->size;
	free(head);
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

struct cpg_buf *cpg_env_buf_alloc(void *env, u32 len)
{
	struct cpg_buf *buf;

	if (mem_fails(env))
		return NULL;
	buf = mem_get(sizeof(*buf) + len, false);
	if (!buf)
		return NULL;
	cpg_ref_set(&buf->ref, 1);
	buf->len = len;
	buf->data = (u8 *)(buf + 1);
	buf->priv = NULL;
	return buf;
}

void cpg_env_buf_free(struct cpg_buf *buf)
{
	mem_put(buf);
}
