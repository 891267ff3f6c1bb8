/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tern-fault.h"

#include "tern-backoff.h"

static void
test_axes (void)
{
  g_autoptr (GError) login = tern_fault_new (TERN_FAULT_AUTHENTICATION, "refused %d", 7);
  g_assert_cmpstr (login->message, ==, "refused 7");
  g_assert_cmpint (tern_fault_get_scope (login), ==, TERN_SCOPE_ACCOUNT);
  g_assert_cmpint (tern_fault_get_retry (login), ==, TERN_RETRY_NEVER);
  g_assert_null (tern_fault_get_server_text (login));

  tern_fault_set_retry (login, TERN_RETRY_LATER);
  tern_fault_set_scope (login, TERN_SCOPE_FOLDER);
  g_autoptr (GError) copy = g_error_copy (login);
  g_assert_cmpint (tern_fault_get_retry (copy), ==, TERN_RETRY_LATER);
  g_assert_cmpint (tern_fault_get_scope (copy), ==, TERN_SCOPE_FOLDER);
}

static void
test_server_text_is_cleaned_and_apart (void)
{
  g_autoptr (GError) error = tern_fault_new_server (
      TERN_FAULT_REFUSED, "no\r\nA1 OK \xE2\x80\xAE evil \xff\x01", "The server refused it.");
  g_assert_cmpstr (error->message, ==, "The server refused it.");
  const char *text = tern_fault_get_server_text (error);
  g_assert_true (g_utf8_validate (text, -1, NULL));
  g_assert_null (strpbrk (text, "\r\n\x01"));
  g_assert_null (strstr (text, "\xE2\x80\xAE"));
  g_assert_true (g_str_has_prefix (text, "no"));

  g_autofree char *endless = g_strnfill (1 << 20, 'x');
  g_autoptr (GError) cut = tern_fault_new_server (TERN_FAULT_REFUSED, endless, "No.");
  g_assert_cmpuint (strlen (tern_fault_get_server_text (cut)), ==, 1024);

  g_autoptr (GError) copy = g_error_copy (error);
  g_assert_cmpstr (tern_fault_get_server_text (copy), ==, text);
}

static void
test_take (void)
{
  static const struct
  {
    int io;
    TernFaultCode fault;
    int exit_code;
  } cases[] = {
    { G_IO_ERROR_HOST_NOT_FOUND, TERN_FAULT_UNKNOWN_HOST, 69 },
    { G_IO_ERROR_CONNECTION_REFUSED, TERN_FAULT_UNREACHABLE, 69 },
    { G_IO_ERROR_NETWORK_UNREACHABLE, TERN_FAULT_UNREACHABLE, 69 },
    { G_IO_ERROR_TIMED_OUT, TERN_FAULT_TIMED_OUT, 69 },
    { G_IO_ERROR_CONNECTION_CLOSED, TERN_FAULT_DISCONNECTED, 69 },
    { G_IO_ERROR_NO_SPACE, TERN_FAULT_DISK_FULL, 74 },
    { G_IO_ERROR_READ_ONLY, TERN_FAULT_DISK_READ_ONLY, 74 },
    { G_IO_ERROR_PERMISSION_DENIED, TERN_FAULT_DISK_READ_ONLY, 74 },
    { G_IO_ERROR_CANCELLED, TERN_FAULT_CANCELLED, 130 },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) plain = g_error_new (G_IO_ERROR, cases[i].io, "why");
      g_assert_cmpint (tern_fault_exit_code (plain), ==, cases[i].exit_code);
      g_autoptr (GError) fault = tern_fault_take (g_steal_pointer (&plain), "Cannot do it");
      g_assert_error (fault, TERN_FAULT, (int) cases[i].fault);
      g_assert_cmpint (tern_fault_exit_code (fault), ==, cases[i].exit_code);
      if (cases[i].fault != TERN_FAULT_CANCELLED)
        g_assert_cmpstr (fault->message, ==, "Cannot do it: why");
    }

  g_autoptr (GError) ours = tern_fault_new (TERN_FAULT_LIMIT, "full");
  GError *before = ours;
  ours = tern_fault_take (ours, "ignored");
  g_assert_true (ours == before);
}

static void
test_cancelled (void)
{
  g_autoptr (GError) io = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED, "stop");
  g_autoptr (GError) ours = tern_fault_new (TERN_FAULT_CANCELLED, "stop");
  g_autoptr (GError) other = tern_fault_new (TERN_FAULT_DISK, "disk");
  g_assert_true (tern_fault_is_cancelled (io));
  g_assert_true (tern_fault_is_cancelled (ours));
  g_assert_false (tern_fault_is_cancelled (other));
  g_assert_cmpint (tern_fault_get_retry (io), ==, TERN_RETRY_NEVER);
}

static void
test_names_are_stable (void)
{
  for (TernFaultCode code = TERN_FAULT_INTERNAL; code <= TERN_FAULT_NO_SECRET; code++)
    {
      const char *name = tern_fault_code_name (code);
      g_assert_nonnull (name);
      g_assert_cmpuint (strlen (name), >, 0);
      g_assert_cmpint (tern_fault_code_from_name (name), ==, code);
      for (TernFaultCode other = TERN_FAULT_INTERNAL; other < code; other++)
        g_assert_cmpstr (tern_fault_code_name (other), !=, name);
    }
  g_assert_cmpstr (tern_fault_code_name (TERN_FAULT_UNKNOWN_HOST), ==, "unknown-host");
  g_assert_cmpint (tern_fault_code_from_name ("of-tomorrow"), ==, TERN_FAULT_REFUSED);
  g_assert_cmpint (tern_fault_code_from_name (NULL), ==, TERN_FAULT_REFUSED);
}

/* The account is said once, and nothing else of the fault changes. */
static void
test_named (void)
{
  g_autoptr (GError) fault =
      tern_fault_new_server (TERN_FAULT_REFUSED, "no", "The server refused it.");
  g_autoptr (GError) named = tern_fault_name (fault, "work");
  g_autoptr (GError) again = tern_fault_name (named, "work");

  g_assert_error (named, TERN_FAULT, TERN_FAULT_REFUSED);
  g_assert_cmpstr (named->message, ==, "work: The server refused it.");
  g_assert_cmpstr (tern_fault_get_server_text (named), ==, "no");
  g_assert_cmpint (tern_fault_get_retry (named), ==, tern_fault_get_retry (fault));
  g_assert_cmpstr (again->message, ==, named->message);
}

/* Words that happen to contain the name do not say it. */
static void
test_named_within (void)
{
  g_autoptr (GError) fault =
      tern_fault_new (TERN_FAULT_UNREACHABLE, "Cannot connect to localhost.");
  g_autoptr (GError) other =
      g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED, "localhost says no.");
  g_autoptr (GError) named = tern_fault_name (fault, "local");
  g_autoptr (GError) copy = g_error_copy (named);
  g_autoptr (GError) again = tern_fault_name (copy, "local");
  g_autoptr (GError) taken = tern_fault_name (other, "local");
  g_autoptr (GError) twice = tern_fault_name (taken, "local");

  g_assert_false (tern_fault_is_named (fault));
  g_assert_cmpstr (named->message, ==, "local: Cannot connect to localhost.");
  g_assert_cmpstr (again->message, ==, named->message);
  g_assert_cmpstr (taken->message, ==, "local: localhost says no.");
  g_assert_cmpstr (twice->message, ==, taken->message);
  g_assert_true (tern_fault_is_named (twice));
}

static void
test_backoff (void)
{
  TernBackoff backoff = TERN_BACKOFF_INIT (2000, 300000);
  guint64 span = 2000;
  for (guint i = 0; i < 40; i++)
    {
      guint delay = tern_backoff_next_ms (&backoff);
      g_assert_cmpuint (delay, >=, 1000);
      g_assert_cmpuint (delay, <=, MIN (span, 300000));
      span = MIN (span * 2, 300000);
    }
  tern_backoff_reset (&backoff);
  g_assert_cmpuint (tern_backoff_next_ms (&backoff), <=, 2000);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/base/fault/axes", test_axes);
  g_test_add_func ("/base/fault/server-text", test_server_text_is_cleaned_and_apart);
  g_test_add_func ("/base/fault/take", test_take);
  g_test_add_func ("/base/fault/cancelled", test_cancelled);
  g_test_add_func ("/base/fault/names", test_names_are_stable);
  g_test_add_func ("/base/fault/named", test_named);
  g_test_add_func ("/base/fault/named-within", test_named_within);
  g_test_add_func ("/base/backoff", test_backoff);
  return g_test_run ();
}
