/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-message-facts.h"
#include "tern-store.h"

G_BEGIN_DECLS

/** TernBodyState: how much of a message is on this disk. */
typedef enum
{
  TERN_BODY_ABSENT,
  TERN_BODY_PARTIAL, /* header and text parts; other parts on demand */
  TERN_BODY_HERE,    /* the whole message, section "" */
} TernBodyState;

/**
 * TernMessageRecord:
 *
 * One message in one folder, copied out for lists, reader and ternctl. #id is the location's: it is
 * stable over flag changes, moves and restarts.
 */
typedef struct
{
  TernId id;
  TernId message;
  TernId folder;
  TernId account;
  TernId thread;
  gint64 sort_key;
  TernBodyState body_state;
  TernFlags flags;         /* shown: server + local delta */
  gboolean pending;        /* an operation on it has not been confirmed */
  gboolean hidden;         /* not listed: on its way out, or only the place of a moved one */
  TernMessageFacts *facts; /* (owned); facts->flags are the shown ones */
} TernMessageRecord;

void tern_message_record_free (TernMessageRecord *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernMessageRecord, tern_message_record_free)

/* Adds a message seen on the server at facts->uid, or updates it if that uid is known. A local
 * location that waits for its uid (moved, appended) and is the same message (by the server's own
 * id for it, else Message-ID and size or date) is completed instead of doubled. Assigns the thread,
 * keeps the counts, marks it fresh when @fresh and unseen. Returns the location. */
TernId tern_txn_add_message (TernTxn *txn,
                             TernId folder,
                             TernMessageFacts *facts,
                             gboolean fresh,
                             GError **error);

/* Adds a local message without a uid (outbox, draft, pending append). */
TernId
tern_txn_add_local_message (TernTxn *txn, TernId folder, TernMessageFacts *facts, GError **error);

/* The server layer. Shown flags follow; a pending local delta stays on top. */
gboolean tern_txn_set_server_flags (TernTxn *txn,
                                    TernId folder,
                                    guint32 uid,
                                    TernFlags flags,
                                    const char *keywords,
                                    guint64 modseq,
                                    GError **error);

/* Labels, in lines, "" none; (nullable): none are known. */
gboolean
tern_txn_set_labels (TernTxn *txn, TernId folder, guint32 uid, const char *labels, GError **error);
char *tern_read_labels (TernReader *reader, TernId location, GError **error);

/* @uids: GArray of guint32, sorted. The server said EXPUNGE/VANISHED, or two listings agree. What a
 * move that is running takes away stays until that is confirmed. */
gboolean tern_txn_remove_uids (TernTxn *txn, TernId folder, GArray *uids, GError **error);

/* UIDVALIDITY changed: uids of the folder become unknown; tern_txn_add_message() then re-matches
 * by the server's id of the message, else by Message-ID, date and size. */
gboolean tern_txn_begin_rematch (TernTxn *txn, TernId folder, GError **error);
/* What waits to be matched, or was confirmed to arrive in @folder without a uid and has not been
 * seen there yet: GArray of TernId, sorted. Of those that waited when a complete sync began,
 * tern_txn_end_waiting() removes the ones that wait still: somebody was faster, and they are
 * elsewhere. Operations on them are told. */
GArray *tern_read_waiting (TernReader *reader, TernId folder, GError **error);
gboolean tern_txn_end_waiting (TernTxn *txn, TernId folder, GArray *among, GError **error);

gboolean tern_txn_set_preview (TernTxn *txn, TernId location, const char *preview, GError **error);
gboolean
tern_txn_set_body_state (TernTxn *txn, TernId location, TernBodyState state, GError **error);

/* Lists. Keys come sorted (key DESC, id DESC). @limit 0 = all. */
typedef enum
{
  TERN_FILTER_ALL,
  TERN_FILTER_UNREAD,
  TERN_FILTER_FLAGGED,
} TernFilter;

GArray *tern_read_keys (TernReader *reader,
                        TernId folder,
                        TernFilter filter,
                        gsize limit,
                        GError **error); /* of TernListKey */
GPtrArray *tern_read_messages (TernReader *reader,
                               const TernId *locations,
                               gsize n,
                               GError **error); /* of TernMessageRecord; missing and hidden ones
                                                   are left out */
/* NULL without @error when there is none. A hidden one is told, too. */
TernMessageRecord *tern_read_message (TernReader *reader, TernId location, GError **error);

/* Sync. */
GArray *tern_read_uids (TernReader *reader, TernId folder, GError **error); /* of guint32, sorted */
/* 0 when there is none. For the hidden place of a moved message: the message's visible location. */
TernId tern_read_location_by_uid (TernReader *reader, TernId folder, guint32 uid, GError **error);
/* Where the server has it now: *@folder (nullable) and the uid, both 0 when it is nowhere (yet).
 * While a move is unconfirmed that is still the source. */
guint32 tern_read_uid (TernReader *reader, TernId location, TernId *folder, GError **error);
GArray *tern_read_locations_by_message_id (TernReader *reader,
                                           TernId account,
                                           const char *message_id,
                                           GError **error); /* of TernId */

G_END_DECLS
