/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-imap-types.h"

G_BEGIN_DECLS

/**
 * TernImapSelected:
 *
 * The selected mailbox and its sequence map: the UID at each position, 0 where it was never told.
 * The map grows as positions are learnt, never to what EXISTS announces. With QRESYNC the server
 * speaks UIDs (VANISHED), and the map is left empty.
 */
typedef struct
{
  TernImapMailbox mailbox; /* name NULL: nothing is selected */
  gboolean by_uid;         /* QRESYNC is enabled */
  GArray *map;             /* of guint32, ascending but for the zeros */
  GArray *expunged;        /* of guint32: positions not yet taken out of the map, ascending */
  gboolean counted;        /* EXISTS came */
  guint32 newcomers;       /* messages that came since UIDNEXT was told, of unknown UIDs */
  guint n_expunged;        /* how often any went: a listing begun before is no map */
} TernImapSelected;

void tern_imap_selected_init (TernImapSelected *self);
void tern_imap_selected_clear (TernImapSelected *self);

/* Nothing is selected any more; the generation stays. */
void tern_imap_selected_leave (TernImapSelected *self);
void tern_imap_selected_enter (TernImapSelected *self,
                               const char *name,
                               gboolean read_only,
                               guint generation);

/* Only EXPUNGE may take messages away by number; after an EXISTS that does, the map is unknown. */
void tern_imap_selected_exists (TernImapSelected *self, guint32 count);
void tern_imap_selected_learn (TernImapSelected *self, guint32 position, guint32 uid);
/* Every UID of the mailbox in order; taken when their number is right. */
void tern_imap_selected_learn_all (TernImapSelected *self, GArray *uids);
/* UIDNEXT was told. */
void tern_imap_selected_next (TernImapSelected *self, guint32 uidnext);
/* The highest UID that a message can have. */
guint32 tern_imap_selected_highest (const TernImapSelected *self);
guint32 tern_imap_selected_uid (TernImapSelected *self, guint32 position);

/* EXPUNGE comes in long rows, and taking one out of a long map is dear: they are collected, and
 * applied together by tern_imap_selected_settle(). FALSE: there is no such position. */
gboolean tern_imap_selected_expunge (TernImapSelected *self, guint32 position);
/* (transfer full) (nullable): the UIDs that went; *@unknown: how many had no known UID. */
GArray *tern_imap_selected_settle (TernImapSelected *self, guint *unknown);

/* These and tern_imap_selected_exists() note when the mailbox has become doubtful. */
/* VANISHED without EARLIER, which ends a map if there is one. Nothing may be collected. */
void tern_imap_selected_vanish (TernImapSelected *self, guint n);

G_END_DECLS
