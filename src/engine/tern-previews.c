/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-previews.h"

#include "tern-body-store.h"
#include "tern-fault.h"

/* Some 50 ms of the slow reader. */
#define SLICE 100

char *
tern_previews_from_sections (const TernPart *structure, TernMimeGetSection get, gpointer data)
{
  g_autoptr (GBytes) whole = get ("", data);
  g_autoptr (GBytes) header = NULL;
  g_autoptr (TernMimeText) text = NULL;

  if (whole != NULL)
    return tern_mime_read_preview (whole);
  header = get ("HEADER", data);
  if (header == NULL || structure == NULL)
    return NULL;
  text = tern_mime_read_text_from_parts (structure, get, data);
  return tern_mime_make_preview (text);
}

typedef struct
{
  TernReader *reader;
  TernId location;
} Source;

static GBytes *
get_section (const char *section, gpointer data)
{
  const Source *source = data;

  return tern_read_body (source->reader, source->location, section, NULL);
}

char *
tern_previews_read (TernReader *reader, const TernMessageRecord *record)
{
  Source source = { reader, record->id };
  char *preview;

  if (record->facts->preview != NULL || record->body_state == TERN_BODY_ABSENT)
    return g_strdup (record->facts->preview);
  preview = tern_previews_from_sections (record->facts->structure, get_section, &source);
  return preview != NULL ? preview : g_strdup ("");
}

/* Making them */

typedef struct
{
  TernStore *store; /* (owned) */
  TernId account;
  GArray *ids; /* (owned) (nullable) of TernId */
  gboolean more;
  TernPreviewsMade made;
  gpointer data;
} Making;

typedef struct
{
  TernId location;
  char *preview;
} Preview;

static void
preview_free (gpointer data)
{
  Preview *preview = data;

  g_free (preview->preview);
  g_free (preview);
}

static void
end_making (Making *self, const GError *error)
{
  self->made (self->more && error == NULL, error, self->data);
  tern_store_unref (self->store);
  g_clear_pointer (&self->ids, g_array_unref);
  g_free (self);
}

static gboolean
read_previews (TernReader *reader,
               gpointer data,
               GCancellable *cancellable,
               gpointer *result,
               GError **error)
{
  const Making *self = data;
  g_autoptr (GPtrArray) previews = g_ptr_array_new_with_free_func (preview_free);
  g_autoptr (GArray) ids = self->ids != NULL
                               ? g_array_ref (self->ids)
                               : tern_read_wordless (reader, self->account, SLICE, error);
  g_autoptr (GPtrArray) records = NULL;

  if (ids != NULL)
    records = tern_read_messages (reader, (const TernId *) ids->data, ids->len, error);
  if (records == NULL)
    return FALSE;
  for (guint i = 0; i < records->len; i++)
    {
      const TernMessageRecord *record = g_ptr_array_index (records, i);
      Preview *preview;

      if (record->facts->preview != NULL || record->body_state == TERN_BODY_ABSENT)
        continue;
      preview = g_new (Preview, 1);
      preview->location = record->id;
      preview->preview = tern_previews_read (reader, record);
      g_ptr_array_add (previews, preview);
    }
  *result = g_steal_pointer (&previews);
  return TRUE;
}

static gboolean
write_previews (TernTxn *txn, gpointer data, gpointer *result, GError **error)
{
  const GPtrArray *previews = data;

  for (guint i = 0; i < previews->len; i++)
    {
      const Preview *preview = g_ptr_array_index (previews, i);
      g_autoptr (GError) fault = NULL;

      /* It may have been removed meanwhile. */
      if (tern_txn_set_preview (txn, preview->location, preview->preview, &fault)
          || tern_fault_is (fault, TERN_FAULT_NOT_FOUND))
        continue;
      g_propagate_error (error, g_steal_pointer (&fault));
      return FALSE;
    }
  return TRUE;
}

static void
written_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Making *self = user_data;
  g_autoptr (GError) error = NULL;

  tern_store_write_finish (self->store, result, NULL, &error);
  end_making (self, error);
}

static void
read_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Making *self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) previews = NULL;
  gpointer value = NULL;

  if (tern_store_read_finish (self->store, result, &value, &error))
    previews = value;
  if (previews == NULL || previews->len == 0)
    {
      end_making (self, error);
      return;
    }
  self->more = self->ids == NULL && previews->len == SLICE;
  tern_store_write_async (self->store, G_PRIORITY_LOW, write_previews, g_ptr_array_ref (previews),
                          (GDestroyNotify) g_ptr_array_unref, NULL, written_cb, self);
}

void
tern_previews_make (TernStore *store,
                    TernId account,
                    const TernId *ids,
                    gsize n,
                    TernPreviewsMade made,
                    gpointer data)
{
  Making *self = g_new0 (Making, 1);

  self->store = tern_store_ref (store);
  self->account = account;
  self->made = made;
  self->data = data;
  if (n > 0)
    {
      self->ids = g_array_sized_new (FALSE, FALSE, sizeof (TernId), n);
      g_array_append_vals (self->ids, ids, n);
    }
  tern_store_read_async (store, TERN_LANE_SLOW, G_PRIORITY_LOW, read_previews, self, NULL,
                         (GDestroyNotify) g_ptr_array_unref, NULL, read_cb, self);
}
