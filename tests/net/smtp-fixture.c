/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "smtp-fixture.h"

#include <stdarg.h>

const char *const smtp_greet_pipelining[] = { "S: 220 mail.test ESMTP", "C: EHLO [127.0.0.1]",
                                              "S: 250-mail.test",       "S: 250-PIPELINING",
                                              "S: 250-SIZE 1000",       "S: 250-8BITMIME",
                                              "S: 250 SMTPUTF8",        NULL };
const char *const smtp_greet_plain[] = { "S: 220 mail.test ESMTP", "C: EHLO [127.0.0.1]",
                                         "S: 250 mail.test", NULL };

void
smtp_fixture_clear (SmtpFixture *self)
{
  if (self->session != NULL)
    tern_smtp_session_close (self->session);
  g_clear_object (&self->session);
  g_clear_pointer (&self->server, tern_script_server_free);
  g_clear_pointer (&self->cert, tern_test_cert_free);
}

void
smtp_keep_result (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GAsyncResult **slot = user_data;

  *slot = g_object_ref (result);
}

void
smtp_add_script (SmtpFixture *self, const char *const *greeting, ...)
{
  g_autoptr (GPtrArray) steps = g_ptr_array_new ();
  const char *step;
  va_list args;

  for (gsize i = 0; greeting != NULL && greeting[i] != NULL; i++)
    g_ptr_array_add (steps, (char *) greeting[i]);
  va_start (args, greeting);
  while ((step = va_arg (args, const char *)) != NULL)
    g_ptr_array_add (steps, (char *) step);
  va_end (args);
  g_ptr_array_add (steps, NULL);
  tern_script_server_addv (self->server, (const char *const *) steps->pdata);
}

void
smtp_fixture_start (SmtpFixture *self, TernSecurity security, TernCredentials *credentials)
{
  g_autoptr (TernEndpoint) endpoint = NULL;

  self->cert = tern_test_cert_new (TERN_TEST_CERT_GOOD);
  self->server = tern_script_server_new (self->cert, security == TERN_SECURITY_TLS);
  endpoint = tern_endpoint_new ("127.0.0.1", tern_script_server_get_port (self->server), security,
                                self->cert->ca_file, NULL);
  self->session = tern_smtp_session_new (endpoint, credentials);
}

gboolean
smtp_open_session (SmtpFixture *self, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  tern_smtp_session_open_async (self->session, NULL, smtp_keep_result, &result);
  tern_test_wait_until (result != NULL);
  return tern_smtp_session_open_finish (self->session, result, error);
}

void
smtp_must_open (SmtpFixture *self)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (smtp_open_session (self, &error));
  g_assert_no_error (error);
  g_assert_true (tern_smtp_session_is_open (self->session));
}

void
smtp_assert_fault (const GError *error, TernFaultCode code)
{
  if (error != NULL)
    g_test_message ("%s [%s]", error->message,
                    error->domain == TERN_FAULT ? tern_fault_get_server_text (error) : "");
  g_assert_error (error, TERN_FAULT, (int) code);
}

void
smtp_cannot_open (SmtpFixture *self, TernFaultCode code)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (smtp_open_session (self, &error));
  smtp_assert_fault (error, code);
  g_assert_false (tern_smtp_session_is_open (self->session));
}
