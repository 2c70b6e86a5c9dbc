#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Builds and runs the fuzz targets: first the kept corpus, then SECONDS of new inputs for each
# target (0: the corpus only). What is found is left in build/fuzz/TARGET-*.
#     run.sh SECONDS [TARGET...]
# FUZZ_SOURCES: where kmem/ and boot/ lie, if not here; FUZZ_BUILD: where to build, if not build/fuzz.
# Ends with one line a target; exit 1 if one of them found something.
set -u
cd "$(dirname "$0")/../.." || exit 2
seconds=${1:?usage: run.sh SECONDS [TARGET...]}
shift
clang=${FUZZ_CLANG:-clang}
root=${FUZZ_SOURCES:-.}
build=${FUZZ_BUILD:-build/fuzz}
flags="-std=c11 -g -O1 -I$root -I. -Wall -Wextra -Werror -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all"
sources_fba_fuzz="tests/model/model.c tests/model/pair.c kmem/fba.c kmem/fba_handoff.c"
sources_containers_fuzz="kmem/array_list.c kmem/ledger.c kmem/allocator.c kmem/fba_allocator.c kmem/fba.c"
sources_decorators_fuzz="tests/model/model.c kmem/failing.c kmem/fallback.c kmem/ledger.c kmem/limit.c
    kmem/poison.c kmem/redzone.c kmem/unwinding.c kmem/allocator.c kmem/fba_allocator.c kmem/fba.c"
sources_elf_fuzz="boot/loader/elf.c kmem/writer.c"
status=0
mkdir -p "$build"

for file in tests/fuzz/*_fuzz.c; do
    target=$(basename "$file" .c)
    case " $* " in *" $target "* | "  ") ;; *) continue ;; esac
    list=sources_$target
    sources=
    for source in ${!list}; do
        [ -e "$root/$source" ] && source=$root/$source
        sources="$sources $source"
    done
    # Built the same way, and nothing is newer: it is what it would become.
    command="$clang $flags $file $sources"
    if [ "$command" != "$(cat "$build/$target.made" 2>/dev/null)" ] ||
        [ -n "$(find kmem boot tests "$root/kmem" "$root/boot" -name '*.[ch]' -newer "$build/$target.made" \
            -print -quit 2>/dev/null)" ]; then
        # shellcheck disable=SC2086 # lists of words
        "$clang" $flags "$file" $sources -o "$build/$target" || exit 2
        echo "$command" >"$build/$target.made"
    fi
    mkdir -p "$build/corpus/$target" "tests/fuzz/corpus/$target"
    log=$build/$target.log
    options="-artifact_prefix=$build/$target- -max_len=1024 -print_final_stats=1 -timeout=5"
    # shellcheck disable=SC2086
    if ! "$build/$target" $options -runs=0 "tests/fuzz/corpus/$target" >"$log" 2>&1; then
        tail -n 40 "$log"
        echo "fuzz: $target: the kept corpus FAILED"
        status=1
        continue
    fi
    kept=$(find "tests/fuzz/corpus/$target" -type f | wc -l)
    runs=0
    if [ "$seconds" -gt 0 ]; then
        # shellcheck disable=SC2086
        if ! "$build/$target" $options -max_total_time="$seconds" \
            "$build/corpus/$target" "tests/fuzz/corpus/$target" >"$log" 2>&1; then
            grep -v '^#[0-9]' "$log" | tail -n 40
            echo "fuzz: $target: FAILED, input under $build/$target-*"
            status=1
            continue
        fi
        runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    fi
    echo "fuzz: $target: $kept kept inputs and $runs runs in $seconds s, nothing found"
done
exit "$status"
