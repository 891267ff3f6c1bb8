/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tern-redact.h"
#include "tern-transcript.h"

#include <string.h>

static char *
redact (TernWireDirection direction, TernWireKind kind, const char *line, gsize length)
{
  char *text = g_malloc (TERN_REDACTED_MAX);
  gsize written = tern_redact_line (direction, kind, line, length, text);

  g_assert_cmpuint (written, ==, strlen (text));
  g_assert_cmpuint (written, <, TERN_REDACTED_MAX);
  return text;
}

static void
assert_sent (const char *line, const char *expected)
{
  g_autofree char *text = redact (TERN_WIRE_SENT, TERN_WIRE_PLAIN, line, strlen (line));

  g_assert_cmpstr (text, ==, expected);
}

static void
assert_received (const char *line, const char *expected)
{
  g_autofree char *text = redact (TERN_WIRE_RECEIVED, TERN_WIRE_PLAIN, line, strlen (line));

  g_assert_cmpstr (text, ==, expected);
}

static void
test_login (void)
{
  assert_sent ("A1 LOGIN anna \"s3cret\"\r\n", "A1 LOGIN …");
  assert_sent ("A1 login anna s3cret", "A1 login …");
  assert_sent ("A1 LOGIN {4}\r\n", "A1 LOGIN …");
  assert_sent ("A2 AUTHENTICATE PLAIN AGFubmEAczNjcmV0", "A2 AUTHENTICATE PLAIN …");
  assert_sent ("A2 AUTHENTICATE SCRAM-SHA-256\r\n", "A2 AUTHENTICATE SCRAM-SHA-256");
  assert_sent ("A2 AUTHENTICATE AGFubmEAczNjcmV0", "A2 AUTHENTICATE …");
  assert_sent ("AUTH PLAIN AGFubmEAczNjcmV0\r\n", "AUTH PLAIN …");
  assert_sent ("PASS s3cret", "PASS …");
  assert_sent ("A3 SELECT INBOX\r\n", "A3 SELECT INBOX");
  assert_received ("* OK [ALERT] AUTHENTICATE by noon", "* OK [ALERT] AUTHENTICATE by noon");
  assert_sent ("", "");
}

/* Whatever a line of a login looks like, nothing that was not expected is in it. */
static void
test_kinds (void)
{
  static const struct
  {
    TernWireDirection direction;
    TernWireKind kind;
    const char *line;
    const char *expected;
  } lines[] = {
    { TERN_WIRE_SENT, TERN_WIRE_SECRET, "AUTH PASSWORD", "…" },
    { TERN_WIRE_SENT, TERN_WIRE_SECRET, "A1 LOGIN x", "…" },
    { TERN_WIRE_SENT, TERN_WIRE_LOGIN, "A1 XYZZY s3cret", "…" },
    { TERN_WIRE_SENT, TERN_WIRE_LOGIN, "A1 AUTHENTICATE PLAIN =", "A1 AUTHENTICATE PLAIN …" },
    { TERN_WIRE_SENT, TERN_WIRE_CONTENT, "Subject: s3cret\r\n\r\n", "(19 bytes)" },
    { TERN_WIRE_RECEIVED, TERN_WIRE_LOGIN, "+ c2FsdA==", "+ …" },
    { TERN_WIRE_RECEIVED, TERN_WIRE_LOGIN, "+", "+" },
    { TERN_WIRE_RECEIVED, TERN_WIRE_LOGIN, "334 - VXNlcm5hbWU6", "334 …" },
    { TERN_WIRE_RECEIVED, TERN_WIRE_LOGIN, "A2 NO [AUTHENTICATIONFAILED] no s3cret",
      "A2 NO [AUTHENTICATIONFAILED] …" },
    { TERN_WIRE_RECEIVED, TERN_WIRE_LOGIN, "A2 OK [CAPABILITY IMAP4rev1] s3cret",
      "A2 OK [CAPABILITY …" },
    { TERN_WIRE_RECEIVED, TERN_WIRE_LOGIN, "A2 NO [HUNTER2] s3cret", "A2 NO …" },
    { TERN_WIRE_RECEIVED, TERN_WIRE_LOGIN, "A2 BAD AGFubmEAczNjcmV0", "A2 BAD …" },
    { TERN_WIRE_RECEIVED, TERN_WIRE_LOGIN, "A2 AGFubmEAczNjcmV0 what?", "A2 …" },
    { TERN_WIRE_RECEIVED, TERN_WIRE_LOGIN, "AGFubmEAczNjcmV0 OK", "…" },
    { TERN_WIRE_RECEIVED, TERN_WIRE_LOGIN, "* s3cret", "* …" },
    { TERN_WIRE_RECEIVED, TERN_WIRE_LOGIN, "", "" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (lines); i++)
    {
      g_autofree char *text =
          redact (lines[i].direction, lines[i].kind, lines[i].line, strlen (lines[i].line));

      g_assert_cmpstr (text, ==, lines[i].expected);
    }
}

static void
test_content (void)
{
  assert_received ("* 1 FETCH (UID 7 BODY[] {6}\r\nsecret FLAGS (\\Seen))\r\n",
                   "* 1 FETCH (UID 7 BODY[] {6} … FLAGS (\\Seen))");
  assert_received ("* 1 FETCH (BODY[1]<0> {6}\r\nsecret BODY[2] {6}\r\nsecret)",
                   "* 1 FETCH (BODY[1]<0> {6} … BODY[2] {6} …)");
  /* Too large for the buffer: it is not in the line that is given. */
  assert_received ("* 1 FETCH (BODY[] {90000}\r\n FLAGS ())", "* 1 FETCH (BODY[] {90000} …");
  assert_received ("* 1 FETCH (BODY[TEXT] \"se\\\"cret\" UID 7)",
                   "* 1 FETCH (BODY[TEXT] (8 bytes) UID 7)");
  assert_received ("* 1 FETCH (BODY[HEADER.FIELDS (SUBJECT)] \"Subject: secret\")",
                   "* 1 FETCH (BODY[HEADER.FIELDS (SUBJECT)] (15 bytes))");
  assert_received ("* 1 FETCH (BINARY[1] ~{6}\r\nsecret)", "* 1 FETCH (BINARY[1] ~{6} …)");
  assert_received ("* 1 FETCH (RFC822 \"secret\")", "* 1 FETCH (RFC822 (6 bytes))");
  assert_received ("* 1 FETCH (PREVIEW \"secret\")", "* 1 FETCH (PREVIEW (6 bytes))");
  assert_received ("* 1 FETCH (PREVIEW (FUZZY \"secret\"))",
                   "* 1 FETCH (PREVIEW (FUZZY (6 bytes)))");
  assert_received ("* LIST () \"/\" {6}\r\nse\"ret\r\n", "* LIST () \"/\" {6} …");
  assert_received ("* LIST () \"/\" \"a{1}\"\r\n", "* LIST () \"/\" \"a{1}\"");
  /* Broken off, or not what it looks like. */
  assert_received ("* 1 FETCH (BODY[TEXT] \"secret", "* 1 FETCH (BODY[TEXT] (6 bytes)");
  assert_received ("* 1 FETCH (BODY[TEXT", "* 1 FETCH (BODY[TEXT");
  assert_received ("* 1 FETCH (BODY[] {99999999999999999999}\r\nx",
                   "* 1 FETCH (BODY[] {99999999999999999999}??x");
  assert_received ("* OK {", "* OK {");
}

static void
test_bounded_and_printable (void)
{
  g_autofree char *endless = g_strnfill (1 << 20, 'x');
  g_autofree char *cut = redact (TERN_WIRE_SENT, TERN_WIRE_PLAIN, endless, 1 << 20);
  g_autofree char *got = redact (TERN_WIRE_RECEIVED, TERN_WIRE_PLAIN, endless, 1 << 20);
  const char bytes[] = "A1 X\x01\x1b[31m\xff\0more \xc2\x9b"
                       "31m \xc3\xa9\xc2";
  g_autofree char *clean = redact (TERN_WIRE_SENT, TERN_WIRE_PLAIN, bytes, sizeof bytes - 1);

  g_assert_cmpuint (strlen (cut), ==, TERN_REDACTED_MAX - 1);
  g_assert_true (g_str_has_suffix (cut, "x…"));
  g_assert_cmpstr (got, ==, cut);
  g_assert_cmpstr (clean, ==, "A1 X??[31m??more ??31m é?");
  for (const char *p = clean; *p != '\0'; p++)
    g_assert_false (g_ascii_iscntrl (*p));
  /* Cut at every place of a line of characters of several bytes. */
  for (gsize lead = 0; lead < 4; lead++)
    {
      g_autoptr (GString) line = g_string_new (NULL);
      g_autofree char *text = NULL;

      for (gsize i = 0; i < lead; i++)
        g_string_append_c (line, 'x');
      for (gsize i = 0; i < 200; i++)
        g_string_append (line, "𝄞");
      text = redact (TERN_WIRE_RECEIVED, TERN_WIRE_PLAIN, line->str, line->len);
      g_assert_true (g_utf8_validate (text, -1, NULL));
      g_assert_null (strchr (text, '?'));
    }
}

static void
assert_report (const char *line, const char *expected)
{
  g_autofree char *struck = tern_redact_for_report (line);
  g_autofree char *text = tern_redact_addresses (struck);

  g_assert_cmpstr (text, ==, expected);
}

static void
test_report (void)
{
  assert_report ("* 1 FETCH (UID 3 INTERNALDATE \"1-Jan-2026 10:00:00 +0000\" ENVELOPE (\"Thu\" "
                 "\"Your \\\"test\\\" result\" ((\"Anna\" NIL \"anna\" \"example.org\")) NIL))",
                 "* 1 FETCH (UID 3 INTERNALDATE \"1-Jan-2026 10:00:00 +0000\" ENVELOPE (\"…\" "
                 "\"…\" ((\"…\" NIL \"…\" \"…\")) NIL))");
  /* Cut in the middle of a string. */
  assert_report ("* 1 FETCH (ENVELOPE (\"Thu\" \"Your test res…",
                 "* 1 FETCH (ENVELOPE (\"…\" \"…\"");
  assert_report ("* 1 fetch (envelope (\"Thu\" \"secret\\", "* 1 fetch (envelope (\"…\" \"…\"");
  assert_report ("A7 UID SEARCH HEADER MESSAGE-ID \"<a@b.org>\"",
                 "A7 UID SEARCH HEADER MESSAGE-ID \"…\"");
  assert_report ("* LIST (\\Sent) \"/\" \"Sent\"", "* LIST (\\Sent) \"/\" \"Sent\"");
  assert_report ("MAIL FROM:<anna@example.org> SIZE=12", "MAIL FROM:<a…@example.org> SIZE=12");
  assert_report ("RCPT TO:<\"an na\"@example.org>", "RCPT TO:<…@example.org>");
  assert_report ("x@example.org,élan@example.org", "x…@example.org,é…@example.org");
  assert_report ("anna@[192.0.2.1] or bob@localhost; @nobody a @b @ c@",
                 "a…@[192.0.2.1] or b…@localhost; @nobody a @b @ c@");
  assert_report ("anna@example.org@example.com", "a…@e…@example.com");
  assert_report ("", "");
}

static void
assert_secret (const char *text, const char *secret, const char *expected)
{
  g_autofree char *clean = tern_redact_secret (text, secret);

  g_assert_cmpstr (clean, ==, expected);
}

static void
test_secret (void)
{
  assert_secret ("Authentication failed.", "s3cret", "Authentication failed.");
  assert_secret ("No such password: s3cret", "s3cret", "No such password: …");
  assert_secret ("Bad command AGFubmEAczNjcmV0, sorry", NULL, "Bad command …, sorry");
  assert_secret ("AUTHENTICATIONFAILED", NULL, "AUTHENTICATIONFAILED");
  assert_secret ("a", "a", "a");
  assert_secret ("", NULL, "");
}

static void
add (TernTranscript *transcript, TernWireDirection direction, TernWireKind kind, const char *line)
{
  tern_transcript_add (transcript, direction, kind, line, strlen (line));
}

static void
test_ring (void)
{
  g_autoptr (TernTranscript) transcript = tern_transcript_new ("imap:test");
  g_autoptr (GPtrArray) none = tern_transcript_dup_lines (transcript);
  g_autoptr (GPtrArray) lines = NULL;

  g_assert_cmpuint (none->len, ==, 0);
  for (guint i = 0; i < TERN_TRANSCRIPT_LINES + 7; i++)
    {
      g_autofree char *text = g_strdup_printf ("A%u NOOP", i);

      add (transcript, TERN_WIRE_SENT, TERN_WIRE_PLAIN, text);
    }
  lines = tern_transcript_dup_lines (transcript);
  g_assert_cmpuint (lines->len, ==, TERN_TRANSCRIPT_LINES);
  g_assert_cmpstr (((TernTranscriptLine *) g_ptr_array_index (lines, 0))->text, ==, "A7 NOOP");
  g_assert_cmpstr (
      ((TernTranscriptLine *) g_ptr_array_index (lines, TERN_TRANSCRIPT_LINES - 1))->text, ==,
      "A206 NOOP");
}

/* Everything that a server says while it is being logged in to. */
static void
test_exchange (void)
{
  static const char *const expected[] = {
    "A1 AUTHENTICATE PLAIN",
    "+ …",
    "…",
    "* CAPABILITY …",
    "A1 NO …",
    "A2 NOOP",
    "A2 OK [ALERT] fine",
    "AUTH LOGIN",
    "334 …",
    "…",
    "535 …",
    "250 - ok",
  };
  g_autoptr (TernTranscript) transcript = tern_transcript_new ("imap:test");
  g_autoptr (GPtrArray) lines = NULL;

  add (transcript, TERN_WIRE_SENT, TERN_WIRE_LOGIN, "A1 AUTHENTICATE PLAIN\r\n");
  add (transcript, TERN_WIRE_RECEIVED, TERN_WIRE_PLAIN, "+ \r\n");
  add (transcript, TERN_WIRE_SENT, TERN_WIRE_SECRET, "AGFubmEAczNjcmV0\r\n");
  add (transcript, TERN_WIRE_RECEIVED, TERN_WIRE_PLAIN, "* CAPABILITY AGFubmEAczNjcmV0\r\n");
  add (transcript, TERN_WIRE_RECEIVED, TERN_WIRE_PLAIN, "A1 NO not AGFubmEAczNjcmV0\r\n");
  add (transcript, TERN_WIRE_SENT, TERN_WIRE_PLAIN, "A2 NOOP\r\n");
  add (transcript, TERN_WIRE_RECEIVED, TERN_WIRE_PLAIN, "A2 OK [ALERT] fine\r\n");
  add (transcript, TERN_WIRE_SENT, TERN_WIRE_LOGIN, "AUTH LOGIN");
  add (transcript, TERN_WIRE_RECEIVED, TERN_WIRE_PLAIN, "334 - VXNlcm5hbWU6");
  add (transcript, TERN_WIRE_SENT, TERN_WIRE_SECRET, "YW5uYQ==");
  add (transcript, TERN_WIRE_RECEIVED, TERN_WIRE_PLAIN, "535 5.7.8 not YW5uYQ==");
  add (transcript, TERN_WIRE_RECEIVED, TERN_WIRE_PLAIN, "250 - ok");
  lines = tern_transcript_dup_lines (transcript);
  g_assert_cmpuint (lines->len, ==, G_N_ELEMENTS (expected));
  for (guint i = 0; i < lines->len; i++)
    g_assert_cmpstr (((TernTranscriptLine *) g_ptr_array_index (lines, i))->text, ==, expected[i]);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/base/redact/login", test_login);
  g_test_add_func ("/base/redact/kinds", test_kinds);
  g_test_add_func ("/base/redact/content", test_content);
  g_test_add_func ("/base/redact/bounded", test_bounded_and_printable);
  g_test_add_func ("/base/redact/report", test_report);
  g_test_add_func ("/base/redact/secret", test_secret);
  g_test_add_func ("/base/transcript/ring", test_ring);
  g_test_add_func ("/base/transcript/exchange", test_exchange);
  return g_test_run ();
}
