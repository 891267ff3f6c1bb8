/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "store-fixture.h"

static void
test_add_and_read (void)
{
  StoreFixture *f = store_fixture_new ();
  GError *error = NULL;
  TernTxn *txn = store_begin (f);
  TernId ids[3];

  for (guint i = 0; i < 3; i++)
    {
      g_autoptr (TernMessageFacts) facts =
          store_facts (i + 1, i, i == 1 ? TERN_FLAG_SEEN : TERN_FLAG_NONE);

      ids[i] = tern_txn_add_message (txn, f->inbox, facts, i == 2, &error);
      g_assert_no_error (error);
      g_assert_cmpint (ids[i], >, 0);
    }
  g_ptr_array_set_size (f->changes, 0);
  store_commit (f);

  g_assert_cmpuint (f->changes->len, ==, 1);
  const TernChangeSet *changes = g_ptr_array_index (f->changes, 0);
  const TernFolderChange *change = tern_change_set_find (changes, f->inbox);
  g_assert_nonnull (change);
  g_assert_cmpuint (change->added->len, ==, 3);
  g_assert_cmpint (g_array_index (change->added, TernListKey, 0).id, ==, ids[2]);
  g_assert_cmpint (g_array_index (change->added, TernListKey, 2).id, ==, ids[0]);
  g_assert_cmpuint (change->fresh->len, ==, 1);
  g_assert_cmpint (g_array_index (change->fresh, TernId, 0), ==, ids[2]);
  g_assert_cmpint (change->total, ==, 3);
  g_assert_cmpint (change->unread, ==, 2);
  g_assert_true (change->counts_changed);

  TernReader *reader = store_read_begin (f, TERN_LANE_LIST);
  g_assert_cmpint (tern_read_change_seq (reader), ==, changes->seq);
  g_autoptr (GArray) keys = tern_read_keys (reader, f->inbox, TERN_FILTER_ALL, 0, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (keys->len, ==, 3);
  g_assert_cmpint (g_array_index (keys, TernListKey, 0).id, ==, ids[2]);
  g_autoptr (GArray) unread = tern_read_keys (reader, f->inbox, TERN_FILTER_UNREAD, 1, &error);
  g_assert_cmpuint (unread->len, ==, 1);
  g_autoptr (GPtrArray) records = tern_read_messages (reader, ids, 3, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (records->len, ==, 3);
  const TernMessageRecord *record = g_ptr_array_index (records, 1);
  g_assert_cmpint (record->flags, ==, TERN_FLAG_SEEN);
  g_assert_cmpstr (record->facts->subject, ==, "Subject 1");
  g_assert_cmpstr (record->facts->message_id, ==, "1@example.org");
  g_assert_cmpuint (record->facts->from->len, ==, 1);
  g_assert_cmpuint (record->facts->size, ==, 1001);
  g_assert_cmpuint (record->facts->uid, ==, 2);
  store_read_end (f);
  store_verify (f);
  store_fixture_free (f);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/store/messages/add-and-read", test_add_and_read);
  return g_test_run ();
}
