/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <libsecret/secret.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine-fixture.h"
#include "tern-secrets.h"

/*
 * The real Secret Service: gnome-keyring on a bus of its own, with its files in a throw-away
 * folder.
 */

static char *dir;
static GTestDBus *bus;
static GPid keyring;

static gboolean
has_owner (gpointer data)
{
  g_autoptr (GVariant) reply =
      g_dbus_connection_call_sync (data, "org.freedesktop.DBus", "/", "org.freedesktop.DBus",
                                   "NameHasOwner", g_variant_new ("(s)", "org.freedesktop.secrets"),
                                   NULL, G_DBUS_CALL_FLAGS_NONE, 1000, NULL, NULL);
  gboolean owned = FALSE;

  if (reply != NULL)
    g_variant_get (reply, "(b)", &owned);
  return owned;
}

static gboolean
start_keyring (void)
{
  const char *argv[] = { "gnome-keyring-daemon", "--foreground", "--unlock", "--components=secrets",
                         NULL };
  g_autofree char *program = g_find_program_in_path (argv[0]);
  g_autoptr (GDBusConnection) connection = NULL;
  g_autoptr (GError) error = NULL;
  int input = -1;

  if (program == NULL)
    return FALSE;
  dir = g_dir_make_tmp ("tern-keyring-XXXXXX", NULL);
  g_setenv ("HOME", dir, TRUE);
  g_setenv ("XDG_DATA_HOME", dir, TRUE);
  g_setenv ("XDG_RUNTIME_DIR", dir, TRUE);
  bus = g_test_dbus_new (G_TEST_DBUS_NONE);
  g_test_dbus_up (bus);
  g_spawn_async_with_pipes (NULL, (char **) argv, NULL,
                            G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD
                                | G_SPAWN_STDOUT_TO_DEV_NULL | G_SPAWN_STDERR_TO_DEV_NULL,
                            NULL, NULL, &keyring, &input, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpint (write (input, "pw", 2), ==, 2);
  close (input);
  connection =
      g_dbus_connection_new_for_address_sync (g_test_dbus_get_bus_address (bus),
                                              G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT
                                                  | G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
                                              NULL, NULL, &error);
  g_assert_no_error (error);
  engine_wait (has_owner, connection);
  return TRUE;
}

static void
stop_keyring (void)
{
  secret_service_disconnect ();
  kill (keyring, SIGTERM);
  waitpid (keyring, NULL, 0);
  /* Not unreffed: that would wait for the connection that libsecret keeps for ever. */
  g_test_dbus_stop (bus);
  engine_fixture_remove_dir (dir);
  g_free (dir);
}

static void
store (const char *uuid, const char *kind, const char *secret)
{
  GAsyncResult *slot = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  tern_secrets_store_async (uuid, kind, "a label", secret, NULL, engine_store_result, &slot);
  result = engine_await (&slot);
  tern_secrets_store_finish (result, &error);
  g_assert_no_error (error);
}

static void
expect (const char *uuid, const char *kind, const char *secret)
{
  GAsyncResult *slot = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  char *found;

  tern_secrets_lookup_async (uuid, kind, NULL, engine_store_result, &slot);
  result = engine_await (&slot);
  found = tern_secrets_lookup_finish (result, &error);
  g_assert_cmpstr (found, ==, secret);
  if (secret == NULL)
    g_assert_error (error, TERN_FAULT, TERN_FAULT_NO_SECRET);
  secret_password_free (found);
}

static void
test_secrets (void)
{
  GAsyncResult *slot = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  if (!start_keyring ())
    {
      g_test_skip ("gnome-keyring is not installed");
      return;
    }
  expect ("one", "imap", NULL);
  store ("one", "imap", "sesame");
  store ("one", "smtp", "other");
  store ("two", "imap", "Ünïcode 密码");
  expect ("one", "imap", "sesame");
  expect ("one", "smtp", "other");
  expect ("two", "imap", "Ünïcode 密码");
  store ("one", "imap", "changed");
  expect ("one", "imap", "changed");
  tern_secrets_clear_async ("one", NULL, engine_store_result, &slot);
  result = engine_await (&slot);
  tern_secrets_clear_finish (result, &error);
  g_assert_no_error (error);
  expect ("one", "imap", NULL);
  expect ("one", "smtp", NULL);
  expect ("two", "imap", "Ünïcode 密码");
  stop_keyring ();
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/engine/secrets/keyring", test_secrets);
  return g_test_run ();
}
