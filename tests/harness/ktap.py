# SPDX-License-Identifier: MIT
"""Reads KTAP, the language in which the suites report, on the host and over the serial line.

The form is that of the Linux kernel (Documentation/dev-tools/ktap.rst): a version line, a plan `1..N`,
results `ok N name` and `not ok N name`, suites nested by four spaces. Lines of any other kind are
diagnostics, kept for the next result. Used by the judge and by the tests that turn each case into a
test of its own. What cannot be read, but may be the report of a failure, is a problem: nothing passes
because it was not understood. Pure: text in, cases out, and back.
"""

import dataclasses
import re

INDENT = 4

_VERSION = re.compile(r"^( *)KTAP version 1$")
_PLAN = re.compile(r"^( *)1\.\.(\d{1,9})(?: +#.*)?$")
_RESULT = re.compile(r"^( *)(not ok|ok) (\d{1,9})(?: +-)?(?: +([^#]*?))?(?: +#\s*(.*))?$")
# What may be a report's, though not in a form that is read here.
_LIKE_REPORT = re.compile(r"\bK?TAP version \d|^\s*1\.\.\d|^\s*not ok\b", re.MULTILINE | re.IGNORECASE)
_LIKE_FAILURE = re.compile(r"\s*(?:not ok\b|Bail out!)", re.IGNORECASE)
# Directives of a case that did not run, or not to its end.
_NOT_DONE = ("SKIP", "TIMEOUT", "ERROR")


@dataclasses.dataclass
class Case:
    """One result that has no results below it."""

    name: str  # "suite.case", as deep as the suites are nested
    passed: bool
    detail: str  # why it failed, and the diagnostics that stood above the result


@dataclasses.dataclass
class Report:
    cases: list
    problems: list  # what makes the report incomplete: each a sentence; empty when it can be trusted

    @property
    def passed(self):
        return bool(self.cases) and not self.problems and all(case.passed for case in self.cases)


@dataclasses.dataclass
class _Level:
    plan: int = -1
    results: int = 0
    cases: list = dataclasses.field(default_factory=list)


def present(text):
    """Whether the text holds a KTAP report at all."""
    return _LIKE_REPORT.search(text) is not None


def write(cases):
    """A report of these cases, in their order; "suite.case" stands below "suite", one step deep."""
    suites = {}
    for case in cases:
        suite, _, name = case.name.rpartition(".")
        suites.setdefault(suite or "cases", []).append((name, case))
    lines = ["KTAP version 1", f"1..{len(suites)}"]
    for number, (suite, members) in enumerate(suites.items(), 1):
        lines += ["    KTAP version 1", f"    1..{len(members)}"]
        for place, (name, case) in enumerate(members, 1):
            lines += [f"    # {line}" for line in case.detail.splitlines() if not case.passed]
            lines.append(f"    {_word(case.passed)} {place} {_plain(name)}")
        lines.append(f"{_word(all(case.passed for _, case in members))} {number} {_plain(suite)}")
    return "\n".join(lines)


def _word(passed):
    return "ok" if passed else "not ok"


def _plain(name):
    """A name may not hold what begins a directive."""
    return name.replace("#", "_").replace("\n", " ")


def parse(text):
    """The Report in a text that may have other lines before, between and after its own."""
    levels, report, notes = [], Report([], []), []
    for line in text.splitlines():
        line = line.rstrip()
        if match := _VERSION.match(line):
            depth = len(match[1]) // INDENT
            if depth == 0 and levels:
                report.problems.append("a second report begins: did the machine start twice?")
            if depth > len(levels):
                report.problems.append(f"nested by more than one step: {line.strip()!r}")
            _close(levels, depth, report, "")
            levels.append(_Level())
            notes = []
        elif not levels:
            if _LIKE_FAILURE.match(line):
                report.problems.append(f"outside any report: {line.strip()!r}")
        elif match := _PLAN.match(line):
            depth = len(match[1]) // INDENT
            if depth >= len(levels) or levels[depth].plan >= 0 or levels[depth].results > 0:
                report.problems.append(f"a plan where none was due: {line.strip()!r}")
            else:
                levels[depth].plan = int(match[2])
        elif match := _RESULT.match(line):
            depth = len(match[1]) // INDENT
            if depth >= len(levels):
                report.problems.append(f"a result outside any suite: {line.strip()!r}")
                continue
            _result(levels, depth, match, notes, report)
            notes = []
        elif _LIKE_FAILURE.match(line):
            report.problems.append(f"no result in the form `not ok N name`: {line.strip()!r}")
        elif line.strip():
            notes.append(line.strip())
    if not levels:
        report.problems.append("no line `KTAP version 1`: the suites never started")
    _close(levels, 0, report, "")
    return report


def _result(levels, depth, match, notes, report):
    name = match[4] or f"case {match[3]}"
    nested = depth + 1 < len(levels)
    below = _close(levels, depth + 1, report, name)
    level = levels[depth]
    level.results += 1
    if int(match[3]) != level.results:
        report.problems.append(f"{name}: result {match[3]} where {level.results} was due")
    directive = match[5] or ""
    # A skipped case did not run, so it cannot count as passed.
    ok = match[2] == "ok" and not directive.upper().startswith(_NOT_DONE)
    detail = "\n".join(notes + ([directive] if directive else []))
    if nested:
        if ok and not all(case.passed for case in below):
            report.problems.append(f"{name}: says ok above a case that failed")
        if ok and not below:
            report.problems.append(f"{name}: says ok without a case")
        if not ok and all(case.passed for case in below):
            below.append(Case(name, False, detail or "says not ok although no case of it failed"))
    else:
        below = [Case(name, ok, detail)]
    if depth > 0:
        level.cases.extend(below)
    else:
        report.cases.extend(below)


def _close(levels, depth, report, name):
    """Ends the levels from `depth` on, checks their plans, and returns their cases under `name`."""
    cases = []
    while len(levels) > depth:
        level = levels.pop()
        where = name or "the report"
        if level.plan < 0:
            report.problems.append(f"{where}: no plan `1..N`")
        elif level.results != level.plan:
            report.problems.append(f"{where}: {level.results} results of {level.plan} planned")
        cases = level.cases + cases
        if not name:
            # The run stopped inside a suite whose own result never came: its cases still count.
            report.cases.extend(cases)
            cases = []
    return [Case(f"{name}.{case.name}", case.passed, case.detail) for case in cases]
