/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>
#include <inttypes.h>

G_BEGIN_DECLS

/**
 * TernId:
 *
 * A local id (an SQLite rowid) of an account, folder, message, operation or outbox entry.
 * 0 means "none". Local ids are what crosses threads and what the user interface and ternctl
 * name things by; server ids (UIDs) are looked up only when a command is sent. In words for people
 * its format is PRId64: of other macros gettext knows nothing, and what they stand in is never
 * found.
 */
typedef gint64 TernId;
#define TERN_ID_FORMAT G_GINT64_FORMAT

/**
 * TernFlags:
 *
 * The system flags of RFC 9051 section 2.3.2 and the registered keywords that Tern understands
 * (RFC 5788). Any other keyword is kept as text beside the mask.
 */
typedef enum
{
  TERN_FLAG_NONE = 0,
  TERN_FLAG_SEEN = 1 << 0,
  TERN_FLAG_ANSWERED = 1 << 1,
  TERN_FLAG_FLAGGED = 1 << 2,
  TERN_FLAG_DRAFT = 1 << 3,
  TERN_FLAG_DELETED = 1 << 4,
  TERN_FLAG_FORWARDED = 1 << 5, /* $Forwarded */
  TERN_FLAG_MDN_SENT = 1 << 6,  /* $MDNSent */
  TERN_FLAG_JUNK = 1 << 7,      /* $Junk */
  TERN_FLAG_NOT_JUNK = 1 << 8,  /* $NotJunk */
  TERN_FLAG_PHISHING = 1 << 9,  /* $Phishing */
} TernFlags;

/**
 * TernRole:
 *
 * What a folder is for: INBOX, the special uses of RFC 6154, and the local outbox.
 */
typedef enum
{
  TERN_ROLE_NONE,
  TERN_ROLE_INBOX,
  TERN_ROLE_DRAFTS,
  TERN_ROLE_SENT,
  TERN_ROLE_ARCHIVE,
  TERN_ROLE_JUNK,
  TERN_ROLE_TRASH,
  TERN_ROLE_ALL,
  TERN_ROLE_FLAGGED,
  TERN_ROLE_IMPORTANT,
  TERN_ROLE_OUTBOX,
} TernRole;

/**
 * TernSpace:
 *
 * Whose a folder is: the namespaces of RFC 2342.
 */
typedef enum
{
  TERN_SPACE_PERSONAL,
  TERN_SPACE_OTHERS, /* another user's */
  TERN_SPACE_SHARED, /* nobody's in particular */
} TernSpace;

/**
 * TernSecurity:
 *
 * How a connection is protected (RFC 8314). There is no unprotected choice and no "if available".
 */
typedef enum
{
  TERN_SECURITY_TLS,
  TERN_SECURITY_STARTTLS,
} TernSecurity;

TernFlags tern_flag_from_name (const char *name, gsize length);
const char *tern_flag_to_imap (TernFlags flag);
const char *tern_flag_to_json (TernFlags flag);
const char *tern_role_to_name (TernRole role);
TernRole tern_role_from_name (const char *name);
const char *tern_security_to_name (TernSecurity security);
gboolean tern_security_from_name (const char *name, TernSecurity *security);

G_END_DECLS
