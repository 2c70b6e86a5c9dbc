# SPDX-License-Identifier: MIT
"""Listens to a real machine on a serial device, as watch.py listens to one in QEMU. Used by boot.py."""

import contextlib
import io
import os
import pathlib
import select
import termios
import time
import tty
from collections.abc import Iterator

import judge
import machine
from listener import Listener, Show

BAUD = termios.B115200
AFTER_LAST_WORD = 1.0  # seconds in which a trap on the way to the power-off would be heard
LOOK_EVERY = 0.2  # seconds
PIECE = 4096  # bytes that are read at a time


def listen(device: pathlib.Path, described: machine.Machine, log: io.RawIOBase, show: Show) -> tuple[Listener, judge.Ended]:
    """What comes until a sign that nothing more will and what follows it, the silence, the time-out or too much.
    All of it is saved in the file `log`."""
    listener = Listener(described, described.rules, log, show)
    with _opened(device) as descriptor:
        while (ending := _ending(listener, described)) is None:
            if not select.select([descriptor], [], [], LOOK_EVERY)[0]:
                continue
            try:
                chunk = os.read(descriptor, PIECE)
            except OSError:  # the other end of a pseudo terminal was closed
                chunk = b""
            if not chunk:
                ending = judge.Ending.UNKNOWN
                break
            if keys := listener.take(chunk):
                os.write(descriptor, keys)
    listener.finish()
    return listener, judge.Ended(ending, prompt=listener.prompt)


def _ending(listener: Listener, described: machine.Machine) -> judge.Ending | None:
    now = time.monotonic()
    if listener.sign and now > listener.last + AFTER_LAST_WORD:
        return judge.Ending.UNKNOWN
    silence = described.longest_silence
    if listener.spoke is not None and silence and now > listener.last + silence:
        return judge.Ending.SILENCE
    if listener.size > described.max_output:
        return judge.Ending.SIZE
    return judge.Ending.TIME if now >= listener.start + described.timeout else None


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
