/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-ctl-args.h"

#include "tern-fault.h"
#include "tern-number.h"

#include <glib/gi18n.h>
#include <string.h>

typedef enum
{
  OPTION_UNKNOWN,
  OPTION_SWITCH,
  OPTION_VALUE,
  OPTION_LIST,
} OptionKind;

static OptionKind
find_option (const TernCtlCommand *command, const char *name, gsize length)
{
  g_auto (GStrv) options = g_strsplit (command->options, " ", -1);

  for (gsize i = 0; options[i] != NULL; i++)
    {
      gsize size = strcspn (options[i], "=*");

      if (size != length || strncmp (options[i], name, length) != 0 || length == 0)
        continue;
      if (options[i][size] == '=')
        return OPTION_VALUE;
      return options[i][size] == '*' ? OPTION_LIST : OPTION_SWITCH;
    }
  return OPTION_UNKNOWN;
}

/* How many of @words name @command; 0 when they name another one. */
static guint
match_command (const TernCtlCommand *command, const GPtrArray *words)
{
  g_auto (GStrv) parts = g_strsplit (command->name, " ", -1);
  guint n = g_strv_length (parts);

  for (guint i = 0; i < n; i++)
    {
      if (i >= words->len || !g_str_equal (g_ptr_array_index (words, i), parts[i]))
        return 0;
    }
  return n;
}

static const TernCtlCommand *
find_command (const TernCtlCommand *commands, const GPtrArray *words, guint *taken)
{
  const TernCtlCommand *found = NULL;

  *taken = 0;
  for (; commands->name != NULL; commands++)
    {
      guint n = match_command (commands, words);

      if (n > *taken)
        {
          found = commands;
          *taken = n;
        }
    }
  return found;
}

static GPtrArray *
ensure_option (TernCtlArgs *self, const char *name, gsize length)
{
  g_autofree char *key = g_strndup (name, length);
  GPtrArray *values = g_hash_table_lookup (self->options, key);

  if (values == NULL)
    {
      values = g_ptr_array_new_with_free_func (g_free);
      g_hash_table_insert (self->options, g_steal_pointer (&key), values);
    }
  return values;
}

static gboolean
is_option (const char *word)
{
  return g_str_has_prefix (word, "--");
}

/* @argv stands on an option; it moves on to the last word that belongs to it. */
static gboolean
take_option (TernCtlArgs *self, const char *const **argv, GError **error)
{
  const char *name = **argv + strlen ("--");
  gsize length = strcspn (name, "=");
  const char *attached = name[length] == '=' ? name + length + 1 : NULL;
  OptionKind kind = find_option (self->command, name, length);
  GError *fault = NULL;

  if (kind == OPTION_UNKNOWN)
    fault = tern_fault_new (TERN_FAULT_INVALID, _ ("“%s” has no option --%.*s."),
                            self->command->name, (int) length, name);
  else if (kind == OPTION_SWITCH && attached != NULL)
    fault = tern_fault_new (TERN_FAULT_INVALID, _ ("The option --%.*s takes no value."),
                            (int) length, name);
  else if (kind != OPTION_SWITCH && attached == NULL && (*argv)[1] == NULL)
    fault = tern_fault_new (TERN_FAULT_INVALID, _ ("The option --%.*s needs a value."),
                            (int) length, name);
  if (fault != NULL)
    {
      g_propagate_error (error, fault);
      return FALSE;
    }
  if (attached != NULL)
    g_ptr_array_add (ensure_option (self, name, length), g_strdup (attached));
  else if (kind == OPTION_SWITCH)
    ensure_option (self, name, length);
  else
    do
      g_ptr_array_add (ensure_option (self, name, length), g_strdup (*++*argv));
    while (kind == OPTION_LIST && (*argv)[1] != NULL && !is_option ((*argv)[1]));
  return TRUE;
}

/* What may stand anywhere. */
static gboolean
take_general (TernCtlArgs *self, const char *word)
{
  if (g_str_equal (word, "--json"))
    self->json = TRUE;
  else if (g_str_equal (word, "--progress"))
    self->progress = TRUE;
  else
    return FALSE;
  return TRUE;
}

static gboolean
take_words (TernCtlArgs *self, const char *const *argv, guint named, GError **error)
{
  gboolean only_words = FALSE;

  for (; *argv != NULL; argv++)
    {
      if (named > 0 && !is_option (*argv))
        named--; /* a word of the command's name */
      else if (only_words || !is_option (*argv))
        g_ptr_array_add (self->words, g_strdup (*argv));
      else if (g_str_equal (*argv, "--"))
        only_words = TRUE;
      else if (!take_general (self, *argv) && !take_option (self, &argv, error))
        return FALSE;
    }
  if (self->words->len >= self->command->min_words && self->words->len <= self->command->max_words)
    return TRUE;
  g_propagate_error (error, tern_fault_new (TERN_FAULT_INVALID, _ ("Usage: ternctl %s %s"),
                                            self->command->name, self->command->synopsis));
  return FALSE;
}

/* The words before the first option of a command, among which its name is: which options have
 * values is known only with the command. (transfer container) of char*, lent by @argv. */
static GPtrArray *
take_leading_words (TernCtlArgs *self, const char *const *argv)
{
  GPtrArray *words = g_ptr_array_new ();

  for (; *argv != NULL; argv++)
    {
      if (!is_option (*argv))
        g_ptr_array_add (words, (gpointer) *argv);
      else if (!take_general (self, *argv))
        break;
    }
  return words;
}

TernCtlArgs *
tern_ctl_args_parse (const TernCtlCommand *commands,
                     const char *const *argv,
                     gboolean *json,
                     GError **error)
{
  g_autoptr (TernCtlArgs) self = g_new0 (TernCtlArgs, 1);
  g_autoptr (GPtrArray) leading = NULL;
  gboolean good;
  guint named;

  self->words = g_ptr_array_new_with_free_func (g_free);
  self->options =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_ptr_array_unref);
  for (; *argv != NULL && take_general (self, *argv); argv++)
    ;
  leading = take_leading_words (self, argv);
  self->command = find_command (commands, leading, &named);
  if (self->command == NULL)
    {
      /* Somebody who asked for JSON gets the error in it, too. */
      self->json |= g_strv_contains (argv, "--json");
      g_propagate_error (error, *argv == NULL
                                    ? tern_fault_new (TERN_FAULT_INVALID,
                                                      _ ("Say what to do; “ternctl help” lists "
                                                         "the commands."))
                                    : tern_fault_new (TERN_FAULT_INVALID,
                                                      _ ("There is no command “%s”; “ternctl "
                                                         "help” lists them."),
                                                      *argv));
      good = FALSE;
    }
  else
    good = take_words (self, argv, named, error);
  if (json != NULL)
    *json = self->json || (!good && g_strv_contains (argv, "--json"));
  return good ? g_steal_pointer (&self) : NULL;
}

void
tern_ctl_args_free (TernCtlArgs *self)
{
  if (self == NULL)
    return;
  g_ptr_array_unref (self->words);
  g_hash_table_unref (self->options);
  g_free (self);
}

gboolean
tern_ctl_args_has (const TernCtlArgs *self, const char *option)
{
  return g_hash_table_contains (self->options, option);
}

GPtrArray *
tern_ctl_args_get_all (const TernCtlArgs *self, const char *option)
{
  return g_hash_table_lookup (self->options, option);
}

const char *
tern_ctl_args_get (const TernCtlArgs *self, const char *option)
{
  GPtrArray *values = tern_ctl_args_get_all (self, option);

  return values != NULL && values->len > 0 ? g_ptr_array_index (values, values->len - 1) : NULL;
}

gboolean
tern_ctl_args_exclude (const TernCtlArgs *self, const char *options, GError **error)
{
  g_auto (GStrv) names = g_strsplit (options, " ", -1);
  const char *given = NULL;

  for (gsize i = 0; names[i] != NULL; i++)
    {
      if (!tern_ctl_args_has (self, names[i]))
        continue;
      if (given != NULL)
        {
          g_propagate_error (
              error, tern_fault_new (TERN_FAULT_INVALID, _ ("Give --%s or --%s, but not both."),
                                     given, names[i]));
          return FALSE;
        }
      given = names[i];
    }
  return TRUE;
}

const char *
tern_ctl_args_word (const TernCtlArgs *self, guint index)
{
  return index < self->words->len ? g_ptr_array_index (self->words, index) : NULL;
}

gboolean
tern_ctl_args_number (const char *text, gint64 minimum, gint64 *number, GError **error)
{
  guint64 value;

  if (tern_number_parse (text, (guint64) minimum, G_MAXINT64, &value))
    {
      *number = (gint64) value;
      return TRUE;
    }
  g_propagate_error (
      error, tern_fault_new (TERN_FAULT_INVALID, _ ("“%s” is not a number that fits here."), text));
  return FALSE;
}

GArray *
tern_ctl_args_ids (const TernCtlArgs *self, guint first, guint leave, GError **error)
{
  g_autoptr (GArray) ids = g_array_new (FALSE, FALSE, sizeof (TernId));
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);

  for (guint i = first; i + leave < self->words->len; i++)
    {
      TernId id;

      if (!tern_ctl_args_number (g_ptr_array_index (self->words, i), 1, &id, error))
        return NULL;
      if (g_hash_table_add (seen, g_memdup2 (&id, sizeof id)))
        g_array_append_val (ids, id);
    }
  return g_steal_pointer (&ids);
}

gboolean
tern_ctl_args_wants_input (const TernCtlArgs *self)
{
  return self->command->input || tern_ctl_args_has (self, "password-stdin")
         || tern_ctl_args_has (self, "smtp-password-stdin");
}
