/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-imap-types.h"

G_BEGIN_DECLS

/* Takes the first range off a set, lower number first. FALSE at the end, and where it is no set:
 * then @rest is not empty. */
gboolean tern_imap_set_next (TernImapSlice *rest, guint32 *from, guint32 *to);

/* Appends the numbers of a set ("1:3,7") in the order in which it tells them; ranges may be the
 * wrong way round. FALSE, with @out as it was, when it is not a set, names 0 or "*", or would make
 * @out longer than @max. */
gboolean tern_imap_set_parse (TernImapSlice set, gsize max, GArray *out);

/* How many numbers it names; 0 when it is not a set. */
guint64 tern_imap_set_count (TernImapSlice set);

/* What of a set of ours is below @uid. (nullable) */
char *tern_imap_set_below (const char *set, guint32 uid);
/* Its first @n; *@rest (nullable) is what follows them. */
char *tern_imap_set_split (const char *set, guint32 n, char **rest);

/* Appends numbers separated by spaces; stops at what is no number. */
void tern_imap_numbers_parse (TernImapSlice text, gsize max, GArray *out);

/* Sorts, and takes doubles out. */
void tern_imap_uids_sort (GArray *uids);

G_END_DECLS
