/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-transcript.h"

#include "tern-log.h"

#include <string.h>

typedef struct
{
  gint64 time;
  TernWireDirection direction;
  guint16 length;
  char text[TERN_REDACTED_MAX];
} Entry;

struct _TernTranscript
{
  char *tag;      /* (owned) */
  Entry *entries; /* (owned) */
  guint next;     /* the entry that is written next */
  guint count;
  gboolean login;  /* under way */
  gboolean logged; /* somebody wants to see it */
};

static void
transcript_clear (gpointer data)
{
  TernTranscript *self = data;

  g_free (self->tag);
  g_free (self->entries);
}

TernTranscript *
tern_transcript_new (const char *tag)
{
  TernTranscript *self = g_rc_box_new0 (TernTranscript);

  self->tag = g_strdup (tag);
  self->entries = g_new0 (Entry, TERN_TRANSCRIPT_LINES);
  self->logged = !g_log_writer_default_would_drop (G_LOG_LEVEL_DEBUG, "tern-wire");
  return self;
}

TernTranscript *
tern_transcript_ref (TernTranscript *self)
{
  return g_rc_box_acquire (self);
}

void
tern_transcript_unref (TernTranscript *self)
{
  g_rc_box_release_full (self, transcript_clear);
}

void
tern_transcript_add (TernTranscript *self,
                     TernWireDirection direction,
                     TernWireKind kind,
                     const char *line,
                     gsize length)
{
  Entry *entry = &self->entries[self->next];

  if (direction == TERN_WIRE_SENT)
    self->login |= kind == TERN_WIRE_LOGIN || kind == TERN_WIRE_SECRET;
  else if (self->login)
    {
      kind = kind == TERN_WIRE_PLAIN ? TERN_WIRE_LOGIN : kind;
      self->login = !tern_redact_is_final (line, length);
    }
  entry->time = g_get_real_time ();
  entry->direction = direction;
  entry->length = tern_redact_line (direction, kind, line, length, entry->text);
  self->next = (self->next + 1) % TERN_TRANSCRIPT_LINES;
  self->count = MIN (self->count + 1, TERN_TRANSCRIPT_LINES);
  if (self->logged)
    tern_log_wire (self->tag, direction, entry->text);
}

static void
line_free (gpointer data)
{
  TernTranscriptLine *line = data;

  g_free (line->text);
  g_free (line);
}

GPtrArray *
tern_transcript_dup_lines (TernTranscript *self)
{
  GPtrArray *lines = g_ptr_array_new_full (self->count, line_free);
  guint first = (self->next + TERN_TRANSCRIPT_LINES - self->count) % TERN_TRANSCRIPT_LINES;

  for (guint i = 0; i < self->count; i++)
    {
      const Entry *entry = &self->entries[(first + i) % TERN_TRANSCRIPT_LINES];
      TernTranscriptLine *line = g_new (TernTranscriptLine, 1);

      line->time = entry->time;
      line->direction = entry->direction;
      line->text = g_strndup (entry->text, entry->length);
      g_ptr_array_add (lines, line);
    }
  return lines;
}
