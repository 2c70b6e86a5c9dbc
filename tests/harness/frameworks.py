# SPDX-License-Identifier: MIT
"""How well-known test frameworks sum up a run: a table of the lines in which each tells of success and of failure.

Such a summary has neither a plan nor the names of its cases, so that none passes by itself. One that tells of failures fails,
as judge.py says; one that tells of success is what --pass may name, and `passed` is the expression for it. A framework is
added by adding a row.
"""

import re
from typing import NamedTuple


class Framework(NamedTuple):
    name: str
    passed: str  # a regular expression
    failed: str
    examples: tuple[str, str]  # of a run that passed, and of one that failed


FRAMEWORKS = (
    Framework(
        "Zephyr's ztest", r"PROJECT EXECUTION SUCCESSFUL", r"PROJECT EXECUTION FAILED",
        ("PROJECT EXECUTION SUCCESSFUL", "PROJECT EXECUTION FAILED"),
    ),
    Framework(
        "Rust's libtest", r"test result: ok\. \d+ passed; 0 failed", r"test result: FAILED\. ",
        ("test result: ok. 2 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s",
         "test result: FAILED. 1 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s"),
    ),
    Framework(
        "Unity", r"\d+ Tests 0 Failures \d+ Ignored", r"\d+ Tests [1-9]\d* Failures \d+ Ignored",
        ("3 Tests 0 Failures 1 Ignored", "3 Tests 1 Failures 0 Ignored"),
    ),
    Framework(
        "CppUTest", r"OK \(\d+ tests, \d+ ran, ", r"Errors \((?:\d+ failures, |ran nothing, )",
        ("OK (4 tests, 3 ran, 12 checks, 1 ignored, 0 filtered out, 3 ms)",
         "Errors (1 failures, 3 tests, 3 ran, 12 checks, 0 ignored, 0 filtered out, 3 ms)"),
    ),
    Framework(
        "GoogleTest or cmocka", r"\[  PASSED  \] \d+ tests?\b", r"\[  FAILED  \] (?:\S+: )?\d+ tests?\b",
        ("[  PASSED  ] 2 tests.", "[  FAILED  ] heap_tests: 1 test(s), listed below:"),
    ),
    Framework(
        "Check", r"100%: Checks: \d+, Failures: 0, Errors: 0", r"\d+%: Checks: \d+, Failures: (?:[1-9]|0, Errors: [1-9])",
        ("100%: Checks: 3, Failures: 0, Errors: 0", "66%: Checks: 3, Failures: 1, Errors: 0"),
    ),
    Framework(
        "doctest", r"\[doctest\] Status: SUCCESS!", r"\[doctest\] Status: FAILURE!",
        ("[doctest] Status: SUCCESS!", "[doctest] Status: FAILURE!"),
    ),
    Framework(
        "sel4test", r"All is well in the universe", r"\*\*\* FAILURES DETECTED \*\*\*|Test suite failed\.",
        ("All is well in the universe", "*** FAILURES DETECTED ***"),
    ),
    Framework(
        "U-Boot's ut", r"(?:Tests run: .*, f|(?:Skipped: \d+, )?F)ailures: 0$",
        r"(?:Tests run: .*, f|(?:Skipped: \d+, )?F)ailures: [1-9]\d*$",
        ("Tests run: 3, 10 ms, average: 3 ms, failures: 0", "Failures: 1"),
    ),
    Framework(
        "kyua", r"\d+/\d+ passed \((?:0 broken, )?0 failed\b",
        r"\d+/\d+ passed \((?:[1-9]\d* broken, |(?:0 broken, )?[1-9]\d* failed\b)",
        ("2/3 passed (0 broken, 0 failed, 1 skipped)", "1/3 passed (0 broken, 1 failed, 1 skipped)"),
    ),
    Framework(
        "kvm-unit-tests", r"SUMMARY: \d+ tests(?:, \d+ (?:skipped|(?:expected|known) failures))*$",
        r"SUMMARY: \d+ tests, [1-9]\d* unexpected failures",
        ("SUMMARY: 12 tests, 1 skipped", "SUMMARY: 12 tests, 1 unexpected failures"),
    ),
    Framework(
        "xv6's usertests", r"ALL TESTS PASSED$", r"SOME TESTS FAILED$",
        ("ALL TESTS PASSED", "SOME TESTS FAILED"),
    ),
    Framework("Perl's prove", r"Result: PASS$", r"Result: FAIL$", ("Result: PASS", "Result: FAIL")),
    Framework(
        "redoxer", r"## redoxer \(success\) ##", r"## redoxer \((?:failure|timeout)\b",
        ("## redoxer (success) ##", "## redoxer (failure, 101) ##"),
    ),
)

# At the beginning of a line or behind a prefix, but not in a comment of a report's or in the echo of a quoted text.
_BEFORE = r"(?:[^#\"']*[^\w\s\"'#]\s*|\s*)"
_PATTERNS = [
    (re.compile(_BEFORE + f"(?:{words})"), framework, has_passed)
    for framework in FRAMEWORKS
    for words, has_passed in ((framework.failed, False), (framework.passed, True))
]
# Any such line has one of these; most lines have none. Faster than an expression.
_HINTS = ("EXECUTION", "test result:", "ailures", " ran, ", "ran nothing", "ED  ]", "Checks:", "doctest", "universe", "FAILURES",
          "suite failed", "passed (", "SUMMARY", "TESTS", "Result: ", "redoxer")


def find(line: str) -> tuple[Framework, bool] | None:
    """The framework whose summary this line is, and whether all has passed by it."""
    if not any(hint in line for hint in _HINTS):
        return None
    return next(((framework, has_passed) for pattern, framework, has_passed in _PATTERNS if pattern.match(line)), None)
