/* SPDX-License-Identifier: (LGPL-2.1 OR BSD-3-Clause) */
/*
 * Closed process groups, as corosync's libcpg offers them.  Names, values,
 * layouts and prototypes are those of corosync 3.1, so that a program may be
 * compiled with either header and run with either library.
 *
 * cpg_overview(8) explains groups, events and order; each function has a
 * manual page of its own.
 */
#ifndef COROSYNC_CPG_H_DEFINED
#define COROSYNC_CPG_H_DEFINED

#include <corosync/corotypes.h>
#include <netinet/in.h>
#include <stddef.h>
#include <sys/socket.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Never 0, and never used again after cpg_finalize(). */
typedef uint64_t cpg_handle_t;
typedef uint64_t cpg_iteration_handle_t;

/* Every message goes out as CPG_TYPE_AGREED, in one total order. */
typedef enum {
	CPG_TYPE_UNORDERED,
	CPG_TYPE_FIFO,
	CPG_TYPE_AGREED,
	CPG_TYPE_SAFE
} cpg_guarantee_t;

typedef enum {
	CPG_FLOW_CONTROL_DISABLED,
	CPG_FLOW_CONTROL_ENABLED
} cpg_flow_control_state_t;

/* Why a process is in a list of those that joined or left. */
typedef enum {
	CPG_REASON_UNDEFINED = 0,	/* it is in the list of members */
	CPG_REASON_JOIN = 1,		/* it called cpg_join() */
	CPG_REASON_LEAVE = 2,		/* it called cpg_leave() */
	CPG_REASON_NODEDOWN = 3,	/* its node failed or is cut off */
	CPG_REASON_NODEUP = 4,		/* its node came, and it with it */
	CPG_REASON_PROCDOWN = 5		/* it ended without cpg_leave() */
} cpg_reason_t;

typedef enum {
	CPG_ITERATION_NAME_ONLY = 1,	/* each group once */
	CPG_ITERATION_ONE_GROUP = 2,	/* the members of one group */
	CPG_ITERATION_ALL = 3		/* the members of every group */
} cpg_iteration_type_t;

typedef enum {
	CPG_MODEL_V1 = 1
} cpg_model_t;

struct cpg_address {
	uint32_t	nodeid;
	uint32_t	pid;
	uint32_t	reason;		/* cpg_reason_t */
};

#define CPG_MAX_NAME_LENGTH	128

/*
 * Any bytes; two names are equal if their lengths and their bytes are.  So
 * "group" with and without its NUL byte counted are two groups.
 */
struct cpg_name {
	uint32_t	length;
	char		value[CPG_MAX_NAME_LENGTH];
};

/* The room cpg_membership_get() needs. */
#define CPG_MEMBERS_MAX		128

struct cpg_iteration_description_t {
	struct cpg_name	group;
	uint32_t	nodeid;
	uint32_t	pid;
};

struct cpg_ring_id {
	uint32_t	nodeid;
	uint64_t	seq;
};

/*
 * @msg may be written to, and is valid until the function returns; it is
 * aligned to 8 bytes.
 */
typedef void (*cpg_deliver_fn_t)(cpg_handle_t handle,
				 const struct cpg_name *group_name,
				 uint32_t nodeid, uint32_t pid,
				 void *msg, size_t msg_len);

typedef void (*cpg_confchg_fn_t)(cpg_handle_t handle,
				 const struct cpg_name *group_name,
				 const struct cpg_address *member_list,
				 size_t member_list_entries,
				 const struct cpg_address *left_list,
				 size_t left_list_entries,
				 const struct cpg_address *joined_list,
				 size_t joined_list_entries);

typedef void (*cpg_totem_confchg_fn_t)(cpg_handle_t handle,
				       struct cpg_ring_id ring_id,
				       uint32_t member_list_entries,
				       const uint32_t *member_list);

typedef struct {
	cpg_deliver_fn_t	cpg_deliver_fn;
	cpg_confchg_fn_t	cpg_confchg_fn;
} cpg_callbacks_t;

/* The common head of the data of every model. */
typedef struct {
	cpg_model_t	model;
} cpg_model_data_t;

/* flags: the present nodes are told once after cpg_join(), too. */
#define CPG_MODEL_V1_DELIVER_INITIAL_TOTEM_CONF	0x01

typedef struct {
	cpg_model_t		model;
	cpg_deliver_fn_t	cpg_deliver_fn;
	cpg_confchg_fn_t	cpg_confchg_fn;
	cpg_totem_confchg_fn_t	cpg_totem_confchg_fn;
	unsigned int		flags;
} cpg_model_v1_data_t;

cs_error_t cpg_initialize(cpg_handle_t *handle, cpg_callbacks_t *callbacks);

cs_error_t cpg_model_initialize(cpg_handle_t *handle, cpg_model_t model,
				cpg_model_data_t *model_data, void *context);

cs_error_t cpg_finalize(cpg_handle_t handle);

cs_error_t cpg_fd_get(cpg_handle_t handle, int *fd);

cs_error_t cpg_max_atomic_msgsize_get(cpg_handle_t handle, uint32_t *size);

cs_error_t cpg_context_get(cpg_handle_t handle, void **context);

cs_error_t cpg_context_set(cpg_handle_t handle, void *context);

cs_error_t cpg_dispatch(cpg_handle_t handle,
			cs_dispatch_flags_t dispatch_types);

cs_error_t cpg_join(cpg_handle_t handle, const struct cpg_name *group);

cs_error_t cpg_leave(cpg_handle_t handle, const struct cpg_name *group);

cs_error_t cpg_mcast_joined(cpg_handle_t handle, cpg_guarantee_t guarantee,
			    const struct iovec *iovec, unsigned int iov_len);

cs_error_t cpg_membership_get(cpg_handle_t handle,
			      struct cpg_name *group_name,
			      struct cpg_address *member_list,
			      int *member_list_entries);

cs_error_t cpg_local_get(cpg_handle_t handle, unsigned int *local_nodeid);

cs_error_t
cpg_flow_control_state_get(cpg_handle_t handle,
			   cpg_flow_control_state_t *flow_control_enabled);

cs_error_t cpg_zcb_alloc(cpg_handle_t handle, size_t size, void **buffer);

cs_error_t cpg_zcb_free(cpg_handle_t handle, void *buffer);

cs_error_t cpg_zcb_mcast_joined(cpg_handle_t handle,
				cpg_guarantee_t guarantee,
				void *msg, size_t msg_len);

cs_error_t
cpg_iteration_initialize(cpg_handle_t handle,
			 cpg_iteration_type_t iteration_type,
			 const struct cpg_name *group,
			 cpg_iteration_handle_t *cpg_iteration_handle);

cs_error_t cpg_iteration_next(cpg_iteration_handle_t handle,
			      struct cpg_iteration_description_t *description);

cs_error_t cpg_iteration_finalize(cpg_iteration_handle_t handle);

#ifdef __cplusplus
}
#endif

#endif /* COROSYNC_CPG_H_DEFINED */
