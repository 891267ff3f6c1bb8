#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# po/POTFILES.in names every file with words for people, no other, in order. "potfiles.sh --write" makes it so.
cd "$(dirname "$0")/../.." || exit 1
wanted=$({
  ls data/org.ternmail.Tern.desktop.in data/org.ternmail.Tern.metainfo.xml.in data/org.ternmail.Tern.gschema.xml
  grep -rlE '\b(_|N_|C_|NC_|Q_|ngettext|g_dngettext|g_dpgettext2) ?\(' --include='*.c' --include='*.h' src
  grep -rlE 'translatable="(yes|true|1)"' --include='*.ui' ui
} | LC_ALL=C sort)
if [ "$1" = --write ]; then
  { echo '# Every file with words for people; tests/checks/potfiles.sh --write'; echo "$wanted"; } > po/POTFILES.in
  exit 0
fi
echo 1..1
if [ "$(grep -v '^#' po/POTFILES.in)" = "$wanted" ]; then
  echo 'ok 1 - potfiles'
else
  grep -v '^#' po/POTFILES.in > "${TMPDIR:-/tmp}/potfiles.$$"
  echo "$wanted" | diff "${TMPDIR:-/tmp}/potfiles.$$" - | sed 's/^/# /'
  rm -f "${TMPDIR:-/tmp}/potfiles.$$"
  echo '# tests/checks/potfiles.sh --write mends it'
  echo 'not ok 1 - potfiles'
  exit 1
fi
