// SPDX-License-Identifier: GPL-2.0
/*
 * What programs were compiled with.  It must compile with our headers and with
 * those of Debian's libcpg-dev; see abi.sh.
 */
#include <assert.h>
#include <corosync/cpg.h>
#include <stdalign.h>
#include <stddef.h>
#include <sys/uio.h>

#define SAME(a, b)	static_assert((a) == (b), #a)
#define AT(type, field, offset)	SAME(offsetof(type, field), offset)

SAME(sizeof(cpg_handle_t), 8);
SAME(sizeof(cpg_iteration_handle_t), 8);
SAME((cpg_handle_t)-1 > 0, 1);
SAME(sizeof(cs_time_t), 8);
SAME(sizeof(cs_error_t), 4);
SAME(sizeof(cs_dispatch_flags_t), 4);
SAME(sizeof(cpg_guarantee_t), 4);
SAME(sizeof(cpg_flow_control_state_t), 4);
SAME(sizeof(cpg_reason_t), 4);
SAME(sizeof(cpg_iteration_type_t), 4);
SAME(sizeof(cpg_model_t), 4);

SAME(sizeof(struct cpg_address), 12);
SAME(alignof(struct cpg_address), 4);
AT(struct cpg_address, nodeid, 0);
AT(struct cpg_address, pid, 4);
AT(struct cpg_address, reason, 8);

SAME(sizeof(struct cpg_name), 132);
SAME(alignof(struct cpg_name), 4);
AT(struct cpg_name, length, 0);
AT(struct cpg_name, value, 4);

SAME(sizeof(struct cpg_iteration_description_t), 140);
AT(struct cpg_iteration_description_t, group, 0);
AT(struct cpg_iteration_description_t, nodeid, 132);
AT(struct cpg_iteration_description_t, pid, 136);

SAME(sizeof(struct cpg_ring_id), 16);
SAME(alignof(struct cpg_ring_id), 8);
AT(struct cpg_ring_id, nodeid, 0);
AT(struct cpg_ring_id, seq, 8);

SAME(sizeof(cpg_callbacks_t), 16);
AT(cpg_callbacks_t, cpg_deliver_fn, 0);
AT(cpg_callbacks_t, cpg_confchg_fn, 8);

SAME(sizeof(cpg_model_data_t), 4);
SAME(sizeof(cpg_model_v1_data_t), 40);
AT(cpg_model_v1_data_t, model, 0);
AT(cpg_model_v1_data_t, cpg_deliver_fn, 8);
AT(cpg_model_v1_data_t, cpg_confchg_fn, 16);
AT(cpg_model_v1_data_t, cpg_totem_confchg_fn, 24);
AT(cpg_model_v1_data_t, flags, 32);

SAME(sizeof(cs_name_t), 258);
AT(cs_name_t, value, 2);
SAME(sizeof(cs_version_t), 3);

SAME(CPG_TYPE_UNORDERED, 0);
SAME(CPG_TYPE_FIFO, 1);
SAME(CPG_TYPE_AGREED, 2);
SAME(CPG_TYPE_SAFE, 3);
SAME(CPG_FLOW_CONTROL_DISABLED, 0);
SAME(CPG_FLOW_CONTROL_ENABLED, 1);
SAME(CPG_REASON_UNDEFINED, 0);
SAME(CPG_REASON_JOIN, 1);
SAME(CPG_REASON_LEAVE, 2);
SAME(CPG_REASON_NODEDOWN, 3);
SAME(CPG_REASON_NODEUP, 4);
SAME(CPG_REASON_PROCDOWN, 5);
SAME(CPG_ITERATION_NAME_ONLY, 1);
SAME(CPG_ITERATION_ONE_GROUP, 2);
SAME(CPG_ITERATION_ALL, 3);
SAME(CPG_MODEL_V1, 1);
SAME(CPG_MODEL_V1_DELIVER_INITIAL_TOTEM_CONF, 1);
SAME(CPG_MAX_NAME_LENGTH, 128);
SAME(CPG_MEMBERS_MAX, 128);

SAME(CS_DISPATCH_ONE, 1);
SAME(CS_DISPATCH_ALL, 2);
SAME(CS_DISPATCH_BLOCKING, 3);
SAME(CS_DISPATCH_ONE_NONBLOCKING, 4);

SAME(CS_OK, 1);
SAME(CS_ERR_LIBRARY, 2);
SAME(CS_ERR_VERSION, 3);
SAME(CS_ERR_INIT, 4);
SAME(CS_ERR_TIMEOUT, 5);
SAME(CS_ERR_TRY_AGAIN, 6);
SAME(CS_ERR_INVALID_PARAM, 7);
SAME(CS_ERR_NO_MEMORY, 8);
SAME(CS_ERR_BAD_HANDLE, 9);
SAME(CS_ERR_BUSY, 10);
SAME(CS_ERR_ACCESS, 11);
SAME(CS_ERR_NOT_EXIST, 12);
SAME(CS_ERR_NAME_TOO_LONG, 13);
SAME(CS_ERR_EXIST, 14);
SAME(CS_ERR_NO_SPACE, 15);
SAME(CS_ERR_INTERRUPT, 16);
SAME(CS_ERR_NAME_NOT_FOUND, 17);
SAME(CS_ERR_NO_RESOURCES, 18);
SAME(CS_ERR_NOT_SUPPORTED, 19);
SAME(CS_ERR_BAD_OPERATION, 20);
SAME(CS_ERR_FAILED_OPERATION, 21);
SAME(CS_ERR_MESSAGE_ERROR, 22);
SAME(CS_ERR_QUEUE_FULL, 23);
SAME(CS_ERR_QUEUE_NOT_AVAILABLE, 24);
SAME(CS_ERR_BAD_FLAGS, 25);
SAME(CS_ERR_TOO_BIG, 26);
SAME(CS_ERR_NO_SECTIONS, 27);
SAME(CS_ERR_CONTEXT_NOT_FOUND, 28);
SAME(CS_ERR_TOO_MANY_GROUPS, 30);
SAME(CS_ERR_SECURITY, 100);

#define SAME_FN(func, ret, ...) \
	SAME(__builtin_types_compatible_p(__typeof__(func), \
					  ret(__VA_ARGS__)), 1)

SAME_FN(cpg_initialize, cs_error_t, cpg_handle_t *, cpg_callbacks_t *);
SAME_FN(cpg_model_initialize, cs_error_t, cpg_handle_t *, cpg_model_t,
	cpg_model_data_t *, void *);
SAME_FN(cpg_finalize, cs_error_t, cpg_handle_t);
SAME_FN(cpg_fd_get, cs_error_t, cpg_handle_t, int *);
SAME_FN(cpg_max_atomic_msgsize_get, cs_error_t, cpg_handle_t, uint32_t *);
SAME_FN(cpg_context_get, cs_error_t, cpg_handle_t, void **);
SAME_FN(cpg_context_set, cs_error_t, cpg_handle_t, void *);
SAME_FN(cpg_dispatch, cs_error_t, cpg_handle_t, cs_dispatch_flags_t);
SAME_FN(cpg_join, cs_error_t, cpg_handle_t, const struct cpg_name *);
SAME_FN(cpg_leave, cs_error_t, cpg_handle_t, const struct cpg_name *);
SAME_FN(cpg_mcast_joined, cs_error_t, cpg_handle_t, cpg_guarantee_t,
	const struct iovec *, unsigned int);
SAME_FN(cpg_membership_get, cs_error_t, cpg_handle_t, struct cpg_name *,
	struct cpg_address *, int *);
SAME_FN(cpg_local_get, cs_error_t, cpg_handle_t, unsigned int *);
SAME_FN(cpg_flow_control_state_get, cs_error_t, cpg_handle_t,
	cpg_flow_control_state_t *);
SAME_FN(cpg_zcb_alloc, cs_error_t, cpg_handle_t, size_t, void **);
SAME_FN(cpg_zcb_free, cs_error_t, cpg_handle_t, void *);
SAME_FN(cpg_zcb_mcast_joined, cs_error_t, cpg_handle_t, cpg_guarantee_t,
	void *, size_t);
SAME_FN(cpg_iteration_initialize, cs_error_t, cpg_handle_t,
	cpg_iteration_type_t, const struct cpg_name *,
	cpg_iteration_handle_t *);
SAME_FN(cpg_iteration_next, cs_error_t, cpg_iteration_handle_t,
	struct cpg_iteration_description_t *);
SAME_FN(cpg_iteration_finalize, cs_error_t, cpg_iteration_handle_t);

SAME_FN(cs_strerror, const char *, cs_error_t);
SAME_FN(qb_to_cs_error, cs_error_t, int);
SAME_FN(hdb_error_to_cs, cs_error_t, int);

SAME_FN(*(cpg_deliver_fn_t)0, void, cpg_handle_t, const struct cpg_name *,
	uint32_t, uint32_t, void *, size_t);
SAME_FN(*(cpg_confchg_fn_t)0, void, cpg_handle_t, const struct cpg_name *,
	const struct cpg_address *, size_t, const struct cpg_address *, size_t,
	const struct cpg_address *, size_t);
SAME_FN(*(cpg_totem_confchg_fn_t)0, void, cpg_handle_t, struct cpg_ring_id,
	uint32_t, const uint32_t *);
