#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Writes the signed list of what a loader that was built with CERTIFICATE may start: manifest.txt, as
# boot/loader/manifest.h describes it, and manifest.sig, its RSA signature by KEY. `make image` calls it.
#
#   manifest.sh KEY CERTIFICATE FOLDER CMDLINE FILE…
#
# Both are written to FOLDER. CMDLINE is the command line; FILEs, the kernel among them, are listed under
# the names that they have on the disk, without their folders. On the mounted disk `sha256sum -c
# manifest.txt` checks the list. Needs openssl.

set -eu

key=$1 certificate=$2 folder=$3 cmdline=$4
shift 4
manifest=$folder/manifest.txt signature=$folder/manifest.sig public=$folder/manifest.pub

stop() {
    rm -f "$manifest" "$signature" "$public"
    echo "manifest: $*" >&2
    exit 1
}

{
    echo "# early boot: what this machine starts, version 1"
    printf '%s\n' "$cmdline" | sha256sum | sed 's/-$/cmdline.txt/'
    for file; do
        digest=$(sha256sum <"$file")
        printf '%s  %s\n' "${digest%% *}" "${file##*/}"
    done
} >"$manifest"

openssl dgst -sha256 -sign "$key" -out "$signature" "$manifest" || stop "$key cannot sign (the words of openssl stand above)"
openssl x509 -in "$certificate" -noout -pubkey >"$public" || stop "$certificate is no certificate (the words of openssl stand above)"
openssl dgst -sha256 -verify "$public" -signature "$signature" "$manifest" >/dev/null ||
    stop "$key is not the key of $certificate"
bits=$(openssl rsa -pubin -in "$public" -noout -text 2>/dev/null | sed -n 's/.*Public-Key: (\([0-9]*\) bit).*/\1/p')
[ "${bits:-0}" -ge 1024 ] && [ "$bits" -le 4096 ] || stop "$certificate: the loader verifies RSA keys of 1024 to 4096 bits"
rm -f "$public"
