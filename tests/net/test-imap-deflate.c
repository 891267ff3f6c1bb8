/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-imap-deflate.h"

#include <string.h>

/* Puts @packed in by pieces of @step and takes it out by pieces of @room. */
static GString *
unpack (TernImapDeflate *self, GBytes *packed, gsize step, gsize room, GError **error)
{
  GString *plain = g_string_new (NULL);
  gsize length;
  const char *data = g_bytes_get_data (packed, &length);
  g_autofree char *space = g_malloc (room);

  for (gsize at = 0; at < length; at += step)
    {
      gsize raw_room;
      char *raw = tern_imap_deflate_reserve (self, &raw_room);
      gsize n = MIN (MIN (step, raw_room), length - at);
      gssize made;

      memcpy (raw, data + at, n);
      tern_imap_deflate_commit (self, n);
      while (tern_imap_deflate_has_more (self)
             && (made = tern_imap_deflate_unpack (self, space, room, error)) != 0)
        {
          if (made < 0)
            return plain;
          g_assert_cmpint (made, <=, room);
          g_string_append_len (plain, space, made);
        }
    }
  return plain;
}

/* Each command can be read as soon as it was sent, however the bytes are cut. */
static void
test_round_trip (void)
{
  static const gsize steps[] = { 1, 2, 7, 1000 };

  for (gsize i = 0; i < G_N_ELEMENTS (steps); i++)
    {
      g_autoptr (TernImapDeflate) self = tern_imap_deflate_new ();

      for (guint n = 0; n < 50; n++)
        {
          g_autofree char *text = g_strdup_printf ("A%u UID FETCH %u:* (FLAGS)\r\n", n, n * n);
          g_autoptr (GBytes) plain = g_bytes_new (text, strlen (text));
          g_autoptr (GBytes) packed = tern_imap_deflate_pack (self, plain);
          g_autoptr (GError) error = NULL;
          GString *back = unpack (self, packed, steps[i], 1 + n % 5, &error);

          g_assert_no_error (error);
          g_assert_cmpstr (back->str, ==, text);
          g_string_free (back, TRUE);
        }
    }
}

/* A thousand bytes that become a million come in the pieces that were asked for. */
static void
test_bomb (void)
{
  g_autoptr (TernImapDeflate) self = tern_imap_deflate_new ();
  const gsize size = 1024 * 1024;
  g_autoptr (GBytes) zeros = g_bytes_new_take (g_malloc0 (size), size);
  g_autoptr (GBytes) packed = tern_imap_deflate_pack (self, zeros);
  g_autoptr (GError) error = NULL;
  GString *back;

  g_assert_cmpuint (g_bytes_get_size (packed), <, size / 100);
  back = unpack (self, packed, 4096, 512, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (back->len, ==, size);
  g_string_free (back, TRUE);
}

static void
expect_fault (const char *bytes, gsize length)
{
  g_autoptr (TernImapDeflate) self = tern_imap_deflate_new ();
  g_autoptr (GBytes) packed = g_bytes_new (bytes, length);
  g_autoptr (GError) error = NULL;
  GString *back = unpack (self, packed, length, 64, &error);

  g_assert_nonnull (error);
  g_string_free (back, TRUE);
}

static void
test_rubbish (void)
{
  expect_fault ("* OK this is plain text\r\n", 25);
  for (guint round = 0; round < 2000; round++)
    {
      g_autoptr (TernImapDeflate) self = tern_imap_deflate_new ();
      guint8 bytes[64];
      g_autoptr (GBytes) packed = NULL;
      g_autoptr (GError) error = NULL;

      for (gsize i = 0; i < sizeof bytes; i++)
        bytes[i] = (guint8) g_test_rand_int ();
      packed = g_bytes_new (bytes, sizeof bytes);
      g_string_free (unpack (self, packed, 9, 100, &error), TRUE);
    }
}

/* What comes with the end of the stream, a BYE say, is not lost. */
static void
test_end (void)
{
  g_autoptr (TernImapDeflate) self = tern_imap_deflate_new ();
  const char *text = "* BYE so long\r\n";
  g_autoptr (GConverter) packer =
      G_CONVERTER (g_zlib_compressor_new (G_ZLIB_COMPRESSOR_FORMAT_RAW, 6));
  char packed[100], plain[100];
  gsize room, taken, made;
  g_autoptr (GError) error = NULL;
  gssize n;

  g_assert_cmpint (g_converter_convert (packer, text, strlen (text), packed, sizeof packed,
                                        G_CONVERTER_INPUT_AT_END, &taken, &made, &error),
                   ==, G_CONVERTER_FINISHED);
  memcpy (tern_imap_deflate_reserve (self, &room), packed, made);
  tern_imap_deflate_commit (self, made);
  n = tern_imap_deflate_unpack (self, plain, sizeof plain, &error);
  g_assert_no_error (error);
  g_assert_cmpmem (plain, n, text, strlen (text));
  g_assert_true (tern_imap_deflate_has_ended (self));
  g_assert_false (tern_imap_deflate_has_more (self));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/imap/deflate/round-trip", test_round_trip);
  g_test_add_func ("/imap/deflate/bomb", test_bomb);
  g_test_add_func ("/imap/deflate/rubbish", test_rubbish);
  g_test_add_func ("/imap/deflate/end", test_end);
  return g_test_run ();
}
