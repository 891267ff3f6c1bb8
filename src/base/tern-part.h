/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * TernPart:
 *
 * One node of a MIME structure, as told by BODYSTRUCTURE (RFC 9051 section 7.5.2) or found by
 * parsing the message. Text is raw as it came (file names undecoded) when it comes from net, and
 * decoded when it comes from mime; #TernPart.decoded says which. Built once, then immutable.
 */
typedef struct _TernPart TernPart;
struct _TernPart
{
  char *section;     /* (owned): "1.2", "" for the root of a multipart message */
  char *type;        /* (owned), lower case: "text" */
  char *subtype;     /* (owned), lower case: "plain" */
  char *charset;     /* (owned) (nullable) */
  char *format;      /* (owned) (nullable): format= of text/plain */
  char *delsp;       /* (owned) (nullable) */
  char *filename;    /* (owned) (nullable) */
  char *content_id;  /* (owned) (nullable), without the angle brackets */
  char *encoding;    /* (owned) (nullable), lower case: "base64" */
  char *disposition; /* (owned) (nullable), lower case */
  guint64 size;      /* bytes as transferred (encoded) */
  gboolean decoded;
  GPtrArray *children; /* (owned) (nullable) of TernPart */
};

TernPart *tern_part_new (const char *section, const char *type, const char *subtype);
void tern_part_free (TernPart *self);
TernPart *tern_part_copy (const TernPart *self);

/* Compact text form for the store, and back; NULL for text that is not one. Bounded by
 * TERN_LIMIT_MIME_DEPTH and TERN_LIMIT_MIME_PARTS. */
char *tern_part_encode (const TernPart *self);
TernPart *tern_part_decode (const char *text);

gboolean tern_part_is (const TernPart *self, const char *type, const char *subtype);

/* Shown to people as an attachment: not a multipart, and with a file name or a disposition of
 * "attachment", or of a kind that the reader does not show in place. */
gboolean tern_part_is_attachment (const TernPart *self);
guint tern_part_count_attachments (const TernPart *root);

/* (transfer none) (nullable) */
const TernPart *tern_part_find_section (const TernPart *root, const char *section);

typedef void (*TernPartFunc) (const TernPart *part, gpointer user_data);
void tern_part_foreach (const TernPart *root, TernPartFunc func, gpointer user_data);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernPart, tern_part_free)

G_END_DECLS
