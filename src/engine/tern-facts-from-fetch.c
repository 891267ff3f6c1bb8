/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-facts-from-fetch-private.h"

#include <string.h>

#include "tern-limits.h"
#include "tern-mime-message.h"
#include "tern-mime-text.h"

/* Most header text is plain ASCII without an encoded word: that needs no decoder. */
static gboolean
is_plain (const char *data, gsize length)
{
  for (gsize i = 0; i < length; i++)
    {
      guchar c = data[i];

      if (c < 0x20 || c >= 0x7f || (c == '=' && i + 1 < length && data[i + 1] == '?'))
        return FALSE;
    }
  return TRUE;
}

static char *
decode (const TernImapSlice *slice)
{
  if (slice->data == NULL)
    return g_strdup ("");
  if (slice->length <= 998 && is_plain (slice->data, slice->length))
    {
      char *copy = g_strndup (slice->data, slice->length);

      return g_strstrip (copy);
    }
  return tern_mime_decode_header (slice->data, slice->length);
}

static char *
make_address (const TernImapAddress *raw)
{
  g_autofree char *joined = NULL;

  if (raw->host.data == NULL || raw->host.length == 0)
    joined = g_strndup (raw->mailbox.data, raw->mailbox.length);
  else
    {
      gsize length = 0;

      if (!g_size_checked_add (&length, raw->mailbox.length, raw->host.length)
          || length > TERN_LIMIT_MAILBOX_NAME)
        return NULL;
      joined = g_malloc (length + 2);
      memcpy (joined, raw->mailbox.data, raw->mailbox.length);
      joined[raw->mailbox.length] = '@';
      memcpy (joined + raw->mailbox.length + 1, raw->host.data, raw->host.length);
      joined[length + 1] = '\0';
      if (memchr (joined, '\0', length + 1) != NULL)
        return NULL;
    }
  if (is_plain (joined, strlen (joined)))
    return g_steal_pointer (&joined);
  return tern_mime_decode_header (joined, strlen (joined));
}

/* Groups come as a name without a host before, and NIL NIL after their members: the members stay,
 * the group's own name is left out. */
static void
add_addresses (GPtrArray *list, const TernImapAddress *raw, guint n)
{
  for (guint i = 0; i < MIN (n, TERN_LIMIT_ADDRESSES); i++)
    {
      g_autofree char *name = NULL;
      g_autofree char *address = NULL;

      if (raw[i].mailbox.data == NULL || raw[i].host.data == NULL)
        continue;
      name = decode (&raw[i].name);
      address = make_address (&raw[i]);
      if (address != NULL && *address != '\0')
        g_ptr_array_add (list, tern_address_new (name, address));
    }
}

/* "<a@b>" without the brackets; the first if there are several. NULL when there is none. */
static char *
first_id (const TernImapSlice *slice)
{
  const char *open, *close;
  g_auto (GStrv) ids = NULL;

  if (slice->data == NULL || slice->length == 0)
    return NULL;
  open = memchr (slice->data, '<', slice->length);
  close = open != NULL ? memchr (open, '>', slice->data + slice->length - open) : NULL;
  if (close != NULL && close > open + 1 && close - open <= 998
      && is_plain (open + 1, close - open - 1) && memchr (open, ' ', close - open) == NULL)
    return g_strndup (open + 1, close - open - 1);
  ids = tern_mime_parse_references (slice->data, slice->length);
  return ids != NULL ? g_strdup (ids[0]) : NULL;
}

/* The header fields as they came, "References: …" folded, followed by an empty line. */
static char **
parse_references (const TernImapSlice *slice)
{
  const char *colon;

  if (slice->data == NULL || slice->length < 4)
    return NULL;
  colon = memchr (slice->data, ':', slice->length);
  if (colon == NULL)
    return NULL;
  colon++;
  return tern_mime_parse_references (colon, slice->data + slice->length - colon);
}

static void
decode_filename (const TernPart *part, gpointer user_data)
{
  TernPart *writable = (TernPart *) part;

  if (writable->filename != NULL)
    {
      char *decoded = tern_mime_decode_filename (writable->filename);

      g_free (writable->filename);
      writable->filename = decoded;
    }
  writable->decoded = TRUE;
}

static void
take_structure (TernMessageFacts *facts, TernImapFetch *fetch)
{
  facts->structure = g_steal_pointer (&fetch->structure);
  if (facts->structure == NULL)
    return;
  tern_part_foreach (facts->structure, decode_filename, NULL);
  facts->attachments = tern_part_count_attachments (facts->structure);
}

char *
tern_labels_from_fetch (const TernImapFetch *fetch)
{
  g_auto (GStrv) names = NULL;

  if (fetch->labels == NULL)
    return NULL;
  names = g_strsplit (fetch->labels, "\n", -1);
  for (gsize i = 0; names[i] != NULL; i++)
    {
      char *decoded = tern_imap_utf7_decode (names[i], NULL);

      g_free (names[i]);
      names[i] = g_utf8_make_valid (decoded, -1);
      g_free (decoded);
    }
  return g_strjoinv ("\n", names);
}

TernMessageFacts *
tern_facts_from_fetch (TernImapFetch *fetch)
{
  TernMessageFacts *facts = tern_message_facts_new ();

  facts->uid = fetch->uid;
  facts->modseq = fetch->modseq;
  facts->flags = fetch->flags;
  facts->keywords = g_strdup (fetch->keywords);
  facts->labels = tern_labels_from_fetch (fetch);
  facts->received = fetch->internal_date;
  facts->saved = fetch->save_date;
  facts->size = fetch->size;
  if (fetch->date.data == NULL
      || !tern_mime_parse_date (fetch->date.data, fetch->date.length, &facts->date,
                                &facts->date_offset))
    {
      facts->date = 0;
      facts->date_offset = 0;
    }
  g_free (facts->subject);
  facts->subject = decode (&fetch->subject);
  facts->message_id = first_id (&fetch->message_id);
  if (fetch->preview.length > 0)
    facts->preview = tern_mime_clean_preview (fetch->preview.data, fetch->preview.length);
  if (fetch->email_id.data != NULL)
    facts->email_id = g_strndup (fetch->email_id.data, fetch->email_id.length);
  facts->in_reply_to = first_id (&fetch->in_reply_to);
  facts->references = parse_references (&fetch->references);
  add_addresses (facts->from, fetch->from, fetch->n_from);
  add_addresses (facts->sender, fetch->sender, fetch->n_sender);
  add_addresses (facts->reply_to, fetch->reply_to, fetch->n_reply_to);
  add_addresses (facts->to, fetch->to, fetch->n_to);
  add_addresses (facts->cc, fetch->cc, fetch->n_cc);
  add_addresses (facts->bcc, fetch->bcc, fetch->n_bcc);
  take_structure (facts, fetch);
  return facts;
}
