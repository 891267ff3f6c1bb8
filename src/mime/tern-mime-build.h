/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "tern-address.h"
#include "tern-message-facts.h"

G_BEGIN_DECLS

/** TernAttachment: bytes that were read when it was attached. */
typedef struct
{
  char *filename;
  char *content_type; /* "image/png" */
  GBytes *bytes;
} TernAttachment;

TernAttachment *tern_attachment_new (const char *filename, const char *content_type, GBytes *bytes);
void tern_attachment_free (TernAttachment *self);

/**
 * TernDraft:
 *
 * What a composer holds: a value, independent of windows. Can be kept in the outbox row and come
 * back into a composer with everything in it.
 */
typedef struct
{
  char *account; /* uuid */
  TernAddress *from;
  GPtrArray *to; /* of TernAddress */
  GPtrArray *cc;
  GPtrArray *bcc;
  char *subject;
  char *text;             /* plain, LF */
  char *html;             /* (nullable) the same in HTML, to be sent beside it */
  GPtrArray *attachments; /* of TernAttachment */
  char *in_reply_to;      /* (nullable) message-id without brackets */
  char **references;      /* (nullable) */
  TernId reply_to_id;     /* location to mark, 0 if none */
  TernFlags reply_flag;
} TernDraft;

TernDraft *tern_draft_new (void);
TernDraft *tern_draft_copy (const TernDraft *self);
void tern_draft_free (TernDraft *self);
GBytes *tern_draft_encode (const TernDraft *self); /* opaque, for the store */
TernDraft *tern_draft_decode (GBytes *encoded, GError **error);

typedef enum
{
  TERN_REPLY_SENDER,
  TERN_REPLY_ALL,
  TERN_REPLY_FORWARD,
} TernReplyKind;

/* A draft that answers: recipients by Reply-To and From, own addresses left out of Cc, "Re: "/"Fwd:
 * " once, In-Reply-To and References (RFC 5322 section 3.6.4), the text quoted under an
 * attribution.
 * @own: GStrv of the account's addresses. @original: for forwarding its attachments, (nullable). */
TernDraft *tern_draft_new_reply (TernReplyKind kind,
                                 const TernMessageFacts *facts,
                                 const char *plain,
                                 GBytes *original,
                                 const char *const *own,
                                 const TernAddress *from);

/** TernBuiltMessage: ready for the wire and for Sent. CRLF line ends, lines below 998 octets. */
typedef struct
{
  GBytes *submission; /* without Bcc */
  GBytes *copy;       /* with Bcc, for Sent */
  char *message_id;   /* without brackets; right side is the sender's domain */
  char **recipients;  /* envelope, each once */
  char *sender;       /* envelope */
  gboolean needs_smtputf8;
} TernBuiltMessage;

void tern_built_message_free (TernBuiltMessage *self);

/* @date seconds UTC; @offset minutes. No User-Agent, no host name. Text goes out format=flowed
 * (RFC 3676), 7bit where possible, else quoted-printable, before its HTML if there is some (RFC
 * 2046 section 5.1.4); file names by RFC 2231. */
TernBuiltMessage *tern_mime_build (const TernDraft *draft, gint64 date, int offset, GError **error);
/* For "ternctl send": an RFC 5322 message from outside, recipients from its To, Cc and Bcc; adds
 * Date and Message-ID if missing, CRLF, strips Bcc from the submission. */
TernBuiltMessage *tern_mime_build_from_source (GBytes *source, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernDraft, tern_draft_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernBuiltMessage, tern_built_message_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernAttachment, tern_attachment_free)

G_END_DECLS
