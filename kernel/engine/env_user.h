/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The part of the kernel's vocabulary that the engine speaks, for user space:
 * simulator, unit tests and fuzzers.  One thread; included by env.h only.
 */
#ifndef _CPG_ENGINE_ENV_USER_H
#define _CPG_ENGINE_ENV_USER_H

#include <endian.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/types.h>
#include <linux/cpg.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int32_t s32;
typedef int64_t s64;

#define U32_MAX			UINT32_MAX
#define U64_MAX			UINT64_MAX

#define cpu_to_le16(x)		((__le16)htole16(x))
#define cpu_to_le32(x)		((__le32)htole32(x))
#define cpu_to_le64(x)		((__le64)htole64(x))
#define le16_to_cpu(x)		le16toh((u16)(x))
#define le32_to_cpu(x)		le32toh((u32)(x))
#define le64_to_cpu(x)		le64toh((u64)(x))

#define __packed		__attribute__((packed))
#define __must_check		__attribute__((warn_unused_result))
#define __maybe_unused		__attribute__((unused))
#define noinline			__attribute__((noinline))
#define fallthrough		__attribute__((fallthrough))
#define likely(x)		__builtin_expect(!!(x), 1)
#define unlikely(x)		__builtin_expect(!!(x), 0)
#define ARRAY_SIZE(a)		(sizeof(a) / sizeof((a)[0]))
#define BUILD_BUG_ON(cond)	_Static_assert(!(cond), #cond)
#define DIV_ROUND_UP(n, d)	(((n) + (d) - 1) / (d))
#define ALIGN(x, a)		(((x) + (a) - 1) & ~((__typeof__(x))(a) - 1))
#define struct_size(p, member, n) \
	(sizeof(*(p)) + sizeof((p)->member[0]) * (size_t)(n))

#define min_t(type, a, b)	((type)(a) < (type)(b) ? (type)(a) : (type)(b))
#define max_t(type, a, b)	((type)(a) > (type)(b) ? (type)(a) : (type)(b))
#define min(a, b) ({ \
	__typeof__(a) __a = (a); \
	__typeof__(b) __b = (b); \
	__a < __b ? __a : __b; })
#define max(a, b) ({ \
	__typeof__(a) __a = (a); \
	__typeof__(b) __b = (b); \
	__a > __b ? __a : __b; })
#define swap(a, b) do { \
	__typeof__(a) __swap = (a); \
	(a) = (b); \
	(b) = __swap; \
} while (0)

/* @swap_fn: NULL */
static inline void sort(void *base, size_t n, size_t size,
			int (*cmp_fn)(const void *a, const void *b),
			void (*swap_fn)(void *a, void *b, int size))
{
	(void)swap_fn;
	qsort(base, n, size, cmp_fn);
}

#define hweight64(x)		((u32)__builtin_popcountll(x))
#define __ffs64(x)		((u32)__builtin_ctzll(x))
#define div_u64(n, d)		((u64)(n) / (u32)(d))

#define container_of(ptr, type, member) \
	((type *)((char *)(ptr) - offsetof(type, member)))

#define IS_ERR(p)		((uintptr_t)(p) >= (uintptr_t)-4095)
#define PTR_ERR(p)		((long)(intptr_t)(p))
#define ERR_PTR(e)		((void *)(intptr_t)(e))

/* A state that must not be ends a simulation where it is found. */
#define CPG_BROKEN(cond) ({ \
	bool __broken = (cond); \
	if (__broken) { \
		fprintf(stderr, "%s:%d: %s: %s\n", __FILE__, __LINE__, \
			__func__, #cond); \
		abort(); \
	} \
	__broken; })

static inline bool cpg_env_traces_accept(void)
{
	return true;
}

static inline bool cpg_env_traces_deliver(void)
{
	return true;
}

typedef int cpg_ref_t;

static inline void cpg_ref_set(cpg_ref_t *ref, int n)
{
	*ref = n;
}

static inline void cpg_ref_inc(cpg_ref_t *ref)
{
	if (CPG_BROKEN(*ref <= 0))
		return;
	++*ref;
}

static inline void cpg_ref_add(cpg_ref_t *ref, int n)
{
	if (CPG_BROKEN(*ref <= 0))
		return;
	*ref += n;
}

static inline bool cpg_ref_dec_and_test(cpg_ref_t *ref)
{
	if (CPG_BROKEN(*ref <= 0))
		return false;
	return --*ref == 0;
}

struct list_head {
	struct list_head *next, *prev;
};

#define LIST_HEAD_INIT(name)	{ &(name), &(name) }
#define LIST_HEAD(name)		struct list_head name = LIST_HEAD_INIT(name)

static inline void INIT_LIST_HEAD(struct list_head *list)
{
	list->next = list;
	list->prev = list;
}

static inline void __list_add(struct list_head *new, struct list_head *prev,
			      struct list_head *next)
{
	next->prev = new;
	new->next = next;
	new->prev = prev;
	prev->next = new;
}

static inline void list_add(struct list_head *new, struct list_head *head)
{
	__list_add(new, head, head->next);
}

static inline void list_add_tail(struct list_head *new, struct list_head *head)
{
	__list_add(new, head->prev, head);
}

static inline void list_del(struct list_head *entry)
{
	entry->next->prev = entry->prev;
	entry->prev->next = entry->next;
	entry->next = NULL;
	entry->prev = NULL;
}

static inline void list_del_init(struct list_head *entry)
{
	entry->next->prev = entry->prev;
	entry->prev->next = entry->next;
	INIT_LIST_HEAD(entry);
}

static inline void list_move_tail(struct list_head *entry,
				  struct list_head *head)
{
	entry->next->prev = entry->prev;
	entry->prev->next = entry->next;
	list_add_tail(entry, head);
}

static inline int list_empty(const struct list_head *head)
{
	return head->next == head;
}

static inline int list_is_singular(const struct list_head *head)
{
	return !list_empty(head) && head->next == head->prev;
}

static inline void list_splice_init(struct list_head *list,
				    struct list_head *head)
{
	if (list_empty(list))
		return;
	list->next->prev = head;
	list->prev->next = head->next;
	head->next->prev = list->prev;
	head->next = list->next;
	INIT_LIST_HEAD(list);
}

static inline void list_splice_tail_init(struct list_head *list,
					 struct list_head *head)
{
	list_splice_init(list, head->prev);
}

#define list_entry(ptr, type, member)	container_of(ptr, type, member)
#define list_first_entry(ptr, type, member) \
	list_entry((ptr)->next, type, member)
#define list_last_entry(ptr, type, member) \
	list_entry((ptr)->prev, type, member)
#define list_first_entry_or_null(ptr, type, member) \
	(list_empty(ptr) ? NULL : list_first_entry(ptr, type, member))
#define list_next_entry(pos, member) \
	list_entry((pos)->member.next, __typeof__(*(pos)), member)
#define list_entry_is_head(pos, head, member) (&(pos)->member == (head))
#define list_for_each_entry(pos, head, member) \
	for (pos = list_first_entry(head, __typeof__(*pos), member); \
	     !list_entry_is_head(pos, head, member); \
	     pos = list_next_entry(pos, member))
#define list_for_each_entry_safe(pos, n, head, member) \
	for (pos = list_first_entry(head, __typeof__(*pos), member), \
	     n = list_next_entry(pos, member); \
	     !list_entry_is_head(pos, head, member); \
	     pos = n, n = list_next_entry(n, member))
#define list_for_each_entry_continue(pos, head, member) \
	for (pos = list_next_entry(pos, member); \
	     !list_entry_is_head(pos, head, member); \
	     pos = list_next_entry(pos, member))

#endif /* _CPG_ENGINE_ENV_USER_H */
