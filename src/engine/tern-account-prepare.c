/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-account-prepare-private.h"

#include "tern-store-ops.h"
#include "tern-store-outbox.h"

#define KEEP_DONE_SECONDS (24 * 60 * 60)

/* What was on its way when the program ended: tried again, and looked for before. */
static gboolean
put_back_running (TernTxn *txn, TernId account, GError **error)
{
  g_autoptr (GPtrArray) running = tern_read_running_ops (tern_txn_reader (txn), account, error);

  if (running == NULL)
    return FALSE;
  for (guint i = 0; i < running->len; i++)
    if (!tern_txn_op_later (txn, ((TernOpRecord *) g_ptr_array_index (running, i))->id, 0, FALSE,
                            NULL, error))
      return FALSE;
  return TRUE;
}

/* What was sent and filed long ago is in Sent; the outbox need not keep it. */
static gboolean
drop_done (TernTxn *txn, TernId account, GError **error)
{
  g_autoptr (GPtrArray) entries = tern_read_outbox (tern_txn_reader (txn), account, error);
  gint64 before = g_get_real_time () / G_USEC_PER_SEC - KEEP_DONE_SECONDS;

  if (entries == NULL)
    return FALSE;
  for (guint i = 0; i < entries->len; i++)
    {
      const TernOutboxRecord *entry = g_ptr_array_index (entries, i);

      if (entry->state == TERN_OUTBOX_DONE && entry->queued < before
          && !tern_txn_outbox_remove (txn, entry->id, error))
        return FALSE;
    }
  return TRUE;
}

gboolean
tern_account_prepare (TernTxn *txn, gpointer data, gpointer *result, GError **error)
{
  TernId account = *(TernId *) data;
  g_autoptr (TernFolderRecord) inbox =
      tern_read_folder_by_path (tern_txn_reader (txn), account, "INBOX", NULL);
  TernFolderRecord fresh = { .account = account,
                             .path = (char *) "INBOX",
                             .name = (char *) "INBOX",
                             .remote_name = (char *) "INBOX",
                             .role = TERN_ROLE_INBOX,
                             .subscribed = TRUE,
                             .selectable = TRUE,
                             .remote_total = -1,
                             .remote_unread = -1 };
  TernId id;

  if (!tern_txn_outbox_restart (txn, account, error) || !put_back_running (txn, account, error)
      || !drop_done (txn, account, error))
    return FALSE;
  id = inbox != NULL ? inbox->id : tern_txn_put_folder (txn, &fresh, error);
  *result = g_memdup2 (&id, sizeof id);
  return id != 0;
}
