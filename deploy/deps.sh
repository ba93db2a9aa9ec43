#!/bin/sh
# Installs what a part of the project needs and this machine lacks: Debian 12/13, Ubuntu 22.04/24.04.
#   deps.sh run     build and run the server
#   deps.sh test    run, and what the tests need
#   deps.sh train   what training CurveNet needs
# Uses apt, through sudo when not root.  Installs nothing when nothing is missing.
set -eu

# PACKAGE, or PACKAGE:MODULE where any package that gives pkg-config's MODULE will do.
RUN="gcc make pkg-config
libmicrohttpd-dev:libmicrohttpd libtiff-dev:libtiff-4 libpng-dev:libpng libcurl4-openssl-dev:libcurl
libssl-dev:libcrypto libcjson-dev:libcjson libopenblas-pthread-dev"
TRAIN="python3 python3-numpy python3-scipy python3-pil python3-torch python3-opencv libtcmalloc-minimal4"
TEST="$RUN python3 python3-numpy python3-scipy python3-pil libcmocka-dev:cmocka python3-venv python3-pip python3-pytest"
# Tests that need these say "skipped" without: the S3-compatible store, a wrong clock, a browser.  PyTorch, which
# Ubuntu 24.04 lacks, comes from elsewhere then (tests/tests.mk).
WELCOME="python3-torch swift-proxy swift-account swift-container swift-object memcached libfaketime chromium curl jq"

case "${1:-run}" in
    run) wanted=$RUN ;;
    test) wanted="$TEST $WELCOME" ;;
    train) wanted=$TRAIN ;;
    *) echo "usage: $0 run|test|train" >&2; exit 2 ;;
esac

installed() {
    package=${1%%:*}
    if [ "$package" != "$1" ] && command -v pkg-config >/dev/null && pkg-config --exists "${1#*:}"; then
        return 0
    fi
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" = installed ]
}

is_welcome() {
    case " $WELCOME " in *" $1 "*) return 0 ;; *) return 1 ;; esac
}

fetch() {
    $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

wanting=""
for want in $wanted; do
    installed "$want" || wanting="$wanting ${want%%:*}"
done
[ -n "$wanting" ] || exit 0

command -v apt-get >/dev/null || {
    echo "deps.sh: this system has no apt-get; install by hand:$wanting" >&2
    exit 1
}
sudo=""
if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || {
        echo "deps.sh: not root and no sudo; install as root:$wanting" >&2
        exit 1
    }
    sudo=sudo
fi
$sudo apt-get update -qq || echo "deps.sh: apt-get update failed; trying with the lists at hand" >&2
missing=""
for package in $wanting; do
    if is_welcome "$package" && ! LC_ALL=C apt-cache policy "$package" | grep -q 'Candidate: [^(]'; then
        echo "deps.sh: this system has no package $package: goes on without" >&2
    else
        missing="$missing $package"
    fi
done
[ -n "$missing" ] || exit 0
echo "deps.sh: installing$missing"
# shellcheck disable=SC2086
fetch $missing && exit 0
# One by one, so that the message names the culprit.
for package in $missing; do
    fetch "$package" && continue
    is_welcome "$package" || { echo "deps.sh: cannot install $package" >&2; exit 1; }
    echo "deps.sh: cannot install $package: goes on without" >&2
done
