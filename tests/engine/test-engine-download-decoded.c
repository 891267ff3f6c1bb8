/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "store-fixture.h"
#include "tern-body-store.h"
#include "tern-download-private.h"
#include "tern-script-server.h"
#include "tern-store-messages.h"

#include <string.h>

/*
 * A part in base64 of which the server decodes some, until it does not any more: nothing that it
 * has decoded stays.
 */

#define LINE  76
#define LINES 40000
#define SIZE  (LINES * (LINE + 2))

#define FAKE_TYPE_REMOTE (fake_remote_get_type ())
G_DECLARE_FINAL_TYPE (FakeRemote, fake_remote, FAKE, REMOTE, GObject)

struct _FakeRemote
{
  GObject parent;
  GBytes *part;    /* (unowned) */
  GBytes *decoded; /* (unowned) what it says that it decodes to */
  guint gives;     /* so many decoded pieces, and then no more */
  gboolean began_again;
};

static GBytes *
slice (GBytes *bytes, guint64 offset, guint32 length)
{
  gsize size = g_bytes_get_size (bytes);

  return g_bytes_new_from_bytes (bytes, MIN (offset, size),
                                 MIN (length, size - MIN (offset, size)));
}

static void
fake_fetch_parts_async (TernRemote *remote,
                        const TernFolderRecord *folder,
                        GPtrArray *requests,
                        TernUrgency urgency,
                        GAsyncReadyCallback callback,
                        gpointer user_data)
{
  FakeRemote *self = FAKE_REMOTE (remote);
  GTask *task = g_task_new (self, NULL, callback, user_data);

  g_task_set_source_tag (task, fake_fetch_parts_async);
  if (requests->len > 1 && self->gives == 0)
    g_task_return_error (task, tern_fault_new (TERN_FAULT_REFUSED, "cannot decode that"));
  else
    {
      if (requests->len > 1)
        self->gives--;
      for (guint i = 0; i < requests->len; i++)
        {
          TernPartRequest *request = g_ptr_array_index (requests, i);

          self->began_again |= self->gives == 0 && request->offset == 0;
          request->bytes = slice (request->decoded ? self->decoded : self->part, request->offset,
                                  request->length);
        }
      g_task_return_boolean (task, TRUE);
    }
  g_object_unref (task);
}

static gboolean
fake_fetch_parts_finish (TernRemote *remote, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

static gboolean
fake_gains_by_decoding (TernRemote *remote)
{
  return TRUE;
}

static void
fake_iface_init (TernRemoteInterface *iface)
{
  iface->fetch_parts_async = fake_fetch_parts_async;
  iface->fetch_parts_finish = fake_fetch_parts_finish;
  iface->gains_by_decoding = fake_gains_by_decoding;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (FakeRemote,
                               fake_remote,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (TERN_TYPE_REMOTE, fake_iface_init))

static void
fake_remote_init (FakeRemote *self)
{
}

static void
fake_remote_class_init (FakeRemoteClass *klass)
{
}

typedef struct
{
  GError *error; /* (owned) (nullable) */
  gboolean over;
} Ending;

static void
on_loaded (const GError *error, gpointer data)
{
  ((Ending *) data)->error = error != NULL ? g_error_copy (error) : NULL;
}

static void
on_ended (TernDownload *download, gpointer data)
{
  ((Ending *) data)->over = TRUE;
}

static void
keep (gpointer data)
{
}

static GBytes *
make_part (GBytes **decoded)
{
  g_autoptr (GString) text = g_string_sized_new (SIZE);
  g_autoptr (GByteArray) all = g_byte_array_new ();
  guchar row[LINE / 4 * 3];

  for (guint i = 0; i < LINES; i++)
    {
      g_autofree char *line = NULL;

      for (guint j = 0; j < sizeof row; j++)
        row[j] = (guchar) (i * 7 + j * j);
      line = g_base64_encode (row, sizeof row);
      g_string_append_printf (text, "%s\r\n", line);
      g_byte_array_append (all, row, sizeof row);
    }
  *decoded = g_byte_array_free_to_bytes (g_steal_pointer (&all));
  return g_string_free_to_bytes (g_steal_pointer (&text));
}

/* Where it is not compared, that is not what the part has. */
static GBytes *
spoil (GBytes *decoded)
{
  gsize size;
  guchar *data = g_bytes_unref_to_data (
      g_bytes_new (g_bytes_get_data (decoded, NULL), g_bytes_get_size (decoded)), &size);

  memset (data + 300000, 0x55, 57);
  return g_bytes_new_take (data, size);
}

static TernId
add_message (StoreFixture *f)
{
  g_autoptr (TernMessageFacts) facts = store_facts (1, 1, TERN_FLAG_NONE);
  TernTxn *txn = store_begin (f);
  TernId id;

  facts->size = SIZE + 1000;
  facts->structure = tern_part_new ("1", "application", "pdf");
  facts->structure->encoding = g_strdup ("base64");
  facts->structure->size = SIZE;
  g_assert_true (tern_txn_set_sync_state (txn, f->inbox, 1, 2, 0, 1, NULL));
  id = tern_txn_add_message (txn, f->inbox, facts, FALSE, NULL);
  store_commit (f);
  return id;
}

static void
test_refused_later (void)
{
  StoreFixture *f = store_fixture_new ();
  TernId id = add_message (f);
  FakeRemote *remote = g_object_new (FAKE_TYPE_REMOTE, NULL);
  g_autoptr (GBytes) decoded = NULL;
  g_autoptr (GBytes) part = make_part (&decoded);
  g_autoptr (GBytes) spoilt = spoil (decoded);
  g_autoptr (GBytes) found = NULL;
  Ending ending = { 0 };
  TernDownload *download;
  TernReader *reader;

  remote->part = part;
  remote->decoded = spoilt;
  remote->gives = 1;
  download = tern_download_new (f->store, id, "1", FALSE, on_ended, &ending, keep);
  tern_download_add_waiter (download, NULL, NULL, on_loaded, &ending);
  tern_download_set_remote (download, TERN_REMOTE (remote), NULL);
  tern_download_start (download);
  tern_test_wait_until (ending.over);
  g_assert_no_error (ending.error);
  g_assert_cmpuint (remote->gives, ==, 0);
  reader = store_read_begin (f, TERN_LANE_SLOW);
  found = tern_read_body (reader, id, "1", NULL);
  store_read_end (f);
  g_assert_nonnull (found);
  g_assert_true (g_bytes_equal (found, part));
  g_assert_true (remote->began_again);
  tern_download_unref (download);
  store_fixture_free (f);
  g_assert_finalize_object (remote);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/engine/download-decoded/refused-later", test_refused_later);
  return g_test_run ();
}
