/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-imap-mailbox.h"

#include "tern-limits.h"

#include <string.h>

/* So many messages that are gone at once are looked after. */
#define MANY 50

void
tern_imap_selected_init (TernImapSelected *self)
{
  memset (self, 0, sizeof *self);
  self->map = g_array_new (FALSE, TRUE, sizeof (guint32));
  self->expunged = g_array_new (FALSE, FALSE, sizeof (guint32));
}

void
tern_imap_selected_clear (TernImapSelected *self)
{
  g_free (self->mailbox.name);
  g_free (self->mailbox.mailbox_id);
  g_array_unref (self->map);
  g_array_unref (self->expunged);
}

void
tern_imap_selected_leave (TernImapSelected *self)
{
  guint generation = self->mailbox.generation;

  g_free (self->mailbox.name);
  g_free (self->mailbox.mailbox_id);
  memset (&self->mailbox, 0, sizeof self->mailbox);
  self->mailbox.generation = generation;
  self->counted = FALSE;
  self->newcomers = 0;
  g_array_set_size (self->map, 0);
  g_array_set_size (self->expunged, 0);
}

void
tern_imap_selected_enter (TernImapSelected *self,
                          const char *name,
                          gboolean read_only,
                          guint generation)
{
  tern_imap_selected_leave (self);
  self->mailbox.name = g_strdup (name);
  self->mailbox.read_only = read_only;
  self->mailbox.generation = generation;
  self->mailbox.uids_sticky = TRUE;
  /* Until PERMANENTFLAGS says otherwise (RFC 9051 section 7.1). */
  self->mailbox.keywords = TRUE;
}

/* Some went, and nobody said from which positions. */
static void
forget_map (TernImapSelected *self)
{
  g_array_set_size (self->map, 0);
  self->n_expunged++;
}

static void
note_gone (TernImapSelected *self, guint n, guint32 before)
{
  self->mailbox.doubtful |= n > before || n >= MANY;
}

void
tern_imap_selected_exists (TernImapSelected *self, guint32 count)
{
  if (count < self->mailbox.exists)
    {
      forget_map (self);
      self->mailbox.doubtful = TRUE;
    }
  else if (self->counted)
    self->newcomers += count - self->mailbox.exists;
  self->counted = TRUE;
  self->mailbox.exists = count;
}

void
tern_imap_selected_next (TernImapSelected *self, guint32 uidnext)
{
  self->mailbox.uidnext = uidnext;
  self->newcomers = 0;
}

guint32
tern_imap_selected_highest (const TernImapSelected *self)
{
  return self->mailbox.uidnext == 0 || self->newcomers > 0 ? G_MAXUINT32
                                                           : self->mailbox.uidnext - 1;
}

void
tern_imap_selected_learn (TernImapSelected *self, guint32 position, guint32 uid)
{
  if (uid >= self->mailbox.uidnext && uid < G_MAXUINT32)
    {
      self->mailbox.uidnext = uid + 1;
      self->newcomers -= MIN (self->newcomers, 1);
    }
  if (self->by_uid || position == 0 || position > self->mailbox.exists
      || position > TERN_LIMIT_IMAP_MESSAGES)
    return;
  if (self->map->len < position)
    g_array_set_size (self->map, position);
  g_array_index (self->map, guint32, position - 1) = uid;
}

void
tern_imap_selected_learn_all (TernImapSelected *self, GArray *uids)
{
  if (self->by_uid || uids->len != self->mailbox.exists || self->expunged->len > 0)
    return;
  g_array_set_size (self->map, 0);
  g_array_append_vals (self->map, uids->data, uids->len);
}

guint32
tern_imap_selected_uid (TernImapSelected *self, guint32 position)
{
  if (position == 0 || position > self->map->len)
    return 0;
  return g_array_index (self->map, guint32, position - 1);
}

/* @position counts what is left after those already collected, in a map that still has them all.
 * Of the collected places, place[i] - i counts what is left before them, and never falls: so the
 * ones that lie before @position can be found by halving. */
gboolean
tern_imap_selected_expunge (TernImapSelected *self, guint32 position)
{
  guint low = 0;
  guint high = self->expunged->len;
  guint32 place;

  if (position == 0 || position > self->mailbox.exists)
    {
      self->mailbox.doubtful = TRUE;
      return FALSE;
    }
  self->mailbox.exists--;
  self->n_expunged++;
  while (low < high)
    {
      guint middle = (low + high) / 2;

      if (g_array_index (self->expunged, guint32, middle) - middle <= position)
        low = middle + 1;
      else
        high = middle;
    }
  place = position + low;
  g_array_insert_val (self->expunged, low, place);
  return TRUE;
}

GArray *
tern_imap_selected_settle (TernImapSelected *self, guint *unknown)
{
  GArray *uids;
  guint32 *map = (guint32 *) self->map->data;
  guint kept = 0;
  guint next = 0;

  *unknown = 0;
  if (self->expunged->len == 0)
    return NULL;
  note_gone (self, self->expunged->len, G_MAXUINT32);
  uids = g_array_new (FALSE, FALSE, sizeof (guint32));
  for (guint i = 0; i < self->map->len; i++)
    {
      if (next < self->expunged->len && g_array_index (self->expunged, guint32, next) == i + 1)
        {
          next++;
          if (map[i] != 0)
            g_array_append_val (uids, map[i]);
          else
            (*unknown)++;
        }
      else
        map[kept++] = map[i];
    }
  *unknown += self->expunged->len - next;
  g_array_set_size (self->map, kept);
  g_array_set_size (self->expunged, 0);
  return uids;
}

void
tern_imap_selected_vanish (TernImapSelected *self, guint n)
{
  note_gone (self, n, self->mailbox.exists);
  self->mailbox.exists -= MIN (n, self->mailbox.exists);
  forget_map (self);
}
