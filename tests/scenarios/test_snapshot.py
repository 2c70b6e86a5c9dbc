# SPDX-License-Identifier: MIT
"""Warm boots: they say what cold ones say, they are fast, and each kind of machine is saved once."""

import dataclasses
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import pytest

import machine
import qemu
import snapshot
from judge import Verdict
from scenario import background, boot


# What differs from boot to boot, and where the firmware had its own things.
VARIABLE = re.compile(r"0x[0-9a-f]+|\d+|run [^)]*")


def both(source):
    names = {True: "cold", False: "warm"}
    return [boot(f"warm-{source}-{names[cold]}", source=source, cold=cold) for cold in (True, False)]


def words_of(ended):
    """The kernel's lines, without numbers and without the firmware's ranges of memory."""
    lines = [line for line in ended.text.splitlines() if line.startswith(("kernel: ", "### "))]
    return [VARIABLE.sub("N", line) for line in lines if not re.match(r"kernel:   0x", line)]


@pytest.mark.parametrize(
    "source", [pytest.param(source, marks=background(both, source), id=source) for source in ("volume", "fw_cfg")]
)
def test_a_warm_boot_says_what_a_cold_one_says(source, outcome):
    cold, warm = outcome
    assert cold.verdict is warm.verdict is Verdict.PASSED, f"{cold.summary()}\n{warm.summary()}"
    assert cold.why_cold and warm.why_cold is None
    assert words_of(warm) == words_of(cold)
    print(f"until the loader speaks: {cold.spoke:.2f} s cold, {warm.spoke:.2f} s warm")
    assert warm.spoke < cold.spoke / 3


def test_a_machine_is_saved_once_and_the_oldest_goes(tmp_path, monkeypatch):
    monkeypatch.setattr(snapshot, "KEPT", 2)
    folder, source, saved = tmp_path / "warm", tmp_path / "firmware", []
    source.write_bytes(b"1")

    def save(file):
        saved.append(file)
        file.write_bytes(b"state")

    for memory in ("1M", "1M", "2M", "3M", "2M", "1M"):
        with snapshot.saved(folder, [qemu.QEMU, "-m", memory], [source], save) as state:
            assert state.read() == b"state"
    assert len(saved) == 4 and len(list(folder.glob("*.state"))) == 2


@pytest.mark.parametrize(
    "settings",
    [{"memory": "8G"}, {"source": "options"}, {"firmware": "secure"}, {"image": "x"}, {"kvm": True}, {"counted": "f"}],
    ids=str,
)
def test_what_cannot_be_warm_says_why(settings):
    assert snapshot.reason_against(machine.Machine()) is None
    assert snapshot.reason_against(dataclasses.replace(machine.Machine(), **settings))


DAMAGED = """
import pathlib, sys, machine, runner, snapshot
snapshot.WARM = pathlib.Path(sys.argv[1])
print(runner.run(machine.Machine(name="warm-damaged")).summary())
"""


def boot_from_damage():
    """In a process of its own, whose saved machines no other test needs; the one it boots has lost its end."""
    whole = boot("warm-whole").state
    with tempfile.TemporaryDirectory() as folder:
        damaged = pathlib.Path(folder) / whole.name
        with open(whole, "rb") as state:
            damaged.write_bytes(state.read(1 << 20))
        shutil.copy(whole.with_suffix(".sha256"), folder)
        done = subprocess.run([sys.executable, "-B", "-c", DAMAGED, folder], capture_output=True, text=True)
        return done.stdout + done.stderr, damaged.exists(), snapshot.is_damaged(whole)


@background(boot_from_damage)
def test_a_damaged_state_fails_the_boot_and_is_thrown_away(outcome):
    """So that the next boot saves it anew."""
    said, is_still_there, whole_is_damaged = outcome
    assert said.startswith("could not start: ") and "load of migration failed" in said
    assert "its saved machine was damaged and has been thrown away: boot again" in said
    assert not is_still_there and not whole_is_damaged
