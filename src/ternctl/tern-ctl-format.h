/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-ctl-json.h"
#include "tern-engine.h"

G_BEGIN_DECLS

/* How mail looks in ternctl's JSON and lines. Any thread. */

/* The fields of "list" without the brackets, so that "show" can add its own, and without
 * "attachments", which "list" counts and "show" lists. @account: its id. */
void tern_ctl_format_message (TernCtlJson *json,
                              const TernMessageRecord *record,
                              const char *account,
                              const char *folder);
/* One line for people. */
void tern_ctl_format_message_line (GString *lines, const TernMessageRecord *record);

void tern_ctl_format_addresses (TernCtlJson *json, const char *name, const GPtrArray *list);
void
tern_ctl_format_flags (TernCtlJson *json, const char *name, TernFlags flags, const char *keywords);
void tern_ctl_format_part (TernCtlJson *json, const char *name, const TernPart *part);
void tern_ctl_format_attachments (TernCtlJson *json, const TernPart *root);

void
tern_ctl_format_outbox (TernCtlJson *json, const TernOutboxRecord *record, const char *account);

/* "encoding" and "content": as text where it is UTF-8, else in base64. */
void tern_ctl_format_content (TernCtlJson *json, GBytes *bytes);

/* (nullable) (transfer none) */
const char *tern_ctl_format_account (GHashTable *ids, TernId row);

const char *tern_ctl_format_account_state (TernAccountState state);

/* "2026-11-24 09:30" in the local time of this computer. */
char *tern_ctl_format_local_time (gint64 seconds);

G_END_DECLS
