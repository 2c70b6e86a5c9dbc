# SPDX-License-Identifier: MIT
"""Where the kernel's console is: a serial port of a PC or of PCI, then the one that ACPI names (SPCR), if a
UART answers there. And a line that is slow."""

import re
import struct

import machine
import slow_line
import terminal
from judge import Verdict
from scenario import background, boot
from spcr import MEMORY, TYPE_16550_GAS, boot_beside, boot_with_spcr

COM3 = 0x3E8
ELSEWHERE = 0x220
NO_DEVICE = 0xFE030000  # memory where the machine has nothing


def boot_at_com3():
    """There is no COM1, and COM2 has no listener."""
    return boot_beside("com3", COM3, "-serial", "null", "-serial", "file:{log}")


@background(boot_at_com3)
def test_the_console_moves_to_the_port_that_spcr_names(outcome):
    booted, com3 = outcome
    assert booted.verdict is Verdict.PASSED, booted.summary()
    moved = "kernel: serial: continuing at port 0x3e8, which SPCR names\n"
    assert moved in booted.text
    assert booted.text.split(moved)[1].strip().splitlines()[-1] in com3, com3[-2000:]
    assert "kernel: handoff " not in com3


def boot_where_no_pc_has_a_port():
    """The only UART is where SPCR alone tells."""
    uart = ("-chardev", "file,id=uart,path={log}", "-device", "isa-serial,chardev=uart,iobase=0x220")
    return boot_beside("elsewhere", ELSEWHERE, *uart)


@background(boot_where_no_pc_has_a_port)
def test_a_port_that_is_found_late_gets_what_was_said_before(outcome):
    booted, port = outcome
    assert booted.verdict is Verdict.PASSED, booted.summary()
    moved = "kernel: serial: continuing at port 0x220, which SPCR names\n"
    assert moved in booted.text
    start = "kernel: console: log, debug console\n"
    assert port.partition(start)[2] == booted.text.partition(start)[2] != ""


@background(boot_with_spcr, "memory", TYPE_16550_GAS, MEMORY, NO_DEVICE, 32)
def test_a_port_in_memory_where_no_uart_answers_is_named(outcome):
    assert outcome.verdict is Verdict.PASSED, outcome.summary()
    assert "kernel: serial: no UART answers at memory 0xfe030000, which SPCR names" in outcome.text


def boot_with_pci_uart(name: str, *arguments, standard: tuple = ()):
    """What a UART on PCI, at slot 5, says. The judge reads the debug console."""
    log = machine.BUILD / "spcr" / f"pci-{name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    log.unlink(missing_ok=True)
    device = ("-chardev", f"file,id=pci,path={log}", "-device", "pci-serial,chardev=pci,addr=5")
    outcome = boot(f"pci-uart-{name}", serial=False, cold=True, extra=(*standard, *device, *arguments))
    return outcome, terminal.clean(log.read_bytes()) if log.exists() else ""


@background(boot_with_pci_uart, "alone")
def test_a_pci_uart_is_the_console_where_there_is_no_other(outcome):
    booted, pci = outcome
    assert booted.verdict is Verdict.PASSED, booted.summary()
    found = re.search(r"^kernel: console: serial port (0x[0-9a-f]+), debug console\n", booted.text, re.MULTILINE)
    assert found and int(found[1], 16) > 0x400
    assert pci.partition(found[0])[2] == booted.text.partition(found[0])[2]


def boot_with_pci_uart_in_spcr():
    """Beside COM1, and with no address in the table but the PCI device's."""
    file = machine.BUILD / "spcr" / "pci.bin"
    file.parent.mkdir(parents=True, exist_ok=True)
    address, interrupts, device = bytes(12), bytes(12), struct.pack("<HHBBB", 2, 0x1B36, 0, 5, 0)
    file.write_bytes(bytes(4) + address + interrupts + device + bytes(9))
    return boot_with_pci_uart("spcr", "-acpitable", f"sig=SPCR,rev=2,data={file}", standard=("-serial", "null"))


@background(boot_with_pci_uart_in_spcr)
def test_the_console_moves_to_the_pci_uart_that_spcr_names(outcome):
    booted, pci = outcome
    assert booted.verdict is Verdict.PASSED, booted.summary()
    moved = re.search(r"^kernel: serial: continuing at port 0x[0-9a-f]+, which SPCR names\n", booted.text, re.MULTILINE)
    assert moved
    assert booted.text.partition(moved[0])[2] in pci
    assert "kernel: handoff " not in pci


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
