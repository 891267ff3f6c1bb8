/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * TernCtlJson:
 *
 * Writes JSON (RFC 8259) as text, straight into a string: a list of a large folder is never held as
 * a tree. Commas are its own business; a name is given inside an object and is NULL elsewhere.
 * Strings that are not UTF-8 are made so. Plain value; any thread.
 */
typedef struct
{
  GString *text;
  gboolean follows; /* something stands before the next value at this level */
} TernCtlJson;

TernCtlJson *tern_ctl_json_new (void);
/* The next value starts a document of its own, on a line of its own. */
void tern_ctl_json_break (TernCtlJson *self);
void tern_ctl_json_free (TernCtlJson *self);
/* Frees @self; the text with a line end. */
char *tern_ctl_json_end (TernCtlJson *self);

void tern_ctl_json_open (TernCtlJson *self, const char *name, char bracket);
void tern_ctl_json_close (TernCtlJson *self, char bracket);
void tern_ctl_json_string (TernCtlJson *self, const char *name, const char *value); /* NULL: null */
void tern_ctl_json_int (TernCtlJson *self, const char *name, gint64 value);
void tern_ctl_json_double (TernCtlJson *self, const char *name, double value);
void tern_ctl_json_bool (TernCtlJson *self, const char *name, gboolean value);
/* RFC 3339 with @offset, minutes east of UTC; null for 0 seconds. */
void tern_ctl_json_time (TernCtlJson *self, const char *name, gint64 seconds, int offset);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernCtlJson, tern_ctl_json_free)

G_END_DECLS
