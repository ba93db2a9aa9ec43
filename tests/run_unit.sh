#!/bin/sh
# Runs each C test program; all of them run, and any failure fails the whole.
failed=0
for t in "$@"; do
    "$t" || { echo "FAILED: $t"; failed=1; }
done
exit $failed
