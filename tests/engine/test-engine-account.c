/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "engine-fixture.h"
#include "tern-script-server.h"

/*
 * What an account says of itself from the first moment on, and the proof of a login that is given
 * up.
 */

#define UUID "6f0c1d52-7a3c-4a55-9d0c-0c5f5f8f2a11"

static TernAccountSettings *
settings_on_port (guint16 imap, guint16 smtp, const char *ca_file)
{
  TernAccountSettings *settings = tern_account_settings_new ();

  tern_account_settings_guess (settings, "anna@example.test");
  g_free (settings->uuid);
  settings->uuid = g_strdup (UUID);
  tern_endpoint_unref (settings->imap);
  tern_endpoint_unref (settings->smtp);
  settings->imap = tern_endpoint_new ("127.0.0.1", imap, TERN_SECURITY_TLS, ca_file, NULL);
  settings->smtp = tern_endpoint_new ("127.0.0.1", smtp, TERN_SECURITY_TLS, ca_file, NULL);
  return settings;
}

typedef struct
{
  guint seen;
  guint unexplained; /* OFFLINE or REFUSED without a reason */
  gboolean offline;
} Watch;

static void
on_status (TernEngine *engine, const char *uuid, Watch *watch)
{
  TernAccountStatus *status = tern_engine_dup_account_status (engine, uuid);
  gboolean trouble = status->state == TERN_ACCOUNT_OFFLINE || status->state == TERN_ACCOUNT_REFUSED;

  watch->seen++;
  if (trouble && status->error == NULL)
    watch->unexplained++;
  watch->offline = trouble;
  tern_account_status_free (status);
}

static gboolean
is_offline (gpointer data)
{
  return ((Watch *) data)->offline;
}

/* An account that is to be online is connecting until there is something else to say, and never in
 * trouble without a reason. */
static void
test_first_state (void)
{
  g_autoptr (EngineFixture) fixture = engine_fixture_new ();
  g_autoptr (TernAccountSettings) settings = settings_on_port (1, 1, NULL);
  g_autofree char *uuid = NULL;
  TernAccountStatus *status;
  Watch watch = { 0 };

  engine_fixture_open (fixture, TRUE);
  g_signal_connect (fixture->engine, "account-status", G_CALLBACK (on_status), &watch);
  uuid = engine_fixture_add_account (fixture, settings, "geheim");
  engine_wait (is_offline, &watch);
  g_assert_cmpuint (watch.seen, >=, 2);
  g_assert_cmpuint (watch.unexplained, ==, 0);
  engine_fixture_close (fixture);

  watch = (Watch){ 0 };
  engine_fixture_open (fixture, TRUE);
  g_signal_connect (fixture->engine, "account-status", G_CALLBACK (on_status), &watch);
  status = tern_engine_dup_account_status (fixture->engine, uuid);
  g_assert_cmpint (status->state, ==, TERN_ACCOUNT_CONNECTING);
  tern_account_status_free (status);
  engine_wait (is_offline, &watch);
  g_assert_cmpuint (watch.unexplained, ==, 0);
}

/* Until the server has let the client go. */
static void
expect_cancelled (EngineFixture *fixture,
                  TernAccountSettings *settings,
                  TernScriptServer *server,
                  guint connections)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  GAsyncResult *slot = NULL;
  gint64 began;

  tern_engine_test_account_async (fixture->engine, settings, "geheim", NULL, cancellable,
                                  engine_store_result, &slot);
  tern_test_wait_until (tern_script_server_get_connections (server) == connections
                        && tern_script_server_get_position (server, connections - 1) > 0);
  began = g_get_monotonic_time ();
  g_cancellable_cancel (cancellable);
  result = engine_await (&slot);
  g_assert_false (tern_engine_test_account_finish (fixture->engine, result, &error));
  g_assert_true (tern_fault_is_cancelled (error));
  tern_script_server_finish (server, connections);
  g_assert_cmpint (g_get_monotonic_time () - began, <, 5 * G_USEC_PER_SEC);
}

static void
test_cancel_login_test (void)
{
  TernTestCert *cert = tern_test_cert_new (TERN_TEST_CERT_GOOD);
  TernScriptServer *imap = tern_script_server_new (cert, TRUE);
  TernScriptServer *smtp = tern_script_server_new (cert, TRUE);
  EngineFixture *fixture = engine_fixture_new ();
  TernAccountSettings *settings = settings_on_port (
      tern_script_server_get_port (imap), tern_script_server_get_port (smtp), cert->ca_file);

  engine_fixture_open (fixture, TRUE);
  /* Waiting for IMAP, … */
  tern_script_server_add (imap, "S: * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] hi", "STALL",
                          NULL);
  expect_cancelled (fixture, settings, imap, 1);
  /* … and for SMTP. */
  tern_script_server_add (imap, "S: * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] hi",
                          "C: %t AUTHENTICATE PLAIN AGFubmFAZXhhbXBsZS50ZXN0AGdlaGVpbQ==",
                          "S: %t OK [CAPABILITY IMAP4rev1] in", "C: %t LOGOUT", "CLOSE", NULL);
  tern_script_server_add (smtp, "S: 220-one moment", "STALL", NULL);
  expect_cancelled (fixture, settings, smtp, 1);

  engine_fixture_free (fixture);
  tern_script_server_free (imap);
  tern_script_server_free (smtp);
  tern_test_cert_free (cert);
  tern_account_settings_unref (settings);
}

int
main (int argc, char **argv)
{
  engine_fixture_prepare ();
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/engine/account/first-state", test_first_state);
  g_test_add_func ("/engine/account/cancel-login-test", test_cancel_login_test);
  return g_test_run ();
}
