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
 * folder. What libsecret and the engine know of one daemon must not stand in the way of the next.
 */

#define SERVICE  "org.freedesktop.secrets"
#define PROMPTER "org.gnome.keyring.SystemPrompter"
#define PASSWORD "pw"

static char *dir;
static GTestDBus *bus;
static GDBusConnection *connection;
static GPid keyring;

static GVariant *
call (const char *name,
      const char *path,
      const char *interface,
      const char *method,
      GVariant *parameters)
{
  g_autoptr (GError) error = NULL;
  GVariant *reply =
      g_dbus_connection_call_sync (connection, name, path, interface, method, parameters, NULL,
                                   G_DBUS_CALL_FLAGS_NONE, 10000, NULL, &error);

  g_assert_no_error (error);
  return reply;
}

static gboolean
has_owner (gpointer name)
{
  g_autoptr (GVariant) reply = call ("org.freedesktop.DBus", "/", "org.freedesktop.DBus",
                                     "NameHasOwner", g_variant_new ("(s)", (const char *) name));
  gboolean owned = FALSE;

  g_variant_get (reply, "(b)", &owned);
  return owned;
}

static gboolean
has_no_owner (gpointer name)
{
  return !has_owner (name);
}

static gboolean
start_bus (void)
{
  g_autofree char *program = g_find_program_in_path ("gnome-keyring-daemon");
  g_autoptr (GError) error = NULL;

  if (program == NULL)
    return FALSE;
  dir = g_dir_make_tmp ("tern-keyring-XXXXXX", NULL);
  g_setenv ("HOME", dir, TRUE);
  g_setenv ("XDG_DATA_HOME", dir, TRUE);
  g_setenv ("XDG_RUNTIME_DIR", dir, TRUE);
  g_setenv ("GSETTINGS_BACKEND", "memory", TRUE);
  g_setenv ("GIO_USE_VFS", "local", TRUE);
  /* Nothing is started by being asked for: not the keyring, and nobody who shows prompts. */
  bus = g_test_dbus_new (G_TEST_DBUS_NONE);
  g_test_dbus_up (bus);
  connection =
      g_dbus_connection_new_for_address_sync (g_test_dbus_get_bus_address (bus),
                                              G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT
                                                  | G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
                                              NULL, NULL, &error);
  g_assert_no_error (error);
  return TRUE;
}

static void
stop_bus (void)
{
  secret_service_disconnect ();
  g_clear_object (&connection);
  /* Not unreffed: that would wait for the connection that libsecret keeps for ever. */
  g_test_dbus_stop (bus);
  engine_fixture_remove_dir (dir);
  g_free (dir);
}

static void
start_keyring (gboolean unlocked)
{
  const char *argv[] = { "gnome-keyring-daemon", "--foreground", "--components=secrets",
                         unlocked ? "--unlock" : NULL, NULL };
  g_autoptr (GError) error = NULL;
  int input = -1;

  g_spawn_async_with_pipes (NULL, (char **) argv, NULL,
                            G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD
                                | G_SPAWN_STDOUT_TO_DEV_NULL | G_SPAWN_STDERR_TO_DEV_NULL,
                            NULL, NULL, &keyring, &input, NULL, NULL, &error);
  g_assert_no_error (error);
  if (unlocked)
    g_assert_cmpint (write (input, PASSWORD, strlen (PASSWORD)), ==, strlen (PASSWORD));
  close (input);
  engine_wait (has_owner, (char *) SERVICE);
}

static void
stop_keyring (void)
{
  kill (keyring, SIGTERM);
  waitpid (keyring, NULL, 0);
  engine_wait (has_no_owner, (char *) SERVICE);
}

/* As when somebody logs in, or opens it in another program: without a prompt. */
static void
unlock_keyring (void)
{
  g_autoptr (GVariant) session =
      call (SERVICE, "/org/freedesktop/secrets", "org.freedesktop.Secret.Service", "OpenSession",
            g_variant_new ("(sv)", "plain", g_variant_new_string ("")));
  g_autoptr (GVariant) reply = NULL;
  const char *path;

  g_variant_get (session, "(v&o)", NULL, &path);
  reply =
      call (SERVICE, "/org/freedesktop/secrets",
            "org.gnome.keyring.InternalUnsupportedGuiltRiddenInterface", "UnlockWithMasterPassword",
            g_variant_new (
                "(o(o@ay@ays))", "/org/freedesktop/secrets/collection/login", path,
                g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE, NULL, 0, 1),
                g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE, PASSWORD, strlen (PASSWORD), 1),
                "text/plain"));
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

  start_keyring (TRUE);
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

/* An account in a locked keyring */

typedef struct
{
  EngineFixture *fixture;
  char *uuid;
  TernFaultCode code;
  gboolean asking;
} Locked;

/* Whoever has the password gets as far as to a server that does not answer. */
static void
locked_begin (Locked *locked)
{
  g_autoptr (TernAccountSettings) settings = tern_account_settings_new ();

  tern_account_settings_guess (settings, "anna@example.test");
  tern_endpoint_unref (settings->imap);
  settings->imap = tern_endpoint_new ("localhost", 1, TERN_SECURITY_TLS, NULL, NULL);
  start_keyring (TRUE);
  locked->fixture = engine_fixture_new ();
  engine_fixture_open (locked->fixture, FALSE);
  locked->uuid = engine_fixture_add_account (locked->fixture, settings, "geheim");
  engine_fixture_close (locked->fixture);
  stop_keyring ();
}

static void
locked_end (Locked *locked)
{
  engine_fixture_free (locked->fixture);
  g_free (locked->uuid);
  stop_keyring ();
}

static gboolean
has_come_to (gpointer data)
{
  const Locked *locked = data;
  TernAccountStatus *status =
      tern_engine_dup_account_status (locked->fixture->engine, locked->uuid);
  gboolean ok = status->error != NULL && status->asking == locked->asking
                && tern_fault_is (status->error, locked->code);

  /* Whatever it waits for, this is never said: the password is there. */
  g_assert_false (tern_fault_is (status->error, TERN_FAULT_NO_SECRET));
  tern_account_status_free (status);
  return ok;
}

static void
expect_fault (Locked *locked, TernFaultCode code, gboolean asking)
{
  locked->code = code;
  locked->asking = asking;
  engine_wait (has_come_to, locked);
}

static void
expect_locked_words (Locked *locked)
{
  TernAccountStatus *status =
      tern_engine_dup_account_status (locked->fixture->engine, locked->uuid);

  g_assert_cmpint (status->state, ==, TERN_ACCOUNT_REFUSED);
  g_assert_cmpstr (status->error->message, ==,
                   "anna@example.test: The keyring is locked. Unlock it to let Tern read the "
                   "password.");
  tern_account_status_free (status);
}

static void
sync_fails (Locked *locked, GAsyncResult **slot, TernFaultCode code)
{
  g_autoptr (GAsyncResult) result = engine_await (slot);
  g_autoptr (GError) error = NULL;

  g_assert_null (tern_engine_sync_finish (locked->fixture->engine, result, &error));
  g_assert_error (error, TERN_FAULT, code);
}

/* Nobody can be asked. */
static void
test_locked (void)
{
  Locked locked = { NULL };
  GAsyncResult *slot = NULL;

  locked_begin (&locked);
  start_keyring (FALSE);
  engine_fixture_open (locked.fixture, TRUE);
  expect_fault (&locked, TERN_FAULT_KEYRING_LOCKED, FALSE);
  expect_locked_words (&locked);
  tern_engine_sync_async (locked.fixture->engine, locked.uuid, NULL, FALSE, NULL,
                          engine_store_result, &slot);
  sync_fails (&locked, &slot, TERN_FAULT_KEYRING_LOCKED);
  unlock_keyring ();
  expect_fault (&locked, TERN_FAULT_UNREACHABLE, FALSE);
  locked_end (&locked);
}

/* The service itself comes later, as at the start of a session; then somebody unlocks it. */
static void
test_absent (void)
{
  Locked locked = { NULL };

  locked_begin (&locked);
  engine_fixture_open (locked.fixture, TRUE);
  expect_fault (&locked, TERN_FAULT_KEYRING_ABSENT, FALSE);
  start_keyring (FALSE);
  expect_fault (&locked, TERN_FAULT_KEYRING_LOCKED, FALSE);
  unlock_keyring ();
  expect_fault (&locked, TERN_FAULT_UNREACHABLE, FALSE);
  locked_end (&locked);
}

/* Shows a prompt that nobody answers. */
static void
on_prompter_call (GDBusConnection *prompter,
                  const char *sender,
                  const char *path,
                  const char *interface,
                  const char *method,
                  GVariant *parameters,
                  GDBusMethodInvocation *invocation,
                  gpointer user_data)
{
  guint *prompts = user_data;

  *prompts += g_str_equal (method, "BeginPrompting");
  g_dbus_method_invocation_return_value (invocation, NULL);
}

static gboolean
is_counted (gpointer n)
{
  return *(guint *) n > 0;
}

static guint
register_prompter (guint *prompts)
{
  static const GDBusInterfaceVTable vtable = { .method_call = on_prompter_call };
  g_autoptr (GDBusNodeInfo) info = g_dbus_node_info_new_for_xml (
      "<node><interface name='org.gnome.keyring.internal.Prompter'>"
      "<method name='BeginPrompting'><arg type='o' direction='in'/></method>"
      "<method name='StopPrompting'><arg type='o' direction='in'/></method>"
      "</interface></node>",
      NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply = NULL;
  guint id =
      g_dbus_connection_register_object (connection, "/org/gnome/keyring/Prompter",
                                         info->interfaces[0], &vtable, prompts, NULL, &error);

  g_assert_no_error (error);
  reply = call ("org.freedesktop.DBus", "/", "org.freedesktop.DBus", "RequestName",
                g_variant_new ("(su)", PROMPTER, 0));
  return id;
}

static void
unregister_prompter (guint id)
{
  g_autoptr (GVariant) reply = call ("org.freedesktop.DBus", "/", "org.freedesktop.DBus",
                                     "ReleaseName", g_variant_new ("(s)", PROMPTER));

  g_dbus_connection_unregister_object (connection, id);
}

/* While the prompt is open that is what is said, and who asks for mail waits. */
static void
test_prompt (void)
{
  Locked locked = { NULL };
  guint prompts = 0;
  guint prompter = register_prompter (&prompts);
  GAsyncResult *slot = NULL;

  locked_begin (&locked);
  start_keyring (FALSE);
  engine_fixture_open (locked.fixture, TRUE);
  tern_engine_sync_async (locked.fixture->engine, locked.uuid, NULL, FALSE, NULL,
                          engine_store_result, &slot);
  expect_fault (&locked, TERN_FAULT_KEYRING_LOCKED, TRUE);
  expect_locked_words (&locked);
  engine_wait (is_counted, &prompts);
  g_assert_null (slot);
  unlock_keyring ();
  expect_fault (&locked, TERN_FAULT_UNREACHABLE, FALSE);
  sync_fails (&locked, &slot, TERN_FAULT_UNREACHABLE);
  g_assert_cmpuint (prompts, ==, 1);
  unregister_prompter (prompter);
  locked_end (&locked);
}

int
main (int argc, char **argv)
{
  int status;

  g_test_init (&argc, &argv, NULL);
  if (!start_bus ())
    {
      g_print ("1..0 # SKIP gnome-keyring is not installed\n");
      return 0;
    }
  g_test_add_func ("/engine/secrets/keyring", test_secrets);
  g_test_add_func ("/engine/secrets/locked", test_locked);
  g_test_add_func ("/engine/secrets/absent", test_absent);
  g_test_add_func ("/engine/secrets/prompt", test_prompt);
  status = g_test_run ();
  stop_bus ();
  return status;
}
