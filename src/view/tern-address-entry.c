/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-address-entry.h"

#include "tern-mime-text.h"

#include <string.h>

struct _TernAddressEntry
{
  AdwBin parent_instance;

  GtkLabel *title;
  GtkEntry *entry;
  GtkLabel *error;
};

enum
{
  PROP_0,
  PROP_TITLE,
};

enum
{
  SIGNAL_CHANGED,
  N_SIGNALS
};
static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (TernAddressEntry, tern_address_entry, ADW_TYPE_BIN)

static void
on_changed (TernAddressEntry *self)
{
  tern_address_entry_show_error (self, NULL);
  g_signal_emit (self, signals[SIGNAL_CHANGED], 0);
}

static void
on_leave (TernAddressEntry *self)
{
  GPtrArray *list = tern_address_entry_dup_list (self);

  g_clear_pointer (&list, g_ptr_array_unref);
}

static gboolean
tern_address_entry_grab_focus (GtkWidget *widget)
{
  /* From its first part backwards GTK asks the whole for the focus, and then goes on. */
  return gtk_widget_get_focus_child (widget) == NULL
         && gtk_widget_grab_focus (GTK_WIDGET (TERN_ADDRESS_ENTRY (widget)->entry));
}

static void
tern_address_entry_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  if (id == PROP_TITLE)
    g_value_set_string (value, gtk_label_get_text (TERN_ADDRESS_ENTRY (object)->title));
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
tern_address_entry_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  TernAddressEntry *self = TERN_ADDRESS_ENTRY (object);

  if (id != PROP_TITLE)
    {
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      return;
    }
  /* It names the entry as well, by being its mnemonic's label. */
  gtk_label_set_text (self->title, g_value_get_string (value));
}

static void
tern_address_entry_class_init (TernAddressEntryClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->get_property = tern_address_entry_get_property;
  object_class->set_property = tern_address_entry_set_property;
  widget_class->grab_focus = tern_address_entry_grab_focus;

  g_object_class_install_property (
      object_class, PROP_TITLE,
      g_param_spec_string ("title", NULL, NULL, "", G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS));
  signals[SIGNAL_CHANGED] = g_signal_new ("changed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST,
                                          0, NULL, NULL, NULL, G_TYPE_NONE, 0);

  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/org/ternmail/Tern/tern-address-entry.ui");
  gtk_widget_class_bind_template_child (widget_class, TernAddressEntry, title);
  gtk_widget_class_bind_template_child (widget_class, TernAddressEntry, entry);
  gtk_widget_class_bind_template_child (widget_class, TernAddressEntry, error);
  gtk_widget_class_bind_template_callback (widget_class, on_changed);
  gtk_widget_class_bind_template_callback (widget_class, on_leave);
}

static void
tern_address_entry_init (TernAddressEntry *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

void
tern_address_entry_set_list (TernAddressEntry *self, const GPtrArray *list)
{
  g_autofree char *text = tern_mime_format_addresses (list);

  gtk_editable_set_text (GTK_EDITABLE (self->entry), text != NULL ? text : "");
}

GPtrArray *
tern_address_entry_dup_list (TernAddressEntry *self)
{
  g_autoptr (GError) error = NULL;
  GPtrArray *list;

  if (tern_address_entry_is_empty (self))
    return tern_address_list_new ();
  list =
      tern_mime_parse_typed_addresses (gtk_editable_get_text (GTK_EDITABLE (self->entry)), &error);
  tern_address_entry_show_error (self, list == NULL ? error->message : NULL);
  return list;
}

GPtrArray *
tern_address_entry_dup_raw (TernAddressEntry *self)
{
  const char *text = gtk_editable_get_text (GTK_EDITABLE (self->entry));
  GPtrArray *list = tern_mime_parse_typed_addresses (text, NULL);

  if (list == NULL)
    {
      list = tern_address_list_new ();
      if (*text != '\0')
        g_ptr_array_add (list, tern_address_new ("", text));
    }
  return list;
}

gboolean
tern_address_entry_is_empty (TernAddressEntry *self)
{
  const char *text = gtk_editable_get_text (GTK_EDITABLE (self->entry));

  return text[strspn (text, " \t,;")] == '\0';
}

void
tern_address_entry_show_error (TernAddressEntry *self, const char *text)
{
  gtk_label_set_text (self->error, text != NULL ? text : "");
  gtk_widget_set_visible (GTK_WIDGET (self->error), text != NULL);
  if (text != NULL)
    gtk_widget_add_css_class (GTK_WIDGET (self->entry), "error");
  else
    gtk_widget_remove_css_class (GTK_WIDGET (self->entry), "error");
  gtk_accessible_update_state (
      GTK_ACCESSIBLE (self->entry), GTK_ACCESSIBLE_STATE_INVALID,
      text != NULL ? GTK_ACCESSIBLE_INVALID_TRUE : GTK_ACCESSIBLE_INVALID_FALSE, -1);
}
