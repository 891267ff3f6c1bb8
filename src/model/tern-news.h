/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-engine.h"

G_BEGIN_DECLS

/**
 * TernNews:
 *
 * The messages that were announced and are new still. A message stops being that when it is read,
 * here or elsewhere, or leaves its folder; then it is told once. Thread: UI.
 */
typedef struct _TernNews TernNews;

/* @id is not of the news any more. Not called for tern_news_remove(). */
typedef void (*TernNewsGone) (TernId id, gpointer data);

TernNews *tern_news_new (TernEngine *engine, TernNewsGone gone, gpointer data);
/* Nothing is told any more. */
void tern_news_free (TernNews *self);

void tern_news_add (TernNews *self, const TernMessageRecord *record);
/* FALSE when it was none. */
gboolean tern_news_remove (TernNews *self, TernId id);
guint tern_news_get_count (TernNews *self);
/* The folder of one of them, 0 when it is none. */
TernId tern_news_get_folder (TernNews *self, TernId id);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernNews, tern_news_free)

G_END_DECLS
