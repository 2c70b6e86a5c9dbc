# SPDX-License-Identifier: MIT
"""The reader of KTAP and TAP: the forms in which tests report, and that nothing incomplete passes."""

import time

import pytest

import ktap
from ktap import Outcome

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


def outcomes(report):
    return [(case.name, case.outcome) for case in report.cases]


@pytest.mark.parametrize("strict", [True, False])
def test_nested_suites(strict):
    report = ktap.parse(NESTED, strict)
    assert report.problems == []
    assert outcomes(report) == [("one.first", Outcome.PASSED), ("one.second", Outcome.FAILED), ("two.third", Outcome.PASSED)]
    assert "wanted 3, got 4" in report.cases[1].detail and report.cases[1].number == 9
    assert not report.passed


def test_flat_report():
    report = ktap.parse("KTAP version 1\n1..1\nok 1 alone\n", True)
    assert report.passed and [case.name for case in report.cases] == ["alone"]


# What no reader accepts, and what a strict one does not.
NOT_PASSED = [
    "",
    "1..1\nok 1 a\n",
    "KTAP version 1\n1..2\nok 1 a\n",
    "KTAP version 1\n1..1\nok 1 a\nok 2 b\n",
    "KTAP version 1\n1..2\nok 1 a\nok 1 b\n",
    "KTAP version 1\n1..0\n",
    "KTAP version 1\n1..1\nnot ok 1 a\n",
    "KTAP version 1\n1..2\nok 1 a\nKTAP version 1\n1..2\nok 1 a\nok 2 b\n",
    "KTAP version 1\n1..1\n    KTAP version 1\n    1..2\n    ok 1 a\nok 1 s\n",
    "KTAP version 1\n1..1\n    KTAP version 1\n    1..1\n    ok 1 a\n",
    "KTAP version 1\n1..1\n    KTAP version 1\n    1..1\n    not ok 1 a\nok 1 s\n",
    "KTAP version 1\n1..1\n    KTAP version 1\n    1..1\n    ok 1 a\nnot ok 1 s\n",
    "KTAP version 1\n1..1\n    KTAP version 1\n    1..0\nok 1 s\n",
    "KTAP version 1\n1..1\n    # Subtest: s\nok 1 s\n",
    "KTAP version 1\n1..1\nok 1 a # TIMEOUT\n",
    "KTAP version 1\n1..1\nok 1 a # ERROR no such file\n",
    "KTAP version 1\n1..5\nok 1 a\n1..1\n",
    "KTAP version 1\nok 1 a\n1..1\nok 2 b\n",
    "KTAP version 1\n1..1\nok 1 a\nBail out! no disk\n",
    "KTAP version 1\n1..1\nok 1 a\n\tnot ok 2 b\n",
    "KTAP version 1\n1..1\nok 1 a\nnot ok - b\n",
    "KTAP version 1\n1..1\nok 1 a\nNOT OK 2 b\n",
    "KTAP version 1\n1..1\nok 1 a\nnot ok\n",
    "KTAP version 1\n1..1\nok 1 a\nsome words not ok 2 b\n",
    "KTAP version 2\n1..1\nok 1 a\n",
    "TAP version 13\n1..1\n---\nnot ok 1 x\n",
    "not ok 1 a\nKTAP version 1\n1..1\nok 1 a\n",
    "KTAP version 1\n1.." + "1" * 5000 + "\nok 1 a\n",
    # No directive: nothing stands before its `#`, or a remark begins with its letters.
    "KTAP version 1\n1..1\nnot ok 1 a#SKIP no\n",
    "KTAP version 1\n1..1\nnot ok 1 a # skip_count=0\n",
    # The end of a line was lost, and no plan counts the results.
    "KTAP version 1\nok 1 a[    0.06] not ok 2 b\n",
    "KTAP version 1\nok 1 anot ok 2 b\n",
    "KTAP version 1\nok 1 a\n# words[    0.06] not ok 2 b\n",
    # A block of data whose end was lost has what came behind it in it.
    "TAP version 13\n1..2\nok 1 a\n  ---\n  data: 1\n    not ok 1 c\nok 2 b\n",
    "TAP version 13\n1..1\nok 1 a\n  ---\n  data: 1\n",
    "kernel: not ok 1 a\nkernel: KTAP version 1\nkernel: 1..1\nkernel: ok 1 a\n",
    "Bail out!\nTAP version 13\n1..1\nok 1 a\n",
    "not ok 1 a KTAP version 1\n1..1\nok 1 a\n",
    "KTAP version 1\nok 1 a\nnot ok2 b\n",
    "TAP version 14\n1..0\n",
    "TAP version 14\n1..0 # nothing to do\n",
    "TAP version 14\n1..1 # SKIP no such machine\n",
    "TAP version 14\n1..0 # SKIP no such machine\nok 1 a\n",
    "TAP version 14\n1..0 # SKIP no such machine\nnot ok 1 a\n",
    "TAP version 13\nok\nok 2 b\nok 3 c\n1..2\n",
    "TAP version 13\nok a\nok 1 b\n",
    "TAP version 13\nnot ok\nok 1 a\n1..1\n",
    "TAP version 14\n1..2\n    # Subtest: s\n    1..2\n    ok a\nok s\nok t\n",
]
NOT_PASSED_STRICTLY = [
    "TAP version 13\n1..0 # SKIP no such machine\n",
    "KTAP version 1\n1..1\n    KTAP version 1\n    1..0 # SKIP no such machine\nok 1 s\n",
    "TAP version 13\nok\n1..1\nok 1 a\n",
    "KTAP version 1\nok 1 a\n",
    "KTAP version 1\nok 1 a\n1..1\n",
    "KTAP version 1\n1..1\nok 1 a # SKIP no such machine\n",
    "KTAP version 1\n1..1\nnot ok 1 a # TODO later\n",
    "KTAP version 1\n1..1\nok 1 a\nKTAP version 1\n1..1\nok 1 a\n",
    "KTAP version 1\n1..1\n    KTAP version 1\n    1..1\n    ok 1 a\nok 1 s # SKIP no such machine\n",
    "TAP version 13\n1..1\nok - a\n",
    "TAP version 13\nTAP version 13\n1..1\nok 1 a\n",
    "ok 1 a\nKTAP version 1\n1..1\nok 1 b\n",
    "1..1\nKTAP version 1\n1..1\nok 1 b\n",
]


@pytest.mark.parametrize("text", NOT_PASSED)
def test_not_passed(text):
    assert not ktap.parse(text).passed and not ktap.parse(text, strict=True).passed


@pytest.mark.parametrize("text", NOT_PASSED_STRICTLY)
def test_not_passed_strictly(text):
    assert ktap.parse(text).passed and not ktap.parse(text, strict=True).passed


def test_a_plan_may_come_last_in_tap():
    assert ktap.parse("TAP version 13\nok 1 a\nok 2 b\n1..2\n", strict=True).passed


def test_a_plan_that_is_missing_is_said():
    assert str(ktap.parse("KTAP version 1\n  ok 1 a\nok 1 s\n")) == "1 passed, without a plan: s, the report"


# --- As others write it ---------------------------------------------------------------------------

KUNIT = """\
TAP version 14
1..2
\t# Subtest: sysctl
\t1..2
\t# null: initializing
\tok 1 - null
loaded another driver
\tok 2 - unset # SKIP not built
\t# sysctl: pass:1 fail:0 skip:1 total:2
ok 1 - sysctl
\t# Subtest: string
\t1..1
\tok 1 - empty
ok 2 - string
List of all partitions:
"""
KUNIT_CASES = [("sysctl.null", Outcome.PASSED), ("sysctl.unset", Outcome.SKIPPED), ("string.empty", Outcome.PASSED)]


def prefixed(text, *prefixes):
    """Each line with one of the prefixes, in turn."""
    return "".join(f"{prefixes[number % len(prefixes)]}{line}\n" for number, line in enumerate(text.splitlines()))


@pytest.mark.parametrize(
    "text",
    [
        KUNIT,
        prefixed(KUNIT, "[    0.060000] "),
        prefixed(KUNIT, "[    0.060000][    T1] ", "[   12.345678][    T1] ", "[12345.000000][   T12] "),
        prefixed(KUNIT, "<6>[    0.060000] ", "<4>[    1.060000] "),
        prefixed(KUNIT, "<6>", "<5>"),
        prefixed(KUNIT, "I/test ( 12): "),
        prefixed(KUNIT, "[00:00:01.000,000] <inf> ", "[00:00:10.250,123] <inf> "),
        prefixed(KUNIT, " "),
        KUNIT.replace("\t", "  "),
        KUNIT.replace("\t", "    "),
        KUNIT.replace("1..2\n\t# Subtest: sysctl", "\t# Subtest: sysctl"),
        KUNIT.replace("1..2\n\t# Subtest: sysctl", "\tKTAP version 1\n\t# Subtest: sysctl"),
        KUNIT.replace("TAP version 14", "KTAP version 1").replace("- ", ""),
        KUNIT.replace("\n", "  \n"),
        "a line\n" + KUNIT + "another\n",
    ],
)
def test_kunit(text):
    report = ktap.parse(text)
    assert outcomes(report) == KUNIT_CASES and report.passed, [str(problem) for problem in report.problems]
    assert "2 passed, 1 skipped (sysctl.unset)" in str(report)
    assert not ktap.parse(text.replace("ok 1 - null", "not ok 1 - null").replace("ok 1 null", "not ok 1 null")).passed


def test_kunit_with_parameters():
    """Whose number is not planned; comments have the sums."""
    report = ktap.parse(
        "KTAP version 1\n1..1\n    KTAP version 1\n    # Subtest: s\n    # module: s_test\n    1..2\n        KTAP version 1\n"
        "        # Subtest: values\n        ok 1 value 0\n        ok 2 value 1\n    # values: pass:2 fail:0 skip:0 total:2\n"
        "    ok 1 values\n    # slow: test took 5 s\n    ok 2 slow\n# s: pass:2 fail:0 skip:0 total:2\nok 1 s\n"
    )
    assert report.passed and not report.is_open, report.problems
    assert outcomes(report) == [(f"s.{name}", Outcome.PASSED) for name in ("values.value 0", "values.value 1", "slow")]


@pytest.mark.parametrize(
    "text",
    [
        "6,123,4567,-;KTAP version 1\n6,124,4568,-;1..1\n6,125,4570,-;ok 1 a\n",
        "I (1) test: KTAP version 1\nI (2) test: 1..1\nW (3) other: busy\nI (12) test: ok 1 a\n",
        "  KTAP version 1\n1..1\nok 1 a\n",
        "/ # echo TAP version 13; echo 1..1; echo ok 1 a\nTAP version 13\n1..1\nok 1 a\n",
        "/ # echo TAP version 13\nTAP version 13\n1..1\nok 1 a\n",
        "KTAP version 1\n1..1\nnot ok 1 a # SKIP no such machine\n",
        "TAP version 13\n1..1\nok 1 a # with a remark that is no directive",
        "TAP version 13\n1..1\nok 1 a # error paths and timeouts\n",
        "TAP version 13\n1..2\nok 1 a\nok then, says another\nok\nok 2 b\n",
        "TAP version 13\n1..2\nok\nok then, says another\nok 1 a\nok 2 b\n",
        "TAP version 13\nok\n1..2\nok 1 a\nok 2 b\n",
        "TAP version 14\n1..1\n    # Subtest: s\n    1..1\nok\n    ok 1 a\nok 1 s\n",
        "TAP version 13\n1..2\nok 1 a\n  ---\n  x: 1\n[drm] another's words\n  y: not ok 9\n  ...\nok 2 b\n",
    ],
)
def test_what_others_print(text):
    assert ktap.parse(text).passed


@pytest.mark.parametrize(
    "prefixes",
    [
        ("[INFO] ", "[WARN] ", "[ERROR] "),
        ("[INFO ] ", "[WARN ] ", "[ERROR] "),
        ("INFO  ", "ERROR ", "DEBUG "),
        ("info: ", "warning: ", "error: "),
        ("I (9) test: ", "E (10) test: "),
        ("[00:00:01.000,000] <inf> ", "[00:00:01.000,001] <err> "),
        ("2026-01-09T00:00:00.1Z ", "2026-01-10T00:00:00.2Z "),
        ("Jan  9 00:00:00 host kernel: ", "Jan 10 00:00:00 host kernel: "),
        ("[    0.060000] <6>", "[    0.070000] <3>"),
        ("[    0.060000] test: ", "[   10.070000] test: "),
        ("     9 | ", "    10 | "),
        ("   9.250 ", "  10.500 "),
        ("[9] ", "[1f0a] "),
        ("0x00000009: ", "0x0000001f: "),
    ],
)
def test_a_prefix_differs_from_line_to_line(prefixes):
    text = "KTAP version 1\n1..2\n  KTAP version 1\n  1..2\n  ok 1 a\n  not ok 2 b\nnot ok 1 s\nok 2 c\n"
    report = ktap.parse(prefixed(text, *prefixes))
    assert not report.problems and not report.without_plan
    assert outcomes(report) == [("s.a", Outcome.PASSED), ("s.b", Outcome.FAILED), ("c", Outcome.PASSED)]


def test_a_long_line_before_a_version_takes_no_long_time():
    before, start = "I (1) " * 10_000, time.process_time()
    report = ktap.parse(f"{before}KTAP version 1\n{before}1..1\n{before}not ok 1 a\n")
    assert not report.passed and time.process_time() - start < 1


def test_a_failure_behind_another_prefix_is_one():
    text = "I (1) test: KTAP version 1\nI (2) test: 1..1\nI (3) other: not ok 1 a\nI (4) test: ok 1 b\n"
    assert not ktap.parse(text).passed


def test_kselftest():
    """What it runs reports inside comments, and has a result of its own."""
    report = ktap.parse(
        "TAP version 13\n1..2\n# selftests: membarrier: one\n# TAP version 13\n# 1..2\n# ok 1 there\n# not ok 2 alone # SKIP\n"
        "ok 1 selftests: membarrier: one\n# selftests: membarrier: two\n# 1..1\n# not ok 1 sub\n"
        "not ok 2 selftests: membarrier: two # exit=1\n"
    )
    assert report.problems == []
    assert outcomes(report) == [("selftests: membarrier: one", Outcome.PASSED), ("selftests: membarrier: two", Outcome.FAILED)]


def test_kselftest_names_what_it_skipped_behind_the_directive():
    report = ktap.parse("TAP version 13\n1..2\nok 1 # SKIP needs a disk\nok 2 # XFAIL on this machine\n")
    assert outcomes(report) == [("needs a disk", Outcome.SKIPPED), ("on this machine", Outcome.TODO)]


def test_tap_of_a_shell_script():
    report = ktap.parse("/ # ./run.sh\nTAP version 13\nok - first\nok\nok second\nnot ok - third # TODO later\n1..4\n/ # ")
    assert report.passed, report.problems
    assert [case.outcome for case in report.cases] == [Outcome.PASSED] * 3 + [Outcome.TODO]
    assert "1 not expected to pass (third)" in str(report)


def test_tap_14_subtests_and_blocks_of_data():
    report = ktap.parse(
        "TAP version 14\n1..2\n# Subtest: files\n    1..2\n    ok 1 - open\n      ---\n      message: not ok 9\n      ...\n"
        "    ok 2 - close \\# both # time=3ms\nok 1 - files\nok 2 - all # skip: no disk\n"
    )
    assert report.passed, report.problems
    assert outcomes(report) == [("files.open", Outcome.PASSED), ("files.close # both", Outcome.PASSED), ("all", Outcome.SKIPPED)]


def test_deep_nesting_by_two_blanks():
    report = ktap.parse(
        "KTAP version 1\n1..2\n  KTAP version 1\n  1..2\n    KTAP version 1\n    1..2\n    not ok 1 test_1\n    ok 2 test_2\n"
        "  not ok 1 test_3\n  ok 2 test_4 # SKIP\nnot ok 1 one\nok 2 two\n"
    )
    assert report.problems == []
    assert outcomes(report) == [
        ("one.test_3.test_1", Outcome.FAILED), ("one.test_3.test_2", Outcome.PASSED), ("one.test_4", Outcome.SKIPPED),
        ("two", Outcome.PASSED),
    ]


def test_what_is_all_skipped_has_not_failed():
    report = ktap.parse("TAP version 14\n1..1\n    # Subtest: s\n    1..1\n    ok 1 - e # SKIP no\nok 1 - s # SKIP\n")
    assert report.passed and str(report) == "0 passed, 1 skipped (s.e)"


@pytest.mark.parametrize(
    "text, said",
    [
        ("TAP version 14\n1..0 # SKIP no such machine\n", "0 passed, 1 skipped (all: no such machine)"),
        ("TAP version 13\n1..0 # Skipped: no disk\n", "0 passed, 1 skipped (all: no disk)"),
        ("KTAP version 1\n1..0 # SKIP\n", "0 passed, 1 skipped (all)"),
        ("TAP version 14\n1..2\n    # Subtest: s\n    1..0 # skip\nok 1 - s # skip\nok 2 - t\n", "1 passed, 1 skipped (s.all)"),
        ("KTAP version 1\n1..1\n    KTAP version 1\n    1..0 # SKIP no disk\nok 1 s\n", "0 passed, 1 skipped (s.all: no disk)"),
    ],
)
def test_a_plan_of_none_may_skip_all(text, said):
    report = ktap.parse(text)
    assert report.passed and str(report) == said, report.problems


def test_a_suite_that_is_not_expected_to_pass_has_no_failures():
    report = ktap.parse("KTAP version 1\n1..1\n  1..1\n  not ok 1 a\nnot ok 1 s # TODO later\n")
    assert report.passed and outcomes(report) == [("s.a", Outcome.TODO)]


def test_a_crash_in_the_middle_is_told_by_what_is_missing():
    report = ktap.parse(KUNIT[: KUNIT.index("\tok 1 - empty")])
    assert [str(problem) for problem in report.problems][:1] == ["string: its own result never came"]
    assert "1 results of 2 planned" in str(report.problems[-1])


def test_words_that_are_none_of_a_report():
    text = KUNIT.replace("loaded another", "ok then, this is not okay: 1..2 of them\nloaded another")
    assert ktap.parse(text.replace("TAP version 14", "KTAP version 1")).passed


# --- What is there --------------------------------------------------------------------------------


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
        ktap.Case("suite.one", Outcome.PASSED),
        ktap.Case("other.two", Outcome.FAILED, "a line\nanother"),
        ktap.Case("suite.three # 3", Outcome.SKIPPED),
        ktap.Case("alone", Outcome.PASSED),
    ]
    report = ktap.parse(ktap.write(cases))
    assert report.problems == []
    assert outcomes(report) == [
        ("suite.one", Outcome.PASSED),
        ("suite.three _ 3", Outcome.SKIPPED),
        ("other.two", Outcome.FAILED),
        ("cases.alone", Outcome.PASSED),
    ]
    assert "another" in report.cases[2].detail


def test_of_many_cases_only_the_first_are_kept_and_all_are_counted(monkeypatch):
    monkeypatch.setattr(ktap, "CASES_MAX", 3)
    suite = "".join(f"    ok {number} {number}\n" for number in range(1, 5))
    text = f"KTAP version 1\n1..3\n    1..4\n{suite}ok 1 a\n    1..4\n{suite}ok 2 b\n    1..1\n    not ok 1 c\nnot ok 3 c\n"
    report = ktap.parse(text)
    assert report.problems == [] and not report.passed
    assert [case.name for case in report.cases] == ["a.1", "a.2", "a.3", "c.c"]
    assert str(report) == "8 passed, 1 failed"
