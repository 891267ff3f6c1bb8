/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-store-messages.h"
#include "tern-store-private.h"

G_BEGIN_DECLS

/* Facts to and from the columns of "message". */

/* *@thread is filled in. Returns the new id, 0 with @error. */
TernId tern_facts_insert (TernTxn *txn,
                          TernId account,
                          const TernMessageFacts *facts,
                          TernId *thread,
                          GError **error);
/* What the server says of a message that is here; preview and structure stay when it says none,
 * and the preview that was made of the body stays anyway. */
gboolean tern_facts_update (TernTxn *txn,
                            TernId account,
                            TernId message,
                            const TernMessageFacts *facts,
                            GError **error);

/* The select list and the joins for tern_facts_take_record(); locations are "l", messages "m". */
#define TERN_FACTS_SELECT                                                                          \
  "SELECT l.id, l.message, l.folder, l.uid, l.sort_key, l.shown_flags, l.hidden, l.ops, l.modseq," \
  " l.shown_keywords, m.account, m.thread, m.size, m.received, m.date, m.date_offset,"             \
  " m.body_state, m.attachments, m.subject, m.authors, m.preview, m.message_id, m.in_reply_to,"    \
  " m.refs, m.sender, m.reply_to, m.recipients, m.cc, m.bcc, m.structure"                          \
  " FROM location l JOIN message m ON m.id = l.message "

/* The record of the row that @stmt stands on. */
TernMessageRecord *tern_facts_take_record (sqlite3_stmt *stmt);

G_END_DECLS
