/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-imap-command.h"

G_BEGIN_DECLS

/**
 * TernImapRule:
 *
 * The reasons not to send a command yet. tern_imap_queue_may_send() is the one place that says no.
 */
typedef enum
{
  TERN_IMAP_RULE_NONE = 0,
  TERN_IMAP_RULE_LOGIN = 1,     /* not authenticated, and the command is not one for before that */
  TERN_IMAP_RULE_LITERAL = 2,   /* a part of another command waits for "+" */
  TERN_IMAP_RULE_SELECT = 3,    /* SELECT in flight, or this is one and anything is in flight */
  TERN_IMAP_RULE_MAILBOX = 4,   /* it needs a mailbox that is not selected (yet) */
  TERN_IMAP_RULE_EXCLUSIVE = 5, /* STARTTLS, AUTHENTICATE, ENABLE go alone; what only informs may
                                   follow ENABLE, nothing may follow COMPRESS */
  TERN_IMAP_RULE_IDLE = 6,      /* IDLE is not over before its tagged reply */
  TERN_IMAP_RULE_LOGOUT = 7,    /* LOGOUT waits until nothing is in flight; nothing follows it */
  TERN_IMAP_RULE_THROTTLED = 8, /* the server asked for patience */
  TERN_IMAP_RULE_WINDOW = 9,    /* 8 commands or 256 KiB in flight; in safe mode one command */
  TERN_IMAP_RULE_OVERLAP = 10,  /* a change of mailboxes beside a FETCH; one SEARCH at a time
                                   where its answer names no command */
} TernImapRule;

/** TernImapQueue: commands that wait, and those in flight, each in order. */
typedef struct
{
  GQueue pending;           /* of TernImapCommand (owned) */
  GQueue in_flight;         /* the same, abandoned ones among them */
  TernImapCommand *waiting; /* (nullable): in flight, and waits for "+" to send on */
  gsize bytes_in_flight;
  guint next_tag;

  /* What the session tells. */
  gboolean authenticated;
  gboolean safe_mode;
  gboolean throttled;
  guint generation; /* of the selected mailbox, 0 if there is none */
} TernImapQueue;

void tern_imap_queue_init (TernImapQueue *self, gboolean safe_mode);

/* (transfer full) */
void tern_imap_queue_push (TernImapQueue *self, TernImapCommand *command);

/* (transfer full): before all that wait. */
void tern_imap_queue_push_first (TernImapQueue *self, TernImapCommand *command);

TernImapRule tern_imap_queue_may_send (TernImapQueue *self, const TernImapCommand *command);

/* Moves the first pending command into flight and gives it a tag. */
TernImapCommand *tern_imap_queue_launch (TernImapQueue *self);

/* (transfer full) (nullable): takes the command of a tagged reply out of flight. */
TernImapCommand *tern_imap_queue_land (TernImapQueue *self, const char *tag, gsize length);

/* (transfer full): takes a command out that was not sent. */
TernImapCommand *tern_imap_queue_withdraw (TernImapQueue *self, TernImapCommand *command);

/* (nullable): the oldest in flight of this kind. */
TernImapCommand *tern_imap_queue_find (TernImapQueue *self, TernImapVerb verb);
gboolean tern_imap_queue_is_empty (TernImapQueue *self);

/* Ends every command with @error and empties the queue. */
void tern_imap_queue_fail_all (TernImapQueue *self, const GError *error);

G_END_DECLS
