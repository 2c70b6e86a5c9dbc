# SPDX-License-Identifier: MIT
"""Listens to a real machine on a serial device, as watch.py listens to one in QEMU. Used by boot.py."""

import contextlib
import os
import pathlib
import select
import termios
import time
import tty
from collections.abc import Callable, Iterator
from typing import BinaryIO

import conversation
import judge
import machine
import terminal
import watch

BAUD = termios.B115200
AFTER_LAST_WORD = 1.0  # seconds in which a trap on the way to the power-off would be heard
LOOK_EVERY = 0.2  # seconds


def listen(
    device: pathlib.Path, described: machine.Machine, log: BinaryIO, show: Callable[[str, float], None]
) -> tuple[judge.Heard, judge.Ended]:
    """What comes until a sign that nothing more will and what follows it, the silence, the time-out or too much.
    All of it is saved in the file `log`."""
    heard, lines, size = judge.Heard(described.rules), terminal.Lines(), 0
    talk = conversation.Conversation(described.replies)
    start = last = time.monotonic()
    deadline, over = start + described.timeout, False
    shown = watch.squeezed(lambda line: show(line, time.monotonic() - start))

    def take(found: list[terminal.Line]) -> bool:
        signs = []
        for line in found:
            shown(line.text)
            signs.append(heard.hear(talk.without_echo(line)))
        return any(sign and not (sign.is_good and talk.prompt is not None) for sign in signs)

    def follow(descriptor: int) -> judge.Ending:
        nonlocal over, last, size
        while (now := time.monotonic()) < deadline:
            if over and now > last + AFTER_LAST_WORD:
                return judge.Ending.UNKNOWN
            if heard.spoke and described.silence and now > last + described.silence:
                return judge.Ending.SILENCE
            if size > described.max_output:
                return judge.Ending.SIZE
            if not select.select([descriptor], [], [], min(LOOK_EVERY, deadline - now))[0]:
                continue
            try:
                chunk = os.read(descriptor, 4096)
            except OSError:  # the other end of a pseudo terminal was closed
                chunk = b""
            if not chunk:
                return judge.Ending.UNKNOWN
            last, size = time.monotonic(), size + len(chunk)
            log.write(chunk)
            whole = lines.feed(chunk)
            over = take(whole) or over
            if keys := talk.answer(whole, lines.open_line):
                os.write(descriptor, keys)
        return judge.Ending.TIME

    with _opened(device) as descriptor:
        ending = follow(descriptor)
    take(lines.rest())
    return heard, judge.Ended(ending, prompt=talk.prompt)


@contextlib.contextmanager
def _opened(device: pathlib.Path) -> Iterator[int]:
    descriptor = os.open(device, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    try:
        try:
            settings = termios.tcgetattr(descriptor)
        except termios.error:
            raise machine.Unusable(f"--log {device} is no serial device: name one such as /dev/ttyUSB0") from None
        tty.setraw(descriptor, termios.TCSANOW)
        raw_settings = termios.tcgetattr(descriptor)
        raw_settings[4] = raw_settings[5] = BAUD
        termios.tcsetattr(descriptor, termios.TCSANOW, raw_settings)
        try:
            yield descriptor
        finally:
            with contextlib.suppress(termios.error):  # it may be gone
                termios.tcsetattr(descriptor, termios.TCSANOW, settings)
    finally:
        os.close(descriptor)
