/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-imap-data.h"
#include "tern-imap-set.h"

#include "tern-limits.h"
#include "tern-number.h"

#include <string.h>

#define MAX_OBJECT_ID 255

static const struct
{
  const char *name;
  TernImapCaps cap;
} known_caps[] = {
  { "IDLE", TERN_IMAP_CAP_IDLE },
  { "LITERAL+", TERN_IMAP_CAP_LITERAL_PLUS },
  { "LITERAL-", TERN_IMAP_CAP_LITERAL_MINUS },
  { "UIDPLUS", TERN_IMAP_CAP_UIDPLUS },
  { "MOVE", TERN_IMAP_CAP_MOVE },
  { "CONDSTORE", TERN_IMAP_CAP_CONDSTORE },
  { "QRESYNC", TERN_IMAP_CAP_QRESYNC | TERN_IMAP_CAP_CONDSTORE },
  { "ENABLE", TERN_IMAP_CAP_ENABLE },
  { "ESEARCH", TERN_IMAP_CAP_ESEARCH },
  { "LIST-EXTENDED", TERN_IMAP_CAP_LIST_EXTENDED },
  { "LIST-STATUS", TERN_IMAP_CAP_LIST_STATUS },
  { "SPECIAL-USE", TERN_IMAP_CAP_SPECIAL_USE },
  { "CREATE-SPECIAL-USE", TERN_IMAP_CAP_CREATE_SPECIAL_USE },
  { "NAMESPACE", TERN_IMAP_CAP_NAMESPACE },
  { "ID", TERN_IMAP_CAP_ID },
  { "SASL-IR", TERN_IMAP_CAP_SASL_IR },
  { "LOGINDISABLED", TERN_IMAP_CAP_LOGINDISABLED },
  { "STARTTLS", TERN_IMAP_CAP_STARTTLS },
  { "BINARY", TERN_IMAP_CAP_BINARY },
  { "X-GM-EXT-1", TERN_IMAP_CAP_GMAIL },
  { "SAVEDATE", TERN_IMAP_CAP_SAVEDATE },
  { "COMPRESS=DEFLATE", TERN_IMAP_CAP_COMPRESS },
  { "NOTIFY", TERN_IMAP_CAP_NOTIFY },
  { "ACL", TERN_IMAP_CAP_ACL },
  { "LIST-MYRIGHTS", TERN_IMAP_CAP_LIST_MYRIGHTS },
  { "QUOTA", TERN_IMAP_CAP_QUOTA },
  { "APPENDLIMIT", TERN_IMAP_CAP_APPENDLIMIT },
  { "OBJECTID", TERN_IMAP_CAP_OBJECTID },
  { "PREVIEW", TERN_IMAP_CAP_PREVIEW },
  { "UTF8=ACCEPT", TERN_IMAP_CAP_UTF8_ACCEPT | TERN_IMAP_CAP_ENABLE },
  { "UTF8=ONLY", TERN_IMAP_CAP_UTF8_ACCEPT | TERN_IMAP_CAP_ENABLE },
  /* RFC 9051 section 2 and appendix E: these are part of IMAP4rev2. */
  { "IMAP4rev2", TERN_IMAP_CAP_IMAP4REV2 | TERN_IMAP_CAP_IDLE | TERN_IMAP_CAP_LITERAL_MINUS
                     | TERN_IMAP_CAP_UIDPLUS | TERN_IMAP_CAP_MOVE | TERN_IMAP_CAP_ENABLE
                     | TERN_IMAP_CAP_ESEARCH | TERN_IMAP_CAP_LIST_EXTENDED
                     | TERN_IMAP_CAP_LIST_STATUS | TERN_IMAP_CAP_SPECIAL_USE
                     | TERN_IMAP_CAP_NAMESPACE | TERN_IMAP_CAP_SASL_IR | TERN_IMAP_CAP_BINARY },
};

TernImapCaps
tern_imap_parse_caps (TernImapParser *parser, guint first, guint end, GPtrArray *mechanisms)
{
  TernImapCaps caps = 0;

  for (guint t = first; t < end; t = tern_imap_parser_after (parser, t))
    {
      if (tern_imap_parser_starts (parser, t, "AUTH="))
        {
          TernImapSlice name = tern_imap_parser_slice (parser, t);

          if (mechanisms->len < 64)
            g_ptr_array_add (mechanisms, g_ascii_strup (name.data + 5, name.length - 5));
          continue;
        }
      for (guint i = 0; i < G_N_ELEMENTS (known_caps); i++)
        if (tern_imap_parser_is (parser, t, known_caps[i].name))
          caps |= known_caps[i].cap;
    }
  return caps;
}

gint64
tern_imap_parse_cap_number (TernImapParser *parser,
                            guint first,
                            guint end,
                            const char *name,
                            guint64 minimum,
                            guint64 maximum)
{
  gsize length = strlen (name);

  for (guint t = first; t < end; t = tern_imap_parser_after (parser, t))
    {
      TernImapSlice cap = tern_imap_parser_slice (parser, t);
      g_autofree char *digits = NULL;
      guint64 number;

      if (!tern_imap_parser_starts (parser, t, name))
        continue;
      digits = g_strndup (cap.data + length, cap.length - length);
      if (tern_number_parse (digits, minimum, maximum, &number))
        return (gint64) number;
    }
  return -1;
}

/* A mailbox name, which a NUL would cut: then it is none that could be given back. */
static gboolean
take_mailbox (TernImapParser *parser, guint token, GString *mailbox)
{
  TernImapSlice name = tern_imap_parser_slice (parser, token);

  /* A folder can be called NIL. */
  if (name.data == NULL && tern_imap_parser_kind (parser, token) == TERN_IMAP_TOKEN_NIL
      && token < tern_imap_parser_get_n_tokens (parser))
    {
      g_string_assign (mailbox, "NIL");
      return TRUE;
    }
  if (name.data == NULL || name.length > TERN_LIMIT_MAILBOX_NAME
      || memchr (name.data, '\0', name.length) != NULL)
    return FALSE;
  g_string_truncate (mailbox, 0);
  g_string_append_len (mailbox, name.data, name.length);
  return TRUE;
}

static void
take_attribute (TernImapParser *parser, guint t, TernImapList *list)
{
  static const struct
  {
    const char *name;
    TernRole role;
  } uses[] = {
    { "\\Drafts", TERN_ROLE_DRAFTS },   { "\\Sent", TERN_ROLE_SENT },
    { "\\Archive", TERN_ROLE_ARCHIVE }, { "\\Junk", TERN_ROLE_JUNK },
    { "\\Trash", TERN_ROLE_TRASH },     { "\\All", TERN_ROLE_ALL },
    { "\\Flagged", TERN_ROLE_FLAGGED }, { "\\Important", TERN_ROLE_IMPORTANT },
  };

  if (tern_imap_parser_is (parser, t, "\\Noselect")
      || tern_imap_parser_is (parser, t, "\\NonExistent"))
    {
      list->no_select = TRUE;
      list->absent = tern_imap_parser_is (parser, t, "\\NonExistent");
    }
  else if (tern_imap_parser_is (parser, t, "\\Noinferiors"))
    list->no_inferiors = TRUE;
  else if (tern_imap_parser_is (parser, t, "\\Subscribed"))
    list->subscribed = TRUE;
  for (guint i = 0; i < G_N_ELEMENTS (uses); i++)
    if (list->role == TERN_ROLE_NONE && tern_imap_parser_is (parser, t, uses[i].name))
      list->role = uses[i].role;
}

gboolean
tern_imap_parse_list (TernImapParser *parser, guint first, GString *mailbox, TernImapList *list)
{
  guint delimiter = tern_imap_parser_after (parser, first);
  guint name = tern_imap_parser_after (parser, delimiter);
  TernImapSlice slice = tern_imap_parser_slice (parser, delimiter);

  memset (list, 0, sizeof *list);
  if (tern_imap_parser_kind (parser, first) != TERN_IMAP_TOKEN_LIST
      || !take_mailbox (parser, name, mailbox) || mailbox->len == 0)
    return FALSE;
  for (guint t = first + 1; t < delimiter; t = tern_imap_parser_after (parser, t))
    take_attribute (parser, t, list);
  if (slice.data != NULL && slice.length == 1)
    list->delimiter = slice.data[0];
  if (g_ascii_strcasecmp (mailbox->str, "INBOX") == 0)
    list->role = TERN_ROLE_INBOX;
  list->mailbox = mailbox->str;
  return TRUE;
}

TernImapSlice
tern_imap_parse_object_id (TernImapParser *parser, guint value)
{
  const TernImapSlice none = { NULL, 0 };
  guint first = tern_imap_parser_kind (parser, value) == TERN_IMAP_TOKEN_LIST ? value + 1 : value;
  TernImapSlice id = tern_imap_parser_slice (parser, first);

  if (tern_imap_parser_after (parser, value) != first + 1 || id.length == 0
      || id.length > MAX_OBJECT_ID)
    return none;
  for (gsize i = 0; i < id.length; i++)
    if (!g_ascii_isalnum (id.data[i]) && id.data[i] != '_' && id.data[i] != '-')
      return none;
  return id;
}

gboolean
tern_imap_parse_status (TernImapParser *parser,
                        guint first,
                        GString *mailbox,
                        TernImapStatus *status)
{
  guint items = tern_imap_parser_after (parser, first);
  guint end = tern_imap_parser_end (parser, items);
  guint64 value;

  memset (status, 0, sizeof *status);
  status->messages = -1;
  status->unseen = -1;
  status->append_limit = -1;
  if (tern_imap_parser_kind (parser, items) != TERN_IMAP_TOKEN_LIST
      || !take_mailbox (parser, first, mailbox))
    return FALSE;
  status->mailbox = mailbox->str;
  for (guint t = items + 1; t < end;)
    {
      guint v = tern_imap_parser_after (parser, t);

      if (v < end && tern_imap_parser_number (parser, v, &value))
        {
          if (tern_imap_parser_is (parser, t, "MESSAGES"))
            status->messages = value;
          else if (tern_imap_parser_is (parser, t, "UNSEEN"))
            status->unseen = value;
          else if (tern_imap_parser_is (parser, t, "UIDNEXT"))
            status->uidnext = MIN (value, G_MAXUINT32);
          else if (tern_imap_parser_is (parser, t, "UIDVALIDITY"))
            status->uidvalidity = MIN (value, G_MAXUINT32);
          else if (tern_imap_parser_is (parser, t, "HIGHESTMODSEQ"))
            status->modseq = value;
          else if (tern_imap_parser_is (parser, t, "APPENDLIMIT"))
            status->append_limit = (gint64) MIN (value, G_MAXINT64);
        }
      else if (v < end && tern_imap_parser_is (parser, t, "MAILBOXID"))
        {
          status->mailbox_id = tern_imap_parse_object_id (parser, v);
          status->bad_mailbox_id = status->mailbox_id.data == NULL;
        }
      t = tern_imap_parser_after (parser, v);
    }
  return TRUE;
}

void
tern_imap_namespace_free (TernImapNamespace *self)
{
  g_free (self->prefix);
  g_free (self);
}

static void
take_namespaces (TernImapParser *parser, guint first, TernSpace kind, GPtrArray *result)
{
  guint end = tern_imap_parser_end (parser, first);

  if (tern_imap_parser_kind (parser, first) != TERN_IMAP_TOKEN_LIST)
    return;
  for (guint t = first + 1; t < end; t = tern_imap_parser_after (parser, t))
    {
      TernImapSlice delimiter =
          tern_imap_parser_slice (parser, tern_imap_parser_after (parser, t + 1));
      TernImapSlice prefix = tern_imap_parser_slice (parser, t + 1);
      TernImapNamespace *space;

      if (tern_imap_parser_kind (parser, t) != TERN_IMAP_TOKEN_LIST || prefix.data == NULL
          || prefix.length > TERN_LIMIT_MAILBOX_NAME || result->len >= 64
          || memchr (prefix.data, '\0', prefix.length) != NULL)
        continue;
      space = g_new0 (TernImapNamespace, 1);
      space->prefix = g_strndup (prefix.data, prefix.length);
      space->delimiter = delimiter.data != NULL && delimiter.length == 1 ? delimiter.data[0] : 0;
      space->space = kind;
      g_ptr_array_add (result, space);
    }
}

GPtrArray *
tern_imap_parse_namespace (TernImapParser *parser, guint first)
{
  GPtrArray *result = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_imap_namespace_free);
  guint others = tern_imap_parser_after (parser, first);
  guint shared = tern_imap_parser_after (parser, others);

  take_namespaces (parser, first, TERN_SPACE_PERSONAL, result);
  take_namespaces (parser, others, TERN_SPACE_OTHERS, result);
  take_namespaces (parser, shared, TERN_SPACE_SHARED, result);
  return result;
}

gboolean
tern_imap_parse_rights (TernImapParser *parser, guint first, GString *mailbox, TernRights *rights)
{
  TernImapSlice letters = tern_imap_parser_slice (parser, tern_imap_parser_after (parser, first));

  if (letters.data == NULL || !take_mailbox (parser, first, mailbox))
    return FALSE;
  *rights = tern_rights_parse (letters.data, letters.length);
  return TRUE;
}

gboolean
tern_imap_parse_quota (TernImapParser *parser, guint first, TernQuota *quota)
{
  guint list = tern_imap_parser_after (parser, first);
  guint end = tern_imap_parser_end (parser, list);

  memset (quota, 0, sizeof *quota);
  if (tern_imap_parser_kind (parser, list) != TERN_IMAP_TOKEN_LIST)
    return FALSE;
  for (guint t = list + 1; t < end;)
    {
      guint usage = tern_imap_parser_after (parser, t);
      guint limit = tern_imap_parser_after (parser, usage);
      guint64 used, most;

      if (limit >= end)
        break;
      if (tern_imap_parser_number (parser, usage, &used)
          && tern_imap_parser_number (parser, limit, &most))
        {
          /* RFC 9208 section 5.1: in units of 1024 bytes. */
          if (tern_imap_parser_is (parser, t, "STORAGE"))
            tern_quota_use_add (&quota->storage, MIN (used, G_MAXUINT64 / 1024) * 1024,
                                MIN (most, G_MAXUINT64 / 1024) * 1024);
          else if (tern_imap_parser_is (parser, t, "MESSAGE"))
            tern_quota_use_add (&quota->messages, used, most);
        }
      t = tern_imap_parser_after (parser, limit);
    }
  return TRUE;
}

gboolean
tern_imap_parse_esearch (TernImapParser *parser, guint first, GArray *uids, guint *tag)
{
  guint end = tern_imap_parser_get_n_tokens (parser);
  gboolean is_uid = FALSE;
  gboolean found = FALSE;

  *tag = G_MAXUINT;
  for (guint t = first; t < end; t = tern_imap_parser_after (parser, t))
    {
      guint value = tern_imap_parser_after (parser, t);

      if (tern_imap_parser_kind (parser, t) == TERN_IMAP_TOKEN_LIST)
        {
          if (tern_imap_parser_is (parser, t + 1, "TAG"))
            *tag = t + 2;
        }
      else if (tern_imap_parser_is (parser, t, "UID"))
        is_uid = TRUE;
      else if (tern_imap_parser_is (parser, t, "ALL") && value < end)
        found = tern_imap_set_parse (tern_imap_parser_slice (parser, value),
                                     TERN_LIMIT_IMAP_MESSAGES, uids);
    }
  /* Nothing found is told by leaving ALL out. */
  return is_uid && (found || uids->len == 0);
}
