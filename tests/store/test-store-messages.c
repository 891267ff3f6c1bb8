/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "store-fixture.h"

#include <string.h>

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

/* Known by its uid: updated, not doubled; what the server does not tell this time stays. */
static void
test_add_again (void)
{
  StoreFixture *f = store_fixture_new ();
  TernId id = store_add (f, f->inbox, 1, 1, TERN_FLAG_NONE);
  GError *error = NULL;
  TernTxn *txn = store_begin (f);
  g_assert_true (tern_txn_set_preview (txn, id, "First words", &error));
  store_commit (f);
  g_ptr_array_set_size (f->changes, 0);

  g_assert_cmpint (store_add (f, f->inbox, 1, 1, TERN_FLAG_SEEN), ==, id);
  const TernFolderChange *change =
      tern_change_set_find (g_ptr_array_index (f->changes, 0), f->inbox);
  g_assert_cmpuint (change->added->len, ==, 0);
  g_assert_cmpuint (change->touched->len, ==, 1);
  g_assert_cmpint (change->unread, ==, 0);
  g_autoptr (TernMessageRecord) record = store_message (f, id);
  g_assert_cmpstr (record->facts->preview, ==, "First words");
  g_assert_cmpint (record->flags, ==, TERN_FLAG_SEEN);
  store_verify (f);
  store_fixture_free (f);
}

/* Every fact comes back as it was put. */
static void
test_all_facts (void)
{
  StoreFixture *f = store_fixture_new ();
  g_autoptr (TernMessageFacts) facts = store_facts (9, 9, TERN_FLAG_FLAGGED);
  static const char *const references[] = { "a@example.org", "b@example.org", NULL };

  facts->modseq = 77;
  facts->keywords = g_strdup ("work later");
  facts->date_offset = -330;
  facts->in_reply_to = g_strdup ("b@example.org");
  facts->references = g_strdupv ((char **) references);
  g_ptr_array_add (facts->sender, tern_address_new ("", "s@example.org"));
  g_ptr_array_add (facts->reply_to, tern_address_new ("Zoë", "z@example.org"));
  g_ptr_array_add (facts->cc, tern_address_new ("C", "c@example.org"));
  g_ptr_array_add (facts->cc, tern_address_new ("D", "d@example.org"));
  g_ptr_array_add (facts->bcc, tern_address_new ("E", "e@example.org"));
  facts->structure = tern_part_new ("1", "text", "plain");
  facts->attachments = 3;
  facts->preview = g_strdup ("Words");
  TernTxn *txn = store_begin (f);
  TernId id = tern_txn_add_message (txn, f->inbox, facts, FALSE, NULL);
  store_commit (f);

  g_autoptr (TernMessageRecord) record = store_message (f, id);
  const TernMessageFacts *back = record->facts;
  g_assert_cmpuint (back->uid, ==, 9);
  g_assert_cmpuint (back->modseq, ==, 77);
  g_assert_cmpint (back->flags, ==, TERN_FLAG_FLAGGED);
  g_assert_cmpstr (back->keywords, ==, "work later");
  g_assert_cmpint (back->date, ==, facts->date);
  g_assert_cmpint (back->received, ==, facts->received);
  g_assert_cmpint (back->date_offset, ==, -330);
  g_assert_cmpstr (back->in_reply_to, ==, "b@example.org");
  g_assert_cmpuint (g_strv_length (back->references), ==, 2);
  g_assert_cmpstr (back->references[1], ==, "b@example.org");
  g_assert_cmpuint (back->sender->len, ==, 1);
  g_assert_cmpstr (((TernAddress *) g_ptr_array_index (back->reply_to, 0))->name, ==, "Zoë");
  g_assert_cmpuint (back->cc->len, ==, 2);
  g_assert_cmpuint (back->bcc->len, ==, 1);
  g_assert_true (tern_part_is (back->structure, "text", "plain"));
  g_assert_cmpuint (back->attachments, ==, 3);
  g_assert_cmpstr (back->preview, ==, "Words");
  g_assert_cmpint (record->account, ==, f->account);
  g_assert_cmpint (record->sort_key, ==, facts->date);
  store_fixture_free (f);
}

static void
test_server_flags (void)
{
  StoreFixture *f = store_fixture_new ();
  TernId id = store_add (f, f->inbox, 1, 1, TERN_FLAG_NONE);
  TernTxn *txn = store_begin (f);

  g_ptr_array_set_size (f->changes, 0);
  g_assert_true (tern_txn_set_server_flags (txn, f->inbox, 1, TERN_FLAG_SEEN, "tag", 5, NULL));
  /* One that is not here is no error. */
  g_assert_true (tern_txn_set_server_flags (txn, f->inbox, 99, TERN_FLAG_SEEN, NULL, 5, NULL));
  store_commit (f);
  const TernFolderChange *change =
      tern_change_set_find (g_ptr_array_index (f->changes, 0), f->inbox);
  g_assert_cmpuint (change->touched->len, ==, 1);
  g_assert_cmpint (change->unread, ==, 0);
  g_assert_true (change->counts_changed);
  g_autoptr (TernMessageRecord) record = store_message (f, id);
  g_assert_cmpstr (record->facts->keywords, ==, "tag");
  g_assert_cmpuint (record->facts->modseq, ==, 5);
  /* The same again changes nothing and tells nobody. */
  g_ptr_array_set_size (f->changes, 0);
  txn = store_begin (f);
  g_assert_true (tern_txn_set_server_flags (txn, f->inbox, 1, TERN_FLAG_SEEN, "tag", 5, NULL));
  store_commit (f);
  g_assert_cmpuint (f->changes->len, ==, 0);
  store_fixture_free (f);
}

static void
test_remove (void)
{
  StoreFixture *f = store_fixture_new ();
  g_autoptr (GArray) uids = g_array_new (FALSE, FALSE, sizeof (guint32));
  guint32 gone[] = { 1, 3, 70 };

  for (guint i = 1; i <= 3; i++)
    store_add (f, f->inbox, i, i, TERN_FLAG_NONE);
  g_array_append_vals (uids, gone, 3);
  g_ptr_array_set_size (f->changes, 0);
  TernTxn *txn = store_begin (f);
  g_assert_true (tern_txn_remove_uids (txn, f->inbox, uids, NULL));
  store_commit (f);
  const TernFolderChange *change =
      tern_change_set_find (g_ptr_array_index (f->changes, 0), f->inbox);
  g_assert_cmpuint (change->removed->len, ==, 2);
  g_assert_cmpint (change->total, ==, 1);
  TernReader *reader = store_read_begin (f, TERN_LANE_SLOW);
  g_autoptr (GArray) left = tern_read_uids (reader, f->inbox, NULL);
  g_assert_cmpuint (left->len, ==, 1);
  g_assert_cmpuint (g_array_index (left, guint32, 0), ==, 2);
  store_read_end (f);
  store_verify (f);
  store_fixture_free (f);
}

/* Added and removed in one transaction: the list never hears of it. */
static void
test_net_change (void)
{
  StoreFixture *f = store_fixture_new ();
  g_autoptr (GArray) uids = g_array_new (FALSE, FALSE, sizeof (guint32));
  g_autoptr (TernMessageFacts) facts = store_facts (1, 1, TERN_FLAG_NONE);
  guint32 uid = 1;

  g_array_append_val (uids, uid);
  g_ptr_array_set_size (f->changes, 0);
  TernTxn *txn = store_begin (f);
  g_assert_cmpint (tern_txn_add_message (txn, f->inbox, facts, TRUE, NULL), >, 0);
  g_assert_true (tern_txn_remove_uids (txn, f->inbox, uids, NULL));
  store_commit (f);
  const TernFolderChange *change =
      tern_change_set_find (g_ptr_array_index (f->changes, 0), f->inbox);
  g_assert_cmpuint (change->added->len + change->removed->len + change->fresh->len, ==, 0);
  g_assert_cmpint (change->total, ==, 0);
  store_verify (f);
  store_fixture_free (f);
}

static void
test_rollback (void)
{
  StoreFixture *f = store_fixture_new ();
  g_autoptr (TernMessageFacts) facts = store_facts (1, 1, TERN_FLAG_NONE);
  TernTxn *txn = store_begin (f);

  g_ptr_array_set_size (f->changes, 0);
  TernId first = tern_txn_add_message (txn, f->inbox, facts, FALSE, NULL);
  g_assert_cmpint (first, >, 0);
  store_rollback (f);
  g_assert_cmpuint (f->changes->len, ==, 0);
  g_autoptr (TernMessageRecord) record = store_message (f, first);
  g_assert_null (record);
  store_add (f, f->inbox, 1, 1, TERN_FLAG_NONE);
  store_verify (f);
  store_fixture_free (f);
}

/* Whoever forgets to look at an error does not store half a change. */
static void
test_ignored_error (void)
{
  StoreFixture *f = store_fixture_new ();
  g_autoptr (TernMessageFacts) facts = store_facts (1, 1, TERN_FLAG_NONE);
  TernOutboxRecord nameless = { .account = 12345, .body_hash = (char *) "" };
  GError *error = NULL;
  TernTxn *txn = store_begin (f);

  g_assert_cmpint (tern_txn_add_message (txn, f->inbox, facts, FALSE, NULL), >, 0);
  /* No such account, no Message-ID. */
  g_assert_cmpint (tern_txn_outbox_add (txn, &nameless, NULL), ==, 0);
  store_commit_fails (f, &error);
  g_assert_error (error, TERN_FAULT, TERN_FAULT_INTERNAL);
  g_clear_error (&error);
  g_assert_cmpint (store_sql (f, "SELECT count (*) FROM message"), ==, 0);
  store_verify (f);
  store_fixture_free (f);
}

/* Ids are never used twice, not even after a restart. */
static void
test_ids_are_new (void)
{
  StoreFixture *f = store_fixture_new ();
  TernId first = store_add (f, f->inbox, 1, 1, TERN_FLAG_NONE);
  g_autoptr (GArray) uids = g_array_new (FALSE, FALSE, sizeof (guint32));
  guint32 uid = 1;

  g_array_append_val (uids, uid);
  TernTxn *txn = store_begin (f);
  g_assert_true (tern_txn_remove_uids (txn, f->inbox, uids, NULL));
  store_commit (f);
  store_reopen (f);
  g_assert_cmpint (store_add (f, f->inbox, 2, 2, TERN_FLAG_NONE), >, first);
  store_fixture_free (f);
}

/* UIDVALIDITY changed: the same messages under other numbers, one gone, one new. */
static void
test_rematch (void)
{
  StoreFixture *f = store_fixture_new ();
  TernId one = store_add (f, f->inbox, 1, 1, TERN_FLAG_NONE);
  TernId two = store_add (f, f->inbox, 2, 2, TERN_FLAG_NONE);
  TernId gone = store_add (f, f->inbox, 3, 3, TERN_FLAG_NONE);
  TernTxn *txn = store_begin (f);
  g_autoptr (GArray) made =
      tern_txn_op_flags (txn, &two, 1, TERN_FLAG_FLAGGED, 0, NULL, NULL, NULL);
  g_autoptr (TernMessageFacts) nameless = store_facts (4, 4, TERN_FLAG_NONE);
  g_clear_pointer (&nameless->message_id, g_free);
  TernId four = tern_txn_add_message (txn, f->inbox, nameless, FALSE, NULL);
  g_assert_true (tern_txn_begin_rematch (txn, f->inbox, NULL));
  store_commit (f);

  g_assert_cmpint (store_add (f, f->inbox, 2, 1, TERN_FLAG_SEEN), ==, one);
  g_assert_cmpint (store_add (f, f->inbox, 1, 2, TERN_FLAG_NONE), ==, two);
  txn = store_begin (f);
  nameless->uid = 9;
  g_assert_cmpint (tern_txn_add_message (txn, f->inbox, nameless, FALSE, NULL), ==, four);
  g_autoptr (GArray) waiting = tern_read_waiting (tern_txn_reader (txn), f->inbox, NULL);
  g_assert_true (tern_txn_end_waiting (txn, f->inbox, waiting, NULL));
  store_commit (f);
  g_autoptr (TernMessageRecord) missing = store_message (f, gone);
  g_assert_null (missing);
  /* The operation has not been lost. */
  g_autoptr (TernMessageRecord) starred = store_message (f, two);
  g_assert_cmpint (starred->flags, ==, TERN_FLAG_FLAGGED);
  g_assert_true (starred->pending);
  store_verify (f);
  store_fixture_free (f);
}

static TernId
add_with_id (StoreFixture *f, guint32 uid, guint n, gint64 date, const char *email_id)
{
  g_autoptr (TernMessageFacts) facts = store_facts (uid, n, TERN_FLAG_NONE);
  TernTxn *txn = store_begin (f);
  GError *error = NULL;
  TernId id;

  facts->email_id = g_strdup (email_id);
  facts->date = facts->received = date;
  if (n == 0)
    g_clear_pointer (&facts->message_id, g_free);
  id = tern_txn_add_message (txn, f->inbox, facts, FALSE, &error);
  g_assert_no_error (error);
  store_commit (f);
  return id;
}

static void
begin_rematch (StoreFixture *f)
{
  g_assert_true (tern_txn_begin_rematch (store_begin (f), f->inbox, NULL));
  store_commit (f);
}

/* The server's own id of a message tells apart what looks the same, and finds what has another date
 * now; where it says what cannot be, the headers count. */
static void
test_rematch_by_id (void)
{
  StoreFixture *f = store_fixture_new ();
  TernId twin_a = add_with_id (f, 1, 1, 1700000000, "Ma");
  TernId twin_b = add_with_id (f, 2, 1, 1700000000, "Mb");
  TernId nameless_a = add_with_id (f, 3, 0, 1700000000, "Mc");
  TernId nameless_b = add_with_id (f, 4, 0, 1700000000, "Md");
  TernId liar_a = add_with_id (f, 5, 5, 1700000000, "Mx");
  TernId liar_b = add_with_id (f, 6, 6, 1700000000, "Mx");
  TernId known_late = add_with_id (f, 7, 7, 1700000000, NULL);
  TernId other_id = add_with_id (f, 8, 8, 1700000000, "My");

  begin_rematch (f);
  g_assert_cmpint (add_with_id (f, 11, 1, 1700000000, "Mb"), ==, twin_b);
  g_assert_cmpint (add_with_id (f, 12, 1, 1700000000, "Ma"), ==, twin_a);
  g_assert_cmpint (add_with_id (f, 13, 0, 1700009999, "Md"), ==, nameless_b);
  g_assert_cmpint (add_with_id (f, 14, 0, 1700009999, "Mc"), ==, nameless_a);
  g_assert_cmpint (add_with_id (f, 15, 6, 1700000000, "Mx"), ==, liar_b);
  g_assert_cmpint (add_with_id (f, 16, 5, 1700000000, "Mx"), ==, liar_a);
  g_assert_cmpint (add_with_id (f, 17, 7, 1700000000, "Mz"), ==, known_late);
  g_assert_cmpint (add_with_id (f, 18, 8, 1700000000, "Mw"), ==, other_id);
  g_assert_cmpint (store_sql (f, "SELECT count (*) FROM message WHERE email_id = 'Mz'"), ==, 1);
  /* A server that has lost its ids. */
  begin_rematch (f);
  g_assert_cmpint (add_with_id (f, 21, 8, 1700000000, NULL), ==, other_id);
  store_verify (f);
  store_fixture_free (f);
}

/* Confirmed to arrive without a uid: what a complete sync has not met goes, what was confirmed
 * while it ran waits for the next one. */
static void
test_waiting (void)
{
  StoreFixture *f = store_fixture_new ();
  TernId first = store_add (f, f->inbox, 7, 7, TERN_FLAG_NONE);
  TernId second = store_add (f, f->inbox, 8, 8, TERN_FLAG_NONE);
  TernTxn *txn = store_begin (f);
  g_autoptr (GArray) both = NULL;
  g_autoptr (GArray) one = g_array_new (FALSE, FALSE, sizeof (TernId));
  g_autoptr (TernMessageRecord) gone = NULL;
  g_autoptr (TernMessageRecord) kept = NULL;

  g_assert_true (tern_txn_begin_rematch (txn, f->inbox, NULL));
  both = tern_read_waiting (tern_txn_reader (txn), f->inbox, NULL);
  g_assert_cmpuint (both->len, ==, 2);
  g_array_append_val (one, first);
  g_assert_true (tern_txn_end_waiting (txn, f->inbox, one, NULL));
  store_commit (f);
  gone = store_message (f, first);
  kept = store_message (f, second);
  g_assert_null (gone);
  g_assert_nonnull (kept);
  store_verify (f);
  store_fixture_free (f);
}

static void
test_filters (void)
{
  StoreFixture *f = store_fixture_new ();
  TernId ids[4];
  GError *error = NULL;

  for (guint i = 0; i < 4; i++)
    ids[i] = store_add (f, f->inbox, i + 1, i,
                        (i % 2 ? TERN_FLAG_SEEN : 0) | (i >= 2 ? TERN_FLAG_FLAGGED : 0));
  TernReader *reader = store_read_begin (f, TERN_LANE_LIST);
  g_autoptr (GArray) unread = tern_read_keys (reader, f->inbox, TERN_FILTER_UNREAD, 0, &error);
  g_autoptr (GArray) flagged = tern_read_keys (reader, f->inbox, TERN_FILTER_FLAGGED, 0, &error);
  g_autoptr (GArray) two = tern_read_keys (reader, f->inbox, TERN_FILTER_ALL, 2, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (unread->len, ==, 2);
  g_assert_cmpint (g_array_index (unread, TernListKey, 0).id, ==, ids[2]);
  g_assert_cmpuint (flagged->len, ==, 2);
  g_assert_cmpint (g_array_index (flagged, TernListKey, 0).id, ==, ids[3]);
  g_assert_cmpuint (two->len, ==, 2);
  g_assert_cmpint (g_array_index (two, TernListKey, 1).id, ==, ids[2]);
  TernId wanted[] = { ids[1], 999, ids[0] };
  g_autoptr (GPtrArray) records = tern_read_messages (reader, wanted, 3, &error);
  g_assert_cmpuint (records->len, ==, 2);
  g_assert_cmpint (((TernMessageRecord *) g_ptr_array_index (records, 1))->id, ==, ids[0]);
  store_read_end (f);
  store_fixture_free (f);
}

/* The lists must be answered in the order of their indexes, or a large folder takes seconds. */
static void
test_query_plans (void)
{
  static const char *const queries[] = {
    "SELECT sort_key, id FROM location WHERE folder = 1 AND hidden = 0"
    " ORDER BY sort_key DESC, id DESC LIMIT 200",
    "SELECT sort_key, id FROM location WHERE folder = 1 AND hidden = 0 AND (shown_flags & 1) = 0"
    " ORDER BY sort_key DESC, id DESC LIMIT -1",
    "SELECT sort_key, id FROM location WHERE folder = 1 AND hidden = 0 AND (shown_flags & 4) <> 0"
    " ORDER BY sort_key DESC, id DESC LIMIT -1",
    "SELECT uid FROM location WHERE folder = 1 AND uid IS NOT NULL ORDER BY uid",
  };
  StoreFixture *f = store_fixture_new ();

  for (gsize i = 0; i < G_N_ELEMENTS (queries); i++)
    {
      g_autofree char *sql = g_strdup_printf ("EXPLAIN QUERY PLAN %s", queries[i]);
      g_autofree char *plan = store_sql_text (f, sql, 3);

      g_assert_nonnull (strstr (plan, "SEARCH location USING"));
      g_assert_nonnull (strstr (plan, "INDEX location_"));
      g_assert_null (strstr (plan, "TEMP B-TREE"));
    }
  store_fixture_free (f);
}

/* Threads. */

static TernId
add_threaded (StoreFixture *f, TernId folder, guint n, const char *parent, const char *references)
{
  g_autoptr (TernMessageFacts) facts = store_facts (n, n, TERN_FLAG_NONE);
  TernTxn *txn = store_begin (f);

  facts->in_reply_to = g_strdup (parent);
  if (references != NULL)
    facts->references = g_strsplit (references, " ", -1);
  TernId id = tern_txn_add_message (txn, folder, facts, FALSE, NULL);
  store_commit (f);
  return id;
}

static TernId
thread_of (StoreFixture *f, TernId id)
{
  g_autoptr (TernMessageRecord) record = store_message (f, id);

  return record->thread;
}

static void
test_threads (void)
{
  StoreFixture *f = store_fixture_new ();
  /* Newest first, as they are fetched. */
  TernId third = add_threaded (f, f->inbox, 3, "2@example.org", "1@example.org 2@example.org");
  TernId other = add_threaded (f, f->inbox, 30, NULL, NULL);
  TernId second = add_threaded (f, f->inbox, 2, "1@example.org", NULL);
  TernId first = add_threaded (f, f->inbox, 1, NULL, NULL);
  TernId copy = add_threaded (f, f->archive, 1, NULL, NULL);

  g_assert_cmpint (thread_of (f, second), ==, thread_of (f, third));
  g_assert_cmpint (thread_of (f, first), ==, thread_of (f, third));
  g_assert_cmpint (thread_of (f, copy), ==, thread_of (f, third));
  g_assert_cmpint (thread_of (f, other), !=, thread_of (f, third));
  store_fixture_free (f);
}

/* Three threads that a late message shows to be one, and one more after the merge. */
static void
test_threads_merge (void)
{
  StoreFixture *f = store_fixture_new ();
  TernId a = add_threaded (f, f->inbox, 1, NULL, NULL);
  TernId b = add_threaded (f, f->inbox, 2, NULL, NULL);
  TernId c = add_threaded (f, f->inbox, 3, NULL, NULL);
  TernId d = add_threaded (f, f->inbox, 4, "3@example.org", NULL);

  g_assert_cmpint (thread_of (f, a), !=, thread_of (f, b));
  TernId e = add_threaded (f, f->inbox, 5, NULL, "1@example.org 2@example.org");
  g_assert_cmpint (thread_of (f, a), ==, thread_of (f, b));
  g_assert_cmpint (thread_of (f, e), ==, thread_of (f, b));
  g_assert_cmpint (thread_of (f, c), !=, thread_of (f, b));
  TernId g = add_threaded (f, f->inbox, 6, "4@example.org", "2@example.org");
  TernId all[] = { a, b, c, d, e, g };
  for (guint i = 0; i < G_N_ELEMENTS (all); i++)
    g_assert_cmpint (thread_of (f, all[i]), ==, thread_of (f, g));
  TernId late = add_threaded (f, f->inbox, 7, "1@example.org", NULL);
  g_assert_cmpint (thread_of (f, late), ==, thread_of (f, g));
  g_assert_cmpint (store_sql (f, "SELECT count (*) FROM merged m JOIN merged n"
                                 " ON m.target = n.thread"),
                   ==, 0);
  store_fixture_free (f);
}

/* Listeners. */

static void
count_cb (TernChangeSet *changes, gpointer data)
{
  guint *n = data;

  (*n)++;
}

static void
test_listeners (void)
{
  StoreFixture *f = store_fixture_new ();
  guint heard = 0;
  guint id = tern_store_add_listener (f->store, NULL, count_cb, &heard, NULL);

  store_add (f, f->inbox, 1, 1, TERN_FLAG_NONE);
  g_assert_cmpuint (heard, ==, 1);
  tern_store_remove_listener (f->store, id);
  store_add (f, f->inbox, 2, 2, TERN_FLAG_NONE);
  g_assert_cmpuint (heard, ==, 1);
  gint64 last = 0;
  for (guint i = 0; i < f->changes->len; i++)
    {
      const TernChangeSet *changes = g_ptr_array_index (f->changes, i);

      g_assert_cmpint (changes->seq, >, last);
      last = changes->seq;
    }
  store_fixture_free (f);
}

/* A slow read is stopped in the middle of one statement. */
static gboolean
read_for_ever (TernReader *reader,
               gpointer data,
               GCancellable *cancellable,
               gpointer *result,
               GError **error)
{
  for (;;)
    {
      g_autoptr (GArray) keys =
          tern_read_keys (reader, GPOINTER_TO_INT (data), TERN_FILTER_ALL, 0, error);

      if (keys == NULL)
        return FALSE;
    }
}

static void
stopped_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  StoreFixture *f = data;
  GError *error = NULL;

  g_assert_false (tern_store_read_finish (f->store, result, NULL, &error));
  g_assert_error (error, TERN_FAULT, TERN_FAULT_CANCELLED);
  g_clear_error (&error);
  f->txn = NULL;
}

static gboolean
cancel_cb (gpointer cancellable)
{
  g_cancellable_cancel (cancellable);
  return G_SOURCE_REMOVE;
}

static void
test_cancelled_read (void)
{
  StoreFixture *f = store_fixture_new ();
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();

  for (guint i = 0; i < 20; i++)
    store_add (f, f->inbox, i + 1, i, TERN_FLAG_NONE);
  f->txn = (TernTxn *) f;
  tern_store_read_async (f->store, TERN_LANE_SLOW, G_PRIORITY_DEFAULT, read_for_ever,
                         GINT_TO_POINTER ((int) f->inbox), NULL, NULL, cancellable, stopped_cb, f);
  g_idle_add (cancel_cb, cancellable);
  while (f->txn != NULL)
    g_main_context_iteration (NULL, TRUE);
  store_fixture_free (f);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/store/messages/add-and-read", test_add_and_read);
  g_test_add_func ("/store/messages/add-again", test_add_again);
  g_test_add_func ("/store/messages/all-facts", test_all_facts);
  g_test_add_func ("/store/messages/server-flags", test_server_flags);
  g_test_add_func ("/store/messages/remove", test_remove);
  g_test_add_func ("/store/messages/net-change", test_net_change);
  g_test_add_func ("/store/messages/rollback", test_rollback);
  g_test_add_func ("/store/messages/ignored-error", test_ignored_error);
  g_test_add_func ("/store/messages/ids-are-new", test_ids_are_new);
  g_test_add_func ("/store/messages/rematch", test_rematch);
  g_test_add_func ("/store/messages/rematch-by-id", test_rematch_by_id);
  g_test_add_func ("/store/messages/waiting", test_waiting);
  g_test_add_func ("/store/messages/filters", test_filters);
  g_test_add_func ("/store/messages/query-plans", test_query_plans);
  g_test_add_func ("/store/messages/threads", test_threads);
  g_test_add_func ("/store/messages/threads-merge", test_threads_merge);
  g_test_add_func ("/store/messages/listeners", test_listeners);
  g_test_add_func ("/store/messages/cancelled-read", test_cancelled_read);
  return g_test_run ();
}
