/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-imap-fetch.h"

#include <string.h>

/*
 * How fast FETCH responses as a first synchronisation asks for them are read, without any
 * connection: 100,000 of some 900 bytes, in the form in which Dovecot sends them, or the bytes of
 * the file that is named (a captured session). Prints tokens alone, and with everything decoded.
 */
#define MESSAGES 100000

static const char *const structures[] = {
  "(\"text\" \"plain\" (\"charset\" \"utf-8\" \"format\" \"flowed\") NIL NIL \"quoted-printable\" "
  "%u 61 NIL NIL NIL NIL)",
  "((\"text\" \"plain\" (\"charset\" \"utf-8\") NIL NIL \"quoted-printable\" 912 31 NIL NIL NIL "
  "NIL)(\"text\" \"html\" (\"charset\" \"utf-8\") NIL NIL \"base64\" %u 380 NIL NIL NIL NIL) "
  "\"alternative\" (\"boundary\" \"0000000000005f2a8e05f1c3\") NIL NIL NIL)",
  "((\"text\" \"plain\" (\"charset\" \"iso-8859-1\") NIL NIL \"8bit\" 1312 41 NIL NIL NIL "
  "NIL)(\"application\" \"pdf\" (\"name\" \"report.pdf\") NIL NIL \"base64\" %u NIL "
  "(\"attachment\" "
  "(\"filename\" \"report.pdf\")) NIL NIL) \"mixed\" (\"boundary\" \"=_7f3b\") NIL NIL NIL)",
};

static void
append_message (GString *out, guint n)
{
  g_autofree char *structure = NULL;
  g_autofree char *references =
      g_strdup_printf ("References: <list.%u.20260114@mail.example.org>\r\n"
                       " <reply.%u.7c1d@lists.example.net>\r\n\r\n",
                       n / 7, n / 3);

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
  structure = g_strdup_printf (structures[n % G_N_ELEMENTS (structures)], 1000 + n % 9000);
#pragma GCC diagnostic pop
  g_string_append_printf (
      out,
      "* %u FETCH (UID %u FLAGS (%s) INTERNALDATE \"%02u-Jan-2026 10:%02u:%02u +0100\" RFC822.SIZE "
      "%u ENVELOPE (\"Wed, %02u Jan 2026 10:%02u:%02u +0100\" \"Re: minutes of meeting number %u, "
      "and what is to be done\" ((\"Anna Beispiel %u\" NIL \"anna.beispiel%u\" \"example.org\")) "
      "((\"Anna Beispiel %u\" NIL \"anna.beispiel%u\" \"example.org\")) ((\"Anna Beispiel %u\" NIL "
      "\"anna.beispiel%u\" \"example.org\")) ((NIL NIL \"everybody\" "
      "\"lists.example.net\")(\"Carla "
      "\\\"C\\\" Muster\" NIL \"carla\" \"example.com\")) NIL NIL \"<parent.%u@mail.example.org>\" "
      "\"<message.%u.20260114@mail.example.org>\") BODYSTRUCTURE %s BODY[HEADER.FIELDS "
      "(REFERENCES)] {%u}\r\n%s)\r\n",
      n + 1, n + 1, n % 3 == 0 ? "\\Seen" : "\\Seen \\Answered $Forwarded", n % 28 + 1, n % 60,
      n % 60, 2000 + n % 9000, n % 28 + 1, n % 60, n % 60, n, n % 97, n % 97, n % 97, n % 97,
      n % 97, n % 97, n / 2, n, structure, (guint) strlen (references), references);
}

static GString *
make_responses (void)
{
  GString *out = g_string_sized_new (MESSAGES * 1000);

  for (guint n = 0; n < MESSAGES; n++)
    append_message (out, n);
  return out;
}

static gint64
run (const GString *bytes, TernImapFetchDecoder *decoder, guint *n)
{
  g_autoptr (TernImapParser) parser = tern_imap_parser_new ();
  gint64 started = g_get_monotonic_time ();
  gsize at = 0;

  *n = 0;
  while (at < bytes->len)
    {
      gsize room;
      char *space = tern_imap_parser_reserve (parser, &room);
      gsize length = MIN (room, bytes->len - at);
      TernImapEvent event;

      memcpy (space, bytes->str + at, length);
      tern_imap_parser_commit (parser, length);
      at += length;
      while ((event = tern_imap_parser_next (parser)) != TERN_IMAP_EVENT_NEED_MORE)
        {
          if (event == TERN_IMAP_EVENT_FATAL)
            g_error ("%s", tern_imap_parser_get_problem (parser));
          if (event != TERN_IMAP_EVENT_RESPONSE || !tern_imap_parser_is (parser, 2, "FETCH"))
            continue;
          (*n)++;
          if (decoder != NULL)
            tern_imap_fetch_decode (decoder, parser, 3);
        }
    }
  return g_get_monotonic_time () - started;
}

static void
report (const char *what, const GString *bytes, TernImapFetchDecoder *decoder)
{
  gint64 best = G_MAXINT64;
  guint n = 0;

  for (guint i = 0; i < 3; i++)
    best = MIN (best, run (bytes, decoder, &n));
  g_print ("%-28s %7u responses  %6.1f MB  %7.1f ms  %7.1f MB/s  %5.2f us each\n", what, n,
           bytes->len / 1e6, best / 1e3, bytes->len / (double) best, best / (double) MAX (n, 1));
}

int
main (int argc, char **argv)
{
  g_autoptr (TernImapFetchDecoder) decoder = tern_imap_fetch_decoder_new ();
  GString *bytes;

  if (argc > 1)
    {
      g_autofree char *contents = NULL;
      g_autoptr (GError) error = NULL;
      gsize length;

      if (!g_file_get_contents (argv[1], &contents, &length, &error))
        g_error ("%s", error->message);
      bytes = g_string_new_len (contents, length);
    }
  else
    bytes = make_responses ();
  report ("frames and tokens", bytes, NULL);
  report ("and everything decoded", bytes, decoder);
  g_string_free (bytes, TRUE);
  return 0;
}
