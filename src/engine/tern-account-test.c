/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-engine-private.h"

#include <glib/gi18n.h>

#include "tern-diagnosis-private.h"
#include "tern-imap-session.h"
#include "tern-smtp-session.h"

/*
 * The proof of a login: IMAP, then SMTP, with sessions that are thrown away. Runs in a worker; the
 * caller's cancellable ends it at once, whatever it waits for.
 */

typedef struct
{
  TernCall *call;
  const TernAccountTest *test;
  TernImapSession *imap; /* (owned) (nullable) */
  TernSmtpSession *smtp; /* (owned) (nullable) */
  guint asked;           /* of the server's comments, not answered yet */
} Proof;

TernAccountTest *
tern_account_test_new (TernAccountSettings *settings,
                       const char *password,
                       const char *smtp_password,
                       GPtrArray *connections)
{
  TernAccountTest *self = g_new0 (TernAccountTest, 1);
  const char *smtp_user = settings->smtp_user != NULL && *settings->smtp_user != '\0'
                              ? settings->smtp_user
                              : settings->imap_user;

  self->settings = tern_account_settings_ref (settings);
  self->imap = tern_credentials_new_for (settings->auth, settings->imap_user, password);
  self->smtp = tern_credentials_new_for (settings->auth, smtp_user,
                                         smtp_password != NULL ? smtp_password : password);
  self->connections = connections != NULL ? g_ptr_array_ref (connections) : NULL;
  return self;
}

void
tern_account_test_free (gpointer data)
{
  TernAccountTest *self = data;

  tern_account_settings_unref (self->settings);
  tern_credentials_unref (self->imap);
  tern_credentials_unref (self->smtp);
  g_clear_pointer (&self->connections, g_ptr_array_unref);
  g_free (self);
}

static void
keep_connection (Proof *proof, TernConnection *connection)
{
  if (proof->test->connections != NULL)
    g_ptr_array_add (
        proof->test->connections,
        tern_diagnosis_copy_connection (connection, proof->test->imap, proof->test->smtp));
}

static void
end (Proof *proof, GError *error)
{
  if (error != NULL && proof->test->connections != NULL)
    {
      g_autoptr (GError) raw = error;

      error = tern_diagnosis_clean_error (raw, proof->test->imap, proof->test->smtp);
    }
  keep_connection (proof, tern_imap_session_get_connection (proof->imap));
  if (proof->smtp != NULL)
    keep_connection (proof, tern_smtp_session_get_connection (proof->smtp));
  if (error != NULL)
    tern_call_return_error (proof->call, error);
  else
    tern_call_return (proof->call, NULL, NULL);
  g_clear_object (&proof->imap);
  g_clear_object (&proof->smtp);
  g_free (proof);
}

static void
smtp_opened_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Proof *proof = user_data;
  GError *error = NULL;

  if (tern_smtp_session_open_finish (proof->smtp, result, &error))
    tern_smtp_session_close (proof->smtp);
  end (proof, error);
}

static void
go_on_with_smtp (Proof *proof)
{
  tern_imap_session_close (proof->imap);
  proof->smtp = tern_smtp_session_new (proof->test->settings->smtp, proof->test->smtp);
  tern_smtp_session_open_async (proof->smtp, tern_call_get_cancellable (proof->call),
                                smtp_opened_cb, proof);
}

/* Refused or not: it is no part of the proof. */
static void
comments_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Proof *proof = user_data;
  g_autoptr (TernImapReply) reply =
      tern_imap_session_command_finish (TERN_IMAP_SESSION (source), result, NULL);

  if (--proof->asked == 0)
    go_on_with_smtp (proof);
}

/* For the doctor only. FALSE: there is nothing to ask for. */
static gboolean
ask_comments (Proof *proof)
{
  static const char *const mailboxes[] = { "", "INBOX" };
  TernConnection *connection = tern_imap_session_get_connection (proof->imap);

  if (proof->test->connections == NULL || !tern_connection_has_offered (connection, "METADATA"))
    return FALSE;
  proof->asked = G_N_ELEMENTS (mailboxes);
  for (guint i = 0; i < G_N_ELEMENTS (mailboxes); i++)
    tern_imap_session_comments_async (proof->imap, mailboxes[i],
                                      tern_call_get_cancellable (proof->call), comments_cb, proof);
  return TRUE;
}

static void
imap_opened_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Proof *proof = user_data;
  GError *error = NULL;

  if (!tern_imap_session_open_finish (proof->imap, result, &error))
    {
      end (proof, error);
      return;
    }
  if (!ask_comments (proof))
    go_on_with_smtp (proof);
}

void
tern_account_test_run (TernCall *call, gpointer data)
{
  static const TernImapHandlers none = { 0 };
  Proof *proof = g_new0 (Proof, 1);

  proof->call = call;
  proof->test = data;
  proof->imap = tern_imap_session_new (proof->test->settings->imap, proof->test->imap, "test",
                                       proof->test->settings->safe_mode, &none, NULL);
  tern_imap_session_open_async (proof->imap, tern_call_get_cancellable (call), imap_opened_cb,
                                proof);
}
