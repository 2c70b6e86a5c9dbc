# SPDX-License-Identifier: MIT
"""No function takes more stack than kmem/README.md says, on processors of 64 and of 32 bits."""

import re
import subprocess

import pytest

from c_sources import ROOT, WARNINGS

MANUAL = (ROOT / "kmem/README.md").read_text(encoding="utf-8")
PIECES = ("allocator", "fba", "fba_handoff", "ledger", "limit", "report", "writer")
# A compiler, its emulator if it needs one, and the column of the manual's table.
PROCESSORS = {
    "gcc": ("", 0),
    "clang": ("", 0),
    "aarch64-linux-gnu-gcc": ("qemu-aarch64", 0),
    "riscv64-linux-gnu-gcc": ("qemu-riscv64", 0),
    "i686-linux-gnu-gcc": ("", 1),
    "arm-linux-gnueabihf-gcc": ("qemu-arm", 1),
}


def stated():
    """{function: (bytes of 64 bits, bytes of 32)}"""
    (rows,) = re.findall(r"^\| stack, .*\n\|.*\n((?:\|.*\n)+)", MANUAL, re.MULTILINE)
    return {
        name: tuple(map(int, figures))
        for names, *figures in re.findall(r"^\| (.*?) \| (\d+) \| (\d+) \|$", rows, re.MULTILINE)
        for name in re.findall(r"`(\w+)\(\)`", names)
    }


@pytest.mark.parametrize("level", ("-O2", "-Os"))
@pytest.mark.parametrize("compiler", PROCESSORS)
def test_the_stack_is_as_the_manual_says(compiler, level, tmp_path):
    emulator, column = PROCESSORS[compiler]
    sources = [ROOT / "tests/embed/stack.c", *(ROOT / f"kmem/{piece}.c" for piece in PIECES)]
    command = [compiler, "-std=gnu11", *WARNINGS, level, "-static", f"-I{ROOT}", *sources, "-o", tmp_path / "stack"]
    subprocess.run(command, check=True)
    words = [emulator] if emulator else []
    said = subprocess.run([*words, tmp_path / "stack"], capture_output=True, text=True, check=True).stdout
    used = {name: int(size) for name, size in map(str.split, said.splitlines())}
    assert used.keys() == stated().keys()
    assert {name: (used[name], most[column]) for name, most in stated().items() if used[name] > most[column]} == {}
    assert used["report_failure"] > 300  # or nothing was measured
