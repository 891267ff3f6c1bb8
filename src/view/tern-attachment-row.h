/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/**
 * TernAttachmentRow:
 *
 * One attachment in a list: icon, name, type, size and at most two buttons. Signals "open" and
 * "act" (the second button: save in the reader, remove in the composer).
 */
#define TERN_TYPE_ATTACHMENT_ROW (tern_attachment_row_get_type ())
G_DECLARE_FINAL_TYPE (TernAttachmentRow, tern_attachment_row, TERN, ATTACHMENT_ROW, GtkListBoxRow)

typedef enum
{
  TERN_ATTACHMENT_ROW_READ, /* open, save */
  TERN_ATTACHMENT_ROW_EDIT, /* remove */
} TernAttachmentRowKind;

/* @content_type is a MIME type. */
TernAttachmentRow *tern_attachment_row_new (TernAttachmentRowKind kind,
                                            const char *name,
                                            const char *content_type,
                                            guint64 size,
                                            gboolean can_open);
void tern_attachment_row_set_busy (TernAttachmentRow *self, gboolean busy);

G_END_DECLS
