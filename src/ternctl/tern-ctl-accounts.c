/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-ctl-format.h"
#include "tern-ctl-input.h"
#include "tern-ctl-private.h"

#include "tern-number.h"
#include "tern-sasl.h"

#include <glib/gi18n.h>
#include <string.h>

/* What is known while an account is being added. */
typedef struct
{
  TernAccountSettings *settings;
  char *password;
  char *smtp_password; /* (nullable) */
} NewAccount;

static void
new_account_free (gpointer data)
{
  NewAccount *self = data;

  tern_account_settings_unref (self->settings);
  tern_sasl_wipe (self->password);
  tern_sasl_wipe (self->smtp_password);
  g_free (self);
}

static void
write_endpoint (TernCtlJson *json, const char *name, const TernEndpoint *endpoint, const char *user)
{
  tern_ctl_json_open (json, name, '{');
  tern_ctl_json_string (json, "host", endpoint->host);
  tern_ctl_json_int (json, "port", endpoint->port);
  tern_ctl_json_string (json, "security", tern_security_to_name (endpoint->security));
  tern_ctl_json_string (json, "user", user);
  tern_ctl_json_string (json, "ca_file", endpoint->ca_file);
  tern_ctl_json_string (json, "pin", endpoint->pin_sha256);
  tern_ctl_json_close (json, '}');
}

static void
write_account (TernCtl *self, TernCtlJson *json, const TernAccountSettings *account)
{
  TernAccountStatus *status = tern_engine_dup_account_status (self->engine, account->uuid);

  tern_ctl_json_open (json, NULL, '{');
  tern_ctl_json_string (json, "account", account->uuid);
  tern_ctl_json_string (json, "address", account->address);
  tern_ctl_json_string (json, "label", account->label);
  tern_ctl_json_string (json, "name", account->name);
  tern_ctl_json_string (json, "auth", tern_auth_to_name (account->auth));
  write_endpoint (json, "imap", account->imap, account->imap_user);
  write_endpoint (json, "smtp", account->smtp,
                  account->smtp_user != NULL ? account->smtp_user : account->imap_user);
  if (account->keep_days == TERN_KEEP_ALL_DAYS)
    tern_ctl_json_string (json, "keep_days", NULL);
  else
    tern_ctl_json_int (json, "keep_days", account->keep_days);
  if (account->keep_size == 0)
    tern_ctl_json_string (json, "keep_size", NULL);
  else
    tern_ctl_json_int (json, "keep_size", account->keep_size);
  if (status != NULL)
    {
      tern_ctl_json_string (json, "state", tern_ctl_format_account_state (status->state));
      tern_ctl_json_string (json, "problem", status->error != NULL ? status->error->message : NULL);
      tern_account_status_free (status);
    }
  tern_ctl_json_close (json, '}');
}

static char *
describe_account (const TernAccountSettings *account)
{
  return g_strdup_printf ("%s\n  %s %s\n  imap %s:%u %s %s\n  smtp %s:%u %s %s\n", account->label,
                          account->uuid, account->address, account->imap->host, account->imap->port,
                          tern_security_to_name (account->imap->security), account->imap_user,
                          account->smtp->host, account->smtp->port,
                          tern_security_to_name (account->smtp->security),
                          account->smtp_user != NULL ? account->smtp_user : account->imap_user);
}

void
tern_ctl_account_list (TernCtl *self)
{
  g_autoptr (GPtrArray) accounts = tern_engine_dup_accounts (self->engine);
  TernCtlJson *json = tern_ctl_json_new ();
  GString *lines = g_string_new (NULL);

  tern_ctl_json_open (json, NULL, '[');
  for (guint i = 0; i < accounts->len; i++)
    {
      TernAccountSettings *account = g_ptr_array_index (accounts, i);

      write_account (self, json, account);
      g_string_append_printf (lines, "%s\t%s\t%s\n", account->uuid, account->address,
                              account->label);
    }
  tern_ctl_json_close (json, ']');
  if (self->args->json)
    {
      tern_ctl_print (self, tern_ctl_json_end (json));
      g_string_free (lines, TRUE);
    }
  else
    {
      tern_ctl_json_free (json);
      tern_ctl_print (self, g_string_free (lines, FALSE));
    }
  tern_ctl_end (self, TERN_CTL_EXIT_DONE);
}

void
tern_ctl_account_show (TernCtl *self)
{
  GError *error = NULL;
  g_autoptr (TernAccountSettings) account =
      tern_ctl_find_account (self, tern_ctl_args_word (self->args, 0), &error);

  if (account == NULL)
    {
      tern_ctl_fail (self, error, NULL);
      return;
    }
  if (self->args->json)
    {
      TernCtlJson *json = tern_ctl_json_new ();

      write_account (self, json, account);
      tern_ctl_print (self, tern_ctl_json_end (json));
    }
  else
    tern_ctl_print (self, describe_account (account));
  tern_ctl_end (self, TERN_CTL_EXIT_DONE);
}

/* One account and one word about it. */
static void
end_with_word (TernCtl *self, const TernAccountSettings *account, const char *word, char *sentence)
{
  if (self->args->json)
    {
      TernCtlJson *json = tern_ctl_json_new ();

      g_free (sentence);
      tern_ctl_json_open (json, NULL, '{');
      tern_ctl_json_string (json, "account", account->uuid);
      tern_ctl_json_string (json, "address", account->address);
      tern_ctl_json_string (json, "label", account->label);
      if (word != NULL)
        tern_ctl_json_bool (json, word, TRUE);
      tern_ctl_json_close (json, '}');
      tern_ctl_print (self, tern_ctl_json_end (json));
    }
  else
    tern_ctl_print (self, sentence);
  tern_ctl_end (self, TERN_CTL_EXIT_DONE);
}

static void
tested_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TernCtl *self = user_data;
  TernAccountSettings *account = self->state;
  GError *error = NULL;

  if (!tern_engine_test_account_finish (self->engine, result, &error))
    tern_ctl_fail (self, error, account->uuid);
  else
    end_with_word (self, account, "ok",
                   g_strdup_printf (_ ("%s can log in to both servers.\n"), account->address));
}

void
tern_ctl_account_test (TernCtl *self)
{
  GError *error = NULL;
  TernAccountSettings *account =
      tern_ctl_find_account (self, tern_ctl_args_word (self->args, 0), &error);

  if (account == NULL)
    {
      tern_ctl_fail (self, error, NULL);
      return;
    }
  tern_ctl_set_state (self, account, (GDestroyNotify) tern_account_settings_unref);
  tern_engine_test_saved_account_async (self->engine, account->uuid, self->cancellable, tested_cb,
                                        self);
}

static void
removed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TernCtl *self = user_data;
  TernAccountSettings *account = self->state;
  GError *error = NULL;

  if (!tern_engine_remove_account_finish (self->engine, result, &error))
    tern_ctl_fail (self, error, account->uuid);
  else
    end_with_word (self, account, "removed",
                   g_strdup_printf (_ ("%s was removed from this computer; its mail is still on "
                                       "the server.\n"),
                                    account->address));
}

void
tern_ctl_account_remove (TernCtl *self)
{
  GError *error = NULL;
  TernAccountSettings *account =
      tern_ctl_find_account (self, tern_ctl_args_word (self->args, 0), &error);

  if (account == NULL)
    {
      tern_ctl_fail (self, error, NULL);
      return;
    }
  tern_ctl_set_state (self, account, (GDestroyNotify) tern_account_settings_unref);
  tern_engine_remove_account_async (self->engine, account->uuid, removed_cb, self);
}

/* A new account has no id that anybody knows: its address stands for it. */
static void
fail_settings (TernCtl *self, GError *error)
{
  const NewAccount *account = self->state;
  const TernAccountSettings *settings = account->settings;
  g_autoptr (TernAccountSettings) known = tern_engine_find_account (self->engine, settings->uuid);

  if (known != NULL)
    {
      tern_ctl_fail (self, error, settings->uuid);
      return;
    }
  tern_ctl_fail (self, tern_fault_name (error, settings->address), settings->address);
  g_error_free (error);
}

static void
saved_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TernCtl *self = user_data;
  NewAccount *account = self->state;
  GError *error = NULL;

  if (!tern_engine_save_account_finish (self->engine, result, &error))
    fail_settings (self, error);
  else
    end_with_word (self, account->settings, NULL,
                   g_strdup_printf ("%s\n", account->settings->uuid));
}

static void
save_new (TernCtl *self)
{
  NewAccount *account = self->state;

  tern_engine_save_account_async (self->engine, account->settings, account->password,
                                  account->smtp_password, self->cancellable, saved_cb, self);
}

static void
new_tested_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TernCtl *self = user_data;
  GError *error = NULL;

  if (!tern_engine_test_account_finish (self->engine, result, &error))
    fail_settings (self, error);
  else
    save_new (self);
}

/* One password per line, in the order of the two options. */
static gboolean
take_passwords (TernCtl *self, char *text)
{
  NewAccount *account = self->state;
  gboolean both = tern_ctl_args_has (self->args, "smtp-password-stdin");
  char *second = strchr (text, '\n');

  if (second != NULL)
    *second++ = '\0';
  g_strchomp (text);
  account->password = g_strdup (text);
  if (both && second != NULL)
    {
      char *end = strchr (second, '\n');

      if (end != NULL)
        *end = '\0';
      g_strchomp (second);
      account->smtp_password = g_strdup (second);
    }
  return *account->password != '\0' && (!both || account->smtp_password != NULL);
}

static void
passwords_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TernCtl *self = user_data;
  NewAccount *account = self->state;
  GError *error = NULL;
  char *text = tern_ctl_input_read_text_finish (result, &error);

  if (text == NULL)
    {
      tern_ctl_fail (self, error, NULL);
      return;
    }
  if (!take_passwords (self, text))
    tern_ctl_fail (self,
                   tern_fault_new (TERN_FAULT_INVALID,
                                   _ ("Give the password on standard input, one line for each.")),
                   NULL);
  else if (tern_ctl_args_has (self->args, "no-test"))
    save_new (self);
  else
    tern_engine_test_account_async (self->engine, account->settings, account->password,
                                    account->smtp_password, self->cancellable, new_tested_cb, self);
  tern_sasl_wipe (text);
}

static void
replace_text (char **field, const char *value)
{
  if (value == NULL)
    return;
  g_free (*field);
  *field = g_strdup (value);
}

/* "HOST", "HOST:PORT", "[::1]:PORT"; where no port is given that is 0. */
static GSocketConnectable *
parse_server (const char *server, GError **error)
{
  g_autoptr (GSocketConnectable) address = g_network_address_parse (server, 0, NULL);
  g_autoptr (GSocketConnectable) other = g_network_address_parse (server, 1, NULL);

  if (address == NULL)
    g_propagate_error (
        error, tern_fault_new (TERN_FAULT_INVALID, _ ("“%s” is not a server’s name."), server));
  else if (g_network_address_get_port (G_NETWORK_ADDRESS (other)) == 0)
    g_propagate_error (
        error, tern_fault_new (TERN_FAULT_INVALID, _ ("“%s”: a port is from 1 to 65535."), server));
  else
    return g_steal_pointer (&address);
  return NULL;
}

/* What the options say of a server over the guessed @endpoint. */
static gboolean
apply_server (TernCtl *self,
              const char *option,
              guint16 tls_port,
              guint16 starttls_port,
              TernEndpoint **endpoint,
              GError **error)
{
  g_autofree char *security_option = g_strconcat (option, "-security", NULL);
  const char *server = tern_ctl_args_get (self->args, option);
  const char *word = tern_ctl_args_get (self->args, security_option);
  const char *ca_option = tern_ctl_args_get (self->args, "ca-file");
  g_autofree char *ca_file = ca_option != NULL ? tern_ctl_resolve_path (self, ca_option) : NULL;
  g_autoptr (GSocketConnectable) address = NULL;
  TernSecurity security = TERN_SECURITY_TLS;
  TernEndpoint *changed;
  guint16 port;

  if (word != NULL && !tern_security_from_name (word, &security))
    {
      g_propagate_error (error, tern_fault_new (TERN_FAULT_INVALID,
                                                _ ("“%s” is neither tls nor starttls."), word));
      return FALSE;
    }
  address = parse_server (server != NULL ? server : (*endpoint)->host, error);
  if (address == NULL)
    return FALSE;
  port = g_network_address_get_port (G_NETWORK_ADDRESS (address));
  /* The well-known port tells the kind of security where nothing else does. */
  if (word == NULL && port == starttls_port)
    security = TERN_SECURITY_STARTTLS;
  if (port == 0)
    port = security == TERN_SECURITY_TLS ? tls_port : starttls_port;
  changed = tern_endpoint_new (g_network_address_get_hostname (G_NETWORK_ADDRESS (address)), port,
                               security, ca_file, tern_ctl_args_get (self->args, "pin"));
  tern_endpoint_unref (*endpoint);
  *endpoint = changed;
  return TRUE;
}

static gboolean
apply_auth (TernAccountSettings *settings, const char *word, GError **error)
{
  if (word == NULL || tern_auth_from_name (word, &settings->auth))
    return TRUE;
  g_propagate_error (
      error,
      tern_fault_new (
          TERN_FAULT_INVALID,
          _ ("“%s” is no way to log in; password, password-unbound and oauth-bearer are."), word));
  return FALSE;
}

/* In the form in which an endpoint keeps it. */
static gboolean
check_pin (const TernEndpoint *endpoint, GError **error)
{
  const char *pin = endpoint->pin_sha256;

  if (pin == NULL || (strlen (pin) == 64 && strspn (pin, "0123456789abcdef") == 64))
    return TRUE;
  g_propagate_error (
      error, tern_fault_new (TERN_FAULT_INVALID,
                             _ ("“%s” is not the SHA-256 digest of a certificate, which has 64 "
                                "digits from 0 to 9 and a to f."),
                             pin));
  return FALSE;
}

static TernAccountSettings *
make_settings (TernCtl *self, GError **error)
{
  g_autoptr (TernAccountSettings) settings = tern_account_settings_new ();

  tern_account_settings_guess (settings, tern_ctl_args_word (self->args, 0));
  settings->keep_days = TERN_KEEP_DEFAULT_DAYS;
  settings->keep_size = TERN_KEEP_DEFAULT_SIZE;
  replace_text (&settings->name, tern_ctl_args_get (self->args, "name"));
  replace_text (&settings->label, tern_ctl_args_get (self->args, "label"));
  replace_text (&settings->imap_user, tern_ctl_args_get (self->args, "user"));
  replace_text (&settings->smtp_user, tern_ctl_args_get (self->args, "smtp-user"));
  if (!tern_ctl_args_exclude (self->args, "ca-file pin", error)
      || !apply_auth (settings, tern_ctl_args_get (self->args, "auth"), error))
    return NULL;
  settings->smtp_own_secret = tern_ctl_args_has (self->args, "smtp-password-stdin");
  if (!apply_server (self, "imap", 993, 143, &settings->imap, error)
      || !apply_server (self, "smtp", 465, 587, &settings->smtp, error)
      || !check_pin (settings->imap, error) || !tern_account_settings_check (settings, error))
    return NULL;
  return g_steal_pointer (&settings);
}

void
tern_ctl_account_add (TernCtl *self)
{
  TernAccountSettings *settings;
  NewAccount *account;
  GError *error = NULL;

  if (tern_ctl_args_has (self->args, "pop") || tern_ctl_args_has (self->args, "pop-security"))
    {
      tern_ctl_fail (self,
                     tern_fault_new (TERN_FAULT_REFUSED,
                                     _ ("Tern does not fetch mail by POP yet: give the server for "
                                        "IMAP with --imap.")),
                     NULL);
      return;
    }
  if (!tern_ctl_args_has (self->args, "password-stdin"))
    {
      tern_ctl_fail (self,
                     tern_fault_new (TERN_FAULT_INVALID,
                                     _ ("Give the password on standard input and say so with "
                                        "--password-stdin.")),
                     NULL);
      return;
    }
  settings = make_settings (self, &error);
  if (settings == NULL)
    {
      tern_ctl_fail (self, error, NULL);
      return;
    }
  account = g_new0 (NewAccount, 1);
  account->settings = settings;
  tern_ctl_set_state (self, account, new_account_free);
  tern_ctl_input_read_async (self->input, self->cancellable, passwords_cb, self);
}

/* A number of days, or "all". */
static gboolean
parse_days (const char *text, int *days)
{
  guint64 number;

  if (strcmp (text, "all") == 0)
    *days = TERN_KEEP_ALL_DAYS;
  else if (tern_number_parse (text, 0, TERN_KEEP_DAYS_MAX, &number))
    *days = (int) number;
  else
    return FALSE;
  return TRUE;
}

/* Bytes, of which there is a smallest number, or "any". */
static gboolean
parse_size (const char *text, gint64 *size)
{
  guint64 number;

  if (strcmp (text, "any") == 0)
    *size = 0;
  else if (tern_number_parse (text, TERN_KEEP_SIZE_MIN, TERN_KEEP_SIZE_MAX, &number))
    *size = (gint64) number;
  else
    return FALSE;
  return TRUE;
}

/* "label=Work". Servers are not among the keys; how to log in is, together with the password, as it
 * is proved before it is saved. */
static gboolean
apply_setting (TernCtl *self, TernAccountSettings *settings, const char *word, GError **error)
{
  const char *equals = strchr (word, '=');
  g_autofree char *key = equals != NULL ? g_strndup (word, (gsize) (equals - word)) : NULL;

  if (g_strcmp0 (key, "label") == 0)
    replace_text (&settings->label, equals + 1);
  else if (g_strcmp0 (key, "name") == 0)
    replace_text (&settings->name, equals + 1);
  else if (g_strcmp0 (key, "auth") == 0 && tern_ctl_args_has (self->args, "password-stdin"))
    return apply_auth (settings, equals + 1, error);
  else if (!(g_strcmp0 (key, "keep-days") == 0 && parse_days (equals + 1, &settings->keep_days))
           && !(g_strcmp0 (key, "keep-size") == 0 && parse_size (equals + 1, &settings->keep_size)))
    {
      g_propagate_error (
          error, tern_fault_new (TERN_FAULT_INVALID,
                                 _ ("“%s” cannot be set; label=…, name=…, keep-days=N or all, and "
                                    "keep-size=BYTES or any can, and auth=… together with "
                                    "--password-stdin."),
                                 word));
      return FALSE;
    }
  return TRUE;
}

/* What is to be read must be enough for both servers. */
static gboolean
check_new_passwords (TernCtl *self, TernAccountSettings *settings, GError **error)
{
  gboolean first = tern_ctl_args_has (self->args, "password-stdin");
  gboolean second = tern_ctl_args_has (self->args, "smtp-password-stdin");

  if (!first && !second && self->args->words->len < 2)
    g_propagate_error (error, tern_fault_new (TERN_FAULT_INVALID,
                                              _ ("Say what is to be changed: label=…, name=…, or "
                                                 "the password with --password-stdin.")));
  else if (second && !first)
    g_propagate_error (error, tern_fault_new (TERN_FAULT_INVALID,
                                              _ ("Give the password on standard input and say so "
                                                 "with --password-stdin.")));
  else if (first && !second && settings->smtp_own_secret)
    g_propagate_error (error, tern_fault_new (TERN_FAULT_INVALID,
                                              _ ("The outgoing server has a password of its own: "
                                                 "give both, with --smtp-password-stdin.")));
  else
    {
      settings->smtp_own_secret |= second;
      return TRUE;
    }
  return FALSE;
}

void
tern_ctl_account_set (TernCtl *self)
{
  GError *error = NULL;
  g_autoptr (TernAccountSettings) found =
      tern_ctl_find_account (self, tern_ctl_args_word (self->args, 0), &error);
  g_autoptr (TernAccountSettings) settings =
      found != NULL ? tern_account_settings_copy (found) : NULL;
  gboolean good = settings != NULL;
  NewAccount *account;

  for (guint i = 1; good && i < self->args->words->len; i++)
    good = apply_setting (self, settings, tern_ctl_args_word (self->args, i), &error);
  if (!good || !check_new_passwords (self, settings, &error)
      || !tern_account_settings_check (settings, &error))
    {
      tern_ctl_fail (self, error, NULL);
      return;
    }
  account = g_new0 (NewAccount, 1);
  account->settings = g_steal_pointer (&settings);
  tern_ctl_set_state (self, account, new_account_free);
  if (tern_ctl_args_has (self->args, "password-stdin"))
    tern_ctl_input_read_async (self->input, self->cancellable, passwords_cb, self);
  else
    save_new (self);
}
