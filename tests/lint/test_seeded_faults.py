# SPDX-License-Identifier: MIT
"""Whether the seeded faults of the proof and of the fuzz targets still fit the sources. What finds them takes long:
`make proof`, `make fuzz`."""

import subprocess
import sys

import pytest
from c_sources import ROOT
from faults import PROOF_FAULTS


@pytest.mark.parametrize("fault", PROOF_FAULTS, ids=lambda fault: fault[0])
def test_a_fault_of_the_proof_fits(fault):
    _, file, good, _, _ = fault
    assert (ROOT / "kmem" / file).read_text().count(good) == 1


def test_the_faults_of_the_fuzz_targets_fit():
    command = [sys.executable, ROOT / "tests/fuzz/faults.py", "--check"]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
