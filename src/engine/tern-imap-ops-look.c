/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-imap-ops-private.h"

#include <glib/gi18n.h>
#include <string.h>

/* Of a Message-ID; a command line has an end. */
#define LONGEST_ID 998
/* A part of one that is shorter than this is found in others. */
#define SHORTEST_PART 8

/*
 * What of an operation was done before: what is at its target already, what its source still has,
 * and whether both are the same.
 */

/* Of a Message-ID, what can be looked for in a quoted string: it counts as found where it is a part
 * (RFC 3501 section 6.4.4). NULL when that is too little to tell one message from another. */
static char *
dup_searchable (const char *message_id)
{
  const char *best = NULL;
  gsize longest = 0;
  gsize length = 0;

  for (const char *p = message_id; p != NULL && *p != '\0'; p++)
    {
      length = *p > ' ' && *p < 0x7f && *p != '"' && *p != '\\' ? length + 1 : 0;
      if (length > longest)
        {
          longest = length;
          best = p + 1 - length;
        }
    }
  if (best == NULL || longest > LONGEST_ID
      || (longest < SHORTEST_PART && longest < strlen (message_id)))
    return NULL;
  return g_strndup (best, longest);
}

static guint32
target_epoch (TernImapOps *self)
{
  const TernImapMailbox *mailbox = tern_imap_session_get_mailbox (tern_imap_ops_session (self));

  return mailbox != NULL ? mailbox->uidvalidity : 0;
}

/* What is older than the operation is told by its uid. */
static gboolean
knows_next (TernImapOps *self)
{
  return self->op->target_uidvalidity != 0 && self->op->target_uidnext != 0
         && self->op->target_uidvalidity == target_epoch (self);
}

/* Without a Message-ID the size alone has to do, for what needs no more: a MOVE would remove the
 * source for it, and is rather done twice. */
static gboolean
goes_by_size (TernImapOps *self, guint index)
{
  g_autofree char *id = dup_searchable (g_ptr_array_index (self->op->message_ids, index));

  return id == NULL && self->op->kind == TERN_OP_COPY
         && g_array_index (self->op->known, guint32, index) == 0;
}

/* Where uids tell nothing of their age, ours is there only if there are more than were there
 * before. What was there and went meanwhile lets us do a thing twice, which is better than to take
 * another one for ours and to remove the source. */
static gboolean
may_be_there (TernImapOps *self, const GArray *uids)
{
  guint32 twins = self->finding < self->op->twins->len
                      ? g_array_index (self->op->twins, guint32, self->finding)
                      : 0;
  guint32 others = 0;

  if (knows_next (self) || tern_imap_ops_is_filed_by_server (self))
    return TRUE;
  for (guint i = 0; i < uids->len; i++)
    others += !tern_imap_ops_has (self->found, g_array_index (uids, guint32, i));
  return others > twins;
}

/* The last of @uids that may be ours: not there before we began, and nobody else's. 0 for none. */
static guint32
choose (TernImapOps *self, const GArray *uids)
{
  if (uids != NULL && !may_be_there (self, uids))
    return 0;
  for (guint i = uids != NULL ? uids->len : 0; i > 0; i--)
    {
      guint32 uid = g_array_index (uids, guint32, i - 1);

      if ((!knows_next (self) || uid >= self->op->target_uidnext
           || tern_imap_ops_is_filed_by_server (self))
          && !tern_imap_ops_has (self->found, uid)
          && !(self->same_epoch && tern_imap_ops_has (self->op->taken, uid)))
        return uid;
    }
  return 0;
}

static void
found_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TernImapOps *self = user_data;
  GError *error = NULL;
  g_autoptr (TernImapReply) reply =
      tern_imap_session_command_finish (TERN_IMAP_SESSION (source), result, &error);
  guint32 target = 0;

  if (reply == NULL)
    self->error = error;
  else
    {
      self->same_epoch = self->op->target->uidvalidity != 0
                         && tern_imap_ops_knows_target (self, target_epoch (self));
      target = choose (self, reply->uids);
    }
  if (target != 0 && self->op->kind == TERN_OP_APPEND)
    {
      self->step = TERN_OPS_STEP_DONE;
      if (self->same_epoch)
        tern_imap_ops_add_pair (self, 0, target);
    }
  else if (target != 0)
    g_array_index (self->found, guint32, self->finding) = target;
  self->finding++;
  tern_imap_ops_advance (self);
}

/* A server may keep lines with other ends than those that it was sent, and one more at the end.
 * What it files by itself is what it has submitted, with lines of its own. */
static char *
format_appended (TernImapOps *self, const char *id)
{
  gsize length;
  const char *text = g_bytes_get_data (self->op->message, &length);
  gsize lines = 1;

  if (tern_imap_ops_is_filed_by_server (self))
    return g_strdup_printf ("HEADER Message-ID \"%s\"", id);
  for (gsize i = 0; i < length; i++)
    lines += text[i] == '\n';
  if (length > G_MAXUINT32 / 2)
    return NULL;
  return g_strdup_printf ("HEADER Message-ID \"%s\" LARGER %u SMALLER %u", id,
                          (guint) (length - MIN (length, lines + 1)), (guint) (length + lines + 1));
}

/* What the copy of message @index must be like; NULL when it cannot be told from another one.
 * RFC 3501 section 6.4.4 has no "exactly as large as". */
static char *
format_criteria (TernImapOps *self, guint index, guint32 uid)
{
  g_autofree char *id = dup_searchable (g_ptr_array_index (self->op->message_ids, index));
  guint32 size = g_array_index (self->op->sizes, guint32, index);

  if (self->op->kind == TERN_OP_APPEND)
    return id != NULL ? format_appended (self, id) : NULL;
  if (size == 0 || size == G_MAXUINT32)
    return NULL;
  if (uid != 0)
    return g_strdup_printf ("UID %u LARGER %u SMALLER %u", uid, size - 1, size + 1);
  if (id != NULL)
    return g_strdup_printf ("HEADER Message-ID \"%s\" LARGER %u SMALLER %u", id, size - 1,
                            size + 1);
  if (goes_by_size (self, index) && knows_next (self))
    return g_strdup_printf ("UID %u:* LARGER %u SMALLER %u", self->op->target_uidnext, size - 1,
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

/* Message @finding is at the target. Where only its size tells so, the next sync shall look closer
 * before it has that uid. */
static void
take_found (TernImapOps *self)
{
  guint32 source = g_array_index (self->op->uids, guint32, self->finding);

  tern_imap_ops_drop (self->to_copy, source);
  if (self->same_epoch && !goes_by_size (self, self->finding))
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
