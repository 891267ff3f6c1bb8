/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-engine-private.h"

#include <glib/gi18n.h>
#include <string.h>

#include "tern-folder-names-private.h"
#include "tern-store-rights.h"

/*
 * What a person does with folders: one transaction each, like what is done with messages. Paths
 * have "/" between levels, whatever the server has.
 */

typedef struct
{
  TernId account;
  TernId folder;
  char *path;
  TernRole role;
  gboolean yes; /* subscribed; with its mail; by a person */
} FolderVerb;

static void
verb_free (gpointer data)
{
  FolderVerb *verb = data;

  g_free (verb->path);
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
write_verb (TernEngine *self, GTask *task, TernStoreWrite func, const FolderVerb *like)
{
  FolderVerb *verb = g_memdup2 (like, sizeof *like);

  verb->path = g_strdup (like->path);
  tern_store_write_async (self->store, G_PRIORITY_HIGH, func, verb, verb_free,
                          (GDestroyNotify) g_array_unref, done_cb, task);
}

/* Ends a write function: @op 0 without @fault is a change without an operation. */
static gboolean
return_op (TernId op, GError *fault, gpointer *result, GError **error)
{
  GArray *operations;

  if (fault != NULL)
    {
      g_propagate_error (error, fault);
      return FALSE;
    }
  operations = g_array_new (FALSE, FALSE, sizeof (TernId));
  if (op != 0)
    g_array_append_val (operations, op);
  *result = operations;
  return TRUE;
}

static TernFolderRecord *
read_folder (TernTxn *txn, TernId folder, GError **error)
{
  GError *fault = NULL;
  TernFolderRecord *record = tern_read_folder (tern_txn_reader (txn), folder, &fault);

  if (record == NULL)
    g_propagate_error (error, fault != NULL
                                  ? fault
                                  : tern_fault_new (TERN_FAULT_NOT_FOUND,
                                                    _ ("This folder is not there any more.")));
  return record;
}

/* What stands between levels on the server where @path is to be: another namespace may have another
 * one than INBOX. */
static char
find_delimiter (const GPtrArray *folders, const char *path)
{
  const char *slash = strrchr (path, '/');
  g_autofree char *parent = slash != NULL ? g_strndup (path, (gsize) (slash - path)) : NULL;
  char delimiter = '/';

  for (guint i = 0; i < folders->len; i++)
    {
      const TernFolderRecord *folder = g_ptr_array_index (folders, i);

      if (parent != NULL && !folder->gone && folder->remote_name != NULL
          && g_str_equal (folder->path, parent))
        return folder->delimiter;
      if (folder->role == TERN_ROLE_INBOX)
        delimiter = folder->delimiter;
    }
  return delimiter;
}

static gboolean
check_name (TernTxn *txn, TernId account, const char *path, GPtrArray **folders, GError **error)
{
  g_autoptr (GPtrArray) all = tern_read_folders (tern_txn_reader (txn), account, error);

  if (all == NULL || !tern_folder_names_check (path, find_delimiter (all, path), error))
    return FALSE;
  *folders = g_steal_pointer (&all);
  return TRUE;
}

/* May there be folders where @path is to be? At the top that is for the server to say. */
static gboolean
may_be_at (TernTxn *txn, TernId account, const char *path, GError **error)
{
  const char *slash = strrchr (path, '/');
  g_autofree char *parent_path = slash != NULL ? g_strndup (path, (gsize) (slash - path)) : NULL;
  g_autoptr (TernFolderRecord) parent = NULL;

  if (parent_path != NULL)
    parent = tern_read_folder_by_path (tern_txn_reader (txn), account, parent_path, NULL);
  return parent == NULL || tern_txn_check_rights (txn, parent->id, TERN_RIGHT_CREATE, error);
}

/* Create */

static gboolean
write_create (TernTxn *txn, gpointer data, gpointer *result, GError **error)
{
  const FolderVerb *verb = data;
  g_autoptr (GPtrArray) folders = NULL;
  g_autoptr (TernFolderRecord) record = NULL;
  GError *fault = NULL;
  TernId folder, op;

  if (!check_name (txn, verb->account, verb->path, &folders, error))
    return FALSE;
  record = tern_folder_names_new (folders, verb->account, verb->path, verb->role);
  if (record == NULL)
    {
      g_propagate_error (error,
                         tern_fault_new (TERN_FAULT_NOT_FOUND,
                                         _ ("There is no folder for “%s” to be in; make that one "
                                            "first."),
                                         verb->path));
      return FALSE;
    }
  if (!may_be_at (txn, verb->account, verb->path, error))
    return FALSE;
  op = tern_txn_op_folder_create (txn, record, &folder, &fault);
  return return_op (op, fault, result, error);
}

void
tern_engine_create_folder_async (TernEngine *self,
                                 TernId account,
                                 const char *path,
                                 TernRole role,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data)
{
  const FolderVerb verb = { .account = account, .path = (char *) path, .role = role };

  write_verb (self,
              tern_engine_task (self, tern_engine_create_folder_async, NULL, callback, user_data),
              write_create, &verb);
}

/* Rename, move */

static gboolean
write_rename (TernTxn *txn, gpointer data, gpointer *result, GError **error)
{
  const FolderVerb *verb = data;
  g_autoptr (TernFolderRecord) record = read_folder (txn, verb->folder, error);
  g_autoptr (GPtrArray) folders = NULL;
  GError *fault = NULL;
  TernId op;

  if (record == NULL || !check_name (txn, record->account, verb->path, &folders, error)
      || !tern_txn_check_rights (txn, record->id, TERN_RIGHT_DELETE_FOLDER, error)
      || !may_be_at (txn, record->account, verb->path, error))
    return FALSE;
  op = tern_txn_op_folder_rename (txn, verb->folder, verb->path, &fault);
  return return_op (op, fault, result, error);
}

void
tern_engine_rename_folder_async (TernEngine *self,
                                 TernId folder,
                                 const char *path,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data)
{
  const FolderVerb verb = { .folder = folder, .path = (char *) path };

  write_verb (self,
              tern_engine_task (self, tern_engine_rename_folder_async, NULL, callback, user_data),
              write_rename, &verb);
}

/* Delete */

/* The folder and what is below, deepest first. */
static GPtrArray *
read_tree (TernTxn *txn, const TernFolderRecord *root, GError **error)
{
  g_autoptr (GPtrArray) all = tern_read_folder_tree (tern_txn_reader (txn), root, error);
  g_autoptr (GPtrArray) tree =
      g_ptr_array_new_with_free_func ((GDestroyNotify) tern_folder_record_free);

  if (all == NULL)
    return NULL;
  for (guint i = all->len; i > 0; i--)
    {
      const TernFolderRecord *folder = g_ptr_array_index (all, i - 1);

      if (!folder->gone)
        g_ptr_array_add (tree, tern_folder_record_copy (folder));
    }
  return g_steal_pointer (&tree);
}

static gboolean
is_among (const GPtrArray *folders, TernId folder)
{
  for (guint i = 0; i < folders->len; i++)
    if (((const TernFolderRecord *) g_ptr_array_index (folders, i))->id == folder)
      return TRUE;
  return FALSE;
}

static GArray *
read_ids (TernTxn *txn, TernId folder, GError **error)
{
  g_autoptr (GArray) keys =
      tern_read_keys (tern_txn_reader (txn), folder, TERN_FILTER_ALL, 0, error);
  GArray *ids;

  if (keys == NULL)
    return NULL;
  ids = g_array_sized_new (FALSE, FALSE, sizeof (TernId), keys->len);
  for (guint i = 0; i < keys->len; i++)
    g_array_append_val (ids, g_array_index (keys, TernListKey, i).id);
  return ids;
}

static gboolean
add_ops (GArray *operations, GArray *made)
{
  if (made == NULL)
    return FALSE;
  if (made->len > 0)
    g_array_append_vals (operations, made->data, made->len);
  g_array_unref (made);
  return TRUE;
}

static gboolean
to_trash (TernTxn *txn, const GPtrArray *tree, GArray *operations, GError **error)
{
  const TernFolderRecord *first = g_ptr_array_index (tree, 0);
  TernId trash = tern_engine_ensure_role (txn, first->account, TERN_ROLE_TRASH, error);

  if (trash == 0)
    return FALSE;
  if (is_among (tree, trash))
    {
      g_propagate_error (error, tern_fault_new (TERN_FAULT_REFUSED,
                                                _ ("The trash cannot be deleted while there is "
                                                   "mail; empty it first.")));
      return FALSE;
    }
  for (guint i = 0; i < tree->len; i++)
    {
      const TernFolderRecord *folder = g_ptr_array_index (tree, i);
      g_autoptr (GArray) ids = read_ids (txn, folder->id, error);

      if (ids == NULL
          || (ids->len > 0
              && !add_ops (operations, tern_txn_op_move (txn, (const TernId *) ids->data, ids->len,
                                                         trash, error))))
        return FALSE;
    }
  return TRUE;
}

/* Mail that is not here cannot be moved before the folder goes. */
static GError *
check_tree (const GPtrArray *tree, gboolean with_mail, gboolean *any)
{
  *any = FALSE;
  for (guint i = 0; i < tree->len; i++)
    {
      const TernFolderRecord *folder = g_ptr_array_index (tree, i);

      *any = *any || folder->total > 0;
      if (folder->role == TERN_ROLE_INBOX)
        return tern_fault_new (TERN_FAULT_REFUSED, _ ("The inbox cannot be deleted."));
      if (folder->remote_name != NULL && folder->backfill != 1
          && folder->remote_total > folder->total)
        return tern_fault_new (TERN_FAULT_REFUSED,
                               _ ("Not all mail of the folder “%s” is known here yet. It can be "
                                  "deleted once it is."),
                               folder->path);
      if (folder->total > 0 && !with_mail)
        return tern_fault_new (TERN_FAULT_REFUSED,
                               _ ("There is mail in the folder “%s”, so it was not deleted."),
                               folder->path);
    }
  return NULL;
}

static gboolean
may_delete (TernTxn *txn, const TernFolderRecord *folder, GError **error)
{
  return tern_txn_check_rights (
      txn, folder->id, TERN_RIGHT_DELETE_FOLDER | (folder->total > 0 ? TERN_RIGHTS_REMOVE : 0),
      error);
}

static gboolean
write_delete (TernTxn *txn, gpointer data, gpointer *result, GError **error)
{
  const FolderVerb *verb = data;
  g_autoptr (TernFolderRecord) record = read_folder (txn, verb->folder, error);
  g_autoptr (GPtrArray) tree = record != NULL ? read_tree (txn, record, error) : NULL;
  g_autoptr (GArray) operations = g_array_new (FALSE, FALSE, sizeof (TernId));
  GError *fault = NULL;
  gboolean any;

  if (tree == NULL)
    return FALSE;
  fault = check_tree (tree, verb->yes, &any);
  if (fault != NULL)
    {
      g_propagate_error (error, fault);
      return FALSE;
    }
  for (guint i = 0; i < tree->len; i++)
    if (!may_delete (txn, g_ptr_array_index (tree, i), error))
      return FALSE;
  if (any && !to_trash (txn, tree, operations, error))
    return FALSE;
  for (guint i = 0; i < tree->len; i++)
    {
      const TernFolderRecord *folder = g_ptr_array_index (tree, i);
      TernId op = tern_txn_op_folder_delete (txn, folder->id, &fault);

      if (fault != NULL)
        {
          g_propagate_error (error, fault);
          return FALSE;
        }
      if (op != 0)
        g_array_append_val (operations, op);
    }
  *result = g_steal_pointer (&operations);
  return TRUE;
}

void
tern_engine_delete_folder_async (TernEngine *self,
                                 TernId folder,
                                 gboolean with_mail,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data)
{
  const FolderVerb verb = { .folder = folder, .yes = with_mail };

  write_verb (self,
              tern_engine_task (self, tern_engine_delete_folder_async, NULL, callback, user_data),
              write_delete, &verb);
}

/* Subscribe */

static gboolean
write_subscribe (TernTxn *txn, gpointer data, gpointer *result, GError **error)
{
  const FolderVerb *verb = data;
  GError *fault = NULL;
  TernId op = tern_txn_op_folder_subscribe (txn, verb->folder, verb->yes, &fault);

  return return_op (op, fault, result, error);
}

void
tern_engine_subscribe_folder_async (TernEngine *self,
                                    TernId folder,
                                    gboolean subscribed,
                                    GAsyncReadyCallback callback,
                                    gpointer user_data)
{
  const FolderVerb verb = { .folder = folder, .yes = subscribed };

  write_verb (
      self, tern_engine_task (self, tern_engine_subscribe_folder_async, NULL, callback, user_data),
      write_subscribe, &verb);
}

/* Empty */

static gboolean
write_empty (TernTxn *txn, gpointer data, gpointer *result, GError **error)
{
  const FolderVerb *verb = data;
  g_autoptr (TernFolderRecord) record = read_folder (txn, verb->folder, error);
  g_autoptr (GArray) ids = NULL;

  if (record == NULL)
    return FALSE;
  if (record->role != TERN_ROLE_TRASH && record->role != TERN_ROLE_JUNK)
    {
      g_propagate_error (error, tern_fault_new (TERN_FAULT_REFUSED,
                                                _ ("Only the trash and the folder for junk can be "
                                                   "emptied; “%s” is neither."),
                                                record->path));
      return FALSE;
    }
  if (!tern_txn_check_rights (txn, verb->folder, TERN_RIGHTS_REMOVE, error))
    return FALSE;
  ids = read_ids (txn, verb->folder, error);
  if (ids == NULL)
    return FALSE;
  *result = tern_txn_op_expunge (txn, (const TernId *) ids->data, ids->len, error);
  return *result != NULL;
}

void
tern_engine_empty_folder_async (TernEngine *self,
                                TernId folder,
                                GAsyncReadyCallback callback,
                                gpointer user_data)
{
  const FolderVerb verb = { .folder = folder };

  write_verb (self,
              tern_engine_task (self, tern_engine_empty_folder_async, NULL, callback, user_data),
              write_empty, &verb);
}

/* Role */

static gboolean
write_role (TernTxn *txn, gpointer data, gpointer *result, GError **error)
{
  const FolderVerb *verb = data;
  g_autoptr (TernFolderRecord) record = read_folder (txn, verb->folder, error);
  g_autoptr (GPtrArray) folders = NULL;

  if (record == NULL)
    return FALSE;
  if (record->role == TERN_ROLE_INBOX || !record->selectable)
    {
      g_propagate_error (
          error, tern_fault_new (TERN_FAULT_REFUSED, _ ("The folder “%s” cannot be used for this."),
                                 record->path));
      return FALSE;
    }
  folders = tern_read_folders (tern_txn_reader (txn), record->account, error);
  if (folders == NULL)
    return FALSE;
  /* One folder for each: what had the role is an ordinary folder then, whatever the server says. */
  for (guint i = 0; i < folders->len && verb->role != TERN_ROLE_NONE; i++)
    {
      const TernFolderRecord *other = g_ptr_array_index (folders, i);

      if (other->id != record->id && other->role == verb->role
          && !tern_txn_set_folder_role (txn, other->id, TERN_ROLE_NONE, TRUE, error))
        return FALSE;
    }
  return tern_txn_set_folder_role (txn, record->id, verb->role, TRUE, error)
         && return_op (0, NULL, result, error);
}

void
tern_engine_set_folder_role_async (TernEngine *self,
                                   TernId folder,
                                   TernRole role,
                                   GAsyncReadyCallback callback,
                                   gpointer user_data)
{
  const FolderVerb verb = { .folder = folder, .role = role };

  write_verb (self,
              tern_engine_task (self, tern_engine_set_folder_role_async, NULL, callback, user_data),
              write_role, &verb);
}
