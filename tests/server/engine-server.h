/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine-fixture.h"
#include "tern-mail-server.h"

/* Anna's account, nowhere. Always the same identifier. */
TernAccountSettings *engine_any_settings (void);
/* An account on @server. @smtp: the server has Postfix. */
TernAccountSettings *engine_server_settings (TernMailServer *server, guint user, gboolean smtp);

/** EngineSetup: an engine with one account on a server of its own. */
typedef struct
{
  TernMailServer *server;
  EngineFixture *fixture;
  char *uuid;
} EngineSetup;

/* Takes @server; FALSE when it is NULL (not installed). The account is online. */
gboolean engine_setup_begin (EngineSetup *setup, gboolean smtp, TernMailServer *server);
void engine_setup_end (EngineSetup *setup);

/* Messages that doveadm finds in @folder. */
guint engine_setup_count (EngineSetup *setup, const char *folder, const char *search);
/* A message "@subject" into INBOX on the server. */
void engine_setup_append (EngineSetup *setup, const char *subject, const char *flags);
void engine_setup_append_to (EngineSetup *setup,
                             const char *folder,
                             const char *subject,
                             const char *flags);

GArray *engine_setup_finish_verb (EngineSetup *setup, GAsyncResult **slot);
/* Of a message in INBOX. */
GArray *engine_setup_move_to_role (EngineSetup *setup, const char *subject, TernRole role);
TernBody *engine_setup_load_body (EngineSetup *setup, TernId id);

TernDraft *engine_setup_draft (EngineSetup *setup, const char *to, const char *subject);
TernId engine_setup_send (EngineSetup *setup, const TernDraft *draft);
/* Ends at DONE, REFUSED or UNCERTAIN. */
TernOutboxRecord *engine_setup_wait_outbox (EngineSetup *setup, TernId id);
TernOutboxRecord *engine_setup_outbox_entry (EngineSetup *setup, TernId id);
