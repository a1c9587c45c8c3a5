/* SPDX-License-Identifier: (LGPL-2.1 OR BSD-3-Clause) */
/*
 * A handle of cpg_initialize(): one socket, which is also the descriptor that
 * the program polls.
 */
#ifndef LIBCPG_INST_H
#define LIBCPG_INST_H

#include <linux/cpg.h>
#include <stdbool.h>
#include <sys/types.h>

/* What corosync's header declares is all that the library exports. */
#pragma GCC visibility push(default)
#include <corosync/cpg.h>
#pragma GCC visibility pop

#include "cancel.h"
#include "frag.h"
#include "handle.h"
#include "rxbuf.h"

enum cpg_inst_state {
	CPG_INST_UNJOINED,
	CPG_INST_JOINED,	/* cpg_join() was accepted */
	CPG_INST_LEAVING,	/* cpg_leave() was, its event not dispatched */
};

/**
 * struct cpg_inst - what a handle stands for
 * @obj: reference count
 * @handle: of it
 * @fd: the socket; open until the last reference is dropped
 * @model: callbacks; immutable after creation
 * @context: the program's, see cpg_context_set()
 * @owner: the process that created it
 * @is_dead: cpg_finalize() was called; set once
 * @lock: covers the fields below, and makes receiving an event and noting
 *	what it means one step.  Not held in callbacks or when waiting
 * @wake_fd: readable once @is_dead; -1 until a thread wants to wait
 * @state: enum cpg_inst_state
 * @group: the name, in @state other than CPG_INST_UNJOINED
 * @joins: how often it was set
 * @is_self_known: @self is valid: the own join was dispatched
 * @self: this process in the group
 * @confchgs: changes of the group that were dispatched
 * @assembler: large messages being received
 * @rx: events that were received, and perhaps not dispatched; or NULL
 * @send_lock: keeps a large message's fragments together; taken before @lock
 * @frag_id: number of the last large message; under @send_lock
 */
struct cpg_inst {
	struct cpg_object	obj;
	cpg_handle_t		handle;
	int			fd;
	cpg_model_v1_data_t	model;
	atomic_uintptr_t	context;
	pid_t			owner;
	atomic_bool		is_dead;
	pthread_mutex_t		lock;
	int			wake_fd;
	enum cpg_inst_state	state;
	struct cpg_name		group;
	uint32_t		joins;
	bool			is_self_known;
	struct cpg_member	self;
	uint32_t		confchgs;
	struct cpg_assembler	assembler;
	struct cpg_rxbuf	*rx;
	pthread_mutex_t		send_lock;
	uint32_t		frag_id;
};

/**
 * cpg_inst_lookup() - the instance of a handle
 * @handle: any number
 *
 * Return: it, with a new reference, or NULL.
 */
struct cpg_inst *cpg_inst_lookup(cpg_handle_t handle);

void cpg_inst_put(struct cpg_inst *inst);

/**
 * struct cpg_call - a call of the program that uses an instance
 * @inst: with a reference
 * @cancel: the thread's cancellation state
 */
struct cpg_call {
	struct cpg_inst	*inst;
	int		cancel;
};

/**
 * cpg_call_begin() - begin a call that is no cancellation point
 * @call: to be ended with cpg_call_end() if true is returned
 * @handle: any number
 *
 * Return: false if the handle is not valid.
 */
bool cpg_call_begin(struct cpg_call *call, cpg_handle_t handle);

void cpg_call_end(struct cpg_call *call);

/**
 * cpg_inst_is_hung_up() - was the socket evicted, or is its node gone
 * @inst: open
 */
bool cpg_inst_is_hung_up(const struct cpg_inst *inst);

/**
 * cpg_inst_check() - what forbids any use of the instance
 * @inst: open
 *
 * Return: CS_OK, CS_ERR_BAD_HANDLE or CS_ERR_LIBRARY.
 */
cs_error_t cpg_inst_check(const struct cpg_inst *inst);

/**
 * cpg_inst_error() - why a system call on the socket failed
 * @inst: open
 * @err: errno, positive
 *
 * Return: what forbids any use, or cpg_errno_to_cs() of @err.
 */
cs_error_t cpg_inst_error(const struct cpg_inst *inst, int err);

/**
 * cpg_errno_to_cs() - corosync's mapping of errors
 * @err: errno, positive
 */
cs_error_t cpg_errno_to_cs(int err);

/**
 * cpg_inst_query() - getsockopt() with a result of any length
 * @inst: open
 * @option: CPGSO_MEMBERS or CPGSO_GROUPS
 * @group: what is asked for, or NULL
 * @res: where to store the result, to be freed by the caller
 * @len: where to store its length
 *
 * Return: CS_OK or an error.
 */
cs_error_t cpg_inst_query(const struct cpg_inst *inst, int option,
			  const struct cpg_group *group, void **res,
			  size_t *len);

/**
 * cpg_inst_members() - the members of a group, now
 * @inst: open
 * @name: the group
 * @res: where to store the result, to be freed by the caller
 *
 * Return: CS_OK or an error.
 */
cs_error_t cpg_inst_members(const struct cpg_inst *inst,
			    const struct cpg_name *name,
			    struct cpg_members **res);

/* Makes @group the socket's form of @name, whose length is valid. */
void cpg_group_init(struct cpg_group *group, const struct cpg_name *name);

/* And back. */
void cpg_name_init(struct cpg_name *name, const struct cpg_group *group);

/* Makes all iterations of a handle invalid. */
void cpg_iter_del_all(cpg_handle_t parent);

#endif /* LIBCPG_INST_H */
