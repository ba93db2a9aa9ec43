#!/bin/sh
# Runs each C test program, as many at a time as there are processors; all of them run, each one's output comes in one
# piece, and any failure fails the whole.
printf '%s\n' "$@" | xargs -P "$(nproc)" -n 1 sh -c '
    output=$("$0" 2>&1) && rc=0 || rc=$?
    printf "%s\n" "$output"
    [ "$rc" = 0 ] || { echo "FAILED: $0"; exit 1; }'
