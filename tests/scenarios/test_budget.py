# SPDX-License-Identifier: MIT
"""What the parts of the boot declare to take from the early heap is added up at the build, and kept at the boot."""

import re
import struct
import subprocess
import sys

import pytest

import machine
from judge import Verdict
from scenario import boot, boot_with_heap, each


def added_up(folder, mode="check", **settings):
    """The Makefile's own commands, but nothing is made under build/."""
    words = [f"{name}={value}" for name, value in settings.items()]
    command = ["make", "-n", f"build/budget-{mode}", *words]
    lines = subprocess.run(command, cwd=machine.ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    link = next(line for line in lines if line.startswith("ld ") and "budget.ld" in line)
    return subprocess.run(["sh", "-c", link.replace(f"build/budget-{mode}", str(folder / "budget"))],
                          cwd=machine.ROOT, capture_output=True, text=True)


def named(said):
    return int(re.search(r"EARLY_HEAP=(\d+)K suffices for certain", said.stderr)[1])


def test_a_heap_that_is_too_small_fails_with_the_numbers(tmp_path):
    failed = added_up(tmp_path, EARLY_HEAP="64K")
    assert failed.returncode == 1 and "will not fit in region" in failed.stderr
    for words in ("the early heap has 65536 bytes", "with SMP=1 and 1 GiB of memory:", "  40960 interrupts\n", " loader\n"):
        assert words in failed.stderr
    rows = [int(size) for size in re.findall(r"^budget: +(\d+) \w", failed.stderr, re.MULTILINE)]
    assert f"declare to take up to {sum(rows)}\n" in failed.stderr and len(rows) == 7


def test_a_heap_that_is_too_small_is_told_of_where_a_boot_shows_its_end(tmp_path):
    told = added_up(tmp_path, "warn", EARLY_HEAP="64K")
    assert told.returncode == 0 and "will not fit" not in told.stderr
    assert named(told) == named(added_up(tmp_path, EARLY_HEAP="64K"))


@pytest.mark.parametrize("machine_of", [
    {}, {"SMP": 4}, {"MEM": "1025M"}, {"SMP": 64, "MEM": "8G"}, {"SMP": 255, "MEM": "1024G"},
], ids=lambda words: "-".join(map(str, words.values())) or "default")
def test_the_size_that_suffices_is_the_linkers_too(machine_of, tmp_path):
    enough = named(added_up(tmp_path, EARLY_HEAP="4K", **machine_of))
    assert added_up(tmp_path, EARLY_HEAP=f"{enough}K", **machine_of).returncode == 0
    assert added_up(tmp_path, EARLY_HEAP=f"{enough - 4}K", **machine_of).returncode == 1


def test_what_the_linker_says_else_is_an_error(tmp_path):
    """Not taken for a sum that is too large."""
    command = ["python3", "-B", "boot/budget.py", "build/kernel.elf", "4096", "1", "4096", "warn"]
    done = subprocess.run(command, cwd=machine.ROOT, input="ld: a.o: no such file\n", capture_output=True, text=True)
    assert done.returncode == 1 and done.stderr == "ld: a.o: no such file\n"


@pytest.mark.parametrize("target, setting, mode", [
    ("all", "", "check"), ("image", "", "check"), ("run", "", "warn"),
    ("all", "BUDGET=warn", "warn"), ("run", "BUDGET=check", "check"),
])
def test_what_is_kept_is_checked_and_what_is_run_may_show_its_end(target, setting, mode):
    command = ["make", "-n", target, "EARLY_HEAP=64K", *setting.split()]
    said = subprocess.run(command, cwd=machine.ROOT, capture_output=True, text=True)
    counted = [line.split() for line in said.stdout.splitlines() if "boot/budget.py" in line and "printf" not in line]
    assert [words[-2] for words in counted] == [mode], said.stdout + said.stderr


def test_a_budget_is_checked_or_warned_of():
    said = subprocess.run(["make", "-n", "run", "BUDGET=ignore"], cwd=machine.ROOT, capture_output=True, text=True)
    assert said.returncode == 2 and "BUDGET=ignore is not accepted: give check or warn" in said.stderr


@pytest.mark.parametrize("", each(boot_with_heap, {
    "one": ([], ["budget-one", 2048], {}),
    "eight": ([], ["budget-eight", 2048], {"processors": 8}),
    "pc-4G": ([], ["budget-pc", 2048], {"machine": "pc", "memory": "4G", "processors": 2}),
    "large-heap": ([], ["budget-large", 65536], {}),
}))
def test_a_boot_keeps_to_its_budgets(outcome):
    assert outcome.verdict is Verdict.PASSED, outcome.summary()
    assert "more than its budget" not in outcome.text


def boot_with_less_declared(name, kib):
    """A kernel in which the part `screen` has declared 4096 bytes, and its checksum is of that."""
    made = boot_with_heap(name, kib)  # makes the kernel
    whole = made.machine.kernel.read_bytes()
    declared = [b"screen".ljust(24, b"\0") + struct.pack("<Q", size) for size in (8 * 4096, 4096)]
    assert whole.count(declared[0]) == 1
    kernel = machine.BUILD / f"{name}.elf"
    kernel.write_bytes(whole.replace(*declared))
    subprocess.run([sys.executable, "-B", "boot/loader/elf_note.py", str(kernel)], cwd=machine.ROOT, check=True)
    return boot(f"{name}-less", kernel=kernel)


@pytest.mark.parametrize("verdict", each(boot_with_less_declared, {
    "enough": ([Verdict.PASSED], ["exceeded", 2048], {}),
    "out-of-memory": ([Verdict.OUT_OF_MEMORY], ["exceeded-64", 64], {}),
}))
def test_a_boot_names_who_exceeds_its_declaration(verdict, outcome):
    assert outcome.verdict is verdict, outcome.summary()
    taken = int(re.search(r"^kernel: step screen took (\d+) bytes", outcome.text, re.MULTILINE)[1])
    said = re.findall(r"^kernel: (.+) took (\d+) bytes more than its budget", outcome.text, re.MULTILINE)
    assert said == [("screen", str(taken - 4096))]
