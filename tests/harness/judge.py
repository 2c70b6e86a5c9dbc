# SPDX-License-Identifier: MIT
"""Says how a boot ended, from what the machine said and how QEMU exited. Never silent, never kind.

Pure: no process, no file, no clock, so that each verdict has a unit test and a saved log can be judged
again. `Heard` takes the lines as they come and keeps what decides, however long the log is; `judge` makes
the verdict of it. A row of `Verdict` and a check below are all that a verdict consists of: its exit status,
the table of tests/README.md and the colour in a sweep follow.

QEMU exits with 0 after a triple fault under -no-reboot, so a status proves nothing by itself. Only three
things can pass: the final line `### complete (run ID)` with this run's own id, a line that --pass names,
and a KTAP report that is complete. Whatever tells of a failure outweighs them.
"""

import dataclasses
import enum
import re
import shlex
from collections.abc import Callable
from typing import NamedTuple

import frameworks
import ktap
import panics
from terminal import Line


class Verdict(enum.Enum):
    """How a boot ended: its name, the exit status of boot.py, and what it means."""

    PASSED = ("passed", 0, "the final line, a line of --pass or a complete report came, and nothing speaks against it")
    FAILED = ("failed", 10, "a test failed, a line of --fail came, a text is missing or the status is wrong")
    OUT_OF_MEMORY = ("out of memory", 11, "the early heap was too small; the value it needs is named")
    PANIC = ("panic", 12, "the kernel stopped after a trap or a check that failed")
    LOADER_STOPPED = ("loader stopped", 13, "the loader returned to the firmware with a message")
    TRIPLE_FAULT = ("triple fault", 14, "a fault inside the handling of a fault reset the processor")
    RESET = ("reset", 22, "the machine was told to reset, and not by a fault")
    FIRMWARE_EXCEPTION = ("firmware exception", 15, "a trap while the firmware's handlers were in place")
    HANG = ("hang", 21, "no output for too long, although it had begun to speak")
    TIMEOUT = ("timeout", 16, "still running when the time was up")
    TOO_MUCH_OUTPUT = ("too much output", 23, "ended after --max-output bytes")
    TRUNCATED = ("truncated", 17, "it ended with nothing that can pass, or the report is not complete")
    NO_OUTPUT = ("no output", 18, "nothing came, or only the firmware's own words")
    WRONG_RUN = ("wrong run", 19, "the final line carries the id of another run")
    COULD_NOT_START = ("could not start", 20, "QEMU rejected its arguments or failed; its own words are shown")

    def __init__(self, title: str, status: int, meaning: str) -> None:
        self.title = title
        self.status = status
        self.meaning = meaning


class End(NamedTuple):
    """One of the ends of this repository's kernel."""

    exit_code: int  # written to isa-debug-exit; QEMU exits with (exit_code << 1) | 1
    verdict: Verdict


# By what stands in the final line, `### complete (run ID)`.
ENDS = {
    "complete": End(0x10, Verdict.PASSED),
    "out of memory": End(0x11, Verdict.OUT_OF_MEMORY),
    "panic": End(0x12, Verdict.PANIC),
    "tests failed": End(0x13, Verdict.FAILED),
}
COMPLETE = "complete"
SCREEN = 40  # lines, as of a boot loader's menu


class Ending(enum.Enum):
    """What ended the machine."""

    ITSELF = "QEMU exited by itself"
    HARNESS = "the harness ended it, because nothing more could come"
    TIME = "the time was up"
    SILENCE = "it said nothing for too long"
    SIZE = "it said more than it may"
    UNKNOWN = "the saved log ends there"


class Sign(enum.Enum):
    """A line after which little more is to come, with the seconds that the machine may still go on."""

    FINAL = ("the final line", 10.0)
    STOPPED = ("the loader stopped", 0.0)
    EXCEPTION = ("a trap in the firmware", 1.0)
    MOVED_ON = ("the firmware went on to its shell or menu", 0.0)
    PANIC = ("a panic", 5.0)
    FAILING = ("a line of --fail", 1.0)
    PASSING = ("a line of --pass", 1.0)
    REPORTED = ("a report that is complete", 3.0)
    TESTS_FAILED = ("a summary of tests that failed", 3.0)

    @property
    def grace(self) -> float:
        return float(self.value[1])

    @property
    def is_good(self) -> bool:
        """While something is still to be typed, more is to come."""
        return self in (Sign.PASSING, Sign.REPORTED)


@dataclasses.dataclass(frozen=True)
class Rules:
    """What is asked of a log."""

    run_id: str | None = None  # None: any id will do
    expected: tuple[str, ...] = ()  # texts that have to appear
    passing: tuple[str, ...] = ()  # regular expressions: a line that matches one of them passes, and no other can
    failing: tuple[str, ...] = ()  # regular expressions: no line may match one
    only: str | None = None  # the cases that were asked for: there has to be a report
    strict: bool = False  # a report has to have its plan and skip nothing, and does not pass by itself
    statuses: tuple[int, ...] = ()  # with which QEMU may leave when all is well; none: the usual ones


@dataclasses.dataclass
class Ended:
    """How the machine ended."""

    ending: Ending = Ending.UNKNOWN
    status: int | None = None  # QEMU's exit status; only with Ending.ITSELF
    exit_port: bool = False  # the kernel was told to leave through isa-debug-exit
    triple_fault: bool = False  # QEMU logged one; it does so under emulation, not under KVM
    reset: bool = False  # QEMU exited because the machine was reset
    qemu_errors: str = ""  # what QEMU wrote to stderr
    prompt: str | None = None  # that never came, and for which a text was to be typed


@dataclasses.dataclass
class Judgement:
    verdict: Verdict
    reason: str
    number: int = 0  # of the line in the log that decided; 0: none did

    def __str__(self) -> str:
        where = f" (line {self.number})" if self.number else ""
        return f"{self.verdict.title}: {self.reason}{where}"


# --- What a line can say --------------------------------------------------------------------------

_FINAL = re.compile(rf"### ({'|'.join(ENDS)}) \(run ([A-Za-z0-9_.-]{{1,32}})\)$")
_STOPPED = re.compile(r"loader: stopped: (.*)$")
_EXCEPTION = re.compile(r".*(!!!! [A-Za-z0-9]+ Exception Type.*)$")
_NEEDS = re.compile(r"(?:kernel|loader): this boot needs EARLY_HEAP=(\d+)K$")
_TIME = re.compile(r"kernel: time from loader entry to final account: (\d+) us$")
_OURS = re.compile(r"(?:loader|kernel): |### ")
_MOVED_ON = re.compile(
    r".*(?:No bootable (?:option or )?device|Boot Maintenance Manager|EFI Firmware Setup)"
    r"|UEFI Interactive Shell|BdsDxe: \w+ Boot\w+ \"(?:UiApp|EFI Internal Shell)\""
)
# What EDK II, SeaBIOS, iPXE and OpenSBI say of themselves, the last with its name in large letters.
_FIRMWARES = re.compile(
    r"BdsDxe: |UEFI firmware \(|>>(?:Start|Checking) |SeaBIOS \(|Machine UUID |iPXE |Booting from |Boot failed: "
    r"|Press (?:any key|ESC|F\d)|OpenSBI v\d|(?=.*[_|])[ _/|\\()<'`.,]+$"
    r"|(?:Platform|Firmware|Runtime SBI|Standard SBI|Domain\d+|Boot HART) [\w ]{1,40}: "
)
# Any line that says one of these has one of the following; most have none. Faster than an expression.
_HINTS = ("###", "loader: stopped", "!!!!", "EARLY_HEAP=", "final account", "bootable", "Boot Maint", "EFI ", "UiApp")

# What to do where QEMU's own words of a kernel that it does not load leave that open.
_ADVICE = {
    "without PVH ELF Note": "QEMU loads Multiboot 1, with a header in the first 8 KiB, and PVH; another kernel, such as one for "
    "Multiboot 2, comes with its boot loader on a disk, --image",
    "invalid kernel header": "QEMU takes it for a Linux kernel for x86, and it is none: name its processor with --arch, or boot "
    "a disk that has its boot loader, --image",
    "Cannot load x86-64 image": "convert the file by `objcopy -O elf32-i386`, or boot a disk that has its boot loader, --image",
}

Check = Callable[["Heard", Ended], "Judgement | None"]


def _quoted(line: Line) -> str:
    return line.text.strip()[:200]


class Heard:
    """What was said, as far as it decides. Lines are given once, in their order, and not kept."""

    def __init__(self, rules: Rules = Rules()) -> None:
        self.rules = rules
        self.last: Line | None = None  # that was not blank
        self.spoke: Line | None = None  # the first that is not the firmware's own
        self.finals: list[tuple[Line, str, str]] = []  # (line, what, run); not all of them when they are many
        self.after: Line | None = None  # loader's or kernel's, behind the last final line
        self.panic: tuple[Line, panics.Panic] | None = None  # the first: what follows explains it
        self.panic_after: Line | None = None
        self.stuck: Line | None = None  # the last panic after which a boot may go on
        self.stopped: Line | None = None
        self.stopped_after: Line | None = None
        self.exception: Line | None = None
        self.moved_on: Line | None = None
        self.passing: Line | None = None
        self.failing: Line | None = None
        self.tests_passed: tuple[Line, frameworks.Framework] | None = None  # the last summary of another framework's
        self.tests_failed: tuple[Line, frameworks.Framework] | None = None  # the first
        self.needed_heap: int | None = None
        self.microseconds: int | None = None
        self._missing = list(rules.expected)
        self._passing = [re.compile(words) for words in rules.passing]
        self._failing = [re.compile(words) for words in rules.failing]
        self._reader = ktap.Reader(rules.strict)
        self._report: ktap.Report | None = None

    def hear(self, line: Line) -> Sign | None:
        """What the line is a sign of. Runs of the machine need not go on much longer then."""
        text = line.text
        if not text.strip():
            return None
        self.last = line
        if self._missing:
            self._missing = [wanted for wanted in self._missing if wanted not in text]
        self._reader.feed(line)
        signs = self._pattern(line), self._summary(line), self._panic(line)
        sign = next(filter(None, signs), None)
        if any(hint in text for hint in _HINTS):
            sign = self._ours(line) or sign
        if self.spoke is None and self.moved_on is None and not _FIRMWARES.match(text):
            self.spoke = line
        if self.finals and self.after is None and self.finals[-1][0] != line and _OURS.match(text):
            self.after = line
        if sign is None and self.has_reported:
            sign = Sign.REPORTED
        return sign

    def _panic(self, line: Line) -> Sign | None:
        panic = panics.find(line.text)
        # A report's comments begin with the name of a case, which may be any.
        if panic is None or not panics.find(self._reader.words_of(line.text)):
            return None
        if panic.may_go_on:
            self.stuck = line
            return None
        self.panic = self.panic or (line, panic)
        if self.finals:
            self.panic_after = self.panic_after or line
        return Sign.PANIC

    def _pattern(self, line: Line) -> Sign | None:
        if self.failing is None and any(pattern.search(line.text) for pattern in self._failing):
            self.failing = line
            return Sign.FAILING
        if self.passing is None and any(pattern.search(line.text) for pattern in self._passing):
            self.passing = line
            return Sign.PASSING
        return None

    def _summary(self, line: Line) -> Sign | None:
        found = frameworks.find(line.text)
        if found is None:
            return None
        framework, has_passed = found
        if has_passed:
            self.tests_passed = line, framework
            return None
        self.tests_failed = self.tests_failed or (line, framework)
        return Sign.TESTS_FAILED

    def _ours(self, line: Line) -> Sign | None:
        text = line.text
        if match := _FINAL.match(text):
            if len(self.finals) > 100:
                del self.finals[50]
            self.finals.append((line, match[1], match[2]))
            self.after = self.panic_after = self.stopped_after = None
            return Sign.FINAL
        if _STOPPED.match(text):
            self.stopped = self.stopped or line
            if self.finals:
                self.stopped_after = self.stopped_after or line
            return Sign.STOPPED
        if _EXCEPTION.match(text):
            self.exception = self.exception or line
            return Sign.EXCEPTION
        if _MOVED_ON.match(text):
            self.moved_on = self.moved_on or line
            return Sign.MOVED_ON
        if match := _NEEDS.match(text):
            self.needed_heap = int(match[1])
        elif match := _TIME.match(text):
            self.microseconds = int(match[1])
        return None

    @property
    def has_reported(self) -> bool:
        """Whether a report that can pass is complete. Another may begin."""
        return self._reader.is_complete and not self.rules.strict and not self._passing

    @property
    def missing(self) -> list[str]:
        """The expected texts that never came."""
        return self._missing

    @property
    def report(self) -> ktap.Report | None:
        """The tests' report, if there is one. No line may come any more."""
        if self._report is None and self._reader.is_present:
            self._report = self._reader.finish()
        return self._report


def hear(text: str, rules: Rules = Rules()) -> Heard:
    """What a whole text says."""
    heard = Heard(rules)
    for number, line in enumerate(text.split("\n"), 1):
        heard.hear(Line(number, line))
    return heard


def needed_heap(text: str) -> int | None:
    """The KiB in `this boot needs EARLY_HEAP=<N>K`, the last one said, or None."""
    return hear(text).needed_heap


def microseconds(text: str) -> int | None:
    """The microseconds from the loader's entry to the final account, or None."""
    return hear(text).microseconds


# --- Verdicts -------------------------------------------------------------------------------------


def judge(heard: Heard, ended: Ended) -> Judgement:
    """The Judgement of a boot: that of the first check that has one."""
    for check in CHECKS:
        if judgement := check(heard, ended):
            return judgement
    raise AssertionError("the last check has an answer to everything")


def _another_run(heard: Heard, ended: Ended) -> Judgement | None:
    wanted = heard.rules.run_id
    for line, _, run in heard.finals:
        if wanted not in (None, run):
            return Judgement(Verdict.WRONG_RUN, f"the final line is of run {run}, this is run {wanted}", line.number)
    if len(runs := dict.fromkeys(run for _, _, run in heard.finals)) > 1:
        return Judgement(Verdict.WRONG_RUN, f"several runs end in it: {', '.join(runs)}; keep one")
    return None


def _out_of_memory(heard: Heard, ended: Ended) -> Judgement | None:
    for line, what, _ in heard.finals:
        if ENDS[what].verdict is Verdict.OUT_OF_MEMORY:
            need = heard.needed_heap
            advice = f"this boot needs EARLY_HEAP={need}K" if need else "and no value that is enough is named"
            return Judgement(Verdict.OUT_OF_MEMORY, advice, line.number)
    return None


def _failing_line(heard: Heard, ended: Ended) -> Judgement | None:
    line = heard.failing
    if line is None or (heard.panic and heard.panic[0] == line):
        return None
    return Judgement(Verdict.FAILED, f"a line that --fail names: {_quoted(line)}", line.number)


def _panic(heard: Heard, ended: Ended) -> Judgement | None:
    """A trap on the way to the power-off comes after a final line, so a bad one outweighs a good one."""
    if line := heard.panic_after:
        return Judgement(Verdict.PANIC, f"after `{_quoted(heard.finals[-1][0])}`: {_quoted(line)}", line.number)
    if heard.panic:
        line, panic = heard.panic
        report = heard.report
        if not (panic.ends_report and report and report.passed and not heard.rules.strict):
            return Judgement(Verdict.PANIC, _quoted(line).removeprefix("kernel: "), line.number)
    for line, what, _ in heard.finals:
        if ENDS[what].verdict is Verdict.PANIC:
            return Judgement(Verdict.PANIC, _quoted(line), line.number)
    return None


def _after_the_final_line(heard: Heard, ended: Ended) -> Judgement | None:
    if not heard.finals:
        return None
    final = heard.finals[-1][0]
    if line := heard.stopped_after:
        return Judgement(Verdict.LOADER_STOPPED, f"after `{final.text}`: {_said_by_loader(line)}", line.number)
    if line := heard.after:
        return Judgement(Verdict.TRUNCATED, f"it goes on after `{final.text}`: {_quoted(line)}", line.number)
    return None


def _tests_failed(heard: Heard, ended: Ended) -> Judgement | None:
    for line, what, _ in heard.finals:
        if ENDS[what].verdict is Verdict.FAILED:
            failed = heard.report.failed if heard.report else []
            return Judgement(Verdict.FAILED, "not ok: " + _names(failed) if failed else line.text, line.number)
    return None


def _reset(heard: Heard, ended: Ended) -> Judgement | None:
    """Behind a report or a line of --pass a reset may be how a kernel ends; a triple fault is none of that."""
    where = f"after `{heard.finals[-1][0].text}`" if heard.finals else "before its final line" + _last(heard)
    if ended.triple_fault:
        return Judgement(Verdict.TRIPLE_FAULT, f"the processor reset itself {where}")
    if ended.reset and not heard.exception and not heard.stopped and (heard.finals or not _word_to_pass(heard)):
        return Judgement(Verdict.RESET, f"the machine was reset {where}")
    return None


def _firmware_exception(heard: Heard, ended: Ended) -> Judgement | None:
    if line := heard.exception:
        match = _EXCEPTION.match(line.text)
        assert match
        return Judgement(Verdict.FIRMWARE_EXCEPTION, match[1].strip(), line.number)
    return None


def _loader_stopped(heard: Heard, ended: Ended) -> Judgement | None:
    if heard.finals:
        return None
    if line := heard.stopped:
        return Judgement(Verdict.LOADER_STOPPED, _said_by_loader(line), line.number)
    if (line := heard.moved_on) and not _word_to_pass(heard):
        if heard.spoke:
            return Judgement(Verdict.LOADER_STOPPED, "it returned to the firmware and did not say why", line.number)
        return Judgement(Verdict.NO_OUTPUT, "the firmware found nothing that it could boot", line.number)
    return None


def _report_that_failed(heard: Heard, ended: Ended) -> Judgement | None:
    """One that is incomplete is told of below, unless something passed."""
    report = heard.report
    if report is None:
        return None
    failures = [problem for problem in report.problems if problem.is_failure]
    if report.failed:
        number = report.failed[0].number
        return Judgement(Verdict.FAILED, f"not ok: {_names(report.failed)}", number)
    if failures:
        return Judgement(Verdict.FAILED, failures[0].sentence, failures[0].number)
    return None


def _summary_that_failed(heard: Heard, ended: Ended) -> Judgement | None:
    if heard.tests_failed is None:
        return None
    line, framework = heard.tests_failed
    return Judgement(Verdict.FAILED, f"tests failed, says {framework.name}: {_quoted(line)}", line.number)


def _too_much_output(heard: Heard, ended: Ended) -> Judgement | None:
    if ended.ending is Ending.SIZE:
        return Judgement(Verdict.TOO_MUCH_OUTPUT, "it was ended, as it went on and on" + _last(heard))
    return None


def _nothing_came(heard: Heard, ended: Ended) -> Judgement | None:
    if heard.spoke:
        return None
    # QEMU itself exits with 1 when it rejects its arguments, and below 0 when a signal ended it.
    errors, status = ended.qemu_errors.strip(), ended.status
    if ended.ending is Ending.ITSELF and heard.last is None and (status is None or status == 1 or status < 0):
        advice = next((f"; {words}" for error, words in _ADVICE.items() if error in errors), "")
        return Judgement(Verdict.COULD_NOT_START, (errors.rstrip(".") or f"no word from QEMU, status {status}") + advice)
    return Judgement(Verdict.NO_OUTPUT, f"nothing came{' but words of the firmware' if heard.last else ''}; "
                     + _how_it_left(ended) + _last(heard))


def _passed(heard: Heard, ended: Ended) -> Judgement | None:
    line = _word_to_pass(heard)
    if line is None:
        return None
    report, is_final = heard.report, bool(heard.finals) and not heard.rules.passing
    if report and not report.passed:
        problem = report.problems[0] if report.problems else None
        if problem is None:
            return Judgement(Verdict.FAILED, "the report has no case", report.number)
        return Judgement(Verdict.TRUNCATED, "; ".join(map(str, report.problems[:5])), problem.number)
    stays = ended.ending in (Ending.TIME, Ending.HARNESS, Ending.SILENCE)
    if is_final and stays:
        reason = f"`{line.text}` came, but the machine did not switch itself off"
        return Judgement(Verdict.TIMEOUT, reason, line.number)
    if not is_final and not heard.rules.passing and stays and report and report.is_open:
        return None  # more of it may have been to come
    if ended.ending is Ending.ITSELF and not ended.reset:
        code = ENDS[COMPLETE].exit_code << 1 | 1
        wanted = heard.rules.statuses or (((code,) if ended.exit_port else (0,)) if is_final else (0, code))
        if ended.status not in wanted:
            words = f"`{_quoted(line)}`, but QEMU exited with {ended.status}, not {' or '.join(map(str, wanted))}"
            return Judgement(Verdict.FAILED, words, line.number)
    if heard.rules.only and report is None:
        return Judgement(Verdict.FAILED, f"--only {heard.rules.only}, but the kernel reported no case")
    if ended.prompt is not None:
        return Judgement(Verdict.FAILED, f"the prompt {ended.prompt!r} never came", line.number)
    if heard.missing:
        return Judgement(Verdict.FAILED, "never said: " + ", ".join(repr(text) for text in heard.missing))
    words = _quoted(line)
    if report and (not is_final or str(report) != f"{len(report.cases)} passed"):
        words += f"; tests: {report}"
    return Judgement(Verdict.PASSED, words, line.number)


def _stuck(heard: Heard, ended: Ended) -> Judgement | None:
    """What may have been the end was it, if little more came."""
    line, last = heard.stuck, heard.last
    if line is None or last is None or last.number - line.number > SCREEN:
        return None
    return Judgement(Verdict.PANIC, _quoted(line), line.number)


def _not_passed(heard: Heard, ended: Ended) -> Judgement | None:
    rules, report = heard.rules, heard.report
    lacks = "no line that --pass names" if rules.passing else "no final line"
    advice = ""
    if report and report.problems:
        lacks += f"; {report.problems[0]}"
    elif report and not report.cases:
        lacks += "; the report has no case"
    elif report and rules.strict and not rules.passing:
        lacks += "; with --strict a report does not pass by itself"
    elif report is None and not rules.passing and not rules.strict and not (heard.spoke and _OURS.match(heard.spoke.text)):
        lacks += ", no KTAP report"
        advice = "; name a line that passes with --pass"
    if ended.prompt is not None:
        lacks += f"; the prompt {ended.prompt!r} never came"
    if heard.tests_passed:
        line, framework = heard.tests_passed
        advice = f"; --pass {shlex.quote(framework.passed)} takes line {line.number}, by {framework.name}"
    advice = _last(heard) + advice
    if ended.ending is Ending.SILENCE:
        return Judgement(Verdict.HANG, f"{lacks}, and no word for too long" + advice)
    if ended.ending in (Ending.TIME, Ending.HARNESS):
        return Judgement(Verdict.TIMEOUT, f"{lacks} when the time was up" + advice)
    return Judgement(Verdict.TRUNCATED, f"{lacks}; {_how_it_left(ended)}" + advice)


# In the order in which one outweighs another.
CHECKS: tuple[Check, ...] = (
    _another_run,
    _out_of_memory,
    _failing_line,
    _panic,
    _after_the_final_line,
    _tests_failed,
    _reset,
    _firmware_exception,
    _loader_stopped,
    _report_that_failed,
    _summary_that_failed,
    _too_much_output,
    _nothing_came,
    _passed,
    _stuck,
    _not_passed,
)


def _word_to_pass(heard: Heard) -> Line | None:
    """The line that passes if nothing speaks against it."""
    if heard.rules.passing:
        return heard.passing
    if heard.finals:
        return heard.finals[0][0]
    report = heard.report
    if report and report.passed and not heard.rules.strict:
        return Line(report.number, "the report is complete")
    return None


def _said_by_loader(line: Line) -> str:
    match = _STOPPED.match(line.text)
    return str(match[1]) if match else line.text


def _names(cases: list[ktap.Case]) -> str:
    names = [case.name for case in cases]
    return ", ".join(names[:20] + [f"and {len(names) - 20} more"] * (len(names) > 20))


def _how_it_left(ended: Ended) -> str:
    if ended.ending is not Ending.ITSELF:
        return str(ended.ending.value)
    words = f" ({ended.qemu_errors.strip()})" if ended.qemu_errors.strip() else ""
    return f"QEMU exited with {ended.status}{words}"


def _last(heard: Heard) -> str:
    """The last line that was said, to show how far it came."""
    return f"; the last line ({heard.last.number}) was: {_quoted(heard.last)[:160]}" if heard.last else ""
