/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-mime-build.h"
#include "tern-mime-message.h"
#include "tern-mime-text.h"

#include <string.h>

static const char *const own[] = { "me@example.org", "Me.Too@example.org", NULL };

static TernMessageFacts *
facts_of (const char *header)
{
  g_autofree char *message = g_strconcat (header, "\n\nbody\n", NULL);
  g_autoptr (GBytes) bytes = g_bytes_new (message, strlen (message));

  return tern_mime_read_facts (bytes);
}

static char *
addresses (const GPtrArray *list)
{
  return tern_mime_format_addresses (list);
}

static TernDraft *
reply (TernReplyKind kind, const char *header)
{
  g_autoptr (TernMessageFacts) facts = facts_of (header);
  g_autoptr (TernAddress) from = tern_address_new ("Me", "me@example.org");

  return tern_draft_new_reply (kind, facts, "body\n", NULL, own, from);
}

static void
test_recipients (void)
{
  static const struct
  {
    TernReplyKind kind;
    const char *header, *to, *cc;
  } cases[] = {
    { TERN_REPLY_SENDER, "From: a@x.example\nTo: me@example.org, b@x.example", "a@x.example", "" },
    { TERN_REPLY_SENDER, "From: a@x.example\nReply-To: r@x.example", "r@x.example", "" },
    { TERN_REPLY_ALL, "From: a@x.example\nTo: me@example.org, b@x.example\nCc: c@x.example",
      "a@x.example", "b@x.example, c@x.example" },
    { TERN_REPLY_ALL,
      "From: a@x.example\nTo: ME.TOO@example.org, A@x.example, b@x.example\nCc: b@x.example",
      "a@x.example", "b@x.example" },
    /* a mailing list that sets Reply-To */
    { TERN_REPLY_ALL, "From: a@x.example\nTo: list@x.example\nReply-To: list@x.example",
      "list@x.example", "" },
    /* one's own message: to whom it went */
    { TERN_REPLY_SENDER, "From: me@example.org\nTo: a@x.example\nCc: c@x.example", "a@x.example",
      "" },
    { TERN_REPLY_ALL, "From: me@example.org\nTo: a@x.example\nCc: c@x.example, me@example.org",
      "a@x.example", "c@x.example" },
    { TERN_REPLY_SENDER, "From: me.too@example.org\nTo: a@x.example", "a@x.example", "" },
    /* from another account of one's own */
    { TERN_REPLY_SENDER, "From: me.too@example.org\nTo: me@example.org", "me.too@example.org", "" },
    { TERN_REPLY_ALL, "From: me.too@example.org\nTo: a@x.example\nCc: me@example.org",
      "me.too@example.org", "a@x.example" },
    { TERN_REPLY_SENDER, "From: Just A Name\nTo: me@example.org", "", "" },
    { TERN_REPLY_FORWARD, "From: a@x.example\nTo: b@x.example", "", "" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (TernDraft) draft = reply (cases[i].kind, cases[i].header);
      g_autofree char *to = addresses (draft->to);
      g_autofree char *cc = addresses (draft->cc);

      g_test_message ("case %u", i);
      g_assert_cmpstr (to, ==, cases[i].to);
      g_assert_cmpstr (cc, ==, cases[i].cc);
      g_assert_cmpuint (draft->bcc->len, ==, 0);
      g_assert_cmpstr (draft->from->address, ==, "me@example.org");
    }
}

static void
test_subjects (void)
{
  static const struct
  {
    TernReplyKind kind;
    const char *subject, *expected;
  } cases[] = {
    { TERN_REPLY_SENDER, "x", "Re: x" },
    { TERN_REPLY_SENDER, "Re: x", "Re: x" },
    { TERN_REPLY_SENDER, "RE: AW: Re[2]: Sv: x", "Re: x" },
    { TERN_REPLY_SENDER, "Re : x", "Re: x" },
    { TERN_REPLY_SENDER, "回复：x", "Re: x" },
    { TERN_REPLY_SENDER, "Fwd: x", "Re: Fwd: x" },
    { TERN_REPLY_SENDER, "Reply: x", "Re: Reply: x" },
    { TERN_REPLY_SENDER, "Research", "Re: Research" },
    { TERN_REPLY_SENDER, "", "Re: " },
    { TERN_REPLY_FORWARD, "WG: Fw: x", "Fwd: x" },
    { TERN_REPLY_FORWARD, "Re: x", "Fwd: Re: x" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *header =
          g_strdup_printf ("From: a@x.example\nSubject: %s", cases[i].subject);
      g_autoptr (TernDraft) draft = reply (cases[i].kind, header);

      g_assert_cmpstr (draft->subject, ==, cases[i].expected);
    }
}

static void
test_threading (void)
{
  g_autoptr (TernDraft) full =
      reply (TERN_REPLY_SENDER, "Message-ID: <c@x>\nReferences: <a@x> <b@x>\nIn-Reply-To: <b@x>");
  g_autoptr (TernDraft) parent = reply (TERN_REPLY_SENDER, "Message-ID: <c@x>\nIn-Reply-To: <b@x>");
  g_autoptr (TernDraft) bare = reply (TERN_REPLY_SENDER, "Subject: x");
  g_autoptr (TernDraft) forward = reply (TERN_REPLY_FORWARD, "Message-ID: <c@x>");
  g_autofree char *full_ids = g_strjoinv (" ", full->references);
  g_autofree char *parent_ids = g_strjoinv (" ", parent->references);

  g_assert_cmpstr (full->in_reply_to, ==, "c@x");
  g_assert_cmpstr (full_ids, ==, "a@x b@x c@x");
  g_assert_cmpstr (parent_ids, ==, "b@x c@x");
  g_assert_null (bare->in_reply_to);
  g_assert_null (bare->references);
  g_assert_null (forward->in_reply_to);
  g_assert_cmpint (full->reply_flag, ==, TERN_FLAG_ANSWERED);
  g_assert_cmpint (forward->reply_flag, ==, TERN_FLAG_FORWARDED);
}

static void
test_quote (void)
{
  g_autoptr (TernMessageFacts) facts =
      facts_of ("From: Jo <a@x.example>\nDate: Tue, 24 Nov 2026 02:11:49 +0100");
  g_autoptr (TernAddress) from = tern_address_new ("", "me@example.org");
  g_autoptr (TernDraft) draft = tern_draft_new_reply (
      TERN_REPLY_SENDER, facts, "one\n> two\n\nthree\n-- \nsig\n", NULL, own, from);

  g_assert_nonnull (strstr (draft->text, "Jo wrote:\n> one\n>> two\n>\n> three\n"));
  g_assert_nonnull (strstr (draft->text, "2026"));
  g_assert_null (strstr (draft->text, "sig"));
}

static void
test_forward (void)
{
  static const char original[] =
      "From: Jo <a@x.example>\nTo: b@x.example\nSubject: s\nMIME-Version: 1.0\n"
      "Content-Type: multipart/mixed; boundary=b\n\n--b\n\ntext\n--b\n"
      "Content-Type: application/pdf\nContent-Disposition: attachment; filename=a.pdf\n"
      "Content-Transfer-Encoding: base64\n\nSGVsbG8=\n--b\n"
      "Content-Type: message/rfc822\n\nSubject: inner\n\ninner\n--b--\n";
  g_autoptr (GBytes) bytes = g_bytes_new_static (original, strlen (original));
  g_autoptr (TernMessageFacts) facts = tern_mime_read_facts (bytes);
  g_autoptr (TernAddress) from = tern_address_new ("", "me@example.org");
  g_autoptr (TernDraft) draft =
      tern_draft_new_reply (TERN_REPLY_FORWARD, facts, "text\n", bytes, own, from);
  g_autoptr (TernBuiltMessage) built = NULL;
  g_autoptr (TernPart) structure = NULL;
  g_autoptr (GError) error = NULL;
  const TernAttachment *pdf;

  g_assert_nonnull (strstr (draft->text, "From: Jo <a@x.example>\n"));
  g_assert_nonnull (strstr (draft->text, "Subject: s\nTo: b@x.example\n\ntext\n"));
  g_assert_cmpuint (draft->attachments->len, ==, 2);
  pdf = g_ptr_array_index (draft->attachments, 0);
  g_assert_cmpstr (pdf->filename, ==, "a.pdf");
  g_assert_cmpstr (pdf->content_type, ==, "application/pdf");
  g_assert_cmpmem (g_bytes_get_data (pdf->bytes, NULL), g_bytes_get_size (pdf->bytes), "Hello", 5);

  g_ptr_array_add (draft->to, tern_address_new ("", "c@x.example"));
  built = tern_mime_build (draft, 0, 0, &error);
  g_assert_no_error (error);
  structure = tern_mime_read_structure (built->submission);
  g_assert_cmpuint (tern_part_count_attachments (structure), ==, 2);
  g_assert_nonnull (tern_part_find_section (structure, "3.1"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/mime/reply/recipients", test_recipients);
  g_test_add_func ("/mime/reply/subjects", test_subjects);
  g_test_add_func ("/mime/reply/threading", test_threading);
  g_test_add_func ("/mime/reply/quote", test_quote);
  g_test_add_func ("/mime/reply/forward", test_forward);
  return g_test_run ();
}
