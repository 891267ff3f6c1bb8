/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-message-row.h"

#include "tern-date.h"
#include "tern-row-style.h"

#include <adwaita.h>
#include <glib/gi18n.h>

#define PADDING      8
#define LINE_SPACING 2
#define GAP          6
#define DOT_SIZE     8
#define TEXT_START   16
/* What has to be hit of the star. */
#define STAR_AREA 26
#define MIN_WIDTH 160
/* No character that one can read is narrower. */
#define MIN_CHAR_WIDTH 3

typedef enum
{
  LINE_SENDER,
  LINE_DATE,
  LINE_SUBJECT,
  LINE_PREVIEW,
  N_LINES,
} Line;

struct _TernMessageRow
{
  GtkWidget parent_instance;

  GtkListItem *item;    /* (unowned): it owns us */
  TernMessage *message; /* (owned) (nullable) */
  gulong notify;

  PangoLayout *lines[N_LINES]; /* (owned) (nullable): made when drawn */
  int width;                   /* for which they were made */
  gboolean star_lit;
  gboolean star_open;
};

G_DEFINE_FINAL_TYPE (TernMessageRow, tern_message_row, GTK_TYPE_WIDGET)

static void
clear_lines (TernMessageRow *self)
{
  for (guint i = 0; i < N_LINES; i++)
    g_clear_object (&self->lines[i]);
}

/* Where things are */

typedef struct
{
  gboolean mirrored;
  int width;
  int top[3]; /* of the three lines */
  int date;   /* the width of it */
  int marks;  /* where they end, before the date */
} Places;

/* The rectangle that is @x from the edge where lines start. */
static graphene_rect_t
place (const Places *places, int x, int y, int width, int height)
{
  return GRAPHENE_RECT_INIT ((float) (places->mirrored ? places->width - x - width : x), (float) y,
                             (float) width, (float) height);
}

static gboolean
is_loaded (TernMessageRow *self)
{
  return self->message != NULL && tern_message_is_loaded (self->message);
}

static TernFlags
get_flags (TernMessageRow *self)
{
  return is_loaded (self) ? tern_message_get_flags (self->message) : 0;
}

static int
measure_height (GtkWidget *widget)
{
  return 2 * tern_row_style_get_line (widget, TERN_ROW_TEXT_NORMAL, NULL)
         + tern_row_style_get_line (widget, TERN_ROW_TEXT_SMALL, NULL) + 2 * LINE_SPACING
         + 2 * PADDING;
}

static Places
get_places (TernMessageRow *self)
{
  GtkWidget *widget = GTK_WIDGET (self);
  int line = tern_row_style_get_line (widget, TERN_ROW_TEXT_NORMAL, NULL);
  Places places = { .mirrored = gtk_widget_get_direction (widget) == GTK_TEXT_DIR_RTL,
                    .width = gtk_widget_get_width (widget) };

  places.top[0] = (gtk_widget_get_height (widget) - measure_height (widget)) / 2 + PADDING;
  places.top[1] = places.top[0] + line + LINE_SPACING;
  places.top[2] = places.top[1] + line + LINE_SPACING;
  if (self->lines[LINE_DATE] != NULL)
    pango_layout_get_pixel_size (self->lines[LINE_DATE], &places.date, NULL);
  places.marks = places.width - places.date - GAP;
  return places;
}

static graphene_rect_t
place_star (TernMessageRow *self, const Places *places)
{
  int lower = gtk_widget_get_height (GTK_WIDGET (self)) - PADDING - places->top[1];

  return place (places, places->width - STAR_AREA, places->top[1] + (lower - STAR_AREA) / 2,
                STAR_AREA, STAR_AREA);
}

/* The marks stand before the date, from the right: FALSE when the message has not got @part. */
static gboolean
place_mark (TernMessageRow *self, const Places *places, TernRowPart part, graphene_rect_t *rect)
{
  int line = tern_row_style_get_line (GTK_WIDGET (self), TERN_ROW_TEXT_NORMAL, NULL);
  gboolean attachment = is_loaded (self) && tern_message_has_attachments (self->message);
  gboolean answered = (get_flags (self) & TERN_FLAG_ANSWERED) != 0;
  int n = part == TERN_ROW_PART_ANSWERED && attachment ? 2 : 1;

  if (part == TERN_ROW_PART_ANSWERED ? !answered : !attachment)
    return FALSE;
  *rect = place (places, places->marks - n * TERN_ROW_MARK_SIZE - (n - 1) * GAP,
                 places->top[0] + (line - TERN_ROW_MARK_SIZE) / 2, TERN_ROW_MARK_SIZE,
                 TERN_ROW_MARK_SIZE);
  return TRUE;
}

static int
count_marks (TernMessageRow *self)
{
  return (is_loaded (self) && tern_message_has_attachments (self->message))
         + ((get_flags (self) & TERN_FLAG_ANSWERED) != 0);
}

TernRowPart
tern_message_row_get_part (TernMessageRow *self, double x, double y)
{
  Places places = get_places (self);
  graphene_point_t point = GRAPHENE_POINT_INIT ((float) x, (float) y);
  graphene_rect_t rect;

  g_return_val_if_fail (TERN_IS_MESSAGE_ROW (self), TERN_ROW_PART_NONE);
  if (!is_loaded (self))
    return TERN_ROW_PART_NONE;
  rect = place_star (self, &places);
  if (graphene_rect_contains_point (&rect, &point))
    return TERN_ROW_PART_STAR;
  for (TernRowPart part = TERN_ROW_PART_ANSWERED; part <= TERN_ROW_PART_ATTACHMENT; part++)
    if (place_mark (self, &places, part, &rect) && graphene_rect_contains_point (&rect, &point))
      return part;
  return TERN_ROW_PART_NONE;
}

/* Drawing */

static void
make_line (TernMessageRow *self, Line line, TernRowText text, const char *string)
{
  self->lines[line] = tern_row_style_make_layout (GTK_WIDGET (self), text, string,
                                                  (gsize) self->width / MIN_CHAR_WIDTH);
}

static void
make_lines (TernMessageRow *self)
{
  gint64 now = g_get_real_time () / G_USEC_PER_SEC;
  gboolean loaded = is_loaded (self);
  const char *subject = tern_message_get_subject (self->message);
  TernRowText text =
      loaded && !(get_flags (self) & TERN_FLAG_SEEN) ? TERN_ROW_TEXT_BOLD : TERN_ROW_TEXT_NORMAL;
  g_autofree char *date =
      tern_date_format_short (loaded ? tern_message_get_date (self->message) : 0, now, NULL);

  clear_lines (self);
  self->width = gtk_widget_get_width (GTK_WIDGET (self));
  make_line (self, LINE_SENDER, text, tern_message_get_sender (self->message));
  make_line (self, LINE_DATE, TERN_ROW_TEXT_SMALL, date);
  make_line (self, LINE_SUBJECT, text, *subject != '\0' || !loaded ? subject : _ ("(No subject)"));
  make_line (self, LINE_PREVIEW, TERN_ROW_TEXT_SMALL, tern_message_get_preview (self->message));
}

/* @top is where a line of the font would begin; one of a fallback font stands on the same
 * baseline, and what it wants more is cut at the row's edge. */
static void
draw_line (TernMessageRow *self,
           GtkSnapshot *snapshot,
           Line line,
           TernRowText text,
           const graphene_rect_t *rect,
           const GdkRGBA *color)
{
  PangoLayout *layout = self->lines[line];
  int ascent;

  if (rect->size.width <= 0)
    return;
  tern_row_style_get_line (GTK_WIDGET (self), text, &ascent);
  pango_layout_set_width (layout, (int) rect->size.width * PANGO_SCALE);
  gtk_snapshot_save (snapshot);
  gtk_snapshot_translate (
      snapshot, &GRAPHENE_POINT_INIT (rect->origin.x, rect->origin.y + (float) ascent
                                                          - (float) PANGO_PIXELS (
                                                              pango_layout_get_baseline (layout))));
  gtk_snapshot_append_layout (snapshot, layout, color);
  gtk_snapshot_restore (snapshot);
}

static void
draw_texts (TernMessageRow *self,
            GtkSnapshot *snapshot,
            const Places *places,
            const GdkRGBA *color,
            const GdkRGBA *dim)
{
  int line = tern_row_style_get_line (GTK_WIDGET (self), TERN_ROW_TEXT_NORMAL, NULL);
  int first = places->marks - TEXT_START - count_marks (self) * (TERN_ROW_MARK_SIZE + GAP);
  int lower = places->width - TEXT_START - GAP - STAR_AREA;
  graphene_rect_t rect;

  rect = place (places, TEXT_START, places->top[0], first, line);
  draw_line (self, snapshot, LINE_SENDER, TERN_ROW_TEXT_NORMAL, &rect, color);
  rect = place (places, places->width - places->date, places->top[0], places->date, line);
  draw_line (self, snapshot, LINE_DATE, TERN_ROW_TEXT_NORMAL, &rect, dim);
  rect = place (places, TEXT_START, places->top[1], lower, line);
  draw_line (self, snapshot, LINE_SUBJECT, TERN_ROW_TEXT_NORMAL, &rect, color);
  rect = place (places, TEXT_START, places->top[2], lower, line);
  draw_line (self, snapshot, LINE_PREVIEW, TERN_ROW_TEXT_SMALL, &rect, dim);
}

static void
draw_dot (TernMessageRow *self, GtkSnapshot *snapshot, const Places *places, const GdkRGBA *color)
{
  int height = gtk_widget_get_height (GTK_WIDGET (self));
  graphene_rect_t rect = place (places, 0, (height - DOT_SIZE) / 2, DOT_SIZE, DOT_SIZE);
  GskRoundedRect circle;

  gsk_rounded_rect_init_from_rect (&circle, &rect, DOT_SIZE / 2.0f);
  gtk_snapshot_push_rounded_clip (snapshot, &circle);
  gtk_snapshot_append_color (snapshot, color, &rect);
  gtk_snapshot_pop (snapshot);
}

static void
draw_star (TernMessageRow *self,
           GtkSnapshot *snapshot,
           const Places *places,
           const GdkRGBA *on,
           const GdkRGBA *off)
{
  gboolean starred = (get_flags (self) & TERN_FLAG_FLAGGED) != 0;
  graphene_rect_t rect = place_star (self, places);

  graphene_rect_inset (&rect, (STAR_AREA - TERN_ROW_STAR_SIZE) / 2.0f,
                       (STAR_AREA - TERN_ROW_STAR_SIZE) / 2.0f);
  tern_row_style_draw_icon (GTK_WIDGET (self), snapshot,
                            starred ? TERN_ROW_ICON_STAR_ON : TERN_ROW_ICON_STAR_OFF, &rect,
                            starred ? on : off);
}

static void
draw_marks (TernMessageRow *self, GtkSnapshot *snapshot, const Places *places, const GdkRGBA *color)
{
  graphene_rect_t rect;

  if (place_mark (self, places, TERN_ROW_PART_ANSWERED, &rect))
    tern_row_style_draw_icon (GTK_WIDGET (self), snapshot, TERN_ROW_ICON_ANSWERED, &rect, color);
  if (place_mark (self, places, TERN_ROW_PART_ATTACHMENT, &rect))
    tern_row_style_draw_icon (GTK_WIDGET (self), snapshot, TERN_ROW_ICON_ATTACHMENT, &rect, color);
}

static GdkRGBA
get_named_color (GtkStyleContext *style, const char *name, const GdkRGBA *fallback)
{
  GdkRGBA color;

  return gtk_style_context_lookup_color (style, name, &color) ? color : *fallback;
}

static GdkRGBA
get_dimmed (const GdkRGBA *color, float alpha)
{
  GdkRGBA dimmed = *color;

  if (!adw_style_manager_get_high_contrast (adw_style_manager_get_default ()))
    dimmed.alpha *= alpha;
  return dimmed;
}

static void
tern_message_row_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  TernMessageRow *self = TERN_MESSAGE_ROW (widget);
  GtkStyleContext *style = gtk_widget_get_style_context (widget);
  GdkRGBA color, dim, off, star, accent;
  Places places;

  if (self->message == NULL)
    return;
  if (self->lines[0] == NULL || self->width != gtk_widget_get_width (widget))
    make_lines (self);
  places = get_places (self);
  gtk_style_context_get_color (style, &color);
  dim = get_dimmed (&color, 0.68f);
  off = get_dimmed (&color, self->star_lit ? 0.9f : 0.45f);
  star = get_named_color (style, "warning_color", &color);
  if (!self->star_open)
    {
      off.alpha *= 0.4f;
      star.alpha *= 0.4f;
    }
  accent = get_named_color (style, "accent_bg_color", &color);
  draw_texts (self, snapshot, &places, &color, &dim);
  if (!is_loaded (self))
    return;
  draw_marks (self, snapshot, &places, &dim);
  draw_star (self, snapshot, &places, &star, &off);
  if (!(get_flags (self) & TERN_FLAG_SEEN))
    draw_dot (self, snapshot, &places, &accent);
}

static void
tern_message_row_measure (GtkWidget *widget,
                          GtkOrientation orientation,
                          int for_size,
                          int *minimum,
                          int *natural,
                          int *minimum_baseline,
                          int *natural_baseline)
{
  *minimum_baseline = *natural_baseline = -1;
  *minimum = *natural =
      orientation == GTK_ORIENTATION_VERTICAL ? measure_height (widget) : MIN_WIDTH;
}

static void
tern_message_row_css_changed (GtkWidget *widget, GtkCssStyleChange *change)
{
  GTK_WIDGET_CLASS (tern_message_row_parent_class)->css_changed (widget, change);
  clear_lines (TERN_MESSAGE_ROW (widget));
}

/* What it shows */

char *
tern_message_row_describe (TernMessage *message, gint64 now)
{
  TernFlags flags = tern_message_get_flags (message);
  const char *subject = tern_message_get_subject (message);
  g_autofree char *date = NULL;
  GString *text;

  if (!tern_message_is_loaded (message))
    return g_strdup (_ ("Loading…"));

  text = g_string_new (NULL);
  date = tern_date_format_short (tern_message_get_date (message), now, NULL);
  if (!(flags & TERN_FLAG_SEEN))
    g_string_append_printf (text, "%s, ", _ ("unread"));
  if (flags & TERN_FLAG_FLAGGED)
    g_string_append_printf (text, "%s, ", _ ("starred"));
  /* Translators: what a screen reader says of a message: sender, subject, date. */
  g_string_append_printf (text, _ ("From %s, %s, %s"), tern_message_get_sender (message),
                          *subject != '\0' ? subject : _ ("no subject"), date);
  if (tern_message_has_attachments (message))
    g_string_append_printf (text, ", %s", _ ("has attachments"));
  if (flags & TERN_FLAG_ANSWERED)
    g_string_append_printf (text, ", %s", _ ("answered"));
  return g_string_free (text, FALSE);
}

static void
refresh (TernMessageRow *self)
{
  g_autofree char *description =
      tern_message_row_describe (self->message, g_get_real_time () / G_USEC_PER_SEC);
  GtkWidget *item_widget = gtk_widget_get_parent (GTK_WIDGET (self));

  clear_lines (self);
  gtk_widget_queue_draw (GTK_WIDGET (self));
  /* GTK 4.8 cannot name a list item by its factory; its widget is our parent. */
  if (item_widget != NULL)
    gtk_accessible_update_property (GTK_ACCESSIBLE (item_widget), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                    description, -1);
}

static void
on_message_notify (TernMessage *message, GParamSpec *pspec, TernMessageRow *self)
{
  refresh (self);
}

void
tern_message_row_set_star_lit (TernMessageRow *self, gboolean lit)
{
  if (self->star_lit == lit)
    return;
  self->star_lit = lit;
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

void
tern_message_row_set_star_open (TernMessageRow *self, gboolean open)
{
  if (self->star_open == open)
    return;
  self->star_open = open;
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

static void
tern_message_row_dispose (GObject *object)
{
  TernMessageRow *self = TERN_MESSAGE_ROW (object);

  tern_message_row_set_message (self, NULL);
  clear_lines (self);
  G_OBJECT_CLASS (tern_message_row_parent_class)->dispose (object);
}

static void
tern_message_row_class_init (TernMessageRowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = tern_message_row_dispose;
  widget_class->measure = tern_message_row_measure;
  widget_class->snapshot = tern_message_row_snapshot;
  widget_class->css_changed = tern_message_row_css_changed;
  gtk_widget_class_set_css_name (widget_class, "message");
}

static void
tern_message_row_init (TernMessageRow *self)
{
  gtk_widget_set_overflow (GTK_WIDGET (self), GTK_OVERFLOW_HIDDEN);
}

TernMessageRow *
tern_message_row_new (GtkListItem *item)
{
  TernMessageRow *self = g_object_new (TERN_TYPE_MESSAGE_ROW, NULL);

  self->item = item;
  return self;
}

void
tern_message_row_set_message (TernMessageRow *self, TernMessage *message)
{
  if (self->message == message)
    return;
  if (self->message != NULL)
    g_clear_signal_handler (&self->notify, self->message);
  g_set_object (&self->message, message);
  if (message != NULL)
    {
      self->notify = g_signal_connect (message, "notify", G_CALLBACK (on_message_notify), self);
      refresh (self);
    }
}

TernMessage *
tern_message_row_get_message (TernMessageRow *self)
{
  return self->message;
}

guint
tern_message_row_get_position (TernMessageRow *self)
{
  return self->item != NULL ? gtk_list_item_get_position (self->item) : GTK_INVALID_LIST_POSITION;
}
