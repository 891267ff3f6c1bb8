/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "wire-fixture.h"

#include "tern-body-loader-private.h"
#include "tern-limits.h"

/*
 * The IMAP commands of operations that may have been done before, and of syncs after other jobs,
 * with a server that is scripted.
 */

/* A MOVE of UID 7 that may have been done before. */
static GArray *
wire_replay (Wire *self, guint32 known, guint32 target_uidvalidity)
{
  TernRemoteOp *op = tern_remote_op_new (TERN_OP_MOVE);
  guint32 uid = 7;
  guint32 size = 1001;
  GError *error = NULL;
  GArray *pairs;

  op->source = store_folder (self->store, self->store->inbox);
  op->target = store_folder (self->store, self->store->archive);
  op->check = TRUE;
  op->target_uidvalidity = target_uidvalidity;
  op->target_uidnext = target_uidvalidity != 0 ? 10 : 0;
  g_array_append_val (op->uids, uid);
  g_array_append_val (op->sizes, size);
  g_array_append_val (op->known, known);
  g_ptr_array_add (op->message_ids, g_strdup ("1@example.org"));
  tern_remote_run_operation_async (self->remote, op, wire_keep_result, self);
  tern_test_wait_until (self->result != NULL);
  pairs = tern_remote_run_operation_finish (self->remote, self->result, &error);
  g_assert_no_error (error);
  g_clear_object (&self->result);
  return pairs;
}

static void
assert_pair (GArray *pairs, guint32 target)
{
  g_assert_cmpuint (pairs->len, ==, 1);
  g_assert_cmpuint (g_array_index (pairs, TernUidPair, 0).source, ==, 7);
  g_assert_cmpuint (g_array_index (pairs, TernUidPair, 0).target, ==, target);
}

/* The copy is there, though a sync has moved UIDNEXT past it: no second one, the source goes. */
static void
test_wire_copied (void)
{
  static const char *const script[] = {
    WIRE_GREET,
    WIRE_SELECT ("Archive", "2", "11"),
    "C: %t UID SEARCH HEADER Message-ID \"1@example.org\" LARGER 1000 SMALLER 1002",
    "S: * SEARCH 3 10",
    "S: %t OK found",
    WIRE_SELECT ("INBOX", "1", "100"),
    "C: %t UID SEARCH UID 7",
    "S: * SEARCH 7",
    "S: %t OK there",
    "C: %t UID SEARCH UID 7 LARGER 1000 SMALLER 1002",
    "S: * SEARCH 7",
    "S: %t OK the same",
    "C: %t UID STORE 7 +FLAGS.SILENT (\\Deleted)",
    "S: %t OK marked",
    "C: %t UID EXPUNGE 7",
    "S: %t OK gone",
    "STALL",
    NULL,
  };
  Wire wire;
  g_autoptr (GArray) pairs = NULL;

  wire_init (&wire, script);
  pairs = wire_replay (&wire, 0, 2);
  assert_pair (pairs, 10);
  wire_clear (&wire);
}

/* What a sync has met at the target is looked for there by its UID. */
static void
test_wire_known (void)
{
  static const char *const script[] = {
    WIRE_GREET,
    WIRE_SELECT ("Archive", "2", "11"),
    "C: %t UID SEARCH UID 10 LARGER 1000 SMALLER 1002",
    "S: * SEARCH 10",
    "S: %t OK found",
    WIRE_SELECT ("INBOX", "1", "100"),
    "C: %t UID SEARCH UID 7",
    "S: * SEARCH 7",
    "S: %t OK there",
    "C: %t UID SEARCH UID 7 LARGER 1000 SMALLER 1002",
    "S: * SEARCH 7",
    "S: %t OK the same",
    "C: %t UID STORE 7 +FLAGS.SILENT (\\Deleted)",
    "S: %t OK marked",
    "C: %t UID EXPUNGE 7",
    "S: %t OK gone",
    "STALL",
    NULL,
  };
  Wire wire;
  g_autoptr (GArray) pairs = NULL;

  wire_init (&wire, script);
  pairs = wire_replay (&wire, 10, 2);
  assert_pair (pairs, 10);
  wire_clear (&wire);
}

/* Another message with the same Message-ID is no reason to remove the source: it is copied. */
static void
test_wire_not_the_same (void)
{
  static const char *const script[] = {
    WIRE_GREET,
    WIRE_SELECT ("Archive", "2", "11"),
    "C: %t UID SEARCH HEADER Message-ID \"1@example.org\" LARGER 1000 SMALLER 1002",
    "S: * SEARCH 10",
    "S: %t OK found",
    WIRE_SELECT ("INBOX", "1", "100"),
    "C: %t UID SEARCH UID 7",
    "S: * SEARCH 7",
    "S: %t OK there",
    "C: %t UID SEARCH UID 7 LARGER 1000 SMALLER 1002",
    "S: * SEARCH",
    "S: %t OK another one",
    "C: %t UID COPY 7 \"Archive\"",
    "S: %t OK [COPYUID 2 7 12] copied",
    "C: %t UID STORE 7 +FLAGS.SILENT (\\Deleted)",
    "S: %t OK marked",
    "C: %t UID EXPUNGE 7",
    "S: %t OK gone",
    "STALL",
    NULL,
  };
  Wire wire;
  g_autoptr (GArray) pairs = NULL;

  wire_init (&wire, script);
  pairs = wire_replay (&wire, 0, 0);
  assert_pair (pairs, 12);
  wire_clear (&wire);
}

static gboolean
inbox_is_empty (StoreFixture *store)
{
  g_autoptr (TernFolderRecord) inbox = store_folder (store, store->inbox);

  return inbox->total == 0;
}

/* What we have moved away and a session that had not heard of that has brought back goes when the
 * server says so to that one. */
static void
test_wire_brought_back (void)
{
  static const char *const script[] = {
    WIRE_GREET,
    WIRE_SELECT ("Archive", "2", "11"),
    "C: %t UID SEARCH HEADER *",
    "S: * SEARCH",
    "S: %t OK not found",
    WIRE_SELECT ("INBOX", "1", "100"),
    "C: %t UID SEARCH UID 7",
    "S: * SEARCH 7",
    "S: %t OK there",
    "C: %t UID COPY 7 \"Archive\"",
    "S: %t OK [COPYUID 2 7 12] copied",
    "C: %t UID STORE 7 +FLAGS.SILENT (\\Deleted)",
    "S: %t OK marked",
    "C: %t UID EXPUNGE 7",
    "S: %t OK gone",
    "WAIT",
    "S: * VANISHED 7",
    "STALL",
    NULL,
  };
  Wire wire;
  g_autoptr (GArray) pairs = NULL;

  wire_init (&wire, script);
  pairs = wire_replay (&wire, 0, 2);
  assert_pair (pairs, 12);
  store_add (wire.store, wire.store->inbox, 7, 1, TERN_FLAG_NONE);
  tern_script_server_go (wire.server);
  tern_test_wait_until (inbox_is_empty (wire.store));
  wire_clear (&wire);
}

/* An operation of @kind on UID @uid of INBOX, for the first time. */
static GArray *
wire_run (Wire *self, TernOpKind kind, guint32 uid, GError **error)
{
  TernRemoteOp *op = tern_remote_op_new (kind);
  guint32 size = 1001;
  guint32 known = 0;
  GArray *pairs;

  op->source = store_folder (self->store, self->store->inbox);
  if (kind == TERN_OP_FLAGS)
    op->add = TERN_FLAG_SEEN;
  else
    op->target = store_folder (self->store, self->store->archive);
  g_array_append_val (op->uids, uid);
  g_array_append_val (op->sizes, size);
  g_array_append_val (op->known, known);
  g_ptr_array_add (op->message_ids, g_strdup ("1@example.org"));
  tern_remote_run_operation_async (self->remote, op, wire_keep_result, self);
  tern_test_wait_until (self->result != NULL);
  pairs = tern_remote_run_operation_finish (self->remote, self->result, error);
  g_clear_object (&self->result);
  return pairs;
}

/* A session that has not been told of a message is let look before it acts on it, and its answer is
 * waited for: Dovecot says OK to STORE in the same flight, and does nothing. */
static void
test_wire_looks_first (void)
{
  static const char *const script[] = {
    WIRE_GREET,
    WIRE_SELECT ("INBOX", "1", "100"),
    "C: %t UID STORE 7 +FLAGS.SILENT (\\Seen)",
    "S: %t OK it is told of 7",
    "C: %t NOOP",
    "QUIET: 100",
    "S: * 2 EXISTS",
    "S: %t OK now of 100",
    "C: %t UID STORE 100 +FLAGS.SILENT (\\Seen)",
    "S: %t OK stored",
    "STALL",
    NULL,
  };
  Wire wire;
  g_autoptr (GArray) first = NULL;
  g_autoptr (GArray) second = NULL;
  GError *error = NULL;

  wire_init (&wire, script);
  first = wire_run (&wire, TERN_OP_FLAGS, 7, &error);
  g_assert_no_error (error);
  second = wire_run (&wire, TERN_OP_FLAGS, 100, &error);
  g_assert_no_error (error);
  wire_clear (&wire);
}

/* OK to MOVE without COPYUID is looked into: what was not moved is moved again. */
static void
test_wire_moves_again (void)
{
  static const char *const script[] = {
    WIRE_GREET_WITH (" MOVE"),
    WIRE_SELECT ("INBOX", "1", "100"),
    "C: %t UID MOVE 7 \"Archive\"",
    "S: %t OK what 7?",
    "C: %t UID SEARCH UID 7",
    "S: * SEARCH 7",
    "S: %t OK there",
    "C: %t UID MOVE 7 \"Archive\"",
    "S: * OK [COPYUID 2 7 12] moved",
    "S: * 1 EXPUNGE",
    "S: %t OK done",
    "STALL",
    NULL,
  };
  Wire wire;
  g_autoptr (GArray) pairs = NULL;
  GError *error = NULL;

  wire_init (&wire, script);
  pairs = wire_run (&wire, TERN_OP_MOVE, 7, &error);
  g_assert_no_error (error);
  assert_pair (pairs, 12);
  wire_clear (&wire);
}

/* A server that only says so is not believed; one that has no COPYUID to tell is. */
static void
test_wire_moves_not (void)
{
  static const char *const script[] = {
    WIRE_GREET_WITH (" MOVE"),
    WIRE_SELECT ("INBOX", "1", "100"),
    "C: %t UID MOVE 7 \"Archive\"",
    "S: %t OK",
    "C: %t UID SEARCH UID 7",
    "S: * SEARCH 7",
    "S: %t OK there",
    "C: %t UID MOVE 7 \"Archive\"",
    "S: %t OK",
    "C: %t UID SEARCH UID 7",
    "S: * SEARCH 7",
    "S: %t OK still there",
    "C: %t UID MOVE 7 \"Archive\"",
    "S: %t OK",
    "C: %t UID SEARCH UID 7",
    "S: * SEARCH",
    "S: %t OK gone",
    "STALL",
    NULL,
  };
  Wire wire;
  g_autoptr (GArray) pairs = NULL;
  GError *error = NULL;

  wire_init (&wire, script);
  g_assert_null (wire_run (&wire, TERN_OP_MOVE, 7, &error));
  g_assert_error (error, TERN_FAULT, TERN_FAULT_UNAVAILABLE);
  g_clear_error (&error);
  pairs = wire_run (&wire, TERN_OP_MOVE, 7, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (pairs->len, ==, 0);
  wire_clear (&wire);
}

/* COPY says OK for what is not there; removing it then would lose it. */
static void
test_wire_copies_what_is_there (void)
{
  static const char *const script[] = {
    WIRE_GREET,
    WIRE_SELECT ("INBOX", "1", "100"),
    "C: %t UID SEARCH UID 7",
    "S: * SEARCH",
    "S: %t OK no such message",
    "C: %t UID SEARCH UID 8",
    "S: * SEARCH 8",
    "S: %t OK there",
    "C: %t UID COPY 8 \"Archive\"",
    "S: %t OK [COPYUID 2 8 12] copied",
    "C: %t UID STORE 8 +FLAGS.SILENT (\\Deleted)",
    "S: %t OK marked",
    "C: %t UID EXPUNGE 8",
    "S: %t OK gone",
    "STALL",
    NULL,
  };
  Wire wire;
  g_autoptr (GArray) none = NULL;
  g_autoptr (GArray) pairs = NULL;
  GError *error = NULL;

  wire_init (&wire, script);
  none = wire_run (&wire, TERN_OP_MOVE, 7, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (none->len, ==, 0);
  pairs = wire_run (&wire, TERN_OP_MOVE, 8, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (pairs->len, ==, 1);
  wire_clear (&wire);
}

/* Of one that was copied in part, nothing is removed. */
static void
test_wire_copies_in_part (void)
{
  static const char *const script[] = {
    WIRE_GREET,
    WIRE_SELECT ("INBOX", "1", "100"),
    "C: %t UID SEARCH UID 7",
    "S: * SEARCH 7",
    "S: %t OK there",
    "C: %t UID COPY 7 \"Archive\"",
    "S: %t OK [COPYUID 2 6 12] copied another",
    "STALL",
    NULL,
  };
  Wire wire;
  GError *error = NULL;

  wire_init (&wire, script);
  g_assert_null (wire_run (&wire, TERN_OP_MOVE, 7, &error));
  g_assert_error (error, TERN_FAULT, TERN_FAULT_UNAVAILABLE);
  g_clear_error (&error);
  wire_clear (&wire);
}

/* A body of UID 7 of INBOX. */
static void
wire_fetch (Wire *self)
{
  g_autoptr (TernFolderRecord) inbox = store_folder (self->store, self->store->inbox);
  g_autoptr (GPtrArray) requests =
      g_ptr_array_new_with_free_func ((GDestroyNotify) tern_part_request_free);
  TernPartRequest *request = tern_part_request_new (7, "1", 100);
  GError *error = NULL;

  g_ptr_array_add (requests, request);
  tern_remote_fetch_parts_async (self->remote, inbox, requests, TERN_URGENCY_DOWNLOAD,
                                 wire_keep_result, self);
  tern_test_wait_until (self->result != NULL);
  g_assert_true (tern_remote_fetch_parts_finish (self->remote, self->result, &error));
  g_assert_no_error (error);
  g_assert_nonnull (request->bytes);
  g_clear_object (&self->result);
}

static void
wire_sync (Wire *self, TernId folder)
{
  TernSyncCounts counts;
  GError *error = NULL;

  tern_remote_sync_folder_async (self->remote, folder, TERN_URGENCY_NEW, wire_keep_result, self);
  tern_test_wait_until (self->result != NULL);
  g_assert_true (tern_remote_sync_folder_finish (self->remote, self->result, &counts, &error));
  g_assert_no_error (error);
  g_clear_object (&self->result);
}

/* Where a body was fetched first, the sync asks for what had changed before that; the next one
 * needs to ask for nothing. */
static void
test_wire_selected_for_a_body (void)
{
  static const char *const script[] = {
    WIRE_GREET,
    WIRE_SELECT ("INBOX", "1", "100"),
    "C: %t UID FETCH 7 (UID BODY.PEEK[1])",
    "S: * 1 FETCH (UID 7 BODY[1] {5}",
    "S: words)",
    "S: %t OK fetched",
    WIRE_SELECT ("INBOX", "1", "100"),
    "C: %t UID FETCH 1:99 (UID FLAGS)",
    "S: * 1 FETCH (UID 7 FLAGS (\\Flagged))",
    "S: %t OK fetched",
    "C: %t UID SEARCH ALL",
    "S: * SEARCH 7",
    "S: %t OK found",
    "C: %t UID FETCH 7 (UID BODY.PEEK[1])",
    "S: * 1 FETCH (UID 7 BODY[1] {5}",
    "S: words)",
    "S: %t OK fetched",
    "C: %t NOOP",
    "S: %t OK nothing",
    "C: %t UID FETCH 100:* (*",
    "S: %t OK nothing",
    "STALL",
    NULL,
  };
  Wire wire;
  g_autoptr (TernMessageRecord) record = NULL;
  TernId id;

  wire_init (&wire, script);
  id = store_add (wire.store, wire.store->inbox, 7, 7, TERN_FLAG_NONE);
  wire_fetch (&wire);
  wire_sync (&wire, wire.store->inbox);
  record = store_message (wire.store, id);
  g_assert_cmpint (record->flags, ==, TERN_FLAG_FLAGGED);
  wire_fetch (&wire);
  wire_sync (&wire, wire.store->inbox);
  wire_clear (&wire);
}

/* Between the listing and its turn it was deleted from here: that is as one wanted it. */
static void
test_wire_sync_of_deleted (void)
{
  static const char *const script[] = { WIRE_GREET, "STALL", NULL };
  Wire wire;
  TernTxn *txn;
  TernId op;

  wire_init (&wire, script);
  txn = store_begin (wire.store);
  op = tern_txn_op_folder_delete (txn, wire.store->archive, NULL);
  g_assert_true (tern_txn_op_confirmed (txn, op, NULL, NULL));
  store_commit (wire.store);
  wire_sync (&wire, wire.store->archive);
  wire_clear (&wire);
}

static void
on_loaded (const GError *error, gpointer data)
{
  g_assert_no_error (error);
  *(gboolean *) data = TRUE;
}

static void
wire_load (TernBodyLoader *loader, TernId id)
{
  gboolean loaded = FALSE;

  tern_body_loader_load (loader, id, "", NULL, NULL, on_loaded, &loaded);
  tern_test_wait_until (loaded);
}

static TernId
add_large (Wire *self, guint32 uid)
{
  g_autoptr (TernMessageFacts) facts = store_facts (uid, uid, TERN_FLAG_NONE);
  TernTxn *txn = store_begin (self->store);
  TernId id;

  facts->size = 2 * TERN_LIMIT_ONE_PIECE;
  id = tern_txn_add_message (txn, self->store->inbox, facts, FALSE, NULL);
  store_commit (self->store);
  g_assert_cmpint (id, !=, 0);
  return id;
}

#define ASKS_FOR_A_PIECE(uid)                                                                    \
  "C: %t UID FETCH " uid " (UID BODY.PEEK[]<0.262144>)", "S: * 1 FETCH (UID " uid " BODY[] {5}", \
      "S: words)", "S: %t OK fetched"
#define ASKS_FOR_ALL(uid)                                                              \
  "C: %t UID FETCH " uid " (UID BODY.PEEK[])", "S: * 1 FETCH (UID " uid " BODY[] {5}", \
      "S: words)", "S: %t OK fetched"

/* A server that brings all instead of a piece is asked for pieces again on the next connection. */
static void
test_wire_no_pieces (void)
{
  static const char *const script[] = {
    WIRE_GREET,
    WIRE_SELECT ("INBOX", "1", "100"),
    ASKS_FOR_A_PIECE ("7"),
    ASKS_FOR_ALL ("7"),
    ASKS_FOR_ALL ("8"),
    ASKS_FOR_A_PIECE ("9"),
    ASKS_FOR_ALL ("9"),
    "STALL",
    NULL,
  };
  Wire wire;
  TernBodyLoader *loader;

  wire_init (&wire, script);
  loader = tern_body_loader_new (wire.store->store);
  tern_body_loader_set_remote (loader, wire.remote, NULL);
  wire_load (loader, add_large (&wire, 7));
  wire_load (loader, add_large (&wire, 8));
  tern_body_loader_set_remote (loader, NULL, NULL);
  tern_body_loader_set_remote (loader, wire.remote, NULL);
  wire_load (loader, add_large (&wire, 9));
  tern_body_loader_set_remote (loader, NULL, NULL);
  tern_body_loader_free (loader);
  wire_clear (&wire);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/engine/ops/wire/copied", test_wire_copied);
  g_test_add_func ("/engine/ops/wire/known", test_wire_known);
  g_test_add_func ("/engine/ops/wire/not-the-same", test_wire_not_the_same);
  g_test_add_func ("/engine/ops/wire/brought-back", test_wire_brought_back);
  g_test_add_func ("/engine/ops/wire/looks-first", test_wire_looks_first);
  g_test_add_func ("/engine/ops/wire/moves-again", test_wire_moves_again);
  g_test_add_func ("/engine/ops/wire/moves-not", test_wire_moves_not);
  g_test_add_func ("/engine/ops/wire/copies-what-is-there", test_wire_copies_what_is_there);
  g_test_add_func ("/engine/ops/wire/copies-in-part", test_wire_copies_in_part);
  g_test_add_func ("/engine/wire/selected-for-a-body", test_wire_selected_for_a_body);
  g_test_add_func ("/engine/wire/sync-of-deleted", test_wire_sync_of_deleted);
  g_test_add_func ("/engine/wire/no-pieces", test_wire_no_pieces);
  return g_test_run ();
}
