# SPDX-License-Identifier: MIT
"""A serial line that is as slow as a real one, and is held up once, as by flow control at its other end."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pathlib
import select
import tempfile
import threading
import time
from collections.abc import Iterator

BYTES_A_SECOND = 11520  # at 115200 baud: a byte has ten bits
STEP = 256
HELD_UP_SECONDS = 1.0


class SlowLine:
    """What comes out of QEMU's `-serial` with `arguments`. Until `begin` was read the line is fast, so that no
    firmware is slowed down; then it is slow."""

    def __init__(self, folder: pathlib.Path, begin: bytes) -> None:
        self._begin = begin
        self._ended = threading.Event()
        self.text = b""
        path = folder / "line"
        for end in (".in", ".out"):
            os.mkfifo(f"{path}{end}")
        self.arguments = ("-chardev", f"pipe,id=line,path={path}", "-serial", "chardev:line")
        self._fd = os.open(f"{path}.out", os.O_RDONLY | os.O_NONBLOCK)
        fcntl.fcntl(self._fd, fcntl.F_SETPIPE_SZ, 4096)  # what QEMU may send ahead
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def _read(self) -> None:
        was_held_up = False
        while not self._ended.is_set():
            # A pipe that nothing has opened for writing is ready, and empty.
            if not select.select([self._fd], [], [], 0.1)[0] or not self._take():
                time.sleep(0.01)
            if self._begin in self.text:
                time.sleep(STEP / BYTES_A_SECOND if was_held_up else HELD_UP_SECONDS)
                was_held_up = True

    def _take(self) -> bool:
        """Whether there was something."""
        with contextlib.suppress(BlockingIOError):
            taken = os.read(self._fd, STEP)
            self.text += taken
            return bool(taken)
        return False

    def close(self) -> None:
        self._ended.set()
        self._thread.join()
        while self._take():
            pass
        os.close(self._fd)


@contextlib.contextmanager
def slow_line(begin: bytes) -> Iterator[SlowLine]:
    with tempfile.TemporaryDirectory() as folder, contextlib.closing(SlowLine(pathlib.Path(folder), begin)) as line:
        yield line
