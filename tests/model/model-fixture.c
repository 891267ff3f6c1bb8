/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "model-fixture.h"

typedef struct
{
  ModelWrite write;
  gpointer data;
} Write;

static gboolean
run_write (TernTxn *txn, gpointer data, gpointer *result, GError **error)
{
  Write *write = data;

  write->write (txn, write->data);
  return TRUE;
}

static void
start_write (EngineFixture *fixture,
             ModelWrite write,
             gpointer data,
             GAsyncReadyCallback callback,
             gpointer user_data)
{
  Write *request = g_new0 (Write, 1);

  request->write = write;
  request->data = data;
  tern_store_write_async (tern_engine_get_store (fixture->engine), G_PRIORITY_DEFAULT, run_write,
                          request, g_free, NULL, callback, user_data);
}

void
model_write (EngineFixture *fixture, ModelWrite write, gpointer data)
{
  GAsyncResult *slot = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  start_write (fixture, write, data, engine_store_result, &slot);
  result = engine_await (&slot);
  tern_store_write_finish (tern_engine_get_store (fixture->engine), result, NULL, &error);
  g_assert_no_error (error);
}

void
model_write_later (EngineFixture *fixture, ModelWrite write, gpointer data)
{
  start_write (fixture, write, data, NULL, NULL);
}

static void
write_account (TernTxn *txn, gpointer data)
{
  *(TernId *) data = tern_txn_ensure_account (txn, "uuid-of-a-test", NULL);
}

TernId
model_add_account (EngineFixture *fixture)
{
  TernId id = 0;

  model_write (fixture, write_account, &id);
  g_assert_cmpint (id, >, 0);
  return id;
}

typedef struct
{
  TernFolderRecord record;
  TernId id;
} FolderWrite;

static void
write_folder (TernTxn *txn, gpointer data)
{
  FolderWrite *write = data;
  g_autoptr (GError) error = NULL;

  write->id = tern_txn_put_folder (txn, &write->record, &error);
  g_assert_no_error (error);
}

TernId
model_add_folder (EngineFixture *fixture, TernId account, const char *path, TernRole role)
{
  const char *slash = strrchr (path, '/');
  FolderWrite write = { 0 };

  write.record.account = account;
  write.record.path = (char *) path;
  write.record.name = (char *) (slash != NULL ? slash + 1 : path);
  write.record.remote_name = (char *) path;
  write.record.delimiter = '/';
  write.record.role = role;
  write.record.subscribed = write.record.selectable = TRUE;
  model_write (fixture, write_folder, &write);
  g_assert_cmpint (write.id, >, 0);
  return write.id;
}

void
model_add_message (TernTxn *txn, TernId folder, guint32 uid, gint64 date, TernFlags flags)
{
  g_autoptr (TernMessageFacts) facts = tern_message_facts_new ();
  g_autoptr (GError) error = NULL;

  facts->uid = uid;
  facts->date = facts->received = date;
  facts->size = 1000 + uid;
  facts->flags = flags;
  facts->subject = g_strdup_printf ("Subject %u", uid);
  facts->message_id = g_strdup_printf ("%u@%" TERN_ID_FORMAT ".example", uid, folder);
  g_ptr_array_add (facts->from, tern_address_new ("Sender", "sender@example.org"));
  tern_txn_add_message (txn, folder, facts, FALSE, &error);
  g_assert_no_error (error);
}

static gboolean
run_read (TernReader *reader,
          gpointer data,
          GCancellable *cancellable,
          gpointer *result,
          GError **error)
{
  *result = tern_read_keys (reader, *(TernId *) data, TERN_FILTER_ALL, 0, error);
  return *result != NULL;
}

GArray *
model_read_keys (EngineFixture *fixture, TernId folder)
{
  GAsyncResult *slot = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  gpointer keys = NULL;

  tern_store_read_async (tern_engine_get_store (fixture->engine), TERN_LANE_SLOW,
                         G_PRIORITY_DEFAULT, run_read, &folder, NULL,
                         (GDestroyNotify) g_array_unref, NULL, engine_store_result, &slot);
  result = engine_await (&slot);
  tern_store_read_finish (tern_engine_get_store (fixture->engine), result, &keys, &error);
  g_assert_no_error (error);
  return keys;
}
