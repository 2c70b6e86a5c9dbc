# SPDX-License-Identifier: MIT
"""The shipped fba against the reference model: every short sequence of operations, and fuzzing for a
moment, after the inputs that are kept. `make exhaustive` and `make fuzz` go deeper."""

import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
DEPTH = 3
FUZZ_SECONDS = 4


def run(*command):
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_every_sequence_of_three_operations_does_what_the_model_says():
    said = run(sys.executable, "-B", "tests/model/run.py", str(DEPTH))
    assert f"every sequence of {DEPTH} operations" in said and "no difference" in said
    print(said)


def test_the_exhaustive_run_notices_every_seeded_fault():
    print(run(sys.executable, "-B", "tests/model/run.py", str(DEPTH), "--faults"))


def test_fuzzing_finds_nothing():
    said = run("tests/fuzz/run.sh", str(FUZZ_SECONDS))
    print(said)
    for target in ("fba_fuzz", "containers_fuzz", "elf_fuzz"):
        assert f"fuzz: {target}: " in said and "nothing found" in said
