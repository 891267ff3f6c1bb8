/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-imap-data.h"
#include "tern-imap-dump.h"
#include "tern-imap-fetch.h"
#include "tern-imap-set.h"

#include <string.h>

/* What responses mean: FETCH, body structures, sets, names. */

typedef struct
{
  TernImapParser *parser;
  TernImapFetchDecoder *decoder;
} Decoded;

static void
decoded_clear (Decoded *self)
{
  g_clear_pointer (&self->decoder, tern_imap_fetch_decoder_free);
  g_clear_pointer (&self->parser, tern_imap_parser_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Decoded, decoded_clear)

static TernImapFetch *
decode (Decoded *self, const char *response)
{
  gsize room;
  char *space;

  decoded_clear (self);
  self->parser = tern_imap_parser_new ();
  self->decoder = tern_imap_fetch_decoder_new ();
  space = tern_imap_parser_reserve (self->parser, &room);
  g_assert_cmpuint (strlen (response), <=, room);
  memcpy (space, response, strlen (response));
  tern_imap_parser_commit (self->parser, strlen (response));
  g_assert_cmpint (tern_imap_parser_next (self->parser), ==, TERN_IMAP_EVENT_RESPONSE);
  return tern_imap_fetch_decode (self->decoder, self->parser, 3);
}

static void
assert_slice (TernImapSlice slice, const char *expected)
{
  g_autofree char *text = slice.data != NULL ? g_strndup (slice.data, slice.length) : NULL;

  g_assert_cmpstr (text, ==, expected);
}

static void
test_preview (void)
{
  static const struct
  {
    const char *item;
    const char *preview;
  } cases[] = {
    { "PREVIEW \"Hello \\\"you\\\"\"", "Hello \"you\"" },
    { "PREVIEW {5}\r\nHello", "Hello" },
    { "PREVIEW \"\"", "" },
    { "PREVIEW NIL", NULL },
    { "PREVIEW (FUZZY \"an older draft\")", NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_auto (Decoded) d = { 0 };
      g_autofree char *response =
          g_strdup_printf ("* 1 FETCH (%s UID 7 FLAGS ())\r\n", cases[i].item);
      TernImapFetch *fetch = decode (&d, response);

      g_assert_cmpuint (fetch->uid, ==, 7);
      assert_slice (fetch->preview, cases[i].preview);
    }
}

static void
test_save_date (void)
{
  static const struct
  {
    const char *item;
    gint64 time;
  } cases[] = {
    { "SAVEDATE \"23-Nov-2026 10:00:00 +0100\"", 1795424400 },
    { "SAVEDATE NIL", 0 },
    { "SAVEDATE \"\"", 0 },
    { "SAVEDATE \"yesterday, or the day before\"", 0 },
    { "SAVEDATE (\"23-Nov-2026 10:00:00 +0100\")", 0 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_auto (Decoded) d = { 0 };
      g_autofree char *response =
          g_strdup_printf ("* 1 FETCH (%s UID 7 FLAGS ())\r\n", cases[i].item);
      TernImapFetch *fetch = decode (&d, response);

      g_assert_cmpuint (fetch->uid, ==, 7);
      g_assert_cmpint (fetch->save_date, ==, cases[i].time);
      g_assert_cmpint ((fetch->has & TERN_IMAP_FETCH_SAVEDATE) != 0, ==, cases[i].time != 0);
    }
}

static void
test_labels (void)
{
  static const struct
  {
    const char *item;
    const char *labels;
  } cases[] = {
    { "X-GM-LABELS ()", "" },
    { "X-GM-LABELS (\\Inbox work \"my label\" Gr&APw-n)", "\\Inbox\nwork\nmy label\nGr&APw-n" },
    { "X-GM-LABELS (\"\\\\Sent\" {3}\r\na/b)", "\\Sent\na/b" },
    { "X-GM-LABELS ({3}\r\na\nb \"\" (a) c)", "c" },
    { "X-GM-LABELS NIL", NULL },
    { "X-GM-LABELS work", NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_auto (Decoded) d = { 0 };
      g_autofree char *response =
          g_strdup_printf ("* 1 FETCH (%s UID 7 FLAGS ())\r\n", cases[i].item);
      TernImapFetch *fetch = decode (&d, response);

      g_assert_cmpuint (fetch->uid, ==, 7);
      g_assert_cmpstr (fetch->labels, ==, cases[i].labels);
    }
}

static void
test_set_parts (void)
{
  static const struct
  {
    const char *set;
    guint32 below;
    const char *left;
  } below[] = {
    { "1:*", 5, "1:4" },    { "1:4", 5, "1:4" },        { "7", 7, NULL },
    { "9:3,20", 5, "3:4" }, { "3,5:9,12", 7, "3,5:6" }, { "4294967295", 4294967295u, NULL },
  };
  static const struct
  {
    const char *set;
    guint32 n;
    const char *first;
    const char *rest;
  } split[] = {
    { "1:10", 3, "1:3", "4:10" },      { "1,3,5:9", 4, "1,3,5:6", "7:9" },
    { "1:3", 3, "1:3", NULL },         { "1:3,7", 9, "1:3,7", NULL },
    { "5:*", 1, "5", "6:4294967295" }, { "1:*", 4294967295u, "1:4294967295", NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (below); i++)
    {
      g_autofree char *left = tern_imap_set_below (below[i].set, below[i].below);

      g_assert_cmpstr (left, ==, below[i].left);
    }
  for (guint i = 0; i < G_N_ELEMENTS (split); i++)
    {
      g_autofree char *rest = NULL;
      g_autofree char *first = tern_imap_set_split (split[i].set, split[i].n, &rest);

      g_assert_cmpstr (first, ==, split[i].first);
      g_assert_cmpstr (rest, ==, split[i].rest);
    }
}

static void
test_email_id (void)
{
  static const struct
  {
    const char *items;
    const char *id;
  } cases[] = {
    { "EMAILID (M6d99ac3275bb4e)", "M6d99ac3275bb4e" },
    { "EMAILID (a_B-9)", "a_B-9" },
    { "X-GM-MSGID 18446744073709551615", "18446744073709551615" },
    { "EMAILID NIL", NULL },
    { "EMAILID ()", NULL },
    { "EMAILID (M1 M2)", NULL },
    { "EMAILID ((M1))", NULL },
    { "EMAILID (M1.2)", NULL },
    { "EMAILID (\"a b\")", NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_auto (Decoded) d = { 0 };
      g_autofree char *response =
          g_strdup_printf ("* 1 FETCH (%s UID 7 FLAGS ())\r\n", cases[i].items);
      TernImapFetch *fetch = decode (&d, response);

      g_assert_cmpuint (fetch->uid, ==, 7);
      assert_slice (fetch->email_id, cases[i].id);
      g_assert_cmpint (fetch->has & TERN_IMAP_FETCH_EMAIL_ID, ==,
                       cases[i].id != NULL ? TERN_IMAP_FETCH_EMAIL_ID : 0);
    }
}

static void
test_fetch (void)
{
  g_auto (Decoded) d = { 0 };
  TernImapFetch *fetch = decode (
      &d,
      "* 12 FETCH (UID 77 FLAGS (\\Seen \\Recent $Forwarded \\Flagged work $Junk later) "
      "INTERNALDATE \" 7-Jul-1996 02:44:25 -0700\" RFC822.SIZE 4294967296 MODSEQ "
      "(9007199254740993) "
      "ENVELOPE (\"Wed, 17 Jul 1996\" \"a \\\"b\\\" \\\\ c\" ((\"T\" NIL \"gray\" \"x.test\")) NIL "
      "((NIL NIL \"friends\" NIL)(NIL NIL \"a\" \"b\")(NIL NIL NIL NIL)) NIL NIL NIL {5}\r\n<i@j> "
      "\"<id@x>\") BODY[HEADER.FIELDS (\"REFERENCES\")] \"References: <a@b>\")\r\n");

  g_assert_cmpuint (fetch->uid, ==, 77);
  g_assert_cmpint (
      (int) fetch->has, ==,
      (int) (TERN_IMAP_FETCH_FLAGS | TERN_IMAP_FETCH_ENVELOPE | TERN_IMAP_FETCH_INTERNALDATE
             | TERN_IMAP_FETCH_SIZE | TERN_IMAP_FETCH_THREADING | TERN_IMAP_FETCH_MODSEQ));
  g_assert_cmpint (
      (int) fetch->flags, ==,
      (int) (TERN_FLAG_SEEN | TERN_FLAG_FORWARDED | TERN_FLAG_FLAGGED | TERN_FLAG_JUNK));
  g_assert_cmpstr (fetch->keywords, ==, "work later");
  g_assert_cmpint (fetch->internal_date, ==, 836732665);
  g_assert_cmpuint (fetch->size, ==, 4294967296u);
  g_assert_cmpuint (fetch->modseq, ==, 9007199254740993u);
  assert_slice (fetch->subject, "a \"b\" \\ c");
  g_assert_cmpuint (fetch->n_from, ==, 1);
  assert_slice (fetch->from[0].mailbox, "gray");
  g_assert_cmpuint (fetch->n_sender, ==, 0);
  g_assert_cmpuint (fetch->n_reply_to, ==, 3);
  assert_slice (fetch->reply_to[0].mailbox, "friends");
  assert_slice (fetch->reply_to[0].host, NULL);
  assert_slice (fetch->reply_to[1].host, "b");
  assert_slice (fetch->reply_to[2].mailbox, NULL);
  assert_slice (fetch->in_reply_to, "<i@j>");
  assert_slice (fetch->message_id, "<id@x>");
  assert_slice (fetch->references, "References: <a@b>");
}

static void
collect (const TernPart *part, gpointer data)
{
  g_string_append_printf (data, "%s=%s/%s ", part->section, part->type, part->subtype);
}

static const char *
sections (const TernPart *root, GString *out)
{
  g_string_truncate (out, 0);
  tern_part_foreach (root, collect, out);
  return out->str;
}

#define PLAIN \
  "(\"TEXT\" \"PLAIN\" (\"CHARSET\" \"utf-8\" \"FORMAT\" \"flowed\") NIL NIL \"7BIT\" 9 1)"
#define IMAGE \
  "(\"image\" \"png\" NIL \"<c@d>\" NIL \"BASE64\" 4 NIL (\"INLINE\" (\"filename\" \"a.png\")))"

static void
test_structure (void)
{
  g_auto (Decoded) d = { 0 };
  g_autoptr (GString) out = g_string_new (NULL);
  const TernPart *part;
  TernImapFetch *fetch;

  fetch = decode (&d, "* 1 FETCH (BODYSTRUCTURE " PLAIN ")\r\n");
  g_assert_cmpstr (sections (fetch->structure, out), ==, "1=text/plain ");
  g_assert_cmpstr (fetch->structure->charset, ==, "utf-8");
  g_assert_cmpstr (fetch->structure->format, ==, "flowed");
  g_assert_cmpstr (fetch->structure->encoding, ==, "7bit");
  g_assert_cmpuint (fetch->structure->size, ==, 9);

  fetch = decode (&d, "* 1 FETCH (BODYSTRUCTURE ((" PLAIN IMAGE " \"related\")" IMAGE
                      " \"mixed\" (\"boundary\" \"x\") (\"inline\" NIL) NIL NIL))\r\n");
  g_assert_cmpstr (sections (fetch->structure, out), ==,
                   "=multipart/mixed 1=multipart/related 1.1=text/plain 1.2=image/png "
                   "2=image/png ");
  part = tern_part_find_section (fetch->structure, "1.2");
  g_assert_cmpstr (part->content_id, ==, "c@d");
  g_assert_cmpstr (part->filename, ==, "a.png");
  g_assert_cmpstr (part->disposition, ==, "inline");
  g_assert_cmpstr (fetch->structure->disposition, ==, "inline");
}

/* RFC 9051 section 6.4.5.1: the numbers below a message/rfc822. */
static void
test_structure_message (void)
{
  static const char envelope[] = "(NIL \"x\" NIL NIL NIL NIL NIL NIL NIL NIL)";
  g_autofree char *response = g_strdup_printf (
      "* 1 FETCH (BODYSTRUCTURE (" PLAIN
      "(\"message\" \"rfc822\" NIL NIL NIL \"7bit\" 99 %s (" PLAIN IMAGE " \"mixed\") 5 NIL "
      "(\"attachment\" (\"filename\" \"m.eml\")))"
      "(\"message\" \"rfc822\" NIL NIL NIL \"7bit\" 99 %s (\"message\" \"rfc822\" NIL NIL NIL "
      "\"7bit\" 50 %s " PLAIN " 3) 5)"
      " \"mixed\"))\r\n",
      envelope, envelope, envelope);
  g_auto (Decoded) d = { 0 };
  g_autoptr (GString) out = g_string_new (NULL);
  TernImapFetch *fetch = decode (&d, response);

  g_assert_cmpstr (sections (fetch->structure, out), ==,
                   "=multipart/mixed 1=text/plain 2=message/rfc822 2.TEXT=multipart/mixed "
                   "2.1=text/plain 2.2=image/png 3=message/rfc822 3.1=message/rfc822 "
                   "3.1.1=text/plain ");
  g_assert_cmpstr (tern_part_find_section (fetch->structure, "2")->filename, ==, "m.eml");
}

/* As some servers send them. */
static void
test_structure_odd (void)
{
  static const struct
  {
    const char *structure;
    const char *expected;
  } cases[] = {
    { "(\"TEXT\" \"PLAIN\" NIL NIL NIL \"7BIT\" 0 0 NIL)", "1=text/plain " },
    { "(\"TEXT\" \"HTML\" NIL NIL NIL \"7BIT\" 0 NIL (\"attachment\") NIL)", "1=text/html " },
    { "(NIL NIL NIL NIL NIL NIL 0)", "1=application/octet-stream " },
    { "(" PLAIN "() \"mixed\")", "=multipart/mixed 1=text/plain " },
    { "(" PLAIN ")", "=multipart/mixed 1=text/plain " },
    { "(\"message\" \"rfc822\" NIL NIL NIL \"7bit\" 9)", "1=message/rfc822 " },
    { "(\"message\" \"rfc822\" NIL NIL NIL \"7bit\" 9 NIL NIL NIL)", "1=message/rfc822 " },
    { "(\"message\" \"delivery-status\" NIL NIL NIL \"7bit\" 9)", "1=message/delivery-status " },
    { "()", NULL },
    { "NIL", NULL },
  };
  g_autoptr (GString) out = g_string_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *response =
          g_strdup_printf ("* 1 FETCH (UID 3 BODYSTRUCTURE %s FLAGS ())\r\n", cases[i].structure);
      g_auto (Decoded) d = { 0 };
      TernImapFetch *fetch = decode (&d, response);

      g_assert_cmpuint (fetch->uid, ==, 3);
      g_assert_true (fetch->has & TERN_IMAP_FETCH_FLAGS);
      if (cases[i].expected == NULL)
        g_assert_null (fetch->structure);
      else
        g_assert_cmpstr (sections (fetch->structure, out), ==, cases[i].expected);
    }
}

static void
test_filename (void)
{
  static const struct
  {
    const char *params;
    const char *expected;
  } cases[] = {
    { "\"filename\" \"a.pdf\"", "a.pdf" },
    { "\"filename*\" \"utf-8''r%c3%a9.pdf\"", "r\xc3\xa9.pdf" },
    { "\"filename*\" \"iso-8859-1'fr'r%E9.pdf\"", "r\xc3\xa9.pdf" },
    { "\"filename*0*\" \"utf-8''r%c3\" \"filename*1*\" \"%a9\" \"filename*2\" \"%41.pdf\"",
      "r\xc3\xa9%41.pdf" },
    { "\"filename\" \"plain\" \"filename*\" \"utf-8''better\"", "better" },
    { "\"filename*\" \"no quotes\"", "no quotes" },
    { "\"filename\" NIL", NULL },
    { "\"filename\"", NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *response =
          g_strdup_printf ("* 1 FETCH (BODYSTRUCTURE (\"a\" \"b\" NIL NIL NIL \"7bit\" 0 NIL "
                           "(\"attachment\" (%s))))\r\n",
                           cases[i].params);
      g_auto (Decoded) d = { 0 };

      g_assert_cmpstr (decode (&d, response)->structure->filename, ==, cases[i].expected);
    }
}

static void
test_internal_date (void)
{
  static const struct
  {
    const char *text;
    gint64 time;
  } cases[] = {
    { "01-Jan-1970 00:00:00 +0000", 0 },
    { "29-Feb-2024 12:00:00 +0100", 1709204400 },
    { "17-Jul-1996 02:44:25 -0700", 837596665 },
    { "7-Jul-1996 02:44:25 -0700", 836732665 },
    { "31-Dec-2037 23:59:60 +0000", 2145916800 },
    { "17-Xyz-1996 02:44:25 -0700", 0 },
    { "17-Jul-1996 02:44:25", 0 },
    { "", 0 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    g_assert_cmpint (tern_imap_parse_internal_date (cases[i].text, strlen (cases[i].text)), ==,
                     cases[i].time);
  for (gint64 time = 0; time < 4000000000; time += 86399 * 37)
    {
      g_autofree char *text = tern_imap_format_internal_date (time);

      g_assert_cmpint (tern_imap_parse_internal_date (text, strlen (text)), ==, time);
    }
}

static void
test_sets (void)
{
  static const struct
  {
    const char *set;
    gboolean good;
    const char *again;
  } cases[] = {
    { "1", TRUE, "1" },
    { "1:3,7", TRUE, "1:3,7" },
    { "3:1", TRUE, "1:3" },
    { "9,1:2", TRUE, "9,1:2" },
    { "", FALSE, "" },
    { "0", FALSE, "" },
    { "1:", FALSE, "" },
    { "1,,2", FALSE, "" },
    { "*", FALSE, "" },
    { "1:*", FALSE, "" },
    { "1:4294967295", FALSE, "" },
    { "99999999999", FALSE, "" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GArray) uids = g_array_new (FALSE, FALSE, sizeof (guint32));
      TernImapSlice slice = { cases[i].set, strlen (cases[i].set) };
      g_autofree char *again = NULL;

      g_assert_cmpint (tern_imap_set_parse (slice, 1000, uids), ==, cases[i].good);
      again = tern_imap_set_format ((const guint32 *) uids->data, uids->len);
      g_assert_cmpstr (again, ==, cases[i].again);
    }
}

static void
test_utf7 (void)
{
  static const struct
  {
    const char *name;
    const char *raw;
  } pairs[] = {
    { "Entw\xc3\xbcrfe", "Entw&APw-rfe" },
    { "A & B", "A &- B" },
    { "~peter/mail/\xe5\x8f\xb0\xe5\x8c\x97/\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e",
      "~peter/mail/&U,BTFw-/&ZeVnLIqe-" },
    { "\xf0\x9f\x98\x80", "&2D3eAA-" },
  };
  static const char *const invalid[] = {
    "&", "&ABC", "&AB", "&2D0-", "&AGE-", "a\xc3\xa4", "&!!-"
  };
  gboolean valid;

  for (guint i = 0; i < G_N_ELEMENTS (pairs); i++)
    {
      g_autofree char *raw = tern_imap_utf7_encode (pairs[i].name);
      g_autofree char *name = tern_imap_utf7_decode (pairs[i].raw, &valid);

      g_assert_cmpstr (raw, ==, pairs[i].raw);
      g_assert_cmpstr (name, ==, pairs[i].name);
      g_assert_true (valid);
    }
  for (guint i = 0; i < G_N_ELEMENTS (invalid); i++)
    {
      g_autofree char *name = tern_imap_utf7_decode (invalid[i], &valid);

      g_assert_false (valid);
      g_assert_cmpstr (name, ==, invalid[i]);
    }
}

static void
assert_quota (const char *response, guint64 used, guint64 limit, guint percent)
{
  g_auto (Decoded) d = { 0 };
  TernQuota quota;

  decode (&d, response);
  g_assert_true (tern_imap_parse_quota (d.parser, 2, &quota));
  g_assert_cmpuint (quota.storage.used, ==, used);
  g_assert_cmpuint (quota.storage.limit, ==, limit);
  g_assert_cmpuint (tern_quota_get_percent (&quota), ==, percent);
}

/* Units of 1024 bytes, unknown resources, and numbers that no disk has. */
static void
test_quota (void)
{
  g_auto (Decoded) d = { 0 };
  TernQuota quota;

  assert_quota ("* QUOTA \"\" (STORAGE 96 100 X-THINGS 5 5)\r\n", 98304, 102400, 96);
  assert_quota ("* QUOTA user (MESSAGE 3 4 STORAGE 1 100)\r\n", 1024, 102400, 75);
  assert_quota ("* QUOTA user ()\r\n", 0, 0, 0);
  /* No room at all is what some say where there is no limit. */
  assert_quota ("* QUOTA user (STORAGE 5 0)\r\n", 0, 0, 0);
  assert_quota ("* QUOTA user (STORAGE 9223372036854775807 9223372036854775806)\r\n",
                G_MAXUINT64 / 1024 * 1024, G_MAXUINT64 / 1024 * 1024, 100);
  assert_quota ("* QUOTA user (STORAGE 99 1 STORAGE 1 99)\r\n", 101376, 1024, 100);
  assert_quota ("* QUOTA user (STORAGE 1)\r\n", 0, 0, 0);
  assert_quota ("* QUOTA user (STORAGE -1 -5 STORAGE 99999999999999999999 1)\r\n", 0, 0, 0);
  decode (&d, "* QUOTA user STORAGE\r\n");
  g_assert_false (tern_imap_parse_quota (d.parser, 2, &quota));
}

static gint64
append_limit_of (const char *response)
{
  g_auto (Decoded) d = { 0 };

  decode (&d, response);
  return tern_imap_parse_cap_number (d.parser, 2, tern_imap_parser_get_n_tokens (d.parser),
                                     "APPENDLIMIT=", 0, G_MAXINT64);
}

static void
test_append_limit (void)
{
  g_assert_cmpint (append_limit_of ("* CAPABILITY IMAP4rev1 APPENDLIMIT=257890\r\n"), ==, 257890);
  g_assert_cmpint (append_limit_of ("* CAPABILITY APPENDLIMIT=0\r\n"), ==, 0);
  g_assert_cmpint (append_limit_of ("* CAPABILITY APPENDLIMIT IMAP4rev1\r\n"), ==, -1);
  g_assert_cmpint (append_limit_of ("* CAPABILITY APPENDLIMIT= APPENDLIMIT=-1 APPENDLIMIT=1x"
                                    " APPENDLIMIT=9223372036854775808\r\n"),
                   ==, -1);
}

static void
test_rights (void)
{
  static const struct
  {
    const char *letters;
    const char *expected;
  } cases[] = {
    { "lrs", "lrs" },   { "aetxkpiwsrl0123", "lrswipkxtea" }, { "lrd", "lrxte" },
    { "lrcdx", "lrx" }, /* "c" and "d" beside what they stand for are only repeated */
    { "", "" },
  };
  g_autofree char *unknown = tern_rights_format (TERN_RIGHTS_NONE);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      TernRights rights = tern_rights_parse (cases[i].letters, strlen (cases[i].letters));
      g_autofree char *letters = tern_rights_format (rights);

      g_assert_cmpstr (letters, ==, cases[i].expected);
    }
  g_assert_null (unknown);
  g_assert_cmpint (tern_rights_missing (TERN_RIGHTS_NONE, TERN_RIGHTS_ALL), ==, 0);
  /* A folder that is opened for reading may all the same take messages. */
  g_assert_cmpint (tern_rights_missing (TERN_RIGHTS_READ_ONLY, TERN_RIGHT_INSERT), ==, 0);
  g_assert_true (tern_rights_only_reading (TERN_RIGHTS_READ_ONLY));
  g_assert_true (tern_rights_only_reading (tern_rights_parse ("lr", 2)));
  g_assert_false (tern_rights_only_reading (tern_rights_parse ("lri", 3)));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/imap/fetch/all", test_fetch);
  g_test_add_func ("/imap/fetch/email-id", test_email_id);
  g_test_add_func ("/imap/sets/parts", test_set_parts);
  g_test_add_func ("/imap/fetch/preview", test_preview);
  g_test_add_func ("/imap/fetch/labels", test_labels);
  g_test_add_func ("/imap/fetch/save-date", test_save_date);
  g_test_add_func ("/imap/structure/plain", test_structure);
  g_test_add_func ("/imap/structure/message", test_structure_message);
  g_test_add_func ("/imap/structure/odd", test_structure_odd);
  g_test_add_func ("/imap/structure/filename", test_filename);
  g_test_add_func ("/imap/internal-date", test_internal_date);
  g_test_add_func ("/imap/sets", test_sets);
  g_test_add_func ("/imap/utf7", test_utf7);
  g_test_add_func ("/imap/decode/quota", test_quota);
  g_test_add_func ("/imap/decode/append-limit", test_append_limit);
  g_test_add_func ("/imap/decode/rights", test_rights);
  return g_test_run ();
}
