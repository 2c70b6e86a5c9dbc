#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Makes an initial file system for Linux that holds nothing but busybox, as its shell.
#
#   initrd.sh FOLDER

set -eu

here=$(dirname "$0")
[ ! -e "$1/initrd" ] || exit 0
"$here/package.sh" busybox-static bin/busybox "$1/busybox"
mkdir -p "$1/files/bin" "$1/files/dev"
cp "$1/busybox" "$1/files/bin/busybox"
chmod 755 "$1/files/bin/busybox"
for name in sh poweroff; do
    ln -sf busybox "$1/files/bin/$name"
done
(cd "$1/files" && find . | ./bin/busybox cpio -o -H newc) >"$1/initrd"
