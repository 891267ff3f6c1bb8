/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "smtp-fixture.h"

#include "tern-limits.h"

#include <string.h>

/* Until a session is open, against scripts. What it submits then: test-smtp-submit.c */

static void
test_auth (void)
{
  g_auto (SmtpFixture) f = { 0 };
  g_autoptr (TernCredentials) credentials = tern_credentials_new ("tim", "tanstaaftanstaaf");

  smtp_fixture_start (&f, TERN_SECURITY_TLS, credentials);
  smtp_add_script (&f, NULL, "S: 220 hi", "C: EHLO *", "S: 250-x", "S: 250 AUTH PLAIN LOGIN",
                   "C: AUTH PLAIN AHRpbQB0YW5zdGFhZnRhbnN0YWFm", "S: 235 2.7.0 welcome", "STALL",
                   NULL);
  smtp_must_open (&f);
}

static void
test_auth_login (void)
{
  g_auto (SmtpFixture) f = { 0 };
  g_autoptr (TernCredentials) credentials = tern_credentials_new ("tim", "secret");

  smtp_fixture_start (&f, TERN_SECURITY_TLS, credentials);
  smtp_add_script (&f, NULL, "S: 220 hi", "C: EHLO *", "S: 250-x", "S: 250 AUTH LOGIN",
                   "C: AUTH LOGIN", "S: 334 VXNlcm5hbWU6", "C: dGlt", "S: 334 UGFzc3dvcmQ6",
                   "C: c2VjcmV0", "S: 235 2.7.0 welcome", "STALL", NULL);
  smtp_must_open (&f);
}

static void
test_auth_refused (void)
{
  static const struct
  {
    const char *offer;
    const char *answer;
    TernFaultCode code;
  } samples[] = {
    { "S: 250 AUTH PLAIN", "S: 535 5.7.8 wrong", TERN_FAULT_AUTHENTICATION },
    { "S: 250 AUTH PLAIN", "S: 454 4.7.0 not now", TERN_FAULT_UNAVAILABLE },
    { "S: 250 AUTH PLAIN", "S: 421 4.7.0 not now", TERN_FAULT_UNAVAILABLE },
    { "S: 250 AUTH SCRAM-SHA-256", "S: 235 2.7.0 welcome", TERN_FAULT_AUTHENTICATION },
    { "S: 250 AUTH SCRAM-SHA-256", "S: 334 Z2FyYmFnZQ==", TERN_FAULT_PROTOCOL },
    { "S: 250 AUTH GSSAPI", NULL, TERN_FAULT_NO_MECHANISM },
    { "S: 250 SIZE", NULL, TERN_FAULT_NO_MECHANISM },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (samples); i++)
    {
      g_auto (SmtpFixture) f = { 0 };
      g_autoptr (TernCredentials) credentials = tern_credentials_new ("tim", "secret");

      smtp_fixture_start (&f, TERN_SECURITY_TLS, credentials);
      if (samples[i].answer == NULL)
        smtp_add_script (&f, NULL, "S: 220 hi", "C: EHLO *", "S: 250-x", samples[i].offer, "EOF",
                         NULL);
      else
        smtp_add_script (&f, NULL, "S: 220 hi", "C: EHLO *", "S: 250-x", samples[i].offer,
                         "C: AUTH *", samples[i].answer, "EOF", NULL);
      smtp_cannot_open (&f, samples[i].code);
      tern_script_server_finish (f.server, 1);
    }
}

static void
test_starttls (void)
{
  g_auto (SmtpFixture) f = { 0 };
  g_autoptr (TernCredentials) credentials = tern_credentials_new ("tim", "tanstaaftanstaaf");

  smtp_fixture_start (&f, TERN_SECURITY_STARTTLS, credentials);
  /* What was offered before TLS counts for nothing after it. */
  smtp_add_script (&f, NULL, "S: 220 hi", "C: EHLO [127.0.0.1]", "S: 250-x", "S: 250-SIZE 7",
                   "S: 250-AUTH LOGIN", "S: 250 STARTTLS", "C: STARTTLS", "S: 220 go", "TLS",
                   "C: EHLO [127.0.0.1]", "S: 250-x", "S: 250 AUTH PLAIN",
                   "C: AUTH PLAIN AHRpbQB0YW5zdGFhZnRhbnN0YWFm", "S: 235 welcome", "STALL", NULL);
  smtp_must_open (&f);
  g_assert_cmpuint (tern_smtp_session_get_size_limit (f.session), ==, 0);
}

static void
test_starttls_refused (void)
{
  static const struct
  {
    const char *offer;
    const char *answer;
    TernFaultCode code;
  } samples[] = {
    /* Stripped by somebody in between, or never there. */
    { "S: 250 AUTH PLAIN", NULL, TERN_FAULT_TLS },
    { "S: 250 STARTTLS", "S: 502 5.5.1 no", TERN_FAULT_TLS },
    { "S: 250 STARTTLS", "S: 454 4.7.0 not now", TERN_FAULT_UNAVAILABLE },
    /* Injected: text after the go-ahead, to be believed as if it came through TLS. */
    { "S: 250 STARTTLS", "R: 220 go\r\n250 injected\r\n", TERN_FAULT_TLS },
    { "S: 250 STARTTLS", "R: 220 go\r\n2", TERN_FAULT_TLS },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (samples); i++)
    {
      g_auto (SmtpFixture) f = { 0 };
      g_autoptr (TernCredentials) credentials = tern_credentials_new ("tim", "secret");
      g_autofree char *sent = NULL;

      smtp_fixture_start (&f, TERN_SECURITY_STARTTLS, credentials);
      if (samples[i].answer == NULL)
        smtp_add_script (&f, NULL, "S: 220 hi", "C: EHLO *", "S: 250-x", samples[i].offer, "EOF",
                         NULL);
      else
        smtp_add_script (&f, NULL, "S: 220 hi", "C: EHLO *", "S: 250-x", samples[i].offer,
                         "C: STARTTLS", samples[i].answer, "EOF", NULL);
      smtp_cannot_open (&f, samples[i].code);
      tern_script_server_finish (f.server, 1);
      sent = tern_script_server_dup_received (f.server, 0);
      g_assert_null (strstr (sent, "AUTH"));
    }
}

static void
test_bad_greetings (void)
{
  static const struct
  {
    const char *step;
    TernFaultCode code;
  } samples[] = {
    { "S: * OK this is IMAP", TERN_FAULT_PROTOCOL },
    { "FILL: 1000000 x", TERN_FAULT_PROTOCOL },
    { "S: 554 5.3.2 no", TERN_FAULT_UNAVAILABLE },
    { "S: 421 4.3.2 not now", TERN_FAULT_UNAVAILABLE },
    { "S: 354 what?", TERN_FAULT_PROTOCOL },
    { "CLOSE", TERN_FAULT_DISCONNECTED },
    { "R: 220", TERN_FAULT_DISCONNECTED },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (samples); i++)
    {
      g_auto (SmtpFixture) f = { 0 };

      smtp_fixture_start (&f, TERN_SECURITY_TLS, NULL);
      smtp_add_script (&f, NULL, samples[i].step, "CLOSE", NULL);
      smtp_cannot_open (&f, samples[i].code);
    }
}

static void
test_endless_reply (void)
{
  g_auto (SmtpFixture) f = { 0 };
  g_autoptr (GString) lines = g_string_new ("R: ");

  for (guint i = 0; i <= TERN_LIMIT_SMTP_REPLY_LINES; i++)
    g_string_append (lines, "250-X\r\n");
  smtp_fixture_start (&f, TERN_SECURITY_TLS, NULL);
  smtp_add_script (&f, NULL, "S: 220 hi", "C: EHLO *", lines->str, "STALL", NULL);
  smtp_cannot_open (&f, TERN_FAULT_PROTOCOL);
}

static void
test_reopen (void)
{
  g_auto (SmtpFixture) f = { 0 };

  smtp_fixture_start (&f, TERN_SECURITY_TLS, NULL);
  smtp_add_script (&f, NULL, "S: 421 not now", NULL);
  smtp_add_script (&f, smtp_greet_plain, "STALL", NULL);
  smtp_cannot_open (&f, TERN_FAULT_UNAVAILABLE);
  smtp_must_open (&f);
}

/* Cancelled after each number of turns of the loop, until the session is open before that. */
static void
test_cancel_open (gconstpointer security)
{
  g_autoptr (TernCredentials) credentials = tern_credentials_new ("tim", "secret");
  gboolean opened = FALSE;

  for (guint turns = 0; turns < 300 && !opened; turns += 1 + turns / 8)
    {
      g_auto (SmtpFixture) f = { 0 };
      g_autoptr (GCancellable) cancellable = g_cancellable_new ();
      g_autoptr (GAsyncResult) result = NULL;
      g_autoptr (GError) error = NULL;

      smtp_fixture_start (&f, (TernSecurity) GPOINTER_TO_INT (security), credentials);
      if (GPOINTER_TO_INT (security) == TERN_SECURITY_TLS)
        smtp_add_script (&f, NULL, "S: 220 hi", "C: EHLO *", "S: 250-x", "S: 250 AUTH PLAIN",
                         "C: AUTH *", "S: 235 Ok", "STALL", NULL);
      else
        smtp_add_script (&f, NULL, "S: 220 hi", "C: EHLO *", "S: 250-x", "S: 250 STARTTLS",
                         "C: STARTTLS", "S: 220 go", "TLS", "C: EHLO *", "S: 250-x",
                         "S: 250 AUTH PLAIN", "C: AUTH *", "S: 235 Ok", "STALL", NULL);
      tern_smtp_session_open_async (f.session, cancellable, smtp_keep_result, &result);
      for (guint i = 0; i < turns && result == NULL; i++)
        g_main_context_iteration (NULL, TRUE);
      opened = result != NULL;
      g_cancellable_cancel (cancellable);
      tern_test_wait_until (result != NULL);
      if (opened)
        g_assert_true (tern_smtp_session_open_finish (f.session, result, &error));
      else
        {
          g_assert_false (tern_smtp_session_open_finish (f.session, result, &error));
          smtp_assert_fault (error, TERN_FAULT_CANCELLED);
        }
    }
  g_assert_true (opened);
}

/* Takes TERN_TIMEOUT_GREETING seconds of doing nothing, so it only runs with -m slow. */
static void
test_silence (void)
{
  g_auto (SmtpFixture) f = { 0 };
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  if (!g_test_slow ())
    {
      g_test_skip ("slow");
      return;
    }
  smtp_fixture_start (&f, TERN_SECURITY_TLS, NULL);
  smtp_add_script (&f, NULL, "STALL", NULL);
  tern_smtp_session_open_async (f.session, NULL, smtp_keep_result, &result);
  while (result == NULL)
    g_main_context_iteration (NULL, TRUE);
  g_assert_false (tern_smtp_session_open_finish (f.session, result, &error));
  smtp_assert_fault (error, TERN_FAULT_TIMED_OUT);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_main_context_acquire (NULL);
  g_test_add_func ("/smtp/auth/plain", test_auth);
  g_test_add_func ("/smtp/auth/login", test_auth_login);
  g_test_add_func ("/smtp/auth/refused", test_auth_refused);
  g_test_add_func ("/smtp/starttls", test_starttls);
  g_test_add_func ("/smtp/starttls-refused", test_starttls_refused);
  g_test_add_func ("/smtp/bad-greetings", test_bad_greetings);
  g_test_add_func ("/smtp/endless-reply", test_endless_reply);
  g_test_add_func ("/smtp/reopen", test_reopen);
  g_test_add_data_func ("/smtp/cancel-open/tls", GINT_TO_POINTER (TERN_SECURITY_TLS),
                        test_cancel_open);
  g_test_add_data_func ("/smtp/cancel-open/starttls", GINT_TO_POINTER (TERN_SECURITY_STARTTLS),
                        test_cancel_open);
  g_test_add_func ("/smtp/silence", test_silence);
  return g_test_run ();
}
