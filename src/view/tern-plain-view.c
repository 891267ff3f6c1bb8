/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-plain-view.h"

#include <string.h>

/* A quarter of a frame: the rest of it is for the layout of what was put in. */
#define SLICE_USEC     (4 * G_TIME_SPAN_MILLISECOND)
#define BATCH_LINES    32
#define BATCH_BYTES    (8 * 1024)
#define LINE_MAX_CHARS 2000
/* Nobody writes more; laying out a line takes longer with each. */
#define LINE_MAX_LINKS 32
#define QUOTE_LEVELS   3

struct _TernPlainView
{
  AdwBin parent_instance;

  char *text; /* (owned) (nullable): what is still to be put in, from rest on */
  const char *rest;
  guint idle;
  char *hovered; /* (owned) (nullable) */

  GtkTextView *view;
  GtkTextBuffer *buffer;
  GtkTextTag *quotes[QUOTE_LEVELS];
  GtkTextTag *link;
};

enum
{
  SIGNAL_LINK_ACTIVATED,
  SIGNAL_LINK_HOVERED,
  N_SIGNALS
};
static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (TernPlainView, tern_plain_view, ADW_TYPE_BIN)

static GRegex *
link_regex (void)
{
  static GRegex *regex;

  if (regex == NULL)
    regex = g_regex_new ("(?:https?://|mailto:|\\bwww\\.)[^\\s<>\"\\x{201c}\\x{201d}]+",
                         G_REGEX_CASELESS | G_REGEX_OPTIMIZE, 0, NULL);
  return regex;
}

guint
tern_plain_view_quote_depth (const char *line, gsize length)
{
  guint depth = 0;

  for (gsize i = 0; i < length; i++)
    {
      if (line[i] == '>')
        depth++;
      else if (line[i] != ' ' || depth == 0)
        break;
    }
  return depth;
}

/* Without the punctuation that belongs to the sentence around the link; a bracket that was opened
 * in the link belongs to it. */
static gsize
trim_link (const char *link, gsize length)
{
  int open = 0;

  for (gsize i = 0; i < length; i++)
    open += link[i] == '(' ? 1 : link[i] == ')' ? -1 : 0;
  for (; length > 0; length--)
    {
      char last = link[length - 1];

      if (last == ')' && open >= 0)
        break;
      if (strchr (".,;:!?)'\"]}*_", last) == NULL)
        break;
      if (last == ')')
        open++;
    }
  return length;
}

static gboolean
may_have_link (const char *line, gsize length)
{
  return memchr (line, ':', length) != NULL || memmem (line, length, "www.", 4) != NULL
         || memmem (line, length, "WWW.", 4) != NULL;
}

gsize
tern_plain_view_measure_batch (const char *text)
{
  const char *p = text;

  for (guint n = 0; n < BATCH_LINES && *p != '\0' && p < text + BATCH_BYTES; n++)
    {
      gsize length = strcspn (p, "\n");

      if (length > LINE_MAX_CHARS || tern_plain_view_quote_depth (p, length) > 0
          || may_have_link (p, length))
        break;
      p += length;
      p += *p == '\n' ? 1 : 0;
    }
  return (gsize) (p - text);
}

static void
tag_links (TernPlainView *self, int line_offset, const char *line, gsize length)
{
  g_autoptr (GMatchInfo) match = NULL;
  guint n = 0;

  if (!may_have_link (line, length))
    return;
  for (gboolean found =
           g_regex_match_full (link_regex (), line, (gssize) length, 0, 0, &match, NULL);
       found && n < LINE_MAX_LINKS; found = g_match_info_next (match, NULL), n++)
    {
      int from, to;
      gsize trimmed;
      GtkTextIter start, end;

      g_match_info_fetch_pos (match, 0, &from, &to);
      trimmed = trim_link (line + from, (gsize) (to - from));
      gtk_text_buffer_get_iter_at_offset (self->buffer, &start,
                                          line_offset + (int) g_utf8_strlen (line, from));
      end = start;
      gtk_text_iter_forward_chars (&end, (int) g_utf8_strlen (line + from, (gssize) trimmed));
      gtk_text_buffer_apply_tag (self->buffer, self->link, &start, &end);
    }
}

/* Puts in one line with its tags; returns where the next one begins. */
static const char *
add_line (TernPlainView *self, const char *line)
{
  gsize length = strcspn (line, "\n");
  gboolean broken = FALSE;
  GtkTextIter end, start;
  int offset;
  guint depth;

  if (length > LINE_MAX_CHARS)
    {
      const char *cut = g_utf8_find_prev_char (line, line + LINE_MAX_CHARS + 1);

      broken = TRUE;
      length = cut != NULL ? (gsize) (cut - line) : length;
    }
  gtk_text_buffer_get_end_iter (self->buffer, &end);
  offset = gtk_text_iter_get_offset (&end);
  gtk_text_buffer_insert (self->buffer, &end, line, (int) length);
  tag_links (self, offset, line, length);

  depth = tern_plain_view_quote_depth (line, length);
  if (depth > 0)
    {
      gtk_text_buffer_get_iter_at_offset (self->buffer, &start, offset);
      gtk_text_buffer_get_end_iter (self->buffer, &end);
      gtk_text_buffer_apply_tag (self->buffer, self->quotes[MIN (depth, QUOTE_LEVELS) - 1], &start,
                                 &end);
    }
  line += length;
  if (broken || (*line == '\n' && line[1] != '\0'))
    {
      gtk_text_buffer_get_end_iter (self->buffer, &end);
      gtk_text_buffer_insert (self->buffer, &end, "\n", 1);
    }
  return *line == '\n' ? line + 1 : line;
}

/* Lines without tags go in together, which costs a small part of one by one. */
static const char *
add_batch (TernPlainView *self, const char *text)
{
  gsize length = tern_plain_view_measure_batch (text);
  const char *next = text + length;
  GtkTextIter end;

  if (length == 0)
    return add_line (self, text);
  /* The end of the last line begins no other. */
  if (*next == '\0' && next[-1] == '\n')
    length--;
  gtk_text_buffer_get_end_iter (self->buffer, &end);
  gtk_text_buffer_insert (self->buffer, &end, text, (int) length);
  return next;
}

static gboolean
add_slice (gpointer data)
{
  TernPlainView *self = data;
  gint64 stop = g_get_monotonic_time () + SLICE_USEC;

  while (*self->rest != '\0')
    {
      self->rest = add_batch (self, self->rest);
      if (*self->rest != '\0' && g_get_monotonic_time () >= stop)
        return G_SOURCE_CONTINUE;
    }
  g_clear_pointer (&self->text, g_free);
  self->idle = 0;
  return G_SOURCE_REMOVE;
}

void
tern_plain_view_set_text (TernPlainView *self, const char *text)
{
  GtkTextIter start;

  g_clear_handle_id (&self->idle, g_source_remove);
  gtk_text_buffer_set_text (self->buffer, "", 0);
  g_free (self->text);
  self->text = g_utf8_make_valid (text != NULL ? text : "", -1);
  self->rest = self->text;
  if (add_slice (self) == G_SOURCE_CONTINUE)
    self->idle = g_idle_add (add_slice, self);
  gtk_text_buffer_get_start_iter (self->buffer, &start);
  gtk_text_buffer_place_cursor (self->buffer, &start);
  gtk_text_view_scroll_to_iter (self->view, &start, 0, TRUE, 0, 0);
}

/* (nullable) (transfer full): the target of the link around @iter. */
static char *
dup_link_at (TernPlainView *self, const GtkTextIter *iter)
{
  GtkTextIter start = *iter;
  GtkTextIter end = *iter;
  g_autofree char *text = NULL;

  if (!gtk_text_iter_has_tag (iter, self->link))
    return NULL;
  if (!gtk_text_iter_starts_tag (&start, self->link))
    gtk_text_iter_backward_to_tag_toggle (&start, self->link);
  gtk_text_iter_forward_to_tag_toggle (&end, self->link);
  text = gtk_text_iter_get_text (&start, &end);
  if (g_ascii_strncasecmp (text, "www.", 4) == 0)
    return g_strconcat ("http://", text, NULL);
  return g_steal_pointer (&text);
}

static char *
dup_link_at_point (TernPlainView *self, double x, double y)
{
  GtkTextIter iter;
  int buffer_x, buffer_y;

  gtk_text_view_window_to_buffer_coords (self->view, GTK_TEXT_WINDOW_WIDGET, (int) x, (int) y,
                                         &buffer_x, &buffer_y);
  if (!gtk_text_view_get_iter_at_location (self->view, &iter, buffer_x, buffer_y))
    return NULL;
  return dup_link_at (self, &iter);
}

static void
on_released (GtkGestureClick *click, int n_press, double x, double y, TernPlainView *self)
{
  g_autofree char *uri = dup_link_at_point (self, x, y);

  if (uri != NULL && !gtk_text_buffer_get_has_selection (self->buffer))
    g_signal_emit (self, signals[SIGNAL_LINK_ACTIVATED], 0, uri);
}

static void
set_hovered (TernPlainView *self, char *uri)
{
  if (g_strcmp0 (uri, self->hovered) != 0)
    {
      gtk_widget_set_cursor_from_name (GTK_WIDGET (self->view), uri != NULL ? "pointer" : "text");
      g_signal_emit (self, signals[SIGNAL_LINK_HOVERED], 0, uri);
    }
  g_free (self->hovered);
  self->hovered = uri;
}

static void
on_motion (GtkEventControllerMotion *motion, double x, double y, TernPlainView *self)
{
  set_hovered (self, dup_link_at_point (self, x, y));
}

static void
on_leave (TernPlainView *self)
{
  set_hovered (self, NULL);
}

static gboolean
on_key_pressed (GtkEventControllerKey *key,
                guint keyval,
                guint code,
                GdkModifierType state,
                TernPlainView *self)
{
  g_autofree char *uri = NULL;
  GtkTextIter iter;

  if (keyval != GDK_KEY_Return && keyval != GDK_KEY_KP_Enter)
    return FALSE;
  gtk_text_buffer_get_iter_at_mark (self->buffer, &iter, gtk_text_buffer_get_insert (self->buffer));
  uri = dup_link_at (self, &iter);
  if (uri != NULL)
    g_signal_emit (self, signals[SIGNAL_LINK_ACTIVATED], 0, uri);
  return uri != NULL;
}

/* The text colour is the theme's, so it is read again when the theme changes. */
static void
tern_plain_view_css_changed (GtkWidget *widget, GtkCssStyleChange *change)
{
  TernPlainView *self = TERN_PLAIN_VIEW (widget);
  GdkRGBA colour;
  GtkStyleContext *style = gtk_widget_get_style_context (widget);

  GTK_WIDGET_CLASS (tern_plain_view_parent_class)->css_changed (widget, change);
  if (self->link == NULL)
    return;
  gtk_style_context_get_color (style, &colour);
  for (guint i = 0; i < QUOTE_LEVELS; i++)
    {
      GdkRGBA dimmed = colour;

      dimmed.alpha = 0.78f - 0.12f * (float) i;
      g_object_set (self->quotes[i], "foreground-rgba", &dimmed, NULL);
    }
  if (gtk_style_context_lookup_color (style, "accent_color", &colour))
    g_object_set (self->link, "foreground-rgba", &colour, NULL);
}

static void
tern_plain_view_dispose (GObject *object)
{
  TernPlainView *self = TERN_PLAIN_VIEW (object);

  g_clear_handle_id (&self->idle, g_source_remove);
  g_clear_pointer (&self->text, g_free);
  g_clear_pointer (&self->hovered, g_free);
  self->link = NULL;
  G_OBJECT_CLASS (tern_plain_view_parent_class)->dispose (object);
}

static void
tern_plain_view_class_init (TernPlainViewClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = tern_plain_view_dispose;
  widget_class->css_changed = tern_plain_view_css_changed;

  signals[SIGNAL_LINK_ACTIVATED] =
      g_signal_new ("link-activated", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                    NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
  signals[SIGNAL_LINK_HOVERED] =
      g_signal_new ("link-hovered", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                    NULL, G_TYPE_NONE, 1, G_TYPE_STRING);

  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/org/ternmail/Tern/tern-plain-view.ui");
  gtk_widget_class_bind_template_child (widget_class, TernPlainView, view);
  gtk_widget_class_bind_template_callback (widget_class, on_released);
  gtk_widget_class_bind_template_callback (widget_class, on_motion);
  gtk_widget_class_bind_template_callback (widget_class, on_leave);
  gtk_widget_class_bind_template_callback (widget_class, on_key_pressed);
}

static void
tern_plain_view_init (TernPlainView *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  self->buffer = gtk_text_view_get_buffer (self->view);
  for (guint i = 0; i < QUOTE_LEVELS; i++)
    self->quotes[i] = gtk_text_buffer_create_tag (self->buffer, NULL, NULL);
  self->link =
      gtk_text_buffer_create_tag (self->buffer, NULL, "underline", PANGO_UNDERLINE_SINGLE, NULL);
}
