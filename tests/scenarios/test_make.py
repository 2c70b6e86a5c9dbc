# SPDX-License-Identifier: MIT
"""The Makefile: nonsense is rejected in one line, and a change rebuilds what it must and no more."""

import os
import re
import shutil
import subprocess

import pytest

import machine

# Not what this make was called with: each test says what it sets.
ENVIRONMENT = {
    name: value
    for name, value in os.environ.items()
    if name not in ("MAKEFLAGS", "MAKELEVEL", "EARLY_HEAP", "MEM", "SMP", "MACHINE", "FIRMWARE", "TIMEOUT", "V")
}


def make(*arguments, folder=machine.ROOT):
    return subprocess.run(["make", *arguments], cwd=folder, env=ENVIRONMENT, capture_output=True, text=True)


@pytest.mark.parametrize(
    "setting",
    [
        "EARLY_HEAP=abc",
        "EARLY_HEAP=0",
        "EARLY_HEAP=3000",
        "EARLY_HEAP=-4096",
        "EARLY_HEAP=",
        "EARLY_HEAP=2G",
        "EARLY_HEAP=1073745920",
        "EARLY_HEAP=18446744073709555712",
        "EARLY_HEAP=4K 4K",
        "EARLY_HEAP=4K'",
        "EARLY_HEAP=4KB",
        "MEM=-1",
        "MEM=lots",
        "MEM=1M",
        "MEM=100000G",
        "SMP=0",
        "SMP=1.5",
        "SMP=1000",
        "MACHINE=vax",
        "MACHINE=",
        "MACHINE=q35 pc",
        "FIRMWARE=8m",
        "TIMEOUT=0",
    ],
)
def test_nonsense_gets_one_line_and_status_2(setting):
    done = make("run", setting)
    assert done.returncode == 2
    assert done.stdout == "" and len(done.stderr.splitlines()) == 1, done.stderr
    assert f"{setting} is not accepted: give " in done.stderr


@pytest.mark.parametrize("size", ["4K", "4096", "64K", "0064K", "2M", "2m", "1G", "1073741824"])
def test_a_size_is_accepted(size):
    assert make("help", f"EARLY_HEAP={size}").returncode == 0


def test_a_heap_of_another_size_is_checked_too():
    done = make("build/heap-3000/kernel.elf")
    assert done.returncode == 2 and "EARLY_HEAP=3000 is not accepted" in done.stderr


BUILD_FILES = [machine.ROOT / "Makefile", *machine.ROOT.glob("kmem/*.mk"), *machine.ROOT.glob("tests/**/*.mk")]


def found_in_build_files(pattern):
    return {name for file in BUILD_FILES for name in re.findall(pattern, file.read_text(), re.MULTILINE)}


def test_help_lists_the_targets():
    text = make("help").stdout
    targets = {name for line in found_in_build_files(r"^\.PHONY: ([a-z -]+)") for name in line.split()}
    assert {"all", "run", "test", "lint", "format", "clean", "fuzz", "bench-boot"} <= targets
    for target in targets - {"help", "test-parts"}:
        assert f"make {target} " in text


def test_help_names_the_variables():
    text = make("help").stdout
    variables = found_in_build_files(r"^([A-Z_]+)\s*\?=") | {"CC", "WITHOUT", "V"}
    assert {name for name in variables if f" {name}=" not in text} == {"PYTHON"}


def test_fuzzing_has_a_time_of_its_own():
    assert "tests/fuzz/fuzz.py 7\n" in make("-n", "fuzz", "FUZZ_SECONDS=7", "TIMEOUT=9").stdout
    done = make("fuzz", "FUZZ_SECONDS=lots")
    assert done.returncode == 2 and "FUZZ_SECONDS=lots is not accepted: give " in done.stderr


SOURCES = {
    "kmem/fba.h": "int fba(void);\n",
    "kmem/fba.c": '#include "kmem/fba.h"\nint fba(void)\n{\n    return 1;\n}\n',
    "arch/x86_64/string.c": "int string(void);\nint string(void)\n{\n    return 1;\n}\n",
    "arch/x86_64/entry.S": ".globl kernel_entry\nkernel_entry: call kernel_main\n",
    "boot/handoff.h": "#define HANDOFF_VERSION 2u\n",
    "boot/kernel/main.c": '#include "kmem/fba.h"\nvoid kernel_main(void);\nvoid kernel_main(void)\n{\n    fba();\n}\n',
    "linker.ld": "ENTRY(kernel_entry)\nheap_end = EARLY_HEAP_SIZE;\nPHDRS { all PT_LOAD; note PT_NOTE; }\n"
                 "SECTIONS { . = 0xffffffff80000000; .text : { *(.text) } :all\n"
                 ".note.early_boot : { *(.note.early_boot) } :all :note }\n",
}
# What the link needs of the real one.
NOTE = ("boot/file_note.h", "boot/kernel/file_note.c", "boot/loader/elf_note.py")


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """A stub of a kernel, with the real Makefile, built once, in a folder with a blank."""
    folder = tmp_path_factory.mktemp("tree") / "a kernel"
    for name, text in SOURCES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    shutil.copytree(machine.ROOT / "tests" / "harness", folder / "tests" / "harness")
    for file in (*BUILD_FILES, *(machine.ROOT / name for name in NOTE)):
        copy = folder / file.relative_to(machine.ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, copy)
    done = make("build/kernel.elf", folder=folder)
    assert done.returncode == 0, done.stderr
    return folder


def steps(tree, *arguments):
    """What a make did: [("CC", "build/…")]."""
    done = make("build/kernel.elf", *arguments, folder=tree)
    assert done.returncode == 0, done.stderr
    return [tuple(line.split()) for line in done.stdout.splitlines() if line.startswith("  ")]


LINK = ("LD", "build/kernel.elf")


def test_nothing_to_do(tree):
    assert steps(tree) == []


def test_another_heap_only_links(tree):
    assert steps(tree, "EARLY_HEAP=4M") == [LINK]
    assert steps(tree, "EARLY_HEAP=4096K") == []
    assert steps(tree) == [LINK]


def test_other_flags_compile_everything(tree):
    done = steps(tree, "CFLAGS=-DANOTHER_FLAG")
    assert len(done) == 6 and done[-1] == LINK
    assert steps(tree) == done


def test_another_compiler_compiles_everything(tree):
    assert len(steps(tree, "CC=clang")) == 6
    assert len(steps(tree)) == 6


def test_a_touched_makefile_makes_nothing_again(tree):
    os.utime(tree / "Makefile")
    assert steps(tree) == []


@pytest.mark.parametrize("flag, count", [("-mno-red-zone", 6), ("-nostdlib", 1)])
def test_a_flag_changed_in_the_makefile_makes_again_what_has_it(tree, flag, count):
    file = tree / "Makefile"
    text = file.read_text()
    file.write_text(text.replace(flag, f"{flag} -DANOTHER_FLAG"))
    done = steps(tree)
    assert len(done) == count and done[-1] == LINK
    file.write_text(text)
    assert steps(tree) == done


def test_a_changed_linker_script_only_links(tree):
    os.utime(tree / "linker.ld")
    assert steps(tree) == [LINK]


def test_a_changed_header_compiles_who_includes_it(tree):
    os.utime(tree / "kmem" / "fba.h")
    assert set(steps(tree)) == {
        ("CC", "build/kernel/kmem/fba.o"),
        ("CC", "build/kernel/boot/kernel/main.o"),
        LINK,
    }


def test_a_source_that_comes_and_goes_links(tree):
    extra = tree / "boot" / "kernel" / "extra.c"
    extra.write_text("int extra(void);\nint extra(void)\n{\n    return 1;\n}\n")
    assert steps(tree) == [("CC", "build/kernel/boot/kernel/extra.o"), LINK]
    extra.unlink()
    assert steps(tree) == [LINK]


def test_a_kernel_with_another_heap(tree):
    done = make("build/heap-64K/kernel.elf", "V=1", folder=tree)
    assert done.returncode == 0 and "--defsym=EARLY_HEAP_SIZE=65536" in done.stdout
    assert (tree / "build" / "heap-64K" / "kernel.elf").exists()


def test_everything_is_written_under_build(tree):
    def files():
        return {str(path) for path in tree.rglob("*") if tree / "build" not in (path, *path.parents)}

    before = files()
    steps(tree, "-j4", "EARLY_HEAP=64K")
    assert files() == before
    make("clean", folder=tree)
    assert not (tree / "build").exists()


def test_a_build_that_fails_is_a_failed_test(tree):
    """The stub is no whole tree: there is no loader to build."""
    done = make("test", folder=tree)
    assert done.returncode != 0
    assert "No rule to make target 'build/loader" in done.stderr
    assert done.stdout.splitlines()[-1] == "0 passed, 1 failed"
