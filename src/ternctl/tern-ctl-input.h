/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Reads a stream to its end, at most 256 MiB (TERN_FAULT_LIMIT above that). */
void tern_ctl_input_read_async (GInputStream *stream,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer user_data);
GBytes *tern_ctl_input_read_finish (GAsyncResult *result, GError **error);

/* The same as text: valid UTF-8 without NUL, else TERN_FAULT_INVALID. */
char *tern_ctl_input_read_text_finish (GAsyncResult *result, GError **error);

G_END_DECLS
