/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "op-fixture.h"

static void
server_flags (StoreFixture *f, TernId folder, guint32 uid, TernFlags flags)
{
  TernTxn *txn = store_begin (f);
  g_assert_true (tern_txn_set_server_flags (txn, folder, uid, flags, NULL, 0, NULL));
  store_commit (f);
}

static guint32
subject_uid (StoreFixture *f, TernId op)
{
  TernReader *reader = store_read_begin (f, TERN_LANE_SLOW);
  g_autoptr (GArray) subjects = tern_read_op_subjects (reader, op, NULL);
  guint32 uid;

  g_assert_cmpuint (subjects->len, ==, 1);
  uid = g_array_index (subjects, TernOpSubject, 0).uid;
  store_read_end (f);
  return uid;
}

/* Two layers: sync writes the server's, the person's stays on top until confirmed, and confirming
 * the first of two keeps the second. */
static void
test_flag_layers (void)
{
  StoreFixture *f = store_fixture_new ();
  TernId id = store_add (f, f->inbox, 1, 1, TERN_FLAG_NONE);
  TernId first = op_flag (f, id, TERN_FLAG_SEEN, 0);
  TernId second = op_flag (f, id, TERN_FLAG_FLAGGED, 0);

  g_assert_cmpint (first, >, 0);
  g_assert_cmpint (second, >, first);
  g_assert_cmpint (op_flags_of (f, id), ==, TERN_FLAG_SEEN | TERN_FLAG_FLAGGED);
  op_assert_runnable (f, first, 0);
  server_flags (f, f->inbox, 1, TERN_FLAG_ANSWERED);
  g_assert_cmpint (op_flags_of (f, id), ==,
                   TERN_FLAG_SEEN | TERN_FLAG_FLAGGED | TERN_FLAG_ANSWERED);
  op_run (f, first);
  op_confirm (f, first, 0, 0);
  op_assert_runnable (f, second, 0);
  g_assert_cmpint (op_flags_of (f, id), ==,
                   TERN_FLAG_SEEN | TERN_FLAG_FLAGGED | TERN_FLAG_ANSWERED);
  op_refuse (f, second);
  g_assert_cmpint (op_flags_of (f, id), ==, TERN_FLAG_SEEN | TERN_FLAG_ANSWERED);
  g_autoptr (TernMessageRecord) record = store_message (f, id);
  g_assert_false (record->pending);
  store_verify (f);
  store_fixture_free (f);
}

static void
test_flag_nothing_to_do (void)
{
  StoreFixture *f = store_fixture_new ();
  TernId id = store_add (f, f->inbox, 1, 1, TERN_FLAG_SEEN);

  g_assert_cmpint (op_flag (f, id, TERN_FLAG_SEEN, 0), ==, 0);
  TernId star = op_flag (f, id, TERN_FLAG_FLAGGED, 0);
  g_assert_cmpint (star, >, 0);
  /* Star and unstar cancel, also when the star came first to a later operation. */
  g_assert_cmpint (op_flag (f, id, 0, TERN_FLAG_FLAGGED), ==, 0);
  op_assert_runnable (f, 0, 0);
  g_assert_cmpint (op_flags_of (f, id), ==, TERN_FLAG_SEEN);
  /* But not when the first was sent. */
  star = op_flag (f, id, TERN_FLAG_FLAGGED, 0);
  op_run (f, star);
  g_assert_cmpint (op_flag (f, id, 0, TERN_FLAG_FLAGGED), >, star);
  store_verify (f);
  store_fixture_free (f);
}

static void
test_keywords (void)
{
  StoreFixture *f = store_fixture_new ();
  TernId id = store_add (f, f->inbox, 1, 1, TERN_FLAG_NONE);
  GError *error = NULL;
  TernTxn *txn = store_begin (f);

  g_assert_true (tern_txn_set_server_flags (txn, f->inbox, 1, 0, "old theirs", 0, &error));
  g_autoptr (GArray) made = tern_txn_op_flags (txn, &id, 1, 0, 0, "mine", "old", &error);
  g_assert_no_error (error);
  g_assert_cmpuint (made->len, ==, 1);
  store_commit (f);
  g_autoptr (TernMessageRecord) record = store_message (f, id);
  g_assert_cmpstr (record->facts->keywords, ==, "theirs mine");
  op_confirm (f, g_array_index (made, TernId, 0), 0, 0);
  g_autoptr (TernMessageRecord) after = store_message (f, id);
  g_assert_cmpstr (after->facts->keywords, ==, "theirs mine");
  store_fixture_free (f);
}

static void
test_move (void)
{
  StoreFixture *f = store_fixture_new ();
  TernId id = store_add (f, f->inbox, 5, 1, TERN_FLAG_NONE);
  TernId op = op_move (f, id, f->archive);
  TernId folder;

  g_assert_cmpint (op_folder_of (f, id), ==, f->archive);
  g_assert_cmpuint (subject_uid (f, op), ==, 5);
  TernReader *reader = store_read_begin (f, TERN_LANE_LIST);
  g_assert_cmpuint (tern_read_uid (reader, id, &folder, NULL), ==, 5);
  g_assert_cmpint (folder, ==, f->inbox);
  g_assert_cmpint (tern_read_location_by_uid (reader, f->inbox, 5, NULL), ==, id);
  store_read_end (f);
  g_autoptr (TernFolderRecord) inbox = store_folder (f, f->inbox);
  g_autoptr (TernFolderRecord) archive = store_folder (f, f->archive);
  g_assert_cmpint (inbox->total, ==, 0);
  g_assert_cmpint (archive->total, ==, 1);
  g_assert_cmpint (archive->unread, ==, 1);
  /* What the server says of the source shows at the target. */
  server_flags (f, f->inbox, 5, TERN_FLAG_SEEN);
  g_assert_cmpint (op_flags_of (f, id), ==, TERN_FLAG_SEEN);
  op_run (f, op);
  op_confirm (f, op, 5, 77);
  reader = store_read_begin (f, TERN_LANE_LIST);
  g_assert_cmpuint (tern_read_uid (reader, id, &folder, NULL), ==, 77);
  g_assert_cmpint (folder, ==, f->archive);
  g_assert_cmpint (tern_read_location_by_uid (reader, f->inbox, 5, NULL), ==, 0);
  store_read_end (f);
  g_assert_cmpint (store_sql (f, "SELECT count (*) FROM location"), ==, 1);
  store_verify (f);
  store_fixture_free (f);
}

static void
test_move_refused (void)
{
  StoreFixture *f = store_fixture_new ();
  TernId id = store_add (f, f->inbox, 5, 1, TERN_FLAG_NONE);
  TernId op = op_move (f, id, f->archive);
  TernId star = op_flag (f, id, TERN_FLAG_FLAGGED, 0);

  op_run (f, op);
  op_refuse (f, op);
  g_assert_cmpint (op_folder_of (f, id), ==, f->inbox);
  /* What depended on it went with it. */
  g_assert_cmpint (op_flags_of (f, id), ==, TERN_FLAG_NONE);
  TernReader *reader = store_read_begin (f, TERN_LANE_SLOW);
  g_autoptr (TernOpRecord) refused = tern_read_op (reader, op, NULL);
  g_autoptr (TernOpRecord) dependant = tern_read_op (reader, star, NULL);
  g_assert_cmpint (refused->state, ==, TERN_OP_REFUSED);
  g_assert_cmpstr (refused->fault, ==, "You are not allowed to.");
  g_assert_cmpint (refused->fault_code, ==, TERN_FAULT_RIGHTS);
  g_assert_cmpstr (refused->server_text, ==, "[NOPERM] no");
  g_assert_cmpint (dependant->state, ==, TERN_OP_REFUSED);
  g_assert_nonnull (dependant->fault);
  g_assert_cmpint (dependant->fault_code, ==, TERN_FAULT_REFUSED);
  g_assert_null (dependant->server_text);
  store_read_end (f);
  store_verify (f);
  store_fixture_free (f);
}

static void
test_move_twice_folds (void)
{
  StoreFixture *f = store_fixture_new ();
  TernId id = store_add (f, f->inbox, 5, 1, TERN_FLAG_NONE);

  op_move (f, id, f->archive);
  TernId op = op_move (f, id, f->trash);
  op_assert_runnable (f, op, 0);
  g_assert_cmpuint (subject_uid (f, op), ==, 5);
  TernReader *reader = store_read_begin (f, TERN_LANE_SLOW);
  g_autoptr (TernOpRecord) record = tern_read_op (reader, op, NULL);
  g_assert_cmpint (record->source, ==, f->inbox);
  g_assert_cmpint (record->target, ==, f->trash);
  store_read_end (f);
  /* Undo goes back one step, not two. */
  g_assert_true (op_undo (f, op));
  g_assert_cmpint (op_folder_of (f, id), ==, f->archive);
  /* And home again leaves nothing to do. */
  g_assert_cmpint (op_move (f, id, f->inbox), ==, 0);
  op_assert_runnable (f, 0, 0);
  g_assert_cmpint (store_sql (f, "SELECT count (*) FROM location"), ==, 1);
  store_verify (f);
  store_fixture_free (f);
}

/* The second move waits for the uid that the first one brings, by COPYUID or by sync. */
static void
test_move_chain (gconstpointer by_sync)
{
  StoreFixture *f = store_fixture_new ();
  TernId id = store_add (f, f->inbox, 5, 1, TERN_FLAG_NONE);
  TernId first = op_move (f, id, f->archive);

  op_run (f, first);
  TernId second = op_move (f, id, f->trash);
  g_assert_cmpint (op_folder_of (f, id), ==, f->trash);
  op_assert_runnable (f, 0, 0);
  g_assert_cmpuint (subject_uid (f, second), ==, 0);
  if (by_sync != NULL)
    {
      op_confirm (f, first, 0, 0);
      g_assert_cmpuint (subject_uid (f, second), ==, 0);
      /* The hidden place in Archive takes it; the message stays in Trash. */
      g_assert_cmpint (store_add (f, f->archive, 77, 1, TERN_FLAG_NONE), ==, id);
    }
  else
    op_confirm (f, first, 5, 77);
  op_assert_runnable (f, second, 0);
  g_assert_cmpuint (subject_uid (f, second), ==, 77);
  op_run (f, second);
  op_confirm (f, second, 77, 99);
  g_assert_cmpint (op_folder_of (f, id), ==, f->trash);
  g_assert_cmpint (store_sql (f, "SELECT count (*) FROM location"), ==, 1);
  store_verify (f);
  store_fixture_free (f);
}

/* The server's EXPUNGE of the source and the news of the target come before the answer. */
static void
test_move_news_first (void)
{
  StoreFixture *f = store_fixture_new ();
  TernId id = store_add (f, f->inbox, 5, 1, TERN_FLAG_NONE);
  TernId op = op_move (f, id, f->archive);
  g_autoptr (GArray) gone = g_array_new (FALSE, FALSE, sizeof (guint32));
  guint32 uid = 5;

  op_run (f, op);
  g_array_append_val (gone, uid);
  TernTxn *txn = store_begin (f);
  g_assert_true (tern_txn_remove_uids (txn, f->inbox, gone, NULL));
  store_commit (f);
  g_assert_cmpint (op_folder_of (f, id), ==, f->archive);
  g_assert_cmpint (store_add (f, f->archive, 77, 1, TERN_FLAG_NONE), ==, id);
  op_confirm (f, op, 5, 77);
  g_assert_cmpint (store_sql (f, "SELECT count (*) FROM location WHERE uid = 77"), ==, 1);
  g_assert_cmpint (store_sql (f, "SELECT count (*) FROM location"), ==, 1);
  store_verify (f);
  store_fixture_free (f);
}

/* The EXPUNGE of several comes before the answer, which still tells where each of them went. */
static void
test_move_expunged_first (void)
{
  StoreFixture *f = store_fixture_new ();
  TernId ids[] = { store_add (f, f->inbox, 1, 1, 0), store_add (f, f->inbox, 2, 2, 0) };
  TernUidPair pairs[] = { { 1, 21 }, { 2, 20 } };
  guint32 uids[] = { 1, 2 };
  g_autoptr (GArray) gone = g_array_new (FALSE, FALSE, sizeof (guint32));
  g_autoptr (GArray) answer = g_array_new (FALSE, FALSE, sizeof (TernUidPair));
  TernId op = op_move_two (f, ids);

  g_array_append_vals (gone, uids, 2);
  g_array_append_vals (answer, pairs, 2);
  TernTxn *txn = store_begin (f);
  g_assert_true (tern_txn_remove_uids (txn, f->inbox, gone, NULL));
  g_assert_true (tern_txn_op_confirmed (txn, op, answer, NULL));
  store_commit (f);
  g_autofree char *sql =
      g_strdup_printf ("SELECT uid FROM location WHERE id = %" TERN_ID_FORMAT, ids[0]);
  g_assert_cmpint (store_sql (f, sql), ==, 21);
  g_assert_cmpint (store_sql (f, "SELECT count (*) FROM location"), ==, 2);
  store_verify (f);
  store_fixture_free (f);
}

/* A running operation is still running after a restart, and the runner can ask. */
static void
test_running_survives (void)
{
  StoreFixture *f = store_fixture_new ();
  TernId id = store_add (f, f->inbox, 5, 1, TERN_FLAG_NONE);
  TernId op = op_move (f, id, f->archive);

  op_run (f, op);
  store_reopen (f);
  op_assert_runnable (f, 0, 0);
  TernReader *reader = store_read_begin (f, TERN_LANE_SLOW);
  g_autoptr (GPtrArray) running = tern_read_running_ops (reader, f->account, NULL);
  g_assert_cmpuint (running->len, ==, 1);
  const TernOpRecord *record = g_ptr_array_index (running, 0);
  g_assert_cmpint (record->id, ==, op);
  g_assert_cmpint (g_array_index (record->subjects, TernId, 0), ==, id);
  store_read_end (f);
  g_assert_cmpuint (subject_uid (f, op), ==, 5);
  /* It was not done: again. */
  TernTxn *txn = store_begin (f);
  g_assert_true (tern_txn_op_later (txn, op, 500, FALSE, "lost", NULL));
  store_commit (f);
  op_assert_runnable (f, 0, 0);
  reader = store_read_begin (f, TERN_LANE_SLOW);
  g_assert_cmpint (tern_read_next_op_time (reader, f->account, NULL), ==, 500);
  g_autoptr (GPtrArray) later = tern_read_runnable_ops (reader, f->account, 500, 10, NULL);
  g_assert_cmpuint (later->len, ==, 1);
  g_assert_cmpuint (((TernOpRecord *) g_ptr_array_index (later, 0))->attempts, ==, 1);
  store_read_end (f);
  store_fixture_free (f);
}

/* A stuck chain does not stop the others. */
static void
test_stuck_steps_aside (void)
{
  StoreFixture *f = store_fixture_new ();
  TernId one = store_add (f, f->inbox, 1, 1, TERN_FLAG_NONE);
  TernId two = store_add (f, f->inbox, 2, 2, TERN_FLAG_NONE);
  TernId stuck = op_move (f, one, f->archive);
  TernId blocked = op_flag (f, one, TERN_FLAG_SEEN, 0);
  TernId free_one = op_flag (f, two, TERN_FLAG_SEEN, 0);

  TernTxn *txn = store_begin (f);
  g_assert_true (tern_txn_op_later (txn, stuck, G_MAXINT64 / 2, TRUE, "again and again", NULL));
  store_commit (f);
  op_assert_runnable (f, free_one, 0);
  op_confirm (f, stuck, 1, 9);
  op_assert_runnable (f, blocked, free_one);
  store_fixture_free (f);
}

static void
test_copy (void)
{
  StoreFixture *f = store_fixture_new ();
  TernId id = store_add (f, f->inbox, 5, 1, TERN_FLAG_SEEN);
  GError *error = NULL;
  TernTxn *txn = store_begin (f);
  g_autoptr (GArray) made = tern_txn_op_copy (txn, &id, 1, f->archive, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (made->len, ==, 1);
  store_commit (f);
  TernId op = g_array_index (made, TernId, 0);
  TernReader *reader = store_read_begin (f, TERN_LANE_LIST);
  g_autoptr (GArray) both =
      tern_read_locations_by_message_id (reader, f->account, "1@example.org", NULL);
  store_read_end (f);
  g_assert_cmpuint (both->len, ==, 2);
  TernId copy = g_array_index (both, TernId, 1);
  g_assert_cmpint (op_folder_of (f, copy), ==, f->archive);
  g_assert_cmpint (op_folder_of (f, id), ==, f->inbox);
  /* What is done with the copy waits for it. */
  TernId star = op_flag (f, copy, TERN_FLAG_FLAGGED, 0);
  op_assert_runnable (f, op, 0);
  op_run (f, op);
  op_confirm (f, op, 5, 77);
  op_assert_runnable (f, star, 0);
  g_assert_cmpuint (subject_uid (f, star), ==, 77);
  store_verify (f);
  /* Undo of what is done: the copy goes again. */
  g_assert_false (op_undo (f, op));
  g_assert_cmpint (op_folder_of (f, copy), ==, 0);
  store_verify (f);
  store_fixture_free (f);
}

static void
test_copy_refused (void)
{
  StoreFixture *f = store_fixture_new ();
  TernId id = store_add (f, f->inbox, 5, 1, TERN_FLAG_SEEN);
  TernTxn *txn = store_begin (f);
  g_autoptr (GArray) made = tern_txn_op_copy (txn, &id, 1, f->archive, NULL);
  store_commit (f);

  op_refuse (f, g_array_index (made, TernId, 0));
  g_autoptr (TernFolderRecord) archive = store_folder (f, f->archive);
  g_assert_cmpint (archive->total, ==, 0);
  g_assert_cmpint (op_folder_of (f, id), ==, f->inbox);
  store_verify (f);
  store_fixture_free (f);
}

static void
test_append (void)
{
  StoreFixture *f = store_fixture_new ();
  g_autoptr (TernMessageFacts) facts = store_facts (0, 1, TERN_FLAG_SEEN);
  TernTxn *txn = store_begin (f);
  TernId id = tern_txn_add_local_message (txn, f->inbox, facts, NULL);
  TernId op = tern_txn_op_append (txn, id, NULL);

  g_assert_cmpint (op, >, 0);
  store_commit (f);
  /* Not sent: a move only changes where it goes. */
  g_assert_cmpint (op_move (f, id, f->archive), ==, 0);
  TernReader *reader = store_read_begin (f, TERN_LANE_SLOW);
  g_autoptr (TernOpRecord) record = tern_read_op (reader, op, NULL);
  store_read_end (f);
  g_assert_cmpint (record->target, ==, f->archive);
  op_run (f, op);
  op_confirm (f, op, 0, 31);
  g_assert_cmpint (store_sql (f, "SELECT uid FROM location"), ==, 31);
  store_verify (f);
  store_fixture_free (f);
}

/* Without APPENDUID the next sync completes the message instead of doubling it. */
static void
test_append_found_by_sync (void)
{
  StoreFixture *f = store_fixture_new ();
  g_autoptr (TernMessageFacts) facts = store_facts (0, 1, TERN_FLAG_SEEN);
  TernTxn *txn = store_begin (f);
  TernId id = tern_txn_add_local_message (txn, f->inbox, facts, NULL);
  TernId op = tern_txn_op_append (txn, id, NULL);
  store_commit (f);

  op_run (f, op);
  op_confirm (f, op, 0, 0);
  g_assert_cmpint (store_add (f, f->inbox, 40, 1, TERN_FLAG_SEEN), ==, id);
  g_assert_cmpint (store_sql (f, "SELECT count (*) FROM location"), ==, 1);
  g_assert_cmpint (store_sql (f, "SELECT uid FROM location"), ==, 40);
  store_fixture_free (f);
}

static void
test_append_deleted (void)
{
  StoreFixture *f = store_fixture_new ();
  g_autoptr (TernMessageFacts) facts = store_facts (0, 1, TERN_FLAG_SEEN);
  TernTxn *txn = store_begin (f);
  TernId id = tern_txn_add_local_message (txn, f->inbox, facts, NULL);

  g_assert_cmpint (tern_txn_op_append (txn, id, NULL), >, 0);
  g_autoptr (GArray) made = tern_txn_op_expunge (txn, &id, 1, NULL);
  g_assert_cmpuint (made->len, ==, 0);
  store_commit (f);
  op_assert_runnable (f, 0, 0);
  g_assert_cmpint (store_sql (f, "SELECT count (*) FROM location"), ==, 0);
  g_assert_cmpint (store_sql (f, "SELECT count (*) FROM op"), ==, 0);
  store_verify (f);
  store_fixture_free (f);
}

static void
test_expunge (void)
{
  StoreFixture *f = store_fixture_new ();
  TernId one = store_add (f, f->inbox, 1, 1, TERN_FLAG_NONE);
  TernId two = store_add (f, f->inbox, 2, 2, TERN_FLAG_NONE);
  TernId both[] = { one, two };
  TernTxn *txn = store_begin (f);
  g_autoptr (GArray) made = tern_txn_op_expunge (txn, both, 2, NULL);
  store_commit (f);

  g_assert_cmpuint (made->len, ==, 1);
  g_autoptr (TernFolderRecord) inbox = store_folder (f, f->inbox);
  g_assert_cmpint (inbox->total, ==, 0);
  op_refuse (f, g_array_index (made, TernId, 0));
  g_assert_cmpint (op_folder_of (f, one), ==, f->inbox);
  txn = store_begin (f);
  g_autoptr (GArray) again = tern_txn_op_expunge (txn, both, 2, NULL);
  store_commit (f);
  op_run (f, g_array_index (again, TernId, 0));
  op_confirm (f, g_array_index (again, TernId, 0), 0, 0);
  g_assert_cmpint (store_sql (f, "SELECT count (*) FROM message"), ==, 0);
  store_verify (f);
  store_fixture_free (f);
}

static void
test_local_folder (void)
{
  StoreFixture *f = store_fixture_new ();
  g_autoptr (TernMessageFacts) facts = store_facts (0, 1, TERN_FLAG_NONE);
  TernTxn *txn = store_begin (f);
  TernId id = tern_txn_add_local_message (txn, f->local, facts, NULL);
  GError *error = NULL;
  store_commit (f);

  /* Nobody is to be told. */
  g_assert_cmpint (op_flag (f, id, TERN_FLAG_SEEN, 0), ==, 0);
  g_assert_cmpint (op_flags_of (f, id), ==, TERN_FLAG_SEEN);
  /* To the server it is an append. */
  g_assert_cmpint (op_move (f, id, f->archive), >, 0);
  g_assert_cmpint (op_folder_of (f, id), ==, f->archive);
  /* From the server to this disk there is no way yet. */
  TernId other = store_add (f, f->inbox, 9, 9, TERN_FLAG_NONE);
  txn = store_begin (f);
  g_assert_null (tern_txn_op_move (txn, &other, 1, f->local, &error));
  g_assert_error (error, TERN_FAULT, TERN_FAULT_INVALID);
  g_clear_error (&error);
  store_rollback (f);
  store_verify (f);
  store_fixture_free (f);
}

/* One operation per source folder, whatever the number of messages. */
static void
test_grouping (void)
{
  StoreFixture *f = store_fixture_new ();
  TernId ids[4];

  for (guint i = 0; i < 3; i++)
    ids[i] = store_add (f, f->inbox, i + 1, i, TERN_FLAG_NONE);
  ids[3] = store_add (f, f->trash, 1, 9, TERN_FLAG_NONE);
  TernTxn *txn = store_begin (f);
  g_autoptr (GArray) made = tern_txn_op_move (txn, ids, 4, f->archive, NULL);
  store_commit (f);
  g_assert_cmpuint (made->len, ==, 2);
  TernReader *reader = store_read_begin (f, TERN_LANE_SLOW);
  g_autoptr (TernOpRecord) op = tern_read_op (reader, g_array_index (made, TernId, 0), NULL);
  g_assert_cmpuint (op->subjects->len, ==, 3);
  store_read_end (f);
  store_fixture_free (f);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/store/ops/flag-layers", test_flag_layers);
  g_test_add_func ("/store/ops/flag-nothing-to-do", test_flag_nothing_to_do);
  g_test_add_func ("/store/ops/keywords", test_keywords);
  g_test_add_func ("/store/ops/move", test_move);
  g_test_add_func ("/store/ops/move-refused", test_move_refused);
  g_test_add_func ("/store/ops/move-twice-folds", test_move_twice_folds);
  g_test_add_data_func ("/store/ops/move-chain/copyuid", NULL, test_move_chain);
  g_test_add_data_func ("/store/ops/move-chain/sync", "sync", test_move_chain);
  g_test_add_func ("/store/ops/move-news-first", test_move_news_first);
  g_test_add_func ("/store/ops/move-expunged-first", test_move_expunged_first);
  g_test_add_func ("/store/ops/running-survives", test_running_survives);
  g_test_add_func ("/store/ops/stuck-steps-aside", test_stuck_steps_aside);
  g_test_add_func ("/store/ops/copy", test_copy);
  g_test_add_func ("/store/ops/copy-refused", test_copy_refused);
  g_test_add_func ("/store/ops/append", test_append);
  g_test_add_func ("/store/ops/append-found-by-sync", test_append_found_by_sync);
  g_test_add_func ("/store/ops/append-deleted", test_append_deleted);
  g_test_add_func ("/store/ops/expunge", test_expunge);
  g_test_add_func ("/store/ops/local-folder", test_local_folder);
  g_test_add_func ("/store/ops/grouping", test_grouping);
  return g_test_run ();
}
