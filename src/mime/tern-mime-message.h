/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "tern-message-facts.h"

G_BEGIN_DECLS

/**
 * TernMimeText:
 *
 * The text of a message for the reader, the quote of a reply and the preview. Immutable,
 * refcounted. What comes out is untrusted still: the HTML is shown under the reader's policy only.
 */
typedef struct
{
  char *html;  /* (nullable) UTF-8, as sent, at most TERN_LIMIT_TEXT_SHOWN */
  char *plain; /* UTF-8, LF, format=flowed undone, never NULL (made from html when need be) */
  gboolean html_wants_remote; /* something from the network; see tern-mime-html-scan.h */
  gboolean html_has_colours;  /* of its own */
  gboolean plain_is_flowed;
  gboolean truncated;
} TernMimeText;

TernMimeText *tern_mime_text_new (const char *html, const char *plain);
TernMimeText *tern_mime_text_ref (TernMimeText *self);
void tern_mime_text_unref (TernMimeText *self);

/* Facts of a whole message (import, APPEND, sending); uid, received and flags are left 0. Never
 * fails: rubbish gives empty facts. */
TernMessageFacts *tern_mime_read_facts (GBytes *message);
/* All header fields in order: GPtrArray of char*[2] { name, decoded value }; owned by the array. */
GPtrArray *tern_mime_read_headers (GBytes *message_or_header);

/* The tree with decoded names. */
TernPart *tern_mime_read_structure (GBytes *message);
/* The text of a whole message. */
TernMimeText *tern_mime_read_text (GBytes *message);
/* The decoded content of one part (transfer encoding undone); NULL if there is none. */
GBytes *tern_mime_read_part (GBytes *message, const char *section);

/* The same from single parts, when the message is here only in parts: @root from BODYSTRUCTURE,
 * @get gives the transferred bytes of a section or NULL. */
typedef GBytes *(*TernMimeGetSection) (const char *section, gpointer data);
TernMimeText *
tern_mime_read_text_from_parts (const TernPart *root, TernMimeGetSection get, gpointer data);
GBytes *tern_mime_decode_part (const TernPart *part, GBytes *transferred);

/**
 * TernMimeDecoder:
 *
 * Undoes a transfer encoding piece by piece, for what is too large to be in memory at once.
 */
typedef struct _TernMimeDecoder TernMimeDecoder;
/* @encoding (nullable): as TernPart has it; one that is not known changes nothing. */
TernMimeDecoder *tern_mime_decoder_new (const char *encoding);
void tern_mime_decoder_free (TernMimeDecoder *self);
GBytes *tern_mime_decoder_step (TernMimeDecoder *self, const void *data, gsize size);
/* What is left. */
GBytes *tern_mime_decoder_end (TernMimeDecoder *self);

/* As tern_mime_read_part(), given to @sink in pieces until that says FALSE. FALSE then, or when
 * there is no such part. */
typedef gboolean (*TernMimeSink) (const void *data, gsize size, gpointer user_data);
gboolean
tern_mime_write_part (GBytes *message, const char *section, TernMimeSink sink, gpointer user_data);

/* The sections that the reader needs first: best text and what its cid: may name; (GStrv). */
char **tern_mime_text_sections (const TernPart *root);

/* At most 200 characters, one line, without quotes, signature and attribution. */
char *tern_mime_make_preview (const TernMimeText *text);
/* The same of a whole message, of which no more is read than that takes. */
char *tern_mime_read_preview (GBytes *message);
/* The same of what a server says that a message begins with: any bytes. */
char *tern_mime_clean_preview (const char *text, gsize length);
/* Text of an HTML document: blocks to lines, links kept, scripts and styles left out. */
char *tern_mime_html_to_text (const char *html);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernMimeText, tern_mime_text_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernMimeDecoder, tern_mime_decoder_free)

G_END_DECLS
