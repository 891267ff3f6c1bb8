/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "store-fixture.h"
#include "tern-download-private.h"
#include "tern-store-messages.h"
#include "tern-script-server.h"

#include <string.h>

/*
 * How long a download waits for a connection, with a server that answers when the test wants.
 */

#define SIZE (3 * 1024 * 1024)

#define FAKE_TYPE_REMOTE (fake_remote_get_type ())
G_DECLARE_FINAL_TYPE (FakeRemote, fake_remote, FAKE, REMOTE, GObject)

struct _FakeRemote
{
  GObject parent;
  TernPartRequest *request; /* (unowned) (nullable): waits for the test */
  GTask *task;              /* (owned) (nullable): likewise */
};

static void
fake_fetch_parts_async (TernRemote *remote,
                        const TernFolderRecord *folder,
                        GPtrArray *requests,
                        TernUrgency urgency,
                        GAsyncReadyCallback callback,
                        gpointer user_data)
{
  FakeRemote *self = FAKE_REMOTE (remote);

  g_assert_null (self->task);
  g_assert_cmpuint (requests->len, ==, 1);
  self->request = g_ptr_array_index (requests, 0);
  self->task = g_task_new (self, NULL, callback, user_data);
  g_task_set_source_tag (self->task, fake_fetch_parts_async);
}

static gboolean
fake_fetch_parts_finish (TernRemote *remote, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
fake_iface_init (TernRemoteInterface *iface)
{
  iface->fetch_parts_async = fake_fetch_parts_async;
  iface->fetch_parts_finish = fake_fetch_parts_finish;
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
  StoreFixture *store;
  FakeRemote *remote;
  TernDownload *download;
  GError *error; /* (owned) (nullable) */
  gboolean over;
} World;

static void
on_loaded (const GError *error, gpointer data)
{
  ((World *) data)->error = error != NULL ? g_error_copy (error) : NULL;
}

static void
on_ended (TernDownload *download, gpointer data)
{
  ((World *) data)->over = TRUE;
}

static void
keep (gpointer data)
{
}

static void
world_init (World *self)
{
  g_autoptr (TernMessageFacts) facts = store_facts (1, 1, TERN_FLAG_NONE);
  TernTxn *txn;
  TernId id;

  *self = (World){ .store = store_fixture_new () };
  self->remote = g_object_new (FAKE_TYPE_REMOTE, NULL);
  facts->size = SIZE;
  txn = store_begin (self->store);
  g_assert_true (tern_txn_set_sync_state (txn, self->store->inbox, 1, 2, 0, 1, NULL));
  id = tern_txn_add_message (txn, self->store->inbox, facts, FALSE, NULL);
  store_commit (self->store);
  self->download = tern_download_new (self->store->store, id, "", FALSE, on_ended, self, keep);
  tern_download_add_waiter (self->download, NULL, NULL, on_loaded, self);
  tern_download_set_remote (self->download, TERN_REMOTE (self->remote), NULL);
  tern_download_start (self->download);
}

static void
world_clear (World *self)
{
  tern_download_unref (self->download);
  store_fixture_free (self->store);
  g_assert_finalize_object (self->remote);
  g_clear_error (&self->error);
}

static void
answer_piece (World *self)
{
  TernPartRequest *request;
  g_autoptr (GTask) task = NULL;
  gsize size;

  tern_test_wait_until (self->remote->task != NULL);
  task = g_steal_pointer (&self->remote->task);
  request = self->remote->request;
  size = MIN (request->length, SIZE - request->offset);
  request->bytes = g_bytes_new_take (memset (g_malloc (size + 1), 'x', size), size);
  g_task_return_boolean (task, TRUE);
}

/* In the middle of a piece, as the loader tells of it: first that there is no connection. */
static void
cut (World *self)
{
  g_autoptr (GError) why = tern_fault_new (TERN_FAULT_DISCONNECTED, "cut");
  g_autoptr (GTask) task = NULL;

  tern_test_wait_until (self->remote->task != NULL);
  task = g_steal_pointer (&self->remote->task);
  tern_download_set_remote (self->download, NULL, why);
  g_task_return_error (task, g_error_copy (why));
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

/* However often there is no connection: the next one goes on where the last one ended. */
static void
test_no_connection (void)
{
  g_autoptr (GError) why = tern_fault_new (TERN_FAULT_UNREACHABLE, "away");
  World world;

  world_init (&world);
  answer_piece (&world);
  cut (&world);
  for (guint i = 0; i < 50; i++)
    {
      tern_download_set_remote (world.download, NULL, NULL);
      tern_download_set_remote (world.download, NULL, why);
      g_assert_false (world.over);
    }
  tern_download_set_remote (world.download, TERN_REMOTE (world.remote), NULL);
  tern_test_wait_until (world.remote->task != NULL);
  g_assert_cmpuint (world.remote->request->offset, >, 0);
  while (!world.over)
    {
      answer_piece (&world);
      tern_test_wait_until (world.remote->task != NULL || world.over);
    }
  g_assert_no_error (world.error);
  world_clear (&world);
}

/* Connections that end before they have brought anything, each counted once. */
static void
test_cut_again (void)
{
  World world;

  world_init (&world);
  for (guint i = 0; i < 6; i++)
    {
      cut (&world);
      g_assert_false (world.over);
      tern_download_set_remote (world.download, TERN_REMOTE (world.remote), NULL);
    }
  cut (&world);
  g_assert_true (world.over);
  g_assert_error (world.error, TERN_FAULT, TERN_FAULT_DISCONNECTED);
  world_clear (&world);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/engine/download-waits/no-connection", test_no_connection);
  g_test_add_func ("/engine/download-waits/cut-again", test_cut_again);
  return g_test_run ();
}
