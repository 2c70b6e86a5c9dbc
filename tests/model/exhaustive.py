#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Builds and runs tests/model/exhaustive.c.

    exhaustive.py DEPTH [--processes N] [--faults]

--faults does the same over a copy of kmem with each fault of tests/proof/faults.py seeded, and
demands that a difference is found. Exit 1 if there is a difference, or a fault without one.
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
CHEAP = ["-O0"]  # a run over a fault ends at the first difference: compiling would take longer


def build(name: str, kmem: pathlib.Path, optimisation: list[str]) -> pathlib.Path:
    """The program over the kmem/ in the folder `kmem`."""
    program = BUILD / name
    program.parent.mkdir(parents=True, exist_ok=True)
    sources = [ROOT / "tests" / "model" / "exhaustive.c", *c_sources.model(), *c_sources.kmem(kmem)]
    command = ["gcc", *FLAGS, *optimisation, f"-I{kmem}", f"-I{ROOT}", *sources, "-o", program]
    build_cache.build(program, command, [*sources, *c_sources.headers(kmem)])
    return program


def unnoticed_faults(depth: int) -> list[str]:
    """The names of the faults over which the run finds no difference."""
    unnoticed = []
    for name, file, good, bad, _ in FAULTS:
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
        print(f"exhaustive: {len(FAULTS) - len(unnoticed)} of {len(FAULTS)} seeded faults caught")
        sys.exit(1 if unnoticed else 0)


if __name__ == "__main__":
    main()
