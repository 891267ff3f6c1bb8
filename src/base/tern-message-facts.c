/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-message-facts.h"

#define EARLIEST_DATE G_GINT64_CONSTANT (315532800) /* 1980-01-01: before it nobody had a Date: */
#define ONE_DAY       (24 * 60 * 60)

TernMessageFacts *
tern_message_facts_new (void)
{
  TernMessageFacts *self = g_atomic_rc_box_new0 (TernMessageFacts);
  self->from = tern_address_list_new ();
  self->sender = tern_address_list_new ();
  self->reply_to = tern_address_list_new ();
  self->to = tern_address_list_new ();
  self->cc = tern_address_list_new ();
  self->bcc = tern_address_list_new ();
  return self;
}

TernMessageFacts *
tern_message_facts_ref (TernMessageFacts *self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
facts_clear (gpointer data)
{
  TernMessageFacts *self = data;
  g_free (self->keywords);
  g_free (self->subject);
  g_free (self->message_id);
  g_free (self->in_reply_to);
  g_free (self->email_id);
  g_free (self->labels);
  g_strfreev (self->references);
  g_ptr_array_unref (self->from);
  g_ptr_array_unref (self->sender);
  g_ptr_array_unref (self->reply_to);
  g_ptr_array_unref (self->to);
  g_ptr_array_unref (self->cc);
  g_ptr_array_unref (self->bcc);
  g_clear_pointer (&self->structure, tern_part_free);
  g_free (self->preview);
}

void
tern_message_facts_unref (TernMessageFacts *self)
{
  g_atomic_rc_box_release_full (self, facts_clear);
}

gint64
tern_message_facts_get_sort_time (const TernMessageFacts *self)
{
  gboolean sensible = self->date >= EARLIEST_DATE
                      && (self->received == 0 || self->date <= self->received + ONE_DAY);
  return sensible ? self->date : self->received;
}
