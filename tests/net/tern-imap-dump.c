/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-imap-dump.h"

#include "tern-imap-data.h"
#include "tern-imap-fetch.h"
#include "tern-imap-set.h"

#include <string.h>

static void
append_bytes (GString *out, TernImapSlice slice)
{
  for (gsize i = 0; i < slice.length; i++)
    {
      guchar c = (guchar) slice.data[i];

      if (c < 0x20 || c > 0x7e)
        g_string_append_printf (out, "\\x%02x", c);
      else
        g_string_append_c (out, (char) c);
    }
}

static void
dump_range (TernImapParser *parser, guint first, guint end, GString *out)
{
  for (guint t = first; t < end; t = tern_imap_parser_after (parser, t))
    {
      const TernImapToken *token = &tern_imap_parser_get_tokens (parser)[t];

      if (t > first)
        g_string_append_c (out, ' ');
      switch ((TernImapTokenKind) token->kind)
        {
        case TERN_IMAP_TOKEN_NIL:
          g_string_append (out, "NIL");
          break;
        case TERN_IMAP_TOKEN_ATOM:
          append_bytes (out, tern_imap_parser_slice (parser, t));
          break;
        case TERN_IMAP_TOKEN_QUOTED:
        case TERN_IMAP_TOKEN_ESCAPED:
          g_string_append_c (out, '"');
          append_bytes (out, tern_imap_parser_slice (parser, t));
          g_string_append_c (out, '"');
          break;
        case TERN_IMAP_TOKEN_LITERAL:
          g_string_append_printf (out, "{%u}", token->length);
          append_bytes (out, tern_imap_parser_slice (parser, t));
          break;
        case TERN_IMAP_TOKEN_SUNK:
          g_string_append_printf (out, "<%u:%u>", token->offset, token->length);
          break;
        case TERN_IMAP_TOKEN_LIST:
          g_string_append_c (out, '(');
          dump_range (parser, t + 1, tern_imap_parser_end (parser, t), out);
          g_string_append_c (out, ')');
          break;
        case TERN_IMAP_TOKEN_CODE:
          g_string_append_c (out, '[');
          dump_range (parser, t + 1, tern_imap_parser_end (parser, t), out);
          g_string_append_c (out, ']');
          break;
        case TERN_IMAP_TOKEN_TEXT:
          g_string_append_c (out, '\'');
          append_bytes (out, tern_imap_parser_slice (parser, t));
          g_string_append_c (out, '\'');
          break;
        default:
          g_assert_not_reached ();
        }
    }
}

void
tern_imap_dump_tokens (TernImapParser *parser, GString *out)
{
  dump_range (parser, 0, tern_imap_parser_get_n_tokens (parser), out);
}

static void
dump_slice (GString *out, const char *name, TernImapSlice slice)
{
  if (slice.data == NULL)
    return;
  g_string_append_printf (out, " %s=", name);
  append_bytes (out, slice);
}

static void
dump_addresses (GString *out, const char *name, const TernImapAddress *addresses, guint n)
{
  for (guint i = 0; i < n; i++)
    {
      g_string_append_printf (out, " %s", name);
      dump_slice (out, "n", addresses[i].name);
      dump_slice (out, "m", addresses[i].mailbox);
      dump_slice (out, "h", addresses[i].host);
    }
}

static void
dump_fetch (GString *out, const TernImapFetch *fetch)
{
  g_string_append_printf (out, "  fetch %u has=%x", fetch->uid, fetch->has);
  if (fetch->has & TERN_IMAP_FETCH_FLAGS)
    g_string_append_printf (out, " flags=%x,%s", fetch->flags,
                            fetch->keywords != NULL ? fetch->keywords : "");
  if (fetch->has & TERN_IMAP_FETCH_MODSEQ)
    g_string_append_printf (out, " modseq=%" G_GUINT64_FORMAT, fetch->modseq);
  if (fetch->has & TERN_IMAP_FETCH_SIZE)
    g_string_append_printf (out, " size=%" G_GUINT64_FORMAT, fetch->size);
  if (fetch->has & TERN_IMAP_FETCH_INTERNALDATE)
    g_string_append_printf (out, " time=%" G_GINT64_FORMAT, fetch->internal_date);
  dump_slice (out, "date", fetch->date);
  dump_slice (out, "subject", fetch->subject);
  dump_addresses (out, "from", fetch->from, fetch->n_from);
  dump_addresses (out, "sender", fetch->sender, fetch->n_sender);
  dump_addresses (out, "reply-to", fetch->reply_to, fetch->n_reply_to);
  dump_addresses (out, "to", fetch->to, fetch->n_to);
  dump_addresses (out, "cc", fetch->cc, fetch->n_cc);
  dump_addresses (out, "bcc", fetch->bcc, fetch->n_bcc);
  dump_slice (out, "in-reply-to", fetch->in_reply_to);
  dump_slice (out, "id", fetch->message_id);
  dump_slice (out, "refs", fetch->references);
  dump_slice (out, "email-id", fetch->email_id);
  dump_slice (out, "preview", fetch->preview);
  if (fetch->structure != NULL)
    {
      g_autofree char *structure = tern_part_encode (fetch->structure);

      g_string_append_printf (out, " structure=%s", structure);
    }
  g_string_append_c (out, '\n');
}

static void
dump_decoded (TernImapParser *parser, TernImapFetchDecoder *decoder, GString *out)
{
  guint n_tokens = tern_imap_parser_get_n_tokens (parser);
  g_autoptr (GString) mailbox = g_string_new (NULL);
  g_autoptr (GArray) uids = g_array_new (FALSE, FALSE, sizeof (guint32));
  g_autoptr (GPtrArray) mechanisms = g_ptr_array_new_with_free_func (g_free);
  guint tag;

  if (tern_imap_parser_is (parser, 2, "FETCH"))
    {
      guint n_bodies;

      dump_fetch (out, tern_imap_fetch_decode (decoder, parser, 3));
      tern_imap_fetch_get_bodies (decoder, &n_bodies);
      if (n_bodies > 0)
        g_string_append_printf (out, "  bodies %u\n", n_bodies);
    }
  else if (tern_imap_parser_is (parser, 1, "LIST") || tern_imap_parser_is (parser, 1, "LSUB"))
    {
      TernImapList list;

      if (tern_imap_parse_list (parser, 2, mailbox, &list))
        g_string_append_printf (out, "  list %s delimiter=%d role=%d noselect=%d subscribed=%d\n",
                                list.mailbox, list.delimiter, list.role, list.no_select,
                                list.subscribed);
    }
  else if (tern_imap_parser_is (parser, 1, "STATUS"))
    {
      TernImapStatus status;

      if (tern_imap_parse_status (parser, 2, mailbox, &status))
        g_string_append_printf (out,
                                "  status %s messages=%" G_GINT64_FORMAT " unseen=%" G_GINT64_FORMAT
                                " next=%u validity=%u modseq=%" G_GUINT64_FORMAT "\n",
                                status.mailbox, status.messages, status.unseen, status.uidnext,
                                status.uidvalidity, status.modseq);
      dump_slice (out, "mailbox-id", status.mailbox_id);
    }
  else if (tern_imap_parser_is (parser, 1, "NAMESPACE"))
    {
      g_autoptr (GPtrArray) spaces = tern_imap_parse_namespace (parser, 2);

      g_string_append_printf (out, "  namespaces %d\n", (int) spaces->len);
    }
  else if (tern_imap_parser_is (parser, 1, "MYRIGHTS"))
    {
      TernRights rights;

      if (tern_imap_parse_rights (parser, 2, mailbox, &rights))
        g_string_append_printf (out, "  rights %s %x\n", mailbox->str, rights);
    }
  else if (tern_imap_parser_is (parser, 1, "QUOTA"))
    {
      TernQuota quota;

      if (tern_imap_parse_quota (parser, 2, &quota))
        g_string_append_printf (out, "  quota %u\n", tern_quota_get_percent (&quota));
    }
  else if (tern_imap_parser_is (parser, 1, "CAPABILITY"))
    {
      TernImapCaps caps = tern_imap_parse_caps (parser, 2, n_tokens, mechanisms);

      g_string_append_printf (
          out, "  caps %x mechanisms %u limit %" G_GINT64_FORMAT "\n", caps, mechanisms->len,
          tern_imap_parse_cap_number (parser, 2, n_tokens, "APPENDLIMIT=", 0, G_MAXINT64));
    }
  else if (tern_imap_parser_is (parser, 1, "ESEARCH"))
    {
      if (tern_imap_parse_esearch (parser, 2, uids, &tag))
        g_string_append_printf (out, "  found %u\n", uids->len);
    }
  else if (tern_imap_parser_is (parser, 1, "SEARCH"))
    {
      tern_imap_numbers_parse (tern_imap_parser_slice (parser, 2), 1000000, uids);
      g_string_append_printf (out, "  found %u\n", uids->len);
    }
}

/* FALSE when the connection would be over. */
static gboolean
dump_events (TernImapParser *parser, TernImapFetchDecoder *decoder, GString *out)
{
  TernImapEvent event;

  while ((event = tern_imap_parser_next (parser)) != TERN_IMAP_EVENT_NEED_MORE)
    {
      const TernImapPiece *piece = tern_imap_parser_get_piece (parser);

      switch (event)
        {
        case TERN_IMAP_EVENT_RESPONSE:
          tern_imap_dump_tokens (parser, out);
          g_string_append_c (out, '\n');
          dump_decoded (parser, decoder, out);
          break;
        case TERN_IMAP_EVENT_LITERAL:
          /* How it is cut depends on how it came; that it is whole does not. */
          if (piece->left == 0)
            g_string_append_printf (out, "literal %" G_GUINT64_FORMAT "%s\n", piece->size,
                                    piece->is_body ? " body" : "");
          break;
        case TERN_IMAP_EVENT_ERROR:
          g_string_append_printf (out, "error: %s\n", tern_imap_parser_get_problem (parser));
          break;
        case TERN_IMAP_EVENT_FATAL:
          g_string_append_printf (out, "fatal: %s\n", tern_imap_parser_get_problem (parser));
          return FALSE;
        case TERN_IMAP_EVENT_NEED_MORE:
        default:
          g_assert_not_reached ();
        }
    }
  return TRUE;
}

char *
tern_imap_dump (const char *data, gsize size, gsize step, gsize split)
{
  g_autoptr (TernImapParser) parser = tern_imap_parser_new ();
  g_autoptr (TernImapFetchDecoder) decoder = tern_imap_fetch_decoder_new ();
  GString *out = g_string_new (NULL);
  gboolean alive = TRUE;

  for (gsize at = 0; at < size && alive;)
    {
      gsize room;
      char *space = tern_imap_parser_reserve (parser, &room);
      gsize length = split != 0 ? (at < split ? split - at : size - at) : step;

      length = MIN (MIN (length, room), size - at);
      memcpy (space, data + at, length);
      tern_imap_parser_commit (parser, length);
      at += length;
      alive = dump_events (parser, decoder, out);
    }
  return g_string_free (out, FALSE);
}
