/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-mime-message.h"
#include "tern-mime-text.h"
#include "tern-mime-tree.h"
#include "tern-mime-body-private.h"

#include "tern-limits.h"

#include <string.h>

static const char *
raw_value (GMimeHeader *header)
{
  const char *value = g_mime_header_get_raw_value (header);

  return value != NULL ? value : "";
}

static void
append_addresses (GPtrArray *to, const char *raw)
{
  g_autoptr (GPtrArray) list = tern_mime_parse_addresses (raw);

  /* A field that comes twice is against the rules; nobody is left out for it. */
  g_ptr_array_set_free_func (list, NULL);
  for (guint i = 0; i < list->len; i++)
    if (to->len < TERN_LIMIT_ADDRESSES)
      g_ptr_array_add (to, g_ptr_array_index (list, i));
    else
      tern_address_free (g_ptr_array_index (list, i));
}

static char *
first_id (const char *raw)
{
  g_auto (GStrv) ids = tern_mime_parse_references (raw, strlen (raw));

  return ids != NULL ? g_strdup (ids[0]) : NULL;
}

static void
read_field (TernMessageFacts *facts, const char *name, const char *raw)
{
  const struct
  {
    const char *name;
    GPtrArray *list;
  } lists[] = { { "From", facts->from }, { "Sender", facts->sender },
                { "To", facts->to },     { "Cc", facts->cc },
                { "Bcc", facts->bcc },   { "Reply-To", facts->reply_to } };

  for (guint i = 0; i < G_N_ELEMENTS (lists); i++)
    if (g_ascii_strcasecmp (name, lists[i].name) == 0)
      append_addresses (lists[i].list, raw);
  if (g_ascii_strcasecmp (name, "Subject") == 0 && facts->subject == NULL)
    facts->subject = tern_mime_decode_header (raw, strlen (raw));
  else if (g_ascii_strcasecmp (name, "Date") == 0 && facts->date == 0)
    tern_mime_parse_date (raw, strlen (raw), &facts->date, &facts->date_offset);
  else if (g_ascii_strcasecmp (name, "Message-ID") == 0 && facts->message_id == NULL)
    facts->message_id = first_id (raw);
  else if (g_ascii_strcasecmp (name, "In-Reply-To") == 0 && facts->in_reply_to == NULL)
    facts->in_reply_to = first_id (raw);
  else if (g_ascii_strcasecmp (name, "References") == 0 && facts->references == NULL)
    facts->references = tern_mime_parse_references (raw, strlen (raw));
}

TernMessageFacts *
tern_mime_read_facts (GBytes *bytes)
{
  TernMessageFacts *facts = tern_message_facts_new ();
  g_autoptr (GMimeMessage) message = NULL;
  g_autoptr (TernMimeText) text = NULL;
  GMimeHeaderList *headers;

  g_return_val_if_fail (bytes != NULL, facts);

  facts->size = g_bytes_get_size (bytes);
  message = tern_mime_tree_parse (bytes);
  if (message != NULL)
    {
      headers = g_mime_object_get_header_list (GMIME_OBJECT (message));
      for (int i = 0; i < g_mime_header_list_get_count (headers); i++)
        {
          GMimeHeader *header = g_mime_header_list_get_header_at (headers, i);

          read_field (facts, g_mime_header_get_name (header), raw_value (header));
        }
    }
  if (facts->subject == NULL)
    facts->subject = g_strdup ("");
  text = tern_mime_body_read (message, &facts->structure);
  facts->attachments = tern_part_count_attachments (facts->structure);
  facts->preview = tern_mime_make_preview (text);
  return facts;
}

static void
free_pair (gpointer data)
{
  char **pair = data;

  g_free (pair[0]);
  g_free (pair[1]);
  g_free (pair);
}

GPtrArray *
tern_mime_read_headers (GBytes *bytes)
{
  GPtrArray *list = g_ptr_array_new_with_free_func (free_pair);
  g_autoptr (GMimeMessage) message = NULL;
  GMimeHeaderList *headers;

  g_return_val_if_fail (bytes != NULL, list);

  message = tern_mime_tree_parse (bytes);
  if (message == NULL)
    return list;
  headers = g_mime_object_get_header_list (GMIME_OBJECT (message));
  for (int i = 0; i < g_mime_header_list_get_count (headers); i++)
    {
      GMimeHeader *header = g_mime_header_list_get_header_at (headers, i);
      const char *name = g_mime_header_get_name (header);
      char **pair = g_new0 (char *, 2);

      pair[0] = tern_mime_decode_header (name, strlen (name));
      pair[1] = tern_mime_decode_header (raw_value (header), strlen (raw_value (header)));
      g_ptr_array_add (list, pair);
    }
  return list;
}

TernPart *
tern_mime_read_structure (GBytes *bytes)
{
  g_autoptr (GMimeMessage) message = NULL;

  g_return_val_if_fail (bytes != NULL, NULL);

  message = tern_mime_tree_parse (bytes);
  return tern_mime_tree_build (message, NULL);
}

TernMimeText *
tern_mime_read_text (GBytes *bytes)
{
  g_autoptr (GMimeMessage) message = NULL;

  g_return_val_if_fail (bytes != NULL, NULL);

  message = tern_mime_tree_parse (bytes);
  return tern_mime_body_read (message, NULL);
}

GBytes *
tern_mime_read_part (GBytes *bytes, const char *section)
{
  g_autoptr (GMimeMessage) message = NULL;
  g_autoptr (GHashTable) objects = NULL;
  g_autoptr (TernPart) root = NULL;
  GMimeObject *object;

  g_return_val_if_fail (bytes != NULL && section != NULL, NULL);

  if (*section == '\0')
    return g_bytes_ref (bytes);
  message = tern_mime_tree_parse (bytes);
  objects = g_hash_table_new (g_str_hash, g_str_equal);
  root = tern_mime_tree_build (message, objects);
  object = g_hash_table_lookup (objects, section);
  return object != NULL ? tern_mime_tree_content (object) : NULL;
}

gboolean
tern_mime_write_part (GBytes *bytes, const char *section, TernMimeSink sink, gpointer user_data)
{
  g_autoptr (GMimeMessage) message = NULL;
  g_autoptr (GHashTable) objects = NULL;
  g_autoptr (TernPart) root = NULL;
  GMimeObject *object;

  g_return_val_if_fail (bytes != NULL && section != NULL, FALSE);

  if (*section == '\0')
    return sink (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), user_data);
  message = tern_mime_tree_parse (bytes);
  objects = g_hash_table_new (g_str_hash, g_str_equal);
  root = tern_mime_tree_build (message, objects);
  object = g_hash_table_lookup (objects, section);
  return object != NULL && tern_mime_tree_write (object, sink, user_data);
}
