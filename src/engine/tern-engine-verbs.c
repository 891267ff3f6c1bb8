/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-engine-private.h"

#include <glib/gi18n.h>

#include "tern-folder-names-private.h"
#include "tern-store-rights.h"

/*
 * What a person does with messages: one transaction each, done when the callback runs. The
 * accounts' runners hear of the operations from the store.
 */

typedef struct
{
  GArray *ids; /* of TernId: locations, or operations to undo */
  TernFlags add;
  TernFlags remove;
  char *add_keywords;
  char *remove_keywords;
  TernId folder;
  TernRole role;
} Verb;

static Verb *
verb_new (const TernId *ids, gsize n)
{
  Verb *verb = g_new0 (Verb, 1);

  verb->ids = g_array_sized_new (FALSE, FALSE, sizeof (TernId), n);
  if (n > 0)
    g_array_append_vals (verb->ids, ids, n);
  return verb;
}

static void
verb_free (gpointer data)
{
  Verb *verb = data;

  g_array_unref (verb->ids);
  g_free (verb->add_keywords);
  g_free (verb->remove_keywords);
  g_free (verb);
}

static void
done_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  TernEngine *self = g_task_get_source_object (task);
  GError *error = NULL;
  gpointer operations = NULL;

  if (tern_store_write_finish (self->store, result, &operations, &error))
    g_task_return_pointer (task, operations, (GDestroyNotify) g_array_unref);
  else
    g_task_return_error (task, error);
}

static void
write_verb (TernEngine *self, GTask *task, TernStoreWrite func, Verb *verb)
{
  tern_store_write_async (self->store, G_PRIORITY_HIGH, func, verb, verb_free,
                          (GDestroyNotify) g_array_unref, done_cb, task);
}

GArray *
tern_engine_verb_finish (TernEngine *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

static gboolean
may_change (TernTxn *txn, const GArray *ids, TernRights needed, GError **error)
{
  return tern_txn_check_message_rights (txn, (const TernId *) ids->data, ids->len, needed, error);
}

static gboolean
may_move (TernTxn *txn, const GArray *ids, TernId target, GError **error)
{
  return may_change (txn, ids, TERN_RIGHTS_REMOVE, error)
         && tern_txn_check_rights (txn, target, TERN_RIGHT_INSERT, error);
}

/* Flags */

static gboolean
write_flag (TernTxn *txn, gpointer data, gpointer *result, GError **error)
{
  const Verb *verb = data;
  TernRights needed =
      tern_rights_for_flags (verb->add | verb->remove, verb->add_keywords, verb->remove_keywords);

  if (!may_change (txn, verb->ids, needed, error))
    return FALSE;
  *result = tern_txn_op_flags (txn, (const TernId *) verb->ids->data, verb->ids->len, verb->add,
                               verb->remove, verb->add_keywords, verb->remove_keywords, error);
  return *result != NULL;
}

void
tern_engine_flag_async (TernEngine *self,
                        const TernId *ids,
                        gsize n,
                        TernFlags add,
                        TernFlags remove,
                        const char *add_keywords,
                        const char *remove_keywords,
                        GAsyncReadyCallback callback,
                        gpointer user_data)
{
  Verb *verb = verb_new (ids, n);

  verb->add = add;
  verb->remove = remove;
  verb->add_keywords = g_strdup (add_keywords);
  verb->remove_keywords = g_strdup (remove_keywords);
  write_verb (self, tern_engine_task (self, tern_engine_flag_async, NULL, callback, user_data),
              write_flag, verb);
}

/* Moving */

static gboolean
write_move (TernTxn *txn, gpointer data, gpointer *result, GError **error)
{
  const Verb *verb = data;

  if (!may_move (txn, verb->ids, verb->folder, error))
    return FALSE;
  *result =
      tern_txn_op_move (txn, (const TernId *) verb->ids->data, verb->ids->len, verb->folder, error);
  return *result != NULL;
}

void
tern_engine_move_async (TernEngine *self,
                        const TernId *ids,
                        gsize n,
                        TernId folder,
                        GAsyncReadyCallback callback,
                        gpointer user_data)
{
  Verb *verb = verb_new (ids, n);

  verb->folder = folder;
  write_verb (self, tern_engine_task (self, tern_engine_move_async, NULL, callback, user_data),
              write_move, verb);
}

/* The folder that is shown at @path, or a new one there. */
static TernId
ensure_shown (TernTxn *txn, const TernFolderRecord *planned, GError **error)
{
  GError *fault = NULL;
  g_autoptr (TernFolderRecord) shown =
      tern_read_folder_by_path (tern_txn_reader (txn), planned->account, planned->path, &fault);
  TernId id = 0;

  if (fault != NULL)
    {
      g_propagate_error (error, fault);
      return 0;
    }
  if (shown != NULL && !shown->gone)
    return shown->id;
  return tern_txn_op_folder_create (txn, planned, &id, error) != 0 ? id : 0;
}

/* Gmail has no archive: what is in none of its other folders is in that of all mail still. */
static TernFolderRecord *
read_archive_of_gmail (TernReader *reader, TernId account)
{
  g_autoptr (TernFolderRecord) all =
      tern_read_folder_by_role (reader, account, TERN_ROLE_ALL, NULL);

  if (all == NULL || all->remote_name == NULL
      || !(g_str_has_prefix (all->remote_name, "[Gmail]/")
           || g_str_has_prefix (all->remote_name, "[Google Mail]/")))
    return NULL;
  return g_steal_pointer (&all);
}

TernId
tern_engine_ensure_role (TernTxn *txn, TernId account, TernRole role, GError **error)
{
  TernReader *reader = tern_txn_reader (txn);
  g_autoptr (TernFolderRecord) folder = tern_read_folder_by_role (reader, account, role, NULL);
  g_autoptr (GPtrArray) folders = NULL;
  g_autoptr (TernFolderRecord) planned = NULL;
  g_autoptr (TernFolderRecord) made = NULL;
  TernId id;

  if (folder == NULL && role == TERN_ROLE_ARCHIVE)
    folder = read_archive_of_gmail (reader, account);
  if (folder != NULL)
    return folder->id;
  folders = tern_read_folders (reader, account, error);
  if (folders == NULL)
    return 0;
  planned = tern_folder_names_plan (folders, account, role);
  id = tern_txn_put_folder (txn, planned, error);
  made = id != 0 ? tern_read_folder (reader, id, error) : NULL;
  if (made == NULL)
    return 0;
  /* The one that the server still has under that name is to be deleted there, or renamed: nobody
   * would find there what is put into it. */
  if (made->gone || !g_str_equal (made->path, planned->path))
    return ensure_shown (txn, planned, error);
  return id;
}

/* Those of the first message's account are moved and taken out of @ids. */
static gboolean
move_one_account (TernTxn *txn, GArray *ids, TernRole role, GArray *operations, GError **error)
{
  TernReader *reader = tern_txn_reader (txn);
  g_autoptr (GArray) own = g_array_new (FALSE, FALSE, sizeof (TernId));
  g_autoptr (GArray) others = g_array_new (FALSE, FALSE, sizeof (TernId));
  g_autoptr (GArray) made = NULL;
  TernId account = 0;
  TernId target;

  for (guint i = 0; i < ids->len; i++)
    {
      TernId id = g_array_index (ids, TernId, i);
      g_autoptr (TernMessageRecord) record = tern_read_message (reader, id, NULL);

      if (record == NULL)
        continue;
      if (account == 0)
        account = record->account;
      if (record->account == account)
        g_array_append_val (own, id);
      else
        g_array_append_val (others, id);
    }
  g_array_set_size (ids, 0);
  if (others->len > 0)
    g_array_append_vals (ids, others->data, others->len);
  if (own->len == 0)
    return TRUE;
  target = tern_engine_ensure_role (txn, account, role, error);
  if (target == 0 || !may_move (txn, own, target, error))
    return FALSE;
  made = tern_txn_op_move (txn, (const TernId *) own->data, own->len, target, error);
  if (made == NULL)
    return FALSE;
  if (made->len > 0)
    g_array_append_vals (operations, made->data, made->len);
  return TRUE;
}

static gboolean
move_all (TernTxn *txn, const GArray *ids, TernRole role, GArray *operations, GError **error)
{
  g_autoptr (GArray) left = g_array_copy ((GArray *) ids);

  while (left->len > 0)
    if (!move_one_account (txn, left, role, operations, error))
      return FALSE;
  return TRUE;
}

static gboolean
write_move_to_role (TernTxn *txn, gpointer data, gpointer *result, GError **error)
{
  const Verb *verb = data;
  g_autoptr (GArray) operations = g_array_new (FALSE, FALSE, sizeof (TernId));

  if (tern_folder_names_for_role (verb->role) == NULL)
    {
      g_propagate_error (
          error, tern_fault_new (TERN_FAULT_INVALID, _ ("Messages cannot be moved there.")));
      return FALSE;
    }
  if (!move_all (txn, verb->ids, verb->role, operations, error))
    return FALSE;
  *result = g_steal_pointer (&operations);
  return TRUE;
}

void
tern_engine_move_to_role_async (TernEngine *self,
                                const TernId *ids,
                                gsize n,
                                TernRole role,
                                GAsyncReadyCallback callback,
                                gpointer user_data)
{
  Verb *verb = verb_new (ids, n);

  verb->role = role;
  write_verb (self,
              tern_engine_task (self, tern_engine_move_to_role_async, NULL, callback, user_data),
              write_move_to_role, verb);
}

/* The mark comes after the move, so that a server that does not take it takes the move. */
static gboolean
write_mark_junk (TernTxn *txn, gpointer data, gpointer *result, GError **error)
{
  const Verb *verb = data;
  g_autoptr (GArray) operations = g_array_new (FALSE, FALSE, sizeof (TernId));
  g_autoptr (GArray) marks = NULL;

  if (!move_all (txn, verb->ids, verb->role, operations, error))
    return FALSE;
  marks = tern_txn_op_flags (txn, (const TernId *) verb->ids->data, verb->ids->len, TERN_FLAG_NONE,
                             TERN_FLAG_NONE, verb->add_keywords, verb->remove_keywords, error);
  if (marks == NULL)
    return FALSE;
  if (marks->len > 0)
    g_array_append_vals (operations, marks->data, marks->len);
  *result = g_steal_pointer (&operations);
  return TRUE;
}

void
tern_engine_mark_junk_async (TernEngine *self,
                             const TernId *ids,
                             gsize n,
                             gboolean junk,
                             GAsyncReadyCallback callback,
                             gpointer user_data)
{
  Verb *verb = verb_new (ids, n);

  verb->role = junk ? TERN_ROLE_JUNK : TERN_ROLE_INBOX;
  verb->add_keywords = g_strdup (junk ? "$Junk" : "$NotJunk");
  verb->remove_keywords = g_strdup (junk ? "$NotJunk" : "$Junk");
  write_verb (self, tern_engine_task (self, tern_engine_mark_junk_async, NULL, callback, user_data),
              write_mark_junk, verb);
}

/* Undo */

static gboolean
write_undo (TernTxn *txn, gpointer data, gpointer *result, GError **error)
{
  const Verb *verb = data;
  g_autoptr (GArray) made = g_array_new (FALSE, FALSE, sizeof (TernId));

  /* The last one first. */
  for (guint i = verb->ids->len; i > 0; i--)
    {
      TernId op = g_array_index (verb->ids, TernId, i - 1);
      g_autoptr (GArray) back = NULL;
      gboolean dropped = FALSE;

      if (!tern_txn_op_undo (txn, op, &dropped, error))
        return FALSE;
      back = tern_read_undoing (tern_txn_reader (txn), op, error);
      if (back == NULL)
        return FALSE;
      if (back->len > 0)
        g_array_append_vals (made, back->data, back->len);
    }
  *result = g_steal_pointer (&made);
  return TRUE;
}

void
tern_engine_undo_async (TernEngine *self,
                        const GArray *operations,
                        GAsyncReadyCallback callback,
                        gpointer user_data)
{
  write_verb (self, tern_engine_task (self, tern_engine_undo_async, NULL, callback, user_data),
              write_undo, verb_new ((const TernId *) operations->data, operations->len));
}

/* Syncing */

static void
synced_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  const char *uuid = g_task_get_task_data (task);
  GError *error = NULL;
  TernSyncReport *report = g_task_propagate_pointer (G_TASK (result), &error);

  if (report == NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  report->account = g_strdup (uuid);
  g_task_return_pointer (task, report, (GDestroyNotify) tern_sync_report_free);
}

void
tern_engine_sync_async (TernEngine *self,
                        const char *uuid,
                        const char *folder,
                        gboolean full,
                        GCancellable *cancellable,
                        GAsyncReadyCallback callback,
                        gpointer user_data)
{
  GTask *task = tern_engine_task (self, tern_engine_sync_async, cancellable, callback, user_data);
  TernAccountRunner *runner = tern_engine_find_runner (self, uuid);

  if (runner == NULL)
    {
      g_task_return_error (task, tern_engine_no_account (uuid));
      g_object_unref (task);
      return;
    }
  g_task_set_task_data (task, g_strdup (uuid), g_free);
  tern_account_runner_sync (runner, folder, full, g_task_new (self, cancellable, synced_cb, task));
}

TernSyncReport *
tern_engine_sync_finish (TernEngine *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}
