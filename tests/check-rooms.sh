#!/bin/sh
# Fails when an #include runs against the arrows between the rooms:
#   base <- mime, store, net <- engine <- model <- view, and ternctl beside model
# Usage: tests/check-rooms.sh [SRC]; prints every offending line.
set -eu
src=${1:-$(dirname "$0")/../src}
bad=0

allowed () {
  case $1 in
    base)          echo base ;;
    mime)          echo base mime ;;
    store)         echo base store ;;
    net)           echo base net ;;
    engine)        echo base mime store net engine ;;
    model)         echo base mime store net engine model ;;
    view)          echo base mime engine model view ;;
    ternctl)       echo base mime store net engine ternctl ;;
  esac
}

# Every project header belongs to the room whose folder holds it.
headers=$(cd "$src" && find base mime store net engine model view ternctl -name '*.h' | sort)

for room in base mime store net engine model view ternctl; do
  may=$(allowed $room)
  for header in $headers; do
    owner=${header%%/*}
    case " $may " in
      *" $owner "*)
        # A private header is for its own room only.
        case $header in *-private.h) [ "$owner" = "$room" ] && continue ;; *) continue ;; esac ;;
    esac
    if grep -rnE --include='*.[ch]' "^[[:space:]]*#[[:space:]]*include[[:space:]]*[\"<]([a-z/]*/)?$(basename "$header")[\">]" "$src/$room"; then
      echo "room $room may not include $header" >&2
      bad=1
    fi
  done
done
exit $bad
