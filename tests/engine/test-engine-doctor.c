/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "engine-fixture.h"
#include "imap-script.h"
#include "tern-script-server.h"

/*
 * The connection doctor on servers that lack, refuse and repeat what real ones do not.
 */

#define PASSWORD "geheim"

typedef struct
{
  TernTestCert *cert;
  TernScriptServer *server;
  EngineFixture *fixture;
  char *uuid;
} Setup;

static void
set_up (Setup *setup, const char *const *script, const char *const *second)
{
  g_autoptr (TernAccountSettings) settings = tern_account_settings_new ();

  setup->cert = tern_test_cert_new (TERN_TEST_CERT_GOOD);
  setup->server = tern_script_server_new (setup->cert, TRUE);
  setup->fixture = engine_fixture_new ();
  tern_script_server_addv (setup->server, script);
  if (second != NULL)
    tern_script_server_addv (setup->server, second);
  engine_fixture_open (setup->fixture, TRUE);
  tern_account_settings_guess (settings, "anna@example.test");
  tern_endpoint_unref (settings->imap);
  settings->imap = tern_endpoint_new ("127.0.0.1", tern_script_server_get_port (setup->server),
                                      TERN_SECURITY_TLS, setup->cert->ca_file, NULL);
  setup->uuid = engine_fixture_add_account (setup->fixture, settings, PASSWORD);
}

static void
tear_down (Setup *setup)
{
  engine_fixture_free (setup->fixture);
  tern_script_server_free (setup->server);
  tern_test_cert_free (setup->cert);
  g_free (setup->uuid);
}

static TernDiagnosis *
diagnose (Setup *setup)
{
  GAsyncResult *slot = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  TernDiagnosis *diagnosis;

  tern_engine_diagnose_async (setup->fixture->engine, setup->uuid, FALSE, NULL, engine_store_result,
                              &slot);
  result = engine_await (&slot);
  diagnosis = tern_engine_diagnose_finish (setup->fixture->engine, result, &error);
  g_assert_no_error (error);
  return diagnosis;
}

static const TernConnection *
find_connection (const TernDiagnosis *diagnosis, const char *label)
{
  for (guint i = 0; i < diagnosis->connections->len; i++)
    {
      const TernConnection *connection = g_ptr_array_index (diagnosis->connections, i);

      if (strcmp (connection->label, label) == 0)
        return connection;
    }
  return NULL;
}

/* -1: it is not among them. */
static int
extension_state (const TernDiagnosis *diagnosis, const char *name)
{
  for (guint i = 0; i < diagnosis->extensions->len; i++)
    {
      const TernDiagnosisExtension *extension = g_ptr_array_index (diagnosis->extensions, i);

      if (strcmp (extension->name, name) == 0)
        return extension->state;
    }
  return -1;
}

static gboolean
is_watch_refused (gpointer data)
{
  Setup *setup = data;
  g_autoptr (TernDiagnosis) diagnosis = diagnose (setup);
  const TernConnection *watch = find_connection (diagnosis, "watch");

  return setup->fixture->new_mail->len > 0 && watch != NULL
         && watch->state == TERN_CONNECTION_REFUSED;
}

static void
test_missing (void)
{
  static const char *const script[] = {
    IMAP_LOGIN,
    IMAP_SELECT_INBOX ("0", "77", "1"),
    IMAP_LIST_INBOX ("0", "77", "1"),
    "C: %t IDLE",
    "S: + idling",
    "S: * 1 EXISTS",
    "C: DONE",
    "S: %t OK idled",
    "C: %t NOOP",
    "S: %t OK nothing",
    "C: %t UID FETCH 1:* (*",
    IMAP_MESSAGE ("1", "1", "confidential"),
    "S: %t OK fetched",
    "STALL",
    NULL,
  };
  static const char *const second[] = { "S: * BYE [LIMIT] Too many", "EOF", NULL };
  Setup setup;
  g_autoptr (TernDiagnosis) diagnosis = NULL;
  const TernConnection *watch;
  g_autofree char *text = NULL;
  g_autofree char *report = NULL;

  set_up (&setup, script, second);
  engine_wait (is_watch_refused, &setup);
  diagnosis = diagnose (&setup);
  watch = find_connection (diagnosis, "watch");
  g_assert_cmpstr (tern_fault_get_server_text (watch->error), ==, "Too many");
  g_assert_true (diagnosis->online);
  g_assert_cmpint (diagnosis->last_folder_sync, >, 0);
  g_assert_cmpint (find_connection (diagnosis, "send")->state, ==, TERN_CONNECTION_NONE);

  g_assert_cmpint (extension_state (diagnosis, "IDLE"), ==, TERN_EXTENSION_USED);
  g_assert_cmpint (extension_state (diagnosis, "LIST-STATUS"), ==, TERN_EXTENSION_USED);
  g_assert_cmpint (extension_state (diagnosis, "SASL-IR"), ==, TERN_EXTENSION_USED);
  g_assert_cmpint (extension_state (diagnosis, "UIDPLUS"), ==, TERN_EXTENSION_OFFERED);
  g_assert_cmpint (extension_state (diagnosis, "MOVE"), ==, TERN_EXTENSION_MISSING);
  g_assert_cmpint (extension_state (diagnosis, "QRESYNC"), ==, TERN_EXTENSION_MISSING);
  /* Nothing to tell of. */
  g_assert_cmpint (extension_state (diagnosis, "STARTTLS"), ==, -1);
  g_assert_cmpint (extension_state (diagnosis, "X-GM-EXT-1"), ==, -1);

  text = tern_diagnosis_dup_text (diagnosis, FALSE);
  report = tern_diagnosis_dup_text (diagnosis, TRUE);
  g_assert_nonnull (strstr (text, "Missing: MOVE. Messages are copied and then deleted"));
  g_assert_nonnull (strstr (text, "refused by the server"));
  g_assert_nonnull (strstr (text, "anna@example.test"));
  g_assert_nonnull (strstr (text, "confidential"));
  g_assert_null (strstr (text, PASSWORD));
  g_assert_nonnull (strstr (report, "a…@example.test"));
  g_assert_null (strstr (report, "anna"));
  g_assert_null (strstr (report, "confidential"));
  tear_down (&setup);
}

static gboolean
is_refused (gpointer data)
{
  Setup *setup = data;
  TernAccountStatus *status = tern_engine_dup_account_status (setup->fixture->engine, setup->uuid);
  gboolean refused = status->state == TERN_ACCOUNT_REFUSED;

  tern_account_status_free (status);
  return refused;
}

/* A server that repeats in clear what it was told. */
static void
test_repeated_password (void)
{
  static const char *const script[] = {
    "S: * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] hi",
    "C: %t AUTHENTICATE PLAIN AGFubmFAZXhhbXBsZS50ZXN0AGdlaGVpbQ==",
    "S: %t NO [AUTHENTICATIONFAILED] Not " PASSWORD " or AGFubmFAZXhhbXBsZS50ZXN0AGdlaGVpbQ==",
    "EOF",
    NULL,
  };
  Setup setup;
  g_autoptr (TernDiagnosis) diagnosis = NULL;
  g_autofree char *text = NULL;

  set_up (&setup, script, NULL);
  engine_wait (is_refused, &setup);
  diagnosis = diagnose (&setup);
  g_assert_cmpint (find_connection (diagnosis, "work")->state, ==, TERN_CONNECTION_REFUSED);
  g_assert_error (diagnosis->error, TERN_FAULT, TERN_FAULT_AUTHENTICATION);
  g_assert_error (diagnosis->last, TERN_FAULT, TERN_FAULT_AUTHENTICATION);
  g_assert_cmpstr (tern_fault_get_server_text (diagnosis->last), ==, "Not … or …");
  text = tern_diagnosis_dup_text (diagnosis, FALSE);
  g_assert_nonnull (strstr (text, "NO [AUTHENTICATIONFAILED] …"));
  g_assert_null (strstr (text, PASSWORD));
  g_assert_null (strstr (text, "Z2VoZWlt"));
  g_assert_null (strstr (text, "AGFub"));
  tear_down (&setup);
}

int
main (int argc, char **argv)
{
  engine_fixture_prepare ();
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/engine/doctor/missing", test_missing);
  g_test_add_func ("/engine/doctor/repeated-password", test_repeated_password);
  return g_test_run ();
}
