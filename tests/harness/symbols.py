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

_IMAGE = re.compile(r"^loader: image at 0x([0-9a-f]+)")
_RIP = re.compile(r"^trap: +rip +0x([0-9a-f]+)")
_FRAME = re.compile(r"^trap: +0x([0-9a-f]+)$")
_CALLER = re.compile(r"\bby 0x([0-9a-f]+)")
# OVMF's own account of a trap, of which the second line names the image.
_FIRMWARE_RIP = re.compile(r"^RIP +- ([0-9A-F]{16})")
_FIRMWARE_IMAGE = re.compile(r"^!!!! Find image based on IP\(0x[0-9A-F]+\).*ImageBase=([0-9A-F]+)")

_SENTINEL = "0x0000000000000000"


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
        if self._process is None:
            self._process = subprocess.Popen(
                ["addr2line", "-a", "-f", "-i", "-e", str(self._file)],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            )
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
        lines = []
        while (line := answer.readline()) and line.strip() != _SENTINEL:
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


def executable_ranges(data: bytes) -> list[tuple[int, int]]:
    """The half-open address ranges of an ELF-64 file's executable segments; [] when it is damaged."""
    try:
        if data[:5] != b"\x7fELF\x02":
            return []
        table, size, count = (struct.unpack_from(form, data, at)[0] for form, at in (("<Q", 32), ("<H", 54), ("<H", 56)))
        ranges = []
        for at in range(table, table + size * count, size):
            kind, flags = struct.unpack_from("<II", data, at)
            if kind == 1 and flags & 1:  # PT_LOAD, PF_X
                address, length = (struct.unpack_from("<Q", data, at + offset)[0] for offset in (16, 40))
                ranges.append((address, address + length))
        return ranges
    except (struct.error, ValueError):
        return []


def _short(where: str) -> str:
    """file:line without the folder it was built in, and without a note such as (discriminator 3)."""
    where = where.partition(" ")[0]
    root = str(pathlib.Path(__file__).resolve().parents[2]) + "/"
    return where.replace(root, "").replace("/./", "/")
