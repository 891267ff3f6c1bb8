/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-address.h"

#include <string.h>

/* Neither control character can be in a name or an address after decoding. */
#define FIELD_END  '\037' /* unit separator */
#define RECORD_END '\036' /* record separator */

static char *
dup_without_separators (const char *text)
{
  char *copy = g_strdup (text != NULL ? text : "");
  for (char *p = copy; *p != '\0'; p++)
    if (*p == FIELD_END || *p == RECORD_END)
      *p = ' ';
  return copy;
}

TernAddress *
tern_address_new (const char *name, const char *address)
{
  TernAddress *self = g_new0 (TernAddress, 1);
  self->name = dup_without_separators (name);
  self->address = dup_without_separators (address);
  return self;
}

TernAddress *
tern_address_copy (const TernAddress *self)
{
  return tern_address_new (self->name, self->address);
}

void
tern_address_free (TernAddress *self)
{
  g_free (self->name);
  g_free (self->address);
  g_free (self);
}

GPtrArray *
tern_address_list_new (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify) tern_address_free);
}

GPtrArray *
tern_address_list_copy (const GPtrArray *list)
{
  GPtrArray *copy = tern_address_list_new ();
  for (guint i = 0; list != NULL && i < list->len; i++)
    g_ptr_array_add (copy, tern_address_copy (g_ptr_array_index (list, i)));
  return copy;
}

char *
tern_address_list_encode (const GPtrArray *list)
{
  GString *out = g_string_new (NULL);
  for (guint i = 0; list != NULL && i < list->len; i++)
    {
      const TernAddress *address = g_ptr_array_index (list, i);
      if (i > 0)
        g_string_append_c (out, RECORD_END);
      g_string_append (out, address->name);
      g_string_append_c (out, FIELD_END);
      g_string_append (out, address->address);
    }
  return g_string_free (out, FALSE);
}

GPtrArray *
tern_address_list_decode (const char *text)
{
  GPtrArray *list = tern_address_list_new ();
  while (text != NULL && *text != '\0')
    {
      const char *end = strchrnul (text, RECORD_END);
      const char *middle = memchr (text, FIELD_END, (gsize) (end - text));
      TernAddress *address = g_new0 (TernAddress, 1);
      if (middle != NULL)
        {
          address->name = g_strndup (text, (gsize) (middle - text));
          address->address = g_strndup (middle + 1, (gsize) (end - middle - 1));
        }
      else
        {
          address->name = g_strdup ("");
          address->address = g_strndup (text, (gsize) (end - text));
        }
      g_ptr_array_add (list, address);
      text = *end != '\0' ? end + 1 : end;
    }
  return list;
}

const char *
tern_address_get_display (const TernAddress *self)
{
  return *self->name != '\0' ? self->name : self->address;
}

gboolean
tern_address_same_mailbox (const char *a, const char *b)
{
  return g_ascii_strcasecmp (a, b) == 0;
}
