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

/* Length of what may stand before the first tag: blanks, comments and the DOCTYPE. */
static gsize
measure_doctype (const char *html)
{
  const char *p = html;

  if (g_str_has_prefix (p, "\xEF\xBB\xBF"))
    p += 3;
  for (;;)
    {
      const char *end;

      p += strspn (p, " \t\r\n\f");
      if (g_str_has_prefix (p, "<!--"))
        end = strstr (p + 4, "-->");
      else if (g_ascii_strncasecmp (p, "<!doctype", 9) == 0)
        {
          end = strchr (p, '>');
          return end != NULL ? (gsize) (end + 1 - html) : 0;
        }
      else
        return 0;
      if (end == NULL)
        return 0;
      p = end + 3;
    }
}

char *
tern_html_policy_wrap (const char *html, gboolean remote_allowed, gboolean dark)
{
  gsize doctype = measure_doctype (html);
  GString *page = g_string_sized_new (strlen (html) + 1024);

  g_string_append_len (page, html, (gssize) doctype);
  g_string_append (page, "<html><head><meta charset=\"utf-8\">"
                         "<meta http-equiv=\"Content-Security-Policy\" content=\"");
  g_string_append (page, remote_allowed ? TERN_HTML_CSP_REMOTE : TERN_HTML_CSP_LOCAL);
  g_string_append (page, "\"><meta name=\"referrer\" content=\"no-referrer\"><style>" STYLE_COMMON);
  g_string_append (page, dark && !tern_html_policy_has_colours (html) ? STYLE_DARK : STYLE_LIGHT);
  g_string_append (page, "</style></head>");
  g_string_append (page, html + doctype);
  return g_string_free (page, FALSE);
}

static const char *
find_word (const char *text, const char *word)
{
  gsize length = strlen (word);

  for (const char *p = text;
       (p = strpbrk (p, (const char[]){ word[0], (char) g_ascii_toupper (word[0]), '\0' })) != NULL;
       p++)
    if (g_ascii_strncasecmp (p, word, length) == 0)
      return p;
  return NULL;
}

/* TRUE when a network URL follows @attribute somewhere, with anything a browser would allow
 * between. */
static gboolean
attribute_is_remote (const char *html, const char *attribute)
{
  const char *p = html;

  while ((p = find_word (p, attribute)) != NULL)
    {
      p += strlen (attribute);
      p += strspn (p, " \t\r\n\f=('\"");
      if (g_ascii_strncasecmp (p, "http:", 5) == 0 || g_ascii_strncasecmp (p, "https:", 6) == 0
          || g_str_has_prefix (p, "//"))
        return TRUE;
    }
  return FALSE;
}

gboolean
tern_html_policy_wants_remote (const char *html)
{
  static const char *const ATTRIBUTES[] = { "src", "srcset", "background",
                                            "url", "poster", "@import" };
  const char *p = html;

  for (guint i = 0; i < G_N_ELEMENTS (ATTRIBUTES); i++)
    if (attribute_is_remote (html, ATTRIBUTES[i]))
      return TRUE;

  /* href counts only in <link>: in <a> it is fetched when clicked. */
  while ((p = find_word (p, "<link")) != NULL)
    {
      gsize length = strcspn (p, ">");
      g_autofree char *tag = g_strndup (p, length);

      if (attribute_is_remote (tag, "href"))
        return TRUE;
      p += length;
    }
  return FALSE;
}

gboolean
tern_html_policy_has_colours (const char *html)
{
  return find_word (html, "color") != NULL || find_word (html, "background") != NULL;
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
