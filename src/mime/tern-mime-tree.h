/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-mime-gmime.h"
#include "tern-mime-message.h"

#include "tern-part.h"

G_BEGIN_DECLS

/* A parsed message; NULL when there is nothing at all in it. (transfer full) (nullable) */
GMimeMessage *tern_mime_tree_parse (GBytes *bytes);

/* The structure, bounded by TERN_LIMIT_MIME_DEPTH and TERN_LIMIT_MIME_PARTS. @objects (nullable)
 * gets section -> GMimeObject, both borrowed from the result and from @message. */
TernPart *tern_mime_tree_build (GMimeMessage *message, GHashTable *objects);

/* The content of one object with its transfer encoding undone. */
GBytes *tern_mime_tree_content (GMimeObject *object);

/* The same in pieces, as tern_mime_write_part(). */
gboolean tern_mime_tree_write (GMimeObject *object, TernMimeSink sink, gpointer user_data);

G_END_DECLS
