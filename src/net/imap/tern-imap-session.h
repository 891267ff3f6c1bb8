/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tern-connection.h"
#include "tern-imap-types.h"

G_BEGIN_DECLS

/**
 * TernImapSession:
 *
 * One IMAP connection (RFC 9051, 3501): wire, push parser, command queue with pipelining
 * under one may_send(), and the state of the selected mailbox. Untagged data
 * is applied by content: it goes to the handlers below whatever command is in flight.
 *
 * Thread: the thread-default context it was made in; every callback comes there.
 * The cancellable of a command never touches the socket: what is queued is taken out, what is in
 * flight comes to its end and its data is still applied; the caller is answered at once.
 */
#define TERN_TYPE_IMAP_SESSION (tern_imap_session_get_type ())
G_DECLARE_FINAL_TYPE (TernImapSession, tern_imap_session, TERN, IMAP_SESSION, GObject)

typedef enum
{
  TERN_IMAP_DISCONNECTED,
  TERN_IMAP_CONNECTING,
  TERN_IMAP_GREETED,
  TERN_IMAP_SECURED,
  TERN_IMAP_AUTHENTICATED,
  TERN_IMAP_SELECTING,
  TERN_IMAP_SELECTED,
  TERN_IMAP_IDLING,
  TERN_IMAP_LEAVING,
  TERN_IMAP_DEAD,
} TernImapState;

/**
 * TernImapHandlers:
 *
 * Where untagged data goes. All may be NULL. What is passed is lent for the duration of the call.
 * Called for solicited and unsolicited data alike; FETCH is identified by its UID (responses
 * without one are matched through the sequence map, and left out when that is impossible).
 */
typedef struct
{
  void (*fetch) (TernImapSession *self, TernImapFetch *fetch, gpointer data);
  void (*vanished) (TernImapSession *self,
                    GArray *uids,
                    gboolean earlier,
                    gpointer data); /* guint32; from EXPUNGE or VANISHED */
  /* EXISTS seen on the wire, and after an EXPUNGE of a message whose UID was never told. */
  void (*exists) (TernImapSession *self, guint32 count, gpointer data);
  void (*list) (TernImapSession *self, const TernImapList *list, gpointer data);
  void (*status) (TernImapSession *self, const TernImapStatus *status, gpointer data);
  void (*quota) (TernImapSession *self, const TernQuota *quota, gpointer data); /* of one root */
  void (*rights) (TernImapSession *self, const char *mailbox, TernRights rights, gpointer data);
  void (*search) (TernImapSession *self, GArray *uids, gpointer data); /* SEARCH or ESEARCH ALL */
  void (*alert) (TernImapSession *self, const char *text, gpointer data);
  /* [NOTIFICATIONOVERFLOW]: NOTIFY is off again. */
  void (*overflow) (TernImapSession *self, gpointer data);
  /* The connection is over; @error says why, NULL after tern_imap_session_close(). Called once,
   * last; not called when opening failed, which its callback tells. */
  void (*closed) (TernImapSession *self, const GError *error, gpointer data);
} TernImapHandlers;

/* @label names the session in logs ("work", "watch"). @safe_mode: one command at a time. */
TernImapSession *tern_imap_session_new (TernEndpoint *endpoint,
                                        TernCredentials *credentials,
                                        const char *label,
                                        gboolean safe_mode,
                                        const TernImapHandlers *handlers,
                                        gpointer data);

/* Connect, greeting, TLS, authenticate, CAPABILITY, ID, ENABLE, NAMESPACE: until AUTHENTICATED.
 * PREAUTH before TLS, plain text of any kind, a BYE greeting: refused with their own fault. */
void tern_imap_session_open_async (TernImapSession *self,
                                   GCancellable *cancellable,
                                   GAsyncReadyCallback callback,
                                   gpointer user_data);
gboolean
tern_imap_session_open_finish (TernImapSession *self, GAsyncResult *result, GError **error);

/* The server tells more than can be kept: ends the session with that as the fault, soon. May be
 * called by a handler. @what: of what there is too much, for whoever reads the fault; not
 * translated. */
void tern_imap_session_give_up (TernImapSession *self, const char *what);
TernImapState tern_imap_session_get_state (TernImapSession *self);
TernImapCaps tern_imap_session_get_caps (TernImapSession *self);
/* Fewer bytes are transferred of what the server decodes: it does so, and nothing is compressed. */
gboolean tern_imap_session_gains_by_decoding (TernImapSession *self);
const TernImapMailbox *tern_imap_session_get_mailbox (TernImapSession *self); /* (nullable) */
GPtrArray *tern_imap_session_get_namespaces (TernImapSession *self); /* of TernImapNamespace */
/* The largest message that APPEND may bring anywhere (RFC 7889), in bytes; -1 when none is told. */
gint64 tern_imap_session_get_append_limit (TernImapSession *self);
/* What is known of the selected mailbox has turned out to be wrong, or it may have another name by
 * now: the next SELECT goes to the server, also with the same name. */
void tern_imap_session_doubt_mailbox (TernImapSession *self);

/*
 * Commands, once opening has succeeded. Any number may be given; they are sent in their order, as
 * soon as what is in flight allows it. Each ends exactly once: OK, or a fault (REFUSED with the
 * server's text for NO; LIMIT, RIGHTS, NOT_FOUND, UNAVAILABLE by response code; PROTOCOL for BAD;
 * DISCONNECTED when the session died; CANCELLED).
 * The result of all is a TernImapReply (transfer full).
 */
TernImapReply *
tern_imap_session_command_finish (TernImapSession *self, GAsyncResult *result, GError **error);
/* Of a COPY, a MOVE or a FETCH of several bodies that ended with a fault: (nullable) (transfer
 * none) what COPYUID told of, and the bodies that came, before that. */
const TernImapReply *tern_imap_session_command_get_done (GAsyncResult *result);

/* LIST with what the server has (SPECIAL-USE, SUBSCRIBED, STATUS); data to handlers list, status.
 */
void tern_imap_session_list_async (TernImapSession *self,
                                   GCancellable *cancellable,
                                   GAsyncReadyCallback callback,
                                   gpointer user_data);
/* What a listing tells of a mailbox besides; data to handler status. */
void tern_imap_session_full_status_async (TernImapSession *self,
                                          const char *mailbox,
                                          GCancellable *cancellable,
                                          GAsyncReadyCallback callback,
                                          gpointer user_data);
/* How many messages there are: #TernImapReply.messages, -1 when the server has not told. */
void tern_imap_session_status_async (TernImapSession *self,
                                     const char *mailbox,
                                     GCancellable *cancellable,
                                     GAsyncReadyCallback callback,
                                     gpointer user_data);
/* Names of mailboxes are modified UTF-7 here, in whatever the server writes them. Already selected,
 * and not doubtful: answers at once. With @uidvalidity and @modseq known and QRESYNC offered:
 * SELECT (QRESYNC …), changes to handlers before the callback. */
void tern_imap_session_select_async (TernImapSession *self,
                                     const char *mailbox,
                                     gboolean read_only,
                                     guint32 uidvalidity,
                                     guint64 modseq,
                                     GCancellable *cancellable,
                                     GAsyncReadyCallback callback,
                                     gpointer user_data);
/* UID FETCH @set (@items); @set like "1:*", see tern_imap_set_format(). @changed_since 0 = all.
 * Bound to the mailbox that is selected when it is sent; fails if that changed meanwhile. */
void tern_imap_session_fetch_async (TernImapSession *self,
                                    const char *set,
                                    TernImapFetchItems items,
                                    guint64 changed_since,
                                    GCancellable *cancellable,
                                    GAsyncReadyCallback callback,
                                    gpointer user_data);
/* UID FETCH @uid BODY.PEEK[@section]; result in reply->body. @size: what the server told of the
 * whole message, 0 if it is not known; a body far beyond it ends as LIMIT. */
void tern_imap_session_fetch_body_async (TernImapSession *self,
                                         guint32 uid,
                                         const char *section,
                                         guint64 size,
                                         GCancellable *cancellable,
                                         GAsyncReadyCallback callback,
                                         gpointer user_data);
/* The same section of @n > 0 messages, @uids sorted; result in reply->bodies. @size: of the largest
 * one. One that is too large is left out, as one that is gone is: ask for just that to hear why. No
 * more than @room bytes are kept of all of them together; with reply->crowded_out there were more.
 */
void tern_imap_session_fetch_bodies_async (TernImapSession *self,
                                           const guint32 *uids,
                                           gsize n,
                                           const char *section,
                                           guint64 size,
                                           guint64 room,
                                           GCancellable *cancellable,
                                           GAsyncReadyCallback callback,
                                           gpointer user_data);
/* UID FETCH @uid BODY.PEEK[@section]<@offset.@length> (RFC 9051 section 6.4.5); result in
 * reply->body: fewer bytes than @length where the section ends, none beyond its end. At most
 * @length bytes are kept. Several may be under way for one section; each gets its own range. A
 * server that brings the whole section instead, another range or more than was asked for: PROTOCOL
 * about the message, which is then only to be had whole. @decoded: BINARY.PEEK, so that the range
 * is one of what the section is without its transfer encoding (RFC 3516). */
void tern_imap_session_fetch_range_async (TernImapSession *self,
                                          guint32 uid,
                                          const char *section,
                                          guint64 offset,
                                          guint32 length,
                                          gboolean decoded,
                                          GCancellable *cancellable,
                                          GAsyncReadyCallback callback,
                                          gpointer user_data);
void tern_imap_session_search_async (TernImapSession *self,
                                     const char *criteria,
                                     GCancellable *cancellable,
                                     GAsyncReadyCallback callback,
                                     gpointer user_data); /* reply->uids */
/* UID STORE ±FLAGS.SILENT; @keywords (nullable) space separated. */
void tern_imap_session_store_async (TernImapSession *self,
                                    const char *set,
                                    gboolean add,
                                    TernFlags flags,
                                    const char *keywords,
                                    GCancellable *cancellable,
                                    GAsyncReadyCallback callback,
                                    gpointer user_data);
void tern_imap_session_copy_async (TernImapSession *self,
                                   const char *set,
                                   const char *mailbox,
                                   GCancellable *cancellable,
                                   GAsyncReadyCallback callback,
                                   gpointer user_data); /* reply->uid_pairs when COPYUID came */
/* Needs TERN_IMAP_CAP_MOVE; without it the engine composes COPY, STORE \Deleted, UID EXPUNGE. */
void tern_imap_session_move_async (TernImapSession *self,
                                   const char *set,
                                   const char *mailbox,
                                   GCancellable *cancellable,
                                   GAsyncReadyCallback callback,
                                   gpointer user_data);
/* UID EXPUNGE; needs UIDPLUS: there is no plain EXPUNGE on purpose. */
void tern_imap_session_expunge_async (TernImapSession *self,
                                      const char *set,
                                      GCancellable *cancellable,
                                      GAsyncReadyCallback callback,
                                      gpointer user_data);
/* APPEND; @keywords (nullable) separated by spaces; @date 0 = now. reply->uidvalidity and ->uid
 * when APPENDUID came. */
void tern_imap_session_append_async (TernImapSession *self,
                                     const char *mailbox,
                                     GBytes *message,
                                     TernFlags flags,
                                     const char *keywords,
                                     gint64 date,
                                     GCancellable *cancellable,
                                     GAsyncReadyCallback callback,
                                     gpointer user_data);
/* CREATE, with USE (RFC 6154 section 3) for a @role that has one when the server announces it. */
void tern_imap_session_create_async (TernImapSession *self,
                                     const char *mailbox,
                                     TernRole role,
                                     GCancellable *cancellable,
                                     GAsyncReadyCallback callback,
                                     gpointer user_data);
/* RENAME (RFC 9051 section 6.3.6): what is below @mailbox goes with it. */
void tern_imap_session_rename_async (TernImapSession *self,
                                     const char *mailbox,
                                     const char *name,
                                     GCancellable *cancellable,
                                     GAsyncReadyCallback callback,
                                     gpointer user_data);
void tern_imap_session_delete_async (TernImapSession *self,
                                     const char *mailbox,
                                     GCancellable *cancellable,
                                     GAsyncReadyCallback callback,
                                     gpointer user_data);
/* NOTIFY (RFC 5465; needs TERN_IMAP_CAP_NOTIFY): from now on handlers status and list tell of all
 * personal mailboxes, the selected one is told of as without it. */
void tern_imap_session_notify_async (TernImapSession *self,
                                     GCancellable *cancellable,
                                     GAsyncReadyCallback callback,
                                     gpointer user_data);
void tern_imap_session_subscribe_async (TernImapSession *self,
                                        const char *mailbox,
                                        gboolean subscribed,
                                        GCancellable *cancellable,
                                        GAsyncReadyCallback callback,
                                        gpointer user_data);
/* LIST of this one name; reply->listed tells whether there is such a mailbox (RFC 9051
 * section 6.3.9), also one that cannot be selected. */
void tern_imap_session_look_async (TernImapSession *self,
                                   const char *mailbox,
                                   GCancellable *cancellable,
                                   GAsyncReadyCallback callback,
                                   gpointer user_data);
/* GETQUOTAROOT (RFC 9208; needs TERN_IMAP_CAP_QUOTA), answered through the handler, once for each
 * root of @mailbox. */
void tern_imap_session_quota_async (TernImapSession *self,
                                    const char *mailbox,
                                    GCancellable *cancellable,
                                    GAsyncReadyCallback callback,
                                    gpointer user_data);
/* MYRIGHTS (RFC 4314; needs TERN_IMAP_CAP_ACL), answered through the handler. */
void tern_imap_session_my_rights_async (TernImapSession *self,
                                        const char *mailbox,
                                        GCancellable *cancellable,
                                        GAsyncReadyCallback callback,
                                        gpointer user_data);
/* Likewise whether there is any mailbox below that one. */
void tern_imap_session_look_below_async (TernImapSession *self,
                                         const char *mailbox,
                                         char delimiter,
                                         GCancellable *cancellable,
                                         GAsyncReadyCallback callback,
                                         gpointer user_data);
/* GETMETADATA of @mailbox, "" of the server (RFC 5464): what its people say of it, into the
 * connection's comments. */
void tern_imap_session_comments_async (TernImapSession *self,
                                       const char *mailbox,
                                       GCancellable *cancellable,
                                       GAsyncReadyCallback callback,
                                       gpointer user_data);
void tern_imap_session_noop_async (TernImapSession *self,
                                   GCancellable *cancellable,
                                   GAsyncReadyCallback callback,
                                   gpointer user_data);

/* IDLE until tern_imap_session_stop_idle(), re-issued every 9 minutes by itself. Other commands
 * given meanwhile end it, run, and it is taken up again. */
void tern_imap_session_start_idle (TernImapSession *self);
void tern_imap_session_stop_idle (TernImapSession *self);

/* LOGOUT, not awaited; the closed handler follows. */
void tern_imap_session_close (TernImapSession *self);

/* How long the server may be silent while a reply is owed; TERN_TIMEOUT_SILENCE at first. */
void tern_imap_session_set_silence (TernImapSession *self, guint milliseconds);

/* What is known of it, also when it is over. (transfer none) */
TernConnection *tern_imap_session_get_connection (TernImapSession *self);

/* Counters for "sync" of ternctl and the benches. */
guint64 tern_imap_session_get_bytes_in (TernImapSession *self);
guint64 tern_imap_session_get_bytes_out (TernImapSession *self);
guint tern_imap_session_get_round_trips (TernImapSession *self);

G_END_DECLS
