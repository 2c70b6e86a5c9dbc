# SPDX-License-Identifier: MIT
"""Work in the background: whatever takes a test long and can be done beside other work.

A test says with `@background(function, …)` what is to be done for it; all of that starts when the
tests are collected, in their order, as much at a time as keeps all processors busy, and the fixture
`outcome` waits for the test's own.
"""

import concurrent.futures
import os

import pytest

# Some only wait: for a time to pass, for a disk.
_pool = concurrent.futures.ThreadPoolExecutor((os.cpu_count() or 1) + 1)
_outcomes = {}


def pytest_configure(config):
    config.addinivalue_line("markers", "background(function, *arguments, **named): what `outcome` waits for")


def pytest_collection_finish(session):
    if session.config.option.collectonly:
        return
    for item in session.items:
        if mark := item.get_closest_marker("background"):
            function, *arguments = mark.args
            _outcomes[item.nodeid] = _pool.submit(function, *arguments, **mark.kwargs)


def pytest_unconfigure():
    """After Ctrl-C too: nothing goes on behind the back of who stopped the tests."""
    _pool.shutdown(wait=False, cancel_futures=True)


@pytest.fixture
def outcome(request):
    """What the test's background function returned, or its exception."""
    return _outcomes[request.node.nodeid].result()
