/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-address.h"
#include "tern-part.h"
#include "tern-types.h"

G_BEGIN_DECLS

/**
 * TernMessageFacts:
 *
 * What is known of a message without its body: parsed and decoded. Made by the engine (from an
 * IMAP FETCH) or by mime (from the message), read by store and model. Plain, refcounted
 * atomically, immutable once a second reference exists. Every string is valid UTF-8.
 */
typedef struct
{
  guint32 uid;    /* in the folder it was seen in, 0 if local */
  guint64 modseq; /* 0 if the server has no CONDSTORE */
  TernFlags flags;
  char *keywords;    /* (nullable): other keywords, space separated */
  char *labels;      /* (nullable): Gmail's other folders of it, in lines; "" = none, NULL = not
                        known; not read back */
  gint64 received;   /* INTERNALDATE, seconds since 1970 UTC */
  gint64 saved;      /* SAVEDATE, likewise: when it was put into the folder; 0 = not known; not
                        read back */
  gint64 date;       /* Date:, seconds since 1970 UTC; 0 when absent or senseless */
  int date_offset;   /* minutes east of UTC in Date: */
  guint64 size;      /* RFC822.SIZE */
  char *subject;     /* decoded, unfolded, no control characters; "" if none */
  char *message_id;  /* (nullable), without angle brackets */
  char *in_reply_to; /* (nullable), first id, without angle brackets */
  char *email_id;    /* (nullable), the server's, the same in any folder; not read back */
  char **references; /* (nullable), ids without angle brackets, oldest first */
  GPtrArray *from;   /* of TernAddress, never NULL, as all below */
  GPtrArray *sender;
  GPtrArray *reply_to;
  GPtrArray *to;
  GPtrArray *cc;
  GPtrArray *bcc;
  TernPart *structure; /* (nullable) */
  guint attachments;
  char *preview; /* (nullable): first words of the text, one line, at most 200 characters */
} TernMessageFacts;

TernMessageFacts *tern_message_facts_new (void); /* all lists empty */
TernMessageFacts *tern_message_facts_ref (TernMessageFacts *self);
void tern_message_facts_unref (TernMessageFacts *self);

/* The time to sort by: Date if it is sensible (not before 1980, not more than a day after
 * @received), else @received. */
gint64 tern_message_facts_get_sort_time (const TernMessageFacts *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernMessageFacts, tern_message_facts_unref)

G_END_DECLS
