/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-imap-structure.h"
#include "tern-imap-params.h"

#include "tern-limits.h"

#include <string.h>

#define SECTION_MAX 512 /* a number and a dot for each of TERN_LIMIT_MIME_DEPTH levels */

typedef struct
{
  TernImapParser *parser;
  guint n_parts;
  guint depth;
} Builder;

static TernPart *build_part (Builder *b, guint token, const char *section, const char *prefix);

/* A walk over the siblings inside one list. */
typedef struct
{
  TernImapParser *parser;
  guint at;
  guint end;
} Cursor;

static Cursor
cursor_in (TernImapParser *parser, guint list)
{
  return (Cursor){ parser, list + 1, tern_imap_parser_end (parser, list) };
}

/* The next sibling; past the end an index that every accessor answers with "no". */
static guint
cursor_take (Cursor *c)
{
  guint token = c->at;

  if (token >= c->end)
    return G_MAXUINT;
  c->at = tern_imap_parser_after (c->parser, token);
  return token;
}

static gboolean
is_list (TernImapParser *parser, guint token)
{
  return tern_imap_parser_kind (parser, token) == TERN_IMAP_TOKEN_LIST;
}

static char *
dup_lower (TernImapSlice slice)
{
  return slice.data != NULL && slice.length > 0 ? g_ascii_strdown (slice.data, slice.length) : NULL;
}

/* A lower-case copy in @buffer; cut where no registered name is as long. */
static const char *
lower (TernImapSlice slice, const char *fallback, char *buffer, gsize size)
{
  gsize length = MIN (slice.length, size - 1);

  if (slice.data == NULL || length == 0)
    return fallback;
  for (gsize i = 0; i < length; i++)
    buffer[i] = g_ascii_tolower (slice.data[i]);
  buffer[length] = '\0';
  return buffer;
}

static char *
dup_content_id (TernImapSlice id)
{
  while (id.length > 0 && (g_ascii_isspace (*id.data) || *id.data == '<'))
    {
      id.data++;
      id.length--;
    }
  while (id.length > 0
         && (g_ascii_isspace (id.data[id.length - 1]) || id.data[id.length - 1] == '>'))
    id.length--;
  return id.length > 0 ? g_strndup (id.data, id.length) : NULL;
}

/* ("attachment" ("filename" "a.pdf")); some servers leave the list of parameters out. */
static void
take_disposition (TernPart *part, TernImapParser *parser, guint token)
{
  Cursor c;
  guint params;

  if (!is_list (parser, token))
    return;
  c = cursor_in (parser, token);
  part->disposition = dup_lower (tern_imap_parser_slice (parser, cursor_take (&c)));
  params = cursor_take (&c);
  if (is_list (parser, params))
    {
      char *filename = tern_imap_params_dup_filename (parser, params, "filename");

      if (filename != NULL)
        {
          g_free (part->filename);
          part->filename = filename;
        }
    }
}

static TernPart *
build_multipart (Builder *b, guint token, const char *section, const char *prefix)
{
  TernImapParser *parser = b->parser;
  Cursor c = cursor_in (parser, token);
  g_autoptr (GPtrArray) children = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_part_free);
  char subtype[64];
  TernPart *part;
  guint n = 0;
  guint t = cursor_take (&c);

  for (; is_list (parser, t); t = cursor_take (&c))
    {
      char child_section[SECTION_MAX];
      TernPart *child;

      g_snprintf (child_section, sizeof child_section, "%s%u", prefix, ++n);
      child = build_part (b, t, child_section, NULL);
      if (child != NULL)
        g_ptr_array_add (children, child);
    }
  part =
      tern_part_new (section, "multipart",
                     lower (tern_imap_parser_slice (parser, t), "mixed", subtype, sizeof subtype));
  cursor_take (&c); /* parameters: of no use here */
  take_disposition (part, parser, cursor_take (&c));
  part->children = g_steal_pointer (&children);
  return part;
}

/* message/rfc822 and message/global: the envelope is passed over, the body is the only child. */
static void
take_message (Builder *b, TernPart *part, Cursor *c)
{
  char section[SECTION_MAX];
  char prefix[SECTION_MAX];
  guint body;
  TernPart *child;

  cursor_take (c); /* envelope */
  body = cursor_take (c);
  cursor_take (c); /* lines */
  if (!is_list (b->parser, body))
    return;
  g_snprintf (prefix, sizeof prefix, "%s.", part->section);
  g_snprintf (section, sizeof section, is_list (b->parser, body + 1) ? "%s.TEXT" : "%s.1",
              part->section);
  child = build_part (b, body, section, prefix);
  if (child == NULL)
    return;
  part->children = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_part_free);
  g_ptr_array_add (part->children, child);
}

static TernPart *
build_single (Builder *b, guint token, const char *section)
{
  TernImapParser *parser = b->parser;
  Cursor c = cursor_in (parser, token);
  char type[64];
  char subtype[128];
  guint type_token = cursor_take (&c);
  guint subtype_token = cursor_take (&c);
  guint params = cursor_take (&c);
  TernPart *part;

  part = tern_part_new (
      section,
      lower (tern_imap_parser_slice (parser, type_token), "application", type, sizeof type),
      lower (tern_imap_parser_slice (parser, subtype_token), "octet-stream", subtype,
             sizeof subtype));
  if (is_list (parser, params))
    {
      part->charset = tern_imap_params_dup (parser, params, "charset");
      part->filename = tern_imap_params_dup_filename (parser, params, "name");
      if (strcmp (part->type, "text") == 0 && strcmp (part->subtype, "plain") == 0)
        {
          part->format = tern_imap_params_dup (parser, params, "format");
          part->delsp = tern_imap_params_dup (parser, params, "delsp");
        }
    }
  part->content_id = dup_content_id (tern_imap_parser_slice (parser, cursor_take (&c)));
  cursor_take (&c); /* description */
  part->encoding = dup_lower (tern_imap_parser_slice (parser, cursor_take (&c)));
  tern_imap_parser_number (parser, cursor_take (&c), &part->size);

  if (strcmp (part->type, "text") == 0)
    {
      /* Lines, which some servers leave out. */
      guint64 lines;
      Cursor ahead = c;

      if (tern_imap_parser_number (parser, cursor_take (&ahead), &lines))
        c = ahead;
    }
  else if (strcmp (part->type, "message") == 0
           && (strcmp (part->subtype, "rfc822") == 0 || strcmp (part->subtype, "global") == 0)
           && is_list (parser, c.at < c.end ? c.at : G_MAXUINT))
    take_message (b, part, &c);
  cursor_take (&c); /* MD5 */
  take_disposition (part, parser, cursor_take (&c));
  return part;
}

/* @prefix goes before the numbers of a multipart's children; NULL: the section and a dot. */
static TernPart *
build_part (Builder *b, guint token, const char *section, const char *prefix)
{
  char own_prefix[SECTION_MAX];
  TernPart *part;

  if (tern_imap_parser_end (b->parser, token) == token + 1 || b->depth >= TERN_LIMIT_MIME_DEPTH
      || b->n_parts >= TERN_LIMIT_MIME_PARTS)
    return NULL;
  b->depth++;
  b->n_parts++;
  if (is_list (b->parser, token + 1))
    {
      if (prefix == NULL)
        {
          g_snprintf (own_prefix, sizeof own_prefix, "%s.", section);
          prefix = own_prefix;
        }
      part = build_multipart (b, token, section, prefix);
    }
  else
    part = build_single (b, token, section);
  b->depth--;
  return part;
}

TernPart *
tern_imap_structure_build (TernImapParser *parser, guint token)
{
  Builder b = { .parser = parser };

  if (!is_list (parser, token))
    return NULL;
  return build_part (&b, token, is_list (parser, token + 1) ? "" : "1", "");
}
