/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The selection of a message list, over a real store with no account to sync. */
#include "config.h"

#include "tern-selection.h"

#define N_MESSAGES 20

typedef struct
{
  char *dir;
  TernEngine *engine;
  TernId folder;
  TernMessageList *list;
  TernSelection *selection;
  guint told; /* selection-changed seen */
} Fixture;

static void
on_done (GObject *source, GAsyncResult *result, gpointer data)
{
  *(GAsyncResult **) data = g_object_ref (result);
}

static GAsyncResult *
await (GAsyncResult **result)
{
  while (*result == NULL)
    g_main_context_iteration (NULL, TRUE);
  return *result;
}

static TernMessageFacts *
make_facts (guint number)
{
  TernMessageFacts *facts = tern_message_facts_new ();

  facts->uid = number;
  facts->received = facts->date = 1700000000 + (gint64) number * 60;
  facts->size = 1000;
  g_free (facts->subject);
  facts->subject = g_strdup_printf ("Message %u", number);
  return facts;
}

static gboolean
add_messages (TernTxn *txn, guint first, guint n, TernId folder, GError **error)
{
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (TernMessageFacts) facts = make_facts (first + i);

      if (tern_txn_add_message (txn, folder, facts, FALSE, error) == 0)
        return FALSE;
    }
  return TRUE;
}

static gboolean
write_folder (TernTxn *txn, gpointer data, gpointer *result, GError **error)
{
  Fixture *f = data;
  TernFolderRecord record = { .path = (char *) "INBOX",
                              .name = (char *) "INBOX",
                              .remote_name = (char *) "INBOX",
                              .delimiter = '/',
                              .role = TERN_ROLE_INBOX,
                              .subscribed = TRUE,
                              .selectable = TRUE };

  record.account = tern_txn_ensure_account (txn, "0d5c1f5e-0000-4000-8000-000000000001", error);
  f->folder = record.account != 0 ? tern_txn_put_folder (txn, &record, error) : 0;
  return f->folder != 0 && add_messages (txn, 1, N_MESSAGES, f->folder, error);
}

static gboolean
write_newer (TernTxn *txn, gpointer data, gpointer *result, GError **error)
{
  Fixture *f = data;

  return add_messages (txn, N_MESSAGES + 1, 3, f->folder, error);
}

static gboolean
write_removal (TernTxn *txn, gpointer data, gpointer *result, GError **error)
{
  Fixture *f = data;
  g_autoptr (GArray) uids = g_array_new (FALSE, FALSE, sizeof (guint32));

  for (guint32 uid = 8; uid <= 10; uid++)
    g_array_append_val (uids, uid);
  return tern_txn_remove_uids (txn, f->folder, uids, error);
}

static void
write_now (Fixture *f, TernStoreWrite func)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  TernStore *store = tern_engine_get_store (f->engine);

  tern_store_write_async (store, G_PRIORITY_DEFAULT, func, f, NULL, NULL, on_done, &result);
  tern_store_write_finish (store, await (&result), NULL, &error);
  g_assert_no_error (error);
}

static void
wait_count (Fixture *f, guint n)
{
  while (g_list_model_get_n_items (G_LIST_MODEL (f->selection)) != n)
    g_main_context_iteration (NULL, TRUE);
}

static void
on_selection_changed (Fixture *f)
{
  f->told++;
}

static void
set_up (Fixture *f, gconstpointer data)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  f->dir = g_dir_make_tmp ("tern-selection-XXXXXX", &error);
  g_assert_no_error (error);
  f->engine = tern_engine_new (f->dir, f->dir);
  tern_engine_open_async (f->engine, FALSE, NULL, on_done, &result);
  tern_engine_open_finish (f->engine, await (&result), NULL, &error);
  g_assert_no_error (error);

  write_now (f, write_folder);
  f->list = tern_message_list_new (f->engine, f->folder);
  f->selection = tern_selection_new ();
  g_signal_connect_swapped (f->selection, "selection-changed", G_CALLBACK (on_selection_changed),
                            f);
  tern_selection_set_list (f->selection, f->list);
  wait_count (f, N_MESSAGES);
  f->told = 0;
}

static void
remove_tree (const char *path)
{
  const char *argv[] = { "rm", "-rf", path, NULL };

  g_spawn_sync (NULL, (char **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL,
                NULL);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  g_autoptr (GAsyncResult) result = NULL;

  g_object_unref (f->selection);
  g_object_unref (f->list);
  tern_engine_close_async (f->engine, on_done, &result);
  tern_engine_close_finish (f->engine, await (&result), NULL);
  g_object_unref (f->engine);
  remove_tree (f->dir);
  g_free (f->dir);
}

static void
test_select (Fixture *f, gconstpointer data)
{
  GtkSelectionModel *model = GTK_SELECTION_MODEL (f->selection);
  g_autoptr (GArray) ids = NULL;

  g_assert_cmpuint (tern_selection_get_count (f->selection), ==, 0);
  g_assert_cmpint (tern_selection_get_single (f->selection), ==, 0);

  g_assert_true (gtk_selection_model_select_item (model, 4, TRUE));
  g_assert_cmpuint (f->told, ==, 1);
  g_assert_cmpint (tern_selection_get_single (f->selection), ==,
                   tern_message_list_get_id (f->list, 4));

  gtk_selection_model_select_range (model, 6, 3, FALSE);
  g_assert_cmpuint (tern_selection_get_count (f->selection), ==, 4);
  g_assert_cmpint (tern_selection_get_single (f->selection), ==, 0);
  ids = tern_selection_dup_ids (f->selection);
  g_assert_cmpuint (ids->len, ==, 4);
  g_assert_cmpint (g_array_index (ids, TernId, 3), ==, tern_message_list_get_id (f->list, 8));

  gtk_selection_model_unselect_item (model, 4);
  g_assert_false (gtk_selection_model_is_selected (model, 4));
  gtk_selection_model_select_all (model);
  g_assert_cmpuint (tern_selection_get_count (f->selection), ==, N_MESSAGES);
  gtk_selection_model_unselect_all (model);
  g_assert_cmpuint (tern_selection_get_count (f->selection), ==, 0);
}

static void
test_new_mail (Fixture *f, gconstpointer data)
{
  TernId before;

  gtk_selection_model_select_item (GTK_SELECTION_MODEL (f->selection), 4, TRUE);
  before = tern_selection_get_single (f->selection);
  write_now (f, write_newer);
  wait_count (f, N_MESSAGES + 3);
  g_assert_cmpint (tern_selection_get_single (f->selection), ==, before);
  g_assert_true (gtk_selection_model_is_selected (GTK_SELECTION_MODEL (f->selection), 7));
  g_assert_cmpuint (f->told, ==, 1);
}

static void
test_removed (Fixture *f, gconstpointer data)
{
  /* Newest first: uid 20 is at 0, uid 9 at 11, uid 5 at 15. */
  gtk_selection_model_select_item (GTK_SELECTION_MODEL (f->selection), 11, TRUE);
  gtk_selection_model_select_item (GTK_SELECTION_MODEL (f->selection), 15, FALSE);
  write_now (f, write_removal);
  wait_count (f, N_MESSAGES - 3);
  g_assert_cmpuint (tern_selection_get_count (f->selection), ==, 1);
  g_assert_true (gtk_selection_model_is_selected (GTK_SELECTION_MODEL (f->selection), 12));
}

static void
test_neighbour (Fixture *f, gconstpointer data)
{
  GtkSelectionModel *model = GTK_SELECTION_MODEL (f->selection);

  g_assert_cmpint (tern_selection_find_neighbour (f->selection), ==, 0);
  gtk_selection_model_select_range (model, 3, 2, TRUE);
  g_assert_cmpint (tern_selection_find_neighbour (f->selection), ==,
                   tern_message_list_get_id (f->list, 5));
  gtk_selection_model_select_item (model, N_MESSAGES - 1, TRUE);
  g_assert_cmpint (tern_selection_find_neighbour (f->selection), ==,
                   tern_message_list_get_id (f->list, N_MESSAGES - 2));
  gtk_selection_model_select_all (model);
  g_assert_cmpint (tern_selection_find_neighbour (f->selection), ==, 0);
}

static void
test_other_list (Fixture *f, gconstpointer data)
{
  g_autoptr (TernMessageList) other = tern_message_list_new (f->engine, f->folder);

  gtk_selection_model_select_item (GTK_SELECTION_MODEL (f->selection), 4, TRUE);
  tern_selection_set_list (f->selection, other);
  g_assert_cmpuint (tern_selection_get_count (f->selection), ==, 0);
  wait_count (f, N_MESSAGES);
  g_assert_true (tern_selection_select_id (f->selection, tern_message_list_get_id (other, 2)));
  g_assert_true (gtk_selection_model_is_selected (GTK_SELECTION_MODEL (f->selection), 2));
  g_assert_false (tern_selection_select_id (f->selection, 4711));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/view/selection/select", Fixture, NULL, set_up, test_select, tear_down);
  g_test_add ("/view/selection/new-mail", Fixture, NULL, set_up, test_new_mail, tear_down);
  g_test_add ("/view/selection/removed", Fixture, NULL, set_up, test_removed, tear_down);
  g_test_add ("/view/selection/neighbour", Fixture, NULL, set_up, test_neighbour, tear_down);
  g_test_add ("/view/selection/other-list", Fixture, NULL, set_up, test_other_list, tear_down);
  return g_test_run ();
}
