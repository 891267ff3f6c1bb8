/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-mime-build.h"

#include <gio/gio.h>

G_BEGIN_DECLS

/*
 * What is being written is kept in a file of its own below the data folder (0600) until it has been
 * sent or discarded, so that neither a crash nor the end of the session loses it. Thread: UI; all
 * disk access is asynchronous.
 */

/** TernKeptDraft: a draft found at start, and the name it is kept under. */
typedef struct
{
  char *name;
  TernDraft *draft;
} TernKeptDraft;

void tern_kept_draft_free (TernKeptDraft *self);

/* A name that nothing is kept under. */
char *tern_draft_keeper_new_name (void);
/* Where that is, for who writes it himself. */
char *tern_draft_keeper_dup_path (const char *name);
/* Replaces what is kept under @name as a whole. @app is held until it is on the disk. */
void tern_draft_keeper_save (GApplication *app, const char *name, const TernDraft *draft);
/* It was sent or discarded. */
void tern_draft_keeper_drop (const char *name);

/* Everything that is kept: GPtrArray of TernKeptDraft; what cannot be read is left where it is. */
void tern_draft_keeper_load_async (GCancellable *cancellable,
                                   GAsyncReadyCallback callback,
                                   gpointer user_data);
GPtrArray *tern_draft_keeper_load_finish (GAsyncResult *result, GError **error);

G_END_DECLS
