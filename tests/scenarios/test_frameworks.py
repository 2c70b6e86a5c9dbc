# SPDX-License-Identifier: MIT
"""The table of test frameworks: each row's summaries are recognised by their examples, and ordinary words are none."""

import time

import pytest

import frameworks
import terminal


@pytest.mark.parametrize("framework", frameworks.FRAMEWORKS, ids=lambda framework: framework.name)
@pytest.mark.parametrize("prefix", ["", "[    1.234567] ", "I (123) test: ", "[00:00:00.010,000] <inf> test: ", "$ ", "  "])
def test_a_summary_is_recognised(framework, prefix):
    passed, failed = framework.examples
    assert frameworks.find(prefix + passed) == (framework, True)
    assert frameworks.find(prefix + failed) == (framework, False)


@pytest.mark.parametrize(
    "line",
    [
        "# [  FAILED  ] 1 test, listed below:",
        "    # [  FAILED  ] 1 test, listed below:",
        "$ echo 'PROJECT EXECUTION FAILED'",
        '--fail "SOME TESTS FAILED"',
        "[  FAILED  ] Heap.Shrinks (0 ms)",
        "[FAILED] Failed to start ssh.service",
        "the test result: FAILED. is what it says",
        "smart: errors: 0, failures: 3",
        "raid: tolerated Failures: 1",
        "Errors (none)",
        "12/12 passed (100%)",
        "3/4 passed (1 skipped)",
        "SUMMARY: done",
    ],
)
def test_ordinary_words_are_no_summary(line):
    assert frameworks.find(line) is None


@pytest.mark.parametrize("unit", ["=1 Tests 0 ", "1/", "=", "SUMMARY: 1 tests, 1 skipped, ", "1", "Tests run: , "])
def test_a_long_line_takes_no_long_time(unit):
    start = time.process_time()
    frameworks.find((unit * terminal.LINE_MAX)[: terminal.LINE_MAX] + " TESTS")
    assert time.process_time() - start < 1
