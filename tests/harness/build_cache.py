# SPDX-License-Identifier: MIT
"""Whether something has to be made again: a name for a command and for all that it reads.

What a saved machine (snapshot.py), a compiled program or a check depends on stands in such a name, so that
nothing has to be thrown away by hand. What the tools bring along, such as their headers, is known by
the tool's version.
"""

import functools
import hashlib
import os
import pathlib
import subprocess
import threading
from collections.abc import Iterable, Sequence
from typing import Any

_being_built: "dict[pathlib.Path, threading.Lock]" = {}


@functools.lru_cache(maxsize=None)
def version(program: str) -> str:
    """What `program --version` says."""
    return subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout


@functools.lru_cache(maxsize=None)
def _content(file: str, modified: int, size: int) -> str:
    return hashlib.sha256(pathlib.Path(file).read_bytes()).hexdigest()


def of(command: Sequence[object], files: Iterable[object]) -> str:
    """20 hexadecimal digits that change with the program's version, its arguments and the files' contents."""
    states = [(str(file), os.stat(str(file))) for file in files]
    parts = [version(str(command[0])), *command]
    parts += [_content(file, state.st_mtime_ns, state.st_size) for file, state in states]
    return hashlib.sha256("\0".join(map(str, parts)).encode()).hexdigest()[:20]


def build(product: pathlib.Path, command: Sequence[object], files: Iterable[object], **settings: Any) -> None:
    """Runs `command`, which makes `product` out of `files`, unless it was made in the same way from the same; of
    several threads that want it, one makes it. Raises RuntimeError with the command's words when it fails."""
    stamp, name = product.with_name(product.name + ".made"), of(command, files)
    with _being_built.setdefault(product, threading.Lock()):
        if product.exists() and stamp.exists() and stamp.read_text() == name:
            return
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True, **settings)
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(map(str, command))}\n{done.stderr}")
        stamp.write_text(name)
