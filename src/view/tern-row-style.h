/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* What the rows of the message list have in common, worked out once for all of them. Main thread
 * only. */

/* Pixels. */
#define TERN_ROW_MARK_SIZE 14
#define TERN_ROW_STAR_SIZE 16

/* How a line of text is set. */
typedef enum
{
  TERN_ROW_TEXT_NORMAL,
  TERN_ROW_TEXT_BOLD,
  TERN_ROW_TEXT_SMALL,
  TERN_ROW_N_TEXTS,
} TernRowText;

typedef enum
{
  TERN_ROW_ICON_ANSWERED,
  TERN_ROW_ICON_ATTACHMENT,
  TERN_ROW_ICON_STAR_OFF,
  TERN_ROW_ICON_STAR_ON,
  TERN_ROW_N_ICONS,
} TernRowIcon;

/**
 * tern_row_style_prepare:
 * @widget: the list, realized
 *
 * Has the icons loaded and the commonest letters drawn once, a little in each idle moment, so that
 * the first rows do not have to wait for all of it at once.
 */
void tern_row_style_prepare (GtkWidget *widget);

/**
 * tern_row_style_get_line:
 * @widget: a row
 * @text: how the line is set
 * @ascent: (out) (optional): pixels from its top to its baseline
 *
 * Returns: the height of a line in the font of @widget, in pixels. It says nothing of fallback
 *   fonts, which may want more.
 */
int tern_row_style_get_line (GtkWidget *widget, TernRowText text, int *ascent);

/**
 * tern_row_style_make_layout:
 * @widget: a row
 * @text: how it is set
 * @string: one paragraph
 * @max_length: how many characters can be seen at most; what comes after them is not looked at,
 *   since shaping it would cost more than all the rest of a row
 *
 * Returns: (transfer full): a layout of one line
 */
PangoLayout *tern_row_style_make_layout (GtkWidget *widget,
                                         TernRowText text,
                                         const char *string,
                                         gsize max_length);

/* Draws @icon in @color at @place, which is of its size. */
void tern_row_style_draw_icon (GtkWidget *widget,
                               GtkSnapshot *snapshot,
                               TernRowIcon icon,
                               const graphene_rect_t *place,
                               const GdkRGBA *color);

G_END_DECLS
