/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-engine.h"

G_BEGIN_DECLS

/**
 * TernAccount:
 *
 * One account for the window: properties "uuid", "label", "address", "state" (TernAccountState),
 * "status-text" (a plain sentence or ""), "progress" (0..1, negative when none), "fullness"
 * (percent of its room on the server, 0 when that is not known). Thread: UI.
 */
#define TERN_TYPE_ACCOUNT (tern_account_get_type ())
G_DECLARE_FINAL_TYPE (TernAccount, tern_account, TERN, ACCOUNT, GObject)

const char *tern_account_get_uuid (TernAccount *self);
const char *tern_account_get_label (TernAccount *self);
const char *tern_account_get_address (TernAccount *self);
const char *tern_account_get_name (TernAccount *self);
TernId tern_account_get_row (TernAccount *self);
TernAccountState tern_account_get_state (TernAccount *self);
const GError *tern_account_get_error (TernAccount *self); /* (nullable) */
/* REFUSED, but not by a server: the keyring is locked, and trying again asks for it to be opened.
 */
gboolean tern_account_is_locked (TernAccount *self);
/* REFUSED, and other settings or another password may help: the keyring is there and open. */
gboolean tern_account_needs_sign_in (TernAccount *self);
/* (nullable) Why the outgoing server does not let the account in. */
const GError *tern_account_get_sending_error (TernAccount *self);
const char *tern_account_get_status_text (TernAccount *self);
double tern_account_get_progress (TernAccount *self);
guint tern_account_get_fullness (TernAccount *self);
char *tern_account_dup_quota_text (TernAccount *self); /* NULL when it is not known */

/** TernAccountList: a GListModel of TernAccount that follows the engine. */
#define TERN_TYPE_ACCOUNT_LIST (tern_account_list_get_type ())
G_DECLARE_FINAL_TYPE (TernAccountList, tern_account_list, TERN, ACCOUNT_LIST, GObject)

TernAccountList *tern_account_list_new (TernEngine *engine);
TernAccount *tern_account_list_find (TernAccountList *self, const char *uuid); /* (transfer none) */

G_END_DECLS
