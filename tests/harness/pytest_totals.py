# SPDX-License-Identifier: MIT
"""A plugin of pytest: the last line is `N passed, N failed`, and what never ran counts as failed.

The Makefile loads it for `make test` and `make lint` (`-p pytest_totals`). The results also go to
build/reports/tests.ktap, for programs that read KTAP.
"""

from __future__ import annotations

import pathlib
from collections.abc import Generator
from typing import Any

import pytest

import ktap

_KTAP = pathlib.Path("build/reports/tests.ktap")

_selected: set[str] = set()
_passed: set[str] = set()
_failed: set[str] = set()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: "pytest.CallInfo[None]") -> Generator[None, Any, None]:
    """A skipped test did not run: it fails."""
    outcome = yield
    report = outcome.get_result()
    if report.skipped:
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} did not run: {call.excinfo.value if call.excinfo else 'skipped'}"


def pytest_collection_finish(session: pytest.Session) -> None:
    _selected.update(item.nodeid for item in session.items)


def pytest_collectreport(report: pytest.CollectReport) -> None:
    if not report.passed:
        _failed.add(report.nodeid)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if not report.passed:
        _failed.add(report.nodeid)
    elif report.when == "call":
        _passed.add(report.nodeid)


def pytest_sessionfinish(session: pytest.Session) -> None:
    if session.config.option.collectonly:
        return
    passed = _passed - _failed
    cases = [
        ktap.Case(_name(test), ktap.Outcome.PASSED if test in passed else ktap.Outcome.FAILED, "see the log of pytest")
        for test in sorted(_selected | _failed)
    ]
    _KTAP.parent.mkdir(parents=True, exist_ok=True)
    _KTAP.write_text(ktap.write(cases) + "\n", encoding="utf-8")


def _name(test: str) -> str:
    """`tests/scenarios/test_boot.test_healthy[pc]`: in KTAP's names the dot ends the suite."""
    file, _, name = test.partition("::")
    return file.removesuffix(".py") + "." + (name.replace(".", "_") or "collection")


@pytest.hookimpl(trylast=True)
def pytest_unconfigure() -> None:
    """Comes after pytest's own summary. Printed to the terminal itself: nothing captures any more."""
    passed = _passed - _failed
    failed = _failed | (_selected - passed)
    print(f"{len(passed)} passed, {len(failed)} failed", flush=True)
