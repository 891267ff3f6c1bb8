/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-mime-build.h"

G_BEGIN_DECLS

/* Reads @file for a draft: name, type, bytes. A fault when it cannot be read, is a folder or is
 * larger than any server takes. Thread: UI; nothing blocks. */
void tern_attach_file_async (GFile *file,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer user_data);
TernAttachment *tern_attach_file_finish (GFile *file, GAsyncResult *result, GError **error);

G_END_DECLS
