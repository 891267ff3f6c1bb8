#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The page "extensions" of the help says what the program's table of extensions says.
# extensions.sh PROGRAM [--write]; PROGRAM is tests/checks/extensions-page, --write makes it so.
program=$(readlink -f "$1") || exit 1
cd "$(dirname "$0")/../.." || exit 1
page=help/C/extensions.page
wanted=$("$program") || exit 1
if [ "$2" = --write ]; then
  {
    sed '/<tbody>/q' $page
    echo "$wanted"
    sed -n '/<\/tbody>/,$p' $page
  } > $page.new && mv $page.new $page
  exit
fi
echo 1..1
there=$(sed -n '/<tbody>/,/<\/tbody>/p' $page | sed '1d;$d')
if [ -n "$wanted" ] && [ "$there" = "$wanted" ]; then
  echo 'ok 1 - extensions'
else
  echo "$wanted" > "${TMPDIR:-/tmp}/extensions.$$"
  echo "$there" | diff - "${TMPDIR:-/tmp}/extensions.$$" | sed 's/^/# /'
  rm -f "${TMPDIR:-/tmp}/extensions.$$"
  echo '# tests/checks/extensions.sh BUILD/tests/checks/extensions-page --write mends it'
  echo 'not ok 1 - extensions'
  exit 1
fi
