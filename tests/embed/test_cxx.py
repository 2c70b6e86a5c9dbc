# SPDX-License-Identifier: MIT
"""kmem.hpp and header.h in a C++ kernel: freestanding, without exceptions, RTTI or the C++ library and its headers."""

import subprocess

import pytest

from c_sources import ROOT

PIECES = ("allocator", "fba", "fba_allocator", "header")


@pytest.mark.parametrize("compiler, cxx", (("gcc", "g++"), ("clang", "clang++")))
@pytest.mark.parametrize("level", ("-O0", "-O2"))
def test_a_cxx_kernel_gets_what_is_promised(compiler, cxx, level, tmp_path):
    sources = [ROOT / f"kmem/{piece}.c" for piece in PIECES]
    subprocess.run([compiler, "-std=c11", level, "-ffreestanding", "-c", *sources], cwd=tmp_path, check=True)
    flags = f"-std=c++17 {level} -ffreestanding -nostdinc++ -fno-exceptions -fno-rtti"
    warnings = "-Wall -Wextra -Wpedantic -Wconversion -Werror"
    command = [cxx, *flags.split(), *warnings.split(), f"-I{ROOT}", ROOT / "tests/embed/kernel.cc", "-c", "-o", "kernel.o"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    objects = ["kernel.o", *(f"{piece}.o" for piece in PIECES)]
    # By the C compiler: without the C++ library.
    subprocess.run([compiler, *objects, "-Wl,--defsym=main=boot", "-o", "kernel"], cwd=tmp_path, check=True)
    assert subprocess.run([tmp_path / "kernel"]).returncode == 0


@pytest.mark.parametrize("cxx", ("g++", "clang++"))
def test_it_stands_beside_the_header_new(cxx, tmp_path):
    """In either order; placement at a void * stays that header's."""
    for number, headers in enumerate(("new kmem/kmem.hpp", "kmem/kmem.hpp new")):
        source = tmp_path / f"both{number}.cc"
        includes = "".join(f"#include <{header}>\n" for header in headers.split())
        source.write_text(f"{includes}int *make(void *at) {{ return new (at) int(1); }}\n", encoding="utf-8")
        subprocess.run([cxx, "-std=c++17", "-Wall", "-Werror", f"-I{ROOT}", "-c", source], cwd=tmp_path, check=True)


@pytest.mark.parametrize("cxx", ("g++", "clang++"))
def test_an_older_language_is_an_error_that_says_so(cxx, tmp_path):
    command = [cxx, "-std=c++14", "-ffreestanding", f"-I{ROOT}", "-c", ROOT / "tests/embed/kernel.cc"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode != 0 and "kmem.hpp is C++17: compile with -std=c++17 or later" in done.stderr
