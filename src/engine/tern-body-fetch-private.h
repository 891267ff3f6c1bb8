/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-packed-body.h"
#include "tern-remote-private.h"
#include "tern-store-messages.h"

G_BEGIN_DECLS

/** TernBodyTarget: one message of a TernBodyFetch. */
typedef struct
{
  TernId location;
  TernPart *structure; /* (nullable) */
  GPtrArray *requests; /* of TernPartRequest, owned by TernBodyFetch.requests */
  GPtrArray *bodies;   /* of TernPackedBody, one for each request; NULL for what did not come */
  char *preview;       /* (nullable) */
} TernBodyTarget;

/**
 * TernBodyFetch:
 *
 * Which bytes of which messages of one folder are missing here. Plain value.
 */
typedef struct
{
  TernFolderRecord *folder; /* (nullable) */
  GPtrArray *targets;       /* of TernBodyTarget */
  GPtrArray *requests;      /* of TernPartRequest, all of them */
  GArray *rest;             /* of TernId: of other folders, or more than fits */
  guint64 size;             /* of the messages, as far as the server told it */
  guint64 large;            /* of the one section that was asked for, if it comes in pieces; or 0 */
  gboolean full;
  guint stored; /* targets that are done with */
} TernBodyFetch;

void tern_body_fetch_free (TernBodyFetch *self);

/* What to look for. */
typedef struct
{
  GArray *locations; /* of TernId */
  char *section;     /* (nullable) NULL: what the reader needs */
  gboolean strict;   /* a message that cannot be fetched is a fault, else it is left out */
  guint most;        /* at most so many messages, and no more than their sizes allow */
} TernBodyQuery;

TernBodyQuery *
tern_body_query_new (const TernId *ids, gsize n, const char *section, gboolean strict, guint most);
void tern_body_query_free (TernBodyQuery *self);

/* (TernStoreRead) Data: TernBodyQuery. Result: TernBodyFetch, for the folder of the first of them.
 */
gboolean tern_body_fetch_read (TernReader *reader,
                               gpointer data,
                               GCancellable *cancellable,
                               gpointer *result,
                               GError **error);
/* Appends to @rest the messages of which not all had room beside the others: they are to be asked
 * for once more, and that is no error of theirs. */
void tern_body_fetch_put_off (TernBodyFetch *self, GArray *rest);
/* What has come, and is not packed. */
guint64 tern_body_fetch_count_bytes (const TernBodyFetch *self);
/* Something of it has come. */
gboolean tern_body_fetch_has_any (const TernBodyFetch *self);
/* (nullable) (transfer none): what the server said of the first message that it did not give. */
const GError *tern_body_fetch_get_error (const TernBodyFetch *self);
/* Once the bytes are there, outside of the writer. */
void tern_body_fetch_make_previews (TernBodyFetch *self);
/* Then, or at once: takes the bytes, and makes of them what tern_body_fetch_write() stores. */
void tern_body_fetch_pack (TernBodyFetch *self);
/* Of so many messages in one transaction: one of a person waits for no more than these. */
#define TERN_BODY_FETCH_SLICE 100
/* (TernStoreWrite) Data: TernBodyFetch, packed; the next slice after those that
 * are stored. */
gboolean tern_body_fetch_write (TernTxn *txn, gpointer data, gpointer *result, GError **error);

G_END_DECLS
