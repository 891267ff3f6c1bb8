/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "smtp-fixture.h"

#include <string.h>

#define MESSAGE "Subject: x\r\n\r\n.hello\r\n"

/* The result of a submission, and the fixture for the hook, which gets the same user data. */
typedef struct
{
  SmtpFixture *fixture;
  GAsyncResult *result;
} Submission;

static void
submitted_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Submission *submission = user_data;

  submission->result = g_object_ref (result);
}

static void
ready_cb (TernSmtpSession *session, gpointer user_data)
{
  Submission *submission = user_data;

  submission->fixture->ready++;
  if (!submission->fixture->hold)
    tern_smtp_session_finish_data (session);
}

static void
start_submit (SmtpFixture *self,
              Submission *submission,
              const char *to,
              const char *message,
              gboolean all_or_none,
              GCancellable *cancellable)
{
  g_auto (GStrv) list = g_strsplit (to, " ", -1);
  g_autoptr (GBytes) bytes = g_bytes_new (message, strlen (message));

  submission->fixture = self;
  submission->result = NULL;
  tern_smtp_session_submit_async (self->session, "a@x.test", (const char *const *) list, bytes,
                                  all_or_none, ready_cb, cancellable, submitted_cb, submission);
}

static GPtrArray *
end_submit (SmtpFixture *self, Submission *submission, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  tern_test_wait_until (submission->result != NULL);
  result = g_steal_pointer (&submission->result);
  return tern_smtp_session_submit_finish (self->session, result, error);
}

static GPtrArray *
submit (SmtpFixture *self,
        const char *to,
        const char *message,
        gboolean all_or_none,
        GError **error)
{
  Submission submission;

  start_submit (self, &submission, to, message, all_or_none, NULL);
  return end_submit (self, &submission, error);
}

/* "accepted:250 refused:550/5.1.1 …" */
static char *
describe (GPtrArray *recipients)
{
  static const char *const states[] = { "waiting", "accepted", "later", "refused" };
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < recipients->len; i++)
    {
      TernSmtpRecipient *recipient = g_ptr_array_index (recipients, i);

      g_string_append_printf (text, "%s%s:%u", i > 0 ? " " : "", states[recipient->state],
                              recipient->code);
      if (recipient->enhanced != NULL)
        g_string_append_printf (text, "/%s", recipient->enhanced);
    }
  return g_string_free (text, FALSE);
}

static void
assert_submit (SmtpFixture *self, const char *to, gboolean all_or_none, const char *expected)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) recipients = submit (self, to, MESSAGE, all_or_none, &error);
  g_autofree char *text = NULL;

  g_assert_no_error (error);
  text = describe (recipients);
  g_assert_cmpstr (text, ==, expected);
}

static void
assert_submit_fails (SmtpFixture *self, const char *to, const char *message, TernFaultCode code)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (submit (self, to, message, FALSE, &error));
  smtp_assert_fault (error, code);
}

static void
test_pipelining (void)
{
  g_auto (SmtpFixture) f = { 0 };
  g_autofree char *sent = NULL;

  smtp_fixture_start (&f, TERN_SECURITY_TLS, NULL);
  smtp_add_script (&f, smtp_greet_pipelining, "C: MAIL FROM:<a@x.test> SIZE=22",
                   "C: RCPT TO:<b@x.test>", "C: RCPT TO:<c@x.test>", "C: DATA", "S: 250 2.1.0 Ok",
                   "S: 250 2.1.5 Ok", "S: 250 2.1.5 Ok", "S: 354 go", "DATA",
                   "S: 250 2.0.0 queued as 1", "C: QUIT", NULL);
  smtp_must_open (&f);
  g_assert_cmpuint (tern_smtp_session_get_size_limit (f.session), ==, 1000);
  assert_submit (&f, "b@x.test c@x.test", FALSE, "accepted:250/2.0.0 accepted:250/2.0.0");
  g_assert_cmpuint (f.ready, ==, 1);
  g_assert_true (tern_smtp_session_is_open (f.session));
  tern_smtp_session_close (f.session);
  g_assert_false (tern_smtp_session_is_open (f.session));
  tern_script_server_finish (f.server, 1);
  sent = tern_script_server_dup_received (f.server, 0);
  g_assert_nonnull (strstr (sent, "DATA\r\nSubject: x\r\n\r\n..hello\r\n.\r\nQUIT\r\n"));
}

static void
test_one_by_one (void)
{
  g_auto (SmtpFixture) f = { 0 };

  smtp_fixture_start (&f, TERN_SECURITY_TLS, NULL);
  smtp_add_script (&f, smtp_greet_plain, "C: MAIL FROM:<a@x.test>", "QUIET: 50", "S: 250 Ok",
                   "C: RCPT TO:<b@x.test>", "QUIET: 50", "S: 250 Ok", "C: RCPT TO:<c@x.test>",
                   "QUIET: 50", "S: 251 will forward", "C: DATA", "QUIET: 50", "S: 354 go", "DATA",
                   "S: 250 done", "STALL", NULL);
  smtp_must_open (&f);
  g_assert_cmpuint (tern_smtp_session_get_size_limit (f.session), ==, 0);
  assert_submit (&f, "b@x.test c@x.test", FALSE, "accepted:250 accepted:250");
}

static void
test_several_messages (void)
{
  g_auto (SmtpFixture) f = { 0 };

  smtp_fixture_start (&f, TERN_SECURITY_TLS, NULL);
  smtp_add_script (&f, smtp_greet_plain, "C: MAIL *", "S: 250 Ok", "C: RCPT *", "S: 250 Ok",
                   "C: DATA", "S: 354 go", "DATA", "S: 250 one", /* the second is refused */
                   "C: MAIL *", "S: 250 Ok", "C: RCPT *", "S: 550 5.1.1 no", "C: RSET", "S: 250 Ok",
                   /* and the third goes out */
                   "C: MAIL *", "S: 250 Ok", "C: RCPT *", "S: 250 Ok", "C: DATA", "S: 354 go",
                   "DATA", "S: 250 three", "STALL", NULL);
  smtp_must_open (&f);
  assert_submit (&f, "b@x.test", FALSE, "accepted:250");
  assert_submit (&f, "b@x.test", FALSE, "refused:550/5.1.1");
  assert_submit (&f, "b@x.test", FALSE, "accepted:250");
  g_assert_cmpuint (f.ready, ==, 2);
}

static void
test_large_message (void)
{
  g_auto (SmtpFixture) f = { 0 };
  g_autofree char *line = g_strnfill (200, '.');
  g_autoptr (GString) message = g_string_new ("Subject: large\r\n\r\n");
  g_autoptr (GString) expected = g_string_new ("DATA\r\nSubject: large\r\n\r\n");
  g_autoptr (GPtrArray) recipients = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *sent = NULL;

  for (guint i = 0; i < 5000; i++)
    {
      g_string_append_printf (message, "%s\r\n", line);
      g_string_append_printf (expected, ".%s\r\n", line);
    }
  g_string_append (expected, ".\r\n");
  smtp_fixture_start (&f, TERN_SECURITY_TLS, NULL);
  smtp_add_script (&f, smtp_greet_plain, "C: MAIL *", "S: 250 Ok", "C: RCPT *", "S: 250 Ok",
                   "C: DATA", "S: 354 go", "DATA", "S: 250 done", "STALL", NULL);
  smtp_must_open (&f);
  recipients = submit (&f, "b@x.test", message->str, FALSE, &error);
  g_assert_no_error (error);
  sent = tern_script_server_dup_received (f.server, 0);
  g_assert_true (g_str_has_suffix (sent, expected->str));
}

static void
test_recipients (void)
{
  g_auto (SmtpFixture) f = { 0 };

  smtp_fixture_start (&f, TERN_SECURITY_TLS, NULL);
  smtp_add_script (&f, smtp_greet_pipelining, "C: MAIL *", "S: 250 Ok", "C: RCPT *", "S: 250 Ok",
                   "C: RCPT *", "S: 550-5.1.1 No such", "S: 550 5.1.1 user here", "C: RCPT *",
                   "S: 452 4.5.3 too many", "C: DATA", "S: 354 go", "DATA", "S: 250 done", "STALL",
                   NULL);
  smtp_must_open (&f);
  assert_submit (&f, "b@x.test c@x.test d@x.test", FALSE,
                 "accepted:250 refused:550/5.1.1 later:452/4.5.3");
}

static void
test_all_or_none (void)
{
  g_auto (SmtpFixture) f = { 0 };

  smtp_fixture_start (&f, TERN_SECURITY_TLS, NULL);
  smtp_add_script (&f, smtp_greet_pipelining, "C: MAIL *", "C: RCPT *", "C: RCPT *", "QUIET: 50",
                   "S: 250 Ok", "S: 250 Ok", "S: 550 5.1.1 no", "C: RSET",
                   "S: 250 Ok", /* then all are accepted */
                   "C: MAIL *", "C: RCPT *", "C: RCPT *", "QUIET: 50", "S: 250 Ok", "S: 250 Ok",
                   "S: 250 Ok", "C: DATA", "S: 354 go", "DATA", "S: 250 done", "STALL", NULL);
  smtp_must_open (&f);
  assert_submit (&f, "b@x.test c@x.test", TRUE, "waiting:250 refused:550/5.1.1");
  g_assert_cmpuint (f.ready, ==, 0);
  assert_submit (&f, "b@x.test c@x.test", TRUE, "accepted:250 accepted:250");
}

/* DATA went along with the recipients, and the server asks for a message that nobody would get. */
static void
test_nobody_left (gconstpointer answer)
{
  g_auto (SmtpFixture) f = { 0 };

  smtp_fixture_start (&f, TERN_SECURITY_TLS, NULL);
  if (g_str_equal (answer, "354"))
    smtp_add_script (&f, smtp_greet_pipelining, "C: MAIL *", "C: RCPT *", "C: DATA", "S: 250 Ok",
                     "S: 550 5.1.1 no", "S: 354 go", "C: .", "S: 554 5.5.1 nobody", "STALL", NULL);
  else if (g_str_equal (answer, "554"))
    smtp_add_script (&f, smtp_greet_pipelining, "C: MAIL *", "C: RCPT *", "C: DATA", "S: 250 Ok",
                     "S: 550 5.1.1 no", "S: 554 5.5.1 nobody", "C: RSET", "S: 250 Ok", "STALL",
                     NULL);
  else
    smtp_add_script (&f, smtp_greet_pipelining, "C: MAIL *", "C: RCPT *", "C: DATA", "S: 250 Ok",
                     "S: 550 5.1.1 no", "S: 354 go", "C: .", "CUT", NULL);
  smtp_must_open (&f);
  assert_submit (&f, "b@x.test", FALSE, "refused:550/5.1.1");
  g_assert_cmpuint (f.ready, ==, 0);
  g_assert_cmpint (tern_smtp_session_is_open (f.session), ==, !g_str_equal (answer, "cut"));
}

static void
test_refused_data (void)
{
  g_auto (SmtpFixture) f = { 0 };

  smtp_fixture_start (&f, TERN_SECURITY_TLS, NULL);
  smtp_add_script (&f, smtp_greet_plain, "C: MAIL *", "S: 250 Ok", "C: RCPT *", "S: 250 Ok",
                   "C: DATA", "S: 554 5.7.1 not you", "C: RSET", "S: 250 Ok", /* then at the dot */
                   "C: MAIL *", "S: 250 Ok", "C: RCPT *", "S: 250 Ok", "C: DATA", "S: 354 go",
                   "DATA", "S: 552 5.3.4 too large", /* and for now */
                   "C: MAIL *", "S: 250 Ok", "C: RCPT *", "S: 250 Ok", "C: DATA", "S: 354 go",
                   "DATA", "S: 451 4.7.1 greylisted", "STALL", NULL);
  smtp_must_open (&f);
  assert_submit (&f, "b@x.test", FALSE, "refused:554/5.7.1");
  assert_submit (&f, "b@x.test", FALSE, "refused:552/5.3.4");
  assert_submit (&f, "b@x.test", FALSE, "later:451/4.7.1");
}

static void
test_refused_sender (void)
{
  static const struct
  {
    const char *answer;
    TernFaultCode code;
  } samples[] = {
    { "S: 553 5.7.1 not your address", TERN_FAULT_REFUSED },
    { "S: 552 5.3.4 too large", TERN_FAULT_LIMIT },
    { "S: 451 4.3.0 later", TERN_FAULT_UNAVAILABLE },
    { "S: 421 4.3.2 going down", TERN_FAULT_UNAVAILABLE },
    { "S: 354 what?", TERN_FAULT_PROTOCOL },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (samples); i++)
    {
      g_auto (SmtpFixture) f = { 0 };

      smtp_fixture_start (&f, TERN_SECURITY_TLS, NULL);
      smtp_add_script (&f, smtp_greet_pipelining, "C: MAIL *", samples[i].answer, "STALL", NULL);
      smtp_must_open (&f);
      assert_submit_fails (&f, "b@x.test", MESSAGE, samples[i].code);
      g_assert_cmpuint (f.ready, ==, 0);
    }
}

/* What is known to fail is not tried; the session goes on. */
static void
test_refused_by_us (void)
{
  g_auto (SmtpFixture) f = { 0 };
  g_autofree char *large = g_strnfill (1001, 'x');

  smtp_fixture_start (&f, TERN_SECURITY_TLS, NULL);
  smtp_add_script (&f, smtp_greet_pipelining, "QUIET: 100", "STALL", NULL);
  smtp_must_open (&f);
  assert_submit_fails (&f, "b@x.test", large, TERN_FAULT_LIMIT);
  assert_submit_fails (&f, "b@x.test>\r\nRCPT", MESSAGE, TERN_FAULT_INVALID);
  assert_submit_fails (&f, "b@x.test> c@x.test", MESSAGE, TERN_FAULT_INVALID);
  assert_submit_fails (&f, "nobody", MESSAGE, TERN_FAULT_INVALID);
  assert_submit_fails (&f, "@", MESSAGE, TERN_FAULT_INVALID);
  g_assert_true (tern_smtp_session_is_open (f.session));
}

static void
test_extensions_needed (void)
{
  g_auto (SmtpFixture) f = { 0 };
  g_auto (SmtpFixture) poor = { 0 };
  g_autoptr (GPtrArray) recipients = NULL;
  g_autoptr (GError) error = NULL;

  smtp_fixture_start (&f, TERN_SECURITY_TLS, NULL);
  smtp_add_script (
      &f, smtp_greet_pipelining, "C: MAIL FROM:<a@x.test> SIZE=18 BODY=8BITMIME SMTPUTF8",
      "C: RCPT TO:<jürgen@x.test>", "C: RCPT TO:<c@xn--bcher-kva.test>", "C: DATA", "S: 250 Ok",
      "S: 250 Ok", "S: 250 Ok", "S: 354 go", "DATA", "S: 250 done", "STALL", NULL);
  smtp_must_open (&f);
  recipients = submit (&f, "jürgen@x.test c@bücher.test", "Subject: x\r\n\r\nü\r\n", FALSE, &error);
  g_assert_no_error (error);

  smtp_fixture_start (&poor, TERN_SECURITY_TLS, NULL);
  smtp_add_script (&poor, smtp_greet_plain, "QUIET: 100", "STALL", NULL);
  smtp_must_open (&poor);
  assert_submit_fails (&poor, "jürgen@x.test", MESSAGE, TERN_FAULT_REFUSED);
  assert_submit_fails (&poor, "b@x.test", "Subject: ü\r\n\r\n", TERN_FAULT_REFUSED);
  assert_submit_fails (&poor, "b@x.test", "Subject: x\r\n\r\nü", TERN_FAULT_REFUSED);
}

/* The dot is the owner's to allow. */
static void
test_ready_hook (void)
{
  g_auto (SmtpFixture) f = { .hold = TRUE };
  g_autoptr (GPtrArray) recipients = NULL;
  g_autoptr (GError) error = NULL;
  Submission submission;

  smtp_fixture_start (&f, TERN_SECURITY_TLS, NULL);
  smtp_add_script (&f, smtp_greet_plain, "C: MAIL *", "S: 250 Ok", "C: RCPT *", "S: 250 Ok",
                   "C: DATA", "S: 354 go", "C: Subject: x", "C: ", "C: ..hello", "QUIET: 200",
                   "C: .", "S: 250 done", "STALL", NULL);
  smtp_must_open (&f);
  tern_smtp_session_finish_data (f.session); /* nothing to finish */
  start_submit (&f, &submission, "b@x.test", MESSAGE, FALSE, NULL);
  tern_test_wait_until (tern_script_server_get_position (f.server, 0) == 13);
  g_assert_cmpuint (f.ready, ==, 1);
  g_assert_null (submission.result);
  tern_smtp_session_finish_data (f.session);
  tern_smtp_session_finish_data (f.session); /* only once */
  recipients = end_submit (&f, &submission, &error);
  g_assert_no_error (error);
}

typedef struct
{
  const char *path;
  const char *steps[12];
  gboolean hold;
  TernFaultCode code;
} DropCase;

static const DropCase drop_cases[] = {
  { "mail", { "C: MAIL *" }, FALSE, TERN_FAULT_DISCONNECTED },
  { "mail-answered", { "C: MAIL *", "S: 250 Ok" }, FALSE, TERN_FAULT_DISCONNECTED },
  { "rcpt", { "C: MAIL *", "S: 250 Ok", "C: RCPT *" }, FALSE, TERN_FAULT_DISCONNECTED },
  { "rcpt-answered",
    { "C: MAIL *", "S: 250 Ok", "C: RCPT *", "S: 250 Ok" },
    FALSE,
    TERN_FAULT_DISCONNECTED },
  { "data",
    { "C: MAIL *", "S: 250 Ok", "C: RCPT *", "S: 250 Ok", "C: DATA" },
    FALSE,
    TERN_FAULT_DISCONNECTED },
  { "before-dot",
    { "C: MAIL *", "S: 250 Ok", "C: RCPT *", "S: 250 Ok", "C: DATA", "S: 354 go", "C: Subject: x",
      "C: ", "C: ..hello" },
    TRUE,
    TERN_FAULT_DISCONNECTED },
  { "after-dot",
    { "C: MAIL *", "S: 250 Ok", "C: RCPT *", "S: 250 Ok", "C: DATA", "S: 354 go", "DATA" },
    FALSE,
    TERN_FAULT_UNCERTAIN },
  { "garbage-after-dot",
    { "C: MAIL *", "S: 250 Ok", "C: RCPT *", "S: 250 Ok", "C: DATA", "S: 354 go", "DATA",
      "S: what?" },
    FALSE,
    TERN_FAULT_UNCERTAIN },
  { "half-reply-after-dot",
    { "C: MAIL *", "S: 250 Ok", "C: RCPT *", "S: 250 Ok", "C: DATA", "S: 354 go", "DATA",
      "R: 250-do" },
    FALSE,
    TERN_FAULT_UNCERTAIN },
  { "354-after-dot",
    { "C: MAIL *", "S: 250 Ok", "C: RCPT *", "S: 250 Ok", "C: DATA", "S: 354 go", "DATA",
      "S: 354 more" },
    FALSE,
    TERN_FAULT_UNCERTAIN },
  { "421-at-rcpt",
    { "C: MAIL *", "S: 250 Ok", "C: RCPT *", "S: 421 4.3.2 going down" },
    FALSE,
    TERN_FAULT_UNAVAILABLE },
  { "421-at-data",
    { "C: MAIL *", "S: 250 Ok", "C: RCPT *", "S: 250 Ok", "C: DATA", "S: 421 4.3.2 going down" },
    FALSE,
    TERN_FAULT_UNAVAILABLE },
  { "250-at-data",
    { "C: MAIL *", "S: 250 Ok", "C: RCPT *", "S: 250 Ok", "C: DATA", "S: 250 done already" },
    FALSE,
    TERN_FAULT_PROTOCOL },
  { "552-before-dot",
    { "C: MAIL *", "S: 250 Ok", "C: RCPT *", "S: 250 Ok", "C: DATA", "S: 354 go", "C: Subject: x",
      "S: 552 5.3.4 too large" },
    TRUE,
    TERN_FAULT_LIMIT },
  { "250-before-dot",
    { "C: MAIL *", "S: 250 Ok", "C: RCPT *", "S: 250 Ok", "C: DATA", "S: 354 go", "C: Subject: x",
      "S: 250 done already" },
    TRUE,
    TERN_FAULT_PROTOCOL },
};

static void
try_drop (const DropCase *test, const char *how)
{
  g_auto (SmtpFixture) f = { .hold = test->hold };
  g_autoptr (GPtrArray) steps = g_ptr_array_new ();

  smtp_fixture_start (&f, TERN_SECURITY_TLS, NULL);
  for (gsize i = 0; smtp_greet_plain[i] != NULL; i++)
    g_ptr_array_add (steps, (char *) smtp_greet_plain[i]);
  for (gsize i = 0; test->steps[i] != NULL; i++)
    g_ptr_array_add (steps, (char *) test->steps[i]);
  g_ptr_array_add (steps, (char *) how);
  g_ptr_array_add (steps, NULL);
  tern_script_server_addv (f.server, (const char *const *) steps->pdata);
  smtp_must_open (&f);
  assert_submit_fails (&f, "b@x.test", MESSAGE, test->code);
  g_assert_false (tern_smtp_session_is_open (f.session));
}

static void
test_drop (gconstpointer data)
{
  try_drop (data, "CLOSE");
}

static void
test_cut (gconstpointer data)
{
  try_drop (data, "CUT");
}

static void
test_drop_in_data (gconstpointer how)
{
  g_auto (SmtpFixture) f = { 0 };
  g_autofree char *message = g_strnfill (4 * 1024 * 1024, 'x');

  smtp_fixture_start (&f, TERN_SECURITY_TLS, NULL);
  smtp_add_script (&f, smtp_greet_plain, "C: MAIL *", "S: 250 Ok", "C: RCPT *", "S: 250 Ok",
                   "C: DATA", "S: 354 go", how, NULL);
  smtp_must_open (&f);
  assert_submit_fails (&f, "b@x.test", message, TERN_FAULT_DISCONNECTED);
  g_assert_cmpuint (f.ready, ==, 0);
}

static void
test_421_after_dot (void)
{
  g_auto (SmtpFixture) f = { 0 };

  smtp_fixture_start (&f, TERN_SECURITY_TLS, NULL);
  smtp_add_script (&f, smtp_greet_plain, "C: MAIL *", "S: 250 Ok", "C: RCPT *", "S: 250 Ok",
                   "C: DATA", "S: 354 go", "DATA", "S: 421 4.3.2 not now", "EOF", NULL);
  smtp_must_open (&f);
  assert_submit (&f, "b@x.test", FALSE, "later:421/4.3.2");
  g_assert_false (tern_smtp_session_is_open (f.session));
  tern_script_server_finish (f.server, 1);
}

static void
test_idle_end (gconstpointer last)
{
  g_auto (SmtpFixture) f = { 0 };

  smtp_fixture_start (&f, TERN_SECURITY_TLS, NULL);
  smtp_add_script (&f, smtp_greet_plain, last, "CLOSE", NULL);
  smtp_must_open (&f);
  tern_test_wait_until (!tern_smtp_session_is_open (f.session));
  assert_submit_fails (&f, "b@x.test", MESSAGE, TERN_FAULT_DISCONNECTED);
}

static void
test_cancel (void)
{
  static const char *const steps[] = { "C: MAIL *", "S: 250 Ok", "C: RCPT *",     "S: 250 Ok",
                                       "C: DATA",   "S: 354 go", "C: Subject: x", NULL };

  /* Cancelled while the server owes each of its answers, and while the data is held. */
  for (gsize n = 1; n < G_N_ELEMENTS (steps); n += 2)
    {
      g_auto (SmtpFixture) f = { .hold = TRUE };
      g_autoptr (GPtrArray) script = g_ptr_array_new ();
      g_autoptr (GCancellable) cancellable = g_cancellable_new ();
      g_autoptr (GError) error = NULL;
      Submission submission;

      smtp_fixture_start (&f, TERN_SECURITY_TLS, NULL);
      for (gsize i = 0; smtp_greet_plain[i] != NULL; i++)
        g_ptr_array_add (script, (char *) smtp_greet_plain[i]);
      for (gsize i = 0; i < n; i++)
        g_ptr_array_add (script, (char *) steps[i]);
      g_ptr_array_add (script, (char *) "STALL");
      g_ptr_array_add (script, NULL);
      tern_script_server_addv (f.server, (const char *const *) script->pdata);
      smtp_must_open (&f);
      start_submit (&f, &submission, "b@x.test", MESSAGE, FALSE, cancellable);
      tern_test_wait_until (tern_script_server_get_position (f.server, 0) == 3 + n);
      g_assert_null (submission.result);
      g_cancellable_cancel (cancellable);
      g_assert_null (end_submit (&f, &submission, &error));
      smtp_assert_fault (error, TERN_FAULT_CANCELLED);
      g_assert_false (tern_smtp_session_is_open (f.session));
      tern_script_server_finish (f.server, 1);
    }
}

static void
test_cancel_after_dot (gconstpointer abort)
{
  g_auto (SmtpFixture) f = { 0 };
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  Submission submission;

  smtp_fixture_start (&f, TERN_SECURITY_TLS, NULL);
  smtp_add_script (&f, smtp_greet_plain, "C: MAIL *", "S: 250 Ok", "C: RCPT *", "S: 250 Ok",
                   "C: DATA", "S: 354 go", "DATA", "STALL", NULL);
  smtp_must_open (&f);
  start_submit (&f, &submission, "b@x.test", MESSAGE, FALSE, cancellable);
  tern_test_wait_until (tern_script_server_get_position (f.server, 0) == 10);
  if (GPOINTER_TO_INT (abort))
    tern_smtp_session_abort (f.session);
  else
    g_cancellable_cancel (cancellable);
  g_assert_null (end_submit (&f, &submission, &error));
  smtp_assert_fault (error, TERN_FAULT_UNCERTAIN);
}

static void
add_drop_tests (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (drop_cases); i++)
    {
      g_autofree char *drop = g_strconcat ("/smtp/drop/", drop_cases[i].path, NULL);
      g_autofree char *cut = g_strconcat ("/smtp/cut/", drop_cases[i].path, NULL);

      g_test_add_data_func (drop, &drop_cases[i], test_drop);
      /* A reset may throw away what the server said last; what is known of the dot stays. */
      if (drop_cases[i].code == TERN_FAULT_DISCONNECTED
          || drop_cases[i].code == TERN_FAULT_UNCERTAIN)
        g_test_add_data_func (cut, &drop_cases[i], test_cut);
    }
  g_test_add_data_func ("/smtp/drop/in-data", "CLOSE", test_drop_in_data);
  g_test_add_data_func ("/smtp/cut/in-data", "CUT", test_drop_in_data);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_main_context_acquire (NULL);
  g_test_add_func ("/smtp/pipelining", test_pipelining);
  g_test_add_func ("/smtp/one-by-one", test_one_by_one);
  g_test_add_func ("/smtp/several-messages", test_several_messages);
  g_test_add_func ("/smtp/large-message", test_large_message);
  g_test_add_func ("/smtp/recipients", test_recipients);
  g_test_add_func ("/smtp/all-or-none", test_all_or_none);
  g_test_add_data_func ("/smtp/nobody-left/354", "354", test_nobody_left);
  g_test_add_data_func ("/smtp/nobody-left/554", "554", test_nobody_left);
  g_test_add_data_func ("/smtp/nobody-left/cut", "cut", test_nobody_left);
  g_test_add_func ("/smtp/refused-data", test_refused_data);
  g_test_add_func ("/smtp/refused-sender", test_refused_sender);
  g_test_add_func ("/smtp/refused-by-us", test_refused_by_us);
  g_test_add_func ("/smtp/extensions-needed", test_extensions_needed);
  g_test_add_func ("/smtp/ready-hook", test_ready_hook);
  add_drop_tests ();
  g_test_add_func ("/smtp/421-after-dot", test_421_after_dot);
  g_test_add_data_func ("/smtp/idle/421", "S: 421 4.4.2 idle", test_idle_end);
  g_test_add_data_func ("/smtp/idle/close", "CLOSE", test_idle_end);
  g_test_add_data_func ("/smtp/idle/unasked", "S: 250 surprise", test_idle_end);
  g_test_add_func ("/smtp/cancel", test_cancel);
  g_test_add_data_func ("/smtp/cancel-after-dot", GINT_TO_POINTER (FALSE), test_cancel_after_dot);
  g_test_add_data_func ("/smtp/abort-after-dot", GINT_TO_POINTER (TRUE), test_cancel_after_dot);
  return g_test_run ();
}
