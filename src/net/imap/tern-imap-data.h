/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-imap-parser.h"

G_BEGIN_DECLS

/*
 * Untagged data other than FETCH, and response codes, from tokens. @first is the first token after
 * the name of the response.
 */

/* The atoms of CAPABILITY. Names of SASL mechanisms (after "AUTH=", upper case) are added to
 * @mechanisms, of char *. */
TernImapCaps
tern_imap_parse_caps (TernImapParser *parser, guint first, guint end, GPtrArray *mechanisms);

/* LIST and LSUB. Strings live in @mailbox and as long as the tokens. FALSE: not one. */
gboolean
tern_imap_parse_list (TernImapParser *parser, guint first, GString *mailbox, TernImapList *list);
gboolean tern_imap_parse_status (TernImapParser *parser,
                                 guint first,
                                 GString *mailbox,
                                 TernImapStatus *status);

/* The namespaces, of TernImapNamespace, the personal ones first. */
GPtrArray *tern_imap_parse_namespace (TernImapParser *parser, guint first);
/* The number behind @name, "APPENDLIMIT=", among capabilities; -1 when there is none from @minimum
 * to
 * @maximum. */
gint64 tern_imap_parse_cap_number (TernImapParser *parser,
                                   guint first,
                                   guint end,
                                   const char *name,
                                   guint64 minimum,
                                   guint64 maximum);
/* QUOTA: the resources that are known here, of one root. */
gboolean tern_imap_parse_quota (TernImapParser *parser, guint first, TernQuota *quota);
/* MYRIGHTS; the name goes to @mailbox. */
gboolean
tern_imap_parse_rights (TernImapParser *parser, guint first, GString *mailbox, TernRights *rights);

/* ALL of an ESEARCH as numbers appended to @uids; *@tag is the index of the tag's token, or
 * G_MAXUINT. FALSE when it tells no UIDs that can be used. */
gboolean tern_imap_parse_esearch (TernImapParser *parser, guint first, GArray *uids, guint *tag);

/* An identifier of RFC 8474 section 7, which comes in parentheses; Gmail's come without. data is
 * NULL for what is none. */
TernImapSlice tern_imap_parse_object_id (TernImapParser *parser, guint value);

void tern_imap_namespace_free (TernImapNamespace *self);

G_END_DECLS
