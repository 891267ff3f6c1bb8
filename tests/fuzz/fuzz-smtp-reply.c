/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-fuzz.h"

#include "tern-limits.h"
#include "tern-smtp-extensions.h"

#include <string.h>

const char *const tern_fuzz_seeds[] = {
  "220 mail.test ESMTP\r\n",
  "250-mail.test\r\n250-PIPELINING\r\n250-SIZE 52428800\r\n250-AUTH PLAIN LOGIN SCRAM-SHA-1\r\n"
  "250-AUTH=LOGIN\r\n250-ENHANCEDSTATUSCODES\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n",
  "250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n354 End data with <CR><LF>.<CR><LF>\r\n",
  "550-5.1.1 <a@b>: no such user\r\n550 5.1.1 try another\r\n",
  "334 dGVzdA==\r\n235\r\n",
  "421 4.3.2 going down\n",
  NULL,
};

/* Every reply of @data, fed in pieces of @step bytes, as one text that can be compared. */
static char *
parse_all (const char *data, gsize size, gsize step)
{
  g_autoptr (TernSmtpParser) parser = tern_smtp_parser_new ();
  GString *found = g_string_new (NULL);
  gsize position = 0;

  while (position < size)
    {
      gsize consumed = 0;
      gsize length = MIN (step, size - position);
      TernSmtpParseResult result =
          tern_smtp_parser_push (parser, data + position, length, &consumed);

      g_assert_cmpuint (consumed, <=, length);
      position += consumed;
      if (result == TERN_SMTP_PARSE_ERROR)
        {
          g_string_append (found, "error");
          break;
        }
      if (result == TERN_SMTP_PARSE_REPLY)
        {
          g_autoptr (TernSmtpReply) reply = tern_smtp_parser_steal_reply (parser);
          g_autoptr (TernSmtpExtensions) extensions = tern_smtp_extensions_parse (reply);
          g_autofree char *text = tern_smtp_reply_dup_text (reply);

          g_assert_nonnull (extensions->mechanisms);
          g_assert_cmpuint (reply->lines->len, <=, TERN_LIMIT_SMTP_REPLY_LINES);
          g_assert_true (g_utf8_validate (text, -1, NULL));
          g_assert_null (strpbrk (text, "\r\n"));
          g_string_append_printf (found, "%u %s %s\n", reply->code,
                                  reply->enhanced != NULL ? reply->enhanced : "-", text);
        }
      else
        g_assert_cmpuint (consumed, ==, length);
    }
  return g_string_free (found, FALSE);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autofree char *whole = parse_all ((const char *) data, size, G_MAXSIZE);
  g_autofree char *bytes = parse_all ((const char *) data, size, 1);
  g_autofree char *pieces = parse_all ((const char *) data, size, 7);

  g_assert_cmpstr (whole, ==, bytes);
  g_assert_cmpstr (whole, ==, pieces);
  return 0;
}
