/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-engine.h"
#include "tern-mail-server.h"

/* Anna's account, nowhere. Always the same identifier. */
TernAccountSettings *engine_any_settings (void);
/* An account on @server. @smtp: the server has Postfix. */
TernAccountSettings *engine_server_settings (TernMailServer *server, guint user, gboolean smtp);
