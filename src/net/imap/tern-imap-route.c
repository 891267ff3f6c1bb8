/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-imap-session-private.h"
#include "tern-imap-data.h"
#include "tern-imap-set.h"

#include "tern-limits.h"

#include <glib/gi18n.h>
#include <string.h>

/*
 * What the server says goes where its content belongs: to the state of the mailbox and to the
 * handlers, whatever command is in flight. Only what can be told apart by its content (a body by
 * UID and section, a search by its tag) or by its order is collected for a command.
 */

#define ABANDONED_BODY_MAX (4 * 1024 * 1024) /* more to come of a body nobody wants: hang up */
#define VANISHED_CHUNK     (64 * 1024)

void
tern_imap_session_settle (TernImapSession *self)
{
  guint unknown;
  g_autoptr (GArray) uids = tern_imap_selected_settle (&self->selected, &unknown);

  if (uids == NULL)
    return;
  if (uids->len > 0 && self->handlers.vanished != NULL)
    self->handlers.vanished (self, uids, FALSE, self->data);
  /* Who does not know which message went can still know that the number changed. */
  if (unknown > 0 && self->handlers.exists != NULL)
    self->handlers.exists (self, self->selected.mailbox.exists, self->data);
}

/* --- large literals ----------------------------------------------------------------------- */

static TernImapCommand *
find_body_fetch (TernImapSession *self, gboolean abandoned)
{
  for (GList *l = self->queue.in_flight.head; l != NULL; l = l->next)
    {
      TernImapCommand *command = l->data;

      if (command->body_section != NULL && command->abandoned == abandoned)
        return command;
    }
  return NULL;
}

static gboolean
asks_for (const TernImapCommand *command, guint32 uid)
{
  return command->body_uids != NULL
             ? g_hash_table_contains (command->body_uids, GUINT_TO_POINTER (uid))
             : command->body_uid == uid;
}

/* @uid 0: for any. */
static gboolean
waits_for (const TernImapCommand *command, guint32 uid)
{
  const TernImapReply *reply = command->reply;

  if (command->abandoned)
    return FALSE;
  if (command->body_uids == NULL)
    return reply->body == NULL;
  if (uid == 0)
    return g_hash_table_size (reply->bodies) < g_hash_table_size (command->body_uids);
  return !g_hash_table_contains (reply->bodies, GUINT_TO_POINTER (uid));
}

static void
keep_body (TernImapCommand *command, guint32 uid, GBytes *bytes)
{
  if (command->body_uids == NULL)
    command->reply->body = bytes;
  else
    {
      command->body_room -= g_bytes_get_size (bytes);
      g_hash_table_insert (command->reply->bodies, GUINT_TO_POINTER (uid), bytes);
    }
}

static gboolean
is_section (const TernImapCommand *command, TernImapSlice section, gboolean decoded)
{
  return command->body_section != NULL && command->body_decoded == decoded
         && strlen (command->body_section) == section.length
         && g_ascii_strncasecmp (command->body_section, section.data, section.length) == 0;
}

/* Whether it is what was asked for of the section: all of it, or the range. */
static gboolean
is_range (const TernImapCommand *command, gint64 origin)
{
  return command->body_length == 0 ? origin == -1 : origin == (gint64) command->body_offset;
}

/* Sizes that servers tell are not exact, but no part is much larger than its message. */
static guint64
body_limit (const TernImapCommand *command)
{
  if (command->body_length > 0)
    return command->body_length;
  if (command->body_size == 0
      || command->body_size > (TERN_LIMIT_IMAP_BODY - TERN_LIMIT_IMAP_SLACK) / 2)
    return TERN_LIMIT_IMAP_BODY;
  return command->body_size * 2 + TERN_LIMIT_IMAP_SLACK;
}

/* What is left of it beside the others of the command. */
static guint64
body_room (TernImapCommand *command, guint64 size)
{
  guint64 limit = body_limit (command);

  if (command->body_uids == NULL || limit <= command->body_room)
    return limit;
  command->reply->crowded_out |= size <= limit && size > command->body_room;
  return command->body_room;
}

/* Kept only when somebody waits for this section; of which message is known when the response is
 * whole. What one response may fill the memory with is bounded, or a server could bring any number
 * of bodies that nobody asked for: it is about one message, so all that is kept of it together is
 * no more than may be kept of one. */
static GByteArray *
make_sink (TernImapSession *self, const TernImapPiece *piece)
{
  guint64 limit = 0;

  for (GList *l = self->queue.in_flight.head; l != NULL; l = l->next)
    {
      TernImapCommand *command = l->data;

      if (waits_for (command, 0) && is_section (command, piece->section, piece->decoded)
          && is_range (command, piece->origin))
        limit = MAX (limit, body_room (command, piece->size));
    }
  if (piece->size > limit || self->sunk > limit - piece->size)
    return NULL;
  self->sunk += piece->size;
  return g_byte_array_sized_new (MIN (piece->size, 1024 * 1024));
}

void
tern_imap_session_take_piece (TernImapSession *self, const TernImapPiece *piece)
{
  if (piece->first)
    g_ptr_array_add (self->sinks, piece->is_body ? make_sink (self, piece) : NULL);
  if (self->sinks->len > 0 && self->sinks->pdata[self->sinks->len - 1] != NULL)
    g_byte_array_append (self->sinks->pdata[self->sinks->len - 1],
                         (const guint8 *) piece->bytes.data, piece->bytes.length);
  if (piece->left > ABANDONED_BODY_MAX && find_body_fetch (self, FALSE) == NULL
      && find_body_fetch (self, TRUE) != NULL)
    tern_imap_session_die (
        self, tern_fault_new (TERN_FAULT_DISCONNECTED, _ ("The download from %s was stopped."),
                              self->endpoint->host));
}

static void
drop_pieces (TernImapSession *self)
{
  g_ptr_array_set_size (self->sinks, 0);
  self->sunk = 0;
}

/* It may have been the body that somebody waits for: that is not gone then. */
void
tern_imap_session_take_unreadable (TernImapSession *self)
{
  drop_pieces (self);
  for (GList *l = self->queue.in_flight.head; l != NULL; l = l->next)
    ((TernImapCommand *) l->data)->unreadable = TRUE;
}

/* --- untagged data ------------------------------------------------------------------------- */

static void
take_body (TernImapSession *self,
           TernImapCommand *command,
           guint32 uid,
           const TernImapBodyValue *body)
{
  GByteArray *sink = NULL;
  guint64 limit;

  if (body->sunk >= 0 && (guint) body->sunk < self->sinks->len)
    sink = self->sinks->pdata[body->sunk];
  limit = body_room (command, sink != NULL ? sink->len : body->value.length);
  if (sink != NULL && sink->len <= limit)
    {
      self->sinks->pdata[body->sunk] = NULL;
      keep_body (command, uid, g_byte_array_free_to_bytes (sink));
    }
  else if (body->sunk >= 0 || body->value.length > limit)
    {
      command->too_large = command->body_length == 0 && command->body_uids == NULL;
      command->not_range = command->body_length > 0;
    }
  else if (body->value.data != NULL)
    keep_body (command, uid, g_bytes_new (body->value.data, body->value.length));
}

/* The one that asked for just this; one that still waits for it, if there is any. */
static TernImapCommand *
find_asker (TernImapSession *self, guint32 uid, const TernImapBodyValue *body)
{
  TernImapCommand *asker = NULL;

  for (GList *l = self->queue.in_flight.head; l != NULL; l = l->next)
    {
      TernImapCommand *command = l->data;

      if (!asks_for (command, uid) || !is_section (command, body->section, body->decoded)
          || !is_range (command, body->origin))
        continue;
      asker = command;
      if (waits_for (command, uid))
        break;
    }
  return asker;
}

/* Nobody asked for just this: who asked for something else of the section is told, if that does not
 * come as well. */
static void
mark_not_range (TernImapSession *self, guint32 uid, const TernImapBodyValue *body)
{
  for (GList *l = self->queue.in_flight.head; l != NULL; l = l->next)
    {
      TernImapCommand *command = l->data;

      if (command->body_uid == uid && is_section (command, body->section, body->decoded))
        command->not_range = TRUE;
    }
}

static void
take_bodies (TernImapSession *self, guint32 uid)
{
  guint n;
  const TernImapBodyValue *bodies = tern_imap_fetch_get_bodies (self->decoder, &n);

  for (guint i = 0; i < n; i++)
    {
      TernImapCommand *command = find_asker (self, uid, &bodies[i]);

      if (command == NULL)
        mark_not_range (self, uid, &bodies[i]);
      else if (waits_for (command, uid))
        take_body (self, command, uid, &bodies[i]);
    }
}

static void
take_fetch (TernImapSession *self, TernImapParser *parser, guint32 position, guint list)
{
  TernImapFetch *fetch;

  tern_imap_session_settle (self);
  fetch = tern_imap_fetch_decode (self->decoder, parser, list);
  if (fetch->uid != 0)
    tern_imap_selected_learn (&self->selected, position, fetch->uid);
  else
    fetch->uid = tern_imap_selected_uid (&self->selected, position);
  if (fetch->uid == 0)
    return;
  take_bodies (self, fetch->uid);
  if (fetch->has != 0 && self->handlers.fetch != NULL)
    self->handlers.fetch (self, fetch, self->data);
}

static void
take_exists (TernImapSession *self, guint32 count)
{
  tern_imap_session_settle (self);
  tern_imap_selected_exists (&self->selected, count);
  if (self->handlers.exists != NULL)
    self->handlers.exists (self, count, self->data);
}

/* A number and a word: what happens in the selected mailbox. */
static void
take_numbered (TernImapSession *self, TernImapParser *parser, guint32 number)
{
  if (self->selected.mailbox.name == NULL)
    return;
  if (tern_imap_parser_is (parser, 2, "FETCH"))
    take_fetch (self, parser, number, 3);
  else if (tern_imap_parser_is (parser, 2, "EXISTS"))
    take_exists (self, number);
  else if (tern_imap_parser_is (parser, 2, "EXPUNGE"))
    tern_imap_selected_expunge (&self->selected, number);
}

/* Hands UIDs on in pieces: a server may name millions of them in one range. */
static void
flush_vanished (TernImapSession *self, GArray *uids, gboolean earlier)
{
  if (!earlier)
    tern_imap_selected_vanish (&self->selected, uids->len);
  if (uids->len > 0 && self->handlers.vanished != NULL)
    self->handlers.vanished (self, uids, earlier, self->data);
  g_array_set_size (uids, 0);
}

static void
take_vanished (TernImapSession *self, TernImapParser *parser, guint first)
{
  gboolean earlier = tern_imap_parser_kind (parser, first) == TERN_IMAP_TOKEN_LIST;
  guint set = earlier ? tern_imap_parser_after (parser, first) : first;
  TernImapSlice rest = tern_imap_parser_slice (parser, set);
  g_autoptr (GArray) uids = g_array_new (FALSE, FALSE, sizeof (guint32));
  gsize total = 0;
  guint32 from, to;

  tern_imap_session_settle (self);
  while (self->selected.mailbox.name != NULL && tern_imap_set_next (&rest, &from, &to))
    {
      /* No UID from UIDNEXT on was ever given to a message. */
      to = MIN (to, tern_imap_selected_highest (&self->selected));
      for (guint64 i = from; i <= to; i++)
        {
          guint32 uid = i;

          g_array_append_val (uids, uid);
          if (++total > TERN_LIMIT_IMAP_MESSAGES)
            {
              tern_imap_session_die (
                  self, tern_fault_new (TERN_FAULT_PROTOCOL,
                                        _ ("%s says that more messages are gone than can have "
                                           "been there."),
                                        self->endpoint->host));
              return;
            }
          if (uids->len == VANISHED_CHUNK)
            flush_vanished (self, uids, earlier);
        }
    }
  flush_vanished (self, uids, earlier);
}

static void
take_search (TernImapSession *self, TernImapCommand *command, GArray *uids)
{
  if (self->handlers.search != NULL)
    self->handlers.search (self, uids, self->data);
  if (command == NULL)
    return;
  /* What is left out would be taken for gone. */
  if (command->reply->uids != NULL
      && uids->len > TERN_LIMIT_IMAP_MESSAGES - command->reply->uids->len)
    tern_imap_session_die (
        self, tern_imap_nonsense_fault_new (self->endpoint->host, "too many messages found"));
  else if (command->reply->uids == NULL)
    command->reply->uids = g_array_ref (uids);
  else
    g_array_append_vals (command->reply->uids, uids->data, uids->len);
}

static TernImapCommand *
find_search (TernImapSession *self, TernImapSlice tag)
{
  for (GList *l = self->queue.in_flight.head; l != NULL; l = l->next)
    {
      TernImapCommand *command = l->data;

      if (command->verb == TERN_IMAP_VERB_SEARCH && strlen (command->tag) == tag.length
          && memcmp (command->tag, tag.data, tag.length) == 0)
        return command;
    }
  return NULL;
}

static void
take_any_search (TernImapSession *self, TernImapParser *parser, gboolean extended)
{
  g_autoptr (GArray) uids = g_array_new (FALSE, FALSE, sizeof (guint32));
  TernImapCommand *command = NULL;
  guint tag;

  if (extended)
    {
      if (!tern_imap_parse_esearch (parser, 2, uids, &tag))
        return;
      if (tag != G_MAXUINT)
        command = find_search (self, tern_imap_parser_slice (parser, tag));
    }
  else
    {
      tern_imap_numbers_parse (tern_imap_parser_slice (parser, 2), TERN_LIMIT_IMAP_MESSAGES, uids);
      command = tern_imap_queue_find (&self->queue, TERN_IMAP_VERB_SEARCH);
    }
  tern_imap_uids_sort (uids);
  take_search (self, command, uids);
}

static gboolean
looks_for (const TernImapCommand *command, const char *mailbox)
{
  if (command->looks_for == NULL)
    return FALSE;
  return command->looks_below ? g_str_has_prefix (mailbox, command->looks_for)
                              : g_str_equal (mailbox, command->looks_for);
}

/* Whoever asks for this one mailbox. */
static void
note_listed (TernImapSession *self, const TernImapList *list)
{
  for (GList *l = self->queue.in_flight.head; l != NULL; l = l->next)
    {
      TernImapCommand *command = l->data;

      if (looks_for (command, list->mailbox) && !list->absent)
        command->reply->listed = TRUE;
    }
}

static void
note_counted (TernImapSession *self, const TernImapStatus *status)
{
  for (GList *l = self->queue.in_flight.head; l != NULL; l = l->next)
    {
      TernImapCommand *command = l->data;

      if (command->counts != NULL && g_str_equal (command->counts, status->mailbox))
        command->reply->messages = status->messages;
    }
}

static void
take_list (TernImapSession *self, TernImapParser *parser, gboolean lsub)
{
  TernImapList list;

  if (!tern_imap_parse_list (parser, 2, self->scratch, &list))
    return;
  tern_imap_session_take_name (self, self->scratch);
  list.mailbox = self->scratch->str;
  /* IMAP4rev2 answers a SELECT with it: that is no news of the folders. */
  if (self->entering != NULL && g_str_equal (self->entering->mailbox, list.mailbox))
    return;
  if (lsub)
    {
      if (self->subscribed != NULL && g_hash_table_size (self->subscribed) < TERN_LIMIT_FOLDERS
          && !list.no_select)
        g_hash_table_add (self->subscribed, g_strdup (list.mailbox));
      return;
    }
  note_listed (self, &list);
  list.has_subscribed = self->subscribed != NULL || self->extended_lists > 0;
  if (self->listed != NULL && !list.no_select && self->listed->len < TERN_LIMIT_FOLDERS)
    g_ptr_array_add (self->listed, g_strdup (list.mailbox));
  if (self->subscribed != NULL && g_hash_table_contains (self->subscribed, list.mailbox))
    list.subscribed = TRUE;
  if (self->handlers.list != NULL)
    self->handlers.list (self, &list, self->data);
}

static void
take_status (TernImapSession *self, TernImapParser *parser)
{
  TernImapStatus status;

  if (!tern_imap_parse_status (parser, 2, self->scratch, &status))
    return;
  tern_imap_session_take_name (self, self->scratch);
  status.mailbox = self->scratch->str;
  /* Cyrus 3.6 gives what its memory holds by then, which may break the line: with luck the right
   * id, or that of another mailbox. What SELECT tells is right. */
  self->refused_mailbox_id |= status.bad_mailbox_id;
  self->wrong_mailbox_ids |= status.bad_mailbox_id;
  if (self->wrong_mailbox_ids)
    status.mailbox_id.data = NULL;
  note_counted (self, &status);
  if (self->handlers.status != NULL)
    self->handlers.status (self, &status, self->data);
}

static void
take_enabled (TernImapSession *self, TernImapParser *parser)
{
  guint end = tern_imap_parser_get_n_tokens (parser);

  for (guint t = 2; t < end; t = tern_imap_parser_after (parser, t))
    if (tern_imap_parser_is (parser, t, "QRESYNC"))
      {
        self->qresync = self->closes = TRUE;
        self->selected.by_uid = TRUE;
      }
    else if (tern_imap_parser_is (parser, t, "IMAP4rev2"))
      {
        tern_imap_session_use (self, "IMAP4rev2");
        self->utf8_names = self->closes = TRUE;
      }
    else if (tern_imap_parser_is (parser, t, "UTF8=ACCEPT"))
      {
        tern_imap_session_use (self, "UTF8=ACCEPT");
        self->utf8_names = self->utf8_append = TRUE;
      }
}

/* @text: the token with the words that follow the code. */
static void
take_alert (TernImapSession *self, TernImapParser *parser, guint text)
{
  g_autofree char *words = NULL;
  g_autofree char *valid = NULL;

  if (!tern_imap_parser_is (parser, 3, "ALERT") || self->handlers.alert == NULL)
    return;
  words = tern_imap_parser_dup (parser, text);
  valid = g_utf8_make_valid (words, -1);
  self->handlers.alert (self, valid, self->data);
}

static void
take_untagged_status (TernImapSession *self, TernImapParser *parser)
{
  gboolean has_code = tern_imap_parser_kind (parser, 2) == TERN_IMAP_TOKEN_CODE;
  guint text = has_code ? tern_imap_parser_after (parser, 2) : 2;

  if (self->opener != NULL && tern_imap_opener_awaits_greeting (self->opener))
    {
      if (has_code)
        {
          tern_imap_session_take_code (self, parser, 2, NULL);
          take_alert (self, parser, text);
        }
      tern_imap_opener_greeting (self->opener, parser);
      return;
    }
  if (tern_imap_parser_is (parser, 1, "BYE"))
    {
      g_autofree char *words = tern_imap_parser_dup (parser, text);
      g_autofree char *raw = has_code ? tern_imap_parser_dup (parser, 2) : NULL;
      g_autofree char *code = raw != NULL ? g_ascii_strup (raw, -1) : NULL;
      gboolean asked = self->state == TERN_IMAP_LEAVING;

      tern_imap_session_die (
          self, asked ? NULL : tern_imap_bye_fault_new (code, words, self->endpoint->host));
      return;
    }
  if (!has_code)
    return;
  tern_imap_session_take_code (self, parser, 2, NULL);
  take_alert (self, parser, text);
}

static void
route_untagged (TernImapSession *self, TernImapParser *parser)
{
  guint64 number;

  if (tern_imap_parser_is (parser, 1, "OK") || tern_imap_parser_is (parser, 1, "NO")
      || tern_imap_parser_is (parser, 1, "BAD") || tern_imap_parser_is (parser, 1, "BYE")
      || tern_imap_parser_is (parser, 1, "PREAUTH"))
    take_untagged_status (self, parser);
  else if (tern_imap_parser_number (parser, 1, &number))
    {
      if (number <= G_MAXUINT32)
        take_numbered (self, parser, number);
    }
  else if (tern_imap_parser_is (parser, 1, "CAPABILITY"))
    tern_imap_session_take_caps (self, parser, 2, tern_imap_parser_get_n_tokens (parser));
  else if (tern_imap_parser_is (parser, 1, "FLAGS"))
    /* What a SELECT is answered with first, also where [CLOSED] was forgotten. */
    tern_imap_session_enter_mailbox (self);
  else if (tern_imap_parser_is (parser, 1, "VANISHED"))
    take_vanished (self, parser, 2);
  else if (tern_imap_parser_is (parser, 1, "SEARCH"))
    take_any_search (self, parser, FALSE);
  else if (tern_imap_parser_is (parser, 1, "ESEARCH"))
    take_any_search (self, parser, TRUE);
  else if (tern_imap_parser_is (parser, 1, "LIST"))
    take_list (self, parser, FALSE);
  else if (tern_imap_parser_is (parser, 1, "LSUB"))
    take_list (self, parser, TRUE);
  else if (tern_imap_parser_is (parser, 1, "STATUS"))
    take_status (self, parser);
  else if (tern_imap_parser_is (parser, 1, "ENABLED"))
    take_enabled (self, parser);
  else
    tern_imap_session_take_account_data (self, parser);
}

/* --- tagged replies ------------------------------------------------------------------------ */

static GError *
new_fault (TernImapSession *self, TernImapCommand *command, TernImapOutcome outcome)
{
  const char *host = self->endpoint->host;
  const char *text = command->reply->text;
  const char *code = command->reply->code;

  if (command->verb == TERN_IMAP_VERB_AUTHENTICATE)
    return tern_imap_login_fault_new (outcome, code, text, host, self->credentials->user);
  if (command->verb == TERN_IMAP_VERB_STARTTLS)
    return tern_fault_new_server (
        TERN_FAULT_TLS, text, _ ("%s refuses to encrypt the connection, so Tern does not use it."),
        host);
  return tern_imap_fault_new (outcome, code, text, host, command->mailbox);
}

static void
end_select (TernImapSession *self, TernImapCommand *command, gboolean ok)
{
  if (ok)
    {
      tern_imap_session_enter_mailbox (self);
      self->queue.generation = command->generation;
      tern_imap_session_set_state (self, TERN_IMAP_SELECTED);
    }
  else
    {
      /* RFC 9051 section 6.3.2: a SELECT that fails leaves no mailbox selected. */
      tern_imap_selected_leave (&self->selected);
      self->queue.generation = 0;
      g_clear_pointer (&self->last_name, g_free);
      tern_imap_session_set_state (self, TERN_IMAP_AUTHENTICATED);
    }
  self->entering = NULL;
}

static GError *
new_large_fault (TernImapSession *self, const TernImapCommand *command)
{
  guint64 size = body_limit (command);
  g_autofree char *limit = g_format_size_full (size, G_FORMAT_SIZE_IEC_UNITS);

  if (size < TERN_LIMIT_IMAP_BODY)
    return tern_fault_new (TERN_FAULT_LIMIT,
                           _ ("%s sent far more than the size that it tells of this message, so it "
                              "was not loaded."),
                           self->endpoint->host);
  return tern_fault_new (TERN_FAULT_LIMIT,
                         _ ("This is larger than %s, and too large to be loaded."), limit);
}

static GError *
new_range_fault (TernImapSession *self)
{
  GError *error = tern_fault_new (TERN_FAULT_PROTOCOL,
                                  _ ("%s brought another piece of this message than was asked "
                                     "for, so it was not loaded."),
                                  self->endpoint->host);

  tern_fault_set_scope (error, TERN_SCOPE_MESSAGE);
  return error;
}

static GError *
new_unreadable_fault (TernImapSession *self)
{
  GError *error = tern_fault_new (TERN_FAULT_PROTOCOL,
                                  _ ("What %s sent of this message cannot be read, so it was not "
                                     "loaded."),
                                  self->endpoint->host);

  tern_fault_set_scope (error, TERN_SCOPE_MESSAGE);
  return error;
}

static void
end_command (TernImapSession *self, TernImapCommand *command, TernImapOutcome outcome)
{
  g_autoptr (GError) error = NULL;

  if (outcome != TERN_IMAP_OK)
    error = new_fault (self, command, outcome);
  else if (command->too_large && command->reply->body == NULL)
    error = new_large_fault (self, command);
  else if (command->not_range && command->reply->body == NULL)
    error = new_range_fault (self);
  else if (command->unreadable && command->body_uid != 0 && command->body_length == 0
           && command->reply->body == NULL)
    error = new_unreadable_fault (self);
  if (command->verb == TERN_IMAP_VERB_SELECT)
    end_select (self, command, outcome == TERN_IMAP_OK);
  else if (command->verb == TERN_IMAP_VERB_IDLE)
    tern_imap_session_idle_over (self, outcome != TERN_IMAP_OK);
  else if (command->verb == TERN_IMAP_VERB_SEARCH && outcome == TERN_IMAP_OK)
    {
      if (command->reply->uids == NULL)
        command->reply->uids = g_array_new (FALSE, FALSE, sizeof (guint32));
      tern_imap_uids_sort (command->reply->uids);
      /* What went meanwhile may be in it still. */
      if (command->search_all && command->generation == self->queue.generation
          && command->n_expunged == self->selected.n_expunged)
        tern_imap_selected_learn_all (&self->selected, command->reply->uids);
    }
  if (outcome == TERN_IMAP_OK)
    self->throttle_seconds = 0;
  tern_imap_command_finish (command, error);
}

static void
route_tagged (TernImapSession *self, TernImapParser *parser)
{
  TernImapSlice tag = tern_imap_parser_slice (parser, 0);
  g_autoptr (TernImapCommand) command = tern_imap_queue_land (&self->queue, tag.data, tag.length);
  gboolean has_code = tern_imap_parser_kind (parser, 2) == TERN_IMAP_TOKEN_CODE;
  TernImapOutcome outcome = TERN_IMAP_BAD;

  if (command == NULL)
    {
      g_debug ("%s: a reply to no command", self->label);
      return;
    }
  tern_imap_session_settle (self);
  if (tern_imap_parser_is (parser, 1, "OK"))
    outcome = TERN_IMAP_OK;
  else if (tern_imap_parser_is (parser, 1, "NO"))
    outcome = TERN_IMAP_NO;
  command->reply->text =
      tern_imap_parser_dup (parser, has_code ? tern_imap_parser_after (parser, 2) : 2);
  if (has_code)
    {
      g_autofree char *raw = tern_imap_parser_dup (parser, 2);

      command->reply->code = g_ascii_strup (raw, -1);
      tern_imap_session_take_code (self, parser, 2, command);
      take_alert (self, parser, tern_imap_parser_after (parser, 2));
      if (tern_imap_parser_is (parser, 3, "THROTTLED"))
        tern_imap_session_throttle (self);
    }
  if (outcome == TERN_IMAP_BAD ? tern_imap_session_ask_less (self, command)
                               : tern_imap_session_go_on (self, command, &outcome))
    g_steal_pointer (&command);
  else
    end_command (self, command, outcome);
  if (self->state == TERN_IMAP_LEAVING && g_queue_is_empty (&self->queue.in_flight)
      && self->leave_source != NULL)
    g_source_set_ready_time (self->leave_source, 0);
  tern_imap_session_pump (self);
}

void
tern_imap_session_route (TernImapSession *self)
{
  TernImapParser *parser = tern_imap_wire_get_parser (self->wire);
  TernImapSlice tag = tern_imap_parser_slice (parser, 0);

  if (tag.length == 1 && tag.data[0] == '+')
    {
      if (self->opener != NULL
          && tern_imap_queue_find (&self->queue, TERN_IMAP_VERB_AUTHENTICATE) != NULL
          && self->queue.waiting == NULL)
        tern_imap_opener_continuation (self->opener, tern_imap_parser_slice (parser, 1));
      else
        tern_imap_session_continue (self);
    }
  else if (tag.length == 1 && tag.data[0] == '*')
    route_untagged (self, parser);
  else
    route_tagged (self, parser);
  drop_pieces (self);
}
