/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-mime-text.h"

#include "tern-fault.h"

#include <string.h>

typedef struct
{
  const char *text;
  const char *expected; /* "name|address" joined by ";;" */
} Case;

static char *
flatten (const GPtrArray *list)
{
  GString *out = g_string_new (NULL);

  for (guint i = 0; i < list->len; i++)
    {
      const TernAddress *address = g_ptr_array_index (list, i);

      g_string_append_printf (out, "%s%s|%s", i > 0 ? ";;" : "", address->name, address->address);
    }
  return g_string_free (out, FALSE);
}

static void
test_lenient (void)
{
  static const Case cases[] = {
    { "", "" },
    { " , ,; ", "" },
    { "a@b.example", "|a@b.example" },
    { "A B <a@b.example>", "A B|a@b.example" },
    { "\"Doe, John\" <j@x.example>, k@x.example", "Doe, John|j@x.example;;|k@x.example" },
    { "Doe, John <j@x.example>", "Doe, John|j@x.example" },
    { "j@x.example (John Doe)", "John Doe|j@x.example" },
    { "<j@x.example> (John Doe)", "John Doe|j@x.example" },
    { "John (the (nested) one) Doe <j@x.example>", "John Doe|j@x.example" },
    { "Team: a@b.example, C <c@d.example>;, e@f.example",
      "|a@b.example;;C|c@d.example;;|e@f.example" },
    { "undisclosed-recipients:;", "" },
    { "=?utf-8?Q?J=C3=BCrgen?= <j@x.example>", "Jürgen|j@x.example" },
    { "\"=?utf-8?Q?J=C3=BCrgen?=\" <j@x.example>", "Jürgen|j@x.example" },
    { "=?utf-8?Q?Doe,_J?= <j@x.example>, b@x.example", "Doe, J|j@x.example;;|b@x.example" },
    { "=?iso-8859-1?Q?a_=3Cx@y=3E,?= <j@x.example>", "a <x@y>,|j@x.example" },
    { "J\xfcrgen <j@x.example>", "Jürgen|j@x.example" },
    { "Jürgen <j@x.example>", "Jürgen|j@x.example" },
    { "<@a.example,@b.example:j@x.example>", "|j@x.example" },
    { "mailto:j@x.example", "|j@x.example" },
    { "<mailto:j@x.example>", "|j@x.example" },
    { "john . doe @ x . example", "|john.doe@x.example" },
    { "\"john doe\"@x.example", "|\"john doe\"@x.example" },
    { "a@[192.0.2.1]", "|a@[192.0.2.1]" },
    { "[List] Announce <l@x.example>", "[List] Announce|l@x.example" },
    { "a@x.example b@x.example", "|a@x.example;;|b@x.example" },
    { "John Doe j@x.example", "John Doe|j@x.example" },
    { "<a@x.example> <b@x.example>", "|a@x.example;;|b@x.example" },
    { "<<a@x.example>>", "|a@x.example" },
    { "A <a@x.example, B <b@x.example>", "A|a@x.example;;B|b@x.example" },
    { "root", "|root" },
    { "Just A Name", "Just A Name|" },
    { "\"a@good.example\" <b@bad.example>", "a@good.example|b@bad.example" },
    { "a\"b@x.example", "|a\"b@x.example" },
    { "(never closed a@x.example", "(never closed|a@x.example" },
    { "A\r\n B <a@x.example>,\r\n\tc@x.example", "A B|a@x.example;;|c@x.example" },
    { "\"A\xe2\x80\xae"
      "B\" <a@x.example>",
      "AB|a@x.example" },
    { "a@x.example; b@x.example", "|a@x.example;;|b@x.example" },
    { "用户 <用户@例子.example>", "用户|用户@例子.example" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GPtrArray) list = tern_mime_parse_addresses (cases[i].text);
      g_autofree char *flat = flatten (list);

      g_assert_cmpstr (flat, ==, cases[i].expected);
    }
}

static void
test_typed (void)
{
  static const Case cases[] = {
    { "", "" },
    { "a@b.example,", "|a@b.example" },
    { "A B <a@b.example>; c@d.example", "A B|a@b.example;;|c@d.example" },
    { "\"Doe, J\" <j@x.example>", "Doe, J|j@x.example" },
    { "j@x.example (John)", "John|j@x.example" },
    { "Team: a@b.example, c@d.example;", "|a@b.example;;|c@d.example" },
    { "jürgen@müller.example", "|jürgen@müller.example" },
    { "a@localhost", "|a@localhost" },
    { "o'hara+tag@x.example", "|o'hara+tag@x.example" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GPtrArray) list = tern_mime_parse_typed_addresses (cases[i].text, &error);
      g_autofree char *flat = NULL;

      g_assert_no_error (error);
      flat = flatten (list);
      g_assert_cmpstr (flat, ==, cases[i].expected);
    }
}

static void
test_typed_faults (void)
{
  /* { typed, what the sentence must quote } */
  static const Case cases[] = {
    { "john", "john" },
    { "a@b.example, john, c@d.example", "john" },
    { "Doe, John <j@x.example>", "Doe" },
    { "a@", "a@" },
    { "@b.example", "@b.example" },
    { "a..b@x.example", "a..b@x.example" },
    { ".a@x.example", ".a@x.example" },
    { "a@x..example", "a@x..example" },
    { "a@-x.example", "a@-x.example" },
    { "A <a@x.example", "A <a@x.example" },
    { "\"A <a@x.example>", "\"A <a@x.example>" },
    { "A <>", "A <>" },
    { "a@b@x.example", "a@b@x.example" },
    { "John a@x.example", "John a@x.example" },
    { "a@x.example b@x.example", "a@x.example b@x.example" },
    { "a b@x.example", "a b@x.example" },
    { "a@x.example>", "a@x.example>" },
    { "a\xe2\x80\x8b@x.example", "a" }, /* ZERO WIDTH SPACE */
    { "a@x.exa mple", "a@x.exa mple" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GPtrArray) list = tern_mime_parse_typed_addresses (cases[i].text, &error);

      if (list != NULL)
        g_test_message ("taken as good: %s", cases[i].text);
      g_assert_null (list);
      g_assert_error (error, TERN_FAULT, TERN_FAULT_INVALID);
      if (strstr (error->message, cases[i].expected) == NULL)
        g_test_message ("%s", error->message);
      g_assert_nonnull (strstr (error->message, cases[i].expected));
    }
}

/* What is written into a field must be read back the same by the strict reader. */
static void
test_format (void)
{
  static const char *names[] = { "",       "Plain Name", "Doe, John",     "a \"b\" \\c", "x@y <z>",
                                 "Jürgen", "(c)",        "=?utf-8?q?x?=", "a:b;c",       "[List]" };
  g_autoptr (GPtrArray) list = tern_address_list_new ();
  g_autoptr (GPtrArray) back = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    g_ptr_array_add (list, tern_address_new (names[i], "a@x.example"));
  text = tern_mime_format_addresses (list);
  back = tern_mime_parse_typed_addresses (text, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (back->len, ==, list->len);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      const TernAddress *address = g_ptr_array_index (back, i);

      if (!g_str_has_prefix (names[i], "=?"))
        g_assert_cmpstr (address->name, ==, names[i]);
      g_assert_cmpstr (address->address, ==, "a@x.example");
    }
}

/* Deep or endless input may cost time in proportion to its length, not to its square. */
static void
test_hostile (void)
{
  static const char *pieces[] = {
    "(", "\"", "<", "=?a?q?", "a@", "a:", "@", "a,", "a b ", "[", ">"
  };

  for (guint i = 0; i < G_N_ELEMENTS (pieces); i++)
    {
      g_autoptr (GString) text = g_string_new (NULL);
      g_autoptr (GPtrArray) list = NULL;
      gint64 start = g_get_monotonic_time ();

      while (text->len < 300 * 1024)
        g_string_append (text, pieces[i]);
      list = tern_mime_parse_addresses (text->str);
      g_assert_cmpuint (list->len, <=, 10000);
      g_assert_cmpint (g_get_monotonic_time () - start, <, 5 * G_USEC_PER_SEC);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  tern_mime_init ();
  g_test_add_func ("/mime/address/lenient", test_lenient);
  g_test_add_func ("/mime/address/typed", test_typed);
  g_test_add_func ("/mime/address/typed-faults", test_typed_faults);
  g_test_add_func ("/mime/address/format", test_format);
  g_test_add_func ("/mime/address/hostile", test_hostile);
  return g_test_run ();
}
