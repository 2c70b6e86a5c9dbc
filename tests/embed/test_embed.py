# SPDX-License-Identifier: MIT
"""A kernel that copies the core and its two headers, and nothing else, builds and runs."""

import pathlib
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
FLAGS = (
    "-std=c11 -O2 -Wall -Wextra -Wpedantic -Werror -ffreestanding -nostdlib -static -fno-pic"
    " -fno-stack-protector -mgeneral-regs-only -mno-red-zone"
).split()


@pytest.mark.parametrize("compiler", ("gcc", "clang"))
def test_the_core_and_its_headers_are_enough(compiler):
    folder = ROOT / "build" / "embed" / compiler
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "kmem").mkdir(parents=True)
    for name in ("fba.h", "fba.c", "fba_inline.h", "fba_account.h"):
        shutil.copy(ROOT / "kmem" / name, folder / "kmem")
    shutil.copy(ROOT / "tests" / "embed" / "kernel.c", folder)
    command = [compiler, *FLAGS, "-I.", "kernel.c", "kmem/fba.c", "-o", "kernel"]
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    assert subprocess.run([folder / "kernel"]).returncode == 0
