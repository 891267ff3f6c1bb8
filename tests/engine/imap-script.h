/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * Pieces of IMAP dialogues for tern-script-server, as the engine leads them.
 */

#define IMAP_CAPS "IMAP4rev1 IDLE UIDPLUS LIST-EXTENDED LIST-STATUS SPECIAL-USE"

#define IMAP_LOGIN                                                                      \
  "S: * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] hi", "C: %t AUTHENTICATE PLAIN *", \
      "S: %t OK [CAPABILITY " IMAP_CAPS "] in"

#define IMAP_SELECT_INBOX(exists, uidvalidity, uidnext)                             \
  "C: %t SELECT \"INBOX\"*", "S: * FLAGS (\\Seen)", "S: * " exists " EXISTS",       \
      "S: * OK [UIDVALIDITY " uidvalidity "] x", "S: * OK [UIDNEXT " uidnext "] x", \
      "S: %t OK [READ-WRITE] selected"

#define IMAP_LIST_INBOX(messages, uidvalidity, uidnext)                                       \
  "C: %t LIST *", "S: * LIST (\\Subscribed) \"/\" INBOX",                                     \
      "S: * STATUS INBOX (MESSAGES " messages " UIDNEXT " uidnext " UIDVALIDITY " uidvalidity \
      " UNSEEN " messages ")",                                                                \
      "S: %t OK listed"

#define IMAP_MESSAGE_OF_SIZE(number, uid, subject, size)                                    \
  "S: * " number " FETCH (UID " uid " FLAGS () INTERNALDATE \"23-Nov-2026 10:00:00 +0000\"" \
  " RFC822.SIZE " size " ENVELOPE (\"Mon, 23 Nov 2026 10:00:00 +0000\" \"" subject "\""     \
  " ((NIL NIL \"a\" \"b.test\")) NIL NIL NIL NIL NIL NIL \"<" subject "@b.test>\")"         \
  " BODYSTRUCTURE (\"TEXT\" \"PLAIN\" NIL NIL NIL \"7BIT\" 5 1)"                            \
  " BODY[HEADER.FIELDS (REFERENCES)] \"\")"
#define IMAP_MESSAGE(number, uid, subject) IMAP_MESSAGE_OF_SIZE (number, uid, subject, "100")
