/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-imap-fetch.h"
#include "tern-imap-mailbox.h"
#include "tern-imap-queue.h"
#include "tern-imap-session.h"
#include "tern-imap-wire.h"

#include "tern-connection.h"

G_BEGIN_DECLS

typedef struct _TernImapOpener TernImapOpener;

typedef enum
{
  TERN_IMAP_IDLE_NONE,
  TERN_IMAP_IDLE_ENTERING, /* sent; DONE may not be sent before the "+" */
  TERN_IMAP_IDLE_ACTIVE,
  TERN_IMAP_IDLE_LEAVING, /* DONE sent; nothing else before the tagged reply */
} TernImapIdleState;

struct _TernImapSession
{
  GObject parent_instance;

  TernEndpoint *endpoint;
  TernCredentials *credentials;
  char *label;
  TernImapHandlers handlers;
  gpointer data; /* (lent): of the handlers */
  GMainContext *context;

  TernImapState state;
  TernConnection *connection;
  TernTransport *transport; /* (nullable) */
  TernImapWire *wire;       /* (nullable) */
  TernImapOpener *opener;   /* (nullable): while opening */
  TernImapQueue queue;
  gboolean pumping;
  guint silence; /* milliseconds */
  guint round_trips;
  guint64 bytes_in; /* of the wire that is gone */
  guint64 bytes_out;

  TernImapCaps caps;
  gint64 append_limit;   /* of all mailboxes; -1 = none is known */
  gboolean caps_told;    /* since they were dropped last */
  gboolean qresync;      /* ENABLED */
  gboolean closes;       /* SELECT says [CLOSED] where it leaves another mailbox */
  gboolean utf8_names;   /* the server writes the names of mailboxes in UTF-8 */
  gboolean utf8_append;  /* a message with UTF-8 in its header is to be marked (RFC 6855) */
  GPtrArray *mechanisms; /* of char *, upper case */
  GPtrArray *namespaces; /* of TernImapNamespace */

  guint32 message_limit; /* of one command, 0 = none that is known */
  /* Announced, and then not understood, or answered with what it cannot be. */
  TernImapFetchItems refused_items;
  gboolean refused_mailbox_id;
  gboolean wrong_mailbox_ids; /* in STATUS: none is believed */
  gboolean refused_append_limit;

  TernImapSelected selected;
  guint last_generation; /* of the last SELECT that was asked for */
  char *last_name;       /* (nullable): its mailbox */
  gboolean last_read_only;
  TernImapCommand *entering; /* (nullable): SELECT in flight whose mailbox waits for [CLOSED] */

  TernImapFetchDecoder *decoder;
  GString *scratch; /* for names of mailboxes */
  GPtrArray *sinks; /* of GByteArray, NULL for what is dropped: literals of one response */
  guint64 sunk;     /* bytes that they are to keep */

  /* While LIST is under way, see tern-imap-list.c. */
  guint extended_lists;   /* in flight: LIST tells subscriptions too */
  guint plain_lists;      /* under way */
  GHashTable *subscribed; /* (nullable): names told by LSUB */
  GPtrArray *listed;      /* (nullable): names that can be selected */

  gboolean want_idle;
  gboolean idle_refused; /* by the server: polled instead */
  TernImapIdleState idle;
  GSource *idle_source; /* (nullable): re-issues IDLE, or polls */
  GSource *throttle_source;
  guint throttle_seconds;
  GSource *leave_source; /* (nullable): LEAVING does not last for ever */
};

/* (a) session */
void tern_imap_session_set_state (TernImapSession *self, TernImapState state);
/* Ends it: every command, the opener, and last the closed handler. Takes @error; NULL when the
 * owner asked for it. The caller must hold a reference. */
void tern_imap_session_die (TernImapSession *self, GError *error);
void tern_imap_session_enqueue (TernImapSession *self, TernImapCommand *command);
void tern_imap_session_pump (TernImapSession *self);     /* sends what may_send() lets through */
void tern_imap_session_continue (TernImapSession *self); /* "+" came */
void tern_imap_session_update_owed (TernImapSession *self);
void tern_imap_session_send_text (TernImapSession *self, const char *text, TernWireKind kind);
/* For the doctor: an extension, by its name in tern-imap-extensions.c, was made use of. */
void tern_imap_session_use (TernImapSession *self, const char *extension);
void tern_imap_session_clear_source (GSource **source);
void tern_imap_session_drop_caps (TernImapSession *self);
void tern_imap_session_throttle (TernImapSession *self);

/* (b) routing: what the server says */
void tern_imap_session_route (TernImapSession *self);
void tern_imap_session_take_piece (TernImapSession *self, const TernImapPiece *piece);
/* A response, which the pieces were of, that nobody can read. */
void tern_imap_session_take_unreadable (TernImapSession *self);
void tern_imap_session_settle (TernImapSession *self); /* EXPUNGEs collected so far */
/* Namespaces, rights and quotas; nothing else. */
void tern_imap_session_take_account_data (TernImapSession *self, TernImapParser *parser);
/* From here on the server speaks of the mailbox that SELECT asked for. */
void tern_imap_session_enter_mailbox (TernImapSession *self);

/* Response codes. @code: its token. @command: the one whose tagged reply it is in, NULL for an
 * untagged response. */
void tern_imap_session_take_code (TernImapSession *self,
                                  TernImapParser *parser,
                                  guint code,
                                  TernImapCommand *command);
void
tern_imap_session_take_caps (TernImapSession *self, TernImapParser *parser, guint first, guint end);

/* Items of a FETCH. */
void tern_imap_session_write_fetch (TernImapSession *self, TernImapCommand *command);
/* What an APPEND ends with. */
void
tern_imap_session_add_message (TernImapSession *self, TernImapCommand *command, GBytes *message);
/* Items of a STATUS, to be followed by ")". */
void tern_imap_session_add_status_items (TernImapSession *self, TernImapCommand *command);
/* The server did not understand it: from now on it is asked without what it need not have. TRUE
 * when the command is in the queue again for that. */
gboolean tern_imap_session_ask_less (TernImapSession *self, TernImapCommand *command);

/* Commands in pieces. Adds what of @set can be sent at once. */
void tern_imap_session_add_part (TernImapSession *self, TernImapCommand *command, const char *set);
/* The command has come to its end: TRUE when it is in the queue again for what is left. One that is
 * OK for some of its messages only, and cannot go on, becomes a NO. */
gboolean
tern_imap_session_go_on (TernImapSession *self, TernImapCommand *command, TernImapOutcome *outcome);

/* Names of mailboxes, to and from what the server writes. */
void
tern_imap_session_add_name (TernImapSession *self, TernImapCommand *command, const char *mailbox);
void tern_imap_session_take_name (TernImapSession *self, GString *name);
void tern_imap_session_take_prefix (TernImapSession *self, TernImapNamespace *space);

/* (c) IDLE */
void tern_imap_session_idle_pump (TernImapSession *self);
void tern_imap_session_idle_continue (TernImapSession *self);
void tern_imap_session_idle_over (TernImapSession *self, gboolean refused);

/* (d) opening */
void tern_imap_opener_greeting (TernImapOpener *self, TernImapParser *parser);
void tern_imap_opener_continuation (TernImapOpener *self, TernImapSlice text);
void tern_imap_opener_fail (TernImapOpener *self, GError *error); /* takes it, frees the opener */
gboolean tern_imap_opener_awaits_greeting (TernImapOpener *self);

G_END_DECLS
