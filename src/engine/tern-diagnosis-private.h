/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-account-settings.h"
#include "tern-diagnosis.h"

G_BEGIN_DECLS

/** TernAccountTrace: what the worker of an account knows for its diagnosis. */
typedef struct
{
  gboolean online;
  GPtrArray *connections; /* of TernConnection (copies) */
  GError *error;          /* (nullable) */
  GError *sending;        /* (nullable) */
  gint64 next_try;
  GError *last; /* (nullable) */
  gint64 last_time;
  gint64 last_sync;
  TernQuota quota;
} TernAccountTrace;

TernAccountTrace *tern_account_trace_new (void);
void tern_account_trace_free (gpointer trace);

/** TernConnectionKeeper: the last connection of each kind of an account. One thread. */
typedef struct _TernConnectionKeeper TernConnectionKeeper;

TernConnectionKeeper *tern_connection_keeper_new (void);
void tern_connection_keeper_free (TernConnectionKeeper *self);
void tern_connection_keeper_add (TernConnectionKeeper *self, TernConnection *connection);
/* Copies, in the order in which they were first added; see tern_diagnosis_copy_connection(). */
GPtrArray *tern_connection_keeper_dup (TernConnectionKeeper *self,
                                       const TernCredentials *imap,
                                       const TernCredentials *smtp);

/* What a server says of a login may repeat the password or what was sent instead; both servers' are
 * struck out (@imap, @smtp: nullable). @error stays the caller's; NULL is fine. (transfer full) */
GError *tern_diagnosis_clean_error (const GError *error,
                                    const TernCredentials *imap,
                                    const TernCredentials *smtp);
/* A copy of @connection with its error cleaned. */
TernConnection *tern_diagnosis_copy_connection (TernConnection *connection,
                                                const TernCredentials *imap,
                                                const TernCredentials *smtp);

TernDiagnosis *tern_diagnosis_new (const TernAccountSettings *settings);
/* Takes what is in @trace; fills in servers that were not tried, and the extensions. */
void tern_diagnosis_take_trace (TernDiagnosis *self,
                                const TernAccountSettings *settings,
                                TernAccountTrace *trace);
/* (TernStoreRead form) the store's half; @data is the account's row, the result for
 * tern_diagnosis_take_queue(). */
gboolean tern_diagnosis_read_queue (TernReader *reader,
                                    gpointer data,
                                    GCancellable *cancellable,
                                    gpointer *result,
                                    GError **error);
void tern_diagnosis_queue_free (gpointer queue);
void tern_diagnosis_take_queue (TernDiagnosis *self, gpointer queue);

G_END_DECLS
