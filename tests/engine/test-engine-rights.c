/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "imap-script.h"
#include "script-setup.h"
#include "tern-body-store.h"

#include <string.h>

/*
 * What one may do with folders and how much fits, as servers tell it, keep it to themselves, or lie
 * about it.
 */

#define LOGIN(caps)                                                                     \
  "S: * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] hi", "C: %t AUTHENTICATE PLAIN *", \
      "S: %t OK [CAPABILITY IMAP4rev1 UIDPLUS LIST-EXTENDED LIST-STATUS " caps "] in"

typedef struct
{
  ScriptSetup *setup;
  const char *path;
  const char *letters;
} RightsWait;

static gboolean
has_rights (gpointer data)
{
  const RightsWait *wait = data;
  g_autoptr (TernFolderRecord) folder =
      engine_fixture_folder (wait->setup->fixture, wait->setup->uuid, wait->path);
  g_autofree char *letters = folder != NULL ? tern_rights_format (folder->rights) : NULL;

  return folder != NULL && g_strcmp0 (letters, wait->letters) == 0;
}

static void
wait_rights (ScriptSetup *setup, const char *path, const char *letters)
{
  RightsWait wait = { setup, path, letters };

  engine_wait (has_rights, &wait);
}

static gboolean
has_message (gpointer data)
{
  const ScriptSetup *setup = data;
  g_autoptr (GPtrArray) messages = engine_fixture_messages (setup->fixture, setup->uuid, "INBOX");

  return messages->len == 1;
}

static GArray *
finish (ScriptSetup *setup, GAsyncResult **slot, GError **error)
{
  g_autoptr (GAsyncResult) result = engine_await (slot);

  return tern_engine_verb_finish (setup->fixture->engine, result, error);
}

static GArray *
flag (ScriptSetup *setup, TernFlags flags, GError **error)
{
  g_autoptr (GPtrArray) messages = engine_fixture_messages (setup->fixture, setup->uuid, "INBOX");
  GAsyncResult *slot = NULL;

  g_assert_cmpuint (messages->len, ==, 1);
  tern_engine_flag_async (setup->fixture->engine, &((TernMessageRecord *) messages->pdata[0])->id,
                          1, flags, TERN_FLAG_NONE, NULL, NULL, engine_store_result, &slot);
  return finish (setup, &slot, error);
}

static void
assert_refused (GArray *operations, GError *error, const char *words)
{
  g_assert_null (operations);
  g_assert_error (error, TERN_FAULT, TERN_FAULT_RIGHTS);
  g_assert_cmpstr (error->message, ==, words);
  g_assert_null (tern_fault_get_server_text (error));
  g_error_free (error);
}

/* With LIST-MYRIGHTS nothing else is asked for; what is said of other folders, or is not whole,
 * changes nothing. */
static void
test_with_list (void)
{
  static const char *const script[] = {
    LOGIN ("ACL LIST-MYRIGHTS NAMESPACE"),
    "C: %t NAMESPACE",
    "S: * NAMESPACE ((\"\" \"/\")) NIL ((\"Team/\" \"/\"))",
    "S: %t OK",
    "C: %t SELECT \"INBOX\"",
    "S: * FLAGS (\\Seen)",
    "S: * 1 EXISTS",
    "S: * OK [UIDVALIDITY 77] x",
    "S: * OK [UIDNEXT 2] x",
    "S: %t OK [READ-WRITE] selected",
    "C: %t UID FETCH 1:1 (*",
    IMAP_MESSAGE ("1", "1", "first"),
    "S: %t OK fetched",
    "C: %t LIST \"\" \"*\" RETURN (SUBSCRIBED MYRIGHTS STATUS *",
    "S: * MYRIGHTS Team/News lrswipkxtea",
    "S: * LIST () \"/\" INBOX",
    "S: * STATUS INBOX (MESSAGES 1 UIDNEXT 2 UIDVALIDITY 77 UNSEEN 1)",
    "S: * MYRIGHTS INBOX lrswipcd",
    "S: * LIST () \"/\" Team/News",
    "S: * MYRIGHTS Team/News lr",
    "S: * STATUS Team/News (MESSAGES 0 UIDNEXT 1 UIDVALIDITY 78 UNSEEN 0)",
    "S: * MYRIGHTS",
    "S: * MYRIGHTS Team/News",
    "S: * MYRIGHTS Team/News (lrswi)",
    "S: * MYRIGHTS No/Such lrswi",
    "S: %t OK listed",
    "C: %t SELECT \"Team/News\"",
    "S: * FLAGS (\\Seen)",
    "S: * 0 EXISTS",
    "S: * OK [UIDVALIDITY 78] x",
    "S: * OK [UIDNEXT 1] x",
    "S: %t OK [READ-ONLY] selected",
    "STALL",
    NULL,
  };
  ScriptSetup setup;
  g_autoptr (TernFolderRecord) team = NULL;
  g_autoptr (GPtrArray) messages = NULL;
  GAsyncResult *slot = NULL;
  GError *error = NULL;
  GArray *operations;

  script_set_up (&setup, script);
  wait_rights (&setup, "Team/News", "lr");
  /* The letters of RFC 2086 stand for all that they may mean. */
  wait_rights (&setup, "INBOX", "lrswipkxte");
  team = engine_fixture_folder (setup.fixture, setup.uuid, "Team/News");
  g_assert_cmpint (team->space, ==, TERN_SPACE_SHARED);
  messages = engine_fixture_messages (setup.fixture, setup.uuid, "INBOX");
  tern_engine_move_async (setup.fixture->engine, &((TernMessageRecord *) messages->pdata[0])->id, 1,
                          team->id, engine_store_result, &slot);
  operations = finish (&setup, &slot, &error);
  assert_refused (operations, error, "You are only allowed to read in the folder “Team/News”.");
  script_tear_down (&setup);
}

#define INBOX_OF_ONE                                                                              \
  "C: %t SELECT \"INBOX\"", "S: * FLAGS (\\Seen)", "S: * 1 EXISTS", "S: * OK [UIDVALIDITY 77] x", \
      "S: * OK [UIDNEXT 2] x", "S: %t OK [READ-WRITE] selected", "C: %t UID FETCH 1:1 (*",        \
      IMAP_MESSAGE ("1", "1", "first"), "S: %t OK fetched", IMAP_LIST_INBOX ("1", "77", "2")

static gboolean
has_learned (gpointer data)
{
  const ScriptSetup *setup = data;
  g_autoptr (TernFolderRecord) inbox = engine_fixture_folder (setup->fixture, setup->uuid, "INBOX");

  return (inbox->rights & TERN_RIGHTS_LEARNED) != 0;
}

/* Nothing is asked of one's own folders; what is refused there once is not tried again, and asked
 * for at once. */
static void
test_learned (void)
{
  static const char *const script[] = {
    LOGIN ("ACL"),
    INBOX_OF_ONE,
    "C: %t UID STORE 1 +FLAGS.SILENT (\\Flagged)",
    "S: %t NO [NOPERM] that is not for you",
    "WAIT",
    IMAP_LIST_INBOX ("1", "77", "2"),
    "C: %t MYRIGHTS \"INBOX\"",
    "S: * MYRIGHTS INBOX lrw",
    "S: %t OK told",
    "C: %t UID STORE 1 +FLAGS.SILENT (\\Flagged)",
    "S: %t OK stored",
    "WAIT",
    "C: %t NOOP",
    "S: %t OK here",
    IMAP_LIST_INBOX ("1", "77", "2"),
    "C: %t MYRIGHTS \"INBOX\"",
    "S: * MYRIGHTS INBOX lrs",
    "S: %t OK told",
    "STALL",
    NULL,
  };
  const char *words = "You are not allowed to mark messages in the folder “INBOX”.";
  ScriptSetup setup;
  GError *error = NULL;
  GArray *operations;

  script_set_up (&setup, script);
  engine_wait (has_message, &setup);
  operations = flag (&setup, TERN_FLAG_FLAGGED, &error);
  g_assert_no_error (error);
  g_array_unref (operations);
  engine_wait (has_learned, &setup);
  operations = flag (&setup, TERN_FLAG_FLAGGED, &error);
  assert_refused (operations, g_steal_pointer (&error), words);
  tern_script_server_go (setup.server);
  wait_rights (&setup, "INBOX", "lrw");
  operations = flag (&setup, TERN_FLAG_FLAGGED, &error);
  g_assert_no_error (error);
  engine_fixture_finish_ops (setup.fixture, operations);
  operations = flag (&setup, TERN_FLAG_SEEN, &error);
  assert_refused (operations, error,
                  "You are not allowed to mark messages in the folder “INBOX” as read or unread.");
  /* What was told once is asked for again, or it would be forgotten. */
  tern_script_server_go (setup.server);
  tern_engine_refresh (setup.fixture->engine, NULL);
  wait_rights (&setup, "INBOX", "lrs");
  script_tear_down (&setup);
}

/* Who waits for an operation is told how the server refused it, in its own words. */
static void
test_told (void)
{
  static const struct
  {
    const char *answer;
    const char *text;
    TernFaultCode code;
    int exit_code;
  } cases[] = {
    { "S: %t NO [NOPERM] that is not for you", "that is not for you", TERN_FAULT_RIGHTS, 77 },
    { "S: %t NO [OVERQUOTA] no room", "no room", TERN_FAULT_LIMIT, 65 },
    { "S: %t NO never", "never", TERN_FAULT_REFUSED, 65 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      const char *const script[] = {
        LOGIN (""),      INBOX_OF_ONE, "C: %t UID STORE 1 +FLAGS.SILENT (\\Flagged)",
        cases[i].answer, "STALL",      NULL,
      };
      ScriptSetup setup;
      TernOpsFailure failure;
      g_autoptr (GArray) operations = NULL;
      g_autoptr (GAsyncResult) result = NULL;
      g_autoptr (GError) error = NULL;
      GAsyncResult *slot = NULL;

      script_set_up (&setup, script);
      engine_wait (has_message, &setup);
      operations = flag (&setup, TERN_FLAG_FLAGGED, &error);
      g_assert_no_error (error);
      tern_engine_wait_ops_async (setup.fixture->engine, operations, NULL, engine_store_result,
                                  &slot);
      result = engine_await (&slot);
      g_assert_false (
          tern_engine_wait_ops_finish (setup.fixture->engine, result, &failure, &error));
      g_assert_error (error, TERN_FAULT, (int) cases[i].code);
      g_assert_nonnull (strstr (tern_fault_get_server_text (error), cases[i].text));
      g_assert_cmpint (tern_fault_exit_code (error), ==, cases[i].exit_code);
      g_assert_true (failure.refused);
      g_assert_cmpstr (tern_engine_get_account_uuid (setup.fixture->engine, failure.account), ==,
                       setup.uuid);
      g_clear_object (&result);
      script_tear_down (&setup);
    }
}

static gboolean
has_quota (gpointer data)
{
  ScriptSetup *setup = data;
  TernAccountStatus *status = tern_engine_dup_account_status (setup->fixture->engine, setup->uuid);
  guint percent = tern_quota_get_percent (&status->quota);
  g_autofree char *text = tern_quota_dup_text (&status->quota);

  tern_account_status_free (status);
  if (percent != 98)
    return FALSE;
  g_assert_cmpstr (text, ==, "100.4\302\240kB of 102.4\302\240kB used (98\302\240%)");
  return TRUE;
}

static gboolean
write_draft (TernTxn *txn, gpointer data, gpointer *result, GError **error)
{
  static const char text[] = "From: anna@example.test\r\nSubject: long\r\n"
                             "Message-ID: <long@example.test>\r\n\r\nDear\r\n";
  g_autoptr (GBytes) message = g_bytes_new_static (text, strlen (text));
  g_autoptr (TernFolderRecord) inbox =
      tern_read_folder_by_path (tern_txn_reader (txn), *(TernId *) data, "INBOX", error);
  g_autoptr (TernMessageFacts) facts = tern_mime_read_facts (message);
  TernId location;

  facts->received = 1795424400;
  facts->size = g_bytes_get_size (message);
  location = tern_txn_add_local_message (txn, inbox->id, facts, error);
  return location != 0 && tern_txn_put_body (txn, location, "", message, TRUE, error)
         && tern_txn_op_append (txn, location, error) != 0;
}

static gboolean
is_listed (gpointer data)
{
  ScriptSetup *setup = data;
  g_autoptr (TernFolderRecord) inbox = engine_fixture_folder (setup->fixture, setup->uuid, "INBOX");

  return inbox != NULL && inbox->delimiter == '.';
}

static gboolean
has_note (gpointer data)
{
  return ((ScriptSetup *) data)->fixture->notes->len > 0;
}

static void
add_draft (ScriptSetup *setup)
{
  TernStore *store = tern_engine_get_store (setup->fixture->engine);
  TernId account = tern_engine_get_account_row (setup->fixture->engine, setup->uuid);
  GAsyncResult *slot = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  tern_store_write_async (store, G_PRIORITY_DEFAULT, write_draft, &account, NULL, NULL,
                          engine_store_result, &slot);
  result = engine_await (&slot);
  tern_store_write_finish (store, result, NULL, &error);
  g_assert_no_error (error);
}

/* The folders do not wait for it; of several roots the fullest counts. It is asked for again when
 * something did not fit, not with every listing. */
static void
test_quota (void)
{
  static const char *const script[] = {
    LOGIN ("QUOTA"),
    "C: %t SELECT \"INBOX\"",
    "S: * FLAGS (\\Seen)",
    "S: * 0 EXISTS",
    "S: * OK [UIDVALIDITY 77] x",
    "S: * OK [UIDNEXT 1] x",
    "S: %t OK [READ-WRITE] selected",
    "C: %t LIST *",
    "S: * LIST (\\Subscribed) \".\" INBOX",
    "S: * STATUS INBOX (MESSAGES 0 UIDNEXT 1 UIDVALIDITY 77 UNSEEN 0)",
    "S: %t OK listed",
    "C: %t GETQUOTAROOT \"INBOX\"",
    "WAIT",
    "S: * QUOTAROOT INBOX \"\" other",
    "S: * QUOTA \"\" (STORAGE 98 100 X-NONSENSE 7 7)",
    "S: * QUOTA other (STORAGE 1 100 MESSAGE 1 1000)",
    "S: * QUOTA",
    "S: %t OK told",
    "C: %t LIST *",
    "S: * LIST (\\Subscribed) \".\" INBOX",
    "S: * STATUS INBOX (MESSAGES 0 UIDNEXT 1 UIDVALIDITY 77 UNSEEN 0)",
    "S: %t OK listed",
    "C: %t APPEND \"INBOX\" *{*}",
    "S: + go on",
    "LIT: *",
    "C: ",
    "S: %t NO [OVERQUOTA] no room",
    "C: %t GETQUOTAROOT \"INBOX\"",
    "STALL",
    NULL,
  };
  ScriptSetup setup;
  TernSyncReport *report;

  script_set_up (&setup, script);
  engine_wait (is_listed, &setup);
  tern_script_server_go (setup.server);
  engine_wait (has_quota, &setup);
  report = engine_fixture_sync (setup.fixture, setup.uuid);
  tern_sync_report_free (report);
  add_draft (&setup);
  script_wait_steps (&setup, G_N_ELEMENTS (script) - 2);
  script_tear_down (&setup);
}

#define APPEND_TO(caps, items, told)                                                           \
  LOGIN (caps), "C: %t SELECT \"INBOX\"", "S: * FLAGS (\\Seen)", "S: * 0 EXISTS",              \
      "S: * OK [UIDVALIDITY 77] x", "S: * OK [UIDNEXT 1] x", "S: %t OK [READ-WRITE] selected", \
      "C: %t LIST *UIDVALIDITY" items "))", "S: * LIST (\\Subscribed) \".\" INBOX",            \
      "S: * STATUS INBOX (MESSAGES 0 UIDNEXT 1 UIDVALIDITY 77 UNSEEN 0" told ")",              \
      "S: %t OK listed"

/* Nothing of a message that is too large is sent; what is not a limit keeps none away. */
static void
test_append_limit (void)
{
  static const char *const of_all[] = { APPEND_TO ("APPENDLIMIT=20", "", ""), "STALL", NULL };
  static const char *const of_one[] = {
    APPEND_TO ("APPENDLIMIT", " APPENDLIMIT", " APPENDLIMIT 20"), "STALL", NULL
  };
  static const char *const none[] = { APPEND_TO ("APPENDLIMIT", " APPENDLIMIT", " APPENDLIMIT NIL"),
                                      "C: %t APPEND \"INBOX\" *{*}",
                                      "S: + go on",
                                      "LIT: *",
                                      "C: ",
                                      "S: %t NO [OVERQUOTA] no room",
                                      "STALL",
                                      NULL };
  static const struct
  {
    const char *const *script;
    gboolean sent;
    const char *words;
  } cases[] = {
    { of_all, FALSE,
      "anna@example.test: The message is too large to be put into the folder “INBOX”: its server "
      "takes up to 20 bytes." },
    { of_one, FALSE,
      "anna@example.test: The message is too large to be put into the folder “INBOX”: its server "
      "takes up to 20 bytes." },
    { none, TRUE,
      "anna@example.test: The mailbox on 127.0.0.1 is full, so nothing can be put into the folder "
      "“INBOX”. Delete what you do not need and empty the trash." },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      ScriptSetup setup;
      g_autofree char *received = NULL;

      script_set_up (&setup, cases[i].script);
      engine_wait (is_listed, &setup);
      add_draft (&setup);
      engine_wait (has_note, &setup);
      g_assert_cmpstr (g_ptr_array_index (setup.fixture->notes, 0), ==, cases[i].words);
      received = tern_script_server_dup_received (setup.server, 0);
      g_assert_cmpint (strstr (received, "APPEND \"") != NULL, ==, cases[i].sent);
      script_tear_down (&setup);
    }
}

static gboolean
read_folders (TernReader *reader,
              gpointer data,
              GCancellable *cancellable,
              gpointer *result,
              GError **error)
{
  *result = tern_read_folders (reader, 0, error);
  return *result != NULL;
}

/* By its name on the server. */
static TernFolderRecord *
find_named (ScriptSetup *setup, const char *name)
{
  TernStore *store = tern_engine_get_store (setup->fixture->engine);
  GAsyncResult *slot = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GPtrArray) folders = NULL;
  gpointer value = NULL;

  tern_store_read_async (store, TERN_LANE_LIST, G_PRIORITY_DEFAULT, read_folders, NULL, NULL,
                         (GDestroyNotify) g_ptr_array_unref, NULL, engine_store_result, &slot);
  result = engine_await (&slot);
  g_assert_true (tern_store_read_finish (store, result, &value, NULL));
  folders = value;
  for (guint i = 0; i < folders->len; i++)
    {
      const TernFolderRecord *folder = g_ptr_array_index (folders, i);

      if (g_strcmp0 (folder->remote_name, name) == 0)
        return tern_folder_record_copy (folder);
    }
  g_assert_not_reached ();
}

/* A server that lists only what may be opened: the name of the owner stands above it. */
static void
test_headings (void)
{
  static const char *const script[] = {
    LOGIN ("NAMESPACE"),
    "C: %t NAMESPACE",
    "S: * NAMESPACE ((\"\" \".\")) ((\"user.\" \".\")) NIL",
    "S: %t OK",
    "C: %t SELECT \"INBOX\"",
    "S: * FLAGS (\\Seen)",
    "S: * 0 EXISTS",
    "S: * OK [UIDVALIDITY 77] x",
    "S: * OK [UIDNEXT 1] x",
    "S: %t OK [READ-WRITE] selected",
    "C: %t LIST *",
    "S: * LIST () \".\" INBOX",
    "S: * STATUS INBOX (MESSAGES 0 UIDNEXT 1 UIDVALIDITY 77 UNSEEN 0)",
    "S: * LIST (\\Noselect) \".\" user.bob.Deep.Notes",
    "S: * LIST (\\Noselect) \".\" Own.Notes",
    "S: %t OK listed",
    "STALL",
    NULL,
  };
  static const char *const paths[] = { "user", "user/bob", "user/bob/Deep" };
  ScriptSetup setup;

  script_set_up (&setup, script);
  engine_wait (is_listed, &setup);
  for (guint i = 0; i < G_N_ELEMENTS (paths); i++)
    {
      g_autoptr (TernFolderRecord) folder =
          engine_fixture_folder (setup.fixture, setup.uuid, paths[i]);

      g_assert_nonnull (folder);
      g_assert_false (folder->selectable);
      g_assert_cmpint (folder->space, ==, TERN_SPACE_OTHERS);
    }
  g_assert_null (engine_fixture_folder (setup.fixture, setup.uuid, "Own"));
  script_tear_down (&setup);
}

/* A folder of one's own is shown where the folders of others are: only that one goes. */
static void
test_same_path (void)
{
  static const char *const script[] = {
    LOGIN ("NAMESPACE"),
    "C: %t NAMESPACE",
    "S: * NAMESPACE ((\"INBOX.\" \".\")) NIL ((\"shared.\" \".\"))",
    "S: %t OK",
    "C: %t SELECT \"INBOX\"",
    "S: * FLAGS (\\Seen)",
    "S: * 0 EXISTS",
    "S: * OK [UIDVALIDITY 77] x",
    "S: * OK [UIDNEXT 1] x",
    "S: %t OK [READ-WRITE] selected",
    "C: %t LIST *",
    "S: * LIST () \".\" INBOX",
    "S: * STATUS INBOX (MESSAGES 0 UIDNEXT 1 UIDVALIDITY 77 UNSEEN 0)",
    "S: * LIST (\\Noselect) \".\" INBOX.shared",
    "S: * LIST (\\Noselect) \".\" INBOX.shared.own",
    "S: * LIST (\\Noselect) \".\" shared.team",
    "S: * LIST (\\Noselect) \".\" shared.team.news",
    "S: %t OK listed",
    "STALL",
    NULL,
  };
  ScriptSetup setup;
  g_autoptr (TernFolderRecord) own = NULL;
  g_autoptr (TernFolderRecord) news = NULL;
  g_autoptr (GArray) operations = NULL;
  GAsyncResult *slot = NULL;
  GError *error = NULL;

  script_set_up (&setup, script);
  engine_wait (is_listed, &setup);
  own = find_named (&setup, "INBOX.shared");
  tern_engine_delete_folder_async (setup.fixture->engine, own->id, TRUE, engine_store_result,
                                   &slot);
  operations = finish (&setup, &slot, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (operations->len, ==, 2);
  news = find_named (&setup, "shared.team.news");
  g_assert_false (news->gone);
  script_tear_down (&setup);
}

static GArray *
create (ScriptSetup *setup, const char *path, GError **error)
{
  TernId account = tern_engine_get_account_row (setup->fixture->engine, setup->uuid);
  GAsyncResult *slot = NULL;

  tern_engine_create_folder_async (setup->fixture->engine, account, path, TERN_ROLE_NONE,
                                   engine_store_result, &slot);
  return finish (setup, &slot, error);
}

/* What cannot be in a name is what stands between the levels there, not in INBOX's namespace. */
static void
test_delimiters (void)
{
  static const char *const script[] = {
    LOGIN ("NAMESPACE"),
    "C: %t NAMESPACE",
    "S: * NAMESPACE ((\"\" \".\")) NIL ((\"Team/\" \"/\"))",
    "S: %t OK",
    "C: %t SELECT \"INBOX\"",
    "S: * FLAGS (\\Seen)",
    "S: * 0 EXISTS",
    "S: * OK [UIDVALIDITY 77] x",
    "S: * OK [UIDNEXT 1] x",
    "S: %t OK [READ-WRITE] selected",
    "C: %t LIST *",
    "S: * LIST () \".\" INBOX",
    "S: * STATUS INBOX (MESSAGES 0 UIDNEXT 1 UIDVALIDITY 77 UNSEEN 0)",
    "S: * LIST (\\Noselect) \".\" Own",
    "S: * LIST (\\Noselect) \"/\" Team/News",
    "S: %t OK listed",
    "C: %t CREATE \"Team/News/Version 1.0\"",
    "STALL",
    NULL,
  };
  ScriptSetup setup;
  g_autoptr (GArray) made = NULL;
  GError *error = NULL;

  script_set_up (&setup, script);
  engine_wait (is_listed, &setup);
  g_assert_null (create (&setup, "Own/Version 1.0", &error));
  g_assert_error (error, TERN_FAULT, TERN_FAULT_INVALID);
  g_clear_error (&error);
  made = create (&setup, "Team/News/Version 1.0", &error);
  g_assert_no_error (error);
  script_wait_steps (&setup, G_N_ELEMENTS (script) - 2);
  script_tear_down (&setup);
}

/* A folder that may not be put elsewhere may have been refused for what it was to be put into. */
static void
test_rename_refused (void)
{
  static const char *const script[] = {
    LOGIN ("ACL"),
    "C: %t SELECT \"INBOX\"",
    "S: * FLAGS (\\Seen)",
    "S: * 0 EXISTS",
    "S: * OK [UIDVALIDITY 77] x",
    "S: * OK [UIDNEXT 1] x",
    "S: %t OK [READ-WRITE] selected",
    "C: %t LIST *",
    "S: * LIST () \".\" INBOX",
    "S: * STATUS INBOX (MESSAGES 0 UIDNEXT 1 UIDVALIDITY 77 UNSEEN 0)",
    "S: * LIST (\\Noselect) \".\" mine",
    "S: * LIST (\\Noselect) \".\" team",
    "S: %t OK listed",
    "C: %t RENAME \"mine\" \"team.mine\"",
    "S: %t NO [NOPERM] not into team",
    "C: %t LIST *",
    "WAIT",
    "S: %t NO later",
    "STALL",
    NULL,
  };
  ScriptSetup setup;
  g_autoptr (TernFolderRecord) mine = NULL;
  g_autoptr (TernFolderRecord) after = NULL;
  g_autoptr (GArray) operations = NULL;
  GAsyncResult *slot = NULL;
  GError *error = NULL;

  script_set_up (&setup, script);
  engine_wait (is_listed, &setup);
  mine = find_named (&setup, "mine");
  tern_engine_rename_folder_async (setup.fixture->engine, mine->id, "team/mine",
                                   engine_store_result, &slot);
  operations = finish (&setup, &slot, &error);
  g_assert_no_error (error);
  script_wait_steps (&setup, G_N_ELEMENTS (script) - 4);
  after = find_named (&setup, "mine");
  g_assert_cmpstr (after->path, ==, "mine");
  g_assert_cmpint (tern_rights_missing (after->rights, TERN_RIGHTS_ALL), ==, 0);
  script_tear_down (&setup);
}

int
main (int argc, char **argv)
{
  engine_fixture_prepare ();
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/engine/rights/with-list", test_with_list);
  g_test_add_func ("/engine/rights/learned", test_learned);
  g_test_add_func ("/engine/rights/told", test_told);
  g_test_add_func ("/engine/rights/quota", test_quota);
  g_test_add_func ("/engine/rights/append-limit", test_append_limit);
  g_test_add_func ("/engine/rights/headings", test_headings);
  g_test_add_func ("/engine/rights/same-path", test_same_path);
  g_test_add_func ("/engine/rights/rename-refused", test_rename_refused);
  g_test_add_func ("/engine/rights/delimiters", test_delimiters);
  return g_test_run ();
}
