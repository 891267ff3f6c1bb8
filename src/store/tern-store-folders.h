/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-rights.h"
#include "tern-store.h"

G_BEGIN_DECLS

/** TernFolderRecord: a row of "folder", copied out. Plain value; strings owned. */
typedef struct
{
  TernId id;
  TernId account;
  char *path;        /* "Lists/GTK": levels joined by "/", each level UTF-8; "/" inside a level
                        is written as U+2215 */
  char *name;        /* last level, as shown */
  char *remote_name; /* (nullable) exactly as the server wrote it (modified UTF-7); NULL = local */
  char *mailbox_id;  /* (nullable) what the server calls it, whatever its name (RFC 8474) */
  char delimiter;    /* 0 = NIL */
  TernRole role;
  gboolean subscribed;
  gboolean selectable;
  TernSpace space;
  TernRights rights;   /* as far as they are known */
  gint64 append_limit; /* bytes of the largest message that can be put there; -1 = not known */
  gboolean gone;       /* not in the last LIST: not shown, and kept for a while */
  guint32 uidvalidity; /* 0 = never selected */
  guint32 uidnext;
  guint64 modseq;   /* HIGHESTMODSEQ that all stored data covers; 0 = none */
  guint32 backfill; /* headers are here for all UIDs >= this; 1 = everything; 0 = none */
  gint64 total;     /* shown messages here */
  gint64 unread;
  gint64 remote_total;  /* what STATUS/EXISTS said last; -1 = unknown */
  gint64 remote_unread; /* -1 = unknown */
  gint64 checked;       /* when it last agreed with the server, seconds; 0 = never */
  /* The last reconciliation: all UIDs were compared with a listing of the server's, and what
   * differed was repaired. */
  gint64 compare_tried;   /* when it was last begun, seconds; the server may not have let it end */
  gint64 compared;        /* when, seconds; 0 = never */
  gint64 compared_remote; /* messages there */
  gint64 compared_here;   /* and here, afterwards */
} TernFolderRecord;

TernFolderRecord *tern_folder_record_copy (const TernFolderRecord *self);
void tern_folder_record_free (TernFolderRecord *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernFolderRecord, tern_folder_record_free)

/* Accounts: the settings live in a key file, the store only maps their uuid to a row. */
TernId tern_txn_ensure_account (TernTxn *txn, const char *uuid, GError **error);
gboolean tern_txn_remove_account (TernTxn *txn, TernId account, GError **error); /* and its mail */
GPtrArray *tern_read_account_uuids (TernReader *reader, GError **error);         /* of char* */
TernId tern_read_account_id (TernReader *reader, const char *uuid, GError **error);

/* Inserts or updates by (account, remote_name), or by (account, path) when local. @record->id,
 * rights, counts and sync state are not read; a role that a person set wins over the server's. */
TernId tern_txn_put_folder (TernTxn *txn, const TernFolderRecord *record, GError **error);

/* After a complete LIST: folders of @account that are not in @kept are gone. Listed again, they are
 * as they were; a day later, a listing that lacks them still removes those without local data,
 * pending operations or drafts. @kept: a set (g_direct_hash) of folder ids, each as
 * GSIZE_TO_POINTER (id). */
gboolean tern_txn_end_listing (TernTxn *txn, TernId account, GHashTable *kept, GError **error);

/* Another program has renamed it: the row keeps its id and its mail. The next tern_txn_put_folder()
 * of that name says where it is shown. Nobody else may have the name. Where our own renaming is
 * under way, its outcome says it instead. */
gboolean tern_txn_set_folder_remote_name (TernTxn *txn,
                                          TernId folder,
                                          const char *remote_name,
                                          GError **error);

gboolean
tern_txn_set_mailbox_id (TernTxn *txn, TernId folder, const char *mailbox_id, GError **error);

gboolean tern_txn_set_folder_role (TernTxn *txn,
                                   TernId folder,
                                   TernRole role,
                                   gboolean by_person,
                                   GError **error);

/* The sync state, stored in the same transaction as the data that it covers. */
gboolean tern_txn_set_sync_state (TernTxn *txn,
                                  TernId folder,
                                  guint32 uidvalidity,
                                  guint32 uidnext,
                                  guint64 modseq,
                                  guint32 backfill,
                                  GError **error);
gboolean tern_txn_set_remote_counts (TernTxn *txn,
                                     TernId folder,
                                     gint64 total,
                                     gint64 unread,
                                     gboolean checked_now,
                                     GError **error);

gboolean tern_txn_set_compare_tried (TernTxn *txn, TernId folder, GError **error);
/* After a reconciliation with a listing of @remote messages; what is here is counted now. */
gboolean tern_txn_set_compared (TernTxn *txn, TernId folder, gint64 remote, GError **error);

GPtrArray *tern_read_folders (TernReader *reader, TernId account, GError **error); /* 0 = all */
TernFolderRecord *tern_read_folder (TernReader *reader, TernId folder, GError **error);
TernFolderRecord *tern_read_folder_by_path (TernReader *reader,
                                            TernId account,
                                            const char *path,
                                            GError **error); /* INBOX in any case */
TernFolderRecord *
tern_read_folder_by_role (TernReader *reader, TernId account, TernRole role, GError **error);

G_END_DECLS
