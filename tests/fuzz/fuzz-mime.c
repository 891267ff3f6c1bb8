/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-fuzz.h"

#include "tern-limits.h"
#include "tern-mime-build.h"
#include "tern-mime-message.h"

#include <string.h>

const char *const tern_fuzz_seeds[] = {
  "From: A <a@b.example>\r\nTo: c@d.example\r\nSubject: =?utf-8?Q?x?=\r\n"
  "Date: Tue, 24 Nov 2026 02:11:49 +0100\r\nMessage-ID: <a@b>\r\n\r\nHello\r\n-- \r\nA\r\n",
  "From: a@b\nTo: c@d\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=x\n\n--x\n"
  "Content-Type: multipart/alternative; boundary=y\n\n--y\nContent-Type: text/plain; "
  "format=flowed; delsp=yes\n\n> a \n> b\n--y\nContent-Type: text/html; charset=iso-8859-1\n"
  "Content-Transfer-Encoding: quoted-printable\n\n<p>a=E4<br><a href=3D\"http://x/\">b</a>\n--y--\n"
  "--x\nContent-Type: image/png; name*=utf-8''%C3%9C.png\nContent-Transfer-Encoding: base64\n"
  "Content-Disposition: attachment; filename*0*=utf-8''a; filename*1=b\n\nAAAA\n--x--\n",
  "Content-Type: message/rfc822\n\nContent-Type: multipart/digest; boundary=\"z\"\n\n--z\n\n"
  "Subject: inner\n\ntext\n--z--\n",
  "Content-Type: text/html\n\n<html><head><meta charset=utf-8><style>x</style></head><body>"
  "<blockquote><ol><li>a<li>b</ol><pre> x\n y</pre></blockquote><table><tr><td>c<td>d</table>",
  NULL,
};

static GBytes *
get_section (const char *section, gpointer data)
{
  return tern_mime_read_part (data, section);
}

static void
check_part (const TernPart *part, gpointer data)
{
  g_autoptr (GBytes) content = tern_mime_read_part (data, part->section);

  g_assert_true (g_utf8_validate (part->type, -1, NULL));
  g_assert_true (part->filename == NULL || g_utf8_validate (part->filename, -1, NULL));
  g_assert_true (content != NULL || g_str_equal (part->section, "1")); /* an empty message */
}

static void
check_text (const TernMimeText *text)
{
  g_autofree char *preview = tern_mime_make_preview (text);

  g_assert_true (g_utf8_validate (text->plain, -1, NULL));
  g_assert_true (text->html == NULL || g_utf8_validate (text->html, -1, NULL));
  g_assert_cmpint (g_utf8_strlen (preview, -1), <=, 200);
  g_assert_null (strpbrk (preview, "\r\n"));
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (GBytes) bytes = g_bytes_new_static (data, size);
  g_autoptr (TernMessageFacts) facts = tern_mime_read_facts (bytes);
  g_autoptr (GPtrArray) headers = tern_mime_read_headers (bytes);
  g_autoptr (TernPart) root = tern_mime_read_structure (bytes);
  g_autoptr (TernMimeText) text = tern_mime_read_text (bytes);
  g_autoptr (TernMimeText) from_parts = tern_mime_read_text_from_parts (root, get_section, bytes);
  g_auto (GStrv) sections = tern_mime_text_sections (root);
  g_autofree char *encoded = tern_part_encode (root);
  g_autoptr (TernPart) decoded = tern_part_decode (encoded);
  g_autoptr (TernBuiltMessage) built = tern_mime_build_from_source (bytes, NULL);
  g_autofree char *html_text = NULL;
  g_autofree char *raw = g_strndup (size > 0 ? (const char *) data : "", size);
  g_autofree char *preview = tern_mime_clean_preview (raw, size);
  g_autofree char *quick = tern_mime_read_preview (bytes);

  g_assert_true (g_utf8_validate (preview, -1, NULL));
  g_assert_cmpint (g_utf8_strlen (preview, -1), <=, 200);
  g_assert_cmpint (g_utf8_strlen (quick, -1), <=, 200);
  g_assert_nonnull (facts->subject);
  g_assert_nonnull (headers);
  g_assert_nonnull (decoded);
  g_assert_nonnull (sections);
  check_text (text);
  check_text (from_parts);
  tern_part_foreach (root, check_part, bytes);
  if (g_utf8_validate (raw, -1, NULL))
    {
      html_text = tern_mime_html_to_text (raw);
      g_assert_true (g_utf8_validate (html_text, -1, NULL));
    }
  if (built != NULL)
    g_assert_cmpuint (g_strv_length (built->recipients), >, 0);
  return 0;
}
