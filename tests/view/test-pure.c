/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What of the window needs no display: dates, mailto:, the policy for HTML, quotes. */
#include "config.h"

#include "tern-date.h"
#include "tern-fault.h"
#include "tern-html-policy.h"
#include "tern-mailto.h"
#include "tern-mime-text.h"
#include "tern-notifier.h"
#include "tern-plain-view.h"

#include <locale.h>
#include <string.h>

/* 2026-11-24 12:00 UTC, a Tuesday. */
#define NOON G_GINT64_CONSTANT (1795521600)
#define HOUR 3600
#define DAY  (24 * HOUR)

static void
assert_short (gint64 when, gint64 now, const char *zone_name, const char *expected)
{
  g_autoptr (GTimeZone) zone = g_time_zone_new_identifier (zone_name);
  g_autofree char *text = tern_date_format_short (when, now, zone);

  g_assert_cmpstr (text, ==, expected);
}

static void
test_date_short (void)
{
  assert_short (NOON, NOON, "UTC", "12:00");
  assert_short (NOON - 12 * HOUR, NOON, "UTC", "00:00");
  assert_short (NOON - 12 * HOUR - 1, NOON, "UTC", "Yesterday");
  assert_short (NOON - 2 * DAY, NOON, "UTC", "Sun");
  assert_short (NOON - 6 * DAY, NOON, "UTC", "Wed");
  assert_short (NOON - 7 * DAY, NOON, "UTC", "17 Nov");
  assert_short (NOON - 400 * DAY, NOON, "UTC", "20 Oct 2025");
  assert_short (0, NOON, "UTC", "");
  assert_short (G_MAXINT64, NOON, "UTC", "");
}

static void
test_date_ahead (void)
{
  /* A clock that runs ahead of ours must not make a weekday of the future look like the past. */
  assert_short (NOON + DAY, NOON, "UTC", "25 Nov");
  assert_short (NOON + 2 * HOUR, NOON, "UTC", "14:00");
}

static void
test_date_zone (void)
{
  /* Midnights are those of the zone: 23:30 UTC is tomorrow already in Berlin. */
  assert_short (NOON + 11 * HOUR + HOUR / 2, NOON + 11 * HOUR + HOUR / 2, "+01:00", "00:30");
  assert_short (NOON, NOON + 11 * HOUR + HOUR / 2, "+01:00", "Yesterday");
}

static void
test_date_full (void)
{
  g_autoptr (GTimeZone) zone = g_time_zone_new_identifier ("UTC");
  g_autofree char *text = tern_date_format_full (NOON, zone);
  g_autofree char *none = tern_date_format_full (0, zone);

  g_assert_cmpstr (text, ==, "Tuesday, 24 November 2026, 12:00");
  g_assert_cmpstr (none, ==, "No date");
}

static const char *
nth_address (GPtrArray *list, guint i)
{
  g_assert_cmpuint (i, <, list->len);
  return ((TernAddress *) g_ptr_array_index (list, i))->address;
}

static void
test_mailto_all_fields (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (TernDraft) draft =
      tern_mailto_parse ("mailto:anna@example.org,bob@example.org?cc=carl@example.org&"
                         "BCC=dora@example.org&Subject=Hello%20there&to=emil@example.org&"
                         "body=One%0D%0ATwo+2&in-reply-to=%3Cid@example.org%3E",
                         &error);

  g_assert_no_error (error);
  g_assert_cmpuint (draft->to->len, ==, 3);
  g_assert_cmpstr (nth_address (draft->to, 0), ==, "anna@example.org");
  g_assert_cmpstr (nth_address (draft->to, 2), ==, "emil@example.org");
  g_assert_cmpstr (nth_address (draft->cc, 0), ==, "carl@example.org");
  g_assert_cmpstr (nth_address (draft->bcc, 0), ==, "dora@example.org");
  g_assert_cmpstr (draft->subject, ==, "Hello there");
  g_assert_cmpstr (draft->text, ==, "One\nTwo+2");
  g_assert_cmpstr (draft->in_reply_to, ==, "id@example.org");
}

static void
test_mailto_hostile (void)
{
  g_autoptr (TernDraft) draft =
      tern_mailto_parse ("mailto:?attach=/etc/passwd&attachment=/etc/shadow&from=x@y.z&"
                         "subject=a%0D%0ABcc:%20evil@example.org&body=%FF%00x#fragment",
                         NULL);

  g_assert_nonnull (draft);
  g_assert_cmpuint (draft->attachments->len, ==, 0);
  g_assert_cmpuint (draft->to->len, ==, 0);
  g_assert_cmpuint (draft->bcc->len, ==, 0);
  /* The line end cannot start a header of its own. */
  g_assert_null (strpbrk (draft->subject, "\r\n"));
  g_assert_true (draft->text == NULL || g_utf8_validate (draft->text, -1, NULL));
}

static void
test_mailto_other (void)
{
  static const char *const BAD[] = { "", "mailto", "https://example.org", "file:///etc/passwd" };

  for (guint i = 0; i < G_N_ELEMENTS (BAD); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (tern_mailto_parse (BAD[i], &error));
      g_assert_error (error, TERN_FAULT, TERN_FAULT_INVALID);
    }
}

static void
test_policy_before_content (void)
{
  static const struct
  {
    const char *html;
    gboolean doctype;
  } PAGES[] = {
    { "<p>Hello", FALSE },
    { "<html><head><title>x</title></head><body>y", FALSE },
    { "  <!-- c --> <!DOCTYPE html><html><body>z", TRUE },
    { "<!DOCTYPE html PUBLIC '-//W3C//DTD XHTML 1.0 Strict//EN' 'x'>\n<html>", TRUE },
    { "\xEF\xBB\xBF<!doctype html><p>bom", TRUE },
    /* The ends of a comment that are not "-->". */
    { "<!--><img src=http://evil/x>--><!doctype html><p>", FALSE },
    { "<!---><img src=http://evil/x>--><!doctype html><p>", FALSE },
    { "<!-- a --!><img src=http://evil/x>--><!doctype html><p>", FALSE },
    { "<!--><!---><!-- a --!><!-- b - -- c ---><!doctype html><p>", TRUE },
    { "<!doctype html '><img src=http://evil/x>'", TRUE },
    { "<!-- never closed <script>", FALSE },
    { "<!doctype", TRUE },
    { "<!-", FALSE },
    { "", FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (PAGES); i++)
    {
      g_autofree char *page = tern_html_policy_wrap (PAGES[i].html, FALSE, FALSE);
      const char *html = PAGES[i].html;
      const char *p = page;

      if (g_str_has_prefix (html, "\xEF\xBB\xBF"))
        html += 3;
      g_test_message ("%s", html);
      g_assert_cmpint (g_str_has_prefix (p, "<!DOCTYPE html>"), ==, PAGES[i].doctype);
      if (PAGES[i].doctype)
        p += strlen ("<!DOCTYPE html>");
      g_assert_true (g_str_has_prefix (p, "<html><head><meta charset=\"utf-8\"><meta http-equiv="
                                          "\"Content-Security-Policy\" content=\"default-src "
                                          "'none';"));
      /* The mail stands behind our head, whole and once. */
      p = strstr (p, "</head>");
      g_assert_nonnull (p);
      g_assert_cmpstr (p + strlen ("</head>"), ==, html);
    }
}

static void
test_policy_dark (void)
{
  g_autofree char *light = tern_html_policy_wrap ("<p>x", FALSE, FALSE);
  g_autofree char *dark = tern_html_policy_wrap ("<p>x", FALSE, TRUE);

  g_assert_null (strstr (light, "color-scheme:dark"));
  g_assert_nonnull (strstr (dark, "color-scheme:dark"));
}

static void
test_policy_links (void)
{
  g_assert_cmpint (tern_html_policy_classify_link ("https://x/"), ==, TERN_LINK_EXTERNAL);
  g_assert_cmpint (tern_html_policy_classify_link ("HTTP://x/"), ==, TERN_LINK_EXTERNAL);
  g_assert_cmpint (tern_html_policy_classify_link ("mailto:a@b"), ==, TERN_LINK_MAIL);
  g_assert_cmpint (tern_html_policy_classify_link ("file:///etc/passwd"), ==, TERN_LINK_REFUSED);
  g_assert_cmpint (tern_html_policy_classify_link ("javascript:alert(1)"), ==, TERN_LINK_REFUSED);
  g_assert_cmpint (tern_html_policy_classify_link ("data:text/html,x"), ==, TERN_LINK_REFUSED);
  g_assert_cmpint (tern_html_policy_classify_link ("/relative"), ==, TERN_LINK_REFUSED);
  g_assert_cmpint (tern_html_policy_classify_link (NULL), ==, TERN_LINK_REFUSED);
}

static void
test_policy_show_link (void)
{
  g_autofree char *plain = tern_html_policy_show_link ("https://example.org/a?b=c");
  /* A Cyrillic "а", and a right-to-left override. */
  g_autofree char *mixed =
      tern_html_policy_show_link ("https://ex\xD0\xB0mple.org/\xE2\x80\xAEgpj");
  g_autofree char *long_one = g_strnfill (5000, 'a');
  g_autofree char *cut = tern_html_policy_show_link (long_one);

  g_assert_cmpstr (plain, ==, "https://example.org/a?b=c");
  g_assert_cmpstr (mixed, ==, "https://ex%D0%B0mple.org/%E2%80%AEgpj");
  g_assert_cmpuint (strlen (cut), <, 200);
}

static void
test_notification_text (void)
{
  g_autofree char *plain = tern_notifier_dup_shown ("Lunch at 12?");
  g_autofree char *markup = tern_notifier_dup_shown ("<a href='x'>Q&amp;A</a>\n<img src=y>");
  g_autofree char *broken = tern_notifier_dup_shown ("a\xFF<");
  g_autofree char *long_one = g_strnfill (100000, '&');
  g_autofree char *cut = tern_notifier_dup_shown (long_one);

  g_assert_cmpstr (plain, ==, "Lunch at 12?");
  g_assert_null (strpbrk (markup, "<>&\n"));
  g_assert_nonnull (strstr (markup, "Q＆amp;A"));
  g_assert_true (g_utf8_validate (broken, -1, NULL));
  g_assert_null (strchr (broken, '<'));
  g_assert_cmpint (g_utf8_strlen (cut, -1), ==, 201);
  g_assert_true (g_str_has_suffix (cut, "…"));
}

static void
test_quote_depth (void)
{
  g_assert_cmpuint (tern_plain_view_quote_depth ("hello", 5), ==, 0);
  g_assert_cmpuint (tern_plain_view_quote_depth ("> hello", 7), ==, 1);
  g_assert_cmpuint (tern_plain_view_quote_depth ("> > a", 5), ==, 2);
  g_assert_cmpuint (tern_plain_view_quote_depth (">>> a > b", 9), ==, 3);
  g_assert_cmpuint (tern_plain_view_quote_depth (" > a", 4), ==, 0);
  g_assert_cmpuint (tern_plain_view_quote_depth ("", 0), ==, 0);
}

static void
test_plain_batch (void)
{
  g_autofree char *newlines = g_strnfill (65536, '\n');
  g_autofree char *long_line = g_strnfill (65536, 'x');
  g_autofree char *text = g_strconcat ("a\n", long_line, NULL);
  gsize n = tern_plain_view_measure_batch (newlines);

  g_assert_cmpuint (tern_plain_view_measure_batch (""), ==, 0);
  g_assert_cmpuint (tern_plain_view_measure_batch ("one"), ==, 3);
  g_assert_cmpuint (tern_plain_view_measure_batch ("one\n\ntwo\n"), ==, 9);
  g_assert_cmpuint (tern_plain_view_measure_batch ("one\n> two\nthree"), ==, 4);
  g_assert_cmpuint (tern_plain_view_measure_batch ("one\nwww.example.org\n"), ==, 4);
  g_assert_cmpuint (tern_plain_view_measure_batch ("https://example.org\n"), ==, 0);
  g_assert_cmpuint (tern_plain_view_measure_batch ("> two\n"), ==, 0);
  /* What is broken goes alone; nothing goes without an end. */
  g_assert_cmpuint (tern_plain_view_measure_batch (long_line), ==, 0);
  g_assert_cmpuint (tern_plain_view_measure_batch (text), ==, 2);
  g_assert_cmpuint (n, >, 0);
  g_assert_cmpuint (n, <=, 1024);
}

int
main (int argc, char **argv)
{
  g_setenv ("LC_ALL", "C.UTF-8", TRUE);
  setlocale (LC_ALL, "");
  tern_mime_init ();
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/view/date/short", test_date_short);
  g_test_add_func ("/view/date/ahead", test_date_ahead);
  g_test_add_func ("/view/date/zone", test_date_zone);
  g_test_add_func ("/view/date/full", test_date_full);
  g_test_add_func ("/view/mailto/all-fields", test_mailto_all_fields);
  g_test_add_func ("/view/mailto/hostile", test_mailto_hostile);
  g_test_add_func ("/view/mailto/other", test_mailto_other);
  g_test_add_func ("/view/policy/before-content", test_policy_before_content);
  g_test_add_func ("/view/policy/dark", test_policy_dark);
  g_test_add_func ("/view/policy/links", test_policy_links);
  g_test_add_func ("/view/policy/show-link", test_policy_show_link);
  g_test_add_func ("/view/notification/text", test_notification_text);
  g_test_add_func ("/view/plain/quote-depth", test_quote_depth);
  g_test_add_func ("/view/plain/batch", test_plain_batch);
  return g_test_run ();
}
