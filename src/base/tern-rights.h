/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * TernRights:
 *
 * What one may do with a folder on its server: the standard rights of RFC 4314 section 2.1, and how
 * they became known. A mask without any bit forbids nothing: the server is the one to say no.
 */
typedef enum
{
  TERN_RIGHTS_NONE = 0,
  TERN_RIGHT_LOOKUP = 1 << 0,        /* l: see it in the list */
  TERN_RIGHT_READ = 1 << 1,          /* r */
  TERN_RIGHT_SEEN = 1 << 2,          /* s: keep \Seen */
  TERN_RIGHT_WRITE = 1 << 3,         /* w: other flags */
  TERN_RIGHT_INSERT = 1 << 4,        /* i: put messages in */
  TERN_RIGHT_POST = 1 << 5,          /* p */
  TERN_RIGHT_CREATE = 1 << 6,        /* k: folders below it */
  TERN_RIGHT_DELETE_FOLDER = 1 << 7, /* x: and to rename it */
  TERN_RIGHT_DELETE = 1 << 8,        /* t: set \Deleted */
  TERN_RIGHT_EXPUNGE = 1 << 9,       /* e */
  TERN_RIGHT_ADMIN = 1 << 10,        /* a */
  TERN_RIGHTS_ALL = (1 << 11) - 1,
  TERN_RIGHTS_LEARNED = 1 << 13,   /* from a refusal, not by asking: better ask */
  TERN_RIGHTS_KNOWN = 1 << 14,     /* what is not in the mask is not allowed */
  TERN_RIGHTS_READ_ONLY = 1 << 15, /* its server opens it as [READ-ONLY] */
} TernRights;

/* To take messages out of a folder: mark and remove them. */
#define TERN_RIGHTS_REMOVE (TERN_RIGHT_DELETE | TERN_RIGHT_EXPUNGE)

/* The letters of a server, with #TERN_RIGHTS_KNOWN. Letters that are not known say nothing here;
 * "c" and "d" of RFC 2086 count where the server has only these. Any bytes. */
TernRights tern_rights_parse (const char *letters, gsize length);
/* "lrswipkxtea" as far as they are there; NULL when the server has not told them. */
char *tern_rights_format (TernRights rights);
/* What of @needed is not allowed. */
TernRights tern_rights_missing (TernRights rights, TernRights needed);
/* Nothing can be changed in the folder. */
gboolean tern_rights_only_reading (TernRights rights);
/* A sentence that says what cannot be done with @folder, its name; NULL when @needed is allowed. */
char *tern_rights_explain (TernRights rights, TernRights needed, const char *folder);

G_END_DECLS
