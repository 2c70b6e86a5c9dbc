# SPDX-License-Identifier: MIT
"""What a scenario is made of: a boot in the background, and a test that looks at its outcome.

    @background(boot, "pc-1G", machine="pc", memory="1G")
    def test_pc(outcome):
        assert outcome.verdict is Verdict.PASSED, outcome.summary()

The first word names the log; all else are fields of machine.Machine.
"""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Callable, Iterable
from typing import Any

import pytest

import machine
import runner
import workspace

background: Callable[..., pytest.MarkDecorator] = pytest.mark.background.with_args


def making() -> contextlib.AbstractContextManager[None]:
    """One at a time, in whichever run of the tests: two of them would build the same files."""
    return workspace.locked("make")


def boot(name: str, **settings: Any) -> runner.Boot:
    return runner.run(machine.Machine(name=name, **settings))


def boot_or_error(name: str, **settings: Any) -> runner.Boot | machine.Unusable:
    try:
        return boot(name, **settings)
    except machine.Unusable as error:
        return error


def boot_with_heap(name: str, kib: int, program: str = "kernel.elf", **settings: Any) -> runner.Boot:
    """The kernel, or the test kernel, with an early heap of so many KiB."""
    file = f"build/heap-{kib}K/{program}"
    with making():
        subprocess.run(["make", file], cwd=machine.ROOT, check=True, capture_output=True)
    return boot(f"{name}-{kib}K", kernel=machine.ROOT / file, **settings)


def each(function: Callable[..., Any], rows: dict[str, tuple[Iterable[Any], Iterable[Any], dict[str, Any]]]) -> list[Any]:
    """Parameters of a test: by id, what the test gets, and the words and settings of its background function."""
    return [
        pytest.param(*values, marks=background(function, *words, **settings), id=name)
        for name, (values, words, settings) in rows.items()
    ]
