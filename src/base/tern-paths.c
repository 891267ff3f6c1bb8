/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tern-paths.h"

#include "tern-fault.h"
#include "tern-limits.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

char *
tern_paths_dup_config_dir (void)
{
  return g_build_filename (g_get_user_config_dir (), "tern", NULL);
}

char *
tern_paths_dup_data_dir (void)
{
  return g_build_filename (g_get_user_data_dir (), "tern", NULL);
}

char *
tern_paths_dup_cache_dir (void)
{
  return g_build_filename (g_get_user_cache_dir (), "tern", NULL);
}

static GError *
fault_from_errno (int saved_errno, const char *path)
{
  g_autofree char *shown = g_filename_display_name (path);
  switch (saved_errno)
    {
    case ENOSPC:
    case EDQUOT:
      return tern_fault_new (TERN_FAULT_DISK_FULL,
                             _ ("There is no space left to write “%s”. Free some and try again."),
                             shown);
    case EROFS:
    case EACCES:
    case EPERM:
      return tern_fault_new (TERN_FAULT_DISK_READ_ONLY,
                             _ ("“%s” cannot be written. Check who owns it and its permissions."),
                             shown);
    default:
      return tern_fault_new (TERN_FAULT_DISK, _ ("“%s” cannot be written: %s."), shown,
                             g_strerror (saved_errno));
    }
}

gboolean
tern_paths_ensure_dir (const char *path, GError **error)
{
  if (g_mkdir_with_parents (path, 0700) != 0)
    {
      g_propagate_error (error, fault_from_errno (errno, path));
      return FALSE;
    }
  /* One that was there already may be open to others. */
  struct stat info;
  if (g_stat (path, &info) == 0 && (info.st_mode & 0077) != 0 && g_chmod (path, 0700) != 0)
    {
      g_propagate_error (error, fault_from_errno (errno, path));
      return FALSE;
    }
  return TRUE;
}

static gboolean
write_all (int fd, const char *contents, gsize length)
{
  while (length > 0)
    {
      gssize n = write (fd, contents, length);
      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        return FALSE;
      contents += n;
      length -= (gsize) n;
    }
  return TRUE;
}

/* The rename is on the disk only when the folder is. */
static gboolean
sync_folder (const char *path)
{
  int fd = open (path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0)
    return FALSE;
  gboolean ok = fsync (fd) == 0;
  int saved_errno = errno;
  close (fd);
  errno = saved_errno;
  return ok;
}

gboolean
tern_paths_replace_file (const char *path, const char *contents, gssize length, GError **error)
{
  gsize size = length < 0 ? strlen (contents) : (gsize) length;
  g_autofree char *folder = g_path_get_dirname (path);
  g_autofree char *beside = g_strdup_printf ("%s.XXXXXX", path);

  int fd = g_mkstemp_full (beside, O_RDWR | O_CLOEXEC, 0600);
  if (fd < 0)
    {
      g_propagate_error (error, fault_from_errno (errno, path));
      return FALSE;
    }

  gboolean written = write_all (fd, contents, size) && fsync (fd) == 0;
  int saved_errno = errno;
  if (close (fd) != 0 && written)
    {
      written = FALSE;
      saved_errno = errno;
    }
  if (!written || g_rename (beside, path) != 0)
    {
      saved_errno = written ? errno : saved_errno;
      g_unlink (beside);
      g_propagate_error (error, fault_from_errno (saved_errno, path));
      return FALSE;
    }
  if (!sync_folder (folder))
    {
      g_propagate_error (error, fault_from_errno (errno, folder));
      return FALSE;
    }
  return TRUE;
}

static gboolean
is_unsafe_in_filename (gunichar c)
{
  /* FORMAT holds the bidi controls that turn "exe.txt" around. */
  return c == '/' || c == '\\' || c == ':' || g_unichar_iscntrl (c)
         || g_unichar_type (c) == G_UNICODE_FORMAT || g_unichar_type (c) == G_UNICODE_LINE_SEPARATOR
         || g_unichar_type (c) == G_UNICODE_PARAGRAPH_SEPARATOR;
}

/* Cuts at a character and keeps the extension, by which people and programs know a file. */
static void
cut_filename (GString *name)
{
  if (name->len <= TERN_LIMIT_FILENAME)
    return;

  const char *dot = strrchr (name->str, '.');
  g_autofree char *extension = NULL;
  if (dot != NULL && strlen (dot) <= 16)
    extension = g_strdup (dot);

  gsize room = TERN_LIMIT_FILENAME - (extension != NULL ? strlen (extension) : 0);
  while (room > 0 && ((guchar) name->str[room] & 0xC0) == 0x80)
    room--;
  g_string_truncate (name, room);
  if (extension != NULL)
    g_string_append (name, extension);
}

char *
tern_paths_safe_filename (const char *name)
{
  g_autofree char *valid = g_utf8_make_valid (name != NULL ? name : "", -1);
  GString *out = g_string_new (NULL);
  for (const char *p = valid; *p != '\0'; p = g_utf8_next_char (p))
    {
      gunichar c = g_utf8_get_char (p);
      if (is_unsafe_in_filename (c))
        g_string_append_c (out, '_');
      else if (c != '.' || out->len > 0) /* no leading dots */
        g_string_append_unichar (out, c);
    }
  g_strstrip (out->str);
  g_string_truncate (out, strlen (out->str));
  /* A name that ends in dots or blanks is another name on some file systems. */
  while (out->len > 0 && (out->str[out->len - 1] == '.' || out->str[out->len - 1] == ' '))
    g_string_truncate (out, out->len - 1);
  cut_filename (out);
  if (out->len == 0)
    g_string_append (out, _ ("attachment"));
  return g_string_free (out, FALSE);
}
