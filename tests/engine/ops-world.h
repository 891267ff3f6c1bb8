/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "store-fixture.h"
#include "tern-op-runner-private.h"
#include "tern-script-server.h"

G_BEGIN_DECLS

/**
 * FakeRemote:
 *
 * A server that answers when the test wants.
 */
#define FAKE_TYPE_REMOTE (fake_remote_get_type ())
G_DECLARE_FINAL_TYPE (FakeRemote, fake_remote, FAKE, REMOTE, GObject)

struct _FakeRemote
{
  GObject parent;
  GPtrArray *ops; /* (owned) of TernRemoteOp: everything that was sent */
  GTask *task;    /* (owned) (nullable): waits for the test */
  TernRefusal refusal;
};

/**
 * World:
 *
 * What is around a runner of operations: a store, in which INBOX and Archive are synced, the
 * server, and what the runner told.
 */
typedef struct
{
  StoreFixture *store;
  FakeRemote *remote;
  TernOpRunner *runner;
  GPtrArray *notes; /* of char* */
  guint syncs_wanted;
  guint doubts;
} World;

void world_init (World *self);
void world_clear (World *self);

/* The @n-th that was sent, which waits for its answer. */
TernRemoteOp *world_wait_sent (World *self, guint n);
/* OK; @target 0: without a new uid. */
void world_answer_pair (World *self, guint32 source, guint32 target);
void world_answer_cut (World *self);

/* To Archive; flagged. Return the operation. */
TernId world_move (World *self, const TernId *ids, guint n);
TernId world_flag (World *self, const TernId *ids, guint n);
TernOpState world_state_of (World *self, TernId op);
/* As if it had been tried @attempts times. */
void world_set_attempts (World *self, TernId op, guint attempts);

G_END_DECLS
