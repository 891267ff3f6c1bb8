/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-imap-command.h"

#include <string.h>

static void
part_free (gpointer data)
{
  TernImapPart *part = data;

  g_bytes_unref (part->bytes);
  g_free (part);
}

TernImapCommand *
tern_imap_command_new (TernImapVerb verb, TernImapCommandDone done, gpointer data)
{
  TernImapCommand *self = g_new0 (TernImapCommand, 1);

  self->verb = verb;
  self->parts = g_ptr_array_new_with_free_func (part_free);
  self->reply = g_new0 (TernImapReply, 1);
  self->done = done;
  self->data = data;
  return self;
}

void
tern_imap_command_free (TernImapCommand *self)
{
  if (self->cancel_source != NULL)
    {
      g_source_destroy (self->cancel_source);
      g_source_unref (self->cancel_source);
    }
  g_clear_object (&self->cancellable);
  g_free (self->mailbox);
  g_free (self->body_section);
  g_clear_pointer (&self->body_uids, g_hash_table_unref);
  g_free (self->set);
  g_free (self->rest);
  g_free (self->looks_for);
  g_free (self->counts);
  g_ptr_array_unref (self->parts);
  g_clear_pointer (&self->reply, tern_imap_reply_free);
  g_free (self);
}

static void
add_part (TernImapCommand *self, GBytes *bytes, gboolean literal)
{
  TernImapPart *part = g_new (TernImapPart, 1);

  part->bytes = bytes;
  part->literal = literal;
  self->size += g_bytes_get_size (bytes);
  g_ptr_array_add (self->parts, part);
}

void
tern_imap_command_add (TernImapCommand *self, const char *format, ...)
{
  va_list args;
  char *text;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  add_part (self, g_bytes_new_take (text, strlen (text)), FALSE);
}

/* A search is of all, until it is only of those that are left. */
static char *
format_set (const TernImapCommand *self)
{
  if (self->verb != TERN_IMAP_VERB_SEARCH)
    return g_strdup (self->set);
  return strcmp (self->set, "1:*") == 0 ? g_strdup ("") : g_strdup_printf ("UID %s ", self->set);
}

void
tern_imap_command_add_set (TernImapCommand *self, const char *set)
{
  g_autofree char *kept = g_strdup (set); /* it may be the one that is here already */
  g_autofree char *text = NULL;

  g_free (self->set);
  self->set = g_steal_pointer (&kept);
  self->set_part = self->parts->len;
  text = format_set (self);
  tern_imap_command_add (self, "%s", text);
}

void
tern_imap_command_replace_set (TernImapCommand *self, const char *set)
{
  TernImapPart *part = g_ptr_array_index (self->parts, self->set_part);
  g_autofree char *kept = g_strdup (set);
  char *text;

  g_free (self->set);
  self->set = g_steal_pointer (&kept);
  text = format_set (self);
  self->size -= g_bytes_get_size (part->bytes);
  g_bytes_unref (part->bytes);
  part->bytes = g_bytes_new_take (text, strlen (text));
  self->size += g_bytes_get_size (part->bytes);
}

static gboolean
can_quote (const char *string, gboolean utf8)
{
  gsize length = 0;

  for (const char *p = string; *p != '\0'; p++, length++)
    if ((guchar) *p < 0x20 || *p == 0x7f || ((guchar) *p > 0x7f && !utf8))
      return FALSE;
  return length < 1000 && (!utf8 || g_utf8_validate (string, length, NULL));
}

void
tern_imap_command_add_string (TernImapCommand *self, const char *string)
{
  tern_imap_command_add_text (self, string, FALSE);
}

void
tern_imap_command_add_text (TernImapCommand *self, const char *string, gboolean utf8)
{
  GString *quoted;

  if (!can_quote (string, utf8))
    {
      tern_imap_command_add_literal (self, g_bytes_new (string, strlen (string)));
      return;
    }
  quoted = g_string_new ("\"");
  for (const char *p = string; *p != '\0'; p++)
    {
      if (*p == '"' || *p == '\\')
        g_string_append_c (quoted, '\\');
      g_string_append_c (quoted, *p);
    }
  g_string_append_c (quoted, '"');
  add_part (self, g_string_free_to_bytes (quoted), FALSE);
}

void
tern_imap_command_add_literal (TernImapCommand *self, GBytes *bytes)
{
  add_part (self, bytes, TRUE);
}

gboolean
tern_imap_command_is_one_line (TernImapCommand *self)
{
  for (guint i = 0; i < self->parts->len; i++)
    {
      TernImapPart *part = g_ptr_array_index (self->parts, i);
      gsize size;
      const char *text = g_bytes_get_data (part->bytes, &size);

      if (!part->literal && size > 0
          && (memchr (text, '\r', size) != NULL || memchr (text, '\n', size) != NULL))
        return FALSE;
    }
  return TRUE;
}

static void
forget_reply (TernImapCommand *self)
{
  self->next_part = 0;
  tern_imap_reply_free (self->reply);
  self->reply = g_new0 (TernImapReply, 1);
}

void
tern_imap_command_rewind (TernImapCommand *self)
{
  g_ptr_array_set_size (self->parts, 0);
  self->size = 0;
  forget_reply (self);
}

static void
remove_part (TernImapCommand *self, guint index)
{
  const TernImapPart *part = g_ptr_array_index (self->parts, index);

  self->size -= g_bytes_get_size (part->bytes);
  g_ptr_array_remove_index (self->parts, index);
}

void
tern_imap_command_unmark_message (TernImapCommand *self)
{
  remove_part (self, self->parts->len - 1);
  remove_part (self, self->parts->len - 2);
  forget_reply (self);
}

void
tern_imap_command_finish (TernImapCommand *self, const GError *error)
{
  TernImapCommandDone done = g_steal_pointer (&self->done);

  if (done != NULL)
    done (self, error, self->data);
}
