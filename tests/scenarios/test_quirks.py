# SPDX-License-Identifier: MIT
"""Firmware with a quirk, as real firmware has them: tests/quirks/firmware_quirk.c stands between OVMF and the
loader. Each boot passes or stops with a sentence, and says what it left out."""

import re

import pytest

import machine
import small_kernel
from judge import Verdict
from scenario import background, boot, each

SOURCES = machine.ROOT / "tests" / "quirks"
GOOD_TABLES = "kernel: acpi: 6 tables: FACP APIC HPET MCFG WAET BGRT"

OF_THE_RSDT = GOOD_TABLES + ", of the RSDT: the XSDT is damaged, out of reach or names fewer\n"
NO_MADT = "kernel: acpi: no list of processors (MADT) that is good\n"
DAMAGED_LIST = "the list is damaged, and what follows is not known\n"

NO_SCREEN = "kernel: screen: no framebuffer of 32 bits a pixel is offered\n"
IN_MEMORY = "4096000 bytes, is left out: the memory map has memory there\n"
BEYOND = " KiB of memory are left out: the map has them beyond 0x"


def boot_quirk(name, **settings):
    return boot(
        f"quirk-{name}",
        loader=machine.BUILD / "firmware_quirk.efi",
        files=(("loader.efi", (machine.BUILD / "loader.efi").read_bytes()), ("quirk.txt", name.encode())),
        **settings,
    )


# By quirk: what the log has to say, and further settings of the machine.
PASSING = {
    "none": ((GOOD_TABLES + "\n", "kernel: screen: 160 columns"), {}),
    "ascii_options": (("the load options, 16 bytes, are not text in UTF-16 and are ignored",), {}),
    "binary_options": (("the load options, 16 bytes, are not text in UTF-16 and are ignored",), {}),
    "options_without_an_end": (("loader: command line from the load options\n",), {"run_id": "mine"}),
    "options_of_an_odd_size": (("the load options, 53 bytes, are not text in UTF-16 and are ignored",), {}),
    "options_at_no_address": ((GOOD_TABLES + "\n",), {}),
    "image_of_no_size": ((GOOD_TABLES + "\n",), {}),
    "image_nowhere": ((GOOD_TABLES + "\n",), {}),
    "reserved_tables": ((GOOD_TABLES + "\n", "kernel: acpi: 2 processors\n", "1 of 1 other started"), {"processors": 2}),
    "tables_in_boot_memory": ((GOOD_TABLES + "\n", " KiB of tables are in memory that the map calls usable, and are kept\n",
                               "1 of 1 other started"), {"processors": 2}),
    "unused_entries": ((GOOD_TABLES + "\n",), {}),
    "wild_entries": ((GOOD_TABLES + ", 3 more damaged or out of reach\n",), {}),
    "control_characters": (("kernel: acpi: 8 tables: FACP APIC HPET MCFG WAET BGRT ?### ?[2J\n",), {}),
    "damaged_xsdt": ((OF_THE_RSDT,), {}),
    "xsdt_nowhere": ((OF_THE_RSDT,), {}),
    "xsdt_of_wild_entries": ((OF_THE_RSDT, "1 of 1 other started"), {"processors": 2}),
    "empty_xsdt": ((OF_THE_RSDT,), {}),
    "damaged_end_of_pointer": ((OF_THE_RSDT,), {}),
    "damaged_pointer": (("kernel: acpi: the root table has the wrong signature; going on with that of ACPI 1.0\n",
                         GOOD_TABLES + "\n"), {}),
    "old_pointer": ((GOOD_TABLES + "\n",), {}),
    "no_tables": (("kernel: acpi: the firmware offers none; going on with one processor, no timer and no power-off\n",), {}),
    "repeated_tables": ((GOOD_TABLES + ", 6 named more than once\n",), {}),
    "repeated_processors": (("kernel: acpi: 3 processors, 4 more dropped: of a repeated id, that of all processors, or too "
                             "short\n", "2 of 2 others started"), {"processors": 3}),
    "disabled_boot_processor": (("kernel: acpi: 1 processor, 1 more not enabled\n", "1 of 1 other started"),
                                {"processors": 2}),
    "damaged_madt": (("1 more damaged or out of reach", NO_MADT), {}),
    "absent_processors": (("kernel: acpi: 50 processors\n", "1 of 49 others started",
                           "kernel: processors: no answer from id 64 65 66 67 68 69 70 71 and others\n"), {"processors": 2}),
    "absent_processors_first": (("kernel: acpi: 19 processors\n", "1 of 18 others started",
                                 "kernel: processors: no answer from id 63 64 65 66 67 68 69 70 and others\n"),
                                {"processors": 2}),
    "unreachable_processors": (("1 of 9 others started", "kernel: processors: no answer from id 387323156 387323157 "),
                               {"processors": 2}),
    "structure_of_no_length": (("kernel: acpi: 1 processor; " + DAMAGED_LIST,), {"processors": 2}),
    "structure_beyond_the_table": ((DAMAGED_LIST,), {"processors": 2}),
    "structure_that_is_too_short": (("kernel: acpi: 1 processor, 1 more dropped: ", "or too short"), {"processors": 2}),
    "unlisted_boot_processor": (("1 of 1 other started",), {"processors": 2}),
    "no_madt": ((NO_MADT, "no other is started: none is listed\n"), {"processors": 2}),
    "other_timer": (("kernel: processors: no other is started: the ACPI timer is faster than it can be\n",),
                    {"processors": 2}),
    "short_fadt": ((GOOD_TABLES + "\n",), {"exit_port": False}),
    "long_fadt": ((GOOD_TABLES + "\n",), {"exit_port": False}),
    "cut_fadt": (("no power-off: the FADT names no port for it\n", "unknown, this machine has no ACPI timer\n"), {}),
    "reduced_hardware": (("kernel: acpi: no power-off: reduced hardware has no registers for it\n",), {}),
    "power_port_beyond": ((GOOD_TABLES + "\n",), {"exit_port": False}),
    "no_state_s5": (("kernel: acpi: no power-off: the DSDT does not describe the state S5\n",), {}),
    "standing_timer": (("final account: unknown, the clocks do not advance", "1 of 1 other started"), {"processors": 2}),
    "no_timer": (("final account: unknown, this machine has no ACPI timer",), {}),
    "x_dsdt_nowhere": ((GOOD_TABLES + "\n",), {"exit_port": False}),
    "x_dsdt_that_wraps": ((GOOD_TABLES + "\n",), {"exit_port": False}),
    "damaged_dsdt": (("kernel: acpi: the checksum of the DSDT is wrong; it is read all the same, to power off\n",),
                     {"exit_port": False}),
    "no_dsdt": (("kernel: acpi: no power-off: the DSDT is damaged or out of reach\n",), {}),
    "serial_port_that_wraps": (("SPCR names a UART at 0xfffffffffffffffc in address space 0, which is out of reach\n",), {}),
    "serial_port_beyond": (("memory 0x8000000000000, which SPCR names: the range of addresses is not valid",), {}),
    "serial_port_of_another_type": (("SPCR names a UART of type 3, for which there is no driver\n",), {}),
    "serial_port_in_another_space": (("SPCR names a UART at 0x2f8 in address space 10, which is out of reach\n",), {}),
    "serial_port_in_the_wrong_space": (("memory 0x3f8, which SPCR names: memory is there, and no device\n",), {}),
    "serial_port_in_memory_in_use": (("which SPCR names: memory is there, and no device\n",), {}),
    "serial_port_behind_the_last_port": (("SPCR names a UART at 0x103f8 in address space 1, which is out of reach\n",), {}),
    "short_spcr": (("kernel: serial: SPCR has 50 bytes, too few to name a UART\n",), {}),
    "empty_spcr": (("kernel: acpi: 7 tables: FACP APIC HPET MCFG WAET BGRT SPCR\n",), {}),
    "screen_of_16_bits": ((NO_SCREEN,), {}),
    "screen_that_wraps": (("1280x800, 4096000 bytes, is not usable: the range of addresses is not valid\n",), {}),
    "screen_beyond": (("1280x800, 4096000 bytes, is not usable: the range of addresses is not valid\n",), {}),
    "screen_without_lines": (("1280x800, 4096000 bytes, is not usable: its lines do not fit its size\n",), {}),
    "screen_at_zero": (("loader: screen: the framebuffer at 0x0, " + IN_MEMORY, NO_SCREEN, "1 of 1 other started"),
                       {"processors": 2}),
    "screen_in_memory": (("loader: screen: the framebuffer at 0xd000000, " + IN_MEMORY, NO_SCREEN), {}),
    "screen_that_is_too_large": (("kernel: screen: 160 columns",), {}),
    "screen_that_is_too_small": (("1280x800, 4096 bytes, is not usable: its lines do not fit its size\n",), {}),
    "screen_that_is_too_wide": (("4294967295x4294967295, 4096000 bytes, is not usable: ",), {}),
    "screen_for_blt_only": ((NO_SCREEN,), {}),
    "screen_of_unknown_format": (("is not usable: its pixels do not have 32 bits each\n",), {}),
    "screen_without_info": ((NO_SCREEN,), {}),
    "wrapped_screen_of_the_console": (("loader: screen: of the graphics outputs one that is not the console's, which has "
                                       "no good framebuffer\n", "kernel: screen: 160 columns"), {}),
    "no_console": ((GOOD_TABLES + "\n",), {}),
    "reversed_map": ((GOOD_TABLES + "\n",), {}),
    "map_of_large_descriptors": ((GOOD_TABLES + "\n",), {}),
    "growing_map": ((GOOD_TABLES + "\n",), {}),
    "memory_beyond_the_processor": (("loader: 64" + BEYOND,), {}),
    "memory_without_end": ((BEYOND,), {}),
    "memory_at_an_odd_address": ((GOOD_TABLES + "\n",), {}),
    "wild_map": ((GOOD_TABLES + "\n",), {}),
    "stale_key": ((GOOD_TABLES + "\n",), {}),
}
IN_DEVICE_MEMORY = "serial_port_in_device_memory"  # has tests of its own
# A number that differs between firmwares stands as "…".
HALTED = "boot services may be partly shut down, so the loader halts"
STOPPING = {
    "failing_exit": f"loader: stopped: ExitBootServices failed (Device Error); {HALTED}",
    "key_that_is_always_stale": f"loader: stopped: ExitBootServices failed (Invalid Parameter); {HALTED}",
    "late_growing_map": "loader: stopped: ExitBootServices failed (Buffer Too Small), and then the memory map had grown "
                        f"beyond the room that was made for it; {HALTED}",
    "fast_growing_map": "loader: stopped: the final memory map cannot be read to a buffer of … bytes: it has grown beyond "
                        "the room that was made for it; start again (Buffer Too Small)",
    "no_map": "loader: stopped: the size of the firmware's memory map is not known: the firmware fails to give it (Device "
              "Error)",
    "map_of_small_descriptors": "loader: stopped: the size of the firmware's memory map is not known: it is not made of "
                                "descriptors of 40 bytes or more (Incompatible Version)",
    **dict.fromkeys(("map_without_attributes", "map_without_memory", "empty_map"),
                    "for the kernel, but its memory map does not have all of it as usable memory that can be cached (Load "
                    "Error)"),
    "no_pages": " bytes: give the machine more (Out of Resources)",
    "pages_for_the_file_only": "in one piece, which the firmware does not give, and its memory map cannot be read (Out of "
                               "Resources)",
    "pages_for_file_and_image_only": "no memory for the page tables of the jump, ",
    "pages_below_one_mib": "loader: stopped: there is no memory for kernel.elf, ",
    "long_options": "loader: stopped: the load options have 10000 bytes, and more than the 4095 characters that a command "
                    "line may have: shorten them (Bad Buffer Size)",
    "no_volume": "loader: stopped: no kernel.elf: the loader was not started from a volume with a file system; ",
    "unknown_loader": "loader: stopped: no kernel.elf: the loader was not started from a volume with a file system; ",
}


@pytest.mark.parametrize("sentences", each(boot_quirk, {
    name: ((sentences,), (name,), settings) for name, (sentences, settings) in PASSING.items()
}))
def test_a_quirk_of_the_firmware_is_lived_with(sentences, outcome):
    assert outcome.verdict is Verdict.PASSED, outcome.summary()
    for sentence in sentences:
        assert sentence in outcome.text


@pytest.mark.parametrize("sentence", each(boot_quirk, {
    name: ((sentence,), (name,), {}) for name, sentence in STOPPING.items()
}))
def test_a_quirk_that_no_loader_can_live_with_ends_in_a_sentence(sentence, outcome):
    assert outcome.verdict is Verdict.LOADER_STOPPED, outcome.summary()
    assert re.search(re.escape(sentence).replace("…", r"\d+"), outcome.text), outcome.text


def test_each_quirk_has_a_scenario():
    text = "".join(file.read_text("utf-8") for file in SOURCES.glob("*.c"))
    names = re.findall(r'^    \{"(\w+)", \w+\},$', text, re.MULTILINE)
    assert sorted(names) == sorted([*PASSING, *STOPPING, IN_DEVICE_MEMORY])


@background(boot, "two-screens", gpu="none", extra=("-device", "virtio-gpu-pci", "-device", "VGA"))
def test_a_screen_with_a_framebuffer_is_found_behind_one_without(outcome):
    assert outcome.verdict is Verdict.PASSED, outcome.summary()
    assert re.search(r"^kernel: screen: \d+ columns, \d+ rows$", outcome.text, re.MULTILINE)


def boot_without_console_and_kernel():
    return boot_quirk("no_console", kernel=None)


@background(boot_without_console_and_kernel)
def test_where_the_firmware_has_no_console_the_loader_speaks_on_the_serial_port(outcome):
    assert outcome.verdict is Verdict.LOADER_STOPPED, outcome.summary()
    assert "loader: stopped: no kernel.elf: it is not in the root directory of the volume" in outcome.text


def boot_first_fault_in_an_image_of_no_size():
    kernel = small_kernel.write("first-fault-no-size", small_kernel.elf(b"\x0f\x0b"))  # ud2
    return boot_quirk("image_of_no_size", kernel=kernel)


@background(boot_first_fault_in_an_image_of_no_size)
def test_a_first_fault_is_reported_though_the_firmware_does_not_know_the_loaders_size(outcome):
    assert outcome.verdict is Verdict.PANIC, outcome.summary()
    assert "loader: stopped: the kernel faulted before it had loaded descriptor tables of its own: invalid opcode" in outcome.text


# Registers of a 16550 that is memory: what is written to it is read back, as its tests ask for, and the line
# status says for ever that it has a byte and room for more.
DATA, INTERRUPT_ENABLE, LINE_CONTROL, MODEM_CONTROL, LINE_STATUS, SCRATCH = 0, 1, 3, 4, 5, 7
READY = 0x61


def boot_with_a_port_in_device_memory(name: str, **settings):
    """The judge reads the debug console. Returns the registers too, as they are at the end."""
    file = machine.BUILD / f"{name}.registers"
    file.write_bytes(bytes(LINE_STATUS) + bytes([READY]))
    with file.open("r+b") as registers:
        registers.truncate(1 << 20)
    device = ("-object", f"memory-backend-file,id=registers,mem-path={file},size=1M,share=on",
              "-device", "ivshmem-plain,memdev=registers,addr=0x10")
    outcome = boot_quirk(IN_DEVICE_MEMORY, serial=False, gpu="none", extra=device, **settings)
    return outcome, file.read_bytes()[:SCRATCH + 1]


def check_written_to(registers):
    """To a port of 8 data bits, without interrupts, out of loopback, as far as the end of a line."""
    assert registers[LINE_CONTROL] == 3 and registers[INTERRUPT_ENABLE] == 0 and registers[MODEM_CONTROL] == 3, registers
    assert registers[SCRATCH] == 0xA5 and registers[DATA:DATA + 1] == b"\n", registers


@background(boot_with_a_port_in_device_memory, "memory-port")
def test_the_console_moves_to_a_port_in_memory(outcome):
    booted, registers = outcome
    assert booted.verdict is Verdict.PASSED, booted.summary()
    assert re.search(r"^kernel: serial: continuing at memory 0x\w+, which SPCR names$", booted.text, re.MULTILINE)
    check_written_to(registers)


def boot_first_fault_beside_a_port_in_memory():
    kernel = small_kernel.write("first-fault-memory-port", small_kernel.elf(b"\x0f\x0b"))  # ud2
    return boot_with_a_port_in_device_memory("first-fault-memory-port", kernel=kernel)


@background(boot_first_fault_beside_a_port_in_memory)
def test_a_first_fault_is_reported_to_a_port_in_memory(outcome):
    booted, registers = outcome
    assert booted.verdict is Verdict.PANIC, booted.summary()
    assert "loader: stopped: the kernel faulted before it had loaded descriptor tables of its own: invalid opcode" in booted.text
    check_written_to(registers)
