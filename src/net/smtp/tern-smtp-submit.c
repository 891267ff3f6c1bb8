/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-smtp-session-private.h"

#include "tern-limits.h"
#include "tern-worker.h"

#include <glib/gi18n.h>

#define PIECE_SIZE (32 * 1024)

struct _TernSmtpTransaction
{
  TernSmtpEnvelope *envelope; /* (owned) */
  GBytes *message;            /* (owned) */
  gboolean all_or_none;
  TernSmtpReadyFunc ready; /* (nullable) */
  gpointer ready_data;
  guint answered;     /* recipients with an answer */
  gboolean data_sent; /* the command */
  TernSmtpStuffer stuffer;
  gsize position; /* of @message that was given to the wire */
  gboolean ended; /* and its last line end too */
};

void
tern_smtp_transaction_free (TernSmtpTransaction *self)
{
  if (self == NULL)
    return;
  tern_smtp_envelope_free (self->envelope);
  g_bytes_unref (self->message);
  g_free (self);
}

static TernSmtpRecipient *
get_recipient (TernSmtpTransaction *self, guint index)
{
  return g_ptr_array_index (self->envelope->recipients, index);
}

static guint
count_accepted (TernSmtpTransaction *self)
{
  guint count = 0;

  for (guint i = 0; i < self->envelope->recipients->len; i++)
    count += get_recipient (self, i)->state == TERN_SMTP_RCPT_ACCEPTED;
  return count;
}

/* The answer to DATA or to the message goes to everybody who was accepted so far. */
static void
answer_accepted (TernSmtpTransaction *self, const TernSmtpReply *reply)
{
  for (guint i = 0; i < self->envelope->recipients->len; i++)
    {
      TernSmtpRecipient *recipient = get_recipient (self, i);

      if (recipient->state == TERN_SMTP_RCPT_ACCEPTED)
        tern_smtp_recipient_answer (recipient, reply);
    }
}

/* The transaction came to an answer. */
static void
end_answered (TernSmtpSession *self)
{
  g_autoptr (TernSmtpTransaction) transaction = g_steal_pointer (&self->transaction);
  g_autoptr (GTask) task = tern_smtp_session_end (self);

  if (self->wire != NULL)
    {
      self->step = TERN_SMTP_STEP_IDLE;
      tern_smtp_wire_set_patience (self->wire, 0);
    }
  g_task_return_pointer (task, g_ptr_array_ref (transaction->envelope->recipients),
                         (GDestroyNotify) g_ptr_array_unref);
}

void
tern_smtp_submit_failed (TernSmtpSession *self, TernSmtpStep step, GError *error, gboolean unsent)
{
  g_autoptr (GTask) task = NULL;

  if (step == TERN_SMTP_STEP_RSET || step == TERN_SMTP_STEP_NOBODY)
    {
      /* All that mattered was answered; the rest was tidying up. */
      g_error_free (error);
      end_answered (self);
      return;
    }
  g_clear_pointer (&self->transaction, tern_smtp_transaction_free);
  task = tern_smtp_session_end (self);
  if (step == TERN_SMTP_STEP_DOT && !unsent)
    {
      g_autofree char *text = g_strdup (tern_fault_get_server_text (error));

      g_error_free (error);
      error = tern_fault_new_server (TERN_FAULT_UNCERTAIN, text,
                                     _ ("The connection to %s ended just after the message was "
                                        "handed over. It may have been sent, or not."),
                                     self->endpoint->host);
    }
  g_task_return_error (task, error);
}

static void
send_next_rcpt (TernSmtpSession *self)
{
  TernSmtpTransaction *transaction = self->transaction;

  tern_smtp_wire_send (self->wire,
                       g_ptr_array_index (transaction->envelope->rcpts, transaction->answered),
                       TERN_WIRE_PLAIN);
}

static void
send_data (TernSmtpSession *self)
{
  self->step = TERN_SMTP_STEP_DATA;
  if (!self->transaction->data_sent)
    tern_smtp_wire_send (self->wire, "DATA", TERN_WIRE_PLAIN);
  self->transaction->data_sent = TRUE;
}

static void
reset (TernSmtpSession *self)
{
  self->step = TERN_SMTP_STEP_RSET;
  tern_smtp_wire_set_patience (self->wire, TERN_TIMEOUT_SILENCE);
  tern_smtp_wire_send (self->wire, "RSET", TERN_WIRE_PLAIN);
}

/* MAIL, every RCPT, and DATA unless one refusal shall stop it all: after the server's 354 a
 * message can only be given up by dropping the connection. */
static void
send_envelope_pipelined (TernSmtpSession *self)
{
  TernSmtpTransaction *transaction = self->transaction;
  g_autoptr (GString) commands = g_string_new (transaction->envelope->mail);

  for (guint i = 0; i < transaction->envelope->rcpts->len; i++)
    g_string_append_printf (commands, "\r\n%s",
                            (char *) g_ptr_array_index (transaction->envelope->rcpts, i));
  if (!transaction->all_or_none)
    {
      g_string_append (commands, "\r\nDATA");
      transaction->data_sent = TRUE;
    }
  tern_smtp_wire_send (self->wire, commands->str, TERN_WIRE_PLAIN);
}

static void
take_mail (TernSmtpSession *self, const TernSmtpReply *reply)
{
  g_autofree char *what = NULL;

  if (reply->code / 100 == 2)
    {
      self->step = TERN_SMTP_STEP_RCPT;
      if (!self->extensions->pipelining)
        send_next_rcpt (self);
      return;
    }
  what = g_strdup_printf (_ ("%s does not take this message."), self->endpoint->host);
  /* Answers to what was sent along may follow: this conversation is not worth going on with. */
  tern_smtp_session_fail (self, tern_smtp_session_fault (reply, TERN_FAULT_REFUSED, what));
}

static void
finish_envelope (TernSmtpSession *self)
{
  TernSmtpTransaction *transaction = self->transaction;
  guint accepted = count_accepted (transaction);

  if (transaction->all_or_none && accepted < transaction->answered)
    {
      for (guint i = 0; i < transaction->answered; i++)
        {
          TernSmtpRecipient *recipient = get_recipient (transaction, i);

          if (recipient->state == TERN_SMTP_RCPT_ACCEPTED)
            recipient->state = TERN_SMTP_RCPT_WAITING;
        }
      reset (self);
    }
  else if (accepted == 0 && !transaction->data_sent)
    reset (self);
  else
    send_data (self);
}

static gboolean
ends_session (TernSmtpSession *self, const TernSmtpReply *reply)
{
  guint kind = reply->code / 100;
  g_autofree char *what = NULL;

  if (reply->code != 421 && (kind == 2 || kind == 4 || kind == 5))
    return FALSE;
  what =
      g_strdup_printf (_ ("%s broke off while the message was handed over."), self->endpoint->host);
  tern_smtp_session_fail (self, tern_smtp_session_fault (reply, TERN_FAULT_PROTOCOL, what));
  return TRUE;
}

static void
take_rcpt (TernSmtpSession *self, const TernSmtpReply *reply)
{
  TernSmtpTransaction *transaction = self->transaction;

  if (ends_session (self, reply))
    return;
  tern_smtp_recipient_answer (get_recipient (transaction, transaction->answered), reply);
  transaction->answered++;
  if (transaction->answered == transaction->envelope->rcpts->len)
    finish_envelope (self);
  else if (!self->extensions->pipelining)
    send_next_rcpt (self);
}

static void
send_piece (TernSmtpSession *self)
{
  TernSmtpTransaction *transaction = self->transaction;
  GByteArray *piece = g_byte_array_sized_new (PIECE_SIZE + PIECE_SIZE / 8);
  gsize length;
  const char *data = g_bytes_get_data (transaction->message, &length);
  gsize part = MIN (PIECE_SIZE, length - transaction->position);

  tern_smtp_stuffer_push (&transaction->stuffer, data + transaction->position, part, piece);
  transaction->position += part;
  if (transaction->position == length)
    {
      tern_smtp_stuffer_end (&transaction->stuffer, piece);
      transaction->ended = TRUE;
    }
  tern_smtp_wire_send_bytes (self->wire, g_byte_array_free_to_bytes (piece));
}

void
tern_smtp_submit_drained (TernSmtpSession *self)
{
  TernSmtpTransaction *transaction = self->transaction;

  if (!transaction->ended)
    {
      send_piece (self);
      return;
    }
  self->step = TERN_SMTP_STEP_HOLD;
  tern_smtp_wire_set_patience (self->wire, 0);
  if (transaction->ready != NULL)
    transaction->ready (self, transaction->ready_data);
  else
    tern_smtp_session_finish_data (self);
}

/* An answer where none, or another one, is due. */
static void
take_early (TernSmtpSession *self, const TernSmtpReply *reply)
{
  g_autofree char *what =
      g_strdup_printf (_ ("%s broke off while the message was handed over."), self->endpoint->host);

  tern_smtp_session_fail (self, tern_smtp_session_fault (reply, TERN_FAULT_REFUSED, what));
}

static void
take_data (TernSmtpSession *self, const TernSmtpReply *reply)
{
  gboolean nobody = count_accepted (self->transaction) == 0;

  if (reply->code == 354 && nobody)
    {
      self->step = TERN_SMTP_STEP_NOBODY;
      tern_smtp_wire_send (self->wire, ".", TERN_WIRE_PLAIN);
    }
  else if (reply->code == 354)
    {
      self->step = TERN_SMTP_STEP_BODY;
      tern_smtp_wire_set_patience (self->wire, TERN_TIMEOUT_SMTP_DATA);
      send_piece (self);
    }
  else if (reply->code / 100 == 2)
    take_early (self, reply);
  else if (!ends_session (self, reply))
    {
      answer_accepted (self->transaction, reply);
      reset (self);
    }
}

static void
take_verdict (TernSmtpSession *self, const TernSmtpReply *reply)
{
  guint kind = reply->code / 100;

  if (kind == 3)
    {
      take_early (self, reply);
      return;
    }
  answer_accepted (self->transaction, reply);
  end_answered (self);
  if (reply->code == 421)
    tern_smtp_session_abort (self);
}

void
tern_smtp_submit_reply (TernSmtpSession *self, const TernSmtpReply *reply)
{
  switch (self->step)
    {
    case TERN_SMTP_STEP_MAIL:
      take_mail (self, reply);
      break;
    case TERN_SMTP_STEP_RCPT:
      take_rcpt (self, reply);
      break;
    case TERN_SMTP_STEP_DATA:
      take_data (self, reply);
      break;
    case TERN_SMTP_STEP_BODY:
    case TERN_SMTP_STEP_HOLD:
      take_early (self, reply);
      break;
    case TERN_SMTP_STEP_DOT:
      take_verdict (self, reply);
      break;
    case TERN_SMTP_STEP_NOBODY:
    case TERN_SMTP_STEP_RSET:
      end_answered (self);
      break;
    case TERN_SMTP_STEP_CLOSED:
    case TERN_SMTP_STEP_CONNECT:
    case TERN_SMTP_STEP_GREETING:
    case TERN_SMTP_STEP_EHLO:
    case TERN_SMTP_STEP_STARTTLS:
    case TERN_SMTP_STEP_AUTH:
    case TERN_SMTP_STEP_IDLE:
    default:
      g_assert_not_reached ();
    }
}

static TernSmtpTransaction *
transaction_new (TernSmtpSession *self,
                 const char *from,
                 const char *const *to,
                 GBytes *message,
                 GError **error)
{
  g_autoptr (TernSmtpTransaction) transaction = NULL;
  TernSmtpDataFacts facts;
  gsize length;
  const char *data = g_bytes_get_data (message, &length);

  if (self->step != TERN_SMTP_STEP_IDLE)
    {
      g_propagate_error (
          error, tern_fault_new (TERN_FAULT_DISCONNECTED, _ ("The connection to %s is closed."),
                                 self->endpoint->host));
      return NULL;
    }
  tern_smtp_data_examine (data, length, &facts);
  transaction = g_new0 (TernSmtpTransaction, 1);
  transaction->message = g_bytes_ref (message);
  transaction->envelope =
      tern_smtp_envelope_new (self->endpoint->host, self->extensions, from, to, &facts, error);
  return transaction->envelope != NULL ? g_steal_pointer (&transaction) : NULL;
}

void
tern_smtp_session_submit_async (TernSmtpSession *self,
                                const char *from,
                                const char *const *to,
                                GBytes *message,
                                gboolean all_or_none,
                                TernSmtpReadyFunc ready,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer user_data)
{
  GTask *task = g_task_new (self, cancellable, callback, user_data);
  TernSmtpTransaction *transaction;
  GError *error = NULL;

  TERN_ASSERT_CONTEXT (self->context);
  g_task_set_source_tag (task, tern_smtp_session_submit_async);
  transaction = transaction_new (self, from, to, message, &error);
  if (transaction == NULL)
    {
      g_task_return_error (task, error);
      g_object_unref (task);
      return;
    }
  transaction->all_or_none = all_or_none;
  transaction->ready = ready;
  transaction->ready_data = user_data;
  self->transaction = transaction;
  self->step = TERN_SMTP_STEP_MAIL;
  tern_smtp_session_begin (self, task);
  tern_smtp_wire_set_patience (self->wire, TERN_TIMEOUT_SMTP_ENVELOPE);
  if (self->extensions->pipelining)
    send_envelope_pipelined (self);
  else
    tern_smtp_wire_send (self->wire, transaction->envelope->mail, TERN_WIRE_PLAIN);
}

GPtrArray *
tern_smtp_session_submit_finish (TernSmtpSession *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

void
tern_smtp_session_finish_data (TernSmtpSession *self)
{
  TERN_ASSERT_CONTEXT (self->context);
  if (self->step != TERN_SMTP_STEP_HOLD)
    return;
  self->step = TERN_SMTP_STEP_DOT;
  tern_smtp_wire_set_patience (self->wire, TERN_TIMEOUT_SMTP_DOT);
  tern_smtp_wire_send (self->wire, ".", TERN_WIRE_PLAIN);
}
