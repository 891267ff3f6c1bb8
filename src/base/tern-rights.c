/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-rights.h"

#include <glib/gi18n.h>

static const struct
{
  char letter;
  TernRights right;
} letters_of[] = {
  { 'l', TERN_RIGHT_LOOKUP },  { 'r', TERN_RIGHT_READ },          { 's', TERN_RIGHT_SEEN },
  { 'w', TERN_RIGHT_WRITE },   { 'i', TERN_RIGHT_INSERT },        { 'p', TERN_RIGHT_POST },
  { 'k', TERN_RIGHT_CREATE },  { 'x', TERN_RIGHT_DELETE_FOLDER }, { 't', TERN_RIGHT_DELETE },
  { 'e', TERN_RIGHT_EXPUNGE }, { 'a', TERN_RIGHT_ADMIN },
};

/* The old "c" and "d" stand for different ones on different servers (RFC 4314 section 2.1.1): what
 * they may stand for is not ruled out. */
#define OLD_CREATE (TERN_RIGHT_CREATE | TERN_RIGHT_DELETE_FOLDER)
#define OLD_DELETE (TERN_RIGHTS_REMOVE | TERN_RIGHT_DELETE_FOLDER)

TernRights
tern_rights_parse (const char *letters, gsize length)
{
  TernRights rights = TERN_RIGHTS_KNOWN;
  TernRights old = TERN_RIGHTS_NONE;

  for (gsize i = 0; i < length; i++)
    {
      if (letters[i] == 'c')
        old |= OLD_CREATE;
      else if (letters[i] == 'd')
        old |= OLD_DELETE;
      for (gsize j = 0; j < G_N_ELEMENTS (letters_of); j++)
        if (letters[i] == letters_of[j].letter)
          rights |= letters_of[j].right;
    }
  return rights & (OLD_CREATE | OLD_DELETE) ? rights : rights | old;
}

char *
tern_rights_format (TernRights rights)
{
  GString *text;

  if ((rights & (TERN_RIGHTS_KNOWN | TERN_RIGHTS_LEARNED)) != TERN_RIGHTS_KNOWN)
    return NULL;
  text = g_string_new (NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (letters_of); i++)
    if (rights & letters_of[i].right)
      g_string_append_c (text, letters_of[i].letter);
  return g_string_free (text, FALSE);
}

TernRights
tern_rights_missing (TernRights rights, TernRights needed)
{
  /* Messages may be put into a folder that is opened for reading: that is for the server to say. */
  const TernRights closed = TERN_RIGHT_SEEN | TERN_RIGHT_WRITE | TERN_RIGHTS_REMOVE;
  TernRights missing = TERN_RIGHTS_NONE;

  if (rights & TERN_RIGHTS_KNOWN)
    missing |= needed & ~rights;
  if (rights & TERN_RIGHTS_READ_ONLY)
    missing |= needed & closed;
  return missing;
}

gboolean
tern_rights_only_reading (TernRights rights)
{
  const TernRights changes =
      TERN_RIGHT_SEEN | TERN_RIGHT_WRITE | TERN_RIGHT_INSERT | TERN_RIGHTS_REMOVE;

  if (!(rights & TERN_RIGHTS_KNOWN))
    return (rights & TERN_RIGHTS_READ_ONLY) != 0;
  return tern_rights_missing (rights, changes) == changes;
}

char *
tern_rights_explain (TernRights rights, TernRights needed, const char *folder)
{
  TernRights missing = tern_rights_missing (rights, needed);

  if (missing == TERN_RIGHTS_NONE)
    return NULL;
  if (missing & (TERN_RIGHT_DELETE_FOLDER))
    return g_strdup_printf (_ ("You are not allowed to rename, move or delete the folder “%s”."),
                            folder);
  if (missing & TERN_RIGHT_CREATE)
    return g_strdup_printf (_ ("You are not allowed to make folders in “%s”."), folder);
  if (tern_rights_only_reading (rights))
    return g_strdup_printf (_ ("You are only allowed to read in the folder “%s”."), folder);
  if (missing & TERN_RIGHTS_REMOVE)
    return g_strdup_printf (
        _ ("You are not allowed to delete messages in the folder “%s” or to move them out of it."),
        folder);
  if (missing & TERN_RIGHT_INSERT)
    return g_strdup_printf (_ ("You are not allowed to put messages into the folder “%s”."),
                            folder);
  if (missing & TERN_RIGHT_SEEN)
    return g_strdup_printf (
        _ ("You are not allowed to mark messages in the folder “%s” as read or unread."), folder);
  return g_strdup_printf (_ ("You are not allowed to mark messages in the folder “%s”."), folder);
}
