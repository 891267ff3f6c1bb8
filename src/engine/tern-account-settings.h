/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-endpoint.h"
#include "tern-limits.h"

G_BEGIN_DECLS

/**
 * TernAccountSettings:
 *
 * One account as the user set it up: a group of $XDG_CONFIG_HOME/tern/accounts.conf (0600, replaced
 * atomically). Immutable, refcounted atomically; a change is a new value. Holds no secret.
 */
typedef struct
{
  char *uuid;  /* the account's id everywhere outside the store */
  char *label; /* shown; the address by default */
  char *name;  /* the person's, for From */
  char *address;
  TernEndpoint *imap;
  char *imap_user;
  TernEndpoint *smtp;
  char *smtp_user; /* (nullable) the same as imap_user and the same secret */
  gboolean smtp_own_secret;
  TernAuth auth; /* at both servers */
  gboolean safe_mode;
  /* What is kept on this computer besides what was read: mail of so many days (0: none, -1: all),
   * and of each message, when it is larger than keep_size bytes (0: any size), the text only. Older
   * mail that the server has is let go again. */
  int keep_days;
  gint64 keep_size;
} TernAccountSettings;

#define TERN_KEEP_ALL_DAYS (-1)
#define TERN_KEEP_DAYS_MAX 36500
#define TERN_KEEP_SIZE_MIN TERN_LIMIT_WHOLE_FETCH /* what is smaller is never fetched in parts */
#define TERN_KEEP_SIZE_MAX (G_GINT64_CONSTANT (1) << 40)
/* What somebody who adds an account expects: everything can be read and searched without a network,
 * but for what is large. */
#define TERN_KEEP_DEFAULT_DAYS TERN_KEEP_ALL_DAYS
#define TERN_KEEP_DEFAULT_SIZE (10 * 1024 * 1024)

TernAccountSettings *tern_account_settings_new (void); /* with a fresh uuid, to be filled */
/* To be changed before anybody else has it. */
TernAccountSettings *tern_account_settings_copy (const TernAccountSettings *self);
TernAccountSettings *tern_account_settings_ref (TernAccountSettings *self);
void tern_account_settings_unref (TernAccountSettings *self);

/* Complete and consistent, or TERN_FAULT_INVALID naming the field. */
gboolean tern_account_settings_check (const TernAccountSettings *self, GError **error);
/* Guesses from the address: imap.DOMAIN:993, smtp.DOMAIN:465, user = address. */
void tern_account_settings_guess (TernAccountSettings *self, const char *address);

/* The kind under which the keyring has what logs in there, see tern-secrets.h. */
const char *tern_account_settings_get_secret_kind (const TernAccountSettings *self, gboolean smtp);

GPtrArray *tern_account_settings_load_all (const char *path, GError **error);
gboolean
tern_account_settings_save_all (const char *path, const GPtrArray *accounts, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernAccountSettings, tern_account_settings_unref)

G_END_DECLS
