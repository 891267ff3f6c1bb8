/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-mime-body-private.h"
#include "tern-mime-charset.h"
#include "tern-mime-flowed.h"
#include "tern-mime-html-scan.h"

#include "tern-limits.h"

#include <string.h>

/*
 * Which parts make the text of a message. One walk serves three callers: a whole message, a message
 * that is here in parts, and the question which parts have to be fetched (then nothing is read).
 */

static void
scan_html (TernMimeText *self)
{
  if (self->html == NULL)
    return;
  self->html_wants_remote = tern_mime_html_wants_remote (self->html);
  self->html_has_colours = tern_mime_html_has_colours (self->html);
}

TernMimeText *
tern_mime_text_new (const char *html, const char *plain)
{
  TernMimeText *self = g_atomic_rc_box_new0 (TernMimeText);

  self->html = g_strdup (html);
  self->plain = g_strdup (plain != NULL ? plain : "");
  scan_html (self);
  return self;
}

TernMimeText *
tern_mime_text_ref (TernMimeText *self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
text_clear (gpointer data)
{
  TernMimeText *self = data;

  g_free (self->html);
  g_free (self->plain);
}

void
tern_mime_text_unref (TernMimeText *self)
{
  g_atomic_rc_box_release_full (self, text_clear);
}

/* A stretch of text that is shown one below the other; either may be missing, not both. */
typedef struct
{
  char *html;
  char *plain;
} Segment;

static void
segment_free (gpointer data)
{
  Segment *self = data;

  g_free (self->html);
  g_free (self->plain);
  g_free (self);
}

static GPtrArray *
segments_new (void)
{
  return g_ptr_array_new_with_free_func (segment_free);
}

typedef GBytes *(*ReadPart) (const TernPart *part, gpointer data);

typedef struct
{
  ReadPart read; /* NULL: only name the sections */
  gpointer data;
  GPtrArray *sections; /* of char*, when only naming */
  gboolean any_text;   /* second try, see is_shown() */
  gboolean flowed;
  gboolean truncated;
} Walk;

static void
cut_text (Walk *self, char *text)
{
  gsize n = strlen (text);

  if (n <= TERN_LIMIT_TEXT_SHOWN)
    return;
  *g_utf8_find_prev_char (text, text + TERN_LIMIT_TEXT_SHOWN + 1) = '\0';
  self->truncated = TRUE;
}

/* <meta charset=…> and <meta http-equiv … content="…; charset=…"> near the beginning. */
static char *
sniff_meta_charset (const char *data, gsize size)
{
  g_autofree char *head = g_strndup (data, MIN (size, 2048));
  char *p;

  for (gsize i = 0; i < MIN (size, 2048); i++)
    head[i] = head[i] == '\0' ? ' ' : g_ascii_tolower (head[i]);
  p = strstr (head, "<meta");
  p = p != NULL ? strstr (p, "charset") : NULL;
  if (p == NULL)
    return NULL;
  p += strlen ("charset");
  p += strspn (p, " \t\r\n");
  if (*p++ != '=')
    return NULL;
  p += strspn (p, " \t\r\n\"'");
  return g_strndup (p, strspn (p, "abcdefghijklmnopqrstuvwxyz0123456789-_.:"));
}

static char *
read_text (Walk *self, const TernPart *part)
{
  g_autoptr (GBytes) bytes = self->read (part, self->data);
  g_autofree char *meta = NULL;
  const char *charset = part->charset;
  const char *data;
  char *text;
  gsize size;

  if (bytes == NULL)
    return NULL;
  data = g_bytes_get_data (bytes, &size);
  if (data == NULL)
    data = "";
  if (size > 2 * TERN_LIMIT_TEXT_SHOWN)
    {
      size = 2 * TERN_LIMIT_TEXT_SHOWN;
      self->truncated = TRUE;
    }
  if (charset == NULL && tern_part_is (part, "text", "html"))
    charset = meta = sniff_meta_charset (data, size);
  text = tern_mime_charset_to_utf8 (data, size, charset);
  cut_text (self, text);
  return text;
}

static void
add_plain (Walk *self, const TernPart *part, GPtrArray *out)
{
  Segment *segment;
  char *text = read_text (self, part);

  if (text == NULL)
    return;
  text = tern_mime_charset_clean_text (text);
  if (part->format != NULL && g_ascii_strcasecmp (part->format, "flowed") == 0)
    {
      char *unfolded = tern_mime_flowed_decode (
          text, part->delsp != NULL && g_ascii_strcasecmp (part->delsp, "yes") == 0);

      g_free (text);
      text = unfolded;
      self->flowed = TRUE;
    }
  segment = g_new0 (Segment, 1);
  segment->plain = text;
  g_ptr_array_add (out, segment);
}

static void
add_text (Walk *self, const TernPart *part, GPtrArray *out)
{
  Segment *segment;
  char *html;

  if (self->read == NULL)
    {
      g_ptr_array_add (self->sections, g_strdup (part->section));
      segment = g_new0 (Segment, 1);
      if (tern_part_is (part, "text", "html"))
        segment->html = g_strdup ("");
      else
        segment->plain = g_strdup ("");
      g_ptr_array_add (out, segment);
      return;
    }
  if (!tern_part_is (part, "text", "html"))
    {
      add_plain (self, part, out);
      return;
    }
  html = read_text (self, part);
  if (html == NULL)
    return;
  segment = g_new0 (Segment, 1);
  segment->html = html;
  g_ptr_array_add (out, segment);
}

static gboolean
has_html (const GPtrArray *segments)
{
  for (guint i = 0; i < segments->len; i++)
    if (((Segment *) g_ptr_array_index (segments, i))->html != NULL)
      return TRUE;
  return FALSE;
}

static void
append_plain (GString *out, const char *plain)
{
  if (out->len > 0 && out->str[out->len - 1] != '\n')
    g_string_append_c (out, '\n');
  g_string_append (out, plain);
}

/* NULL when no segment has HTML. Plain stretches between HTML ones are shown as they are. */
static char *
join_html (const GPtrArray *segments)
{
  GString *out;

  if (!has_html (segments))
    return NULL;
  out = g_string_new (NULL);
  for (guint i = 0; i < segments->len; i++)
    {
      const Segment *segment = g_ptr_array_index (segments, i);

      if (segment->html != NULL)
        g_string_append (out, segment->html);
      else
        {
          g_autofree char *escaped = g_markup_escape_text (segment->plain, -1);

          g_string_append_printf (out, "<div style=\"white-space: pre-wrap\">%s</div>", escaped);
        }
    }
  return g_string_free (out, FALSE);
}

static char *
join_plain (const GPtrArray *segments)
{
  GString *out = g_string_new (NULL);

  for (guint i = 0; i < segments->len; i++)
    {
      const Segment *segment = g_ptr_array_index (segments, i);

      if (segment->plain != NULL)
        append_plain (out, segment->plain);
      else
        {
          g_autofree char *text = tern_mime_html_to_text (segment->html);

          append_plain (out, text);
        }
    }
  return g_string_free (out, FALSE);
}

static gboolean
is_blank (const char *text)
{
  while (g_ascii_isspace (*text))
    text++;
  return *text == '\0';
}

static void walk_part (Walk *self, const TernPart *part, const TernPart *parent, GPtrArray *out);

/* RFC 2046 section 5.1.4: the last one that is understood; the plain one is kept beside it. */
static void
walk_alternative (Walk *self, const TernPart *part, GPtrArray *out)
{
  g_autoptr (GPtrArray) best = NULL;
  g_autoptr (GPtrArray) plain = NULL;
  Segment *segment;

  for (guint i = 0; part->children != NULL && i < part->children->len; i++)
    {
      g_autoptr (GPtrArray) child = segments_new ();

      walk_part (self, g_ptr_array_index (part->children, i), part, child);
      if (child->len == 0)
        continue;
      if (!has_html (child))
        {
          g_clear_pointer (&plain, g_ptr_array_unref);
          plain = g_ptr_array_ref (child);
        }
      g_clear_pointer (&best, g_ptr_array_unref);
      best = g_steal_pointer (&child);
    }
  if (best == NULL)
    return;
  segment = g_new0 (Segment, 1);
  segment->html = join_html (best);
  if (plain != NULL)
    segment->plain = join_plain (plain);
  if (segment->html != NULL && segment->plain != NULL && is_blank (segment->plain))
    g_clear_pointer (&segment->plain, g_free);
  g_ptr_array_add (out, segment);
}

static void
walk_related (Walk *self, const TernPart *part, GPtrArray *out)
{
  const TernPart *root = NULL;

  for (guint i = 0; part->children != NULL && i < part->children->len && root == NULL; i++)
    {
      const TernPart *child = g_ptr_array_index (part->children, i);

      if (tern_part_is (child, "text", NULL) || tern_part_is (child, "multipart", NULL))
        root = child;
    }
  if (root != NULL)
    walk_part (self, root, part, out);
}

static void
walk_children (Walk *self, const TernPart *part, guint limit, GPtrArray *out)
{
  for (guint i = 0; part->children != NULL && i < MIN (part->children->len, limit); i++)
    walk_part (self, g_ptr_array_index (part->children, i), part, out);
}

/* At first only what is surely body text. When that is nothing: any text (an unknown kind of it is
 * plain, RFC 2046 section 4.1.4) that was not attached on purpose, or that is all there is. */
static gboolean
is_shown (Walk *self, const TernPart *part, const TernPart *parent)
{
  if (self->any_text)
    return tern_part_is (part, "text", NULL)
           && (parent == NULL || g_strcmp0 (part->disposition, "attachment") != 0);
  return (tern_part_is (part, "text", "plain") || tern_part_is (part, "text", "html"))
         && !tern_part_is_attachment (part);
}

static void
walk_part (Walk *self, const TernPart *part, const TernPart *parent, GPtrArray *out)
{
  if (tern_part_is (part, "multipart", "alternative"))
    walk_alternative (self, part, out);
  else if (tern_part_is (part, "multipart", "related"))
    walk_related (self, part, out);
  else if (tern_part_is (part, "multipart", "signed"))
    walk_children (self, part, 1, out);
  else if (tern_part_is (part, "multipart", "encrypted"))
    return;
  else if (tern_part_is (part, "multipart", NULL))
    walk_children (self, part, G_MAXUINT, out);
  else if (tern_part_is (part, "message", "rfc822"))
    {
      /* The messages of a digest are its text; any other is an attachment. */
      if (parent != NULL && tern_part_is (parent, "multipart", "digest"))
        walk_children (self, part, 1, out);
    }
  else if (is_shown (self, part, parent))
    add_text (self, part, out);
}

static GPtrArray *
walk (Walk *self, const TernPart *root)
{
  GPtrArray *segments = segments_new ();

  walk_part (self, root, NULL, segments);
  if (segments->len == 0)
    {
      self->any_text = TRUE;
      walk_part (self, root, NULL, segments);
    }
  return segments;
}

static TernMimeText *
walk_to_text (const TernPart *root, ReadPart read, gpointer data)
{
  Walk self = { .read = read, .data = data };
  g_autoptr (GPtrArray) segments = walk (&self, root);
  TernMimeText *text = g_atomic_rc_box_new0 (TernMimeText);

  text->html = join_html (segments);
  text->plain = join_plain (segments);
  if (text->html != NULL)
    cut_text (&self, text->html);
  scan_html (text);
  cut_text (&self, text->plain);
  text->plain_is_flowed = self.flowed;
  text->truncated = self.truncated;
  return text;
}

static GBytes *
read_from_message (const TernPart *part, gpointer data)
{
  GMimeObject *object = g_hash_table_lookup (data, part->section);

  return object != NULL ? tern_mime_tree_content (object) : NULL;
}

TernMimeText *
tern_mime_body_read (GMimeMessage *message, TernPart **structure)
{
  g_autoptr (GHashTable) objects = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (TernPart) root = tern_mime_tree_build (message, objects);
  TernMimeText *text = walk_to_text (root, read_from_message, objects);

  if (structure != NULL)
    *structure = g_steal_pointer (&root);
  return text;
}

typedef struct
{
  TernMimeGetSection get;
  gpointer data;
} PartsSource;

static GBytes *
read_from_parts (const TernPart *part, gpointer data)
{
  PartsSource *source = data;
  g_autoptr (GBytes) transferred = source->get (part->section, source->data);

  return transferred != NULL ? tern_mime_decode_part (part, transferred) : NULL;
}

TernMimeText *
tern_mime_read_text_from_parts (const TernPart *root, TernMimeGetSection get, gpointer data)
{
  PartsSource source = { get, data };

  g_return_val_if_fail (root != NULL && get != NULL, NULL);

  return walk_to_text (root, read_from_parts, &source);
}

static void
add_inline_image (const TernPart *part, gpointer data)
{
  GPtrArray *sections = data;

  if (part->content_id != NULL && tern_part_is (part, "image", NULL)
      && !tern_part_is_attachment (part))
    g_ptr_array_add (sections, g_strdup (part->section));
}

char **
tern_mime_text_sections (const TernPart *root)
{
  g_autoptr (GPtrArray) sections = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GPtrArray) segments = NULL;
  Walk self = { .sections = sections };

  g_return_val_if_fail (root != NULL, NULL);

  segments = walk (&self, root);
  if (has_html (segments))
    tern_part_foreach (root, add_inline_image, sections);
  g_ptr_array_add (sections, NULL);
  return (char **) g_ptr_array_free (g_steal_pointer (&sections), FALSE);
}
