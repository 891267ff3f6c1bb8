/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-ctl-format.h"

static const char *
body_name (TernBodyState state)
{
  switch (state)
    {
    case TERN_BODY_HERE:
      return "here";
    case TERN_BODY_PARTIAL:
      return "partial";
    case TERN_BODY_ABSENT:
    default:
      return "absent";
    }
}

void
tern_ctl_format_addresses (TernCtlJson *json, const char *name, const GPtrArray *list)
{
  tern_ctl_json_open (json, name, '[');
  for (guint i = 0; list != NULL && i < list->len; i++)
    {
      const TernAddress *address = g_ptr_array_index (list, i);

      tern_ctl_json_open (json, NULL, '{');
      tern_ctl_json_string (json, "name", address->name);
      tern_ctl_json_string (json, "address", address->address);
      tern_ctl_json_close (json, '}');
    }
  tern_ctl_json_close (json, ']');
}

void
tern_ctl_format_flags (TernCtlJson *json, const char *name, TernFlags flags, const char *keywords)
{
  g_auto (GStrv) words = g_strsplit (keywords != NULL ? keywords : "", " ", -1);

  tern_ctl_json_open (json, name, '[');
  for (guint bit = 1; bit != 0 && bit <= (guint) flags; bit <<= 1)
    {
      const char *word = (guint) flags & bit ? tern_flag_to_json ((TernFlags) bit) : NULL;

      if (word != NULL)
        tern_ctl_json_string (json, NULL, word);
    }
  for (gsize i = 0; words[i] != NULL; i++)
    {
      if (*words[i] != '\0')
        tern_ctl_json_string (json, NULL, words[i]);
    }
  tern_ctl_json_close (json, ']');
}

void
tern_ctl_format_message (TernCtlJson *json,
                         const TernMessageRecord *record,
                         const char *account,
                         const char *folder)
{
  const TernMessageFacts *facts = record->facts;

  tern_ctl_json_int (json, "id", record->id);
  tern_ctl_json_string (json, "account", account);
  tern_ctl_json_string (json, "folder", folder);
  tern_ctl_json_int (json, "uid", facts->uid);
  tern_ctl_json_time (json, "date", facts->date, facts->date_offset);
  tern_ctl_json_time (json, "received", facts->received, 0);
  tern_ctl_format_addresses (json, "from", facts->from);
  tern_ctl_format_addresses (json, "to", facts->to);
  tern_ctl_format_addresses (json, "cc", facts->cc);
  tern_ctl_json_string (json, "subject", facts->subject);
  tern_ctl_json_string (json, "preview", facts->preview);
  tern_ctl_json_int (json, "size", (gint64) facts->size);
  tern_ctl_format_flags (json, "flags", record->flags, facts->keywords);
  tern_ctl_json_string (json, "message_id", facts->message_id);
  tern_ctl_json_int (json, "thread", record->thread);
  tern_ctl_json_string (json, "body", body_name (record->body_state));
}

char *
tern_ctl_format_local_time (gint64 seconds)
{
  g_autoptr (GDateTime) date = g_date_time_new_from_unix_local (seconds);

  return date != NULL ? g_date_time_format (date, "%Y-%m-%d %H:%M") : g_strdup ("?");
}

void
tern_ctl_format_message_line (GString *lines, const TernMessageRecord *record)
{
  const TernMessageFacts *facts = record->facts;
  const TernAddress *from = facts->from->len > 0 ? g_ptr_array_index (facts->from, 0) : NULL;
  g_autofree char *date = tern_ctl_format_local_time (record->sort_key);

  g_string_append_printf (
      lines, "%" TERN_ID_FORMAT "\t%c%c%c%c\t%s\t%s\t%s\n", record->id,
      record->flags & TERN_FLAG_SEEN ? ' ' : 'N', record->flags & TERN_FLAG_ANSWERED ? 'R' : ' ',
      record->flags & TERN_FLAG_FLAGGED ? '*' : ' ', facts->attachments > 0 ? '@' : ' ', date,
      from != NULL ? tern_address_get_display (from) : "", facts->subject);
}

static void
format_part_fields (TernCtlJson *json, const TernPart *part)
{
  g_autofree char *type = g_strconcat (part->type, "/", part->subtype, NULL);

  tern_ctl_json_string (json, "section", part->section);
  tern_ctl_json_string (json, "type", type);
  tern_ctl_json_string (json, "filename", part->filename);
  tern_ctl_json_string (json, "disposition", part->disposition);
  tern_ctl_json_int (json, "size", (gint64) part->size);
}

void
tern_ctl_format_part (TernCtlJson *json, const char *name, const TernPart *part)
{
  if (part == NULL)
    {
      tern_ctl_json_string (json, name, NULL);
      return;
    }
  tern_ctl_json_open (json, name, '{');
  format_part_fields (json, part);
  if (part->children != NULL)
    {
      tern_ctl_json_open (json, "children", '[');
      for (guint i = 0; i < part->children->len; i++)
        tern_ctl_format_part (json, NULL, g_ptr_array_index (part->children, i));
      tern_ctl_json_close (json, ']');
    }
  tern_ctl_json_close (json, '}');
}

static void
format_attachment (const TernPart *part, gpointer user_data)
{
  TernCtlJson *json = user_data;

  if (!tern_part_is_attachment (part))
    return;
  tern_ctl_json_open (json, NULL, '{');
  format_part_fields (json, part);
  tern_ctl_json_close (json, '}');
}

void
tern_ctl_format_attachments (TernCtlJson *json, const TernPart *root)
{
  tern_ctl_json_open (json, "attachments", '[');
  if (root != NULL)
    tern_part_foreach (root, format_attachment, json);
  tern_ctl_json_close (json, ']');
}

void
tern_ctl_format_outbox (TernCtlJson *json, const TernOutboxRecord *record, const char *account)
{
  tern_ctl_json_open (json, NULL, '{');
  tern_ctl_json_int (json, "outbox", record->id);
  tern_ctl_json_string (json, "account", account);
  tern_ctl_json_string (json, "state", tern_outbox_state_name (record->state));
  tern_ctl_json_string (json, "message_id", record->message_id);
  tern_ctl_json_string (json, "from", record->from);
  tern_ctl_json_string (json, "subject", record->subject);
  tern_ctl_json_int (json, "size", (gint64) record->size);
  tern_ctl_json_time (json, "queued", record->queued, 0);
  tern_ctl_json_int (json, "attempts", record->attempts);
  tern_ctl_json_string (json, "problem", record->fault);
  tern_ctl_json_string (json, "server_text", record->server_text);
  tern_ctl_json_open (json, "recipients", '[');
  for (guint i = 0; record->recipients != NULL && i < record->recipients->len; i++)
    {
      const TernRecipient *recipient = g_ptr_array_index (record->recipients, i);

      tern_ctl_json_open (json, NULL, '{');
      tern_ctl_json_string (json, "address", recipient->address);
      tern_ctl_json_string (json, "state", tern_outbox_state_name (recipient->state));
      tern_ctl_json_string (json, "server_text", recipient->server_text);
      tern_ctl_json_close (json, '}');
    }
  tern_ctl_json_close (json, ']');
  tern_ctl_json_close (json, '}');
}

void
tern_ctl_format_content (TernCtlJson *json, GBytes *bytes)
{
  gsize length;
  const char *data = g_bytes_get_data (bytes, &length);
  gboolean is_text = length == 0 || g_utf8_validate_len (data, length, NULL);
  g_autofree char *content =
      is_text ? g_strndup (data, length) : g_base64_encode ((const guchar *) data, length);

  tern_ctl_json_string (json, "encoding", is_text ? "utf-8" : "base64");
  tern_ctl_json_string (json, "content", content);
}

const char *
tern_ctl_format_account (GHashTable *ids, TernId row)
{
  return g_hash_table_lookup (ids, &row);
}

const char *
tern_ctl_format_account_state (TernAccountState state)
{
  switch (state)
    {
    case TERN_ACCOUNT_IDLE:
      return "idle";
    case TERN_ACCOUNT_CONNECTING:
      return "connecting";
    case TERN_ACCOUNT_SYNCING:
      return "syncing";
    case TERN_ACCOUNT_OFFLINE:
      return "offline";
    case TERN_ACCOUNT_REFUSED:
      return "refused";
    case TERN_ACCOUNT_DISABLED:
    default:
      return "disabled";
    }
}
