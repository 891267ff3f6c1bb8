/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-ctl-format.h"
#include "tern-ctl-private.h"
#include "tern-ctl-progress.h"

#include "tern-html-policy.h"
#include "tern-paths.h"

#include <glib/gi18n.h>
#include <string.h>

#define TICK_MS 200

/* One message to be formatted in a reader's thread: that is where its folder's path is known. */
typedef struct
{
  TernBody *body;  /* (owned) */
  GHashTable *ids; /* (owned) */
  gboolean json;
  gboolean headers_only;
} Page;

static void
page_free (gpointer data)
{
  Page *self = data;

  tern_body_unref (self->body);
  g_hash_table_unref (self->ids);
  g_free (self);
}

static char *
format_json (const Page *page, const char *folder, const char *labels)
{
  const TernBody *body = page->body;
  TernCtlJson *json = tern_ctl_json_new ();

  tern_ctl_json_open (json, NULL, '{');
  tern_ctl_format_message (json, body->record,
                           tern_ctl_format_account (page->ids, body->record->account), folder);
  if (labels != NULL)
    {
      g_auto (GStrv) names = g_strsplit (labels, "\n", -1);

      tern_ctl_json_open (json, "labels", '[');
      for (gsize i = 0; names[i] != NULL; i++)
        tern_ctl_json_string (json, NULL, names[i]);
      tern_ctl_json_close (json, ']');
    }
  tern_ctl_json_open (json, "headers", '[');
  for (guint i = 0; body->headers != NULL && i < body->headers->len; i++)
    {
      char **header = g_ptr_array_index (body->headers, i);

      tern_ctl_json_open (json, NULL, '{');
      tern_ctl_json_string (json, "name", header[0]);
      tern_ctl_json_string (json, "value", header[1]);
      tern_ctl_json_close (json, '}');
    }
  tern_ctl_json_close (json, ']');
  tern_ctl_format_attachments (json, body->structure);
  if (!page->headers_only)
    {
      tern_ctl_json_string (json, "text", body->text != NULL ? body->text->plain : NULL);
      tern_ctl_format_part (json, "structure", body->structure);
      /* Nothing judges messages yet. */
      tern_ctl_json_open (json, "verdicts", '[');
      tern_ctl_json_close (json, ']');
    }
  tern_ctl_json_close (json, '}');
  return tern_ctl_json_end (json);
}

static void
append_attachment (const TernPart *part, gpointer user_data)
{
  GString *text = user_data;

  if (tern_part_is_attachment (part))
    g_string_append_printf (text, "[%s] %s (%s/%s)\n", part->section,
                            part->filename != NULL ? part->filename : "", part->type,
                            part->subtype);
}

/* What a terminal must not be told by a stranger: only tabs and line ends stay. */
static void
append_clean (GString *text, const char *plain)
{
  for (const char *p = plain; *p != '\0'; p = g_utf8_next_char (p))
    {
      gunichar c = g_utf8_get_char (p);

      if (c == '\n' || c == '\t' || !g_unichar_iscntrl (c))
        g_string_append_unichar (text, c);
    }
}

static char *
format_text (const Page *page)
{
  static const char *const shown[] = { "From", "To", "Cc", "Date", "Subject", NULL };
  const TernBody *body = page->body;
  GString *text = g_string_new (NULL);

  for (guint i = 0; body->headers != NULL && i < body->headers->len; i++)
    {
      char **header = g_ptr_array_index (body->headers, i);
      gboolean wanted = page->headers_only;

      for (gsize k = 0; shown[k] != NULL; k++)
        wanted |= g_ascii_strcasecmp (header[0], shown[k]) == 0;
      if (!wanted)
        continue;
      g_string_append_printf (text, "%s: ", header[0]);
      append_clean (text, header[1]);
      g_string_append_c (text, '\n');
    }
  if (page->headers_only)
    return g_string_free (text, FALSE);
  g_string_append_c (text, '\n');
  if (body->text != NULL)
    append_clean (text, body->text->plain);
  if (text->str[text->len - 1] != '\n')
    g_string_append_c (text, '\n');
  if (body->structure != NULL)
    tern_part_foreach (body->structure, append_attachment, text);
  return g_string_free (text, FALSE);
}

static gboolean
read_page (TernReader *reader,
           gpointer data,
           GCancellable *cancellable,
           gpointer *result,
           GError **error)
{
  Page *page = data;
  g_autoptr (TernFolderRecord) folder = NULL;
  g_autofree char *labels = NULL;

  if (!page->json)
    {
      *result = format_text (page);
      return TRUE;
    }
  folder = tern_read_folder (reader, page->body->record->folder, error);
  if (folder == NULL)
    return FALSE;
  labels = tern_read_labels (reader, page->body->record->id, NULL);
  *result = format_json (page, folder->path, labels);
  return TRUE;
}

/* As the reader gives it to its view: behind the policy that lets nothing in from outside. */
static void
print_html (TernCtl *self, const TernBody *body)
{
  g_autofree char *page = tern_html_policy_wrap (body->text->html, FALSE, FALSE);
  TernCtlJson *json;

  if (!self->args->json)
    {
      tern_ctl_print (self, g_steal_pointer (&page));
      return;
    }
  json = tern_ctl_json_new ();
  tern_ctl_json_open (json, NULL, '{');
  tern_ctl_json_int (json, "id", body->record->id);
  tern_ctl_json_string (json, "html", page);
  tern_ctl_json_close (json, '}');
  tern_ctl_print (self, tern_ctl_json_end (json));
}

static void
print_text (TernCtl *self, const TernBody *body)
{
  const char *plain = body->text != NULL ? body->text->plain : "";
  TernCtlJson *json;
  GString *text;

  if (!self->args->json)
    {
      text = g_string_new (NULL);
      append_clean (text, plain);
      if (text->len > 0 && text->str[text->len - 1] != '\n')
        g_string_append_c (text, '\n');
      tern_ctl_print (self, g_string_free (text, FALSE));
      return;
    }
  json = tern_ctl_json_new ();
  tern_ctl_json_open (json, NULL, '{');
  tern_ctl_json_int (json, "id", body->record->id);
  tern_ctl_json_string (json, "text", plain);
  tern_ctl_json_close (json, '}');
  tern_ctl_print (self, tern_ctl_json_end (json));
}

static void
text_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TernCtl *self = user_data;
  GError *error = NULL;
  g_autoptr (TernBody) body = tern_engine_load_body_finish (self->engine, result, &error);

  if (body == NULL)
    {
      tern_ctl_fail (self, error, NULL);
      return;
    }
  print_text (self, body);
  tern_ctl_end (self, TERN_CTL_EXIT_DONE);
}

static void
html_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TernCtl *self = user_data;
  GError *error = NULL;
  g_autoptr (TernBody) body = tern_engine_load_body_finish (self->engine, result, &error);

  if (body != NULL && (body->text == NULL || body->text->html == NULL))
    error = tern_fault_new (TERN_FAULT_NOT_FOUND, _ ("There is no HTML in message %" PRId64 "."),
                            body->record->id);
  if (error != NULL)
    {
      tern_ctl_fail (self, error, NULL);
      return;
    }
  print_html (self, body);
  tern_ctl_end (self, TERN_CTL_EXIT_DONE);
}

static void
body_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TernCtl *self = user_data;
  GError *error = NULL;
  TernBody *body = tern_engine_load_body_finish (self->engine, result, &error);
  Page *page;

  if (body == NULL)
    {
      tern_ctl_fail (self, error, NULL);
      return;
    }
  page = g_new0 (Page, 1);
  page->body = body;
  page->ids = tern_ctl_dup_account_ids (self);
  page->json = self->args->json;
  page->headers_only = tern_ctl_args_has (self->args, "headers");
  tern_ctl_print_read (self, read_page, page, page_free);
}

static char *
format_part_json (TernId id, const char *section, GBytes *bytes)
{
  TernCtlJson *json = tern_ctl_json_new ();

  tern_ctl_json_open (json, NULL, '{');
  tern_ctl_json_int (json, "id", id);
  tern_ctl_json_string (json, "section", section);
  tern_ctl_format_content (json, bytes);
  tern_ctl_json_close (json, '}');
  return tern_ctl_json_end (json);
}

static const char *
wanted_section (TernCtl *self)
{
  const char *section = tern_ctl_args_get (self->args, "part");

  return section != NULL ? section : "";
}

static void
part_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TernCtl *self = user_data;
  GError *error = NULL;
  g_autoptr (GBytes) bytes = tern_engine_load_part_finish (self->engine, result, &error);
  TernId id;

  if (bytes == NULL)
    {
      tern_ctl_fail (self, error, NULL);
      return;
    }
  tern_ctl_args_number (tern_ctl_args_word (self->args, 0), 1, &id, NULL);
  if (self->args->json)
    tern_ctl_print (self, format_part_json (id, wanted_section (self), bytes));
  else
    tern_ctl_print_bytes (self, bytes);
  tern_ctl_end (self, TERN_CTL_EXIT_DONE);
}

/* Saving the attachments, one after the other. */
typedef struct
{
  TernId id;
  char *dir;        /* (owned) */
  GPtrArray *parts; /* of TernPart, lent by @body */
  TernBody *body;   /* (owned) */
  guint next;
  TernCtlJson *json;      /* (owned): what was saved */
  GString *lines;         /* (owned): the same for people */
  TernTransfer *transfer; /* (owned) (nullable): of the one that is being saved */
  GSource *tick;          /* (owned) (nullable): shows that */
} Saving;

static void
saving_free (gpointer data)
{
  Saving *self = data;

  if (self->tick != NULL)
    g_source_destroy (self->tick);
  g_clear_pointer (&self->tick, g_source_unref);
  g_clear_pointer (&self->transfer, tern_transfer_unref);
  g_free (self->dir);
  g_ptr_array_unref (self->parts);
  tern_body_unref (self->body);
  tern_ctl_json_free (self->json);
  g_string_free (self->lines, TRUE);
  g_free (self);
}

static void save_next (TernCtl *self);

static char *
dup_safe_name (const TernPart *part)
{
  return tern_paths_safe_filename (part->filename != NULL ? part->filename : "attachment");
}

static gboolean
on_tick (gpointer user_data)
{
  TernCtl *self = user_data;
  const Saving *saving = self->state;
  g_autofree char *name = dup_safe_name (g_ptr_array_index (saving->parts, saving->next));
  guint64 done;
  guint64 total;
  gboolean waiting;

  if (tern_transfer_get (saving->transfer, &done, &total, &waiting))
    {
      g_autofree char *shown_done = g_format_size (done);
      g_autofree char *shown_total = g_format_size (total);
      /* Translators: of a file that is being loaded: "1.2 MB of 12.4 MB". */
      g_autofree char *words = waiting
                                   ? g_strdup (_ ("waiting"))
                                   : g_strdup_printf (_ ("%1$s of %2$s"), shown_done, shown_total);

      tern_ctl_print_error (self,
                            tern_ctl_progress_line (name, words, (gint64) done, (gint64) total));
    }
  return G_SOURCE_CONTINUE;
}

static void
start_ticking (TernCtl *self, Saving *saving)
{
  if (!self->args->progress)
    return;
  saving->tick = g_timeout_source_new (TICK_MS);
  g_source_set_callback (saving->tick, on_tick, self, NULL);
  g_source_attach (saving->tick, g_main_context_get_thread_default ());
}

static void
stop_ticking (TernCtl *self, Saving *saving)
{
  if (saving->tick == NULL)
    return;
  g_source_destroy (saving->tick);
  g_clear_pointer (&saving->tick, g_source_unref);
  tern_ctl_print_error (self, g_strdup (TERN_CTL_PROGRESS_END));
}

static void
saved_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TernCtl *self = user_data;
  Saving *saving = self->state;
  GError *error = NULL;
  g_autoptr (GFile) file = tern_engine_save_part_finish (self->engine, result, &error);
  const char *path;

  stop_ticking (self, saving);
  if (file == NULL)
    {
      tern_ctl_fail (self, error, NULL);
      return;
    }
  path = g_file_peek_path (file);
  tern_ctl_json_string (saving->json, NULL, path);
  g_string_append_printf (saving->lines, "%s\n", path);
  saving->next++;
  save_next (self);
}

/* Nothing that is there is written over. */
static void
save_part (TernCtl *self, Saving *saving)
{
  const TernPart *part = g_ptr_array_index (saving->parts, saving->next);
  g_autofree char *name = dup_safe_name (part);
  g_autoptr (GFile) file = g_file_new_build_filename (saving->dir, name, NULL);

  g_clear_pointer (&saving->transfer, tern_transfer_unref);
  saving->transfer = tern_transfer_new ();
  start_ticking (self, saving);
  tern_engine_save_part_async (self->engine, saving->id, part->section, file,
                               TERN_SAVE_COUNT_UP | TERN_SAVE_PRIVATE, saving->transfer,
                               self->cancellable, saved_cb, self);
}

static void
save_next (TernCtl *self)
{
  Saving *saving = self->state;

  if (saving->next < saving->parts->len)
    {
      save_part (self, saving);
      return;
    }
  tern_ctl_json_close (saving->json, ']');
  tern_ctl_json_close (saving->json, '}');
  if (self->args->json)
    tern_ctl_print (self, tern_ctl_json_end (g_steal_pointer (&saving->json)));
  else
    tern_ctl_print (self, g_strdup (saving->lines->str));
  tern_ctl_end (self, TERN_CTL_EXIT_DONE);
}

static void
collect_attachment (const TernPart *part, gpointer user_data)
{
  if (tern_part_is_attachment (part))
    g_ptr_array_add (user_data, (gpointer) part);
}

static void
save_body_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TernCtl *self = user_data;
  GError *error = NULL;
  TernBody *body = tern_engine_load_body_finish (self->engine, result, &error);
  Saving *saving;

  if (body == NULL)
    {
      tern_ctl_fail (self, error, NULL);
      return;
    }
  saving = g_new0 (Saving, 1);
  saving->body = body;
  saving->id = body->record->id;
  saving->dir = tern_ctl_resolve_path (self, tern_ctl_args_get (self->args, "save"));
  saving->parts = g_ptr_array_new ();
  saving->lines = g_string_new (NULL);
  saving->json = tern_ctl_json_new ();
  tern_ctl_json_open (saving->json, NULL, '{');
  tern_ctl_json_int (saving->json, "id", saving->id);
  tern_ctl_json_open (saving->json, "saved", '[');
  if (body->structure != NULL)
    tern_part_foreach (body->structure, collect_attachment, saving->parts);
  tern_ctl_set_state (self, saving, saving_free);
  save_next (self);
}

static GAsyncReadyCallback
choose_body_cb (const TernCtlArgs *args)
{
  if (tern_ctl_args_has (args, "save"))
    return save_body_cb;
  if (tern_ctl_args_has (args, "text"))
    return text_cb;
  return tern_ctl_args_has (args, "html") ? html_cb : body_cb;
}

/* (TernStoreRead) The row of a message's account; NULL when there is no such message. */
static gboolean
read_account (TernReader *reader,
              gpointer data,
              GCancellable *cancellable,
              gpointer *result,
              GError **error)
{
  GError *problem = NULL;
  g_autoptr (TernMessageRecord) record = tern_read_message (reader, *(TernId *) data, &problem);

  if (record != NULL)
    *result = g_memdup2 (&record->account, sizeof record->account);
  if (problem != NULL)
    g_propagate_error (error, problem);
  return problem == NULL;
}

/* Whatever fails from here on fails for this account. */
static void
account_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TernCtl *self = user_data;
  GError *error = NULL;
  gpointer value = NULL;
  g_autofree TernId *row = NULL;
  TernId id;

  if (!tern_ctl_read_finish (self, result, &value, &error))
    {
      tern_ctl_fail (self, error, NULL);
      return;
    }
  row = value;
  if (row != NULL)
    self->account = g_strdup (tern_engine_get_account_uuid (self->engine, *row));
  tern_ctl_args_number (tern_ctl_args_word (self->args, 0), 1, &id, NULL);
  if (tern_ctl_args_has (self->args, "source") || tern_ctl_args_has (self->args, "part"))
    tern_engine_load_part_async (self->engine, id, wanted_section (self), self->cancellable,
                                 part_cb, self);
  else
    tern_engine_load_body_async (self->engine, id, self->cancellable, choose_body_cb (self->args),
                                 self);
}

void
tern_ctl_show (TernCtl *self)
{
  GError *error = NULL;
  TernId id;

  if (!tern_ctl_args_number (tern_ctl_args_word (self->args, 0), 1, &id, &error)
      || !tern_ctl_args_exclude (self->args, "headers text html source part save", &error))
    tern_ctl_fail (self, error, NULL);
  else
    tern_ctl_read (self, read_account, g_memdup2 (&id, sizeof id), g_free, g_free, account_cb);
}
