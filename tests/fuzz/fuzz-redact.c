/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-fuzz.h"

#include "tern-redact.h"

#include <string.h>

const char *const tern_fuzz_seeds[] = {
  "A1 LOGIN anna \"s3cret\"\r\n",
  "A2 AUTHENTICATE PLAIN AGFubmEAczNjcmV0\r\n",
  "+ c2FsdA==\r\n",
  "A2 NO [AUTHENTICATIONFAILED] no\r\n",
  "* 1 FETCH (UID 7 BODY[] {6}\r\nsecret BODY[TEXT] \"se\\\"cret\" FLAGS (\\Seen))\r\n",
  "* 1 FETCH (ENVELOPE (\"Thu\" \"Subject\" ((\"Anna\" NIL \"anna\" \"example.org\"))))\r\n",
  "MAIL FROM:<anna@example.org>\r\n",
  "334 - VXNlcm5hbWU6",
  NULL,
};

static void
check_text (const char *text)
{
  g_assert_true (g_utf8_validate (text, -1, NULL));
  for (const char *p = text; *p != '\0'; p++)
    g_assert_false (g_ascii_iscntrl (*p));
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  /* A copy of exactly this size: nothing may be read behind it. */
  g_autofree char *line = g_memdup2 (data, size);

  for (guint kind = TERN_WIRE_PLAIN; kind <= TERN_WIRE_CONTENT; kind++)
    for (guint direction = TERN_WIRE_SENT; direction <= TERN_WIRE_RECEIVED; direction++)
      {
        char text[TERN_REDACTED_MAX];
        gsize length =
            tern_redact_line ((TernWireDirection) direction, (TernWireKind) kind, line, size, text);
        g_autofree char *struck = NULL;
        g_autofree char *report = NULL;
        g_autofree char *clean = NULL;

        g_assert_cmpuint (length, ==, strlen (text));
        g_assert_cmpuint (length, <, TERN_REDACTED_MAX);
        check_text (text);
        struck = tern_redact_for_report (text);
        report = tern_redact_addresses (struck);
        clean = tern_redact_secret (report, "s3cret");
        check_text (report);
        check_text (clean);
        g_assert_null (strstr (clean, "s3cret"));
      }
  tern_redact_is_final (line, size);
  return 0;
}
