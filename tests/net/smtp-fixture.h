/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-smtp-session.h"

#include "tern-script-server.h"

G_BEGIN_DECLS

/* What the server says until the session is open; end with NULL. */
extern const char *const smtp_greet_pipelining[];
extern const char *const smtp_greet_plain[];

/**
 * SmtpFixture:
 *
 * A session against a scripted server. Lives in the default context.
 */
typedef struct
{
  TernTestCert *cert;
  TernScriptServer *server;
  TernSmtpSession *session;
  gboolean hold; /* the test finishes the data itself */
  guint ready;   /* calls of the hook */
} SmtpFixture;

void smtp_fixture_start (SmtpFixture *self, TernSecurity security, TernCredentials *credentials);
void smtp_fixture_clear (SmtpFixture *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (SmtpFixture, smtp_fixture_clear)

/* One connection that goes @greeting (nullable), then the steps, which end with NULL. */
void smtp_add_script (SmtpFixture *self, const char *const *greeting, ...) G_GNUC_NULL_TERMINATED;

gboolean smtp_open_session (SmtpFixture *self, GError **error);
void smtp_must_open (SmtpFixture *self);
void smtp_cannot_open (SmtpFixture *self, TernFaultCode code);
void smtp_assert_fault (const GError *error, TernFaultCode code);

/* (GAsyncReadyCallback) Of a GAsyncResult *: keeps the result there. */
void smtp_keep_result (GObject *source, GAsyncResult *result, gpointer user_data);

G_END_DECLS
