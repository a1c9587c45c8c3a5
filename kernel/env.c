// SPDX-License-Identifier: GPL-2.0
/*
 * Memory for the engine and for messages.
 *
 * A buffer is one of three things: a page fragment that starts with its struct
 * cpg_buf, so that packets which carry a part of it only take a reference to
 * the page; a small one from the slab, which is copied into packets; or a
 * packet that has been received, with its struct cpg_buf in the skb's control
 * block.
 */
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/skbuff.h>
#include <linux/slab.h>

#include "cpg_priv.h"

enum {
	CPG_BUF_HEAD = ALIGN(sizeof(struct cpg_buf), 16),
	/*
	 * Up to here buffers come from the slab: as fragments they would keep
	 * a hundred times as much memory as a socket is charged for.
	 */
	CPG_BUF_SLAB_MAX = 512 - CPG_BUF_HEAD,
	/* And up to here they share pages. */
	CPG_BUF_FRAG_MAX = 4096 - CPG_BUF_HEAD,
};

/* struct cpg_buf priv of what is from the slab; no packet is there. */
#define CPG_BUF_SLAB	((void *)1)

/* @env is the node; NULL from a caller that may sleep. */
void *cpg_env_alloc(void *env, size_t size)
{
	gfp_t gfp = env ? GFP_ATOMIC : GFP_KERNEL_ACCOUNT;

	return kzalloc(size, gfp | __GFP_NOWARN);
}

void cpg_env_free(const void *ptr)
{
	kfree(ptr);
}

static struct cpg_buf *cpg_buf_init(void *mem, u32 len, void *priv)
{
	struct cpg_buf *buf = mem;

	cpg_ref_set(&buf->ref, 1);
	buf->len = len;
	buf->data = mem + CPG_BUF_HEAD;
	buf->priv = priv;
	return buf;
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

static struct cpg_buf *cpg_buf_alloc_frag(u32 len)
{
	void *mem = netdev_alloc_frag(CPG_BUF_HEAD + len);

	return mem ? cpg_buf_init(mem, len, NULL) : NULL;
}

struct cpg_buf *cpg_env_buf_alloc(void *env, u32 len)
{
	if (len <= CPG_BUF_SLAB_MAX)
		return cpg_buf_alloc_slab(len, GFP_ATOMIC);
	if (len <= CPG_BUF_FRAG_MAX)
		return cpg_buf_alloc_frag(len);
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
		buf = cpg_buf_alloc_frag(len);
	if (!buf)
		buf = cpg_buf_alloc(len, GFP_KERNEL_ACCOUNT);
	return buf;
}

/**
 * cpg_buf_wrap() - make a buffer of a packet
 * @skb: linear, from skb->data on; consumed with the last reference
 *
 * Return: the buffer, with one reference.
 */
struct cpg_buf *cpg_buf_wrap(struct sk_buff *skb)
{
	struct cpg_buf *buf = (struct cpg_buf *)skb->cb;

	BUILD_BUG_ON(sizeof(*buf) > sizeof(skb->cb));

	cpg_ref_set(&buf->ref, 1);
	buf->len = skb->len;
	buf->data = skb->data;
	buf->priv = skb;
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
 * cpg_buf_truesize() - the memory that a part of a buffer keeps
 * @buf: buffer
 * @len: bytes of it
 *
 * Return: bytes.
 */
u32 cpg_buf_truesize(const struct cpg_buf *buf, u32 len)
{
	const struct sk_buff *skb = buf->priv;

	if (!skb)
		return len;
	if (skb == CPG_BUF_SLAB)
		return CPG_BUF_HEAD + len;
	return buf->len ? div_u64((u64)skb->truesize * len, buf->len) :
			  skb->truesize;
}

void cpg_env_buf_free(struct cpg_buf *buf)
{
	if (!buf->priv)
		skb_free_frag(buf);
	else if (buf->priv == CPG_BUF_SLAB)
		kfree(buf);
	else
		consume_skb(buf->priv);
}
