/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-ctl-format.h"
#include "tern-ctl-private.h"

#include "tern-body-store.h"

#include <glib/gi18n.h>

typedef struct
{
  gboolean json;
  GHashTable *ids; /* (owned): rows of accounts to their ids */
  TernId outbox;   /* 0 = all */
} Query;

static void
query_free (gpointer data)
{
  Query *self = data;

  g_hash_table_unref (self->ids);
  g_free (self);
}

static Query *
query_new (TernCtl *ctl)
{
  Query *self = g_new0 (Query, 1);

  self->json = ctl->args->json;
  self->ids = tern_ctl_dup_account_ids (ctl);
  return self;
}

static TernOutboxRecord *
read_record (TernReader *reader, const Query *query, GError **error)
{
  g_autoptr (GError) problem = NULL;
  TernOutboxRecord *record = tern_read_outbox_entry (reader, query->outbox, &problem);

  if (record != NULL)
    return record;
  if (problem == NULL)
    problem = tern_fault_new (TERN_FAULT_NOT_FOUND, _ ("There is no outbox entry %" PRId64 "."),
                              query->outbox);
  g_propagate_error (error, g_steal_pointer (&problem));
  return NULL;
}

static char *
end_text (const Query *query, TernCtlJson *json, GString *lines)
{
  if (query->json)
    {
      g_string_free (lines, TRUE);
      return tern_ctl_json_end (json);
    }
  tern_ctl_json_free (json);
  return g_string_free (lines, FALSE);
}

static void
format_outbox_line (GString *lines, const TernOutboxRecord *record)
{
  g_autofree char *queued = tern_ctl_format_local_time (record->queued);

  g_string_append_printf (lines, "%" TERN_ID_FORMAT "\t%s\t%s\t%s\n", record->id,
                          tern_outbox_state_name (record->state), queued, record->subject);
  if (record->fault != NULL)
    g_string_append_printf (lines, "\t%s\n", record->fault);
  if (record->server_text != NULL)
    g_string_append_printf (lines, "\t%s\n", record->server_text);
}

static gboolean
read_outbox (TernReader *reader,
             gpointer data,
             GCancellable *cancellable,
             gpointer *result,
             GError **error)
{
  Query *query = data;
  g_autoptr (GPtrArray) records = tern_read_outbox (reader, 0, error);
  TernCtlJson *json;
  GString *lines;

  if (records == NULL)
    return FALSE;
  json = tern_ctl_json_new ();
  lines = g_string_new (NULL);
  tern_ctl_json_open (json, NULL, '[');
  for (guint i = 0; i < records->len; i++)
    {
      TernOutboxRecord *record = g_ptr_array_index (records, i);

      tern_ctl_format_outbox (json, record, tern_ctl_format_account (query->ids, record->account));
      format_outbox_line (lines, record);
    }
  tern_ctl_json_close (json, ']');
  *result = end_text (query, json, lines);
  return TRUE;
}

void
tern_ctl_outbox (TernCtl *self)
{
  tern_ctl_print_read (self, read_outbox, query_new (self), query_free);
}

static gboolean
read_outbox_entry (TernReader *reader,
                   gpointer data,
                   GCancellable *cancellable,
                   gpointer *result,
                   GError **error)
{
  Query *query = data;
  g_autoptr (TernOutboxRecord) record = read_record (reader, query, error);
  TernCtlJson *json;
  GString *lines;

  if (record == NULL)
    return FALSE;
  json = tern_ctl_json_new ();
  lines = g_string_new (NULL);
  tern_ctl_format_outbox (json, record, tern_ctl_format_account (query->ids, record->account));
  format_outbox_line (lines, record);
  *result = end_text (query, json, lines);
  return TRUE;
}

void
tern_ctl_outbox_show (TernCtl *self)
{
  Query *query = query_new (self);
  GError *error = NULL;

  if (tern_ctl_args_number (tern_ctl_args_word (self->args, 0), 1, &query->outbox, &error))
    tern_ctl_print_read (self, read_outbox_entry, query, query_free);
  else
    {
      query_free (query);
      tern_ctl_fail (self, error, NULL);
    }
}

/* Stopping: the message is given out, and only then the entry goes. */

typedef struct
{
  Query *query;             /* (owned) */
  TernOutboxRecord *record; /* (owned) (nullable) */
} Stopping;

static void
stopping_free (gpointer data)
{
  Stopping *self = data;

  query_free (self->query);
  tern_outbox_record_free (self->record);
  g_free (self);
}

typedef struct
{
  TernOutboxRecord *record; /* (owned) */
  GBytes *source;           /* (owned) */
} Entry;

static void
entry_free (gpointer data)
{
  Entry *self = data;

  tern_outbox_record_free (self->record);
  g_clear_pointer (&self->source, g_bytes_unref);
  g_free (self);
}

static GError *
find_objection (const TernOutboxRecord *record)
{
  if (record->state == TERN_OUTBOX_ACCEPTED || record->state == TERN_OUTBOX_DONE)
    return tern_fault_new (TERN_FAULT_REFUSED, _ ("The message has been sent already."));
  if (record->state == TERN_OUTBOX_CONNECTING || record->state == TERN_OUTBOX_SENT_DATA)
    return tern_fault_new (TERN_FAULT_REFUSED, _ ("The message is on its way already."));
  if (record->state != TERN_OUTBOX_HELD && record->state != TERN_OUTBOX_QUEUED)
    return tern_fault_new (TERN_FAULT_REFUSED,
                           _ ("The message is not waiting to be sent; there is nothing to stop."));
  return NULL;
}

static gboolean
read_entry (TernReader *reader,
            gpointer data,
            GCancellable *cancellable,
            gpointer *result,
            GError **error)
{
  const Query *query = data;
  Entry *entry = g_new0 (Entry, 1);
  GError *problem = NULL;

  entry->record = read_record (reader, query, &problem);
  if (entry->record != NULL)
    problem = find_objection (entry->record);
  if (problem == NULL)
    entry->source = tern_read_loose_body (reader, entry->record->body_hash, &problem);
  if (problem == NULL && entry->source == NULL)
    problem = tern_fault_new (
        TERN_FAULT_DAMAGED, _ ("The text of outbox entry %" PRId64 " is not here."), query->outbox);
  if (problem == NULL)
    {
      *result = entry;
      return TRUE;
    }
  entry_free (entry);
  g_propagate_error (error, problem);
  return FALSE;
}

static void
dropped_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TernCtl *self = user_data;
  Stopping *stopping = self->state;
  GError *error = NULL;

  if (!tern_engine_drop_outbox_finish (self->engine, result, &error))
    {
      tern_ctl_fail (self, error,
                     tern_engine_get_account_uuid (self->engine, stopping->record->account));
      return;
    }
  if (!self->args->json)
    tern_ctl_print_error (
        self, g_strdup_printf (_ ("Message %" PRId64 " was taken out of the outbox and "
                                  "will not be sent. What was printed is its only copy; "
                                  "“ternctl send” sends it after all.\n"),
                               stopping->record->id));
  tern_ctl_end (self, TERN_CTL_EXIT_DONE);
}

/* The copy has left this program: the entry may go. */
static void
given_out (TernCtl *self)
{
  Stopping *stopping = self->state;

  if (g_cancellable_is_cancelled (self->cancellable))
    tern_ctl_fail (self, tern_fault_new (TERN_FAULT_CANCELLED, _ ("Stopped.")), NULL);
  else
    tern_engine_drop_outbox_async (self->engine, stopping->record->id, dropped_cb, self);
}

static char *
format_source (const TernOutboxRecord *record, const char *account, GBytes *source)
{
  TernCtlJson *json = tern_ctl_json_new ();

  tern_ctl_json_open (json, NULL, '{');
  tern_ctl_json_int (json, "outbox", record->id);
  tern_ctl_json_string (json, "account", account);
  tern_ctl_json_string (json, "message_id", record->message_id);
  tern_ctl_json_string (json, "subject", record->subject);
  tern_ctl_format_content (json, source);
  tern_ctl_json_close (json, '}');
  return tern_ctl_json_end (json);
}

static void
entry_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TernCtl *self = user_data;
  Stopping *stopping = self->state;
  GError *error = NULL;
  gpointer value = NULL;
  Entry *entry;

  if (!tern_ctl_read_finish (self, result, &value, &error))
    {
      tern_ctl_fail (self, error, NULL);
      return;
    }
  entry = value;
  if (self->args->json)
    tern_ctl_print (
        self, format_source (entry->record,
                             tern_engine_get_account_uuid (self->engine, entry->record->account),
                             entry->source));
  else
    tern_ctl_print_bytes (self, entry->source);
  stopping->record = g_steal_pointer (&entry->record);
  entry_free (entry);
  tern_ctl_flush (self, given_out);
}

void
tern_ctl_outbox_stop (TernCtl *self)
{
  Stopping *stopping = g_new0 (Stopping, 1);
  GError *error = NULL;

  stopping->query = query_new (self);
  tern_ctl_set_state (self, stopping, stopping_free);
  if (tern_ctl_args_number (tern_ctl_args_word (self->args, 0), 1, &stopping->query->outbox,
                            &error))
    tern_ctl_read (self, read_entry, stopping->query, NULL, entry_free, entry_cb);
  else
    tern_ctl_fail (self, error, NULL);
}
