/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-imap-parser.h"
#include "tern-imap-tokens.h"

#include "tern-limits.h"

#include <string.h>

#define READ_SIZE   (64 * 1024)
#define LEAST_ROOM  (16 * 1024)
#define INLINE_SUM  (4 * 1024 * 1024) /* inline literals of one response, together */
#define SKIP_WINDOW 32                /* enough for the {N} at the end of a line being skipped */

struct _TernImapParser
{
  char *buffer;
  gsize allocated;
  gsize start; /* where the current response begins */
  gsize end;   /* of what is filled */
  gsize used;  /* of the response the last event was about; taken off by the next call */

  /* Framing; offsets from start. */
  gsize line_start; /* of the line that is being looked for */
  gsize scanned;    /* no line end before this */
  gsize line_sum;   /* length of the lines before line_start, without literals */
  gsize inline_sum;
  gsize inline_left; /* of the literal at scanned */
  guint64 sunk_left; /* of the literal at line_start that goes out in pieces */
  gboolean is_text;  /* a status response or continuation: its {…} is no literal */
  gboolean skipping; /* too long: dropped as it comes */
  gsize skipped;
  TernImapPiece piece;
  gsize piece_length; /* bytes at line_start that the last LITERAL event lent */
  GArray *literals;   /* of TernImapLiteral, in order */

  TernImapTokens tokens;
  const char *problem;
};

TernImapParser *
tern_imap_parser_new (void)
{
  TernImapParser *self = g_new0 (TernImapParser, 1);

  self->literals = g_array_new (FALSE, FALSE, sizeof (TernImapLiteral));
  return self;
}

void
tern_imap_parser_free (TernImapParser *self)
{
  tern_imap_tokens_clear (&self->tokens);
  g_array_unref (self->literals);
  g_free (self->buffer);
  g_free (self);
}

static void
begin_response (TernImapParser *self)
{
  self->used = 0;
  self->line_start = 0;
  self->scanned = 0;
  self->line_sum = 0;
  self->inline_sum = 0;
  self->inline_left = 0;
  self->sunk_left = 0;
  self->piece_length = 0;
  self->is_text = FALSE;
  self->skipping = FALSE;
  self->skipped = 0;
  g_array_set_size (self->literals, 0);
  self->tokens.count = 0;
}

void
tern_imap_parser_clear (TernImapParser *self)
{
  self->start = 0;
  self->end = 0;
  begin_response (self);
}

/* Takes off what the last event was about. */
static void
settle (TernImapParser *self)
{
  if (self->piece_length > 0)
    {
      char *hole = self->buffer + self->start + self->line_start;

      memmove (hole, hole + self->piece_length,
               self->end - (self->start + self->line_start + self->piece_length));
      self->end -= self->piece_length;
      self->piece_length = 0;
    }
  if (self->used > 0)
    {
      self->start += self->used;
      begin_response (self);
    }
}

char *
tern_imap_parser_reserve (TernImapParser *self, gsize *room)
{
  settle (self);
  if (self->start == self->end)
    {
      self->start = 0;
      self->end = 0;
      if (self->allocated > READ_SIZE)
        {
          /* A long line made it grow. */
          g_clear_pointer (&self->buffer, g_free);
          self->allocated = 0;
        }
    }
  if (self->allocated - self->end < LEAST_ROOM && self->start > 0)
    {
      memmove (self->buffer, self->buffer + self->start, self->end - self->start);
      self->end -= self->start;
      self->start = 0;
    }
  if (self->allocated - self->end < LEAST_ROOM)
    {
      /* The limits on a response bound this long before it could overflow. */
      self->allocated = MAX (READ_SIZE, self->allocated * 2);
      self->buffer = g_realloc (self->buffer, self->allocated);
    }
  *room = self->allocated - self->end;
  return self->buffer + self->end;
}

void
tern_imap_parser_commit (TernImapParser *self, gsize length)
{
  g_assert (length <= self->allocated - self->end);
  self->end += length;
}

gsize
tern_imap_parser_get_buffered (TernImapParser *self)
{
  return self->end - self->start - self->used - self->piece_length;
}

GBytes *
tern_imap_parser_take_buffered (TernImapParser *self)
{
  gsize length = tern_imap_parser_get_buffered (self);
  GBytes *rest = g_bytes_new (self->buffer + self->end - length, length);

  self->end -= length;
  return rest;
}

static TernImapEvent
fatal (TernImapParser *self, const char *problem)
{
  self->problem = problem;
  return TERN_IMAP_EVENT_FATAL;
}

static gboolean
has_word (const char *p, const char *end, const char *word)
{
  gsize length = strlen (word);

  if ((gsize) (end - p) < length || g_ascii_strncasecmp (p, word, length) != 0)
    return FALSE;
  return p + length == end || p[length] == ' ' || p[length] == '\r' || p[length] == '\n';
}

gboolean
tern_imap_is_status_word (const char *p, const char *end)
{
  /* Most responses are data, and begin with a number. */
  if (p < end && g_ascii_isdigit (*p))
    return FALSE;
  return has_word (p, end, "OK") || has_word (p, end, "NO") || has_word (p, end, "BAD")
         || has_word (p, end, "BYE") || has_word (p, end, "PREAUTH");
}

/* Whether the response that begins with this line ends in free text. */
static gboolean
line_is_text (const char *line, gsize length)
{
  const char *space;

  if (length > 0 && line[0] == '+')
    return TRUE;
  space = memchr (line, ' ', MIN (length, 64));
  return space != NULL && tern_imap_is_status_word (space + 1, line + length);
}

/* Lists of numbers may be longer than any other line: a million UIDs are 8 MiB. */
static gsize
line_limit (TernImapParser *self)
{
  static const char *const numbers[] = { "* SEARCH", "* ESEARCH", "* VANISHED" };
  const char *data = self->buffer + self->start;
  gsize length = self->end - self->start;

  for (guint i = 0; i < G_N_ELEMENTS (numbers); i++)
    if (length > strlen (numbers[i])
        && g_ascii_strncasecmp (data, numbers[i], strlen (numbers[i])) == 0)
      return TERN_LIMIT_IMAP_NUMBERS;
  return TERN_LIMIT_IMAP_LINE;
}

/* The {N} that a line (with its CRLF) may end in. FALSE also when N is beyond the limit, with
 * *@size set to the largest value then. */
static gboolean
find_literal (const char *line, gsize length, gsize *brace, guint64 *size)
{
  gsize i = length - 1; /* the LF */
  gsize digits_end;
  guint64 value = 0;

  if (i > 0 && line[i - 1] == '\r')
    i--;
  if (i < 3 || line[i - 1] != '}')
    return FALSE;
  i--;
  if (line[i - 1] == '+')
    i--;
  digits_end = i;
  while (i > 0 && g_ascii_isdigit (line[i - 1]))
    i--;
  if (i == digits_end || i == 0 || line[i - 1] != '{')
    return FALSE;
  *brace = i - 1;
  if (*brace > 0 && line[*brace - 1] == '~')
    (*brace)--;
  if (*brace == 0 || (line[*brace - 1] != ' ' && line[*brace - 1] != '('))
    return FALSE;

  for (; i < digits_end; i++)
    {
      if (value > (G_MAXUINT64 - 9) / 10)
        {
          *size = G_MAXUINT64;
          return TRUE;
        }
      value = value * 10 + (line[i] - '0');
    }
  *size = value;
  return TRUE;
}

gint64
tern_imap_origin_parse (TernImapSlice text)
{
  guint64 origin = 0;

  if (text.length == 0)
    return -1;
  if (text.length < 3 || text.data[0] != '<' || text.data[text.length - 1] != '>')
    return G_MAXINT64;
  for (gsize i = 1; i < text.length - 1; i++)
    {
      if (!g_ascii_isdigit (text.data[i]) || origin > G_MAXINT64 / 10 - 1)
        return G_MAXINT64;
      origin = origin * 10 + g_ascii_digit_value (text.data[i]);
    }
  return origin;
}

/* Whether the last literal is the value of BODY[…] (or BINARY[…]) in a FETCH, and of what of it. */
static gboolean
take_body_name (TernImapParser *self, TernImapPiece *piece)
{
  const char *data = self->buffer + self->start;
  const char *p =
      data + g_array_index (self->literals, TernImapLiteral, self->literals->len - 1).brace;
  const char *open, *close;

  if (p - data < 12 || p[-1] != ' ' || (p[-2] != ']' && p[-2] != '>'))
    return FALSE;
  for (close = p - 2; close > data && *close != ']'; close--)
    ;
  for (open = close; open > data && *open != '['; open--)
    ;
  if (open == data)
    return FALSE;
  piece->section = (TernImapSlice){ open + 1, close - open - 1 };
  piece->origin = tern_imap_origin_parse ((TernImapSlice){ close + 1, p - 1 - (close + 1) });
  piece->decoded = open - data >= 6 && g_ascii_strncasecmp (open - 6, "BINARY", 6) == 0;
  p = memchr (data, ' ', p - data);
  for (p++; g_ascii_isdigit (*p); p++)
    ;
  return g_ascii_strncasecmp (p, " FETCH ", 7) == 0;
}

static void
skip_from (TernImapParser *self, gsize keep)
{
  gsize drop = self->end - self->start - keep;

  self->skipping = TRUE;
  self->skipped += drop;
  self->start += drop;
  self->line_start = 0;
  self->scanned = keep;
}

/* A line ended in {N}: either it stays in the buffer, or it goes out in pieces. */
static TernImapEvent
begin_literal (TernImapParser *self, gsize brace, guint64 size, gsize line_end)
{
  TernImapLiteral literal = { .brace = brace, .data = line_end, .size = size };

  if (size > TERN_LIMIT_IMAP_LITERAL)
    return fatal (self, "literal too large");

  self->line_sum += line_end - self->line_start;
  self->line_start = line_end;
  self->scanned = line_end;
  literal.sunk =
      self->skipping || size > TERN_LIMIT_IMAP_INLINE || self->inline_sum + size > INLINE_SUM;
  if (!self->skipping)
    g_array_append_val (self->literals, literal);
  if (literal.sunk)
    {
      self->sunk_left = size;
      self->piece.size = size;
      self->piece.first = TRUE;
    }
  else
    {
      self->inline_left = size;
      self->inline_sum += size;
    }
  return TERN_IMAP_EVENT_NEED_MORE;
}

/* Passes the literal that is being received. FALSE while it is not over. */
static gboolean
pass_literal (TernImapParser *self, TernImapEvent *event)
{
  gsize filled = self->end - self->start;

  if (self->sunk_left > 0)
    {
      gsize n = MIN (self->sunk_left, filled - self->line_start);

      *event = TERN_IMAP_EVENT_NEED_MORE;
      if (n == 0)
        return FALSE;
      /* Not sooner: the section is lent, and reading may have moved the buffer since the {N}. */
      if (self->piece.first)
        self->piece.is_body = !self->skipping && take_body_name (self, &self->piece);
      self->sunk_left -= n;
      self->piece_length = n;
      self->piece.left = self->sunk_left;
      self->piece.bytes.data = self->buffer + self->start + self->line_start;
      self->piece.bytes.length = n;
      *event = TERN_IMAP_EVENT_LITERAL;
      return FALSE;
    }
  if (self->inline_left > 0)
    {
      gsize n = MIN (self->inline_left, filled - self->scanned);

      self->scanned += n;
      self->inline_left -= n;
      self->line_start = self->scanned;
      *event = TERN_IMAP_EVENT_NEED_MORE;
      return self->inline_left == 0;
    }
  return TRUE;
}

static TernImapEvent
end_response (TernImapParser *self, gsize line_end)
{
  char *data = self->buffer + self->start;
  gsize length = line_end - 1;

  self->used = line_end;
  if (self->skipping)
    {
      self->problem = "line too long";
      return TERN_IMAP_EVENT_ERROR;
    }
  if (length > 0 && data[length - 1] == '\r')
    length--;
  self->problem =
      tern_imap_tokens_split (&self->tokens, data, length,
                              (const TernImapLiteral *) self->literals->data, self->literals->len);
  return self->problem == NULL ? TERN_IMAP_EVENT_RESPONSE : TERN_IMAP_EVENT_ERROR;
}

/* Looks for the end of the current line. */
static TernImapEvent
frame_line (TernImapParser *self, gboolean *again)
{
  const char *data = self->buffer + self->start;
  gsize filled = self->end - self->start;
  const char *newline =
      filled > self->scanned ? memchr (data + self->scanned, '\n', filled - self->scanned) : NULL;
  gsize line_end = newline != NULL ? (gsize) (newline - data) + 1 : filled;
  gsize brace;
  guint64 size;

  *again = FALSE;
  if (self->line_sum + (line_end - self->line_start) > TERN_LIMIT_IMAP_LINE
      && self->line_sum + (line_end - self->line_start) > line_limit (self))
    self->skipping = TRUE;
  if (self->skipping && self->skipped + line_end > TERN_LIMIT_IMAP_SKIP)
    return fatal (self, "line beyond every limit");
  if (newline == NULL)
    {
      self->scanned = filled;
      if (self->skipping)
        skip_from (self, MIN (SKIP_WINDOW, filled - self->line_start));
      return TERN_IMAP_EVENT_NEED_MORE;
    }
  if (self->literals->len == 0 && self->line_start == 0 && !self->skipping)
    self->is_text = line_is_text (data, line_end);
  if (!self->is_text
      && find_literal (data + self->line_start, line_end - self->line_start, &brace, &size))
    {
      *again = TRUE;
      return begin_literal (self, self->line_start + brace, size, line_end);
    }
  return end_response (self, line_end);
}

TernImapEvent
tern_imap_parser_next (TernImapParser *self)
{
  gboolean again = TRUE;
  TernImapEvent event = TERN_IMAP_EVENT_NEED_MORE;

  if (self->piece_length > 0)
    self->piece.first = FALSE;
  settle (self);
  while (again && event == TERN_IMAP_EVENT_NEED_MORE)
    {
      if (!pass_literal (self, &event))
        break;
      event = frame_line (self, &again);
    }
  return event;
}

const char *
tern_imap_parser_get_problem (TernImapParser *self)
{
  return self->problem;
}

const TernImapPiece *
tern_imap_parser_get_piece (TernImapParser *self)
{
  return &self->piece;
}

TernImapSlice
tern_imap_parser_get_line (TernImapParser *self)
{
  return (TernImapSlice){ self->buffer + self->start, self->used };
}

guint
tern_imap_parser_get_n_tokens (TernImapParser *self)
{
  return self->tokens.count;
}

const TernImapToken *
tern_imap_parser_get_tokens (TernImapParser *self)
{
  return self->tokens.array;
}

TernImapTokenKind
tern_imap_parser_kind (TernImapParser *self, guint token)
{
  return token < self->tokens.count ? self->tokens.array[token].kind : TERN_IMAP_TOKEN_NIL;
}

guint
tern_imap_parser_after (TernImapParser *self, guint token)
{
  return token < self->tokens.count ? self->tokens.array[token].next : self->tokens.count;
}

static gboolean
unescape (char *p, guint32 *length)
{
  char *out = p;

  for (const char *in = p, *end = p + *length; in < end; in++)
    {
      if (*in == '\\' && in + 1 < end)
        in++;
      *out++ = *in;
    }
  *length = out - p;
  return TRUE;
}

TernImapSlice
tern_imap_parser_slice (TernImapParser *self, guint token)
{
  TernImapToken *t;
  char *data = self->buffer + self->start;

  if (token >= self->tokens.count)
    return (TernImapSlice){ NULL, 0 };
  t = &self->tokens.array[token];
  switch ((TernImapTokenKind) t->kind)
    {
    case TERN_IMAP_TOKEN_ESCAPED:
      if (unescape (data + t->offset, &t->length))
        t->kind = TERN_IMAP_TOKEN_QUOTED;
      G_GNUC_FALLTHROUGH;
    case TERN_IMAP_TOKEN_ATOM:
    case TERN_IMAP_TOKEN_QUOTED:
    case TERN_IMAP_TOKEN_LITERAL:
    case TERN_IMAP_TOKEN_TEXT:
    case TERN_IMAP_TOKEN_CODE:
      return (TernImapSlice){ data + t->offset, t->length };
    case TERN_IMAP_TOKEN_NIL:
    case TERN_IMAP_TOKEN_SUNK:
    case TERN_IMAP_TOKEN_LIST:
    default:
      return (TernImapSlice){ NULL, 0 };
    }
}

char *
tern_imap_parser_dup (TernImapParser *self, guint token)
{
  TernImapSlice slice = tern_imap_parser_slice (self, token);

  return slice.data != NULL ? g_strndup (slice.data, slice.length) : NULL;
}

gboolean
tern_imap_parser_matches (TernImapParser *self, guint token, const char *atom, gsize length)
{
  const TernImapToken *t;
  const char *text;

  if (token >= self->tokens.count)
    return FALSE;
  t = &self->tokens.array[token];
  if (t->kind != TERN_IMAP_TOKEN_ATOM || t->length != length)
    return FALSE;
  text = self->buffer + self->start + t->offset;
  return ((text[0] ^ atom[0]) & 0xdf) == 0 && g_ascii_strncasecmp (text, atom, length) == 0;
}

gboolean
tern_imap_parser_starts (TernImapParser *self, guint token, const char *prefix)
{
  gsize length = strlen (prefix);

  if (tern_imap_parser_kind (self, token) != TERN_IMAP_TOKEN_ATOM
      || self->tokens.array[token].length < length)
    return FALSE;
  return g_ascii_strncasecmp (self->buffer + self->start + self->tokens.array[token].offset, prefix,
                              length)
         == 0;
}

gboolean
tern_imap_parser_number (TernImapParser *self, guint token, guint64 *value)
{
  TernImapSlice slice = tern_imap_parser_slice (self, token);
  guint64 number = 0;

  if (slice.data == NULL || slice.length == 0 || slice.length > 19)
    return FALSE;
  for (gsize i = 0; i < slice.length; i++)
    {
      if (!g_ascii_isdigit (slice.data[i]))
        return FALSE;
      number = number * 10 + (slice.data[i] - '0'); /* 19 digits always fit */
    }
  *value = number;
  return TRUE;
}

guint32
tern_imap_parser_uint32 (TernImapParser *self, guint token)
{
  guint64 value;

  return tern_imap_parser_number (self, token, &value) && value <= G_MAXUINT32 ? value : 0;
}
