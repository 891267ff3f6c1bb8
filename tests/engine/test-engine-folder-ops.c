/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-op-runner-private.h"
#include "wire-fixture.h"

#include <string.h>

/*
 * Operations on folders, from the operation log to a scripted server and back.
 */

#define CAPS " LIST-EXTENDED LIST-STATUS SPECIAL-USE CONDSTORE"

/* What every listing has. */
#define LIST_OTHERS                                                                             \
  "C: %t LIST *", "S: * LIST (\\Subscribed) \"/\" INBOX",                                       \
      "S: * LIST (\\Subscribed) \"/\" Archive", "S: * LIST (\\Subscribed \\Trash) \"/\" Trash", \
      "S: * STATUS INBOX (MESSAGES 0 UIDNEXT 100 UIDVALIDITY 1 UNSEEN 0 HIGHESTMODSEQ 1)",      \
      "S: * STATUS Archive (MESSAGES 0 UIDNEXT 11 UIDVALIDITY 2 UNSEEN 0 HIGHESTMODSEQ 1)",     \
      "S: * STATUS Trash (MESSAGES 0 UIDNEXT 1 UIDVALIDITY 3 UNSEEN 0 HIGHESTMODSEQ 1)"
#define LIST_FOLDER(name, epoch)                                          \
  "S: * LIST (\\Subscribed) \"/\" \"" name "\"",                          \
      "S: * STATUS \"" name "\" (MESSAGES 1 UIDNEXT 8 UIDVALIDITY " epoch \
      " UNSEEN 1 HIGHESTMODSEQ 50)"
#define IS_THERE(name)     "C: %t LIST \"\" \"" name "\"", "S: * LIST () \"/\" \"" name "\"", "S: %t OK"
#define IS_NOT_THERE(name) "C: %t LIST \"\" \"" name "\"", "S: %t OK"
#define IS_OPENED(name, epoch)                                                                    \
  "C: %t EXAMINE \"" name "\" (CONDSTORE)", "S: * 1 EXISTS", "S: * OK [UIDVALIDITY " epoch "] x", \
      "S: * OK [UIDNEXT 100] x", "S: %t OK opened"
#define TAKES(command)         "C: %t " command, "S: %t OK done"
#define RESUBSCRIBES(old, new) TAKES ("SUBSCRIBE \"" new "\""), TAKES ("UNSUBSCRIBE \"" old "\"")

typedef struct
{
  Wire wire;
  TernOpRunner *runner;
  GPtrArray *notes; /* of char* */
} World;

static void
on_note (const GError *error, gpointer data)
{
  g_ptr_array_add (((World *) data)->notes, g_strdup (error->message));
}

static void
on_folder_changed (TernId folder, gpointer data)
{
}

static void
on_doubted (gpointer data)
{
}

static void
on_idle (gpointer data)
{
}

static void
world_init (World *self, const char *const *script)
{
  static const TernOpRunnerEvents events = { on_note, on_folder_changed, on_doubted, on_idle };

  wire_init (&self->wire, script);
  self->notes = g_ptr_array_new_with_free_func (g_free);
  self->runner =
      tern_op_runner_new (self->wire.store->store, self->wire.store->account, &events, self);
}

static void
world_clear (World *self)
{
  store_verify (self->wire.store);
  tern_test_wait_until (!tern_op_runner_is_busy (self->runner));
  tern_op_runner_free (self->runner);
  wire_clear (&self->wire);
  g_ptr_array_unref (self->notes);
}

/* With one message, and all that the server had to tell of it. */
static TernId
add_synced (World *self, const char *path, guint32 epoch)
{
  StoreFixture *store = self->wire.store;
  const char *slash = strrchr (path, '/');
  TernFolderRecord record = { .account = store->account,
                              .path = (char *) path,
                              .name = (char *) (slash != NULL ? slash + 1 : path),
                              .remote_name = (char *) path,
                              .delimiter = '/',
                              .subscribed = TRUE,
                              .selectable = TRUE };
  TernTxn *txn = store_begin (store);
  TernId id = tern_txn_put_folder (txn, &record, NULL);

  store_commit (store);
  store_add (store, id, 7, epoch, TERN_FLAG_NONE);
  txn = store_begin (store);
  g_assert_true (tern_txn_set_sync_state (txn, id, epoch, 8, 50, 1, NULL));
  g_assert_true (tern_txn_set_remote_counts (txn, id, 1, 1, TRUE, NULL));
  g_assert_true (tern_txn_set_compare_tried (txn, id, NULL));
  store_commit (store);
  return id;
}

static TernId
rename_to (World *self, TernId folder, const char *path)
{
  TernTxn *txn = store_begin (self->wire.store);
  TernId op = tern_txn_op_folder_rename (txn, folder, path, NULL);

  store_commit (self->wire.store);
  g_assert_cmpint (op, !=, 0);
  return op;
}

/* It was sent, and then the program ended. */
static void
cut_short (World *self, TernId op, const char *name)
{
  TernTxn *txn = store_begin (self->wire.store);

  if (name != NULL)
    g_assert_true (tern_txn_op_folder_running (txn, op, name, NULL));
  else
    g_assert_true (tern_txn_op_running (txn, op, NULL));
  g_assert_true (tern_txn_op_later (txn, op, 0, FALSE, NULL, NULL));
  store_commit (self->wire.store);
}

static void
list (World *self)
{
  GError *error = NULL;
  g_autoptr (GArray) differing = NULL;

  tern_remote_list_folders_async (self->wire.remote, wire_keep_result, &self->wire);
  tern_test_wait_until (self->wire.result != NULL);
  differing = tern_remote_list_folders_finish (self->wire.remote, self->wire.result, &error);
  g_assert_no_error (error);
  g_clear_object (&self->wire.result);
}

static TernOpState
state_of (World *self, TernId op)
{
  TernReader *reader = store_read_begin (self->wire.store, TERN_LANE_SLOW);
  g_autoptr (TernOpRecord) record = tern_read_op (reader, op, NULL);

  g_assert_nonnull (record);
  store_read_end (self->wire.store);
  return record->state;
}

/* Waits until everything was done or refused. */
static void
run_all (World *self)
{
  tern_op_runner_set_remote (self->runner, self->wire.remote);
  tern_test_wait_until (!tern_op_runner_is_busy (self->runner)
                        && store_op_count (self->wire.store, TERN_OP_PENDING) == 0
                        && store_op_count (self->wire.store, TERN_OP_RUNNING) == 0);
}

static void
assert_folder (World *self, TernId folder, const char *path, const char *remote_name)
{
  g_autoptr (TernFolderRecord) record = store_folder (self->wire.store, folder);

  g_assert_nonnull (record);
  g_assert_cmpstr (record->path, ==, path);
  g_assert_cmpstr (record->remote_name, ==, remote_name);
  g_assert_false (record->gone);
  g_assert_cmpint (record->total, ==, 1);
}

static void
assert_shown (World *self, TernId folder)
{
  g_autoptr (TernFolderRecord) record = store_folder (self->wire.store, folder);

  g_assert_nonnull (record);
  g_assert_false (record->gone);
}

/* The server has renamed it, a listing comes before its answer is written down: what is known of
 * the folder and of what is below it stays, and nothing is renamed a second time. */
static void
test_rename_listed_between (void)
{
  static const char *const script[] = {
    WIRE_GREET_WITH (CAPS),
    LIST_OTHERS,
    LIST_FOLDER ("B", "11"),
    LIST_FOLDER ("B/x", "12"),
    "S: %t OK listed",
    IS_NOT_THERE ("A"),
    IS_THERE ("B"),
    RESUBSCRIBES ("A", "B"),
    RESUBSCRIBES ("A/x", "B/x"),
    "STALL",
    NULL,
  };
  World world;
  TernId parent, child, op;

  world_init (&world, script);
  parent = add_synced (&world, "A", 11);
  child = add_synced (&world, "A/x", 12);
  op = rename_to (&world, parent, "B");
  cut_short (&world, op, "B");
  list (&world);
  run_all (&world);
  g_assert_cmpint (state_of (&world, op), ==, TERN_OP_CONFIRMED);
  assert_folder (&world, parent, "B", "B");
  assert_folder (&world, child, "B/x", "B/x");
  g_assert_cmpint (store_sql (world.wire.store, "SELECT count (*) FROM folder"), ==, 6);
  g_assert_cmpuint (world.notes->len, ==, 0);
  world_clear (&world);
}

/* It never came to the server. */
static void
test_rename_restarted_undone (void)
{
  static const char *const script[] = {
    WIRE_GREET_WITH (CAPS),
    IS_THERE ("A"),
    IS_NOT_THERE ("B"),
    TAKES ("RENAME \"A\" \"B\""),
    RESUBSCRIBES ("A", "B"),
    "STALL",
    NULL,
  };
  World world;
  TernId folder, op;

  world_init (&world, script);
  folder = add_synced (&world, "A", 11);
  op = rename_to (&world, folder, "B");
  cut_short (&world, op, "B");
  run_all (&world);
  g_assert_cmpint (state_of (&world, op), ==, TERN_OP_CONFIRMED);
  assert_folder (&world, folder, "B", "B");
  world_clear (&world);
}

/* Neither name is there: another program has it under a third one, or has deleted it. */
static void
test_rename_restarted_lost (void)
{
  static const char *const script[] = {
    WIRE_GREET_WITH (CAPS), IS_NOT_THERE ("A"), IS_NOT_THERE ("B"), "STALL", NULL,
  };
  World world;
  TernId folder, op;

  world_init (&world, script);
  folder = add_synced (&world, "A", 11);
  op = rename_to (&world, folder, "B");
  cut_short (&world, op, "B");
  run_all (&world);
  g_assert_cmpint (state_of (&world, op), ==, TERN_OP_REFUSED);
  assert_folder (&world, folder, "A", "A");
  g_assert_cmpuint (world.notes->len, ==, 1);
  world_clear (&world);
}

/* The server had not done it, and does not want to now: there is another one of that name. */
static void
test_rename_restarted_refused (void)
{
  static const char *const script[] = {
    WIRE_GREET_WITH (CAPS),
    IS_THERE ("A"),
    IS_THERE ("B"),
    IS_OPENED ("A", "11"),
    IS_OPENED ("INBOX", "1"),
    "C: %t RENAME \"A\" \"B\"",
    "S: %t NO [ALREADYEXISTS] there is one",
    "STALL",
    NULL,
  };
  World world;
  TernId folder, op;

  world_init (&world, script);
  folder = add_synced (&world, "A", 11);
  op = rename_to (&world, folder, "B");
  cut_short (&world, op, "B");
  run_all (&world);
  g_assert_cmpint (state_of (&world, op), ==, TERN_OP_REFUSED);
  assert_folder (&world, folder, "A", "A");
  g_assert_cmpuint (world.notes->len, ==, 1);
  world_clear (&world);
}

/* The server has done it, and another program has made a folder of the old name since: that one is
 * not renamed, and keeps its subscription. */
static void
test_rename_restarted_replaced (void)
{
  static const char *const script[] = {
    WIRE_GREET_WITH (CAPS),    IS_THERE ("A"), IS_THERE ("B"), IS_OPENED ("A", "13"),
    TAKES ("SUBSCRIBE \"B\""), "STALL",        NULL,
  };
  World world;
  TernId folder, op;

  world_init (&world, script);
  folder = add_synced (&world, "A", 11);
  op = rename_to (&world, folder, "B");
  cut_short (&world, op, "B");
  run_all (&world);
  g_assert_cmpint (state_of (&world, op), ==, TERN_OP_CONFIRMED);
  assert_folder (&world, folder, "B", "B");
  g_assert_cmpuint (world.notes->len, ==, 0);
  world_clear (&world);
}

typedef struct
{
  TernFolderRecord *folder; /* (owned) */
  GPtrArray *requests;      /* (owned) of TernPartRequest */
  gboolean done;
} Fetch;

static void
fetched_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  GError *error = NULL;

  tern_remote_fetch_parts_finish (TERN_REMOTE (source), result, &error);
  g_assert_no_error (error);
  ((Fetch *) data)->done = TRUE;
}

/* Of UID 7. */
static void
fetch_start (Fetch *self, World *world, TernId folder)
{
  self->folder = store_folder (world->wire.store, folder);
  self->requests = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_part_request_free);
  self->done = FALSE;
  g_ptr_array_add (self->requests, tern_part_request_new (7, "", 3));
  tern_remote_fetch_parts_async (world->wire.remote, self->folder, self->requests,
                                 TERN_URGENCY_READER, fetched_cb, self);
}

static void
fetch_finish (Fetch *self)
{
  const TernPartRequest *request = g_ptr_array_index (self->requests, 0);

  tern_test_wait_until (self->done);
  g_assert_no_error (request->error);
  g_assert_nonnull (request->bytes);
  tern_folder_record_free (self->folder);
  g_ptr_array_unref (self->requests);
}

/* While one session is in a mailbox, the other renames it; then there is another mailbox of that
 * name. The first session is not in that one. */
static void
test_renamed_under_a_session (void)
{
  static const char *const working[] = {
    WIRE_GREET_WITH (""),
    WIRE_SELECT ("A", "11", "8"),
    "C: %t UID FETCH 7 (*",
    "WAIT",
    "S: * 1 FETCH (UID 7 BODY[] \"old\")",
    "S: %t OK fetched",
    WIRE_SELECT ("A", "12", "8"),
    "C: %t UID FETCH 7 (*",
    "S: * 1 FETCH (UID 7 BODY[] \"new\")",
    "S: %t OK fetched",
    WIRE_SELECT ("B", "11", "8"),
    "C: %t UID FETCH 7 (*",
    "S: * 1 FETCH (UID 7 BODY[] \"old\")",
    "S: %t OK fetched",
    "STALL",
    NULL,
  };
  static const char *const acting[] = {
    WIRE_GREET_WITH (""), TAKES ("RENAME \"A\" \"B\""), RESUBSCRIBES ("A", "B"), "STALL", NULL,
  };
  World world;
  TernId old, new, op;
  Fetch first, second, third;

  world_init (&world, working);
  tern_script_server_addv (world.wire.server, acting);
  old = add_synced (&world, "A", 11);
  fetch_start (&first, &world, old);
  tern_test_wait_until (tern_script_server_get_position (world.wire.server, 0) >= 9);
  op = rename_to (&world, old, "B");
  run_all (&world);
  g_assert_cmpint (state_of (&world, op), ==, TERN_OP_CONFIRMED);
  new = add_synced (&world, "A", 12);
  tern_script_server_go (world.wire.server);
  fetch_finish (&first);
  fetch_start (&second, &world, new);
  fetch_finish (&second);
  fetch_start (&third, &world, old);
  fetch_finish (&third);
  world_clear (&world);
}

/* Without its mail, which is in the trash. */
static TernId
delete_emptied (World *self, TernId folder)
{
  StoreFixture *store = self->wire.store;
  TernReader *reader = store_read_begin (store, TERN_LANE_LIST);
  g_autoptr (GArray) keys = tern_read_keys (reader, folder, TERN_FILTER_ALL, 0, NULL);
  TernTxn *txn;
  TernId op;

  store_read_end (store);
  txn = store_begin (store);
  for (guint i = 0; i < keys->len; i++)
    {
      g_autoptr (GArray) moves =
          tern_txn_op_move (txn, &g_array_index (keys, TernListKey, i).id, 1, store->trash, NULL);

      g_assert_true (tern_txn_op_confirmed (txn, g_array_index (moves, TernId, 0), NULL, NULL));
    }
  op = tern_txn_op_folder_delete (txn, folder, NULL);
  store_commit (store);
  g_assert_cmpint (op, !=, 0);
  return op;
}

/* Mail has come to what is below: that stays, and what it is in, though a server would take it. */
static void
test_delete_child_refused (void)
{
  static const char *const script[] = {
    WIRE_GREET_WITH (CAPS),
    "C: %t STATUS \"A/x\" *",
    "S: * STATUS \"A/x\" (MESSAGES 1)",
    "S: %t OK counted",
    "C: %t STATUS \"A\" *",
    "S: * STATUS \"A\" (MESSAGES 0)",
    "S: %t OK counted",
    "C: %t LIST \"\" \"A/?\"",
    "S: * LIST () \"/\" \"A/x\"",
    "S: %t OK",
    "STALL",
    NULL,
  };
  World world;
  TernId parent, child;

  world_init (&world, script);
  parent = add_synced (&world, "A", 11);
  child = add_synced (&world, "A/x", 12);
  delete_emptied (&world, child);
  delete_emptied (&world, parent);
  run_all (&world);
  g_assert_cmpuint (store_op_count (world.wire.store, TERN_OP_REFUSED), ==, 2);
  g_assert_cmpuint (world.notes->len, ==, 2);
  g_assert_nonnull (strstr (g_ptr_array_index (world.notes, 1), "There are folders in"));
  assert_shown (&world, parent);
  assert_shown (&world, child);
  world_clear (&world);
}

/* Nothing is in it; what only begins like it is another folder. */
static void
test_delete_empty (void)
{
  static const char *const script[] = {
    WIRE_GREET_WITH (CAPS),
    "C: %t STATUS \"A%%\" *",
    "S: * STATUS \"A%%\" (MESSAGES 0)",
    "S: %t OK counted",
    "C: %t LIST \"\" \"A%%/?\"",
    "S: * LIST () \"/\" \"Attic/x\"",
    "S: * LIST (\\NonExistent) \"/\" \"A%%/x\"",
    "S: %t OK",
    TAKES ("DELETE \"A%%\""),
    TAKES ("UNSUBSCRIBE \"A%%\""),
    "STALL",
    NULL,
  };
  World world;
  TernId folder;

  world_init (&world, script);
  folder = add_synced (&world, "A%", 11);
  delete_emptied (&world, folder);
  run_all (&world);
  g_assert_null (store_folder (world.wire.store, folder));
  g_assert_cmpuint (world.notes->len, ==, 0);
  world_clear (&world);
}

/* A line that could not be read says nothing about mail: it is tried again. */
static void
test_delete_not_counted (void)
{
  static const char *const script[] = {
    WIRE_GREET_WITH (CAPS),
    "C: %t STATUS \"A\" (MESSAGES)",
    "S: * STATUS A (MESSAGES",
    "S: %t OK counted",
    "C: %t LIST \"\" \"A\"",
    "S: * LIST () \"/\" A",
    "S: %t OK",
    "C: %t STATUS \"A\" (MESSAGES)",
    "S: * STATUS A (MESSAGES 0)",
    "S: %t OK counted",
    "C: %t LIST \"\" \"A/?\"",
    "S: %t OK",
    TAKES ("DELETE \"A\""),
    TAKES ("UNSUBSCRIBE \"A\""),
    "STALL",
    NULL,
  };
  World world;
  TernId folder;

  world_init (&world, script);
  folder = add_synced (&world, "A", 11);
  delete_emptied (&world, folder);
  run_all (&world);
  g_assert_null (store_folder (world.wire.store, folder));
  g_assert_cmpuint (world.notes->len, ==, 0);
  world_clear (&world);
}

#define GREET_OLD                                                                               \
  "S: * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] hi", "C: %t AUTHENTICATE PLAIN *",         \
      "S: %t OK [CAPABILITY IMAP4rev1] in", "C: %t STATUS \"A\" (MESSAGES)",                    \
      "S: * STATUS A (MESSAGES 2)", "S: %t OK counted", "C: %t EXAMINE \"A\"", "S: * 2 EXISTS", \
      "S: * OK [UIDVALIDITY 11] x", "S: * OK [UIDNEXT 9] x", "S: %t OK [READ-ONLY] selected",   \
      "C: %t UID SEARCH UNDELETED"

/* Without UIDPLUS and MOVE, what was moved to the trash stays behind and is marked. */
static void
test_delete_marked (void)
{
  static const char *const script[] = {
    GREET_OLD,
    "S: * SEARCH",
    "S: %t OK nothing",
    "C: %t EXAMINE \"INBOX\"",
    "S: * 0 EXISTS",
    "S: * OK [UIDVALIDITY 1] x",
    "S: * OK [UIDNEXT 100] x",
    "S: %t OK [READ-ONLY] selected",
    "C: %t LIST \"\" \"A/?\"",
    "S: %t OK",
    TAKES ("DELETE \"A\""),
    TAKES ("UNSUBSCRIBE \"A\""),
    "STALL",
    NULL,
  };
  World world;
  TernId folder;

  world_init (&world, script);
  folder = add_synced (&world, "A", 11);
  delete_emptied (&world, folder);
  run_all (&world);
  g_assert_null (store_folder (world.wire.store, folder));
  g_assert_cmpuint (world.notes->len, ==, 0);
  world_clear (&world);
}

/* One of them was not. */
static void
test_delete_not_marked (void)
{
  static const char *const script[] = { GREET_OLD, "S: * SEARCH 8", "S: %t OK one", "STALL", NULL };
  World world;
  TernId folder;

  world_init (&world, script);
  folder = add_synced (&world, "A", 11);
  delete_emptied (&world, folder);
  run_all (&world);
  g_assert_cmpuint (world.notes->len, ==, 1);
  g_assert_nonnull (strstr (g_ptr_array_index (world.notes, 0), "There is mail in"));
  assert_shown (&world, folder);
  world_clear (&world);
}

/* What was only a name. */
static TernId
delete_name (World *self)
{
  TernFolderRecord record = { .account = self->wire.store->account,
                              .path = (char *) "A",
                              .name = (char *) "A",
                              .remote_name = (char *) "A",
                              .delimiter = '/' };
  TernTxn *txn = store_begin (self->wire.store);
  TernId folder = tern_txn_put_folder (txn, &record, NULL);

  g_assert_cmpint (tern_txn_op_folder_delete (txn, folder, NULL), !=, 0);
  store_commit (self->wire.store);
  return folder;
}

/* Another program has made a mailbox of it since, and mail has come. */
static void
test_delete_made_since (void)
{
  static const char *const script[] = {
    WIRE_GREET_WITH (CAPS),
    "C: %t STATUS \"A\" (MESSAGES)",
    "S: * STATUS A (MESSAGES 1)",
    "S: %t OK counted",
    "STALL",
    NULL,
  };
  World world;
  TernId folder;

  world_init (&world, script);
  folder = delete_name (&world);
  run_all (&world);
  g_assert_cmpuint (world.notes->len, ==, 1);
  assert_shown (&world, folder);
  world_clear (&world);
}

static void
test_delete_name (gconstpointer refusal)
{
  const char *const script[] = {
    WIRE_GREET_WITH (CAPS),
    "C: %t STATUS \"A\" (MESSAGES)",
    refusal,
    "C: %t LIST \"\" \"A/?\"",
    "S: %t OK",
    TAKES ("DELETE \"A\""),
    TAKES ("UNSUBSCRIBE \"A\""),
    "STALL",
    NULL,
  };
  World world;
  TernId folder;

  world_init (&world, script);
  folder = delete_name (&world);
  run_all (&world);
  g_assert_null (store_folder (world.wire.store, folder));
  g_assert_cmpuint (world.notes->len, ==, 0);
  world_clear (&world);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/engine/folder-ops/rename/listed-between", test_rename_listed_between);
  g_test_add_func ("/engine/folder-ops/rename/restarted-undone", test_rename_restarted_undone);
  g_test_add_func ("/engine/folder-ops/rename/restarted-lost", test_rename_restarted_lost);
  g_test_add_func ("/engine/folder-ops/rename/restarted-refused", test_rename_restarted_refused);
  g_test_add_func ("/engine/folder-ops/rename/restarted-replaced", test_rename_restarted_replaced);
  g_test_add_func ("/engine/folder-ops/rename/under-a-session", test_renamed_under_a_session);
  g_test_add_func ("/engine/folder-ops/delete/child-refused", test_delete_child_refused);
  g_test_add_func ("/engine/folder-ops/delete/empty", test_delete_empty);
  g_test_add_func ("/engine/folder-ops/delete/not-counted", test_delete_not_counted);
  g_test_add_func ("/engine/folder-ops/delete/marked", test_delete_marked);
  g_test_add_func ("/engine/folder-ops/delete/not-marked", test_delete_not_marked);
  g_test_add_func ("/engine/folder-ops/delete/made-since", test_delete_made_since);
  g_test_add_data_func ("/engine/folder-ops/delete/name", "S: %t NO not selectable",
                        test_delete_name);
  g_test_add_data_func ("/engine/folder-ops/delete/unknown-name",
                        "S: %t NO [NONEXISTENT] not a mailbox", test_delete_name);
  return g_test_run ();
}
