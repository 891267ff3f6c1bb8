/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-imap-ops-private.h"

#include <glib/gi18n.h>
#include <string.h>

/*
 * What of an operation was done before: what is at its target already, what its source still has,
 * and whether both are the same.
 */

/* Only what is plain in a quoted string is looked for; the rest counts as not found. */
static gboolean
is_searchable (const char *message_id)
{
  if (message_id == NULL || *message_id == '\0' || strlen (message_id) > 998)
    return FALSE;
  for (const char *p = message_id; *p != '\0'; p++)
    if (*p <= ' ' || *p >= 0x7f || *p == '"' || *p == '\\')
      return FALSE;
  return TRUE;
}

static void
found_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TernImapOps *self = user_data;
  GError *error = NULL;
  g_autoptr (TernImapReply) reply =
      tern_imap_session_command_finish (TERN_IMAP_SESSION (source), result, &error);

  if (reply == NULL)
    self->error = error;
  else if (reply->uids != NULL && reply->uids->len > 0)
    {
      const TernImapMailbox *mailbox = tern_imap_session_get_mailbox (tern_imap_ops_session (self));
      guint32 uidvalidity = mailbox != NULL ? mailbox->uidvalidity : 0;
      guint32 target = g_array_index (reply->uids, guint32, reply->uids->len - 1);

      self->same_epoch =
          self->op->target->uidvalidity != 0 && tern_imap_ops_knows_target (self, uidvalidity);
      if (self->op->kind == TERN_OP_APPEND)
        {
          self->step = TERN_OPS_STEP_DONE;
          if (self->same_epoch)
            tern_imap_ops_add_pair (self, 0, target);
        }
      /* A copy that was there before we began is not ours. */
      else if (uidvalidity != self->op->target_uidvalidity || target >= self->op->target_uidnext)
        g_array_index (self->found, guint32, self->finding) = target;
    }
  self->finding++;
  tern_imap_ops_advance (self);
}

/* What the copy of message @index must be like; NULL when it cannot be told from another one.
 * RFC 3501 section 6.4.4 has no "exactly as large as". */
static char *
format_criteria (TernImapOps *self, guint index, guint32 uid)
{
  const char *message_id = g_ptr_array_index (self->op->message_ids, index);
  guint32 size = g_array_index (self->op->sizes, guint32, index);

  if (self->op->kind == TERN_OP_APPEND)
    return is_searchable (message_id) ? g_strdup_printf ("HEADER Message-ID \"%s\"", message_id)
                                      : NULL;
  if (size == 0 || size == G_MAXUINT32)
    return NULL;
  if (uid != 0)
    return g_strdup_printf ("UID %u LARGER %u SMALLER %u", uid, size - 1, size + 1);
  if (is_searchable (message_id))
    return g_strdup_printf ("HEADER Message-ID \"%s\" LARGER %u SMALLER %u", message_id, size - 1,
                            size + 1);
  return NULL;
}

void
tern_imap_ops_find (TernImapOps *self)
{
  while (self->finding < self->op->message_ids->len)
    {
      guint32 known = g_array_index (self->op->known, guint32, self->finding);
      g_autofree char *criteria = format_criteria (self, self->finding, known);

      if (criteria == NULL)
        {
          self->finding++;
          continue;
        }
      tern_imap_session_search_async (tern_imap_ops_session (self), criteria, NULL, found_cb, self);
      return;
    }
  self->step = TERN_OPS_STEP_SELECT;
  tern_imap_ops_advance (self);
}

/* @left is what the source still has. */
static void
after_still_there (TernImapOps *self)
{
  if (self->step == TERN_OPS_STEP_STILL_THERE)
    {
      self->step = TERN_OPS_STEP_COMPARE;
      self->finding = 0;
    }
  else if (self->left->len == 0)
    self->step = TERN_OPS_STEP_DONE;
  else if (!self->again)
    {
      self->again = TRUE;
      self->step = TERN_OPS_STEP_ACT;
    }
  else
    self->error = tern_fault_new (
        TERN_FAULT_UNAVAILABLE,
        _ ("The server said that it moved messages of the folder “%s”, and did not."),
        self->op->source->path);
}

static void
still_there_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TernImapOps *self = user_data;
  GError *error = NULL;
  g_autoptr (GHashTable) there = g_hash_table_new (NULL, NULL);
  g_autoptr (TernImapReply) reply =
      tern_imap_session_command_finish (TERN_IMAP_SESSION (source), result, &error);

  if (reply == NULL)
    {
      self->error = error;
      tern_imap_ops_advance (self);
      return;
    }
  for (guint i = 0; reply->uids != NULL && i < reply->uids->len; i++)
    g_hash_table_add (there, GUINT_TO_POINTER (g_array_index (reply->uids, guint32, i)));
  for (guint i = self->left->len; i > 0; i--)
    {
      guint32 uid = g_array_index (self->left, guint32, i - 1);

      if (g_hash_table_contains (there, GUINT_TO_POINTER (uid)))
        continue;
      g_array_remove_index (self->left, i - 1);
      tern_imap_ops_drop (self->to_copy, uid);
    }
  after_still_there (self);
  tern_imap_ops_advance (self);
}

void
tern_imap_ops_look_at_source (TernImapOps *self)
{
  g_autofree char *set =
      tern_imap_set_format (&g_array_index (self->left, guint32, 0), self->left->len);
  g_autofree char *criteria = g_strdup_printf ("UID %s", set);

  tern_imap_session_search_async (tern_imap_ops_session (self), criteria, NULL, still_there_cb,
                                  self);
}

/* Message @finding is at the target. */
static void
take_found (TernImapOps *self)
{
  guint32 source = g_array_index (self->op->uids, guint32, self->finding);

  tern_imap_ops_drop (self->to_copy, source);
  if (self->same_epoch)
    tern_imap_ops_add_pair (self, source, g_array_index (self->found, guint32, self->finding));
}

static void
compared_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TernImapOps *self = user_data;
  GError *error = NULL;
  g_autoptr (TernImapReply) reply =
      tern_imap_session_command_finish (TERN_IMAP_SESSION (source), result, &error);

  if (reply == NULL)
    self->error = error;
  else if (reply->uids != NULL && reply->uids->len > 0)
    take_found (self);
  self->finding++;
  tern_imap_ops_advance (self);
}

void
tern_imap_ops_compare (TernImapOps *self)
{
  for (; self->finding < self->op->uids->len; self->finding++)
    {
      guint32 uid = g_array_index (self->op->uids, guint32, self->finding);
      g_autofree char *criteria = NULL;

      if (g_array_index (self->found, guint32, self->finding) == 0)
        continue;
      if (tern_imap_ops_has (self->left, uid))
        {
          criteria = format_criteria (self, self->finding, uid);
          tern_imap_session_search_async (tern_imap_ops_session (self), criteria, NULL, compared_cb,
                                          self);
          return;
        }
      take_found (self);
    }
  self->step = TERN_OPS_STEP_ACT;
  tern_imap_ops_advance (self);
}
