/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-imap-session.h"
#include "tern-smtp-session.h"

#include "tern-mail-server.h"
#include "tern-script-server.h"

#include <string.h>

/* Access tokens and client certificates at a real Dovecot, and through a real Postfix. */

static TernMailServer *server; /* one for all tests of this program */

static void
keep_result_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GAsyncResult **slot = user_data;

  *slot = g_object_ref (result);
}

static TernEndpoint *
make_endpoint (const char *port, const char *client_cert)
{
  g_autoptr (TernEndpoint) endpoint = tern_endpoint_new (
      tern_mail_server_get_host (server), tern_mail_server_get_port (server, port),
      g_str_has_suffix (port, "starttls") ? TERN_SECURITY_STARTTLS : TERN_SECURITY_TLS,
      tern_mail_server_get_ca_file (server), NULL);

  return tern_endpoint_with_client_cert (endpoint, client_cert);
}

/* What the transcript keeps must not help anybody to log in. */
static void
check_transcript (TernConnection *connection, const char *secret)
{
  g_autoptr (TernConnection) copy = tern_connection_copy (connection);
  g_autofree char *encoded = g_base64_encode ((const guchar *) secret, strlen (secret));

  g_assert_cmpuint (copy->lines->len, >, 0);
  for (guint i = 0; i < copy->lines->len; i++)
    {
      const TernTranscriptLine *line = g_ptr_array_index (copy->lines, i);

      g_assert_null (strstr (line->text, secret));
      g_assert_null (strstr (line->text, encoded));
      g_assert_null (strstr (line->text, "eyJ")); /* JSON in base64 */
    }
}

/* (nullable): why it was not let in. */
static GError *
log_in (const char *port,
        const char *client_cert,
        TernAuth auth,
        const char *secret,
        const char *as)
{
  static const TernImapHandlers none = { 0 };
  g_autoptr (TernEndpoint) endpoint = make_endpoint (port, client_cert);
  g_autoptr (TernCredentials) credentials =
      tern_credentials_new_for (auth, tern_mail_server_get_address (server, 0), secret);
  g_autoptr (TernConnection) connection = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  GError *error = NULL;

  if (g_str_has_prefix (port, "smtp"))
    {
      g_autoptr (TernSmtpSession) session = tern_smtp_session_new (endpoint, credentials);

      connection = tern_connection_ref (tern_smtp_session_get_connection (session));
      tern_smtp_session_open_async (session, NULL, keep_result_cb, &result);
      tern_test_wait_until (result != NULL);
      tern_smtp_session_open_finish (session, result, &error);
      tern_smtp_session_close (session);
      g_clear_object (&result);
    }
  else
    {
      g_autoptr (TernImapSession) session =
          tern_imap_session_new (endpoint, credentials, "test", FALSE, &none, NULL);

      connection = tern_connection_ref (tern_imap_session_get_connection (session));
      tern_imap_session_open_async (session, NULL, keep_result_cb, &result);
      tern_test_wait_until (result != NULL);
      tern_imap_session_open_finish (session, result, &error);
      if (error == NULL)
        {
          g_assert_true (tern_connection_has_used (connection, "SASL-IR"));
          tern_imap_session_close (session);
        }
      g_clear_object (&result);
    }
  g_assert_cmpstr (connection->mechanism, ==, as);
  check_transcript (connection, secret != NULL ? secret : client_cert);
  return error;
}

static const char *const ports[] = { "imap", "imap_starttls", "smtp", "smtp_starttls" };

static void
test_token (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (ports); i++)
    {
      g_autoptr (GError) error =
          log_in (ports[i], NULL, TERN_AUTH_BEARER,
                  tern_mail_server_get_user_fact (server, 0, "token"), "OAUTHBEARER");

      g_assert_no_error (error);
    }
}

static void
test_old_token (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (ports); i += 2)
    {
      g_autoptr (GError) error =
          log_in (ports[i], NULL, TERN_AUTH_BEARER,
                  tern_mail_server_get_user_fact (server, 0, "old_token"), "OAUTHBEARER");

      g_assert_error (error, TERN_FAULT, TERN_FAULT_AUTHENTICATION);
      g_test_message ("%s [%s]", error->message, tern_fault_get_server_text (error));
      g_assert_cmpstr (tern_fault_get_server_text (error), ==, "{\"status\":\"invalid_token\"}");
      g_assert_nonnull (strstr (error->message, "token"));
    }
}

static void
test_certificate (void)
{
  for (gsize i = 0; i < 2; i++)
    {
      g_autoptr (GError) error =
          log_in (ports[i], tern_mail_server_get_user_fact (server, 0, "client_cert"),
                  TERN_AUTH_EXTERNAL, NULL, "EXTERNAL");

      g_assert_no_error (error);
    }
}

static void
test_other_certificate (void)
{
  g_autoptr (GError) error =
      log_in ("imap", tern_mail_server_get_user_fact (server, 1, "client_cert"), TERN_AUTH_EXTERNAL,
              NULL, "EXTERNAL");

  g_assert_error (error, TERN_FAULT, TERN_FAULT_AUTHENTICATION);
  g_assert_nonnull (strstr (error->message, "certificate"));
}

/* The same account with a password, at a server that would bind nothing. */
static void
test_password (void)
{
  g_autoptr (GError) error = log_in ("imap", NULL, TERN_AUTH_PASSWORD,
                                     tern_mail_server_get_password (server, 0), "SCRAM-SHA-256");

  g_assert_no_error (error);
}

int
main (int argc, char **argv)
{
  int status;

  g_test_init (&argc, &argv, NULL);
  server = tern_mail_server_new ("--tokens", "--client-certificates", NULL);
  if (server == NULL)
    return 0;
  g_main_context_acquire (NULL);
  /* Dovecot lets those wait who failed: they come last. */
  g_test_add_func ("/sasl-dovecot/password", test_password);
  g_test_add_func ("/sasl-dovecot/token", test_token);
  g_test_add_func ("/sasl-dovecot/certificate", test_certificate);
  g_test_add_func ("/sasl-dovecot/old-token", test_old_token);
  g_test_add_func ("/sasl-dovecot/other-certificate", test_other_certificate);
  status = g_test_run ();
  g_main_context_release (NULL);
  tern_mail_server_free (server);
  return status;
}
