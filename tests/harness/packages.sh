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

known() {
    apt-cache show "$1" >/dev/null 2>&1
}

# Of each PACKAGE,PACKAGE… the first that apt knows, else the last.
choose() {
    asked=
    for names; do
        while [ "$names" != "${names#*,}" ] && ! known "${names%%,*}"; do
            names=${names#*,}
        done
        asked="$asked ${names%%,*}"
    done
}

stop() {
    printf 'packages: %s\n' "$@" >&2
    exit 1
}

find_missing "$@"
[ -n "$missing" ] || exit 0
[ "${INSTALL_PACKAGES-yes}" != no ] ||
    stop "missing:$missing" "INSTALL_PACKAGES=no: install them, then run make again"

release=${OS_RELEASE:-/etc/os-release}
like=$(. "$release" 2>/dev/null && echo "${ID-} ${ID_LIKE-}")
case " $like " in
*" debian "* | *" ubuntu "*) ;;
*) stop "missing, under their Debian names:$missing" \
    "this is neither Debian nor Ubuntu: install what carries them here, then run make again" ;;
esac

# A list of packages is several words from here on.
as_root=
if [ "$(id -u)" -ne 0 ]; then
    choose $missing
    command -v sudo >/dev/null 2>&1 ||
        stop "missing:$asked" "no sudo here; as root, run: apt-get update && apt-get install --no-install-recommends$asked"
    as_root=sudo
fi

log=build/logs/packages.log
mkdir -p "${log%/*}"

# apt-get fails when another one runs: a parallel make waits here, and may find all of it installed.
exec 9>"$log.lock"
flock 9
find_missing "$@"
[ -n "$missing" ] || exit 0

# $1: what stopped it. What apt-get says goes to the log; its last words are shown.
stop_at_apt() {
    tail -n 5 "$log" >&2
    stop "$1; the words of apt-get: $log" "still missing:$asked"
}

choose $missing
echo "  APT     installing$asked (log: $log)"
$as_root apt-get update -qq </dev/null >"$log" 2>&1 || stop_at_apt "apt-get update failed"
choose $missing

unknown=
for package in $asked; do
    known "$package" || unknown="$unknown $package"
done
case " $like " in
*" ubuntu "*) unless=", if universe is enabled" ;;
*) unless= ;;
esac
[ -z "$unknown" ] ||
    stop_at_apt "$(. "$release" && echo "${PRETTY_NAME-this release}") has no$unknown$unless; Debian 12 has all that is needed"

# A fresh computer may be busy with its first upgrades.
$as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get install -qq -y --no-install-recommends -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=600 $asked \
    </dev/null >>"$log" 2>&1 || stop_at_apt "apt-get install failed"

find_missing "$@"
[ -z "$missing" ] || stop "installed$asked, and still not found:$missing"
