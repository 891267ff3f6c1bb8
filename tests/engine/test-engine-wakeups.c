/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <net/route.h>
#include <netinet/in.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "engine-fixture.h"
#include "imap-script.h"
#include "tern-script-server.h"

/*
 * The machine sleeps and wakes, the network goes and comes: a login manager and a NetworkManager on
 * a system bus of the test's own, and the kernel's routes in a network namespace of its own.
 */

#define UUID "6f0c1d52-7a3c-4a55-9d0c-0c5f5f8f2a11"

/* The system bus */

static GSubprocess *system_bus;
static GDataInputStream *system_answers;

static char *
read_answer (void)
{
  g_autoptr (GError) error = NULL;
  char *line = g_data_input_stream_read_line (system_answers, NULL, NULL, &error);

  g_assert_no_error (error);
  g_assert_nonnull (line);
  return line;
}

static void
start_system_bus (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *address = NULL;

  system_bus =
      g_subprocess_new (G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE, &error,
                        "/usr/bin/python3", TERN_TEST_LIB_DIR "/systembus.py", NULL);
  g_assert_no_error (error);
  system_answers = g_data_input_stream_new (g_subprocess_get_stdout_pipe (system_bus));
  address = read_answer ();
  g_setenv ("DBUS_SYSTEM_BUS_ADDRESS", address, TRUE);
  g_setenv ("GIO_USE_NETWORK_MONITOR", "networkmanager", TRUE);
}

static void
stop_system_bus (void)
{
  g_output_stream_close (g_subprocess_get_stdin_pipe (system_bus), NULL, NULL);
  g_subprocess_wait (system_bus, NULL, NULL);
  g_object_unref (system_answers);
  g_object_unref (system_bus);
}

static void
tell_system (const char *command)
{
  g_autofree char *line = g_strconcat (command, "\n", NULL);
  g_autofree char *answer = NULL;

  g_assert_true (g_output_stream_write_all (g_subprocess_get_stdin_pipe (system_bus), line,
                                            strlen (line), NULL, NULL, NULL));
  answer = read_answer ();
  g_assert_cmpstr (answer, ==, "ok");
}

/* The kernel's network: nothing but a loopback device */

static gboolean
write_proc (const char *path, const char *text)
{
  int fd = open (path, O_WRONLY | O_CLOEXEC);
  gboolean ok = fd >= 0 && write (fd, text, strlen (text)) == (gssize) strlen (text);

  if (fd >= 0)
    close (fd);
  return ok;
}

/* Who is not root has no name in the new namespace before it is given one, and D-Bus asks for it.
 */
static gboolean
enter_user_namespace (void)
{
  g_autofree char *user = g_strdup_printf ("%u %u 1", getuid (), getuid ());
  g_autofree char *group = g_strdup_printf ("%u %u 1", getgid (), getgid ());

  return unshare (CLONE_NEWUSER | CLONE_NEWNET) == 0 && write_proc ("/proc/self/setgroups", "deny")
         && write_proc ("/proc/self/uid_map", user) && write_proc ("/proc/self/gid_map", group);
}

static gboolean
enter_namespace (void)
{
  struct ifreq loopback = { .ifr_flags = IFF_UP | IFF_RUNNING };
  int fd;
  gboolean up;

  if (unshare (CLONE_NEWNET) != 0 && !enter_user_namespace ())
    return FALSE;
  fd = socket (AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  g_strlcpy (loopback.ifr_name, "lo", sizeof loopback.ifr_name);
  up = ioctl (fd, SIOCSIFFLAGS, &loopback) == 0;
  close (fd);
  return up;
}

/* Over the loopback device: to the kernel, and so to GNetworkMonitor, it is one like any other. */
static void
set_default_route (gboolean there)
{
  static char device[] = "lo";
  struct rtentry route = { .rt_flags = RTF_UP, .rt_dev = device };
  int fd = socket (AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

  route.rt_dst.sa_family = AF_INET;
  route.rt_genmask.sa_family = AF_INET;
  route.rt_gateway.sa_family = AF_INET;
  g_assert_cmpint (ioctl (fd, there ? SIOCADDRT : SIOCDELRT, &route), ==, 0);
  close (fd);
}

/* The account */

typedef struct
{
  TernTestCert *cert;
  TernScriptServer *server;
  guint scripts; /* that it has */
  EngineFixture *fixture;
  char *uuid;
} Setup;

static void
set_up_keeping (Setup *setup, const char *const *script, int keep_days)
{
  g_autoptr (TernAccountSettings) settings = tern_account_settings_new ();

  setup->cert = tern_test_cert_new (TERN_TEST_CERT_GOOD);
  setup->server = tern_script_server_new (setup->cert, TRUE);
  setup->scripts = script != NULL ? 1 : 0;
  if (script != NULL)
    tern_script_server_addv (setup->server, script);
  setup->fixture = engine_fixture_new ();
  engine_fixture_open (setup->fixture, TRUE);
  tern_account_settings_guess (settings, "anna@example.test");
  settings->keep_days = keep_days;
  g_free (settings->uuid);
  settings->uuid = g_strdup (UUID);
  tern_endpoint_unref (settings->imap);
  settings->imap = tern_endpoint_new ("127.0.0.1", tern_script_server_get_port (setup->server),
                                      TERN_SECURITY_TLS, setup->cert->ca_file, NULL);
  setup->uuid = g_strdup (UUID);
  g_free (engine_fixture_add_account (setup->fixture, settings, "geheim"));
}

static void
set_up (Setup *setup, const char *const *script)
{
  set_up_keeping (setup, script, 0);
}

static void
tear_down (Setup *setup)
{
  engine_fixture_free (setup->fixture);
  tern_script_server_free (setup->server);
  tern_test_cert_free (setup->cert);
  g_free (setup->uuid);
}

typedef struct
{
  TernScriptServer *server;
  guint steps;
} StepWait;

static gboolean
has_come_to (gpointer data)
{
  const StepWait *wait = data;

  return tern_script_server_get_position (wait->server, 0) >= wait->steps;
}

/* Of the first connection. */
static void
wait_steps (Setup *setup, guint steps)
{
  StepWait wait = { setup->server, steps };

  engine_wait (has_come_to, &wait);
}

static gboolean
has_new_mail (gpointer data)
{
  return ((Setup *) data)->fixture->new_mail->len > 0;
}

static gboolean
has_listed (gpointer data)
{
  Setup *setup = data;
  g_autoptr (TernMessageRecord) record =
      engine_fixture_find (setup->fixture, setup->uuid, "INBOX", "slept");

  return record != NULL;
}

static double
seconds_since (gint64 when)
{
  return (double) (g_get_monotonic_time () - when) / G_USEC_PER_SEC;
}

/* One message, in a mailbox that was empty; to all connections after @refusals more. */
static void
answer_after (Setup *setup, guint refusals)
{
  static const char *const refused[] = { "S: * BYE not you", NULL };
  static const char *const script[] = {
    IMAP_LOGIN,
    IMAP_SELECT_INBOX ("1", "77", "2"),
    "C: %t UID FETCH 1:* (*",
    IMAP_MESSAGE ("1", "1", "slept"),
    "S: %t OK fetched",
    "STALL",
    NULL,
  };
  guint before = tern_script_server_get_connections (setup->server) + refusals;

  for (guint i = setup->scripts; i < before; i++)
    tern_script_server_addv (setup->server, refused);
  for (guint i = 0; i < 8; i++)
    tern_script_server_addv (setup->server, script);
}

#define IDLING                                                                                    \
  IMAP_LOGIN, IMAP_SELECT_INBOX ("0", "77", "1"), IMAP_LIST_INBOX ("0", "77", "1"), "C: %t IDLE", \
      "S: + idling"
#define IDLING_STEPS 15

/* A connection that lives still is asked at once, and tells what came meanwhile. */
static void
test_sleep (void)
{
  static const char *const script[] = {
    IDLING,
    "QUIET: 300", /* that the machine goes to sleep is nothing to send for */
    "C: DONE",
    "S: %t OK idled",
    "C: %t NOOP",
    "S: * 1 EXISTS",
    "S: %t OK so much for the question",
    "C: %t NOOP",
    "S: %t OK nothing else",
    "C: %t UID FETCH 1:* (*",
    IMAP_MESSAGE ("1", "1", "slept"),
    "S: %t OK fetched",
    "STALL",
    NULL,
  };
  Setup setup;
  gint64 woken;

  tell_system ("connectivity 1");
  set_up (&setup, script);
  wait_steps (&setup, IDLING_STEPS);
  /* There is no network, as far as anybody knows; the server was asked all the same. */
  g_assert_false (g_network_monitor_get_network_available (g_network_monitor_get_default ()));
  tell_system ("sleep");
  wait_steps (&setup, IDLING_STEPS + 1);
  woken = g_get_monotonic_time ();
  tell_system ("wake");
  engine_wait (has_new_mail, &setup);
  g_assert_cmpstr (g_ptr_array_index (setup.fixture->new_mail, 0), ==, "slept");
  g_test_message ("listed %.3f s after waking", seconds_since (woken));
  g_assert_cmpfloat (seconds_since (woken), <, 3);
  tear_down (&setup);
}

/* One that died unseen is found out long before a server that is only slow would be given up. */
static void
test_sleep_cuts (void)
{
  static const char *const dead[] = { IDLING, "STALL", NULL };
  Setup setup;
  gint64 woken;

  set_up (&setup, dead);
  wait_steps (&setup, IDLING_STEPS);
  /* Those that are to watch are not let in: only the dead one is there to be asked. */
  answer_after (&setup, 2);
  woken = g_get_monotonic_time ();
  tell_system ("sleep");
  tell_system ("wake");
  engine_wait (has_new_mail, &setup);
  g_test_message ("listed %.3f s after waking", seconds_since (woken));
  g_assert_cmpfloat (seconds_since (woken), <, 30);
  tear_down (&setup);
}

/* Cost */

static gboolean
is_metered (gpointer data)
{
  return g_network_monitor_get_network_metered (g_network_monitor_get_default ());
}

/* Where each byte is paid for, headers only; what is kept here comes once it is not. */
static void
test_metered (void)
{
  static const char *const script[] = {
    IMAP_LOGIN,
    IMAP_SELECT_INBOX ("1", "77", "2"),
    "C: %t UID FETCH 1:1 (*",
    IMAP_MESSAGE ("1", "1", "slept"),
    "S: %t OK fetched",
    IMAP_LIST_INBOX ("1", "77", "2"),
    "C: %t IDLE",
    "S: + idling",
    "QUIET: 7000",
    "WAIT",
    "C: DONE",
    "S: %t OK idled",
    "C: %t NOOP",
    "S: %t OK as before",
    "C: %t IDLE",
    "S: + idling",
    "C: DONE",
    "S: %t OK idled",
    "C: %t UID FETCH 1 (UID BODY.PEEK[])",
    "S: * 1 FETCH (UID 1 BODY[] \"words\")",
    "S: %t OK fetched",
    "STALL",
    NULL,
  };
  Setup setup;

  tell_system ("connectivity 4");
  tell_system ("metered 1");
  engine_wait (is_metered, NULL);
  set_up_keeping (&setup, script, TERN_KEEP_ALL_DAYS);
  wait_steps (&setup, IDLING_STEPS + 4);
  tern_script_server_go (setup.server);
  tell_system ("metered 2");
  wait_steps (&setup, G_N_ELEMENTS (script) - 2);
  tear_down (&setup);
}

/* The network */

static gboolean
waits_long (gpointer data)
{
  Setup *setup = data;
  TernAccountStatus *status = tern_engine_dup_account_status (setup->fixture->engine, setup->uuid);
  gboolean waits = status->state == TERN_ACCOUNT_OFFLINE
                   && status->next_try > g_get_real_time () / G_USEC_PER_SEC + 4;

  tern_account_status_free (status);
  return waits;
}

static void
network_up (void)
{
  set_default_route (TRUE);
}

/* What ends the wait at once. */
static void
test_network (gconstpointer data)
{
  void (*come_back) (void) = data;
  Setup setup;
  gint64 back;

  tell_system ("connectivity 1");
  set_up (&setup, NULL);
  engine_wait (waits_long, &setup);
  answer_after (&setup, 0);
  back = g_get_monotonic_time ();
  come_back ();
  engine_wait (has_listed, &setup);
  g_test_message ("listed %.3f s after the network came back", seconds_since (back));
  g_assert_cmpfloat (seconds_since (back), <, 2);
  tear_down (&setup);
}

static void
portal_passed (void)
{
  tell_system ("connectivity 4");
}

int
main (int argc, char **argv)
{
  gboolean alone = enter_namespace ();
  int status;

  engine_fixture_prepare ();
  g_test_init (&argc, &argv, NULL);
  start_system_bus ();
  g_test_add_func ("/engine/wakeups/sleep", test_sleep);
  g_test_add_func ("/engine/wakeups/sleep-cuts", test_sleep_cuts);
  g_test_add_func ("/engine/wakeups/metered", test_metered);
  g_test_add_data_func ("/engine/wakeups/portal", portal_passed, test_network);
  if (alone)
    g_test_add_data_func ("/engine/wakeups/route", network_up, test_network);
  else
    g_test_message ("no network namespace of our own here: routes are not tried");
  status = g_test_run ();
  stop_system_bus ();
  return status;
}
