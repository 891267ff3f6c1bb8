/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-smtp-envelope.h"
#include "tern-smtp-session.h"
#include "tern-smtp-wire.h"

#include "tern-sasl.h"

G_BEGIN_DECLS

/* What the session is doing. There is one reply or event that moves it on from each step. */
typedef enum
{
  TERN_SMTP_STEP_CLOSED,
  TERN_SMTP_STEP_CONNECT,  /* the transport */
  TERN_SMTP_STEP_GREETING, /* 220 */
  TERN_SMTP_STEP_EHLO,
  TERN_SMTP_STEP_STARTTLS, /* 220, then the handshake */
  TERN_SMTP_STEP_AUTH,     /* 334 any number of times, 235 */
  TERN_SMTP_STEP_IDLE,     /* open; no reply is owed */
  TERN_SMTP_STEP_MAIL,     /* from here on see tern-smtp-submit.c */
  TERN_SMTP_STEP_RCPT,
  TERN_SMTP_STEP_DATA,   /* 354 */
  TERN_SMTP_STEP_BODY,   /* the message is being written */
  TERN_SMTP_STEP_HOLD,   /* waits for tern_smtp_session_finish_data() */
  TERN_SMTP_STEP_DOT,    /* the answer to the message */
  TERN_SMTP_STEP_NOBODY, /* the answer to the dot after a DATA that nobody was left for */
  TERN_SMTP_STEP_RSET,
} TernSmtpStep;

typedef struct _TernSmtpTransaction TernSmtpTransaction;

struct _TernSmtpSession
{
  GObject parent_instance;

  GMainContext *context;        /* (owned) */
  TernEndpoint *endpoint;       /* (owned) */
  TernCredentials *credentials; /* (owned) (nullable) */
  TernConnection *connection;   /* (owned) */
  TernSmtpStep step;
  GTask *task;                      /* (owned) (nullable): the open or submit that is under way */
  GSource *watch;                   /* (owned) (nullable): the cancellable of @task */
  GCancellable *connecting;         /* (owned) (nullable): of the transport */
  TernSmtpWire *wire;               /* (owned) (nullable) */
  TernSmtpExtensions *extensions;   /* (owned) (nullable) */
  TernSasl *sasl;                   /* (owned) (nullable): while authenticating */
  char *initial;                    /* (owned) (nullable): of @sasl, when it is to follow later */
  TernSmtpTransaction *transaction; /* (owned) (nullable) */
};

/* Begins a request: keeps @task (transfer full) and watches its cancellable. */
void tern_smtp_session_begin (TernSmtpSession *self, GTask *task);
/* Ends it; the task is handed back to be returned. */
GTask *tern_smtp_session_end (TernSmtpSession *self);
/* Drops the connection and ends what is under way with @error (transfer full). */
void tern_smtp_session_fail (TernSmtpSession *self, GError *error);

/* @what: a translated sentence with the host, like "… refused the sender." The code follows from
 * the reply: 421 and 4xx UNAVAILABLE, 552 and x.3.4 LIMIT, @refused for the rest. */
GError *
tern_smtp_session_fault (const TernSmtpReply *reply, TernFaultCode refused, const char *what);

/* tern-smtp-submit.c */
void tern_smtp_submit_reply (TernSmtpSession *self, const TernSmtpReply *reply);
void tern_smtp_submit_drained (TernSmtpSession *self);
/* The connection is gone, in @step: ends the transaction with what that means for the message.
 * Takes @error; @unsent as in TernSmtpWireFuncs. */
void
tern_smtp_submit_failed (TernSmtpSession *self, TernSmtpStep step, GError *error, gboolean unsent);
void tern_smtp_transaction_free (TernSmtpTransaction *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernSmtpTransaction, tern_smtp_transaction_free)

G_END_DECLS
