/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-packed-body.h"
#include "tern-store-messages.h"

G_BEGIN_DECLS

/**
 * TernBodyStore:
 *
 * The bytes of messages and parts by content hash (SHA-256, lower-case hex). What is put is written
 * beside and renamed or committed as a whole; what is read is checked against its hash. A damaged
 * cached body is dropped and reported (TERN_FAULT_DAMAGED) so that it is fetched again.
 *
 * Which bytes belong to a message is told by rows (message, section): section "" is the whole
 * message, "HEADER" its header, "1.2" one part's transferred bytes.
 *
 * Bodies are written by the writer thread in the transaction of their row (tern_txn_put_body) and
 * read by the readers (tern_read_body).
 */

/* Stores @bytes as @section of @location's message and updates its body state. @durable: fsynced
 * before the transaction commits (POP, drafts, outbox); else made durable with the batch. */
gboolean tern_txn_put_body (TernTxn *txn,
                            TernId location,
                            const char *section,
                            GBytes *bytes,
                            gboolean durable,
                            GError **error);
/* The same for what was packed before, not durable. */
gboolean tern_txn_put_packed_body (TernTxn *txn,
                                   TernId location,
                                   const char *section,
                                   const TernPackedBody *body,
                                   GError **error);
/* The same without a message row, for the outbox; returns the hash. */
char *tern_txn_put_loose_body (TernTxn *txn, GBytes *bytes, GError **error);

/* NULL without @error when it is not here. */
GBytes *tern_read_body (TernReader *reader, TernId location, const char *section, GError **error);
GBytes *tern_read_loose_body (TernReader *reader, const char *hash, GError **error);
/* Sections of a message that are here: GStrv. */
char **tern_read_body_sections (TernReader *reader, TernId location, GError **error);

/**
 * TernKeepRule:
 *
 * What of an account is kept beside what a person reads (tern-account-settings.h).
 */
typedef struct
{
  TernId account;
  gint64 since;    /* the oldest sort key, seconds since 1970 */
  gint64 max_size; /* bytes; 0: any */
  TernId after;    /* only locations that were made after this one; 0: all */
} TernKeepRule;

/* The last location that was made; 0: none. */
TernId tern_read_last_location (TernReader *reader, GError **error);

/* Messages that are wanted and not here, newest first, up to @limit: GArray of TernId. Of those
 * that are larger than allowed only the text is wanted, and only they are read when @large. Nothing
 * of Junk and Trash is. */
GArray *tern_read_wanted_bodies (TernReader *reader,
                                 const TernKeepRule *rule,
                                 gboolean large,
                                 guint limit,
                                 GError **error);
/* Messages of the account whose text is here and whose preview is not known, newest first, up to
 * @limit: GArray of TernId, one location of each. */
GArray *tern_read_wordless (TernReader *reader, TernId account, guint limit, GError **error);
/* Lets go of bodies that are older than wanted, of messages that the server has and that no
 * operation is about. Looks at @limit messages after *@cursor, which is 0 when all were seen. */
gboolean tern_txn_trim_bodies (TernTxn *txn,
                               const TernKeepRule *rule,
                               guint limit,
                               TernId *cursor,
                               GError **error);

/** TernBodySource: the bytes of a section, to be read piece by piece. */
typedef struct
{
  GBytes *bytes; /* (owned) (nullable): as tern_read_body() gives them */
  int fd;        /* (owned): else a file; whoever reads it checks that it has the hash */
  char *hash;    /* (owned): SHA-256 */
} TernBodySource;
void tern_body_source_free (TernBodySource *self);
/* NULL without @error when it is not here. */
TernBodySource *
tern_read_body_source (TernReader *reader, TernId location, const char *section, GError **error);
/* What has @hash as its name is not that: it is forgotten, so that it is fetched again. Any thread.
 */
void tern_store_report_damaged_body (TernStore *self, const char *hash);

/* Drops bodies that no row names; called from time to time, in slices. *@more when not done. */
gboolean tern_txn_collect_bodies (TernTxn *txn, guint limit, gboolean *more, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernBodySource, tern_body_source_free)

G_END_DECLS
