/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-mailbox-ids-private.h"

/*
 * A folder keeps its MAILBOXID (RFC 8474) when it is renamed, whatever is in it, and a new one of
 * the old name gets another.
 */

/* The only one with this id; NULL also when there are several, because then it tells nothing. */
static const TernFolderRecord *
find_only (const GPtrArray *folders, const char *id)
{
  const TernFolderRecord *found = NULL;

  for (guint i = 0; i < folders->len; i++)
    {
      const TernFolderRecord *folder = g_ptr_array_index (folders, i);

      if (g_strcmp0 (folder->mailbox_id, id) != 0)
        continue;
      if (found != NULL)
        return NULL;
      found = folder;
    }
  return found;
}

const TernFolderRecord *
tern_mailbox_ids_find_renamed (const GPtrArray *listed,
                               const GPtrArray *stored,
                               const TernFolderRecord *folder)
{
  const TernFolderRecord *known;

  if (folder->mailbox_id == NULL || find_only (listed, folder->mailbox_id) != folder)
    return NULL;
  known = find_only (stored, folder->mailbox_id);
  /* What is done to INBOX leaves an INBOX behind (RFC 9051 section 6.3.6). */
  return known != NULL && known->remote_name != NULL && known->role != TERN_ROLE_INBOX ? known
                                                                                       : NULL;
}
