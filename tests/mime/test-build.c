/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-mime-build.h"
#include "tern-mime-message.h"
#include "tern-mime-text.h"

#include "tern-fault.h"

#include <string.h>

static TernDraft *
new_draft (void)
{
  TernDraft *draft = tern_draft_new ();

  tern_address_free (draft->from);
  draft->from = tern_address_new ("Jürgen Müller", "jm@example.org");
  g_ptr_array_add (draft->to, tern_address_new ("Doe, John", "john@example.net"));
  g_free (draft->subject);
  draft->subject = g_strdup ("Grüße");
  g_free (draft->text);
  draft->text = g_strdup ("Hello.\n");
  return draft;
}

static char *
to_text (GBytes *bytes)
{
  return g_strndup (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
}

/* Every line ends with CRLF, has at most 998 octets, and nothing but ASCII is in it. */
static void
check_wire (GBytes *bytes)
{
  gsize size;
  const char *data = g_bytes_get_data (bytes, &size);
  gsize line = 0;

  g_assert_cmpuint (size, >, 2);
  g_assert_true (memcmp (data + size - 2, "\r\n", 2) == 0);
  for (gsize i = 0; i < size; i++)
    {
      g_assert_cmpint (data[i], >, 0);
      if (data[i] == '\n')
        {
          g_assert_cmpint (data[i - 1], ==, '\r');
          g_assert_cmpuint (line, <=, 999);
          line = 0;
          continue;
        }
      if (data[i] == '\r')
        g_assert_cmpint (data[i + 1], ==, '\n');
      line++;
    }
}

static void
test_plain (void)
{
  g_autoptr (TernDraft) draft = new_draft ();
  g_autoptr (GError) error = NULL;
  g_autoptr (TernBuiltMessage) built = tern_mime_build (draft, 1795482709, 60, &error);
  g_autofree char *text = NULL;

  g_assert_no_error (error);
  check_wire (built->submission);
  text = to_text (built->submission);
  g_assert_nonnull (strstr (text, "Date: Tue, 24 Nov 2026 02:11:49 +0100\r\n"));
  g_assert_nonnull (strstr (text, "To: \"Doe, John\" <john@example.net>\r\n"));
  g_assert_nonnull (strstr (text, "\r\nMIME-Version: 1.0\r\n"));
  g_assert_nonnull (strstr (text, "format=flowed"));
  g_assert_nonnull (strstr (text, "Content-Transfer-Encoding: 7bit"));
  g_assert_nonnull (strstr (text, "\r\n\r\nHello.\r\n"));
  g_assert_null (strstr (text, "User-Agent"));
  g_assert_null (strstr (text, "X-Mailer"));
  g_assert_null (strstr (text, "\r\nCc:"));
  g_assert_null (strstr (text, "\r\nBcc:"));
  g_assert_null (strstr (text, g_get_host_name ()));
  g_assert_true (g_str_has_suffix (built->message_id, "@example.org"));
  g_assert_cmpstr (built->sender, ==, "jm@example.org");
  g_assert_false (built->needs_smtputf8);
  g_assert_true (g_bytes_equal (built->submission, built->copy));
}

/* "=?" that begins no encoded word, before words that have to be encoded and folded. */
static void
test_question (void)
{
  g_autoptr (TernDraft) draft = new_draft ();
  g_autoptr (GError) error = NULL;
  g_autoptr (TernBuiltMessage) built = NULL;
  g_autoptr (TernMessageFacts) facts = NULL;

  g_free (draft->subject);
  draft->subject =
      g_strdup (";=?[!'__% \327\235\327\235\327\235\327\235\327\251\327\234\327\235\327\234"
                "\327\242\327\251\360\237\230\200\342\200\215\360\237\230\200\360\237"
                "\221\251\360\237\232\200\360\237\216\211\360\237\216\211\360\237\221\251"
                "\360\237\232\200\360\237\232\200 rr\360\237\232\200\360\237\230\200%");
  built = tern_mime_build (draft, 1795482709, 60, &error);
  g_assert_no_error (error);
  check_wire (built->submission);
  facts = tern_mime_read_facts (built->submission);
  g_assert_cmpstr (facts->subject, ==, draft->subject);
}

static void
test_bcc (void)
{
  g_autoptr (TernDraft) draft = new_draft ();
  g_autoptr (GError) error = NULL;
  g_autoptr (TernBuiltMessage) built = NULL;
  g_autofree char *submission = NULL;
  g_autofree char *copy = NULL;

  g_ptr_array_add (draft->cc, tern_address_new ("", "JOHN@example.net"));
  g_ptr_array_add (draft->bcc, tern_address_new ("", "secret@example.net"));
  built = tern_mime_build (draft, 0, 0, &error);
  g_assert_no_error (error);
  submission = to_text (built->submission);
  copy = to_text (built->copy);
  g_assert_null (strstr (submission, "secret@"));
  g_assert_null (strcasestr (submission, "bcc:"));
  g_assert_nonnull (strstr (copy, "\r\nBcc: secret@example.net\r\n"));
  g_assert_cmpuint (g_strv_length (built->recipients), ==, 2); /* each once */
  g_assert_cmpstr (built->recipients[0], ==, "john@example.net");
  g_assert_cmpstr (built->recipients[1], ==, "secret@example.net");
}

static void
test_injection (void)
{
  g_autoptr (TernDraft) draft = new_draft ();
  g_autoptr (GError) error = NULL;
  g_autoptr (TernBuiltMessage) built = NULL;
  g_autofree char *text = NULL;
  static const char *references[] = { "ok@x", "a@b>\r\nX-Evil: 1", "fine@y", NULL };
  g_autoptr (GBytes) bytes = g_bytes_new_static ("x", 1);

  g_free (draft->subject);
  draft->subject = g_strdup ("Hi\r\nX-Evil: 1\r\n\r\nbody");
  g_ptr_array_add (draft->to, tern_address_new ("A\r\nX-Evil: 2", "a@example.net"));
  draft->in_reply_to = g_strdup ("a@b\r\nX-Evil: 3");
  draft->references = g_strdupv ((char **) references);
  g_ptr_array_add (draft->attachments,
                   tern_attachment_new ("a\r\nX-Evil: 4.txt", "text/plain\r\nX-Evil: 5", bytes));
  built = tern_mime_build (draft, 0, 0, &error);
  g_assert_no_error (error);
  check_wire (built->submission);
  text = to_text (built->submission);
  g_assert_null (strstr (text, "\nX-Evil"));
  g_assert_null (strstr (text, "In-Reply-To"));
  g_assert_nonnull (strstr (text, "\r\nReferences: <ok@x>\r\n\t<fine@y>\r\n"));
}

static void
test_bad_addresses (void)
{
  static const char *bad[] = { "",   "john",         "a b@x.example", "a@x>\r\nRCPT TO:<b@y",
                               "a@", "<a@b.example>" };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (TernDraft) draft = new_draft ();
      g_autoptr (GError) error = NULL;

      g_ptr_array_add (draft->bcc, tern_address_new ("", bad[i]));
      g_assert_null (tern_mime_build (draft, 0, 0, &error));
      g_assert_error (error, TERN_FAULT, TERN_FAULT_INVALID);
    }
}

static void
test_no_recipient (void)
{
  g_autoptr (TernDraft) draft = new_draft ();
  g_autoptr (GError) error = NULL;

  g_ptr_array_set_size (draft->to, 0);
  g_assert_null (tern_mime_build (draft, 0, 0, &error));
  g_assert_error (error, TERN_FAULT, TERN_FAULT_INVALID);
}

static void
test_international (void)
{
  g_autoptr (TernDraft) draft = new_draft ();
  g_autoptr (GError) error = NULL;
  g_autoptr (TernBuiltMessage) built = NULL;

  g_ptr_array_add (draft->to, tern_address_new ("", "info@müller.example"));
  built = tern_mime_build (draft, 0, 0, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (built->recipients[1], ==, "info@xn--mller-kva.example");
  g_assert_false (built->needs_smtputf8);
  g_clear_pointer (&built, tern_built_message_free);

  g_ptr_array_add (draft->to, tern_address_new ("", "jürgen@example.net"));
  built = tern_mime_build (draft, 0, 0, &error);
  g_assert_no_error (error);
  g_assert_true (built->needs_smtputf8);
}

static void
test_long_word (void)
{
  g_autoptr (TernDraft) draft = new_draft ();
  g_autoptr (GError) error = NULL;
  g_autoptr (TernBuiltMessage) built = NULL;

  g_free (draft->text);
  draft->text = g_strnfill (5000, 'x');
  built = tern_mime_build (draft, 0, 0, &error);
  g_assert_no_error (error);
  check_wire (built->submission);
}

static TernDraft *
rich_draft (void)
{
  TernDraft *draft = new_draft ();
  g_autoptr (GBytes) bytes = g_bytes_new ("a\0b\r\n", 5);
  static const char *references[] = { "a@b", "c@d", NULL };

  draft->account[0] = '\0';
  g_ptr_array_add (draft->cc, tern_address_new ("Ä", "c@example.net"));
  g_ptr_array_add (draft->bcc, tern_address_new ("", "b@example.net"));
  g_ptr_array_add (draft->attachments,
                   tern_attachment_new ("Übersicht.bin", "application/x-thing", bytes));
  draft->in_reply_to = g_strdup ("c@d");
  draft->references = g_strdupv ((char **) references);
  draft->reply_to_id = 42;
  draft->reply_flag = TERN_FLAG_ANSWERED;
  return draft;
}

static void
assert_same_draft (const TernDraft *a, const TernDraft *b)
{
  g_autofree char *to_a = tern_address_list_encode (a->to);
  g_autofree char *to_b = tern_address_list_encode (b->to);
  g_autofree char *cc_a = tern_address_list_encode (a->cc);
  g_autofree char *cc_b = tern_address_list_encode (b->cc);
  g_autofree char *bcc_a = tern_address_list_encode (a->bcc);
  g_autofree char *bcc_b = tern_address_list_encode (b->bcc);

  g_assert_cmpstr (a->account, ==, b->account);
  g_assert_cmpstr (a->from->name, ==, b->from->name);
  g_assert_cmpstr (a->from->address, ==, b->from->address);
  g_assert_cmpstr (to_a, ==, to_b);
  g_assert_cmpstr (cc_a, ==, cc_b);
  g_assert_cmpstr (bcc_a, ==, bcc_b);
  g_assert_cmpstr (a->subject, ==, b->subject);
  g_assert_cmpstr (a->text, ==, b->text);
  g_assert_cmpstr (a->html, ==, b->html);
  g_assert_cmpstr (a->in_reply_to, ==, b->in_reply_to);
  if (a->references == NULL || b->references == NULL)
    g_assert_true (a->references == b->references);
  else
    g_assert_cmpstrv (a->references, b->references);
  g_assert_cmpint (a->reply_to_id, ==, b->reply_to_id);
  g_assert_cmpint (a->reply_flag, ==, b->reply_flag);
  g_assert_cmpuint (a->attachments->len, ==, b->attachments->len);
  for (guint i = 0; i < a->attachments->len; i++)
    {
      const TernAttachment *x = g_ptr_array_index (a->attachments, i);
      const TernAttachment *y = g_ptr_array_index (b->attachments, i);

      g_assert_cmpstr (x->filename, ==, y->filename);
      g_assert_cmpstr (x->content_type, ==, y->content_type);
      g_assert_true (g_bytes_equal (x->bytes, y->bytes));
    }
}

static void
test_draft_code (void)
{
  g_autoptr (TernDraft) rich = rich_draft ();
  g_autoptr (TernDraft) empty = tern_draft_new ();
  g_autoptr (TernDraft) html = rich_draft ();
  TernDraft *drafts[] = { rich, empty, html };

  html->html = g_strdup ("<p>Grüße</p>");

  for (guint i = 0; i < G_N_ELEMENTS (drafts); i++)
    {
      g_autoptr (TernDraft) copy = tern_draft_copy (drafts[i]);
      g_autoptr (GBytes) encoded = tern_draft_encode (drafts[i]);
      g_autoptr (GError) error = NULL;
      g_autoptr (TernDraft) back = tern_draft_decode (encoded, &error);

      g_assert_no_error (error);
      assert_same_draft (drafts[i], copy);
      assert_same_draft (drafts[i], back);
    }
}

/* Every cut and many damaged bytes: a fault or a draft, never a crash. */
static void
test_draft_hostile (gconstpointer html)
{
  g_autoptr (TernDraft) draft = rich_draft ();
  g_autoptr (GBytes) encoded = NULL;
  gsize size;
  const guchar *data;

  draft->html = g_strdup (html);
  encoded = tern_draft_encode (draft);
  data = g_bytes_get_data (encoded, &size);
  for (gsize cut = 0; cut < size; cut++)
    {
      g_autoptr (GBytes) part = g_bytes_new (data, cut);
      g_autoptr (GError) error = NULL;
      g_autoptr (TernDraft) back = tern_draft_decode (part, &error);

      g_assert_null (back);
      g_assert_error (error, TERN_FAULT, TERN_FAULT_DAMAGED);
    }
  for (gsize i = 0; i < size; i++)
    for (int bit = 0; bit < 8; bit += 3)
      {
        g_autofree guchar *bad = g_memdup2 (data, size);
        g_autoptr (GBytes) bytes = NULL;
        g_autoptr (TernDraft) back = NULL;

        bad[i] ^= 1 << bit;
        bytes = g_bytes_new (bad, size);
        back = tern_draft_decode (bytes, NULL);
      }
}

/* Both forms, the richest last; each decodes to what was given. */
static void
test_html (void)
{
  g_autoptr (TernDraft) draft = new_draft ();
  g_autoptr (GError) error = NULL;
  g_autoptr (TernBuiltMessage) built = NULL;
  g_autoptr (TernMimeText) text = NULL;
  const char *source, *plain, *html;

  g_free (draft->text);
  draft->text = g_strdup ("Grüße\n");
  draft->html = g_strdup ("<p>Grüße</p>\n");
  built = tern_mime_build (draft, 0, 0, &error);
  g_assert_no_error (error);
  source = g_bytes_get_data (built->copy, NULL);
  g_assert_nonnull (strstr (source, "multipart/alternative"));
  plain = strstr (source, "text/plain");
  html = strstr (source, "text/html");
  g_assert_true (plain != NULL && html != NULL && plain < html);
  text = tern_mime_read_text (built->copy);
  g_assert_cmpstr (g_strchomp (text->plain), ==, "Grüße");
  g_assert_cmpstr (g_strchomp (text->html), ==, "<p>Grüße</p>");
}

static void
test_source (void)
{
  static const char source[] =
      "From x Tue Nov 24\nFrom: A <a@example.org>\nTo: b@example.net,\n c@example.net\n"
      "Bcc: secret@example.net,\n\td@example.net\nSubject: x\n\nbody\n.\nlast";
  g_autoptr (GBytes) bytes = g_bytes_new_static (source, sizeof source - 1);
  g_autoptr (GError) error = NULL;
  g_autoptr (TernBuiltMessage) built = tern_mime_build_from_source (bytes, &error);
  g_autofree char *submission = NULL;
  g_autofree char *copy = NULL;

  g_assert_no_error (error);
  check_wire (built->submission);
  submission = to_text (built->submission);
  copy = to_text (built->copy);
  g_assert_null (strstr (submission, "secret"));
  g_assert_null (strstr (submission, "d@example.net"));
  g_assert_null (strstr (submission, "From x Tue"));
  g_assert_nonnull (strstr (copy, "Bcc: secret@example.net,\r\n\td@example.net\r\n"));
  g_assert_true (g_str_has_prefix (submission, "Message-ID: <"));
  g_assert_nonnull (strstr (submission, "\r\nDate: "));
  g_assert_true (g_str_has_suffix (submission, "\r\n\r\nbody\r\n.\r\nlast\r\n"));
  g_assert_cmpuint (g_strv_length (built->recipients), ==, 4);
  g_assert_cmpstr (built->sender, ==, "a@example.org");
}

/* What is there already stays byte for byte. */
static void
test_source_kept (void)
{
  static const char source[] =
      "Message-ID: <m@example.org>\r\nDate: Tue, 24 Nov 2026 02:11:49 +0100\r\n"
      "From: a@example.org\r\nTo: b@example.net\r\nX-Odd:  two  spaces\r\n\r\nbody\r\n";
  g_autoptr (GBytes) bytes = g_bytes_new_static (source, sizeof source - 1);
  g_autoptr (GError) error = NULL;
  g_autoptr (TernBuiltMessage) built = tern_mime_build_from_source (bytes, &error);

  g_assert_no_error (error);
  g_assert_true (g_bytes_equal (built->submission, bytes));
  g_assert_true (g_bytes_equal (built->copy, bytes));
  g_assert_cmpstr (built->message_id, ==, "m@example.org");
}

static void
test_source_faults (void)
{
  g_autofree char *filler = g_strnfill (1200, 'x');
  g_autofree char *long_line = g_strconcat ("From: a@b.example\nTo: a@b.example\n\n", filler, NULL);
  const char *bad[] = {
    "",
    "\n\nbody",
    "just text\n",
    "From: a@b.example\n\nno recipient",
    "To: a@b.example\n\nno sender",
    "From: a@b.example\nTo: not an address\n\nx",
    "From: a@b.example\nTo: a@b.example\nnot a field\n\nx",
    long_line,
  };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GBytes) bytes = g_bytes_new (bad[i], strlen (bad[i]));
      g_autoptr (GError) error = NULL;

      g_test_message ("case %u", i);
      g_assert_null (tern_mime_build_from_source (bytes, &error));
      g_assert_error (error, TERN_FAULT, TERN_FAULT_INVALID);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/mime/build/plain", test_plain);
  g_test_add_func ("/mime/build/question", test_question);
  g_test_add_func ("/mime/build/bcc", test_bcc);
  g_test_add_func ("/mime/build/injection", test_injection);
  g_test_add_func ("/mime/build/bad-addresses", test_bad_addresses);
  g_test_add_func ("/mime/build/no-recipient", test_no_recipient);
  g_test_add_func ("/mime/build/international", test_international);
  g_test_add_func ("/mime/build/long-word", test_long_word);
  g_test_add_func ("/mime/draft/code", test_draft_code);
  g_test_add_data_func ("/mime/draft/hostile", NULL, test_draft_hostile);
  g_test_add_data_func ("/mime/draft/hostile-html",
                        "<p>Gr\xc3\xbc\xc3\x9f"
                        "e</p>",
                        test_draft_hostile);
  g_test_add_func ("/mime/build/html", test_html);
  g_test_add_func ("/mime/source/completed", test_source);
  g_test_add_func ("/mime/source/kept", test_source_kept);
  g_test_add_func ("/mime/source/faults", test_source_faults);
  return g_test_run ();
}
