/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-application.h"

G_BEGIN_DECLS

/**
 * TernAssistant:
 *
 * Adds an account, or signs in to one again: name, address and password, then the servers as
 * guessed and open to change. The login is tried before anything is saved, and what went wrong is
 * said in place. It can be left at any moment.
 */
#define TERN_TYPE_ASSISTANT (tern_assistant_get_type ())
G_DECLARE_FINAL_TYPE (TernAssistant, tern_assistant, TERN, ASSISTANT, AdwWindow)

/* @uuid (nullable): of the account to sign in again. */
TernAssistant *tern_assistant_new (TernApplication *app, GtkWindow *parent, const char *uuid);

G_END_DECLS
