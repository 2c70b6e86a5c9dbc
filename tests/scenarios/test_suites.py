# SPDX-License-Identifier: MIT
"""The suites of tests/suites, run on the host and on the metal; each of their cases is a test here.

Both runs happen when the tests are collected, because only a run knows its cases. A case whose run
ended before its turn cannot be named, so the run as a whole is a test too.
"""

import functools
import subprocess

import pytest

import ktap
import machine
import runner
from judge import Verdict

HOST = machine.BUILD / "host" / "suites"
METAL = machine.BUILD / "kernel-tests.elf"


@functools.lru_cache
def host():
    """The report of the host's run, and what else is wrong with it."""
    if not HOST.exists():
        return ktap.Report(), f"no {HOST}: run `make test`"
    done = subprocess.run([str(HOST)], capture_output=True, text=True, errors="replace", timeout=300)
    report = ktap.parse(done.stdout, strict=True)
    problems = [str(problem) for problem in report.problems]
    if (done.returncode == 0) != report.passed:
        problems.append(f"status {done.returncode} does not fit the report")
    return report, "\n".join(problems + ([done.stderr] if done.stderr else []))


@functools.lru_cache
def metal():
    """The report of the test kernel, and what else is wrong with its boot."""
    try:
        boot = runner.run(machine.Machine(kernel=METAL, name="metal", processors=4, timeout=120, strict=True))
    except machine.Unusable as error:
        return ktap.Report(), str(error)
    report = ktap.parse(boot.text, strict=True)
    fits = boot.verdict is (Verdict.PASSED if report.passed else Verdict.FAILED)
    return report, "\n".join([str(problem) for problem in report.problems] + ([] if fits else [boot.summary()]))


def pytest_generate_tests(metafunc):
    for name, run in (("host_case", host), ("metal_case", metal)):
        if name in metafunc.fixturenames:
            cases = run()[0].cases
            # Without any case there is nothing to parametrize; the test of the run fails then.
            metafunc.parametrize(name, cases, ids=[case.name for case in cases])


def check(case):
    if not case.passed:
        pytest.fail(case.detail or "not ok", pytrace=False)


def check_run(report, problem):
    if problem:
        pytest.fail(problem, pytrace=False)
    assert report.cases


def test_host_run_is_complete():
    check_run(*host())


def test_metal_run_is_complete():
    check_run(*metal())


def test_host(host_case):
    check(host_case)


def test_metal(metal_case):
    check(metal_case)
