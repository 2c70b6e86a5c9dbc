#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Builds Debian's Linux with little in it but KUnit's own tests, without those that fault on purpose.
#
#   kunit.sh OUTPUT

set -eu

[ ! -e "$1" ] || exit 0
sources=$1.sources
"$(dirname "$0")/package.sh" linux-source 'usr/src/linux-source-*.tar.xz' "$1.tar.xz"
mkdir -p "$sources"
tar -xJf "$1.tar.xz" -C "$sources" --strip-components=1
make -s -C "$sources" ARCH=i386 tinyconfig
"$sources/scripts/config" --file "$sources/.config" -e PRINTK -e PRINTK_TIME -e TTY -e SERIAL_8250 -e SERIAL_8250_CONSOLE \
    -e KUNIT -e KUNIT_TEST -e KUNIT_EXAMPLE_TEST -d KUNIT_FAULT_TEST
make -s -C "$sources" ARCH=i386 olddefconfig
make -s -C "$sources" ARCH=i386 -j"$(nproc)" bzImage
cp "$sources/arch/x86/boot/bzImage" "$1"
rm -rf "$sources"
