/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-html-policy.h"

#include <string.h>

#define LINK_SHOWN_MAX 160

#define STYLE_COMMON                                                             \
  "html{overflow-wrap:break-word}"                                               \
  "body{margin:12px 18px;font-family:sans-serif;font-size:15px;line-height:1.4}" \
  "img{max-width:100%;height:auto}"                                              \
  "pre{white-space:pre-wrap}"                                                    \
  "blockquote{margin-inline:0 0;padding-inline-start:12px;border-inline-start:3px solid #8888}"
#define STYLE_LIGHT "html{color-scheme:light;background:#fff}body{color:#1e1e1e}a{color:#1c71d8}"
#define STYLE_DARK  "html{color-scheme:dark;background:#1e1e1e}body{color:#eee}a{color:#78aeed}"

/* Behind the comment that begins at @p; NULL when it does not end. HTML knows more ends than "-->",
 * HTML 13.2.5.43 to 13.2.5.52: "<!-->", "<!--->" and "--!>". */
static const char *
skip_comment (const char *p)
{
  p += strlen ("<!--");
  if (*p == '>')
    return p + 1;
  if (g_str_has_prefix (p, "->"))
    return p + 2;
  while ((p = strstr (p, "--")) != NULL)
    {
      const char *end = p + 2;

      if (*end == '>')
        return end + 1;
      if (g_str_has_prefix (end, "!>"))
        return end + 2;
      p++;
    }
  return NULL;
}

/* Whether a DOCTYPE comes first, behind blanks and comments. Only the layout hangs on it. */
static gboolean
has_doctype (const char *html)
{
  const char *p = html;

  while (p != NULL)
    {
      p += strspn (p, " \t\r\n\f");
      if (!g_str_has_prefix (p, "<!--"))
        return g_ascii_strncasecmp (p, "<!doctype", strlen ("<!doctype")) == 0;
      p = skip_comment (p);
    }
  return FALSE;
}

char *
tern_html_policy_wrap (const char *html, gboolean remote_allowed, gboolean dark)
{
  GString *page = g_string_sized_new (strlen (html) + 1024);

  /* A byte order mark would be text, and end the head before it began. */
  if (g_str_has_prefix (html, "\xEF\xBB\xBF"))
    html += 3;
  /* Not one byte of the mail stands before the policy: what a browser makes of those bytes is not
   * for us to guess. Another DOCTYPE, further on, is ignored by it. */
  if (has_doctype (html))
    g_string_append (page, "<!DOCTYPE html>");
  g_string_append (page, "<html><head><meta charset=\"utf-8\">"
                         "<meta http-equiv=\"Content-Security-Policy\" content=\"");
  g_string_append (page, remote_allowed ? TERN_HTML_CSP_REMOTE : TERN_HTML_CSP_LOCAL);
  g_string_append (page, "\"><meta name=\"referrer\" content=\"no-referrer\"><style>" STYLE_COMMON);
  g_string_append (page, dark ? STYLE_DARK : STYLE_LIGHT);
  g_string_append (page, "</style></head>");
  g_string_append (page, html);
  return g_string_free (page, FALSE);
}

TernLinkKind
tern_html_policy_classify_link (const char *uri)
{
  g_autofree char *scheme = uri != NULL ? g_uri_parse_scheme (uri) : NULL;

  if (scheme == NULL)
    return TERN_LINK_REFUSED;
  if (g_ascii_strcasecmp (scheme, "http") == 0 || g_ascii_strcasecmp (scheme, "https") == 0)
    return TERN_LINK_EXTERNAL;
  if (g_ascii_strcasecmp (scheme, "mailto") == 0)
    return TERN_LINK_MAIL;
  return TERN_LINK_REFUSED;
}

char *
tern_html_policy_show_link (const char *uri)
{
  g_autofree char *valid = g_utf8_make_valid (uri, -1);
  GString *shown = g_string_new (NULL);
  glong length = 0;

  for (const char *p = valid; *p != '\0'; p = g_utf8_next_char (p))
    {
      gunichar c = g_utf8_get_char (p);

      if (length++ >= LINK_SHOWN_MAX)
        {
          g_string_append (shown, "…");
          break;
        }
      /* Anything outside ASCII can imitate another host or turn the text around. */
      if (c < 0x80 && g_ascii_isprint ((char) c))
        g_string_append_c (shown, (char) c);
      else
        {
          char bytes[6];
          int n = g_unichar_to_utf8 (c, bytes);

          for (int i = 0; i < n; i++)
            g_string_append_printf (shown, "%%%02X", (guchar) bytes[i]);
        }
    }
  return g_string_free (shown, FALSE);
}
