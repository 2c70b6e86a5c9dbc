# SPDX-License-Identifier: MIT
"""The processors for which a kernel can be booted: a table of QEMU's program and what its machine is made of.

x86 machines have ports for the exit and the debug console; the others leave as their firmware interface has it:
Arm's by PSCI or semihosting, RISC-V's virtual machine by its test device. Used by machine.py.
"""

import pathlib
import re
import struct
from typing import NamedTuple


class Architecture(NamedTuple):
    qemu: str  # the program
    package: str  # that has it, in Debian and Ubuntu
    machine: str  # unless another is asked for
    is_x86: bool = False
    cpu: str | None = None  # unless another is asked for
    arguments: tuple[str, ...] = ()  # how the kernel can leave
    elf_machine: int = 0  # e_machine of an ELF file that is for it and no other
    pe_machine: int = 0  # the same of a PE file, such as a UEFI application or a Linux kernel with a stub for UEFI
    uefi: str = ""  # a firmware that takes a UEFI application from QEMU, as it takes a kernel
    uefi_package: str = ""


_SEMIHOSTING = ("-semihosting-config", "enable=on,target=native")

ARCHITECTURES = {
    "x86_64": Architecture("qemu-system-x86_64", "qemu-system-x86", "q35", is_x86=True, elf_machine=62, pe_machine=0x8664),
    # An ELF file of 32 bits may be a Multiboot kernel for either: x86_64 boots both.
    "i386": Architecture("qemu-system-i386", "qemu-system-x86", "q35", is_x86=True),
    "aarch64": Architecture(
        "qemu-system-aarch64", "qemu-system-arm", "virt", cpu="max", arguments=_SEMIHOSTING, elf_machine=183,
        pe_machine=0xAA64, uefi="/usr/share/qemu-efi-aarch64/QEMU_EFI.fd", uefi_package="qemu-efi-aarch64",
    ),
    "arm": Architecture(
        "qemu-system-arm", "qemu-system-arm", "virt", cpu="cortex-a15", arguments=_SEMIHOSTING, elf_machine=40,
        pe_machine=0x1C2, uefi="/usr/share/AAVMF/AAVMF32_CODE.fd", uefi_package="qemu-efi-arm",
    ),
    "riscv64": Architecture(
        "qemu-system-riscv64", "qemu-system-misc, or in newer releases qemu-system-riscv", "virt", elf_machine=243,
        pe_machine=0x5064,  # no semihosting: where it is on, OpenSBI since 1.2 has its console there, not at the UART
    ),
}
DEFAULT = "x86_64"
_X86_ELF, _X86_PE = (3, 62), (0x14C, 0x8664)  # of 32 and of 64 bits
_HEAD = 4096  # bytes in which the headers begin
# What a Linux kernel has in its header, which with its stub for UEFI is a PE file too: place and bytes of x86 (boot
# protocol, 1.1), arm64 and riscv (booting.rst of both), arm (zImage).
_LINUX = ((0x202, b"HdrS"), (0x38, b"ARM\x64"), (0x30, b"RISCV"), (0x24, b"\x18\x28\x6f\x01"))


def of_file(file: pathlib.Path) -> str:
    """The architecture that an ELF or a PE file is for, or the default."""
    head = _head(file)
    elf, pe = _elf_machine(head), _pe_machine(head)
    fits = (name for name, one in ARCHITECTURES.items() if elf and one.elf_machine == elf or pe and one.pe_machine == pe)
    return next(fits, DEFAULT)


def fits(name: str, file: pathlib.Path) -> bool:
    """Whether a file is for this architecture, as far as it tells."""
    head = _head(file)
    elf, pe = _elf_machine(head), _pe_machine(head)
    if elf in _X86_ELF or pe in _X86_PE:
        return ARCHITECTURES[name].is_x86
    return of_file(file) in (name, DEFAULT)


def is_intel_hex(file: pathlib.Path) -> bool:
    """Whether a file is in Intel's hexadecimal format, in which microcontrollers are programmed."""
    return bool(re.match(rb":[0-9A-Fa-f]{10}", _head(file)))


def is_uefi_application(file: pathlib.Path) -> bool:
    """Whether it is a PE file that nothing but a firmware loads."""
    head = _head(file)
    return bool(_pe_machine(head)) and not any(head.startswith(magic, at) for at, magic in _LINUX)


def _head(file: pathlib.Path) -> bytes:
    """Its first bytes; none, if it cannot be read."""
    try:
        with open(file, "rb") as program:
            return program.read(_HEAD)
    except OSError:
        return b""


def _elf_machine(head: bytes) -> int:
    """e_machine: ELF specification, figure 1-3."""
    if len(head) < 20 or head[:4] != b"\x7fELF" or head[5] != 1:
        return 0
    return int(struct.unpack_from("<H", head, 18)[0])


def _pe_machine(head: bytes) -> int:
    """Machine of the COFF header: PE format, "MS-DOS stub" and "COFF file header"."""
    if len(head) < 64 or head[:2] != b"MZ":
        return 0
    at = struct.unpack_from("<I", head, 60)[0]
    return int(struct.unpack_from("<H", head, at + 4)[0]) if head[at : at + 4] == b"PE\0\0" and at + 6 <= len(head) else 0
