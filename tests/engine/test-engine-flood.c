/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "tern-imap-remote-state-private.h"
#include "wire-fixture.h"

/*
 * Servers that tell without end what costs them little: it is written as it comes, and where that
 * is too slow, it is asked for again, or the connection ends.
 */

static char *
dup_flags (guint n)
{
  GString *flags = g_string_new ("R: ");

  for (guint i = 0; i < n; i++)
    g_string_append (flags, "* 1 FETCH (UID 7 FLAGS (\\Flagged))\r\n");
  return g_string_free (flags, FALSE);
}

static gboolean
is_flagged (Wire *wire, TernId id)
{
  g_autoptr (TernMessageRecord) record = store_message (wire->store, id);

  return record->flags == TERN_FLAG_FLAGGED;
}

/* Flags are not gathered until the end of a sync. */
static void
test_flags (void)
{
  g_autofree char *flags = dup_flags (600);
  const char *const script[] = {
    WIRE_GREET,
    WIRE_SELECT ("INBOX", "1", "100"),
    "C: %t UID FETCH 1:99 (UID FLAGS)",
    flags,
    "WAIT",
    "S: %t OK fetched",
    "C: %t UID SEARCH ALL",
    "S: * SEARCH 7",
    "S: %t OK found",
    "STALL",
    NULL,
  };
  Wire wire;
  TernSyncCounts counts;
  GError *error = NULL;
  TernId id;

  wire_init (&wire, script);
  id = store_add (wire.store, wire.store->inbox, 7, 7, TERN_FLAG_NONE);
  tern_remote_sync_folder_async (wire.remote, wire.store->inbox, TERN_URGENCY_NEW, wire_keep_result,
                                 &wire);
  tern_test_wait_until (is_flagged (&wire, id));
  g_assert_null (wire.result);
  tern_script_server_go (wire.server);
  tern_test_wait_until (wire.result != NULL);
  g_assert_true (tern_remote_sync_folder_finish (wire.remote, wire.result, &counts, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (counts.changed, ==, 600);
  g_clear_object (&wire.result);
  wire_clear (&wire);
}

/* While headers come, flags have to wait for them; not any number of them. */
static void
test_flags_while_waiting (void)
{
  static const char *const before[] = {
    WIRE_GREET,
    WIRE_SELECT ("INBOX", "1", "101"),
    "C: %t UID FETCH 1:99 (UID FLAGS)",
    "S: * 1 FETCH (UID 7 FLAGS ())",
    "S: %t OK fetched",
    "C: %t UID FETCH 100:* (*",
  };
  static const char *const after[] = {
    "S: %t OK fetched", "C: %t UID SEARCH ALL", "S: * SEARCH 7", "S: %t OK found", "STALL", NULL,
  };
  g_autoptr (GPtrArray) script = g_ptr_array_new ();
  Wire wire;
  TernSyncCounts counts;
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (before); i++)
    g_ptr_array_add (script, (char *) before[i]);
  for (guint i = 0; i < 70; i++)
    {
      g_ptr_array_add (script, (char *) "R: * 1 FETCH (UID 7 FLAGS (");
      g_ptr_array_add (script, (char *) "FILL: 1000000 k");
      g_ptr_array_add (script, (char *) "R: ))\r\n");
    }
  for (guint i = 0; i < G_N_ELEMENTS (after); i++)
    g_ptr_array_add (script, (char *) after[i]);
  wire_init (&wire, (const char *const *) script->pdata);
  store_add (wire.store, wire.store->inbox, 7, 7, TERN_FLAG_NONE);
  tern_remote_sync_folder_async (wire.remote, wire.store->inbox, TERN_URGENCY_NEW, wire_keep_result,
                                 &wire);
  tern_test_wait_until (wire.result != NULL);
  g_assert_false (tern_remote_sync_folder_finish (wire.remote, wire.result, &counts, &error));
  g_assert_error (error, TERN_FAULT, TERN_FAULT_DISCONNECTED);
  g_clear_object (&wire.result);
  wire_clear (&wire);
}

/* What went is not queued without end while the writer is busy: a sync finds out. */
static void
test_vanished (void)
{
  static const char *const script[] = {
    WIRE_GREET,
    WIRE_SELECT ("INBOX", "1", "100"),
    "C: %t UID FETCH 1:99 (UID FLAGS)",
    "S: * 1 FETCH (UID 7 FLAGS ())",
    "S: %t OK fetched",
    "C: %t UID SEARCH ALL",
    "S: * SEARCH 7",
    "S: %t OK found",
    "WAIT",
    "S: * OK [UIDNEXT 3000000] x",
    "S: * VANISHED 8:2000000",
    "STALL",
    NULL,
  };
  Wire wire;
  TernSyncCounts counts;

  wire_init (&wire, script);
  store_add (wire.store, wire.store->inbox, 7, 7, TERN_FLAG_NONE);
  tern_remote_sync_folder_async (wire.remote, wire.store->inbox, TERN_URGENCY_NEW, wire_keep_result,
                                 &wire);
  tern_test_wait_until (wire.result != NULL);
  g_assert_true (tern_remote_sync_folder_finish (wire.remote, wire.result, &counts, NULL));
  g_clear_object (&wire.result);
  g_assert_false (tern_imap_remote_is_stale (TERN_IMAP_REMOTE (wire.remote), wire.store->inbox));
  store_begin (wire.store);
  tern_script_server_go (wire.server);
  tern_test_wait_until (
      tern_imap_remote_is_stale (TERN_IMAP_REMOTE (wire.remote), wire.store->inbox));
  store_commit (wire.store);
  wire_clear (&wire);
}

static char *
dup_headers (guint n)
{
  GString *headers = g_string_new ("R: ");

  for (guint i = 0; i < n; i++)
    g_string_append_printf (headers,
                            "* %u FETCH (UID %u FLAGS () ENVELOPE (NIL \"m\" NIL NIL NIL NIL NIL"
                            " NIL NIL NIL))\r\n",
                            i + 1, i + 100);
  return g_string_free (headers, FALSE);
}

/* More new messages than the watch takes are for a sync: it begins anew behind that. */
static void
test_new_messages (void)
{
  static const char *const work[] = { WIRE_GREET, "EACH: %t OK nothing", NULL };
  g_autofree char *headers = dup_headers (5001);
  const char *const watch[] = {
    WIRE_GREET,
    WIRE_SELECT ("INBOX", "1", "6000"),
    "C: %t UID FETCH 100:* (*",
    headers,
    "S: %t OK fetched",
    "STALL",
    NULL,
  };
  Wire wire;
  TernImapRemote *remote;
  TernReader *reader;

  wire_init (&wire, work);
  tern_script_server_addv (wire.server, watch);
  tern_remote_watch (wire.remote);
  remote = TERN_IMAP_REMOTE (wire.remote);
  tern_test_wait_until (remote->watch != NULL && !tern_imap_watch_is_working (remote->watch));
  reader = store_read_begin (wire.store, TERN_LANE_LIST);
  g_assert_cmpint (tern_read_location_by_uid (reader, wire.store->inbox, 100, NULL), ==, 0);
  store_read_end (wire.store);
  wire_clear (&wire);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/engine/flood/flags", test_flags);
  g_test_add_func ("/engine/flood/flags-while-waiting", test_flags_while_waiting);
  g_test_add_func ("/engine/flood/vanished", test_vanished);
  g_test_add_func ("/engine/flood/new-messages", test_new_messages);
  return g_test_run ();
}
