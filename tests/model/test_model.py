# SPDX-License-Identifier: MIT
"""The shipped fba against the reference model: every short sequence of operations, and fuzzing for a
moment, after the inputs that are kept. `make exhaustive` and `make fuzz` go deeper."""

import pathlib
import re
import subprocess
import sys

import pytest

import c_sources

ROOT = pathlib.Path(__file__).resolve().parents[2]
DEPTH = 3
FUZZ_SECONDS = 1

background = pytest.mark.background.with_args


def run(*command):
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


def exhaustive(*arguments):
    return run(sys.executable, "-B", "tests/model/exhaustive.py", str(DEPTH), *arguments)


def finished(outcome):
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    return outcome.stdout


@background(exhaustive, "--faults")
def test_every_sequence_of_three_operations_does_what_the_model_says_and_each_seeded_fault_is_noticed(outcome):
    said = finished(outcome)
    assert f"every sequence of {DEPTH} operations" in said and "no difference" in said
    assert re.search(r"(\d+) of \1 seeded faults caught", said), said


@background(run, sys.executable, "-B", "tests/fuzz/fuzz.py", str(FUZZ_SECONDS))
def test_fuzzing_finds_nothing(outcome):
    said = finished(outcome)
    for target in c_sources.fuzz_targets():
        assert f"fuzz: {target}: " in said and "nothing found" in said
