/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-fuzz.h"

#include "tern-limits.h"
#include "tern-mime-text.h"

#include <string.h>

const char *const tern_fuzz_seeds[] = {
  "a@b.example",
  "\"Doe, John\" <j@x.example>, k@x.example (Kim (nested) K)",
  "Team: a@b.example, C <c@d.example>;, undisclosed-recipients:;",
  "=?utf-8?Q?J=C3=BCrgen?= <j@x.example>, =?iso-8859-1?B?Suxy?= <b@c>",
  "<@a.example,@b.example:j@x.example> \"john doe\"@x.example a@[192.0.2.1]",
  "Tue, 24 Nov 2026 02:11:49 +0100 (CET)",
  "<a@b> <c@d><e@\r\n f>",
  "utf-8'en'%C3%9Cbersicht.pdf",
  "=?gb2312?B?xOO6w6OhyMvKx7rD?= =?utf-7?Q?+AOQ-?= =?iso-2022-jp?B?GyRCJDMbKEI=?=",
  NULL,
};

static void
check_text (const char *text)
{
  g_assert_true (g_utf8_validate (text, -1, NULL));
  g_assert_null (strpbrk (text, "\r\n"));
}

static void
check_addresses (const char *text)
{
  g_autoptr (GPtrArray) list = tern_mime_parse_addresses (text);
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) typed = tern_mime_parse_typed_addresses (text, &error);
  g_autofree char *written = NULL;

  g_assert_cmpuint (list->len, <=, TERN_LIMIT_ADDRESSES);
  for (guint i = 0; i < list->len; i++)
    {
      const TernAddress *address = g_ptr_array_index (list, i);

      check_text (address->name);
      check_text (address->address);
    }
  g_assert_true ((typed == NULL) == (error != NULL));
  if (typed == NULL)
    {
      check_text (error->message);
      return;
    }
  /* What the strict reader takes, it takes again when it is written out. */
  written = tern_mime_format_addresses (typed);
  {
    g_autoptr (GPtrArray) again = tern_mime_parse_typed_addresses (written, &error);

    g_assert_no_error (error);
    g_assert_cmpuint (again->len, ==, typed->len);
    for (guint i = 0; i < again->len; i++)
      g_assert_cmpstr (((TernAddress *) g_ptr_array_index (again, i))->address, ==,
                       ((TernAddress *) g_ptr_array_index (typed, i))->address);
  }
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  const char *raw = (const char *) data;
  g_autofree char *text = g_strndup (size > 0 ? raw : "", size);
  g_autofree char *header = tern_mime_decode_header (raw, size);
  g_autofree char *filename = tern_mime_decode_filename (text);
  g_auto (GStrv) ids = tern_mime_parse_references (raw, size);
  gint64 seconds;
  int offset;

  check_text (header);
  check_text (filename);
  for (guint i = 0; ids != NULL && ids[i] != NULL; i++)
    check_text (ids[i]);
  if (tern_mime_parse_date (raw, size, &seconds, &offset))
    g_assert_cmpint (ABS (offset), <, 24 * 60);
  check_addresses (text);
  return 0;
}
