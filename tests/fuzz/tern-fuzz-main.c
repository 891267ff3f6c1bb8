/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-fuzz.h"

#include <string.h>

#define ROUNDS   20000
#define MAX_SIZE 16384

static void
append (GByteArray *input, const char *text, gsize length)
{
  g_byte_array_append (input, (const guint8 *) text, (guint) length);
}

static const char *
pick_seed (void)
{
  guint n = 0;

  while (tern_fuzz_seeds[n] != NULL)
    n++;
  return tern_fuzz_seeds[g_test_rand_int_range (0, (gint32) n)];
}

/* One small damage, of the kinds that parsers fall over. */
static void
mutate (GByteArray *input)
{
  static const char bytes[] = "\0\r\n\t \"\\(){}[]<>.,:;=?*%+-0123456789aZ~\x7f\x80\xc3\xff";
  guint at = input->len > 0 ? (guint) g_test_rand_int_range (0, (gint32) input->len) : 0;
  const char *seed;

  switch (g_test_rand_int_range (0, 5))
    {
    case 0:
      if (input->len > 0)
        input->data[at] = (guint8) bytes[g_test_rand_int_range (0, sizeof bytes - 1)];
      break;
    case 1:
      if (input->len > 0)
        input->data[at] ^= (guint8) (1 << g_test_rand_int_range (0, 8));
      break;
    case 2:
      if (input->len > 0)
        g_byte_array_remove_range (
            input, at, (guint) g_test_rand_int_range (1, (gint32) (input->len - at) + 1));
      break;
    case 3:
      seed = pick_seed ();
      append (input, seed, strlen (seed));
      break;
    default:
      if (input->len > 0 && input->len < MAX_SIZE)
        {
          g_autofree guint8 *again = g_memdup2 (input->data + at, input->len - at);

          g_byte_array_append (input, again, input->len - at);
        }
      break;
    }
}

static void
test_fuzz (void)
{
  for (guint i = 0; tern_fuzz_seeds[i] != NULL; i++)
    LLVMFuzzerTestOneInput ((const guint8 *) tern_fuzz_seeds[i], strlen (tern_fuzz_seeds[i]));
  for (guint round = 0; round < ROUNDS; round++)
    {
      g_autoptr (GByteArray) input = g_byte_array_new ();
      const char *seed = pick_seed ();
      g_autofree guint8 *exact = NULL;

      append (input, seed, strlen (seed));
      for (gint32 n = g_test_rand_int_range (1, 8); n > 0; n--)
        mutate (input);
      /* In a block of exactly its size, so that a byte read too far is seen. */
      exact = g_memdup2 (input->data, input->len);
      LLVMFuzzerTestOneInput (exact, input->len);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/fuzz", test_fuzz);
  return g_test_run ();
}
