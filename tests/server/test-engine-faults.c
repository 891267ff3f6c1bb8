/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>
#include <unistd.h>

#include "engine-fixture.h"
#include "engine-server.h"

/*
 * What goes wrong with servers and this computer: each fault is said in a sentence that names the
 * account, the rest goes on, nothing is lost.
 */

typedef struct
{
  EngineFixture *fixture;
  const char *uuid;
} StatusWait;

static gboolean
has_error (gpointer data)
{
  StatusWait *wait = data;
  TernAccountStatus *status = tern_engine_dup_account_status (wait->fixture->engine, wait->uuid);
  gboolean ok = status->error != NULL;

  tern_account_status_free (status);
  return ok;
}

/* The account ends up in @state with a fault of @code that names it, and says @about and @why. */
static void
expect_fault (EngineFixture *fixture,
              const char *uuid,
              TernAccountState state,
              TernFaultCode code,
              const char *about,
              const char *why)
{
  StatusWait wait = { fixture, uuid };
  g_autoptr (TernAccountSettings) settings = tern_engine_find_account (fixture->engine, uuid);
  g_autofree char *name = g_strdup_printf ("%s: ", settings->label);
  TernAccountStatus *status;

  engine_wait (has_error, &wait);
  status = tern_engine_dup_account_status (fixture->engine, uuid);
  g_test_message ("%s", status->error->message);
  g_assert_error (status->error, TERN_FAULT, code);
  g_assert_cmpint (status->state, ==, state);
  g_assert_true (g_str_has_prefix (status->error->message, name));
  g_assert_null (strstr (status->error->message + strlen (name), name));
  if (about != NULL)
    g_assert_nonnull (strstr (status->error->message, about));
  if (why != NULL)
    g_assert_nonnull (strstr (status->error->message, why));
  tern_account_status_free (status);
}

static void
try_settings (TernAccountSettings *settings,
              TernAccountState state,
              TernFaultCode code,
              const char *about,
              const char *why)
{
  g_autoptr (EngineFixture) fixture = engine_fixture_new ();
  g_autofree char *uuid = NULL;

  engine_fixture_open (fixture, TRUE);
  uuid = engine_fixture_add_account (fixture, settings, "geheim");
  expect_fault (fixture, uuid, state, code, about, why);
}

static void
test_wrong_password (void)
{
  g_autoptr (TernMailServer) server =
      tern_mail_server_new ("--password", "another", "--users", "anna", "--no-postfix", NULL);
  g_autoptr (TernAccountSettings) settings = NULL;

  if (server == NULL)
    return;
  settings = engine_server_settings (server, 0, FALSE);
  try_settings (settings, TERN_ACCOUNT_REFUSED, TERN_FAULT_AUTHENTICATION, "localhost", NULL);
}

static TernAccountSettings *
settings_for (const char *host, guint16 port)
{
  TernAccountSettings *settings = engine_any_settings ();

  tern_endpoint_unref (settings->imap);
  settings->imap = tern_endpoint_new (host, port, TERN_SECURITY_TLS, NULL, NULL);
  return settings;
}

static void
test_unknown_host (void)
{
  g_autoptr (TernAccountSettings) settings = settings_for ("imap.invalid", 993);

  try_settings (settings, TERN_ACCOUNT_OFFLINE, TERN_FAULT_UNKNOWN_HOST, "imap.invalid", NULL);
}

static void
test_refused_port (void)
{
  g_autoptr (TernAccountSettings) settings = settings_for ("localhost", 1);

  try_settings (settings, TERN_ACCOUNT_OFFLINE, TERN_FAULT_UNREACHABLE, "localhost", NULL);
}

/* A name that is part of the host's. */
static void
test_short_name (void)
{
  g_autoptr (TernAccountSettings) settings = settings_for ("localhost", 1);

  g_free (settings->label);
  settings->label = g_strdup ("local");
  try_settings (settings, TERN_ACCOUNT_OFFLINE, TERN_FAULT_UNREACHABLE, "localhost", NULL);
}

typedef struct
{
  const char *kind;
  const char *why; /* what the sentence says of it */
} Certificate;

static void
test_certificate (gconstpointer data)
{
  const Certificate *certificate = data;
  g_autoptr (TernMailServer) server =
      tern_mail_server_new ("--password", "geheim", "--users", "anna", "--no-postfix",
                            "--certificate", certificate->kind, NULL);
  g_autoptr (TernAccountSettings) settings = NULL;

  if (server == NULL)
    return;
  settings = engine_server_settings (server, 0, FALSE);
  try_settings (settings, TERN_ACCOUNT_REFUSED, TERN_FAULT_CERTIFICATE, "localhost",
                certificate->why);
}

/* A server that accepts and then says @greeting, or nothing and hangs up. */
static gboolean
on_incoming (GSocketService *service,
             GSocketConnection *connection,
             GObject *source,
             gpointer greeting)
{
  g_output_stream_write_all (g_io_stream_get_output_stream (G_IO_STREAM (connection)), greeting,
                             strlen (greeting), NULL, NULL, NULL);
  return FALSE;
}

static void
test_bye (void)
{
  g_autoptr (GSocketService) service = g_socket_service_new ();
  g_autoptr (TernAccountSettings) settings = engine_any_settings ();
  guint16 port = g_socket_listener_add_any_inet_port (G_SOCKET_LISTENER (service), NULL, NULL);

  g_signal_connect (service, "incoming", G_CALLBACK (on_incoming),
                    (gpointer) "* BYE overloaded, come back later\r\n");
  tern_endpoint_unref (settings->imap);
  settings->imap = tern_endpoint_new ("localhost", port, TERN_SECURITY_STARTTLS, NULL, NULL);
  try_settings (settings, TERN_ACCOUNT_OFFLINE, TERN_FAULT_UNAVAILABLE, "localhost", NULL);
  g_socket_service_stop (service);
}

/* Comes back by itself when the server does. */
static void
test_server_goes_and_comes (void)
{
  g_autoptr (TernMailServer) server = tern_mail_server_new (
      "--password", "geheim", "--users", "anna", "--no-postfix", "--seed", "anna:20", NULL);
  g_autoptr (EngineFixture) fixture = NULL;
  g_autoptr (TernAccountSettings) settings = NULL;
  g_autoptr (GPtrArray) messages = NULL;
  g_autofree char *uuid = NULL;

  if (server == NULL)
    return;
  fixture = engine_fixture_new ();
  engine_fixture_open (fixture, TRUE);
  settings = engine_server_settings (server, 0, FALSE);
  uuid = engine_fixture_add_account (fixture, settings, "geheim");
  tern_sync_report_free (engine_fixture_sync (fixture, uuid));
  tern_mail_server_command (server, "stop imap");
  expect_fault (fixture, uuid, TERN_ACCOUNT_OFFLINE, TERN_FAULT_DISCONNECTED, NULL, NULL);
  messages = engine_fixture_messages (fixture, uuid, "INBOX");
  g_assert_cmpuint (messages->len, ==, 20);
  tern_mail_server_command (server, "start imap");
  engine_wait_state (fixture, uuid, TERN_ACCOUNT_IDLE);
}

static void
test_read_only_folder (void)
{
  g_autoptr (EngineFixture) fixture = engine_fixture_new ();
  g_autoptr (GError) error = NULL;

  /* Root may write anywhere, so the data folder stands where no folder can be made. */
  fixture->dir = (g_free (fixture->dir), g_strdup ("/proc/tern"));
  error = engine_fixture_try_open (fixture, FALSE);
  g_assert_nonnull (error);
  g_test_message ("%s", error->message);
  g_assert_cmpint (tern_fault_exit_code (error), ==, 74);
}

static void
test_no_keyring (void)
{
  g_autoptr (EngineFixture) fixture = NULL;
  g_autoptr (TernAccountSettings) settings = NULL;
  GAsyncResult *slot = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  /* In a process of its own: libsecret chooses its backend once. */
  if (!g_test_subprocess ())
    {
      g_test_trap_subprocess (NULL, 0, 0);
      g_test_trap_assert_passed ();
      return;
    }
  g_unsetenv ("SECRET_BACKEND");
  g_setenv ("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus", TRUE);
  fixture = engine_fixture_new ();
  settings = settings_for ("localhost", 1);
  engine_fixture_open (fixture, TRUE);
  tern_engine_save_account_async (fixture->engine, settings, "x", NULL, NULL, engine_store_result,
                                  &slot);
  result = engine_await (&slot);
  g_assert_false (tern_engine_save_account_finish (fixture->engine, result, &error));
  g_assert_error (error, TERN_FAULT, TERN_FAULT_KEYRING_ABSENT);
  g_clear_object (&result);
}

static void
test_damaged_settings (void)
{
  g_autoptr (EngineFixture) fixture = engine_fixture_new ();
  g_autofree char *config = g_build_filename (fixture->dir, "config", NULL);
  g_autofree char *path = g_build_filename (config, "accounts.conf", NULL);
  g_autoptr (TernAccountSettings) settings = settings_for ("localhost", 1);
  g_autoptr (GDir) dir = NULL;
  g_autofree char *uuid = NULL;
  guint kept = 0;
  const char *name;

  g_assert_cmpint (g_mkdir_with_parents (config, 0700), ==, 0);
  g_assert_true (g_file_set_contents (path, "[half a gro", -1, NULL));
  engine_fixture_open (fixture, TRUE);
  g_assert_cmpuint (fixture->notes->len, ==, 1);
  g_assert_nonnull (strstr (g_ptr_array_index (fixture->notes, 0), path));
  uuid = engine_fixture_add_account (fixture, settings, "geheim");
  dir = g_dir_open (config, 0, NULL);
  while ((name = g_dir_read_name (dir)) != NULL)
    if (g_str_has_prefix (name, "accounts.conf.damaged-"))
      kept++;
  g_assert_cmpuint (kept, ==, 1);
}

/* The proof of a login before anything is saved. */
static void
test_login_test (void)
{
  g_autoptr (TernMailServer) server = tern_mail_server_new ("--users", "anna", NULL);
  g_autoptr (EngineFixture) fixture = NULL;
  g_autoptr (TernAccountSettings) settings = NULL;

  if (server == NULL)
    return;
  fixture = engine_fixture_new ();
  engine_fixture_open (fixture, TRUE);
  settings = engine_server_settings (server, 0, TRUE);
  for (guint wrong = 0; wrong < 2; wrong++)
    {
      GAsyncResult *slot = NULL;
      g_autoptr (GAsyncResult) result = NULL;
      g_autoptr (GError) error = NULL;
      gboolean ok;

      tern_engine_test_account_async (fixture->engine, settings,
                                      tern_mail_server_get_password (server, 0),
                                      wrong ? "not this" : NULL, NULL, engine_store_result, &slot);
      result = engine_await (&slot);
      ok = tern_engine_test_account_finish (fixture->engine, result, &error);
      if (wrong)
        g_assert_error (error, TERN_FAULT, TERN_FAULT_AUTHENTICATION);
      else
        g_assert_no_error (error);
      g_assert_cmpint (ok, ==, !wrong);
    }
}

int
main (int argc, char **argv)
{
  static const Certificate expired = { "expired", "It expired on " };
  static const Certificate wrong_host = { "wrong-host", "and not for localhost." };
  static const Certificate self_signed = { "self-signed", "It is self-signed: " };

  engine_fixture_prepare ();
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/engine/faults/wrong-password", test_wrong_password);
  g_test_add_func ("/engine/faults/unknown-host", test_unknown_host);
  g_test_add_func ("/engine/faults/refused-port", test_refused_port);
  g_test_add_func ("/engine/faults/short-name", test_short_name);
  g_test_add_data_func ("/engine/faults/certificate/expired", &expired, test_certificate);
  g_test_add_data_func ("/engine/faults/certificate/wrong-host", &wrong_host, test_certificate);
  g_test_add_data_func ("/engine/faults/certificate/self-signed", &self_signed, test_certificate);
  g_test_add_func ("/engine/faults/bye", test_bye);
  g_test_add_func ("/engine/faults/server-goes-and-comes", test_server_goes_and_comes);
  g_test_add_func ("/engine/faults/read-only-folder", test_read_only_folder);
  g_test_add_func ("/engine/faults/no-keyring", test_no_keyring);
  g_test_add_func ("/engine/faults/damaged-settings", test_damaged_settings);
  g_test_add_func ("/engine/faults/login-test", test_login_test);
  return g_test_run ();
}
