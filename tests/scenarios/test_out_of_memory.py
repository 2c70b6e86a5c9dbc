# SPDX-License-Identifier: MIT
"""What a person reads when the early heap runs out: one screen, every reason in its own words, and JSON beside it."""

import json
import re

import pytest

import machine
from judge import Verdict
from scenario import background, boot, boot_with_heap, each

LINES, COLUMNS = 24, 80  # of the screen that a report has to fit


def json_reports(text):
    return [json.loads(line) for line in re.findall(r"^\w+: report (\{.*\})$", text, re.MULTILINE)]


@pytest.mark.parametrize("name", each(boot_with_heap, {
    "kernel": (["early heap"], ["oom-screen", 64], {}),
    "loader": (["early heap, in the loader"], ["oom-screen", 24], {}),
}))
def test_a_report_fits_a_screen_and_names_what_to_type(name, outcome):
    assert outcome.verdict is Verdict.OUT_OF_MEMORY, outcome.summary()
    lines = outcome.text.splitlines()
    first = lines.index(f"kernel: out of memory: {name}")
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
    assert report["holders"]
    others = report["others"] + report["unrecorded"] - report["returned"] + report["before"]
    assert held + others + report["padding"] == report["permanent"]


REASONS = {
    "exhausted": ["reason: exhausted: it would fit if the buffer were emptier", "missing: 1 byte; available: 4096"],
    "only the reserve is left": ["reason: only the reserve is left: room enough, but kept back"],
    "too large": ["reason: too large: never more than 4096 bytes at this alignment:", "of 8192 bytes 4096 stay for good"],
    "size overflow": ["asked: more bytes than can be counted", "reason: size overflow: count times size is no size",
                      "missing: more bytes than can be counted"],
    "bad alignment": ["reason: bad alignment: 24 is not a power of two"],
    "not ready": ["reason: not ready: it has not been opened"],
    "sealed": ["reason: sealed: it serves nothing any more", "100 permanent (#), 4096 given away (-), 3996 rounding (~)"],
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
        screen = [line for line in text.splitlines() if line.startswith("reasons: ") and "report {" not in line]
        assert 2 < len(screen) < LINES and max(map(len, screen)) <= COLUMNS, text


# --- What happens next is the kernel's choice -----------------------------------------------------

TOO_SMALL = 172  # KiB: for three further processors
WITH_FOUR = {"processors": 4}


def choose(what, *more):
    return boot_with_heap(f"oom-{what}", TOO_SMALL, **WITH_FOUR, words=(f"out-of-memory={what}", *more))


@background(choose, "stop")
def test_a_boot_that_stops_names_what_it_needs(outcome):
    assert outcome.verdict is Verdict.OUT_OF_MEMORY, outcome.summary()
    assert re.search(r"^kernel:   to type: make run EARLY_HEAP=\d+K", outcome.text, re.MULTILINE)


@background(choose, "degrade")
def test_a_boot_that_degrades_says_what_was_given_up(outcome):
    assert outcome.verdict is Verdict.PASSED, outcome.summary()
    kept, given_up = map(int, re.search(r"there is memory for (\d) of 3 others; (\d) (?:is|are) given up", outcome.text).groups())
    assert kept > 0 and given_up > 0 and kept + given_up == 3
    assert re.search(f"kernel: processors: {kept} of {kept} others? started", outcome.text)
    assert "kernel: out of memory" not in outcome.text, "it asks before it takes"
    # What the processors took at once is theirs in the account too; in front of their list and behind it is padding.
    taken = int(re.search(r"step processors took (\d+) bytes", outcome.text)[1])
    held = int(re.search(r"holder: processors, (\d+) bytes", outcome.text)[1])
    assert taken - 2 * 4096 < held <= taken
    suggested = int(re.search(r"EARLY_HEAP=(\d+)K is what this boot needs plus a quarter", outcome.text)[1])
    whole = boot_with_heap("oom-degraded-no-more", suggested, **WITH_FOUR, words=("out-of-memory=degrade",))
    assert "3 of 3 others started" in whole.text, whole.summary()


@background(choose, "carry-on")
def test_a_boot_that_carries_on_goes_to_its_end_without_a_step(outcome):
    assert outcome.verdict is Verdict.PASSED, outcome.summary()
    assert "kernel: step processors got no memory; the boot carries on without it" in outcome.text
    assert "kernel: early heap: too small for step processors; out-of-memory=stop measures" in outcome.text
    assert json_reports(outcome.text)[-1]["for"] == "processors"


@pytest.mark.parametrize("verdict, words", each(choose, {
    "screen": ([Verdict.PASSED, "kernel: step screen got no memory; the boot carries on without it"],
               ["carry-on", "fail=1"], {}),
    "interrupts": ([Verdict.OUT_OF_MEMORY, "kernel: step interrupts: an allocation was failed on purpose"],
                   ["carry-on", "fail=5"], {}),
}))
def test_a_boot_carries_on_only_where_it_can(verdict, words, outcome):
    assert outcome.verdict is verdict, outcome.summary()
    assert words in outcome.text
