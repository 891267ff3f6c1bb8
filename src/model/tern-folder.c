/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-folder-private.h"

#include <glib/gi18n.h>

struct _TernFolder
{
  GObject parent_instance;

  TernFolderRecord *record; /* (owned) */
  guint depth;
};

typedef enum
{
  PROP_ID = 1,
  PROP_NAME,
  PROP_PATH,
  PROP_ROLE,
  PROP_UNREAD,
  PROP_TOTAL,
  PROP_DEPTH,
  PROP_SELECTABLE,
  PROP_ICON_NAME,
  PROP_COMPARED,
  PROP_RIGHTS,
} TernFolderProperty;

static GParamSpec *properties[PROP_RIGHTS + 1];

G_DEFINE_FINAL_TYPE (TernFolder, tern_folder, G_TYPE_OBJECT)

/* The names of the special uses come from us, in the person's language, not from the server. */
static const struct
{
  TernRole role;
  const char *name;
  const char *icon;
} roles[] = {
  { TERN_ROLE_INBOX, N_ ("Inbox"), "tern-inbox-symbolic" },
  { TERN_ROLE_DRAFTS, N_ ("Drafts"), "tern-drafts-symbolic" },
  { TERN_ROLE_SENT, N_ ("Sent"), "tern-sent-symbolic" },
  { TERN_ROLE_ARCHIVE, N_ ("Archive"), "tern-archive-symbolic" },
  { TERN_ROLE_JUNK, N_ ("Junk"), "mail-mark-junk-symbolic" },
  { TERN_ROLE_TRASH, N_ ("Trash"), "user-trash-symbolic" },
  { TERN_ROLE_ALL, N_ ("All Mail"), "folder-symbolic" },
  { TERN_ROLE_FLAGGED, N_ ("Starred"), "starred-symbolic" },
  { TERN_ROLE_IMPORTANT, N_ ("Important"), "mail-mark-important-symbolic" },
  { TERN_ROLE_OUTBOX, N_ ("Outbox"), "document-send-symbolic" },
};

static void
tern_folder_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  TernFolder *self = TERN_FOLDER (object);

  switch ((TernFolderProperty) id)
    {
    case PROP_ID:
      g_value_set_int64 (value, self->record->id);
      break;
    case PROP_NAME:
      g_value_set_string (value, tern_folder_get_name (self));
      break;
    case PROP_PATH:
      g_value_set_string (value, self->record->path);
      break;
    case PROP_ROLE:
      g_value_set_uint (value, self->record->role);
      break;
    case PROP_UNREAD:
      g_value_set_int64 (value, self->record->unread);
      break;
    case PROP_TOTAL:
      g_value_set_int64 (value, self->record->total);
      break;
    case PROP_DEPTH:
      g_value_set_uint (value, self->depth);
      break;
    case PROP_SELECTABLE:
      g_value_set_boolean (value, self->record->selectable);
      break;
    case PROP_ICON_NAME:
      g_value_set_string (value, tern_folder_get_icon_name (self));
      break;
    case PROP_COMPARED:
      g_value_take_string (value, tern_folder_dup_compared (self));
      break;
    case PROP_RIGHTS:
      g_value_set_uint (value, self->record->rights);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
tern_folder_finalize (GObject *object)
{
  tern_folder_record_free (TERN_FOLDER (object)->record);
  G_OBJECT_CLASS (tern_folder_parent_class)->finalize (object);
}

static void
tern_folder_class_init (TernFolderClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;

  object_class->get_property = tern_folder_get_property;
  object_class->finalize = tern_folder_finalize;
  properties[PROP_ID] = g_param_spec_int64 ("id", NULL, NULL, 0, G_MAXINT64, 0, flags);
  properties[PROP_NAME] = g_param_spec_string ("name", NULL, NULL, NULL, flags);
  properties[PROP_PATH] = g_param_spec_string ("path", NULL, NULL, NULL, flags);
  properties[PROP_ROLE] =
      g_param_spec_uint ("role", NULL, NULL, 0, TERN_ROLE_OUTBOX, TERN_ROLE_NONE, flags);
  properties[PROP_UNREAD] = g_param_spec_int64 ("unread", NULL, NULL, 0, G_MAXINT64, 0, flags);
  properties[PROP_TOTAL] = g_param_spec_int64 ("total", NULL, NULL, 0, G_MAXINT64, 0, flags);
  properties[PROP_DEPTH] = g_param_spec_uint ("depth", NULL, NULL, 0, G_MAXUINT, 0, flags);
  properties[PROP_SELECTABLE] = g_param_spec_boolean ("selectable", NULL, NULL, TRUE, flags);
  properties[PROP_ICON_NAME] = g_param_spec_string ("icon-name", NULL, NULL, NULL, flags);
  properties[PROP_COMPARED] = g_param_spec_string ("compared", NULL, NULL, NULL, flags);
  properties[PROP_RIGHTS] = g_param_spec_uint ("rights", NULL, NULL, 0, G_MAXUINT, 0, flags);
  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties), properties);
}

static void
tern_folder_init (TernFolder *self)
{
}

TernFolder *
tern_folder_new (TernId id)
{
  TernFolder *self = g_object_new (TERN_TYPE_FOLDER, NULL);

  self->record = g_new0 (TernFolderRecord, 1);
  self->record->id = id;
  return self;
}

static void
notify (TernFolder *self, TernFolderProperty property)
{
  g_object_notify_by_pspec (G_OBJECT (self), properties[property]);
}

void
tern_folder_update (TernFolder *self, const TernFolderRecord *record, guint depth)
{
  g_autoptr (TernFolderRecord) old = self->record;
  guint old_depth = self->depth;

  self->record = tern_folder_record_copy (record);
  self->depth = depth;
  g_object_freeze_notify (G_OBJECT (self));
  if (g_strcmp0 (old->path, record->path) != 0)
    {
      notify (self, PROP_NAME);
      notify (self, PROP_PATH);
    }
  if (old->role != record->role)
    {
      notify (self, PROP_ROLE);
      notify (self, PROP_NAME);
      notify (self, PROP_ICON_NAME);
    }
  if (old_depth != depth)
    notify (self, PROP_DEPTH);
  if (old->selectable != record->selectable)
    notify (self, PROP_SELECTABLE);
  if (old->unread != record->unread)
    notify (self, PROP_UNREAD);
  if (old->total != record->total)
    notify (self, PROP_TOTAL);
  if (old->compared != record->compared)
    notify (self, PROP_COMPARED);
  if (old->rights != record->rights)
    notify (self, PROP_RIGHTS);
  g_object_thaw_notify (G_OBJECT (self));
}

void
tern_folder_update_counts (TernFolder *self, gint64 total, gint64 unread)
{
  gint64 old_total = self->record->total;
  gint64 old_unread = self->record->unread;

  self->record->total = total;
  self->record->unread = unread;
  if (old_unread != unread)
    notify (self, PROP_UNREAD);
  if (old_total != total)
    notify (self, PROP_TOTAL);
}

TernId
tern_folder_get_id (TernFolder *self)
{
  return self->record->id;
}

TernId
tern_folder_get_account (TernFolder *self)
{
  return self->record->account;
}

const char *
tern_folder_get_name (TernFolder *self)
{
  for (gsize i = 0; i < G_N_ELEMENTS (roles); i++)
    if (roles[i].role == self->record->role)
      return _ (roles[i].name);
  return self->record->name;
}

const char *
tern_folder_get_path (TernFolder *self)
{
  return self->record->path;
}

TernRole
tern_folder_get_role (TernFolder *self)
{
  return self->record->role;
}

gint64
tern_folder_get_unread (TernFolder *self)
{
  return self->record->unread;
}

gint64
tern_folder_get_total (TernFolder *self)
{
  return self->record->total;
}

guint
tern_folder_get_depth (TernFolder *self)
{
  return self->depth;
}

gboolean
tern_folder_get_selectable (TernFolder *self)
{
  return self->record->selectable;
}

char *
tern_folder_dup_refusal (TernFolder *self, TernRights needed)
{
  return tern_rights_explain (self->record->rights, needed, tern_folder_get_name (self));
}

gboolean
tern_folder_get_only_reading (TernFolder *self)
{
  return tern_rights_only_reading (self->record->rights);
}

char *
tern_folder_dup_compared (TernFolder *self)
{
  const TernFolderRecord *record = self->record;
  g_autoptr (GDateTime) when = g_date_time_new_from_unix_local (record->compared);
  g_autofree char *time = NULL;
  g_autofree char *remote = NULL;
  g_autofree char *here = NULL;

  if (record->compared == 0 || when == NULL)
    return NULL;
  time = g_date_time_format (when, "%x %H:%M");
  remote = g_strdup_printf ("%'" G_GINT64_FORMAT, record->compared_remote);
  here = g_strdup_printf ("%'" G_GINT64_FORMAT, record->compared_here);
  /* Translators: two numbers of messages, and when they were compared. */
  return g_strdup_printf (_ ("Server %s, here %s, compared %s"), remote, here, time);
}

const char *
tern_folder_get_icon_name (TernFolder *self)
{
  for (gsize i = 0; i < G_N_ELEMENTS (roles); i++)
    if (roles[i].role == self->record->role)
      return roles[i].icon;
  return "folder-symbolic";
}
