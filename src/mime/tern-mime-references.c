/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-mime-text.h"

#include "tern-limits.h"

#include <string.h>

#define ID_LENGTH_MAX 998

typedef struct
{
  const char *start;
  gsize length;
} Slice;

/* Folding may fall inside an id; white space is no part of one. */
static char *
copy_id (const Slice *slice)
{
  char *id = g_malloc (slice->length + 1);
  gsize n = 0;

  for (gsize i = 0; i < slice->length; i++)
    if ((guchar) slice->start[i] > ' ' && slice->start[i] != 0x7f)
      id[n++] = slice->start[i];
  id[n] = '\0';
  if (!g_utf8_validate (id, n, NULL))
    {
      char *valid = g_utf8_make_valid (id, n);

      g_free (id);
      return valid;
    }
  return id;
}

/* Ids stand in angle brackets; a bracket that is never closed ends at white space. */
static void
find_bracketed (const char *raw, gsize length, GArray *slices)
{
  const char *end = raw + length;
  const char *p = raw;

  while ((p = memchr (p, '<', end - p)) != NULL)
    {
      const char *start = ++p;
      const char *blank = NULL;
      Slice slice = { start, 0 };

      for (; p < end && *p != '>' && *p != '<'; p++)
        if (blank == NULL && g_ascii_isspace (*p))
          blank = p;
      slice.length = (p < end && *p == '>' ? p : blank != NULL ? blank : p) - start;
      if (slice.length > 0 && slice.length <= ID_LENGTH_MAX)
        g_array_append_val (slices, slice);
    }
}

/* Without any bracket: the words that look like an id. */
static void
find_bare (const char *raw, gsize length, GArray *slices)
{
  const char *end = raw + length;
  const char *p = raw;

  while (p < end)
    {
      Slice slice;

      while (p < end && (g_ascii_isspace (*p) || *p == ',' || *p == '"'))
        p++;
      slice.start = p;
      while (p < end && !g_ascii_isspace (*p) && *p != ',' && *p != '"')
        p++;
      slice.length = p - slice.start;
      if (slice.length > 0 && slice.length <= ID_LENGTH_MAX
          && memchr (slice.start, '@', slice.length) != NULL)
        g_array_append_val (slices, slice);
    }
}

static gboolean
holds (const GPtrArray *ids, const char *id)
{
  for (guint i = 0; i < ids->len; i++)
    if (g_str_equal (g_ptr_array_index (ids, i), id))
      return TRUE;
  return FALSE;
}

char **
tern_mime_parse_references (const char *raw, gsize length)
{
  g_autoptr (GArray) slices = NULL;
  g_autoptr (GPtrArray) ids = NULL;
  guint skipped;

  g_return_val_if_fail (raw != NULL || length == 0, NULL);

  if (length == 0)
    return NULL;
  if (length > TERN_LIMIT_HEADER)
    length = TERN_LIMIT_HEADER;
  slices = g_array_sized_new (FALSE, FALSE, sizeof (Slice), 8);
  find_bracketed (raw, length, slices);
  if (slices->len == 0)
    find_bare (raw, length, slices);
  skipped = slices->len > TERN_LIMIT_REFERENCES ? slices->len - TERN_LIMIT_REFERENCES : 0;
  ids = g_ptr_array_new_full (MIN (slices->len, TERN_LIMIT_REFERENCES) + 1, g_free);
  for (guint i = 0; i < slices->len; i++)
    {
      g_autofree char *id = NULL;

      /* The first names the thread, the last ones the place in it. */
      if (i == 1)
        i += skipped;
      id = copy_id (&g_array_index (slices, Slice, i));
      if (*id != '\0' && !holds (ids, id))
        g_ptr_array_add (ids, g_steal_pointer (&id));
    }
  if (ids->len == 0)
    return NULL;
  g_ptr_array_add (ids, NULL);
  return (char **) g_ptr_array_free (g_steal_pointer (&ids), FALSE);
}
