# SPDX-License-Identifier: MIT
"""Where boots keep their files: a folder for each, and the logs that stay. Used by runner.py and serial_device.py."""

import contextlib
import fcntl
import itertools
import pathlib
import sys
import tempfile
from collections.abc import Iterator

from machine import OUTPUT


@contextlib.contextmanager
def folder(name: str) -> Iterator[pathlib.Path]:
    """A folder of its own for a boot, gone with it."""
    (OUTPUT / "runs").mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=name + "-", dir=OUTPUT / "runs") as path:
        yield pathlib.Path(path)


@contextlib.contextmanager
def own_log(name: str) -> Iterator[pathlib.Path]:
    """Where the serial line is saved: NAME.log, or NAME-2.log while another boot of this name goes on, and
    so on. What the previous one said stays, as NAME.previous.log."""
    (OUTPUT / "logs").mkdir(parents=True, exist_ok=True)
    for number in itertools.count(1):
        log = OUTPUT / "logs" / (f"{name}.log" if number == 1 else f"{name}-{number}.log")
        with open(log.with_suffix(".lock"), "w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            if log.exists():
                log.replace(log.with_suffix(".previous.log"))
            yield log
            return


@contextlib.contextmanager
def locked(name: str, waiting: str = "") -> Iterator[None]:
    """One at a time, whichever process it is. Where it has to wait it says so in these words, if there are any."""
    OUTPUT.mkdir(parents=True, exist_ok=True)
    with open(OUTPUT / f"{name}.lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if waiting:
                print(waiting, file=sys.stderr, flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def read(file: pathlib.Path) -> str:
    return file.read_text("utf-8", "replace") if file.exists() else ""


def write(file: pathlib.Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        # What could not be written is told without its name.
        raise OSError(error.errno, error.strerror, str(file)) from error


def words_of(error: OSError) -> str:
    """Which file, and why; of a copy, the one that could not be written."""
    file = error.filename2 or error.filename
    return f"{file}: {error.strerror}" if file else error.strerror or str(error)
