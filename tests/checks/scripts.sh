#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The scripts parse, before somebody meets it at run time.
cd "$(dirname "$0")/../.." || exit 1
shopt -s nullglob
files=(dev .ci/run tests/*.sh tests/*/*.sh tests/*/*.py)
echo "1..${#files[@]}"
number=0 status=0
for file in "${files[@]}"; do
  number=$((number + 1))
  case $file in
    *.py) errors=$(/usr/bin/python3 -c 'import ast, sys; ast.parse(open(sys.argv[1]).read())' "$file" 2>&1) ;;
    *) errors=$(bash -n "$file" 2>&1) ;;
  esac
  if [ -z "$errors" ]; then
    echo "ok $number - $file"
  else
    echo "not ok $number - $file"
    while read -r line; do echo "# $line"; done <<< "$errors"
    status=1
  fi
done
exit $status
