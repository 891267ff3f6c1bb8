/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-ctl-service.h"

#include "tern-mime-text.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>

/* The window's side is played here, on a bus and an engine of this test; ternctl is the program. */

static const char *program;

typedef struct
{
  char *dir;
  TernEngine *engine;
  GDBusConnection *connection;
  guint name;
  TernCtlService *service;
  gboolean owned;
} Fixture;

static void
keep_result_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GAsyncResult **slot = user_data;

  *slot = g_object_ref (result);
}

static GAsyncResult *
await (GAsyncResult **slot)
{
  while (*slot == NULL)
    g_main_context_iteration (NULL, TRUE);
  return *slot;
}

static void
owned_cb (GDBusConnection *connection, const char *name, gpointer user_data)
{
  Fixture *self = user_data;

  self->owned = TRUE;
}

static void
set_up (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autofree char *config = NULL;
  g_autofree char *mail = NULL;

  self->dir = g_dir_make_tmp ("tern-ctl-XXXXXX", &error);
  g_assert_no_error (error);
  config = g_build_filename (self->dir, "config", NULL);
  mail = g_build_filename (self->dir, "data", NULL);
  self->engine = tern_engine_new (mail, config);
  tern_engine_open_async (self->engine, FALSE, NULL, keep_result_cb, &result);
  g_assert_true (tern_engine_open_finish (self->engine, await (&result), NULL, &error));
  g_assert_no_error (error);
  self->connection = g_bus_get_sync (G_BUS_TYPE_SESSION, NULL, &error);
  g_assert_no_error (error);
  self->service = tern_ctl_service_export (self->engine, self->connection, &error);
  g_assert_no_error (error);
  self->name = g_bus_own_name_on_connection (
      self->connection, TERN_APP_ID, G_BUS_NAME_OWNER_FLAGS_NONE, owned_cb, NULL, self, NULL);
  while (!self->owned)
    g_main_context_iteration (NULL, TRUE);
}

static void
remove_tree (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *child = g_build_filename (path, name, NULL);

      remove_tree (child);
    }
  g_remove (path);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  g_autoptr (GAsyncResult) result = NULL;

  tern_ctl_service_free (self->service);
  g_bus_unown_name (self->name);
  tern_engine_close_async (self->engine, keep_result_cb, &result);
  g_assert_true (tern_engine_close_finish (self->engine, await (&result), NULL));
  g_object_unref (self->engine);
  g_object_unref (self->connection);
  remove_tree (self->dir);
  g_free (self->dir);
}

static GSubprocess *
start (const char *line)
{
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) argv = NULL;
  g_autofree char *full = g_strconcat ("program ", line, NULL);
  GSubprocess *process;

  g_assert_true (g_shell_parse_argv (full, NULL, &argv, NULL));
  g_free (argv[0]);
  argv[0] = g_strdup (program);
  process = g_subprocess_newv ((const char *const *) argv,
                               G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE
                                   | G_SUBPROCESS_FLAGS_STDERR_PIPE,
                               &error);
  g_assert_no_error (error);
  return process;
}

/* What it wrote to standard output and, in *@errors, to standard error. */
static char *
run (const char *line, const char *input, int exit_code, char **errors)
{
  g_autoptr (GSubprocess) process = start (line);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  char *output = NULL;

  g_subprocess_communicate_utf8_async (process, input, NULL, keep_result_cb, &result);
  g_assert_true (
      g_subprocess_communicate_utf8_finish (process, await (&result), &output, errors, &error));
  g_assert_no_error (error);
  g_assert_cmpint (g_subprocess_get_exit_status (process), ==, exit_code);
  return output;
}

static void
test_served (Fixture *self, gconstpointer data)
{
  g_autofree char *errors = NULL;
  g_autofree char *output = run ("--json account list", NULL, 0, &errors);

  /* The engine's store is locked by this process: an answer can only come from here. */
  g_assert_cmpstr (output, ==, "[]\n");
  g_assert_cmpstr (errors, ==, "");
}

static void
test_errors (Fixture *self, gconstpointer data)
{
  g_autofree char *errors = NULL;
  g_autofree char *output = run ("--json list INBOX", NULL, 66, &errors);

  g_assert_cmpstr (output, ==, "");
  g_assert_true (g_str_has_prefix (errors, "{\"error\":{\"code\":\"not-found\""));
}

/* Standard input goes to the window as a whole. */
static void
test_input (Fixture *self, gconstpointer data)
{
  g_autofree char *large = g_strnfill (2 * 1024 * 1024, 'x');
  g_autofree char *message = g_strconcat ("From: a@x.test\nTo: b@x.test\n\n", large, "\n", NULL);
  g_autofree char *errors = NULL;
  g_autofree char *output = run ("send", message, 66, &errors);

  g_assert_cmpstr (output, ==, "");
  g_assert_nonnull (strstr (errors, "There is no account yet"));
}

/* What is wrong on the command line is not the window's business, and is told all the same. */
static void
test_usage (Fixture *self, gconstpointer data)
{
  g_autofree char *errors = NULL;
  g_autofree char *output = run ("frobnicate", NULL, 64, &errors);

  g_assert_cmpstr (output, ==, "");
  g_assert_nonnull (strstr (errors, "frobnicate"));
}

static void
test_caller_vanishes (Fixture *self, gconstpointer data)
{
  guint before = G_OBJECT (self->engine)->ref_count;
  g_autoptr (GSubprocess) process = start ("watch");
  g_autoptr (GAsyncResult) result = NULL;
  gint64 deadline = g_get_monotonic_time () + 20 * G_USEC_PER_SEC;

  while (G_OBJECT (self->engine)->ref_count == before && g_get_monotonic_time () < deadline)
    g_main_context_iteration (NULL, FALSE);
  g_assert_cmpuint (G_OBJECT (self->engine)->ref_count, >, before);
  g_subprocess_force_exit (process);
  g_subprocess_wait_async (process, NULL, keep_result_cb, &result);
  await (&result);
  while (G_OBJECT (self->engine)->ref_count != before && g_get_monotonic_time () < deadline)
    g_main_context_iteration (NULL, FALSE);
  g_assert_cmpuint (G_OBJECT (self->engine)->ref_count, ==, before);
}

/* The window ends while a command runs: the command ends, too. */
static void
test_service_ends (Fixture *self, gconstpointer data)
{
  guint before = G_OBJECT (self->engine)->ref_count;
  g_autoptr (GSubprocess) process = start ("watch");
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  gint64 deadline = g_get_monotonic_time () + 20 * G_USEC_PER_SEC;

  while (G_OBJECT (self->engine)->ref_count == before && g_get_monotonic_time () < deadline)
    g_main_context_iteration (NULL, FALSE);
  g_clear_pointer (&self->service, tern_ctl_service_free);
  g_subprocess_wait_async (process, NULL, keep_result_cb, &result);
  await (&result);
  g_assert_cmpint (g_subprocess_get_exit_status (process), ==, 130);
  self->service = tern_ctl_service_export (self->engine, self->connection, &error);
  g_assert_no_error (error);
}

static void
test_not_served (Fixture *self, gconstpointer data)
{
  g_autofree char *errors = NULL;
  g_autofree char *output = NULL;
  g_autoptr (GError) error = NULL;

  g_clear_pointer (&self->service, tern_ctl_service_free);
  output = run ("--json account list", NULL, 75, &errors);
  g_assert_true (g_str_has_prefix (errors, "{\"error\":{\"code\":\"busy\""));
  self->service = tern_ctl_service_export (self->engine, self->connection, &error);
  g_assert_no_error (error);
}

static void
end_during_call (GDBusConnection *connection,
                 const char *sender,
                 const char *path,
                 const char *interface,
                 const char *method,
                 GVariant *parameters,
                 GDBusMethodInvocation *invocation,
                 gpointer user_data)
{
  g_dbus_connection_close (connection, NULL, NULL, NULL);
  g_object_unref (invocation);
}

/* The window crashes when it has taken the command: what was asked for may have been done, and a
 * script must not be told to ask again. */
static void
test_window_crashes (Fixture *self, gconstpointer data)
{
  static const GDBusInterfaceVTable vtable = { .method_call = end_during_call };
  g_autoptr (GDBusNodeInfo) node = g_dbus_node_info_new_for_xml (
      "<node><interface name='" TERN_CTL_SERVICE_INTERFACE "'><method name='Run'>"
      "<arg type='as' direction='in'/><arg type='s' direction='in'/>"
      "<arg type='h' direction='in'/><arg type='h' direction='in'/>"
      "<arg type='h' direction='in'/><arg type='i' direction='out'/>"
      "</method></interface></node>",
      NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (GDBusConnection) window =
      g_dbus_connection_new_for_address_sync (g_getenv ("DBUS_SESSION_BUS_ADDRESS"),
                                              G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT
                                                  | G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
                                              NULL, NULL, &error);
  g_autofree char *errors = NULL;
  g_autofree char *output = NULL;

  g_assert_no_error (error);
  g_dbus_connection_register_object (window, TERN_CTL_SERVICE_PATH, node->interfaces[0], &vtable,
                                     NULL, NULL, &error);
  g_assert_no_error (error);
  /* Whoever asks for the name next has it when the test's own window gives it up. */
  g_bus_unown_name (self->name);
  self->owned = FALSE;
  self->name = g_bus_own_name_on_connection (window, TERN_APP_ID, G_BUS_NAME_OWNER_FLAGS_NONE,
                                             owned_cb, NULL, self, NULL);
  while (!self->owned)
    g_main_context_iteration (NULL, TRUE);
  output = run ("--json send", "From: a@x.test\nTo: b@x.test\n\nx\n", 69, &errors);
  g_assert_cmpstr (output, ==, "");
  g_assert_true (g_str_has_prefix (errors, "{\"error\":{\"code\":\"disconnected\""));
  g_assert_nonnull (strstr (errors, "ternctl outbox"));
  g_assert_nonnull (strstr (errors, "\"retry\":\"never\""));
}

#define ADD(path, func) g_test_add (path, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_autoptr (GTestDBus) bus = NULL;
  int result;

  g_test_init (&argc, &argv, NULL);
  g_assert_cmpint (argc, ==, 2);
  program = argv[1];
  tern_mime_init ();
  bus = g_test_dbus_new (G_TEST_DBUS_NONE);
  g_test_dbus_up (bus);
  ADD ("/ternctl-service/served", test_served);
  ADD ("/ternctl-service/errors", test_errors);
  ADD ("/ternctl-service/input", test_input);
  ADD ("/ternctl-service/usage", test_usage);
  ADD ("/ternctl-service/caller-vanishes", test_caller_vanishes);
  ADD ("/ternctl-service/service-ends", test_service_ends);
  ADD ("/ternctl-service/not-served", test_not_served);
  ADD ("/ternctl-service/window-crashes", test_window_crashes);
  result = g_test_run ();
  g_test_dbus_down (bus);
  return result;
}
