# SPDX-License-Identifier: MIT
"""Turns the bytes of a serial line into clean lines, each with its number in the log.

Control functions are recognised by the grammar of ECMA-48 and ISO 2022 (ECMA-35), not by a list: all of C0
and C1, the latter in 7 and 8 bits, control sequences (CSI), control strings (DCS, OSC, SOS, PM, APC) and
escape sequences with intermediate bytes, such as the designation of a character set. None leaves a
letter behind. Those that move the cursor elsewhere end the line, so that what is written there begins a
line, as on the screen: a carriage return, a cursor position, a reset of the terminal. Within a line the cursor moves as
on the screen, and what is written there replaces what it meets. Nothing is erased: what was said has been said.

A control string that is not terminated hides nothing: it loses its introducer and stays. Of those that have an end of a
line in them only a device control string (DCS) is believed, such as a picture; another one has most likely lost its own
end, and what would hide is the kernel's words until the next one.

Pure: bytes in pieces in, lines out. Used once for each byte: what is shown is what the judge reads.
"""

import codecs
import re
from typing import NamedTuple

LINE_MAX = 1 << 16  # characters, after which a line without an end is ended
PENDING_MAX = 1 << 16  # characters that a control function may have before it counts as damaged


class Line(NamedTuple):
    """A clean line, and the number of the line of the log that it is from or in."""

    number: int
    text: str


# All but the plain characters and the tab. Surrogates are bytes that are no UTF-8.
_SPECIAL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\udc80-\udcff]")
_RETURNS = re.compile(r"\r+\n?")
_CSI_BODY = re.compile(r"([ -?]*)([@-~])")
_CSI_PARAMETERS = re.compile(r"[ -?]*")
_INTERMEDIATES = re.compile(r"[ -/]+")
_STRING_BODY = re.compile(r"[\t -~\x80-\u10ffff]*?(?=[\x00-\x08\x0a-\x1f\x7f-\x9f\udc80-\udc9f])")
_DCS_BODY = re.compile(r"[\x08-\x0d -~\x80-\u10ffff]*?(?=[\x00-\x07\x0e-\x1f\x7f-\x9f\udc80-\udc9f])")
# The Linux console's palette commands, which it ends without a terminator.
_LINUX_PALETTE = re.compile(r"P[0-9A-Fa-f]{7}|R")

_BEL, _BS, _LF, _VT, _FF, _CR, _ESC = "\x07", "\x08", "\n", "\x0b", "\x0c", "\r", "\x1b"
_IND, _NEL, _RI, _CSI, _ST = "\x84", "\x85", "\x8d", "\x9b", "\x9c"
_DCS, _SOS, _OSC, _PM, _APC = "\x90", "\x98", "\x9d", "\x9e", "\x9f"
_STRINGS = (_DCS, _SOS, _OSC, _PM, _APC)

_CSI_PLAIN = re.compile(r"[\d;:]*")  # parameters of a function that is ECMA-48's, without intermediate bytes
# Final bytes of control sequences: a position as of a new line; elsewhere on the screen; to the right; back; and those
# that erase the line or the screen, with what says that it is all of it.
_CSI_POSITION = "Hf"
_CSI_ELSEWHERE = "ABEFGLMdekru`"
_CSI_ERASE = {"J": ("2", "3"), "K": ("1", "2")}
_CSI_RIGHT = "Ca"
_CSI_LEFT = "Dj"
_RIGHT_MAX = 512
# Final bytes of escape sequences without intermediates: DECRC and RIS.
_ESC_ELSEWHERE = "8c"


class Lines:
    """Takes the bytes in whatever pieces they come, and gives each line as soon as it is whole."""

    def __init__(self) -> None:
        # UTF-8 first, because its bytes of continuation are those of C1 in 8 bits.
        self._decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        self._pending = ""
        self._text = ""
        self._cursor = 0  # in the text
        self._number = 1
        self._lines: list[Line] = []
        self.is_open = False  # the last line had no end

    @property
    def open_line(self) -> str:
        """The line that was begun, as far as it came."""
        return self._text

    def feed(self, chunk: bytes) -> list[Line]:
        return self._take(self._decoder.decode(chunk), False)

    def rest(self) -> list[Line]:
        """The line that was begun and has no end."""
        lines = self._take(self._decoder.decode(b"", True), True)
        self.is_open = bool(self._text)
        if self._text:
            self._end_line()
            lines += self._lines
            self._lines = []
        return lines

    def _take(self, text: str, is_last: bool) -> list[Line]:
        text = self._pending + text
        at = 0
        while match := _SPECIAL.search(text, at):
            self._write(text[at : match.start()])
            at = match.start()
            length = self._control(text, at, is_last)
            if length == 0:
                break
            at += length
        else:
            self._write(text[at:])
            at = len(text)
        self._pending = text[at:]
        lines, self._lines = self._lines, []
        return lines

    def _write(self, text: str) -> None:
        end = self._cursor + len(text)
        if self._cursor == len(self._text):
            self._text += text
        else:
            self._text = self._text[: self._cursor] + text + self._text[end:]
        self._cursor = end
        if len(self._text) > LINE_MAX:
            self._end_line()

    def _end_line(self) -> None:
        self._lines.append(Line(self._number, self._text))
        self._text = ""
        self._cursor = 0

    def _go_elsewhere(self) -> None:
        if self._text:
            self._end_line()

    def _go_left(self, columns: int) -> None:
        self._cursor -= columns
        if self._cursor <= 0:  # as a carriage return
            self._cursor = 0
            self._go_elsewhere()

    def _go_right(self, columns: int) -> None:
        blanks = max(0, self._cursor + columns - len(self._text))
        self._cursor += columns - blanks
        self._write(" " * blanks)

    def _next_line(self) -> None:
        self._end_line()
        self._number += 1

    def _control(self, text: str, at: int, is_last: bool) -> int:
        """Does what the control function at this place says; how long it is, or 0 when its end is yet to come."""
        character = text[at]
        if character == _LF:
            self._next_line()
            return 1
        if character == _CR:
            match = _RETURNS.match(text, at)
            assert match
            if match.end() == len(text) and not is_last and text[-1] == _CR:
                return 0
            if match[0].endswith(_LF):
                self._next_line()
            else:
                self._go_elsewhere()
            return len(match[0])
        if character == _ESC:
            return self._escape(text, at, is_last)
        if "\udc80" <= character <= "\udcff":  # one byte
            if character >= "\udca0":
                self._write("\ufffd")
                return 1
            character = chr(ord(character) & 0xFF)
        if character == _BS:
            self._go_left(1)
            return 1
        if character in (_VT, _FF):
            self._go_elsewhere()
            return 1
        return self._c1(character, text, at, 1, is_last) if character >= "\x80" else 1

    def _escape(self, text: str, at: int, is_last: bool) -> int:
        if at + 1 == len(text):
            return 1 if is_last else 0
        character = text[at + 1]
        if "@" <= character <= "_":  # C1 in 7 bits
            return self._c1(chr(ord(character) + 0x40), text, at, 2, is_last)
        if match := _INTERMEDIATES.match(text, at + 1):
            if match.end() == len(text):
                return self._wait(text, at, is_last)
            return match.end() - at + ("0" <= text[match.end()] <= "~")
        if "0" <= character <= "~":
            if character in _ESC_ELSEWHERE:
                self._go_elsewhere()
            return 2
        return 1

    def _c1(self, character: str, text: str, at: int, length: int, is_last: bool) -> int:
        """`length` is that of the function itself, or of the introducer of a sequence or a string."""
        if character == _CSI:
            return self._sequence(text, at, length, is_last)
        if character in _STRINGS:
            return self._string(character, text, at, length, is_last)
        if character == _NEL:
            self._end_line()
        elif character in (_IND, _RI):
            self._go_elsewhere()
        return length

    def _sequence(self, text: str, at: int, length: int, is_last: bool) -> int:
        match = _CSI_BODY.match(text, at + length)
        if not match:
            begun = _CSI_PARAMETERS.match(text, at + length)
            assert begun
            if begun.end() == len(text):
                return self._wait(text, at, is_last)
            return begun.end() - at
        parameters, final = match[1], match[2]
        if _CSI_PLAIN.fullmatch(parameters):
            count = max(1, int(parameters)) if re.fullmatch("[0-9]{1,3}", parameters) else 1
            if final in _CSI_POSITION:
                self._end_line()
            elif final in _CSI_ELSEWHERE or parameters in _CSI_ERASE.get(final, ()):
                self._go_elsewhere()
            elif final in _CSI_RIGHT:
                self._go_right(min(count, _RIGHT_MAX))
            elif final in _CSI_LEFT:
                self._go_left(count)
        return match.end() - at

    def _string(self, kind: str, text: str, at: int, length: int, is_last: bool) -> int:
        if kind == _OSC and (palette := _LINUX_PALETTE.match(text, at + length)):
            return palette.end() - at
        body = (_DCS_BODY if kind == _DCS else _STRING_BODY).match(text, at + length)
        if not body:
            return self._wait(text, at, is_last, length)
        end = body.end()
        terminator = text[end]
        if terminator == _ESC and end + 1 == len(text) and not is_last:
            return self._wait(text, at, is_last, length)
        if terminator in (_ST, "\udc9c") or text[end : end + 2] == _ESC + "\\":
            self._number += body[0].count(_LF)
            return end + (2 if terminator == _ESC else 1) - at
        if kind == _OSC and terminator == _BEL:  # xterm's, not of ECMA-48
            return end + 1 - at
        return length

    @staticmethod
    def _wait(text: str, at: int, is_last: bool, damaged: int = 0) -> int:
        """0, while the end may come; else how much of what has begun is dropped."""
        if not is_last and len(text) - at < PENDING_MAX:
            return 0
        return damaged or len(text) - at


def clean(raw: bytes) -> str:
    """The text of a whole log."""
    lines = Lines()
    text = "\n".join(line.text for line in [*lines.feed(raw), *lines.rest()])
    return text if lines.is_open or not text else text + "\n"
