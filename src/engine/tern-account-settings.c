/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-account-settings.h"

#include <glib/gi18n.h>
#include <string.h>

#include "tern-fault.h"
#include "tern-paths.h"

static void
clear_settings (gpointer data)
{
  TernAccountSettings *self = data;

  g_free (self->uuid);
  g_free (self->label);
  g_free (self->name);
  g_free (self->address);
  g_clear_pointer (&self->imap, tern_endpoint_unref);
  g_free (self->imap_user);
  g_clear_pointer (&self->smtp, tern_endpoint_unref);
  g_free (self->smtp_user);
}

TernAccountSettings *
tern_account_settings_new (void)
{
  TernAccountSettings *self = g_atomic_rc_box_new0 (TernAccountSettings);

  self->uuid = g_uuid_string_random ();
  self->label = g_strdup ("");
  self->name = g_strdup ("");
  self->address = g_strdup ("");
  self->imap_user = g_strdup ("");
  return self;
}

static TernEndpoint *
ref_endpoint (TernEndpoint *endpoint)
{
  return endpoint != NULL ? tern_endpoint_ref (endpoint) : NULL;
}

TernAccountSettings *
tern_account_settings_copy (const TernAccountSettings *self)
{
  TernAccountSettings *copy = g_atomic_rc_box_new0 (TernAccountSettings);

  *copy = *self;
  copy->uuid = g_strdup (self->uuid);
  copy->label = g_strdup (self->label);
  copy->name = g_strdup (self->name);
  copy->address = g_strdup (self->address);
  copy->imap = ref_endpoint (self->imap);
  copy->imap_user = g_strdup (self->imap_user);
  copy->smtp = ref_endpoint (self->smtp);
  copy->smtp_user = g_strdup (self->smtp_user);
  return copy;
}

TernAccountSettings *
tern_account_settings_ref (TernAccountSettings *self)
{
  return g_atomic_rc_box_acquire (self);
}

void
tern_account_settings_unref (TernAccountSettings *self)
{
  g_atomic_rc_box_release_full (self, clear_settings);
}

static gboolean
has_text (const char *text)
{
  return text != NULL && *text != '\0';
}

static gboolean
check_endpoint (const TernEndpoint *endpoint, const char *what, GError **error)
{
  if (endpoint != NULL && has_text (endpoint->host) && endpoint->port != 0)
    return TRUE;
  if (error != NULL)
    *error =
        tern_fault_new (TERN_FAULT_INVALID, _ ("The %s server needs a name and a port."), what);
  return FALSE;
}

static gboolean
check_line (const char *text, const char *what, GError **error)
{
  if (text == NULL || (strpbrk (text, "\r\n") == NULL && g_utf8_validate (text, -1, NULL)))
    return TRUE;
  if (error != NULL)
    *error = tern_fault_new (TERN_FAULT_INVALID, _ ("The %s must be one line of text."), what);
  return FALSE;
}

gboolean
tern_account_settings_check (const TernAccountSettings *self, GError **error)
{
  const char *at = self->address != NULL ? strrchr (self->address, '@') : NULL;

  if (!check_line (self->address, _ ("address"), error)
      || !check_line (self->label, _ ("label"), error)
      || !check_line (self->name, _ ("name"), error)
      || !check_line (self->imap_user, _ ("user name"), error)
      || !check_line (self->smtp_user, _ ("user name"), error))
    return FALSE;
  if (at == NULL || at == self->address || at[1] == '\0' || strpbrk (self->address, " \t<>,"))
    {
      if (error != NULL)
        *error = tern_fault_new (TERN_FAULT_INVALID, _ ("“%s” is not an email address."),
                                 self->address != NULL ? self->address : "");
      return FALSE;
    }
  if (!g_uuid_string_is_valid (self->uuid != NULL ? self->uuid : ""))
    {
      if (error != NULL)
        *error = tern_fault_new (TERN_FAULT_INVALID, _ ("The account has no valid identifier."));
      return FALSE;
    }
  if (!has_text (self->imap_user))
    {
      if (error != NULL)
        *error = tern_fault_new (TERN_FAULT_INVALID, _ ("The account needs a user name."));
      return FALSE;
    }
  if (self->keep_days < TERN_KEEP_ALL_DAYS || self->keep_days > TERN_KEEP_DAYS_MAX
      || (self->keep_size != 0
          && (self->keep_size < TERN_KEEP_SIZE_MIN || self->keep_size > TERN_KEEP_SIZE_MAX)))
    {
      if (error != NULL)
        *error = tern_fault_new (TERN_FAULT_INVALID,
                                 _ ("So many days or so large messages cannot be kept."));
      return FALSE;
    }
  /* There are no settings for the certificate. */
  if (self->auth == TERN_AUTH_EXTERNAL)
    {
      if (error != NULL)
        *error = tern_fault_new (TERN_FAULT_INVALID,
                                 _ ("Tern does not log in with a certificate yet: use a password "
                                    "or an access token."));
      return FALSE;
    }
  return check_endpoint (self->imap, _ ("incoming"), error)
         && check_endpoint (self->smtp, _ ("outgoing"), error);
}

void
tern_account_settings_guess (TernAccountSettings *self, const char *address)
{
  const char *at = strrchr (address, '@');
  const char *domain = at != NULL ? at + 1 : "";
  g_autofree char *imap = g_strdup_printf ("imap.%s", domain);
  g_autofree char *smtp = g_strdup_printf ("smtp.%s", domain);

  g_free (self->address);
  self->address = g_strdup (address);
  if (!has_text (self->label))
    {
      g_free (self->label);
      self->label = g_strdup (address);
    }
  g_free (self->imap_user);
  self->imap_user = g_strdup (address);
  g_clear_pointer (&self->imap, tern_endpoint_unref);
  g_clear_pointer (&self->smtp, tern_endpoint_unref);
  self->imap = tern_endpoint_new (imap, 993, TERN_SECURITY_TLS, NULL, NULL);
  self->smtp = tern_endpoint_new (smtp, 465, TERN_SECURITY_TLS, NULL, NULL);
}

const char *
tern_account_settings_get_secret_kind (const TernAccountSettings *self, gboolean smtp)
{
  if (self->auth == TERN_AUTH_BEARER)
    return smtp ? "smtp-token" : "imap-token";
  return smtp ? "smtp" : "imap";
}

/* Key file */

static GError *
damaged (const char *path, const char *group, const char *key)
{
  if (group == NULL)
    return tern_fault_new (TERN_FAULT_DAMAGED, _ ("The list of accounts in %s cannot be read."),
                           path);
  return tern_fault_new (TERN_FAULT_DAMAGED,
                         /* Translators: a file, an account's group in it, a key. */
                         _ ("The list of accounts in %s is damaged: “%s” of account %s."), path,
                         key, group);
}

static TernEndpoint *
load_endpoint (GKeyFile *file, const char *group, const char *prefix, char **bad_key)
{
  g_autofree char *host_key = g_strconcat (prefix, "Host", NULL);
  g_autofree char *port_key = g_strconcat (prefix, "Port", NULL);
  g_autofree char *security_key = g_strconcat (prefix, "Security", NULL);
  g_autofree char *ca_key = g_strconcat (prefix, "CaFile", NULL);
  g_autofree char *pin_key = g_strconcat (prefix, "PinSha256", NULL);
  g_autofree char *host = g_key_file_get_string (file, group, host_key, NULL);
  g_autofree char *security_name = g_key_file_get_string (file, group, security_key, NULL);
  g_autofree char *ca_file = g_key_file_get_string (file, group, ca_key, NULL);
  g_autofree char *pin = g_key_file_get_string (file, group, pin_key, NULL);
  int port = g_key_file_get_integer (file, group, port_key, NULL);
  TernSecurity security = TERN_SECURITY_TLS;

  if (!has_text (host))
    *bad_key = g_steal_pointer (&host_key);
  else if (port <= 0 || port > G_MAXUINT16)
    *bad_key = g_steal_pointer (&port_key);
  else if (security_name == NULL || !tern_security_from_name (security_name, &security))
    *bad_key = g_steal_pointer (&security_key);
  else
    return tern_endpoint_new (host, port, security, has_text (ca_file) ? ca_file : NULL,
                              has_text (pin) ? pin : NULL);
  return NULL;
}

static char *
load_text (GKeyFile *file, const char *group, const char *key)
{
  char *text = g_key_file_get_string (file, group, key, NULL);

  return text != NULL ? text : g_strdup ("");
}

static TernAccountSettings *
load_account (GKeyFile *file, const char *path, const char *group, GError **error)
{
  g_autoptr (TernAccountSettings) self = tern_account_settings_new ();
  g_autofree char *auth = g_key_file_get_string (file, group, "Auth", NULL);
  g_autofree char *bad_key = NULL;

  g_free (self->uuid);
  self->uuid = g_strdup (group);
  g_free (self->label);
  self->label = load_text (file, group, "Label");
  g_free (self->name);
  self->name = load_text (file, group, "Name");
  g_free (self->address);
  self->address = load_text (file, group, "Address");
  g_free (self->imap_user);
  self->imap_user = load_text (file, group, "ImapUser");
  self->smtp_user = g_key_file_get_string (file, group, "SmtpUser", NULL);
  self->smtp_own_secret = g_key_file_get_boolean (file, group, "SmtpOwnSecret", NULL);
  self->safe_mode = g_key_file_get_boolean (file, group, "SafeMode", NULL);
  self->keep_days = g_key_file_get_integer (file, group, "KeepDays", NULL);
  self->keep_size = g_key_file_get_int64 (file, group, "KeepSize", NULL);
  if (auth != NULL
      && (!tern_auth_from_name (auth, &self->auth) || self->auth == TERN_AUTH_EXTERNAL))
    bad_key = g_strdup ("Auth");
  else
    self->imap = load_endpoint (file, group, "Imap", &bad_key);
  if (self->imap != NULL)
    self->smtp = load_endpoint (file, group, "Smtp", &bad_key);
  if (bad_key == NULL && !tern_account_settings_check (self, NULL))
    bad_key = g_strdup ("Address");
  if (bad_key != NULL)
    {
      g_propagate_error (error, damaged (path, group, bad_key));
      return NULL;
    }
  return g_steal_pointer (&self);
}

GPtrArray *
tern_account_settings_load_all (const char *path, GError **error)
{
  g_autoptr (GPtrArray) accounts =
      g_ptr_array_new_with_free_func ((GDestroyNotify) tern_account_settings_unref);
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_autoptr (GError) local = NULL;
  g_auto (GStrv) groups = NULL;

  if (!g_key_file_load_from_file (file, path, G_KEY_FILE_NONE, &local))
    {
      if (g_error_matches (local, G_FILE_ERROR, G_FILE_ERROR_NOENT))
        return g_steal_pointer (&accounts);
      if (local->domain == G_KEY_FILE_ERROR)
        {
          g_propagate_error (error, damaged (path, NULL, NULL));
          return NULL;
        }
      g_propagate_error (error, tern_fault_take (g_steal_pointer (&local),
                                                 _ ("Cannot read the list of accounts")));
      return NULL;
    }
  groups = g_key_file_get_groups (file, NULL);
  for (gsize i = 0; groups[i] != NULL; i++)
    {
      TernAccountSettings *account = load_account (file, path, groups[i], error);

      if (account == NULL)
        return NULL;
      g_ptr_array_add (accounts, account);
    }
  return g_steal_pointer (&accounts);
}

static void
save_text (GKeyFile *file, const char *group, const char *prefix, const char *key, const char *text)
{
  g_autofree char *full = g_strconcat (prefix, key, NULL);

  if (has_text (text))
    g_key_file_set_string (file, group, full, text);
}

static void
save_endpoint (GKeyFile *file, const char *group, const char *prefix, const TernEndpoint *endpoint)
{
  g_autofree char *port_key = g_strconcat (prefix, "Port", NULL);

  save_text (file, group, prefix, "Host", endpoint->host);
  g_key_file_set_integer (file, group, port_key, endpoint->port);
  save_text (file, group, prefix, "Security", tern_security_to_name (endpoint->security));
  save_text (file, group, prefix, "CaFile", endpoint->ca_file);
  save_text (file, group, prefix, "PinSha256", endpoint->pin_sha256);
}

gboolean
tern_account_settings_save_all (const char *path, const GPtrArray *accounts, GError **error)
{
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_autofree char *text = NULL;
  gsize length = 0;

  for (guint i = 0; i < accounts->len; i++)
    {
      const TernAccountSettings *account = g_ptr_array_index (accounts, i);
      const char *group = account->uuid;

      if (!tern_account_settings_check (account, error))
        return FALSE;
      save_text (file, group, "", "Label", account->label);
      save_text (file, group, "", "Name", account->name);
      save_text (file, group, "", "Address", account->address);
      save_endpoint (file, group, "Imap", account->imap);
      save_text (file, group, "", "ImapUser", account->imap_user);
      save_endpoint (file, group, "Smtp", account->smtp);
      save_text (file, group, "", "SmtpUser", account->smtp_user);
      if (account->smtp_own_secret)
        g_key_file_set_boolean (file, group, "SmtpOwnSecret", TRUE);
      if (account->auth != TERN_AUTH_PASSWORD)
        save_text (file, group, "", "Auth", tern_auth_to_name (account->auth));
      if (account->safe_mode)
        g_key_file_set_boolean (file, group, "SafeMode", TRUE);
      if (account->keep_days != 0)
        g_key_file_set_integer (file, group, "KeepDays", account->keep_days);
      if (account->keep_size != 0)
        g_key_file_set_int64 (file, group, "KeepSize", account->keep_size);
    }
  text = g_key_file_to_data (file, &length, NULL);
  return tern_paths_replace_file (path, text, length, error);
}
