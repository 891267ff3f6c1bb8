/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * Every hard limit on what comes from outside, in one place.
 * Sizes are bytes unless the name says otherwise.
 */

/* IMAP */
#define TERN_LIMIT_IMAP_LINE      (1024 * 1024)         /* one response line without literals */
#define TERN_LIMIT_IMAP_NUMBERS   (16 * 1024 * 1024)    /* the same for SEARCH, ESEARCH, VANISHED */
#define TERN_LIMIT_IMAP_SKIP      (64 * 1024 * 1024)    /* a longer line is skipped up to this */
#define TERN_LIMIT_IMAP_MESSAGES  (10 * 1000 * 1000)    /* numbers taken from one response */
#define TERN_LIMIT_IMAP_INLINE    (32 * 1024)           /* literal kept in the buffer */
#define TERN_LIMIT_IMAP_LITERAL   (1024L * 1024 * 1024) /* any literal, streamed to a sink */
#define TERN_LIMIT_IMAP_BODY      (256L * 1024 * 1024) /* what one response may have kept of bodies */
#define TERN_LIMIT_IMAP_SLACK     (1024 * 1024) /* beyond twice the size that was told of a message */
#define TERN_LIMIT_IMAP_FETCH     (8 * 1024 * 1024) /* messages asked for at once; or only one */
#define TERN_LIMIT_IMAP_DEPTH     64                /* nested parentheses */
#define TERN_LIMIT_IMAP_TOKENS    (256 * 1024)      /* tokens in one response */
#define TERN_LIMIT_IMAP_BAD_LINES 3                 /* syntax errors in a row */

/* SMTP */
#define TERN_LIMIT_SMTP_LINE        4096
#define TERN_LIMIT_SMTP_REPLY_LINES 200

/* SASL */
#define TERN_LIMIT_SCRAM_ITERATIONS 1000000 /* rounds of hashing, not bytes */

/* Messages */
#define TERN_LIMIT_MIME_DEPTH  50
#define TERN_LIMIT_MIME_PARTS  1000
#define TERN_LIMIT_HEADER      (1024 * 1024)
#define TERN_LIMIT_ADDRESSES   10000
#define TERN_LIMIT_REFERENCES  100
#define TERN_LIMIT_FILENAME    255
#define TERN_LIMIT_TEXT_SHOWN  (4 * 1024 * 1024) /* text of one message given to the reader */
#define TERN_LIMIT_WHOLE_FETCH (256 * 1024)      /* messages up to this are fetched whole */
#define TERN_LIMIT_ONE_PIECE   (1024 * 1024)     /* parts up to this are fetched at once */

/* Folders */
#define TERN_LIMIT_MAILBOX_NAME 4096
#define TERN_LIMIT_FOLDERS      50000

/* Times, in seconds */
#define TERN_TIMEOUT_CONNECT       30
#define TERN_TIMEOUT_SILENCE       60 /* no byte while a reply is owed */
#define TERN_TIMEOUT_GREETING      30
#define TERN_TIMEOUT_SMTP_ENVELOPE 300 /* RFC 5321 section 4.5.3.2, as below */
#define TERN_TIMEOUT_SMTP_DATA     180 /* for each piece of the message */
#define TERN_TIMEOUT_SMTP_DOT      600 /* the server is delivering */
