/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-mail-server.h"

#include <json-glib/json-glib.h>

#define ANSWER_TIMEOUT_MS (60 * 1000)

struct _TernMailServer
{
  GSubprocess *process;     /* (owned) */
  GDataInputStream *output; /* (owned) */
  JsonNode *facts;          /* (owned): what it said of itself */
};

/* A line of JSON that arrived, or not in time. */
typedef struct
{
  char *line; /* (owned) (nullable) */
  gboolean done;
  gboolean late;
} Answer;

static void
on_line (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Answer *answer = user_data;
  answer->line =
      g_data_input_stream_read_line_finish (G_DATA_INPUT_STREAM (source), result, NULL, NULL);
  answer->done = TRUE;
}

static gboolean
on_late (gpointer user_data)
{
  Answer *answer = user_data;
  answer->late = TRUE;
  return G_SOURCE_REMOVE;
}

/* Reads in a context of its own, so that nothing of the tested program runs meanwhile. */
static JsonNode *
read_answer (TernMailServer *server)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GSource) timer = g_timeout_source_new (ANSWER_TIMEOUT_MS);
  Answer answer = { NULL, FALSE, FALSE };

  g_main_context_push_thread_default (context);
  g_source_set_callback (timer, on_late, &answer, NULL);
  g_source_attach (timer, context);
  g_data_input_stream_read_line_async (server->output, G_PRIORITY_DEFAULT, cancellable, on_line,
                                       &answer);
  while (!answer.done)
    {
      g_main_context_iteration (context, TRUE);
      if (answer.late)
        g_cancellable_cancel (cancellable);
    }
  g_source_destroy (timer);
  g_main_context_pop_thread_default (context);

  g_autofree char *line = g_steal_pointer (&answer.line);
  if (line == NULL)
    g_error ("the mail server said nothing%s", answer.late ? " in time" : " and is gone");
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonNode) node = json_from_string (line, &error);
  g_assert_no_error (error);
  g_assert_nonnull (node);
  return g_steal_pointer (&node);
}

static const char *
get_string (TernMailServer *server, const char *name)
{
  return json_object_get_string_member (json_node_get_object (server->facts), name);
}

TernMailServer *
tern_mail_server_new (const char *first_option, ...)
{
  g_autoptr (GPtrArray) argv = g_ptr_array_new ();
  g_autoptr (GError) error = NULL;
  va_list args;

  g_ptr_array_add (argv, (gpointer) "/usr/bin/python3");
  g_ptr_array_add (argv, (gpointer) TERN_TEST_LIB_DIR "/mailserver.py");
  va_start (args, first_option);
  for (const char *option = first_option; option != NULL; option = va_arg (args, const char *))
    g_ptr_array_add (argv, (gpointer) option);
  va_end (args);
  g_ptr_array_add (argv, NULL);

  TernMailServer *server = g_new0 (TernMailServer, 1);
  /* The sanitizer's runtime is of no use to Python. */
  g_autoptr (GSubprocessLauncher) launcher =
      g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE);
  g_subprocess_launcher_unsetenv (launcher, "LD_PRELOAD");
  server->process =
      g_subprocess_launcher_spawnv (launcher, (const char *const *) argv->pdata, &error);
  g_assert_no_error (error);
  server->output = g_data_input_stream_new (g_subprocess_get_stdout_pipe (server->process));
  server->facts = read_answer (server);
  if (json_object_has_member (json_node_get_object (server->facts), "missing"))
    {
      g_test_skip (get_string (server, "missing"));
      tern_mail_server_free (server);
      return NULL;
    }
  if (json_object_has_member (json_node_get_object (server->facts), "error"))
    g_error ("the mail server did not start: %s", get_string (server, "error"));
  return server;
}

void
tern_mail_server_free (TernMailServer *server)
{
  g_autoptr (GError) error = NULL;

  /* The end of its input is the sign to stop. */
  g_output_stream_close (g_subprocess_get_stdin_pipe (server->process), NULL, &error);
  g_assert_no_error (error);
  g_subprocess_wait (server->process, NULL, &error);
  g_assert_no_error (error);
  g_object_unref (server->output);
  g_object_unref (server->process);
  json_node_unref (server->facts);
  g_free (server);
}

const char *
tern_mail_server_get_host (TernMailServer *server)
{
  return get_string (server, "host");
}

const char *
tern_mail_server_get_domain (TernMailServer *server)
{
  return get_string (server, "domain");
}

const char *
tern_mail_server_get_ca_file (TernMailServer *server)
{
  return get_string (server, "ca_file");
}

const char *
tern_mail_server_get_dir (TernMailServer *server)
{
  return get_string (server, "dir");
}

guint16
tern_mail_server_get_port (TernMailServer *server, const char *name)
{
  JsonObject *facts = json_node_get_object (server->facts);

  if (!json_object_has_member (facts, name))
    g_error ("the mail server has no port \"%s\"", name);
  return (guint16) json_object_get_int_member (facts, name);
}

const char *
tern_mail_server_get_user_fact (TernMailServer *server, guint number, const char *name)
{
  JsonArray *users = json_object_get_array_member (json_node_get_object (server->facts), "users");

  g_assert_cmpuint (number, <, json_array_get_length (users));
  return json_object_get_string_member (json_array_get_object_element (users, number), name);
}

const char *
tern_mail_server_get_address (TernMailServer *server, guint number)
{
  return tern_mail_server_get_user_fact (server, number, "address");
}

const char *
tern_mail_server_get_password (TernMailServer *server, guint number)
{
  return tern_mail_server_get_user_fact (server, number, "password");
}

static JsonNode *
run (TernMailServer *server, const char *command)
{
  g_autofree char *line = g_strconcat (command, "\n", NULL);
  g_autoptr (GError) error = NULL;

  g_assert_null (strchr (command, '\n'));
  g_output_stream_write_all (g_subprocess_get_stdin_pipe (server->process), line, strlen (line),
                             NULL, NULL, &error);
  g_assert_no_error (error);
  g_autoptr (JsonNode) answer = read_answer (server);
  JsonObject *object = json_node_get_object (answer);
  if (!json_object_get_boolean_member (object, "ok"))
    g_error ("mail server, %s: %s", command,
             json_object_get_string_member_with_default (object, "error", "failed"));
  return g_steal_pointer (&answer);
}

void
tern_mail_server_command (TernMailServer *server, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  g_autofree char *command = g_strdup_vprintf (format, args);
  va_end (args);
  json_node_unref (run (server, command));
}

char *
tern_mail_server_doveadm (TernMailServer *server, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  g_autofree char *words = g_strdup_vprintf (format, args);
  va_end (args);
  g_autofree char *command = g_strconcat ("doveadm ", words, NULL);
  g_autoptr (JsonNode) answer = run (server, command);
  return g_strdup (json_object_get_string_member (json_node_get_object (answer), "output"));
}

/* Leaves @message in a file of the server's folder and returns its path. */
static char *
save_message (TernMailServer *server, const char *message)
{
  static guint counter;
  g_autofree char *name = g_strdup_printf ("message-%u.eml", counter++);
  g_autofree char *path = g_build_filename (tern_mail_server_get_dir (server), name, NULL);
  g_autoptr (GString) text = g_string_new (message);
  g_autoptr (GError) error = NULL;

  g_string_replace (text, "\r\n", "\n", 0);
  g_string_replace (text, "\n", "\r\n", 0);
  g_file_set_contents (path, text->str, (gssize) text->len, &error);
  g_assert_no_error (error);
  return g_steal_pointer (&path);
}

void
tern_mail_server_deliver (TernMailServer *server, const char *user, const char *message)
{
  g_autofree char *path = save_message (server, message);

  tern_mail_server_command (server, "deliver %s %s", user, path);
}

void
tern_mail_server_append (TernMailServer *server,
                         const char *user,
                         const char *folder,
                         const char *message,
                         const char *flags)
{
  g_autofree char *path = save_message (server, message);
  g_autofree char *folder_quoted = g_shell_quote (folder);
  g_autofree char *flags_quoted = g_shell_quote (flags);

  tern_mail_server_command (server, "append %s %s %s %s", user, folder_quoted, path, flags_quoted);
}
