/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-mime-message.h"
#include "tern-mime-charset.h"

#include "tern-limits.h"

#include <libxml/HTMLparser.h>
#include <string.h>

/*
 * HTML to text with libxml2's push parser and SAX events: no tree is built, so a hostile document
 * costs memory in proportion to its depth only.
 */

#define CHUNK     (32 * 1024)
#define DEPTH_MAX 2000
#define QUOTE_MAX 20
#define LIST_MAX  20

typedef enum
{
  ELEMENT_INLINE,
  ELEMENT_BLOCK,     /* begins and ends a line */
  ELEMENT_PARAGRAPH, /* with an empty line around it */
  ELEMENT_QUOTE,
  ELEMENT_LIST,
  ELEMENT_ITEM,
  ELEMENT_CELL,
  ELEMENT_PRE,
  ELEMENT_LINK,
  ELEMENT_SKIPPED, /* nothing in it is text */
} ElementKind;

static const struct
{
  const char *name;
  ElementKind kind;
} elements[] = {
  { "a", ELEMENT_LINK },         { "address", ELEMENT_BLOCK },    { "article", ELEMENT_BLOCK },
  { "aside", ELEMENT_BLOCK },    { "blockquote", ELEMENT_QUOTE }, { "body", ELEMENT_BLOCK },
  { "center", ELEMENT_BLOCK },   { "dd", ELEMENT_BLOCK },         { "div", ELEMENT_BLOCK },
  { "dl", ELEMENT_PARAGRAPH },   { "dt", ELEMENT_BLOCK },         { "fieldset", ELEMENT_BLOCK },
  { "figure", ELEMENT_BLOCK },   { "footer", ELEMENT_BLOCK },     { "form", ELEMENT_BLOCK },
  { "h1", ELEMENT_PARAGRAPH },   { "h2", ELEMENT_PARAGRAPH },     { "h3", ELEMENT_PARAGRAPH },
  { "h4", ELEMENT_PARAGRAPH },   { "h5", ELEMENT_PARAGRAPH },     { "h6", ELEMENT_PARAGRAPH },
  { "head", ELEMENT_SKIPPED },   { "header", ELEMENT_BLOCK },     { "li", ELEMENT_ITEM },
  { "main", ELEMENT_BLOCK },     { "nav", ELEMENT_BLOCK },        { "object", ELEMENT_SKIPPED },
  { "ol", ELEMENT_LIST },        { "p", ELEMENT_PARAGRAPH },      { "pre", ELEMENT_PRE },
  { "script", ELEMENT_SKIPPED }, { "section", ELEMENT_BLOCK },    { "select", ELEMENT_SKIPPED },
  { "style", ELEMENT_SKIPPED },  { "svg", ELEMENT_SKIPPED },      { "table", ELEMENT_BLOCK },
  { "td", ELEMENT_CELL },        { "template", ELEMENT_SKIPPED }, { "textarea", ELEMENT_SKIPPED },
  { "th", ELEMENT_CELL },        { "title", ELEMENT_SKIPPED },    { "tr", ELEMENT_BLOCK },
  { "ul", ELEMENT_LIST },
};

typedef struct
{
  char name[16];
  ElementKind kind;
  gboolean skips;  /* this element or one around it is not text */
  char *href;      /* (nullable) */
  gsize text_from; /* where a link's text begins in the output */
} Open;

typedef struct
{
  GString *out;
  GArray *stack;  /* of Open */
  guint overflow; /* elements below DEPTH_MAX that were not pushed */
  guint newlines; /* wanted before the next text */
  gboolean space;
  guint quote;
  guint pre;
  guint lists;
  int counters[LIST_MAX]; /* of ordered lists; -1 for the others */
} Writer;

static void
open_clear (gpointer data)
{
  g_free (((Open *) data)->href);
}

static ElementKind
find_kind (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (elements); i++)
    if (g_str_equal (elements[i].name, name))
      return elements[i].kind;
  return ELEMENT_INLINE;
}

static gboolean
is_skipping (Writer *self)
{
  return self->overflow > 0
         || (self->stack->len > 0 && g_array_index (self->stack, Open, self->stack->len - 1).skips);
}

static void
want_newlines (Writer *self, guint n)
{
  self->newlines = MAX (self->newlines, n);
  self->space = FALSE;
}

static void
start_line (Writer *self)
{
  for (guint i = 0; i < self->quote; i++)
    g_string_append_c (self->out, '>');
  if (self->quote > 0)
    g_string_append_c (self->out, ' ');
}

/* Line breaks and the space that were put off until there is text to stand behind them. */
static void
settle (Writer *self)
{
  if (self->out->len == 0)
    {
      self->newlines = 0;
      start_line (self);
    }
  for (; self->newlines > 0; self->newlines--)
    {
      g_string_append_c (self->out, '\n');
      if (self->newlines == 1)
        start_line (self);
      else
        for (guint i = 0; i < self->quote; i++)
          g_string_append_c (self->out, '>');
    }
  if (self->space && self->out->len > 0 && self->out->str[self->out->len - 1] != ' '
      && self->out->str[self->out->len - 1] != '\n')
    g_string_append_c (self->out, ' ');
  self->space = FALSE;
}

static void
append_text (Writer *self, const char *text, gsize length)
{
  const char *end = text + length;

  if (self->out->len > 2 * TERN_LIMIT_TEXT_SHOWN)
    return;
  while (text < end)
    {
      const char *start = text;

      while (text < end && !g_ascii_isspace (*text))
        text++;
      if (text > start)
        {
          settle (self);
          g_string_append_len (self->out, start, text - start);
        }
      for (; text < end && g_ascii_isspace (*text); text++)
        if (self->pre > 0 && *text == '\n')
          self->newlines++;
        else if (self->pre > 0 && *text != '\r')
          {
            settle (self);
            g_string_append_c (self->out, ' ');
          }
        else
          self->space = self->newlines == 0;
    }
}

static const char *
find_attribute (const xmlChar **attributes, const char *name)
{
  for (; attributes != NULL && attributes[0] != NULL; attributes += 2)
    if (g_ascii_strcasecmp ((const char *) attributes[0], name) == 0)
      return attributes[1] != NULL ? (const char *) attributes[1] : "";
  return NULL;
}

static gboolean
is_hidden (const xmlChar **attributes)
{
  const char *style = find_attribute (attributes, "style");
  g_autofree char *squeezed = NULL;
  char *to;

  if (find_attribute (attributes, "hidden") != NULL)
    return TRUE;
  if (style == NULL || strlen (style) > 4096)
    return FALSE;
  to = squeezed = g_ascii_strdown (style, -1);
  for (const char *p = squeezed; *p != '\0'; p++)
    if (!g_ascii_isspace (*p))
      *to++ = *p;
  *to = '\0';
  return strstr (squeezed, "display:none") != NULL
         || strstr (squeezed, "visibility:hidden") != NULL;
}

static void
begin_item (Writer *self)
{
  int *counter =
      self->lists > 0 && self->lists <= LIST_MAX ? &self->counters[self->lists - 1] : NULL;
  char mark[32];

  want_newlines (self, 1);
  if (counter != NULL && *counter >= 0)
    g_snprintf (mark, sizeof mark, "%d. ", ++*counter);
  else
    g_strlcpy (mark, "• ", sizeof mark);
  settle (self);
  for (guint i = 1; i < MIN (self->lists, LIST_MAX); i++)
    g_string_append (self->out, "  ");
  g_string_append (self->out, mark);
}

static void
begin_list (Writer *self, const char *name)
{
  want_newlines (self, self->lists == 0 ? 2 : 1);
  if (self->lists < LIST_MAX)
    self->counters[self->lists] = g_str_equal (name, "ol") ? 0 : -1;
  self->lists++;
}

static void
begin_kind (Writer *self, Open *open, const xmlChar **attributes)
{
  switch (open->kind)
    {
    case ELEMENT_BLOCK:
      want_newlines (self, 1);
      break;
    case ELEMENT_PARAGRAPH:
      want_newlines (self, 2);
      break;
    case ELEMENT_QUOTE:
      want_newlines (self, 1);
      self->quote = MIN (self->quote + 1, QUOTE_MAX);
      break;
    case ELEMENT_LIST:
      begin_list (self, open->name);
      break;
    case ELEMENT_ITEM:
      begin_item (self);
      break;
    case ELEMENT_CELL:
      self->space = self->newlines == 0;
      break;
    case ELEMENT_PRE:
      want_newlines (self, 2);
      self->pre++;
      break;
    case ELEMENT_LINK:
      open->href = g_strdup (find_attribute (attributes, "href"));
      open->text_from = self->out->len;
      break;
    case ELEMENT_INLINE:
    case ELEMENT_SKIPPED:
    default:
      break;
    }
}

/* The target behind the text, unless the text says it already. */
static void
end_link (Writer *self, const Open *open)
{
  const char *text = self->out->str + MIN (open->text_from, self->out->len);
  const char *href = open->href;
  const char *bare;

  if (href == NULL || strlen (href) > 2000 || self->out->len == open->text_from)
    return;
  if (!g_str_has_prefix (href, "http://") && !g_str_has_prefix (href, "https://")
      && !g_str_has_prefix (href, "mailto:"))
    return;
  bare = strchr (href, ':') + 1;
  bare += strspn (bare, "/");
  if (strstr (text, bare) != NULL || strchr (href, ' ') != NULL)
    return;
  g_string_append_printf (self->out, " <%s>", href);
}

static void
end_kind (Writer *self, const Open *open)
{
  switch (open->kind)
    {
    case ELEMENT_BLOCK:
    case ELEMENT_ITEM:
      want_newlines (self, 1);
      break;
    case ELEMENT_PARAGRAPH:
      want_newlines (self, 2);
      break;
    case ELEMENT_QUOTE:
      want_newlines (self, 1);
      self->quote -= self->quote > 0;
      break;
    case ELEMENT_LIST:
      self->lists -= self->lists > 0;
      want_newlines (self, self->lists == 0 ? 2 : 1);
      break;
    case ELEMENT_PRE:
      self->pre -= self->pre > 0;
      want_newlines (self, 2);
      break;
    case ELEMENT_LINK:
      end_link (self, open);
      break;
    case ELEMENT_CELL:
    case ELEMENT_INLINE:
    case ELEMENT_SKIPPED:
    default:
      break;
    }
}

static void
insert_image (Writer *self, const xmlChar **attributes)
{
  const char *alt = find_attribute (attributes, "alt");

  if (alt != NULL && strlen (alt) < 500)
    append_text (self, alt, strlen (alt));
}

static void
on_start (void *data, const xmlChar *name, const xmlChar **attributes)
{
  Writer *self = data;
  Open open = { .kind = find_kind ((const char *) name) };

  if (g_str_equal (name, "br"))
    {
      if (!is_skipping (self))
        {
          self->newlines++;
          self->space = FALSE;
        }
      return;
    }
  if (g_str_equal (name, "img"))
    {
      if (!is_skipping (self))
        insert_image (self, attributes);
      return;
    }
  if (g_str_equal (name, "hr"))
    {
      want_newlines (self, 2);
      return;
    }
  if (self->stack->len >= DEPTH_MAX)
    {
      self->overflow++;
      return;
    }
  g_strlcpy (open.name, (const char *) name, sizeof open.name);
  open.skips = is_skipping (self) || open.kind == ELEMENT_SKIPPED || is_hidden (attributes);
  if (!open.skips)
    begin_kind (self, &open, attributes);
  g_array_append_val (self->stack, open);
}

static void
on_end (void *data, const xmlChar *name)
{
  Writer *self = data;
  guint i;

  if (g_str_equal (name, "br") || g_str_equal (name, "img") || g_str_equal (name, "hr"))
    return;
  if (self->overflow > 0)
    {
      self->overflow--;
      return;
    }
  for (i = self->stack->len; i > 0; i--)
    if (strncmp (g_array_index (self->stack, Open, i - 1).name, (const char *) name,
                 sizeof (((Open *) NULL)->name) - 1)
        == 0)
      break;
  if (i == 0)
    return;
  while (self->stack->len >= i)
    {
      const Open *open = &g_array_index (self->stack, Open, self->stack->len - 1);

      if (!open->skips)
        end_kind (self, open);
      g_array_set_size (self->stack, self->stack->len - 1);
    }
}

static void
on_text (void *data, const xmlChar *text, int length)
{
  Writer *self = data;

  if (!is_skipping (self) && length > 0)
    append_text (self, (const char *) text, length);
}

static void G_GNUC_PRINTF (2, 3) on_complaint (void *data, const char *format, ...)
{
  /* Every mail is broken HTML in some way; there is nobody to tell. */
}

char *
tern_mime_html_to_text (const char *html)
{
  Writer self = { .out = g_string_new (NULL), .stack = g_array_new (FALSE, FALSE, sizeof (Open)) };
  htmlSAXHandler sax = {
    .startElement = on_start,
    .endElement = on_end,
    .characters = on_text,
    .ignorableWhitespace = on_text,
    .warning = on_complaint,
    .error = on_complaint,
  };
  htmlParserCtxtPtr parser;
  gsize left;

  g_return_val_if_fail (html != NULL, NULL);

  g_array_set_clear_func (self.stack, open_clear);
  left = MIN (strlen (html), TERN_LIMIT_TEXT_SHOWN);
  parser = htmlCreatePushParserCtxt (&sax, &self, NULL, 0, NULL, XML_CHAR_ENCODING_UTF8);
  htmlCtxtUseOptions (parser, HTML_PARSE_RECOVER | HTML_PARSE_NONET | HTML_PARSE_NOERROR
                                  | HTML_PARSE_NOWARNING | HTML_PARSE_IGNORE_ENC);
  for (; left > 0; left -= MIN (left, CHUNK), html += CHUNK)
    htmlParseChunk (parser, html, MIN (left, CHUNK), 0);
  htmlParseChunk (parser, NULL, 0, 1);
  if (parser->myDoc != NULL)
    xmlFreeDoc (parser->myDoc);
  htmlFreeParserCtxt (parser);
  g_array_unref (self.stack);
  if (self.out->len > 0)
    g_string_append_c (self.out, '\n');
  if (!g_utf8_validate (self.out->str, self.out->len, NULL))
    {
      char *valid = g_utf8_make_valid (self.out->str, self.out->len);

      g_string_free (self.out, TRUE);
      return tern_mime_charset_clean_text (valid);
    }
  return tern_mime_charset_clean_text (g_string_free (self.out, FALSE));
}
