/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/*
 * Where Tern keeps things: $XDG_CONFIG_HOME/tern, $XDG_DATA_HOME/tern, $XDG_CACHE_HOME/tern.
 * All folders are made with mode 0700 and files with 0600, whatever the umask.
 */
char *tern_paths_dup_config_dir (void);
char *tern_paths_dup_data_dir (void);
char *tern_paths_dup_cache_dir (void);

/* Makes @path and its parents, 0700; a disk fault otherwise. */
gboolean tern_paths_ensure_dir (const char *path, GError **error);

/* Writes @contents to a new file beside @path, fsyncs, renames over @path, fsyncs the folder. */
gboolean
tern_paths_replace_file (const char *path, const char *contents, gssize length, GError **error);

/* A file name that is safe to create from one that came in a message: no separators, no control
 * or bidi characters, no leading dot, at most TERN_LIMIT_FILENAME bytes, never empty. */
char *tern_paths_safe_filename (const char *name);

G_END_DECLS
