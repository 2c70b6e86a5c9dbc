# SPDX-License-Identifier: MIT
"""What the scenarios share: what is shown of a boot that was not as it should be, and what all boots took."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Generator, Iterable
from typing import Any

import pytest

import failure_report
import qemu
import runner

PROCESSORS = os.cpu_count() or 1
_start = time.monotonic()


@pytest.hookimpl(trylast=True)
def pytest_unconfigure() -> None:
    """After Ctrl-C too: no boot goes on when the tests have been stopped. By now none is begun any more."""
    qemu.end_all()


# --- A test that failed ---------------------------------------------------------------------------


def pytest_assertrepr_compare(op: str, left: object, right: object) -> list[str] | None:
    """`assert sentence in boot.text` shows what came in its place."""
    if op == "in" and isinstance(left, str) and isinstance(right, str) and "\n" in right:
        return [f"{left!r} never came", *failure_report.beside(left, right)]
    return None


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Function, call: "pytest.CallInfo[None]") -> Generator[None, Any, None]:
    report = (yield).get_result()
    if call.when != "call" or not report.failed:
        return
    boots = failure_report.boots_in(item.funcargs.get("outcome"))
    # Those that the test itself has made, and not the pool.
    now = time.monotonic()
    boots += [boot for boot in runner.history if boot.by_main_thread and boot.started > now - call.duration - 1]
    for boot in boots:
        report.sections.append((f"boot {boot.machine.name}", "\n".join(failure_report.commands(boot))))


# --- What the boots took --------------------------------------------------------------------------


def _median(seconds: Iterable[float | None]) -> str:
    return f"{statistics.median(one or 0.0 for one in seconds):.2f} s"


def pytest_terminal_summary(terminalreporter: Any) -> None:
    # A stub of the firmware says nothing about what firmware takes.
    boots = [boot for boot in runner.history if boot.machine.firmware_code is None and boot.machine.source != "qemu"]
    plain = [boot for boot in boots if boot.worked and not boot.machine.is_exact]
    cold = [boot for boot in plain if boot.why_cold]
    warm = [boot for boot in plain if not boot.why_cold]
    if not cold or not warm:
        return
    # Processor time, because boots that had no company would have had to wait for nothing else.
    firmware = statistics.median(boot.worked or 0.0 for boot in cold)
    alone = sum(firmware + boot.seconds - boot.spoke if boot.spoke else boot.seconds for boot in boots)
    took = time.monotonic() - _start
    terminalreporter.write_line(
        f"boots: {len(warm)} warm, {len(cold)} cold; until the loader speaks (median): "
        f"{_median(boot.spoke for boot in warm)} warm, {_median(boot.spoke for boot in cold)} cold, {firmware:.2f} s of it "
        f"processor time; whole: {_median(boot.seconds for boot in warm)} warm, {_median(boot.seconds for boot in cold)} cold"
    )
    terminalreporter.write_line(
        f"time: all tests {took:.0f} s; these {len(boots)} boots alone, all of them cold: {alone:.0f} s one after the "
        f"other, {alone / PROCESSORS:.0f} s with {PROCESSORS} at once"
    )
