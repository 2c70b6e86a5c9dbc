# SPDX-License-Identifier: MIT
"""The kernels of other kinds: each is built and booted by its harness.toml, allocates before it has a console,
prints the failure that it kept, and passes all suites of kmem/ inside."""

import pathlib
import re
import subprocess
import sys
import tempfile

import pytest

import ktap
from c_sources import ROOT

FOLDER = ROOT / "tests" / "embed"
KINDS = sorted(file.parent.name for file in FOLDER.glob("*/harness.toml"))
SUITES = set(re.findall(r"&(\w+)_suite,", (ROOT / "tests" / "suites" / "suite.c").read_text(encoding="utf-8")))


def boot(kind):
    """What the harness said of the boots of a folder, and its report of their cases."""
    with tempfile.TemporaryDirectory() as folder:
        report = pathlib.Path(folder) / "ktap.txt"
        command = [sys.executable, "-B", ROOT / "tests/harness/project.py", "--file", FOLDER / kind / "harness.toml",
                   "--jobs", "1", "--ktap", report]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        return done.stdout, ktap.parse(report.read_text(encoding="utf-8") if report.exists() else "")


@pytest.mark.parametrize("kind", [pytest.param(kind, marks=pytest.mark.background.with_args(boot, kind)) for kind in KINDS])
def test_a_kernel_of_its_kind_runs_the_suites(kind, outcome):
    said, report = outcome
    assert re.search(r"^(\d+) boots?, \1 as they should be$", said, re.MULTILINE), said
    boots = {name for name, *_ in (case.name.split(".") for case in report.cases)}
    ran = {tuple(case.name.split(".")[:2]) for case in report.cases if case.passed}
    assert {(name, suite) for name in boots for suite in SUITES} <= ran


@pytest.mark.parametrize("kind", KINDS)
def test_ten_lines_name_how_it_is_built_booted_and_judged(kind):
    lines = (FOLDER / kind / "harness.toml").read_text(encoding="utf-8").splitlines()
    is_documented = f"| `{kind}` |" in (ROOT / "tests" / "README.md").read_text(encoding="utf-8")
    assert len(lines) <= 10 and is_documented
