# SPDX-License-Identifier: MIT
"""What the parts of the boot declare to take from the early heap is added up at the build, and kept at the boot."""

import subprocess
import sys

import pytest

import machine
from judge import Verdict
from scenario import boot, each

HEAP = 65536


def added_up(*words):
    command = [sys.executable, "-B", "boot/budget.py", "build/kernel.elf", *map(str, words)]
    return subprocess.run(command, cwd=machine.ROOT, capture_output=True, text=True)


def test_a_heap_that_is_too_small_is_told_with_the_numbers():
    told = added_up(HEAP, 1, 256 << 20, "warn")
    assert told.returncode == 0 and told.stdout == ""
    for words in ("for 1 processors and 1 GiB", f"the early heap has {HEAP}: ", "interrupts 40960", "loader ", "EARLY_HEAP="):
        assert words in told.stderr
    failed = added_up(HEAP, 1, 256 << 20, "check")
    assert failed.returncode == 1
    numbers, _, advice = failed.stderr.partition(" (")
    assert told.stderr.startswith(numbers) and "BUDGET=warn builds it all the same" in advice


def test_processors_and_memory_count():
    def named(*words):
        return int(added_up(HEAP, *words, "warn").stderr.rpartition("EARLY_HEAP=")[2].partition("K")[0])

    assert named(4, 1 << 30) > named(1, 1 << 30) and named(1, 8 << 30) == named(1, 1 << 30) + 28
    enough = named(4, 8 << 30) * 1024
    assert added_up(enough, 4, 8 << 30, "check").stderr == ""


@pytest.mark.parametrize("target, setting, mode", [
    ("all", "", "check"), ("image", "", "check"), ("run", "", "warn"),
    ("all", "BUDGET=warn", "warn"), ("run", "BUDGET=check", "check"),
])
def test_what_is_kept_is_checked_and_what_is_run_may_show_its_end(target, setting, mode):
    command = ["make", "-n", target, "EARLY_HEAP=64K", *setting.split()]
    said = subprocess.run(command, cwd=machine.ROOT, capture_output=True, text=True)
    counted = [line.split() for line in said.stdout.splitlines() if "boot/budget.py" in line and "printf" not in line]
    assert [words[-1] for words in counted] == [mode], said.stdout + said.stderr


def test_a_budget_is_checked_or_warned_of():
    said = subprocess.run(["make", "-n", "run", "BUDGET=ignore"], cwd=machine.ROOT, capture_output=True, text=True)
    assert said.returncode == 2 and "BUDGET=ignore is not accepted: give check or warn" in said.stderr


@pytest.mark.parametrize("", each(boot, {
    "one": ([], ["budget-one"], {}),
    "eight": ([], ["budget-eight"], {"processors": 8}),
    "pc-4G": ([], ["budget-pc"], {"machine": "pc", "memory": "4G", "processors": 2}),
}))
def test_a_boot_keeps_to_its_budgets(outcome):
    assert outcome.verdict is Verdict.PASSED, outcome.summary()
    assert "more than its budget" not in outcome.text
