/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine-fixture.h"
#include "tern-script-server.h"

G_BEGIN_DECLS

/**
 * ScriptSetup:
 *
 * An engine with one account at a scripted server. Whatever waits fails the test when it takes too
 * long.
 */
typedef struct
{
  TernTestCert *cert;
  TernScriptServer *server;
  EngineFixture *fixture;
  char *uuid;
} ScriptSetup;

void script_set_up (ScriptSetup *setup, const char *const *script);
void script_tear_down (ScriptSetup *setup);

/* The next server that the account finds in its place. */
void script_meet_again (ScriptSetup *setup, const char *const *script);

/* Until that is here, as engine_fixture_dump() shows it. */
void script_wait_dump (ScriptSetup *setup, const char *dump);

/* Until the first connection has done so many steps of its script. */
void script_wait_steps (ScriptSetup *setup, guint steps);

G_END_DECLS
