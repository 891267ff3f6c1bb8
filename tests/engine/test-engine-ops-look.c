/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-op-runner-private.h"
#include "wire-fixture.h"

/*
 * What is looked for before an operation is sent again that was cut: which message at the target is
 * taken for what it has put there. A wrong one costs a message.
 */

/* The messages from UID 7 on, of one size, to Archive, whose UIDNEXT was 10. */
static TernRemoteOp *
op_new (Wire *self, TernOpKind kind, const char *const *ids, guint n)
{
  TernRemoteOp *op = tern_remote_op_new (kind);

  op->source = store_folder (self->store, self->store->inbox);
  op->target = store_folder (self->store, self->store->archive);
  op->check = TRUE;
  op->target_uidvalidity = 2;
  op->target_uidnext = 10;
  for (guint i = 0; i < n; i++)
    {
      guint32 uid = 7 + i;
      guint32 size = 1001;
      guint32 known = 0;

      g_array_append_val (op->uids, uid);
      g_array_append_val (op->sizes, size);
      g_array_append_val (op->known, known);
      g_ptr_array_add (op->message_ids, g_strdup (ids[i]));
    }
  return op;
}

/* Takes @op. "7:12 8:13" */
static char *
run (Wire *self, TernRemoteOp *op)
{
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (GArray) pairs = NULL;
  GError *error = NULL;

  tern_remote_run_operation_async (self->remote, op, wire_keep_result, self);
  tern_test_wait_until (self->result != NULL);
  pairs = tern_remote_run_operation_finish (self->remote, self->result, NULL, &error);
  g_assert_no_error (error);
  g_clear_object (&self->result);
  for (guint i = 0; i < pairs->len; i++)
    {
      const TernUidPair *pair = &g_array_index (pairs, TernUidPair, i);

      g_string_append_printf (text, "%s%u:%u", i > 0 ? " " : "", pair->source, pair->target);
    }
  return g_string_free (g_steal_pointer (&text), FALSE);
}

static void
assert_run (const char *const *script,
            TernOpKind kind,
            const char *const *ids,
            guint n,
            guint32 taken,
            const char *expected)
{
  Wire wire;
  TernRemoteOp *op;
  g_autofree char *pairs = NULL;

  wire_init (&wire, script);
  op = op_new (&wire, kind, ids, n);
  if (taken != 0)
    g_array_append_val (op->taken, taken);
  pairs = run (&wire, op);
  g_assert_cmpstr (pairs, ==, expected);
  wire_clear (&wire);
}

#define SOURCE_HAS(uids)                                                                 \
  WIRE_SELECT ("INBOX", "1", "100"), "C: %t UID SEARCH UID " uids "", "S: * SEARCH 7 8", \
      "S: %t OK there"
#define BY_HAND(uids, copy, code)                                              \
  "C: %t UID COPY " copy " \"Archive\"", "S: %t OK [" code "] copied",         \
      "C: %t UID STORE " uids " +FLAGS.SILENT (\\Deleted)", "S: %t OK marked", \
      "C: %t UID EXPUNGE " uids, "S: %t OK gone"

/* Without a Message-ID it is not copied twice; what is older is not it. Which uid it has, a sync
 * tells. */
static void
test_by_size (void)
{
  static const char *const there[] = {
    WIRE_GREET,
    WIRE_SELECT ("Archive", "2", "11"),
    "C: %t UID SEARCH UID 10:* LARGER 1000 SMALLER 1002",
    "S: * SEARCH 10",
    "S: %t OK found",
    SOURCE_HAS ("7"),
    "C: %t UID SEARCH UID 7 LARGER 1000 SMALLER 1002",
    "S: * SEARCH 7",
    "S: %t OK of that size",
    "STALL",
    NULL,
  };
  static const char *const older[] = {
    WIRE_GREET,
    WIRE_SELECT ("Archive", "2", "10"),
    "C: %t UID SEARCH UID 10:* LARGER 1000 SMALLER 1002",
    "S: * SEARCH 9",
    "S: %t OK * is the last one",
    SOURCE_HAS ("7"),
    "C: %t UID COPY 7 \"Archive\"",
    "S: %t OK [COPYUID 2 7 10] copied",
    "STALL",
    NULL,
  };
  static const char *const none = NULL;

  assert_run (there, TERN_OP_COPY, &none, 1, 0, "");
  assert_run (older, TERN_OP_COPY, &none, 1, 0, "7:10");
}

/* What removes the source asks for more than a size. */
static void
test_moves_not_by_size (void)
{
  static const char *const script[] = {
    WIRE_GREET,       WIRE_SELECT ("Archive", "2", "11"),
    SOURCE_HAS ("7"), BY_HAND ("7", "7", "COPYUID 2 7 11"),
    "STALL",          NULL,
  };
  static const char *const none = NULL;

  assert_run (script, TERN_OP_MOVE, &none, 1, 0, "7:11");
}

static void
test_odd_id (void)
{
  static const char *const script[] = {
    WIRE_GREET,
    WIRE_SELECT ("Archive", "2", "11"),
    "C: %t UID SEARCH HEADER Message-ID \"one@example.org\" LARGER 1000 SMALLER 1002",
    "S: * SEARCH 10",
    "S: %t OK found",
    SOURCE_HAS ("7"),
    "C: %t UID SEARCH UID 7 LARGER 1000 SMALLER 1002",
    "S: * SEARCH 7",
    "S: %t OK of that size",
    "C: %t UID STORE 7 +FLAGS.SILENT (\\Deleted)",
    "S: %t OK marked",
    "C: %t UID EXPUNGE 7",
    "S: %t OK gone",
    "STALL",
    NULL,
  };
  static const char *const odd = "an \"odd\" one@example.org";

  assert_run (script, TERN_OP_MOVE, &odd, 1, 0, "7:10");
}

static const char *const twins[] = { "1@example.org", "1@example.org" };

/* The only one there was put there by another operation. */
static void
test_taken (void)
{
  static const char *const script[] = {
    WIRE_GREET,
    WIRE_SELECT ("Archive", "2", "13"),
    "C: %t UID SEARCH HEADER Message-ID \"1@example.org\" LARGER 1000 SMALLER 1002",
    "S: * SEARCH 3 12",
    "S: %t OK found",
    SOURCE_HAS ("7"),
    BY_HAND ("7", "7", "COPYUID 2 7 13"),
    "STALL",
    NULL,
  };

  assert_run (script, TERN_OP_MOVE, twins, 1, 12, "7:13");
}

/* Of two equal ones, one was copied. */
static void
test_twins (void)
{
  static const char *const script[] = {
    WIRE_GREET,
    WIRE_SELECT ("Archive", "2", "13"),
    "C: %t UID SEARCH HEADER Message-ID \"1@example.org\" LARGER 1000 SMALLER 1002",
    "S: * SEARCH 3 12",
    "S: %t OK found",
    "C: %t UID SEARCH HEADER Message-ID \"1@example.org\" LARGER 1000 SMALLER 1002",
    "S: * SEARCH 3 12",
    "S: %t OK found",
    SOURCE_HAS ("7:8"),
    "C: %t UID SEARCH UID 7 LARGER 1000 SMALLER 1002",
    "S: * SEARCH 7",
    "S: %t OK of that size",
    BY_HAND ("7:8", "8", "COPYUID 2 8 13"),
    "STALL",
    NULL,
  };

  assert_run (script, TERN_OP_MOVE, twins, 2, 0, "7:12 8:13");
}

static void
assert_renumbered (const char *const *script, guint32 twin, const char *expected)
{
  Wire wire;
  TernRemoteOp *op;
  g_autofree char *pairs = NULL;

  wire_init (&wire, script);
  op = op_new (&wire, TERN_OP_MOVE, twins, 1);
  op->target_uidvalidity = 1;
  g_array_append_val (op->twins, twin);
  pairs = run (&wire, op);
  g_assert_cmpstr (pairs, ==, expected);
  wire_clear (&wire);
}

/* The target has other uids now: one equal message is the one that was there before, the second one
 * is ours. */
static void
test_renumbered (void)
{
  static const char *const before[] = {
    WIRE_GREET,
    WIRE_SELECT ("Archive", "2", "13"),
    "C: %t UID SEARCH HEADER Message-ID \"1@example.org\" LARGER 1000 SMALLER 1002",
    "S: * SEARCH 3",
    "S: %t OK found",
    SOURCE_HAS ("7"),
    BY_HAND ("7", "7", "COPYUID 2 7 13"),
    "STALL",
    NULL,
  };
  static const char *const ours[] = {
    WIRE_GREET,
    WIRE_SELECT ("Archive", "2", "13"),
    "C: %t UID SEARCH HEADER Message-ID \"1@example.org\" LARGER 1000 SMALLER 1002",
    "S: * SEARCH 3 4",
    "S: %t OK found",
    SOURCE_HAS ("7"),
    "C: %t UID SEARCH UID 7 LARGER 1000 SMALLER 1002",
    "S: * SEARCH 7",
    "S: %t OK of that size",
    "C: %t UID STORE 7 +FLAGS.SILENT (\\Deleted)",
    "S: %t OK marked",
    "C: %t UID EXPUNGE 7",
    "S: %t OK gone",
    "STALL",
    NULL,
  };

  assert_renumbered (before, 1, "7:13");
  assert_renumbered (ours, 1, "7:4");
}

static void
on_note (const GError *error, gpointer data)
{
  g_assert_no_error (error);
}

static void
on_folder_changed (TernId folder, gpointer data)
{
}

static void
on_told (gpointer data)
{
}

/* It was sent, and then the program ended. */
static TernId
move_cut_short (StoreFixture *f, guint32 uid)
{
  TernId location = store_add (f, f->inbox, uid, 1, TERN_FLAG_NONE);
  TernTxn *txn = store_begin (f);
  g_autoptr (GArray) made = tern_txn_op_move (txn, &location, 1, f->archive, NULL);
  TernId op = g_array_index (made, TernId, 0);

  g_assert_true (tern_txn_op_running (txn, op, NULL));
  g_assert_true (tern_txn_op_later (txn, op, 0, FALSE, NULL, NULL));
  store_commit (f);
  return location;
}

static guint32
uid_of (StoreFixture *f, TernId location)
{
  TernReader *reader = store_read_begin (f, TERN_LANE_SLOW);
  TernId folder;
  guint32 uid = tern_read_uid (reader, location, &folder, NULL);

  store_read_end (f);
  g_assert_cmpint (folder, ==, f->archive);
  return uid;
}

/* Two operations, of which the first one was done: each of their messages ends in the target. */
static void
test_twins_apart (void)
{
  static const TernOpRunnerEvents events = { on_note, on_folder_changed, on_told, on_told };
  static const char *const script[] = {
    WIRE_GREET,
    WIRE_SELECT ("Archive", "2", "101"),
    "C: %t UID SEARCH HEADER Message-ID \"1@example.org\" LARGER 1000 SMALLER 1002",
    "S: * SEARCH 100",
    "S: %t OK found",
    SOURCE_HAS ("7"),
    "C: %t UID SEARCH UID 7 LARGER 1000 SMALLER 1002",
    "S: * SEARCH 7",
    "S: %t OK of that size",
    "C: %t UID STORE 7 +FLAGS.SILENT (\\Deleted)",
    "S: %t OK marked",
    "C: %t UID EXPUNGE 7",
    "S: %t OK gone",
    WIRE_SELECT ("Archive", "2", "101"),
    "C: %t UID SEARCH HEADER Message-ID \"1@example.org\" LARGER 1000 SMALLER 1002",
    "S: * SEARCH 100",
    "S: %t OK found",
    SOURCE_HAS ("8"),
    BY_HAND ("8", "8", "COPYUID 2 8 101"),
    "STALL",
    NULL,
  };
  Wire wire;
  TernOpRunner *runner;
  TernId first, second;

  wire_init (&wire, script);
  first = move_cut_short (wire.store, 7);
  second = move_cut_short (wire.store, 8);
  runner = tern_op_runner_new (wire.store->store, wire.store->account, &events, NULL);
  tern_op_runner_set_remote (runner, wire.remote);
  tern_test_wait_until (!tern_op_runner_is_busy (runner)
                        && store_op_count (wire.store, TERN_OP_CONFIRMED) == 2);
  g_assert_cmpuint (uid_of (wire.store, first), ==, 100);
  g_assert_cmpuint (uid_of (wire.store, second), ==, 101);
  store_verify (wire.store);
  tern_op_runner_free (runner);
  wire_clear (&wire);
}

#define APPEND                                                 \
  "C: %t APPEND \"Archive\" *{5}", "S: + go on", "LIT: hello", \
      "C: ", "S: %t OK [APPENDUID 2 12] thank you"

static void
assert_append (const char *const *script, gboolean check, TernRole role, const char *expected)
{
  Wire wire;
  TernRemoteOp *op;
  g_autofree char *pairs = NULL;

  wire_init (&wire, script);
  op = op_new (&wire, TERN_OP_APPEND, twins, 1);
  g_array_set_size (op->uids, 0);
  g_clear_pointer (&op->source, tern_folder_record_free);
  op->target->role = role;
  op->message = g_bytes_new_static ("hello", 5);
  op->check = check;
  if (!check)
    op->target_uidvalidity = op->target_uidnext = 0;
  pairs = run (&wire, op);
  g_assert_cmpstr (pairs, ==, expected);
  wire_clear (&wire);
}

/* One that was there before, or is another one by its size, is not what was put there. */
static void
test_appended (void)
{
  static const char *const older[] = {
    WIRE_GREET,
    WIRE_SELECT ("Archive", "2", "11"),
    "C: %t UID SEARCH HEADER Message-ID \"1@example.org\" LARGER 3 SMALLER 7",
    "S: * SEARCH 3",
    "S: %t OK found",
    APPEND,
    "STALL",
    NULL,
  };
  static const char *const there[] = {
    WIRE_GREET,
    WIRE_SELECT ("Archive", "2", "11"),
    "C: %t UID SEARCH HEADER Message-ID \"1@example.org\" LARGER 3 SMALLER 7",
    "S: * SEARCH 3 10",
    "S: %t OK found",
    "STALL",
    NULL,
  };

  assert_append (older, TRUE, TERN_ROLE_SENT, "0:12");
  assert_append (there, TRUE, TERN_ROLE_SENT, "0:10");
}

/* Gmail files what it submits, before it is asked to and with lines of its own; but no more than
 * that. */
static void
test_filed_by_server (void)
{
  static const char *const sent[] = {
    WIRE_GREET_WITH (" X-GM-EXT-1"),
    WIRE_SELECT ("Archive", "2", "11"),
    "C: %t UID SEARCH HEADER Message-ID \"1@example.org\"",
    "S: * SEARCH 3",
    "S: %t OK found",
    "STALL",
    NULL,
  };
  static const char *const other[] = { WIRE_GREET_WITH (" X-GM-EXT-1"), APPEND, "STALL", NULL };

  assert_append (sent, FALSE, TERN_ROLE_SENT, "0:3");
  assert_append (sent, TRUE, TERN_ROLE_SENT, "0:3");
  assert_append (other, FALSE, TERN_ROLE_ARCHIVE, "0:12");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/engine/ops-look/by-size", test_by_size);
  g_test_add_func ("/engine/ops-look/moves-not-by-size", test_moves_not_by_size);
  g_test_add_func ("/engine/ops-look/odd-id", test_odd_id);
  g_test_add_func ("/engine/ops-look/taken", test_taken);
  g_test_add_func ("/engine/ops-look/twins", test_twins);
  g_test_add_func ("/engine/ops-look/renumbered", test_renumbered);
  g_test_add_func ("/engine/ops-look/twins-apart", test_twins_apart);
  g_test_add_func ("/engine/ops-look/appended", test_appended);
  g_test_add_func ("/engine/ops-look/filed-by-server", test_filed_by_server);
  return g_test_run ();
}
