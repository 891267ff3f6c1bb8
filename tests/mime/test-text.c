/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-mime-text.h"

#include <string.h>

typedef struct
{
  const char *raw;
  const char *expected;
} Case;

static void
test_header (void)
{
  static const Case cases[] = {
    { "", "" },
    { "Plain subject", "Plain subject" },
    { "  spaces around\t ", "spaces around" },
    { "folded\r\n subject", "folded subject" },
    { "folded\r\n\tsubject", "folded subject" },
    { "=?utf-8?Q?J=C3=BCrgen_M?=", "Jürgen M" },
    { "=?UTF-8?b?SsO8cmdlbg==?=", "Jürgen" },
    { "=?UTF-8?b?SsO8cmdlbg?=", "Jürgen" }, /* no padding */
    { "=?utf-8*de?Q?J=C3=BCrgen?=", "Jürgen" },
    { "=?iso-8859-1?Q?=93x=94?=", "“x”" }, /* windows-1252 in fact */
    { "=?utf-8?Q?a?= =?utf-8?Q?b?=", "ab" },
    { "=?utf-8?Q?a?=\r\n =?utf-8?Q?b?=", "ab" },
    { "=?utf-8?Q?a?= b =?utf-8?Q?c?=", "a b c" },
    { "=?utf-8?Q?J=C3?= =?utf-8?Q?=BCrgen?=", "Jürgen" }, /* split character */
    { "=?utf-8?B?SsM=?= =?utf-8?B?vHJnZW4=?=", "Jürgen" },
    { "=?utf-8?Q?=C3?= =?utf-8?B?vA==?=", "ü" },
    { "x=?utf-8?Q?=C3=BC?=y", "xüy" },        /* touching its neighbours */
    { "=?utf-8?Q?two words?=", "two words" }, /* raw space */
    { "=?utf-8?Q?What?=3F?=", "What??" },     /* raw question mark */
    { "=?utf-8?Q?cut_of", "cut of" },
    { "=?utf-8?Q?cut of", "=?utf-8?Q?cut of" },
    { "=?utf-8?X?abc?=", "=?utf-8?X?abc?=" },
    { "=??Q?abc?=", "=??Q?abc?=" },
    { "=?nonsense-77?Q?J=FCrgen?=", "Jürgen" },
    { "=?us-ascii?Q?J=C3=BCrgen?=", "Jürgen" },
    { "=?iso-2022-jp?B?GyRCJDMkcyRLJEEkTxsoQg==?=", "こんにちは" },
    { "=?gb2312?B?xOO6w6OhyMvKx7rD?=", "你好！人是好" },
    { "=?shift_jis?B?grGC8YLJgr+CzQ==?=", "こんにちは" },
    { "=?koi8-r?B?8NLJ18XU?=", "Привет" },
    { "=?utf-7?Q?+AOQ-?=", "ä" },
    { "=?big5?B?p0Gmbg==?=", "你好" },
    { "raw \xc3\xbc utf-8", "raw ü utf-8" },
    { "raw \xfc latin", "raw ü latin" },
    { "raw \x80 euro", "raw € euro" },
    { "bell\x07 and\x1b[31m", "bell and[31m" },
    { "a\xe2\x80\xae"
      "b\xe2\x81\xa6"
      "c\xef\xbb\xbf"
      "d",
      "abcd" },
    { "=?utf-8?Q?a=E2=80=AEb=00c=0D=0AX:_y?=", "abcX: y" },
    { "=?utf-8?Q?"
      "?= x",
      "x" },
    { "a = b =? c", "a = b =? c" },
    { "=?utf-8?Q?broken=C3?= tail", "brokenÃ tail" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *text = tern_mime_decode_header (cases[i].raw, strlen (cases[i].raw));

      g_assert_cmpstr (text, ==, cases[i].expected);
    }
}

/* A converter that is used again knows nothing of what it converted before. */
static void
test_header_again (void)
{
  static const Case cases[] = {
    { "=?iso-2022-jp?B?GyRCJDMkcw==?=", "こん" }, /* cut: no way back to ASCII */
    { "=?iso-2022-jp?Q?plain?=", "plain" },
    { "=?shift_jis?B?grGC?=", "こ\xef\xbf\xbd" }, /* cut in a character */
    { "=?shift_jis?B?grGC8Q==?=", "こん" },
    { "=?koi8-r?B?8NLJ18XU?=", "Привет" },
  };

  for (guint round = 0; round < 3; round++)
    {
      for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
        {
          g_autofree char *text = tern_mime_decode_header (cases[i].raw, strlen (cases[i].raw));

          g_assert_cmpstr (text, ==, cases[i].expected);
        }
      /* More charsets than are kept. */
      for (guint part = 2; part <= 16; part++)
        for (guint page = 1250; page <= 1252; page++)
          {
            g_autofree char *raw =
                g_strdup_printf ("=?iso-8859-%u?Q?a=E1?= =?windows-%u?Q?=E1?=", part, page);
            g_autofree char *text = tern_mime_decode_header (raw, strlen (raw));

            g_assert_true (g_str_has_prefix (text, "a"));
            g_assert_true (g_str_has_suffix (text, page == 1251 ? "б" : "á"));
          }
    }
}

static void
test_header_nul (void)
{
  g_autofree char *text = tern_mime_decode_header ("a\0b", 3);
  g_autofree char *none = tern_mime_decode_header (NULL, 0);

  g_assert_cmpstr (text, ==, "ab");
  g_assert_cmpstr (none, ==, "");
}

static void
test_header_limit (void)
{
  g_autoptr (GString) raw = g_string_new ("x");
  g_autofree char *text = NULL;

  while (raw->len < 3 * 1024 * 1024)
    g_string_append (raw, "ü");
  text = tern_mime_decode_header (raw->str, raw->len);
  g_assert_cmpuint (strlen (text), <=, 4096);
  g_assert_cmpuint (strlen (text), >=, 4095);
  g_assert_true (g_utf8_validate (text, -1, NULL));
}

static void
test_header_hostile (void)
{
  static const char *pieces[] = { "=?a?q?", "?=", "=?", "=?utf-8?q?\?= ", "?=AB", "=?a?b?" };

  for (guint i = 0; i < G_N_ELEMENTS (pieces); i++)
    {
      g_autoptr (GString) raw = g_string_new ("=?utf-8?q?");
      g_autofree char *text = NULL;
      gint64 start = g_get_monotonic_time ();

      while (raw->len < 1024 * 1024)
        g_string_append (raw, pieces[i]);
      text = tern_mime_decode_header (raw->str, raw->len);
      g_assert_true (g_utf8_validate (text, -1, NULL));
      g_assert_cmpint (g_get_monotonic_time () - start, <, 5 * G_USEC_PER_SEC);
    }
}

static void
test_filename (void)
{
  static const Case cases[] = {
    { "report.pdf", "report.pdf" },
    { "=?utf-8?Q?=C3=9Cbersicht.pdf?=", "Übersicht.pdf" },
    { "utf-8''%C3%9Cbersicht.pdf", "Übersicht.pdf" },
    { "iso-8859-1'de'%DCbersicht.pdf", "Übersicht.pdf" },
    { "''%DCbersicht.pdf", "Übersicht.pdf" },
    { "it's Bob's.pdf", "it's Bob's.pdf" },
    { "100%'s 'x'.pdf", "100%'s 'x'.pdf" },
    { "\xdc"
      "bersicht.pdf",
      "Übersicht.pdf" },
    { "utf-8''exe%E2%80%AEfdp.scr", "exefdp.scr" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *text = tern_mime_decode_filename (cases[i].raw);

      g_assert_cmpstr (text, ==, cases[i].expected);
    }
}

static void
test_date (void)
{
  static const struct
  {
    const char *raw;
    gint64 seconds;
    int offset;
  } cases[] = {
    { "Thu, 01 Jan 1970 00:00:00 +0000", 0, 0 },
    { "Tue, 24 Nov 2026 02:11:49 +0100", 1795482709, 60 },
    { "24 Nov 2026 02:11:49 +0100", 1795482709, 60 },
    { "Tue, 24 Nov 2026 01:11 GMT", 1795482660, 0 },
    { "Tue, 24 Nov 2026 02:11:49 +0100 (CET)", 1795482709, 60 },
    { "Mon, 23 Nov 2026 20:11:49 EST", 1795482709, -300 },
    { " Tue,24 Nov 26 01:11:49 -0000\r\n", 1795482709, 0 },
    { "Thu, 29 Feb 2024 12:00:00 +0530", 1709188200, 330 },
    { "Sat, 1 Jan 2000 00:00:00 -1200", 946728000, -720 },
    { "Fri, 31 Dec 1999 23:59:60 +0000", 946684800, 0 },
    { "Sun Nov  6 08:49:37 1994 +0000", 784111777, 0 },
    { "Sun Nov  6 08:49:37 1994", 784111777, 0 },
    { "Sunday, 06-Nov-94 08:49:37 GMT", 784111777, 0 },
    { "1994-11-06 08:49:37 +0000", 784111777, 0 },
    { "1994-11-06T08:49:37Z", 784111777, 0 },
    { "November 6, 1994 8:49:37 AM", 784111777, 0 },
    { "6 Nov 1994", 784080000, 0 },
  };
  static const char *bad[] = {
    "",         "yesterday",  "99 Foo 2026", "31 Feb 2026 00:00:00 +0000", "1 Jan 99999",
    "\xff\xfe", "Tue, 24 Nov"
  };
  gint64 seconds;
  int offset;

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_test_message ("case %u", i);
      g_assert_true (tern_mime_parse_date (cases[i].raw, strlen (cases[i].raw), &seconds, &offset));
      g_assert_cmpint (seconds, ==, cases[i].seconds);
      g_assert_cmpint (offset, ==, cases[i].offset);
    }
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_test_message ("case %u", i);
      g_assert_false (tern_mime_parse_date (bad[i], strlen (bad[i]), &seconds, &offset));
      g_assert_cmpint (seconds, ==, 0);
    }
}

/* The fast form against GLib's calendar, over four centuries of days. */
static void
test_date_calendar (void)
{
  for (int day = -25000; day < 120000; day += 37)
    {
      g_autoptr (GDateTime) date = g_date_time_new_from_unix_utc ((gint64) day * 86400 + 12345);
      static const char *months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
      char raw[64];
      gint64 seconds;
      int offset;

      g_snprintf (raw, sizeof raw, "%d %s %04d %02d:%02d:%02d +0000",
                  g_date_time_get_day_of_month (date), months[g_date_time_get_month (date) - 1],
                  g_date_time_get_year (date), g_date_time_get_hour (date),
                  g_date_time_get_minute (date), g_date_time_get_second (date));
      g_assert_true (tern_mime_parse_date (raw, strlen (raw), &seconds, &offset));
      g_assert_cmpint (seconds, ==, g_date_time_to_unix (date));
    }
}

static void
test_references (void)
{
  static const Case cases[] = {
    { "<a@b> <c@d>", "a@b c@d" },
    { "<a@b><c@d>", "a@b c@d" },
    { "<a@b>\r\n\t<c@d>", "a@b c@d" },
    { "<a@\r\n b>", "a@b" },
    { "<a@b> <c@d", "a@b c@d" },
    { "<a@b <c@d>", "a@b c@d" },
    { "a@b, c@d", "a@b c@d" },
    { "Your message of \"Tue\" <a@b>", "a@b" },
    { "<a@b> <a@b> <c@d> <a@b>", "a@b c@d" },
    { "<> < > text", NULL },
    { "", NULL },
    { "nothing here", NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_auto (GStrv) ids = tern_mime_parse_references (cases[i].raw, strlen (cases[i].raw));
      g_autofree char *joined = ids != NULL ? g_strjoinv (" ", ids) : NULL;

      g_assert_cmpstr (joined, ==, cases[i].expected);
    }
}

static void
test_references_limit (void)
{
  g_autoptr (GString) raw = g_string_new (NULL);
  g_auto (GStrv) ids = NULL;

  for (int i = 0; i < 5000; i++)
    g_string_append_printf (raw, "<%d@x> ", i);
  ids = tern_mime_parse_references (raw->str, raw->len);
  g_assert_cmpuint (g_strv_length (ids), ==, 100);
  g_assert_cmpstr (ids[0], ==, "0@x");
  g_assert_cmpstr (ids[1], ==, "4901@x");
  g_assert_cmpstr (ids[99], ==, "4999@x");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  tern_mime_init ();
  g_test_add_func ("/mime/header/decode", test_header);
  g_test_add_func ("/mime/header/again", test_header_again);
  g_test_add_func ("/mime/header/nul", test_header_nul);
  g_test_add_func ("/mime/header/limit", test_header_limit);
  g_test_add_func ("/mime/header/hostile", test_header_hostile);
  g_test_add_func ("/mime/filename", test_filename);
  g_test_add_func ("/mime/date/forms", test_date);
  g_test_add_func ("/mime/date/calendar", test_date_calendar);
  g_test_add_func ("/mime/references/forms", test_references);
  g_test_add_func ("/mime/references/limit", test_references_limit);
  return g_test_run ();
}
