/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * TernAttachmentFolder:
 *
 * Where attachments are put that another program opens: a folder of this session in the cache, for
 * this user only (0700). A program may read its file late or again, so nothing goes while the
 * session lasts; all of it goes when the folder is dropped, and when a session ended otherwise, at
 * the beginning of the next one. In the cache and not in the runtime folder, which is small, in
 * memory, and not seen by other programs from inside a sandbox.
 *
 * Refcounted. Thread: UI; the disk is touched in a worker only.
 */
typedef struct _TernAttachmentFolder TernAttachmentFolder;

/* Inside @parent, where the folders of earlier sessions are deleted. */
TernAttachmentFolder *tern_attachment_folder_new (const char *parent);
/* (transfer full): the one of this session, made when nobody holds it. */
TernAttachmentFolder *tern_attachment_folder_ref_session (void);
TernAttachmentFolder *tern_attachment_folder_ref (TernAttachmentFolder *self);
/* With the last one everything in it is deleted; the application is held until that is done. */
void tern_attachment_folder_unref (TernAttachmentFolder *self);

/* Makes a folder of its own for a file named @name, which must be safe. The caller keeps a
 * reference meanwhile, here and below. */
void tern_attachment_folder_prepare_async (TernAttachmentFolder *self,
                                           const char *name,
                                           GCancellable *cancellable,
                                           GAsyncReadyCallback callback,
                                           gpointer user_data);
/* (transfer full): the path that the file has to have. */
char *tern_attachment_folder_prepare_finish (GAsyncResult *result, GError **error);
/* The file has been written to @path: it becomes read-only, since what would be changed in it would
 * be lost. REFUSED when it is a program, by its name, by @mime_type or by what is in it: then it is
 * deleted. */
void tern_attachment_folder_seal_async (TernAttachmentFolder *self,
                                        const char *path,
                                        const char *mime_type,
                                        GAsyncReadyCallback callback,
                                        gpointer user_data);
gboolean tern_attachment_folder_seal_finish (GAsyncResult *result, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernAttachmentFolder, tern_attachment_folder_unref)

G_END_DECLS
