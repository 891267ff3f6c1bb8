/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/*
 * Which attachments may be opened from the window: everything but what the desktop would run or
 * install. Those can be saved, which takes the step that a press too many does not.
 */

/* By what the message says it is and by what its name makes of it on this desktop. @name: the one
 * that the file will have, as tern_paths_safe_filename() gives it; another one says nothing. */
gboolean tern_attachment_policy_may_open (const char *mime_type, const char *name);

/* As much as any rule of the desktop for telling types apart looks at. */
#define TERN_ATTACHMENT_SNIFF_BYTES (64 * 1024)

/* The same when the content is here, or as much of its beginning: what the desktop goes by in the
 * end. */
gboolean
tern_attachment_policy_may_open_content (const char *mime_type, const char *name, GBytes *content);

G_END_DECLS
