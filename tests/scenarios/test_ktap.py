# SPDX-License-Identifier: MIT
"""The reader of KTAP: what it finds, and that nothing incomplete passes."""

import pytest

import ktap

NESTED = """\
noise before
KTAP version 1
1..2
    KTAP version 1
    # Subtest: one
    1..2
    ok 1 first
    # wanted 3, got 4
    not ok 2 second
not ok 1 one
kernel: a line in between
    KTAP version 1
    1..1
    ok 1 third
ok 2 two
### tests failed (run R)
"""


def test_nested_suites():
    report = ktap.parse(NESTED)
    assert report.problems == []
    assert [(case.name, case.passed) for case in report.cases] == [
        ("one.first", True),
        ("one.second", False),
        ("two.third", True),
    ]
    assert "wanted 3, got 4" in report.cases[1].detail
    assert not report.passed


def test_flat_report():
    report = ktap.parse("KTAP version 1\n1..1\nok 1 alone\n")
    assert report.passed and [case.name for case in report.cases] == ["alone"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1..1\nok 1 a\n",
        "KTAP version 1\nok 1 a\n",
        "KTAP version 1\n1..2\nok 1 a\n",
        "KTAP version 1\n1..1\nok 1 a\nok 2 b\n",
        "KTAP version 1\n1..2\nok 1 a\nok 1 b\n",
        "KTAP version 1\n1..0\n",
        "KTAP version 1\n1..1\nnot ok 1 a\n",
        "KTAP version 1\n1..1\nok 1 a # SKIP no such machine\n",
        "KTAP version 1\n1..1\nok 1 a\nKTAP version 1\n1..1\nok 1 a\n",
        "KTAP version 1\n1..1\n    KTAP version 1\n    1..2\n    ok 1 a\nok 1 s\n",
        "KTAP version 1\n1..1\n    KTAP version 1\n    1..1\n    ok 1 a\n",
        "KTAP version 1\n1..1\n    KTAP version 1\n    1..1\n    not ok 1 a\nok 1 s\n",
        "KTAP version 1\n1..1\n    KTAP version 1\n    1..1\n    ok 1 a\nnot ok 1 s\n",
        "KTAP version 1\n1..1\n    KTAP version 1\n    1..1\n    ok 1 a\nok 1 s # SKIP no such machine\n",
        "KTAP version 1\n1..1\n    KTAP version 1\n    1..0 # SKIP no such machine\nok 1 s\n",
        "KTAP version 1\n1..1\nok 1 a # TIMEOUT\n",
        "KTAP version 1\n1..1\nok 1 a # ERROR no such file\n",
        "KTAP version 1\n1..5\nok 1 a\n1..1\n",
        "KTAP version 1\nok 1 a\n1..1\n",
        "KTAP version 1\n1..1\nok 1 a\nBail out! no disk\n",
        "KTAP version 1\n1..1\nok 1 a\n\tnot ok 2 b\n",
        "KTAP version 1\n1..1\nok 1 a\nnot ok - b\n",
        "KTAP version 1\n1..1\nok 1 a\nNOT OK 2 b\n",
        "KTAP version 1\n1..1\nok 1 a\nnot ok\n",
        "not ok 1 a\nKTAP version 1\n1..1\nok 1 a\n",
        "KTAP version 1\n1.." + "1" * 5000 + "\nok 1 a\n",
    ],
)
def test_not_passed(text):
    assert not ktap.parse(text).passed


@pytest.mark.parametrize(
    "text",
    [
        "KTAP version 1 \nnot ok 1 a\n",
        "KTAP version 2\n",
        "TAP version 14\n",
        "[    0.10] KTAP version 1\n",
        "1..2\nok 1 a\n",
        "kernel: here\nnot ok 2 b\n",
    ],
)
def test_what_may_be_a_report_is_read_as_one_and_does_not_pass(text):
    assert ktap.present(text) and not ktap.parse(text).passed


def test_other_words_are_no_report():
    assert not ktap.present("kernel: all is ok 1 of 2\nkernel: not okay, 1..2 of them\n")


def test_what_is_written_is_read_again():
    cases = [
        ktap.Case("suite.one", True, ""),
        ktap.Case("other.two", False, "a line\nanother"),
        ktap.Case("suite.three # 3", True, ""),
        ktap.Case("alone", True, ""),
    ]
    report = ktap.parse(ktap.write(cases))
    assert report.problems == []
    assert [(case.name, case.passed) for case in report.cases] == [
        ("suite.one", True),
        ("suite.three _ 3", True),
        ("other.two", False),
        ("cases.alone", True),
    ]
    assert "another" in report.cases[2].detail
