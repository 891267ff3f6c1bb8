/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "model-fixture.h"

#include "tern-folder-order-private.h"
#include "tern-folder.h"

#include <string.h>

/* The order, from records alone */

static TernFolderRecord *
new_record (TernId id, const char *path, TernRole role)
{
  const char *slash = strrchr (path, '/');
  TernFolderRecord *record = g_new0 (TernFolderRecord, 1);

  record->id = id;
  record->name = g_strdup (slash != NULL ? slash + 1 : path);
  record->path = g_strdup (path);
  record->role = role;
  record->selectable = TRUE;
  return record;
}

static char *
order_to_text (const GPtrArray *records)
{
  g_autoptr (GArray) lines = tern_folder_order (records);
  GString *out = g_string_new (NULL);

  for (guint i = 0; i < lines->len; i++)
    {
      const TernFolderLine *line = &g_array_index (lines, TernFolderLine, i);

      g_string_append_printf (out, "%s%u:%s", i > 0 ? " " : "", line->depth, line->record->name);
    }
  return g_string_free (out, FALSE);
}

static GPtrArray *
new_records (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify) tern_folder_record_free);
}

static void
add_path (GPtrArray *records, const char *path, TernSpace space)
{
  TernFolderRecord *record = new_record (records->len + 1, path, TERN_ROLE_NONE);

  record->space = space;
  g_ptr_array_add (records, record);
}

/* What a folder is in is known by its path; those of others come after one's own. */
static void
test_paths (void)
{
  g_autoptr (GPtrArray) records = new_records ();
  g_autofree char *text = NULL;

  add_path (records, "Public", TERN_SPACE_SHARED);
  add_path (records, "Public/News", TERN_SPACE_SHARED);
  add_path (records, "others/bob/Projects", TERN_SPACE_OTHERS);
  add_path (records, "others/bob", TERN_SPACE_OTHERS);
  add_path (records, "others", TERN_SPACE_OTHERS);
  add_path (records, "Zebra", TERN_SPACE_PERSONAL);
  add_path (records, "Zebra/not listed/Foal", TERN_SPACE_PERSONAL);
  add_path (records, "nowhere/Orphan", TERN_SPACE_PERSONAL);
  text = order_to_text (records);
  g_assert_cmpstr (text, ==, "0:Orphan 0:Zebra 1:Foal 0:others 1:bob 2:Projects 0:Public 1:News");
}

static void
test_order (void)
{
  g_autoptr (GPtrArray) records = new_records ();
  g_autofree char *text = NULL;

  g_ptr_array_add (records, new_record (1, "Zebra", TERN_ROLE_NONE));
  g_ptr_array_add (records, new_record (2, "Trash", TERN_ROLE_TRASH));
  g_ptr_array_add (records, new_record (3, "apple/item 10", TERN_ROLE_NONE));
  g_ptr_array_add (records, new_record (4, "INBOX", TERN_ROLE_INBOX));
  g_ptr_array_add (records, new_record (5, "apple", TERN_ROLE_NONE));
  g_ptr_array_add (records, new_record (6, "apple/item 9", TERN_ROLE_NONE));
  g_ptr_array_add (records, new_record (7, "apple/Spam", TERN_ROLE_JUNK));
  g_ptr_array_add (records, new_record (8, "Sent", TERN_ROLE_SENT));
  g_ptr_array_add (records, new_record (9, "Drafts", TERN_ROLE_DRAFTS));
  g_ptr_array_add (records, new_record (10, "INBOX/under inbox", TERN_ROLE_NONE));
  g_ptr_array_add (records, new_record (11, "Archive", TERN_ROLE_ARCHIVE));
  g_ptr_array_add (records, new_record (12, "gone", TERN_ROLE_NONE));
  ((TernFolderRecord *) g_ptr_array_index (records, 11))->gone = TRUE;
  text = order_to_text (records);
  g_assert_cmpstr (text, ==,
                   "0:INBOX 1:under inbox 0:Drafts 0:Sent 0:Archive 0:Spam 0:Trash "
                   "0:apple 1:item 9 1:item 10 0:Zebra");
}

/* The tree, over a store */

typedef struct
{
  EngineFixture *engine;
  TernFolderTree *tree;
  TernId account;
  TernId inbox;
  guint told;
} Fixture;

static void
set_up (Fixture *self, gconstpointer data)
{
  self->engine = engine_fixture_new ();
  engine_fixture_open (self->engine, FALSE);
  self->account = model_add_account (self->engine);
  self->inbox = model_add_folder (self->engine, self->account, "INBOX", TERN_ROLE_INBOX);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  g_signal_handlers_disconnect_by_data (self->tree, self);
  g_assert_finalize_object (g_steal_pointer (&self->tree));
  engine_fixture_free (self->engine);
}

static void
on_items_changed (GListModel *model, guint position, guint removed, guint added, Fixture *self)
{
  self->told++;
}

static gboolean
has_two (gpointer data)
{
  return g_list_model_get_n_items (G_LIST_MODEL (((Fixture *) data)->tree)) == 2;
}

static gboolean
has_one (gpointer data)
{
  return g_list_model_get_n_items (G_LIST_MODEL (((Fixture *) data)->tree)) == 1;
}

static void
open_tree (Fixture *self)
{
  self->tree = tern_folder_tree_new (self->engine->engine, self->account);
  g_signal_connect (self->tree, "items-changed", G_CALLBACK (on_items_changed), self);
  engine_wait (has_one, self);
}

static void
write_three (TernTxn *txn, gpointer data)
{
  const Fixture *self = data;

  model_add_message (txn, self->inbox, 1, 1700000000, TERN_FLAG_NONE);
  model_add_message (txn, self->inbox, 2, 1700000001, TERN_FLAG_SEEN);
  model_add_message (txn, self->inbox, 3, 1700000002, TERN_FLAG_NONE);
}

static gboolean
has_three (gpointer data)
{
  return tern_folder_get_total (data) == 3;
}

static void
count_notify (GObject *object, GParamSpec *pspec, gpointer data)
{
  ++*(guint *) data;
}

/* Counts come with the change set: no reading, no items-changed. */
static void
test_counts (Fixture *self, gconstpointer data)
{
  TernFolder *inbox;
  guint notified = 0;

  open_tree (self);
  inbox = tern_folder_tree_find_role (self->tree, TERN_ROLE_INBOX);
  g_assert_nonnull (inbox);
  g_assert_true (tern_folder_tree_find (self->tree, self->inbox) == inbox);
  g_assert_cmpstr (tern_folder_get_name (inbox), ==, "Inbox");
  g_assert_cmpint (tern_folder_get_unread (inbox), ==, 0);
  g_signal_connect (inbox, "notify::unread", G_CALLBACK (count_notify), &notified);
  self->told = 0;
  model_write (self->engine, write_three, self);
  engine_wait (has_three, inbox);
  g_assert_cmpint (tern_folder_get_unread (inbox), ==, 2);
  g_assert_cmpuint (notified, ==, 1);
  g_assert_cmpuint (self->told, ==, 0);
  g_signal_handlers_disconnect_by_data (inbox, &notified);
}

/* A new folder keeps the objects of the others. */
static void
test_new_folder (Fixture *self, gconstpointer data)
{
  TernFolder *inbox;
  TernFolder *other;

  open_tree (self);
  inbox = tern_folder_tree_find (self->tree, self->inbox);
  self->told = 0;
  model_add_folder (self->engine, self->account, "Lists/GTK", TERN_ROLE_NONE);
  engine_wait (has_two, self);
  g_assert_cmpuint (self->told, ==, 1);
  g_assert_true (tern_folder_tree_find (self->tree, self->inbox) == inbox);
  other = g_list_model_get_item (G_LIST_MODEL (self->tree), 1);
  g_assert_cmpstr (tern_folder_get_name (other), ==, "GTK");
  g_assert_cmpstr (tern_folder_get_path (other), ==, "Lists/GTK");
  g_assert_cmpstr (tern_folder_get_icon_name (other), ==, "folder-symbolic");
  g_object_unref (other);
}

int
main (int argc, char **argv)
{
  engine_fixture_prepare ();
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/model/folders/order", test_order);
  g_test_add_func ("/model/folders/paths", test_paths);
  g_test_add ("/model/folders/counts", Fixture, NULL, set_up, test_counts, tear_down);
  g_test_add ("/model/folders/new", Fixture, NULL, set_up, test_new_folder, tear_down);
  return g_test_run ();
}
