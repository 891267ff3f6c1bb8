/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

#include "tern-types.h"

G_BEGIN_DECLS

typedef struct _TernCtl TernCtl;

/** TernCtlCommand: one command, how it is written and what it needs. */
typedef struct
{
  const char *name;     /* "list", "account add" */
  const char *synopsis; /* what follows the name, for the usage */
  const char *options;  /* "unread limit= to*": a switch, with one value, with one or more */
  guint min_words;
  guint max_words;
  gboolean online; /* the accounts have to be connected */
  gboolean input;  /* reads its standard input whatever the options */
  void (*run) (TernCtl *ctl);
  gboolean serves; /* runs until it is stopped, and the engine does what others ask meanwhile */
} TernCtlCommand;

/** TernCtlArgs: a command line, understood as far as can be without an engine. */
typedef struct
{
  const TernCtlCommand *command;
  gboolean json;
  gboolean progress;   /* somebody watches standard error */
  GPtrArray *words;    /* of char*: what is no option */
  GHashTable *options; /* of char* name to GPtrArray of char* values (empty for a switch) */
} TernCtlArgs;

/* @argv: without the program's name. @commands ends with a NULL name. TERN_FAULT_INVALID, with
 * *@json (nullable) told even then. */
TernCtlArgs *tern_ctl_args_parse (const TernCtlCommand *commands,
                                  const char *const *argv,
                                  gboolean *json,
                                  GError **error);
void tern_ctl_args_free (TernCtlArgs *self);

gboolean tern_ctl_args_has (const TernCtlArgs *self, const char *option);
/* (nullable): the last value given. */
const char *tern_ctl_args_get (const TernCtlArgs *self, const char *option);
GPtrArray *tern_ctl_args_get_all (const TernCtlArgs *self, const char *option); /* (nullable) */
/* That at most one of these is given: @options as in TernCtlCommand. TERN_FAULT_INVALID. */
gboolean tern_ctl_args_exclude (const TernCtlArgs *self, const char *options, GError **error);
const char *tern_ctl_args_word (const TernCtlArgs *self, guint index); /* (nullable) */

/* A whole number of at least @minimum, which is not negative. */
gboolean tern_ctl_args_number (const char *text, gint64 minimum, gint64 *number, GError **error);
/* The words from @first on but the last @leave ones, as ids, each once: GArray of TernId. */
GArray *tern_ctl_args_ids (const TernCtlArgs *self, guint first, guint leave, GError **error);

/* Whether standard input will be read. */
gboolean tern_ctl_args_wants_input (const TernCtlArgs *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernCtlArgs, tern_ctl_args_free)

G_END_DECLS
