/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-row-style.h"

#define SMALL 0.9

static const struct
{
  const char *name;
  int size;
} icons[TERN_ROW_N_ICONS] = {
  [TERN_ROW_ICON_ANSWERED] = { "mail-replied-symbolic", TERN_ROW_MARK_SIZE },
  [TERN_ROW_ICON_ATTACHMENT] = { "mail-attachment-symbolic", TERN_ROW_MARK_SIZE },
  [TERN_ROW_ICON_STAR_OFF] = { "non-starred-symbolic", TERN_ROW_STAR_SIZE },
  [TERN_ROW_ICON_STAR_ON] = { "starred-symbolic", TERN_ROW_STAR_SIZE },
};

/* Pango shapes a sample text for each question after a font's metrics: some milliseconds for the
 * 200 rows of a list view. */
typedef struct
{
  PangoFontDescription *font; /* (owned): for which the lines are true */
  double resolution;
  int height[TERN_ROW_N_TEXTS];
  int ascent[TERN_ROW_N_TEXTS];
} Lines;

static void
measure_lines (Lines *lines, PangoContext *context)
{
  PangoFontMetrics *metrics = pango_context_get_metrics (context, NULL, NULL);
  int height = pango_font_metrics_get_height (metrics);
  int ascent = pango_font_metrics_get_ascent (metrics);

  for (guint i = 0; i < TERN_ROW_N_TEXTS; i++)
    {
      double scale = i == TERN_ROW_TEXT_SMALL ? SMALL : 1;

      lines->height[i] = PANGO_PIXELS_CEIL ((int) (height * scale));
      lines->ascent[i] = PANGO_PIXELS_CEIL ((int) (ascent * scale));
    }
  pango_font_metrics_unref (metrics);
}

int
tern_row_style_get_line (GtkWidget *widget, TernRowText text, int *ascent)
{
  static Lines lines;
  PangoContext *context = gtk_widget_get_pango_context (widget);
  const PangoFontDescription *font = pango_context_get_font_description (context);
  double resolution = pango_cairo_context_get_resolution (context);

  if (lines.font == NULL || lines.resolution != resolution
      || !pango_font_description_equal (lines.font, font))
    {
      g_clear_pointer (&lines.font, pango_font_description_free);
      lines.font = pango_font_description_copy (font);
      lines.resolution = resolution;
      measure_lines (&lines, context);
    }
  if (ascent != NULL)
    *ascent = lines.ascent[text];
  return lines.height[text];
}

static PangoAttrList *
get_attributes (TernRowText text)
{
  static PangoAttrList *lists[TERN_ROW_N_TEXTS];

  if (lists[text] == NULL)
    {
      lists[text] = pango_attr_list_new ();
      if (text == TERN_ROW_TEXT_BOLD)
        pango_attr_list_insert (lists[text], pango_attr_weight_new (PANGO_WEIGHT_BOLD));
      else if (text == TERN_ROW_TEXT_SMALL)
        pango_attr_list_insert (lists[text], pango_attr_scale_new (SMALL));
    }
  return lists[text];
}

PangoLayout *
tern_row_style_make_layout (GtkWidget *widget,
                            TernRowText text,
                            const char *string,
                            gsize max_length)
{
  PangoLayout *layout = gtk_widget_create_pango_layout (widget, NULL);
  const char *end = string;

  for (gsize n = 0; n < max_length && *end != '\0'; n++)
    end = g_utf8_next_char (end);
  pango_layout_set_text (layout, string, (int) (end - string));
  pango_layout_set_attributes (layout, get_attributes (text));
  pango_layout_set_single_paragraph_mode (layout, TRUE);
  pango_layout_set_ellipsize (layout, PANGO_ELLIPSIZE_END);
  return layout;
}

static GtkIconPaintable *
look_up (GtkWidget *widget, TernRowIcon icon)
{
  return gtk_icon_theme_lookup_icon (
      gtk_icon_theme_get_for_display (gtk_widget_get_display (widget)), icons[icon].name, NULL,
      icons[icon].size, gtk_widget_get_scale_factor (widget), gtk_widget_get_direction (widget),
      GTK_ICON_LOOKUP_PRELOAD);
}

void
tern_row_style_draw_icon (GtkWidget *widget,
                          GtkSnapshot *snapshot,
                          TernRowIcon icon,
                          const graphene_rect_t *place,
                          const GdkRGBA *color)
{
  /* The theme keeps what was looked up last, so this finds the same picture again. */
  g_autoptr (GtkIconPaintable) paintable = look_up (widget, icon);

  gtk_snapshot_save (snapshot);
  gtk_snapshot_translate (snapshot, &place->origin);
  gtk_symbolic_paintable_snapshot_symbolic (GTK_SYMBOLIC_PAINTABLE (paintable), snapshot,
                                            place->size.width, place->size.height, color, 1);
  gtk_snapshot_restore (snapshot);
}

/* Getting ready */

#define SAMPLE "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 .,:;!?-/()\"'@&#%+…"

typedef struct
{
  GtkWidget *widget; /* (weak) (nullable) */
  guint step;
} Preparation;

static void
preparation_free (gpointer data)
{
  Preparation *self = data;

  g_clear_weak_pointer (&self->widget);
  g_free (self);
}

static void
draw_sample (GtkWidget *widget, TernRowText text)
{
  g_autoptr (PangoLayout) layout =
      tern_row_style_make_layout (widget, text, SAMPLE, strlen (SAMPLE));
  cairo_surface_t *surface = cairo_image_surface_create (CAIRO_FORMAT_ARGB32, 1, 1);
  cairo_t *cr = cairo_create (surface);

  pango_cairo_show_layout (cr, layout);
  cairo_destroy (cr);
  cairo_surface_destroy (surface);
}

static gboolean
on_prepare (gpointer data)
{
  Preparation *self = data;

  if (self->widget == NULL || self->step == TERN_ROW_N_TEXTS)
    return G_SOURCE_REMOVE;
  draw_sample (self->widget, self->step++);
  return G_SOURCE_CONTINUE;
}

void
tern_row_style_prepare (GtkWidget *widget)
{
  Preparation *self = g_new0 (Preparation, 1);

  for (TernRowIcon icon = 0; icon < TERN_ROW_N_ICONS; icon++)
    g_object_unref (look_up (widget, icon));
  g_set_weak_pointer (&self->widget, widget);
  g_idle_add_full (G_PRIORITY_DEFAULT_IDLE, on_prepare, self, preparation_free);
}
