/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-engine-private.h"

#include <glib/gi18n.h>
#include <string.h>

#include "tern-body-store.h"
#include "tern-previews.h"

/*
 * Reading a message: what is here is read and parsed; what is missing is fetched into the store
 * first, by the account's worker, and read again.
 */

/* TernBody */

static void
body_clear (gpointer data)
{
  TernBody *self = data;

  g_clear_pointer (&self->record, tern_message_record_free);
  g_clear_pointer (&self->text, tern_mime_text_unref);
  g_clear_pointer (&self->structure, tern_part_free);
  g_clear_pointer (&self->headers, g_ptr_array_unref);
  g_strfreev (self->here);
}

TernBody *
tern_body_ref (TernBody *self)
{
  return g_atomic_rc_box_acquire (self);
}

void
tern_body_unref (TernBody *self)
{
  g_atomic_rc_box_release_full (self, body_clear);
}

gboolean
tern_body_has (const TernBody *self, const char *section)
{
  return self->state == TERN_BODY_HERE
         || g_strv_contains ((const char *const *) self->here, section);
}

/* What is on this disk of a message. */
typedef struct
{
  TernMessageRecord *record;
  GHashTable *sections; /* char* → GBytes, as far as they are wanted */
  char **here;          /* the names of all of them */
} Stored;

static void
stored_free (gpointer data)
{
  Stored *stored = data;

  g_clear_pointer (&stored->record, tern_message_record_free);
  g_hash_table_unref (stored->sections);
  g_strfreev (stored->here);
  g_free (stored);
}

typedef struct
{
  TernId id;
  char *section; /* (nullable) a part; NULL: what the reader needs */
  gboolean fetched;
  Stored *stored;
} Load;

static void
load_free (gpointer data)
{
  Load *load = data;

  g_free (load->section);
  g_clear_pointer (&load->stored, stored_free);
  g_free (load);
}

/* To read a message its attachments, which may be large, are left alone. */
static gboolean
wants_section (const char *wanted, char **text, const char *section)
{
  if (strcmp (section, "") == 0)
    return TRUE;
  if (wanted != NULL)
    return strcmp (section, wanted) == 0;
  return strcmp (section, "HEADER") == 0
         || (text != NULL && g_strv_contains ((const char *const *) text, section));
}

TernSectionQuery *
tern_section_query_new (TernId id, const char *section)
{
  TernSectionQuery *self = g_new0 (TernSectionQuery, 1);

  self->id = id;
  self->section = g_strdup (section);
  return self;
}

void
tern_section_query_free (gpointer data)
{
  TernSectionQuery *self = data;

  g_free (self->section);
  g_free (self);
}

static gboolean
read_sections (TernReader *reader, const TernSectionQuery *query, Stored *stored, GError **error)
{
  const TernPart *structure = stored->record->facts->structure;
  g_auto (GStrv) text = structure != NULL ? tern_mime_text_sections (structure) : NULL;

  stored->here = tern_read_body_sections (reader, query->id, error);
  if (stored->here == NULL)
    return FALSE;
  for (gsize i = 0; stored->here[i] != NULL; i++)
    {
      g_autoptr (GError) local = NULL;
      GBytes *bytes;

      if (!wants_section (query->section, text, stored->here[i]))
        continue;
      bytes = tern_read_body (reader, query->id, stored->here[i], &local);
      if (bytes != NULL)
        g_hash_table_insert (stored->sections, g_strdup (stored->here[i]), bytes);
      /* A damaged one counts as not here: it is fetched again. */
      else if (local != NULL && !tern_fault_is (local, TERN_FAULT_DAMAGED))
        {
          g_propagate_error (error, g_steal_pointer (&local));
          return FALSE;
        }
    }
  return TRUE;
}

static gboolean
read_stored (TernReader *reader,
             gpointer data,
             GCancellable *cancellable,
             gpointer *result,
             GError **error)
{
  const TernSectionQuery *query = data;
  Stored *stored = g_new0 (Stored, 1);

  stored->sections =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_bytes_unref);
  stored->record = tern_read_message (reader, query->id, error);
  if (stored->record == NULL || !read_sections (reader, query, stored, error))
    {
      stored_free (stored);
      if (error != NULL && *error == NULL)
        *error = tern_fault_new (TERN_FAULT_NOT_FOUND, _ ("The message is not there any more."));
      return FALSE;
    }
  *result = stored;
  return TRUE;
}

/* Parsing, in the reading worker */

static GBytes *
get_section (const char *section, gpointer data)
{
  GBytes *bytes = g_hash_table_lookup (data, section);

  return bytes != NULL ? g_bytes_ref (bytes) : NULL;
}

static void
run_parse (TernCall *call, gpointer data)
{
  Stored *stored = data;
  GBytes *whole = g_hash_table_lookup (stored->sections, "");
  GBytes *header = g_hash_table_lookup (stored->sections, "HEADER");
  TernBody *body = g_atomic_rc_box_new0 (TernBody);

  body->record = g_steal_pointer (&stored->record);
  body->state = whole != NULL ? TERN_BODY_HERE : TERN_BODY_PARTIAL;
  body->here = g_steal_pointer (&stored->here);
  if (whole != NULL)
    {
      body->text = tern_mime_read_text (whole);
      body->structure = tern_mime_read_structure (whole);
      body->headers = tern_mime_read_headers (whole);
    }
  else
    {
      const TernPart *structure = body->record->facts->structure;

      body->text = tern_mime_read_text_from_parts (structure, get_section, stored->sections);
      body->structure = structure != NULL ? tern_part_copy (structure) : NULL;
      body->headers = tern_mime_read_headers (header);
    }
  tern_call_return (call, body, (GDestroyNotify) tern_body_unref);
}

typedef struct
{
  Stored *stored;
  char *section;
} PartRequest;

static void
part_request_free (gpointer data)
{
  PartRequest *request = data;

  stored_free (request->stored);
  g_free (request->section);
  g_free (request);
}

static void
run_decode (TernCall *call, gpointer data)
{
  PartRequest *request = data;
  GBytes *whole = g_hash_table_lookup (request->stored->sections, "");
  GBytes *transferred = g_hash_table_lookup (request->stored->sections, request->section);
  const TernPart *structure = request->stored->record->facts->structure;
  const TernPart *part =
      structure != NULL ? tern_part_find_section (structure, request->section) : NULL;
  GBytes *bytes = NULL;

  if (*request->section == '\0')
    bytes = whole != NULL ? g_bytes_ref (whole) : NULL;
  else if (whole != NULL)
    bytes = tern_mime_read_part (whole, request->section);
  else if (part != NULL && transferred != NULL)
    bytes = tern_mime_decode_part (part, transferred);
  if (bytes != NULL)
    tern_call_return (call, bytes, (GDestroyNotify) g_bytes_unref);
  else
    tern_call_return_error (
        call, tern_fault_new (TERN_FAULT_NOT_FOUND, _ ("The message has no part “%s”."),
                              request->section));
}

static void
parsed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Load *load = g_task_get_task_data (task);
  GError *error = NULL;
  gpointer value = g_task_propagate_pointer (G_TASK (result), &error);

  if (value != NULL)
    g_task_return_pointer (
        task, value,
        load->section == NULL ? (GDestroyNotify) tern_body_unref : (GDestroyNotify) g_bytes_unref);
  else
    g_task_return_error (task, error);
}

/* Steps */

static void read_store (GTask *task);

GError *
tern_engine_cannot_fetch (void)
{
  return tern_fault_new (
      TERN_FAULT_NOT_FOUND,
      _ ("The text of the message is not on this computer and cannot be fetched."));
}

static void
fetched_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  GError *error = NULL;

  g_task_propagate_pointer (G_TASK (result), &error);
  if (error == NULL)
    {
      read_store (task);
      return;
    }
  g_task_return_error (task, error);
  g_object_unref (task);
}

void
tern_engine_fetch (TernEngine *self,
                   TernId account,
                   TernId id,
                   const char *section,
                   TernTransfer *transfer,
                   GTask *task)
{
  TernAccountRunner *runner = tern_engine_find_runner_by_row (self, account);

  if (runner != NULL)
    tern_account_runner_load (runner, id, section, transfer, task);
  else
    {
      g_task_return_error (task, tern_engine_cannot_fetch ());
      g_object_unref (task);
    }
}

static void
fetch (GTask *task)
{
  TernEngine *self = g_task_get_source_object (task);
  Load *load = g_task_get_task_data (task);

  if (load->fetched)
    {
      g_task_return_error (task, tern_engine_cannot_fetch ());
      g_object_unref (task);
      return;
    }
  load->fetched = TRUE;
  tern_engine_fetch (self, load->stored->record->account, load->id, load->section, NULL,
                     g_task_new (self, g_task_get_cancellable (task), fetched_cb, task));
}

static gboolean
is_complete (const Load *load)
{
  if (g_hash_table_contains (load->stored->sections, ""))
    return TRUE;
  if (load->section != NULL)
    return g_hash_table_contains (load->stored->sections, load->section);
  return load->stored->record->body_state == TERN_BODY_PARTIAL
         && g_hash_table_contains (load->stored->sections, "HEADER");
}

static void
parse (GTask *task)
{
  TernEngine *self = g_task_get_source_object (task);
  Load *load = g_task_get_task_data (task);
  GTask *inner = g_task_new (self, NULL, parsed_cb, task);
  PartRequest *request;

  if (load->section == NULL)
    {
      tern_engine_call (self, inner, run_parse, g_steal_pointer (&load->stored), stored_free);
      return;
    }
  request = g_new0 (PartRequest, 1);
  request->stored = g_steal_pointer (&load->stored);
  request->section = g_strdup (load->section);
  tern_engine_call (self, inner, run_decode, request, part_request_free);
}

static void
stored_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  TernEngine *self = g_task_get_source_object (task);
  Load *load = g_task_get_task_data (task);
  GError *error = NULL;
  gpointer value = NULL;

  g_clear_pointer (&load->stored, stored_free);
  if (!tern_store_read_finish (self->store, result, &value, &error))
    {
      g_task_return_error (task, error);
      g_object_unref (task);
      return;
    }
  load->stored = value;
  if (is_complete (load))
    parse (task);
  else
    fetch (task);
}

static void
read_store (GTask *task)
{
  TernEngine *self = g_task_get_source_object (task);
  Load *load = g_task_get_task_data (task);

  tern_store_read_async (self->store, TERN_LANE_LIST, G_PRIORITY_HIGH, read_stored,
                         tern_section_query_new (load->id, load->section), tern_section_query_free,
                         stored_free, NULL, stored_cb, task);
}

static void
start (GTask *task, TernId id, const char *section)
{
  Load *load = g_new0 (Load, 1);

  load->id = id;
  load->section = g_strdup (section);
  g_task_set_task_data (task, load, load_free);
  read_store (task);
}

void
tern_engine_load_body_async (TernEngine *self,
                             TernId id,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer user_data)
{
  start (tern_engine_task (self, tern_engine_load_body_async, cancellable, callback, user_data), id,
         NULL);
}

TernBody *
tern_engine_load_body_finish (TernEngine *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

void
tern_engine_load_part_async (TernEngine *self,
                             TernId id,
                             const char *section,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer user_data)
{
  start (tern_engine_task (self, tern_engine_load_part_async, cancellable, callback, user_data), id,
         section);
}

GBytes *
tern_engine_load_part_finish (TernEngine *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

/* Prefetch: each account gets its part of the list */

static gboolean
read_accounts (TernReader *reader,
               gpointer data,
               GCancellable *cancellable,
               gpointer *result,
               GError **error)
{
  const GArray *ids = data;

  *result = tern_read_messages (reader, (const TernId *) ids->data, ids->len, error);
  return *result != NULL;
}

/* What has no first words to show yet is fetched first. */
static void
add_absent (const GPtrArray *records, TernId account, gboolean with_preview, GArray *ids)
{
  for (guint i = 0; i < records->len; i++)
    {
      const TernMessageRecord *record = g_ptr_array_index (records, i);

      if (record->account == account && record->body_state == TERN_BODY_ABSENT
          && (record->facts->preview != NULL) == with_preview)
        g_array_append_val (ids, record->id);
    }
}

static void
previews_made (gboolean more, const GError *error, gpointer data)
{
  if (error != NULL)
    g_debug ("previews: %s", error->message);
}

/* Of what is here and has not been looked at. */
static void
make_previews (TernEngine *self, const GPtrArray *records)
{
  g_autoptr (GArray) ids = g_array_new (FALSE, FALSE, sizeof (TernId));

  for (guint i = 0; i < records->len; i++)
    {
      const TernMessageRecord *record = g_ptr_array_index (records, i);

      if (record->body_state != TERN_BODY_ABSENT && record->facts->preview == NULL)
        g_array_append_val (ids, record->id);
    }
  if (ids->len > 0)
    tern_previews_make (self->store, 0, (const TernId *) ids->data, ids->len, previews_made, NULL);
}

static void
prefetch_read_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (TernEngine) self = user_data;
  g_autoptr (GPtrArray) records = NULL;
  gpointer value = NULL;

  if (!tern_store_read_finish (self->store, result, &value, NULL))
    return;
  records = value;
  make_previews (self, records);
  for (guint i = 0; i < self->runners->len; i++)
    {
      TernAccountRunner *runner = g_ptr_array_index (self->runners, i);
      g_autoptr (GArray) ids = g_array_new (FALSE, FALSE, sizeof (TernId));

      add_absent (records, tern_account_runner_get_account (runner), FALSE, ids);
      add_absent (records, tern_account_runner_get_account (runner), TRUE, ids);
      tern_account_runner_prefetch (runner, ids);
    }
}

void
tern_engine_prefetch (TernEngine *self, const TernId *ids, gsize n)
{
  GArray *wanted = g_array_sized_new (FALSE, FALSE, sizeof (TernId), n);

  if (n > 0)
    g_array_append_vals (wanted, ids, n);
  tern_store_read_async (self->store, TERN_LANE_LIST, G_PRIORITY_LOW, read_accounts, wanted,
                         (GDestroyNotify) g_array_unref, (GDestroyNotify) g_ptr_array_unref, NULL,
                         prefetch_read_cb, g_object_ref (self));
}
