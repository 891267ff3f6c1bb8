/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-outbox-steps-private.h"

#include <glib/gi18n.h>

#include "tern-body-store.h"
#include "tern-folder-names-private.h"
#include "tern-mime-message.h"
#include "tern-store-folders.h"
#include "tern-store-messages.h"
#include "tern-store-ops.h"
#include "tern-store-ledger.h"
#include "tern-store-rights.h"

void
tern_outbox_query_free (TernOutboxQuery *self)
{
  g_clear_pointer (&self->now, g_array_unref);
  g_free (self);
}

void
tern_outbox_work_free (TernOutboxWork *self)
{
  g_clear_pointer (&self->entry, tern_outbox_record_free);
  g_clear_pointer (&self->message, g_bytes_unref);
  g_array_unref (self->found);
  g_array_unref (self->unfiled);
  g_free (self);
}

typedef enum
{
  FILED_NOT,
  FILED_REFUSED,
  FILED_PENDING,
  FILED,
} Filed;

/* One message with the Message-ID of the entry. */
static gboolean
is_place_filed (TernReader *reader, TernId location, TernId sent, Filed *filed, GError **error)
{
  g_autoptr (TernMessageRecord) record = tern_read_message (reader, location, NULL);
  TernOpState state = TERN_OP_PENDING;
  gboolean appended = FALSE;

  *filed = FILED_NOT;
  if (record == NULL)
    return TRUE;
  if (record->folder == sent && tern_read_uid (reader, location, NULL, NULL) != 0)
    {
      *filed = FILED;
      return TRUE;
    }
  if (!tern_read_append_state (reader, location, &appended, &state, error))
    return FALSE;
  if (appended && state == TERN_OP_CONFIRMED)
    *filed = FILED;
  else if (appended && state != TERN_OP_REFUSED)
    *filed = FILED_PENDING;
  else if (appended || record->folder == sent)
    *filed = FILED_REFUSED;
  return TRUE;
}

/* @copy: the one that the server refused. A copy that was made and is nowhere any more was moved or
 * deleted by somebody: nothing is left to do. */
static gboolean
is_filed (TernReader *reader,
          const TernOutboxRecord *entry,
          TernId sent,
          Filed *filed,
          TernId *copy,
          GError **error)
{
  g_autoptr (GArray) locations =
      tern_read_locations_by_message_id (reader, entry->account, entry->message_id, error);

  if (locations == NULL)
    return FALSE;
  *filed = FILED_NOT;
  for (guint i = 0; i < locations->len; i++)
    {
      TernId location = g_array_index (locations, TernId, i);
      Filed place;

      if (!is_place_filed (reader, location, sent, &place, error))
        return FALSE;
      if (place == FILED_REFUSED)
        *copy = location;
      *filed = MAX (*filed, place);
    }
  if (*filed == FILED_NOT && entry->state == TERN_OUTBOX_ACCEPTED && entry->not_before != 0)
    *filed = FILED;
  return TRUE;
}

static gboolean
look_for_copy (TernReader *reader,
               TernOutboxWork *work,
               const TernOutboxRecord *entry,
               TernId sent,
               GError **error)
{
  TernUnfiled unfiled = { .id = entry->id };
  Filed filed;

  if (!is_filed (reader, entry, sent, &filed, &unfiled.copy, error))
    return FALSE;
  if (filed == FILED)
    g_array_append_val (work->found, entry->id);
  else if (entry->state == TERN_OUTBOX_UNCERTAIN)
    work->look_into = sent;
  else if (filed == FILED_NOT || filed == FILED_REFUSED)
    g_array_append_val (work->unfiled, unfiled);
  return TRUE;
}

/* A person asked for another try, and it has not been made yet. */
static gboolean
is_asked_for (const TernOutboxQuery *query, const TernOutboxRecord *entry)
{
  if (query->now == NULL || entry->state != TERN_OUTBOX_QUEUED)
    return FALSE;
  for (guint i = 0; i < query->now->len; i++)
    if (g_array_index (query->now, TernId, i) == entry->id)
      return FALSE;
  return TRUE;
}

/* *@message is NULL when it is gone, or damaged: no other one has to wait for that. */
static gboolean
read_message (TernReader *reader, const char *hash, GBytes **message, GError **error)
{
  GError *fault = NULL;

  *message = tern_read_loose_body (reader, hash, &fault);
  if (fault == NULL || tern_fault_is (fault, TERN_FAULT_DAMAGED))
    {
      g_clear_error (&fault);
      return TRUE;
    }
  g_propagate_error (error, fault);
  return FALSE;
}

static gboolean
look_at_entry (TernReader *reader,
               const TernOutboxQuery *query,
               TernOutboxWork *work,
               TernOutboxRecord *entry,
               TernId sent,
               GError **error)
{
  gint64 now = g_get_real_time () / 1000;
  gboolean due = entry->not_before <= now || is_asked_for (query, entry);

  if (entry->state == TERN_OUTBOX_UNCERTAIN || entry->state == TERN_OUTBOX_ACCEPTED)
    return look_for_copy (reader, work, entry, sent, error);
  if (query->blocked && entry->state == TERN_OUTBOX_QUEUED && entry->fault != NULL)
    return TRUE;
  if ((entry->state == TERN_OUTBOX_HELD || entry->state == TERN_OUTBOX_QUEUED) && !due)
    work->next_time =
        work->next_time == 0 ? entry->not_before : MIN (work->next_time, entry->not_before);
  else if ((entry->state == TERN_OUTBOX_HELD || entry->state == TERN_OUTBOX_QUEUED)
           && work->entry == NULL)
    {
      if (!read_message (reader, entry->body_hash, &work->message, error))
        return FALSE;
      work->entry = entry;
    }
  return error == NULL || *error == NULL;
}

gboolean
tern_outbox_work_read (TernReader *reader,
                       gpointer data,
                       GCancellable *cancellable,
                       gpointer *result,
                       GError **error)
{
  const TernOutboxQuery *query = data;
  g_autoptr (GPtrArray) entries = tern_read_outbox (reader, query->account, error);
  g_autoptr (TernFolderRecord) sent = NULL;
  TernOutboxWork *work;

  if (entries == NULL)
    return FALSE;
  sent = tern_read_folder_by_role (reader, query->account, TERN_ROLE_SENT, NULL);
  work = g_new0 (TernOutboxWork, 1);
  work->found = g_array_new (FALSE, FALSE, sizeof (TernId));
  work->unfiled = g_array_new (FALSE, FALSE, sizeof (TernUnfiled));
  for (guint i = 0; i < entries->len; i++)
    {
      TernOutboxRecord *entry = g_ptr_array_index (entries, i);

      if (!look_at_entry (reader, query, work, entry, sent != NULL ? sent->id : 0, error))
        {
          tern_outbox_work_free (work);
          return FALSE;
        }
    }
  for (guint i = 0; i < entries->len && work->entry != NULL; i++)
    if (g_ptr_array_index (entries, i) == work->entry)
      {
        g_ptr_array_steal_index (entries, i);
        break;
      }
  *result = work;
  return TRUE;
}

/* Transitions */

TernOutboxStep *
tern_outbox_step_new (TernId id, TernOutboxState state)
{
  TernOutboxStep *self = g_atomic_rc_box_new0 (TernOutboxStep);

  self->id = id;
  self->state = state;
  return self;
}

TernOutboxStep *
tern_outbox_step_ref (TernOutboxStep *self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
step_clear (gpointer data)
{
  TernOutboxStep *self = data;

  g_free (self->fault);
  g_free (self->server_text);
  g_clear_pointer (&self->recipients, g_ptr_array_unref);
}

void
tern_outbox_step_unref (TernOutboxStep *self)
{
  g_atomic_rc_box_release_full (self, step_clear);
}

static TernOutboxState
recipient_state (const TernSmtpRecipient *recipient)
{
  switch (recipient->state)
    {
    case TERN_SMTP_RCPT_ACCEPTED:
      return TERN_OUTBOX_ACCEPTED;
    case TERN_SMTP_RCPT_REFUSED:
      return TERN_OUTBOX_REFUSED;
    case TERN_SMTP_RCPT_WAITING:
    case TERN_SMTP_RCPT_LATER:
    default:
      return TERN_OUTBOX_QUEUED;
    }
}

static TernOutboxRecord *
read_entry (TernTxn *txn, TernId id, GError **error)
{
  GError *fault = NULL;
  TernOutboxRecord *entry = tern_read_outbox_entry (tern_txn_reader (txn), id, &fault);

  if (entry == NULL && fault == NULL)
    fault = tern_fault_new (TERN_FAULT_NOT_FOUND, _ ("The message is not in the outbox any more."));
  if (fault != NULL)
    g_propagate_error (error, fault);
  return entry;
}

static gboolean
refuse_rest (TernTxn *txn,
             const TernOutboxRecord *entry,
             const TernOutboxStep *step,
             GError **error)
{
  for (guint i = 0; i < entry->recipients->len; i++)
    {
      const TernRecipient *recipient = g_ptr_array_index (entry->recipients, i);

      if (recipient->state != TERN_OUTBOX_ACCEPTED && recipient->state != TERN_OUTBOX_REFUSED
          && !tern_txn_outbox_recipient (txn, entry->id, recipient->address, TERN_OUTBOX_REFUSED,
                                         step->server_text, error))
        return FALSE;
    }
  return TRUE;
}

gboolean
tern_outbox_step_write (TernTxn *txn, gpointer data, gpointer *result, GError **error)
{
  const TernOutboxStep *step = data;
  g_autoptr (TernOutboxRecord) entry = read_entry (txn, step->id, error);
  gboolean keep;

  if (entry == NULL)
    return FALSE;
  for (guint i = 0; step->recipients != NULL && i < step->recipients->len; i++)
    {
      const TernSmtpRecipient *recipient = g_ptr_array_index (step->recipients, i);

      if (!tern_txn_outbox_recipient (txn, step->id, recipient->address,
                                      recipient_state (recipient), recipient->text, error))
        return FALSE;
    }
  if (step->refuse_rest && !refuse_rest (txn, entry, step, error))
    return FALSE;
  keep = entry->state == TERN_OUTBOX_ACCEPTED && step->state == TERN_OUTBOX_DONE
         && entry->fault != NULL;
  return tern_txn_outbox_state (txn, step->id, step->state, step->not_before,
                                keep ? entry->fault : step->fault,
                                keep ? entry->server_text : step->server_text, error);
}

static TernId
ensure_sent (TernTxn *txn, TernId account, GError **error)
{
  TernReader *reader = tern_txn_reader (txn);
  g_autoptr (TernFolderRecord) sent =
      tern_read_folder_by_role (reader, account, TERN_ROLE_SENT, NULL);
  g_autoptr (GPtrArray) folders = NULL;
  g_autoptr (TernFolderRecord) planned = NULL;

  if (sent != NULL)
    return sent->id;
  folders = tern_read_folders (reader, account, error);
  if (folders == NULL)
    return 0;
  planned = tern_folder_names_plan (folders, account, TERN_ROLE_SENT);
  return tern_txn_put_folder (txn, planned, error);
}

static gboolean
file_copy (TernTxn *txn, const TernOutboxRecord *entry, GError **error)
{
  g_autoptr (GBytes) message = NULL;
  g_autoptr (TernMessageFacts) facts = NULL;
  TernId sent, location;

  if (!read_message (tern_txn_reader (txn), entry->body_hash, &message, error))
    return FALSE;
  if (message == NULL)
    return TRUE;
  sent = ensure_sent (txn, entry->account, error);
  if (sent == 0)
    return FALSE;
  facts = tern_mime_read_facts (message);
  facts->received = g_get_real_time () / G_USEC_PER_SEC;
  facts->size = g_bytes_get_size (message);
  facts->flags = TERN_FLAG_SEEN;
  tern_txn_because (txn, TERN_LEDGER_FILED);
  location = tern_txn_add_local_message (txn, sent, facts, error);
  return location != 0 && tern_txn_put_body (txn, location, "", message, TRUE, error)
         && tern_txn_op_append (txn, location, error) != 0;
}

static gboolean
mark_original (TernTxn *txn, const TernOutboxRecord *entry, GError **error)
{
  g_autoptr (TernMessageRecord) original = NULL;
  g_autoptr (GArray) operations = NULL;

  if (entry->in_reply_to == 0 || entry->reply_flag == TERN_FLAG_NONE)
    return TRUE;
  original = tern_read_message (tern_txn_reader (txn), entry->in_reply_to, NULL);
  if (original == NULL || (original->flags & entry->reply_flag) != 0
      || !tern_txn_check_message_rights (
          txn, &entry->in_reply_to, 1, tern_rights_for_flags (entry->reply_flag, NULL, NULL), NULL))
    return TRUE;
  operations = tern_txn_op_flags (txn, &entry->in_reply_to, 1, entry->reply_flag, TERN_FLAG_NONE,
                                  NULL, NULL, error);
  return operations != NULL;
}

gboolean
tern_outbox_file_write (TernTxn *txn, gpointer data, gpointer *result, GError **error)
{
  const TernOutboxStep *step = data;
  g_autoptr (TernOutboxRecord) entry = read_entry (txn, step->id, error);

  if (entry == NULL)
    return FALSE;
  if (step->copy != 0 ? tern_txn_op_append (txn, step->copy, error) == 0
                      : !file_copy (txn, entry, error) || !mark_original (txn, entry, error))
    return FALSE;
  return tern_txn_outbox_state (txn, entry->id, TERN_OUTBOX_ACCEPTED, g_get_real_time () / 1000,
                                entry->fault, entry->server_text, error);
}
