/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-ctl.h"

G_BEGIN_DECLS

/*
 * The running window serves ternctl, and so does a ternctl that watches without a window: who has
 * the store. On the session bus, under its name, the object TERN_CTL_SERVICE_PATH has one method
 *
 *   Run (argv: as, cwd: s, input: h, output: h, errors: h) → exit code: i
 *
 * which runs a command on its engine. The three handles are pipes or files of the caller;
 * a caller that leaves the bus takes its command along.
 */
#define TERN_CTL_SERVICE_PATH      "/org/ternmail/Tern/Control"
#define TERN_CTL_SERVICE_INTERFACE "org.ternmail.Tern.Control"

/**
 * TernCtlService: lives until tern_ctl_service_free(), which also stops what is running. Thread:
 * the engine's context.
 */
typedef struct _TernCtlService TernCtlService;

TernCtlService *
tern_ctl_service_export (TernEngine *engine, GDBusConnection *connection, GError **error);
void tern_ctl_service_free (TernCtlService *self);

/* The name of a ternctl that watches: one for each folder of mail, as that has one lock. */
char *tern_ctl_service_dup_watch_name (void);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernCtlService, tern_ctl_service_free)

G_END_DECLS
