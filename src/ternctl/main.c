/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-ctl-client.h"
#include "tern-ctl-service.h"

#include "tern-mime-text.h"

#include <gio/gunixinputstream.h>
#include <gio/gunixoutputstream.h>
#include <glib-unix.h>
#include <glib/gi18n.h>
#include <locale.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

/*
 * ternctl without a window: an engine of its own for the time of one command. When the window runs,
 * it owns the store and does the work (tern-ctl-client.h); a ternctl that watches does it for
 * others meanwhile.
 */
typedef struct
{
  GMainLoop *loop;
  TernEngine *engine;
  const char *const *argv;
  gboolean json;
  gboolean serves;
  gboolean running;
  GDBusConnection *bus;    /* (owned) (nullable) */
  TernCtlService *service; /* (owned) (nullable) */
  guint name;              /* on the bus; 0 = none */
  GCancellable *cancellable;
  int exit_code;
} Program;

static gboolean
signal_cb (gpointer user_data)
{
  Program *self = user_data;

  g_cancellable_cancel (self->cancellable);
  return G_SOURCE_CONTINUE;
}

static void
print_fault (Program *self, const GError *error)
{
  g_autofree char *text = tern_ctl_format_error (error, NULL, self->json);

  g_printerr ("%s", text);
  self->exit_code = tern_fault_exit_code (error);
}

/* What runs for others is stopped, and told while the engine closes. */
static void
stop_serving (Program *self)
{
  g_clear_handle_id (&self->name, g_bus_unown_name);
  g_clear_pointer (&self->service, tern_ctl_service_free);
}

static void
closed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Program *self = user_data;
  g_autoptr (GError) error = NULL;

  if (!tern_engine_close_finish (self->engine, result, &error) && self->exit_code == 0)
    print_fault (self, error);
  g_main_loop_quit (self->loop);
}

static void
ran_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Program *self = user_data;

  self->exit_code = tern_ctl_run_finish (result);
  stop_serving (self);
  tern_engine_close_async (self->engine, closed_cb, self);
}

static void
start_run (Program *self)
{
  g_autoptr (GInputStream) input = g_unix_input_stream_new (STDIN_FILENO, FALSE);
  g_autoptr (GOutputStream) output = g_unix_output_stream_new (STDOUT_FILENO, FALSE);
  g_autoptr (GOutputStream) errors = g_unix_output_stream_new (STDERR_FILENO, FALSE);
  g_autofree char *cwd = g_get_current_dir ();

  self->running = TRUE;
  tern_ctl_run_async (self->engine, self->argv, cwd, input, output, errors, self->cancellable,
                      ran_cb, self);
}

/* It has the name, or will not get it. */
static void
named_cb (GDBusConnection *connection, const char *name, gpointer user_data)
{
  Program *self = user_data;

  if (!self->running)
    start_run (self);
}

/* Who reads the first line can have others do something. Without a bus they find the store taken.
 */
static void
start_serving (Program *self)
{
  g_autofree char *name = tern_ctl_service_dup_watch_name ();

  self->bus = g_bus_get_sync (G_BUS_TYPE_SESSION, NULL, NULL);
  if (self->bus != NULL)
    self->service = tern_ctl_service_export (self->engine, self->bus, NULL);
  if (self->service == NULL)
    {
      start_run (self);
      return;
    }
  /* Watching goes on when the bus does not. */
  g_dbus_connection_set_exit_on_close (self->bus, FALSE);
  self->name = g_bus_own_name_on_connection (self->bus, name, G_BUS_NAME_OWNER_FLAGS_DO_NOT_QUEUE,
                                             named_cb, named_cb, self, NULL);
}

static void
opened_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Program *self = user_data;
  g_autoptr (GError) error = NULL;
  TernStoreOutcome outcome;

  if (!tern_engine_open_finish (self->engine, result, &outcome, &error))
    {
      print_fault (self, error);
      g_main_loop_quit (self->loop);
      return;
    }
  if (outcome == TERN_STORE_RECOVERED)
    g_printerr ("%s\n", _ ("The mail database was damaged and has been made anew; mail comes "
                           "again from the servers."));
  if (self->serves)
    start_serving (self);
  else
    start_run (self);
}

static int
run_here (const char *const *argv, const TernCtlArgs *args)
{
  Program self = { .argv = argv, .json = args->json, .serves = args->command->serves };

  self.loop = g_main_loop_new (NULL, FALSE);
  self.cancellable = g_cancellable_new ();
  self.engine = tern_engine_new (NULL, NULL);
  g_unix_signal_add (SIGINT, signal_cb, &self);
  g_unix_signal_add (SIGTERM, signal_cb, &self);
  tern_engine_open_async (self.engine, args->command->online, self.cancellable, opened_cb, &self);
  g_main_loop_run (self.loop);
  if (self.bus != NULL)
    g_dbus_connection_flush_sync (self.bus, NULL, NULL);
  g_clear_object (&self.bus);
  g_object_unref (self.engine);
  g_object_unref (self.cancellable);
  g_main_loop_unref (self.loop);
  return self.exit_code;
}

/* Who serves does not see this terminal: it is told that there is one. */
static const char *const *
add_progress (const char *const *argv)
{
  gsize n = g_strv_length ((char **) argv);
  const char **words = g_new0 (const char *, n + 2);

  words[0] = "--progress";
  memcpy (words + 1, argv, n * sizeof *words);
  return words;
}

static gboolean
wants_help (const char *const *argv)
{
  return argv[0] != NULL
         && (g_str_equal (argv[0], "help") || g_str_equal (argv[0], "--help")
             || g_str_equal (argv[0], "-h"));
}

int
main (int argc, char **argv)
{
  const char *const *words = (const char *const *) argv + 1;
  g_autofree const char *const *told = NULL;
  g_autoptr (TernCtlArgs) args = NULL;
  g_autoptr (GDBusConnection) connection = NULL;
  g_autofree char *server = NULL;
  g_autoptr (GError) error = NULL;
  gboolean json = FALSE;

  setlocale (LC_ALL, "");
  bindtextdomain (GETTEXT_PACKAGE, TERN_LOCALEDIR);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  textdomain (GETTEXT_PACKAGE);
  /* A reader that went away is an error of the write, not the end of this program. */
  signal (SIGPIPE, SIG_IGN);
  if (wants_help (words))
    {
      g_autofree char *usage = tern_ctl_dup_usage ();

      g_print ("%s", usage);
      return 0;
    }
  if (words[0] != NULL && g_str_equal (words[0], "--version"))
    {
      g_print ("ternctl %s\n", TERN_VERSION);
      return 0;
    }
  if (isatty (STDERR_FILENO))
    words = told = add_progress (words);
  /* What is written wrong is told without a store or a bus. */
  args = tern_ctl_args_parse (tern_ctl_commands, words, &json, &error);
  if (args == NULL)
    {
      g_autofree char *text = tern_ctl_format_error (error, NULL, json);

      g_printerr ("%s", text);
      return tern_fault_exit_code (error);
    }
  tern_mime_init ();
  connection = tern_ctl_client_find_server (&server);
  return connection != NULL ? tern_ctl_client_run (connection, server, words, args)
                            : run_here (words, args);
}
