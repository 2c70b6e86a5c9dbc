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


def elf(code: bytes, entry: int = BASE) -> bytes:
    """Text at BASE, the region of the early heap behind a page that is left out. There is no stack."""
    headers = [
        program_header(PT_LOAD, READ | EXECUTE, PAGE, BASE, len(code), len(code)),
        program_header(PT_EARLY_HEAP, READ | WRITE, 0, BASE + 2 * PAGE, 0, HEAP_SIZE, handoff_version()),
    ]
    ident = b"\x7fELF\x02\x01\x01" + bytes(9)
    header = struct.pack("<16sHHIQQQIHHHHHH", ident, 2, 62, 1, entry, 64, 0, 0, 64, 56, len(headers), 0, 0, 0)
    return (header + b"".join(headers)).ljust(PAGE, b"\0") + code


def write(name: str, data: bytes) -> pathlib.Path:
    file = machine.BUILD / "runs" / f"{name}.elf"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)
    return file
