/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gstdio.h>
#include <string.h>

#include "engine-server.h"
#include "tern-body-store.h"
#include "tern-limits.h"

/*
 * Messages that are not short and well-formed: large ones are read by parts, damaged ones are shown
 * as far as they can be.
 */

static TernMailServer *
start_server (void)
{
  return tern_mail_server_new ("--password", "geheim", "--users", "anna", "--no-postfix", NULL);
}

/* Not compressible, the same each time. */
static GBytes *
make_noise (gsize length)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (4);
  guint8 *noise = g_malloc (length);

  for (gsize i = 0; i < length; i++)
    noise[i] = (guint8) g_rand_int_range (rand, 0, 256);
  return g_bytes_new_take (noise, length);
}

static char *
make_large_message (GBytes *attachment)
{
  g_autofree char *encoded =
      g_base64_encode (g_bytes_get_data (attachment, NULL), g_bytes_get_size (attachment));
  GString *text =
      g_string_new ("From: Carl <carl@example.test>\r\nTo: anna@example.test\r\nSubject: large\r\n"
                    "Message-ID: <large@example.test>\r\nDate: Mon, 23 Nov 2026 10:00:00 +0100\r\n"
                    "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
                    "--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nSee the picture.\r\n"
                    "--b\r\nContent-Type: image/png; name=p.png\r\n"
                    "Content-Disposition: attachment; filename=p.png\r\n"
                    "Content-Transfer-Encoding: base64\r\n\r\n");

  for (const char *p = encoded; *p != '\0'; p += MIN (strlen (p), 76))
    g_string_append_printf (text, "%.76s\r\n", p);
  g_string_append (text, "--b--\r\n");
  return g_string_free (text, FALSE);
}

static GBytes *
load_part (EngineSetup *setup, TernId id, const char *section)
{
  GAsyncResult *slot = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  GBytes *bytes;

  tern_engine_load_part_async (setup->fixture->engine, id, section, NULL, engine_store_result,
                               &slot);
  result = engine_await (&slot);
  bytes = tern_engine_load_part_finish (setup->fixture->engine, result, &error);
  g_assert_no_error (error);
  return bytes;
}

static void
test_by_parts (void)
{
  EngineSetup setup;
  g_autoptr (GBytes) noise = make_noise (TERN_LIMIT_WHOLE_FETCH * 2);
  g_autofree char *message = make_large_message (noise);
  g_autoptr (TernMessageRecord) record = NULL;
  g_autoptr (TernMessageRecord) partly = NULL;
  g_autoptr (TernBody) body = NULL;
  g_autoptr (GBytes) attachment = NULL;
  g_autoptr (GBytes) offline = NULL;

  if (!engine_setup_begin (&setup, FALSE, start_server ()))
    return;
  tern_mail_server_append (setup.server, "anna", "INBOX", message, "");
  tern_sync_report_free (engine_fixture_sync (setup.fixture, setup.uuid));
  record = engine_fixture_find (setup.fixture, setup.uuid, "INBOX", "large");
  g_assert_cmpuint (record->facts->size, >, TERN_LIMIT_WHOLE_FETCH);
  body = engine_setup_load_body (&setup, record->id);
  g_assert_cmpstr (body->text->plain, ==, "See the picture.");
  g_assert_cmpint (body->state, ==, TERN_BODY_PARTIAL);
  g_assert_nonnull (body->structure);
  partly = engine_fixture_find (setup.fixture, setup.uuid, "INBOX", "large");
  g_assert_cmpstr (partly->facts->preview, ==, "See the picture.");

  attachment = load_part (&setup, record->id, "2");
  g_assert_true (g_bytes_equal (attachment, noise));
  tern_mail_server_command (setup.server, "stop imap");
  offline = load_part (&setup, record->id, "2");
  g_assert_true (g_bytes_equal (offline, noise));
  engine_setup_end (&setup);
}

static char *
save_part (EngineSetup *setup,
           TernId id,
           const char *section,
           const char *path,
           TernSaveFlags flags,
           GCancellable *cancellable,
           GError **error)
{
  g_autoptr (GFile) target = g_file_new_for_path (path);
  GAsyncResult *slot = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GFile) saved = NULL;

  tern_engine_save_part_async (setup->fixture->engine, id, section, target, flags, NULL,
                               cancellable, engine_store_result, &slot);
  result = engine_await (&slot);
  saved = tern_engine_save_part_finish (setup->fixture->engine, result, error);
  return saved != NULL ? g_file_get_path (saved) : NULL;
}

static void
assert_content (const char *path, GBytes *content)
{
  g_autofree char *data = NULL;
  gsize size;

  g_assert_true (g_file_get_contents (path, &data, &size, NULL));
  g_assert_cmpmem (data, size, g_bytes_get_data (content, NULL), g_bytes_get_size (content));
}

static guint
count_names (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  guint n = 0;

  while (g_dir_read_name (dir) != NULL)
    n++;
  return n;
}

/* A part on its own and out of a whole message; what is there is replaced as a whole or not at all.
 */
static void
test_saved (void)
{
  EngineSetup setup;
  g_autoptr (GBytes) noise = make_noise (TERN_LIMIT_WHOLE_FETCH * 2);
  g_autoptr (GBytes) old = g_bytes_new_static ("old", 3);
  g_autofree char *message = make_large_message (noise);
  g_autoptr (TernMessageRecord) record = NULL;
  g_autofree char *dir = g_dir_make_tmp ("tern-saved-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (dir, "p.tar.gz", NULL);
  g_autofree char *nowhere = g_build_filename (dir, "no", "p.png", NULL);
  g_autoptr (GCancellable) cancelled = g_cancellable_new ();

  if (!engine_setup_begin (&setup, FALSE, start_server ()))
    return;
  tern_mail_server_append (setup.server, "anna", "INBOX", message, "");
  tern_sync_report_free (engine_fixture_sync (setup.fixture, setup.uuid));
  record = engine_fixture_find (setup.fixture, setup.uuid, "INBOX", "large");
  g_cancellable_cancel (cancelled);
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *first = NULL;
      g_autofree char *second = NULL;
      g_autoptr (GBytes) source = NULL;

      g_assert_true (g_file_set_contents (path, "old", 3, NULL));
      g_assert_null (
          save_part (&setup, record->id, "2", path, TERN_SAVE_REPLACE, cancelled, &error));
      g_assert_true (tern_fault_is_cancelled (error));
      g_clear_error (&error);
      g_assert_null (save_part (&setup, record->id, "7", path, TERN_SAVE_REPLACE, NULL, &error));
      g_assert_error (error, TERN_FAULT, TERN_FAULT_NOT_FOUND);
      g_clear_error (&error);
      g_assert_null (save_part (&setup, record->id, "7", path, TERN_SAVE_COUNT_UP, NULL, &error));
      g_clear_error (&error);
      g_assert_null (save_part (&setup, record->id, "2", nowhere, TERN_SAVE_REPLACE, NULL, &error));
      g_assert_nonnull (error);
      g_clear_error (&error);
      assert_content (path, old);
      g_assert_cmpuint (count_names (dir), ==, 1);

      first = save_part (&setup, record->id, "2", path, TERN_SAVE_COUNT_UP, NULL, &error);
      g_assert_no_error (error);
      g_assert_true (g_str_has_suffix (first, "/p.tar (2).gz"));
      assert_content (first, noise);
      assert_content (path, old);
      second = save_part (&setup, record->id, "2", path, TERN_SAVE_REPLACE, NULL, &error);
      g_assert_no_error (error);
      g_assert_cmpstr (second, ==, path);
      assert_content (path, noise);
      g_assert_cmpuint (count_names (dir), ==, 2);
      g_unlink (first);
      /* The next time out of the whole message. */
      source = load_part (&setup, record->id, "");
      g_assert_cmpuint (g_bytes_get_size (source), ==, strlen (message));
    }
  g_unlink (path);
  g_rmdir (dir);
  engine_setup_end (&setup);
}

#define HEAD(subject)                                                                 \
  "From: \"Broken <x@\r\nTo: ;;,,<>\r\nSubject: " subject "\r\nMessage-ID: <" subject \
  "@example.test>\r\nDate: Yesterday\r\nMIME-Version: 1.0\r\n"

static const struct
{
  const char *subject;
  const char *message;
} damaged[] = {
  { "no-end", HEAD ("no-end") "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
                              "Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\n"
                              "Content-Type: text/plain\r\n\r\nwords" },
  { "no-boundary",
    HEAD ("no-boundary") "Content-Type: multipart/mixed\r\n\r\n--\r\n--x\r\nwords\r\n" },
  { "bad-base64", HEAD ("bad-base64") "Content-Type: text/plain; charset=utf-8\r\n"
                                      "Content-Transfer-Encoding: base64\r\n\r\n"
                                      "d29yZHM=====\r\n!!\xff\xfe\x80 d29\r\n" },
  { "bad-charset", HEAD ("bad-charset") "Content-Type: text/plain; charset=\"klingon\"; x=\r\n"
                                        "Content-Transfer-Encoding: nonsense\r\n\r\n"
                                        "words \xe4\xf6\xfc \xed\xa0\x80 =ZZ=\r\n" },
  { "html", HEAD ("html") "Content-Type: text/html; charset=utf-16\r\n\r\n"
                          "<p><<<table></b>&#xD800;&#99999999;words<!-- <p\r\n" },
  { "empty", HEAD ("empty") "Content-Type: /\r\nContent-Transfer-Encoding:\r\n\r\n" },
};

/* Whatever it is: it can be opened, what is shown is UTF-8, and its source can be had. */
static void
test_damaged (void)
{
  EngineSetup setup;

  if (!engine_setup_begin (&setup, FALSE, start_server ()))
    return;
  for (gsize i = 0; i < G_N_ELEMENTS (damaged); i++)
    tern_mail_server_append (setup.server, "anna", "INBOX", damaged[i].message, "");
  tern_sync_report_free (engine_fixture_sync (setup.fixture, setup.uuid));
  for (gsize i = 0; i < G_N_ELEMENTS (damaged); i++)
    {
      g_autoptr (TernMessageRecord) record =
          engine_fixture_find (setup.fixture, setup.uuid, "INBOX", damaged[i].subject);
      g_autoptr (TernBody) body = NULL;
      g_autoptr (GBytes) source = NULL;

      g_assert_nonnull (record);
      body = engine_setup_load_body (&setup, record->id);
      g_test_message ("%s: “%s”", damaged[i].subject, body->text->plain);
      g_assert_nonnull (body->text);
      if (body->text->plain != NULL)
        g_assert_true (g_utf8_validate (body->text->plain, -1, NULL));
      if (body->text->html != NULL)
        g_assert_true (g_utf8_validate (body->text->html, -1, NULL));
      source = load_part (&setup, record->id, "");
      g_assert_cmpmem (g_bytes_get_data (source, NULL), g_bytes_get_size (source),
                       damaged[i].message, strlen (damaged[i].message));
    }
  g_assert_cmpuint (setup.fixture->notes->len, ==, 0);
  engine_setup_end (&setup);
}

/* What is kept */

static TernBodyState
state_of (EngineSetup *setup, const char *folder, const char *subject)
{
  g_autoptr (TernMessageRecord) record =
      engine_fixture_find (setup->fixture, setup->uuid, folder, subject);

  return record->body_state;
}

static gboolean
begins_with (EngineSetup *setup, const char *subject, const char *words)
{
  g_autoptr (TernMessageRecord) record =
      engine_fixture_find (setup->fixture, setup->uuid, "INBOX", subject);

  return g_strcmp0 (record->facts->preview, words) == 0;
}

static gboolean
has_kept (gpointer data)
{
  return state_of (data, "INBOX", "new") == TERN_BODY_HERE
         && state_of (data, "INBOX", "large") == TERN_BODY_PARTIAL
         && begins_with (data, "new", "words") && begins_with (data, "large", "See the picture.");
}

static gboolean
has_let_go (gpointer data)
{
  return state_of (data, "INBOX", "old") == TERN_BODY_ABSENT;
}

static void
append_dated (EngineSetup *setup, const char *folder, const char *subject, int days)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autoptr (GDateTime) then = g_date_time_add_days (now, -days);
  g_autofree char *date = g_date_time_format (then, "%d %b %Y %H:%M:%S +0000");
  g_autofree char *message =
      g_strdup_printf ("From: carl@example.test\r\nSubject: %s\r\nDate: %s\r\n"
                       "Message-ID: <%s@example.test>\r\n\r\nwords\r\n",
                       subject, date, subject);

  tern_mail_server_append (setup->server, "anna", folder, message, "");
}

static void
keep (EngineSetup *setup, int days)
{
  g_autoptr (TernAccountSettings) found =
      tern_engine_find_account (setup->fixture->engine, setup->uuid);
  g_autoptr (TernAccountSettings) settings = tern_account_settings_copy (found);
  GAsyncResult *slot = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  GError *error = NULL;

  settings->keep_days = days;
  settings->keep_size = TERN_KEEP_SIZE_MIN;
  tern_engine_save_account_async (setup->fixture->engine, settings, NULL, NULL, NULL,
                                  engine_store_result, &slot);
  result = engine_await (&slot);
  g_assert_true (tern_engine_save_account_finish (setup->fixture->engine, result, &error));
  g_assert_no_error (error);
}

/* As many days as a person wants, of what is large the text, nothing of Trash; and what is older is
 * let go of again, though it was read. */
static void
test_kept (void)
{
  EngineSetup setup;
  g_autoptr (GBytes) noise = make_noise (TERN_LIMIT_WHOLE_FETCH * 2);
  g_autofree char *message = make_large_message (noise);
  g_autoptr (TernMessageRecord) old = NULL;
  g_autoptr (TernBody) body = NULL;

  if (!engine_setup_begin (&setup, FALSE, start_server ()))
    return;
  append_dated (&setup, "INBOX", "old", 90);
  append_dated (&setup, "INBOX", "new", 1);
  append_dated (&setup, "Trash", "rubbish", 1);
  tern_mail_server_append (setup.server, "anna", "INBOX", message, "");
  tern_sync_report_free (engine_fixture_sync (setup.fixture, setup.uuid));
  g_assert_cmpint (state_of (&setup, "INBOX", "new"), ==, TERN_BODY_ABSENT);
  keep (&setup, 36500);
  engine_wait (has_kept, &setup);
  old = engine_fixture_find (setup.fixture, setup.uuid, "INBOX", "old");
  body = engine_setup_load_body (&setup, old->id);
  g_assert_cmpint (state_of (&setup, "Trash", "rubbish"), ==, TERN_BODY_ABSENT);
  keep (&setup, 30);
  engine_wait (has_let_go, &setup);
  g_assert_true (has_kept (&setup));
  g_assert_cmpuint (setup.fixture->notes->len, ==, 0);
  engine_setup_end (&setup);
}

int
main (int argc, char **argv)
{
  engine_fixture_prepare ();
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/engine/bodies/by-parts", test_by_parts);
  g_test_add_func ("/engine/bodies/saved", test_saved);
  g_test_add_func ("/engine/bodies/damaged", test_damaged);
  g_test_add_func ("/engine/bodies/kept", test_kept);
  return g_test_run ();
}
