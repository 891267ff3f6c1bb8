/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-imap-types.h"

void
tern_imap_reply_free (TernImapReply *self)
{
  g_free (self->text);
  g_free (self->code);
  g_clear_pointer (&self->body, g_bytes_unref);
  g_clear_pointer (&self->bodies, g_hash_table_unref);
  g_clear_pointer (&self->uids, g_array_unref);
  g_clear_pointer (&self->source_uids, g_array_unref);
  g_clear_pointer (&self->target_uids, g_array_unref);
  g_free (self);
}
