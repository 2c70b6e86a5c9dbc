#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Explores kmem/fba_shared.c as it ships (explore.cpp), then weakened versions of it, each of which the
checker must catch.

    explore.py [--quick]

--quick leaves out the search that takes every interleaving for its own. What was said of each version, and
the history of its error, are kept in build/proof/shared/NAME.log. Ends with one line; exit 1 if an error was
found in what ships, or none in a weakened version.
"""
import argparse
import pathlib
import re
import shutil
import subprocess
import sys
import time

from faults import seed

ROOT = pathlib.Path(__file__).resolve().parents[3]
BUILD = ROOT / "build" / "proof" / "shared"
RELACY = pathlib.Path("/usr/include/relacy")
STUB = ROOT / "tests" / "proof" / "shared" / "stub_atomic.h"  # has the guard of kmem/atomic.h

# Loads without order are no weakened version: the thread that gets a block has exchanged the edge before, which
# orders all that they could. Explored, no scenario tells the difference.
# (name, the orderings, the text as it ships, the text with the fault)
WEAKENED = [
    ("nothing ordered", ["-DLOAD_ORDER=relaxed", "-DEXCHANGE_ORDER=relaxed"], None, None),
    ("exchanges unordered", ["-DEXCHANGE_ORDER=relaxed"], None, None),
    ("the exchange only acquires", ["-DEXCHANGE_ORDER=acquire"], None, None),
    ("the exchange only releases", ["-DEXCHANGE_ORDER=release"], None, None),
    ("the watermark raised after the retreat", [],
     "    raise_to(&shared->fba.lower.watermark, view->lower.watermark);\n",
     "    uintptr_t expected = *edge;\n"
     "    if (ATOMIC_EXCHANGE_IF(&shared->fba.lower.edge, &expected, view->lower.edge)) {\n"
     "        raise_to(&shared->fba.lower.watermark, view->lower.watermark);\n"
     "        lower_to(&shared->fba.least_gap, view->least_gap);\n"
     "        raise_to(&shared->fba.fast_free_limit, view->fast_free_limit);\n"
     "        return true;\n    }\n"),
    ("the limit taken for one more", [],
     "last >= ATOMIC_LOAD(&fba->fast_free_limit)", "last > ATOMIC_LOAD(&fba->fast_free_limit)"),
    ("a limit without its watermark", [],
     "    raise_to(&shared->fba.lower.watermark, view->lower.watermark);\n", ""),
    ("a limit without its gap", [],
     "    lower_to(&shared->fba.least_gap, view->least_gap);\n", ""),
    ("a view that is never renewed", [],
     "    for (;;) {\n        struct fba view = view_of(&shared->fba, edge);\n"
     "        enum fba_status status = fba_free",
     "    const struct fba first = view_of(&shared->fba, edge);\n    for (;;) {\n"
     "        struct fba view = first;\n        enum fba_status status = fba_free"),
    ("the record open to all", [],
     "    if (!ATOMIC_EXCHANGE_IF(&shared->recording, &idle, busy))\n        return NULL;\n",
     "    (void)ATOMIC_EXCHANGE_IF(&shared->recording, &idle, busy);\n"),
]


def build(name, kmem=ROOT, defines=()):
    """The explorer over the kmem/ in the folder `kmem`."""
    folder = BUILD / re.sub(r"\W+", "-", name)
    folder.mkdir(parents=True, exist_ok=True)
    checker = folder / "checker.o"
    shared = folder / "fba_shared.o"
    core = folder / "fba.o"
    includes = [f"-I{BUILD}", f"-I{ROOT}"]
    commands = [
        ["gcc", "-std=c11", "-O1", "-g", "-include", str(STUB), "-Dmemset=explored_memset",
         "-fno-builtin", "-c", str(kmem / "kmem/fba_shared.c"), "-o", str(shared)],
        ["gcc", "-std=c11", "-O1", "-g", "-c", str(kmem / "kmem/fba.c"), "-o", str(core)],
    ]
    if defines or not (BUILD / "checker.o").exists():
        checker = checker if defines else BUILD / "checker.o"
        commands.append(["g++", "-std=gnu++14", "-O2", "-w", *defines, *includes, "-c",
                         str(ROOT / "tests/proof/shared/explore.cpp"), "-o", str(checker)])
    else:
        checker = BUILD / "checker.o"
    program = folder / "explore"
    commands.append(["g++", str(checker), str(shared), str(core), "-o", str(program)])
    for command in commands:
        if subprocess.run(command, check=False).returncode != 0:
            sys.exit(f"shared: FAILED: {name} cannot be built")
    return program


def lengthen_memory():
    """Relacy, with a longer memory: of the values that an atomic had it keeps three, for loads to see."""
    folder = BUILD / "relacy"
    shutil.copytree(RELACY, folder, dirs_exist_ok=True)
    text = (folder / "defs.hpp").read_text()
    longer = text.replace("atomic_history_size = 3;", "atomic_history_size = 32;")
    if text == longer:
        sys.exit("shared: FAILED: this Relacy keeps another number of past values")
    (folder / "defs.hpp").write_text(longer)


def explore(name, program, *words):
    """Runs it; the last line that it said if it found an error, and what it said."""
    log = BUILD / f'{re.sub(r"[^a-z]+", "-", name)}.log'
    with open(log, "w", encoding="utf-8") as file:
        run = subprocess.run([str(program), *words], stdout=subprocess.PIPE, stderr=file, text=True, check=False)
    history = log.read_text(encoding="utf-8")
    log.write_text(run.stdout + history, encoding="utf-8")
    lines = run.stdout.splitlines()
    if run.returncode == 0:
        return None, run.stdout
    return lines[-1] if run.returncode == 1 and lines else f"ended with {run.returncode}", run.stdout


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    arguments = parser.parse_args()
    start = time.time()
    shutil.rmtree(BUILD, ignore_errors=True)
    lengthen_memory()
    error, said = explore("as it ships", build("as it ships"), *([] if arguments.quick else ["--unreduced"]))
    print(said, end="")
    if error:
        print(f"shared: FAILED, the history is in {BUILD.relative_to(ROOT)}/as-it-ships.log")
        sys.exit(1)
    uncaught = []
    for name, defines, good, bad in WEAKENED:
        kmem = seed(BUILD, name, "fba_shared.c", good, bad) if good else ROOT
        error, _ = explore(name, build(name, kmem, defines))
        print(f'shared: weakened: {name}: {error or "NOT CAUGHT"}')
        if not error or not re.search("RACE|ASSERT", error):
            uncaught.append(name)
    counts = [int(number) for number in re.findall(r"(\d+) executions", said)]
    print(f"shared: {len(counts)} scenarios, {sum(counts)} executions, "
          f"{len(WEAKENED) - len(uncaught)} of {len(WEAKENED)} weakened versions caught, {time.time() - start:.0f} s")
    sys.exit(1 if uncaught else 0)


if __name__ == "__main__":
    main()
