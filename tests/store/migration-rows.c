/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "migration-rows.h"

#define HASH_ONE    "54b28eeb6132cf73ddf84fa8ec1073352d1ebfced7b338c74afc211bce9eb86b"
#define HASH_HEADER "57e8ce91af21b93fe068d264d1280cc9d0a79e907aba9cad1f386e60ee60eb1b"
#define HASH_TEXT   "79285dd61063f676e8169d78f04e1124f53dc5cfa8e44771a0a7ee643e4089f7"
#define HASH_DRAFT  "d2f2820218e74f70a9915d142eb3365cf52d7e0712601f73e2d2f69e2a763cf7"
#define HASH_OUT    "271c96dd8bd1a3f99ae149959617eb34af979369456c4206c25e04ac5a921ede"
#define HASH_SAVED  "e39cd10ee51575d7868b99924930bcc939219cd64ff8a84c04af720280fb1ae2"

const MigrationBody migration_bodies[] = {
  { HASH_ONE, "From: ann@example.org\r\nSubject: One\r\n\r\nThe whole of one.\r\n" },
  { HASH_HEADER, "From: rob@example.net\r\n\r\n" },
  { HASH_TEXT, "The text of two.\r\n" },
  { HASH_DRAFT, "Subject: Draft\r\n\r\nNot finished.\r\n" },
  { HASH_OUT, "Subject: Going out\r\n\r\nIn the outbox.\r\n" },
  { HASH_SAVED, "Subject: Saved\r\n\r\nBefore the damage.\r\n" },
  { NULL, NULL },
};

#define NOW_S  "CAST (strftime ('%s', 'now') AS INTEGER)"
#define NOW_MS NOW_S " * 1000"

#define ANN "'Ann' || char (31) || 'ann@example.org'"
#define ROB "'Rob' || char (31) || 'rob@example.net'"

/* A text and a picture. */
#define US " || char (31) || "
#define STRUCTURE                                                                                \
  "'+'" US "'+multipart'" US "'+mixed'" US "'-'" US "'-'" US "'-'" US "'-'" US "'-'" US "'-'" US \
  "'-'" US "'0'" US "'0'" US "char (2)"                                                          \
  " || '+1'" US "'+text'" US "'+plain'" US "'+utf-8'" US "'-'" US "'-'" US "'-'" US "'-'" US     \
  "'+7bit'" US "'-'" US "'19'" US "'0'" US "char (3)"                                            \
  " || '+2'" US "'+image'" US "'+png'" US "'-'" US "'-'" US "'-'" US "'+a.png'" US "'-'" US      \
  "'+base64'" US "'+attachment'" US "'400'" US "'0'" US "char (3)"                               \
  " || char (3)"

#define MESSAGE                                                                                 \
  "INSERT INTO message (id, account, thread, hash, size, received, date, date_offset,"          \
  " body_state, attachments, subject, authors, preview, message_id, in_reply_to, refs, sender," \
  " reply_to, recipients, cc, bcc, structure) VALUES "
/* Of which nothing but its place is of interest. */
#define PLAIN(id, account)                                                                         \
  MESSAGE "(" #id ", " #account ", " #id ", thread_hash (" #account ", '" #id "@example.org'),"    \
          " 1000 + " #id ", 1700000000 + 100 * " #id ", 1700000000 + 100 * " #id ", 0, 0, 0,"      \
          " 'Subject " #id "', " ANN ", NULL, '" #id "@example.org', NULL, NULL, NULL, NULL, " ROB \
          ", NULL, NULL, NULL);"                                                                   \
          "INSERT INTO reference VALUES (thread_hash (" #account ", '" #id "@example.org'), " #id  \
          ");"

#define LOCATION                                                                         \
  "INSERT INTO location (id, folder, message, uid, sort_key, server_flags, shown_flags," \
  " hidden, ops, stands_for, rematch, modseq, keywords, shown_keywords) VALUES "

#define FOLDER                                                                             \
  "INSERT INTO folder (id, account, parent, path, name, remote_name, delimiter, role,"     \
  " role_by_person, subscribed, selectable, gone, uidvalidity, uidnext, modseq, backfill," \
  " total, unread, remote_total, remote_unread, checked) VALUES "

#define OP                                                                             \
  "INSERT INTO op (id, account, kind, state, source, target, add_flags, remove_flags," \
  " add_keywords, remove_keywords, attempts, not_before, created, fault) VALUES "
#define SUBJECT \
  "INSERT INTO op_subject (op, location, made, other, prior_folder, prior_flags) VALUES "

const MigrationPiece migration_rows[] = {
  { 1, 0, "UPDATE state SET seq = 40, message = 14, location = 20" },
  { 1, 0, "INSERT INTO account VALUES (1, 'uuid-1'), (2, 'uuid-2')" },
  { 1, 0,
    FOLDER "(1, 1, 0, 'INBOX', 'INBOX', 'INBOX', 47, 1, 0, 1, 1, 0, 7, 20, 99, 1, 4, 1, 5, 2,"
           "  1700000900),"
           " (2, 1, 0, 'Archive', 'Archive', 'Archive', 47, 4, 1, 1, 1, 0, 8, 22, 98, 9, 3, 0, -1,"
           "  -1, 0),"
           " (3, 1, 0, 'Trash', 'Trash', 'Trash', 47, 6, 0, 0, 1, 0, 9, 32, 0, 1, 0, 0, 1, 0, 0),"
           " (4, 1, 0, 'Drafts', 'Drafts', 'Entw&APw-rfe', 47, 2, 0, 1, 1, 0, 10, 1, 0, 1, 1, 0, 0,"
           "  0, 0),"
           " (5, 1, 0, 'Lists', 'Lists', 'Lists', 46, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -1, -1, 0),"
           " (6, 1, 5, 'Lists/GTK', 'GTK', 'Lists.GTK', 46, 0, 0, 1, 1, 0, 11, 78, 5, 1, 1, 0, 1,"
           "  0, 0),"
           " (7, 1, 0, 'On this computer', 'On this computer', NULL, 47, 0, 0, 1, 1, 0, 0, 0, 0, 0,"
           "  1, 0, -1, -1, 0),"
           " (9, 2, 0, 'INBOX', 'INBOX', 'INBOX', 0, 1, 0, 1, 1, 0, 1, 6, 0, 1, 1, 1, -1, -1, 0)" },
  /* folder.gone: a mere 1 in the first programs, later when a listing first lacked it. */
  { 1, 2, FOLDER "(8, 1, 0, 'Old', 'Old', 'Old', 47, 0, 0, 1, 1, 1, 12, 4, 0, 1, 1, 0, 1, 0, 0)" },
  { 3, 0,
    FOLDER "(8, 1, 0, 'Old', 'Old', 'Old', 47, 0, 0, 1, 1, " NOW_S
           ", 12, 4, 0, 1, 1, 0, 1, 0, 0)" },
  { 1, 0,
    MESSAGE
    "(1, 1, 1, thread_hash (1, '1@example.org'), 1001, 1700000100, 1700000090, 60, 2, 1,"
    " 'One', " ANN ", 'The whole of one.', '1@example.org', NULL, NULL, " ROB ", " ANN ", " ROB
    " || char (30) || 'Zoe' || char (31) || 'zoe@example.com', " ANN ", " ROB ", " STRUCTURE "),"
    " (2, 1, 1, thread_hash (1, '2@example.org'), 1002, 1700000200, 1700000200, -90, 1, 0,"
    "  'Re: One', " ROB ", NULL, '2@example.org', '1@example.org',"
    "  '0@example.org' || char (10) || '1@example.org', NULL, NULL, " ANN ", NULL, NULL, NULL),"
    " (3, 1, 1, thread_hash (1, '3@example.org'), 1003, 1700000300, 1700000300, 0, 0, 0, '',"
    "  NULL, '', '3@example.org', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),"
    " (5, 1, 5, thread_hash (1, '5@example.org'), 32, 1700000500, 1700000500, 0, 2, 0,"
    "  'Draft', " ANN ", 'Not finished.', '5@example.org', NULL, NULL, NULL, NULL, NULL,"
    "  NULL, NULL, NULL)" },
  { 1, 0, PLAIN (4, 1) PLAIN (6, 1) PLAIN (7, 1) PLAIN (8, 1) PLAIN (9, 1) PLAIN (10, 2) },
  { 1, 0, PLAIN (11, 1) PLAIN (12, 1) },
  { 1, 0,
    "INSERT INTO reference VALUES (thread_hash (1, '0@example.org'), 1),"
    " (thread_hash (1, '1@example.org'), 1), (thread_hash (1, '2@example.org'), 1),"
    " (thread_hash (1, '3@example.org'), 3), (thread_hash (1, '5@example.org'), 5);"
    "INSERT INTO merged VALUES (3, 1)" },
  { 1, 0,
    LOCATION "(1, 1, 1, 11, 1700000090, 3, 3, 0, 0, 0, 0, 90, 'work', 'work'),"
             " (2, 1, 2, 12, 1700000200, 0, 0, 0, 0, 0, 0, 91, NULL, NULL),"
             " (3, 1, 3, 13, 1700000300, 0, 5, 0, 1, 0, 0, 92, NULL, 'todo'),"
             /* On its way from 1 to 2; what stands for it at 1 comes next. */
             " (4, 2, 4, NULL, 1700000400, 1, 1, 0, 1, 0, 0, 0, NULL, NULL),"
             " (5, 1, 4, 14, 1700000400, 1, 1, 1, 0, 4, 0, 93, NULL, NULL),"
             " (6, 4, 5, NULL, 1700000500, 9, 9, 0, 1, 0, 0, 0, NULL, NULL),"
             " (7, 2, 6, 21, 1700000600, 1, 1, 0, 0, 0, 0, 95, NULL, NULL),"
             /* To be copied from 1 to 2. */
             " (8, 1, 7, 16, 1700000700, 1, 1, 0, 1, 0, 0, 96, NULL, NULL),"
             " (9, 2, 7, NULL, 1700000700, 1, 1, 0, 1, 0, 0, 0, NULL, NULL),"
             /* To be deleted for good. */
             " (10, 3, 8, 31, 1700000800, 1, 1, 1, 1, 0, 0, 0, NULL, NULL),"
             " (11, 7, 9, NULL, 1700000900, 1, 1, 0, 0, 0, 0, 0, NULL, NULL),"
             " (12, 9, 10, 5, 1700001000, 0, 0, 0, 0, 0, 0, 0, NULL, NULL),"
             /* Its folder was renumbered. */
             " (13, 6, 11, NULL, 1700001100, 1, 1, 0, 0, 0, 1, 0, NULL, NULL),"
             " (14, 8, 12, 3, 1700001200, 1, 5, 0, 1, 0, 0, 0, NULL, NULL)" },
  { 1, 0,
    OP "(1, 1, 0, 0, 1, NULL, 5, 0, 'todo', NULL, 0, 0, 1700000000001, NULL),"
       " (2, 1, 1, 1, 1, 2, 0, 0, NULL, NULL, 1, 0, 1700000000002, NULL),"
       " (3, 1, 3, 0, 4, 4, 9, 0, NULL, NULL, 0, 0, 1700000000003, NULL),"
       " (4, 1, 1, 2, 1, 2, 0, 0, NULL, NULL, 0, 0, " NOW_MS ", NULL),"
       " (5, 1, 2, 4, 1, 2, 0, 0, NULL, NULL, 5, 1700000000999, 1700000000005, 'Not now.'),"
       " (6, 1, 4, 0, 3, NULL, 0, 0, NULL, NULL, 0, 0, 1700000000006, NULL),"
       " (7, 1, 0, 0, 8, NULL, 4, 0, NULL, NULL, 0, 0, 1700000000007, NULL)" },
  { 1, 0,
    SUBJECT "(1, 3, 0, 0, 1, 0), (2, 4, 0, 5, 1, 1), (3, 6, 0, 0, 4, 9), (4, 7, 0, 15, 1, 1),"
            " (5, 8, 0, 9, 1, 1), (5, 9, 1, 8, 0, 0), (6, 10, 0, 0, 3, 1), (7, 14, 0, 0, 8, 1)" },
  { 1, 0,
    "INSERT INTO body_part VALUES (1, '', '" HASH_ONE "'), (2, 'HEADER', '" HASH_HEADER
    "'), (2, '1', '" HASH_TEXT "'), (5, '', '" HASH_DRAFT "');"
    "INSERT INTO saved_body VALUES (thread_hash (1, '20@example.org'), 1020, '', '" HASH_SAVED
    "', 2, " NOW_S ")" },
  { 1, 0,
    "INSERT INTO outbox (id, account, state, message_id, sender, subject, body_hash, draft,"
    " in_reply_to, reply_flag, size, attempts, not_before, queued, fault, server_text) VALUES"
    " (1, 1, 1, 'o1@example.org', 'rob@example.net', 'Going out', '" HASH_OUT "',"
    "  '{\"to\":\"ann\"}', 1, 2, 38, 2, 1700000001000, 1700000000, 'Not yet.', '451 later'),"
    " (2, 1, 6, 'o2@example.org', 'rob@example.net', 'Refused', '" HASH_OUT "', NULL, 0, 0, 38, 1,"
    "  0, 1700000001, 'No.', '550 no'),"
    " (3, 2, 3, 'o3@example.org', 'rob@example.com', '', '" HASH_OUT "', NULL, 0, 0, 38, 1, 0,"
    "  1700000002, NULL, NULL);"
    "INSERT INTO outbox_recipient (outbox, position, address, state, server_text) VALUES"
    " (1, 0, 'ann@example.org', 4, '250 ok'), (1, 1, 'zoe@example.com', 1, NULL),"
    " (2, 0, 'nobody@example.org', 6, '550 no'), (3, 0, 'ann@example.org', 1, NULL)" },

  { 2, 0,
    "UPDATE op SET begun = 1, target_validity = 8, target_next = 22 WHERE id IN (2, 5);"
    /* Split off 4. */
    PLAIN (13, 1) LOCATION "(16, 2, 13, 22, 1700001300, 1, 1, 0, 0, 0, 0, 97, NULL, NULL);"
                           "UPDATE folder SET total = total + 1 WHERE id = 2;" OP
                           "(8, 1, 1, 2, 1, 2, 0, 0, NULL, NULL, 0, 0, " NOW_MS ", NULL);"
                           "UPDATE op SET begun = 1, part_of = 4, target_validity = 8, target_next "
                           "= 21 WHERE id = 8;" SUBJECT "(8, 16, 0, 17, 1, 1)" },
  { 3, 0,
    "UPDATE folder SET compare_tried = 1700000902, compared = 1700000901, compared_remote = 5,"
    " compared_here = 4 WHERE id = 1" },
  { 4, 0,
    "INSERT INTO ledger VALUES (1, 1700000100000, 1, 1, 2, 0, 1, 3, 0, 1, 0, 0, NULL, 'INBOX',"
    "  NULL, NULL, NULL),"
    " (2, 1700000301000, 1, 2, 1, 1, 0, 0, 1, 0, 5, 0, 'INBOX', NULL, 'todo', NULL, NULL),"
    " (3, 1700000302000, 1, 7, 7, 0, 0, 0, 1, 0, 0, 0, 'INBOX', NULL, NULL, NULL, NULL);"
    "INSERT INTO ledger_member VALUES (2, 3), (3, 18);"
    "INSERT INTO ledger_gone VALUES (18, 1, thread_hash (1, '14@example.org'), 1700000302000,"
    " 1700001400, 1, 'INBOX', " ANN ", 'Gone')" },
  { 4, 0,
    OP "(9, 1, 0, 2, 1, NULL, 2, 0, NULL, NULL, 0, 0, " NOW_MS ", NULL),"
       " (10, 1, 0, 2, 1, NULL, 0, 2, NULL, NULL, 0, 0, " NOW_MS ", NULL);" SUBJECT
       "(9, 2, 0, 0, 1, 0), (10, 2, 0, 0, 1, 2);"
       "UPDATE op SET begun = 1 WHERE id IN (9, 10);"
       "UPDATE op SET undone = 1 WHERE id = 9;"
       "UPDATE op SET undoes = 9 WHERE id = 10" },
  { 5, 0,
    OP "(11, 1, 6, 1, 6, NULL, 0, 0, NULL, NULL, 1, 0, " NOW_MS ", NULL);"
       "UPDATE op SET begun = 1, old_path = 'Lists/GTK', new_path = 'Lists/Gtk',"
       " remote_name = 'Lists.Gtk' WHERE id = 11;"
       "UPDATE folder SET path = 'Lists/Gtk', name = 'Gtk' WHERE id = 6" },
  { 6, 0, "UPDATE op SET old_name = 'Lists.GTK' WHERE id = 11" },
  { 7, 0,
    "UPDATE message SET email_id = 'E1' WHERE id = 1;"
    "UPDATE folder SET mailbox_id = 'F1' WHERE id = 1" },
  { 8, 0, "UPDATE folder SET space = 2, rights = 8195, rights_learned = 1700000000 WHERE id = 6" },
  { 9, 0, "UPDATE folder SET append_limit = 1000 WHERE id = 1" },
  { 11, 0, "UPDATE state SET op_gone = 1" },
  { 12, 0, "UPDATE location SET saved = 1700000105 WHERE id = 1" },
  { 13, 0, "UPDATE location SET labels = 'Lists' || char (10) || 'Work' WHERE id = 1" },
  { 0, 0, NULL },
};

const MigrationPiece migration_lines[] = {
  { 1, 0, "account 1 uuid-1" },
  { 1, 0, "account 2 uuid-2" },
  { 1, 1,
    "folder 1:2 Archive | Archive | Archive 47 role 4 subscribed selectable sync 8 22 98 9 counts "
    "3 0 -1 -1 checked 0" },
  { 2, 0,
    "folder 1:2 Archive | Archive | Archive 47 role 4 subscribed selectable sync 8 22 98 9 counts "
    "4 0 -1 -1 checked 0" },
  { 1, 0, "  compared 0 0 0 0 id - space 0 rights 0 limit -1" },
  { 1, 0,
    "folder 1:4 Drafts | Drafts | Entw&APw-rfe 47 role 2 subscribed selectable sync 10 1 0 1 "
    "counts 1 0 0 0 checked 0" },
  { 1, 0, "  compared 0 0 0 0 id - space 0 rights 0 limit -1" },
  { 1, 0,
    "folder 1:1 INBOX | INBOX | INBOX 47 role 1 subscribed selectable sync 7 20 99 1 counts 4 1 5 "
    "2 checked 1700000900" },
  { 1, 2, "  compared 0 0 0 0 id - space 0 rights 0 limit -1" },
  { 3, 6, "  compared 1700000902 1700000901 5 4 id - space 0 rights 0 limit -1" },
  { 7, 8, "  compared 1700000902 1700000901 5 4 id F1 space 0 rights 0 limit -1" },
  { 9, 0, "  compared 1700000902 1700000901 5 4 id F1 space 0 rights 0 limit 1000" },
  { 1, 0, "folder 1:5 Lists | Lists | Lists 46 role 0 sync 0 0 0 0 counts 0 0 -1 -1 checked 0" },
  { 1, 0, "  compared 0 0 0 0 id - space 0 rights 0 limit -1" },
  { 1, 4,
    "folder 1:6 Lists/GTK | GTK | Lists.GTK 46 role 0 subscribed selectable sync 11 78 5 1 counts "
    "1 0 1 0 checked 0" },
  { 5, 0,
    "folder 1:6 Lists/Gtk | Gtk | Lists.GTK 46 role 0 subscribed selectable sync 11 78 5 1 counts "
    "1 0 1 0 checked 0" },
  { 1, 7, "  compared 0 0 0 0 id - space 0 rights 0 limit -1" },
  { 8, 0, "  compared 0 0 0 0 id - space 2 rights 8195 limit -1" },
  { 1, 0,
    "folder 1:8 Old | Old | Old 47 role 0 subscribed selectable gone sync 12 4 0 1 counts 1 0 1 0 "
    "checked 0" },
  { 1, 0, "  compared 0 0 0 0 id - space 0 rights 0 limit -1" },
  { 1, 0,
    "folder 1:7 On this computer | On this computer | - 47 role 0 subscribed selectable sync 0 0 0 "
    "0 counts 1 0 -1 -1 checked 0" },
  { 1, 0, "  compared 0 0 0 0 id - space 0 rights 0 limit -1" },
  { 1, 0,
    "folder 1:3 Trash | Trash | Trash 47 role 6 selectable sync 9 32 0 1 counts 0 0 1 0 checked "
    "0" },
  { 1, 0, "  compared 0 0 0 0 id - space 0 rights 0 limit -1" },
  { 1, 0,
    "folder 2:9 INBOX | INBOX | INBOX 0 role 1 subscribed selectable sync 1 6 0 1 counts 1 1 -1 -1 "
    "checked 0" },
  { 1, 0, "  compared 0 0 0 0 id - space 0 rights 0 limit -1" },
  { 1, 0, "list 1: 8 3 2 1 unread: 2 flagged: 3 waiting: 0" },
  { 1, 1, "list 2: 9 7 4 unread: flagged: waiting: 0" },
  { 2, 0, "list 2: 16 9 7 4 unread: flagged: waiting: 0" },
  { 1, 0, "list 3: unread: flagged: waiting: 0" },
  { 1, 0, "list 4: 6 unread: flagged: waiting: 0" },
  { 1, 0, "list 5: unread: flagged: waiting: 0" },
  { 1, 0, "list 6: 13 unread: flagged: waiting: 1" },
  { 1, 0, "list 7: 11 unread: flagged: waiting: 0" },
  { 1, 0, "list 8: 14 unread: flagged: 14 waiting: 0" },
  { 1, 0, "list 9: 12 unread: 12 flagged: waiting: 0" },
  { 1, 0, "message 1 of 1 in 1:1 thread 1 key 1700000090 flags 3 work uid 11 in 1" },
  { 1, 0,
    "  One | The whole of one. | 1@example.org | - | - size 1001 received 1700000100 date "
    "1700000090 60 body 2 attachments 1 from Ann <ann@example.org> sender Rob <rob@example.net> "
    "reply-to Ann <ann@example.org> to Rob <rob@example.net> to Zoe <zoe@example.com> cc Ann "
    "<ann@example.org> bcc Rob <rob@example.net> ( multipart/mixed - - - 0 (1 text/plain utf-8 - - "
    "19) (2 image/png - a.png attachment 400))" },
  { 1, 0,
    "  body \"\" From: ann@example.org\\r\\nSubject: One\\r\\n\\r\\nThe whole of one.\\r\\n" },
  { 1, 0, "message 2 of 2 in 1:1 thread 1 key 1700000200 flags 0 - uid 12 in 1" },
  { 1, 0,
    "  Re: One | - | 2@example.org | 1@example.org | 0@example.org,1@example.org size 1002 "
    "received 1700000200 date 1700000200 -90 body 1 attachments 0 from Rob <rob@example.net> to "
    "Ann <ann@example.org>" },
  { 1, 0, "  body \"1\" The text of two.\\r\\n" },
  { 1, 0, "  body \"HEADER\" From: rob@example.net\\r\\n\\r\\n" },
  { 1, 0, "message 3 of 3 in 1:1 thread 1 key 1700000300 flags 5 todo pending uid 13 in 1" },
  { 1, 0,
    "   |  | 3@example.org | - | - size 1003 received 1700000300 date 1700000300 0 body 0 "
    "attachments 0" },
  { 1, 0, "message 4 of 4 in 1:2 thread 4 key 1700000400 flags 1 - pending uid 14 in 1" },
  { 1, 0,
    "  Subject 4 | - | 4@example.org | - | - size 1004 received 1700000400 date 1700000400 0 body "
    "0 attachments 0 from Ann <ann@example.org> to Rob <rob@example.net>" },
  { 1, 0, "message 5 of 4 in 1:1 thread 4 key 1700000400 flags 1 - hidden uid 14 in 1" },
  { 1, 0,
    "  Subject 4 | - | 4@example.org | - | - size 1004 received 1700000400 date 1700000400 0 body "
    "0 attachments 0 from Ann <ann@example.org> to Rob <rob@example.net>" },
  { 1, 0, "message 6 of 5 in 1:4 thread 5 key 1700000500 flags 9 - pending uid 0 in 0" },
  { 1, 0,
    "  Draft | Not finished. | 5@example.org | - | - size 32 received 1700000500 date 1700000500 0 "
    "body 2 attachments 0 from Ann <ann@example.org>" },
  { 1, 0, "  body \"\" Subject: Draft\\r\\n\\r\\nNot finished.\\r\\n" },
  { 1, 0, "message 7 of 6 in 1:2 thread 6 key 1700000600 flags 1 - uid 21 in 2" },
  { 1, 0,
    "  Subject 6 | - | 6@example.org | - | - size 1006 received 1700000600 date 1700000600 0 body "
    "0 attachments 0 from Ann <ann@example.org> to Rob <rob@example.net>" },
  { 1, 0, "message 8 of 7 in 1:1 thread 7 key 1700000700 flags 1 - pending uid 16 in 1" },
  { 1, 0,
    "  Subject 7 | - | 7@example.org | - | - size 1007 received 1700000700 date 1700000700 0 body "
    "0 attachments 0 from Ann <ann@example.org> to Rob <rob@example.net>" },
  { 1, 0, "message 9 of 7 in 1:2 thread 7 key 1700000700 flags 1 - pending uid 0 in 0" },
  { 1, 0,
    "  Subject 7 | - | 7@example.org | - | - size 1007 received 1700000700 date 1700000700 0 body "
    "0 attachments 0 from Ann <ann@example.org> to Rob <rob@example.net>" },
  { 1, 0, "message 10 of 8 in 1:3 thread 8 key 1700000800 flags 1 - pending hidden uid 31 in 3" },
  { 1, 0,
    "  Subject 8 | - | 8@example.org | - | - size 1008 received 1700000800 date 1700000800 0 body "
    "0 attachments 0 from Ann <ann@example.org> to Rob <rob@example.net>" },
  { 1, 0, "message 11 of 9 in 1:7 thread 9 key 1700000900 flags 1 - uid 0 in 0" },
  { 1, 0,
    "  Subject 9 | - | 9@example.org | - | - size 1009 received 1700000900 date 1700000900 0 body "
    "0 attachments 0 from Ann <ann@example.org> to Rob <rob@example.net>" },
  { 1, 0, "message 12 of 10 in 2:9 thread 10 key 1700001000 flags 0 - uid 5 in 9" },
  { 1, 0,
    "  Subject 10 | - | 10@example.org | - | - size 1010 received 1700001000 date 1700001000 0 "
    "body 0 attachments 0 from Ann <ann@example.org> to Rob <rob@example.net>" },
  { 1, 0, "message 13 of 11 in 1:6 thread 11 key 1700001100 flags 1 - uid 0 in 0" },
  { 1, 0,
    "  Subject 11 | - | 11@example.org | - | - size 1011 received 1700001100 date 1700001100 0 "
    "body 0 attachments 0 from Ann <ann@example.org> to Rob <rob@example.net>" },
  { 1, 0, "message 14 of 12 in 1:8 thread 12 key 1700001200 flags 5 - pending uid 3 in 8" },
  { 1, 0,
    "  Subject 12 | - | 12@example.org | - | - size 1012 received 1700001200 date 1700001200 0 "
    "body 0 attachments 0 from Ann <ann@example.org> to Rob <rob@example.net>" },
  { 2, 0, "message 16 of 13 in 1:2 thread 13 key 1700001300 flags 1 - uid 22 in 2" },
  { 2, 0,
    "  Subject 13 | - | 13@example.org | - | - size 1013 received 1700001300 date 1700001300 0 "
    "body 0 attachments 0 from Ann <ann@example.org> to Rob <rob@example.net>" },
  { 1, 12, "labels -" },
  { 13, 0, "labels Lists\\nWork" },
  { 1, 0, "wordless 2" },
  { 1, 0, "op 1 kind 0 state 0 from 1 to 0 +5 -0 todo - attempts 0 at 0 -" },
  { 1, 0, "  begun 0 target 0 0 part of 0 undone 0 undoes 0 - - - -" },
  { 1, 0, "  3 uid 13" },
  { 1, 0, "op 2 kind 1 state 1 from 1 to 2 +0 -0 - - attempts 1 at 0 -" },
  { 1, 1, "  begun 1 target 0 0 part of 0 undone 0 undoes 0 - - - -" },
  { 2, 0, "  begun 1 target 8 22 part of 0 undone 0 undoes 0 - - - -" },
  { 1, 0, "  4 uid 14" },
  { 1, 0, "op 3 kind 3 state 0 from 4 to 4 +9 -0 - - attempts 0 at 0 -" },
  { 1, 0, "  begun 0 target 0 0 part of 0 undone 0 undoes 0 - - - -" },
  { 1, 0, "  6 uid 0" },
  { 1, 0, "op 4 kind 1 state 2 from 1 to 2 +0 -0 - - attempts 0 at 0 -" },
  { 1, 0, "  begun 0 target 0 0 part of 0 undone 0 undoes 0 - - - -" },
  { 1, 0, "  7 uid 0 gone" },
  { 1, 0, "op 5 kind 2 state 4 from 1 to 2 +0 -0 - - attempts 5 at 1700000000999 Not now." },
  { 1, 1, "  begun 1 target 0 0 part of 0 undone 0 undoes 0 - - - -" },
  { 2, 0, "  begun 1 target 8 22 part of 0 undone 0 undoes 0 - - - -" },
  { 1, 0, "  8 uid 16" },
  { 1, 0, "op 6 kind 4 state 0 from 3 to 0 +0 -0 - - attempts 0 at 0 -" },
  { 1, 0, "  begun 0 target 0 0 part of 0 undone 0 undoes 0 - - - -" },
  { 1, 0, "  10 uid 31" },
  { 1, 0, "op 7 kind 0 state 0 from 8 to 0 +4 -0 - - attempts 0 at 0 -" },
  { 1, 0, "  begun 0 target 0 0 part of 0 undone 0 undoes 0 - - - -" },
  { 1, 0, "  14 uid 3" },
  { 2, 0, "op 8 kind 1 state 2 from 1 to 2 +0 -0 - - attempts 0 at 0 -" },
  { 2, 0, "  begun 1 target 8 21 part of 4 undone 0 undoes 0 - - - -" },
  { 2, 0, "  16 uid 0 gone" },
  { 4, 0, "op 9 kind 0 state 2 from 1 to 0 +2 -0 - - attempts 0 at 0 -" },
  { 4, 0, "  begun 1 target 0 0 part of 0 undone 1 undoes 0 - - - -" },
  { 4, 0, "  2 uid 12" },
  { 4, 0, "op 10 kind 0 state 2 from 1 to 0 +0 -2 - - attempts 0 at 0 -" },
  { 4, 0, "  begun 1 target 0 0 part of 0 undone 0 undoes 9 - - - -" },
  { 4, 0, "  2 uid 12" },
  { 5, 0, "op 11 kind 6 state 1 from 6 to 0 +0 -0 - - attempts 1 at 0 -" },
  { 5, 0,
    "  begun 1 target 0 0 part of 0 undone 0 undoes 0 Lists/GTK Lists/Gtk Lists.Gtk Lists.GTK" },
  { 5, 0, " " },
  { 1, 0, "runnable 1 3 5 6 7" },
  { 1, 4, "renaming" },
  { 5, 0, "renaming 6" },
  { 1, 0,
    "outbox 1:1 state 1 o1@example.org rob@example.net | Going out | draft {\"to\":\"ann\"} reply "
    "1 2 size 38 attempts 2 at 1700000001000 queued 1700000000 Not yet. 451 later body 38" },
  { 1, 0, "  to ann@example.org 4 250 ok" },
  { 1, 0, "  to zoe@example.com 1 -" },
  { 1, 0,
    "outbox 1:2 state 6 o2@example.org rob@example.net | Refused | draft - reply 0 0 size 38 "
    "attempts 1 at 0 queued 1700000001 No. 550 no body 38" },
  { 1, 0, "  to nobody@example.org 6 550 no" },
  { 1, 0,
    "outbox 2:3 state 3 o3@example.org rob@example.com |  | draft - reply 0 0 size 38 attempts 1 "
    "at 0 queued 1700000002 - - body 38" },
  { 1, 0, "  to ann@example.org 1 -" },
  { 1, 0, "history 1 INBOX | Ann | One gone 0" },
  { 4, 11, "  1700000100 kind 1 how 2 op 0 - INBOX +0 - saved 0" },
  { 12, 0, "  1700000100 kind 1 how 2 op 0 - INBOX +0 - saved 1700000105" },
  { 1, 0, "history 3 INBOX |  |  gone 0" },
  { 4, 0, "  1700000100 kind 1 how 2 op 0 - INBOX +0 - saved 0" },
  { 4, 0, "  1700000301 kind 2 how 1 op 1 unsent INBOX - +5 todo saved 0" },
  { 4, 0, "history 18 INBOX | Ann | Gone gone 1700000302" },
  { 4, 0, "  1700000302 kind 7 how 7 op 0 INBOX - +0 - saved 0" },
  { 1, 0, "seq 40" },
  { 0, 0, NULL },
};

const char *const migration_checksums[] = {
  "6563131cbfd5e861aca379f382e639c8",
  "e410f614eb921bc80e6d5d4a54a55543",
  "18c696412da555b4ac2dadb346058336",
  "4c21682b5e64d5e304b0a738a4830342",
  "46d725a9be908c41285988947b77036e",
  "c28bec0155860bd7328fb19a27dbfe36",
  "a697fd6696df34494d1146ba0fc65f22",
  "d9026aa214d2f693b93463d643b11fd9",
  "a09fd458b719d704b7b5fca7b6d4c155",
  "241ef53076303aab9a893b46b06fdd03",
  "962b72b8a99da345935cfb3b89721222",
  "5b555e3eca797797666079cb15c9e359",
  "e1100b922601ae7f512523b9ca233cca",
  "e1100b922601ae7f512523b9ca233cca",
  NULL,
};
