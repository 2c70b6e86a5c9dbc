# SPDX-License-Identifier: MIT
"""gdb on the terminal, for a machine that waits for it. Used by watch.py."""

import contextlib
import pathlib
import re
import shutil
import subprocess
import time
from collections.abc import Iterator

import qemu
import symbols
from machine import OUTPUT, Machine, Unusable

LISTEN_SECONDS = 10  # for QEMU to listen to it


def _quoted(file: pathlib.Path) -> str:
    """Its path as a word of gdb's."""
    return '"' + re.sub(r'(["\\])', r"\\\1", str(file.resolve())) + '"'


@contextlib.contextmanager
def started(
    machine: Machine, arguments: tuple[str, ...], folder: pathlib.Path
) -> Iterator["subprocess.Popen[bytes]"]:
    """gdb on the terminal, connected to the machine that waits for it, with symbols where the code runs."""
    program = "gdb" if machine.architecture.is_x86 else "gdb-multiarch"
    if not shutil.which(program):
        raise Unusable(f"no {program}: install the package {program} (apt-get install {program})")
    deadline = time.monotonic() + LISTEN_SECONDS
    while not (folder / "gdb").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    command = [program, "-q", "-ex", "set confirm off", "-ex", "set pagination off"]
    if machine.kernel and machine.kernel.is_file():
        command += ["-ex", f"file {_quoted(machine.kernel)}"]
    symbols_of_loader = machine.loader.with_suffix(".so")
    image = symbols.image_of(OUTPUT / "logs" / f"{machine.name}.previous.log")
    if image is not None and symbols_of_loader.is_file():
        command += ["-ex", f"add-symbol-file {_quoted(symbols_of_loader)} -o {image:#x}"]
    if machine.architecture.qemu == qemu.QEMU:  # also where the kernel's file is one of 32 bits
        command += ["-ex", "set architecture i386:x86-64"]
    command += ["-ex", "target remote gdb"]
    with subprocess.Popen([*command, *arguments], cwd=folder) as process:
        try:
            yield process
        finally:
            process.kill()
