/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-folder-names-private.h"

#include <glib/gi18n.h>
#include <string.h>

#include "tern-fault.h"
#include "tern-limits.h"

/* Names that servers and clients have given these folders, best first. Compared without case; the
 * last level of a name counts. */
static const struct
{
  TernRole role;
  const char *names[24];
} well_known[] = {
  { TERN_ROLE_SENT,
    { "Sent",
      "Sent Mail",
      "Sent Messages",
      "Sent Items",
      "Sent-Mail",
      "Gesendet",
      "Gesendete Objekte",
      "Gesendete Elemente",
      "Envoyés",
      "Messages envoyés",
      "Éléments envoyés",
      "Enviados",
      "Elementos enviados",
      "Inviata",
      "Posta inviata",
      "Verzonden",
      "Verzonden items",
      "Skickat",
      "Wysłane",
      "Отправленные",
      "已发送",
      "送信済み",
      "보낸편지함" } },
  { TERN_ROLE_DRAFTS,
    { "Drafts", "Draft", "Entwürfe", "Brouillons", "Borradores", "Rascunhos", "Bozze", "Concepten",
      "Utkast", "Szkice", "Kopie robocze", "Черновики", "草稿箱", "草稿", "下書き",
      "임시보관함" } },
  { TERN_ROLE_TRASH,
    { "Trash",
      "Deleted Items",
      "Deleted Messages",
      "Deleted",
      "Bin",
      "Wastebasket",
      "Papierkorb",
      "Gelöschte Elemente",
      "Corbeille",
      "Éléments supprimés",
      "Papelera",
      "Elementos eliminados",
      "Lixeira",
      "Lixo",
      "Cestino",
      "Prullenbak",
      "Papperskorgen",
      "Kosz",
      "Корзина",
      "Удаленные",
      "已删除",
      "ゴミ箱",
      "휴지통" } },
  { TERN_ROLE_JUNK,
    { "Junk",
      "Spam",
      "Junk E-mail",
      "Junk Email",
      "Junk Mail",
      "Bulk Mail",
      "Unwanted",
      "Spamverdacht",
      "Junk-E-Mail",
      "Indésirables",
      "Courrier indésirable",
      "Pourriel",
      "Correo no deseado",
      "Lixo Eletrônico",
      "Posta indesiderata",
      "Ongewenste e-mail",
      "Skräppost",
      "Wiadomości-śmieci",
      "Спам",
      "垃圾邮件",
      "迷惑メール",
      "스팸편지함" } },
  { TERN_ROLE_ARCHIVE,
    { "Archive", "Archives", "Archiv", "Archivo", "Arquivo", "Archivio", "Archief", "Arkiv",
      "Archiwum", "Архив", "归档", "アーカイブ", "보관함" } },
};

const char *
tern_folder_names_for_role (TernRole role)
{
  for (gsize i = 0; i < G_N_ELEMENTS (well_known); i++)
    if (well_known[i].role == role)
      return well_known[i].names[0];
  return NULL;
}

/* One level of a name: UTF-8, shown and stored. A "/" that does not part levels would break the
 * path apart, so it becomes a look-alike. */
static char *
clean_level (const char *level)
{
  GString *clean = g_string_new (NULL);

  for (const char *p = level; *p != '\0'; p = g_utf8_next_char (p))
    {
      gunichar c = g_utf8_get_char (p);

      if (c == '/')
        g_string_append_unichar (clean, 0x2215);
      else if (g_unichar_iscntrl (c) || g_unichar_type (c) == G_UNICODE_FORMAT)
        g_string_append_unichar (clean, 0xfffd);
      else
        g_string_append_unichar (clean, c);
    }
  if (clean->len == 0)
    g_string_append_unichar (clean, 0xfffd);
  return g_string_free (clean, FALSE);
}

static char *
decode_name (const char *raw)
{
  gboolean valid = FALSE;
  g_autofree char *decoded = tern_imap_utf7_decode (raw, &valid);

  return g_utf8_make_valid (decoded, -1);
}

/* Is @raw in the namespace, or the folder that is the root of it: "shared" of "shared/"? */
static gboolean
is_in_namespace (const char *raw, const TernImapNamespace *space)
{
  gsize length = strlen (space->prefix);

  if (strncmp (raw, space->prefix, length) == 0)
    return TRUE;
  return length > 1 && space->delimiter != '\0' && space->prefix[length - 1] == space->delimiter
         && strlen (raw) == length - 1 && strncmp (raw, space->prefix, length - 1) == 0;
}

/* The one with the longest prefix: that of one namespace may be empty. NULL when there is none. */
static const TernImapNamespace *
find_namespace (const char *raw, const GPtrArray *namespaces)
{
  const TernImapNamespace *found = NULL;

  for (guint i = 0; namespaces != NULL && i < namespaces->len; i++)
    {
      const TernImapNamespace *space = g_ptr_array_index (namespaces, i);

      if (is_in_namespace (raw, space)
          && (found == NULL || strlen (space->prefix) > strlen (found->prefix)))
        found = space;
    }
  return found;
}

/* The personal namespace's prefix is not a level that people know: "INBOX.Sent" is "Sent". */
static const char *
skip_prefix (const char *raw, const TernImapNamespace *space)
{
  gsize length = space != NULL && space->space == TERN_SPACE_PERSONAL ? strlen (space->prefix) : 0;

  return strlen (raw) > length ? raw + length : raw;
}

TernFolderRecord *
tern_folder_names_from_list (const TernImapList *list, const GPtrArray *namespaces)
{
  g_autofree char *name = NULL;
  g_auto (GStrv) levels = NULL;
  char delimiter[2] = { list->delimiter, '\0' };
  gboolean inbox = g_ascii_strcasecmp (list->mailbox, "INBOX") == 0;
  const TernImapNamespace *space = inbox ? NULL : find_namespace (list->mailbox, namespaces);
  TernFolderRecord *record;
  guint n;

  if (*list->mailbox == '\0' || strlen (list->mailbox) > TERN_LIMIT_MAILBOX_NAME)
    return NULL;
  name = decode_name (skip_prefix (list->mailbox, space));
  if (list->delimiter != '\0')
    levels = g_strsplit (name, delimiter, -1);
  else
    {
      levels = g_new0 (char *, 2);
      levels[0] = g_strdup (name);
    }
  n = g_strv_length (levels);
  /* "Lists/" is how some servers show a folder that only holds others. */
  if (n > 1 && *levels[n - 1] == '\0')
    g_clear_pointer (&levels[--n], g_free);
  for (guint i = 0; i < n; i++)
    {
      char *clean = clean_level (levels[i]);

      g_free (levels[i]);
      levels[i] = clean;
    }
  record = g_new0 (TernFolderRecord, 1);
  record->path = g_strjoinv ("/", levels);
  record->name = g_strdup (n > 0 ? levels[n - 1] : record->path);
  record->remote_name = g_strdup (list->mailbox);
  record->delimiter = list->delimiter;
  record->space = space != NULL ? space->space : TERN_SPACE_PERSONAL;
  /* What others use for their drafts or trash is not ours to use. */
  record->role = record->space == TERN_SPACE_PERSONAL ? list->role : TERN_ROLE_NONE;
  record->subscribed = list->has_subscribed ? list->subscribed : TRUE;
  record->selectable = !list->no_select;
  record->remote_total = -1;
  record->remote_unread = -1;
  if (inbox)
    {
      record->role = TERN_ROLE_INBOX;
      g_free (record->path);
      g_free (record->name);
      record->path = g_strdup ("INBOX");
      record->name = g_strdup ("INBOX");
    }
  return record;
}

TernFolderRecord *
tern_folder_names_above (const TernFolderRecord *folder)
{
  const char *raw =
      folder->delimiter != '\0' ? strrchr (folder->remote_name, folder->delimiter) : NULL;
  const char *slash = strrchr (folder->path, '/');
  TernFolderRecord *record;
  const char *name;

  if (folder->space == TERN_SPACE_PERSONAL || raw == NULL || raw == folder->remote_name
      || raw[1] == '\0' || slash == NULL || slash == folder->path)
    return NULL;
  record = g_new0 (TernFolderRecord, 1);
  record->account = folder->account;
  record->path = g_strndup (folder->path, (gsize) (slash - folder->path));
  name = strrchr (record->path, '/');
  record->name = g_strdup (name != NULL ? name + 1 : record->path);
  record->remote_name = g_strndup (folder->remote_name, (gsize) (raw - folder->remote_name));
  record->delimiter = folder->delimiter;
  record->space = folder->space;
  record->remote_total = -1;
  record->remote_unread = -1;
  return record;
}

static gboolean
same_name (const char *a, const char *b)
{
  g_autofree char *folded_a = g_utf8_casefold (a, -1);
  g_autofree char *folded_b = g_utf8_casefold (b, -1);

  return strcmp (folded_a, folded_b) == 0;
}

/* "INBOX/Sent" and "[Gmail]/Sent Mail" count, "Lists/Archive/Old" does not. */
static guint
count_levels (const TernFolderRecord *folder)
{
  guint n = 1;

  for (const char *p = folder->path; (p = strchr (p, '/')) != NULL; p++)
    n++;
  return n;
}

static TernFolderRecord *
find_by_names (GPtrArray *folders, const char *const *names)
{
  for (guint n = 0; names[n] != NULL; n++)
    for (guint depth = 1; depth <= 2; depth++)
      for (guint i = 0; i < folders->len; i++)
        {
          TernFolderRecord *folder = g_ptr_array_index (folders, i);

          if (folder->role == TERN_ROLE_NONE && folder->selectable
              && folder->space == TERN_SPACE_PERSONAL && count_levels (folder) == depth
              && same_name (folder->name, names[n]))
            return folder;
        }
  return NULL;
}

void
tern_folder_names_guess_roles (GPtrArray *folders)
{
  for (gsize i = 0; i < G_N_ELEMENTS (well_known); i++)
    {
      gboolean taken = FALSE;
      TernFolderRecord *folder;

      for (guint j = 0; j < folders->len && !taken; j++)
        taken = ((TernFolderRecord *) g_ptr_array_index (folders, j))->role == well_known[i].role;
      folder = taken ? NULL : find_by_names (folders, well_known[i].names);
      if (folder != NULL)
        folder->role = well_known[i].role;
    }
}

/* The prefix that all own folders beside INBOX have on the server ("INBOX." on Courier), or "". */
static char *
find_prefix (const GPtrArray *folders, char *delimiter)
{
  g_autofree char *prefix = NULL;
  guint others = 0;
  guint with_prefix = 0;

  *delimiter = '/';
  for (guint i = 0; i < folders->len; i++)
    {
      const TernFolderRecord *folder = g_ptr_array_index (folders, i);

      if (folder->role == TERN_ROLE_INBOX && folder->delimiter != '\0')
        *delimiter = folder->delimiter;
    }
  prefix = g_strdup_printf ("INBOX%c", *delimiter);
  for (guint i = 0; i < folders->len; i++)
    {
      const TernFolderRecord *folder = g_ptr_array_index (folders, i);

      if (folder->remote_name == NULL || folder->role == TERN_ROLE_INBOX
          || folder->space != TERN_SPACE_PERSONAL)
        continue;
      others++;
      if (g_ascii_strncasecmp (folder->remote_name, prefix, strlen (prefix)) == 0)
        with_prefix++;
    }
  return others > 0 && others == with_prefix ? g_steal_pointer (&prefix) : g_strdup ("");
}

TernFolderRecord *
tern_folder_names_plan (const GPtrArray *folders, TernId account, TernRole role)
{
  const char *name = tern_folder_names_for_role (role);
  g_autofree char *prefix = NULL;
  TernFolderRecord *record;
  char delimiter;

  g_return_val_if_fail (name != NULL, NULL);
  prefix = find_prefix (folders, &delimiter);
  record = g_new0 (TernFolderRecord, 1);
  record->account = account;
  record->path = g_strdup (name);
  record->name = g_strdup (name);
  record->remote_name = g_strconcat (prefix, name, NULL);
  record->delimiter = delimiter;
  record->role = role;
  record->subscribed = TRUE;
  record->selectable = TRUE;
  record->remote_total = -1;
  record->remote_unread = -1;
  return record;
}

static const TernFolderRecord *
find_path (const GPtrArray *folders, const char *path)
{
  for (guint i = 0; i < folders->len; i++)
    {
      const TernFolderRecord *folder = g_ptr_array_index (folders, i);

      if (!folder->gone && folder->remote_name != NULL && g_str_equal (folder->path, path))
        return folder;
    }
  return NULL;
}

char *
tern_folder_names_to_remote (const GPtrArray *folders, const char *path)
{
  const char *slash = strrchr (path, '/');
  g_autofree char *level = tern_imap_utf7_encode (slash != NULL ? slash + 1 : path);
  g_autofree char *parent_path = slash != NULL ? g_strndup (path, (gsize) (slash - path)) : NULL;
  const TernFolderRecord *parent = NULL;
  g_autofree char *prefix = NULL;
  char delimiter;

  if (parent_path == NULL)
    {
      prefix = find_prefix (folders, &delimiter);
      return g_strconcat (prefix, level, NULL);
    }
  parent = find_path (folders, parent_path);
  if (parent == NULL || parent->delimiter == '\0')
    return NULL;
  return g_strdup_printf ("%s%c%s", parent->remote_name, parent->delimiter, level);
}

gboolean
tern_folder_names_check (const char *path, char delimiter, GError **error)
{
  const char *slash = strrchr (path, '/');
  const char *level = slash != NULL ? slash + 1 : path;
  g_autofree char *encoded = NULL;
  GError *fault = NULL;

  if (!g_utf8_validate (path, -1, NULL))
    fault = tern_fault_new (TERN_FAULT_INVALID, _ ("The name of a folder has to be UTF-8."));
  else if (*level == '\0' || *path == '/' || strstr (path, "//") != NULL)
    fault = tern_fault_new (TERN_FAULT_INVALID, _ ("A folder needs a name."));
  else if (slash != NULL && delimiter == '\0')
    fault = tern_fault_new (TERN_FAULT_INVALID,
                            _ ("There are no folders within folders on this server."));
  else if (delimiter != '\0' && strchr (level, delimiter) != NULL)
    fault = tern_fault_new (TERN_FAULT_INVALID,
                            _ ("There cannot be a “%c” in the name of a folder on this server, "
                               "where it stands between a folder and the one it is in."),
                            delimiter);
  for (const char *p = level; fault == NULL && *p != '\0'; p = g_utf8_next_char (p))
    if (g_unichar_iscntrl (g_utf8_get_char (p)))
      fault = tern_fault_new (TERN_FAULT_INVALID,
                              _ ("There cannot be line breaks or other control characters in the "
                                 "name of a folder."));
  if (fault == NULL)
    {
      encoded = tern_imap_utf7_encode (path);
      if (strlen (encoded) > TERN_LIMIT_MAILBOX_NAME)
        fault = tern_fault_new (TERN_FAULT_INVALID, _ ("The name of the folder is too long."));
    }
  if (fault != NULL)
    g_propagate_error (error, fault);
  return fault == NULL;
}

TernFolderRecord *
tern_folder_names_new (const GPtrArray *folders, TernId account, const char *path, TernRole role)
{
  char *remote_name = tern_folder_names_to_remote (folders, path);
  const char *slash = strrchr (path, '/');
  g_autofree char *parent_path = slash != NULL ? g_strndup (path, (gsize) (slash - path)) : NULL;
  const TernFolderRecord *parent = parent_path != NULL ? find_path (folders, parent_path) : NULL;
  TernFolderRecord *record;
  char delimiter;

  if (remote_name == NULL)
    return NULL;
  g_free (find_prefix (folders, &delimiter));
  record = g_new0 (TernFolderRecord, 1);
  /* Other namespaces may have another delimiter. */
  if (parent != NULL)
    {
      delimiter = parent->delimiter;
      record->space = parent->space;
    }
  record->account = account;
  record->path = g_strdup (path);
  record->name = g_strdup (slash != NULL ? slash + 1 : path);
  record->remote_name = remote_name;
  record->delimiter = delimiter;
  record->role = role;
  record->subscribed = TRUE;
  record->selectable = TRUE;
  record->remote_total = -1;
  record->remote_unread = -1;
  return record;
}
