# SPDX-License-Identifier: MIT
"""The ledger of a boot, replayed on this computer: the same addresses, and a size that is exact to the page."""

import dataclasses
import random
import subprocess
import sys

import pytest

import heap_trace
import machine
import runner
from judge import Verdict
from scenario import background, boot_with_heap, each

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
    """So many allocations and frees, the frees half of them out of order."""
    chance = random.Random(7)
    calls, live, number = [], [], 0
    for _ in range(count):
        if live and chance.random() < 0.45:
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
    assert heap_trace.with_marks(trace) < heap_trace.with_reclaim(trace) < steps[-1].used
