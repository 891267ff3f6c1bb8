/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-sidebar-row.h"

#include <glib/gi18n.h>

#define INDENT 16

struct _TernSidebarRow
{
  GtkWidget parent_instance;

  GObject *item; /* (owned) (nullable): TernAccount or TernFolder */
  gulong notify;

  GtkWidget *box;
  GtkImage *icon;
  GtkLabel *name;
  GtkLabel *count;
  GtkImage *state; /* of an account: busy or in trouble */
  char *label;     /* (owned) (nullable): the name of the list item */
  char *why;       /* (owned) (nullable): why it cannot be chosen */
};

G_DEFINE_FINAL_TYPE (TernSidebarRow, tern_sidebar_row, GTK_TYPE_WIDGET)

static void
name_list_item (TernSidebarRow *self, const char *label)
{
  GtkWidget *parent = gtk_widget_get_parent (GTK_WIDGET (self));

  if (parent == NULL || g_strcmp0 (self->label, label) == 0)
    return;
  g_free (self->label);
  self->label = g_strdup (label);
  gtk_accessible_update_property (GTK_ACCESSIBLE (parent), GTK_ACCESSIBLE_PROPERTY_LABEL, label,
                                  -1);
}

/* An account tells of its progress many times a second, and GTK lays the window out anew for each
 * picture that is set, be it the same. None when @icon_name is NULL. */
static void
show_state (TernSidebarRow *self, const char *icon_name, const char *label)
{
  gtk_widget_set_visible (GTK_WIDGET (self->state), icon_name != NULL);
  if (icon_name == NULL || g_strcmp0 (gtk_image_get_icon_name (self->state), icon_name) == 0)
    return;
  gtk_image_set_from_icon_name (self->state, icon_name);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->state), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  label, -1);
}

static void
show_account_state (TernSidebarRow *self, TernAccountState state)
{
  switch (state)
    {
    case TERN_ACCOUNT_CONNECTING:
    case TERN_ACCOUNT_SYNCING:
      /* It stands still: what turns is drawn sixty times a second for as long as a sync lasts. */
      show_state (self, "content-loading-symbolic", _ ("Fetching mail"));
      break;
    case TERN_ACCOUNT_OFFLINE:
      show_state (self, "network-offline-symbolic", _ ("Not connected"));
      break;
    case TERN_ACCOUNT_REFUSED:
      show_state (self, "dialog-warning-symbolic", _ ("Not connected"));
      break;
    case TERN_ACCOUNT_IDLE:
    case TERN_ACCOUNT_DISABLED:
    default:
      show_state (self, NULL, NULL);
    }
}

static void
show_account (TernSidebarRow *self, TernAccount *account)
{
  gtk_widget_add_css_class (GTK_WIDGET (self), "account");
  gtk_widget_set_margin_start (self->box, 0);
  gtk_label_set_text (self->name, tern_account_get_label (account));
  gtk_widget_set_visible (GTK_WIDGET (self->icon), FALSE);
  gtk_widget_set_visible (GTK_WIDGET (self->count), FALSE);
  show_account_state (self, tern_account_get_state (account));
  name_list_item (self, tern_account_get_label (account));
}

static void
show_folder (TernSidebarRow *self, TernFolder *folder)
{
  gint64 unread = tern_folder_get_unread (folder);
  g_autofree char *count = g_strdup_printf ("%" G_GINT64_FORMAT, unread);
  g_autofree char *label = NULL;

  gtk_widget_remove_css_class (GTK_WIDGET (self), "account");
  gtk_widget_set_margin_start (self->box, (int) MIN (tern_folder_get_depth (folder), 8) * INDENT);
  if (g_strcmp0 (gtk_image_get_icon_name (self->icon), tern_folder_get_icon_name (folder)) != 0)
    gtk_image_set_from_icon_name (self->icon, tern_folder_get_icon_name (folder));
  gtk_widget_set_visible (GTK_WIDGET (self->icon), TRUE);
  gtk_label_set_text (self->name, tern_folder_get_name (folder));
  gtk_label_set_text (self->count, count);
  gtk_widget_set_visible (GTK_WIDGET (self->count), unread > 0);
  show_state (self, NULL, NULL);
  gtk_widget_set_sensitive (self->box, tern_folder_get_selectable (folder));

  if (unread > 0)
    /* Translators: a folder for a screen reader: "Inbox, 3 unread". */
    label = g_strdup_printf (ngettext ("%s, %s unread", "%s, %s unread", (gulong) unread),
                             tern_folder_get_name (folder), count);
  name_list_item (self, label != NULL ? label : tern_folder_get_name (folder));
}

static void
refresh (TernSidebarRow *self)
{
  if (TERN_IS_ACCOUNT (self->item))
    show_account (self, TERN_ACCOUNT (self->item));
  else if (TERN_IS_FOLDER (self->item))
    show_folder (self, TERN_FOLDER (self->item));
}

/* Two sentences, of which there may be none, below each other. */
static char *
join (const char *first, const char *second)
{
  gboolean both = first != NULL && *first != '\0' && second != NULL;

  return g_strconcat (first != NULL ? first : "", both ? "\n" : "", second, NULL);
}

static char *
describe_account (TernAccount *account)
{
  g_autofree char *quota = tern_account_dup_quota_text (account);

  return join (tern_account_get_status_text (account), quota);
}

static char *
describe_folder (TernFolder *folder)
{
  g_autofree char *compared = tern_folder_dup_compared (folder);
  g_autofree char *refusal = NULL;

  if (tern_folder_get_only_reading (folder))
    refusal = tern_folder_dup_refusal (folder, TERN_RIGHT_WRITE);
  return join (compared, refusal);
}

/* Asked for rather than set: an account tells of its progress many times a second, and each
 * setting of a tooltip asks the display where the pointer is. */
static gboolean
tern_sidebar_row_query_tooltip (GtkWidget *widget,
                                int x,
                                int y,
                                gboolean keyboard,
                                GtkTooltip *tooltip)
{
  TernSidebarRow *self = TERN_SIDEBAR_ROW (widget);
  g_autofree char *status = NULL;

  if (self->why != NULL)
    status = g_strdup (self->why);
  else if (TERN_IS_ACCOUNT (self->item))
    status = describe_account (TERN_ACCOUNT (self->item));
  else if (TERN_IS_FOLDER (self->item))
    status = describe_folder (TERN_FOLDER (self->item));
  gtk_tooltip_set_text (tooltip, status);
  return status != NULL && *status != '\0';
}

static void
tern_sidebar_row_dispose (GObject *object)
{
  TernSidebarRow *self = TERN_SIDEBAR_ROW (object);

  tern_sidebar_row_set_item (self, NULL);
  g_clear_pointer (&self->box, gtk_widget_unparent);
  g_clear_pointer (&self->label, g_free);
  g_clear_pointer (&self->why, g_free);
  G_OBJECT_CLASS (tern_sidebar_row_parent_class)->dispose (object);
}

static void
tern_sidebar_row_class_init (TernSidebarRowClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = tern_sidebar_row_dispose;
  GTK_WIDGET_CLASS (klass)->query_tooltip = tern_sidebar_row_query_tooltip;
  gtk_widget_class_set_layout_manager_type (GTK_WIDGET_CLASS (klass), GTK_TYPE_BIN_LAYOUT);
  gtk_widget_class_set_css_name (GTK_WIDGET_CLASS (klass), "sidebarrow");
}

static void
tern_sidebar_row_init (TernSidebarRow *self)
{
  self->box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 10);
  gtk_widget_set_parent (self->box, GTK_WIDGET (self));
  gtk_widget_set_has_tooltip (GTK_WIDGET (self), TRUE);

  self->icon = GTK_IMAGE (gtk_image_new ());
  gtk_box_append (GTK_BOX (self->box), GTK_WIDGET (self->icon));

  self->name = GTK_LABEL (gtk_label_new (NULL));
  gtk_label_set_ellipsize (self->name, PANGO_ELLIPSIZE_END);
  gtk_label_set_xalign (self->name, 0);
  gtk_widget_set_hexpand (GTK_WIDGET (self->name), TRUE);
  gtk_box_append (GTK_BOX (self->box), GTK_WIDGET (self->name));

  self->state = GTK_IMAGE (gtk_image_new ());
  gtk_box_append (GTK_BOX (self->box), GTK_WIDGET (self->state));

  self->count = GTK_LABEL (gtk_label_new (NULL));
  gtk_widget_add_css_class (GTK_WIDGET (self->count), "badge");
  gtk_widget_add_css_class (GTK_WIDGET (self->count), "numeric");
  gtk_widget_set_valign (GTK_WIDGET (self->count), GTK_ALIGN_CENTER);
  gtk_box_append (GTK_BOX (self->box), GTK_WIDGET (self->count));
}

TernSidebarRow *
tern_sidebar_row_new (void)
{
  return g_object_new (TERN_TYPE_SIDEBAR_ROW, NULL);
}

void
tern_sidebar_row_set_item (TernSidebarRow *self, gpointer item)
{
  if (self->item != NULL)
    g_clear_signal_handler (&self->notify, self->item);
  g_set_object (&self->item, item);
  if (item == NULL)
    return;
  gtk_widget_set_sensitive (self->box, TRUE);
  self->notify = g_signal_connect_swapped (item, "notify", G_CALLBACK (refresh), self);
  refresh (self);
}

gpointer
tern_sidebar_row_get_item (TernSidebarRow *self)
{
  return self->item;
}

void
tern_sidebar_row_take_why (TernSidebarRow *self, char *why)
{
  g_free (self->why);
  self->why = why;
  gtk_widget_set_sensitive (GTK_WIDGET (self), why == NULL);
}
