/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-ctl-args.h"
#include "tern-engine.h"

G_BEGIN_DECLS

/**
 * TernCtl:
 *
 * One run of one command of ternctl, on an engine that is open: that of the terminal program, or
 * that of the running window (see tern-ctl-service.h). Everything that commands say and read goes
 * through the three streams; the exit code is the result. Thread: the engine's context.
 */

/* All commands; ends with a NULL name. */
extern const TernCtlCommand tern_ctl_commands[];

/* The usage of all commands, for people. */
char *tern_ctl_dup_usage (void);

/* @argv: without the program's name. @cwd: what relative file names start from. @cancellable
 * belongs to this run: it is also cancelled when nobody reads the output any more. */
void tern_ctl_run_async (TernEngine *engine,
                         const char *const *argv,
                         const char *cwd,
                         GInputStream *input,
                         GOutputStream *output,
                         GOutputStream *errors,
                         GCancellable *cancellable,
                         GAsyncReadyCallback callback,
                         gpointer user_data);
/* The exit code, once everything was written. */
int tern_ctl_run_finish (GAsyncResult *result);

/* What goes to standard error for @error: a sentence, or one line of JSON. @account (nullable) is
 * the account's id. */
char *tern_ctl_format_error (const GError *error, const char *account, gboolean json);

G_END_DECLS
