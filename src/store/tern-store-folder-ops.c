/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-store-folders-private.h"
#include "tern-store-ops-private.h"

#include "tern-fault.h"

#include <glib/gi18n.h>
#include <string.h>

/*
 * Operations on folders. Two layers, as with messages: path, name, subscribed and gone are what a
 * person sees; remote_name is what the server has. While an operation is unconfirmed, a listing
 * leaves what it decides alone (tern_txn_put_folder()).
 */

gboolean
tern_op_is_of_folder (TernOpKind kind)
{
  return kind >= TERN_OP_FOLDER_CREATE;
}

static TernFolderRecord *
load_folder (TernTxn *txn, TernId folder, GError **error)
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

static TernId
insert (TernTxn *txn,
        const TernFolderRecord *folder,
        TernOpKind kind,
        const char *new_path,
        GError **error)
{
  TernOpRecord op = { .kind = kind, .account = folder->account, .source = folder->id };

  op.old_path = new_path != NULL ? folder->path : NULL;
  op.new_path = (char *) new_path;
  return tern_op_insert (txn, &op, error) ? op.id : 0;
}

/* The newest unconfirmed operation on @folder, when it was not sent; else *@tail is NULL. */
static gboolean
load_unsent_tail (TernTxn *txn, TernId folder, TernOpRecord **tail, GError **error)
{
  gint64 id = 0;

  *tail = NULL;
  if (!tern_db_look (tern_txn_db (txn), error, &id,
                     "SELECT id FROM op WHERE source = ?1 AND kind >= ?2 AND state IN (0, 1, 4)"
                     " ORDER BY id DESC LIMIT 1",
                     folder, TERN_OP_FOLDER_CREATE))
    return FALSE;
  if (id == 0)
    return TRUE;
  *tail = tern_op_load (tern_txn_db (txn), id, error);
  if (*tail == NULL)
    return FALSE;
  if (!tern_op_is_unsent (*tail))
    g_clear_pointer (tail, tern_op_record_free);
  return TRUE;
}

static gboolean
drop_op (TernTxn *txn, TernId op, GError **error)
{
  txn->changes->ops_changed = TRUE;
  return tern_db_run (tern_txn_db (txn), error, "DELETE FROM op WHERE id = ?1", op);
}

static gboolean
set_gone (TernTxn *txn, TernId folder, gboolean gone, GError **error)
{
  txn->changes->tree_changed = TRUE;
  return tern_db_run (tern_txn_db (txn), error, "UPDATE folder SET gone = ?2 WHERE id = ?1", folder,
                      gone ? g_get_real_time () / G_USEC_PER_SEC : 0);
}

static gboolean
set_subscribed (TernTxn *txn, TernId folder, gboolean subscribed, GError **error)
{
  txn->changes->tree_changed = TRUE;
  return tern_db_run (tern_txn_db (txn), error, "UPDATE folder SET subscribed = ?2 WHERE id = ?1",
                      folder, subscribed != FALSE);
}

static gboolean
run_texts (TernTxn *txn,
           const char *sql,
           TernId id,
           const char *first,
           const char *second,
           GError **error)
{
  TernDb *db = tern_txn_db (txn);
  sqlite3_stmt *stmt = tern_db_prepare (db, sql, error);

  if (stmt == NULL)
    return FALSE;
  sqlite3_bind_int64 (stmt, 1, id);
  tern_db_bind_text (stmt, 2, first);
  tern_db_bind_text (stmt, 3, second);
  return tern_db_step (db, stmt, error);
}

static gboolean
is_below (const char *path, const char *parent)
{
  gsize length = strlen (parent);

  return strncmp (path, parent, length) == 0 && path[length] == '/';
}

/* Is @folder below @parent on the server? */
static gboolean
is_named_below (const TernFolderRecord *folder, const TernFolderRecord *parent)
{
  gsize length = strlen (parent->remote_name);

  return parent->delimiter != '\0' && folder->remote_name != NULL
         && strncmp (folder->remote_name, parent->remote_name, length) == 0
         && (folder->remote_name[length] == parent->delimiter
             || (length > 0 && parent->remote_name[length - 1] == parent->delimiter));
}

static gboolean
is_in (const TernFolderRecord *folder, gboolean on_its_way, const TernFolderRecord *parent)
{
  if (folder->space != parent->space || !is_below (folder->path, parent->path))
    return FALSE;
  if (folder->remote_name == NULL || parent->remote_name == NULL)
    return folder->remote_name == NULL;
  return on_its_way || is_named_below (folder, parent);
}

GPtrArray *
tern_read_folder_tree (TernReader *reader, const TernFolderRecord *root, GError **error)
{
  g_autoptr (GPtrArray) all = tern_read_folders (reader, root->account, error);
  g_autoptr (GPtrArray) tree =
      g_ptr_array_new_with_free_func ((GDestroyNotify) tern_folder_record_free);
  /* What is below the root's own place on the server is in the tree, and what is below that of a
   * folder which is still to be put into it. */
  g_autoptr (GPtrArray) places = g_ptr_array_new ();
  g_autoptr (GArray) moving = NULL;

  if (all == NULL)
    return NULL;
  moving = tern_db_list (reader->db, error,
                         "SELECT source FROM op WHERE account = ?1 AND kind IN (?2, ?3)"
                         " AND state IN (0, 1, 4)",
                         root->account, TERN_OP_FOLDER_CREATE, TERN_OP_FOLDER_RENAME);
  if (moving == NULL)
    return NULL;
  g_ptr_array_add (places, (gpointer) root);
  for (guint i = 0; i < all->len; i++)
    {
      TernFolderRecord *folder = g_ptr_array_index (all, i);
      gboolean on_its_way = FALSE;
      gboolean found = folder->id == root->id;

      if (!found && !is_below (folder->path, root->path))
        continue;
      for (guint j = 0; j < moving->len && !on_its_way; j++)
        on_its_way = g_array_index (moving, TernId, j) == folder->id;
      for (guint j = 0; j < places->len && !found; j++)
        found = is_in (folder, on_its_way, g_ptr_array_index (places, j));
      if (!found)
        continue;
      folder = tern_folder_record_copy (folder);
      g_ptr_array_add (tree, folder);
      if (on_its_way && folder->id != root->id)
        g_ptr_array_add (places, folder);
    }
  return g_steal_pointer (&tree);
}

/* A folder is shown elsewhere, and with it what is below; operations that name places below it
 * follow. */
static gboolean
show_at (TernTxn *txn, const TernFolderRecord *folder, const char *path, GError **error)
{
  static const char *const steps[] = {
    "UPDATE op SET old_path = ?3 || substr (old_path, length (?2) + 1) WHERE source IN"
    " (SELECT f.id FROM folder f JOIN folder r USING (account, space) WHERE r.id = ?1)"
    " AND substr (old_path, 1, length (?2) + 1) = ?2 || '/'",
    "UPDATE op SET new_path = ?3 || substr (new_path, length (?2) + 1) WHERE source IN"
    " (SELECT f.id FROM folder f JOIN folder r USING (account, space) WHERE r.id = ?1)"
    " AND substr (new_path, 1, length (?2) + 1) = ?2 || '/'",
  };
  g_autoptr (GPtrArray) tree = tern_read_folder_tree (tern_txn_reader (txn), folder, error);
  const char *slash = strrchr (path, '/');

  if (tree == NULL)
    return FALSE;
  txn->changes->tree_changed = TRUE;
  for (guint i = 0; i < tree->len; i++)
    {
      const TernFolderRecord *below = g_ptr_array_index (tree, i);

      if (below->id != folder->id && below->remote_name != NULL
          && !run_texts (txn,
                         "UPDATE folder SET path = ?3 || substr (path, length (?2) + 1)"
                         " WHERE id = ?1",
                         below->id, folder->path, path, error))
        return FALSE;
    }
  for (gsize i = 0; i < G_N_ELEMENTS (steps); i++)
    if (!run_texts (txn, steps[i], folder->id, folder->path, path, error))
      return FALSE;
  return run_texts (txn, "UPDATE folder SET path = ?2, name = ?3 WHERE id = ?1", folder->id, path,
                    slash != NULL ? slash + 1 : path, error);
}

/* Making, and moving to another place */

static GError *
fault_taken (const char *path)
{
  return tern_fault_new (TERN_FAULT_INVALID, _ ("There is a folder “%s” already."), path);
}

/* Nothing else is shown at @path, and there is a folder that it can be in. */
static gboolean
check_place (TernTxn *txn, TernId account, TernId own, const char *path, GError **error)
{
  TernReader *reader = tern_txn_reader (txn);
  GError *fault = NULL;
  g_autoptr (TernFolderRecord) taken = tern_read_folder_by_path (reader, account, path, &fault);
  g_autoptr (TernFolderRecord) parent = NULL;
  const char *slash = strrchr (path, '/');
  g_autofree char *parent_path = slash != NULL ? g_strndup (path, (gsize) (slash - path)) : NULL;

  if (fault == NULL && parent_path != NULL)
    parent = tern_read_folder_by_path (reader, account, parent_path, &fault);
  if (fault == NULL && taken != NULL && !taken->gone && taken->id != own)
    fault = fault_taken (path);
  if (fault == NULL && parent_path != NULL && (parent == NULL || parent->gone))
    fault = tern_fault_new (TERN_FAULT_NOT_FOUND, _ ("There is no folder “%s”."), parent_path);
  if (fault != NULL)
    g_propagate_error (error, fault);
  return fault == NULL;
}

/* The row that has the new folder's name on the server, when it is another folder: one that is to
 * be renamed or deleted there and is not yet. A folder that went by itself comes back as it was. */
static gboolean
is_taken (TernTxn *txn, const TernFolderRecord *record, gboolean *taken, GError **error)
{
  gint64 gone = 0;
  TernId other;

  if (!tern_folder_find_remote (txn, record->account, record->remote_name, &other, error)
      || (other != 0 && !tern_folder_look_gone (txn, other, &gone, error)))
    return FALSE;
  *taken = other != 0 && gone <= 0;
  return TRUE;
}

/* Until the folder is made there, it needs no more than a name that no other row has. */
static TernId
put_new (TernTxn *txn, const TernFolderRecord *record, GError **error)
{
  g_autoptr (TernFolderRecord) other = NULL;
  gboolean taken;
  gint64 number = 0;

  if (record->remote_name == NULL)
    return tern_txn_put_folder (txn, record, error);
  if (!is_taken (txn, record, &taken, error))
    return 0;
  if (!taken)
    return tern_txn_put_folder (txn, record, error);
  if (!tern_db_look (tern_txn_db (txn), error, &number, "SELECT max (id) + 1 FROM folder"))
    return 0;
  other = tern_folder_record_copy (record);
  g_free (other->remote_name);
  other->remote_name = g_strdup_printf ("%s #%" G_GINT64_FORMAT, record->remote_name, number);
  return tern_txn_put_folder (txn, other, error);
}

TernId
tern_txn_op_folder_create (TernTxn *txn,
                           const TernFolderRecord *record,
                           TernId *folder,
                           GError **error)
{
  g_autoptr (TernFolderRecord) made = NULL;

  if (!check_place (txn, record->account, 0, record->path, error))
    return 0;
  *folder = put_new (txn, record, error);
  if (*folder == 0 || record->remote_name == NULL)
    return 0;
  made = load_folder (txn, *folder, error);
  return made != NULL ? insert (txn, made, TERN_OP_FOLDER_CREATE, NULL, error) : 0;
}

/* What was not sent yet simply ends elsewhere. */
static gboolean
fold_rename (TernTxn *txn, const TernOpRecord *tail, const char *path, TernId *op, GError **error)
{
  *op = tail->id;
  if (tail->kind == TERN_OP_FOLDER_CREATE)
    return TRUE;
  if (!g_str_equal (tail->old_path, path))
    return run_texts (txn, "UPDATE op SET new_path = ?2 WHERE id = ?1", tail->id, path, NULL,
                      error);
  *op = 0;
  return drop_op (txn, tail->id, error);
}

TernId
tern_txn_op_folder_rename (TernTxn *txn, TernId folder, const char *path, GError **error)
{
  g_autoptr (TernFolderRecord) record = load_folder (txn, folder, error);
  g_autoptr (TernOpRecord) tail = NULL;
  TernId op = 0;

  if (record == NULL || g_str_equal (record->path, path))
    return 0;
  if (record->role == TERN_ROLE_INBOX || is_below (path, record->path))
    {
      g_propagate_error (
          error,
          record->role == TERN_ROLE_INBOX
              ? tern_fault_new (TERN_FAULT_INVALID,
                                _ ("The inbox cannot be renamed or moved: a server would "
                                   "move its mail away instead."))
              : tern_fault_new (TERN_FAULT_INVALID,
                                _ ("The folder “%s” cannot be moved into itself."), record->path));
      return 0;
    }
  if (!check_place (txn, record->account, folder, path, error)
      || !load_unsent_tail (txn, folder, &tail, error))
    return 0;
  if (tail != NULL && tail->kind != TERN_OP_FOLDER_CREATE && tail->kind != TERN_OP_FOLDER_RENAME)
    g_clear_pointer (&tail, tern_op_record_free);
  if (!show_at (txn, record, path, error))
    return 0;
  if (record->remote_name == NULL)
    return 0;
  if (tail == NULL)
    return insert (txn, record, TERN_OP_FOLDER_RENAME, path, error);
  return fold_rename (txn, tail, path, &op, error) ? op : 0;
}

/* Deleting, subscribing */

TernId
tern_txn_op_folder_delete (TernTxn *txn, TernId folder, GError **error)
{
  TernDb *db = tern_txn_db (txn);
  g_autoptr (TernFolderRecord) record = load_folder (txn, folder, error);
  g_autoptr (TernOpRecord) tail = NULL;
  gint64 shown = 0;
  gboolean has = FALSE;

  if (record == NULL
      || !tern_db_look (db, error, &shown,
                        "SELECT EXISTS (SELECT 1 FROM location WHERE folder = ?1 AND hidden = 0)",
                        folder)
      || !load_unsent_tail (txn, folder, &tail, error))
    return 0;
  if (record->role == TERN_ROLE_INBOX || shown != 0)
    {
      g_propagate_error (
          error, shown != 0
                     ? tern_fault_new (TERN_FAULT_INVALID,
                                       _ ("There is mail in the folder “%s”: it has to be "
                                          "moved to the trash first."),
                                       record->path)
                     : tern_fault_new (TERN_FAULT_INVALID, _ ("The inbox cannot be deleted.")));
      return 0;
    }
  if (tail != NULL && tail->kind == TERN_OP_FOLDER_CREATE && !drop_op (txn, tail->id, error))
    return 0;
  if (record->remote_name == NULL || (tail != NULL && tail->kind == TERN_OP_FOLDER_CREATE))
    {
      if (!tern_folder_has_local_data (txn, folder, &has, error))
        return 0;
      if (!has)
        {
          tern_folder_remove (txn, folder, error);
          return 0;
        }
    }
  if (!set_gone (txn, folder, TRUE, error) || record->remote_name == NULL)
    return 0;
  return insert (txn, record, TERN_OP_FOLDER_DELETE, NULL, error);
}

TernId
tern_txn_op_folder_subscribe (TernTxn *txn, TernId folder, gboolean subscribed, GError **error)
{
  g_autoptr (TernFolderRecord) record = load_folder (txn, folder, error);
  g_autoptr (TernOpRecord) tail = NULL;

  if (record == NULL || record->subscribed == subscribed
      || !load_unsent_tail (txn, folder, &tail, error)
      || !set_subscribed (txn, folder, subscribed, error))
    return 0;
  /* Off and on again: nothing is left to do. */
  if (tail != NULL && tail->kind > TERN_OP_FOLDER_DELETE)
    {
      drop_op (txn, tail->id, error);
      return 0;
    }
  if (record->remote_name == NULL)
    return 0;
  return insert (txn, record, subscribed ? TERN_OP_FOLDER_SUBSCRIBE : TERN_OP_FOLDER_UNSUBSCRIBE,
                 NULL, error);
}

/* Running */

/* No row but @folder has this name on the server. One that had it is not there any more, whatever
 * is known of it: it goes, or waits under no name for what only this disk has. */
static gboolean
free_name (TernTxn *txn, const TernFolderRecord *folder, const char *remote_name, GError **error)
{
  gboolean has = FALSE;
  TernId other;

  if (!tern_folder_find_remote (txn, folder->account, remote_name, &other, error))
    return FALSE;
  if (other == 0 || other == folder->id)
    return TRUE;
  if (!tern_folder_has_local_data (txn, other, &has, error))
    return FALSE;
  if (!has)
    return tern_folder_remove (txn, other, error);
  return set_gone (txn, other, TRUE, error)
         && tern_db_run (tern_txn_db (txn), error,
                         "UPDATE folder SET remote_name = remote_name || ' #' || id WHERE id = ?1",
                         other);
}

static gboolean
set_remote_name (TernTxn *txn,
                 const TernFolderRecord *folder,
                 const char *remote_name,
                 GError **error)
{
  return free_name (txn, folder, remote_name, error)
         && run_texts (txn, "UPDATE folder SET remote_name = ?2 WHERE id = ?1", folder->id,
                       remote_name, NULL, error);
}

gboolean
tern_txn_op_folder_running (TernTxn *txn, TernId op, const char *remote_name, GError **error)
{
  g_autoptr (TernOpRecord) record = tern_op_load (tern_txn_db (txn), op, error);
  g_autoptr (TernFolderRecord) folder = NULL;

  if (record == NULL)
    return FALSE;
  if (record->kind == TERN_OP_FOLDER_CREATE)
    {
      folder = load_folder (txn, record->source, error);
      if (folder == NULL || !set_remote_name (txn, folder, remote_name, error))
        return FALSE;
    }
  return run_texts (txn,
                    "UPDATE op SET remote_name = ?2, old_name = iif (begun, old_name,"
                    " (SELECT remote_name FROM folder WHERE id = op.source)) WHERE id = ?1",
                    op, remote_name, NULL, error)
         && tern_txn_op_running (txn, op, error);
}

GArray *
tern_read_renaming (TernReader *reader, TernId account, GError **error)
{
  return tern_db_list (reader->db, error,
                       "SELECT f.id FROM op o JOIN folder s ON s.id = o.source"
                       " JOIN folder f ON f.account = o.account AND (f.id = s.id"
                       "  OR f.remote_name = o.old_name OR s.delimiter <> 0"
                       "   AND substr (f.remote_name, 1, length (o.old_name) + 1)"
                       "    = o.old_name || char (s.delimiter))"
                       " WHERE o.account = ?1 AND o.kind = ?2 AND o.state IN (0, 1, 4) AND o.begun",
                       account, TERN_OP_FOLDER_RENAME);
}

/* The server has renamed what is below as well (RFC 9051 section 6.3.6). */
static gboolean
confirm_rename (TernTxn *txn, const TernOpRecord *op, const TernFolderRecord *root, GError **error)
{
  g_autoptr (GPtrArray) folders = tern_read_folders (tern_txn_reader (txn), root->account, error);
  gsize length;

  if (folders == NULL)
    return FALSE;
  if (op->remote_name == NULL || op->old_name == NULL)
    return TRUE;
  length = strlen (op->old_name);
  for (guint i = 0; i < folders->len; i++)
    {
      const TernFolderRecord *folder = g_ptr_array_index (folders, i);
      g_autofree char *name = NULL;

      if (folder->id != root->id
          && (folder->remote_name == NULL || root->delimiter == '\0'
              || strncmp (folder->remote_name, op->old_name, length) != 0
              || folder->remote_name[length] != root->delimiter))
        continue;
      name = g_strconcat (op->remote_name,
                          folder->id != root->id ? folder->remote_name + length : "", NULL);
      if (!set_remote_name (txn, folder, name, error)
          || (folder->id == root->id && !set_gone (txn, folder->id, FALSE, error)))
        return FALSE;
    }
  return TRUE;
}

gboolean
tern_folder_op_confirmed (TernTxn *txn, const TernOpRecord *op, GError **error)
{
  g_autoptr (TernFolderRecord) folder = load_folder (txn, op->source, error);
  gboolean has = FALSE;

  if (folder == NULL)
    return FALSE;
  switch ((int) op->kind)
    {
    case TERN_OP_FOLDER_CREATE:
      return tern_txn_set_remote_counts (txn, folder->id, 0, 0, FALSE, error);
    case TERN_OP_FOLDER_RENAME:
      return confirm_rename (txn, op, folder, error);
    case TERN_OP_FOLDER_DELETE:
      return tern_folder_has_local_data (txn, folder->id, &has, error)
             && (has || tern_folder_remove (txn, folder->id, error));
    default:
      return TRUE;
    }
}

/* Refused */

/* It is a folder of this disk from now on: one that no listing takes away. */
static gboolean
keep_here (TernTxn *txn, TernId folder, GError **error)
{
  TernTxnFolder *row = tern_txn_folder (txn, folder, error);

  if (row == NULL)
    return FALSE;
  row->remote = FALSE;
  txn->changes->tree_changed = TRUE;
  return tern_db_run (tern_txn_db (txn), error,
                      "UPDATE folder SET remote_name = NULL, role = ?2 WHERE id = ?1", folder,
                      TERN_ROLE_NONE);
}

/* Nothing can be done in a folder that the server did not make. What was put there and is nowhere
 * else stays to be seen. */
static gboolean
refuse_create (TernTxn *txn, const TernOpRecord *op, GError **error)
{
  gboolean has = FALSE;
  g_autoptr (GError) reason =
      tern_fault_new (TERN_FAULT_REFUSED, _ ("The server did not make the folder."));
  g_autoptr (GArray) dependants = tern_db_list (
      tern_txn_db (txn), error,
      "SELECT id FROM op WHERE (source = ?1 OR target = ?1) AND state IN (0, 1, 4) AND id <> ?2"
      " ORDER BY id DESC",
      op->source, op->id);

  if (dependants == NULL)
    return FALSE;
  for (guint i = 0; i < dependants->len; i++)
    if (!tern_txn_op_refused (txn, g_array_index (dependants, TernId, i), reason, error))
      return FALSE;
  if (!tern_folder_has_local_data (txn, op->source, &has, error))
    return FALSE;
  return has ? keep_here (txn, op->source, error) : set_gone (txn, op->source, TRUE, error);
}

/* What is shown again where it was has the place; one that was to be made there meanwhile is not.
 */
static gboolean
refuse_doubles (TernTxn *txn, TernId account, GError **error)
{
  g_autoptr (GError) reason =
      tern_fault_new (TERN_FAULT_REFUSED, _ ("There is a folder of this name already."));
  g_autoptr (GArray) doubles = tern_db_list (
      tern_txn_db (txn), error,
      "SELECT o.id FROM op o JOIN folder f ON f.id = o.source WHERE o.account = ?1 AND o.kind = ?2"
      " AND o.state IN (0, 1, 4) AND EXISTS (SELECT 1 FROM folder WHERE account = ?1"
      "  AND path = f.path AND id <> f.id AND gone = 0)",
      account, TERN_OP_FOLDER_CREATE);

  if (doubles == NULL)
    return FALSE;
  for (guint i = 0; i < doubles->len; i++)
    if (!tern_txn_op_refused (txn, g_array_index (doubles, TernId, i), reason, error))
      return FALSE;
  return TRUE;
}

/* A later rename stays what it is, only that it begins where the folder still is. */
static gboolean
refuse_rename (TernTxn *txn, const TernOpRecord *op, const TernFolderRecord *folder, GError **error)
{
  gint64 later = 0;

  if (!tern_db_look (tern_txn_db (txn), error, &later,
                     "SELECT id FROM op WHERE source = ?1 AND kind = ?2 AND state IN (0, 1, 4)"
                     " AND id > ?3 ORDER BY id LIMIT 1",
                     op->source, TERN_OP_FOLDER_RENAME, op->id))
    return FALSE;
  if (later != 0)
    return run_texts (txn, "UPDATE op SET old_path = ?2 WHERE id = ?1", later, op->old_path, NULL,
                      error);
  return show_at (txn, folder, op->old_path, error) && refuse_doubles (txn, op->account, error);
}

gboolean
tern_folder_op_refused (TernTxn *txn, const TernOpRecord *op, GError **error)
{
  g_autoptr (TernFolderRecord) folder = load_folder (txn, op->source, error);

  if (folder == NULL)
    return FALSE;
  switch ((int) op->kind)
    {
    case TERN_OP_FOLDER_CREATE:
      return refuse_create (txn, op, error);
    case TERN_OP_FOLDER_RENAME:
      return refuse_rename (txn, op, folder, error);
    case TERN_OP_FOLDER_DELETE:
      return set_gone (txn, folder->id, FALSE, error) && refuse_doubles (txn, op->account, error);
    default:
      return set_subscribed (txn, folder->id, op->kind == TERN_OP_FOLDER_UNSUBSCRIBE, error);
    }
}

/* Undo */

/* Not sent, and nothing came after it that builds upon it: as if it had never been. */
static gboolean
can_drop (TernTxn *txn, const TernOpRecord *op, gboolean *can, GError **error)
{
  gint64 later = 0;

  *can = FALSE;
  if (!tern_op_is_unsent (op))
    return TRUE;
  if (!tern_db_look (tern_txn_db (txn), error, &later,
                     "SELECT EXISTS (SELECT 1 FROM op WHERE source = ?1 AND kind >= ?2"
                     " AND state IN (0, 1, 4) AND id > ?3)",
                     op->source, TERN_OP_FOLDER_CREATE, op->id))
    return FALSE;
  *can = later == 0;
  return TRUE;
}

static gboolean
drop (TernTxn *txn, const TernOpRecord *op, const TernFolderRecord *folder, GError **error)
{
  switch ((int) op->kind)
    {
    case TERN_OP_FOLDER_RENAME:
      return check_place (txn, folder->account, folder->id, op->old_path, error)
             && show_at (txn, folder, op->old_path, error) && drop_op (txn, op->id, error);
    case TERN_OP_FOLDER_DELETE:
      return check_place (txn, folder->account, folder->id, folder->path, error)
             && set_gone (txn, folder->id, FALSE, error) && drop_op (txn, op->id, error);
    default:
      return set_subscribed (txn, folder->id, op->kind == TERN_OP_FOLDER_UNSUBSCRIBE, error)
             && drop_op (txn, op->id, error);
    }
}

/* A new operation does the opposite. That nothing is left to do is no failure. */
static gboolean
reverse (TernTxn *txn, const TernOpRecord *op, GError **error)
{
  GError *fault = NULL;
  TernId made = 0;

  switch ((int) op->kind)
    {
    case TERN_OP_FOLDER_CREATE:
      made = tern_txn_op_folder_delete (txn, op->source, &fault);
      break;
    case TERN_OP_FOLDER_RENAME:
      made = tern_txn_op_folder_rename (txn, op->source, op->old_path, &fault);
      break;
    case TERN_OP_FOLDER_DELETE:
      fault = tern_fault_new (TERN_FAULT_INVALID,
                              _ ("The server may have deleted the folder already. Its mail is in "
                                 "the trash."));
      break;
    default:
      made = tern_txn_op_folder_subscribe (txn, op->source, op->kind == TERN_OP_FOLDER_UNSUBSCRIBE,
                                           &fault);
      break;
    }
  if (fault != NULL)
    {
      g_propagate_error (error, fault);
      return FALSE;
    }
  return made == 0
         || tern_db_run (tern_txn_db (txn), error, "UPDATE op SET undoes = ?2 WHERE id = ?1", made,
                         op->id);
}

gboolean
tern_folder_op_undo (TernTxn *txn, const TernOpRecord *op, gboolean *undone, GError **error)
{
  g_autoptr (TernFolderRecord) folder = load_folder (txn, op->source, error);
  gboolean can;

  if (folder == NULL || !can_drop (txn, op, &can, error))
    return FALSE;
  /* An unsent CREATE and the DELETE that reverses it are nothing together. */
  if (can && op->kind != TERN_OP_FOLDER_CREATE)
    return drop (txn, op, folder, error);
  *undone = can;
  return reverse (txn, op, error);
}
