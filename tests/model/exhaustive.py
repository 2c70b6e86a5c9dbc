#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Builds and runs tests/model/exhaustive.c.

    exhaustive.py DEPTH [--processes N] [--faults]

--faults does the same over a copy of kmem with one seeded fault after the other, those of
tests/proof/faults.py and those below, and demands that a difference is found. Exit 1 if there is a
difference, or a fault without one.
"""

import argparse
import pathlib
import subprocess
import sys

import build_cache
import c_sources
from faults import FAULTS, seed

ROOT = c_sources.ROOT
BUILD = ROOT / "build" / "model"
FLAGS = ["-std=c11", "-D_DEFAULT_SOURCE", "-g", "-Wall", "-Wextra", "-Werror"]
FAST = ["-O3", "-flto"]
# A run over a fault ends at the first difference: compiling would take longer. A fault may leave warnings.
CHEAP = ["-O0", "-w"]

# Beside those of the proof: of the inline forms, the account, the split and fast frees.
FAULTS_BESIDE = [
    ("an inline size without a limit", "fba_inline.h", "size > FBA_ADDRESS_SPACE_GUARD || align", "align"),
    ("an inline alignment without a limit", "fba_inline.h", "align - 1 >= FBA_ADDRESS_SPACE_GUARD ||", ""),
    ("an inline alignment unchecked", "fba_inline.h",
     "fba_has_several_bits_(align) || before + size", "before + size"),
    ("an inline block over scratch", "fba_inline.h",
     "before + size >= fba->upper.edge", "before + size > fba->upper.edge"),
    ("an inline free at a new peak", "fba_inline.h", "FBA_UNLIKELY(last >= fba->fast_free_limit)", "false"),
    ("an inline rewind at a new peak", "fba_inline.h", " || fba->lower.edge >= fba->fast_free_limit", ""),
    ("an inline growth without a limit", "fba_inline.h", "more > FBA_ADDRESS_SPACE_GUARD ||", ""),
    ("an inline growth over scratch", "fba_inline.h",
     "last + more >= fba->upper.edge", "last + more > fba->upper.edge"),
    ("a realloc that loses alignment", "fba_inline.h", " && ((uintptr_t)block & (align - 1)) == 0", ""),
    ("NULL is no block", "fba.c", "    if (start == 0)\n        return FBA_OK;\n", ""),
    ("NULL resized", "fba.c", "return FBA_FOREIGN; // NULL", "return FBA_OK; // NULL"),
    ("a limit that promises too much", "fba.c", "fba->fast_free_limit = last + 1;", "fba->fast_free_limit = last + 2;"),
    ("a limit that outlives scratch", "fba.c", "    fba->fast_free_limit = 0; // the peak counts both ends\n", ""),
    ("a failure with the wrong edge", "fba.c",
     "fba->failure.upper = fba->upper.edge;", "fba->failure.upper = fba->end;"),
    ("a shortfall without padding", "fba_account.h", "    explanation.shortfall += beyond;\n", ""),
    ("never too large", "fba_account.h",
     "could_fit ? FBA_EXHAUSTED : FBA_TOO_LARGE", "FBA_EXHAUSTED"),
    ("a tail taken for fresh", "fba_handoff.c",
     "    part->lower.watermark = max_address(lower_watermark, start - 1);\n", ""),
    ("a peak beyond the rest", "fba_handoff.c",
     "    fba->least_gap = fba->least_gap > size ? fba->least_gap - size : 1;\n", ""),
    ("a limit that outlives the split", "fba_handoff.c",
     "fba->least_gap - size : 1;\n    fba->fast_free_limit = 0;\n", "fba->least_gap - size : 1;\n"),
]


def build(name: str, kmem: pathlib.Path, optimisation: list[str]) -> pathlib.Path:
    """The program over the kmem/ in the folder `kmem`."""
    program = BUILD / name
    program.parent.mkdir(parents=True, exist_ok=True)
    sources = [ROOT / "tests" / "model" / "exhaustive.c", *c_sources.model(), *c_sources.kmem(kmem)]
    command = ["gcc", *FLAGS, *optimisation, f"-I{kmem}", f"-I{ROOT}", *sources, "-o", program]
    build_cache.build(program, command, [*sources, *c_sources.headers(kmem)])
    return program


def faults() -> list[tuple[str, str, str, str]]:
    """(name, file, the text as it ships, the text with the fault) of each seeded fault."""
    return [fault[:4] for fault in FAULTS] + FAULTS_BESIDE


def unnoticed_faults(depth: int) -> list[str]:
    """The names of the faults over which the run finds no difference."""
    unnoticed = []
    for name, file, good, bad in faults():
        root = seed(BUILD, name, file, good, bad)
        program = build(f"with-{root.name}", root, CHEAP)
        run = subprocess.run([str(program), str(depth), "1"], capture_output=True, check=False)
        if run.returncode == 0:
            unnoticed.append(name)
    return unnoticed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("depth", type=int)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--faults", action="store_true")
    arguments = parser.parse_args()
    program = build("exhaustive", ROOT, FAST)
    run = subprocess.run([str(program), str(arguments.depth), str(arguments.processes)], check=False)
    if run.returncode != 0:
        sys.exit(1)
    if arguments.faults:
        unnoticed = unnoticed_faults(arguments.depth)
        for name in unnoticed:
            print(f"exhaustive: unnoticed fault: {name}")
        print(f"exhaustive: {len(faults()) - len(unnoticed)} of {len(faults())} seeded faults caught")
        sys.exit(1 if unnoticed else 0)


if __name__ == "__main__":
    main()
