/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-imap-tokens.h"

#include "tern-limits.h"

#include <string.h>

/* What ends an atom. "{" does not: outside of a literal, which framing has found already, some
 * servers have it in names. Neither do "%", "*" and "\": flags are atoms here. */
#define ENDS_ATOM   1
#define ENDS_QUOTED 2

static const guint8 char_class[256] = {
  [' '] = ENDS_ATOM,    ['('] = ENDS_ATOM,  [')'] = ENDS_ATOM,
  ['\r'] = ENDS_ATOM,   ['\n'] = ENDS_ATOM, ['"'] = ENDS_ATOM | ENDS_QUOTED,
  ['\\'] = ENDS_QUOTED,
};

typedef struct
{
  TernImapTokens *tokens;
  const char *data;
  const char *p;
  const char *end;
  const TernImapLiteral *literal; /* the next one */
  const TernImapLiteral *literals_end;
  guint n_sunk;
  guint open[TERN_LIMIT_IMAP_DEPTH]; /* lists that are not closed yet */
  guint depth;
  guint hidden; /* lists open below the deepest one that is kept */
} Splitter;

void
tern_imap_tokens_clear (TernImapTokens *self)
{
  g_clear_pointer (&self->array, g_free);
  self->count = 0;
  self->allocated = 0;
}

static inline TernImapToken *
add (Splitter *s, TernImapTokenKind kind, const char *from, gsize length)
{
  TernImapTokens *tokens = s->tokens;
  TernImapToken *token;

  if (G_UNLIKELY (tokens->count == tokens->allocated))
    {
      tokens->allocated = MAX (256, tokens->allocated * 2);
      tokens->array = g_renew (TernImapToken, tokens->array, tokens->allocated);
    }
  token = &tokens->array[tokens->count++];
  token->kind = kind;
  token->offset = from - s->data;
  token->length = length;
  token->next = tokens->count;
  if (G_UNLIKELY (s->hidden > 0))
    tokens->count--;
  return token;
}

static const char *
split_quoted (Splitter *s)
{
  const char *from = ++s->p;
  const char *p = from;
  gboolean escaped = FALSE;

  for (;;)
    {
      while (p < s->end && !(char_class[(guint8) *p] & ENDS_QUOTED))
        p++;
      if (p >= s->end)
        return "a quoted string does not end";
      if (*p == '"')
        break;
      escaped = TRUE;
      p += 2;
    }
  add (s, escaped ? TERN_IMAP_TOKEN_ESCAPED : TERN_IMAP_TOKEN_QUOTED, from, p - from);
  s->p = p + 1;
  return NULL;
}

/* BODY[HEADER.FIELDS (REFERENCES)]<0> is one token; elsewhere "[" is a character like others. */
static gboolean
is_section_name (const char *from, gsize length)
{
  return (length == 4 && g_ascii_strncasecmp (from, "BODY", 4) == 0)
         || (length == 6 && g_ascii_strncasecmp (from, "BINARY", 6) == 0)
         || (length == 11 && g_ascii_strncasecmp (from, "BINARY.SIZE", 11) == 0);
}

static void
split_atom (Splitter *s)
{
  const char *from = s->p;
  const char *p = from;

  while (p < s->end && !(char_class[(guint8) *p] & ENDS_ATOM))
    {
      if (G_UNLIKELY (*p == '[') && is_section_name (from, p - from))
        {
          const char *close = memchr (p, ']', s->end - p);

          if (close != NULL)
            p = close;
        }
      p++;
    }
  s->p = p;
  if (p - from == 3 && (from[0] & 0xdf) == 'N' && (from[1] & 0xdf) == 'I'
      && (from[2] & 0xdf) == 'L')
    add (s, TERN_IMAP_TOKEN_NIL, from, 3);
  else
    add (s, TERN_IMAP_TOKEN_ATOM, from, p - from);
}

static void
split_literal (Splitter *s)
{
  const TernImapLiteral *literal = s->literal++;

  s->p = s->data + literal->data;
  if (literal->sunk)
    {
      TernImapToken *token = add (s, TERN_IMAP_TOKEN_SUNK, s->p, literal->size);

      token->offset = s->n_sunk++;
    }
  else
    {
      add (s, TERN_IMAP_TOKEN_LITERAL, s->p, literal->size);
      s->p += literal->size;
    }
}

static void
open_list (Splitter *s)
{
  s->p++;
  if (s->hidden > 0)
    {
      s->hidden++;
      return;
    }
  add (s, TERN_IMAP_TOKEN_LIST, s->p, 0);
  if (s->depth < TERN_LIMIT_IMAP_DEPTH)
    s->open[s->depth++] = s->tokens->count - 1;
  else
    s->hidden = 1;
}

static void
close_list (Splitter *s)
{
  s->p++;
  if (s->hidden > 0)
    s->hidden--;
  else if (s->depth > 0)
    {
      TernImapToken *list = &s->tokens->array[s->open[--s->depth]];

      list->next = s->tokens->count;
      list->length = s->p - 1 - (s->data + list->offset);
    }
  /* One too many: Domino sends such FETCH responses; nothing is lost by passing over it. */
}

static const char *
split_values (Splitter *s)
{
  const char *problem = NULL;

  while (s->p < s->end && problem == NULL)
    {
      if (G_UNLIKELY (s->tokens->count > TERN_LIMIT_IMAP_TOKENS))
        return "too many tokens";
      if (G_UNLIKELY (s->literal < s->literals_end && s->p == s->data + s->literal->brace))
        {
          split_literal (s);
          continue;
        }
      switch (*s->p)
        {
        case ' ':
          s->p++;
          break;
        case '"':
          problem = split_quoted (s);
          break;
        case '(':
          open_list (s);
          break;
        case ')':
          close_list (s);
          break;
        case '\r':
        case '\n':
          return "a line break in the middle";
        default:
          split_atom (s);
          break;
        }
    }
  if (problem == NULL && (s->depth > 0 || s->hidden > 0))
    problem = "a list does not end";
  return problem;
}

/* The "]" that ends a response code: not one inside a string or a list of flags. */
static const char *
find_code_end (const char *p, const char *end)
{
  const char *first = memchr (p, ']', end - p);
  int depth = 0;

  for (; p < end; p++)
    {
      if (*p == '"')
        {
          for (p++; p < end && *p != '"'; p++)
            if (*p == '\\')
              p++;
        }
      else if (*p == '(')
        depth++;
      else if (*p == ')')
        depth--;
      else if (*p == ']' && depth <= 0)
        return p;
    }
  return first;
}

/* After OK, NO, BAD, BYE or PREAUTH: [code] text, of which the text is whatever it is. */
static void
split_text (Splitter *s)
{
  const char *end = s->end;
  const char *code_end = NULL;

  while (s->p < end && *s->p == ' ')
    s->p++;
  if (s->p < end && *s->p == '[')
    code_end = find_code_end (s->p + 1, end);
  if (code_end != NULL)
    {
      guint code = s->tokens->count;

      add (s, TERN_IMAP_TOKEN_CODE, s->p + 1, code_end - s->p - 1);
      s->p++;
      s->end = code_end;
      if (split_values (s) != NULL)
        {
          /* Not in any grammar: kept as it is. */
          s->tokens->count = code + 1;
          s->depth = 0;
          s->hidden = 0;
        }
      s->tokens->array[code].next = s->tokens->count;
      s->end = end;
      s->p = code_end + 1;
      while (s->p < end && *s->p == ' ')
        s->p++;
    }
  add (s, TERN_IMAP_TOKEN_TEXT, s->p, end - s->p);
}

static gboolean
next_word (Splitter *s)
{
  while (s->p < s->end && *s->p == ' ')
    s->p++;
  if (s->p >= s->end || char_class[(guint8) *s->p] & ENDS_ATOM)
    return FALSE;
  split_atom (s);
  return TRUE;
}

const char *
tern_imap_tokens_split (TernImapTokens *self,
                        const char *data,
                        gsize length,
                        const TernImapLiteral *literals,
                        guint n_literals)
{
  Splitter s = {
    .tokens = self,
    .data = data,
    .p = data,
    .end = data + length,
    .literal = literals,
    .literals_end = n_literals > 0 ? literals + n_literals : literals,
  };
  const char *word;

  self->count = 0;
  if (length > 0 && data[0] == '+')
    {
      add (&s, TERN_IMAP_TOKEN_ATOM, data, 1);
      s.p++;
      while (s.p < s.end && *s.p == ' ')
        s.p++;
      add (&s, TERN_IMAP_TOKEN_TEXT, s.p, s.end - s.p);
      return NULL;
    }
  if (!next_word (&s))
    return "no tag";
  word = s.p + strspn (s.p, " ");
  if (word < s.end && tern_imap_is_status_word (word, s.end))
    {
      next_word (&s);
      split_text (&s);
      return NULL;
    }
  if (data[0] != '*')
    return "neither a status nor untagged data";
  if (!next_word (&s))
    return "nothing after the star";
  if (self->array[1].length == 6
      && g_ascii_strncasecmp (data + self->array[1].offset, "SEARCH", 6) == 0)
    {
      /* Perhaps a million numbers: left to the one who wants them. */
      add (&s, TERN_IMAP_TOKEN_TEXT, s.p, s.end - s.p);
      return NULL;
    }
  return split_values (&s);
}
