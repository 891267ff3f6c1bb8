/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "engine-fixture.h"

#include <ftw.h>
#include <glib/gstdio.h>
#include <string.h>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/lsan_interface.h>
#endif

#define SECONDS 60

static char *secrets_dir;

static int
remove_one (const char *path, const struct stat *info, int type, struct FTW *state)
{
  return g_remove (path);
}

void
engine_fixture_remove_dir (const char *dir)
{
  nftw (dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void
remove_secrets (void)
{
  engine_fixture_remove_dir (secrets_dir);
  g_free (secrets_dir);
}

void
engine_fixture_prepare (void)
{
  g_autofree char *path = NULL;

  secrets_dir = g_dir_make_tmp ("tern-secrets-XXXXXX", NULL);
  path = g_build_filename (secrets_dir, "keyring", NULL);
  atexit (remove_secrets);
  g_setenv ("SECRET_FILE_TEST_PATH", path, TRUE);
  g_setenv ("GSETTINGS_BACKEND", "memory", TRUE);
  g_setenv ("GIO_USE_VFS", "local", TRUE);
  g_setenv ("SECRET_BACKEND", "file", TRUE);
  g_setenv ("SECRET_FILE_TEST_PASSWORD", "test", TRUE);
}

/* Waiting */

static gboolean
on_tick (gpointer data)
{
  return G_SOURCE_CONTINUE;
}

void
engine_wait_for (const char *where,
                 const char *what,
                 EngineCondition condition,
                 gpointer data,
                 guint seconds)
{
  gint64 deadline = g_get_monotonic_time () + seconds * G_USEC_PER_SEC;
  guint tick = g_timeout_add (10, on_tick, NULL);

  while (!condition (data))
    {
      if (g_get_monotonic_time () > deadline)
        g_error ("%s: %s did not come true within %u s", where, what, seconds);
      g_main_context_iteration (NULL, TRUE);
    }
  g_source_remove (tick);
}

static gboolean
is_set (gpointer data)
{
  return *(gpointer *) data != NULL;
}

void
engine_store_result (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GAsyncResult **slot = user_data;

  *slot = g_object_ref (result);
}

GAsyncResult *
engine_await (GAsyncResult **slot)
{
  engine_wait (is_set, slot);
  return g_steal_pointer (slot);
}

typedef struct
{
  EngineFixture *fixture;
  const char *uuid;
  TernAccountState state;
} StateWait;

static gboolean
has_state (gpointer data)
{
  StateWait *wait = data;
  TernAccountStatus *status = tern_engine_dup_account_status (wait->fixture->engine, wait->uuid);
  gboolean ok = status != NULL && status->state == wait->state;

  tern_account_status_free (status);
  return ok;
}

void
engine_wait_state (EngineFixture *self, const char *uuid, TernAccountState state)
{
  StateWait wait = { self, uuid, state };

  engine_wait (has_state, &wait);
}

/* Life */

static void
on_note (TernEngine *engine, const char *uuid, const GError *error, EngineFixture *self)
{
  g_test_message ("note: %s", error->message);
  g_ptr_array_add (self->notes, g_strdup (error->message));
}

static void
on_new_mail (TernEngine *engine, const char *uuid, GPtrArray *records, EngineFixture *self)
{
  for (guint i = 0; i < records->len; i++)
    {
      const TernMessageRecord *record = g_ptr_array_index (records, i);

      g_ptr_array_add (self->new_mail, g_strdup (record->facts->subject));
    }
}

EngineFixture *
engine_fixture_new (void)
{
  EngineFixture *self = g_new0 (EngineFixture, 1);
  g_autoptr (GError) error = NULL;

  self->dir = g_dir_make_tmp ("tern-engine-XXXXXX", &error);
  g_assert_no_error (error);
  self->notes = g_ptr_array_new_with_free_func (g_free);
  self->new_mail = g_ptr_array_new_with_free_func (g_free);
  return self;
}

GError *
engine_fixture_try_open (EngineFixture *self, gboolean online)
{
  g_autofree char *data = g_build_filename (self->dir, "data", NULL);
  g_autofree char *config = g_build_filename (self->dir, "config", NULL);
  GAsyncResult *slot = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  GError *error = NULL;

  self->engine = tern_engine_new (data, config);
  g_signal_connect (self->engine, "note", G_CALLBACK (on_note), self);
  g_signal_connect (self->engine, "new-mail", G_CALLBACK (on_new_mail), self);
  tern_engine_open_async (self->engine, online, NULL, engine_store_result, &slot);
  result = engine_await (&slot);
  tern_engine_open_finish (self->engine, result, NULL, &error);
  return error;
}

void
engine_fixture_open (EngineFixture *self, gboolean online)
{
  g_autoptr (GError) error = engine_fixture_try_open (self, online);

  g_assert_no_error (error);
}

void
engine_fixture_close (EngineFixture *self)
{
  GAsyncResult *slot = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  gint64 began = g_get_monotonic_time ();

  if (self->engine == NULL)
    return;
  tern_engine_close_async (self->engine, engine_store_result, &slot);
  result = engine_await (&slot);
  tern_engine_close_finish (self->engine, result, &error);
  g_assert_no_error (error);
  g_clear_object (&result);
  /* Less than what is given to sessions that do not close by themselves. */
  g_test_message ("closed in %.3f s", (g_get_monotonic_time () - began) / 1e6);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_finalize_object (g_steal_pointer (&self->engine));
}

void
engine_fixture_free (EngineFixture *self)
{
  engine_fixture_close (self);
  engine_fixture_remove_dir (self->dir);
  g_ptr_array_unref (self->notes);
  g_ptr_array_unref (self->new_mail);
  g_free (self->dir);
  g_free (self);
}

static void
save_account (EngineFixture *self, TernAccountSettings *settings, const char *password)
{
  GAsyncResult *slot = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  tern_engine_save_account_async (self->engine, settings, password, NULL, NULL, engine_store_result,
                                  &slot);
  result = engine_await (&slot);
  tern_engine_save_account_finish (self->engine, result, &error);
  g_assert_no_error (error);
}

/* The file backend of libsecret 0.20 forgets the entity tag of the file that it wrote before: each
 * secret is written once for all tests, and leaks of that are not looked at. */
char *
engine_fixture_add_account (EngineFixture *self,
                            TernAccountSettings *settings,
                            const char *password)
{
  static const char *stored[8];
  g_autofree char *secret = g_strdup_printf ("%s %s", settings->uuid, password);
  guint n = 0;

  while (n < G_N_ELEMENTS (stored) && stored[n] != NULL && strcmp (stored[n], secret) != 0)
    n++;
  g_assert_cmpuint (n, <, G_N_ELEMENTS (stored));
  if (stored[n] != NULL)
    {
      save_account (self, settings, NULL);
      return g_strdup (settings->uuid);
    }
  stored[n] = g_intern_string (secret);
#ifdef __SANITIZE_ADDRESS__
  __lsan_disable ();
#endif
  save_account (self, settings, password);
#ifdef __SANITIZE_ADDRESS__
  __lsan_enable ();
#endif
  return g_strdup (settings->uuid);
}

/* Looking */

TernSyncReport *
engine_fixture_sync (EngineFixture *self, const char *uuid)
{
  GAsyncResult *slot = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  TernSyncReport *report;

  tern_engine_sync_async (self->engine, uuid, NULL, FALSE, NULL, engine_store_result, &slot);
  result = engine_await (&slot);
  report = tern_engine_sync_finish (self->engine, result, &error);
  g_assert_no_error (error);
  return report;
}

typedef struct
{
  TernId account;
  const char *path;
} FolderQuery;

static gboolean
read_folder (TernReader *reader,
             gpointer data,
             GCancellable *cancellable,
             gpointer *result,
             GError **error)
{
  const FolderQuery *query = data;

  *result = tern_read_folder_by_path (reader, query->account, query->path, error);
  return error == NULL || *error == NULL;
}

static gboolean
read_messages (TernReader *reader,
               gpointer data,
               GCancellable *cancellable,
               gpointer *result,
               GError **error)
{
  const FolderQuery *query = data;
  g_autoptr (TernFolderRecord) folder =
      tern_read_folder_by_path (reader, query->account, query->path, NULL);
  g_autoptr (GArray) keys = NULL;
  g_autoptr (GArray) ids = g_array_new (FALSE, FALSE, sizeof (TernId));

  if (folder == NULL)
    {
      *result = g_ptr_array_new ();
      return TRUE;
    }
  keys = tern_read_keys (reader, folder->id, TERN_FILTER_ALL, 0, error);
  if (keys == NULL)
    return FALSE;
  for (guint i = 0; i < keys->len; i++)
    g_array_append_val (ids, g_array_index (keys, TernListKey, i).id);
  *result = tern_read_messages (reader, (const TernId *) ids->data, ids->len, error);
  return *result != NULL;
}

static int
compare_text (gconstpointer a, gconstpointer b)
{
  return g_strcmp0 (*(char *const *) a, *(char *const *) b);
}

static gboolean
read_dump (TernReader *reader,
           gpointer data,
           GCancellable *cancellable,
           gpointer *result,
           GError **error)
{
  const FolderQuery *query = data;
  g_autoptr (GPtrArray) folders = tern_read_folders (reader, query->account, error);
  g_autoptr (GPtrArray) lines = g_ptr_array_new_with_free_func (g_free);

  if (folders == NULL)
    return FALSE;
  for (guint i = 0; i < folders->len; i++)
    {
      const TernFolderRecord *folder = g_ptr_array_index (folders, i);
      FolderQuery inner = { query->account, folder->path };
      g_autoptr (GPtrArray) messages = NULL;
      gpointer value = NULL;

      if (!read_messages (reader, &inner, NULL, &value, error))
        return FALSE;
      messages = value;
      for (guint j = 0; j < messages->len; j++)
        {
          const TernMessageRecord *record = g_ptr_array_index (messages, j);
          TernId where = 0;
          guint32 uid = tern_read_uid (reader, record->id, &where, NULL);

          g_ptr_array_add (lines, g_strdup_printf ("%s/%u %s %x", folder->path, uid,
                                                   record->facts->subject, record->flags));
        }
    }
  g_ptr_array_sort (lines, compare_text);
  g_ptr_array_add (lines, NULL);
  *result = g_strjoinv ("\n", (char **) lines->pdata);
  return TRUE;
}

static gpointer
run_read (EngineFixture *self, const char *uuid, const char *path, TernStoreRead func)
{
  FolderQuery query = { tern_engine_get_account_row (self->engine, uuid), path };
  GAsyncResult *slot = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  gpointer value = NULL;

  tern_store_read_async (tern_engine_get_store (self->engine), TERN_LANE_LIST, G_PRIORITY_DEFAULT,
                         func, &query, NULL, NULL, NULL, engine_store_result, &slot);
  result = engine_await (&slot);
  tern_store_read_finish (tern_engine_get_store (self->engine), result, &value, &error);
  g_assert_no_error (error);
  return value;
}

TernFolderRecord *
engine_fixture_folder (EngineFixture *self, const char *uuid, const char *path)
{
  return run_read (self, uuid, path, read_folder);
}

GPtrArray *
engine_fixture_messages (EngineFixture *self, const char *uuid, const char *path)
{
  return run_read (self, uuid, path, read_messages);
}

char *
engine_fixture_dump (EngineFixture *self, const char *uuid)
{
  return run_read (self, uuid, NULL, read_dump);
}

TernMessageRecord *
engine_fixture_find (EngineFixture *self, const char *uuid, const char *path, const char *subject)
{
  g_autoptr (GPtrArray) messages = engine_fixture_messages (self, uuid, path);

  for (guint i = 0; i < messages->len; i++)
    {
      TernMessageRecord *record = g_ptr_array_index (messages, i);

      if (g_strcmp0 (record->facts->subject, subject) == 0)
        return g_ptr_array_steal_index (messages, i);
    }
  return NULL;
}

void
engine_fixture_finish_ops (EngineFixture *self, GArray *operations)
{
  GAsyncResult *slot = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  tern_engine_wait_ops_async (self->engine, operations, NULL, engine_store_result, &slot);
  result = engine_await (&slot);
  tern_engine_wait_ops_finish (self->engine, result, NULL, &error);
  g_assert_no_error (error);
}
