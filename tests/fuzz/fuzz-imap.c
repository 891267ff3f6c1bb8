/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-fuzz.h"

#include "tern-imap-dump.h"
#include "tern-imap-set.h"

#include <string.h>

const char *const tern_fuzz_seeds[] = {
  "* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN LITERAL+ ID ENABLE IDLE] ready\r\n",
  "* 1 FETCH (UID 7 FLAGS (\\Seen $Forwarded) INTERNALDATE \"17-Jul-1996 02:44:25 -0700\" "
  "RFC822.SIZE 4286 MODSEQ (12121231000) ENVELOPE (\"Wed, 17 Jul 1996 02:23:25 -0700 (PDT)\" "
  "\"IMAP4rev1 \\\"WG\\\" mtg\" ((\"Terry Gray\" NIL \"gray\" \"cac.example\")) NIL ((NIL NIL "
  "\"g\" "
  "NIL)(NIL NIL NIL NIL)) NIL NIL NIL NIL \"<B27397@cac.example>\") BODY[HEADER.FIELDS "
  "(REFERENCES)] {20}\r\nReferences: <a@b>\r\n\r\n)\r\n",
  "* 2 FETCH (BODYSTRUCTURE ((\"text\" \"plain\" (\"charset\" \"utf-8\") NIL NIL \"7bit\" 12 1)"
  "(\"message\" \"rfc822\" NIL NIL NIL \"7bit\" 99 (NIL \"x\" NIL NIL NIL NIL NIL NIL NIL NIL) "
  "((\"text\" \"html\" NIL NIL NIL \"base64\" 3 1)(\"image\" \"png\" (\"name*0*\" \"utf-8''%c3\" "
  "\"name*1*\" \"%a9\") \"<c@d>\" NIL \"base64\" 4 NIL (\"inline\" (\"filename\" \"a.png\"))) "
  "\"related\") 5) \"mixed\" (\"boundary\" \"x\") NIL NIL))\r\n",
  "* 3 FETCH (BODY[1.TEXT]<0> {5}\r\nhello UID 9)\r\nA1 OK done\r\n",
  "* LIST (\\HasNoChildren \\Sent) \"/\" {4}\r\nSent\r\n* LSUB () NIL \"&AOQ-\"\r\n",
  "* STATUS INBOX (MESSAGES 2 UNSEEN 1 UIDNEXT 3 UIDVALIDITY 4 HIGHESTMODSEQ 5)\r\n",
  "* SEARCH 1 2 3\r\n* ESEARCH (TAG \"A1\") UID ALL 1:3,7\r\n* VANISHED (EARLIER) 1:9,12\r\n",
  "* NAMESPACE ((\"\" \"/\")) NIL ((\"~\" \"/\"))\r\n+ idling\r\n",
  "* MYRIGHTS INBOX lrswipkxtea\r\n* MYRIGHTS {3}\r\na/b \"cd\"\r\n",
  "* QUOTA \"\" (STORAGE 10 512 MESSAGE 18446744073709551615 1 X (a b))\r\n"
  "* CAPABILITY APPENDLIMIT=1 APPENDLIMIT= APPENDLIMIT\r\n",
  "* 4 FETCH (UID 9 EMAILID (M6d-9_a) X-GM-MSGID 1278455344230334865 X-GM-LABELS (\\Inbox a \"b "
  "c\") PREVIEW \"Hello "
  "\\\"you\\\"\")\r\n",
  "* STATUS \"Gr\303\274n\" (MESSAGES 2 MAILBOXID (F2212ea87-6097))\r\n",
  "A2 NO [COPYUID 3 1:4 5:8] (no\r\n* BYE\r\n* 5 EXPUNGE\r\n",
  NULL,
};

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autofree char *whole = tern_imap_dump ((const char *) data, size, G_MAXSIZE, 0);
  g_autofree char *bytes = tern_imap_dump ((const char *) data, size, 1, 0);
  g_autofree char *pieces = tern_imap_dump ((const char *) data, size, 7, 0);
  g_autofree char *name = g_strndup (size > 0 ? (const char *) data : "", size);
  g_autofree char *decoded = tern_imap_utf7_decode (name, NULL);
  g_autofree char *encoded = tern_imap_utf7_encode (name);
  g_autofree char *again = tern_imap_utf7_decode (encoded, NULL);
  g_autofree char *below = tern_imap_set_below (name, 1000);
  g_autofree char *rest = NULL;
  g_autofree char *first = tern_imap_set_split (name, 1000, &rest);
  g_autoptr (GArray) uids = g_array_new (FALSE, FALSE, sizeof (guint32));

  g_assert_cmpstr (whole, ==, bytes);
  g_assert_cmpstr (whole, ==, pieces);
  g_assert_true (g_utf8_validate (decoded, -1, NULL));
  g_assert_true (g_str_is_ascii (encoded));
  /* A name goes to a server that writes UTF-8 as it came from there. */
  if (g_utf8_validate (name, -1, NULL))
    g_assert_cmpstr (again, ==, name);
  g_assert_true (first != NULL || rest == NULL);
  tern_imap_set_parse ((TernImapSlice){ (const char *) data, size }, 1000, uids);
  g_assert_cmpuint (uids->len, <=, 1000);
  return 0;
}
