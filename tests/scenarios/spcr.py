# SPDX-License-Identifier: MIT
"""Machines whose ACPI tables name a serial port (SPCR), and what was sent to it."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import Any

import machine
import runner
import terminal
from scenario import boot

TYPE_16550_GAS = 0x12  # a 16550, its registers as the address structure describes them
MEMORY, PORT = 0, 1  # address spaces


def spcr(name: str, kind: int, space: int, address: int, bits: int) -> tuple[str, str]:
    """Arguments for QEMU that add an SPCR: a type, and a Generic Address Structure (ACPI 6.5, 5.2.3.2)."""
    file = machine.BUILD / "spcr" / f"{name}.bin"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(struct.pack("<B3xBBBBQ", kind, space, bits, 0, 1, address) + bytes(28))
    return ("-acpitable", f"sig=SPCR,rev=2,data={file}")


def boot_with_spcr(name: str, *table: int, extra: Iterable[str] = (), **settings: Any) -> runner.Boot:
    return boot(f"spcr-{name}", extra=(*spcr(name, *table), *extra), **settings)


def boot_beside(name: str, address: int, *uart: str, **settings: Any) -> tuple[runner.Boot, str]:
    """The judge reads the debug console; what the UART at `address` sends goes to the file {log} of its option."""
    log = machine.BUILD / "spcr" / f"{name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    log.unlink(missing_ok=True)
    extra = [option.format(log=log) for option in uart]
    outcome = boot_with_spcr(name, TYPE_16550_GAS, PORT, address, 8, extra=extra, serial=False, **settings)
    return outcome, terminal.clean(log.read_bytes()) if log.exists() else ""
