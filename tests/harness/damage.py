# SPDX-License-Identifier: MIT
"""Damages of a kernel file, for sweep.py: bytes, fields of its headers at the limits of their range, headers
swapped, dropped and doubled, and the file cut or blotted at its boundaries. Names of fields: System V ABI,
"ELF Header" and "Program Header". A file of another format than ELF64 has only its bytes damaged."""

from __future__ import annotations

import itertools
import random
import struct
from collections.abc import Callable, Iterator
from typing import NamedTuple

Change = Callable[[bytearray], None]

ELF64_LITTLE = b"\x7fELF\x02\x01"
PT_NULL, PT_LOAD, PT_EARLY_HEAP = 0, 1, 0x6B6D656D
FILE_NOTE_FLAG = 0x00100000  # boot/file_note.h: the file has checksums
RIGHTS = 7  # of p_flags
HEADER_SIZE, PROGRAM_SIZE = 64, 56
PAGE, SECTOR = 4096, 512


class Field(NamedTuple):
    offset: int
    width: int


HEADER = {
    "e_type": Field(16, 2), "e_machine": Field(18, 2), "e_version": Field(20, 4), "e_entry": Field(24, 8),
    "e_phoff": Field(32, 8), "e_shoff": Field(40, 8), "e_flags": Field(48, 4), "e_ehsize": Field(52, 2),
    "e_phentsize": Field(54, 2), "e_phnum": Field(56, 2), "e_shentsize": Field(58, 2), "e_shnum": Field(60, 2),
    "e_shstrndx": Field(62, 2),
}
PROGRAM = {
    "p_type": Field(0, 4), "p_flags": Field(4, 4), "p_offset": Field(8, 8), "p_vaddr": Field(16, 8),
    "p_paddr": Field(24, 8), "p_filesz": Field(32, 8), "p_memsz": Field(40, 8), "p_align": Field(48, 8),
}


class Segment(NamedTuple):
    """A program header."""

    kind: int
    flags: int
    offset: int
    address: int
    file_size: int
    memory_size: int


def _read(data: bytes | bytearray, at: int, width: int) -> int:
    return int.from_bytes(data[at : at + width], "little")


def _table(data: bytes | bytearray) -> list[int]:
    """Where each program header is; [] where there are none to be read."""
    if data[:6] != ELF64_LITTLE or len(data) < HEADER_SIZE:
        return []
    start, count = _read(data, 32, 8), _read(data, 56, 2)
    return [start + PROGRAM_SIZE * index for index in range(count) if start + PROGRAM_SIZE * (index + 1) <= len(data)]


def segments(data: bytes | bytearray) -> list[Segment]:
    return [Segment(*struct.unpack_from("<IIQQ8xQQ", data, at)) for at in _table(data)]


def loaded(data: bytes | bytearray) -> object:
    """What a loader makes of the file: entry point, and rights, place and bytes of what is in memory."""
    parts = [
        (part.kind, part.address, part.flags & RIGHTS, part.memory_size,
         bytes(data[part.offset : part.offset + part.file_size]))
        for part in segments(data) if part.kind in (PT_LOAD, PT_EARLY_HEAP) and part.memory_size
    ]
    return _read(data, 24, 8), sorted(parts)


def has_checksums(data: bytes) -> bool:
    """Whether the file says so; then each damage of what is loaded has to be noticed."""
    return any(part.kind == PT_EARLY_HEAP and part.flags & FILE_NOTE_FLAG for part in segments(data))


# --- The kinds: (name, change) in an order of chance ----------------------------------------------


def _invert(place: int) -> Change:
    def change(data: bytearray) -> None:
        data[place] ^= 0xFF

    return change


def _bytes(places: range, chance: random.Random) -> Iterator[tuple[str, Change]]:
    for place in chance.sample(places, len(places)):
        yield f"byte {place}", _invert(place)


def _put(at: int, width: int, number: int) -> Change:
    def change(data: bytearray) -> None:
        data[at : at + width] = number.to_bytes(width, "little")

    return change


def _limits(number: int, width: int, size: int) -> set[int]:
    """Values at which a check may go wrong, other than the one that is there."""
    most = (1 << 8 * width) - 1
    near = (number - PAGE, number - 1, number + 1, number + PAGE, number // 2, 2 * number, size, size + 1)
    limits = {0, 1, most // 2, most // 2 + 1, most - PAGE, most - 1, most, *(value & most for value in near)}
    return limits - {number}


def _fields(data: bytes, chance: random.Random) -> Iterator[tuple[str, Change]]:
    places = [(name, field) for name, field in HEADER.items()]
    for index, start in enumerate(_table(data)):
        places += [(f"{name} {index}", Field(start + field.offset, field.width)) for name, field in PROGRAM.items()]
    found = [
        (f"{name} = {value:#x}", _put(field.offset, field.width, value))
        for name, field in places
        for value in sorted(_limits(_read(data, *field), field.width, len(data)))
    ]
    yield from chance.sample(found, len(found))


def _copy(to: int, start: int) -> Change:
    def change(data: bytearray) -> None:
        data[to : to + PROGRAM_SIZE] = data[start : start + PROGRAM_SIZE]

    return change


def _swap(a: int, b: int, size: int) -> Change:
    def change(data: bytearray) -> None:
        data[a : a + size], data[b : b + size] = data[b : b + size], data[a : a + size]

    return change


def _cut(end: int) -> Change:
    def change(data: bytearray) -> None:
        del data[end:]

    return change


def _blot(start: int, fill: int) -> Change:
    def change(data: bytearray) -> None:
        size = len(data[start : start + SECTOR])
        data[start : start + SECTOR] = bytes([fill]) * size

    return change


def _structure(data: bytes, chance: random.Random) -> Iterator[tuple[str, Change]]:
    """Of each kind in turn, so that a few hold all kinds."""
    table = _table(data)
    pairs = list(itertools.combinations(enumerate(table), 2))
    ends = {HEADER_SIZE, _read(data, 40, 8), len(data)}
    for part in segments(data):
        ends |= {part.offset, part.offset + part.file_size}
    cuts = {end + step for end in ends for step in (-1, 0, 1) if 0 < end + step < len(data)}
    sectors = list(range(0, len(data), SECTOR))
    zeros, ones = (chance.sample(sectors, min(len(sectors), 50)) for _ in range(2))
    kinds: list[list[tuple[str, Change]]] = [
        [(f"header {index} dropped", _put(at, 4, PT_NULL)) for index, at in enumerate(table)],
        [(f"headers {one} and {other} swapped", _swap(a, b, PROGRAM_SIZE)) for (one, a), (other, b) in pairs],
        [(f"header {other} as {one}", _copy(b, a)) for (one, a), (other, b) in pairs],
        [(f"cut at {end}", _cut(end)) for end in sorted(cuts)],
        [(f"sector {at} of zeros", _blot(at, 0)) for at in zeros],
        [(f"sector {at} of ones", _blot(at, 0xFF)) for at in ones],
        [],
    ]
    for _ in range(50 if len(sectors) > 1 else 0):
        a, b = sorted(chance.sample(sectors[:-1], 2)) if len(sectors) > 2 else (0, SECTOR)
        kinds[-1].append((f"sectors {a} and {b} swapped", _swap(a, b, SECTOR)))
    shuffled = [chance.sample(kind, len(kind)) for kind in kinds]
    yield from (damage for row in itertools.zip_longest(*shuffled) for damage in row if damage)


def choose(data: bytes, count: int) -> dict[str, Change]:
    """`count` damages by name, of all kinds in turn, and always the same; fewer where there are fewer."""
    chance = random.Random(count)
    headers = min(HEADER_SIZE + PROGRAM_SIZE * len(_table(data)), len(data))
    kinds = [_bytes(range(headers), chance), _bytes(range(len(data)), chance)]
    if _table(data):
        # Most of a file may be what its debugger reads.
        ends = [part.offset + part.file_size for part in segments(data) if part.kind == PT_LOAD]
        kinds.append(_bytes(range(min(max(ends, default=0), len(data))), chance))
        kinds += [_fields(data, chance), _structure(data, chance)]
    chosen: dict[str, Change] = {}
    while kinds and len(chosen) < count:
        kind = kinds.pop(0)
        damaged = next(kind, None)
        if damaged:
            chosen.setdefault(*damaged)
            kinds.append(kind)
    return chosen


def apply(data: bytes, change: Change) -> bytes:
    damaged = bytearray(data)
    change(damaged)
    return bytes(damaged)
