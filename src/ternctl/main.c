/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-ctl-client.h"
#include "tern-ctl.h"

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
 * it owns the store and does the work (tern-ctl-client.h).
 */
typedef struct
{
  GMainLoop *loop;
  TernEngine *engine;
  const char *const *argv;
  gboolean json;
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
  tern_engine_close_async (self->engine, closed_cb, self);
}

static void
opened_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Program *self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GInputStream) input = NULL;
  g_autoptr (GOutputStream) output = NULL;
  g_autoptr (GOutputStream) errors = NULL;
  g_autofree char *cwd = NULL;
  TernStoreOutcome outcome;

  if (!tern_engine_open_finish (self->engine, result, &outcome, &error))
    {
      print_fault (self, error);
      g_main_loop_quit (self->loop);
      return;
    }
  input = g_unix_input_stream_new (STDIN_FILENO, FALSE);
  output = g_unix_output_stream_new (STDOUT_FILENO, FALSE);
  errors = g_unix_output_stream_new (STDERR_FILENO, FALSE);
  cwd = g_get_current_dir ();
  if (outcome == TERN_STORE_RECOVERED)
    g_printerr ("%s\n", _ ("The mail database was damaged and has been made anew; mail comes "
                           "again from the servers."));
  tern_ctl_run_async (self->engine, self->argv, cwd, input, output, errors, self->cancellable,
                      ran_cb, self);
}

static int
run_here (const char *const *argv, const TernCtlArgs *args)
{
  Program self = { .argv = argv, .json = args->json };

  self.loop = g_main_loop_new (NULL, FALSE);
  self.cancellable = g_cancellable_new ();
  self.engine = tern_engine_new (NULL, NULL);
  g_unix_signal_add (SIGINT, signal_cb, &self);
  g_unix_signal_add (SIGTERM, signal_cb, &self);
  tern_engine_open_async (self.engine, args->command->online, self.cancellable, opened_cb, &self);
  g_main_loop_run (self.loop);
  g_object_unref (self.engine);
  g_object_unref (self.cancellable);
  g_main_loop_unref (self.loop);
  return self.exit_code;
}

/* The window does not see this terminal: it is told that there is one. */
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
  connection = tern_ctl_client_find_window ();
  return connection != NULL ? tern_ctl_client_run (connection, words, args)
                            : run_here (words, args);
}
