/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-account.h"

G_BEGIN_DECLS

TernAccount *tern_account_new (TernEngine *engine, TernAccountSettings *settings);
/* Settings were edited, or the status changed. */
void tern_account_take_settings (TernAccount *self, TernAccountSettings *settings);
void tern_account_update_status (TernAccount *self);

G_END_DECLS
