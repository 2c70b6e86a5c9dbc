# SPDX-License-Identifier: MIT
"""What the scenarios share: boots in the background, two at a time, and kernels with other heaps.

A boot takes seconds and a machine has at least two processors, so a test says with
`@background(function, …)` what is to be done for it; all of that starts when the tests are collected,
in their order, and the fixture `outcome` waits for the test's own.
"""

import concurrent.futures
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "harness"))

import pytest

import machine

AT_ONCE = 2

_pool = concurrent.futures.ThreadPoolExecutor(AT_ONCE)
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
    """After Ctrl-C too: no boot goes on behind the back of who stopped the tests."""
    _pool.shutdown(wait=False, cancel_futures=True)
    machine.end_all()


@pytest.fixture
def outcome(request):
    """What the test's background function returned, or its exception."""
    return _outcomes[request.node.nodeid].result()
