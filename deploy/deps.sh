#!/bin/sh
# Installs what a part of the project needs and this machine lacks: Debian 12/13, Ubuntu 22.04/24.04.
#   deps.sh run     build and run the server
#   deps.sh test    run, and everything that the tests need
#   deps.sh train   what training CurveNet needs
# Uses apt, through sudo when not root.  Installs nothing when nothing is missing.
set -eu

# PACKAGE, or PACKAGE:MODULE where any package that gives pkg-config's MODULE will do.
RUN="gcc make pkg-config
libmicrohttpd-dev:libmicrohttpd libtiff-dev:libtiff-4 libpng-dev:libpng libcurl4-openssl-dev:libcurl
libssl-dev:libcrypto libcjson-dev:libcjson libopenblas-pthread-dev"
TRAIN="python3 python3-numpy python3-scipy python3-pil python3-torch"
TEST="$RUN $TRAIN libcmocka-dev:cmocka python3-venv python3-pip python3-pytest"

case "${1:-run}" in
    run) wanted=$RUN ;;
    test) wanted=$TEST ;;
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

missing=""
for want in $wanted; do
    installed "$want" || missing="$missing ${want%%:*}"
done

if [ -n "$missing" ]; then
    command -v apt-get >/dev/null || {
        echo "deps.sh: this system has no apt-get; install by hand:$missing" >&2
        exit 1
    }
    sudo=""
    if [ "$(id -u)" != 0 ]; then
        command -v sudo >/dev/null || {
            echo "deps.sh: not root and no sudo; install as root:$missing" >&2
            exit 1
        }
        sudo=sudo
    fi
    echo "deps.sh: installing$missing"
    export DEBIAN_FRONTEND=noninteractive
    $sudo apt-get update -qq || echo "deps.sh: apt-get update failed; trying with the lists at hand" >&2
    # shellcheck disable=SC2086
    if ! $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null; then
        # One by one, so that the message names the culprit.
        for package in $missing; do
            $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$package" \
                >/dev/null || { echo "deps.sh: cannot install $package" >&2; exit 1; }
        done
    fi
fi

# The page's tests want a browser; Ubuntu has none as a package, and they skip without.
if [ "${1:-run}" = test ] && ! command -v chromium >/dev/null && ! command -v chromium-browser >/dev/null; then
    sudo=""
    [ "$(id -u)" = 0 ] || sudo=sudo
    echo "deps.sh: installing chromium"
    $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null 2>&1 ||
        echo "deps.sh: no chromium here; the page's browser tests will skip" >&2
fi
