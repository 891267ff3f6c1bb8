/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-imap-session-private.h"

#include <glib/gi18n.h>

/*
 * One LIST where the server can tell everything in it (RFC 5258, 5819, 6154). Otherwise LSUB first,
 * so that subscriptions are known when LIST speaks, then LIST, then a STATUS for each folder.
 */
typedef struct
{
  TernImapSession *session; /* lent: the task holds it */
  GTask *task;
  GSource *cancel_source; /* (nullable) */
  gboolean given_up;      /* the caller was answered already */
  guint outstanding;      /* STATUS commands */
} Lister;

static void
lister_free (Lister *self)
{
  tern_imap_session_clear_source (&self->cancel_source);
  g_object_unref (self->task);
  g_free (self);
}

static void
end_plain_list (TernImapSession *session)
{
  if (--session->plain_lists > 0)
    return;
  g_clear_pointer (&session->subscribed, g_hash_table_unref);
  g_clear_pointer (&session->listed, g_ptr_array_unref);
}

static void
answer (Lister *self, TernImapCommand *command, const GError *error)
{
  if (self->given_up)
    ;
  else if (error != NULL)
    g_task_return_error (self->task, g_error_copy (error));
  else
    g_task_return_pointer (self->task, g_steal_pointer (&command->reply),
                           (GDestroyNotify) tern_imap_reply_free);
  lister_free (self);
}

static gboolean
on_cancelled (GCancellable *cancellable, gpointer data)
{
  Lister *self = data;

  self->given_up = TRUE;
  tern_imap_session_clear_source (&self->cancel_source);
  g_task_return_error (self->task, tern_fault_new (TERN_FAULT_CANCELLED, _ ("Cancelled.")));
  return G_SOURCE_REMOVE;
}

static void
send_command (Lister *self, TernImapCommandDone done, const char *text)
{
  TernImapCommand *command = tern_imap_command_new (TERN_IMAP_VERB_INFORM, done, self);

  tern_imap_command_add (command, "%s", text);
  tern_imap_session_enqueue (self->session, command);
}

static void
on_status (TernImapCommand *command, const GError *error, gpointer data)
{
  Lister *self = data;
  TernImapSession *session = self->session;

  /* A folder that cannot be looked into is still a folder; only the end of the session counts. */
  if (--self->outstanding > 0)
    return;
  answer (self, command, session->state == TERN_IMAP_DEAD ? error : NULL);
}

static void
on_plain_list (TernImapCommand *command, const GError *error, gpointer data)
{
  Lister *self = data;
  TernImapSession *session = self->session;
  g_autoptr (GPtrArray) names = session->listed != NULL ? g_ptr_array_ref (session->listed) : NULL;

  end_plain_list (session);
  if (error != NULL || names == NULL || names->len == 0 || self->given_up)
    {
      answer (self, command, error);
      return;
    }
  self->outstanding = names->len;
  for (guint i = 0; i < names->len; i++)
    {
      TernImapCommand *status = tern_imap_command_new (TERN_IMAP_VERB_INFORM, on_status, self);

      tern_imap_command_add (status, "STATUS ");
      tern_imap_session_add_name (session, status, names->pdata[i]);
      tern_imap_command_add (status, " ");
      tern_imap_session_add_status_items (session, status);
      tern_imap_command_add (status, ")");
      tern_imap_session_enqueue (session, status);
    }
}

static void
on_lsub (TernImapCommand *command, const GError *error, gpointer data)
{
  Lister *self = data;

  /* Without LSUB (it is not in IMAP4rev2) nothing is known of subscriptions. */
  if (error != NULL)
    g_clear_pointer (&self->session->subscribed, g_hash_table_unref);
  send_command (self, on_plain_list, "LIST \"\" \"*\"");
}

static void
start_plain_list (Lister *self)
{
  TernImapSession *session = self->session;

  if (session->plain_lists++ == 0)
    {
      session->subscribed = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
      session->listed = g_ptr_array_new_with_free_func (g_free);
    }
  send_command (self, on_lsub, "LSUB \"\" \"*\"");
}

static void start_extended_list (Lister *self);

static void
on_extended_list (TernImapCommand *command, const GError *error, gpointer data)
{
  Lister *self = data;

  self->session->extended_lists--;
  /* Announced, and then not understood. */
  if (((command->asks_mailbox_id && self->session->refused_mailbox_id)
       || (command->asks_append_limit && self->session->refused_append_limit))
      && !self->given_up)
    start_extended_list (self);
  else if (error != NULL && !self->given_up
           && (tern_fault_is (error, TERN_FAULT_PROTOCOL)
               || tern_fault_is (error, TERN_FAULT_REFUSED)))
    start_plain_list (self);
  else
    answer (self, command, error);
}

static void
start_extended_list (Lister *self)
{
  TernImapCaps caps = self->session->caps;
  TernImapCommand *command = tern_imap_command_new (TERN_IMAP_VERB_INFORM, on_extended_list, self);

  tern_imap_command_add (command, "LIST \"\" \"*\" RETURN (SUBSCRIBED%s%s STATUS ",
                         caps & TERN_IMAP_CAP_SPECIAL_USE ? " SPECIAL-USE" : "",
                         caps & TERN_IMAP_CAP_LIST_MYRIGHTS ? " MYRIGHTS" : "");
  tern_imap_session_add_status_items (self->session, command);
  tern_imap_command_add (command, "))");

  tern_imap_session_use (self->session, "LIST-EXTENDED");
  tern_imap_session_use (self->session, "LIST-STATUS");
  if (caps & TERN_IMAP_CAP_SPECIAL_USE)
    tern_imap_session_use (self->session, "SPECIAL-USE");
  if (caps & TERN_IMAP_CAP_LIST_MYRIGHTS)
    tern_imap_session_use (self->session, "LIST-MYRIGHTS");
  self->session->extended_lists++;
  tern_imap_session_enqueue (self->session, command);
}

void
tern_imap_session_list_async (TernImapSession *self,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data)
{
  const TernImapCaps needed = TERN_IMAP_CAP_LIST_EXTENDED | TERN_IMAP_CAP_LIST_STATUS;
  Lister *lister = g_new0 (Lister, 1);

  lister->session = self;
  lister->task = g_task_new (self, NULL, callback, user_data);
  g_task_set_source_tag (lister->task, tern_imap_session_list_async);
  if (g_cancellable_is_cancelled (cancellable))
    {
      on_cancelled (cancellable, lister);
      lister_free (lister);
      return;
    }
  if (cancellable != NULL)
    {
      lister->cancel_source = g_cancellable_source_new (cancellable);
      g_source_set_callback (lister->cancel_source, G_SOURCE_FUNC (on_cancelled), lister, NULL);
      g_source_attach (lister->cancel_source, self->context);
    }
  if ((self->caps & needed) == needed)
    start_extended_list (lister);
  else
    start_plain_list (lister);
}
