/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-account.h"
#include "tern-outbox-list.h"

#include <adwaita.h>

G_BEGIN_DECLS

/**
 * TernApplication:
 *
 * The program: one instance per session, owner of the engine, which it opens while the window comes
 * up and closes, awaited, before it ends. Notifications, mailto: and the windows are its business.
 */
#define TERN_TYPE_APPLICATION (tern_application_get_type ())
G_DECLARE_FINAL_TYPE (TernApplication, tern_application, TERN, APPLICATION, AdwApplication)

/* Called with the engine when it is open: main() puts it on the bus for ternctl there. The result,
 * if any, is given to @unexport before the engine is closed. */
typedef gpointer (*TernApplicationExport) (TernEngine *engine, GDBusConnection *connection);

TernApplication *tern_application_new (TernApplicationExport export, GDestroyNotify unexport);

TernEngine *tern_application_get_engine (TernApplication *self);        /* (transfer none) */
TernAccountList *tern_application_get_accounts (TernApplication *self); /* NULL until open */
TernOutboxList *tern_application_get_outbox (TernApplication *self);    /* NULL until open */
GSettings *tern_application_get_settings (TernApplication *self);       /* (transfer none) */

/* Opens a composer; @draft (transfer full) (nullable). */
void tern_application_compose (TernApplication *self, TernDraft *draft);
/* A composer for what could not be sent, with its reason. */
void tern_application_edit_outbox (TernApplication *self, TernId outbox);
/* It is in the outbox: offers to undo for @seconds, which it is held there, and comes back in a
 * composer when refused. */
void tern_application_sent (TernApplication *self, TernId outbox, guint seconds);
/* @draft (transfer full) was thrown away: offers to bring it back. */
void tern_application_discarded (TernApplication *self, TernDraft *draft);
/* A toast in the main window. */
void tern_application_tell (TernApplication *self, const char *text);
/* The assistant; @uuid of the account to sign in again, NULL for a new one. */
void tern_application_open_assistant (TernApplication *self, const char *uuid);
/* The message was seen: its notification goes. */
void tern_application_withdraw (TernApplication *self, TernId id);

G_END_DECLS
