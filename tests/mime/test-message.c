/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-mime-message.h"
#include "tern-mime-text.h"

#include "tern-limits.h"

#include <string.h>

static GBytes *
bytes_of (const char *text)
{
  return g_bytes_new_static (text, strlen (text));
}

static const char mixed[] =
    "From: =?utf-8?Q?J=C3=BCrgen?= <j@example.org>\r\n"
    "To: a@example.net, \"B, C\" <bc@example.net>\r\n"
    "Cc: d@example.net\r\n"
    "Reply-To: list@example.org\r\n"
    "Subject: =?iso-8859-1?Q?Gr=FC=DFe?=\r\n"
    "Date: Tue, 24 Nov 2026 02:11:49 +0100\r\n"
    "Message-ID: <m1@example.org>\r\n"
    "In-Reply-To: <p1@example.net>\r\n"
    "References: <p0@example.net>\r\n <p1@example.net>\r\n"
    "MIME-Version: 1.0\r\n"
    "Content-Type: multipart/mixed; boundary=outer\r\n"
    "\r\n"
    "preamble\r\n"
    "--outer\r\n"
    "Content-Type: multipart/alternative; boundary=inner\r\n"
    "\r\n"
    "--inner\r\n"
    "Content-Type: text/plain; charset=utf-8\r\n"
    "\r\n"
    "Plain text.\r\n"
    "--inner\r\n"
    "Content-Type: multipart/related; boundary=rel\r\n"
    "\r\n"
    "--rel\r\n"
    "Content-Type: text/html; charset=utf-8\r\n"
    "\r\n"
    "<p>HTML text <img src=\"cid:pic@x\"></p>\r\n"
    "--rel\r\n"
    "Content-Type: image/png\r\n"
    "Content-ID: <pic@x>\r\n"
    "Content-Transfer-Encoding: base64\r\n"
    "\r\n"
    "iVBORw0KGgo=\r\n"
    "--rel--\r\n"
    "--inner--\r\n"
    "--outer\r\n"
    "Content-Type: application/pdf; name=\"x.pdf\"\r\n"
    "Content-Disposition: attachment; filename*=utf-8''%C3%9Cbersicht.pdf\r\n"
    "Content-Transfer-Encoding: base64\r\n"
    "\r\n"
    "SGVsbG8=\r\n"
    "--outer\r\n"
    "Content-Type: message/rfc822\r\n"
    "\r\n"
    "Subject: inner\r\n"
    "Content-Type: multipart/mixed; boundary=third\r\n"
    "\r\n"
    "--third\r\n"
    "\r\n"
    "inner text\r\n"
    "--third--\r\n"
    "--outer--\r\n";

static void
test_facts (void)
{
  g_autoptr (GBytes) bytes = bytes_of (mixed);
  g_autoptr (TernMessageFacts) facts = tern_mime_read_facts (bytes);
  const TernAddress *from = g_ptr_array_index (facts->from, 0);

  g_assert_cmpstr (facts->subject, ==, "Grüße");
  g_assert_cmpint (facts->date, ==, 1795482709);
  g_assert_cmpint (facts->date_offset, ==, 60);
  g_assert_cmpuint (facts->size, ==, strlen (mixed));
  g_assert_cmpstr (facts->message_id, ==, "m1@example.org");
  g_assert_cmpstr (facts->in_reply_to, ==, "p1@example.net");
  g_assert_cmpuint (g_strv_length (facts->references), ==, 2);
  g_assert_cmpstr (from->name, ==, "Jürgen");
  g_assert_cmpuint (facts->to->len, ==, 2);
  g_assert_cmpuint (facts->cc->len, ==, 1);
  g_assert_cmpuint (facts->reply_to->len, ==, 1);
  g_assert_cmpuint (facts->bcc->len, ==, 0);
  g_assert_cmpuint (facts->attachments, ==, 2); /* the PDF and the message */
  g_assert_cmpstr (facts->preview, ==, "Plain text.");
}

static void
test_structure (void)
{
  g_autoptr (GBytes) bytes = bytes_of (mixed);
  g_autoptr (TernPart) root = tern_mime_read_structure (bytes);
  g_auto (GStrv) sections = NULL;
  g_autofree char *joined = NULL;
  static const struct
  {
    const char *section, *type, *subtype;
  } parts[] = { { "", "multipart", "mixed" },       { "1", "multipart", "alternative" },
                { "1.1", "text", "plain" },         { "1.2", "multipart", "related" },
                { "1.2.1", "text", "html" },        { "1.2.2", "image", "png" },
                { "2", "application", "pdf" },      { "3", "message", "rfc822" },
                { "3.TEXT", "multipart", "mixed" }, { "3.1", "text", "plain" } };

  for (guint i = 0; i < G_N_ELEMENTS (parts); i++)
    {
      const TernPart *part = tern_part_find_section (root, parts[i].section);

      g_assert_nonnull (part);
      g_assert_true (tern_part_is (part, parts[i].type, parts[i].subtype));
      g_assert_true (part->decoded);
    }
  g_assert_cmpstr (tern_part_find_section (root, "2")->filename, ==, "Übersicht.pdf");
  g_assert_cmpstr (tern_part_find_section (root, "1.2.2")->content_id, ==, "pic@x");
  sections = tern_mime_text_sections (root);
  joined = g_strjoinv (" ", sections);
  g_assert_cmpstr (joined, ==, "1.1 1.2.1 1.2.2");
}

static void
test_parts (void)
{
  g_autoptr (GBytes) bytes = bytes_of (mixed);
  g_autoptr (GBytes) pdf = tern_mime_read_part (bytes, "2");
  g_autoptr (GBytes) inner = tern_mime_read_part (bytes, "3.1");
  g_autoptr (GBytes) whole = tern_mime_read_part (bytes, "");
  g_autoptr (GBytes) nested = tern_mime_read_part (bytes, "3");

  g_assert_cmpmem (g_bytes_get_data (pdf, NULL), g_bytes_get_size (pdf), "Hello", 5);
  g_assert_cmpmem (g_bytes_get_data (inner, NULL), g_bytes_get_size (inner), "inner text", 10);
  g_assert_true (g_bytes_equal (whole, bytes));
  g_assert_true (g_str_has_prefix (g_bytes_get_data (nested, NULL), "Subject: inner"));
  g_assert_null (tern_mime_read_part (bytes, "9"));
  g_assert_null (tern_mime_read_part (bytes, "2.1"));
}

static GBytes *
get_transferred (const char *section, gpointer data)
{
  const char *const *pairs = data;

  for (; pairs[0] != NULL; pairs += 2)
    if (g_str_equal (pairs[0], section))
      return g_bytes_new_static (pairs[1], strlen (pairs[1]));
  return NULL;
}

static void
test_from_parts (void)
{
  g_autoptr (GBytes) bytes = bytes_of (mixed);
  g_autoptr (TernPart) root = tern_mime_read_structure (bytes);
  const char *both[] = { "1.1", "Plain=20p.", "1.2.1", "<p>H</p>", NULL };
  const char *one[] = { "1.1", "Plain=20p.", NULL };
  g_autoptr (TernMimeText) text = NULL;
  g_autoptr (TernMimeText) plain = NULL;
  TernPart *part = (TernPart *) tern_part_find_section (root, "1.1");

  g_free (part->encoding);
  part->encoding = g_strdup ("quoted-printable");
  text = tern_mime_read_text_from_parts (root, get_transferred, both);
  g_assert_cmpstr (text->plain, ==, "Plain p.");
  g_assert_cmpstr (text->html, ==, "<p>H</p>");
  plain = tern_mime_read_text_from_parts (root, get_transferred, one);
  g_assert_cmpstr (plain->plain, ==, "Plain p.");
  g_assert_null (plain->html);
}

/* { message, html or NULL, plain } */
static const struct
{
  const char *message;
  const char *html;
  const char *plain;
} texts[] = {
  { "", NULL, "" },
  { "\nonly a body", NULL, "only a body" },
  { "Subject: x\n", NULL, "" },
  { "Subject: x\n\nno type", NULL, "no type" },
  { "From x\nSubject: x\n\nmbox", NULL, "mbox" },
  /* wrong declarations */
  { "Content-Type: text/plain; charset=us-ascii\n\nJ\xc3\xbcrgen", NULL, "Jürgen" },
  { "Content-Type: text/plain; charset=iso-8859-1\n\n\x93x\x94 \x80", NULL, "“x” €" },
  { "Content-Type: text/plain; charset=utf-8\n\nJ\xfcrgen", NULL, "Jürgen" },
  { "Content-Type: text/plain; charset=nonsense\n\nJ\xfcrgen", NULL, "Jürgen" },
  { "Content-Type: text/plain; charset=\"\"\n\nJ\xfcrgen", NULL, "Jürgen" },
  { "Content-Type: text/plain; charset=iso-8859-1\n\nJ\xc3\xbcrgen", NULL, "Jürgen" },
  { "Content-Type: text/plain; charset=gb2312\n\n\xc4\xe3\xba\xc3", NULL, "你好" },
  { "Content-Type: text/plain; charset=iso-2022-jp\n\n\x1b$B$3$s\x1b(B", NULL, "こん" },
  { "Content-Type: text/plain; charset=utf-16\n\n\xff\xfeh\x01", NULL, "Ũ" },
  { "Content-Type: text/html\n\n<meta charset=\"koi8-r\"><p>\xf0\xd2",
    "<meta charset=\"koi8-r\"><p>Пр", "Пр\n" },
  /* transfer encodings */
  { "Content-Transfer-Encoding: base64\n\nSsO8cmdlbg", NULL, "Jürgen" },
  { "Content-Transfer-Encoding: quoted-printable\n\nJ=C3=BCr=\ngen =ZZ", NULL, "Jürgen =ZZ" },
  { "Content-Transfer-Encoding: nonsense\n\nx=3D", NULL, "x=3D" },
  /* flowed */
  { "Content-Type: text/plain; format=flowed\n\na \nb\n> c \n> d\n\n-- \nsig\n", NULL,
    "a b\n> c d\n\n-- \nsig\n" },
  { "Content-Type: text/plain; format=Flowed; DelSp=Yes\n\na \nb\n", NULL, "ab\n" },
  { "Content-Type: text/plain; format=flowed\n\n From x\n >y\n", NULL, "From x\n>y\n" },
  /* multipart */
  { "Content-Type: multipart/alternative; boundary=b\n\n--b\n\nplain\n--b\nContent-Type: "
    "text/html\n\n<p>html\n--b\nContent-Type: text/calendar\n\nBEGIN\n--b--\n",
    "<p>html", "plain" },
  { "Content-Type: multipart/alternative; boundary=b\n\n--b\nContent-Type: "
    "text/html\n\n<p>html\n--b--\n",
    "<p>html", "html\n" },
  { "Content-Type: multipart/alternative; boundary=b\n\n--b\n\n \n--b\nContent-Type: "
    "text/html\n\n<p>html\n--b--\n",
    "<p>html", "html\n" },
  { "Content-Type: multipart/mixed; boundary=b\n\n--b\n\none\n--b\n\n<two>\n--b--\n", NULL,
    "one\n<two>" },
  { "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/html\n\n<p>one\n--b\n\n"
    "<footer>\n--b--\n",
    "<p>one<div style=\"white-space: pre-wrap\">&lt;footer&gt;</div>", "one\n<footer>" },
  { "Content-Type: multipart/mixed; boundary=b\n\n--b\n\none\n--b\nContent-Disposition: "
    "attachment\n\ntwo\n--b--\n",
    NULL, "one" },
  { "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nnever closed", NULL, "never closed" },
  { "Content-Type: multipart/mixed; boundary=b\n\nno boundary at all", NULL, "" },
  { "Content-Type: multipart/mixed\n\n--b\n\nno parameter\n--b--\n", NULL, "" },
  { "Content-Type: multipart/digest; boundary=b\n\n--b\n\nSubject: 1\n\none\n--b\n\nSubject: "
    "2\n\ntwo\n--b--\n",
    NULL, "one\ntwo" },
  { "Content-Type: multipart/signed; boundary=b\n\n--b\n\nsigned\n--b\nContent-Type: "
    "text/plain\n\nnot\n--b--\n",
    NULL, "signed" },
  { "Content-Type: text/plain; name=x.txt\nContent-Disposition: attachment\n\nall there is", NULL,
    "all there is" },
  { "Content-Type: text/plain\n\na\x1b[2Jb\xe2\x80\xae"
    "c\x00",
    NULL, "a[2Jbc" },
};

static void
test_texts (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (GBytes) bytes = bytes_of (texts[i].message);
      g_autoptr (TernMimeText) text = tern_mime_read_text (bytes);

      g_test_message ("case %u", i);
      g_assert_cmpstr (text->html, ==, texts[i].html);
      g_assert_cmpstr (text->plain, ==, texts[i].plain);
    }
}

static void
test_headers (void)
{
  g_autoptr (GBytes) bytes =
      bytes_of ("Received: a\r\nReceived: b\r\n c\r\nSubject: =?utf-8?q?=C3=BC?=\r\n\r\n");
  g_autoptr (GPtrArray) headers = tern_mime_read_headers (bytes);
  char **last = g_ptr_array_index (headers, 2);

  g_assert_cmpuint (headers->len, ==, 3);
  g_assert_cmpstr (((char **) g_ptr_array_index (headers, 1))[1], ==, "b c");
  g_assert_cmpstr (last[0], ==, "Subject");
  g_assert_cmpstr (last[1], ==, "ü");
}

static void
test_html (void)
{
  static const struct
  {
    const char *html, *text;
  } cases[] = {
    { "", "" },
    { "a  b\n c", "a b c\n" },
    { "<p>a</p><p>b</p>", "a\n\nb\n" },
    { "<div>a</div><div>b</div>c", "a\nb\nc\n" },
    { "a<br>b<br><br>c", "a\nb\n\nc\n" },
    { "<script>x()</script>a<style>p{}</style><noembed></noembed>", "a\n" },
    { "<head><title>t</title></head><body>a</body>", "a\n" },
    { "<ul><li>a<li>b</ul><ol><li>c<li>d</ol>", "• a\n• b\n\n1. c\n2. d\n" },
    { "<a href=\"https://x.example/y\">here</a>", "here <https://x.example/y>\n" },
    { "<a href=\"https://x.example/y\">x.example/y</a>", "x.example/y\n" },
    { "<a href=\"javascript:alert(1)\">here</a>", "here\n" },
    { "<blockquote>a<br>b<blockquote>c</blockquote></blockquote>d", "> a\n> b\n>> c\nd\n" },
    { "<pre>a\n  b</pre>c", "a\n  b\n\nc\n" },
    { "<table><tr><td>a</td><td>b</td></tr><tr><td>c</table>", "a b\nc\n" },
    { "<span style=\"display: NONE\">hidden</span>a<b hidden>x</b>", "a\n" },
    { "&lt;b&gt; &amp; &euro; &#8364; &nbsp;x", "<b> & € € \xc2\xa0x\n" },
    { "<img alt=\"Logo\" src=x> a", "Logo a\n" },
    { "<b>never <i>closed", "never closed\n" },
    { "a</div></div></table>b", "ab\n" },
    { "<meta charset=utf-16>ü", "ü\n" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *text = tern_mime_html_to_text (cases[i].html);

      g_test_message ("case %u", i);
      g_assert_cmpstr (text, ==, cases[i].text);
    }
}

static void
test_html_hostile (void)
{
  static const char *pieces[] = {
    "<div>", "<a href=x>", "<blockquote>", "<table><tr><td>", "<!--",     "&",
    "<",     "<b",         "</p>",         "<ol><li>",        "<script>", "<p><b>"
  };

  for (guint i = 0; i < G_N_ELEMENTS (pieces); i++)
    {
      g_autoptr (GString) html = g_string_new (NULL);
      g_autofree char *text = NULL;
      gint64 start = g_get_monotonic_time ();

      while (html->len < 256 * 1024)
        g_string_append (html, pieces[i]);
      text = tern_mime_html_to_text (html->str);
      g_assert_nonnull (text);
      g_test_message ("%s: %" G_GINT64_FORMAT " ms", pieces[i],
                      (g_get_monotonic_time () - start) / 1000);
      g_assert_cmpint (g_get_monotonic_time () - start, <, 10 * G_USEC_PER_SEC);
    }
}

static gboolean
wants_remote (const char *html)
{
  g_autoptr (TernMimeText) text = tern_mime_text_new (html, NULL);

  return text->html_wants_remote;
}

static void
test_html_remote (void)
{
  static const char *const WANTS[] = {
    "<img src='http://x/y.png'>",
    "<IMG SRC=\"HTTPS://x/y.png\">",
    "<img src = //x/y.png>",
    "<td background=https://x/y>",
    "<style>p{background:url( 'https://x/y')}</style>",
    "<style>@import 'http://x/y'</style>",
    "<link rel=stylesheet href='https://x/y.css'>",
    "<img srcset='https://x/y 2x'>",
  };
  static const char *const WANTS_NOT[] = {
    "<a href='https://x/y'>z</a>",
    "<img src='cid:a@b'>",
    "<img src='data:image/png;base64,AAAA'>",
    "plain http://x/y text",
  };

  for (guint i = 0; i < G_N_ELEMENTS (WANTS); i++)
    if (!wants_remote (WANTS[i]))
      g_error ("not seen as remote: %s", WANTS[i]);
  for (guint i = 0; i < G_N_ELEMENTS (WANTS_NOT); i++)
    if (wants_remote (WANTS_NOT[i]))
      g_error ("seen as remote: %s", WANTS_NOT[i]);
}

/* What is read from a message is known of it, too. */
static void
test_html_facts (void)
{
  static const char MESSAGE[] = "Content-Type: text/html\r\n\r\n"
                                "<p style='COLOR:red'><img src='https://x.example/y'>\r\n";
  g_autoptr (GBytes) bytes = g_bytes_new_static (MESSAGE, sizeof MESSAGE - 1);
  g_autoptr (TernMimeText) text = tern_mime_read_text (bytes);
  g_autoptr (TernMimeText) bare = tern_mime_text_new ("<p>x", NULL);
  g_autoptr (TernMimeText) plain = tern_mime_text_new (NULL, "color src=http://x.example/");

  g_assert_true (text->html_wants_remote);
  g_assert_true (text->html_has_colours);
  g_assert_false (bare->html_wants_remote);
  g_assert_false (bare->html_has_colours);
  g_assert_false (plain->html_wants_remote);
  g_assert_false (plain->html_has_colours);
}

static void
test_preview (void)
{
  static const struct
  {
    const char *plain, *preview;
  } cases[] = {
    { "", "" },
    { "Hello\n\nWorld\n", "Hello World" },
    { "> quote\nAnswer\n-- \nName\n", "Answer" },
    { "On Monday John wrote:\n> quote\n\nAnswer\n", "Answer" },
    { "Am Montag schrieb John\n<j@x.example>:\n\n> quote\nAnswer\n", "Answer" },
    { "Note:\nNo quote\n", "Note: No quote" },
    { "Answer\n-----Original Message-----\nFrom: x\n", "Answer" },
    { "Answer\n________________________________\nVon: x\n", "Answer" },
    { "See https://x.example/long and <https://y.example> this", "See and this" },
    { "a\xe2\x80\x8b\xc2\xad b\xcd\x8f\xe2\x80\x8c c", "a b c" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (TernMimeText) text = tern_mime_text_new (NULL, cases[i].plain);
      g_autofree char *preview = tern_mime_make_preview (text);

      g_test_message ("case %u", i);
      g_assert_cmpstr (preview, ==, cases[i].preview);
    }
}

static void
test_preview_length (void)
{
  g_autoptr (GString) plain = g_string_new (NULL);
  g_autoptr (TernMimeText) text = NULL;
  g_autofree char *preview = NULL;

  for (int i = 0; i < 5000; i++)
    g_string_append (plain, "ü€😀 ");
  text = tern_mime_text_new (NULL, plain->str);
  preview = tern_mime_make_preview (text);
  g_assert_cmpint (g_utf8_strlen (preview, -1), <=, 200);
  g_assert_cmpint (g_utf8_strlen (preview, -1), >=, 199);
}

static void
assert_same_preview (const char *message, gsize length)
{
  g_autoptr (GBytes) bytes = g_bytes_new_static (message, length);
  g_autoptr (TernMimeText) text = tern_mime_read_text (bytes);
  g_autofree char *whole = tern_mime_make_preview (text);
  g_autofree char *preview = tern_mime_read_preview (bytes);

  g_assert_cmpstr (preview, ==, whole);
}

/* Wherever a long message is cut to be read quickly, its preview is that of all of it. */
static void
test_preview_first (void)
{
  static const char *const heads[] = {
    "Subject: x\r\n\r\n",
    "Content-Type: text/html\n\n<style>",
    "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: "
    "quoted-printable\r\n\r\n",
    "Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\n\r\n",
    "Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\n\r\n \r\n--b\r\n"
    "Content-Type: text/html\r\n\r\n<p>",
  };
  static const char *const fillers[] = { "> quoted\r\n", "\r\n", "p { color: red }\r\n",
                                         "=C3=A4=\r\n" };
  static const char tail[] = "</style>\r\nOn Monday\r\nJohn wrote:\r\n> quote\r\n"
                             "Words of the letter, one behind the other.\r\n--b--\r\n";

  for (guint head = 0; head < G_N_ELEMENTS (heads); head++)
    for (guint filler = 0; filler < G_N_ELEMENTS (fillers); filler++)
      for (gsize size = 15800; size < 21000; size += 97)
        {
          g_autoptr (GString) message = g_string_new (heads[head]);

          while (message->len < size)
            g_string_append (message, fillers[filler]);
          for (guint i = 0; i < 60; i++)
            g_string_append (message, tail);
          assert_same_preview (message->str, message->len);
        }
}

/* What a server sends is shown beside other text: one line, valid, not long. */
static void
test_preview_clean (void)
{
  static const struct
  {
    const char *raw, *preview;
  } cases[] = {
    { "", "" },
    { " Hello\r\n\tWorld ", "Hello World" },
    { "a\xff"
      "b\x01\x1b[31m",
      "a\xef\xbf\xbd"
      "b[31m" },
    { "x\xe2\x80\xaey", "xy" },
    { "cut \xe2\x82", "cut \xef\xbf\xbd\xef\xbf\xbd" },
  };
  g_autoptr (GString) large = g_string_new (NULL);
  g_autofree char *cut = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *preview = tern_mime_clean_preview (cases[i].raw, strlen (cases[i].raw));

      g_assert_true (g_utf8_validate (preview, -1, NULL));
      g_assert_cmpstr (preview, ==, cases[i].preview);
    }
  for (guint i = 0; i < 100000; i++)
    g_string_append (large, "ü€😀 ");
  cut = tern_mime_clean_preview (large->str, large->len);
  g_assert_cmpint (g_utf8_strlen (cut, -1), <=, 200);
  g_assert_cmpint (g_utf8_strlen (cut, -1), >=, 199);
}

/* Depth and number of parts stay within the limits, whatever is nested how. */
static void
count_part (const TernPart *part, gpointer data)
{
  ++*(guint *) data;
}

static guint
depth_of (const TernPart *part)
{
  guint depth = 0;

  for (guint i = 0; part->children != NULL && i < part->children->len; i++)
    {
      guint below = depth_of (g_ptr_array_index (part->children, i));

      depth = MAX (depth, below);
    }
  return depth + 1;
}

static void
check_limits (GString *message)
{
  g_autoptr (GBytes) bytes = g_bytes_new (message->str, message->len);
  g_autoptr (TernPart) root = tern_mime_read_structure (bytes);
  g_autoptr (TernMimeText) text = tern_mime_read_text (bytes);
  guint parts = 0;

  tern_part_foreach (root, count_part, &parts);
  g_assert_cmpuint (parts, <=, TERN_LIMIT_MIME_PARTS);
  g_assert_cmpuint (depth_of (root), <=, TERN_LIMIT_MIME_DEPTH + 1);
  g_assert_nonnull (text->plain);
}

static void
test_limits (void)
{
  g_autoptr (GString) deep = g_string_new (NULL);
  g_autoptr (GString) wide = g_string_new ("Content-Type: multipart/mixed; boundary=b\n\n");
  g_autoptr (GString) nested = g_string_new (NULL);

  for (int i = 0; i < 3000; i++)
    {
      g_string_append_printf (deep, "Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n", i, i);
      g_string_append (wide, "--b\n\nx\n");
      g_string_append (nested, "Content-Type: message/rfc822\n\n");
    }
  check_limits (deep);
  check_limits (wide);
  check_limits (nested);
}

static void
test_text_limit (void)
{
  g_autoptr (GString) message = g_string_new ("Content-Type: text/plain; charset=utf-8\n\nx");
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (TernMimeText) text = NULL;

  while (message->len < 9 * 1024 * 1024)
    g_string_append (message, "äöü€😀\n");
  bytes = g_bytes_new (message->str, message->len);
  text = tern_mime_read_text (bytes);
  g_assert_true (text->truncated);
  g_assert_cmpuint (strlen (text->plain), <=, TERN_LIMIT_TEXT_SHOWN);
  g_assert_true (g_utf8_validate (text->plain, -1, NULL));
}

static gboolean
append_piece (const void *data, gsize size, gpointer user_data)
{
  g_byte_array_append (user_data, data, (guint) size);
  return TRUE;
}

static gboolean
refuse_piece (const void *data, gsize size, gpointer user_data)
{
  (*(guint *) user_data)++;
  return FALSE;
}

/* Wherever it is cut, the same comes out as at once. */
static void
test_pieces (void)
{
  static const struct
  {
    const char *encoding;
    const char *text;
    const char *decoded;
  } cases[] = {
    { "base64", "RWlu\r\nIFNh\r\ndHou\r\n", "Ein Satz." },
    { "base64", "RWluIFNhdHo", "Ein Satz" }, /* the padding was cut off */
    { "quoted-printable", "gr=C3=BC=C3=9Fe =\r\nund =3D\r\n", "grüße und =\r\n" },
    { "7bit", "as =3D it is", "as =3D it is" },
    { NULL, "as it is", "as it is" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    for (gsize cut = 0; cut <= strlen (cases[i].text); cut++)
      {
        g_autoptr (TernMimeDecoder) decoder = tern_mime_decoder_new (cases[i].encoding);
        g_autoptr (GBytes) head = tern_mime_decoder_step (decoder, cases[i].text, cut);
        g_autoptr (GBytes) tail =
            tern_mime_decoder_step (decoder, cases[i].text + cut, strlen (cases[i].text) - cut);
        g_autoptr (GBytes) rest = tern_mime_decoder_end (decoder);
        g_autoptr (GByteArray) all = g_byte_array_new ();

        append_piece (g_bytes_get_data (head, NULL), g_bytes_get_size (head), all);
        append_piece (g_bytes_get_data (tail, NULL), g_bytes_get_size (tail), all);
        append_piece (g_bytes_get_data (rest, NULL), g_bytes_get_size (rest), all);
        g_assert_cmpmem (all->data, all->len, cases[i].decoded, strlen (cases[i].decoded));
      }
}

static void
test_write_part (void)
{
  static const char *const sections[] = { "", "2", "3", "3.1" };
  g_autoptr (GBytes) message = bytes_of (mixed);
  g_autoptr (GByteArray) none = g_byte_array_new ();
  guint calls = 0;

  for (guint i = 0; i < G_N_ELEMENTS (sections); i++)
    {
      g_autoptr (GBytes) at_once = tern_mime_read_part (message, sections[i]);
      g_autoptr (GByteArray) all = g_byte_array_new ();

      g_assert_true (tern_mime_write_part (message, sections[i], append_piece, all));
      g_assert_cmpmem (all->data, all->len, g_bytes_get_data (at_once, NULL),
                       g_bytes_get_size (at_once));
    }
  g_assert_false (tern_mime_write_part (message, "9", append_piece, none));
  g_assert_cmpuint (none->len, ==, 0);
  g_assert_false (tern_mime_write_part (message, "2", refuse_piece, &calls));
  g_assert_cmpuint (calls, ==, 1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/mime/message/facts", test_facts);
  g_test_add_func ("/mime/message/structure", test_structure);
  g_test_add_func ("/mime/message/parts", test_parts);
  g_test_add_func ("/mime/message/from-parts", test_from_parts);
  g_test_add_func ("/mime/message/texts", test_texts);
  g_test_add_func ("/mime/message/headers", test_headers);
  g_test_add_func ("/mime/message/limits", test_limits);
  g_test_add_func ("/mime/message/text-limit", test_text_limit);
  g_test_add_func ("/mime/message/pieces", test_pieces);
  g_test_add_func ("/mime/message/write-part", test_write_part);
  g_test_add_func ("/mime/html/text", test_html);
  g_test_add_func ("/mime/html/hostile", test_html_hostile);
  g_test_add_func ("/mime/html/remote", test_html_remote);
  g_test_add_func ("/mime/html/facts", test_html_facts);
  g_test_add_func ("/mime/preview/forms", test_preview);
  g_test_add_func ("/mime/preview/length", test_preview_length);
  g_test_add_func ("/mime/preview/first", test_preview_first);
  g_test_add_func ("/mime/preview/clean", test_preview_clean);
  return g_test_run ();
}
