// SPDX-License-Identifier: GPL-2.0
/* What can be asked about groups: members and iterations. */

#include "kselftest_harness.h"

#include <unistd.h>

#include "client.h"

enum {
	GROUPS = 20,
	PEERS = 3,
	CROWD = CPG_MEMBERS_MAX + 10,
};

FIXTURE(query)
{
	struct peer p[PEERS];
	struct client a;
	struct cpg_name name;
	struct cpg_address list[CPG_MEMBERS_MAX];
	struct cpg_address guard;	/* what is behind the list */
};

FIXTURE_SETUP(query)
{
	int i;

	ASSERT_EQ(0, client_node());
	for (i = 0; i < PEERS; i++)
		ASSERT_EQ(0, peer_start(&self->p[i]));
	self->name = client_name("group");
	ASSERT_EQ(CS_OK, client_open(&self->a));
}

FIXTURE_TEARDOWN(query)
{
	int i;

	cpg_finalize(self->a.handle);
	for (i = 0; i < PEERS; i++)
		peer_kill(&self->p[i]);
}

/* All in one group, last one first. */
static void all_join(struct __test_metadata *_metadata,
		     struct _test_data_query *self)
{
	int i;

	for (i = PEERS; i--;)
		ASSERT_EQ(CS_OK, peer_join(&self->p[i], "group"));
	ASSERT_TRUE(ev_is_conf(client_joined(&self->a, "group"), PEERS + 1, 0,
			       1));
}

TEST_F(query, c56_unknown_group)
{
	int n = 42;

	EXPECT_EQ(CS_OK, cpg_membership_get(self->a.handle, &self->name,
					    self->list, &n));
	EXPECT_EQ(0, n);
	EXPECT_EQ(CS_ERR_INVALID_PARAM,
		  cpg_membership_get(self->a.handle, &self->name, NULL, &n));
	EXPECT_EQ(CS_ERR_INVALID_PARAM,
		  cpg_membership_get(self->a.handle, &self->name, self->list,
				     NULL));
}

TEST_F(query, c57_members)
{
	unsigned int id;
	struct client b;
	int n = 0, i;

	all_join(_metadata, self);
	memset(self->list, 0xde, sizeof(self->list));
	/* Who is not a member may ask, too. */
	ASSERT_EQ(CS_OK, client_open(&b));
	ASSERT_EQ(CS_OK, cpg_local_get(b.handle, &id));
	ASSERT_EQ(CS_OK, cpg_membership_get(b.handle, &self->name, self->list,
					    &n));
	ASSERT_EQ(PEERS + 1, n);
	for (i = 0; i < n; i++) {
		EXPECT_EQ(id, self->list[i].nodeid);
		EXPECT_EQ(0, self->list[i].reason);
		if (i)
			EXPECT_LT(self->list[i - 1].pid, self->list[i].pid);
	}
	EXPECT_TRUE(ev_list_has(self->list, n, getpid(), 0));
	EXPECT_EQ(0xdededede, self->list[n].nodeid);
	EXPECT_EQ(CS_OK, cpg_finalize(b.handle));
}

static bool is_name(const struct cpg_iteration_description_t *item,
		    const char *text)
{
	struct cpg_name name = client_name(text);

	return !memcmp(&name, &item->group, sizeof(name));
}

TEST_F(query, c71_all)
{
	struct cpg_iteration_description_t item;
	int changes = 0, n = 0, mine = 0;
	cpg_iteration_handle_t iter;
	struct cpg_name last = { 0 };
	struct client b;

	all_join(_metadata, self);
	ASSERT_EQ(CS_OK, client_open(&b));
	ASSERT_NE(NULL, client_joined(&b, "other"));
	ASSERT_EQ(CS_OK, cpg_iteration_initialize(self->a.handle,
						  CPG_ITERATION_ALL, NULL,
						  &iter));
	EXPECT_NE(0, iter);
	while (cpg_iteration_next(iter, &item) == CS_OK) {
		changes += memcmp(&last, &item.group, sizeof(last)) != 0;
		last = item.group;
		mine += item.pid == (uint32_t)getpid() &&
			is_name(&item, "group");
		n++;
	}
	EXPECT_EQ(PEERS + 2, n);
	EXPECT_EQ(2, changes);
	EXPECT_EQ(1, mine);

	/* After the end comes the beginning. */
	EXPECT_EQ(CS_OK, cpg_iteration_next(iter, &item));
	EXPECT_EQ(CS_OK, cpg_iteration_finalize(iter));
	EXPECT_EQ(CS_ERR_BAD_HANDLE, cpg_iteration_finalize(iter));
	EXPECT_EQ(CS_ERR_BAD_HANDLE, cpg_iteration_next(iter, &item));
	EXPECT_EQ(CS_OK, cpg_finalize(b.handle));
}

TEST_F(query, c71_names)
{
	struct cpg_iteration_description_t item;
	cpg_iteration_handle_t iter;

	all_join(_metadata, self);
	ASSERT_EQ(CS_OK, cpg_iteration_initialize(self->a.handle,
						  CPG_ITERATION_NAME_ONLY,
						  NULL, &iter));
	memset(&item, 0xde, sizeof(item));
	ASSERT_EQ(CS_OK, cpg_iteration_next(iter, &item));
	EXPECT_TRUE(is_name(&item, "group"));
	EXPECT_EQ(0, item.nodeid);
	EXPECT_EQ(0, item.pid);
	EXPECT_EQ(CS_ERR_NO_SECTIONS, cpg_iteration_next(iter, &item));
	EXPECT_EQ(CS_OK, cpg_iteration_finalize(iter));
}

TEST_F(query, c71_one_group)
{
	struct cpg_iteration_description_t item;
	struct cpg_name none = client_name("none");
	cpg_iteration_handle_t iter;
	int n = 0;

	all_join(_metadata, self);
	ASSERT_EQ(CS_OK, cpg_iteration_initialize(self->a.handle,
						  CPG_ITERATION_ONE_GROUP,
						  &self->name, &iter));
	while (cpg_iteration_next(iter, &item) == CS_OK) {
		EXPECT_TRUE(is_name(&item, "group"));
		EXPECT_NE(0, item.pid);
		n++;
	}
	EXPECT_EQ(PEERS + 1, n);
	EXPECT_EQ(CS_OK, cpg_iteration_finalize(iter));

	ASSERT_EQ(CS_OK, cpg_iteration_initialize(self->a.handle,
						  CPG_ITERATION_ONE_GROUP,
						  &none, &iter));
	EXPECT_EQ(CS_ERR_NO_SECTIONS, cpg_iteration_next(iter, &item));
	EXPECT_EQ(CS_OK, cpg_iteration_finalize(iter));
}

TEST_F(query, c71_no_groups)
{
	struct cpg_iteration_description_t item;
	cpg_iteration_handle_t iter;

	ASSERT_EQ(CS_OK, cpg_iteration_initialize(self->a.handle,
						  CPG_ITERATION_ALL, NULL,
						  &iter));
	EXPECT_EQ(CS_ERR_NO_SECTIONS, cpg_iteration_next(iter, &item));
	EXPECT_EQ(CS_OK, cpg_iteration_finalize(iter));
}

TEST_F(query, many_groups)
{
	struct cpg_iteration_description_t item;
	char text[CPG_MAX_NAME_LENGTH];
	cpg_iteration_handle_t iter;
	struct client b[GROUPS];
	int i, n = 0;

	for (i = 0; i < GROUPS; i++) {
		snprintf(text, sizeof(text), "%0*d", 100 + i, i);
		ASSERT_EQ(CS_OK, client_open(&b[i]));
		ASSERT_NE(NULL, client_joined(&b[i], text));
	}
	ASSERT_EQ(CS_OK, cpg_iteration_initialize(self->a.handle,
						  CPG_ITERATION_ALL, NULL,
						  &iter));
	while (cpg_iteration_next(iter, &item) == CS_OK)
		n++;
	EXPECT_EQ(GROUPS, n);
	EXPECT_EQ(CS_OK, cpg_iteration_finalize(iter));
	for (i = 0; i < GROUPS; i++)
		ASSERT_EQ(CS_OK, cpg_finalize(b[i].handle));
}

TEST_F(query, c72_arguments)
{
	cpg_handle_t h = self->a.handle;
	struct cpg_name *name = &self->name;
	cpg_iteration_handle_t iter = 42;

	EXPECT_EQ(CS_ERR_INVALID_PARAM,
		  cpg_iteration_initialize(h, CPG_ITERATION_ALL, NULL, NULL));
	EXPECT_EQ(CS_ERR_INVALID_PARAM,
		  cpg_iteration_initialize(h, CPG_ITERATION_ALL, name, &iter));
	EXPECT_EQ(CS_ERR_INVALID_PARAM,
		  cpg_iteration_initialize(h, CPG_ITERATION_NAME_ONLY, name,
					   &iter));
	EXPECT_EQ(CS_ERR_INVALID_PARAM,
		  cpg_iteration_initialize(h, CPG_ITERATION_ONE_GROUP, NULL,
					   &iter));
	EXPECT_EQ(CS_ERR_INVALID_PARAM,
		  cpg_iteration_initialize(h, 0, NULL, &iter));
	EXPECT_EQ(CS_ERR_INVALID_PARAM,
		  cpg_iteration_initialize(h, 4, NULL, &iter));
	EXPECT_EQ(CS_ERR_INVALID_PARAM,
		  cpg_iteration_initialize(0, 4, NULL, &iter));
	name->length = 129;
	EXPECT_EQ(CS_ERR_NAME_TOO_LONG,
		  cpg_iteration_initialize(h, CPG_ITERATION_ALL, name, NULL));
	EXPECT_EQ(CS_ERR_BAD_HANDLE,
		  cpg_iteration_initialize(0, CPG_ITERATION_ALL, NULL, &iter));
	EXPECT_EQ(42, iter);
	EXPECT_EQ(CS_ERR_INVALID_PARAM, cpg_iteration_next(42, NULL));
}

TEST_F(query, c72_ends_with_its_handle)
{
	struct cpg_iteration_description_t item;
	cpg_iteration_handle_t iter, other;
	struct client b;

	ASSERT_EQ(CS_OK, client_open(&b));
	ASSERT_NE(NULL, client_joined(&b, "group"));
	ASSERT_EQ(CS_OK, cpg_iteration_initialize(self->a.handle,
						  CPG_ITERATION_ALL, NULL,
						  &iter));
	ASSERT_EQ(CS_OK, cpg_iteration_initialize(b.handle, CPG_ITERATION_ALL,
						  NULL, &other));
	ASSERT_EQ(CS_OK, cpg_finalize(self->a.handle));
	EXPECT_EQ(CS_ERR_BAD_HANDLE, cpg_iteration_next(iter, &item));
	EXPECT_EQ(CS_ERR_BAD_HANDLE, cpg_iteration_finalize(iter));
	EXPECT_EQ(CS_OK, cpg_iteration_next(other, &item));
	EXPECT_EQ(CS_OK, cpg_iteration_finalize(other));
	EXPECT_EQ(CS_OK, cpg_finalize(b.handle));
}

TEST_F(query, c73_snapshot)
{
	struct cpg_iteration_description_t item;
	cpg_iteration_handle_t iter;
	int n = 0;

	ASSERT_NE(NULL, client_joined(&self->a, "group"));
	ASSERT_EQ(CS_OK, cpg_iteration_initialize(self->a.handle,
						  CPG_ITERATION_ALL, NULL,
						  &iter));
	ASSERT_EQ(CS_OK, peer_join(&self->p[0], "group"));
	ASSERT_TRUE(ev_is_conf(client_next(&self->a), 2, 0, 1));
	ASSERT_EQ(CS_OK, client_leave(&self->a, "group"));
	ASSERT_TRUE(ev_is_conf(client_next(&self->a), 1, 1, 0));
	while (cpg_iteration_next(iter, &item) == CS_OK) {
		EXPECT_EQ(getpid(), (pid_t)item.pid);
		n++;
	}
	EXPECT_EQ(1, n);
	EXPECT_EQ(CS_OK, cpg_iteration_finalize(iter));
}

/*
 * More members than programs have room for: membership_get stores as many as
 * they must have, changes of the group have them all.
 */
TEST_F(query, c78_more_than_128_members)
{
	struct peer *crowd = calloc(CROWD, sizeof(*crowd));
	const struct ev *ev;
	int i, n = 0;

	ASSERT_EQ(CS_OK, cpg_finalize(self->a.handle));
	for (i = 0; i < CROWD; i++) {
		ASSERT_EQ(0, peer_start(&crowd[i]));
		ASSERT_EQ(CS_OK, peer_join(&crowd[i], "group"));
	}
	ASSERT_EQ(CS_OK, client_open(&self->a));
	ev = client_joined(&self->a, "group");
	ASSERT_TRUE(ev_is_conf(ev, CROWD + 1, 0, 1));
	EXPECT_EQ(getpid(), (pid_t)ev->joined[0].pid);

	EXPECT_EQ(CS_OK, cpg_membership_get(self->a.handle, &self->name,
					    self->list, &n));
	EXPECT_EQ(CPG_MEMBERS_MAX, n);
	for (i = 1; i < n; i++)
		EXPECT_LT(self->list[i - 1].pid, self->list[i].pid);
	EXPECT_EQ(0, self->guard.nodeid);

	for (i = 0; i < CROWD; i++)
		peer_kill(&crowd[i]);
	free(crowd);
}

TEST_HARNESS_MAIN
