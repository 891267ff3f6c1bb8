/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-imap-session.h"

#include "tern-mail-server.h"
#include "tern-script-server.h"

#include <string.h>

#define MESSAGE                                                     \
  "From: \"Anna B\xc3\xa4r\" <anna@example.test>\r\n"               \
  "To: bob@example.test\r\n"                                        \
  "Subject: from the session\r\n"                                   \
  "Message-ID: <one@tern.test>\r\n"                                 \
  "References: <zero@tern.test>\r\n"                                \
  "MIME-Version: 1.0\r\n"                                           \
  "Content-Type: multipart/mixed; boundary=x\r\n"                   \
  "\r\n"                                                            \
  "--x\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nhello\r\n" \
  "--x\r\nContent-Type: application/pdf; name=a.pdf\r\n\r\nPDF\r\n--x--\r\n"

static TernMailServer *server; /* one for all tests of this program */

typedef struct
{
  TernImapSession *session;
  GString *heard;
  guint closed;
} Fixture;

static void
on_fetch (TernImapSession *session, TernImapFetch *fetch, gpointer data)
{
  Fixture *self = data;

  g_string_append_printf (self->heard, "fetch %u flags=%x", fetch->uid, fetch->flags);
  if (fetch->keywords != NULL)
    g_string_append_printf (self->heard, " %s", fetch->keywords);
  if (fetch->has & TERN_IMAP_FETCH_ENVELOPE)
    g_string_append_printf (self->heard, " %.*s", (int) fetch->subject.length, fetch->subject.data);
  if (fetch->structure != NULL)
    g_string_append_printf (self->heard, " attachments=%u",
                            tern_part_count_attachments (fetch->structure));
  if (fetch->has & TERN_IMAP_FETCH_THREADING)
    g_string_append (self->heard,
                     strstr (fetch->references.data, "<zero@tern.test>") != NULL ? " refs" : "");
  g_string_append_c (self->heard, '\n');
}

static void
on_vanished (TernImapSession *session, GArray *uids, gboolean earlier, gpointer data)
{
  Fixture *self = data;
  g_autofree char *set = tern_imap_set_format ((const guint32 *) uids->data, uids->len);

  g_string_append_printf (self->heard, "%s %s\n", earlier ? "earlier" : "vanished", set);
}

static void
on_exists (TernImapSession *session, guint32 count, gpointer data)
{
  Fixture *self = data;

  g_string_append_printf (self->heard, "exists %u\n", count);
}

static void
on_list (TernImapSession *session, const TernImapList *list, gpointer data)
{
  Fixture *self = data;

  g_string_append_printf (self->heard, "list %s %s\n", list->mailbox,
                          tern_role_to_name (list->role));
}

static void
on_closed (TernImapSession *session, const GError *error, gpointer data)
{
  Fixture *self = data;

  self->closed++;
}

static void
fixture_start (Fixture *self, TernSecurity security, const char *password)
{
  static const TernImapHandlers handlers = { .fetch = on_fetch,
                                             .vanished = on_vanished,
                                             .exists = on_exists,
                                             .list = on_list,
                                             .closed = on_closed };
  g_autoptr (TernCredentials) credentials =
      tern_credentials_new (tern_mail_server_get_address (server, 0), password);
  g_autoptr (TernEndpoint) endpoint = tern_endpoint_new (
      tern_mail_server_get_host (server),
      tern_mail_server_get_port (server, security == TERN_SECURITY_TLS ? "imap" : "imap_starttls"),
      security, tern_mail_server_get_ca_file (server), NULL);

  self->heard = g_string_new (NULL);
  self->closed = 0;
  self->session = tern_imap_session_new (endpoint, credentials, "test", FALSE, &handlers, self);
}

static void
fixture_clear (Fixture *self)
{
  g_clear_object (&self->session);
  g_string_free (self->heard, TRUE);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Fixture, fixture_clear)

static void
keep_result (GObject *source, GAsyncResult *result, gpointer data)
{
  GAsyncResult **slot = data;

  *slot = g_object_ref (result);
}

static gboolean
open_session (Fixture *self, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  tern_imap_session_open_async (self->session, NULL, keep_result, &result);
  tern_test_wait_until (result != NULL);
  return tern_imap_session_open_finish (self->session, result, error);
}

/* What a command gave: it must have gone well. */
static TernImapReply *
reply_of (Fixture *self, GAsyncResult **result)
{
  g_autoptr (GError) error = NULL;
  TernImapReply *reply;

  tern_test_wait_until (*result != NULL);
  reply = tern_imap_session_command_finish (self->session, *result, &error);
  g_assert_no_error (error);
  g_clear_object (result);
  return reply;
}

static void
select_folder (Fixture *self, const char *name, guint32 uidvalidity, guint64 modseq)
{
  GAsyncResult *result = NULL;

  tern_imap_session_select_async (self->session, name, FALSE, uidvalidity, modseq, NULL,
                                  keep_result, &result);
  tern_imap_reply_free (reply_of (self, &result));
}

static void
test_open (gconstpointer data)
{
  g_auto (Fixture) f;
  g_autoptr (GError) error = NULL;

  fixture_start (&f, GPOINTER_TO_INT (data), tern_mail_server_get_password (server, 0));
  open_session (&f, &error);
  g_assert_no_error (error);
  g_assert_cmpint (tern_imap_session_get_state (f.session), ==, TERN_IMAP_AUTHENTICATED);
  g_assert_cmpint ((int) (tern_imap_session_get_caps (f.session) & TERN_IMAP_CAP_QRESYNC), !=, 0);
  g_assert_cmpuint (tern_imap_session_get_namespaces (f.session)->len, >, 0);
  tern_imap_session_close (f.session);
  tern_test_wait_until (f.closed == 1);
}

static void
test_wrong_password (void)
{
  g_auto (Fixture) f;
  g_autoptr (GError) error = NULL;

  fixture_start (&f, TERN_SECURITY_TLS, "not this one");
  g_assert_false (open_session (&f, &error));
  g_assert_error (error, TERN_FAULT, TERN_FAULT_AUTHENTICATION);
}

/* Whether the server has a code for it or only words. */
static void
test_no_such_mailbox (void)
{
  g_auto (Fixture) f;
  GAsyncResult *result = NULL;
  g_autoptr (GError) error = NULL;

  fixture_start (&f, TERN_SECURITY_TLS, tern_mail_server_get_password (server, 0));
  g_assert_true (open_session (&f, NULL));
  tern_imap_session_select_async (f.session, "Nowhere", FALSE, 0, 0, NULL, keep_result, &result);
  tern_test_wait_until (result != NULL);
  g_assert_null (tern_imap_session_command_finish (f.session, result, &error));
  g_assert_error (error, TERN_FAULT, TERN_FAULT_NOT_FOUND);
  g_object_unref (result);
}

/* One message from APPEND to UID EXPUNGE, with everything that is told of it on the way. */
static void
test_life_of_a_message (void)
{
  g_auto (Fixture) f;
  g_autoptr (GBytes) message = g_bytes_new_static (MESSAGE, strlen (MESSAGE));
  g_autofree char *set = NULL;
  GAsyncResult *result = NULL;
  TernImapReply *reply;
  guint32 uid;

  fixture_start (&f, TERN_SECURITY_TLS, tern_mail_server_get_password (server, 0));
  g_assert_true (open_session (&f, NULL));
  tern_imap_session_create_async (f.session, "Entw&APw-rfe", TERN_ROLE_NONE, NULL, keep_result,
                                  &result);
  tern_imap_reply_free (reply_of (&f, &result));
  tern_imap_session_list_async (f.session, NULL, keep_result, &result);
  tern_imap_reply_free (reply_of (&f, &result));
  g_assert_nonnull (strstr (f.heard->str, "list INBOX inbox\n"));
  g_assert_nonnull (strstr (f.heard->str, "list Entw&APw-rfe "));

  tern_imap_session_append_async (f.session, "Entw&APw-rfe", message, TERN_FLAG_SEEN, NULL,
                                  1700000000, NULL, keep_result, &result);
  reply = reply_of (&f, &result);
  uid = reply->uid;
  g_assert_cmpuint (uid, >, 0);
  tern_imap_reply_free (reply);
  set = tern_imap_set_format (&uid, 1);

  select_folder (&f, "Entw&APw-rfe", 0, 0);
  g_string_truncate (f.heard, 0);
  tern_imap_session_fetch_async (f.session, "1:*", TERN_IMAP_FETCH_HEADERS, 0, NULL, keep_result,
                                 &result);
  tern_imap_reply_free (reply_of (&f, &result));
  g_assert_cmpstr (f.heard->str, ==, "fetch 1 flags=1 from the session attachments=1 refs\n");

  tern_imap_session_fetch_body_async (f.session, uid, "", 0, NULL, keep_result, &result);
  reply = reply_of (&f, &result);
  g_assert_cmpmem (g_bytes_get_data (reply->body, NULL), g_bytes_get_size (reply->body), MESSAGE,
                   strlen (MESSAGE));
  tern_imap_reply_free (reply);
  tern_imap_session_fetch_body_async (f.session, uid, "2", 0, NULL, keep_result, &result);
  reply = reply_of (&f, &result);
  g_assert_cmpmem (g_bytes_get_data (reply->body, NULL), g_bytes_get_size (reply->body), "PDF", 3);
  tern_imap_reply_free (reply);

  tern_imap_session_store_async (f.session, set, TRUE, TERN_FLAG_FLAGGED, "later", NULL,
                                 keep_result, &result);
  tern_imap_reply_free (reply_of (&f, &result));
  tern_imap_session_search_async (f.session, "FLAGGED KEYWORD later", NULL, keep_result, &result);
  reply = reply_of (&f, &result);
  g_assert_cmpuint (reply->uids->len, ==, 1);
  tern_imap_reply_free (reply);

  tern_imap_session_copy_async (f.session, set, "INBOX", NULL, keep_result, &result);
  reply = reply_of (&f, &result);
  g_assert_cmpuint (reply->target_uids->len, ==, 1);
  tern_imap_reply_free (reply);

  g_string_truncate (f.heard, 0);
  tern_imap_session_store_async (f.session, set, TRUE, TERN_FLAG_DELETED, NULL, NULL, keep_result,
                                 &result);
  tern_imap_reply_free (reply_of (&f, &result));
  tern_imap_session_expunge_async (f.session, set, NULL, keep_result, &result);
  tern_imap_reply_free (reply_of (&f, &result));
  g_assert_nonnull (strstr (f.heard->str, "vanished 1\n"));
}

/* NAMESPACE, and what a mailbox is for, in the letter case of any server. */
static void
test_names (void)
{
  static const char *const roles[] = { "INBOX inbox", "Drafts drafts", "Sent sent",
                                       "Junk junk",   "Trash trash",   "Archive archive" };
  g_auto (Fixture) f;
  const TernImapNamespace *personal;
  GAsyncResult *result = NULL;

  fixture_start (&f, TERN_SECURITY_TLS, tern_mail_server_get_password (server, 0));
  g_assert_true (open_session (&f, NULL));
  personal = g_ptr_array_index (tern_imap_session_get_namespaces (f.session), 0);
  g_assert_cmpstr (personal->prefix, ==, "");
  g_assert_cmpint (personal->delimiter, ==, '/');
  tern_imap_session_list_async (f.session, NULL, keep_result, &result);
  tern_imap_reply_free (reply_of (&f, &result));
  for (guint i = 0; i < G_N_ELEMENTS (roles); i++)
    {
      g_autofree char *line = g_strdup_printf ("list %s\n", roles[i]);

      g_assert_nonnull (strstr (f.heard->str, line));
    }
}

/* What changed while nobody was looking comes with the SELECT. */
static void
test_qresync (void)
{
  g_auto (Fixture) f;
  GAsyncResult *result = NULL;
  const TernImapMailbox *mailbox;
  guint32 uidvalidity;
  guint64 modseq;

  for (guint i = 0; i < 3; i++)
    tern_mail_server_append (server, tern_mail_server_get_address (server, 0), "Trash", MESSAGE,
                             "");
  fixture_start (&f, TERN_SECURITY_TLS, tern_mail_server_get_password (server, 0));
  g_assert_true (open_session (&f, NULL));
  select_folder (&f, "Trash", 0, 0);
  mailbox = tern_imap_session_get_mailbox (f.session);
  uidvalidity = mailbox->uidvalidity;
  modseq = mailbox->modseq;
  g_assert_cmpuint (mailbox->exists, ==, 3);
  g_assert_cmpuint (modseq, >, 0);
  tern_imap_session_store_async (f.session, "1", TRUE, TERN_FLAG_SEEN, NULL, NULL, keep_result,
                                 &result);
  tern_imap_reply_free (reply_of (&f, &result));
  tern_imap_session_move_async (f.session, "2", "INBOX", NULL, keep_result, &result);
  tern_imap_reply_free (reply_of (&f, &result));
  select_folder (&f, "INBOX", 0, 0);
  g_string_truncate (f.heard, 0);
  select_folder (&f, "Trash", uidvalidity, modseq);
  g_assert_cmpstr (f.heard->str, ==, "exists 2\nearlier 2\nfetch 1 flags=1\n");
}

static void
test_push (void)
{
  g_auto (Fixture) f;

  fixture_start (&f, TERN_SECURITY_TLS, tern_mail_server_get_password (server, 0));
  g_assert_true (open_session (&f, NULL));
  select_folder (&f, "INBOX", 0, 0);
  g_string_truncate (f.heard, 0);
  tern_imap_session_start_idle (f.session);
  tern_test_wait_until (tern_imap_session_get_state (f.session) == TERN_IMAP_IDLING);
  tern_mail_server_deliver (server, tern_mail_server_get_address (server, 0), MESSAGE);
  tern_test_wait_until (g_str_has_prefix (f.heard->str, "exists "));
}

/* The server throws us out. */
static void
test_kicked (void)
{
  g_auto (Fixture) f;

  fixture_start (&f, TERN_SECURITY_TLS, tern_mail_server_get_password (server, 0));
  g_assert_true (open_session (&f, NULL));
  select_folder (&f, "INBOX", 0, 0);
  tern_imap_session_start_idle (f.session);
  tern_test_wait_until (tern_imap_session_get_state (f.session) == TERN_IMAP_IDLING);
  tern_mail_server_command (server, "kick %s", tern_mail_server_get_address (server, 0));
  tern_test_wait_until (f.closed == 1);
  g_assert_cmpint (tern_imap_session_get_state (f.session), ==, TERN_IMAP_DEAD);
}

int
main (int argc, char **argv)
{
  int status;

  g_test_init (&argc, &argv, NULL);
  server = tern_mail_server_new ("--users", "anna,bob", "--no-postfix", NULL);
  if (server == NULL)
    {
      g_print ("1..0 # SKIP no server here\n");
      return 0;
    }
  g_test_add_data_func ("/imap/server/tls", GINT_TO_POINTER (TERN_SECURITY_TLS), test_open);
  g_test_add_data_func ("/imap/server/starttls", GINT_TO_POINTER (TERN_SECURITY_STARTTLS),
                        test_open);
  g_test_add_func ("/imap/server/wrong-password", test_wrong_password);
  g_test_add_func ("/imap/server/names", test_names);
  g_test_add_func ("/imap/server/no-such-mailbox", test_no_such_mailbox);
  g_test_add_func ("/imap/server/life-of-a-message", test_life_of_a_message);
  g_test_add_func ("/imap/server/qresync", test_qresync);
  g_test_add_func ("/imap/server/push", test_push);
  g_test_add_func ("/imap/server/kicked", test_kicked);
  status = g_test_run ();
  g_clear_pointer (&server, tern_mail_server_free);
  return status;
}
