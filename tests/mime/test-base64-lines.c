/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-base64-lines.h"

#include <string.h>

/* Lines of base64 that are what they were again after they have been decoded. */

static guint
find (const char *text, guint64 offset)
{
  g_autoptr (GBytes) bytes = g_bytes_new_static (text, strlen (text));

  return tern_base64_lines_find (bytes, offset);
}

static void
test_find (void)
{
  static const struct
  {
    const char *text;
    guint64 offset;
    guint line;
  } cases[] = {
    { "QUJD\r\nREVG\r\n", 0, 4 },
    { "QUJDREVG\r\nQUJDRE", 0, 8 },
    { "QUJD", 0, 0 },
    { "QUJD\nREVG\n", 0, 0 },
    { "QUJDRE\r\nQUJDRE\r\n", 0, 0 },
    { "QUJD\r\nREVGREVG\r\n", 0, 0 },
    { "QUJD\r\nRE=G\r\nREVG\r\n", 0, 0 },
    { "QUJD\r\n\r\nREVG\r\n", 0, 0 },
    { "\r\nQUJD\r\n", 0, 0 },
    { "JD\r\nREVG\r\nQU", 2, 4 },
    { "\nREVG\r\nQU", 5, 4 },
    { "REVG\r\nREVG\r\n", 6, 4 },
    { "JD\r\nREVG\r\nQU", 3, 0 },
    { "--\r\nREVG\r\nQU", 2, 0 },
    { "REVGREVG\r\nREVG\r\n", 2, 0 },
    { "JD\r\nREVG", 2, 0 },
    { "", 0, 0 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    g_assert_cmpuint (find (cases[i].text, cases[i].offset), ==, cases[i].line);
}

static void
test_encode (void)
{
  g_autoptr (GBytes) whole = g_bytes_new_static ("ABCDEF", 6);
  g_autoptr (GBytes) odd = g_bytes_new_static ("ABCDE", 5);
  g_autoptr (GBytes) none = g_bytes_new_static ("", 0);
  g_autoptr (GBytes) text = tern_base64_lines_encode (whole, 4);

  g_assert_cmpmem (g_bytes_get_data (text, NULL), g_bytes_get_size (text), "QUJD\r\nREVG\r\n", 12);
  g_assert_null (tern_base64_lines_encode (odd, 4));
  g_assert_null (tern_base64_lines_encode (none, 4));
  g_assert_null (tern_base64_lines_encode (whole, 0));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/mime/base64-lines/find", test_find);
  g_test_add_func ("/mime/base64-lines/encode", test_encode);
  return g_test_run ();
}
