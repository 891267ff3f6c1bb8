/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-message-facts.h"
#include "tern-store-private.h"

G_BEGIN_DECLS

/* What "message.hash" and "reference.hash" hold for a Message-ID of @account; 0 for none. */
gint64 tern_thread_hash (TernId account, const char *message_id);

/* Joins the messages "m" of the hash ?1. */
#define TERN_THREAD_FROM_HASH                                   \
  " FROM reference r LEFT JOIN merged g ON g.thread = r.thread" \
  " JOIN message m ON m.thread = ifnull (g.target, r.thread) AND m.hash = r.hash"

/* The thread of @message with @facts: joins the threads that its references belong to. *@thread is
 * what it has now (0 when it is new), and what it gets. */
gboolean tern_thread_assign (TernTxn *txn,
                             TernId account,
                             TernId message,
                             const TernMessageFacts *facts,
                             TernId *thread,
                             GError **error);

G_END_DECLS
