/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-imap-session.h"
#include "tern-smtp-session.h"

#include "tern-script-server.h"

#include <string.h>

/* How the sessions carry an access token and what a server says of it. */

#define USER   "anna@example.test"
#define TOKEN  "ya29.a-token.of-Anna"
#define REASON "{\"status\":\"400\",\"schemes\":\"Bearer\",\"scope\":\"https://mail.google.com/\"}"

typedef struct
{
  TernTestCert *cert;
  TernScriptServer *server;
  char *initial; /* of XOAUTH2, base64 */
  char *reason;  /* base64 */
} Fixture;

static void
fixture_init (Fixture *self)
{
  static const char initial[] = "user=" USER "\001auth=Bearer " TOKEN "\001\001";

  self->cert = tern_test_cert_new (TERN_TEST_CERT_GOOD);
  self->server = tern_script_server_new (self->cert, TRUE);
  self->initial = g_base64_encode ((const guchar *) initial, sizeof initial - 1);
  self->reason = g_base64_encode ((const guchar *) REASON, sizeof REASON - 1);
}

static void
fixture_clear (Fixture *self)
{
  g_clear_pointer (&self->server, tern_script_server_free);
  g_clear_pointer (&self->cert, tern_test_cert_free);
  g_free (self->initial);
  g_free (self->reason);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Fixture, fixture_clear)

static void
keep_result_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GAsyncResult **slot = user_data;

  *slot = g_object_ref (result);
}

static void
check_transcript (Fixture *self, TernConnection *connection)
{
  g_autoptr (TernConnection) copy = tern_connection_copy (connection);

  for (guint i = 0; i < copy->lines->len; i++)
    {
      const TernTranscriptLine *line = g_ptr_array_index (copy->lines, i);

      g_test_message ("%s", line->text);
      g_assert_null (strstr (line->text, "ya29"));
      g_assert_null (strstr (line->text, self->initial));
      g_assert_null (strstr (line->text, self->reason));
    }
}

static TernEndpoint *
make_endpoint (Fixture *self)
{
  return tern_endpoint_new ("127.0.0.1", tern_script_server_get_port (self->server),
                            TERN_SECURITY_TLS, self->cert->ca_file, NULL);
}

/* (nullable): why it cannot be used. */
static GError *
open_imap (Fixture *self, const char *token)
{
  static const TernImapHandlers none = { 0 };
  g_autoptr (TernEndpoint) endpoint = make_endpoint (self);
  g_autoptr (TernCredentials) credentials =
      tern_credentials_new_for (TERN_AUTH_BEARER, USER, token);
  g_autoptr (TernImapSession) session =
      tern_imap_session_new (endpoint, credentials, "test", FALSE, &none, NULL);
  g_autoptr (GAsyncResult) result = NULL;
  GError *error = NULL;

  tern_imap_session_open_async (session, NULL, keep_result_cb, &result);
  tern_test_wait_until (result != NULL);
  if (tern_imap_session_open_finish (session, result, &error))
    tern_imap_session_close (session);
  g_clear_object (&result);
  check_transcript (self, tern_imap_session_get_connection (session));
  return error;
}

static GError *
open_smtp (Fixture *self, const char *token)
{
  g_autoptr (TernEndpoint) endpoint = make_endpoint (self);
  g_autoptr (TernCredentials) credentials =
      tern_credentials_new_for (TERN_AUTH_BEARER, USER, token);
  g_autoptr (TernSmtpSession) session = tern_smtp_session_new (endpoint, credentials);
  g_autoptr (GAsyncResult) result = NULL;
  GError *error = NULL;

  tern_smtp_session_open_async (session, NULL, keep_result_cb, &result);
  tern_test_wait_until (result != NULL);
  tern_smtp_session_open_finish (session, result, &error);
  tern_smtp_session_close (session);
  g_clear_object (&result);
  check_transcript (self, tern_smtp_session_get_connection (session));
  return error;
}

static void
check_refusal (GError *error)
{
  g_assert_error (error, TERN_FAULT, TERN_FAULT_AUTHENTICATION);
  g_assert_cmpint (tern_fault_get_retry (error), ==, TERN_RETRY_NEVER);
  g_assert_cmpstr (tern_fault_get_server_text (error), ==, REASON);
  g_assert_nonnull (strstr (error->message, "token"));
  g_assert_null (strstr (error->message, "password"));
  g_error_free (error);
}

static void
test_imap_refused (void)
{
  g_auto (Fixture) f = { 0 };
  g_autofree char *command = NULL;
  g_autofree char *initial = NULL;
  g_autofree char *reason = NULL;

  fixture_init (&f);
  command = g_strconcat ("C: %t AUTHENTICATE XOAUTH2 ", f.initial, NULL);
  initial = g_strconcat ("C: ", f.initial, NULL);
  reason = g_strconcat ("S: + ", f.reason, NULL);
  tern_script_server_add (f.server, "S: * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=XOAUTH2] hi",
                          command, reason, "C: ", "S: %t NO [AUTHENTICATIONFAILED] no", "EOF",
                          NULL);
  tern_script_server_add (f.server, "S: * OK [CAPABILITY IMAP4rev1 AUTH=XOAUTH2] hi",
                          "C: %t AUTHENTICATE XOAUTH2", "S: + ", initial, reason,
                          "C: ", "S: %t NO no", "EOF", NULL);
  check_refusal (open_imap (&f, TOKEN));
  check_refusal (open_imap (&f, TOKEN));
  tern_script_server_finish (f.server, 2);
}

/* A token is no password, whatever the server would take as one. */
static void
test_imap_no_login (void)
{
  g_auto (Fixture) f = { 0 };
  g_autoptr (GError) error = NULL;

  fixture_init (&f);
  tern_script_server_add (f.server, "S: * OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] hi", "EOF", NULL);
  error = open_imap (&f, TOKEN);
  g_assert_error (error, TERN_FAULT, TERN_FAULT_NO_MECHANISM);
  tern_script_server_finish (f.server, 1);
}

static void
test_smtp_refused (void)
{
  g_auto (Fixture) f = { 0 };
  g_autofree char *command = NULL;
  g_autofree char *reason = NULL;

  fixture_init (&f);
  command = g_strconcat ("C: AUTH XOAUTH2 ", f.initial, NULL);
  reason = g_strconcat ("S: 334 ", f.reason, NULL);
  tern_script_server_add (f.server, "S: 220 hi", "C: EHLO *", "S: 250-x", "S: 250 AUTH XOAUTH2",
                          command, reason, "C: ", "S: 535 5.7.8 no", "EOF", NULL);
  check_refusal (open_smtp (&f, TOKEN));
  tern_script_server_finish (f.server, 1);
}

/* A line of SMTP has 512 bytes: a longer response waits until it is asked for. */
static void
test_smtp_long (void)
{
  g_auto (Fixture) f = { 0 };
  g_autoptr (GError) error = NULL;
  g_autofree char *token = g_strnfill (2000, 'y');
  g_autofree char *initial = g_strconcat ("user=" USER "\001auth=Bearer ", token, "\001\001", NULL);
  g_autofree char *encoded = g_base64_encode ((const guchar *) initial, strlen (initial));
  g_autofree char *response = g_strconcat ("C: ", encoded, NULL);

  fixture_init (&f);
  tern_script_server_add (f.server, "S: 220 hi", "C: EHLO *", "S: 250-x", "S: 250 AUTH XOAUTH2",
                          "C: AUTH XOAUTH2", "S: 334 ", response, "S: 235 in", "STALL", NULL);
  error = open_smtp (&f, token);
  g_assert_no_error (error);
}

int
main (int argc, char **argv)
{
  int status;

  g_test_init (&argc, &argv, NULL);
  g_main_context_acquire (NULL);
  g_test_add_func ("/sasl-token/imap/refused", test_imap_refused);
  g_test_add_func ("/sasl-token/imap/no-login", test_imap_no_login);
  g_test_add_func ("/sasl-token/smtp/refused", test_smtp_refused);
  g_test_add_func ("/sasl-token/smtp/long", test_smtp_long);
  status = g_test_run ();
  g_main_context_release (NULL);
  return status;
}
