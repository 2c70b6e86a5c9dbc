# SPDX-License-Identifier: MIT
"""A plugin of pytest: the boots of each harness.toml that it comes by are tests, and so are the cases of their kernels.

    PYTHONPATH=…/share/boot-harness/plugin pytest -p pytest_boots

Only a boot knows its cases, so that the boots are done while tests are collected, several at a time. The plugin runs
the command and reads its results as JUnit XML: nothing of the harness is imported into the project's own process.
"""

from __future__ import annotations

import pathlib
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Iterator
from typing import Any

import pytest

_COMMAND = [sys.executable, "-B", str(pathlib.Path(__file__).resolve().parents[1] / "project.py")]
_NAME = "harness.toml"
_USAGE = 2  # the status of a file that cannot be read


class _Project(pytest.File):
    """A harness.toml, all of whose boots are done at once."""

    def collect(self) -> Iterator[pytest.Collector]:
        file = pathlib.Path(str(self.fspath))
        with tempfile.TemporaryDirectory() as folder:
            report = pathlib.Path(folder) / "junit.xml"
            done = subprocess.run(
                [*_COMMAND, "--file", str(file), "--junit", str(report)], cwd=file.parent, stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8", errors="replace",
            )
            if done.returncode == _USAGE or not report.exists():
                raise self.CollectError((done.stderr or done.stdout).strip())
            for suite in ElementTree.parse(report).getroot():
                yield _Boot.from_parent(self, name=suite.get("name"), suite=suite)


class _Boot(pytest.Collector):
    """A boot: its cases, and its verdict."""

    def __init__(self, suite: ElementTree.Element, **named: Any) -> None:
        super().__init__(**named)
        self._suite = suite

    def collect(self) -> Iterator[pytest.Item]:
        for case in self._suite.iter("testcase"):
            yield _Case.from_parent(self, name=case.get("name"), case=case)


class _Failed(Exception):
    """A case that failed; the text says why."""


class _Case(pytest.Item):
    def __init__(self, case: ElementTree.Element, **named: Any) -> None:
        super().__init__(**named)
        self._case = case

    def runtest(self) -> None:
        for child in self._case:
            message = child.get("message", "")
            if child.tag == "skipped":
                pytest.skip(message)
            raise _Failed("\n".join(filter(None, (message, child.text))))

    def repr_failure(self, info: "pytest.ExceptionInfo[BaseException]", style: Any = None) -> Any:
        return str(info.value) if isinstance(info.value, _Failed) else super().repr_failure(info, style)

    def reportinfo(self) -> tuple[Any, int | None, str]:
        return self.fspath, None, self.nodeid.partition("::")[2]


def _collect(file_path: pathlib.Path, parent: pytest.Collector) -> pytest.Collector | None:
    return _Project.from_parent(parent, path=file_path) if file_path.name == _NAME else None


def _collect_before_7(path: Any, parent: pytest.Collector) -> pytest.Collector | None:
    return _Project.from_parent(parent, fspath=path) if path.basename == _NAME else None


# pytest 7 has given the hook another argument.
pytest_collect_file: Callable[..., Any] = _collect if hasattr(pytest, "version_tuple") else _collect_before_7
