# SPDX-License-Identifier: MIT
"""kmem/ in a project of another build system, which stands in an empty folder: as kmem/README.md shows it."""

import os
import pathlib
import re
import shutil
import subprocess

import pytest

from c_sources import ROOT, kmem, public_headers

MANUAL = (ROOT / "kmem/README.md").read_text(encoding="utf-8")
PROGRAM = """
#include "kmem/fba.h"
#include "kmem/ledger.h"

#include <stdio.h>

static unsigned char memory[4096];
static struct fba early = FBA_INIT_ZEROED(memory);

int main(void)
{
    if (fba_alloc(&early, 4096, 1) && !fba_alloc(&early, 1, 1))
        puts(fba_status_name(FBA_EXHAUSTED));
    return 0;
}
"""
(MEMORY_FUNCTIONS,) = re.findall(r"```c\n(#include <stddef.h>\n(?:(?!```).)*?\nvoid \*memset.*?)```", MANUAL, re.DOTALL)
ALL = sorted(file.stem for file in kmem())
WITHOUT_SHARED = [piece for piece in ALL if piece != "fba_shared"]


def code_of(language: str) -> str:
    """The project that the manual shows for a build system."""
    (code,) = re.findall(rf"```{language}\n(.*?)```", MANUAL, re.DOTALL)
    return code


def run(*command, cwd, **environment):
    """What the command says; it must succeed. Our own make, if there is one, is not to be seen."""
    environment = os.environ | {"MAKEFLAGS": "", "MAKELEVEL": ""} | environment
    done = subprocess.run(list(map(str, command)), cwd=cwd, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def project(folder, file="", vendored="kmem"):
    """A project of a program and of what its build system reads. `vendored`: where a copy of kmem/ lies."""
    folder.mkdir()
    (folder / "main.c").write_text(PROGRAM, encoding="utf-8")
    if file:
        language = {"Makefile": "make", "meson.build": "meson", "CMakeLists.txt": "cmake"}[file]
        (folder / file).write_text(code_of(language), encoding="utf-8")
        shutil.copytree(ROOT / "kmem", folder / vendored, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def built_with_make(folder, *without, words=()):
    """The pieces that were compiled, and the program."""
    output = run("make", "program", *(f"KMEM_WITHOUT={piece}" for piece in without), *words, cwd=folder)
    return re.findall(r"kmem/(\w+)\.c", output), folder / "program"


def built_with_meson(folder, *without, words=()):
    run("meson", "setup", "build", *(f"-Dkmem:without={piece}" for piece in without), *words, cwd=folder)
    run("ninja", "-C", "build", cwd=folder)
    return members(folder), folder / "build" / "program"


def built_with_cmake(folder, *without, words=()):
    run("cmake", "-B", "build", *(f"-DKMEM_WITHOUT={piece}" for piece in without), *words, cwd=folder)
    run("cmake", "--build", "build", cwd=folder)
    return members(folder), folder / "build" / "program"


def members(folder):
    """The pieces in the library that was built somewhere there."""
    (library,) = folder.rglob("libkmem.a")
    objects = run("ar", "t", library, cwd=folder).split()
    return sorted(pathlib.Path(name).name.split(".")[0] for name in objects)


def says(program):
    return run(program, cwd=program.parent).strip()


SYSTEMS = {
    "Makefile": (built_with_make, "kmem"),
    "meson.build": (built_with_meson, "subprojects/kmem"),
    "CMakeLists.txt": (built_with_cmake, "kmem"),
}


@pytest.mark.parametrize("file", SYSTEMS)
def test_a_project_that_has_a_copy(file, tmp_path):
    build, place = SYSTEMS[file]
    pieces, program = build(project(tmp_path / "whole", file, place))
    assert pieces == ALL and says(program) == "exhausted"


@pytest.mark.parametrize("file", SYSTEMS)
def test_a_piece_can_be_left_out(file, tmp_path):
    build, place = SYSTEMS[file]
    pieces, program = build(project(tmp_path / "named", file, place), "fba_shared")
    assert pieces == WITHOUT_SHARED and says(program) == "exhausted"


@pytest.mark.parametrize("file", SYSTEMS)
def test_what_was_not_copied_is_not_missed(file, tmp_path):
    build, place = SYSTEMS[file]
    folder = project(tmp_path / "some", file, place)
    for copied in (folder / place).glob("*.c"):
        if copied.stem not in ("fba", "ledger", "allocator"):
            copied.unlink()
    pieces, program = build(folder)
    assert pieces == ["allocator", "fba", "ledger"] and says(program) == "exhausted"


@pytest.mark.parametrize("file", ("meson.build", "CMakeLists.txt"))
def test_the_folder_may_have_another_name(file, tmp_path):
    """As of an archive that was unpacked."""
    build, place = SYSTEMS[file]
    folder = project(tmp_path / "archive", file, f"{place}-1.0")
    (folder / "CMakeLists.txt").write_text(code_of("cmake").replace("(kmem)", "(kmem-1.0)"), encoding="utf-8")
    if file == "meson.build":
        (folder / "subprojects/kmem.wrap").write_text("[wrap-file]\ndirectory = kmem-1.0\n", encoding="utf-8")
    pieces, program = build(folder)
    assert pieces == ALL and says(program) == "exhausted"


# --- For another processor, without a C library ---------------------------------------------------

KERNEL = """
#include "kmem/fba.h"

static unsigned char memory[4096];
static struct fba early = FBA_INIT_ZEROED(memory);

void *start(void);
void *start(void)
{
    return fba_alloc(&early, 4096, 1);
}
"""
FLAGS = "-march=rv64imac -mabi=lp64 -mcmodel=medany -ffreestanding -fno-pic -fno-stack-protector".split()
LINK = "-nostdlib -static -no-pie -Wl,-e,start".split()
MESON_MACHINE = f"""
[binaries]
c = 'riscv64-linux-gnu-gcc'
ar = 'riscv64-linux-gnu-ar'
[built-in options]
c_args = {FLAGS}
c_link_args = {LINK}
[host_machine]
system = 'none'
cpu_family = 'riscv64'
cpu = 'riscv64'
endian = 'little'
"""
CMAKE_MACHINE = f"""
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR riscv64)
set(CMAKE_C_COMPILER riscv64-linux-gnu-gcc)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
set(CMAKE_C_FLAGS_INIT "{' '.join(FLAGS)}")
set(CMAKE_EXE_LINKER_FLAGS_INIT "{' '.join(LINK)}")
"""


# How it is told: the same command lines as above, and these words more.
MACHINES = {
    "Makefile": (["CC=riscv64-linux-gnu-gcc", f"CFLAGS={' '.join(FLAGS + LINK)}"], ""),
    "meson.build": (["--cross-file", "machine"], MESON_MACHINE),
    "CMakeLists.txt": (["--toolchain", "machine"], CMAKE_MACHINE),
}


@pytest.mark.parametrize("file", SYSTEMS)
def test_a_kernel_for_another_processor(file, tmp_path):
    build, place = SYSTEMS[file]
    words, machine = MACHINES[file]
    folder = project(tmp_path / "kernel", file, place)
    (folder / "main.c").write_text(MEMORY_FUNCTIONS + KERNEL, encoding="utf-8")
    (folder / "machine").write_text(machine, encoding="utf-8")
    pieces, program = build(folder, words=words)
    assert pieces == ALL
    assert "RISC-V" in run("readelf", "-h", program, cwd=folder)
    assert run("nm", "-u", program, cwd=folder) == ""


# --- Installed ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def prefix(tmp_path_factory):
    """A place with what `make install` wrote for it elsewhere, as packages do."""
    stage, prefix = tmp_path_factory.mktemp("stage"), tmp_path_factory.mktemp("opt") / "kmem"
    run("make", "install", f"DESTDIR={stage}", f"PREFIX={prefix}", cwd=ROOT)
    assert not prefix.exists()
    shutil.copytree(stage / prefix.relative_to("/"), prefix)
    return prefix


def test_the_command_of_the_manual(prefix, tmp_path):
    folder = project(tmp_path / "plain")
    run("sh", "-c", code_of("sh"), cwd=folder, PKG_CONFIG_PATH=f"{prefix}/lib/pkgconfig")
    assert says(folder / "program") == "exhausted"


CMAKE_INSTALLED = """
cmake_minimum_required(VERSION 3.16)
project(program C)
find_package(PkgConfig REQUIRED)
pkg_check_modules(KMEM REQUIRED IMPORTED_TARGET kmem>=1.1)
add_executable(program main.c)
target_link_libraries(program PkgConfig::KMEM)
"""
MESON_INSTALLED = """
project('program', 'c')
executable('program', 'main.c', dependencies: dependency('kmem', version: '>=1.1'))
"""


@pytest.mark.parametrize("file, text", [("CMakeLists.txt", CMAKE_INSTALLED), ("meson.build", MESON_INSTALLED)])
def test_other_build_systems_find_it(file, text, prefix, tmp_path, monkeypatch):
    monkeypatch.setenv("PKG_CONFIG_PATH", f"{prefix}/lib/pkgconfig")
    folder = project(tmp_path / "installed")
    (folder / file).write_text(text, encoding="utf-8")
    if file == "meson.build":
        run("meson", "setup", "build", cwd=folder)
        run("ninja", "-C", "build", cwd=folder)
    else:
        run("cmake", "-B", "build", cwd=folder)
        run("cmake", "--build", "build", cwd=folder)
    assert says(folder / "build/program") == "exhausted"


def test_all_is_installed_that_a_program_may_use(prefix):
    assert members(prefix) == ALL
    public = {file.name for file in public_headers()}
    assert {file.name for file in (prefix / "include/kmem").iterdir()} == public
    for header in sorted(public):
        compiler = ("g++", "-std=c++17", "-x", "c++") if header.endswith("hpp") else ("gcc", "-std=c11", "-x", "c")
        run(*compiler, "-Iinclude", "-include", f"kmem/{header}", "-fsyntax-only", os.devnull, cwd=prefix)


def test_nothing_is_left_of_an_installation(tmp_path):
    for target in ("install", "uninstall"):
        run("make", target, f"PREFIX={tmp_path}", cwd=ROOT)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
