/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * The limit of what any client can reach: logs in, selects, asks for the same header data that the
 * engine asks for, reads the answer in 64 KiB pieces and throws it away.
 *
 *   raw-imap HOST PORT CA-FILE USER PASSWORD MAILBOX [ITEMS]
 *
 * ITEMS are fetched instead, for example "BODY.PEEK[]".
 *
 * Prints one line: "first FIRST-BYTE-SECONDS all SECONDS bytes N", counted from the login's OK.
 */
#include <gio/gio.h>
#include <string.h>

#define CHUNK (64 * 1024)

static GIOStream *
connect_tls (const char *host, guint16 port, const char *ca_file, GError **error)
{
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (GSocketConnection) connection =
      g_socket_client_connect_to_host (client, host, port, NULL, error);
  if (connection == NULL)
    return NULL;
  g_autoptr (GSocketConnectable) identity = g_network_address_new (host, port);
  GIOStream *tls = g_tls_client_connection_new (G_IO_STREAM (connection), identity, error);
  if (tls == NULL)
    return NULL;
  g_autoptr (GTlsDatabase) authorities = g_tls_file_database_new (ca_file, error);
  if (authorities == NULL)
    return NULL;
  g_tls_connection_set_database (G_TLS_CONNECTION (tls), authorities);
  return tls;
}

static gboolean
send_line (GIOStream *stream, const char *line, GError **error)
{
  g_autofree char *text = g_strconcat (line, "\r\n", NULL);
  return g_output_stream_write_all (g_io_stream_get_output_stream (stream), text, strlen (text),
                                    NULL, NULL, error);
}

/* Reads until a line starts with @tag; the tail of each piece is kept for a tag that is cut. */
static gboolean
read_until (GIOStream *stream,
            const char *tag,
            double *first,
            gint64 start,
            guint64 *bytes,
            GError **error)
{
  GInputStream *input = g_io_stream_get_input_stream (stream);
  g_autofree char *buffer = g_malloc (CHUNK + 64);
  g_autofree char *pattern = g_strconcat ("\n", tag, " ", NULL);
  gsize pattern_length = strlen (pattern);
  gsize kept = 1;
  buffer[0] = '\n';
  for (;;)
    {
      gssize n = g_input_stream_read (input, buffer + kept, CHUNK, NULL, error);
      if (n <= 0)
        return FALSE;
      if (*bytes == 0 && first != NULL)
        *first = (double) (g_get_monotonic_time () - start) / G_USEC_PER_SEC;
      *bytes += (guint64) n;
      gsize filled = kept + (gsize) n;
      char *hit = memmem (buffer, filled, pattern, pattern_length);
      if (hit != NULL && memchr (hit + 1, '\n', filled - (gsize) (hit + 1 - buffer)) != NULL)
        return TRUE;
      gsize keep = hit != NULL ? filled - (gsize) (hit - buffer) : MIN (filled, pattern_length);
      memmove (buffer, buffer + filled - keep, keep);
      kept = MIN (keep, (gsize) 63);
    }
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  if (argc != 7 && argc != 8)
    {
      g_printerr ("usage: raw-imap HOST PORT CA-FILE USER PASSWORD MAILBOX [ITEMS]\n");
      return 64;
    }

  guint64 bytes = 0;
  g_autofree char *login = g_strdup_printf ("a LOGIN \"%s\" \"%s\"", argv[4], argv[5]);
  g_autofree char *select = g_strdup_printf ("b SELECT \"%s\"", argv[6]);
  g_autofree char *fetch =
      g_strdup_printf ("c UID FETCH 1:* (UID %s)",
                       argc == 8 ? argv[7]
                                 : "FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODYSTRUCTURE "
                                   "BODY.PEEK[HEADER.FIELDS (REFERENCES)]");
  g_autoptr (GIOStream) stream =
      connect_tls (argv[1], (guint16) g_ascii_strtoull (argv[2], NULL, 10), argv[3], &error);
  if (stream == NULL || !send_line (stream, login, &error)
      || !read_until (stream, "a", NULL, 0, &bytes, &error))
    goto failed;

  gint64 start = g_get_monotonic_time ();
  if (!send_line (stream, select, &error) || !read_until (stream, "b", NULL, start, &bytes, &error))
    goto failed;

  double first = 0;
  bytes = 0;
  if (!send_line (stream, fetch, &error)
      || !read_until (stream, "c", &first, start, &bytes, &error))
    goto failed;
  g_print ("first %.3f all %.3f bytes %" G_GUINT64_FORMAT "\n", first,
           (double) (g_get_monotonic_time () - start) / G_USEC_PER_SEC, bytes);
  return 0;

failed:
  g_printerr ("raw-imap: %s\n", error != NULL ? error->message : "the server ended the connection");
  return 1;
}
