/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "store-fixture.h"

G_BEGIN_DECLS

/* A person's verbs, what a runner writes of them, and what is shown: each in a transaction of its
 * own, that must not fail. */

TernFlags op_flags_of (StoreFixture *f, TernId location);
TernId op_folder_of (StoreFixture *f, TernId location); /* 0: it is not shown */

/* Return the operation, or 0 when nothing was left to do. */
TernId op_flag (StoreFixture *f, TernId location, TernFlags add, TernFlags remove);
TernId op_move (StoreFixture *f, TernId location, TernId target);
/* To Archive, and begun. */
TernId op_move_two (StoreFixture *f, const TernId *ids);
gboolean op_undo (StoreFixture *f, TernId op);

void op_run (StoreFixture *f, TernId op);
/* @target: the new uid of @source; 0 when the server told none. */
void op_confirm (StoreFixture *f, TernId op, guint32 source, guint32 target);
void op_refuse (StoreFixture *f, TernId op); /* "the server said no" */

/* Of TernId. */
GArray *op_runnable (StoreFixture *f);
GArray *op_undoing (StoreFixture *f, TernId op);
GArray *op_undoable (StoreFixture *f, GError **error);

gboolean op_is_runnable (StoreFixture *f, TernId op);
/* These two, or fewer (0), and no others. */
void op_assert_runnable (StoreFixture *f, TernId a, TernId b);

G_END_DECLS
