#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Builds explore.cpp over kmem/fba_shared.c as it ships and explores it; then once more with the
# ordering taken away (WEAKENED), which the checker must notice. Ends with one line.
set -u
cd "$(dirname "$0")/../../.." || exit 2
out=build/proof/shared
mkdir -p "$out"
gcc -std=c11 -O1 -g -Itests/proof/shared -I. -Dmemset=explored_memset -fno-builtin \
    -c kmem/fba_shared.c -o "$out/fba_shared.o" || exit 2
gcc -std=c11 -O1 -g -I. -c kmem/fba.c -o "$out/fba.o" || exit 2
for variant in explore weakened; do
    define=
    [ "$variant" = weakened ] && define=-DWEAKENED
    g++ -std=gnu++14 -O2 -w $define -I. tests/proof/shared/explore.cpp "$out/fba_shared.o" \
        "$out/fba.o" -o "$out/$variant" || exit 2
done
"$out/explore" 2>"$out/explore.log" || { tail -n 60 "$out/explore.log"; echo "shared: FAILED"; exit 1; }
if "$out/weakened" >"$out/weakened.log" 2>&1; then
    echo "shared: FAILED: the weakened version passed"
    exit 1
fi
if ! grep -qE "RACE|ASSERT|race|assert" "$out/weakened.log"; then
    echo "shared: FAILED: the weakened version ended without a verdict"
    exit 1
fi
echo "shared: explored; the weakened version was caught"
