#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The Flatpak manifest asks for these permissions and no others, and every archive is fetched over https and has its
# checksum. Whether it builds is tried by hand: that needs a runtime of a gigabyte.
cd "$(dirname "$0")/../.." || exit 1
manifest=flatpak/org.ternmail.Tern.yml
number=0 status=0

check() {
  number=$((number + 1))
  if [ "$2" = "$3" ]; then
    echo "ok $number - $1"
  else
    echo "not ok $number - $1"
    diff <(echo "$2") <(echo "$3") | sed 's/^/# /'
    status=1
  fi
}

# Those of the lines below a key that belong to it, without their comments.
list_of() {
  sed -n "/^$1:/,/^[a-z]/{/^  - /s/^  - //p}" $manifest
}

# How often a key stands in the manifest with a value that matches.
count() {
  grep -cE "^ +(- )?$1: *$2\$" $manifest
}

echo 1..6
check 'its name is the id' "$(sed -n 's/^id: //p' $manifest)" "$(basename $manifest .yml)"
check 'permissions' "$(list_of finish-args | LC_ALL=C sort)" '--device=dri
--share=ipc
--share=network
--socket=fallback-x11
--socket=wayland
--talk-name=org.freedesktop.secrets'
check 'each archive has an address' "$(count type archive)" "$(count url 'https://[^ ]+')"
check 'each archive has a checksum' "$(count type archive)" "$(count sha256 '[0-9a-f]{64}')"
check 'no other kind of address' "$(grep -oE '[a-z]+://' $manifest | sort -u)" 'https://'
check 'no folder of "./dev" goes into the build' "$(sed -n 's/^ *- \(_build.*\)$/\1/p' $manifest | LC_ALL=C sort)" \
  "$(sed -n 's/^ *clean) rm -rf \(.*\) ;;$/\1/p' dev | tr ' ' '\n' | LC_ALL=C sort)"
exit $status
