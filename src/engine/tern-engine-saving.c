/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-engine-private.h"

#include <errno.h>
#include <glib/gi18n.h>
#include <string.h>
#include <unistd.h>

#include "tern-body-store.h"

/*
 * Saving a part of a message: what is missing is fetched into the store, then it goes from there
 * into the file, slice by slice, in a worker of its own: a slow disk or a far-away folder holds
 * nobody who only reads.
 */

#define SLICE     (64 * 1024)
#define MAX_NAMES 1000

/* What is on this disk of the part. */
typedef struct
{
  TernMessageRecord *record; /* (owned) (nullable) */
  TernBodySource *part;      /* (owned) (nullable): its bytes as transferred */
  GBytes *whole;             /* (owned) (nullable): the message */
} Source;

static void
source_free (gpointer data)
{
  Source *source = data;

  g_clear_pointer (&source->record, tern_message_record_free);
  g_clear_pointer (&source->part, tern_body_source_free);
  g_clear_pointer (&source->whole, g_bytes_unref);
  g_free (source);
}

typedef struct
{
  TernId id;
  char *section;
  GFile *target; /* (owned) */
  TernSaveFlags flags;
  TernTransfer *transfer; /* (owned) (nullable) */
  gboolean fetched;
} Save;

static void
save_free (gpointer data)
{
  Save *save = data;

  g_free (save->section);
  g_object_unref (save->target);
  g_clear_pointer (&save->transfer, tern_transfer_unref);
  g_free (save);
}

/* From the store */

/* A damaged one counts as not here: it is fetched again. */
static gboolean
read_bytes (TernReader *reader, const TernSectionQuery *query, Source *source, GError **error)
{
  g_autoptr (GError) local = NULL;

  source->part = tern_read_body_source (reader, query->id, query->section, &local);
  if (source->part == NULL && *query->section != '\0'
      && (local == NULL || tern_fault_is (local, TERN_FAULT_DAMAGED)))
    {
      g_clear_error (&local);
      source->whole = tern_read_body (reader, query->id, "", &local);
    }
  if (local == NULL || tern_fault_is (local, TERN_FAULT_DAMAGED))
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}

static gboolean
read_source (TernReader *reader,
             gpointer data,
             GCancellable *cancellable,
             gpointer *result,
             GError **error)
{
  const TernSectionQuery *query = data;
  Source *source = g_new0 (Source, 1);

  *result = source;
  source->record = tern_read_message (reader, query->id, error);
  if (source->record != NULL)
    return read_bytes (reader, query, source, error);
  if (error != NULL && *error == NULL)
    *error = tern_fault_new (TERN_FAULT_NOT_FOUND, _ ("The message is not there any more."));
  return FALSE;
}

/* Into the file, in the worker */

typedef struct
{
  TernStore *store; /* (owned) */
  Source *source;   /* (owned) */
  char *section;
  GFile *target; /* (owned) */
  TernSaveFlags flags;
  GCancellable *cancellable; /* (unowned) (nullable): of the call */
  GCancellable *ending;      /* (owned) */
  GOutputStream *stream;     /* (owned) (nullable) */
  gboolean ours;             /* there was no such file before */
  GError *error;             /* (owned) (nullable) */
} Write;

static void
write_free (gpointer data)
{
  Write *write = data;

  tern_store_unref (write->store);
  source_free (write->source);
  g_free (write->section);
  g_object_unref (write->target);
  g_object_unref (write->ending);
  g_clear_object (&write->stream);
  g_clear_error (&write->error);
  g_free (write);
}

static gboolean
fail (Write *self, GError *error)
{
  if (self->error == NULL)
    self->error = tern_fault_take (error, _ ("Cannot save the attachment"));
  else
    g_error_free (error);
  return FALSE;
}

static gboolean
is_stopped (Write *self)
{
  return g_cancellable_is_cancelled (self->cancellable)
         || g_cancellable_is_cancelled (self->ending);
}

static gboolean
put (const void *data, gsize size, gpointer user_data)
{
  Write *self = user_data;
  GError *error = NULL;

  if (is_stopped (self))
    return fail (self, tern_fault_new (TERN_FAULT_CANCELLED, _ ("Stopped.")));
  return size == 0
         || g_output_stream_write_all (self->stream, data, size, NULL, self->cancellable, &error)
         || fail (self, error);
}

static gboolean
put_decoded (Write *self, TernMimeDecoder *decoder, const void *data, gsize size)
{
  g_autoptr (GBytes) out = tern_mime_decoder_step (decoder, data, size);

  return put (g_bytes_get_data (out, NULL), g_bytes_get_size (out), self);
}

static gboolean
put_file (Write *self, TernMimeDecoder *decoder)
{
  const TernBodySource *part = self->source->part;
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
  g_autofree guchar *slice = g_malloc (SLICE);
  gssize n;

  while ((n = read (part->fd, slice, SLICE)) != 0)
    {
      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        return fail (self, g_error_new_literal (G_IO_ERROR, g_io_error_from_errno (errno),
                                                g_strerror (errno)));
      g_checksum_update (checksum, slice, n);
      if (!put_decoded (self, decoder, slice, (gsize) n))
        return FALSE;
    }
  if (strcmp (g_checksum_get_string (checksum), part->hash) == 0)
    return TRUE;
  tern_store_report_damaged_body (self->store, part->hash);
  return fail (self, tern_fault_new (TERN_FAULT_DAMAGED,
                                     _ ("The copy of this message on this disk is damaged. It "
                                        "will be fetched again.")));
}

static gboolean
put_part (Write *self)
{
  const TernPart *structure = self->source->record->facts->structure;
  const TernPart *part =
      structure != NULL ? tern_part_find_section (structure, self->section) : NULL;
  gboolean source = *self->section == '\0';
  g_autoptr (TernMimeDecoder) decoder =
      tern_mime_decoder_new (part != NULL && !source ? part->encoding : NULL);
  GBytes *bytes = self->source->part->bytes;
  g_autoptr (GBytes) rest = NULL;

  if (part == NULL && !source)
    return fail (self, tern_fault_new (TERN_FAULT_NOT_FOUND, _ ("The message has no part “%s”."),
                                       self->section));
  if (bytes != NULL
          ? !put_decoded (self, decoder, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes))
          : !put_file (self, decoder))
    return FALSE;
  rest = tern_mime_decoder_end (decoder);
  return put (g_bytes_get_data (rest, NULL), g_bytes_get_size (rest), self);
}

static gboolean
put_content (Write *self)
{
  if (self->source->part != NULL)
    return put_part (self);
  return tern_mime_write_part (self->source->whole, self->section, put, self)
         || fail (self, tern_fault_new (TERN_FAULT_NOT_FOUND, _ ("The message has no part “%s”."),
                                        self->section));
}

/* "name.ext" to "name (2).ext" in the same folder. */
static void
count_up (Write *self, GFile *first, guint number)
{
  g_autoptr (GFile) folder = g_file_get_parent (first);
  g_autofree char *name = g_file_get_basename (first);
  const char *dot = strrchr (name, '.');
  int stem = dot != NULL && dot != name ? (int) (dot - name) : (int) strlen (name);
  g_autofree char *next = g_strdup_printf ("%.*s (%u)%s", stem, name, number, name + stem);

  g_object_unref (self->target);
  self->target = g_file_get_child (folder, next);
}

/* The name is taken by an empty file, which is then replaced as a whole: half a file never has it.
 */
static gboolean
claim (Write *self)
{
  GFileCreateFlags how =
      self->flags & TERN_SAVE_PRIVATE ? G_FILE_CREATE_PRIVATE : G_FILE_CREATE_NONE;
  g_autoptr (GFile) first = g_object_ref (self->target);
  g_autoptr (GFileOutputStream) made = NULL;
  g_autoptr (GError) error = NULL;

  for (guint i = 2; made == NULL; i++)
    {
      g_clear_error (&error);
      made = g_file_create (self->target, how, self->cancellable, &error);
      if (made != NULL || !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_EXISTS)
          || !(self->flags & TERN_SAVE_COUNT_UP) || i > MAX_NAMES)
        break;
      count_up (self, first, i);
    }
  self->ours = made != NULL;
  if (made == NULL
      && (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_EXISTS)
          || self->flags & TERN_SAVE_COUNT_UP))
    return fail (self, g_steal_pointer (&error));
  g_clear_object (&made);
  g_clear_error (&error);
  self->stream =
      G_OUTPUT_STREAM (g_file_replace (self->target, NULL, FALSE, how, self->cancellable, &error));
  return self->stream != NULL || fail (self, g_steal_pointer (&error));
}

/* Closing with a cancelled cancellable leaves what was there before. */
static void
take_back (Write *self)
{
  g_autoptr (GCancellable) cancelled = g_cancellable_new ();

  g_cancellable_cancel (cancelled);
  if (self->stream != NULL)
    g_output_stream_close (self->stream, cancelled, NULL);
  if (self->ours)
    g_file_delete (self->target, NULL, NULL);
}

static void
run_write (TernCall *call, gpointer data)
{
  Write *self = data;
  GError *error = NULL;

  self->cancellable = tern_call_get_cancellable (call);
  if (is_stopped (self))
    fail (self, tern_fault_new (TERN_FAULT_CANCELLED, _ ("Stopped.")));
  else if (claim (self) && put_content (self)
           && !g_output_stream_close (self->stream, self->cancellable, &error))
    fail (self, error);
  if (self->error == NULL)
    {
      tern_call_return (call, g_object_ref (self->target), g_object_unref);
      return;
    }
  take_back (self);
  tern_call_return_error (call, g_steal_pointer (&self->error));
}

/* Steps */

static void find_source (GTask *task);

static void
written_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;
  GFile *file = g_task_propagate_pointer (G_TASK (result), &error);

  if (file != NULL)
    g_task_return_pointer (task, file, g_object_unref);
  else
    g_task_return_error (task, error);
}

static void
write_file (GTask *task, Source *source)
{
  TernEngine *self = g_task_get_source_object (task);
  const Save *save = g_task_get_task_data (task);
  Write *write = g_new0 (Write, 1);
  GTask *inner;

  if (self->saving == NULL)
    self->saving = tern_worker_new_niced ("tern-saving");
  write->store = tern_store_ref (self->store);
  write->source = source;
  write->section = g_strdup (save->section);
  write->target = g_object_ref (save->target);
  write->flags = save->flags;
  write->ending = g_object_ref (self->ending);
  /* A file that is there is there: it is not told as cancelled. */
  inner = g_task_new (self, g_task_get_cancellable (task), written_cb, task);
  g_task_set_check_cancellable (inner, FALSE);
  tern_call_start (inner, tern_worker_get_context (self->saving), G_PRIORITY_DEFAULT, run_write,
                   write, write_free);
}

static void
fetched_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  GError *error = NULL;

  g_task_propagate_pointer (G_TASK (result), &error);
  if (error == NULL)
    {
      find_source (task);
      return;
    }
  g_task_return_error (task, error);
  g_object_unref (task);
}

static void
source_read_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  TernEngine *self = g_task_get_source_object (task);
  Save *save = g_task_get_task_data (task);
  GError *error = NULL;
  gpointer value = NULL;
  Source *source;

  if (tern_store_read_finish (self->store, result, &value, &error)
      && g_cancellable_is_cancelled (self->ending))
    error = tern_fault_new (TERN_FAULT_CANCELLED, _ ("Stopped."));
  source = value;
  if (error == NULL && (source->part != NULL || source->whole != NULL))
    {
      write_file (task, source);
      return;
    }
  if (error == NULL && !save->fetched)
    {
      save->fetched = TRUE;
      tern_engine_fetch (self, source->record->account, save->id, save->section, save->transfer,
                         g_task_new (self, g_task_get_cancellable (task), fetched_cb, task));
      source_free (source);
      return;
    }
  g_clear_pointer (&value, source_free);
  g_task_return_error (task, error != NULL ? error : tern_engine_cannot_fetch ());
  g_object_unref (task);
}

static void
find_source (GTask *task)
{
  TernEngine *self = g_task_get_source_object (task);
  const Save *save = g_task_get_task_data (task);

  tern_store_read_async (self->store, TERN_LANE_SLOW, G_PRIORITY_HIGH, read_source,
                         tern_section_query_new (save->id, save->section), tern_section_query_free,
                         source_free, g_task_get_cancellable (task), source_read_cb, task);
}

void
tern_engine_save_part_async (TernEngine *self,
                             TernId id,
                             const char *section,
                             GFile *target,
                             TernSaveFlags flags,
                             TernTransfer *transfer,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer user_data)
{
  GTask *task =
      tern_engine_task (self, tern_engine_save_part_async, cancellable, callback, user_data);
  Save *save = g_new0 (Save, 1);

  g_task_set_check_cancellable (task, FALSE);
  save->id = id;
  save->section = g_strdup (section);
  save->target = g_object_ref (target);
  save->flags = flags;
  save->transfer = transfer != NULL ? tern_transfer_ref (transfer) : NULL;
  g_task_set_task_data (task, save, save_free);
  find_source (task);
}

GFile *
tern_engine_save_part_finish (TernEngine *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}
