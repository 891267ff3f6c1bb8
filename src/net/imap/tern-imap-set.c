/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-imap-set.h"

/* A nz-number; moves *@p past it. 0 if there is none. */
static guint32
take_number (const char **p, const char *end)
{
  guint64 value = 0;

  for (; *p < end && g_ascii_isdigit (**p); (*p)++)
    {
      value = value * 10 + (**p - '0');
      if (value > G_MAXUINT32)
        return 0;
    }
  return value;
}

gboolean
tern_imap_set_next (TernImapSlice *rest, guint32 *from, guint32 *to)
{
  const char *p = rest->data;
  const char *end;
  guint32 a, b;

  if (p == NULL || rest->length == 0)
    return FALSE;
  end = p + rest->length;
  a = b = take_number (&p, end);
  if (p < end && *p == ':')
    {
      p++;
      b = take_number (&p, end);
    }
  if (a == 0 || b == 0 || (p < end && *p != ','))
    return FALSE;
  if (p < end)
    p++;
  rest->data = p;
  rest->length = end - p;
  *from = MIN (a, b);
  *to = MAX (a, b);
  return TRUE;
}

gboolean
tern_imap_set_parse (TernImapSlice set, gsize max, GArray *out)
{
  guint before = out->len;
  guint32 from, to;

  while (tern_imap_set_next (&set, &from, &to))
    {
      gsize n = (gsize) to - from + 1;
      gsize at = out->len;

      if (at >= max || n > max - at)
        break;
      g_array_set_size (out, at + n);
      for (gsize i = 0; i < n; i++)
        g_array_index (out, guint32, at + i) = from + i;
    }
  if (set.length == 0 && out->len > before)
    return TRUE;
  g_array_set_size (out, before);
  return FALSE;
}

guint64
tern_imap_set_count (TernImapSlice set)
{
  guint64 n = 0;
  guint32 from, to;

  while (tern_imap_set_next (&set, &from, &to))
    n += (guint64) to - from + 1;
  return set.length == 0 ? n : 0;
}

void
tern_imap_numbers_parse (TernImapSlice text, gsize max, GArray *out)
{
  const char *p = text.data;
  const char *end;

  if (p == NULL)
    return;
  end = p + text.length;
  while (p < end && out->len < max)
    {
      guint32 number;

      while (p < end && *p == ' ')
        p++;
      number = take_number (&p, end);
      if (number == 0)
        return;
      g_array_append_val (out, number);
    }
}

static int
compare_uids (gconstpointer a, gconstpointer b)
{
  guint32 x = *(const guint32 *) a;
  guint32 y = *(const guint32 *) b;

  return (x > y) - (x < y);
}

void
tern_imap_uids_sort (GArray *uids)
{
  guint32 *data = (guint32 *) uids->data;
  gboolean sorted = TRUE;
  guint n = 0;

  for (guint i = 1; i < uids->len && sorted; i++)
    sorted = data[i - 1] < data[i];
  if (sorted)
    return;
  g_array_sort (uids, compare_uids);
  for (guint i = 0; i < uids->len; i++)
    if (n == 0 || data[i] != data[n - 1])
      data[n++] = data[i];
  g_array_set_size (uids, n);
}

static void
append_range (GString *out, guint32 from, guint32 to)
{
  g_string_append_printf (out, "%s%u", out->len > 0 ? "," : "", from);
  if (to > from)
    g_string_append_printf (out, ":%u", to);
}

/* (nullable) Takes @out. */
static char *
end_set (GString *out)
{
  return g_string_free (out, out->len == 0);
}

/* "*" as the number above all others. */
static GString *
without_star (const char *set)
{
  GString *text = g_string_new (set);

  g_string_replace (text, "*", G_STRINGIFY (4294967295), 0);
  return text;
}

char *
tern_imap_set_below (const char *set, guint32 uid)
{
  g_autoptr (GString) text = without_star (set);
  TernImapSlice left = { text->str, text->len };
  GString *out = g_string_new (NULL);
  guint32 from, to;

  while (tern_imap_set_next (&left, &from, &to))
    if (from < uid)
      append_range (out, from, MIN (to, uid - 1));
  return end_set (out);
}

char *
tern_imap_set_split (const char *set, guint32 n, char **rest)
{
  g_autoptr (GString) text = without_star (set);
  TernImapSlice left = { text->str, text->len };
  GString *first = g_string_new (NULL);
  GString *second = g_string_new (NULL);
  guint32 from, to;

  while (tern_imap_set_next (&left, &from, &to))
    {
      guint32 last = n > 0 && to - from >= n ? from + n - 1 : to;

      if (n == 0)
        append_range (second, from, to);
      else
        {
          append_range (first, from, last);
          if (last < to)
            append_range (second, last + 1, to);
          n -= last - from + 1;
        }
    }
  *rest = end_set (second);
  return end_set (first);
}

char *
tern_imap_set_format (const guint32 *uids, gsize n)
{
  GString *out = g_string_new (NULL);

  for (gsize i = 0; i < n;)
    {
      gsize last = i;

      while (last + 1 < n && uids[last + 1] == uids[last] + 1)
        last++;
      if (out->len > 0)
        g_string_append_c (out, ',');
      g_string_append_printf (out, "%u", uids[i]);
      if (last > i)
        g_string_append_printf (out, ":%u", uids[last]);
      i = last + 1;
    }
  return g_string_free (out, FALSE);
}
