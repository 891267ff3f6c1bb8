/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-connection.h"

G_BEGIN_DECLS

/**
 * TernSmtpSession:
 *
 * A connection for submission (RFC 6409, 5321): EHLO with an address literal or "localhost"-neutral
 * name, STARTTLS or implicit TLS, AUTH, SIZE, 8BITMIME, SMTPUTF8, PIPELINING, enhanced codes.
 * Several messages one after the other. Thread: the context it was made in.
 */
#define TERN_TYPE_SMTP_SESSION (tern_smtp_session_get_type ())
G_DECLARE_FINAL_TYPE (TernSmtpSession, tern_smtp_session, TERN, SMTP_SESSION, GObject)

/** TernSmtpRecipient: the answer to one RCPT TO (and, for all, to DATA). */
typedef enum
{
  TERN_SMTP_RCPT_WAITING,
  TERN_SMTP_RCPT_ACCEPTED, /* the message was taken for it */
  TERN_SMTP_RCPT_LATER,    /* 4xx */
  TERN_SMTP_RCPT_REFUSED,  /* 5xx */
} TernSmtpRcptState;

typedef struct
{
  char *address;
  TernSmtpRcptState state;
  guint code;     /* 550 */
  char *enhanced; /* (nullable) "5.1.1" */
  char *text;     /* (nullable) the server's words, cleaned */
} TernSmtpRecipient;

void tern_smtp_recipient_free (TernSmtpRecipient *self);

TernSmtpSession *tern_smtp_session_new (TernEndpoint *endpoint, TernCredentials *credentials);
/* What is known of its connection, also when that is over. (transfer none) */
TernConnection *tern_smtp_session_get_connection (TernSmtpSession *self);

/* Connects, secures, authenticates. @credentials NULL to new: no AUTH. */
void tern_smtp_session_open_async (TernSmtpSession *self,
                                   GCancellable *cancellable,
                                   GAsyncReadyCallback callback,
                                   gpointer user_data);
gboolean
tern_smtp_session_open_finish (TernSmtpSession *self, GAsyncResult *result, GError **error);
gboolean tern_smtp_session_is_open (TernSmtpSession *self);
guint64 tern_smtp_session_get_size_limit (TernSmtpSession *self); /* 0 = none said */

/**
 * TernSmtpReadyFunc:
 *
 * Called once when every byte of the message but the final dot is on its way. The session waits
 * until tern_smtp_session_finish_data() (send the dot) or tern_smtp_session_abort() so that the
 * owner can commit "sent-data" first.
 */
typedef void (*TernSmtpReadyFunc) (TernSmtpSession *self, gpointer user_data);

/* Submits @message (CRLF line ends, no Bcc; dot-stuffing is done here) from @from to @to.
 * Result: GPtrArray of TernSmtpRecipient when the transaction came to an answer, also when all were
 * refused. Error: the whole attempt failed; TERN_FAULT_UNCERTAIN exactly when the final dot was
 * sent and no answer came; anything else means that nothing was accepted.
 * If any recipient is refused, the others still get the message, unless @all_or_none. */
void tern_smtp_session_submit_async (TernSmtpSession *self,
                                     const char *from,
                                     const char *const *to,
                                     GBytes *message,
                                     gboolean all_or_none,
                                     TernSmtpReadyFunc ready,
                                     GCancellable *cancellable,
                                     GAsyncReadyCallback callback,
                                     gpointer user_data);
GPtrArray *
tern_smtp_session_submit_finish (TernSmtpSession *self, GAsyncResult *result, GError **error);
void tern_smtp_session_finish_data (TernSmtpSession *self);
void tern_smtp_session_abort (TernSmtpSession *self); /* drops the connection */

void tern_smtp_session_close (TernSmtpSession *self); /* QUIT, not awaited */

G_END_DECLS
