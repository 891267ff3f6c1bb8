/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-mime-build.h"
#include "tern-mime-message.h"
#include "tern-mime-text.h"

#include <string.h>

/* What is built and parsed again says the same: random Unicode in every field. */

#define ROUNDS 300

static const char *const alphabets[] = {
  "abcdefghijklmnopqrstuvwxyz ABCXYZ 0123456789",
  "äöüßéèñçøåæœ",
  "приветмир",
  "שלוםעולם",
  "مرحبا",
  "你好世界こんにちは안녕하세요",
  "😀🎉👩‍🚀",
  "\"\\()<>@,;:.[]=?_'%*~#&!$^{}|`",
  " \t  ",
};

static void
append_random (GString *out)
{
  const char *alphabet = alphabets[g_test_rand_int_range (0, (int) G_N_ELEMENTS (alphabets))];
  glong n = g_utf8_strlen (alphabet, -1);

  for (int i = g_test_rand_int_range (1, 12); i > 0; i--)
    g_string_append_unichar (out, g_utf8_get_char (g_utf8_offset_to_pointer (
                                      alphabet, g_test_rand_int_range (0, (int) n))));
}

static char *
random_line (int pieces)
{
  GString *out = g_string_new (NULL);
  char *text;

  for (int i = g_test_rand_int_range (0, pieces); i > 0; i--)
    append_random (out);
  for (gsize i = 0; i < out->len; i++)
    if (out->str[i] == '\t')
      out->str[i] = ' ';
  text = g_string_free (out, FALSE);
  return g_strstrip (text);
}

/* White space is folded when it is written, so it is compared folded. */
static char *
squeeze (const char *text)
{
  GString *out = g_string_new (NULL);

  for (; *text != '\0'; text++)
    if (*text != ' ' || (out->len > 0 && out->str[out->len - 1] != ' '))
      g_string_append_c (out, *text);
  return g_string_free (out, FALSE);
}

static void
assert_same (const char *a, const char *b)
{
  g_autofree char *x = squeeze (a);
  g_autofree char *y = squeeze (b);

  g_assert_cmpstr (x, ==, y);
}

static void
add_people (GPtrArray *list, int most)
{
  for (int i = g_test_rand_int_range (0, most); i > 0; i--)
    {
      g_autofree char *name = random_line (4);
      g_autofree char *address =
          g_strdup_printf ("u%d@example.net", g_test_rand_int_range (0, 99999));

      g_ptr_array_add (list, tern_address_new (name, address));
    }
}

static void
assert_same_people (const GPtrArray *a, const GPtrArray *b)
{
  g_assert_cmpuint (a->len, ==, b->len);
  for (guint i = 0; i < a->len; i++)
    {
      const TernAddress *x = g_ptr_array_index (a, i);
      const TernAddress *y = g_ptr_array_index (b, i);

      assert_same (x->name, y->name);
      g_assert_cmpstr (x->address, ==, y->address);
    }
}

static char *
random_text (void)
{
  static const char *const odd[] = { "From here", " indented", "> quoted", ">> twice", "-- ", ".",
                                     "",          "..",        ">",        "  two",    "=3D" };
  GString *out = g_string_new (NULL);

  for (int i = g_test_rand_int_range (0, 12); i > 0; i--)
    {
      g_autofree char *line = random_line (30);

      if (g_test_rand_bit ())
        g_string_append (out, odd[g_test_rand_int_range (0, (int) G_N_ELEMENTS (odd))]);
      else
        g_string_append (out, line);
      g_string_append_c (out, '\n');
    }
  return g_string_free (out, FALSE);
}

/* Quote marks come back as ">>" for "> >" and trailing space is no text. */
static char *
normal_text (const char *text)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  GString *out = g_string_new (NULL);

  for (guint i = 0; lines[i] != NULL; i++)
    {
      const char *p = lines[i];
      guint depth = 0;

      while (*p == '>' || (depth > 0 && p[0] == ' ' && p[1] == '>'))
        depth += *p++ == '>';
      if (depth > 0 && *p == ' ')
        p++;
      if (strcmp (p, "-- ") != 0)
        g_strchomp ((char *) p);
      for (guint n = 0; n < depth; n++)
        g_string_append_c (out, '>');
      g_string_append_printf (out, "%s%s\n", depth > 0 && *p != '\0' ? " " : "", p);
    }
  return g_string_free (out, FALSE);
}

static void
assert_same_text (const char *a, const char *b)
{
  g_autofree char *x = normal_text (a);
  g_autofree char *y = normal_text (b);

  g_strchomp (x);
  g_strchomp (y);
  g_assert_cmpstr (x, ==, y);
}

static void
add_attachments (TernDraft *draft)
{
  for (int i = g_test_rand_int_range (0, 3); i > 0; i--)
    {
      g_autofree char *line = random_line (6);
      g_autofree char *name = g_strconcat ("f", line, ".bin", NULL);
      guint8 data[300];
      g_autoptr (GBytes) bytes = NULL;

      for (guint n = 0; n < sizeof data; n++)
        data[n] = (guint8) g_test_rand_int_range (0, 256);
      bytes = g_bytes_new (data, (gsize) g_test_rand_int_range (0, sizeof data));
      g_ptr_array_add (
          draft->attachments,
          tern_attachment_new (name, g_test_rand_bit () ? "text/plain" : "image/x-y", bytes));
    }
}

static void
check_attachments (const TernDraft *draft, const TernBuiltMessage *built)
{
  g_autoptr (TernPart) root = tern_mime_read_structure (built->submission);

  g_assert_cmpuint (tern_part_count_attachments (root), ==, draft->attachments->len);
  for (guint i = 0; i < draft->attachments->len; i++)
    {
      const TernAttachment *attachment = g_ptr_array_index (draft->attachments, i);
      const TernPart *part = g_ptr_array_index (root->children, i + 1);
      g_autoptr (GBytes) bytes = tern_mime_read_part (built->submission, part->section);

      assert_same (part->filename, attachment->filename);
      g_assert_true (g_bytes_equal (bytes, attachment->bytes));
    }
}

static void
test_round_trip (void)
{
  for (int round = 0; round < ROUNDS; round++)
    {
      g_autoptr (TernDraft) draft = tern_draft_new ();
      g_autoptr (GError) error = NULL;
      g_autoptr (TernBuiltMessage) built = NULL;
      g_autoptr (TernMessageFacts) facts = NULL;
      g_autoptr (TernMimeText) text = NULL;
      g_autofree char *name = random_line (4);

      tern_address_free (draft->from);
      draft->from = tern_address_new (name, "me@example.org");
      g_free (draft->subject);
      draft->subject = random_line (30);
      g_free (draft->text);
      draft->text = random_text ();
      g_ptr_array_add (draft->to, tern_address_new ("", "first@example.net"));
      add_people (draft->to, 6);
      add_people (draft->cc, 4);
      add_people (draft->bcc, 3);
      add_attachments (draft);

      built = tern_mime_build (draft, 1795482709, -210, &error);
      g_assert_no_error (error);
      facts = tern_mime_read_facts (built->copy);
      assert_same (facts->subject, draft->subject);
      g_assert_cmpint (facts->date, ==, 1795482709);
      g_assert_cmpint (facts->date_offset, ==, -210);
      g_assert_cmpstr (facts->message_id, ==, built->message_id);
      assert_same (((TernAddress *) g_ptr_array_index (facts->from, 0))->name, name);
      assert_same_people (facts->to, draft->to);
      assert_same_people (facts->cc, draft->cc);
      assert_same_people (facts->bcc, draft->bcc);
      text = tern_mime_read_text (built->submission);
      g_assert_null (text->html);
      assert_same_text (text->plain, draft->text);
      if (draft->attachments->len > 0)
        check_attachments (draft, built);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/mime/round-trip", test_round_trip);
  return g_test_run ();
}
