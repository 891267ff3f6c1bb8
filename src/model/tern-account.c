/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-account-private.h"

#include <glib/gi18n.h>

struct _TernAccount
{
  GObject parent_instance;

  TernEngine *engine;            /* (unowned): the list that owns this account holds it */
  TernAccountSettings *settings; /* (owned) */
  TernAccountStatus *status;     /* (owned) (nullable) */
  char *status_text;
};

typedef enum
{
  PROP_UUID = 1,
  PROP_LABEL,
  PROP_ADDRESS,
  PROP_STATE,
  PROP_STATUS_TEXT,
  PROP_PROGRESS,
  PROP_FULLNESS,
} TernAccountProperty;

static GParamSpec *properties[PROP_FULLNESS + 1];

G_DEFINE_FINAL_TYPE (TernAccount, tern_account, G_TYPE_OBJECT)

static char *
describe_offline (const TernAccountStatus *status)
{
  const char *why = status->error != NULL ? status->error->message : _ ("Not connected.");
  g_autoptr (GDateTime) next =
      status->next_try > 0 ? g_date_time_new_from_unix_local (status->next_try) : NULL;
  g_autofree char *time = next != NULL ? g_date_time_format (next, "%H:%M") : NULL;

  if (time == NULL)
    return g_strdup (why);
  /* Translators: the first %s is a sentence that says what is wrong, the second a time of day. */
  return g_strdup_printf (_ ("%s Trying again at %s."), why, time);
}

static char *
describe_syncing (const TernAccountStatus *status)
{
  g_autofree char *done = NULL;
  g_autofree char *total = NULL;

  if (status->total <= 0)
    return g_strdup (_ ("Getting mail…"));
  done = g_strdup_printf ("%'" G_GINT64_FORMAT, MIN (status->done, status->total));
  total = g_strdup_printf ("%'" G_GINT64_FORMAT, status->total);
  /* Translators: two numbers of messages. */
  return g_strdup_printf (_ ("Getting mail: %s of %s"), done, total);
}

static char *
describe (const TernAccountStatus *status)
{
  if (status == NULL)
    return g_strdup ("");
  switch (status->state)
    {
    case TERN_ACCOUNT_CONNECTING:
      return g_strdup (_ ("Connecting…"));
    case TERN_ACCOUNT_SYNCING:
      return describe_syncing (status);
    case TERN_ACCOUNT_OFFLINE:
      return describe_offline (status);
    case TERN_ACCOUNT_REFUSED:
      return g_strdup (status->error != NULL ? status->error->message : _ ("Signing in failed."));
    case TERN_ACCOUNT_IDLE:
    case TERN_ACCOUNT_DISABLED:
    default:
      return g_strdup ("");
    }
}

static void
tern_account_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  TernAccount *self = TERN_ACCOUNT (object);

  switch ((TernAccountProperty) id)
    {
    case PROP_UUID:
      g_value_set_string (value, tern_account_get_uuid (self));
      break;
    case PROP_LABEL:
      g_value_set_string (value, tern_account_get_label (self));
      break;
    case PROP_ADDRESS:
      g_value_set_string (value, tern_account_get_address (self));
      break;
    case PROP_STATE:
      g_value_set_uint (value, tern_account_get_state (self));
      break;
    case PROP_STATUS_TEXT:
      g_value_set_string (value, self->status_text);
      break;
    case PROP_PROGRESS:
      g_value_set_double (value, tern_account_get_progress (self));
      break;
    case PROP_FULLNESS:
      g_value_set_uint (value, tern_account_get_fullness (self));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
tern_account_finalize (GObject *object)
{
  TernAccount *self = TERN_ACCOUNT (object);

  tern_account_settings_unref (self->settings);
  g_clear_pointer (&self->status, tern_account_status_free);
  g_free (self->status_text);
  G_OBJECT_CLASS (tern_account_parent_class)->finalize (object);
}

static void
tern_account_class_init (TernAccountClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;

  object_class->get_property = tern_account_get_property;
  object_class->finalize = tern_account_finalize;
  properties[PROP_UUID] = g_param_spec_string ("uuid", NULL, NULL, NULL, flags);
  properties[PROP_LABEL] = g_param_spec_string ("label", NULL, NULL, NULL, flags);
  properties[PROP_ADDRESS] = g_param_spec_string ("address", NULL, NULL, NULL, flags);
  properties[PROP_STATE] =
      g_param_spec_uint ("state", NULL, NULL, 0, TERN_ACCOUNT_DISABLED, TERN_ACCOUNT_IDLE, flags);
  properties[PROP_STATUS_TEXT] = g_param_spec_string ("status-text", NULL, NULL, "", flags);
  properties[PROP_PROGRESS] = g_param_spec_double ("progress", NULL, NULL, -1, 1, -1, flags);
  properties[PROP_FULLNESS] = g_param_spec_uint ("fullness", NULL, NULL, 0, 100, 0, flags);
  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties), properties);
}

static void
tern_account_init (TernAccount *self)
{
  self->status_text = g_strdup ("");
}

TernAccount *
tern_account_new (TernEngine *engine, TernAccountSettings *settings)
{
  TernAccount *self = g_object_new (TERN_TYPE_ACCOUNT, NULL);

  self->engine = engine;
  self->settings = tern_account_settings_ref (settings);
  tern_account_update_status (self);
  return self;
}

void
tern_account_take_settings (TernAccount *self, TernAccountSettings *settings)
{
  if (self->settings == settings)
    return;
  tern_account_settings_unref (self->settings);
  self->settings = tern_account_settings_ref (settings);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_LABEL]);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_ADDRESS]);
}

void
tern_account_update_status (TernAccount *self)
{
  TernAccountState state_before = tern_account_get_state (self);
  double progress_before = tern_account_get_progress (self);
  guint fullness_before = tern_account_get_fullness (self);
  g_autofree char *text_before = g_steal_pointer (&self->status_text);

  g_clear_pointer (&self->status, tern_account_status_free);
  self->status = tern_engine_dup_account_status (self->engine, self->settings->uuid);
  self->status_text = describe (self->status);

  g_object_freeze_notify (G_OBJECT (self));
  if (tern_account_get_state (self) != state_before)
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_STATE]);
  if (g_strcmp0 (self->status_text, text_before) != 0)
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_STATUS_TEXT]);
  if (tern_account_get_progress (self) != progress_before)
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_PROGRESS]);
  if (tern_account_get_fullness (self) != fullness_before)
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_FULLNESS]);
  g_object_thaw_notify (G_OBJECT (self));
}

const char *
tern_account_get_uuid (TernAccount *self)
{
  return self->settings->uuid;
}

const char *
tern_account_get_label (TernAccount *self)
{
  return self->settings->label;
}

const char *
tern_account_get_address (TernAccount *self)
{
  return self->settings->address;
}

const char *
tern_account_get_name (TernAccount *self)
{
  return self->settings->name;
}

TernId
tern_account_get_row (TernAccount *self)
{
  return tern_engine_get_account_row (self->engine, self->settings->uuid);
}

TernAccountState
tern_account_get_state (TernAccount *self)
{
  return self->status != NULL ? self->status->state : TERN_ACCOUNT_DISABLED;
}

const GError *
tern_account_get_error (TernAccount *self)
{
  return self->status != NULL ? self->status->error : NULL;
}

gboolean
tern_account_is_locked (TernAccount *self)
{
  return tern_fault_is (tern_account_get_error (self), TERN_FAULT_KEYRING_LOCKED);
}

gboolean
tern_account_needs_sign_in (TernAccount *self)
{
  return tern_account_get_state (self) == TERN_ACCOUNT_REFUSED && !tern_account_is_locked (self)
         && !tern_fault_is (tern_account_get_error (self), TERN_FAULT_KEYRING_ABSENT);
}

const GError *
tern_account_get_sending_error (TernAccount *self)
{
  return self->status != NULL ? self->status->sending : NULL;
}

const char *
tern_account_get_status_text (TernAccount *self)
{
  return self->status_text;
}

double
tern_account_get_progress (TernAccount *self)
{
  if (self->status == NULL || self->status->state != TERN_ACCOUNT_SYNCING
      || self->status->total <= 0)
    return -1;
  return CLAMP ((double) self->status->done / (double) self->status->total, 0, 1);
}

guint
tern_account_get_fullness (TernAccount *self)
{
  return self->status != NULL ? tern_quota_get_percent (&self->status->quota) : 0;
}

char *
tern_account_dup_quota_text (TernAccount *self)
{
  return self->status != NULL ? tern_quota_dup_text (&self->status->quota) : NULL;
}
