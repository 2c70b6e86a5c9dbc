# SPDX-License-Identifier: MIT
"""Warm boots: a machine saved once while its firmware waits for a loader, and restored for each boot.

The firmware takes seconds, and does the same each time. So it is booted once with the waiter
(boot_waiter.c) in the loader's place, saved while that waits, and kept under build/warm/ by a name in which
everything stands that the saved machine depends on. A restored machine has other contents in its
volume and other files in fw_cfg; loader, kernel and words are no part of what is saved.

Used by runner.py.
"""

import contextlib
import fcntl
import hashlib
import os
import pathlib
import re
import select
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from typing import BinaryIO

import build_cache
import options
import qemu
import qemu_command
import qmp
import workspace
from machine import OUTPUT, PROGRAMS, Machine, Unusable

# What a warm boot is saved with; the Makefile builds it from boot_waiter.c.
BOOT_WAITER = PROGRAMS / "boot_waiter.efi"
WARM = OUTPUT / "warm"
WAITING = b"boot_waiter: waiting"
KEPT = 24  # saved machines, some 45 MB each; the one used longest ago goes first
MEMORY_MAX = 4 << 30  # bytes: all of the memory is read to save it
SAVE_SECONDS = 180


def reason_against(described: Machine) -> str | None:
    """Why this machine can only be booted cold, or None."""
    if described.source == "qemu":
        return "QEMU loads the kernel"
    if described.firmware_code is not None:
        return "another firmware than OVMF"
    if described.image is not None:
        return "a disk image, which the firmware has to look at first"
    if described.source == "options":
        return "load options, which come from the firmware"
    if described.firmware == "secure":
        return "Secure Boot, which rejects the waiter"
    if described.kvm:
        return "real processors, whose state is not saved"
    if any(os.path.isfile(part) for word in described.extra for part in re.split("[,=]", word)):
        return "a file in QEMU's further arguments, which the machine may have read already"
    if options.bytes_of(described.memory) > MEMORY_MAX:
        return "too much memory to be saved"
    if described.is_exact:
        return "exact to the instruction, from the first one on"
    return None


def of(machine: Machine, command: list[str]) -> contextlib.AbstractContextManager[BinaryIO]:
    """The state of this machine, waiting for its loader; saved first, if it is not there yet."""
    firmware = qemu_command.firmware_files(machine)
    if not BOOT_WAITER.is_file():
        raise Unusable(f"no {BOOT_WAITER}: build it with `make`, or boot with --cold")
    # The store of variables is a copy, the same each time.
    files = [*firmware, BOOT_WAITER]

    def save(file: pathlib.Path) -> None:
        with workspace.folder("save") as folder:
            boot = folder / "volume" / "EFI" / "BOOT"
            boot.mkdir(parents=True)
            shutil.copyfile(BOOT_WAITER, boot / "BOOTX64.EFI")
            shutil.copyfile(firmware[1], folder / "variables.fd")
            kernel = ["-kernel", str(BOOT_WAITER)] if machine.source == "fw_cfg" else []
            with qemu.started([*command, *kernel], (), folder) as (process, output, monitor):
                monitor.listen()
                monitor.start()
                said = b""
                deadline = time.monotonic() + SAVE_SECONDS
                while WAITING not in said:
                    left = deadline - time.monotonic()
                    ready = left > 0 and select.select([output], [], [], left)[0]
                    chunk = os.read(output.fileno(), qemu.PIECE) if ready else b""
                    if not chunk:
                        raise Unusable(
                            "the machine for warm boots did not come as far as its loader (boot it with "
                            f"--cold); QEMU's words: {workspace.read(folder / qemu.ERRORS).strip() or 'none'}"
                        )
                    said += chunk
                try:
                    _save_machine(monitor, file)
                except (qmp.Rejected, EOFError) as error:
                    raise Unusable(f"the machine for warm boots could not be saved (use --cold): {error}") from error

    return saved(WARM, command, files, save)


def incoming(descriptor: int) -> str:
    """How QEMU reads the state from a file that was opened for it; since version 9.1 it does not like fd: any more."""
    return f"file:/proc/self/fd/{descriptor}" if qemu.version() >= (8, 2) else f"fd:{descriptor}"


@contextlib.contextmanager
def saved(
    folder: pathlib.Path, command: Sequence[str], files: Sequence[pathlib.Path], save: Callable[[pathlib.Path], None]
) -> Iterator[BinaryIO]:
    """The file of the machine that `command` makes, for as long as it is in use.

    `save(file)` is called when there is none yet; other processes that want the same one wait meanwhile.
    """
    folder.mkdir(parents=True, exist_ok=True)
    name = build_cache.of(command, files)
    file = folder / f"{name}.state"
    with open(folder / f"{name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (file.exists() and _checksum(file).exists()):
            unfinished = file.with_suffix(".unfinished")
            save(unfinished)
            _checksum(file).write_text(_digest(unfinished))
            unfinished.rename(file)
            _forget_old(folder, file)
        # The oldest one goes: this one is young now. Removed while in use, it stays readable.
        os.utime(file)
        handle = open(file, "rb")
    with handle:
        yield handle


def is_damaged(file: pathlib.Path) -> bool:
    """Whether a saved machine is not as it was saved; then it is thrown away, and the next boot saves it anew.

    Asked after a boot that came to nothing: each time, it would take a quarter of a boot.
    """
    with contextlib.suppress(FileNotFoundError):
        if _digest(file) == _checksum(file).read_text():
            return False
    file.unlink(missing_ok=True)
    return True


def _checksum(file: pathlib.Path) -> pathlib.Path:
    return file.with_suffix(".sha256")


def _digest(file: pathlib.Path) -> str:
    with open(file, "rb") as state:
        return hashlib.sha256(state.read()).hexdigest()


def _forget_old(folder: pathlib.Path, new: pathlib.Path) -> None:
    states = sorted(folder.glob("*.state"), key=lambda file: file.stat().st_mtime, reverse=True)
    for file in states[KEPT:]:
        if file != new:
            file.unlink(missing_ok=True)
            _checksum(file).unlink(missing_ok=True)


def _save_machine(monitor: qmp.Monitor, file: pathlib.Path) -> None:
    """Writes the running machine to a file. Saved while it runs, it runs again when it is restored."""
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    os.close(descriptor)
    monitor.ask("migrate-set-parameters", **{"max-bandwidth": 1 << 40, "downtime-limit": 2000})
    monitor.ask("migrate", uri="exec:cat >" + _quoted(file))
    deadline = time.monotonic() + SAVE_SECONDS
    while (status := monitor.ask("query-migrate"))["status"] != "completed":
        if status["status"] == "failed" or time.monotonic() > deadline:
            raise qmp.Rejected(f"the machine could not be saved: {status.get('error-desc', status['status'])}")
        time.sleep(0.02)


def _quoted(file: pathlib.Path) -> str:
    return "'" + str(file).replace("'", "'\\''") + "'"
