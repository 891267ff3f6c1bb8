/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A bar for a terminal, in the place of the last one: less than 80 columns wide, whatever a server
 * calls its folders. @folder (nullable); @total 0 when it is not known. */
char *tern_ctl_progress_line (const char *label, const char *folder, gint64 done, gint64 total);

/* Takes the bar away. */
#define TERN_CTL_PROGRESS_END "\r\033[K"

G_END_DECLS
