# SPDX-License-Identifier: MIT
"""The code and the lists of README.md, kmem/README.md and kmem/RECIPES.md: the code compiles and prints what is shown,
and what is to be copied with each piece is enough."""

import pathlib
import re
import shutil
import subprocess

import pytest

from c_sources import public_headers

ROOT = pathlib.Path(__file__).resolve().parents[2]
KMEM = ROOT / "kmem"
FRONT = (ROOT / "README.md").read_text(encoding="utf-8")
MANUAL = (KMEM / "README.md").read_text(encoding="utf-8")
RECIPES = (KMEM / "RECIPES.md").read_text(encoding="utf-8")

# What a compiler may call in freestanding code too; every kernel brings them.
FROM_OUTSIDE = {"memcpy", "memmove", "memset", "memcmp"}
FLAGS = "-std=c11 -O2 -Wall -Wextra -Wno-unused-function -Werror".split()
# What the code of the documents takes from the kernel around it.
KERNEL = """
#include <stdio.h>
#include <string.h>
#define printk printf
void use(const void *task, const void *table, const void *line);
void early_boot(void);
"""


def code_of(text):
    """[(C, what follows it as its output)]"""
    return re.findall(r"```c\n(.*?)```\n(?:\n((?:    [^\n]*\n)+))?", text, re.DOTALL)


def compiled(folder, code, *options):
    source = folder / "program.c"
    source.write_text(KERNEL + code, encoding="utf-8")
    compiler = "riscv64-linux-gnu-gcc" if "ecall" in code else "gcc"
    done = subprocess.run(
        [compiler, *FLAGS, "-I", ROOT, source, *options], cwd=folder, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def test_the_front_page_allocates_fails_and_says_why(tmp_path):
    (code, output), *others = code_of(FRONT)
    assert not others
    compiled(tmp_path, f"{code}\nint main(void)\n{{\n    early_boot();\n}}\n", KMEM / "fba.c", "-o", "program")
    done = subprocess.run([tmp_path / "program"], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [line.strip() for line in output.splitlines()]


@pytest.mark.parametrize("code", [code for code, _ in code_of(MANUAL + RECIPES)])
def test_the_code_of_the_manual_compiles(code, tmp_path):
    compiled(tmp_path, code, "-ffreestanding", "-c", "-o", "program.o")


def test_the_manual_names_each_recipe():
    headings = re.findall(r"^## (.*)$", RECIPES, re.MULTILINE)
    anchors = [re.sub(r"[^a-z -]", "", heading.lower()).replace(" ", "-") for heading in headings]
    assert sorted(set(re.findall(r"RECIPES\.md#([a-z-]+)", MANUAL))) == sorted(anchors)


# The table: a question, a piece, what is to be copied with it.
(PIECES_TABLE,) = re.findall(r"^## Which piece\?\n(.*?)^## ", MANUAL, re.MULTILINE | re.DOTALL)
PIECES = dict(
    sorted(
        (piece, set(re.findall(r"`(\w+)`", needs)))
        for piece, needs in re.findall(r"^\| [^|]*\| `(\w+)`[^|]*\|([^|]*)\|$", PIECES_TABLE, re.MULTILINE)
    )
)


def test_each_piece_answers_a_question():
    # Not asked for by themselves: a header of one piece, and the number of all.
    assert set(PIECES) == {path.stem for path in public_headers() if path.suffix == ".h"} - {"version"}


@pytest.mark.parametrize("piece", PIECES)
def test_what_is_copied_with_a_piece_is_enough(piece, tmp_path):
    files = [path for name in {piece, *PIECES[piece]} for path in KMEM.glob(f"{name}.[ch]")]
    for file in files:
        shutil.copy(file, tmp_path)
    objects = []
    for file in files:
        objects.append(f"{file.name}.o")
        command = ["gcc", *FLAGS, "-ffreestanding", "-x", "c", "-c", file.name, "-o", objects[-1]]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    subprocess.run(["ld", "-r", *objects, "-o", "all.o"], cwd=tmp_path, check=True)
    symbols = subprocess.run(["nm", "-u", "all.o"], cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert set(re.findall(r"U (\w+)", symbols)) <= FROM_OUTSIDE
