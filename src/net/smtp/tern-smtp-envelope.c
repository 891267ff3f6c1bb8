/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-smtp-envelope.h"

#include <glib/gi18n.h>
#include <string.h>

void
tern_smtp_recipient_free (TernSmtpRecipient *self)
{
  if (self == NULL)
    return;
  g_free (self->address);
  g_free (self->enhanced);
  g_free (self->text);
  g_free (self);
}

void
tern_smtp_recipient_answer (TernSmtpRecipient *self, const TernSmtpReply *reply)
{
  g_free (self->enhanced);
  g_free (self->text);
  self->code = reply->code;
  self->enhanced = g_strdup (reply->enhanced);
  self->text = tern_smtp_reply_dup_text (reply);
  if (reply->code / 100 == 2)
    self->state = TERN_SMTP_RCPT_ACCEPTED;
  else
    self->state = reply->code / 100 == 4 ? TERN_SMTP_RCPT_LATER : TERN_SMTP_RCPT_REFUSED;
}

/* Whether @address may stand between angle brackets in a command: one line, and nothing outside
 * quotes that ends it. What is a good address beyond that is for the server to say. */
static gboolean
check_address (const char *address)
{
  gboolean quoted = FALSE;
  const char *at = NULL;

  if (!g_utf8_validate (address, -1, NULL))
    return FALSE;
  for (const char *p = address; *p != '\0'; p++)
    {
      if (g_ascii_iscntrl (*p))
        return FALSE;
      if (quoted && *p == '\\' && p[1] != '\0' && !g_ascii_iscntrl (p[1]))
        p++;
      else if (*p == '"')
        quoted = !quoted;
      else if (!quoted && (*p == ' ' || *p == '<' || *p == '>'))
        return FALSE;
      else if (!quoted && *p == '@')
        at = p;
    }
  return !quoted && at != NULL && at != address && at[1] != '\0';
}

/* A domain has an ASCII form (RFC 5891) that every server knows; a local part has none. */
static char *
dup_wire_address (const char *address)
{
  const char *at = strrchr (address, '@');
  g_autofree char *local = NULL;
  g_autofree char *domain = NULL;

  if (at == NULL || g_str_is_ascii (at))
    return g_strdup (address);
  local = g_strndup (address, (gsize) (at - address));
  domain = g_str_is_ascii (local) ? g_hostname_to_ascii (at + 1) : NULL;
  return domain != NULL ? g_strconcat (local, "@", domain, NULL) : g_strdup (address);
}

static gboolean
add_recipient (TernSmtpEnvelope *self, const char *address, gboolean *utf8, GError **error)
{
  TernSmtpRecipient *recipient;
  g_autofree char *wire = NULL;

  if (!check_address (address))
    {
      g_propagate_error (error, tern_fault_new (TERN_FAULT_INVALID,
                                                _ ("“%s” is not an address that mail can be sent "
                                                   "to."),
                                                address));
      return FALSE;
    }
  wire = dup_wire_address (address);
  *utf8 |= !g_str_is_ascii (wire);
  recipient = g_new0 (TernSmtpRecipient, 1);
  recipient->address = g_strdup (address);
  g_ptr_array_add (self->recipients, recipient);
  g_ptr_array_add (self->rcpts, g_strdup_printf ("RCPT TO:<%s>", wire));
  return TRUE;
}

static gboolean
check_offers (const char *host,
              const TernSmtpExtensions *extensions,
              const TernSmtpDataFacts *facts,
              gboolean utf8,
              GError **error)
{
  GError *fault = NULL;

  if (extensions->size_limit > 0 && facts->size > extensions->size_limit)
    {
      g_autofree char *size = g_format_size (facts->size);
      g_autofree char *limit = g_format_size (extensions->size_limit);

      fault = tern_fault_new (TERN_FAULT_LIMIT,
                              _ ("The message is too large for %s: it has %s, the server takes at "
                                 "most %s. Send the attachments in another way, or in several "
                                 "messages."),
                              host, size, limit);
      tern_fault_set_scope (fault, TERN_SCOPE_MESSAGE);
      tern_fault_set_retry (fault, TERN_RETRY_NEVER);
    }
  else if (utf8 && !extensions->smtp_utf8)
    fault =
        tern_fault_new (TERN_FAULT_REFUSED,
                        _ ("%s cannot send mail with addresses or headers that are not written in "
                           "plain Latin letters."),
                        host);
  else if (facts->eight_bit && !extensions->eight_bit_mime)
    fault = tern_fault_new (TERN_FAULT_REFUSED,
                            _ ("%s cannot send this message as it is: it takes 7-bit text only."),
                            host);
  if (fault != NULL)
    g_propagate_error (error, fault);
  return fault == NULL;
}

static char *
make_mail (const char *from,
           const TernSmtpExtensions *extensions,
           const TernSmtpDataFacts *facts,
           gboolean utf8)
{
  GString *mail = g_string_new (NULL);

  g_string_printf (mail, "MAIL FROM:<%s>", from);
  if (extensions->size)
    g_string_append_printf (mail, " SIZE=%" G_GUINT64_FORMAT, facts->size);
  if (facts->eight_bit)
    g_string_append (mail, " BODY=8BITMIME");
  if (utf8)
    g_string_append (mail, " SMTPUTF8");
  return g_string_free (mail, FALSE);
}

TernSmtpEnvelope *
tern_smtp_envelope_new (const char *host,
                        const TernSmtpExtensions *extensions,
                        const char *from,
                        const char *const *to,
                        const TernSmtpDataFacts *facts,
                        GError **error)
{
  g_autoptr (TernSmtpEnvelope) self = g_new0 (TernSmtpEnvelope, 1);
  g_autofree char *wire_from = dup_wire_address (from);
  gboolean utf8 = facts->utf8_headers || !g_str_is_ascii (wire_from);

  self->rcpts = g_ptr_array_new_with_free_func (g_free);
  self->recipients = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_smtp_recipient_free);
  if ((*from != '\0' && !check_address (from)) || to[0] == NULL)
    {
      g_propagate_error (
          error, to[0] == NULL ? tern_fault_new (TERN_FAULT_INVALID, _ ("Nobody was named to send "
                                                                        "the message to."))
                               : tern_fault_new (TERN_FAULT_INVALID,
                                                 _ ("“%s” is not an address that mail can be sent "
                                                    "from."),
                                                 from));
      return NULL;
    }
  for (gsize i = 0; to[i] != NULL; i++)
    {
      if (!add_recipient (self, to[i], &utf8, error))
        return NULL;
    }
  if (!check_offers (host, extensions, facts, utf8, error))
    return NULL;
  self->mail = make_mail (wire_from, extensions, facts, utf8);
  return g_steal_pointer (&self);
}

void
tern_smtp_envelope_free (TernSmtpEnvelope *self)
{
  if (self == NULL)
    return;
  g_free (self->mail);
  g_clear_pointer (&self->rcpts, g_ptr_array_unref);
  g_clear_pointer (&self->recipients, g_ptr_array_unref);
  g_free (self);
}
