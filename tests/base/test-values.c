/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tern-address.h"
#include "tern-change-set.h"
#include "tern-limits.h"
#include "tern-message-facts.h"
#include "tern-number.h"
#include "tern-part.h"

static void
test_address_lists (void)
{
  g_autoptr (GPtrArray) list = tern_address_list_new ();
  g_ptr_array_add (list, tern_address_new ("Änne, \"the\" <one>", "anne@example.org"));
  g_ptr_array_add (list, tern_address_new ("", "bob@example.org"));
  g_ptr_array_add (list, tern_address_new ("sly\036\037name", "x@y"));

  g_autofree char *text = tern_address_list_encode (list);
  g_autoptr (GPtrArray) back = tern_address_list_decode (text);
  g_assert_cmpuint (back->len, ==, 3);
  for (guint i = 0; i < list->len; i++)
    {
      const TernAddress *a = g_ptr_array_index (list, i);
      const TernAddress *b = g_ptr_array_index (back, i);
      g_assert_cmpstr (a->name, ==, b->name);
      g_assert_cmpstr (a->address, ==, b->address);
    }
  g_assert_cmpstr (tern_address_get_display (g_ptr_array_index (back, 1)), ==, "bob@example.org");

  g_autoptr (GPtrArray) none = tern_address_list_decode (NULL);
  g_assert_cmpuint (none->len, ==, 0);
  g_autofree char *empty = tern_address_list_encode (none);
  g_assert_cmpstr (empty, ==, "");
  g_autoptr (GPtrArray) odd = tern_address_list_decode ("no separator at all");
  g_assert_cmpuint (odd->len, ==, 1);
}

static TernPart *
make_tree (void)
{
  TernPart *root = tern_part_new ("", "Multipart", "MIXED");
  root->children = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_part_free);
  TernPart *text = tern_part_new ("1", "text", "plain");
  text->charset = g_strdup ("utf-8");
  text->size = 12345678901;
  TernPart *file = tern_part_new ("2", "application", "pdf");
  file->filename = g_strdup ("a\037b\003c.pdf");
  file->disposition = g_strdup ("attachment");
  TernPart *picture = tern_part_new ("3", "image", "png");
  picture->content_id = g_strdup ("one@two");
  g_ptr_array_add (root->children, text);
  g_ptr_array_add (root->children, file);
  g_ptr_array_add (root->children, picture);
  return root;
}

static void
test_part_round_trip (void)
{
  g_autoptr (TernPart) root = make_tree ();
  g_autofree char *text = tern_part_encode (root);
  g_autoptr (TernPart) back = tern_part_decode (text);
  g_assert_nonnull (back);
  g_assert_true (tern_part_is (back, "multipart", "mixed"));
  g_assert_cmpuint (back->children->len, ==, 3);
  const TernPart *first = tern_part_find_section (back, "1");
  g_assert_cmpuint (first->size, ==, 12345678901);
  g_assert_cmpstr (first->charset, ==, "utf-8");
  g_assert_null (first->filename);
  g_assert_cmpstr (tern_part_find_section (back, "2")->filename, ==, "a b c.pdf");
  g_assert_null (tern_part_find_section (back, "4"));
  g_assert_cmpuint (tern_part_count_attachments (back), ==, 1);

  g_autoptr (TernPart) copy = tern_part_copy (back);
  g_autofree char *copied = tern_part_encode (copy);
  g_autofree char *encoded = tern_part_encode (back);
  g_assert_cmpstr (copied, ==, encoded);
}

/* Whatever is cut off or changed, decoding ends, and with a tree or with NULL. */
static void
test_part_damage (void)
{
  g_autoptr (TernPart) root = make_tree ();
  g_autofree char *text = tern_part_encode (root);
  gsize length = strlen (text);
  for (gsize cut = 0; cut < length; cut++)
    {
      g_autofree char *damaged = g_strndup (text, cut);
      g_assert_null (tern_part_decode (damaged));
      g_autofree char *turned = g_strdup (text);
      turned[cut] = (char) (turned[cut] ^ 1);
      g_autoptr (TernPart) maybe = tern_part_decode (turned);
      (void) maybe;
    }
  g_assert_null (tern_part_decode (NULL));
}

static void
test_part_depth_is_bounded (void)
{
  TernPart *root = tern_part_new ("", "multipart", "mixed");
  TernPart *at = root;
  for (guint i = 0; i < TERN_LIMIT_MIME_DEPTH + 5; i++)
    {
      at->children = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_part_free);
      TernPart *child = tern_part_new ("1", "multipart", "mixed");
      g_ptr_array_add (at->children, child);
      at = child;
    }
  g_autofree char *text = tern_part_encode (root);
  g_assert_null (tern_part_decode (text));
  tern_part_free (root);
}

static void
test_sort_time (void)
{
  g_autoptr (TernMessageFacts) facts = tern_message_facts_new ();
  facts->received = 1700000000;
  g_assert_cmpint (tern_message_facts_get_sort_time (facts), ==, 1700000000);
  facts->date = 1699990000;
  g_assert_cmpint (tern_message_facts_get_sort_time (facts), ==, 1699990000);
  facts->date = 1700000000 + 7 * 24 * 3600; /* spam from the future */
  g_assert_cmpint (tern_message_facts_get_sort_time (facts), ==, 1700000000);
  facts->date = 1000; /* 1970 */
  g_assert_cmpint (tern_message_facts_get_sort_time (facts), ==, 1700000000);
}

static void
test_change_set (void)
{
  g_autoptr (TernChangeSet) changes = tern_change_set_new (42);
  TernFolderChange *change = tern_change_set_folder (changes, 1, 10);
  g_assert_true (change == tern_change_set_folder (changes, 1, 10));
  tern_change_set_folder (changes, 1, 11);
  g_assert_cmpuint (changes->folders->len, ==, 2);

  const TernListKey keys[] = { { 5, 1 }, { 9, 2 }, { 9, 3 }, { 7, 4 } };
  g_array_append_vals (change->added, keys, G_N_ELEMENTS (keys));
  tern_change_set_sort (changes);
  const TernId expected[] = { 3, 2, 4, 1 };
  for (guint i = 0; i < G_N_ELEMENTS (expected); i++)
    g_assert_cmpint (g_array_index (change->added, TernListKey, i).id, ==, expected[i]);
  g_assert_null (tern_change_set_find (changes, 12));
}

static void
test_number (void)
{
  static const struct
  {
    const char *text;
    gboolean ok;
    guint64 number;
  } cases[] = {
    { "0", TRUE, 0 },
    { "12", TRUE, 12 },
    { "0012", TRUE, 12 },
    { "18446744073709551615", TRUE, G_MAXUINT64 },
    { "18446744073709551616", FALSE, 0 },
    { "99999999999999999999999", FALSE, 0 },
    { "", FALSE, 0 },
    { " 1", FALSE, 0 },
    { "1 ", FALSE, 0 },
    { "+1", FALSE, 0 },
    { "-1", FALSE, 0 },
    { "0x1", FALSE, 0 },
    { "١", FALSE, 0 },
  };
  guint64 number;

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      number = 77;
      g_assert_cmpint (tern_number_parse (cases[i].text, 0, G_MAXUINT64, &number), ==, cases[i].ok);
      g_assert_cmpuint (number, ==, cases[i].ok ? cases[i].number : 77);
    }
  g_assert_true (tern_number_parse ("5", 5, 6, NULL));
  g_assert_false (tern_number_parse ("4", 5, 6, NULL));
  g_assert_false (tern_number_parse ("7", 5, 6, NULL));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/base/address/lists", test_address_lists);
  g_test_add_func ("/base/part/round-trip", test_part_round_trip);
  g_test_add_func ("/base/part/damage", test_part_damage);
  g_test_add_func ("/base/part/depth", test_part_depth_is_bounded);
  g_test_add_func ("/base/facts/sort-time", test_sort_time);
  g_test_add_func ("/base/change-set", test_change_set);
  g_test_add_func ("/base/number", test_number);
  return g_test_run ();
}
