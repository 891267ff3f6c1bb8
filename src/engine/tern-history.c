/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-history.h"

#include <glib/gi18n.h>

const char *
tern_history_kind_name (TernLedgerKind kind)
{
  static const char *const NAMES[] = {
    [TERN_LEDGER_ARRIVED] = "arrived",   [TERN_LEDGER_FLAGS] = "flags",
    [TERN_LEDGER_MOVED] = "moved",       [TERN_LEDGER_COPIED] = "copied",
    [TERN_LEDGER_APPENDED] = "appended", [TERN_LEDGER_DELETED] = "deleted",
    [TERN_LEDGER_REMOVED] = "removed",   [TERN_LEDGER_RENUMBERED] = "renumbered",
    [TERN_LEDGER_FOUND] = "found",       [TERN_LEDGER_DAMAGED] = "damaged",
    [TERN_LEDGER_FETCHED] = "fetched",   [TERN_LEDGER_REFUSED] = "refused",
    [TERN_LEDGER_UNDONE] = "undone",
  };

  return (guint) kind < G_N_ELEMENTS (NAMES) ? NAMES[kind] : NULL;
}

const char *
tern_history_how_name (TernLedgerHow how)
{
  static const char *const NAMES[] = {
    [TERN_LEDGER_SERVER] = "server",
    [TERN_LEDGER_OWN] = "operation",
    [TERN_LEDGER_FIRST_SYNC] = "first-sync",
    [TERN_LEDGER_SYNC] = "sync",
    [TERN_LEDGER_PUSH] = "push",
    [TERN_LEDGER_FILED] = "filed",
    [TERN_LEDGER_VANISHED] = "expunge",
    [TERN_LEDGER_LISTING] = "listing",
    [TERN_LEDGER_NOT_FOUND] = "not-found",
    [TERN_LEDGER_FOLDER] = "folder-gone",
    [TERN_LEDGER_TAKEN_BACK] = "taken-back",
    [TERN_LEDGER_MERGED] = "merged",
  };

  return (guint) how < G_N_ELEMENTS (NAMES) ? NAMES[how] : NULL;
}

const char *
tern_history_op_kind_name (TernOpKind kind)
{
  static const char *const NAMES[] = {
    [TERN_OP_FLAGS] = "flags",
    [TERN_OP_MOVE] = "move",
    [TERN_OP_COPY] = "copy",
    [TERN_OP_APPEND] = "append",
    [TERN_OP_EXPUNGE] = "expunge",
    [TERN_OP_FOLDER_CREATE] = "folder-create",
    [TERN_OP_FOLDER_RENAME] = "folder-rename",
    [TERN_OP_FOLDER_DELETE] = "folder-delete",
    [TERN_OP_FOLDER_SUBSCRIBE] = "folder-subscribe",
    [TERN_OP_FOLDER_UNSUBSCRIBE] = "folder-unsubscribe",
  };

  return (guint) kind < G_N_ELEMENTS (NAMES) ? NAMES[kind] : NULL;
}

const char *
tern_history_op_state_name (TernOpState state)
{
  static const char *const NAMES[] = {
    [TERN_OP_PENDING] = "pending", [TERN_OP_RUNNING] = "running", [TERN_OP_CONFIRMED] = "confirmed",
    [TERN_OP_REFUSED] = "refused", [TERN_OP_STUCK] = "stuck",
  };

  return (guint) state < G_N_ELEMENTS (NAMES) ? NAMES[state] : NULL;
}

/* Flags. */

static const char *
added_phrase (TernFlags flag)
{
  switch (flag)
    {
    case TERN_FLAG_SEEN:
      return _ ("marked as read");
    case TERN_FLAG_ANSWERED:
      return _ ("marked as answered");
    case TERN_FLAG_FLAGGED:
      return _ ("starred");
    case TERN_FLAG_DRAFT:
      return _ ("marked as a draft");
    case TERN_FLAG_DELETED:
      return _ ("marked to be deleted");
    case TERN_FLAG_FORWARDED:
      return _ ("marked as forwarded");
    case TERN_FLAG_MDN_SENT:
      return _ ("marked as receipted");
    case TERN_FLAG_JUNK:
      return _ ("marked as junk");
    case TERN_FLAG_NOT_JUNK:
      return _ ("marked as no junk");
    case TERN_FLAG_PHISHING:
      return _ ("marked as phishing");
    case TERN_FLAG_NONE:
    default:
      return NULL;
    }
}

static const char *
removed_phrase (TernFlags flag)
{
  switch (flag)
    {
    case TERN_FLAG_SEEN:
      return _ ("marked as unread");
    case TERN_FLAG_ANSWERED:
      return _ ("not marked as answered any more");
    case TERN_FLAG_FLAGGED:
      return _ ("star removed");
    case TERN_FLAG_DRAFT:
      return _ ("not marked as a draft any more");
    case TERN_FLAG_DELETED:
      return _ ("not marked to be deleted any more");
    case TERN_FLAG_FORWARDED:
      return _ ("not marked as forwarded any more");
    case TERN_FLAG_MDN_SENT:
      return _ ("not marked as receipted any more");
    case TERN_FLAG_JUNK:
      return _ ("not marked as junk any more");
    case TERN_FLAG_NOT_JUNK:
      return _ ("not marked as no junk any more");
    case TERN_FLAG_PHISHING:
      return _ ("not marked as phishing any more");
    case TERN_FLAG_NONE:
    default:
      return NULL;
    }
}

static void
add_words (GPtrArray *parts, const char *keywords, const char *format)
{
  g_auto (GStrv) words = g_strsplit (keywords != NULL ? keywords : "", " ", -1);

  for (guint i = 0; words[i] != NULL; i++)
    if (words[i][0] != '\0')
      {
        g_auto (GStrv) around = g_strsplit (format, "{}", 2);

        g_ptr_array_add (parts, g_strjoinv (words[i], around));
      }
}

static char *
dup_changes (TernFlags add, TernFlags remove, const char *add_keywords, const char *remove_keywords)
{
  g_autoptr (GPtrArray) parts = g_ptr_array_new_with_free_func (g_free);

  for (guint bit = 1; bit <= TERN_FLAG_PHISHING; bit <<= 1)
    {
      const char *added = (guint) add & bit ? added_phrase ((TernFlags) bit) : NULL;
      const char *removed = (guint) remove & bit ? removed_phrase ((TernFlags) bit) : NULL;

      if (added != NULL)
        g_ptr_array_add (parts, g_strdup (added));
      if (removed != NULL)
        g_ptr_array_add (parts, g_strdup (removed));
    }
  /* Translators: {} is the name of a mark that a program gave to the message; keep it. */
  add_words (parts, add_keywords, _ ("given the mark “{}”"));
  /* Translators: {} is the name of a mark that a program gave to the message; keep it. */
  add_words (parts, remove_keywords, _ ("mark “{}” taken away"));
  if (parts->len == 0)
    return g_strdup (_ ("flags changed"));
  g_ptr_array_add (parts, NULL);
  /* Translators: between two changes of a message: “marked as read, starred”. */
  return g_strjoinv (_ (", "), (char **) parts->pdata);
}

/* Sentences. */

const char *
tern_history_folder_name (const char *path)
{
  if (g_strcmp0 (path, "INBOX") == 0)
    return _ ("Inbox");
  return path != NULL ? path : _ ("a folder that is gone");
}

static char *
dup_arrived (const TernLedgerEntry *entry)
{
  const char *folder = tern_history_folder_name (entry->target);

  switch ((int) entry->how)
    {
    case TERN_LEDGER_FIRST_SYNC:
      /* Translators: in these sentences %s is the path of a folder. */
      return g_strdup_printf (_ ("It was in “%s” when Tern first read that folder."), folder);
    case TERN_LEDGER_SYNC:
      return g_strdup_printf (_ ("It was new in “%s” when Tern looked there again."), folder);
    case TERN_LEDGER_PUSH:
      return g_strdup_printf (_ ("It arrived in “%s”; the server told Tern at once."), folder);
    case TERN_LEDGER_FILED:
      return g_strdup_printf (_ ("You sent it; Tern filed the copy in “%s”."), folder);
    default:
      return g_strdup_printf (_ ("It came into “%s”."), folder);
    }
}

static char *
dup_removed (const TernLedgerEntry *entry)
{
  const char *folder = tern_history_folder_name (entry->source);

  switch ((int) entry->how)
    {
    case TERN_LEDGER_OWN:
      return g_strdup_printf (_ ("It was removed from “%s” for good, as you asked."), folder);
    case TERN_LEDGER_VANISHED:
      return g_strdup_printf (
          _ ("The server reported that it is gone from “%s”: another program or "
             "a rule of the server has moved or deleted it."),
          folder);
    case TERN_LEDGER_LISTING:
      return g_strdup_printf (_ ("It was missing from “%s” in two listings of the server that "
                                 "agree: another program or a rule of the server has moved or "
                                 "deleted it."),
                              folder);
    case TERN_LEDGER_NOT_FOUND:
      return g_strdup_printf (_ ("The server did not have it in “%s” any more when Tern looked for "
                                 "it there."),
                              folder);
    case TERN_LEDGER_FOLDER:
      return g_strdup_printf (_ ("The folder “%s”, where it was, is gone from the server."),
                              folder);
    case TERN_LEDGER_TAKEN_BACK:
      return g_strdup_printf (_ ("The copy in “%s” was taken back."), folder);
    default:
      return g_strdup_printf (_ ("It is gone from “%s” on the server."), folder);
    }
}

static char *
dup_flags (const TernLedgerEntry *entry)
{
  g_autofree char *changes =
      dup_changes (entry->add, entry->remove, entry->add_keywords, entry->remove_keywords);

  /* Translators: %s is what changed: “marked as read, starred”. */
  return g_strdup_printf (entry->how == TERN_LEDGER_OWN ? _ ("Changed here: %s.")
                                                        : _ ("Changed by another program: %s."),
                          changes);
}

static char *
dup_plain (const TernLedgerEntry *entry)
{
  const char *source = tern_history_folder_name (entry->source);
  const char *target = tern_history_folder_name (entry->target);

  switch (entry->kind)
    {
    case TERN_LEDGER_ARRIVED:
      return dup_arrived (entry);
    case TERN_LEDGER_FLAGS:
      return dup_flags (entry);
    case TERN_LEDGER_MOVED:
      return g_strdup_printf (_ ("You moved it from “%s” to “%s”."), source, target);
    case TERN_LEDGER_COPIED:
      return g_strdup_printf (_ ("You copied it from “%s” to “%s”."), source, target);
    case TERN_LEDGER_APPENDED:
      return g_strdup_printf (_ ("Tern put it into “%s” on the server."), target);
    case TERN_LEDGER_DELETED:
      return g_strdup_printf (_ ("You deleted it from “%s” for good."), source);
    case TERN_LEDGER_REMOVED:
      return dup_removed (entry);
    case TERN_LEDGER_RENUMBERED:
      return g_strdup_printf (_ ("The server gave all messages of “%s” new numbers."), source);
    case TERN_LEDGER_FOUND:
      return g_strdup_printf (_ ("Tern found it in “%s” on the server."), target);
    case TERN_LEDGER_DAMAGED:
      return g_strdup (_ ("Its text on this computer was damaged and was set aside."));
    case TERN_LEDGER_FETCHED:
      return g_strdup (_ ("Its text was fetched from the server again."));
    case TERN_LEDGER_REFUSED:
      return g_strdup_printf (_ ("The server refused the change, so it was taken back: %s"),
                              entry->note != NULL ? entry->note : "");
    case TERN_LEDGER_UNDONE:
      return g_strdup (_ ("You took the change back."));
    default:
      return g_strdup (_ ("Something happened to it that this version of Tern does not know."));
    }
}

/* What is known besides of how it came. */
static char *
dup_told (const TernLedgerEntry *entry)
{
  char *plain = dup_plain (entry);
  g_autoptr (GDateTime) saved =
      entry->saved > 0 ? g_date_time_new_from_unix_local (entry->saved) : NULL;
  /* Translators: when a message was put into a folder, see g_date_time_format(). */
  g_autofree char *time = saved != NULL ? g_date_time_format (saved, _ ("%-d %B %Y, %H:%M")) : NULL;
  char *told;

  if (time == NULL)
    return plain;
  /* Translators: a sentence about how a message came into a folder, and a date with a time. */
  told = g_strdup_printf (_ ("%s It was put there on %s."), plain, time);
  g_free (plain);
  return told;
}

char *
tern_history_dup_sentence (const TernLedgerEntry *entry)
{
  g_autofree char *plain = dup_told (entry);

  if (entry->op == 0)
    return g_steal_pointer (&plain);
  /* Translators: a sentence about what was done, and the number of the operation. */
  return g_strdup_printf (entry->unsent ? _ ("%s (operation %" PRId64 ", not yet on the server)")
                                        : _ ("%s (operation %" PRId64 ")"),
                          plain, entry->op);
}

char *
tern_history_dup_operation (const TernOpRecord *op, const char *source, const char *target)
{
  guint n = op->subjects->len;
  g_autofree char *changes = NULL;

  switch (op->kind)
    {
    case TERN_OP_FLAGS:
      changes = dup_changes (op->add, op->remove, op->add_keywords, op->remove_keywords);
      /* Translators: the number of messages, a folder, what changed (“marked as read”). */
      return g_strdup_printf (ngettext ("%u message in “%s”: %s", "%u messages in “%s”: %s", n), n,
                              tern_history_folder_name (source), changes);
    case TERN_OP_MOVE:
      return g_strdup_printf (
          ngettext ("%u message moved from “%s” to “%s”", "%u messages moved from “%s” to “%s”", n),
          n, tern_history_folder_name (source), tern_history_folder_name (target));
    case TERN_OP_COPY:
      return g_strdup_printf (ngettext ("%u message copied from “%s” to “%s”",
                                        "%u messages copied from “%s” to “%s”", n),
                              n, tern_history_folder_name (source),
                              tern_history_folder_name (target));
    case TERN_OP_APPEND:
      return g_strdup_printf (ngettext ("%u message put into “%s”", "%u messages put into “%s”", n),
                              n, tern_history_folder_name (target));
    case TERN_OP_EXPUNGE:
      return g_strdup_printf (ngettext ("%u message deleted from “%s” for good",
                                        "%u messages deleted from “%s” for good", n),
                              n, tern_history_folder_name (source));
    case TERN_OP_FOLDER_CREATE:
      return g_strdup_printf (_ ("Folder “%s” made"), tern_history_folder_name (source));
    case TERN_OP_FOLDER_RENAME:
      return g_strdup_printf (_ ("Folder “%s” renamed to “%s”"), op->old_path, op->new_path);
    case TERN_OP_FOLDER_DELETE:
      return g_strdup_printf (_ ("Folder “%s” deleted"), tern_history_folder_name (source));
    case TERN_OP_FOLDER_SUBSCRIBE:
      return g_strdup_printf (_ ("Folder “%s” subscribed"), tern_history_folder_name (source));
    case TERN_OP_FOLDER_UNSUBSCRIBE:
      return g_strdup_printf (_ ("Folder “%s” unsubscribed"), tern_history_folder_name (source));
    }
  g_return_val_if_reached (NULL);
}
