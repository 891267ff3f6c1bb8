/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tern-types.h"

#include <string.h>

static void
test_flags_round_trip (void)
{
  for (guint bit = 0; bit < 10; bit++)
    {
      TernFlags flag = 1u << bit;
      const char *imap = tern_flag_to_imap (flag);
      const char *json = tern_flag_to_json (flag);
      g_assert_nonnull (imap);
      g_assert_nonnull (json);
      g_assert_cmpint (tern_flag_from_name (imap, strlen (imap)), ==, flag);
      g_assert_cmpint (tern_flag_from_name (json, strlen (json)), ==, flag);
    }
}

static void
test_flags_case_and_unknown (void)
{
  g_assert_cmpint (tern_flag_from_name ("\\SEEN", 5), ==, TERN_FLAG_SEEN);
  g_assert_cmpint (tern_flag_from_name ("$forwarded", 10), ==, TERN_FLAG_FORWARDED);
  g_assert_cmpint (tern_flag_from_name ("\\Seenx", 6), ==, TERN_FLAG_NONE);
  g_assert_cmpint (tern_flag_from_name ("\\See", 4), ==, TERN_FLAG_NONE);
  g_assert_cmpint (tern_flag_from_name ("", 0), ==, TERN_FLAG_NONE);
  g_assert_null (tern_flag_to_imap (TERN_FLAG_SEEN | TERN_FLAG_DRAFT));
}

static void
test_roles (void)
{
  for (TernRole role = TERN_ROLE_INBOX; role <= TERN_ROLE_OUTBOX; role++)
    g_assert_cmpint (tern_role_from_name (tern_role_to_name (role)), ==, role);
  g_assert_cmpint (tern_role_from_name ("Trash"), ==, TERN_ROLE_TRASH);
  g_assert_cmpint (tern_role_from_name ("nothing"), ==, TERN_ROLE_NONE);
}

static void
test_security (void)
{
  TernSecurity security = TERN_SECURITY_TLS;
  g_assert_true (tern_security_from_name ("STARTTLS", &security));
  g_assert_cmpint (security, ==, TERN_SECURITY_STARTTLS);
  g_assert_true (tern_security_from_name ("tls", &security));
  g_assert_cmpint (security, ==, TERN_SECURITY_TLS);
  g_assert_false (tern_security_from_name ("none", &security));
  g_assert_false (tern_security_from_name ("", &security));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/base/types/flags-round-trip", test_flags_round_trip);
  g_test_add_func ("/base/types/flags-case-and-unknown", test_flags_case_and_unknown);
  g_test_add_func ("/base/types/roles", test_roles);
  g_test_add_func ("/base/types/security", test_security);
  return g_test_run ();
}
