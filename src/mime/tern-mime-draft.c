/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-mime-build.h"

#include "tern-fault.h"
#include "tern-limits.h"

#include <glib/gi18n.h>

/* version; account; from; to, cc, bcc; subject; text; attachments; in-reply-to; references;
 * reply-to-id; reply-flag */
#define DRAFT_TYPE    "(us(ss)a(ss)a(ss)a(ss)ssa(ssay)msasxu)"
#define DRAFT_VERSION 1
/* With HTML: the same, marked by another version, then the HTML. */
#define RICH_TYPE    "(" DRAFT_TYPE "s)"
#define RICH_VERSION 2

TernAttachment *
tern_attachment_new (const char *filename, const char *content_type, GBytes *bytes)
{
  TernAttachment *self = g_new0 (TernAttachment, 1);

  self->filename = g_strdup (filename != NULL ? filename : "");
  self->content_type = g_strdup (content_type != NULL ? content_type : "application/octet-stream");
  self->bytes = g_bytes_ref (bytes);
  return self;
}

void
tern_attachment_free (TernAttachment *self)
{
  g_free (self->filename);
  g_free (self->content_type);
  g_bytes_unref (self->bytes);
  g_free (self);
}

TernDraft *
tern_draft_new (void)
{
  TernDraft *self = g_new0 (TernDraft, 1);

  self->account = g_strdup ("");
  self->from = tern_address_new ("", "");
  self->to = tern_address_list_new ();
  self->cc = tern_address_list_new ();
  self->bcc = tern_address_list_new ();
  self->subject = g_strdup ("");
  self->text = g_strdup ("");
  self->attachments = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_attachment_free);
  return self;
}

void
tern_draft_free (TernDraft *self)
{
  g_free (self->account);
  g_clear_pointer (&self->from, tern_address_free);
  g_ptr_array_unref (self->to);
  g_ptr_array_unref (self->cc);
  g_ptr_array_unref (self->bcc);
  g_free (self->subject);
  g_free (self->text);
  g_free (self->html);
  g_ptr_array_unref (self->attachments);
  g_free (self->in_reply_to);
  g_strfreev (self->references);
  g_free (self);
}

TernDraft *
tern_draft_copy (const TernDraft *self)
{
  TernDraft *copy = g_new0 (TernDraft, 1);

  copy->account = g_strdup (self->account);
  copy->from = self->from != NULL ? tern_address_copy (self->from) : NULL;
  copy->to = tern_address_list_copy (self->to);
  copy->cc = tern_address_list_copy (self->cc);
  copy->bcc = tern_address_list_copy (self->bcc);
  copy->subject = g_strdup (self->subject);
  copy->text = g_strdup (self->text);
  copy->html = g_strdup (self->html);
  copy->attachments = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_attachment_free);
  for (guint i = 0; i < self->attachments->len; i++)
    {
      const TernAttachment *from = g_ptr_array_index (self->attachments, i);

      g_ptr_array_add (copy->attachments,
                       tern_attachment_new (from->filename, from->content_type, from->bytes));
    }
  copy->in_reply_to = g_strdup (self->in_reply_to);
  copy->references = g_strdupv (self->references);
  copy->reply_to_id = self->reply_to_id;
  copy->reply_flag = self->reply_flag;
  return copy;
}

/* GVariant strings are UTF-8; what is not (it should be) is repaired rather than lost. */
static GVariant *
new_string (const char *text)
{
  return g_variant_new_take_string (g_utf8_make_valid (text != NULL ? text : "", -1));
}

static GVariant *
encode_address (const TernAddress *address)
{
  return g_variant_new ("(@s@s)", new_string (address != NULL ? address->name : ""),
                        new_string (address != NULL ? address->address : ""));
}

static GVariant *
encode_list (const GPtrArray *list)
{
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("a(ss)"));
  for (guint i = 0; list != NULL && i < list->len; i++)
    g_variant_builder_add_value (&builder, encode_address (g_ptr_array_index (list, i)));
  return g_variant_builder_end (&builder);
}

static GVariant *
encode_attachments (const GPtrArray *attachments)
{
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("a(ssay)"));
  for (guint i = 0; i < attachments->len; i++)
    {
      const TernAttachment *attachment = g_ptr_array_index (attachments, i);

      g_variant_builder_add (
          &builder, "(@s@s@ay)", new_string (attachment->filename),
          new_string (attachment->content_type),
          g_variant_new_from_bytes (G_VARIANT_TYPE_BYTESTRING, attachment->bytes, TRUE));
    }
  return g_variant_builder_end (&builder);
}

static GVariant *
encode_references (char **references)
{
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE_STRING_ARRAY);
  for (guint i = 0; references != NULL && references[i] != NULL; i++)
    g_variant_builder_add_value (&builder, new_string (references[i]));
  return g_variant_builder_end (&builder);
}

GBytes *
tern_draft_encode (const TernDraft *self)
{
  g_autoptr (GVariant) variant = NULL;
  GVariant *in_reply_to;

  g_return_val_if_fail (self != NULL, NULL);

  in_reply_to = g_variant_new_maybe (
      G_VARIANT_TYPE_STRING, self->in_reply_to != NULL ? new_string (self->in_reply_to) : NULL);
  variant = g_variant_ref_sink (g_variant_new (
      "(u@s@(ss)@a(ss)@a(ss)@a(ss)@s@s@a(ssay)@ms@asxu)",
      (guint32) (self->html != NULL ? RICH_VERSION : DRAFT_VERSION), new_string (self->account),
      encode_address (self->from), encode_list (self->to), encode_list (self->cc),
      encode_list (self->bcc), new_string (self->subject), new_string (self->text),
      encode_attachments (self->attachments), in_reply_to, encode_references (self->references),
      (gint64) self->reply_to_id, (guint32) self->reply_flag));
  if (self->html != NULL)
    {
      GVariant *rich = g_variant_new ("(@" DRAFT_TYPE "@s)", variant, new_string (self->html));

      g_variant_unref (variant);
      variant = g_variant_ref_sink (rich);
    }
  return g_variant_get_data_as_bytes (variant);
}

static GPtrArray *
decode_list (GVariant *variant)
{
  GPtrArray *list = tern_address_list_new ();
  gsize n = MIN (g_variant_n_children (variant), TERN_LIMIT_ADDRESSES);

  for (gsize i = 0; i < n; i++)
    {
      const char *name, *address;

      g_variant_get_child (variant, i, "(&s&s)", &name, &address);
      g_ptr_array_add (list, tern_address_new (name, address));
    }
  return list;
}

static GPtrArray *
decode_attachments (GVariant *variant)
{
  GPtrArray *list = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_attachment_free);
  gsize n = MIN (g_variant_n_children (variant), TERN_LIMIT_MIME_PARTS);

  for (gsize i = 0; i < n; i++)
    {
      const char *filename, *content_type;
      g_autoptr (GVariant) data = NULL;
      g_autoptr (GBytes) bytes = NULL;

      g_variant_get_child (variant, i, "(&s&s@ay)", &filename, &content_type, &data);
      bytes = g_variant_get_data_as_bytes (data);
      g_ptr_array_add (list, tern_attachment_new (filename, content_type, bytes));
    }
  return list;
}

/* The version stands first in either form. */
static GVariant *
open_encoded (GBytes *encoded, char **html)
{
  g_autoptr (GVariant) variant =
      g_variant_ref_sink (g_variant_new_from_bytes (G_VARIANT_TYPE (DRAFT_TYPE), encoded, FALSE));
  g_autoptr (GVariant) rich = NULL;
  guint32 version;

  g_variant_get_child (variant, 0, "u", &version);
  if (version == DRAFT_VERSION)
    return g_variant_is_normal_form (variant) ? g_steal_pointer (&variant) : NULL;
  if (version != RICH_VERSION)
    return NULL;
  rich = g_variant_ref_sink (g_variant_new_from_bytes (G_VARIANT_TYPE (RICH_TYPE), encoded, FALSE));
  if (!g_variant_is_normal_form (rich))
    return NULL;
  g_variant_get_child (rich, 1, "s", html);
  return g_variant_get_child_value (rich, 0);
}

TernDraft *
tern_draft_decode (GBytes *encoded, GError **error)
{
  g_autofree char *html = NULL;
  g_autoptr (GVariant) variant = NULL;
  g_autoptr (GVariant) to = NULL;
  g_autoptr (GVariant) cc = NULL;
  g_autoptr (GVariant) bcc = NULL;
  g_autoptr (GVariant) attachments = NULL;
  const char *name, *address;
  guint32 version, flag;
  TernDraft *self;

  g_return_val_if_fail (encoded != NULL, NULL);

  variant = open_encoded (encoded, &html);
  if (variant == NULL)
    {
      g_propagate_error (error,
                         tern_fault_new (TERN_FAULT_DAMAGED, _ ("The stored draft is damaged.")));
      return NULL;
    }
  self = g_new0 (TernDraft, 1);
  g_variant_get (variant, "(us(&s&s)@a(ss)@a(ss)@a(ss)ss@a(ssay)ms^asxu)", &version, &self->account,
                 &name, &address, &to, &cc, &bcc, &self->subject, &self->text, &attachments,
                 &self->in_reply_to, &self->references, &self->reply_to_id, &flag);
  self->html = g_steal_pointer (&html);
  self->from = tern_address_new (name, address);
  self->to = decode_list (to);
  self->cc = decode_list (cc);
  self->bcc = decode_list (bcc);
  self->attachments = decode_attachments (attachments);
  self->reply_flag = flag;
  if (self->references[0] == NULL)
    g_clear_pointer (&self->references, g_strfreev);
  return self;
}
