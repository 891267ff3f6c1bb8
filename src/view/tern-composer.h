/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-application.h"

G_BEGIN_DECLS

/**
 * TernComposer:
 *
 * A window to write one message: a TernDraft comes in, is edited, and goes to the outbox. Nothing
 * is thrown away silently: closing asks with a bar, discarding can be undone from the main window,
 * and what is being written comes back after a crash or the end of the session.
 */
#define TERN_TYPE_COMPOSER (tern_composer_get_type ())
G_DECLARE_FINAL_TYPE (TernComposer, tern_composer, TERN, COMPOSER, AdwApplicationWindow)

/* @draft (transfer full) (nullable): empty. */
TernComposer *tern_composer_new (TernApplication *app, TernDraft *draft);
/* One that exists nowhere else: brought back from the outbox, from a discard, or after a crash.
 * @kept_name (nullable): what the draft keeper has it under. @reason (nullable): shown. */
TernComposer *tern_composer_new_returned (TernApplication *app,
                                          TernDraft *draft,
                                          const char *kept_name,
                                          const char *reason);
/* Takes an entry out of the outbox, back into a composer, with the reason it was not sent. */
void tern_composer_open_outbox (TernApplication *app, TernId outbox);
/* Whether closing would lose something that a person wrote. */
gboolean tern_composer_has_content (TernComposer *self);
/* Writes what there is to the draft keeper now. */
void tern_composer_keep (TernComposer *self);

G_END_DECLS
