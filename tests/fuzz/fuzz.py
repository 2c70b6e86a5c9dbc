#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Builds and runs the fuzz targets: first the kept corpus, then new inputs for each target.

    fuzz.py SECONDS [TARGET …]

SECONDS of new inputs for each target; 0: the corpus only. What is found is left in build/fuzz/TARGET-*. Prints
a line a target; exit 1 if one of them found something.
"""

import argparse
import enum
import pathlib
import re
import subprocess
import sys

import build_cache
import c_sources

ROOT = c_sources.ROOT
BUILD = ROOT / "build" / "fuzz"
CORPUS = ROOT / "tests" / "fuzz" / "corpus"
FLAGS = "-std=c11 -g -O1 -Wall -Wextra -Werror -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all".split()
LINES_SHOWN = 40


class Found(enum.Enum):
    """Where a target found something."""

    NOTHING = "nothing found"
    IN_CORPUS = "the kept corpus FAILED"
    IN_NEW_INPUTS = "new inputs FAILED"


def build(target: str, root: pathlib.Path = ROOT, folder: pathlib.Path = BUILD) -> pathlib.Path:
    """The program over kmem/ and boot/ in the folder `root`."""
    folder.mkdir(parents=True, exist_ok=True)
    sources = [c_sources.fuzz_targets()[target], *c_sources.fuzzed(root)]
    command = ["clang", *FLAGS, f"-I{root}", f"-I{ROOT}", *sources, "-o", folder / target]
    build_cache.build(folder / target, command, [*sources, *c_sources.headers(root)])
    return folder / target


def run(program: pathlib.Path, seconds: int) -> tuple[Found, str]:
    """What the program found, and what it said of it or how much it ran."""
    target, folder = program.name, program.parent
    kept, new = CORPUS / target, folder / "corpus" / target
    new.mkdir(parents=True, exist_ok=True)
    kept.mkdir(parents=True, exist_ok=True)
    options = [f"-artifact_prefix={folder}/{target}-", "-max_len=1024", "-print_final_stats=1", "-timeout=5"]
    ways = [(Found.IN_CORPUS, ["-runs=0", str(kept)])]
    if seconds:
        ways.append((Found.IN_NEW_INPUTS, [f"-max_total_time={seconds}", str(new), str(kept)]))
    runs = "0"
    for found, words in ways:
        done = subprocess.run([str(program), *options, *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, errors="replace")
        (folder / f"{target}.log").write_text(done.stdout)
        if done.returncode != 0:
            lines = [line for line in done.stdout.splitlines() if not re.match(r"#\d", line)]
            return found, "\n".join(lines[-LINES_SHOWN:])
        if seconds and (counted := re.search(r"^stat::number_of_executed_units: *(\d+)", done.stdout, re.MULTILINE)):
            runs = counted[1]
    return Found.NOTHING, f"{len(list(kept.iterdir()))} kept inputs and {runs} runs in {seconds} s"


def main() -> int:
    targets = c_sources.fuzz_targets()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("seconds", type=int)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=", ".join(targets))
    parsed = parser.parse_args()
    for target in parsed.targets:
        if target not in targets:
            parser.error(f"no target is named {target!r}; there are {', '.join(targets)}")
    status = 0
    for target in parsed.targets or targets:
        found, said = run(build(target), parsed.seconds)
        if found is Found.NOTHING:
            print(f"fuzz: {target}: {said}, {found.value}", flush=True)
        else:
            print(f"{said}\nfuzz: {target}: {found.value}, input under {BUILD.relative_to(ROOT)}/{target}-*", flush=True)
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main())
