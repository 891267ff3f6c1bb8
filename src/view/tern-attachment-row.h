/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/**
 * TernAttachmentRow:
 *
 * One attachment in a list: icon, name, type, size and at most two buttons. While something is
 * being done with it there is one to cancel that instead, and how far it has come. Signals "open",
 * "act" (the second button: save in the reader, remove in the composer) and "cancel".
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
/* FALSE: it has to be fetched first, which the row says. */
void tern_attachment_row_set_here (TernAttachmentRow *self, gboolean here);
/* Nothing else is begun meanwhile. It is shown with the first progress: most of it takes no time.
 */
void tern_attachment_row_set_busy (TernAttachmentRow *self, gboolean busy);
gboolean tern_attachment_row_is_busy (TernAttachmentRow *self);
/* @total 0: not known. @waiting: nothing comes at the moment. */
void tern_attachment_row_set_progress (TernAttachmentRow *self,
                                       guint64 done,
                                       guint64 total,
                                       gboolean waiting);
/* (nullable): why the last thing that was tried did not come about. */
void tern_attachment_row_set_fault (TernAttachmentRow *self, const char *reason);

G_END_DECLS
