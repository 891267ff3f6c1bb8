/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-limits.h"
#include "tern-smtp-data.h"
#include "tern-smtp-extensions.h"

#include <string.h>

/* All replies of @text as "code enhanced line|line" each, fed in a piece of @first bytes and then
 * pieces of @step bytes. */
static char *
parse_pieces (const char *text, gsize first, gsize step)
{
  g_autoptr (TernSmtpParser) parser = tern_smtp_parser_new ();
  GString *found = g_string_new (NULL);
  gsize size = strlen (text);
  gsize left = first;

  for (gsize position = 0; position < size;)
    {
      gsize consumed = 0;
      TernSmtpParseResult result =
          tern_smtp_parser_push (parser, text + position, MIN (left, size - position), &consumed);

      position += consumed;
      left = left > consumed ? left - consumed : step;
      if (result == TERN_SMTP_PARSE_ERROR)
        {
          g_string_append (found, "[error]");
          return g_string_free (found, FALSE);
        }
      if (result == TERN_SMTP_PARSE_REPLY)
        {
          g_autoptr (TernSmtpReply) reply = tern_smtp_parser_steal_reply (parser);

          g_string_append_printf (found, "[%u %s", reply->code,
                                  reply->enhanced != NULL ? reply->enhanced : "-");
          for (guint i = 0; i < reply->lines->len; i++)
            g_string_append_printf (found, "|%s", (char *) g_ptr_array_index (reply->lines, i));
          g_string_append_c (found, ']');
        }
    }
  if (!tern_smtp_parser_is_empty (parser))
    g_string_append (found, "…");
  return g_string_free (found, FALSE);
}

static char *
parse (const char *text, gsize step)
{
  return parse_pieces (text, step, step);
}

static void
test_samples (void)
{
  static const char *const samples[][2] = {
    { "220 ready\r\n", "[220 -|ready]" },
    { "250\r\n", "[250 -|]" },
    { "250 \r\n", "[250 -|]" },
    { "250-a\r\n250-b\r\n250 c\r\n", "[250 -|a|b|c]" },
    { "250-a\r\n250\r\n", "[250 -|a|]" },
    { "250 2.1.0 Ok\r\n354 go\r\n", "[250 2.1.0|Ok][354 -|go]" },
    { "550-5.1.1 no\r\n550 5.1.1 really\r\n", "[550 5.1.1|no|really]" },
    { "550 5.7.509 long\r\n", "[550 5.7.509|long]" },
    { "550 5.1.1\r\n", "[550 5.1.1|]" },
    { "550 4.1.1 other class\r\n", "[550 -|4.1.1 other class]" },
    { "550 5.1.1234 long\r\n", "[550 -|5.1.1234 long]" },
    { "550 5.1 short\r\n", "[550 -|5.1 short]" },
    { "220 bare\n", "[220 -|bare]" },
    { "550 gr\303\274n \377 \001\033[31m\r\n", "[550 -|grün \357\277\275   [31m]" },
    { "* OK IMAP\r\n", "[error]" },
    { "\r\n", "[error]" },
    { "25\r\n", "[error]" },
    { "199 a\r\n", "[error]" },
    { "600 a\r\n", "[error]" },
    { "250x\r\n", "[error]" },
    { "250-a\r\n251 b\r\n", "[error]" },
    { "250-a\r\n", "…" },
    { "250 a", "…" },
    { "", "" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (samples); i++)
    {
      for (gsize step = 1; step <= strlen (samples[i][0]) + 1; step++)
        {
          g_autofree char *found = parse (samples[i][0], step);

          g_assert_cmpstr (found, ==, samples[i][1]);
        }
    }
}

static void
test_limits (void)
{
  g_autofree char *x = g_strnfill (TERN_LIMIT_SMTP_LINE - 4, 'x');
  g_autofree char *longest = g_strconcat ("250 ", x, "\n", NULL);
  g_autofree char *longer = g_strconcat ("250 x", x, "\n", NULL);
  g_autoptr (GString) endless = g_string_new (NULL);
  g_autofree char *found = parse (longest, G_MAXSIZE);
  g_autofree char *refused = parse (longer, G_MAXSIZE);
  g_autofree char *refused_bytes = parse (longer, 1);
  g_autofree char *many = NULL;
  g_autofree char *too_many = NULL;

  g_assert_true (g_str_has_prefix (found, "[250 -|xxx"));
  g_assert_cmpstr (refused, ==, "[error]");
  g_assert_cmpstr (refused_bytes, ==, "[error]");
  for (guint i = 0; i < TERN_LIMIT_SMTP_REPLY_LINES; i++)
    g_string_append (endless, "250-x\r\n");
  many = parse (endless->str, G_MAXSIZE);
  g_assert_cmpstr (many, ==, "…");
  g_string_append (endless, "250 x\r\n");
  too_many = parse (endless->str, G_MAXSIZE);
  g_assert_cmpstr (too_many, ==, "[error]");
}

/* What servers said in whole sessions. */

/* As parse() tells them, read in another way: well-formed replies, line by line. */
static char *
read_plainly (const char *text)
{
  g_autoptr (GRegex) pattern =
      g_regex_new ("^(([2-5])[0-9]{2})([ -]|$)(\\2\\.[0-9]{1,3}\\.[0-9]{1,3}(?= |$))? ?(.*)$",
                   G_REGEX_OPTIMIZE, 0, NULL);
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  g_autoptr (GString) shown = g_string_new (NULL);
  g_autofree char *enhanced = NULL;
  GString *found = g_string_new (NULL);

  for (guint i = 0; lines[i] != NULL && lines[i][0] != '\0'; i++)
    {
      g_autoptr (GMatchInfo) match = NULL;
      g_auto (GStrv) parts = NULL;

      g_assert_true (g_regex_match (pattern, g_strchomp (lines[i]), 0, &match));
      parts = g_match_info_fetch_all (match);
      if (enhanced == NULL && parts[4][0] != '\0')
        enhanced = g_strdup (parts[4]);
      g_string_append_printf (shown, "|%s", parts[5]);
      if (parts[3][0] == '-')
        continue;
      g_string_append_printf (found, "[%s %s%s]", parts[1], enhanced != NULL ? enhanced : "-",
                              shown->str);
      g_string_truncate (shown, 0);
      g_clear_pointer (&enhanced, g_free);
    }
  return g_string_free (found, FALSE);
}

/* The same whole, in pieces of any size and in two that are cut anywhere. */
static void
check_dialogue (const char *text)
{
  g_autofree char *wanted = read_plainly (text);
  gsize size = strlen (text);

  g_assert_cmpstr (wanted, !=, "");
  for (gsize step = 1; step <= size; step++)
    {
      g_autofree char *stepped = parse_pieces (text, step, step);
      g_autofree char *cut = parse_pieces (text, step, size);

      g_assert_cmpstr (stepped, ==, wanted);
      g_assert_cmpstr (cut, ==, wanted);
    }
}

/* With LF and with CRLF: some were kept with LF. Returns how many there are. */
static guint
check_folder (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *name;
  guint n = 0;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *file = g_build_filename (path, name, NULL);
      g_autoptr (GString) text = g_string_new (NULL);
      g_autofree char *read = NULL;

      if (!g_str_has_suffix (name, ".txt"))
        continue;
      g_test_message ("%s", name);
      g_assert_true (g_file_get_contents (file, &read, NULL, NULL));
      g_string_assign (text, read);
      g_string_replace (text, "\r\n", "\n", 0);
      check_dialogue (text->str);
      g_string_replace (text, "\n", "\r\n", 0);
      check_dialogue (text->str);
      n++;
    }
  return n;
}

static void
test_dialogues (void)
{
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "data", "smtp", NULL);

  g_assert_cmpuint (check_folder (path), ==, 3);
}

static void
test_mailkit (void)
{
  const char *root = g_getenv ("TERN_CORPORA");
  g_autofree char *path =
      g_build_filename (root != NULL ? root : "", "imap-mailkit/Smtp/Resources", NULL);
  guint n = check_folder (path);

  if (n == 0)
    g_test_skip_printf ("%s is not here", path);
  else
    g_assert_cmpuint (n, >=, 36);
}

static TernSmtpExtensions *
parse_extensions (const char *text)
{
  g_autoptr (TernSmtpParser) parser = tern_smtp_parser_new ();
  g_autoptr (TernSmtpReply) reply = NULL;
  gsize consumed;

  g_assert_cmpint (tern_smtp_parser_push (parser, text, strlen (text), &consumed), ==,
                   TERN_SMTP_PARSE_REPLY);
  reply = tern_smtp_parser_steal_reply (parser);
  return tern_smtp_extensions_parse (reply);
}

static void
test_extensions (void)
{
  g_autoptr (TernSmtpExtensions) all = parse_extensions (
      "250-AUTH STARTTLS is only the greeting\r\n250-size 5000\r\n250-PIPELINING\r\n"
      "250-StartTLS\r\n250-8BITMIME\r\n250-AUTH=PLAIN\r\n250-AUTH plain  SCRAM-SHA-256\r\n"
      "250 SMTPUTF8\r\n");
  g_autoptr (TernSmtpExtensions) none = parse_extensions ("250 AUTH PLAIN\r\n");
  g_autoptr (TernSmtpExtensions) odd =
      parse_extensions ("250-x\r\n250-SIZE 99999999999999999999999\r\n250-AUTH\r\n250 \r\n");
  g_autofree char *mechanisms = g_strjoinv (" ", all->mechanisms);

  g_assert_true (all->size && all->pipelining && all->starttls && all->eight_bit_mime
                 && all->smtp_utf8);
  g_assert_cmpuint (all->size_limit, ==, 5000);
  g_assert_cmpstr (mechanisms, ==, "PLAIN PLAIN SCRAM-SHA-256");
  g_assert_false (none->size || none->pipelining || none->starttls);
  g_assert_cmpuint (g_strv_length (none->mechanisms), ==, 0);
  g_assert_true (odd->size);
  g_assert_cmpuint (odd->size_limit, ==, 0);
}

static void
test_stuffing (void)
{
  static const char *const samples[][2] = {
    { "", "" },
    { "a\r\n", "a\r\n" },
    { "a", "a\r\n" },
    { ".a\r\n..\r\nb.\r\n.\r\n", "..a\r\n...\r\nb.\r\n..\r\n" },
    { "a\n.\nb\n", "a\r\n..\r\nb\r\n" },
    { "a\r.\rb", "a\r\n..\r\nb\r\n" },
    { "a\r\n.\nMAIL FROM:<x>\r\n", "a\r\n..\r\nMAIL FROM:<x>\r\n" },
    { "a\n.\r\nb", "a\r\n..\r\nb\r\n" },
    { "a\r\r\n\n\rb", "a\r\n\r\n\r\n\r\nb\r\n" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (samples); i++)
    {
      gsize size = strlen (samples[i][0]);

      for (gsize step = 1; step <= size + 1; step++)
        {
          g_autoptr (GByteArray) out = g_byte_array_new ();
          TernSmtpStuffer stuffer = { 0 };

          for (gsize position = 0; position < size; position += step)
            tern_smtp_stuffer_push (&stuffer, samples[i][0] + position, MIN (step, size - position),
                                    out);
          tern_smtp_stuffer_end (&stuffer, out);
          g_assert_cmpmem (out->data, out->len, samples[i][1], strlen (samples[i][1]));
        }
    }
}

static void
test_examine (void)
{
  static const struct
  {
    const char *text;
    guint64 size;
    gboolean eight_bit;
    gboolean utf8_headers;
  } samples[] = {
    { "", 0, FALSE, FALSE },
    { "A: b\r\n\r\nc\r\n", 11, FALSE, FALSE },
    { "A: b\n\nc", 11, FALSE, FALSE },
    { "A: b\r\n\r\n\303\274\r\n", 12, TRUE, FALSE },
    { "A: \303\274\r\n\r\nc\r\n", 12, TRUE, TRUE },
    { "A: b\r\r\n\rc", 13, FALSE, FALSE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (samples); i++)
    {
      TernSmtpDataFacts facts;

      tern_smtp_data_examine (samples[i].text, strlen (samples[i].text), &facts);
      g_assert_cmpuint (facts.size, ==, samples[i].size);
      g_assert_cmpint (facts.eight_bit, ==, samples[i].eight_bit);
      g_assert_cmpint (facts.utf8_headers, ==, samples[i].utf8_headers);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/smtp/reply/samples", test_samples);
  g_test_add_func ("/smtp/reply/limits", test_limits);
  g_test_add_func ("/smtp/reply/dialogues", test_dialogues);
  g_test_add_func ("/smtp/reply/mailkit", test_mailkit);
  g_test_add_func ("/smtp/extensions", test_extensions);
  g_test_add_func ("/smtp/data/stuffing", test_stuffing);
  g_test_add_func ("/smtp/data/examine", test_examine);
  return g_test_run ();
}
