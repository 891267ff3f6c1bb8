/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "wire-fixture.h"

#include "tern-body-loader-private.h"
#include "tern-limits.h"

/*
 * The IMAP commands of syncs after other jobs and of bodies, with a server that is scripted.
 */

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

/* Whoever asks for it: the mail of this server does not get into a folder of another account. */
static void
test_wire_other_account (void)
{
  static const char *const script[] = { WIRE_GREET, "STALL", NULL };
  TernFolderRecord record = { .path = (char *) "INBOX",
                              .name = (char *) "INBOX",
                              .remote_name = (char *) "INBOX",
                              .delimiter = '/',
                              .selectable = TRUE };
  TernSyncCounts counts;
  GError *error = NULL;
  Wire wire;
  TernTxn *txn;
  TernId folder;

  wire_init (&wire, script);
  txn = store_begin (wire.store);
  record.account = tern_txn_ensure_account (txn, "uuid-2", NULL);
  folder = tern_txn_put_folder (txn, &record, &error);
  g_assert_no_error (error);
  store_commit (wire.store);
  tern_remote_sync_folder_async (wire.remote, folder, TERN_URGENCY_NEW, wire_keep_result, &wire);
  tern_test_wait_until (wire.result != NULL);
  g_assert_false (tern_remote_sync_folder_finish (wire.remote, wire.result, &counts, &error));
  g_assert_error (error, TERN_FAULT, TERN_FAULT_NOT_FOUND);
  g_clear_error (&error);
  g_clear_object (&wire.result);
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

static GPtrArray *
new_requests (guint32 uid)
{
  GPtrArray *requests = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_part_request_free);

  g_ptr_array_add (requests, tern_part_request_new (uid, "1", 100));
  return requests;
}

static void
count_result (GObject *source, GAsyncResult *result, gpointer data)
{
  ++*(guint *) data;
}

/* A download that waits for a connection which ends gets the next one. */
static void
test_wire_hands_end (void)
{
  static const char *const work[] = { WIRE_GREET, "STALL", NULL };
  static const char *const hands[] = {
    WIRE_GREET, WIRE_SELECT ("INBOX", "1", "100"), "C: %t UID FETCH 7 (UID BODY.PEEK[1])", "CLOSE",
    NULL,
  };
  static const char *const next[] = {
    WIRE_GREET,
    WIRE_SELECT ("INBOX", "1", "100"),
    "C: %t UID FETCH 8 (UID BODY.PEEK[1])",
    "S: * 1 FETCH (UID 8 BODY[1] {5}",
    "S: words)",
    "S: %t OK fetched",
    "STALL",
    NULL,
  };
  g_autoptr (GPtrArray) first = new_requests (7);
  g_autoptr (GPtrArray) second = new_requests (8);
  g_autoptr (TernFolderRecord) inbox = NULL;
  Wire wire;
  guint ended = 0;
  GError *error = NULL;

  wire_init (&wire, work);
  tern_script_server_addv (wire.server, hands);
  tern_script_server_addv (wire.server, next);
  inbox = store_folder (wire.store, wire.store->inbox);
  tern_remote_fetch_parts_async (wire.remote, inbox, first, TERN_URGENCY_DOWNLOAD, count_result,
                                 &ended);
  tern_remote_fetch_parts_async (wire.remote, inbox, second, TERN_URGENCY_DOWNLOAD,
                                 wire_keep_result, &wire);
  tern_test_wait_until (wire.result != NULL);
  g_assert_cmpuint (ended, ==, 1);
  g_assert_true (tern_remote_fetch_parts_finish (wire.remote, wire.result, &error));
  g_assert_no_error (error);
  g_assert_nonnull (((TernPartRequest *) g_ptr_array_index (second, 0))->bytes);
  g_clear_object (&wire.result);
  wire_clear (&wire);
}

/* A folder that the listing tells nothing of is asked about: where nothing has changed, there is
 * nothing to sync. */
static void
test_wire_left_out (void)
{
  static const char *const script[] = {
    WIRE_GREET_WITH (" LIST-EXTENDED LIST-STATUS"),
    "C: %t LIST *",
    "S: * LIST () \"/\" INBOX",
    "S: * STATUS INBOX (MESSAGES 1 UIDNEXT 100 UIDVALIDITY 1 UNSEEN 1)",
    "S: * LIST () \"/\" Archive",
    "S: %t OK listed",
    "C: %t STATUS \"Archive\" (MESSAGES UNSEEN UIDNEXT UIDVALIDITY)",
    "S: * STATUS Archive (MESSAGES 1 UIDNEXT 11 UIDVALIDITY 2 UNSEEN 0)",
    "S: %t OK told",
    "STALL",
    NULL,
  };
  Wire wire;
  g_autoptr (GArray) changed = NULL;
  GError *error = NULL;
  TernTxn *txn;

  wire_init (&wire, script);
  store_add (wire.store, wire.store->archive, 10, 1, TERN_FLAG_SEEN);
  txn = store_begin (wire.store);
  g_assert_true (tern_txn_set_compare_tried (txn, wire.store->archive, NULL));
  store_commit (wire.store);
  tern_remote_list_folders_async (wire.remote, wire_keep_result, &wire);
  tern_test_wait_until (wire.result != NULL);
  changed = tern_remote_list_folders_finish (wire.remote, wire.result, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < changed->len; i++)
    g_assert_cmpint (g_array_index (changed, TernId, i), !=, wire.store->archive);
  g_clear_object (&wire.result);
  wire_clear (&wire);
}

/* What a sync was told first is not written after what another session was told later. */
static void
test_wire_told_twice (void)
{
  static const char *const script[] = {
    WIRE_GREET_WITH (" CONDSTORE"),
    "C: %t SELECT \"INBOX\"*",
    "S: * 1 EXISTS",
    "S: * OK [UIDVALIDITY 1] x",
    "S: * OK [UIDNEXT 101] x",
    "S: * OK [HIGHESTMODSEQ 50] x",
    "S: %t OK [READ-WRITE] selected",
    "C: %t UID FETCH 1:99 *",
    "S: * 1 FETCH (UID 7 FLAGS (\\Seen) MODSEQ (50))",
    "S: %t OK fetched",
    "C: %t UID FETCH 100:* (*",
    "WAIT",
    "S: %t OK nothing",
    "C: %t UID SEARCH ALL",
    "S: * SEARCH 7",
    "S: %t OK found",
    "STALL",
    NULL,
  };
  TernImapFetch later = {
    .uid = 7, .has = TERN_IMAP_FETCH_FLAGS, .flags = TERN_FLAG_FLAGGED, .modseq = 51
  };
  Wire wire;
  g_autoptr (TernMessageRecord) record = NULL;
  TernSyncCounts counts;
  TernId id;

  wire_init (&wire, script);
  id = store_add (wire.store, wire.store->inbox, 7, 7, TERN_FLAG_NONE);
  tern_remote_sync_folder_async (wire.remote, wire.store->inbox, TERN_URGENCY_NEW, wire_keep_result,
                                 &wire);
  tern_test_wait_until (tern_script_server_get_position (wire.server, 0)
                        >= G_N_ELEMENTS (script) - 7);
  tern_imap_remote_store_flags (TERN_IMAP_REMOTE (wire.remote), wire.store->inbox, &later);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  tern_script_server_go (wire.server);
  tern_test_wait_until (wire.result != NULL);
  g_assert_true (tern_remote_sync_folder_finish (wire.remote, wire.result, &counts, NULL));
  record = store_message (wire.store, id);
  g_assert_cmpint (record->flags, ==, TERN_FLAG_FLAGGED);
  g_clear_object (&wire.result);
  wire_clear (&wire);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/engine/wire-jobs/selected-for-a-body", test_wire_selected_for_a_body);
  g_test_add_func ("/engine/wire-jobs/sync-of-deleted", test_wire_sync_of_deleted);
  g_test_add_func ("/engine/wire-jobs/other-account", test_wire_other_account);
  g_test_add_func ("/engine/wire-jobs/no-pieces", test_wire_no_pieces);
  g_test_add_func ("/engine/wire-jobs/hands-end", test_wire_hands_end);
  g_test_add_func ("/engine/wire-jobs/left-out", test_wire_left_out);
  g_test_add_func ("/engine/wire-jobs/told-twice", test_wire_told_twice);
  return g_test_run ();
}
