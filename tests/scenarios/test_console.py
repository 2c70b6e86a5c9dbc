# SPDX-License-Identifier: MIT
"""The serial port that ACPI names (SPCR): the kernel's console moves there, if a UART answers. And a line that
is slow."""

import struct

import machine
import slow_line
import terminal
from judge import Verdict
from scenario import background, boot

TYPE_16550_GAS = 0x12  # a 16550, its registers as the address structure describes them
MEMORY, PORT = 0, 1  # address spaces
COM3 = 0x3E8
NO_DEVICE = 0xFE030000  # memory where the machine has nothing


def spcr(name: str, kind: int, space: int, address: int, bits: int) -> tuple:
    """Arguments for QEMU that add an SPCR: a type, and a Generic Address Structure (ACPI 6.5, 5.2.3.2)."""
    file = machine.BUILD / "spcr" / f"{name}.bin"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(struct.pack("<B3xBBBBQ", kind, space, bits, 0, 1, address) + bytes(28))
    return ("-acpitable", f"sig=SPCR,rev=2,data={file}")


def boot_with_spcr(name: str, *table, extra: tuple = (), **settings):
    return boot(f"spcr-{name}", extra=(*spcr(name, *table), *extra), **settings)


def boot_at_com3():
    """There is no COM1, COM2 has no listener, and the judge reads the debug console."""
    log = machine.BUILD / "spcr" / "com3.log"
    log.unlink(missing_ok=True)
    ports = ("-serial", "null", "-serial", f"file:{log}")
    outcome = boot_with_spcr("com3", TYPE_16550_GAS, PORT, COM3, 8, extra=ports, serial=False)
    return outcome, terminal.clean(log.read_bytes()) if log.exists() else ""


@background(boot_at_com3)
def test_the_console_moves_to_the_port_that_spcr_names(outcome):
    booted, com3 = outcome
    assert booted.verdict is Verdict.PASSED, booted.summary()
    moved = "kernel: serial: continuing at port 0x3e8, which SPCR names\n"
    assert moved in booted.text
    assert booted.text.split(moved)[1].strip().splitlines()[-1] in com3, com3[-2000:]
    assert "kernel: handoff " not in com3


@background(boot_with_spcr, "memory", TYPE_16550_GAS, MEMORY, NO_DEVICE, 32)
def test_a_port_in_memory_where_no_uart_answers_is_named(outcome):
    assert outcome.verdict is Verdict.PASSED, outcome.summary()
    assert "kernel: serial: no UART answers at memory 0xfe030000, which SPCR names" in outcome.text


def boot_on_a_slow_line():
    """At COM2, as there is no COM1; the judge reads the debug console."""
    with slow_line.slow_line(b"kernel: console: ") as line:
        outcome = boot("slow-line", serial=False, cold=True, processors=4, words=("loglevel=8", "ledger"),
                       extra=line.arguments)
    return outcome, terminal.clean(line.text)


@background(boot_on_a_slow_line)
def test_a_line_of_115200_baud_that_is_held_up_for_a_second_loses_nothing(outcome):
    booted, line = outcome
    assert booted.verdict is Verdict.PASSED, booted.summary()
    start = "kernel: console: serial port 0x2f8, debug console\n"
    assert start in booted.text
    assert line.partition(start)[2] == booted.text.partition(start)[2]
