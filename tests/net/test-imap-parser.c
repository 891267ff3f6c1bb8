/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-imap-dump.h"

#include "tern-limits.h"

#include <string.h>

typedef struct
{
  const char *name;
  const char *response;
  const char *tokens; /* the first line of the dump */
} Sample;

static const Sample samples[] = {
  { "greeting", "* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] ready {5}\r\n",
    "* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] 'ready {5}'" },
  { "text-alone", "* OK\r\n", "* OK ''" },
  { "text-odd", "A1 NO \"unbalanced (\\ [x] \xc3\xa9\r\n",
    "A1 NO '\"unbalanced (\\ [x] \\xc3\\xa9'" },
  { "text-code-open", "A1 OK [ALERT no end\r\n", "A1 OK '[ALERT no end'" },
  { "text-code-only", "A1 OK [READ-WRITE]\r\n", "A1 OK [READ-WRITE] ''" },
  { "code-flags", "* OK [PERMANENTFLAGS (\\Seen a]b \\*)] yes\r\n",
    "* OK [PERMANENTFLAGS (\\Seen a]b \\*)] 'yes'" },
  { "code-string", "* NO [BADURL \"imap://x/[y]\"] text\r\n",
    "* NO [BADURL \"imap://x/[y]\"] 'text'" },
  { "code-broken", "* OK [X (] text\r\n", "* OK [] 'text'" },
  { "continuation", "+ idling\r\n", "+ 'idling'" },
  { "continuation-bare", "+\r\n", "+ ''" },
  { "continuation-base64", "+ dGVzdA==\r\n", "+ 'dGVzdA=='" },
  { "exists", "* 172 EXISTS\r\n", "* 172 EXISTS" },
  { "bare-lf", "* 172 EXISTS\n", "* 172 EXISTS" },
  { "two-spaces", "*  172   EXISTS \r\n", "* 172 EXISTS" },
  { "list", "* LIST (\\HasNoChildren) \"/\" \"a \\\"b\\\" \\\\c\"\r\n",
    "* LIST (\\HasNoChildren) \"/\" \"a \"b\" \\c\"" },
  { "list-nil", "* LIST () NIL INBOX\r\n", "* LIST () NIL INBOX" },
  { "list-literal", "* LIST () \".\" {5}\r\na\r\n\"(\r\n", "* LIST () \".\" {5}a\\x0d\\x0a\"(" },
  { "list-empty-literal", "* LIST () \".\" {0}\r\n\r\n", "* LIST () \".\" {0}" },
  { "list-bracket", "* LIST () \"/\" [Gmail]/All\r\n", "* LIST () \"/\" [Gmail]/All" },
  { "list-brace", "* LIST () \"/\" a{5}b\r\n", "* LIST () \"/\" a{5}b" },
  { "search", "* SEARCH 1 2 3 (MODSEQ 9)\r\n", "* SEARCH ' 1 2 3 (MODSEQ 9)'" },
  { "search-none", "* SEARCH\r\n", "* SEARCH ''" },
  { "esearch", "* ESEARCH (TAG \"A5\") UID ALL 1:3,7\r\n", "* ESEARCH (TAG \"A5\") UID ALL 1:3,7" },
  { "nil-name", "* STATUS nil (MESSAGES 1)\r\n", "* STATUS NIL (MESSAGES 1)" },
  { "body-section", "* 1 FETCH (BODY[HEADER.FIELDS (\"REFERENCES\" X)]<0> {3}\r\nabc UID 9)\r\n",
    "* 1 FETCH (BODY[HEADER.FIELDS (\"REFERENCES\" X)]<0> {3}abc UID 9)" },
  { "two-literals", "* 1 FETCH (BODY[1] {2}\r\nab BODY[2] {3}\r\n{9} UID 4)\r\n",
    "* 1 FETCH (BODY[1] {2}ab BODY[2] {3}{9} UID 4)" },
  { "literal8", "* 1 FETCH (BINARY[1] ~{3}\r\na\x80z UID 4)\r\n",
    "* 1 FETCH (BINARY[1] {3}a\\x80z UID 4)" },
  { "nested", "* 1 FETCH (A (B (C) () (D)) E)\r\n", "* 1 FETCH (A (B (C) () (D)) E)" },
  { "close-too-many", "* 1 FETCH (UID 2))\r\n", "* 1 FETCH (UID 2)" },
  { "no-close", "* 1 FETCH (UID 2\r\n", "error: a list does not end" },
  { "no-quote", "* LIST () \"/\" \"abc\r\n", "error: a quoted string does not end" },
  { "empty-line", "\r\n", "error: no tag" },
  { "garbage", "HTTP/1.1 400 Bad Request\r\n", "error: neither a status nor untagged data" },
  { "star-alone", "*\r\n", "error: nothing after the star" },
};

/* Whole, byte by byte, and cut in two at every place. */
static void
test_sample (gconstpointer data)
{
  const Sample *sample = data;
  gsize size = strlen (sample->response);
  g_autofree char *whole = tern_imap_dump (sample->response, size, size, 0);
  g_autofree char *bytes = tern_imap_dump (sample->response, size, 1, 0);
  g_autofree char *first = g_strndup (whole, strcspn (whole, "\n"));

  g_assert_cmpstr (first, ==, sample->tokens);
  g_assert_cmpstr (bytes, ==, whole);
  for (gsize split = 1; split < size; split++)
    {
      g_autofree char *cut = tern_imap_dump (sample->response, size, size, split);

      g_assert_cmpstr (cut, ==, whole);
    }
}

/* All that are good in one stream, in pieces of many sizes: what one leaves does not disturb the
 * next. */
static void
test_stream (void)
{
  g_autoptr (GString) stream = g_string_new (NULL);
  g_autofree char *whole = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (samples); i++)
    g_string_append (stream, samples[i].response);
  whole = tern_imap_dump (stream->str, stream->len, stream->len, 0);
  for (gsize step = 1; step < 100; step++)
    {
      g_autofree char *pieces = tern_imap_dump (stream->str, stream->len, step, 0);

      g_assert_cmpstr (pieces, ==, whole);
    }
}

static GString *
filled (const char *before, char c, gsize n, const char *after)
{
  GString *out = g_string_new (before);
  gsize at = out->len;

  g_string_set_size (out, at + n);
  memset (out->str + at, c, n);
  g_string_append (out, after);
  return out;
}

static void
assert_dump (const GString *bytes, const char *expected)
{
  static const gsize steps[] = { G_MAXSIZE, 100000, 7919, 64 };

  for (guint i = 0; i < G_N_ELEMENTS (steps); i++)
    {
      g_autofree char *dump = tern_imap_dump (bytes->str, bytes->len, steps[i], 0);

      g_assert_cmpstr (dump, ==, expected);
    }
}

/* A body comes in pieces; anything else of that size too, but not as one. */
static void
test_large_literals (void)
{
  g_autoptr (GString) body =
      filled ("* 1 FETCH (UID 5 BODY[] {100000}\r\n", 'x', 100000, " FLAGS ())\r\n* 2 EXISTS\r\n");
  g_autoptr (GString) subject =
      filled ("* 1 FETCH (UID 5 ENVELOPE (NIL {40000}\r\n", 'x', 40000, "))\r\n* 2 EXISTS\r\n");

  assert_dump (body, "literal 100000 body\n"
                     "* 1 FETCH (UID 5 BODY[] <0:100000> FLAGS ())\n"
                     "  fetch 5 has=1 flags=0,\n"
                     "  bodies 1\n"
                     "* 2 EXISTS\n");
  assert_dump (subject, "literal 40000\n"
                        "* 1 FETCH (UID 5 ENVELOPE (NIL <0:40000>))\n"
                        "  fetch 5 has=2\n"
                        "* 2 EXISTS\n");
}

/* The bytes of a body are those that were sent, however they are cut. */
static void
test_pieces (void)
{
  g_autoptr (TernImapParser) parser = tern_imap_parser_new ();
  g_autoptr (GString) stream = g_string_new ("* 1 FETCH (BODY[] {200000}\r\n");
  g_autoptr (GByteArray) got = g_byte_array_new ();
  gsize start = stream->len;

  for (guint i = 0; i < 200000; i++)
    g_string_append_c (stream, (char) (i * 7 + i / 251));
  g_string_append (stream, ")\r\n");
  for (gsize at = 0; at < stream->len;)
    {
      gsize room;
      char *space = tern_imap_parser_reserve (parser, &room);
      gsize length = MIN (MIN (room, 1 + at % 5000), stream->len - at);
      TernImapEvent event;

      memcpy (space, stream->str + at, length);
      tern_imap_parser_commit (parser, length);
      at += length;
      while ((event = tern_imap_parser_next (parser)) == TERN_IMAP_EVENT_LITERAL)
        {
          const TernImapPiece *piece = tern_imap_parser_get_piece (parser);

          g_assert_cmpint (piece->first, ==, got->len == 0);
          g_byte_array_append (got, (const guint8 *) piece->bytes.data, piece->bytes.length);
          g_assert_cmpuint (piece->left, ==, 200000 - got->len);
        }
      if (at == stream->len)
        g_assert_cmpint (event, ==, TERN_IMAP_EVENT_RESPONSE);
    }
  g_assert_cmpmem (got->data, got->len, stream->str + start, 200000);
}

/* A read that ends with the {N} of a body: the buffer grows or moves before the first of its bytes
 * is there, and the section is still the one that was sent. */
static void
test_section_after_read (void)
{
  g_autoptr (GString) grows = filled ("* 1 FETCH (X \"", 'x', 50000, "\" BODY[1.2] {40000}\r\n");
  g_autoptr (GString) moves = filled ("* OK ", 'x', 50000, "\r\n* 1 FETCH (BODY[1.2] {40000}\r\n");
  const GString *streams[] = { grows, moves };

  for (guint i = 0; i < G_N_ELEMENTS (streams); i++)
    {
      g_autoptr (TernImapParser) parser = tern_imap_parser_new ();
      const TernImapPiece *piece;
      gsize room;
      char *space = tern_imap_parser_reserve (parser, &room);

      g_assert_cmpuint (room, >=, streams[i]->len);
      memcpy (space, streams[i]->str, streams[i]->len);
      tern_imap_parser_commit (parser, streams[i]->len);
      while (tern_imap_parser_next (parser) != TERN_IMAP_EVENT_NEED_MORE)
        ;
      space = tern_imap_parser_reserve (parser, &room);
      memset (space, 'y', 1000);
      tern_imap_parser_commit (parser, 1000);
      g_assert_cmpint (tern_imap_parser_next (parser), ==, TERN_IMAP_EVENT_LITERAL);
      piece = tern_imap_parser_get_piece (parser);
      g_assert_true (piece->is_body);
      g_assert_cmpmem (piece->section.data, piece->section.length, "1.2", 3);
    }
}

static void
test_literal_too_large (void)
{
  g_autoptr (GString) two_gib = g_string_new ("* 1 FETCH (BODY[] {2147483648}\r\nxxx");
  g_autoptr (GString) endless = g_string_new ("* 1 FETCH (BODY[] {99999999999999999999999}\r\n");

  assert_dump (two_gib, "fatal: literal too large\n");
  assert_dump (endless, "fatal: literal too large\n");
}

/* Skipped, with the literals in it; what follows is read as if nothing had been. */
static void
test_long_line (void)
{
  g_autoptr (GString) line = filled ("* OK ", 'x', 10 * 1024 * 1024, "\r\n* 1 EXISTS\r\n");
  g_autoptr (GString) with_literal =
      filled ("* 1 FETCH (X ", 'x', 2 * 1024 * 1024, " {5}\r\n\r\n*\r\n rest)\r\n* 1 EXISTS\r\n");
  g_autoptr (GString) in_bounds = filled ("* OK ", 'x', TERN_LIMIT_IMAP_LINE - 100, "\r\n");
  g_autofree char *dump = NULL;

  assert_dump (line, "error: line too long\n* 1 EXISTS\n");
  assert_dump (with_literal, "literal 5\nerror: line too long\n* 1 EXISTS\n");
  dump = tern_imap_dump (in_bounds->str, in_bounds->len, 65536, 0);
  g_assert_true (g_str_has_prefix (dump, "* OK 'xxx"));
}

static void
test_endless_line (void)
{
  g_autoptr (GString) line = filled ("* OK ", 'x', TERN_LIMIT_IMAP_SKIP + 1000, "");
  g_autofree char *dump = tern_imap_dump (line->str, line->len, 65536, 0);

  g_assert_cmpstr (dump, ==, "fatal: line beyond every limit\n");
}

/* A million UIDs are one line. */
static void
test_long_search (void)
{
  g_autoptr (GString) line = g_string_new ("* SEARCH");
  g_autofree char *dump = NULL;

  for (guint i = 1; i <= 1000000; i++)
    g_string_append_printf (line, " %u", i * 2);
  g_string_append (line, "\r\n");
  dump = tern_imap_dump (line->str, line->len, 65536, 0);
  g_assert_nonnull (strstr (dump, "\n  found 1000000\n"));
}

/* Nothing below the limit is kept, nothing beside it is lost. */
static void
test_deep (void)
{
  g_autoptr (GString) line = g_string_new ("* 1 FETCH (UID 7 X ");
  g_autofree char *dump = NULL;

  for (guint i = 0; i < 10000; i++)
    g_string_append (line, "(\"a\" ");
  for (guint i = 0; i < 10000; i++)
    g_string_append (line, ")");
  g_string_append (line, " FLAGS (\\Seen))\r\n");
  dump = tern_imap_dump (line->str, line->len, 65536, 0);
  g_assert_true (g_str_has_prefix (dump, "* 1 FETCH (UID 7 X (\"a\" (\"a\" "));
  g_assert_nonnull (strstr (dump, ") FLAGS (\\Seen))\n  fetch 7 has=1 flags=1,\n"));
  g_assert_cmpuint (strlen (dump), <, 1000);
}

static void
test_too_many_tokens (void)
{
  g_autoptr (GString) line = g_string_new ("* X");
  g_autoptr (GString) literals = g_string_new ("* X");
  g_autofree char *dump = NULL;

  for (guint i = 0; i < TERN_LIMIT_IMAP_TOKENS + 10; i++)
    g_string_append (line, " a");
  g_string_append (line, "\r\n* 1 EXISTS\r\n");
  assert_dump (line, "error: too many tokens\n* 1 EXISTS\n");
  for (guint i = 0; i < TERN_LIMIT_IMAP_TOKENS + 10; i++)
    g_string_append (literals, " {1}\r\na");
  g_string_append (literals, "\r\n* 1 EXISTS\r\n");
  dump = tern_imap_dump (literals->str, literals->len, 65536, 0);
  g_assert_true (g_str_has_suffix (dump, "literal 1\nerror: line too long\n* 1 EXISTS\n"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (samples); i++)
    {
      g_autofree char *path = g_strdup_printf ("/imap/parser/sample/%s", samples[i].name);

      g_test_add_data_func (path, &samples[i], test_sample);
    }
  g_test_add_func ("/imap/parser/stream", test_stream);
  g_test_add_func ("/imap/parser/large-literals", test_large_literals);
  g_test_add_func ("/imap/parser/pieces", test_pieces);
  g_test_add_func ("/imap/parser/section-after-read", test_section_after_read);
  g_test_add_func ("/imap/parser/literal-too-large", test_literal_too_large);
  g_test_add_func ("/imap/parser/long-line", test_long_line);
  g_test_add_func ("/imap/parser/endless-line", test_endless_line);
  g_test_add_func ("/imap/parser/long-search", test_long_search);
  g_test_add_func ("/imap/parser/deep", test_deep);
  g_test_add_func ("/imap/parser/too-many-tokens", test_too_many_tokens);
  return g_test_run ();
}
