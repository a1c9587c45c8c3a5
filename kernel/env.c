// SPDX-License-Identifier: GPL-2.0
/*
 * Memory for the engine and for messages.
 *
 * A buffer is one of four things: a page fragment that starts with its struct
 * cpg_buf, so that packets which carry a part of it only take a reference to
 * the page, with room in front of the data for what a packet begins with; a
 * small one from the slab, which is copied into packets; a packet that was
 * received alone, with its struct cpg_buf in the skb's control block; or one of
 * several that were received in one skb.
 */
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/skbuff.h>
#include <linux/slab.h>

#include "cpg_priv.h"
#include "engine/event.h"
#include "engine/wire.h"

enum {
	CPG_BUF_HEAD = ALIGN(sizeof(struct cpg_buf), 16),
	/* In front of a packet: for the header, the first time it goes. */
	CPG_BUF_ROOM = ALIGN(CPG_DATA_HDR, 16),
	/* In front of a message, which may become a packet as it is. */
	CPG_BUF_MSG_ROOM = ALIGN(CPG_DATA_HDR + CPG_MSG_FRONT, 16),
	/*
	 * Up to here buffers come from the slab: as fragments they would keep
	 * a hundred times as much memory as a socket is charged for.
	 */
	CPG_BUF_SLAB_MAX = 512 - CPG_BUF_HEAD,
	/* And up to here they share pages. */
	CPG_BUF_FRAG_MAX = 4096 - CPG_BUF_HEAD - CPG_BUF_MSG_ROOM,
};

/* struct cpg_buf priv of what is from the slab, NULL of pages. */
#define CPG_BUF_SLAB	((void *)1)

static struct kmem_cache *cpg_event_cache;

/**
 * cpg_env_init() - get ready for engines
 *
 * Return: 0 or -ENOMEM.
 */
int cpg_env_init(void)
{
	/* Of an event itself, only its position goes to user space. */
	cpg_event_cache =
		kmem_cache_create_usercopy("cpg_event", CPG_EVENT_MSG_SIZE,
					   0, 0,
					   offsetof(struct cpg_event, seq),
					   sizeof_field(struct cpg_event, seq),
					   NULL);
	return cpg_event_cache ? 0 : -ENOMEM;
}

/**
 * cpg_env_exit() - undo cpg_env_init(); there are no events any more
 */
void cpg_env_exit(void)
{
	kmem_cache_destroy(cpg_event_cache);
}

/* @env is the node; NULL from a caller that may sleep. */
static gfp_t cpg_env_gfp(void *env)
{
	return (env ? GFP_ATOMIC : GFP_KERNEL_ACCOUNT) | __GFP_NOWARN;
}

void *cpg_env_alloc(void *env, size_t size)
{
	return kzalloc(size, cpg_env_gfp(env));
}

/* A packet brings many: they are allocated together. */
void *cpg_env_alloc_event(void *env)
{
	struct cpg_node *node = env;
	gfp_t gfp = cpg_env_gfp(env);

	if (!node)
		return kmem_cache_alloc(cpg_event_cache, gfp);
	lockdep_assert_held(&node->lock);
	if (!node->n_spare)
		node->n_spare = kmem_cache_alloc_bulk(cpg_event_cache, gfp,
						      ARRAY_SIZE(node->spare),
						      node->spare);
	if (!node->n_spare)
		return kmem_cache_alloc(cpg_event_cache, gfp);
	return node->spare[--node->n_spare];
}

/**
 * cpg_env_drain() - free what was allocated and not needed
 * @node: its engine is gone
 */
void cpg_env_drain(struct cpg_node *node)
{
	kmem_cache_free_bulk(cpg_event_cache, node->n_spare, node->spare);
	node->n_spare = 0;
}

void cpg_env_free_bulk(void **ptrs, u32 n)
{
	kfree_bulk(n, ptrs);
}

void cpg_env_free(const void *ptr)
{
	kfree(ptr);
}

static struct cpg_buf *cpg_buf_fill(struct cpg_buf *buf, u8 *data, u32 len,
				    void *priv)
{
	cpg_ref_set(&buf->ref, 1);
	buf->len = len;
	buf->room = 0;
	buf->data = data;
	buf->priv = priv;
	return buf;
}

static struct cpg_buf *cpg_buf_init(void *mem, u32 len, void *priv)
{
	return cpg_buf_fill(mem, mem + CPG_BUF_HEAD, len, priv);
}

static struct cpg_buf *cpg_buf_alloc(u32 len, gfp_t gfp)
{
	struct page *page;

	page = alloc_pages(gfp | __GFP_COMP | __GFP_NOWARN,
			   get_order(CPG_BUF_HEAD + len));
	return page ? cpg_buf_init(page_address(page), len, NULL) : NULL;
}

static struct cpg_buf *cpg_buf_alloc_slab(u32 len, gfp_t gfp)
{
	void *mem = kmalloc(CPG_BUF_HEAD + len, gfp | __GFP_NOWARN);

	return mem ? cpg_buf_init(mem, len, CPG_BUF_SLAB) : NULL;
}

static struct cpg_buf *cpg_buf_alloc_frag(u32 len, u32 room)
{
	void *mem = netdev_alloc_frag(CPG_BUF_HEAD + room + len);
	struct cpg_buf *buf;

	if (!mem)
		return NULL;
	buf = cpg_buf_fill(mem, mem + CPG_BUF_HEAD + room, len, NULL);
	buf->room = room;
	return buf;
}

struct cpg_buf *cpg_env_buf_alloc(void *env, u32 len)
{
	if (len <= CPG_BUF_SLAB_MAX)
		return cpg_buf_alloc_slab(len, GFP_ATOMIC);
	if (len <= CPG_BUF_FRAG_MAX)
		return cpg_buf_alloc_frag(len, CPG_BUF_ROOM);
	return cpg_buf_alloc(len, GFP_ATOMIC);
}

/**
 * cpg_buf_alloc_wait() - a buffer for a part of a message from user space
 * @len: bytes, at most CPG_BUF_MAX
 *
 * May sleep.  All but page fragments is charged to the memory cgroup.
 *
 * Return: a buffer with one reference, or NULL.
 */
struct cpg_buf *cpg_buf_alloc_wait(u32 len)
{
	struct cpg_buf *buf = NULL;

	BUILD_BUG_ON(CPG_BUF_HEAD + CPG_BUF_MAX != 32768);

	if (len <= CPG_BUF_SLAB_MAX)
		return cpg_buf_alloc_slab(len, GFP_KERNEL_ACCOUNT);
	if (len <= CPG_BUF_FRAG_MAX)
		buf = cpg_buf_alloc_frag(len, CPG_BUF_MSG_ROOM);
	if (!buf)
		buf = cpg_buf_alloc(len, GFP_KERNEL_ACCOUNT);
	return buf;
}

/**
 * struct cpg_batch - packets that were received in one skb
 * @ref: buffers of it, and who makes them
 * @size: the memory that they keep
 * @skb: holds them
 * @off: of the next one, from skb->data
 * @frag: where that is: the number of its fragment in @skb
 * @frag_off: of the first byte of that, from skb->data
 * @next: of @bufs
 * @bufs: those that are in one piece
 */
struct cpg_batch {
	refcount_t		ref;
	u32			size;
	struct sk_buff		*skb;
	u32			off;
	u32			frag;
	u32			frag_off;
	struct cpg_buf		*next;
	struct cpg_buf		bufs[];
};

/* struct cpg_buf priv of a packet of a batch: this, and the batch. */
#define CPG_BUF_BATCH	2UL

static struct cpg_batch *cpg_buf_batch(const struct cpg_buf *buf)
{
	unsigned long priv = (unsigned long)buf->priv;

	return priv & CPG_BUF_BATCH ? (void *)(priv & ~CPG_BUF_BATCH) : NULL;
}

/**
 * cpg_buf_wrap_max() - how many packets are in an skb
 * @skb: as handed to cpg_buf_wrap() or cpg_batch_create()
 *
 * Return: their number.
 */
u32 cpg_buf_wrap_max(const struct sk_buff *skb)
{
	if (!skb_is_gso(skb))
		return 1;
	return DIV_ROUND_UP(skb->len, skb_shinfo(skb)->gso_size);
}

/**
 * cpg_buf_wrap() - make a buffer of a packet
 * @skb: one packet, from skb->data on; consumed, at the latest with the last
 *	reference
 *
 * Return: the buffer, with one reference, or NULL: no memory.
 */
struct cpg_buf *cpg_buf_wrap(struct sk_buff *skb)
{
	struct cpg_buf *buf = (struct cpg_buf *)skb->cb;
	u8 *data = skb->data;

	BUILD_BUG_ON(sizeof(*buf) > sizeof(skb->cb));

	if (!skb_headlen(skb) && skb_shinfo(skb)->nr_frags == 1 &&
	    !skb_has_frag_list(skb))
		data = skb_frag_address_safe(&skb_shinfo(skb)->frags[0]);
	else if (skb_linearize(skb))
		data = NULL;
	else
		data = skb->data;
	if (!data) {
		kfree_skb(skb);
		return NULL;
	}
	return cpg_buf_fill(buf, data, skb->len, skb);
}

/**
 * cpg_batch_create() - begin to make buffers of the packets in an skb
 * @skb: several packets, from skb->data on; consumed, at the latest with the
 *	last reference to the last buffer
 *
 * Return: the batch, or NULL: no memory.
 */
struct cpg_batch *cpg_batch_create(struct sk_buff *skb)
{
	u32 n = cpg_buf_wrap_max(skb);
	struct cpg_batch *batch;

	batch = kmalloc(struct_size(batch, bufs, n), GFP_ATOMIC | __GFP_NOWARN);
	if (!batch) {
		kfree_skb(skb);
		return NULL;
	}
	refcount_set(&batch->ref, 1);
	batch->size = skb->truesize + struct_size(batch, bufs, n);
	batch->skb = skb;
	batch->off = 0;
	batch->frag = 0;
	batch->frag_off = skb_headlen(skb);
	batch->next = batch->bufs;
	return batch;
}

/**
 * cpg_batch_put() - give up a reference
 * @batch: batch
 */
void cpg_batch_put(struct cpg_batch *batch)
{
	if (!refcount_dec_and_test(&batch->ref))
		return;
	consume_skb(batch->skb);
	kfree(batch);
}

/* The next @len bytes, or NULL if they are not in one piece. */
static u8 *cpg_batch_piece(struct cpg_batch *batch, u32 len)
{
	const struct skb_shared_info *shinfo = skb_shinfo(batch->skb);
	u32 off = batch->off;
	u8 *data;

	if (off < skb_headlen(batch->skb))
		return off + len <= skb_headlen(batch->skb) ?
		       batch->skb->data + off : NULL;
	for (; batch->frag < shinfo->nr_frags; batch->frag++) {
		const skb_frag_t *frag = &shinfo->frags[batch->frag];
		u32 end = batch->frag_off + skb_frag_size(frag);

		if (off < end) {
			data = skb_frag_address_safe(frag);
			return data && off + len <= end ?
			       data + off - batch->frag_off : NULL;
		}
		batch->frag_off = end;
	}
	return NULL;
}

static struct cpg_buf *cpg_batch_copy(struct cpg_batch *batch, u32 len)
{
	struct cpg_buf *buf = cpg_env_buf_alloc(NULL, len);

	if (!buf || !skb_copy_bits(batch->skb, batch->off, buf->data, len))
		return buf;
	cpg_buf_put(buf);
	return NULL;
}

/**
 * cpg_batch_next() - make a buffer of the next packet
 * @batch: batch
 *
 * Return: the buffer, with one reference, or NULL: there is none, or no memory.
 */
struct cpg_buf *cpg_batch_next(struct cpg_batch *batch)
{
	u32 len = min_t(u32, batch->skb->len - batch->off,
			skb_shinfo(batch->skb)->gso_size);
	struct cpg_buf *buf;
	u8 *data;

	if (!len)
		return NULL;
	data = cpg_batch_piece(batch, len);
	if (data) {
		refcount_inc(&batch->ref);
		buf = cpg_buf_fill(batch->next++, data, len,
				   (void *)((unsigned long)batch |
					    CPG_BUF_BATCH));
	} else {
		buf = cpg_batch_copy(batch, len);
	}
	batch->off += len;
	return buf;
}

/**
 * cpg_buf_is_page() - may a packet share this buffer's page
 * @buf: buffer
 *
 * Return: true if the data lies in pages that are counted by their own.
 */
bool cpg_buf_is_page(const struct cpg_buf *buf)
{
	return !buf->priv;
}

/**
 * cpg_buf_push() - put a header in front of a buffer's data
 * @buf: buffer
 * @off: where in it the packet begins
 * @len: bytes of the header
 *
 * It may be written once, for others share the page from then on.  Calls for
 * one buffer come one after the other.
 *
 * Return: where the header has to be written to; NULL: it cannot stand there.
 */
u8 *cpg_buf_push(struct cpg_buf *buf, u32 off, u32 len)
{
	if (off || len > buf->room)
		return NULL;
	buf->room = 0;
	return buf->data - len;
}

/**
 * cpg_buf_truesize() - the memory that a part of a buffer keeps
 * @buf: buffer
 * @len: bytes of it
 *
 * Return: bytes.
 */
u32 cpg_buf_truesize(const struct cpg_buf *buf, u32 len)
{
	const struct cpg_batch *batch = cpg_buf_batch(buf);
	const struct sk_buff *skb = buf->priv;

	if (cpg_buf_is_page(buf))
		return len;
	if (skb == CPG_BUF_SLAB)
		return CPG_BUF_HEAD + len;
	if (batch)
		return div_u64((u64)batch->size * len, batch->skb->len);
	return buf->len ? div_u64((u64)skb->truesize * len, buf->len) :
			  skb->truesize;
}

void cpg_env_buf_free(struct cpg_buf *buf)
{
	if (cpg_buf_is_page(buf))
		skb_free_frag(buf);
	else if (buf->priv == CPG_BUF_SLAB)
		kfree(buf);
	else if (cpg_buf_batch(buf))
		cpg_batch_put(cpg_buf_batch(buf));
	else
		consume_skb(buf->priv);
}
