/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-engine.h"

G_BEGIN_DECLS

/**
 * EngineFixture:
 *
 * An engine in a throw-away folder, with helpers that wait: every one iterates the main context and
 * ends the test after a minute. Secrets go to libsecret's file backend in that folder.
 */
typedef struct
{
  char *dir;
  TernEngine *engine;
  GPtrArray *notes;    /* of char*: every "note" */
  GPtrArray *new_mail; /* of char*: subjects of every "new-mail" */
} EngineFixture;

/* Once per program, before anything else. */
void engine_fixture_prepare (void);

EngineFixture *engine_fixture_new (void);
/* The same folder again, as after a restart. */
void engine_fixture_open (EngineFixture *self, gboolean online);
GError *engine_fixture_try_open (EngineFixture *self, gboolean online);
void engine_fixture_close (EngineFixture *self);
void engine_fixture_free (EngineFixture *self);
void engine_fixture_remove_dir (const char *dir);

/* Returns the uuid. */
char *engine_fixture_add_account (EngineFixture *self,
                                  TernAccountSettings *settings,
                                  const char *password);

typedef gboolean (*EngineCondition) (gpointer data);
#define engine_wait(condition, data) engine_wait_for (G_STRLOC, #condition, condition, data, 60)
void engine_wait_for (const char *where,
                      const char *what,
                      EngineCondition condition,
                      gpointer data,
                      guint seconds);
void engine_wait_state (EngineFixture *self, const char *uuid, TernAccountState state);
void engine_store_result (GObject *source, GAsyncResult *result, gpointer user_data);
GAsyncResult *engine_await (GAsyncResult **slot);

TernSyncReport *engine_fixture_sync (EngineFixture *self, const char *uuid);
TernFolderRecord *engine_fixture_folder (EngineFixture *self, const char *uuid, const char *path);
/* Newest first; of TernMessageRecord. Empty when there is no such folder. */
GPtrArray *engine_fixture_messages (EngineFixture *self, const char *uuid, const char *path);
/* Of the whole account: "FOLDER/UID subject flags" lines, sorted. */
char *engine_fixture_dump (EngineFixture *self, const char *uuid);
TernMessageRecord *
engine_fixture_find (EngineFixture *self, const char *uuid, const char *path, const char *subject);
void engine_fixture_finish_ops (EngineFixture *self, GArray *operations);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EngineFixture, engine_fixture_free)

G_END_DECLS
