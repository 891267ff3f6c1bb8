/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-store-rights.h"

#include "tern-store-private.h"

#include "tern-fault.h"

#include <glib/gi18n.h>

/* How long a refusal is remembered when the server tells no rights: they may be given meanwhile. */
#define LEARNED_SECONDS (24 * 60 * 60)

static gint64
now_seconds (void)
{
  return g_get_real_time () / G_USEC_PER_SEC;
}

static gboolean
note_change (TernTxn *txn, gboolean ok)
{
  if (ok && sqlite3_changes (tern_db_get_handle (tern_txn_db (txn))) > 0)
    txn->changes->tree_changed = TRUE;
  return ok;
}

gboolean
tern_txn_set_folder_rights (TernTxn *txn, TernId folder, TernRights rights, GError **error)
{
  TernDb *db = tern_txn_db (txn);

  if (rights & TERN_RIGHTS_KNOWN)
    return note_change (txn, tern_db_run (db, error,
                                          "UPDATE folder SET rights = rights & ?3 | ?2,"
                                          " rights_learned = 0 WHERE id = ?1"
                                          " AND (rights, rights_learned) IS NOT"
                                          " (rights & ?3 | ?2, 0)",
                                          folder, rights, TERN_RIGHTS_READ_ONLY));
  return note_change (
      txn, tern_db_run (db, error,
                        "UPDATE folder SET rights = rights & ?3, rights_learned = 0"
                        " WHERE id = ?1 AND rights & ~?3 AND rights_learned <= ?2",
                        folder, now_seconds () - LEARNED_SECONDS, TERN_RIGHTS_READ_ONLY));
}

gboolean
tern_txn_learn_folder_rights (TernTxn *txn, TernId folder, TernRights denied, GError **error)
{
  TernRights all = denied != 0 ? TERN_RIGHTS_KNOWN | TERN_RIGHTS_ALL : TERN_RIGHTS_NONE;

  return note_change (txn, tern_db_run (tern_txn_db (txn), error,
                                        "UPDATE folder SET rights_learned = ?3, rights ="
                                        " iif (rights & ?4, rights, rights | ?5) & ~?2 | ?6"
                                        " WHERE id = ?1",
                                        folder, denied, now_seconds (), TERN_RIGHTS_KNOWN, all,
                                        TERN_RIGHTS_LEARNED));
}

gboolean
tern_txn_set_folder_read_only (TernTxn *txn, TernId folder, gboolean read_only, GError **error)
{
  return note_change (
      txn, tern_db_run (tern_txn_db (txn), error,
                        "UPDATE folder SET rights = rights & ~?3 | ?2"
                        " WHERE id = ?1 AND rights & ?3 <> ?2",
                        folder, read_only ? TERN_RIGHTS_READ_ONLY : 0, TERN_RIGHTS_READ_ONLY));
}

gboolean
tern_txn_set_append_limit (TernTxn *txn, TernId folder, gint64 limit, GError **error)
{
  return tern_db_run (tern_txn_db (txn), error,
                      "UPDATE folder SET append_limit = ?2 WHERE id = ?1 AND append_limit <> ?2",
                      folder, limit);
}

gboolean
tern_txn_check_rights (TernTxn *txn, TernId folder, TernRights needed, GError **error)
{
  GError *fault = NULL;
  g_autoptr (TernFolderRecord) record = tern_read_folder (tern_txn_reader (txn), folder, &fault);
  g_autofree char *why = NULL;

  if (fault != NULL)
    {
      g_propagate_error (error, fault);
      return FALSE;
    }
  /* What is not there is for the verb to say. */
  if (record == NULL || record->remote_name == NULL)
    return TRUE;
  why = tern_rights_explain (record->rights, needed, record->path);
  if (why == NULL)
    return TRUE;
  fault = tern_fault_new (TERN_FAULT_RIGHTS, "%s", why);
  tern_fault_set_scope (fault, TERN_SCOPE_FOLDER);
  g_propagate_error (error, fault);
  return FALSE;
}

gboolean
tern_txn_check_message_rights (TernTxn *txn,
                               const TernId *locations,
                               gsize n,
                               TernRights needed,
                               GError **error)
{
  g_autoptr (GHashTable) checked = g_hash_table_new (NULL, NULL);

  for (gsize i = 0; i < n && needed != TERN_RIGHTS_NONE; i++)
    {
      gint64 folder = 0;

      /* Where the server does not have it yet, no right of that folder is needed. */
      if (!tern_db_look (tern_txn_db (txn), error, &folder,
                         "SELECT folder FROM location WHERE id = ?1 AND uid IS NOT NULL",
                         locations[i]))
        return FALSE;
      if (folder != 0 && g_hash_table_add (checked, GSIZE_TO_POINTER ((gsize) folder))
          && !tern_txn_check_rights (txn, folder, needed, error))
        return FALSE;
    }
  return TRUE;
}

TernRights
tern_rights_for_flags (TernFlags flags, const char *add, const char *remove)
{
  TernRights needed = TERN_RIGHTS_NONE;

  if (flags & TERN_FLAG_SEEN)
    needed |= TERN_RIGHT_SEEN;
  if (flags & TERN_FLAG_DELETED)
    needed |= TERN_RIGHT_DELETE;
  if ((flags & ~(TERN_FLAG_SEEN | TERN_FLAG_DELETED)) != 0 || (add != NULL && *add != '\0')
      || (remove != NULL && *remove != '\0'))
    needed |= TERN_RIGHT_WRITE;
  return needed;
}
