/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-imap-session-private.h"

#include "tern-limits.h"

#include <glib/gi18n.h>
#include <string.h>

/* The commands that others give: what they look like, and how their result comes back. */

static void
task_done (TernImapCommand *command, const GError *error, gpointer data)
{
  g_autoptr (GTask) task = data;

  if (error != NULL)
    {
      /* For tern_imap_session_command_get_done(). An abandoned command goes on collecting. */
      if ((command->reply->source_uids != NULL || command->reply->bodies != NULL)
          && !command->abandoned)
        g_task_set_task_data (task, g_steal_pointer (&command->reply),
                              (GDestroyNotify) tern_imap_reply_free);
      g_task_return_error (task, g_error_copy (error));
    }
  else
    g_task_return_pointer (task, g_steal_pointer (&command->reply),
                           (GDestroyNotify) tern_imap_reply_free);
}

typedef struct
{
  TernImapSession *session;
  TernImapCommand *command;
} Watch;

/* The caller gave up. What is not sent is not sent; what is in flight comes to its end, and what
 * the server says is still taken in. The socket has nothing to do with it. */
static gboolean
on_cancelled (GCancellable *cancellable, gpointer data)
{
  Watch *watch = data;
  g_autoptr (TernImapSession) session = g_object_ref (watch->session);
  TernImapCommand *command = watch->command;
  g_autoptr (GError) error = tern_fault_new (TERN_FAULT_CANCELLED, _ ("Cancelled."));

  tern_imap_session_clear_source (&command->cancel_source);
  command->abandoned = TRUE;
  if (tern_imap_queue_withdraw (&session->queue, command) != NULL)
    {
      tern_imap_command_finish (command, error);
      tern_imap_command_free (command);
      tern_imap_session_pump (session);
    }
  else
    tern_imap_command_finish (command, error);
  return G_SOURCE_REMOVE;
}

static void
watch_cancellable (TernImapSession *self, TernImapCommand *command, GCancellable *cancellable)
{
  Watch *watch;

  if (cancellable == NULL)
    return;
  watch = g_new (Watch, 1);
  watch->session = self;
  watch->command = command;
  command->cancellable = g_object_ref (cancellable);
  command->cancel_source = g_cancellable_source_new (cancellable);
  g_source_set_callback (command->cancel_source, G_SOURCE_FUNC (on_cancelled), watch, g_free);
  g_source_attach (command->cancel_source, self->context);
}

static TernImapCommand *
new_command (TernImapSession *self,
             TernImapVerb verb,
             GCancellable *cancellable,
             GAsyncReadyCallback callback,
             gpointer user_data,
             gpointer source_tag)
{
  GTask *task = g_task_new (self, NULL, callback, user_data);
  TernImapCommand *command = tern_imap_command_new (verb, task_done, task);

  g_task_set_source_tag (task, source_tag);
  watch_cancellable (self, command, cancellable);
  return command;
}

/* For what happens in the mailbox that is selected when everything before it is done. */
static TernImapCommand *
new_bound_command (TernImapSession *self,
                   TernImapVerb verb,
                   GCancellable *cancellable,
                   GAsyncReadyCallback callback,
                   gpointer user_data,
                   gpointer source_tag)
{
  TernImapCommand *command = new_command (self, verb, cancellable, callback, user_data, source_tag);

  /* Without any SELECT so far there is no such mailbox, and generation 0 means "needs none". */
  command->generation = self->last_generation != 0 ? self->last_generation : G_MAXUINT;
  if (self->last_name != NULL)
    command->mailbox = g_strdup (self->last_name);
  return command;
}

TernImapReply *
tern_imap_session_command_finish (TernImapSession *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

const TernImapReply *
tern_imap_session_command_get_done (GAsyncResult *result)
{
  return g_task_get_task_data (G_TASK (result));
}

static void
add_mailbox (TernImapSession *self, TernImapCommand *command, const char *mailbox)
{
  if (command->mailbox == NULL)
    command->mailbox = g_strdup (mailbox);
  tern_imap_session_add_name (self, command, mailbox);
}

/* One about @mailbox, which need not be the selected one. */
static TernImapCommand *
new_about (TernImapSession *self,
           const char *verb,
           const char *mailbox,
           GCancellable *cancellable,
           GAsyncReadyCallback callback,
           gpointer user_data,
           gpointer source_tag)
{
  TernImapCommand *command =
      new_command (self, TERN_IMAP_VERB_INFORM, cancellable, callback, user_data, source_tag);

  tern_imap_command_add (command, "%s ", verb);
  add_mailbox (self, command, mailbox);
  return command;
}

void
tern_imap_session_full_status_async (TernImapSession *self,
                                     const char *mailbox,
                                     GCancellable *cancellable,
                                     GAsyncReadyCallback callback,
                                     gpointer user_data)
{
  TernImapCommand *command = new_about (self, "STATUS", mailbox, cancellable, callback, user_data,
                                        tern_imap_session_full_status_async);

  tern_imap_command_add (command, " ");
  tern_imap_session_add_status_items (self, command);
  tern_imap_command_add (command, ")");
  tern_imap_session_enqueue (self, command);
}

void
tern_imap_session_status_async (TernImapSession *self,
                                const char *mailbox,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer user_data)
{
  TernImapCommand *command = new_about (self, "STATUS", mailbox, cancellable, callback, user_data,
                                        tern_imap_session_status_async);

  command->counts = g_strdup (mailbox);
  command->reply->messages = -1;
  tern_imap_command_add (command, " (MESSAGES)");
  tern_imap_session_enqueue (self, command);
}

void
tern_imap_session_select_async (TernImapSession *self,
                                const char *mailbox,
                                gboolean read_only,
                                guint32 uidvalidity,
                                guint64 modseq,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer user_data)
{
  TernImapCommand *command = new_command (self, TERN_IMAP_VERB_SELECT, cancellable, callback,
                                          user_data, tern_imap_session_select_async);

  /* The same again: ends when the one before it did, without a word to the server. */
  if (self->last_name == NULL || strcmp (self->last_name, mailbox) != 0
      || self->last_read_only != read_only || self->selected.mailbox.doubtful)
    {
      self->selected.mailbox.doubtful = FALSE;
      g_free (self->last_name);
      self->last_name = g_strdup (mailbox);
      self->last_read_only = read_only;
      self->last_generation++;
    }
  command->generation = self->last_generation;
  command->read_only = read_only;
  tern_imap_command_add (command, read_only ? "EXAMINE " : "SELECT ");
  add_mailbox (self, command, mailbox);
  if (self->qresync && uidvalidity != 0 && modseq != 0)
    {
      tern_imap_session_use (self, "QRESYNC");
      tern_imap_command_add (command, " (QRESYNC (%u %" G_GUINT64_FORMAT "))", uidvalidity, modseq);
    }
  else if (self->caps & TERN_IMAP_CAP_CONDSTORE)
    {
      tern_imap_session_use (self, "CONDSTORE");
      tern_imap_command_add (command, " (CONDSTORE)");
    }
  tern_imap_session_enqueue (self, command);
}

void
tern_imap_session_fetch_async (TernImapSession *self,
                               const char *set,
                               TernImapFetchItems items,
                               guint64 changed_since,
                               GCancellable *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer user_data)
{
  TernImapCommand *command = new_bound_command (self, TERN_IMAP_VERB_FETCH, cancellable, callback,
                                                user_data, tern_imap_session_fetch_async);

  command->set = g_strdup (set);
  command->items = items;
  command->changed_since = changed_since;
  tern_imap_session_write_fetch (self, command);
  tern_imap_session_enqueue (self, command);
}

void
tern_imap_session_fetch_body_async (TernImapSession *self,
                                    guint32 uid,
                                    const char *section,
                                    guint64 size,
                                    GCancellable *cancellable,
                                    GAsyncReadyCallback callback,
                                    gpointer user_data)
{
  TernImapCommand *command = new_bound_command (self, TERN_IMAP_VERB_FETCH, cancellable, callback,
                                                user_data, tern_imap_session_fetch_body_async);

  command->body_uid = uid;
  command->body_section = g_strdup (section);
  command->body_size = size;
  tern_imap_command_add (command, "UID FETCH %u (UID BODY.PEEK[%s])", uid, section);
  tern_imap_session_enqueue (self, command);
}

void
tern_imap_session_fetch_bodies_async (TernImapSession *self,
                                      const guint32 *uids,
                                      gsize n,
                                      const char *section,
                                      guint64 size,
                                      guint64 room,
                                      GCancellable *cancellable,
                                      GAsyncReadyCallback callback,
                                      gpointer user_data)
{
  TernImapCommand *command = new_bound_command (self, TERN_IMAP_VERB_FETCH, cancellable, callback,
                                                user_data, tern_imap_session_fetch_bodies_async);
  g_autofree char *set = tern_imap_set_format (uids, n);

  command->body_uids = g_hash_table_new (NULL, NULL);
  for (gsize i = 0; i < n; i++)
    g_hash_table_add (command->body_uids, GUINT_TO_POINTER (uids[i]));
  command->reply->bodies = g_hash_table_new_full (NULL, NULL, NULL, (GDestroyNotify) g_bytes_unref);
  command->body_section = g_strdup (section);
  command->body_size = size;
  command->body_room = room;
  tern_imap_command_add (command, "UID FETCH %s (UID BODY.PEEK[%s])", set, section);
  tern_imap_session_enqueue (self, command);
}

void
tern_imap_session_fetch_range_async (TernImapSession *self,
                                     guint32 uid,
                                     const char *section,
                                     guint64 offset,
                                     guint32 length,
                                     gboolean decoded,
                                     GCancellable *cancellable,
                                     GAsyncReadyCallback callback,
                                     gpointer user_data)
{
  TernImapCommand *command;

  g_return_if_fail (length > 0 && length <= TERN_LIMIT_IMAP_BODY && offset < G_MAXINT64);
  command = new_bound_command (self, TERN_IMAP_VERB_FETCH, cancellable, callback, user_data,
                               tern_imap_session_fetch_range_async);
  command->body_uid = uid;
  command->body_section = g_strdup (section);
  command->body_offset = offset;
  command->body_length = length;
  command->body_decoded = decoded;
  if (decoded)
    tern_imap_session_use (self, "BINARY");
  tern_imap_command_add (command, "UID FETCH %u (UID %s.PEEK[%s]<%" G_GUINT64_FORMAT ".%u>)", uid,
                         decoded ? "BINARY" : "BODY", section, offset, length);
  tern_imap_session_enqueue (self, command);
}

void
tern_imap_session_search_async (TernImapSession *self,
                                const char *criteria,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer user_data)
{
  TernImapCommand *command = new_bound_command (self, TERN_IMAP_VERB_SEARCH, cancellable, callback,
                                                user_data, tern_imap_session_search_async);
  gboolean extended = (self->caps & TERN_IMAP_CAP_ESEARCH) != 0;

  command->plain_search = !extended;
  if (extended)
    tern_imap_session_use (self, "ESEARCH");
  command->search_all = strcmp (criteria, "ALL") == 0;
  command->n_expunged = self->selected.n_expunged;
  tern_imap_command_add (command, "UID SEARCH %s", extended ? "RETURN (ALL) " : "");
  tern_imap_command_add_set (command, "1:*");
  tern_imap_command_add (command, "%s", criteria);
  tern_imap_session_enqueue (self, command);
}

static char *
format_flags (TernFlags flags, const char *keywords)
{
  GString *text = g_string_new (NULL);

  for (guint bit = 0; bit < 32; bit++)
    if (flags & 1u << bit)
      {
        const char *name = tern_flag_to_imap (1u << bit);

        if (name != NULL)
          g_string_append_printf (text, "%s%s", text->len > 0 ? " " : "", name);
      }
  if (keywords != NULL && *keywords != '\0')
    g_string_append_printf (text, "%s%s", text->len > 0 ? " " : "", keywords);
  return g_string_free (text, FALSE);
}

void
tern_imap_session_store_async (TernImapSession *self,
                               const char *set,
                               gboolean add,
                               TernFlags flags,
                               const char *keywords,
                               GCancellable *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer user_data)
{
  TernImapCommand *command = new_bound_command (self, TERN_IMAP_VERB_STORE, cancellable, callback,
                                                user_data, tern_imap_session_store_async);
  g_autofree char *names = format_flags (flags, keywords);

  tern_imap_command_add (command, "UID STORE ");
  tern_imap_session_add_part (self, command, set);
  tern_imap_command_add (command, " %cFLAGS.SILENT (%s)", add ? '+' : '-', names);
  tern_imap_session_enqueue (self, command);
}

void
tern_imap_session_copy_async (TernImapSession *self,
                              const char *set,
                              const char *mailbox,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data)
{
  TernImapCommand *command = new_bound_command (self, TERN_IMAP_VERB_CHANGE, cancellable, callback,
                                                user_data, tern_imap_session_copy_async);

  g_clear_pointer (&command->mailbox, g_free);
  tern_imap_command_add (command, "UID COPY ");
  tern_imap_session_add_part (self, command, set);
  tern_imap_command_add (command, " ");
  add_mailbox (self, command, mailbox);
  tern_imap_session_enqueue (self, command);
}

void
tern_imap_session_move_async (TernImapSession *self,
                              const char *set,
                              const char *mailbox,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data)
{
  TernImapCommand *command = new_bound_command (self, TERN_IMAP_VERB_CHANGE, cancellable, callback,
                                                user_data, tern_imap_session_move_async);

  g_clear_pointer (&command->mailbox, g_free);
  command->is_move = TRUE;
  tern_imap_session_use (self, "MOVE");
  tern_imap_command_add (command, "UID MOVE ");
  tern_imap_session_add_part (self, command, set);
  tern_imap_command_add (command, " ");
  add_mailbox (self, command, mailbox);
  tern_imap_session_enqueue (self, command);
}

void
tern_imap_session_expunge_async (TernImapSession *self,
                                 const char *set,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data)
{
  TernImapCommand *command = new_bound_command (self, TERN_IMAP_VERB_CHANGE, cancellable, callback,
                                                user_data, tern_imap_session_expunge_async);

  tern_imap_session_use (self, "UIDPLUS");
  tern_imap_command_add (command, "UID EXPUNGE ");
  tern_imap_session_add_part (self, command, set);
  tern_imap_session_enqueue (self, command);
}

void
tern_imap_session_append_async (TernImapSession *self,
                                const char *mailbox,
                                GBytes *message,
                                TernFlags flags,
                                const char *keywords,
                                gint64 date,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer user_data)
{
  TernImapCommand *command = new_command (self, TERN_IMAP_VERB_APPEND, cancellable, callback,
                                          user_data, tern_imap_session_append_async);
  g_autofree char *names = format_flags (flags, keywords);

  tern_imap_command_add (command, "APPEND ");
  add_mailbox (self, command, mailbox);
  tern_imap_command_add (command, " (%s) ", names);
  if (date != 0)
    {
      g_autofree char *text = tern_imap_format_internal_date (date);

      tern_imap_command_add (command, "\"%s\" ", text);
    }
  tern_imap_session_add_message (self, command, message);
  tern_imap_session_enqueue (self, command);
}

static const char *
special_use (TernRole role)
{
  switch (role)
    {
    case TERN_ROLE_SENT:
      return "\\Sent";
    case TERN_ROLE_DRAFTS:
      return "\\Drafts";
    case TERN_ROLE_TRASH:
      return "\\Trash";
    case TERN_ROLE_JUNK:
      return "\\Junk";
    case TERN_ROLE_ARCHIVE:
      return "\\Archive";
    case TERN_ROLE_NONE:
    case TERN_ROLE_INBOX:
    case TERN_ROLE_OUTBOX:
    case TERN_ROLE_ALL:
    case TERN_ROLE_FLAGGED:
    case TERN_ROLE_IMPORTANT:
    default:
      return NULL;
    }
}

void
tern_imap_session_create_async (TernImapSession *self,
                                const char *mailbox,
                                TernRole role,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer user_data)
{
  TernImapCommand *command = new_about (self, "CREATE", mailbox, cancellable, callback, user_data,
                                        tern_imap_session_create_async);
  const char *use = special_use (role);

  if (use != NULL && self->caps & TERN_IMAP_CAP_CREATE_SPECIAL_USE)
    {
      tern_imap_session_use (self, "CREATE-SPECIAL-USE");
      tern_imap_command_add (command, " (USE (%s))", use);
    }
  tern_imap_session_enqueue (self, command);
}

void
tern_imap_session_rename_async (TernImapSession *self,
                                const char *mailbox,
                                const char *name,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer user_data)
{
  TernImapCommand *command = new_about (self, "RENAME", mailbox, cancellable, callback, user_data,
                                        tern_imap_session_rename_async);

  tern_imap_command_add (command, " ");
  tern_imap_session_add_name (self, command, name);
  tern_imap_session_enqueue (self, command);
}

void
tern_imap_session_delete_async (TernImapSession *self,
                                const char *mailbox,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer user_data)
{
  TernImapCommand *command = new_about (self, "DELETE", mailbox, cancellable, callback, user_data,
                                        tern_imap_session_delete_async);

  tern_imap_session_enqueue (self, command);
}

void
tern_imap_session_subscribe_async (TernImapSession *self,
                                   const char *mailbox,
                                   gboolean subscribed,
                                   GCancellable *cancellable,
                                   GAsyncReadyCallback callback,
                                   gpointer user_data)
{
  TernImapCommand *command =
      new_about (self, subscribed ? "SUBSCRIBE" : "UNSUBSCRIBE", mailbox, cancellable, callback,
                 user_data, tern_imap_session_subscribe_async);

  tern_imap_session_enqueue (self, command);
}

void
tern_imap_session_look_async (TernImapSession *self,
                              const char *mailbox,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data)
{
  TernImapCommand *command = new_about (self, "LIST \"\"", mailbox, cancellable, callback,
                                        user_data, tern_imap_session_look_async);

  command->looks_for = g_strdup (mailbox);
  tern_imap_session_enqueue (self, command);
}

void
tern_imap_session_look_below_async (TernImapSession *self,
                                    const char *mailbox,
                                    char delimiter,
                                    GCancellable *cancellable,
                                    GAsyncReadyCallback callback,
                                    gpointer user_data)
{
  g_autofree char *pattern = g_strdup_printf ("%s%c*", mailbox, delimiter);
  TernImapCommand *command = new_about (self, "LIST \"\"", pattern, cancellable, callback,
                                        user_data, tern_imap_session_look_below_async);

  command->looks_for = g_strdup_printf ("%s%c", mailbox, delimiter);
  command->looks_below = TRUE;
  tern_imap_session_enqueue (self, command);
}

void
tern_imap_session_quota_async (TernImapSession *self,
                               const char *mailbox,
                               GCancellable *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer user_data)
{
  TernImapCommand *command = new_about (self, "GETQUOTAROOT", mailbox, cancellable, callback,
                                        user_data, tern_imap_session_quota_async);

  tern_imap_session_use (self, "QUOTA");
  tern_imap_session_enqueue (self, command);
}

void
tern_imap_session_my_rights_async (TernImapSession *self,
                                   const char *mailbox,
                                   GCancellable *cancellable,
                                   GAsyncReadyCallback callback,
                                   gpointer user_data)
{
  TernImapCommand *command = new_about (self, "MYRIGHTS", mailbox, cancellable, callback, user_data,
                                        tern_imap_session_my_rights_async);

  tern_imap_session_use (self, "ACL");
  tern_imap_session_enqueue (self, command);
}

void
tern_imap_session_comments_async (TernImapSession *self,
                                  const char *mailbox,
                                  GCancellable *cancellable,
                                  GAsyncReadyCallback callback,
                                  gpointer user_data)
{
  TernImapCommand *command = new_about (self, "GETMETADATA (MAXSIZE 2048)", mailbox, cancellable,
                                        callback, user_data, tern_imap_session_comments_async);

  tern_imap_session_use (self, "METADATA");
  tern_imap_command_add (command, " (/shared/comment /shared/admin)");
  tern_imap_session_enqueue (self, command);
}

void
tern_imap_session_noop_async (TernImapSession *self,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data)
{
  TernImapCommand *command = new_command (self, TERN_IMAP_VERB_NOOP, cancellable, callback,
                                          user_data, tern_imap_session_noop_async);

  tern_imap_command_add (command, "NOOP");
  tern_imap_session_enqueue (self, command);
}

void
tern_imap_session_notify_async (TernImapSession *self,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer user_data)
{
  TernImapCommand *command = new_command (self, TERN_IMAP_VERB_INFORM, cancellable, callback,
                                          user_data, tern_imap_session_notify_async);

  tern_imap_session_use (self, "NOTIFY");
  tern_imap_command_add (command, "NOTIFY SET STATUS"
                                  " (SELECTED (MessageNew MessageExpunge FlagChange))"
                                  " (PERSONAL (MessageNew MessageExpunge FlagChange MailboxName))");
  tern_imap_session_enqueue (self, command);
}
