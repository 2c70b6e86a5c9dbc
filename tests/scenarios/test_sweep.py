# SPDX-License-Identifier: MIT
"""Sweeps: their ranges, and a short one of each kind."""

import dataclasses
import subprocess
import sys
import xml.etree.ElementTree

import pytest

import machine
import sweep
from judge import Verdict
from scenario import background

SWEEP = [sys.executable, "-B", str(machine.ROOT / "tests" / "harness" / "sweep.py")]


@pytest.mark.parametrize(
    "text, values",
    [
        ("1,2,8", ["1", "2", "8"]),
        ("1..4", ["1", "2", "3", "4"]),
        ("1023..1025", ["1023", "1024", "1025"]),
        ("4..12/4", ["4", "8", "12"]),
        ("64M..300M*2", ["64M", "128M", "256M"]),
        ("8K..16K/4K", ["8K", "12K", "16K"]),
        ("512K..1M", ["512K", *(f"{size}K" for size in range(513, 1024)), "1M"]),
    ],
)
def test_range(text, values):
    assert sweep.parse_range(text) == values


@pytest.mark.parametrize("text", ["", "a", "1..", "1..8*1", "1..8/0", "0..8*2", "1;2"])
def test_no_range(text):
    with pytest.raises(ValueError):
        sweep.parse_range(text)


def run(*arguments):
    return subprocess.run([*SWEEP, *arguments], cwd=machine.ROOT, capture_output=True, text=True, timeout=600)


@pytest.mark.parametrize(
    "name, count, verdicts",
    [
        pytest.param(name, count, verdicts, marks=background(run, *arguments), id=name)
        for name, count, verdicts, arguments in [
            ("processors", 2, ["2 passed"], ("processors", "1,2")),
            ("heap", 3, ["out of memory", "passed"], ("heap", "64K,100K,2M")),
            ("damage", 60, ["loader stopped", "passed"], ("damage", "60")),
        ]
    ],
)
def test_sweep(name, count, verdicts, outcome):
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    assert f"{count} boots in " in outcome.stdout
    for verdict in verdicts:
        assert verdict in outcome.stdout
    drawing = xml.etree.ElementTree.parse(machine.BUILD / "reports" / f"sweep-{name}.svg")
    points = [circle for circle in drawing.iter("{http://www.w3.org/2000/svg}circle") if len(circle)]
    assert len(points) == count
    assert "#" * 40 + f"] {count}/{count}" in outcome.stderr


PANICS = ("--name", "panics", "--kernel", "build/kernel-tests.elf", "--cmdline", "only=crash.panic")


@background(run, "processors", "1", "--", *PANICS)
def test_a_verdict_that_is_not_accepted(outcome):
    assert outcome.returncode == 10
    assert "not accepted: 1: panic: panic: on purpose" in outcome.stdout
    assert "repeat: python3 tests/harness/boot.py --kernel build/kernel-tests.elf" in outcome.stdout


def sweep_with_one_that_cannot_be_run():
    def change(base, value):
        return dataclasses.replace(base, kernel=machine.BUILD / ("example.elf" if value == "1" else "nowhere.elf"))

    return sweep.sweep(machine.Machine(source="qemu", name="sweep-cannot"), ["1", "2"], change)


@background(sweep_with_one_that_cannot_be_run)
def test_a_boot_that_cannot_be_run_leaves_the_results_of_the_others(outcome):
    points, errors = outcome
    assert [(point.value, point.boot.verdict) for point in points] == [("1", Verdict.PASSED)]
    assert list(errors) == ["2"] and "nowhere.elf" in str(errors["2"])


@background(run, "word", "no-such-word=", "1")
def test_a_word_that_the_kernel_does_not_know(outcome):
    assert outcome.returncode == 2 and "does not know the word no-such-word=" in outcome.stderr
