/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-engine.h"
#include "tern-message-list.h"

#include <adwaita.h>

G_BEGIN_DECLS

/**
 * TernReader:
 *
 * One message: header card, text or page, attachments. What it shows belongs to one message at
 * every moment: header and body change together, when the body is here or after 300 ms, then with a
 * spinner.
 *
 * Signals: "shown" (TernBody) when a body came up, "link-activated" (uri), "message" (text) for a
 * toast.
 */
#define TERN_TYPE_READER (tern_reader_get_type ())
G_DECLARE_FINAL_TYPE (TernReader, tern_reader, TERN, READER, AdwBin)

void tern_reader_set_engine (TernReader *self, TernEngine *engine);
/* @message (nullable): its row, for the header while the body is on its way. */
void tern_reader_show (TernReader *self, TernId id, TernMessage *message);
/* 0: nothing is selected; more than 1: so many. */
void tern_reader_show_count (TernReader *self, guint count);
TernId tern_reader_get_id (TernReader *self); /* 0 = none */
/* What is on screen now; (nullable) (transfer none). */
TernBody *tern_reader_get_body (TernReader *self);

/* Gives the focus to the text or page, or to what stands in its place. FALSE when nothing of it can
 * take the focus. */
gboolean tern_reader_focus_body (TernReader *self);
GtkWidget *tern_reader_get_attachments (TernReader *self); /* (transfer none): hidden without any */

/* Shows HTML messages as text from now on. */
void tern_reader_set_plain (TernReader *self, gboolean plain);

G_END_DECLS
