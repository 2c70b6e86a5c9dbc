# SPDX-License-Identifier: MIT
"""Types on the serial line: each text when its prompt has come, one after the other, as `expect` does.

Works on clean lines, so that a coloured prompt is found, and needs no end of a line, as a prompt has none. What the
machine echoes of a typed text is no word of its own, and is kept from the judge.

Pure: lines in, bytes to send out. Used by listener.py.
"""

import re
from collections.abc import Iterable, Sequence

from terminal import Line

TYPED_MAX = 4096  # characters: what a pipe takes at once, however slow the machine reads
ENTER = b"\r"  # what the key sends
WRAPPED_MIN = 8  # characters of an echo at the end of a line that are taken for its beginning

_ESCAPE = re.compile(r"\\(x[0-9A-Fa-f]{2}|.|$)", re.DOTALL)
_ESCAPES = {"r": b"\r", "n": b"\n", "t": b"\t", "e": b"\x1b", "\\": b"\\"}


def typed(text: str) -> bytes:
    """What is sent for a text: its escapes replaced, and Enter, unless it ends with `\\c`. Raises ValueError."""
    if len(text) > TYPED_MAX:
        raise ValueError(f"give at most {TYPED_MAX} characters")
    keys, at, end = b"", 0, ENTER
    for match in _ESCAPE.finditer(text):
        keys += text[at : match.start()].encode()
        at, name = match.end(), match[1]
        if len(name) == 3:
            keys += bytes([int(name[1:], 16)])
        elif name in _ESCAPES:
            keys += _ESCAPES[name]
        elif name == "c" and at == len(text):
            end = b""
        else:
            raise ValueError(r"give escapes \r \n \t \e \\ \xHH, and \c at the end for no Enter")
    return keys + text[at:].encode() + end


class Conversation:
    """What has been typed, and what is still to be typed."""

    def __init__(self, replies: Sequence[tuple[str, str]]) -> None:
        """`replies` are prompts, each looked for behind the one before, and the texts for them."""
        self._replies = list(replies)
        self._past = ""  # whole lines behind the last prompt
        self._taken = 0  # characters of the open line up to the last prompt
        self._echo = ""  # what is yet to come of it, at first on the line that is open
        self._echo_begins = False  # on that line, and not further down

    @property
    def prompt(self) -> str | None:
        """The prompt that is yet to come."""
        return self._replies[0][0] if self._replies else None

    def answer(self, lines: Iterable[Line], open_line: str) -> bytes:
        """What to send, after these lines and the beginning of the next one came."""
        if not self._replies:
            return b""
        for line in lines:
            self._past += line.text[self._taken :] + "\n"
            self._taken = 0
        text = self._past + open_line[self._taken :]
        prompt, answer = self._replies[0]
        at = text.find(prompt)
        if at < 0:
            self._past = self._past[-len(prompt) :]
            return b""
        end = at + len(prompt)
        self._taken += max(0, end - len(self._past))
        self._past = self._past[end:]
        del self._replies[0]
        keys = typed(answer)
        self._echo, self._echo_begins = keys.decode("utf-8", "replace").strip(), True
        return keys

    def without_echo(self, line: Line) -> Line:
        """The line as the machine's own word: the first one after a text was typed may have its echo. Where others spoke
        first the echo stands alone; where the line was full it goes on in the next."""
        if not self._echo:
            return line
        text, begins = line.text.rstrip(), self._echo_begins
        self._echo_begins = False
        if text == self._echo or begins and self._echo in text:
            echo, self._echo = self._echo, ""
            return Line(line.number, text.replace(echo, "", 1))
        for length in range(min(len(text), len(self._echo)), WRAPPED_MIN - 1, -1):
            if text.endswith(self._echo[:length]):
                self._echo = self._echo[length:].lstrip()
                return Line(line.number, text[:-length])
        return line
