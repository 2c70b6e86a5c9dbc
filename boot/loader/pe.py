# SPDX-License-Identifier: MIT
"""Checks that a UEFI application can live with memory that is either writable or executable, and
then marks it so. The Makefile calls it on what objcopy made:

    pe.py FILE

Sets NX_COMPAT in DllCharacteristics, which firmware that enforces no-execute asks for, and which
neither GNU-EFI's linker script nor objcopy can set. The mark is a promise, so the sections are looked
at first: each begins at a page of its own, and none is writable and executable. Fields and their
names: Microsoft PE Format, "Optional Header", "Section Table".
"""

import struct
import sys

PAGE = 4096
PE32_PLUS = 0x20B
NX_COMPAT = 0x0100
EXECUTE, WRITE = 0x20000000, 0x80000000


class Bad(Exception):
    pass


def optional_header(data):
    """The offset of the optional header, and of the section table, and how many sections it has."""
    signature = struct.unpack_from("<I", data, 0x3C)[0]
    if data[signature : signature + 4] != b"PE\0\0":
        raise Bad("it is no PE file")
    sections, size = struct.unpack_from("<H12xH", data, signature + 6)
    header = signature + 24
    if struct.unpack_from("<H", data, header)[0] != PE32_PLUS:
        raise Bad("it is not PE32+")
    return header, header + size, sections


def check_sections(data, table, count):
    end = 0
    for at in range(table, table + 40 * count, 40):
        name, size, start, flags = struct.unpack_from("<8sII20xI", data, at)
        name = name.rstrip(b"\0").decode("ascii", "replace")
        if start % PAGE != 0 or start < end:
            raise Bad(f"section {name} at {start:#x} shares a page: it must begin at a page of its own")
        if flags & WRITE and flags & EXECUTE:
            raise Bad(f"section {name} is both writable and executable")
        end = start + size


def mark(data):
    header, table, count = optional_header(data)
    if struct.unpack_from("<I", data, header + 32)[0] % PAGE != 0:
        raise Bad("its SectionAlignment is less than a page")
    check_sections(data, table, count)
    characteristics = struct.unpack_from("<H", data, header + 70)[0]
    struct.pack_into("<H", data, header + 70, characteristics | NX_COMPAT)
    struct.pack_into("<I", data, header + 64, 0)  # CheckSum: none, rather than one that is wrong


def main(path):
    with open(path, "r+b") as file:
        data = bytearray(file.read())
        try:
            mark(data)
        except (Bad, struct.error) as problem:
            sys.exit(f"{path} cannot be marked NX_COMPAT: {problem}")
        file.seek(0)
        file.write(data)


if __name__ == "__main__":
    main(sys.argv[1])
