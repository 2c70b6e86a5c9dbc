# SPDX-License-Identifier: MIT
"""Listens to a machine, be it in QEMU or at the end of a cable: saves what it says, shows it, judges it and answers
its prompts. Used by watch.py and serial_device.py, which know when it is over.
"""

import collections
import io
import time
from collections.abc import Callable

import conversation
import judge
import terminal
from machine import Machine

TEXT_MAX = 16 << 20  # characters of which all lines are kept
LAST_LINES = 1000  # that are kept of more

Show = Callable[[str, float], None]  # a clean line, and the seconds after which it came


class Said:
    """The lines of a machine; of one that says much, the first and the last."""

    def __init__(self) -> None:
        self._first: list[str] = []
        self._last: collections.deque[str] = collections.deque(maxlen=LAST_LINES)
        self._room = TEXT_MAX

    def add(self, line: str) -> None:
        self._room -= len(line) + 1
        (self._first if self._room > 0 else self._last).append(line)

    @property
    def text(self) -> str:
        return "".join(line + "\n" for line in (*self._first, *self._last))


class Listener:
    """All times are those of time.monotonic()."""

    def __init__(self, machine: Machine, rules: judge.Rules, log: io.RawIOBase, show: Show) -> None:
        self.heard = judge.Heard(rules)
        self.start = self.last = time.monotonic()  # of listening, of the last word
        self.spoke: float | None = None  # when the first line came that is not the firmware's
        self.sign: judge.Sign | None = None  # that little more is to come
        self.signed = 0.0  # when that came
        self.size = 0  # bytes
        self.lost: str | None = None  # why the log is incomplete
        self._log = log
        self._lines = terminal.Lines()
        self._talk = conversation.Conversation(machine.replies)
        self._said = Said()
        self._show = squeezed(lambda line: show(line, time.monotonic() - self.start))

    @property
    def prompt(self) -> str | None:
        """The prompt that is yet to come."""
        return self._talk.prompt

    @property
    def text(self) -> str:
        """What was said, in clean lines; of much, without its middle."""
        return self._said.text

    def take(self, chunk: bytes) -> bytes:
        """What to type, now that this came."""
        self.last = time.monotonic()
        self.size += len(chunk)
        self.lost = self.lost or self._save(chunk)
        whole = self._lines.feed(chunk)
        for line in whole:
            self._hear(line)
        return self._talk.answer(whole, self._lines.open_line)

    def finish(self) -> None:
        """No more is to come: what was begun counts as a line."""
        for line in self._lines.rest():
            self._hear(line)

    def _hear(self, line: terminal.Line) -> None:
        self._said.add(line.text)
        self._show(line.text)
        sign = self.heard.hear(self._talk.without_echo(line))
        if self.spoke is None and self.heard.spoke:
            self.spoke = self.last
        if self.sign is judge.Sign.REPORTED and not self.heard.has_reported:
            self.sign = None  # another report has begun
        is_too_early = sign and sign.is_good and self.prompt is not None
        if sign and not is_too_early and sign is not self.sign and self.sign is not judge.Sign.FINAL:
            self.sign, self.signed = sign, self.last

    def _save(self, chunk: bytes) -> str | None:
        """Why it could not be saved. A full disk ends nothing: what is said is judged all the same."""
        try:
            while chunk:
                chunk = chunk[self._log.write(chunk) or 0 :]
        except OSError as error:
            return error.strerror or str(error)
        return None


def squeezed(show: Callable[[str], None]) -> Callable[[str], None]:
    """The same, but of blank lines in a row only the first is shown, and none at the beginning."""
    was_blank = True

    def shown(line: str) -> None:
        nonlocal was_blank
        is_blank = not line.strip()
        if not (is_blank and was_blank):
            show(line)
        was_blank = is_blank

    return shown
