# SPDX-License-Identifier: MIT
"""kmem/ everywhere: each compiler, optimisation level, language version and processor.

Where there is an emulator or none is needed, the suites of tests/suites run, each variant one test. The
rest is compiled, all of it in the background. Nothing is compiled again unless a source or the command has
changed. Builds go to build/portability/NAME.
"""

import subprocess

import pytest

import build_cache
import c_sources
import ktap
from c_sources import KERNEL, ROOT, WARNINGS

BUILD = ROOT / "build" / "portability"

KMEM = c_sources.kmem()
SUITES = c_sources.suites()
HEADERS = c_sources.headers()

# A language version is a matter of the front end, a level of what stands behind it: each of either, not each pair.
RUN = {
    f"{compiler}{level}-{standard}": [compiler, f"-std={standard}", level]
    for compiler in ("gcc", "clang")
    for level, standard in (("-O0", "c17"), ("-O2", "c11"), ("-Os", "c2x"), ("-O3", "c11"))
}
RUN |= {
    f"{compiler}-lto": [compiler, "-std=c11", "-O2", "-flto=auto" if compiler == "gcc" else "-flto"]
    for compiler in ("gcc", "clang")
}
RUN["clang-sanitizers"] = ["clang", "-std=c11", "-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
RUN["gcc-threads"] = ["gcc", "-std=c11", "-O1", "-g", "-fsanitize=thread"]

# Debian's name of the compiler, and of the emulator.
EMULATED = {
    "aarch64": ("aarch64-linux-gnu-gcc", "qemu-aarch64"),
    "riscv64": ("riscv64-linux-gnu-gcc", "qemu-riscv64"),
    "i686": ("i686-linux-gnu-gcc", "qemu-i386"),
    "armhf": ("arm-linux-gnueabihf-gcc", "qemu-arm"),
    "s390x": ("s390x-linux-gnu-gcc", "qemu-s390x"),  # the other byte order
    "m68k": ("m68k-linux-gnu-gcc", "qemu-m68k"),  # where a pointer is aligned to less than its size
}

COMPILED = {
    "kernel-gcc": ["gcc", "-std=c11", "-O2", *KERNEL],
    "kernel-clang": ["clang", "-std=c11", "-O2", *KERNEL],
    "riscv32": ["clang", "--target=riscv32-unknown-elf", "-march=rv32imac", "-std=c11", "-O2", "-ffreestanding"],
    # Where uintptr_t and size_t are not one type, and where `printf` is another library's.
    "mips": ["clang", "--target=mips-unknown-elf", "-std=c11", "-O2", "-ffreestanding"],
    "mingw-names": ["gcc", "-D__MINGW32__", "-std=c11", "-O2", "-ffreestanding"],
    "gcc-c99": ["gcc", "-std=c99", "-O2", "-ffreestanding"],
    "clang-c99": ["clang", "-std=c99", "-O2", "-ffreestanding"],
    "wasm32": ["clang", "--target=wasm32-unknown-unknown", "-std=c11", "-O2", "-ffreestanding"],
}


def build(name, command, sources, link=True):
    """The program, or the last of the object files, made anew where something has changed."""
    folder = BUILD / name
    folder.mkdir(parents=True, exist_ok=True)
    product = folder / ("suites" if link else f"{sources[-1].stem}.o")
    full = [*command, *WARNINGS, f"-I{ROOT}", *sources, *(["-o", product] if link else ["-c"])]
    build_cache.build(product, full, [*sources, *HEADERS], cwd=folder)
    return product


def run(name, command, emulator=()):
    """Builds the suites this way and runs them: the program's status, its report and its other words."""
    program = build(name, [*command, "-pthread"], SUITES + KMEM)
    done = subprocess.run([*emulator, program], capture_output=True, text=True, timeout=300)
    return done.returncode, ktap.parse(done.stdout, strict=True), done.stderr


def each(variants, function):
    """One test a variant: what `function` does with its name and what `variants` has for it."""
    return [
        pytest.param(name, marks=pytest.mark.background.with_args(function, name, *variant), id=name)
        for name, variant in variants.items()
    ]


def all_passed(outcome):
    status, report, words = outcome
    failed = [f"{case.name}: {case.detail}" for case in report.cases if not case.passed]
    assert status == 0 and report.passed, "\n".join([*failed, *map(str, report.problems), words])


@pytest.mark.parametrize("name", each({name: (command,) for name, command in RUN.items()}, run))
def test_runs(name, outcome):
    all_passed(outcome)


@pytest.mark.parametrize(
    "name",
    each(
        {
            name: ([compiler, "-std=c11", "-O2", "-static"], (emulator,))
            for name, (compiler, emulator) in EMULATED.items()
        },
        run,
    ),
)
def test_runs_emulated(name, outcome):
    all_passed(outcome)


@pytest.mark.parametrize("name", each({name: (command, KMEM, False) for name, command in COMPILED.items()}, build))
def test_compiles(name, outcome):
    assert outcome


@pytest.mark.parametrize("compiler", ("g++", "clang++"))
def test_is_a_header_for_cxx(compiler):
    source = ROOT / "tests" / "host" / "headers.cc"
    flags = "-std=c++17 -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror -O1 -fsyntax-only".split()
    result = subprocess.run([compiler, *flags, f"-I{ROOT}", source], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


def test_the_core_needs_nothing_but_the_four_memory_functions():
    for compiler in ("gcc", "clang"):
        for level in ("-O0", "-O2", "-Os"):
            folder = BUILD / f"symbols-{compiler}{level}"
            core = [ROOT / "kmem" / "fba.c"]
            build(folder.name, [compiler, "-std=c11", level, *KERNEL], core, link=False)
            symbols = subprocess.run(["nm", "-u", folder / "fba.o"], capture_output=True, text=True, check=True)
            assert set(symbols.stdout.split()) - {"U"} <= {"memcpy", "memmove", "memset", "memcmp"}


def test_the_text_of_the_core_stays_under_2_kib():
    """With gcc 12 and 13; others may take a twentieth more."""
    # What Ubuntu's compiler adds unasked is not the core's.
    plain = ["-ffreestanding", "-fno-stack-protector", "-fcf-protection=none"]
    build("size", ["gcc", "-std=c11", "-Os", *plain], [ROOT / "kmem" / "fba.c"], link=False)
    known = subprocess.run(["gcc", "-dumpversion"], capture_output=True, text=True, check=True).stdout.strip() in ("12", "13")
    sizes = subprocess.run(["size", "-A", BUILD / "size" / "fba.o"], capture_output=True, text=True, check=True)
    text = sum(int(line.split()[1]) for line in sizes.stdout.splitlines() if line.startswith(".text"))
    assert 0 < text < (2048 if known else 2150)
