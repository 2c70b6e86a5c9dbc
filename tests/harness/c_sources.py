# SPDX-License-Identifier: MIT
"""Which C files the programs of the tests are made of, and the flags that they have in common.

Files that appear in these folders are picked up. `root` is where kmem/ and boot/ lie: here, or in a copy with
a seeded fault. Used by what compiles without the Makefile: other compilers, the model, fuzzing, costs.
"""

import pathlib

ROOT = pathlib.Path(__file__).resolve().parents[2]

WARNINGS = (
    "-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Werror"
).split()
# As the kernel is compiled.
KERNEL = (
    "-ffreestanding -fno-stack-protector -fno-pic -mcmodel=kernel -mno-red-zone -mgeneral-regs-only"
    " -fno-omit-frame-pointer -fcf-protection=none -fno-asynchronous-unwind-tables"
).split()

Files = list[pathlib.Path]


def _in(folder: pathlib.Path, pattern: str = "*.c") -> Files:
    return sorted(folder.glob(pattern))


def kmem(root: pathlib.Path = ROOT) -> Files:
    return _in(root / "kmem")


def public_headers() -> Files:
    """Those of kmem/ that a program may include."""
    return [file for file in _in(ROOT / "kmem", "*.h*") if "\n// Private:" not in file.read_text(encoding="utf-8")]


def suites() -> Files:
    """What runs the suites of kmem/ on this computer, and these."""
    return [*_in(ROOT / "tests" / "host"), *_in(ROOT / "tests" / "suites")]


def model() -> Files:
    """The reference model, and what drives it beside the shipped allocator."""
    return [file for file in _in(ROOT / "tests" / "model") if file.name != "exhaustive.c"]


def fuzz_targets() -> dict[str, pathlib.Path]:
    return {file.stem: file for file in _in(ROOT / "tests" / "fuzz", "*_fuzz.c")}


def fuzzed(root: pathlib.Path = ROOT) -> Files:
    """What every fuzz target is linked with; the linker takes what it uses."""
    boot = root / "boot"
    readers = [*_in(boot / "loader", "elf*.c"), boot / "loader" / "loader_options.c", *_in(boot / "acpi"),
               boot / "kernel" / "kernel_options.c", boot / "kernel" / "handoff_check.c",
               *_in(boot, "[cm]*.c"), boot / "handoff.c", ROOT / "arch" / "x86_64" / "paging.c"]
    return [*model(), *readers, *kmem(root)]


def headers(root: pathlib.Path = ROOT) -> Files:
    return [file for folder in (root / "kmem", root / "boot", ROOT / "tests") for file in sorted(folder.rglob("*.h"))]
