/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-engine-private.h"

#include <glib/gi18n.h>

#include "tern-body-store.h"
#include "tern-paths.h"

/*
 * Writing: a draft is built into a message in the reading worker, and is in the outbox, durable,
 * when the callback runs. The account's outbox runner sends it.
 */

/* Building */

typedef struct
{
  TernDraft *draft; /* (nullable) */
  GBytes *source;   /* (nullable) */
} BuildRequest;

static void
build_request_free (gpointer data)
{
  BuildRequest *request = data;

  g_clear_pointer (&request->draft, tern_draft_free);
  g_clear_pointer (&request->source, g_bytes_unref);
  g_free (request);
}

typedef struct
{
  TernBuiltMessage *message;
  char *draft; /* (nullable) encoded as text */
  char *subject;
} Built;

static void
built_free (gpointer data)
{
  Built *built = data;

  tern_built_message_free (built->message);
  g_free (built->draft);
  g_free (built->subject);
  g_free (built);
}

static void
run_build (TernCall *call, gpointer data)
{
  BuildRequest *request = data;
  g_autoptr (GDateTime) now = g_date_time_new_now_local ();
  GError *error = NULL;
  TernBuiltMessage *message;
  Built *built;

  if (request->draft != NULL)
    message = tern_mime_build (request->draft, g_date_time_to_unix (now),
                               g_date_time_get_utc_offset (now) / G_TIME_SPAN_MINUTE, &error);
  else
    message = tern_mime_build_from_source (request->source, &error);
  if (message == NULL)
    {
      tern_call_return_error (call, error);
      return;
    }
  built = g_new0 (Built, 1);
  built->message = message;
  if (request->draft != NULL)
    {
      g_autoptr (GBytes) encoded = tern_draft_encode (request->draft);

      built->draft = g_base64_encode (g_bytes_get_data (encoded, NULL), g_bytes_get_size (encoded));
      built->subject = g_strdup (request->draft->subject);
    }
  else
    {
      g_autoptr (TernMessageFacts) facts = tern_mime_read_facts (message->copy);

      built->subject = g_strdup (facts->subject);
    }
  tern_call_return (call, built, built_free);
}

/* Queueing */

typedef struct
{
  TernId account;
  guint hold_seconds;
  TernId reply_to_id;
  TernFlags reply_flag;
  Built *built;
} Queue;

static void
queue_free (gpointer data)
{
  Queue *queue = data;

  g_clear_pointer (&queue->built, built_free);
  g_free (queue);
}

static gboolean
write_queue (TernTxn *txn, gpointer data, gpointer *result, GError **error)
{
  const Queue *queue = data;
  const TernBuiltMessage *message = queue->built->message;
  g_autofree char *hash = tern_txn_put_loose_body (txn, message->copy, error);
  g_autoptr (GPtrArray) recipients =
      g_ptr_array_new_with_free_func ((GDestroyNotify) tern_recipient_free);
  gint64 now = g_get_real_time ();
  TernOutboxRecord record = { 0 };
  TernId id;

  if (hash == NULL)
    return FALSE;
  for (gsize i = 0; message->recipients[i] != NULL; i++)
    {
      TernRecipient *recipient = g_new0 (TernRecipient, 1);

      recipient->address = g_strdup (message->recipients[i]);
      recipient->state = TERN_OUTBOX_QUEUED;
      g_ptr_array_add (recipients, recipient);
    }
  record.account = queue->account;
  record.state = queue->hold_seconds > 0 ? TERN_OUTBOX_HELD : TERN_OUTBOX_QUEUED;
  record.message_id = message->message_id;
  record.from = message->sender;
  record.subject = queue->built->subject;
  record.body_hash = hash;
  record.draft = queue->built->draft;
  record.recipients = recipients;
  record.in_reply_to = queue->reply_to_id;
  record.reply_flag = queue->reply_flag;
  record.size = g_bytes_get_size (message->copy);
  record.not_before =
      queue->hold_seconds > 0 ? now / 1000 + (gint64) queue->hold_seconds * 1000 : 0;
  record.queued = now / G_USEC_PER_SEC;
  id = tern_txn_outbox_add (txn, &record, error);
  *result = g_memdup2 (&id, sizeof id);
  return id != 0;
}

static void
queued_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  TernEngine *self = g_task_get_source_object (task);
  GError *error = NULL;
  gpointer id = NULL;

  if (tern_store_write_finish (self->store, result, &id, &error))
    g_task_return_pointer (task, id, g_free);
  else
    g_task_return_error (task, error);
}

static void
built_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  TernEngine *self = g_task_get_source_object (task);
  Queue *queue = g_task_get_task_data (task);
  GError *error = NULL;
  Built *built = g_task_propagate_pointer (G_TASK (result), &error);
  Queue *copy;

  if (built == NULL)
    {
      g_task_return_error (task, error);
      g_object_unref (task);
      return;
    }
  if (built->message->recipients == NULL || built->message->recipients[0] == NULL)
    {
      built_free (built);
      g_task_return_error (
          task, tern_fault_new (TERN_FAULT_INVALID, _ ("The message has no recipients.")));
      g_object_unref (task);
      return;
    }
  copy = g_memdup2 (queue, sizeof *queue);
  copy->built = built;
  tern_store_write_async (self->store, G_PRIORITY_HIGH, write_queue, copy, queue_free, g_free,
                          queued_cb, task);
}

static void
send_message (TernEngine *self, GTask *task, const char *uuid, Queue *queue, BuildRequest *request)
{
  TernAccountRunner *runner = tern_engine_find_runner (self, uuid);

  g_task_set_task_data (task, queue, queue_free);
  if (runner == NULL)
    {
      build_request_free (request);
      g_task_return_error (task, tern_engine_no_account (uuid));
      g_object_unref (task);
      return;
    }
  queue->account = tern_account_runner_get_account (runner);
  tern_engine_call (self, g_task_new (self, NULL, built_cb, task), run_build, request,
                    build_request_free);
}

void
tern_engine_send_async (TernEngine *self,
                        const TernDraft *draft,
                        guint hold_seconds,
                        GAsyncReadyCallback callback,
                        gpointer user_data)
{
  BuildRequest *request = g_new0 (BuildRequest, 1);
  Queue *queue = g_new0 (Queue, 1);

  request->draft = tern_draft_copy (draft);
  queue->hold_seconds = hold_seconds;
  queue->reply_to_id = draft->reply_to_id;
  queue->reply_flag = draft->reply_flag;
  send_message (self, tern_engine_task (self, tern_engine_send_async, NULL, callback, user_data),
                draft->account, queue, request);
}

void
tern_engine_send_source_async (TernEngine *self,
                               const char *uuid,
                               GBytes *source,
                               guint hold_seconds,
                               GAsyncReadyCallback callback,
                               gpointer user_data)
{
  BuildRequest *request = g_new0 (BuildRequest, 1);
  Queue *queue = g_new0 (Queue, 1);

  queue->hold_seconds = hold_seconds;
  request->source = g_bytes_ref (source);
  send_message (self,
                tern_engine_task (self, tern_engine_send_source_async, NULL, callback, user_data),
                uuid, queue, request);
}

TernId
tern_engine_send_finish (TernEngine *self, GAsyncResult *result, GError **error)
{
  g_autofree TernId *id = g_task_propagate_pointer (G_TASK (result), error);

  return id != NULL ? *id : 0;
}

/* Taking back */

static gboolean
is_waiting (const TernOutboxRecord *entry)
{
  return entry->state == TERN_OUTBOX_HELD || entry->state == TERN_OUTBOX_QUEUED
         || entry->state == TERN_OUTBOX_REFUSED || entry->state == TERN_OUTBOX_UNCERTAIN;
}

/* Nobody works on it: it is in the hands of the person. */
static gboolean
is_in_hand (const TernOutboxRecord *entry, GError **error)
{
  if (is_waiting (entry)
      || (entry->state == TERN_OUTBOX_DONE && tern_outbox_record_was_refused (entry)))
    return TRUE;
  g_propagate_error (
      error, tern_fault_new (TERN_FAULT_REFUSED, entry->state == TERN_OUTBOX_DONE
                                                     ? _ ("The message was sent.")
                                                     : _ ("The message is on its way already.")));
  return FALSE;
}

static TernOutboxRecord *
read_entry (TernTxn *txn, TernId id, GError **error)
{
  g_autoptr (TernOutboxRecord) entry = tern_read_outbox_entry (tern_txn_reader (txn), id, error);

  if (entry == NULL)
    {
      if (error != NULL && *error == NULL)
        *error =
            tern_fault_new (TERN_FAULT_NOT_FOUND, _ ("The message is not in the outbox any more."));
      return NULL;
    }
  return is_in_hand (entry, error) ? g_steal_pointer (&entry) : NULL;
}

/* Who has it already is not written to again: @list is of TernAddress. */
static void
leave_out_accepted (const TernOutboxRecord *entry, GPtrArray *list)
{
  for (guint i = 0; i < entry->recipients->len; i++)
    {
      const TernRecipient *recipient = g_ptr_array_index (entry->recipients, i);

      for (guint j = list->len; j > 0 && recipient->state == TERN_OUTBOX_ACCEPTED; j--)
        {
          const TernAddress *address = g_ptr_array_index (list, j - 1);

          if (tern_address_same_mailbox (address->address, recipient->address))
            g_ptr_array_remove_index (list, j - 1);
        }
    }
}

/* What was sent to some of them stays, and is filed into Sent, as sent to those. */
static gboolean
keep_as_sent (TernTxn *txn, const TernOutboxRecord *entry, GError **error)
{
  for (guint i = 0; i < entry->recipients->len; i++)
    {
      const TernRecipient *recipient = g_ptr_array_index (entry->recipients, i);

      if (recipient->state != TERN_OUTBOX_ACCEPTED
          && !tern_txn_outbox_recipient (txn, entry->id, recipient->address, TERN_OUTBOX_REFUSED,
                                         recipient->server_text, error))
        return FALSE;
    }
  return tern_txn_outbox_state (txn, entry->id, TERN_OUTBOX_ACCEPTED, 0, NULL, NULL, error);
}

/* What nobody got leaves nothing behind; DONE is filed already. */
static gboolean
end_entry (TernTxn *txn, const TernOutboxRecord *entry, GError **error)
{
  gboolean sent = FALSE;

  for (guint i = 0; i < entry->recipients->len; i++)
    sent |=
        ((TernRecipient *) g_ptr_array_index (entry->recipients, i))->state == TERN_OUTBOX_ACCEPTED;
  return sent && entry->state != TERN_OUTBOX_DONE ? keep_as_sent (txn, entry, error)
                                                  : tern_txn_outbox_remove (txn, entry->id, error);
}

typedef struct
{
  TernId id;
  char *keep; /* (nullable) */
} Recall;

static void
recall_free (gpointer data)
{
  Recall *recall = data;

  g_free (recall->keep);
  g_free (recall);
}

static gboolean
keep_draft (const char *path, const TernDraft *draft, GError **error)
{
  g_autofree char *folder = g_path_get_dirname (path);
  g_autoptr (GBytes) encoded = tern_draft_encode (draft);
  gsize length = 0;
  const char *bytes = g_bytes_get_data (encoded, &length);

  return tern_paths_ensure_dir (folder, error)
         && tern_paths_replace_file (path, bytes, (gssize) length, error);
}

/* The file first: the entry goes with the commit that follows this. */
static gboolean
write_recall (TernTxn *txn, gpointer data, gpointer *result, GError **error)
{
  const Recall *recall = data;
  g_autoptr (TernOutboxRecord) entry = read_entry (txn, recall->id, error);
  g_autoptr (TernDraft) draft = NULL;

  if (entry == NULL)
    return FALSE;
  if (entry->draft != NULL)
    {
      gsize length = 0;
      guchar *decoded = g_base64_decode (entry->draft, &length);
      g_autoptr (GBytes) encoded = g_bytes_new_take (decoded, length);

      draft = tern_draft_decode (encoded, error);
    }
  else if (error != NULL)
    *error = tern_fault_new (TERN_FAULT_INVALID,
                             _ ("The message was not written in Tern and cannot be edited."));
  if (draft == NULL)
    return FALSE;
  leave_out_accepted (entry, draft->to);
  leave_out_accepted (entry, draft->cc);
  leave_out_accepted (entry, draft->bcc);
  if ((recall->keep != NULL && !keep_draft (recall->keep, draft, error))
      || !end_entry (txn, entry, error))
    return FALSE;
  *result = g_steal_pointer (&draft);
  return TRUE;
}

static void
recalled_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  TernEngine *self = g_task_get_source_object (task);
  GError *error = NULL;
  gpointer draft = NULL;

  if (tern_store_write_finish (self->store, result, &draft, &error))
    g_task_return_pointer (task, draft, (GDestroyNotify) tern_draft_free);
  else
    g_task_return_error (task, error);
}

void
tern_engine_recall_async (TernEngine *self,
                          TernId outbox,
                          const char *keep,
                          GAsyncReadyCallback callback,
                          gpointer user_data)
{
  Recall *recall = g_new0 (Recall, 1);

  recall->id = outbox;
  recall->keep = g_strdup (keep);
  tern_store_write_async (
      self->store, G_PRIORITY_HIGH, write_recall, recall, recall_free,
      (GDestroyNotify) tern_draft_free, recalled_cb,
      tern_engine_task (self, tern_engine_recall_async, NULL, callback, user_data));
}

TernDraft *
tern_engine_recall_finish (TernEngine *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

/* Away with it */

static gboolean
write_drop (TernTxn *txn, gpointer data, gpointer *result, GError **error)
{
  g_autoptr (TernOutboxRecord) entry = read_entry (txn, *(TernId *) data, error);

  return entry != NULL && end_entry (txn, entry, error);
}

static void
dropped_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  TernEngine *self = g_task_get_source_object (task);
  GError *error = NULL;

  if (tern_store_write_finish (self->store, result, NULL, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

void
tern_engine_drop_outbox_async (TernEngine *self,
                               TernId outbox,
                               GAsyncReadyCallback callback,
                               gpointer user_data)
{
  tern_store_write_async (
      self->store, G_PRIORITY_HIGH, write_drop, g_memdup2 (&outbox, sizeof outbox), g_free, NULL,
      dropped_cb,
      tern_engine_task (self, tern_engine_drop_outbox_async, NULL, callback, user_data));
}

gboolean
tern_engine_drop_outbox_finish (TernEngine *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

/* Again */

static gboolean
write_retry (TernTxn *txn, gpointer data, gpointer *result, GError **error)
{
  TernId id = *(TernId *) data;
  g_autoptr (TernOutboxRecord) entry = read_entry (txn, id, error);

  if (entry == NULL)
    return FALSE;
  if (entry->state == TERN_OUTBOX_DONE)
    {
      g_propagate_error (error, tern_fault_new (TERN_FAULT_REFUSED, _ ("The message was sent.")));
      return FALSE;
    }
  /* Who has it already does not get it twice. */
  for (guint i = 0; i < entry->recipients->len; i++)
    {
      const TernRecipient *recipient = g_ptr_array_index (entry->recipients, i);

      if (recipient->state != TERN_OUTBOX_ACCEPTED
          && !tern_txn_outbox_recipient (txn, id, recipient->address, TERN_OUTBOX_QUEUED, NULL,
                                         error))
        return FALSE;
    }
  *result = g_memdup2 (&entry->account, sizeof entry->account);
  return tern_txn_outbox_state (txn, id, TERN_OUTBOX_QUEUED, 0, NULL, NULL, error);
}

static void
retried_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  TernEngine *self = g_task_get_source_object (task);
  GError *error = NULL;
  gpointer value = NULL;
  g_autofree TernId *account = NULL;

  if (tern_store_write_finish (self->store, result, &value, &error))
    {
      TernAccountRunner *runner;

      /* A server that did not let the account in is asked again now. */
      account = value;
      runner = tern_engine_find_runner_by_row (self, *account);
      if (runner != NULL)
        tern_account_runner_refresh (runner);
      g_task_return_boolean (task, TRUE);
    }
  else
    g_task_return_error (task, error);
}

void
tern_engine_retry_async (TernEngine *self,
                         TernId outbox,
                         GAsyncReadyCallback callback,
                         gpointer user_data)
{
  tern_store_write_async (
      self->store, G_PRIORITY_HIGH, write_retry, g_memdup2 (&outbox, sizeof outbox), g_free, g_free,
      retried_cb, tern_engine_task (self, tern_engine_retry_async, NULL, callback, user_data));
}

gboolean
tern_engine_retry_finish (TernEngine *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}
