# SPDX-License-Identifier: MIT
"""What a person reads when the early heap runs out: one screen, every reason in its own words, and JSON beside it."""

import json
import re

import machine
from judge import Verdict
from scenario import background, boot, boot_with_heap

LINES, COLUMNS = 24, 80  # of the screen that a report has to fit


def json_reports(text):
    return [json.loads(line) for line in re.findall(r"^\w+: report (\{.*\})$", text, re.MULTILINE)]


@background(boot_with_heap, "oom-screen", 64)
def test_a_report_fits_a_screen_and_names_what_to_type(outcome):
    assert outcome.verdict is Verdict.OUT_OF_MEMORY, outcome.summary()
    lines = outcome.text.splitlines()
    first = lines.index("kernel: out of memory: early heap")
    last = next(number for number, line in enumerate(lines) if line.startswith("### out of memory"))
    screen = lines[first : last + 1]
    assert len(screen) < LINES and max(map(len, screen)) <= COLUMNS, "\n".join(screen)
    report = json_reports(outcome.text)[-1]
    assert report["reason"] == "exhausted"
    assert f"kernel:   asked: {report['size']} bytes, alignment {report['align']}, for {report['for']}" in screen
    assert f"kernel:   asked by {report['caller']}" in screen
    assert f"kernel:   to type: {report['setting']}" in screen
    assert re.fullmatch(r"make run EARLY_HEAP=\d+K", report["setting"])
    held = sum(holder["bytes"] for holder in report["holders"])
    assert held + report["others"] + report["unrecorded"] + report["before"] + report["padding"] == report["permanent"]


REASONS = {
    "exhausted": ["reason: exhausted: it would fit if the buffer were emptier", "missing: 1 bytes; available: 4096"],
    "only the reserve is left": ["reason: only the reserve is left: it would fit there, and that is kept back"],
    "too large": ["reason: too large: never more than 4096 bytes at this alignment:", "of 8192 bytes 4096 stay for good"],
    "size overflow": ["asked: more bytes than can be counted", "reason: size overflow: count times size is no size"],
    "bad alignment": ["reason: bad alignment: 24 is not a power of two"],
    "not ready": ["reason: not ready: it has not been opened"],
    "sealed": ["reason: sealed: it serves nothing any more", "taken: 100 permanent (#), 4096 given away (-), 3996 rounding (~)"],
    "budget exceeded": ["reason: budget exceeded: 60 of 64 bytes were given out", "missing: 12 bytes; available: 4"],
}


@background(boot, "oom-reasons", kernel=machine.BUILD / "kernel-tests.elf", words=("only=reasons",))
def test_every_reason_has_its_own_words(outcome):
    assert outcome.verdict is Verdict.PASSED, outcome.summary()
    assert [report["reason"] for report in json_reports(outcome.text)] == list(REASONS)
    texts = outcome.text.split("reasons: out of memory: two pages\n")[1:]
    for (reason, sentences), text in zip(REASONS.items(), texts, strict=True):
        for sentence in sentences:
            assert sentence in text, f"{reason}: {sentence!r} is missing in\n{text}"
