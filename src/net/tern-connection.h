/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-endpoint.h"
#include "tern-transcript.h"

G_BEGIN_DECLS

/** TernConnectionState: how a connection stands, for people. */
typedef enum
{
  TERN_CONNECTION_NONE, /* not tried */
  TERN_CONNECTION_CONNECTING,
  TERN_CONNECTION_OPEN,
  TERN_CONNECTION_WATCHING, /* waits for news (IDLE) */
  TERN_CONNECTION_CLOSED,   /* by us */
  TERN_CONNECTION_LOST,     /* it had been open */
  TERN_CONNECTION_REFUSED,  /* the server did not let it in */
  TERN_CONNECTION_FAILED,   /* it did not come to be open for another reason */
} TernConnectionState;

/**
 * TernConnection:
 *
 * What is known of one connection, for the connection doctor: its session writes into it as things
 * happen, and it stays when the session is gone. Refcounted (atomically); until it is copied it
 * belongs to the thread of its session. A copy is immutable and may cross threads.
 */
typedef struct _TernConnection TernConnection;

struct _TernConnection
{
  char *protocol; /* "imap", "smtp" */
  char *label;    /* "work", "watch", "hands", "send", "test" */
  char *host;
  guint16 port;
  TernSecurity security;
  char *address; /* (nullable) of the server, once it was reached */

  gboolean secure;
  char *tls_version; /* (nullable) "TLS 1.3" */
  char *cipher;      /* (nullable) */
  TernCertificateFacts certificate;
  char *mechanism; /* (nullable) of SASL, or "LOGIN command" */

  GPtrArray *offered; /* of char*: extensions as they were announced last; bounded */
  GPtrArray *used;    /* of char*: names of those that were made use of */

  GPtrArray *comments; /* of char*: what the server says of itself and of INBOX (METADATA); clean
                          text in one line, bounded */

  TernConnectionState state;
  gint64 since;  /* seconds since 1970: in this state */
  char *mailbox; /* (nullable) as the server writes it: what is selected */
  guint64 bytes_in;
  guint64 bytes_out;
  guint round_trips;
  GError *error; /* (nullable) why it is not open */

  TernTranscript *transcript; /* (nullable): not in a copy */
  GPtrArray *lines;           /* (nullable): of TernTranscriptLine, in a copy */

  /* (nullable): brings the figures up to date, as long as the session is there. */
  void (*refresh) (TernConnection *self, gpointer session);
  gpointer session; /* (lent) */
};

TernConnection *
tern_connection_new (const char *protocol, const char *label, TernEndpoint *endpoint);
TernConnection *tern_connection_ref (TernConnection *self);
void tern_connection_unref (TernConnection *self);
/* Up to date, with the protocol lines. (transfer full) */
TernConnection *tern_connection_copy (TernConnection *self);

/* For the session. */
void tern_connection_set_state (TernConnection *self, TernConnectionState state);
/* It is over. @error (nullable) says why; NULL: as we wished. */
void tern_connection_end (TernConnection *self, const GError *error);
/* Where it leads to, and how secure it is: after connecting and after STARTTLS. */
void tern_connection_take_transport (TernConnection *self, TernTransport *transport);
void tern_connection_set_mechanism (TernConnection *self, const char *mechanism);
void tern_connection_set_mailbox (TernConnection *self, const char *mailbox);
void tern_connection_clear_offered (TernConnection *self);
void tern_connection_add_offered (TernConnection *self, const char *name, gsize length);
/* An extension was made use of, by its name as in the table of extensions. */
void tern_connection_use (TernConnection *self, const char *extension);

/* @text: any bytes. */
void tern_connection_add_comment (TernConnection *self, const char *text, gsize length);

gboolean tern_connection_has_offered (const TernConnection *self, const char *name);
gboolean tern_connection_has_used (const TernConnection *self, const char *name);
/* A stable lower-case word for JSON: "open", "watching", "refused", … */
const char *tern_connection_state_name (TernConnectionState state);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernConnection, tern_connection_unref)

G_END_DECLS
