/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-application.h"

G_BEGIN_DECLS

/**
 * TernComposer:
 *
 * A window to write one message: a TernDraft comes in, is edited, and goes to the outbox. Nothing
 * is thrown away silently: closing asks with a bar, discarding can be undone from the main window.
 */
#define TERN_TYPE_COMPOSER (tern_composer_get_type ())
G_DECLARE_FINAL_TYPE (TernComposer, tern_composer, TERN, COMPOSER, AdwApplicationWindow)

/* @draft (transfer full) (nullable): empty. */
TernComposer *tern_composer_new (TernApplication *app, TernDraft *draft);
/* Takes an entry out of the outbox, back into a composer, with the reason it was not sent. */
void tern_composer_open_outbox (TernApplication *app, TernId outbox);
/* Whether closing would lose something that a person wrote. */
gboolean tern_composer_has_content (TernComposer *self);

G_END_DECLS
