# SPDX-License-Identifier: MIT
"""An ACPI interpreter's allocations, recorded, and the buffers that they need (tests/embed/interpreter).

ACPICA's interpreter, as Debian's acpica-tools has it for user space, loads the DSDT of QEMU's machine and evaluates what
a kernel asks of it. What it allocates is replayed with the code of kmem/. kmem/README.md has the figures of Debian 12.
"""

import contextlib
import os
import struct
import subprocess
from typing import NamedTuple

import pytest

import build_cache
import heap_trace
from c_sources import ROOT, WARNINGS, headers, kmem
from known_versions import is_installed

BUILD = ROOT / "build" / "interpreter"
SOURCES = ROOT / "tests/embed/interpreter"
MANUAL = " ".join((ROOT / "kmem/README.md").read_text(encoding="utf-8").split())  # whose lines are wrapped

MACHINE = "-machine q35 -m 256M -smp 4 -nodefaults -display none".split()
WORK = "resources;resources;test predefined;test objects"  # of every device twice, then every object of the namespace
KNOWN = ("acpica-tools", "20200925-*"), ("qemu-system-x86", "1:7.2+*")  # whose figures stand in the manual
BUFFER = 1 << 28
ALIGN = 16  # as malloc promises


# --- The tables -----------------------------------------------------------------------------------

FILE_DIRECTORY = 0x19  # QEMU's docs/specs/fw_cfg: keys, ports, commands of its DMA
DMA_HIGH, DMA_LOW, SELECT_AND_READ = 0x514, 0x518, 8 | 2
REQUEST, CONTENTS = 0x100000, 0x200000  # in the machine's memory


class Firmware(contextlib.AbstractContextManager):
    """A machine that stands before its first instruction, and what its firmware would read of it, by QEMU's qtest."""

    def __init__(self):
        command = ["qemu-system-x86_64", *MACHINE, "-S", "-qtest", "stdio", "-qtest-log", "none"]
        self._qemu = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __exit__(self, *exception):
        self._qemu.kill()
        self._qemu.communicate()

    def _ask(self, command):
        self._qemu.stdin.write(command + "\n")
        self._qemu.stdin.flush()
        answer = self._qemu.stdout.readline()
        assert answer.startswith("OK"), f"qtest answers `{command}`: {answer}"
        return answer

    def _read(self, key, size):
        request = struct.pack(">IIQ", key << 16 | SELECT_AND_READ, size, CONTENTS)
        self._ask(f"write {REQUEST:#x} {len(request)} 0x{request.hex()}")
        self._ask(f"outl {DMA_HIGH:#x} 0")
        self._ask(f"outl {DMA_LOW:#x} {int.from_bytes(struct.pack('>I', REQUEST), 'little'):#x}")
        return bytes.fromhex(self._ask(f"read {CONTENTS:#x} {size:#x}").split()[1][2:])

    def file(self, name):
        (count,) = struct.unpack(">I", self._read(FILE_DIRECTORY, 4))
        for size, key, _, found in struct.iter_unpack(">IHH56s", self._read(FILE_DIRECTORY, 4 + 64 * count)[4:]):
            if found.rstrip(b"\0").decode() == name:
                return self._read(key, size)
        raise AssertionError(f"fw_cfg has no {name}")


def dsdt():
    """The machine's DSDT. Its checksum is set here, as the firmware does it."""
    with Firmware() as firmware:
        tables = firmware.file("etc/acpi/tables")
    start = tables.index(b"DSDT")
    (size,) = struct.unpack_from("<I", tables, start + 4)
    table = bytearray(tables[start : start + size])
    table[9] = (table[9] - sum(table)) & 0xFF
    return bytes(table)


# --- The recording and what it needs --------------------------------------------------------------

class Recording(NamedTuple):
    calls: list[heap_trace.Call]
    live: int  # bytes at most


def recording(lines):
    """The calls of a trace that recorder.c wrote."""
    calls, live, count, held, most = [], {}, 0, 0, 0

    def take(address, size):
        nonlocal count, held, most
        count += 1
        held += size
        most = max(most, held)
        live[address] = (count, size)
        calls.append(heap_trace.Call("a", "", "", count, size, ALIGN))

    def give_back(address):
        nonlocal held
        if address in live:
            block, size = live.pop(address)
            held -= size
            calls.append(heap_trace.Call("f", "", "", block))

    for line in lines:
        kind, *fields = line.split()
        if kind == "f":
            give_back(fields[0])
        elif kind == "a":
            take(fields[0], int(fields[1], 16))
        else:
            old = live.pop(fields[0], None)
            take(fields[1], int(fields[2], 16))
            if old:
                live["moved"] = old
                give_back("moved")
    return Recording(calls, most)


def record():
    BUILD.mkdir(parents=True, exist_ok=True)
    recorder, table, trace = BUILD / "recorder.so", BUILD / "dsdt.aml", BUILD / "trace.txt"
    source = SOURCES / "recorder.c"
    command = ["gcc", "-std=c11", "-D_GNU_SOURCE", *WARNINGS, "-O2", "-fPIC", "-shared", source, "-o", recorder]
    build_cache.build(recorder, command, [source])
    table.write_bytes(dsdt())
    environment = {**os.environ, "LD_PRELOAD": str(recorder), "RECORDER_TRACE": str(trace)}
    done = subprocess.run(["acpiexec", "-b", WORK, table], env=environment, capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, timeout=60, check=False)
    assert "ACPI AML tables successfully acquired and loaded" in done.stdout, done.stdout[-2000:] + done.stderr
    return recording(trace.read_text(encoding="ascii").splitlines())


def most_instructions(calls):
    """Of an allocation, and of a free, with free_lists."""
    program = BUILD / "instructions"
    sources = [SOURCES / "instructions.c", ROOT / "tests/bench/step.c", *kmem()]
    command = ["gcc", "-std=c11", *WARNINGS, "-O2", f"-I{ROOT}", *sources, "-o", program]
    build_cache.build(program, command, [*sources, *headers()])
    done = subprocess.run([program], input=heap_trace.written(calls), capture_output=True, text=True, check=True)
    return [int(figure) for figure in done.stdout.split()]


class Figures(NamedTuple):
    allocations: int
    frees: int
    live: int
    needed: dict[str, int]  # bytes of the buffer, by the heap
    instructions: list[int]


def measured():
    calls, live = record()
    steps = {kind: heap_trace.replay(calls, BUFFER, 0, kind) for kind in ("fba", "reclaim", "free_lists")}
    needed = {kind: max(step.used for step in steps[kind]) for kind in steps}
    frees = sum(call.kind == "f" for call in calls)
    return Figures(len(calls) - frees, frees, live, needed, most_instructions(calls))


# --- Tests ----------------------------------------------------------------------------------------

def test_a_trace_is_read():
    found = recording(["f 10", "a 10 20", "a 20 8", "r 10 10 30", "f 10", "r 0 50 1", "f 20"])
    assert [(call.kind, call.block, call.size) for call in found.calls] == [
        ("a", 1, 0x20), ("a", 2, 8), ("a", 3, 0x30), ("f", 1, 0), ("f", 3, 0), ("a", 4, 1), ("f", 2, 0)]
    assert found.live == 0x20 + 8 + 0x30


@pytest.mark.background.with_args(measured)
def test_free_lists_need_little_more_than_what_is_live(outcome):
    needed, live = outcome.needed, outcome.live
    assert outcome.allocations > 5000 and outcome.frees > 0.9 * outcome.allocations
    assert live < needed["free_lists"] < 1.3 * live
    assert needed["free_lists"] < needed["reclaim"] < needed["fba"]
    assert needed["fba"] > 2.5 * live


@pytest.mark.background.with_args(measured)
def test_free_lists_take_constant_time(outcome):
    alloc, free = outcome.instructions
    assert alloc <= 200 and free <= 200


@pytest.mark.background.with_args(measured)
def test_the_manual_has_the_figures(outcome):
    if all([is_installed(*known) for known in KNOWN]):
        said = f"{outcome.allocations} allocations, {outcome.frees} frees, at most {outcome.live} bytes live"
        rows = [said, *(f"| {needed} | {needed / outcome.live:.1f} |" for needed in outcome.needed.values())]
        assert [row for row in rows if row not in MANUAL] == []
