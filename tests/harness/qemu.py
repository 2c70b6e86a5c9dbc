# SPDX-License-Identifier: MIT
"""QEMU as a process: started with what listens to it, and ended whatever happens. Used by watch.py and snapshot.py."""

import contextlib
import os
import pathlib
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from typing import IO

import build_cache
import qmp
from machine import Unusable

QEMU = "qemu-system-x86_64"
PIECE = 65536  # bytes of the serial line that are read at a time
ERRORS = "errors"  # what QEMU said itself, in the folder of the boot

_running: set["subprocess.Popen[bytes]"] = set()
_running_lock = threading.Lock()
_ended = threading.Event()  # nothing is to be started any more


def version() -> tuple[int, int]:
    """As (7, 2)."""
    found = re.search(r"version (\d+)\.(\d+)", build_cache.version(QEMU))
    return (int(found[1]), int(found[2])) if found else (0, 0)


def end_all() -> None:
    """Ends every QEMU that this process started, and lets it start none any more."""
    with _running_lock:
        _ended.set()
        for process in _running:
            process.kill()


@contextlib.contextmanager
def started(
    command: list[str], inherited: tuple[int, ...], folder: pathlib.Path, is_typed_to: bool = False
) -> Iterator[tuple["subprocess.Popen[bytes]", IO[bytes], qmp.Monitor]]:
    """A QEMU whose machine has not been started yet, what it says, and its Monitor."""
    # A session of its own, so that Ctrl-C reaches the harness, which then ends QEMU; and should the
    # harness itself be killed, the kernel ends QEMU (prctl(2), PR_SET_PDEATHSIG).
    if shutil.which("setpriv"):
        command = ["setpriv", "--pdeathsig", "KILL", *command]
    monitor = qmp.Monitor()
    with contextlib.closing(monitor), open(folder / ERRORS, "wb") as errors:
        with _running_lock:
            if _ended.is_set():
                raise Unusable("the boots have been ended")
            process = subprocess.Popen(
                # It waits (-S) until its end can be listened to.
                [*command, "-S", *monitor.arguments],
                cwd=folder,
                # Where QEMU keeps what a boot writes to its disks.
                env={**os.environ, "TMPDIR": str(folder)},
                stdin=subprocess.PIPE if is_typed_to else subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                pass_fds=(*inherited, *monitor.inherited),
                start_new_session=True,
            )
            _running.add(process)
        monitor.started()
        output = process.stdout
        assert output
        try:
            yield process, output, monitor
        finally:
            process.kill()
            process.wait()
            output.close()
            if process.stdin:
                with contextlib.suppress(BrokenPipeError):
                    process.stdin.close()
            with _running_lock:
                _running.discard(process)
