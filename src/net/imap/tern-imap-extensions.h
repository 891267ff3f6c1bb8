/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * TernImapExtension:
 *
 * What Tern does with one extension of IMAP, and what is lost where a server lacks it. One table
 * for the connection doctor and for the page "extensions" of the help. Constant; any thread.
 */
typedef struct
{
  const char *name;    /* as it is announced */
  const char *rfc;     /* "RFC 7162", or who describes it */
  const char *purpose; /* untranslated: what Tern uses it for */
  const char *without; /* untranslated: what happens where it is missing */
  gboolean used;       /* this version of Tern makes use of it */
  gboolean in_rev2;    /* part of IMAP4rev2, and so offered with it (RFC 9051 appendix E) */
  gboolean harmless;   /* where it is missing, there is nothing that a person should know */
} TernImapExtension;

/* All of them, in order of their names. */
const TernImapExtension *tern_imap_extensions_get (gsize *n);
/* By its name in any case. (nullable) */
const TernImapExtension *tern_imap_extension_find (const char *name);

G_END_DECLS
