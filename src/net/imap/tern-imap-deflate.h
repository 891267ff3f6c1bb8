/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * TernImapDeflate:
 *
 * Both directions of a connection after COMPRESS DEFLATE (RFC 4978): raw deflate streams without
 * header or checksum. What came compressed waits in here until there is room for what it becomes,
 * so that a few bytes cannot turn into more than is asked for. Thread: that of the wire.
 */
typedef struct _TernImapDeflate TernImapDeflate;

TernImapDeflate *tern_imap_deflate_new (void);
void tern_imap_deflate_free (TernImapDeflate *self);

/* Compressed up to the last byte, so that the server can read all of it. */
GBytes *tern_imap_deflate_pack (TernImapDeflate *self, GBytes *plain);

/* Where compressed bytes are read to; all that was put here before must have been unpacked. */
char *tern_imap_deflate_reserve (TernImapDeflate *self, gsize *room);
void tern_imap_deflate_commit (TernImapDeflate *self, gsize length);
/* What was read already, with the reply to COMPRESS. (transfer none) */
void tern_imap_deflate_put (TernImapDeflate *self, const char *data, gsize length);
/* There may be more to unpack without reading. */
gboolean tern_imap_deflate_has_more (TernImapDeflate *self);
/* Nothing comes any more: the connection may be taken for closed. */
gboolean tern_imap_deflate_has_ended (TernImapDeflate *self);
/* Fills up to @room bytes; 0: all is unpacked. -1: it is not a deflate stream. */
gssize tern_imap_deflate_unpack (TernImapDeflate *self, char *plain, gsize room, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernImapDeflate, tern_imap_deflate_free)

G_END_DECLS
