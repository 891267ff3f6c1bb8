/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-ctl-client.h"

#include "tern-ctl-service.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gunixfdlist.h>
#include <gio/gunixinputstream.h>
#include <gio/gunixoutputstream.h>
#include <glib-unix.h>
#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <sys/mman.h>
#include <unistd.h>

#define FIND_TIMEOUT_MS 5000

/*
 * The one that serves never gets this program's own streams: standard input may be a terminal of
 * another session, and a slow terminal must not hold it. Input is read here and handed over as a
 * whole; output and errors come through pipes that are copied on.
 */
typedef struct
{
  GMainLoop *loop;
  guint open; /* what is not at its end: two pipes and the call */
  int exit_code;
  gboolean json;
  gboolean output_lost; /* what was given out did not arrive at its end */
} Client;

static gboolean
is_owned (GDBusConnection *connection, const char *name)
{
  g_autoptr (GVariant) answer = g_dbus_connection_call_sync (
      connection, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
      "NameHasOwner", g_variant_new ("(s)", name), G_VARIANT_TYPE ("(b)"), G_DBUS_CALL_FLAGS_NONE,
      FIND_TIMEOUT_MS, NULL, NULL);
  gboolean owned = FALSE;

  if (answer != NULL)
    g_variant_get (answer, "(b)", &owned);
  return owned;
}

/* One that watches has its name while it has the store; the window has its own also when it found
 * the store taken. */
GDBusConnection *
tern_ctl_client_find_server (char **name)
{
  g_autoptr (GDBusConnection) connection = g_bus_get_sync (G_BUS_TYPE_SESSION, NULL, NULL);
  g_autofree char *watch = tern_ctl_service_dup_watch_name ();

  if (connection == NULL)
    return NULL;
  if (is_owned (connection, watch))
    *name = g_steal_pointer (&watch);
  else if (is_owned (connection, TERN_APP_ID))
    *name = g_strdup (TERN_APP_ID);
  else
    return NULL;
  return g_steal_pointer (&connection);
}

static void
close_one (Client *self)
{
  self->open--;
  if (self->open == 0)
    g_main_loop_quit (self->loop);
}

static void
spliced_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Client *self = user_data;

  if (g_output_stream_splice_finish (G_OUTPUT_STREAM (source), result, NULL) < 0
      && g_unix_output_stream_get_fd (G_UNIX_OUTPUT_STREAM (source)) == STDOUT_FILENO)
    self->output_lost = TRUE;
  close_one (self);
}

/* The command was never begun: nobody was there to take it. */
static gboolean
was_not_begun (const GError *error)
{
  return g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_UNKNOWN_METHOD)
         || g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_UNKNOWN_OBJECT)
         || g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_UNKNOWN_INTERFACE)
         || g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_SERVICE_UNKNOWN);
}

static gboolean
was_cut_off (const GError *error)
{
  return g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_NO_REPLY)
         || g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_DISCONNECTED)
         || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CLOSED);
}

/* Exit code 75 invites a script to try again, which would send a message twice that is in the
 * outbox already: only a command that was never begun is given it. */
static GError *
make_fault (const GError *error)
{
  GError *fault;

  if (was_not_begun (error))
    return tern_fault_new (TERN_FAULT_BUSY, _ ("Tern is just starting or ending; try again."));
  fault =
      was_cut_off (error)
          ? tern_fault_new (TERN_FAULT_DISCONNECTED, _ ("Tern ended during the command; look "
                                                        "at “ternctl outbox” before trying "
                                                        "again."))
          : tern_fault_new (TERN_FAULT_DISCONNECTED,
                            _ ("Tern did not say what became of the command: %s"), error->message);
  tern_fault_set_retry (fault, TERN_RETRY_NEVER);
  return fault;
}

static void
called_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Client *self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) answer = g_dbus_connection_call_with_unix_fd_list_finish (
      G_DBUS_CONNECTION (source), NULL, result, &error);

  if (answer != NULL)
    g_variant_get (answer, "(i)", &self->exit_code);
  else
    {
      g_autoptr (GError) fault = make_fault (error);
      g_autofree char *text = tern_ctl_format_error (fault, NULL, self->json);

      g_printerr ("%s", text);
      self->exit_code = tern_fault_exit_code (fault);
    }
  close_one (self);
}

static gboolean
copy_input (int from, int to)
{
  char buffer[65536];

  for (;;)
    {
      gssize n = read (from, buffer, sizeof buffer);

      if (n < 0 && errno == EINTR)
        continue;
      if (n <= 0)
        return n == 0;
      for (gssize done = 0; done < n;)
        {
          gssize written = write (to, buffer + done, (gsize) (n - done));

          if (written < 0 && errno != EINTR)
            return FALSE;
          done += MAX (written, 0);
        }
    }
}

/* All of standard input in memory, from its start; -1 when it cannot be read. */
static int
make_input (const TernCtlArgs *args)
{
  int fd;

  if (!tern_ctl_args_wants_input (args))
    return open ("/dev/null", O_RDONLY | O_CLOEXEC);
  fd = memfd_create ("ternctl-input", MFD_CLOEXEC);
  if (fd >= 0 && (!copy_input (STDIN_FILENO, fd) || lseek (fd, 0, SEEK_SET) != 0))
    {
      close (fd);
      return -1;
    }
  return fd;
}

/* A pipe whose reading end is copied to @target. The writing end, to be closed by the caller. */
static int
make_output (Client *self, int target)
{
  g_autoptr (GInputStream) from = NULL;
  g_autoptr (GOutputStream) to = NULL;
  int fds[2];

  if (!g_unix_open_pipe (fds, FD_CLOEXEC, NULL))
    return -1;
  from = g_unix_input_stream_new (fds[0], TRUE);
  to = g_unix_output_stream_new (target, FALSE);
  self->open++;
  g_output_stream_splice_async (to, from, G_OUTPUT_STREAM_SPLICE_CLOSE_SOURCE, G_PRIORITY_DEFAULT,
                                NULL, spliced_cb, self);
  return fds[1];
}

int
tern_ctl_client_run (GDBusConnection *connection,
                     const char *name,
                     const char *const *argv,
                     const TernCtlArgs *args)
{
  Client self = { .loop = g_main_loop_new (NULL, FALSE), .exit_code = 74, .json = args->json };
  int fds[3] = { make_input (args), make_output (&self, STDOUT_FILENO),
                 make_output (&self, STDERR_FILENO) };
  g_autofree char *cwd = g_get_current_dir ();

  if (fds[0] >= 0 && fds[1] >= 0 && fds[2] >= 0)
    {
      g_autoptr (GUnixFDList) list = g_unix_fd_list_new_from_array (fds, 3);

      self.open++;
      g_dbus_connection_call_with_unix_fd_list (
          connection, name, TERN_CTL_SERVICE_PATH, TERN_CTL_SERVICE_INTERFACE, "Run",
          g_variant_new ("(^asshhh)", argv, cwd, 0, 1, 2), G_VARIANT_TYPE ("(i)"),
          G_DBUS_CALL_FLAGS_NO_AUTO_START, G_MAXINT, list, NULL, called_cb, &self);
      /* The list owns the three, and closes them once the message has gone out: then the pipes end
       * with the other side's copies. */
    }
  else
    for (guint i = 0; i < 3; i++)
      {
        if (fds[i] >= 0)
          close (fds[i]);
      }
  if (self.open > 0)
    g_main_loop_run (self.loop);
  g_main_loop_unref (self.loop);
  return self.exit_code == 0 && self.output_lost ? 74 : self.exit_code;
}
