/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "store-fixture.h"
#include "tern-imap-remote-private.h"
#include "tern-script-server.h"

G_BEGIN_DECLS

/**
 * Wire:
 *
 * The IMAP remote on a store of its own, against a scripted server: what the commands are.
 */
typedef struct
{
  TernTestCert *cert;
  TernScriptServer *server;
  StoreFixture *store;
  TernRemote *remote;
  GAsyncResult *result; /* (owned) (nullable) */
  TernRefusal refusal;
} Wire;

#define WIRE_GREET_WITH(caps)                                     \
  "S: * OK [CAPABILITY IMAP4rev1 UIDPLUS SASL-IR AUTH=PLAIN] hi", \
      "C: %t AUTHENTICATE PLAIN AGFubmEAc2VjcmV0",                \
      "S: %t OK [CAPABILITY IMAP4rev1 UIDPLUS" caps "] in"
#define WIRE_GREET WIRE_GREET_WITH ("")
#define WIRE_SELECT(name, epoch, next)                                               \
  "C: %t SELECT \"" name "\"", "S: * 1 EXISTS", "S: * OK [UIDVALIDITY " epoch "] x", \
      "S: * OK [UIDNEXT " next "] x", "S: %t OK [READ-WRITE] selected"

/* Connects; INBOX and Archive are synced. */
void wire_init (Wire *self, const char *const *script);
void wire_clear (Wire *self);

/* (GAsyncReadyCallback) Of a Wire: keeps the result for it. */
void wire_keep_result (GObject *source, GAsyncResult *result, gpointer data);

G_END_DECLS
