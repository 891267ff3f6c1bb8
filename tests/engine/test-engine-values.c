/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

#include "engine-fixture.h"
#include "tern-facts-from-fetch-private.h"
#include "tern-folder-names-private.h"

/* Account settings */

static char *
settings_path (const char *dir)
{
  return g_build_filename (dir, "accounts.conf", NULL);
}

static TernAccountSettings *
make_account (const char *address)
{
  TernAccountSettings *account = tern_account_settings_new ();

  tern_account_settings_guess (account, address);
  return account;
}

static void
test_settings_round_trip (void)
{
  g_autofree char *dir = g_dir_make_tmp ("tern-settings-XXXXXX", NULL);
  g_autofree char *path = settings_path (dir);
  g_autoptr (GPtrArray) accounts =
      g_ptr_array_new_with_free_func ((GDestroyNotify) tern_account_settings_unref);
  g_autoptr (GPtrArray) loaded = NULL;
  g_autoptr (GError) error = NULL;
  TernAccountSettings *first = make_account ("änna@example.test");
  TernAccountSettings *second = make_account ("bob@example.org");
  const TernAccountSettings *back;
  GStatBuf info;

  g_ptr_array_add (accounts, first);
  g_ptr_array_add (accounts, second);
  g_free (first->name);
  first->name = g_strdup (" Anna; with \\ and # ");
  tern_endpoint_unref (first->smtp);
  first->smtp =
      tern_endpoint_new ("mail.example.test", 587, TERN_SECURITY_STARTTLS, "/a b/ca.pem", "ab12");
  first->smtp_user = g_strdup ("other");
  first->smtp_own_secret = TRUE;
  first->safe_mode = TRUE;
  first->keep_days = TERN_KEEP_ALL_DAYS;
  first->keep_size = TERN_KEEP_SIZE_MAX;
  first->auth = TERN_AUTH_BEARER;
  g_assert_true (tern_account_settings_save_all (path, accounts, &error));
  g_assert_no_error (error);
  g_assert_cmpint (g_stat (path, &info), ==, 0);
  g_assert_cmpint (info.st_mode & 0777, ==, 0600);
  loaded = tern_account_settings_load_all (path, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (loaded->len, ==, 2);
  back = g_ptr_array_index (loaded, 0);
  g_assert_cmpstr (back->uuid, ==, first->uuid);
  g_assert_cmpstr (back->address, ==, "änna@example.test");
  g_assert_cmpstr (back->name, ==, " Anna; with \\ and # ");
  g_assert_cmpstr (back->smtp->host, ==, "mail.example.test");
  g_assert_cmpint (back->smtp->security, ==, TERN_SECURITY_STARTTLS);
  g_assert_cmpstr (back->smtp->ca_file, ==, "/a b/ca.pem");
  g_assert_cmpstr (back->smtp->pin_sha256, ==, "ab12");
  g_assert_cmpstr (back->smtp_user, ==, "other");
  g_assert_true (back->smtp_own_secret);
  g_assert_true (back->safe_mode);
  g_assert_cmpint (back->keep_days, ==, TERN_KEEP_ALL_DAYS);
  g_assert_cmpint (back->keep_size, ==, TERN_KEEP_SIZE_MAX);
  g_assert_cmpint (back->auth, ==, TERN_AUTH_BEARER);
  g_assert_cmpstr (tern_account_settings_get_secret_kind (back, FALSE), ==, "imap-token");
  g_assert_cmpstr (tern_account_settings_get_secret_kind (back, TRUE), ==, "smtp-token");
  back = g_ptr_array_index (loaded, 1);
  g_assert_cmpstr (back->imap->host, ==, "imap.example.org");
  g_assert_null (back->imap->ca_file);
  g_assert_false (back->safe_mode);
  g_assert_cmpint (back->keep_days, ==, 0);
  g_assert_cmpint (back->keep_size, ==, 0);
  g_assert_cmpint (back->auth, ==, TERN_AUTH_PASSWORD);
  g_assert_cmpstr (tern_account_settings_get_secret_kind (back, FALSE), ==, "imap");
  g_assert_cmpstr (tern_account_settings_get_secret_kind (back, TRUE), ==, "smtp");
  engine_fixture_remove_dir (dir);
}

static void
test_settings_missing (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) loaded =
      tern_account_settings_load_all ("/nonexistent/tern/accounts.conf", &error);

  g_assert_no_error (error);
  g_assert_cmpuint (loaded->len, ==, 0);
}

static void
test_settings_damaged (void)
{
  static const char *const texts[] = {
    "[half",
    "rubbish\n",
    "[7b0e1a9e-65d6-4d57-8b1d-5c5c8c5c8c5c]\nAddress=a@b\n",
    "[7b0e1a9e-65d6-4d57-8b1d-5c5c8c5c8c5c]\nAddress=a@b\nImapUser=a\nImapHost=h\nImapPort=99999\n"
    "ImapSecurity=tls\n",
    "[7b0e1a9e-65d6-4d57-8b1d-5c5c8c5c8c5c]\nAddress=a@b\nImapUser=a\nImapHost=h\nImapPort=1\n"
    "ImapSecurity=none\n",
    "[no-uuid]\nAddress=a@b\nImapUser=a\nImapHost=h\nImapPort=1\nImapSecurity=tls\nSmtpHost=h\n"
    "SmtpPort=1\nSmtpSecurity=tls\n",
    "[7b0e1a9e-65d6-4d57-8b1d-5c5c8c5c8c5c]\nAddress=a@b\nImapUser=a\nImapHost=h\nImapPort=1\n"
    "ImapSecurity=tls\nSmtpHost=h\nSmtpPort=1\nSmtpSecurity=tls\nAuth=magic\n",
  };
  g_autofree char *dir = g_dir_make_tmp ("tern-settings-XXXXXX", NULL);
  g_autofree char *path = settings_path (dir);

  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_true (g_file_set_contents (path, texts[i], -1, NULL));
      g_assert_null (tern_account_settings_load_all (path, &error));
      g_assert_error (error, TERN_FAULT, TERN_FAULT_DAMAGED);
      g_assert_nonnull (strstr (error->message, path));
    }
  engine_fixture_remove_dir (dir);
}

static void
test_settings_check (void)
{
  static const char *const bad[] = {
    "", "anna", "@example.test", "anna@", "anna @example.test", "a@b\nc"
  };
  g_autoptr (TernAccountSettings) good = make_account ("anna@example.test");
  g_autoptr (GError) none = NULL;

  g_assert_true (tern_account_settings_check (good, &none));
  g_assert_no_error (none);
  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (TernAccountSettings) account = make_account (bad[i]);
      g_autoptr (GError) error = NULL;

      g_assert_false (tern_account_settings_check (account, &error));
      g_assert_error (error, TERN_FAULT, TERN_FAULT_INVALID);
    }
}

/* Facts */

#define SLICE(text)         \
  {                         \
    text, sizeof (text) - 1 \
  }

static void
test_facts (void)
{
  TernImapAddress from[] = { { SLICE ("=?utf-8?q?J=C3=BCrgen?="), SLICE ("j"), SLICE ("a.test") } };
  /* A group: its name, a member, its end. */
  TernImapAddress to[] = { { { NULL, 0 }, SLICE ("friends"), { NULL, 0 } },
                           { { NULL, 0 }, SLICE ("m"), SLICE ("b.test") },
                           { { NULL, 0 }, { NULL, 0 }, { NULL, 0 } } };
  TernImapFetch fetch = { .uid = 7,
                          .flags = TERN_FLAG_SEEN,
                          .keywords = "work",
                          .modseq = 12,
                          .size = 1000,
                          .internal_date = 1700000000,
                          .date = SLICE ("Mon, 13 Nov 2023 10:00:00 +0100"),
                          .subject = SLICE ("=?utf-8?b?R3LDvMOfZQ==?= all"),
                          .from = from,
                          .n_from = 1,
                          .to = to,
                          .n_to = 3,
                          .in_reply_to = SLICE ("<x@y> (comment)"),
                          .message_id = SLICE (" <id@host> "),
                          .references = SLICE ("References: <a@b>\r\n <c@d>\r\n\r\n") };
  TernPart *structure = tern_part_new ("1", "image", "png");
  g_autoptr (TernMessageFacts) facts = NULL;

  structure->filename = g_strdup ("=?utf-8?q?b=C3=A4r=2Epng?=");
  structure->disposition = g_strdup ("attachment");
  fetch.structure = structure;
  facts = tern_facts_from_fetch (&fetch);
  g_assert_null (fetch.structure);
  g_assert_cmpuint (facts->uid, ==, 7);
  g_assert_cmpstr (facts->subject, ==, "Grüße all");
  g_assert_cmpint (facts->date, ==, 1699866000);
  g_assert_cmpint (facts->date_offset, ==, 60);
  g_assert_cmpstr (facts->message_id, ==, "id@host");
  g_assert_cmpstr (facts->in_reply_to, ==, "x@y");
  g_assert_cmpuint (g_strv_length (facts->references), ==, 2);
  g_assert_cmpstr (facts->references[1], ==, "c@d");
  g_assert_cmpuint (facts->from->len, ==, 1);
  g_assert_cmpstr (((TernAddress *) g_ptr_array_index (facts->from, 0))->name, ==, "Jürgen");
  g_assert_cmpuint (facts->to->len, ==, 1);
  g_assert_cmpstr (((TernAddress *) g_ptr_array_index (facts->to, 0))->address, ==, "m@b.test");
  g_assert_cmpstr (facts->structure->filename, ==, "bär.png");
  g_assert_cmpuint (facts->attachments, ==, 1);
}

/* Nothing that a server sends may be anything but valid text afterwards. */
static void
test_facts_of_rubbish (void)
{
  TernImapAddress from[] = { { SLICE ("\xff\xfe\x1b[31m"), SLICE ("\xe4"), SLICE ("\x01") } };
  TernImapFetch fetch = { .uid = 1,
                          .date = SLICE ("yesterday"),
                          .subject = SLICE ("\xff\r\n\tb\x00c"),
                          .from = from,
                          .n_from = 1,
                          .message_id = SLICE ("<<<>>>"),
                          .references = SLICE ("References") };
  g_autoptr (TernMessageFacts) facts = tern_facts_from_fetch (&fetch);

  g_assert_cmpint (facts->date, ==, 0);
  g_assert_true (g_utf8_validate (facts->subject, -1, NULL));
  g_assert_null (strchr (facts->subject, '\n'));
  for (guint i = 0; i < facts->from->len; i++)
    {
      const TernAddress *address = g_ptr_array_index (facts->from, i);

      g_assert_true (g_utf8_validate (address->name, -1, NULL));
      g_assert_true (g_utf8_validate (address->address, -1, NULL));
      g_assert_null (strchr (address->name, '\x1b'));
    }
}

/* Folders */

static TernFolderRecord *
list (const char *mailbox, char delimiter, TernRole role)
{
  TernImapList item = { .mailbox = mailbox, .delimiter = delimiter, .role = role };

  return tern_folder_names_from_list (&item, NULL);
}

static void
test_folder_names (void)
{
  g_autoptr (TernFolderRecord) inbox = list ("inbox", '/', TERN_ROLE_NONE);
  g_autoptr (TernFolderRecord) umlaut = list ("Entw&APw-rfe.alt", '.', TERN_ROLE_NONE);
  g_autoptr (TernFolderRecord) slash = list ("a/b", '.', TERN_ROLE_NONE);
  TernImapNamespace space = { (char *) "INBOX.", '.' };
  g_autoptr (GPtrArray) namespaces = g_ptr_array_new ();
  TernImapList item = { .mailbox = "INBOX.Sent", .delimiter = '.' };
  g_autoptr (TernFolderRecord) sent = NULL;

  g_ptr_array_add (namespaces, &space);
  sent = tern_folder_names_from_list (&item, namespaces);
  g_assert_cmpint (inbox->role, ==, TERN_ROLE_INBOX);
  g_assert_cmpstr (inbox->path, ==, "INBOX");
  g_assert_cmpstr (umlaut->path, ==, "Entwürfe/alt");
  g_assert_cmpstr (umlaut->name, ==, "alt");
  g_assert_cmpstr (umlaut->remote_name, ==, "Entw&APw-rfe.alt");
  g_assert_cmpstr (slash->path, ==, "a∕b");
  g_assert_cmpstr (sent->path, ==, "Sent");
  g_assert_cmpstr (sent->remote_name, ==, "INBOX.Sent");
  g_assert_null (list ("", '/', TERN_ROLE_NONE));
}

static TernRole
guessed_role (GPtrArray *folders, const char *path)
{
  for (guint i = 0; i < folders->len; i++)
    {
      const TernFolderRecord *folder = g_ptr_array_index (folders, i);

      if (g_strcmp0 (folder->path, path) == 0)
        return folder->role;
    }
  g_assert_not_reached ();
}

static void
test_roles (void)
{
  g_autoptr (GPtrArray) folders =
      g_ptr_array_new_with_free_func ((GDestroyNotify) tern_folder_record_free);

  g_ptr_array_add (folders, list ("INBOX", '/', TERN_ROLE_NONE));
  g_ptr_array_add (folders, list ("sent items", '/', TERN_ROLE_NONE));
  g_ptr_array_add (folders, list ("Lists/old/Archive", '/', TERN_ROLE_NONE));
  g_ptr_array_add (folders, list ("Papierkorb", '/', TERN_ROLE_NONE));
  g_ptr_array_add (folders, list ("Spam", '/', TERN_ROLE_NONE));
  g_ptr_array_add (folders, list ("My drafts", '/', TERN_ROLE_DRAFTS));
  g_ptr_array_add (folders, list ("Drafts", '/', TERN_ROLE_NONE));
  tern_folder_names_guess_roles (folders);
  g_assert_cmpint (guessed_role (folders, "sent items"), ==, TERN_ROLE_SENT);
  g_assert_cmpint (guessed_role (folders, "Papierkorb"), ==, TERN_ROLE_TRASH);
  g_assert_cmpint (guessed_role (folders, "Spam"), ==, TERN_ROLE_JUNK);
  g_assert_cmpint (guessed_role (folders, "Lists/old/Archive"), ==, TERN_ROLE_NONE);
  /* What the server says wins over a name. */
  g_assert_cmpint (guessed_role (folders, "Drafts"), ==, TERN_ROLE_NONE);
}

static void
add_listed (GPtrArray *folders, const GPtrArray *namespaces, const char *mailbox, TernRole role)
{
  TernImapList item = { .mailbox = mailbox, .delimiter = '.', .role = role };

  g_ptr_array_add (folders, tern_folder_names_from_list (&item, namespaces));
}

/* Folders of others are known as such, are for nothing of ours, and make nothing of ours go
 * elsewhere. */
static void
test_namespaces (void)
{
  TernImapNamespace spaces[] = { { (char *) "INBOX.", '.', TERN_SPACE_PERSONAL },
                                 { (char *) "user.", '.', TERN_SPACE_OTHERS },
                                 { (char *) "", '.', TERN_SPACE_SHARED } };
  static const TernSpace expected[] = {
    TERN_SPACE_PERSONAL, TERN_SPACE_PERSONAL, TERN_SPACE_OTHERS,
    TERN_SPACE_OTHERS,   TERN_SPACE_SHARED,   TERN_SPACE_SHARED
  };
  g_autoptr (GPtrArray) namespaces = g_ptr_array_new ();
  g_autoptr (GPtrArray) folders =
      g_ptr_array_new_with_free_func ((GDestroyNotify) tern_folder_record_free);
  g_autoptr (TernFolderRecord) trash = NULL;
  g_autoptr (TernFolderRecord) below = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (spaces); i++)
    g_ptr_array_add (namespaces, &spaces[i]);
  add_listed (folders, namespaces, "INBOX", TERN_ROLE_NONE);
  add_listed (folders, namespaces, "INBOX.Sent", TERN_ROLE_SENT);
  add_listed (folders, namespaces, "user.bob", TERN_ROLE_NONE);
  add_listed (folders, namespaces, "user", TERN_ROLE_NONE);
  add_listed (folders, namespaces, "Trash", TERN_ROLE_NONE);
  add_listed (folders, namespaces, "Public.Drafts", TERN_ROLE_DRAFTS);
  tern_folder_names_guess_roles (folders);
  for (guint i = 0; i < folders->len; i++)
    {
      const TernFolderRecord *folder = g_ptr_array_index (folders, i);

      g_assert_cmpint (folder->space, ==, expected[i]);
    }
  g_assert_cmpint (guessed_role (folders, "Sent"), ==, TERN_ROLE_SENT);
  g_assert_cmpint (guessed_role (folders, "Trash"), ==, TERN_ROLE_NONE);
  g_assert_cmpint (guessed_role (folders, "Public/Drafts"), ==, TERN_ROLE_NONE);
  trash = tern_folder_names_plan (folders, 1, TERN_ROLE_TRASH);
  g_assert_cmpstr (trash->remote_name, ==, "INBOX.Trash");
  below = tern_folder_names_new (folders, 1, "user/bob/New", TERN_ROLE_NONE);
  g_assert_cmpstr (below->remote_name, ==, "user.bob.New");
  g_assert_cmpint (below->space, ==, TERN_SPACE_OTHERS);
}

static void
test_planned_folder (void)
{
  g_autoptr (GPtrArray) plain =
      g_ptr_array_new_with_free_func ((GDestroyNotify) tern_folder_record_free);
  g_autoptr (GPtrArray) prefixed =
      g_ptr_array_new_with_free_func ((GDestroyNotify) tern_folder_record_free);
  g_autoptr (TernFolderRecord) first = NULL;
  g_autoptr (TernFolderRecord) second = NULL;

  g_ptr_array_add (plain, list ("INBOX", '/', TERN_ROLE_NONE));
  g_ptr_array_add (plain, list ("Sent", '/', TERN_ROLE_NONE));
  first = tern_folder_names_plan (plain, 1, TERN_ROLE_ARCHIVE);
  g_assert_cmpstr (first->remote_name, ==, "Archive");
  g_ptr_array_add (prefixed, list ("INBOX", '.', TERN_ROLE_NONE));
  g_ptr_array_add (prefixed, list ("INBOX.Sent", '.', TERN_ROLE_NONE));
  second = tern_folder_names_plan (prefixed, 1, TERN_ROLE_TRASH);
  g_assert_cmpstr (second->remote_name, ==, "INBOX.Trash");
  g_assert_cmpstr (second->path, ==, "Trash");
}

int
main (int argc, char **argv)
{
  engine_fixture_prepare ();
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/engine/settings/round-trip", test_settings_round_trip);
  g_test_add_func ("/engine/settings/missing", test_settings_missing);
  g_test_add_func ("/engine/settings/damaged", test_settings_damaged);
  g_test_add_func ("/engine/settings/check", test_settings_check);
  g_test_add_func ("/engine/facts/decoded", test_facts);
  g_test_add_func ("/engine/facts/rubbish", test_facts_of_rubbish);
  g_test_add_func ("/engine/folders/names", test_folder_names);
  g_test_add_func ("/engine/folders/roles", test_roles);
  g_test_add_func ("/engine/folders/namespaces", test_namespaces);
  g_test_add_func ("/engine/folders/planned", test_planned_folder);
  return g_test_run ();
}
