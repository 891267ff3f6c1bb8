/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-smtp-session.h"

#include "tern-mail-server.h"
#include "tern-script-server.h"

#include <string.h>

#define MESSAGE                        \
  "From: Anna <anna@example.test>\r\n" \
  "To: bob@example.test\r\n"           \
  "Subject: from the session\r\n"      \
  "Message-ID: <%s@tern.test>\r\n"     \
  "\r\n"                               \
  ".a line that starts with a dot\r\n"

static TernMailServer *server; /* one for all tests of this program */

static void
keep_result_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GAsyncResult **slot = user_data;

  *slot = g_object_ref (result);
}

static TernSmtpSession *
make_session (TernSecurity security, const char *password)
{
  g_autoptr (TernEndpoint) endpoint = NULL;
  g_autoptr (TernCredentials) credentials =
      tern_credentials_new (tern_mail_server_get_address (server, 0), password);

  endpoint = tern_endpoint_new (
      tern_mail_server_get_host (server),
      tern_mail_server_get_port (server, security == TERN_SECURITY_TLS ? "smtp" : "smtp_starttls"),
      security, tern_mail_server_get_ca_file (server), NULL);
  return tern_smtp_session_new (endpoint, credentials);
}

static gboolean
open_session (TernSmtpSession *session, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  tern_smtp_session_open_async (session, NULL, keep_result_cb, &result);
  tern_test_wait_until (result != NULL);
  return tern_smtp_session_open_finish (session, result, error);
}

static GPtrArray *
submit (TernSmtpSession *session,
        const char *from,
        const char *const *to,
        GBytes *message,
        gboolean all_or_none,
        GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  tern_smtp_session_submit_async (session, from, to, message, all_or_none, NULL, NULL,
                                  keep_result_cb, &result);
  tern_test_wait_until (result != NULL);
  return tern_smtp_session_submit_finish (session, result, error);
}

static GBytes *
make_message (const char *id)
{
  char *text = g_strdup_printf (MESSAGE, id);

  return g_bytes_new_take (text, strlen (text));
}

static TernSmtpRcptState
get_state (GPtrArray *recipients, guint index)
{
  TernSmtpRecipient *recipient = g_ptr_array_index (recipients, index);

  return recipient->state;
}

/* What has arrived at bob with this id. */
static char *
find_message (const char *id)
{
  return tern_mail_server_doveadm (server, "fetch -u %s text mailbox INBOX header Message-ID %s",
                                   tern_mail_server_get_address (server, 1), id);
}

static char *
wait_for_message (const char *id)
{
  gint64 deadline = g_get_monotonic_time () + 20 * G_USEC_PER_SEC;

  for (;;)
    {
      g_autofree char *found = find_message (id);

      if (*found != '\0')
        return g_steal_pointer (&found);
      if (g_get_monotonic_time () > deadline)
        g_error ("%s did not arrive", id);
      g_usleep (50 * 1000);
    }
}

static void
test_submit (gconstpointer security)
{
  g_autoptr (TernSmtpSession) session = make_session ((TernSecurity) GPOINTER_TO_INT (security),
                                                      tern_mail_server_get_password (server, 0));
  g_autofree char *id = g_uuid_string_random ();
  const char *to[] = { tern_mail_server_get_address (server, 1), NULL };
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) message = make_message (id);
  g_autoptr (GPtrArray) recipients = NULL;
  g_autofree char *found = NULL;

  g_assert_true (open_session (session, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (tern_smtp_session_get_size_limit (session), >, 0);
  recipients =
      submit (session, tern_mail_server_get_address (server, 0), to, message, FALSE, &error);
  g_assert_no_error (error);
  g_assert_cmpint (get_state (recipients, 0), ==, TERN_SMTP_RCPT_ACCEPTED);
  found = wait_for_message (id);
  g_assert_nonnull (strstr (found, "\n.a line that starts with a dot"));
  tern_smtp_session_close (session);
}

/* One bad recipient beside a good one: sent to the good one, or with all_or_none to nobody. */
static void
test_recipients (gconstpointer all_or_none)
{
  g_autoptr (TernSmtpSession) session =
      make_session (TERN_SECURITY_TLS, tern_mail_server_get_password (server, 0));
  g_autofree char *id = g_uuid_string_random ();
  const char *from = tern_mail_server_get_address (server, 0);
  const char *to[] = { tern_mail_server_get_address (server, 1), "nobody-here@example.test", NULL };
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) message = make_message (id);
  g_autoptr (GPtrArray) recipients = NULL;
  g_autoptr (GPtrArray) again = NULL;
  g_autofree char *found = NULL;
  g_autofree char *second = g_uuid_string_random ();
  g_autoptr (GBytes) second_message = make_message (second);
  g_autofree char *second_found = NULL;

  g_assert_true (open_session (session, &error));
  recipients = submit (session, from, to, message, GPOINTER_TO_INT (all_or_none), &error);
  g_assert_no_error (error);
  g_assert_cmpint (get_state (recipients, 1), ==, TERN_SMTP_RCPT_REFUSED);
  g_assert_cmpint (
      get_state (recipients, 0), ==,
      GPOINTER_TO_INT (all_or_none) ? TERN_SMTP_RCPT_WAITING : TERN_SMTP_RCPT_ACCEPTED);
  /* The session goes on with the next message, which is also what shows that the first one, when
   * it was not to be sent, has not overtaken it. */
  to[1] = NULL;
  again = submit (session, from, to, second_message, FALSE, &error);
  g_assert_no_error (error);
  g_assert_cmpint (get_state (again, 0), ==, TERN_SMTP_RCPT_ACCEPTED);
  second_found = wait_for_message (second);
  found = GPOINTER_TO_INT (all_or_none) ? find_message (id) : wait_for_message (id);
  g_assert_cmpint (*found == '\0', ==, GPOINTER_TO_INT (all_or_none));
  tern_smtp_session_close (session);
}

static void
test_all_refused (void)
{
  g_autoptr (TernSmtpSession) session =
      make_session (TERN_SECURITY_TLS, tern_mail_server_get_password (server, 0));
  const char *to[] = { "nobody-here@example.test", "nor-here@example.test", NULL };
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) message = make_message ("refused");
  g_autoptr (GPtrArray) recipients = NULL;
  TernSmtpRecipient *first;

  g_assert_true (open_session (session, &error));
  recipients =
      submit (session, tern_mail_server_get_address (server, 0), to, message, FALSE, &error);
  g_assert_no_error (error);
  first = g_ptr_array_index (recipients, 0);
  g_assert_cmpint (first->state, ==, TERN_SMTP_RCPT_REFUSED);
  g_assert_cmpuint (first->code, ==, 550);
  g_assert_cmpstr (first->enhanced, ==, "5.1.1");
  g_assert_cmpstr (first->text, !=, "");
  g_assert_cmpint (get_state (recipients, 1), ==, TERN_SMTP_RCPT_REFUSED);
  g_assert_true (tern_smtp_session_is_open (session));
  tern_smtp_session_close (session);
}

static void
test_wrong_password (void)
{
  g_autoptr (TernSmtpSession) session = make_session (TERN_SECURITY_TLS, "wrong");
  g_autoptr (GError) error = NULL;

  g_assert_false (open_session (session, &error));
  g_assert_error (error, TERN_FAULT, TERN_FAULT_AUTHENTICATION);
  g_assert_nonnull (tern_fault_get_server_text (error));
}

static void
test_too_large (void)
{
  g_autoptr (TernSmtpSession) session =
      make_session (TERN_SECURITY_TLS, tern_mail_server_get_password (server, 0));
  const char *to[] = { tern_mail_server_get_address (server, 1), NULL };
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) message = NULL;
  gsize size;

  g_assert_true (open_session (session, &error));
  size = tern_smtp_session_get_size_limit (session) + 1;
  message = g_bytes_new_take (g_strnfill (size, 'x'), size);
  g_assert_null (
      submit (session, tern_mail_server_get_address (server, 0), to, message, FALSE, &error));
  g_assert_error (error, TERN_FAULT, TERN_FAULT_LIMIT);
  g_assert_true (tern_smtp_session_is_open (session));
  tern_smtp_session_close (session);
}

static void
test_server_stops (void)
{
  g_autoptr (TernSmtpSession) session =
      make_session (TERN_SECURITY_TLS, tern_mail_server_get_password (server, 0));
  g_autoptr (TernSmtpSession) after =
      make_session (TERN_SECURITY_TLS, tern_mail_server_get_password (server, 0));
  g_autoptr (GError) error = NULL;

  g_assert_true (open_session (session, &error));
  tern_mail_server_command (server, "stop smtp");
  tern_test_wait_until (!tern_smtp_session_is_open (session));
  g_assert_false (open_session (after, &error));
  g_assert_error (error, TERN_FAULT, TERN_FAULT_UNREACHABLE);
  g_clear_error (&error);
  tern_mail_server_command (server, "start smtp");
  g_assert_true (open_session (after, &error));
  g_assert_no_error (error);
  tern_smtp_session_close (after);
}

int
main (int argc, char **argv)
{
  int result;

  g_test_init (&argc, &argv, NULL);
  g_main_context_acquire (NULL);
  server = tern_mail_server_new ("--users", "anna,bob", "--message-size", "200000", NULL);
  if (server == NULL)
    {
      g_print ("1..0 # SKIP no Dovecot or no Postfix here\n");
      return 0;
    }
  g_test_add_data_func ("/smtp-postfix/tls", GINT_TO_POINTER (TERN_SECURITY_TLS), test_submit);
  g_test_add_data_func ("/smtp-postfix/starttls", GINT_TO_POINTER (TERN_SECURITY_STARTTLS),
                        test_submit);
  g_test_add_data_func ("/smtp-postfix/recipients/each", GINT_TO_POINTER (FALSE), test_recipients);
  g_test_add_data_func ("/smtp-postfix/recipients/all-or-none", GINT_TO_POINTER (TRUE),
                        test_recipients);
  g_test_add_func ("/smtp-postfix/all-refused", test_all_refused);
  g_test_add_func ("/smtp-postfix/wrong-password", test_wrong_password);
  g_test_add_func ("/smtp-postfix/too-large", test_too_large);
  g_test_add_func ("/smtp-postfix/server-stops", test_server_stops);
  result = g_test_run ();
  g_clear_pointer (&server, tern_mail_server_free);
  return result;
}
