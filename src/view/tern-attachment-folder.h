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

/* Writes @bytes to a file named @name, which must be safe, in a folder of its own; read-only, since
 * what would be changed in it would be lost. Disk faults. The caller keeps a reference meanwhile.
 */
void tern_attachment_folder_write_async (TernAttachmentFolder *self,
                                         const char *name,
                                         GBytes *bytes,
                                         GCancellable *cancellable,
                                         GAsyncReadyCallback callback,
                                         gpointer user_data);
/* (transfer full): its path. */
char *tern_attachment_folder_write_finish (GAsyncResult *result, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernAttachmentFolder, tern_attachment_folder_unref)

G_END_DECLS
