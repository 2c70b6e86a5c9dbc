# SPDX-License-Identifier: MIT
"""Shows addresses with function, file and line: those of traps, backtraces and out-of-memory reports.

One addr2line (binutils) for each ELF file, started when the first address comes and kept open. A
return address is that of the instruction *after* the call, which may belong to another line or even
to another function, so one byte before it is looked up. Used by watch.py and boot.py.
"""

import contextlib
import functools
import pathlib
import re
import shutil
import struct
import subprocess
from typing import NamedTuple

_IMAGE = re.compile(r"^loader: image at 0x([0-9a-f]+)")
_RIP = re.compile(r"^trap: +rip +0x([0-9a-f]+)")
_FRAME = re.compile(r"^trap: +0x([0-9a-f]+)$")
_CALLER = re.compile(r"\bby 0x([0-9a-f]+)")
# As other kernels write it, of any processor: `sepc=0x80001c2e`, `PC: 00000000400802f4`, `lr : 0x40080118`.
_PROGRAM_COUNTER = re.compile(r"\b(?:[er]?ip|pc|[sm]?epc|elr(?:_el[123])?)\b\s*[:=]?\s*(?:0x)?([0-9a-f]{6,16})\b", re.IGNORECASE)
_RETURN_ADDRESS = re.compile(r"\b(?:lr|ra|x30)\b\s*[:=]?\s*(?:0x)?([0-9a-f]{6,16})\b", re.IGNORECASE)
# OVMF's own account of a trap, of which the second line names the image.
_FIRMWARE_RIP = re.compile(r"^RIP +- ([0-9A-F]{16})")
_FIRMWARE_IMAGE = re.compile(r"^!!!! Find image based on IP\(0x[0-9A-F]+\).*ImageBase=([0-9A-F]+)")

_SENTINEL = re.compile("0x(0{8}|0{16})$")  # in a file of 32 or of 64 bits


def image_of(log: pathlib.Path) -> int | None:
    """Where the loader said in a saved log that it is, or None."""
    try:
        match = re.search(_IMAGE.pattern.encode(), log.read_bytes(), re.MULTILINE)
    except OSError:
        return None
    return int(match[1], 16) if match else None


class Symbols:
    """Annotates the lines of one boot, in the order in which they come."""

    def __init__(self, kernel: pathlib.Path | None = None, loader: pathlib.Path | None = None) -> None:
        self._kernel = _Table(kernel)
        # Beside the UEFI application lies the ELF file that it was made from, with the same addresses.
        self._loader = _Table(loader.with_suffix(".so") if loader else None)
        self._image: int | None = None
        self._rip: int | None = None

    def close(self) -> None:
        self._kernel.close()
        self._loader.close()

    def annotate(self, line: str) -> str:
        """The line, with the place in the source behind it when it tells an address of code."""
        if match := _IMAGE.match(line):
            self._image = int(match[1], 16)
        elif match := _FIRMWARE_IMAGE.match(line):
            base = int(match[1], 16)
            if self._rip is not None and (place := self._loader.place(self._rip - base)):
                return f"{line}  [{place}]"
        elif match := _FIRMWARE_RIP.match(line):
            self._rip = int(match[1], 16)
        elif match := _RIP.match(line):
            self._rip = int(match[1], 16)
            return self._with_place(line, self._rip, 0)
        elif match := _FRAME.match(line):
            # A backtrace begins where the trap struck; the others are return addresses.
            address = int(match[1], 16)
            first, self._rip = address == self._rip, None
            return self._with_place(line, address, 0 if first else 1)
        elif match := _CALLER.search(line):
            return self._with_place(line, int(match[1], 16), 1)
        elif match := _PROGRAM_COUNTER.search(line):
            return self._with_place(line, int(match[1], 16), 0)
        elif match := _RETURN_ADDRESS.search(line):
            return self._with_place(line, int(match[1], 16), 1)
        return line

    def _with_place(self, line: str, address: int, correction: int) -> str:
        place = self._kernel.place(address - correction)
        if not place and self._image is not None:
            place = self._loader.place(address - correction - self._image)
        return f"{line}  [{place}]" if place else line


class _Table:
    """The code of one ELF file."""

    def __init__(self, file: pathlib.Path | None) -> None:
        self._file = file
        self._process: subprocess.Popen[str] | None = None

    @functools.cached_property
    def _code(self) -> list[tuple[int, int]]:
        """The ranges of addresses that are code; none when no such file can be read, or without addr2line."""
        if self._file is None or not self._file.is_file() or not shutil.which("addr2line"):
            return []
        try:
            return executable_ranges(self._file.read_bytes())
        except OSError:
            return []

    def place(self, address: int) -> str | None:
        """`function at file:line`, with those it is inlined in, or None when the address is no code."""
        if not any(start <= address < end for start, end in self._code):
            return None
        try:
            self._process = self._process or subprocess.Popen(
                ["addr2line", "-a", "-f", "-i", "-e", str(self._file)],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, encoding="utf-8", errors="replace",
            )
        except FileNotFoundError:  # it is not installed
            self._code = []
            return None
        question, answer = self._process.stdin, self._process.stdout
        assert question and answer
        # It does not say how many lines an answer has; the next question's address ends it.
        try:
            question.write(f"{address:#x}\n0\n")
            question.flush()
        except BrokenPipeError:
            # It rejected the file, and would reject it again: addresses stay without their places.
            self._code = []
            return None
        lines = [answer.readline().strip()]
        while (line := answer.readline()) and not _SENTINEL.match(line):
            lines.append(line.strip())
        answer.readline(), answer.readline()
        pairs = list(zip(lines[1::2], lines[2::2]))
        if not pairs or pairs[0][0] == "??":
            return None
        return ", inlined in ".join(f"{name} at {_short(where)}" for name, where in pairs)

    def close(self) -> None:
        if self._process:
            for pipe in (self._process.stdin, self._process.stdout):
                with contextlib.suppress(BrokenPipeError):
                    if pipe:
                        pipe.close()
            self._process.wait()
            self._process = None


class _Layout(NamedTuple):
    """Where an ELF file has what is needed of its header and its program headers: form and offset of each."""

    table: tuple[str, int]
    size: int  # offset of e_phentsize, which e_phnum follows
    flags: int
    address: tuple[str, int]
    length: tuple[str, int]


# By EI_CLASS: ELF specification, figures 1-3 and 2-1, and those of ELF-64.
_LAYOUTS = {
    1: _Layout(("<I", 28), 42, 24, ("<I", 8), ("<I", 20)),
    2: _Layout(("<Q", 32), 54, 4, ("<Q", 16), ("<Q", 40)),
}


def executable_ranges(data: bytes) -> list[tuple[int, int]]:
    """The half-open address ranges of an ELF file's executable segments; [] when it is damaged."""
    try:
        layout = _LAYOUTS.get(data[4]) if data[:4] == b"\x7fELF" else None
        if layout is None:
            return []
        table = struct.unpack_from(layout.table[0], data, layout.table[1])[0]
        size, count = struct.unpack_from("<HH", data, layout.size)
        ranges = []
        for at in range(table, table + size * count, size):
            kind, flags = (struct.unpack_from("<I", data, at + offset)[0] for offset in (0, layout.flags))
            if kind == 1 and flags & 1:  # PT_LOAD, PF_X
                address, length = (struct.unpack_from(form, data, at + offset)[0] for form, offset in layout[3:])
                ranges.append((address, address + length))
        return ranges
    except (struct.error, ValueError, IndexError):
        return []


def _short(where: str) -> str:
    """file:line without the folder it was built in, and without a note such as (discriminator 3)."""
    where = where.partition(" ")[0]
    root = str(pathlib.Path(__file__).resolve().parents[2]) + "/"
    return where.replace(root, "").replace("/./", "/")
