/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-ctl-args.h"

#include <gio/gio.h>

G_BEGIN_DECLS

/* The bus, when the window or a ternctl that watches is to do the work, and *@name on it; NULL when
 * this one has to do it. */
GDBusConnection *tern_ctl_client_find_server (char **name);

/* Has @name run the command, with this program's streams, and waits for it: the exit code. */
int tern_ctl_client_run (GDBusConnection *connection,
                         const char *name,
                         const char *const *argv,
                         const TernCtlArgs *args);

G_END_DECLS
