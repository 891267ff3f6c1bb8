/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-ctl-format.h"
#include "tern-ctl-private.h"

#include "tern-history.h"

#include <glib/gi18n.h>

/*
 * What happened: to a message, here or gone ("why"), and what was done from here ("operations").
 * Like lists, the text is made in the reader's thread.
 */

#define DEFAULT_OPERATIONS 50
#define DEFAULT_MESSAGES   5
#define MAX_LIMIT          10000

typedef struct
{
  gboolean json;
  GHashTable *ids; /* (owned): rows of accounts to their ids */
  TernId account;  /* 0 = any */
  TernId message;  /* 0: look for @words */
  char *words;     /* (owned) (nullable) */
  guint limit;
} Query;

static void
query_free (gpointer data)
{
  Query *self = data;

  g_hash_table_unref (self->ids);
  g_free (self->words);
  g_free (self);
}

/* NULL: the run is over, with an error. @account: (nullable) as it was named. */
static Query *
query_new (TernCtl *ctl, const char *account, guint limit)
{
  const char *text = tern_ctl_args_get (ctl->args, "limit");
  g_autoptr (TernAccountSettings) settings = NULL;
  Query *self = g_new0 (Query, 1);
  GError *error = NULL;
  gint64 number = limit;

  self->json = ctl->args->json;
  self->ids = tern_ctl_dup_account_ids (ctl);
  if (account != NULL)
    settings = tern_ctl_find_account (ctl, account, &error);
  if (error != NULL || (text != NULL && !tern_ctl_args_number (text, 1, &number, &error)))
    {
      query_free (self);
      tern_ctl_fail (ctl, error, NULL);
      return NULL;
    }
  if (settings != NULL)
    self->account = tern_engine_get_account_row (ctl->engine, settings->uuid);
  self->limit = (guint) MIN (number, MAX_LIMIT);
  return self;
}

static char *
end_text (Query *query, TernCtlJson *json, GString *lines)
{
  if (!query->json)
    {
      tern_ctl_json_free (json);
      return g_string_free (lines, FALSE);
    }
  g_string_free (lines, TRUE);
  return tern_ctl_json_end (json);
}

/* Operations. */

static char *
dup_path (TernReader *reader, TernId id)
{
  g_autoptr (TernFolderRecord) folder = id != 0 ? tern_read_folder (reader, id, NULL) : NULL;

  return folder != NULL ? g_strdup (folder->path) : NULL;
}

/* A word for people; those that went through are the rule. */
static const char *
state_mark (const TernOpRecord *op)
{
  if (op->undone)
    return _ ("undone");
  switch (op->state)
    {
    case TERN_OP_PENDING:
    case TERN_OP_RUNNING:
      return _ ("waiting");
    case TERN_OP_STUCK:
      return _ ("stuck");
    case TERN_OP_REFUSED:
      return _ ("refused");
    case TERN_OP_CONFIRMED:
    default:
      return _ ("done");
    }
}

static void
format_operation (TernReader *reader,
                  Query *query,
                  const TernOpRecord *op,
                  TernCtlJson *json,
                  GString *lines)
{
  g_autofree char *source = dup_path (reader, op->source);
  g_autofree char *target = dup_path (reader, op->target);
  g_autofree char *text = tern_history_dup_operation (op, source, target);
  g_autofree char *time = tern_ctl_format_local_time (op->created / 1000);

  g_string_append_printf (lines, "%" TERN_ID_FORMAT "\t%s\t%s\t%s\n", op->id, time, state_mark (op),
                          text);
  if (op->fault != NULL && op->state != TERN_OP_CONFIRMED)
    g_string_append_printf (lines, "\t%s\n", op->fault);
  if (op->server_text != NULL)
    /* Translators: what a mail server said. */
    g_string_append_printf (lines, _ ("\tThe server said: %s\n"), op->server_text);
  tern_ctl_json_open (json, NULL, '{');
  tern_ctl_json_int (json, "operation", op->id);
  tern_ctl_json_string (json, "account", tern_ctl_format_account (query->ids, op->account));
  tern_ctl_json_string (json, "kind", tern_history_op_kind_name (op->kind));
  tern_ctl_json_string (json, "state", tern_history_op_state_name (op->state));
  tern_ctl_json_time (json, "time", op->created / 1000, 0);
  tern_ctl_json_string (json, "folder", source);
  tern_ctl_json_string (json, "target", target);
  tern_ctl_format_flags (json, "add", op->add, op->add_keywords);
  tern_ctl_format_flags (json, "remove", op->remove, op->remove_keywords);
  tern_ctl_json_open (json, "messages", '[');
  for (guint i = 0; i < op->subjects->len; i++)
    tern_ctl_json_int (json, NULL, g_array_index (op->subjects, TernId, i));
  tern_ctl_json_close (json, ']');
  tern_ctl_json_int (json, "attempts", op->attempts);
  tern_ctl_json_string (json, "problem", op->fault);
  tern_ctl_json_string (json, "server_text", op->server_text);
  tern_ctl_json_bool (json, "undone", op->undone);
  tern_ctl_json_int (json, "undoes", op->undoes);
  tern_ctl_json_bool (json, "can_undo", tern_op_can_undo (op));
  tern_ctl_json_string (json, "text", text);
  tern_ctl_json_close (json, '}');
}

static gboolean
read_operations (TernReader *reader,
                 gpointer data,
                 GCancellable *cancellable,
                 gpointer *result,
                 GError **error)
{
  Query *query = data;
  g_autoptr (GPtrArray) ops = tern_read_ops (reader, query->account, query->limit, error);
  TernCtlJson *json;
  GString *lines;

  if (ops == NULL)
    return FALSE;
  json = tern_ctl_json_new ();
  lines = g_string_new (NULL);
  tern_ctl_json_open (json, NULL, '[');
  for (guint i = 0; i < ops->len; i++)
    format_operation (reader, query, g_ptr_array_index (ops, i), json, lines);
  tern_ctl_json_close (json, ']');
  *result = end_text (query, json, lines);
  return TRUE;
}

void
tern_ctl_operations (TernCtl *self)
{
  Query *query = query_new (self, tern_ctl_args_word (self->args, 0), DEFAULT_OPERATIONS);

  if (query != NULL)
    tern_ctl_print_read (self, read_operations, query, query_free);
}

/* Why. */

static void
format_entry (const TernLedgerEntry *entry, TernCtlJson *json, GString *lines)
{
  g_autofree char *sentence = tern_history_dup_sentence (entry);
  g_autofree char *time = tern_ctl_format_local_time (entry->time / 1000);

  g_string_append_printf (lines, "  %s  %s\n", time, sentence);
  tern_ctl_json_open (json, NULL, '{');
  tern_ctl_json_time (json, "time", entry->time / 1000, 0);
  tern_ctl_json_int (json, "id", entry->location);
  tern_ctl_json_string (json, "event", tern_history_kind_name (entry->kind));
  tern_ctl_json_string (json, "how", tern_history_how_name (entry->how));
  tern_ctl_json_int (json, "operation", entry->op);
  tern_ctl_json_bool (json, "waiting", entry->op != 0 && entry->unsent);
  tern_ctl_json_string (json, "from", entry->source);
  tern_ctl_json_string (json, "to", entry->target);
  tern_ctl_format_flags (json, "add", entry->add, entry->add_keywords);
  tern_ctl_format_flags (json, "remove", entry->remove, entry->remove_keywords);
  tern_ctl_json_string (json, "reason", entry->note);
  if (entry->saved > 0)
    tern_ctl_json_time (json, "saved", entry->saved, 0);
  tern_ctl_json_string (json, "text", sentence);
  tern_ctl_json_close (json, '}');
}

static void
format_head (const TernHistory *history, GString *lines)
{
  g_autofree char *date = tern_ctl_format_local_time (history->date);
  g_autofree char *gone = tern_ctl_format_local_time (history->gone / 1000);

  if (lines->len > 0)
    g_string_append_c (lines, '\n');
  g_string_append_printf (lines, "%" TERN_ID_FORMAT "  %s, %s, %s\n", history->location,
                          history->from,
                          *history->subject != '\0' ? history->subject : _ ("(No subject)"), date);
  if (history->gone == 0)
    g_string_append_printf (lines, _ ("It is in “%s”.\n"),
                            tern_history_folder_name (history->folder));
  else
    g_string_append_printf (lines, _ ("It is gone since %s; it was in “%s” last.\n"), gone,
                            tern_history_folder_name (history->folder));
  for (guint i = 0; i < history->elsewhere->len; i++)
    g_string_append_printf (lines, _ ("The same message is here as %" PRId64 " as well.\n"),
                            g_array_index (history->elsewhere, TernId, i));
  if (history->entries->len == 0)
    g_string_append (lines, _ ("What happened to it before Tern kept a record is not known.\n"));
}

static void
format_history (Query *query, const TernHistory *history, TernCtlJson *json, GString *lines)
{
  format_head (history, lines);
  tern_ctl_json_open (json, NULL, '{');
  tern_ctl_json_int (json, "id", history->location);
  tern_ctl_json_string (json, "account", tern_ctl_format_account (query->ids, history->account));
  tern_ctl_json_bool (json, "here", history->gone == 0);
  tern_ctl_json_time (json, "gone", history->gone / 1000, 0);
  tern_ctl_json_string (json, "folder", history->folder);
  tern_ctl_json_string (json, "from", history->from);
  tern_ctl_json_string (json, "subject", history->subject);
  tern_ctl_json_time (json, "date", history->date, 0);
  tern_ctl_json_open (json, "elsewhere", '[');
  for (guint i = 0; i < history->elsewhere->len; i++)
    tern_ctl_json_int (json, NULL, g_array_index (history->elsewhere, TernId, i));
  tern_ctl_json_close (json, ']');
  tern_ctl_json_open (json, "events", '[');
  for (guint i = 0; i < history->entries->len; i++)
    format_entry (g_ptr_array_index (history->entries, i), json, lines);
  tern_ctl_json_close (json, ']');
  tern_ctl_json_close (json, '}');
}

static GArray *
find_messages (TernReader *reader, Query *query, GCancellable *cancellable, GError **error)
{
  GArray *ids;

  if (query->message == 0)
    return tern_read_history_find (reader, query->account, query->words, query->limit, cancellable,
                                   error);
  ids = g_array_new (FALSE, FALSE, sizeof (TernId));
  g_array_append_val (ids, query->message);
  return ids;
}

static GError *
fault_unknown (Query *query)
{
  if (query->message != 0)
    return tern_fault_new (TERN_FAULT_NOT_FOUND,
                           _ ("There is no message %" PRId64 ", and none is remembered."),
                           query->message);
  return tern_fault_new (TERN_FAULT_NOT_FOUND,
                         _ ("No message, here or gone, fits “%s”. Words are looked for in senders "
                            "and subjects; a day is written 2026-11-28."),
                         query->words);
}

static gboolean
read_why (TernReader *reader,
          gpointer data,
          GCancellable *cancellable,
          gpointer *result,
          GError **error)
{
  Query *query = data;
  g_autoptr (GArray) ids = find_messages (reader, query, cancellable, error);
  TernCtlJson *json = tern_ctl_json_new ();
  GString *lines = g_string_new (NULL);
  GError *fault = NULL;
  guint told = 0;

  tern_ctl_json_open (json, NULL, '[');
  for (guint i = 0; ids != NULL && fault == NULL && i < ids->len; i++)
    {
      g_autoptr (TernHistory) history =
          tern_read_history (reader, g_array_index (ids, TernId, i), &fault);

      if (history == NULL)
        continue;
      format_history (query, history, json, lines);
      told++;
    }
  tern_ctl_json_close (json, ']');
  *result = end_text (query, json, lines);
  if (ids != NULL && fault == NULL && told > 0)
    return TRUE;
  g_clear_pointer ((char **) result, g_free);
  if (ids != NULL)
    g_propagate_error (error, fault != NULL ? fault : fault_unknown (query));
  return FALSE;
}

void
tern_ctl_why (TernCtl *self)
{
  Query *query = query_new (self, tern_ctl_args_get (self->args, "account"), DEFAULT_MESSAGES);
  g_autoptr (GString) words = g_string_new (NULL);

  if (query == NULL)
    return;
  for (guint i = 0; i < self->args->words->len; i++)
    g_string_append_printf (words, "%s%s", i > 0 ? " " : "", tern_ctl_args_word (self->args, i));
  /* A number alone is an id. */
  if (self->args->words->len > 1 || !tern_ctl_args_number (words->str, 1, &query->message, NULL))
    {
      query->message = 0;
      query->words = g_strdup (words->str);
    }
  tern_ctl_print_read (self, read_why, query, query_free);
}
