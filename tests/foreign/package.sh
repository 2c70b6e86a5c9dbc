#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Fetches a file out of a package of Debian's without installing it; it is gunzipped if it has to be. Where it is
# there already, nothing is done.
#
#   package.sh PACKAGE FILE OUTPUT
#
# FILE is its path in the package, and may have a *. Of linux-image-… and linux-source, which only depend on a package
# of some version, that one is meant.

set -eu

output=$3
[ ! -e "$output" ] || exit 0
mkdir -p "$(dirname "$output")"
folder=$(mktemp -d "$output.XXXXXX")
trap 'rm -rf "$folder"' EXIT
package=$1
newest=$(apt-cache depends "$package" | sed -n 's/^ *Depends: \(linux-\(image\|source\)-[0-9]\)/\1/p' | head -1)
[ -z "$newest" ] || package=$newest
(cd "$folder" && apt-get download -qq "$package")
dpkg-deb -x "$folder"/*.deb "$folder/files"
set -- "$folder/files"/$2
gzip -dc "$1" >"$folder/file" 2>/dev/null || cp "$1" "$folder/file"
mv "$folder/file" "$output"
