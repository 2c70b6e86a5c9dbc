# SPDX-License-Identifier: MIT
"""kmem.hpp and header.h in a C++ kernel: freestanding, without exceptions, RTTI or the C++ library."""

import subprocess

import pytest

from c_sources import ROOT

PIECES = ("allocator", "fba", "fba_allocator", "header")


@pytest.mark.parametrize("compiler, cxx", (("gcc", "g++"), ("clang", "clang++")))
@pytest.mark.parametrize("level", ("-O0", "-O2"))
def test_a_cxx_kernel_gets_what_is_promised(compiler, cxx, level, tmp_path):
    sources = [ROOT / f"kmem/{piece}.c" for piece in PIECES]
    subprocess.run([compiler, "-std=c11", level, "-ffreestanding", "-c", *sources], cwd=tmp_path, check=True)
    flags = f"-std=c++17 {level} -ffreestanding -fno-exceptions -fno-rtti -Wall -Wextra -Wpedantic -Wconversion -Werror"
    command = [cxx, *flags.split(), f"-I{ROOT}", ROOT / "tests/embed/kernel.cc", "-c", "-o", "kernel.o"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    objects = ["kernel.o", *(f"{piece}.o" for piece in PIECES)]
    # By the C compiler: without the C++ library.
    subprocess.run([compiler, *objects, "-Wl,--defsym=main=boot", "-o", "kernel"], cwd=tmp_path, check=True)
    assert subprocess.run([tmp_path / "kernel"]).returncode == 0
