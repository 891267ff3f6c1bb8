/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-mime-text.h"
#include "tern-mime-charset.h"
#include "tern-mime-private.h"

#include "tern-fault.h"
#include "tern-limits.h"

#include <glib/gi18n.h>
#include <string.h>

/*
 * One reader for the address lists of RFC 5322 section 3.4, in two tempers: lenient for what came
 * in a header, strict for what a person typed. The text is cut into lexemes up to a comma; an
 * angle address ends the piece at once, anything else is judged when the comma comes.
 */

#define ADDRESS_TEXT_LIMIT 1024

typedef enum
{
  LEX_WORD,
  LEX_QUOTED, /* text without the quotes and escapes */
  LEX_AT,
  LEX_LITERAL, /* "[192.0.2.1]" */
} LexKind;

typedef struct
{
  LexKind kind;
  gboolean glued; /* no white space or comment before it */
  char *text;
} Lexeme;

typedef enum
{
  PROBLEM_NONE,
  PROBLEM_NO_ADDRESS,
  PROBLEM_UNCLOSED,
  PROBLEM_TWO,
  PROBLEM_BAD_ADDRESS,
} Problem;

typedef struct
{
  const char *p;
  const char *end;
  const char *piece; /* where the present piece began */
  gboolean strict;
  Problem problem; /* strict: the first thing wrong … */
  GString *bad;    /* … and the piece it is in */
  gboolean in_group;
  gboolean space_before;
  gboolean no_comments; /* one was never closed: "(" is a character from there on */
  gboolean no_quotes;
  GArray *lexemes;     /* of Lexeme, the present piece */
  char *comment;       /* (nullable) the last comment of the piece */
  TernAddress *angled; /* (nullable) (transfer none) that may still get a name behind it */
  GPtrArray *list;
  gboolean last_is_name; /* the last of the list may be "Doe" of "Doe, John <j@example.org>" */
} Reader;

static void
lexeme_clear (gpointer data)
{
  g_free (((Lexeme *) data)->text);
}

static void
complain (Reader *self, Problem problem)
{
  const char *stop = self->p;

  if (!self->strict || self->problem != PROBLEM_NONE)
    return;
  while (stop < self->end && *stop != ',' && *stop != ';')
    stop++;
  self->problem = problem;
  tern_mime_charset_append_raw (self->bad, self->piece, stop - self->piece);
  tern_mime_charset_clean_line (self->bad, 200);
}

static void
add_lexeme (Reader *self, LexKind kind, const char *text, gsize length)
{
  Lexeme lexeme = { kind, !self->space_before, g_strndup (text, length) };

  g_array_append_val (self->lexemes, lexeme);
  self->space_before = FALSE;
}

/* Takes a comment with those inside it; the text of the outermost is kept as a possible name. */
static gboolean
skip_comment (Reader *self)
{
  g_autoptr (GString) text = g_string_new (NULL);
  int depth = 0;

  for (const char *p = self->p; p < self->end; p++)
    {
      if (*p == '\\' && p + 1 < self->end)
        p++;
      else if (*p == '(' && depth++ == 0)
        continue;
      else if (*p == ')' && --depth == 0)
        {
          g_free (self->comment);
          self->comment = g_strdup (text->str);
          self->p = p + 1;
          self->space_before = TRUE;
          return TRUE;
        }
      g_string_append_c (text, *p);
    }
  self->no_comments = TRUE;
  complain (self, PROBLEM_UNCLOSED);
  return FALSE;
}

static gboolean
read_quoted (Reader *self)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (const char *p = self->p + 1; p < self->end; p++)
    {
      if (*p == '"')
        {
          self->p = p + 1;
          add_lexeme (self, LEX_QUOTED, text->str, text->len);
          return TRUE;
        }
      if (*p == '\\' && p + 1 < self->end)
        p++;
      if (*p != '\r' && *p != '\n')
        g_string_append_c (text, *p);
    }
  self->no_quotes = TRUE;
  complain (self, PROBLEM_UNCLOSED);
  return FALSE;
}

static gboolean
read_literal (Reader *self)
{
  const char *p = self->p;

  while (p < self->end && *p != ']' && !g_ascii_isspace (*p) && *p != '>' && *p != ',')
    p++;
  if (p >= self->end || *p != ']')
    return FALSE;
  add_lexeme (self, LEX_LITERAL, self->p, p + 1 - self->p);
  self->p = p + 1;
  return TRUE;
}

static void
read_word (Reader *self)
{
  const char *start = self->p;
  const char *p = start;
  const char *word_end = NULL;

  if (self->end - p > 2 && p[0] == '=' && p[1] == '?')
    word_end = tern_mime_skip_encoded_word (p, self->end);
  if (word_end != NULL && memchr (p, '<', word_end - p) == NULL)
    p = word_end;
  else
    for (p++; p < self->end && !g_ascii_isspace (*p) && strchr ("<>,;:@", *p) == NULL && *p != '\0'
              && (*p != '"' || self->no_quotes) && (*p != '(' || self->no_comments);
         p++)
      if (*p == '=' && p + 1 < self->end && p[1] == '?')
        break;
  self->p = p;
  add_lexeme (self, LEX_WORD, start, p - start);
}

/* One step over a lexeme, a comment or white space. FALSE at a character of the list's grammar. */
static gboolean
read_lexeme (Reader *self)
{
  char c = *self->p;

  if (g_ascii_isspace (c) || c == '\0')
    {
      self->p++;
      self->space_before = TRUE;
      return TRUE;
    }
  if (c == '(' && !self->no_comments && skip_comment (self))
    return TRUE;
  if (c == '"' && !self->no_quotes && read_quoted (self))
    return TRUE;
  if (c == '@')
    {
      add_lexeme (self, LEX_AT, "@", 1);
      self->p++;
      return TRUE;
    }
  if (c == '[' && self->lexemes->len > 0
      && g_array_index (self->lexemes, Lexeme, self->lexemes->len - 1).kind == LEX_AT
      && read_literal (self))
    return TRUE;
  if (strchr ("<>,;:", c) != NULL)
    return FALSE;
  read_word (self);
  return TRUE;
}

/* The words from @from to before @to as a display name, decoded. */
static char *
make_name (Reader *self, guint from, guint to)
{
  g_autoptr (GString) raw = g_string_new (NULL);

  for (guint i = from; i < to; i++)
    {
      const Lexeme *lexeme = &g_array_index (self->lexemes, Lexeme, i);

      if (raw->len > 0 && !lexeme->glued)
        g_string_append_c (raw, ' ');
      g_string_append (raw, lexeme->text);
    }
  return tern_mime_decode_header (raw->str, raw->len);
}

static void
append_quoted (GString *out, const char *text)
{
  g_string_append_c (out, '"');
  for (; *text != '\0'; text++)
    {
      if (*text == '"' || *text == '\\')
        g_string_append_c (out, '\\');
      g_string_append_c (out, *text);
    }
  g_string_append_c (out, '"');
}

static char *
make_address (Reader *self, guint from, guint to)
{
  g_autoptr (GString) raw = g_string_new (NULL);
  GString *text = g_string_new (NULL);

  for (guint i = from; i < to; i++)
    {
      const Lexeme *lexeme = &g_array_index (self->lexemes, Lexeme, i);

      if (lexeme->kind == LEX_QUOTED)
        append_quoted (raw, lexeme->text);
      else
        g_string_append (raw, lexeme->text);
    }
  tern_mime_charset_append_raw (text, raw->str, raw->len);
  tern_mime_charset_clean_line (text, ADDRESS_TEXT_LIMIT);
  return g_string_free (text, FALSE);
}

static void
add_address (Reader *self, const char *name, const char *address)
{
  g_autoptr (GError) error = NULL;

  self->angled = NULL;
  if (self->list->len >= TERN_LIMIT_ADDRESSES)
    return;
  if (self->strict && !tern_mime_check_address (address, &error))
    complain (self, *address == '\0' ? PROBLEM_NO_ADDRESS : PROBLEM_BAD_ADDRESS);
  if (*name == '\0' && *address == '\0')
    return;
  g_ptr_array_add (self->list, tern_address_new (name, address));
}

static const Lexeme *
lexeme_at (Reader *self, guint i)
{
  return &g_array_index (self->lexemes, Lexeme, i);
}

/* Obsolete white space around the dots and the "@" belongs to the address: "john . doe @ x". */
static gboolean
belongs_together (const Lexeme *left, const Lexeme *right)
{
  gsize n = strlen (left->text);

  return right->glued || *right->text == '.' || (n > 0 && left->text[n - 1] == '.');
}

/* The run of lexemes around the "@" at @at: [*from, *to). */
static void
find_run (Reader *self, guint at, guint low, guint *from, guint *to)
{
  guint n = self->lexemes->len;

  *from = at;
  if (at > low)
    for (*from = at - 1; *from > low; (*from)--)
      if (!belongs_together (lexeme_at (self, *from - 1), lexeme_at (self, *from)))
        break;
  *to = at + 1;
  if (*to < n)
    for ((*to)++; *to < n; (*to)++)
      if (!belongs_together (lexeme_at (self, *to - 1), lexeme_at (self, *to)))
        break;
}

static guint
find_at (Reader *self, guint from)
{
  guint i;

  for (i = from; i < self->lexemes->len; i++)
    if (lexeme_at (self, i)->kind == LEX_AT)
      break;
  return i;
}

static void
start_piece (Reader *self)
{
  g_array_set_size (self->lexemes, 0);
  g_clear_pointer (&self->comment, g_free);
  self->space_before = FALSE;
  self->piece = self->p;
}

static char *
decode_comment (Reader *self)
{
  const char *raw = self->comment != NULL ? self->comment : "";

  return tern_mime_decode_header (raw, strlen (raw));
}

/* Words without "<" and without "@": a name that stands alone, a local user, or a name behind the
 * address it belongs to. */
static void
finish_words (Reader *self)
{
  g_autofree char *name = make_name (self, 0, self->lexemes->len);

  if (self->angled != NULL)
    {
      if (*self->angled->name == '\0')
        {
          g_free (self->angled->name);
          self->angled->name = g_steal_pointer (&name);
        }
      self->angled = NULL;
      return;
    }
  complain (self, PROBLEM_NO_ADDRESS);
  if (self->lexemes->len == 1 && lexeme_at (self, 0)->kind == LEX_WORD
      && lexeme_at (self, 0)->text[0] != '=')
    {
      g_autofree char *address = make_address (self, 0, 1);

      g_free (name);
      name = decode_comment (self);
      add_address (self, name, address);
    }
  else
    add_address (self, name, "");
  self->last_is_name = !self->strict;
}

/* At a comma, a semicolon or the end: judges the lexemes that no "<" has taken. */
static void
finish_piece (Reader *self)
{
  guint low = 0;
  guint at = find_at (self, 0);

  self->last_is_name = FALSE;
  if (self->lexemes->len == 0)
    {
      if (self->angled != NULL && *self->angled->name == '\0' && self->comment != NULL)
        {
          g_free (self->angled->name);
          self->angled->name = decode_comment (self);
        }
    }
  else if (at == self->lexemes->len)
    finish_words (self);
  else
    while (at < self->lexemes->len)
      {
        g_autofree char *name = NULL;
        g_autofree char *address = NULL;
        guint from, to;

        find_run (self, at, low, &from, &to);
        at = find_at (self, to);
        if (from == low && to == self->lexemes->len && self->comment != NULL)
          name = decode_comment (self);
        else
          name = make_name (self, low, from);
        address = make_address (self, from, to);
        if (self->strict && (*name != '\0' || to < self->lexemes->len) && self->comment == NULL)
          complain (self, PROBLEM_TWO);
        add_address (self, name, address);
        low = to;
      }
  self->angled = NULL;
  start_piece (self);
}

static const char *
strip_route (const char *address)
{
  const char *colon;

  if (*address == '@' && (colon = strrchr (address, ':')) != NULL)
    return colon + 1;
  if (g_ascii_strncasecmp (address, "mailto:", 7) == 0)
    return address + 7;
  return address;
}

/* "Doe, John <j@example.org>": a comma in a name that nobody quoted. */
static char *
join_split_name (Reader *self, char *name)
{
  TernAddress *last;
  char *joined;

  if (!self->last_is_name || *name == '\0' || self->list->len == 0)
    return name;
  last = g_ptr_array_index (self->list, self->list->len - 1);
  joined = g_strdup_printf ("%s, %s", tern_address_get_display (last), name);
  g_ptr_array_remove_index (self->list, self->list->len - 1);
  g_free (name);
  return joined;
}

static void
read_angle (Reader *self)
{
  guint words = self->lexemes->len;
  g_autofree char *name = NULL;
  g_autofree char *address = NULL;
  gboolean open = TRUE;

  /* "John a@b <c@d>": the words are the name, whatever is in them. */
  name = make_name (self, 0, words);
  self->p++;
  self->space_before = FALSE;
  while (self->p < self->end && *self->p != '>')
    {
      gboolean route = self->lexemes->len > words && lexeme_at (self, words)->kind == LEX_AT;

      if (read_lexeme (self))
        continue;
      if ((*self->p == ',' && !route) || *self->p == ';')
        break;
      if (*self->p != '<')
        add_lexeme (self, LEX_WORD, self->p, 1);
      self->p++;
    }
  open = self->p >= self->end || *self->p != '>';
  if (open)
    complain (self, PROBLEM_UNCLOSED);
  while (self->p < self->end && *self->p == '>')
    self->p++;
  address = make_address (self, words, self->lexemes->len);
  name = join_split_name (self, g_steal_pointer (&name));
  add_address (self, name, strip_route (address));
  self->last_is_name = FALSE;
  if (self->list->len > 0)
    self->angled = g_ptr_array_index (self->list, self->list->len - 1);
  start_piece (self);
}

static void
read_colon (Reader *self)
{
  self->p++;
  /* The words before the first colon name a group; any other colon is noise. */
  if (!self->in_group && find_at (self, 0) == self->lexemes->len)
    {
      self->in_group = TRUE;
      self->angled = NULL;
      start_piece (self);
    }
  else
    self->space_before = TRUE;
}

static void
read_list (Reader *self)
{
  start_piece (self);
  while (self->p < self->end && self->problem == PROBLEM_NONE
         && self->list->len < TERN_LIMIT_ADDRESSES)
    {
      if (read_lexeme (self))
        continue;
      switch (*self->p)
        {
        case '<':
          if (self->strict && self->angled != NULL)
            complain (self, PROBLEM_TWO);
          read_angle (self);
          break;
        case ':':
          read_colon (self);
          break;
        case ';':
          self->in_group = FALSE;
          G_GNUC_FALLTHROUGH;
        case ',':
          finish_piece (self);
          self->p++;
          self->piece = self->p;
          break;
        default: /* ">" that closes nothing */
          complain (self, PROBLEM_BAD_ADDRESS);
          self->p++;
          break;
        }
    }
  if (self->problem == PROBLEM_NONE)
    finish_piece (self);
}

static void
reader_init (Reader *self, const char *text, gsize length, gboolean strict)
{
  memset (self, 0, sizeof *self);
  self->p = self->piece = text;
  self->end = text + length;
  self->strict = strict;
  self->bad = g_string_new (NULL);
  self->lexemes = g_array_new (FALSE, FALSE, sizeof (Lexeme));
  g_array_set_clear_func (self->lexemes, lexeme_clear);
  self->list = tern_address_list_new ();
}

static GPtrArray *
reader_finish (Reader *self)
{
  g_array_unref (self->lexemes);
  g_string_free (self->bad, TRUE);
  g_free (self->comment);
  return self->list;
}

GPtrArray *
tern_mime_parse_addresses (const char *text)
{
  Reader reader;

  g_return_val_if_fail (text != NULL, NULL);

  reader_init (&reader, text, MIN (strlen (text), TERN_LIMIT_HEADER), FALSE);
  read_list (&reader);
  return reader_finish (&reader);
}

GPtrArray *
tern_mime_parse_typed_addresses (const char *text, GError **error)
{
  Reader reader;
  GError *fault = NULL;

  g_return_val_if_fail (text != NULL, NULL);

  reader_init (&reader, text, MIN (strlen (text), TERN_LIMIT_HEADER), TRUE);
  read_list (&reader);
  switch (reader.problem)
    {
    case PROBLEM_NONE:
      return reader_finish (&reader);
    case PROBLEM_NO_ADDRESS:
      fault = tern_fault_new (TERN_FAULT_INVALID,
                              _ ("“%s” has no email address. Write it as name@example.org."),
                              reader.bad->str);
      break;
    case PROBLEM_UNCLOSED:
      fault = tern_fault_new (TERN_FAULT_INVALID,
                              _ ("A quotation mark or bracket in “%s” is not closed."),
                              reader.bad->str);
      break;
    case PROBLEM_TWO:
      fault = tern_fault_new (TERN_FAULT_INVALID,
                              _ ("“%s” is not one address. Put a comma between addresses and the "
                                 "address behind a name in <angle brackets>."),
                              reader.bad->str);
      break;
    case PROBLEM_BAD_ADDRESS:
    default:
      fault = tern_fault_new (TERN_FAULT_INVALID, _ ("“%s” is not a valid email address."),
                              reader.bad->str);
      break;
    }
  g_propagate_error (error, fault);
  g_ptr_array_unref (reader_finish (&reader));
  return NULL;
}

char *
tern_mime_format_addresses (const GPtrArray *list)
{
  GString *out = g_string_new (NULL);

  for (guint i = 0; list != NULL && i < list->len; i++)
    {
      const TernAddress *address = g_ptr_array_index (list, i);

      if (i > 0)
        g_string_append (out, ", ");
      if (*address->name == '\0')
        {
          g_string_append (out, address->address);
          continue;
        }
      if (strpbrk (address->name, "()<>[]:;@\\,\"") != NULL || strstr (address->name, "=?") != NULL)
        append_quoted (out, address->name);
      else
        g_string_append (out, address->name);
      g_string_append_printf (out, " <%s>", address->address);
    }
  return g_string_free (out, FALSE);
}
