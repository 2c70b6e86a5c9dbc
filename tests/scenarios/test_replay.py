# SPDX-License-Identifier: MIT
"""The ledger of a boot, replayed on this computer: the same addresses, and a size that is exact to the page."""

import binascii
import collections
import dataclasses
import random
import re
import subprocess
import sys

import pytest

import heap_trace
import machine
import runner
from judge import Verdict
from scenario import background, boot_with_heap, each
from test_out_of_memory import json_reports

REPLAY = [sys.executable, "-B", str(machine.ROOT / "tests" / "harness" / "replay.py")]
PAGE_KIB = 4


@dataclasses.dataclass
class Replayed:
    traced: runner.Boot
    need: int  # KiB
    differences: list
    enough: runner.Boot
    one_page_less: runner.Boot


def replay_and_try(name, kib, **settings):
    settings["words"] = (*settings.get("words", ()), "ledger")
    traced = boot_with_heap(f"replay-{name}", kib, **settings)
    trace = heap_trace.read(traced.text.splitlines())
    need = heap_trace.smallest(trace) // 1024
    enough, less = (boot_with_heap(f"replay-{name}", size, **settings) for size in (need, need - PAGE_KIB))
    return Replayed(traced, need, heap_trace.differences(trace), enough, less)


PASSES, RUNS_OUT = Verdict.PASSED, Verdict.OUT_OF_MEMORY


@pytest.mark.parametrize("verdict", each(replay_and_try, {
    "one": ([PASSES], ["one", 2048], {}),
    "four-processors": ([PASSES], ["four", 2048], {"processors": 4}),
    "pc": ([PASSES], ["pc", 2048], {"machine": "pc", "memory": "1G"}),
    "little-memory": ([PASSES], ["little", 2048], {"memory": "64M", "processors": 2}),
    "no-screen": ([PASSES], ["no-screen", 2048], {"gpu": "none"}),
    "larger-region": ([PASSES], ["larger", 5120], {"processors": 3}),
    "kernel-runs-out": ([RUNS_OUT], ["kernel", 64], {"processors": 2}),
    "loader-runs-out": ([RUNS_OUT], ["loader", 8], {}),
}))
def test_the_size_that_a_replay_names_is_exact(verdict, outcome):
    assert outcome.traced.verdict is verdict, outcome.traced.summary()
    assert outcome.differences == []
    assert outcome.enough.verdict is Verdict.PASSED, outcome.enough.summary()
    assert outcome.one_page_less.verdict is Verdict.OUT_OF_MEMORY, outcome.one_page_less.summary()


def replay_log(name):
    traced = boot_with_heap(name, 2048, words=("ledger",), processors=2)
    return [subprocess.run([*REPLAY, str(traced.log), *more], capture_output=True, text=True)
            for more in ([], ["--heap", "64K"])], traced.log


@background(replay_log, "replay-command")
def test_the_command_answers(outcome):
    (plain, at_64k), _ = outcome
    assert plain.returncode == 0, plain.stderr
    for words in ("all at the addresses of the boot", "smallest region that suffices: EARLY_HEAP=", "padding: ",
                  "reclaim", "loader, page tables", "kernel, interrupts", "boot_info_write at boot/loader/boot_info.c:"):
        assert words in plain.stdout
    assert "a region of 65536 bytes ends in kernel, " in at_64k.stdout


@pytest.mark.parametrize("damage, words", [
    (lambda text: text.replace("ledger 2 a 0 ", "ledger 2 a 8 ", 1), "was damaged"),
    (lambda text: "".join(line for line in text.splitlines(True) if ": ledger 5 " not in line), "are missing"),
    (lambda text: text[: text.rindex("kernel: ledger ")], "no last line"),
    (lambda text: "loader: hello\n", "has no ledger"),
], ids=["changed", "lost", "cut-off", "none"])
@background(replay_log, "replay-command")
def test_loss_is_noticed(damage, words, outcome, tmp_path):
    _, log = outcome
    file = tmp_path / "damaged.log"
    file.write_text(damage(log.read_text(encoding="utf-8", errors="replace").replace("\r", "")), encoding="utf-8")
    done = subprocess.run([*REPLAY, str(file)], capture_output=True, text=True)
    assert done.returncode in (2, 10) and words in done.stderr, done.stderr


def churn(count):
    """So many allocations and frees, the frees half of them out of order, and marks, half of them rewound."""
    chance = random.Random(7)
    calls, live, number, marks = [], [], 0, []
    while len(calls) < count:
        if chance.random() < 0.01 and len(marks) < 5:
            calls.append(heap_trace.Call("m", "kernel", "churn"))
            marks.append(number)
        elif chance.random() < 0.01 and marks:
            since = marks.pop()
            calls.append(heap_trace.Call(chance.choice("wk"), "kernel", "churn"))
            if calls[-1].kind == "w":
                live = [block for block in live if block <= since]
        elif live and chance.random() < 0.45:
            block = live.pop(chance.randrange(len(live)) if chance.random() < 0.5 else -1)
            calls.append(heap_trace.Call("f", "kernel", "churn", block))
        else:
            number += 1
            live.append(number)
            size, align = chance.randrange(1, 500), 1 << chance.randrange(7)
            calls.append(heap_trace.Call("a", "kernel", "churn", number, size, align))
    return calls


def test_ten_thousand_calls_are_replayed_exactly():
    """The smallest region, which is found by trying, is what the highest use says."""
    calls = churn(10000)
    steps = heap_trace.replay(calls, heap_trace.LARGEST, 0)
    traced = [dataclasses.replace(call, offset=step.offset, used=step.used) for call, step in zip(calls, steps, strict=True)]
    region = heap_trace.Journal("kernel", 1 << 24, 0, 0, traced)
    trace = heap_trace.Trace(traced, region, region.size, None)
    highest = max(step.used for step in steps)
    assert heap_trace.smallest(trace) == -(-highest // heap_trace.PAGE) * heap_trace.PAGE
    assert heap_trace.differences(trace) == []
    at_end = steps[-1].used
    assert heap_trace.with_marks(trace) < heap_trace.with_decorator(trace, "reclaim") < at_end
    assert heap_trace.with_decorator(trace, "free_lists") < at_end


def forecast(name, machines, wanted, asked):
    """What a machine needs by the ledgers of two others, and what became of it with that and with a page less."""
    logs = [boot_with_heap(f"forecast-{name}-{number}", 2048, words=("ledger",), **settings).log
            for number, settings in enumerate(machines)]
    said = subprocess.run([*REPLAY, *map(str, logs), *asked], capture_output=True, text=True)
    need = int(re.search(r"EARLY_HEAP=(\d+)K suffices", said.stdout + said.stderr)[1])
    return said, [boot_with_heap(f"forecast-{name}", size, **wanted) for size in (need, need - PAGE_KIB)]


def of_processors(first, second, wanted):
    return [f"smp-{first}-{second}-{wanted}", [{"processors": first}, {"processors": second}], {"processors": wanted},
            ["--smp", str(wanted)]]


def of_memory(first, second, wanted):
    return [f"mem-{first}-{second}-{wanted}", [{"memory": first}, {"memory": second}], {"memory": wanted}, ["--mem", wanted]]


PROCESSORS = ["bytes asked for by kernel, processors, instead of"]
TABLES = ["bytes asked for by loader, page tables, instead of"]


@pytest.mark.parametrize("words", each(forecast, {
    "twice-the-processors": (PROCESSORS, of_processors(4, 2, 8), {}),
    "many-processors": (PROCESSORS, of_processors(2, 3, 64), {}),
    "fewer-processors": (PROCESSORS, of_processors(8, 4, 2), {}),
    "processors-between": (PROCESSORS, of_processors(2, 8, 3), {}),
    "twice-the-memory": (TABLES, of_memory("1G", "2G", "4G"), {}),
    "from-little-memory": (TABLES, of_memory("256M", "2G", "4G"), {}),
    "less-memory": (TABLES, of_memory("4G", "2G", "256M"), {}),
    "memory-between": (TABLES, of_memory("4G", "1G", "2G"), {}),
}))
def test_two_logs_tell_what_a_third_machine_needs(words, outcome):
    """To the page."""
    said, (enough, one_page_less) = outcome
    assert words in said.stdout
    assert enough.verdict is Verdict.PASSED, enough.summary()
    assert one_page_less.verdict is Verdict.OUT_OF_MEMORY, one_page_less.summary()


def log_of(folder, processors, memory, calls):
    """A log that nothing booted: a ledger with these calls, and what the kernel says of its machine."""
    lines = [f"kernel: ledger {text} *{binascii.crc_hqx(text.encode(), 0xFFFF):04x}" for text in
             (f"{number:x} {call}" for number, call in enumerate(["o 200000 0 0", *calls, "e 0 0"]))]
    lines += [f"kernel: acpi: {processors} processor{'' if processors == 1 else 's'}",
              f"kernel: memory map: 9 descriptors are 7 ranges, {memory * 1024 - 9000} KiB usable"]
    file = folder / f"{processors}-{memory}.log"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return str(file)


ONE, TWO = ["t a", "a 0 1000 1000 1"], ["t a", "a 0 1000 1000 1", "a 1000 1000 1000 1"]
FOUR = [*TWO, "a 2000 1000 1000 1", "a 3000 1000 1000 1"]
OTHER = ["t a", "a 0 10 8 1"]


@pytest.mark.parametrize("first, second, asked, words", [
    ((2, 256, ONE), (4, 256, TWO), ["--smp", "8"], "with 8 processors: EARLY_HEAP=16K suffices"),
    ((4, 256, TWO), (2, 256, ONE), ["--smp", "2"], "with 2 processors: EARLY_HEAP=4K suffices"),
    ((4, 256, TWO), (6, 256, FOUR), ["--smp", "3"], "with 3 processors: EARLY_HEAP=4K suffices"),
    ((4, 256, OTHER), (6, 256, [*OTHER, "a 1000 1000 1000 1"]), ["--smp", "1"], "with 1 processor: EARLY_HEAP=4K suffices"),
    ((1, 1024, ONE), (1, 2048, TWO), ["--mem", "4G"], "with 4 GiB: EARLY_HEAP=16K suffices"),
    ((2, 256, ONE), (4, 512, TWO), ["--smp", "8"], "have to differ in processors, and in nothing else"),
    ((2, 256, ONE), (4, 256, TWO), ["--mem", "8G"], "have to differ in memory"),
    ((2, 256, ONE), (4, 256, [*ONE, "t b", "a 1000 1 1 1"]), ["--smp", "8"], "only one of the boots allocated for kernel b"),
    ((2, 256, ONE), (4, 256, ["t a", "a 0 10 8 1"]), ["--smp", "8"], "differs in more than its amount"),
    ((1, 256, ONE), (2, 256, TWO), ["--smp", "4"], "with 4 processors: EARLY_HEAP=16K suffices"),
    ((1, 128, ONE), (1, 256, TWO), ["--mem", "8G"], "what memory costs shows from GiB to GiB"),
    ((2, 256, ONE), (4, 256, TWO), [], "a second log goes with --smp N or with --mem SIZE"),
])
def test_a_forecast_says_what_it_needs(first, second, asked, words, tmp_path):
    logs = [log_of(tmp_path, *described) for described in (first, second)]
    done = subprocess.run([*REPLAY, *logs, *asked], capture_output=True, text=True)
    assert words in done.stdout + done.stderr
    assert done.returncode == (0 if "suffices" in words else 2)


def boot_trace(count):
    """A boot in which the test kernel makes these calls on its early heap, replayed, and tried as the others are."""
    settings = {"program": "kernel-tests.elf", "gpu": "none", "timeout": 120,
                "files": (("trace", heap_trace.written(churn(count)).encode()),)}
    words = ("only=trace", "module=trace")
    traced = boot_with_heap("replay-trace", 4096, words=(*words, "ledger"), **settings)
    trace = heap_trace.read(traced.text.splitlines())
    need = heap_trace.smallest(trace) // 1024
    enough, less = (boot_with_heap("replay-trace", size, words=words, **settings) for size in (need, need - PAGE_KIB))
    return Replayed(traced, need, heap_trace.differences(trace), enough, less)


@background(boot_trace, 10000)
def test_ten_thousand_calls_of_a_boot_are_replayed_exactly(outcome):
    assert outcome.traced.verdict is Verdict.PASSED, outcome.traced.summary()
    trace = heap_trace.read(outcome.traced.text.splitlines())
    calls = [call for call in trace.calls if call.tag == "trace"]
    kinds = collections.Counter(call.kind for call in calls)
    assert len(calls) == 10000 and outcome.differences == [] and min(kinds[kind] for kind in "afmwk") > 20, kinds
    assert outcome.enough.verdict is Verdict.PASSED, outcome.enough.summary()
    assert outcome.one_page_less.verdict is Verdict.OUT_OF_MEMORY, outcome.one_page_less.summary()
    assert "trace: 10000 calls" in outcome.enough.text
    report = json_reports(outcome.one_page_less.text)[-1]
    held = sum(holder["bytes"] for holder in report["holders"])
    others = report["others"] + report["unrecorded"] - report["returned"] + report["before"]
    assert held + others + report["padding"] == report["permanent"]
