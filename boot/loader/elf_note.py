# SPDX-License-Identifier: MIT
"""Fills in the note of a kernel file, boot/file_note.h: what the link made, with a checksum of the bytes
of each segment. The Makefile calls it on what the linker wrote:

    elf_note.py FILE

The file must have the empty note of boot/kernel/file_note.c, and a program header of type PT_NOTE that
leads to it. Names are those of the System V ABI, "Program Header" and "Note Section".
"""

import struct
import sys

OWNER, TYPE = b"EarlyBoot\0", 1
SEED, FACTOR, SHIFT, BITS = 0x6B6D656D, 0x9E3779B97F4A7C15, 29, (1 << 64) - 1
PT_LOAD, PT_NOTE, PT_EARLY_HEAP = 1, 4, 0x6B6D656D
START = struct.Struct("<QIIQ")  # checksum, version, count, entry
RANGE = struct.Struct("<IIQQQQ")  # type, flags, start, size in the file, in memory, checksum
RANGES_MAX = 17
SIZE = START.size + RANGES_MAX * RANGE.size


class Bad(Exception):
    pass


def checksum(*pieces):
    total = SEED
    for piece in pieces:
        padded = piece + bytes(-len(piece) % 8)
        for (word,) in struct.iter_unpack("<Q", padded):
            total = (total ^ word) * FACTOR & BITS
            total ^= total >> SHIFT
    return total


def program_headers(data):
    """Type, flags, offset, address, size in the file and in memory of each."""
    if data[:6] != b"\x7fELF\x02\x01":
        raise Bad("it is no little-endian ELF64 file")
    table, count = struct.unpack_from("<Q", data, 32)[0], struct.unpack_from("<H", data, 56)[0]
    return [struct.unpack_from("<IIQQ8xQQ8x", data, table + 56 * index) for index in range(count)]


def find(data, headers):
    """The offset of the note's description."""
    for kind, _, offset, _, size, _ in headers:
        end = offset + size
        while kind == PT_NOTE and end - offset >= 12:
            name_size, description_size, note_type = struct.unpack_from("<III", data, offset)
            description = offset + 12 + (name_size + 3) // 4 * 4
            if (data[offset + 12 : offset + 12 + name_size], note_type, description_size) == (OWNER, TYPE, SIZE):
                return description
            offset = description + (description_size + 3) // 4 * 4
    raise Bad("no program header of type PT_NOTE leads to the note: link boot/kernel/file_note.c into it")


def fill_in(data):
    headers = program_headers(data)
    note = find(data, headers)
    ranges = []
    for kind, flags, offset, address, size, memory in headers:
        if kind not in (PT_LOAD, PT_EARLY_HEAP) or memory == 0:
            continue
        piece = bytes(data[offset : offset + size])
        pieces = [piece]
        if offset <= note < offset + size:
            pieces = [piece[: note - offset], piece[note - offset + SIZE :]]
        ranges.append(RANGE.pack(kind, flags, address, size, memory, checksum(*pieces)))
    if len(ranges) > RANGES_MAX:
        raise Bad(f"it has {len(ranges)} segments, the note has room for {RANGES_MAX}")
    _, version, _, _ = START.unpack_from(data, note)
    entry = struct.unpack_from("<Q", data, 24)[0]
    rest = (START.pack(0, version, len(ranges), entry) + b"".join(ranges)).ljust(SIZE, b"\0")[8:]
    data[note : note + SIZE] = struct.pack("<Q", checksum(rest)) + rest


def main(path):
    with open(path, "r+b") as file:
        data = bytearray(file.read())
        try:
            fill_in(data)
        except (Bad, struct.error) as problem:
            sys.exit(f"{path} cannot be given its checksum: {problem}")
        file.seek(0)
        file.write(data)


if __name__ == "__main__":
    main(sys.argv[1])
