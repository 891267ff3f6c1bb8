/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tern-log.h"

#include <string.h>

static void
assert_redacted (const char *line, const char *expected)
{
  g_autofree char *text = tern_log_redact (line, strlen (line));
  g_assert_cmpstr (text, ==, expected);
}

static void
test_redact (void)
{
  assert_redacted ("A1 LOGIN anna \"s3cret\"\r\n", "A1 LOGIN …");
  assert_redacted ("A1 login anna s3cret", "A1 login …");
  assert_redacted ("A2 AUTHENTICATE PLAIN AGFubmEAczNjcmV0", "A2 AUTHENTICATE …");
  assert_redacted ("AUTH PLAIN AGFubmEAczNjcmV0\r\n", "AUTH …");
  assert_redacted ("PASS s3cret", "PASS …");
  assert_redacted ("A3 SELECT INBOX\r\n", "A3 SELECT INBOX");
  assert_redacted ("* OK [ALERT] AUTHENTICATE by noon", "* OK [ALERT] AUTHENTICATE by noon");
  assert_redacted ("", "");
}

static void
test_redact_is_bounded_and_printable (void)
{
  g_autofree char *endless = g_strnfill (1 << 20, 'x');
  g_autofree char *cut = tern_log_redact (endless, 1 << 20);
  g_assert_cmpuint (strlen (cut), ==, 1024);

  const char bytes[] = "A1 X\x01\x1b[31m\xff\0more";
  g_autofree char *clean = tern_log_redact (bytes, sizeof bytes - 1);
  g_assert_true (g_utf8_validate (clean, -1, NULL));
  for (const char *p = clean; *p != '\0'; p++)
    g_assert_false (g_ascii_iscntrl (*p));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/base/log/redact", test_redact);
  g_test_add_func ("/base/log/bounded", test_redact_is_bounded_and_printable);
  return g_test_run ();
}
