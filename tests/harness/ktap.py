# SPDX-License-Identifier: MIT
"""Reads KTAP and TAP, in which tests report: the suites of this repository, KUnit, kselftest, shell scripts.

The forms are those of the Linux kernel (Documentation/dev-tools/ktap.rst) and of TAP 13 and 14: a
version line, a plan `1..N` first or last, results `ok N name` and `not ok N name`, tests nested by any
indentation, with or without a version line or `# Subtest: name` of their own, the directives SKIP and
TODO, a plan `1..0 # SKIP` of what is skipped as a whole, `Bail out!`. Prefixes of a log line, such as
`[    0.06] ` or what stands before the version line, are left out. Lines of any other kind are
diagnostics, kept for the next result.

What cannot be read, but may be the report of a failure, is a problem: nothing passes because it was not
understood. A strict reader also takes a missing plan for a problem, and what was skipped for a failure.

Pure: lines in, cases out, and back.
"""

import collections
import dataclasses
import enum
import re
from collections.abc import Iterable

from terminal import Line

NOTES_MAX = 50  # lines of diagnostics that are kept for a result
NOTE_MAX = 1000  # characters of such a line
CASES_MAX = 100_000  # of each outcome that are kept; more are counted
PROBLEMS_MAX = 100
PLAN_DIGITS_MAX = 9
PREFIX_MAX = 256  # characters; what is longer is none
_TAB = 8

# The prefixes of Linux's console: a log level, a time stamp, the thread or processor; and how others name a log level.
_PREFIX = re.compile(r"(?:<\d{1,3}>)?\[ *\d+\.\d+\](?:\[ *[TC]\d+\])? ?|<\d{1,3}>")
_LEVELS = r"\b(?:(?i:trace|debug|dbg|info|inf|notice|warning|warn|wrn|error|err|critical|crit|alert|emerg|fatal)|[A-Z])\b"
_VERSION = re.compile(r"(.*?)\b(K?TAP) version (\d{1,4})$")
_VERSIONS_KNOWN = {("KTAP", "1"), ("TAP", "13"), ("TAP", "14")}
_SUBTEST = re.compile(r"# Subtest: (.*)$")
_PLAN = re.compile(r"1\.\.(\d+)(?:\s+#\s*(.*))?$")
_RESULT = re.compile(r"(not ok|ok)(?:\s+(\d{1,9}))?(?=\s|$)(.*)")
_HASH = re.compile(r"(?:^|(?<=\s))#")
# Those of TAP may be written small, and SKIP as SKIPPED. Those of KTAP are capitals: in small letters they begin a remark.
_DIRECTIVE = re.compile(r"((?i:SKIP)[A-Za-z]*|(?i:TODO)|XFAIL|TIMEOUT|ERROR)(?![\w=])[:\s]*(.*)")
_BAIL_OUT = re.compile(r"Bail out!", re.IGNORECASE)
# What may be a report's, though not in a form that is read here.
_LIKE_FAILURE = re.compile(r"not ok(?![a-z])", re.IGNORECASE)
_HIDDEN_FAILURE = re.compile(r"not ok ?\d", re.IGNORECASE)
_LIKE_REPORT = re.compile(r"\bK?TAP version \d|^\s*1\.\.\d+\s*(?:#.*)?$|^\s*not ok(?![a-z])", re.IGNORECASE)
_NO_END = "a block of data has no end, a line `...`"
# Any line that means something outside a report has one of these.
_HINTS = ("version", "not ok", "ail out", "..")


class Outcome(enum.Enum):
    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"  # did not run
    TODO = "not expected to pass"  # and did not, or did


@dataclasses.dataclass
class Case:
    """One result that has no results below it."""

    name: str  # "suite.case", as deep as the suites are nested
    outcome: Outcome
    detail: str = ""  # why it failed, and the diagnostics that stood above the result
    number: int = 0  # of its line in the log

    @property
    def passed(self) -> bool:
        return self.outcome is Outcome.PASSED

    @property
    def failed(self) -> bool:
        return self.outcome is Outcome.FAILED


@dataclasses.dataclass
class Problem:
    """What makes a report one that cannot be trusted."""

    sentence: str
    number: int  # of the line in the log where it showed
    is_failure: bool = False  # it tells of a failure, and not of a report that is incomplete

    def __str__(self) -> str:
        return self.sentence


@dataclasses.dataclass
class Report:
    cases: list[Case] = dataclasses.field(default_factory=list)
    problems: list[Problem] = dataclasses.field(default_factory=list)
    without_plan: list[str] = dataclasses.field(default_factory=list)  # whose number of results cannot be checked
    is_open: bool = False  # its outermost plan is missing, so that more may have been to come
    number: int = 0  # of its last line in the log
    more: collections.Counter[Outcome] = dataclasses.field(default_factory=collections.Counter)  # that were not kept

    @property
    def passed(self) -> bool:
        return bool(self.cases) and not self.problems and not self.failed

    @property
    def failed(self) -> list[Case]:
        return [case for case in self.cases if case.failed]

    def __str__(self) -> str:
        """How many, and those by name that neither passed nor failed."""
        words = [f"{sum(case.passed for case in self.cases) + self.more[Outcome.PASSED]} passed"]
        if self.failed:
            words.append(f"{len(self.failed) + self.more[Outcome.FAILED]} failed")
        for outcome in (Outcome.SKIPPED, Outcome.TODO):
            names = [case.name for case in self.cases if case.outcome is outcome]
            if names:
                more = ["…"] if len(names) > 8 else []
                words.append(f"{len(names) + self.more[outcome]} {outcome.value} ({', '.join(names[:8] + more)})")
        if self.without_plan:
            words.append(f"without a plan: {', '.join(self.without_plan[:8])}")
        return ", ".join(words)


@dataclasses.dataclass
class _Level:
    """The results of one indentation, whose parent's result is yet to come."""

    indent: int
    name: str = ""  # said in advance, by `# Subtest:`
    plan: int = -1
    is_over: bool = False  # a plan came behind its results
    is_numbered: bool = False  # its results have numbers
    needs_plan: bool = False  # some of its results were dropped
    skipped: Case | None = None  # in the place of results: all of them are skipped
    results: int = 0
    cases: list[Case] = dataclasses.field(default_factory=list)


class Reader:
    """Takes the lines of a log one by one, which may have others before, between and after a report's."""

    def __init__(self, strict: bool = False) -> None:
        self._strict = strict
        self._report = Report()
        self._levels: list[_Level] = []
        self._notes: list[str] = []
        self._subtest: tuple[int, str] | None = None
        self._prefix: re.Pattern[str] | None = None
        self._yaml: int | None = None  # the least indentation of a YAML block's lines
        self._result_indent: int | None = None  # of the line before, if that was a result
        self._kind = ""  # "KTAP" or "TAP", when a version line has come
        self._kept: collections.Counter[Outcome] = collections.Counter()
        self.is_present = False  # the text holds a report, or what may be one

    @property
    def is_complete(self) -> bool:
        """Whether a planned report has all of its results."""
        if len(self._levels) != 1:
            return False
        level = self._levels[0]
        return level.results == level.plan and (level.plan > 0 or level.skipped is not None)

    def feed(self, line: Line) -> None:
        text = line.text
        if not self._levels and not self._strict and not any(hint in text.lower() for hint in _HINTS):
            return
        text = self._without_prefix(text.rstrip())
        body = text.lstrip()
        indent = len(text.expandtabs(_TAB)) - len(body.expandtabs(_TAB))
        if not self.is_present and _LIKE_REPORT.search(text):
            self.is_present = True
        if self._is_yaml(indent, body, line):
            return
        after_result, self._result_indent = self._result_indent, None
        if match := _VERSION.match(body):
            if self._version(line, match, indent):
                return
        if not self._levels:
            if _LIKE_FAILURE.match(body) or _HIDDEN_FAILURE.search(body) or _BAIL_OUT.match(body):
                self._problem(f"outside any report: {body!r}", line, True)
            elif self._strict and (_PLAN.match(body) or (match := _RESULT.match(body)) and match[2]):
                self._problem(f"outside any report: {body!r}", line)
            return
        self._report.number = line.number
        if match := _PLAN.match(body):
            self._plan(line, match[1], match[2] or "", indent)
        elif (match := _RESULT.match(body)) and self._is_result(match, indent):
            self._result(line, match, indent)
        elif match := _SUBTEST.match(body):
            self._header(indent, match[1].strip())
        elif _BAIL_OUT.match(body):
            self._problem(body, line, True)
        elif body == "---" and after_result is not None and indent > after_result:
            self._yaml = indent
        elif self._hides_failure(body):
            self._problem(f"no result in the form `not ok N name`: {body!r}", line, True)
        elif body and len(self._notes) < NOTES_MAX:
            self._notes.append(body[:NOTE_MAX])

    def words_of(self, text: str) -> str:
        """What a comment in a report says, without the name of the case that says it; another line as it is."""
        is_inside = self._levels and not self.is_complete
        match = is_inside and re.match(r"\s*#[#\s]*[^\s:]+:(.*)", self._without_prefix(text))
        return match[1] if match else text

    def finish(self) -> Report:
        """The Report, when no line is to come any more."""
        if not self._kind:
            self._problem("no line `KTAP version 1` or `TAP version 13` begins it: print one before the plan", Line(0, ""))
        if self._yaml is not None:
            self._problem(_NO_END, Line(self._report.number, ""))
        self._end_report(Line(self._report.number, ""))
        return self._report

    # --- Lines ------------------------------------------------------------------------------------

    def _hides_failure(self, body: str) -> bool:
        """Comments may be the reports of programs that were run; within the words of one, results are lost where no plan
        counts them."""
        if body.startswith("#"):
            is_counted = self._levels[-1].plan >= 0
            return not is_counted and not _LIKE_FAILURE.match(body.lstrip("# ")) and bool(_HIDDEN_FAILURE.search(body))
        return bool(_LIKE_FAILURE.match(body) or _HIDDEN_FAILURE.search(body))

    def _without_prefix(self, text: str) -> str:
        for prefix in (_PREFIX, self._prefix):
            if prefix and (match := prefix.match(text)):
                text = text[match.end() :]
        return text

    def _is_yaml(self, indent: int, body: str, line: Line) -> bool:
        """Whether the line is part of the block that may follow a result in TAP, as data of the test's own. Other output may
        come in between; a line of the report's own tells that the end was lost, and what else with it is not known."""
        if self._yaml is None:
            return False
        if body == "...":
            self._yaml = None
            return True
        own = (_VERSION, _PLAN, _RESULT, _SUBTEST, _BAIL_OUT)
        if indent < self._yaml and any(pattern.match(body) for pattern in own):
            self._problem(_NO_END, line)
            self._yaml = None
            return False
        if len(self._notes) < NOTES_MAX:
            self._notes.append(body[:NOTE_MAX])
        return True

    def _version(self, line: Line, match: re.Match[str], indent: int) -> bool:
        before, kind, number = match.groups()
        if before:
            if self._levels:
                return False
            if _HIDDEN_FAILURE.search(before):
                self._problem(f"outside any report: {before!r}", line, True)
            self._prefix = _prefix_like(before) if len(before) <= PREFIX_MAX else None
            indent = 0
        if (kind, number) not in _VERSIONS_KNOWN:
            self._problem(f"{kind} version {number} is not known", line)
        if self._levels and indent <= self._levels[0].indent:
            # A version line and nothing more, such as the echo of a command that prints one, is no report.
            is_begun = len(self._levels) > 1 or self._levels[0].plan >= 0 or self._levels[0].results
            if self._strict or is_begun and not self.is_complete:
                self._problem("a second report begins: did the machine start twice?", line)
            self._end_report(line)
        while self._levels and self._levels[-1].indent >= indent:
            self._problem(f"nested in {self._name_of(self._levels[-1])}, whose own result never came", line)
            self._levels[-2].cases += self._close(line, "")
        self._open(indent)
        self._kind = kind
        self._notes = []
        return True

    def _plan(self, line: Line, number: str, remark: str, indent: int) -> None:
        level = self._level(indent, line)
        if len(number) > PLAN_DIGITS_MAX:
            self._problem(f"a plan of too many results: {line.text.strip()!r}", line)
        elif level.plan >= 0 or level.results > 0 and self._strict and self._kind == "KTAP":
            self._problem(f"a plan where none was due: {line.text.strip()!r}", line)
        else:
            level.plan = int(number)
            level.is_over = level.results > 0
            directive = _DIRECTIVE.match(remark)
            if level.plan == 0 and directive and directive[1].upper().startswith("SKIP"):
                name = f"all: {directive[2]}" if directive[2] else "all"
                level.skipped = Case(name, self._outcome(True, "SKIP"), remark, line.number)

    def _header(self, indent: int, name: str) -> None:
        level = self._levels[-1]
        if len(self._levels) > 1 and level.indent == indent and level.results == 0:
            level.name = name
        else:
            self._subtest = (indent, name)

    def _is_result(self, match: re.Match[str], indent: int) -> bool:
        """In KTAP each result has a number, in TAP all or none of a report; a line such as "ok then" of another program's has
        none. It is told from a result by the numbers of the others, and by a suite that it would end before its plan is
        fulfilled. A failure is believed anyway."""
        level = self._levels[-1]
        ends_early = indent < level.indent and level.results < level.plan
        may_have_none = self._kind == "TAP" and not level.is_numbered and not ends_early
        return may_have_none or bool(match[2]) or match[1] == "not ok"

    def _result(self, line: Line, match: re.Match[str], indent: int) -> None:
        word, number, rest = match.groups()
        description, *comment = _HASH.split(rest, 1)
        name = re.sub(r"\\([#\\])", r"\1", description).strip().removeprefix("-").strip()
        remark = comment[0].strip() if comment else ""
        directive = _DIRECTIVE.match(remark)
        # kselftest.h writes the name of what was skipped behind the directive.
        name = name or (directive and directive[2]) or f"case {number or 'without a number'}"
        below: list[Case] | None = None
        while len(self._levels) > 1 and self._levels[-1].indent > indent:
            name_below = name if self._levels[-2].indent <= indent else ""
            cases = self._close(line, name_below)
            below = cases + (below or [])
        if below is None and self._subtest and self._subtest[0] > indent:
            below = []  # announced, and nothing of it came
        level = self._level(indent, line)
        if number == "1" and level.results and not level.is_numbered and all(case.passed for case in level.cases):
            # The lines "ok" so far were another program's; the plan tells whether they were.
            level.results, level.is_over, level.cases, level.needs_plan = 0, False, [], True
        level.results += 1
        level.is_numbered |= bool(number)
        if level.is_over:
            self._problem(f"{name}: a result behind the plan of its report", line)
        if number and int(number) != level.results:
            self._problem(f"{name}: result {number} where {level.results} was due", line)
        elif not number and self._strict:
            self._problem(f"{name}: a result without a number", line)
        if level.plan < 0 and _HIDDEN_FAILURE.search(description):
            self._problem(f"{name}: may be two results in one line, and there is no plan to count them", line, True)
        outcome = self._outcome(word == "ok", directive[1].upper() if directive else "")
        detail = "\n".join(self._notes + ([remark] if remark else []))
        if below is None:
            below = self._case(name, outcome, detail, line)
        else:
            if outcome is Outcome.PASSED and any(case.failed for case in below):
                self._problem(f"{name}: says ok above a case that failed", line, True)
            if outcome is Outcome.PASSED and not below and not self._report.more:
                self._problem(f"{name}: says ok without a case", line)
            if outcome is Outcome.TODO:
                below = [dataclasses.replace(case, outcome=outcome) if case.failed else case for case in below]
            if outcome in (Outcome.SKIPPED, Outcome.TODO) and not below:
                below = [Case(name, outcome, detail, line.number)]
            if outcome is Outcome.FAILED and not any(case.failed for case in below):
                below.append(Case(name, outcome, detail or "says not ok although no case of it failed", line.number))
        level.cases += below
        self._notes = []
        self._subtest = None
        self._result_indent = indent

    def _case(self, name: str, outcome: Outcome, detail: str, line: Line) -> list[Case]:
        """A result of its own, which is only counted where there are too many."""
        if self._kept[outcome] == CASES_MAX:
            self._report.more[outcome] += 1
            return []
        self._kept[outcome] += 1
        return [Case(name, outcome, detail, line.number)]

    def _outcome(self, is_ok: bool, directive: str) -> Outcome:
        if directive in ("TIMEOUT", "ERROR"):
            return Outcome.FAILED
        if directive.startswith("SKIP"):
            return Outcome.FAILED if self._strict else Outcome.SKIPPED
        if directive in ("TODO", "XFAIL") and not self._strict:
            return Outcome.TODO
        return Outcome.PASSED if is_ok else Outcome.FAILED

    # --- Levels -----------------------------------------------------------------------------------

    def _open(self, indent: int) -> _Level:
        name = ""
        if self._subtest:
            name, self._subtest = self._subtest[1], None
        self._levels.append(_Level(indent, name))
        return self._levels[-1]

    def _level(self, indent: int, line: Line) -> _Level:
        """The level of this indentation, made where there is none: its first line need not be a version."""
        while len(self._levels) > 1 and self._levels[-1].indent > indent:
            self._problem(f"{self._name_of(self._levels[-1])}: its own result never came", line)
            self._levels[-2].cases += self._close(line, "")
        if indent > self._levels[-1].indent:
            return self._open(indent)
        return self._levels[-1]

    def _name_of(self, level: _Level) -> str:
        return level.name or "the report"

    def _close(self, line: Line, name: str) -> list[Case]:
        """Ends the innermost level, checks its plan, and returns its cases under `name`."""
        level = self._levels.pop()
        where = name or self._name_of(level)
        if level.skipped and not level.results:
            level.cases = [level.skipped]
        if level.plan < 0:
            if self._strict or level.needs_plan:
                self._problem(f"{where}: no plan `1..N`", line)
            # A header alone has nothing that a plan would count.
            elif level.results:
                if len(self._report.without_plan) < PROBLEMS_MAX:
                    self._report.without_plan.append(where)
                self._report.is_open |= not self._levels
        elif level.results != level.plan:
            self._problem(f"{where}: {level.results} results of {level.plan} planned", line)
        prefix = name or level.name
        if not prefix or not self._levels:
            return level.cases
        return [dataclasses.replace(case, name=f"{prefix}.{case.name}") for case in level.cases]

    def _end_report(self, line: Line) -> None:
        """Also where it stops inside a suite whose own result never came: its cases still count."""
        while self._levels:
            if len(self._levels) > 1:
                self._problem(f"{self._name_of(self._levels[-1])}: its own result never came", line)
            cases = self._close(line, "")
            if self._levels:
                self._levels[-1].cases += cases
            else:
                self._report.cases += cases

    def _problem(self, sentence: str, line: Line, is_failure: bool = False) -> None:
        if len(self._report.problems) < PROBLEMS_MAX:
            self._report.problems.append(Problem(sentence[:300], line.number, is_failure))


def _prefix_like(before: str) -> re.Pattern[str]:
    """The same in front of other lines, but for its numbers, the blanks that fill them up, and the log level."""
    pattern = r"\s*"
    hexadecimal = r"(?:\b|(?<=\b0x))[\da-fA-F]{0,16}\d[\da-fA-F]{0,16}\b"
    for word in re.finditer(rf"(?P<level>{_LEVELS} *)|(?P<hexadecimal>{hexadecimal})|(?P<number>\d+)|(?P<blanks>\s+)|.", before):
        is_last = word.end() == len(before)
        if level := word["level"]:
            # Of several blanks at the end all but one fill it up; the others may be the indentation of what follows.
            fills = is_last and level.endswith("  ")
            blanks = " " * level.endswith(" ") + "*" * (level.endswith(" ") and not is_last)
            pattern += rf"(?={_LEVELS} ).{{{len(level)}}}" if fills else _LEVELS + blanks
        elif word["hexadecimal"]:
            pattern += r"[\da-fA-F]+"
        elif word["number"]:
            pattern += r"\d+"
        elif word["blanks"] and not is_last:
            pattern += r"\s*"
        else:
            pattern += re.escape(word[0])
    return re.compile(pattern)


def parse(text: str, strict: bool = False) -> Report:
    """The Report in a text."""
    reader = Reader(strict)
    for number, line in enumerate(text.splitlines(), 1):
        reader.feed(Line(number, line))
    return reader.finish()


def present(text: str) -> bool:
    """Whether the text holds a report, or what may be one."""
    return any(_LIKE_REPORT.search(line) for line in text.splitlines())


# --- Writing --------------------------------------------------------------------------------------


def write(cases: Iterable[Case]) -> str:
    """A report of these cases, in their order; "suite.case" stands below "suite", one step deep."""
    suites: dict[str, list[tuple[str, Case]]] = {}
    for case in cases:
        suite, _, name = case.name.rpartition(".")
        suites.setdefault(suite or "cases", []).append((name, case))
    lines = ["KTAP version 1", f"1..{len(suites)}"]
    for number, (suite, members) in enumerate(suites.items(), 1):
        lines += ["    KTAP version 1", f"    1..{len(members)}"]
        for place, (name, case) in enumerate(members, 1):
            lines += [f"    # {line}" for line in case.detail.splitlines() if case.failed]
            directive = {Outcome.SKIPPED: " # SKIP", Outcome.TODO: " # TODO"}.get(case.outcome, "")
            lines.append(f"    {_word(not case.failed)} {place} {_plain(name)}{directive}")
        lines.append(f"{_word(not any(case.failed for _, case in members))} {number} {_plain(suite)}")
    return "\n".join(lines)


def _word(passed: bool) -> str:
    return "ok" if passed else "not ok"


def _plain(name: str) -> str:
    """A name may not hold what begins a directive."""
    return name.replace("#", "_").replace("\n", " ")
