/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-imap-remote-state-private.h"
#include "tern-store-rights.h"
#include "wire-fixture.h"

/*
 * The IMAP commands of operations that may have been done before, with a server that is scripted.
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
  pairs = tern_remote_run_operation_finish (self->remote, self->result, NULL, &error);
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
static void
wire_start (Wire *self, TernOpKind kind, guint32 uid)
{
  TernRemoteOp *op = tern_remote_op_new (kind);
  guint32 size = 1001;
  guint32 known = 0;

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
}

static GArray *
wire_end (Wire *self, GError **error)
{
  TernOpFailure failure = { NULL, TERN_REFUSAL_OTHER };
  GArray *pairs;

  tern_test_wait_until (self->result != NULL);
  pairs = tern_remote_run_operation_finish (self->remote, self->result, &failure, error);
  self->refusal = failure.refusal;
  g_clear_pointer (&failure.part, g_array_unref);
  g_clear_object (&self->result);
  return pairs;
}

static GArray *
wire_run (Wire *self, TernOpKind kind, guint32 uid, GError **error)
{
  wire_start (self, kind, uid);
  return wire_end (self, error);
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

/* Of UIDs 7 and 8, with a server that has no room in the end. Result: what is done. */
static GArray *
run_in_part (Wire *self, TernOpKind kind)
{
  TernRemoteOp *op = tern_remote_op_new (kind);
  TernOpFailure failure = { NULL, TERN_REFUSAL_OTHER };
  GError *error = NULL;

  op->source = store_folder (self->store, self->store->inbox);
  if (kind == TERN_OP_FLAGS)
    op->add = TERN_FLAG_SEEN;
  else
    op->target = store_folder (self->store, self->store->archive);
  for (guint32 uid = 7; uid <= 8; uid++)
    {
      guint32 zero = 0;

      g_array_append_val (op->uids, uid);
      g_array_append_val (op->sizes, zero);
      g_array_append_val (op->known, zero);
      g_ptr_array_add (op->message_ids, NULL);
    }
  tern_remote_run_operation_async (self->remote, op, wire_keep_result, self);
  tern_test_wait_until (self->result != NULL);
  g_assert_null (tern_remote_run_operation_finish (self->remote, self->result, &failure, &error));
  g_clear_object (&self->result);
  g_assert_error (error, TERN_FAULT, TERN_FAULT_LIMIT);
  g_clear_error (&error);
  g_assert_nonnull (failure.part);
  return failure.part;
}

/* What the server has told is kept: one of them is @target there, 0 = it only went. */
static void
move_in_part (const char *const *script, guint32 target)
{
  Wire wire;
  g_autoptr (GArray) part = NULL;

  wire_init (&wire, script);
  part = run_in_part (&wire, TERN_OP_MOVE);
  assert_pair (part, target);
  wire_clear (&wire);
}

static void
test_wire_moves_in_part (void)
{
  static const char *const script[] = {
    WIRE_GREET_WITH (" MOVE"),
    WIRE_SELECT ("INBOX", "1", "100"),
    "C: %t UID MOVE 7:8 \"Archive\"",
    "S: * OK [COPYUID 2 7 12] one",
    "S: %t NO [OVERQUOTA] full",
    "STALL",
    NULL,
  };

  move_in_part (script, 12);
}

static void
test_wire_moves_in_pieces (void)
{
  static const char *const script[] = {
    WIRE_GREET_WITH (" MOVE MESSAGELIMIT=1"),
    WIRE_SELECT ("INBOX", "1", "100"),
    "C: %t UID MOVE 7 \"Archive\"",
    "S: * OK [COPYUID 2 7 12] one",
    "S: %t OK moved",
    "C: %t UID MOVE 8 \"Archive\"",
    "S: %t NO [OVERQUOTA] full",
    "STALL",
    NULL,
  };

  move_in_part (script, 12);
}

static void
test_wire_moves_untold (void)
{
  static const char *const script[] = {
    WIRE_GREET_WITH (" MOVE"),
    WIRE_SELECT ("INBOX", "1", "100"),
    "C: %t UID MOVE 7:8 \"Archive\"",
    "S: * VANISHED 7",
    "S: %t NO [OVERQUOTA] full",
    "STALL",
    NULL,
  };

  move_in_part (script, 0);
}

/* Which of them have the flags now is asked for. */
static void
test_wire_flags_in_part (void)
{
  static const char *const script[] = {
    WIRE_GREET,
    WIRE_SELECT ("INBOX", "1", "100"),
    "C: %t UID STORE 7:8 +FLAGS.SILENT (\\Seen)",
    "S: %t NO [OVERQUOTA] full",
    "STALL",
    NULL,
  };
  Wire wire;
  g_autoptr (GArray) part = NULL;

  wire_init (&wire, script);
  part = run_in_part (&wire, TERN_OP_FLAGS);
  g_assert_cmpuint (part->len, ==, 0);
  g_assert_true (tern_imap_remote_is_stale (TERN_IMAP_REMOTE (wire.remote), wire.store->inbox));
  wire_clear (&wire);
}

/* Flags from before our STORE, that come in one read with its OK, are in the store before the
 * operation is known to be done. */
static void
test_wire_told_before (void)
{
  static const char *const script[] = {
    WIRE_GREET,
    WIRE_SELECT ("INBOX", "1", "100"),
    "C: %t UID STORE 7 +FLAGS.SILENT (\\Seen)",
    "R: * 1 FETCH (UID 7 FLAGS (\\Flagged))\r\n%t OK stored\r\n",
    "STALL",
    NULL,
  };
  Wire wire;
  g_autoptr (GArray) pairs = NULL;
  g_autoptr (TernMessageRecord) record = NULL;
  GError *error = NULL;
  TernId id;

  wire_init (&wire, script);
  id = store_add (wire.store, wire.store->inbox, 7, 1, TERN_FLAG_NONE);
  pairs = wire_run (&wire, TERN_OP_FLAGS, 7, &error);
  g_assert_no_error (error);
  record = store_message (wire.store, id);
  g_assert_cmpint (record->flags, ==, TERN_FLAG_FLAGGED);
  wire_clear (&wire);
}

static void
ignore_result (GObject *source, GAsyncResult *result, gpointer data)
{
}

/* A sync that gives way to an operation has written down what it was told before. */
static void
test_wire_told_in_sync (void)
{
  static const char *const script[] = {
    WIRE_GREET,
    WIRE_SELECT ("INBOX", "1", "200"),
    "C: %t UID FETCH 1:99 *",
    "S: * 1 FETCH (UID 7 FLAGS (\\Flagged))",
    "S: %t OK that was all",
    "C: %t UID FETCH 100:* *",
    "WAIT",
    "S: %t OK nothing new",
    "C: %t UID STORE 7 +FLAGS.SILENT (\\Seen)",
    "S: %t OK stored",
    "STALL",
    NULL,
  };
  Wire wire;
  g_autoptr (GArray) pairs = NULL;
  g_autoptr (TernMessageRecord) record = NULL;
  GError *error = NULL;
  TernId id;

  wire_init (&wire, script);
  id = store_add (wire.store, wire.store->inbox, 7, 1, TERN_FLAG_NONE);
  tern_remote_sync_folder_async (wire.remote, wire.store->inbox, TERN_URGENCY_SYNC, ignore_result,
                                 NULL);
  tern_test_wait_until (tern_script_server_get_position (wire.server, 0)
                        >= G_N_ELEMENTS (script) - 6);
  wire_start (&wire, TERN_OP_FLAGS, 7);
  /* The one connection has to do for both. */
  tern_test_wait_until (TERN_IMAP_REMOTE (wire.remote)->hands_refused);
  tern_script_server_go (wire.server);
  pairs = wire_end (&wire, &error);
  g_assert_no_error (error);
  record = store_message (wire.store, id);
  g_assert_cmpint (record->flags, ==, TERN_FLAG_FLAGGED);
  wire_clear (&wire);
}

/* COPY was done, and what was copied cannot be removed: what is refused is to take it out. */
static void
test_wire_removes_not (void)
{
  static const char *const script[] = {
    WIRE_GREET,
    WIRE_SELECT ("INBOX", "1", "100"),
    "C: %t UID SEARCH UID 7",
    "S: * SEARCH 7",
    "S: %t OK there",
    "C: %t UID COPY 7 \"Archive\"",
    "S: %t OK [COPYUID 2 7 12] copied",
    "C: %t UID STORE 7 +FLAGS.SILENT (\\Deleted)",
    "S: %t NO [NOPERM] you may not",
    "STALL",
    NULL,
  };
  Wire wire;
  GError *error = NULL;

  wire_init (&wire, script);
  g_assert_null (wire_run (&wire, TERN_OP_MOVE, 7, &error));
  g_assert_error (error, TERN_FAULT, TERN_FAULT_RIGHTS);
  g_clear_error (&error);
  g_assert_cmpint (wire.refusal, ==, TERN_REFUSAL_REMOVE);
  wire_clear (&wire);
}

/* A folder that cannot be opened says nothing of what may be done with its flags. */
static void
test_wire_opens_not (void)
{
  static const char *const script[] = {
    WIRE_GREET,
    "C: %t SELECT \"INBOX\"",
    "S: %t NO [NOPERM] you may not",
    WIRE_SELECT ("INBOX", "1", "100"),
    "C: %t UID STORE 7 +FLAGS.SILENT (\\Seen)",
    "S: %t NO [NOPERM] you may not",
    "STALL",
    NULL,
  };
  Wire wire;
  GError *error = NULL;

  wire_init (&wire, script);
  g_assert_null (wire_run (&wire, TERN_OP_FLAGS, 7, &error));
  g_assert_error (error, TERN_FAULT, TERN_FAULT_RIGHTS);
  g_clear_error (&error);
  g_assert_cmpint (wire.refusal, ==, TERN_REFUSAL_OTHER);
  g_assert_null (wire_run (&wire, TERN_OP_FLAGS, 7, &error));
  g_clear_error (&error);
  g_assert_cmpint (wire.refusal, ==, TERN_REFUSAL_CHANGE);
  wire_clear (&wire);
}

#define WIRE_APPEND                                            \
  "C: %t APPEND \"Archive\" *{5}", "S: + go on", "LIT: hello", \
      "C: ", "S: %t OK [APPENDUID 2 12] thank you"

/* To Archive. @check: it may have been done before. */
static GArray *
wire_append (Wire *self, gboolean check, GError **error)
{
  TernRemoteOp *op = tern_remote_op_new (TERN_OP_APPEND);
  GArray *pairs;

  op->target = store_folder (self->store, self->store->archive);
  op->check = check;
  op->message = g_bytes_new_static ("hello", 5);
  g_ptr_array_add (op->message_ids, g_strdup ("1@example.org"));
  tern_remote_run_operation_async (self->remote, op, wire_keep_result, self);
  tern_test_wait_until (self->result != NULL);
  pairs = tern_remote_run_operation_finish (self->remote, self->result, NULL, error);
  g_clear_object (&self->result);
  return pairs;
}

/* Where one may put messages and not look at them, what may have been put before is put again. */
static void
test_wire_appends_unseen (void)
{
  static const char *const script[] = {
    WIRE_GREET,
    "C: %t SELECT \"Archive\"",
    "S: %t NO [NOPERM] you may not look",
    WIRE_APPEND,
    "STALL",
    NULL,
  };
  Wire wire;
  g_autoptr (GArray) pairs = NULL;
  GError *error = NULL;

  wire_init (&wire, script);
  pairs = wire_append (&wire, TRUE, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (pairs->len, ==, 1);
  wire_clear (&wire);
}

/* How much a folder takes is known once this connection was told: what an earlier one was told is
 * no reason to refuse anything for good. */
static void
test_wire_append_limit (void)
{
  static const char *const script[] = {
    WIRE_GREET_WITH (" LIST-EXTENDED LIST-STATUS APPENDLIMIT"),
    WIRE_APPEND,
    "C: %t LIST *",
    "S: * LIST () \"/\" INBOX",
    "S: * STATUS INBOX (MESSAGES 0 UIDNEXT 100 UIDVALIDITY 1 UNSEEN 0)",
    "S: * LIST () \"/\" Archive",
    "S: * STATUS Archive (MESSAGES 0 UIDNEXT 12 UIDVALIDITY 2 UNSEEN 0 APPENDLIMIT 4)",
    "S: %t OK listed",
    "STALL",
    NULL,
  };
  Wire wire;
  g_autoptr (GArray) pairs = NULL;
  g_autoptr (GArray) folders = NULL;
  GError *error = NULL;
  TernTxn *txn;

  wire_init (&wire, script);
  txn = store_begin (wire.store);
  g_assert_true (tern_txn_set_append_limit (txn, wire.store->archive, 4, NULL));
  store_commit (wire.store);
  pairs = wire_append (&wire, FALSE, &error);
  g_assert_no_error (error);
  tern_remote_list_folders_async (wire.remote, wire_keep_result, &wire);
  tern_test_wait_until (wire.result != NULL);
  folders = tern_remote_list_folders_finish (wire.remote, wire.result, &error);
  g_assert_no_error (error);
  g_clear_object (&wire.result);
  g_assert_null (wire_append (&wire, FALSE, &error));
  g_assert_error (error, TERN_FAULT, TERN_FAULT_LIMIT);
  g_error_free (error);
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
  g_test_add_func ("/engine/ops/wire/moves-in-part", test_wire_moves_in_part);
  g_test_add_func ("/engine/ops/wire/moves-in-pieces", test_wire_moves_in_pieces);
  g_test_add_func ("/engine/ops/wire/moves-untold", test_wire_moves_untold);
  g_test_add_func ("/engine/ops/wire/flags-in-part", test_wire_flags_in_part);
  g_test_add_func ("/engine/ops/wire/told-before", test_wire_told_before);
  g_test_add_func ("/engine/ops/wire/told-in-sync", test_wire_told_in_sync);
  g_test_add_func ("/engine/ops/wire/removes-not", test_wire_removes_not);
  g_test_add_func ("/engine/ops/wire/opens-not", test_wire_opens_not);
  g_test_add_func ("/engine/ops/wire/appends-unseen", test_wire_appends_unseen);
  g_test_add_func ("/engine/ops/wire/append-limit", test_wire_append_limit);
  return g_test_run ();
}
