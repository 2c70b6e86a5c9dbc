#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Installs the packages that are missing, says so before, and does nothing when none is. The Makefile
# calls it.
#
#   packages.sh PACKAGE=PROBE…
#
# With INSTALL_PACKAGES=no in the environment it says what is missing, and fails.
#
# Of PACKAGE,PACKAGE… the first that this release of the distribution has is meant.
#
# PROBE tells whether the package is there: a file (with a slash), a module of /usr/bin/python3
# (python:NAME), or a command. What is there under another distribution's name counts too.

set -u

present() {
    case $1 in
    */*) [ -e "$1" ] ;;
    python:*) /usr/bin/python3 -c "import ${1#python:}" 2>/dev/null ;;
    *) command -v "$1" >/dev/null 2>&1 ;;
    esac
}

find_missing() {
    missing=
    for pair; do
        present "${pair#*=}" || missing="$missing ${pair%%=*}"
    done
}

# The first of PACKAGE,PACKAGE… that apt knows, else the last.
of_this_release() {
    rest=$1
    while [ "$rest" != "${rest#*,}" ] && ! apt-cache show "${rest%%,*}" >/dev/null 2>&1; do
        rest=${rest#*,}
    done
    echo "${rest%%,*}"
}

stop() {
    printf 'packages: %s\n' "$@" >&2
    exit 1
}

find_missing "$@"
[ -n "$missing" ] || exit 0
[ "${INSTALL_PACKAGES-yes}" != no ] ||
    stop "missing:$missing" "INSTALL_PACKAGES=no: install them, then run make again"

like=$(. "${OS_RELEASE:-/etc/os-release}" 2>/dev/null && echo "${ID-} ${ID_LIKE-}")
case " $like " in
*" debian "* | *" ubuntu "*) ;;
*) stop "missing, under their Debian names:$missing" \
    "this is neither Debian nor Ubuntu: install what carries them here, then run make again" ;;
esac

as_root=
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null 2>&1 ||
        stop "missing:$missing" "no sudo here; as root, run: apt-get install$missing"
    as_root=sudo
fi

log=build/logs/packages.log
mkdir -p "${log%/*}"

# apt-get fails when another one runs: a parallel make waits here, and may find all of it installed.
exec 9>"$log.lock"
flock 9
find_missing "$@"
[ -n "$missing" ] || exit 0

echo "  APT     installing$missing (log: $log)"
# $as_root and lists of packages are several words. Errors are shown, the rest goes to the log.
$as_root apt-get update -qq </dev/null >"$log" ||
    stop "apt-get update failed (its words stand above); still missing:$missing"
asked=
for package in $missing; do
    asked="$asked $(of_this_release "$package")"
done
$as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get install -qq -y --no-install-recommends -o Dpkg::Use-Pty=0 $asked </dev/null >>"$log" ||
    stop "apt-get failed (its words stand above); once it works: apt-get install$asked"

find_missing "$@"
[ -z "$missing" ] || stop "installed$asked, and still not found:$missing"
