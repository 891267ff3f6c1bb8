/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-endpoint.h"

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
} TernAccountSettings;

TernAccountSettings *tern_account_settings_new (void); /* with a fresh uuid, to be filled */
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
