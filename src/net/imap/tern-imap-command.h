/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-imap-faults.h"
#include "tern-imap-types.h"

G_BEGIN_DECLS

typedef enum
{
  TERN_IMAP_VERB_CAPABILITY,
  TERN_IMAP_VERB_STARTTLS,
  TERN_IMAP_VERB_AUTHENTICATE, /* and LOGIN */
  TERN_IMAP_VERB_ENABLE,
  TERN_IMAP_VERB_COMPRESS,
  TERN_IMAP_VERB_INFORM, /* ID, NAMESPACE, LIST, LSUB, STATUS, CREATE: no mailbox needed */
  TERN_IMAP_VERB_SELECT,
  TERN_IMAP_VERB_FETCH,
  TERN_IMAP_VERB_SEARCH,
  TERN_IMAP_VERB_STORE,
  TERN_IMAP_VERB_CHANGE, /* COPY, MOVE, UID EXPUNGE: change what is in mailboxes */
  TERN_IMAP_VERB_APPEND,
  TERN_IMAP_VERB_NOOP,
  TERN_IMAP_VERB_IDLE,
  TERN_IMAP_VERB_LOGOUT,
} TernImapVerb;

typedef struct _TernImapCommand TernImapCommand;

/* How a command ended: @error is NULL after OK. Everything is lent. */
typedef void (*TernImapCommandDone) (TernImapCommand *command, const GError *error, gpointer data);

/**
 * TernImapCommand:
 *
 * One command: text and literals to send, what it needs to be sent, and what it collects. Owned by
 * the queue from the moment it is given to it until its tagged reply.
 */
struct _TernImapCommand
{
  TernImapVerb verb;
  char tag[12];          /* given when it is sent */
  char *mailbox;         /* (nullable) raw: for SELECT, and for faults */
  guint generation;      /* of the mailbox it needs, 0 if it needs none */
  gboolean secret;       /* nothing of it in the transcript */
  gboolean opening;      /* one of the opener's */
  gboolean read_only;    /* SELECT: EXAMINE */
  gboolean plain_search; /* answered by SEARCH, which names no command */
  gboolean search_all;   /* its result is every UID of the mailbox */
  guint n_expunged;      /* with search_all: n_expunged of the mailbox when it was asked for */
  gboolean is_move;
  char *set;                  /* (nullable) the messages that it is about now */
  char *rest;                 /* (nullable) those that come after them */
  guint64 n_messages;         /* of the whole set, as it was given */
  guint set_part;             /* where @set is among the parts */
  guint32 limit;              /* [MESSAGELIMIT]: the server took so many, 0 = it says nothing */
  guint32 done_from;          /* [MESSAGELIMIT]: and these were from this UID on, 0 = not told */
  TernImapFetchItems items;   /* FETCH of items: which */
  guint64 changed_since;      /* of it, 0 = all */
  gboolean is_utf8_append;    /* with the message in UTF8 (~…) */
  gboolean asks_mailbox_id;   /* of STATUS, or LIST with it */
  gboolean asks_append_limit; /* likewise */
  char *looks_for;            /* (nullable) raw: LIST of one name … */
  gboolean looks_below;       /* … or of all that begin with it */
  char *counts;               /* (nullable) raw: STATUS of one mailbox */
  guint32 body_uid;           /* FETCH of one body */
  GHashTable *body_uids;      /* (nullable) set: FETCH of the same section of several */
  char *body_section;         /* (nullable) */
  guint64 body_size;   /* of the whole message, as the server told it (of the largest one); 0 if it
                          did not */
  guint64 body_room;   /* with body_uids: what may still be kept */
  guint64 body_offset; /* with a length: where the range of the section begins */
  guint32 body_length; /* 0: the whole section */
  gboolean body_decoded; /* it is BINARY */
  gboolean too_large;    /* the body was more than is kept */
  gboolean unreadable;   /* so was a response that came meanwhile */
  gboolean not_range;    /* a body of this section came that is not the range that was asked for */

  GPtrArray *parts; /* of TernImapPart */
  guint next_part;  /* the first that is not sent */
  gsize size;       /* of all parts */

  TernImapReply *reply; /* what was collected so far */
  TernImapCommandDone done;
  gpointer data;
  GCancellable *cancellable; /* (nullable): the caller's; only looked at */
  GSource *cancel_source;    /* (nullable): watches it */
  gboolean abandoned;        /* the caller was answered already */
};

typedef struct
{
  GBytes *bytes;
  gboolean literal;
} TernImapPart;

TernImapCommand *tern_imap_command_new (TernImapVerb verb, TernImapCommandDone done, gpointer data);
void tern_imap_command_free (TernImapCommand *self);

void tern_imap_command_add (TernImapCommand *self, const char *format, ...) G_GNUC_PRINTF (2, 3);
/* An astring: quoted where that is possible, else a literal. @utf8: the server takes UTF-8 in
 * quotes. */
void tern_imap_command_add_string (TernImapCommand *self, const char *string);
void tern_imap_command_add_text (TernImapCommand *self, const char *string, gboolean utf8);
/* The set of messages, at most once; it can become another one when the command was sent. */
void tern_imap_command_add_set (TernImapCommand *self, const char *set);
void tern_imap_command_replace_set (TernImapCommand *self, const char *set);
void tern_imap_command_add_literal (TernImapCommand *self, GBytes *bytes);

/* Whether the text can be sent as it is: a line break in it would begin another command. */
gboolean tern_imap_command_is_one_line (TernImapCommand *self);

/* As it was before anything was added: to be written, and sent, once more. */
void tern_imap_command_rewind (TernImapCommand *self);

/* An APPEND with UTF8 (~…), as one without. */
void tern_imap_command_unmark_message (TernImapCommand *self);

/* Answers the caller, at most once. */
void tern_imap_command_finish (TernImapCommand *self, const GError *error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernImapCommand, tern_imap_command_free)

G_END_DECLS
