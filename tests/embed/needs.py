# SPDX-License-Identifier: MIT
"""What each file of kmem/ needs from outside itself, on each processor, and the table of kmem/README.md that says so.

    PYTHONPATH=tests/harness python3 tests/embed/needs.py

compiles with gcc and clang at every level of optimisation, prints the table and ends with 1 if it is not the
README's. test_needs.py does the same at three levels.
"""

import collections
import concurrent.futures
import itertools
import os
import pathlib
import re
import subprocess
import sys
from collections.abc import Iterable

import build_cache
from c_sources import ROOT, headers, kmem

BUILD = ROOT / "build" / "needs"
README = ROOT / "kmem" / "README.md"

FLAGS = "-std=c11 -ffreestanding -fno-pic -fno-stack-protector".split()
LEVELS = ("-O0", "-O1", "-O2", "-O3", "-Os")

# The compiler of each processor, with the flags that kmem/README.md states for it.
_RISCV_GCC = ["riscv64-linux-gnu-gcc"]
_ARM_GCC = ["arm-linux-gnueabihf-gcc", "-mfloat-abi=soft"]
GCC = {
    "x86-64": ["gcc", "-mgeneral-regs-only", "-mno-red-zone"],
    "i386": ["i686-linux-gnu-gcc", "-mgeneral-regs-only"],
    "aarch64": ["aarch64-linux-gnu-gcc", "-mgeneral-regs-only", "-mstrict-align", "-mno-outline-atomics"],
    "armv7-a": [*_ARM_GCC, "-mno-unaligned-access"],
    "armv7-m": [*_ARM_GCC, "-mcpu=cortex-m3", "-mthumb"],
    "armv6-m": [*_ARM_GCC, "-mcpu=cortex-m0", "-mthumb", "-fno-jump-tables"],
    "rv64imac": [*_RISCV_GCC, "-march=rv64imac", "-mabi=lp64", "-mcmodel=medany"],
    "rv64imc": [*_RISCV_GCC, "-march=rv64imc", "-mabi=lp64", "-mcmodel=medany"],
    "rv32imac": [*_RISCV_GCC, "-march=rv32imac", "-mabi=ilp32"],
    "rv32imc": [*_RISCV_GCC, "-march=rv32imc", "-mabi=ilp32"],
    "s390x": ["s390x-linux-gnu-gcc", "-msoft-float"],
    "m68k": ["m68k-linux-gnu-gcc", "-m68020"],
}
CLANG = {
    "x86-64": ["--target=x86_64-unknown-none-elf", "-mgeneral-regs-only", "-mno-red-zone"],
    "i386": ["--target=i686-unknown-none-elf", "-mgeneral-regs-only"],
    "aarch64": ["--target=aarch64-none-elf", "-mgeneral-regs-only", "-mstrict-align"],
    "armv7-a": ["--target=armv7a-none-eabi", "-meabi", "gnu", "-mfloat-abi=soft", "-mno-unaligned-access"],
    "armv7-m": ["--target=armv7m-none-eabi", "-meabi", "gnu", "-mfloat-abi=soft", "-mcpu=cortex-m3"],
    "armv6-m": ["--target=armv6m-none-eabi", "-meabi", "gnu", "-mfloat-abi=soft", "-mcpu=cortex-m0"],
    "rv64imac": ["--target=riscv64-unknown-elf", "-march=rv64imac", "-mcmodel=medany"],
    "rv64imc": ["--target=riscv64-unknown-elf", "-march=rv64imc", "-mcmodel=medany"],
    "rv32imac": ["--target=riscv32-unknown-elf", "-march=rv32imac"],
    "rv32imc": ["--target=riscv32-unknown-elf", "-march=rv32imc"],
    "s390x": ["--target=s390x-linux-gnu", "-msoft-float"],
}
COMPILERS = {"gcc": GCC, "clang": {processor: ["clang", *flags] for processor, flags in CLANG.items()}}
WITHOUT_ATOMICS = {"armv6-m", "rv64imc", "rv32imc"}

# What each file needs, by its name without .c: names of functions from outside, and of other files as they are.
Needs = dict[str, set[str]]


def needs(compiler: str, processor: str, level: str) -> Needs:
    """What the files need when they are compiled this way."""
    folder = BUILD / f"{compiler}-{processor}{level}"
    folder.mkdir(parents=True, exist_ok=True)
    sources = [source for source in kmem() if source.stem != "fba_shared" or processor not in WITHOUT_ATOMICS]
    objects = [f"{source.stem}.o" for source in sources]
    command = [*COMPILERS[compiler][processor], *FLAGS, level, "-c", *sources]
    build_cache.build(folder / objects[-1], command, [*sources, *headers()], cwd=folder)
    listing = subprocess.run(["nm", "-A", *objects], cwd=folder, capture_output=True, text=True, check=True).stdout
    symbols = re.findall(r"^(\w+)\.o:[0-9a-f ]* ([TU]) (\S+)$", listing, re.MULTILINE)
    files = {symbol: f"{file}.c" for file, kind, symbol in symbols if kind == "T"}
    found: Needs = {source.stem: set() for source in sources}
    for file, kind, symbol in symbols:
        if kind == "U":
            found[file].add(files.get(symbol, symbol))
    return found


def joined(parts: Iterable[Needs]) -> Needs:
    whole: Needs = collections.defaultdict(set)
    for part in parts:
        for file, names in part.items():
            whole[file] |= names
    return dict(whole)


def _words(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names)) or "none"


def table(found: Needs) -> str:
    """A line for each file: its functions from outside, and the other files that it calls."""
    rows = ["| file | functions from outside | files of `kmem/` |", "|---|---|---|"]
    for file, names in sorted(found.items()):
        files = {name for name in names if name.endswith(".c")}
        rows.append(f"| `{file}.c` | {_words(names - files)} | {_words(files)} |")
    return "\n".join(rows) + "\n"


# By the names that the README has: text and constants of the core, and of all that a report needs.
SIZED = {"fba": ["fba"], "report": ["fba", "allocator", "fba_handoff", "ledger", "limit", "report", "writer"]}
NAMES = {"armv7-a": "arm v7-A", "armv7-m": "arm v7-M", "armv6-m": "arm v6-M", "rv64imac": "riscv64", "rv32imac": "riscv32"}


def _size(file: pathlib.Path) -> int:
    listing = subprocess.run(["size", "-A", file], capture_output=True, text=True, check=True).stdout
    return sum(map(int, re.findall(r"^\.(?:text|rodata)\S* +(\d+)", listing, re.MULTILINE)))


def sizes(processor: str) -> tuple[str, list[int]]:
    """The README's name of a processor, and the bytes of each of SIZED with gcc -Os."""
    needs("gcc", processor, "-Os")
    folder = BUILD / f"gcc-{processor}-Os"
    return NAMES.get(processor, processor), [sum(_size(folder / f"{name}.o") for name in names) for names in SIZED.values()]


def main() -> int:
    ways = [way for compiler in COMPILERS for way in itertools.product([compiler], COMPILERS[compiler], LEVELS)]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        found = table(joined(pool.map(lambda way: needs(*way), ways)))
    print(found, end="")
    for processor in sorted(GCC):
        print(*sizes(processor))
    return 0 if found in README.read_text(encoding="utf-8") else 1


if __name__ == "__main__":
    sys.exit(main())
