# SPDX-License-Identifier: MIT
"""A kernel file of a few bytes of machine code, as boot/handoff.h asks for one, to see what its first
instructions meet. It has no checksum, so that any part of it may be wrong."""

from __future__ import annotations

import pathlib
import re
import struct

import machine

PAGE = 4096
BASE = 0xFFFFFFFF80000000
HEAP_SIZE = 256 * 1024
PT_LOAD, PT_EARLY_HEAP = 1, 0x6B6D656D
READ, WRITE, EXECUTE = 4, 2, 1


def handoff_version() -> int:
    found = re.search(r"#define HANDOFF_VERSION (\d+)u", (machine.ROOT / "boot" / "handoff.h").read_text())
    assert found
    return int(found[1])


def program_header(kind: int, flags: int, offset: int, address: int, size: int, memory: int, physical: int = 0) -> bytes:
    return struct.pack("<IIQQQQQQ", kind, flags, offset, address, physical, size, memory, PAGE)


def _say(text: bytes) -> bytes:
    """Writes a text, which stands behind the code, to COM1, and ends the machine."""
    return (
        b"\x48\x8d\x35\x13\x00\x00\x00"  # lea rsi, [rip + 19]: the text
        b"\x66\xba\xf8\x03"  # mov dx, 0x3f8
        b"\xac"  # next: lodsb
        b"\x84\xc0"  # test al, al
        b"\x74\x03"  # jz past the loop
        b"\xee"  # out dx, al
        b"\xeb\xf8"  # jmp next
        b"\xb0\x10\xe6\xf4"  # mov al, 0x10; out 0xf4, al: QEMU's exit device
        b"\xf4\xeb\xfd"  # hlt; jmp to it
        + text + b"\0"
    )


SAY_COMPLETE = _say(b"### complete (run small)\n")


def elf(code: bytes, entry: int = BASE, version: int | None = None) -> bytes:
    """Text at BASE, the region of the early heap behind a page that is left out. There is no stack."""
    kept = handoff_version() if version is None else version
    headers = [
        program_header(PT_LOAD, READ | EXECUTE, PAGE, BASE, len(code), len(code)),
        program_header(PT_EARLY_HEAP, READ | WRITE, 0, BASE + 2 * PAGE, 0, HEAP_SIZE, kept),
    ]
    ident = b"\x7fELF\x02\x01\x01" + bytes(9)
    header = struct.pack("<16sHHIQQQIHHHHHH", ident, 2, 62, 1, entry, 64, 0, 0, 64, 56, len(headers), 0, 0, 0)
    return (header + b"".join(headers)).ljust(PAGE, b"\0") + code


def write(name: str, data: bytes) -> pathlib.Path:
    file = machine.BUILD / "runs" / f"{name}.elf"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)
    return file
