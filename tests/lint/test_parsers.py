# SPDX-License-Identifier: MIT
"""Whether what is said of the parsers for their proof still fits them; the proof itself is `make proof-parsers`."""

import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


def test_annotations_and_seeded_faults_fit():
    command = [sys.executable, ROOT / "tests/proof/parsers.py", "--check"]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
