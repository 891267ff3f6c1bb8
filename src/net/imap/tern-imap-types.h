/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "tern-part.h"
#include "tern-quota.h"
#include "tern-rights.h"
#include "tern-types.h"

G_BEGIN_DECLS

/** TernImapCaps: what the server announced, as a mask; unknown ones are ignored. */
typedef enum
{
  TERN_IMAP_CAP_IDLE = 1 << 0,
  TERN_IMAP_CAP_LITERAL_PLUS = 1 << 1,
  TERN_IMAP_CAP_LITERAL_MINUS = 1 << 2,
  TERN_IMAP_CAP_UIDPLUS = 1 << 3,
  TERN_IMAP_CAP_MOVE = 1 << 4,
  TERN_IMAP_CAP_CONDSTORE = 1 << 5,
  TERN_IMAP_CAP_QRESYNC = 1 << 6,
  TERN_IMAP_CAP_ENABLE = 1 << 7,
  TERN_IMAP_CAP_ESEARCH = 1 << 8,
  TERN_IMAP_CAP_LIST_EXTENDED = 1 << 9,
  TERN_IMAP_CAP_LIST_STATUS = 1 << 10,
  TERN_IMAP_CAP_SPECIAL_USE = 1 << 11,
  TERN_IMAP_CAP_NAMESPACE = 1 << 12,
  TERN_IMAP_CAP_ID = 1 << 13,
  TERN_IMAP_CAP_SASL_IR = 1 << 14,
  TERN_IMAP_CAP_LOGINDISABLED = 1 << 15,
  TERN_IMAP_CAP_STARTTLS = 1 << 16,
  TERN_IMAP_CAP_BINARY = 1 << 17, /* its FETCH */
  TERN_IMAP_CAP_GMAIL = 1 << 18,
  TERN_IMAP_CAP_SAVEDATE = 1 << 19,
  TERN_IMAP_CAP_IMAP4REV2 = 1 << 20,
  TERN_IMAP_CAP_COMPRESS = 1 << 21, /* DEFLATE */
  TERN_IMAP_CAP_NOTIFY = 1 << 22,
  TERN_IMAP_CAP_CREATE_SPECIAL_USE = 1 << 23,
  TERN_IMAP_CAP_ACL = 1 << 24,
  TERN_IMAP_CAP_LIST_MYRIGHTS = 1 << 25,
  TERN_IMAP_CAP_QUOTA = 1 << 26,
  TERN_IMAP_CAP_OBJECTID = 1 << 27,
  TERN_IMAP_CAP_UTF8_ACCEPT = 1 << 28,
  TERN_IMAP_CAP_PREVIEW = 1 << 29,
  TERN_IMAP_CAP_APPENDLIMIT = 1 << 30, /* one for each mailbox */
} TernImapCaps;

/** A string of the server that is lent: not NUL-terminated, any bytes. data NULL = NIL. */
typedef struct
{
  const char *data;
  gsize length;
} TernImapSlice;

typedef struct
{
  char *prefix;   /* raw */
  char delimiter; /* 0 = NIL */
  TernSpace space;
} TernImapNamespace;

/** TernImapList: one LIST response; strings are lent. */
typedef struct
{
  const char *mailbox; /* modified UTF-7, in whatever the server writes it */
  char delimiter;      /* 0 = NIL */
  gboolean no_select;  /* \Noselect or \NonExistent */
  gboolean absent;     /* \NonExistent: only what is below it is there, or a subscription */
  gboolean no_inferiors;
  gboolean subscribed; /* known only when has_subscribed */
  gboolean has_subscribed;
  TernRole role;
} TernImapList;

/** TernImapStatus: one STATUS response; -1 / 0 = not told. */
typedef struct
{
  const char *mailbox;
  gint64 messages;
  gint64 unseen;
  guint32 uidnext;
  guint32 uidvalidity;
  guint64 modseq;
  gint64 append_limit;
  TernImapSlice mailbox_id; /* of OBJECTID */
  gboolean bad_mailbox_id;  /* it was told, and is none */
} TernImapStatus;

/** TernImapMailbox: state of the selected mailbox. */
typedef struct
{
  char *name; /* raw */
  guint32 uidvalidity;
  guint32 uidnext;
  guint32 exists;
  guint64 modseq;   /* 0 = NOMODSEQ */
  char *mailbox_id; /* (nullable) of OBJECTID */
  gboolean read_only;
  gboolean keywords;    /* PERMANENTFLAGS has \* */
  gboolean uids_sticky; /* FALSE after [UIDNOTSTICKY] */
  guint generation;     /* grows with every SELECT */
  gboolean doubtful; /* more is said to be gone than was there, or very much: another SELECT tells
                        what there is */
} TernImapMailbox;

typedef enum
{
  TERN_IMAP_FETCH_FLAGS = 1 << 0,
  TERN_IMAP_FETCH_ENVELOPE = 1 << 1,
  TERN_IMAP_FETCH_STRUCTURE = 1 << 2,
  TERN_IMAP_FETCH_INTERNALDATE = 1 << 3,
  TERN_IMAP_FETCH_SIZE = 1 << 4,
  TERN_IMAP_FETCH_THREADING = 1 << 5, /* BODY.PEEK[HEADER.FIELDS (REFERENCES)] */
  TERN_IMAP_FETCH_MODSEQ = 1 << 6,
  TERN_IMAP_FETCH_EMAIL_ID = 1 << 7, /* EMAILID, Gmail's X-GM-MSGID */
  TERN_IMAP_FETCH_PREVIEW = 1 << 8,  /* if the server has it at hand */
  TERN_IMAP_FETCH_SAVEDATE = 1 << 9, /* costs some servers a look into each message */
  TERN_IMAP_FETCH_LABELS = 1 << 10,  /* Gmail's; asked for wherever flags are */
  TERN_IMAP_FETCH_HEADERS = TERN_IMAP_FETCH_FLAGS | TERN_IMAP_FETCH_ENVELOPE
                            | TERN_IMAP_FETCH_STRUCTURE | TERN_IMAP_FETCH_INTERNALDATE
                            | TERN_IMAP_FETCH_SIZE | TERN_IMAP_FETCH_THREADING
                            | TERN_IMAP_FETCH_EMAIL_ID | TERN_IMAP_FETCH_PREVIEW,
} TernImapFetchItems;

/** One address of an ENVELOPE, raw; groups as RFC 9051 encodes them (host NIL). */
typedef struct
{
  TernImapSlice name;
  TernImapSlice mailbox;
  TernImapSlice host;
} TernImapAddress;

/** TernImapFetch: one FETCH response, everything lent and raw (no RFC 2047 decoding here). */
typedef struct
{
  guint32 uid;
  TernImapFetchItems has;
  TernFlags flags;
  const char *keywords; /* (nullable) other keywords, space separated */
  const char *labels;   /* (nullable) names of mailboxes, as the server writes them, in lines; "" =
                           it has none */
  guint64 modseq;
  guint64 size;
  gint64 internal_date; /* seconds since 1970 UTC, 0 if unreadable */
  gint64 save_date;     /* likewise */
  TernImapSlice date;   /* ENVELOPE … */
  TernImapSlice subject;
  const TernImapAddress *from;
  const TernImapAddress *sender;
  const TernImapAddress *reply_to;
  const TernImapAddress *to;
  const TernImapAddress *cc;
  const TernImapAddress *bcc;
  guint n_from, n_sender, n_reply_to, n_to, n_cc, n_bcc;
  TernImapSlice in_reply_to;
  TernImapSlice message_id;
  TernImapSlice references; /* the raw header field(s), folded, with their name */
  TernImapSlice preview;    /* the first words of its text */
  TernImapSlice email_id;   /* the same for the same message anywhere in the account */
  TernPart *structure;      /* (nullable) lent; tern_part_copy() to keep, or steal it:
                               set the field to NULL. The multipart inside a message/rfc822
                               that is part 2 has the section "2.TEXT", its parts 2.1, 2.2 … */
} TernImapFetch;

/** TernImapReply: how a command ended, and what it collected. */
typedef struct
{
  char *text;           /* after OK */
  char *code;           /* (nullable) response code, upper case: "COPYUID 1 2 3" */
  GBytes *body;         /* (nullable) fetch_body; NULL when the message is gone */
  GHashTable *bodies;   /* (nullable) fetch_bodies: UID to GBytes, of those that came */
  gboolean crowded_out; /* fetch_bodies: something had no room beside the others */
  GArray *uids;         /* (nullable) guint32, sorted: search */
  GArray *source_uids;  /* (nullable) guint32: COPYUID, in pairs with target_uids */
  GArray *target_uids;  /* (nullable) */
  guint32 uidvalidity;  /* of COPYUID / APPENDUID target, 0 if not told */
  guint32 uid;          /* APPENDUID */
  gboolean listed;      /* look: the mailbox is there */
  gint64 messages;      /* status: of the mailbox asked for; -1 = not told */
} TernImapReply;

void tern_imap_reply_free (TernImapReply *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernImapReply, tern_imap_reply_free)

/* Modified UTF-7 of RFC 3501 section 5.1.3. Decoding never fails: what is not valid is kept as it
 * is, *@valid tells. */
char *tern_imap_utf7_decode (const char *name, gboolean *valid);
char *tern_imap_utf7_encode (const char *name);

/* Sorted UIDs as a set: "1:3,7". */
char *tern_imap_set_format (const guint32 *uids, gsize n);

G_END_DECLS
