# SPDX-License-Identifier: MIT
"""What came of the boots of a project, and its forms for others: JUnit XML, KTAP, annotations of GitHub's.

Pure: results in, text out. Used by project.py.
"""

import dataclasses
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable

import ktap

# What XML 1.0 (2.2) does not know as a character.
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
VERDICT = "verdict"


@dataclasses.dataclass
class Result:
    """A boot, and its end."""

    name: str
    is_good: bool
    sentence: str  # the verdict, or why there was none
    could_run: bool = True
    cases: list[ktap.Case] = dataclasses.field(default_factory=list)
    started: str = "1970-01-01T00:00:00"  # ISO 8601, without a zone
    seconds: float = 0.0
    details: str = ""  # what helps to find out: the end of its log, where that is, how to repeat it
    line: int = 0  # of the project's file

    @property
    def failed_cases(self) -> list[ktap.Case]:
        """Where the boot was to fail, cases that failed are as they should be."""
        return [] if self.is_good else [case for case in self.cases if case.failed]


def _plain(text: str) -> str:
    return _NO_XML.sub("\ufffd", text)


def junit(results: Iterable[Result]) -> str:
    """A suite for each boot, with its cases and one for the verdict. It has what Ant's schema demands and Jenkins' allows."""
    root = ElementTree.Element("testsuites")
    for number, result in enumerate(results):
        skipped = [case for case in result.cases if case.outcome in (ktap.Outcome.SKIPPED, ktap.Outcome.TODO)]
        bad = 0 if result.is_good else 1
        suite = ElementTree.SubElement(
            root, "testsuite", id=str(number), package="boot-harness", name=result.name, hostname="localhost",
            timestamp=result.started, tests=str(len(result.cases) + 1), skipped=str(len(skipped)),
            failures=str(len(result.failed_cases) + bad * result.could_run), errors=str(bad * (not result.could_run)),
            time=f"{result.seconds:.3f}",
        )
        ElementTree.SubElement(suite, "properties")
        for case in result.cases:
            element = ElementTree.SubElement(suite, "testcase", classname=result.name, name=_plain(case.name), time="0")
            if case in result.failed_cases:
                message = f"not ok (line {case.number} of the log)"
                words = ElementTree.SubElement(element, "failure", type="not ok", message=message)
                words.text = _plain(case.detail)
            elif case in skipped:
                ElementTree.SubElement(element, "skipped", message=_plain(case.outcome.value))
        element = ElementTree.SubElement(
            suite, "testcase", classname=result.name, name=VERDICT, time=f"{result.seconds:.3f}"
        )
        if not result.is_good:
            kind = "failure" if result.could_run else "error"
            words = ElementTree.SubElement(element, kind, type=VERDICT, message=_plain(result.sentence))
            words.text = _plain(result.details)
        ElementTree.SubElement(suite, "system-out").text = _plain(result.sentence)
        ElementTree.SubElement(suite, "system-err")
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def as_ktap(results: Iterable[Result]) -> str:
    cases = []
    for result in results:
        cases += [
            dataclasses.replace(case, name=f"{result.name}.{case.name}")
            if not case.failed or case in result.failed_cases
            else dataclasses.replace(case, name=f"{result.name}.{case.name}", outcome=ktap.Outcome.TODO)
            for case in result.cases
        ]
        outcome = ktap.Outcome.PASSED if result.is_good else ktap.Outcome.FAILED
        cases.append(ktap.Case(f"{result.name}.{VERDICT}", outcome, result.sentence))
    return ktap.write(cases) + "\n"


def annotations(results: Iterable[Result], file: str) -> str:
    """Workflow commands that mark the [[boot]] of each boot that was not as it should be."""
    lines = []
    for result in results:
        if not result.is_good:
            place = f"file={_property(file)},line={result.line or 1},title={_property(result.name)}"
            lines.append(f"::error {place}::{_data(result.sentence)}\n")
    return "".join(lines)


def quoted_for_github(text: str, token: str) -> str:
    """Text of which no line is taken for a workflow command: a kernel may say anything. `token` is one it cannot know."""
    return f"::stop-commands::{token}\n{text}\n::{token}::\n"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
