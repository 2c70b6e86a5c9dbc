# SPDX-License-Identifier: MIT
"""The headers of a UEFI application, as far as tests look at them: Microsoft PE Format, "Optional Header",
"Section Table"."""

import struct
from typing import NamedTuple


class Section(NamedTuple):
    header: int  # where in the file its header is
    memory_size: int
    address: int
    file_size: int
    offset: int
    flags: int


class Application(NamedTuple):
    characteristics: int  # DllCharacteristics
    entry: int  # its address in the image
    sections: list[Section]

    def entry_in_file(self) -> int:
        """Where in the file the first instruction is."""
        return next(
            part.offset + self.entry - part.address
            for part in self.sections
            if part.address <= self.entry < part.address + min(part.memory_size, part.file_size)
        )


def read(data: bytes | bytearray) -> Application:
    (signature,) = struct.unpack_from("<I", data, 0x3C)
    count, size = struct.unpack_from("<H12xH", data, signature + 6)
    optional = signature + 24
    table = range(optional + size, optional + size + 40 * count, 40)
    entry, characteristics = struct.unpack_from("<16xI50xH", data, optional)
    return Application(
        characteristics, entry, [Section(at, *struct.unpack_from("<8x4I12xI", data, at)) for at in table]
    )
