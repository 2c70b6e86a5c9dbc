# SPDX-License-Identifier: MIT
"""Work in the background: whatever takes a test long and can be done beside other work.

A test says with `@background(function, …)` what is to be done for it; all of that starts when the
tests are collected, in their order, as much at a time as keeps all processors busy, and the fixture
`outcome` waits for the test's own. What several tests say in the same words is done once. The tests that
wait for nothing come first.
"""

from __future__ import annotations

import concurrent.futures
import os
from typing import Any

import pytest

# Some only wait: for a time to pass, for a disk.
_pool = concurrent.futures.ThreadPoolExecutor((os.cpu_count() or 1) + 1)
_outcomes: dict[str, "concurrent.futures.Future[Any]"] = {}  # by the words of the mark


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "background(function, *arguments, **named): what `outcome` waits for")


def _words(mark: pytest.Mark) -> str:
    return repr((mark.args, mark.kwargs))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.get_closest_marker("background") is not None)


def pytest_collection_finish(session: pytest.Session) -> None:
    if session.config.option.collectonly:
        return
    for item in session.items:
        mark = item.get_closest_marker("background")
        if mark and _words(mark) not in _outcomes:
            function, *arguments = mark.args
            _outcomes[_words(mark)] = _pool.submit(function, *arguments, **mark.kwargs)


def pytest_unconfigure() -> None:
    """After Ctrl-C too: nothing goes on when the tests have been stopped."""
    _pool.shutdown(wait=False, cancel_futures=True)


@pytest.fixture
def outcome(request: pytest.FixtureRequest) -> Any:
    """What the test's background function returned, or its exception."""
    mark = request.node.get_closest_marker("background")
    assert mark, "a test with `outcome` needs @background"
    return _outcomes[_words(mark)].result()
