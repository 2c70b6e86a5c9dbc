# SPDX-License-Identifier: MIT
"""Kernels for other processors: each says a report of tests on its UART, and leaves in its machine's own way."""

import re
import subprocess

import pytest

import architectures
import command_line
import machine
import qemu_command
import symbols
import volume
from judge import Verdict
from scenario import background, boot_or_error

REPORT = "KTAP version 1\\n1..1\\nok 1 uart\\n"

SOURCE = """
static void put(char character) { *(volatile char *)UART = character; }
void start_c(void);
void start_c(void)
{
    for (const char *text = "%s"; *text; text++)
        put(*text);
    LEAVE;
    for (;;)
        ;
}
__asm__(".section .text.start, \\"ax\\"\\n.globl start\\nstart:\\n" START);
""" % REPORT
SCRIPT = "ENTRY(start) SECTIONS { . = %#x; .text : { *(.text.start) *(.text*) *(.rodata*) } .data : { *(.data*) *(.bss*) } }"

# (compiler, its options, where the kernel lies, its UART, how it begins, how it leaves)
KERNELS = {
    # Semihosting: SYS_EXIT with ADP_Stopped_ApplicationExit and status 0.
    "aarch64": ("aarch64-linux-gnu-gcc", ["-mgeneral-regs-only"], 0x40080000, 0x09000000,
                r'"ldr x0, =0x40200000\n mov sp, x0\n b start_c\n"',
                'static long block[2] = {0x20026, 0}; register long op __asm__("x0") = 0x18;'
                ' register long *at __asm__("x1") = block;'
                ' __asm__ volatile("hlt #0xf000" : : "r"(op), "r"(at) : "memory")'),
    # PSCI: SYSTEM_OFF.
    "arm": ("arm-linux-gnueabihf-gcc", ["-marm", "-march=armv7ve", "-mfloat-abi=soft"], 0x40080000, 0x09000000,
            r'"ldr sp, =0x40200000\n b start_c\n"',
            'register unsigned op __asm__("r0") = 0x84000008u; __asm__ volatile("hvc #0" : : "r"(op))'),
    # The test device: FINISHER_PASS.
    "riscv64": ("riscv64-linux-gnu-gcc", ["-mcmodel=medany"], 0x80200000, 0x10000000,
                r'"li sp, 0x80400000\n j start_c\n"', "*(volatile unsigned *)0x100000 = 0x5555"),
}


# A board with another processor: its UART is switched on first, it leaves by semihosting, and begins by its vectors.
BOARD = """
#define UART ((volatile unsigned *)0x40004000)
void start(void);
void start(void)
{
    static unsigned block[2] = {0x20026, 0};
    register unsigned op __asm__("r0") = 0x20;
    register void *at __asm__("r1") = block;
    UART[2] = 1;
    UART[4] = 16;
    for (const char *text = "%s"; *text; text++)
        UART[0] = (unsigned char)*text;
    __asm__ volatile("bkpt #0xab" : : "r"(op), "r"(at) : "memory");
    for (;;)
        ;
}
__attribute__((section(".vectors"), used)) static void *const vectors[] = {(void *)0x20010000, (void *)start};
""" % REPORT
BOARD_SCRIPT = """ENTRY(start) SECTIONS { . = 0; .vectors : { KEEP(*(.vectors)) } .text : { *(.text*) *(.rodata*) }
. = 0x20000000; .data : { *(.data*) *(.bss*) } /DISCARD/ : { *(.ARM.*) *(.comment) } }"""


def boot_board():
    folder = machine.BUILD / "architectures"
    folder.mkdir(parents=True, exist_ok=True)
    source, script, kernel = (folder / f"board.{kind}" for kind in ("c", "ld", "elf"))
    source.write_text(BOARD)
    script.write_text(BOARD_SCRIPT)
    command = ["arm-linux-gnueabihf-gcc", "-mthumb", "-mcpu=cortex-m3", "-mfloat-abi=soft", "-O1", "-ffreestanding", "-nostdlib",
               "-static", "-fno-pic", f"-Wl,-T,{script},--build-id=none", source, "-o", kernel]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return boot_or_error("arch-board", kernel=kernel, source="qemu", machine="mps2-an385", memory="16M", timeout=60)


@background(boot_board)
def test_a_kernel_for_a_board(outcome):
    """A Cortex-M3, which has neither a memory management unit nor PSCI."""
    if isinstance(outcome, machine.Unusable):
        assert architectures.ARCHITECTURES["arm"].package in str(outcome)
    else:
        assert outcome.verdict is Verdict.PASSED, outcome.summary()


def boot_kernel(arch):
    compiler, options, address, uart, start, leave = KERNELS[arch]
    folder = machine.BUILD / "architectures"
    folder.mkdir(parents=True, exist_ok=True)
    source, script, kernel = (folder / f"{arch}.{kind}" for kind in ("c", "ld", "elf"))
    source.write_text(f"#define UART {uart:#x}\n#define START {start}\n#define LEAVE {leave}\n{SOURCE}")
    script.write_text(SCRIPT % address)
    command = [compiler, "-O1", "-g", "-ffreestanding", "-nostdlib", "-static", "-no-pie", "-fno-pic", *options,
               f"-Wl,-T,{script}", "-Wl,--build-id=none", source, "-o", kernel]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return boot_or_error(f"arch-{arch}", kernel=kernel, source="qemu", timeout=60)


@pytest.mark.parametrize("arch", [pytest.param(arch, marks=background(boot_kernel, arch), id=arch) for arch in KERNELS])
def test_a_kernel_for_another_processor(arch, outcome):
    """Where its QEMU is not installed, the error has to name the package."""
    if isinstance(outcome, machine.Unusable):
        assert architectures.ARCHITECTURES[arch].package in str(outcome)
    else:
        assert outcome.verdict is Verdict.PASSED, outcome.summary()
        assert [case.name for case in outcome.report.cases] == ["uart"]


@background(boot_or_error, "arch-i386", kernel=machine.BUILD / "example.elf", source="qemu", arch="i386")
def test_i386(outcome):
    assert outcome.verdict is Verdict.PASSED, outcome.summary()


def test_the_architecture_is_that_of_the_file():
    assert architectures.of_file(machine.BUILD / "kernel.elf") == "x86_64"
    assert architectures.of_file(machine.BUILD / "example.elf") == "x86_64"
    assert architectures.of_file(machine.BUILD / "nowhere.elf") == "x86_64"
    assert architectures.of_file(machine.BUILD / "loader.efi") == "x86_64"


@pytest.mark.parametrize(
    "number, arch", [(0x8664, "x86_64"), (0xAA64, "aarch64"), (0x1C2, "arm"), (0x5064, "riscv64"), (0x1234, "x86_64")]
)
def test_the_architecture_of_a_pe_file(number, arch, tmp_path):
    file = tmp_path / "kernel.efi"
    head = b"MZ" + bytes(58) + (0x80).to_bytes(4, "little") + bytes(64) + b"PE\0\0" + number.to_bytes(2, "little")
    file.write_bytes(head)
    assert architectures.of_file(file) == arch
    file.write_bytes(head[:-1])
    assert architectures.of_file(file) == "x86_64"


@pytest.mark.parametrize("arch", [pytest.param(arch, marks=background(boot_kernel, arch), id=arch) for arch in KERNELS])
def test_addresses_of_other_processors_are_shown_with_their_place(arch, outcome):
    """Whether or not its QEMU is there: the file is."""
    kernel = machine.BUILD / "architectures" / f"{arch}.elf"
    address = next(line.split()[0] for line in nm(kernel) if line.endswith(" T start_c"))
    names = symbols.Symbols(kernel)
    try:
        for line in (f"sepc=0x{address} stval=0x0", f"  PC : {address}", f"elr_el1: 0x{address}"):
            assert re.fullmatch(re.escape(line) + r"  \[start_c at .*:\d+\]", names.annotate(line)), names.annotate(line)
        later = f"lr: {int(address, 16) + 4:#x}"
        assert "[start_c at " in names.annotate(later)
        assert names.annotate("pc=0x12345678") == "pc=0x12345678" and names.annotate("a pc that is slow") == "a pc that is slow"
    finally:
        names.close()


def nm(file):
    return subprocess.run(["nm", file], capture_output=True, text=True, check=True).stdout.splitlines()


def test_qemu_loads_a_kernel_for_another_processor(tmp_path):
    """Neither firmware nor loader is for it; what is asked for is done."""
    elf = bytes.fromhex("7f454c4601010100") + bytes(10)
    for name, content, source in (
        ("arm.elf", elf + b"\x28\0", "qemu"), ("x86.elf", elf + b"\x3e\0", "volume"), ("fw.hex", b":020000040000FA\n", "qemu"),
    ):
        (tmp_path / name).write_bytes(content)
        for words, wanted in (([], source), (["--source", "fw_cfg"], "fw_cfg")):
            parsed = command_line.parse(["--kernel", str(tmp_path / name), *words])
            assert command_line.machine_of(parsed).source == wanted


def test_a_kernel_for_another_processor_than_asked_for():
    outcome = boot_or_error("arch-other", kernel=machine.BUILD / "example.elf", source="qemu", arch="arm")
    assert isinstance(outcome, machine.Unusable) and "is not for arm: leave out --arch" in str(outcome)


@pytest.mark.parametrize(
    "number, fitting",
    [(3, {"x86_64", "i386"}), (62, {"x86_64", "i386"}), (183, {"aarch64"}), (40, {"arm"}), (243, {"riscv64"}),
     (99, set(architectures.ARCHITECTURES))],
)
def test_which_processor_a_file_fits(number, fitting, tmp_path):
    kernel = tmp_path / "kernel.elf"
    kernel.write_bytes(bytes.fromhex("7f454c4601010100") + bytes(10) + number.to_bytes(2, "little"))
    assert {name for name in architectures.ARCHITECTURES if architectures.fits(name, kernel)} == fitting


def pe_file(file, number, *parts):
    """One for a processor, with other bytes at their places."""
    head = bytearray(b"MZ" + bytes(58) + (0x280).to_bytes(4, "little") + bytes(0x240) + b"PE\0\0" + number.to_bytes(2, "little"))
    for place, content in parts:
        head[place : place + len(content)] = content
    file.write_bytes(head)
    return file


@pytest.mark.parametrize(
    "number, parts, extra, given",
    [
        (0xAA64, [], (), ["-bios", architectures.ARCHITECTURES["aarch64"].uefi]),
        (0xAA64, [], ("-bios", "mine.fd"), ["-bios", "mine.fd"]),
        # Linux kernels.
        (0xAA64, [(0x38, b"ARM\x64")], (), []),
        (0x5064, [(0x30, b"RISCV\0\0\0")], (), []),
        (0x1C2, [(0x24, b"\x18\x28\x6f\x01")], (), []),
        (0x8664, [(0x202, b"HdrS")], (), []),
        (0x8664, [], (), "name it with --loader"),
        (0x5064, [], (), "name a firmware for it"),
    ],
)
def test_a_uefi_application_brings_its_firmware(number, parts, extra, given, tmp_path, monkeypatch):
    kernel = pe_file(tmp_path / "kernel.efi", number, *parts)
    described = machine.Machine(source="qemu", kernel=kernel, extra=extra)
    monkeypatch.setattr(qemu_command.pathlib.Path, "is_file", lambda file: True)
    try:
        command = qemu_command.of(described, tmp_path)
        assert command[command.index("-bios") :][:2] == given if "-bios" in command else given == []
    except machine.Unusable as error:
        assert isinstance(given, str) and given in str(error)


def test_the_firmware_that_is_missing_is_named(tmp_path, monkeypatch):
    described = machine.Machine(source="qemu", kernel=pe_file(tmp_path / "kernel.efi", 0xAA64))
    monkeypatch.setattr(qemu_command.pathlib.Path, "is_file", lambda file: False)
    with pytest.raises(machine.Unusable, match="apt-get install qemu-efi-aarch64"):
        qemu_command.of(described, tmp_path)


@background(
    boot_or_error, "arch-uefi", kernel=machine.BUILD / "embed" / "aarch64_uefi.efi", source="qemu", timeout=120,
    passing=("^kernel: all is well$",),
)
def test_a_uefi_application_for_another_processor(outcome):
    if isinstance(outcome, machine.Unusable):
        assert "install the package" in str(outcome)
    else:
        assert outcome.verdict is Verdict.PASSED, outcome.summary()


def test_intel_hex_is_loaded_by_a_device(tmp_path):
    kernel = tmp_path / "a,b.hex"
    kernel.write_bytes(b":020000040000FA\n")
    described = machine.Machine(source="qemu", arch="arm", kernel=kernel)
    assert volume.cold_sources(described, tmp_path) == ["-device", f"loader,file={tmp_path}/a,,b.hex"]


@background(boot_or_error, "arch-firmware", arch="aarch64")
def test_other_machines_have_no_firmware_here(outcome):
    assert isinstance(outcome, machine.Unusable)
    assert "--source qemu" in str(outcome) or "install the package" in str(outcome)


@pytest.mark.parametrize("settings", [{"machine": "vax"}, {"cpu": "vax"}], ids=str)
def test_what_qemu_does_not_know_is_told_in_its_words(settings):
    outcome = boot_or_error("arch-unknown", kernel=machine.BUILD / "example.elf", source="qemu", **settings)
    assert outcome.verdict is Verdict.COULD_NOT_START and "qemu-system-x86_64: " in outcome.judgement.reason


USUAL = ["-cpu", "cortex-a15"]


@pytest.mark.parametrize("board, words", [(None, USUAL), ("virt,highmem=off", USUAL), ("mps2-an385", [])])
def test_another_board_brings_its_own_processor(board, words, tmp_path):
    command = qemu_command.of(machine.Machine(source="qemu", arch="arm", machine=board), tmp_path)
    assert [word for word in command if word in ("-cpu", "cortex-a15")] == words


@pytest.mark.parametrize("board, words", [(None, ["-vga"]), ("pc", ["-vga"]), ("microvm", []), ("microvm,pic=off", [])])
def test_a_machine_without_a_place_for_a_graphics_card(board, words, tmp_path):
    command = qemu_command.of(machine.Machine(source="qemu", machine=board), tmp_path)
    assert [word for word in command if word == "-vga"] == words
