/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-imap-types.h"

#include <string.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

static int
sextet (char c)
{
  const char *at = c != '\0' ? strchr (alphabet, c) : NULL;

  return at != NULL ? (int) (at - alphabet) : -1;
}

/* The UTF-16 unit by unit; keeps the first half of a surrogate pair until the second comes. */
static gboolean
append_unit (GString *out, guint unit, guint *high)
{
  if (*high != 0)
    {
      if (unit < 0xdc00 || unit > 0xdfff)
        return FALSE;
      g_string_append_unichar (out, 0x10000 + ((*high - 0xd800) << 10) + (unit - 0xdc00));
      *high = 0;
      return TRUE;
    }
  if (unit >= 0xd800 && unit <= 0xdbff)
    {
      *high = unit;
      return TRUE;
    }
  /* Printable ASCII must stand for itself, and NUL cannot be in a name. */
  if (unit == 0 || (unit >= 0xdc00 && unit <= 0xdfff) || (unit >= 0x20 && unit <= 0x7e))
    return FALSE;
  g_string_append_unichar (out, unit);
  return TRUE;
}

/* The base64 between "&" and "-", not empty. */
static gboolean
decode_shifted (GString *out, const char *from, const char *end)
{
  guint bits = 0;
  guint n_bits = 0;
  guint high = 0;

  for (const char *p = from; p < end; p++)
    {
      int value = sextet (*p);

      if (value < 0)
        return FALSE;
      bits = (bits << 6 | value) & 0x3fffff;
      n_bits += 6;
      if (n_bits >= 16)
        {
          n_bits -= 16;
          if (!append_unit (out, bits >> n_bits & 0xffff, &high))
            return FALSE;
        }
    }
  /* What is left over is padding: less than a sextet, and zero. */
  return high == 0 && n_bits < 6 && (bits & ((1u << n_bits) - 1)) == 0;
}

static gboolean
decode (GString *out, const char *name)
{
  gboolean after_shift = FALSE;

  for (const char *p = name; *p != '\0'; p++)
    {
      const char *end;

      if (*p < 0x20 || *p > 0x7e)
        return FALSE;
      if (*p != '&')
        {
          g_string_append_c (out, *p);
          after_shift = FALSE;
          continue;
        }
      end = strchr (p, '-');
      if (end == NULL)
        return FALSE;
      if (end == p + 1)
        {
          g_string_append_c (out, '&');
          after_shift = FALSE;
        }
      else
        {
          /* Two shifts in a row would be a second spelling of one name. */
          if (after_shift || !decode_shifted (out, p + 1, end))
            return FALSE;
          after_shift = TRUE;
        }
      p = end;
    }
  return TRUE;
}

char *
tern_imap_utf7_decode (const char *name, gboolean *valid)
{
  g_autoptr (GString) out = g_string_new (NULL);
  gboolean good = decode (out, name);

  if (valid != NULL)
    *valid = good;
  return good ? g_string_free (g_steal_pointer (&out), FALSE) : g_utf8_make_valid (name, -1);
}

static void
encode_shifted (GString *out, const gunichar2 *units, glong n)
{
  guint bits = 0;
  guint n_bits = 0;

  g_string_append_c (out, '&');
  for (glong i = 0; i < n; i++)
    {
      bits = bits << 16 | units[i];
      n_bits += 16;
      while (n_bits >= 6)
        {
          n_bits -= 6;
          g_string_append_c (out, alphabet[bits >> n_bits & 0x3f]);
        }
      bits &= (1u << n_bits) - 1;
    }
  if (n_bits > 0)
    g_string_append_c (out, alphabet[bits << (6 - n_bits) & 0x3f]);
  g_string_append_c (out, '-');
}

char *
tern_imap_utf7_encode (const char *name)
{
  g_autofree char *clean = g_utf8_make_valid (name, -1);
  GString *out = g_string_new (NULL);

  for (const char *p = clean; *p != '\0';)
    {
      if (*p == '&')
        {
          g_string_append (out, "&-");
          p++;
        }
      else if (*p >= 0x20 && *p <= 0x7e)
        g_string_append_c (out, *p++);
      else
        {
          const char *end = p;
          g_autofree gunichar2 *units = NULL;
          glong n;

          while (*end != '\0' && (*end < 0x20 || *end > 0x7e))
            end++;
          units = g_utf8_to_utf16 (p, end - p, NULL, &n, NULL);
          encode_shifted (out, units, n);
          p = end;
        }
    }
  return g_string_free (out, FALSE);
}
