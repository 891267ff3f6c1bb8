/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-imap-fixture.h"

#include <stdarg.h>
#include <string.h>

static void
on_fetch (TernImapSession *session, TernImapFetch *fetch, gpointer data)
{
  TernImapFixture *self = data;

  g_string_append_printf (self->heard, "fetch %u has=%x flags=%x\n", fetch->uid, fetch->has,
                          fetch->flags);
}

static void
on_vanished (TernImapSession *session, GArray *uids, gboolean earlier, gpointer data)
{
  TernImapFixture *self = data;
  g_autofree char *set = tern_imap_set_format ((const guint32 *) uids->data, uids->len);

  g_string_append_printf (self->heard, "%s %s\n", earlier ? "earlier" : "vanished", set);
}

static void
on_exists (TernImapSession *session, guint32 count, gpointer data)
{
  TernImapFixture *self = data;

  g_string_append_printf (self->heard, "exists %u\n", count);
}

static void
on_list (TernImapSession *session, const TernImapList *list, gpointer data)
{
  TernImapFixture *self = data;

  g_string_append_printf (self->heard, "list %s %c%s%s\n", list->mailbox,
                          list->delimiter != 0 ? list->delimiter : '-',
                          list->no_select ? " noselect" : "",
                          !list->has_subscribed ? " unknown"
                          : list->subscribed    ? " subscribed"
                                                : "");
}

static void
on_status (TernImapSession *session, const TernImapStatus *status, gpointer data)
{
  TernImapFixture *self = data;

  g_string_append_printf (self->heard, "status %s %" G_GINT64_FORMAT, status->mailbox,
                          status->messages);
  if (status->mailbox_id.data != NULL)
    g_string_append_printf (self->heard, " id %.*s", (int) status->mailbox_id.length,
                            status->mailbox_id.data);
  g_string_append_c (self->heard, '\n');
}

static void
on_alert (TernImapSession *session, const char *text, gpointer data)
{
  TernImapFixture *self = data;

  g_string_append_printf (self->heard, "alert %s\n", text);
}

static void
on_closed (TernImapSession *session, const GError *error, gpointer data)
{
  TernImapFixture *self = data;

  self->closed++;
  if (error != NULL)
    self->closed_error = g_error_copy (error);
}

void
tern_imap_fixture_init (TernImapFixture *self, TernSecurity security)
{
  static const TernImapHandlers handlers = { .fetch = on_fetch,
                                             .vanished = on_vanished,
                                             .exists = on_exists,
                                             .list = on_list,
                                             .status = on_status,
                                             .alert = on_alert,
                                             .closed = on_closed };
  g_autoptr (TernCredentials) credentials = tern_credentials_new ("anna", "secret");
  g_autoptr (TernEndpoint) endpoint = NULL;

  memset (self, 0, sizeof *self);
  self->heard = g_string_new (NULL);
  self->cert = tern_test_cert_new (TERN_TEST_CERT_GOOD);
  self->server = tern_script_server_new (self->cert, security == TERN_SECURITY_TLS);
  endpoint = tern_endpoint_new ("127.0.0.1", tern_script_server_get_port (self->server), security,
                                self->cert->ca_file, NULL);
  self->session = tern_imap_session_new (endpoint, credentials, "test", FALSE, &handlers, self);
}

void
tern_imap_fixture_start (TernImapFixture *self)
{
  tern_imap_fixture_init (self, TERN_SECURITY_TLS);
}

void
tern_imap_fixture_finish (TernImapFixture *self)
{
  g_clear_object (&self->session);
  tern_script_server_finish (self->server, 1);
}

void
tern_imap_fixture_clear (TernImapFixture *self)
{
  g_clear_object (&self->session);
  g_clear_pointer (&self->server, tern_script_server_free);
  g_clear_pointer (&self->cert, tern_test_cert_free);
  g_clear_error (&self->closed_error);
  g_string_free (self->heard, TRUE);
}

void
tern_imap_fixture_script (TernImapFixture *self, const char *caps, ...)
{
  static const char *const select[] = { "C: %t SELECT \"INBOX\"*",
                                        "S: * FLAGS (\\Seen)",
                                        "S: * OK [PERMANENTFLAGS (\\Seen \\*)] x",
                                        "S: * 3 EXISTS",
                                        "S: * OK [UIDVALIDITY 77] x",
                                        "S: * OK [UIDNEXT 31] x",
                                        "S: %t OK [READ-WRITE] selected" };
  g_autofree char *greeting =
      g_strdup_printf ("S: * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN %s] hi", caps);
  g_autofree char *logged_in = g_strdup_printf ("S: %%t OK [CAPABILITY IMAP4rev1 %s] in", caps);
  g_autoptr (GPtrArray) steps = g_ptr_array_new ();
  const char *step;
  va_list args;

  g_ptr_array_add (steps, greeting);
  g_ptr_array_add (steps, (char *) "C: %t AUTHENTICATE PLAIN AGFubmEAc2VjcmV0");
  g_ptr_array_add (steps, logged_in);
  va_start (args, caps);
  while ((step = va_arg (args, const char *)) != NULL)
    {
      if (strcmp (step, "SELECTED") == 0)
        for (guint i = 0; i < G_N_ELEMENTS (select); i++)
          g_ptr_array_add (steps, (char *) select[i]);
      else
        g_ptr_array_add (steps, (char *) step);
    }
  va_end (args);
  g_ptr_array_add (steps, NULL);
  tern_script_server_addv (self->server, (const char *const *) steps->pdata);
}

static void
keep_result (GObject *source, GAsyncResult *result, gpointer data)
{
  GAsyncResult **slot = data;

  *slot = g_object_ref (result);
}

GError *
tern_imap_fixture_open (TernImapFixture *self)
{
  g_autoptr (GAsyncResult) result = NULL;
  GError *error = NULL;

  tern_imap_session_open_async (self->session, NULL, keep_result, &result);
  tern_test_wait_until (result != NULL);
  if (!tern_imap_session_open_finish (self->session, result, &error))
    g_assert_nonnull (error);
  return error;
}

void
tern_imap_fixture_open_inbox (TernImapFixture *self)
{
  g_auto (TernImapResult) selected = { 0 };
  GError *error = tern_imap_fixture_open (self);

  g_assert_no_error (error);
  tern_imap_session_select_async (self->session, "INBOX", FALSE, 0, 0, NULL, tern_imap_result_cb,
                                  &selected);
  tern_imap_result_wait (&selected);
  g_assert_cmpint (tern_imap_session_get_state (self->session), ==, TERN_IMAP_SELECTED);
  g_string_truncate (self->heard, 0);
}

void
tern_imap_result_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  TernImapResult *self = data;

  self->calls++;
  g_assert_cmpuint (self->calls, ==, 1);
  self->reply = tern_imap_session_command_finish (TERN_IMAP_SESSION (source), result, &self->error);
  g_assert_true ((self->reply == NULL) != (self->error == NULL));
}

void
tern_imap_result_clear (TernImapResult *self)
{
  g_clear_pointer (&self->reply, tern_imap_reply_free);
  g_clear_error (&self->error);
}

void
tern_imap_result_wait (TernImapResult *self)
{
  tern_test_wait_until (self->calls > 0);
  g_assert_no_error (self->error);
}

void
tern_imap_result_wait_fault (TernImapResult *self, TernFaultCode code)
{
  tern_test_wait_until (self->calls > 0);
  g_assert_error (self->error, TERN_FAULT, (int) code);
}
