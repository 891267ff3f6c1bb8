/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-message-header.h"

#include "tern-date.h"

#include <glib/gi18n.h>

/* A name that is longer is cut: it could push the message off the window. */
#define NAME_SHOWN_CHARS 80
/* More recipients are named only when asked for. */
#define RECIPIENTS_SHOWN 3

struct _TernMessageHeader
{
  AdwBin parent_instance;

  TernMessageFacts *facts; /* (owned) (nullable) */

  GtkLabel *subject;
  AdwAvatar *avatar;
  GtkLabel *name;
  GtkLabel *address;
  GtkLabel *date;
  GtkLabel *recipients;
  GtkLabel *all_recipients;
  GtkToggleButton *more;
};

G_DEFINE_FINAL_TYPE (TernMessageHeader, tern_message_header, ADW_TYPE_BIN)

static void
append_address (GString *text, const TernAddress *address)
{
  g_autofree char *name = NULL;

  if (*address->name == '\0')
    {
      g_string_append (text, address->address);
      return;
    }
  if (g_utf8_strlen (address->name, -1) > NAME_SHOWN_CHARS)
    name = g_utf8_substring (address->name, 0, NAME_SHOWN_CHARS);
  g_string_append_printf (text, "%s%s <%s>", name != NULL ? name : address->name,
                          name != NULL ? "…" : "", address->address);
}

static void
append_list (GString *text, const char *title, const GPtrArray *list, guint limit)
{
  guint shown = MIN (list->len, limit);

  if (list->len == 0)
    return;
  if (text->len > 0)
    g_string_append_c (text, '\n');
  g_string_append_printf (text, "%s ", title);
  for (guint i = 0; i < shown; i++)
    {
      if (i > 0)
        g_string_append (text, ", ");
      append_address (text, g_ptr_array_index (list, i));
    }
  if (shown < list->len)
    {
      guint rest = list->len - shown;

      g_string_append_c (text, ' ');
      g_string_append_printf (text, ngettext ("and %u more", "and %u more", rest), rest);
    }
}

static char *
describe_recipients (TernMessageHeader *self, guint limit)
{
  GString *text = g_string_new (NULL);

  append_list (text, _ ("To:"), self->facts->to, limit);
  append_list (text, _ ("Cc:"), self->facts->cc, limit);
  append_list (text, _ ("Bcc:"), self->facts->bcc, limit);
  if (limit > RECIPIENTS_SHOWN)
    append_list (text, _ ("Reply to:"), self->facts->reply_to, limit);
  return g_string_free (text, FALSE);
}

/* The long list is laid out only when somebody wants to see it. */
static void
on_more_toggled (TernMessageHeader *self)
{
  g_autofree char *all = NULL;

  if (self->facts != NULL && gtk_toggle_button_get_active (self->more))
    all = describe_recipients (self, G_MAXUINT);
  gtk_label_set_text (self->all_recipients, all != NULL ? all : "");
}

static void
tern_message_header_dispose (GObject *object)
{
  TernMessageHeader *self = TERN_MESSAGE_HEADER (object);

  g_clear_pointer (&self->facts, tern_message_facts_unref);
  G_OBJECT_CLASS (tern_message_header_parent_class)->dispose (object);
}

static void
tern_message_header_class_init (TernMessageHeaderClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = tern_message_header_dispose;

  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/org/ternmail/Tern/tern-message-header.ui");
  gtk_widget_class_bind_template_child (widget_class, TernMessageHeader, subject);
  gtk_widget_class_bind_template_child (widget_class, TernMessageHeader, avatar);
  gtk_widget_class_bind_template_child (widget_class, TernMessageHeader, name);
  gtk_widget_class_bind_template_child (widget_class, TernMessageHeader, address);
  gtk_widget_class_bind_template_child (widget_class, TernMessageHeader, date);
  gtk_widget_class_bind_template_child (widget_class, TernMessageHeader, recipients);
  gtk_widget_class_bind_template_child (widget_class, TernMessageHeader, all_recipients);
  gtk_widget_class_bind_template_child (widget_class, TernMessageHeader, more);
  gtk_widget_class_bind_template_callback (widget_class, on_more_toggled);
}

static void
tern_message_header_init (TernMessageHeader *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

static gboolean
has_more (const TernMessageFacts *facts)
{
  const TernAddress *from = facts->from->len > 0 ? g_ptr_array_index (facts->from, 0) : NULL;
  const TernAddress *reply =
      facts->reply_to->len > 0 ? g_ptr_array_index (facts->reply_to, 0) : NULL;

  if (facts->to->len > RECIPIENTS_SHOWN || facts->cc->len > RECIPIENTS_SHOWN
      || facts->bcc->len > RECIPIENTS_SHOWN)
    return TRUE;
  return reply != NULL
         && (from == NULL || !tern_address_same_mailbox (from->address, reply->address));
}

static void
show_sender (TernMessageHeader *self, const TernAddress *from)
{
  g_autofree char *address = NULL;

  if (from == NULL)
    {
      gtk_label_set_text (self->name, _ ("Unknown sender"));
      gtk_label_set_text (self->address, "");
      adw_avatar_set_text (self->avatar, "");
      return;
    }
  gtk_label_set_text (self->name, tern_address_get_display (from));
  /* With no name the address is the name already. */
  address = *from->name != '\0' ? g_strdup (from->address) : g_strdup ("");
  gtk_label_set_text (self->address, address);
  gtk_widget_set_visible (GTK_WIDGET (self->address), *address != '\0');
  adw_avatar_set_text (self->avatar, tern_address_get_display (from));
}

void
tern_message_header_show (TernMessageHeader *self, const TernMessageFacts *facts)
{
  g_autofree char *date = NULL;
  g_autofree char *full_date = NULL;
  g_autofree char *recipients = NULL;
  gint64 when;

  if (facts != NULL)
    tern_message_facts_ref ((TernMessageFacts *) facts);
  g_clear_pointer (&self->facts, tern_message_facts_unref);
  self->facts = (TernMessageFacts *) facts;
  gtk_widget_set_visible (GTK_WIDGET (self), facts != NULL);
  if (facts == NULL)
    return;

  when = facts->date != 0 ? facts->date : facts->received;
  date = tern_date_format_short (when, g_get_real_time () / G_USEC_PER_SEC, NULL);
  full_date = tern_date_format_full (when, NULL);
  gtk_label_set_text (self->subject, *facts->subject != '\0' ? facts->subject : _ ("(No subject)"));
  show_sender (self, facts->from->len > 0 ? g_ptr_array_index (facts->from, 0) : NULL);
  gtk_label_set_text (self->date, date);
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->date), full_date);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->date), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  full_date, -1);
  gtk_toggle_button_set_active (self->more, FALSE);
  gtk_widget_set_visible (GTK_WIDGET (self->more), has_more (facts));
  recipients = describe_recipients (self, RECIPIENTS_SHOWN);
  gtk_label_set_text (self->recipients, recipients);
}
