/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-mime-message.h"
#include "tern-store-messages.h"
#include "tern-store.h"

G_BEGIN_DECLS

/*
 * The first words of messages whose text is here. Of what was fetched for the reader or for the
 * list they are made at once; of what is only kept they are made afterwards, so that a large
 * folder is not kept waiting for them.
 */

/* Of the sections that @get gives (tern_mime_read_text_from_parts()); NULL when they are too few.
 * @structure (nullable). */
char *
tern_previews_from_sections (const TernPart *structure, TernMimeGetSection get, gpointer data);

/* (nullable): "" when the text cannot be read. Readers only. */
char *tern_previews_read (TernReader *reader, const TernMessageRecord *record);

/* @more: there are more of them. */
typedef void (*TernPreviewsMade) (gboolean more, const GError *error, gpointer data);

/* Makes and stores those of some messages (@n > 0), or of the next ones of @account. Calls back
 * from the main context of the caller. */
void tern_previews_make (TernStore *store,
                         TernId account,
                         const TernId *ids,
                         gsize n,
                         TernPreviewsMade made,
                         gpointer data);

G_END_DECLS
