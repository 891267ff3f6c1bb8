/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-script-server.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define LINE_SECONDS 10
#define WAIT_SECONDS 60
#define SLOTS        10 /* 1 to 9, and 0 for %t */

typedef struct
{
  TernScriptServer *server; /* lent */
  GThread *thread;
  char **steps;
  guint position;    /* (atomic) */
  gboolean ended;    /* (atomic) */
  char *problem;     /* (lock: server->mutex) (nullable) */
  GString *received; /* (lock: server->mutex) */
  GSocketConnection *connection;
  GIOStream *stream;
  GString *buffer; /* read, and not yet taken by a step */
  char *slots[SLOTS];
  char *last_line;
} Script;

struct _TernScriptServer
{
  GSocketListener *listener;
  guint16 port;
  TernTestCert *cert;
  gboolean tls;
  GCancellable *stop;
  GThread *acceptor;
  GMutex mutex;
  GCond cond;
  GPtrArray *scripts; /* (lock: mutex) */
  guint connections;  /* (lock: mutex) */
  guint permits;      /* (lock: mutex): calls of go() not yet used by a WAIT */
};

static void
script_free (Script *script)
{
  g_strfreev (script->steps);
  g_free (script->problem);
  g_string_free (script->received, TRUE);
  g_string_free (script->buffer, TRUE);
  g_clear_object (&script->stream);
  g_clear_object (&script->connection);
  for (guint i = 0; i < SLOTS; i++)
    g_free (script->slots[i]);
  g_free (script->last_line);
  g_free (script);
}

static gboolean G_GNUC_PRINTF (2, 3) fail (Script *script, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  g_mutex_lock (&script->server->mutex);
  if (script->problem == NULL)
    script->problem = g_strdup_vprintf (format, args);
  g_mutex_unlock (&script->server->mutex);
  va_end (args);
  return FALSE;
}

/* One read of at least a byte. FALSE at the end of the stream and on an error; *@eof tells which.
 */
static gboolean
read_more (Script *script, gboolean *eof, GError **error)
{
  char chunk[65536];
  gssize n = g_input_stream_read (g_io_stream_get_input_stream (script->stream), chunk,
                                  sizeof chunk, script->server->stop, error);

  if (eof != NULL)
    *eof = n == 0;
  if (n <= 0)
    return FALSE;
  g_string_append_len (script->buffer, chunk, n);
  g_mutex_lock (&script->server->mutex);
  g_string_append_len (script->received, chunk, n);
  g_mutex_unlock (&script->server->mutex);
  return TRUE;
}

/* (nullable): the next line without its CRLF. */
static char *
read_line (Script *script, GError **error)
{
  char *end;

  while ((end = memchr (script->buffer->str, '\n', script->buffer->len)) == NULL)
    if (!read_more (script, NULL, error))
      return NULL;

  gsize length = end - script->buffer->str;
  char *line = g_strndup (script->buffer->str, length);
  if (length > 0 && line[length - 1] == '\r')
    line[length - 1] = '\0';
  g_string_erase (script->buffer, 0, length + 1);
  return line;
}

static gboolean
send_bytes (Script *script, const char *bytes, gsize length)
{
  g_autoptr (GError) error = NULL;

  if (!g_output_stream_write_all (g_io_stream_get_output_stream (script->stream), bytes, length,
                                  NULL, script->server->stop, &error))
    return fail (script, "cannot send: %s", error->message);
  return TRUE;
}

static int
slot_of (const char *p)
{
  if (p[0] != '%')
    return -1;
  if (p[1] == 't')
    return 0;
  return p[1] >= '1' && p[1] <= '9' ? p[1] - '0' : -1;
}

static char *
expand (Script *script, const char *text)
{
  GString *out = g_string_new (NULL);

  for (const char *p = text; *p != '\0'; p++)
    {
      int slot = slot_of (p);

      if (slot >= 0)
        {
          g_string_append (out, script->slots[slot] != NULL ? script->slots[slot] : "?");
          p++;
        }
      else if (p[0] == '%' && p[1] == '%')
        g_string_append_c (out, *p++);
      else
        g_string_append_c (out, *p);
    }
  return g_string_free (out, FALSE);
}

static gboolean
match (Script *script, const char *pattern, const char *line)
{
  for (; *pattern != '\0'; pattern++)
    {
      int slot = slot_of (pattern);

      if (slot >= 0)
        {
          gsize length = strcspn (line, " ");

          if (slot == 0 || script->slots[slot] == NULL)
            {
              g_free (script->slots[slot]);
              script->slots[slot] = g_strndup (line, length);
            }
          else if (strlen (script->slots[slot]) != length
                   || memcmp (script->slots[slot], line, length) != 0)
            return FALSE;
          line += length;
          pattern++;
        }
      else if (*pattern == '*' || *pattern == '?')
        return g_pattern_match_simple (pattern, line);
      else
        {
          if (pattern[0] == '%' && pattern[1] == '%')
            pattern++;
          if (*pattern != *line)
            return FALSE;
          line++;
        }
    }
  return *line == '\0';
}

static gboolean
do_expect (Script *script, const char *pattern)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *line = read_line (script, &error);

  if (line == NULL)
    return fail (script, "waiting for \"%s\": %s", pattern,
                 error != NULL ? error->message : "the client closed the connection");
  g_free (script->last_line);
  script->last_line = g_strdup (line);
  if (!match (script, pattern, line))
    return fail (script, "expected \"%s\", got \"%s\"", pattern, line);
  return TRUE;
}

static gboolean
do_literal (Script *script, const char *pattern)
{
  const char *brace = script->last_line != NULL ? strrchr (script->last_line, '{') : NULL;
  gsize length = brace != NULL ? strtoul (brace + 1, NULL, 10) : 0;
  g_autofree char *literal = NULL;

  if (brace == NULL)
    return fail (script, "no literal was announced by \"%s\"", script->last_line);
  while (script->buffer->len < length)
    if (!read_more (script, NULL, NULL))
      return fail (script, "the literal ended early");
  literal = g_strndup (script->buffer->str, length);
  g_string_erase (script->buffer, 0, length);
  if (!g_pattern_match_simple (pattern, literal))
    return fail (script, "expected the literal \"%s\", got \"%s\"", pattern, literal);
  return TRUE;
}

static gboolean
do_data (Script *script)
{
  for (;;)
    {
      g_autofree char *line = read_line (script, NULL);

      if (line == NULL)
        return fail (script, "the data ended early");
      if (strcmp (line, ".") == 0)
        return TRUE;
    }
}

static gboolean
do_each (Script *script, const char *text)
{
  for (;;)
    {
      g_autofree char *line = read_line (script, NULL);
      g_autofree char *answer = NULL;
      g_autofree char *crlf = NULL;

      if (line == NULL)
        return TRUE;
      g_free (script->slots[0]);
      script->slots[0] = g_strndup (line, strcspn (line, " "));
      answer = expand (script, text);
      crlf = g_strconcat (answer, "\r\n", NULL);
      if (!g_output_stream_write_all (g_io_stream_get_output_stream (script->stream), crlf,
                                      strlen (crlf), NULL, script->server->stop, NULL))
        return TRUE;
    }
}

static gboolean
do_tls (Script *script)
{
  g_autoptr (GError) error = NULL;
  GIOStream *tls;

  if (script->buffer->len > 0)
    return fail (script, "the client sent bytes ahead of the handshake");
  tls = g_tls_server_connection_new (script->stream, script->server->cert->certificate, &error);
  if (tls == NULL)
    return fail (script, "%s", error->message);
  g_object_unref (script->stream);
  script->stream = tls;
  if (!g_tls_connection_handshake (G_TLS_CONNECTION (tls), script->server->stop, &error))
    return fail (script, "handshake: %s", error->message);
  return TRUE;
}

static gboolean
do_quiet (Script *script, const char *milliseconds)
{
  GSocket *socket = g_socket_connection_get_socket (script->connection);

  if (script->buffer->len == 0
      && !g_socket_condition_timed_wait (socket, G_IO_IN, atoll (milliseconds) * 1000,
                                         script->server->stop, NULL))
    return TRUE;
  if (script->buffer->len == 0 && !read_more (script, NULL, NULL))
    return fail (script, "the client closed when it should have been quiet");
  return fail (script, "the client should have been quiet, but sent \"%s\"", script->buffer->str);
}

static gboolean
do_wait (Script *script)
{
  TernScriptServer *server = script->server;
  gint64 deadline = g_get_monotonic_time () + WAIT_SECONDS * G_USEC_PER_SEC;
  gboolean allowed = TRUE;

  g_mutex_lock (&server->mutex);
  while (server->permits == 0 && allowed && !g_cancellable_is_cancelled (server->stop))
    allowed = g_cond_wait_until (&server->cond, &server->mutex, deadline);
  if (server->permits > 0)
    server->permits--;
  g_mutex_unlock (&server->mutex);
  return allowed || fail (script, "nobody called tern_script_server_go()");
}

static gboolean
do_stall (Script *script)
{
  g_socket_set_timeout (g_socket_connection_get_socket (script->connection), 0);
  while (read_more (script, NULL, NULL))
    ;
  return TRUE;
}

static gboolean
do_eof (Script *script)
{
  g_autoptr (GError) error = NULL;
  gboolean eof = FALSE;

  if (script->buffer->len == 0 && !read_more (script, &eof, &error))
    {
      if (eof || !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT))
        return TRUE;
      return fail (script, "the client did not close");
    }
  return fail (script, "expected the end, got \"%s\"", script->buffer->str);
}

static gboolean
do_fill (Script *script, const char *arguments)
{
  char *end;
  gsize left = strtoul (arguments, &end, 10);
  char block[65536];

  memset (block, end[0] == ' ' && end[1] != '\0' ? end[1] : 'x', sizeof block);
  while (left > 0)
    {
      gsize n = MIN (left, sizeof block);

      /* The client is free to hang up in the middle: that is what the test looks at. */
      if (!g_output_stream_write_all (g_io_stream_get_output_stream (script->stream), block, n,
                                      NULL, script->server->stop, NULL))
        return TRUE;
      left -= n;
    }
  return TRUE;
}

static gboolean
do_cut (Script *script)
{
  struct linger now = { .l_onoff = 1, .l_linger = 0 };
  GSocket *socket = g_socket_connection_get_socket (script->connection);

  setsockopt (g_socket_get_fd (socket), SOL_SOCKET, SO_LINGER, &now, sizeof now);
  g_socket_close (socket, NULL);
  return TRUE;
}

static gboolean
do_send (Script *script, const char *text, const char *end)
{
  g_autofree char *expanded = expand (script, text);
  g_autofree char *bytes = g_strconcat (expanded, end, NULL);

  return send_bytes (script, bytes, strlen (bytes));
}

static gboolean
run_step (Script *script, const char *step)
{
  const char *rest = strstr (step, ": ");

  rest = rest != NULL ? rest + 2 : step + strlen (step);
  if (g_str_has_prefix (step, "S: "))
    return do_send (script, rest, "\r\n");
  if (g_str_has_prefix (step, "R: "))
    return do_send (script, rest, "");
  if (g_str_has_prefix (step, "C: "))
    return do_expect (script, rest);
  if (g_str_has_prefix (step, "LIT: "))
    return do_literal (script, rest);
  if (g_str_has_prefix (step, "EACH: "))
    return do_each (script, rest);
  if (g_str_has_prefix (step, "FILL: "))
    return do_fill (script, rest);
  if (g_str_has_prefix (step, "QUIET: "))
    return do_quiet (script, rest);
  if (strcmp (step, "DATA") == 0)
    return do_data (script);
  if (strcmp (step, "TLS") == 0)
    return do_tls (script);
  if (strcmp (step, "WAIT") == 0)
    return do_wait (script);
  if (strcmp (step, "STALL") == 0)
    return do_stall (script);
  if (strcmp (step, "EOF") == 0)
    return do_eof (script);
  if (strcmp (step, "CUT") == 0)
    return do_cut (script);
  if (strcmp (step, "CLOSE") == 0)
    {
      g_io_stream_close (script->stream, NULL, NULL);
      return TRUE;
    }
  return fail (script, "there is no step \"%s\"", step);
}

static gpointer
run_script (gpointer data)
{
  Script *script = data;
  gboolean good = !script->server->tls || do_tls (script);

  for (guint i = 0; good && script->steps[i] != NULL; i++)
    {
      good = run_step (script, script->steps[i]);
      if (good)
        g_atomic_int_set (&script->position, i + 1);
    }
  g_io_stream_close (script->stream, NULL, NULL);
  g_io_stream_close (G_IO_STREAM (script->connection), NULL, NULL);
  g_atomic_int_set (&script->ended, TRUE);
  return NULL;
}

static gpointer
run_acceptor (gpointer data)
{
  TernScriptServer *self = data;

  while (!g_cancellable_is_cancelled (self->stop))
    {
      g_autoptr (GSocketConnection) connection =
          g_socket_listener_accept (self->listener, NULL, self->stop, NULL);
      Script *script = NULL;

      if (connection == NULL)
        continue;
      g_mutex_lock (&self->mutex);
      if (self->connections < self->scripts->len)
        {
          script = g_ptr_array_index (self->scripts, self->connections);
          g_socket_set_timeout (g_socket_connection_get_socket (connection), LINE_SECONDS);
          script->connection = g_object_ref (connection);
          script->stream = g_object_ref (G_IO_STREAM (connection));
          script->thread = g_thread_new ("script", run_script, script);
        }
      self->connections++;
      g_mutex_unlock (&self->mutex);
    }
  return NULL;
}

TernScriptServer *
tern_script_server_new (TernTestCert *cert, gboolean tls)
{
  TernScriptServer *self = g_new0 (TernScriptServer, 1);
  g_autoptr (GInetAddress) loopback = g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4);
  g_autoptr (GSocketAddress) address = g_inet_socket_address_new (loopback, 0);
  g_autoptr (GSocketAddress) bound = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (!tls || cert != NULL);
  g_mutex_init (&self->mutex);
  g_cond_init (&self->cond);
  self->cert = cert;
  self->tls = tls;
  self->stop = g_cancellable_new ();
  self->scripts = g_ptr_array_new_with_free_func ((GDestroyNotify) script_free);
  self->listener = g_socket_listener_new ();
  g_socket_listener_add_address (self->listener, address, G_SOCKET_TYPE_STREAM,
                                 G_SOCKET_PROTOCOL_TCP, NULL, &bound, &error);
  g_assert_no_error (error);
  self->port = g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (bound));
  self->acceptor = g_thread_new ("script-accept", run_acceptor, self);
  return self;
}

guint16
tern_script_server_get_port (TernScriptServer *self)
{
  return self->port;
}

void
tern_script_server_addv (TernScriptServer *self, const char *const *steps)
{
  Script *script = g_new0 (Script, 1);

  script->server = self;
  script->steps = g_strdupv ((char **) steps);
  script->received = g_string_new (NULL);
  script->buffer = g_string_new (NULL);
  g_mutex_lock (&self->mutex);
  g_ptr_array_add (self->scripts, script);
  g_mutex_unlock (&self->mutex);
}

void
tern_script_server_add (TernScriptServer *self, const char *first, ...)
{
  g_autoptr (GPtrArray) steps = g_ptr_array_new ();
  va_list args;

  va_start (args, first);
  for (const char *step = first; step != NULL; step = va_arg (args, const char *))
    g_ptr_array_add (steps, (gpointer) step);
  va_end (args);
  g_ptr_array_add (steps, NULL);
  tern_script_server_addv (self, (const char *const *) steps->pdata);
}

static Script *
get_script (TernScriptServer *self, guint n)
{
  Script *script;

  g_mutex_lock (&self->mutex);
  g_assert_cmpuint (n, <, self->scripts->len);
  script = g_ptr_array_index (self->scripts, n);
  g_mutex_unlock (&self->mutex);
  return script;
}

guint
tern_script_server_get_position (TernScriptServer *self, guint n)
{
  return g_atomic_int_get (&get_script (self, n)->position);
}

guint
tern_script_server_get_connections (TernScriptServer *self)
{
  guint connections;

  g_mutex_lock (&self->mutex);
  connections = self->connections;
  g_mutex_unlock (&self->mutex);
  return connections;
}

void
tern_script_server_go (TernScriptServer *self)
{
  g_mutex_lock (&self->mutex);
  self->permits++;
  g_cond_broadcast (&self->cond);
  g_mutex_unlock (&self->mutex);
}

char *
tern_script_server_dup_received (TernScriptServer *self, guint n)
{
  Script *script = get_script (self, n);
  char *received;

  g_mutex_lock (&self->mutex);
  received = g_strndup (script->received->str, script->received->len);
  g_mutex_unlock (&self->mutex);
  return received;
}

void
tern_script_server_finish (TernScriptServer *self, guint n)
{
  for (guint i = 0; i < n; i++)
    {
      Script *script = get_script (self, i);

      tern_test_wait_until (g_atomic_int_get (&script->ended));
      if (script->problem != NULL)
        g_error ("script %u, step %u (%s): %s", i, script->position,
                 script->steps[script->position], script->problem);
    }
}

void
tern_script_server_free (TernScriptServer *self)
{
  g_cancellable_cancel (self->stop);
  g_mutex_lock (&self->mutex);
  g_cond_broadcast (&self->cond);
  g_mutex_unlock (&self->mutex);
  g_thread_join (self->acceptor);
  for (guint i = 0; i < self->scripts->len; i++)
    {
      Script *script = g_ptr_array_index (self->scripts, i);

      if (script->thread != NULL)
        g_thread_join (script->thread);
    }
  g_ptr_array_unref (self->scripts);
  g_socket_listener_close (self->listener);
  g_object_unref (self->listener);
  g_object_unref (self->stop);
  g_mutex_clear (&self->mutex);
  g_cond_clear (&self->cond);
  g_free (self);
}
