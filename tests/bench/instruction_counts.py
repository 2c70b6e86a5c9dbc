#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Exact instruction counts of our paths, for each compiler, against the recorded ones.

    instruction_counts.py record    writes tests/bench/counts/COMPILER.tsv for the compilers of this machine

A record is a line for each form and workload: FORM, WORKLOAD, INSTRUCTIONS of one operation; and
the bytes of text of the function measured, where there is one. test_instruction_counts.py compares.
"""

import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
BENCH = ROOT / "build" / "bench"
RECORDS = pathlib.Path(__file__).resolve().parent / "counts"
COMPILERS = ("gcc", "clang")

# What copies or clears with the C library's functions, which are others on another processor.
NOT_RECORDED_FORMS = {"untyped"}
NOT_RECORDED_WORKLOADS = {"lists", "zeroed, used"}

Counts = dict[tuple[str, str], tuple[float, int]]  # {(form, workload): (instructions, bytes of text or 0)}


def said_by(*command: object) -> str:
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, check=True).stdout


def version(compiler: str) -> str:
    """As "12.2.0": Debian 12's clang is 14.0.6, Ubuntu 22.04's is 14.0.0, and the C library beside it another."""
    return said_by(compiler, "-dumpfullversion", "-dumpversion").split()[0]


def record_of(compiler: str) -> pathlib.Path:
    return RECORDS / f"{compiler}-{version(compiler)}.tsv"


def text_sizes(library: str | pathlib.Path) -> dict[int, int]:
    """{offset: bytes} of the functions of a library."""
    rows = [line.split() for line in said_by("nm", "-S", "--defined-only", library).splitlines()]
    return {int(row[0], 16): int(row[1], 16) for row in rows if len(row) == 4 and row[2] in "tTwWi"}


def measure(compiler: str) -> Counts:
    """What the bench counts now."""
    library = BENCH / "peers" / f"ours-{compiler}.so"
    done = subprocess.run([BENCH / "bench", library], capture_output=True, text=True, timeout=300, check=False)
    if done.returncode != 0:
        raise RuntimeError(done.stderr.strip() or f"bench exited with {done.returncode}")
    sizes = text_sizes(library)
    counts = {}
    for line in done.stdout.splitlines():
        if line.startswith("#"):
            continue
        workload, _, form, instructions, *_, offset = line.split("\t")
        if instructions and form not in NOT_RECORDED_FORMS and workload not in NOT_RECORDED_WORKLOADS:
            counts[form, workload] = (float(instructions), sizes.get(int(offset), 0))
    return counts


def read(file: pathlib.Path) -> Counts:
    rows = [line.split("\t") for line in file.read_text(encoding="ascii").splitlines()]
    return {(form, workload): (float(instructions), int(text)) for form, workload, instructions, text in rows}


def record() -> None:
    RECORDS.mkdir(exist_ok=True)
    for compiler in COMPILERS:
        rows = measure(compiler)
        lines = [f"{form}\t{workload}\t{count:.12g}\t{text}" for (form, workload), (count, text) in rows.items()]
        record_of(compiler).write_text("\n".join(lines) + "\n", encoding="ascii")
        print(f"{record_of(compiler).relative_to(ROOT)}: {len(lines)} counts")


if __name__ == "__main__":
    if sys.argv[1:] != ["record"]:
        sys.exit(__doc__)
    record()
