/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-mime-html-scan.h"

#include <string.h>

static const char *
find_word (const char *text, const char *word)
{
  gsize length = strlen (word);
  const char either[] = { word[0], (char) g_ascii_toupper (word[0]), '\0' };

  for (const char *p = text; (p = strpbrk (p, either)) != NULL; p++)
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
tern_mime_html_wants_remote (const char *html)
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
tern_mime_html_has_colours (const char *html)
{
  return find_word (html, "color") != NULL || find_word (html, "background") != NULL;
}
