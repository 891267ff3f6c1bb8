#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# translation.sh LANGUAGE: po/LANGUAGE.po is well-formed and translates every word for people that the sources have now.
language=$1
cd "$(dirname "$0")/../.." || exit 1
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
number=0 status=0

# check NAME LINES: the lines are what is wrong.
check() {
  number=$((number + 1))
  if [ -z "$2" ]; then
    echo "ok $number - $1"
  else
    echo "not ok $number - $1"
    while read -r line; do echo "# $line"; done <<< "$2"
    status=1
  fi
}

# left FILE OPTION: the msgids of those that msgattrib finds; it always finds the header, which has none.
left() {
  msgattrib --no-obsolete "$2" "$1" | msgexec printenv MSGEXEC_MSGID | grep -v '^$'
}

grep -v '^#' po/POTFILES.in > "$folder/files"
echo 1..4
check 'format' "$(msgfmt --check --output-file=/dev/null "po/$language.po" 2>&1)"
check 'extraction' "$({
  xgettext --from-code=UTF-8 --add-comments --files-from="$folder/files" --output="$folder/tern.pot" \
    --keyword=_ --keyword=N_ --keyword=C_:1c,2 --keyword=NC_:1c,2 --keyword=g_dcgettext:2 --keyword=g_dngettext:2,3 \
    --keyword=g_dpgettext2:2c,3
  msgmerge --quiet --no-fuzzy-matching --output-file="$folder/merged.po" "po/$language.po" "$folder/tern.pot"
} 2>&1)"
# A macro of GLib's ends what gettext sees of a string; it knows those of <inttypes.h>.
check 'nothing is cut' "$(grep -E '^msgid .*%"$' "$folder/tern.pot")"
check 'everything is translated' "$(
  left "$folder/merged.po" --untranslated
  left "po/$language.po" --untranslated
  left "po/$language.po" --only-fuzzy
)"
exit $status
