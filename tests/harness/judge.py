# SPDX-License-Identifier: MIT
"""Says how a boot ended, from what the machine said and how QEMU left. Never silent, never kind.

Pure: no process, no file, no clock, so that each verdict is provoked in a unit test and a saved log
can be judged again. Used by boot.py and by the scenarios. QEMU leaves with 0 after a triple fault
under -no-reboot, so a status proves nothing by itself: `passed` needs the final line with this run's
own id, a complete KTAP report where one was begun, every expected text and the status that fits.
"""

import dataclasses
import enum
import re

import ktap


class Verdict(enum.Enum):
    """How a boot ended: its name, the exit status of boot.py, and what it means."""

    PASSED = ("passed", 0, "the final line came, with this run's id and the status that fits")
    FAILED = ("failed", 10, "it ended, but a test failed, a text is missing or the status is wrong")
    OUT_OF_MEMORY = ("out of memory", 11, "the early heap was too small; the value it needs is named")
    PANIC = ("panic", 12, "the kernel stopped after a trap or a check that failed")
    LOADER_STOPPED = ("loader stopped", 13, "the loader returned to the firmware with a message")
    TRIPLE_FAULT = ("triple fault", 14, "a fault inside the handling of a fault reset the processor")
    RESET = ("reset", 22, "the machine was told to reset, and not by a fault")
    FIRMWARE_EXCEPTION = ("firmware exception", 15, "a trap while the firmware's handlers were in place")
    HANG = ("hang", 21, "no output for too long, although loader or kernel had begun to speak")
    TIMEOUT = ("timeout", 16, "still running when the time was up")
    TRUNCATED = ("truncated", 17, "the final line is missing, or the KTAP plan is not complete")
    NO_OUTPUT = ("no output", 18, "neither the loader nor the kernel said anything")
    WRONG_RUN = ("wrong run", 19, "the final line carries the id of another run")
    COULD_NOT_START = ("could not start", 20, "QEMU refused to run; its own words are shown")

    def __init__(self, title, status, meaning):
        self.title = title
        self.status = status
        self.meaning = meaning


class Ending(enum.Enum):
    """What ended the machine."""

    ITSELF = "QEMU left by itself"
    HARNESS = "the harness ended it, because nothing more could come"
    TIME = "the time was up"
    SILENCE = "it said nothing for too long"
    UNKNOWN = "the saved log ends there"


@dataclasses.dataclass
class Evidence:
    """All that a judgement rests on."""

    text: str  # cleaned with clean()
    ending: Ending = Ending.UNKNOWN
    status: int = None  # QEMU's exit status; only with Ending.ITSELF
    run_id: str = None  # None: any id will do
    exit_port: bool = False  # the kernel was told to leave through isa-debug-exit
    triple_fault: bool = False  # QEMU logged one; it does so under emulation, not under KVM
    reset: bool = False  # QEMU left because the machine was reset
    qemu_errors: str = ""  # what QEMU wrote to stderr
    expected: tuple = ()  # texts that have to appear
    kernel_alone: bool = False  # no firmware and no loader speak on this line: each word is the kernel's


@dataclasses.dataclass
class Judgement:
    verdict: Verdict
    reason: str

    def __str__(self):
        return f"{self.verdict.title}: {self.reason}"


# The value that the kernel writes to isa-debug-exit; QEMU leaves with (value << 1) | 1.
EXIT_CODES = {"complete": 0x10, "out of memory": 0x11, "panic": 0x12, "tests failed": 0x13}

_ESCAPE = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # CSI sequences (ECMA-48 5.4): cursor, colour, clear
    r"|\x1b\][^\x07\x1b\r\n]*(?:\x07|\x1b\\)"  # OSC, which must not swallow lines
    r"|\x1b[@-Z\\^_=>]"
)
_CURSOR = re.compile(r"\x1b\[[0-9;]*[Hf]")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_FINAL = re.compile(
    r"^### (complete|out of memory|panic|tests failed) \(run ([A-Za-z0-9_.-]{1,32})\)$", re.MULTILINE
)
_STOPPED = re.compile(r"^loader: stopped: (.*)$", re.MULTILINE)
_EXCEPTION = re.compile(r"^.*(!!!! [A-Za-z0-9]+ Exception Type.*)$", re.MULTILINE)
_NEEDS = re.compile(r"^(?:kernel|loader): this boot needs EARLY_HEAP=(\d+)K$", re.MULTILINE)
_TIME = re.compile(r"^kernel: time from loader entry to final account: (\d+) us$", re.MULTILINE)
_OURS = re.compile(r"^(?:loader|kernel): |^### ", re.MULTILINE)
_MOVED_ON = re.compile(
    r"No bootable option or device was found|^UEFI Interactive Shell|Boot Maintenance Manager|EFI Firmware Setup", re.MULTILINE
)


def clean(raw):
    """The text of a raw serial log: no escape codes, plain line ends.

    The firmware moves the cursor where others would end a line, so a cursor position counts as one.
    """
    text = raw.decode("utf-8", "replace") if isinstance(raw, bytes) else raw
    text = _CURSOR.sub("\n", text.replace("\r\n", "\n"))
    return _CONTROL.sub("", _ESCAPE.sub("", text))


def needed_heap(text):
    """The KiB in `this boot needs EARLY_HEAP=<N>K`, the last one said, or None."""
    found = _NEEDS.findall(text)
    return int(found[-1]) if found else None


def microseconds(text):
    """The microseconds from the loader's entry to the final account, or None."""
    found = _TIME.findall(text)
    return int(found[-1]) if found else None


def is_ours(text, kernel_alone=False):
    """Whether the text has a line of loader or kernel in it, and not only the firmware's."""
    return bool(text.strip()) if kernel_alone else _OURS.search(text) is not None


def last_word(line):
    """Which line this is of those after which nothing more is to come: "final", "stopped", "exception",
    "moved on" (the firmware, to its shell or menu), or None. Who runs the machine need not wait much longer."""
    signs = {
        "final": _FINAL,
        "stopped": _STOPPED,
        "exception": _EXCEPTION,
        "moved on": _MOVED_ON,
    }
    return next((word for word, sign in signs.items() if sign.search(line)), None)


def judge(evidence):
    """The Judgement of a boot."""
    finals = _FINAL.findall(evidence.text)
    if finals:
        return _judge_final(evidence, finals)
    return _judge_without_final(evidence)


def _judge_final(evidence, finals):
    # A trap on the way to the power-off comes after a final line, so a bad one outweighs a good one.
    what, run = next((final for final in finals if final[0] != "complete"), finals[0])
    line = f"### {what} (run {run})"
    foreign = [run for _, run in finals if evidence.run_id not in (None, run)]
    if foreign:
        return Judgement(
            Verdict.WRONG_RUN, f"the final line is of run {foreign[0]}, this is run {evidence.run_id}"
        )
    if len(runs := dict.fromkeys(run for _, run in finals)) > 1:
        return Judgement(Verdict.WRONG_RUN, f"several runs end in it: {', '.join(runs)}; keep one")
    if what == "out of memory":
        need = needed_heap(evidence.text)
        advice = f"this boot needs EARLY_HEAP={need}K" if need else "and no value that is enough is named"
        return Judgement(Verdict.OUT_OF_MEMORY, advice)
    if what == "panic":
        return Judgement(Verdict.PANIC, _line_of_panic(evidence.text) or line)
    after = evidence.text[list(_FINAL.finditer(evidence.text))[-1].end() :]
    if panic := _line_of_panic(after):
        return Judgement(Verdict.PANIC, f"after `{line}`: {panic}")
    if match := _STOPPED.search(after):
        return Judgement(Verdict.LOADER_STOPPED, f"after `{line}`: {match[1]}")
    if is_ours(after):
        return Judgement(Verdict.TRUNCATED, f"it goes on after `{line}`" + _after(after))
    report = ktap.parse(evidence.text) if ktap.present(evidence.text) else None
    if what == "tests failed":
        failed = [case.name for case in report.cases if not case.passed] if report else []
        return Judgement(Verdict.FAILED, "failed: " + ", ".join(failed) if failed else line)
    if evidence.triple_fault:
        return Judgement(Verdict.TRIPLE_FAULT, f"the processor reset itself after `{line}`")
    if evidence.reset:
        return Judgement(Verdict.RESET, f"the machine was reset after `{line}`")
    if _EXCEPTION.search(evidence.text):
        return Judgement(Verdict.FIRMWARE_EXCEPTION, _EXCEPTION.search(evidence.text)[1])
    if evidence.ending in (Ending.TIME, Ending.HARNESS, Ending.SILENCE):
        return Judgement(Verdict.TIMEOUT, f"`{line}` came, but the machine did not switch itself off")
    if report and not report.passed:
        failed = [f"{case.name} failed" for case in report.cases if not case.passed]
        if report.problems and not failed:
            return Judgement(Verdict.TRUNCATED, "; ".join(report.problems))
        return Judgement(Verdict.FAILED, "; ".join(report.problems + failed or ["the report has no case"]))
    if evidence.ending is Ending.ITSELF:
        wanted = EXIT_CODES[what] << 1 | 1 if evidence.exit_port else 0
        if evidence.status != wanted:
            return Judgement(Verdict.FAILED, f"`{line}`, but QEMU left with {evidence.status}, not {wanted}")
    missing = [text for text in evidence.expected if text not in evidence.text]
    if missing:
        return Judgement(Verdict.FAILED, "never said: " + ", ".join(repr(text) for text in missing))
    return Judgement(Verdict.PASSED, line)


def _judge_without_final(evidence):
    text = evidence.text
    if evidence.triple_fault:
        return Judgement(Verdict.TRIPLE_FAULT, "the processor reset itself" + _after(text))
    if match := _EXCEPTION.search(text):
        return Judgement(Verdict.FIRMWARE_EXCEPTION, match[1].strip())
    if match := _STOPPED.search(text):
        return Judgement(Verdict.LOADER_STOPPED, match[1])
    if evidence.reset:
        return Judgement(Verdict.RESET, "the machine was reset before its final line" + _after(text))
    spoke = is_ours(text, evidence.kernel_alone)
    if _MOVED_ON.search(text):
        if spoke:
            return Judgement(Verdict.LOADER_STOPPED, "it returned to the firmware and did not say why")
        return Judgement(Verdict.NO_OUTPUT, "the firmware found nothing that it could boot")
    if not spoke:
        # QEMU itself leaves with 1 when it refuses its arguments, and below 0 when a signal ended it.
        errors = evidence.qemu_errors.strip()
        if evidence.ending is Ending.ITSELF and not text.strip() and (evidence.status in (1, None) or evidence.status < 0):
            return Judgement(Verdict.COULD_NOT_START, errors or f"no word from QEMU, status {evidence.status}")
        how = _how_it_left(evidence)
        return Judgement(Verdict.NO_OUTPUT, f"no line of loader or kernel; {how}" + _after(text))
    if evidence.ending is Ending.SILENCE:
        return Judgement(Verdict.HANG, "no final line, and no word for too long" + _after(text))
    if evidence.ending in (Ending.TIME, Ending.HARNESS):
        return Judgement(Verdict.TIMEOUT, "no final line when the time was up" + _after(text))
    return Judgement(Verdict.TRUNCATED, f"no final line; {_how_it_left(evidence)}" + _after(text))


def _how_it_left(evidence):
    if evidence.ending is not Ending.ITSELF:
        return evidence.ending.value
    words = f" ({evidence.qemu_errors.strip()})" if evidence.qemu_errors.strip() else ""
    return f"QEMU left with {evidence.status}{words}"


def _line_of_panic(text):
    """The line that says what the panic was about, if there is one: the first, what follows explains it."""
    found = re.findall(r"^(?:kernel: )?(panic: .*|trap: .*)$", text, re.MULTILINE)
    return found[0] if found else None


def _after(text):
    """The last line that was said, to show how far it came."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return f"; the last line was: {lines[-1][:160]}" if lines else ""
