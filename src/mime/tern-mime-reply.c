/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-mime-build.h"
#include "tern-mime-message.h"
#include "tern-mime-text.h"
#include "tern-mime-tree.h"

#include "tern-limits.h"

#include <glib/gi18n.h>
#include <string.h>

/* What mailers of other languages put before a subject, folded; without the colon. */
static const char *const reply_prefixes[] = { "re",    "aw",   "sv",   "antw", "antwort", "odp",
                                              "ref",   "rif",  "res",  "ynt",  "atb",     "bls",
                                              "回复",  "答复", "回覆", "答覆", "返信",    "отв",
                                              "ответ", "hiv",  "απ",   NULL };
static const char *const forward_prefixes[] = { "fwd",    "fw",   "wg",     "tr",  "rv",   "enc",
                                                "doorst", "vl",   "vb",     "pd",  "转发", "轉寄",
                                                "转寄",   "転送", "пересл", "πρθ", NULL };

/* "Re[2]:", "Re^2:", "RE (3):" count as "Re:". Returns behind the prefix, @text if there is none.
 */
static const char *
skip_prefix (const char *text, const char *const *prefixes)
{
  const char *p = text;
  const char *colon;
  g_autofree char *word = NULL;
  g_autofree char *folded = NULL;

  while (*p == ' ')
    p++;
  colon = p + strcspn (p, ":[(^ \t");
  if (strstr (p, "：") != NULL && strstr (p, "：") < colon)
    colon = strstr (p, "：");
  if (colon - p > 32 || colon == p)
    return text;
  word = g_strndup (p, colon - p);
  folded = g_utf8_casefold (word, -1);
  if (!g_strv_contains (prefixes, folded))
    return text;
  p = colon;
  p += strspn (p, " [(^])0123456789");
  if (*p == ':')
    return p + 1 + strspn (p + 1, " \t");
  if (g_str_has_prefix (p, "："))
    return p + strlen ("：") + strspn (p + strlen ("："), " \t");
  return text;
}

static char *
make_subject (TernReplyKind kind, const char *subject)
{
  gboolean forward = kind == TERN_REPLY_FORWARD;
  const char *p = subject != NULL ? subject : "";
  const char *next;

  while ((next = skip_prefix (p, forward ? forward_prefixes : reply_prefixes)) != p)
    p = next;
  return g_strconcat (forward ? "Fwd: " : "Re: ", p, NULL);
}

static gboolean
is_own (const char *const *own, const char *address)
{
  for (guint i = 0; own != NULL && own[i] != NULL; i++)
    if (tern_address_same_mailbox (own[i], address))
      return TRUE;
  return FALSE;
}

static gboolean
holds (const GPtrArray *list, const char *address)
{
  for (guint i = 0; i < list->len; i++)
    if (tern_address_same_mailbox (((TernAddress *) g_ptr_array_index (list, i))->address, address))
      return TRUE;
  return FALSE;
}

/* Adds who can be written to and is in none of the lists yet. */
static void
add_recipients (TernDraft *draft, GPtrArray *to, const GPtrArray *from, const char *const *skip)
{
  for (guint i = 0; i < from->len; i++)
    {
      const TernAddress *address = g_ptr_array_index (from, i);

      if (strchr (address->address, '@') == NULL || is_own (skip, address->address)
          || holds (draft->to, address->address) || holds (draft->cc, address->address))
        continue;
      g_ptr_array_add (to, tern_address_copy (address));
    }
}

/* What one of a person's accounts has sent to the one that answers now is like anybody's. */
static gboolean
is_from_own (const TernMessageFacts *facts, const char *const *own, const TernAddress *me)
{
  if (me != NULL && !holds (facts->from, me->address)
      && (holds (facts->to, me->address) || holds (facts->cc, me->address)))
    return FALSE;
  for (guint i = 0; i < facts->from->len; i++)
    if (is_own (own, ((TernAddress *) g_ptr_array_index (facts->from, i))->address))
      return TRUE;
  return FALSE;
}

/* RFC 5322 section 3.6.2: Reply-To stands in for From, also where a mailing list has set it. An
 * answer to one's own message goes where that message went. */
static void
set_recipients (TernDraft *draft,
                TernReplyKind kind,
                const TernMessageFacts *facts,
                const char *const *own)
{
  if (is_from_own (facts, own, draft->from) && facts->to->len > 0)
    {
      add_recipients (draft, draft->to, facts->to, NULL);
      if (kind == TERN_REPLY_ALL)
        add_recipients (draft, draft->cc, facts->cc, own);
      return;
    }
  add_recipients (draft, draft->to, facts->reply_to, NULL);
  if (draft->to->len == 0)
    add_recipients (draft, draft->to, facts->from, NULL);
  if (kind == TERN_REPLY_ALL)
    {
      add_recipients (draft, draft->cc, facts->to, own);
      add_recipients (draft, draft->cc, facts->cc, own);
    }
}

/* RFC 5322 section 3.6.4: the parent's References, or its In-Reply-To, and the parent. */
static void
set_threading (TernDraft *draft, const TernMessageFacts *facts)
{
  g_autoptr (GPtrArray) ids = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; facts->references != NULL && facts->references[i] != NULL; i++)
    g_ptr_array_add (ids, g_strdup (facts->references[i]));
  if (ids->len == 0 && facts->in_reply_to != NULL)
    g_ptr_array_add (ids, g_strdup (facts->in_reply_to));
  if (facts->message_id != NULL)
    g_ptr_array_add (ids, g_strdup (facts->message_id));
  while (ids->len > TERN_LIMIT_REFERENCES)
    g_ptr_array_remove_index (ids, 1);
  draft->in_reply_to = g_strdup (facts->message_id);
  if (ids->len == 0)
    return;
  g_ptr_array_add (ids, NULL);
  draft->references = (char **) g_ptr_array_free (g_steal_pointer (&ids), FALSE);
}

static char *
format_date (const TernMessageFacts *facts)
{
  g_autoptr (GDateTime) date =
      g_date_time_new_from_unix_local (tern_message_facts_get_sort_time (facts));

  /* Translators: the date of the answered message, see g_date_time_format(). */
  return date != NULL ? g_date_time_format (date, _ ("%A, %-d %B %Y at %H:%M")) : g_strdup ("");
}

static void
append_quoted (GString *out, const char *plain)
{
  while (*plain != '\0')
    {
      const char *end = strchrnul (plain, '\n');

      /* The signature is not part of what was said. */
      if (end - plain == 3 && memcmp (plain, "-- ", 3) == 0)
        break;
      g_string_append (out, end == plain || *plain == '>' ? ">" : "> ");
      g_string_append_len (out, plain, end - plain);
      g_string_append_c (out, '\n');
      plain = *end != '\0' ? end + 1 : end;
    }
}

static char *
make_reply_text (const TernMessageFacts *facts, const char *plain)
{
  GString *out = g_string_new ("\n\n");
  g_autofree char *date = format_date (facts);
  const char *name =
      facts->from->len > 0 ? tern_address_get_display (g_ptr_array_index (facts->from, 0)) : "";

  /* Translators: the line above a quoted message: date, name. */
  g_string_append_printf (out, _ ("On %s, %s wrote:"), date, name);
  g_string_append_c (out, '\n');
  append_quoted (out, plain != NULL ? plain : "");
  return g_string_free (out, FALSE);
}

static void
append_field (GString *out, const char *label, const char *value)
{
  if (value != NULL && *value != '\0')
    g_string_append_printf (out, "%s %s\n", label, value);
}

static char *
make_forward_text (const TernMessageFacts *facts, const char *plain)
{
  GString *out = g_string_new ("\n\n");
  g_autofree char *date = format_date (facts);
  g_autofree char *from = tern_mime_format_addresses (facts->from);
  g_autofree char *to = tern_mime_format_addresses (facts->to);
  g_autofree char *cc = tern_mime_format_addresses (facts->cc);

  g_string_append_printf (out, "-------- %s --------\n", _ ("Forwarded message"));
  append_field (out, _ ("From:"), from);
  append_field (out, _ ("Date:"), date);
  append_field (out, _ ("Subject:"), facts->subject);
  append_field (out, _ ("To:"), to);
  append_field (out, _ ("Cc:"), cc);
  g_string_append_c (out, '\n');
  g_string_append (out, plain != NULL ? plain : "");
  return g_string_free (out, FALSE);
}

typedef struct
{
  TernDraft *draft;
  GHashTable *objects;
} Forward;

/* The draft is plain text, so pictures that stood in the HTML travel as attachments. */
static void
forward_part (const TernPart *part, const Forward *forward)
{
  gboolean picture = part->content_id != NULL && tern_part_is (part, "image", NULL);
  GMimeObject *object = g_hash_table_lookup (forward->objects, part->section);

  if ((tern_part_is_attachment (part) || picture) && object != NULL)
    {
      g_autofree char *type = g_strdup_printf ("%s/%s", part->type, part->subtype);
      g_autoptr (GBytes) bytes = tern_mime_tree_content (object);
      const char *filename = part->filename;

      if (filename == NULL && tern_part_is (part, "message", "rfc822"))
        filename = "message.eml";
      g_ptr_array_add (forward->draft->attachments, tern_attachment_new (filename, type, bytes));
      return;
    }
  for (guint i = 0; part->children != NULL && i < part->children->len; i++)
    forward_part (g_ptr_array_index (part->children, i), forward);
}

static void
forward_attachments (TernDraft *draft, GBytes *original)
{
  g_autoptr (GMimeMessage) message = tern_mime_tree_parse (original);
  g_autoptr (GHashTable) objects = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (TernPart) root = tern_mime_tree_build (message, objects);
  Forward forward = { draft, objects };

  forward_part (root, &forward);
}

TernDraft *
tern_draft_new_reply (TernReplyKind kind,
                      const TernMessageFacts *facts,
                      const char *plain,
                      GBytes *original,
                      const char *const *own,
                      const TernAddress *from)
{
  TernDraft *draft;

  g_return_val_if_fail (facts != NULL && from != NULL, NULL);

  draft = tern_draft_new ();
  tern_address_free (draft->from);
  draft->from = tern_address_copy (from);
  g_free (draft->subject);
  draft->subject = make_subject (kind, facts->subject);
  g_free (draft->text);
  if (kind == TERN_REPLY_FORWARD)
    {
      draft->text = make_forward_text (facts, plain);
      draft->reply_flag = TERN_FLAG_FORWARDED;
      if (original != NULL)
        forward_attachments (draft, original);
      return draft;
    }
  draft->text = make_reply_text (facts, plain);
  draft->reply_flag = TERN_FLAG_ANSWERED;
  set_recipients (draft, kind, facts, own);
  set_threading (draft, facts);
  return draft;
}
