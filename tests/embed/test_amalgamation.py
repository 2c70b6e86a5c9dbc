# SPDX-License-Identifier: MIT
"""kmem/ as one header and one source, and as an archive: complete, of the same bytes each time, and of use alone."""

import hashlib
import os
import pathlib
import shutil
import subprocess
import sys

import pytest

from c_sources import KERNEL, ROOT, WARNINGS

PROGRAM = """
#include "kmem.h"

#include <stdio.h>

static unsigned char memory[4096];
static struct fba early = FBA_INIT_ZEROED(memory);

int main(void)
{
    return fba_alloc(&early, 4096, 1) && !fba_alloc(&early, 1, 1) && early.failure.count == 1 ? 0 : 1;
}
"""


def amalgamated(folder, *pieces, tree=ROOT):
    subprocess.run([sys.executable, tree / "kmem/amalgamate.py", folder, *pieces], check=True, cwd=folder)
    return folder / "kmem.c"


def compiled(*command, cwd):
    done = subprocess.run(command, capture_output=True, text=True, cwd=cwd)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("pieces", ([], ["fba"], ["fba_shared"], ["report", "array_list"]))
@pytest.mark.parametrize("compiler", ("gcc", "clang"))
def test_it_compiles_as_the_files_do(compiler, pieces, tmp_path):
    source = amalgamated(tmp_path, *pieces)
    compiled(compiler, "-std=c11", *WARNINGS, *KERNEL, "-O2", "-c", source, cwd=tmp_path)


def test_it_works_alone(tmp_path):
    amalgamated(tmp_path, "fba")
    (tmp_path / "program.c").write_text(PROGRAM, encoding="utf-8")
    compiled("gcc", "-std=c11", *WARNINGS, "program.c", "kmem.c", "-o", "program", cwd=tmp_path)
    assert subprocess.run([tmp_path / "program"]).returncode == 0


def test_its_header_is_one_for_cxx_too(tmp_path):
    amalgamated(tmp_path)
    compiled("g++", "-std=c++17", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", "-x", "c++", "kmem.h", cwd=tmp_path)


def test_the_core_brings_nothing_else(tmp_path):
    text = amalgamated(tmp_path, "fba").read_text() + (tmp_path / "kmem.h").read_text()
    assert "fba_alloc" in text
    assert "allocator_alloc" not in text and "writer_print" not in text


def test_another_copy_of_the_tree_makes_the_same_bytes(tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(ROOT / "kmem", copy / "kmem")
    texts = []
    for folder, tree in ((tmp_path / "one", ROOT), (tmp_path / "two", copy)):
        folder.mkdir()
        texts.append([amalgamated(folder, tree=tree).read_bytes(), (folder / "kmem.h").read_bytes()])
    assert texts[0] == texts[1]


def test_a_piece_that_is_none_is_an_error_that_names_all(tmp_path):
    command = [sys.executable, ROOT / "kmem/amalgamate.py", tmp_path, "arena"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode != 0
    assert "there is no piece arena" in done.stderr and "fba_handoff" in done.stderr


def made_archive(tree: pathlib.Path) -> pathlib.Path:
    environment = os.environ | {"MAKEFLAGS": "", "MAKELEVEL": ""}
    subprocess.run(["make", "-s", "dist"], cwd=tree, env=environment, check=True)
    (archive,) = (tree / "build").glob("kmem-*.tar.gz")
    return archive


def test_the_archive_is_of_the_same_bytes_and_complete(tmp_path):
    """Made in a copy of the tree whose files are of another day and of other rights."""
    copy = tmp_path / "copy"
    makefiles = [path.relative_to(ROOT) for path in (*ROOT.glob("tests/**/*.mk"), ROOT / "tests/harness/number.sh")]
    for file in ["Makefile", "LICENSE", *makefiles, *(path.relative_to(ROOT) for path in ROOT.glob("kmem/*.*"))]:
        (copy / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / file, copy / file)
        os.utime(copy / file, (1, 1))
        os.chmod(copy / file, 0o700)
    archives = [made_archive(tree) for tree in (ROOT, copy)]
    assert len({hashlib.sha256(archive.read_bytes()).hexdigest() for archive in archives}) == 1
    subprocess.run(["tar", "-xzf", archives[0]], cwd=tmp_path, check=True)
    (unpacked,) = tmp_path.glob("kmem-*")
    assert {path.name for path in unpacked.glob("*.[ch]")} == {path.name for path in ROOT.glob("kmem/*.[ch]")}
    assert {"kmem.hpp", "README.md", "CHANGELOG.md", "LICENSE"} <= {path.name for path in unpacked.iterdir()}
    compiled("gcc", "-std=c11", "-O2", "-c", *sorted(unpacked.glob("*.c")), cwd=tmp_path)
