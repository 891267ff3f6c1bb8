/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-body-fetch-private.h"

#include <glib/gi18n.h>
#include <string.h>

#include "tern-body-store.h"
#include "tern-limits.h"
#include "tern-mime-message.h"
#include "tern-previews.h"

static void
target_free (gpointer data)
{
  TernBodyTarget *target = data;

  g_clear_pointer (&target->structure, tern_part_free);
  g_ptr_array_unref (target->requests);
  g_ptr_array_unref (target->bodies);
  g_free (target->preview);
  g_free (target);
}

void
tern_body_fetch_free (TernBodyFetch *self)
{
  g_clear_pointer (&self->folder, tern_folder_record_free);
  g_ptr_array_unref (self->targets);
  g_ptr_array_unref (self->requests);
  g_array_unref (self->rest);
  g_free (self);
}

TernBodyQuery *
tern_body_query_new (const TernId *ids, gsize n, const char *section, gboolean strict, guint most)
{
  TernBodyQuery *self = g_new0 (TernBodyQuery, 1);

  self->locations = g_array_sized_new (FALSE, FALSE, sizeof (TernId), n);
  if (n > 0)
    g_array_append_vals (self->locations, ids, n);
  self->section = g_strdup (section);
  self->strict = strict;
  self->most = most;
  return self;
}

void
tern_body_query_free (TernBodyQuery *self)
{
  g_array_unref (self->locations);
  g_free (self->section);
  g_free (self);
}

/* The sections that are wanted; (GStrv). */
static char **
wanted_sections (const TernMessageRecord *record, const char *section)
{
  g_auto (GStrv) text = NULL;
  GPtrArray *wanted;

  if (section != NULL || record->facts->size <= TERN_LIMIT_WHOLE_FETCH
      || record->facts->structure == NULL)
    {
      char **one = g_new0 (char *, 2);

      one[0] = g_strdup (section != NULL ? section : "");
      return one;
    }
  wanted = g_ptr_array_new ();
  text = tern_mime_text_sections (record->facts->structure);
  g_ptr_array_add (wanted, g_strdup ("HEADER"));
  for (gsize i = 0; text != NULL && text[i] != NULL; i++)
    g_ptr_array_add (wanted, g_strdup (text[i]));
  g_ptr_array_add (wanted, NULL);
  return (char **) g_ptr_array_free (wanted, FALSE);
}

/* 0: not known. */
static guint64
section_size (const TernMessageFacts *facts, const char *section)
{
  const TernPart *part =
      facts->structure != NULL ? tern_part_find_section (facts->structure, section) : NULL;

  if (*section == '\0')
    return facts->size;
  return part != NULL ? part->size : 0;
}

/* What a message may fill: all that there is room for where the server does not tell. */
static guint64
message_size (const TernMessageFacts *facts)
{
  return facts->size != 0 ? facts->size : TERN_LIMIT_IMAP_FETCH;
}

static gboolean
add_target (TernReader *reader,
            TernBodyFetch *self,
            const TernMessageRecord *record,
            guint32 uid,
            const TernBodyQuery *query,
            GError **error)
{
  g_auto (GStrv) here = tern_read_body_sections (reader, record->id, error);
  g_auto (GStrv) wanted = NULL;
  TernBodyTarget *target;

  if (here == NULL)
    return FALSE;
  if (g_strv_contains ((const char *const *) here, ""))
    return TRUE;
  wanted = wanted_sections (record, query->section);
  target = g_new0 (TernBodyTarget, 1);
  target->location = record->id;
  target->requests = g_ptr_array_new ();
  target->bodies = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_packed_body_free);
  if (record->facts->structure != NULL)
    target->structure = tern_part_copy (record->facts->structure);
  for (gsize i = 0; wanted[i] != NULL; i++)
    if (!g_strv_contains ((const char *const *) here, wanted[i]))
      {
        TernPartRequest *request = tern_part_request_new (uid, wanted[i], record->facts->size);

        g_ptr_array_add (self->requests, request);
        g_ptr_array_add (target->requests, request);
      }
  if (target->requests->len > 0)
    {
      g_ptr_array_add (self->targets, target);
      self->size += message_size (record->facts);
      if (query->strict && query->section != NULL)
        self->large = section_size (record->facts, query->section);
      if (self->large <= TERN_LIMIT_ONE_PIECE)
        self->large = 0;
    }
  else
    target_free (target);
  return TRUE;
}

static gboolean
add_location (TernReader *reader,
              const TernBodyQuery *query,
              TernBodyFetch *self,
              TernId location,
              GError **error)
{
  g_autoptr (TernMessageRecord) record = tern_read_message (reader, location, error);
  TernId folder = 0;
  guint32 uid;

  if (record == NULL)
    {
      if (query->strict && error != NULL && *error == NULL)
        *error = tern_fault_new (TERN_FAULT_NOT_FOUND, _ ("The message is not there any more."));
      return error == NULL || *error == NULL;
    }
  if (record->body_state == TERN_BODY_HERE
      || (query->section == NULL && !query->strict && record->body_state != TERN_BODY_ABSENT))
    return TRUE;
  uid = tern_read_uid (reader, location, &folder, NULL);
  if (uid == 0)
    {
      if (query->strict && error != NULL)
        *error = tern_fault_new (TERN_FAULT_UNAVAILABLE,
                                 _ ("The message is being moved on the server; its text can be "
                                    "fetched when that is done."));
      return !query->strict;
    }
  if (self->folder == NULL)
    self->folder = tern_read_folder (reader, folder, NULL);
  if (self->folder != NULL && self->folder->id == folder && self->targets->len > 0)
    self->full = self->targets->len >= query->most
                 || self->size + message_size (record->facts) > TERN_LIMIT_IMAP_FETCH;
  if (self->folder == NULL || self->folder->id != folder || self->full)
    {
      g_array_append_val (self->rest, location);
      return TRUE;
    }
  return add_target (reader, self, record, uid, query, error);
}

gboolean
tern_body_fetch_read (TernReader *reader,
                      gpointer data,
                      GCancellable *cancellable,
                      gpointer *result,
                      GError **error)
{
  const TernBodyQuery *query = data;
  TernBodyFetch *self = g_new0 (TernBodyFetch, 1);

  self->targets = g_ptr_array_new_with_free_func (target_free);
  self->requests = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_part_request_free);
  self->rest = g_array_new (FALSE, FALSE, sizeof (TernId));
  for (guint i = 0; i < query->locations->len; i++)
    {
      if (self->full || self->targets->len >= query->most)
        {
          g_array_append_vals (self->rest, &g_array_index (query->locations, TernId, i),
                               query->locations->len - i);
          break;
        }
      if (!add_location (reader, query, self, g_array_index (query->locations, TernId, i), error))
        {
          tern_body_fetch_free (self);
          return FALSE;
        }
    }
  *result = self;
  return TRUE;
}

void
tern_body_fetch_put_off (TernBodyFetch *self, GArray *rest)
{
  for (guint i = 0; i < self->targets->len; i++)
    {
      TernBodyTarget *target = g_ptr_array_index (self->targets, i);
      gboolean put_off = FALSE;

      for (guint j = 0; j < target->requests->len; j++)
        {
          TernPartRequest *request = g_ptr_array_index (target->requests, j);

          put_off |= request->crowded_out;
          if (request->crowded_out)
            g_clear_error (&request->error);
        }
      if (put_off)
        g_array_append_val (rest, target->location);
    }
}

guint64
tern_body_fetch_count_bytes (const TernBodyFetch *self)
{
  guint64 n = 0;

  for (guint i = 0; i < self->requests->len; i++)
    {
      const TernPartRequest *request = g_ptr_array_index (self->requests, i);

      n += request->bytes != NULL ? g_bytes_get_size (request->bytes) : 0;
    }
  return n;
}

const GError *
tern_body_fetch_get_error (const TernBodyFetch *self)
{
  for (guint i = 0; i < self->requests->len; i++)
    {
      const TernPartRequest *request = g_ptr_array_index (self->requests, i);

      if (request->error != NULL)
        return request->error;
    }
  return NULL;
}

gboolean
tern_body_fetch_has_any (const TernBodyFetch *self)
{
  for (guint i = 0; i < self->requests->len; i++)
    if (((const TernPartRequest *) g_ptr_array_index (self->requests, i))->bytes != NULL)
      return TRUE;
  return FALSE;
}

/* Storing */

static GBytes *
get_section (const char *section, gpointer data)
{
  const TernBodyTarget *target = data;

  for (guint i = 0; i < target->requests->len; i++)
    {
      const TernPartRequest *request = g_ptr_array_index (target->requests, i);

      if (strcmp (request->section, section) == 0)
        return request->bytes != NULL ? g_bytes_ref (request->bytes) : NULL;
    }
  return NULL;
}

void
tern_body_fetch_make_previews (TernBodyFetch *self)
{
  for (guint i = 0; i < self->targets->len; i++)
    {
      TernBodyTarget *target = g_ptr_array_index (self->targets, i);

      g_free (target->preview);
      target->preview = tern_previews_from_sections (target->structure, get_section, target);
    }
}

void
tern_body_fetch_pack (TernBodyFetch *self)
{
  for (guint i = 0; i < self->targets->len; i++)
    {
      TernBodyTarget *target = g_ptr_array_index (self->targets, i);

      for (guint j = 0; j < target->requests->len; j++)
        {
          TernPartRequest *request = g_ptr_array_index (target->requests, j);

          g_ptr_array_add (target->bodies,
                           request->bytes != NULL ? tern_packed_body_new (request->bytes) : NULL);
          g_clear_pointer (&request->bytes, g_bytes_unref);
        }
    }
}

gboolean
tern_body_fetch_write (TernTxn *txn, gpointer data, gpointer *result, GError **error)
{
  const TernBodyFetch *self = data;
  guint end = MIN (self->targets->len, self->stored + TERN_BODY_FETCH_SLICE);

  for (guint i = self->stored; i < end; i++)
    {
      const TernBodyTarget *target = g_ptr_array_index (self->targets, i);
      TernId folder = 0;

      /* It may have been removed meanwhile. */
      if (tern_read_uid (tern_txn_reader (txn), target->location, &folder, NULL) == 0)
        continue;
      for (guint j = 0; j < target->requests->len; j++)
        {
          const TernPartRequest *request = g_ptr_array_index (target->requests, j);
          const TernPackedBody *body = g_ptr_array_index (target->bodies, j);

          if (body != NULL
              && !tern_txn_put_packed_body (txn, target->location, request->section, body, error))
            return FALSE;
        }
      if (target->preview != NULL
          && !tern_txn_set_preview (txn, target->location, target->preview, error))
        return FALSE;
    }
  return TRUE;
}
