/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "folder-op-fixture.h"

#include <string.h>

TernFolderRecord
folder_named (StoreFixture *f, const char *path, const char *remote_name)
{
  const char *slash = strrchr (path, '/');
  TernFolderRecord record = { .account = f->account,
                              .path = (char *) path,
                              .name = (char *) (slash != NULL ? slash + 1 : path),
                              .remote_name = (char *) remote_name,
                              .delimiter = '/',
                              .subscribed = TRUE,
                              .selectable = TRUE };

  return record;
}

/* As a listing puts it. */
TernId
folder_listed (StoreFixture *f, const char *path, const char *remote_name)
{
  TernFolderRecord record = folder_named (f, path, remote_name);
  TernTxn *txn = store_begin (f);
  TernId id = tern_txn_put_folder (txn, &record, NULL);

  store_commit (f);
  g_assert_cmpint (id, !=, 0);
  return id;
}

/* A listing of just these folders ends. */
void
folder_end_listing (StoreFixture *f, const TernId *ids, guint n)
{
  g_autoptr (GHashTable) kept = g_hash_table_new (NULL, NULL);
  TernTxn *txn = store_begin (f);

  for (guint i = 0; i < n; i++)
    g_hash_table_add (kept, GSIZE_TO_POINTER ((gsize) ids[i]));
  g_assert_true (tern_txn_end_listing (txn, f->account, kept, NULL));
  store_commit (f);
}

TernId
folder_create (StoreFixture *f, const char *path, const char *remote_name, TernId *folder)
{
  TernFolderRecord record = folder_named (f, path, remote_name);
  GError *error = NULL;
  TernTxn *txn = store_begin (f);
  TernId op = tern_txn_op_folder_create (txn, &record, folder, &error);

  g_assert_no_error (error);
  store_commit (f);
  return op;
}

TernId
folder_rename_to (StoreFixture *f, TernId folder, const char *path)
{
  GError *error = NULL;
  TernTxn *txn = store_begin (f);
  TernId op = tern_txn_op_folder_rename (txn, folder, path, &error);

  g_assert_no_error (error);
  store_commit (f);
  return op;
}

TernId
folder_delete (StoreFixture *f, TernId folder)
{
  GError *error = NULL;
  TernTxn *txn = store_begin (f);
  TernId op = tern_txn_op_folder_delete (txn, folder, &error);

  g_assert_no_error (error);
  store_commit (f);
  return op;
}

void
folder_run (StoreFixture *f, TernId op, const char *name)
{
  GError *error = NULL;
  TernTxn *txn = store_begin (f);

  if (name != NULL)
    tern_txn_op_folder_running (txn, op, name, &error);
  else
    tern_txn_op_running (txn, op, &error);
  g_assert_no_error (error);
  store_commit (f);
}

void
folder_assert (StoreFixture *f, TernId folder, const char *path, const char *remote_name)
{
  g_autoptr (TernFolderRecord) record = store_folder (f, folder);

  g_assert_nonnull (record);
  g_assert_cmpstr (record->path, ==, path);
  g_assert_cmpstr (record->remote_name, ==, remote_name);
  g_assert_false (record->gone);
}

gboolean
folder_is_gone (StoreFixture *f, TernId folder)
{
  g_autoptr (TernFolderRecord) record = store_folder (f, folder);

  return record == NULL || record->gone;
}
