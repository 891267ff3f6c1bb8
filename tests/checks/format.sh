#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# clang-format decides. Prints TAP, a line per file that it would change. "./dev format" mends them.
cd "$(dirname "$0")/../.." || exit 1
echo 1..1
failed=0
for file in $(find src tests -name '*.[ch]' | sort); do
  if ! clang-format --dry-run -Werror "$file" 2>/dev/null; then
    echo "# $file is not as clang-format writes it"
    failed=1
  fi
done
[ $failed = 0 ] && echo 'ok 1 - format' || { echo 'not ok 1 - format'; exit 1; }
