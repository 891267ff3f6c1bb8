/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-imap-session.h"

#include "tern-script-server.h"

G_BEGIN_DECLS

/**
 * TernImapFixture:
 *
 * A session against a scripted server, and a record of what it told. Lives in the default context.
 */
typedef struct
{
  TernTestCert *cert;
  TernScriptServer *server;
  TernImapSession *session;
  GString *heard; /* what came to the handlers, a line each: "exists 3" */
  guint closed;
  GError *closed_error; /* (nullable) */
} TernImapFixture;

void tern_imap_fixture_init (TernImapFixture *self, TernSecurity security);
/* With TLS from the first byte. */
void tern_imap_fixture_start (TernImapFixture *self);
/* Lets the script come to its end: the session hangs up, the server was content. */
void tern_imap_fixture_finish (TernImapFixture *self);
void tern_imap_fixture_clear (TernImapFixture *self);

/* A connection that greets with these capabilities, logs in by SASL PLAIN and goes on with the
 * steps, which end with NULL. "SELECTED" as the first step stands for a SELECT of INBOX with three
 * messages, which tern_imap_fixture_open_inbox() asks for. */
void tern_imap_fixture_script (TernImapFixture *self, const char *caps, ...) G_GNUC_NULL_TERMINATED;

/* (nullable): why it could not be opened. */
GError *tern_imap_fixture_open (TernImapFixture *self);
void tern_imap_fixture_open_inbox (TernImapFixture *self);

/* One result: given to a call as its callback's data. */
typedef struct
{
  guint calls;
  TernImapReply *reply; /* (nullable) */
  GError *error;        /* (nullable) */
} TernImapResult;

void tern_imap_result_cb (GObject *source, GAsyncResult *result, gpointer data);
void tern_imap_result_clear (TernImapResult *self);
/* Waits until it is there; it must be OK. */
void tern_imap_result_wait (TernImapResult *self);
/* Waits until it is there; it must be this fault. */
void tern_imap_result_wait_fault (TernImapResult *self, TernFaultCode code);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (TernImapFixture, tern_imap_fixture_clear)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (TernImapResult, tern_imap_result_clear)

G_END_DECLS
