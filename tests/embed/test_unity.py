# SPDX-License-Identifier: MIT
"""kmem/ among the names of others: in one translation unit, in a kernel with names of its own, in C++; and where the
linker finds its functions."""

import itertools
import re
import subprocess

import pytest

import needs
from c_sources import KERNEL, ROOT, WARNINGS, kmem

FLAGS = ["-std=c11", *WARNINGS, *KERNEL, f"-I{ROOT}"]


def compiled(*command, **settings):
    done = subprocess.run(command, capture_output=True, text=True, **settings)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("backwards", (False, True))
@pytest.mark.parametrize("compiler", ("gcc", "clang"))
def test_all_files_are_one_unit_in_any_order(compiler, backwards, tmp_path):
    unit = tmp_path / "unit.c"
    files = sorted(kmem(), reverse=backwards)
    unit.write_text("".join(f'#include "{file}"\n' for file in files), encoding="utf-8")
    compiled(compiler, *FLAGS, "-O2", "-c", unit, "-o", tmp_path / "unit.o")


# What kernels ask for beside the warnings of this project: headers are compiled with what includes them.
STRICTER = ["-Wdeclaration-after-statement", "-Wc++-compat", "-Wcast-qual", "-Wundef", "-Wswitch-enum", "-Wswitch-default",
            "-Wmissing-declarations", "-Wredundant-decls", "-Wvla", "-Wnull-dereference", "-Wunused-macros"]


@pytest.mark.parametrize("compiler", ("gcc", "clang"))
def test_the_headers_are_clean_under_a_kernels_warnings(compiler, tmp_path):
    unit = tmp_path / "unit.c"
    files = sorted(file for file in (ROOT / "kmem").glob("*.h") if file.stem != "atomic")
    unit.write_text("".join(f'#include "{file}"\n' for file in files), encoding="utf-8")
    compiled(compiler, *FLAGS, *STRICTER, "-O2", "-fsyntax-only", unit)


@pytest.mark.parametrize("compiler", ("gcc", "clang"))
def test_a_kernel_keeps_its_own_names(compiler):
    compiled(compiler, *FLAGS, "-O2", "-fsyntax-only", ROOT / "tests/embed/own_names.c")


@pytest.mark.parametrize("compiler, level", itertools.product(needs.COMPILERS, ("-O2", "-O3", "-Os")))
def test_no_code_stands_before_the_kernels_first_function(compiler, level, tmp_path):
    """A flat kernel begins with the first function of its first file. GNU ld's own script puts .text.unlikely,
    .text.startup and .text.hot before .text: nothing of kmem/ lies there."""
    compiled(*needs.COMPILERS[compiler]["x86-64"], *needs.FLAGS, level, "-c", *kmem(), cwd=tmp_path)
    objects = [f"{file.stem}.o" for file in kmem()]
    sections = subprocess.run(["objdump", "-h", *objects], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert {word for word in sections.stdout.split() if word.startswith(".text")} == {".text"}


@pytest.mark.parametrize("level", ("-O0", "-O2", "-Os"))
def test_a_flat_kernel_begins_with_its_first_function(level, tmp_path):
    """With the flags that kmem/README.md names for it."""
    options = ["-fno-toplevel-reorder", "-fno-reorder-functions"]
    files = [ROOT / "tests/embed/flat.c", ROOT / "kmem/writer.c"]
    compiled("gcc", *FLAGS, level, *options, "-c", *files, cwd=tmp_path)
    compiled("ld", "-Ttext=0x1000", "--entry=entry", "flat.o", "writer.o", "-o", "kernel", cwd=tmp_path)
    symbols = subprocess.run(["nm", "kernel"], cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert "0000000000001000 T entry" in symbols


def structures(command, packed, folder):
    """The sizes of all structures of the headers in a folder below `#pragma pack(packed)`, and whether that is an error."""
    files = sorted(folder.glob("*.h"))
    names = sorted({name for file in files for name in re.findall(r"^struct (\w+) \{", file.read_text(encoding="utf-8"), re.M)})
    unit = folder / "unit.c"
    includes = "".join(f'#include "{file.name}"\n' for file in files if file.stem != "atomic")
    sizes = "".join(f"char size_of_{name}[sizeof(struct {name})];\n" for name in names)
    unit.write_text(f"#pragma pack({packed})\n{includes}{sizes}", encoding="utf-8")
    done = subprocess.run([*command, "-c", unit.name], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0 or "_under_pragma_pack_" in done.stderr, done.stderr
    listing = subprocess.run(["nm", "-S", folder / "unit.o"], capture_output=True, text=True).stdout
    return re.findall(r" 0*(\w+) \w (size_of_\w+)$", listing, re.MULTILINE), done.returncode != 0


@pytest.mark.parametrize("processor", ("x86-64", "i386", "armv7-m", "rv32imac", "m68k"))
def test_a_pragma_that_changes_a_structure_is_an_error(processor, tmp_path):
    """Otherwise a file of the kernel and one of kmem/ would have one structure of two layouts."""
    command = [*needs.COMPILERS["gcc"][processor], *needs.FLAGS, "-fdata-sections"]
    checked, unchecked = tmp_path / "checked", tmp_path / "unchecked"
    for folder in (checked, unchecked):
        folder.mkdir()
    for file in (ROOT / "kmem").glob("*.h"):
        text = file.read_text(encoding="utf-8")
        (checked / file.name).write_text(text, encoding="utf-8")
        without = re.sub(r"typedef char\s+\w+_under_pragma_pack_\[[^;]*;", "", text)
        (unchecked / file.name).write_text(without, encoding="utf-8")
    natural, _ = structures(command, "", unchecked)
    assert len(natural) > 20
    for packed in (1, 2, 4, 8):
        sizes, _ = structures(command, packed, unchecked)
        _, is_error = structures(command, packed, checked)
        assert is_error == (sizes != natural), packed


@pytest.mark.parametrize("compiler", ("gcc", "clang", "tcc", "g++", "clang++"))
def test_a_pointer_is_no_array(compiler, tmp_path):
    is_cxx = compiler.endswith("++")
    source = tmp_path / ("pointer.cc" if is_cxx else "pointer.c")
    source.write_text(
        f'#include "{ROOT}/kmem/fba.h"\nstatic unsigned char *memory;\nvoid open(void);\n'
        "void open(void)\n{\n    struct fba early = FBA_INIT(memory);\n    (void)early;\n}\n",
        encoding="utf-8",
    )
    command = [compiler, "-std=c++17" if is_cxx else "-std=c11", "-c", source, "-o", tmp_path / "o"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode != 0
    assert "fba_size_of_array_" in done.stderr if is_cxx else "size" in done.stderr  # of an array, which is negative


@pytest.mark.parametrize("compiler, level", itertools.product(("g++", "clang++"), ("-O0", "-O2")))
def test_cxx_opens_an_allocator_before_any_code_has_run(compiler, level, tmp_path):
    source, product = tmp_path / "early.cc", tmp_path / "early.o"
    source.write_text(
        f'#include "{ROOT}/kmem/fba.h"\nunsigned char memory[4096];\nstruct fba early = FBA_INIT(memory);\n',
        encoding="utf-8",
    )
    compiled(compiler, "-std=c++17", level, "-ffreestanding", "-c", source, "-o", product)
    sections = subprocess.run(["objdump", "-h", product], capture_output=True, text=True, check=True)
    assert "init_array" not in sections.stdout
