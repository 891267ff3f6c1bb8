/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-application.h"

G_BEGIN_DECLS

/**
 * TernAccountWindow:
 *
 * What a person can change of an account without its password: names, and what of its mail is kept
 * on this computer. Each change is saved at once.
 */
#define TERN_TYPE_ACCOUNT_WINDOW (tern_account_window_get_type ())
G_DECLARE_FINAL_TYPE (TernAccountWindow, tern_account_window, TERN, ACCOUNT_WINDOW, AdwWindow)

/* @uuid: the account; NULL when there is none such any more. */
TernAccountWindow *
tern_account_window_new (TernApplication *app, GtkWindow *parent, const char *uuid);

G_END_DECLS
