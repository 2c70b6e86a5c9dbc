# SPDX-License-Identifier: MIT
"""To the instruction: the same boot twice does the same, a recording replays it, gdb sees the source."""

import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import pytest

import machine
import runner
import symbols
from judge import Verdict
from scenario import background

BOOT = [sys.executable, "-B", str(machine.ROOT / "tests" / "harness" / "boot.py")]


SAME = {"run_id": "R", "timeout": 180, "silence": 0}


def count_record_and_replay():
    with tempfile.TemporaryDirectory() as folder:
        recording = pathlib.Path(folder) / "boot.rr"
        ways = {"counted": {"counted": "kernel_end"}, "recorded": {"record": recording}}
        ways["replayed"] = {"counted": "kernel_end", "replay": recording}
        for _ in range(3):  # a busy host takes what is sent late, the kernel waits for that, and its clock goes on
            boots = [runner.run(machine.Machine(name=f"exact-{name}", **SAME, **way)) for name, way in ways.items()]
            if boots[0].log.read_bytes() == boots[1].log.read_bytes():
                break
        other = machine.Machine(name="exact-other", words=("fail=3",), memory="512M", replay=recording)
        with pytest.raises(machine.Unusable, match="made with another words, memory"):
            runner.run(other)
        return boots


@background(count_record_and_replay)
def test_the_same_boot_twice_and_a_recording_replayed_are_the_same_to_the_instruction(outcome):
    """The second boot is the one that is recorded; its replay has its instructions."""
    for boot in outcome:
        assert boot.verdict is Verdict.PASSED, boot.summary()
    counted, recorded, replayed = outcome
    assert counted.log.read_bytes() == recorded.log.read_bytes() == replayed.log.read_bytes()
    print(f"{counted.instructions} instructions")
    assert counted.instructions == replayed.instructions > 10**8


@pytest.mark.parametrize("also", [{"counted": "kernel_end"}, {"replay": machine.BUILD / "other.rr"}], ids=["count", "replay"])
def test_a_recording_is_only_made(also):
    with pytest.raises(machine.Unusable, match="then --replay it"):
        runner.run(machine.Machine(record=machine.BUILD / "boot.rr", **also))


def in_gdb():
    commands = ["hbreak kernel_main", "continue", "backtrace", "kill", "quit"]
    options = [word for command in commands for word in ("--gdb-command", command)]
    return subprocess.run(
        [*BOOT, "--name", "exact-gdb", "--quiet", "--gdb", *options],
        cwd=machine.ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=180,
    )


def test_gdb_finds_a_kernel_in_any_folder(tmp_path):
    folder = tmp_path / 'of "my" own'
    folder.mkdir()
    kernel = shutil.copy(machine.BUILD / "shell.elf", folder / "shell.elf")
    words = ["--source", "qemu", "--kernel", str(kernel), "--name", "exact-gdb-folder", "--quiet", "--gdb"]
    done = subprocess.run(
        [*BOOT, *words, "--gdb-command", "info symbol start", "--gdb-command", "kill", "--gdb-command", "quit"],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120,
    )
    assert "start in section .text" in done.stdout, done.stdout + done.stderr


@background(in_gdb)
def test_gdb_stops_in_the_kernels_source(outcome):
    said = outcome.stdout + outcome.stderr
    assert re.search(r"#0 +kernel_main \(handoff=0x[0-9a-f]+\) at boot/kernel/main\.c:\d+", said), said


def boot_into_null():
    lines = []
    kernel = machine.BUILD / "kernel-tests.elf"
    described = machine.Machine(kernel=kernel, name="exact-null", words=("only=crash.null",))
    return runner.run(described, show=lambda line, seconds: lines.append(line)), lines


@background(boot_into_null)
def test_addresses_are_shown_with_their_place(outcome):
    boot, lines = outcome
    assert boot.verdict is Verdict.PANIC, boot.summary()
    where = r"  \[touch at tests/metal/crash\.c:\d+, inlined in touch_null at tests/metal/crash\.c:\d+\]$"
    assert any(re.match(r"trap:   rip ", line) and re.search(where, line) for line in lines), "\n".join(lines)
    frames = lines[lines.index("trap: backtrace") + 1 :]
    assert re.search(where, frames[0])
    # A return address: the call, not what stands behind it.
    source = (machine.ROOT / "tests" / "metal" / "main.c").read_text().splitlines()
    caller = next(frame for frame in frames if "kernel_main at" in frame)
    assert "crash_on_purpose(" in source[int(re.search(r"main\.c:(\d+)", caller)[1]) - 1]


def test_an_address_of_the_loader_is_shown_too():
    loader = machine.BUILD / "loader.efi"
    ranges = symbols.executable_ranges(loader.with_suffix(".so").read_bytes())
    names = symbols.Symbols(None, loader)
    try:
        entry = next(
            int(line.split()[0], 16)
            for line in subprocess.run(["nm", loader.with_suffix(".so")], capture_output=True, text=True).stdout.splitlines()
            if line.endswith(" T loader_run")
        )
        assert any(start <= entry < end for start, end in ranges)
        names.annotate("loader: image at 0x7000000")
        line = names.annotate(f"loader:   asked: 100 bytes, by {0x7000000 + entry + 5:#x}")
        assert "[loader_run at boot/loader/" in line
    finally:
        names.close()
