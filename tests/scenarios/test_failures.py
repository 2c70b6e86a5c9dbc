# SPDX-License-Identifier: MIT
"""The command that fails each allocation of a boot in turn: its table, that it goes on, and that it resumes."""

import subprocess
import sys
import types

import pytest

import failures
import machine
from judge import Verdict
from scenario import background

COMMAND = [sys.executable, "-B", str(machine.ROOT / "tests" / "harness" / "failures.py")]
FILE = machine.OUTPUT / "failures" / "failures-test.tsv"


def twice():
    FILE.unlink(missing_ok=True)
    runs = []
    for _ in range(2):
        runs.append(subprocess.run([*COMMAND, "--", "--name", "failures-test"], cwd=machine.ROOT, capture_output=True, text=True))
        rows = FILE.read_text(encoding="utf-8").splitlines()
        FILE.write_text("\n".join(rows[:-4]) + "\n", encoding="utf-8")  # as if it had been stopped before
    return runs


@background(twice)
def test_each_place_has_its_outcome_and_a_sweep_resumes(outcome):
    first, second = outcome
    assert first.returncode == 0, first.stdout + first.stderr
    assert "out of memory  read_ranges at boot/kernel/steps/memory_map.c:" in first.stdout
    assert " 0 not handled, 0 could not be run" in first.stdout
    assert second.stdout == first.stdout
    again = [line for line in second.stderr.splitlines() if line.startswith("fail=")]
    assert 0 < len(again) < len(first.stderr.splitlines()), "the second run has to do only what was missing"


def sweep_the_loader():
    return subprocess.run([*COMMAND, "--loader", "--", "--name", "failures-test"], cwd=machine.ROOT, capture_output=True,
                          text=True)


@background(sweep_the_loader)
def test_the_loaders_allocations_have_their_places_too(outcome):
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    for place in ("boot_info_write at boot/loader/boot_info.c:", "boot_info_reserve_map at boot/loader/boot_info.c:",
                  "early_heap_new_table at boot/early_heap.c:"):
        assert f"out of memory  {place}" in outcome.stdout, outcome.stdout
    assert " 0 not handled, 0 could not be run" in outcome.stdout


def test_a_boot_that_cannot_be_run_leaves_the_others(monkeypatch, tmp_path):
    def outcome_of(base, word, number):
        if number == 2:
            raise machine.Unusable("the disk is full")
        return failures.Outcome(number, "" if number == 4 else "f at a.c:1", "passed" if number == 4 else "hang", "")

    monkeypatch.setattr(failures, "outcome_of", outcome_of)
    outcomes, errors = failures.run_all(machine.Machine(name="stub"), "fail", tmp_path / "stub.tsv", 2)
    assert [outcome.number for outcome in outcomes] == [1, 3] and errors == {2: "the disk is full"}
    assert failures.table(outcomes, "fail") == ["   2 x hang           f at a.c:1  (fail=1, ...)"]


@pytest.mark.parametrize("verdict, status", [
    (Verdict.COULD_NOT_START, 1), (Verdict.TRUNCATED, -9), (Verdict.COULD_NOT_START, -9),
])
def test_a_boot_that_another_program_ended_is_no_outcome(verdict, status, monkeypatch):
    ended = types.SimpleNamespace(status=status, verdict=verdict, judgement=types.SimpleNamespace(reason="QEMU exited with -9"))
    monkeypatch.setattr(failures.runner, "run", lambda described: ended)
    with pytest.raises(machine.Unusable, match="QEMU exited with -9"):
        failures.outcome_of(machine.Machine(name="stub"), "fail", 1)


def test_a_full_disk_is_said_and_takes_nothing_that_was_found(tmp_path):
    file = tmp_path / "stub.tsv"
    base = machine.Machine(name="stub")
    found = failures.Outcome(1, "f at a.c:1", "passed", "")
    failures.write(file, failures.key_of(base), {1: found})
    file.with_suffix(".new").symlink_to("/dev/full")
    with pytest.raises(machine.Unusable, match="stub.tsv cannot be written: No space left on device; what it has stays"):
        failures.run_all(base, "fail", file, 1)
    assert failures.read(file, failures.key_of(base)) == {1: found}
    with pytest.raises(machine.Unusable, match="No space left on device"):
        failures.add(file.with_suffix(".new"), found)
