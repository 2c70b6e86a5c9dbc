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
    told = added_up(HEAP, 1, 256 << 20)
    assert told.returncode == 0 and told.stdout == ""
    for words in ("for 1 processors and 1 GiB", f"the early heap has {HEAP}: ", "interrupts 40960", "loader ", "EARLY_HEAP="):
        assert words in told.stderr
    failed = added_up(HEAP, 1, 256 << 20, "check")
    assert failed.returncode == 1 and failed.stderr == told.stderr


def test_processors_and_memory_count():
    def named(*words):
        return int(added_up(HEAP, *words).stderr.rpartition("EARLY_HEAP=")[2].partition("K")[0])

    assert named(4, 1 << 30) > named(1, 1 << 30) and named(1, 8 << 30) == named(1, 1 << 30) + 28
    enough = named(4, 8 << 30) * 1024
    assert added_up(enough, 4, 8 << 30, "check").stderr == ""


@pytest.mark.parametrize("", each(boot, {
    "one": ([], ["budget-one"], {}),
    "eight": ([], ["budget-eight"], {"processors": 8}),
    "pc-4G": ([], ["budget-pc"], {"machine": "pc", "memory": "4G", "processors": 2}),
}))
def test_a_boot_keeps_to_its_budgets(outcome):
    assert outcome.verdict is Verdict.PASSED, outcome.summary()
    assert "more than its budget" not in outcome.text
